/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/run.h"
#include "tests/training-fixture.h"

#include <math.h>

/* A trainer that only remembers: its weights are a hash of every batch it has seen. */

typedef struct
{
  guint64 step;
  char weights[65];
  guint n_fisher; /* samples since the last consolidation */
  gboolean is_consolidated;
} State;

typedef struct
{
  State state;
  guint n_fisher, n_consolidated, n_validated, n_saved;
  guint64 fisher_at; /* step of the last */
  guint64 went_back_at;
  float share;         /* of all the ways back */
  gboolean no_initial; /* there is nothing to go back to */
  /* What goes wrong, and when. */
  guint64 nan_at;
  guint64 bad_from;            /* from this step on the weights fuse nothing */
  guint64 bad_for_scenes_from; /* likewise, but validation scenes alone */
  guint64 cancel_at;
  guint cancel_at_scene, cancel_at_fisher; /* once so many were validated, or measured */
  guint fail_saves_from, fail_saves_to;
  guint fail_fisher_from; /* samples */
  gboolean fail_weights;
  gboolean blurry; /* fuses badly from step 6 on */
  const char *earlier;
  char provenance[256];
  GCancellable *cancellable;
} Fake;

static guint64
fake_get_step (gpointer trainer)
{
  return ((Fake *)trainer)->state.step;
}

static gboolean
fake_step (gpointer trainer, const OmniTrainBatch *batch, OmniTrainReport *report, GError **error)
{
  Fake *self = trainer;
  report->terms[0] = (OmniTrainTerm){ "mef-ssim", 0.25, 0.25 };
  report->terms[1] = (OmniTrainTerm){ "ewc", 0.5, 0.125 };
  report->n_terms = 2;
  report->loss = 0.375;
  if (self->state.step + 1 == self->nan_at)
  {
    report->terms[1].value = NAN;
    g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE, "fake");
    return FALSE;
  }
  g_autofree char *hash = hash_batch (batch);
  g_autofree char *both = g_strconcat (self->state.weights, hash, NULL);
  g_autofree char *next = g_compute_checksum_for_string (G_CHECKSUM_SHA256, both, -1);
  g_strlcpy (self->state.weights, next, sizeof self->state.weights);
  self->state.step++;
  self->state.is_consolidated = FALSE;
  if (self->state.step == self->cancel_at)
    g_cancellable_cancel (self->cancellable);
  return TRUE;
}

/* The mean of the sources, or nearly nothing. Without a picture to fill, the run looks whether the weights are sound. */
static gboolean
fake_validate (gpointer trainer, const OmniTrainBatch *batch, float *fused, OmniTrainReport *report,
               GError **error)
{
  Fake *self = trainer;
  const gsize plane = (gsize)batch->size_px * batch->size_px;
  const guint64 bad_from = self->bad_from > 0 ? self->bad_from
                           : fused != NULL    ? self->bad_for_scenes_from
                                              : 0;
  report->loss = bad_from > 0 && self->state.step >= bad_from ? NAN : 0.5;
  report->terms[0] = (OmniTrainTerm){ "mef-ssim", report->loss, report->loss };
  report->n_terms = 1;
  for (gsize i = 0; fused != NULL && i < plane; i++)
  {
    double sum = 0;
    for (guint k = 0; k < batch->n_sources; k++)
      sum += batch->luma[k * plane + i];
    fused[i] = self->blurry && self->state.step >= 6 ? (float)(i % 7) / 7 : (float)(sum / batch->n_sources);
  }
  self->n_validated += fused != NULL;
  if (fused != NULL && self->n_validated == self->cancel_at_scene)
    g_cancellable_cancel (self->cancellable);
  return TRUE;
}

static gboolean
fake_add_fisher (gpointer trainer, const OmniTrainBatch *batch, GError **error)
{
  Fake *self = trainer;
  self->n_fisher += batch->n_sets;
  if (self->fail_fisher_from > 0 && self->n_fisher >= self->fail_fisher_from)
  {
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED, "The device is gone.");
    return FALSE;
  }
  self->fisher_at = self->state.step;
  self->state.n_fisher += batch->n_sets;
  if (self->cancel_at_fisher > 0 && self->n_fisher >= self->cancel_at_fisher)
    g_cancellable_cancel (self->cancellable);
  return TRUE;
}

static gboolean
fake_consolidate (gpointer trainer, GError **error)
{
  Fake *self = trainer;
  self->n_consolidated++;
  self->state.n_fisher = 0;
  self->state.is_consolidated = TRUE;
  return TRUE;
}

static guint64
fake_count_fisher (gpointer trainer)
{
  return ((Fake *)trainer)->state.n_fisher;
}

static gboolean
fake_is_consolidated (gpointer trainer)
{
  return ((Fake *)trainer)->state.is_consolidated;
}

static gboolean
fake_save (gpointer trainer, const char *path, GError **error)
{
  Fake *self = trainer;
  self->n_saved++;
  if (self->n_saved >= self->fail_saves_from && self->n_saved <= self->fail_saves_to)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "“checkpoint” cannot be written: no space left.");
    return FALSE;
  }
  return g_file_set_contents (path, (const char *)&self->state, sizeof self->state, error);
}

static gboolean
fake_load (gpointer trainer, const char *path, GError **error)
{
  Fake *self = trainer;
  g_autofree char *bytes = NULL;
  if (!g_file_get_contents (path, &bytes, NULL, error))
    return FALSE;
  memcpy (&self->state, bytes, sizeof self->state);
  return TRUE;
}

static GBytes *
fake_dup_weights (gpointer trainer, const char *const *metadata, GError **error)
{
  Fake *self = trainer;
  g_assert_cmpstr (metadata[0], ==, "tasks");
  g_assert_cmpstr (metadata[2], ==, "provenance");
  g_strlcpy (self->provenance, metadata[3], sizeof self->provenance);
  if (self->fail_weights)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "“weights” cannot be written: no space left.");
    return NULL;
  }
  return g_bytes_new (self->state.weights, strlen (self->state.weights));
}

static const char *
fake_get_earlier (gpointer trainer)
{
  return ((Fake *)trainer)->earlier;
}

static gboolean
fake_go_back (gpointer trainer, const OmniWeights *weights, float share, GError **error)
{
  Fake *fake = trainer;
  g_assert_true (weights == (const OmniWeights *)trainer); /* nobody looks into it */
  fake->went_back_at = fake->state.step;
  fake->share += share;
  return TRUE;
}

static const OmniTrainerInterface fake_interface = {
  .get_step = fake_get_step,
  .step = fake_step,
  .validate = fake_validate,
  .add_fisher = fake_add_fisher,
  .consolidate = fake_consolidate,
  .count_fisher = fake_count_fisher,
  .is_consolidated = fake_is_consolidated,
  .save = fake_save,
  .load = fake_load,
  .dup_weights = fake_dup_weights,
  .go_back = fake_go_back,
  .get_earlier = fake_get_earlier,
};
