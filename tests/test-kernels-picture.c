/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"
#include "vk/plan-private.h"

#include <math.h>
#include <string.h>

/* Kernels that work pixel by pixel, against their twins: unpack, pack, fill, pointwise, channels, colour. */

/* ---- Sources in every form ---- */

typedef struct
{
  OmniStore store;
  guint channels;
  gboolean has_alpha;
} Form;

static const Form forms[] = {
  { OMNI_STORE_U8, 1, FALSE },  { OMNI_STORE_U8, 3, FALSE },  { OMNI_STORE_U8, 4, TRUE },
  { OMNI_STORE_U16, 2, TRUE },  { OMNI_STORE_U16, 3, FALSE }, { OMNI_STORE_U16, 1, FALSE },
  { OMNI_STORE_F32, 1, FALSE }, { OMNI_STORE_F32, 3, FALSE }, { OMNI_STORE_F32, 4, TRUE },
};

static float
float_sample (GRand *rand)
{
  static const float specials[] = { NAN, INFINITY, -INFINITY, -0.0F, 1e-42F, -1e30F };
  const int kind = g_rand_int_range (rand, 0, 4 * (int)G_N_ELEMENTS (specials));

  return kind < (int)G_N_ELEMENTS (specials) ? specials[kind] : (float)g_rand_double_range (rand, -0.5, 2.0);
}

static float
sane_sample (float value)
{
  if (isnan (value) || value == 0)
    return 0;
  return isinf (value) ? copysignf (65504.0F, value) : value;
}

/* Random pictures of a form, and (out) the same as float planes without alpha. */
static HarnessPictures *
random_pictures (const Form *form, guint n, guint w, guint h, TwinTensor **planes)
{
  HarnessPictures *pictures = g_new0 (HarnessPictures, 1);
  const guint kept = form->channels - (form->has_alpha ? 1 : 0);
  g_autoptr (GRand) rand = g_rand_new_with_seed (w * 100 + form->channels);

  *planes = twin_new (n, kept, h, w);
  *pictures = (HarnessPictures){
    n, w, h, form->channels, form->has_alpha, form->store, g_new0 (gconstpointer, n)
  };
  for (guint k = 0; k < n; k++)
  {
    guint8 *pixels = g_malloc ((gsize)w * h * form->channels * omni_store_get_bytes (form->store));

    for (gsize i = 0; i < (gsize)w * h * form->channels; i++)
    {
      const guint c = (guint)(i % form->channels);
      float value = float_sample (rand);

      if (form->store == OMNI_STORE_U8)
      {
        pixels[i] = (guint8)g_rand_int (rand);
        value = (float)pixels[i] / 255.0F;
      }
      else if (form->store == OMNI_STORE_U16)
      {
        ((guint16 *)(gpointer)pixels)[i] = (guint16)g_rand_int (rand);
        value = (float)((guint16 *)(gpointer)pixels)[i] / 65535.0F;
      }
      else
        ((float *)(gpointer)pixels)[i] = value;
      if (c < kept)
        twin_plane (*planes, k, c)[i / form->channels] = value;
    }
    pictures->pixels[k] = pixels;
  }

  return pictures;
}

/* What the alpha of picture 1 is, through a plan for one format and through one for any. */
static void
check_alpha (const Form *form, guint w, guint h, guint tile_px)
{
  for (guint mixed = 0; mixed < 2; mixed++)
  {
    g_autoptr (OmniGraph) graph = omni_graph_new ("alpha");
    g_autoptr (TwinTensor) planes = NULL;
    g_autoptr (HarnessPictures) pictures = random_pictures (form, 2, w, h, &planes);
    const OmniNode alpha = omni_graph_picture (graph, OMNI_PLANES_ALPHA, 0);

    omni_graph_set_output (graph, omni_graph_set_pick (graph, alpha, 1));
    g_autofree float *got = harness_run_raw (
      graph, pictures, &(HarnessOptions){ .tile_px = tile_px, .output = OMNI_STORE_F32, .mixed = mixed > 0 });
    for (gsize i = 0; i < (gsize)w * h; i++)
    {
      const gsize at = (i + 1) * form->channels - 1;
      const float sample = form->store == OMNI_STORE_U8 ? ((const guint8 *)pictures->pixels[1])[at] / 255.0F
                           : form->store == OMNI_STORE_U16
                             ? ((const guint16 *)pictures->pixels[1])[at] / 65535.0F
                             : sane_sample (((const float *)pictures->pixels[1])[at]);
      g_assert_cmpfloat (got[i], ==, form->has_alpha ? sample : 1);
    }
  }
}

static void
check_form (const Form *form, OmniPlanes kind, guint w, guint h, guint tile_px)
{
  const guint bands = form->channels - (form->has_alpha ? 1 : 0);
  g_autoptr (OmniGraph) graph = omni_graph_new ("unpack");
  g_autoptr (TwinTensor) planes = NULL;
  g_autoptr (HarnessPictures) pictures = random_pictures (form, 2, w, h, &planes);
  g_autoptr (TwinTensor) all = twin_planes (planes, kind);
  g_autoptr (TwinTensor) want = twin_set_pick (all, 1);
  g_autoptr (TwinTensor) got = twin_new (1, want->c, h, w);
  const OmniNode picture = omni_graph_picture (graph, kind, kind == OMNI_PLANES_BANDS ? bands : 0);

  omni_graph_set_output (graph, omni_graph_set_pick (graph, picture, 1));

  g_autofree float *result = harness_run_raw (
    graph, pictures, &(HarnessOptions){ .tile_px = tile_px, .output = OMNI_STORE_F32 });
  g_autofree char *what = g_strdup_printf ("planes %d of store %d, %u channels, %u × %u, tile %u", kind,
                                           form->store, form->channels, w, h, tile_px);

  for (guint c = 0; c < got->c; c++)
    for (gsize i = 0; i < (gsize)w * h; i++)
      twin_plane (got, 0, c)[i] = result[i * got->c + c];
  harness_assert_equal (got, want, 0.0, what);
}

static void
test_unpack (void)
{
  for (guint f = 0; f < G_N_ELEMENTS (forms); f++)
    for (OmniPlanes kind = OMNI_PLANES_LUMA; kind <= OMNI_PLANES_BANDS; kind++)
    {
      check_form (&forms[f], kind, 1, 1, 0);
      check_form (&forms[f], kind, 7, 9, 0);
      check_form (&forms[f], kind, 33, 17, 16);
    }
}

static void
test_unpack_alpha (void)
{
  for (guint f = 0; f < G_N_ELEMENTS (forms); f++)
  {
    check_alpha (&forms[f], 1, 1, 0);
    check_alpha (&forms[f], 33, 17, 16);
  }
}

/* ---- Results in every form ---- */

static guint
quantise (float x, guint most)
{
  const float clamped = x > 1.0F ? 1.0F : x > 0.0F ? x : 0.0F;

  return (guint)floorf (clamped * (float)most + 0.5F);
}

static void
check_pack (OmniStore store, guint channels, guint w, guint h, guint tile_px)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("pack");
  g_autoptr (TwinTensor) set = harness_random (1, channels, h, w, -0.25F, 1.25F, channels + w);
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  const guint most = store == OMNI_STORE_U8 ? 255 : 65535;

  omni_graph_set_output (graph,
                         omni_graph_set_max (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, channels)));

  g_autofree guint8 *result = harness_run_raw (graph, pictures,
                                               &(HarnessOptions){ .tile_px = tile_px, .output = store });

  for (guint c = 0; c < channels; c++)
    for (gsize i = 0; i < (gsize)w * h; i++)
    {
      const gsize at = i * channels + c;
      const guint got = store == OMNI_STORE_U8 ? result[at] : ((const guint16 *)(gconstpointer)result)[at];

      g_assert_cmpuint (got, ==, quantise (twin_plane (set, 0, c)[i], most));
    }
}

static void
test_pack (void)
{
  static const guint channels[] = { 1, 3, 4, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    for (OmniStore store = OMNI_STORE_U8; store <= OMNI_STORE_U16; store++)
    {
      check_pack (store, channels[i], 1, 1, 0);
      check_pack (store, channels[i], 7, 9, 0);
      check_pack (store, channels[i], 70, 19, 32);
    }
}

static void
test_fill (void)
{
  const float values[] = { 0.25F, -3.0F, 1e20F, 0.0F, 7.0F };
  g_autoptr (OmniGraph) graph = omni_graph_new ("fill");
  g_autoptr (TwinTensor) set = harness_random (1, 1, 17, 33, 0.0F, 1.0F, 1);
  g_autoptr (TwinTensor) want = twin_constant (5, 17, 33, values);

  omni_graph_set_output (graph,
                         omni_graph_upsample_nearest (graph, omni_graph_constant (graph, 5, 1, values)));
  for (guint tile = 0; tile <= 16; tile += 16)
  {
    g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ .tile_px = tile });

    harness_assert_equal (got, want, 0.0, "fill");
  }
}

static void
test_checker (void)
{
  static const guint sides[] = { 1, 3, 8, 40 };

  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    for (guint tile = 0; tile <= 16; tile += 16)
    {
      g_autoptr (OmniGraph) graph = omni_graph_new ("checker");
      g_autoptr (TwinTensor) set = harness_random (1, 1, 37, 53, 0.0F, 1.0F, 1);
      g_autoptr (TwinTensor) want = twin_checker (37, 53, sides[i]);

      omni_graph_set_output (graph, omni_graph_checker (graph, sides[i]));

      g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ .tile_px = tile });

      harness_assert_equal (got, want, 0.0, "checker");
    }
}

/* Marks travel with the sources: the picked one is the same wherever it stands, in every schedule and format. */
static void
test_marks (void)
{
  static const char *const schedules[] = { "resident", "streamed" };
  static const guint marks[] = { 1, 6, 4, 0 };
  const float expected[] = { 0.0F, 1.0F, 1.0F, 0.0F };
  g_autoptr (TwinTensor) set = harness_random (4, 1, 21, 35, 0.0F, 1.0F, 3);
  g_autoptr (TwinTensor) want = twin_new (1, 1, 21, 35);
  guint order[] = { 0, 1, 2, 3 };

  for (guint k = 0; k < 4; k++)
    for (gsize i = 0; i < twin_size (want); i++)
      want->v[i] = fmaxf (want->v[i], twin_plane (set, k, 0)[i] * expected[k]);
  do
  {
    g_autoptr (TwinTensor) moved = harness_reorder (set, order);
    g_autoptr (HarnessPictures) pictures = harness_pictures_new (moved);
    guint moved_marks[4];

    for (guint k = 0; k < 4; k++)
      moved_marks[k] = marks[order[k]];
    pictures->marks = moved_marks;
    for (guint variant = 0; variant < 8; variant++)
    {
      g_autoptr (OmniGraph) graph = omni_graph_new ("marks");
      const HarnessOptions options = { .tile_px = variant & 1 ? 16 : 0,
                                       .schedule = schedules[variant >> 1 & 1],
                                       .mixed = variant >> 2 & 1,
                                       .output = OMNI_STORE_F32 };
      const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);

      omni_graph_set_output (graph,
                             omni_graph_set_max (graph, omni_graph_binary (graph, OMNI_BINARY_MUL, x,
                                                                           omni_graph_mark (graph, 4 | 8))));
      g_assert_true (omni_graph_is_order_invariant (graph));

      g_autofree float *got = harness_run_raw (graph, pictures, &options);

      g_assert_cmpmem (got, twin_size (want) * sizeof *got, want->v, twin_size (want) * sizeof *got);
    }
  } while (harness_next_order (order, 4));
}

/* ---- Pointwise ---- */

/* Ten channels out of three: a C4 tensor whose last texel is half padding. */
static const guint widen[10] = { 0, 1, 2, 2, 1, 0, 1, 1, 0, 2 };
/* Back to planar; the last comes from the padded texel. */
static const guint narrow[5] = { 8, 3, 0, 9, 6 };

typedef struct
{
  OmniActivation activation;
  gboolean c4;
} Unary;

static TwinTensor *
twin_of_unary (const TwinTensor *set, gconstpointer data)
{
  const Unary *unary = data;
  g_autoptr (TwinTensor) value = twin_unary (set, 1.5F, 0.125F, unary->activation, 0.2F);
  g_autoptr (TwinTensor) wide = twin_channels (value, widen, 10);
  g_autoptr (TwinTensor) kept = twin_channels (wide, narrow, 5);

  return twin_set_max (unary->c4 ? kept : value);
}

static void
sweep_unary (OmniActivation activation, gboolean c4, gboolean half)
{
  const Unary unary = { activation, c4 };
  OmniGraph *graph = omni_graph_new (c4 ? "unary C4" : "unary");
  const gboolean log_of = activation == OMNI_ACTIVATION_LOG;
  const gboolean exact = !log_of && activation != OMNI_ACTIVATION_TANH
                         && activation != OMNI_ACTIVATION_SOFTPLUS && activation != OMNI_ACTIVATION_SQRT
                         && activation != OMNI_ACTIVATION_EXP;
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 3);

  if (c4)
    x = omni_graph_channels (graph, x, widen, 10);
  x = omni_graph_unary (graph, x, 1.5F, 0.125F, activation, 0.2F);
  if (c4)
    x = omni_graph_channels (graph, x, narrow, 5);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  harness_sweep (&(HarnessSweep){ .graph = graph,
                                  .twin = twin_of_unary,
                                  .data = &unary,
                                  .channels = 3,
                                  .low = log_of ? 0.0F : -4.0F,
                                  .high = 4.0F,
                                  .tolerance = half    ? 2e-3
                                               : exact ? 0.0
                                                       : 2e-6,
                                  .half = half,
                                  .few = TRUE });
}

static void
test_unary (void)
{
  for (OmniActivation a = OMNI_ACTIVATION_NONE; a <= OMNI_ACTIVATION_FLOOR; a++)
    sweep_unary (a, FALSE, FALSE);
  sweep_unary (OMNI_ACTIVATION_SOFTPLUS, TRUE, FALSE);
  sweep_unary (OMNI_ACTIVATION_LEAKY_RELU, TRUE, TRUE);
}

/* Activations far from where they bend: no overflow, no NaN. */
static void
test_unary_far (void)
{
  const float values[] = { -1e30F, -100.0F, -20.0F, -1e-30F, 0.0F, 1e-30F, 20.0F, 100.0F, 1e30F };
  g_autoptr (TwinTensor) set = twin_new (1, 1, 1, G_N_ELEMENTS (values));

  memcpy (set->v, values, sizeof values);
  for (OmniActivation a = OMNI_ACTIVATION_NONE; a < OMNI_ACTIVATION_LOG; a++)
  {
    g_autoptr (OmniGraph) graph = omni_graph_new ("far");
    g_autoptr (TwinTensor) want = twin_unary (set, 1.0F, 0.0F, a, 0.2F);
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);

    omni_graph_set_output (graph,
                           omni_graph_set_max (graph, omni_graph_unary (graph, x, 1.0F, 0.0F, a, 0.2F)));

    g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ 0 });

    harness_assert_equal (got, want, 2e-6, "far");
  }
}

typedef struct
{
  OmniBinary op;
  gboolean c4;
  guint spread; /* 1: the left side has one channel, 2: the right side */
  gboolean pooled;
} Binary;

static const guint last_three[3] = { 2, 3, 4 };
static const guint first_three[3] = { 0, 1, 2 };
static const guint only[1] = { 3 };

static TwinTensor *
twin_of_binary (const TwinTensor *set, gconstpointer data)
{
  const Binary *binary = data;
  g_autoptr (TwinTensor)
    left = twin_channels (set, binary->spread == 1 ? only : first_three, binary->spread == 1 ? 1 : 3);
  g_autoptr (TwinTensor)
    right = twin_channels (set, binary->spread == 2 ? only : last_three, binary->spread == 2 ? 1 : 3);
  g_autoptr (TwinTensor) pooled = twin_set_max (right);
  g_autoptr (TwinTensor) value = twin_binary (binary->op, left, binary->pooled ? pooled : right);

  return twin_set_max (value);
}

static void
sweep_binary (const Binary *binary)
{
  OmniGraph *graph = omni_graph_new (binary->c4 ? "binary C4" : "binary");
  const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_BANDS, 5);
  OmniNode left = omni_graph_channels (graph, picture, binary->spread == 1 ? only : first_three,
                                       binary->spread == 1 ? 1 : 3);
  OmniNode right = omni_graph_channels (graph, picture, binary->spread == 2 ? only : last_three,
                                        binary->spread == 2 ? 1 : 3);

  if (binary->pooled)
    right = omni_graph_set_max (graph, right);
  if (binary->c4)
  {
    left = omni_graph_channels (graph, left, widen, 10);
    right = omni_graph_channels (graph, right, widen, 10);
  }

  OmniNode value = omni_graph_binary (graph, binary->op, left, right);

  if (binary->c4)
    value = omni_graph_channels (graph, value, first_three, 3);
  omni_graph_set_output (graph, omni_graph_set_max (graph, value));
  harness_sweep (&(HarnessSweep){ .graph = graph,
                                  .twin = twin_of_binary,
                                  .data = binary,
                                  .channels = 5,
                                  .low = -2.0F,
                                  .high = 2.0F,
                                  .few = TRUE });
}

static void
test_binary (void)
{
  for (OmniBinary op = OMNI_BINARY_ADD; op <= OMNI_BINARY_EQUAL; op++)
    sweep_binary (&(Binary){ op, FALSE, 0, FALSE });
  sweep_binary (&(Binary){ OMNI_BINARY_SUB, FALSE, 1, FALSE });
  sweep_binary (&(Binary){ OMNI_BINARY_SUB, FALSE, 2, FALSE });
  sweep_binary (&(Binary){ OMNI_BINARY_SUB, FALSE, 0, TRUE });
  sweep_binary (&(Binary){ OMNI_BINARY_DIV, TRUE, 0, FALSE });
  sweep_binary (&(Binary){ OMNI_BINARY_MUL, TRUE, 0, TRUE });
}

/* −∞, −0, +0, +∞ and NaN from −1, 0 and 1, which is what sources can hold: the operand order of a maximum or minimum must
 * not show, whatever it meets. */
static OmniNode
special (OmniGraph *graph, OmniNode x, guint kind)
{
  const float huge = 3e38F, minus = -1.0F;
  const OmniNode factor = omni_graph_constant (graph, 1, 0, &huge);
  const OmniNode once = omni_graph_binary (graph, OMNI_BINARY_MUL, x, factor);
  const OmniNode twice = omni_graph_binary (graph, OMNI_BINARY_MUL, once, factor);

  if (kind == 0)
    return twice; /* −∞, 0, ∞ */
  if (kind == 1)
    return omni_graph_binary (graph, OMNI_BINARY_MUL, twice, omni_graph_constant (graph, 1, 0, &minus));
  return omni_graph_binary (graph, OMNI_BINARY_SUB, twice, twice); /* NaN, 0, NaN */
}

static void
test_binary_specials (void)
{
  static const float values[] = { -1.0F, 0.0F, 1.0F };
  g_autoptr (TwinTensor) set = twin_new (1, 1, 1, 3);

  memcpy (set->v, values, sizeof values);
  for (guint a = 0; a < 3; a++)
    for (guint b = 0; b < 3; b++)
      for (OmniBinary op = OMNI_BINARY_MAX; op <= OMNI_BINARY_MIN; op++)
      {
        TwinTensor *results[2] = { NULL, NULL };

        for (guint swapped = 0; swapped < 2; swapped++)
        {
          g_autoptr (OmniGraph) graph = omni_graph_new ("specials");
          const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);
          const OmniNode left = special (graph, x, swapped ? b : a);
          const OmniNode right = special (graph, x, swapped ? a : b);

          omni_graph_set_output (graph,
                                 omni_graph_set_max (graph, omni_graph_binary (graph, op, left, right)));
          results[swapped] = harness_run (graph, set, &(HarnessOptions){ 0 });
        }
        harness_assert_same (results[0], results[1], "specials");
        if (a == 0 && b == 1)
          g_assert_cmpint (signbit (results[0]->v[1]) != 0, ==, op == OMNI_BINARY_MIN); /* ±0 */
        g_clear_pointer (&results[0], twin_free);
        g_clear_pointer (&results[1], twin_free);
      }
}

/* ---- Channels ---- */

static const guint shuffle[13] = { 9, 0, 7, 7, 1, 2, 3, 4, 5, 6, 8, 9, 0 };
static const guint tail[3] = { 12, 5, 0 };

static TwinTensor *
twin_of_channels (const TwinTensor *set, gconstpointer data)
{
  g_autoptr (TwinTensor) wide = twin_channels (set, widen, 10);
  g_autoptr (TwinTensor) shuffled = twin_channels (wide, shuffle, 13);
  g_autoptr (TwinTensor) kept = twin_channels (shuffled, tail, 3);

  return twin_set_max (kept);
}

static void
sweep_channels (gboolean half)
{
  OmniGraph *graph = omni_graph_new ("channels");
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 3);

  x = omni_graph_channels (graph, x, widen, 10);
  x = omni_graph_channels (graph, x, shuffle, 13);
  x = omni_graph_channels (graph, x, tail, 3);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  harness_sweep (&(HarnessSweep){ .graph = graph,
                                  .twin = twin_of_channels,
                                  .channels = 3,
                                  .low = -1.0F,
                                  .half = half,
                                  .tolerance = half ? 5e-4 : 0.0 });
}

static void
test_channels (void)
{
  sweep_channels (FALSE);
  sweep_channels (TRUE);
}

/* y[i·(C/groups) + k] = x[groups·k + i], on eight channels in two groups. */
static TwinTensor *
twin_of_channel_shuffle (const TwinTensor *set, gconstpointer data)
{
  static const guint order[8] = { 0, 2, 4, 6, 1, 3, 5, 7 };
  g_autoptr (TwinTensor) shuffled = twin_channels (set, order, 8);
  static const guint kept[5] = { 0, 1, 4, 6, 7 };
  g_autoptr (TwinTensor) out = twin_channels (shuffled, kept, 5);

  return twin_set_max (out);
}

static void
test_channel_shuffle (void)
{
  static const guint kept[5] = { 0, 1, 4, 6, 7 };
  OmniGraph *graph = omni_graph_new ("channel shuffle");
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 8);

  x = omni_graph_channel_shuffle (graph, x, 2);
  omni_graph_set_output (graph, omni_graph_set_max (graph, omni_graph_channels (graph, x, kept, 5)));
  harness_sweep (
    &(HarnessSweep){ .graph = graph, .twin = twin_of_channel_shuffle, .channels = 8, .few = TRUE });
}

/* ---- The padding of a C4 tensor is zero after every operation ---- */

typedef OmniNode (*Operation) (OmniGraph *graph, OmniNode x);

static OmniNode
log_of (OmniGraph *graph, OmniNode x)
{
  return omni_graph_unary (graph, x, 1.0F, 0.0F, OMNI_ACTIVATION_LOG, 2.0F);
}

static OmniNode
softplus_of (OmniGraph *graph, OmniNode x)
{
  return omni_graph_unary (graph, x, 1.0F, 1.0F, OMNI_ACTIVATION_SOFTPLUS, 0.0F);
}

static OmniNode
quotient (OmniGraph *graph, OmniNode x)
{
  return omni_graph_binary (graph, OMNI_BINARY_DIV, x, x);
}

static OmniNode
normalised (OmniGraph *graph, OmniNode x)
{
  return omni_graph_normalise (graph, x, 1e-6F);
}

static OmniNode
shuffled (OmniGraph *graph, OmniNode x)
{
  return omni_graph_channels (graph, x, shuffle, 10);
}

static OmniNode
convolved (OmniGraph *graph, OmniNode x)
{
  float weights[100], ones[10];

  for (guint i = 0; i < 100; i++)
    weights[i] = 1.0F;
  for (guint i = 0; i < 10; i++)
    ones[i] = 1.0F;
  return omni_graph_conv (graph, &(OmniConvParams){ .inputs = &x,
                                                    .n_inputs = 1,
                                                    .out_channels = 10,
                                                    .kernel = 1,
                                                    .weight = weights,
                                                    .bias = ones,
                                                    .activation = OMNI_ACTIVATION_SOFTPLUS,
                                                    .post_shift = ones });
}

static const Operation operations[] = {
  shuffled, log_of, softplus_of, quotient, normalised, omni_graph_picture_mean, omni_graph_set_softmax,
  convolved
};

/* Looks into the plan's memory, as no kernel may let padding show. The memory of `x` outlives the run: what comes after it
 * fits where the picture was. */
static void
check_padding (OmniPlan *plan, OmniNode x)
{
  const OmniInstruction *instruction = omni_plan_find (plan, plan->instructions->len, x);
  const OmniTensor *tensor = &plan->tensors[x];
  const float *texels = (const float *)(gconstpointer)((const char *)plan->arenas[0].mapped
                                                       + instruction->placement.offset_bytes);
  const guint columns = (guint)(tensor->region.x.high - tensor->region.x.low);
  const guint rows = (guint)(tensor->region.y.high - tensor->region.y.low);
  guint used = 0;

  g_assert_cmpuint (tensor->planes, ==, 3);
  for (guint y = 0; y < rows; y++)
    for (guint i = 0; i < columns; i++)
    {
      const float *texel = texels + (2 * tensor->plane_elements + (gsize)y * tensor->pitch + i) * 4;

      used += texel[0] != 0.0F && texel[1] != 0.0F ? 1 : 0;
      g_assert_cmpfloat (texel[2], ==, 0.0F);
      g_assert_cmpfloat (texel[3], ==, 0.0F);
    }
  g_assert_cmpuint (used, >, rows * columns / 2); /* it is that tensor, and not stale memory */
}

static void
test_padding_stays_zero (void)
{
  g_autoptr (TwinTensor) set = harness_random (1, 3, 9, 7, 0.1F, 1.0F, 3);
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
  {
    g_autoptr (OmniGraph) graph = omni_graph_new ("padding");
    const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_BANDS, 3);
    const OmniNode x = operations[i](graph, omni_graph_channels (graph, picture, widen, 10));
    const OmniNode one = omni_graph_channels (graph, x, only, 1);
    g_autofree float *result = g_new (float, 9 * 7);
    const OmniPlanRun run = { .fetch = harness_fetch, .user_data = pictures, .result = result };
    g_autoptr (GError) error = NULL;
    OmniPlanStats stats;

    omni_graph_set_output (graph, omni_graph_set_pick (graph, one, 0));

    OmniPlan *plan = harness_plan (graph, pictures, &(HarnessOptions){ .output = OMNI_STORE_F32 });

    omni_plan_run (plan, &run, &stats, &error);
    g_assert_no_error (error);
    if (plan->arenas[0].mapped != NULL)
      check_padding (plan, x);
    omni_plan_free (&plan);
  }
}

/* ---- Colour ---- */

static TwinTensor *
twin_of_chroma (const TwinTensor *set, gconstpointer data)
{
  g_autoptr (TwinTensor) chroma = twin_planes (set, OMNI_PLANES_CHROMA);

  return twin_fuse_chroma (chroma);
}

static TwinTensor *
twin_of_merge (const TwinTensor *set, gconstpointer data)
{
  g_autoptr (TwinTensor) chroma = twin_planes (set, OMNI_PLANES_CHROMA);
  g_autoptr (TwinTensor) luma = twin_planes (set, OMNI_PLANES_LUMA);
  g_autoptr (TwinTensor) fused = twin_fuse_chroma (chroma);
  g_autoptr (TwinTensor) largest = twin_set_max (luma);

  return twin_merge_colour (largest, fused);
}

static TwinTensor *
twin_of_luma (const TwinTensor *set, gconstpointer data)
{
  g_autoptr (TwinTensor) luma = twin_planes (set, OMNI_PLANES_LUMA);

  return twin_set_max (luma);
}

static void
test_colour (void)
{
  OmniGraph *chroma = omni_graph_new ("chroma");
  OmniGraph *grey = omni_graph_new ("luma");
  OmniGraph *merge = omni_graph_new ("merge");
  const OmniNode planes = omni_graph_picture (chroma, OMNI_PLANES_CHROMA, 0);

  omni_graph_set_output (chroma, omni_graph_fuse_chroma (chroma, planes));
  harness_sweep (&(HarnessSweep){ .graph = chroma, .twin = twin_of_chroma, .channels = 3 });

  omni_graph_set_output (
    grey,
    omni_graph_set_max (grey, omni_graph_luma (grey, omni_graph_picture (grey, OMNI_PLANES_COLOUR, 0))));
  harness_sweep (&(HarnessSweep){ .graph = grey, .twin = twin_of_luma, .channels = 3 });

  const OmniNode luma = omni_graph_picture (merge, OMNI_PLANES_LUMA, 0);
  const OmniNode fused = omni_graph_fuse_chroma (merge, omni_graph_picture (merge, OMNI_PLANES_CHROMA, 0));

  omni_graph_set_output (merge, omni_graph_merge_colour (merge, omni_graph_set_max (merge, luma), fused));
  harness_sweep (&(HarnessSweep){ .graph = merge, .twin = twin_of_merge, .channels = 3, .few = TRUE });
}

static void
add_tests (void)
{
  g_test_add_func ("/kernels/picture/unpack", test_unpack);
  g_test_add_func ("/kernels/picture/unpack/alpha", test_unpack_alpha);
  g_test_add_func ("/kernels/picture/pack", test_pack);
  g_test_add_func ("/kernels/picture/fill", test_fill);
  g_test_add_func ("/kernels/picture/checker", test_checker);
  g_test_add_func ("/kernels/picture/marks", test_marks);
  g_test_add_func ("/kernels/picture/unary", test_unary);
  g_test_add_func ("/kernels/picture/unary-far", test_unary_far);
  g_test_add_func ("/kernels/picture/binary", test_binary);
  g_test_add_func ("/kernels/picture/binary-specials", test_binary_specials);
  g_test_add_func ("/kernels/picture/channels", test_channels);
  g_test_add_func ("/kernels/picture/channel-shuffle", test_channel_shuffle);
  g_test_add_func ("/kernels/picture/padding", test_padding_stays_zero);
  g_test_add_func ("/kernels/picture/colour", test_colour);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
