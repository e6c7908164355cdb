/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document without a window: undo, newest wins, what the order check says. */
#include "app/document/document.h"
#include "app/document/gather.h"
#include "tests/ui/document-fixture.h"

#include <glib/gstdio.h>

/* A model whose result depends on the order. */
static const OmniModel *
find_foil (Fixture *f)
{
  const OmniModel *const *models = omni_models_list ();

  for (guint i = 0; models[i] != NULL; i++)
    if (models[i]->architecture == NULL && omni_model_fits (models[i], OMNI_TASK_EXPOSURE, f->sources, NULL)
        && !omni_model_is_order_invariant (models[i]))
      return models[i];
  return NULL;
}

static void
start (Fixture *f)
{
  omni_document_insert (f->document, 0, f->sources);
  omni_document_set_task (f->document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (f->document, omni_model_find ("mean"));
}

static void
remove_one (Fixture *f, guint index)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_ptr_array_add (one, f->sources->pdata[index]);
  omni_document_remove (f->document, one);
}

/* Tests */

static void
test_undo (Fixture *f, gconstpointer data)
{
  g_assert_false (omni_document_can_undo (f->document));
  omni_document_insert (f->document, 0, f->sources);
  assert_order (f, "0123");
  g_assert_true (omni_document_move (f->document, 0, 2));
  assert_order (f, "1203");
  g_assert_true (omni_document_move (f->document, 3, 0));
  assert_order (f, "3120");
  g_assert_false (omni_document_move (f->document, 1, 1));
  remove_one (f, 1);
  assert_order (f, "320");
  omni_document_set_task (f->document, OMNI_TASK_FOCUS);
  omni_document_set_role (f->document, f->sources->pdata[2], OMNI_ROLE_VISIBLE);

  omni_document_undo (f->document);
  g_assert_cmpint (omni_source_get_role (f->sources->pdata[2]), ==, OMNI_ROLE_NONE);
  omni_document_undo (f->document);
  g_assert_cmpint (omni_document_get_task (f->document), ==, OMNI_TASK_AUTO);
  omni_document_undo (f->document);
  assert_order (f, "3120");
  omni_document_undo (f->document);
  assert_order (f, "1203");
  omni_document_undo (f->document);
  omni_document_undo (f->document);
  assert_order (f, "");
  g_assert_false (omni_document_can_undo (f->document));

  for (guint i = 0; i < 6; i++)
    omni_document_redo (f->document);
  assert_order (f, "320");
  g_assert_cmpint (omni_document_get_task (f->document), ==, OMNI_TASK_FOCUS);
  g_assert_cmpint (omni_source_get_role (f->sources->pdata[2]), ==, OMNI_ROLE_VISIBLE);
  g_assert_false (omni_document_can_redo (f->document));

  omni_document_undo (f->document);
  omni_document_move (f->document, 0, 1);
  g_assert_false (omni_document_can_redo (f->document));
}

static void
test_insert (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (omni_document_insert (f->document, 0, f->sources), ==, 4);
  g_assert_cmpuint (omni_document_insert (f->document, 1, f->sources), ==, 0);
  remove_one (f, 3);
  g_assert_cmpuint (omni_document_insert (f->document, 1, f->sources), ==, 1);
  assert_order (f, "0312");
  for (guint i = 0; i < 8; i++)
  {
    g_autofree char *before = get_order (f);
    g_assert_true (omni_document_shuffle (f->document));
    g_autofree char *after = get_order (f);
    g_assert_cmpstr (before, !=, after);
  }
}

static void
test_order_check (Fixture *f, gconstpointer data)
{
  start (f);
  if (!wait_for_result (f))
    return;
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_UNKNOWN);
  g_autofree char *first = g_strdup (omni_document_get_result (f->document)->sha256);

  omni_document_move (f->document, 0, 3);
  g_assert_nonnull (omni_document_get_result (f->document)); /* the old one stays */
  wait_for_result (f);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_SAME);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, first);
  g_assert_cmpuint (omni_document_get_results (f->document)->len, ==, 1);

  omni_document_fuse (f->document);
  wait_for_result (f);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_SAME);

  remove_one (f, 1);
  wait_for_result (f);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_UNKNOWN);
  omni_document_undo (f->document);
  wait_for_result (f);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_UNKNOWN);
}

static void
test_order_changed (Fixture *f, gconstpointer data)
{
  omni_document_insert (f->document, 0, f->sources);
  omni_document_set_task (f->document, OMNI_TASK_EXPOSURE);
  const OmniModel *foil = find_foil (f);
  if (foil == NULL)
  {
    g_test_skip ("no model that depends on the order");
    return;
  }
  omni_document_set_model (f->document, foil);
  if (!wait_for_result (f))
    return;
  omni_document_move (f->document, 0, 3);
  wait_for_result (f);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_CHANGED);
}

static void
test_results (Fixture *f, gconstpointer data)
{
  start (f);
  const OmniModel *one = omni_document_get_model (f->document);
  const OmniModel *other = omni_model_find ("max");

  if (!wait_for_result (f))
    return;
  omni_document_set_model (f->document, other);
  wait_for_result (f);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_UNKNOWN);

  GPtrArray *results = omni_document_get_results (f->document);
  g_assert_cmpuint (results->len, ==, 2);
  g_assert_true (((OmniFusionResult *)results->pdata[0])->model == other);
  g_assert_true (((OmniFusionResult *)results->pdata[1])->model == one);
}

static void
count_cb (OmniDocument *document, guint *count)
{
  (*count)++;
}

static void
test_newest_wins (Fixture *f, gconstpointer data)
{
  guint results = 0;

  start (f);
  if (!wait_for_result (f))
    return;
  g_signal_connect (f->document, "result", G_CALLBACK (count_cb), &results);
  for (guint i = 0; i < 20; i++)
  {
    omni_document_move (f->document, i % 4, (i + 1) % 4);
    for (guint turn = 0; turn < i; turn++)
      g_main_context_iteration (NULL, FALSE);
  }
  wait_for_result (f);
  OmniFusionResult *result = omni_document_get_result (f->document);
  for (guint i = 0; i < 4; i++)
    g_assert_true (result->sources->pdata[i] == omni_document_get_source (f->document, i));
  g_assert_cmpuint (results, <=, 20);
  g_signal_handlers_disconnect_by_data (f->document, &results);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  start (f);
  g_assert_true (omni_document_is_busy (f->document));
  omni_document_cancel (f->document);
  g_assert_false (omni_document_is_busy (f->document));
  g_assert_true (omni_document_is_stale (f->document));
  omni_document_fuse (f->document);
  wait_for_result (f);
}

static void
tell_cb (guint *n)
{
  ++*n;
}

static void
test_error (Fixture *f, gconstpointer data)
{
  start (f);
  if (!wait_for_result (f))
    return;
  /* The file goes while it is in the set. */
  g_autoptr (GPtrArray) broken = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (broken, make_source (f, "gone.png", WIDTH_PX, HEIGHT_PX, 90));
  g_remove (omni_source_get_path (broken->pdata[0]));
  g_ptr_array_add (f->sources, g_object_ref (broken->pdata[0]));
  omni_document_insert (f->document, 2, broken);
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_nonnull (strstr (omni_document_get_error (f->document), "gone.png"));
  g_assert_nonnull (omni_document_get_result (f->document)); /* the old picture stays */

  /* Whoever closed it hears it again. */
  guint n_told = 0;
  const gulong id = g_signal_connect_swapped (f->document, "notify::error", G_CALLBACK (tell_cb), &n_told);
  omni_document_fuse (f->document);
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_cmpuint (n_told, >=, 1);
  g_signal_handler_disconnect (f->document, id);

  omni_document_undo (f->document);
  wait_for_result (f);
  omni_document_remove (f->document, f->sources);
  g_assert_null (omni_document_get_result (f->document));
  g_assert_false (omni_document_is_busy (f->document));
}

static void
test_automatic (Fixture *f, gconstpointer data)
{
  omni_document_insert (f->document, 0, f->sources);
  if (!wait_for_result (f))
    return;
  g_assert_cmpint (omni_document_get_task (f->document), ==, OMNI_TASK_AUTO);
  g_assert_cmpint (omni_document_get_effective_task (f->document), !=, OMNI_TASK_AUTO);
  g_assert_nonnull (omni_document_get_task_reason (f->document));
  g_assert_true (omni_document_offers_model (f->document, omni_document_get_effective_model (f->document)));
  g_assert_nonnull (omni_document_get_effective_model (f->document));
  g_assert_null (omni_document_get_model (f->document));
}

static void
test_abandoned (Fixture *f, gconstpointer data)
{
  /* The document goes while its fusion runs. */
  start (f);
  for (guint turn = 0; turn < 5; turn++)
    g_main_context_iteration (NULL, FALSE);
}

static void
test_gather (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_build_filename (f->folder, "notes.txt", NULL);
  g_autofree char *missing = g_build_filename (f->folder, "missing.png", NULL);
  g_autofree char *tenth = omni_test_write_picture (f->folder, "10.png", 8, 8, 100);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (text, "no picture", -1, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) folder = omni_gather_sources ((const char *const[]){ f->folder, NULL }, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (folder->len, ==, 5);
  g_assert_cmpstr (omni_source_get_path (folder->pdata[4]), ==, tenth); /* 10 comes after 2 */

  g_autoptr (GPtrArray)
    some = omni_gather_sources ((const char *const[]){ tenth, text, missing, NULL }, NULL, &error);
  g_assert_cmpuint (some->len, ==, 1);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "notes.txt"));
  g_assert_nonnull (strstr (error->message, "missing.png"));
}

/* Options of a model */

static void
test_options (Fixture *f, gconstpointer data)
{
  const OmniModel *mertens = omni_model_find ("mertens");
  const OmniModelOption *contrast = &mertens->options[0];
  g_autoptr (GError) error = NULL;

  start (f);
  omni_document_set_model (f->document, mertens);
  if (!wait_for_result (f))
    return;
  g_autofree char *first = g_strdup (omni_document_get_result (f->document)->sha256);
  g_assert_cmpstr (contrast->key, ==, "contrast");
  g_assert_false (omni_document_has_options (f->document));
  g_assert_true (omni_document_set_option (f->document, contrast, "3", &error));
  g_assert_no_error (error);
  g_assert_true (omni_document_set_option (f->document, contrast, "4", &error)); /* still the same step */
  g_assert_true (omni_document_is_stale (f->document));
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, !=, first);
  g_assert_cmpstr (omni_document_get_result (f->document)->options, ==, "contrast=4");
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_UNKNOWN);
  g_assert_false (omni_document_set_option (f->document, contrast, "-1", &error));
  g_assert_nonnull (error);
  g_assert_cmpstr (omni_document_get_option (f->document, contrast), ==, "4");

  /* Each model keeps its own. */
  omni_document_set_model (f->document, omni_model_find ("mean"));
  wait_for_result (f);
  g_assert_false (omni_document_has_options (f->document));
  omni_document_undo (f->document);
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_option (f->document, contrast), ==, "4");
  omni_document_undo (f->document);
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_option (f->document, contrast), ==, "1");
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, first);
  omni_document_redo (f->document);
  omni_document_reset_options (f->document);
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, first);
}

/* The weights that were built with the program: a test of the window lies where they are not looked for. */
static void
find_weights (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("G_TEST_BUILDDIR"), "..", "models", NULL);

  g_setenv ("OMNIFUSE_DATADIR", folder, TRUE);
}

/* A source's own, wherever it stands; a step for undo; and made of the network's answer, the same as without. */
static void
test_influence (Fixture *f, gconstpointer data)
{
  OmniSource *source = f->sources->pdata[2];

  find_weights ();
  start (f);
  omni_document_set_model (f->document, omni_model_find ("omni"));
  if (!wait_for_result (f))
    return;
  g_autofree char *first = g_strdup (omni_document_get_result (f->document)->sha256);
  g_assert_true (omni_document_takes_influence (f->document));
  g_assert_cmpfloat (omni_document_get_influence (f->document, source), ==, 0);
  omni_document_set_influence (f->document, source, 1);
  omni_document_set_influence (f->document, source, 3); /* still the same step */
  g_assert_true (omni_document_is_stale (f->document));
  wait_for_result (f);
  g_autofree char *more = g_strdup (omni_document_get_result (f->document)->sha256);
  g_assert_cmpstr (more, !=, first);

  omni_document_move (f->document, 2, 0);
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, more);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_SAME);
  omni_document_undo (f->document);
  omni_document_undo (f->document);
  wait_for_result (f);
  g_assert_cmpfloat (omni_document_get_influence (f->document, source), ==, 0);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, first);
  omni_document_redo (f->document);
  g_assert_cmpfloat (omni_document_get_influence (f->document, source), ==, 3);
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, more);

  /* Others do not weigh by it, and are not fused for it. */
  omni_document_set_model (f->document, omni_model_find ("mean"));
  wait_for_result (f);
  g_assert_false (omni_document_takes_influence (f->document));
  omni_document_set_influence (f->document, source, -99);
  g_assert_cmpfloat (omni_document_get_influence (f->document, source), ==, -OMNI_MAX_INFLUENCE);
  g_assert_false (omni_document_is_stale (f->document));
  wait_for_result (f);
}

/* Large sets are shown at the size of a screen first; small ones are not worth it. What is not fused any more is not shown. */
static void
test_preview (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) large = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = 0;

  start (f);
  g_signal_connect (f->document, "preview", G_CALLBACK (count_cb), &n);
  if (!wait_for_result (f))
    return;
  omni_document_remove (f->document, f->sources);
  g_assert_cmpuint (n, ==, 0);
  g_ptr_array_add (large, make_source (f, "large0.png", 2600, 1300, 60));
  g_ptr_array_add (large, make_source (f, "large1.png", 2600, 1300, 150));
  omni_document_set_model (f->document, omni_model_find ("mean"));
  omni_document_insert (f->document, 0, large);
  wait_for_result (f);
  g_assert_cmpuint (n, ==, 1);
  g_assert_null (omni_document_get_preview (f->document));
  g_assert_cmpuint (omni_picture_get_width (omni_document_get_result (f->document)->picture), ==, 2600);
  omni_document_fuse (f->document);
  while (omni_document_get_preview (f->document) == NULL)
    g_main_context_iteration (NULL, TRUE);
  omni_document_insert (f->document, 0, f->sources); /* of another size: somebody is asked first */
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_null (omni_document_get_preview (f->document));
}

static void
test_switch_off (Fixture *f, gconstpointer data)
{
  start (f);
  if (!wait_for_result (f))
    return;
  g_autofree char *all = g_strdup (omni_document_get_result (f->document)->sha256);
  omni_document_set_on (f->document, f->sources->pdata[1], FALSE);
  assert_order (f, "0123"); /* it stays in the list */
  wait_for_result (f);
  g_assert_cmpuint (omni_document_get_result (f->document)->sources->len, ==, 3);
  g_autofree char *without = g_strdup (omni_document_get_result (f->document)->sha256);
  g_assert_cmpstr (without, !=, all);

  /* The same as if it had been taken out, and it stays off wherever it goes. */
  omni_document_move (f->document, 1, 3);
  g_assert_false (omni_document_is_on (f->document, f->sources->pdata[1]));
  remove_one (f, 1);
  wait_for_result (f);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, without);
  omni_document_undo (f->document);
  g_assert_false (omni_document_is_on (f->document, f->sources->pdata[1]));
  omni_document_undo (f->document);
  omni_document_undo (f->document);
  wait_for_result (f);
  g_assert_true (omni_document_is_on (f->document, f->sources->pdata[1]));
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, ==, all);

  for (guint i = 0; i < 4; i++)
    omni_document_set_on (f->document, f->sources->pdata[i], FALSE);
  g_assert_false (omni_document_is_busy (f->document));
  g_assert_null (omni_document_get_result (f->document));
  g_assert_nonnull (omni_document_get_hint (f->document));
}

static gboolean
has_copy (gpointer data)
{
  Fixture *f = data;

  return omni_document_get_original (f->document, f->sources->pdata[4]) != NULL;
}

static void
test_copies (Fixture *f, gconstpointer data)
{
  /* The file of source 1 under a later name; another of the same size in pixels is not it. */
  g_ptr_array_add (f->sources, make_source (f, "copy.png", WIDTH_PX, HEIGHT_PX, 100));
  start (f);
  g_assert_true (omni_test_wait (has_copy, f));
  g_assert_true (omni_document_get_original (f->document, f->sources->pdata[4]) == f->sources->pdata[1]);
  g_assert_null (omni_document_get_original (f->document, f->sources->pdata[1]));
  g_assert_null (omni_document_get_original (f->document, f->sources->pdata[0]));
  g_autofree char *sentence = omni_document_describe_copies (f->document);
  g_assert_nonnull (strstr (sentence, "copy.png"));
  g_assert_nonnull (strstr (sentence, "1.png"));

  omni_document_switch_off_copies (f->document);
  g_assert_false (omni_document_is_on (f->document, f->sources->pdata[4]));
  g_assert_null (omni_document_describe_copies (f->document));
  g_assert_cmpuint (omni_document_get_active (f->document)->len, ==, 4);
  omni_document_undo (f->document);
  g_assert_true (has_copy (f));
}

static void
test_resize (Fixture *f, gconstpointer data)
{
  g_ptr_array_add (f->sources, make_source (f, "small.png", WIDTH_PX / 2, HEIGHT_PX / 2, 90));
  OmniSource *small = f->sources->pdata[4];
  start (f);
  g_assert_true (omni_document_needs_resize (f->document));
  g_autofree char *sentence = omni_document_describe_sizes (f->document);
  g_assert_nonnull (strstr (sentence, "48 × 40"));
  g_assert_nonnull (strstr (sentence, "24 × 20"));
  if (!omni_engine_ensure_device (engine, NULL, NULL))
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_null (omni_document_get_result (f->document));
  g_assert_cmpstr (omni_document_get_error (f->document), ==, NULL); /* it asks, nothing went wrong */
  g_assert_false (omni_document_resizes (f->document, small));

  omni_document_set_resize (f->document, TRUE);
  g_assert_true (omni_document_resizes (f->document, small));
  g_assert_false (omni_document_resizes (f->document, f->sources->pdata[0]));
  wait_for_result (f);
  g_assert_cmpuint (omni_picture_get_width (omni_document_get_result (f->document)->picture), ==, WIDTH_PX);
  omni_document_undo (f->document);
  g_assert_true (omni_document_needs_resize (f->document));
  omni_document_set_on (f->document, small, FALSE); /* another way out */
  wait_for_result (f);

  omni_document_set_resize (f->document, TRUE);
  omni_document_remove (f->document, f->sources);
  g_assert_false (omni_document_get_resize (f->document));
}

/* A multispectral and a panchromatic picture differ in size, and are fused without a question. */
static void
test_pansharpen (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "ms.tif", "pan.tif" };
  const char *shared = g_getenv ("OMNIFUSE_SHARED");
  g_autoptr (GPtrArray) pair = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; shared != NULL && i < G_N_ELEMENTS (names); i++)
  {
    g_autofree char *path = g_build_filename (shared, "data", "pansharpen", "wv2", names[i], NULL);
    OmniSource *source = omni_source_new (path, NULL);
    if (source != NULL)
      g_ptr_array_add (pair, source);
  }
  if (pair->len != 2 || !omni_engine_ensure_device (engine, NULL, NULL))
  {
    g_test_skip ("the shared pictures are not here (OMNIFUSE_SHARED), or no Vulkan device");
    return;
  }
  omni_document_insert (f->document, 0, pair);
  wait_for_result (f);
  g_assert_false (omni_document_needs_resize (f->document));
  g_assert_null (omni_document_describe_sizes (f->document));
  g_assert_cmpuint (omni_picture_get_width (omni_document_get_result (f->document)->picture), ==, 1280);
}

static void
count_refined_cb (OmniDocument *document, gpointer data)
{
  ++*(guint *)data;
}

/* A refined result stands beside the one before, or there is none; either way that is said once. Classical methods have nothing
 * to refine, and one that runs for hours can be stopped. */
static void
test_refine (Fixture *f, gconstpointer data)
{
  OmniDocument *document = f->document;
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_refined = 0;

  for (guint i = 0; i < 3; i++)
  {
    g_autofree char *name = g_strdup_printf ("wide-%u.png", i);
    g_ptr_array_add (sources, make_source (f, name, 2 * WIDTH_PX, 2 * HEIGHT_PX, 40 + 60 * i));
  }
  g_signal_handlers_disconnect_by_data (document, f); /* these are none of the fixture's */
  g_signal_connect (document, "refined", G_CALLBACK (count_refined_cb), &n_refined);
  omni_document_insert (document, 0, sources);
  omni_document_set_task (document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (document, omni_model_find ("mertens"));
  if (!wait_for_result (f))
    return;
  g_autofree char *obstacle = NULL;
  g_assert_false (omni_document_can_refine (document, &obstacle));
  g_assert_nonnull (strstr (obstacle, "cannot be refined; Omni and IFANI can"));
  omni_document_set_model (document, omni_model_find ("omni"));
  wait_for_result (f);
  g_assert_true (omni_document_can_refine (document, NULL));
  g_autofree char *before = g_strdup (omni_document_get_result (document)->sha256);
  const guint n_results = omni_document_get_results (document)->len;
  omni_document_refine (document, 0.01);
  g_assert_true (omni_document_is_busy (document));
  g_assert_false (omni_document_can_refine (document, NULL));
  wait_for_result (f);
  g_assert_cmpuint (n_refined, ==, 1);

  const OmniRefineScores *scores = omni_document_get_refine_scores (document);
  OmniFusionResult *result = omni_document_get_result (document);
  g_assert_cmpuint (scores->steps, >=, 1);
  g_assert_cmpint (scores->kept, ==, scores->after > scores->before);
  g_assert_cmpint (g_str_equal (result->sha256, before), ==, !scores->kept);
  g_assert_cmpuint (omni_document_get_results (document)->len, ==, n_results + (scores->kept ? 1 : 0));
  g_assert_cmpint (omni_document_get_order_check (document), ==, OMNI_ORDER_UNKNOWN);

  /* Another order of a refined set is refined in as many steps, and is the same to the bit. */
  if (scores->kept)
  {
    g_autofree char *refined = g_strdup (result->sha256);
    omni_document_move (document, 0, 2);
    wait_for_result (f);
    g_assert_cmpstr (omni_document_get_result (document)->sha256, ==, refined);
    g_assert_cmpint (omni_document_get_order_check (document), ==, OMNI_ORDER_SAME);
  }

  omni_document_refine (document, 3600);
  omni_document_cancel (document);
  wait_for_result (f);
  g_assert_cmpuint (n_refined, ==, 1);
}

/* What a refinement has to beat is the result that is there, which may be a refined one. */
static void
test_refine_again (Fixture *f, gconstpointer data)
{
  OmniDocument *document = f->document;
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 3; i++)
  {
    g_autofree char *name = g_strdup_printf ("again-%u.png", i);
    g_ptr_array_add (sources, make_source (f, name, 2 * WIDTH_PX, 2 * HEIGHT_PX, 40 + 60 * i));
  }
  g_signal_handlers_disconnect_by_data (document, f);
  omni_document_insert (document, 0, sources);
  omni_document_set_task (document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (document, omni_model_find ("omni"));
  if (!wait_for_result (f))
    return;

  /* As an hour of refining would have left it: better than anything that a step comes to. */
  OmniFusionResult *result = omni_document_get_result (document);
  const double scores[] = { 2, -2 };
  result->has_refine = TRUE;
  result->refine = (OmniRefineScores){ .seconds = 3600, .steps = 9999, .metric = "mef-ssim", .kept = TRUE };
  for (guint i = 0; i < G_N_ELEMENTS (scores); i++)
  {
    g_autofree char *sha256 = g_strdup (omni_document_get_result (document)->sha256);

    result->refine.after = scores[i];
    omni_document_refine (document, 0.01);
    wait_for_result (f);

    const OmniRefineScores *found = omni_document_get_refine_scores (document);

    g_assert_cmpfloat (found->before, ==, scores[i]);
    g_assert_cmpint (found->kept, ==, i == 1);
    g_assert_cmpint (omni_document_get_result (document) == result, ==, i == 0);
    if (i == 0)
      g_assert_cmpstr (omni_document_get_result (document)->sha256, ==, sha256);
  }
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/document/%s", name);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  char *home = omni_test_make_folder ();

  g_setenv ("XDG_CACHE_HOME", home, TRUE); /* what is measured stays here */
  g_test_init (&argc, &argv, NULL);
  engine = omni_engine_new (NULL);
  add ("undo", test_undo);
  add ("insert", test_insert);
  add ("gather", test_gather);
  add ("order-check", test_order_check);
  add ("order-changed", test_order_changed);
  add ("results", test_results);
  add ("newest-wins", test_newest_wins);
  add ("cancel", test_cancel);
  add ("error", test_error);
  add ("options", test_options);
  add ("influence", test_influence);
  add ("preview", test_preview);
  add ("switch-off", test_switch_off);
  add ("copies", test_copies);
  add ("resize", test_resize);
  add ("pansharpen", test_pansharpen);
  add ("refine", test_refine);
  add ("refine-again", test_refine_again);
  add ("automatic", test_automatic);
  add ("abandoned", test_abandoned);

  const int status = g_test_run ();
  g_object_unref (engine);
  omni_test_remove_folder (home);
  return status;
}
