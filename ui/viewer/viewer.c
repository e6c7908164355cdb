/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/viewer-private.h"

#define CACHE_BYTES   ((gsize)768 << 20)
#define CACHE_ENTRIES 12

enum
{
  SIGNAL_VIEW_CHANGED,
  SIGNAL_REGION_CHANGED,
  SIGNAL_POINTED,
  SIGNAL_LEVEL_CHANGED,
  SIGNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniViewer, omni_viewer, GTK_TYPE_WIDGET)

/* Signals */

void
omni_viewer_emit_pointed (OmniViewer *self)
{
  double x, y;

  if (omni_viewer_to_picture (self, self->pointer_x, self->pointer_y, &x, &y))
    g_signal_emit (self, signals[SIGNAL_POINTED], 0, x, y);
}

void
omni_viewer_emit_region_changed (OmniViewer *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[SIGNAL_REGION_CHANGED], 0);
}

void
omni_viewer_emit_view_changed (OmniViewer *self)
{
  g_signal_emit (self, signals[SIGNAL_VIEW_CHANGED], 0);
}

void
omni_viewer_emit_level_changed (OmniViewer *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[SIGNAL_LEVEL_CHANGED], 0);
}

/* Pictures at hand, so that flipping between them is immediate */

typedef struct
{
  GObject *identity;
  OmniMipmap *mipmap;
} CacheEntry;

static void
cache_entry_free (CacheEntry *entry)
{
  g_object_unref (entry->identity);
  omni_mipmap_unref (entry->mipmap);
  g_free (entry);
}

static OmniMipmap *
cache_find (OmniViewer *self, gpointer identity)
{
  for (GList *link = self->cache.head; link != NULL; link = link->next)
  {
    CacheEntry *entry = link->data;
    if (entry->identity != identity)
      continue;
    g_queue_unlink (&self->cache, link);
    g_queue_push_head_link (&self->cache, link);
    return entry->mipmap;
  }
  return NULL;
}

static void
cache_add (OmniViewer *self, gpointer identity, OmniMipmap *mipmap)
{
  CacheEntry *entry = g_new (CacheEntry, 1);
  gsize size_bytes = 0;

  entry->identity = g_object_ref (identity);
  entry->mipmap = omni_mipmap_ref (mipmap);
  g_queue_push_head (&self->cache, entry);
  for (GList *link = self->cache.head; link != NULL; link = link->next)
    size_bytes += omni_mipmap_get_size_bytes (((CacheEntry *)link->data)->mipmap);
  while (self->cache.length > omni_viewer_get_n_shown (self)
         && (self->cache.length > CACHE_ENTRIES || size_bytes > CACHE_BYTES))
  {
    CacheEntry *oldest = g_queue_pop_tail (&self->cache);
    size_bytes -= omni_mipmap_get_size_bytes (oldest->mipmap);
    cache_entry_free (oldest);
  }
}

/* What is shown */

static void
stop_loading (OmniViewerPane *pane)
{
  if (pane->loading != NULL)
    g_cancellable_cancel (pane->loading);
  g_clear_object (&pane->loading);
}

static void
show_mipmap (OmniViewer *self, OmniViewerPane *pane, OmniMipmap *mipmap)
{
  const gboolean was_empty = omni_viewer_is_empty (self);

  g_clear_pointer (&pane->mipmap, omni_mipmap_unref);
  pane->mipmap = mipmap != NULL ? omni_mipmap_ref (mipmap) : NULL;
  pane->is_draft = FALSE;
  pane->amounts = pane->subject != NULL && omni_subject_is_amounts (pane->subject);
  if (mipmap != NULL && !pane->amounts)
    omni_viewer_note_level (self, mipmap);
  if (was_empty)
    self->fit = TRUE;
  omni_viewer_view_changed (self);
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (OmniViewer) self = data;
  OmniSubject *subject = OMNI_SUBJECT (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniMipmap) mipmap = omni_subject_load_finish (subject, result, &error);

  if (mipmap != NULL)
    cache_add (self, omni_subject_get_identity (subject), mipmap);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  else
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, error->message);

  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
  {
    OmniViewerPane *pane = &self->panes[i];
    if (pane->loading == NULL
        || omni_subject_get_identity (pane->subject) != omni_subject_get_identity (subject))
      continue;
    g_clear_object (&pane->loading);
    show_mipmap (self, pane, mipmap);
  }
}

/* Only while there is nothing else to show. */
static void
draft_loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (OmniViewer) self = data;
  g_autoptr (OmniMipmap) mipmap = omni_subject_load_finish (OMNI_SUBJECT (object), result, NULL);

  for (guint i = 0; i < OMNI_VIEWER_PANES && mipmap != NULL; i++)
  {
    OmniViewerPane *pane = &self->panes[i];
    if (pane->subject != (OmniSubject *)object || pane->loading == NULL || pane->mipmap != NULL)
      continue;
    show_mipmap (self, pane, mipmap);
    pane->is_draft = TRUE;
    omni_viewer_view_changed (self);
  }
}

static void
load (OmniViewer *self, OmniViewerPane *pane)
{
  pane->loading = g_cancellable_new ();
  omni_subject_load_async (pane->subject, pane->loading, loaded_cb, g_object_ref (self));
  if (pane->mipmap == NULL)
    omni_subject_load_draft_async (pane->subject, pane->loading, draft_loaded_cb, g_object_ref (self));
}

void
omni_viewer_set_subject (OmniViewer *self, guint pane_index, OmniSubject *subject)
{
  OmniViewerPane *pane = &self->panes[pane_index];

  g_return_if_fail (pane_index < OMNI_VIEWER_PANES);
  if (pane->subject == subject)
    return;
  if (pane->subject != NULL && subject != NULL
      && omni_subject_get_identity (pane->subject) == omni_subject_get_identity (subject))
  {
    g_set_object (&pane->subject, subject);
    return;
  }
  stop_loading (pane);
  g_set_object (&pane->subject, subject);
  if (subject == NULL)
  {
    show_mipmap (self, pane, NULL);
    return;
  }
  OmniMipmap *mipmap = cache_find (self, omni_subject_get_identity (subject));
  if (mipmap != NULL)
  {
    show_mipmap (self, pane, mipmap);
    return;
  }
  load (self, pane);
}

void
omni_viewer_try_again (OmniViewer *self, gpointer identity)
{
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
  {
    OmniViewerPane *pane = &self->panes[i];
    if (pane->subject != NULL && omni_subject_get_identity (pane->subject) == identity
        && pane->mipmap == NULL)
    {
      stop_loading (pane);
      load (self, pane);
    }
  }
}

OmniSubject *
omni_viewer_get_subject (OmniViewer *self, guint pane)
{
  return self->panes[pane].subject;
}

OmniMipmap *
omni_viewer_get_mipmap (OmniViewer *self, guint pane)
{
  return self->panes[pane].mipmap;
}

void
omni_viewer_set_mode (OmniViewer *self, OmniViewerMode mode)
{
  if (self->mode == mode)
    return;
  self->mode = mode;
  omni_viewer_start_mode (self);
  omni_viewer_view_changed (self);
}

OmniViewerMode
omni_viewer_get_mode (OmniViewer *self)
{
  return self->mode;
}

void
omni_viewer_set_n_panes (OmniViewer *self, guint n)
{
  self->n_panes = CLAMP (n, 2, OMNI_VIEWER_PANES);
  omni_viewer_view_changed (self);
}

guint
omni_viewer_get_n_panes (OmniViewer *self)
{
  return self->n_panes;
}

void
omni_viewer_set_map (OmniViewer *self, OmniMipmap *map)
{
  g_clear_pointer (&self->map, omni_mipmap_unref);
  self->map = map != NULL ? omni_mipmap_ref (map) : NULL;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_viewer_clear (OmniViewer *self)
{
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
    omni_viewer_set_subject (self, i, NULL);
  omni_viewer_clear_region (self);
  omni_viewer_set_map (self, NULL);
  omni_viewer_align (self);
  omni_viewer_forget_fit (self);
  g_queue_clear_full (&self->cache, (GDestroyNotify)cache_entry_free);
}

/* Drawing */

static void
omni_viewer_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OmniViewer *self = OMNI_VIEWER (widget);
  if (omni_viewer_is_empty (self))
    return;
  omni_viewer_snapshot_frame (self, snapshot);
  omni_viewer_snapshot_mode (self, snapshot);
  for (guint pane = 0; pane < (self->mode == OMNI_VIEWER_SIDE_BY_SIDE ? self->n_panes : 1); pane++)
    omni_viewer_snapshot_region (self, snapshot, pane);
}

static gboolean
layout_cb (gpointer data)
{
  OmniViewer *self = data;

  self->layout_id = 0;
  g_signal_emit (self, signals[SIGNAL_VIEW_CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static void
omni_viewer_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  OmniViewer *self = OMNI_VIEWER (widget);

  omni_viewer_settle (self);
  /* Whoever shows the zoom may want to lay itself out anew, which has to wait until this layout is done. */
  if (self->layout_id == 0)
    self->layout_id = g_idle_add_full (GTK_PRIORITY_RESIZE - 1, layout_cb, self, NULL);
}

/* The object */

static void
omni_viewer_dispose (GObject *object)
{
  OmniViewer *self = OMNI_VIEWER (object);

  g_clear_handle_id (&self->layout_id, g_source_remove);
  omni_viewer_stop_mode (self);
  omni_viewer_dispose_frame (self);
  g_clear_pointer (&self->map, omni_mipmap_unref);
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
  {
    stop_loading (&self->panes[i]);
    g_clear_object (&self->panes[i].subject);
    g_clear_pointer (&self->panes[i].mipmap, omni_mipmap_unref);
  }
  g_queue_clear_full (&self->cache, (GDestroyNotify)cache_entry_free);
  G_OBJECT_CLASS (omni_viewer_parent_class)->dispose (object);
}

static void
omni_viewer_class_init (OmniViewerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = omni_viewer_dispose;
  widget_class->snapshot = omni_viewer_snapshot;
  widget_class->size_allocate = omni_viewer_size_allocate;

  signals[SIGNAL_VIEW_CHANGED] = g_signal_new ("view-changed", OMNI_TYPE_VIEWER, G_SIGNAL_RUN_LAST, 0, NULL,
                                               NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_REGION_CHANGED] = g_signal_new ("region-changed", OMNI_TYPE_VIEWER, G_SIGNAL_RUN_LAST, 0,
                                                 NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_POINTED] = g_signal_new ("pointed", OMNI_TYPE_VIEWER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_DOUBLE);
  signals[SIGNAL_LEVEL_CHANGED] = g_signal_new ("level-changed", OMNI_TYPE_VIEWER, G_SIGNAL_RUN_LAST, 0, NULL,
                                                NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", OMNI_TYPE_VIEWER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_css_name (widget_class, "viewer");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  omni_viewer_class_add_keys (widget_class);
}

static void
omni_viewer_init (OmniViewer *self)
{
  self->fit = TRUE;
  self->zoom = 1;
  self->n_panes = 2;
  self->linked = TRUE;
  self->wipe_x = self->wipe_y = 0.5;
  self->blink_ms = OMNI_VIEWER_BLINK_MS;
  self->gain = 1;
  self->high = 1;
  self->level_follows = TRUE;
  self->centre_x = 0.5;
  self->centre_y = 0.5;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
    self->panes[i].factor = 1;
  omni_viewer_init_frame (self);
  omni_viewer_init_input (self);
  omni_viewer_init_level (self);
}
