/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/run-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define SUFFIX ".safetensors"

gboolean
omni_train_paths_init (OmniTrainPaths *self, const char *output, GError **error)
{
  g_autofree char *name = g_filename_display_name (output);
  g_autofree char *folder = g_path_get_dirname (output);
  if (!g_str_has_suffix (output, SUFFIX) || g_str_has_suffix (output, G_DIR_SEPARATOR_S SUFFIX))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "Weights are written as NAME%s, and “%s” is none; choose such a name (-o).", SUFFIX, name);
    return FALSE;
  }
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "The folder of “%s” does not exist; make it, or choose another one (-o).", name);
    return FALSE;
  }
  g_autofree char *stem = g_strndup (output, strlen (output) - strlen (SUFFIX));
  self->weights = g_strdup (output);
  self->best = g_strconcat (stem, ".best.checkpoint", NULL);
  self->last = g_strconcat (stem, ".last.checkpoint", NULL);
  self->csv = g_strconcat (stem, ".csv", NULL);
  self->validation = g_strconcat (stem, ".validation.csv", NULL);
  self->page = g_strconcat (stem, ".html", NULL);
  self->fusions = g_strconcat (stem, ".fusions", NULL);
  return TRUE;
}

void
omni_train_paths_clear (OmniTrainPaths *self)
{
  char **paths[] = { &self->weights,    &self->best, &self->last,   &self->csv,
                     &self->validation, &self->page, &self->fusions };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_clear_pointer (paths[i], g_free);
}

static gboolean
is_same_file (const char *a, const char *b)
{
  GStatBuf of_a, of_b;
  return g_stat (a, &of_a) == 0 && g_stat (b, &of_b) == 0 && of_a.st_dev == of_b.st_dev
         && of_a.st_ino == of_b.st_ino;
}

gboolean
omni_train_paths_own (const OmniTrainPaths *self, const char *checkpoint)
{
  return is_same_file (checkpoint, self->last) || is_same_file (checkpoint, self->best);
}

gboolean
omni_train_paths_check_free (const OmniTrainPaths *self, GError **error)
{
  const char *const files[] = { self->weights,    self->last, self->best,   self->csv,
                                self->validation, self->page, self->fusions };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (g_file_test (files[i], G_FILE_TEST_EXISTS))
    {
      g_autofree char *name = g_filename_display_name (files[i]);
      g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "“%s” is there already; go on from its run's own checkpoint (--resume), choose another name "
        "(-o), or write over it (--force).",
        name);
      return FALSE;
    }
  return TRUE;
}

gboolean
omni_train_is_checkpoint_of (const char *checkpoint, const char *output)
{
  g_auto (OmniTrainPaths) paths = { 0 };
  return omni_train_paths_init (&paths, output, NULL) && omni_train_paths_own (&paths, checkpoint);
}

gboolean
omni_train_check_output (const char *output, gboolean force, GError **error)
{
  g_auto (OmniTrainPaths) paths = { 0 };
  return omni_train_paths_init (&paths, output, error)
         && (force || omni_train_paths_check_free (&paths, error));
}
