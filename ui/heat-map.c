/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/heat-map.h"

#include "app/view/colour-map.h"

guint32
omni_heat_map_get (guint level)
{
  return omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[level];
}
