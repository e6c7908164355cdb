/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/losses.h"

#include "app/files/colour-profile.h"
#include "app/files/samples.h"
#include "app/picture/resample.h"

#include <glib/gi18n.h>

#define MOST_PIXELS 1000000

static gboolean
is_outside (float value)
{
  return !(value >= 0.0f && value <= 1.0f);
}

/* The share of samples that no whole number stands for; alpha counts like any other. */
static double
find_outside (OmniPicture *picture)
{
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture)
                  * omni_picture_get_channels (picture);
  const float *values = omni_picture_get_pixels (picture);
  gsize n_outside = 0;

  for (gsize i = 0; i < n; i++)
    n_outside += is_outside (values[i]);
  return (double)n_outside / (double)n;
}

void
omni_losses_add_cut (GPtrArray *losses, OmniPicture *picture)
{
  const double outside = omni_picture_get_sample_type (picture) == OMNI_SAMPLE_F32 ? find_outside (picture)
                                                                                   : 0;
  if (outside > 0)
    g_ptr_array_add (losses,
                     g_strdup_printf (_ ("Values below 0 and above 1 are cut off, %.3g %% of all; a TIFF of "
                                         "32-bit float holds them."),
                                      outside * 100));
}

void
omni_losses_add_samples (GPtrArray *losses, OmniPicture *picture, OmniSampleType type)
{
  const OmniSampleType own = omni_picture_get_sample_type (picture);

  if (type >= own)
    return;
  g_ptr_array_add (losses, g_strdup_printf (_ ("%u of %u bits per sample are kept; TIFF holds them all."),
                                            (guint)omni_sample_type_get_bytes (type) * 8,
                                            (guint)omni_sample_type_get_bytes (own) * 8));
  omni_losses_add_cut (losses, picture);
}

/* (transfer full) (nullable) Every so many pixels in one row, as floats. */
static OmniPicture *
thin_out (OmniPicture *picture)
{
  const guint channels = omni_picture_get_channels (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize n_pixels = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture);
  const gsize step = (n_pixels + MOST_PIXELS - 1) / MOST_PIXELS;
  const guint width = (guint)((n_pixels + step - 1) / step);
  const gsize pixel_bytes = channels * omni_sample_type_get_bytes (type);
  const guint8 *pixels = omni_picture_get_pixels (picture);
  gsize size;
  float *values = (float *)(gpointer)omni_picture_try_alloc_pixels (width, 1, channels, OMNI_SAMPLE_F32,
                                                                    &size, NULL);

  if (values == NULL)
    return NULL;
  for (gsize i = 0; i < width; i++)
    omni_samples_convert (pixels + i * step * pixel_bytes, type, values + i * channels, OMNI_SAMPLE_F32,
                          channels);
  return omni_picture_new (width, 1, channels, omni_picture_get_has_alpha (picture), OMNI_SAMPLE_F32,
                           g_bytes_new_take (values, size), omni_picture_get_icc_profile (picture), NULL,
                           NULL);
}

void
omni_losses_add_profile (GPtrArray *losses, OmniPicture *picture, GBytes *target_icc)
{
  g_autoptr (OmniPicture) thin = thin_out (picture);
  g_autoptr (OmniPicture) converted = thin != NULL ? omni_picture_convert_profile (thin, target_icc, NULL)
                                                   : NULL;

  if (converted == NULL || converted == thin)
    return;
  const gsize n = (gsize)omni_picture_get_width (converted) * omni_picture_get_channels (converted);
  const float *before = omni_picture_get_pixels (thin);
  const float *after = omni_picture_get_pixels (converted);
  gboolean any = FALSE;
  for (gsize i = 0; i < n && !any; i++)
    any = !is_outside (before[i]) && omni_sample_is_beyond (after[i]);
  if (!any)
    return;
  g_autofree char *name = omni_profile_get_name (target_icc);
  g_ptr_array_add (
    losses, g_strdup_printf (_ ("Some colours lie outside of %s and become its purest ones; “As fused” "
                                "keeps them."),
                             name));
}

void
omni_losses_add_metadata (GPtrArray *losses, const char *cause)
{
  g_ptr_array_add (losses, g_strdup_printf (_ ("It is without metadata: %s"), cause));
}
