/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/heat-map.h"

#define N_LEVELS 256
#define DEGREE   6

/* Matplotlib's Inferno (CC0) as a polynomial in t of 0 … 1 (fit by M. Zucker, CC0); off by less than 0.02. */
static const double inferno[3][DEGREE + 1] = {
  { 0.00021894037, 0.1065134195, 11.60249308, -41.70399613, 77.162935699, -71.319428245, 25.131126225 },
  { 0.00165100463, 0.5639564368, -3.972853966, 17.436398882, -33.402358942, 32.626064264, -12.242668952 },
  { -0.01948089844, 3.932712389, -15.942394106, 44.354145199, -81.807309257, 73.209519858, -23.070325003 },
};

guint32
omni_heat_map_get (guint level)
{
  const double t = level / (double)(N_LEVELS - 1);
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

static inline guint
differ (guint32 a, guint32 b, guint shift)
{
  return (guint)ABS ((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff));
}

void
omni_heat_map_difference (const guint32 *a, const guint32 *b, guint32 *out, gsize n, double gain)
{
  guint32 colours[N_LEVELS];

  /* One entry for each difference there can be. */
  for (guint i = 0; i < N_LEVELS; i++)
    colours[i] = omni_heat_map_get ((guint)MIN (i * gain + 0.5, N_LEVELS - 1));
  for (gsize i = 0; i < n; i++)
    out[i] = colours[MAX (differ (a[i], b[i], 0), MAX (differ (a[i], b[i], 8), differ (a[i], b[i], 16)))];
}
