/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/writer-private.h"

#include "app/files/losses.h"
#include "app/files/samples.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const OmniWriter *const writers[] = { &omni_png_writer, &omni_jpeg_writer, &omni_tiff_writer };

static const OmniWriter *
find_writer (const char *path, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (writers); i++)
    for (gsize k = 0; writers[i]->extensions[k] != NULL; k++)
      if (g_str_has_suffix (lower, writers[i]->extensions[k]))
        return writers[i];

  g_autofree char *name = g_filename_display_name (path);

  g_set_error (
    error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
    _ ("“%s” does not end in a format this program can write; use .png (8 or 16 bits), .jpg (8 bits) or .tif "
       "(8 or 16 bits, or 32-bit float)."),
    name);
  return NULL;
}

static gboolean
choose_type (const OmniWriter *writer, OmniDepth depth, OmniSampleType own, const char *path,
             OmniSampleType *type, GError **error)
{
  if (depth == OMNI_DEPTH_AUTO)
  {
    *type = own;
    while (!writer->holds[*type] && *type > OMNI_SAMPLE_U8)
      (*type)--;
    return TRUE;
  }

  *type = depth == OMNI_DEPTH_32F  ? OMNI_SAMPLE_F32
          : depth == OMNI_DEPTH_16 ? OMNI_SAMPLE_U16
                                   : OMNI_SAMPLE_U8;
  if (writer->holds[*type])
    return TRUE;

  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               writer->holds[OMNI_SAMPLE_U16]
                 ? _ ("“%s” cannot hold %s bits: %s holds 8 or 16 bits. Use .tif, or fewer bits.")
               : *type == OMNI_SAMPLE_F32
                 ? _ ("“%s” cannot hold %s bits: %s holds 8 bits only. Use .tif, or fewer bits.")
                 : _ ("“%s” cannot hold %s bits: %s holds 8 bits only. Use .png or .tif, or fewer bits."),
               name, omni_sample_type_to_string (*type), writer->name);
  return FALSE;
}

gboolean
omni_picture_find_write_type (const char *path, OmniSampleType own, OmniSampleType *type, GError **error)
{
  const OmniWriter *writer = find_writer (path, error);

  return writer != NULL && choose_type (writer, OMNI_DEPTH_AUTO, own, path, type, error);
}

static gboolean
check_shape (const OmniWriter *writer, const char *path, guint width, guint height, guint channels,
             gboolean has_alpha, GError **error)
{
  const guint n_colours = has_alpha ? channels - 1 : channels;
  g_autofree char *name = g_filename_display_name (path);

  if (MAX (width, height) > writer->max_side_px)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                 _ ("“%s” cannot hold %u × %u pixels: %s ends at %u on a side. Use .tif."), name, width,
                 height, writer->name, writer->max_side_px);
  else if (!writer->holds_bands && n_colours != 1 && n_colours != 3)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                 _ ("“%s” cannot hold %u bands: %s holds grey or RGB. Use .tif."), name, n_colours,
                 writer->name);
  else
    return TRUE;
  return FALSE;
}

static gboolean
is_opaque (OmniPicture *picture)
{
  const gsize channels = omni_picture_get_channels (picture);
  const gsize n_pixels = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture);
  gconstpointer pixels = omni_picture_get_pixels (picture);

  for (gsize i = channels - 1; i < n_pixels * channels; i += channels)
    switch (omni_picture_get_sample_type (picture))
    {
    case OMNI_SAMPLE_U8:
      if (((const guint8 *)pixels)[i] != 255)
        return FALSE;
      break;
    case OMNI_SAMPLE_U16:
      if (((const guint16 *)pixels)[i] != 65535)
        return FALSE;
      break;
    case OMNI_SAMPLE_F32:
    default:
      if (!(((const float *)pixels)[i] >= 1.0f))
        return FALSE;
      break;
    }
  return TRUE;
}

/* Drops an alpha channel that says nothing; refuses to drop one that does. */
static gboolean
settle_alpha (const OmniWriter *writer, OmniWriteJob *job, const char *path, GError **error)
{
  job->channels = omni_picture_get_channels (job->picture);
  job->has_alpha = omni_picture_get_has_alpha (job->picture);
  if (!job->has_alpha || writer->holds_alpha)
    return TRUE;
  if (is_opaque (job->picture))
  {
    job->channels--;
    job->has_alpha = FALSE;
    return TRUE;
  }

  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               _ ("“%s” cannot hold the picture's transparency: %s has none. Use .png or .tif."), name,
               writer->name);
  return FALSE;
}

gsize
omni_write_job_get_row_bytes (const OmniWriteJob *job)
{
  return (gsize)omni_picture_get_width (job->picture) * job->channels
         * omni_sample_type_get_bytes (job->type);
}

gboolean
omni_write_job_go_on (const OmniWriteJob *job, guint y, GError **error)
{
  if (job->progress != NULL)
    job->progress ((double)y / omni_picture_get_height (job->picture), job->progress_data);
  return !g_cancellable_set_error_if_cancelled (job->cancellable, error);
}

static void
drop_last_channel (guint8 *samples, gsize n_pixels, guint channels, gsize sample_bytes)
{
  const gsize kept = (channels - 1) * sample_bytes;

  for (gsize i = 1; i < n_pixels; i++)
    memmove (samples + i * kept, samples + i * channels * sample_bytes, kept);
}

gconstpointer
omni_write_job_get_rows (OmniWriteJob *job, guint y, guint n, gpointer scratch)
{
  const OmniSampleType own = omni_picture_get_sample_type (job->picture);
  const guint channels = omni_picture_get_channels (job->picture);
  const gsize row_samples = (gsize)omni_picture_get_width (job->picture) * channels;
  const guint8 *rows = (const guint8 *)omni_picture_get_pixels (job->picture)
                       + y * row_samples * omni_sample_type_get_bytes (own);

  if (own == job->type && channels == job->channels)
    return rows;
  omni_samples_convert (rows, own, scratch, job->type, n * row_samples);
  if (channels != job->channels)
    drop_last_channel (scratch, n * row_samples / channels, channels, omni_sample_type_get_bytes (job->type));
  return scratch;
}

void
omni_write_job_warn_of_metadata (OmniWriteJob *job, const char *cause)
{
  if (job->losses != NULL)
    omni_losses_add_metadata (job->losses, cause);
  else
    g_warning ("“%s” is written without metadata: %s", job->output->name, cause);
}

static gboolean
add_metadata (OmniWriteJob *job, const OmniWriter *writer, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (job->metadata == NULL || writer->writes_metadata
      || omni_metadata_write (job->metadata, job->output->temporary, omni_picture_get_width (job->picture),
                              omni_picture_get_height (job->picture), &local_error))
    return TRUE;

  omni_write_job_warn_of_metadata (job, local_error->message);
  return omni_output_rewind (job->output, error) && writer->write (job, error);
}

/* Fills `job` with how `picture` goes out to `path`; NULL with `error` when it cannot. */
static const OmniWriter *
plan_job (OmniWriteJob *job, OmniPicture *picture, const char *path, const OmniWriteOptions *o,
          GError **error)
{
  const OmniWriter *writer = find_writer (path, error);

  *job = (OmniWriteJob){ .picture = picture,
                         .jpeg_quality = o->jpeg_quality > 0 ? MIN (o->jpeg_quality, 100) : OMNI_JPEG_QUALITY,
                         .tiff_deflate = o->tiff_deflate,
                         .cancellable = o->cancellable,
                         .progress = o->progress,
                         .progress_data = o->progress_data };
  if (writer == NULL
      || !choose_type (writer, o->depth, omni_picture_get_sample_type (picture), path, &job->type, error)
      || !check_shape (writer, path, omni_picture_get_width (picture), omni_picture_get_height (picture),
                       omni_picture_get_channels (picture), omni_picture_get_has_alpha (picture), error)
      || !settle_alpha (writer, job, path, error))
    return NULL;
  return writer;
}

gboolean
omni_picture_write (OmniPicture *picture, const char *path, const OmniWriteOptions *options, GError **error)
{
  static const OmniWriteOptions defaults = { 0 };

  g_return_val_if_fail (OMNI_IS_PICTURE (picture) && path != NULL, FALSE);

  const OmniWriteOptions *o = options != NULL ? options : &defaults;
  g_auto (OmniOutput) output = { .fd = -1 };
  OmniWriteJob job;
  const OmniWriter *writer = plan_job (&job, picture, path, o, error);

  if (writer == NULL)
    return FALSE;
  job.output = &output;
  job.metadata = o->metadata;
  job.losses = o->losses;
  if (job.losses != NULL)
    omni_losses_add_samples (job.losses, picture, job.type);
  return omni_output_open (&output, path, o->force, o->sources, error) && writer->write (&job, error)
         && add_metadata (&job, writer, error)
         && !g_cancellable_set_error_if_cancelled (o->cancellable, error)
         && omni_output_commit (&output, error);
}

/* (transfer full) All that was written to `fd`. */
static GBytes *
read_back (int fd)
{
  const off_t size = lseek (fd, 0, SEEK_END);
  g_autofree guint8 *data = size > 0 ? g_try_malloc ((gsize)size) : NULL;

  for (off_t done = 0; data != NULL && done < size;)
  {
    const gssize n = pread (fd, data + done, (gsize)(size - done), done);
    if (n <= 0)
      return NULL;
    done += n;
  }
  return data != NULL ? g_bytes_new_take (g_steal_pointer (&data), (gsize)size) : NULL;
}

GBytes *
omni_picture_encode (OmniPicture *picture, const char *name, const OmniWriteOptions *options, GError **error)
{
  static const OmniWriteOptions defaults = { 0 };

  g_return_val_if_fail (OMNI_IS_PICTURE (picture) && name != NULL, NULL);

  g_auto (OmniOutput) output = { .name = g_strdup (name), .fd = -1 };
  OmniWriteJob job;
  const OmniWriter *writer = plan_job (&job, picture, name, options != NULL ? options : &defaults, error);

  if (writer == NULL)
    return NULL;
  /* The encoders write to a descriptor; this one is memory. */
  output.fd = memfd_create ("omnifuse-picture", MFD_CLOEXEC);
  if (output.fd < 0)
  {
    omni_output_set_error (&output, errno, error);
    return NULL;
  }
  job.output = &output;
  if (!writer->write (&job, error))
    return NULL;
  GBytes *bytes = read_back (output.fd);
  if (bytes == NULL)
    omni_output_set_error (&output, ENOMEM, error);
  return bytes;
}

gboolean
omni_picture_check_write (const char *path, guint width, guint height, guint channels, gboolean has_alpha,
                          const OmniWriteOptions *options, GError **error)
{
  static const OmniWriteOptions defaults = { 0 };

  g_return_val_if_fail (path != NULL, FALSE);

  const OmniWriteOptions *o = options != NULL ? options : &defaults;
  const OmniWriter *writer = find_writer (path, error);
  g_auto (OmniOutput) output = { .fd = -1 };
  OmniSampleType type;

  /* Opening the hidden file shows as well whether the folder may be written; it goes at once. */
  return writer != NULL && choose_type (writer, o->depth, OMNI_SAMPLE_U8, path, &type, error)
         && check_shape (writer, path, width, height, channels, has_alpha, error)
         && omni_output_open (&output, path, o->force, o->sources, error);
}
