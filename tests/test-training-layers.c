/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/training-ops-fixture.h"

/* Normalisation, shuffling and what stands between maps and channels: against the twins, and every gradient against their
 * central differences. */

/* ---- Normalisation ---- */

typedef struct
{
  OmniNormStatistics statistics;
  double slope;
  Double4 *x, *r;
  double *parameters; /* γ, β, mean, variance */
  OmniFeatures y, dx;
  Kept y_kept, dx_kept;
} NormRun;

#define NORM_CHANNELS 6

static Double4 *
norm_twin (const NormRun *self)
{
  Double4 *y = double4_new (self->x->n, self->x->c, self->x->h, self->x->w);
  const gboolean is_running = self->statistics == OMNI_NORM_RUNNING;
  const double *p = self->parameters;

  memcpy (y->v, self->x->v, double4_size (y) * sizeof (double));
  twin_train_norm (y, p, p + NORM_CHANNELS, is_running ? p + 2 * NORM_CHANNELS : NULL,
                   is_running ? p + 3 * NORM_CHANNELS : NULL, self->statistics == OMNI_NORM_PICTURE,
                   self->slope);
  return y;
}

static double
norm_dot (gpointer data)
{
  const NormRun *self = data;
  g_autoptr (Double4) y = norm_twin (self);

  return dot (y, self->r);
}

static void
build_norm (gpointer data)
{
  NormRun *self = data;
  const OmniNormLayer layer = { 0, NORM_CHANNELS, 2 * NORM_CHANNELS, 3 * NORM_CHANNELS };
  const OmniFeatures x = upload_features (self->x);
  OmniNormKept kept;

  self->y = omni_ops_norm (&ops, &layer, self->statistics, (float)self->slope, &x, &kept);
  self->dx = upload_features (self->r);
  omni_ops_set_grad (
    &ops, &(OmniSetGradParams){ .features = &self->y, .slope = (float)self->slope, .has_gradient = TRUE }, 1,
    &self->dx, NULL);
  omni_ops_norm_grad (&ops, &layer, &kept, &x, &self->dx);
  self->y_kept = keep (&self->y);
  self->dx_kept = keep (&self->dx);
}

static void
test_norm (Fixture *fixture, gconstpointer data)
{
  static const double slopes[] = { 1, 0.2, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (slopes); i++)
  {
    g_autoptr (Double4) x = double4_random (3, NORM_CHANNELS, 4, 5, -1, 1, 31 + i);
    g_autoptr (Double4) r = double4_random (3, NORM_CHANNELS, 4, 5, -1, 1, 41 + i);
    g_autoptr (Double4) drawn = double4_random (1, 1, 1, 4 * NORM_CHANNELS, 0.3, 1, 51 + i);
    g_autofree float *parameters = double4_to_floats (drawn);
    float gradient[4 * NORM_CHANNELS];
    double got[2 * NORM_CHANNELS], want[2 * NORM_CHANNELS];
    NormRun self = {
      .statistics = GPOINTER_TO_UINT (data), .slope = slopes[i], .x = x, .r = r, .parameters = drawn->v
    };
    g_autofree double *by_x = g_new (double, double4_size (x));

    run (build_norm, &self, parameters, 4 * NORM_CHANNELS);

    g_autoptr (Double4) y = read_features (&self.y, self.y_kept);
    g_autoptr (Double4) dx = read_features (&self.dx, self.dx_kept);
    g_autoptr (Double4) twin = norm_twin (&self);

    assert_close (y->v, twin->v, double4_size (y), 3e-6, "the normalised features");
    for (gsize k = 0; k < double4_size (x); k++)
      by_x[k] = twin_central_difference (x->v, k, 1e-6, norm_dot, &self);
    assert_close (dx->v, by_x, double4_size (x), 1e-5, "the gradient by the input");
    omni_work_read (ops.work, ops.results, 0, gradient, sizeof gradient);
    for (guint k = 0; k < 2 * NORM_CHANNELS; k++)
    {
      got[k] = gradient[k];
      want[k] = twin_central_difference (self.parameters, k, 1e-6, norm_dot, &self);
    }
    assert_close (got, want, 2 * NORM_CHANNELS, 1e-5, "the gradient by scale and shift");
  }
}

/* ---- Shuffling, spreading and gathering: linear, and their own transposes ---- */

typedef struct
{
  guint groups;
  Double4 *x, *base, *r;
  OmniFeatures y, dx;
  Kept y_kept, dx_kept;
  OmniMaps map, back;
  guint64 map_at, back_at;
} MixRun;

static const float factors[] = { 0.25F, -1.5F, 2 }, shifts[] = { 0.5F, -0.125F, 1 };

static void
build_shuffle (gpointer data)
{
  MixRun *self = data;
  const OmniFeatures x = upload_features (self->x), base = upload_features (self->base);
  const OmniFeatures r = upload_features (self->r);

  self->y = omni_ops_shuffle (&ops, &x, self->groups, &base);
  self->dx = omni_ops_shuffle_grad (&ops, &r, self->groups);
  self->y_kept = keep (&self->y);
  self->dx_kept = keep (&self->dx);
}

static double
shuffle_dot (gpointer data)
{
  const MixRun *self = data;
  g_autoptr (Double4) y = twin_train_shuffle (self->x, self->groups);

  return dot (y, self->r);
}

static void
test_shuffle (Fixture *fixture, gconstpointer data)
{
  static const guint cases[][2] = { { 8, 4 }, { 12, 3 }, { 6, 2 }, { 64, 32 }, { 8, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    const guint c = cases[i][0];
    g_autoptr (Double4) x = double4_random (2, c, 3, 5, -1, 1, i),
                        base = double4_random (2, c, 3, 5, -1, 1, 9);
    g_autoptr (Double4) r = double4_random (2, c, 3, 5, -1, 1, i + 20);
    MixRun self = { .groups = cases[i][1], .x = x, .base = base, .r = r };
    g_autofree double *want = g_new (double, double4_size (x));

    run (build_shuffle, &self, NULL, 0);

    g_autoptr (Double4) y = read_features (&self.y, self.y_kept);
    g_autoptr (Double4) dx = read_features (&self.dx, self.dx_kept);
    g_autoptr (Double4) twin = twin_train_shuffle (x, self.groups);

    for (gsize k = 0; k < double4_size (x); k++)
      twin->v[k] += base->v[k];
    assert_close (y->v, twin->v, double4_size (x), 1e-6, "the shuffled channels");
    for (gsize k = 0; k < double4_size (x); k++)
      want[k] = twin_central_difference (x->v, k, 1, shuffle_dot, &self);
    assert_close (dx->v, want, double4_size (x), 1e-6, "the gradient of the shuffle");
  }
}

static void
build_mix (gpointer data)
{
  MixRun *self = data;
  const OmniMaps x = upload (self->x);

  self->y = omni_ops_spread (&ops, &x, 3, factors, shifts);
  self->map = omni_ops_gather (&ops, &self->y, factors, 0.75F);
  self->y_kept = keep (&self->y);
  self->map_at = keep_maps (&self->map);
}

static void
test_mix (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) x = double4_random (3, 1, 5, 6, -1, 1, 3);
  MixRun self = { .x = x };

  run (build_mix, &self, NULL, 0);

  g_autoptr (Double4) y = read_features (&self.y, self.y_kept);
  g_autoptr (Double4) map = read_maps (&self.map, self.map_at);

  for (gsize i = 0; i < double4_size (x); i++)
  {
    double sum = 0.75;

    for (guint c = 0; c < 3; c++)
    {
      const double value = factors[c] * x->v[i] + shifts[c];

      g_assert_cmpfloat_with_epsilon (y->v[(i / 30 * 3 + c) * 30 + i % 30], value, 1e-6);
      sum += factors[c] * value;
    }
    g_assert_cmpfloat_with_epsilon (map->v[i], sum, 2e-6);
  }
}

/* ---- Pixel by pixel ---- */

static void
build_tanh (gpointer data)
{
  MixRun *self = data;
  const OmniMaps x = upload (self->x), r = upload (self->r);
  const OmniMaps wide = omni_ops_affine (&ops, &x, 2, -0.5F);

  self->map = omni_ops_tanh (&ops, &wide, 0.5F, 0.5F);
  self->back = omni_ops_tanh_grad (&ops, &self->map, &r, 0.5F, 0.5F);
  self->map_at = keep_maps (&self->map);
  self->back_at = keep_maps (&self->back);
}

static double
tanh_dot (gpointer data)
{
  const MixRun *self = data;
  double sum = 0;

  for (gsize i = 0; i < double4_size (self->x); i++)
    sum += self->r->v[i] * (tanh (2 * self->x->v[i] - 0.5) / 2 + 0.5);
  return sum;
}

static void
test_tanh (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) x = double4_random (2, 1, 7, 9, -1.5, 1.5, 5),
                      r = double4_random (2, 1, 7, 9, -1, 1, 6);
  MixRun self = { .x = x, .r = r };

  run (build_tanh, &self, NULL, 0);

  g_autoptr (Double4) map = read_maps (&self.map, self.map_at);
  g_autoptr (Double4) back = read_maps (&self.back, self.back_at);

  for (gsize i = 0; i < double4_size (x); i++)
  {
    g_assert_cmpfloat_with_epsilon (map->v[i], tanh (2 * x->v[i] - 0.5) / 2 + 0.5, 1e-6);
    g_assert_cmpfloat_with_epsilon (2 * back->v[i], twin_central_difference (x->v, i, 1e-6, tanh_dot, &self),
                                    1e-5);
  }
}

static void
build_information (gpointer data)
{
  MixRun *self = data;
  const OmniMaps x = upload (self->x);

  self->map = omni_ops_information (&ops, &x, self->groups, 2e-3F);
  self->map_at = keep_maps (&self->map);
}

static void
test_information (Fixture *fixture, gconstpointer data)
{
  for (guint n = 2; n <= 4; n++)
  {
    g_autoptr (Double4) x = double4_random (2 * n, 1, 24, 31, 0.4, 0.6, n);
    g_autofree double *want = NULL;

    for (guint k = 0; k < x->n; k++)
      for (guint i = 0; i < 24 * 31; i++)
        x->v[k * 24 * 31 + i] *= 1 - 0.2 * k / x->n;
    want = twin_train_information (x, n, 2e-3);

    MixRun self = { .groups = n, .x = x };

    run (build_information, &self, NULL, 0);

    g_autoptr (Double4) shares = read_maps (&self.map, self.map_at);

    assert_close (shares->v, want, x->n, 1e-4, "the shares of information");
  }
}

static void
add_tests (void)
{
  g_test_add ("/training/norm/batch", Fixture, GUINT_TO_POINTER (OMNI_NORM_BATCH), set_up, test_norm,
              tear_down);
  g_test_add ("/training/norm/running", Fixture, GUINT_TO_POINTER (OMNI_NORM_RUNNING), set_up, test_norm,
              tear_down);
  g_test_add ("/training/norm/picture", Fixture, GUINT_TO_POINTER (OMNI_NORM_PICTURE), set_up, test_norm,
              tear_down);
  g_test_add ("/training/channels/shuffle", Fixture, NULL, set_up, test_shuffle, tear_down);
  g_test_add ("/training/channels/spread-and-gather", Fixture, NULL, set_up, test_mix, tear_down);
  g_test_add ("/training/maps/tanh", Fixture, NULL, set_up, test_tanh, tear_down);
  g_test_add ("/training/maps/information", Fixture, NULL, set_up, test_information, tear_down);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
