/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a program as a screen reader does: names-helper PID NAME…; exits with 0 once every NAME is found among the
 * accessible objects of that process, with 1 and the missing ones on stderr after a minute. */
#include <atspi/atspi.h>

#define TRIES 60

static void
collect (AtspiAccessible *object, GHashTable *names, guint depth)
{
  g_autofree char *name = object != NULL ? atspi_accessible_get_name (object, NULL) : NULL;

  if (name == NULL || depth > 64)
    return;
  g_hash_table_add (names, g_steal_pointer (&name));
  const int n = atspi_accessible_get_child_count (object, NULL);
  for (int i = 0; i < n; i++)
  {
    AtspiAccessible *child = atspi_accessible_get_child_at_index (object, i, NULL);
    collect (child, names, depth + 1);
    g_clear_object (&child);
  }
}

static GHashTable *
collect_process (guint pid)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  AtspiAccessible *desktop = atspi_get_desktop (0);

  for (int i = 0; i < atspi_accessible_get_child_count (desktop, NULL); i++)
  {
    AtspiAccessible *application = atspi_accessible_get_child_at_index (desktop, i, NULL);
    if (application != NULL && atspi_accessible_get_process_id (application, NULL) == pid)
      collect (application, names, 0);
    g_clear_object (&application);
  }
  g_object_unref (desktop);
  return names;
}

int
main (int argc, char **argv)
{
  const guint pid = (guint)g_ascii_strtoull (argv[1], NULL, 10);
  guint missing = 0;

  if (argc < 3 || atspi_init () > 1)
    return 1;
  for (guint try = 0; try < TRIES; try++)
  {
    g_autoptr (GHashTable) names = collect_process (pid);
    missing = 0;
    for (int i = 2; i < argc; i++)
      if (!g_hash_table_contains (names, argv[i]))
      {
        missing++;
        if (try == TRIES - 1)
          g_printerr ("no accessible object is called “%s”\n", argv[i]);
      }
    if (missing == 0)
      break;
    g_usleep (G_USEC_PER_SEC);
  }
  return missing > 0;
}
