/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/picture.h"

#include "models/digest.h"
#include "vk/large-pages.h"

#include <glib/gi18n.h>

struct _OmniPicture
{
  GObject parent_instance;

  guint width;
  guint height;
  guint channels;
  gboolean has_alpha;
  OmniSampleType type;
  GBytes *pixels;
  GBytes *icc_profile;
  char *path;
};

G_DEFINE_FINAL_TYPE (OmniPicture, omni_picture, G_TYPE_OBJECT)

static void
omni_picture_finalize (GObject *object)
{
  OmniPicture *self = OMNI_PICTURE (object);

  g_clear_pointer (&self->pixels, g_bytes_unref);
  g_clear_pointer (&self->icc_profile, g_bytes_unref);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (omni_picture_parent_class)->finalize (object);
}

static void
omni_picture_class_init (OmniPictureClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_picture_finalize;
}

static void
omni_picture_init (OmniPicture *self)
{
}

gsize
omni_sample_type_get_bytes (OmniSampleType type)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return 1;
  case OMNI_SAMPLE_U16:
    return 2;
  case OMNI_SAMPLE_F32:
    return 4;
  default:
    g_return_val_if_reached (1);
  }
}

const char *
omni_sample_type_to_string (OmniSampleType type)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return "8";
  case OMNI_SAMPLE_U16:
    return "16";
  case OMNI_SAMPLE_F32:
    return "32f";
  default:
    g_return_val_if_reached ("8");
  }
}

static gboolean
picture_count_bytes (guint width, guint height, guint channels, OmniSampleType type, gsize *size_bytes)
{
  return g_size_checked_mul (size_bytes, width, height)
         && g_size_checked_mul (size_bytes, *size_bytes, channels)
         && g_size_checked_mul (size_bytes, *size_bytes, omni_sample_type_get_bytes (type));
}

OmniPicture *
omni_picture_new (guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type,
                  GBytes *pixels, GBytes *icc_profile, const char *path, GError **error)
{
  g_return_val_if_fail (pixels != NULL, NULL);

  g_autoptr (GBytes) owned = pixels;
  const gboolean shape_fits = width > 0 && height > 0 && channels >= 1
                              && channels <= OMNI_PICTURE_MAX_CHANNELS && !(has_alpha && channels < 2);
  gsize expected_bytes = 0;

  if (!shape_fits || !picture_count_bytes (width, height, channels, type, &expected_bytes)
      || g_bytes_get_size (owned) != expected_bytes)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("A picture of %u × %u with %u channels of %s bits does not fit %lu bytes of pixels."),
                 width, height, channels, omni_sample_type_to_string (type),
                 (gulong)g_bytes_get_size (owned));
    if (path != NULL)
      g_prefix_error (error, "%s: ", path);
    return NULL;
  }

  OmniPicture *self = g_object_new (OMNI_TYPE_PICTURE, NULL);
  self->width = width;
  self->height = height;
  self->channels = channels;
  self->has_alpha = has_alpha != FALSE;
  self->type = type;
  self->pixels = g_steal_pointer (&owned);
  self->icc_profile = icc_profile != NULL ? g_bytes_ref (icc_profile) : NULL;
  self->path = g_strdup (path);
  return self;
}

guint8 *
omni_picture_try_alloc_pixels (guint width, guint height, guint channels, OmniSampleType type,
                               gsize *size_bytes, GError **error)
{
  gsize bytes = 0;
  guint8 *pixels = NULL;

  if (picture_count_bytes (width, height, channels, type, &bytes) && bytes > 0)
    pixels = g_try_malloc0 (bytes);
  if (pixels == NULL)
  {
    g_autofree char *words = g_format_size (
      (guint64)((double)width * height * channels * (double)omni_sample_type_get_bytes (type)));
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
      _ ("There is not enough memory for a picture of %u × %u with %u channels (%s); close other programs "
         "or use smaller pictures."),
      width, height, channels, words);
    return NULL;
  }

  omni_advise_large_pages (pixels, bytes);
  if (size_bytes != NULL)
    *size_bytes = bytes;
  return pixels;
}

guint
omni_picture_get_width (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), 0);
  return self->width;
}

guint
omni_picture_get_height (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), 0);
  return self->height;
}

guint
omni_picture_get_channels (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), 0);
  return self->channels;
}

gboolean
omni_picture_get_has_alpha (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), FALSE);
  return self->has_alpha;
}

OmniSampleType
omni_picture_get_sample_type (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), OMNI_SAMPLE_U8);
  return self->type;
}

gconstpointer
omni_picture_get_pixels (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), NULL);
  return g_bytes_get_data (self->pixels, NULL);
}

GBytes *
omni_picture_get_bytes (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), NULL);
  return self->pixels;
}

GBytes *
omni_picture_get_icc_profile (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), NULL);
  return self->icc_profile;
}

const char *
omni_picture_get_path (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), NULL);
  return self->path;
}

char *
omni_picture_hash (OmniPicture *self)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (self), NULL);

  const guint32 words[4] = { GUINT32_TO_LE (self->width), GUINT32_TO_LE (self->height),
                             GUINT32_TO_LE (self->channels), GUINT32_TO_LE ((guint32)self->type) };
  struct sha256_ctx digest;
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (self->pixels, &size);

  sha256_init (&digest);
  sha256_update (&digest, sizeof words, (const guint8 *)words);
  sha256_update (&digest, size, data);
  return omni_digest_finish (&digest);
}
