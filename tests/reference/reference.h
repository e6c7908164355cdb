/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/weights.h"

G_BEGIN_DECLS

/* The methods once more, in plain C and double precision, written from the papers and models.md alone: nothing here knows
 * the graph, so what agrees with it is what the papers say. Planar, [channel][y][x]. */
typedef struct
{
  guint channels, width, height;
  double *v;
} RefTensor;

typedef enum
{
  REF_ZERO,
  REF_REPLICATE,
  REF_REFLECT
} RefPadding;

RefTensor *ref_tensor_new (guint channels, guint width, guint height);
void ref_tensor_free (RefTensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RefTensor, ref_tensor_free)
void ref_tensors_free (RefTensor **tensors, guint n);

double *ref_plane (const RefTensor *tensor, guint channel);

/* Index `i` of a row of `n` for a padding; −1 where zero padding lies. */
int ref_pad_index (int i, int n, RefPadding padding);
RefPadding ref_padding_from_string (const char *name);

/* Cross-correlation, stride 1, of the inputs laid one behind another on the channel axis. */
RefTensor *ref_conv (const RefTensor *const *inputs, guint n_inputs, const float *weight, const float *bias,
                     guint out_channels, guint kernel, RefPadding padding);

RefTensor *
ref_conv_dilated (const RefTensor *const *inputs, guint n_inputs, const float *weight, const float *bias,
                  guint out_channels, guint kernel, guint dilation, RefPadding padding);

/* Element by element over the set. */
RefTensor *ref_set_max (RefTensor *const *set, guint n);
RefTensor *ref_set_sum (RefTensor *const *set, guint n, double factor);

/* BT.601 full range; grey has luminance itself and chroma ½. Three channels in and out, or one. */
RefTensor *ref_luma (const RefTensor *picture);
RefTensor *ref_fuse_colour (RefTensor *const *pictures, guint n, const RefTensor *luma);

/* The two pyramids. `up` brings `coarse` to width × height. */
RefTensor *ref_burt_down (const RefTensor *x);
RefTensor *ref_burt_up (const RefTensor *coarse, guint width, guint height);
RefTensor *ref_quad_down (const RefTensor *x);
RefTensor *ref_quad_up (const RefTensor *coarse, guint width, guint height);

/* The networks on luminance. */
RefTensor *ref_ifani (RefTensor *const *luma, guint n, const OmniWeights *weights);

/* The same at `n_scales` sizes, each half of the one before: models/ifani.c says how they become one. At several the pictures go
 * on beyond their borders with the edge. */
RefTensor *ref_ifani_at_scales (RefTensor *const *luma, guint n, const OmniWeights *weights, guint n_scales);

/* `task` 0 … 3, or −1: not given. The pyramid has `depth` levels below the picture. Weights are made of the luminance and
 * used for every channel of the pictures. */
typedef struct
{
  int task;
  guint base, depth;
  double epsilon;
  double highlights;                          /* of exposures: what is taken off the logits of white */
  gboolean decided;                           /* by the next two, else as trained */
  double decided_logits[4], decided_gains[4]; /* factors of the heads */
  double headroom;                            /* of medical luminance: how much of the excess is taken off */
  guint spatial;                              /* levels from the base on that one blend of the pictures has */
} RefOmni;

/* What is above white on average over some 2 ^ `levels` pixels is taken off. */
void ref_give_headroom (RefTensor *luma, guint levels, double strength);

RefTensor *ref_omni (RefTensor *const *pictures, guint n, const OmniWeights *weights, const RefOmni *how);

/* Three channels in and out, already normalised. */
RefTensor *
ref_ifcnn_network (RefTensor *const *pictures, guint n, const OmniWeights *weights, const char *reduce);

/* The networks for pairs, of one channel each. `norm` is instance, running or none. */
RefTensor *ref_u2fusion (const RefTensor *first, const RefTensor *second, const OmniWeights *weights);
RefTensor *
ref_pmgi (const RefTensor *first, const RefTensor *second, const OmniWeights *weights, const char *norm);
RefTensor *ref_aenetv2 (const RefTensor *first, const RefTensor *second, const OmniWeights *weights);

typedef struct
{
  double contrast, saturation, exposedness, sigma;
} RefMertens;

/* One or three channels. */
RefTensor *ref_mertens (RefTensor *const *pictures, guint n, const RefMertens *exponents);
RefTensor *ref_laplacian (RefTensor *const *pictures, guint n, guint levels, guint radius);

typedef struct
{
  guint average, r1, r2;
  double eps1, eps2;
} RefGff;

/* Guided-filter fusion (Li, Kang, Hu 2013) and fusion of stationary wavelets; one or three channels. `doubtful`, a zeroed
 * byte per pixel, becomes 1 where two sources are so equally strong that single precision may choose the other. */
RefTensor *ref_gff (RefTensor *const *pictures, guint n, const RefGff *options);
RefTensor *ref_wavelet (RefTensor *const *pictures, guint n, guint levels, guint radius, guint8 *doubtful);

/* Pan-sharpening of bands that lie on the panchromatic grid; statistics are taken after halving `levels` times. */
RefTensor *ref_pan_gsa (const RefTensor *bands, const RefTensor *pan, guint levels);
RefTensor *ref_pan_ihs (const RefTensor *bands, const RefTensor *pan, guint levels, gboolean match);

G_END_DECLS
