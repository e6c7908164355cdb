/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A soak: random actions on a window for as long as OMNIFUSE_SOAK_SECONDS says (30 minutes if it says nothing).
 *
 * What the program holds depends on what was done last: plans and weights of a large network are most of it. So from time to time
 * the soak goes home (one picture, four sources, four small models fused in turn, which then fill the engine's caches), gives back
 * what malloc keeps, and notes what is left. It ends with 1 when that grew from the second third of the run to the last by more
 * than a tenth, or when the bytes on the device were not the same each time; critical warnings end it at once
 * (G_DEBUG=fatal-criticals). Versions and steps to undo are kept, 200 of each, so the first minutes grow.
 * OMNIFUSE_SOAK_SEED repeats a run. It is no part of ./check:
 *
 *   ninja -C build tests/ui/soak && cd build && G_DEBUG=fatal-criticals ../tests/ui/run-window-test.sh tests/ui/soak */
#include "tests/ui/window-fixture.h"

#include "ui/stage/stage-private.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define HOME_SECONDS    20
#define MOST_RETURNS    3
#define MAX_STEP_MS     400
#define ALLOWED_GROWTH  1.1
#define DEFAULT_SECONDS 1800

static GRand *dice;
static GArray *host_samples, *device_samples; /* guint64: bytes */

static int
roll (int n)
{
  return g_rand_int_range (dice, 0, n);
}

static guint64
get_resident_bytes (void)
{
  g_autofree char *text = NULL;
  guint64 size, resident = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &size, &resident);
  return resident * (guint64)sysconf (_SC_PAGESIZE);
}

/* Actions by name, as menus and keys start them. */
static const char *const actions[] = {
  "win.undo",           "win.redo",         "win.cancel",         "win.escape",        "win.fuse",
  "win.move-up",        "win.move-down",    "win.toggle-source",  "win.shuffle",       "win.shuffle",
  "win.flip",           "win.swap",         "win.zoom-in",        "win.zoom-out",      "win.zoom-fit",
  "win.zoom-full",      "win.side-by-side", "win.wipe",           "win.difference",    "win.blink",
  "win.metrics",        "win.inspector",    "win.version-older",  "win.version-newer", "win.stage",
  "win.region-visible", "win.align-frames", "win.unalign-frames",
};

static const char *const stage_actions[] = { "stage.shuffle", "stage.control", "stage.previous",
                                             "stage.next",    "stage.cancel",  "stage.map",
                                             "stage.break",   "stage.orders" };

static void
choose_model (OmniWindow *window)
{
  const OmniModel *const *models = omni_models_list ();
  guint n = 0;

  while (models[n] != NULL)
    n++;
  const OmniModel *model = models[roll ((int)n)];
  if (omni_document_offers_model (window->document, model))
    omni_document_set_model (window->document, model);
}

static void
change_set (OmniTestWindow *f)
{
  const guint n = omni_document_get_n_sources (f->window->document);

  if (n > 2 && roll (2) == 0)
  {
    g_autoptr (GPtrArray) one = g_ptr_array_new ();
    g_ptr_array_add (one, omni_document_get_source (f->window->document, (guint)roll ((int)n)));
    omni_document_remove (f->window->document, one);
  }
  else
    omni_window_open_paths (f->window, (const char *const *)f->paths);
}

static void
act (OmniTestWindow *f)
{
  OmniWindow *window = f->window;
  const int what = roll (20);

  if (what == 0)
    choose_model (window);
  else if (what == 1)
    change_set (f);
  else if (what == 2)
    gtk_list_box_select_row (window->filmstrip->list,
                             gtk_list_box_get_row_at_index (window->filmstrip->list, 0));
  else if (window->on_stage && what < 16)
    gtk_widget_activate_action (GTK_WIDGET (window->stage_view),
                                stage_actions[roll (G_N_ELEMENTS (stage_actions))], NULL);
  else
    gtk_widget_activate_action (GTK_WIDGET (window), actions[roll (G_N_ELEMENTS (actions))], NULL);
}

/* Going home */

static gboolean
has_all (gpointer data)
{
  return omni_document_get_n_sources (((OmniWindow *)data)->document) == N_SOURCES;
}

static void
leave_modes (OmniWindow *window)
{
  static const char *const switches[] = { "side-by-side", "wipe", "difference", "blink", "metrics" };

  if (window->on_stage)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.stage", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (switches); i++)
    g_action_group_change_action_state (G_ACTION_GROUP (window), switches[i], g_variant_new_boolean (FALSE));
}

/* As many as the engine keeps plans of. */
static guint64
go_home (OmniTestWindow *f)
{
  static const char *const models[] = { "max", "laplacian", "wavelet", "mean" };
  OmniDocument *document = f->window->document;

  leave_modes (f->window);
  if (!has_all (f->window))
    omni_window_open_paths (f->window, (const char *const *)f->paths);
  g_assert_true (omni_test_wait (has_all, f->window));
  for (guint i = 0; i < N_SOURCES; i++)
    omni_document_set_on (document, omni_document_get_source (document, i), TRUE);
  omni_engine_get_device_bytes (omni_document_get_engine (document)); /* waits for what was begun elsewhere */
  for (gsize i = 0; i < G_N_ELEMENTS (models); i++)
  {
    omni_document_set_model (document, omni_model_find (models[i]));
    g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  }
  return omni_engine_get_device_bytes (omni_document_get_engine (document));
}

static void
sample (OmniTestWindow *f, double seconds)
{
  guint64 device = go_home (f);

  /* A trial that was given up may have fused once more meanwhile: its plan is gone the next time, what leaks is not. */
  for (guint i = 0;
       i < MOST_RETURNS && device_samples->len > 0 && device != g_array_index (device_samples, guint64, 0);
       i++)
    device = go_home (f);
  malloc_trim (0);
  const guint64 host = get_resident_bytes ();
  g_test_message ("%5.0f s: resident %.1f MiB, in use %.1f, device %.2f, %u versions", seconds,
                  (double)host / (1 << 20), (double)mallinfo2 ().uordblks / (1 << 20),
                  (double)device / (1 << 20),
                  omni_versions_get_n (omni_document_get_versions (f->window->document)));
  g_array_append_val (host_samples, host);
  g_array_append_val (device_samples, device);
}

static double
mean_of_third (GArray *samples, guint third)
{
  const guint n = samples->len / 3;
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += (double)g_array_index (samples, guint64, third * n + i);
  return n > 0 ? sum / n : 0;
}

static void
test_soak (OmniTestWindow *f, gconstpointer data)
{
  const char *wanted = g_getenv ("OMNIFUSE_SOAK_SECONDS");
  const gint64 seconds = wanted != NULL ? g_ascii_strtoll (wanted, NULL, 10) : DEFAULT_SECONDS;
  const gint64 start_us = g_get_monotonic_time ();
  gint64 next_us = start_us;
  guint n_acts = 0;

  host_samples = g_array_new (FALSE, FALSE, sizeof (guint64));
  device_samples = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (gint64 now_us = start_us; now_us - start_us < seconds * G_USEC_PER_SEC;
       now_us = g_get_monotonic_time ())
  {
    act (f);
    n_acts++;
    omni_test_turn ((guint)roll (MAX_STEP_MS));
    if (now_us < next_us)
      continue;
    next_us = now_us + HOME_SECONDS * G_USEC_PER_SEC;
    sample (f, (double)(now_us - start_us) / G_USEC_PER_SEC);
  }
  const double host[] = { mean_of_third (host_samples, 1), mean_of_third (host_samples, 2) };
  g_test_message ("%u actions in %" G_GINT64_FORMAT " s; resident %.1f then %.1f MiB", n_acts, seconds,
                  host[0] / (1 << 20), host[1] / (1 << 20));
  g_assert_cmpfloat (host[1], <=, host[0] * ALLOWED_GROWTH);
  for (guint i = 1; i < device_samples->len; i++)
    g_assert_cmpuint (g_array_index (device_samples, guint64, i), ==,
                      g_array_index (device_samples, guint64, 0));
  g_array_unref (host_samples);
  g_array_unref (device_samples);
}

int
main (int argc, char **argv)
{
  const char *wanted = g_getenv ("OMNIFUSE_SOAK_SEED");
  const guint32 seed = wanted != NULL ? (guint32)g_ascii_strtoull (wanted, NULL, 10) : g_random_int ();
  gboolean can_fuse;

  g_test_init (&argc, &argv, NULL);
  OmniPointer *pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  g_print ("# OMNIFUSE_SOAK_SEED=%u\n", seed);
  dice = g_rand_new_with_seed (seed);
  omni_test_window_add ("/soak", test_soak);
  const int status = g_test_run ();
  g_rand_free (dice);
  omni_pointer_free (pointer);
  return status;
}
