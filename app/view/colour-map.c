/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/view/colour-map.h"

#include <glib/gi18n.h>

#define N_LEVELS OMNI_COLOUR_MAP_LEVELS
#define DEGREE   6
#define N_STOPS  10

/* Matplotlib's Inferno (CC0) as a polynomial in t of 0 … 1 (fit by M. Zucker, CC0); off by less than 0.02. */
static const double inferno[3][DEGREE + 1] = {
  { 0.00021894037, 0.1065134195, 11.60249308, -41.70399613, 77.162935699, -71.319428245, 25.131126225 },
  { 0.00165100463, 0.5639564368, -3.972853966, 17.436398882, -33.402358942, 32.626064264, -12.242668952 },
  { -0.01948089844, 3.932712389, -15.942394106, 44.354145199, -81.807309257, 73.209519858, -23.070325003 },
};

/* Matplotlib's Cividis (CC0) at even steps. */
static const guint8 cividis[N_STOPS][3] = {
  { 0, 34, 78 },     { 18, 53, 112 },   { 59, 73, 108 },   { 87, 93, 109 },  { 112, 113, 115 },
  { 138, 134, 120 }, { 165, 156, 116 }, { 195, 179, 105 }, { 225, 204, 85 }, { 254, 232, 56 },
};

static const struct
{
  const char *name, *title;
} maps[OMNI_N_COLOUR_MAPS] = {
  [OMNI_COLOUR_MAP_GREY] = { "grey", N_ ("Grey") },
  [OMNI_COLOUR_MAP_INFERNO] = { "inferno", N_ ("Inferno") },
  [OMNI_COLOUR_MAP_HOT_IRON] = { "hot-iron", N_ ("Hot Iron") },
  [OMNI_COLOUR_MAP_CIVIDIS] = { "cividis", N_ ("Cividis") },
};

static guint32
compute_inferno (double t)
{
  guint32 pixel = 0xff;

  for (guint c = 0; c < 3; c++)
  {
    double value = inferno[c][DEGREE];
    for (int k = DEGREE - 1; k >= 0; k--)
      value = value * t + inferno[c][k];
    pixel = pixel << 8 | (guint32)(CLAMP (value, 0, 1) * 255 + 0.5);
  }
  return pixel;
}

static guint32
compute_cividis (double t)
{
  const double place = t * (N_STOPS - 1);
  const guint before = MIN ((guint)place, N_STOPS - 2);
  guint32 pixel = 0xff;

  for (guint c = 0; c < 3; c++)
  {
    const double from = cividis[before][c], to = cividis[before + 1][c];
    pixel = pixel << 8 | (guint32)(from + (to - from) * (place - before) + 0.5);
  }
  return pixel;
}

static guint32
compute (OmniColourMap map, guint level)
{
  switch (map)
  {
  case OMNI_COLOUR_MAP_INFERNO:
    return compute_inferno (level / (double)(N_LEVELS - 1));
  case OMNI_COLOUR_MAP_HOT_IRON:
    return 0xff000000u | MIN (level * 2, 255) << 16
           | (level < 128 ? 0 : MIN ((level - 128) * 2 + level / 255, 255)) << 8
           | (level < 192 ? 0 : MIN ((level - 192) * 4 + level / 255 * 3, 255));
  case OMNI_COLOUR_MAP_CIVIDIS:
    return compute_cividis (level / (double)(N_LEVELS - 1));
  case OMNI_COLOUR_MAP_GREY:
  case OMNI_N_COLOUR_MAPS:
  default:
    return 0xff000000u | level << 16 | level << 8 | level;
  }
}

const guint32 *
omni_colour_map_get (OmniColourMap map)
{
  static guint32 colours[OMNI_N_COLOUR_MAPS][N_LEVELS];
  static gsize done;

  if (g_once_init_enter (&done))
  {
    for (OmniColourMap each = 0; each < OMNI_N_COLOUR_MAPS; each++)
      for (guint level = 0; level < N_LEVELS; level++)
        colours[each][level] = compute (each, level);
    g_once_init_leave (&done, 1);
  }
  g_return_val_if_fail (map < OMNI_N_COLOUR_MAPS, colours[0]);
  return colours[map];
}

const char *
omni_colour_map_get_title (OmniColourMap map)
{
  return maps[map].title;
}

const char *
omni_colour_map_to_string (OmniColourMap map)
{
  return maps[map].name;
}
