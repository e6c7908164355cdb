/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/mipmap.h"

#include <math.h>
#include <string.h>

#define NEAREST_FROM 2.0
#define MAX_LEVELS   32

typedef struct
{
  guint width;
  guint height;
  guint32 *pixels;
} Level;

struct _OmniMipmap
{
  gatomicrefcount ref_count;
  guint n_levels;
  Level levels[MAX_LEVELS];
};

/* To 8 bits */

static inline guint
sample_to_8 (gconstpointer samples, gsize index, OmniSampleType type)
{
  switch (type)
  {
  case OMNI_SAMPLE_U16:
    return (((const guint16 *)samples)[index] * 255u + 32767u) / 65535u;
  case OMNI_SAMPLE_F32:
  {
    const float value = ((const float *)samples)[index];
    return value >= 1 ? 255 : value > 0 ? (guint)(value * 255 + 0.5f) : 0;
  }
  case OMNI_SAMPLE_U8:
  default:
    return ((const guint8 *)samples)[index];
  }
}

static inline guint32
pack (guint r, guint g, guint b, guint a)
{
  if (a < 255)
  {
    r = (r * a + 127) / 255;
    g = (g * a + 127) / 255;
    b = (b * a + 127) / 255;
  }
  return a << 24 | r << 16 | g << 8 | b;
}

/* Bands beyond three are shown by their first three, pictures of two bands by their first. */
static inline __attribute__ ((always_inline)) void
convert_row (guint32 *to, gconstpointer samples, gsize first, guint width, guint channels, gboolean has_alpha,
             OmniSampleType type)
{
  const gboolean colour = channels - has_alpha >= 3;

  for (guint x = 0; x < width; x++, first += channels)
  {
    const guint a = has_alpha ? sample_to_8 (samples, first + channels - 1, type) : 255;
    const guint r = sample_to_8 (samples, first, type);
    const guint g = colour ? sample_to_8 (samples, first + 1, type) : r;
    const guint b = colour ? sample_to_8 (samples, first + 2, type) : r;
    to[x] = pack (r, g, b, a);
  }
}

static void
convert (guint32 *to, OmniPicture *picture, GCancellable *cancellable)
{
  const guint width = omni_picture_get_width (picture);
  const guint height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const gboolean has_alpha = omni_picture_get_has_alpha (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  gconstpointer samples = omni_picture_get_pixels (picture);

  for (guint y = 0; y < height && !g_cancellable_is_cancelled (cancellable); y++)
  {
    guint32 *row = to + (gsize)y * width;
    const gsize first = (gsize)y * width * channels;

    if (type == OMNI_SAMPLE_U8 && channels == 3 && !has_alpha)
      convert_row (row, samples, first, width, 3, FALSE, OMNI_SAMPLE_U8);
    else if (type == OMNI_SAMPLE_U8 && channels == 1)
      convert_row (row, samples, first, width, 1, FALSE, OMNI_SAMPLE_U8);
    else
      convert_row (row, samples, first, width, channels, has_alpha, type);
  }
}

/* Levels */

static gboolean
level_alloc (Level *level, guint width, guint height, GError **error)
{
  gsize size_bytes;

  level->width = width;
  level->height = height;
  level->pixels = (guint32 *)(gpointer)omni_picture_try_alloc_pixels (width, height, 4, OMNI_SAMPLE_U8,
                                                                      &size_bytes, error);
  return level->pixels != NULL;
}

#define EVEN_BYTES 0x00ff00ffu

static inline guint32
average4 (guint32 a, guint32 b, guint32 c, guint32 d)
{
  const guint32 low = (a & EVEN_BYTES) + (b & EVEN_BYTES) + (c & EVEN_BYTES) + (d & EVEN_BYTES) + 0x00020002u;
  const guint32 high = (a >> 8 & EVEN_BYTES) + (b >> 8 & EVEN_BYTES) + (c >> 8 & EVEN_BYTES)
                       + (d >> 8 & EVEN_BYTES) + 0x00020002u;

  return (low >> 2 & EVEN_BYTES) | (high >> 2 & EVEN_BYTES) << 8;
}

static void
halve (const Level *from, Level *to)
{
  for (guint y = 0; y < to->height; y++)
  {
    const guint32 *upper = from->pixels + (gsize)(2 * y) * from->width;
    const guint32 *lower = 2 * y + 1 < from->height ? upper + from->width : upper;
    guint32 *row = to->pixels + (gsize)y * to->width;
    const guint pairs = from->width / 2;

    for (guint x = 0; x < pairs; x++)
      row[x] = average4 (upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
    if (pairs < to->width)
      row[pairs] = average4 (upper[2 * pairs], upper[2 * pairs], lower[2 * pairs], lower[2 * pairs]);
  }
}

OmniMipmap *
omni_mipmap_new (OmniPicture *picture, GCancellable *cancellable, GError **error)
{
  g_autoptr (OmniMipmap) self = g_new0 (OmniMipmap, 1);
  Level *level = &self->levels[0];

  g_atomic_ref_count_init (&self->ref_count);
  self->n_levels = 1;
  if (!level_alloc (level, omni_picture_get_width (picture), omni_picture_get_height (picture), error))
    return NULL;
  convert (level->pixels, picture, cancellable);

  for (; (level->width > 1 || level->height > 1) && !g_cancellable_is_cancelled (cancellable); level++)
  {
    self->n_levels++;
    if (!level_alloc (level + 1, (level->width + 1) / 2, (level->height + 1) / 2, error))
      return NULL;
    halve (level, level + 1);
  }
  return g_cancellable_set_error_if_cancelled (cancellable, error) ? NULL : g_steal_pointer (&self);
}

OmniMipmap *
omni_mipmap_ref (OmniMipmap *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
omni_mipmap_unref (OmniMipmap *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n_levels; i++)
    g_free (self->levels[i].pixels);
  g_free (self);
}

guint
omni_mipmap_get_width (OmniMipmap *self)
{
  return self->levels[0].width;
}

guint
omni_mipmap_get_height (OmniMipmap *self)
{
  return self->levels[0].height;
}

gsize
omni_mipmap_get_size_bytes (OmniMipmap *self)
{
  gsize size_bytes = 0;

  for (guint i = 0; i < self->n_levels; i++)
    size_bytes += (gsize)self->levels[i].width * self->levels[i].height * sizeof (guint32);
  return size_bytes;
}

/* Rendering */

/* Where each pixel of a row or column comes from: the pixel before, the one after and the share (of 256) of that. */
typedef struct
{
  guint before;
  guint after;
  guint share;
} Tap;

static Tap *
make_taps (guint n, double start, double scale, guint limit, gboolean nearest)
{
  Tap *taps = g_new (Tap, n);
  const double last = limit - 1;

  for (guint i = 0; i < n; i++)
  {
    const double centre = start + (i + 0.5) / scale;
    const double place = CLAMP (nearest ? floor (centre) : centre - 0.5, 0, last);
    taps[i].before = (guint)place;
    taps[i].after = MIN (taps[i].before + 1, limit - 1);
    taps[i].share = (guint)((place - taps[i].before) * 256);
  }
  return taps;
}

static inline guint32
mix (guint32 a, guint32 b, guint share)
{
  const guint32 low = (a & EVEN_BYTES) * (256 - share) + (b & EVEN_BYTES) * share + 0x00800080u;
  const guint32 high = (a >> 8 & EVEN_BYTES) * (256 - share) + (b >> 8 & EVEN_BYTES) * share + 0x00800080u;

  return (low >> 8 & EVEN_BYTES) | (high & ~EVEN_BYTES);
}

static void
mix_rows (guint32 *to, const guint32 *upper, const guint32 *lower, guint width, guint share)
{
  for (guint x = 0; x < width; x++)
    to[x] = mix (upper[x], lower[x], share);
}

static void
stretch_row (guint32 *to, const guint32 *from, guint width, const Tap *taps)
{
  for (guint x = 0; x < width; x++)
    to[x] = mix (from[taps[x].before], from[taps[x].after], taps[x].share);
}

static void
pick_row (guint32 *to, const guint32 *from, guint width, const Tap *taps)
{
  for (guint x = 0; x < width; x++)
    to[x] = from[taps[x].before];
}

static void
render_nearest (const Level *level, guint32 *pixels, guint width, guint height, const Tap *columns,
                const Tap *rows)
{
  for (guint y = 0; y < height; y++)
  {
    guint32 *to = pixels + (gsize)y * width;
    if (y > 0 && rows[y].before == rows[y - 1].before)
      memcpy (to, to - width, width * sizeof *to);
    else
      pick_row (to, level->pixels + (gsize)rows[y].before * level->width, width, columns);
  }
}

/* Mixes whole rows first: that part runs over the picture in order and is done several pixels at a time. */
static void
render_smooth (const Level *level, guint32 *pixels, guint width, guint height, const Tap *columns,
               const Tap *rows)
{
  const guint first = columns[0].before;
  const guint needed = columns[width - 1].after - first + 1;
  g_autofree guint32 *mixed = g_new (guint32, level->width);

  for (guint y = 0; y < height; y++)
  {
    const guint32 *upper = level->pixels + (gsize)rows[y].before * level->width;
    const guint32 *lower = level->pixels + (gsize)rows[y].after * level->width;
    mix_rows (mixed + first, upper + first, lower + first, needed, rows[y].share);
    stretch_row (pixels + (gsize)y * width, mixed, width, columns);
  }
}

void
omni_mipmap_render (OmniMipmap *self, guint32 *pixels, guint width, guint height, double x, double y,
                    double scale)
{
  const gboolean nearest = scale >= NEAREST_FROM || scale == 1;
  guint index = 0;

  if (width == 0 || height == 0)
    return;
  while (scale <= 0.5 && index + 1 < self->n_levels)
  {
    index++;
    scale *= 2;
    x /= 2;
    y /= 2;
  }
  const Level *level = &self->levels[index];
  g_autofree Tap *columns = make_taps (width, x, scale, level->width, nearest);
  g_autofree Tap *rows = make_taps (height, y, scale, level->height, nearest);

  if (nearest)
    render_nearest (level, pixels, width, height, columns, rows);
  else
    render_smooth (level, pixels, width, height, columns, rows);
}

void
omni_mipmap_count (OmniMipmap *self, guint x, guint y, guint width, guint height, OmniMipmapCounts *counts)
{
  const Level *level = &self->levels[0];

  g_return_if_fail (x + width <= level->width && y + height <= level->height);
  memset (counts, 0, sizeof *counts);
  for (guint row = y; row < y + height; row++)
    for (guint column = x; column < x + width; column++)
    {
      const guint32 pixel = level->pixels[(gsize)row * level->width + column];
      const guint32 colour = pixel & 0xffffff;
      if (pixel >> 24 == 0)
        continue;
      counts->bins[0][colour >> 16]++;
      counts->bins[1][colour >> 8 & 0xff]++;
      counts->bins[2][colour & 0xff]++;
      counts->n++;
      counts->n_black += colour == 0;
      counts->n_white += colour == 0xffffff;
    }
}
