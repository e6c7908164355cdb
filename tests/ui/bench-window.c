/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the main loop of the whole window is busy at most with one turn, for what a person does with it: bench-window FILES…
 * (twelve pictures of 6 MP when there are none). Two times each: by the clock, which counts what other programs took, and of the
 * processor, which is the window's own. Needs a display: run-window-test.sh PROGRAM FILES…
 *
 * With OMNIFUSE_BENCH_TRACE=1 it says where the loop is each time a turn took 5 ms more. */
#include "tests/ui/window-fixture.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS  16
#define N_OWN     12
#define STEP_MS   1500
#define TRACE_MS  5 /* of its own time without waiting: where it is then */
#define TRACE_MAX 48

/* Turns: from one poll to the next. */
static struct
{
  double start_ms, start_own_ms, longest_ms, longest_own_ms;
  guint n_turns, n_long;
} turns;

static pthread_t main_thread;
static int turn; /* counts them; read by the watcher */

static double
get_ms (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static int
poll_cb (GPollFD *fds, guint n_fds, int timeout_ms)
{
  const double ms = get_ms (CLOCK_MONOTONIC) - turns.start_ms;
  const double own_ms = get_ms (CLOCK_THREAD_CPUTIME_ID) - turns.start_own_ms;

  turns.n_turns++;
  turns.n_long += own_ms > LIMIT_MS;
  turns.longest_ms = MAX (turns.longest_ms, ms);
  turns.longest_own_ms = MAX (turns.longest_own_ms, own_ms);
  if (own_ms > LIMIT_MS && main_thread != 0)
    g_printerr ("=> a turn of %.1f ms\n", own_ms);
  const int n = g_poll (fds, n_fds, timeout_ms);
  g_atomic_int_inc (&turn);
  turns.start_ms = get_ms (CLOCK_MONOTONIC);
  turns.start_own_ms = get_ms (CLOCK_THREAD_CPUTIME_ID);
  return n;
}

/* Where it is */

static void
trace_cb (int number)
{
  void *frames[TRACE_MAX];
  const int n = backtrace (frames, TRACE_MAX);

  backtrace_symbols_fd (frames, n, STDERR_FILENO);
}

static gpointer
watch (gpointer data)
{
  double start_ms = 0; /* of its own time, when its turn began or when it was last traced */
  int last = -1;
  clockid_t clock;

  pthread_getcpuclockid (main_thread, &clock);
  for (;;)
  {
    g_usleep (1000);
    const double own_ms = get_ms (clock);
    const int now = g_atomic_int_get (&turn);
    if (now != last)
      start_ms = own_ms;
    last = now;
    if (own_ms - start_ms < TRACE_MS)
      continue;
    start_ms = own_ms;
    g_printerr ("---\n");
    pthread_kill (main_thread, SIGUSR1);
  }
  return NULL;
}

static void
start_watching (void)
{
  if (g_getenv ("OMNIFUSE_BENCH_TRACE") == NULL)
    return;
  void *frame;
  backtrace (&frame, 1); /* loads what it needs before the first signal */
  main_thread = pthread_self ();
  signal (SIGUSR1, trace_cb);
  g_thread_unref (g_thread_new ("watch", watch, NULL));
}

/* What a person does */

static void
start (const char *what)
{
  g_printerr ("=== %s\n", what);
  turns.longest_ms = turns.longest_own_ms = 0;
  turns.n_turns = turns.n_long = 0;
  turns.start_ms = get_ms (CLOCK_MONOTONIC);
  turns.start_own_ms = get_ms (CLOCK_THREAD_CPUTIME_ID);
}

static void
report (const char *what)
{
  printf ("%-24s %5u turns, %3u above %d ms; longest %6.1f ms, %6.1f of its own\n", what, turns.n_turns,
          turns.n_long, LIMIT_MS, turns.longest_ms, turns.longest_own_ms);
  fflush (stdout);
}

/* `n` times, a while apart, and then until it is quiet. */
static void
measure (OmniWindow *window, const char *what, const char *action, guint n)
{
  start (what);
  for (guint i = 0; i < n; i++)
  {
    gtk_widget_activate_action (GTK_WIDGET (window), action, NULL);
    omni_test_turn (STEP_MS / MAX (n, 2));
  }
  omni_test_wait (omni_test_has_settled, window);
  omni_test_turn (STEP_MS);
  report (what);
}

static void
measure_scrolling (OmniWindow *window)
{
  GtkAdjustment *place = gtk_scrolled_window_get_vadjustment (
    GTK_SCROLLED_WINDOW (window->filmstrip->scroller));
  const double height = gtk_adjustment_get_upper (place) - gtk_adjustment_get_page_size (place);

  start ("scroll the filmstrip");
  for (guint i = 0; i <= 60; i++)
  {
    gtk_adjustment_set_value (place, height * (i <= 30 ? i : 60 - i) / 30);
    omni_test_turn (30);
  }
  report ("scroll the filmstrip");
}

static void
measure_showing (OmniWindow *window)
{
  const guint n = MIN (omni_document_get_n_sources (window->document), 8);

  start ("show one by one");
  for (guint i = 0; i < n; i++)
  {
    omni_window_show_source (window, omni_document_get_source (window->document, i));
    omni_test_turn (STEP_MS / 4);
  }
  omni_window_show_source (window, omni_document_get_source (window->document, n - 1));
  omni_test_turn (STEP_MS);
  report ("show one by one");
}

static gboolean
has_all_values (gpointer data)
{
  g_autofree char *text = omni_inspector_get_text (((OmniWindow *)data)->inspector);

  return strstr (text, "…") == NULL;
}

/* From one corner of the picture to the other, with a rest at either end until every value is there. */
static void
measure_pointing (OmniWindow *window)
{
  OmniSource *source = omni_document_get_source (window->document, 0);

  gtk_widget_activate_action (GTK_WIDGET (window), "win.inspector", NULL);
  omni_test_turn (STEP_MS);
  for (guint round = 0; round < 3; round++)
  {
    start ("point at pixels");
    const gint64 start_us = g_get_monotonic_time ();
    for (guint i = 1; i <= 60; i++)
    {
      const double place = 0.1 + 0.8 * (round % 2 == 0 ? i : 60 - i) / 60;
      omni_inspector_point (window->inspector, place, place, omni_source_get_width (source),
                            omni_source_get_height (source));
      omni_test_turn (10);
    }
    omni_test_wait (has_all_values, window);
    printf ("all values after %.0f ms\n", (double)(g_get_monotonic_time () - start_us) / 1000);
    report ("point at pixels");
  }
  start ("close the inspector");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.inspector", NULL);
  omni_test_turn (STEP_MS);
  report ("close the inspector");
}

static gboolean
has_cards (gpointer data)
{
  OmniWindow *window = data;

  return omni_document_get_n_sources (window->document) > 0
         && gtk_widget_get_mapped (GTK_WIDGET (window->filmstrip));
}

static OmniWindow *
open_files (char **paths, guint n)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  GApplication *application = g_application_get_default ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (files, g_file_new_for_path (paths[i]));
  start ("open");
  const gint64 start_us = g_get_monotonic_time ();
  g_application_open (application, (GFile **)files->pdata, (int)files->len, "");
  OmniWindow *window = OMNI_WINDOW (gtk_application_get_active_window (GTK_APPLICATION (application)));
  omni_test_wait (has_cards, window);
  while (omni_viewer_is_empty (window->viewer) || !omni_viewer_is_current (window->viewer))
    g_main_context_iteration (NULL, TRUE);
  /* The loop is what is measured: a network would keep it waiting for minutes between the steps. */
  omni_document_set_model (window->document, omni_model_find ("mean"));
  printf ("first view after %.0f ms\n", (double)(g_get_monotonic_time () - start_us) / 1000);
  report ("open");
  start ("thumbnails and fusion");
  omni_test_wait (omni_test_has_settled, window);
  omni_test_turn (STEP_MS);
  report ("thumbnails and fusion");
  return window;
}

static void
run (char **paths, guint n)
{
  OmniWindow *window = open_files (paths, n);

  measure_scrolling (window);
  measure_showing (window);
  measure (window, "zoom", "win.zoom-in", 6);
  measure (window, "zoom to fit", "win.zoom-fit", 1);
  measure (window, "side by side", "win.side-by-side", 1);
  measure (window, "wipe", "win.wipe", 1);
  measure (window, "difference", "win.difference", 1);
  measure (window, "one picture", "win.difference", 1);
  measure (window, "shuffle", "win.shuffle", 3);
  measure (window, "undo", "win.undo", 3);
  measure (window, "inspector", "win.inspector", 2);
  measure_pointing (window);
  measure (window, "scores", "win.metrics", 2);
  measure (window, "order check", "win.stage", 2);
  gtk_window_destroy (GTK_WINDOW (window));
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  gboolean can_fuse;
  OmniPointer *pointer = omni_test_window_start (&can_fuse);

  if (pointer == NULL)
    return 0;
  for (int i = 1; i < argc; i++)
    g_ptr_array_add (paths, g_strdup (argv[i]));
  if (paths->len == 0)
    folder = omni_test_make_folder ();
  for (guint i = 0; folder != NULL && i < N_OWN; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_ptr_array_add (paths, omni_test_write_picture (folder, name, 3000, 2000, 40 + 15 * i));
  }
  g_main_context_set_poll_func (NULL, poll_cb);
  start_watching ();
  run ((char **)paths->pdata, paths->len);
  if (folder != NULL)
    omni_test_remove_folder (g_steal_pointer (&folder));
  omni_pointer_free (pointer);
  return 0;
}
