/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"

#include <string.h>

/* Operations across the set, against their twins, and their promise: the same bits for every order of the sources. */

static const guint widen[10] = { 0, 1, 2, 2, 1, 0, 1, 1, 0, 2 };
static const guint narrow[3] = { 9, 4, 0 };

typedef enum
{
  MAX_OF,
  SUM,
  MEAN,
  SUM_FIXED,
  BLEND_BURT,
  BLEND_QUAD,
  BLEND_ALONE,
  SELECT,
  SOFTMAX,
  FUSE_CHROMA,
  PICK,
  RUNNING_MEAN,
  N_KINDS
} Kind;

static const char *const names[] = { "set max",     "set sum",     "set mean", "set sum fixed",
                                     "blend burt",  "blend quad",  "blend",    "select",
                                     "set softmax", "fuse chroma", "pick",     "running mean" };

#define FIRST_DEPENDENT PICK

/* Sources have four channels: three values and a key or weight. */
static const guint values_of[3] = { 0, 1, 2 };
static const guint key_of[1] = { 3 };

static OmniNode
blend (OmniGraph *graph, OmniNode picture, OmniNode values, Kind kind)
{
  const OmniPyramid pyramid = kind == BLEND_BURT ? OMNI_PYRAMID_BURT : OMNI_PYRAMID_QUAD;
  const OmniNode weight = omni_graph_channels (graph, picture, key_of, 1);
  const OmniNode coarse = kind == BLEND_ALONE ? OMNI_NODE_NONE : omni_graph_down (graph, values, pyramid);

  return omni_graph_set_blend (graph, weight, values, coarse, pyramid, 1.0F);
}

/* A graph of one reduction over three channels, or over ten in C4. */
static OmniGraph *
build (Kind kind, gboolean c4)
{
  OmniGraph *graph = omni_graph_new (names[kind]);
  const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_BANDS, 4);
  OmniNode x = omni_graph_channels (graph, picture, values_of, 3);

  if (c4)
    x = omni_graph_channels (graph, x, widen, 10);
  switch (kind)
  {
  case MAX_OF:
    x = omni_graph_set_max (graph, x);
    break;
  case SUM:
    x = omni_graph_set_sum (graph, x);
    break;
  case MEAN:
    x = omni_graph_set_mean (graph, x);
    break;
  case SUM_FIXED:
    x = omni_graph_set_sum_fixed (graph, x, 1.0F);
    break;
  case BLEND_BURT:
  case BLEND_QUAD:
  case BLEND_ALONE:
    x = blend (graph, picture, x, kind);
    break;
  case SELECT:
    x = omni_graph_set_select (graph, omni_graph_channels (graph, picture, key_of, 1), x);
    break;
  case SOFTMAX: /* per source: the sum of squares brings every member to the output */
    x = omni_graph_set_softmax (graph, x);
    x = omni_graph_set_sum (graph, omni_graph_binary (graph, OMNI_BINARY_MUL, x, x));
    break;
  case FUSE_CHROMA:
    x = omni_graph_fuse_chroma (graph, omni_graph_channels (graph, x, values_of, 2));
    break;
  case PICK:
    x = omni_graph_set_pick (graph, x, 0);
    break;
  case RUNNING_MEAN:
    x = omni_graph_set_running_mean (graph, x);
    break;
  case N_KINDS:
  default:
    g_assert_not_reached ();
  }
  if (c4)
    x = omni_graph_channels (graph, x, narrow, 3);
  omni_graph_set_output (graph, x);
  return graph;
}

static TwinTensor *
twin_of_blend (const TwinTensor *set, const TwinTensor *values, Kind kind)
{
  const OmniPyramid pyramid = kind == BLEND_BURT ? OMNI_PYRAMID_BURT : OMNI_PYRAMID_QUAD;
  g_autoptr (TwinTensor) weight = twin_channels (set, key_of, 1);
  g_autoptr (TwinTensor) coarse = twin_down (values, pyramid);

  return twin_set_blend (weight, values, kind == BLEND_ALONE ? NULL : coarse, pyramid, 1.0F);
}

static TwinTensor *
twin_of_softmax (const TwinTensor *values)
{
  g_autoptr (TwinTensor) softmax = twin_set_softmax (values);
  g_autoptr (TwinTensor) squares = twin_binary (OMNI_BINARY_MUL, softmax, softmax);

  return twin_set_sum (squares, FALSE);
}

static TwinTensor *
twin_of_planar (const TwinTensor *set, Kind kind)
{
  g_autoptr (TwinTensor) values = twin_channels (set, values_of, 3);
  g_autoptr (TwinTensor) two = twin_channels (set, values_of, 2);
  g_autoptr (TwinTensor) key = twin_channels (set, key_of, 1);

  switch (kind)
  {
  case MAX_OF:
    return twin_set_max (values);
  case SUM:
  case MEAN:
    return twin_set_sum (values, kind == MEAN);
  case SUM_FIXED:
    return twin_set_sum_fixed (values, 1.0F);
  case BLEND_BURT:
  case BLEND_QUAD:
  case BLEND_ALONE:
    return twin_of_blend (set, values, kind);
  case SELECT:
    return twin_set_select (key, values);
  case SOFTMAX:
    return twin_of_softmax (values);
  case FUSE_CHROMA:
    return twin_fuse_chroma (two);
  case PICK:
    return twin_set_pick (values, 0);
  case RUNNING_MEAN:
    return twin_set_running_mean (values);
  case N_KINDS:
  default:
    g_assert_not_reached ();
  }
}

typedef struct
{
  Kind kind;
  gboolean c4;
} Case;

static TwinTensor *
twin_of (const TwinTensor *set, gconstpointer data)
{
  const Case *one = data;
  g_autoptr (TwinTensor) planar = twin_of_planar (set, one->kind);
  g_autoptr (TwinTensor) wide = NULL;

  if (!one->c4)
    return g_steal_pointer (&planar);
  wide = twin_channels (planar, widen, 10);
  return twin_channels (wide, narrow, 3);
}

static void
sweep (Kind kind, gboolean c4, gboolean half)
{
  const Case one = { kind, c4 };
  const gboolean bounded = kind == FUSE_CHROMA || kind == SUM_FIXED;
  /* exp, and a pyramid whose last bit is the compiler's business */
  const gboolean exact = kind != SOFTMAX && kind != BLEND_BURT && kind != BLEND_QUAD;

  harness_sweep (&(HarnessSweep){ .graph = build (kind, c4),
                                  .twin = twin_of,
                                  .data = &one,
                                  .channels = 4,
                                  .low = bounded ? 0.0F : -1.0F,
                                  .half = half,
                                  .few = c4,
                                  .tolerance = half    ? 4e-3
                                               : exact ? 0.0
                                                       : 2e-6 });
}

/* Some of ten channels, of whole texels and not. */
typedef struct
{
  guint first, n;
  gboolean mean;
} Part;

static const guint three_of[3] = { 0, 1, 2 };

static TwinTensor *
twin_of_part (const TwinTensor *set, gconstpointer data)
{
  const Part *part = data;
  g_autoptr (TwinTensor) values = twin_channels (set, values_of, 3);
  g_autoptr (TwinTensor) reduced = part->mean ? twin_set_sum (values, TRUE) : twin_set_max (values);
  g_autoptr (TwinTensor) wide = twin_channels (reduced, widen, 10);
  guint kept[3];

  for (guint i = 0; i < 3; i++)
    kept[i] = part->first + i;
  return twin_channels (wide, kept, 3);
}

static void
test_parts (void)
{
  static const Part parts[] = { { 4, 4, FALSE }, { 4, 4, TRUE }, { 0, 8, TRUE },
                                { 3, 5, FALSE }, { 2, 3, TRUE }, { 6, 4, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
  {
    OmniGraph *graph = omni_graph_new ("part");
    const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_BANDS, 4);
    OmniNode x = omni_graph_channels (graph, omni_graph_channels (graph, picture, values_of, 3), widen, 10);

    x = (parts[i].mean ? omni_graph_set_mean_of : omni_graph_set_max_of) (graph, x, parts[i].first,
                                                                          parts[i].n);
    omni_graph_set_output (graph, omni_graph_channels (graph, x, three_of, 3));
    harness_sweep (&(HarnessSweep){
      .graph = graph, .twin = twin_of_part, .data = &parts[i], .channels = 4, .low = -1.0F, .few = TRUE });
  }
}

static void
test_planar (void)
{
  for (Kind kind = 0; kind < N_KINDS; kind++)
    sweep (kind, FALSE, FALSE);
}

static void
test_c4 (void)
{
  static const Kind kinds[] = { MAX_OF, SUM, MEAN, SOFTMAX, PICK, RUNNING_MEAN };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    sweep (kinds[i], TRUE, FALSE);
  sweep (MAX_OF, TRUE, TRUE);
  sweep (SUM, TRUE, TRUE);
  sweep (SOFTMAX, TRUE, TRUE);
}

/* Values that make trouble: cancelling terms of very different size, equal keys, both zeros. */
static TwinTensor *
awkward (guint n)
{
  static const float values[] = { 1.0F, -1.0F, 1e-7F, 3e-4F, -0.9999999F, 0.3333333F, 0.0F, 2e-38F, 0.7F };
  TwinTensor *set = harness_random (n, 4, 6, 21, -1.0F, 1.0F, n);

  for (gsize i = 0; i < twin_size (set); i += 2)
    set->v[i] = values[(i / 2 * 7 + i / 5) % G_N_ELEMENTS (values)];
  for (guint k = 0; k < n; k++)
    for (gsize i = 0; i < 63; i++)
      twin_plane (set, k, 3)[i] = 0.5F; /* half of the keys are all equal */

  return set;
}

/* Where rounding to the grid shows. */
static void
test_awkward (void)
{
  static const Kind kinds[] = { MAX_OF, SUM, MEAN, SUM_FIXED, BLEND_ALONE, SELECT, RUNNING_MEAN };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint n = 1; n <= 5; n++)
    {
      const Case one = { kinds[i], FALSE };
      g_autoptr (OmniGraph) graph = build (kinds[i], FALSE);
      g_autoptr (TwinTensor) set = awkward (n);
      g_autoptr (TwinTensor) want = twin_of (set, &one);
      g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ 0 });

      harness_assert_equal (got, want, 0.0, names[kinds[i]]);
    }
}

/* TRUE when every order of `n` sources gives the bits of the first. */
static gboolean
orders_agree (Kind kind, gboolean c4, guint n, const char *schedule)
{
  g_autoptr (OmniGraph) graph = build (kind, c4);
  g_autoptr (TwinTensor) set = awkward (n);
  g_autoptr (TwinTensor) first = harness_run (graph, set, &(HarnessOptions){ .schedule = schedule });
  guint order[5] = { 0, 1, 2, 3, 4 };

  while (harness_next_order (order, n))
  {
    g_autoptr (TwinTensor) moved = harness_reorder (set, order);
    g_autoptr (TwinTensor) got = harness_run (graph, moved, &(HarnessOptions){ .schedule = schedule });

    if (memcmp (got->v, first->v, twin_size (got) * sizeof *got->v) != 0)
      return FALSE;
  }

  return TRUE;
}

static void
test_orders (void)
{
  for (Kind kind = 0; kind < FIRST_DEPENDENT; kind++)
  {
    g_autoptr (OmniGraph) graph = build (kind, FALSE);

    g_assert_true (omni_graph_is_order_invariant (graph));
    for (guint n = 2; n <= 4; n++)
    {
      g_test_message ("%s of %u", names[kind], n);
      g_assert_true (orders_agree (kind, FALSE, n, "resident"));
      if (omni_graph_can_stream (graph))
        g_assert_true (orders_agree (kind, FALSE, n, "streamed"));
    }
  }
  g_assert_true (orders_agree (SUM, TRUE, 4, "resident"));
  g_assert_true (orders_agree (SOFTMAX, TRUE, 4, "resident"));
}

static void
test_orders_matter (void)
{
  for (Kind kind = FIRST_DEPENDENT; kind < N_KINDS; kind++)
  {
    g_autoptr (OmniGraph) graph = build (kind, FALSE);

    g_assert_false (omni_graph_is_order_invariant (graph));
    g_assert_false (orders_agree (kind, FALSE, 3, NULL));
  }
}

/* Streamed and resident plans, whole and tiled, agree in every bit. */
static void
test_schedules (void)
{
  static const Kind kinds[] = { MAX_OF, SUM_FIXED, BLEND_BURT, BLEND_QUAD, SELECT, FUSE_CHROMA };
  g_autoptr (TwinTensor) set = harness_random (5, 4, 67, 130, -1.0F, 1.0F, 77);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
  {
    g_autoptr (OmniGraph) graph = build (kinds[i], FALSE);
    g_autoptr (TwinTensor) first = harness_run (graph, set, &(HarnessOptions){ .schedule = "resident" });
    g_autoptr (TwinTensor)
      second = harness_run (graph, set, &(HarnessOptions){ .schedule = "streamed", .tile_px = 32 });

    harness_assert_same (second, first, names[kinds[i]]);
  }
}

/* −0, ±∞ and NaN by the total order, in every order of sources that hold −1, 0 and 1. Two multiplications take them to
 * −∞, 0 and ∞, the one with −1 to ∞, −0 and −∞, and ∞ − ∞ is NaN. */
static OmniGraph *
build_special (gboolean nan)
{
  const float huge = 3e38F, minus = -1.0F;
  OmniGraph *graph = omni_graph_new (nan ? "NaN" : "infinities and zeros");
  const OmniNode factor = omni_graph_constant (graph, 1, 0, &huge);
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);

  x = omni_graph_binary (graph, OMNI_BINARY_MUL, x, factor);
  x = omni_graph_binary (graph, OMNI_BINARY_MUL, x, factor);
  x = nan ? omni_graph_binary (graph, OMNI_BINARY_SUB, x, x)
          : omni_graph_binary (graph, OMNI_BINARY_MUL, x, omni_graph_constant (graph, 1, 0, &minus));
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  return graph;
}

static void
test_max_specials (void)
{
  static const guint powers[] = { 1, 3, 9 };
  g_autoptr (TwinTensor) set = twin_new (3, 1, 1, 27); /* every triple of −1, 0, 1 */

  for (guint k = 0; k < 3; k++)
    for (guint i = 0; i < 27; i++)
      twin_plane (set, k, 0)[i] = (float)(i / powers[k] % 3) - 1.0F;

  for (guint variant = 0; variant < 4; variant++)
  {
    const HarnessOptions options = { .schedule = variant % 2 != 0 ? "streamed" : "resident" };
    g_autoptr (OmniGraph) graph = build_special (variant / 2 != 0);
    g_autoptr (TwinTensor) first = harness_run (graph, set, &options);
    guint order[3] = { 0, 1, 2 };

    while (harness_next_order (order, 3))
    {
      g_autoptr (TwinTensor) moved = harness_reorder (set, order);
      g_autoptr (TwinTensor) got = harness_run (graph, moved, &options);

      harness_assert_same (got, first, "specials");
    }
  }
}

/* What lies beyond the promised range saturates, in every order; the range of the plan widens it. */
static void
test_sum_saturates (void)
{
  g_autoptr (OmniGraph) graph = build (SUM_FIXED, FALSE);
  g_autoptr (TwinTensor) set = harness_random (3, 4, 5, 9, -3.0F, 3.0F, 5);
  g_autoptr (TwinTensor) values = twin_channels (set, values_of, 3);
  g_autoptr (TwinTensor) saturated = twin_set_sum_fixed (values, 1.0F);
  g_autoptr (TwinTensor) wide = twin_set_sum_fixed (values, 4.0F);
  g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ 0 });
  g_autoptr (TwinTensor) got_wide = harness_run (graph, set, &(HarnessOptions){ .range = 4.0F });

  harness_assert_equal (got, saturated, 0.0, "saturated");
  harness_assert_equal (got_wide, wide, 0.0, "range 4");
}

/* The grids are as fine as vk/graph.h says. */
static void
test_sum_precision (void)
{
  for (guint n = 1; n <= 5; n++)
  {
    g_autoptr (OmniGraph) fixed = build (SUM_FIXED, FALSE);
    g_autoptr (OmniGraph) exact = build (SUM, FALSE);
    g_autoptr (TwinTensor) set = harness_random (n, 4, 8, 24, -1.0F, 1.0F, n);
    g_autoptr (TwinTensor) got_fixed = harness_run (fixed, set, &(HarnessOptions){ 0 });
    g_autoptr (TwinTensor) got_exact = harness_run (exact, set, &(HarnessOptions){ 0 });

    for (guint c = 0; c < 3; c++)
      for (gsize i = 0; i < 192; i++)
      {
        double sum = 0.0, largest = 0.0;

        for (guint k = 0; k < n; k++)
        {
          sum += twin_plane (set, k, c)[i];
          largest = MAX (largest, ABS ((double)twin_plane (set, k, c)[i]));
        }
        g_assert_cmpfloat (ABS (twin_plane (got_fixed, 0, c)[i] - sum), <=,
                           n * 2e-9 * (n > 4 ? 2 : 1) + 3e-7);
        g_assert_cmpfloat (ABS (twin_plane (got_exact, 0, c)[i] - sum), <=,
                           n * n * 1e-9 * largest + 6e-8 * ABS (sum));
      }
  }
}

/* ---- Weights of bands ---- */

/* Channel 0 gives the bands' magnitude, 1 the logit, 2 the gain and 3 the picture that is blended. */
typedef struct
{
  guint steps; /* how much coarser logit and gain are */
  guint level; /* of the weight */
  guint planes;
} Score;

static const guint channel_of[] = { 0, 1, 2, 3 };

static OmniNode
pool_by (OmniGraph *graph, OmniNode x, guint steps)
{
  for (guint i = 0; i < steps; i++)
    x = omni_graph_pool_mean (graph, x);
  return x;
}

/* Logits and gains as large as a network's; a mean that shows every weight, and collapses its bands. */
static OmniGraph *
build_score (const Score *score)
{
  OmniGraph *graph = omni_graph_new ("score");
  const OmniPyramid quad = OMNI_PYRAMID_QUAD;
  const OmniNode x = pool_by (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, 4), score->level);
  const OmniNode key = omni_graph_channels (graph, x, channel_of, 1);
  const OmniNode values = omni_graph_channels (graph, x, channel_of + 4 - score->planes, score->planes);
  const OmniNode logit = omni_graph_unary (graph, omni_graph_channels (graph, x, channel_of + 1, 1), 9.0F,
                                           0.0F, OMNI_ACTIVATION_NONE, 0.0F);
  const OmniNode gain = omni_graph_set_max (
    graph, omni_graph_unary (graph, omni_graph_channels (graph, x, channel_of + 2, 1), 2.0F, 0.0F,
                             OMNI_ACTIVATION_ABS, 0.0F));
  const OmniNode coarse_key = omni_graph_down (graph, key, quad);
  const OmniNode logits = pool_by (graph, logit, score->steps), gains = pool_by (graph, gain, score->steps);
  const OmniNode weight = omni_graph_score_weight (graph, key, coarse_key, logits, gains, 0.002F);
  /* Nothing but a mean uses it: a resident plan need not make it. */
  const OmniNode own_weight = omni_graph_score_weight (graph, key, coarse_key, logits, gains, 0.002F);
  const OmniNode coarse = omni_graph_down (graph, values, quad);
  const OmniNode fine = omni_graph_set_blend_mean (graph, own_weight, values, coarse, quad, 2.0F);
  const OmniNode rest = omni_graph_set_blend_mean (graph, pool_by (graph, weight, 1), coarse, OMNI_NODE_NONE,
                                                   quad, 2.0F);

  omni_graph_set_output (
    graph, omni_graph_upsample_to (graph, omni_graph_up_add (graph, fine, rest, 1.0F, quad), 0));
  return graph;
}

static TwinTensor *
twin_pool_by (const TwinTensor *x, guint steps)
{
  TwinTensor *out = twin_copy (x);

  for (guint i = 0; i < steps; i++)
  {
    g_autoptr (TwinTensor) before = out;

    out = twin_pool (before, FALSE);
  }
  return out;
}

static TwinTensor *
twin_of_score (const TwinTensor *set, gconstpointer data)
{
  const Score *score = data;
  const OmniPyramid quad = OMNI_PYRAMID_QUAD;
  g_autoptr (TwinTensor) x = twin_pool_by (set, score->level);
  g_autoptr (TwinTensor) key = twin_channels (x, channel_of, 1);
  g_autoptr (TwinTensor) values = twin_channels (x, channel_of + 4 - score->planes, score->planes);
  g_autoptr (TwinTensor) logit_plane = twin_channels (x, channel_of + 1, 1);
  g_autoptr (TwinTensor) gain_plane = twin_channels (x, channel_of + 2, 1);
  g_autoptr (TwinTensor) scaled = twin_unary (logit_plane, 9.0F, 0.0F, OMNI_ACTIVATION_NONE, 0.0F);
  g_autoptr (TwinTensor) positive = twin_unary (gain_plane, 2.0F, 0.0F, OMNI_ACTIVATION_ABS, 0.0F);
  g_autoptr (TwinTensor) largest = twin_set_max (positive);
  g_autoptr (TwinTensor) logit = twin_pool_by (scaled, score->steps);
  g_autoptr (TwinTensor) gain = twin_pool_by (largest, score->steps);
  g_autoptr (TwinTensor) coarse_key = twin_down (key, quad);
  g_autoptr (TwinTensor) magnitude = twin_band_magnitude (key, coarse_key, quad);
  g_autoptr (TwinTensor) weight = twin_score_weight (magnitude, logit, gain, score->steps, 0.002F);
  g_autoptr (TwinTensor) coarse = twin_down (values, quad);
  g_autoptr (TwinTensor) fine = twin_set_blend_mean (weight, values, coarse, quad, 2.0F);
  g_autoptr (TwinTensor) coarse_weight = twin_pool_by (weight, 1);
  g_autoptr (TwinTensor) rest = twin_set_blend_mean (coarse_weight, coarse, NULL, quad, 2.0F);
  g_autoptr (TwinTensor) sum = twin_up_add (fine, rest, 1.0F, quad);

  return score->level > 0 ? twin_upsample_by (sum, set->h, set->w, score->level) : g_steal_pointer (&sum);
}

static void
test_score (void)
{
  static const Score scores[] = { { 0, 0, 1 }, { 1, 0, 3 }, { 2, 0, 1 }, { 3, 0, 3 },
                                  { 4, 0, 2 }, { 1, 1, 3 }, { 3, 1, 3 }, { 4, 1, 1 } };

  /* A score of 20 is 1e-6 off as a float, and so is its exponential. */
  for (guint i = 0; i < G_N_ELEMENTS (scores); i++)
    harness_sweep (&(HarnessSweep){ .graph = build_score (&scores[i]),
                                    .twin = twin_of_score,
                                    .data = &scores[i],
                                    .channels = 4,
                                    .low = -1.0F,
                                    .tolerance = 2e-5 });
}

/* All orders give the same bits, whole, in tiles, streamed and resident. */
static void
test_score_orders (void)
{
  g_autoptr (OmniGraph) graph = build_score (&(Score){ 3, 0, 3 });
  g_autoptr (TwinTensor) set = harness_random (4, 4, 50, 71, -1.0F, 1.0F, 19);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ .schedule = "resident" });
  guint order[] = { 0, 1, 2, 3 };

  g_assert_true (omni_graph_is_order_invariant (graph) && omni_graph_can_stream (graph));
  do
  {
    g_autoptr (TwinTensor) reordered = harness_reorder (set, order);
    g_autoptr (TwinTensor)
      streamed = harness_run (graph, reordered, &(HarnessOptions){ .schedule = "streamed" });
    g_autoptr (TwinTensor)
      tiled = harness_run (graph, reordered, &(HarnessOptions){ .schedule = "streamed", .tile_px = 32 });

    harness_assert_same (streamed, want, "score");
    harness_assert_same (tiled, want, "score, tiled");
  } while (harness_next_order (order, 4));
}

/* ---- Small tensors of all members kept while large ones stream ---- */

/* Shares made at a quarter of the size blend two bands, and the coarse picture follows another way to the end. */
static OmniGraph *
build_kept (void)
{
  static const guint first = 0;
  OmniGraph *graph = omni_graph_new ("kept");
  const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_BANDS, 2);
  const OmniNode half = omni_graph_down (graph, x, OMNI_PYRAMID_QUAD);
  const OmniNode quarter = omni_graph_down (graph, half, OMNI_PYRAMID_QUAD);
  const OmniNode key = omni_graph_channels (graph, quarter, &first, 1);
  const OmniNode share = omni_graph_set_softmax (graph, key);
  const OmniNode mean = omni_graph_set_mean (graph, quarter);
  const OmniNode fine = omni_graph_set_blend (graph, omni_graph_upsample_to (graph, share, 0), x, half,
                                              OMNI_PYRAMID_QUAD, 2.0F);
  const OmniNode middle = omni_graph_set_blend (graph, omni_graph_upsample_to (graph, share, 1), half,
                                                quarter, OMNI_PYRAMID_QUAD, 2.0F);
  const OmniNode coarse = omni_graph_set_blend (graph, share, quarter, OMNI_NODE_NONE, OMNI_PYRAMID_QUAD,
                                                2.0F);
  const OmniNode sum = omni_graph_binary (graph, OMNI_BINARY_ADD, coarse, mean);

  omni_graph_set_output (
    graph, omni_graph_up_add (graph, fine, omni_graph_up_add (graph, middle, sum, 1.0F, OMNI_PYRAMID_QUAD),
                              1.0F, OMNI_PYRAMID_QUAD));
  return graph;
}

static TwinTensor *
twin_of_kept (const TwinTensor *set, gconstpointer data)
{
  static const guint first = 0;
  const OmniPyramid quad = OMNI_PYRAMID_QUAD;
  g_autoptr (TwinTensor) half = twin_down (set, quad);
  g_autoptr (TwinTensor) quarter = twin_down (half, quad);
  g_autoptr (TwinTensor) key = twin_channels (quarter, &first, 1);
  g_autoptr (TwinTensor) share = twin_set_softmax (key);
  g_autoptr (TwinTensor) fine_share = twin_upsample_by (share, set->h, set->w, 2);
  g_autoptr (TwinTensor) half_share = twin_upsample_by (share, half->h, half->w, 1);
  g_autoptr (TwinTensor) fine = twin_set_blend (fine_share, set, half, quad, 2.0F);
  g_autoptr (TwinTensor) middle = twin_set_blend (half_share, half, quarter, quad, 2.0F);
  g_autoptr (TwinTensor) coarse = twin_set_blend (share, quarter, NULL, quad, 2.0F);
  g_autoptr (TwinTensor) mean = twin_set_sum (quarter, TRUE);
  g_autoptr (TwinTensor) sum = twin_binary (OMNI_BINARY_ADD, coarse, mean);
  g_autoptr (TwinTensor) back = twin_up_add (middle, sum, 1.0F, quad);

  return twin_up_add (fine, back, 1.0F, quad);
}

static void
test_kept (void)
{
  harness_sweep (&(HarnessSweep){
    .graph = build_kept (), .twin = twin_of_kept, .channels = 2, .low = -1.0F, .tolerance = 2e-6 });
}

/* Every order, streamed, in tiles and whole, gives the bits of the resident plan. */
static void
test_kept_orders (void)
{
  g_autoptr (OmniGraph) graph = build_kept ();
  g_autoptr (TwinTensor) set = harness_random (4, 2, 50, 71, -1.0F, 1.0F, 9);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ .schedule = "resident" });

  for (guint tile_px = 0; tile_px <= 32; tile_px += 32)
  {
    guint order[] = { 0, 1, 2, 3 };

    do
    {
      g_autoptr (TwinTensor) reordered = harness_reorder (set, order);
      g_autoptr (TwinTensor)
        got = harness_run (graph, reordered, &(HarnessOptions){ .schedule = "streamed", .tile_px = tile_px });

      harness_assert_same (got, want, "kept");
    } while (harness_next_order (order, 4));
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/kernels/set/planar", test_planar);
  g_test_add_func ("/kernels/set/c4", test_c4);
  g_test_add_func ("/kernels/set/parts", test_parts);
  g_test_add_func ("/kernels/set/awkward", test_awkward);
  g_test_add_func ("/kernels/set/orders", test_orders);
  g_test_add_func ("/kernels/set/orders-matter", test_orders_matter);
  g_test_add_func ("/kernels/set/schedules", test_schedules);
  g_test_add_func ("/kernels/set/max-specials", test_max_specials);
  g_test_add_func ("/kernels/set/sum-saturates", test_sum_saturates);
  g_test_add_func ("/kernels/set/sum-precision", test_sum_precision);
  g_test_add_func ("/kernels/set/score", test_score);
  g_test_add_func ("/kernels/set/score-orders", test_score_orders);
  g_test_add_func ("/kernels/set/kept", test_kept);
  g_test_add_func ("/kernels/set/kept-orders", test_kept_orders);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
