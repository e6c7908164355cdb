/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"
#include "models/split-mix.h"
#include "models/training/trainer-private.h"

#include <math.h>
#include <string.h>

#define NORM_EPSILON 1e-5 /* of omni_ops_norm() */

void
omni_parameters_add (GArray *parameters, const char *layer, const char *tensor, guint d0, guint d1, guint d2,
                     guint d3, double deviation, float value)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  OmniParameter parameter = {
    .at = (guint)omni_parameters_count (parameters),
    .n = 1,
    .deviation = deviation,
    .value = value,
  };

  omni_model_add_spec (specs, layer, tensor, d0, d1, d2, d3);
  parameter.spec = g_array_index (specs, OmniTensorSpec, 0);
  for (guint d = 0; d < parameter.spec.n_dims; d++)
    parameter.n *= parameter.spec.dims[d];
  g_array_append_val (parameters, parameter);
}

void
omni_parameters_add_norm (GArray *parameters, const char *layer, guint channels)
{
  static const char *const tensors[] = { "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var" };

  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++)
  {
    omni_parameters_add (parameters, layer, tensors[i], channels, 0, 0, 0, 0.0, i % 3 == 0 ? 1.0F : 0.0F);
    g_array_index (parameters, OmniParameter, parameters->len - 1).is_statistic = i >= 2;
  }
}

OmniNormLayer
omni_parameters_norm (const GArray *parameters, const char *layer)
{
  return (OmniNormLayer){
    .gamma = omni_parameters_find (parameters, layer, "bn.weight"),
    .beta = omni_parameters_find (parameters, layer, "bn.bias"),
    .mean = omni_parameters_find (parameters, layer, "bn.running_mean"),
    .variance = omni_parameters_find (parameters, layer, "bn.running_var"),
  };
}

void
omni_parameters_fold_norm (const GArray *parameters, float *theta)
{
  static const char suffix[] = ".bn.weight";

  for (guint p = 0; p < parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (parameters, OmniParameter, p);

    if (!g_str_has_suffix (parameter->spec.name, suffix))
      continue;

    g_autofree char *layer = g_strndup (parameter->spec.name,
                                        strlen (parameter->spec.name) - strlen (suffix));
    const OmniNormLayer norm = omni_parameters_norm (parameters, layer);

    for (guint c = 0; c < parameter->n; c++)
    {
      const double scale = theta[norm.gamma + c] / sqrt (theta[norm.variance + c] + NORM_EPSILON);

      theta[norm.gamma + c] = (float)(scale * sqrt (1 + NORM_EPSILON));
      theta[norm.beta + c] = (float)(theta[norm.beta + c] - scale * theta[norm.mean + c]);
      theta[norm.mean + c] = 0.0F;
      theta[norm.variance + c] = 1.0F;
    }
  }
}

OmniNormStatistics
omni_train_pass_statistics (const OmniTrainPass *pass)
{
  if (pass->config->norm == OMNI_TRAIN_NORM_PICTURE)
    return OMNI_NORM_PICTURE;
  return pass->config->norm == OMNI_TRAIN_NORM_BATCH && !pass->is_frozen ? OMNI_NORM_BATCH
                                                                         : OMNI_NORM_RUNNING;
}

gsize
omni_parameters_count (const GArray *parameters)
{
  if (parameters->len == 0)
    return 0;

  const OmniParameter *last = &g_array_index (parameters, OmniParameter, parameters->len - 1);

  return (gsize)last->at + last->n;
}

static const OmniParameter *
find_parameter (const GArray *parameters, const char *layer, const char *tensor)
{
  char name[sizeof (((OmniTensorSpec *)NULL)->name)];

  g_snprintf (name, sizeof name, "%s.%s", layer, tensor);
  for (guint i = 0; i < parameters->len; i++)
  {
    const OmniParameter *parameter = &g_array_index (parameters, OmniParameter, i);

    if (g_str_equal (parameter->spec.name, name))
      return parameter;
  }

  return NULL;
}

guint
omni_parameters_find (const GArray *parameters, const char *layer, const char *tensor)
{
  const OmniParameter *parameter = find_parameter (parameters, layer, tensor);

  if (parameter == NULL)
    g_error ("There is no parameter %s.%s", layer, tensor);
  return parameter->at;
}

double
omni_parameters_he (guint fan_in, double slope)
{
  return sqrt (2.0 / ((1.0 + slope * slope) * fan_in));
}

OmniConvLayer
omni_parameters_conv (const GArray *parameters, const char *layer, guint dilation, OmniBoundary boundary)
{
  const OmniParameter *weight = find_parameter (parameters, layer, "weight");
  const OmniParameter *bias = find_parameter (parameters, layer, "bias");

  if (weight == NULL)
    g_error ("There is no layer %s", layer);
  return (OmniConvLayer){
    .weight = weight->at,
    .bias = bias != NULL ? bias->at : OMNI_OPS_NO_BIAS,
    .out = weight->spec.dims[0],
    .in = weight->spec.dims[1],
    .kernel = weight->spec.dims[2],
    .dilation = dilation,
    .groups = 1,
    .boundary = boundary,
  };
}

static guint64
mix (guint64 x)
{
  return omni_split_mix_next (&x);
}

double
omni_train_draw (guint64 seed, guint64 step, guint64 purpose)
{
  return (double)(mix (mix (mix (seed) ^ step) ^ purpose) >> 11) * 0x1p-53;
}

void
omni_parameters_draw (const GArray *parameters, guint64 seed, float *theta)
{
  for (guint p = 0; p < parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (parameters, OmniParameter, p);

    for (guint i = 0; i < parameter->n; i++)
    {
      const guint64 number = (guint64)parameter->at + i;
      const double radius = sqrt (-2.0 * log (1.0 - omni_train_draw (seed, number, 1)));
      const double normal = radius * cos (2.0 * G_PI * omni_train_draw (seed, number, 2));

      theta[number] = parameter->value + (float)(parameter->deviation * normal);
    }
  }
}
