/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"

void
omni_scales_clear (OmniScales *scales)
{
  for (guint i = 0; i < OMNI_MAX_SCALES; i++)
  {
    OmniScale *level = &scales->levels[i];
    for (guint k = 0; level->planes != NULL && k < level->n_planes; k++)
      g_free ((gpointer)level->planes[k].values);
    g_clear_pointer (&level->planes, g_free);
    g_clear_pointer (&level->mask, g_free);
  }
}

gboolean
omni_scale_alloc (OmniScale *level, guint n_planes, guint width, guint height, gboolean masked, char **reason)
{
  const gsize n = (gsize)width * height;
  gboolean done = TRUE;
  level->n_planes = n_planes;
  level->planes = g_new0 (OmniPlane, n_planes);
  for (guint k = 0; k < n_planes; k++)
  {
    double *values = g_try_malloc_n (n, sizeof *values);
    level->planes[k] = (OmniPlane){ .width = width, .height = height, .values = values };
    done = done && values != NULL;
  }
  level->mask = masked ? g_try_malloc (n) : NULL;
  done = done && (!masked || level->mask != NULL);
  return done || omni_metric_refuse (reason, OMNI_METRIC_NO_MEMORY);
}
