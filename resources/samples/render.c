/* render.c: draws every picture of this folder. Nothing here ships with the program; the pictures do.
 *
 *   meson compile -C build omnifuse-render-samples
 *   build/resources/samples/omnifuse-render-samples resources/samples
 *
 * For a quick look: --scale 0.4 --samples 8 --only room some-other-folder
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenes.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

gboolean
file_name (char *buffer, gsize size, const char *folder, const char *part, const char *name)
{
  g_autofree char *path = g_build_filename (folder, part, NULL);
  if (g_mkdir_with_parents (path, 0777) != 0)
  {
    g_printerr ("%s: %s\n", path, g_strerror (errno));
    return FALSE;
  }
  return g_snprintf (buffer, size, "%s/%s", path, name) < (int)size;
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    gboolean (*draw) (const char *folder, const Effort *effort);
    guint samples;
  } scenes[] = { { "room", room_draw, 24 },
                 { "chess", chess_draw, 32 },
                 { "yard", yard_draw, 32 },
                 { "phantom", phantom_draw, 1 } };
  int threads = 2, samples = 0;
  double scale = 1.0;
  g_autofree char *only = NULL;
  const GOptionEntry entries[] = {
    { "scale", 0, 0, G_OPTION_ARG_DOUBLE, &scale, "Size of the pictures", "1.0" },
    { "samples", 0, 0, G_OPTION_ARG_INT, &samples, "Samples per pixel, over each scene's own", "N" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &threads, "Threads", "2" },
    { "only", 0, 0, G_OPTION_ARG_STRING, &only, "One scene: room, chess, yard or phantom", "NAME" },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FOLDER");
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2 || scale <= 0.0 || scale > 4.0)
  {
    g_printerr ("%s\n",
                error != NULL ? error->message : "Say which folder to write to, and a scale up to 4.");
    return 2;
  }
  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
  {
    if (only != NULL && strcmp (only, scenes[i].name) != 0)
      continue;
    const Effort effort = { .samples = samples > 0 ? (guint)samples : scenes[i].samples,
                            .threads = (guint)MAX (threads, 1),
                            .scale = (float)scale };
    const gint64 start = g_get_monotonic_time ();
    if (!scenes[i].draw (argv[1], &effort))
      return 1;
    g_print ("%s: %.0f s\n", scenes[i].name, (g_get_monotonic_time () - start) * 1e-6);
  }
  return 0;
}
