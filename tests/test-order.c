/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders of a set: permutations, what their results have in common, folding pair by pair, and trials in the background. */
#include "app/order/spread.h"
#include "app/order/trial.h"
#include "app/fusion/pair-fold.h"
#include "app/order/permutations.h"
#include "app/talk.h"

#include <math.h>
#include <string.h>

#define SIZE_PX      16
#define WAIT_SECONDS 120

static OmniPicture *
make_flat (guint level)
{
  guint8 *pixels = g_malloc (SIZE_PX * SIZE_PX);

  memset (pixels, (int)level, SIZE_PX * SIZE_PX);
  return omni_picture_new (SIZE_PX, SIZE_PX, 1, FALSE, OMNI_SAMPLE_U8,
                           g_bytes_new_take (pixels, SIZE_PX * SIZE_PX), NULL, NULL, NULL);
}

static OmniPicture *
make_noise (guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  guint8 *pixels = g_malloc (SIZE_PX * SIZE_PX);

  for (guint i = 0; i < SIZE_PX * SIZE_PX; i++)
    pixels[i] = (guint8)g_rand_int_range (random, 0, 256);
  return omni_picture_new (SIZE_PX, SIZE_PX, 1, FALSE, OMNI_SAMPLE_U8,
                           g_bytes_new_take (pixels, SIZE_PX * SIZE_PX), NULL, NULL, NULL);
}

static void
test_permutations (void)
{
  g_autoptr (OmniPermutations) all = omni_permutations_new (4, 24, 0);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint order[4];

  while (omni_permutations_next (all, order))
    g_assert_true (
      g_hash_table_add (seen, g_strdup_printf ("%u%u%u%u", order[0], order[1], order[2], order[3])));
  g_assert_cmpuint (g_hash_table_size (seen), ==, 24);

  g_autoptr (OmniPermutations) some = omni_permutations_new (30, 50, 7);
  guint n = 0, large[30];
  for (; omni_permutations_next (some, large); n++)
  {
    guint sum = 0;
    for (guint i = 0; i < 30; i++)
      sum += large[i];
    g_assert_cmpuint (sum, ==, 29 * 30 / 2);
    if (n == 0)
      for (guint i = 0; i < 30; i++)
        g_assert_cmpuint (large[i], ==, i);
  }
  g_assert_cmpuint (n, ==, 50);
}

static void
test_compare (void)
{
  g_autoptr (OmniPicture) a = make_flat (100);
  g_autoptr (OmniPicture) b = make_flat (110);
  OmniPictureDifference difference;

  g_assert_true (omni_picture_compare (a, a, &difference));
  g_assert_cmpfloat (difference.max_abs, ==, 0);
  g_assert_true (isinf (difference.psnr_db));
  g_assert_true (omni_picture_compare (a, b, &difference));
  g_assert_cmpfloat (difference.max_abs, ==, 10);
  g_assert_cmpfloat_with_epsilon (difference.psnr_db, 20 * log10 (25.5), 1e-9);

  guint16 *deep = g_new0 (guint16, SIZE_PX * SIZE_PX);
  g_autoptr (OmniPicture)
    other = omni_picture_new (SIZE_PX, SIZE_PX, 1, FALSE, OMNI_SAMPLE_U16,
                              g_bytes_new_take (deep, SIZE_PX * SIZE_PX * 2), NULL, NULL, NULL);
  g_assert_false (omni_picture_compare (a, other, &difference));
}

static void
test_spread (void)
{
  g_autoptr (OmniOrderSpread) spread = omni_order_spread_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
  {
    g_autoptr (OmniPicture) picture = make_flat (100 + 20 * (i % 2));
    g_autofree char *sha256 = omni_picture_hash (picture);
    g_assert_true (omni_order_spread_add (spread, picture, sha256, &error));
    g_assert_no_error (error);
  }
  g_assert_cmpuint (omni_order_spread_get_n_tried (spread), ==, 3);
  g_assert_cmpuint (omni_order_spread_get_n_distinct (spread), ==, 2);
  g_assert_cmpfloat (omni_order_spread_get_largest (spread), ==, 20);
  g_autoptr (OmniPicture) map = omni_order_spread_make_map (spread, &error);
  g_assert_no_error (error);
  const guint8 *pixels = omni_picture_get_pixels (map);
  for (guint i = 0; i < SIZE_PX * SIZE_PX; i++)
    g_assert_cmpuint (pixels[i], ==, 20);
}

/* Talks */

static OmniTalk *
read_talk (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  return omni_talk_new_from_bytes (bytes, "test.talk", error);
}

static void
test_talk (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniTalk)
    talk = read_talk ("[One]\nText=Hello.\n[Two]\nDo=shuffle\n[Three]\nDo=black\n", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (omni_talk_get_n_steps (talk), ==, 3);
  g_assert_cmpstr (omni_talk_get_step (talk, 0)->title, ==, "One");
  g_assert_cmpstr (omni_talk_get_step (talk, 0)->text, ==, "Hello.");
  g_assert_cmpint (omni_talk_get_step (talk, 0)->action, ==, OMNI_TALK_WORDS);
  g_assert_cmpint (omni_talk_get_step (talk, 1)->action, ==, OMNI_TALK_SHUFFLE);
  g_assert_cmpint (omni_talk_get_step (talk, 2)->action, ==, OMNI_TALK_BLACK);
  g_assert_null (omni_talk_get_step (talk, 3));

  g_assert_null (read_talk ("[One]\nDo=dance\n", &error));
  g_assert_nonnull (strstr (error->message, "dance"));
  g_assert_nonnull (strstr (error->message, "shuffle"));
  g_clear_error (&error);
  g_assert_null (read_talk ("", &error));
  g_assert_nonnull (strstr (error->message, "no steps"));
  g_clear_error (&error);
  g_assert_null (read_talk ("what is this", &error));
  g_assert_nonnull (strstr (error->message, "test.talk"));
}

/* The talk that ships speaks every language of po/LINGUAS. */
static void
test_translated_talk (void)
{
  const char *root = g_getenv ("OMNIFUSE_SOURCE_ROOT");
  g_autofree char *path = g_build_filename (root, "resources", "talks", "order.talk", NULL);
  g_autofree char *linguas = g_build_filename (root, "po", "LINGUAS", NULL);
  g_autofree char *before = g_strdup (g_getenv ("LANGUAGE"));
  g_autofree char *languages = NULL;

  g_assert_true (g_file_get_contents (linguas, &languages, NULL, NULL));
  g_auto (GStrv) each = g_strsplit (g_strstrip (languages), "\n", -1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_TRANSLATIONS, NULL));
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  g_autoptr (OmniTalk) plain = omni_talk_load (path, NULL);
  for (guint i = 0; each[i] != NULL; i++)
  {
    g_autofree char *title = g_strdup_printf ("Title[%s]", each[i]);
    for (guint k = 0; groups[k] != NULL; k++)
      g_assert_true (g_key_file_has_key (file, groups[k], title, NULL));
    g_setenv ("LANGUAGE", each[i], TRUE);
    g_autoptr (OmniTalk) talk = omni_talk_load (path, NULL);
    g_assert_cmpuint (omni_talk_get_n_steps (talk), ==, omni_talk_get_n_steps (plain));
    for (guint k = 0; k < omni_talk_get_n_steps (talk); k++)
      g_assert_cmpstr (omni_talk_get_step (talk, k)->text, !=, omni_talk_get_step (plain, k)->text);
  }
  if (before != NULL)
    g_setenv ("LANGUAGE", before, TRUE);
  else
    g_unsetenv ("LANGUAGE");
}

static void
test_shipped_talk (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("OMNIFUSE_SOURCE_ROOT"), "resources", "talks",
                                            "order.talk", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniTalk) talk = omni_talk_load (path, &error);
  guint actions = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < omni_talk_get_n_steps (talk); i++)
    actions |= 1u << omni_talk_get_step (talk, i)->action;
  /* It shows every part of the stage but the black screen, which has a key. */
  g_assert_cmpuint (actions, ==, (1u << OMNI_TALK_BLACK) - 1);
}

/* With a device */

typedef struct
{
  OmniEngine *engine;
  OmniFusionRequest request;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->engine = omni_engine_new (NULL);
  f->request.sources = g_ptr_array_new_with_free_func (g_object_unref);
  f->request.task = OMNI_TASK_EXPOSURE;
  f->request.model = omni_model_find ("mean");
  for (guint i = 0; i < 4; i++)
  {
    g_autoptr (OmniPicture) picture = make_noise (i);
    g_autofree char *name = g_strdup_printf ("%u", i);
    g_ptr_array_add (f->request.sources, omni_source_new_for_picture (picture, name));
  }
  if (!omni_engine_ensure_device (f->engine, NULL, NULL))
    g_test_skip ("no Vulkan device");
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_ptr_array_unref (f->request.sources);
  g_object_unref (f->engine);
}

static gboolean
can_run (Fixture *f)
{
  return omni_engine_ensure_device (f->engine, NULL, NULL);
}

/* ((a + b) / 2 + c) / 2 … by hand. */
static void
test_fold (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sha256 = NULL;

  if (!can_run (f))
    return;
  g_autoptr (OmniPicture)
    picture = omni_fold_pairs (f->engine, &f->request, NULL, NULL, &sha256, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (omni_picture_get_sample_type (picture), ==, OMNI_SAMPLE_U8);
  g_autofree char *hash = omni_picture_hash (picture);
  g_assert_cmpstr (hash, ==, sha256);
  const guint8 *fused = omni_picture_get_pixels (picture);
  for (guint i = 0; i < SIZE_PX * SIZE_PX; i++)
  {
    double expected = 0;
    for (guint k = 0; k < 4; k++)
    {
      g_autoptr (OmniPicture) one = omni_source_load (f->request.sources->pdata[k], NULL, NULL);
      const double level = ((const guint8 *)omni_picture_get_pixels (one))[i];
      expected = k == 0 ? level : (expected + level) / 2;
    }
    g_assert_cmpfloat_with_epsilon (fused[i], expected, 0.5 + 1e-3);
  }
}

static gboolean
wake_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
wait_for (OmniOrderTrial *trial)
{
  const gint64 end_us = g_get_monotonic_time () + WAIT_SECONDS * G_USEC_PER_SEC;
  const guint id = g_timeout_add (100, wake_cb, NULL);

  while ((omni_order_trial_is_busy (trial) || omni_order_trial_get_n_waiting (trial) > 0)
         && g_get_monotonic_time () < end_us)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  g_assert_false (omni_order_trial_is_busy (trial));
}

static void
add_all (OmniOrderTrial *trial)
{
  g_autoptr (OmniPermutations) orders = omni_permutations_new (4, 24, 0);
  guint order[4];

  while (omni_permutations_next (orders, order))
    omni_order_trial_add (trial, order);
  omni_order_trial_add (trial, (const guint[]){ 0, 1, 2, 3 });
}

static void
test_exact (Fixture *f, gconstpointer data)
{
  OmniOrderSummary summary;

  if (!can_run (f))
    return;
  g_autoptr (OmniOrderTrial) trial = omni_order_trial_new (f->engine, &f->request, FALSE);
  add_all (trial);
  g_assert_cmpuint (omni_order_trial_get_n_waiting (trial), ==, 25);
  wait_for (trial);
  g_assert_cmpstr (omni_order_trial_get_error (trial), ==, NULL);
  omni_order_trial_summarise (trial, &summary);
  g_assert_cmpuint (summary.n_orders, ==, 24);
  g_assert_cmpuint (summary.n_identical, ==, 24);
  g_assert_cmpuint (summary.n_controls, ==, 1);
  g_assert_cmpuint (summary.n_identical_controls, ==, 1);
  g_assert_cmpfloat (summary.largest, ==, 0);
  g_assert_true (isinf (summary.psnr_db));
  g_assert_cmpint (omni_order_trial_get_try (trial, 24)->repeats, ==, 0);
  g_assert_nonnull (omni_order_trial_get_picture (trial, 13));
  g_assert_nonnull (omni_order_trial_get_device (trial));
  const guint8 *map = omni_picture_get_pixels (omni_order_trial_get_map (trial));
  for (guint i = 0; i < SIZE_PX * SIZE_PX; i++)
    g_assert_cmpuint (map[i], ==, 0);
}

/* The foil must show what it is there to show: other orders give other bits, the same order the same. */
static void
test_foil (Fixture *f, gconstpointer data)
{
  OmniOrderSummary summary;

  if (!can_run (f))
    return;
  g_autoptr (OmniOrderTrial) trial = omni_order_trial_new (f->engine, &f->request, TRUE);
  add_all (trial);
  wait_for (trial);
  omni_order_trial_summarise (trial, &summary);
  g_assert_cmpuint (summary.n_orders, ==, 24);
  /* The first two may be swapped without a change. */
  g_assert_cmpuint (summary.n_identical, ==, 2);
  g_assert_cmpuint (summary.n_identical_controls, ==, 1);
  g_assert_cmpfloat (summary.largest, >, 20);
  g_assert_cmpfloat (summary.psnr_db, <, 30);
}

/* As floats, for the drift is in the last bits. */
static void
test_running_mean (Fixture *f, gconstpointer data)
{
  OmniOrderSummary summary;

  if (!can_run (f))
    return;
  f->request.model = omni_model_find ("running-mean");
  f->request.exact_depth = TRUE;
  f->request.depth = OMNI_SAMPLE_F32;
  g_autoptr (OmniOrderTrial) trial = omni_order_trial_new (f->engine, &f->request, FALSE);
  add_all (trial);
  wait_for (trial);
  omni_order_trial_summarise (trial, &summary);
  g_assert_cmpuint (summary.n_identical, <, summary.n_orders);
  g_assert_cmpfloat (summary.largest, >, 0);
  g_assert_cmpfloat (summary.largest, <, 1e-5);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  if (!can_run (f))
    return;
  g_autoptr (OmniOrderTrial) trial = omni_order_trial_new (f->engine, &f->request, FALSE);
  add_all (trial);
  omni_order_trial_cancel (trial);
  g_assert_cmpuint (omni_order_trial_get_n_waiting (trial), ==, 0);
  wait_for (trial);
  g_assert_cmpuint (omni_order_trial_get_n_tries (trial), <=, 1);
  g_assert_cmpstr (omni_order_trial_get_error (trial), ==, NULL);
  /* It goes on from there. */
  omni_order_trial_add (trial, (const guint[]){ 3, 2, 1, 0 });
  wait_for (trial);
  g_assert_cmpuint (omni_order_trial_get_n_tries (trial), >=, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/order/permutations", test_permutations);
  g_test_add_func ("/order/compare", test_compare);
  g_test_add_func ("/order/spread", test_spread);
  g_test_add_func ("/order/talk", test_talk);
  g_test_add_func ("/order/shipped-talk", test_shipped_talk);
  g_test_add_func ("/order/translated-talk", test_translated_talk);
  g_test_add ("/order/fold", Fixture, NULL, set_up, test_fold, tear_down);
  g_test_add ("/order/exact", Fixture, NULL, set_up, test_exact, tear_down);
  g_test_add ("/order/foil", Fixture, NULL, set_up, test_foil, tear_down);
  g_test_add ("/order/running-mean", Fixture, NULL, set_up, test_running_mean, tear_down);
  g_test_add ("/order/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  return g_test_run ();
}
