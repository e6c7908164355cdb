/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/pixel.h"

#include <math.h>

char *
omni_picture_describe_sample (OmniPicture *self, guint x, guint y, guint channel)
{
  g_return_val_if_fail (x < omni_picture_get_width (self) && y < omni_picture_get_height (self), NULL);

  const gsize index = ((gsize)y * omni_picture_get_width (self) + x) * omni_picture_get_channels (self)
                      + channel;
  const gconstpointer pixels = omni_picture_get_pixels (self);

  switch (omni_picture_get_sample_type (self))
  {
  case OMNI_SAMPLE_U16:
    return g_strdup_printf ("%u", ((const guint16 *)pixels)[index]);
  case OMNI_SAMPLE_F32:
    return g_strdup_printf ("%.4f", (double)((const float *)pixels)[index]);
  case OMNI_SAMPLE_U8:
  default:
    return g_strdup_printf ("%u", ((const guint8 *)pixels)[index]);
  }
}

char *
omni_picture_describe_pixel (OmniPicture *self, guint x, guint y)
{
  GString *words = g_string_new (NULL);

  for (guint c = 0; c < omni_picture_get_channels (self); c++)
  {
    g_autofree char *sample = omni_picture_describe_sample (self, x, y, c);
    g_string_append_printf (words, "%s%s", c > 0 ? "  " : "", sample);
  }
  return g_string_free (words, FALSE);
}

char *
omni_picture_describe_value (OmniPicture *self, double value)
{
  switch (omni_picture_get_sample_type (self))
  {
  case OMNI_SAMPLE_U16:
    return g_strdup_printf ("%.0f", value * 65535);
  case OMNI_SAMPLE_F32:
    return g_strdup_printf ("%.4g", value);
  case OMNI_SAMPLE_U8:
  default:
    return g_strdup_printf (fabs (value) * 255 < 10 ? "%.1f" : "%.0f", value * 255);
  }
}
