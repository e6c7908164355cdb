/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models-fixture.h"

#include <math.h>
#include <string.h>

FixtureSet *
fixture_set_new (guint n, guint width, guint height, guint channels)
{
  FixtureSet *set = g_new0 (FixtureSet, 1);

  g_assert_cmpuint (n, <=, FIXTURE_MAX_SOURCES);
  *set = (FixtureSet){ .n = n, .width = width, .height = height, .channels = channels };
  for (guint k = 0; k < n; k++)
    set->pixels[k] = g_new0 (float, fixture_set_n_samples (set));
  return set;
}

void
fixture_set_free (FixtureSet *set)
{
  for (guint k = 0; k < set->n; k++)
    g_free (set->pixels[k]);
  g_free (set);
}

gsize
fixture_set_n_samples (const FixtureSet *set)
{
  return (gsize)set->width * set->height * set->channels;
}

FixtureSet *
fixture_set_new_scene (guint32 seed, guint n, guint width, guint height, guint channels)
{
  FixtureSet *set = fixture_set_new (n, width, height, channels);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  for (guint k = 0; k < n; k++)
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    {
      const double x = (double)(i / channels % width), y = (double)(i / channels / width),
                   c = (double)(i % channels);
      const double shade = .5 + .3 * sin (.11 * x * (k + 1) + .07 * y + c) * cos (.05 * y * (c + 1) - k);
      const double edge = fmod (x + 2 * y + 3 * k, 11) < 5 ? .12 : -.12;

      set->pixels[k][i] = (float)CLAMP (shade + edge + g_rand_double_range (random, -.08, .08), 0, 1);
    }
  return set;
}

void
fixture_set_to_tensors (const FixtureSet *set, RefTensor **tensors)
{
  for (guint k = 0; k < set->n; k++)
  {
    tensors[k] = ref_tensor_new (set->channels, set->width, set->height);
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      ref_plane (tensors[k], (guint)(i % set->channels))[i / set->channels] = (double)set->pixels[k][i];
  }
}

static gboolean
fetch (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  const FixtureRun *run = user_data;

  *source = (OmniPlanSource){ .pixels = run->set->pixels[run->order[index]],
                              .channels = run->set->channels,
                              .store = OMNI_STORE_F32,
                              .mark = run->marks[run->order[index]] };
  return TRUE;
}

void
fixture_run_init_graph (FixtureRun *run, OmniDevice *device, const FixtureSet *set, OmniGraph *graph,
                        const FixtureFusion *fusion)
{
  g_autoptr (GError) error = NULL;
  const OmniPlanParams params = { .n_sources = set->n,
                                  .width = set->width,
                                  .height = set->height,
                                  .output = OMNI_STORE_F32,
                                  .tile_px = fusion->tile_px,
                                  .format = { set->channels, FALSE, OMNI_STORE_F32 },
                                  .range = fusion->range };

  *run = (FixtureRun){ .set = set, .channels = omni_graph_get_output_channels (graph) };
  for (guint k = 0; k < set->n; k++)
  {
    run->order[k] = k;
    run->marks[k] = fusion->marks[k];
  }
  run->plan = omni_plan_new (device, graph, &params, &error);
  g_assert_no_error (error);
}

void
fixture_run_init (FixtureRun *run, OmniDevice *device, const FixtureSet *set, const FixtureFusion *fusion)
{
  g_autoptr (GError) error = NULL;
  guint roles = 0;

  for (guint k = 0; k < set->n; k++)
    roles |= fusion->marks[k] & OMNI_ALL_ROLES;

  const OmniModelContext context = { .task = fusion->task,
                                     .n_sources = set->n,
                                     .width = set->width,
                                     .height = set->height,
                                     .colour = set->channels == 3,
                                     .bands = fusion->bands,
                                     .roles = roles,
                                     .scale = fusion->scale,
                                     .range = fusion->range > 0 ? fusion->range : 1,
                                     .levels = fusion->levels,
                                     .grey_and_colour = fusion->grey_and_colour,
                                     .options = fusion->options,
                                     .weights = fusion->weights };
  g_autoptr (OmniGraph) graph = fusion->model->build (&context, &error);

  g_assert_no_error (error);
  fixture_run_init_graph (run, device, set, graph, fusion);
}

void
fixture_run_clear (FixtureRun *run)
{
  omni_plan_free (&run->plan);
}

gsize
fixture_run_n_samples (const FixtureRun *run)
{
  return (gsize)run->set->width * run->set->height * run->channels;
}

float *
fixture_run (FixtureRun *run)
{
  g_autoptr (GError) error = NULL;
  float *result = g_new (float, fixture_run_n_samples (run));
  const OmniPlanRun plan_run = { .fetch = fetch, .user_data = run, .result = result };
  OmniPlanStats stats;

  omni_plan_run (run->plan, &plan_run, &stats, &error);
  g_assert_no_error (error);
  return result;
}

float *
fixture_fuse (OmniDevice *device, const FixtureSet *set, const FixtureFusion *fusion)
{
  FixtureRun run;
  float *result;

  fixture_run_init (&run, device, set, fusion);
  result = fixture_run (&run);
  fixture_run_clear (&run);
  return result;
}

OmniDevice *
fixture_open_device (void)
{
  g_autoptr (GError) error = NULL;
  OmniDevice *device = omni_device_open (NULL, &error);

  if (g_error_matches (error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_VULKAN)
      || g_error_matches (error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_DEVICE))
  {
    g_test_message ("skipped: %s", error->message);
    return NULL;
  }
  g_assert_no_error (error);
  return device;
}

/* IFANI lists its variant with biases when there are no weights to tell: exchange them. */
static GArray *
list_specs (const OmniModel *model, gboolean normalised)
{
  static const char *const norms[] = { "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var" };
  g_autoptr (GArray) plain = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  GArray *specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  g_assert_true (model->list_tensors (NULL, plain, NULL));
  for (guint i = 0; i < plain->len; i++)
  {
    OmniTensorSpec spec = g_array_index (plain, OmniTensorSpec, i);
    char *bias = strstr (spec.name, ".bias");

    if (!normalised || bias == NULL || g_str_has_prefix (spec.name, "neck3")
        || g_str_has_prefix (spec.name, "tail2"))
    {
      g_array_append_val (specs, spec);
      continue;
    }
    for (guint k = 0; k < G_N_ELEMENTS (norms); k++)
    {
      g_strlcpy (bias + 1, norms[k], sizeof spec.name - (gsize)(bias + 1 - spec.name));
      g_array_append_val (specs, spec);
    }
  }
  return specs;
}

/* Sum of twelve uniform numbers: near enough to normal, and the same everywhere. */
static double
gaussian (GRand *random)
{
  double sum = -6;

  for (guint i = 0; i < 12; i++)
    sum += g_rand_double (random);
  return sum;
}

static float
random_value (GRand *random, const OmniTensorSpec *spec)
{
  if (spec->n_dims == 4)
    return (float)(gaussian (random) * sqrt (2. / (spec->dims[1] * spec->dims[2] * spec->dims[3])));
  if (g_str_has_suffix (spec->name, "bn.running_var"))
    return (float)g_rand_double_range (random, .5, 1.5);
  if (g_str_has_suffix (spec->name, "bn.weight"))
    return (float)(g_rand_double_range (random, .6, 1.2) * (g_rand_int_range (random, 0, 8) == 0 ? -1 : 1));
  return (float)(gaussian (random) * .1);
}

static OmniWeights *
fill_specs (const OmniModel *model, const GArray *specs, guint32 seed, const char *const *metadata)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  OmniWeights *weights;

  for (guint i = 0; i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);
    guint n = 1;
    float *tensor;

    for (guint k = 0; k < spec->n_dims; k++)
      n *= spec->dims[k];
    tensor = g_new (float, n);
    for (guint k = 0; k < n; k++)
      tensor[k] = random_value (random, spec);
    g_ptr_array_add (values, tensor);
  }
  bytes = omni_weights_write (specs, metadata, (const float *const *)values->pdata);
  weights = omni_weights_load_bytes (bytes, "random", &error);
  g_assert_no_error (error);
  return weights;
}

OmniWeights *
fixture_random_weights (const OmniModel *model, guint32 seed, gboolean normalised, const char *padding,
                        const char *reduce)
{
  g_autoptr (GArray) specs = list_specs (model, normalised);
  const char *const metadata[] = {
    "architecture", model->architecture, "padding", padding, reduce != NULL ? "reduce" : NULL, reduce, NULL
  };

  return fill_specs (model, specs, seed, metadata);
}

OmniWeights *
fixture_random_weights_with (const OmniModel *model, guint32 seed, const char *const *metadata)
{
  const char *all[12] = { "architecture", model->architecture };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GBytes) empty = NULL;
  g_autoptr (OmniWeights) asked = NULL;
  g_autoptr (GError) error = NULL;
  const char *norm;

  for (guint i = 0; metadata != NULL && metadata[i] != NULL; i++)
    all[2 + i] = metadata[i];
  empty = omni_weights_write (specs, all, NULL);
  asked = omni_weights_load_bytes (empty, "empty", &error);
  g_assert_no_error (error);
  norm = omni_weights_get_metadata (asked, "norm");
  /* PMGI without normalisation is told by the tensors that are not there */
  model->list_tensors (
    omni_weights_get_metadata (asked, "variant") != NULL || g_strcmp0 (norm, "none") == 0 ? asked : NULL,
    specs, &error);
  g_assert_no_error (error);
  return fill_specs (model, specs, seed, all);
}

OmniWeights *
fixture_weights_for (const OmniModel *model)
{
  g_autoptr (GError) error = NULL;
  OmniWeights *weights;

  if (model->architecture == NULL)
    return NULL;
  weights = omni_model_load_weights (model, NULL, &error);
  if (g_error_matches (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE))
    return fixture_random_weights (model, 1, FALSE, "replicate", NULL);
  g_assert_no_error (error);
  return weights;
}

static void
swap (guint *order, guint i, guint j)
{
  const guint held = order[i];

  order[i] = order[j];
  order[j] = held;
}

gboolean
fixture_next_order (guint *order, guint n)
{
  guint i = n - 1, j = n - 1;

  while (i > 0 && order[i - 1] > order[i])
    i--;
  if (i == 0)
    return FALSE;
  while (order[j] < order[i - 1])
    j--;
  swap (order, i - 1, j);
  for (j = n - 1; i < j; i++, j--)
    swap (order, i, j);
  return TRUE;
}

char *
fixture_shared_folder (void)
{
  const char *named = g_getenv ("OMNIFUSE_SHARED");
  g_autofree char *path = named != NULL ? g_strdup (named)
                                        : g_test_build_filename (G_TEST_DIST, "..", "..", "shared", NULL);

  return g_file_test (path, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&path) : NULL;
}
