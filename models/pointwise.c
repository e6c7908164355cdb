/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

/* Methods that look at one pixel at a time, and the one that shows what order-dependence does. */

static OmniGraph *
build_mean (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("mean");
  const OmniNode picture = omni_model_picture (graph, context);

  omni_graph_set_output (graph, omni_model_add_set_mean (graph, context, picture));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_mean = {
  .name = "mean",
  .title = N_ ("Mean"),
  .summary = N_ ("The plain average of all sources"),
  .citation = "",
  .tasks = OMNI_ALL_TASKS,
  .min_inputs = 1,
  .handles_bands = TRUE,
  .build = build_mean,
};

static OmniGraph *
build_max (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("max");
  const OmniNode picture = omni_model_picture (graph, context);

  /* A maximum per channel would mix colours that no source has; so a pixel stays whole. */
  if (context->colour && context->bands == 0)
    omni_graph_set_output (
      graph, omni_graph_set_select (graph, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0), picture));
  else
    omni_graph_set_output (graph, omni_graph_set_max (graph, picture));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_max = {
  .name = "max",
  .title = N_ ("Maximum"),
  .summary = N_ ("The brightest source at every pixel"),
  .citation = "",
  .tasks = OMNI_ALL_TASKS,
  .min_inputs = 1,
  .handles_bands = TRUE,
  .build = build_max,
};

static OmniGraph *
build_running_mean (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("running-mean");

  omni_graph_set_output (graph, omni_graph_set_running_mean (graph, omni_model_picture (graph, context)));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_running_mean = {
  .name = "running-mean",
  .title = N_ ("Running mean (depends on order)"),
  .summary = N_ ("A counter-example: averages in list order, so that another order gives other bits"),
  .citation = "",
  .tasks = OMNI_ALL_TASKS,
  .min_inputs = 1,
  .handles_bands = TRUE,
  .build = build_running_mean,
};
