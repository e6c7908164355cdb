/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

/* The kernels read the zero outside a picture, and that of a layer without a bias, at the start of the activations. */
#define ZERO_TEXELS 256
#define LOCAL_SIZE  64

void
omni_ops_init (OmniOps *ops, OmniDevice *device)
{
  const OmniDeviceInfo *info = omni_device_get_info (device);

  memset (ops, 0, sizeof *ops);
  ops->work = omni_work_new (device);
  ops->parameters = omni_work_add_arena (ops->work, OMNI_WORK_DEVICE);
  ops->activations = omni_work_add_arena (ops->work, OMNI_WORK_DEVICE);
  ops->results = omni_work_add_arena (ops->work, OMNI_WORK_READBACK);
  ops->has_shuffle = info->has_shuffle;
  ops->transforms_tiles = info->type != OMNI_DEVICE_SOFTWARE;
  ops->lanes = CLAMP (info->subgroup_size, 8, 32);
}

void
omni_ops_clear (OmniOps *ops)
{
  g_clear_pointer (&ops->work, omni_work_free);
}

void
omni_ops_begin (OmniOps *ops, guint64 n_parameters, gboolean measuring)
{
  const guint64 grain = OMNI_WORK_ALIGNMENT / 16;

  /* The maps come first, for views reach fewer floats than texels; how many they are has been measured. */
  ops->first_texel = measuring ? ZERO_TEXELS : (ops->n_maps + 4 * grain - 1) / (4 * grain) * grain;
  ops->measuring = measuring;
  ops->n_texels = ops->most_texels = ops->first_texel;
  ops->n_maps = 4 * ZERO_TEXELS;
  ops->largest_output = 0;
  ops->fits_groups = TRUE;
  ops->n_results = 0;
  ops->n_gradients = n_parameters;
  omni_ops_results (ops, n_parameters);
}

gboolean
omni_ops_reserve (OmniOps *ops, GError **error)
{
  const guint64 most = MIN (omni_work_max_view_elements (ops->work), G_MAXINT32);
  const guint64 n_texels = ops->most_texels + (ops->n_maps + 3) / 4;

  if (n_texels > most || ops->n_maps > most || ops->largest_output > omni_work_max_output_bytes (ops->work)
      || !ops->fits_groups)
  {
    g_autofree char *size = g_format_size (n_texels * 16);

    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 "A training step of this size takes %s, more than the device can work on at once. Choose "
                 "fewer sets, fewer pictures or smaller crops.",
                 size);
    return FALSE;
  }
  /* The maps' end is rounded up, and lanes that share a fetch may reach beyond the last filter. */
  return omni_work_reserve (ops->work, ops->activations, (n_texels + 128) * 16, error)
         && omni_work_reserve (ops->work, ops->parameters, MAX (ops->n_gradients + ops->n_frozen, 1) * 4,
                               error)
         && omni_work_reserve (ops->work, ops->results, ops->n_results * 4, error);
}

/* Takes `n` of `unit_bytes`-sized elements from an arena, aligned for a storage binding. */
static guint64
take (guint64 *used, guint64 n, guint unit_bytes)
{
  const guint64 grain = OMNI_WORK_ALIGNMENT / unit_bytes;
  const guint64 at = (*used + grain - 1) / grain * grain;

  *used = at + n;
  return at;
}

gint32
omni_ops_texels (OmniOps *ops, guint64 n)
{
  const guint64 at = take (&ops->n_texels, n, 16);

  ops->most_texels = MAX (ops->most_texels, ops->n_texels);
  return (gint32)at;
}

OmniFeatures
omni_ops_features (OmniOps *ops, guint n, guint c, guint h, guint w)
{
  OmniFeatures x = { .n = n, .c = c, .h = h, .w = w };

  x.at = omni_ops_texels (ops, (guint64)omni_features_image_texels (&x) * n);
  return x;
}

OmniMaps
omni_ops_maps (OmniOps *ops, guint n, guint h, guint w)
{
  return (OmniMaps){ .at = (gint32)take (&ops->n_maps, (guint64)n * h * w, 4), .n = n, .h = h, .w = w };
}

guint64
omni_ops_results (OmniOps *ops, guint64 n)
{
  return take (&ops->n_results, n, 4);
}

gboolean
omni_ops_upload (OmniOps *ops, const OmniMaps *maps, const float *values, GError **error)
{
  return ops->measuring
         || omni_work_write (ops->work, ops->activations, (guint64)maps->at * 4, values,
                             omni_maps_bytes (maps), error);
}

guint
omni_features_pitch (const OmniFeatures *x)
{
  return (x->w + 3) / 4 * 4;
}

guint
omni_features_planes (const OmniFeatures *x)
{
  return (x->c + 3) / 4;
}

guint
omni_features_image_texels (const OmniFeatures *x)
{
  return omni_features_planes (x) * x->h * omni_features_pitch (x);
}

guint64
omni_features_bytes (const OmniFeatures *x)
{
  return (guint64)omni_features_image_texels (x) * x->n * 16;
}

guint64
omni_maps_bytes (const OmniMaps *x)
{
  return (guint64)x->n * x->h * x->w * 4;
}

gint32
omni_ops_float_bits (float value)
{
  gint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

OmniDispatch
omni_ops_kernel (const char *shader, guint count, guint images)
{
  return (OmniDispatch){
    .shader = shader,
    .constants = { LOCAL_SIZE },
    .n_constants = 1,
    .groups = { (count + LOCAL_SIZE - 1) / LOCAL_SIZE, images, 1 },
  };
}

/* Every device takes as many workgroups along each axis. */
#define MOST_GROUPS_X 65535

OmniDispatch
omni_ops_linear_kernel (const char *shader, guint count)
{
  const guint groups = (count + LOCAL_SIZE - 1) / LOCAL_SIZE,
              rows = (groups + MOST_GROUPS_X - 1) / MOST_GROUPS_X;
  OmniDispatch kernel = omni_ops_kernel (shader, count, rows);

  if (rows > 1)
    kernel.groups[0] = (groups + rows - 1) / rows;
  return kernel;
}

void
omni_ops_constant (OmniDispatch *dispatch, guint32 value)
{
  g_return_if_fail (dispatch->n_constants < OMNI_WORK_CONSTANTS);
  dispatch->constants[dispatch->n_constants++] = value;
}

void
omni_ops_read_features (const OmniOps *ops, OmniDispatch *dispatch, guint binding)
{
  dispatch->in[binding].view = OMNI_WORK_TEXELS;
  dispatch->in[binding].arena = ops->activations;
}

void
omni_ops_read_maps (const OmniOps *ops, OmniDispatch *dispatch, guint binding)
{
  dispatch->in[binding].view = OMNI_WORK_FLOATS;
  dispatch->in[binding].arena = ops->activations;
}

void
omni_ops_write_features (const OmniOps *ops, OmniDispatch *dispatch, guint output, const OmniFeatures *x)
{
  dispatch->out[output].arena = ops->activations;
  dispatch->out[output].offset_bytes = (guint64)x->at * 16;
  dispatch->out[output].size_bytes = omni_features_bytes (x);
}

void
omni_ops_write_maps (const OmniOps *ops, OmniDispatch *dispatch, guint output, const OmniMaps *x)
{
  dispatch->out[output].arena = ops->activations;
  dispatch->out[output].offset_bytes = (guint64)x->at * 4;
  dispatch->out[output].size_bytes = omni_maps_bytes (x);
}

void
omni_ops_run (OmniOps *ops, OmniDispatch *dispatch)
{
  if (dispatch->bytes == 0.0)
    dispatch->bytes = 3.0 * (double)dispatch->out[0].size_bytes;
  for (guint i = 0; i < OMNI_WORK_OUTPUTS; i++)
    ops->largest_output = MAX (ops->largest_output, dispatch->out[i].size_bytes);
  for (guint i = 0; i < G_N_ELEMENTS (dispatch->groups); i++)
    ops->fits_groups &= dispatch->groups[i] <= omni_work_max_groups (ops->work, i);
  if (ops->measuring)
    omni_work_prepare (ops->work, dispatch);
  else
    omni_work_dispatch (ops->work, dispatch);
}
