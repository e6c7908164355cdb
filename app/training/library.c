/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/library.h"

#include "app/fusion/engine.h"
#include "app/files/csv.h"
#include "app/files/output.h"
#include "app/files/writer.h"
#include "app/metrics/metrics.h"
#include "app/training/luma.h"
#include "app/training/split.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Simple ones first, so that the table shows what better ones are worth. */
static const char *const library[OMNI_LIBRARY_MOST + 1] = { "mean",    "max",   "wavelet", "laplacian", "gff",
                                                            "mertens", "ifani", "omni",    NULL };

const char *const *
omni_library_get_default (void)
{
  return library;
}

/* ---- What is known of a scene ---- */

typedef struct
{
  char *key;          /* GROUP/SCENE */
  char *pair;         /* hash of the pictures that were fused; NULL: not recorded */
  GHashTable *scores; /* identity of a method → double */
  char *best;         /* identity; NULL: none yet */
  double best_score;
} Known;

static void
known_free (gpointer data)
{
  Known *known = data;
  g_free (known->key);
  g_free (known->pair);
  g_hash_table_unref (known->scores);
  g_free (known->best);
  g_free (known);
}

typedef struct
{
  const OmniLibraryParams *params;
  OmniLibraryResult *result;
  OmniEngine *engine;
  char *data_path;        /* canonical, as the paths of sources are */
  GHashTable *known;      /* key → Known */
  GPtrArray *order;       /* Known, as they came */
  GHashTable *splits;     /* (nullable) of the data, see omni_split_read() */
  GHashTable *new_splits; /* likewise, of the folder that is written, earlier runs included */
} Choosing;

static void
choosing_clear (Choosing *self)
{
  g_clear_object (&self->engine);
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->order, g_ptr_array_unref);
  g_clear_pointer (&self->splits, g_hash_table_unref);
  g_clear_pointer (&self->new_splits, g_hash_table_unref);
  g_clear_pointer (&self->data_path, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Choosing, choosing_clear)

/* A model with other options or weights is another algorithm. */
static char *
dup_identity (const OmniEvaluateMethod *method, OmniTask task)
{
  const char *weights = omni_evaluate_method_get_weights_sha256 (method, task);
  return g_strdup_printf ("%s%s%s%s%.12s", method->model->name, method->options_text[0] != '\0' ? ":" : "",
                          method->options_text, weights != NULL ? "@" : "", weights != NULL ? weights : "");
}

static Known *
get_known (Choosing *self, const char *key)
{
  Known *known = g_hash_table_lookup (self->known, key);
  if (known != NULL)
    return known;
  known = g_new0 (Known, 1);
  known->key = g_strdup (key);
  known->scores = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_insert (self->known, known->key, known);
  g_ptr_array_add (self->order, known);
  return known;
}

/* Whoever was chosen stays so until another one is better: the truth in the folder is of that one. */
static void
add_score (Known *known, const char *identity, double score, gboolean is_chosen)
{
  g_hash_table_insert (known->scores, g_strdup (identity), g_memdup2 (&score, sizeof score));
  if (!is_chosen && known->best != NULL && score <= known->best_score)
    return;
  g_free (known->best);
  known->best = g_strdup (identity);
  known->best_score = score;
}

static char *
dup_truth_path (const Choosing *self, const char *key)
{
  return g_build_filename (self->params->output, key, OMNI_LIBRARY_TRUTH, NULL);
}

/* ---- choices.csv ---- */

static void
read_choice (Choosing *self, const char *key, const char *identity, const char *score, const char *pair,
             gboolean is_chosen)
{
  g_autofree char *truth = dup_truth_path (self, key);
  /* Scores without the picture they speak of are worth nothing. */
  if (!g_file_test (truth, G_FILE_TEST_EXISTS))
    return;
  Known *known = get_known (self, key);
  if (known->pair == NULL && pair[0] != '\0')
    known->pair = g_strdup (pair);
  if (identity[0] != '\0') /* else the scene was only begun */
    add_score (known, identity, g_ascii_strtod (score, NULL), is_chosen);
}

static gboolean
read_choices (Choosing *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->params->output, OMNI_LIBRARY_CHOICES, NULL);
  guint scene, method, score, pair, chosen;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autoptr (OmniCsv) csv = omni_csv_read (path, error);
  if (csv == NULL)
    return FALSE;
  if (!omni_csv_find_column (csv, "scene", &scene) || !omni_csv_find_column (csv, "method", &method)
      || !omni_csv_find_column (csv, "score", &score))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "“%s” lacks the columns scene, method and score; name another folder, or remove it.", path);
    return FALSE;
  }
  const gboolean has_pairs = omni_csv_find_column (csv, "pair", &pair);
  const gboolean has_chosen = omni_csv_find_column (csv, "chosen", &chosen);
  for (guint row = 0; row < omni_csv_count_rows (csv); row++)
    read_choice (self, omni_csv_get (csv, row, scene), omni_csv_get (csv, row, method),
                 omni_csv_get (csv, row, score), has_pairs ? omni_csv_get (csv, row, pair) : "",
                 has_chosen && g_str_equal (omni_csv_get (csv, row, chosen), "yes"));
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
add_choice (GString *text, const Known *known, const char *identity)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE] = "";
  const double *score = g_hash_table_lookup (known->scores, identity);
  if (score != NULL)
    g_ascii_dtostr (number, sizeof number, *score);
  omni_csv_add_quoted (text, known->key);
  g_string_append_c (text, ',');
  omni_csv_add_quoted (text, identity);
  g_string_append_printf (text, ",%s,%s,%s\n", number, known->pair != NULL ? known->pair : "",
                          g_strcmp0 (known->best, identity) == 0 ? "yes" : "no");
}

/* A scene that was only begun has a line, too, so that a truth that was written meanwhile is known for ours. */
static gboolean
write_choices (const Choosing *self, GError **error)
{
  g_autoptr (GString) text = g_string_new ("scene,method,score,pair,chosen\n");
  g_autofree char *path = g_build_filename (self->params->output, OMNI_LIBRARY_CHOICES, NULL);
  for (guint i = 0; i < self->order->len; i++)
  {
    const Known *known = self->order->pdata[i];
    g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (known->scores), compare_names);
    if (names == NULL)
      add_choice (text, known, "");
    for (const GList *name = names; name != NULL; name = name->next)
      add_choice (text, known, name->data);
  }
  return omni_file_replace_contents_atomic (path, text->str, text->len, TRUE, error);
}

/* ---- The pair ---- */

typedef struct
{
  GPtrArray *sources;  /* OmniSource: two */
  GPtrArray *pictures; /* OmniPicture of each */
  char *hash;          /* of both */
} Pair;

static void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->sources, g_ptr_array_unref);
  g_clear_pointer (&pair->pictures, g_ptr_array_unref);
  g_clear_pointer (&pair->hash, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

typedef struct
{
  guint index;
  float mean;
  char *hash;
} Brightness;

static int
compare_brightness (gconstpointer a, gconstpointer b)
{
  const Brightness *x = a, *y = b;
  return x->mean != y->mean ? (x->mean > y->mean ? 1 : -1) : strcmp (x->hash, y->hash);
}

static void
take_pair (const OmniEvaluateScene *scene, GPtrArray *all, Brightness *ranks, Pair *pair)
{
  const guint n = scene->sources->len;
  qsort (ranks, n, sizeof *ranks, compare_brightness);
  const Brightness *chosen[] = { &ranks[n > 2 ? n / 4 : 0], &ranks[n > 2 ? n - 1 - n / 4 : n - 1] };
  g_autofree char *hashes = g_strjoin (" ", chosen[0]->hash, chosen[1]->hash, NULL);
  pair->sources = g_ptr_array_new_with_free_func (g_object_unref);
  pair->pictures = g_ptr_array_new_with_free_func (g_object_unref);
  pair->hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, hashes, -1);
  for (guint k = 0; k < G_N_ELEMENTS (chosen); k++)
  {
    g_ptr_array_add (pair->sources, g_object_ref (scene->sources->pdata[chosen[k]->index]));
    g_ptr_array_add (pair->pictures, g_object_ref (all->pdata[chosen[k]->index]));
  }
}

/* A function of the pictures, not of their names. */
static gboolean
choose_pair (const OmniEvaluateScene *scene, Pair *pair, GCancellable *cancellable, GError **error)
{
  const guint n = scene->sources->len;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree Brightness *ranks = g_new0 (Brightness, n);
  gboolean sound = TRUE;
  for (guint i = 0; i < n && sound; i++)
  {
    OmniPicture *picture = omni_source_load (scene->sources->pdata[i], cancellable, error);
    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (all, picture);
    g_autoptr (OmniLuma) luma = omni_luma_new (picture, error);
    sound = luma != NULL;
    ranks[i] = (Brightness){ i, sound ? luma->mean : 0, omni_picture_hash (picture) };
  }
  if (sound)
    take_pair (scene, all, ranks, pair);
  for (guint i = 0; i < n; i++)
    g_free (ranks[i].hash);
  return sound;
}

/* ---- The evaluator ---- */

static gboolean
evaluate (const Pair *pair, OmniTask task, OmniPicture *fused, GCancellable *cancellable, double *score,
          GError **error)
{
  const gboolean exposes = task == OMNI_TASK_EXPOSURE;
  const char *const names[] = { exposes ? "mef-ssim" : "qabf", exposes ? "mef-ssim-lum" : "mef-ssim-cs" };
  g_autoptr (OmniMetricsInput) input = omni_metrics_input_new ((OmniPicture *const *)pair->pictures->pdata,
                                                               pair->pictures->len, fused, NULL, NULL, error);
  *score = 0;
  if (input == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    double value;
    g_autofree char *reason = NULL;
    if (!omni_metric_compute (omni_metric_find (names[i]), NULL, input, cancellable, &value, &reason))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s cannot be computed: %s.", names[i], reason);
      return FALSE;
    }
    *score += value / G_N_ELEMENTS (names);
  }
  return TRUE;
}

/* ---- The data folder ---- */

static gboolean
write_truth (const Choosing *self, const char *key, OmniPicture *fused, GError **error)
{
  g_autofree char *path = dup_truth_path (self, key);
  g_autoptr (OmniLuma) luma = omni_luma_new (fused, error);
  const OmniWriteOptions options = { .force = TRUE, .cancellable = self->params->cancellable };
  if (luma == NULL)
    return FALSE;
  const gsize n = (gsize)luma->width * luma->height;
  g_autofree float *values = g_try_new (float, n);
  if (values == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "There is not enough memory for %u × %u pixels.",
                 luma->width, luma->height);
    return FALSE;
  }
  for (gsize i = 0; i < n; i++)
    values[i] = luma->values[i] / 65535.0F;
  g_autoptr (OmniPicture) grey = omni_luma_to_picture (values, luma->width, luma->height, error);
  return grey != NULL && omni_picture_write (grey, path, &options, error);
}

/* A link, or where there are none a copy. A link to something else is what an earlier run left of other pictures. */
static gboolean
lay_source (const char *from, const char *to, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (from, NULL);
  g_autofree char *linked = g_file_read_link (to, NULL);
  g_autoptr (GFile) source = g_file_new_for_path (absolute), target = g_file_new_for_path (to);
  if (linked != NULL && !g_str_equal (linked, absolute))
    g_unlink (to);
  if (g_file_test (to, G_FILE_TEST_EXISTS) || symlink (absolute, to) == 0)
    return TRUE;
  return g_file_copy (source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error);
}

/* The split of the original file goes for the link. */
static void
add_split (Choosing *self, const char *from, const char *below)
{
  const gsize length = strlen (self->data_path);
  const char *original = g_str_has_prefix (from, self->data_path) ? from + length : from;
  while (*original == G_DIR_SEPARATOR)
    original++;
  const gpointer split = self->splits != NULL ? g_hash_table_lookup (self->splits, original) : NULL;
  if (split != NULL)
    g_hash_table_insert (self->new_splits, g_strdup (below), split);
}

static gboolean
write_splits (const Choosing *self, GError **error)
{
  g_autoptr (GString) text = g_string_new ("split,file\n");
  g_autofree char *path = g_build_filename (self->params->output, OMNI_LIBRARY_SPLITS, NULL);
  g_autoptr (GList) files = g_list_sort (g_hash_table_get_keys (self->new_splits), compare_names);
  for (const GList *file = files; file != NULL; file = file->next)
  {
    const guint split = GPOINTER_TO_UINT (g_hash_table_lookup (self->new_splits, file->data));
    g_string_append (text, split == OMNI_SPLIT_VAL + 1 ? "val," : "train,");
    omni_csv_add_quoted (text, file->data);
    g_string_append_c (text, '\n');
  }
  return omni_file_replace_contents_atomic (path, text->str, text->len, TRUE, error);
}

static gboolean
lay_scene (Choosing *self, const char *key, const Pair *pair, GError **error)
{
  g_autofree char *folder = g_build_filename (self->params->output, key, NULL);
  if (g_mkdir_with_parents (folder, 0777) != 0)
  {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "The folder “%s” cannot be made: %s.",
                 folder, g_strerror (errno));
    return FALSE;
  }
  for (guint k = 0; k < pair->sources->len; k++)
  {
    const char *from = omni_source_get_path (pair->sources->pdata[k]);
    g_autofree char *name = g_path_get_basename (from);
    g_autofree char *to = g_build_filename (folder, name, NULL), *below = g_build_filename (key, name, NULL);
    add_split (self, from, below);
    if (!lay_source (from, to, error))
      return FALSE;
  }
  return TRUE;
}

/* Only what an earlier run wrote is written over. */
static gboolean
check_free (const Choosing *self, const char *below, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->params->output, below, name, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               "“%s” is there already and not of an earlier run; name another folder with -o.", path);
  return FALSE;
}

/* ---- One scene ---- */

static void note (Choosing *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (Choosing *self, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_ptr_array_add (self->result->notes, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* Runs one algorithm, and takes its result as the truth where it is the best so far. One that is not made for the task has no
 * part in it; one that fails is passed over. */
static gboolean
try_method (Choosing *self, const OmniEvaluateScene *scene, const Pair *pair,
            const OmniEvaluateMethod *method, Known *known, GError **error)
{
  g_autofree char *identity = dup_identity (method, scene->task);
  g_autoptr (GError) cause = NULL;
  const OmniFusionRequest request = { .sources = pair->sources,
                                      .task = scene->task,
                                      .model = method->model,
                                      .options = method->options,
                                      .weights_path = method->weights_path };
  double score;
  if (g_hash_table_contains (known->scores, identity)
      || !omni_model_fits (method->model, scene->task, pair->sources, NULL))
    return TRUE;
  g_autoptr (OmniFusionResult)
    result = omni_engine_fuse (self->engine, &request, NULL, NULL, self->params->cancellable, &cause);
  if (result == NULL
      || !evaluate (pair, scene->task, result->picture, self->params->cancellable, &score, &cause))
  {
    if (g_cancellable_set_error_if_cancelled (self->params->cancellable, error))
      return FALSE;
    note (self, "%s passes over %s: %s", method->name, scene->id, cause->message);
    return TRUE;
  }
  const gboolean is_best = known->best == NULL || score > known->best_score;
  if (is_best && !write_truth (self, known->key, result->picture, error))
    return FALSE;
  self->result->n_new++;
  add_score (known, identity, score, FALSE);
  return TRUE;
}

/* The scene's entry among what is known, with the pair that it is of; NULL: something else has its name in the folder. */
static Known *
begin_scene (Choosing *self, const char *key, const Pair *pair, GError **error)
{
  Known *known = g_hash_table_lookup (self->known, key);
  if (known == NULL && !check_free (self, key, OMNI_LIBRARY_TRUTH, error))
    return NULL;
  if (known != NULL && known->pair != NULL && !g_str_equal (known->pair, pair->hash))
  {
    g_autofree char *folder = g_build_filename (self->params->output, key, NULL);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                 "“%s” was made of other pictures than these; remove it, or name another folder with -o.",
                 folder);
    return NULL;
  }
  if (known != NULL && known->pair != NULL)
    return known;
  known = get_known (self, key);
  known->pair = g_strdup (pair->hash);
  return write_choices (self, error) ? known : NULL;
}

static gboolean
save (const Choosing *self, GError **error)
{
  return write_choices (self, error) && (self->splits == NULL || write_splits (self, error));
}

static gboolean
choose_scene (Choosing *self, const OmniEvaluateScene *scene, GError **error)
{
  g_autofree char *key = g_build_filename (scene->group, scene->name, NULL);
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) cause = NULL;
  if (!choose_pair (scene, &pair, self->params->cancellable, &cause))
  {
    if (g_cancellable_set_error_if_cancelled (self->params->cancellable, error))
      return FALSE;
    note (self, "%s is left out: %s", scene->id, cause->message);
    return TRUE;
  }
  Known *known = begin_scene (self, key, &pair, error);
  if (known == NULL)
    return FALSE;
  const guint n_before = g_hash_table_size (known->scores);
  g_autofree char *before = g_strdup (known->best);
  if (!lay_scene (self, key, &pair, error))
    return FALSE;
  for (guint i = 0; i < self->params->methods->len; i++)
    if (!try_method (self, scene, &pair, self->params->methods->pdata[i], known, error))
      return FALSE;
  self->result->n_improved += before != NULL && g_strcmp0 (before, known->best) != 0;
  return g_hash_table_size (known->scores) == n_before || save (self, error);
}

/* ---- The table ---- */

static void
row_free (gpointer data)
{
  OmniLibraryRow *row = data;
  g_free (row->group);
  g_free (row->method);
  g_free (row);
}

void
omni_library_result_clear (OmniLibraryResult *result)
{
  g_clear_pointer (&result->rows, g_ptr_array_unref);
  g_clear_pointer (&result->notes, g_ptr_array_unref);
}

static OmniLibraryRow *
get_row (OmniLibraryResult *result, const char *group, const char *method)
{
  for (guint i = 0; i < result->rows->len; i++)
  {
    OmniLibraryRow *row = result->rows->pdata[i];
    if (g_str_equal (row->group, group) && g_str_equal (row->method, method))
      return row;
  }
  OmniLibraryRow *row = g_new0 (OmniLibraryRow, 1);
  row->group = g_strdup (group);
  row->method = g_strdup (method);
  g_ptr_array_add (result->rows, row);
  return row;
}

static double
get_mean_best (const Choosing *self)
{
  double sum = 0;
  guint n = 0;
  for (guint i = 0; i < self->order->len; i++)
  {
    const Known *known = self->order->pdata[i];
    sum += known->best != NULL ? known->best_score : 0;
    n += known->best != NULL;
  }
  return n > 0 ? sum / n : 0;
}

static void
tabulate (Choosing *self)
{
  OmniLibraryResult *result = self->result;
  for (guint i = 0; i < self->params->scenes->len; i++)
  {
    const OmniEvaluateScene *scene = self->params->scenes->pdata[i];
    g_autofree char *key = g_build_filename (scene->group, scene->name, NULL);
    const Known *known = g_hash_table_lookup (self->known, key);
    if (known == NULL || known->best == NULL)
      continue;
    result->n_scenes++;
    for (guint k = 0; k < self->params->methods->len; k++)
    {
      const OmniEvaluateMethod *method = self->params->methods->pdata[k];
      g_autofree char *identity = dup_identity (method, scene->task);
      const double *score = g_hash_table_lookup (known->scores, identity);
      OmniLibraryRow *row = get_row (result, scene->group, method->name);
      if (score == NULL)
        continue;
      row->mean = (row->mean * row->n_scenes + *score) / (row->n_scenes + 1);
      row->n_scenes++;
      row->n_best += g_str_equal (identity, known->best);
    }
  }
  result->mean_best = get_mean_best (self);
}

/* ---- All of it ---- */

/* (transfer full) (nullable) NULL without an error: there is none. */
static GHashTable *
read_splits (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, OMNI_LIBRARY_SPLITS, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS) ? omni_split_read (path, error) : NULL;
}

/* Into the data themselves would be over their own truths. */
static gboolean
check_apart (const Choosing *self, GError **error)
{
  g_autofree char *output = g_canonicalize_filename (self->params->output, NULL);
  const gsize length = strlen (self->data_path);
  if (!g_str_has_prefix (output, self->data_path)
      || (output[length] != '\0' && output[length] != G_DIR_SEPARATOR))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "“%s” belongs to the pictures that are read; name a folder of its own with -o.", output);
  return FALSE;
}

/* What an earlier run knew, its splits included. */
static gboolean
read_before (Choosing *self, GError **error)
{
  GError *local_error = NULL;
  g_autofree char *choices = g_build_filename (self->params->output, OMNI_LIBRARY_CHOICES, NULL);
  if (!g_file_test (choices, G_FILE_TEST_EXISTS))
    return check_free (self, "", OMNI_LIBRARY_SPLITS, error);
  g_autoptr (GHashTable) before = read_splits (self->params->output, &local_error);
  if (local_error != NULL)
  {
    g_propagate_error (error, local_error);
    return FALSE;
  }
  if (before != NULL)
  {
    g_hash_table_unref (self->new_splits);
    self->new_splits = g_steal_pointer (&before);
  }
  return read_choices (self, error);
}

static gboolean
begin (Choosing *self, GError **error)
{
  GError *local_error = NULL;
  self->data_path = g_canonicalize_filename (self->params->data_path, NULL);
  self->known = g_hash_table_new (g_str_hash, g_str_equal);
  self->order = g_ptr_array_new_with_free_func (known_free);
  self->new_splits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->engine = omni_engine_new (self->params->device);
  if (!check_apart (self, error))
    return FALSE;
  if (g_mkdir_with_parents (self->params->output, 0777) != 0)
  {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "The folder “%s” cannot be made: %s.",
                 self->params->output, g_strerror (errno));
    return FALSE;
  }
  self->splits = read_splits (self->data_path, &local_error);
  if (local_error != NULL)
  {
    g_propagate_error (error, local_error);
    return FALSE;
  }
  if (!read_before (self, error))
    return FALSE;
  self->result->mean_before = get_mean_best (self);
  return TRUE;
}

static gboolean
choose_all (Choosing *self, GError **error)
{
  const OmniLibraryParams *params = self->params;
  for (guint i = 0; i < params->scenes->len; i++)
  {
    const OmniEvaluateScene *scene = params->scenes->pdata[i];
    if (params->progress != NULL)
      params->progress (i, params->scenes->len, scene->id, params->user_data);
    if (scene->problem != NULL || scene->task == OMNI_TASK_PANSHARPEN || scene->sources->len < 2)
      note (self, "%s is left out: %s", scene->id,
            scene->problem != NULL                ? scene->problem
            : scene->task == OMNI_TASK_PANSHARPEN ? "bands have no luminance."
                                                  : "it takes two pictures, and there is one.");
    else if (!choose_scene (self, scene, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
omni_library_choose (const OmniLibraryParams *params, OmniLibraryResult *result, GError **error)
{
  *result = (OmniLibraryResult){ .rows = g_ptr_array_new_with_free_func (row_free),
                                 .notes = g_ptr_array_new_with_free_func (g_free) };
  g_auto (Choosing) self = { .params = params, .result = result };
  if (!begin (&self, error))
    return FALSE;
  const gboolean done = choose_all (&self, error);
  /* What was found out stays, whatever happened. */
  if (!save (&self, done ? error : NULL))
    return FALSE;
  tabulate (&self);
  return done;
}
