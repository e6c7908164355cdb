/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/warp.h"
#include "models/model.h"

G_BEGIN_DECLS

/* "none", "visible", "infrared", "mri", "ct", "pet", "spect", "ms", "pan": the words of --role. */
const char *omni_role_to_string (OmniRole role);
gboolean omni_role_from_string (const char *name, OmniRole *role);

/* One picture file of a set: what its header says, its hash, its role, and its pixels while somebody needs them.
 * Safe to share between threads; only the role may change, and only in the thread that owns the list. */
#define OMNI_TYPE_SOURCE (omni_source_get_type ())
G_DECLARE_FINAL_TYPE (OmniSource, omni_source, OMNI, SOURCE, GObject)

/* Reads the header only. The error names the file, the cause and what to do. */
OmniSource *omni_source_new (const char *path, GError **error);

/* A source that is already in memory (benchmarks, samples, tests); `name` stands in place of a path. */
OmniSource *omni_source_new_for_picture (OmniPicture *picture, const char *name);

/* `source` (its original, where it is seen through a warp already) seen through `warp`, with its role: as if the file held that
 * picture. What is asked about the file, its metadata say. */
OmniSource *omni_source_new_warped (OmniSource *source, const OmniWarp *warp);

/* (transfer none) What is in the file: the source itself where there is no warp. */
OmniSource *omni_source_get_original (OmniSource *self);

/* (transfer none) (nullable) */
const OmniWarp *omni_source_get_warp (OmniSource *self);

const char *omni_source_get_path (OmniSource *self);
char *omni_source_dup_display_name (OmniSource *self); /* base name, valid UTF-8 */
guint omni_source_get_width (OmniSource *self);
guint omni_source_get_height (OmniSource *self);
guint omni_source_get_channels (OmniSource *self);
gboolean omni_source_get_has_alpha (OmniSource *self);
OmniSampleType omni_source_get_sample_type (OmniSource *self);
const char *
omni_source_get_format_name (OmniSource *self); /* OmniPictureInfo.format_name; "memory" without a file */

/* (transfer none) (nullable) As it stands in the file, sound or not. */
GBytes *omni_source_get_icc_profile (OmniSource *self);

/* Seconds, f-number and ISO from EXIF (each nullable); FALSE when the file does not say. */
gboolean omni_source_get_exposure (OmniSource *self, double *seconds, double *f_number, double *iso);

OmniRole omni_source_get_role (OmniSource *self);
void omni_source_set_role (OmniSource *self, OmniRole role);

/* (transfer full) Decodes, or returns the picture still held by somebody (a weak cache). Any thread. */
OmniPicture *omni_source_load (OmniSource *self, GCancellable *cancellable, GError **error);

/* (transfer full) A small version with no side above `max_px`, of 8 bits where there is a file. Not kept. Any thread. */
OmniPicture *
omni_source_load_scaled (OmniSource *self, guint max_px, GCancellable *cancellable, GError **error);

/* (transfer full) An 8-bit version with no side above OMNI_SOURCE_THUMBNAIL_PX; made once and kept. Any thread. */
#define OMNI_SOURCE_THUMBNAIL_PX 256
OmniPicture *omni_source_load_thumbnail (OmniSource *self, GCancellable *cancellable, GError **error);

/* (transfer full) The same, but where the source is of floats, of them as they are and not cut to 0 … 1. Any thread. */
OmniPicture *omni_source_load_content (OmniSource *self, GCancellable *cancellable, GError **error);

/* Whether the file was written anew, or is gone, since its header was read. Its contents are looked at anew by themselves; where
 * its size or kind changed, too, it has to be opened again. Any thread. */
gboolean omni_source_is_outdated (OmniSource *self);

/* Whether both headers say the same: what was planned for one holds for the other. Any thread. */
gboolean omni_source_has_same_header (OmniSource *self, OmniSource *other);

/* Counts the writings of the file that were seen. What was decoded at another number is of an earlier one. Any thread. */
guint omni_source_get_writing (OmniSource *self);

/* When the file was last written, in seconds since 1970; 0 when there is none. Any thread. */
gint64 omni_source_get_time (OmniSource *self);

/* (transfer full) Hex SHA-256 of the file (of the picture, when there is no file; of one seen through a warp, of both); computed once, and again when the file was
 * written anew. */
char *omni_source_dup_sha256 (OmniSource *self, GError **error);
gboolean omni_source_has_sha256 (OmniSource *self); /* it would not have to be computed */

G_END_DECLS
