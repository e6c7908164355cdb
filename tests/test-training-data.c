/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a training sees: scenes and their split, and batches that depend on nothing but their number. */

#include "app/files/reader.h"
#include "app/training/split.h"
#include "tests/training-fixture.h"

#define N_STEPS 24

/* ---- Scenes ---- */

static char *root;

static void
test_split_patients (void)
{
  GError *error = NULL;
  g_autoptr (OmniDataset) dataset = omni_dataset_open (root, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray)
    scenes = omni_dataset_list (dataset, "mri-pet", OMNI_SCENES_OF_SETS, TRUE, notes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scenes->len, ==, 8);
  guint n_val = 0;
  for (guint i = 0; i < scenes->len; i++)
    for (guint k = 0; k < scenes->len; k++)
    {
      const OmniScene *a = scenes->pdata[i], *b = scenes->pdata[k];
      n_val += i == k && a->split == OMNI_SPLIT_VAL;
      if (strncmp (a->name, b->name, 2) == 0)
        g_assert_cmpint (a->split, ==, b->split);
    }
  g_assert_cmpuint (n_val, >, 0);
  g_assert_cmpuint (n_val, <, 8);
}

/* The same names in another order fall into the same split. */
static void
test_split_groups (void)
{
  const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };
  const char *const back[] = { "l", "k", "j", "i", "h", "g", "f", "e", "d", "c", "b", "a" };
  gboolean first[12], second[12];
  omni_split_groups (names, 12, first);
  omni_split_groups (back, 12, second);
  guint n = 0;
  for (guint i = 0; i < 12; i++)
  {
    g_assert_cmpint (first[i], ==, second[11 - i]);
    n += first[i];
  }
  g_assert_cmpuint (n, ==, 2);
  omni_split_groups (names, 1, first);
  g_assert_false (first[0]);
}

static char *
find_truth (const char *file, const char *another, guint *n_pictures, GPtrArray *notes)
{
  g_autofree char *folder = g_build_filename (root, "truths", "scene", NULL);
  const char *const names[] = { "a.png", "b.png", file, another };
  for (guint i = 0; i < G_N_ELEMENTS (names) && names[i] != NULL; i++)
    g_free (write_scene (folder, names[i], i, 32, 32, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_autoptr (OmniDataset) dataset = omni_dataset_open (root, NULL);
  g_autoptr (GPtrArray)
    scenes = omni_dataset_list (dataset, "truths", OMNI_SCENES_OF_SETS, FALSE, notes, NULL);
  for (guint i = 2; i < G_N_ELEMENTS (names) && names[i] != NULL; i++)
  {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    g_remove (path);
  }
  if (scenes == NULL)
    return NULL;
  const OmniScene *scene = scenes->pdata[0];
  *n_pictures = scene->n_pictures;
  return scene->truth != NULL ? g_path_get_basename (scene->truth) : NULL;
}

/* What is a truth to evaluate is one to train, and never a source. */
static void
test_truths (void)
{
  g_autofree char *folder = g_build_filename (root, "truths", "scene", NULL);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  const char *const truths[] = { "truth.png", "Truth.png", "REFERENCE.PNG", "reference.tif" };
  const char *const others[] = { "truth.2.png", "my-truth.png", "references.png" };
  for (guint i = 0; i < G_N_ELEMENTS (truths); i++)
    g_assert_true (omni_picture_is_truth (truths[i]));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (omni_picture_is_truth (others[i]));

  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  guint n;
  g_autofree char *found = find_truth ("Truth.png", NULL, &n, notes);
  g_assert_cmpstr (found, ==, "Truth.png");
  g_assert_cmpuint (n, ==, 2);
  g_autofree char *none = find_truth ("truth.2.png", NULL, &n, notes);
  g_assert_null (none);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpuint (notes->len, ==, 0);
  g_assert_null (find_truth ("truth.png", "Reference.png", &n, notes));
  g_assert_cmpuint (notes->len, ==, 1);
  g_assert_nonnull (strstr (notes->pdata[0], "2 pictures named truth or reference"));
}

static void
test_split_csv (void)
{
  g_autofree char *path = g_build_filename (root, "test-split.csv", NULL);
  const char *text = "split,task,scene,file,source,licence\r\n"
                     "train,t,a,t/a/0.png,\"x, \"\"y\"\"\",z\r\n\nval,t,b,\"t/b,c/0.png\",,\n";
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  GError *error = NULL;
  g_autoptr (GHashTable) splits = omni_split_read (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (splits), ==, 2);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (splits, "t/a/0.png")), ==, OMNI_SPLIT_TRAIN + 1);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (splits, "t/b,c/0.png")), ==, OMNI_SPLIT_VAL + 1);
  g_assert_true (g_file_set_contents (path, "split,file\ntrain,a\ntest,b\n", -1, NULL));
  g_assert_null (omni_split_read (path, &error));
  g_assert_nonnull (strstr (error->message, "has “b” in the split “test”"));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "a,b\n", -1, NULL));
  g_assert_null (omni_split_read (path, &error));
  g_assert_nonnull (strstr (error->message, "columns “split” and “file”"));
  g_clear_error (&error);
  g_remove (path);
}

static void
add_slices (const char *own, const char *folder, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
  {
    g_autofree char *scene = g_build_filename (own, folder, names[i], NULL);
    g_assert_cmpint (g_mkdir_with_parents (scene, 0700), ==, 0);
    g_free (write_scene (scene, "mri.png", i, 64, 64, 1, FALSE, OMNI_SAMPLE_U8, 1));
    g_free (write_scene (scene, "ct.png", i + 20, 64, 64, 1, FALSE, OMNI_SAMPLE_U8, 1));
  }
}

/* What a folder has in a split, by patient. */
static void
collect_patients (OmniDataset *dataset, const char *folder, GHashTable *splits, guint *n_both,
                  GPtrArray *notes)
{
  GError *error = NULL;
  g_autoptr (GPtrArray)
    scenes = omni_dataset_list (dataset, folder, OMNI_SCENES_OF_SETS, TRUE, notes, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < scenes->len; i++)
  {
    const OmniScene *scene = scenes->pdata[i];
    char *patient = g_strndup (scene->name, 2);
    const guint known = GPOINTER_TO_UINT (g_hash_table_lookup (splits, patient));
    *n_both += known != 0 && known != scene->split + 1;
    g_hash_table_replace (splits, patient, GUINT_TO_POINTER (scene->split + 1));
  }
}

/* Without split.csv no patient is in both, whatever the folder; a split.csv that has one in both is believed, and it is said. */
static void
test_patients_of_folders (void)
{
  static const char *const slices[] = { "25011", "30009", "31001", "41001", "42001", "40007", NULL };
  g_autofree char *own = make_data_folder ();
  g_autoptr (GString) csv = g_string_new ("split,file\n");
  GError *error = NULL;
  add_slices (own, "ct-mri", slices);
  for (guint has_csv = 0; has_csv < 2; has_csv++)
  {
    g_autoptr (OmniDataset) dataset = omni_dataset_open (own, &error);
    g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GHashTable) splits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    guint n_both = 0;
    g_assert_no_error (error);
    collect_patients (dataset, "mri-pet", splits, &n_both, notes);
    collect_patients (dataset, "ct-mri", splits, &n_both, notes);
    g_assert_cmpuint (n_both, ==, has_csv);
    g_assert_cmpuint (notes->len, ==, has_csv);
    g_assert_true (!has_csv || has_note (notes, "has patient 25 in both splits (ct-mri)"));
    for (guint i = 0; slices[i] != NULL; i++)
      g_string_append_printf (csv, "%s,ct-mri/%s/mri.png\n%s,ct-mri/%s/ct.png\n", i == 0 ? "val" : "train",
                              slices[i], i == 0 ? "val" : "train", slices[i]);
    static const char *const others[] = { "25001", "25002", "25003", "30001",
                                          "30002", "31007", "31008", "40001" };
    for (guint i = 0; i < G_N_ELEMENTS (others); i++)
      g_string_append_printf (csv, "train,mri-pet/%s/mri.png\ntrain,mri-pet/%s/pet.png\n", others[i],
                              others[i]);
    g_autofree char *path = g_build_filename (own, "split.csv", NULL);
    g_assert_true (g_file_set_contents (path, csv->str, -1, NULL));
  }
  remove_folder (own);
}

/* A picture that is not read is never passed over without a word, nor is a task without anything to validate on. */
static void
test_passed_over (void)
{
  g_autofree char *own = make_data_folder ();
  g_autofree char *link = g_build_filename (own, "exposure", "scene0", "09.png", NULL);
  g_autofree char *bitmap = g_build_filename (own, "exposure", "scene1", "a.bmp", NULL);
  g_autofree char *text = g_build_filename (own, "exposure", "scene1", "notes.txt", NULL);
  g_autofree char *drawing = g_build_filename (own, "natural", "b.gif", NULL);
  g_autofree char *exposure = g_build_filename (own, "exposure", NULL);
  g_free (write_scene (exposure, "loose.png", 1, 96, 80, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_assert_cmpint (symlink ("/nowhere.png", link), ==, 0);
  g_assert_true (g_file_set_contents (bitmap, "BM", 2, NULL));
  g_assert_true (g_file_set_contents (text, "x", 1, NULL));
  g_assert_true (g_file_set_contents (drawing, "GIF89a", 6, NULL));
  GError *error = NULL;
  g_autoptr (OmniDataset) dataset = omni_dataset_open (own, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 20, notes, &error);
  g_assert_no_error (error);
  g_assert_true (has_note (notes, "exposure/scene0 is left out: “"));
  g_assert_true (has_note (notes, "09.png"));
  g_assert_true (has_note (notes, "exposure/scene1/a.bmp is passed over"));
  g_assert_true (has_note (notes, "natural/b.gif is passed over"));
  g_assert_true (has_note (notes, "exposure/loose.png is passed over: a scene is a folder"));
  g_assert_cmpuint (notes->len, ==, 4);
  remove_folder (own);
}

static void
test_nothing_to_validate_on (void)
{
  g_autofree char *own = make_data_folder ();
  g_autofree char *path = g_build_filename (own, "natural", NULL);
  GError *error = NULL;
  remove_folder (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_free (write_scene (path, "only.png", 1, 120, 100, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_autoptr (OmniDataset) dataset = omni_dataset_open (own, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 20, notes, &error);
  g_assert_no_error (error);
  g_assert_true (has_note (notes, "[task focus] has no scene to validate on"));
  g_assert_cmpuint (notes->len, ==, 1);
  remove_folder (own);
}

/* The developers' pictures: train and val are as split.csv has them, and no patient is in both. */
static void
test_split_shared (void)
{
  g_autofree char *data = g_build_filename (g_getenv ("OMNIFUSE_SHARED"), "data", NULL);
  g_autofree char *csv = g_build_filename (data, "split.csv", NULL);
  if (!g_file_test (csv, G_FILE_TEST_EXISTS))
  {
    g_test_skip ("there is no ../shared/data");
    return;
  }
  GError *error = NULL;
  g_autoptr (OmniDataset) dataset = omni_dataset_open (data, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray)
    slices = omni_dataset_list (dataset, "mri-spect", OMNI_SCENES_OF_SETS, TRUE, notes, &error);
  g_assert_no_error (error);
  guint n_val = 0;
  for (guint i = 0; i < slices->len; i++)
  {
    const OmniScene *scene = slices->pdata[i];
    const gboolean is_val = g_str_has_prefix (scene->name, "25") || g_str_has_prefix (scene->name, "28");
    g_assert_cmpint (scene->split == OMNI_SPLIT_VAL, ==, is_val);
    n_val += is_val;
  }
  g_assert_cmpuint (n_val, ==, 35);
  g_autoptr (GPtrArray)
    natural = omni_dataset_list (dataset, "natural", OMNI_SCENES_OF_PICTURES, FALSE, notes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (natural->len, ==, 290);
  for (guint i = 0; i < notes->len; i++)
    g_test_message ("%s", (const char *)notes->pdata[i]);
  g_assert_cmpuint (notes->len, ==, 0);
}

/* Nothing is left out silently. */
static void
test_scenes_left_out (void)
{
  g_autofree char *own = make_data_folder ();
  g_autofree char *tiny = g_build_filename (own, "exposure", "tiny", NULL);
  g_autofree char *mixed = g_build_filename (own, "exposure", "mixed", NULL);
  g_autofree char *single = g_build_filename (own, "exposure", "single", NULL);
  g_autofree char *broken = g_build_filename (own, "exposure", "broken", NULL);
  const char *const folders[] = { tiny, mixed, single, broken };
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (g_mkdir (folders[i], 0700), ==, 0);
  g_free (write_scene (tiny, "0.png", 1, 20, 20, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (tiny, "1.png", 2, 20, 20, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (mixed, "0.png", 1, 80, 80, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (mixed, "1.png", 1, 80, 81, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (single, "0.png", 1, 80, 80, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (broken, "0.png", 1, 80, 80, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_autofree char *half = g_build_filename (broken, "1.png", NULL);
  g_assert_true (g_file_set_contents (half, "\x89PNG\r\n\x1a\n", 8, NULL));
  GError *error = NULL;
  g_autoptr (OmniDataset) dataset = omni_dataset_open (own, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 20, notes, &error);
  g_assert_no_error (error);
  g_assert_true (has_note (notes, "exposure/tiny is left out: 20 × 20"));
  g_assert_true (has_note (notes, "exposure/mixed is left out: its pictures have 80 × 80 and 80 × 81"));
  g_assert_true (has_note (notes, "exposure/single is left out"));
  g_assert_true (has_note (notes, "exposure/broken is left out"));
  g_assert_cmpuint (notes->len, ==, 4);
  g_clear_pointer (&data, omni_train_data_free);
  g_clear_pointer (&recipe, omni_recipe_free);
  recipe = parse_recipe ("[network]\narchitecture = ifani\n[train]\nsteps = 1\ncrop = 32\n[task exposure]\n"
                         "data = exposure\nsources = 9\nloss = mef-ssim 1\n");
  data = omni_train_data_new (recipe, dataset, 1 << 20, notes, &error);
  g_assert_null (data);
  g_assert_nonnull (strstr (error->message, "asks for 9 sources"));
  g_clear_error (&error);
  remove_folder (own);
}

/* ---- Batches ---- */

/* The hashes of steps `first` … N_STEPS − 1. */
static void
draw_all (const char *folder, guint first, guint n_threads, guint64 cache_bytes, char **hashes)
{
  GError *error = NULL;
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniDataset) dataset = omni_dataset_open (folder, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, cache_bytes, notes, &error);
  g_assert_no_error (error);
  g_autoptr (OmniSampler) sampler = omni_sampler_new (data, first, N_STEPS, n_threads);
  for (guint step = first; step < N_STEPS; step++)
  {
    g_autoptr (OmniSample) sample = omni_sampler_next (sampler, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (sample->step, ==, step);
    hashes[step] = hash_batch (&sample->batch);
  }
  g_assert_null (omni_sampler_next (sampler, &error));
  g_assert_no_error (error);
}

static void
clear_hashes (char **hashes)
{
  for (guint i = 0; i < N_STEPS; i++)
    g_clear_pointer (&hashes[i], g_free);
}

static void
test_batches_are_the_same (void)
{
  char *expected[N_STEPS] = { NULL };
  draw_all (root, 0, 1, 1 << 24, expected);
  for (guint i = 1; i < N_STEPS; i++)
    g_assert_cmpstr (expected[i], !=, expected[i - 1]);
  static const struct
  {
    guint first, n_threads;
    guint64 cache_bytes;
  } ways[] = {
    { 0, 2, 1 << 24 }, { 0, 4, 1 << 24 }, { 0, 4, 1 << 12 }, { 9, 1, 1 << 24 }, { 17, 4, 1 << 16 }
  };
  for (guint w = 0; w < G_N_ELEMENTS (ways); w++)
  {
    char *hashes[N_STEPS] = { NULL };
    draw_all (root, ways[w].first, ways[w].n_threads, ways[w].cache_bytes, hashes);
    for (guint i = ways[w].first; i < N_STEPS; i++)
      g_assert_cmpstr (hashes[i], ==, expected[i]);
    clear_hashes (hashes);
  }
  clear_hashes (expected);
}

/* The queues of a validation and of a consolidation are, by any number of threads, what one thread draws in order. */
static void
test_beside_the_steps (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniDataset) dataset = omni_dataset_open (root, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 24, notes, &error);
  g_assert_no_error (error);
  for (guint n_threads = 1; n_threads <= 4; n_threads += 3)
  {
    g_autoptr (OmniSampler) scenes = omni_sampler_new_validation (data, n_threads);
    guint n_scenes = 0;
    for (guint task = 0; task < recipe->tasks->len; task++)
      for (guint i = 0; i < omni_train_data_count_validation (data, task); i++, n_scenes++)
      {
        g_autoptr (OmniSample) sample = omni_sampler_next (scenes, &error);
        g_autoptr (OmniSample) expected = omni_train_data_draw_validation (data, task, i, NULL);
        g_assert_no_error (error);
        g_autofree char *a = hash_batch (&sample->batch), *b = hash_batch (&expected->batch);
        g_assert_cmpstr (a, ==, b);
        g_assert_cmpuint (sample->task, ==, task);
        g_assert_true (sample->scene == expected->scene && sample->scene != NULL);
      }
    g_assert_cmpuint (n_scenes, >=, 3);
    g_assert_null (omni_sampler_next (scenes, &error));
    g_assert_no_error (error);
    g_autoptr (OmniSampler) beside = omni_sampler_new_beside (data, 1, 3, 9, n_threads);
    for (guint i = 3; i < 9; i++)
    {
      g_autoptr (OmniSample) sample = omni_sampler_next (beside, &error);
      g_autoptr (OmniSample) expected = omni_train_data_draw_beside (data, 1, i, NULL);
      g_autoptr (OmniSample) step = omni_train_data_draw (data, i, 1, NULL);
      g_assert_no_error (error);
      g_autofree char *a = hash_batch (&sample->batch), *b = hash_batch (&expected->batch),
                      *c = hash_batch (&step->batch);
      g_assert_cmpstr (a, ==, b);
      g_assert_cmpstr (a, !=, c);
      g_assert_cmpuint (sample->task, ==, 1);
    }
    g_assert_null (omni_sampler_next (beside, &error));
  }
}

/* What a batch promises its trainer. */
static void
test_batch_values (void)
{
  GError *error = NULL;
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniDataset) dataset = omni_dataset_open (root, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 24, notes, &error);
  g_assert_no_error (error);
  gboolean seen[3] = { FALSE };
  for (guint step = 0; step < 40; step++)
  {
    g_autoptr (OmniSample) sample = omni_train_data_draw (data, step, -1, &error);
    g_assert_no_error (error);
    const OmniTrainBatch *batch = &sample->batch;
    const OmniRecipeTask *task = recipe->tasks->pdata[sample->task];
    seen[sample->task] = TRUE;
    g_assert_cmpuint (batch->n_sets, ==, 2);
    g_assert_cmpuint (batch->size_px, ==, 32);
    g_assert_cmpint (batch->task, ==, task->task);
    gboolean is_wanted = FALSE;
    for (guint i = 0; i < task->n_sources->len; i++)
      is_wanted |= g_array_index (task->n_sources, guint, i) == batch->n_sources;
    g_assert_true (is_wanted);
    g_assert_true ((batch->truth != NULL) == (task->task == OMNI_TASK_FOCUS));
    for (gsize i = 0; i < 32 * 32 * 2 * batch->n_sources; i++)
      g_assert_true (batch->luma[i] >= 0 && batch->luma[i] <= 1);
  }
  g_assert_true (seen[0] && seen[1] && seen[2]);
  /* Crops of one set show one place: the sources of an exposure rise and fall together. */
  g_autoptr (OmniSample) first = omni_train_data_draw (data, 3, 0, &error);
  g_autoptr (OmniSample) again = omni_train_data_draw (data, 3, 0, &error);
  g_autofree char *a = hash_batch (&first->batch), *b = hash_batch (&again->batch);
  g_assert_cmpstr (a, ==, b);
}

/* A file whose header is sound and whose pixels are not: named once, passed over, and the batches do not depend on when. */
static void
test_unreadable (void)
{
  g_autofree char *own = make_data_folder ();
  g_autofree char *path = g_build_filename (own, "exposure", "scene2", "01.png", NULL);
  g_autofree char *bytes = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  memset (bytes + size / 2, 0x55, size / 4);
  g_assert_true (g_file_set_contents (path, bytes, (gssize)size, NULL));
  GError *error = NULL;
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  g_autoptr (OmniDataset) dataset = omni_dataset_open (own, &error);
  g_autoptr (GPtrArray) before = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 24, before, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (before->len, ==, 0);
  for (guint step = 0; step < 30; step++)
  {
    g_autoptr (OmniSample) sample = omni_train_data_draw (data, step, 0, &error);
    g_assert_no_error (error);
  }
  g_autoptr (GPtrArray) notes = omni_train_data_take_notes (data);
  g_assert_cmpuint (notes->len, ==, 1);
  g_test_message ("%s", (const char *)notes->pdata[0]);
  g_assert_nonnull (strstr (notes->pdata[0], "01.png"));
  char *one[N_STEPS] = { NULL }, *four[N_STEPS] = { NULL };
  draw_all (own, 0, 1, 1 << 24, one);
  draw_all (own, 0, 4, 1 << 24, four);
  for (guint i = 0; i < N_STEPS; i++)
    g_assert_cmpstr (one[i], ==, four[i]);
  clear_hashes (one);
  clear_hashes (four);
  /* When nothing can be read, that is the end. */
  for (guint scene = 0; scene < 8; scene++)
  {
    g_autofree char *name = g_strdup_printf ("scene%u", scene);
    g_autofree char *file = g_build_filename (own, "exposure", name, "00.png", NULL);
    g_assert_true (g_file_set_contents (file, "no picture", -1, NULL));
  }
  g_clear_pointer (&data, omni_train_data_free);
  data = omni_train_data_new (recipe, dataset, 1 << 24, notes, &error);
  g_assert_null (data);
  g_assert_nonnull (error);
  g_clear_error (&error);
  remove_folder (own);
}

static void
test_cache (void)
{
  const guint64 one = sizeof (OmniLuma) + sizeof (guint16) * 96 * 80;
  g_autoptr (OmniLumaCache) cache = omni_luma_cache_new (2 * one);
  guint64 held, decoded;
  for (guint round = 0; round < 2; round++)
    for (guint scene = 0; scene < 3; scene++)
    {
      g_autofree char *name = g_strdup_printf ("scene%u", scene);
      g_autofree char *path = g_build_filename (root, "exposure", name, "00.png", NULL);
      for (guint again = 0; again < 3; again++)
      {
        g_autoptr (OmniLuma) luma = omni_luma_cache_get (cache, path, NULL);
        g_assert_cmpuint (luma->width, ==, 96);
      }
    }
  omni_luma_cache_get_figures (cache, &held, &decoded);
  g_assert_cmpuint (held, ==, 2 * one);
  g_assert_cmpuint (decoded, ==, 6); /* three pictures, room for two, in turn */
  g_autofree char *missing = g_build_filename (root, "nothing.png", NULL);
  for (guint again = 0; again < 2; again++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_null (omni_luma_cache_get (cache, missing, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  }
}

static void
test_luma_crop (void)
{
  g_autoptr (OmniPicture) picture = make_scene (3, 40, 30, 3, FALSE, OMNI_SAMPLE_U8, 1);
  GError *error = NULL;
  g_autoptr (OmniLuma) luma = omni_luma_new (picture, &error);
  g_assert_no_error (error);
  const guint8 *pixels = omni_picture_get_pixels (picture);
  for (guint i = 0; i < 40 * 30; i++)
  {
    const double wanted = (0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2])
                          / 255;
    g_assert_cmpfloat_with_epsilon (luma->values[i] / 65535.0, wanted, 1e-5);
  }
  float plain[64], turned[64], small[16];
  omni_luma_crop (luma, &(OmniCrop){ .x = 5, .y = 7, .size_px = 8, .reduction = 1 }, plain);
  g_assert_cmpfloat_with_epsilon (plain[8 * 2 + 3], luma->values[9 * 40 + 8] / 65535.0, 1e-6);
  const OmniCrop crop = { .x = 5, .y = 7, .size_px = 8, .reduction = 1, .mirror_x = TRUE, .transpose = TRUE };
  omni_luma_crop (luma, &crop, turned);
  for (guint y = 0; y < 8; y++)
    for (guint x = 0; x < 8; x++)
      g_assert_cmpfloat (turned[x * 8 + y], ==, plain[y * 8 + 7 - x]);
  omni_luma_crop (luma, &(OmniCrop){ .x = 5, .y = 7, .size_px = 4, .reduction = 2 }, small);
  g_assert_cmpfloat_with_epsilon (small[4 * 1 + 2], (plain[20] + plain[21] + plain[28] + plain[29]) / 4,
                                  1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = make_data_folder ();
  g_test_add_func ("/training/split/patients", test_split_patients);
  g_test_add_func ("/training/split/patients-of-folders", test_patients_of_folders);
  g_test_add_func ("/training/scenes/passed-over", test_passed_over);
  g_test_add_func ("/training/scenes/nothing-to-validate-on", test_nothing_to_validate_on);
  g_test_add_func ("/training/split/groups", test_split_groups);
  g_test_add_func ("/training/split/csv", test_split_csv);
  g_test_add_func ("/training/split/shared", test_split_shared);
  g_test_add_func ("/training/scenes/truths", test_truths);
  g_test_add_func ("/training/scenes/left-out", test_scenes_left_out);
  g_test_add_func ("/training/batches/same-for-threads-and-resume", test_batches_are_the_same);
  g_test_add_func ("/training/batches/values", test_batch_values);
  g_test_add_func ("/training/batches/beside-the-steps", test_beside_the_steps);
  g_test_add_func ("/training/batches/unreadable", test_unreadable);
  g_test_add_func ("/training/luma/cache", test_cache);
  g_test_add_func ("/training/luma/crop", test_luma_crop);
  const int status = g_test_run ();
  remove_folder (root);
  g_free (root);
  return status;
}
