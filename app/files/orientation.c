/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/orientation.h"

#include <string.h>

#define ORIENTATION_TAG  0x0112
#define TIFF_TYPE_SHORT  3
#define TIFF_ENTRY_BYTES 12
#define TRANSPOSE_BLOCK  32

static guint
read_u16 (const guint8 *p, gboolean big)
{
  return big ? (guint)(p[0] << 8 | p[1]) : (guint)(p[1] << 8 | p[0]);
}

static guint32
read_u32 (const guint8 *p, gboolean big)
{
  return big ? (guint32)read_u16 (p, TRUE) << 16 | read_u16 (p + 2, TRUE)
             : (guint32)read_u16 (p + 2, FALSE) << 16 | read_u16 (p, FALSE);
}

guint
omni_orientation_from_exif (const guint8 *data, gsize size)
{
  if (size >= 6 && memcmp (data, "Exif\0", 5) == 0)
  {
    data += 6;
    size -= 6;
  }
  if (size < 14 || (memcmp (data, "II*\0", 4) != 0 && memcmp (data, "MM\0*", 4) != 0))
    return 1;

  const gboolean big = data[0] == 'M';
  const gsize directory = read_u32 (data + 4, big);

  if (directory < 8 || directory > size - 2)
    return 1;

  const guint n_entries = read_u16 (data + directory, big);
  const guint8 *entry = data + directory + 2;

  for (guint i = 0; i < n_entries && (gsize)(data + size - entry) >= TIFF_ENTRY_BYTES; i++)
  {
    if (read_u16 (entry, big) == ORIENTATION_TAG && read_u16 (entry + 2, big) == TIFF_TYPE_SHORT)
    {
      const guint value = read_u16 (entry + 8, big);
      return value >= 1 && value <= 8 ? value : 1;
    }
    entry += TIFF_ENTRY_BYTES;
  }
  return 1;
}

gboolean
omni_orientation_swaps_axes (guint orientation)
{
  return orientation >= 5 && orientation <= 8;
}

/* Where the upright picture's first pixel lies in the source, and how far one step right or down in the upright picture
 * goes there, in pixels. */
typedef struct
{
  gssize first;
  gssize right;
  gssize down;
} Walk;

static Walk
orientation_walk (guint orientation, gssize width, gssize height)
{
  switch (orientation)
  {
  case 2:
    return (Walk){ width - 1, -1, width };
  case 3:
    return (Walk){ width * height - 1, -1, -width };
  case 4:
    return (Walk){ width * (height - 1), 1, -width };
  case 5:
    return (Walk){ 0, width, 1 };
  case 6:
    return (Walk){ width * (height - 1), -width, 1 };
  case 7:
    return (Walk){ width * height - 1, -width, -1 };
  case 8:
    return (Walk){ width - 1, width, -1 };
  default:
    return (Walk){ 0, 1, width };
  }
}

static inline __attribute__ ((always_inline)) void
walk_pixels (Walk walk, const guint8 *source, gsize width, gsize height, gsize pixel_bytes, guint8 *target)
{
  for (gsize y0 = 0; y0 < height; y0 += TRANSPOSE_BLOCK)
    for (gsize x0 = 0; x0 < width; x0 += TRANSPOSE_BLOCK)
      for (gsize y = y0; y < MIN (y0 + TRANSPOSE_BLOCK, height); y++)
        for (gsize x = x0; x < MIN (x0 + TRANSPOSE_BLOCK, width); x++)
        {
          const gssize at = walk.first + walk.right * (gssize)x + walk.down * (gssize)y;
          memcpy (target + (y * width + x) * pixel_bytes, source + (gsize)at * pixel_bytes, pixel_bytes);
        }
}

void
omni_orientation_apply (guint orientation, const guint8 *source, guint width, guint height, gsize pixel_bytes,
                        guint8 *target)
{
  const Walk walk = orientation_walk (orientation, width, height);
  const gboolean swaps = omni_orientation_swaps_axes (orientation);
  const gsize w = swaps ? height : width;
  const gsize h = swaps ? width : height;

  /* A constant size lets the compiler turn each copy into a move or two. */
  switch (pixel_bytes)
  {
  case 1:
    walk_pixels (walk, source, w, h, 1, target);
    break;
  case 2:
    walk_pixels (walk, source, w, h, 2, target);
    break;
  case 3:
    walk_pixels (walk, source, w, h, 3, target);
    break;
  case 4:
    walk_pixels (walk, source, w, h, 4, target);
    break;
  case 6:
    walk_pixels (walk, source, w, h, 6, target);
    break;
  case 8:
    walk_pixels (walk, source, w, h, 8, target);
    break;
  case 12:
    walk_pixels (walk, source, w, h, 12, target);
    break;
  default:
    walk_pixels (walk, source, w, h, pixel_bytes, target);
    break;
  }
}
