/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/ops.h"
#include "models/training/trainer.h"

G_BEGIN_DECLS

/* A tensor among the parameters, and how it begins. */
typedef struct
{
  OmniTensorSpec spec;
  guint at, n;      /* floats */
  double deviation; /* of the normal distribution it is drawn from; 0: all `value` */
  float value;
  gboolean is_statistic; /* a running mean or variance: follows the batches, not the gradient */
} OmniParameter;

/* One pass over one batch, whatever a step draws by lot included. */
typedef struct
{
  const OmniTrainConfig *config;
  const GArray *parameters; /* (element-type OmniParameter) */
  OmniMaps sources;         /* B · N */
  OmniMaps members[2];      /* of pairs: the first of every set, and the second: B each */
  guint n;                  /* N */
  OmniTask task;            /* AUTO: withheld */
  guint base_level, levels; /* Omni */
  gboolean learns;          /* a backward pass follows */
  gboolean is_frozen;       /* batch normalisation uses its running statistics */
  gpointer state;           /* what the forward pass keeps for the backward pass */
} OmniTrainPass;

typedef struct
{
  const char *architecture;
  guint channels;      /* what 0 means */
  guint channel_grain; /* the width must be a multiple of it */
  guint least_channels;
  const char
    *width_tensors[2]; /* the first dimension of the one that is there is the width; the second is nullable */
  guint n_sources;     /* it takes exactly; 0: any number */
  guint first_roles;   /* of pairs: marks of the roles that its graph puts first */
  gboolean has_norm;   /* may be normalised */
  gboolean needs_norm, has_picture_norm, has_reduce;
  gsize state_bytes;
  void (*list_parameters) (const OmniTrainConfig *config, GArray *parameters);
  /* (nullable) After the draw: what does not begin at random. */
  void (*initialise) (const OmniTrainConfig *config, const GArray *parameters, float *theta);
  /* (nullable) Appends what the model reads in a weight file beside the usual: keys and values in turn, static. */
  void (*add_metadata) (const OmniTrainConfig *config, GPtrArray *pairs);
  /* (nullable) What of its configuration the tensors of a weight file (OmniTensorSpec) say. */
  void (*read_tensors) (OmniTrainConfig *config, const GArray *specs);
  /* (nullable) What pictures can pass at a base level. */
  OmniTrainSide (*get_side) (guint base_level);
  /* The fused pictures: B. */
  OmniMaps (*forward) (OmniOps *ops, OmniTrainPass *pass);
  /* From the gradient by the fused pictures to that of every parameter, in the results. */
  void (*backward) (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient);
} OmniTrainNetwork;

extern const OmniTrainNetwork omni_train_ifani;
extern const OmniTrainNetwork omni_train_omni;
extern const OmniTrainNetwork omni_train_ifcnn;
extern const OmniTrainNetwork omni_train_u2fusion;
extern const OmniTrainNetwork omni_train_pmgi;
extern const OmniTrainNetwork omni_train_aenetv2;

/* Appends `layer`.`tensor`; trailing dims of 0 do not count. */
void omni_parameters_add (GArray *parameters, const char *layer, const char *tensor, guint d0, guint d1,
                          guint d2, guint d3, double deviation, float value);

/* The four vectors of a normalisation after `layer`, as the weight files have them, and where they lie. */
void omni_parameters_add_norm (GArray *parameters, const char *layer, guint channels);
OmniNormLayer omni_parameters_norm (const GArray *parameters, const char *layer);

/* Brings every normalisation's running statistics to mean 0 and variance 1 by its scale and shift, which keeps what the
 * network computes. */
void omni_parameters_fold_norm (const GArray *parameters, float *theta);

/* What the pass's configuration and step make of the statistics. Scale and shift alone are running statistics of mean 0 and
 * variance 1 that never move. */
OmniNormStatistics omni_train_pass_statistics (const OmniTrainPass *pass);

/* The offset of `layer`.`tensor`, which must exist. */
guint omni_parameters_find (const GArray *parameters, const char *layer, const char *tensor);

/* Standard deviation of He et al. 2015 for a layer of `fan_in` inputs before a leaky ReLU of that slope. */
double omni_parameters_he (guint fan_in, double slope);

/* A k × k layer whose weight (and bias, if there is one) is named `layer`. */
OmniConvLayer
omni_parameters_conv (const GArray *parameters, const char *layer, guint dilation, OmniBoundary boundary);

/* ---- layers.c: a convolution of a concatenation, there and back ---- */

/* What a layer gives, and its gradient as far as it has come back. */
typedef struct
{
  OmniFeatures features, gradient;
  gboolean has_gradient;
  gboolean is_picture; /* nobody asks for its gradient */
} OmniTrainValue;

/* activation (conv (inputs, one behind the other) + bias). All inputs but the last have multiples of four channels. */
OmniFeatures
omni_layer_forward (OmniOps *ops, const OmniConvLayer *layer, const OmniTrainValue *const *inputs,
                    guint n_inputs, OmniActivation activation, float slope);

/* From the gradient of its output before the activation: the weights' and the bias's into the results, and into that of every
 * input what belongs to it. */
void omni_layer_backward (OmniOps *ops, const OmniConvLayer *layer, OmniTrainValue *const *inputs,
                          guint n_inputs, const OmniFeatures *gradient);

/* From the gradient of the value to that before its activation, in place. */
void omni_layer_activation_backward (OmniOps *ops, const OmniTrainValue *value, float slope);

G_END_DECLS
