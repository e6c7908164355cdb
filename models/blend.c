/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <string.h>

/* What radiologists call fusion: one picture laid over another. Roles say which: PET and SPECT lie over everything else,
 * and where there are none, CT over MRI; several pictures of one layer are averaged. Where roles name no two layers there
 * is no over and no under, and all sources are averaged alike, whatever the pattern. */

static const char *const patterns[] = { "opacity", "checkerboard", NULL };

static const OmniModelOption options[] = {
  { .key = "pattern",
    .title = N_ ("Pattern"),
    .summary = N_ ("Both through each other, or in squares side by side"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "opacity",
    .choices = patterns },
  { .key = "opacity",
    .title = N_ ("Opacity"),
    .summary = N_ ("Of the layer on top, 0 to 1; the one below has the rest"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0.5",
    .minimum = 0,
    .maximum = 1 },
  { .key = "tile",
    .title = N_ ("Tile"),
    .summary = N_ ("Side of a square of the checkerboard in pixels; the top layer has the top left one"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "32",
    .minimum = 1,
    .maximum = 4096,
    .whole = TRUE },
  { NULL }
};

/* The roles of the layer on top; 0 when there are no two layers. */
static guint
choose_top (guint roles)
{
  const guint functional = OMNI_ROLE_MARK (OMNI_ROLE_PET) | OMNI_ROLE_MARK (OMNI_ROLE_SPECT);
  const guint ct = OMNI_ROLE_MARK (OMNI_ROLE_CT), mri = OMNI_ROLE_MARK (OMNI_ROLE_MRI);

  if ((roles & functional) != 0)
    return (roles & ~functional) != 0 ? functional : 0;
  return (roles & ct) != 0 && (roles & mri) != 0 ? ct : 0;
}

/* The mean of the sources whose mark is among `marks`. */
static OmniNode
add_layer (OmniGraph *graph, const OmniModelContext *context, OmniNode picture, guint marks)
{
  const OmniNode mark = omni_graph_mark (graph, marks);
  const OmniNode kept = omni_graph_binary (graph, OMNI_BINARY_MUL, picture, mark);

  return omni_graph_binary (graph, OMNI_BINARY_DIV, omni_graph_set_sum_fixed (graph, kept, 1),
                            omni_graph_set_sum_fixed (graph, mark, 1 / context->range));
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("blend");
  const OmniNode picture = omni_model_picture (graph, context);
  const guint top_roles = choose_top (context->roles);

  if (top_roles == 0)
  {
    omni_graph_set_output (graph, omni_model_add_set_mean (graph, context, picture));
    return g_steal_pointer (&graph);
  }

  const OmniNode top = add_layer (graph, context, picture, top_roles);
  const OmniNode bottom = add_layer (graph, context, picture, OMNI_ALL_ROLES & ~top_roles);
  const OmniNode difference = omni_graph_binary (graph, OMNI_BINARY_SUB, top, bottom);
  const char *pattern = omni_model_get_string (&omni_model_blend, context->options, "pattern");
  const float opacity = (float)omni_model_get_number (&omni_model_blend, context->options, "opacity");
  const guint square_px = (guint)omni_model_get_number (&omni_model_blend, context->options, "tile");
  const OmniNode share = strcmp (pattern, "checkerboard") == 0
                           ? omni_graph_binary (graph, OMNI_BINARY_MUL, difference,
                                                omni_graph_checker (graph, square_px))
                           : omni_graph_unary (graph, difference, opacity, 0, OMNI_ACTIVATION_NONE, 0);

  omni_graph_set_output (graph, omni_graph_binary (graph, OMNI_BINARY_ADD, bottom, share));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_blend = {
  .name = "blend",
  .title = N_ ("Overlay"),
  .summary = N_ ("PET or SPECT over MRI or CT, by opacity or in squares; the mean where no roles are set"),
  .citation = "",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_MEDICAL),
  .min_inputs = 1,
  .options = options,
  .build = build,
};
