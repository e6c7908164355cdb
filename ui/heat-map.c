/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/heat-map.h"

#include "app/picture-difference.h"
#include "app/view/colour-map.h"

#define N_LEVELS 256

guint32
omni_heat_map_get (guint level)
{
  return omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[level];
}

OmniPicture *
omni_heat_map_paint (OmniPicture *map, double gain, GError **error)
{
  const guint width = omni_picture_get_width (map), height = omni_picture_get_height (map);
  const OmniSampleType type = omni_picture_get_sample_type (map);
  const double scale = gain * (N_LEVELS - 1) / omni_sample_type_get_peak (type);
  gconstpointer samples = omni_picture_get_pixels (map);
  guint32 colours[N_LEVELS];
  gsize size_bytes;

  g_return_val_if_fail (omni_picture_get_channels (map) == 1, NULL);
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 3, OMNI_SAMPLE_U8, &size_bytes, error);
  if (pixels == NULL)
    return NULL;
  for (guint i = 0; i < N_LEVELS; i++)
    colours[i] = omni_heat_map_get (i);
  for (gsize i = 0; i < (gsize)width * height; i++)
  {
    const double level = CLAMP (omni_sample_read (samples, type, i) * scale + 0.5, 0, N_LEVELS - 1);
    const guint32 colour = colours[(guint)level];
    for (guint c = 0; c < 3; c++)
      pixels[3 * i + c] = (guint8)(colour >> (16 - 8 * c) & 0xff);
  }
  return omni_picture_new (width, height, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, size_bytes),
                           NULL, NULL, error);
}
