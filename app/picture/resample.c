/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/resample.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* How one axis is resampled: output i is Σ_t weights[i·n_taps + t] · input[first[i] + t]. */
typedef struct
{
  guint n_in, n_out, n_taps;
  guint *first;
  float *weights;
} Axis;

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Axis, axis_clear)

static double
catmull_rom (double x)
{
  x = fabs (x);
  if (x < 1)
    return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* Adds `weight` at input `at`, folded onto the edge when beyond it. */
static void
axis_add (Axis *axis, guint i, gint64 at, double weight)
{
  const guint index = CLAMP (at, 0, (gint64)axis->n_in - 1);
  axis->weights[(gsize)i * axis->n_taps + index - axis->first[i]] += weight;
}

static void
axis_fill_mean (Axis *axis, guint i, double scale)
{
  const double from = i * scale;
  const double to = MIN ((i + 1) * scale, axis->n_in);
  axis->first[i] = MIN ((guint)from, axis->n_in - axis->n_taps);
  for (gint64 at = (gint64)from; at < to; at++)
    axis_add (axis, i, at, (MIN (to, at + 1.0) - MAX (from, at)) / (to - from));
}

static void
axis_fill_cubic (Axis *axis, guint i, double scale)
{
  const double centre = (i + 0.5) * scale - 0.5;
  const gint64 left = (gint64)floor (centre) - 1;
  axis->first[i] = CLAMP (left, 0, (gint64)axis->n_in - axis->n_taps);
  for (gint64 at = left; at < left + 4; at++)
    axis_add (axis, i, at, catmull_rom (centre - at));
}

static void
axis_init (Axis *axis, guint n_in, guint n_out)
{
  const double scale = (double)n_in / n_out;
  const guint taps = n_in == n_out ? 1 : scale > 1 ? (guint)ceil (scale) + 1 : 4;
  axis->n_in = n_in;
  axis->n_out = n_out;
  axis->n_taps = MIN (taps, n_in);
  axis->first = g_new (guint, n_out);
  axis->weights = g_new0 (float, (gsize)n_out * axis->n_taps);
  for (guint i = 0; i < n_out; i++)
    if (scale >= 1)
      axis_fill_mean (axis, i, scale);
    else
      axis_fill_cubic (axis, i, scale);
}

typedef struct
{
  OmniPicture *picture;
  guint channels;
  gboolean has_alpha;
  OmniSampleType type;
  Axis across, down;
  float *row; /* one input row */
  float
    *kept; /* the sum of rows (shrinking), or the last down.n_taps rows after resampling across (growing) */
  guint next;  /* growing: the first row that is not kept yet */
  float *sums; /* one output row */
} Resampler;

static void
resampler_clear (Resampler *self)
{
  axis_clear (&self->across);
  axis_clear (&self->down);
  g_free (self->row);
  g_free (self->kept);
  g_free (self->sums);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Resampler, resampler_clear)

/* One input row as floats in sample units, colours multiplied by alpha. */
static void
load_row (Resampler *self, guint y)
{
  const gsize n = (gsize)self->across.n_in * self->channels;
  const gconstpointer pixels = omni_picture_get_pixels (self->picture);
  switch (self->type)
  {
  case OMNI_SAMPLE_U8:
    for (gsize i = 0; i < n; i++)
      self->row[i] = ((const guint8 *)pixels)[y * n + i];
    break;
  case OMNI_SAMPLE_U16:
    for (gsize i = 0; i < n; i++)
      self->row[i] = ((const guint16 *)pixels)[y * n + i];
    break;
  case OMNI_SAMPLE_F32:
  default:
    for (gsize i = 0; i < n; i++)
      self->row[i] = omni_sample_sanitise (((const float *)pixels)[y * n + i]);
    break;
  }
  if (self->has_alpha)
    for (float *pixel = self->row; pixel < self->row + n; pixel += self->channels)
      for (guint c = 0; c + 1 < self->channels; c++)
        pixel[c] *= pixel[self->channels - 1];
}

/* One row across: `in` of n_in pixels to `out` of n_out. */
static void
resample_across (const Resampler *self, const float *in, float *out)
{
  const Axis *axis = &self->across;
  const guint channels = self->channels;

  memset (out, 0, sizeof (float) * axis->n_out * channels);
  for (guint i = 0; i < axis->n_out; i++, out += channels)
  {
    const float *weights = axis->weights + (gsize)i * axis->n_taps;
    const float *at = in + (gsize)axis->first[i] * channels;
    for (guint t = 0; t < axis->n_taps; t++, at += channels)
      for (guint c = 0; c < channels; c++)
        out[c] += weights[t] * at[c];
  }
}

static void
add_row (float *sums, const float *row, float weight, gsize n)
{
  for (gsize i = 0; i < n; i++)
    sums[i] += weight * row[i];
}

/* Shrinking: the rows are added up before they are resampled across, so that neither time nor memory grows with the width
 * of the target times the height of the source. */
static void
shrink_rows (Resampler *self, guint y)
{
  const gsize n = (gsize)self->across.n_in * self->channels;
  const float *weights = self->down.weights + (gsize)y * self->down.n_taps;

  memset (self->kept, 0, sizeof (float) * n);
  for (guint t = 0; t < self->down.n_taps; t++)
  {
    if (weights[t] == 0)
      continue;
    load_row (self, self->down.first[y] + t);
    add_row (self->kept, self->row, weights[t], n);
  }
  resample_across (self, self->kept, self->sums);
}

/* Growing: the few rows that are needed are kept as they are after resampling across. */
static void
grow_rows (Resampler *self, guint y)
{
  const gsize n = (gsize)self->across.n_out * self->channels;
  const Axis *down = &self->down;

  for (; self->next < down->first[y] + down->n_taps; self->next++)
  {
    load_row (self, self->next);
    resample_across (self, self->row, self->kept + self->next % down->n_taps * n);
  }
  memset (self->sums, 0, sizeof (float) * n);
  for (guint t = 0; t < down->n_taps; t++)
    add_row (self->sums, self->kept + (down->first[y] + t) % down->n_taps * n,
             down->weights[(gsize)y * down->n_taps + t], n);
}

static void
divide_by_alpha (Resampler *self)
{
  const gsize n = (gsize)self->across.n_out * self->channels;
  for (float *pixel = self->sums; pixel < self->sums + n; pixel += self->channels)
    for (guint c = 0; c + 1 < self->channels; c++)
      pixel[c] = pixel[self->channels - 1] > 0 ? pixel[c] / pixel[self->channels - 1] : 0;
}

static void
store_row (Resampler *self, guint8 *pixels, guint y)
{
  const gsize n = (gsize)self->across.n_out * self->channels;
  switch (self->type)
  {
  case OMNI_SAMPLE_U8:
    for (gsize i = 0; i < n; i++)
      pixels[y * n + i] = (guint8)(CLAMP (self->sums[i], 0, 255.0f) + 0.5f);
    break;
  case OMNI_SAMPLE_U16:
    for (gsize i = 0; i < n; i++)
      ((guint16 *)(gpointer)pixels)[y * n + i] = (guint16)(CLAMP (self->sums[i], 0, 65535.0f) + 0.5f);
    break;
  case OMNI_SAMPLE_F32:
  default:
    memcpy (pixels + sizeof (float) * y * n, self->sums, sizeof (float) * n);
    break;
  }
}

static gboolean
resampler_init (Resampler *self, OmniPicture *picture, guint width, guint height, GError **error)
{
  self->picture = picture;
  self->channels = omni_picture_get_channels (picture);
  self->has_alpha = omni_picture_get_has_alpha (picture);
  self->type = omni_picture_get_sample_type (picture);
  axis_init (&self->across, omni_picture_get_width (picture), width);
  axis_init (&self->down, omni_picture_get_height (picture), height);

  const gsize n_in = (gsize)self->across.n_in * self->channels;
  const gsize n_out = (gsize)width * self->channels;
  self->row = g_try_malloc_n (n_in, sizeof (float));
  self->kept = g_try_malloc_n (height > self->down.n_in ? n_out * self->down.n_taps : n_in, sizeof (float));
  self->sums = g_try_malloc_n (n_out, sizeof (float));
  if (self->row != NULL && self->kept != NULL && self->sums != NULL)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
               _ ("There is not enough memory to bring a picture to %u × %u; close other programs."), width,
               height);
  return FALSE;
}

OmniPicture *
omni_picture_resample (OmniPicture *picture, guint width, guint height, GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (picture), NULL);
  g_return_val_if_fail (width > 0 && height > 0, NULL);

  g_auto (Resampler) self = { NULL };
  if (!resampler_init (&self, picture, width, height, error))
    return NULL;
  gsize size_bytes;
  g_autofree guint8 *pixels = omni_picture_try_alloc_pixels (width, height, self.channels, self.type,
                                                             &size_bytes, error);
  if (pixels == NULL)
    return NULL;

  for (guint y = 0; y < height; y++)
  {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return NULL;
    if (height > self.down.n_in)
      grow_rows (&self, y);
    else
      shrink_rows (&self, y);
    if (self.has_alpha)
      divide_by_alpha (&self);
    store_row (&self, pixels, y);
  }
  return omni_picture_new (width, height, self.channels, self.has_alpha, self.type,
                           g_bytes_new_take (g_steal_pointer (&pixels), size_bytes),
                           omni_picture_get_icc_profile (picture), omni_picture_get_path (picture), error);
}

OmniPicture *
omni_source_load_at (OmniSource *source, guint width, guint height, GCancellable *cancellable, GError **error)
{
  g_autoptr (OmniPicture) picture = omni_source_load (source, cancellable, error);
  if (picture == NULL)
    return NULL;
  if (omni_picture_get_width (picture) == width && omni_picture_get_height (picture) == height)
    return g_steal_pointer (&picture);
  return omni_picture_resample (picture, width, height, cancellable, error);
}
