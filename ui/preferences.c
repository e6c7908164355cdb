/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/preferences.h"

#include "app/fusion/engine.h"
#include "app/settings.h"

#include <glib/gi18n.h>

struct _OmniPreferences
{
  AdwPreferencesWindow parent_instance;

  AdwComboRow *device;
  GPtrArray *selectors; /* char *: of each entry */
  AdwEntryRow *memory;
  AdwEntryRow *host;
  AdwComboRow *depth;
  AdwComboRow *profile;
  GtkSpinButton *quality;
  GtkSwitch *metadata;
  GtkSwitch *restore;
  AdwComboRow *level_axes;
  AdwComboRow *stage_size;
  AdwActionRow *talk;
  GtkFileChooserNative *chooser;
  gboolean filling;
};

G_DEFINE_FINAL_TYPE (OmniPreferences, omni_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static const char *const depths[] = { "own", "8", "16", "32f", NULL };
static const char *const profiles[] = { "own", "srgb", NULL };
static const char *const level_axes[] = { "across", "up", NULL };
static const char *const stage_sizes[] = { "512", "1024", "full", NULL };

static void
set (OmniPreferences *self, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;

  if (!self->filling && !omni_settings_set (key, value, &error))
  {
    g_autofree char *words = g_markup_escape_text (error->message, -1);
    adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), adw_toast_new (words));
  }
}

/* Choices */

static void
fill_combo (AdwComboRow *row, const char *const *values, const char *key)
{
  for (guint i = 0; values[i] != NULL; i++)
    if (omni_settings_is (key, values[i]))
      adw_combo_row_set_selected (row, i);
}

static void
combo_changed (OmniPreferences *self, AdwComboRow *row, const char *const *values, const char *key)
{
  const guint selected = adw_combo_row_get_selected (row);

  if (selected < g_strv_length ((char **)values))
    set (self, key, values[selected]);
}

static void
depth_changed_cb (OmniPreferences *self)
{
  combo_changed (self, self->depth, depths, OMNI_SETTING_EXPORT_DEPTH);
}

static void
profile_changed_cb (OmniPreferences *self)
{
  combo_changed (self, self->profile, profiles, OMNI_SETTING_EXPORT_PROFILE);
}

static void
level_axes_changed_cb (OmniPreferences *self)
{
  combo_changed (self, self->level_axes, level_axes, OMNI_SETTING_LEVEL_AXES);
}

static void
stage_size_changed_cb (OmniPreferences *self)
{
  combo_changed (self, self->stage_size, stage_sizes, OMNI_SETTING_STAGE_SIZE);
}

static void
quality_changed_cb (OmniPreferences *self)
{
  g_autofree char *value = g_strdup_printf ("%d", gtk_spin_button_get_value_as_int (self->quality));

  set (self, OMNI_SETTING_EXPORT_QUALITY, value);
}

static void
metadata_changed_cb (OmniPreferences *self)
{
  set (self, OMNI_SETTING_EXPORT_METADATA, gtk_switch_get_active (self->metadata) ? "yes" : "no");
}

static void
restore_changed_cb (OmniPreferences *self)
{
  set (self, OMNI_SETTING_RESTORE, gtk_switch_get_active (self->restore) ? "yes" : "no");
}

/* Memory: a number, or nothing */

static void
apply_number (OmniPreferences *self, AdwEntryRow *row, const char *key)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (row));
  guint64 value;

  if (text[0] == '\0' || g_ascii_string_to_unsigned (text, 10, 16, G_MAXUINT32, &value, NULL))
  {
    gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
    set (self, key, text);
  }
  else
    gtk_widget_add_css_class (GTK_WIDGET (row), "error");
}

static void
memory_applied_cb (OmniPreferences *self)
{
  apply_number (self, self->memory, OMNI_SETTING_MEMORY_MIB);
}

static void
host_applied_cb (OmniPreferences *self)
{
  apply_number (self, self->host, OMNI_SETTING_HOST_MIB);
}

static void
fill_entry (AdwEntryRow *row, const char *key)
{
  g_autofree char *value = omni_settings_dup (key);

  gtk_editable_set_text (GTK_EDITABLE (row), value);
}

/* Devices: asking the drivers takes a while. */

static void
list_devices_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, omni_engine_list_devices (NULL), (GDestroyNotify)g_array_unref);
}

static void
device_changed_cb (OmniPreferences *self)
{
  const guint selected = adw_combo_row_get_selected (self->device);

  if (selected < self->selectors->len)
    set (self, OMNI_SETTING_DEVICE, self->selectors->pdata[selected]);
}

static void
devices_listed_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniPreferences *self = OMNI_PREFERENCES (object);
  g_autoptr (GArray) devices = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (GtkStringList)
    titles = gtk_string_list_new ((const char *const[]){ _ ("The Best There Is"), _ ("Software"), NULL });
  g_autofree char *own = omni_settings_dup (OMNI_SETTING_DEVICE);

  for (guint i = 0; devices != NULL && i < devices->len; i++)
  {
    const OmniDeviceInfo *info = &g_array_index (devices, OmniDeviceInfo, i);
    gtk_string_list_append (titles, info->name);
    g_ptr_array_add (self->selectors, g_strdup_printf ("%u", info->index));
  }
  self->filling = TRUE;
  adw_combo_row_set_model (self->device, G_LIST_MODEL (titles));
  for (guint i = 0; i < self->selectors->len; i++)
    if (g_str_equal (own, self->selectors->pdata[i]))
      adw_combo_row_set_selected (self->device, i);
  self->filling = FALSE;
}

/* The talk */

static void
show_talk (OmniPreferences *self)
{
  g_autofree char *path = omni_settings_dup (OMNI_SETTING_TALK);
  g_autofree char *name = path[0] != '\0' ? g_filename_display_name (path) : NULL;
  g_autofree char *markup = name != NULL ? g_markup_escape_text (name, -1) : NULL;

  adw_action_row_set_subtitle (self->talk,
                               markup != NULL ? markup : _ ("The one that ships with the program"));
}

static void
talk_response_cb (OmniPreferences *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    if (path != NULL)
      set (self, OMNI_SETTING_TALK, path);
    show_talk (self);
  }
  g_clear_object (&self->chooser);
}

static void
choose_talk_cb (OmniPreferences *self)
{
  if (self->chooser != NULL)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("Open a Talk"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (talk_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
reset_talk_cb (OmniPreferences *self)
{
  set (self, OMNI_SETTING_TALK, "");
  show_talk (self);
}

/* The window */

static void
fill (OmniPreferences *self)
{
  g_autofree char *quality = omni_settings_dup (OMNI_SETTING_EXPORT_QUALITY);

  self->filling = TRUE;
  fill_combo (self->depth, depths, OMNI_SETTING_EXPORT_DEPTH);
  fill_combo (self->profile, profiles, OMNI_SETTING_EXPORT_PROFILE);
  fill_combo (self->level_axes, level_axes, OMNI_SETTING_LEVEL_AXES);
  fill_combo (self->stage_size, stage_sizes, OMNI_SETTING_STAGE_SIZE);
  fill_entry (self->memory, OMNI_SETTING_MEMORY_MIB);
  fill_entry (self->host, OMNI_SETTING_HOST_MIB);
  gtk_spin_button_set_value (self->quality, g_ascii_strtod (quality, NULL));
  gtk_switch_set_active (self->metadata, omni_settings_is (OMNI_SETTING_EXPORT_METADATA, "yes"));
  gtk_switch_set_active (self->restore, omni_settings_is (OMNI_SETTING_RESTORE, "yes"));
  show_talk (self);
  self->filling = FALSE;
}

static void
omni_preferences_dispose (GObject *object)
{
  OmniPreferences *self = OMNI_PREFERENCES (object);

  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (omni_preferences_parent_class)->dispose (object);
}

static void
omni_preferences_finalize (GObject *object)
{
  g_ptr_array_unref (OMNI_PREFERENCES (object)->selectors);
  G_OBJECT_CLASS (omni_preferences_parent_class)->finalize (object);
}

static void
bind_callbacks (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, device_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, memory_applied_cb);
  gtk_widget_class_bind_template_callback (widget_class, host_applied_cb);
  gtk_widget_class_bind_template_callback (widget_class, depth_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, profile_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, quality_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, metadata_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, restore_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, level_axes_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, stage_size_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_talk_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_talk_cb);
}

static void
omni_preferences_class_init (OmniPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_preferences_dispose;
  G_OBJECT_CLASS (klass)->finalize = omni_preferences_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, device);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, memory);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, host);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, depth);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, profile);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, quality);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, metadata);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, restore);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, level_axes);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, stage_size);
  gtk_widget_class_bind_template_child (widget_class, OmniPreferences, talk);
  bind_callbacks (widget_class);
}

static void
omni_preferences_init (OmniPreferences *self)
{
  self->filling = TRUE;
  self->selectors = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->selectors, g_strdup (""));
  g_ptr_array_add (self->selectors, g_strdup ("software"));
  gtk_widget_init_template (GTK_WIDGET (self));
  fill (self);
  g_autoptr (GTask) task = g_task_new (self, NULL, devices_listed_cb, NULL);
  g_task_run_in_thread (task, list_devices_in_thread);
}

GtkWindow *
omni_preferences_new (GtkWindow *parent)
{
  return g_object_new (OMNI_TYPE_PREFERENCES, "transient-for", parent, "modal", TRUE, NULL);
}
