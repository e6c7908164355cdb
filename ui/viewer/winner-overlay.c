/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/winner-overlay.h"

#include "ui/texture.h"
#include "ui/viewer/viewer-private.h"
#include "ui/progress.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define VIEW_PX   1280 /* the longer side of what is asked for */
#define MOST      0.6F /* opacity where one source is all */
#define LEGEND_PX 280  /* it scrolls where it is higher */

struct _OmniWinnerOverlay
{
  GtkWidget parent_instance;

  OmniDocument *document;
  OmniViewer *viewer;
  GtkWidget *legend;
  GtkWidget *scroller; /* of the rows */
  GtkWidget *rows;
  GtkLabel *note; /* why there is nothing to see */
  gboolean on;
  GCancellable *cancellable; /* of the request under way */
  OmniProgress *work;        /* of it, until there is something to see */
  guint tick_id;
  GdkTexture *texture;
};

G_DEFINE_FINAL_TYPE (OmniWinnerOverlay, omni_winner_overlay, GTK_TYPE_WIDGET)

/* ---- Colours ---- */

/* Hues as far apart as there are sources, light and dark in turn so that neighbours differ without colour, too. */
void
omni_winner_overlay_get_tint (guint index, guint n, float rgb[3])
{
  const float value = index % 2 == 0 ? 0.95F : 0.7F;

  gtk_hsv_to_rgb ((float)index / (float)MAX (n, 1), 0.8F, value, &rgb[0], &rgb[1], &rgb[2]);
}

static guint32
paint_pixel (float *const *shares, guint n, gsize at)
{
  guint best = 0;
  guint32 pixel;
  float rgb[3], opacity;

  for (guint k = 1; k < n; k++)
    if (shares[k][at] > shares[best][at])
      best = k;
  opacity = n > 1 ? MOST * (shares[best][at] * (float)n - 1) / (float)(n - 1) : MOST;
  opacity = CLAMP (opacity, 0, MOST);
  omni_winner_overlay_get_tint (best, n, rgb);
  pixel = (guint32)(opacity * 255 + 0.5F);
  for (guint c = 0; c < 3; c++)
    pixel = pixel << 8 | (guint32)(rgb[c] * opacity * 255 + 0.5F);
  return pixel;
}

GBytes *
omni_winner_overlay_paint (float *const *shares, guint n_sources, guint width, guint height)
{
  const gsize n = (gsize)width * height;
  guint32 *pixels = g_new (guint32, n);

  for (gsize at = 0; at < n; at++)
    pixels[at] = paint_pixel (shares, n_sources, at);
  return g_bytes_new_take (pixels, n * sizeof *pixels);
}

/* ---- What is shown ---- */

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (omni_source_get_path (*(OmniSource *const *)a),
                 omni_source_get_path (*(OmniSource *const *)b));
}

/* (transfer container) In the order of the legend and the tints. */
static GPtrArray *
sort_sources (GPtrArray *sources)
{
  GPtrArray *sorted = g_ptr_array_new ();

  for (guint i = 0; i < sources->len; i++)
    g_ptr_array_add (sorted, sources->pdata[i]);
  g_ptr_array_sort (sorted, compare_paths);
  return sorted;
}

gboolean
omni_winner_overlay_is_over (OmniWinnerOverlay *self, guint pane)
{
  const OmniViewerMode mode = omni_viewer_get_mode (self->viewer);
  OmniSubject *subject = omni_viewer_get_subject (self->viewer, pane);
  OmniFusionResult *shown = subject != NULL ? omni_subject_get_result (subject) : NULL;
  OmniFusionResult *own = self->document != NULL ? omni_document_get_result (self->document) : NULL;

  if (shown == NULL || own == NULL || mode == OMNI_VIEWER_DIFFERENCE || mode == OMNI_VIEWER_MAP
      || pane >= omni_viewer_get_n_shown (self->viewer)
      || (mode == OMNI_VIEWER_BLINK && pane != self->viewer->blink_pane))
    return FALSE;
  return omni_subject_is_newest (subject) || g_str_equal (shown->sha256, own->sha256);
}

static gboolean
is_seen (OmniWinnerOverlay *self)
{
  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
    if (omni_winner_overlay_is_over (self, pane))
      return TRUE;
  /* It comes back in a moment. */
  return omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_BLINK;
}

static void
clear_legend (OmniWinnerOverlay *self)
{
  GtkWidget *row;

  gtk_widget_set_visible (self->scroller, FALSE);
  while ((row = gtk_widget_get_first_child (self->rows)) != NULL)
    gtk_box_remove (GTK_BOX (self->rows), row);
}

/* The picture below takes clicks and keys, but where there is something to scroll. */
static void
rows_changed_cb (OmniWinnerOverlay *self, GtkAdjustment *adjustment)
{
  const gboolean scrolls = gtk_adjustment_get_upper (adjustment)
                           > gtk_adjustment_get_page_size (adjustment) + 0.5;

  gtk_widget_set_can_target (self->legend, scrolls);
  gtk_widget_set_focusable (self->scroller, scrolls);
}

static void
add_row (OmniWinnerOverlay *self, OmniSource *source, guint index, guint n)
{
  g_autofree char *name = omni_document_dup_name (self->document, source);
  g_autofree char *shown = g_markup_escape_text (name, -1);
  float rgb[3];

  omni_winner_overlay_get_tint (index, n, rgb);
  g_autofree char *markup = g_strdup_printf ("<span foreground=\"#%02x%02x%02x\">■</span> %s",
                                             (guint)(rgb[0] * 255), (guint)(rgb[1] * 255),
                                             (guint)(rgb[2] * 255), shown);
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_markup (GTK_LABEL (label), markup);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 28);
  gtk_box_append (GTK_BOX (self->rows), label);
}

static void
show_legend (OmniWinnerOverlay *self, GPtrArray *sorted)
{
  clear_legend (self);
  /* A hidden parent does not hear of new children's sizes. */
  gtk_widget_set_visible (self->legend, TRUE);
  gtk_widget_set_visible (self->scroller, TRUE);
  for (guint i = 0; i < sorted->len; i++)
    add_row (self, sorted->pdata[i], i, sorted->len);
  const OmniFusionResult *shown = omni_document_get_result (self->document);
  if (shown != NULL && shown->has_refine)
  {
    GtkWidget *note = gtk_label_new (_ ("Weights from before refining"));
    gtk_label_set_xalign (GTK_LABEL (note), 0);
    gtk_widget_add_css_class (note, "dim-label");
    gtk_box_append (GTK_BOX (self->rows), note);
  }
}

static void
show_note (OmniWinnerOverlay *self, const char *text)
{
  gtk_label_set_text (self->note, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->note), text != NULL);
  gtk_widget_set_visible (self->legend, text != NULL);
  if (text != NULL)
    clear_legend (self);
}

/* Below the legend stands where to look for the tints when they are nowhere. */
static void
say_where (OmniWinnerOverlay *self)
{
  const gboolean seen = is_seen (self);

  gtk_label_set_text (self->note,
                      seen ? "" : _ ("The tints are of the newest result, which is not shown now."));
  gtk_widget_set_visible (GTK_WIDGET (self->note), !seen);
}

static void
stop_waiting (OmniWinnerOverlay *self)
{
  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_clear_pointer (&self->work, omni_progress_unref);
}

static gboolean
tick_cb (gpointer data)
{
  OmniWinnerOverlay *self = data;
  g_autofree char *words = omni_progress_describe (self->work);

  show_note (self, words);
  return G_SOURCE_CONTINUE;
}

/* It can take as long as the fusion took. */
static void
start_waiting (OmniWinnerOverlay *self)
{
  stop_waiting (self);
  self->work = omni_progress_new (_ ("Finding the winners"));
  self->tick_id = g_timeout_add (OMNI_PROGRESS_TICK_MS, tick_cb, self);
  tick_cb (self);
}

/* ---- Painting, which takes a moment for many sources ---- */

static GBytes *
paint_result (OmniFusionResult *result)
{
  g_autoptr (GPtrArray) sorted = sort_sources (result->sources);
  const guint width = omni_picture_get_width (result->picture);
  const guint height = omni_picture_get_height (result->picture);
  g_autofree float **shares = g_new0 (float *, sorted->len);

  for (guint i = 0; i < result->sources->len; i++)
  {
    guint place = 0;
    g_ptr_array_find (sorted, result->sources->pdata[i], &place);
    if (shares[place] == NULL)
      shares[place] = omni_weight_maps_sample (result->maps, -1, i, width, height);
  }
  GBytes *pixels = omni_winner_overlay_paint (shares, sorted->len, width, height);
  for (guint k = 0; k < sorted->len; k++)
    g_free (shares[k]);
  return pixels;
}

static void
paint_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, paint_result (task_data), (GDestroyNotify)g_bytes_unref);
}

static void
painted_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  OmniWinnerOverlay *self = OMNI_WINNER_OVERLAY (object);
  OmniFusionResult *result = g_task_get_task_data (G_TASK (async));
  g_autoptr (GBytes) pixels = g_task_propagate_pointer (G_TASK (async), NULL);

  if (pixels == NULL || !self->on || self->document == NULL) /* or a newer one is asked for */
    return;
  g_autoptr (GPtrArray) sorted = sort_sources (result->sources);
  const guint width = omni_picture_get_width (result->picture);
  stop_waiting (self);
  g_clear_object (&self->texture);
  self->texture = omni_texture_new (pixels, (int)width, (int)omni_picture_get_height (result->picture));
  show_note (self, NULL);
  show_legend (self, sorted);
  say_where (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* ---- Asking the engine ---- */

typedef struct
{
  OmniWinnerOverlay *overlay;
  OmniProgress *work;
} Question;

static void
question_free (Question *question)
{
  g_object_unref (question->overlay);
  omni_progress_unref (question->work);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static void
engine_progress (double fraction, const char *phase, gpointer data)
{
  omni_progress_set_fraction (((Question *)data)->work, fraction);
}

static void
fused_cb (GObject *engine, GAsyncResult *async, gpointer data)
{
  g_autoptr (Question) question = data;
  OmniWinnerOverlay *self = question->overlay;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (engine), async, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !self->on || self->document == NULL)
    return;
  if (result == NULL)
  {
    stop_waiting (self);
    show_note (self, error->message);
    return;
  }
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, painted_cb, NULL);
  g_task_set_task_data (task, omni_fusion_result_ref (result), (GDestroyNotify)omni_fusion_result_unref);
  g_task_run_in_thread (task, paint_in_thread);
}

static void
stop (OmniWinnerOverlay *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->texture);
  stop_waiting (self);
  show_note (self, NULL);
  clear_legend (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* The weights of what is shown: the same sources, model and options, at the size of a screen. */
static void
ask (OmniWinnerOverlay *self)
{
  OmniDocument *document = self->document;

  stop (self);
  if (!self->on || omni_document_get_result (document) == NULL)
    return;
  if (omni_document_is_stale (document))
  {
    show_note (self, _ ("The set has changed since: fuse again to see which source won."));
    return;
  }
  g_autoptr (OmniFusionRequest) request = omni_document_dup_request (document);
  if (request == NULL)
    return;
  request->maps = TRUE;
  request->view_px = VIEW_PX;
  self->cancellable = g_cancellable_new ();
  start_waiting (self);
  Question *question = g_new0 (Question, 1);
  question->overlay = g_object_ref (self);
  question->work = omni_progress_ref (self->work);
  omni_engine_fuse_async (omni_document_get_engine (document), request, engine_progress, question,
                          self->cancellable, fused_cb, question);
}

static void
view_changed_cb (OmniWinnerOverlay *self)
{
  if (self->texture == NULL)
    return;
  say_where (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_winner_overlay_set_on (OmniWinnerOverlay *self, gboolean on)
{
  self->on = on;
  gtk_widget_set_visible (GTK_WIDGET (self), on);
  ask (self);
}

gboolean
omni_winner_overlay_is_waiting (OmniWinnerOverlay *self)
{
  return self->work != NULL;
}

void
omni_winner_overlay_set_up (OmniWinnerOverlay *self, OmniDocument *document, OmniViewer *viewer)
{
  self->document = document;
  self->viewer = viewer;
  g_signal_connect_object (document, "result", G_CALLBACK (ask), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (viewer, "view-changed", G_CALLBACK (view_changed_cb), self, G_CONNECT_SWAPPED);
}

/* ---- The widget ---- */

/* Only what a pane shows of one side of the line of the wipe. */
static void
push_side (OmniWinnerOverlay *self, GtkSnapshot *snapshot, guint pane)
{
  const float device = (float)gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const float far = (float)(gtk_widget_get_width (GTK_WIDGET (self))
                            + gtk_widget_get_height (GTK_WIDGET (self)));
  double x, y, normal_x, normal_y;

  omni_viewer_get_line (self->viewer, &x, &y, &normal_x, &normal_y);
  const graphene_point_t line = GRAPHENE_POINT_INIT ((float)x / device, (float)y / device);
  const float degrees = (float)(atan2 (normal_y, normal_x) * 180 / G_PI);
  gtk_snapshot_translate (snapshot, &line);
  gtk_snapshot_rotate (snapshot, degrees);
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (pane == 0 ? -far : 0, -far, far, 2 * far));
  gtk_snapshot_rotate (snapshot, -degrees);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (-line.x, -line.y));
}

static void
snapshot_tints (OmniWinnerOverlay *self, GtkSnapshot *snapshot, guint index)
{
  const double device = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const OmniViewerRect pane = omni_viewer_get_pane_rect (self->viewer, index);
  const gboolean wipes = omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_WIPE;
  double x0, y0, x1, y1;

  if (!omni_viewer_to_device (self->viewer, index, 0, 0, &x0, &y0)
      || !omni_viewer_to_device (self->viewer, index, 1, 1, &x1, &y1))
    return;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_push_clip (snapshot,
                          &GRAPHENE_RECT_INIT ((float)(pane.x / device), (float)(pane.y / device),
                                               (float)(pane.width / device), (float)(pane.height / device)));
  if (wipes)
    push_side (self, snapshot, index);
  omni_texture_append (self->texture, GTK_WIDGET (self), snapshot,
                       &GRAPHENE_RECT_INIT ((float)(x0 / device), (float)(y0 / device),
                                            (float)((x1 - x0) / device), (float)((y1 - y0) / device)));
  if (wipes)
    gtk_snapshot_pop (snapshot);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_restore (snapshot);
}

static void
omni_winner_overlay_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OmniWinnerOverlay *self = OMNI_WINNER_OVERLAY (widget);

  for (guint pane = 0; self->on && self->texture != NULL && pane < OMNI_VIEWER_PANES; pane++)
    if (omni_winner_overlay_is_over (self, pane))
      snapshot_tints (self, snapshot, pane);
  GTK_WIDGET_CLASS (omni_winner_overlay_parent_class)->snapshot (widget, snapshot);
}

/* Only the legend is ever under the pointer. */
static gboolean
omni_winner_overlay_contains (GtkWidget *widget, double x, double y)
{
  return FALSE;
}

static void
omni_winner_overlay_dispose (GObject *object)
{
  OmniWinnerOverlay *self = OMNI_WINNER_OVERLAY (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->texture);
  stop_waiting (self);
  self->document = NULL;
  g_clear_pointer (&self->legend, gtk_widget_unparent);
  G_OBJECT_CLASS (omni_winner_overlay_parent_class)->dispose (object);
}

static void
omni_winner_overlay_class_init (OmniWinnerOverlayClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_winner_overlay_dispose;
  widget_class->snapshot = omni_winner_overlay_snapshot;
  widget_class->contains = omni_winner_overlay_contains;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "winner-overlay");
}

static void
omni_winner_overlay_init (OmniWinnerOverlay *self)
{
  self->legend = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  self->rows = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  self->scroller = gtk_scrolled_window_new ();
  g_object_set (self->scroller, "child", self->rows, "hscrollbar-policy", GTK_POLICY_NEVER,
                "propagate-natural-width", TRUE, "propagate-natural-height", TRUE, "max-content-height",
                LEGEND_PX, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scroller), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Colours of the sources"), -1);
  g_signal_connect_swapped (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scroller)),
                            "changed", G_CALLBACK (rows_changed_cb), self);
  gtk_box_append (GTK_BOX (self->legend), self->scroller);
  self->note = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, NULL);
  gtk_label_set_wrap (self->note, TRUE);
  gtk_label_set_max_width_chars (self->note, 40);
  gtk_widget_set_visible (GTK_WIDGET (self->note), FALSE);
  gtk_box_append (GTK_BOX (self->legend), GTK_WIDGET (self->note));
  gtk_widget_add_css_class (self->legend, "winner-legend");
  gtk_widget_set_halign (self->legend, GTK_ALIGN_START);
  gtk_widget_set_valign (self->legend, GTK_ALIGN_END); /* the names of what is wiped are above */
  gtk_widget_set_parent (self->legend, GTK_WIDGET (self));
  gtk_widget_set_can_target (self->legend, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
