/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* Pictures in: JPEG, PNG, TIFF, WebP and camera raw, which is developed. The format is found from the content and not from the name,
 * but for camera raw, of which many kinds are TIFFs of their own sort. Orientation
 * tags are applied, the ICC profile is kept raw, and samples keep their depth: 16-bit and float samples never pass
 * through anything narrower.
 *
 * Refused before any pixel is allocated: more than OMNI_READER_MAX_PIXELS pixels (the environment variable
 * OMNIFUSE_MAX_PIXELS sets another limit), and a header that promises more than the bytes of the file can hold (each
 * format's bound stands beside its check). A truncated or damaged file is refused as a whole.
 *
 * All functions may be called from any thread. Errors are in G_IO_ERROR: NOT_FOUND, PERMISSION_DENIED, IS_DIRECTORY,
 * NOT_REGULAR_FILE, NOT_SUPPORTED (a kind this program does not read), INVALID_DATA (damaged or incomplete), NO_SPACE (too
 * large) and CANCELLED; each message names the file, the cause and what to do. */

#define OMNI_READER_MAX_PIXELS G_GUINT64_CONSTANT (400000000)

typedef struct
{
  guint width; /* after orientation */
  guint height;
  guint channels; /* alpha included, palettes expanded */
  gboolean has_alpha;
  OmniSampleType sample_type;
  const char *format_name; /* "JPEG", "PNG", …; static */
  guint64 file_bytes;
} OmniPictureInfo;

/* (transfer full) Decodes the whole picture; NULL with `error` set. */
OmniPicture *omni_picture_read (const char *path, GCancellable *cancellable, GError **error);

/* (transfer full) A small 8-bit version for thumbnails, no side longer than `max_px` (>= 1), never enlarged: JPEG is
 * scaled while it is decoded, the rest is averaged down. Float samples are clamped to 0 … 1. */
OmniPicture *
omni_picture_read_scaled (const char *path, guint max_px, GCancellable *cancellable, GError **error);

/* Reads the header only. The pixels may still turn out to be damaged. */
gboolean omni_picture_probe (const char *path, OmniPictureInfo *info, GError **error);

/* The same, and the ICC profile (transfer full) (nullable) as it stands in the file, without decoding a pixel. */
gboolean omni_picture_probe_with_profile (const char *path, OmniPictureInfo *info, GBytes **icc_profile,
                                          GError **error);

/* Whether the first bytes of the file, or else its name, say that it is a picture of a known format. One that cannot be opened is
 * told by its name, so that it is spoken of when it is read. */
gboolean omni_picture_is_candidate (const char *path);

/* Whether the name says that it is camera raw, of which many kinds begin like a TIFF. */
gboolean omni_picture_is_raw (const char *path);

/* Whether the name says that a picture is what the fusion of its scene should look like, and no source: truth.* or
 * reference.*, in capitals or not. */
gboolean omni_picture_is_truth (const char *path);

/* (transfer full) The lower-case hex SHA-256 of the file's bytes. */
char *omni_file_sha256 (const char *path, GError **error);

G_END_DECLS
