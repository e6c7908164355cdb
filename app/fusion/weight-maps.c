/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/weight-maps.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

struct _OmniWeightMaps
{
  gatomicrefcount ref_count;
  guint n_sources;
  GArray *bands; /* OmniWeightBand */
};

static guint
halve (guint extent, guint level)
{
  for (; level > 0; level--)
    extent = (extent + 1) / 2;
  return extent;
}

static gboolean
add_band (OmniWeightMaps *self, const char *name, guint level, guint width, guint height)
{
  OmniWeightBand band = { .name = g_strdup (name),
                          .level = level,
                          .width = halve (width, level),
                          .height = halve (height, level),
                          .shares = g_new0 (float *, self->n_sources) };
  gboolean success = TRUE;
  for (guint i = 0; i < self->n_sources; i++)
  {
    band.shares[i] = g_try_malloc0_n ((gsize)band.width * band.height, sizeof (float));
    success = success && band.shares[i] != NULL;
  }
  g_array_append_val (self->bands, band);
  return success;
}

OmniWeightMaps *
omni_weight_maps_new (const OmniGraph *graph, const char *title, guint n_sources, guint width, guint height,
                      GError **error)
{
  if (omni_graph_count_maps (graph) == 0)
  {
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      _ ("%s has no weights to show; omni, omni-small, mertens, laplacian and gff have (--model)."), title);
    return NULL;
  }
  g_autoptr (OmniWeightMaps) self = g_new0 (OmniWeightMaps, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->n_sources = n_sources;
  self->bands = g_array_new (FALSE, FALSE, sizeof (OmniWeightBand));
  gboolean success = TRUE;
  for (guint i = 0; success && i < omni_graph_count_maps (graph); i++)
    success = add_band (self, omni_graph_get_map_name (graph, i), omni_graph_get_map_level (graph, i), width,
                        height);
  if (success)
    return g_steal_pointer (&self);
  g_set_error (
    error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
    _ ("There is not enough memory for the weights of %u pictures of %u × %u; use fewer or smaller "
       "pictures."),
    n_sources, width, height);
  return NULL;
}

OmniWeightMaps *
omni_weight_maps_ref (OmniWeightMaps *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
omni_weight_maps_unref (OmniWeightMaps *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint b = 0; b < self->bands->len; b++)
  {
    OmniWeightBand *band = &g_array_index (self->bands, OmniWeightBand, b);
    for (guint i = 0; i < self->n_sources; i++)
      g_free (band->shares[i]);
    g_free (band->shares);
    g_free (band->name);
  }
  g_array_unref (self->bands);
  g_free (self);
}

void
omni_weight_maps_put (OmniWeightMaps *self, guint map, guint source, guint x, guint y, guint width,
                      guint height, const float *values, guint pitch)
{
  g_return_if_fail (map < self->bands->len && source < self->n_sources);

  const OmniWeightBand *band = &g_array_index (self->bands, OmniWeightBand, map);
  g_return_if_fail (x + width <= band->width && y + height <= band->height);
  for (guint row = 0; row < height; row++)
    memcpy (band->shares[source] + (gsize)(y + row) * band->width + x, values + (gsize)row * pitch,
            width * sizeof *values);
}

/* The sum is of integers on a grid of 2^-40 of the largest, so that no order can show. */
static void
share_pixel (const OmniWeightBand *band, guint n_sources, gsize at)
{
  double largest = 0;
  for (guint i = 0; i < n_sources; i++)
    largest = MAX (largest, band->shares[i][at]);
  guint64 sum = 0;
  for (guint i = 0; largest > 0 && i < n_sources; i++)
    sum += (guint64)llround (ldexp (MAX (band->shares[i][at], 0.0F) / largest, 40));
  for (guint i = 0; i < n_sources; i++)
  {
    const double term = sum > 0 ? round (ldexp (MAX (band->shares[i][at], 0.0F) / largest, 40)) : 1;
    band->shares[i][at] = (float)(term / (sum > 0 ? (double)sum : (double)n_sources));
  }
}

void
omni_weight_maps_finish (OmniWeightMaps *self)
{
  for (guint b = 0; b < self->bands->len; b++)
  {
    const OmniWeightBand *band = &g_array_index (self->bands, OmniWeightBand, b);
    for (gsize at = 0; at < (gsize)band->width * band->height; at++)
      share_pixel (band, self->n_sources, at);
  }
}

guint
omni_weight_maps_get_n_sources (const OmniWeightMaps *self)
{
  return self->n_sources;
}

guint
omni_weight_maps_get_n_bands (const OmniWeightMaps *self)
{
  return self->bands->len;
}

const OmniWeightBand *
omni_weight_maps_get_band (const OmniWeightMaps *self, guint band)
{
  g_return_val_if_fail (band < self->bands->len, NULL);

  return &g_array_index (self->bands, OmniWeightBand, band);
}

OmniPicture *
omni_weight_maps_to_picture (const OmniWeightMaps *self, guint band, guint source, GError **error)
{
  g_return_val_if_fail (band < self->bands->len && source < self->n_sources, NULL);

  const OmniWeightBand *from = omni_weight_maps_get_band (self, band);
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (from->width, from->height, 1, OMNI_SAMPLE_U16, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return NULL;
  guint16 *sample = (guint16 *)(gpointer)pixels;
  for (gsize i = 0; i < (gsize)from->width * from->height; i++)
    sample[i] = (guint16)(from->shares[source][i] * 65535 + 0.5F);
  return omni_picture_new (from->width, from->height, 1, FALSE, OMNI_SAMPLE_U16,
                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, error);
}

/* Adds `scale` times one band, bilinear at half-pixel centres, its edge continued. */
static void
add_scaled (const OmniWeightBand *band, guint source, guint width, guint height, float scale, float *into)
{
  const float *from = band->shares[source];
  for (guint y = 0; y < height; y++)
  {
    const float fy = CLAMP (((float)y + 0.5F) * (float)band->height / (float)height - 0.5F, 0,
                            (float)(band->height - 1));
    const guint y0 = (guint)fy, y1 = MIN (y0 + 1, band->height - 1);
    const float *upper = from + (gsize)y0 * band->width, *lower = from + (gsize)y1 * band->width;
    for (guint x = 0; x < width; x++)
    {
      const float fx = CLAMP (((float)x + 0.5F) * (float)band->width / (float)width - 0.5F, 0,
                              (float)(band->width - 1));
      const guint x0 = (guint)fx, x1 = MIN (x0 + 1, band->width - 1);
      const float tx = fx - (float)x0, ty = fy - (float)y0;
      *into++ += scale
                 * ((1 - ty) * ((1 - tx) * upper[x0] + tx * upper[x1])
                    + ty * ((1 - tx) * lower[x0] + tx * lower[x1]));
    }
  }
}

float *
omni_weight_maps_sample (const OmniWeightMaps *self, int band, guint source, guint width, guint height)
{
  const guint n_bands = self->bands->len;
  g_return_val_if_fail (band < (int)n_bands && source < self->n_sources, NULL);

  float *shares = g_new0 (float, (gsize)width *height);
  for (guint b = 0; b < n_bands; b++)
    if (band < 0 || (guint)band == b)
      add_scaled (omni_weight_maps_get_band (self, b), source, width, height,
                  band < 0 ? 1.0F / (float)n_bands : 1, shares);
  return shares;
}
