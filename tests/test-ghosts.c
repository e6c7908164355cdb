/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What moved between exposures: against plain C, and that it is found where it is. */
#include "models/model-private.h"
#include "tests/harness.h"

#include <math.h>

/* ---- In plain C ---- */

static TwinTensor *
make_ranks (const TwinTensor *luma)
{
  g_autoptr (TwinTensor) root = twin_unary (luma, 1, 0, OMNI_ACTIVATION_SQRT, 0);
  guint64 even[OMNI_LEVELS];

  for (guint i = 0; i < OMNI_LEVELS; i++)
    even[i] = 1;
  return twin_match_levels (root, even);
}

static double
bell (double x)
{
  return exp (-x * x) + 1e-3;
}

/* How far rank k of pixel i is from what the set agrees upon. */
static double
find_distance (const TwinTensor *luma, const TwinTensor *ranks, gsize i, guint k)
{
  const gsize n = (gsize)luma->h * luma->w;
  double agreed = NAN;

  for (guint round = 0; round < 4; round++)
  {
    double sum = 0, weights = 0;

    for (guint s = 0; s < luma->n; s++)
    {
      const double exposed = bell ((luma->v[s * n + i] - .5) / .28);
      const double near = round == 0 ? 1 : bell ((ranks->v[s * n + i] - agreed) / .12 / sqrt (2));

      sum += exposed * near * ranks->v[s * n + i];
      weights += exposed * near;
    }
    agreed = sum / weights;
  }
  return ranks->v[k * n + i] - agreed;
}

static TwinTensor *
twin_ghosts (const TwinTensor *luma)
{
  g_autoptr (TwinTensor) ranks = make_ranks (luma), away = twin_copy (luma);
  TwinTensor *ghosts = twin_copy (luma);
  const gsize n = (gsize)luma->h * luma->w;

  for (guint k = 0; k < luma->n; k++)
    for (gsize i = 0; i < n; i++)
      away->v[k * n + i] = (float)(fabs (find_distance (luma, ranks, i, k))
                                   * CLAMP ((.5 - fabs (luma->v[k * n + i] - .5)) / .06, 0, 1));
  for (guint k = 0; k < luma->n; k++)
    for (gsize i = 0; i < n; i++)
    {
      double sum = 0;

      for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
          sum += twin_at (
            away, k, 0, (guint)twin_boundary (OMNI_BOUNDARY_REPLICATE, (int)(i / luma->w) + dy, (int)luma->h),
            (guint)twin_boundary (OMNI_BOUNDARY_REPLICATE, (int)(i % luma->w) + dx, (int)luma->w));
      ghosts->v[k * n + i] = (float)fmax (sum / 9 / .08 - 1, 0);
    }
  return ghosts;
}

static TwinTensor *
twin_of_level (const TwinTensor *set, gconstpointer level)
{
  g_autoptr (TwinTensor) luma = GPOINTER_TO_UINT (level) == 0 ? twin_copy (set) : twin_pool (set, FALSE);
  g_autoptr (TwinTensor) ghosts = twin_ghosts (luma);
  g_autoptr (TwinTensor) most = twin_set_max (ghosts);

  return GPOINTER_TO_UINT (level) == 0 ? g_steal_pointer (&most) : twin_upsample_by (most, set->h, set->w, 1);
}

static void
test_twin (void)
{
  for (guint level = 0; level < 2; level++)
  {
    OmniGraph *graph = omni_graph_new ("ghosts");
    const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_BANDS, 1);
    const OmniNode luma = level == 0 ? picture : omni_graph_pool_mean (graph, picture);

    omni_graph_set_output (
      graph,
      omni_graph_upsample_to (graph, omni_graph_set_max (graph, omni_model_add_ghosts (graph, luma)), 0));
    harness_sweep (&(HarnessSweep){ .graph = graph,
                                    .twin = twin_of_level,
                                    .data = GUINT_TO_POINTER (level),
                                    .channels = 1,
                                    .tolerance = 1e-3 });
  }
}

/* ---- A bracket in which a square moves ---- */

#define SIDE   48
#define SQUARE 12

/* A slope as exposures of 1/3, 1 and 5/3 stops or so show them; source k has a bright square at (6 + 13 k, 20). */
static TwinTensor *
make_bracket (gboolean moves)
{
  TwinTensor *set = twin_new (3, 1, SIDE, SIDE);

  for (guint k = 0; k < 3; k++)
    for (guint y = 0; y < SIDE; y++)
      for (guint x = 0; x < SIDE; x++)
      {
        const gboolean in_square = moves && x >= 6 + 13 * k && x < 6 + 13 * k + SQUARE && y >= 20
                                   && y < 20 + SQUARE;
        const double scene = in_square ? .95 : .2 + .5 * y / SIDE + .04 * sin (x * .21);

        twin_plane (set, k, 0)[y * SIDE + x] = (float)pow (scene, 1.6 - .5 * k);
      }
  return set;
}

static TwinTensor *
run_of_source (const TwinTensor *set, guint k)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("ghosts");
  const OmniNode ghosts = omni_model_add_ghosts (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, 1));

  omni_graph_set_output (graph, omni_graph_set_pick (graph, ghosts, k));
  return harness_run (graph, set, &(HarnessOptions){ 0 });
}

static void
test_square (void)
{
  g_autoptr (TwinTensor) still = make_bracket (FALSE), set = make_bracket (TRUE);

  for (guint k = 0; k < 3; k++)
  {
    g_autoptr (TwinTensor) none = run_of_source (still, k), got = run_of_source (set, k);

    for (gsize i = 0; i < SIDE * SIDE; i++)
      g_assert_cmpfloat (none->v[i], ==, 0);
    for (guint other = 0; other < 3; other++)
    {
      const float middle = twin_at (got, 0, 0, 20 + SQUARE / 2, 6 + 13 * other + SQUARE / 2);

      if (other == k)
        g_assert_cmpfloat (middle, >, 1);
      else
        g_assert_cmpfloat (middle, ==, 0);
    }
  }
}

/* One source, and sources that are the same, have no ghosts. */
static void
test_same (void)
{
  g_autoptr (TwinTensor) one = harness_random (1, 1, 20, 30, 0, 1, 3), many = twin_new (4, 1, 20, 30);

  for (guint k = 0; k < 4; k++)
    for (gsize i = 0; i < 600; i++)
      twin_plane (many, k, 0)[i] = one->v[i];
  for (guint k = 0; k < 2; k++)
  {
    g_autoptr (TwinTensor) got = run_of_source (k == 0 ? one : many, k);

    for (gsize i = 0; i < 600; i++)
      g_assert_cmpfloat (got->v[i], ==, 0);
  }
}

/* All orders give the same bits. */
static void
test_orders (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("ghosts");
  g_autoptr (TwinTensor) set = harness_random (4, 1, 33, 29, 0, 1, 9);
  g_autoptr (TwinTensor) want = NULL;
  guint order[] = { 0, 1, 2, 3 };

  omni_graph_set_output (
    graph, omni_graph_set_max (
             graph, omni_model_add_ghosts (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, 1))));
  g_assert_true (omni_graph_is_order_invariant (graph));
  want = harness_run (graph, set, &(HarnessOptions){ 0 });
  while (harness_next_order (order, 4))
  {
    g_autoptr (TwinTensor) moved = harness_reorder (set, order);
    g_autoptr (TwinTensor) got = harness_run (graph, moved, &(HarnessOptions){ 0 });

    harness_assert_same (got, want, "ghosts in another order");
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/ghosts/twin", test_twin);
  g_test_add_func ("/ghosts/square", test_square);
  g_test_add_func ("/ghosts/same", test_same);
  g_test_add_func ("/ghosts/orders", test_orders);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
