/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/application.h"

#include <libintl.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, OMNI_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Omnifuse");

  g_autoptr (OmniApplication) application = omni_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
