/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/filmstrip/filmstrip-private.h"

#define SCROLL_EDGE_PX  40.0
#define SCROLL_STEP_PX  12.0
#define CARD_MARGINS_PX 2 /* above and below together, as in style.css */

/* Whether this row is on the way. */
static gboolean
is_dragged (OmniFilmstrip *self, GtkWidget *row)
{
  return self->dragged != NULL && g_ptr_array_find (self->dragged, row, NULL);
}

/* The result as it would be with the cards in the gap. */
static void
try_gap (OmniFilmstrip *self)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();
  g_autoptr (GPtrArray) moved = g_ptr_array_new ();

  if (self->dragged == NULL || self->gap < 0)
    return;
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    OmniSource *source = omni_document_get_source (self->document, i);
    const gboolean moves = is_dragged (self, GTK_WIDGET (omni_filmstrip_get_card (self, i)));
    g_ptr_array_add (moves ? moved : sources, source);
  }
  for (guint i = 0; i < moved->len; i++)
    g_ptr_array_insert (sources, (int)MIN ((guint)self->gap + i, sources->len), moved->pdata[i]);
  omni_document_try_order (self->document, sources);
}

/* The gap where the card would go */

static void
show_gap (OmniFilmstrip *self, int gap)
{
  GtkWidget *last = NULL;
  int before = 0;

  if (self->gap == gap)
    return;
  self->gap = gap;
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    GtkWidget *row = (GtkWidget *)omni_filmstrip_get_card (self, i);
    if (row == NULL)
      continue;
    gtk_widget_remove_css_class (row, "gap-after");
    if (is_dragged (self, row))
      continue;
    if (before++ == gap)
      gtk_widget_add_css_class (row, "gap-before");
    else
      gtk_widget_remove_css_class (row, "gap-before");
    last = row;
  }
  if (last != NULL && gap >= before)
    gtk_widget_add_css_class (last, "gap-after");
  try_gap (self);
}

/* The place in the list under `y`, as if all cards stood closely: where they are drawn changes while the gap grows, and an
 * answer that depended on it would flutter. */
static int
find_gap (OmniFilmstrip *self, double y)
{
  int before = 0;

  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    GtkWidget *row = (GtkWidget *)omni_filmstrip_get_card (self, i);
    if (row == NULL || is_dragged (self, row))
      continue;
    y -= gtk_widget_get_height (row) + CARD_MARGINS_PX;
    if (y < 0)
      break;
    before++;
  }
  return before;
}

/* Near the edges the list scrolls by itself */

static gboolean
scroll_tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  OmniFilmstrip *self = data;
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + self->scroll_speed);
  return G_SOURCE_CONTINUE;
}

void
omni_filmstrip_stop_scrolling (OmniFilmstrip *self)
{
  if (self->scroll_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self->list), self->scroll_id);
  self->scroll_id = 0;
}

static void
scroll_near_edge (OmniFilmstrip *self, double list_y)
{
  const double height = gtk_widget_get_height (GTK_WIDGET (self->scroller));
  double x, y;

  gtk_widget_translate_coordinates (GTK_WIDGET (self->list), GTK_WIDGET (self->scroller), 0, list_y, &x, &y);
  if (y < SCROLL_EDGE_PX)
    self->scroll_speed = -SCROLL_STEP_PX * (1 - y / SCROLL_EDGE_PX);
  else if (y > height - SCROLL_EDGE_PX)
    self->scroll_speed = SCROLL_STEP_PX * (1 - (height - y) / SCROLL_EDGE_PX);
  else
  {
    omni_filmstrip_stop_scrolling (self);
    return;
  }
  if (self->scroll_id == 0)
    self->scroll_id = gtk_widget_add_tick_callback (GTK_WIDGET (self->list), scroll_tick_cb, self, NULL);
}

/* Dragging a card */

/* All that are selected go with the card that is held, or it goes alone. */
static void
collect_dragged (OmniFilmstrip *self, GtkListBoxRow *held)
{
  g_clear_pointer (&self->dragged, g_ptr_array_unref);
  self->dragged = g_ptr_array_new ();
  if (!gtk_list_box_row_is_selected (held))
  {
    gtk_list_box_unselect_all (self->list);
    gtk_list_box_select_row (self->list, held);
  }
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    GtkListBoxRow *row = (GtkListBoxRow *)omni_filmstrip_get_card (self, i);
    if (row != NULL && gtk_list_box_row_is_selected (row))
      g_ptr_array_add (self->dragged, row);
  }
}

static GdkContentProvider *
prepare_cb (OmniFilmstrip *self, double x, double y, GtkDragSource *source)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_y (self->list, (int)y);
  graphene_rect_t bounds;

  if (row == NULL || !gtk_widget_compute_bounds (GTK_WIDGET (row), GTK_WIDGET (self->list), &bounds))
    return NULL;
  collect_dragged (self, row);
  self->held = row;
  self->grab_x = x - bounds.origin.x;
  self->grab_y = y - bounds.origin.y;
  g_autoptr (GPtrArray) sources = omni_filmstrip_list_selected (self);
  return gdk_content_provider_new_typed (G_TYPE_PTR_ARRAY, sources);
}

/* The card on a ground of its own, for a screen without compositing has none; with the number of cards. */
static void
set_icon (OmniFilmstrip *self, GdkDrag *drag)
{
  g_autoptr (GdkPaintable) live = gtk_widget_paintable_new (GTK_WIDGET (self->held));
  g_autoptr (GdkPaintable) image = gdk_paintable_get_current_image (live);
  GtkWidget *overlay = gtk_overlay_new ();
  g_autofree char *count = g_strdup_printf ("%u", self->dragged->len);
  GtkWidget *badge = gtk_label_new (count);

  gtk_overlay_set_child (GTK_OVERLAY (overlay), gtk_picture_new_for_paintable (image));
  gtk_widget_set_halign (badge, GTK_ALIGN_END);
  gtk_widget_set_valign (badge, GTK_ALIGN_START);
  gtk_widget_add_css_class (badge, "card-number");
  gtk_widget_set_visible (badge, self->dragged->len > 1);
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), badge);
  gtk_widget_add_css_class (overlay, "dragged-card");
  gtk_drag_icon_set_child (GTK_DRAG_ICON (gtk_drag_icon_get_for_drag (drag)), overlay);
  gdk_drag_set_hotspot (drag, (int)self->grab_x, (int)self->grab_y);
}

/* How many others stand before the first that is dragged. */
static int
find_own_gap (OmniFilmstrip *self)
{
  return gtk_list_box_row_get_index (self->dragged->pdata[0]);
}

static void
drag_begin_cb (OmniFilmstrip *self, GdkDrag *drag, GtkDragSource *source)
{
  set_icon (self, drag);
  const int gap = find_own_gap (self);
  for (guint i = 0; i < self->dragged->len; i++)
    gtk_widget_set_visible (self->dragged->pdata[i], FALSE);
  show_gap (self, gap);
}

void
omni_filmstrip_end_drag (OmniFilmstrip *self)
{
  g_autoptr (GPtrArray) rows = g_steal_pointer (&self->dragged);

  omni_filmstrip_stop_scrolling (self);
  show_gap (self, -1);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    gtk_widget_set_visible (rows->pdata[i], TRUE);
}

static void
drag_end_cb (OmniFilmstrip *self)
{
  omni_filmstrip_end_drag (self);
  if (self->document != NULL)
    omni_document_try_order (self->document, NULL);
}

/* Dropping */

static GdkDragAction
motion_cb (OmniFilmstrip *self, double x, double y, GtkDropTarget *target)
{
  show_gap (self, find_gap (self, y));
  scroll_near_edge (self, y);
  return self->dragged != NULL ? GDK_ACTION_MOVE : GDK_ACTION_COPY;
}

static void
leave_cb (OmniFilmstrip *self)
{
  omni_filmstrip_stop_scrolling (self);
  if (self->dragged == NULL)
  {
    show_gap (self, -1);
    return;
  }
  /* Outside the list a card falls back to where it was. */
  show_gap (self, find_own_gap (self));
}

/* Another set's: they are read anew, for a source has one role and is of one set. */
static void
drop_strangers (OmniFilmstrip *self, GPtrArray *sources, guint position)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < sources->len; i++)
    g_ptr_array_add (files, g_file_new_for_path (omni_source_get_path (sources->pdata[i])));
  GdkFileList *list = gdk_file_list_new_from_array ((GFile **)files->pdata, files->len);
  omni_filmstrip_emit_files (self, list, position);
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
}

void
omni_filmstrip_drop_sources (OmniFilmstrip *self, GPtrArray *sources, guint position)
{
  if (sources->len == 0)
    return;
  if (!omni_document_find (self->document, sources->pdata[0], NULL))
  {
    drop_strangers (self, sources, position);
    return;
  }
  self->still = TRUE;
  omni_document_move_sources (self->document, sources, position);
  self->still = FALSE;
}

static gboolean
drop_cb (OmniFilmstrip *self, const GValue *value, double x, double y, GtkDropTarget *target)
{
  const guint position = (guint)find_gap (self, y);

  omni_filmstrip_end_drag (self);
  if (G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    omni_filmstrip_emit_files (self, g_value_get_boxed (value), position);
  else if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
    omni_filmstrip_emit_texture (self, g_value_get_object (value), position);
  else
    omni_filmstrip_drop_sources (self, g_value_get_boxed (value), position);
  return TRUE;
}

void
omni_filmstrip_init_dnd (OmniFilmstrip *self)
{
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY | GDK_ACTION_MOVE);

  self->gap = -1;
  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect_swapped (source, "prepare", G_CALLBACK (prepare_cb), self);
  g_signal_connect_swapped (source, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (source, "drag-end", G_CALLBACK (drag_end_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), GTK_EVENT_CONTROLLER (source));

  /* A browser offers the picture itself beside its address. */
  gtk_drop_target_set_gtypes (target, (GType[]){ G_TYPE_PTR_ARRAY, GDK_TYPE_TEXTURE, GDK_TYPE_FILE_LIST }, 3);
  g_signal_connect_swapped (target, "enter", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (target, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (target, "leave", G_CALLBACK (leave_cb), self);
  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), GTK_EVENT_CONTROLLER (target));
}
