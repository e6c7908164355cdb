/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is chosen for a set besides its task: sizes, copies, options, weights, bookmarks. */
#include "app/document/document-private.h"

#include "app/document/duplicates.h"
#include "app/fusion/fusion-private.h"
#include "app/weights-folder.h"

#include <glib/gi18n.h>

/* Turning a number up and up is one step for undo. */
#define ONE_STEP_US G_USEC_PER_SEC

/* Sizes */

gboolean
omni_document_get_resize (OmniDocument *self)
{
  return self->state->resize;
}

void
omni_document_set_resize (OmniDocument *self, gboolean resize)
{
  if (self->state->resize == resize)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  next->resize = resize;
  omni_document_change_state (self, next);
}

/* Whether the sizes differ where they should not: pan-sharpening is made of two. */
static gboolean
find_sizes (OmniDocument *self, OmniSource **largest, OmniSource **smallest)
{
  const OmniModel *model = self->effective_model;

  return omni_sources_find_sizes (self->state->active, largest, smallest)
         && (model == NULL || !model->pansharpens);
}

char *
omni_document_describe_sizes (OmniDocument *self)
{
  OmniSource *largest, *smallest;

  if (!find_sizes (self, &largest, &smallest))
    return NULL;
  g_autofree char *large = NULL;
  g_autofree char *small = NULL;
  omni_sources_name_both (largest, smallest, &large, &small);
  return g_strdup_printf (_ ("The pictures differ in size: “%s” is %u × %u, “%s” is %u × %u."), large,
                          omni_source_get_width (largest), omni_source_get_height (largest), small,
                          omni_source_get_width (smallest), omni_source_get_height (smallest));
}

gboolean
omni_document_needs_resize (OmniDocument *self)
{
  OmniSource *largest, *smallest;

  return !self->state->resize && find_sizes (self, &largest, &smallest);
}

gboolean
omni_document_resizes (OmniDocument *self, OmniSource *source)
{
  OmniSource *largest, *smallest;

  if (!self->state->resize || !omni_document_is_on (self, source) || !find_sizes (self, &largest, &smallest))
    return FALSE;
  return omni_source_get_width (source) != omni_source_get_width (largest)
         || omni_source_get_height (source) != omni_source_get_height (largest);
}

/* Copies */

static void
copies_found_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GHashTable) copies = omni_duplicates_find_finish (result, NULL);

  if (copies == NULL) /* cancelled; the document may be gone */
    return;
  OmniDocument *self = data;
  g_clear_object (&self->searching);
  const gboolean any = g_hash_table_size (copies) > 0
                       || (self->copies != NULL && g_hash_table_size (self->copies) > 0);
  g_clear_pointer (&self->copies, g_hash_table_unref);
  self->copies = g_steal_pointer (&copies);
  if (any)
    omni_document_emit_changed (self);
}

void
omni_document_stop_searching (OmniDocument *self)
{
  if (self->searching != NULL)
    g_cancellable_cancel (self->searching);
  g_clear_object (&self->searching);
}

void
omni_document_search_copies (OmniDocument *self)
{
  omni_document_stop_searching (self);
  self->searching = g_cancellable_new ();
  omni_duplicates_find_async (self->state->sources, self->searching, copies_found_cb, self);
}

OmniSource *
omni_document_get_original (OmniDocument *self, OmniSource *source)
{
  OmniSource *original = self->copies != NULL ? g_hash_table_lookup (self->copies, source) : NULL;

  return original != NULL && g_ptr_array_find (self->state->active, original, NULL)
             && g_ptr_array_find (self->state->active, source, NULL)
           ? original
           : NULL;
}

char *
omni_document_describe_copies (OmniDocument *self)
{
  OmniSource *copy = NULL;
  guint n = 0;

  for (guint i = 0; i < self->state->active->len; i++)
    if (omni_document_get_original (self, self->state->active->pdata[i]) != NULL && n++ == 0)
      copy = self->state->active->pdata[i];
  if (n == 0)
    return NULL;
  if (n > 1)
    return g_strdup_printf (_ ("%u pictures are copies of others and count more than once."), n);
  g_autofree char *name = NULL;
  g_autofree char *original = NULL;
  omni_sources_name_both (copy, omni_document_get_original (self, copy), &name, &original);
  return g_strdup_printf (_ ("“%s” is the same picture as “%s” and counts twice."), name, original);
}

void
omni_document_switch_off_copies (OmniDocument *self)
{
  OmniDocumentState *next = omni_document_state_copy (self->state);
  gboolean any = FALSE;

  for (guint i = 0; i < self->state->active->len; i++)
    if (omni_document_get_original (self, self->state->active->pdata[i]) != NULL)
    {
      omni_document_state_set_on (next, self->state->active->pdata[i], FALSE);
      any = TRUE;
    }
  if (any)
    omni_document_change_state (self, next);
  else
    omni_document_state_free (next);
}

/* Options of the model */

const OmniModelOptions *
omni_document_get_options (OmniDocument *self, const OmniModel *model)
{
  return g_hash_table_lookup (self->state->options, model);
}

const char *
omni_document_get_option (OmniDocument *self, const OmniModelOption *option)
{
  const OmniModel *model = self->effective_model;
  const OmniModelOptions *options = model != NULL ? omni_document_get_options (self, model) : NULL;

  return options != NULL ? omni_model_options_get_string (options, option->key) : option->default_value;
}

gboolean
omni_document_set_option (OmniDocument *self, const OmniModelOption *option, const char *value,
                          GError **error)
{
  const OmniModel *model = self->effective_model;
  const gint64 now_us = g_get_monotonic_time ();

  g_return_val_if_fail (model != NULL, FALSE);
  if (g_str_equal (omni_document_get_option (self, option), value))
    return TRUE;
  const OmniModelOptions *before = omni_document_get_options (self, model);
  g_autoptr (OmniModelOptions) options = before != NULL ? omni_model_options_copy (before)
                                                        : omni_model_options_new (model);
  g_autofree char *assignment = g_strdup_printf ("%s=%s", option->key, value);
  if (!omni_model_options_set (options, assignment, error))
    return FALSE;

  OmniDocumentState *next = omni_document_state_copy (self->state);
  g_hash_table_insert (next->options, (gpointer)model, g_steal_pointer (&options));
  if (self->last_option == option && now_us - self->last_option_us < ONE_STEP_US)
    omni_document_replace_state (self, next);
  else
    omni_document_change_state (self, next);
  self->last_option = option;
  self->last_influence = NULL;
  self->last_option_us = now_us;
  return TRUE;
}

gboolean
omni_document_has_options (OmniDocument *self)
{
  const OmniModelOptions *options = self->effective_model != NULL
                                      ? omni_document_get_options (self, self->effective_model)
                                      : NULL;
  g_autofree char *text = options != NULL ? omni_model_options_to_string (options) : NULL;

  return text != NULL && text[0] != '\0';
}

void
omni_document_reset_options (OmniDocument *self)
{
  if (!omni_document_has_options (self))
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  g_hash_table_remove (next->options, self->effective_model);
  omni_document_change_state (self, next);
}

/* What a source counts */

double
omni_document_get_influence (OmniDocument *self, OmniSource *source)
{
  const double *value = g_hash_table_lookup (self->state->influence, source);

  return value != NULL ? *value : 0;
}

gboolean
omni_document_takes_influence (OmniDocument *self)
{
  return self->effective_model != NULL && self->effective_model->takes_influence;
}

void
omni_document_set_influence (OmniDocument *self, OmniSource *source, double value)
{
  const gint64 now_us = g_get_monotonic_time ();
  const double wanted = CLAMP (value, -OMNI_MAX_INFLUENCE, OMNI_MAX_INFLUENCE);

  if (!omni_document_find (self, source, NULL) || omni_document_get_influence (self, source) == wanted)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  if (wanted != 0)
    g_hash_table_insert (next->influence, g_object_ref (source), g_memdup2 (&wanted, sizeof wanted));
  else
    g_hash_table_remove (next->influence, source);
  if (self->last_influence == source && now_us - self->last_option_us < ONE_STEP_US)
    omni_document_replace_state (self, next);
  else
    omni_document_change_state (self, next);
  self->last_option = NULL;
  self->last_influence = source;
  self->last_option_us = now_us;
}

/* Weights */

static gboolean
has_shipped_weights (const OmniModel *model, OmniTask task)
{
  g_autofree char *path = omni_model_get_task_weights_path (model, task);

  return path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

gboolean
omni_document_has_weights (const OmniModel *model, OmniTask task)
{
  if (model->architecture == NULL || has_shipped_weights (model, task))
    return TRUE;
  g_autofree char *added = omni_weights_folder_choose (model, task);
  return added != NULL;
}

char *
omni_document_dup_weights (OmniDocument *self, const OmniModel *model)
{
  const char *path = g_hash_table_lookup (self->state->weights, model);

  if (model->architecture == NULL)
    return NULL;
  /* One that was removed meanwhile is as good as none. */
  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return g_strdup (path);
  return omni_weights_folder_choose (model, self->effective_task);
}

GPtrArray *
omni_document_list_weights (OmniDocument *self, const OmniModel *model)
{
  GPtrArray *paths = model->architecture != NULL ? omni_weights_folder_list (model->architecture)
                                                 : g_ptr_array_new ();

  if (model->architecture == NULL || has_shipped_weights (model, self->effective_task))
    g_ptr_array_insert (paths, 0, NULL);
  return paths;
}

static void
put_weights (OmniDocumentState *state, const OmniModel *model, const char *path)
{
  if (path != NULL)
    g_hash_table_insert (state->weights, (gpointer)model, g_strdup (path));
  else
    g_hash_table_remove (state->weights, model);
}

void
omni_document_set_weights (OmniDocument *self, const OmniModel *model, const char *path)
{
  if (g_strcmp0 (g_hash_table_lookup (self->state->weights, model), path) == 0)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  put_weights (next, model, path);
  omni_document_change_state (self, next);
}

void
omni_document_use (OmniDocument *self, const OmniModel *model, const char *path)
{
  if (self->state->model == model && g_strcmp0 (g_hash_table_lookup (self->state->weights, model), path) == 0)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  next->model = model;
  put_weights (next, model, path);
  omni_document_change_state (self, next);
}

void
omni_document_forget_weights (OmniDocument *self, const OmniModel *model, const char *path)
{
  /* The first of a model without shipped ones runs although nobody chose it. */
  if (g_strcmp0 (g_hash_table_lookup (self->state->weights, model), path) == 0)
    omni_document_set_weights (self, model, NULL);
  else if (self->effective_model == model)
    omni_document_fuse (self);
}

/* Bookmarks */

const GArray *
omni_document_get_bookmarks (OmniDocument *self)
{
  return self->state->bookmarks;
}

gboolean
omni_document_add_bookmark (OmniDocument *self, const OmniPart *part)
{
  if (self->state->sources->len == 0 || self->state->bookmarks->len >= OMNI_DOCUMENT_MAX_BOOKMARKS)
    return FALSE;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  g_array_append_val (next->bookmarks, *part);
  omni_document_change_view (self, next);
  return TRUE;
}

void
omni_document_clear_bookmarks (OmniDocument *self)
{
  if (self->state->bookmarks->len == 0)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  g_array_set_size (next->bookmarks, 0);
  omni_document_change_view (self, next);
}
