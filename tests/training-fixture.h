/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/sampler.h"
#include "tests/cli-common.h"

#include <glib/gstdio.h>
#include <string.h>

/* A made-up data folder: exposures of three and five frames, slices of four patients, sharp pictures, and what a training
 * must leave out and name. */
static inline char *
make_data_folder (void)
{
  GError *error = NULL;
  char *root = g_dir_make_tmp ("omnifuse-data-XXXXXX", &error);
  g_assert_no_error (error);
  for (guint scene = 0; scene < 8; scene++)
  {
    g_autofree char *folder = g_strdup_printf ("%s/exposure/scene%u", root, scene);
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    for (guint k = 0; k < (scene % 2 == 0 ? 3 : 5); k++)
    {
      g_autofree char *name = g_strdup_printf ("%02u.png", k);
      g_free (write_scene (folder, name, scene, 96, 80, 3, FALSE, OMNI_SAMPLE_U8, 0.4 + 0.3 * k));
    }
  }
  const char *const slices[] = { "25001", "25002", "25003", "30001", "30002", "31007", "31008", "40001" };
  for (guint i = 0; i < G_N_ELEMENTS (slices); i++)
  {
    g_autofree char *folder = g_strdup_printf ("%s/mri-pet/%s", root, slices[i]);
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    g_free (write_scene (folder, "mri.png", i, 64, 64, 1, FALSE, OMNI_SAMPLE_U8, 1));
    g_free (write_scene (folder, "pet.png", i + 20, 64, 64, 3, FALSE, OMNI_SAMPLE_U8, 1));
  }
  g_autofree char *natural = g_build_filename (root, "natural", NULL);
  g_assert_cmpint (g_mkdir_with_parents (natural, 0700), ==, 0);
  for (guint i = 0; i < 9; i++)
  {
    g_autofree char *name = g_strdup_printf ("n%u.png", i);
    g_free (write_scene (natural, name, 40 + i, 120, 100, 3, FALSE, OMNI_SAMPLE_U8, 1));
  }
  return root;
}

static inline OmniRecipe *
parse_recipe (const char *text)
{
  GError *error = NULL;
  OmniRecipe *recipe = omni_recipe_parse (text, "test.recipe", &error);
  g_assert_no_error (error);
  return recipe;
}

/* Everything a batch hands to the trainer, as one hash. */
static inline char *
hash_batch (const OmniTrainBatch *batch)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const guint numbers[] = { batch->task, batch->n_sets, batch->n_sources, batch->size_px };
  const gsize plane = (gsize)batch->size_px * batch->size_px * sizeof (float);
  g_checksum_update (checksum, (const guchar *)numbers, sizeof numbers);
  g_checksum_update (checksum, (const guchar *)batch->luma,
                     (gssize)(plane * batch->n_sets * batch->n_sources));
  if (batch->truth != NULL)
    g_checksum_update (checksum, (const guchar *)batch->truth, (gssize)(plane * batch->n_sets));
  return g_strdup (g_checksum_get_string (checksum));
}

#define TEST_RECIPE                                                                                          \
  "[network]\narchitecture = ifani\n"                                                                        \
  "[train]\nsteps = 12\nbatch = 2\ncrop = 32\nvalidate-every = 5\ncheckpoint-every = 4\nvalidation-size = "  \
  "48\n"                                                                                                     \
  "[task exposure]\ndata = exposure\nsources = 2, 3, 5\nloss = mef-ssim 1\nprobability = 0.5\n"              \
  "[task focus]\ndata = natural\nsynthesis = focus\nsources = 2-4\nnoise = 0-0.01\njpeg = 0.3\nloss = mae "  \
  "1, ssim 1\n"                                                                                              \
  "[task medical]\ndata = mri-pet\nsources = 2\nloss = mef-structure 0.5, max-intensity 2\n"

/* Whether one of the notes of a dataset has these words in it. */
static inline gboolean
has_note (GPtrArray *notes, const char *words)
{
  for (guint i = 0; i < notes->len; i++)
    if (strstr (notes->pdata[i], words) != NULL)
      return TRUE;
  return FALSE;
}
