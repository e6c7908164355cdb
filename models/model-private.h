/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"

#include <glib/gi18n.h>

G_BEGIN_DECLS

/* What the models share. A model file defines one or more constant OmniModel; registry.c lists them. */

extern const OmniModel omni_model_aenetv2;
extern const OmniModel omni_model_blend;
extern const OmniModel omni_model_gff;
extern const OmniModel omni_model_ifani;
extern const OmniModel omni_model_ifcnn;
extern const OmniModel omni_model_laplacian;
extern const OmniModel omni_model_max;
extern const OmniModel omni_model_mean;
extern const OmniModel omni_model_mertens;
extern const OmniModel omni_model_omni;
extern const OmniModel omni_model_omni_small;
extern const OmniModel omni_model_pan_gsa;
extern const OmniModel omni_model_pan_ihs;
extern const OmniModel omni_model_pan_pmgi;
extern const OmniModel omni_model_pmgi;
extern const OmniModel omni_model_running_mean;
extern const OmniModel omni_model_u2fusion;
extern const OmniModel omni_model_wavelet;

#define OMNI_TASK_BIT(task) (1u << (task))
/* Pan-sharpening is not among them: it takes a model that knows which source is which. */
#define OMNI_ALL_TASKS                                                                                       \
  (OMNI_TASK_BIT (OMNI_TASK_EXPOSURE) | OMNI_TASK_BIT (OMNI_TASK_FOCUS) | OMNI_TASK_BIT (OMNI_TASK_INFRARED) \
   | OMNI_TASK_BIT (OMNI_TASK_MEDICAL))

/* Every network of a paper can be run as its authors' published script does, or as makes sense here. `means` says what the
 * script does differently. Options of their own go before it. */
extern const char *const omni_like_choices[];

#define OMNI_LIKE_OPTION(means)                                                                              \
  {                                                                                                          \
    .key = "like", .title = N_ ("Like"), .summary = means, .type = OMNI_OPTION_CHOICE,                       \
    .default_value = "omnifuse", .choices = omni_like_choices                                                \
  }

gboolean omni_model_is_like_authors (const OmniModel *model, const OmniModelOptions *options);

/* What is made of the network's output before it is stored. */
typedef enum
{
  OMNI_SCALE_PLAIN,
  OMNI_SCALE_MAXIMUM, /* divided by the picture's maximum */
  OMNI_SCALE_STRETCH  /* from its minimum to its maximum */
} OmniScale;

extern const char *const omni_scale_choices[];

#define OMNI_SCALE_OPTION(means)                                                                             \
  {                                                                                                          \
    .key = "scale", .title = N_ ("Scale"), .summary = means, .type = OMNI_OPTION_CHOICE,                     \
    .default_value = "auto", .choices = omni_scale_choices                                                   \
  }

/* The option's value; `auto` is plain, or `of_authors` with like=authors. */
OmniScale
omni_model_get_scale (const OmniModel *model, const OmniModelOptions *options, OmniScale of_authors);

/* All channels by the extremes of all of them together. */
OmniNode omni_model_add_scale (OmniGraph *graph, OmniNode x, OmniScale scale);

/* The largest or smallest value of all channels of the picture: one channel. */
OmniNode omni_model_add_extreme (OmniGraph *graph, OmniNode x, gboolean take_max);

/* An option's value: from `options`, or the default of `model` when that is NULL. The key must exist. */
double omni_model_get_number (const OmniModel *model, const OmniModelOptions *options, const char *key);
const char *omni_model_get_string (const OmniModel *model, const OmniModelOptions *options, const char *key);

/* Appends the spec of tensor `layer`.`tensor` (or `layer` alone when NULL); trailing dims of 0 do not count. */
void omni_model_add_spec (GArray *specs, const char *layer, const char *tensor, guint d0, guint d1, guint d2,
                          guint d3);

/* The four vectors of a batch normalisation, `layer`.bn.* . */
void omni_model_add_norm_specs (GArray *specs, const char *layer, guint channels);

/* (transfer full) The values of tensor `layer`.`tensor`, which must exist. */
float *omni_model_dup_tensor (const OmniWeights *weights, const char *layer, const char *tensor);

/* Batch normalisation with running statistics as y = scale·x + shift: γ/√(σ² + 1e-5) and β − μ·scale (both transfer
 * full). A negative variance is an error. */
gboolean omni_model_dup_norm (const OmniWeights *weights, const char *layer, float **scale, float **shift,
                              GError **error);

/* The metadata `padding`: zero, replicate or reflect. */
gboolean omni_model_get_padding (const OmniWeights *weights, OmniBoundary fallback, OmniBoundary *padding,
                                 GError **error);

/* The metadata `known_answer`, sixteen numbers apart by commas or spaces. `has_answer` is FALSE when there is none. */
gboolean omni_model_get_known_answer (const OmniWeights *weights, gboolean *has_answer, float answer[16],
                                      GError **error);

/* How far each source of an exposure set shows something else than the set agrees upon, because it moved: 0 where it agrees, 1
 * where it is as much off again as it may be. Per source, one plane of the level of `luma`. Needs all sources at the same time. */
OmniNode omni_model_add_ghosts (OmniGraph *graph, OmniNode luma);

/* The `n_levels` finest bands, from `level` on, are those of `blend`, a weighted mean of the pictures of a focus stack, where the
 * pictures lie upon each other, and those of `bands` elsewhere. Pooled, at `level`: `blend`, and `bands`, the picture as it is fused
 * band by band; `coarse` is that at level + n_levels. The picture has `n_coarser` levels below this one. n_levels is at most
 * OMNI_MODEL_MAX_SPATIAL. */
#define OMNI_MODEL_MAX_SPATIAL 6

typedef struct
{
  OmniNode blend, bands, coarse;
  guint level, n_levels, n_coarser;
} OmniSpatialBlend;

OmniNode omni_model_add_spatial_blend (OmniGraph *graph, const OmniSpatialBlend *params);

/* Where a bright ground and the detail upon it come to more than white, the ground gives way: what `luma` has too much, on average
 * over some 2 ^ `levels` pixels, is taken off `strength` times, so that the detail stays to be seen. */
OmniNode omni_model_add_headroom (OmniGraph *graph, OmniNode luma, guint levels, float strength);

/* R, G, B of a fused luminance and the sources' chroma, fused by the papers' rule. */
OmniNode omni_model_add_chroma (OmniGraph *graph, OmniNode luma);

/* The picture the classical methods fuse: R, G, B or luminance. */
OmniNode omni_model_picture (OmniGraph *graph, const OmniModelContext *context);

/* Where grey and coloured sources meet, the methods that choose between sources would lose the colour wherever a grey one
 * wins (a PET's focus under bright white matter). They fuse the luminance alone, the context returned, and
 * omni_model_set_output() adds the chroma of the coloured sources by the papers' rule. */
OmniModelContext omni_model_part_to_fuse (const OmniModelContext *context);
void omni_model_set_output (OmniGraph *graph, const OmniModelContext *context, OmniNode fused);

/* Shows `weight` as what each source counts in band `level`, if the context asks for it; band 0 is the finest. */
void omni_model_add_map (OmniGraph *graph, const OmniModelContext *context, OmniNode weight, guint level);

/* What is said about the sources from outside. A mask, where the context is masked, is the part of a pixel that is opaque, else
 * OMNI_NODE_NONE: at level 0, and from one level to the next. */
OmniNode omni_model_add_mask (OmniGraph *graph, const OmniModelContext *context);
OmniNode omni_model_add_coarser_mask (OmniGraph *graph, OmniNode mask);

/* `score`, a logarithm, with that of `mask` added: next to nothing where that is 0. Or, at `level`, with that of the influence
 * as well. `score` may be OMNI_NODE_NONE, for 0. */
OmniNode omni_model_add_masked (OmniGraph *graph, OmniNode score, OmniNode mask);
OmniNode omni_model_add_say (OmniGraph *graph, const OmniModelContext *context, OmniNode score, OmniNode mask,
                             guint level);

/* exp (score − max score) over the set: exactly 1 for the largest, and 0 for those far below. Streams. */
OmniNode omni_model_add_numerators (OmniGraph *graph, OmniNode score);

/* The mean of a tensor of samples over the set. Streams. */
OmniNode omni_model_add_set_mean (OmniGraph *graph, const OmniModelContext *context, OmniNode x);

/* How often a picture can be halved (rounding up) before its shorter side is at most `coarsest_px`. */
guint omni_model_count_levels (guint width, guint height, guint coarsest_px);

G_END_DECLS
