/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/bands.h"

#include "app/files/colour-profile.h"
#include "app/picture/resample.h"

#include <string.h>

/* Rows that one thread turns to luminance at a time. */
#define BAND_ROWS 64

/* What is blended from bands goes so far beyond 0 to 1 at the most, and is good nevertheless. */
#define OVERSHOOT 0.5f

typedef struct
{
  OmniPicture *picture;
  guint channels, colours, max_value;
  OmniMetricsRegion region;
  guint8 *luminance, *mask;
  gint any_invalid, any_colour;
} Conversion;

static double
read_sample (gconstpointer pixels, OmniSampleType type, gsize index)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)pixels)[index];
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)pixels)[index] / 257.0;
  case OMNI_SAMPLE_F32:
  default:
  {
    const float value = ((const float *)pixels)[index];
    return isnan (value) ? NAN : CLAMP (value, 0, 1) * 255.0;
  }
  }
}

/* The rounding matters: without it VIF moves by up to .008. */
static guint8
compute_luminance (const double *colour, guint colours)
{
  const double value = colours == 1 ? colour[0]
                                    : 0.298936021293775 * colour[0] + 0.587043074451121 * colour[1]
                                        + 0.114020904255103 * colour[2];
  return (guint8)(value + 0.5); /* floor: never negative, and at most 255.5 as the weights add up to 1 */
}

static void
convert_pixel (Conversion *self, gconstpointer pixels, OmniSampleType type, gsize from, gsize to)
{
  double colour[3] = { 0 };
  gboolean valid = self->colours == self->channels || read_sample (pixels, type, from + self->colours) > 0;
  for (guint c = 0; c < self->colours; c++)
  {
    colour[c] = read_sample (pixels, type, from + c);
    valid = valid && !isnan (colour[c]);
  }
  if (valid)
  {
    if (self->colours == 3 && (colour[0] != colour[1] || colour[1] != colour[2]))
      g_atomic_int_set (&self->any_colour, 1);
    self->luminance[to] = compute_luminance (colour, self->colours);
    return;
  }
  self->luminance[to] = 0;
  self->mask[to] = 0;
  g_atomic_int_set (&self->any_invalid, 1);
}

static void
convert_band (guint part, gpointer data, double *scratch, double *sums)
{
  Conversion *self = data;
  gconstpointer pixels = omni_picture_get_pixels (self->picture);
  const OmniSampleType type = omni_picture_get_sample_type (self->picture);
  const guint width = omni_picture_get_width (self->picture);
  const guint last = MIN ((part + 1) * BAND_ROWS, self->region.height);
  guint chroma = 0;
  for (guint y = part * BAND_ROWS; y < last; y++)
  {
    const gsize to = (gsize)y * self->region.width;
    const gsize from = ((gsize)(self->region.y + y) * width + self->region.x) * self->channels;
    if (self->channels == 1 && type == OMNI_SAMPLE_U8)
      memcpy (self->luminance + to, (const guint8 *)pixels + from, self->region.width);
    else if (self->channels == 3 && type == OMNI_SAMPLE_U8)
      for (guint x = 0; x < self->region.width; x++)
      {
        const guint8 *p = (const guint8 *)pixels + from + 3 * (gsize)x;
        chroma |= (guint)(p[0] ^ p[1]) | (guint)(p[1] ^ p[2]);
        self->luminance[to + x] = compute_luminance ((const double[]){ p[0], p[1], p[2] }, 3);
      }
    else
      for (guint x = 0; x < self->region.width; x++)
        convert_pixel (self, pixels, type, from + (gsize)x * self->channels, to + x);
  }
  if (chroma != 0)
    g_atomic_int_set (&self->any_colour, 1);
}

gboolean
omni_metric_refuse_picture (OmniPicture *picture, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  const char *path = omni_picture_get_path (picture);
  g_autofree char *name = path != NULL ? g_filename_display_name (path) : g_strdup (_ ("picture"));
  /* A picture's name, and what is the matter with it: "has 5 bands, which …". */
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” %s."), name, what);
  return FALSE;
}

static gboolean
check_picture (OmniPicture *picture, OmniPicture *fused, GError **error)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint fused_width = omni_picture_get_width (fused), fused_height = omni_picture_get_height (fused);
  const guint colours = omni_picture_get_channels (picture) - (omni_picture_get_has_alpha (picture) ? 1 : 0);
  if (colours != 1 && colours != 3)
    return omni_metric_refuse_picture (
      picture, error, _ ("has %u bands, which have no luminance; this needs grey or RGB pictures"), colours);
  if (width == fused_width && height == fused_height)
    return TRUE;
  return omni_metric_refuse_picture (
    picture, error, _ ("has %u × %u pixels, the fused picture %u × %u; bring them to one size first"), width,
    height, fused_width, fused_height);
}

/* Converts `picture` to `plane`, and takes pixels that do not count out of the mask. */
static gboolean
add_plane (OmniMetricsInput *self, OmniPicture *picture, OmniPicture *fused, const OmniMetricsRegion *region,
           guint8 *mask, gboolean *any_invalid, OmniPlane *plane, GError **error)
{
  if (!check_picture (picture, fused, error))
    return FALSE;
  g_autoptr (OmniPicture)
    converted = omni_picture_convert_profile (picture, omni_picture_get_icc_profile (fused), NULL);
  OmniPicture *used = converted != NULL ? converted : picture;
  const gsize n = (gsize)region->width * region->height;
  guint8 *luminance = omni_plane_try_alloc (n, 1);
  if (luminance == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory for the luminance of %u × %u pixels."), region->width,
                 region->height);
    return FALSE;
  }
  g_ptr_array_add (self->blocks, luminance);
  const guint channels = omni_picture_get_channels (used);
  Conversion conversion = { .picture = used,
                            .channels = channels,
                            .colours = channels - (omni_picture_get_has_alpha (used) ? 1 : 0),
                            .region = *region,
                            .luminance = luminance,
                            .mask = mask };
  double unused;
  omni_parts_run ((region->height + BAND_ROWS - 1) / BAND_ROWS, 0, 0, convert_band, &conversion, NULL,
                  &unused);
  *any_invalid |= g_atomic_int_get (&conversion.any_invalid);
  *plane = (OmniPlane){ .width = region->width,
                        .height = region->height,
                        .bytes = luminance,
                        .coloured = g_atomic_int_get (&conversion.any_colour) != 0 };
  return TRUE;
}

static int
compare_planes (gconstpointer a, gconstpointer b, gpointer n)
{
  const OmniPlane *first = a, *second = b;
  if (first->coloured != second->coloured)
    return first->coloured ? 1 : -1;
  return memcmp (first->bytes, second->bytes, *(const gsize *)n);
}

/* What does not count shows nothing, in any plane: two sets that differ there alone are the same set. */
static void
apply_mask (OmniMetricsInput *self)
{
  const gsize n = (gsize)self->width * self->height;
  self->n_valid = 0;
  for (gsize i = 0; i < n; i++)
    self->n_valid += self->mask[i];
  for (guint k = 0; k < self->blocks->len; k++)
    for (gsize i = 0; i < n; i++)
      ((guint8 *)self->blocks->pdata[k])[i] *= self->mask[i];
}

/* Clamped, such a picture would be compared as white with white. `overshoot`: as far as it may go. */
static gboolean
goes_beyond (OmniPicture *picture, float overshoot)
{
  const guint channels = omni_picture_get_channels (picture);
  const guint colours = channels - (omni_picture_get_has_alpha (picture) ? 1 : 0);
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture);
  if (omni_picture_get_sample_type (picture) != OMNI_SAMPLE_F32)
    return FALSE;
  const float *sample = omni_picture_get_pixels (picture);
  for (gsize i = 0; i < n; i++, sample += channels)
    for (guint c = 0; c < colours; c++)
      if (isfinite (sample[c]) && omni_sample_is_beyond (sample[c])
          && (sample[c] < -overshoot || sample[c] > 1 + overshoot))
        return TRUE;
  return FALSE;
}

static gboolean
fill (OmniMetricsInput *self, OmniPicture *const *sources, OmniPicture *fused, OmniPicture *reference,
      const OmniMetricsRegion *region, GError **error)
{
  const gsize n = (gsize)region->width * region->height;
  self->mask = g_try_malloc (n);
  if (self->mask == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _ ("There is not enough memory for %u × %u pixels."),
                 region->width, region->height);
    return FALSE;
  }
  memset (self->mask, 1, n);
  gboolean any_invalid = FALSE;
  self->goes_beyond = goes_beyond (fused, OVERSHOOT) || (reference != NULL && goes_beyond (reference, 0));
  for (guint k = 0; k < self->n_sources && !self->goes_beyond; k++)
    self->goes_beyond = goes_beyond (sources[k], 0);
  if (!add_plane (self, fused, fused, region, self->mask, &any_invalid, &self->fused, error))
    return FALSE;
  for (guint k = 0; k < self->n_sources; k++)
    if (!add_plane (self, sources[k], fused, region, self->mask, &any_invalid, &self->sources[k], error))
      return FALSE;
  if (reference != NULL
      && !add_plane (self, reference, fused, region, self->mask, &any_invalid, &self->reference, error))
    return FALSE;
  self->n_valid = n;
  if (any_invalid)
    apply_mask (self);
  else
    g_clear_pointer (&self->mask, g_free);
  g_qsort_with_data (self->sources, (gint)self->n_sources, sizeof (OmniPlane), compare_planes, (gpointer)&n);
  return TRUE;
}

OmniMetricsInput *
omni_metrics_input_new (OmniPicture *const *sources, guint n_sources, OmniPicture *fused,
                        OmniPicture *reference, const OmniMetricsRegion *region, GError **error)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (fused), NULL);
  g_return_val_if_fail (sources != NULL || n_sources == 0, NULL);

  const guint width = omni_picture_get_width (fused), height = omni_picture_get_height (fused);
  const OmniMetricsRegion all = { 0, 0, width, height };
  if (region == NULL)
    region = &all;
  if (region->width == 0 || region->height == 0 || region->x >= width || region->y >= height
      || region->width > width - region->x || region->height > height - region->y)
  {
    omni_metric_refuse_picture (fused, error,
                                _ ("has %u × %u pixels; the region %u,%u,%u,%u is not inside it"), width,
                                height, region->x, region->y, region->width, region->height);
    return NULL;
  }
  OmniMetricsInput *self = g_new0 (OmniMetricsInput, 1);
  self->width = region->width;
  self->height = region->height;
  self->n_sources = n_sources;
  self->sources = g_new0 (OmniPlane, MAX (n_sources, 1));
  self->has_reference = reference != NULL;
  self->blocks = g_ptr_array_new_with_free_func (g_free);
  if (fill (self, sources, fused, reference, region, error))
    return self;
  omni_metrics_input_free (self);
  return NULL;
}

void
omni_metrics_input_free (OmniMetricsInput *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->blocks);
  g_free (self->sources);
  g_free (self->mask);
  omni_bands_input_free (self->bands);
  g_free (self);
}
