/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/methods.h"

#include "app/fusion/engine.h"
#include "app/weights-folder.h"

#include <string.h>

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

void
omni_evaluate_method_free (OmniEvaluateMethod *method)
{
  if (method == NULL)
    return;
  g_free (method->name);
  omni_model_options_free (method->options);
  g_free (method->options_text);
  g_free (method->weights_path);
  g_free (method->weights_sha256);
  for (guint task = 0; task < OMNI_N_TASKS; task++)
    g_free (method->task_weights_sha256[task]);
  g_free (method->pattern);
  g_free (method);
}

const char *
omni_evaluate_method_kind_to_string (OmniEvaluateMethodKind kind)
{
  return kind == OMNI_METHOD_MODEL ? "model" : kind == OMNI_METHOD_BASELINE ? "baseline" : "external";
}

static gboolean
find_model (OmniEvaluateMethod *method, const char *name, GError **error)
{
  method->model = omni_model_find (name);
  if (method->model != NULL)
    return TRUE;
  g_autoptr (GString) names = g_string_new (NULL);
  const OmniModel *const *models = omni_models_list ();
  for (guint i = 0; models[i] != NULL; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", models[i]->name);
  return refuse (error, "There is no model “%s”; the models are %s.", name, names->str);
}

static gboolean
read_options (OmniEvaluateMethod *method, const char *text, GError **error)
{
  method->options = omni_model_options_new (method->model);
  g_auto (GStrv) assignments = g_strsplit (text, ",", -1);
  for (guint i = 0; assignments[i] != NULL; i++)
    if (!omni_model_options_set (method->options, assignments[i], error))
      return FALSE;
  return TRUE;
}

/* (transfer full) What the engine will load. */
static char *
hash_weights (const OmniEvaluateMethod *method, OmniTask task, GError **error)
{
  g_autofree char *added = method->weights_path == NULL ? omni_weights_folder_choose (method->model, task)
                                                        : NULL;
  g_autoptr (OmniWeights) weights = omni_model_load_task_weights (
    method->model, task, added != NULL ? added : method->weights_path, error);
  return weights != NULL ? g_strdup (omni_weights_get_sha256 (weights)) : NULL;
}

/* A task without weights is no reason to refuse the others; a damaged file is. */
static gboolean
read_task_weights (OmniEvaluateMethod *method, GError **error)
{
  g_autoptr (GError) why_none = NULL;
  gboolean has_any = FALSE;
  for (OmniTask task = OMNI_TASK_EXPOSURE; task < OMNI_N_TASKS; task++)
  {
    g_autoptr (GError) cause = NULL;
    if ((method->model->tasks & (1u << task)) == 0)
      continue;
    method->task_weights_sha256[task] = hash_weights (method, task, &cause);
    has_any |= cause == NULL;
    if (cause == NULL)
      continue;
    if (!g_error_matches (cause, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE))
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
    if (why_none == NULL)
      why_none = g_steal_pointer (&cause);
  }
  if (!has_any)
    g_propagate_error (error, g_steal_pointer (&why_none));
  return has_any;
}

static gboolean
read_weights (OmniEvaluateMethod *method, GError **error)
{
  if (method->model->architecture == NULL)
    return method->weights_path == NULL
           || refuse (error, "%s takes no weights; leave out “@%s”.", method->model->name,
                      method->weights_path);
  /* Added weights, too, may be of one task. */
  if (method->weights_path == NULL)
    return read_task_weights (method, error);
  method->weights_sha256 = hash_weights (method, OMNI_TASK_AUTO, error);
  return method->weights_sha256 != NULL;
}

const char *
omni_evaluate_method_get_weights_sha256 (const OmniEvaluateMethod *method, OmniTask task)
{
  g_return_val_if_fail (method != NULL && (guint)task < OMNI_N_TASKS, NULL);

  return method->weights_sha256 != NULL ? method->weights_sha256 : method->task_weights_sha256[task];
}

OmniEvaluateMethod *
omni_evaluate_method_new (OmniEvaluateMethodKind kind, const char *description, GError **error)
{
  g_return_val_if_fail (kind != OMNI_METHOD_EXTERNAL && description != NULL, NULL);

  g_autoptr (OmniEvaluateMethod) method = g_new0 (OmniEvaluateMethod, 1);
  method->kind = kind;
  const char *at = strchr (description, '@');
  g_autofree char *front = g_strndup (description,
                                      at != NULL ? at - description : (gssize)strlen (description));
  char *colon = strchr (front, ':');
  if (colon != NULL)
    *colon = '\0';
  if (!find_model (method, front, error) || (colon != NULL && !read_options (method, colon + 1, error)))
    return NULL;
  method->weights_path = at != NULL ? g_strdup (at + 1) : NULL;
  if (!read_weights (method, error))
    return NULL;
  method->order_invariant = omni_model_is_order_invariant (method->model);

  method->options_text = method->options != NULL ? omni_model_options_to_string (method->options)
                                                 : g_strdup ("");
  g_autofree char *file = at != NULL ? g_filename_display_basename (at + 1) : NULL;
  method->name = g_strconcat (front, colon != NULL ? ":" : "", colon != NULL ? colon + 1 : "",
                              file != NULL ? "@" : "", file, NULL);
  return g_steal_pointer (&method);
}

void
omni_evaluate_methods_tell_apart (GPtrArray *methods)
{
  for (guint i = 0; i < methods->len; i++)
    for (guint k = i + 1; k < methods->len; k++)
    {
      OmniEvaluateMethod *const pair[] = { methods->pdata[i], methods->pdata[k] };
      if (!g_str_equal (pair[0]->name, pair[1]->name)
          || g_strcmp0 (pair[0]->weights_path, pair[1]->weights_path) == 0)
        continue;
      for (guint m = 0; m < G_N_ELEMENTS (pair); m++)
      {
        g_autofree char *path = g_filename_display_name (pair[m]->weights_path);
        g_autofree char *front = g_strndup (pair[m]->name, strcspn (pair[m]->name, "@"));
        g_free (pair[m]->name);
        pair[m]->name = g_strconcat (front, "@", path, NULL);
      }
    }
}

OmniEvaluateMethod *
omni_evaluate_method_new_external (const char *description, GError **error)
{
  g_return_val_if_fail (description != NULL, NULL);

  const char *equals = strchr (description, '=');
  if (equals == NULL || equals == description || equals[1] == '\0')
  {
    refuse (error, "“%s” names no pictures; write NAME=PATTERN, as in theirs=results/{task}/{scene}.png.",
            description);
    return NULL;
  }
  if (strstr (equals, "{scene}") == NULL)
  {
    refuse (error, "“%s” would be one picture for all scenes; put {scene} into it.", equals + 1);
    return NULL;
  }
  OmniEvaluateMethod *method = g_new0 (OmniEvaluateMethod, 1);
  method->kind = OMNI_METHOD_EXTERNAL;
  method->name = g_strndup (description, equals - description);
  method->pattern = g_strdup (equals + 1);
  return method;
}

/* Placeholders in a scene's name are its own. */
char *
omni_evaluate_expand_pattern (const char *pattern, const char *group, const char *scene)
{
  GString *path = g_string_new (NULL);
  while (*pattern != '\0')
    if (g_str_has_prefix (pattern, "{scene}"))
    {
      g_string_append (path, scene);
      pattern += strlen ("{scene}");
    }
    else if (g_str_has_prefix (pattern, "{task}"))
    {
      g_string_append (path, group);
      pattern += strlen ("{task}");
    }
    else
      g_string_append_c (path, *pattern++);
  return g_string_free (path, FALSE);
}

static gboolean
fits_all (const OmniModel *model, OmniTask task, GPtrArray *sets)
{
  for (guint i = 0; i < sets->len; i++)
    if (!omni_model_fits (model, task, sets->pdata[i], NULL))
      return FALSE;
  return TRUE;
}

GPtrArray *
omni_evaluate_default_baselines (OmniTask task, GPtrArray *sets)
{
  GPtrArray *baselines = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_evaluate_method_free);
  const OmniModel *const *models = omni_models_list ();
  for (guint i = 0; models[i] != NULL; i++)
    if (models[i]->architecture == NULL && omni_model_is_order_invariant (models[i])
        && fits_all (models[i], task, sets))
      g_ptr_array_add (baselines, omni_evaluate_method_new (OMNI_METHOD_BASELINE, models[i]->name, NULL));
  return baselines;
}

const char *const *
omni_evaluate_default_metrics (OmniTask task)
{
  static const char *const exposure[] = { "mef-ssim", "mef-ssim-lum", "qabf", "vif", NULL };
  static const char *const focus[] = { "qabf", "mef-ssim", "vif", "ref-psnr", "ref-ssim", NULL };
  static const char *const sensors[] = { "qabf", "mef-ssim-cs", "viff", "vif", NULL };
  static const char *const bands[] = { "q2n", "ergas", "sam", "qnr", "d-lambda", "d-s", NULL };
  static const char *const none[] = { NULL };

  switch (task)
  {
  case OMNI_TASK_FOCUS:
    return focus;
  case OMNI_TASK_INFRARED:
  case OMNI_TASK_MEDICAL:
    return sensors;
  case OMNI_TASK_EXPOSURE:
    return exposure;
  case OMNI_TASK_PANSHARPEN:
    return bands;
  case OMNI_TASK_AUTO:
  default:
    return none;
  }
}
