/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"

#include "vk/large-pages.h"

#include <stdlib.h>

/* A page of the larger kind, and from where on it is worth to ask for such. */
#define PAGE_BYTES  (2 * 1024 * 1024)
#define LARGE_BYTES (2 * PAGE_BYTES)

void
omni_scales_clear (OmniScales *scales)
{
  for (guint i = 0; i < OMNI_MAX_SCALES; i++)
  {
    OmniScale *level = &scales->levels[i];
    for (guint k = 0; level->planes != NULL && k < level->n_planes; k++)
    {
      g_free ((gpointer)level->planes[k].values);
      g_free ((gpointer)level->planes[k].words);
    }
    g_clear_pointer (&level->planes, g_free);
    g_clear_pointer (&level->mask, g_free);
  }
}

gpointer
omni_plane_try_alloc (gsize n, gsize size_bytes)
{
  gpointer block = NULL;
  gsize total;
  if (!g_size_checked_mul (&total, MAX (n, 1), size_bytes))
    return NULL;
  if (total < LARGE_BYTES)
    return g_try_malloc (total);
  if (posix_memalign (&block, PAGE_BYTES, total) != 0)
    return NULL;
  omni_advise_large_pages (block, total);
  return block;
}

gboolean
omni_scale_alloc (OmniScale *level, guint n_planes, guint width, guint height, gboolean words,
                  gboolean masked, char **reason)
{
  const gsize n = (gsize)width * height;
  gboolean done = TRUE;
  level->n_planes = n_planes;
  level->planes = g_new0 (OmniPlane, n_planes);
  for (guint k = 0; k < n_planes; k++)
  {
    gpointer block = omni_plane_try_alloc (n, words ? sizeof (guint16) : sizeof (double));
    level->planes[k] = (OmniPlane){
      .width = width, .height = height, .words = words ? block : NULL, .values = words ? NULL : block
    };
    done = done && block != NULL;
  }
  level->mask = masked ? omni_plane_try_alloc (n, 1) : NULL;
  done = done && (!masked || level->mask != NULL);
  return done || omni_metric_refuse (reason, OMNI_METRIC_NO_MEMORY);
}
