/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer-private.h"

#include <math.h>

#define CACHE_BYTES   ((gsize)768 << 20)
#define CACHE_ENTRIES 12
#define ZOOM_MAX      64.0
#define SEPARATOR_PX  2

enum
{
  SIGNAL_VIEW_CHANGED,
  SIGNAL_REGION_CHANGED,
  SIGNAL_POINTED,
  SIGNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniViewer, omni_viewer, GTK_TYPE_WIDGET)

/* Geometry */

OmniViewerRect
omni_viewer_get_pane_rect (OmniViewer *self, guint pane)
{
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  OmniViewerRect rect = { 0, 0, gtk_widget_get_width (GTK_WIDGET (self)) * scale,
                          gtk_widget_get_height (GTK_WIDGET (self)) * scale };

  if (self->mode == OMNI_VIEWER_SIDE_BY_SIDE)
  {
    const int left = (rect.width - SEPARATOR_PX * scale) / 2;
    rect.x = pane == 0 ? 0 : left + SEPARATOR_PX * scale;
    rect.width = pane == 0 ? left : rect.width - rect.x;
  }
  return rect;
}

static guint
count_panes (OmniViewer *self)
{
  return self->mode != OMNI_VIEWER_SINGLE ? 2 : 1;
}

gboolean
omni_viewer_get_reference (OmniViewer *self, double *width, double *height)
{
  *width = 0;
  *height = 0;
  for (guint i = 0; i < count_panes (self); i++)
  {
    OmniMipmap *mipmap = self->panes[i].mipmap;
    if (mipmap == NULL || omni_mipmap_get_width (mipmap) <= *width)
      continue;
    *width = omni_mipmap_get_width (mipmap);
    *height = omni_mipmap_get_height (mipmap);
  }
  return *width > 0;
}

static double
get_fit_zoom (OmniViewer *self)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height) || rect.width <= 0 || rect.height <= 0)
    return 1;
  return MIN (MIN (rect.width / width, rect.height / height), ZOOM_MAX);
}

double
omni_viewer_get_zoom (OmniViewer *self)
{
  return self->fit ? get_fit_zoom (self) : self->zoom;
}

gboolean
omni_viewer_is_fit (OmniViewer *self)
{
  return self->fit;
}

gboolean
omni_viewer_is_empty (OmniViewer *self)
{
  double width, height;

  return !omni_viewer_get_reference (self, &width, &height);
}

gboolean
omni_viewer_to_picture (OmniViewer *self, double x, double y, double *place_x, double *place_y)
{
  OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return FALSE;
  if (self->mode == OMNI_VIEWER_SIDE_BY_SIDE && x >= rect.x + rect.width)
    rect = omni_viewer_get_pane_rect (self, 1);
  const double zoom = omni_viewer_get_zoom (self);
  *place_x = self->centre_x + (x - rect.x - rect.width / 2.0) / (width * zoom);
  *place_y = self->centre_y + (y - rect.y - rect.height / 2.0) / (height * zoom);
  return TRUE;
}

gboolean
omni_viewer_to_device (OmniViewer *self, guint pane, double place_x, double place_y, double *x, double *y)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, pane);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return FALSE;
  const double zoom = omni_viewer_get_zoom (self);
  *x = rect.x + rect.width / 2.0 + (place_x - self->centre_x) * width * zoom;
  *y = rect.y + rect.height / 2.0 + (place_y - self->centre_y) * height * zoom;
  return TRUE;
}

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

/* A picture smaller than its pane stays in the middle; a larger one leaves no bare edge. */
static double
clamp_centre (double centre, double pane_px, double picture_px)
{
  const double half = picture_px > 0 ? pane_px / 2 / picture_px : 0.5;

  return half >= 0.5 ? 0.5 : CLAMP (centre, half, 1 - half);
}

static void
settle_centre (OmniViewer *self)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (omni_viewer_get_reference (self, &width, &height))
  {
    const double zoom = omni_viewer_get_zoom (self);
    self->centre_x = clamp_centre (self->centre_x, rect.width, width * zoom);
    self->centre_y = clamp_centre (self->centre_y, rect.height, height * zoom);
  }
}

static void
view_changed (OmniViewer *self)
{
  settle_centre (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[SIGNAL_VIEW_CHANGED], 0);
}

void
omni_viewer_zoom_about (OmniViewer *self, double zoom, double x, double y)
{
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return;

  const double before = omni_viewer_get_zoom (self);
  const double least = MIN (get_fit_zoom (self), 1) / 2;
  OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  if (self->mode == OMNI_VIEWER_SIDE_BY_SIDE && x >= rect.x + rect.width)
    rect = omni_viewer_get_pane_rect (self, 1);
  const double from_middle_x = x - rect.x - rect.width / 2.0;
  const double from_middle_y = y - rect.y - rect.height / 2.0;

  zoom = CLAMP (zoom, least, ZOOM_MAX);
  self->centre_x += from_middle_x / width * (1 / before - 1 / zoom);
  self->centre_y += from_middle_y / height * (1 / before - 1 / zoom);
  self->zoom = zoom;
  self->fit = FALSE;
  view_changed (self);
}

void
omni_viewer_pan_by (OmniViewer *self, double dx, double dy)
{
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return;
  const double zoom = omni_viewer_get_zoom (self);
  self->centre_x -= dx / (width * zoom);
  self->centre_y -= dy / (height * zoom);
  view_changed (self);
}

void
omni_viewer_fit (OmniViewer *self)
{
  self->fit = TRUE;
  view_changed (self);
}

void
omni_viewer_set_zoom (OmniViewer *self, double zoom)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);

  omni_viewer_zoom_about (self, zoom, rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
}

void
omni_viewer_zoom_by (OmniViewer *self, double factor)
{
  omni_viewer_set_zoom (self, omni_viewer_get_zoom (self) * factor);
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
  while (self->cache.length > OMNI_VIEWER_PANES
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
  g_clear_object (&pane->texture);
  g_clear_object (&self->difference);
  pane->mipmap = mipmap != NULL ? omni_mipmap_ref (mipmap) : NULL;
  if (was_empty)
    self->fit = TRUE;
  view_changed (self);
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
  pane->loading = g_cancellable_new ();
  omni_subject_load_async (subject, pane->loading, loaded_cb, g_object_ref (self));
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
  view_changed (self);
}

OmniViewerMode
omni_viewer_get_mode (OmniViewer *self)
{
  return self->mode;
}

void
omni_viewer_clear (OmniViewer *self)
{
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
    omni_viewer_set_subject (self, i, NULL);
  omni_viewer_clear_region (self);
  g_queue_clear_full (&self->cache, (GDestroyNotify)cache_entry_free);
}

/* Drawing */

static OmniViewerRect
intersect (const OmniViewerRect *a, const OmniViewerRect *b)
{
  const int right = MIN (a->x + a->width, b->x + b->width);
  const int bottom = MIN (a->y + a->height, b->y + b->height);
  OmniViewerRect rect = { MAX (a->x, b->x), MAX (a->y, b->y), 0, 0 };

  rect.width = MAX (right - rect.x, 0);
  rect.height = MAX (bottom - rect.y, 0);
  return rect;
}

static GdkTexture *
render (OmniMipmap *mipmap, int width, int height, double x, double y, double scale)
{
  const gsize stride = (gsize)width * sizeof (guint32);
  guint32 *pixels = g_try_malloc (stride * (gsize)height);

  if (pixels == NULL)
    return NULL;
  omni_mipmap_render (mipmap, pixels, (guint)width, (guint)height, x, y, scale);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, stride * (gsize)height);
  return gdk_memory_texture_new (width, height, GDK_MEMORY_DEFAULT, bytes, stride);
}

static OmniViewerRect
locate_picture (OmniViewer *self, guint index)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, index);
  OmniMipmap *mipmap = self->panes[index].mipmap;
  double reference_width, reference_height;

  omni_viewer_get_reference (self, &reference_width, &reference_height);
  const double zoom = omni_viewer_get_zoom (self);
  const double scale = zoom * reference_width / omni_mipmap_get_width (mipmap);
  return (OmniViewerRect){ (int)round (rect.x + rect.width / 2.0 - self->centre_x * reference_width * zoom),
                           (int)round (rect.y + rect.height / 2.0 - self->centre_y * reference_height * zoom),
                           MAX ((int)round (omni_mipmap_get_width (mipmap) * scale), 1),
                           MAX ((int)round (omni_mipmap_get_height (mipmap) * scale), 1) };
}

/* What of a picture that lies in `picture` is seen through `window`. */
static OmniViewerPlace
find_place (OmniViewer *self, guint index, const OmniViewerRect *picture, const OmniViewerRect *window)
{
  double reference_width, reference_height;
  OmniViewerPlace place;

  memset (&place, 0, sizeof place); /* compared as bytes */
  omni_viewer_get_reference (self, &reference_width, &reference_height);
  place.visible = intersect (window, picture);
  place.scale = omni_viewer_get_zoom (self) * reference_width
                / omni_mipmap_get_width (self->panes[index].mipmap);
  place.x = (place.visible.x - picture->x) / place.scale;
  place.y = (place.visible.y - picture->y) / place.scale;
  return place;
}

gboolean
omni_viewer_locate_both (OmniViewer *self, OmniViewerPlace places[2])
{
  OmniViewerRect pictures[2];
  OmniViewerRect window = omni_viewer_get_pane_rect (self, 0);

  if (self->panes[0].mipmap == NULL || self->panes[1].mipmap == NULL)
    return FALSE;
  for (guint i = 0; i < 2; i++)
  {
    pictures[i] = locate_picture (self, i);
    window = intersect (&window, &pictures[i]);
  }
  for (guint i = 0; i < 2; i++)
    places[i] = find_place (self, i, &pictures[i], &window);
  return window.width > 0 && window.height > 0;
}

void
omni_viewer_append_texture (OmniViewer *self, GtkSnapshot *snapshot, GdkTexture *texture,
                            const OmniViewerRect *rect)
{
  const double device = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT ((float)(rect->x / device), (float)(rect->y / device),
                                                     (float)(rect->width / device),
                                                     (float)(rect->height / device));

  gtk_snapshot_append_texture (snapshot, texture, &bounds);
}

void
omni_viewer_snapshot_pane (OmniViewer *self, GtkSnapshot *snapshot, guint index)
{
  OmniViewerPane *pane = &self->panes[index];

  if (pane->mipmap == NULL)
    return;
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, index);
  const OmniViewerRect picture = locate_picture (self, index);
  const OmniViewerPlace place = find_place (self, index, &picture, &rect);
  if (place.visible.width == 0 || place.visible.height == 0)
    return;
  if (pane->texture == NULL || memcmp (&pane->place, &place, sizeof place) != 0)
  {
    g_clear_object (&pane->texture);
    pane->texture = render (pane->mipmap, place.visible.width, place.visible.height, place.x, place.y,
                            place.scale);
    pane->place = place;
  }
  if (pane->texture != NULL)
    omni_viewer_append_texture (self, snapshot, pane->texture, &place.visible);
}

static void
omni_viewer_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OmniViewer *self = OMNI_VIEWER (widget);
  double width, height;

  if (omni_viewer_get_reference (self, &width, &height))
    omni_viewer_snapshot_mode (self, snapshot);
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

  settle_centre (self);
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
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
  {
    stop_loading (&self->panes[i]);
    g_clear_object (&self->panes[i].subject);
    g_clear_pointer (&self->panes[i].mipmap, omni_mipmap_unref);
    g_clear_object (&self->panes[i].texture);
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
  self->wipe = 0.5;
  self->gain = 1;
  self->centre_x = 0.5;
  self->centre_y = 0.5;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  omni_viewer_init_input (self);
}
