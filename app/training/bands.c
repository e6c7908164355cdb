/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/bands.h"

#include "app/evaluate/wald.h"
#include "app/files/samples.h"
#include "app/picture/resample.h"

/* In the cache a scene is one tall picture: the coarse panchromatic picture, and then for every band what came of it and its
 * truth, one under the other. */
enum
{
  BAND,
  TRUTH,
  N_PARTS
};

void
omni_bands_clear (OmniBands *self)
{
  g_clear_pointer (&self->band, omni_luma_unref);
  g_clear_pointer (&self->pan, omni_luma_unref);
  g_clear_pointer (&self->truth, omni_luma_unref);
}

/* ---- The scene ---- */

/* (transfer full) All samples as numbers; NULL with an error. */
static float *
read_samples (OmniPicture *picture, gsize *n, GError **error)
{
  *n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture)
       * omni_picture_get_channels (picture);
  float *values = g_try_malloc_n (*n, sizeof *values);
  if (values == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "There is not enough memory for %u × %u pixels.",
                 omni_picture_get_width (picture), omni_picture_get_height (picture));
    return NULL;
  }
  omni_samples_convert (omni_picture_get_pixels (picture), omni_picture_get_sample_type (picture), values,
                        OMNI_SAMPLE_F32, *n);
  for (gsize i = 0; i < *n; i++)
    values[i] = MAX (omni_sample_sanitise (values[i]), 0.0f);
  return values;
}

/* Channel `channel` of `n_channels`, white as 65535. */
static void
write_plane (const float *samples, guint channel, guint n_channels, float white, gsize n, guint16 *to)
{
  const float *from = samples + channel;
  for (gsize i = 0; i < n; i++, from += n_channels)
    to[i] = (guint16)(MIN (*from / white, 1.0f) * 65535.0f + 0.5f);
}

static OmniLuma *
stack_planes (const OmniWald *wald, OmniPicture *brought_up, GError **error)
{
  const guint width = omni_picture_get_width (wald->ms), height = omni_picture_get_height (wald->ms);
  const guint channels = omni_picture_get_channels (wald->ms);
  const guint n_bands = channels - (omni_picture_get_has_alpha (wald->ms) ? 1 : 0);
  const gsize plane = (gsize)width * height;
  gsize n_ms, n_pan;
  guint rows;
  if (!g_uint_checked_mul (&rows, height, 1 + N_PARTS * n_bands))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "%u bands of %u rows are too many to train on.",
                 n_bands, height);
    return NULL;
  }
  g_autofree float *bands = read_samples (brought_up, &n_ms, error);
  g_autofree float *truths = bands != NULL ? read_samples (wald->ms, &n_ms, error) : NULL;
  g_autofree float *pan = truths != NULL ? read_samples (wald->coarse_pan, &n_pan, error) : NULL;
  OmniLuma *stack = pan != NULL ? omni_luma_try_alloc (width, rows, error) : NULL;
  if (stack == NULL)
    return NULL;
  float white = FLT_MIN;
  for (gsize i = 0; i < n_pan; i++)
    white = MAX (white, pan[i]);
  for (gsize i = 0; i < n_ms; i++)
    if (i % channels < n_bands)
      white = MAX (white, bands[i]);
  write_plane (pan, 0, omni_picture_get_channels (wald->coarse_pan), white, plane, stack->values);
  for (guint b = 0; b < n_bands; b++)
  {
    write_plane (bands, b, channels, white, plane, stack->values + (1 + N_PARTS * b + BAND) * plane);
    write_plane (truths, b, channels, white, plane, stack->values + (1 + N_PARTS * b + TRUTH) * plane);
  }
  return stack;
}

static OmniLuma *
load (gconstpointer data, GError **error)
{
  const OmniScene *scene = data;
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < scene->n_pictures; i++)
  {
    OmniSource *source = omni_source_new (scene->paths[i], error);
    if (source == NULL)
      return NULL;
    omni_source_set_role (source, scene->roles[i]);
    g_ptr_array_add (sources, source);
  }
  g_auto (OmniWald) wald = { NULL };
  if (!omni_wald_init (&wald, sources, NULL, error) || !omni_wald_degrade (&wald, NULL, error))
    return NULL;
  g_autoptr (OmniPicture) brought_up = omni_picture_resample (
    wald.coarse_ms, omni_picture_get_width (wald.ms), omni_picture_get_height (wald.ms), NULL, error);
  return brought_up != NULL ? stack_planes (&wald, brought_up, error) : NULL;
}

gboolean
omni_bands_load (OmniBands *self, const OmniScene *scene, OmniLumaCache *cache, GError **error)
{
  g_autofree char *name = g_strconcat (scene->paths[0], "\n", scene->paths[1], NULL);
  g_autoptr (OmniLuma) stack = omni_luma_cache_get_made (cache, name, load, scene, error);
  if (stack == NULL)
    return FALSE;
  const guint first = 1 + N_PARTS * scene->band, whole = scene->whole_height;
  if (stack->width != scene->width || stack->height < (first + N_PARTS) * whole)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "“%s” is not what it was when the training began; start it again.", scene->paths[0]);
    return FALSE;
  }
  *self = (OmniBands){ .pan = omni_luma_new_rows (stack, scene->top, scene->height),
                       .band = omni_luma_new_rows (stack, (first + BAND) * whole + scene->top, scene->height),
                       .truth = omni_luma_new_rows (stack, (first + TRUTH) * whole + scene->top,
                                                    scene->height) };
  return TRUE;
}
