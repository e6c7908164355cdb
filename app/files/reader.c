/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/reader-private.h"

#include "app/files/orientation.h"
#include "app/files/shrink.h"
#include "models/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAUSIBLE_PIXELS  (16u << 20)
#define SHA256_READ_BYTES (1u << 18)

static const OmniReader *const readers[] = { &omni_jpeg_reader, &omni_png_reader, &omni_webp_reader,
                                             &omni_raw_reader, &omni_tiff_reader };

static void
input_clear (OmniInput *input)
{
  if (input->fd >= 0)
    close (input->fd);
  input->fd = -1;
  g_clear_pointer (&input->name, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniInput, input_clear)

static void
set_open_error (GError **error, const char *name, int code)
{
  if (code == ENOENT || code == ENOTDIR)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("“%s” does not exist; check the name."), name);
  else if (code == EACCES || code == EPERM)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 _ ("“%s” may not be read by you; change its permissions."), name);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 _ ("“%s” cannot be opened: %s; check the disk and the name."), name, g_strerror (code));
}

static gboolean
input_open_file (OmniInput *input, const char *path, GError **error)
{
  struct stat status;

  input->path = path;
  input->name = g_filename_display_name (path);
  /* Without O_NONBLOCK a named pipe would wait here for its writer. */
  input->fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (input->fd < 0 || fstat (input->fd, &status) != 0)
  {
    set_open_error (error, input->name, errno);
    return FALSE;
  }
  if (S_ISDIR (status.st_mode))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY,
                 _ ("“%s” is a folder; name a picture inside it."), input->name);
    return FALSE;
  }
  if (!S_ISREG (status.st_mode))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                 _ ("“%s” is a device or a pipe; copy its content to an ordinary file first."), input->name);
    return FALSE;
  }
  input->size = (guint64)status.st_size;
  return TRUE;
}

static gboolean
input_open (OmniInput *input, const char *path, GCancellable *cancellable, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !input_open_file (input, path, error))
    return FALSE;

  input->cancellable = cancellable;
  input->head_size = omni_input_read_at (input, 0, input->head, sizeof input->head);
  if (input->head_size == 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("“%s” is empty (0 bytes); copy it again from where it came."), input->name);
    return FALSE;
  }
  return TRUE;
}

gsize
omni_input_read_at (OmniInput *input, guint64 offset, gpointer buffer, gsize size)
{
  gsize done = 0;

  while (done < size)
  {
    const gssize n = pread (input->fd, (guint8 *)buffer + done, size - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    done += (gsize)n;
  }
  return done;
}

guint8 *
omni_input_load (OmniInput *input, gsize *size, GError **error)
{
  g_autofree guint8 *data = input->size < G_MAXSSIZE ? g_try_malloc ((gsize)input->size) : NULL;

  if (data == NULL)
  {
    g_autofree char *words = g_format_size (input->size);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to read “%s” (%s); close other programs."), input->name,
                 words);
    return NULL;
  }
  *size = omni_input_read_at (input, 0, data, (gsize)input->size);
  if (*size < input->size)
  {
    omni_input_set_damaged (input, _ ("the disk gave less than the file's size"), error);
    return NULL;
  }
  return g_steal_pointer (&data);
}

void
omni_input_set_damaged (OmniInput *input, const char *cause, GError **error)
{
  if (error == NULL || *error != NULL)
    return;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("“%s” is damaged or incomplete (%s); copy it again from where it came."), input->name,
               cause);
}

void
omni_input_set_unsupported (OmniInput *input, const char *cause, GError **error)
{
  if (error == NULL || *error != NULL)
    return;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _ ("“%s” cannot be read: %s"), input->name,
               cause);
}

static guint64
max_pixels (void)
{
  const char *text = g_getenv ("OMNIFUSE_MAX_PIXELS");
  guint64 value = 0;

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64, &value, NULL))
    return value;
  return OMNI_READER_MAX_PIXELS;
}

gboolean
omni_raster_check (const OmniRaster *raster, OmniInput *input, double max_pixel_bytes, GError **error)
{
  const guint64 pixels = (guint64)raster->width * raster->height;
  const double bytes = (double)pixels * raster->channels * (double)omni_sample_type_get_bytes (raster->type);

  if (pixels == 0)
  {
    omni_input_set_damaged (input, _ ("its header says that it has no pixels"), error);
    return FALSE;
  }
  if (raster->width > G_MAXINT || raster->height > G_MAXINT || pixels > max_pixels ())
  {
    const gulong most = (gulong)max_pixels ();
    g_autofree char *limit = most % 1000000 == 0 ? g_strdup_printf (_ ("%lu million"), most / 1000000)
                                                 : g_strdup_printf ("%lu", most);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("“%s” says that it has %u × %u pixels; the limit is %s in all. Scale it down, or set "
                    "OMNIFUSE_MAX_PIXELS if you trust it."),
                 input->name, raster->width, raster->height, limit);
    return FALSE;
  }
  if (pixels > PLAUSIBLE_PIXELS && bytes > max_pixel_bytes)
  {
    g_autofree char *cause = g_strdup_printf (
      _ ("its header promises %u × %u pixels, but %lu bytes cannot hold them"), raster->width, raster->height,
      (gulong)input->size);
    omni_input_set_damaged (input, cause, error);
    return FALSE;
  }
  return TRUE;
}

gboolean
omni_raster_alloc (OmniRaster *raster, OmniInput *input, GError **error)
{
  raster->pixels = omni_picture_try_alloc_pixels (raster->width, raster->height, raster->channels,
                                                  raster->type, &raster->size_bytes, error);
  if (raster->pixels == NULL)
    g_prefix_error (error, "“%s”: ", input->name);
  return raster->pixels != NULL;
}

void
omni_raster_clear (OmniRaster *raster)
{
  g_clear_pointer (&raster->pixels, g_free);
  g_clear_pointer (&raster->icc_profile, g_bytes_unref);
}

static gboolean
raster_make_upright (OmniRaster *raster, OmniInput *input, GError **error)
{
  if (raster->orientation <= 1)
    return TRUE;

  const gsize pixel_bytes = raster->channels * omni_sample_type_get_bytes (raster->type);
  OmniRaster upright = *raster;

  if (!omni_raster_alloc (&upright, input, error))
    return FALSE;
  omni_orientation_apply (raster->orientation, raster->pixels, raster->width, raster->height, pixel_bytes,
                          upright.pixels);
  g_free (raster->pixels);
  raster->pixels = upright.pixels;
  if (omni_orientation_swaps_axes (raster->orientation))
  {
    raster->width = upright.height;
    raster->height = upright.width;
  }
  raster->orientation = 1;
  return TRUE;
}

static OmniPicture *
raster_to_picture (OmniRaster *raster, OmniInput *input, GError **error)
{
  if (!raster_make_upright (raster, input, error))
    return NULL;

  GBytes *pixels = g_bytes_new_take (g_steal_pointer (&raster->pixels), raster->size_bytes);
  return omni_picture_new (raster->width, raster->height, raster->channels, raster->has_alpha, raster->type,
                           pixels, raster->icc_profile, input->path, error);
}

static const OmniReader *
find_reader (OmniInput *input, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (readers); i++)
    if (readers[i]->matches (input))
      return readers[i];

  g_autoptr (GString) names = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (readers); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", readers[i]->name);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               _ ("“%s” is not a picture this program can read (%s); convert it to one of them."),
               input->name, names->str);
  return NULL;
}

static OmniPicture *
read_picture (const char *path, guint max_px, GCancellable *cancellable, GError **error)
{
  g_auto (OmniInput) input = { .fd = -1 };
  g_auto (OmniRaster) raster = { 0 };
  g_autoptr (GError) local_error = NULL;
  OmniPicture *picture = NULL;

  if (!input_open (&input, path, cancellable, error))
    return NULL;

  const OmniReader *reader = find_reader (&input, error);

  if (reader == NULL)
    return NULL;
  if (reader->read (&input, max_px, &raster, &local_error)
      && !g_cancellable_set_error_if_cancelled (cancellable, &local_error)
      && (max_px == 0 || omni_raster_shrink (&raster, &input, max_px, &local_error)))
    picture = raster_to_picture (&raster, &input, &local_error);
  if (picture == NULL)
  {
    omni_input_set_damaged (&input, _ ("its pixels cannot be decoded"), &local_error);
    g_propagate_error (error, g_steal_pointer (&local_error));
  }
  return picture;
}

OmniPicture *
omni_picture_read (const char *path, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  return read_picture (path, 0, cancellable, error);
}

OmniPicture *
omni_picture_read_scaled (const char *path, guint max_px, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  return read_picture (path, MAX (max_px, 1), cancellable, error);
}

gboolean
omni_picture_probe (const char *path, OmniPictureInfo *info, GError **error)
{
  return omni_picture_probe_with_profile (path, info, NULL, error);
}

gboolean
omni_picture_probe_with_profile (const char *path, OmniPictureInfo *info, GBytes **icc_profile,
                                 GError **error)
{
  g_return_val_if_fail (path != NULL && info != NULL, FALSE);

  g_auto (OmniInput) input = { .fd = -1 };
  g_auto (OmniRaster) raster = { 0 };
  g_autoptr (GError) local_error = NULL;

  if (!input_open (&input, path, NULL, error))
    return FALSE;

  const OmniReader *reader = find_reader (&input, error);

  if (reader == NULL)
    return FALSE;
  if (!reader->read_header (&input, &raster, &local_error))
  {
    omni_input_set_damaged (&input, _ ("its header cannot be decoded"), &local_error);
    g_propagate_error (error, g_steal_pointer (&local_error));
    return FALSE;
  }

  const gboolean swaps = omni_orientation_swaps_axes (raster.orientation);

  *info = (OmniPictureInfo){ .width = swaps ? raster.height : raster.width,
                             .height = swaps ? raster.width : raster.height,
                             .channels = raster.channels,
                             .has_alpha = raster.has_alpha,
                             .sample_type = raster.type,
                             .format_name = reader->name,
                             .file_bytes = input.size };
  if (icc_profile != NULL)
    *icc_profile = g_steal_pointer (&raster.icc_profile);
  return TRUE;
}

static gboolean
has_known_extension (const char *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (readers); i++)
    for (gsize k = 0; readers[i]->extensions[k] != NULL; k++)
      if (g_str_has_suffix (lower, readers[i]->extensions[k]))
        return TRUE;
  return FALSE;
}

gboolean
omni_picture_is_raw (const char *path)
{
  g_return_val_if_fail (path != NULL, FALSE);

  g_autofree char *lower = g_ascii_strdown (path, -1);
  for (gsize i = 0; omni_raw_reader.extensions[i] != NULL; i++)
    if (g_str_has_suffix (lower, omni_raw_reader.extensions[i]))
      return TRUE;
  return FALSE;
}

gboolean
omni_picture_is_candidate (const char *path)
{
  g_return_val_if_fail (path != NULL, FALSE);

  g_auto (OmniInput) input = { .fd = -1 };

  if (!input_open_file (&input, path, NULL))
    return input.fd < 0 && has_known_extension (path);
  input.head_size = omni_input_read_at (&input, 0, input.head, sizeof input.head);
  return has_known_extension (path) || find_reader (&input, NULL) != NULL;
}

gboolean
omni_picture_is_truth (const char *path)
{
  g_return_val_if_fail (path != NULL, FALSE);

  g_autofree char *name = g_path_get_basename (path);
  const char *dot = strrchr (name, '.');
  g_autofree char *stem = g_ascii_strdown (name, dot != NULL ? dot - name : -1);
  return g_str_equal (stem, "truth") || g_str_equal (stem, "reference");
}

char *
omni_file_sha256 (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_auto (OmniInput) input = { .fd = -1 };
  g_autofree guint8 *buffer = g_malloc (SHA256_READ_BYTES);
  struct sha256_ctx digest;

  if (!input_open_file (&input, path, error))
    return NULL;

  sha256_init (&digest);
  for (guint64 done = 0; done < input.size;)
  {
    const gsize n = omni_input_read_at (&input, done, buffer, SHA256_READ_BYTES);
    if (n == 0)
    {
      omni_input_set_damaged (&input, _ ("the disk gave less than the file's size"), error);
      return NULL;
    }
    sha256_update (&digest, n, buffer);
    done += n;
  }
  return omni_digest_finish (&digest);
}
