/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What pan-sharpening is trained on: one pair of pictures, its bands, and the rows that no step may see. */

#include "app/picture/degrade.h"
#include "app/picture/resample.h"
#include "app/training/bands.h"
#include "tests/training-fixture.h"

#define N_BANDS 4
#define RATIO   4
#define WIDTH   64
#define HEIGHT  160
#define KEPT    (HEIGHT / 4)                /* for validation */
#define TRAINED (HEIGHT - KEPT - 4 * RATIO) /* rows */

#define RECIPE                                                                                               \
  "[network]\narchitecture = pmgi\n[train]\nsteps = 8\nbatch = 3\ncrop = 32\n"                               \
  "[task pansharpen]\ndata = pansharpen\nsources = 2\nreduce = 1\nloss = mae 1\n"

static char *root;

static OmniPicture *
make_picture (guint32 seed, guint width, guint height, guint channels)
{
  const gsize n = (gsize)width * height * channels;
  guint16 *samples = g_new (guint16, n);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  for (gsize i = 0; i < n; i++)
    samples[i] = (guint16)(200 * (1 + i % channels) + g_rand_int_range (random, 0, 900));
  return omni_picture_new (width, height, channels, FALSE, OMNI_SAMPLE_U16,
                           g_bytes_new_take (samples, n * sizeof *samples), NULL, NULL, NULL);
}

/* The picture with noise of its own in the rows from `first` to before `end`, but no larger sample than before. */
static OmniPicture *
disturb (OmniPicture *picture, guint first, guint end)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const gsize row = (gsize)width * channels, n = row * height;
  guint16 *samples = g_memdup2 (omni_picture_get_pixels (picture), n * sizeof *samples);
  for (gsize i = row * first; i < row * end; i++)
    samples[i] = (guint16)(100 + i * 7919 % 200);
  return omni_picture_new (width, height, channels, FALSE, OMNI_SAMPLE_U16,
                           g_bytes_new_take (samples, n * sizeof *samples), NULL, NULL, NULL);
}

static void
write_picture (const char *scene, const char *name, OmniPicture *picture)
{
  g_autofree char *folder = g_build_filename (root, "pansharpen", scene, NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  const OmniWriteOptions options = { .force = TRUE };
  GError *error = NULL;
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (omni_picture_write (picture, path, &options, &error));
  g_assert_no_error (error);
}

static void
write_pair (const char *scene, OmniPicture *ms, OmniPicture *pan)
{
  write_picture (scene, "ms.tif", ms);
  write_picture (scene, "pan.tif", pan);
}

static GPtrArray *
list_scenes (OmniDataset **dataset, GPtrArray *notes)
{
  GError *error = NULL;
  *dataset = omni_dataset_open (root, &error);
  GPtrArray *scenes = omni_dataset_list (*dataset, "pansharpen", OMNI_SCENES_OF_BANDS, FALSE, notes, &error);
  g_assert_no_error (error);
  return scenes;
}

/* ---- Values ---- */

static void
assert_rows (const OmniLuma *luma, const OmniScene *scene, OmniPicture *wanted, guint channel, double white)
{
  const guint channels = omni_picture_get_channels (wanted);
  const guint16 *samples = omni_picture_get_pixels (wanted);
  g_assert_cmpuint (luma->width, ==, scene->width);
  g_assert_cmpuint (luma->height, ==, scene->height);
  for (guint y = 0; y < scene->height; y++)
    for (guint x = 0; x < scene->width; x++)
    {
      const double sample = samples[((gsize)(scene->top + y) * WIDTH + x) * channels + channel];
      g_assert_cmpfloat_with_epsilon (luma->values[y * WIDTH + x], MIN (sample / white, 1) * 65535, 1);
    }
}

static double
get_largest (OmniPicture *picture)
{
  const guint16 *samples = omni_picture_get_pixels (picture);
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture)
                  * omni_picture_get_channels (picture);
  double largest = 0;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, samples[i]);
  return largest;
}

/* Every band in its place, coarse as Wald's protocol has it and as it was, beside the panchromatic picture. */
static void
test_values (void)
{
  g_autoptr (OmniPicture) ms = make_picture (1, WIDTH, HEIGHT, N_BANDS);
  g_autoptr (OmniPicture) pan = make_picture (2, WIDTH * RATIO, HEIGHT * RATIO, 1);
  write_pair ("a", ms, pan);
  g_autoptr (OmniPicture)
    small = omni_picture_degrade (ms, WIDTH / RATIO, HEIGHT / RATIO, OMNI_DEGRADE_GAIN_MS, NULL, NULL);
  g_autoptr (OmniPicture) coarse = omni_picture_resample (small, WIDTH, HEIGHT, NULL, NULL);
  g_autoptr (OmniPicture)
    coarse_pan = omni_picture_degrade (pan, WIDTH, HEIGHT, OMNI_DEGRADE_GAIN_PAN, NULL, NULL);
  const double white = MAX (get_largest (coarse), get_largest (coarse_pan));

  g_autoptr (OmniDataset) dataset = NULL;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) scenes = list_scenes (&dataset, notes);
  g_autoptr (OmniLumaCache) cache = omni_luma_cache_new (1 << 24);
  g_assert_cmpuint (scenes->len, ==, 2 * N_BANDS);
  g_assert_cmpuint (notes->len, ==, 0);
  for (guint i = 0; i < scenes->len; i++)
  {
    const OmniScene *scene = scenes->pdata[i];
    GError *error = NULL;
    OmniBands bands;
    g_assert_cmpint (scene->split, ==, i < N_BANDS ? OMNI_SPLIT_TRAIN : OMNI_SPLIT_VAL);
    g_assert_cmpuint (scene->band, ==, i % N_BANDS);
    g_assert_cmpuint (scene->top, ==, i < N_BANDS ? 0 : HEIGHT - KEPT);
    g_assert_cmpuint (scene->height, ==, i < N_BANDS ? TRAINED : KEPT);
    g_assert_true (omni_bands_load (&bands, scene, cache, &error));
    g_assert_no_error (error);
    assert_rows (bands.band, scene, coarse, scene->band, white);
    assert_rows (bands.truth, scene, ms, scene->band, white);
    assert_rows (bands.pan, scene, coarse_pan, 0, white);
    omni_bands_clear (&bands);
  }
  guint64 held, decoded;
  omni_luma_cache_get_figures (cache, &held, &decoded);
  g_assert_cmpuint (decoded, ==, 1);
}

/* ---- What is held out ---- */

/* A hash for every scene of its values. */
static void
hash_scenes (char *hashes[2 * N_BANDS])
{
  g_autoptr (OmniDataset) dataset = NULL;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) scenes = list_scenes (&dataset, notes);
  g_autoptr (OmniLumaCache) cache = omni_luma_cache_new (1 << 24);
  g_assert_cmpuint (scenes->len, ==, 2 * N_BANDS);
  for (guint i = 0; i < scenes->len; i++)
  {
    g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
    OmniBands bands;
    g_assert_true (omni_bands_load (&bands, scenes->pdata[i], cache, NULL));
    const OmniLuma *const parts[] = { bands.band, bands.pan, bands.truth };
    for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
      g_checksum_update (checksum, (const guchar *)parts[k]->values,
                         (gssize)(sizeof (guint16) * parts[k]->width * parts[k]->height));
    hashes[i] = g_strdup (g_checksum_get_string (checksum));
    omni_bands_clear (&bands);
  }
}

/* Whatever is in the rows for validation, the training does not see it, and the other way round; what lies between is in
 * neither but reaches into both. */
static void
test_held_out (void)
{
  g_autoptr (OmniPicture) ms = make_picture (1, WIDTH, HEIGHT, N_BANDS);
  g_autoptr (OmniPicture) pan = make_picture (2, WIDTH * RATIO, HEIGHT * RATIO, 1);
  static const struct
  {
    guint first, end;    /* rows that are disturbed */
    gboolean train, val; /* whether that shows */
  } cases[] = { { 0, 0, FALSE, FALSE },
                { HEIGHT - KEPT, HEIGHT, FALSE, TRUE },
                { 24, TRAINED, TRUE, FALSE },
                { TRAINED, TRAINED + 2, TRUE, FALSE } };
  char *hashes[2][2 * N_BANDS] = { { NULL } };
  /* The largest samples, which say what is white, in rows that nothing disturbed reaches. */
  guint16 *samples = (guint16 *)omni_picture_get_pixels (ms);
  for (guint i = 0; i < 4 * WIDTH * N_BANDS; i++)
    samples[i] = 5000;
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
  {
    g_autoptr (OmniPicture) other_ms = disturb (ms, cases[c].first, cases[c].end);
    g_autoptr (OmniPicture) other_pan = disturb (pan, cases[c].first * RATIO, cases[c].end * RATIO);
    write_pair ("a", other_ms, other_pan);
    hash_scenes (hashes[c > 0]);
    for (guint i = 0; c > 0 && i < 2 * N_BANDS; i++)
    {
      const gboolean differs = !g_str_equal (hashes[0][i], hashes[1][i]);
      g_assert_true (differs == (i < N_BANDS ? cases[c].train : cases[c].val));
      g_clear_pointer (&hashes[1][i], g_free);
    }
  }
  for (guint i = 0; i < 2 * N_BANDS; i++)
    g_free (hashes[0][i]);
  write_pair ("a", ms, pan);
}

/* split.csv may keep a whole scene for validation. */
static void
test_split_csv (void)
{
  g_autofree char *path = g_build_filename (root, "split.csv", NULL);
  g_assert_true (
    g_file_set_contents (path, "split,file\nval,pansharpen/a/ms.tif\nval,pansharpen/a/pan.tif\n", -1, NULL));
  g_autoptr (OmniDataset) dataset = NULL;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) scenes = list_scenes (&dataset, notes);
  g_assert_cmpuint (scenes->len, ==, N_BANDS);
  for (guint i = 0; i < scenes->len; i++)
  {
    const OmniScene *scene = scenes->pdata[i];
    g_assert_cmpint (scene->split, ==, OMNI_SPLIT_VAL);
    g_assert_cmpuint (scene->height, ==, HEIGHT);
  }
  g_remove (path);
}

static void
test_left_out (void)
{
  g_autoptr (OmniPicture) ms = make_picture (3, 32, 32, N_BANDS);
  g_autoptr (OmniPicture) odd = make_picture (4, 100, 100, 1);
  write_picture ("lonely", "ms.tif", ms);
  write_pair ("odd", ms, odd);
  g_autoptr (OmniDataset) dataset = NULL;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) scenes = list_scenes (&dataset, notes);
  g_assert_cmpuint (scenes->len, ==, 2 * N_BANDS);
  g_assert_cmpuint (notes->len, ==, 2);
  g_assert_true (has_note (notes, "pansharpen/lonely is left out: a scene of bands has one ms.tif"));
  g_assert_true (
    has_note (notes, "pansharpen/odd is left out: bands of 32 × 32 and a panchromatic picture of 100"));
}

/* ---- Batches ---- */

static void
test_batches (void)
{
  GError *error = NULL;
  g_autoptr (OmniRecipe) recipe = parse_recipe (RECIPE);
  g_autoptr (OmniDataset) dataset = omni_dataset_open (root, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 24, notes, &error);
  const gsize plane = 32 * 32;
  gboolean seen[2] = { FALSE };
  g_assert_no_error (error);
  for (guint step = 0; step < 8; step++)
  {
    g_autoptr (OmniSample) sample = omni_train_data_draw (data, step, -1, &error);
    g_assert_no_error (error);
    const OmniTrainBatch *batch = &sample->batch;
    g_assert_cmpint (batch->task, ==, OMNI_TASK_PANSHARPEN);
    g_assert_cmpuint (batch->n_sources, ==, 2);
    for (guint b = 0; b < batch->n_sets; b++)
    {
      const guint ms = batch->roles[2 * b] == OMNI_ROLE_MULTISPECTRAL ? 0 : 1;
      double to_ms = 0, to_pan = 0;
      seen[ms] = TRUE;
      g_assert_cmpint (batch->roles[2 * b + ms], ==, OMNI_ROLE_MULTISPECTRAL);
      g_assert_cmpint (batch->roles[2 * b + 1 - ms], ==, OMNI_ROLE_PANCHROMATIC);
      for (gsize i = 0; i < plane; i++)
      {
        to_ms += batch->truth[b * plane + i] - batch->luma[(2 * b + ms) * plane + i];
        to_pan += batch->truth[b * plane + i] - batch->luma[(2 * b + 1 - ms) * plane + i];
      }
      /* The band is as bright as its truth. */
      g_assert_cmpfloat (fabs (to_ms) / plane, <, 0.03);
      g_assert_true (isfinite (to_pan));
    }
  }
  g_assert_true (seen[0] && seen[1]);
  g_assert_cmpuint (omni_train_data_get_scenes (data, 0, OMNI_SPLIT_VAL)->len, ==, N_BANDS);
  g_autoptr (OmniSample) first = omni_train_data_draw_validation (data, 0, 2, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (first->batch.size_px, ==, 32);
  g_assert_nonnull (first->batch.truth);
}

/* Only a network that is told bands from a panchromatic picture learns to sharpen. */
static void
test_recipe (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniRecipe) recipe = omni_recipe_parse (
    "[network]\narchitecture = u2fusion\n[train]\nsteps = 8\n[task pansharpen]\ndata = a\nloss = mae 1\n",
    "x.recipe", &error);
  g_assert_null (recipe);
  g_assert_nonnull (strstr (error->message, "line 5: u2fusion does not sharpen bands"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = g_dir_make_tmp ("omnifuse-bands-XXXXXX", NULL);
  g_test_add_func ("/training/bands/values", test_values);
  g_test_add_func ("/training/bands/held-out", test_held_out);
  g_test_add_func ("/training/bands/split-csv", test_split_csv);
  g_test_add_func ("/training/bands/left-out", test_left_out);
  g_test_add_func ("/training/bands/batches", test_batches);
  g_test_add_func ("/training/bands/recipe", test_recipe);
  const int status = g_test_run ();
  remove_folder (root);
  g_free (root);
  return status;
}
