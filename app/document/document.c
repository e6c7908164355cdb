/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/document-private.h"

enum
{
  PROP_0,
  PROP_BUSY,
  PROP_FRACTION,
  PROP_PHASE,
  PROP_ERROR,
  PROP_CAN_UNDO,
  PROP_CAN_REDO,
  N_PROPS
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_RESULT,
  SIGNAL_REFINED,
  SIGNAL_PREVIEW,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniDocument, omni_document, OMNI_TYPE_ARRAY_MODEL)

/* States */

static void
emit_difference (OmniDocument *self, GPtrArray *before, GPtrArray *after)
{
  const guint shorter = MIN (before->len, after->len);
  guint head = 0;
  guint tail = 0;

  while (head < shorter && before->pdata[head] == after->pdata[head])
    head++;
  while (tail < shorter - head
         && before->pdata[before->len - 1 - tail] == after->pdata[after->len - 1 - tail])
    tail++;
  if (before->len - head - tail > 0 || after->len - head - tail > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), head, before->len - head - tail,
                                after->len - head - tail);
}

OmniDocumentState *
omni_document_swap_state (OmniDocument *self, OmniDocumentState *next)
{
  OmniDocumentState *before = self->state;

  self->state = next;
  for (guint i = 0; i < next->sources->len; i++)
    omni_source_set_role (next->sources->pdata[i], g_array_index (next->roles, OmniRole, i));

  emit_difference (self, before->sources, next->sources);
  if (!omni_sources_same_order (before->sources, next->sources))
    omni_document_search_copies (self);
  /* Bookmarks alone are nothing to fuse for. */
  if (before->recipe != next->recipe)
    omni_document_schedule (self);
  omni_document_emit_changed (self);
  return before;
}

void
omni_document_notify_history (OmniDocument *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_UNDO]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_REDO]);
}

static void
change_sources (OmniDocument *self, GPtrArray *sources)
{
  OmniDocumentState *next = omni_document_state_copy (self->state);

  omni_document_state_set_sources (next, sources);
  /* What was agreed on for one set is not carried to the next. */
  if (sources->len == 0)
  {
    next->task = OMNI_TASK_AUTO;
    next->model = NULL;
    next->resize = FALSE;
    g_array_set_size (next->bookmarks, 0);
  }
  omni_document_change_state (self, next);
}

/* The set */

GPtrArray *
omni_document_get_sources (OmniDocument *self)
{
  return self->state->sources;
}

guint
omni_document_get_n_sources (OmniDocument *self)
{
  return self->state->sources->len;
}

OmniSource *
omni_document_get_source (OmniDocument *self, guint position)
{
  return position < self->state->sources->len ? self->state->sources->pdata[position] : NULL;
}

gboolean
omni_document_find (OmniDocument *self, OmniSource *source, guint *position)
{
  return g_ptr_array_find (self->state->sources, source, position);
}

/* Whether the path of another source ends alike. */
static gboolean
is_shared (OmniDocument *self, OmniSource *source, const char *tail)
{
  const gsize length = strlen (tail);

  for (guint i = 0; i < self->state->sources->len; i++)
  {
    const char *other = omni_source_get_path (self->state->sources->pdata[i]);
    const gsize before = strlen (other) > length ? strlen (other) - length : 0;
    if (self->state->sources->pdata[i] != source && before > 0 && G_IS_DIR_SEPARATOR (other[before - 1])
        && g_str_equal (other + before, tail))
      return TRUE;
  }
  return FALSE;
}

char *
omni_document_dup_name (OmniDocument *self, OmniSource *source)
{
  const char *path = omni_source_get_path (source);
  const char *name = path + strlen (path);

  do
  {
    name--;
    while (name > path && !G_IS_DIR_SEPARATOR (name[-1]))
      name--;
  } while (name > path && is_shared (self, source, name));
  return g_filename_display_name (name);
}

/* (transfer container) */
static GPtrArray *
borrow_sources (OmniDocument *self)
{
  GPtrArray *sources = g_ptr_array_new ();

  g_ptr_array_extend (sources, self->state->sources, NULL, NULL);
  return sources;
}

/* (transfer none) (nullable) */
static OmniSource *
find_path (GPtrArray *sources, const char *path)
{
  for (guint i = 0; i < sources->len; i++)
    if (g_str_equal (omni_source_get_path (sources->pdata[i]), path))
      return sources->pdata[i];
  return NULL;
}

OmniSource *
omni_document_find_file (OmniDocument *self, OmniSource *source)
{
  return omni_document_find (self, source, NULL)
           ? source
           : find_path (self->state->sources, omni_source_get_path (source));
}

/* Files that were written anew since take their own places. Returns how many. */
static guint
renew (OmniDocument *self, GPtrArray *sources)
{
  guint n = 0;

  for (guint i = 0; i < sources->len; i++)
  {
    OmniSource *old = find_path (self->state->sources, omni_source_get_path (sources->pdata[i]));
    if (old != NULL && old != sources->pdata[i] && omni_source_is_outdated (old))
      n += omni_document_replace (self, old, sources->pdata[i]);
  }
  return n;
}

guint
omni_document_insert (OmniDocument *self, guint position, GPtrArray *sources)
{
  const guint renewed = renew (self, sources);
  g_autoptr (GPtrArray) next = borrow_sources (self);
  const guint before = next->len;

  position = MIN (position, before);
  for (guint i = 0; i < sources->len; i++)
    if (find_path (next, omni_source_get_path (sources->pdata[i])) == NULL)
      g_ptr_array_insert (next, (int)(position + next->len - before), sources->pdata[i]);

  const guint added = next->len - before;
  if (added > 0)
    change_sources (self, next);
  return added + renewed;
}

void
omni_document_remove (OmniDocument *self, GPtrArray *sources)
{
  g_autoptr (GPtrArray) next = g_ptr_array_new ();

  for (guint i = 0; i < self->state->sources->len; i++)
    if (!g_ptr_array_find (sources, self->state->sources->pdata[i], NULL))
      g_ptr_array_add (next, self->state->sources->pdata[i]);
  if (next->len < self->state->sources->len)
    change_sources (self, next);
}

gboolean
omni_document_move (OmniDocument *self, guint from, guint to)
{
  g_return_val_if_fail (from < self->state->sources->len && to < self->state->sources->len, FALSE);
  if (from == to)
    return FALSE;

  g_autoptr (GPtrArray) next = borrow_sources (self);
  gpointer source = g_ptr_array_steal_index (next, from);
  g_ptr_array_insert (next, (int)to, source);
  change_sources (self, next);
  return TRUE;
}

gboolean
omni_document_move_sources (OmniDocument *self, GPtrArray *sources, guint position)
{
  g_autoptr (GPtrArray) next = g_ptr_array_new ();
  g_autoptr (GPtrArray) moved = g_ptr_array_new ();

  for (guint i = 0; i < self->state->sources->len; i++)
  {
    OmniSource *source = self->state->sources->pdata[i];
    g_ptr_array_add (g_ptr_array_find (sources, source, NULL) ? moved : next, source);
  }
  position = MIN (position, next->len);
  for (guint i = 0; i < moved->len; i++)
    g_ptr_array_insert (next, (int)(position + i), moved->pdata[i]);
  if (omni_sources_same_order (next, self->state->sources))
    return FALSE;
  change_sources (self, next);
  return TRUE;
}

/* (transfer full) `next` seen as `source` is, where its frame is the same. */
static OmniSource *
keep_warp (OmniSource *source, OmniSource *next)
{
  const OmniWarp *warp = omni_source_get_warp (source);
  OmniSource *original = omni_source_get_original (source);

  if (warp == NULL || omni_source_get_warp (next) != NULL
      || omni_source_get_width (next) != omni_source_get_width (original)
      || omni_source_get_height (next) != omni_source_get_height (original))
    return g_object_ref (next);
  return omni_source_new_warped (next, warp);
}

gboolean
omni_document_replace (OmniDocument *self, OmniSource *source, OmniSource *next)
{
  OmniSource *same = find_path (self->state->sources, omni_source_get_path (next));
  guint position;

  if (!omni_document_find (self, source, &position) || next == source || (same != NULL && same != source))
    return FALSE;
  OmniDocumentState *state = omni_document_state_copy (self->state);
  g_autoptr (GPtrArray) sources = borrow_sources (self);
  g_autoptr (OmniSource) seen = keep_warp (source, next);
  sources->pdata[position] = seen;
  omni_document_state_inherit (state, source, seen);
  omni_document_state_set_sources (state, sources);
  omni_document_change_state (self, state);
  return TRUE;
}

gboolean
omni_document_shuffle (OmniDocument *self)
{
  g_autoptr (GPtrArray) next = borrow_sources (self);

  if (next->len < 2)
    return FALSE;
  do
    for (guint i = next->len - 1; i > 0; i--)
    {
      const guint j = (guint)g_random_int_range (0, (gint32)i + 1);
      gpointer source = next->pdata[i];
      next->pdata[i] = next->pdata[j];
      next->pdata[j] = source;
    }
  while (omni_sources_same_order (next, self->state->sources));
  change_sources (self, next);
  return TRUE;
}

void
omni_document_set_roles (OmniDocument *self, GPtrArray *sources, OmniRole role)
{
  OmniDocumentState *next = omni_document_state_copy (self->state);
  gboolean changed = FALSE;
  guint position;

  for (guint i = 0; i < sources->len; i++)
    if (omni_document_find (self, sources->pdata[i], &position)
        && omni_source_get_role (sources->pdata[i]) != role)
    {
      g_array_index (next->roles, OmniRole, position) = role;
      changed = TRUE;
    }
  if (changed)
    omni_document_change_state (self, next);
  else
    omni_document_state_free (next);
}

void
omni_document_set_role (OmniDocument *self, OmniSource *source, OmniRole role)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_ptr_array_add (one, source);
  omni_document_set_roles (self, one, role);
}

gboolean
omni_document_is_on (OmniDocument *self, OmniSource *source)
{
  return !g_hash_table_contains (self->state->off, source);
}

void
omni_document_set_all_on (OmniDocument *self, GPtrArray *sources, gboolean on)
{
  OmniDocumentState *next = omni_document_state_copy (self->state);
  gboolean any = FALSE;

  for (guint i = 0; i < sources->len; i++)
    if (omni_document_find (self, sources->pdata[i], NULL)
        && omni_document_is_on (self, sources->pdata[i]) != on)
    {
      omni_document_state_set_on (next, sources->pdata[i], on);
      any = TRUE;
    }
  if (any)
    omni_document_change_state (self, next);
  else
    omni_document_state_free (next);
}

void
omni_document_set_on (OmniDocument *self, OmniSource *source, gboolean on)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();

  g_ptr_array_add (sources, source);
  omni_document_set_all_on (self, sources, on);
}

GPtrArray *
omni_document_get_active (OmniDocument *self)
{
  return self->state->active;
}

/* Task and model */

OmniTask
omni_document_get_task (OmniDocument *self)
{
  return self->state->task;
}

void
omni_document_set_task (OmniDocument *self, OmniTask task)
{
  if (task == self->state->task)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  next->task = task;
  omni_document_change_state (self, next);
}

OmniTask
omni_document_get_effective_task (OmniDocument *self)
{
  return self->effective_task;
}

const char *
omni_document_get_task_reason (OmniDocument *self)
{
  return self->task_reason;
}

const OmniModel *
omni_document_get_model (OmniDocument *self)
{
  return self->state->model;
}

void
omni_document_set_model (OmniDocument *self, const OmniModel *model)
{
  if (model == self->state->model)
    return;
  OmniDocumentState *next = omni_document_state_copy (self->state);
  next->model = model;
  omni_document_change_state (self, next);
}

const OmniModel *
omni_document_get_effective_model (OmniDocument *self)
{
  return self->effective_model;
}

const char *
omni_document_get_hint (OmniDocument *self)
{
  return self->hint;
}

/* A network without weights is not offered. */
static gboolean
fits (OmniDocument *self, const OmniModel *model, OmniTask task)
{
  return omni_model_fits (model, task, self->state->active, NULL) && omni_document_has_weights (model, task);
}

gboolean
omni_document_offers_task (OmniDocument *self, OmniTask task)
{
  const OmniModel *const *models = omni_models_list ();

  if (task == OMNI_TASK_AUTO)
    return TRUE;
  for (guint i = 0; models[i] != NULL; i++)
    if (fits (self, models[i], task))
      return TRUE;
  return FALSE;
}

gboolean
omni_document_offers_model (OmniDocument *self, const OmniModel *model)
{
  return self->effective_task != OMNI_TASK_AUTO && fits (self, model, self->effective_task);
}

static int
compare_fits (gconstpointer a, gconstpointer b, gpointer data)
{
  OmniDocument *self = data;
  const OmniModel *first = *(const OmniModel *const *)a, *second = *(const OmniModel *const *)b;
  const OmniModel *by_default = omni_model_default_for (self->effective_task);
  const guint of_first = omni_model_get_fit (first, self->effective_task);
  const guint of_second = omni_model_get_fit (second, self->effective_task);

  if ((first == by_default) != (second == by_default))
    return first == by_default ? -1 : 1;
  return (of_first > of_second) - (of_first < of_second);
}

GPtrArray *
omni_document_list_models (OmniDocument *self)
{
  const OmniModel *const *models = omni_models_list ();
  GPtrArray *offered = g_ptr_array_new ();

  for (guint i = 0; models[i] != NULL; i++)
    if (omni_document_offers_model (self, models[i]))
      g_ptr_array_add (offered, (gpointer)models[i]);
  g_ptr_array_sort_with_data (offered, compare_fits, self);
  return offered;
}

/* Results and progress */

gboolean
omni_document_is_busy (OmniDocument *self)
{
  return self->start_id != 0 || self->job != NULL;
}

double
omni_document_get_fraction (OmniDocument *self)
{
  return self->fraction;
}

const char *
omni_document_get_phase (OmniDocument *self)
{
  return self->phase;
}

const char *
omni_document_get_error (OmniDocument *self)
{
  return self->error;
}

void
omni_document_set_error (OmniDocument *self, const char *message)
{
  /* The same again is said again: a person may have closed it. */
  if (message == NULL && self->error == NULL)
    return;
  g_free (self->error);
  self->error = g_strdup (message);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
}

gboolean
omni_document_is_stale (OmniDocument *self)
{
  if (self->state->active->len == 0)
    return FALSE;
  if (self->result == NULL)
    return TRUE;
  g_autofree char *choice_key = omni_document_make_choice_key (self);
  g_autofree char *key = omni_document_make_key (self);
  return g_strcmp0 (choice_key, self->choice_key) != 0 || g_strcmp0 (key, self->result_key) != 0
         || !omni_sources_same_order (self->result->sources, self->state->active);
}

OmniFusionResult *
omni_document_get_preview (OmniDocument *self)
{
  return self->preview;
}

OmniFusionResult *
omni_document_get_result (OmniDocument *self)
{
  return self->result;
}

GPtrArray *
omni_document_get_results (OmniDocument *self)
{
  return self->results;
}

OmniVersions *
omni_document_get_versions (OmniDocument *self)
{
  return self->versions;
}

OmniOrderCheck
omni_document_get_order_check (OmniDocument *self)
{
  return self->order_check;
}

const char *
omni_document_get_order_before (OmniDocument *self)
{
  return self->order_before;
}

gboolean
omni_document_get_order_difference (OmniDocument *self, OmniPictureDifference *difference)
{
  if (self->has_difference)
    *difference = self->difference;
  return self->has_difference;
}

OmniEngine *
omni_document_get_engine (OmniDocument *self)
{
  return self->engine;
}

void
omni_document_emit_changed (OmniDocument *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  omni_document_notify_progress (self);
}

void
omni_document_emit_preview (OmniDocument *self)
{
  g_signal_emit (self, signals[SIGNAL_PREVIEW], 0);
}

void
omni_document_emit_result (OmniDocument *self)
{
  g_signal_emit (self, signals[SIGNAL_RESULT], 0);
}

void
omni_document_emit_refined (OmniDocument *self)
{
  g_signal_emit (self, signals[SIGNAL_REFINED], 0);
}

void
omni_document_notify_progress (OmniDocument *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PHASE]);
}

/* The object */

static GPtrArray *
get_items (OmniArrayModel *model)
{
  return OMNI_DOCUMENT (model)->state->sources;
}

static void
omni_document_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  OmniDocument *self = OMNI_DOCUMENT (object);

  switch (id)
  {
  case PROP_BUSY:
    g_value_set_boolean (value, omni_document_is_busy (self));
    break;
  case PROP_FRACTION:
    g_value_set_double (value, self->fraction);
    break;
  case PROP_PHASE:
    g_value_set_string (value, self->phase);
    break;
  case PROP_ERROR:
    g_value_set_string (value, self->error);
    break;
  case PROP_CAN_UNDO:
    g_value_set_boolean (value, omni_document_can_undo (self));
    break;
  case PROP_CAN_REDO:
    g_value_set_boolean (value, omni_document_can_redo (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
omni_document_dispose (GObject *object)
{
  OmniDocument *self = OMNI_DOCUMENT (object);

  g_clear_handle_id (&self->start_id, g_source_remove);
  omni_document_abandon_job (self);
  omni_document_stop_searching (self);
  omni_document_stop_comparing (self);
  omni_document_stop_trying (self);
  G_OBJECT_CLASS (omni_document_parent_class)->dispose (object);
}

static void
omni_document_finalize (GObject *object)
{
  OmniDocument *self = OMNI_DOCUMENT (object);

  omni_document_clear_history (self);
  omni_document_state_free (self->state);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  g_ptr_array_unref (self->results);
  g_object_unref (self->versions);
  g_clear_pointer (&self->copies, g_hash_table_unref);
  g_clear_pointer (&self->preview, omni_fusion_result_unref);
  g_free (self->result_key);
  g_free (self->order_before);
  g_free (self->choice_key);
  g_free (self->task_reason);
  g_free (self->hint);
  g_free (self->error);
  G_OBJECT_CLASS (omni_document_parent_class)->finalize (object);
}

static void
omni_document_class_init (OmniDocumentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = omni_document_get_property;
  object_class->dispose = omni_document_dispose;
  object_class->finalize = omni_document_finalize;
  OMNI_ARRAY_MODEL_CLASS (klass)->item_type = OMNI_TYPE_SOURCE;
  OMNI_ARRAY_MODEL_CLASS (klass)->get_items = get_items;

  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_PHASE] = g_param_spec_string ("phase", NULL, NULL, NULL, flags);
  properties[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, flags);
  properties[PROP_CAN_UNDO] = g_param_spec_boolean ("can-undo", NULL, NULL, FALSE, flags);
  properties[PROP_CAN_REDO] = g_param_spec_boolean ("can-redo", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", OMNI_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_RESULT] = g_signal_new ("result", OMNI_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 0);
  signals[SIGNAL_REFINED] = g_signal_new ("refined", OMNI_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PREVIEW] = g_signal_new ("preview", OMNI_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
}

static void
omni_document_init (OmniDocument *self)
{
  self->state = omni_document_state_new ();
  self->versions = omni_versions_new ();
  self->results = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_fusion_result_unref);
}

OmniDocument *
omni_document_new (OmniEngine *engine)
{
  OmniDocument *self = g_object_new (OMNI_TYPE_DOCUMENT, NULL);

  self->engine = g_object_ref (engine);
  return self;
}
