/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include "models/digest.h"
#include "models/weights/shipped-weights.h"

#include <string.h>

static const char *const task_names[] = { "auto", "exposure", "focus", "infrared", "medical", "pansharpen" };

G_STATIC_ASSERT (G_N_ELEMENTS (task_names) == OMNI_N_TASKS);

/* Our own and the learned ones first, then the classical ones by how good their pictures are; the counter-example last. */
static const OmniModel *const models[] = {
  &omni_model_omni,
  &omni_model_omni_small,
  &omni_model_ifani,
  &omni_model_mertens,
  &omni_model_laplacian,
  &omni_model_gff,
  &omni_model_wavelet,
  &omni_model_ifcnn,
  &omni_model_u2fusion,
  &omni_model_pmgi,
  &omni_model_aenetv2,
  &omni_model_pan_gsa,
  &omni_model_pan_ihs,
  &omni_model_pan_pmgi,
  &omni_model_blend,
  &omni_model_mean,
  &omni_model_max,
  &omni_model_running_mean,
  NULL,
};

const char *
omni_task_to_string (OmniTask task)
{
  g_return_val_if_fail ((guint)task < OMNI_N_TASKS, NULL);

  return task_names[task];
}

gboolean
omni_task_from_string (const char *name, OmniTask *task)
{
  for (guint i = 0; i < OMNI_N_TASKS; i++)
    if (g_str_equal (name, task_names[i]))
    {
      *task = (OmniTask)i;
      return TRUE;
    }
  return FALSE;
}

const OmniModel *const *
omni_models_list (void)
{
  return models;
}

const OmniModel *
omni_model_find (const char *name)
{
  for (guint i = 0; models[i] != NULL; i++)
    if (g_str_equal (models[i]->name, name))
      return models[i];
  return NULL;
}

guint64
omni_model_count_parameters (const OmniModel *model, const OmniWeights *weights)
{
  const GArray *specs = weights != NULL ? omni_weights_get_specs (weights) : NULL;
  guint64 n = 0;

  for (guint i = 0; specs != NULL && i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);
    guint64 elements = 1;

    if (g_str_has_suffix (spec->name, ".running_mean") || g_str_has_suffix (spec->name, ".running_var"))
      continue;
    for (guint k = 0; k < spec->n_dims; k++)
      elements *= spec->dims[k];
    n += elements;
  }
  return n;
}

static OmniWeights *
make_zero_weights (const OmniModel *model)
{
  const char *const metadata[] = { "architecture", model->architecture, NULL };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GBytes) bytes = NULL;

  if (!model->list_tensors (NULL, specs, NULL))
    return NULL;
  bytes = omni_weights_write (specs, metadata, NULL);
  return omni_weights_load_bytes (bytes, "zero", NULL);
}

static OmniModelContext
make_small_context (const OmniModel *model, const OmniWeights *weights)
{
  const guint n = model->max_inputs > 0 ? MIN (model->max_inputs, 3) : 3;

  return (OmniModelContext){
    .task = OMNI_TASK_AUTO, .n_sources = n, .width = 64, .height = 64, .range = 1, .weights = weights
  };
}

/* (transfer full) `n_sources` 0: three, or as many as the model takes. */
static OmniGraph *
build_for_inspection (const OmniModel *model, const OmniWeights *weights, guint n_sources)
{
  OmniModelContext context = make_small_context (model, weights);
  g_autoptr (GError) error = NULL;
  OmniGraph *graph;

  if (n_sources > 0)
    context.n_sources = n_sources;
  graph = model->build (&context, &error);

  if (graph == NULL)
    g_error ("The model %s cannot be built: %s", model->name, error->message);
  return graph;
}

/* What is derived from a model's graph. */
typedef struct
{
  gboolean order_invariant;
  guint receptive_field_px;
} Facts;

static const Facts *
derive_facts (const OmniModel *model)
{
  Facts *facts = g_new0 (Facts, 1);
  /* the structure of a graph does not depend on the values of its weights */
  g_autoptr (OmniWeights) weights = model->architecture != NULL ? make_zero_weights (model) : NULL;
  g_autoptr (OmniGraph) graph = build_for_inspection (model, weights, 0);
  /* a network for pairs is run again for every source more */
  g_autoptr (OmniGraph) pair = model->min_inputs > 1 && model->max_inputs != model->min_inputs
                                 ? build_for_inspection (model, weights, model->min_inputs)
                                 : NULL;

  facts->order_invariant = omni_graph_is_order_invariant (graph);
  facts->receptive_field_px = omni_graph_get_receptive_field_px (pair != NULL ? pair : graph);
  return facts;
}

/* A model's are always the same, so they are derived once. */
static const Facts *
get_facts (const OmniModel *model)
{
  static GMutex mutex;
  static GHashTable *known;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  const Facts *facts;

  if (known == NULL)
    known = g_hash_table_new (NULL, NULL);
  facts = g_hash_table_lookup (known, model);
  if (facts == NULL)
  {
    facts = derive_facts (model);
    g_hash_table_insert (known, (gpointer)model, (gpointer)facts);
  }
  return facts;
}

gboolean
omni_model_is_order_invariant (const OmniModel *model)
{
  return get_facts (model)->order_invariant;
}

guint
omni_model_get_receptive_field_px (const OmniModel *model)
{
  return get_facts (model)->receptive_field_px;
}

static char *
get_program_folder (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  return program != NULL ? g_path_get_dirname (program) : NULL;
}

static char *
find_weights_file (const char *file)
{
  static const char *const folders[] = { "../models/weights", "../share/omnifuse/weights" };
  const char *data_folder = g_getenv ("OMNIFUSE_DATADIR");
  g_autofree char *program_folder = NULL;

  if (data_folder != NULL)
    return g_build_filename (data_folder, "weights", file, NULL);

  program_folder = get_program_folder ();
  for (guint i = 0; program_folder != NULL && i < G_N_ELEMENTS (folders); i++)
  {
    g_autofree char *joined = g_build_filename (program_folder, folders[i], file, NULL);
    g_autofree char *path = g_canonicalize_filename (joined, "/");

    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
  }
  return g_build_filename (OMNI_DATADIR, "weights", file, NULL);
}

/* Whether one of the model's tasks has this file. */
static gboolean
is_of_tasks (const OmniModel *model, const char *file)
{
  for (guint t = 1; t < OMNI_N_TASKS; t++)
    if ((model->tasks & OMNI_TASK_BIT (t)) != 0 && g_str_equal (model->task_weights[t], file))
      return TRUE;
  return FALSE;
}

char *
omni_model_get_task_weights_path (const OmniModel *model, OmniTask task)
{
  g_autofree char *path = NULL;

  if (model->task_weights == NULL)
    return model->weights_file != NULL ? find_weights_file (model->weights_file) : NULL;
  path = find_weights_file (model->task_weights[task]);
  if (task != OMNI_TASK_AUTO
      || (is_of_tasks (model, model->task_weights[task]) && g_file_test (path, G_FILE_TEST_EXISTS)))
    return g_steal_pointer (&path);
  for (guint t = 1; t < OMNI_N_TASKS; t++)
  {
    g_autofree char *other = find_weights_file (model->task_weights[t]);

    if ((model->tasks & OMNI_TASK_BIT (t)) != 0 && g_file_test (other, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&other);
  }
  return g_steal_pointer (&path);
}

char *
omni_model_get_weights_path (const OmniModel *model)
{
  return omni_model_get_task_weights_path (model, OMNI_TASK_AUTO);
}

static gboolean
check_architecture (const OmniModel *model, const OmniWeights *weights, GError **error)
{
  const char *architecture = omni_weights_get_metadata (weights, "architecture");

  if (g_strcmp0 (architecture, model->architecture) == 0)
    return TRUE;
  if (architecture != NULL)
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” holds weights for “%s”, not for “%s”"), omni_weights_get_path (weights),
                 architecture, model->architecture);
  else
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” does not say which network it is for (“%s” is needed)"),
                 omni_weights_get_path (weights), model->architecture);
  return FALSE;
}

/* Also builds the graph once, so that whatever it may refuse is refused now and not in the middle of a job. */
gboolean
omni_model_check_weights (const OmniModel *model, const OmniWeights *weights, GError **error)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (OmniGraph) graph = NULL;
  const OmniModelContext context = make_small_context (model, weights);
  gboolean has_answer;
  float answer[16];

  if (!check_architecture (model, weights, error) || !model->list_tensors (weights, specs, error)
      || !omni_weights_check (weights, specs, error)
      || !omni_model_get_known_answer (weights, &has_answer, answer, error))
    return FALSE;
  graph = model->build (&context, error);
  return graph != NULL;
}

static void
set_no_weights (const OmniModel *model, OmniTask task, const char *path, GError **error)
{
  if (model->task_weights != NULL && task != OMNI_TASK_AUTO)
    g_set_error (
      error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE,
      _ ("%s has no weights yet for the task “%s” (there is no “%s”); choose another model or name a "
         "weight file of your own (--weights)"),
      model->name, omni_task_to_string (task), path);
  else
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE,
                 _ ("%s has no weights yet (there is no “%s”); choose another model or name a weight file of "
                    "your own (--weights)"),
                 model->name, path);
}

const char *
omni_model_get_recorded_sha256 (const char *path)
{
  static const struct
  {
    const char *file, *sha256;
  } shipped[] = { OMNI_SHIPPED_WEIGHTS };
  g_autofree char *file = g_path_get_basename (path);

  for (guint i = 0; i < G_N_ELEMENTS (shipped); i++)
    if (g_str_equal (shipped[i].file, file))
      return shipped[i].sha256;
  return NULL;
}

/* A file of the weights folder, which is what was recorded or is not used: a damaged one would fuse badly and say nothing. */
static OmniWeights *
load_shipped (const char *path, GError **error)
{
  const char *recorded = omni_model_get_recorded_sha256 (path);
  g_autoptr (GBytes) bytes = omni_weights_read_bytes (path, error);
  g_autofree char *found = bytes != NULL ? omni_digest_bytes (bytes) : NULL;
  g_autofree char *name = g_filename_display_name (path);

  if (bytes == NULL)
    return NULL;
  if (g_strcmp0 (found, recorded) == 0)
  {
    OmniWeights *weights = omni_weights_load_bytes (bytes, path, error);

    if (weights != NULL)
      omni_weights_take_sha256 (weights, g_steal_pointer (&found));
    return weights;
  }
  if (recorded == NULL)
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_HASH,
                 _ ("“%s” is not among the weights that this version ships with; name it yourself to use it "
                    "(--weights)"),
                 name);
  else
    g_set_error (
      error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_HASH,
      _ ("“%s” is not the file that ships with this version: its SHA-256 is %.12s…, not %.12s…, so "
         "it was damaged or replaced; install Omnifuse again, or name the file yourself to use it "
         "as it is (--weights)"),
      name, found, recorded);
  return NULL;
}

OmniWeights *
omni_model_load_weights (const OmniModel *model, const char *path, GError **error)
{
  return omni_model_load_task_weights (model, OMNI_TASK_AUTO, path, error);
}

OmniWeights *
omni_model_load_task_weights (const OmniModel *model, OmniTask task, const char *path, GError **error)
{
  g_autofree char *shipped_path = NULL;
  g_autoptr (OmniWeights) weights = NULL;

  if (model->architecture == NULL)
    return NULL;
  if (path == NULL)
  {
    path = shipped_path = omni_model_get_task_weights_path (model, task);
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      set_no_weights (model, task, path, error);
      return NULL;
    }
  }
  weights = shipped_path != NULL ? load_shipped (path, error) : omni_weights_load (path, error);
  if (weights == NULL || !omni_model_check_weights (model, weights, error))
    return NULL;
  return g_steal_pointer (&weights);
}
