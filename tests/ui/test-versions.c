/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window says of versions: how a named one was made, that the oldest make room, and what
 * files say of a medical one. */
#include "app/fusion/result-file.h"
#include "tests/ui/window-fixture.h"

static gboolean can_fuse;

static gboolean
skip (void)
{
  if (!can_fuse)
    g_test_skip ("no Vulkan device");
  return !can_fuse;
}

static OmniVersions *
get_versions (OmniTestWindow *f)
{
  return omni_document_get_versions (f->window->document);
}

static OmniFusionVersion *
add_copy (OmniTestWindow *f, const char *model, const char *options)
{
  OmniVersionFacts facts = *omni_fusion_version_get_facts (omni_versions_get (get_versions (f), 0));

  facts.number = 0;
  facts.model = model;
  facts.options = options;
  return omni_versions_add_facts (get_versions (f), &facts, NULL);
}

static void
test_named (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  OmniFusionVersion *version = add_copy (f, "mertens", "contrast=2");
  g_autofree char *unnamed = omni_fusion_version_describe (version);
  g_assert_null (strstr (unnamed, "contrast=2"));
  omni_fusion_version_set_name (version, "For the wall");
  g_autofree char *named = omni_fusion_version_describe (version);
  g_assert_true (g_str_has_prefix (named, "Exposure fusion · contrast=2 · "));
}

static gboolean
says (OmniTestWindow *f, const char *words)
{
  if (f->window->toast != NULL && strstr (adw_toast_get_title (f->window->toast), words) != NULL)
    return TRUE;
  for (GList *each = f->window->next_toasts.head; each != NULL; each = each->next)
    if (strstr (adw_toast_get_title (each->data), words) != NULL)
      return TRUE;
  return FALSE;
}

static void
test_most (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  while (omni_versions_get_n (get_versions (f)) < OMNI_VERSIONS_MAX)
    add_copy (f, "mean", "");
  g_assert_false (says (f, "200 versions are kept"));
  for (guint i = 0; i < 3; i++)
    add_copy (f, "mean", "");
  g_assert_true (says (f, "200 versions are kept"));
  g_assert_cmpuint (g_queue_get_length (&f->window->next_toasts), ==, 0); /* once */
}

static gboolean
is_shown (gpointer data)
{
  OmniWindow *window = data;

  return omni_subject_get_result (omni_viewer_get_subject (window->viewer, 0))
         == omni_window_get_shown_result (window);
}

/* Pictures that had to make room */

static OmniFusionVersion *
add_dropped (OmniTestWindow *f)
{
  return add_copy (f, "mean", "");
}

static gboolean
has_recalled (gpointer data)
{
  return !omni_work_bar_is_busy (((OmniWindow *)data)->recalling_bar);
}

static void
show (OmniTestWindow *f, OmniFusionVersion *version)
{
  g_signal_emit_by_name (f->window->versions, "show-version", version);
  g_assert_false (has_recalled (f->window));
}

/* Only the last of many that were gone through is made, and Escape keeps it from that. */
static void
test_steps (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  OmniFusionVersion *passed = add_dropped (f), *wanted = add_dropped (f);
  show (f, passed);
  show (f, wanted);
  g_assert_true (omni_test_wait (has_recalled, f->window));
  g_assert_true (omni_test_wait (is_shown, f->window));
  g_assert_true (f->window->shown_version == wanted);
  g_assert_nonnull (omni_fusion_version_get_result (wanted));
  g_assert_null (omni_fusion_version_get_result (passed));

  show (f, passed);
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (f->window), "win.escape", NULL));
  g_assert_true (omni_test_wait (has_recalled, f->window));
  g_assert_null (omni_fusion_version_get_result (passed));
  g_assert_null (f->window->shown_version);
  g_assert_true (is_shown (f->window));
  g_assert_cmpuint (f->window->file_errors->len, ==, 0);
}

/* Nothing else is saved in place of the version that was announced. */
static void
test_save_recalled (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  OmniFusionVersion *version = add_dropped (f);
  show (f, version);
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (f->window), "win.save", NULL));
  g_assert_null (f->window->chooser);
  g_assert_true (says (f, "is still being made again"));
  g_assert_true (omni_test_wait (has_recalled, f->window));
  g_assert_nonnull (omni_window_get_shown_result (f->window));
  g_assert_true (omni_window_get_shown_result (f->window) == omni_fusion_version_get_result (version));

  /* One that comes out otherwise is not shown, and what is seen is saved as before. */
  OmniVersionFacts facts = *omni_fusion_version_get_facts (version);
  facts.number = 0;
  facts.sha256 = "0123";
  show (f, omni_versions_add_facts (get_versions (f), &facts, NULL));
  g_assert_true (omni_test_wait (has_recalled, f->window));
  g_assert_cmpuint (f->window->file_errors->len, ==, 1);
  g_assert_null (f->window->shown_version);
  g_assert_true (is_shown (f->window));
  g_assert_true (omni_window_get_shown_result (f->window) == omni_document_get_result (f->window->document));
}

static gboolean
has_note (const char *bytes, gsize size)
{
  return memmem (bytes, size, OMNI_RESEARCH_NOTE, strlen (OMNI_RESEARCH_NOTE)) != NULL;
}

/* Whatever the task is by now: what is exported is the version. */
static void
test_medical (OmniTestWindow *f, gconstpointer data)
{
  static const OmniTask tasks[] = { OMNI_TASK_MEDICAL, OMNI_TASK_EXPOSURE };

  if (skip ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
  {
    omni_document_set_task (f->window->document, tasks[i]);
    g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  }
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
  {
    OmniFusionVersion *version = omni_versions_get (get_versions (f), G_N_ELEMENTS (tasks) - 1 - i);
    OmniFusionResult *result = omni_fusion_version_get_result (version);
    g_assert_cmpint (result->task, ==, tasks[i]);
    g_signal_emit_by_name (f->window->versions, "show-version", version);
    g_assert_true (omni_test_wait (is_shown, f->window));
    g_autofree char *footer = omni_window_dup_export_footer (f->window);
    g_assert_cmpint (strstr (footer, "Research use only") != NULL, ==, tasks[i] == OMNI_TASK_MEDICAL);

    for (guint metadata = 0; metadata < 2; metadata++)
    {
      g_autofree char *path = g_build_filename (f->folder, "result.tif", NULL);
      g_autofree char *bytes = NULL;
      const OmniResultFileOptions options = { .metadata = metadata };
      gsize size;
      g_assert_true (omni_result_file_write (result, path, &options, NULL, NULL, NULL, NULL, NULL));
      g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
      g_assert_cmpint (has_note (bytes, size), ==, tasks[i] == OMNI_TASK_MEDICAL);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  OmniPointer *pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/versions/named", test_named);
  omni_test_window_add ("/versions/most", test_most);
  omni_test_window_add ("/versions/steps", test_steps);
  omni_test_window_add ("/versions/save-recalled", test_save_recalled);
  omni_test_window_add ("/versions/medical", test_medical);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
