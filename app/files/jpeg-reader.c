/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/orientation.h"
#include "app/files/reader-private.h"

#include <glib/gi18n.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#define JPEG_READ_BYTES (1u << 16)
/* A progressive file that repeats its scans costs time out of all proportion; cameras write about ten. */
#define JPEG_MAX_SCANS 200

typedef struct
{
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  OmniInput *input;
  guint64 offset;
  GError *error;
  guint8 buffer[JPEG_READ_BYTES];
} JpegDecoder;

static JpegDecoder *
decoder_of (j_common_ptr codec)
{
  return (JpegDecoder *)codec->client_data;
}

G_NORETURN static void
jpeg_error_exit_cb (j_common_ptr codec)
{
  JpegDecoder *decoder = decoder_of (codec);
  char message[JMSG_LENGTH_MAX] = "";

  codec->err->format_message (codec, message);
  switch (codec->err->msg_code)
  {
  case JERR_BAD_PRECISION:
  case JERR_SOF_UNSUPPORTED:
    omni_input_set_unsupported (
      decoder->input,
      _ ("it is a JPEG of a rare kind (12-bit, lossless or hierarchical); save it as PNG or TIFF."),
      &decoder->error);
    break;
  default:
    omni_input_set_damaged (decoder->input, message, &decoder->error);
    break;
  }
  longjmp (decoder->escape, 1);
}

/* libjpeg only warns when data is missing and paints the rest grey; a fused picture must not be built on that. Other
 * warnings, such as stray bytes between markers, are harmless and common. */
static void
jpeg_emit_message_cb (j_common_ptr codec, int level)
{
  if (level >= 0)
    return;

  switch (codec->err->msg_code)
  {
  case JWRN_ARITH_BAD_CODE:
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_JPEG_EOF:
  case JWRN_MUST_RESYNC:
  case JWRN_TOO_MUCH_DATA:
    jpeg_error_exit_cb (codec);
    break;
  default:
    break;
  }
}

static void
jpeg_output_message_cb (j_common_ptr codec)
{
}

static void
jpeg_progress_cb (j_common_ptr codec)
{
  JpegDecoder *decoder = decoder_of (codec);

  if (codec->is_decompressor && decoder->codec.input_scan_number > JPEG_MAX_SCANS)
  {
    omni_input_set_damaged (decoder->input, _ ("it repeats its scans without end"), &decoder->error);
    longjmp (decoder->escape, 1);
  }
  if (g_cancellable_set_error_if_cancelled (decoder->input->cancellable, &decoder->error))
    longjmp (decoder->escape, 1);
}

static void
jpeg_init_source_cb (j_decompress_ptr codec)
{
}

static boolean
jpeg_fill_input_cb (j_decompress_ptr codec)
{
  JpegDecoder *decoder = decoder_of ((j_common_ptr)codec);
  const gsize n = omni_input_read_at (decoder->input, decoder->offset, decoder->buffer,
                                      sizeof decoder->buffer);

  if (n == 0)
    ERREXIT (codec, JERR_INPUT_EOF);
  decoder->offset += n;
  decoder->source.next_input_byte = decoder->buffer;
  decoder->source.bytes_in_buffer = n;
  return TRUE;
}

static void
jpeg_skip_input_cb (j_decompress_ptr codec, long n_bytes)
{
  JpegDecoder *decoder = decoder_of ((j_common_ptr)codec);
  struct jpeg_source_mgr *source = &decoder->source;

  if (n_bytes <= 0)
    return;
  if ((gsize)n_bytes > source->bytes_in_buffer)
  {
    decoder->offset += (gsize)n_bytes - source->bytes_in_buffer;
    source->bytes_in_buffer = 0;
    return;
  }
  source->next_input_byte += n_bytes;
  source->bytes_in_buffer -= (gsize)n_bytes;
}

static void
jpeg_term_source_cb (j_decompress_ptr codec)
{
}

static JpegDecoder *
jpeg_decoder_new (OmniInput *input)
{
  JpegDecoder *self = g_new0 (JpegDecoder, 1);

  self->input = input;
  self->codec.err = jpeg_std_error (&self->errors);
  self->errors.error_exit = jpeg_error_exit_cb;
  self->errors.emit_message = jpeg_emit_message_cb;
  self->errors.output_message = jpeg_output_message_cb;
  self->source.init_source = jpeg_init_source_cb;
  self->source.fill_input_buffer = jpeg_fill_input_cb;
  self->source.skip_input_data = jpeg_skip_input_cb;
  self->source.resync_to_restart = jpeg_resync_to_restart;
  self->source.term_source = jpeg_term_source_cb;
  self->progress.progress_monitor = jpeg_progress_cb;
  return self;
}

static void
jpeg_decoder_free (JpegDecoder *self)
{
  if (self->codec.mem != NULL)
    jpeg_destroy_decompress (&self->codec);
  g_clear_error (&self->error);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JpegDecoder, jpeg_decoder_free)

/* The fewest bytes that can hold the picture: each block of 8 × 8 takes at least one bit, for the DC code of the first
 * scan (T.81, F.1.2). Arithmetic coding can go far below a bit; a 64th is generous. */
static gboolean
jpeg_check_size (JpegDecoder *decoder, const OmniRaster *raster)
{
  const struct jpeg_decompress_struct *codec = &decoder->codec;
  double blocks = 0.0;

  for (int i = 0; i < codec->num_components; i++)
    blocks += (double)codec->comp_info[i].width_in_blocks * codec->comp_info[i].height_in_blocks;

  const double min_file_bytes = blocks / 8.0 / (codec->arith_code ? 64.0 : 1.0);
  const double pixel_bytes = (double)raster->width * raster->height * raster->channels;
  return omni_raster_check (raster, decoder->input,
                            pixel_bytes * ((double)decoder->input->size / MAX (min_file_bytes, 1.0)),
                            &decoder->error);
}

static void
jpeg_find_orientation (JpegDecoder *decoder, OmniRaster *raster)
{
  for (const struct jpeg_marker_struct *m = decoder->codec.marker_list; m != NULL; m = m->next)
    if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && memcmp (m->data, "Exif\0", 5) == 0)
    {
      raster->orientation = omni_orientation_from_exif (m->data, m->data_length);
      return;
    }
}

static void
jpeg_find_profile (JpegDecoder *decoder, OmniRaster *raster)
{
  JOCTET *data = NULL;
  unsigned int size = 0;

  if (jpeg_read_icc_profile (&decoder->codec, &data, &size) && size > 0)
    raster->icc_profile = g_bytes_new_with_free_func (data, size, free, data);
}

static gboolean
jpeg_start (JpegDecoder *decoder, OmniRaster *raster)
{
  struct jpeg_decompress_struct *codec = &decoder->codec;

  jpeg_create_decompress (codec);
  codec->client_data = decoder;
  codec->src = &decoder->source;
  codec->progress = &decoder->progress;
  jpeg_save_markers (codec, JPEG_APP0 + 1, 0xffff);
  jpeg_save_markers (codec, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header (codec, TRUE);

  if (codec->num_components != 1 && codec->num_components != 3)
  {
    omni_input_set_unsupported (
      decoder->input, _ ("it holds printing colours (CMYK); convert it to RGB, or save it as PNG or TIFF."),
      &decoder->error);
    return FALSE;
  }
  raster->width = codec->image_width;
  raster->height = codec->image_height;
  raster->channels = (guint)codec->num_components;
  raster->type = OMNI_SAMPLE_U8;
  jpeg_find_orientation (decoder, raster);
  jpeg_find_profile (decoder, raster);
  return jpeg_check_size (decoder, raster);
}

/* The IDCT can give any n/8 of the size nearly for free. */
static void
jpeg_choose_scale (JpegDecoder *decoder, guint max_px)
{
  const guint64 longer = MAX (decoder->codec.image_width, decoder->codec.image_height);

  decoder->codec.scale_denom = 8;
  for (decoder->codec.scale_num = 1; decoder->codec.scale_num < 8; decoder->codec.scale_num++)
    if (longer * decoder->codec.scale_num >= (guint64)max_px * 8)
      break;
}

static gboolean
jpeg_decode (JpegDecoder *decoder, guint max_px, OmniRaster *raster)
{
  struct jpeg_decompress_struct *codec = &decoder->codec;

  codec->out_color_space = raster->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  if (max_px > 0)
    jpeg_choose_scale (decoder, max_px);
  jpeg_start_decompress (codec);
  raster->width = codec->output_width;
  raster->height = codec->output_height;
  if (!omni_raster_alloc (raster, decoder->input, &decoder->error))
    return FALSE;

  const gsize row_bytes = (gsize)raster->width * raster->channels;

  while (codec->output_scanline < codec->output_height)
  {
    JSAMPROW rows[16];
    const guint n_rows = MIN (G_N_ELEMENTS (rows), codec->output_height - codec->output_scanline);
    for (guint i = 0; i < n_rows; i++)
      rows[i] = raster->pixels + (codec->output_scanline + i) * row_bytes;
    jpeg_read_scanlines (codec, rows, n_rows);
  }
  /* Reads up to the end marker, so that a file cut there is found out as well. */
  jpeg_finish_decompress (codec);
  return TRUE;
}

/* libjpeg reports errors by a long jump to here: no local variable changes after setjmp(). */
static gboolean
jpeg_run (JpegDecoder *decoder, gboolean header_only, guint max_px, OmniRaster *raster)
{
  if (setjmp (decoder->escape) != 0)
    return FALSE;
  return jpeg_start (decoder, raster) && (header_only || jpeg_decode (decoder, max_px, raster));
}

static gboolean
jpeg_matches (const OmniInput *input)
{
  return input->head_size >= 3 && memcmp (input->head, "\xff\xd8\xff", 3) == 0;
}

static gboolean
jpeg_read_any (OmniInput *input, gboolean header_only, guint max_px, OmniRaster *raster, GError **error)
{
  g_autoptr (JpegDecoder) decoder = jpeg_decoder_new (input);

  if (jpeg_run (decoder, header_only, max_px, raster))
    return TRUE;
  if (decoder->error != NULL)
    g_propagate_error (error, g_steal_pointer (&decoder->error));
  return FALSE;
}

static gboolean
jpeg_read_info (OmniInput *input, OmniRaster *raster, GError **error)
{
  return jpeg_read_any (input, TRUE, 0, raster, error);
}

static gboolean
jpeg_read (OmniInput *input, guint max_px, OmniRaster *raster, GError **error)
{
  return jpeg_read_any (input, FALSE, max_px, raster, error);
}

static const char *const jpeg_extensions[] = { ".jpg", ".jpeg", ".jpe", ".jfif", NULL };

const OmniReader omni_jpeg_reader = {
  .name = "JPEG",
  .extensions = jpeg_extensions,
  .matches = jpeg_matches,
  .read_header = jpeg_read_info,
  .read = jpeg_read,
};
