/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/orientation.h"
#include "app/files/reader-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

/* A plain surface costs WebP nothing, so no ratio can be asked for; beyond 64 megapixels a file must be more than that. */
#define WEBP_FREE_PIXELS (64.0 * 1024 * 1024)
#define WEBP_MAX_RATIO   20000.0

static void
webp_find_chunk (const WebPDemuxer *demuxer, const char *name, WebPData *data)
{
  WebPChunkIterator chunk;

  *data = (WebPData){ 0 };
  if (WebPDemuxGetChunk (demuxer, name, 1, &chunk))
  {
    *data = chunk.chunk;
    WebPDemuxReleaseChunkIterator (&chunk);
  }
}

static gboolean
webp_find_metadata (OmniInput *input, const WebPData *file, OmniRaster *raster, GError **error)
{
  WebPDemuxer *demuxer = WebPDemux (file);
  WebPData chunk;

  if (demuxer == NULL)
  {
    omni_input_set_damaged (input, _ ("its parts do not add up"), error);
    return FALSE;
  }
  webp_find_chunk (demuxer, "EXIF", &chunk);
  if (chunk.size > 0)
    raster->orientation = omni_orientation_from_exif (chunk.bytes, chunk.size);
  webp_find_chunk (demuxer, "ICCP", &chunk);
  if (chunk.size > 0)
    raster->icc_profile = g_bytes_new (chunk.bytes, chunk.size);
  WebPDemuxDelete (demuxer);
  return TRUE;
}

static gboolean
webp_start (OmniInput *input, const WebPData *file, OmniRaster *raster, GError **error)
{
  WebPBitstreamFeatures features;

  if (WebPGetFeatures (file->bytes, file->size, &features) != VP8_STATUS_OK)
  {
    omni_input_set_damaged (input, _ ("its header cannot be decoded"), error);
    return FALSE;
  }
  if (features.has_animation)
  {
    omni_input_set_unsupported (input, _ ("it is an animation; export one of its frames as a picture."),
                                error);
    return FALSE;
  }
  raster->width = (guint)features.width;
  raster->height = (guint)features.height;
  raster->channels = features.has_alpha ? 4 : 3;
  raster->has_alpha = features.has_alpha != 0;
  raster->type = OMNI_SAMPLE_U8;
  return webp_find_metadata (input, file, raster, error)
         && omni_raster_check (
           raster, input, MAX (WEBP_FREE_PIXELS * raster->channels, (double)input->size * WEBP_MAX_RATIO),
           error);
}

static gboolean
webp_decode (OmniInput *input, const WebPData *file, OmniRaster *raster, GError **error)
{
  WebPDecoderConfig config;

  if (!omni_raster_alloc (raster, input, error) || !WebPInitDecoderConfig (&config))
    return FALSE;
  config.options.use_threads = 1;
  config.output.colorspace = raster->has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = raster->pixels;
  config.output.u.RGBA.stride = (int)(raster->width * raster->channels);
  config.output.u.RGBA.size = raster->size_bytes;

  const VP8StatusCode status = WebPDecode (file->bytes, file->size, &config);

  WebPFreeDecBuffer (&config.output);
  if (status == VP8_STATUS_OUT_OF_MEMORY)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to decode “%s”; close other programs."), input->name);
  else if (status != VP8_STATUS_OK)
    omni_input_set_damaged (
      input, status == VP8_STATUS_NOT_ENOUGH_DATA ? _ ("it ends too early") : _ ("bad pixel data"), error);
  return status == VP8_STATUS_OK;
}

static gboolean
webp_matches (const OmniInput *input)
{
  return input->head_size >= 12 && memcmp (input->head, "RIFF", 4) == 0
         && memcmp (input->head + 8, "WEBP", 4) == 0;
}

static gboolean
webp_read_any (OmniInput *input, gboolean header_only, OmniRaster *raster, GError **error)
{
  gsize size = 0;
  g_autofree guint8 *data = omni_input_load (input, &size, error);

  if (data == NULL)
    return FALSE;

  const WebPData file = { data, size };
  return webp_start (input, &file, raster, error)
         && (header_only || webp_decode (input, &file, raster, error));
}

static gboolean
webp_read_header (OmniInput *input, OmniRaster *raster, GError **error)
{
  return webp_read_any (input, TRUE, raster, error);
}

static gboolean
webp_read (OmniInput *input, guint max_px, OmniRaster *raster, GError **error)
{
  return webp_read_any (input, FALSE, raster, error);
}

static const char *const webp_extensions[] = { ".webp", NULL };

const OmniReader omni_webp_reader = {
  .name = "WebP",
  .extensions = webp_extensions,
  .matches = webp_matches,
  .read_header = webp_read_header,
  .read = webp_read,
};
