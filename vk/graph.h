/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A network or a classical method as a graph of typed operations over tensors with a set axis.
 *
 * Every tensor is [set, channels, height, width]. The set axis holds the N pictures (a per-source tensor) or has been
 * reduced to one (a pooled tensor). Ordinary operations treat every member of the set alike; only the omni_graph_set_*
 * operations cross the axis. The set operations are exactly symmetric (the same bits for every order of the sources)
 * except the ones marked order-dependent, and whether the whole graph is order-invariant is derived from the nodes its
 * output depends on: omni_graph_is_order_invariant().
 *
 * A tensor lives at a level: its height and width are the picture's, halved (rounding up) `level` times.
 *
 * A graph does not know N or the size of the pictures; omni_plan_new() compiles it for both. Building mistakes (a wrong
 * channel count, mixed levels) are programmer errors and abort with a g_error naming the node. Data given to a builder
 * function (weights) is copied. A graph is immutable once a plan was made of it and may then be shared by threads. */
typedef struct _OmniGraph OmniGraph;

/* Handle of a tensor in its graph. */
typedef int OmniNode;
#define OMNI_NODE_NONE (-1)

typedef enum
{
  OMNI_BOUNDARY_ZERO,
  OMNI_BOUNDARY_REPLICATE, /* aaa|abcd|ddd */
  OMNI_BOUNDARY_REFLECT,   /* dcb|abcd|cba, the edge not repeated */
  OMNI_BOUNDARY_SYMMETRIC, /* cba|abcd|dcb, the edge repeated */
  OMNI_BOUNDARY_OPEN /* convolutions: what lies beyond is computed as what lies within, see omni_graph_extend() */
} OmniBoundary;

typedef enum
{
  OMNI_ACTIVATION_NONE,
  OMNI_ACTIVATION_RELU,
  OMNI_ACTIVATION_LEAKY_RELU, /* max (x, slope·x) */
  OMNI_ACTIVATION_TANH,
  OMNI_ACTIVATION_SOFTPLUS, /* ln (1 + exp x) */
  OMNI_ACTIVATION_ABS,
  OMNI_ACTIVATION_LOG,  /* ln (x + slope): the slope is the floor */
  OMNI_ACTIVATION_SQRT, /* √ max (x, 0) */
  OMNI_ACTIVATION_EXP,  /* exp x */
  OMNI_ACTIVATION_FLOOR /* the largest whole number ≤ x */
} OmniActivation;

/* What omni_graph_picture() reads from the sources. Values are encoded samples scaled to 0 … 1 (integers by 1/255 or
 * 1/65535, floats as they are). NaN reads as 0, infinities as ±65504 and −0 as 0, so nothing after this point ever meets
 * them. Alpha is not part of any plane set but its own. */
typedef enum
{
  OMNI_PLANES_LUMA,   /* 1: BT.601 full range Y = .299 R + .587 G + .114 B; grey as it is */
  OMNI_PLANES_CHROMA, /* 2: Cb = .5 + (B − Y)/1.772, Cr = .5 + (R − Y)/1.402; ½ for grey */
  OMNI_PLANES_COLOUR, /* 3: R, G, B; grey three times */
  OMNI_PLANES_BANDS,  /* as many as the graph was made for: every channel of the source as it is */
  OMNI_PLANES_ALPHA   /* 1: how opaque the pixel is; 1 for sources without alpha */
} OmniPlanes;

OmniGraph *omni_graph_new (const char *name);
OmniGraph *omni_graph_ref (OmniGraph *graph);
void omni_graph_unref (OmniGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniGraph, omni_graph_unref)

/* The sources: per-source, level 0. `bands` is the channel count for OMNI_PLANES_BANDS (1 … 8), else 0. */
OmniNode omni_graph_picture (OmniGraph *graph, OmniPlanes planes, guint bands);

/* 1 for every pixel of a source whose mark (OmniPlanSource.mark) has a bit of `marks`, else 0: per-source, one channel,
 * level 0. A mark is a property of the source that travels with it, so what depends on it depends on no order. */
OmniNode omni_graph_mark (OmniGraph *graph, guint marks);

/* A chessboard of squares of `square_px`: 1 in the one at the picture's top left corner, 0 beside it; pooled, one channel,
 * level 0. */
OmniNode omni_graph_checker (OmniGraph *graph, guint square_px);

/* A constant value for every pixel, pooled, `channels` at `level`. */
OmniNode omni_graph_constant (OmniGraph *graph, guint channels, guint level, const float *values);

typedef struct
{
  const OmniNode
    *inputs; /* concatenated on the channel axis without a copy; pooled inputs beside per-source ones are
                             convolved once per set: conv([F, P]) = conv(F) + conv(P) */
  guint n_inputs;
  guint out_channels;
  guint kernel;   /* 1, 3, 5 or 7, square, stride 1 */
  guint dilation; /* 0 and 1 mean none */
  guint groups;   /* 0 and 1 mean none */
  OmniBoundary boundary;
  const float *weight;    /* [out][in / groups][kernel][kernel], cross-correlation */
  const float *bias;      /* [out] or NULL */
  const float *pre_scale; /* [out] or NULL: (conv + bias) · pre_scale + pre_shift before the activation */
  const float *pre_shift;
  OmniActivation activation;
  float slope;
  const float *post_scale; /* [out] or NULL: · post_scale + post_shift after the activation (IFANI's order) */
  const float *post_shift;
  /* One output of one input of 8 channels or more: `weight` and `bias` hold sixteen filters in turn, and each pixel takes
   * the one numbered by the edges of the picture it lies on: 1 left, 2 right, 4 top, 8 bottom, added up. */
  gboolean per_edge;
  const char *label; /* shown by --profile, e.g. "fb2" */
} OmniConvParams;

#define OMNI_EDGE_FILTERS 16

OmniNode omni_graph_conv (OmniGraph *graph, const OmniConvParams *params);

/* Point by point. */
typedef enum
{
  OMNI_BINARY_ADD,
  OMNI_BINARY_SUB,
  OMNI_BINARY_MUL,
  OMNI_BINARY_DIV, /* 0 where the divisor is 0 */
  OMNI_BINARY_MAX,
  OMNI_BINARY_MIN,
  OMNI_BINARY_EQUAL /* 1 where a = b, else 0 */
} OmniBinary;

/* A plane that goes on beyond the picture with its edge, as far as convolutions with OMNI_BOUNDARY_OPEN behind it see: a network
 * of these sees a larger picture there, instead of a rule for the border in each of its layers. Between the two may
 * stand pointwise operations, set_max, set_sum and set_mean. */
OmniNode omni_graph_extend (OmniGraph *graph, OmniNode x);

/* activation (x·scale + shift). */
OmniNode omni_graph_unary (OmniGraph *graph, OmniNode x, float scale, float shift, OmniActivation activation,
                           float slope);

/* Same level; the channel counts are equal or one of them is 1 (spread over the other). Per-source ∘ pooled is per-source. */
OmniNode omni_graph_binary (OmniGraph *graph, OmniBinary op, OmniNode a, OmniNode b);

/* Output channel c is input channel `indices[c]`: shuffles, slices and repeats. */
OmniNode omni_graph_channels (OmniGraph *graph, OmniNode x, const guint *indices, guint n_indices);

/* Channel shuffle of grouped convolutions: y[i·(C/groups) + k] = x[groups·k + i]. */
OmniNode omni_graph_channel_shuffle (OmniGraph *graph, OmniNode x, guint groups);

/* Whole-picture statistics, per source and channel, exact for any tiling. In tiles the picture goes by once more for
 * every statistic that waits for another one, and what they need is computed anew each time.
 *
 * (x − mean)/√(variance + epsilon) with the biased mean and variance, and an activation of that. */
OmniNode omni_graph_normalise (OmniGraph *graph, OmniNode x, float epsilon);
OmniNode omni_graph_normalise_activate (OmniGraph *graph, OmniNode x, float epsilon,
                                        OmniActivation activation, float slope);

/* The mean, the largest and the smallest value of every channel, spread over the plane. */
OmniNode omni_graph_picture_mean (OmniGraph *graph, OmniNode x);
OmniNode omni_graph_picture_max (OmniGraph *graph, OmniNode x);
OmniNode omni_graph_picture_min (OmniGraph *graph, OmniNode x);

/* Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) of one plane of levels k/255, with the arithmetic of
 * OpenCV's CLAHE to the level: `cells` × `cells` histograms, of which no bin keeps more than `clip_limit` times its even
 * share. Other values are rounded to levels. */
OmniNode omni_graph_equalise (OmniGraph *graph, OmniNode x, float clip_limit, guint cells);

/* Histogram specification of one plane of levels k/255, at any level of a pyramid, by the rule of MATLAB's
 * histeq (x, histogram). Both histograms are summed from level 0 on, the second in proportion to the plane's size; level k
 * becomes the first whose sum is not below that of k, less half the count of k where k is neither 0 nor 255. Short by 2^-26
 * of the plane still counts as not below. The sums are compared as whole numbers, exact for planes of up to 2^31 pixels.
 * Other values are rounded to levels. */
#define OMNI_LEVELS 256
OmniNode omni_graph_match_levels (OmniGraph *graph, OmniNode x, const guint64 histogram[OMNI_LEVELS]);

/* Filters over planar tensors, per channel. `radius` 1 … 15. */
OmniNode omni_graph_box (OmniGraph *graph, OmniNode x, guint radius, OmniBoundary boundary);
OmniNode omni_graph_gaussian (OmniGraph *graph, OmniNode x, float sigma, guint radius, OmniBoundary boundary);

/* One axis: y[i] = Σ_k taps[k] · x[i + (k − radius)·step] over k = 0 … 2·radius; radius 1 … 15, radius·step at most 1024. */
OmniNode omni_graph_filter (OmniGraph *graph, OmniNode x, const float *taps, guint radius, guint step,
                            gboolean vertical, OmniBoundary boundary);

/* The mean of what the picture holds of the (2·radius + 1)² pixels around each, along one axis and then the other. `radius`
 * 1 … 1024; the cost does hardly grow with it. */
OmniNode omni_graph_window_mean (OmniGraph *graph, OmniNode x, guint radius);

/* Pooling by 2×2 to level + 1 (a last odd row or column is pooled over what exists), and back by 2 to level − 1. */
OmniNode omni_graph_pool_max (OmniGraph *graph, OmniNode x);
OmniNode omni_graph_pool_mean (OmniGraph *graph, OmniNode x);
OmniNode omni_graph_upsample_nearest (OmniGraph *graph, OmniNode x);
OmniNode omni_graph_upsample_bilinear (OmniGraph *graph, OmniNode x); /* half-pixel centres, replicate */

/* Bilinear in one step from the tensor's level to a finer one: not the same as going up by 2 several times. Planar. */
OmniNode omni_graph_upsample_to (OmniGraph *graph, OmniNode x, guint level);

/* Pyramids. `BURT`: [1 4 6 4 1]/16, symmetric boundary, samples at even pixels, and its transpose going up (Burt and
 * Adelson 1983). `QUAD`: [1 3 3 1]/8 down, bilinear at half-pixel centres up, replicate. */
typedef enum
{
  OMNI_PYRAMID_BURT,
  OMNI_PYRAMID_QUAD
} OmniPyramid;

OmniNode omni_graph_down (OmniGraph *graph, OmniNode x, OmniPyramid pyramid);

/* fine + sign · up (coarse): sign −1 gives a Laplacian band, +1 collapses one. */
OmniNode
omni_graph_up_add (OmniGraph *graph, OmniNode fine, OmniNode coarse, float sign, OmniPyramid pyramid);

/* |fine − up (coarse)|. */
OmniNode omni_graph_band_magnitude (OmniGraph *graph, OmniNode fine, OmniNode coarse, OmniPyramid pyramid);

/* Exposure-fusion weight of a three-channel picture (Mertens, Kautz, Van Reeth 2007, §3.1):
 * |Laplacian of the grey|^contrast · (standard deviation of R, G, B)^saturation · Π exp(−(c − ½)²/(2·σ²))^exposedness + 2^-40 (1e-12). */
OmniNode omni_graph_exposure_weight (OmniGraph *graph, OmniNode colour, float contrast, float saturation,
                                     float exposedness, float sigma);

/* The same weight as a share of its sum over the set: the shares of a pixel add to 1 but for one rounding each. The sum
 * is exact, of weights on a grid far below 1e-12 (2^-54 for up to 4 sources of ordinary exponents). Streams. */
OmniNode omni_graph_exposure_share (OmniGraph *graph, OmniNode colour, float contrast, float saturation,
                                    float exposedness, float sigma);

/* ---- Across the set: exactly symmetric ---- */

/* Maximum over the set, by the total order −∞ … −0 < +0 … +∞. Streams. */
OmniNode omni_graph_set_max (OmniGraph *graph, OmniNode x);

/* Sum and mean over the set: at each element the terms are rounded to one grid chosen from the largest of them
 * (2^-30·N of it) and added as integers, so the order cannot matter. Needs all sources at the same time. */
OmniNode omni_graph_set_sum (OmniGraph *graph, OmniNode x);
OmniNode omni_graph_set_mean (OmniGraph *graph, OmniNode x);

/* The same of `n` channels from `first` on, as omni_graph_channels() would choose them, without a copy where both are whole
 * texels. */
OmniNode omni_graph_set_max_of (OmniGraph *graph, OmniNode x, guint first, guint n);
OmniNode omni_graph_set_mean_of (OmniGraph *graph, OmniNode x, guint first, guint n);

/* Sum over the set of terms within ±range·(1 + the picture's range): fixed-point with 2^-28 of `range` as its grid (for up
 * to 4 sources, one bit less for each doubling). Terms beyond saturate. Streams. */
OmniNode omni_graph_set_sum_fixed (OmniGraph *graph, OmniNode x, float range);

/* Σ_k weight_k · (fine_k − up (coarse_k)) by the same fixed-point sum; `coarse` may be OMNI_NODE_NONE. The weight has one
 * channel. Laplacian-pyramid blending in one pass over each source. Streams. */
OmniNode omni_graph_set_blend (OmniGraph *graph, OmniNode weight, OmniNode fine, OmniNode coarse,
                               OmniPyramid pyramid, float range);

/* The same over Σ_k weight_k, for weights of 0 … 1; 0 where all of them are 0. Streams. */
OmniNode omni_graph_set_blend_mean (OmniGraph *graph, OmniNode weight, OmniNode fine, OmniNode coarse,
                                    OmniPyramid pyramid, float range);

/* The numerators of a softmax over the set, exp (score_k − max score), of score_k = logit_k + gain · ln (m_k + floor), where
 * m_k is the mean of |fine − up (coarse)| over 3 × 3, the edge continued, in the pyramid OMNI_PYRAMID_QUAD. One channel
 * each; the gain is pooled. Logit and gain may both be of a coarser level: bilinear, see omni_graph_upsample_to(). The
 * source of the largest score has exactly 1. Streams. */
OmniNode omni_graph_score_weight (OmniGraph *graph, OmniNode fine, OmniNode coarse, OmniNode logit,
                                  OmniNode gain, float floor);

/* At each pixel the values of the source whose one-channel `key` is largest; equal keys are decided by the values
 * themselves, compared channel by channel, so that no order can show. Streams. */
OmniNode omni_graph_set_select (OmniGraph *graph, OmniNode key, OmniNode values);

/* exp (x_k − max) / Σ exp (x_j − max), the sum in fixed point. Needs all sources at the same time. Per-source result. */
OmniNode omni_graph_set_softmax (OmniGraph *graph, OmniNode x);

/* ---- Across the set: order-dependent (a graph whose output depends on one is not order-invariant) ---- */

/* The tensor of source `index` as a pooled tensor. */
OmniNode omni_graph_set_pick (OmniGraph *graph, OmniNode x, guint index);

/* The plain running floating-point mean in list order: for showing what goes wrong. */
OmniNode omni_graph_set_running_mean (OmniGraph *graph, OmniNode x);

/* ---- Colour ---- */

/* Fused chroma of the papers: C = Σ C_i |C_i − ½| / Σ |C_i − ½|, ½ where all are ½ (IFCNN §III, U2Fusion Eq. 10, IFANI
 * §3.3). Takes OMNI_PLANES_CHROMA, gives two pooled planes. */
OmniNode omni_graph_fuse_chroma (OmniGraph *graph, OmniNode chroma);

/* Y = .299 R + .587 G + .114 B of three planes: as OMNI_PLANES_LUMA, bit for bit, at level 0. */
OmniNode omni_graph_luma (OmniGraph *graph, OmniNode colour);

/* R, G, B from one luminance and two chroma planes, BT.601 full range. */
OmniNode omni_graph_merge_colour (OmniGraph *graph, OmniNode luma, OmniNode chroma);

/* ---- What a person says, and sees ---- */

/* ln of the influence that a person gives a source (OmniPlanRun.influence), the same all over; per-source, one channel.
 * What depends on it is made last, so that it can be made again without the rest: OmniPlanRun.reuse. */
OmniNode omni_graph_influence (OmniGraph *graph, guint level);

/* Marks a per-source plane as what each source counts in a part of the result, up to a factor common to the set:
 * OmniPlanRun.map reads it. `name` is the part's ("band-0"), at most 31 bytes. Before the output is set. A graph without
 * marks costs nothing. */
void omni_graph_add_map (OmniGraph *graph, OmniNode weight, const char *name);
guint omni_graph_count_maps (const OmniGraph *graph);
const char *omni_graph_get_map_name (const OmniGraph *graph, guint map);
guint omni_graph_get_map_level (const OmniGraph *graph, guint map);

/* Marks a plane that takes much around each pixel to make, and little room: pictures too large to be fused in one go have it
 * made of the whole first, so that it is not computed again around every tile. The same bits with and without. */
void omni_graph_add_stage (OmniGraph *graph, OmniNode x);

/* The picture goes on with its edge until its sides are multiples of `multiple`, a power of two (1 unless set): levels,
 * boundaries and whole-picture statistics are those of the larger picture, of which the result is cut. */
void omni_graph_set_padding (OmniGraph *graph, guint multiple);

/* The result: pooled, level 0, 1 … 8 planar channels. Exactly once per graph. */
void omni_graph_set_output (OmniGraph *graph, OmniNode x);

/* ---- Derived from the graph ---- */

const char *omni_graph_get_name (const OmniGraph *graph);

guint omni_graph_get_channels (const OmniGraph *graph, OmniNode x);

/* TRUE when no order-dependent operation reaches the output. */
gboolean omni_graph_is_order_invariant (const OmniGraph *graph);

/* Width in pixels of the square of source pixels that can influence one output pixel (capped at 2^20 for pyramids), not
 * counting whole-picture statistics. 1 for pointwise graphs. */
guint omni_graph_get_receptive_field_px (const OmniGraph *graph);

/* TRUE when every reduction over the set streams, or works on tensors smaller than the picture: all members of those are
 * kept. */
gboolean omni_graph_can_stream (const OmniGraph *graph);

guint omni_graph_get_output_channels (const OmniGraph *graph);

/* Largest source index + 1 that set_pick names, 0 if none. */
guint omni_graph_get_min_sources (const OmniGraph *graph);

/* Floating-point operations per full-resolution pixel, as written (no Winograd saving): per source and once per set. */
void omni_graph_get_flop_per_px (const OmniGraph *graph, double *per_source, double *per_set);

G_END_DECLS
