/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/webp-animation.h"

#include "app/files/output.h"

#include <glib/gi18n.h>
#include <webp/encode.h>
#include <webp/mux.h>

#define METHOD 4 /* of 6: a second for a frame of the screen's size */

typedef WebPAnimEncoder Encoder;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Encoder, WebPAnimEncoderDelete)

static gboolean
fail (const char *path, const char *cause, GError **error)
{
  g_autofree char *name = g_filename_display_basename (path);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               _ ("%s: the animation cannot be written (%s); choose fewer or smaller pictures."), name,
               cause);
  return FALSE;
}

/* A name that promises another format would be a lie to every other program. */
static gboolean
check_name (const char *path, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);
  g_autofree char *name = g_filename_display_basename (path);

  if (g_str_has_suffix (lower, ".webp"))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               _ ("“%s” does not end in a format this program can write an animation in; use .webp."), name);
  return FALSE;
}

static gboolean
add_frame (Encoder *encoder, OmniPicture *picture, int at_ms, const char *path, GError **error)
{
  WebPConfig config;
  WebPPicture frame;

  if (!WebPConfigInit (&config) || !WebPPictureInit (&frame))
    return fail (path, _ ("the WebP library is of another version"), error);
  config.lossless = 1;
  config.exact = 1;
  config.method = METHOD;
  frame.use_argb = 1;
  frame.width = (int)omni_picture_get_width (picture);
  frame.height = (int)omni_picture_get_height (picture);
  const gboolean added = WebPPictureImportRGB (&frame, omni_picture_get_pixels (picture), frame.width * 3)
                         && WebPAnimEncoderAdd (encoder, &frame, at_ms, &config);
  WebPPictureFree (&frame);
  return added || fail (path, WebPAnimEncoderGetError (encoder), error);
}

static gboolean
assemble (GPtrArray *pictures, guint ms, const char *path, GCancellable *cancellable, WebPData *data,
          GError **error)
{
  OmniPicture *first = pictures->pdata[0];
  WebPAnimEncoderOptions options;

  if (!WebPAnimEncoderOptionsInit (&options))
    return fail (path, _ ("the WebP library is of another version"), error);
  options.allow_mixed = 0;
  g_autoptr (Encoder) encoder = WebPAnimEncoderNew ((int)omni_picture_get_width (first),
                                                    (int)omni_picture_get_height (first), &options);
  if (encoder == NULL)
    return fail (path, _ ("the pictures are too large for WebP"), error);
  for (guint i = 0; i < pictures->len; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !add_frame (encoder, pictures->pdata[i], (int)(i * ms), path, error))
      return FALSE;
  return (WebPAnimEncoderAdd (encoder, NULL, (int)(pictures->len * ms), NULL)
          && WebPAnimEncoderAssemble (encoder, data))
         || fail (path, WebPAnimEncoderGetError (encoder), error);
}

gboolean
omni_animation_write (GPtrArray *pictures, guint ms, const char *path, const OmniWriteOptions *options,
                      GError **error)
{
  static const OmniWriteOptions plain;
  g_auto (OmniOutput) output = { 0 };
  WebPData data;

  g_return_val_if_fail (pictures->len > 0, FALSE);
  options = options != NULL ? options : &plain;
  WebPDataInit (&data);
  const gboolean written = check_name (path, error)
                           && omni_output_open (&output, path, options->force, options->sources, error)
                           && assemble (pictures, ms, path, options->cancellable, &data, error)
                           && omni_output_write (&output, data.bytes, data.size, error)
                           && omni_output_commit (&output, error);
  WebPDataClear (&data);
  return written;
}
