/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a program as a screen reader does: names-helper PID NAME…; exits with 0 once every NAME is found among the
 * accessible objects of that process, with 1 and the missing ones on stderr after a minute. names-helper --nameless PID exits with 0
 * once every control that can have the focus has a name, else with 1 and where the others stand. */
#include <atspi/atspi.h>

#define TRIES          60
#define TRIES_NAMELESS 5

/* Where there is nothing else GTK takes the type of the widget or of what is in it. */
static gboolean
is_name (const char *name)
{
  return name[0] != '\0' && !g_regex_match_simple ("^(Gtk|Adw|Omni)[A-Z][A-Za-z]*$", name, 0, 0);
}

/* "push button in panel “Sources” in …", up to the first that has a name. */
static char *
describe (AtspiAccessible *object)
{
  GString *words = g_string_new (NULL);
  g_autoptr (GObject) next = g_object_ref (G_OBJECT (object));

  while (next != NULL)
  {
    AtspiAccessible *self = ATSPI_ACCESSIBLE (next);
    g_autofree char *role = atspi_accessible_get_role_name (self, NULL);
    g_autofree char *name = atspi_accessible_get_name (self, NULL);
    g_autofree char *description = atspi_accessible_get_description (self, NULL);
    const gboolean ends = name != NULL && is_name (name);
    g_string_append_printf (words, "%s%s “%s” (%s)", words->len > 0 ? " in " : "", role, name, description);
    GObject *parent = ends ? NULL : (GObject *)atspi_accessible_get_parent (self, NULL);
    g_object_unref (next);
    next = parent;
  }
  return g_string_free (words, FALSE);
}

/* Something to do a thing with, which has a place and can have the focus; not what only scrolls or holds others. */
static gboolean
is_control (AtspiAccessible *object)
{
  static const AtspiRole roles[] = { ATSPI_ROLE_PUSH_BUTTON,  ATSPI_ROLE_TOGGLE_BUTTON, ATSPI_ROLE_CHECK_BOX,
                                     ATSPI_ROLE_RADIO_BUTTON, ATSPI_ROLE_COMBO_BOX,     ATSPI_ROLE_SLIDER,
                                     ATSPI_ROLE_SPIN_BUTTON,  ATSPI_ROLE_ENTRY,         ATSPI_ROLE_TEXT,
                                     ATSPI_ROLE_LINK,         ATSPI_ROLE_MENU_ITEM };
  const AtspiRole role = atspi_accessible_get_role (object, NULL);
  AtspiStateSet *states = atspi_accessible_get_state_set (object);
  gboolean is = atspi_state_set_contains (states, ATSPI_STATE_FOCUSABLE)
                && atspi_state_set_contains (states, ATSPI_STATE_SENSITIVE);
  guint i = 0;

  g_object_unref (states);
  while (i < G_N_ELEMENTS (roles) && roles[i] != role)
    i++;
  if (!is || i == G_N_ELEMENTS (roles))
    return FALSE;
  AtspiRect *rect = atspi_component_get_extents (ATSPI_COMPONENT (object), ATSPI_COORD_TYPE_WINDOW, NULL);
  is = rect != NULL && rect->width > 0;
  g_free (rect);
  return is;
}

/* `nameless` (nullable): lists those that lack a name. */
static void
collect (AtspiAccessible *object, GHashTable *names, GPtrArray *nameless, guint depth)
{
  g_autofree char *name = object != NULL ? atspi_accessible_get_name (object, NULL) : NULL;

  if (name == NULL || depth > 64)
    return;
  if (nameless != NULL && !is_name (name) && is_control (object))
    g_ptr_array_add (nameless, describe (object));
  g_hash_table_add (names, g_steal_pointer (&name));
  const int n = atspi_accessible_get_child_count (object, NULL);
  for (int i = 0; i < n; i++)
  {
    AtspiAccessible *child = atspi_accessible_get_child_at_index (object, i, NULL);
    collect (child, names, nameless, depth + 1);
    g_clear_object (&child);
  }
}

static GHashTable *
collect_process (guint pid, GPtrArray *nameless)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  AtspiAccessible *desktop = atspi_get_desktop (0);

  for (int i = 0; i < atspi_accessible_get_child_count (desktop, NULL); i++)
  {
    AtspiAccessible *application = atspi_accessible_get_child_at_index (desktop, i, NULL);
    if (application != NULL && atspi_accessible_get_process_id (application, NULL) == pid)
      collect (application, names, nameless, 0);
    g_clear_object (&application);
  }
  g_object_unref (desktop);
  return names;
}

static gboolean
all_have_names (guint pid)
{
  g_autoptr (GPtrArray) nameless = g_ptr_array_new_with_free_func (g_free);

  for (guint try = 0; try < TRIES_NAMELESS; try++)
  {
    g_ptr_array_set_size (nameless, 0);
    g_autoptr (GHashTable) names = collect_process (pid, nameless);
    if (g_hash_table_size (names) > 1 && nameless->len == 0)
      return TRUE;
    g_usleep (G_USEC_PER_SEC);
  }
  for (guint i = 0; i < nameless->len; i++)
    g_printerr ("no name: %s\n", (char *)nameless->pdata[i]);
  return FALSE;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--nameless"))
    return atspi_init () > 1 || !all_have_names ((guint)g_ascii_strtoull (argv[2], NULL, 10));
  const guint pid = (guint)g_ascii_strtoull (argv[1], NULL, 10);
  guint missing = 0;

  if (argc < 3 || atspi_init () > 1)
    return 1;
  for (guint try = 0; try < TRIES; try++)
  {
    g_autoptr (GHashTable) names = collect_process (pid, NULL);
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
