/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/view/mipmap-private.h"

#include "app/view/frame.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MAX_LEVELS 32

typedef struct
{
  guint width;
  guint height;
  guint32 *words; /* NULL for the picture itself */
} Level;

struct _OmniMipmap
{
  gatomicrefcount ref_count;
  guint64 serial;
  OmniPicture *picture;
  gconstpointer samples;
  guint channels;
  OmniSampleType type;
  gboolean has_alpha, is_grey, deep;
  double low, high;
  gboolean has_level;
  double black, white; /* of the level */
  guint n_levels;
  Level levels[MAX_LEVELS];
};

/* Rows of the picture, packed */

static inline guint
sample_to_8 (gconstpointer samples, gsize index)
{
  return ((const guint8 *)samples)[index];
}

static inline guint
sample_to_16 (const OmniMipmap *self, gsize index)
{
  if (self->type == OMNI_SAMPLE_U16)
    return ((const guint16 *)self->samples)[index];
  const double value = (((const float *)self->samples)[index] - self->low) / (self->high - self->low);
  return value >= 1 ? 65535 : value > 0 ? (guint)(value * 65535 + 0.5) : 0;
}

static inline guint32
pack_8 (guint r, guint g, guint b, guint a)
{
  if (a < 255)
  {
    r = (r * a + 127) / 255;
    g = (g * a + 127) / 255;
    b = (b * a + 127) / 255;
  }
  return a << 24 | r << 16 | g << 8 | b;
}

static inline guint64
pack_16 (guint64 r, guint64 g, guint64 b, guint64 a)
{
  if (a < 65535)
  {
    r = (r * a + 32767) / 65535;
    g = (g * a + 32767) / 65535;
    b = (b * a + 32767) / 65535;
  }
  return a << 48 | b << 32 | g << 16 | r;
}

static inline __attribute__ ((always_inline)) void
pack_row_8 (const OmniMipmap *self, guint32 *to, gsize first, guint n, guint channels, gboolean has_alpha)
{
  const gboolean colour = channels - has_alpha >= 3;

  for (guint x = 0; x < n; x++, first += channels)
  {
    const guint a = has_alpha ? sample_to_8 (self->samples, first + channels - 1) : 255;
    const guint r = sample_to_8 (self->samples, first);
    const guint g = colour ? sample_to_8 (self->samples, first + 1) : r;
    const guint b = colour ? sample_to_8 (self->samples, first + 2) : r;
    to[x] = pack_8 (r, g, b, a);
  }
}

static void
pack_row_16 (const OmniMipmap *self, guint64 *to, gsize first, guint n)
{
  for (guint x = 0; x < n; x++, first += self->channels)
  {
    const guint a =
      self->has_alpha
        ? self->type == OMNI_SAMPLE_U16
            ? sample_to_16 (self, first + self->channels - 1)
            : (guint)(CLAMP (((const float *)self->samples)[first + self->channels - 1], 0, 1) * 65535 + 0.5f)
        : 65535;
    const guint r = sample_to_16 (self, first);
    const guint g = self->is_grey ? r : sample_to_16 (self, first + 1);
    const guint b = self->is_grey ? r : sample_to_16 (self, first + 2);
    to[x] = pack_16 (r, g, b, a);
  }
}

/* `n` pixels from `x` on. */
static void
pack_row (const OmniMipmap *self, guint level, guint y, guint x, guint n, guint32 *words)
{
  const gsize first = (gsize)y * self->levels[level].width + x;

  if (level > 0)
    memcpy (words, self->levels[level].words + first * omni_mipmap_get_pixel_words (self),
            (gsize)n * omni_mipmap_get_pixel_words (self) * sizeof *words);
  else if (self->deep)
    pack_row_16 (self, (guint64 *)(gpointer)words, first * self->channels, n);
  else if (self->channels == 3 && !self->has_alpha)
    pack_row_8 (self, words, first * 3, n, 3, FALSE);
  else if (self->channels == 1)
    pack_row_8 (self, words, first, n, 1, FALSE);
  else
    pack_row_8 (self, words, first * self->channels, n, self->channels, self->has_alpha);
}

/* Levels */

static gboolean
level_alloc (const OmniMipmap *self, Level *level, guint width, guint height, GError **error)
{
  gsize size_bytes;

  level->width = width;
  level->height = height;
  level->words = (guint32 *)(gpointer)omni_picture_try_alloc_pixels (
    width, height, 4, self->deep ? OMNI_SAMPLE_U16 : OMNI_SAMPLE_U8, &size_bytes, error);
  return level->words != NULL;
}

#define EVEN_BYTES 0x00ff00ffu
#define EVEN_PAIRS G_GUINT64_CONSTANT (0x0000ffff0000ffff)

static inline guint32
average_8 (guint32 a, guint32 b, guint32 c, guint32 d)
{
  const guint32 low = (a & EVEN_BYTES) + (b & EVEN_BYTES) + (c & EVEN_BYTES) + (d & EVEN_BYTES) + 0x00020002u;
  const guint32 high = (a >> 8 & EVEN_BYTES) + (b >> 8 & EVEN_BYTES) + (c >> 8 & EVEN_BYTES)
                       + (d >> 8 & EVEN_BYTES) + 0x00020002u;

  return (low >> 2 & EVEN_BYTES) | (high >> 2 & EVEN_BYTES) << 8;
}

static inline guint64
average_16 (guint64 a, guint64 b, guint64 c, guint64 d)
{
  const guint64 half = G_GUINT64_CONSTANT (0x0000000200000002);
  const guint64 low = (a & EVEN_PAIRS) + (b & EVEN_PAIRS) + (c & EVEN_PAIRS) + (d & EVEN_PAIRS) + half;
  const guint64 high = (a >> 16 & EVEN_PAIRS) + (b >> 16 & EVEN_PAIRS) + (c >> 16 & EVEN_PAIRS)
                       + (d >> 16 & EVEN_PAIRS) + half;

  return (low >> 2 & EVEN_PAIRS) | (high >> 2 & EVEN_PAIRS) << 16;
}

static void
halve_row_8 (guint32 *to, const guint32 *upper, const guint32 *lower, guint width)
{
  for (guint x = 0; x < width / 2; x++)
    to[x] = average_8 (upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
  if (width % 2 != 0)
    to[width / 2] = average_8 (upper[width - 1], upper[width - 1], lower[width - 1], lower[width - 1]);
}

static void
halve_row_16 (guint64 *to, const guint64 *upper, const guint64 *lower, guint width)
{
  for (guint x = 0; x < width / 2; x++)
    to[x] = average_16 (upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
  if (width % 2 != 0)
    to[width / 2] = average_16 (upper[width - 1], upper[width - 1], lower[width - 1], lower[width - 1]);
}

static void
halve (const OmniMipmap *self, guint level, GCancellable *cancellable)
{
  const Level *from = &self->levels[level];
  const Level *to = from + 1;
  const guint words = omni_mipmap_get_pixel_words (self);
  g_autofree guint32 *upper = g_new (guint32, (gsize)from->width * words);
  g_autofree guint32 *lower = g_new (guint32, (gsize)from->width * words);

  for (guint y = 0; y < to->height && !g_cancellable_is_cancelled (cancellable); y++)
  {
    guint32 *row = to->words + (gsize)y * to->width * words;
    pack_row (self, level, 2 * y, 0, from->width, upper);
    pack_row (self, level, MIN (2 * y + 1, from->height - 1), 0, from->width, lower);
    if (self->deep)
      halve_row_16 ((guint64 *)(gpointer)row, (guint64 *)(gpointer)upper, (guint64 *)(gpointer)lower,
                    from->width);
    else
      halve_row_8 (row, upper, lower, from->width);
  }
}

/* What floats span; what is not a number is passed over, and infinite ones stay at the ends. */
static void
find_range (OmniMipmap *self, gboolean amounts, GCancellable *cancellable)
{
  const gsize n = (gsize)self->levels[0].width * self->levels[0].height;
  const guint colours = self->is_grey ? 1 : 3;
  float low = 0, high = amounts && self->type == OMNI_SAMPLE_F32 ? FLT_MIN : 1;

  for (gsize i = 0; i < n && self->type == OMNI_SAMPLE_F32 && !g_cancellable_is_cancelled (cancellable); i++)
    for (guint c = 0; c < colours; c++)
    {
      const float value = ((const float *)self->samples)[i * self->channels + c];
      if (!isfinite (value))
        continue;
      low = MIN (low, value);
      high = MAX (high, value);
    }
  self->low = low;
  self->high = high;
}

/* The level */

#define LOOKED_AT_PX ((gsize)1 << 16) /* a halved version of so many pixels says enough */
#define OUTLIERS     0.005            /* at either end */
#define NEARLY_BLACK 0.125            /* all below: at most 13 bits of 16 are used */

/* How many there are of each of 65536 values of the range, in a halved version. */
static guint64
count_values (OmniMipmap *self, guint32 *counts)
{
  const guint n_colours = self->is_grey ? 1 : 3;
  guint level = 0;
  guint64 n = 0;

  while (level + 1 < self->n_levels
         && (gsize)self->levels[level].width * self->levels[level].height > LOOKED_AT_PX)
    level++;
  const Level *from = &self->levels[level];
  g_autofree guint16 *pixels = g_new (guint16, (gsize)from->width * 4);
  for (guint y = 0; y < from->height; y++)
  {
    omni_mipmap_fetch_row (self, level, y, 0, from->width, pixels);
    for (guint x = 0; x < from->width; x++)
      for (guint c = 0; c < n_colours && pixels[4 * x + 3] > 0; c++, n++)
        counts[pixels[4 * x + c]]++;
  }
  return n;
}

/* The value that so many are below. */
static double
find_value (const OmniMipmap *self, const guint32 *counts, guint64 n_below)
{
  guint64 n = 0;
  guint value = 0;

  while (value < 65535 && (n += counts[value]) <= n_below)
    value++;
  return self->low + value / 65535.0 * (self->high - self->low);
}

static void
find_level (OmniMipmap *self)
{
  if (!self->deep)
    return;
  g_autofree guint32 *counts = g_new0 (guint32, 65536);
  const guint64 n = count_values (self, counts);
  const guint64 n_outliers = (guint64)((double)n * OUTLIERS);
  if (n == 0)
    return;
  const double low = find_value (self, counts, n_outliers);
  const double middle = find_value (self, counts, n / 2);
  const double high = find_value (self, counts, n - 1 - n_outliers);
  self->black = low < NEARLY_BLACK * high ? MIN (low, 0) : low;
  self->white = high;
  self->has_level = high > low && (high < NEARLY_BLACK || middle < 0 || middle > 1);
}

gboolean
omni_mipmap_find_level (OmniMipmap *self, double *low, double *high)
{
  *low = self->has_level ? self->black : 0;
  *high = self->has_level ? self->white : 1;
  return self->has_level;
}

/* The object */

static OmniMipmap *
mipmap_new (OmniPicture *picture, gboolean amounts, GCancellable *cancellable, GError **error)
{
  static gsize last_serial;
  g_autoptr (OmniMipmap) self = g_new0 (OmniMipmap, 1);
  Level *level = &self->levels[0];

  g_atomic_ref_count_init (&self->ref_count);
  self->serial = g_atomic_pointer_add (&last_serial, 1) + 1;
  self->picture = g_object_ref (picture);
  self->samples = omni_picture_get_pixels (picture);
  self->channels = omni_picture_get_channels (picture);
  self->type = omni_picture_get_sample_type (picture);
  self->has_alpha = omni_picture_get_has_alpha (picture);
  self->is_grey = self->channels - self->has_alpha < 3;
  self->deep = self->type != OMNI_SAMPLE_U8;
  self->n_levels = 1;
  level->width = omni_picture_get_width (picture);
  level->height = omni_picture_get_height (picture);
  find_range (self, amounts, cancellable);

  for (; (level->width > 1 || level->height > 1) && !g_cancellable_is_cancelled (cancellable); level++)
  {
    self->n_levels++;
    if (!level_alloc (self, level + 1, (level->width + 1) / 2, (level->height + 1) / 2, error))
      return NULL;
    halve (self, self->n_levels - 2, cancellable);
  }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  find_level (self);
  return g_steal_pointer (&self);
}

OmniMipmap *
omni_mipmap_new (OmniPicture *picture, GCancellable *cancellable, GError **error)
{
  return mipmap_new (picture, FALSE, cancellable, error);
}

OmniMipmap *
omni_mipmap_new_amounts (OmniPicture *picture, GCancellable *cancellable, GError **error)
{
  return mipmap_new (picture, TRUE, cancellable, error);
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
  for (guint i = 1; i < self->n_levels; i++)
    g_free (self->levels[i].words);
  g_object_unref (self->picture);
  g_free (self);
}

/* What it is */

OmniPicture *
omni_mipmap_get_picture (OmniMipmap *self)
{
  return self->picture;
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
  gsize size_bytes = g_bytes_get_size (omni_picture_get_bytes (self->picture));

  for (guint i = 1; i < self->n_levels; i++)
    size_bytes += (gsize)self->levels[i].width * self->levels[i].height * omni_mipmap_get_pixel_words (self)
                  * sizeof (guint32);
  return size_bytes;
}

gboolean
omni_mipmap_is_grey (OmniMipmap *self)
{
  return self->is_grey;
}

void
omni_mipmap_get_range (OmniMipmap *self, double *low, double *high)
{
  *low = self->low;
  *high = self->high;
}

guint64
omni_mipmap_get_serial (const OmniMipmap *self)
{
  return self->serial;
}

gboolean
omni_mipmap_is_deep (const OmniMipmap *self)
{
  return self->deep;
}

guint
omni_mipmap_get_n_levels (const OmniMipmap *self)
{
  return self->n_levels;
}

void
omni_mipmap_get_level_size (const OmniMipmap *self, guint level, guint *width, guint *height)
{
  *width = self->levels[level].width;
  *height = self->levels[level].height;
}

guint
omni_mipmap_get_pixel_words (const OmniMipmap *self)
{
  return self->deep ? 2 : 1;
}

void
omni_mipmap_pack_rows (const OmniMipmap *self, guint level, guint first_row, guint n_rows, guint32 *words)
{
  const guint width = self->levels[level].width;

  for (guint i = 0; i < n_rows; i++)
    pack_row (self, level, first_row + i, 0, width,
              words + (gsize)i * width * omni_mipmap_get_pixel_words (self));
}

static void
expand_row (const guint32 *words, guint n, guint16 *pixels)
{
  for (guint i = 0; i < n; i++)
  {
    pixels[4 * i] = (guint16)((words[i] >> 16 & 0xff) * 257);
    pixels[4 * i + 1] = (guint16)((words[i] >> 8 & 0xff) * 257);
    pixels[4 * i + 2] = (guint16)((words[i] & 0xff) * 257);
    pixels[4 * i + 3] = (guint16)((words[i] >> 24) * 257);
  }
}

void
omni_mipmap_fetch_row (const OmniMipmap *self, guint level, guint row, guint first, guint n, guint16 *pixels)
{
  g_autofree guint32 *scratch = NULL;

  /* Packed deep pixels are these very numbers on a little-endian machine, the only kind there is a Vulkan driver for. */
  if (self->deep)
  {
    pack_row (self, level, row, first, n, (guint32 *)(gpointer)pixels);
    return;
  }
  if (level > 0)
  {
    expand_row (self->levels[level].words + (gsize)row * self->levels[level].width + first, n, pixels);
    return;
  }
  scratch = g_new (guint32, n);
  pack_row (self, 0, row, first, n, scratch);
  expand_row (scratch, n, pixels);
}

/* Using it */

void
omni_mipmap_render (OmniMipmap *self, guint32 *pixels, guint width, guint height, double x, double y,
                    double scale)
{
  g_autoptr (OmniViewFrame) frame = omni_view_frame_new ((int)width, (int)height);
  OmniViewItem *item = omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 0, 0, (int)width, (int)height);

  omni_view_item_set_layer (item, 0, self, -x * scale, -y * scale, scale);
  omni_view_frame_render (frame, pixels);
}

void
omni_mipmap_count (OmniMipmap *self, guint x, guint y, guint width, guint height, OmniMipmapCounts *counts)
{
  g_autofree guint16 *pixels = g_new (guint16, (gsize)width * 4 + 1);

  g_return_if_fail (x + width <= self->levels[0].width && y + height <= self->levels[0].height);
  memset (counts, 0, sizeof *counts);
  for (guint row = y; row < y + height; row++)
  {
    omni_mipmap_fetch_row (self, 0, row, x, width, pixels);
    for (guint i = 0; i < width; i++)
    {
      const guint r = (pixels[4 * i] * 255u + 32767u) / 65535u;
      const guint g = (pixels[4 * i + 1] * 255u + 32767u) / 65535u;
      const guint b = (pixels[4 * i + 2] * 255u + 32767u) / 65535u;
      if (pixels[4 * i + 3] == 0)
        continue;
      counts->bins[0][r]++;
      counts->bins[1][g]++;
      counts->bins[2][b]++;
      counts->n++;
      counts->n_black += (r | g | b) == 0;
      counts->n_white += (r & g & b) == 255;
    }
  }
}
