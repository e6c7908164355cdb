/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/wald.h"

#include "app/picture/degrade.h"
#include "app/fusion/fusion-private.h"

void
omni_wald_clear (OmniWald *wald)
{
  g_clear_object (&wald->ms);
  g_clear_object (&wald->pan);
  g_clear_object (&wald->coarse_ms);
  g_clear_object (&wald->coarse_pan);
  g_clear_pointer (&wald->coarse_sources, g_ptr_array_unref);
}

gboolean
omni_wald_init (OmniWald *wald, GPtrArray *sources, GCancellable *cancellable, GError **error)
{
  OmniSource *ms, *pan;
  if (!omni_sources_find_pansharpen (sources, &ms, &pan, error))
    return FALSE;
  wald->ms = omni_source_load (ms, cancellable, error);
  wald->pan = wald->ms != NULL ? omni_source_load (pan, cancellable, error) : NULL;
  return wald->pan != NULL;
}

static void
add_source (OmniWald *wald, OmniPicture *picture, const char *name, OmniRole role)
{
  OmniSource *source = omni_source_new_for_picture (picture, name);
  omni_source_set_role (source, role);
  g_ptr_array_add (wald->coarse_sources, source);
}

gboolean
omni_wald_degrade (OmniWald *wald, GCancellable *cancellable, GError **error)
{
  const guint width = omni_picture_get_width (wald->ms), height = omni_picture_get_height (wald->ms);
  const guint ratio = omni_picture_get_width (wald->pan) / width;
  if (wald->coarse_sources != NULL)
    return TRUE;
  if (ratio < 2 || omni_picture_get_width (wald->pan) != width * ratio
      || omni_picture_get_height (wald->pan) != height * ratio || width % ratio != 0 || height % ratio != 0)
  {
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "The multispectral picture of %u × %u pixels cannot be made coarser by the ratio to the panchromatic "
      "one of %u × %u; crop both to whole multiples.",
      width, height, omni_picture_get_width (wald->pan), omni_picture_get_height (wald->pan));
    return FALSE;
  }
  wald->coarse_ms = omni_picture_degrade (wald->ms, width / ratio, height / ratio, OMNI_DEGRADE_GAIN_MS,
                                          cancellable, error);
  wald->coarse_pan = wald->coarse_ms != NULL ? omni_picture_degrade (
                       wald->pan, width, height, OMNI_DEGRADE_GAIN_PAN, cancellable, error)
                                             : NULL;
  if (wald->coarse_pan == NULL)
    return FALSE;
  wald->coarse_sources = g_ptr_array_new_with_free_func (g_object_unref);
  add_source (wald, wald->coarse_ms, "ms", OMNI_ROLE_MULTISPECTRAL);
  add_source (wald, wald->coarse_pan, "pan", OMNI_ROLE_PANCHROMATIC);
  return TRUE;
}
