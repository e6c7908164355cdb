/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A decoded picture: immutable once built, so it may be shared between threads by reference.
 *
 * Pixels are interleaved and tightly packed, rows top to bottom, native byte order, orientation already applied.
 * Integer samples span 0 … 255 or 0 … 65535; float samples are values as they are, 0 … 1 being the display range.
 * Colour samples are the encoded (gamma) values of `profile`, alpha is straight (not premultiplied). */

#define OMNI_PICTURE_MAX_CHANNELS 8

typedef enum
{
  OMNI_SAMPLE_U8,
  OMNI_SAMPLE_U16,
  OMNI_SAMPLE_F32
} OmniSampleType;

#define OMNI_TYPE_PICTURE (omni_picture_get_type ())
G_DECLARE_FINAL_TYPE (OmniPicture, omni_picture, OMNI, PICTURE, GObject)

/* Bytes of one sample: 1, 2 or 4. */
gsize omni_sample_type_get_bytes (OmniSampleType type);

/* "8", "16" or "32f", the words of --bits and of the JSON output. */
const char *omni_sample_type_to_string (OmniSampleType type);

/* Builds a picture of `width` × `height` pixels with `channels` interleaved samples, the last of them alpha when
 * `has_alpha`. `pixels` (transfer full) holds exactly width·height·channels·bytes. `icc_profile` (nullable, transfer
 * none) is the raw ICC profile; NULL means sRGB (or linear grey display values). `path` (nullable) is kept for messages.
 * Returns NULL with G_IO_ERROR_INVALID_ARGUMENT when the numbers do not fit each other. */
OmniPicture *
omni_picture_new (guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type,
                  GBytes *pixels, GBytes *icc_profile, const char *path, GError **error);

/* Allocates zeroed pixels for such a picture, or sets G_IO_ERROR_NO_SPACE with the size in words. Never aborts. */
guint8 *omni_picture_try_alloc_pixels (guint width, guint height, guint channels, OmniSampleType type,
                                       gsize *size_bytes, GError **error);

guint omni_picture_get_width (OmniPicture *self);
guint omni_picture_get_height (OmniPicture *self);

/* All interleaved channels, alpha included: 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA (or 4 bands when !has_alpha), up to 8 bands. */
guint omni_picture_get_channels (OmniPicture *self);
gboolean omni_picture_get_has_alpha (OmniPicture *self);
OmniSampleType omni_picture_get_sample_type (OmniPicture *self);

/* (transfer none) The samples; valid as long as the picture. */
gconstpointer omni_picture_get_pixels (OmniPicture *self);
GBytes *omni_picture_get_bytes (OmniPicture *self);

/* (transfer none) (nullable) */
GBytes *omni_picture_get_icc_profile (OmniPicture *self);
const char *omni_picture_get_path (OmniPicture *self);

/* (transfer full) Lower-case hex SHA-256 of width, height, channels and sample type (four little-endian 32-bit words)
 * followed by the samples: two pictures have the same hash exactly when they show the same. Any thread. */
char *omni_picture_hash (OmniPicture *self);

G_END_DECLS
