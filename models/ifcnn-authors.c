/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/ifcnn.h"

/* Whole numbers below 2^24 are exact as floats, and so are their products with powers of two: the fixed-point arithmetic of
 * PIL (6 bits) and OpenCV (14 bits) is computed as it is. */

static OmniNode
affine (OmniGraph *graph, OmniNode x, float scale, float shift, OmniActivation activation)
{
  return omni_graph_unary (graph, x, scale, shift, activation, 0);
}

/* 0 … 1 to the nearest level 0 … 255. */
static OmniNode
add_nearest (OmniGraph *graph, OmniNode x)
{
  return affine (graph, x, 255, .5f, OMNI_ACTIVATION_FLOOR);
}

/* floor (Σ weights · x + bias) over three channels. */
static OmniNode
add_floor_of_sum (OmniGraph *graph, OmniNode x, guint out, const float *weights, float bias)
{
  const float biases[] = { bias, bias, bias };

  return omni_graph_conv (graph, &(OmniConvParams){ .inputs = &x,
                                                    .n_inputs = 1,
                                                    .out_channels = out,
                                                    .kernel = 1,
                                                    .weight = weights,
                                                    .bias = biases,
                                                    .activation = OMNI_ACTIVATION_FLOOR,
                                                    .label = "levels" });
}

/* One channel of PIL's YCbCr from levels of R, G, B: each term has a table in sixty-fourths, rounded half up, and what a
 * negative one has is cut toward zero (Pillow, ConvertYCbCr.c). */
static OmniNode
add_pil_channel (OmniGraph *graph, OmniNode levels, const float coefficients[3])
{
  float magnitude[3], shift[3], sign[3];
  OmniNode terms;

  for (guint c = 0; c < 3; c++)
  {
    magnitude[c] = 64 * (coefficients[c] < 0 ? -coefficients[c] : coefficients[c]);
    shift[c] = coefficients[c] < 0 ? -.5f : .5f;
    sign[c] = coefficients[c] < 0 ? -1.f / 64 : 1.f / 64;
  }
  terms = omni_graph_binary (graph, OMNI_BINARY_MUL, levels, omni_graph_constant (graph, 3, 0, magnitude));
  terms = omni_graph_binary (graph, OMNI_BINARY_ADD, terms, omni_graph_constant (graph, 3, 0, shift));
  terms = affine (graph, terms, 1, 0, OMNI_ACTIVATION_FLOOR);
  terms = affine (graph, terms, 1, 0, OMNI_ACTIVATION_RELU);
  return add_floor_of_sum (graph, terms, 1, sign, 0);
}

static OmniNode
add_source_levels (OmniGraph *graph)
{
  return add_nearest (graph, omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0));
}

OmniNode
omni_ifcnn_add_luma_levels (OmniGraph *graph)
{
  static const float luma[] = { .299f, .587f, .114f };

  return affine (graph, add_pil_channel (graph, add_source_levels (graph), luma), 1.f / 255, 0,
                 OMNI_ACTIVATION_NONE);
}

OmniNode
omni_ifcnn_add_levels (OmniGraph *graph, OmniNode x)
{
  static const float most[] = { 255, 255, 255 };

  x = affine (graph, x, 255, 0, OMNI_ACTIVATION_FLOOR);
  x = affine (graph, x, 1, 0, OMNI_ACTIVATION_RELU);
  x = omni_graph_binary (graph, OMNI_BINARY_MIN, x,
                         omni_graph_constant (graph, omni_graph_get_channels (graph, x), 0, most));
  return affine (graph, x, 1.f / 255, 0, OMNI_ACTIVATION_NONE);
}

OmniNode
omni_ifcnn_add_grey_levels (OmniGraph *graph, OmniNode rgb)
{
  static const float weights[] = { 4899.f / 16384, 9617.f / 16384, 1868.f / 16384 };

  return affine (graph, add_floor_of_sum (graph, add_nearest (graph, rgb), 1, weights, .5f), 1.f / 255, 0,
                 OMNI_ACTIVATION_NONE);
}

OmniNode
omni_ifcnn_add_equalisation (OmniGraph *graph, OmniNode luma)
{
  OmniNode x = affine (graph, add_nearest (graph, luma), 1, 0, OMNI_ACTIVATION_NONE);

  /* x/255 · 235 + (1 − x/255) · 16 = (219 x + 4080) / 255: never nearer to a whole number than 1/85 from below */
  x = affine (graph, affine (graph, x, 219, 4080.5f, OMNI_ACTIVATION_NONE), 1.f / 255, 0,
              OMNI_ACTIVATION_FLOOR);
  return omni_graph_equalise (graph, affine (graph, x, 1.f / 255, 0, OMNI_ACTIVATION_NONE), 2, 8);
}

/* Per source: Cb and Cr, of which 128 is ½ in 256ths. */
static OmniNode
add_source_chroma (OmniGraph *graph)
{
  static const float cb[] = { -.16874f, -.33126f, .5f }, cr[] = { .5f, -.41869f, -.08131f };
  static const float first[] = { 1, 0 }, second[] = { 0, 1 };
  const OmniNode levels = add_source_levels (graph);
  const OmniNode planes[] = { add_pil_channel (graph, levels, cb), add_pil_channel (graph, levels, cr) };
  const OmniNode both = omni_graph_binary (
    graph, OMNI_BINARY_ADD,
    omni_graph_binary (graph, OMNI_BINARY_MUL, omni_graph_constant (graph, 2, 0, first), planes[0]),
    omni_graph_binary (graph, OMNI_BINARY_MUL, omni_graph_constant (graph, 2, 0, second), planes[1]));

  return affine (graph, both, 1.f / 256, .5f, OMNI_ACTIVATION_NONE);
}

OmniNode
omni_ifcnn_add_chroma_levels (OmniGraph *graph, OmniNode luma)
{
  /* OpenCV: R from Cr, G from both, B from Cb; Cb first here */
  static const float weights[] = {
    0, 22987.f / 16384, -5636.f / 16384, -11698.f / 16384, 29049.f / 16384, 0,
  };
  OmniNode chroma = omni_graph_fuse_chroma (graph, add_source_chroma (graph));
  OmniNode x;

  /* cut to levels, 128 off; a ratio that should be whole may fall short of it by rounding */
  chroma = affine (graph, chroma, 256, -128 + 1.f / 64, OMNI_ACTIVATION_FLOOR);
  x = omni_graph_binary (graph, OMNI_BINARY_ADD, add_floor_of_sum (graph, chroma, 3, weights, .5f),
                         add_nearest (graph, luma));
  return affine (graph, x, 1.f / 255, 0, OMNI_ACTIVATION_NONE);
}
