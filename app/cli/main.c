/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "models/weights-header.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  const char *name;
  const char *summary;
  int (*run) (int argc, char **argv);
} Command;

static const Command commands[] = {
  { "fuse", "fuse pictures into one", omni_cli_fuse },
  { "batch", "fuse every set of pictures in and below folders", omni_cli_batch },
  { "align", "align pictures that were taken by hand", omni_cli_align },
  { "permute", "fuse in many orders and compare the results", omni_cli_permute },
  { "metrics", "score a fused picture", omni_cli_metrics },
  { "evaluate", "score models over a folder of scenes", omni_cli_evaluate },
  { "models", "list the models and their options", omni_cli_models },
  { "devices", "list the devices", omni_cli_devices },
  { "bench", "time a model or a kernel", omni_cli_bench },
  { "synthesize", "make sets with a known truth", omni_cli_synthesize },
  { "train", "train a network", omni_cli_train },
  { "evolve", "choose the best of many algorithms for each scene, to train towards", omni_cli_evolve },
  { "import", "turn other people's weights into ours", omni_cli_import },
};

static void
print_help (FILE *file)
{
  fputs ("Usage: omnifuse-cli COMMAND [OPTION…] [SOURCE…]\n"
         "\n"
         "Fuses pictures of one scene into one picture.\n"
         "\n"
         "Commands:\n",
         file);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (file, "  %-10s  %s\n", commands[i].name, commands[i].summary);
  fputs ("\n"
         "omnifuse-cli COMMAND --help tells more about a command, omnifuse-cli --version the version.\n"
         "Exit status: 0 done, 1 the results differ (permute), 2 error.\n",
         file);
}

char *
omni_cli_make_sentence (const GError *error)
{
  g_autofree char *readable = omni_weights_make_readable (error->message); /* it may quote a file */
  /* Layers below give what may be put into another sentence, too. */
  return g_strconcat (
    readable, readable[0] == '\0' || strchr (".!?", readable[strlen (readable) - 1]) != NULL ? "" : ".",
    NULL);
}

void
omni_cli_complain (const char *sentence)
{
  g_autofree char *display = g_locale_from_utf8 (sentence, -1, NULL, NULL, NULL);
  fprintf (stderr, "omnifuse-cli: %s\n", display != NULL ? display : sentence);
}

int
omni_cli_fail (GError *error)
{
  g_autofree char *sentence = omni_cli_make_sentence (error);
  omni_cli_complain (sentence);
  g_error_free (error);
  return OMNI_EXIT_ERROR;
}

void
omni_cli_warn (gboolean quiet, const char *message)
{
  if (!quiet)
    fprintf (stderr, "omnifuse-cli: warning: %s\n", message);
}

/* Messages of the layers below look like our own. */
static void
log_cb (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) != 0 && g_getenv ("G_MESSAGES_DEBUG") == NULL)
    return;
  fprintf (stderr, "omnifuse-cli: %s\n", message);
}

static const Command *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

/* A full disk must not look like success. */
static int
finish (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  fprintf (stderr, "omnifuse-cli: The output cannot be written: %s.\n", g_strerror (errno));
  return OMNI_EXIT_ERROR;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  g_set_prgname ("omnifuse-cli");
  g_log_set_default_handler (log_cb, NULL);

  if (argc < 2)
  {
    print_help (stderr);
    return OMNI_EXIT_ERROR;
  }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 || strcmp (argv[1], "help") == 0)
  {
    print_help (stdout);
    return finish (OMNI_EXIT_DONE);
  }
  if (strcmp (argv[1], "--version") == 0)
  {
    printf ("omnifuse-cli %s\n", OMNI_VERSION);
    return finish (OMNI_EXIT_DONE);
  }
  const Command *command = find_command (argv[1]);
  if (command == NULL)
  {
    fprintf (stderr,
             "omnifuse-cli: There is no command “%s”; the commands are fuse, batch, align, permute, metrics, "
             "evaluate, "
             "models, devices, bench, synthesize, train, evolve and import.\n",
             argv[1]);
    return OMNI_EXIT_ERROR;
  }
  const int status = finish (command->run (argc - 1, argv + 1));
  omni_metrics_close_device ();
  return status;
}
