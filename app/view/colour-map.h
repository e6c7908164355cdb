/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Colours for amounts, from dark to bright, so that more looks like more in grey, too. Pixels are words ARGB, opaque. */
typedef enum
{
  OMNI_COLOUR_MAP_GREY,
  OMNI_COLOUR_MAP_INFERNO, /* black over red to pale yellow: even steps look even, also to the colour-blind */
  OMNI_COLOUR_MAP_HOT_IRON, /* as in nuclear medicine: DICOM PS3.6, B.1.1 */
  OMNI_COLOUR_MAP_CIVIDIS, /* blue to yellow: made to look the same to the colour-blind (Nuñez et al. 2018) */
  OMNI_N_COLOUR_MAPS
} OmniColourMap;

#define OMNI_COLOUR_MAP_LEVELS 256

/* The name for people, to be translated. */
const char *omni_colour_map_get_title (OmniColourMap map);

/* "grey", "inferno", "hot-iron", "cividis". */
const char *omni_colour_map_to_string (OmniColourMap map);

/* (transfer none) OMNI_COLOUR_MAP_LEVELS pixels. Any thread. */
const guint32 *omni_colour_map_get (OmniColourMap map);

G_END_DECLS
