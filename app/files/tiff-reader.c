/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/reader-private.h"
#include "app/files/tiff-samples.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#define TIFF_MAX_CHUNK_BYTES (G_GUINT64_CONSTANT (1) << 32)
#define TIFF_MAX_DIRECTORIES 1000
#define TIFF_TAG_DNG_VERSION 50706

typedef struct
{
  TIFF *tiff;
  TIFFOpenOptions *options;
  OmniInput *input;
  guint64 offset;
  char message[256]; /* the first thing libtiff complained about */
  OmniTiffLayout layout;
} TiffDecoder;

static void
tiff_decoder_clear (TiffDecoder *self)
{
  if (self->tiff != NULL)
    TIFFClose (self->tiff);
  if (self->options != NULL)
    TIFFOpenOptionsFree (self->options);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TiffDecoder, tiff_decoder_clear)

static tmsize_t
tiff_read_cb (thandle_t handle, void *data, tmsize_t size)
{
  TiffDecoder *decoder = handle;
  const gsize n = size > 0 ? omni_input_read_at (decoder->input, decoder->offset, data, (gsize)size) : 0;

  decoder->offset += n;
  return (tmsize_t)n;
}

static tmsize_t
tiff_write_cb (thandle_t handle, void *data, tmsize_t size)
{
  return 0;
}

static toff_t
tiff_seek_cb (thandle_t handle, toff_t offset, int whence)
{
  TiffDecoder *decoder = handle;

  if (whence == SEEK_CUR)
    offset += decoder->offset;
  else if (whence == SEEK_END)
    offset += decoder->input->size;
  decoder->offset = offset <= G_MAXINT64 ? offset : G_MAXINT64;
  return decoder->offset;
}

static int
tiff_close_cb (thandle_t handle)
{
  return 0;
}

static toff_t
tiff_size_cb (thandle_t handle)
{
  return ((TiffDecoder *)handle)->input->size;
}

G_GNUC_PRINTF (4, 0)
static int
tiff_error_cb (TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
  TiffDecoder *decoder = data;

  if (decoder->message[0] == '\0')
    g_vsnprintf (decoder->message, sizeof decoder->message, format, arguments);
  return 1;
}

G_GNUC_PRINTF (4, 0)
static int
tiff_warning_cb (TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
  return 1;
}

static gboolean
tiff_set_damaged (TiffDecoder *decoder, GError **error)
{
  g_autofree char *message = g_utf8_make_valid (g_strchomp (decoder->message), -1);

  /* libtiff names a row there that does not exist. */
  const gboolean ends = g_str_has_prefix (message, "Read error at scanline");
  const char *cause = ends ? _ ("it ends too early") : _ ("its pixels cannot be decoded");

  omni_input_set_damaged (decoder->input, ends || message[0] == '\0' ? cause : message, error);
  return FALSE;
}

/* The handlers bear the attribute; the compiler would want it on libtiff's own parameter. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsuggest-attribute=format"

static gboolean
tiff_open (TiffDecoder *decoder, GError **error)
{
  decoder->options = TIFFOpenOptionsAlloc ();
  TIFFOpenOptionsSetErrorHandlerExtR (decoder->options, tiff_error_cb, decoder);
  TIFFOpenOptionsSetWarningHandlerExtR (decoder->options, tiff_warning_cb, decoder);
  /* "m": never mapped, for a file that shrinks meanwhile would kill the program. */
  decoder->tiff = TIFFClientOpenExt (decoder->input->name, "rm", decoder, tiff_read_cb, tiff_write_cb,
                                     tiff_seek_cb, tiff_close_cb, tiff_size_cb, NULL, NULL, decoder->options);
  return decoder->tiff != NULL || tiff_set_damaged (decoder, error);
}

#pragma GCC diagnostic pop

/* Whether the directory that was just read is a picture beside the first one: no mask, and no thumbnail, which not every
 * program marks as one. */
static gboolean
tiff_is_page (TIFF *tiff, guint32 first_width, guint32 first_height)
{
  guint32 kind = 0, width = 0, height = 0;
  guint16 old_kind = 0;

  TIFFGetFieldDefaulted (tiff, TIFFTAG_SUBFILETYPE, &kind);
  TIFFGetField (tiff, TIFFTAG_OSUBFILETYPE, &old_kind);
  TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &height);
  return (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0 && old_kind != OFILETYPE_REDUCEDIMAGE
         && (width > first_width / 2 || height > first_height / 2);
}

/* A file of several pictures is refused: reading the first one would drop the others without a word. */
static gboolean
tiff_check_pages (TiffDecoder *decoder, GError **error)
{
  TIFF *tiff = decoder->tiff;
  guint32 width = 0, height = 0;
  guint n_pages = 1;

  if (TIFFLastDirectory (tiff))
    return TRUE;
  TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &height);
  for (guint i = 0; i < TIFF_MAX_DIRECTORIES && TIFFReadDirectory (tiff); i++)
    n_pages += tiff_is_page (tiff, width, height);
  if (n_pages > 1)
  {
    g_autofree char *cause = g_strdup_printf (ngettext ("it holds %u page; save it as a file of its own.",
                                                        "it holds %u pages; save each as a file of its own.",
                                                        n_pages),
                                              n_pages);
    omni_input_set_unsupported (decoder->input, cause, error);
    return FALSE;
  }
  /* What is wrong with the others is no harm to the first one. */
  decoder->message[0] = '\0';
  return TIFFSetDirectory (tiff, 0) || tiff_set_damaged (decoder, error);
}

static void
tiff_read_layout (TiffDecoder *decoder)
{
  TIFF *tiff = decoder->tiff;
  OmniTiffLayout *l = &decoder->layout;
  guint16 *extra_kinds = NULL;

  TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &l->width);
  TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &l->height);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_BITSPERSAMPLE, &l->bits);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLESPERPIXEL, &l->samples);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLEFORMAT, &l->format);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_COMPRESSION, &l->compression);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_PLANARCONFIG, &l->planar);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_EXTRASAMPLES, &l->n_extra, &extra_kinds);
  if (!TIFFGetField (tiff, TIFFTAG_PHOTOMETRIC, &l->photometric))
    l->photometric = l->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  if (l->n_extra > 0 && extra_kinds != NULL)
    l->last_extra = extra_kinds[l->n_extra - 1];
  if (l->photometric == PHOTOMETRIC_PALETTE)
    TIFFGetField (tiff, TIFFTAG_COLORMAP, &l->palette[0], &l->palette[1], &l->palette[2]);
  if (l->photometric == PHOTOMETRIC_YCBCR && l->compression == COMPRESSION_JPEG)
  {
    TIFFSetField (tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    l->photometric = PHOTOMETRIC_RGB;
  }
}

/* The most bytes that one byte of the file can become: LZW's longest run of strings with 12-bit codes gives 1,370,
 * deflate 1,032, PackBits 64; Zstandard has repeat blocks of 128 KiB in 4 bytes. */
static double
tiff_max_ratio (guint16 compression)
{
  switch (compression)
  {
  case COMPRESSION_NONE:
    return 1.0;
  case COMPRESSION_PACKBITS:
    return 64.0;
  case COMPRESSION_LZW:
  case COMPRESSION_DEFLATE:
  case COMPRESSION_ADOBE_DEFLATE:
  case COMPRESSION_JPEG:
    return 1400.0;
  default:
    return 40000.0;
  }
}

static gboolean
tiff_start (TiffDecoder *decoder, OmniRaster *raster, GError **error)
{
  OmniTiffLayout *layout = &decoder->layout;
  const void *version = NULL;
  guint32 count = 0;
  guint16 orientation = 1;
  const void *profile = NULL;

  if (!tiff_open (decoder, error))
    return FALSE;
  if (TIFFGetField (decoder->tiff, TIFF_TAG_DNG_VERSION, &version))
  {
    omni_input_set_unsupported (decoder->input, _ ("it is camera raw; give it its own extension (.dng)."),
                                error);
    return FALSE;
  }
  if (!tiff_check_pages (decoder, error))
    return FALSE;
  tiff_read_layout (decoder);

  const char *problem = omni_tiff_layout_find_problem (layout);

  if (problem == NULL && !TIFFIsCODECConfigured (layout->compression))
    problem = _ ("its compression is unknown here; save it with LZW or deflate.");
  if (problem != NULL)
  {
    omni_input_set_unsupported (decoder->input, problem, error);
    return FALSE;
  }

  omni_tiff_layout_to_raster (layout, raster);
  if (TIFFGetFieldDefaulted (decoder->tiff, TIFFTAG_ORIENTATION, &orientation))
    raster->orientation = orientation <= 8 ? orientation : 1;
  if (TIFFGetField (decoder->tiff, TIFFTAG_ICCPROFILE, &count, &profile) && count > 0)
    raster->icc_profile = g_bytes_new (profile, count);

  /* A palette or a narrow sample grows on its way to the raster. */
  const double growth = (double)raster->channels * (double)omni_sample_type_get_bytes (raster->type) * 8.0
                        / ((double)layout->samples * layout->bits);
  return omni_raster_check (raster, decoder->input,
                            (double)decoder->input->size * tiff_max_ratio (layout->compression) * growth,
                            error);
}

/* Decodes chunk `index`, a strip or a tile, into exactly `size` bytes at `target`. */
static gboolean
tiff_read_chunk (TiffDecoder *decoder, gboolean tiled, guint32 index, gpointer target, gsize size,
                 GError **error)
{
  if (g_cancellable_set_error_if_cancelled (decoder->input->cancellable, error))
    return FALSE;

  const tmsize_t n = tiled ? TIFFReadEncodedTile (decoder->tiff, index, target, (tmsize_t)size)
                           : TIFFReadEncodedStrip (decoder->tiff, index, target, (tmsize_t)size);

  /* Some decoders complain without failing. */
  if (n != (tmsize_t)size || decoder->message[0] != '\0')
    return tiff_set_damaged (decoder, error);
  return TRUE;
}

typedef struct
{
  gboolean tiled;
  guint32 width; /* of a full chunk */
  guint32 height;
  guint n_planes;
  gsize row_bytes;
  gsize bytes;
} TiffChunks;

static gboolean
tiff_measure_chunks (TiffDecoder *decoder, TiffChunks *chunks, GError **error)
{
  const OmniTiffLayout *layout = &decoder->layout;

  chunks->tiled = TIFFIsTiled (decoder->tiff) != 0;
  chunks->n_planes = layout->planar == PLANARCONFIG_SEPARATE ? layout->samples : 1;
  if (chunks->tiled)
  {
    TIFFGetField (decoder->tiff, TIFFTAG_TILEWIDTH, &chunks->width);
    TIFFGetField (decoder->tiff, TIFFTAG_TILELENGTH, &chunks->height);
  }
  else
  {
    TIFFGetFieldDefaulted (decoder->tiff, TIFFTAG_ROWSPERSTRIP, &chunks->height);
    chunks->width = layout->width;
    chunks->height = MIN (chunks->height, layout->height);
  }

  const guint64 row_bits = (guint64)chunks->width * layout->bits
                           * (chunks->n_planes > 1 ? 1 : layout->samples);
  const guint64 row_bytes = (row_bits + 7) / 8;
  const guint64 declared = chunks->tiled ? TIFFTileRowSize64 (decoder->tiff)
                                         : TIFFScanlineSize64 (decoder->tiff);

  if (row_bytes == 0 || chunks->height == 0 || declared != row_bytes
      || row_bytes > TIFF_MAX_CHUNK_BYTES / chunks->height)
    return tiff_set_damaged (decoder, error);
  chunks->row_bytes = (gsize)row_bytes;
  chunks->bytes = (gsize)row_bytes * chunks->height;
  return TRUE;
}

/* Strips whose bytes are the raster's own need no detour. */
static gboolean
tiff_read_straight (TiffDecoder *decoder, const TiffChunks *chunks, OmniRaster *raster, GError **error)
{
  guint32 strip = 0;

  for (guint64 y = 0; y < raster->height; y += chunks->height, strip++)
  {
    const gsize rows = MIN (chunks->height, raster->height - (guint32)y);
    if (!tiff_read_chunk (decoder, FALSE, strip, raster->pixels + (gsize)y * chunks->row_bytes,
                          rows * chunks->row_bytes, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
tiff_read_plane (TiffDecoder *decoder, const TiffChunks *chunks, guint plane, guint8 *scratch,
                 OmniRaster *raster, GError **error)
{
  const guint32 across = (raster->width - 1) / chunks->width + 1;
  const guint32 down = (raster->height - 1) / chunks->height + 1;

  for (guint32 j = 0; j < down; j++)
    for (guint32 i = 0; i < across; i++)
    {
      const guint32 x = i * chunks->width;
      const guint32 y = j * chunks->height;
      const guint32 rows = MIN (chunks->height, raster->height - y);
      const guint32 index = plane * across * down + j * across + i;
      const gsize size = chunks->tiled ? chunks->bytes : rows * chunks->row_bytes;

      if (!tiff_read_chunk (decoder, chunks->tiled, index, scratch, size, error))
        return FALSE;
      for (guint32 row = 0; row < rows; row++)
        omni_tiff_unpack_row (&decoder->layout, plane, scratch + row * chunks->row_bytes, x, y + row,
                              MIN (chunks->width, raster->width - x), raster);
    }
  return TRUE;
}

static gboolean
tiff_decode (TiffDecoder *decoder, OmniRaster *raster, GError **error)
{
  TiffChunks chunks = { 0 };

  /* What libtiff disliked in the tags and read all the same is no harm to the pixels. */
  decoder->message[0] = '\0';
  if (!tiff_measure_chunks (decoder, &chunks, error) || !omni_raster_alloc (raster, decoder->input, error))
    return FALSE;

  if (!chunks.tiled && chunks.n_planes == 1 && omni_tiff_layout_is_plain (&decoder->layout))
  {
    if (!tiff_read_straight (decoder, &chunks, raster, error))
      return FALSE;
  }
  else
  {
    g_autofree guint8 *scratch = g_try_malloc (chunks.bytes);
    if (scratch == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   _ ("There is not enough memory to decode “%s”; close other programs."),
                   decoder->input->name);
      return FALSE;
    }
    for (guint plane = 0; plane < chunks.n_planes; plane++)
      if (!tiff_read_plane (decoder, &chunks, plane, scratch, raster, error))
        return FALSE;
  }
  omni_tiff_finish_samples (&decoder->layout, raster);
  return TRUE;
}

static gboolean
tiff_matches (const OmniInput *input)
{
  static const char *const magics[] = { "II*\0", "MM\0*", "II+\0", "MM\0+" };

  for (gsize i = 0; i < G_N_ELEMENTS (magics); i++)
    if (input->head_size >= 8 && memcmp (input->head, magics[i], 4) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
tiff_read_header (OmniInput *input, OmniRaster *raster, GError **error)
{
  g_auto (TiffDecoder) decoder = { .input = input };

  return tiff_start (&decoder, raster, error);
}

static gboolean
tiff_read (OmniInput *input, guint max_px, OmniRaster *raster, GError **error)
{
  g_auto (TiffDecoder) decoder = { .input = input };

  return tiff_start (&decoder, raster, error) && tiff_decode (&decoder, raster, error);
}

static const char *const tiff_extensions[] = { ".tif", ".tiff", NULL };

const OmniReader omni_tiff_reader = {
  .name = "TIFF",
  .extensions = tiff_extensions,
  .matches = tiff_matches,
  .read_header = tiff_read_header,
  .read = tiff_read,
};
