/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/bands.h"
#include "app/training/notes.h"
#include "app/training/sampler.h"

#include <math.h>
#include <glib/gstdio.h>
#include <string.h>

/* A scene that cannot be read is drawn again this often before the batch is given up. */
#define READ_TRIES     16
#define CONTRAST_TRIES 5
/* How often a bracket keeps a dark and a bright end. */
#define SPREAD_CHANCE   0.7
#define VALIDATION_SEED G_GUINT64_CONSTANT (0x76616c6964617465)
/* Batches for what is not a step are numbered from here on, so many for each task. */
#define BESIDE         (G_GUINT64_CONSTANT (1) << 40)
#define BESIDE_BATCHES (1u << 20)

typedef struct
{
  const OmniRecipeTask *recipe;
  GPtrArray *scenes[2]; /* by split */
} Task;

struct _OmniTrainData
{
  const OmniRecipe *recipe;
  Task *tasks;
  OmniLumaCache *cache;
  GMutex lock;
  GHashTable *unreadable; /* paths that were spoken of */
  GPtrArray *notes;
};

void
omni_sample_free (OmniSample *self)
{
  if (self == NULL)
    return;
  g_free (self->luma);
  g_free (self->truth);
  g_free (self->roles);
  g_free (self);
}

/* ---- Scenes ---- */

static gboolean
is_usable (const OmniScene *scene, const OmniRecipeTask *task, guint least_px, GPtrArray *notes)
{
  if (task->truth && scene->truth == NULL && task->task != OMNI_TASK_PANSHARPEN)
    return FALSE; /* as the recipe wants; nothing to complain about */
  if (MIN (scene->width, scene->height) >= least_px)
    return TRUE;
  omni_note_add (notes, "%s/%s is left out: %u × %u pixels are too small for crops of %u.", scene->folder,
                 scene->name, scene->width, scene->height, least_px);
  return FALSE;
}

static gboolean
add_folder (OmniTrainData *self, Task *task, OmniDataset *dataset, const char *folder, GPtrArray *notes,
            GError **error)
{
  const OmniSceneKind kind = task->recipe->synthesis != OMNI_SYNTHESIS_NONE ? OMNI_SCENES_OF_PICTURES
                             : task->recipe->task == OMNI_TASK_PANSHARPEN   ? OMNI_SCENES_OF_BANDS
                                                                            : OMNI_SCENES_OF_SETS;
  g_autoptr (GPtrArray)
    scenes = omni_dataset_list (dataset, folder, kind, task->recipe->task == OMNI_TASK_MEDICAL, notes, error);
  if (scenes == NULL)
  {
    g_prefix_error (error, "[task %s]: ", task->recipe->name);
    return FALSE;
  }
  const guint least_px = omni_recipe_get_max_crop_px (self->recipe);
  for (guint i = 0; i < scenes->len; i++)
  {
    OmniScene *scene = scenes->pdata[i];
    if (is_usable (scene, task->recipe, least_px, notes))
      g_ptr_array_add (task->scenes[scene->split], scene);
  }
  return TRUE;
}

static guint
get_most_pictures (GPtrArray *scenes)
{
  guint most = 0;
  for (guint i = 0; i < scenes->len; i++)
    most = MAX (most, ((const OmniScene *)scenes->pdata[i])->n_pictures);
  return most;
}

static guint
get_most_sources (const OmniRecipeTask *task)
{
  guint most = 0;
  for (guint i = 0; i < task->n_sources->len; i++)
    most = MAX (most, g_array_index (task->n_sources, guint, i));
  return most;
}

static gboolean
fill_task (OmniTrainData *self, Task *task, OmniDataset *dataset, GPtrArray *notes, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (task->scenes); i++)
    task->scenes[i] = g_ptr_array_new ();
  for (guint i = 0; task->recipe->folders[i] != NULL; i++)
    if (!add_folder (self, task, dataset, task->recipe->folders[i], notes, error))
      return FALSE;
  GPtrArray *train = task->scenes[OMNI_SPLIT_TRAIN];
  if (train->len == 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "[task %s] has nothing to train on: no scene of the train split is large enough%s.",
                 task->recipe->name, task->recipe->truth ? " and has a truth" : "");
    return FALSE;
  }
  if (self->recipe->validate_every > 0 && task->scenes[OMNI_SPLIT_VAL]->len == 0)
    omni_note_add (
      notes,
      "[task %s] has no scene to validate on: scores say nothing of it, and the best weights are "
      "chosen without it.",
      task->recipe->name);
  const guint wanted = get_most_sources (task->recipe), most = get_most_pictures (train);
  if (task->recipe->synthesis != OMNI_SYNTHESIS_NONE || wanted <= most)
    return TRUE;
  g_set_error (
    error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
    "[task %s] asks for %u sources, and no scene of its train split has more than %u pictures; lower "
    "“sources”.",
    task->recipe->name, wanted, most);
  return FALSE;
}

OmniTrainData *
omni_train_data_new (const OmniRecipe *recipe, OmniDataset *dataset, guint64 cache_bytes, GPtrArray *notes,
                     GError **error)
{
  g_autoptr (OmniTrainData) self = g_new0 (OmniTrainData, 1);
  g_mutex_init (&self->lock);
  self->recipe = recipe;
  self->tasks = g_new0 (Task, recipe->tasks->len);
  self->cache = omni_luma_cache_new (cache_bytes);
  self->unreadable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < recipe->tasks->len; i++)
  {
    self->tasks[i].recipe = recipe->tasks->pdata[i];
    if (!fill_task (self, &self->tasks[i], dataset, notes, error))
      return NULL;
  }
  return g_steal_pointer (&self);
}

void
omni_train_data_free (OmniTrainData *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->recipe->tasks->len; i++)
    for (guint k = 0; k < G_N_ELEMENTS (self->tasks[i].scenes); k++)
      g_clear_pointer (&self->tasks[i].scenes[k], g_ptr_array_unref);
  g_free (self->tasks);
  omni_luma_cache_free (self->cache);
  g_hash_table_unref (self->unreadable);
  g_ptr_array_unref (self->notes);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Names, splits and the sizes of the files: enough to tell another folder, and a picture put in another's place mostly. */
static void
hash_scene (GChecksum *checksum, guint task, const OmniScene *scene)
{
  g_autofree char *head = g_strdup_printf ("%u %s/%s %d %u %u %u %u\n", task, scene->folder, scene->name,
                                           scene->split, scene->width, scene->height, scene->band,
                                           scene->top);
  g_checksum_update (checksum, (const guchar *)head, -1);
  for (guint i = 0; scene->paths[i] != NULL; i++)
  {
    GStatBuf status;
    const guint64 bytes = g_stat (scene->paths[i], &status) == 0 ? (guint64)status.st_size : 0;
    g_autofree char *name = g_path_get_basename (scene->paths[i]);
    g_autofree char *line = g_strdup_printf ("%s %" G_GUINT64_FORMAT "\n", name, bytes);
    g_checksum_update (checksum, (const guchar *)line, -1);
  }
}

char *
omni_train_data_dup_sha256 (const OmniTrainData *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint task = 0; task < self->recipe->tasks->len; task++)
    for (guint split = 0; split < G_N_ELEMENTS (self->tasks[task].scenes); split++)
      for (guint i = 0; i < self->tasks[task].scenes[split]->len; i++)
        hash_scene (checksum, task, self->tasks[task].scenes[split]->pdata[i]);
  return g_strdup (g_checksum_get_string (checksum));
}

guint
omni_train_data_count_tasks (const OmniTrainData *self)
{
  return self->recipe->tasks->len;
}

GPtrArray *
omni_train_data_get_scenes (OmniTrainData *self, guint task, OmniSplit split)
{
  return self->tasks[task].scenes[split];
}

GPtrArray *
omni_train_data_take_notes (OmniTrainData *self)
{
  g_mutex_lock (&self->lock);
  GPtrArray *notes = self->notes;
  self->notes = g_ptr_array_new_with_free_func (g_free);
  g_mutex_unlock (&self->lock);
  return notes;
}

static void
note_unreadable (OmniTrainData *self, const char *path, const GError *cause)
{
  g_mutex_lock (&self->lock);
  if (g_hash_table_add (self->unreadable, g_strdup (path)))
    g_ptr_array_add (self->notes, g_strdup_printf ("A picture is passed over: %s", cause->message));
  g_mutex_unlock (&self->lock);
}

/* (transfer full) Every picture of a scene, its truth last where there is one; NULL after noting which cannot be read. */
static GPtrArray *
load_scene (OmniTrainData *self, const OmniRecipeTask *task, const OmniScene *scene)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_luma_unref);
  if (task->task == OMNI_TASK_PANSHARPEN)
  {
    g_autoptr (GError) cause = NULL;
    OmniBands bands;
    if (!omni_bands_load (&bands, scene, self->cache, &cause))
    {
      note_unreadable (self, scene->paths[0], cause);
      return NULL;
    }
    g_ptr_array_add (pictures, bands.band);
    g_ptr_array_add (pictures, bands.pan);
    g_ptr_array_add (pictures, bands.truth);
    return g_steal_pointer (&pictures);
  }
  for (guint i = 0; i <= scene->n_pictures; i++)
  {
    const char *path = i < scene->n_pictures ? scene->paths[i] : scene->truth;
    if (path == NULL)
      break;
    g_autoptr (GError) cause = NULL;
    OmniLuma *luma = omni_luma_cache_get (self->cache, path, &cause);
    if (luma == NULL)
    {
      note_unreadable (self, path, cause);
      return NULL;
    }
    g_ptr_array_add (pictures, luma);
  }
  return g_steal_pointer (&pictures);
}

/* ---- One set ---- */

/* What a set is drawn for. */
typedef struct
{
  OmniTrainData *data;
  const Task *task;
  guint n_sources, size_px;
  float *luma, *truth; /* of this set; truth may be NULL */
  OmniRole *roles;
} Set;

/* By brightness, and where two are as bright by their pixels: a function of what is in the pictures, so that neither names nor
 * their order decide what is drawn. */
static int
compare_pictures (gconstpointer a, gconstpointer b, gpointer data)
{
  const GPtrArray *pictures = data;
  const OmniLuma *x = pictures->pdata[*(const guint *)a], *y = pictures->pdata[*(const guint *)b];
  if (x->mean != y->mean)
    return x->mean > y->mean ? 1 : -1;
  return memcmp (x->values, y->values, sizeof *x->values * x->width * x->height);
}

/* (transfer full) The indices of the first `n` pictures, the darkest first. */
static guint *
sort_pictures (GPtrArray *pictures, guint n)
{
  guint *order = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, (int)n, sizeof *order, compare_pictures, pictures);
  return order;
}

/* Writes the ranks of `n` of `n_all` pictures, each once. A bracket mostly keeps its ends. */
static void
choose_sources (OmniRandom *random, guint n_all, guint n, gboolean bracket, guint *chosen)
{
  g_autofree guint *order = g_new (guint, n_all);
  omni_random_permute (random, order, n_all);
  if (bracket && n < n_all && n >= 2 && omni_random_chance (random, SPREAD_CHANCE))
  {
    /* Ranks go by brightness: one of the darkest and one of the brightest quarter come first. */
    const guint quarter = MAX (1, n_all / 4);
    const guint dark = omni_random_below (random, quarter),
                bright = n_all - 1 - omni_random_below (random, quarter);
    for (guint i = 0; i < n_all; i++)
      if (order[i] == dark)
      {
        order[i] = order[0];
        order[0] = dark;
      }
    for (guint i = 1; i < n_all; i++)
      if (order[i] == bright)
      {
        order[i] = order[1];
        order[1] = bright;
      }
  }
  memcpy (chosen, order, sizeof *chosen * n);
}

static double
measure_contrast (const float *values, gsize n)
{
  double sum = 0, squares = 0;
  for (gsize i = 0; i < n; i++)
  {
    sum += values[i];
    squares += (double)values[i] * values[i];
  }
  return sqrt (MAX (0, squares / n - sum / n * (sum / n)));
}

static OmniCrop
draw_crop (OmniRandom *random, const Set *set, guint width, guint height)
{
  const GArray *reductions = set->task->recipe->reductions;
  guint reduction = g_array_index (reductions, guint, omni_random_below (random, reductions->len));
  while (reduction > 1 && set->size_px * reduction > MIN (width, height))
    reduction--;
  const guint side = set->size_px * reduction;
  OmniCrop crop = { .size_px = set->size_px, .reduction = reduction };
  crop.x = omni_random_below (random, width - side + 1);
  crop.y = omni_random_below (random, height - side + 1);
  crop.mirror_x = omni_random_chance (random, 0.5);
  crop.mirror_y = omni_random_chance (random, 0.5);
  crop.transpose = omni_random_chance (random, 0.5);
  return crop;
}

/* Sources as they were taken. */
static void
cut_set (const Set *set, OmniRandom *random, const OmniScene *scene, GPtrArray *pictures)
{
  const gsize plane = (gsize)set->size_px * set->size_px;
  const gboolean bracket = set->task->recipe->task == OMNI_TASK_EXPOSURE;
  g_autofree guint *chosen = g_new (guint, set->n_sources);
  g_autofree guint *ranked = sort_pictures (pictures, scene->n_pictures);
  choose_sources (random, scene->n_pictures, set->n_sources, bracket, chosen);
  guint order[64];
  omni_random_permute (random, order, set->n_sources);
  for (guint k = 0; k < set->n_sources; k++)
    set->roles[k] = scene->roles[ranked[chosen[order[k]]]];
  for (guint try = 0; try < CONTRAST_TRIES; try++)
  {
    const OmniCrop crop = draw_crop (random, set, scene->width, scene->height);
    for (guint k = 0; k < set->n_sources; k++)
      omni_luma_crop (pictures->pdata[ranked[chosen[order[k]]]], &crop, set->luma + k * plane);
    if (set->truth != NULL)
      omni_luma_crop (pictures->pdata[scene->n_pictures], &crop, set->truth);
    if (measure_contrast (set->luma, plane * set->n_sources) >= set->task->recipe->min_contrast)
      return;
  }
}

/* Sources made up from one picture. */
static void
make_set (const Set *set, OmniRandom *random, const OmniScene *scene, GPtrArray *pictures)
{
  const gsize plane = (gsize)set->size_px * set->size_px;
  for (guint try = 0; try < CONTRAST_TRIES; try++)
  {
    const OmniCrop crop = draw_crop (random, set, scene->width, scene->height);
    omni_luma_crop (pictures->pdata[0], &crop, set->truth);
    if (measure_contrast (set->truth, plane) >= set->task->recipe->min_contrast)
      break;
  }
  guint order[64];
  omni_random_permute (random, order, set->n_sources);
  float *sources[64];
  for (guint k = 0; k < set->n_sources; k++)
    sources[k] = set->luma + order[k] * plane;
  float *clear = set->truth;
  omni_synthesis_render (set->task->recipe->synthesis, &set->task->recipe->options, random, &clear, 1, clear,
                         set->size_px, set->size_px, set->n_sources, sources);
}

/* A scene with enough pictures; there is one. */
static const OmniScene *
choose_scene (const Set *set, OmniRandom *random)
{
  GPtrArray *scenes = set->task->scenes[OMNI_SPLIT_TRAIN];
  if (set->task->recipe->synthesis != OMNI_SYNTHESIS_NONE)
    return scenes->pdata[omni_random_below (random, scenes->len)];
  guint n = 0;
  for (guint i = 0; i < scenes->len; i++)
    n += ((const OmniScene *)scenes->pdata[i])->n_pictures >= set->n_sources;
  guint left = omni_random_below (random, n);
  for (guint i = 0; i < scenes->len; i++)
    if (((const OmniScene *)scenes->pdata[i])->n_pictures >= set->n_sources && left-- == 0)
      return scenes->pdata[i];
  g_return_val_if_reached (NULL);
}

static gboolean
draw_set (const Set *set, OmniRandom *random, GError **error)
{
  for (guint try = 0; try < READ_TRIES; try++)
  {
    const OmniScene *scene = choose_scene (set, random);
    g_autoptr (GPtrArray) pictures = load_scene (set->data, set->task->recipe, scene);
    if (pictures == NULL)
      continue;
    if (set->task->recipe->synthesis != OMNI_SYNTHESIS_NONE)
      make_set (set, random, scene, pictures);
    else
      cut_set (set, random, scene, pictures);
    return TRUE;
  }
  g_set_error (
    error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
    "[task %s]: %d scenes in a row could not be read; see the warnings above, and mend the data folder.",
    set->task->recipe->name, READ_TRIES);
  return FALSE;
}

/* ---- A batch ---- */

static OmniSample *
sample_new (const OmniRecipeTask *task, guint64 step, guint index, guint n_sets, guint n_sources,
            guint size_px, GError **error)
{
  g_autoptr (OmniSample) self = g_new0 (OmniSample, 1);
  const gsize plane = (gsize)size_px * size_px;
  self->step = step;
  self->task = index;
  self->luma = g_try_malloc_n (plane * n_sources * n_sets, sizeof (float));
  self->roles = g_new0 (OmniRole, n_sources * n_sets);
  if (omni_recipe_task_has_truth (task))
    self->truth = g_try_malloc_n (plane * n_sets, sizeof (float));
  if (self->luma == NULL || (omni_recipe_task_has_truth (task) && self->truth == NULL))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 "There is not enough memory for a batch of %u sets of %u sources of %u × %u pixels.", n_sets,
                 n_sources, size_px, size_px);
    return NULL;
  }
  self->batch = (OmniTrainBatch){ .task = task->task,
                                  .n_sets = n_sets,
                                  .n_sources = n_sources,
                                  .size_px = size_px,
                                  .luma = self->luma,
                                  .truth = self->truth,
                                  .roles = self->roles };
  return g_steal_pointer (&self);
}

static guint
draw_task (const OmniRecipe *recipe, OmniRandom *random, guint64 step)
{
  const int fixed = omni_recipe_get_task_at (recipe, step);
  g_autofree double *weights = g_new (double, recipe->tasks->len);
  for (guint i = 0; i < recipe->tasks->len; i++)
    weights[i] = ((const OmniRecipeTask *)recipe->tasks->pdata[i])->probability;
  return fixed >= 0 ? (guint)fixed : omni_random_choose (random, weights, recipe->tasks->len);
}

OmniSample *
omni_train_data_draw (OmniTrainData *self, guint64 step, int task_index, GError **error)
{
  const OmniRecipe *recipe = self->recipe;
  const guint64 seed = recipe->config.seed;
  OmniRandom random = omni_random_open (seed, step, 0);
  const guint index = task_index >= 0 ? (guint)task_index : draw_task (recipe, &random, step);
  const OmniRecipeTask *task = recipe->tasks->pdata[index];
  const guint n_sources = g_array_index (task->n_sources, guint,
                                         omni_random_below (&random, task->n_sources->len));
  const guint size_px = omni_recipe_get_crop_px (recipe, MIN (step, recipe->steps));
  const gsize plane = (gsize)size_px * size_px;
  g_autoptr (OmniSample)
    sample = sample_new (task, step, index, (guint)recipe->batch, n_sources, size_px, error);
  for (guint b = 0; sample != NULL && b < recipe->batch; b++)
  {
    OmniRandom of_set = omni_random_open (seed, step, 1 + b);
    const Set set = { .data = self,
                      .task = &self->tasks[index],
                      .n_sources = n_sources,
                      .size_px = size_px,
                      .luma = sample->luma + b * n_sources * plane,
                      .truth = sample->truth != NULL ? sample->truth + b * plane : NULL,
                      .roles = sample->roles + b * n_sources };
    if (!draw_set (&set, &of_set, error))
      return NULL;
  }
  return g_steal_pointer (&sample);
}

OmniSample *
omni_train_data_draw_beside (OmniTrainData *self, guint task, guint64 index, GError **error)
{
  return omni_train_data_draw (self, BESIDE + (guint64)task * BESIDE_BATCHES + index, (int)task, error);
}

/* ---- Validation ---- */

static OmniSample *
validate_set (OmniTrainData *self, guint index, const OmniScene *scene, GPtrArray *pictures, GError **error)
{
  const Task *task = &self->tasks[index];
  const gboolean made = task->recipe->synthesis != OMNI_SYNTHESIS_NONE;
  const guint most = get_most_sources (task->recipe);
  const guint n_sources = made ? g_array_index (task->recipe->n_sources, guint,
                                                g_str_hash (scene->name) % task->recipe->n_sources->len)
                               : MIN (scene->n_pictures, most);
  const guint size_px = omni_recipe_get_validation_px (self->recipe, MIN (scene->width, scene->height));
  const gsize plane = (gsize)size_px * size_px;
  OmniSample *sample = sample_new (task->recipe, 0, index, 1, n_sources, size_px, error);
  if (sample == NULL)
    return NULL;
  sample->scene = scene;
  const OmniCrop crop = {
    .x = (scene->width - size_px) / 2, .y = (scene->height - size_px) / 2, .size_px = size_px, .reduction = 1
  };
  if (made)
  {
    OmniRandom random = omni_random_open (VALIDATION_SEED, g_str_hash (scene->name), index);
    g_autofree float **sources = g_new (float *, n_sources);
    for (guint k = 0; k < n_sources; k++)
      sources[k] = sample->luma + k * plane;
    omni_luma_crop (pictures->pdata[0], &crop, sample->truth);
    float *clear = sample->truth;
    omni_synthesis_render (task->recipe->synthesis, &task->recipe->options, &random, &clear, 1, clear,
                           size_px, size_px, n_sources, sources);
    return sample;
  }
  g_autofree guint *ranked = sort_pictures (pictures, scene->n_pictures);
  for (guint k = 0; k < n_sources; k++)
  {
    const guint picture = ranked[n_sources > 1 ? k * (scene->n_pictures - 1) / (n_sources - 1) : 0];
    omni_luma_crop (pictures->pdata[picture], &crop, sample->luma + k * plane);
    sample->roles[k] = scene->roles[picture];
  }
  if (sample->truth != NULL)
    omni_luma_crop (pictures->pdata[scene->n_pictures], &crop, sample->truth);
  return sample;
}

guint
omni_train_data_count_validation (const OmniTrainData *self, guint task)
{
  return MIN (self->tasks[task].scenes[OMNI_SPLIT_VAL]->len, (guint)self->recipe->validation_scenes);
}

OmniSample *
omni_train_data_draw_validation (OmniTrainData *self, guint task, guint index, GError **error)
{
  const GPtrArray *scenes = self->tasks[task].scenes[OMNI_SPLIT_VAL];
  const guint n = omni_train_data_count_validation (self, task);
  const OmniScene *scene = scenes->pdata[(guint64)index * scenes->len / n];
  g_autoptr (GPtrArray) pictures = load_scene (self, self->tasks[task].recipe, scene);
  if (pictures == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s/%s cannot be read.", scene->folder,
                 scene->name);
    return NULL;
  }
  return validate_set (self, task, scene, pictures, error);
}
