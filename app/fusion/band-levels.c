/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/fusion-private.h"

#include "app/files/colour-profile.h"
#include "app/picture/resample.h"

#include <math.h>

/* The histograms of a multispectral picture before it is enlarged. */

static double
get_sample (gconstpointer pixels, gsize i, OmniSampleType type)
{
  if (type == OMNI_SAMPLE_U8)
    return ((const guint8 *)pixels)[i] / 255.0;
  if (type == OMNI_SAMPLE_U16)
    return ((const guint16 *)pixels)[i] / 65535.0;
  return (double)omni_sample_sanitise (((const float *)pixels)[i]);
}

typedef void (*SampleFunc) (OmniBandLevels *levels, guint band, double sample);

static void
for_each_sample (OmniPicture *picture, SampleFunc func, OmniBandLevels *levels)
{
  const guint n_channels = omni_picture_get_channels (picture);
  const guint n_bands = n_channels - (omni_picture_get_has_alpha (picture) ? 1 : 0);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture);
  gconstpointer pixels = omni_picture_get_pixels (picture);
  for (gsize i = 0; i < n; i++)
    for (guint b = 0; b < n_bands; b++)
      func (levels, b, get_sample (pixels, i * n_channels + b, type));
}

static void
count_sample (OmniBandLevels *levels, guint band, double sample)
{
  const double part = levels->white > 0 ? sample / (double)levels->white : 0;
  levels->counts[band][(guint)CLAMP (floor (part * 255 + 0.5), 0, 255)]++;
}

static void
widen (OmniBandLevels *levels, guint band, double sample)
{
  levels->white = MAX (levels->white, (float)sample);
}

/* As the frames read it, but for its size. */
static OmniPicture *
load (OmniSource *source, gboolean convert, GBytes *profile, GCancellable *cancellable, GError **error)
{
  g_autoptr (OmniPicture) picture = omni_source_load (source, cancellable, error);
  if (picture == NULL || !convert)
    return g_steal_pointer (&picture);
  return omni_picture_convert_profile (picture, profile, error);
}

static gboolean
has_bytes (OmniSource *source)
{
  return omni_source_get_sample_type (source) == OMNI_SAMPLE_U8;
}

OmniBandLevels *
omni_band_levels_new (GPtrArray *sources, OmniLevelsOf of, gboolean convert, GBytes *profile,
                      GCancellable *cancellable, GError **error)
{
  OmniSource *ms, *pan;
  if (!omni_sources_find_pansharpen (sources, &ms, &pan, error))
    return NULL;
  g_autoptr (OmniPicture) bands = load (ms, convert, profile, cancellable, error);
  if (bands == NULL)
    return NULL;
  g_autofree OmniBandLevels *levels = g_new0 (OmniBandLevels, 1);
  if (of == OMNI_LEVELS_OF_OWN || (of == OMNI_LEVELS_OF_FORMAT && !(has_bytes (ms) && has_bytes (pan))))
  {
    g_autoptr (OmniPicture) grey = load (pan, convert, profile, cancellable, error);
    if (grey == NULL)
      return NULL;
    for_each_sample (bands, widen, levels);
    for_each_sample (grey, widen, levels);
  }
  else
    levels->white = 1;
  for_each_sample (bands, count_sample, levels);
  return g_steal_pointer (&levels);
}
