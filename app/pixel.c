/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pixel.h"

char *
omni_picture_describe_pixel (OmniPicture *self, guint x, guint y)
{
  g_return_val_if_fail (x < omni_picture_get_width (self) && y < omni_picture_get_height (self), NULL);

  const guint channels = omni_picture_get_channels (self);
  const gsize first = ((gsize)y * omni_picture_get_width (self) + x) * channels;
  const gconstpointer pixels = omni_picture_get_pixels (self);
  GString *words = g_string_new (NULL);

  for (guint c = 0; c < channels; c++)
  {
    if (c > 0)
      g_string_append (words, "  ");
    switch (omni_picture_get_sample_type (self))
    {
    case OMNI_SAMPLE_U16:
      g_string_append_printf (words, "%u", ((const guint16 *)pixels)[first + c]);
      break;
    case OMNI_SAMPLE_F32:
      g_string_append_printf (words, "%.4f", (double)((const float *)pixels)[first + c]);
      break;
    case OMNI_SAMPLE_U8:
    default:
      g_string_append_printf (words, "%u", ((const guint8 *)pixels)[first + c]);
      break;
    }
  }
  return g_string_free (words, FALSE);
}
