/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

/* The best first, by the first figure of each task in models/README.md: MEF-SSIM of exposures, Q^AB/F of focus stacks (the stacks
 * of both tables brought together by the models that are in both), of infrared and of medical pairs, Q2n of the rows held out. */
static const char *const measured[OMNI_N_TASKS][16] = {
  [OMNI_TASK_EXPOSURE] = { "omni", "omni-small", "ifani", "mertens", "wavelet", "laplacian", "gff", "ifcnn",
                           "mean", "aenetv2", "u2fusion", "max", "pmgi" },
  [OMNI_TASK_FOCUS] = { "omni", "omni-small", "gff", "laplacian", "ifani", "wavelet", "mertens", "ifcnn",
                        "mean", "max", "aenetv2", "u2fusion", "pmgi" },
  [OMNI_TASK_INFRARED] = { "omni", "gff", "omni-small", "max", "laplacian", "ifani", "pmgi", "wavelet",
                           "aenetv2", "ifcnn", "u2fusion", "mean" },
  [OMNI_TASK_MEDICAL] = { "omni", "omni-small", "gff", "ifani", "pmgi", "max", "laplacian", "aenetv2",
                          "ifcnn", "u2fusion", "wavelet", "mean" },
  [OMNI_TASK_PANSHARPEN] = { "pan-pmgi", "pan-gsa", "pan-ihs" },
};

guint
omni_model_get_fit (const OmniModel *model, OmniTask task)
{
  const char *const *names = measured[task];
  guint i = 0;

  while (i < G_N_ELEMENTS (measured[task]) && names[i] != NULL && !g_str_equal (names[i], model->name))
    i++;
  if (i < G_N_ELEMENTS (measured[task]) && names[i] != NULL)
    return i + 1;
  return model->tasks == OMNI_TASK_BIT (task) ? 0 : G_MAXUINT;
}
