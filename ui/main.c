/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/settings.h"
#include "ui/application.h"

#include <libintl.h>
#include <locale.h>

/* The build folder has the translations beside the program. */
static char *
find_locale_folder (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : g_strdup (".");
  char *beside = g_build_filename (folder, "po", NULL);

  if (g_file_test (beside, G_FILE_TEST_IS_DIR))
    return beside;
  g_free (beside);
  return g_strdup (OMNI_LOCALEDIR);
}

int
main (int argc, char **argv)
{
  g_autofree char *locale_folder = find_locale_folder ();

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_folder);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Omnifuse");
  omni_settings_apply ();

  g_autoptr (OmniApplication) application = omni_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
