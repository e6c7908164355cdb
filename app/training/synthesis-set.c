/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/synthesis.h"

#include "app/files/samples.h"
#include "app/training/luma.h"

#include <string.h>

#define MIN_JPEG_QUALITY 60
#define MAX_JPEG_QUALITY 95

/* What the camera does to every source alike. */
typedef struct
{
  double noise;
  guint quality;
} Camera;

static void
store (OmniRandom *random, const Camera *camera, float *plane, guint width, guint height)
{
  omni_camera_add_noise (random, plane, (gsize)width * height, camera->noise);
  omni_camera_store (plane, width, height, camera->quality);
}

static void
render_focus (const OmniSynthesisOptions *options, OmniRandom *random, const Camera *camera,
              float *const *channels, guint n_channels, const float *guide, guint width, guint height,
              guint n_sources, float *const *sources)
{
  g_autoptr (OmniFocusScene) scene = omni_focus_scene_new (random, options, guide, width, height, n_sources);
  for (guint c = 0; c < n_channels; c++)
    omni_focus_scene_render (scene, channels[c], sources + c * n_sources);
  for (guint i = 0; i < n_sources * n_channels; i++)
    store (random, camera, sources[i], width, height);
}

/* The sensor's noise comes before clipping here, and so from the scene. */
static void
render_exposure (const OmniSynthesisOptions *options, OmniRandom *random, const Camera *camera,
                 float *const *channels, guint n_channels, const float *guide, guint width, guint height,
                 guint n_sources, float *const *sources)
{
  g_autoptr (OmniExposureScene)
    scene = omni_exposure_scene_new (random, options, guide, width, height, n_sources);
  for (guint i = 0; i < n_sources * n_channels; i++)
  {
    omni_exposure_scene_render (scene, i % n_sources, channels[i / n_sources], random, sources[i]);
    omni_camera_store (sources[i], width, height, camera->quality);
  }
}

void
omni_synthesis_render (OmniSynthesis kind, const OmniSynthesisOptions *options, OmniRandom *random,
                       float *const *channels, guint n_channels, const float *guide, guint width,
                       guint height, guint n_sources, float *const *sources)
{
  Camera camera = { omni_random_between (random, options->noise.low, options->noise.high), 0 };
  if (omni_random_chance (random, options->jpeg))
    camera.quality = MIN_JPEG_QUALITY + omni_random_below (random, MAX_JPEG_QUALITY - MIN_JPEG_QUALITY + 1);
  (kind == OMNI_SYNTHESIS_FOCUS ? render_focus : render_exposure) (
    options, random, &camera, channels, n_channels, guide, width, height, n_sources, sources);
}

/* ---- Whole pictures ---- */

OmniPicture *
omni_synthesis_prepare_truth (OmniPicture *picture, guint max_px, GError **error)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const guint colours = channels - (omni_picture_get_has_alpha (picture) ? 1 : 0);
  const guint new_width = max_px > 0 ? MIN (width, max_px) : width;
  const guint new_height = max_px > 0 ? MIN (height, max_px) : height;
  if (colours != 1 && colours != 3)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "A picture of %u bands is neither grey nor RGB; take another one.", colours);
    return NULL;
  }
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (new_width, new_height, colours, OMNI_SAMPLE_U8, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return NULL;
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize pixel_bytes = channels * omni_sample_type_get_bytes (type);
  const guint8 *from = omni_picture_get_pixels (picture);
  const guint left = (width - new_width) / 2, top = (height - new_height) / 2;
  g_autofree guint8 *row = g_new (guint8, (gsize)new_width * channels);
  for (guint y = 0; y < new_height; y++)
  {
    omni_samples_convert (from + ((gsize)(top + y) * width + left) * pixel_bytes, type, row, OMNI_SAMPLE_U8,
                          (gsize)new_width * channels);
    for (guint x = 0; x < new_width; x++)
      memcpy (pixels + ((gsize)y * new_width + x) * colours, row + (gsize)x * channels, colours);
  }
  return omni_picture_new (new_width, new_height, colours, FALSE, OMNI_SAMPLE_U8,
                           g_bytes_new_take (pixels, size_bytes), omni_picture_get_icc_profile (picture),
                           omni_picture_get_path (picture), error);
}

static OmniPicture *
interleave (float *const *planes, guint n_sources, OmniPicture *like, GError **error)
{
  const guint width = omni_picture_get_width (like), height = omni_picture_get_height (like);
  const guint channels = omni_picture_get_channels (like);
  const gsize n = (gsize)width * height;
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, OMNI_SAMPLE_U8, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < channels; c++)
      omni_samples_convert (&planes[c * n_sources][i], OMNI_SAMPLE_F32, pixels + i * channels + c,
                            OMNI_SAMPLE_U8, 1);
  return omni_picture_new (width, height, channels, FALSE, OMNI_SAMPLE_U8,
                           g_bytes_new_take (pixels, size_bytes), omni_picture_get_icc_profile (like), NULL,
                           error);
}

GPtrArray *
omni_synthesis_make_set (OmniSynthesis kind, const OmniSynthesisOptions *options, OmniRandom *random,
                         OmniPicture *truth, guint n_sources, GError **error)
{
  const guint width = omni_picture_get_width (truth), height = omni_picture_get_height (truth);
  const guint channels = omni_picture_get_channels (truth);
  const gsize n = (gsize)width * height;
  g_autoptr (OmniLuma) luma = omni_luma_new (truth, error);
  if (luma == NULL)
    return NULL;
  g_autofree float *block = g_try_malloc_n (n * (channels * (1 + n_sources) + 1), sizeof (float));
  if (block == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 "There is not enough memory for %u sources of %u × %u pixels.", n_sources, width, height);
    return NULL;
  }
  float *guide = block, *clear[4], *next = block + n;
  g_autofree float **sources = g_new (float *, n_sources *channels);
  omni_samples_convert (luma->values, OMNI_SAMPLE_U16, guide, OMNI_SAMPLE_F32, n);
  const guint8 *pixels = omni_picture_get_pixels (truth);
  for (guint c = 0; c < channels; c++, next += n)
  {
    clear[c] = next;
    for (gsize i = 0; i < n; i++)
      clear[c][i] = pixels[i * channels + c] / 255.0f;
  }
  for (guint i = 0; i < n_sources * channels; i++, next += n)
    sources[i] = next;
  omni_synthesis_render (kind, options, random, clear, channels, guide, width, height, n_sources, sources);
  g_autoptr (GPtrArray) set = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint k = 0; k < n_sources; k++)
  {
    OmniPicture *source = interleave (sources + k, n_sources, truth, error);
    if (source == NULL)
      return NULL;
    g_ptr_array_add (set, source);
  }
  return g_steal_pointer (&set);
}
