/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sources that are transparent somewhere: what lies under it has no say, whatever the model, the format and the order. */

#include "app/fusion/engine.h"
#include "app/files/samples.h"
#include "tests/cli-common.h"

#include <string.h>

#define W 150
#define H 110
/* The hole of the first source, and what of it is too far from its edge for the finest bands to reach over. */
#define LEFT  30
#define TOP   20
#define SIDE  64
#define INNER 12

static const char *const weighing[] = { "omni", "omni-small", "mertens", "laplacian" };
static const char *const others[] = { "gff", "wavelet", "mean", "max", "ifani" };

static gboolean
in_hole (guint x, guint y, guint margin)
{
  return x >= LEFT + margin && x < LEFT + SIDE - margin && y >= TOP + margin && y < TOP + SIDE - margin;
}

/* Scene `index` with alpha: opaque but for the hole, whose alpha and colours are these (NAN: its own). */
static OmniPicture *
make_holed (guint index, guint channels, OmniSampleType type, double alpha, double under)
{
  g_autoptr (OmniPicture) scene = make_scene (index, W, H, channels, TRUE, type, 0.5 + 0.2 * index);
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (W, H, channels, type, &size_bytes, NULL);
  const gsize bytes = omni_sample_type_get_bytes (type);

  memcpy (pixels, omni_picture_get_pixels (scene), size_bytes);
  for (guint y = 0; y < H; y++)
    for (guint x = 0; x < W; x++)
      for (guint c = 0; c < channels; c++)
      {
        const gboolean hole = in_hole (x, y, 0) && alpha < 1, is_alpha = c + 1 == channels;
        const float value = (float)(is_alpha ? (hole ? alpha : 1) : under);
        if (is_alpha || (hole && !isnan (under)))
          omni_samples_convert (&value, OMNI_SAMPLE_F32, pixels + (((gsize)y * W + x) * channels + c) * bytes,
                                type, 1);
      }
  return omni_picture_new (W, H, channels, TRUE, type, g_bytes_new_take (pixels, size_bytes), NULL, NULL,
                           NULL);
}

static void
add (OmniFusionRequest *request, OmniPicture *picture)
{
  g_autofree char *name = g_strdup_printf ("picture %u", request->sources->len);

  g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, name));
  g_object_unref (picture);
}

static OmniFusionRequest *
make_request (const char *model)
{
  OmniFusionRequest *request = g_new0 (OmniFusionRequest, 1);

  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  request->task = OMNI_TASK_FOCUS;
  request->model = omni_model_find (model);
  return request;
}

static OmniFusionResult *
fuse (OmniEngine *engine, const OmniFusionRequest *request)
{
  GError *error = NULL;
  OmniFusionResult *result = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return result;
}

/* Of three pictures, of which the first has a hole; the second opaque alpha and the third none. */
static OmniFusionResult *
fuse_holed (OmniEngine *engine, const char *model, guint channels, OmniSampleType type, double under,
            guint first)
{
  g_autoptr (OmniFusionRequest) request = make_request (model);

  add (request, make_holed (0, channels, type, 0, under));
  add (request, make_holed (1, channels, type, 1, 0));
  add (request, make_scene (2, W, H, channels - 1, FALSE, type, 0.9));
  while (first-- > 0)
    g_ptr_array_add (request->sources, g_ptr_array_steal_index (request->sources, 0));
  return fuse (engine, request);
}

static void
check_hidden (OmniEngine *engine, const char *model, guint channels, OmniSampleType type)
{
  g_autoptr (OmniFusionResult) dark = fuse_holed (engine, model, channels, type, 0, 0);
  g_autoptr (OmniFusionResult) bright = fuse_holed (engine, model, channels, type, 1, 0);

  g_assert_cmpstr (dark->sha256, ==, bright->sha256);
  g_assert_false (omni_picture_get_has_alpha (dark->picture)); /* two are opaque */
  for (guint first = 1; first < 3; first++)
  {
    g_autoptr (OmniFusionResult) turned = fuse_holed (engine, model, channels, type, 0, first);
    g_assert_cmpstr (turned->sha256, ==, dark->sha256);
  }
}

static void
test_hidden (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);

  for (guint m = 0; m < G_N_ELEMENTS (weighing); m++)
    check_hidden (engine, weighing[m], 4, OMNI_SAMPLE_U8);
  for (guint m = 0; m < G_N_ELEMENTS (others); m++)
    check_hidden (engine, others[m], 4, OMNI_SAMPLE_U8);
  check_hidden (engine, "omni", 4, OMNI_SAMPLE_U16);
  check_hidden (engine, "omni", 4, OMNI_SAMPLE_F32);
  check_hidden (engine, "omni", 2, OMNI_SAMPLE_U8);
  check_hidden (engine, "mertens", 2, OMNI_SAMPLE_F32);
}

/* No weight at all in the hole, and the shares of the others are still shares. */
static void
check_shares (OmniEngine *engine, const char *model, OmniFusionRequest *request)
{
  request->model = omni_model_find (model);
  request->maps = TRUE;
  g_autoptr (OmniFusionResult) result = fuse (engine, request);
  const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, 0);
  double elsewhere = 0;

  for (guint y = 0; y < H; y++)
    for (guint x = 0; x < W; x++)
    {
      const gsize i = (gsize)y * W + x;
      if (in_hole (x, y, 0))
        g_assert_cmpfloat (band->shares[0][i], ==, 0);
      else
        elsewhere = MAX (elsewhere, (double)band->shares[0][i]);
      g_assert_cmpfloat_with_epsilon (band->shares[0][i] + band->shares[1][i] + band->shares[2][i], 1, 1e-6);
    }
  g_assert_cmpfloat (elsewhere, >, 0.2);
}

static void
test_shares (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni");

  add (request, make_holed (0, 4, OMNI_SAMPLE_U8, 0, 1));
  add (request, make_holed (1, 4, OMNI_SAMPLE_U8, 1, 0));
  add (request, make_scene (2, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.9));
  for (guint m = 0; m < G_N_ELEMENTS (weighing); m++)
    check_shares (engine, weighing[m], request);
}

/* In the hole it is the other one: beyond the pyramid's reach to the last level, and no model strays far. */
static void
test_other_one (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniPicture) other = make_scene (2, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.9);
  const guint8 *want = omni_picture_get_pixels (other);

  for (guint m = 0; m < G_N_ELEMENTS (weighing) + G_N_ELEMENTS (others); m++)
  {
    const char *model = m < G_N_ELEMENTS (weighing) ? weighing[m] : others[m - G_N_ELEMENTS (weighing)];
    g_autoptr (OmniFusionRequest) request = make_request (model);
    add (request, make_holed (0, 4, OMNI_SAMPLE_U8, 0, 1));
    add (request, g_object_ref (other));
    g_autoptr (OmniFusionResult) result = fuse (engine, request);
    const guint8 *got = omni_picture_get_pixels (result->picture);
    int most = 0;
    for (guint y = 0; y < H; y++)
      for (guint x = 0; x < W; x++)
        for (guint c = 0; in_hole (x, y, INNER) && c < 3; c++)
          most = MAX (most, ABS ((int)got[(y * W + x) * 3 + c] - (int)want[(y * W + x) * 3 + c]));
    g_test_message ("%s: %d levels", model, most);
    g_assert_cmpint (most, <=,
                     g_str_equal (model, "mean") || g_str_equal (model, "max") ? 0
                     : g_str_equal (model, "ifani")                            ? 40
                                                                               : 12);
  }
}

/* Opaque alpha is as good as none; and where all are transparent the result is, whatever they hide. */
static void
test_alpha_of_result (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autofree char *hash = NULL;

  for (guint under = 0; under < 2; under++)
  {
    g_autoptr (OmniFusionRequest) request = make_request ("omni");
    add (request, make_holed (0, 4, OMNI_SAMPLE_U8, 0, under));
    add (request, make_holed (1, 4, OMNI_SAMPLE_U8, 0, 1 - under));
    g_autoptr (OmniFusionResult) result = fuse (engine, request);
    const guint8 *pixels = omni_picture_get_pixels (result->picture);
    g_assert_cmpuint (omni_picture_get_channels (result->picture), ==, 4);
    for (guint y = 0; y < H; y++)
      for (guint x = 0; x < W; x++)
        g_assert_cmpuint (pixels[(y * W + x) * 4 + 3], ==, in_hole (x, y, 0) ? 0 : 255);
    if (hash != NULL)
      g_assert_cmpstr (result->sha256, ==, hash);
    g_free (hash);
    hash = g_strdup (result->sha256);
  }
}

static void
test_opaque (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) with = make_request ("omni");
  g_autoptr (OmniFusionRequest) without = make_request ("omni");

  for (guint i = 0; i < 2; i++)
  {
    add (with, make_holed (i, 4, OMNI_SAMPLE_U8, 1, 0));
    add (without, make_scene (i, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.5 + 0.2 * i));
  }
  g_autoptr (OmniFusionResult) four = fuse (engine, with);
  g_autoptr (OmniFusionResult) three = fuse (engine, without);
  const guint8 *a = omni_picture_get_pixels (four->picture), *b = omni_picture_get_pixels (three->picture);
  for (gsize i = 0; i < (gsize)W * H; i++)
  {
    g_assert_cmpmem (a + 4 * i, 3, b + 3 * i, 3);
    g_assert_cmpuint (a[4 * i + 3], ==, 255);
  }
}

/* One source comes back as it is, with what it hides. */
static void
test_alone (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni");
  g_autoptr (OmniPicture) only = make_holed (0, 4, OMNI_SAMPLE_U8, 0, 1);
  g_autofree char *hash = omni_picture_hash (only);

  add (request, g_object_ref (only));
  g_autoptr (OmniFusionResult) result = fuse (engine, request);
  g_assert_cmpstr (result->sha256, ==, hash);
}

/* Half there counts half: a third beside the same picture, all there. */
static void
test_half (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  double share[3];

  for (guint k = 0; k < 3; k++)
  {
    g_autoptr (OmniFusionRequest) request = make_request ("omni");
    request->maps = TRUE;
    add (request, make_holed (0, 4, OMNI_SAMPLE_F32, 0.5 * k, NAN));
    add (request, make_holed (0, 4, OMNI_SAMPLE_F32, 1, 0));
    g_autoptr (OmniFusionResult) result = fuse (engine, request);
    const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, 0);
    share[k] = (double)band->shares[0][(TOP + SIDE / 2) * W + LEFT + SIDE / 2];
  }
  g_assert_cmpfloat (share[0], ==, 0);
  g_assert_cmpfloat_with_epsilon (share[1], 1.0 / 3, 1e-3);
  g_assert_cmpfloat_with_epsilon (share[2], 0.5, 1e-6);
}

/* Grey beside colour, and depths that differ: the hole of the grey one shows the coloured one's luma. */
static void
test_mixed (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autofree char *hash = NULL;

  for (guint turn = 0; turn < 2; turn++)
  {
    g_autoptr (OmniFusionRequest) request = make_request ("omni");
    request->task = OMNI_TASK_INFRARED;
    add (request, make_holed (0, 2, OMNI_SAMPLE_U16, 0, turn));
    add (request, make_holed (1, 4, OMNI_SAMPLE_U8, 0.25, 0.5));
    if (turn > 0)
      g_ptr_array_add (request->sources, g_ptr_array_steal_index (request->sources, 0));
    g_autoptr (OmniFusionResult) result = fuse (engine, request);
    const guint16 *pixels = omni_picture_get_pixels (result->picture);
    g_assert_cmpuint (omni_picture_get_channels (result->picture), ==, 4);
    g_assert_cmpuint (pixels[((TOP + 5) * W + LEFT + 5) * 4 + 3], ==, 64 * 257);
    if (hash != NULL)
      g_assert_cmpstr (result->sha256, ==, hash);
    g_free (hash);
    hash = g_strdup (result->sha256);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/masks/hidden", test_hidden);
  g_test_add_func ("/masks/shares", test_shares);
  g_test_add_func ("/masks/other-one", test_other_one);
  g_test_add_func ("/masks/alpha-of-result", test_alpha_of_result);
  g_test_add_func ("/masks/opaque", test_opaque);
  g_test_add_func ("/masks/alone", test_alone);
  g_test_add_func ("/masks/half", test_half);
  g_test_add_func ("/masks/mixed", test_mixed);
  return g_test_run ();
}
