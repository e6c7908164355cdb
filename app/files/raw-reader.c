/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/reader-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include <libraw/libraw.h>

/* Camera raw, developed by LibRaw: the camera's white balance, sRGB of 16 bits, demosaiced by AHD (Hirakawa and Parks 2005). Nothing in
 * it depends on what the picture shows, so that the frames of a bracket keep their distances: no automatic brightness, and a white that
 * the camera says and not the brightest pixel. */

/* Lossless compression of a sensor's 16 bits reaches a quarter at best; the picture has three samples of as many bits. */
#define MOST_BYTES_A_BYTE 64.0

#define AHD               3

typedef struct
{
  libraw_data_t *libraw;
  libraw_processed_image_t *image;
  OmniInput *input;
  gboolean is_damaged; /* LibRaw goes on all the same */
} RawDecoder;

static void
raw_decoder_clear (RawDecoder *self)
{
  if (self->image != NULL)
    libraw_dcraw_clear_mem (self->image);
  if (self->libraw != NULL)
    libraw_close (self->libraw);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RawDecoder, raw_decoder_clear)

static void
data_error_cb (void *data, const char *file, const int offset)
{
  RawDecoder *decoder = data;

  decoder->is_damaged = TRUE;
}

static int
progress_cb (void *data, enum LibRaw_progress stage, int iteration, int expected)
{
  const RawDecoder *decoder = data;

  return g_cancellable_is_cancelled (decoder->input->cancellable);
}

static gboolean
set_error (RawDecoder *decoder, int code, GError **error)
{
  OmniInput *input = decoder->input;

  if (code == LIBRAW_SUCCESS && !decoder->is_damaged)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (input->cancellable, error))
    return FALSE;
  if (code == LIBRAW_FILE_UNSUPPORTED || code == LIBRAW_UNSUPPORTED_THUMBNAIL)
    omni_input_set_unsupported (input, _ ("this kind of camera raw is not known; develop it to TIFF first."),
                                error);
  else if (code == LIBRAW_TOO_BIG)
    omni_input_set_damaged (input, _ ("its header and its pixels do not fit each other"), error);
  else if (code == LIBRAW_UNSUFFICIENT_MEMORY)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to develop “%s”; close other programs."), input->name);
  else
    omni_input_set_damaged (input,
                            code == LIBRAW_IO_ERROR ? _ ("it ends too early")
                            : code == LIBRAW_SUCCESS || code == LIBRAW_DATA_ERROR
                              ? _ ("its pixels cannot be decoded")
                              : libraw_strerror (code),
                            error);
  return FALSE;
}

static gboolean
open_raw (RawDecoder *decoder, OmniInput *input, GError **error)
{
  decoder->input = input;
  decoder->libraw = libraw_init (LIBRAW_OPTIONS_NONE);
  if (decoder->libraw == NULL)
    return set_error (decoder, LIBRAW_UNSUFFICIENT_MEMORY, error);
  libraw_set_dataerror_handler (decoder->libraw, data_error_cb, decoder);
  libraw_set_progress_handler (decoder->libraw, progress_cb, decoder);

  libraw_output_params_t *params = &decoder->libraw->params;
  params->output_bps = 16;
  params->output_color = 1; /* sRGB */
  params->gamm[0] = 1 / 2.4;
  params->gamm[1] = 12.92;
  params->use_camera_wb = 1;
  params->no_auto_bright = 1;
  params->adjust_maximum_thr = 0;
  params->user_qual = AHD;
  return set_error (decoder, libraw_open_file (decoder->libraw, input->path), error);
}

static gboolean
check_sizes (RawDecoder *decoder, OmniRaster *raster, guint width, guint height, GError **error)
{
  raster->width = width;
  raster->height = height;
  raster->channels = decoder->libraw->idata.colors == 1 ? 1 : 3;
  raster->type = OMNI_SAMPLE_U16;
  return omni_raster_check (raster, decoder->input, (double)decoder->input->size * MOST_BYTES_A_BYTE, error);
}

static gboolean
raw_matches (const OmniInput *input)
{
  return omni_picture_is_raw (input->path);
}

/* Upright already, as LibRaw will turn it. */
static gboolean
raw_read_header (OmniInput *input, OmniRaster *raster, GError **error)
{
  g_auto (RawDecoder) decoder = { NULL };

  if (!open_raw (&decoder, input, error)
      || !set_error (&decoder, libraw_adjust_sizes_info_only (decoder.libraw), error))
    return FALSE;
  return check_sizes (&decoder, raster, decoder.libraw->sizes.iwidth, decoder.libraw->sizes.iheight, error);
}

static gboolean
develop (RawDecoder *decoder, GError **error)
{
  int code = libraw_unpack (decoder->libraw);

  if (!set_error (decoder, code, error))
    return FALSE;
  code = libraw_dcraw_process (decoder->libraw);
  if (!set_error (decoder, code, error))
    return FALSE;
  decoder->image = libraw_dcraw_make_mem_image (decoder->libraw, &code);
  return set_error (
    decoder, decoder->image == NULL && code == LIBRAW_SUCCESS ? LIBRAW_UNSPECIFIED_ERROR : code, error);
}

static gboolean
raw_read (OmniInput *input, guint max_px, OmniRaster *raster, GError **error)
{
  g_auto (RawDecoder) decoder = { NULL };

  if (!open_raw (&decoder, input, error)
      || !check_sizes (&decoder, raster, decoder.libraw->sizes.width, decoder.libraw->sizes.height, error))
    return FALSE;
  /* A pixel for each 2 × 2 of the sensor, which takes no demosaicing. */
  decoder.libraw->params.half_size = max_px > 0 && MAX (raster->width, raster->height) / 2 >= max_px;
  if (!develop (&decoder, error))
    return FALSE;
  const libraw_processed_image_t *image = decoder.image;
  raster->width = image->width;
  raster->height = image->height;
  if (image->type != LIBRAW_IMAGE_BITMAP || image->bits != 16 || image->colors != raster->channels)
  {
    omni_input_set_damaged (input, _ ("its header and its pixels do not fit each other"), error);
    return FALSE;
  }
  if (!omni_raster_alloc (raster, input, error))
    return FALSE;
  memcpy (raster->pixels, image->data, MIN (raster->size_bytes, image->data_size));
  return TRUE;
}

static const char *const raw_extensions[] = { ".3fr", ".arw", ".cr2", ".cr3", ".dcr", ".dng", ".erf", ".iiq",
                                              ".kdc", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf",
                                              ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f", NULL };

const OmniReader omni_raw_reader = {
  .name = "camera raw",
  .extensions = raw_extensions,
  .matches = raw_matches,
  .read_header = raw_read_header,
  .read = raw_read,
};
