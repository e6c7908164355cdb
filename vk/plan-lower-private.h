/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/plan-private.h"

G_BEGIN_DECLS

/* What the lowering functions share: the instruction at hand and one member of the set. */
typedef struct
{
  OmniPlan *plan;
  guint at; /* index of the instruction */
  const OmniBlock *block;
  const OmniInstruction *instruction;
  const OmniNodeInfo *node;
  const OmniTensor *tensor; /* of the node */
  guint slice;              /* member of the set, and of the source slots if there are as many */
} OmniLowering;

/* Elements of the push views. */
typedef enum
{
  OMNI_UNIT_FLOAT, /* planar tensors read float by float */
  OMNI_UNIT_TEXEL  /* C4 texels, or four floats of a planar tensor at once */
} OmniUnit;

/* A step of `shader` that writes the node's region, in texel units (a planar row is then a quarter as wide): push.dst,
 * the rectangle, the picture's size and the storage binding are filled; one z group per plane. */
OmniStep omni_lower_step (const OmniLowering *lower, const char *shader);

/* Adds a specialization constant (after the workgroup size) and returns nothing. */
void omni_step_constant (OmniStep *step, guint32 value);

/* Binds input `i` of the node, member `slice`, to texel input `binding`. */
void omni_step_read (const OmniLowering *lower, OmniStep *step, guint binding, guint i, guint slice,
                     OmniUnit unit);

/* The same for any node. */
void omni_step_read_node (const OmniLowering *lower, OmniStep *step, guint binding, OmniNode node,
                          guint slice, OmniUnit unit);

/* Binds a tensor, texel by texel, in place of the weights, for kernels that have none: the fifth input. Argument `arg` becomes
 * its base; pitch and plane are for the caller to pass on. */
OmniPushView
omni_step_read_instead_of_weights (const OmniLowering *lower, OmniStep *step, OmniNode node, guint arg);

/* Binds a picture, input `i` of the node, to texel input 0 and adds the four constants of shaders/picture.glsl. The step's
 * shader must be the variant that omni_lower_choose_variant() names. */
void omni_step_read_picture (const OmniLowering *lower, OmniStep *step, guint i, guint slice);

/* The same for the samples of `picture`; all its planes are made by one invocation. */
void
omni_step_read_samples (const OmniLowering *lower, OmniStep *step, const OmniNodeInfo *picture, guint slice);

/* `samples` when input `i` of the node is read from the samples of the sources, else `planes`. */
const char *
omni_lower_choose_variant (const OmniLowering *lower, guint i, const char *planes, const char *samples);

/* Binds a fixed-point sum to texel input 3. */
void omni_step_read_sums (const OmniLowering *lower, OmniStep *step, const OmniTensor *tensor,
                          OmniPlacement placement);

/* For kernels that make two texels of some rows: starts at an even texel and tells the kernel, in arguments 5 and 6, which
 * columns are its own. */
void omni_step_cover_blocks (OmniStep *step, guint rows);

/* The plane of the weights' sum in the fixed-point sum `node`, or 0. */
guint omni_lower_weight_plane (const OmniNodeInfo *node);

/* Grid steps per unit of the fixed-point sum `node`, and the bits of one term. */
float omni_lower_fixed_scale (const OmniPlan *plan, const OmniNodeInfo *node);
int omni_lower_term_bits (const OmniPlan *plan);

/* Where element (0, 0) of plane 0 of a tensor lies in its arena. */
OmniPushView omni_lower_view (const OmniTensor *tensor, OmniPlacement placement, guint slice, OmniUnit unit);

/* Appends the step, split into as many as storage windows and submission length ask for. `z_inputs` is a mask of the texel
 * inputs whose plane follows the output's plane: only then may planes go into separate dispatches. */
void omni_lower_emit (const OmniLowering *lower, const OmniStep *step, guint z_inputs);

#define OMNI_Z_ALL 0xfU

/* Starts a group: what follows depends on what came before. */
void omni_lower_next_group (OmniPlan *plan);

guint32 omni_float_bits (float value);

/* One function per family of operations; each lowers one member of the set. */
void omni_lower_picture (const OmniLowering *lower);
void omni_lower_import (const OmniLowering *lower);
void omni_lower_extend (const OmniLowering *lower);
void omni_lower_fill (const OmniLowering *lower); /* constant, mark, checker */
void omni_lower_conv (const OmniLowering *lower);
void omni_lower_pointwise (const OmniLowering *lower);
void omni_lower_colour (const OmniLowering *lower);
void omni_lower_filter (const OmniLowering *lower);
void omni_lower_window_mean (const OmniLowering *lower);
void omni_lower_resample (const OmniLowering *lower); /* down, up_add, pool, upsample */
void omni_lower_exposure_weight (const OmniLowering *lower);
void omni_lower_score_weight (const OmniLowering *lower);
void omni_lower_channels (const OmniLowering *lower);
void omni_lower_statistics (const OmniLowering *lower); /* normalise, picture mean, maximum, minimum */
void omni_lower_equalise (const OmniLowering *lower);

/* The parts of a statistic, also of an equalisation: what the tile at hand adds, and what comes of all tiles. */
void omni_lower_measure (const OmniLowering *lower);
void omni_lower_settle (const OmniLowering *lower);
void omni_lower_count_levels (const OmniLowering *lower);
void omni_lower_make_tables (const OmniLowering *lower);

/* Where a node and member have room of their own in the buffer of statistics: index of a float, a multiple of four. */
guint omni_lower_find_statistics (const OmniPlan *plan, OmniNode statistic, guint slice);

/* Appends a step that writes there, as many rows in one dispatch as keep a submission short, and ends the group. */
void omni_lower_emit_measuring (const OmniLowering *lower, const OmniStep *step);

/* Floats that a node and member of an equalisation need there. */
guint omni_lower_size_of_tables (const OmniNodeInfo *node);
void omni_lower_set_softmax (const OmniLowering *lower);

/* Reductions: `slice` is the member being accumulated; resident plans pass every member in turn. */
void omni_lower_accumulate (const OmniLowering *lower, gboolean resident);
void omni_lower_exposure_sum (const OmniLowering *lower, gboolean resident);
void omni_lower_score_max (const OmniLowering *lower, gboolean resident);
void omni_lower_finish (const OmniLowering *lower);
void omni_lower_gather (const OmniLowering *lower); /* of all members: omni_plan_gathers() */

/* The same with the bands `below` it added and packed: all but where in the result buffer. push.dst.plane is not the result's. */
OmniStep omni_lower_gather_and_pack (const OmniLowering *lower, OmniNode below);
void
omni_lower_set_resident (const OmniLowering *lower); /* max, sum, mean, pick, running mean over all members */

G_END_DECLS
