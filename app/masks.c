/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/masks.h"

#include "app/files/samples.h"
#include "app/fusion/fusion-private.h"
#include "app/picture/resample.h"

#include <math.h>
#include <string.h>

#define STRIP_ROWS 64
#define MOST_ALPHA 65535
/* Colours are added up as whole multiples of 1 / UNITS: |colour| ≤ 65504 times alpha, of a hundred sources, stays below
 * 2^60. */
#define UNITS (65535.0 * 16)

struct _OmniMasks
{
  gatomicrefcount ref_count;
  GPtrArray *sources; /* sorted */
  guint width, height, n_colours;
  float *colours; /* interleaved: what the set shows; NULL where all are opaque */
};

OmniMasks *
omni_masks_ref (OmniMasks *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
omni_masks_unref (OmniMasks *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->sources);
  g_free (self->colours);
  g_free (self);
}

/* By address: which source comes first does not matter, only which there are. */
static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  const gconstpointer left = *(const gconstpointer *)a, right = *(const gconstpointer *)b;

  return left < right ? -1 : left > right;
}

static GPtrArray *
sort_sources (GPtrArray *sources)
{
  GPtrArray *sorted = g_ptr_array_copy (sources, (GCopyFunc)(void (*) (void))g_object_ref, NULL);

  g_ptr_array_set_free_func (sorted, g_object_unref);
  g_ptr_array_sort (sorted, compare_addresses);
  return sorted;
}

gboolean
omni_masks_have_any (const OmniMasks *self)
{
  return self->colours != NULL;
}

gboolean
omni_masks_are_of (const OmniMasks *self, GPtrArray *sources, guint width, guint height)
{
  if (self->width != width || self->height != height || self->sources->len != sources->len)
    return FALSE;

  g_autoptr (GPtrArray) sorted = sort_sources (sources);
  return memcmp (sorted->pdata, self->sources->pdata, sorted->len * sizeof *sorted->pdata) == 0;
}

/* ---- Samples ---- */

static const guint8 *
get_row (OmniPicture *picture, guint y)
{
  const gsize pixel = omni_picture_get_channels (picture)
                      * omni_sample_type_get_bytes (omni_picture_get_sample_type (picture));

  return (const guint8 *)omni_picture_get_pixels (picture) + pixel * omni_picture_get_width (picture) * y;
}

/* A row as floats; those of float pictures may be anything. */
static void
read_row (OmniPicture *picture, guint y, float *row)
{
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_channels (picture);

  omni_samples_convert (get_row (picture, y), omni_picture_get_sample_type (picture), row, OMNI_SAMPLE_F32,
                        n);
  for (gsize i = 0; i < n; i++)
    row[i] = omni_sample_sanitise (row[i]);
}

static guint
count_colours (OmniPicture *picture)
{
  return omni_picture_get_channels (picture) - (omni_picture_get_has_alpha (picture) ? 1 : 0);
}

static gboolean
is_transparent_somewhere (OmniPicture *picture)
{
  const guint width = omni_picture_get_width (picture), channels = omni_picture_get_channels (picture);
  g_autofree float *row = g_new (float, (gsize)width *channels);

  for (guint y = 0; omni_picture_get_has_alpha (picture) && y < omni_picture_get_height (picture); y++)
  {
    read_row (picture, y, row);
    for (guint x = 0; x < width; x++)
      if (row[((gsize)x + 1) * channels - 1] < 1)
        return TRUE;
  }
  return FALSE;
}

/* ---- What the set shows ---- */

/* Adds a row to the sums: for each pixel the colours and then alpha. A grey source is as much of every colour. */
static void
add_row (const float *row, guint n_own, gboolean has_alpha, guint n_colours, guint width, gint64 *sums)
{
  for (guint x = 0; x < width; x++, row += n_own + (has_alpha ? 1 : 0), sums += n_colours + 1)
  {
    const gint64 alpha = has_alpha ? llrint ((double)CLAMP (row[n_own], 0.0F, 1.0F) * MOST_ALPHA)
                                   : MOST_ALPHA;

    for (guint c = 0; c < n_colours; c++)
      sums[c] += alpha * llrint ((double)row[n_own == n_colours ? c : 0] * UNITS);
    sums[n_colours] += alpha;
  }
}

/* NAN where nothing is to be seen. */
static void
divide_sums (const gint64 *sums, guint n_colours, gsize n, float *colours)
{
  for (gsize i = 0; i < n; i++, sums += n_colours + 1, colours += n_colours)
    for (guint c = 0; c < n_colours; c++)
      colours[c] = sums[n_colours] > 0 ? (float)((double)sums[c] / ((double)sums[n_colours] * UNITS)) : NAN;
}

static gboolean
gather_strip (OmniMasks *self, OmniFrames *frames, guint first, guint end, gint64 *sums, GError **error)
{
  const gsize n = (gsize)self->width * (end - first), step = (gsize)self->width * (self->n_colours + 1);

  memset (sums, 0, n * (self->n_colours + 1) * sizeof *sums);
  for (guint i = 0; i < self->sources->len; i++)
  {
    g_autoptr (OmniPicture) picture = omni_frames_get (frames, i, error);
    if (picture == NULL)
      return FALSE;
    g_autofree float *row = g_new (float, (gsize)self->width *omni_picture_get_channels (picture));
    for (guint y = first; y < end; y++)
    {
      read_row (picture, y, row);
      add_row (row, count_colours (picture), omni_picture_get_has_alpha (picture), self->n_colours,
               self->width, sums + step * (y - first));
    }
    omni_frames_release (frames, i);
  }
  divide_sums (sums, self->n_colours, n, self->colours + (gsize)self->width * first * self->n_colours);
  return TRUE;
}

/* ---- Where all are transparent ---- */

/* The mean of the known ones of four pixels, or NAN. */
static void
halve (const float *pixels, guint width, guint height, guint n_colours, float *half)
{
  for (guint y = 0; y < (height + 1) / 2; y++)
    for (guint x = 0; x < (width + 1) / 2; x++, half += n_colours)
      for (guint c = 0; c < n_colours; c++)
      {
        float sum = 0;
        guint n = 0;
        for (guint i = 0; i < 4; i++)
        {
          const guint at_x = MIN (2 * x + i % 2, width - 1), at_y = MIN (2 * y + i / 2, height - 1);
          const float value = pixels[((gsize)at_y * width + at_x) * n_colours + c];
          sum += isnan (value) ? 0 : value;
          n += !isnan (value);
        }
        half[c] = n > 0 ? sum / (float)n : NAN;
      }
}

/* Unknown pixels become what is around them, from a picture of half the size, which is made whole first. */
static gboolean
fill_unknown (float *pixels, guint width, guint height, guint n_colours, GError **error)
{
  const gsize n = (gsize)width * height * n_colours;
  const guint half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  gsize unknown = 0;

  while (unknown < n && !isnan (pixels[unknown]))
    unknown++;
  if (unknown == n)
    return TRUE;
  if (n == n_colours)
  {
    memset (pixels, 0, n * sizeof *pixels);
    return TRUE;
  }

  g_autofree float *half = (float *)omni_picture_try_alloc_pixels (half_width, half_height, n_colours,
                                                                   OMNI_SAMPLE_F32, NULL, error);
  if (half == NULL)
    return FALSE;
  halve (pixels, width, height, n_colours, half);
  if (!fill_unknown (half, half_width, half_height, n_colours, error))
    return FALSE;
  for (gsize i = unknown; i < n; i++)
    if (isnan (pixels[i]))
    {
      const gsize x = i / n_colours % width, y = i / n_colours / width;
      pixels[i] = half[(y / 2 * half_width + x / 2) * n_colours + i % n_colours];
    }
  return TRUE;
}

static gboolean
gather (OmniMasks *self, OmniFrames *frames, GError **error)
{
  g_autofree gint64 *sums = g_new (gint64, (gsize)self->width * STRIP_ROWS * (self->n_colours + 1));

  self->colours = (float *)omni_picture_try_alloc_pixels (self->width, self->height, self->n_colours,
                                                          OMNI_SAMPLE_F32, NULL, error);
  if (self->colours == NULL)
    return FALSE;
  for (guint y = 0; y < self->height; y += STRIP_ROWS)
    if (!gather_strip (self, frames, y, MIN (y + STRIP_ROWS, self->height), sums, error))
      return FALSE;
  return fill_unknown (self->colours, self->width, self->height, self->n_colours, error);
}

OmniMasks *
omni_masks_new (OmniFrames *frames, GPtrArray *sources, guint width, guint height, GError **error)
{
  g_autoptr (OmniMasks) self = g_new0 (OmniMasks, 1);
  gboolean any = FALSE;

  g_atomic_ref_count_init (&self->ref_count);
  self->sources = sort_sources (sources);
  self->width = width;
  self->height = height;
  for (guint i = 0; i < sources->len; i++)
  {
    self->n_colours = MAX (self->n_colours, omni_source_count_bands (sources->pdata[i]));
    if (any || !omni_source_get_has_alpha (sources->pdata[i]))
      continue;
    g_autoptr (OmniPicture) picture = omni_frames_get (frames, i, error);
    if (picture == NULL)
      return NULL;
    any = is_transparent_somewhere (picture);
    omni_frames_release (frames, i);
  }
  return !any || gather (self, frames, error) ? g_steal_pointer (&self) : NULL;
}

/* ---- Filling ---- */

/* What a source of `n_own` colours shows of the set's: its luma (BT.601) if it is grey among coloured ones. */
static float
pick_colour (const OmniMasks *self, const float *colours, guint n_own, guint c)
{
  if (n_own == self->n_colours)
    return colours[c];
  return self->n_colours == 3 ? .299F * colours[0] + .587F * colours[1] + .114F * colours[2] : colours[0];
}

/* Opaque pixels stay as they are, to the bit. */
static void
fill_row (const OmniMasks *self, const float *row, guint y, guint n_own, OmniSampleType type, guint8 *to)
{
  const gsize bytes = omni_sample_type_get_bytes (type);
  const float *colours = self->colours + (gsize)self->width * y * self->n_colours;

  for (guint x = 0; x < self->width; x++, row += n_own + 1, colours += self->n_colours)
  {
    const float alpha = CLAMP (row[n_own], 0.0F, 1.0F);

    for (guint c = 0; c < n_own && alpha < 1; c++)
    {
      const float value = alpha * row[c] + (1 - alpha) * pick_colour (self, colours, n_own, c);
      omni_samples_convert (&value, OMNI_SAMPLE_F32, to + ((gsize)x * (n_own + 1) + c) * bytes, type, 1);
    }
  }
}

OmniPicture *
omni_masks_fill (const OmniMasks *self, OmniPicture *picture, GError **error)
{
  const guint channels = omni_picture_get_channels (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize row_bytes = (gsize)self->width * channels * omni_sample_type_get_bytes (type);
  gsize size_bytes;

  if (!omni_masks_have_any (self) || !omni_picture_get_has_alpha (picture))
    return g_object_ref (picture);
  guint8 *pixels = omni_picture_try_alloc_pixels (self->width, self->height, channels, type, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return NULL;
  g_autofree float *row = g_new (float, (gsize)self->width *channels);
  for (guint y = 0; y < self->height; y++)
  {
    memcpy (pixels + row_bytes * y, get_row (picture, y), row_bytes);
    read_row (picture, y, row);
    fill_row (self, row, y, channels - 1, type, pixels + row_bytes * y);
  }
  return omni_picture_new (self->width, self->height, channels, TRUE, type,
                           g_bytes_new_take (pixels, size_bytes), omni_picture_get_icc_profile (picture),
                           omni_picture_get_path (picture), error);
}

/* ---- The alpha of the result ---- */

static void
gather_alpha_row (OmniPicture *picture, guint y, gpointer row)
{
  const guint width = omni_picture_get_width (picture), channels = omni_picture_get_channels (picture);
  const gsize first = ((gsize)y * width + 1) * channels - 1;
  const gconstpointer pixels = omni_picture_get_pixels (picture);
  switch (omni_picture_get_sample_type (picture))
  {
  case OMNI_SAMPLE_U8:
    for (guint x = 0; x < width; x++)
      ((guint8 *)row)[x] = ((const guint8 *)pixels)[first + (gsize)x * channels];
    break;
  case OMNI_SAMPLE_U16:
    for (guint x = 0; x < width; x++)
      ((guint16 *)row)[x] = ((const guint16 *)pixels)[first + (gsize)x * channels];
    break;
  case OMNI_SAMPLE_F32:
  default:
    for (guint x = 0; x < width; x++)
      ((float *)row)[x] = omni_sample_sanitise (((const float *)pixels)[first + (gsize)x * channels]);
    break;
  }
}

static void
keep_larger (gpointer into, gconstpointer from, OmniSampleType type, gsize n)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    for (gsize i = 0; i < n; i++)
      ((guint8 *)into)[i] = MAX (((guint8 *)into)[i], ((const guint8 *)from)[i]);
    break;
  case OMNI_SAMPLE_U16:
    for (gsize i = 0; i < n; i++)
      ((guint16 *)into)[i] = MAX (((guint16 *)into)[i], ((const guint16 *)from)[i]);
    break;
  case OMNI_SAMPLE_F32:
  default:
    for (gsize i = 0; i < n; i++)
      ((float *)into)[i] = MAX (((float *)into)[i], ((const float *)from)[i]);
    break;
  }
}

void
omni_picture_fold_alpha (OmniPicture *picture, gpointer alpha, OmniSampleType type)
{
  const guint width = omni_picture_get_width (picture);
  const gsize row_bytes = (gsize)width * omni_sample_type_get_bytes (type);
  g_autofree float *row = g_new (float, width);
  g_autofree float *converted = g_new (float, width);

  for (guint y = 0; y < omni_picture_get_height (picture); y++)
  {
    gather_alpha_row (picture, y, row);
    omni_samples_convert (row, omni_picture_get_sample_type (picture), converted, type, width);
    keep_larger ((guint8 *)alpha + row_bytes * y, converted, type, width);
  }
}
