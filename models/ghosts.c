/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

/* Things that moved between the exposures of a bracket.
 *
 * However a scene is exposed, what is the darker part of it stays the darker part: the rank of a pixel among all of its
 * picture, 0 … 1, is the same in every exposure of what stood still (histogram equalisation as a photometric invariant;
 * Finlayson, Hordley, Schaefer and Tian 2005). What the ranks of a place agree upon is their mean, weighted by how
 * well each source is exposed there and, anew in every round, by how near it is to the mean of the round before. A
 * source that stays away from it shows something else there.
 *
 * Every sum over the set is exactly symmetric. Black and white have no rank of their own, and nothing is said of them. Of
 * two sources that differ, the better exposed one is believed. */

#define N_ROUNDS     3
#define SPREAD       .12f  /* of the ranks that agree, as a standard deviation */
#define EXPOSED      .28f  /* the width of what is well exposed, around mid grey */
#define LEAST_WEIGHT 1e-3f /* of a source's exposure */
#define BLACK        .06f  /* nearer to black or white than this, a rank says less */
#define TOLERANCE    .08f  /* of ranks: noise, and what a lens breathes */

static OmniNode
scale (OmniGraph *graph, OmniNode x, float factor, float shift, OmniActivation activation)
{
  return omni_graph_unary (graph, x, factor, shift, activation, 0);
}

/* exp (−(x·factor + shift)²) + floor. */
static OmniNode
add_bell (OmniGraph *graph, OmniNode x, float factor, float shift, float floor)
{
  const OmniNode t = scale (graph, x, factor, shift, OMNI_ACTIVATION_NONE);
  const OmniNode square = omni_graph_binary (graph, OMNI_BINARY_MUL, t, t);

  return scale (graph, scale (graph, square, -1, 0, OMNI_ACTIVATION_EXP), 1, floor, OMNI_ACTIVATION_NONE);
}

/* The square root first, since dark exposures have their detail in a few levels. */
static OmniNode
add_rank (OmniGraph *graph, OmniNode luma)
{
  guint64 even[OMNI_LEVELS];

  for (guint i = 0; i < OMNI_LEVELS; i++)
    even[i] = 1;
  return omni_graph_match_levels (graph, scale (graph, luma, 1, 0, OMNI_ACTIVATION_SQRT), even);
}

/* rank − Σ weight · rank / Σ weight. */
static OmniNode
add_distance (OmniGraph *graph, OmniNode rank, OmniNode weight)
{
  const OmniNode sum = omni_graph_set_sum (graph, omni_graph_binary (graph, OMNI_BINARY_MUL, weight, rank));

  return omni_graph_binary (
    graph, OMNI_BINARY_SUB, rank,
    omni_graph_binary (graph, OMNI_BINARY_DIV, sum, omni_graph_set_sum (graph, weight)));
}

/* 1, falling to 0 towards black and white. */
static OmniNode
add_certainty (OmniGraph *graph, OmniNode luma)
{
  const OmniNode from_grey = scale (graph, luma, 1, -.5f, OMNI_ACTIVATION_ABS);
  const OmniNode missing = scale (graph, from_grey, 1 / BLACK, 1 - .5f / BLACK, OMNI_ACTIVATION_RELU);

  return scale (graph, missing, -1, 1, OMNI_ACTIVATION_RELU);
}

OmniNode
omni_model_add_ghosts (OmniGraph *graph, OmniNode luma)
{
  const OmniNode rank = add_rank (graph, luma);
  const OmniNode exposed = add_bell (graph, luma, 1 / EXPOSED, -.5f / EXPOSED, LEAST_WEIGHT);
  OmniNode distance = add_distance (graph, rank, exposed), away;

  for (guint round = 0; round < N_ROUNDS; round++)
    distance = add_distance (
      graph, rank,
      omni_graph_binary (graph, OMNI_BINARY_MUL, exposed,
                         add_bell (graph, distance, G_SQRT2 / 2 / SPREAD, 0, LEAST_WEIGHT)));
  away = omni_graph_binary (graph, OMNI_BINARY_MUL, scale (graph, distance, 1, 0, OMNI_ACTIVATION_ABS),
                            add_certainty (graph, luma));
  return scale (graph, omni_graph_box (graph, away, 1, OMNI_BOUNDARY_REPLICATE), 1 / TOLERANCE, -1,
                OMNI_ACTIVATION_RELU);
}
