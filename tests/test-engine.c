/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The engine on the machine's own device: order, second chances, cancelling, previews; and what needs no device. */

#include "app/fusion/engine-private.h"
#include "app/picture/resample.h"
#include "tests/cli-common.h"
#include "tests/reference/reference.h"

#include <string.h>

#define W 150
#define H 110

static OmniFusionRequest *
make_request (const char *model, guint n, OmniTask task)
{
  OmniFusionRequest *request = g_new0 (OmniFusionRequest, 1);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  request->task = task;
  request->model = model != NULL ? omni_model_find (model) : NULL;
  for (guint i = 0; i < n; i++)
  {
    g_autoptr (OmniPicture) picture = make_scene (i, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.5 + 0.2 * i);
    g_autofree char *name = g_strdup_printf ("picture %u", i);
    g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, name));
  }
  return request;
}

static OmniFusionResult *
fuse (OmniEngine *engine, const OmniFusionRequest *request)
{
  GError *error = NULL;
  OmniFusionResult *result = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (result);
  return result;
}

/* ---- Without a device ---- */

static void
test_resample (void)
{
  g_autoptr (OmniPicture) picture = make_scene (0, 40, 30, 3, FALSE, OMNI_SAMPLE_U16, 1);
  g_autoptr (OmniPicture) same = omni_picture_resample (picture, 40, 30, NULL, NULL);
  g_autofree char *hash = omni_picture_hash (picture);
  g_autofree char *same_hash = omni_picture_hash (same);
  g_assert_cmpstr (hash, ==, same_hash);

  /* A mean over whole blocks. */
  g_autoptr (OmniPicture) half = omni_picture_resample (picture, 20, 15, NULL, NULL);
  const guint16 *in = omni_picture_get_pixels (picture), *out = omni_picture_get_pixels (half);
  for (guint y = 0; y < 15; y++)
    for (guint x = 0; x < 20; x++)
    {
      const guint a = in[(2 * y * 40 + 2 * x) * 3], b = in[(2 * y * 40 + 2 * x + 1) * 3];
      const guint c = in[((2 * y + 1) * 40 + 2 * x) * 3], d = in[((2 * y + 1) * 40 + 2 * x + 1) * 3];
      g_assert_cmpint (ABS ((int)out[(y * 20 + x) * 3] - (int)((a + b + c + d + 2) / 4)), <=, 1);
    }

  /* One pixel becomes a flat field; odd targets work. */
  g_autoptr (OmniPicture) dot = make_scene (0, 1, 1, 1, FALSE, OMNI_SAMPLE_U8, 1);
  g_autoptr (OmniPicture) field = omni_picture_resample (dot, 7, 3, NULL, NULL);
  const guint8 *value = omni_picture_get_pixels (dot), *values = omni_picture_get_pixels (field);
  for (guint i = 0; i < 21; i++)
    g_assert_cmpuint (values[i], ==, value[0]);

  /* A tall strip laid flat: neither time nor memory may grow with the product of the long sides. */
  g_autoptr (OmniPicture) strip = make_scene (0, 2, 60000, 3, FALSE, OMNI_SAMPLE_U8, 1);
  g_autoptr (OmniPicture) flat = omni_picture_resample (strip, 60000, 2, NULL, NULL);
  g_assert_cmpuint (omni_picture_get_width (flat), ==, 60000);
}

/* Rows of one picture with NaN and infinity in it: none of them spreads. */
static void
test_resample_not_finite (void)
{
  float *pixels = g_new0 (float, 16);
  pixels[5] = NAN;
  pixels[6] = INFINITY;
  g_autoptr (OmniPicture) picture = omni_picture_new (4, 4, 1, FALSE, OMNI_SAMPLE_F32,
                                                      g_bytes_new_take (pixels, 64), NULL, NULL, NULL);
  g_autoptr (OmniPicture) larger = omni_picture_resample (picture, 9, 9, NULL, NULL);
  const float *out = omni_picture_get_pixels (larger);
  for (guint i = 0; i < 81; i++)
    g_assert_true (isfinite (out[i]));
}

static OmniSource *
make_source (guint channels, double gain, guint index, OmniSampleType type)
{
  g_autoptr (OmniPicture) picture = make_scene (index, 64, 48, channels, FALSE, type, gain);
  return omni_source_new_for_picture (picture, "a");
}

static void
assert_task (GPtrArray *sources, OmniTask expected)
{
  for (guint turn = 0; turn < sources->len; turn++)
  {
    g_autofree char *reason = NULL;
    g_assert_cmpint (omni_task_detect (sources, &reason), ==, expected);
    g_assert_nonnull (reason);
    gpointer first = g_ptr_array_steal_index (sources, 0);
    g_ptr_array_add (sources, first);
  }
}

static void
test_task (void)
{
  g_autoptr (GPtrArray) bracket = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (bracket, make_source (3, 0.3 + 0.35 * i, 0, OMNI_SAMPLE_U8));
  assert_task (bracket, OMNI_TASK_EXPOSURE);

  g_autoptr (GPtrArray) stack = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (stack, make_source (3, 1, 0, i == 1 ? OMNI_SAMPLE_U16 : OMNI_SAMPLE_U8));
  assert_task (stack, OMNI_TASK_FOCUS);

  g_autoptr (GPtrArray) sensors = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (sensors, make_source (1, 1, 0, OMNI_SAMPLE_U8));
  g_ptr_array_add (sensors, make_source (3, 1, 3, OMNI_SAMPLE_U8));
  assert_task (sensors, OMNI_TASK_INFRARED);

  omni_source_set_role (stack->pdata[1], OMNI_ROLE_PET);
  assert_task (stack, OMNI_TASK_MEDICAL);
  g_autofree char *reason = NULL;
  omni_task_detect (stack, &reason);
  g_assert_cmpstr (reason, ==, "a source has the role “PET”");
  omni_source_set_role (stack->pdata[2], OMNI_ROLE_INFRARED); /* at odds: the content decides */
  assert_task (stack, OMNI_TASK_FOCUS);
}

static void
test_check (void)
{
  g_autoptr (OmniFusionRequest) request = make_request (NULL, 2, OMNI_TASK_AUTO);
  g_assert_true (omni_fusion_request_check (request, NULL));

  g_autoptr (OmniPicture) other = make_scene (0, 20, 10, 3, FALSE, OMNI_SAMPLE_U8, 1);
  g_ptr_array_add (request->sources, omni_source_new_for_picture (other, "other"));
  g_autoptr (GError) sizes = NULL;
  g_assert_false (omni_fusion_request_check (request, &sizes));
  g_assert_nonnull (strstr (sizes->message, "20 × 10"));
  g_assert_nonnull (strstr (sizes->message, "150 × 110"));
  request->resize = TRUE;
  g_assert_true (omni_fusion_request_check (request, NULL));

  g_autoptr (OmniPicture) bands = make_scene (0, W, H, 5, FALSE, OMNI_SAMPLE_U8, 1);
  g_ptr_array_add (request->sources, omni_source_new_for_picture (bands, "bands"));
  g_autoptr (GError) mixed = NULL;
  g_assert_false (omni_fusion_request_check (request, &mixed));
  g_assert_nonnull (strstr (mixed->message, "5 bands"));
}

/* A multispectral and a panchromatic source of four times its sides, in this or the other order. */
static OmniFusionRequest *
make_pansharpen (guint bands, gboolean turned)
{
  OmniFusionRequest *request = g_new0 (OmniFusionRequest, 1);
  g_autoptr (OmniPicture) ms = make_scene (2, 30, 22, bands, FALSE, OMNI_SAMPLE_U16, 0.6);
  g_autoptr (OmniPicture) pan = make_scene (5, 120, 88, 1, FALSE, OMNI_SAMPLE_U16, 0.8);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (request->sources, omni_source_new_for_picture (ms, "ms"));
  g_ptr_array_insert (request->sources, turned ? 0 : -1, omni_source_new_for_picture (pan, "pan"));
  return request;
}

static void
assert_check_says (const OmniFusionRequest *request, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (omni_fusion_request_check (request, &error));
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_pansharpen_request (void)
{
  g_autoptr (OmniFusionRequest) request = make_pansharpen (4, FALSE);
  OmniSource *ms = request->sources->pdata[0], *pan = request->sources->pdata[1];
  OmniResultShape shape;
  g_assert_true (omni_fusion_request_check (request, NULL));
  g_assert_true (omni_fusion_request_pansharpens (request));
  omni_fusion_request_get_shape (request, &shape);
  g_assert_cmpuint (shape.width, ==, 120);
  g_assert_cmpuint (shape.channels, ==, 4);
  g_assert_cmpint (shape.depth, ==, OMNI_SAMPLE_U16);
  g_assert_cmpstr (omni_sources_choose_reference (request->sources, TRUE), ==, "pan");
  assert_task (request->sources, OMNI_TASK_PANSHARPEN);
  g_assert_true (omni_model_fits (omni_model_find ("pan-ihs"), OMNI_TASK_PANSHARPEN, request->sources, NULL));
  g_assert_false (omni_model_fits (omni_model_find ("mean"), OMNI_TASK_PANSHARPEN, request->sources, NULL));

  /* Another model takes them for what they are: pictures of different sizes and bands. */
  request->model = omni_model_find ("mean");
  g_assert_false (omni_fusion_request_check (request, NULL));
  request->model = omni_model_find ("pan-gsa");
  g_assert_true (omni_fusion_request_check (request, NULL));

  omni_source_set_role (ms, OMNI_ROLE_PANCHROMATIC);
  assert_check_says (request, "which has one band");
  omni_source_set_role (ms, OMNI_ROLE_NONE);
  omni_source_set_role (pan, OMNI_ROLE_PET);
  assert_check_says (request, "which is which");
  omni_source_set_role (pan, OMNI_ROLE_MULTISPECTRAL);
  g_assert_false (omni_fusion_request_check (request, NULL));
  omni_source_set_role (pan, OMNI_ROLE_PANCHROMATIC);
  g_assert_true (omni_fusion_request_check (request, NULL));
  g_ptr_array_remove_index (request->sources, 0);
  assert_check_says (request, "there is 1");

  /* Three bands are a colour picture: only roles or the task say that this is pan-sharpening. */
  g_autoptr (OmniFusionRequest) colour = make_pansharpen (3, TRUE);
  g_assert_false (omni_fusion_request_pansharpens (colour));
  omni_source_set_role (colour->sources->pdata[0], OMNI_ROLE_PANCHROMATIC);
  g_assert_true (omni_fusion_request_pansharpens (colour));
  g_assert_true (omni_fusion_request_check (colour, NULL));
}

/* ---- With one ---- */

static RefTensor *
read_picture (OmniPicture *picture)
{
  const guint channels = omni_picture_get_channels (picture);
  RefTensor *tensor = ref_tensor_new (channels, omni_picture_get_width (picture),
                                      omni_picture_get_height (picture));
  const guint16 *samples = omni_picture_get_pixels (picture);
  for (gsize i = 0; i < (gsize)tensor->width * tensor->height * channels; i++)
    ref_plane (tensor, (guint)(i % channels))[i / channels] = samples[i] / 65535.0;
  return tensor;
}

/* From files of different sizes to the last grey level: bicubic to the panchromatic grid, then the paper. */
static void
check_pansharpen (OmniEngine *engine, const char *model, guint bands)
{
  g_autoptr (OmniFusionRequest) request = make_pansharpen (bands, FALSE);
  g_autoptr (OmniFusionRequest) turned = make_pansharpen (bands, TRUE);
  request->task = turned->task = OMNI_TASK_PANSHARPEN;
  request->model = turned->model = omni_model_find (model);
  OmniFusionResult *result = fuse (engine, request), *again = fuse (engine, turned);
  g_assert_cmpstr (result->sha256, ==, again->sha256);
  g_assert_true (result->order_invariant);

  g_autoptr (OmniPicture) ms = omni_source_load (request->sources->pdata[0], NULL, NULL);
  g_autoptr (OmniPicture) pan = omni_source_load (request->sources->pdata[1], NULL, NULL);
  g_autoptr (OmniPicture) larger = omni_picture_resample (ms, 120, 88, NULL, NULL);
  g_autoptr (RefTensor) low = read_picture (larger);
  g_autoptr (RefTensor) high = read_picture (pan);
  g_autoptr (RefTensor) expected = g_str_equal (model, "pan-gsa") ? ref_pan_gsa (low, high, 2)
                                                                  : ref_pan_ihs (low, high, 2, TRUE);
  g_autoptr (RefTensor) got = read_picture (result->picture);
  g_assert_cmpuint (got->channels, ==, bands);
  for (gsize i = 0; i < (gsize)120 * 88 * bands; i++)
    g_assert_cmpfloat_with_epsilon (got->v[i], CLAMP (expected->v[i], 0, 1), 0.6 / 65535);
  omni_fusion_result_unref (result);
  omni_fusion_result_unref (again);
}

static void
test_pansharpen (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  check_pansharpen (engine, "pan-gsa", 4);
  check_pansharpen (engine, "pan-gsa", 3);
  check_pansharpen (engine, "pan-ihs", 8);

  g_autoptr (OmniFusionRequest) preview = make_pansharpen (5, FALSE);
  preview->view_px = 60;
  OmniFusionResult *small = fuse (engine, preview);
  g_assert_cmpstr (small->model->name, ==, "pan-gsa");
  g_assert_cmpuint (omni_picture_get_width (small->picture), ==, 60);
  g_assert_cmpuint (omni_picture_get_channels (small->picture), ==, 5);
  omni_fusion_result_unref (small);
}

/* What lies on top is a matter of roles, and a role is taken up though the plan stays. */
static void
test_overlay_roles (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("blend", 2, OMNI_TASK_MEDICAL);
  OmniFusionResult *mean = fuse (engine, request);
  omni_source_set_role (request->sources->pdata[0], OMNI_ROLE_MRI);
  omni_source_set_role (request->sources->pdata[1], OMNI_ROLE_PET);
  OmniModelOptions *options = omni_model_options_new (request->model);
  g_assert_true (omni_model_options_set (options, "opacity=1", NULL));
  request->options = options;
  OmniFusionResult *pet = fuse (engine, request);
  g_autoptr (OmniPicture) top = omni_source_load (request->sources->pdata[1], NULL, NULL);
  g_autofree char *top_hash = omni_picture_hash (top);
  g_assert_cmpstr (pet->sha256, ==, top_hash);
  omni_source_set_role (request->sources->pdata[0], OMNI_ROLE_PET);
  omni_source_set_role (request->sources->pdata[1], OMNI_ROLE_MRI);
  OmniFusionResult *other = fuse (engine, request);
  g_autoptr (OmniPicture) bottom = omni_source_load (request->sources->pdata[0], NULL, NULL);
  g_autofree char *bottom_hash = omni_picture_hash (bottom);
  g_assert_cmpstr (other->sha256, ==, bottom_hash);
  g_assert_cmpstr (other->sha256, !=, mean->sha256);
  omni_fusion_result_unref (mean);
  omni_fusion_result_unref (pet);
  omni_fusion_result_unref (other);
}

static void
test_repeat (void)
{
  static const char *const models[] = { "omni", "mertens", "laplacian", "ifani", "mean", "max" };
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  for (guint m = 0; m < G_N_ELEMENTS (models); m++)
  {
    g_autoptr (OmniFusionRequest) request = make_request (models[m], 3, OMNI_TASK_AUTO);
    OmniFusionResult *first = fuse (engine, request);
    for (guint turn = 0; turn < 3; turn++)
    {
      gpointer source = g_ptr_array_steal_index (request->sources, 0);
      g_ptr_array_add (request->sources, source);
      OmniFusionResult *again = fuse (engine, request);
      g_assert_cmpstr (first->sha256, ==, again->sha256);
      g_assert_cmpstr (first->model->name, ==, models[m]);
      g_assert_true (again->order_invariant);
      omni_fusion_result_unref (again);
    }
    omni_fusion_result_unref (first);
  }
}

/* A grey scene stored as colour. */
static OmniSource *
make_grey_source (void)
{
  g_autoptr (OmniPicture) grey = make_scene (5, W, H, 1, FALSE, OMNI_SAMPLE_U8, 0.8);
  const guint8 *in = omni_picture_get_pixels (grey);
  guint8 *pixels = g_malloc (W * H * 3);
  for (guint i = 0; i < W * H * 3; i++)
    pixels[i] = in[i / 3];
  g_autoptr (OmniPicture) picture = omni_picture_new (W, H, 3, FALSE, OMNI_SAMPLE_U8,
                                                      g_bytes_new_take (pixels, W * H * 3), NULL, NULL, NULL);
  return omni_source_new_for_picture (picture, "grey");
}

/* Beside a grey source the chroma is that of the coloured one, unweakened, wherever the result is not clipped. */
static void
test_grey_and_colour (gconstpointer model)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request (model, 1, OMNI_TASK_INFRARED);
  g_autoptr (OmniPicture) colour = make_scene (0, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.5);
  g_ptr_array_add (request->sources, make_grey_source ());
  OmniFusionResult *result = fuse (engine, request);
  gpointer first = g_ptr_array_steal_index (request->sources, 0);
  g_ptr_array_add (request->sources, first);
  OmniFusionResult *turned = fuse (engine, request);
  const guint8 *out = omni_picture_get_pixels (result->picture), *in = omni_picture_get_pixels (colour);
  guint n = 0;
  for (guint i = 0; i < W * H * 3; i += 3)
  {
    const int low = MIN (out[i], MIN (out[i + 1], out[i + 2])),
              high = MAX (out[i], MAX (out[i + 1], out[i + 2]));
    if (low == 0 || high == 255)
      continue;
    g_assert_cmpint (ABS ((out[i] - out[i + 1]) - (in[i] - in[i + 1])), <=, 1);
    g_assert_cmpint (ABS ((out[i + 2] - out[i + 1]) - (in[i + 2] - in[i + 1])), <=, 1);
    n++;
  }
  g_assert_cmpuint (n, >, W * H / 2);
  g_assert_cmpstr (result->sha256, ==, turned->sha256);
  omni_fusion_result_unref (result);
  omni_fusion_result_unref (turned);
}

static void
test_tiles (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("ifani", 2, OMNI_TASK_FOCUS);
  OmniFusionResult *whole = fuse (engine, request);
  request->tile_px = 64;
  OmniFusionResult *tiled = fuse (engine, request);
  g_assert_cmpuint (tiled->tiles, >, whole->tiles);
  g_assert_cmpstr (whole->sha256, ==, tiled->sha256);
  omni_fusion_result_unref (whole);
  omni_fusion_result_unref (tiled);
}

/* Nobody is told of losses the engine can mend; the mended result is the same. */
static void
test_losses (void)
{
  g_autoptr (OmniFusionRequest) request = make_request ("ifani", 2, OMNI_TASK_FOCUS);
  request->tile_px = 128;
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  OmniFusionResult *sound = fuse (engine, request);

  for (guint losses = 1; losses <= 2; losses++)
  {
    omni_engine_inject_losses (engine, 3, losses);
    OmniFusionResult *mended = fuse (engine, request);
    g_assert_cmpstr (mended->sha256, ==, sound->sha256);
    if (losses == 1)
      g_assert_cmpuint (mended->tile_px, ==, sound->tile_px);
    else
      g_assert_cmpuint (mended->tile_px, <, sound->tile_px);
    omni_fusion_result_unref (mended);
  }

  omni_engine_inject_losses (engine, 1, 3);
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_engine_fuse (engine, request, NULL, NULL, NULL, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_DEVICE_LOST);

  OmniFusionResult *after = fuse (engine, request);
  g_assert_cmpstr (after->sha256, ==, sound->sha256);
  omni_fusion_result_unref (after);
  omni_fusion_result_unref (sound);
}

static void
test_preview (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("mertens", 3, OMNI_TASK_EXPOSURE);
  request->view_px = 60;
  OmniFusionResult *result = fuse (engine, request);
  g_assert_cmpuint (omni_picture_get_width (result->picture), ==, 60);
  g_assert_cmpuint (omni_picture_get_height (result->picture), ==, 44);
  omni_fusion_result_unref (result);
}

/* Fewer pictures in memory than in the set: the same bits. */
static void
test_host_budget (void)
{
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-engine-XXXXXX", NULL);
  g_autoptr (OmniFusionRequest) request = g_new0 (OmniFusionRequest, 1);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  request->model = omni_model_find ("mertens");
  request->tile_px = 256;
  for (guint i = 0; i < 5; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_autofree char *path = write_scene (folder, name, i, 500, 300, 3, FALSE, OMNI_SAMPLE_U16, 0.5 + 0.2 * i);
    g_ptr_array_add (request->sources, omni_source_new (path, NULL));
  }
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  OmniFusionResult *roomy = fuse (engine, request);
  g_setenv ("OMNIFUSE_HOST_MIB", "1", TRUE); /* each picture takes 0.9 MiB */
  g_autoptr (OmniEngine) other = omni_engine_new (NULL);
  OmniFusionResult *tight = fuse (other, request);
  g_unsetenv ("OMNIFUSE_HOST_MIB");
  g_assert_cmpstr (roomy->sha256, ==, tight->sha256);
  omni_fusion_result_unref (roomy);
  omni_fusion_result_unref (tight);
  remove_folder (folder);
}

/* ---- Weights and influence ---- */

/* Shares of all sources add to 1, the fused picture is the same as without, and a source has its map wherever it stands. */
static void
test_weight_maps (void)
{
  static const char *const models[] = { "omni", "omni-small", "mertens", "laplacian", "gff" };
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  for (guint m = 0; m < G_N_ELEMENTS (models); m++)
  {
    g_autoptr (OmniFusionRequest) request = make_request (models[m], 3, OMNI_TASK_FOCUS);
    g_autoptr (OmniFusionResult) plain = fuse (engine, request);
    request->maps = TRUE;
    g_autoptr (OmniFusionResult) result = fuse (engine, request);
    g_assert_null (plain->maps);
    g_assert_cmpstr (plain->sha256, ==, result->sha256);
    g_ptr_array_add (request->sources, g_ptr_array_steal_index (request->sources, 0));
    g_autoptr (OmniFusionResult) turned = fuse (engine, request);
    const OmniWeightBand *first = omni_weight_maps_get_band (result->maps, 0);
    g_assert_cmpuint (first->width, ==, W);
    g_assert_cmpuint (first->height, ==, H);
    for (guint b = 0; b < omni_weight_maps_get_n_bands (result->maps); b++)
    {
      const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, b);
      const OmniWeightBand *moved = omni_weight_maps_get_band (turned->maps, b);
      for (gsize i = 0; i < (gsize)band->width * band->height; i++)
      {
        double sum = 0;
        for (guint k = 0; k < 3; k++)
        {
          sum += band->shares[k][i];
          g_assert_cmpfloat (band->shares[k][i], ==, moved->shares[(k + 2) % 3][i]);
        }
        g_assert_cmpfloat_with_epsilon (sum, 1, 1e-6);
      }
    }
  }
  g_autoptr (OmniFusionRequest) none = make_request ("max", 2, OMNI_TASK_FOCUS);
  g_autoptr (GError) error = NULL;
  none->maps = TRUE;
  g_assert_null (omni_engine_fuse (engine, none, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* Bands, coarse to fine, at any size: shares stay shares. */
static void
test_sampled_maps (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 2, OMNI_TASK_EXPOSURE);
  request->maps = TRUE;
  g_autoptr (OmniFusionResult) result = fuse (engine, request);
  for (int band = -1; band < (int)omni_weight_maps_get_n_bands (result->maps); band++)
  {
    g_autofree float *a = omni_weight_maps_sample (result->maps, band, 0, 40, 30);
    g_autofree float *b = omni_weight_maps_sample (result->maps, band, 1, 40, 30);
    for (guint i = 0; i < 40 * 30; i++)
      g_assert_cmpfloat_with_epsilon (a[i] + b[i], 1, 1e-5);
  }
  g_autoptr (OmniPicture) picture = omni_weight_maps_to_picture (result->maps, 0, 1, NULL);
  const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, 0);
  g_assert_cmpint (omni_picture_get_sample_type (picture), ==, OMNI_SAMPLE_U16);
  g_assert_cmpuint (((const guint16 *)omni_picture_get_pixels (picture))[777], ==,
                    (guint16)(band->shares[1][777] * 65535 + 0.5F));
}

static double
mean_share (OmniFusionResult *result, guint source)
{
  const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, 0);
  double sum = 0;
  for (gsize i = 0; i < (gsize)band->width * band->height; i++)
    sum += band->shares[source][i];
  return sum / ((double)band->width * band->height);
}

/* One more is twice the weight where two sources meet: odds double. No order shows, and zeros change nothing. */
static void
test_influence (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 2, OMNI_TASK_EXPOSURE);
  g_autoptr (OmniFusionResult) plain = fuse (engine, request);
  request->maps = TRUE;
  request->influence = g_new0 (double, 2);
  g_autoptr (OmniFusionResult) even = fuse (engine, request);
  ((double *)request->influence)[1] = 1;
  g_autoptr (OmniFusionResult) more = fuse (engine, request);
  g_assert_cmpstr (even->sha256, ==, plain->sha256);
  g_assert_cmpstr (more->sha256, !=, plain->sha256);
  g_assert_cmpfloat (mean_share (more, 1), >, mean_share (even, 1));
  const OmniWeightBand *before = omni_weight_maps_get_band (even->maps, 0);
  const OmniWeightBand *after = omni_weight_maps_get_band (more->maps, 0);
  for (gsize i = 0; i < (gsize)W * H; i++)
  {
    const double odds = before->shares[1][i] / before->shares[0][i];
    if (odds > 1e-3 && odds < 1e3)
      g_assert_cmpfloat_with_epsilon (after->shares[1][i] / after->shares[0][i] / odds, 2, 1e-2);
  }

  g_ptr_array_add (request->sources, g_ptr_array_steal_index (request->sources, 0));
  ((double *)request->influence)[0] = 1;
  ((double *)request->influence)[1] = 0;
  g_autoptr (OmniFusionResult) turned = fuse (engine, request);
  g_assert_cmpstr (turned->sha256, ==, more->sha256);

  request->model = omni_model_find ("gff");
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_engine_fuse (engine, request, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* The classical ones that weigh take it, too: odds of Mertens' weights double, no source of the pyramid wins less than before,
 * again in any order; and an array of zeros is none. */
static void
test_classical_influence (gconstpointer name)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request (name, 3, OMNI_TASK_FOCUS);
  g_autoptr (OmniFusionResult) plain = fuse (engine, request);
  request->influence = g_new0 (double, 3);
  g_autoptr (OmniFusionResult) zeros = fuse (engine, request);
  g_assert_cmpstr (zeros->sha256, ==, plain->sha256);
  request->maps = TRUE;
  ((double *)request->influence)[1] = 1e-9;
  g_autoptr (OmniFusionResult) even = fuse (engine, request);
  ((double *)request->influence)[1] = 1;
  g_autoptr (OmniFusionResult) more = fuse (engine, request);
  g_assert_cmpstr (more->sha256, !=, plain->sha256);
  g_assert_cmpfloat (mean_share (more, 1), >, mean_share (even, 1));
  const OmniWeightBand *before = omni_weight_maps_get_band (even->maps, 0);
  const OmniWeightBand *after = omni_weight_maps_get_band (more->maps, 0);
  for (gsize i = 0; i < (gsize)W * H; i++)
  {
    const double odds = before->shares[1][i] / before->shares[0][i];
    g_assert_cmpfloat (after->shares[1][i], >=, before->shares[1][i] * (1 - 1e-5F));
    if (g_str_equal (name, "mertens") && odds > 1e-2 && odds < 1e2)
      g_assert_cmpfloat_with_epsilon (after->shares[1][i] / after->shares[0][i] / odds, 2, 1e-2);
  }

  g_ptr_array_add (request->sources, g_ptr_array_steal_index (request->sources, 0));
  ((double *)request->influence)[0] = 1;
  ((double *)request->influence)[1] = 0;
  g_autoptr (OmniFusionResult) turned = fuse (engine, request);
  g_assert_cmpstr (turned->sha256, ==, more->sha256);
}

/* What a person may bring: from 2 × 2 px on, black, white, the same twice, many. The result is finite, and where bands of
 * different sources meet (here noise beside a white picture) it overshoots their range by less than that range. */
static void
test_omni_odd_sets (void)
{
  static const struct
  {
    guint n, width, height;
  } sets[] = { { 1, 2, 2 },    { 3, 2, 2 },     { 2, 2, 300 }, { 5, 301, 3 },
               { 30, 64, 48 }, { 100, 32, 24 }, { 2, 1, 1 } };
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  for (guint s = 0; s < G_N_ELEMENTS (sets); s++)
    for (guint extreme = 0; extreme < 3; extreme++)
    {
      g_autoptr (OmniFusionRequest) request = make_request ("omni", 0, OMNI_TASK_EXPOSURE);
      for (guint i = 0; i < sets[s].n; i++)
      {
        /* The first is black in turn two, and white in turn three. */
        const double gain = i > 0 || extreme == 0 ? 0.3 + 1.2 * i / sets[s].n : extreme == 1 ? 0 : 1e6;
        g_autoptr (OmniPicture)
          picture = make_scene (i % 7, sets[s].width, sets[s].height, 3, FALSE, OMNI_SAMPLE_U16, gain);
        g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, "picture"));
      }
      request->exact_depth = TRUE;
      request->depth = OMNI_SAMPLE_F32;
      g_autoptr (OmniFusionResult) result = fuse (engine, request);
      const float *samples = omni_picture_get_pixels (result->picture);
      for (gsize i = 0; i < (gsize)sets[s].width * sets[s].height * 3; i++)
        g_assert_true (samples[i] > -1 && samples[i] < 2);
    }
}

static void
finished_cb (GObject *engine, GAsyncResult *result, gpointer data)
{
  GAsyncResult **slot = data;
  *slot = g_object_ref (result);
}

/* The older job is cancelled, the newest one wins. */
static void
test_newest_wins (void)
{
  OmniEngine *engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("mertens", 4, OMNI_TASK_EXPOSURE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *old = NULL, *new = NULL;
  omni_engine_fuse_async (engine, request, NULL, NULL, cancellable, finished_cb, &old);
  omni_engine_fuse_async (engine, request, NULL, NULL, NULL, finished_cb, &new);
  g_cancellable_cancel (cancellable);
  while (old == NULL || new == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_autoptr (GError) error = NULL;
  g_assert_null (omni_engine_fuse_finish (engine, old, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  OmniFusionResult *result = omni_engine_fuse_finish (engine, new, NULL);
  g_assert_nonnull (result);
  omni_fusion_result_unref (result);
  g_object_unref (old);
  g_object_unref (new);
  g_object_add_weak_pointer (G_OBJECT (engine), (gpointer *)&engine);
  g_object_unref (engine);
  /* The engine's own thread may drop the last reference, and wakes nobody. */
  while (g_atomic_pointer_get (&engine) != NULL)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
}

static void
cancel_cb (double fraction, const char *phase, gpointer cancellable)
{
  if (g_str_equal (phase, "Fusing"))
    g_cancellable_cancel (cancellable);
}

static void
test_cancel (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("ifani", 3, OMNI_TASK_FOCUS);
  request->tile_px = 64;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_engine_fuse (engine, request, cancel_cb, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  omni_fusion_result_unref (fuse (engine, request));
}

/* Ranges beyond the display's survive. */
static void
test_wide_range (void)
{
  g_autoptr (OmniFusionRequest) request = g_new0 (OmniFusionRequest, 1);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  request->model = omni_model_find ("max");
  for (guint i = 0; i < 2; i++)
  {
    float *pixels = g_new (float, 64);
    for (guint k = 0; k < 64; k++)
      pixels[k] = i == 0 ? k * 0.5f : 20.0f;
    g_autoptr (OmniPicture) picture = omni_picture_new (8, 8, 1, FALSE, OMNI_SAMPLE_F32,
                                                        g_bytes_new_take (pixels, 256), NULL, NULL, NULL);
    g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, "float"));
  }
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  OmniFusionResult *result = fuse (engine, request);
  const float *out = omni_picture_get_pixels (result->picture);
  for (guint k = 0; k < 64; k++)
    g_assert_cmpfloat_with_epsilon (out[k], MAX (k * 0.5f, 20.0f), 1e-4);
  omni_fusion_result_unref (result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/resample", test_resample);
  g_test_add_func ("/app/resample/not-finite", test_resample_not_finite);
  g_test_add_func ("/app/task", test_task);
  g_test_add_func ("/app/request", test_check);
  g_test_add_func ("/app/request/pansharpen", test_pansharpen_request);
  g_test_add_func ("/engine/repeat", test_repeat);
  g_test_add_func ("/engine/pansharpen", test_pansharpen);
  g_test_add_func ("/engine/overlay-roles", test_overlay_roles);
  g_test_add_data_func ("/engine/grey-and-colour/omni", "omni", test_grey_and_colour);
  g_test_add_data_func ("/engine/grey-and-colour/laplacian", "laplacian", test_grey_and_colour);
  g_test_add_data_func ("/engine/grey-and-colour/gff", "gff", test_grey_and_colour);
  g_test_add_data_func ("/engine/grey-and-colour/wavelet", "wavelet", test_grey_and_colour);
  g_test_add_func ("/engine/tiles", test_tiles);
  g_test_add_func ("/engine/losses", test_losses);
  g_test_add_func ("/engine/preview", test_preview);
  g_test_add_func ("/engine/host-budget", test_host_budget);
  g_test_add_func ("/engine/weights", test_weight_maps);
  g_test_add_func ("/engine/weights/sampled", test_sampled_maps);
  g_test_add_func ("/engine/influence", test_influence);
  g_test_add_data_func ("/engine/influence/mertens", "mertens", test_classical_influence);
  g_test_add_data_func ("/engine/influence/laplacian", "laplacian", test_classical_influence);
  g_test_add_func ("/engine/omni/odd-sets", test_omni_odd_sets);
  g_test_add_func ("/engine/newest-wins", test_newest_wins);
  g_test_add_func ("/engine/cancel", test_cancel);
  g_test_add_func ("/engine/wide-range", test_wide_range);
  return g_test_run ();
}
