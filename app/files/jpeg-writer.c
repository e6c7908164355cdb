/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/writer-private.h"

#include <glib/gi18n.h>
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

#define JPEG_WRITE_BYTES       (1u << 16)
#define JPEG_ROWS              16
#define JPEG_FULL_COLOUR_FROM  90
#define JPEG_MAX_PROFILE_BYTES (255u * 65519u)

typedef struct
{
  struct jpeg_compress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf escape;
  OmniWriteJob *job;
  GError *error;
  guint8 *scratch;
  guint8 buffer[JPEG_WRITE_BYTES];
} JpegEncoder;

G_NORETURN static void
encoder_error_exit_cb (j_common_ptr codec)
{
  JpegEncoder *encoder = codec->client_data;
  char message[JMSG_LENGTH_MAX] = "";

  codec->err->format_message (codec, message);
  if (encoder->error == NULL)
    g_set_error (&encoder->error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 _ ("“%s” cannot be written as JPEG (%s); use .png."), encoder->job->output->name, message);
  longjmp (encoder->escape, 1);
}

static void
encoder_output_message_cb (j_common_ptr codec)
{
}

static void
encoder_reset_buffer (JpegEncoder *encoder)
{
  encoder->destination.next_output_byte = encoder->buffer;
  encoder->destination.free_in_buffer = sizeof encoder->buffer;
}

static void
encoder_init_cb (j_compress_ptr codec)
{
  encoder_reset_buffer (codec->client_data);
}

static void
encoder_flush (JpegEncoder *encoder, gsize size)
{
  if (!omni_output_write (encoder->job->output, encoder->buffer, size, &encoder->error))
    longjmp (encoder->escape, 1);
  encoder_reset_buffer (encoder);
}

static boolean
encoder_empty_cb (j_compress_ptr codec)
{
  encoder_flush (codec->client_data, JPEG_WRITE_BYTES);
  return TRUE;
}

static void
encoder_term_cb (j_compress_ptr codec)
{
  JpegEncoder *encoder = codec->client_data;

  encoder_flush (encoder, sizeof encoder->buffer - encoder->destination.free_in_buffer);
}

static JpegEncoder *
jpeg_encoder_new (OmniWriteJob *job)
{
  JpegEncoder *self = g_new0 (JpegEncoder, 1);

  self->job = job;
  self->scratch = g_try_malloc_n (JPEG_ROWS,
                                  (gsize)omni_picture_get_width (job->picture) * (job->channels + 1));
  self->codec.err = jpeg_std_error (&self->errors);
  self->errors.error_exit = encoder_error_exit_cb;
  self->errors.output_message = encoder_output_message_cb;
  self->destination.init_destination = encoder_init_cb;
  self->destination.empty_output_buffer = encoder_empty_cb;
  self->destination.term_destination = encoder_term_cb;
  return self;
}

static void
jpeg_encoder_free (JpegEncoder *self)
{
  if (self->codec.mem != NULL)
    jpeg_destroy_compress (&self->codec);
  g_clear_error (&self->error);
  g_free (self->scratch);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JpegEncoder, jpeg_encoder_free)

static void
encoder_start (JpegEncoder *encoder)
{
  struct jpeg_compress_struct *codec = &encoder->codec;
  const OmniWriteJob *job = encoder->job;
  GBytes *profile = omni_picture_get_icc_profile (job->picture);

  jpeg_create_compress (codec);
  codec->client_data = encoder;
  codec->dest = &encoder->destination;
  codec->image_width = omni_picture_get_width (job->picture);
  codec->image_height = omni_picture_get_height (job->picture);
  codec->input_components = (int)job->channels;
  codec->in_color_space = job->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults (codec);
  jpeg_set_quality (codec, (int)job->jpeg_quality, TRUE);
  if (job->jpeg_quality >= JPEG_FULL_COLOUR_FROM)
    codec->comp_info[0].h_samp_factor = codec->comp_info[0].v_samp_factor = 1;
  jpeg_start_compress (codec, TRUE);

  gsize size = 0;
  const guint8 *data = profile != NULL ? g_bytes_get_data (profile, &size) : NULL;

  if (size > 0 && size <= JPEG_MAX_PROFILE_BYTES)
    jpeg_write_icc_profile (codec, data, (guint)size);
}

/* libjpeg reports errors by a long jump to here: no local variable changes after setjmp(). */
static gboolean
encoder_run (JpegEncoder *encoder)
{
  struct jpeg_compress_struct *codec = &encoder->codec;

  if (setjmp (encoder->escape) != 0)
    return FALSE;
  encoder_start (encoder);
  while (codec->next_scanline < codec->image_height)
  {
    const guint n = MIN (JPEG_ROWS, codec->image_height - codec->next_scanline);
    const guint8 *rows = omni_write_job_get_rows (encoder->job, codec->next_scanline, n, encoder->scratch);
    JSAMPROW pointers[JPEG_ROWS];
    if (!omni_write_job_go_on (encoder->job, codec->next_scanline, &encoder->error))
      return FALSE;
    for (guint i = 0; i < n; i++)
      pointers[i] = (JSAMPROW)(rows + i * omni_write_job_get_row_bytes (encoder->job));
    jpeg_write_scanlines (codec, pointers, n);
  }
  jpeg_finish_compress (codec);
  return TRUE;
}

static gboolean
jpeg_write (OmniWriteJob *job, GError **error)
{
  g_autoptr (JpegEncoder) encoder = jpeg_encoder_new (job);

  if (encoder->scratch == NULL)
    g_set_error (&encoder->error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to write “%s”; close other programs."), job->output->name);
  else if (encoder_run (encoder))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&encoder->error));
  return FALSE;
}

static const char *const jpeg_extensions[] = { ".jpg", ".jpeg", NULL };

const OmniWriter omni_jpeg_writer = {
  .name = "JPEG",
  .extensions = jpeg_extensions,
  .holds = { TRUE, FALSE, FALSE },
  .max_side_px = JPEG_MAX_DIMENSION,
  .write = jpeg_write,
};
