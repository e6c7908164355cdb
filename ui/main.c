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

/* The device nodes of graphics cards: of the kernel's drivers, NVIDIA's own, and Windows' for its Linux guests. */
static gboolean
has_graphics_card (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/dev/dri", 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    if (g_str_has_prefix (name, "renderD"))
      return TRUE;
  return g_file_test ("/dev/nvidiactl", G_FILE_TEST_EXISTS) || g_file_test ("/dev/dxg", G_FILE_TEST_EXISTS);
}

/* Without a card GTK would draw through Mesa's software OpenGL, which compiles each of its programs when it is first seen and keeps
 * the window waiting for it, a tenth of a second or more; cairo does not (tests/ui/bench-window). */
static void
choose_renderer (void)
{
  if (!has_graphics_card ())
    g_setenv ("GSK_RENDERER", "cairo", FALSE);
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
  choose_renderer ();
  omni_settings_apply ();

  g_autoptr (OmniApplication) application = omni_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
