/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* EXIF, IPTC and XMP of a source, on their way into a result. */

#define OMNI_TYPE_METADATA (omni_metadata_get_type ())
G_DECLARE_FINAL_TYPE (OmniMetadata, omni_metadata, OMNI, METADATA, GObject)

/* (transfer full) Reads them from the file; an empty set when it has none. NULL when the file cannot be read or is of a
 * format that has no metadata known here; nothing is lost by going on without. */
OmniMetadata *omni_metadata_read (const char *path, GError **error);

/* (transfer full) An empty set; NULL, with a warning, when the library cannot make one. */
OmniMetadata *omni_metadata_new (void);

/* Puts words (ASCII) at the end of the description, once; a description in XML is left alone. */
void omni_metadata_add_note (OmniMetadata *self, const char *words);

/* The exposure as the camera wrote it; `seconds` is always positive on success. `f_number` and `iso` are 0 when they are
 * not there (a manual lens, a scanner). Any of the three may be NULL. */
gboolean omni_metadata_get_exposure (OmniMetadata *self, double *seconds, double *f_number, double *iso);

/* The exposure value log2 (N² / t) - log2 (ISO / 100), larger for darker pictures; N of 1 and ISO of 100 stand in for
 * missing ones. FALSE without an exposure time. */
gboolean omni_metadata_get_exposure_value (OmniMetadata *self, double *ev);

/* Writes them into the JPEG, PNG, TIFF or WebP file at `path`, which is `width` × `height` and upright: the orientation is
 * set to 1, the dimensions to these, the software to "Omnifuse VERSION"; the thumbnail and everything that describes the
 * source's own pixel storage is left out; place and time stay, and so do the map
 * coordinates of a GeoTIFF when the source had this size. The file's pixels and ICC profile stay as they are. */
gboolean
omni_metadata_write (OmniMetadata *self, const char *path, guint width, guint height, GError **error);

/* (transfer none) (nullable) Chooses the source that gives its metadata to the result, by content and never by position in
 * the list, so that any order chooses the same: of the sources that name an exposure time, the one whose exposure value
 * is the median of the set (the lower of the two middle ones for an even number); among equal values, and when no source
 * names an exposure, the one whose file has the lowest SHA-256. Unreadable files are passed over; NULL when all are. */
const char *omni_metadata_choose_reference (const char *const *paths);

G_END_DECLS
