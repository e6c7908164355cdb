/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions and sessions without a window: what is kept, what comes back, what is found again, what a damaged file does. */
#include "app/document/session-store.h"
#include "app/document/session.h"
#include "app/settings.h"
#include "app/weights-folder.h"
#include "tests/ui/fixture.h"

#include <glib/gstdio.h>

#define WIDTH_PX  48
#define HEIGHT_PX 40

typedef struct
{
  char *folder;
  GPtrArray *sources;
  OmniDocument *document;
} Fixture;

static OmniEngine *engine;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->folder = omni_test_make_folder ();
  f->sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 3; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_autofree char *path = omni_test_write_picture (f->folder, name, WIDTH_PX, HEIGHT_PX, 40 + 60 * i);
    g_ptr_array_add (f->sources, omni_source_new (path, &error));
    g_assert_no_error (error);
  }
  f->document = omni_document_new (engine);
  omni_document_set_model (f->document, omni_model_find ("mean"));
  omni_document_insert (f->document, 0, f->sources);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->document);
  g_ptr_array_unref (f->sources);
  omni_test_remove_folder (f->folder);
}

static gboolean
is_idle (gpointer data)
{
  return !omni_document_is_busy (data);
}

static gboolean
fuse (Fixture *f)
{
  if (!omni_engine_ensure_device (engine, NULL, NULL))
  {
    g_test_skip ("no Vulkan device");
    return FALSE;
  }
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_cmpstr (omni_document_get_error (f->document), ==, NULL);
  return TRUE;
}

/* Versions */

static void
test_versions (Fixture *f, gconstpointer data)
{
  OmniVersions *versions = omni_document_get_versions (f->document);

  if (!fuse (f))
    return;
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 1);
  omni_document_move (f->document, 0, 2);
  fuse (f);
  omni_document_set_model (f->document, omni_model_find ("max"));
  fuse (f);
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 3);

  OmniFusionVersion *newest = omni_versions_get (versions, 0);
  OmniFusionVersion *moved = omni_versions_get (versions, 1);
  OmniFusionVersion *first = omni_versions_get (versions, 2);
  g_assert_cmpstr (omni_fusion_version_get_facts (newest)->model, ==, "max");
  g_assert_cmpuint (omni_fusion_version_get_facts (newest)->number, ==, 3);
  g_assert_cmpstr (omni_fusion_version_get_facts (moved)->sha256, ==,
                   omni_fusion_version_get_facts (first)->sha256);
  g_assert_true (omni_fusion_version_get_facts (first)->sources->pdata[0] == f->sources->pdata[0]);
  g_assert_true (omni_fusion_version_get_facts (moved)->sources->pdata[2] == f->sources->pdata[0]);

  omni_fusion_version_set_name (first, "  For the wall ");
  g_assert_cmpstr (omni_fusion_version_get_name (first), ==, "For the wall");
  omni_fusion_version_set_name (first, "");
  g_assert_cmpstr (omni_fusion_version_get_name (first), ==, "Mean");

  omni_versions_set_pinned (versions, newest, TRUE);
  omni_versions_set_pinned (versions, moved, TRUE);
  omni_versions_set_pinned (versions, first, TRUE);
  g_assert_false (omni_fusion_version_is_pinned (newest));
  g_autoptr (GPtrArray) pinned = omni_versions_list_pinned (versions);
  g_assert_cmpuint (pinned->len, ==, 2);
  g_assert_true (pinned->pdata[0] == moved && pinned->pdata[1] == first);

  g_object_ref (moved);
  omni_versions_remove (versions, moved);
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 2);
  g_assert_false (omni_fusion_version_is_pinned (moved));
  omni_versions_insert (versions, 1, moved);
  g_assert_true (omni_versions_get (versions, 1) == moved);
  g_object_unref (moved);
}

typedef struct
{
  gboolean done, recalled;
  GError *error;
} Recall;

static void
recalled_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Recall *recall = data;

  recall->recalled = omni_versions_recall_finish (OMNI_VERSIONS (object), result, &recall->error);
  recall->done = TRUE;
}

static gboolean
is_recalled (gpointer data)
{
  return ((Recall *)data)->done;
}

static OmniFusionVersion *
add_copy (OmniVersions *versions, OmniFusionVersion *version, const char *sha256)
{
  OmniVersionFacts facts = *omni_fusion_version_get_facts (version);

  facts.number = 0;
  if (sha256 != NULL)
    facts.sha256 = sha256;
  return omni_versions_add_facts (versions, &facts, NULL);
}

/* A version without its picture is made again, and only with the very same bits. */
static void
test_recall (Fixture *f, gconstpointer data)
{
  OmniVersions *versions = omni_document_get_versions (f->document);
  Recall recall = { FALSE };

  if (!fuse (f))
    return;
  OmniFusionVersion *copy = add_copy (versions, omni_versions_get (versions, 0), NULL);
  g_assert_null (omni_fusion_version_get_result (copy));
  omni_versions_recall_async (versions, copy, engine, NULL, recalled_cb, &recall);
  g_assert_true (omni_test_wait (is_recalled, &recall));
  g_assert_no_error (recall.error);
  g_assert_nonnull (omni_fusion_version_get_result (copy));

  OmniFusionVersion *other = add_copy (versions, copy, "0123");
  recall = (Recall){ FALSE };
  omni_versions_recall_async (versions, other, engine, NULL, recalled_cb, &recall);
  g_assert_true (omni_test_wait (is_recalled, &recall));
  g_assert_error (recall.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  g_assert_null (omni_fusion_version_get_result (other));
  g_clear_error (&recall.error);
}

/* The weights of a refined version are gone with it, and it says so. */
static void
test_recall_refined (Fixture *f, gconstpointer data)
{
  OmniVersions *versions = omni_document_get_versions (f->document);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  Recall recall = { FALSE };

  for (guint i = 0; i < 3; i++)
  {
    g_autofree char *name = g_strdup_printf ("wide-%u.png", i);
    g_autofree char *path = omni_test_write_picture (f->folder, name, 96, 80, 40 + 60 * i);
    g_ptr_array_add (sources, omni_source_new (path, NULL));
  }
  OmniFusionRequest request = { .sources = sources,
                                .task = OMNI_TASK_EXPOSURE,
                                .model = omni_model_find ("omni"),
                                .refine = { .max_steps = 2 } };
  if (!fuse (f))
    return;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse (engine, &request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  if (!result->refine.kept)
  {
    g_test_skip ("two steps of refining are no better than none here");
    return;
  }
  OmniFusionVersion *version = omni_versions_add (versions, result, FALSE);
  g_assert_cmpuint (omni_fusion_version_get_refine_steps (version), ==, 2);
  g_assert_cmpstr (omni_fusion_version_get_name (version), ==, "Omni · refined, 2 steps");

  OmniFusionVersion *copy = add_copy (versions, version, NULL);
  omni_versions_recall_async (versions, copy, engine, NULL, recalled_cb, &recall);
  g_assert_true (omni_test_wait (is_recalled, &recall));
  g_assert_error (recall.error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (recall.error->message, "Omni · refined, 2 steps"));
  g_clear_error (&recall.error);
}

static void
count_cb (guint *n)
{
  (*n)++;
}

/* Beyond the most that are kept the oldest one goes, which is said; those that are pinned stay. */
static void
test_most (Fixture *f, gconstpointer data)
{
  OmniVersions *versions = omni_document_get_versions (f->document);
  guint n_dropped = 0;

  if (!fuse (f))
    return;
  g_signal_connect_swapped (versions, "dropped", G_CALLBACK (count_cb), &n_dropped);
  OmniFusionVersion *first = omni_versions_get (versions, 0);
  omni_versions_set_pinned (versions, first, TRUE);
  while (omni_versions_get_n (versions) < OMNI_VERSIONS_MAX)
    add_copy (versions, first, NULL);
  g_assert_cmpuint (n_dropped, ==, 0);
  OmniFusionVersion *second = omni_versions_get (versions, OMNI_VERSIONS_MAX - 2);
  add_copy (versions, first, NULL);
  g_assert_cmpuint (n_dropped, ==, 1);
  g_assert_cmpuint (omni_versions_get_n (versions), ==, OMNI_VERSIONS_MAX);
  g_assert_true (omni_versions_get (versions, OMNI_VERSIONS_MAX - 1) == first);
  g_assert_false (omni_versions_find (versions, second, NULL));
}

static void
test_record (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!fuse (f))
    return;
  const OmniVersionFacts *facts = omni_fusion_version_get_facts (
    omni_versions_get (omni_document_get_versions (f->document), 0));
  g_autofree char *text = omni_version_facts_describe (facts, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, facts->sha256));
  g_assert_nonnull (strstr (text, facts->device));
  g_assert_nonnull (strstr (text, "Model: mean"));
  for (guint i = 0; i < 3; i++)
  {
    g_autofree char *sha256 = omni_source_dup_sha256 (f->sources->pdata[i], NULL);
    g_assert_nonnull (strstr (text, sha256));
  }
}

/* Sessions */

static char *
save (Fixture *f, const char *name)
{
  g_autoptr (OmniSession) session = omni_session_new (f->document);
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (f->folder, name, NULL);

  g_assert_true (omni_session_save (session, path, FALSE, &error));
  g_assert_no_error (error);
  return path;
}

static OmniSession *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  OmniSession *session = omni_session_load (path, NULL, &error);

  g_assert_no_error (error);
  return session;
}

static const char *
get_name (OmniDocument *document, guint position)
{
  const char *path = omni_source_get_path (omni_document_get_source (document, position));

  return strrchr (path, '/') + 1;
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!fuse (f))
    return;
  omni_document_set_task (f->document, OMNI_TASK_EXPOSURE);
  omni_document_move (f->document, 0, 2);
  omni_document_set_role (f->document, f->sources->pdata[1], OMNI_ROLE_INFRARED);
  omni_document_set_on (f->document, f->sources->pdata[2], FALSE);
  omni_document_set_model (f->document, omni_model_find ("mertens"));
  fuse (f);
  g_assert_true (omni_document_set_option (
    f->document, omni_document_get_effective_model (f->document)->options, "0.5", &error));
  g_assert_no_error (error);
  fuse (f);
  omni_fusion_version_set_name (omni_versions_get (omni_document_get_versions (f->document), 0), "Keep");
  g_autofree char *path = save (f, "a.omnifuse");

  g_autoptr (OmniDocument) other = omni_document_new (engine);
  g_autoptr (OmniSession) session = load (path);
  omni_session_apply (session, other);
  g_assert_cmpuint (omni_document_get_n_sources (other), ==, 3);
  g_assert_cmpstr (get_name (other, 0), ==, "1.png");
  g_assert_cmpstr (get_name (other, 2), ==, "0.png");
  g_assert_cmpint (omni_source_get_role (omni_document_get_source (other, 0)), ==, OMNI_ROLE_INFRARED);
  g_assert_cmpuint (omni_document_get_active (other)->len, ==, 2);
  g_assert_false (omni_document_is_on (other, omni_document_get_source (other, 1)));
  g_assert_cmpint (omni_document_get_task (other), ==, OMNI_TASK_EXPOSURE);
  g_assert_true (omni_document_get_model (other) == omni_model_find ("mertens"));
  g_autofree char *options = omni_model_options_to_string (
    omni_document_get_options (other, omni_model_find ("mertens")));
  g_assert_cmpstr (options, ==, "contrast=0.5");
  OmniVersions *versions = omni_document_get_versions (other);
  g_assert_cmpuint (omni_versions_get_n (versions), ==,
                    omni_versions_get_n (omni_document_get_versions (f->document)));
  g_assert_cmpstr (omni_fusion_version_get_name (omni_versions_get (versions, 0)), ==, "Keep");
  omni_document_undo (other);
  g_assert_cmpuint (omni_document_get_n_sources (other), ==, 0);
  omni_document_cancel (other);
}

static void
move_file (Fixture *f, const char *from, const char *to)
{
  g_autofree char *old = g_build_filename (f->folder, from, NULL);
  g_autofree char *new = g_build_filename (f->folder, to, NULL);
  g_autofree char *folder = g_path_get_dirname (new);

  g_mkdir_with_parents (folder, 0700);
  g_assert_cmpint (g_rename (old, new), ==, 0);
}

/* Renamed, put into a folder, gone, and another picture in its place. */
static void
test_moved (Fixture *f, gconstpointer data)
{
  g_autofree char *path = save (f, "a.omnifuse");

  move_file (f, "0.png", "renamed.png");
  move_file (f, "1.png", "deeper/1.png");
  g_autoptr (OmniSession) session = load (path);
  g_assert_null (omni_session_describe_missing (session));
  omni_session_apply (session, f->document);
  g_assert_cmpstr (get_name (f->document, 0), ==, "renamed.png");
  g_assert_cmpstr (get_name (f->document, 1), ==, "1.png");

  move_file (f, "2.png", "a/b/c/2.png");
  g_autoptr (OmniSession) again = load (path);
  g_autofree char *missing = omni_session_describe_missing (again);
  g_assert_nonnull (missing);
  g_assert_nonnull (strstr (missing, "2.png"));
  omni_session_apply (again, f->document);
  g_assert_cmpuint (omni_document_get_n_sources (f->document), ==, 2);
  g_autofree char *folder = g_build_filename (f->folder, "a", "b", NULL);
  g_assert_cmpuint (omni_session_locate (again, (const char *const[]){ folder, NULL }, NULL), ==, 1);
  omni_session_apply (again, f->document);
  g_assert_cmpuint (omni_document_get_n_sources (f->document), ==, 3);
  g_assert_cmpstr (get_name (f->document, 2), ==, "2.png");

  g_autofree char *other = omni_test_write_picture (f->folder, "2.png", WIDTH_PX, HEIGHT_PX, 3);
  g_autoptr (OmniSession) third = load (path);
  g_autofree char *changed = omni_session_describe_changed (third);
  g_assert_nonnull (changed);
  g_assert_nonnull (strstr (changed, "2.png"));
  omni_document_cancel (f->document);
}

/* A picture that is not there one day is there another, and so are the versions of it; what was done meanwhile stays. */
static void
test_missing_kept (Fixture *f, gconstpointer data)
{
  if (!fuse (f))
    return;
  const guint n_versions = omni_versions_get_n (omni_document_get_versions (f->document));
  g_autofree char *path = save (f, "a.omnifuse");
  g_autofree char *kept = g_build_filename (f->folder, "b.omnifuse", NULL);
  g_autofree char *away = g_build_filename (f->folder, "a", "b", NULL);
  g_autoptr (GError) error = NULL;
  OmniSource *source;

  move_file (f, "1.png", "a/b/c/1.png");
  g_autoptr (OmniSession) session = load (path);
  g_autoptr (OmniDocument) other = omni_document_new (engine);
  omni_session_apply (session, other);
  g_assert_cmpuint (omni_document_get_n_sources (other), ==, 2);
  g_assert_cmpuint (omni_versions_get_n (omni_document_get_versions (other)), ==, 0);
  omni_document_set_resize (other, TRUE);
  g_autoptr (OmniSession) written = omni_session_new (other);
  omni_session_carry_missing (written, session);
  g_assert_true (omni_session_save (written, kept, FALSE, &error));
  g_assert_no_error (error);
  omni_document_cancel (other);

  g_autoptr (OmniSession) again = load (kept);
  g_autofree char *missing = omni_session_describe_missing (again);
  g_assert_nonnull (missing);
  g_assert_nonnull (strstr (missing, "1.png"));
  g_assert_false (omni_session_lacks_all (again));
  g_assert_cmpuint (omni_session_get_n_sources (again), ==, 3);
  g_autoptr (OmniDocument) third = omni_document_new (engine);
  omni_session_apply (again, third);
  g_assert_true (omni_document_get_resize (third));
  source = omni_document_get_source (third, 0);
  g_assert_cmpstr (get_name (third, 0), ==, "0.png");
  omni_document_set_on (third, source, FALSE);
  omni_document_set_resize (third, FALSE);
  g_assert_cmpuint (omni_session_locate (again, (const char *const[]){ away, NULL }, NULL), ==, 1);
  omni_session_apply_found (again, third);
  g_assert_cmpuint (omni_document_get_n_sources (third), ==, 3);
  g_assert_false (omni_document_is_on (third, source));
  g_assert_false (omni_document_get_resize (third));
  g_assert_cmpuint (omni_versions_get_n (omni_document_get_versions (third)), ==, n_versions);
  omni_document_undo (third);
  g_assert_cmpuint (omni_document_get_n_sources (third), ==, 2);
  omni_document_cancel (third);
}

static void
test_damaged (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = { "",
                                       "{",
                                       "[]",
                                       "7",
                                       "{\"omnifuse_session\": 99, \"files\": []}",
                                       "{\"omnifuse_session\": \"1\", \"files\": []}",
                                       "{\"omnifuse_session\": 1, \"files\": 5}" };
  g_autofree char *path = g_build_filename (f->folder, "bad.omnifuse", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
    g_assert_null (omni_session_load (path, NULL, &error));
    g_assert_nonnull (strstr (error->message, "bad.omnifuse"));
  }
  /* What is strange in one place does not spoil the rest. */
  g_autofree char *uri = g_filename_to_uri (omni_source_get_path (f->sources->pdata[0]), NULL, NULL);
  g_autofree char *text = g_strdup_printf (
    "{\"omnifuse_session\": 1, \"task\": 3, \"model\": {}, \"options\": {\"mertens\": \"x=y\", \"a\": 1},"
    "\"weights\": [3, {\"model\": \"mean\", \"name\": \"x\"}, {\"name\": 4}],"
    "\"bookmarks\": [{}, 5, {\"x\": 0.5, \"y\": 0, \"width\": 2, \"height\": 1}],"
    "\"files\": [{\"uri\": \"%s\", \"role\": \"king\", \"on\": \"no\", \"influence\": 1e300}],"
    "\"versions\": [1, {\"model\": \"mean\", \"sha256\": \"0\", \"options\": \"\", \"task\": \"focus\","
    "\"sources\": [{\"file\": 12}]}]}",
    uri);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_autoptr (OmniSession) session = load (path);
  omni_session_apply (session, f->document);
  g_assert_cmpuint (omni_document_get_n_sources (f->document), ==, 1);
  g_assert_cmpuint (omni_document_get_bookmarks (f->document)->len, ==, 0);
  g_assert_cmpfloat (omni_document_get_influence (f->document, omni_document_get_source (f->document, 0)), ==,
                     OMNI_MAX_INFLUENCE);
  omni_document_cancel (f->document);
}

static void
test_store (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniSession) session = omni_session_new (f->document);
  g_autoptr (GPtrArray) before = omni_session_store_list (FALSE);

  for (guint i = 0; i < OMNI_SESSION_STORE_MAX + 3; i++)
  {
    g_autofree char *path = omni_session_store_make_path (&error);
    g_assert_no_error (error);
    g_assert_true (omni_session_save (session, path, TRUE, &error));
    g_assert_no_error (error);
    if (i == 0)
      omni_session_store_mark (path, TRUE);
  }
  g_autoptr (GPtrArray) marked = omni_session_store_list (TRUE);
  g_assert_cmpuint (marked->len, ==, 1);
  omni_session_store_prune ();
  g_autoptr (GPtrArray) left = omni_session_store_list (FALSE);
  g_assert_cmpuint (left->len, ==, OMNI_SESSION_STORE_MAX + 1); /* the marked one is the oldest */
  g_autofree char *folder = NULL;
  guint n = 0;
  g_assert_true (omni_session_peek (marked->pdata[0], &folder, &n));
  g_assert_cmpstr (folder, ==, f->folder);
  g_assert_cmpuint (n, ==, 3);
  omni_session_store_mark (marked->pdata[0], FALSE);
  g_autoptr (GPtrArray) none = omni_session_store_list (TRUE);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_settings (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_settings_is (OMNI_SETTING_EXPORT_DEPTH, "own"));
  g_assert_true (omni_settings_set (OMNI_SETTING_EXPORT_DEPTH, "16", &error));
  g_assert_no_error (error);
  g_assert_true (omni_settings_is (OMNI_SETTING_EXPORT_DEPTH, "16"));
  g_assert_true (omni_settings_set (OMNI_SETTING_EXPORT_DEPTH, "own", &error));
  g_assert_true (omni_settings_is (OMNI_SETTING_EXPORT_DEPTH, "own"));
}

/* Added weights: of the same bytes or none at all */

/* (transfer full) The shipped small network, as if somebody had added it: `note` makes other bytes of it. */
static char *
add_weights (const char *name, const char *note)
{
  g_autofree char *shipped = omni_model_get_weights_path (omni_model_find ("omni-small"));
  g_autofree char *folder = omni_weights_folder_get_path ();
  g_autofree char *file_name = g_strdup_printf ("%s.%s.safetensors", omni_model_find ("omni")->architecture,
                                                name);
  char *path = g_build_filename (folder, file_name, NULL);
  g_autofree char *contents = NULL;
  gsize n;
  guint64 header;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_get_contents (shipped, &contents, &n, NULL));
  /* Spaces behind the header are allowed and change nothing but the bytes. */
  memcpy (&header, contents, sizeof header);
  g_autoptr (GString) bytes = g_string_new_len (contents, (gssize)n);
  g_string_insert (bytes, (gssize)(sizeof header + header), note);
  header += strlen (note);
  memcpy (bytes->str, &header, sizeof header);
  g_assert_true (g_file_set_contents (path, bytes->str, (gssize)bytes->len, NULL));
  return path;
}

static OmniFusionVersion *
get_newest (OmniDocument *document)
{
  return omni_versions_get (omni_document_get_versions (document), 0);
}

/* Influence, added weights, bookmarks and pins come back; and a version of them is made again, bit for bit. */
static void
test_choices (Fixture *f, gconstpointer data)
{
  const OmniModel *omni = omni_model_find ("omni");
  g_autofree char *weights = add_weights ("mine", "        ");
  const OmniPart part = { 0.25, 0.5, 0.125, 0.375 };
  Recall recall = { FALSE };

  if (!fuse (f))
    return;
  omni_document_use (f->document, omni, weights);
  omni_document_set_influence (f->document, f->sources->pdata[2], 1.5);
  fuse (f);
  OmniFusionVersion *newest = get_newest (f->document);
  g_assert_cmpstr (omni_fusion_version_get_facts (newest)->weights_name, ==, "mine");
  g_assert_cmpstr (omni_fusion_version_get_name (newest), ==, "Omni · mine");
  g_assert_true (omni_document_add_bookmark (f->document, &part));
  omni_versions_set_pinned (omni_document_get_versions (f->document), newest, TRUE);
  g_autofree char *path = save (f, "choices.omnifuse");

  g_autoptr (OmniDocument) other = omni_document_new (engine);
  g_autoptr (OmniSession) session = load (path);
  g_assert_null (omni_session_describe_weights (session));
  omni_session_apply (session, other);
  g_autofree char *chosen = omni_document_dup_weights (other, omni);
  g_assert_cmpstr (chosen, ==, weights);
  g_assert_cmpfloat (omni_document_get_influence (other, omni_document_get_source (other, 2)), ==, 1.5);
  g_assert_cmpuint (omni_document_get_bookmarks (other)->len, ==, 1);
  const OmniPart *read = &g_array_index (omni_document_get_bookmarks (other), OmniPart, 0);
  g_assert_cmpfloat (read->x, ==, part.x);
  g_assert_cmpfloat (read->height, ==, part.height);
  OmniFusionVersion *kept = get_newest (other);
  g_assert_true (omni_fusion_version_is_pinned (kept));
  g_assert_null (omni_fusion_version_get_result (kept));
  omni_versions_recall_async (omni_document_get_versions (other), kept, engine, NULL, recalled_cb, &recall);
  g_assert_true (omni_test_wait (is_recalled, &recall));
  g_assert_no_error (recall.error);
  g_autofree char *text = omni_version_facts_describe (omni_fusion_version_get_facts (kept), NULL);
  g_assert_nonnull (strstr (text, "Weights: mine"));
  g_assert_nonnull (strstr (text, "influence 2.828"));
  g_assert_true (omni_test_wait (is_idle, other));
}

/* Other bytes under the same name are other weights; and the same bytes under another name are the same. */
static void
test_weights_gone (Fixture *f, gconstpointer data)
{
  const OmniModel *omni = omni_model_find ("omni");
  g_autofree char *weights = add_weights ("mine", "        ");
  Recall recall = { FALSE };

  if (!fuse (f))
    return;
  omni_document_use (f->document, omni, weights);
  fuse (f);
  g_autofree char *path = save (f, "gone.omnifuse");

  g_assert_cmpint (g_unlink (weights), ==, 0);
  g_autofree char *renamed = add_weights ("renamed", "        ");
  g_autofree char *same_name = add_weights ("mine", "                ");
  g_autoptr (OmniSession) found = load (path);
  g_assert_null (omni_session_describe_weights (found));
  g_autoptr (OmniDocument) other = omni_document_new (engine);
  omni_session_apply (found, other);
  g_autofree char *chosen = omni_document_dup_weights (other, omni);
  g_assert_cmpstr (chosen, ==, renamed);
  omni_document_cancel (other);

  g_assert_cmpint (g_unlink (renamed), ==, 0);
  g_autoptr (OmniSession) gone = load (path);
  g_autofree char *words = omni_session_describe_weights (gone);
  g_assert_nonnull (words);
  g_assert_nonnull (strstr (words, "mine"));
  g_autoptr (OmniDocument) third = omni_document_new (engine);
  omni_session_apply (gone, third);
  g_assert_null (omni_document_dup_weights (third, omni));
  omni_versions_recall_async (omni_document_get_versions (third), get_newest (third), engine, NULL,
                              recalled_cb, &recall);
  g_assert_true (omni_test_wait (is_recalled, &recall));
  g_assert_error (recall.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (recall.error->message, "mine"));
  g_clear_error (&recall.error);
  omni_document_cancel (third);
  g_assert_cmpint (g_unlink (same_name), ==, 0);
}

/* What is only looked at is undone like the rest, and nothing is fused for it. */
static void
test_undo_views (Fixture *f, gconstpointer data)
{
  const OmniPart part = { 0, 0, 0.5, 0.5 };
  OmniVersions *versions = omni_document_get_versions (f->document);

  if (!fuse (f))
    return;
  omni_document_set_model (f->document, omni_model_find ("max"));
  fuse (f);
  OmniFusionVersion *older = g_object_ref (omni_versions_get (versions, 1));
  g_assert_true (omni_document_add_bookmark (f->document, &part));
  g_assert_false (omni_document_is_busy (f->document));
  omni_document_name_version (f->document, older, "Keep");
  omni_document_delete_version (f->document, older);
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 1);
  g_assert_false (omni_document_is_busy (f->document));

  omni_document_undo (f->document);
  g_assert_true (omni_versions_get (versions, 1) == older);
  g_assert_cmpstr (omni_fusion_version_get_name (older), ==, "Keep");
  omni_document_undo (f->document);
  g_assert_cmpstr (omni_fusion_version_get_name (older), ==, "Mean");
  omni_document_redo (f->document);
  g_assert_cmpstr (omni_fusion_version_get_name (older), ==, "Keep");
  omni_document_undo (f->document);
  omni_document_undo (f->document);
  g_assert_cmpuint (omni_document_get_bookmarks (f->document)->len, ==, 0);
  g_assert_false (omni_document_is_busy (f->document));
  g_assert_true (omni_document_get_model (f->document) == omni_model_find ("max"));
  omni_document_undo (f->document);
  g_assert_true (omni_document_get_model (f->document) == omni_model_find ("mean"));
  g_assert_true (omni_document_is_busy (f->document));
  fuse (f);

  /* Back in its place, though others were made meanwhile. */
  omni_document_delete_version (f->document, older);
  omni_document_set_model (f->document, omni_model_find ("laplacian"));
  fuse (f);
  const guint n = omni_versions_get_n (versions);
  omni_document_restore_version (f->document, older);
  g_assert_true (omni_versions_get (versions, n) == older);
  omni_document_undo (f->document);
  g_assert_false (omni_versions_find (versions, older, NULL));
  g_object_unref (older);
}

/* (transfer full) */
static OmniSource *
open_picture (Fixture *f, const char *name, guint width, guint height, guint level)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = omni_test_write_picture (f->folder, name, width, height, level);
  OmniSource *source = omni_source_new (path, &error);

  g_assert_no_error (error);
  return source;
}

/* A file that is written anew: its bits are fused anew, its hash is that of now, and opened again it keeps its place. */
static void
test_renewed (Fixture *f, gconstpointer data)
{
  if (!fuse (f))
    return;
  OmniSource *old = omni_document_get_source (f->document, 1);
  g_autofree char *path = g_strdup (omni_source_get_path (old));
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *sha256 = omni_source_dup_sha256 (old, NULL);
  g_autofree char *fused = g_strdup (omni_document_get_result (f->document)->sha256);
  g_assert_false (omni_source_is_outdated (old));
  g_remove (path);
  g_autoptr (OmniSource) same_size = open_picture (f, name, WIDTH_PX, HEIGHT_PX, 250);
  g_autofree char *now = omni_source_dup_sha256 (old, NULL);
  g_assert_true (omni_source_is_outdated (old));
  g_assert_cmpstr (now, !=, sha256);
  omni_document_fuse (f->document);
  fuse (f);
  g_assert_cmpstr (omni_document_get_result (f->document)->sha256, !=, fused);

  /* Of another size it has to be opened again. */
  g_remove (path);
  g_autoptr (OmniSource) wider = open_picture (f, name, WIDTH_PX + 8, HEIGHT_PX, 250);
  omni_document_fuse (f->document);
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_nonnull (strstr (omni_document_get_error (f->document), "add it to the set again"));
  g_autoptr (GPtrArray) again = g_ptr_array_new ();
  g_ptr_array_add (again, wider);
  omni_document_set_role (f->document, old, OMNI_ROLE_MRI);
  g_assert_cmpuint (omni_document_insert (f->document, 0, again), ==, 1);
  g_assert_true (omni_document_get_source (f->document, 1) == wider);
  g_assert_cmpint (omni_source_get_role (wider), ==, OMNI_ROLE_MRI);
  g_assert_cmpuint (omni_document_insert (f->document, 0, again), ==, 0);
}

/* Of all that are selected, in one step. */
static void
test_roles (Fixture *f, gconstpointer data)
{
  omni_document_set_roles (f->document, f->sources, OMNI_ROLE_VISIBLE);
  for (guint i = 0; i < f->sources->len; i++)
    g_assert_cmpint (omni_source_get_role (f->sources->pdata[i]), ==, OMNI_ROLE_VISIBLE);
  omni_document_undo (f->document);
  for (guint i = 0; i < f->sources->len; i++)
    g_assert_cmpint (omni_source_get_role (f->sources->pdata[i]), ==, OMNI_ROLE_NONE);
}

/* Another set begins without the task that was chosen for this one. */
static void
test_emptied (Fixture *f, gconstpointer data)
{
  omni_document_set_task (f->document, OMNI_TASK_FOCUS);
  omni_document_set_model (f->document, omni_model_find ("mean"));
  omni_document_remove (f->document, f->sources);
  g_assert_cmpint (omni_document_get_task (f->document), ==, OMNI_TASK_AUTO);
  g_assert_null (omni_document_get_model (f->document));
  omni_document_undo (f->document);
  g_assert_cmpint (omni_document_get_task (f->document), ==, OMNI_TASK_FOCUS);
}

int
main (int argc, char **argv)
{
  /* Sessions, settings and measurements of a home of its own. */
  char *home = omni_test_make_folder ();
  g_setenv ("XDG_STATE_HOME", home, TRUE);
  g_setenv ("XDG_CONFIG_HOME", home, TRUE);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_setenv ("XDG_CACHE_HOME", home, TRUE);
  g_test_init (&argc, &argv, NULL);
  engine = omni_engine_new (NULL);
  g_test_add ("/versions/kept", Fixture, NULL, set_up, test_versions, tear_down);
  g_test_add ("/versions/recall", Fixture, NULL, set_up, test_recall, tear_down);
  g_test_add ("/versions/recall-refined", Fixture, NULL, set_up, test_recall_refined, tear_down);
  g_test_add ("/versions/most", Fixture, NULL, set_up, test_most, tear_down);
  g_test_add ("/versions/record", Fixture, NULL, set_up, test_record, tear_down);
  g_test_add ("/session/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
  g_test_add ("/session/choices", Fixture, NULL, set_up, test_choices, tear_down);
  g_test_add ("/session/weights-gone", Fixture, NULL, set_up, test_weights_gone, tear_down);
  g_test_add ("/document/renewed", Fixture, NULL, set_up, test_renewed, tear_down);
  g_test_add ("/document/roles", Fixture, NULL, set_up, test_roles, tear_down);
  g_test_add ("/document/emptied", Fixture, NULL, set_up, test_emptied, tear_down);
  g_test_add ("/document/undo-views", Fixture, NULL, set_up, test_undo_views, tear_down);
  g_test_add ("/session/missing-kept", Fixture, NULL, set_up, test_missing_kept, tear_down);
  g_test_add ("/session/moved", Fixture, NULL, set_up, test_moved, tear_down);
  g_test_add ("/session/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
  g_test_add ("/session/store", Fixture, NULL, set_up, test_store, tear_down);
  g_test_add_func ("/settings", test_settings);
  const int status = g_test_run ();
  g_clear_object (&engine);
  omni_test_remove_folder (home);
  return status;
}
