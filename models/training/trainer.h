/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/batch.h"
#include "vk/device.h"

G_BEGIN_DECLS

/* Trains one network on one device. The same configuration, seed, batches and device give the same weights bit for bit,
 * and a run resumed from a checkpoint gives those of one that never stopped: sums run in a fixed order, and whatever is
 * drawn by lot inside a step (initial weights, Omni's base level and depth, a withheld task) is a function of the seed
 * and the step's number alone.
 *
 * A trainer is used by one thread at a time, the thread of its device, which must outlive it. */
typedef struct _OmniTrainer OmniTrainer;

#define OMNI_TRAINING_ERROR (omni_training_error_quark ())
GQuark omni_training_error_quark (void);

typedef enum
{
  OMNI_TRAINING_ERROR_CONFIG,     /* the configuration or the batch does not fit the architecture */
  OMNI_TRAINING_ERROR_CHECKPOINT, /* the checkpoint is damaged or belongs to another configuration */
  OMNI_TRAINING_ERROR_NOT_FINITE  /* a loss term or the gradient is not finite; the message names it */
} OmniTrainingError;

/* The terms a loss is made of. Each is a mean over the pixels and the sets of the batch; smaller is better. */
typedef enum
{
  OMNI_LOSS_MAE,           /* |F − truth| */
  OMNI_LOSS_MSE,           /* (F − truth)² */
  OMNI_LOSS_SSIM,          /* 1 − SSIM (F, truth): Gaussian 11 × 11, σ 11/6, valid */
  OMNI_LOSS_GRADIENT,      /* |∂F − ∂truth| of the forward differences, both directions summed */
  OMNI_LOSS_MEF_SSIM,      /* 1 − MEF-SSIM with luminance, over `mef_scales` */
  OMNI_LOSS_MEF_STRUCTURE, /* 1 − MEF-SSIM without luminance, over `structure_scales` */
  OMNI_LOSS_MAX_INTENSITY, /* |F − max over the sources| */
  OMNI_LOSS_MAX_GRADIENT,  /* |∂F − the source difference of largest magnitude|, both directions summed */
  OMNI_LOSS_SOBEL, /* | |Sobel F| − max over the sources of |Sobel| |, directions summed, zero outside */
  OMNI_LOSS_LAPLACIAN, /* (∇F − ∇s)², mean over the sources; ∇ is the 4-neighbour Laplacian, zero outside */
  OMNI_LOSS_SOURCE_MSE,      /* (F − s)², mean over the sources */
  OMNI_LOSS_SOURCE_SSIM,     /* 1 − SSIM (F, s), mean over the sources */
  OMNI_LOSS_TRUTH_SOBEL,     /* | |Sobel F| − |Sobel truth| | */
  OMNI_LOSS_INFORMATION_MSE, /* (F − s)², each source with its share of the information (U2Fusion) */
  OMNI_LOSS_INFORMATION_SSIM, /* 1 − SSIM (F, s), likewise; σ 1.5, where all other windows have MEF-SSIM's 11/6 */
  OMNI_LOSS_FIRST_MSE, /* (F − s)² of the first source of a pair, and of the second (PMGI); see batch.h */
  OMNI_LOSS_SECOND_MSE,
  OMNI_LOSS_FIRST_LAPLACIAN, /* (∇F − ∇s)², likewise */
  OMNI_LOSS_SECOND_LAPLACIAN,
  OMNI_LOSS_PERCEPTUAL, /* (φ F − φ truth)², φ the last features of VGG-16, which the configuration must have */
  OMNI_LOSS_MEF_PATCHES, /* 1 − MEF-SSIM as the metric has it (2015) but for σ 11/6, of F cut to 0 … 1, over `patches_scales` */
  OMNI_LOSS_RANGE, /* |F − F cut to 0 … 1| */
  OMNI_N_LOSSES
} OmniLoss;

/* "mae", "mse", "ssim", "gradient", "mef-ssim", "mef-structure", "max-intensity", "max-gradient", "sobel", "laplacian",
 * "source-mse", "source-ssim", "truth-sobel", "information-mse", "information-ssim", "first-mse", "second-mse",
 * "first-laplacian", "second-laplacian", "perceptual", "mef-patches", "out-of-range". */
const char *omni_loss_to_string (OmniLoss loss);
gboolean omni_loss_from_string (const char *name, OmniLoss *loss);

/* TRUE for the terms that compare with the ground truth: a batch without one is refused. */
gboolean omni_loss_needs_truth (OmniLoss loss);

/* TRUE for the terms that look through VGG-16: a configuration without one is refused. */
gboolean omni_loss_needs_vgg16 (OmniLoss loss);

/* TRUE for the terms that tell two sources apart: a batch with another number is refused. */
gboolean omni_loss_needs_pair (OmniLoss loss);

#define OMNI_MEF_SCALES 4 /* full size, ½, ¼, ⅛ */

typedef struct
{
  float weight[OMNI_N_LOSSES];             /* 0: the term is not computed */
  float mef_scales[OMNI_MEF_SCALES];       /* shares of the scales; all zero: full size alone */
  float structure_scales[OMNI_MEF_SCALES]; /* likewise */
  float patches_scales[OMNI_MEF_SCALES];   /* likewise */
  float information_scale;                 /* c of U2Fusion's softmax (g / c); 0: .002 */
} OmniTrainLosses;

/* The shares of the scales of a term that has some: [OMNI_MEF_SCALES], of `losses`; NULL for the others. */
float *omni_train_losses_get_scales (OmniTrainLosses *losses, OmniLoss loss);

typedef enum
{
  OMNI_OPTIMISER_ADAM,
  OMNI_OPTIMISER_RMSPROP, /* TensorFlow's meaning: ms ← ρ ms + (1 − ρ) g²; m ← μ m + lr g / √(ms + ε); θ ← θ − m */
  OMNI_OPTIMISER_SGD /* m ← μ m + g; θ ← θ − lr m */
} OmniOptimiser;

/* "adam", "rmsprop", "sgd". */
const char *omni_optimiser_to_string (OmniOptimiser optimiser);
gboolean omni_optimiser_from_string (const char *name, OmniOptimiser *optimiser);

typedef enum
{
  OMNI_SCHEDULE_CONSTANT,
  OMNI_SCHEDULE_HALVING, /* halved every `halve_every` steps */
  OMNI_SCHEDULE_COSINE,  /* falls to `floor` of itself at `total_steps` */
  OMNI_SCHEDULE_POLY     /* (1 − step / total_steps) ^ power */
} OmniSchedule;

/* "constant", "halving", "cosine", "poly". */
const char *omni_schedule_to_string (OmniSchedule schedule);
gboolean omni_schedule_from_string (const char *name, OmniSchedule *schedule);

typedef enum
{
  OMNI_TRAIN_NORM_NONE,   /* bias and activation only: what measured best */
  OMNI_TRAIN_NORM_BATCH,  /* batch statistics until `freeze_step`, running statistics after */
  OMNI_TRAIN_NORM_FROZEN, /* running statistics from the start: scale and shift are still trained */
  OMNI_TRAIN_NORM_AFFINE, /* scale and shift alone */
  OMNI_TRAIN_NORM_PICTURE /* every picture's own statistics, always, and neither scale nor shift (PMGI's script) */
} OmniTrainNorm;

/* "none", "batch", "frozen", "affine", "picture". */
const char *omni_train_norm_to_string (OmniTrainNorm norm);
gboolean omni_train_norm_from_string (const char *name, OmniTrainNorm *norm);

/* How a network's features of a set become one. */
typedef enum
{
  OMNI_TRAIN_REDUCE_MAX,
  OMNI_TRAIN_REDUCE_MEAN,
  OMNI_TRAIN_REDUCE_SUM
} OmniTrainReduce;

/* "max", "mean", "sum". */
const char *omni_train_reduce_to_string (OmniTrainReduce reduce);
gboolean omni_train_reduce_from_string (const char *name, OmniTrainReduce *reduce);

/* Which AE-Netv2, in the order of models/aenetv2.h. */
typedef enum
{
  OMNI_TRAIN_VARIANT_GCB,         /* grouped convolution and channel shuffle: 5,378 parameters */
  OMNI_TRAIN_VARIANT_REGULAR,     /* a whole convolution in their place: 41,154 */
  OMNI_TRAIN_VARIANT_PLUSPLUS,    /* two convolutions and nothing else: 1,537 */
  OMNI_TRAIN_VARIANT_SEPARABLE,   /* a depthwise and a pointwise convolution: 9,026 */
  OMNI_TRAIN_VARIANT_SQUEEZE_GCB, /* squeezed to a quarter, then grouped and shuffled: 6,434 */
  OMNI_TRAIN_VARIANT_M            /* a U-Net of two halvings: 75,954 */
} OmniTrainVariant;

/* "gcb", "regular", "plusplus", "separable", "squeeze-gcb", "m". */
const char *omni_train_variant_to_string (OmniTrainVariant variant);
gboolean omni_train_variant_from_string (const char *name, OmniTrainVariant *variant);

#define OMNI_TRAIN_BASE_LEVELS        4
#define OMNI_TRAIN_MAX_SPATIAL_LEVELS 6
#define OMNI_TRAIN_MAX_CHANNELS       256
#define OMNI_TRAIN_MAX_RESTARTS       16

typedef struct
{
  const char *
    architecture; /* "ifani", "omni", "ifcnn", "u2fusion", "pmgi", "aenetv2"; omni_trainer_list_architectures() */
  guint channels; /* at most OMNI_TRAIN_MAX_CHANNELS; 0: the architecture's own */
  OmniTrainNorm norm;
  float norm_momentum; /* share of the batch in the running statistics */
  guint64 freeze_step; /* G_MAXUINT64: never */
  OmniBoundary padding;
  OmniTrainReduce reduce;   /* ifani, ifcnn */
  OmniTrainVariant variant; /* aenetv2 */
  gboolean without_skips;   /* ifani: its second half sees nothing of the first */
  gboolean has_scales;      /* ifani: its weights ask to be used at several sizes (metadata `scales`) */
  /* (nullable) torchvision's VGG-16 (models/training/vgg.h): with it the information of a picture is measured in its features, too, and
   * “perceptual” can be a term. Belongs to the caller; the trainer reads it when it is made. */
  const OmniWeights *vgg16;
  guint64 seed;

  /* (nullable) What else a checkpoint says of its run, beside seed and total_steps; the trainer keeps copies. */
  const char *order; /* "joint", "sequential" */
  const char *recipe_sha256, *data_sha256;

  /* Omni only. A step draws the base level with these chances (all zero: level 0), the depth above it from the range, and
   * withholds the task's name with the last chance. A depth that the crop cannot hold is cut to what it can. */
  float base_level_chance[OMNI_TRAIN_BASE_LEVELS];
  guint min_levels, max_levels; /* pyramid levels above the base; 0: as deep as the crop allows */
  float withhold_task;
  float energy_floor; /* ε in ln (box |Laplacian| + ε) */
  /* Of focus stacks the base level and so many below it are one blend of the pictures (metadata `spatial-levels`); 0: every
   * band by weights of its own. At most OMNI_TRAIN_MAX_SPATIAL_LEVELS. */
  guint spatial_levels;

  OmniTrainLosses losses[OMNI_N_TASKS]; /* by OmniTask; a batch of a task without any weight is refused */

  OmniOptimiser optimiser;
  float beta1, beta2;    /* ADAM */
  float decay, momentum; /* RMSPROP: ρ and μ; SGD: μ */
  float epsilon;         /* 0: 1e-8 (ADAM), 1e-10 (RMSPROP) */
  float learning_rate;
  OmniSchedule schedule;
  guint64 warm_up_steps; /* the rate rises linearly over these first */
  guint64 halve_every;   /* HALVING */
  guint64 total_steps;   /* COSINE, POLY */
  /* Ascending steps at which the schedule, its warm-up included, begins anew, as long as the way to the next one; 0: no more. */
  guint64 restarts[OMNI_TRAIN_MAX_RESTARTS];
  float floor;        /* COSINE; of the full rate, e.g. .02 */
  float power;        /* POLY */
  float clip_norm;    /* the gradient is scaled down to this norm; 0: never */
  float clip_weights; /* weights, not statistics, are kept within ± this; 0: no limit */

  float ewc_lambda; /* λ in λ Σ Ω (θ − θ*)²; 0: no penalty. U2Fusion's λ/2 is half its constant here */
  gboolean ewc_proximal; /* the penalty takes a proximal step of its own instead of joining the gradient */
} OmniTrainConfig;

/* Zeroes everything and sets what has a usual value: Adam (.9, .99), 1e-3, cosine to .02, power .9, clip 1, seed 1, a
 * momentum of .05 in the running statistics, which are never frozen, an energy floor of 2e-3. */
void omni_train_config_init (OmniTrainConfig *config);

/* The same, and what a weight file says of its network: architecture, width, normalisation (running statistics), padding and
 * energy floor. The rate is constant: nobody knows how long it will be. */
gboolean omni_train_config_from_weights (OmniTrainConfig *config, const OmniWeights *weights, GError **error);

/* What the sides of pictures must be: multiples of the one, and at least the other. */
typedef struct
{
  guint multiple, least;
} OmniTrainSide;

gboolean omni_train_side_fits (OmniTrainSide side, guint side_px);

/* What the network takes at every base level that a step may draw; {1, 1} of an architecture that is none. */
OmniTrainSide omni_train_config_get_side (const OmniTrainConfig *config);

/* How many pictures a set must have, by the architecture or the losses of a task; 0: any number. */
guint omni_train_config_get_n_sources (const OmniTrainConfig *config, OmniTask task);

/* Whether its pairs can be a band of a multispectral picture and the panchromatic one. */
gboolean omni_train_config_takes_bands (const OmniTrainConfig *config);

/* What all terms of a task's losses take. */
OmniTrainSide omni_train_losses_get_side (const OmniTrainLosses *losses);

/* NULL-terminated names of what omni_trainer_new() takes. */
const char *const *omni_trainer_list_architectures (void);

#define OMNI_TRAIN_MAX_TERMS (OMNI_N_LOSSES + 1)

typedef struct
{
  const char *name; /* static: omni_loss_to_string(), or "ewc" */
  double value;     /* before its weight */
  double weighted;  /* what it adds to the loss */
} OmniTrainTerm;

typedef struct
{
  guint64 step; /* steps done, this one included */
  double loss;
  OmniTrainTerm terms[OMNI_TRAIN_MAX_TERMS];
  guint n_terms;
  double gradient_norm; /* before clipping */
  double learning_rate;
  gboolean is_finite; /* FALSE: the weights were not changed */
  double device_ms;   /* spent in submissions */
} OmniTrainReport;

/* The initial weights follow from the seed. `config` is copied; its strings need not stay. */
OmniTrainer *omni_trainer_new (OmniDevice *device, const OmniTrainConfig *config, GError **error);
void omni_trainer_free (OmniTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniTrainer, omni_trainer_free)

/* Lets go of the device, which may be closed then, and of its memory: no step, validation or Fisher after this. What the host has
 * (weights, checkpoints) goes on. */
void omni_trainer_release_device (OmniTrainer *trainer);

/* (nullable) From now on; looked at before each kernel. A step or validation that is cut short so leaves weights, optimiser and
 * step number as they were; of omni_trainer_add_fisher() the sets before that one count already. Belongs to the caller. */
void omni_trainer_set_cancellable (OmniTrainer *trainer, GCancellable *cancellable);

guint64 omni_trainer_get_step (const OmniTrainer *trainer);
guint64 omni_trainer_count_parameters (const OmniTrainer *trainer);

/* One step: forward, losses, backward, clip, optimiser. `report` is filled even on failure. A term or gradient that is not
 * finite is OMNI_TRAINING_ERROR_NOT_FINITE and leaves weights, optimiser and step number as they were. A consolidation that has
 * only begun is forgotten, for it is of the weights before. */
gboolean omni_trainer_step (OmniTrainer *trainer, const OmniTrainBatch *batch, OmniTrainReport *report,
                            GError **error);

/* Fuses the batch and computes the same losses, but for what finished tasks need (EWC), without learning anything. `fused`
 * (nullable): [B][S][S]. Omni runs with its task given, on the base level of the largest chance and at full depth. */
gboolean omni_trainer_validate (OmniTrainer *trainer, const OmniTrainBatch *batch, float *fused,
                                OmniTrainReport *report, GError **error);

/* Ends a task for elastic weight consolidation. Call omni_trainer_add_fisher() with batches of the finished task: every set
 * of a batch is one sample, whose squared gradient counts alike; Omni's runs with its task given, at full depth, on a base level
 * that it draws as a step does. Then omni_trainer_consolidate() adds the mean over these
 * samples to Ω and makes the present weights θ*. From then on steps pay λ Σ Ω (θ − θ*)². */
gboolean omni_trainer_add_fisher (OmniTrainer *trainer, const OmniTrainBatch *batch, GError **error);
gboolean omni_trainer_consolidate (OmniTrainer *trainer, GError **error);

/* Samples of the task since the last consolidation, and whether nothing was learned since: the weights are θ*. */
guint64 omni_trainer_count_fisher (const OmniTrainer *trainer);
gboolean omni_trainer_is_consolidated (const OmniTrainer *trainer);

/* A checkpoint is a safetensors file: parameters, running statistics, optimiser state, step, Ω, θ*, the samples of an
 * unfinished consolidation, and which run it is of. Loading refuses one of another architecture, width, normalisation or
 * optimiser; the rest of the configuration may differ. */
gboolean omni_trainer_save (OmniTrainer *trainer, const char *path, GError **error);
gboolean omni_trainer_load (OmniTrainer *trainer, const char *path, GError **error);

/* Which run a checkpoint is of. */
typedef struct
{
  guint64 step;
  gboolean is_known; /* FALSE: it is of an earlier version and has the step alone */
  guint64 seed, total_steps;
  char *order, *recipe_sha256, *data_sha256; /* (nullable) */
  char *earlier; /* (nullable) by what its first steps were made, when by something else, in words */
  guint64 since; /* how many those were */
} OmniTrainOrigin;

void omni_train_origin_clear (OmniTrainOrigin *origin);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniTrainOrigin, omni_train_origin_clear)

gboolean omni_trainer_read_origin (const char *path, OmniTrainOrigin *origin, GError **error);

/* (nullable) By what the first steps were made, when the run was resumed with another seed, length, order or recipe: "until step
 * 13: seed 7, 4000 steps, joint order, recipe …; until …". */
const char *omni_trainer_get_earlier (const OmniTrainer *trainer);

/* Starts from the parameters of a weight file as omni_trainer_export() or models/weights/ has them; optimiser and step
 * begin anew. */
gboolean omni_trainer_import (OmniTrainer *trainer, const OmniWeights *weights, GError **error);

/* Part of the way back to the parameters of a weight file: θ ← θ + share · (weights − θ). The optimiser's state stays as it is. */
gboolean omni_trainer_go_back (OmniTrainer *trainer, const OmniWeights *weights, float share, GError **error);

/* (transfer full) A weight file that the architecture's OmniModel takes. `metadata` (nullable): further keys and values in
 * turn, NULL-terminated (tasks, licence, provenance, recipe_sha256 …); architecture, padding and what else the model
 * reads are added by the trainer. */
GBytes *omni_trainer_export (OmniTrainer *trainer, const char *const *metadata, GError **error);

G_END_DECLS
