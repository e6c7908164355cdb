/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/window/versions-button.h"

#include "app/titles.h"
#include "ui/filmstrip/influence-popover.h"

#include <glib/gi18n.h>

#define SHOWN_DIGITS  8
#define SHOWN_SOURCES 6
#define DETAIL_LINES  3

struct _OmniVersionsButton
{
  AdwBin parent_instance;

  OmniVersions *versions;
  gboolean updating;

  GtkMenuButton *button;
  GtkListBox *list;
};

enum
{
  SIGNAL_SHOW,
  SIGNAL_PINS_CHANGED,
  SIGNAL_NAME,
  SIGNAL_DELETE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniVersionsButton, omni_versions_button, ADW_TYPE_BIN)

/* "1, 2, 3, …": names without what they end with. */
static char *
describe_order (const OmniVersionFacts *facts)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (guint i = 0; i < facts->sources->len && i < SHOWN_SOURCES; i++)
  {
    g_autofree char *name = omni_source_dup_display_name (facts->sources->pdata[i]);
    char *dot = strrchr (name, '.');
    if (dot != NULL && dot != name)
      *dot = '\0';
    g_string_append_printf (words, "%s%s", i > 0 ? ", " : "", name);
  }
  if (facts->sources->len > SHOWN_SOURCES)
    g_string_append (words, ", …");
  return g_string_free (g_steal_pointer (&words), FALSE);
}

/* " · mine 1a2b3c4d…": names repeat, bytes do not. "" for weights that ship. */
static char *
describe_weights (const OmniVersionFacts *facts)
{
  if (facts->weights_name == NULL)
    return g_strdup ("");
  return g_strdup_printf (" · %s %.*s…", facts->weights_name, SHOWN_DIGITS,
                          facts->weights_sha256 != NULL ? facts->weights_sha256 : "");
}

/* " · 2.png ×4": what counted more or less than the others. */
static char *
describe_influence (const OmniVersionFacts *facts)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (guint i = 0; facts->influence != NULL && i < facts->sources->len; i++)
  {
    g_autofree char *factor = omni_influence_describe (facts->influence[i]);
    g_autofree char *name = omni_source_dup_display_name (facts->sources->pdata[i]);
    if (factor != NULL)
      g_string_append_printf (words, "%s%s %s", words->len > 0 ? ", " : " · ", name, factor);
  }
  return g_string_free (g_steal_pointer (&words), FALSE);
}

char *
omni_fusion_version_describe (OmniFusionVersion *version)
{
  const OmniVersionFacts *facts = omni_fusion_version_get_facts (version);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (facts->unix_time);
  g_autofree char *clock = time != NULL ? g_date_time_format (time, "%X") : g_strdup ("");
  g_autofree char *order = describe_order (facts);
  g_autofree char *weights = describe_weights (facts);
  g_autofree char *influence = describe_influence (facts);

  g_autofree char *made_by = omni_fusion_version_is_named (version)
                               ? g_strdup_printf ("%s · ", omni_fusion_version_get_plain_name (version))
                               : g_strdup ("");

  return g_strdup_printf ("%s%s%s · %s%s · %.*s… · %s", made_by, omni_task_get_title (facts->task), weights,
                          order, influence, SHOWN_DIGITS, facts->sha256, clock);
}

/* Rows */

static OmniFusionVersion *
get_version (GtkWidget *widget)
{
  GtkWidget *row = gtk_widget_get_ancestor (widget, GTK_TYPE_LIST_BOX_ROW);

  return row != NULL ? g_object_get_data (G_OBJECT (row), "version") : NULL;
}

static void
pin_toggled_cb (OmniVersionsButton *self, GtkToggleButton *pin)
{
  OmniFusionVersion *version = get_version (GTK_WIDGET (pin));

  if (version == NULL || self->updating
      || gtk_toggle_button_get_active (pin) == omni_fusion_version_is_pinned (version))
    return;
  omni_versions_set_pinned (self->versions, version, gtk_toggle_button_get_active (pin));
  g_signal_emit (self, signals[SIGNAL_PINS_CHANGED], 0);
}

static void
delete_clicked_cb (OmniVersionsButton *self, GtkWidget *button)
{
  OmniFusionVersion *version = get_version (button);

  if (version != NULL)
    g_signal_emit (self, signals[SIGNAL_DELETE], 0, version);
}

/* The name counts when it is finished, not with every key. */
static void
take_name (OmniVersionsButton *self, GtkEditable *entry)
{
  OmniFusionVersion *version = get_version (GTK_WIDGET (entry));
  const char *name = gtk_editable_get_text (entry);

  if (version == NULL || self->updating || g_str_equal (name, omni_fusion_version_get_name (version)))
    return;
  g_signal_emit (self, signals[SIGNAL_NAME], 0, version, name);
  /* "" gave back the first one. */
  gtk_editable_set_text (entry, omni_fusion_version_get_name (version));
}

static void
name_activated_cb (OmniVersionsButton *self, GtkEditable *entry)
{
  take_name (self, entry);
}

static void
name_left_cb (OmniVersionsButton *self, GtkEventController *focus)
{
  take_name (self, GTK_EDITABLE (gtk_event_controller_get_widget (focus)));
}

/* No GtkEditableLabel: one that goes while it is edited looks for itself a moment later, and the program ends (GTK 4.8). */
static GtkWidget *
create_name (OmniVersionsButton *self, OmniFusionVersion *version)
{
  GtkWidget *entry = gtk_entry_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();

  gtk_editable_set_text (GTK_EDITABLE (entry), omni_fusion_version_get_name (version));
  gtk_entry_set_has_frame (GTK_ENTRY (entry), FALSE);
  gtk_widget_add_css_class (entry, "version-name");
  g_object_bind_property (version, "name", entry, "text", G_BINDING_DEFAULT);
  g_signal_connect_object (entry, "activate", G_CALLBACK (name_activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (focus, "leave", G_CALLBACK (name_left_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (entry, focus);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Name of the version"), -1);
  gtk_widget_set_tooltip_text (entry, _ ("Click to Name It"));
  return entry;
}

static void
describe (GtkLabel *details, GParamSpec *pspec, OmniFusionVersion *version)
{
  g_autofree char *words = omni_fusion_version_describe (version);

  gtk_label_set_text (details, words);
  gtk_widget_set_tooltip_text (GTK_WIDGET (details), words);
}

static GtkWidget *
create_words (OmniVersionsButton *self, OmniFusionVersion *version)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *name = create_name (self, version);
  GtkWidget *details = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (details), 0);
  gtk_label_set_wrap (GTK_LABEL (details), TRUE);
  gtk_label_set_lines (GTK_LABEL (details), DETAIL_LINES);
  gtk_label_set_ellipsize (GTK_LABEL (details), PANGO_ELLIPSIZE_END);
  describe (GTK_LABEL (details), NULL, version);
  g_signal_connect_object (version, "notify::name", G_CALLBACK (describe), details, G_CONNECT_SWAPPED);
  gtk_widget_add_css_class (details, "dim-label");
  gtk_widget_add_css_class (details, "caption");
  gtk_widget_add_css_class (details, "numeric");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), details);
  gtk_widget_set_hexpand (box, TRUE);
  return box;
}

static void
add_button (OmniVersionsButton *self, GtkWidget *box, GtkWidget *button, const char *icon, const char *title,
            const char *signal, GCallback callback)
{
  gtk_button_set_icon_name (GTK_BUTTON (button), icon);
  gtk_widget_set_tooltip_text (button, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_signal_connect_object (button, signal, callback, self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), button);
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  OmniVersionsButton *self = data;
  OmniFusionVersion *version = item;
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *pin = gtk_toggle_button_new ();
  GtkWidget *bin = gtk_button_new ();
  g_autofree char *number = g_strdup_printf ("%u", omni_fusion_version_get_facts (version)->number);
  GtkWidget *label = gtk_label_new (number);
  g_autofree char *spoken = omni_fusion_version_describe (version);

  gtk_label_set_width_chars (GTK_LABEL (label), 3);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (label, "numeric");
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), create_words (self, version));
  g_object_bind_property (version, "pinned", pin, "active", G_BINDING_SYNC_CREATE);
  add_button (self, box, pin, "view-pin-symbolic", _ ("Pin to Compare"), "toggled",
              G_CALLBACK (pin_toggled_cb));
  add_button (self, box, bin, "user-trash-symbolic", _ ("Delete the Version"), "clicked",
              G_CALLBACK (delete_clicked_cb));
  g_object_set_data_full (G_OBJECT (row), "version", g_object_ref (version), g_object_unref);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  omni_fusion_version_get_name (version), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  spoken, -1);
  return row;
}

static void
row_activated_cb (OmniVersionsButton *self, GtkListBoxRow *row)
{
  g_signal_emit (self, signals[SIGNAL_SHOW], 0, g_object_get_data (G_OBJECT (row), "version"));
}

static void
update_visible (OmniVersionsButton *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->button), omni_versions_get_n (self->versions) > 0);
}

void
omni_versions_button_set_versions (OmniVersionsButton *self, OmniVersions *versions)
{
  g_return_if_fail (self->versions == NULL);
  self->versions = g_object_ref (versions);
  g_signal_connect_object (versions, "items-changed", G_CALLBACK (update_visible), self, G_CONNECT_SWAPPED);
  update_visible (self);
}

/* The rows are there only while they are seen: hundreds of them would be built for nothing. */
static void
popover_shown_cb (OmniVersionsButton *self)
{
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->versions), create_row, self, NULL);
}

static void
popover_closed_cb (OmniVersionsButton *self)
{
  gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
}

static void
omni_versions_button_dispose (GObject *object)
{
  OmniVersionsButton *self = OMNI_VERSIONS_BUTTON (object);

  self->updating = TRUE;
  g_clear_object (&self->versions);
  G_OBJECT_CLASS (omni_versions_button_parent_class)->dispose (object);
}

static void
omni_versions_button_class_init (OmniVersionsButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_versions_button_dispose;
  signals[SIGNAL_SHOW] = g_signal_new ("show-version", OMNI_TYPE_VERSIONS_BUTTON, G_SIGNAL_RUN_LAST, 0, NULL,
                                       NULL, NULL, G_TYPE_NONE, 1, OMNI_TYPE_FUSION_VERSION);
  signals[SIGNAL_PINS_CHANGED] = g_signal_new ("pins-changed", OMNI_TYPE_VERSIONS_BUTTON, G_SIGNAL_RUN_LAST,
                                               0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_NAME] = g_signal_new ("name-version", OMNI_TYPE_VERSIONS_BUTTON, G_SIGNAL_RUN_LAST, 0, NULL,
                                       NULL, NULL, G_TYPE_NONE, 2, OMNI_TYPE_FUSION_VERSION, G_TYPE_STRING);
  signals[SIGNAL_DELETE] = g_signal_new ("delete-version", OMNI_TYPE_VERSIONS_BUTTON, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 1, OMNI_TYPE_FUSION_VERSION);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/omnifuse/Omnifuse/versions-button.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniVersionsButton, button);
  gtk_widget_class_bind_template_child (widget_class, OmniVersionsButton, list);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, popover_shown_cb);
  gtk_widget_class_bind_template_callback (widget_class, popover_closed_cb);
}

static void
omni_versions_button_init (OmniVersionsButton *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
