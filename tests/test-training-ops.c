/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics.h"
#include "tests/training-ops-fixture.h"

/* Every operation of training on the device against its plain C twin, and every gradient against central differences of
 * the twin in double precision. */

/* ---- Convolutions ---- */

typedef struct
{
  guint n, in, out, kernel, dilation, groups, h, w;
  OmniBoundary boundary;
} ConvCase;

typedef struct
{
  ConvCase shape;
  OmniConvLayer layer;
  Double4 *x, *r;
  OmniFeatures y, dx;
  Kept y_kept, dx_kept;
  double *weight, *bias;
} ConvRun;

/* The first `split` channels as a part of their own: a convolution of a concatenation is the sum of its parts'. */
static void
build_conv (gpointer data)
{
  ConvRun *self = data;
  const OmniChannels all = { 0, self->shape.in };
  const OmniPackedConv packed = omni_ops_pack (&ops, &self->layer, &all, 1, TRUE);
  const OmniPackedConv turned = omni_ops_pack_transposed (&ops, &self->layer, all);
  const OmniFeatures x = upload_features (self->x), r = upload_features (self->r);

  self->y = omni_ops_conv (&ops, &packed, self->layer.boundary, &x, 1, NULL, OMNI_ACTIVATION_NONE, 1.0F);
  self->dx = omni_ops_features (&ops, x.n, x.c, x.h, x.w);
  omni_ops_conv_input_grad (&ops, &turned, self->layer.boundary, &r, FALSE, &self->dx);
  /* Added a second time: the gradient doubles. */
  omni_ops_conv_input_grad (&ops, &turned, self->layer.boundary, &r, TRUE, &self->dx);
  omni_ops_conv_weight_grad (&ops, &self->layer, all, &x, &r, TRUE);
  self->y_kept = keep (&self->y);
  self->dx_kept = keep (&self->dx);
}

static double
conv_dot (gpointer data)
{
  const ConvRun *self = data;
  const TwinConvShape shape = { self->shape.out, self->shape.kernel, self->shape.dilation, self->shape.groups,
                                self->shape.boundary };
  g_autoptr (Double4) y = twin_train_conv (self->x, self->weight, self->bias, &shape);

  return dot (y, self->r);
}

static void
check_conv_gradients (ConvRun *self, const Double4 *dx, const float *gradient, gsize n_weights)
{
  const gsize n = n_weights + self->shape.out, size = double4_size (self->x);
  g_autofree double *got = g_new (double, n), *want = g_new (double, n), *want_dx = g_new (double, size);
  /* The maps are linear: any step is exact, and a sample shows every rule. */
  const gsize weight_stride = MAX (n_weights / 700, 1) | 1, stride = MAX (size / 97, 1);

  for (gsize i = 0; i < n; i++)
  {
    const gboolean is_bias = i >= n_weights;

    got[i] = want[i] = gradient[i];
    if (!is_bias && i % weight_stride != 0)
      continue;
    want[i] = twin_central_difference (is_bias ? self->bias : self->weight, is_bias ? i - n_weights : i, 1.0,
                                       conv_dot, self);
  }
  assert_close (got, want, n, 5e-6, "the gradient of the weights");
  for (gsize i = 0; i < size; i++)
    want_dx[i] = i % stride == 0 || i + 40 > size || i < 40
                   ? 2 * twin_central_difference (self->x->v, i, 1.0, conv_dot, self)
                   : dx->v[i];
  assert_close (dx->v, want_dx, size, 2e-5, "the gradient of the input");
}

static void
test_conv (Fixture *fixture, gconstpointer data)
{
  const ConvCase *shape = data;
  const gsize n_weights = (gsize)shape->out * shape->in / shape->groups * shape->kernel * shape->kernel;
  ConvRun self = { .shape = *shape,
                   .layer = { .weight = 0,
                              .bias = (guint)n_weights,
                              .in = shape->in,
                              .out = shape->out,
                              .kernel = shape->kernel,
                              .dilation = shape->dilation,
                              .groups = shape->groups,
                              .boundary = shape->boundary } };
  g_autoptr (Double4) x = double4_random (shape->n, shape->in, shape->h, shape->w, -1, 1, 1);
  g_autoptr (Double4) r = double4_random (shape->n, shape->out, shape->h, shape->w, -1, 1, 2);
  g_autoptr (Double4) weights = double4_random (1, 1, 1, (guint)n_weights + shape->out, -0.3, 0.3, 3);
  g_autofree float *parameters = double4_to_floats (weights);
  g_autofree float *gradient = g_new (float, n_weights + shape->out);
  const TwinConvShape twin = { shape->out, shape->kernel, shape->dilation, shape->groups, shape->boundary };

  self.x = x;
  self.r = r;
  self.weight = weights->v;
  self.bias = weights->v + n_weights;
  run (build_conv, &self, parameters, n_weights + shape->out);

  g_autoptr (Double4) y = read_features (&self.y, self.y_kept);
  g_autoptr (Double4) dx = read_features (&self.dx, self.dx_kept);
  g_autoptr (Double4) want = twin_train_conv (x, self.weight, self.bias, &twin);

  omni_work_read (ops.work, ops.results, 0, gradient, (n_weights + shape->out) * 4);
  assert_close (y->v, want->v, double4_size (y), 2e-5, "the convolution");
  check_conv_gradients (&self, dx, gradient, n_weights);
}

static const ConvCase conv_cases[] = {
  { 2, 3, 5, 3, 1, 1, 7, 9, OMNI_BOUNDARY_ZERO },       { 1, 4, 4, 1, 1, 1, 5, 6, OMNI_BOUNDARY_ZERO },
  { 3, 1, 8, 3, 1, 1, 6, 11, OMNI_BOUNDARY_ZERO },      { 2, 8, 1, 3, 1, 1, 9, 5, OMNI_BOUNDARY_ZERO },
  { 2, 16, 16, 3, 1, 1, 8, 10, OMNI_BOUNDARY_ZERO },    { 1, 16, 8, 3, 1, 1, 37, 13, OMNI_BOUNDARY_ZERO },
  { 1, 6, 6, 3, 2, 1, 12, 10, OMNI_BOUNDARY_ZERO },     { 1, 4, 5, 3, 8, 1, 11, 20, OMNI_BOUNDARY_ZERO },
  { 1, 3, 4, 5, 1, 1, 10, 9, OMNI_BOUNDARY_REPLICATE }, { 1, 3, 4, 7, 1, 1, 12, 12, OMNI_BOUNDARY_REFLECT },
  { 2, 4, 4, 3, 1, 1, 5, 7, OMNI_BOUNDARY_REFLECT },    { 1, 16, 16, 3, 1, 1, 9, 8, OMNI_BOUNDARY_REPLICATE },
  { 1, 8, 8, 3, 1, 4, 6, 6, OMNI_BOUNDARY_ZERO },       { 1, 6, 12, 3, 1, 3, 6, 7, OMNI_BOUNDARY_REFLECT },
  { 1, 2, 2, 3, 1, 1, 1, 1, OMNI_BOUNDARY_ZERO },       { 3, 36, 20, 3, 1, 1, 9, 7, OMNI_BOUNDARY_REFLECT },
  { 2, 8, 8, 3, 1, 8, 7, 9, OMNI_BOUNDARY_REPLICATE },  { 1, 16, 16, 3, 1, 16, 6, 9, OMNI_BOUNDARY_ZERO },
  { 1, 4, 8, 1, 1, 1, 5, 6, OMNI_BOUNDARY_REFLECT },    { 1, 3, 4, 5, 1, 1, 9, 11, OMNI_BOUNDARY_ZERO },
  { 1, 5, 4, 5, 1, 1, 8, 7, OMNI_BOUNDARY_REFLECT },    { 1, 3, 4, 7, 1, 1, 9, 10, OMNI_BOUNDARY_ZERO },
  { 1, 2, 5, 7, 1, 1, 11, 9, OMNI_BOUNDARY_REPLICATE }, { 1, 4, 4, 3, 4, 1, 12, 11, OMNI_BOUNDARY_REPLICATE },
};

/* ---- The set ---- */

typedef struct
{
  guint n, n_max;
  gboolean sums; /* the other channels; else means */
  double slope;
  Double4 *z, *r, *rp; /* before the activation; what the features and the pool are multiplied with */
  OmniFeatures features, pool, gradient, sum;
  Kept pool_kept, gradient_kept, sum_kept;
} SetRun;

static void
build_set (gpointer data)
{
  SetRun *self = data;
  g_autoptr (Double4) activated = double4_new (self->z->n, self->z->c, self->z->h, self->z->w);

  memcpy (activated->v, self->z->v, double4_size (self->z) * sizeof (double));
  twin_train_leaky (activated, self->slope);
  self->features = upload_features (activated);
  self->pool = omni_ops_set_pool (&ops, &self->features, self->n, self->n_max, self->sums);
  self->gradient = upload_features (self->r);

  const OmniFeatures pool_gradient = upload_features (self->rp);

  omni_ops_set_grad (&ops,
                     &(OmniSetGradParams){ .features = &self->features,
                                           .pool = &self->pool,
                                           .pool_gradient = &pool_gradient,
                                           .n_max = self->n_max,
                                           .sums = self->sums,
                                           .slope = (float)self->slope,
                                           .has_gradient = TRUE },
                     self->n, &self->gradient, &self->sum);
  self->pool_kept = keep (&self->pool);
  self->gradient_kept = keep (&self->gradient);
  self->sum_kept = keep (&self->sum);
}

static double
set_dot (gpointer data)
{
  const SetRun *self = data;
  g_autoptr (Double4) x = double4_new (self->z->n, self->z->c, self->z->h, self->z->w);

  memcpy (x->v, self->z->v, double4_size (x) * sizeof (double));
  twin_train_leaky (x, self->slope);

  g_autoptr (Double4) pool = twin_train_set_pool (x, self->n, self->n_max);
  const gsize pixels = (gsize)pool->h * pool->w;

  for (gsize i = 0; self->sums && i < double4_size (pool); i++)
    pool->v[i] *= i / pixels % pool->c >= self->n_max ? self->n : 1;
  return dot (x, self->r) + dot (pool, self->rp);
}

static void
test_set (Fixture *fixture, gconstpointer data)
{
  const guint n = 3, n_sets = 2;
  g_autoptr (Double4) z = double4_random (n * n_sets, 6, 5, 7, -1, 1, 5);
  g_autoptr (Double4) r = double4_random (n * n_sets, 6, 5, 7, -1, 1, 6);
  g_autoptr (Double4) rp = double4_random (n_sets, 6, 5, 7, -1, 1, 7);
  SetRun self = {
    .n = n, .n_max = 3, .sums = GPOINTER_TO_UINT (data), .slope = 0.2, .z = z, .r = r, .rp = rp
  };
  g_autofree double *want = g_new (double, double4_size (z));
  const gsize image = double4_size (z) / z->n;

  run (build_set, &self, NULL, 0);

  g_autoptr (Double4) gradient = read_features (&self.gradient, self.gradient_kept);
  g_autoptr (Double4) sum = read_features (&self.sum, self.sum_kept);

  for (gsize i = 0; i < double4_size (z); i++)
    want[i] = twin_central_difference (z->v, i, 1e-6, set_dot, &self);
  assert_close (gradient->v, want, double4_size (z), 2e-6, "the gradient through the set");
  for (gsize i = 0; i < double4_size (sum); i++)
  {
    double total = 0;

    for (guint k = 0; k < n; k++)
      total += want[(i / image * n + k) * image + i % image];
    assert_close (&sum->v[i], &total, 1, 1e-4, "the set's sum");
  }
}

/* Members that share a maximum share its gradient, in any order. */
static void
test_set_ties (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) z = double4_new (4, 4, 1, 4);
  g_autoptr (Double4) r = double4_new (4, 4, 1, 4);
  g_autoptr (Double4) rp = double4_new (1, 4, 1, 4);
  SetRun self = { .n = 4, .n_max = 4, .slope = 1, .z = z, .r = r, .rp = rp };

  for (gsize i = 0; i < double4_size (rp); i++)
    rp->v[i] = 6;
  for (guint k = 0; k < 4; k++)
    for (guint i = 0; i < 16; i++)
      z->v[k * 16 + i] = k == 1 ? 0.25 : 0.5;
  run (build_set, &self, NULL, 0);

  g_autoptr (Double4) gradient = read_features (&self.gradient, self.gradient_kept);

  for (guint k = 0; k < 4; k++)
    for (guint i = 0; i < 16; i++)
      g_assert_cmpfloat (gradient->v[k * 16 + i], ==, k == 1 ? 0 : 2);
}

/* ---- Maps ---- */

/* Some operation on maps, forward and back: `r` is what its result is multiplied with. */
typedef struct
{
  guint n, factor, h, w;
  gboolean energy;
  Double4 *x, *e, *a, *r;
  OmniMaps out, gradient, a_gradient;
  guint64 out_at, gradient_at, a_gradient_at;
} MapRun;

static void
build_up (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), r = upload (self->r);

  self->out = omni_ops_up (&ops, &x, self->factor, self->h, self->w, 1.0F, NULL);
  self->gradient = omni_ops_maps (&ops, x.n, x.h, x.w);
  omni_ops_up_grad (&ops, &r, self->factor, FALSE, &self->gradient);
  omni_ops_up_grad (&ops, &r, self->factor, TRUE, &self->gradient);
  self->out_at = keep_maps (&self->out);
  self->gradient_at = keep_maps (&self->gradient);
}

static Double4 *
cut_up (const MapRun *self)
{
  g_autoptr (Double4) wide = twin_train_up (self->x, self->factor);
  Double4 *out = double4_new (wide->n, 1, self->h, self->w);

  for (guint n = 0; n < out->n; n++)
    for (guint i = 0; i < self->h * self->w; i++)
      out->v[n * self->h * self->w + i] = wide->v[(n * wide->h + i / self->w) * wide->w + i % self->w];
  return out;
}

static double
up_dot (gpointer data)
{
  const MapRun *self = data;
  g_autoptr (Double4) out = cut_up (self);

  return 2 * dot (out, self->r);
}

static void
check_map (MapRun *self, const Double4 *want_out, TwinFunction function, Double4 *by)
{
  g_autoptr (Double4) out = read_maps (&self->out, self->out_at);
  g_autoptr (Double4) gradient = read_maps (&self->gradient, self->gradient_at);
  g_autofree double *want = g_new (double, double4_size (by));

  assert_close (out->v, want_out->v, double4_size (out), 2e-6, "the result");
  for (gsize i = 0; i < double4_size (by); i++)
    want[i] = twin_central_difference (by->v, i, 1e-5, function, self);
  assert_close (gradient->v, want, double4_size (by), 5e-6, "the gradient");
}

static void
test_up (Fixture *fixture, gconstpointer data)
{
  static const guint sizes[][5] = {
    { 2, 4, 5, 8, 10 }, { 2, 4, 3, 7, 5 }, { 4, 3, 4, 12, 16 }, { 8, 2, 1, 16, 8 }, { 1, 3, 5, 3, 5 }
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
  {
    g_autoptr (Double4) x = double4_random (2, 1, sizes[i][1], sizes[i][2], -1, 1, i);
    g_autoptr (Double4) r = double4_random (2, 1, sizes[i][3], sizes[i][4], -1, 1, i + 10);
    MapRun self = { .factor = sizes[i][0], .h = sizes[i][3], .w = sizes[i][4], .x = x, .r = r };

    run (build_up, &self, NULL, 0);

    g_autoptr (Double4) want = cut_up (&self);

    check_map (&self, want, up_dot, x);
  }
}

static void
build_mean_pool (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), r = upload (self->r);

  self->out = omni_ops_mean_pool (&ops, &x, self->factor);
  self->gradient = omni_ops_maps (&ops, x.n, x.h, x.w);
  omni_ops_mean_pool_grad (&ops, &r, self->factor, FALSE, &self->gradient);
  self->out_at = keep_maps (&self->out);
  self->gradient_at = keep_maps (&self->gradient);
}

static double
mean_pool_dot (gpointer data)
{
  const MapRun *self = data;
  g_autoptr (Double4) out = twin_train_mean_pool (self->x, self->factor);

  return dot (out, self->r);
}

static void
test_mean_pool (Fixture *fixture, gconstpointer data)
{
  for (guint factor = 1; factor <= 4; factor++)
  {
    g_autoptr (Double4) x = double4_random (3, 1, 9, 14, -1, 1, factor);
    g_autoptr (Double4) r = double4_random (3, 1, 9 / factor, 14 / factor, -1, 1, factor + 10);
    g_autoptr (Double4) want = twin_train_mean_pool (x, factor);
    MapRun self = { .factor = factor, .x = x, .r = r };

    run (build_mean_pool, &self, NULL, 0);
    check_map (&self, want, mean_pool_dot, x);
  }
}

static void
build_softmax (gpointer data)
{
  MapRun *self = data;
  const OmniMaps x = upload (self->x), e = upload (self->e), a = upload (self->a), r = upload (self->r);

  self->out = omni_ops_set_softmax (&ops, &x, self->energy ? &e : NULL, self->energy ? &a : NULL, self->n);
  self->gradient = omni_ops_set_softmax_grad (&ops, &self->out, &r, NULL, self->energy ? &e : NULL, self->n,
                                              &self->a_gradient);
  self->out_at = keep_maps (&self->out);
  self->gradient_at = keep_maps (&self->gradient);
  if (self->energy)
    self->a_gradient_at = keep_maps (&self->a_gradient);
}

static Double4 *
softmax_twin (const MapRun *self)
{
  const guint n = self->n, pixels = self->x->h * self->x->w;
  Double4 *out = double4_new (self->x->n, 1, self->x->h, self->x->w);

  for (guint b = 0; b < out->n / n; b++)
    for (guint i = 0; i < pixels; i++)
    {
      double sum = 0;

      for (guint k = 0; k < n; k++)
      {
        const gsize at = (b * n + k) * pixels + i;

        out->v[at] = exp (self->x->v[at] + (self->energy ? self->e->v[at] * self->a->v[b * pixels + i] : 0));
        sum += out->v[at];
      }
      for (guint k = 0; k < n; k++)
        out->v[(b * n + k) * pixels + i] /= sum;
    }
  return out;
}

static double
softmax_dot (gpointer data)
{
  const MapRun *self = data;
  g_autoptr (Double4) out = softmax_twin (self);

  return dot (out, self->r);
}

static void
test_softmax (Fixture *fixture, gconstpointer data)
{
  for (guint n = 1; n <= 5; n++)
  {
    g_autoptr (Double4) x = double4_random (2 * n, 1, 4, 5, -3, 3, n),
                        e = double4_random (2 * n, 1, 4, 5, -6, 0, n + 9);
    g_autoptr (Double4) r = double4_random (2 * n, 1, 4, 5, -1, 1, n + 20),
                        a = double4_random (2, 1, 4, 5, 0, 1, n + 30);
    MapRun self = { .n = n, .energy = n % 2 == 0 || n == 5, .x = x, .e = e, .a = a, .r = r };

    run (build_softmax, &self, NULL, 0);

    g_autoptr (Double4) want = softmax_twin (&self);

    if (n > 1) /* of one the gradient is zero */
      check_map (&self, want, softmax_dot, x);
    if (self.energy)
    {
      self.gradient = self.a_gradient;
      self.gradient_at = self.a_gradient_at;
      check_map (&self, want, softmax_dot, a);
    }
  }
}

/* ---- Losses ---- */

typedef struct
{
  OmniLoss loss;
  guint n_sets, n, halvings;
  Double4 *fused, *sources;
  OmniMaps gradient;
  guint64 gradient_at;
  OmniLossResult results[OMNI_MAX_LOSS_RESULTS];
  guint n_results;
} LossRun;

#define LOSS_WEIGHT 0.7

/* Picture `k` of every pair. */
static OmniMaps
upload_member (const Double4 *sources, guint k)
{
  const gsize pixels = (gsize)sources->h * sources->w;
  g_autoptr (Double4) member = double4_new (sources->n / 2, 1, sources->h, sources->w);

  for (guint b = 0; b < member->n; b++)
    memcpy (member->v + b * pixels, sources->v + (2 * b + k) * pixels, pixels * sizeof (double));
  return upload (member);
}

static void
build_loss (gpointer data)
{
  LossRun *self = data;
  OmniTrainLosses losses = { 0 };
  const OmniMaps fused = upload (self->fused), sources = upload (self->sources);
  OmniMaps members[2] = { 0 };

  for (guint k = 0; k < 2 && self->n == 2; k++)
    members[k] = upload_member (self->sources, k);
  losses.weight[self->loss] = (float)LOSS_WEIGHT;
  if (omni_train_losses_get_scales (&losses, self->loss) != NULL)
    omni_train_losses_get_scales (&losses, self->loss)[self->halvings] = 1.0F;
  self->gradient = omni_ops_maps (&ops, fused.n, fused.h, fused.w);
  self->n_results = omni_losses_run (&ops, &losses, 0, &fused, &sources, members, &sources, &self->gradient,
                                     self->results);
  self->gradient_at = omni_ops_results (&ops, double4_size (self->fused));
  omni_ops_maps_to_results (&ops, &self->gradient, self->gradient_at);
}

static double
loss_value (gpointer data)
{
  const LossRun *self = data;

  return LOSS_WEIGHT * twin_train_loss (self->loss, self->fused, self->sources, self->halvings);
}

/* Value and gradient of what `self` compares; returns the value. */
static double
check_loss_of (LossRun *self)
{
  const gsize size = double4_size (self->fused);
  g_autofree float *values = g_new (float, size);
  g_autofree double *got = g_new (double, size), *want = g_new (double, size);
  double value = 0;

  run (build_loss, self, NULL, 0);
  g_assert_cmpuint (self->n_results, ==, 1);
  omni_work_read (ops.work, ops.results, self->results[0].result * 4, values, self->n_sets * 4);
  for (guint b = 0; b < self->n_sets; b++)
    value += LOSS_WEIGHT * values[b];
  g_assert_cmpfloat_with_epsilon (value, loss_value (self), 1e-5 * fmax (1, value));

  omni_work_read (ops.work, ops.results, self->gradient_at * 4, values, size * 4);
  for (gsize i = 0; i < size; i++)
  {
    got[i] = values[i];
    want[i] = i % 3 == 0 ? twin_central_difference (self->fused->v, i, 1e-6, loss_value, self) : got[i];
  }
  assert_close (got, want, size, 1e-4, omni_loss_to_string (self->loss));
  return value;
}

static void
check_loss (OmniLoss loss, guint n, guint halvings, guint h, guint w)
{
  LossRun self = {
    .loss = loss, .n_sets = 2, .n = omni_loss_needs_truth (loss) ? 1 : n, .halvings = halvings
  };
  const double beyond = loss == OMNI_LOSS_MEF_PATCHES || loss == OMNI_LOSS_RANGE ? 0.2 : 0;
  g_autoptr (Double4) fused = double4_random (self.n_sets, 1, h, w, -beyond, 1 + beyond, 11);
  g_autoptr (Double4) sources = double4_random (self.n_sets * self.n, 1, h, w, 0, 1, 12);

  self.fused = fused;
  self.sources = sources;
  check_loss_of (&self);
}

static void
test_loss (Fixture *fixture, gconstpointer data)
{
  const OmniLoss loss = GPOINTER_TO_UINT (data);
  const gboolean windowed = loss == OMNI_LOSS_SSIM || loss == OMNI_LOSS_SOURCE_SSIM
                            || loss == OMNI_LOSS_MEF_STRUCTURE || loss == OMNI_LOSS_MEF_SSIM
                            || loss == OMNI_LOSS_MEF_PATCHES || loss == OMNI_LOSS_INFORMATION_SSIM;

  check_loss (loss, omni_loss_needs_pair (loss) ? 2 : 1, 0, windowed ? 12 : 9, 14);
  check_loss (loss, omni_loss_needs_pair (loss) ? 2 : 4, 0, windowed ? 15 : 5, 13);
  if (loss == OMNI_LOSS_MEF_SSIM || loss == OMNI_LOSS_MEF_STRUCTURE || loss == OMNI_LOSS_MEF_PATCHES)
  {
    check_loss (loss, 3, 1, 24, 27);
    check_loss (loss, 2, 2, 48, 45);
    check_loss (loss, 2, 3, 89, 96);
  }
}

/* Grey values of a bracket: waves and a little noise, a stop apart, cut where a camera would. `first`: the darkest. */
static Double4 *
make_bracket (guint n, guint h, guint w, int first)
{
  Double4 *bracket = double4_new (n, 1, h, w);
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);

  for (gsize i = 0; i < double4_size (bracket); i++)
  {
    const guint at = (guint)(i % (h * w)), k = (guint)(i / (h * w));
    const double scene = 0.35 + 0.3 * sin (at % w * 0.23) * cos (at / w * 0.31) + at / w * 0.02;
    const double light = scene * exp2 (first + (int)k) + g_rand_double_range (rand, -0.01, 0.01);

    bracket->v[i] = round (CLAMP (light, 0, 1) * 255) / 255;
  }
  return bracket;
}

static OmniPicture *
to_picture (const Double4 *x, guint k)
{
  const gsize pixels = (gsize)x->h * x->w;
  guint8 *bytes = g_malloc (pixels);
  GError *error = NULL;

  for (gsize i = 0; i < pixels; i++)
    bytes[i] = (guint8)lrint (x->v[k * pixels + i] * 255);

  OmniPicture *picture = omni_picture_new (x->w, x->h, 1, FALSE, OMNI_SAMPLE_U8,
                                           g_bytes_new_take (bytes, pixels), NULL, NULL, &error);

  g_assert_no_error (error);
  return picture;
}

static double
measure_patches (const Double4 *fused, const Double4 *sources)
{
  OmniPicture *pictures[8];
  g_autoptr (OmniPicture) result = to_picture (fused, 0);
  g_autofree char *reason = NULL;
  double value;
  GError *error = NULL;

  g_assert_cmpuint (sources->n, <=, G_N_ELEMENTS (pictures));
  for (guint k = 0; k < sources->n; k++)
    pictures[k] = to_picture (sources, k);

  g_autoptr (OmniMetricsInput)
    input = omni_metrics_input_new (pictures, sources->n, result, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (omni_metric_compute (omni_metric_find ("mef-ssim-1"), NULL, input, NULL, &value, &reason));
  for (guint k = 0; k < sources->n; k++)
    g_object_unref (pictures[k]);
  return value;
}

/* But for the width of the Gaussian the term is the metric, flat and cut places too, and the order of the sources is nothing. */
static void
test_patches_are_the_metric (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Double4) fused = make_bracket (1, 20, 23, 0), sources = make_bracket (5, 20, 23, -2);
  g_autoptr (Double4) turned = double4_new (5, 1, 20, 23);
  const gsize pixels = 20 * 23;

  for (guint k = 0; k < 5; k++)
    memcpy (turned->v + k * pixels, sources->v + (4 - k) * pixels, pixels * sizeof (double));
  g_assert_cmpfloat_with_epsilon (1 - twin_train_patches (fused, sources, 1.5),
                                  measure_patches (fused, sources), 1e-6);

  for (gsize i = 0; i < pixels; i++) /* beyond the range, none at its very ends */
    fused->v[i] = fused->v[i] * 1.2 - 0.1;

  LossRun self = { .loss = OMNI_LOSS_MEF_PATCHES, .n_sets = 1, .n = 5, .fused = fused, .sources = sources };
  const double value = check_loss_of (&self);

  self.sources = turned;
  g_assert_cmpfloat_with_epsilon (check_loss_of (&self), value, 1e-6);
}

/* ---- More workgroups than fit along x ---- */

typedef struct
{
  guint side;
  const float *values;
  guint64 at;
} Many;

static void
build_many (gpointer data)
{
  Many *self = data;
  const OmniMaps maps = omni_ops_maps (&ops, 1, self->side, self->side);

  g_assert_true (omni_ops_upload (&ops, &maps, self->values, NULL));

  const OmniMaps after = omni_ops_softplus (&ops, &maps);

  self->at = omni_ops_results (&ops, (guint64)self->side * self->side);
  omni_ops_maps_to_results (&ops, &after, self->at);
}

/* Kernels over whole arenas go on along y, and miss no value. */
static void
test_many_groups (Fixture *fixture, gconstpointer data)
{
  const guint side = 2100, n = side * side;
  g_autofree float *values = g_new (float, n), *got = g_new (float, n);
  Many many = { .side = side, .values = values };

  g_assert_cmpuint (n, >, 64 * 65535);
  for (guint i = 0; i < n; i++)
    values[i] = (float)(i % 9973) / 2000 - 2.5F;
  run (build_many, &many, NULL, 0);
  omni_work_read (ops.work, ops.results, many.at * 4, got, (guint64)n * 4);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (got[i], log1p (exp (values[i])), 1e-5);
}

/* A kernel over pictures cannot, and more than the device takes is refused before anything is done. */
static void
test_too_many_groups (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (omni_work_max_groups (ops.work, 0) > 65535)
  {
    g_test_skip ("this device takes more than any picture has");
    return;
  }
  for (guint side = 1024; side <= 4200; side += 4200 - 1024)
  {
    omni_ops_begin (&ops, 0, TRUE);

    const OmniMaps maps = omni_ops_maps (&ops, 1, side, side);

    omni_ops_down (&ops, &maps);
    if (side == 1024)
      g_assert_true (omni_ops_reserve (&ops, &error));
    else
      g_assert_false (omni_ops_reserve (&ops, &error));
  }
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "smaller crops"));
}

static void
add_tests (void)
{
  static char names[G_N_ELEMENTS (conv_cases)][80];

  for (guint i = 0; i < G_N_ELEMENTS (conv_cases); i++)
  {
    const ConvCase *one = &conv_cases[i];

    g_snprintf (names[i], sizeof names[i],
                "/training/conv/%ux%u-%u-%u-dilation-%u-groups-%u-boundary-%d-%ux%u", one->kernel,
                one->kernel, one->in, one->out, one->dilation, one->groups, one->boundary, one->h, one->w);
    g_test_add (names[i], Fixture, one, set_up, test_conv, tear_down);

    g_autofree char *plain = g_strconcat (names[i], "-plain", NULL);

    g_test_add (plain, Fixture, one, set_up_plain, test_conv, tear_down);

    g_autofree char *tiles = g_strconcat (names[i], "-tiles", NULL);

    if (one->kernel == 3 && one->in >= 16 && one->out >= 16)
      g_test_add (tiles, Fixture, one, set_up_tiles, test_conv, tear_down);
  }
  g_test_add ("/training/set/gradient", Fixture, NULL, set_up, test_set, tear_down);
  g_test_add ("/training/set/gradient-sums", Fixture, GUINT_TO_POINTER (TRUE), set_up, test_set, tear_down);
  g_test_add ("/training/set/ties", Fixture, NULL, set_up, test_set_ties, tear_down);
  g_test_add ("/training/maps/up", Fixture, NULL, set_up, test_up, tear_down);
  g_test_add ("/training/maps/mean-pool", Fixture, NULL, set_up, test_mean_pool, tear_down);
  g_test_add ("/training/groups/many", Fixture, NULL, set_up, test_many_groups, tear_down);
  g_test_add ("/training/groups/too-many", Fixture, NULL, set_up, test_too_many_groups, tear_down);
  g_test_add ("/training/maps/softmax", Fixture, NULL, set_up, test_softmax, tear_down);
  g_test_add ("/training/loss/patches-metric", Fixture, NULL, set_up, test_patches_are_the_metric, tear_down);
  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
  {
    if (omni_loss_needs_vgg16 (loss)) /* test-training-vgg.c */
      continue;

    g_autofree char *name = g_strdup_printf ("/training/loss/%s", omni_loss_to_string (loss));

    g_test_add (name, Fixture, GUINT_TO_POINTER (loss), set_up, test_loss, tear_down);
  }
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
