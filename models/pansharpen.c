/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <math.h>
#include <string.h>

/* Pan-sharpening by component substitution: what the panchromatic picture has beyond an intensity made of the bands is
 * added to each band. The multispectral source comes on the panchromatic grid already.
 *
 * Statistics are those of the scale at which both pictures speak of the same: of the bands and the panchromatic picture
 * averaged down to (about) the multispectral grid. They are whole-picture means, so these graphs cannot be tiled. */

static const char *const matches[] = { "moments", "none", NULL };

#define RATIO_OPTION                                                                                         \
  {                                                                                                          \
    .key = "ratio", .title = N_ ("Ratio"),                                                                   \
    .summary = N_ ("Panchromatic pixels per multispectral one, a power of two; 0: from the sizes"),          \
    .type = OMNI_OPTION_NUMBER, .default_value = "0", .minimum = 0, .maximum = 64, .whole = TRUE             \
  }

static const OmniModelOption gsa_options[] = { RATIO_OPTION, { NULL } };

static const OmniModelOption ihs_options[] = {
  RATIO_OPTION,
  { .key = "match",
    .title = N_ ("Match"),
    .summary = N_ (
      "Bring the panchromatic picture to the mean and deviation of the intensity, or take it as it is"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "moments",
    .choices = matches },
  { NULL }
};

/* Nearly all satellites have it. */
#define USUAL_RATIO 4
#define MOST_LEVELS 6

typedef struct
{
  OmniGraph *graph;
  guint n_bands, n_levels;
  OmniNode bands, pan;         /* on the panchromatic grid */
  OmniNode low_bands, low_pan; /* n_levels coarser */
} Scene;

static OmniNode
binary (const Scene *scene, OmniBinary op, OmniNode a, OmniNode b)
{
  return omni_graph_binary (scene->graph, op, a, b);
}

static OmniNode
times (const Scene *scene, OmniNode a, OmniNode b)
{
  return binary (scene, OMNI_BINARY_MUL, a, b);
}

static OmniNode
minus (const Scene *scene, OmniNode a, OmniNode b)
{
  return binary (scene, OMNI_BINARY_SUB, a, b);
}

static OmniNode
plus (const Scene *scene, OmniNode a, OmniNode b)
{
  return binary (scene, OMNI_BINARY_ADD, a, b);
}

static OmniNode
mean_of (const Scene *scene, OmniNode x)
{
  return omni_graph_picture_mean (scene->graph, x);
}

static OmniNode
take (const Scene *scene, OmniNode x, guint band)
{
  return omni_graph_channels (scene->graph, x, &band, 1);
}

static OmniNode
lower (const Scene *scene, OmniNode x)
{
  for (guint level = 0; level < scene->n_levels; level++)
    x = omni_graph_pool_mean (scene->graph, x);
  return x;
}

/* A whole-picture figure back on the panchromatic grid. */
static OmniNode
spread (const Scene *scene, OmniNode x)
{
  for (guint level = 0; level < scene->n_levels; level++)
    x = omni_graph_upsample_nearest (scene->graph, x);
  return x;
}

static guint
count_levels (const OmniModel *model, const OmniModelContext *context)
{
  double ratio = omni_model_get_number (model, context->options, "ratio");

  if (ratio == 0)
    ratio = context->scale > 1 ? (double)context->scale : USUAL_RATIO;
  return MIN ((guint)lround (log2 (ratio)), MOST_LEVELS);
}

static gboolean
check_ratio (const OmniModel *model, const OmniModelContext *context, GError **error)
{
  const guint ratio = (guint)omni_model_get_number (model, context->options, "ratio");

  if ((ratio & (ratio - 1)) == 0)
    return TRUE;
  g_set_error (
    error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
    _ ("A ratio of %u is no power of two; %s takes 1, 2, 4, 8, 16, 32 or 64, or 0 to go by the sizes."),
    ratio, _ (model->title));
  return FALSE;
}

static Scene
add_scene (OmniGraph *graph, const OmniModel *model, const OmniModelContext *context)
{
  Scene scene = { .graph = graph,
                  .n_bands = context->bands > 0 ? context->bands
                             : context->colour  ? 3
                                                : 1,
                  .n_levels = count_levels (model, context) };

  scene.bands = omni_graph_set_select (graph,
                                       omni_graph_mark (graph, OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL)),
                                       omni_graph_picture (graph, OMNI_PLANES_BANDS, scene.n_bands));
  scene.pan = omni_graph_set_select (graph, omni_graph_mark (graph, OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC)),
                                     omni_graph_picture (graph, OMNI_PLANES_LUMA, 0));
  scene.low_bands = lower (&scene, scene.bands);
  scene.low_pan = lower (&scene, scene.pan);
  return scene;
}

static OmniNode
average_bands (const Scene *scene, OmniNode bands)
{
  OmniNode sum = take (scene, bands, 0);

  for (guint b = 1; b < scene->n_bands; b++)
    sum = plus (scene, sum, take (scene, bands, b));
  return omni_graph_unary (scene->graph, sum, 1.f / (float)scene->n_bands, 0, OMNI_ACTIVATION_NONE, 0);
}

/* The panchromatic picture with the mean and standard deviation of the intensity, both at the low scale: the fine detail
 * of the panchromatic picture has no counterpart in the intensity and no say in its contrast. */
static OmniNode
match_moments (const Scene *scene, OmniNode low_intensity)
{
  const OmniNode pan_mean = mean_of (scene, scene->low_pan);
  const OmniNode intensity_mean = mean_of (scene, low_intensity);
  const OmniNode pan_off = minus (scene, scene->low_pan, pan_mean);
  const OmniNode intensity_off = minus (scene, low_intensity, intensity_mean);
  const OmniNode variances = binary (scene, OMNI_BINARY_DIV,
                                     mean_of (scene, times (scene, intensity_off, intensity_off)),
                                     mean_of (scene, times (scene, pan_off, pan_off)));
  const OmniNode factor = omni_graph_unary (scene->graph, variances, 1, 0, OMNI_ACTIVATION_SQRT, 0);
  const OmniNode off = minus (scene, scene->pan, spread (scene, pan_mean));

  return plus (scene, times (scene, off, spread (scene, factor)), spread (scene, intensity_mean));
}

static OmniGraph *
build_ihs (const OmniModelContext *context, GError **error)
{
  if (!check_ratio (&omni_model_pan_ihs, context, error))
    return NULL;
  g_autoptr (OmniGraph) graph = omni_graph_new ("pan-ihs");
  const Scene scene = add_scene (graph, &omni_model_pan_ihs, context);
  const char *match = omni_model_get_string (&omni_model_pan_ihs, context->options, "match");
  const OmniNode pan = strcmp (match, "moments") == 0
                         ? match_moments (&scene, average_bands (&scene, scene.low_bands))
                         : scene.pan;
  const OmniNode detail = minus (&scene, pan, average_bands (&scene, scene.bands));

  omni_graph_set_output (graph, plus (&scene, scene.bands, detail));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_pan_ihs = {
  .name = "pan-ihs",
  .title = N_ ("Generalised IHS"),
  .summary = N_ ("Pan-sharpening: the mean of the bands is replaced by the panchromatic picture"),
  .citation =
    "Tu, Huang, Hung, Chang: A fast intensity-hue-saturation fusion technique with spectral adjustment for "
    "IKONOS imagery. IEEE GRSL 1(4), 2004",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_PANSHARPEN),
  .min_inputs = 2,
  .max_inputs = 2,
  .handles_bands = TRUE,
  .pansharpens = TRUE,
  .options = ihs_options,
  .build = build_ihs,
};

#define MOST_BANDS 8

/* Least squares by the modified Gram-Schmidt process, which bears bands that follow each other closely: band j less what
 * the bands before it say is v_j, with x_j = v_j + Σ_{i<j} c_ji v_i, and the target is Σ β_j v_j. A band that the others
 * explain to one part in 2^33 of its variance has next to no weight of its own: that is rounding. All tensors here are at
 * the low scale, all but x, v and the target the same at every pixel. */
typedef struct
{
  OmniNode v[MOST_BANDS];
  OmniNode c[MOST_BANDS][MOST_BANDS];
  OmniNode beta[MOST_BANDS];
} Regression;

static void
regress (const Scene *scene, OmniNode bands_off, OmniNode target_off, Regression *regression)
{
  OmniNode squares[MOST_BANDS];

  for (guint j = 0; j < scene->n_bands; j++)
  {
    OmniNode v = take (scene, bands_off, j);
    const OmniNode variance = mean_of (scene, times (scene, v, v));

    for (guint i = 0; i < j; i++)
    {
      regression->c[j][i] = binary (scene, OMNI_BINARY_DIV,
                                    mean_of (scene, times (scene, v, regression->v[i])), squares[i]);
      v = minus (scene, v, times (scene, regression->c[j][i], regression->v[i]));
    }
    squares[j] = plus (scene, mean_of (scene, times (scene, v, v)),
                       omni_graph_unary (scene->graph, variance, 0x1p-33f, 0, OMNI_ACTIVATION_NONE, 0));
    regression->v[j] = v;
    regression->beta[j] = binary (scene, OMNI_BINARY_DIV, mean_of (scene, times (scene, target_off, v)),
                                  squares[j]);
    target_off = minus (scene, target_off, times (scene, regression->beta[j], v));
  }
}

/* What the regression makes of the bands at the low scale, without its mean. */
static OmniNode
add_low_intensity (const Scene *scene, const Regression *regression)
{
  OmniNode sum = times (scene, regression->beta[0], regression->v[0]);

  for (guint j = 1; j < scene->n_bands; j++)
    sum = plus (scene, sum, times (scene, regression->beta[j], regression->v[j]));
  return sum;
}

/* The same on the panchromatic grid, with its mean: Σ w_j x_j where w_j = β_j − Σ_{k>j} w_k c_kj. */
static OmniNode
add_intensity (const Scene *scene, const Regression *regression, OmniNode band_means, OmniNode pan_mean)
{
  OmniNode weights[MOST_BANDS], intensity = OMNI_NODE_NONE, offset = pan_mean;

  for (guint j = scene->n_bands; j-- > 0;)
  {
    weights[j] = regression->beta[j];
    for (guint k = j + 1; k < scene->n_bands; k++)
      weights[j] = minus (scene, weights[j], times (scene, weights[k], regression->c[k][j]));
    offset = minus (scene, offset, times (scene, weights[j], take (scene, band_means, j)));
  }
  for (guint j = 0; j < scene->n_bands; j++)
  {
    const OmniNode term = times (scene, take (scene, scene->bands, j), spread (scene, weights[j]));

    intensity = j == 0 ? term : plus (scene, intensity, term);
  }
  return plus (scene, intensity, spread (scene, offset));
}

static OmniGraph *
build_gsa (const OmniModelContext *context, GError **error)
{
  if (!check_ratio (&omni_model_pan_gsa, context, error))
    return NULL;
  g_autoptr (OmniGraph) graph = omni_graph_new ("pan-gsa");
  const Scene scene = add_scene (graph, &omni_model_pan_gsa, context);
  const OmniNode band_means = mean_of (&scene, scene.low_bands);
  const OmniNode pan_mean = mean_of (&scene, scene.low_pan);
  const OmniNode bands_off = minus (&scene, scene.low_bands, band_means);
  Regression regression = { { 0 } };

  regress (&scene, bands_off, minus (&scene, scene.low_pan, pan_mean), &regression);

  const OmniNode low_intensity = add_low_intensity (&scene, &regression);
  const OmniNode gains = binary (&scene, OMNI_BINARY_DIV,
                                 mean_of (&scene, times (&scene, bands_off, low_intensity)),
                                 mean_of (&scene, times (&scene, low_intensity, low_intensity)));
  const OmniNode detail = minus (&scene, scene.pan,
                                 add_intensity (&scene, &regression, band_means, pan_mean));

  omni_graph_set_output (graph, plus (&scene, scene.bands, times (&scene, spread (&scene, gains), detail)));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_pan_gsa = {
  .name = "pan-gsa",
  .title = N_ ("Gram-Schmidt adaptive"),
  .summary = N_ ("Pan-sharpening: the intensity is what the bands can say of the panchromatic picture"),
  .citation = "Aiazzi, Baronti, Selva: Improving component substitution pansharpening through multivariate "
              "regression of "
              "MS+Pan data. IEEE TGRS 45(10), 2007",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_PANSHARPEN),
  .min_inputs = 2,
  .max_inputs = 2,
  .handles_bands = TRUE,
  .pansharpens = TRUE,
  .options = gsa_options,
  .build = build_gsa,
};
