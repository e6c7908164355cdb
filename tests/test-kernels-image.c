/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"

#include <math.h>
#include <string.h>

/* Kernels that look at neighbours or at whole pictures, against their twins: filter, pool, upsample, down, up-add,
 * exposure weight, statistics. */

/* Ten channels out of three, and three of those back: the C4 forms of a kernel between two planar ends. */
static const guint widen[10] = { 0, 1, 2, 2, 1, 0, 1, 1, 0, 2 };
static const guint narrow[3] = { 9, 4, 0 };

static OmniNode
enter (OmniGraph *graph, gboolean c4)
{
  const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 3);

  return c4 ? omni_graph_channels (graph, x, widen, 10) : x;
}

static void
leave (OmniGraph *graph, OmniNode x, gboolean c4)
{
  if (c4)
    x = omni_graph_channels (graph, x, narrow, 3);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
}

/* What enter() and leave() do to a per-channel operation's result `x`. */
static TwinTensor *
reduce (const TwinTensor *x, gboolean c4)
{
  g_autoptr (TwinTensor) wide = twin_channels (x, widen, 10);
  g_autoptr (TwinTensor) kept = twin_channels (wide, narrow, 3);

  return twin_set_max (c4 ? kept : x);
}

/* ---- Filters ---- */

typedef struct
{
  guint radius;
  float sigma; /* 0: a box */
  OmniBoundary boundary;
} Filter;

static TwinTensor *
twin_of_filter (const TwinTensor *set, gconstpointer data)
{
  const Filter *filter = data;
  const int radius = (int)filter->radius;
  float taps[31];
  double sum = 0.0;
  g_autoptr (TwinTensor) filtered = NULL;

  for (int i = -radius; i <= radius; i++)
    sum += filter->sigma == 0.0F ? 1.0 : exp (-0.5 * i * i / ((double)filter->sigma * filter->sigma));
  for (int i = -radius; i <= radius; i++)
    taps[i + radius] = filter->sigma == 0.0F
                         ? 1.0F / (float)sum
                         : (float)(exp (-0.5 * i * i / ((double)filter->sigma * filter->sigma)) / sum);
  filtered = twin_separable (set, taps, filter->radius, filter->boundary);
  return twin_set_max (filtered);
}

static void
sweep_filter (const Filter *filter)
{
  OmniGraph *graph = omni_graph_new (filter->sigma == 0.0F ? "box" : "gaussian");
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 2);

  x = filter->sigma == 0.0F ? omni_graph_box (graph, x, filter->radius, filter->boundary)
                            : omni_graph_gaussian (graph, x, filter->sigma, filter->radius, filter->boundary);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  harness_sweep (
    &(HarnessSweep){ .graph = graph, .twin = twin_of_filter, .data = filter, .channels = 2, .low = -1.0F });
}

static void
test_filter (void)
{
  for (OmniBoundary b = OMNI_BOUNDARY_ZERO; b <= OMNI_BOUNDARY_SYMMETRIC; b++)
  {
    sweep_filter (&(Filter){ 2, 1.25F, b });
    sweep_filter (&(Filter){ 15, 0.0F, b });
  }
  sweep_filter (&(Filter){ 1, 0.0F, OMNI_BOUNDARY_ZERO });
}

/* One axis at a time, with taps that are not symmetric and lie apart. */
typedef struct
{
  guint step;
  OmniBoundary boundary;
} Spaced;

static const float down_taps[5] = { 0.5F, -0.25F, 1.0F, 0.125F, -2.0F };
static const float across_taps[3] = { 1.5F, -0.75F, 0.3125F };

static TwinTensor *
twin_of_spaced (const TwinTensor *set, gconstpointer data)
{
  const Spaced *spaced = data;
  g_autoptr (TwinTensor) down = twin_filter (set, down_taps, 2, spaced->step, TRUE, spaced->boundary);
  g_autoptr (TwinTensor) both = twin_filter (down, across_taps, 1, spaced->step, FALSE, spaced->boundary);

  return twin_set_max (both);
}

static void
test_spaced_filter (void)
{
  static const guint steps[] = { 1, 2, 4, 7, 32 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    for (OmniBoundary b = OMNI_BOUNDARY_ZERO; b <= OMNI_BOUNDARY_SYMMETRIC; b++)
    {
      OmniGraph *graph = omni_graph_new ("spaced filter");
      OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 2);

      x = omni_graph_filter (graph, x, down_taps, 2, steps[i], TRUE, b);
      x = omni_graph_filter (graph, x, across_taps, 1, steps[i], FALSE, b);
      omni_graph_set_output (graph, omni_graph_set_max (graph, x));
      harness_sweep (&(HarnessSweep){ .graph = graph,
                                      .twin = twin_of_spaced,
                                      .data = &(Spaced){ steps[i], b },
                                      .channels = 2,
                                      .low = -1.0F,
                                      .few = TRUE });
    }
}

static TwinTensor *
twin_of_window (const TwinTensor *set, gconstpointer data)
{
  const guint radius = GPOINTER_TO_UINT (data);
  g_autoptr (TwinTensor) half = twin_pool (set, FALSE);
  g_autoptr (TwinTensor) smooth = twin_window_mean (half, radius);
  g_autoptr (TwinTensor) back = twin_upsample (smooth, set->h, set->w, FALSE);
  g_autoptr (TwinTensor) fine = twin_window_mean (set, radius);
  g_autoptr (TwinTensor) sum = twin_binary (OMNI_BINARY_ADD, fine, back);

  return twin_set_max (sum);
}

/* At two levels, for the runs of pixels lie on the grid of each. */
static void
test_window_mean (void)
{
  static const guint radii[] = { 1, 2, 6, 7, 8, 15, 45, 200 };

  for (guint i = 0; i < G_N_ELEMENTS (radii); i++)
  {
    OmniGraph *graph = omni_graph_new ("window mean");
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 3);
    const OmniNode half = omni_graph_window_mean (graph, omni_graph_pool_mean (graph, x), radii[i]);
    const OmniNode sum = omni_graph_binary (graph, OMNI_BINARY_ADD,
                                            omni_graph_window_mean (graph, x, radii[i]),
                                            omni_graph_upsample_nearest (graph, half));

    omni_graph_set_output (graph, omni_graph_set_max (graph, sum));
    harness_sweep (&(HarnessSweep){ .graph = graph,
                                    .twin = twin_of_window,
                                    .data = GUINT_TO_POINTER (radii[i]),
                                    .channels = 3,
                                    .low = -1.0F,
                                    .high = 1.0F });
  }
}

/* ---- Pooling and upsampling ---- */

typedef struct
{
  gboolean take_max, bilinear, c4;
} Resample;

static TwinTensor *
twin_of_resample (const TwinTensor *set, gconstpointer data)
{
  const Resample *resample = data;
  g_autoptr (TwinTensor) half = twin_pool (set, resample->take_max);
  g_autoptr (TwinTensor) quarter = twin_pool (half, !resample->take_max);
  g_autoptr (TwinTensor) back = twin_upsample (quarter, half->h, half->w, resample->bilinear);
  g_autoptr (TwinTensor) whole = twin_upsample (back, set->h, set->w, !resample->bilinear);

  return reduce (whole, resample->c4);
}

static void
sweep_resample (const Resample *resample, gboolean half)
{
  OmniGraph *graph = omni_graph_new (resample->c4 ? "resample C4" : "resample");
  OmniNode x = enter (graph, resample->c4);

  x = resample->take_max ? omni_graph_pool_max (graph, x) : omni_graph_pool_mean (graph, x);
  x = resample->take_max ? omni_graph_pool_mean (graph, x) : omni_graph_pool_max (graph, x);
  x = resample->bilinear ? omni_graph_upsample_bilinear (graph, x) : omni_graph_upsample_nearest (graph, x);
  x = resample->bilinear ? omni_graph_upsample_nearest (graph, x) : omni_graph_upsample_bilinear (graph, x);
  leave (graph, x, resample->c4);
  harness_sweep (&(HarnessSweep){ .graph = graph,
                                  .twin = twin_of_resample,
                                  .data = resample,
                                  .channels = 3,
                                  .low = -1.0F,
                                  .half = half,
                                  .tolerance = half ? 2e-3 : 0.0 });
}

static void
test_resample (void)
{
  sweep_resample (&(Resample){ FALSE, FALSE, FALSE }, FALSE);
  sweep_resample (&(Resample){ TRUE, TRUE, FALSE }, FALSE);
  sweep_resample (&(Resample){ FALSE, TRUE, TRUE }, FALSE);
  sweep_resample (&(Resample){ TRUE, FALSE, TRUE }, TRUE);
}

static TwinTensor *
twin_of_magnified (const TwinTensor *set, gconstpointer data)
{
  const guint steps = GPOINTER_TO_UINT (data);
  g_autoptr (TwinTensor) coarse = twin_copy (set);
  g_autoptr (TwinTensor) back = NULL;

  for (guint l = 0; l < steps; l++)
  {
    g_autoptr (TwinTensor) fine = g_steal_pointer (&coarse);

    coarse = twin_pool (fine, FALSE);
  }
  back = twin_upsample_by (coarse, set->h, set->w, steps);
  return twin_set_max (back);
}

static void
test_upsample_to (void)
{
  for (guint steps = 2; steps <= 4; steps++)
  {
    OmniGraph *graph = omni_graph_new ("upsample to");
    OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 2);

    for (guint l = 0; l < steps; l++)
      x = omni_graph_pool_mean (graph, x);
    omni_graph_set_output (graph, omni_graph_set_max (graph, omni_graph_upsample_to (graph, x, 0)));
    harness_sweep (&(HarnessSweep){ .graph = graph,
                                    .twin = twin_of_magnified,
                                    .data = GUINT_TO_POINTER (steps),
                                    .channels = 2,
                                    .low = -1.0F });
  }
}

/* ---- Padding ---- */

static TwinTensor *
continue_picture (const TwinTensor *x, guint h, guint w)
{
  TwinTensor *out = twin_new (x->n, x->c, h, w);

  for (guint n = 0; n < x->n; n++)
    for (guint c = 0; c < x->c; c++)
      for (guint i = 0; i < h * w; i++)
        twin_plane (out, n, c)[i] = twin_at (x, n, c, MIN (i / w, x->h - 1), MIN (i % w, x->w - 1));
  return out;
}

typedef struct
{
  guint multiple;
  gboolean mean; /* minus the mean of the whole picture */
} Padding;

/* Continued, two levels down and up again, without its mean, cut. */
static TwinTensor *
twin_of_padded (const TwinTensor *set, gconstpointer data)
{
  const Padding *padding = data;
  const guint m = padding->multiple;
  g_autoptr (TwinTensor) whole = continue_picture (set, (set->h + m - 1) / m * m, (set->w + m - 1) / m * m);
  g_autoptr (TwinTensor) half = twin_down (whole, OMNI_PYRAMID_QUAD);
  g_autoptr (TwinTensor) quarter = twin_down (half, OMNI_PYRAMID_QUAD);
  g_autoptr (TwinTensor) mean = twin_picture_mean (quarter);
  g_autoptr (TwinTensor) left = twin_binary (OMNI_BINARY_SUB, quarter, mean);
  g_autoptr (TwinTensor) band = twin_up_add (half, padding->mean ? left : quarter, -1.0F, OMNI_PYRAMID_QUAD);
  g_autoptr (TwinTensor) back = twin_up_add (whole, band, 1.0F, OMNI_PYRAMID_QUAD);
  g_autoptr (TwinTensor) all = twin_set_max (back);
  TwinTensor *out = twin_new (1, set->c, set->h, set->w);

  for (guint c = 0; c < set->c; c++)
    for (guint i = 0; i < set->h * set->w; i++)
      twin_plane (out, 0, c)[i] = twin_at (all, 0, c, i / set->w, i % set->w);
  return out;
}

static void
test_padding (void)
{
  static const Padding paddings[] = { { 4, FALSE }, { 32, FALSE }, { 4, TRUE }, { 64, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (paddings); i++)
  {
    const Padding *padding = &paddings[i];
    OmniGraph *graph = omni_graph_new ("padding");
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 2);
    const OmniNode half = omni_graph_down (graph, x, OMNI_PYRAMID_QUAD);
    const OmniNode quarter = omni_graph_down (graph, half, OMNI_PYRAMID_QUAD);
    const OmniNode left = omni_graph_binary (graph, OMNI_BINARY_SUB, quarter,
                                             omni_graph_picture_mean (graph, quarter));
    const OmniNode band = omni_graph_up_add (graph, half, padding->mean ? left : quarter, -1.0F,
                                             OMNI_PYRAMID_QUAD);

    omni_graph_set_padding (graph, padding->multiple);
    omni_graph_set_output (
      graph, omni_graph_set_max (graph, omni_graph_up_add (graph, x, band, 1.0F, OMNI_PYRAMID_QUAD)));
    harness_sweep (&(HarnessSweep){ .graph = graph,
                                    .twin = twin_of_padded,
                                    .data = padding,
                                    .channels = 2,
                                    .low = -1.0F,
                                    .tolerance = 1e-6 });
  }
}

/* ---- Pyramids ---- */

static TwinTensor *
twin_of_pyramid (const TwinTensor *set, gconstpointer data)
{
  const OmniPyramid pyramid = (OmniPyramid)GPOINTER_TO_INT (data);
  g_autoptr (TwinTensor) half = twin_down (set, pyramid);
  g_autoptr (TwinTensor) quarter = twin_down (half, pyramid);
  g_autoptr (TwinTensor) band = twin_up_add (half, quarter, -1.0F, pyramid);
  g_autoptr (TwinTensor) whole = twin_up_add (set, band, 1.0F, pyramid);

  return twin_set_max (whole);
}

static void
test_pyramid (void)
{
  for (OmniPyramid pyramid = OMNI_PYRAMID_BURT; pyramid <= OMNI_PYRAMID_QUAD; pyramid++)
  {
    OmniGraph *graph = omni_graph_new (pyramid == OMNI_PYRAMID_BURT ? "burt" : "quad");
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 2);
    const OmniNode half = omni_graph_down (graph, x, pyramid);
    const OmniNode quarter = omni_graph_down (graph, half, pyramid);
    const OmniNode band = omni_graph_up_add (graph, half, quarter, -1.0F, pyramid);

    omni_graph_set_output (graph,
                           omni_graph_set_max (graph, omni_graph_up_add (graph, x, band, 1.0F, pyramid)));
    /* Mesa's compiler distributes the factors of QUAD in its own way: the last bit is its business. */
    harness_sweep (&(HarnessSweep){ .graph = graph,
                                    .twin = twin_of_pyramid,
                                    .data = GINT_TO_POINTER (pyramid),
                                    .channels = 2,
                                    .low = -1.0F,
                                    .tolerance = pyramid == OMNI_PYRAMID_QUAD ? 5e-7 : 0.0 });
  }
}

/* ---- Exposure weights ---- */

static const float exponents[][3] = { { 1.0F, 1.0F, 1.0F }, { 0.0F, 0.5F, 2.0F }, { 1.0F, 0.0F, 0.0F } };

static TwinTensor *
twin_of_exposure (const TwinTensor *set, gconstpointer data)
{
  const float *powers = data;
  g_autoptr (TwinTensor) weight = twin_exposure_weight (set, powers[0], powers[1], powers[2], 0.2F);

  return twin_set_max (weight);
}

static void
test_exposure_weight (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (exponents); i++)
  {
    OmniGraph *graph = omni_graph_new ("exposure weight");
    const float *powers = exponents[i];
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);

    omni_graph_set_output (
      graph, omni_graph_set_max (
               graph, omni_graph_exposure_weight (graph, x, powers[0], powers[1], powers[2], 0.2F)));
    /* The Laplacian cancels, and a square root takes what is left of equal channels from 1e-7 to 3e-4. */
    harness_sweep (&(HarnessSweep){ .graph = graph,
                                    .twin = twin_of_exposure,
                                    .data = powers,
                                    .channels = 3,
                                    .tolerance = powers[1] == 0.5F ? 5e-4 : 2e-6 });
  }
}

/* ---- Whole-picture statistics ---- */

typedef struct
{
  gboolean c4;
  TwinTensor *(*twin) (const TwinTensor *x);
  OmniNode (*add) (OmniGraph *graph, OmniNode x);
  float scale, shift; /* of the values: a large mean beside a small variance */
} Statistics;

static TwinTensor *
twin_normalised (const TwinTensor *x)
{
  return twin_normalise (x, 1e-5F);
}

static OmniNode
add_normalised (OmniGraph *graph, OmniNode x)
{
  return omni_graph_normalise (graph, x, 1e-5F);
}

/* Statistics of statistics, so that tiles go by three times. */
static TwinTensor *
twin_in_turn (const TwinTensor *x)
{
  g_autoptr (TwinTensor) normal = twin_normalised (x);
  g_autoptr (TwinTensor) positive = twin_unary (normal, 2.0F, 0.5F, OMNI_ACTIVATION_RELU, 0.0F);

  g_autoptr (TwinTensor) again = twin_normalised (positive);

  return twin_unary (again, 1.0F, 0.0F, OMNI_ACTIVATION_LEAKY_RELU, 0.2F);
}

static OmniNode
add_in_turn (OmniGraph *graph, OmniNode x)
{
  x = omni_graph_unary (graph, add_normalised (graph, x), 2.0F, 0.5F, OMNI_ACTIVATION_RELU, 0.0F);
  return omni_graph_normalise_activate (graph, x, 1e-5F, OMNI_ACTIVATION_LEAKY_RELU, 0.2F);
}

static TwinTensor *
twin_of_statistics (const TwinTensor *set, gconstpointer data)
{
  const Statistics *statistics = data;
  g_autoptr (TwinTensor)
    value = twin_unary (set, statistics->scale, statistics->shift, OMNI_ACTIVATION_NONE, 0.0F);
  g_autoptr (TwinTensor) result = statistics->twin (value);

  return reduce (result, statistics->c4);
}

static void
sweep_statistics (const Statistics *statistics, gboolean half, double tolerance)
{
  OmniGraph *graph = omni_graph_new (statistics->c4 ? "statistics C4" : "statistics");
  OmniNode x = enter (graph, statistics->c4);

  x = omni_graph_unary (graph, x, statistics->scale, statistics->shift, OMNI_ACTIVATION_NONE, 0.0F);
  x = statistics->add (graph, x);
  leave (graph, x, statistics->c4);
  harness_sweep (&(HarnessSweep){ .graph = graph,
                                  .twin = twin_of_statistics,
                                  .data = statistics,
                                  .channels = 3,
                                  .half = half,
                                  .tolerance = tolerance });
}

static void
test_statistics (void)
{
  for (gboolean c4 = FALSE; c4 <= TRUE; c4++)
  {
    sweep_statistics (&(Statistics){ c4, twin_normalised, add_normalised, 1.0F, 0.0F }, FALSE, 3e-6);
    sweep_statistics (&(Statistics){ c4, twin_in_turn, add_in_turn, 1.0F, 0.0F }, FALSE, 2e-5);
    sweep_statistics (&(Statistics){ c4, twin_picture_mean, omni_graph_picture_mean, 1.0F, 0.0F }, FALSE,
                      1e-6);
    sweep_statistics (&(Statistics){ c4, twin_picture_max, omni_graph_picture_max, 2.0F, -1.0F }, FALSE, 0);
    sweep_statistics (&(Statistics){ c4, twin_picture_min, omni_graph_picture_min, 2.0F, -1.0F }, FALSE, 0);
  }
  sweep_statistics (&(Statistics){ TRUE, twin_picture_mean, omni_graph_picture_mean, 3.0F, -1.0F }, TRUE,
                    2e-3);
}

/* Mean 1000, standard deviation about .3: E[x²] − E[x]² in float would lose every digit of the variance. A mean of 1000 is
 * 3e-5 off as a float, which the division makes 1e-4, and more where four pixels happen to be alike. */
static void
test_statistics_cancel (void)
{
  sweep_statistics (&(Statistics){ FALSE, twin_normalised, add_normalised, 1.0F, 1000.0F }, FALSE, 1e-3);
  sweep_statistics (&(Statistics){ TRUE, twin_normalised, add_normalised, 1.0F, 1000.0F }, FALSE, 1e-3);
}

/* A larger picture of many blocks; a ramp, so that they differ. */
static void
test_statistics_large (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("large");
  g_autoptr (TwinTensor) set = harness_random (1, 1, 371, 613, 0.0F, 0.01F, 9);
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);

  for (gsize i = 0; i < twin_size (set); i++)
    set->v[i] += 100.0F + (float)(i / set->w) / 37.0F;
  x = omni_graph_normalise (graph, x, 0.0F);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));

  g_autoptr (TwinTensor) want = twin_normalise (set, 0.0F);
  g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ 0 });
  g_autoptr (TwinTensor) again = harness_run (graph, set, &(HarnessOptions){ 0 });

  harness_assert_equal (got, want, 5e-6, "large");
  harness_assert_same (got, again, "large, again");
  for (guint tile_px = 32; tile_px <= 256; tile_px *= 2)
  {
    g_autoptr (TwinTensor) tiled = harness_run (graph, set, &(HarnessOptions){ .tile_px = tile_px });

    harness_assert_same (got, tiled, "large, in tiles");
  }
}

/* ---- Adaptive equalisation ---- */

static TwinTensor *
twin_of_equalise (const TwinTensor *set, gconstpointer data)
{
  const guint *cells = data;
  g_autoptr (TwinTensor) result = twin_equalise (set, 2.0F, *cells);

  return twin_set_max (result);
}

static void
test_equalise (void)
{
  static const guint cells[] = { 1, 3, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (cells); i++)
  {
    OmniGraph *graph = omni_graph_new ("equalise");
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);

    omni_graph_set_output (graph, omni_graph_set_max (graph, omni_graph_equalise (graph, x, 2.0F, cells[i])));
    harness_sweep (&(HarnessSweep){
      .graph = graph, .twin = twin_of_equalise, .data = &cells[i], .channels = 1, .tolerance = 0.0 });
  }
}

/* ---- Matching a histogram ---- */

static TwinTensor *
twin_of_match (const TwinTensor *set, gconstpointer data)
{
  g_autoptr (TwinTensor) result = twin_match_levels (set, data);

  return twin_set_max (result);
}

/* One level, two ends, a slope, gaps, counts of a large picture. */
static void
fill_histogram (guint kind, guint64 histogram[OMNI_LEVELS])
{
  g_autoptr (GRand) random = g_rand_new_with_seed (kind);

  for (guint i = 0; i < OMNI_LEVELS; i++)
    histogram[i] = kind == 0   ? i == 77
                   : kind == 1 ? (guint64)(i % 255 == 0)
                   : kind == 2 ? i
                   : kind == 3 ? (i % 7 == 3 ? g_rand_int (random) % 9 : 0)
                               : (guint64)g_rand_int (random) << 20;
}

static void
test_match_levels (void)
{
  for (guint kind = 0; kind < 5; kind++)
  {
    guint64 histogram[OMNI_LEVELS];
    OmniGraph *graph = omni_graph_new ("match");
    const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);

    fill_histogram (kind, histogram);
    omni_graph_set_output (graph, omni_graph_set_max (graph, omni_graph_match_levels (graph, x, histogram)));
    harness_sweep (&(HarnessSweep){
      .graph = graph, .twin = twin_of_match, .data = histogram, .channels = 1, .tolerance = 0.0 });
  }
}

/* ---- Pictures read from the samples ---- */

/* Every operation that reads a picture without planes of its own, in one graph. */
static OmniGraph *
graph_of_readers (void)
{
  OmniGraph *graph = omni_graph_new ("readers");
  const OmniNode colour = omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);
  const OmniNode luma = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  const OmniNode share = omni_graph_exposure_share (graph, colour, 1, 1, 1, 0.2F);
  const OmniNode coarse = omni_graph_down (graph, colour, OMNI_PYRAMID_BURT);
  const OmniNode coarse_luma = omni_graph_down (graph, luma, OMNI_PYRAMID_QUAD);
  const OmniNode blend = omni_graph_set_blend (graph, share, colour, coarse, OMNI_PYRAMID_BURT, 2);
  const OmniNode detail = omni_graph_set_max (
    graph, omni_graph_up_add (graph, luma, coarse_luma, -1, OMNI_PYRAMID_QUAD));
  const OmniNode low = omni_graph_set_blend (graph, omni_graph_down (graph, share, OMNI_PYRAMID_BURT), coarse,
                                             OMNI_NODE_NONE, OMNI_PYRAMID_BURT, 1);
  const OmniNode collapsed = omni_graph_up_add (graph, blend, low, 1, OMNI_PYRAMID_BURT);

  omni_graph_set_output (graph, omni_graph_binary (graph, OMNI_BINARY_ADD, collapsed, detail));
  return graph;
}

static void
check_readers (const HarnessPictures *pictures, gsize n_samples)
{
  static const char *const schedules[] = { "streamed", "resident" };
  static const guint tiles[] = { 0, 16, 32 };
  OmniGraph *first = graph_of_readers ();
  g_autofree float *want = harness_run_raw (first, pictures,
                                            &(HarnessOptions){ .output = OMNI_STORE_F32, .mixed = TRUE });

  omni_graph_unref (first);
  for (guint i = 0; i < n_samples; i++)
    g_assert_true (isfinite (want[i]));
  for (guint s = 0; s < G_N_ELEMENTS (schedules); s++)
    for (guint t = 0; t < G_N_ELEMENTS (tiles); t++)
    {
      const HarnessOptions options = { .output = OMNI_STORE_F32,
                                       .schedule = schedules[s],
                                       .tile_px = tiles[t] };
      OmniGraph *graph = graph_of_readers ();
      g_autofree float *got = harness_run_raw (graph, pictures, &options);

      omni_graph_unref (graph);
      for (guint i = 0; i < n_samples; i++)
        if (memcmp (&got[i], &want[i], sizeof *got) != 0)
          g_error ("%u × %u, %u channels, store %d, %s, tiles of %u: sample %u is %a instead of %a",
                   pictures->width, pictures->height, pictures->channels, pictures->store, schedules[s],
                   tiles[t], i, got[i], want[i]);
    }
}

/* The samples of the sources and planes of floats give the same bits. */
static void
test_samples (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 3, 5 }, { 130, 67 } };
  guint16 values[3][130 * 67 * 4];
  gconstpointer pixels[3] = { values[0], values[1], values[2] };
  g_autoptr (GRand) random = g_rand_new_with_seed (5);

  for (guint k = 0; k < 3; k++)
    for (guint i = 0; i < G_N_ELEMENTS (values[0]); i++)
      values[k][i] = (guint16)g_rand_int_range (random, 0, 65536);
  for (guint channels = 1; channels <= 4; channels++)
    for (guint store = OMNI_STORE_U8; store <= OMNI_STORE_U16; store++)
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      {
        const HarnessPictures pictures = { .n = 3,
                                           .width = sizes[i][0],
                                           .height = sizes[i][1],
                                           .channels = channels,
                                           .has_alpha = channels % 2 == 0,
                                           .store = store,
                                           .pixels = pixels };

        check_readers (&pictures, (gsize)sizes[i][0] * sizes[i][1] * 3);
      }
}

static void
add_tests (void)
{
  g_test_add_func ("/kernels/image/filter", test_filter);
  g_test_add_func ("/kernels/image/spaced-filter", test_spaced_filter);
  g_test_add_func ("/kernels/image/window-mean", test_window_mean);
  g_test_add_func ("/kernels/image/resample", test_resample);
  g_test_add_func ("/kernels/image/upsample-to", test_upsample_to);
  g_test_add_func ("/kernels/image/padding", test_padding);
  g_test_add_func ("/kernels/image/pyramid", test_pyramid);
  g_test_add_func ("/kernels/image/exposure-weight", test_exposure_weight);
  g_test_add_func ("/kernels/image/samples", test_samples);
  g_test_add_func ("/kernels/image/statistics", test_statistics);
  g_test_add_func ("/kernels/image/statistics-cancel", test_statistics_cancel);
  g_test_add_func ("/kernels/image/statistics-large", test_statistics_large);
  g_test_add_func ("/kernels/image/equalise", test_equalise);
  g_test_add_func ("/kernels/image/match-levels", test_match_levels);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
