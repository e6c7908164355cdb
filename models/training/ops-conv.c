/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

#define ROWS_PER_CHUNK        32 /* of partial sums of weight gradients: the order of the sums depends on it */
#define LOCAL_Y               8
#define MAX_DISPATCH_FLOP     1.5e9
#define MAX_WINOGRAD_DILATION 8

/* ---- Packing ---- */

static gboolean
suits_winograd (const OmniOps *ops, guint kernel, guint dilation, guint in, guint out)
{
  return ops->has_shuffle && kernel == 3 && dilation <= MAX_WINOGRAD_DILATION
         && (dilation & (dilation - 1)) == 0 && in >= 16 && out % 8 == 0 && out >= 8;
}

static OmniPackedConv
plan_packed (OmniOps *ops, const OmniConvLayer *layer, guint in, guint planes, guint out)
{
  OmniPackedConv conv = {
    .planes = planes,
    .out = out,
    .kernel = layer->kernel,
    .dilation = layer->dilation,
    .is_winograd = suits_winograd (ops, layer->kernel, layer->dilation, in, out),
  };

  /* 32 take a driver some seconds to compile, once; a run of training is long enough. */
  conv.outputs = conv.is_winograd && out % 32 == 0   ? 32
                 : conv.is_winograd && out % 16 == 0 ? 16
                 : out > 4                           ? 8
                                                     : 4;
  return conv;
}

static guint
padded_outputs (const OmniPackedConv *conv)
{
  return (conv->out + conv->outputs - 1) / conv->outputs * conv->outputs;
}

static void
pack_part (OmniOps *ops, const OmniConvLayer *layer, const OmniPackedConv *conv, OmniChannels part,
           gboolean transposed, guint first_plane, guint planes)
{
  const guint positions = conv->is_winograd ? 36 : conv->kernel * conv->kernel;
  OmniDispatch kernel = omni_ops_kernel ("train-pack", padded_outputs (conv) * planes, 1);
  const gint32 push[] = { (gint32)layer->weight,
                          0,
                          (gint32)conv->outputs,
                          (gint32)layer->out,
                          (gint32)layer->in,
                          (gint32)part.first,
                          (gint32)part.channels,
                          (gint32)planes,
                          (gint32)first_plane,
                          (gint32)conv->planes,
                          (gint32)padded_outputs (conv),
                          (gint32)layer->groups };

  omni_ops_constant (&kernel, conv->is_winograd);
  omni_ops_constant (&kernel, transposed);
  omni_ops_constant (&kernel, conv->kernel * conv->kernel);
  kernel.in[0].view = OMNI_WORK_FLOATS;
  kernel.in[0].arena = ops->parameters;
  kernel.out[0].arena = ops->activations;
  kernel.out[0].offset_bytes = (guint64)conv->weight * 16;
  kernel.out[0].size_bytes = (guint64)padded_outputs (conv) * conv->planes * positions * 16;
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

static gint32
pack_bias (OmniOps *ops, const OmniPackedConv *conv, guint bias)
{
  const guint texels = (padded_outputs (conv) + 3) / 4;
  const gint32 to = omni_ops_texels (ops, texels);
  OmniDispatch kernel = omni_ops_kernel ("train-pack-vector", texels, 1);

  kernel.in[0].view = OMNI_WORK_FLOATS;
  kernel.in[0].arena = ops->parameters;
  kernel.out[0].arena = ops->activations;
  kernel.out[0].offset_bytes = (guint64)to * 16;
  kernel.out[0].size_bytes = texels * 16;
  kernel.push[0] = (gint32)bias;
  kernel.push[2] = (gint32)conv->out;
  kernel.push[3] = (gint32)texels;
  omni_ops_run (ops, &kernel);
  return to;
}

OmniPackedConv
omni_ops_pack (OmniOps *ops, const OmniConvLayer *layer, const OmniChannels *parts, guint n_parts,
               gboolean with_bias)
{
  guint planes = 0, least = G_MAXUINT;

  for (guint i = 0; i < n_parts; i++)
  {
    planes += (parts[i].channels + 3) / 4;
    least = MIN (least, parts[i].channels);
  }

  OmniPackedConv conv = plan_packed (ops, layer, least, planes, layer->out);
  const guint positions = conv.is_winograd ? 36 : conv.kernel * conv.kernel;
  guint first = 0;

  conv.weight = omni_ops_texels (ops, (guint64)padded_outputs (&conv) * planes * positions);
  for (guint i = 0; i < n_parts; i++)
  {
    const guint part_planes = (parts[i].channels + 3) / 4;

    pack_part (ops, layer, &conv, parts[i], FALSE, first, part_planes);
    first += part_planes;
  }
  /* Without a bias: the zeros at the activations' start. */
  if (with_bias && layer->bias != OMNI_OPS_NO_BIAS)
    conv.bias = pack_bias (ops, &conv, layer->bias);
  return conv;
}

OmniPackedConv
omni_ops_pack_transposed (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part)
{
  const guint planes = (layer->out + 3) / 4;
  OmniPackedConv conv = plan_packed (ops, layer, layer->out, planes, part.channels);
  const guint positions = conv.is_winograd ? 36 : conv.kernel * conv.kernel;

  conv.weight = omni_ops_texels (ops, (guint64)padded_outputs (&conv) * planes * positions);
  pack_part (ops, layer, &conv, part, TRUE, 0, planes);
  return conv;
}

/* ---- The convolution itself: the engine's kernels ---- */

/* The views of shaders/common.glsl: base, pitch and plane stride, texels. */
static void
push_view (gint32 *push, const OmniFeatures *x, gint32 at, guint image)
{
  push[0] = at + (gint32)(image * omni_features_image_texels (x));
  push[1] = (gint32)omni_features_pitch (x);
  push[2] = (gint32)(omni_features_pitch (x) * x->h);
}

enum
{
  PUSH_DST,
  PUSH_RECTANGLE = 3,
  PUSH_SIZE = 7,
  PUSH_SOURCES = 10,
  PUSH_BASE = 19,
  PUSH_ARGUMENTS = 22
};

typedef struct
{
  OmniOps *ops;
  const OmniPackedConv *conv;
  OmniBoundary boundary;
  const OmniFeatures *inputs;
  guint n_inputs;
  const OmniFeatures *base;
  gboolean accumulate; /* add to what the output holds */
  OmniActivation activation;
  float slope;
  const OmniFeatures *output;
} Convolution;

/* The constants and arguments of shaders/conv.glsl, as vk/plan-lower-conv.c gives them. Winograd kernels take a second or
 * two to compile: one activation, the leaky one, serves for all. */
static void
add_common (const Convolution *self, OmniDispatch *kernel)
{
  const OmniPackedConv *conv = self->conv;
  const OmniFeatures *out = self->output;
  const guint reach = conv->kernel / 2 * conv->dilation;
  const gboolean folds_twice = self->boundary == OMNI_BOUNDARY_REFLECT && reach + 4 > MIN (out->w, out->h);
  const float slope = self->activation == OMNI_ACTIVATION_NONE   ? 1.0F
                      : self->activation == OMNI_ACTIVATION_RELU ? 0.0F
                                                                 : self->slope;
  gint32 *argument = kernel->push + PUSH_ARGUMENTS;

  omni_ops_constant (kernel, self->boundary);
  omni_ops_constant (kernel, OMNI_ACTIVATION_LEAKY_RELU);
  omni_ops_constant (kernel, 0);
  omni_ops_constant (kernel, self->accumulate ? 2 : self->base != NULL ? 1 : 0);
  omni_ops_constant (kernel, 0);
  omni_ops_constant (kernel, folds_twice);
  omni_ops_constant (kernel, self->ops->lanes);
  argument[0] = conv->weight;
  argument[1] = conv->bias;
  argument[4] = omni_ops_float_bits (slope);
  for (guint i = 0; i < self->n_inputs; i++)
    argument[5 + i] = (gint32)self->inputs[i].c;
  if (conv->is_winograd)
    argument[7] |= (gint32)conv->dilation << 16;
  argument[8] = (gint32)conv->out;
  argument[9] = (gint32)(conv->planes | 1U << 16);
}

static OmniDispatch
make_conv (const Convolution *self)
{
  const OmniPackedConv *conv = self->conv;
  const gboolean shuffle = self->ops->has_shuffle;
  const guint cover_y = conv->is_winograd ? 4 : 1;
  const guint dilation = conv->is_winograd ? conv->dilation
                                           : 1; /* invocations that share out a square among them */
  OmniDispatch kernel = { .shader = !conv->is_winograd    ? (shuffle ? "conv-shuffle" : "conv-direct")
                                    : conv->outputs == 32 ? "conv-winograd-32"
                                    : conv->outputs == 16 ? "conv-winograd-16"
                                                          : "conv-winograd-8" };
  const guint local_x = shuffle ? self->ops->lanes : 8;
  const guint local_y = conv->is_winograd ? 1 : LOCAL_Y;
  const OmniFeatures *out = self->output;

  omni_ops_constant (&kernel, local_x);
  omni_ops_constant (&kernel, local_y);
  add_common (self, &kernel);
  omni_ops_constant (&kernel, conv->kernel);
  omni_ops_constant (&kernel, conv->dilation);
  omni_ops_constant (&kernel, conv->outputs);
  omni_ops_constant (&kernel, 0);
  omni_ops_constant (&kernel, 4);
  omni_ops_constant (&kernel, 0);
  omni_ops_constant (&kernel, 1);
  kernel.groups[0] = ((out->w + 4 * dilation - 1) / (4 * dilation) * dilation + local_x - 1) / local_x;
  kernel.groups[1] = ((out->h + cover_y * dilation - 1) / (cover_y * dilation) * dilation + local_y - 1)
                     / local_y;
  kernel.groups[2] = padded_outputs (conv) / conv->outputs;
  kernel.weights.view = OMNI_WORK_TEXELS;
  kernel.weights.arena = self->ops->activations;
  for (guint i = 0; i < OMNI_WORK_INPUTS; i++)
    omni_ops_read_features (self->ops, &kernel, i);
  omni_ops_write_features (self->ops, &kernel, 0, out);
  kernel.push[PUSH_RECTANGLE + 2] = (gint32)out->w;
  kernel.push[PUSH_RECTANGLE + 3] = (gint32)out->h;
  kernel.push[PUSH_SIZE] = (gint32)out->w;
  kernel.push[PUSH_SIZE + 1] = (gint32)out->h;
  kernel.flop = 8.0 * conv->planes * conv->out * conv->kernel * conv->kernel * out->w * out->h;
  kernel.bytes = (double)(omni_features_bytes (out) / out->n);
  return kernel;
}

/* As many images at a time as keep a dispatch short on a slow device; those that share a base stay together. */
static void
run_conv (const Convolution *self)
{
  const OmniDispatch kernel = make_conv (self);
  const guint n = self->output->n;
  const guint per_base = self->base != NULL ? n / self->base->n : 1;
  const guint at_once = MAX ((guint)(MAX_DISPATCH_FLOP / kernel.flop) / per_base, 1) * per_base;

  for (guint image = 0; image < n; image += at_once)
  {
    const guint count = MIN (at_once, n - image);
    OmniDispatch some = kernel;

    push_view (some.push + PUSH_DST, self->output, 0, image);
    for (guint i = 0; i < self->n_inputs; i++)
      push_view (some.push + PUSH_SOURCES + 3 * i, &self->inputs[i], self->inputs[i].at, image);
    if (self->base != NULL)
      push_view (some.push + PUSH_BASE, self->base, self->base->at, image / per_base);
    some.push[PUSH_RECTANGLE] = (gint32)count;
    some.push[PUSH_RECTANGLE + 1] = (gint32)per_base;
    some.groups[2] *= count;
    some.flop *= count;
    some.bytes *= count;
    omni_ops_run (self->ops, &some);
  }
}

OmniFeatures
omni_ops_conv (OmniOps *ops, const OmniPackedConv *conv, OmniBoundary boundary, const OmniFeatures *inputs,
               guint n_inputs, const OmniFeatures *base, OmniActivation activation, float slope)
{
  const OmniFeatures out = omni_ops_features (ops, inputs[0].n, conv->out, inputs[0].h, inputs[0].w);

  run_conv (&(Convolution){ .ops = ops,
                            .conv = conv,
                            .boundary = boundary,
                            .inputs = inputs,
                            .n_inputs = n_inputs,
                            .base = base,
                            .activation = activation,
                            .slope = slope,
                            .output = &out });
  return out;
}

/* ---- Gradient of the input ---- */

static OmniFeatures
pad (OmniOps *ops, const OmniFeatures *x, guint ring)
{
  const OmniFeatures out = omni_ops_features (ops, x->n, x->c, x->h + 2 * ring, x->w + 2 * ring);
  const guint n = omni_features_image_texels (&out) * out.n;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-pad", n);
  const gint32 push[] = { x->at,        (gint32)x->w,
                          (gint32)x->h, (gint32)omni_features_pitch (x),
                          (gint32)ring, (gint32)omni_features_pitch (&out),
                          (gint32)n };

  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

static void
fold (OmniOps *ops, const OmniFeatures *padded, OmniBoundary boundary, guint ring, gboolean accumulate,
      const OmniFeatures *out)
{
  const guint n = omni_features_image_texels (out) * out->n;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-fold", n);
  const gint32 push[] = { padded->at,     (gint32)out->w,
                          (gint32)out->h, (gint32)omni_features_pitch (out),
                          (gint32)ring,   (gint32)omni_features_pitch (padded),
                          (gint32)n,      out->at };

  omni_ops_constant (&kernel, boundary);
  omni_ops_constant (&kernel, accumulate);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

void
omni_ops_conv_input_grad (OmniOps *ops, const OmniPackedConv *transposed, OmniBoundary boundary,
                          const OmniFeatures *output_gradient, gboolean accumulate,
                          const OmniFeatures *gradient)
{
  const guint ring = transposed->kernel / 2 * transposed->dilation;

  if (boundary == OMNI_BOUNDARY_ZERO || ring == 0)
  {
    run_conv (&(Convolution){ .ops = ops,
                              .conv = transposed,
                              .inputs = output_gradient,
                              .n_inputs = 1,
                              .accumulate = accumulate,
                              .output = gradient });
    return;
  }

  const OmniFeatures padded = pad (ops, output_gradient, ring);
  const OmniFeatures wide = omni_ops_conv (ops, transposed, OMNI_BOUNDARY_ZERO, &padded, 1, NULL,
                                           OMNI_ACTIVATION_NONE, 1.0F);

  fold (ops, &wide, boundary, ring, accumulate, gradient);
}
