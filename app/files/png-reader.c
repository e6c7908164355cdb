/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/orientation.h"
#include "app/files/reader-private.h"

#include <glib/gi18n.h>
#include <setjmp.h>
#include <string.h>

#include <png.h>

#define PNG_SIGNATURE_BYTES 8
#define PNG_CHUNK_OVERHEAD  12
#define PNG_MAX_EXIF_BYTES  (1u << 20)
/* Deflate never packs more than 1032 bytes into one (RFC 1951: 258 bytes for two one-bit codes). */
#define DEFLATE_MAX_RATIO 1032.0

typedef struct
{
  png_structp png;
  png_infop info;
  OmniInput *input;
  guint64 offset;
  GError *error;
} PngDecoder;

static void
png_decoder_clear (PngDecoder *self)
{
  png_destroy_read_struct (&self->png, &self->info, NULL);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PngDecoder, png_decoder_clear)

G_NORETURN static void
png_error_cb (png_structp png, png_const_charp message)
{
  PngDecoder *decoder = png_get_error_ptr (png);

  omni_input_set_damaged (decoder->input, message, &decoder->error);
  png_longjmp (png, 1);
}

static void
png_warning_cb (png_structp png, png_const_charp message)
{
}

static void
png_read_cb (png_structp png, png_bytep data, size_t size)
{
  PngDecoder *decoder = png_get_io_ptr (png);
  const gsize n = omni_input_read_at (decoder->input, decoder->offset, data, size);

  decoder->offset += n;
  if (n < size)
    png_error (png, _ ("it ends too early"));
}

/* The eXIf chunk may stand after the pixels, where libpng would meet it too late for a header. */
static guint
png_find_orientation (OmniInput *input)
{
  guint64 offset = PNG_SIGNATURE_BYTES;
  guint8 head[8];

  while (omni_input_read_at (input, offset, head, sizeof head) == sizeof head
         && memcmp (head + 4, "IEND", 4) != 0)
  {
    const guint32 size = (guint32)head[0] << 24 | (guint32)head[1] << 16 | (guint32)head[2] << 8 | head[3];
    if (memcmp (head + 4, "eXIf", 4) == 0 && size <= PNG_MAX_EXIF_BYTES)
    {
      g_autofree guint8 *exif = g_malloc (size + 1);
      const gsize n = omni_input_read_at (input, offset + sizeof head, exif, size);
      return omni_orientation_from_exif (exif, n);
    }
    offset += (guint64)size + PNG_CHUNK_OVERHEAD;
  }
  return 1;
}

static void
png_find_profile (PngDecoder *decoder, OmniRaster *raster)
{
  png_charp name = NULL;
  png_bytep data = NULL;
  png_uint_32 size = 0;
  int method = 0;

  if (png_get_iCCP (decoder->png, decoder->info, &name, &method, &data, &size) == PNG_INFO_iCCP && size > 0)
    raster->icc_profile = g_bytes_new (data, size);
}

static gboolean
png_start (PngDecoder *decoder, OmniRaster *raster)
{
  png_structp png = decoder->png;

  png_set_read_fn (png, decoder, png_read_cb);
  png_set_user_limits (png, G_MAXINT, G_MAXINT);
  png_read_info (png, decoder->info);

  const double stored_bytes = (double)png_get_rowbytes (png, decoder->info)
                              * png_get_image_height (png, decoder->info);

  png_set_expand (png);
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    png_set_swap (png);
  png_set_interlace_handling (png);
  png_read_update_info (png, decoder->info);

  raster->width = png_get_image_width (png, decoder->info);
  raster->height = png_get_image_height (png, decoder->info);
  raster->channels = png_get_channels (png, decoder->info);
  raster->has_alpha = raster->channels == 2 || raster->channels == 4;
  raster->type = png_get_bit_depth (png, decoder->info) == 16 ? OMNI_SAMPLE_U16 : OMNI_SAMPLE_U8;
  raster->orientation = png_find_orientation (decoder->input);
  png_find_profile (decoder, raster);

  const double expanded_bytes = (double)png_get_rowbytes (png, decoder->info) * raster->height;
  return omni_raster_check (
    raster, decoder->input,
    (double)decoder->input->size * DEFLATE_MAX_RATIO * (expanded_bytes / stored_bytes), &decoder->error);
}

static gboolean
png_decode (PngDecoder *decoder, OmniRaster *raster)
{
  const gsize row_bytes = png_get_rowbytes (decoder->png, decoder->info);
  const guint n_passes = png_get_interlace_type (decoder->png, decoder->info) == PNG_INTERLACE_NONE ? 1 : 7;

  if (!omni_raster_alloc (raster, decoder->input, &decoder->error))
    return FALSE;
  for (guint pass = 0; pass < n_passes; pass++)
    for (guint y = 0; y < raster->height; y++)
    {
      if (y % 64 == 0 && g_cancellable_set_error_if_cancelled (decoder->input->cancellable, &decoder->error))
        return FALSE;
      png_read_row (decoder->png, raster->pixels + y * row_bytes, NULL);
    }
  /* Up to IEND: the check sums of the pixels stand behind them. */
  png_read_end (decoder->png, NULL);
  return TRUE;
}

/* libpng reports errors by a long jump to here: no local variable changes after setjmp(). */
static gboolean
png_run (PngDecoder *decoder, gboolean header_only, OmniRaster *raster)
{
  if (setjmp (png_jmpbuf (decoder->png)) != 0)
    return FALSE;
  return png_start (decoder, raster) && (header_only || png_decode (decoder, raster));
}

static gboolean
png_matches (const OmniInput *input)
{
  return input->head_size >= PNG_SIGNATURE_BYTES
         && memcmp (input->head, "\x89PNG\r\n\x1a\n", PNG_SIGNATURE_BYTES) == 0;
}

static gboolean
png_read_any (OmniInput *input, gboolean header_only, OmniRaster *raster, GError **error)
{
  g_auto (PngDecoder) decoder = { .input = input };

  decoder.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &decoder, png_error_cb, png_warning_cb);
  decoder.info = decoder.png != NULL ? png_create_info_struct (decoder.png) : NULL;
  if (decoder.info == NULL)
    return FALSE;
  if (png_run (&decoder, header_only, raster))
    return TRUE;
  if (decoder.error != NULL)
    g_propagate_error (error, g_steal_pointer (&decoder.error));
  return FALSE;
}

static gboolean
png_read_info_only (OmniInput *input, OmniRaster *raster, GError **error)
{
  return png_read_any (input, TRUE, raster, error);
}

static gboolean
png_read_pixels (OmniInput *input, guint max_px, OmniRaster *raster, GError **error)
{
  return png_read_any (input, FALSE, raster, error);
}

static const char *const png_extensions[] = { ".png", NULL };

const OmniReader omni_png_reader = {
  .name = "PNG",
  .extensions = png_extensions,
  .matches = png_matches,
  .read_header = png_read_info_only,
  .read = png_read_pixels,
};
