/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/pair-fold.h"

typedef struct
{
  OmniEngineProgress progress;
  gpointer user_data;
  guint step, n_steps;
} Folding;

static void
step_progress (double fraction, const char *phase, gpointer data)
{
  Folding *folding = data;

  if (folding->progress != NULL)
    folding->progress ((folding->step + fraction) / folding->n_steps, phase, folding->user_data);
}

/* The request for `so_far` (transfer full) and the next source. */
static OmniFusionRequest *
make_step (const OmniFusionRequest *request, OmniSource *so_far, guint next)
{
  OmniFusionRequest *step = omni_fusion_request_copy (request);

  g_ptr_array_set_size (step->sources, 0);
  g_ptr_array_add (step->sources, so_far);
  g_ptr_array_add (step->sources, g_object_ref (request->sources->pdata[next]));
  if (next + 1 < request->sources->len)
  {
    step->exact_depth = TRUE;
    step->depth = OMNI_SAMPLE_F32;
  }
  else if (!request->exact_depth)
  {
    /* The outcome so far is of floats, which must not decide. */
    OmniResultShape shape;
    omni_fusion_request_get_shape (request, &shape);
    step->exact_depth = TRUE;
    step->depth = shape.depth;
  }
  /* A preview so far stands beside a picture that is larger yet. */
  step->resize |= request->view_px > 0;
  return step;
}

OmniPicture *
omni_fold_pairs (OmniEngine *engine, const OmniFusionRequest *request, OmniEngineProgress progress,
                 gpointer user_data, char **sha256, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (request->sources->len >= 2 && request->model != NULL, NULL);

  Folding folding = { .progress = progress, .user_data = user_data, .n_steps = request->sources->len - 1 };
  g_autoptr (OmniFusionResult) result = NULL;
  for (; folding.step < folding.n_steps; folding.step++)
  {
    OmniSource *so_far = result == NULL ? g_object_ref (request->sources->pdata[0])
                                        : omni_source_new_for_picture (result->picture, "folded");
    g_autoptr (OmniFusionRequest) step = make_step (request, so_far, folding.step + 1);
    g_clear_pointer (&result, omni_fusion_result_unref);
    result = omni_engine_fuse (engine, step, step_progress, &folding, cancellable, error);
    if (result == NULL)
      return NULL;
  }
  if (sha256 != NULL)
    *sha256 = g_strdup (result->sha256);
  return g_object_ref (result->picture);
}
