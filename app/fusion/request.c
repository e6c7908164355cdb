/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/engine.h"

#include "app/fusion/fusion-private.h"

#include <glib/gi18n.h>
#include <string.h>

/* Everything here is a function of the set: names in messages are sorted, never taken in list order. */

OmniFusionRequest *
omni_fusion_request_copy (const OmniFusionRequest *request)
{
  g_return_val_if_fail (request != NULL, NULL);

  OmniFusionRequest *copy = g_memdup2 (request, sizeof *request);
  copy->sources = g_ptr_array_copy (request->sources, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  g_ptr_array_set_free_func (copy->sources, g_object_unref);
  copy->weights_path = g_strdup (request->weights_path);
  copy->weights = request->weights != NULL ? omni_weights_ref (request->weights) : NULL;
  copy->influence = g_memdup2 (request->influence, request->sources->len * sizeof *request->influence);
  copy->options = request->options != NULL ? omni_model_options_copy (request->options) : NULL;
  return copy;
}

void
omni_fusion_request_free (OmniFusionRequest *request)
{
  if (request == NULL)
    return;
  g_ptr_array_unref (request->sources);
  g_free ((char *)request->weights_path);
  g_clear_pointer (&request->weights, omni_weights_unref);
  g_free ((double *)request->influence);
  if (request->options != NULL)
    omni_model_options_free ((OmniModelOptions *)request->options);
  g_free (request);
}

guint
omni_source_count_bands (OmniSource *source)
{
  return omni_source_get_channels (source) - (omni_source_get_has_alpha (source) ? 1 : 0);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (omni_source_get_path (*(OmniSource *const *)a),
                 omni_source_get_path (*(OmniSource *const *)b));
}

GPtrArray *
omni_sources_sort (GPtrArray *sources)
{
  GPtrArray *sorted = g_ptr_array_copy (sources, NULL, NULL);
  g_ptr_array_set_free_func (sorted, NULL); /* the copy comes with that of the original */
  g_ptr_array_sort (sorted, compare_paths);
  return sorted;
}

void
omni_fusion_request_get_shape (const OmniFusionRequest *request, OmniResultShape *shape)
{
  g_return_if_fail (request != NULL && request->sources->len > 0 && shape != NULL);

  guint n_bands = 1;
  *shape = (OmniResultShape){ .has_alpha = TRUE, .depth = OMNI_SAMPLE_U8 };
  for (guint i = 0; i < request->sources->len; i++)
  {
    OmniSource *source = request->sources->pdata[i];
    n_bands = MAX (n_bands, omni_source_count_bands (source));
    shape->has_alpha &= omni_source_get_has_alpha (source);
    shape->depth = MAX (shape->depth, omni_source_get_sample_type (source));
  }
  if (request->exact_depth)
    shape->depth = request->depth;
  shape->channels = n_bands + (shape->has_alpha ? 1 : 0);

  OmniSource *largest, *smallest;
  omni_sources_find_sizes (request->sources, &largest, &smallest);
  shape->width = omni_source_get_width (largest);
  shape->height = omni_source_get_height (largest);
  const guint longest = MAX (shape->width, shape->height), limit = request->view_px;
  if (limit == 0 || longest <= limit)
    return;
  shape->shrunk = TRUE;
  shape->width = MAX (1, (guint)((guint64)shape->width * limit / longest));
  shape->height = MAX (1, (guint)((guint64)shape->height * limit / longest));
}

void
omni_sources_name_both (OmniSource *a, OmniSource *b, char **name_a, char **name_b)
{
  *name_a = omni_source_dup_display_name (a);
  *name_b = omni_source_dup_display_name (b);
  if (g_strcmp0 (*name_a, *name_b) != 0)
    return;
  g_free (*name_a);
  g_free (*name_b);
  *name_a = g_filename_display_name (omni_source_get_path (a));
  *name_b = g_filename_display_name (omni_source_get_path (b));
}

static guint64
count_pixels (OmniSource *source)
{
  return (guint64)omni_source_get_width (source) * omni_source_get_height (source);
}

gboolean
omni_sources_find_sizes (GPtrArray *sources, OmniSource **largest, OmniSource **smallest)
{
  g_autoptr (GPtrArray) sorted = omni_sources_sort (sources);
  gboolean differ = FALSE;

  *largest = *smallest = sorted->len > 0 ? sorted->pdata[0] : NULL;
  for (guint i = 1; i < sorted->len; i++)
  {
    OmniSource *source = sorted->pdata[i];
    differ |= omni_source_get_width (source) != omni_source_get_width (sorted->pdata[0])
              || omni_source_get_height (source) != omni_source_get_height (sorted->pdata[0]);
    if (count_pixels (source) > count_pixels (*largest)
        || (count_pixels (source) == count_pixels (*largest)
            && omni_source_get_width (source) > omni_source_get_width (*largest)))
      *largest = source;
    if (count_pixels (source) < count_pixels (*smallest)
        || (count_pixels (source) == count_pixels (*smallest)
            && omni_source_get_width (source) < omni_source_get_width (*smallest)))
      *smallest = source;
  }
  return differ;
}

static gboolean
check_sizes (GPtrArray *sources, GError **error)
{
  OmniSource *largest, *smallest;
  if (!omni_sources_find_sizes (sources, &largest, &smallest))
    return TRUE;
  g_autofree char *name = NULL;
  g_autofree char *other_name = NULL;
  omni_sources_name_both (largest, smallest, &name, &other_name);
  g_set_error (
    error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
    _ ("The sources differ in size: “%s” is %u × %u and “%s” is %u × %u; choose pictures of one size, or "
       "resize to the largest (--resize)."),
    name, omni_source_get_width (largest), omni_source_get_height (largest), other_name,
    omni_source_get_width (smallest), omni_source_get_height (smallest));
  return FALSE;
}

static gboolean
check_bands (GPtrArray *sorted, GError **error)
{
  OmniSource *first = sorted->pdata[0];
  for (guint i = 0; i < sorted->len; i++)
  {
    OmniSource *other = sorted->pdata[i];
    const guint a = omni_source_count_bands (first), b = omni_source_count_bands (other);
    g_autofree char *name = NULL;
    g_autofree char *other_name = NULL;
    omni_sources_name_both (first, other, &name, &other_name);
    if (b == 2)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   _ ("“%s” has two bands; pictures of one, three or four to eight bands can be fused."),
                   other_name);
      return FALSE;
    }
    if (a != b && MAX (a, b) > 3)
    {
      g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        _ ("“%s” has %u bands and “%s” has %u; pictures of several bands can only be fused with their like."),
        name, a, other_name, b);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
omni_fusion_request_check (const OmniFusionRequest *request, GError **error)
{
  g_return_val_if_fail (request != NULL && request->sources != NULL, FALSE);

  if (request->sources->len == 0)
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _ ("There are no pictures to fuse; name at least one."));
    return FALSE;
  }
  if (omni_fusion_request_pansharpens (request))
    return omni_sources_find_pansharpen (request->sources, NULL, NULL, error);
  g_autoptr (GPtrArray) sorted = omni_sources_sort (request->sources);
  if (!check_bands (sorted, error))
    return FALSE;
  return request->resize || check_sizes (request->sources, error);
}

gboolean
omni_model_fits (const OmniModel *model, OmniTask task, GPtrArray *sources, char **why)
{
  g_return_val_if_fail (model != NULL && sources != NULL, FALSE);

  g_autofree char *reason = NULL;
  gboolean has_bands = FALSE;
  for (guint i = 0; i < sources->len; i++)
    has_bands |= omni_source_count_bands (sources->pdata[i]) > 3;

  g_autoptr (GError) misfit = NULL;
  if (task == OMNI_TASK_PANSHARPEN && (model->tasks & (1u << task)) == 0)
    reason = g_strdup_printf (_ ("%s cannot pan-sharpen; choose pan-gsa or pan-ihs (--model)."),
                              _ (model->title));
  else if (task != OMNI_TASK_AUTO && (model->tasks & (1u << task)) == 0)
    reason = g_strdup_printf (_ ("%s is not made for the task “%s”."), _ (model->title),
                              omni_task_to_string (task));
  else if (sources->len < model->min_inputs)
    reason = g_strdup_printf (ngettext ("%s needs at least %u sources, there is %u.",
                                        "%s needs at least %u sources, there are %u.", sources->len),
                              _ (model->title), model->min_inputs, sources->len);
  else if (model->max_inputs > 0 && sources->len > model->max_inputs)
    reason = g_strdup_printf (_ ("%s takes at most %u sources, there are %u."), _ (model->title),
                              model->max_inputs, sources->len);
  else if (has_bands && !model->handles_bands)
    reason = g_strdup_printf (_ ("%s takes grey and colour pictures, not pictures of four or more bands."),
                              _ (model->title));
  else if (model->pansharpens && !omni_sources_find_pansharpen (sources, NULL, NULL, &misfit))
    reason = g_strdup (misfit->message);

  const gboolean fits = reason == NULL;
  if (why != NULL)
    *why = g_steal_pointer (&reason);
  return fits;
}

/* Whether a model has weights for a task. Damaged ones are weights, too: who is to fuse by them learns what is wrong, instead of
 * getting another model's picture. */
static gboolean
has_weights (const OmniModel *model, OmniTask task)
{
  if (model->architecture == NULL)
    return TRUE;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniWeights) weights = omni_model_load_task_weights (model, task, NULL, &error);
  return !g_error_matches (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE);
}

const OmniModel *
omni_model_default_for (OmniTask task)
{
  static gsize has_omni[OMNI_N_TASKS] = { 0 };
  g_return_val_if_fail ((guint)task < OMNI_N_TASKS, NULL);
  if (g_once_init_enter (&has_omni[task]))
  {
    const OmniModel *omni = omni_model_find ("omni");
    g_once_init_leave (&has_omni[task], omni != NULL && has_weights (omni, task) ? 1 : 2);
  }

  switch (task)
  {
  case OMNI_TASK_EXPOSURE:
    return omni_model_find (has_omni[task] == 1 ? "omni" : "mertens");
  case OMNI_TASK_FOCUS:
  case OMNI_TASK_INFRARED:
  case OMNI_TASK_MEDICAL:
    return omni_model_find (has_omni[task] == 1 ? "omni" : "laplacian");
  case OMNI_TASK_PANSHARPEN:
    return omni_model_find ("pan-gsa");
  case OMNI_TASK_AUTO:
  default:
    return omni_model_find ("laplacian");
  }
}

/* The default for the task, or else any model that fits. What keeps pictures from being pan-sharpened by the default keeps
 * them from the others too. */
static const OmniModel *
find_default (OmniTask task, GPtrArray *sources, GError **error)
{
  const OmniModel *model = omni_model_default_for (task);
  g_autofree char *why = NULL;
  if (model != NULL && omni_model_fits (model, task, sources, &why))
    return model;
  const OmniModel *const *models = omni_models_list ();
  for (guint i = 0; task != OMNI_TASK_PANSHARPEN && models[i] != NULL; i++)
    if (omni_model_fits (models[i], task, sources, NULL) && has_weights (models[i], task))
      return models[i];
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s",
               why != NULL ? why : _ ("There are no models."));
  return NULL;
}

/* A model for one task only says what the task is. */
static OmniTask
get_only_task (const OmniModel *model)
{
  if (model == NULL || model->tasks == 0 || (model->tasks & (model->tasks - 1)) != 0)
    return OMNI_TASK_AUTO;
  return g_bit_nth_lsf (model->tasks, -1);
}

const OmniModel *
omni_fusion_request_choose_model (const OmniFusionRequest *request, OmniTask *task, char **reason,
                                  GError **error)
{
  g_return_val_if_fail (request != NULL && request->sources->len > 0, NULL);

  const OmniModel *model = request->model;
  if (model == NULL && request->weights_path != NULL
      && (model = omni_model_find_for_weights (request->weights_path,
                                               omni_fusion_request_pansharpens (request), error))
           == NULL)
    return NULL;

  g_autofree char *why_task = NULL;
  OmniTask chosen = request->task;
  if (chosen == OMNI_TASK_AUTO && (chosen = get_only_task (model)) != OMNI_TASK_AUTO)
    why_task = g_strdup_printf (_ ("%s does nothing else"), _ (model->title));
  else if (chosen == OMNI_TASK_AUTO)
    chosen = omni_task_detect (request->sources, &why_task);
  else
    why_task = g_strdup (_ ("asked for"));

  g_autofree char *why_not = NULL;
  if (model == NULL)
    model = find_default (chosen, request->sources, error);
  else if (!omni_model_fits (model, request->task, request->sources, &why_not))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", why_not);
    return NULL;
  }
  if (task != NULL)
    *task = chosen;
  if (reason != NULL)
    *reason = g_steal_pointer (&why_task);
  return model;
}
