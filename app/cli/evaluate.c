/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/evaluate.h"

#include "app/evaluate/cache.h"
#include "app/evaluate/page.h"
#include "app/files/output.h"

#define MAX_DEFAULT_JOBS 4
#define MAX_JOBS         64
/* Of the pictures on the page: the longer side. */
#define DEFAULT_PICTURE_PX 960
#define MIN_PICTURE_PX     64
#define MAX_PICTURE_PX     4096

/* What was asked for. */
typedef struct
{
  OmniEvaluateParams params;
  char *cache_path;
  GPtrArray *notes;
} Request;

static void
request_clear (Request *request)
{
  g_clear_pointer (&request->params.scenes, g_ptr_array_unref);
  g_clear_pointer (&request->params.models, g_ptr_array_unref);
  g_clear_pointer (&request->params.baselines, g_ptr_array_unref);
  g_clear_pointer (&request->params.externals, g_ptr_array_unref);
  g_clear_pointer (&request->params.metrics, g_ptr_array_unref);
  g_clear_pointer (&request->notes, g_ptr_array_unref);
  g_free (request->cache_path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

/* ---- Reading the options ---- */

static gboolean
read_methods (char **descriptions, OmniEvaluateMethodKind kind, GPtrArray **methods, GError **error)
{
  *methods = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_evaluate_method_free);
  if (kind == OMNI_METHOD_BASELINE && g_str_equal (descriptions[0], "none") && descriptions[1] == NULL)
    return TRUE;
  for (guint i = 0; descriptions != NULL && descriptions[i] != NULL; i++)
  {
    OmniEvaluateMethod *method = kind == OMNI_METHOD_EXTERNAL
                                   ? omni_evaluate_method_new_external (descriptions[i], error)
                                   : omni_evaluate_method_new (kind, descriptions[i], error);
    if (method == NULL)
      return FALSE;
    g_ptr_array_add (*methods, method);
  }
  omni_evaluate_methods_tell_apart (*methods);
  return TRUE;
}

/* --compat without --metric means the metrics that it changes. */
static gboolean
read_metrics (Request *request, const OmniCliOptions *options, GError **error)
{
  OmniEvaluateParams *params = &request->params;
  if (options->compat != NULL && !omni_cli_read_compat (options->compat, &params->compat, error))
    return FALSE;
  if (options->metrics == NULL && params->compat == NULL)
    return TRUE;
  params->metrics = g_ptr_array_new ();
  return omni_cli_read_metrics (
    options->metrics != NULL ? options->metrics : (char **)params->compat->metrics, params->metrics, error);
}

static gboolean
read_numbers (Request *request, const OmniCliOptions *options, GError **error)
{
  OmniEvaluateParams *params = &request->params;
  OmniFusionRequest numbers = { 0 };
  const gboolean has_jobs = options->n_jobs != OMNI_CLI_NOT_GIVEN;
  if (has_jobs && (options->n_jobs < 1 || options->n_jobs > MAX_JOBS))
    return omni_cli_refuse (error, "%d jobs are not possible; choose 1 to %d (--jobs).", options->n_jobs,
                            MAX_JOBS);
  const int picture_px = options->picture_px != OMNI_CLI_NOT_GIVEN ? options->picture_px : DEFAULT_PICTURE_PX;
  if (picture_px < MIN_PICTURE_PX || picture_px > MAX_PICTURE_PX)
    return omni_cli_refuse (error, "Pictures of %d pixels are not possible; choose %d to %d (--picture-px).",
                            picture_px, MIN_PICTURE_PX, MAX_PICTURE_PX);
  if (!omni_cli_read_numbers (options, &numbers, error))
    return FALSE;
  params->n_jobs = has_jobs ? (guint)options->n_jobs : MIN (g_get_num_processors (), MAX_DEFAULT_JOBS);
  params->half = numbers.half;
  params->tile_px = numbers.tile_px;
  params->device = options->device;
  params->picture_px = options->html_path != NULL ? (guint)picture_px : 0;
  request->cache_path = options->cache_path != NULL ? g_strdup (options->cache_path)
                                                    : omni_evaluate_cache_default_path ();
  params->cache_path = request->cache_path;
  return TRUE;
}

static gboolean
read_scenes (Request *request, const OmniCliOptions *options, GError **error)
{
  OmniTask task = OMNI_TASK_AUTO;
  if (options->arguments == NULL || options->arguments[1] != NULL)
    return omni_cli_refuse (error, "Name one folder of scenes; see omnifuse-cli evaluate --help.");
  if (options->task_name != NULL && !omni_cli_read_task (options->task_name, &task, error))
    return FALSE;
  request->params.scenes = omni_evaluate_find_scenes (options->arguments[0], options->split, task,
                                                      request->notes, error);
  return request->params.scenes != NULL;
}

static gboolean
read_request (Request *request, const OmniCliOptions *options, GError **error)
{
  OmniEvaluateParams *params = &request->params;
  request->notes = g_ptr_array_new_with_free_func (g_free);
  if (!read_metrics (request, options, error) || !read_numbers (request, options, error)
      || !read_methods (options->models, OMNI_METHOD_MODEL, &params->models, error)
      || !read_methods (options->externals, OMNI_METHOD_EXTERNAL, &params->externals, error)
      || (options->baselines != NULL
          && !read_methods (options->baselines, OMNI_METHOD_BASELINE, &params->baselines, error)))
    return FALSE;
  return read_scenes (request, options, error);
}

/* ---- The run ---- */

/* What can be refused is refused before the work; opening the hidden file shows whether the folder may be written. */
static gboolean
check_page (const Request *request, const OmniCliOptions *options, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_auto (OmniOutput) output = { .fd = -1 };
  if (options->html_path == NULL)
    return TRUE;
  for (guint i = 0; i < request->params.scenes->len; i++)
  {
    const OmniEvaluateScene *scene = request->params.scenes->pdata[i];
    for (guint k = 0; k < scene->sources->len; k++)
      g_ptr_array_add (paths, (gpointer)omni_source_get_path (scene->sources->pdata[k]));
    if (scene->reference != NULL)
      g_ptr_array_add (paths, (gpointer)omni_source_get_path (scene->reference));
  }
  g_ptr_array_add (paths, NULL);
  return omni_output_open (&output, options->html_path, options->force, (const char *const *)paths->pdata,
                           error);
}

static void
progress_cb (guint done, guint n, const char *what, gpointer progress)
{
  omni_cli_progress_cb ((double)done / n, what, progress);
}

/* A run in which nothing could be scored has not done what was asked. */
static gboolean
check_any (const OmniEvaluation *evaluation, GError **error)
{
  const char *reason = NULL;
  for (guint i = 0; i < evaluation->tasks->len; i++)
  {
    const OmniEvaluateTask *task = evaluation->tasks->pdata[i];
    const gsize n = (gsize)task->scenes->len * task->methods->len * task->metrics->len;
    for (gsize k = 0; k < n; k++)
      if (task->scores[k].reason == NULL)
        return TRUE;
      else if (reason == NULL)
        reason = task->scores[k].reason;
    for (guint k = 0; reason == NULL && k < task->left_out->len; k++)
      reason = ((OmniEvaluateLeftOut *)task->left_out->pdata[k])->reason;
    for (guint k = 0; reason == NULL && k < task->scenes->len; k++)
      reason = ((OmniEvaluateScene *)task->scenes->pdata[k])->problem;
  }
  return omni_cli_refuse (error, "Nothing could be scored. The first reason: %s",
                          reason != NULL ? reason : "none.");
}

static gboolean
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_auto (Request) request = { 0 };
  if (!read_request (&request, options, error) || !check_page (&request, options, error))
    return FALSE;

  OmniCliProgress *progress = omni_cli_progress_new (options->quiet);
  g_autoptr (OmniEvaluation)
    evaluation = omni_evaluation_run (&request.params, progress_cb, progress, cancellable, error);
  omni_cli_progress_free (progress);
  if (evaluation == NULL || !check_any (evaluation, error))
    return FALSE;
  for (guint i = 0; i < evaluation->warnings->len; i++)
    omni_cli_warn (options->quiet, evaluation->warnings->pdata[i]);
  if (options->json)
    omni_cli_print_evaluation_json (evaluation, request.notes);
  else if (!options->quiet)
    omni_cli_print_evaluation (evaluation, request.notes);
  const OmniEvaluatePage page = { .folder = options->arguments[0], .split = options->split };
  return options->html_path == NULL
         || omni_evaluation_save_page (evaluation, &page, options->html_path, options->force, error);
}

static const char description[] =
  "Runs models over a folder of scenes, scores the results, and holds the models against baselines.\n"
  "\n"
  "DIR is a folder of task folders (exposure, focus, infrared, medical, mri-pet, mri-spect, ct-mri), one\n"
  "task folder, a folder of scenes, or a scene. A scene is a folder with the pictures of one set.\n"
  "MODEL is NAME, or NAME:KEY=VALUE,… with options, and @FILE behind it for weights of your own.";

int
omni_cli_evaluate (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_EVALUATE | OMNI_CLI_DEVICE, "DIR", description, argc, argv,
                               &error)
      || !run (&options, &error))
    return omni_cli_fail (error);
  return OMNI_EXIT_DONE;
}
