/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/aenetv2.h"
#include "models/model-private.h"
#include "models/training/trainer-private.h"

#include <string.h>

/* clang-format off */
G_DEFINE_QUARK (omni-training-error-quark, omni_training_error)
/* clang-format on */

static const char *const loss_names[] = { "mae",
                                          "mse",
                                          "ssim",
                                          "gradient",
                                          "mef-ssim",
                                          "mef-structure",
                                          "max-intensity",
                                          "max-gradient",
                                          "sobel",
                                          "laplacian",
                                          "source-mse",
                                          "source-ssim",
                                          "truth-sobel",
                                          "information-mse",
                                          "information-ssim",
                                          "first-mse",
                                          "second-mse",
                                          "first-laplacian",
                                          "second-laplacian",
                                          "perceptual",
                                          "mef-patches",
                                          "out-of-range" };
static const char *const optimiser_names[] = { "adam", "rmsprop", "sgd" };
static const char *const schedule_names[] = { "constant", "halving", "cosine", "poly" };
static const char *const norm_names[] = { "none", "batch", "frozen", "affine", "picture" };
static const char *const reduce_names[] = { "max", "mean", "sum" };

G_STATIC_ASSERT (G_N_ELEMENTS (loss_names) == OMNI_N_LOSSES);

static gboolean
find_name (const char *const *names, guint n, const char *name, guint *index)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (names[i], name))
    {
      *index = i;
      return TRUE;
    }

  return FALSE;
}

#define DEFINE_NAMES(Type, prefix, names)                                                                    \
  const char *omni_##prefix##_to_string (Type value)                                                         \
  {                                                                                                          \
    g_return_val_if_fail ((guint)value < G_N_ELEMENTS (names), NULL);                                        \
    return names[value];                                                                                     \
  }                                                                                                          \
                                                                                                             \
  gboolean omni_##prefix##_from_string (const char *name, Type *value)                                       \
  {                                                                                                          \
    guint index;                                                                                             \
                                                                                                             \
    if (!find_name (names, G_N_ELEMENTS (names), name, &index))                                              \
      return FALSE;                                                                                          \
    *value = (Type)index;                                                                                    \
    return TRUE;                                                                                             \
  }

DEFINE_NAMES (OmniLoss, loss, loss_names)
DEFINE_NAMES (OmniOptimiser, optimiser, optimiser_names)
DEFINE_NAMES (OmniSchedule, schedule, schedule_names)
DEFINE_NAMES (OmniTrainNorm, train_norm, norm_names)
DEFINE_NAMES (OmniTrainReduce, train_reduce, reduce_names)
DEFINE_NAMES (OmniTrainVariant, train_variant, omni_aenetv2_variant_names)

gboolean
omni_loss_needs_truth (OmniLoss loss)
{
  return loss == OMNI_LOSS_MAE || loss == OMNI_LOSS_MSE || loss == OMNI_LOSS_SSIM
         || loss == OMNI_LOSS_GRADIENT || loss == OMNI_LOSS_TRUTH_SOBEL || loss == OMNI_LOSS_PERCEPTUAL;
}

gboolean
omni_loss_needs_vgg16 (OmniLoss loss)
{
  return loss == OMNI_LOSS_PERCEPTUAL;
}

gboolean
omni_loss_needs_pair (OmniLoss loss)
{
  return loss >= OMNI_LOSS_FIRST_MSE && loss <= OMNI_LOSS_SECOND_LAPLACIAN;
}

void
omni_train_config_init (OmniTrainConfig *config)
{
  *config = (OmniTrainConfig){
    .seed = 1,
    .norm_momentum = 0.05F,
    .freeze_step = G_MAXUINT64,
    .energy_floor = 2e-3F,
    .beta1 = 0.9F,
    .beta2 = 0.99F,
    .power = 0.9F,
    .learning_rate = 1e-3F,
    .schedule = OMNI_SCHEDULE_COSINE,
    .floor = 0.02F,
    .clip_norm = 1.0F,
  };
}

#define MOST_DECAY 0.999999F

static const OmniTrainNetwork *const networks[] = { &omni_train_ifani, &omni_train_omni,
                                                    &omni_train_ifcnn, &omni_train_u2fusion,
                                                    &omni_train_pmgi,  &omni_train_aenetv2 };

const char *const *
omni_trainer_list_architectures (void)
{
  static const char *names[G_N_ELEMENTS (networks) + 1];

  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    names[i] = networks[i]->architecture;
  return names;
}

static const OmniTrainNetwork *
find_network (const char *architecture)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    if (g_strcmp0 (architecture, networks[i]->architecture) == 0)
      return networks[i];
  return NULL;
}

gboolean
omni_train_side_fits (OmniTrainSide side, guint side_px)
{
  return side_px % side.multiple == 0 && side_px >= side.least;
}

OmniTrainSide
omni_train_config_get_side (const OmniTrainConfig *config)
{
  const OmniTrainNetwork *network = find_network (config->architecture);
  OmniTrainSide side = { 1, 1 };
  float total = 0.0F;

  for (guint b = 0; b < OMNI_TRAIN_BASE_LEVELS; b++)
    total += config->base_level_chance[b];
  for (guint b = 0; network != NULL && network->get_side != NULL && b < OMNI_TRAIN_BASE_LEVELS; b++)
    if (config->base_level_chance[b] > 0.0F || (b == 0 && total <= 0.0F))
    {
      const OmniTrainSide at_level = network->get_side (b);

      /* Powers of two. */
      side.multiple = MAX (side.multiple, at_level.multiple);
      side.least = MAX (side.least, at_level.least);
    }
  return side;
}

guint
omni_train_config_get_n_sources (const OmniTrainConfig *config, OmniTask task)
{
  const OmniTrainNetwork *network = find_network (config->architecture);

  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
    if (config->losses[task].weight[loss] != 0.0F && omni_loss_needs_pair (loss))
      return 2;
  return network != NULL ? network->n_sources : 0;
}

gboolean
omni_train_config_takes_bands (const OmniTrainConfig *config)
{
  const OmniTrainNetwork *network = find_network (config->architecture);

  return network != NULL && (network->first_roles & OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL)) != 0;
}

/* The network, and what 0 stands for in the configuration filled in. */
const OmniTrainNetwork *
omni_train_config_resolve (OmniTrainConfig *config, GError **error)
{
  const OmniTrainNetwork *network = find_network (config->architecture);

  if (network == NULL)
  {
    g_autofree char *names = g_strjoinv (", ", (char **)omni_trainer_list_architectures ());

    g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                 "There is no trainer for the architecture “%s”. Choose one of: %s.",
                 config->architecture != NULL ? config->architecture : "", names);
    return NULL;
  }

  config->architecture = network->architecture;
  config->channels = config->channels != 0 ? config->channels : network->channels;
  if (config->epsilon <= 0.0F)
    config->epsilon = config->optimiser == OMNI_OPTIMISER_RMSPROP ? 1e-10F : 1e-8F;
  if (omni_train_config_check (config, network, error))
    return network;
  return NULL;
}

static gboolean
has_norm_tensors (const OmniWeights *weights)
{
  const GArray *specs = omni_weights_get_specs (weights);

  for (guint i = 0; i < specs->len; i++)
    if (strstr (g_array_index (specs, OmniTensorSpec, i).name, ".bn.") != NULL)
      return TRUE;
  return FALSE;
}

gboolean
omni_train_config_from_weights (OmniTrainConfig *config, const OmniWeights *weights, GError **error)
{
  const char *floor = omni_weights_get_metadata (weights, "epsilon");
  const char *spatial = omni_weights_get_metadata (weights, "spatial-levels");
  const char *variant = omni_weights_get_metadata (weights, "variant");
  const char *reduce = omni_weights_get_metadata (weights, "reduce");
  const GArray *specs = omni_weights_get_specs (weights);

  omni_train_config_init (config);
  config->schedule = OMNI_SCHEDULE_CONSTANT;
  config->architecture = omni_weights_get_metadata (weights, "architecture");
  if (!omni_model_get_padding (weights, OMNI_BOUNDARY_ZERO, &config->padding, error))
    return FALSE;
  if (floor != NULL)
    config->energy_floor = (float)g_ascii_strtod (floor, NULL);
  if ((variant != NULL && !omni_train_variant_from_string (variant, &config->variant))
      || (reduce != NULL && !omni_train_reduce_from_string (reduce, &config->reduce)))
  {
    g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                 "“%s” says that it is “%s”, and nothing of this name can be trained.",
                 omni_weights_get_path (weights), variant != NULL ? variant : reduce);
    return FALSE;
  }
  if (spatial != NULL)
    config->spatial_levels = (guint)g_ascii_strtoull (spatial, NULL, 10);
  config->has_scales = g_strcmp0 (omni_weights_get_metadata (weights, "scales"), "auto") == 0;
  config->norm = has_norm_tensors (weights) ? OMNI_TRAIN_NORM_FROZEN : OMNI_TRAIN_NORM_NONE;

  const OmniTrainNetwork *network = find_network (config->architecture);

  if (network != NULL && network->read_tensors != NULL)
    network->read_tensors (config, specs);
  for (guint i = 0; network != NULL && i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);

    for (guint t = 0; t < G_N_ELEMENTS (network->width_tensors); t++)
      if (g_strcmp0 (spec->name, network->width_tensors[t]) == 0)
        config->channels = spec->dims[0];
  }
  return omni_train_config_resolve (config, error) != NULL;
}

static gboolean
needs_vgg16 (const OmniTrainConfig *config)
{
  for (guint task = 0; task < OMNI_N_TASKS; task++)
    for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
      if (config->losses[task].weight[loss] != 0.0F && omni_loss_needs_vgg16 (loss))
        return TRUE;
  return FALSE;
}

static gboolean
is_within (float value, float low, float high)
{
  return value >= low && value <= high;
}

gboolean
omni_train_config_check (const OmniTrainConfig *config, const OmniTrainNetwork *network, GError **error)
{
  const char *wrong = NULL;
  g_autofree char *uneven = g_strdup_printf ("channels must be a multiple of %u and at most %d",
                                             network->channel_grain, OMNI_TRAIN_MAX_CHANNELS);
  g_autofree char *too_narrow = g_strdup_printf ("it has at least %u channels", network->least_channels);

  if (config->channels % network->channel_grain != 0 || config->channels > OMNI_TRAIN_MAX_CHANNELS)
    wrong = uneven;
  else if (config->channels < network->least_channels)
    wrong = too_narrow;
  else if ((config->variant == OMNI_TRAIN_VARIANT_SQUEEZE_GCB || config->variant == OMNI_TRAIN_VARIANT_M)
           && config->channels % 8 != 0)
    wrong =
      "channels must be a multiple of 8 in this variant, which has layers of a quarter and a half of them";
  else if (config->norm != OMNI_TRAIN_NORM_NONE && !network->has_norm)
    wrong = "normalisation must be “none”: this network has no normalisation";
  else if (config->norm == OMNI_TRAIN_NORM_PICTURE && !network->has_picture_norm)
    wrong = "normalisation cannot be “picture”: only PMGI has it";
  else if (config->norm == OMNI_TRAIN_NORM_NONE && network->needs_norm
           && config->variant != OMNI_TRAIN_VARIANT_PLUSPLUS)
    wrong = "normalisation must not be “none”: this network has a normalisation";
  else if (config->reduce != OMNI_TRAIN_REDUCE_MAX && !network->has_reduce)
    wrong = "reduce must be “max”: this network has no choice";
  else if (config->vgg16 == NULL && needs_vgg16 (config))
    wrong = "the loss “perceptual” looks through VGG-16: name a file with its weights";
  else if (config->padding == OMNI_BOUNDARY_SYMMETRIC)
    wrong = "padding must be zero, replicate or reflect";
  else if (!(config->learning_rate > 0.0F))
    wrong = "the learning rate must be above 0";
  else if (config->schedule == OMNI_SCHEDULE_HALVING && config->halve_every == 0)
    wrong = "the halving schedule needs the number of steps between halvings";
  else if ((config->schedule == OMNI_SCHEDULE_COSINE || config->schedule == OMNI_SCHEDULE_POLY)
           && config->total_steps == 0)
    wrong = "the cosine and poly schedules need the total number of steps";
  else if (!is_within (config->beta1, 0.0F, MOST_DECAY) || !is_within (config->beta2, 0.0F, MOST_DECAY))
    wrong = "Adam's betas must be at least 0 and below 1";
  else if (!is_within (config->norm_momentum, 0.0F, 1.0F))
    wrong = "the share of a batch in the running statistics must be within 0 and 1";
  else if (!(config->power >= 0.0F))
    wrong = "the power of the poly schedule must not be negative";
  else if (config->spatial_levels > OMNI_TRAIN_MAX_SPATIAL_LEVELS)
    wrong = "there are more spatial levels than 6";
  else if (!is_within (config->energy_floor, 1e-6F, 1.0F))
    wrong = "the energy floor must be within 0.000001 and 1"; /* as models/omni.c reads it */
  if (wrong == NULL)
    return TRUE;

  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
               "“%s” cannot be trained like this: %s.", config->architecture, wrong);
  return FALSE;
}
