/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Runs the built omnifuse-cli ($OMNIFUSE_CLI), for the tests of the command line. Each test program is one file, so these are
 * all static. */

#include <json-glib/json-glib.h>
#include <string.h>

/* One run of the program. */
typedef struct
{
  int status;
  char *out, *err;
  JsonParser *parser;
  JsonObject *json; /* NULL when stdout is no JSON object */
} Run;

static char *folder; /* where it runs */

G_GNUC_UNUSED static void
run_clear (Run *run)
{
  g_free (run->out);
  g_free (run->err);
  g_clear_object (&run->parser);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

G_GNUC_UNUSED static Run
run_with_environment (const char *variable, const char *value, const char *const *arguments)
{
  g_autoptr (GSubprocessLauncher)
    launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_ptr_array_add (argv, (gpointer)g_getenv ("OMNIFUSE_CLI"));
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer)arguments[i]);
  g_ptr_array_add (argv, NULL);
  g_subprocess_launcher_set_cwd (launcher, folder);
  if (variable != NULL)
    g_subprocess_launcher_setenv (launcher, variable, value, TRUE);
  if (g_strcmp0 (variable, "VK_ICD_FILENAMES") == 0)
    g_subprocess_launcher_setenv (launcher, "VK_DRIVER_FILES", value, TRUE);

  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess)
    process = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv->pdata, &error);
  g_assert_no_error (error);
  Run run = { 0 };
  g_subprocess_communicate_utf8 (process, NULL, NULL, &run.out, &run.err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  run.status = g_subprocess_get_exit_status (process);
  run.parser = json_parser_new ();
  if (run.out[0] == '{' && json_parser_load_from_data (run.parser, run.out, -1, NULL))
    run.json = json_node_get_object (json_parser_get_root (run.parser));
  return run;
}

#define CLI(...) run_with_environment (NULL, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define CLI_ENV(variable, value, ...)                                                                        \
  run_with_environment (variable, value, (const char *const[]){ __VA_ARGS__, NULL })

G_GNUC_UNUSED static void
assert_done (const Run *run)
{
  if (run->status != 0)
    g_test_message ("%s", run->err);
  g_assert_cmpint (run->status, ==, 0);
}

G_GNUC_UNUSED static void
assert_members (JsonObject *object, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (!json_object_has_member (object, names[i]))
      g_error ("there is no “%s”", names[i]);
}

/* An error is one line on stderr, nothing on stdout. */
G_GNUC_UNUSED static void
assert_refused (const Run *run, const char *words)
{
  g_test_message ("%s", run->err);
  g_assert_cmpint (run->status, ==, 2);
  g_assert_cmpstr (run->out, ==, "");
  g_assert_true (g_str_has_prefix (run->err, "omnifuse-cli: "));
  g_assert_nonnull (strstr (run->err, words));
  g_assert_cmpuint (strcspn (run->err, "\n") + 1, ==, strlen (run->err));
}
