/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/graph.h"

G_BEGIN_DECLS

/* The kernels once more in plain C, written from the contract in vk/graph.h: whole planes, no tiles, no layouts. Where the
 * bits must agree the operations come in the kernel's order, in float; where a library function is involved (exp, log,
 * pow, tanh), or the order is the kernel's own business (statistics, Winograd), in double with a tolerance at the test.
 *
 * A tensor is [n][c][h][w]; a pooled one has n = 1. Every function returns a new tensor. */
typedef struct
{
  guint n, c, h, w;
  float *v;
} TwinTensor;

TwinTensor *twin_new (guint n, guint c, guint h, guint w);
TwinTensor *twin_copy (const TwinTensor *x);
void twin_free (TwinTensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TwinTensor, twin_free)

float *twin_plane (const TwinTensor *x, guint n, guint c);
float twin_at (const TwinTensor *x, guint n, guint c, guint y, guint x_);
gsize twin_size (const TwinTensor *x);

/* Index that stands for `i` in 0 … n − 1; −1 for the zero outside. */
int twin_boundary (OmniBoundary boundary, int i, int n);

/* The larger by the total order −NaN, −∞ … −0 < +0 … +∞, NaN. */
float twin_max_ordered (float a, float b);

/* Picture by picture */
TwinTensor *twin_planes (const TwinTensor *picture, OmniPlanes planes);
TwinTensor *twin_constant (guint c, guint h, guint w, const float *values);
/* Squares of `side`, 1 in the one at the top left. */
TwinTensor *twin_checker (guint h, guint w, guint side);
float twin_activate (OmniActivation activation, float x, float slope);
TwinTensor *
twin_unary (const TwinTensor *x, float scale, float shift, OmniActivation activation, float slope);
TwinTensor *twin_binary (OmniBinary op, const TwinTensor *a, const TwinTensor *b);
TwinTensor *twin_channels (const TwinTensor *x, const guint *indices, guint n_indices);
TwinTensor *twin_merge_colour (const TwinTensor *luma, const TwinTensor *chroma);

/* Neighbourhoods and scales */
TwinTensor *twin_separable (const TwinTensor *x, const float *taps, guint radius, OmniBoundary boundary);
TwinTensor *twin_filter (const TwinTensor *x, const float *taps, guint radius, guint step, gboolean vertical,
                         OmniBoundary boundary);
TwinTensor *twin_window_mean (const TwinTensor *x, guint radius);
TwinTensor *twin_pool (const TwinTensor *x, gboolean take_max);
TwinTensor *twin_upsample (const TwinTensor *x, guint h, guint w, gboolean bilinear);
TwinTensor *twin_upsample_by (const TwinTensor *x, guint h, guint w, guint steps);
TwinTensor *twin_down (const TwinTensor *x, OmniPyramid pyramid);
TwinTensor *twin_up (const TwinTensor *coarse, guint h, guint w, OmniPyramid pyramid);
TwinTensor *twin_up_add (const TwinTensor *fine, const TwinTensor *coarse, float sign, OmniPyramid pyramid);
TwinTensor *twin_band_magnitude (const TwinTensor *fine, const TwinTensor *coarse, OmniPyramid pyramid);
TwinTensor *twin_exposure_weight (const TwinTensor *colour, float contrast, float saturation,
                                  float exposedness, float sigma);
TwinTensor *twin_normalise (const TwinTensor *x, float epsilon);
TwinTensor *twin_picture_mean (const TwinTensor *x);
TwinTensor *twin_picture_max (const TwinTensor *x);
TwinTensor *twin_picture_min (const TwinTensor *x);
TwinTensor *twin_equalise (const TwinTensor *x, float clip_limit, guint cells);
TwinTensor *twin_match_levels (const TwinTensor *x, const guint64 histogram[256]);

/* Across the set */
TwinTensor *twin_set_max (const TwinTensor *x);
TwinTensor *twin_set_sum (const TwinTensor *x, gboolean mean);
TwinTensor *twin_set_sum_fixed (const TwinTensor *x, float range);
TwinTensor *twin_set_blend (const TwinTensor *weight, const TwinTensor *fine, const TwinTensor *coarse,
                            OmniPyramid pyramid, float range);
TwinTensor *twin_set_blend_mean (const TwinTensor *weight, const TwinTensor *fine, const TwinTensor *coarse,
                                 OmniPyramid pyramid, float range);

/* `steps`: how much coarser the logit and the gain are. */
TwinTensor *twin_score_weight (const TwinTensor *magnitude, const TwinTensor *logit, const TwinTensor *gain,
                               guint steps, float floor);
TwinTensor *twin_set_select (const TwinTensor *key, const TwinTensor *values);
TwinTensor *twin_set_softmax (const TwinTensor *x);
TwinTensor *twin_set_pick (const TwinTensor *x, guint index);
TwinTensor *twin_set_running_mean (const TwinTensor *x);
TwinTensor *twin_fuse_chroma (const TwinTensor *chroma);

/* `inputs[i]` may be pooled beside per-source ones. In float, in the order of the direct kernel; pooled parts come last,
 * as one sum of their own. */
TwinTensor *twin_conv (const TwinTensor *const *inputs, const OmniConvParams *params);

G_END_DECLS
