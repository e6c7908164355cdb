/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How smoothly the viewer pans and zooms a picture of 24 MP, in a window of 1280 × 720: frames shown a second, and how long the
 * main loop was busy at most with one turn, in wall time and in time of its own. Needs a display: xvfb-run -a bench-viewer,
 * and then the name of a JPEG to see how soon it is there. */
#include "app/view/renderer.h"
#include "ui/viewer/viewer-private.h"

#include <adwaita.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#define PICTURE_WIDTH_PX  6000
#define PICTURE_HEIGHT_PX 4000
#define RUN_MS            4000

static double
get_ms (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static OmniSource *
make_source (void)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX, 3, OMNI_SAMPLE_U8,
                                                  &size_bytes, NULL);

  for (gsize i = 0; i < size_bytes; i++)
    pixels[i] = (guint8)((i * 2654435761u) >> 13);
  g_autoptr (OmniPicture)
    picture = omni_picture_new (PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX, 3, FALSE, OMNI_SAMPLE_U8,
                                g_bytes_new_take (pixels, size_bytes), NULL, NULL, NULL);
  return omni_source_new_for_picture (picture, "picture");
}

typedef struct
{
  OmniViewer *viewer;
  double scale;
  guint i, n_shown;
  OmniViewFrame *last;
} Motion;

static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Motion *motion = data;

  motion->i++;
  omni_viewer_pan_by (motion->viewer, motion->i / 40 % 2 == 0 ? 7 : -7, motion->i / 30 % 2 == 0 ? 3 : -3, 0,
                      0);
  if (motion->scale != 1 && motion->scale < 2)
    omni_viewer_zoom_about (motion->viewer, motion->scale * (1 + 0.1 * sin (motion->i * 0.1)), 300, 200);
  if (motion->viewer->frame != motion->last)
    motion->n_shown++;
  motion->last = motion->viewer->frame;
  return G_SOURCE_CONTINUE;
}

static void
run (OmniViewer *viewer, const char *what, double scale)
{
  Motion motion = { viewer, scale, 0, 0, NULL };
  const double start_ms = get_ms (CLOCK_MONOTONIC);
  double longest_ms = 0, longest_own_ms = 0, before_ms = start_ms, own_ms = get_ms (CLOCK_THREAD_CPUTIME_ID);
  OmniViewStats before, after;

  omni_viewer_set_zoom (viewer, scale);
  omni_view_renderer_get_stats (&before);
  const guint id = gtk_widget_add_tick_callback (GTK_WIDGET (viewer), tick_cb, &motion, NULL);
  while (before_ms < start_ms + RUN_MS)
  {
    g_main_context_iteration (NULL, FALSE);
    const double now_ms = get_ms (CLOCK_MONOTONIC), now_own_ms = get_ms (CLOCK_THREAD_CPUTIME_ID);
    longest_ms = MAX (longest_ms, now_ms - before_ms);
    longest_own_ms = MAX (longest_own_ms, now_own_ms - own_ms);
    before_ms = now_ms;
    own_ms = now_own_ms;
    g_usleep (300);
  }
  gtk_widget_remove_tick_callback (GTK_WIDGET (viewer), id);
  omni_view_renderer_get_stats (&after);
  printf ("%-14s %5.0f %%   %4.1f frames/s shown (%u %% on the device)   main loop: %5.1f ms at most, %5.1f "
          "of its own\n",
          what, scale * 100, motion.n_shown * 1000.0 / RUN_MS,
          (guint)(100 * (after.n_on_device - before.n_on_device) / MAX (after.n_frames - before.n_frames, 1)),
          longest_ms, longest_own_ms);
}

/* From the request to the first picture, and to all of it. */
static void
open_file (OmniViewer *viewer, const char *path)
{
  g_autoptr (OmniSource) source = omni_source_new (path, NULL);
  g_autoptr (OmniSubject) subject = omni_subject_new_source (source, "file");
  const double start_ms = get_ms (CLOCK_MONOTONIC);
  double first_ms = 0;

  omni_viewer_clear (viewer);
  omni_viewer_set_subject (viewer, 0, subject);
  while (viewer->panes[0].loading != NULL || !omni_viewer_is_current (viewer))
  {
    g_main_context_iteration (NULL, TRUE);
    if (first_ms == 0 && viewer->panes[0].mipmap != NULL && omni_viewer_is_current (viewer))
      first_ms = get_ms (CLOCK_MONOTONIC) - start_ms;
  }
  printf ("%s: first picture after %.0f ms, whole after %.0f ms\n", path, first_ms,
          get_ms (CLOCK_MONOTONIC) - start_ms);
}

int
main (int argc, char **argv)
{
  gtk_init ();
  GtkWidget *window = gtk_window_new ();
  OmniViewer *viewer = g_object_new (OMNI_TYPE_VIEWER, NULL);
  g_autoptr (OmniSource) source = make_source ();
  g_autoptr (OmniSubject) first = omni_subject_new_source (source, "first");
  g_autoptr (OmniSource) other = make_source ();
  g_autoptr (OmniSubject) second = omni_subject_new_source (other, "second");

  gtk_widget_set_size_request (GTK_WIDGET (viewer), 1280, 720);
  gtk_window_set_child (GTK_WINDOW (window), GTK_WIDGET (viewer));
  gtk_window_present (GTK_WINDOW (window));
  omni_viewer_set_subject (viewer, 0, first);
  omni_viewer_set_subject (viewer, 1, second);
  while (viewer->panes[1].mipmap == NULL || viewer->panes[0].mipmap == NULL
         || !omni_viewer_is_current (viewer))
    g_main_context_iteration (NULL, TRUE);
  run (viewer, "one picture", 0.25);
  run (viewer, "one picture", 1);
  run (viewer, "one picture", 4);
  omni_viewer_set_mode (viewer, OMNI_VIEWER_SIDE_BY_SIDE);
  run (viewer, "side by side", 0.25);
  omni_viewer_set_mode (viewer, OMNI_VIEWER_WIPE);
  run (viewer, "wipe", 0.25);
  omni_viewer_set_mode (viewer, OMNI_VIEWER_DIFFERENCE);
  run (viewer, "difference", 0.25);
  omni_viewer_set_mode (viewer, OMNI_VIEWER_SINGLE);
  run (viewer, "with values", 48);
  for (int i = 1; i < argc; i++)
    open_file (viewer, argv[i]);
  gtk_window_destroy (GTK_WINDOW (window));
  return 0;
}
