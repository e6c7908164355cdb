/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long frames of a picture of 24 MP take: bench-view [WIDTH HEIGHT [busy]], on the device and without it. With "busy" the
 * engine fuses three pictures meanwhile. */
#include "app/fusion/engine.h"
#include "app/view/device.h"
#include "models/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PICTURE_WIDTH_PX  6000
#define PICTURE_HEIGHT_PX 4000
#define N_FRAMES          40

static OmniPicture *
make_picture (guint width, guint height, guint seed)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 3, OMNI_SAMPLE_U8, &size_bytes, NULL);

  for (gsize i = 0; i < size_bytes; i++)
    pixels[i] = (guint8)((i * 2654435761u + seed) >> 13);
  return omni_picture_new (width, height, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, size_bytes),
                           NULL, NULL, NULL);
}

/* Frame `i` of a pan and slow zoom about `scale`. */
static OmniViewFrame *
make_frame (OmniMipmap *mipmaps[2], OmniViewKind kind, int width, int height, double scale, guint i)
{
  OmniViewFrame *frame = omni_view_frame_new (width, height);
  OmniViewItem *item = omni_view_frame_add (frame, kind, 0, 0, width, height);
  const double zoom = scale * (scale == 1 || scale >= 2 ? 1 : 1 + 0.002 * i);

  for (guint k = 0; k < 2; k++)
    omni_view_item_set_layer (item, k, mipmaps[k], MIN ((width - PICTURE_WIDTH_PX * zoom) / 2, 0) + 3.0 * i,
                              MIN ((height - PICTURE_HEIGHT_PX * zoom) / 2, 0) - 2.0 * i, zoom);
  item->line_x = width / 2;
  return frame;
}

/* Of all threads: what a frame costs, whatever else the machine does. */
static double
get_cpu_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static int
compare_ms (gconstpointer a, gconstpointer b)
{
  const double difference = *(const double *)a - *(const double *)b;

  return difference < 0 ? -1 : difference > 0;
}

static void
measure (OmniViewDevice *device, OmniMipmap *mipmaps[2], OmniViewKind kind, int width, int height,
         double scale)
{
  static const char *const kinds[] = { "picture", "wipe", "difference" };
  g_autofree guint32 *pixels = g_new (guint32, (gsize)width * (gsize)height);
  double ms[N_FRAMES], first_ms = 0, cpu_ms = 0;

  for (guint i = 0; i <= N_FRAMES; i++)
  {
    g_autoptr (OmniViewFrame) frame = make_frame (mipmaps, kind, width, height, scale, i);
    g_autoptr (GError) error = NULL;
    const gint64 start_us = g_get_monotonic_time ();
    if (device == NULL)
      omni_view_frame_render (frame, pixels);
    else if (!omni_view_device_render (device, frame, pixels, &error))
      g_printerr ("%s\n", error->message);
    const double took_ms = (double)(g_get_monotonic_time () - start_us) / 1000;
    if (i == 0)
    {
      first_ms = took_ms;
      cpu_ms = get_cpu_ms ();
    }
    else
      ms[i - 1] = took_ms;
  }
  cpu_ms = (get_cpu_ms () - cpu_ms) / N_FRAMES;
  qsort (ms, N_FRAMES, sizeof *ms, compare_ms);
  printf ("%-8s %-10s %6.0f %%   first %6.1f ms   median %5.1f ms   worst %5.1f ms   %4.0f frames/s   "
          "processors %5.1f ms\n",
          device != NULL ? "device" : "plain C", kinds[kind], scale * 100, first_ms, ms[N_FRAMES / 2],
          ms[N_FRAMES - 1], 1000 / ms[N_FRAMES / 2], cpu_ms);
}

/* A fusion in the background */

static gboolean ends;

static gpointer
fuse (gpointer data)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 3; i++)
  {
    g_autoptr (OmniPicture) picture = make_picture (1500, 1000, i * 77);
    g_ptr_array_add (sources, omni_source_new_for_picture (picture, "picture"));
  }
  while (!g_atomic_int_get (&ends))
  {
    g_autoptr (GError) error = NULL;
    const OmniFusionRequest request = { .sources = sources, .model = omni_model_find ("ifani") };
    const gint64 start_us = g_get_monotonic_time ();
    g_autoptr (OmniFusionResult) result = omni_engine_fuse (engine, &request, NULL, NULL, NULL, &error);
    printf ("fused in %.0f ms%s%s\n", (double)(g_get_monotonic_time () - start_us) / 1000,
            error != NULL ? ": " : "", error != NULL ? error->message : "");
    if (result == NULL)
      break;
  }
  return NULL;
}

int
main (int argc, char **argv)
{
  static const double scales[] = { 0.2, 0.35, 1, 1.5, 8 };
  const int width = argc > 2 ? atoi (argv[1]) : 1280, height = argc > 2 ? atoi (argv[2]) : 720;
  const gboolean busy = argc > 3;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniViewDevice) device = omni_view_device_new (NULL, &error);
  GThread *thread = busy ? g_thread_new ("fusing", fuse, NULL) : NULL;
  OmniMipmap *mipmaps[2];

  if (device == NULL)
    g_printerr ("%s\n", error->message);
  for (guint k = 0; k < 2; k++)
  {
    g_autoptr (OmniPicture) picture = make_picture (PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX, k);
    const gint64 start_us = g_get_monotonic_time ();
    mipmaps[k] = omni_mipmap_new (picture, NULL, NULL);
    printf ("halved versions of 24 MP: %.0f ms\n", (double)(g_get_monotonic_time () - start_us) / 1000);
  }
  for (guint pass = device != NULL ? 0 : 1; pass < 2; pass++)
    for (guint i = 0; i < G_N_ELEMENTS (scales); i++)
      measure (pass == 0 ? device : NULL, mipmaps, OMNI_VIEW_PICTURE, width, height, scales[i]);
  for (OmniViewKind kind = OMNI_VIEW_WIPE; kind <= OMNI_VIEW_DIFFERENCE; kind++)
    for (guint pass = device != NULL ? 0 : 1; pass < 2; pass++)
      measure (pass == 0 ? device : NULL, mipmaps, kind, width, height, 0.35);
  g_atomic_int_set (&ends, TRUE);
  if (thread != NULL)
    g_thread_join (thread);
  for (guint k = 0; k < 2; k++)
    omni_mipmap_unref (mipmaps[k]);
  return 0;
}
