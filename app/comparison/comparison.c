/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/comparison/comparison-private.h"

#include "app/document/document-private.h"
#include "app/timings.h"

enum
{
  PROP_0,
  PROP_BUSY,
  N_PROPS
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* Scores do not wait for a long fusion: one of each may be under way. */
typedef enum
{
  SCORING,
  FUSING,
  N_LANES
} Lane;

/* One thing under way; it belongs to its callback. `self` is NULL from the moment that nobody waits for it. */
typedef struct
{
  OmniComparison *self;
  OmniComparisonRow *row;
  GCancellable *cancellable;
  Lane lane;
  guint turn;
} Work;

struct _OmniComparison
{
  OmniArrayModel parent_instance;

  OmniDocument *document;
  char *key;       /* of the set and the task that the rows are of; NULL while the task is not known */
  GPtrArray *rows; /* OmniComparisonRow */
  const OmniMetric *metrics[OMNI_COMPARISON_MAX_METRICS];
  guint n_metrics;
  OmniMetricsRegion region;
  gboolean has_region;

  gboolean enabled;
  gboolean stopped; /* by cancel, until something changes */
  guint turn;       /* counts up when scores are to be made again */

  Work *works[N_LANES]; /* what is under way */
  GPtrArray *pictures;  /* the decoded sources, from one scoring to the next */
  gboolean was_busy;
  gboolean document_was_busy;
};

G_DEFINE_FINAL_TYPE (OmniComparison, omni_comparison, OMNI_TYPE_ARRAY_MODEL)

static void work (OmniComparison *self);

static void
emit_changed (OmniComparison *self)
{
  const gboolean busy = omni_comparison_is_busy (self);

  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  if (busy != self->was_busy)
  {
    self->was_busy = busy;
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  }
}

/* Rows */

static void
add_row (OmniComparison *self, OmniComparisonRow *row)
{
  g_ptr_array_add (self->rows, row);
  g_list_model_items_changed (G_LIST_MODEL (self), self->rows->len - 1, 0, 1);
}

static void
remove_row (OmniComparison *self, guint position)
{
  g_ptr_array_remove_index (self->rows, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

static OmniComparisonRow *
find_row (OmniComparison *self, const OmniModel *model, const char *weights_path, const char *options)
{
  for (guint i = 0; i < self->rows->len; i++)
  {
    OmniComparisonRow *row = self->rows->pdata[i];
    if (row->model == model && g_strcmp0 (row->weights_path, weights_path) == 0
        && g_str_equal (row->options, options))
      return row;
  }
  return NULL;
}

static OmniComparisonRow *
find_result_row (OmniComparison *self, OmniFusionResult *result)
{
  return find_row (self, result->model, result->weights_path, result->options);
}

static gboolean
needs_score (OmniComparison *self, OmniComparisonRow *row)
{
  return row->result != NULL && row->scored != self->turn && row->state != OMNI_COMPARISON_FAILED
         && self->n_metrics > 0;
}

/* What people look at comes first. */
static OmniComparisonRow *
find_unscored (OmniComparison *self)
{
  OmniComparisonRow *current = omni_comparison_get_current (self);

  if (self->stopped || !self->enabled)
    return NULL;
  if (current != NULL && needs_score (self, current))
    return current;
  for (guint i = 0; i < self->rows->len; i++)
    if (needs_score (self, self->rows->pdata[i]))
      return self->rows->pdata[i];
  return NULL;
}

/* The classical models first: they are fast, and what others are measured against. */
static OmniComparisonRow *
find_unfused (OmniComparison *self)
{
  OmniComparisonRow *learned = NULL;

  if (self->stopped || !self->enabled)
    return NULL;
  for (guint i = 0; i < self->rows->len; i++)
  {
    OmniComparisonRow *row = self->rows->pdata[i];
    if (row->result != NULL || row->state != OMNI_COMPARISON_WAITING)
      continue;
    if (row->model->architecture == NULL)
      return row;
    if (learned == NULL)
      learned = row;
  }
  return learned;
}

/* Working */

static Work *
work_new (OmniComparison *self, OmniComparisonRow *row, Lane lane)
{
  Work *work = g_new0 (Work, 1);

  work->self = self;
  work->row = g_object_ref (row);
  work->cancellable = g_cancellable_new ();
  work->turn = self->turn;
  work->lane = lane;
  self->works[lane] = work;
  return work;
}

static void
work_free (Work *work)
{
  g_object_unref (work->row);
  g_object_unref (work->cancellable);
  g_free (work);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Work, work_free)

/* The comparison that still waits for this. */
static OmniComparison *
end_work (Work *work)
{
  if (work->self != NULL)
    work->self->works[work->lane] = NULL;
  return work->self;
}

static void
stop_lane (OmniComparison *self, Lane lane)
{
  Work *work = self->works[lane];

  if (work == NULL)
    return;
  self->works[lane] = NULL;
  work->self = NULL;
  g_cancellable_cancel (work->cancellable);
  omni_comparison_row_set_state (
    work->row, work->row->scored != 0 ? OMNI_COMPARISON_DONE : OMNI_COMPARISON_WAITING, NULL);
}

static void
stop_working (OmniComparison *self)
{
  for (Lane lane = 0; lane < N_LANES; lane++)
    stop_lane (self, lane);
}

static void
give_result (OmniComparison *self, OmniComparisonRow *row, OmniFusionResult *result)
{
  omni_comparison_row_set_result (row, result);
  /* Without metrics there is nothing to wait for. */
  if (self->n_metrics == 0)
    omni_comparison_row_set_state (row, OMNI_COMPARISON_DONE, NULL);
}

static void
scored_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (Work) done = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniScoring) scoring = omni_scoring_run_finish (result, &error);
  OmniComparison *self = end_work (done);

  if (self == NULL)
    return;
  if (scoring != NULL)
  {
    g_clear_pointer (&self->pictures, g_ptr_array_unref);
    self->pictures = g_steal_pointer (&scoring->pictures);
    omni_comparison_row_take_scores (done->row, scoring->scores, done->turn);
  }
  else
    omni_comparison_row_set_state (done->row, OMNI_COMPARISON_FAILED, error->message);
  work (self);
}

/* The part of the region that lies in the picture; FALSE when none does. */
static gboolean
clip_region (const OmniMetricsRegion *region, OmniPicture *picture, OmniMetricsRegion *clipped)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);

  if (region->x >= width || region->y >= height || region->width == 0 || region->height == 0)
    return FALSE;
  *clipped = *region;
  clipped->width = MIN (region->width, width - region->x);
  clipped->height = MIN (region->height, height - region->y);
  return TRUE;
}

static void
score (OmniComparison *self, OmniComparisonRow *row)
{
  Work *next = work_new (self, row, SCORING);
  OmniScoring *scoring = g_new0 (OmniScoring, 1);

  scoring->result = omni_fusion_result_ref (row->result);
  scoring->has_region = self->has_region
                        && clip_region (&self->region, row->result->picture, &scoring->region);
  scoring->n_metrics = self->n_metrics;
  memcpy (scoring->metrics, self->metrics, sizeof scoring->metrics);
  scoring->pictures = self->pictures != NULL ? g_ptr_array_ref (self->pictures) : NULL;
  omni_comparison_row_set_state (row, OMNI_COMPARISON_SCORING, NULL);
  omni_scoring_run_async (scoring, next->cancellable, scored_cb, next);
}

static void
fused_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autoptr (Work) done = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (object), async, &error);
  OmniComparison *self = end_work (done);

  if (self == NULL)
    return;
  if (result != NULL)
  {
    omni_timings_add (result);
    give_result (self, done->row, result);
  }
  else
    omni_comparison_row_set_state (done->row, OMNI_COMPARISON_FAILED, error->message);
  work (self);
}

static void
fuse (OmniComparison *self, OmniComparisonRow *row)
{
  Work *next = work_new (self, row, FUSING);
  g_autofree double *influence = omni_document_make_influence (self->document, row->model);
  const OmniFusionRequest request = { .sources = omni_document_get_active (self->document),
                                      .task = omni_document_get_effective_task (self->document),
                                      .model = row->model,
                                      .weights_path = row->weights_path,
                                      .options = row->chosen,
                                      .influence = influence,
                                      .resize = omni_document_get_resize (self->document) };

  omni_comparison_row_set_state (row, OMNI_COMPARISON_FUSING, NULL);
  omni_engine_fuse_async (omni_document_get_engine (self->document), &request, NULL, NULL, next->cancellable,
                          fused_cb, next);
}

static void
work (OmniComparison *self)
{
  OmniComparisonRow *unscored = self->works[SCORING] == NULL ? find_unscored (self) : NULL;
  OmniComparisonRow *unfused = self->works[FUSING] == NULL ? find_unfused (self) : NULL;

  if (unscored != NULL)
    score (self, unscored);
  if (unfused != NULL && !omni_document_is_busy (self->document))
    fuse (self, unfused);
  if (!omni_comparison_is_busy (self))
    g_clear_pointer (&self->pictures, g_ptr_array_unref);
  emit_changed (self);
}

/* Following the document */

/* (transfer full) (nullable) */
static char *
make_key (OmniComparison *self)
{
  const OmniTask task = omni_document_get_effective_task (self->document);

  if (task == OMNI_TASK_AUTO)
    return NULL;
  g_autofree char *set = omni_sources_make_key (omni_document_get_active (self->document), TRUE);
  g_autofree char *influence = omni_document_make_influence_key (self->document);
  return g_strdup_printf ("%d %d %s {%s}", task, omni_document_get_resize (self->document), set, influence);
}

static void
choose_metrics (OmniComparison *self)
{
  const char *const *names = omni_metrics_default_panel (omni_document_get_effective_task (self->document));

  self->n_metrics = 0;
  for (guint i = 0; names[i] != NULL && i < OMNI_COMPARISON_MAX_METRICS; i++)
    self->metrics[self->n_metrics++] = omni_metric_find (names[i]);
}

static void
start_anew (OmniComparison *self)
{
  const guint n = self->rows->len;

  stop_working (self);
  g_clear_pointer (&self->pictures, g_ptr_array_unref);
  g_ptr_array_set_size (self->rows, 0);
  if (n > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
  choose_metrics (self);
  self->stopped = FALSE;
}

/* Whether each source counted in it what it counts now. */
static gboolean
has_influence (OmniComparison *self, const OmniFusionResult *result)
{
  for (guint i = 0; i < result->sources->len && result->model->takes_influence; i++)
    if ((result->influence != NULL ? result->influence[i] : 0)
        != omni_document_get_influence (self->document, result->sources->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Whether a result is of what the rows are of. */
static gboolean
belongs (OmniComparison *self, const OmniFusionResult *result)
{
  g_autofree char *set = omni_sources_make_key (result->sources, TRUE);
  g_autofree char *wanted = omni_sources_make_key (omni_document_get_active (self->document), TRUE);

  return result->task == omni_document_get_effective_task (self->document) && g_str_equal (set, wanted)
         && has_influence (self, result);
}

static gboolean
share_row (const OmniFusionResult *a, const OmniFusionResult *b)
{
  return a->model == b->model && g_strcmp0 (a->weights_path, b->weights_path) == 0
         && g_str_equal (a->options, b->options);
}

/* (transfer container) (element-type OmniFusionResult) One for each row, the newest: others are of other orders. */
static GPtrArray *
list_newest (OmniComparison *self)
{
  GPtrArray *results = omni_document_get_results (self->document);
  GPtrArray *newest = g_ptr_array_new ();

  for (guint i = 0; i < results->len; i++)
  {
    gboolean is_first = belongs (self, results->pdata[i]);
    for (guint k = 0; k < newest->len && is_first; k++)
      is_first = !share_row (newest->pdata[k], results->pdata[i]);
    if (is_first)
      g_ptr_array_add (newest, results->pdata[i]);
  }
  return newest;
}

static void
take_result (OmniComparison *self, OmniFusionResult *result)
{
  OmniComparisonRow *row = find_result_row (self, result);
  if (row == NULL)
  {
    row = omni_comparison_row_new (result->model, result->weights_path, result->options);
    add_row (self, row);
  }
  else if (row->result != NULL && g_str_equal (row->result->sha256, result->sha256))
  {
    /* The same bits from another order: the scores stay, the object is the document's. */
    omni_fusion_result_ref (result);
    omni_fusion_result_unref (row->result);
    row->result = result;
    return;
  }
  for (Lane lane = 0; lane < N_LANES; lane++)
    if (self->works[lane] != NULL && self->works[lane]->row == row)
      stop_lane (self, lane);
  give_result (self, row, result);
  row->borrowed = TRUE;
  self->stopped = FALSE;
}

static gboolean
is_kept (OmniComparison *self, OmniFusionResult *result)
{
  GPtrArray *kept = omni_document_get_results (self->document);

  for (guint i = 0; i < kept->len; i++)
  {
    const OmniFusionResult *other = kept->pdata[i];
    if (other->model == result->model && g_str_equal (other->sha256, result->sha256))
      return TRUE;
  }
  return FALSE;
}

/* Turning an option up and up gives many results; the document lets old ones go, and so does the comparison. */
static void
drop_old_rows (OmniComparison *self)
{
  for (guint i = self->rows->len; i > 0; i--)
  {
    OmniComparisonRow *row = self->rows->pdata[i - 1];
    if (!row->borrowed || row->result == NULL || is_kept (self, row->result))
      continue;
    for (Lane lane = 0; lane < N_LANES; lane++)
      if (self->works[lane] != NULL && self->works[lane]->row == row)
        stop_lane (self, lane);
    remove_row (self, i - 1);
  }
}

static void
follow (OmniComparison *self)
{
  g_autofree char *key = make_key (self);

  if (g_strcmp0 (key, self->key) != 0)
  {
    g_free (self->key);
    self->key = g_steal_pointer (&key);
    start_anew (self);
  }
  if (self->key != NULL && !omni_document_needs_resize (self->document))
  {
    g_autoptr (GPtrArray) newest = list_newest (self);
    for (guint i = 0; i < newest->len; i++)
      take_result (self, newest->pdata[i]);
  }
  drop_old_rows (self);
  work (self);
}

/* The document's own fusion goes first. */
static void
document_busy_cb (OmniComparison *self)
{
  const gboolean busy = omni_document_is_busy (self->document);

  if (busy == self->document_was_busy)
    return;
  self->document_was_busy = busy;
  if (busy)
    stop_lane (self, FUSING);
  follow (self);
}

OmniComparison *
omni_comparison_new (OmniDocument *document)
{
  OmniComparison *self = g_object_new (OMNI_TYPE_COMPARISON, NULL);

  self->document = g_object_ref (document);
  choose_metrics (self);
  g_signal_connect_object (document, "changed", G_CALLBACK (follow), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "result", G_CALLBACK (follow), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::busy", G_CALLBACK (document_busy_cb), self, G_CONNECT_SWAPPED);
  follow (self);
  return self;
}

OmniDocument *
omni_comparison_get_document (OmniComparison *self)
{
  return self->document;
}

/* What to do */

void
omni_comparison_set_enabled (OmniComparison *self, gboolean enabled)
{
  if (self->enabled == enabled)
    return;
  self->enabled = enabled;
  if (!enabled)
    stop_working (self);
  work (self);
}

void
omni_comparison_set_region (OmniComparison *self, const OmniMetricsRegion *region)
{
  if (region == NULL ? !self->has_region
                     : self->has_region && memcmp (region, &self->region, sizeof *region) == 0)
    return;
  self->has_region = region != NULL;
  if (region != NULL)
    self->region = *region;
  stop_lane (self, SCORING);
  self->turn++;
  for (guint i = 0; i < self->rows->len; i++)
  {
    OmniComparisonRow *row = self->rows->pdata[i];
    if (row->result == NULL)
      continue;
    omni_comparison_row_clear_scores (row);
    if (self->n_metrics > 0)
      omni_comparison_row_set_state (row, OMNI_COMPARISON_WAITING, NULL);
  }
  self->stopped = FALSE;
  work (self);
}

gboolean
omni_comparison_get_region (OmniComparison *self, OmniMetricsRegion *region)
{
  OmniComparisonRow *current = omni_comparison_get_current (self);

  if (!self->has_region || current == NULL)
    return FALSE;
  return clip_region (&self->region, current->result->picture, region);
}

gboolean
omni_comparison_can_run_all (OmniComparison *self)
{
  return self->key != NULL && omni_document_get_active (self->document)->len > 0
         && !omni_document_needs_resize (self->document);
}

static void
want (OmniComparison *self, const OmniModel *model, const char *weights_path)
{
  const OmniModelOptions *options = omni_document_get_options (self->document, model);
  g_autofree char *text = options != NULL ? omni_model_options_to_string (options) : g_strdup ("");
  OmniComparisonRow *row = find_row (self, model, weights_path, text);

  if (row == NULL)
  {
    row = omni_comparison_row_new (model, weights_path, text);
    row->chosen = options != NULL ? omni_model_options_copy (options) : NULL;
    add_row (self, row);
  }
  else if (row->state == OMNI_COMPARISON_FAILED)
    omni_comparison_row_set_state (row, OMNI_COMPARISON_WAITING, NULL);
}

void
omni_comparison_run_all (OmniComparison *self)
{
  const OmniModel *const *models = omni_models_list ();

  if (!omni_comparison_can_run_all (self))
    return;
  self->stopped = FALSE;
  for (guint i = 0; models[i] != NULL; i++)
  {
    if (!omni_document_offers_model (self->document, models[i]))
      continue;
    g_autoptr (GPtrArray) weights = omni_document_list_weights (self->document, models[i]);
    for (guint k = 0; k < weights->len; k++)
      want (self, models[i], weights->pdata[k]);
  }
  work (self);
}

void
omni_comparison_cancel (OmniComparison *self)
{
  stop_working (self);
  self->stopped = TRUE;
  for (guint i = self->rows->len; i > 0; i--)
  {
    OmniComparisonRow *row = self->rows->pdata[i - 1];
    if (row->result == NULL && row->state != OMNI_COMPARISON_FAILED)
      remove_row (self, i - 1);
  }
  work (self);
}

/* What is known */

gboolean
omni_comparison_is_busy (OmniComparison *self)
{
  return self->works[SCORING] != NULL || self->works[FUSING] != NULL || find_unscored (self) != NULL
         || find_unfused (self) != NULL;
}

double
omni_comparison_get_fraction (OmniComparison *self)
{
  guint n_done = 0;

  for (guint i = 0; i < self->rows->len; i++)
  {
    const OmniComparisonState state = ((OmniComparisonRow *)self->rows->pdata[i])->state;
    n_done += state == OMNI_COMPARISON_DONE || state == OMNI_COMPARISON_FAILED;
  }
  return self->rows->len > 0 ? (double)n_done / self->rows->len : 0;
}

guint
omni_comparison_get_n_metrics (OmniComparison *self)
{
  return self->n_metrics;
}

const OmniMetric *
omni_comparison_get_metric (OmniComparison *self, guint index)
{
  g_return_val_if_fail (index < self->n_metrics, NULL);

  return self->metrics[index];
}

OmniComparisonRow *
omni_comparison_get_current (OmniComparison *self)
{
  OmniFusionResult *result = omni_document_get_result (self->document);
  OmniComparisonRow *row = result != NULL ? find_result_row (self, result) : NULL;

  return row != NULL && row->result != NULL && g_str_equal (row->result->sha256, result->sha256) ? row : NULL;
}

gboolean
omni_comparison_get_bounds (OmniComparison *self, guint metric, double *least, double *greatest)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->rows->len; i++)
  {
    double value;
    if (!omni_comparison_row_get_score (self->rows->pdata[i], metric, &value))
      continue;
    *least = any ? MIN (*least, value) : value;
    *greatest = any ? MAX (*greatest, value) : value;
    any = TRUE;
  }
  return any;
}

guint
omni_comparison_get_rank (OmniComparison *self, OmniComparisonRow *row, guint metric, guint *n_scored)
{
  double own, other;
  guint rank = 1;

  *n_scored = 0;
  const gboolean has_own = omni_comparison_row_get_score (row, metric, &own);
  for (guint i = 0; i < self->rows->len; i++)
    if (omni_comparison_row_get_score (self->rows->pdata[i], metric, &other))
    {
      (*n_scored)++;
      rank += self->metrics[metric]->higher_is_better ? other > own : other < own;
    }
  return has_own ? rank : 0;
}

/* The object */

static GPtrArray *
get_items (OmniArrayModel *model)
{
  return OMNI_COMPARISON (model)->rows;
}

static void
omni_comparison_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
  {
  case PROP_BUSY:
    g_value_set_boolean (value, omni_comparison_is_busy (OMNI_COMPARISON (object)));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
omni_comparison_dispose (GObject *object)
{
  stop_working (OMNI_COMPARISON (object));
  G_OBJECT_CLASS (omni_comparison_parent_class)->dispose (object);
}

static void
omni_comparison_finalize (GObject *object)
{
  OmniComparison *self = OMNI_COMPARISON (object);

  g_ptr_array_unref (self->rows);
  g_clear_pointer (&self->pictures, g_ptr_array_unref);
  g_clear_object (&self->document);
  g_free (self->key);
  G_OBJECT_CLASS (omni_comparison_parent_class)->finalize (object);
}

static void
omni_comparison_class_init (OmniComparisonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = omni_comparison_get_property;
  object_class->dispose = omni_comparison_dispose;
  object_class->finalize = omni_comparison_finalize;
  OMNI_ARRAY_MODEL_CLASS (klass)->item_type = OMNI_TYPE_COMPARISON_ROW;
  OMNI_ARRAY_MODEL_CLASS (klass)->get_items = get_items;

  properties[PROP_BUSY] = g_param_spec_boolean (
    "busy", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", OMNI_TYPE_COMPARISON, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
}

static void
omni_comparison_init (OmniComparison *self)
{
  self->rows = g_ptr_array_new_with_free_func (g_object_unref);
  self->turn = 1;
}
