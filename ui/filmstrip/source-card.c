/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/filmstrip/source-card.h"

#include "app/titles.h"
#include "ui/direction.h"
#include "ui/filmstrip/influence-popover.h"
#include "ui/filmstrip/thumbnail.h"

#include <glib/gi18n.h>

struct _OmniSourceCard
{
  GtkListBoxRow parent_instance;

  OmniSource *source;

  GtkLabel *number;
  OmniThumbnail *thumbnail;
  GtkLabel *name;
  GtkLabel *size;
  GtkLabel *details;
  GtkLabel *role;
  GtkWidget *damaged;
  GtkWidget *copy;
  GtkWidget *resized;
  GtkWidget *aligned;
  char *moved; /* how far it was, for people; NULL: it was not aligned */
  GtkLabel *influence;
  GtkWidget *remove;
  GtkCheckButton *use;
  gboolean updating;
  double offset; /* px below its place */
  guint position;
  gboolean seen;
  gboolean asked;             /* somebody waits for what comes of trying again */
  char *spoken, *description; /* as they were told last: telling costs more than all else here */
};

G_DEFINE_FINAL_TYPE (OmniSourceCard, omni_source_card, GTK_TYPE_LIST_BOX_ROW)

static const char *
get_depth_title (OmniSampleType type)
{
  switch (type)
  {
  case OMNI_SAMPLE_U16:
    return _ ("16-bit");
  case OMNI_SAMPLE_F32:
    return _ ("float");
  case OMNI_SAMPLE_U8:
  default:
    return _ ("8-bit");
  }
}

/* "1/60 s" or "2.5 s". */
static char *
format_seconds (double seconds)
{
  if (seconds > 0 && seconds < 0.4)
    return g_strdup_printf (_ ("1/%.0f s"), 1 / seconds);
  return g_strdup_printf (_ ("%.3g s"), seconds);
}

/* "16-bit · 1/60 s", or the depth alone. */
static char *
describe (OmniSource *source)
{
  const char *depth = get_depth_title (omni_source_get_sample_type (source));
  double seconds = 0;

  if (!omni_source_get_exposure (source, &seconds, NULL, NULL) || seconds <= 0)
    return g_strdup (depth);
  g_autofree char *exposure = format_seconds (seconds);
  return g_strdup_printf ("%s · %s", depth, exposure);
}

/* (transfer full) All that is to be seen beside the name. */
static char *
describe_details (OmniSourceCard *self, gboolean is_on, gboolean is_resized)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "%s, %s", gtk_label_get_text (self->size), gtk_label_get_text (self->details));
  if (gtk_widget_get_visible (GTK_WIDGET (self->role)))
    g_string_append_printf (text, ", %s", gtk_label_get_text (self->role));
  if (gtk_widget_get_visible (GTK_WIDGET (self->influence)))
    g_string_append_printf (text, _ (", influence %s"), gtk_label_get_text (self->influence));
  if (omni_source_card_is_damaged (self))
    g_string_append (text, _ (", damaged"));
  if (gtk_widget_get_visible (self->copy))
    g_string_append_printf (text, ", %s", gtk_widget_get_tooltip_text (self->copy));
  if (is_resized)
    g_string_append (text, _ (", resized"));
  if (self->moved != NULL)
    g_string_append_printf (text, ", %s", self->moved);
  if (!is_on)
    g_string_append (text, _ (", switched off"));
  return g_string_free (text, FALSE);
}

static void
describe_card (OmniSourceCard *self, guint position, guint total, gboolean is_on, gboolean is_resized)
{
  g_autofree char *spoken = g_strdup_printf (_ ("%s, %u of %u"), gtk_label_get_text (self->name),
                                             position + 1, total);
  g_autofree char *details = describe_details (self, is_on, is_resized);

  if (g_strcmp0 (spoken, self->spoken) == 0 && g_strcmp0 (details, self->description) == 0)
    return;
  g_free (self->spoken);
  g_free (self->description);
  self->spoken = g_strdup (spoken);
  self->description = g_strdup (details);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, details, -1);
}

static void
show_name (OmniSourceCard *self, OmniDocument *document)
{
  g_autofree char *name = omni_document_dup_name (document, self->source);

  if (g_str_equal (name, gtk_label_get_text (self->name)))
    return;
  g_autofree char *remove = g_strdup_printf (_ ("Remove %s"), name);
  g_autofree char *use = g_strdup_printf (_ ("Use %s"), name);
  gtk_label_set_text (self->name, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove), GTK_ACCESSIBLE_PROPERTY_LABEL, remove, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->use), GTK_ACCESSIBLE_PROPERTY_LABEL, use, -1);
}

static void
show_original (OmniSourceCard *self, OmniDocument *document)
{
  OmniSource *original = omni_document_get_original (document, self->source);
  g_autofree char *name = original != NULL ? omni_document_dup_name (document, original) : NULL;
  g_autofree char *tooltip = name != NULL ? g_strdup_printf (_ ("The Same Picture as %s"), name) : NULL;

  gtk_widget_set_visible (self->copy, original != NULL);
  if (g_strcmp0 (tooltip, gtk_widget_get_tooltip_text (self->copy)) != 0) /* it asks where the pointer is */
    gtk_widget_set_tooltip_text (self->copy, tooltip);
}

/* (transfer full) (nullable) */
static char *
describe_alignment (OmniSourceCard *self, OmniDocument *document)
{
  double px;

  if (omni_source_get_warp (self->source) == NULL)
    return NULL;
  if (!omni_document_get_shift (document, self->source, &px))
    return g_strdup (_ ("Aligned with the Others"));
  if (px < 0.05)
    return g_strdup (_ ("Aligned: Only Cut to What All Show"));
  g_autofree char *number = g_strdup_printf (px < 9.95 ? "%.1f" : "%.0f", px);
  return g_strdup_printf (_ ("Aligned: Moved by up to %s px"), number);
}

static void
show_alignment (OmniSourceCard *self, OmniDocument *document)
{
  g_free (self->moved);
  self->moved = describe_alignment (self, document);
  gtk_widget_set_visible (self->aligned, self->moved != NULL);
}

static void
show_influence (OmniSourceCard *self, double value)
{
  g_autofree char *text = omni_influence_describe (value);

  omni_label_set_numbers (self->influence, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->influence), text != NULL);
}

void
omni_source_card_refresh (OmniSourceCard *self, OmniDocument *document, guint position)
{
  g_autofree char *number = g_strdup_printf ("%u", position + 1);
  self->position = position;
  const char *role = omni_role_get_title (omni_source_get_role (self->source));
  const gboolean is_on = omni_document_is_on (document, self->source);
  const gboolean is_resized = omni_document_resizes (document, self->source);

  gtk_label_set_text (self->number, number);
  show_name (self, document);
  gtk_label_set_text (self->role, role);
  gtk_widget_set_visible (GTK_WIDGET (self->role), role[0] != '\0');
  gtk_widget_set_visible (self->resized, is_resized);
  show_influence (self, omni_document_takes_influence (document)
                          ? omni_document_get_influence (document, self->source)
                          : 0);
  show_original (self, document);
  show_alignment (self, document);
  self->updating = TRUE;
  gtk_check_button_set_active (self->use, is_on);
  self->updating = FALSE;
  if (is_on)
    gtk_widget_remove_css_class (GTK_WIDGET (self), "off");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self), "off");
  describe_card (self, position, omni_document_get_n_sources (document), is_on, is_resized);
}

void
omni_source_card_set_position (OmniSourceCard *self, guint position)
{
  self->position = position;
}

guint
omni_source_card_get_position (OmniSourceCard *self)
{
  return self->position;
}

OmniSource *
omni_source_card_get_source (OmniSourceCard *self)
{
  return self->source;
}

/* Only when asked: setting a text asks the screen where the pointer is, which is slow for hundreds of cards. */

static gboolean
query_details_cb (GtkWidget *label, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
                  OmniSourceCard *self)
{
  gtk_tooltip_set_text (tooltip, gtk_label_get_text (self->details));
  return TRUE;
}

static gboolean
query_name_cb (GtkWidget *label, int x, int y, gboolean keyboard, GtkTooltip *tooltip, OmniSourceCard *self)
{
  gtk_tooltip_set_text (tooltip, omni_source_get_path (self->source));
  return TRUE;
}

static gboolean
query_aligned_cb (GtkWidget *label, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
                  OmniSourceCard *self)
{
  gtk_tooltip_set_text (tooltip, self->moved);
  return self->moved != NULL;
}

GtkWidget *
omni_source_card_new (OmniSource *source)
{
  OmniSourceCard *self = g_object_new (OMNI_TYPE_SOURCE_CARD, NULL);
  g_autofree char *size = g_strdup_printf ("%s%u × %u", omni_left_to_right_mark (),
                                           omni_source_get_width (source), omni_source_get_height (source));
  g_autofree char *details = describe (source);

  self->source = g_object_ref (source);
  omni_thumbnail_set_source (self->thumbnail, source);
  gtk_label_set_text (self->size, size);
  gtk_label_set_text (self->details, details);
  g_signal_connect_object (self->details, "query-tooltip", G_CALLBACK (query_details_cb), self, 0);
  g_signal_connect_object (self->name, "query-tooltip", G_CALLBACK (query_name_cb), self, 0);
  g_signal_connect_object (self->aligned, "query-tooltip", G_CALLBACK (query_aligned_cb), self, 0);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self->details), TRUE);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self->name), TRUE);
  return GTK_WIDGET (self);
}

void
omni_source_card_set_offset (OmniSourceCard *self, double offset)
{
  if (self->offset == offset)
    return;
  self->offset = offset;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_source_card_set_seen (OmniSourceCard *self, gboolean seen)
{
  if (self->seen == seen)
    return;
  self->seen = seen;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
omni_source_card_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OmniSourceCard *self = OMNI_SOURCE_CARD (widget);

  if (!self->seen && self->offset == 0)
    return;
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (0, (float)self->offset));
  GTK_WIDGET_CLASS (omni_source_card_parent_class)->snapshot (widget, snapshot);
}

/* Arrows go from card to card. Tab goes to what stands in this one and then on to what comes after the list: through hundreds of
 * cards nobody would find the way out. */
static gboolean
omni_source_card_focus (GtkWidget *widget, GtkDirectionType direction)
{
  const gboolean tabs = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;
  GtkWidget *other = gtk_widget_get_focus_child (gtk_widget_get_parent (widget));

  if (tabs && other != NULL && other != widget)
    return FALSE;
  return GTK_WIDGET_CLASS (omni_source_card_parent_class)->focus (widget, direction);
}

static void
remove_cb (OmniSourceCard *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "strip.remove-path", "s",
                              omni_source_get_path (self->source));
}

/* Files that cannot be read */

gboolean
omni_source_card_is_damaged (OmniSourceCard *self)
{
  return gtk_widget_get_visible (self->damaged);
}

void
omni_source_card_try_again (OmniSourceCard *self)
{
  self->asked = TRUE;
  omni_thumbnail_try_again (self->thumbnail);
}

static void
thumbnail_failed_cb (OmniSourceCard *self, const char *message)
{
  gtk_widget_set_visible (self->damaged, TRUE);
  gtk_widget_set_tooltip_text (self->damaged, message);
  gtk_widget_activate_action (GTK_WIDGET (self), "strip.failed", "(sb)", message, self->asked);
  self->asked = FALSE;
}

static void
thumbnail_mended_cb (OmniSourceCard *self)
{
  g_autofree char *details = describe (self->source);

  self->asked = FALSE;
  gtk_widget_set_visible (self->damaged, FALSE);
  gtk_label_set_text (self->details, details);
  gtk_widget_activate_action (GTK_WIDGET (self), "strip.mended-path", "s",
                              omni_source_get_path (self->source));
}

static void
use_toggled_cb (OmniSourceCard *self)
{
  if (!self->updating)
    gtk_widget_activate_action (GTK_WIDGET (self), "strip.use-path", "(sb)",
                                omni_source_get_path (self->source), gtk_check_button_get_active (self->use));
}

static void
omni_source_card_dispose (GObject *object)
{
  OmniSourceCard *self = OMNI_SOURCE_CARD (object);

  g_clear_object (&self->source);
  G_OBJECT_CLASS (omni_source_card_parent_class)->dispose (object);
}

static void
omni_source_card_finalize (GObject *object)
{
  OmniSourceCard *self = OMNI_SOURCE_CARD (object);

  g_free (self->spoken);
  g_free (self->description);
  g_free (self->moved);
  G_OBJECT_CLASS (omni_source_card_parent_class)->finalize (object);
}

static void
omni_source_card_class_init (OmniSourceCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_source_card_dispose;
  G_OBJECT_CLASS (klass)->finalize = omni_source_card_finalize;
  widget_class->snapshot = omni_source_card_snapshot;
  widget_class->focus = omni_source_card_focus;
  g_type_ensure (OMNI_TYPE_THUMBNAIL);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/source-card.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, number);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, thumbnail);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, name);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, size);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, details);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, role);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, damaged);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, copy);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, resized);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, aligned);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, influence);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, remove);
  gtk_widget_class_bind_template_child (widget_class, OmniSourceCard, use);
  gtk_widget_class_bind_template_callback (widget_class, remove_cb);
  gtk_widget_class_bind_template_callback (widget_class, thumbnail_failed_cb);
  gtk_widget_class_bind_template_callback (widget_class, thumbnail_mended_cb);
  gtk_widget_class_bind_template_callback (widget_class, use_toggled_cb);
}

static void
omni_source_card_init (OmniSourceCard *self)
{
  self->seen = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
}
