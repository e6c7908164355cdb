/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/settings.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define GROUP "Settings"

static const struct
{
  const char *key;
  const char *otherwise;
  const char *variable; /* (nullable) */
} table[] = {
  { OMNI_SETTING_DEVICE, "", "OMNIFUSE_DEVICE" },
  { OMNI_SETTING_MEMORY_MIB, "", "OMNIFUSE_MEMORY_MIB" },
  { OMNI_SETTING_HOST_MIB, "", "OMNIFUSE_HOST_MIB" },
  { OMNI_SETTING_EXPORT_DEPTH, "own", NULL },
  { OMNI_SETTING_EXPORT_QUALITY, "95", NULL },
  { OMNI_SETTING_EXPORT_PROFILE, "own", NULL },
  { OMNI_SETTING_EXPORT_METADATA, "yes", NULL },
  { OMNI_SETTING_LEVEL_AXES, "across", NULL },
  { OMNI_SETTING_RESTORE, "yes", NULL },
  { OMNI_SETTING_TALK, "", NULL },
  { OMNI_SETTING_STAGE_SIZE, "1024", NULL },
  { OMNI_SETTING_HELP_READ, "no", NULL },
};

static char *
get_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "omnifuse", "settings.ini", NULL);
}

/* Read anew each time: a few lines, and another window may have written it. */
static GKeyFile *
read_file (void)
{
  GKeyFile *file = g_key_file_new ();
  g_autofree char *path = get_path ();

  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS | G_KEY_FILE_KEEP_TRANSLATIONS, NULL);
  return file;
}

static const char *
get_default (const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].key, key))
      return table[i].otherwise;
  g_return_val_if_reached ("");
}

char *
omni_settings_dup (const char *key)
{
  g_autoptr (GKeyFile) file = read_file ();
  char *value = g_key_file_get_string (file, GROUP, key, NULL);

  return value != NULL ? value : g_strdup (get_default (key));
}

gboolean
omni_settings_is (const char *key, const char *value)
{
  g_autofree char *own = omni_settings_dup (key);

  return g_str_equal (own, value);
}

gboolean
omni_settings_set (const char *key, const char *value, GError **error)
{
  g_autoptr (GKeyFile) file = read_file ();
  g_autofree char *path = get_path ();
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_str_equal (value, get_default (key)))
    g_key_file_remove_key (file, GROUP, key, NULL);
  else
    g_key_file_set_string (file, GROUP, key, value);
  if (g_mkdir_with_parents (folder, 0700) == 0)
    return g_key_file_save_to_file (file, path, error);
  const int code = errno;
  g_autofree char *name = g_filename_display_name (folder);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("The folder “%s” for settings cannot be made: %s"), name, g_strerror (code));
  return FALSE;
}

void
omni_settings_apply (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
  {
    g_autofree char *value = table[i].variable != NULL ? omni_settings_dup (table[i].key) : g_strdup ("");
    if (value[0] != '\0')
      g_setenv (table[i].variable, value, FALSE);
  }
}
