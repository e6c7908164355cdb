/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/bands.h"

#include "app/picture/degrade.h"
#include "app/metrics/metrics-private.h"

/* Of nearly all satellites, where there is no multispectral picture to say it. */
#define USUAL_RATIO 4

static guint
count_bands (OmniPicture *picture)
{
  return omni_picture_get_channels (picture) - (omni_picture_get_has_alpha (picture) ? 1 : 0);
}

static float
read_sample (gconstpointer pixels, OmniSampleType type, gsize at)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)pixels)[at] / 255.0f;
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)pixels)[at] / 65535.0f;
  case OMNI_SAMPLE_F32:
  default:
  {
    const float value = ((const float *)pixels)[at];
    return isfinite (value) ? value : NAN;
  }
  }
}

static void
copy_pixel (OmniBands *bands, OmniPicture *picture, gsize from, gsize to)
{
  gconstpointer pixels = omni_picture_get_pixels (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize n = (gsize)bands->width * bands->height;
  gboolean counts = !omni_picture_get_has_alpha (picture)
                    || read_sample (pixels, type, from + bands->n_bands) > 0;
  for (guint b = 0; b < bands->n_bands; b++)
  {
    const float value = read_sample (pixels, type, from + b);
    counts = counts && !isnan (value);
    bands->planes[b * n + to] = value;
  }
  for (guint b = 0; !counts && b < bands->n_bands; b++)
    bands->planes[b * n + to] = NAN;
}

/* The part of `picture` in `region`. */
static gboolean
bands_init (OmniBands *bands, OmniPicture *picture, const OmniMetricsRegion *region, GError **error)
{
  const guint channels = omni_picture_get_channels (picture), width = omni_picture_get_width (picture);
  bands->n_bands = count_bands (picture);
  bands->width = region->width;
  bands->height = region->height;
  bands->planes = g_try_malloc_n ((gsize)region->width * region->height, bands->n_bands * sizeof (float));
  if (bands->planes == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory for %u bands of %u × %u pixels."), bands->n_bands,
                 region->width, region->height);
    return FALSE;
  }
  for (guint y = 0; y < region->height; y++)
    for (guint x = 0; x < region->width; x++)
      copy_pixel (bands, picture, ((gsize)(region->y + y) * width + region->x + x) * channels,
                  (gsize)y * region->width + x);
  return TRUE;
}

void
omni_bands_input_free (OmniBandsInput *self)
{
  if (self == NULL)
    return;
  OmniBands *const all[] = { &self->fused, &self->reference, &self->ms, &self->pan, &self->low_pan };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_free (all[i]->planes);
  g_free (self);
}

static gboolean
check (OmniPicture *ms, OmniPicture *pan, OmniPicture *fused, OmniPicture *reference, GError **error)
{
  const guint width = omni_picture_get_width (fused), height = omni_picture_get_height (fused);
  const guint n_bands = count_bands (fused);
  OmniPicture *const same_size[] = { pan, reference }, *const same_bands[] = { ms, reference };
  for (guint i = 0; i < 2; i++)
  {
    if (same_size[i] != NULL
        && (omni_picture_get_width (same_size[i]) != width
            || omni_picture_get_height (same_size[i]) != height))
      return omni_metric_refuse_picture (
        same_size[i], error, _ ("has %u × %u pixels, the fused picture %u × %u; they must have one size"),
        omni_picture_get_width (same_size[i]), omni_picture_get_height (same_size[i]), width, height);
    if (same_bands[i] != NULL && count_bands (same_bands[i]) != n_bands)
      return omni_metric_refuse_picture (
        same_bands[i], error, _ ("has %u bands, the fused picture %u; compare pictures of the same bands"),
        count_bands (same_bands[i]), n_bands);
  }
  if (pan != NULL && count_bands (pan) != 1)
    return omni_metric_refuse_picture (pan, error, _ ("has %u bands, and a panchromatic picture has one"),
                                       count_bands (pan));
  if (ms == NULL)
    return TRUE;
  const guint ms_width = omni_picture_get_width (ms), ms_height = omni_picture_get_height (ms);
  if (width % ms_width == 0 && height % ms_height == 0 && width / ms_width == height / ms_height)
    return TRUE;
  return omni_metric_refuse_picture (
    ms, error, _ ("has %u × %u pixels, of which the fused picture's %u × %u are no whole multiple"), ms_width,
    ms_height, width, height);
}

/* Grown to whole pixels of the multispectral picture. */
static OmniMetricsRegion
snap (const OmniMetricsRegion *region, guint ratio)
{
  const guint x = region->x / ratio * ratio, y = region->y / ratio * ratio;
  const guint right = (region->x + region->width + ratio - 1) / ratio * ratio;
  const guint bottom = (region->y + region->height + ratio - 1) / ratio * ratio;
  return (OmniMetricsRegion){ x, y, right - x, bottom - y };
}

static gboolean
fill (OmniBandsInput *self, OmniPicture *ms, OmniPicture *pan, OmniPicture *fused, OmniPicture *reference,
      const OmniMetricsRegion *region, GError **error)
{
  if (!bands_init (&self->fused, fused, region, error)
      || (reference != NULL && !bands_init (&self->reference, reference, region, error)))
    return FALSE;
  if (ms == NULL || pan == NULL)
    return TRUE;
  const guint ratio = (guint)self->ratio;
  const OmniMetricsRegion coarse = { region->x / ratio, region->y / ratio, region->width / ratio,
                                     region->height / ratio };
  /* The whole of it, so that a region sees beyond its border. */
  g_autoptr (OmniPicture) low_pan = omni_picture_degrade (
    pan, omni_picture_get_width (ms), omni_picture_get_height (ms), OMNI_DEGRADE_GAIN_PAN, NULL, error);
  return low_pan != NULL && bands_init (&self->ms, ms, &coarse, error)
         && bands_init (&self->pan, pan, region, error)
         && bands_init (&self->low_pan, low_pan, &coarse, error);
}

OmniMetricsInput *
omni_metrics_input_new_bands (OmniPicture *ms, OmniPicture *pan, OmniPicture *fused, OmniPicture *reference,
                              const OmniMetricsRegion *region, GError **error)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (fused), NULL);
  g_return_val_if_fail ((ms == NULL) == (pan == NULL), NULL);

  const OmniMetricsRegion all = { 0, 0, omni_picture_get_width (fused), omni_picture_get_height (fused) };
  if (region == NULL)
    region = &all;
  if (!check (ms, pan, fused, reference, error))
    return NULL;
  if (region->width == 0 || region->height == 0 || region->x >= all.width || region->y >= all.height
      || region->width > all.width - region->x || region->height > all.height - region->y)
  {
    omni_metric_refuse_picture (fused, error,
                                _ ("has %u × %u pixels; the region %u,%u,%u,%u is not inside it"), all.width,
                                all.height, region->x, region->y, region->width, region->height);
    return NULL;
  }
  const guint ratio = ms != NULL ? all.width / omni_picture_get_width (ms) : USUAL_RATIO;
  const OmniMetricsRegion snapped = ms != NULL ? snap (region, ratio) : *region;
  OmniMetricsInput *self = g_new0 (OmniMetricsInput, 1);
  self->width = snapped.width;
  self->height = snapped.height;
  self->n_valid = (gsize)snapped.width * snapped.height;
  self->n_sources = ms != NULL ? 2 : 0;
  self->has_reference = reference != NULL;
  self->blocks = g_ptr_array_new_with_free_func (g_free);
  self->bands = g_new0 (OmniBandsInput, 1);
  self->bands->ratio = ratio;
  if (fill (self->bands, ms, pan, fused, reference, &snapped, error))
    return self;
  omni_metrics_input_free (self);
  return NULL;
}
