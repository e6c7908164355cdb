/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How soon the device is free again after a cancel, for what can be cancelled: bench-cancel FILES…, no display needed. Each is
 * cancelled at several moments; two times for each, the call itself (the window says that it stopped) and until the engine takes
 * the next job. Other programs count, for it is the time by the clock. */
#include "app/comparison/comparison.h"
#include "app/document/gather.h"
#include "app/order/trial.h"
#include "app/view/mipmap.h"
#include "tests/ui/fixture.h"

#include <stdio.h>

#define DEFAULT_MODEL "omni"

static const guint moments_ms[] = { 150, 400, 800, 1500, 2500, 4000 };

typedef struct
{
  OmniDocument *document;
  OmniEngine *engine;
  OmniComparison *comparison;
  OmniOrderTrial *trial;
} Bench;

static double
get_ms (void)
{
  return (double)g_get_monotonic_time () / 1000;
}

static void
fuse (Bench *b)
{
  omni_document_fuse (b->document);
}

static void
refine (Bench *b)
{
  omni_document_refine (b->document, 30);
}

static void
try_orders (Bench *b)
{
  g_autoptr (OmniFusionRequest) request = omni_document_dup_request (b->document);
  const guint n = request->sources->len;
  g_autofree guint *order = g_new (guint, n);

  b->trial = omni_order_trial_new (b->engine, request, FALSE);
  for (guint k = 0; k < 2 * n; k++)
  {
    for (guint i = 0; i < n; i++)
      order[i] = (i + k) % n;
    omni_order_trial_add (b->trial, order);
  }
}

static void
compare (Bench *b)
{
  omni_comparison_run_all (b->comparison);
}

static gboolean
is_busy (Bench *b)
{
  return omni_document_is_busy (b->document) || omni_comparison_is_busy (b->comparison)
         || (b->trial != NULL && omni_order_trial_get_n_waiting (b->trial) > 0);
}

static void
cancel (Bench *b)
{
  omni_document_cancel (b->document);
  omni_comparison_cancel (b->comparison);
  if (b->trial != NULL)
    omni_order_trial_cancel (b->trial);
}

static void
measure (Bench *b, const char *what, void (*start) (Bench *))
{
  double most_call_ms = 0, most_free_ms = 0;
  guint n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (moments_ms); i++)
  {
    start (b);
    omni_test_turn (moments_ms[i]);
    if (!is_busy (b))
      break;
    const double start_ms = get_ms ();
    cancel (b);
    const double called_ms = get_ms ();
    omni_engine_get_device_bytes (b->engine); /* waits its turn */
    const double free_ms = get_ms ();
    printf ("%-14s after %4u ms: call %5.1f ms, engine free after %6.1f ms\n", what, moments_ms[i],
            called_ms - start_ms, free_ms - start_ms);
    fflush (stdout);
    most_call_ms = MAX (most_call_ms, called_ms - start_ms);
    most_free_ms = MAX (most_free_ms, free_ms - start_ms);
    n++;
    g_clear_object (&b->trial);
    omni_test_turn (200);
  }
  printf ("%-14s %u cancels, at most: call %.1f ms, engine free after %.1f ms\n", what, n, most_call_ms,
          most_free_ms);
}

/* Reading for the viewer: whole pictures, in a thread. */

typedef struct
{
  OmniSource *source;
  GCancellable *cancellable;
  double end_ms;
} Reading;

static gpointer
read_in_thread (gpointer data)
{
  Reading *reading = data;
  g_autoptr (OmniPicture) picture = omni_source_load (reading->source, reading->cancellable, NULL);
  g_autoptr (OmniMipmap) mipmap = picture != NULL ? omni_mipmap_new (picture, reading->cancellable, NULL)
                                                  : NULL;

  reading->end_ms = get_ms ();
  return NULL;
}

static void
measure_reading (Bench *b)
{
  double most_ms = 0;

  for (guint i = 0; i < 6; i++)
  {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    Reading reading = { omni_document_get_source (b->document, 0), cancellable, 0 };
    GThread *thread = g_thread_new ("reading", read_in_thread, &reading);
    g_usleep (10000 + 20000 * i);
    const double start_ms = get_ms ();
    g_cancellable_cancel (cancellable);
    g_thread_join (thread);
    most_ms = MAX (most_ms, reading.end_ms - start_ms);
  }
  printf ("%-14s at most: stopped after %.1f ms\n", "open", most_ms);
}

int
main (int argc, char **argv)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniDocument) document = omni_document_new (engine);
  g_autoptr (GError) error = NULL;
  const char *model = g_getenv ("OMNIFUSE_BENCH_MODEL");
  g_autoptr (GPtrArray) sources = omni_gather_sources ((const char *const *)argv + 1, NULL, &error);

  if (sources == NULL || sources->len < 2)
  {
    g_printerr ("bench-cancel: give two or more pictures: %s\n", error != NULL ? error->message : "");
    return 2;
  }
  g_autoptr (OmniComparison) comparison = omni_comparison_new (document);
  Bench b = { document, engine, comparison, NULL };
  omni_document_set_model (document, omni_model_find (model != NULL ? model : DEFAULT_MODEL));
  omni_document_insert (document, 0, sources);
  omni_test_turn (1000);
  measure_reading (&b);
  measure (&b, "fuse", fuse);
  measure (&b, "order check", try_orders);
  if (omni_document_can_refine (document, NULL))
    measure (&b, "refine", refine);
  omni_document_cancel (document);
  omni_document_set_model (document, omni_model_find ("mean"));
  while (omni_document_is_busy (document) || omni_document_get_result (document) == NULL)
    g_main_context_iteration (NULL, TRUE);
  omni_comparison_set_enabled (comparison, TRUE);
  measure (&b, "compare models", compare);
  return 0;
}
