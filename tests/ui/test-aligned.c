/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of pictures that are seen through warps: in the document with its undo, in versions and in sessions. */
#include "app/document/session.h"
#include "tests/ui/document-fixture.h"

#include <glib/gstdio.h>

static void
start (Fixture *f)
{
  omni_document_insert (f->document, 0, f->sources);
  omni_document_set_task (f->document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (f->document, omni_model_find ("mean"));
}

/* In the document */

static OmniSource *
warp (OmniSource *source, double dx, double dy)
{
  const OmniWarp seen = { { { 1, 0, 2 + dx, 0, 1, 3 + dy, 0, 0, 1 } }, WIDTH_PX - 8, HEIGHT_PX - 8 };

  return omni_source_new_warped (source, &seen);
}

/* All but the last, moved by as many pixels as they have before them. */
static GPtrArray *
warp_all (Fixture *f)
{
  GPtrArray *aligned = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 4; i++)
    g_ptr_array_add (aligned, warp (f->sources->pdata[i], 1.25 * i, 0));
  return aligned;
}

/* They take their places with what was said of them, one step takes them back, and what they count afterwards goes with them. */
static void
test_aligned (Fixture *f, gconstpointer data)
{
  start (f);
  omni_document_set_role (f->document, f->sources->pdata[1], OMNI_ROLE_VISIBLE);
  omni_document_set_on (f->document, f->sources->pdata[2], FALSE);
  omni_document_set_influence (f->document, f->sources->pdata[3], 1.5);
  g_autoptr (GPtrArray) aligned = warp_all (f);
  g_assert_false (omni_document_is_aligned (f->document));
  g_assert_false (omni_document_unalign (f->document));
  g_assert_true (omni_document_set_aligned (f->document, aligned));
  g_assert_false (omni_document_set_aligned (f->document, aligned));
  g_autoptr (GPtrArray) again = warp_all (f);
  g_assert_false (omni_document_set_aligned (f->document, again)); /* the same picture */
  g_assert_true (omni_document_is_aligned (f->document));
  for (guint i = 0; i < 4; i++)
  {
    g_assert_true (f->shadow->pdata[i] == aligned->pdata[i]);
    g_assert_true (omni_document_get_source (f->document, i) == aligned->pdata[i]);
    g_assert_true (omni_document_find_file (f->document, f->sources->pdata[i]) == aligned->pdata[i]);
    g_assert_cmpint (omni_source_get_role (aligned->pdata[i]), ==,
                     i == 1 ? OMNI_ROLE_VISIBLE : OMNI_ROLE_NONE);
    g_assert_true (omni_document_is_on (f->document, aligned->pdata[i]) == (i != 2));
    g_assert_cmpfloat (omni_document_get_influence (f->document, aligned->pdata[i]), ==, i == 3 ? 1.5 : 0);
    double px;
    g_assert_true (omni_document_get_shift (f->document, aligned->pdata[i], &px));
    g_assert_cmpfloat (px, ==, 1.25 * i);
  }
  /* A file that is in the set is in the set. */
  g_assert_cmpuint (omni_document_insert (f->document, 0, f->sources), ==, 0);
  if (wait_for_result (f))
    g_assert_cmpuint (omni_picture_get_width (omni_document_get_result (f->document)->picture), ==,
                      WIDTH_PX - 8);
  omni_document_undo (f->document);
  assert_order (f, "0123");
  omni_document_redo (f->document);
  g_assert_true (omni_document_get_source (f->document, 0) == aligned->pdata[0]);

  omni_document_set_on (f->document, aligned->pdata[2], TRUE);
  omni_document_set_influence (f->document, aligned->pdata[3], 0);
  omni_document_move (f->document, 0, 3);
  g_assert_true (omni_document_unalign (f->document));
  assert_order (f, "1230");
  g_assert_true (omni_document_is_on (f->document, f->sources->pdata[2]));
  g_assert_cmpfloat (omni_document_get_influence (f->document, f->sources->pdata[3]), ==, 0);
  omni_document_undo (f->document);
  g_assert_true (omni_document_is_aligned (f->document));
  omni_document_cancel (f->document);
}

/* The way back is an undo only where nothing came after. */
static void
test_take_back_aligned (Fixture *f, gconstpointer data)
{
  start (f);
  g_autoptr (GPtrArray) before = g_ptr_array_ref (omni_document_get_sources (f->document));
  g_autoptr (GPtrArray) aligned = warp_all (f);
  omni_document_set_aligned (f->document, aligned);
  omni_document_take_back_aligned (f->document, before);
  assert_order (f, "0123");
  g_assert_true (omni_document_can_redo (f->document));

  omni_document_set_aligned (f->document, aligned);
  omni_document_move (f->document, 0, 3);
  omni_document_take_back_aligned (f->document, before);
  assert_order (f, "1230");
  g_assert_false (omni_document_can_redo (f->document));
  omni_document_undo (f->document);
  g_assert_true (omni_document_is_aligned (f->document));
  omni_document_cancel (f->document);
}

/* What comes to a set that was aligned, and what can be at all. */
static void
test_unaligned (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) aligned = warp_all (f);
  g_autoptr (OmniSource) other = make_source (f, "9.png", WIDTH_PX, HEIGHT_PX, 99);
  g_autoptr (OmniSource) large = make_source (f, "large.png", WIDTH_PX * 2, HEIGHT_PX, 99);
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_assert_false (omni_document_can_align (f->document));
  start (f);
  g_assert_true (omni_document_can_align (f->document));
  g_autoptr (GPtrArray) none = omni_document_list_unaligned (f->document);
  g_assert_cmpuint (none->len, ==, 0); /* not one of them is the odd one */
  omni_document_set_aligned (f->document, aligned);
  g_ptr_array_add (one, other);
  omni_document_insert (f->document, 1, one);
  g_assert_true (omni_document_can_align (f->document));
  g_autoptr (GPtrArray) unaligned = omni_document_list_unaligned (f->document);
  g_assert_cmpuint (unaligned->len, ==, 1);
  g_assert_true (unaligned->pdata[0] == other);
  omni_document_set_on (f->document, other, FALSE);
  g_autoptr (GPtrArray) off = omni_document_list_unaligned (f->document);
  g_assert_cmpuint (off->len, ==, 0);
  one->pdata[0] = large;
  omni_document_insert (f->document, 1, one);
  g_assert_false (omni_document_can_align (f->document));
  omni_document_set_on (f->document, large, FALSE);
  g_assert_true (omni_document_can_align (f->document));
  omni_document_cancel (f->document);
}

/* Another file of the same size is seen as the one before it; one of another size is not. */
static void
test_replace_aligned (Fixture *f, gconstpointer data)
{
  start (f);
  g_autoptr (GPtrArray) aligned = warp_all (f);
  g_autoptr (OmniSource) other = make_source (f, "9.png", WIDTH_PX, HEIGHT_PX, 99);
  g_autoptr (OmniSource) large = make_source (f, "large.png", WIDTH_PX * 2, HEIGHT_PX, 99);
  omni_document_set_aligned (f->document, aligned);
  omni_document_set_on (f->document, aligned->pdata[1], FALSE);
  g_assert_true (omni_document_replace (f->document, aligned->pdata[1], other));
  OmniSource *now = omni_document_get_source (f->document, 1);
  g_assert_true (omni_source_get_original (now) == other);
  g_assert_cmpmem (omni_source_get_warp (now), sizeof (OmniWarp), omni_source_get_warp (aligned->pdata[1]),
                   sizeof (OmniWarp));
  g_assert_false (omni_document_is_on (f->document, now));
  g_assert_true (omni_document_replace (f->document, now, large));
  g_assert_true (omni_document_get_source (f->document, 1) == large);
  omni_document_cancel (f->document);
}

/* Versions and sessions */

static OmniSession *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  OmniSession *session = omni_session_load (path, NULL, &error);

  g_assert_no_error (error);
  return session;
}

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

/* Numbers that have no short decimal form, and zeros of both signs. */
static OmniWarp
make_odd_warp (guint index)
{
  return (OmniWarp){ { { 1 + 1.0 / 3000, 0.1 / 7e3 * index, 2 + G_PI / 3, -0.0, 0.9998765432109876,
                         4.0 / 3 + index / 7.0, 1e-5 / 3, -1e-308, 1.0000000000000002 } },
                     WIDTH_PX - 8,
                     HEIGHT_PX - 8 };
}

static GPtrArray *
warp_oddly (Fixture *f)
{
  GPtrArray *aligned = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 4; i++)
  {
    const OmniWarp seen = make_odd_warp (i);
    g_assert_true (omni_warp_is_sane (&seen));
    g_ptr_array_add (aligned, omni_source_new_warped (f->sources->pdata[i], &seen));
  }
  return aligned;
}

static gboolean
is_recalled (gpointer data)
{
  return *(gboolean *)data;
}

static void
recalled_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_versions_recall_finish (OMNI_VERSIONS (object), result, &error));
  g_assert_no_error (error);
  *(gboolean *)data = TRUE;
}

static void
recall (OmniDocument *document, guint position)
{
  OmniVersions *versions = omni_document_get_versions (document);
  gboolean done = FALSE;

  omni_versions_recall_async (versions, omni_versions_get (versions, position), engine, NULL, recalled_cb,
                              &done);
  g_assert_true (omni_test_wait (is_recalled, &done));
}

/* Every bit of every warp comes back, versions of before and after come out as they did, and what is not aligned any more is the very
 * source of the earlier version. */
static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) aligned = warp_oddly (f);

  start (f);
  if (!wait_for_result (f))
    return;
  omni_document_set_aligned (f->document, aligned);
  wait_for_result (f);
  g_autofree char *sha256 = g_strdup (omni_document_get_result (f->document)->sha256);
  g_autofree char *path = save (f, "a.omnifuse");

  g_autoptr (OmniDocument) other = omni_document_new (engine);
  g_autoptr (OmniSession) session = load (path);
  g_assert_null (omni_session_describe_changed (session));
  omni_session_apply (session, other);
  omni_document_cancel (other); /* no version of now */
  g_assert_cmpuint (omni_document_get_n_sources (other), ==, 4);
  for (guint i = 0; i < 4; i++)
  {
    const OmniWarp seen = make_odd_warp (i),
                   *warp = omni_source_get_warp (omni_document_get_source (other, i));
    g_autofree char *hash = omni_source_dup_sha256 (omni_document_get_source (other, i), NULL);
    g_autofree char *before = omni_source_dup_sha256 (aligned->pdata[i], NULL);
    g_assert_nonnull (warp);
    g_assert_cmpmem (warp, sizeof *warp, &seen, sizeof seen);
    g_assert_cmpstr (hash, ==, before);
  }
  OmniVersions *versions = omni_document_get_versions (other);
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 2);
  g_assert_cmpstr (omni_fusion_version_get_facts (omni_versions_get (versions, 0))->sha256, ==, sha256);
  recall (other, 0);
  recall (other, 1);
  g_assert_true (omni_document_unalign (other));
  GPtrArray *plain = omni_fusion_version_get_facts (omni_versions_get (versions, 1))->sources;
  for (guint i = 0; i < 4; i++)
    g_assert_true (omni_document_get_source (other, i) == plain->pdata[i]);
  omni_document_cancel (other);

  /* And once more: what was read is written. */
  omni_document_undo (other);
  g_autoptr (OmniSession) second = omni_session_new (other);
  g_autofree char *again = g_build_filename (f->folder, "b.omnifuse", NULL);
  g_assert_true (omni_session_save (second, again, FALSE, NULL));
  g_autoptr (OmniDocument) third = omni_document_new (engine);
  g_autoptr (OmniSession) third_session = load (again);
  omni_session_apply (third_session, third);
  g_assert_cmpmem (omni_source_get_warp (omni_document_get_source (third, 3)), sizeof (OmniWarp),
                   omni_source_get_warp (aligned->pdata[3]), sizeof (OmniWarp));
  omni_document_cancel (other);
  omni_document_cancel (third);
}

/* The file of two entries was moved: it is found for both. One that is another picture now is seen as it was while its size is the
 * same, and as it is where it is not. */
static void
test_moved (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) aligned = warp_oddly (f);
  g_autoptr (GPtrArray) two = g_ptr_array_new ();

  start (f);
  if (!wait_for_result (f))
    return;
  omni_document_set_aligned (f->document, aligned);
  wait_for_result (f);
  g_autofree char *path = save (f, "a.omnifuse");
  g_autofree char *moved = g_build_filename (f->folder, "moved.png", NULL);
  g_assert_cmpint (g_rename (omni_source_get_path (f->sources->pdata[0]), moved), ==, 0);
  g_remove (omni_source_get_path (f->sources->pdata[1]));
  g_remove (omni_source_get_path (f->sources->pdata[2]));
  g_autoptr (OmniSource) same_size = make_source (f, "1.png", WIDTH_PX, HEIGHT_PX, 7);
  g_autoptr (OmniSource) wider = make_source (f, "2.png", WIDTH_PX + 1, HEIGHT_PX, 7);

  g_autoptr (OmniDocument) other = omni_document_new (engine);
  g_autoptr (OmniSession) session = load (path);
  omni_session_apply (session, other);
  g_assert_cmpuint (omni_document_get_n_sources (other), ==, 4);
  OmniSource *first = omni_document_get_source (other, 0);
  g_assert_cmpstr (omni_source_get_path (first), ==, moved);
  g_assert_nonnull (omni_source_get_warp (first));
  g_assert_nonnull (omni_source_get_warp (omni_document_get_source (other, 1)));
  g_assert_null (omni_source_get_warp (omni_document_get_source (other, 2)));
  g_assert_cmpuint (omni_source_get_width (omni_document_get_source (other, 2)), ==, WIDTH_PX + 1);
  OmniVersions *versions = omni_document_get_versions (other);
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 2);
  GPtrArray *plain = omni_fusion_version_get_facts (omni_versions_get (versions, 1))->sources;
  g_assert_true (plain->pdata[0] == omni_source_get_original (first));
  omni_document_cancel (other);
}

/* What makes no sense is left out, and the picture is there. */
static void
test_damaged (Fixture *f, gconstpointer data)
{
  static const char *const warps[] = {
    "7",
    "[]",
    "{}",
    "{\"map\": 3}",
    "{\"map\": \"1 0 0 0 1 0 0 0 1\"}",
    "{\"map\": \"1 0 0 0 1 0 0 0\", \"width\": 40, \"height\": 30, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"1 0 0 0 1 0 0 0 1 2\", \"width\": 40, \"height\": 30, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"1 0 nan 0 1 0 0 0 1\", \"width\": 40, \"height\": 30, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"9 0 0 0 9 0 0 0 1\", \"width\": 40, \"height\": 30, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"1 0 0 0 1 0 0 0 0\", \"width\": 40, \"height\": 30, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"1 0 0 0 1 0 0 0 1\", \"width\": 0, \"height\": 30, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"1 0 0 0 1 0 0 0 1\", \"width\": 40, \"height\": -3, \"of_width\": 48, \"of_height\": 40}",
    "{\"map\": \"1 0 0 0 1 0 0 0 1\", \"width\": 4000000, \"height\": 30, \"of_width\": 48, \"of_height\": "
    "40}",
    "{\"map\": \"1 0 0 0 1 0 0 0 1\", \"width\": 40, \"height\": 30, \"of_width\": 50, \"of_height\": 40}",
  };
  static const char *const sound =
    "{\"map\": \"1 0 3 0 1 4 0 0 1\", \"width\": 40, \"height\": 30, \"of_width\": 48, \"of_height\": 40}";
  g_autofree char *path = g_build_filename (f->folder, "bad.omnifuse", NULL);
  g_autofree char *uri = g_filename_to_uri (omni_source_get_path (f->sources->pdata[0]), NULL, NULL);

  for (gsize i = 0; i <= G_N_ELEMENTS (warps); i++)
  {
    const gboolean is_sound = i == G_N_ELEMENTS (warps);
    g_autofree char *text = g_strdup_printf (
      "{\"omnifuse_session\": 1, \"files\": [{\"uri\": \"%s\", \"aligned\": %s}]}", uri,
      is_sound ? sound : warps[i]);
    g_assert_true (g_file_set_contents (path, text, -1, NULL));
    g_autoptr (OmniSession) session = load (path);
    g_autoptr (OmniDocument) document = omni_document_new (engine);
    omni_session_apply (session, document);
    g_assert_cmpuint (omni_document_get_n_sources (document), ==, 1);
    g_assert_true (omni_document_is_aligned (document) == is_sound);
    omni_document_cancel (document);
  }
}

/* That somebody wants the frames as they are is the set's. */
static void
test_left (Fixture *f, gconstpointer data)
{
  start (f);
  for (guint i = 0; i < 2; i++)
  {
    g_autofree char *path = g_build_filename (f->folder, "left.omnifuse", NULL);
    g_autoptr (OmniSession) session = omni_session_new (f->document);
    omni_session_set_leaves_frames (session, i == 1);
    g_assert_true (omni_session_save (session, path, FALSE, NULL));
    g_autoptr (OmniSession) again = load (path);
    g_assert_true (omni_session_get_leaves_frames (again) == (i == 1));
  }
  omni_document_cancel (f->document);
}

/* The record holds what it takes to make the same again: hashes of the files, and how they are seen. */
static void
test_record (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) aligned = warp_all (f);
  g_autoptr (GError) error = NULL;

  start (f);
  omni_document_set_aligned (f->document, aligned);
  if (!wait_for_result (f))
    return;
  OmniFusionVersion *version = omni_versions_get (omni_document_get_versions (f->document), 0);
  g_autofree char *text = omni_version_facts_describe (omni_fusion_version_get_facts (version), &error);
  g_autofree char *hash = omni_source_dup_sha256 (f->sources->pdata[1], &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, hash));
  g_assert_nonnull (strstr (text, "aligned by the homography 1 0 3.25 0 1 3 0 0 1\n"));
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/aligned/%s", name);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  char *home = omni_test_make_folder ();

  g_setenv ("XDG_CACHE_HOME", home, TRUE); /* what is measured stays here */
  g_test_init (&argc, &argv, NULL);
  engine = omni_engine_new (NULL);
  add ("places", test_aligned);
  add ("taken-back", test_take_back_aligned);
  add ("unaligned", test_unaligned);
  add ("replaced", test_replace_aligned);
  add ("round-trip", test_round_trip);
  add ("moved", test_moved);
  add ("damaged", test_damaged);
  add ("record", test_record);
  add ("left", test_left);

  const int status = g_test_run ();
  g_object_unref (engine);
  omni_test_remove_folder (home);
  return status;
}
