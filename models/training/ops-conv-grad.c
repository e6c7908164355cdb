/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

#define ROWS_PER_CHUNK    32 /* of partial sums: the order of the sums depends on these two */
#define TILES_PER_CHUNK   256
#define TILES_AT_ONCE     8192 /* 36 transformed values of every channel of a tile are held in memory */
#define WINOGRAD_PLANES   4    /* output planes of an invocation */
#define POSITIONS         36
#define MAX_DISPATCH_FLOP 1e9 /* of the direct kernel: some 20 ms on a software device */

/* ---- Gradient of the weights ---- */

typedef struct
{
  guint out_planes;  /* of an invocation */
  guint items;       /* input planes × rows of taps */
  guint blocks;      /* of output planes */
  guint chunks;      /* of one image */
  guint stride;      /* texels of one chunk: weights, then the bias */
  OmniFeatures sums; /* texels, not a picture */
} Partial;

static void
sum_rows (OmniOps *ops, const OmniConvLayer *layer, const OmniFeatures *x, const OmniFeatures *g,
          const Partial *partial)
{
  OmniDispatch kernel = { .shader = ops->has_shuffle ? "train-conv-grad-shuffle" : "train-conv-grad" };
  const gint32 push[] = { x->at,
                          (gint32)omni_features_image_texels (x),
                          g->at,
                          (gint32)omni_features_image_texels (g),
                          (gint32)x->w,
                          (gint32)x->h,
                          (gint32)omni_features_pitch (x),
                          (gint32)partial->items,
                          ROWS_PER_CHUNK,
                          (gint32)partial->chunks,
                          (gint32)omni_features_planes (g),
                          (gint32)partial->stride };

  omni_ops_constant (&kernel, ops->lanes);
  omni_ops_constant (&kernel, ops->lanes);
  omni_ops_constant (&kernel, layer->kernel);
  omni_ops_constant (&kernel, layer->dilation);
  omni_ops_constant (&kernel, layer->boundary);
  omni_ops_constant (&kernel, partial->out_planes);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, &partial->sums);
  memcpy (kernel.push, push, sizeof push);
  kernel.groups[0] = (partial->items + ops->lanes - 1) / ops->lanes;
  kernel.groups[2] = partial->blocks;

  const double chunk_flop = 32.0 * partial->out_planes * partial->items * layer->kernel * partial->blocks
                            * x->w * MIN (x->h, ROWS_PER_CHUNK);
  const guint chunks = partial->chunks * g->n;
  const guint at_once = MAX ((guint)(MAX_DISPATCH_FLOP / chunk_flop), 1);

  for (guint chunk = 0; chunk < chunks; chunk += at_once)
  {
    kernel.push[12] = (gint32)chunk;
    kernel.groups[1] = MIN (at_once, chunks - chunk);
    kernel.flop = chunk_flop * kernel.groups[1];
    kernel.bytes = 16.0 * partial->stride * kernel.groups[1];
    omni_ops_run (ops, &kernel);
  }
}

static void
grad_direct (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part, const OmniFeatures *input,
             const OmniFeatures *output_gradient, gboolean with_bias)
{
  const guint out_planes = layer->kernel <= 3 ? 2 : 1, outs = 4 * out_planes;
  Partial partial = {
    .out_planes = out_planes,
    .items = (part.channels + 3) / 4 * layer->kernel,
    .blocks = (omni_features_planes (output_gradient) + out_planes - 1) / out_planes,
    .chunks = (input->h + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK,
  };
  const guint count = partial.blocks * (partial.items * layer->kernel * outs + out_planes);
  OmniDispatch kernel = omni_ops_kernel ("train-conv-sum", count, 1);

  partial.stride = (count + 3) / 4 * 4;
  partial.sums = omni_ops_features (ops, output_gradient->n * partial.chunks, 4, 1, partial.stride);
  sum_rows (ops, layer, input, output_gradient, &partial);

  const gint32 push[] = {
    partial.sums.at,        (gint32)(partial.chunks * output_gradient->n),
    (gint32)partial.blocks, (gint32)partial.items,
    (gint32)outs,           (gint32)layer->kernel,
    (gint32)layer->out,     (gint32)layer->in,
    (gint32)part.first,     (gint32)part.channels,
    (gint32)layer->weight,  with_bias && layer->bias != OMNI_OPS_NO_BIAS ? (gint32)layer->bias : -1,
    (gint32)layer->groups,  (gint32)partial.stride
  };

  memcpy (kernel.push, push, sizeof push);
  omni_ops_read_features (ops, &kernel, 0);
  kernel.out[0].arena = ops->results;
  kernel.out[0].size_bytes = ops->n_gradients * 4;
  kernel.bytes = (double)omni_features_bytes (&partial.sums);
  omni_ops_run (ops, &kernel);
}

/* ---- By Winograd: 3 × 3 layers of many channels ---- */

typedef struct
{
  OmniOps *ops;
  const OmniConvLayer *layer;
  OmniChannels part;
  guint tiles_x, tiles_y, tiles, stride; /* tiles of all images, and rounded up to whole subgroups */
  guint in_planes, out_planes, blocks, chunks;
} Tiles;

/* Transformed tiles: [position][plane][tile]. */
static OmniFeatures
transform_tiles (const Tiles *self, const OmniFeatures *x, gboolean is_gradient)
{
  OmniOps *ops = self->ops;
  const guint planes = omni_features_planes (x);
  const OmniFeatures out = omni_ops_features (ops, 1, 4 * POSITIONS * planes, 1, self->stride);
  OmniDispatch kernel = omni_ops_kernel ("train-tiles", self->stride, planes);
  const gint32 push[] = { x->at,
                          (gint32)x->w,
                          (gint32)x->h,
                          (gint32)omni_features_pitch (x),
                          (gint32)planes,
                          (gint32)self->tiles_x,
                          (gint32)self->tiles_y,
                          (gint32)self->tiles,
                          (gint32)self->stride };

  omni_ops_constant (&kernel, is_gradient);
  omni_ops_constant (&kernel, is_gradient ? OMNI_BOUNDARY_ZERO : self->layer->boundary);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

static void
multiply_tiles (const Tiles *self, const OmniFeatures *inputs, const OmniFeatures *gradients,
                const OmniFeatures *products)
{
  OmniOps *ops = self->ops;
  const guint groups = (self->in_planes + 7) / 8 * POSITIONS, per_workgroup = ops->lanes / 8;
  OmniDispatch kernel = { .shader = "train-tiles-product" };
  const gint32 push[] = {
    inputs->at,           gradients->at,   (gint32)self->in_planes, (gint32)self->out_planes,
    (gint32)self->stride, TILES_PER_CHUNK, (gint32)groups
  };

  omni_ops_constant (&kernel, ops->lanes);
  omni_ops_constant (&kernel, WINOGRAD_PLANES);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, products);
  memcpy (kernel.push, push, sizeof push);
  kernel.groups[0] = (groups + per_workgroup - 1) / per_workgroup;
  kernel.groups[1] = self->chunks;
  kernel.groups[2] = self->blocks;
  kernel.flop = 32.0 * POSITIONS * self->in_planes * self->out_planes * self->stride;
  kernel.bytes = (double)omni_features_bytes (products);
  omni_ops_run (ops, &kernel);
}

static void
finish_tiles (const Tiles *self, const OmniFeatures *gradients, const OmniFeatures *products,
              gboolean with_bias)
{
  OmniOps *ops = self->ops;
  const guint outs = self->blocks * WINOGRAD_PLANES * 4;
  OmniDispatch kernel = omni_ops_kernel ("train-tiles-sum", self->in_planes * outs + self->out_planes, 1);
  const gint32 push[] = { products->at,
                          (gint32)self->chunks,
                          (gint32)self->in_planes,
                          (gint32)outs,
                          (gint32)self->layer->out,
                          (gint32)self->layer->in,
                          (gint32)self->part.first,
                          (gint32)self->part.channels,
                          (gint32)self->layer->weight,
                          with_bias && self->layer->bias != OMNI_OPS_NO_BIAS ? (gint32)self->layer->bias : -1,
                          gradients->at,
                          (gint32)self->out_planes,
                          (gint32)self->stride };

  omni_ops_read_features (ops, &kernel, 0);
  kernel.out[0].arena = ops->results;
  kernel.out[0].size_bytes = ops->n_gradients * 4;
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = (double)omni_features_bytes (products);
  omni_ops_run (ops, &kernel);
}

static void
grad_winograd (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part, const OmniFeatures *input,
               const OmniFeatures *output_gradient, gboolean with_bias)
{
  Tiles self = {
    .ops = ops,
    .layer = layer,
    .part = part,
    .tiles_x = (input->w + 3) / 4,
    .tiles_y = (input->h + 3) / 4,
    .in_planes = omni_features_planes (input),
    .out_planes = omni_features_planes (output_gradient),
  };

  self.tiles = self.tiles_x * self.tiles_y * input->n;
  self.stride = (self.tiles + 7) / 8 * 8;
  self.blocks = (self.out_planes + WINOGRAD_PLANES - 1) / WINOGRAD_PLANES;
  self.chunks = (self.stride + TILES_PER_CHUNK - 1) / TILES_PER_CHUNK;

  const OmniFeatures inputs = transform_tiles (&self, input, FALSE);
  const OmniFeatures gradients = transform_tiles (&self, output_gradient, TRUE);
  const OmniFeatures products = omni_ops_features (
    ops, self.chunks, 4, 1, POSITIONS * self.in_planes * self.blocks * WINOGRAD_PLANES * 4);

  multiply_tiles (&self, &inputs, &gradients, &products);
  finish_tiles (&self, &gradients, &products, with_bias);
}

/* Larger batches take the direct way, which needs no memory to speak of. */
static gboolean
suits_winograd (const OmniOps *ops, const OmniConvLayer *layer, OmniChannels part, const OmniFeatures *input)
{
  return ops->has_shuffle && ops->transforms_tiles && layer->kernel == 3 && layer->dilation == 1
         && layer->groups == 1 && layer->out >= 16 && part.channels >= 16
         && (input->w + 3) / 4 * ((input->h + 3) / 4) * input->n <= TILES_AT_ONCE;
}

void
omni_ops_conv_weight_grad (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part,
                           const OmniFeatures *input, const OmniFeatures *output_gradient, gboolean with_bias)
{
  const guint64 mark = ops->n_texels; /* what is between lives no longer than this */

  if (suits_winograd (ops, layer, part, input))
    grad_winograd (ops, layer, part, input, output_gradient, with_bias);
  else
    grad_direct (ops, layer, part, input, output_gradient, with_bias);
  ops->n_texels = mark;
}
