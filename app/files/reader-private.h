/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/reader.h"

G_BEGIN_DECLS

#define OMNI_INPUT_HEAD_BYTES 64

/* An open file, before anyone knows what it is. */
typedef struct
{
  const char *path;
  char *name; /* the path as UTF-8, for messages */
  int fd;
  guint64 size;
  guint8 head[OMNI_INPUT_HEAD_BYTES];
  gsize head_size;
  GCancellable *cancellable;
} OmniInput;

/* A picture in the making: pixels as stored, not yet upright. A reader fills the first part from the header, then
 * calls omni_raster_alloc() and fills the pixels. */
typedef struct
{
  guint width;
  guint height;
  guint channels;
  gboolean has_alpha;
  OmniSampleType type;
  guint orientation; /* 0 and 1 are upright */
  GBytes *icc_profile;

  guint8 *pixels;
  gsize size_bytes;
} OmniRaster;

/* One format. To add one: write these three functions and name the reader in the table of reader.c, where the first
 * match wins: camera raw, of which many kinds look like TIFF, stands before it. */
typedef struct
{
  const char *name;
  const char *const *extensions; /* lower case, with the dot */
  gboolean (*matches) (const OmniInput *input);
  /* Fills all but the pixels. */
  gboolean (*read_header) (OmniInput *input, OmniRaster *raster, GError **error);
  /* Fills everything. `max_px` is 0 or a wish: the reader may scale down, but to no less than that on the longer side. */
  gboolean (*read) (OmniInput *input, guint max_px, OmniRaster *raster, GError **error);
} OmniReader;

extern const OmniReader omni_jpeg_reader;
extern const OmniReader omni_png_reader;
extern const OmniReader omni_raw_reader;
extern const OmniReader omni_tiff_reader;
extern const OmniReader omni_webp_reader;

/* Reads up to `size` bytes at `offset`; fewer only at the end of the file or on an error. */
gsize omni_input_read_at (OmniInput *input, guint64 offset, gpointer buffer, gsize size);

/* (transfer full) The whole file in memory, `*size` bytes. */
guint8 *omni_input_load (OmniInput *input, gsize *size, GError **error);

/* "… is damaged or incomplete (cause); copy it again …" as G_IO_ERROR_INVALID_DATA, unless `error` is set already. */
void omni_input_set_damaged (OmniInput *input, const char *cause, GError **error);

/* "… cannot be read: cause" as G_IO_ERROR_NOT_SUPPORTED. `cause` is a sentence that ends with what to do. */
void omni_input_set_unsupported (OmniInput *input, const char *cause, GError **error);

/* Checks the header of `raster` against the pixel limit and against `max_pixel_bytes`, the most that a file of this size
 * can hold. Pictures below 16 megapixels pass the second check: the decoder itself will find them out cheaply. */
gboolean
omni_raster_check (const OmniRaster *raster, OmniInput *input, double max_pixel_bytes, GError **error);

/* Allocates the pixels. */
gboolean omni_raster_alloc (OmniRaster *raster, OmniInput *input, GError **error);

void omni_raster_clear (OmniRaster *raster);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniRaster, omni_raster_clear)

G_END_DECLS
