/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/graph.h"
#include "vk/work.h"

G_BEGIN_DECLS

/* The operations of a training step: every function appends kernels to the device's work, forward ones in the order of the
 * network, their backward partners in the reverse order. Nothing is remembered between them; a network's forward and
 * backward functions read top to bottom.
 *
 * The parameters have one arena, whatever a step makes of them and of the pictures has another, which is emptied at the start
 * of a step: zeros, then the maps, then everything that is read as texels. A step runs twice: first measuring, when the operations
 * only count the memory they take, then for good (omni_ops_begin()). */

/* Features: [n][c][h][w], four channels a texel; rows are padded to whole blocks of four pixels. */
typedef struct
{
  gint32 at; /* texels */
  guint n, c, h, w;
} OmniFeatures;

/* Maps: [n][h][w] floats. */
typedef struct
{
  gint32 at; /* floats */
  guint n, h, w;
} OmniMaps;

typedef struct
{
  OmniWork *work;
  guint parameters, activations, results; /* arenas; the host reads the last one */
  guint64 first_texel;                    /* of the activations, where features begin: behind the maps */
  guint64 n_texels, n_maps, n_results;    /* used: texels and floats of the activations, floats */
  guint64 most_texels;                    /* used at any time */
  guint64 largest_output;                 /* of one kernel, bytes */
  gboolean fits_groups;                   /* every kernel does */
  guint64 n_gradients;                    /* floats at the start of the results: the parameters' gradient */
  guint64 n_frozen;                       /* floats behind the parameters that learn nothing */
  gboolean measuring;
  guint lanes;
  gboolean has_shuffle;
  /* Weight gradients of 3 × 3 layers go through transformed tiles (Winograd). Not on a processor: lavapipe stores float by
   * float, and storing the tiles takes longer than the direct sums do (IFANI's step, twice in turn: 555 and 572 ms of CPU
   * with, 420 and 491 without). */
  gboolean transforms_tiles;
} OmniOps;

void omni_ops_init (OmniOps *ops, OmniDevice *device);
void omni_ops_clear (OmniOps *ops);

/* Empties the activations and the results; `n_parameters` is the length of the gradient. */
void omni_ops_begin (OmniOps *ops, guint64 n_parameters, gboolean measuring);

/* After measuring: makes the arenas as large as was counted. */
gboolean omni_ops_reserve (OmniOps *ops, GError **error);

/* `n` texels of the activations: where they begin. What is taken after this can be given back by setting n_texels to what it was. */
gint32 omni_ops_texels (OmniOps *ops, guint64 n);

OmniFeatures omni_ops_features (OmniOps *ops, guint n, guint c, guint h, guint w);
OmniMaps omni_ops_maps (OmniOps *ops, guint n, guint h, guint w);

/* `n` floats of results that the host reads after the step: their offset, in floats. */
guint64 omni_ops_results (OmniOps *ops, guint64 n);

/* Host values into maps made by omni_ops_maps(). A no-op while measuring. */
gboolean omni_ops_upload (OmniOps *ops, const OmniMaps *maps, const float *values, GError **error);

/* ---- Building blocks of the operations ---- */

guint omni_features_pitch (const OmniFeatures *x);
guint omni_features_planes (const OmniFeatures *x);
guint omni_features_image_texels (const OmniFeatures *x);
guint64 omni_features_bytes (const OmniFeatures *x);
guint64 omni_maps_bytes (const OmniMaps *x);

/* A kernel over `count` invocations in x, `images` in y, with its constants after the workgroup size. */
OmniDispatch omni_ops_kernel (const char *shader, guint count, guint images);

/* A kernel over `count` invocations that counts them with linear_index() (train.glsl): more than fit along x go along y, too. */
OmniDispatch omni_ops_linear_kernel (const char *shader, guint count);
void omni_ops_constant (OmniDispatch *dispatch, guint32 value);
void omni_ops_read_features (const OmniOps *ops, OmniDispatch *dispatch, guint binding);
void omni_ops_read_maps (const OmniOps *ops, OmniDispatch *dispatch, guint binding);
void
omni_ops_write_features (const OmniOps *ops, OmniDispatch *dispatch, guint output, const OmniFeatures *x);
void omni_ops_write_maps (const OmniOps *ops, OmniDispatch *dispatch, guint output, const OmniMaps *x);
void omni_ops_run (OmniOps *ops, OmniDispatch *dispatch);
gint32 omni_ops_float_bits (float value);

/* ---- Convolutions: ops-conv.c ---- */

#define OMNI_OPS_NO_BIAS G_MAXUINT

/* A layer's tensors among the parameters. */
typedef struct
{
  guint weight, bias; /* floats; bias may be OMNI_OPS_NO_BIAS */
  guint in, out, kernel, dilation, groups;
  OmniBoundary boundary; /* ZERO, REPLICATE or REFLECT */
} OmniConvLayer;

/* Some of the input channels of a layer: a convolution of a concatenation is the sum of those of its parts. */
typedef struct
{
  guint first, channels;
} OmniChannels;

/* Weights in the order the kernels read them. */
typedef struct
{
  gint32 weight, bias; /* texels of the activations */
  guint planes, outputs, out;
  guint kernel, dilation;
  gboolean is_winograd;
} OmniPackedConv;

/* At the start of a step, from the present parameters: `parts` next to each other (their channels multiples of four but
 * for the last), the bias with them if `with_bias`. */
OmniPackedConv omni_ops_pack (OmniOps *ops, const OmniConvLayer *layer, const OmniChannels *parts,
                              guint n_parts, gboolean with_bias);

/* The same turned round, for the gradient of one part. */
OmniPackedConv omni_ops_pack_transposed (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part);

/* activation (Σ conv (inputs) + base + bias). `base` (nullable) has as many images, or one for the images of every set
 * (inputs' n / base's n). Activations: NONE, RELU, LEAKY_RELU. */
OmniFeatures
omni_ops_conv (OmniOps *ops, const OmniPackedConv *conv, OmniBoundary boundary, const OmniFeatures *inputs,
               guint n_inputs, const OmniFeatures *base, OmniActivation activation, float slope);

/* Gradient of a part's input from that of the layer's output before its activation. `gradient` is written, or added to. */
void omni_ops_conv_input_grad (OmniOps *ops, const OmniPackedConv *transposed, OmniBoundary boundary,
                               const OmniFeatures *output_gradient, gboolean accumulate,
                               const OmniFeatures *gradient);

/* Gradient of a part's weights, and of the bias if `with_bias`, into the results. */
void omni_ops_conv_weight_grad (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part,
                                const OmniFeatures *input, const OmniFeatures *output_gradient,
                                gboolean with_bias);

/* ---- Normalisation by channel: ops-norm.c ---- */

/* Tensors of [c] among the parameters. The running statistics are no parameters: at their places among the results the host
 * finds those of the batch, or nothing. */
typedef struct
{
  guint gamma, beta, mean, variance;
} OmniNormLayer;

typedef enum
{
  OMNI_NORM_BATCH,   /* mean and biased variance over all images and pixels of the batch */
  OMNI_NORM_RUNNING, /* the running ones, which do not move */
  OMNI_NORM_PICTURE  /* mean and biased variance of every image by itself; the running ones are not touched */
} OmniNormStatistics;

typedef struct
{
  OmniFeatures coefficients; /* of every plane (PICTURE: of every image): mean, 1 / deviation, scale, shift */
  OmniNormStatistics statistics;
} OmniNormKept;

/* γ (x − mean) / √(variance + 1e-5) + β, and below zero that times `slope` (1: as it is). `kept` (out) is for the way back. */
OmniFeatures omni_ops_norm (OmniOps *ops, const OmniNormLayer *layer, OmniNormStatistics statistics,
                            float slope, const OmniFeatures *x, OmniNormKept *kept);

/* `gradient`, of the output before the slope, becomes that of `x`; γ's and β's go into the results. */
void omni_ops_norm_grad (OmniOps *ops, const OmniNormLayer *layer, const OmniNormKept *kept,
                         const OmniFeatures *x, const OmniFeatures *gradient);

/* ---- Across the set, and between features and maps: ops-set.c ---- */

/* Over every `n` images: the maximum of the first `n_max` channels, the mean (or the sum) of the others. */
OmniFeatures omni_ops_set_pool (OmniOps *ops, const OmniFeatures *x, guint n, guint n_max, gboolean sums);

typedef struct
{
  const OmniFeatures *features;             /* after the activation */
  const OmniFeatures *pool, *pool_gradient; /* nullable, together */
  guint n_max;
  gboolean sums;
  float slope;           /* of the activation where features ≤ 0; 1: none */
  gboolean has_gradient; /* `gradient` already holds what came back to the features themselves */
} OmniSetGradParams;

/* Backward through omni_ops_set_pool() and the activation of the layer before it, in place: `gradient` becomes that of the
 * layer before its activation. Equal maxima share equally. `sum` (nullable, out): the sum over the set. */
void omni_ops_set_grad (OmniOps *ops, const OmniSetGradParams *params, guint n, const OmniFeatures *gradient,
                        OmniFeatures *sum);

/* Channels from maps, one each, times `scale`; a map of one pixel an image counts for all. A NULL is the constant at its
 * place. */
OmniFeatures omni_ops_to_features (OmniOps *ops, const OmniMaps *const *maps, const float *constants,
                                   guint n_channels, guint n, guint h, guint w, float scale);
OmniMaps omni_ops_to_map (OmniOps *ops, const OmniFeatures *x, guint channel, float scale);

/* Up to four channels from one map, factors · x + shifts; and one map from up to four channels, Σ factors · x + shift. */
OmniFeatures omni_ops_spread (OmniOps *ops, const OmniMaps *x, guint n_channels, const float *factors,
                              const float *shifts);
OmniMaps omni_ops_gather (OmniOps *ops, const OmniFeatures *x, const float *factors, float shift);

/* Channel shuffle in `groups` G of C / G channels: y[i·G + k] = x[k·C/G + i], plus `base` (nullable); and back. */
OmniFeatures omni_ops_shuffle (OmniOps *ops, const OmniFeatures *x, guint groups, const OmniFeatures *base);
OmniFeatures omni_ops_shuffle_grad (OmniOps *ops, const OmniFeatures *output_gradient, guint groups);

/* Softmax over every `n` maps of logit + energy · factor; `energy` and `factor` (one map a set) are nullable, together. */
OmniMaps omni_ops_set_softmax (OmniOps *ops, const OmniMaps *logit, const OmniMaps *energy,
                               const OmniMaps *factor, guint n);

/* Σ weight · band over every `n` maps, and back to the weights. */
OmniMaps omni_ops_set_blend (OmniOps *ops, const OmniMaps *weight, const OmniMaps *band, guint n);
OmniMaps
omni_ops_set_blend_grad (OmniOps *ops, const OmniMaps *blend_gradient, const OmniMaps *band, guint n);

/* Backward through the softmax: from the gradient by the weights, or (`band` given) from that of their blend of bands. Returns
 * that of the logits; `factor_gradient` (out) when there was an energy. */
OmniMaps
omni_ops_set_softmax_grad (OmniOps *ops, const OmniMaps *weight, const OmniMaps *gradient,
                           const OmniMaps *band, const OmniMaps *energy, guint n, OmniMaps *factor_gradient);

/* ---- Sizes of features: ops-resize.c ---- */

/* Maxima or means of 2 × 2 pixels, a last odd row or column over what exists. Back: equal maxima share equally; `gradient` is
 * written, or added to. */
OmniFeatures omni_ops_pool (OmniOps *ops, const OmniFeatures *x, gboolean maximum);
void
omni_ops_pool_grad (OmniOps *ops, const OmniFeatures *x, gboolean maximum,
                    const OmniFeatures *output_gradient, gboolean accumulate, const OmniFeatures *gradient);

/* Twice as large, cut to h × w: nearest, or bilinear at half-pixel centres, the edge repeated. */
OmniFeatures omni_ops_enlarge (OmniOps *ops, const OmniFeatures *x, gboolean bilinear, guint h, guint w);
void omni_ops_enlarge_grad (OmniOps *ops, const OmniFeatures *output_gradient, gboolean bilinear,
                            gboolean accumulate, const OmniFeatures *gradient);

/* ---- Maps: ops-map.c ---- */

/* The means of factor × factor pixels (what is left over is dropped), or of their |x − centre|; and the transpose of the
 * first, written or added to. */
OmniMaps omni_ops_mean_pool (OmniOps *ops, const OmniMaps *x, guint factor);
OmniMaps omni_ops_mean_pool_distance (OmniOps *ops, const OmniMaps *x, guint factor, float centre);
void omni_ops_mean_pool_grad (OmniOps *ops, const OmniMaps *output_gradient, guint factor,
                              gboolean accumulate, const OmniMaps *gradient);

/* One pixel an image: the mean of the picture. */
OmniMaps omni_ops_picture_mean (OmniOps *ops, const OmniMaps *x);

/* The sum of every image into `n` results. */
void omni_ops_sum_to_results (OmniOps *ops, const OmniMaps *x, guint64 result);

/* A copy of all pixels among the results. */
void omni_ops_maps_to_results (OmniOps *ops, const OmniMaps *x, guint64 result);

/* One level down and up the pyramid (omni's: [1 3 3 1]/8, and bilinear at half-pixel centres by `factor`, cut to h × w):
 * base + scale · up (x), with `base` nullable. */
OmniMaps omni_ops_down (OmniOps *ops, const OmniMaps *x);
OmniMaps omni_ops_up (OmniOps *ops, const OmniMaps *x, guint factor, guint h, guint w, float scale,
                      const OmniMaps *base);

/* The transposes: `gradient` is written, or added to. */
void omni_ops_down_grad (OmniOps *ops, const OmniMaps *output_gradient, gboolean accumulate,
                         const OmniMaps *gradient);
void omni_ops_up_grad (OmniOps *ops, const OmniMaps *output_gradient, guint factor, gboolean accumulate,
                       const OmniMaps *gradient);

/* ln (mean of |band| over 3 × 3 + floor), the edge repeated. */
OmniMaps omni_ops_energy (OmniOps *ops, const OmniMaps *band, float floor);

/* ln (mean of |band| over blocks of factor × factor + floor) · scale + shift. */
OmniMaps omni_ops_block_energy (OmniOps *ops, const OmniMaps *band, guint factor, float floor, float scale,
                                float shift);

/* Back to the band, from what either of the two gave: `factor` 0, scale 1 and shift 0 for the box. */
OmniMaps omni_ops_energy_grad (OmniOps *ops, const OmniMaps *band, const OmniMaps *energy, guint factor,
                               float scale, float shift, const OmniMaps *output_gradient);

OmniMaps omni_ops_softplus (OmniOps *ops, const OmniMaps *x);
OmniMaps omni_ops_softplus_grad (OmniOps *ops, const OmniMaps *x, const OmniMaps *output_gradient);

/* factor · x + shift. */
OmniMaps omni_ops_affine (OmniOps *ops, const OmniMaps *x, float factor, float shift);

/* factor · tanh x + shift, and back from its output `y`. */
OmniMaps omni_ops_tanh (OmniOps *ops, const OmniMaps *x, float factor, float shift);
OmniMaps omni_ops_tanh_grad (OmniOps *ops, const OmniMaps *y, const OmniMaps *output_gradient, float factor,
                             float shift);

/* x cut to 0 … 1; back, nothing where it was cut: `gradient` is written, or added to. */
OmniMaps omni_ops_cut (OmniOps *ops, const OmniMaps *x);
void omni_ops_cut_grad (OmniOps *ops, const OmniMaps *x, const OmniMaps *output_gradient, gboolean accumulate,
                        const OmniMaps *gradient);

/* How much information each of every `n` pictures holds, as shares (U2Fusion, without VGG: models.md §2.3): softmax of g / scale,
 * g the sum over five levels of a pyramid of the mean squared Laplacian [⅛ …, −1], zero outside. One pixel an image. */
OmniMaps omni_ops_information (OmniOps *ops, const OmniMaps *sources, guint n, float scale);

/* ---- Losses: ops-loss.c ---- */

/* The pictures a term compares, and the gradient by the fused ones that all terms add to. */
typedef struct
{
  const OmniMaps *fused;   /* B */
  const OmniMaps *sources; /* B · N, or the ground truth: B */
  const OmniMaps
    *shares; /* B · N of one pixel: what each source counts; NULL: all alike. Of residual and ssim */
  const OmniMaps *gradient; /* B; NULL: values alone */
  gboolean has_gradient;    /* FALSE: the next term starts it */
  guint64 result;           /* where the B values of the next term go: offset into the results */
} OmniLossTarget;

/* Each writes B results, of which the term is the sum, and adds `weight` times its gradient. */
void omni_ops_loss_ssim (OmniOps *ops, OmniLossTarget *target, float weight);
void omni_ops_loss_mef_ssim (OmniOps *ops, OmniLossTarget *target, gboolean luminance, float weight);
/* As the metric has it but for σ: that of all windows here. The order of the sources is nothing beyond rounding. */
void omni_ops_loss_mef_patches (OmniOps *ops, OmniLossTarget *target, float weight);
void omni_ops_loss_range (OmniOps *ops, OmniLossTarget *target, float weight);
void omni_ops_loss_residual (OmniOps *ops, OmniLossTarget *target, gboolean square, gboolean maximum,
                             float weight);
void omni_ops_loss_difference (OmniOps *ops, OmniLossTarget *target, float weight);
void omni_ops_loss_edges (OmniOps *ops, OmniLossTarget *target, gboolean sobel, float weight);

G_END_DECLS
