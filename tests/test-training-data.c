/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a training sees: recipes, scenes and their split, and batches that depend on nothing but their number. */

#include "app/files/reader.h"
#include "app/training/split.h"
#include "tests/training-fixture.h"

#define N_STEPS 24

/* ---- Recipes ---- */

static void
test_recipe_values (void)
{
  g_autoptr (OmniRecipe) recipe = parse_recipe (
    "# comment\n[network]\narchitecture = omni # ours\nchannels = 24\nbase-levels = 0.5, 0.5\npadding = "
    "reflect\n"
    "[train]\nsteps = 100\ncrop = 64, 128@0.8\nseed = 7\n[optimiser]\nname = rmsprop\nschedule = poly\n"
    "[task exposure]\ndata = exposure, more\nsources = 2, 4-6\nloss = mef-ssim@1 .35, mef-ssim@2 .3, "
    "mef-ssim@4 .35, mef-structure@2 .5, mef-structure@4 1.5, sobel 3, mef-patches@1 .05, mef-patches@2 .45, "
    "mef-patches@4 .5, out-of-range 2\n"
    "[task made-up]\ntask = exposure\ndata = natural\nsynthesis = exposure\nstops = 1-3\n");
  OmniTrainConfig config;
  omni_recipe_get_config (recipe, &config);
  g_assert_cmpstr (config.architecture, ==, "omni");
  g_assert_cmpuint (config.channels, ==, 24);
  g_assert_cmpuint (config.seed, ==, 7);
  g_assert_cmpint (config.padding, ==, OMNI_BOUNDARY_REFLECT);
  g_assert_cmpint (config.optimiser, ==, OMNI_OPTIMISER_RMSPROP);
  g_assert_cmpint (config.schedule, ==, OMNI_SCHEDULE_POLY);
  g_assert_cmpint (config.norm, ==, OMNI_TRAIN_NORM_NONE);
  g_assert_cmpfloat (config.base_level_chance[1], ==, 0.5f);
  g_assert_cmpfloat (config.base_level_chance[2], ==, 0);
  g_assert_cmpuint (config.total_steps, ==, 100);
  g_assert_cmpfloat (config.ewc_lambda, ==, 0);
  const OmniTrainLosses *losses = &config.losses[OMNI_TASK_EXPOSURE];
  g_assert_cmpfloat_with_epsilon (losses->weight[OMNI_LOSS_MEF_SSIM], 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->mef_scales[0], 0.35f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->mef_scales[1], 0.3f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->mef_scales[2], 0.35f, 1e-6);
  g_assert_cmpfloat (losses->mef_scales[3], ==, 0);
  g_assert_cmpfloat (losses->weight[OMNI_LOSS_MEF_STRUCTURE], ==, 2);
  g_assert_cmpfloat (losses->structure_scales[0], ==, 0);
  g_assert_cmpfloat (losses->structure_scales[1], ==, 0.25f);
  g_assert_cmpfloat (losses->structure_scales[2], ==, 0.75f);
  g_assert_cmpfloat (losses->weight[OMNI_LOSS_SOBEL], ==, 3);
  g_assert_cmpfloat_with_epsilon (losses->weight[OMNI_LOSS_MEF_PATCHES], 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->patches_scales[0], 0.05f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->patches_scales[1], 0.45f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->patches_scales[2], 0.5f, 1e-6);
  g_assert_cmpfloat (losses->patches_scales[3], ==, 0);
  g_assert_cmpfloat (losses->weight[OMNI_LOSS_RANGE], ==, 2);
  const OmniRecipeTask *first = recipe->tasks->pdata[0], *second = recipe->tasks->pdata[1];
  g_assert_cmpuint (first->n_sources->len, ==, 4);
  g_assert_cmpuint (g_array_index (first->n_sources, guint, 3), ==, 6);
  g_assert_cmpstr (first->folders[1], ==, "more");
  g_assert_false (omni_recipe_task_has_truth (first));
  g_assert_true (omni_recipe_task_has_truth (second));
  g_assert_cmpint (second->task, ==, OMNI_TASK_EXPOSURE);
  g_assert_cmpfloat (second->options.stops.high, ==, 3);
  g_assert_cmpmem (&first->losses, sizeof first->losses, &second->losses, sizeof second->losses);
  g_assert_cmpuint (omni_recipe_get_crop_px (recipe, 79), ==, 64);
  g_assert_cmpuint (omni_recipe_get_crop_px (recipe, 80), ==, 128);
}

/* The words of a recipe are those of the trainer. */
static void
test_recipe_words (void)
{
  static const struct
  {
    const char *section, *key, *words[5];
  } keys[] = {
    { "network", "normalisation", { "none", "batch", "frozen", "affine" } },
    { "optimiser", "name", { "adam", "rmsprop", "sgd" } },
    { "optimiser", "schedule", { "constant", "halving", "cosine", "poly" } },
  };
  for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
    for (guint i = 0; keys[k].words[i] != NULL; i++)
    {
      const gboolean in_network = g_str_equal (keys[k].section, "network");
      g_autofree char *line = g_strdup_printf ("%s = %s\n", keys[k].key, keys[k].words[i]);
      g_autofree char *text = g_strdup_printf (
        "[network]\narchitecture = ifani\n%s[train]\nsteps = 1\n[optimiser]\n%s"
        "[task exposure]\ndata = a\nloss = mef-ssim 1\n",
        in_network ? line : "", in_network ? "" : line);
      g_autoptr (OmniRecipe) recipe = parse_recipe (text);
      OmniTrainConfig config;
      omni_recipe_get_config (recipe, &config);
      const char *const found[] = { omni_train_norm_to_string (config.norm),
                                    omni_optimiser_to_string (config.optimiser),
                                    omni_schedule_to_string (config.schedule) };
      g_assert_cmpstr (found[k], ==, keys[k].words[i]);
    }
}

static void
test_recipe_order (void)
{
  g_autoptr (OmniRecipe) recipe = parse_recipe (
    "[network]\narchitecture = ifani\n[train]\norder = sequential\n[ewc]\nstrength = 80000\nform = u2fusion\n"
    "[task medical]\ndata = a\nsteps = 30\nloss = mef-ssim 1\n[task infrared]\ndata = b\nsteps = 10\nloss = "
    "sobel 1\n");
  OmniTrainConfig config;
  omni_recipe_get_config (recipe, &config);
  g_assert_cmpfloat (config.ewc_lambda, ==, 40000);
  g_assert_cmpuint (recipe->steps, ==, 40);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 29), ==, 0);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 30), ==, 1);
  GError *error = NULL;
  g_assert_true (omni_recipe_set_steps (recipe, 8, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (recipe->steps, ==, 8);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 5), ==, 0);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 6), ==, 1);
}

/* From the start, half-way or never. */
static void
test_recipe_freeze (void)
{
  static const struct
  {
    const char *value;
    guint64 step;
  } cases[] = { { "0", 0 }, { "0.5", 3 }, { "0.999", 5 }, { "1", G_MAXUINT64 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autofree char *text = g_strdup_printf (
      "[network]\narchitecture = ifani\nnormalisation = batch\nfreeze-norm-at = %s\n[train]\nsteps = 5\n"
      "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n",
      cases[i].value);
    g_autoptr (OmniRecipe) recipe = parse_recipe (text);
    OmniTrainConfig config;
    omni_recipe_get_config (recipe, &config);
    g_assert_cmpuint (config.freeze_step, ==, cases[i].step);
  }
}

/* So many steps as were asked for, in shares that are as near as whole steps can be, and none without a step. */
static void
test_recipe_steps (void)
{
  static const struct
  {
    guint64 own[3], wanted, shares[3];
  } cases[] = {
    { { 100, 100, 100 }, 100, { 34, 33, 33 } },
    { { 100, 100, 100 }, 200, { 67, 67, 66 } },
    { { 50, 30, 20 }, 7, { 4, 2, 1 } },
    { { 1000, 1, 1 }, 3, { 1, 1, 1 } },
    { { 1000, 1, 1 }, 10, { 8, 1, 1 } },
    { { 30, 20, 10 }, 60, { 30, 20, 10 } },
    { { 3, 5, 9 }, 1000000000, { 176470588, 294117647, 529411765 } },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    const guint64 *own = cases[i].own;
    g_autofree char *text = g_strdup_printf ("[network]\narchitecture = ifani\n[train]\norder = sequential\n"
                                             "[task medical]\ndata = a\nsteps = %u\nloss = mef-ssim 1\n"
                                             "[task infrared]\ndata = b\nsteps = %u\nloss = sobel 1\n"
                                             "[task exposure]\ndata = c\nsteps = %u\nloss = mef-ssim 1\n",
                                             (guint)own[0], (guint)own[1], (guint)own[2]);
    g_autoptr (OmniRecipe) recipe = parse_recipe (text);
    GError *error = NULL;
    g_assert_true (omni_recipe_set_steps (recipe, cases[i].wanted, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (recipe->steps, ==, cases[i].wanted);
    for (guint k = 0; k < 3; k++)
      g_assert_cmpuint (((const OmniRecipeTask *)recipe->tasks->pdata[k])->steps, ==, cases[i].shares[k]);
    g_assert_false (omni_recipe_set_steps (recipe, 2, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, "3 or more (--steps)"));
    g_assert_cmpuint (recipe->steps, ==, cases[i].wanted);
    g_clear_error (&error);
  }
}

#define HEAD "[network]\narchitecture = ifani\n[train]\nsteps = 5\n"
#define OMNI "[network]\narchitecture = omni\n"
#define TASK "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n"

static void
test_recipe_errors (void)
{
  static const struct
  {
    const char *text, *line, *words;
  } cases[] = {
    { "steps = 5\n", "line 1:", "before the first" },
    { "[train]\n\nstesp = 5\n", "line 3:", "no key “stesp” in [train]; its keys are order, steps" },
    { "[train]\nsteps = many\n", "line 2:", "whole number" },
    { "[train]\nsteps = -3\n", "line 2:", "whole number" },
    { "[train]\nsteps = 5\nsteps = 6\n", "line 3:", "line 2 already" },
    { "[train]\n[train]\n", "line 2:", "line 1 already" },
    { "[train\n", "line 1:", "does not end" },
    { "[tarin]\n", "line 1:", "no section [tarin]" },
    { "[train]\nnonsense\n", "line 2:", "neither" },
    { "[train]\norder = random\n", "line 2:", "joint, sequential" },
    { "[train]\ncrop = 64, 32\n", "line 2:", "64, 128@0.8" },
    { "[train]\ncrop = 64, 32@0.9, 16@0.8\n", "line 2:", "64, 128@0.8" },
    { "[optimiser]\nlearning-rate = nan\n", "line 2:", "a number from" },
    { "[network]\nchannels = 260\n", "line 2:", "from 0 to 256" },
    { HEAD, "line 5:", "no [task" },
    { "[train]\nsteps = 5\n" TASK, "line 6:", "“architecture”" },
    { "[network]\narchitecture = ifani\n" TASK, "line 6:", "steps" },
    { HEAD "[task exposure]\nloss = mef-ssim 1\n", "line 5:", "“data”" },
    { HEAD "[task exposure]\ndata = a\n", "line 5:", "“loss”" },
    { HEAD "[task exposure]\ndata = a\nloss = mef 1\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = mef-ssim\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = mef-ssim@3 1\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = sobel 1, sobel 2\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = ssim 1\n", "line 7:", "compares with a truth" },
    { HEAD "[task night]\ndata = a\nloss = mef-ssim 1\n", "line 5:", "“night” is no task" },
    { HEAD "[task infrared]\ndata = a\nsynthesis = focus\nloss = mae 1\n", "line 7:", "sets for focus" },
    { HEAD "[task ../x]\n", "line 5:", "letters, digits" },
    { HEAD TASK "[task more]\ntask = exposure\ndata = b\nloss = sobel 1\n", "line 11:", "already" },
    { "[network]\narchitecture = ifani\n[train]\norder = sequential\n" TASK, "line 5:", "“steps”" },
    { "[network]\narchitecture = ifani\n[train]\nsteps = 5\ncrop = 40\n[task exposure]\ndata = a\nloss = "
      "mef-ssim@8 1\n",
      "line 5:", "loss of [task exposure]: their side must be a multiple of 8 and at least 88" },
    { OMNI "base-levels = 1, 0, 0, 0.1\n[train]\nsteps = 5\ncrop = 128, 144@0.5\n" TASK, "line 6:",
      "crops of 144 pixels do not suit omni at all of its base-levels: their side must be a multiple of 32" },
    { OMNI "base-levels = 0, 0, 0, 1\n[train]\nsteps = 5\ncrop = 64\n" TASK, "line 6:", "at least 128" },
    { OMNI "base-levels = 0, 0, 0, 1\n[train]\nsteps = 5\ncrop = 128\nvalidation-size = 100\n" TASK,
      "line 7:", "squares for validation of 96 pixels do not suit omni" },
    { HEAD "crop = 96\nvalidation-size = 80\n[task exposure]\ndata = a\nloss = mef-ssim@8 1\n",
      "line 6:", "squares for validation of 80 pixels do not suit the loss of [task exposure]" },
    { HEAD "[task exposure]\ndata = a\nloss = mef-ssim 1\nsources = 1-3\n", "line 8:", "from 2" },
    { HEAD "[task exposure]\ndata = a,,b\nloss = mef-ssim 1\n", "line 6:", "commas" },
    { "[network]\narchitecture = ifani\nbase-levels = 0, 0\n[train]\nsteps = 5\n" TASK,
      "line 3:", "above 0" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (OmniRecipe) recipe = omni_recipe_parse (cases[i].text, "test.recipe", &error);
    g_assert_null (recipe);
    g_assert_nonnull (error);
    g_test_message ("%u: %s", i, error->message);
    g_assert_nonnull (strstr (error->message, "“test.recipe”"));
    g_assert_nonnull (strstr (error->message, cases[i].line));
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

static void
test_recipe_shipped (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("OMNIFUSE_SOURCE_ROOT"), "models", "recipes", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
  {
    if (!g_str_has_suffix (name, ".recipe"))
      continue;
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (OmniRecipe) recipe = omni_recipe_load (path, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (recipe->steps, >, 0);
    n++;
    /* Whatever the size of a scene, if it is large enough for the crops: network and losses take its square. */
    OmniTrainConfig config;
    omni_recipe_get_config (recipe, &config);
    for (guint side_px = omni_recipe_get_max_crop_px (recipe); side_px < 600; side_px++)
    {
      const guint size_px = omni_recipe_get_validation_px (recipe, side_px);
      g_assert_true (omni_train_side_fits (omni_train_config_get_side (&config), size_px));
      for (guint t = 0; t < recipe->tasks->len; t++)
        g_assert_true (omni_train_side_fits (
          omni_train_losses_get_side (&((const OmniRecipeTask *)recipe->tasks->pdata[t])->losses), size_px));
    }
  }
  g_assert_cmpuint (n, >=, 5);
}

/* One table, three readers: whatever the help says, the manual says too. */
static void
test_recipe_manual (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("OMNIFUSE_SOURCE_ROOT"), "resources", "man",
                                            "omnifuse-cli.1", NULL);
  g_autofree char *manual = NULL;
  g_assert_true (g_file_get_contents (path, &manual, NULL, NULL));
  g_autofree char *help = omni_recipe_get_help ();
  g_auto (GStrv) lines = g_strsplit (help, "\n", -1);
  guint n = 0;
  for (guint i = 0; lines[i] != NULL; i++)
  {
    if (!g_str_has_prefix (lines[i], "  ") || lines[i][2] == ' ')
      continue;
    g_auto (GStrv) parts = g_strsplit (lines[i] + 2, "-", -1);
    g_autofree char *escaped = g_strjoinv ("\\-", parts);
    g_autofree char *entry = g_strconcat ("\n.B ", escaped, "\n", NULL);
    if (strstr (manual, entry) == NULL)
      g_error ("The manual says nothing of the key “%s”.", lines[i] + 2);
    n++;
  }
  g_assert_cmpuint (n, >, 40);
}

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
  g_test_add_func ("/training/recipe/values", test_recipe_values);
  g_test_add_func ("/training/recipe/words", test_recipe_words);
  g_test_add_func ("/training/recipe/order", test_recipe_order);
  g_test_add_func ("/training/recipe/freeze", test_recipe_freeze);
  g_test_add_func ("/training/recipe/steps", test_recipe_steps);
  g_test_add_func ("/training/recipe/errors-name-the-line", test_recipe_errors);
  g_test_add_func ("/training/recipe/shipped", test_recipe_shipped);
  g_test_add_func ("/training/recipe/manual", test_recipe_manual);
  g_test_add_func ("/training/split/patients", test_split_patients);
  g_test_add_func ("/training/split/groups", test_split_groups);
  g_test_add_func ("/training/split/csv", test_split_csv);
  g_test_add_func ("/training/split/shared", test_split_shared);
  g_test_add_func ("/training/scenes/truths", test_truths);
  g_test_add_func ("/training/scenes/left-out", test_scenes_left_out);
  g_test_add_func ("/training/batches/same-for-threads-and-resume", test_batches_are_the_same);
  g_test_add_func ("/training/batches/values", test_batch_values);
  g_test_add_func ("/training/batches/unreadable", test_unreadable);
  g_test_add_func ("/training/luma/cache", test_cache);
  g_test_add_func ("/training/luma/crop", test_luma_crop);
  const int status = g_test_run ();
  remove_folder (root);
  g_free (root);
  return status;
}
