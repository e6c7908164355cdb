/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/difference.h"

#include <math.h>

double
omni_sample_type_get_peak (OmniSampleType type)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return 255;
  case OMNI_SAMPLE_U16:
    return 65535;
  case OMNI_SAMPLE_F32:
  default:
    return 1;
  }
}

double
omni_sample_read (gconstpointer samples, OmniSampleType type, gsize index)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)samples)[index];
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)samples)[index];
  case OMNI_SAMPLE_F32:
  default:
    return ((const float *)samples)[index];
  }
}

gboolean
omni_picture_compare (OmniPicture *a, OmniPicture *b, OmniPictureDifference *difference)
{
  const OmniSampleType type = omni_picture_get_sample_type (a);
  const guint channels = omni_picture_get_channels (a);
  const gsize n = (gsize)omni_picture_get_width (a) * omni_picture_get_height (a) * channels;
  gconstpointer a_pixels = omni_picture_get_pixels (a), b_pixels = omni_picture_get_pixels (b);
  double largest = 0, squares = 0;

  if (type != omni_picture_get_sample_type (b) || channels != omni_picture_get_channels (b)
      || omni_picture_get_width (a) != omni_picture_get_width (b)
      || omni_picture_get_height (a) != omni_picture_get_height (b))
    return FALSE;
  for (gsize i = 0; i < n; i++)
  {
    const double by = fabs (omni_sample_read (a_pixels, type, i) - omni_sample_read (b_pixels, type, i));
    largest = fmax (largest, by);
    squares += by * by;
  }
  const double peak = omni_sample_type_get_peak (type);
  difference->max_abs = largest;
  difference->psnr_db = squares > 0 ? 10 * log10 (peak * peak * (double)n / squares) : INFINITY;
  return TRUE;
}
