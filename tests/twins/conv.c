/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/twins/twin.h"

typedef struct
{
  const TwinTensor *const *inputs;
  const OmniConvParams *params;
  guint in_channels; /* of the concatenation */
  guint groups;
  int dilation;
} Conv;

static float
weight_of (const Conv *conv, guint o, guint i, guint tap)
{
  const OmniConvParams *params = conv->params;
  const guint per_group = conv->in_channels / conv->groups;
  const float weight =
    params->weight[((gsize)o * per_group + i % per_group) * params->kernel * params->kernel + tap];

  return params->pre_scale != NULL ? weight * params->pre_scale[o] : weight;
}

/* What `input`, whose first channel is number `first` of the concatenation, adds to one output value: four channels at a
 * time, tap by tap. */
static float
add_input (const Conv *conv, const TwinTensor *input, guint first, guint n, guint o, int y, int x, float sum)
{
  const int kernel = (int)conv->params->kernel;
  const int reach = kernel / 2 * conv->dilation;
  const guint out_per_group = conv->params->out_channels / conv->groups;
  const guint in_per_group = conv->in_channels / conv->groups;

  for (guint block = 0; block < input->c; block += 4)
    for (int tap = 0; tap < kernel * kernel; tap++)
    {
      const int row = twin_boundary (conv->params->boundary, y + tap / kernel * conv->dilation - reach,
                                     (int)input->h);
      const int column = twin_boundary (conv->params->boundary, x + tap % kernel * conv->dilation - reach,
                                        (int)input->w);

      for (guint c = block; c < MIN (block + 4, input->c); c++)
        if (row >= 0 && column >= 0 && (first + c) / in_per_group == o / out_per_group)
          sum += twin_at (input, MIN (n, input->n - 1), c, (guint)row, (guint)column)
                 * weight_of (conv, o, first + c, (guint)tap);
    }

  return sum;
}

static gboolean
is_pooled (const Conv *conv, guint i, guint n_out)
{
  return conv->inputs[i]->n == 1 && n_out > 1;
}

static float
conv_value (const Conv *conv, guint n_out, guint n, guint o, int y, int x)
{
  const OmniConvParams *params = conv->params;
  const float scale = params->pre_scale != NULL ? params->pre_scale[o] : 1.0F;
  const float shift = params->pre_shift != NULL ? params->pre_shift[o] : 0.0F;
  float parts[2] = { 0.0F, 0.0F }; /* per source, pooled */
  gboolean has_pooled = FALSE;
  guint first = 0;

  for (guint i = 0; i < params->n_inputs; i++)
  {
    const gboolean pooled = is_pooled (conv, i, n_out);

    parts[pooled] = add_input (conv, conv->inputs[i], first, n, o, y, x, parts[pooled]);
    has_pooled = has_pooled || pooled;
    first += conv->inputs[i]->c;
  }

  float value = parts[0] + ((params->bias != NULL ? params->bias[o] : 0.0F) * scale + shift);

  if (has_pooled)
    value += parts[1];
  value = twin_activate (params->activation, value, params->slope);
  if (params->post_scale != NULL || params->post_shift != NULL)
    value = value * (params->post_scale != NULL ? params->post_scale[o] : 1.0F)
            + (params->post_shift != NULL ? params->post_shift[o] : 0.0F);
  return value;
}

TwinTensor *
twin_conv (const TwinTensor *const *inputs, const OmniConvParams *params)
{
  Conv conv = { inputs, params, 0, MAX (params->groups, 1), (int)MAX (params->dilation, 1) };
  const TwinTensor *first = inputs[0];
  guint n_out = 1;

  for (guint i = 0; i < params->n_inputs; i++)
  {
    conv.in_channels += inputs[i]->c;
    n_out = MAX (n_out, inputs[i]->n);
  }

  TwinTensor *out = twin_new (n_out, params->out_channels, first->h, first->w);

  for (guint n = 0; n < n_out; n++)
    for (guint o = 0; o < out->c; o++)
      for (guint y = 0; y < out->h; y++)
        for (guint x = 0; x < out->w; x++)
          twin_plane (out, n, o)[(gsize)y * out->w + x] = conv_value (&conv, n_out, n, o, (int)y, (int)x);

  return out;
}
