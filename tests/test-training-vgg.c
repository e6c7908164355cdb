/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/recipe.h"
#include "models/training/vgg.h"
#include "tests/training-ops-fixture.h"

/* VGG-16 with weights of chance against its layers in plain C and double precision, and what a file must be. */

#define N_LAYERS 13
#define HEIGHT   32
#define WIDTH    16

/* Of torchvision's vgg16: number, inputs, outputs; a maximum of 2 × 2 stands before a layer where the numbers leave three out. */
static const guint layers[N_LAYERS][3] = {
  { 0, 3, 64 },     { 2, 64, 64 },    { 5, 64, 128 },   { 7, 128, 128 },  { 10, 128, 256 },
  { 12, 256, 256 }, { 14, 256, 256 }, { 17, 256, 512 }, { 19, 512, 512 }, { 21, 512, 512 },
  { 24, 512, 512 }, { 26, 512, 512 }, { 28, 512, 512 },
};

/* As for He et al. 2015, so that features neither vanish nor explode. */
static float *
make_tensor (guint layer, gboolean is_bias, gsize n)
{
  const float spread = is_bias ? 0.2F : sqrtf (6.0F / (9.0F * (float)layers[layer][1]));
  float *values = g_new (float, n);
  guint32 state = 12345 + 2 * layer + is_bias;

  for (gsize i = 0; i < n; i++)
  {
    state = state * 1664525 + 1013904223;
    values[i] = spread * ((float)(state >> 8) / (1 << 23) - 1.0F);
  }
  return values;
}

/* `wrong`: a layer that is left out (its number), or has one output too few (its number and 100); −1: none. */
static OmniWeights *
make_file (int wrong)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  const OmniTensorSpec further = { "classifier.6.bias", 1, { 10 } };

  for (guint i = 0; i < N_LAYERS; i++)
  {
    const guint number = layers[i][0], in = layers[i][1];
    const guint out = layers[i][2] - (wrong == (int)number + 100 ? 1 : 0);
    OmniTensorSpec weight = { .n_dims = 4, .dims = { out, in, 3, 3 } },
                   bias = { .n_dims = 1, .dims = { out } };

    if (wrong == (int)number)
      continue;
    g_snprintf (weight.name, sizeof weight.name, "features.%u.weight", number);
    g_snprintf (bias.name, sizeof bias.name, "features.%u.bias", number);
    g_array_append_val (specs, weight);
    g_array_append_val (specs, bias);
    g_ptr_array_add (values, make_tensor (i, FALSE, (gsize)out * in * 9));
    g_ptr_array_add (values, make_tensor (i, TRUE, out));
  }
  g_array_append_val (specs, further);
  g_ptr_array_add (values, g_new0 (float, 10));

  g_autoptr (GBytes) bytes = omni_weights_write (specs, NULL, (const float *const *)values->pdata);
  GError *error = NULL;
  OmniWeights *weights = omni_weights_load_bytes (bytes, "vgg.safetensors", &error);

  g_assert_no_error (error);
  return weights;
}

/* ---- The reference ---- */

/* (transfer full) The features after every ReLU. */
static Double4 **
reference_features (const Double4 *picture)
{
  static const double mean[] = { .485, .456, .406 }, deviation[] = { .229, .224, .225 };
  const gsize plane = (gsize)picture->h * picture->w;
  Double4 **features = g_new0 (Double4 *, N_LAYERS), *x = double4_new (picture->n, 3, picture->h, picture->w);

  for (guint n = 0; n < picture->n; n++)
    for (guint c = 0; c < 3; c++)
      for (gsize i = 0; i < plane; i++)
        x->v[(n * 3 + c) * plane + i] = (picture->v[n * plane + i] - mean[c]) / deviation[c];
  for (guint i = 0; i < N_LAYERS; i++)
  {
    const guint in = layers[i][1], out = layers[i][2];
    const gsize n = (gsize)out * in * 9;
    g_autofree float *weight = make_tensor (i, FALSE, n), *bias = make_tensor (i, TRUE, out);
    g_autofree double *w = g_new (double, n), *b = g_new (double, out);

    for (gsize k = 0; k < n; k++)
      w[k] = weight[k];
    for (guint k = 0; k < out; k++)
      b[k] = bias[k];
    if (i > 0 && layers[i][0] == layers[i - 1][0] + 3)
    {
      double4_free (x);
      x = twin_train_pool (features[i - 1], TRUE);
    }

    const Double4 *from = i > 0 && layers[i][0] != layers[i - 1][0] + 3 ? features[i - 1] : x;

    features[i] = twin_train_conv (from, w, b, &(TwinConvShape){ out, 3, 1, 1, OMNI_BOUNDARY_ZERO });
    twin_train_leaky (features[i], 0);
  }
  double4_free (x);
  return features;
}

static void
free_features (Double4 **features)
{
  for (guint i = 0; i < N_LAYERS; i++)
    double4_free (features[i]);
  g_free (features);
}

/* Of image `n`: the mean squared difference from the mean of the eight neighbours, zero outside. */
static double
laplacian_of (const Double4 *x, guint n)
{
  double sum = 0;

  for (guint c = 0; c < x->c; c++)
    for (int y = 0; y < (int)x->h; y++)
      for (int i = 0; i < (int)x->w; i++)
      {
        double value = 0;

        for (int a = -1; a <= 1; a++)
          for (int b = -1; b <= 1; b++)
            if (y + a >= 0 && y + a < (int)x->h && i + b >= 0 && i + b < (int)x->w)
              value += (a == 0 && b == 0 ? -1 : 0.125)
                       * x->v[((n * x->c + c) * x->h + (guint)(y + a)) * x->w + (guint)(i + b)];
        sum += value * value / (x->c * x->h * x->w);
      }
  return sum;
}

/* ---- Information ---- */

typedef struct
{
  const Double4 *x, *truth;
  float scale;
  OmniMaps map;
  guint64 map_at, value_at;
} VggRun;

static void
build_information (gpointer data)
{
  VggRun *self = data;
  const OmniMaps x = upload (self->x);

  self->map = omni_vgg_information (&ops, 0, &x, 2, self->scale);
  self->map_at = keep_maps (&self->map);
}

static void
test_information (Fixture *fixture, gconstpointer data)
{
  static const guint last[] = { 1, 3, 6, 9, 12 };
  g_autoptr (OmniWeights) weights = make_file (-1);
  g_autoptr (Double4) x = double4_random (2, 1, HEIGHT, WIDTH, 0.2, 0.8, 3);
  gsize n;
  g_autofree float *values = omni_vgg_dup_values (weights, &n);
  double energy[2] = { 0 };

  g_assert_cmpuint (n, ==, 14714688);
  for (guint i = 0; i < HEIGHT * WIDTH; i++)
    x->v[i] = 0.5 + 0.7 * (x->v[i] - 0.5);

  Double4 **features = reference_features (x);

  for (guint k = 0; k < 2; k++)
    for (guint s = 0; s < G_N_ELEMENTS (last); s++)
      energy[k] += laplacian_of (features[last[s]], k) / G_N_ELEMENTS (last);
  free_features (features);
  g_test_message ("energies %.6g and %.6g", energy[0], energy[1]);
  g_assert_cmpfloat (energy[0], >, 0);

  /* So that the shares are neither alike nor all and nothing. */
  VggRun self = { .x = x, .scale = (float)fabs (energy[1] - energy[0]) };

  run (build_information, &self, values, n);

  g_autoptr (Double4) shares = read_maps (&self.map, self.map_at);
  const double want = 1 / (1 + exp ((energy[1] - energy[0]) / self.scale));

  g_assert_cmpfloat_with_epsilon (shares->v[0], want, 1e-3);
  g_assert_cmpfloat_with_epsilon (shares->v[1], 1 - want, 1e-3);
}

/* ---- Perceptual ---- */

#define LOSS_WEIGHT 0.7

static void
build_perceptual (gpointer data)
{
  VggRun *self = data;
  const OmniMaps fused = upload (self->x), truth = upload (self->truth);
  OmniLossTarget target = { .fused = &fused, .sources = &truth, .gradient = &self->map };

  self->map = omni_ops_maps (&ops, fused.n, fused.h, fused.w);
  target.result = self->value_at = omni_ops_results (&ops, fused.n);
  omni_vgg_loss_perceptual (&ops, 0, &target, (float)LOSS_WEIGHT);
  self->map_at = keep_maps (&self->map);
}

/* Of the first image of `x`, whose features are compared with `want`. */
static double
perceptual (const Double4 *x, const Double4 *want, double n_images)
{
  Double4 **features = reference_features (x);
  const Double4 *got = features[N_LAYERS - 1];
  double sum = 0;

  for (gsize i = 0; i < double4_size (got); i++)
    sum += (got->v[i] - want->v[i]) * (got->v[i] - want->v[i]) / (double)double4_size (got);
  free_features (features);
  return sum / n_images;
}

/* The derivative of the loss along a direction, of chance or one pixel, by central differences. */
static double
difference_along (const Double4 *x, const Double4 *direction, const Double4 *want, double n_images)
{
  const double h = 1e-7; /* more crosses kinks of the ReLUs, which are 130,000 */
  double ends[2];

  for (guint k = 0; k < 2; k++)
  {
    g_autoptr (Double4) moved = double4_new (1, 1, x->h, x->w);

    for (gsize i = 0; i < double4_size (moved); i++)
      moved->v[i] = x->v[i] + (k == 0 ? h : -h) * direction->v[i];
    ends[k] = perceptual (moved, want, n_images);
  }
  return (ends[0] - ends[1]) / (2 * h);
}

static void
test_perceptual (Fixture *fixture, gconstpointer data)
{
  g_autoptr (OmniWeights) weights = make_file (-1);
  g_autoptr (Double4) x = double4_random (2, 1, HEIGHT, WIDTH, 0.2, 0.8, 5);
  g_autoptr (Double4) truth = double4_random (2, 1, HEIGHT, WIDTH, 0.2, 0.8, 6);
  gsize n;
  g_autofree float *values = omni_vgg_dup_values (weights, &n);
  VggRun self = { .x = x, .truth = truth };
  float losses[2];

  run (build_perceptual, &self, values, n);
  omni_work_read (ops.work, ops.results, self.value_at * 4, losses, sizeof losses);

  g_autoptr (Double4) gradient = read_maps (&self.map, self.map_at);
  Double4 **wanted = reference_features (truth);
  const Double4 *last = wanted[N_LAYERS - 1];
  Double4 one = { 1, 1, HEIGHT, WIDTH, x->v }, first = { 1, last->c, last->h, last->w, last->v };

  g_assert_cmpfloat_with_epsilon (losses[0] / perceptual (&one, &first, 2), 1, 1e-3);
  const double norm = sqrt (dot (gradient, gradient) / 2);

  for (guint d = 0; d < 3; d++)
  {
    g_autoptr (Double4) direction = double4_random (1, 1, HEIGHT, WIDTH, -1, 1, 40 + d);
    double got = 0;

    for (guint i = 0; d == 2 && i < HEIGHT * WIDTH; i++)
      direction->v[i] = i == 5 * WIDTH + 3;
    for (guint i = 0; i < HEIGHT * WIDTH; i++)
      got += gradient->v[i] * direction->v[i];

    const double want = LOSS_WEIGHT * difference_along (&one, direction, &first, 2);

    g_test_message ("direction %u: %.6g, and %.6g by differences, the gradient's norm is %.3g", d, got, want,
                    norm);
    g_assert_cmpfloat (fabs (want), >, 0);
    g_assert_cmpfloat (fabs (got - want), <, (d == 2 ? 1e-5 : 1e-3) * norm);
  }
  free_features (wanted);
}

/* ---- The trainer, the file and the recipe ---- */

/* The values lie behind the parameters, where a step finds them. */
static void
test_trainer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (OmniWeights) weights = make_file (-1);
  g_autoptr (Double4) sources = double4_random (2, 1, 16, 16, 0.2, 0.8, 7);
  g_autoptr (Double4) truth = double4_random (1, 1, 16, 16, 0.2, 0.8, 8);
  g_autofree float *luma = double4_to_floats (sources), *wanted = double4_to_floats (truth);
  g_autofree float *fused = g_new (float, 16 * 16);
  const OmniTrainBatch batch = { OMNI_TASK_FOCUS, 1, 2, 16, luma, wanted };
  OmniTrainConfig config;
  OmniTrainReport report;
  g_autoptr (GError) error = NULL;

  omni_train_config_init (&config);
  config.architecture = "u2fusion";
  config.channels = 4;
  config.schedule = OMNI_SCHEDULE_CONSTANT;
  config.losses[OMNI_TASK_FOCUS].weight[OMNI_LOSS_PERCEPTUAL] = 1;
  g_assert_null (omni_trainer_new (harness_device (), &config, &error));
  g_assert_nonnull (strstr (error->message, "name a file with its weights"));
  g_clear_error (&error);

  config.vgg16 = weights;

  g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  omni_trainer_validate (trainer, &batch, fused, &report, &error);
  g_assert_no_error (error);

  g_autoptr (Double4) got = double4_from_floats (1, 1, 16, 16, fused);
  Double4 **features = reference_features (truth);

  g_assert_cmpfloat_with_epsilon (report.loss / perceptual (got, features[N_LAYERS - 1], 1), 1, 1e-3);
  free_features (features);
  omni_trainer_step (trainer, &batch, &report, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (report.gradient_norm, >, 0);
}

static void
test_file (void)
{
  static const struct
  {
    int wrong;
    const char *words;
  } cases[] = { { 21, "“features.21.weight” is missing" },
                { 107, "“features.7.weight” is of another shape" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (OmniWeights) weights = make_file (cases[i].wrong);
    g_autoptr (GError) error = NULL;

    g_assert_false (omni_vgg_check (weights, &error));
    g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

#define RECIPE                                                                                               \
  "[train]\nsteps = 1\ncrop = %s\n[task focus]\ndata = a\nsynthesis = focus\nloss = mse 1, perceptual 1\n"   \
  "[network]\narchitecture = ifcnn\nnormalisation = batch\n%s"

static void
test_recipe (void)
{
  static const struct
  {
    const char *crop, *line, *words;
  } cases[] = { { "32", "vgg16 = some.safetensors\n", NULL },
                { "32", "", "line 4: [task focus] has the loss “perceptual”, which looks through VGG-16" },
                { "40", "vgg16 = some.safetensors\n", "multiple of 16" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autofree char *text = g_strdup_printf (RECIPE, cases[i].crop, cases[i].line);
    g_autoptr (GError) error = NULL;
    g_autoptr (OmniRecipe) recipe = omni_recipe_parse (text, "x.recipe", &error);

    g_assert_true ((recipe != NULL) == (cases[i].words == NULL));
    if (recipe != NULL)
      g_assert_cmpstr (recipe->vgg16, ==, "some.safetensors");
    else
      g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

static void
add_tests (void)
{
  g_test_add ("/training/vgg/information", Fixture, NULL, set_up, test_information, tear_down);
  g_test_add ("/training/vgg/perceptual", Fixture, NULL, set_up, test_perceptual, tear_down);
  g_test_add ("/training/vgg/perceptual-plain", Fixture, NULL, set_up_plain, test_perceptual, tear_down);
  g_test_add ("/training/vgg/trainer", Fixture, NULL, set_up, test_trainer, tear_down);
  g_test_add_func ("/training/vgg/file", test_file);
  g_test_add_func ("/training/vgg/recipe", test_recipe);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
