/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/order/spread.h"

#include "app/picture/difference.h"

#include <string.h>

struct _OmniOrderSpread
{
  guint width, height, channels;
  OmniSampleType type;
  gsize n_samples;
  guint8 *least, *most; /* per sample, over all distinct results */
  GHashTable *hashes;
  guint64 n_tried;
};

OmniOrderSpread *
omni_order_spread_new (void)
{
  OmniOrderSpread *self = g_new0 (OmniOrderSpread, 1);

  self->hashes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
omni_order_spread_free (OmniOrderSpread *self)
{
  g_hash_table_unref (self->hashes);
  g_free (self->least);
  g_free (self->most);
  g_free (self);
}

static gboolean
start (OmniOrderSpread *self, OmniPicture *picture, GError **error)
{
  gsize size_bytes;

  self->width = omni_picture_get_width (picture);
  self->height = omni_picture_get_height (picture);
  self->channels = omni_picture_get_channels (picture);
  self->type = omni_picture_get_sample_type (picture);
  self->n_samples = (gsize)self->width * self->height * self->channels;
  g_autofree guint8 *least = omni_picture_try_alloc_pixels (self->width, self->height, self->channels,
                                                            self->type, &size_bytes, error);
  g_autofree guint8 *most = least != NULL ? omni_picture_try_alloc_pixels (
                              self->width, self->height, self->channels, self->type, &size_bytes, error)
                                          : NULL;
  if (most == NULL)
    return FALSE;
  memcpy (least, omni_picture_get_pixels (picture), size_bytes);
  memcpy (most, omni_picture_get_pixels (picture), size_bytes);
  self->least = g_steal_pointer (&least);
  self->most = g_steal_pointer (&most);
  return TRUE;
}

static void
widen (OmniOrderSpread *self, OmniPicture *picture)
{
  const gsize bytes = omni_sample_type_get_bytes (self->type);
  const guint8 *pixels = omni_picture_get_pixels (picture);

  for (gsize i = 0; i < self->n_samples; i++)
  {
    const double value = omni_sample_read (pixels, self->type, i);
    if (value < omni_sample_read (self->least, self->type, i))
      memcpy (self->least + i * bytes, pixels + i * bytes, bytes);
    if (value > omni_sample_read (self->most, self->type, i))
      memcpy (self->most + i * bytes, pixels + i * bytes, bytes);
  }
}

gboolean
omni_order_spread_add (OmniOrderSpread *self, OmniPicture *picture, const char *sha256, GError **error)
{
  if (self->least == NULL && !start (self, picture, error))
    return FALSE;
  g_return_val_if_fail (omni_picture_get_width (picture) == self->width
                          && omni_picture_get_height (picture) == self->height
                          && omni_picture_get_channels (picture) == self->channels
                          && omni_picture_get_sample_type (picture) == self->type,
                        FALSE);
  self->n_tried++;
  /* A result that was seen before changes nothing. */
  if (g_hash_table_add (self->hashes, g_strdup (sha256)))
    widen (self, picture);
  return TRUE;
}

guint64
omni_order_spread_get_n_tried (const OmniOrderSpread *self)
{
  return self->n_tried;
}

guint
omni_order_spread_get_n_distinct (const OmniOrderSpread *self)
{
  return g_hash_table_size (self->hashes);
}

static double
get_difference (const OmniOrderSpread *self, gsize index)
{
  return omni_sample_read (self->most, self->type, index) - omni_sample_read (self->least, self->type, index);
}

double
omni_order_spread_get_largest (const OmniOrderSpread *self)
{
  double largest = 0;

  if (g_hash_table_size (self->hashes) < 2)
    return 0;
  for (gsize i = 0; i < self->n_samples; i++)
    largest = MAX (largest, get_difference (self, i));
  return largest;
}

OmniPicture *
omni_order_spread_make_map (const OmniOrderSpread *self, GError **error)
{
  gsize size_bytes;

  g_return_val_if_fail (self->least != NULL, NULL);
  guint8 *pixels = omni_picture_try_alloc_pixels (self->width, self->height, 1, self->type, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return NULL;
  for (gsize i = 0; i < (gsize)self->width * self->height; i++)
  {
    double largest = 0;
    for (guint c = 0; c < self->channels; c++)
      largest = MAX (largest, get_difference (self, i * self->channels + c));
    if (self->type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)largest;
    else if (self->type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)largest;
    else
      ((float *)(gpointer)pixels)[i] = (float)largest;
  }
  return omni_picture_new (self->width, self->height, 1, FALSE, self->type,
                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, error);
}
