/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/degrade.h"

#include "app/picture/resample.h"

#include <glib/gi18n.h>
#include <math.h>

#define CUT 4.0 /* standard deviations */

/* What one new pixel is made of. */
typedef struct
{
  guint first, n;
  gsize at; /* of its weights */
} Taps;

typedef struct
{
  Taps *taps;
  GArray *weights; /* double */
} Axis;

static void
axis_clear (Axis *axis)
{
  g_clear_pointer (&axis->taps, g_free);
  g_clear_pointer (&axis->weights, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Axis, axis_clear)

static void
axis_init (Axis *axis, guint from, guint to, double gain)
{
  const double ratio = (double)from / to, sigma = ratio / G_PI * sqrt (-2 * log (gain));
  axis->taps = g_new (Taps, to);
  axis->weights = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < to; i++)
  {
    const double centre = (i + 0.5) * ratio - 0.5;
    const double low = MAX (0, ceil (centre - CUT * sigma)),
                 high = MIN (from - 1.0, floor (centre + CUT * sigma));
    double sum = 0;
    axis->taps[i] = (Taps){ (guint)low, (guint)(high - low) + 1, axis->weights->len };
    for (guint k = 0; k < axis->taps[i].n; k++)
    {
      const double off = (low + k - centre) / sigma, weight = exp (-0.5 * off * off);
      g_array_append_val (axis->weights, weight);
      sum += weight;
    }
    for (guint k = 0; k < axis->taps[i].n; k++)
      g_array_index (axis->weights, double, axis->taps[i].at + k) /= sum;
  }
}

static double
read_sample (gconstpointer pixels, OmniSampleType type, gsize at)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)pixels)[at];
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)pixels)[at];
  case OMNI_SAMPLE_F32:
  default:
    return omni_sample_sanitise (((const float *)pixels)[at]);
  }
}

static void
write_sample (gpointer pixels, OmniSampleType type, gsize at, double value)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    ((guint8 *)pixels)[at] = (guint8)(value + 0.5); /* a mean: never below 0 nor above 255 */
    break;
  case OMNI_SAMPLE_U16:
    ((guint16 *)pixels)[at] = (guint16)(value + 0.5);
    break;
  case OMNI_SAMPLE_F32:
  default:
    ((float *)pixels)[at] = (float)value;
    break;
  }
}

/* Across, then down. `rows` has width columns for each old row. */
static void
filter_across (OmniPicture *picture, const Axis *axis, guint width, double *rows)
{
  const guint channels = omni_picture_get_channels (picture), height = omni_picture_get_height (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  gconstpointer pixels = omni_picture_get_pixels (picture);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      const Taps *taps = &axis->taps[x];
      const double *weights = &g_array_index (axis->weights, double, taps->at);
      const gsize from = ((gsize)y * omni_picture_get_width (picture) + taps->first) * channels;
      for (guint c = 0; c < channels; c++)
      {
        double sum = 0;
        for (guint k = 0; k < taps->n; k++)
          sum += weights[k] * read_sample (pixels, type, from + (gsize)k * channels + c);
        rows[((gsize)y * width + x) * channels + c] = sum;
      }
    }
}

static void
filter_down (const double *rows, const Axis *axis, gsize row_samples, guint height, OmniSampleType type,
             gpointer pixels)
{
  for (guint y = 0; y < height; y++)
  {
    const Taps *taps = &axis->taps[y];
    const double *weights = &g_array_index (axis->weights, double, taps->at);
    for (gsize x = 0; x < row_samples; x++)
    {
      double sum = 0;
      for (guint k = 0; k < taps->n; k++)
        sum += weights[k] * rows[(taps->first + k) * row_samples + x];
      write_sample (pixels, type, y * row_samples + x, sum);
    }
  }
}

OmniPicture *
omni_picture_degrade (OmniPicture *picture, guint width, guint height, double gain, GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (picture) && width > 0 && height > 0, NULL);
  g_return_val_if_fail (gain > 0 && gain < 1, NULL);

  const guint channels = omni_picture_get_channels (picture), old_height = omni_picture_get_height (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  gsize size_bytes;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, type, &size_bytes, error);
  if (pixels == NULL)
    return NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, size_bytes);
  g_autofree double *rows = g_try_malloc_n ((gsize)width * channels, (gsize)old_height * sizeof *rows);
  if (rows == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to make a picture of %u × %u pixels smaller."),
                 omni_picture_get_width (picture), old_height);
    return NULL;
  }
  g_auto (Axis) across = { NULL };
  g_auto (Axis) down = { NULL };
  axis_init (&across, omni_picture_get_width (picture), width, gain);
  axis_init (&down, old_height, height, gain);
  filter_across (picture, &across, width, rows);
  filter_down (rows, &down, (gsize)width * channels, height, type, pixels);
  return omni_picture_new (width, height, channels, omni_picture_get_has_alpha (picture), type,
                           g_steal_pointer (&bytes), omni_picture_get_icc_profile (picture),
                           omni_picture_get_path (picture), error);
}
