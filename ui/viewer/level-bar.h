/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/colour-map.h"
#include "app/view/mipmap.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The labelled colour bar of a picture: what is black, middle and white, window and level in the picture's own numbers, whether
 * they were fitted to its values, and buttons that fit or reset them (the actions win.fit-level and win.reset-level). */
#define OMNI_TYPE_LEVEL_BAR (omni_level_bar_get_type ())
G_DECLARE_FINAL_TYPE (OmniLevelBar, omni_level_bar, OMNI, LEVEL_BAR, AdwBin)

typedef enum
{
  OMNI_LEVEL_SET,     /* by somebody */
  OMNI_LEVEL_FITTED,  /* to the values */
  OMNI_LEVEL_UNFITTED /* set, and the values would be fitted otherwise */
} OmniLevelKind;

/* `mipmap` (nullable) says how numbers are written. */
void omni_level_bar_show (OmniLevelBar *self, OmniMipmap *mipmap, double low, double high, OmniLevelKind kind,
                          OmniColourMap map);

G_END_DECLS
