/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

/* Fusion in the stationary (undecimated) wavelet domain: no shift of the picture changes what is chosen, and nothing rings.
 *
 * The transform is that of Starck, Fadili and Murtagh (2007, §III): the low-pass is the B3 spline [1 4 6 4 1]/16 with
 * holes, the high-pass what it leaves, g = δ − h, along each axis, so that a level splits into three details and an
 * approximation that add up to what was split. Of each detail the coefficient with the largest magnitude around it wins
 * (Li, Manjunath and Mitra, 1995, §3.2, choose so over a window), approximations are averaged.
 *
 * On four infrared pairs of the val split (Q^AB/F, MEF-SSIM, VIFF), 5 levels and 5 × 5: .594 .957 .676; one choice for the
 * three details together .608 .946 .695 at 6 levels, where the three by themselves have .587 .953 .701; the Laplacian
 * pyramid .639 .954 .613. */

static const OmniModelOption options[] = {
  { .key = "levels",
    .title = N_ ("Levels"),
    .summary = N_ ("Levels of detail; 0: as many as fit the picture, at most 5"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0",
    .minimum = 0,
    .maximum = 9,
    .whole = TRUE },
  { .key = "radius",
    .title = N_ ("Radius"),
    .summary = N_ ("Magnitudes are compared over (2·radius + 1)² pixels"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "2",
    .minimum = 0,
    .maximum = 15,
    .whole = TRUE },
  { NULL }
};

#define MOST_LEVELS 5
#define COARSEST_PX 8

static guint
get_number (const OmniModelContext *context, const char *key)
{
  return (guint)omni_model_get_number (&omni_model_wavelet, context->options, key);
}

static guint
count_levels (const OmniModelContext *context)
{
  const guint asked = get_number (context, "levels");

  if (asked > 0)
    return asked;
  return CLAMP (omni_model_count_levels (context->width, context->height, COARSEST_PX), 1, MOST_LEVELS);
}

static OmniNode
smooth (OmniGraph *graph, OmniNode x, guint step, gboolean vertical)
{
  static const float b3[] = { .0625f, .25f, .375f, .25f, .0625f };

  return omni_graph_filter (graph, x, b3, 2, step, vertical, OMNI_BOUNDARY_SYMMETRIC);
}

/* The three details of one level; what remains goes on to the next. */
enum
{
  DOWN,     /* changes down, smooth across */
  ACROSS,   /* changes across, smooth down */
  DIAGONAL, /* changes both ways */
  N_DETAILS
};

static OmniNode
split (OmniGraph *graph, OmniNode x, guint step, OmniNode details[N_DETAILS])
{
  const OmniNode low = smooth (graph, x, step, FALSE);
  const OmniNode high = omni_graph_binary (graph, OMNI_BINARY_SUB, x, low);
  const OmniNode approximation = smooth (graph, low, step, TRUE);

  details[DOWN] = omni_graph_binary (graph, OMNI_BINARY_SUB, low, approximation);
  details[ACROSS] = smooth (graph, high, step, TRUE);
  details[DIAGONAL] = omni_graph_binary (graph, OMNI_BINARY_SUB, high, details[ACROSS]);
  return approximation;
}

static OmniNode
add_strength (OmniGraph *graph, OmniNode detail, guint radius)
{
  const OmniNode magnitude = omni_graph_unary (graph, detail, 1, 0, OMNI_ACTIVATION_ABS, 0);

  return radius > 0 ? omni_graph_box (graph, magnitude, radius, OMNI_BOUNDARY_REPLICATE) : magnitude;
}

static OmniGraph *
build (const OmniModelContext *full, GError **error)
{
  const OmniModelContext part = omni_model_part_to_fuse (full), *context = &part;
  g_autoptr (OmniGraph) graph = omni_graph_new ("wavelet");
  const guint n_levels = count_levels (context), radius = get_number (context, "radius");
  OmniNode picture = omni_model_picture (graph, context);
  OmniNode luma = context->colour ? omni_graph_picture (graph, OMNI_PLANES_LUMA, 0) : picture;
  OmniNode fused = OMNI_NODE_NONE;

  for (guint level = 0; level < n_levels; level++)
  {
    OmniNode details[N_DETAILS], keys[N_DETAILS];

    picture = split (graph, picture, 1u << level, details);
    luma = context->colour ? split (graph, luma, 1u << level, keys) : picture;
    for (guint d = 0; d < N_DETAILS; d++)
    {
      const OmniNode key = add_strength (graph, context->colour ? keys[d] : details[d], radius);
      const OmniNode chosen = omni_graph_set_select (graph, key, details[d]);

      fused = fused == OMNI_NODE_NONE ? chosen : omni_graph_binary (graph, OMNI_BINARY_ADD, fused, chosen);
    }
  }

  omni_model_set_output (
    graph, full,
    omni_graph_binary (graph, OMNI_BINARY_ADD, omni_model_add_set_mean (graph, context, picture), fused));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_wavelet = {
  .name = "wavelet",
  .title = N_ ("Stationary wavelet"),
  .summary = N_ ("Detail by direction and scale without halos: the strongest coefficient wins"),
  .citation = "Li, Manjunath, Mitra: Multisensor image fusion using the wavelet transform. GMIP 57(3), 1995; "
              "transform of Starck, Fadili, Murtagh: IEEE TIP 16(2), 2007",
  .tasks = OMNI_ALL_TASKS,
  .min_inputs = 1,
  .options = options,
  .build = build,
};
