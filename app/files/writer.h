/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/metadata.h"
#include "app/picture/picture.h"
#include "app/progress.h"

G_BEGIN_DECLS

/* Pictures out: PNG (8, 16 bits), JPEG (8), TIFF (8, 16, 32f), WebP not yet. The extension picks the format. See
 * app/files/output.h for how a file takes its place and what is refused; app/files/samples.h for the conversion. */

/* OMNI_DEPTH_AUTO keeps the picture's own depth, or takes the deepest that the format can hold. */
typedef enum
{
  OMNI_DEPTH_AUTO,
  OMNI_DEPTH_8,
  OMNI_DEPTH_16,
  OMNI_DEPTH_32F
} OmniDepth;

#define OMNI_JPEG_QUALITY 95

/* All zero is a good start. */
typedef struct
{
  OmniDepth depth;
  guint jpeg_quality; /* 1 … 100, 0 for OMNI_JPEG_QUALITY; colour keeps its full resolution from 90 up */
  gboolean
    tiff_deflate; /* a fifth to a half smaller, and ten times slower (24 MP of 16 bits: 1.6 s and 0.1 s) */
  gboolean force; /* replace an existing file, though never a source */
  const char *const *sources; /* (nullable) NULL-terminated paths that are never overwritten */
  OmniMetadata *metadata;     /* (nullable) written into the result, see omni_metadata_write() */
  GCancellable *cancellable;  /* (nullable) */
  OmniProgressFunc progress;  /* (nullable) */
  gpointer progress_data;
  GPtrArray
    *losses; /* (nullable) (element-type utf8) what the file does not hold is added, a sentence each */
} OmniWriteOptions;

/* The samples that `path` gets for OMNI_DEPTH_AUTO when they are `own` now: the same, or the deepest its format holds. */
gboolean
omni_picture_find_write_type (const char *path, OmniSampleType own, OmniSampleType *type, GError **error);

/* Writes `picture` to `path`. `options` may be NULL. An alpha channel is dropped for JPEG only when it is opaque
 * everywhere. Metadata that cannot be written is left out with a word in `losses`, or else a g_warning(); the picture comes first. Any thread. */
gboolean
omni_picture_write (OmniPicture *picture, const char *path, const OmniWriteOptions *options, GError **error);

/* (transfer full) The bytes that omni_picture_write() would put into a file of this name, of which only the extension
 * counts. Metadata, sources and force are passed over. Any thread. */
GBytes *
omni_picture_encode (OmniPicture *picture, const char *name, const OmniWriteOptions *options, GError **error);

/* Checks name, depth and channels as omni_picture_write() would, before the hours of work: width, height, channels and
 * alpha are those of the result to come. */
gboolean omni_picture_check_write (const char *path, guint width, guint height, guint channels,
                                   gboolean has_alpha, const OmniWriteOptions *options, GError **error);

G_END_DECLS
