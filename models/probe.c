/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/probe.h"

#include "models/model-private.h"
#include "vk/plan.h"

#include <math.h>

#define SIDE        32
#define MAX_SOURCES 3

typedef guint8 Picture[SIDE * SIDE];

static gboolean
fetch (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  const Picture *pictures = user_data;

  *source = (OmniPlanSource){ .pixels = pictures[index], .channels = 1, .store = OMNI_STORE_U8 };
  return TRUE;
}

static void
draw (Picture *pictures)
{
  for (guint k = 0; k < MAX_SOURCES; k++)
    for (guint i = 0; i < SIDE * SIDE; i++)
    {
      const guint x = i % SIDE, y = i / SIDE;

      pictures[k][i] = (guint8)(x * x * (k + 1) + 3 * x * y + 7 * y * (k + 2));
    }
}

gboolean
omni_model_probe (const OmniModel *model, const OmniWeights *weights, OmniDevice *device,
                  float answer[OMNI_PROBE_VALUES], GError **error)
{
  Picture pictures[MAX_SOURCES];
  float fused[SIDE * SIDE];
  const guint n = model->max_inputs > 0 ? MIN (model->max_inputs, MAX_SOURCES) : MAX_SOURCES;
  const OmniModelContext context = {
    .n_sources = n, .width = SIDE, .height = SIDE, .range = 1, .weights = weights
  };
  const OmniPlanParams params = { .n_sources = n, .width = SIDE, .height = SIDE, .output = OMNI_STORE_F32 };
  const OmniPlanRun run = { .fetch = fetch, .user_data = pictures, .result = fused };
  OmniPlanStats stats;
  OmniPlan *plan;
  gboolean done;
  g_autoptr (OmniGraph) graph = model->build (&context, error);

  if (graph == NULL)
    return FALSE;
  plan = omni_plan_new (device, graph, &params, error);
  if (plan == NULL)
    return FALSE;
  draw (pictures);
  done = omni_plan_run (plan, &run, &stats, error);
  omni_plan_free (&plan);
  for (guint i = 0; done && i < OMNI_PROBE_VALUES; i++)
    answer[i] = fused[(4 + 8 * (i / 4)) * SIDE + 4 + 8 * (i % 4)];
  return done;
}

gboolean
omni_model_check_answer (const OmniModel *model, const OmniWeights *weights, OmniDevice *device,
                         GError **error)
{
  float known[OMNI_PROBE_VALUES], answer[OMNI_PROBE_VALUES];
  gboolean has_answer;

  if (weights == NULL)
    return TRUE;
  if (!omni_model_get_known_answer (weights, &has_answer, known, error))
    return FALSE;
  if (!has_answer)
    return TRUE;
  if (!omni_model_probe (model, weights, device, answer, error))
    return FALSE;
  for (guint i = 0; i < OMNI_PROBE_VALUES; i++)
    if (!(fabsf (answer[i] - known[i]) <= OMNI_PROBE_TOLERANCE))
    {
      g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                   _ ("“%s” says that its network answers %g to probe %u, but it answers %g on this device"),
                   omni_weights_get_path (weights), known[i], i, answer[i]);
      return FALSE;
    }
  return TRUE;
}
