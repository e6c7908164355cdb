/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

/* A kernel takes so many inputs at once. */
#define MOST_INPUTS 3

static OmniChannels
channels_of (const OmniTrainValue *const *inputs, guint index)
{
  OmniChannels part = { 0, inputs[index]->features.c };

  for (guint i = 0; i < index; i++)
    part.first += inputs[i]->features.c;
  return part;
}

OmniFeatures
omni_layer_forward (OmniOps *ops, const OmniConvLayer *layer, const OmniTrainValue *const *inputs,
                    guint n_inputs, OmniActivation activation, float slope)
{
  OmniFeatures out = { 0 };

  for (guint first = 0; first < n_inputs; first += MOST_INPUTS)
  {
    const guint n = MIN (MOST_INPUTS, n_inputs - first);
    const gboolean is_last = first + n == n_inputs;
    OmniFeatures some[MOST_INPUTS];
    OmniChannels parts[MOST_INPUTS];
    const OmniFeatures base = out;

    for (guint i = 0; i < n; i++)
    {
      some[i] = inputs[first + i]->features;
      parts[i] = channels_of (inputs, first + i);
    }

    const OmniPackedConv packed = omni_ops_pack (ops, layer, parts, n, is_last);

    out = omni_ops_conv (ops, &packed, layer->boundary, some, n, first > 0 ? &base : NULL,
                         is_last ? activation : OMNI_ACTIVATION_NONE, is_last ? slope : 1.0F);
  }
  return out;
}

void
omni_layer_backward (OmniOps *ops, const OmniConvLayer *layer, OmniTrainValue *const *inputs, guint n_inputs,
                     const OmniFeatures *gradient)
{
  for (guint i = 0; i < n_inputs; i++)
  {
    OmniTrainValue *input = inputs[i];
    const OmniFeatures *x = &input->features;
    const OmniChannels part = channels_of ((const OmniTrainValue *const *)inputs, i);

    omni_ops_conv_weight_grad (ops, layer, part, x, gradient, i == 0);
    if (input->is_picture)
      continue;

    const OmniPackedConv turned = omni_ops_pack_transposed (ops, layer, part);

    if (!input->has_gradient)
      input->gradient = omni_ops_features (ops, x->n, x->c, x->h, x->w);
    omni_ops_conv_input_grad (ops, &turned, layer->boundary, gradient, input->has_gradient, &input->gradient);
    input->has_gradient = TRUE;
  }
}

void
omni_layer_activation_backward (OmniOps *ops, const OmniTrainValue *value, float slope)
{
  const OmniSetGradParams params = { .features = &value->features, .slope = slope, .has_gradient = TRUE };

  omni_ops_set_grad (ops, &params, 1, &value->gradient, NULL);
}
