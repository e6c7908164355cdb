/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/filmstrip/influence-popover.h"

#include "ui/direction.h"

#include <glib/gi18n.h>
#include <math.h>

#define STEP     0.25
#define DATA_KEY "influence"

typedef struct
{
  OmniDocument *document;
  OmniSource *source;
  GtkWidget *scale;
  GtkLabel *factor;
} Influence;

static void
influence_free (gpointer data)
{
  Influence *self = data;

  g_object_unref (self->document);
  g_object_unref (self->source);
  g_free (self);
}

char *
omni_influence_describe (double value)
{
  return value != 0 ? g_strdup_printf ("×%.3g", exp2 (value)) : NULL;
}

static void
show_factor (Influence *self, double value)
{
  g_autofree char *text = omni_influence_describe (value);

  omni_label_set_numbers (self->factor, text != NULL ? text : "×1");
}

static void
changed_cb (GtkRange *range, gpointer data)
{
  Influence *self = data;
  const double value = round (gtk_range_get_value (range) / STEP) * STEP;

  show_factor (self, value);
  omni_document_set_influence (self->document, self->source, value);
}

/* An undo, for one. */
static void
follow_cb (GtkWidget *popover)
{
  Influence *self = g_object_get_data (G_OBJECT (popover), DATA_KEY);
  const double value = omni_document_get_influence (self->document, self->source);

  if (round (gtk_range_get_value (GTK_RANGE (self->scale)) / STEP) * STEP != value)
    gtk_range_set_value (GTK_RANGE (self->scale), value);
}

static void
add_keys (GtkWidget *popover)
{
  static const struct
  {
    const char *keys, *action;
  } shortcuts[] = { { "<Control>z", "win.undo" }, { "<Control><Shift>z|<Control>y", "win.redo" } };
  GtkEventController *controller = gtk_shortcut_controller_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (controller),
      gtk_shortcut_new (gtk_shortcut_trigger_parse_string (shortcuts[i].keys),
                        gtk_named_action_new (shortcuts[i].action)));
  gtk_widget_add_controller (popover, controller);
}

static void
reset_cb (GtkButton *button, gpointer data)
{
  Influence *self = data;

  gtk_range_set_value (GTK_RANGE (self->scale), 0);
}

static gboolean
unparent_cb (gpointer popover)
{
  gtk_widget_unparent (popover);
  return G_SOURCE_REMOVE;
}

/* Not at once: a click inside is still being handled. */
static void
closed_cb (GtkPopover *popover, gpointer data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, unparent_cb, g_object_ref (popover), g_object_unref);
}

static GtkWidget *
make_scale (double value)
{
  GtkWidget *scale = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, -OMNI_MAX_INFLUENCE,
                                               OMNI_MAX_INFLUENCE, STEP);

  gtk_scale_add_mark (GTK_SCALE (scale), 0, GTK_POS_BOTTOM, NULL);
  gtk_range_set_value (GTK_RANGE (scale), value);
  gtk_widget_set_size_request (scale, 220, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (scale), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Influence"), -1);
  return scale;
}

static GtkWidget *
make_heading (Influence *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  g_autofree char *name = omni_source_dup_display_name (self->source);
  g_autofree char *text = g_strdup_printf (_ ("Influence of %s"), name);
  GtkWidget *title = gtk_label_new (text), *reset = gtk_button_new_with_label (_ ("Reset"));

  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_set_hexpand (title, TRUE);
  gtk_widget_add_css_class (title, "heading");
  gtk_widget_add_css_class (GTK_WIDGET (self->factor), "numeric");
  gtk_label_set_width_chars (self->factor, 6);
  gtk_widget_add_css_class (reset, "flat");
  g_signal_connect (reset, "clicked", G_CALLBACK (reset_cb), self);
  gtk_box_append (GTK_BOX (row), title);
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (self->factor));
  gtk_box_append (GTK_BOX (row), reset);
  return row;
}

static GtkWidget *
make_note (OmniDocument *document)
{
  const OmniModel *model = omni_document_get_effective_model (document);
  g_autofree char *text = model != NULL ? g_strdup_printf (_ ("%s does not weigh its sources by influence; "
                                                              "Omni does."),
                                                           _ (model->title))
                                        : NULL;
  GtkWidget *note = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (note), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (note), 32);
  gtk_label_set_xalign (GTK_LABEL (note), 0);
  gtk_widget_set_visible (note, text != NULL && !omni_document_takes_influence (document));
  gtk_widget_add_css_class (note, "dim-label");
  return note;
}

void
omni_influence_popover_open (GtkWidget *anchor, OmniDocument *document, OmniSource *source)
{
  Influence *self = g_new0 (Influence, 1);
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  const double value = omni_document_get_influence (document, source);

  self->document = g_object_ref (document);
  self->source = g_object_ref (source);
  self->scale = make_scale (value);
  self->factor = GTK_LABEL (gtk_label_new (NULL));
  show_factor (self, value);
  gtk_box_append (GTK_BOX (box), make_heading (self));
  gtk_box_append (GTK_BOX (box), self->scale);
  gtk_box_append (GTK_BOX (box), make_note (document));
  gtk_widget_set_sensitive (self->scale, omni_document_takes_influence (document));
  g_signal_connect (self->scale, "value-changed", G_CALLBACK (changed_cb), self);
  g_object_set_data_full (G_OBJECT (popover), DATA_KEY, self, influence_free);
  g_signal_connect_object (document, "changed", G_CALLBACK (follow_cb), popover, G_CONNECT_SWAPPED);
  add_keys (popover);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  gtk_widget_set_parent (popover, anchor);
  /* A card that goes first must not leave its popover behind. */
  g_signal_connect_object (anchor, "destroy", G_CALLBACK (gtk_widget_unparent), popover, G_CONNECT_SWAPPED);
  g_signal_connect (popover, "closed", G_CALLBACK (closed_cb), NULL);
  gtk_popover_popup (GTK_POPOVER (popover));
  gtk_widget_grab_focus (self->scale);
}
