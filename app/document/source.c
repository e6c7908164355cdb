/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/source.h"

#include "app/files/metadata.h"
#include "app/files/reader.h"
#include "app/picture/resample.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <math.h>

/* Tells one writing of a file from the next. */
typedef struct
{
  gint64 time_ns;
  guint64 size_bytes, inode;
} Stamp;

struct _OmniSource
{
  GObject parent_instance;

  char *path;
  Stamp opened; /* when the header was read */
  OmniPictureInfo info;
  GBytes *icc_profile;
  OmniRole role;
  OmniSource *original; /* of one that is seen through `warp`, else NULL */
  OmniWarp warp;

  OmniPicture *held; /* in-memory sources keep their picture; files only a weak reference */
  GMutex decoding;   /* so that two threads do not decode the same file side by side */
  GWeakRef decoded;
  GMutex hashing;
  GMutex lock;   /* for what follows */
  Stamp read;    /* what is kept is of this writing … */
  guint writing; /* … and this counts those seen */
  OmniPicture *thumbnail, *content;
  char *sha256;
  gboolean has_read_exposure, has_exposure;
  double seconds, f_number, iso;
};

G_DEFINE_FINAL_TYPE (OmniSource, omni_source, G_TYPE_OBJECT)

static const char *const role_names[] = { "none", "visible", "infrared", "mri", "ct",
                                          "pet",  "spect",   "ms",       "pan" };

const char *
omni_role_to_string (OmniRole role)
{
  g_return_val_if_fail ((guint)role < G_N_ELEMENTS (role_names), "none");

  return role_names[role];
}

gboolean
omni_role_from_string (const char *name, OmniRole *role)
{
  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (g_strcmp0 (name, role_names[i]) == 0)
    {
      *role = i;
      return TRUE;
    }
  return FALSE;
}

static void
omni_source_finalize (GObject *object)
{
  OmniSource *self = OMNI_SOURCE (object);

  g_free (self->path);
  g_free (self->sha256);
  g_clear_pointer (&self->icc_profile, g_bytes_unref);
  g_clear_object (&self->original);
  g_clear_object (&self->held);
  g_clear_object (&self->thumbnail);
  g_clear_object (&self->content);
  g_weak_ref_clear (&self->decoded);
  g_mutex_clear (&self->decoding);
  g_mutex_clear (&self->hashing);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (omni_source_parent_class)->finalize (object);
}

static void
omni_source_class_init (OmniSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_source_finalize;
}

static void
omni_source_init (OmniSource *self)
{
  g_weak_ref_init (&self->decoded, NULL);
  g_mutex_init (&self->decoding);
  g_mutex_init (&self->hashing);
  g_mutex_init (&self->lock);
}

static Stamp
read_stamp (OmniSource *self)
{
  GStatBuf status;

  if (self->held != NULL || g_stat (self->path, &status) != 0)
    return (Stamp){ 0 };
  return (Stamp){ .time_ns = (gint64)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
                  .size_bytes = (guint64)status.st_size,
                  .inode = status.st_ino };
}

static gboolean
is_same_stamp (const Stamp *a, const Stamp *b)
{
  return a->time_ns == b->time_ns && a->size_bytes == b->size_bytes && a->inode == b->inode;
}

gboolean
omni_source_is_outdated (OmniSource *self)
{
  const Stamp now = read_stamp (self);

  return !is_same_stamp (&now, &self->opened);
}

gint64
omni_source_get_time (OmniSource *self)
{
  return read_stamp (self).time_ns / 1000000000;
}

/* Drops what is kept of an earlier writing of the file. */
static void
forget_outdated (OmniSource *self)
{
  const Stamp now = read_stamp (self);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (is_same_stamp (&now, &self->read))
    return;
  self->read = now;
  self->writing++;
  self->has_read_exposure = FALSE;
  g_clear_object (&self->thumbnail);
  g_clear_object (&self->content);
  g_clear_pointer (&self->sha256, g_free);
  g_weak_ref_set (&self->decoded, NULL);
}

guint
omni_source_get_writing (OmniSource *self)
{
  forget_outdated (self);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->writing;
}

OmniSource *
omni_source_new (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (OmniSource) self = g_object_new (OMNI_TYPE_SOURCE, NULL);
  self->path = g_strdup (path);
  self->opened = self->read = read_stamp (self);
  if (!omni_picture_probe_with_profile (path, &self->info, &self->icc_profile, error))
    return NULL;
  return g_steal_pointer (&self);
}

OmniSource *
omni_source_new_for_picture (OmniPicture *picture, const char *name)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (picture), NULL);

  OmniSource *self = g_object_new (OMNI_TYPE_SOURCE, NULL);
  self->path = g_strdup (name);
  self->held = g_object_ref (picture);
  self->info = (OmniPictureInfo){
    .width = omni_picture_get_width (picture),
    .height = omni_picture_get_height (picture),
    .channels = omni_picture_get_channels (picture),
    .has_alpha = omni_picture_get_has_alpha (picture),
    .sample_type = omni_picture_get_sample_type (picture),
    .format_name = "memory",
  };
  if (omni_picture_get_icc_profile (picture) != NULL)
    self->icc_profile = g_bytes_ref (omni_picture_get_icc_profile (picture));
  return self;
}

OmniSource *
omni_source_new_warped (OmniSource *source, const OmniWarp *warp)
{
  g_return_val_if_fail (OMNI_IS_SOURCE (source), NULL);

  OmniSource *original = omni_source_get_original (source);
  OmniSource *self = g_object_new (OMNI_TYPE_SOURCE, NULL);
  self->original = g_object_ref (original);
  self->warp = *warp;
  self->path = g_strdup (original->path);
  self->opened = original->opened;
  self->read = read_stamp (self);
  self->info = original->info;
  self->info.width = warp->width;
  self->info.height = warp->height;
  self->icc_profile = original->icc_profile != NULL ? g_bytes_ref (original->icc_profile) : NULL;
  self->role = source->role;
  return self;
}

OmniSource *
omni_source_get_original (OmniSource *self)
{
  return self->original != NULL ? self->original : self;
}

const OmniWarp *
omni_source_get_warp (OmniSource *self)
{
  return self->original != NULL ? &self->warp : NULL;
}

const char *
omni_source_get_path (OmniSource *self)
{
  return self->path;
}

char *
omni_source_dup_display_name (OmniSource *self)
{
  return g_filename_display_basename (self->path);
}

guint
omni_source_get_width (OmniSource *self)
{
  return self->info.width;
}

guint
omni_source_get_height (OmniSource *self)
{
  return self->info.height;
}

guint
omni_source_get_channels (OmniSource *self)
{
  return self->info.channels;
}

gboolean
omni_source_get_has_alpha (OmniSource *self)
{
  return self->info.has_alpha;
}

OmniSampleType
omni_source_get_sample_type (OmniSource *self)
{
  return self->info.sample_type;
}

const char *
omni_source_get_format_name (OmniSource *self)
{
  return self->info.format_name;
}

GBytes *
omni_source_get_icc_profile (OmniSource *self)
{
  return self->icc_profile;
}

gboolean
omni_source_get_exposure (OmniSource *self, double *seconds, double *f_number, double *iso)
{
  if (self->original != NULL)
    return omni_source_get_exposure (self->original, seconds, f_number, iso);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (!self->has_read_exposure && self->held == NULL)
  {
    g_autoptr (OmniMetadata) metadata = omni_metadata_read (self->path, NULL);
    self->has_exposure = metadata != NULL
                         && omni_metadata_get_exposure (metadata, &self->seconds, &self->f_number,
                                                        &self->iso);
  }
  self->has_read_exposure = TRUE;
  if (!self->has_exposure)
    return FALSE;
  if (seconds != NULL)
    *seconds = self->seconds;
  if (f_number != NULL)
    *f_number = self->f_number;
  if (iso != NULL)
    *iso = self->iso;
  return TRUE;
}

OmniRole
omni_source_get_role (OmniSource *self)
{
  return self->role;
}

void
omni_source_set_role (OmniSource *self, OmniRole role)
{
  g_return_if_fail ((guint)role < G_N_ELEMENTS (role_names));

  self->role = role;
}

gboolean
omni_source_has_same_header (OmniSource *self, OmniSource *other)
{
  const OmniPictureInfo *a = &self->info, *b = &other->info;
  const gboolean both_have_none = self->icc_profile == NULL && other->icc_profile == NULL;

  return a->width == b->width && a->height == b->height && a->channels == b->channels
         && a->has_alpha == b->has_alpha && a->sample_type == b->sample_type
         && (both_have_none
             || (self->icc_profile != NULL && other->icc_profile != NULL
                 && g_bytes_equal (self->icc_profile, other->icc_profile)));
}

/* Plans are made from the header, so a file that was replaced since then must not slip through. */
static gboolean
matches_header (OmniSource *self, OmniPicture *picture, GError **error)
{
  if (omni_picture_get_width (picture) == self->info.width
      && omni_picture_get_height (picture) == self->info.height
      && omni_picture_get_channels (picture) == self->info.channels
      && omni_picture_get_has_alpha (picture) == self->info.has_alpha
      && omni_picture_get_sample_type (picture) == self->info.sample_type)
    return TRUE;
  g_autofree char *name = g_filename_display_name (self->path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("“%s” changed since it was opened; add it to the set again."), name);
  return FALSE;
}

/* What omni_source_load() gives when nobody holds it. */
static OmniPicture *
decode (OmniSource *self, GCancellable *cancellable, GError **error)
{
  if (self->original == NULL)
    return omni_picture_read (self->path, cancellable, error);
  g_autoptr (OmniPicture) picture = omni_source_load (self->original, cancellable, error);
  return picture != NULL ? omni_picture_warp (picture, &self->warp, cancellable, error) : NULL;
}

OmniPicture *
omni_source_load (OmniSource *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (OMNI_IS_SOURCE (self), NULL);

  if (self->held != NULL)
    return g_object_ref (self->held);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->decoding);
  forget_outdated (self);
  g_autoptr (OmniPicture) picture = g_weak_ref_get (&self->decoded);
  if (picture != NULL)
    return g_steal_pointer (&picture);
  picture = decode (self, cancellable, error);
  if (picture == NULL || !matches_header (self, picture, error))
    return NULL;
  g_weak_ref_set (&self->decoded, picture);
  return g_steal_pointer (&picture);
}

/* With its own samples, no side above `max_px`. */
static OmniPicture *
shrink (OmniPicture *picture, guint max_px, GCancellable *cancellable, GError **error)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const double factor = MIN (1.0, (double)MAX (max_px, 1) / MAX (width, height));
  return omni_picture_resample (picture, MAX (1, (guint)(width * factor)), MAX (1, (guint)(height * factor)),
                                cancellable, error);
}

OmniPicture *
omni_source_load_scaled (OmniSource *self, guint max_px, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (OMNI_IS_SOURCE (self), NULL);

  if (self->original == NULL)
    return self->held != NULL ? shrink (self->held, max_px, cancellable, error)
                              : omni_picture_read_scaled (self->path, max_px, cancellable, error);
  /* The original at about the same scale, through the map between the small sizes. */
  const OmniPictureInfo *from = &self->original->info;
  const double scale = MIN (1.0, (double)MAX (max_px, 1) / MAX (self->warp.width, self->warp.height));
  const guint longest = (guint)ceil (MAX (from->width, from->height) * scale);
  g_autoptr (OmniPicture) picture = omni_source_load_scaled (self->original, longest, cancellable, error);
  if (picture == NULL)
    return NULL;
  OmniWarp warp = { .width = MAX (1, (guint)(self->warp.width * scale)),
                    .height = MAX (1, (guint)(self->warp.height * scale)) };
  warp.map = omni_homography_scale (&self->warp.map, (double)warp.width / self->warp.width,
                                    (double)warp.height / self->warp.height,
                                    (double)omni_picture_get_width (picture) / from->width,
                                    (double)omni_picture_get_height (picture) / from->height);
  return omni_picture_warp (picture, &warp, cancellable, error);
}

OmniPicture *
omni_source_load_thumbnail (OmniSource *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (OMNI_IS_SOURCE (self), NULL);

  forget_outdated (self);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->thumbnail == NULL)
    self->thumbnail = omni_source_load_scaled (self, OMNI_SOURCE_THUMBNAIL_PX, cancellable, error);
  return self->thumbnail != NULL ? g_object_ref (self->thumbnail) : NULL;
}

OmniPicture *
omni_source_load_content (OmniSource *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (OMNI_IS_SOURCE (self), NULL);

  if (self->info.sample_type != OMNI_SAMPLE_F32 || self->held != NULL)
    return omni_source_load_thumbnail (self, cancellable, error);
  const guint writing = omni_source_get_writing (self);
  g_mutex_lock (&self->lock);
  OmniPicture *content = self->content != NULL ? g_object_ref (self->content) : NULL;
  g_mutex_unlock (&self->lock);
  if (content != NULL)
    return content;
  g_autoptr (OmniPicture) picture = omni_source_load (self, cancellable, error);
  content = picture != NULL ? shrink (picture, OMNI_SOURCE_THUMBNAIL_PX, cancellable, error) : NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->writing == writing)
    g_set_object (&self->content, content);
  return content;
}

gboolean
omni_source_has_sha256 (OmniSource *self)
{
  forget_outdated (self);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->sha256 != NULL;
}

static char *
hash (OmniSource *self, GError **error)
{
  if (self->original == NULL)
    return self->held != NULL ? omni_picture_hash (self->held) : omni_file_sha256 (self->path, error);
  g_autofree char *original = omni_source_dup_sha256 (self->original, error);
  if (original == NULL)
    return NULL;
  g_autoptr (GString) text = g_string_new (original);
  g_string_append_printf (text, " %u %u", self->warp.width, self->warp.height);
  for (guint i = 0; i < G_N_ELEMENTS (self->warp.map.m); i++)
  {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf (text, " %s", g_ascii_dtostr (number, sizeof number, self->warp.map.m[i]));
  }
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, -1);
}

char *
omni_source_dup_sha256 (OmniSource *self, GError **error)
{
  g_return_val_if_fail (OMNI_IS_SOURCE (self), NULL);

  /* Not under the lock of the rest: a large file takes its time, and the main thread asks for exposures. */
  g_autoptr (GMutexLocker) hashing = g_mutex_locker_new (&self->hashing);
  if (!omni_source_has_sha256 (self))
  {
    char *sha256 = hash (self, error);
    g_mutex_lock (&self->lock);
    g_free (self->sha256);
    self->sha256 = sha256;
    g_mutex_unlock (&self->lock);
  }
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return g_strdup (self->sha256);
}
