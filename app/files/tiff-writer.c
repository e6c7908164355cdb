/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/writer-private.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include <tiffio.h>

#define TIFF_STRIP_BYTES (1u << 19)
/* Classic TIFF ends at 4 GiB; a little room for tags, and for data that deflate makes larger. */
#define TIFF_CLASSIC_MAX_BYTES G_GUINT64_CONSTANT (4200000000)

typedef struct
{
  TIFF *tiff;
  TIFFOpenOptions *options;
  OmniWriteJob *job;
  GError *error;
  guint8 *scratch;
  guint rows_per_strip;
} TiffEncoder;

static void
tiff_encoder_clear (TiffEncoder *self)
{
  if (self->tiff != NULL)
    TIFFClose (self->tiff);
  if (self->options != NULL)
    TIFFOpenOptionsFree (self->options);
  g_clear_error (&self->error);
  g_clear_pointer (&self->scratch, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TiffEncoder, tiff_encoder_clear)

static tmsize_t
encoder_read_cb (thandle_t handle, void *data, tmsize_t size)
{
  TiffEncoder *encoder = handle;

  return read (encoder->job->output->fd, data, (size_t)size);
}

static tmsize_t
encoder_write_cb (thandle_t handle, void *data, tmsize_t size)
{
  TiffEncoder *encoder = handle;

  return omni_output_write (encoder->job->output, data, (gsize)size, &encoder->error) ? size : -1;
}

static toff_t
encoder_seek_cb (thandle_t handle, toff_t offset, int whence)
{
  TiffEncoder *encoder = handle;

  return (toff_t)lseek (encoder->job->output->fd, (off_t)offset, whence);
}

static int
encoder_close_cb (thandle_t handle)
{
  return 0;
}

static toff_t
encoder_size_cb (thandle_t handle)
{
  TiffEncoder *encoder = handle;
  const off_t here = lseek (encoder->job->output->fd, 0, SEEK_CUR);
  const off_t end = lseek (encoder->job->output->fd, 0, SEEK_END);

  lseek (encoder->job->output->fd, here, SEEK_SET);
  return (toff_t)end;
}

G_GNUC_PRINTF (4, 0)
static int
encoder_error_cb (TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
  TiffEncoder *encoder = data;
  g_autofree char *message = g_strdup_vprintf (format, arguments);

  if (encoder->error == NULL)
    g_set_error (&encoder->error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 _ ("“%s” cannot be written as TIFF (%s); use .png."), encoder->job->output->name, message);
  return 1;
}

G_GNUC_PRINTF (4, 0)
static int
encoder_warning_cb (TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
  return 1;
}

/* The handlers bear the attribute; the compiler would want it on libtiff's own parameter. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsuggest-attribute=format"

static gboolean
encoder_open (TiffEncoder *encoder)
{
  const guint64 bytes = (guint64)omni_write_job_get_row_bytes (encoder->job)
                        * omni_picture_get_height (encoder->job->picture);

  encoder->options = TIFFOpenOptionsAlloc ();
  TIFFOpenOptionsSetErrorHandlerExtR (encoder->options, encoder_error_cb, encoder);
  TIFFOpenOptionsSetWarningHandlerExtR (encoder->options, encoder_warning_cb, encoder);
  encoder->tiff = TIFFClientOpenExt (
    encoder->job->output->name, bytes > TIFF_CLASSIC_MAX_BYTES ? "w8m" : "wm", encoder, encoder_read_cb,
    encoder_write_cb, encoder_seek_cb, encoder_close_cb, encoder_size_cb, NULL, NULL, encoder->options);
  return encoder->tiff != NULL;
}

#pragma GCC diagnostic pop

/* Grey and RGB are named so; other numbers of channels are bands of the first, as remote sensing has it. */
static void
encoder_set_channels (TiffEncoder *encoder)
{
  const OmniWriteJob *job = encoder->job;
  const guint n_colours = job->has_alpha ? job->channels - 1 : job->channels;
  const guint n_extra = job->channels - (n_colours == 3 ? 3 : 1);
  guint16 kinds[OMNI_PICTURE_MAX_CHANNELS] = { 0 };

  TIFFSetField (encoder->tiff, TIFFTAG_PHOTOMETRIC,
                n_colours == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  if (n_extra == 0)
    return;
  for (guint i = 0; i < n_extra; i++)
    kinds[i] = EXTRASAMPLE_UNSPECIFIED;
  if (job->has_alpha)
    kinds[n_extra - 1] = EXTRASAMPLE_UNASSALPHA;
  TIFFSetField (encoder->tiff, TIFFTAG_EXTRASAMPLES, n_extra, kinds);
}

static void
encoder_set_tags (TiffEncoder *encoder)
{
  const OmniWriteJob *job = encoder->job;
  const gboolean is_float = job->type == OMNI_SAMPLE_F32;
  GBytes *profile = omni_picture_get_icc_profile (job->picture);
  TIFF *tiff = encoder->tiff;
  gsize size = 0;
  const guint8 *data = profile != NULL ? g_bytes_get_data (profile, &size) : NULL;

  TIFFSetField (tiff, TIFFTAG_IMAGEWIDTH, omni_picture_get_width (job->picture));
  TIFFSetField (tiff, TIFFTAG_IMAGELENGTH, omni_picture_get_height (job->picture));
  TIFFSetField (tiff, TIFFTAG_SAMPLESPERPIXEL, job->channels);
  TIFFSetField (tiff, TIFFTAG_BITSPERSAMPLE, (guint)(8 * omni_sample_type_get_bytes (job->type)));
  TIFFSetField (tiff, TIFFTAG_SAMPLEFORMAT, is_float ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
  TIFFSetField (tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField (tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField (tiff, TIFFTAG_ROWSPERSTRIP, encoder->rows_per_strip);
  encoder_set_channels (encoder);
  if (size > 0 && size <= G_MAXINT)
    TIFFSetField (tiff, TIFFTAG_ICCPROFILE, (guint32)size, data);
  if (!job->tiff_deflate)
    return;
  TIFFSetField (tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField (tiff, TIFFTAG_PREDICTOR, is_float ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
  TIFFSetField (tiff, TIFFTAG_ZIPQUALITY, 1);
}

static gboolean
encoder_run (TiffEncoder *encoder)
{
  OmniWriteJob *job = encoder->job;
  const guint height = omni_picture_get_height (job->picture);
  const gsize row_bytes = omni_write_job_get_row_bytes (job);
  guint strip = 0;

  for (guint64 y = 0; y < height; y += encoder->rows_per_strip, strip++)
  {
    const guint n = MIN (encoder->rows_per_strip, height - (guint)y);
    gconstpointer rows = omni_write_job_get_rows (job, (guint)y, n, encoder->scratch);
    if (!omni_write_job_go_on (job, (guint)y, &encoder->error)
        || TIFFWriteEncodedStrip (encoder->tiff, strip, (void *)rows, (tmsize_t)(n * row_bytes)) < 0)
      return FALSE;
  }
  return TIFFWriteDirectory (encoder->tiff) != 0 && TIFFFlush (encoder->tiff) != 0 && encoder->error == NULL;
}

static gboolean
tiff_write (OmniWriteJob *job, GError **error)
{
  g_auto (TiffEncoder) encoder = { .job = job };
  const gsize row_bytes = omni_write_job_get_row_bytes (job);

  encoder.rows_per_strip = (guint)CLAMP (TIFF_STRIP_BYTES / row_bytes, 1,
                                         omni_picture_get_height (job->picture));
  encoder.scratch = g_try_malloc_n (encoder.rows_per_strip, row_bytes / job->channels * (job->channels + 1));
  if (encoder.scratch == NULL)
    g_set_error (&encoder.error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to write “%s”; close other programs."), job->output->name);
  else if (encoder_open (&encoder))
  {
    encoder_set_tags (&encoder);
    if (encoder_run (&encoder))
      return TRUE;
  }
  if (encoder.error == NULL)
    omni_output_set_error (job->output, EIO, &encoder.error);
  g_propagate_error (error, g_steal_pointer (&encoder.error));
  return FALSE;
}

static const char *const tiff_extensions[] = { ".tif", ".tiff", NULL };

const OmniWriter omni_tiff_writer = {
  .name = "TIFF",
  .extensions = tiff_extensions,
  .holds = { TRUE, TRUE, TRUE },
  .max_side_px = G_MAXINT,
  .holds_alpha = TRUE,
  .holds_bands = TRUE,
  .write = tiff_write,
};
