/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/training-ops-fixture.h"

/* What changes the size of features and maps, pyramids, energies and what is done pixel by pixel or over the set: each against
 * its twin, there and back. */

/* ---- Pooling and enlarging features ---- */

typedef struct
{
  gboolean other; /* maximum; bilinear */
  guint h, w;     /* of what is enlarged to */
  Double4 *x, *r;
  OmniFeatures y, dx;
  Kept y_kept, dx_kept;
} ResizeRun;

static void
build_pool (gpointer data)
{
  ResizeRun *self = data;
  const OmniFeatures x = upload_features (self->x), r = upload_features (self->r);

  self->y = omni_ops_pool (&ops, &x, self->other);
  self->dx = omni_ops_features (&ops, x.n, x.c, x.h, x.w);
  omni_ops_pool_grad (&ops, &x, self->other, &r, FALSE, &self->dx);
  omni_ops_pool_grad (&ops, &x, self->other, &r, TRUE, &self->dx);
  self->y_kept = keep (&self->y);
  self->dx_kept = keep (&self->dx);
}

/* Twice: the gradient is added a second time. */
static double
pool_dot (gpointer data)
{
  const ResizeRun *self = data;
  g_autoptr (Double4) y = twin_train_pool (self->x, self->other);

  return 2 * dot (y, self->r);
}

static void
build_enlarge (gpointer data)
{
  ResizeRun *self = data;
  const OmniFeatures x = upload_features (self->x), r = upload_features (self->r);

  self->y = omni_ops_enlarge (&ops, &x, self->other, self->h, self->w);
  self->dx = omni_ops_features (&ops, x.n, x.c, x.h, x.w);
  omni_ops_enlarge_grad (&ops, &r, self->other, FALSE, &self->dx);
  omni_ops_enlarge_grad (&ops, &r, self->other, TRUE, &self->dx);
  self->y_kept = keep (&self->y);
  self->dx_kept = keep (&self->dx);
}

static double
enlarge_dot (gpointer data)
{
  const ResizeRun *self = data;
  g_autoptr (Double4) y = twin_train_enlarge (self->x, self->other, self->h, self->w);

  return 2 * dot (y, self->r);
}

static void
check_resize (ResizeRun *self, Build build, TwinFunction function, const Double4 *want_y)
{
  const gsize n = double4_size (self->x);
  g_autofree double *want = g_new (double, n);

  run (build, self, NULL, 0);

  g_autoptr (Double4) y = read_features (&self->y, self->y_kept);
  g_autoptr (Double4) dx = read_features (&self->dx, self->dx_kept);

  assert_close (y->v, want_y->v, double4_size (y), 1e-6, "the result");
  for (gsize i = 0; i < n; i++)
    want[i] = twin_central_difference (self->x->v, i, 1e-6, function, self);
  assert_close (dx->v, want, n, 1e-6, "the gradient");
}

/* Odd and even sides, one pixel, channels that fill no texel. */
static const guint sizes[][3] = { { 6, 7, 9 }, { 4, 8, 6 }, { 1, 1, 1 }, { 5, 2, 3 }, { 8, 1, 12 } };

static void
test_pool (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
  {
    const guint c = sizes[i][0], h = sizes[i][1], w = sizes[i][2];
    g_autoptr (Double4) x = double4_random (2, c, h, w, -1, 1, i);
    g_autoptr (Double4) r = double4_random (2, c, (h + 1) / 2, (w + 1) / 2, -1, 1, i + 10);
    ResizeRun self = { .other = GPOINTER_TO_UINT (data), .x = x, .r = r };
    g_autoptr (Double4) want = twin_train_pool (x, self.other);

    check_resize (&self, build_pool, pool_dot, want);
  }
}

/* Pixels that share a maximum share its gradient, at an edge as many as there are. */
static void
test_pool_ties (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) x = double4_new (1, 4, 3, 3);
  g_autoptr (Double4) r = double4_new (1, 4, 2, 2);
  ResizeRun self = { .other = TRUE, .x = x, .r = r };

  for (guint i = 0; i < 4 * 9; i++)
    x->v[i] = i % 9 == 1 ? 0.25 : 0.5;
  for (guint i = 0; i < 4 * 4; i++)
    r->v[i] = 6;
  run (build_pool, &self, NULL, 0);

  g_autoptr (Double4) dx = read_features (&self.dx, self.dx_kept);
  static const double want[9] = { 4, 0, 6, 4, 4, 6, 6, 6, 12 };

  for (guint i = 0; i < 4 * 9; i++)
    g_assert_cmpfloat (dx->v[i], ==, want[i % 9]);
}

static void
test_enlarge (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
  {
    const guint c = sizes[i][0], h = sizes[i][1], w = sizes[i][2];
    g_autoptr (Double4) x = double4_random (2, c, (h + 1) / 2, (w + 1) / 2, -1, 1, i);
    g_autoptr (Double4) r = double4_random (2, c, h, w, -1, 1, i + 10);
    ResizeRun self = { .other = GPOINTER_TO_UINT (data), .h = h, .w = w, .x = x, .r = r };
    g_autoptr (Double4) want = twin_train_enlarge (x, self.other, h, w);

    check_resize (&self, build_enlarge, enlarge_dot, want);
  }
}

/* ---- Maps ---- */

typedef struct
{
  guint factor; /* or the members of a set */
  Double4 *x, *weight, *r;
  OmniMaps out, gradient;
  guint64 out_at, gradient_at;
} MapRun;

typedef Double4 *(*Twin) (const MapRun *self);

static Twin twin_function;

static double
map_dot (gpointer data)
{
  g_autoptr (Double4) out = twin_function (data);

  return dot (out, ((const MapRun *)data)->r);
}

static void
check_map (MapRun *self, Build build, Twin twin, Double4 *by, double step, double tolerance)
{
  const gsize n = double4_size (by);
  g_autofree double *want = g_new (double, n);
  g_autoptr (Double4) want_out = twin (self);

  run (build, self, NULL, 0);

  g_autoptr (Double4) out = read_maps (&self->out, self->out_at);
  g_autoptr (Double4) gradient = read_maps (&self->gradient, self->gradient_at);

  assert_close (out->v, want_out->v, double4_size (out), 2e-6, "the result");
  twin_function = twin;
  for (gsize i = 0; i < n; i++)
    want[i] = twin_central_difference (by->v, i, step, map_dot, self);
  assert_close (gradient->v, want, n, tolerance, "the gradient");
}

static void
keep_both (MapRun *self)
{
  self->out_at = keep_maps (&self->out);
  self->gradient_at = keep_maps (&self->gradient);
}

static void
build_down (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), r = upload (self->r);

  self->out = omni_ops_down (&ops, &x);
  self->gradient = omni_ops_maps (&ops, x.n, x.h, x.w);
  omni_ops_down_grad (&ops, &r, FALSE, &self->gradient);
  keep_both (self);
}

static Double4 *
down_twin (const MapRun *self)
{
  return twin_train_down (self->x);
}

static void
test_down (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
  {
    const guint h = sizes[i][1], w = sizes[i][2];
    g_autoptr (Double4) x = double4_random (2, 1, h, w, -1, 1, i);
    g_autoptr (Double4) r = double4_random (2, 1, (h + 1) / 2, (w + 1) / 2, -1, 1, i + 10);
    MapRun self = { .x = x, .r = r };

    check_map (&self, build_down, down_twin, x, 1, 1e-6);
  }
}

#define FLOOR 2e-3
#define SCALE (1.0 / 3)

static void
build_energy (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), r = upload (self->r);
  const float scale = self->factor > 0 ? (float)SCALE : 1.0F, shift = self->factor > 0 ? 1.0F : 0.0F;

  self->out = self->factor > 0 ? omni_ops_block_energy (&ops, &x, self->factor, (float)FLOOR, scale, shift)
                               : omni_ops_energy (&ops, &x, (float)FLOOR);
  self->gradient = omni_ops_energy_grad (&ops, &x, &self->out, self->factor, scale, shift, &r);
  keep_both (self);
}

static Double4 *
energy_twin (const MapRun *self)
{
  return twin_train_energy (self->x, self->factor, FLOOR, self->factor > 0 ? SCALE : 1, self->factor > 0);
}

/* Logarithm of a box filter of magnitudes, and of blocks of them. */
static void
test_energy (Fixture *fixture, gconstpointer data)
{
  for (guint factor = 0; factor <= 4; factor++)
  {
    const guint h = factor > 0 ? 9 / factor : 9, w = factor > 0 ? 14 / factor : 14;
    g_autoptr (Double4) x = double4_random (2, 1, 9, 14, -1, 1, factor + 50);
    g_autoptr (Double4) r = double4_random (2, 1, h, w, -1, 1, factor + 60);
    MapRun self = { .factor = factor, .x = x, .r = r };

    check_map (&self, build_energy, energy_twin, x, 1e-7, 1e-5);
  }
}

static void
build_softplus (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), r = upload (self->r);

  self->out = omni_ops_softplus (&ops, &x);
  self->gradient = omni_ops_softplus_grad (&ops, &x, &r);
  keep_both (self);
}

static Double4 *
softplus_twin (const MapRun *self)
{
  Double4 *y = double4_new (self->x->n, 1, self->x->h, self->x->w);

  for (gsize i = 0; i < double4_size (y); i++)
    y->v[i] = fmax (self->x->v[i], 0) + log1p (exp (-fabs (self->x->v[i])));
  return y;
}

static void
test_softplus (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) x = double4_random (2, 1, 7, 9, -20, 20, 1), r = double4_random (2, 1, 7, 9, -1, 1, 2);
  MapRun self = { .x = x, .r = r };

  check_map (&self, build_softplus, softplus_twin, x, 1e-6, 2e-6);
}

/* The collapse of a pyramid: up (x) · scale + base, and what comes back to x. */
static void
build_collapse (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), base = upload (self->weight), r = upload (self->r);

  self->out = omni_ops_up (&ops, &x, 2, base.h, base.w, 1.0F, &base);
  self->gradient = omni_ops_maps (&ops, x.n, x.h, x.w);
  omni_ops_up_grad (&ops, &r, 2, FALSE, &self->gradient);
  keep_both (self);
}

static Double4 *
collapse_twin (const MapRun *self)
{
  Double4 *y = twin_train_enlarge (self->x, TRUE, self->weight->h, self->weight->w);

  for (gsize i = 0; i < double4_size (y); i++)
    y->v[i] += self->weight->v[i];
  return y;
}

static void
test_collapse (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) x = double4_random (2, 1, 4, 5, -1, 1, 1);
  g_autoptr (Double4) base = double4_random (2, 1, 7, 10, -1, 1, 2),
                      r = double4_random (2, 1, 7, 10, -1, 1, 3);
  MapRun self = { .x = x, .weight = base, .r = r };

  check_map (&self, build_collapse, collapse_twin, x, 1, 2e-6);
}

/* Σ weight · band over the set, and back to the weights. */
static void
build_blend (gpointer data)
{
  MapRun *self = data;
  const OmniMaps weight = upload (self->weight), band = upload (self->x), r = upload (self->r);

  self->out = omni_ops_set_blend (&ops, &weight, &band, self->factor);
  self->gradient = omni_ops_set_blend_grad (&ops, &r, &band, self->factor);
  keep_both (self);
}

static Double4 *
blend_twin (const MapRun *self)
{
  const gsize pixels = (gsize)self->x->h * self->x->w;
  Double4 *y = double4_new (self->x->n / self->factor, 1, self->x->h, self->x->w);

  for (gsize i = 0; i < double4_size (self->x); i++)
    y->v[i / pixels / self->factor * pixels + i % pixels] += self->weight->v[i] * self->x->v[i];
  return y;
}

static void
test_blend (Fixture *fixture, gconstpointer data)
{
  for (guint n = 1; n <= 4; n++)
  {
    g_autoptr (Double4) x = double4_random (2 * n, 1, 5, 6, -1, 1, n);
    g_autoptr (Double4) weight = double4_random (2 * n, 1, 5, 6, 0, 1, n + 10);
    g_autoptr (Double4) r = double4_random (2, 1, 5, 6, -1, 1, n + 20);
    MapRun self = { .factor = n, .x = x, .weight = weight, .r = r };

    check_map (&self, build_blend, blend_twin, weight, 1, 2e-6);
  }
}

static void
add_tests (void)
{
  g_test_add ("/training/features/pool-max", Fixture, GUINT_TO_POINTER (TRUE), set_up, test_pool, tear_down);
  g_test_add ("/training/features/pool-mean", Fixture, NULL, set_up, test_pool, tear_down);
  g_test_add ("/training/features/pool-ties", Fixture, NULL, set_up, test_pool_ties, tear_down);
  g_test_add ("/training/features/enlarge-nearest", Fixture, NULL, set_up, test_enlarge, tear_down);
  g_test_add ("/training/features/enlarge-bilinear", Fixture, GUINT_TO_POINTER (TRUE), set_up, test_enlarge,
              tear_down);
  g_test_add ("/training/maps/down", Fixture, NULL, set_up, test_down, tear_down);
  g_test_add ("/training/maps/energy", Fixture, NULL, set_up, test_energy, tear_down);
  g_test_add ("/training/maps/softplus", Fixture, NULL, set_up, test_softplus, tear_down);
  g_test_add ("/training/maps/collapse", Fixture, NULL, set_up, test_collapse, tear_down);
  g_test_add ("/training/maps/blend", Fixture, NULL, set_up, test_blend, tear_down);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
