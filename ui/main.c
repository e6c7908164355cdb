/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/settings.h"
#include "ui/application.h"

#include <libintl.h>
#include <locale.h>

/* The build folder has the translations beside the program, an installation next to its folder, wherever that was put. */
static char *
find_locale_folder (void)
{
  static const char *const places[] = { "po", "../share/locale" };
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : g_strdup (".");

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
  {
    g_autofree char *place = g_build_filename (folder, places[i], NULL);

    if (g_file_test (place, G_FILE_TEST_IS_DIR))
      return g_steal_pointer (&place);
  }
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
