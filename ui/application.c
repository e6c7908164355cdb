/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/application.h"

#include "app/fusion/engine.h"
#include "app/document/session-store.h"
#include "app/settings.h"
#include "ui/preferences.h"
#include "ui/window/window.h"

#include <glib/gi18n.h>

/* More windows than that are not opened by themselves; their sets are among the recent ones. */
#define MAX_RESTORED 4

struct _OmniApplication
{
  AdwApplication parent_instance;

  OmniEngine *engine;
};

G_DEFINE_FINAL_TYPE (OmniApplication, omni_application, ADW_TYPE_APPLICATION)

static OmniWindow *
create_window (OmniApplication *self)
{
  if (self->engine == NULL)
    self->engine = omni_engine_new (NULL);
  return omni_window_new (ADW_APPLICATION (self), self->engine);
}

/* What was open when the program ended, however it did; or an empty window. */
static GtkWindow *
restore_windows (OmniApplication *self)
{
  g_autoptr (GPtrArray) paths = omni_settings_is (OMNI_SETTING_RESTORE, "yes")
                                  ? omni_session_store_list (TRUE)
                                  : g_ptr_array_new ();
  OmniWindow *window = NULL;

  for (guint i = MIN (paths->len, MAX_RESTORED); i-- > 0;)
  {
    window = create_window (self);
    omni_window_restore_session (window, paths->pdata[i]);
    gtk_window_present (GTK_WINDOW (window));
  }
  return GTK_WINDOW (window != NULL ? window : create_window (self));
}

static void
omni_application_activate (GApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (window == NULL)
    window = restore_windows (OMNI_APPLICATION (application));
  gtk_window_present (window);
}

static void
omni_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  OmniWindow *window = create_window (OMNI_APPLICATION (application));
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (int i = 0; i < n_files; i++)
  {
    char *path = g_file_get_path (files[i]);
    g_ptr_array_add (paths, path != NULL ? path : g_file_get_uri (files[i]));
  }
  g_ptr_array_add (paths, NULL);
  omni_window_open_paths (window, (const char *const *)paths->pdata);
  gtk_window_present (GTK_WINDOW (window));
}

static void
new_window_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (create_window (data)));
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkApplication *application = data;
  GtkWindow *window;

  /* Not g_application_quit(), which would not wait for a file that is being written. */
  g_application_hold (data);
  while ((window = gtk_application_get_active_window (application)) != NULL)
    gtk_window_destroy (window);
  g_application_release (data);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *parent = gtk_application_get_active_window (data);

  adw_show_about_window (
    parent, "application-name", "Omnifuse", "application-icon", "io.github.omnifuse.Omnifuse", "version",
    OMNI_VERSION, "developer-name", _ ("The Omnifuse Contributors"), "license-type", GTK_LICENSE_GPL_3_0,
    "comments",
    _ ("Fuses pictures of one scene into one, with any number of sources in any order.\n\n"
       "Research use only, not a medical device."),
    NULL);
}

static void
preferences_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (omni_preferences_new (gtk_application_get_active_window (data)));
}

static void
add_accelerators (GtkApplication *application)
{
  static const struct
  {
    const char *action;
    const char *keys[3];
  } accelerators[] = {
    { "app.new-window", { "<Control>n" } },
    { "app.quit", { "<Control>q" } },
    { "app.preferences", { "<Control>comma" } },
    { "window.close", { "<Control>w" } },
    { "win.open", { "<Control>o" } },
    { "win.open-folder", { "<Control><Shift>o" } },
    { "win.save", { "<Control>s" } },
    { "win.undo", { "<Control>z" } },
    { "win.paste", { "<Control>v" } },
    { "win.redo", { "<Control><Shift>z", "<Control>y" } },
    { "win.align-frames", { "<Control>l" } },
    { "win.fuse", { "F5" } },
    { "win.stage", { "F8" } },
    { "win.side-by-side", { "F9" } },
    { "win.full-screen", { "F11" } },
    { "win.present", { "F12" } },
    { "win.zoom-fit", { "<Control>0", "<Control>KP_0" } },
    { "win.zoom-full", { "<Control>1", "<Control>KP_1" } },
    { "win.export-view", { "<Control><Shift>e" } },
    { "win.shortcuts", { "<Control>question", "<Control><Shift>slash" } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (
      application, accelerators[i].action,
      (const char *const[]){ accelerators[i].keys[0], accelerators[i].keys[1], NULL });
}

static void
omni_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = {
    { .name = "new-window", .activate = new_window_action },
    { .name = "quit", .activate = quit_action },
    { .name = "about", .activate = about_action },
    { .name = "preferences", .activate = preferences_action },
  };

  G_APPLICATION_CLASS (omni_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name ("io.github.omnifuse.Omnifuse");
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  add_accelerators (GTK_APPLICATION (application));
}

/* What the windows asked for they have cancelled. */
static void
omni_application_shutdown (GApplication *application)
{
  OmniApplication *self = OMNI_APPLICATION (application);

  if (self->engine != NULL)
    omni_engine_stop (self->engine);
  G_APPLICATION_CLASS (omni_application_parent_class)->shutdown (application);
}

static void
omni_application_finalize (GObject *object)
{
  OmniApplication *self = OMNI_APPLICATION (object);

  g_clear_object (&self->engine);
  G_OBJECT_CLASS (omni_application_parent_class)->finalize (object);
}

static void
omni_application_class_init (OmniApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = omni_application_finalize;
  application_class->startup = omni_application_startup;
  application_class->shutdown = omni_application_shutdown;
  application_class->activate = omni_application_activate;
  application_class->open = omni_application_open;
}

static void
omni_application_init (OmniApplication *self)
{
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[FILE OR FOLDER…]"));
  g_application_set_option_context_summary (G_APPLICATION (self),
                                            _ ("Fuses pictures of one scene into one, in a window."));
}

OmniApplication *
omni_application_new (void)
{
  return g_object_new (OMNI_TYPE_APPLICATION, "application-id", "io.github.omnifuse.Omnifuse", "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path", "/io/github/omnifuse/Omnifuse",
                       NULL);
}
