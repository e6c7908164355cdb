/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/graph-private.h"
#include "vk/memory-private.h"
#include "vk/plan.h"

G_BEGIN_DECLS

/* How a plan is made (vk/plan-*.c):
 *   plan-layout.c   regions from the halo, shapes, tile chosen from the budget
 *   plan-place.c    memory placed by lifetime
 *   plan-schedule.c the order of the nodes, in passes where the plan streams, and their lifetimes
 *   plan-lower.c    nodes to steps: one step is one dispatch of one kernel
 *   plan-weights.c  weights packed for the kernels
 *   plan-record.c   descriptors, command buffers of a few ms each
 *   plan.c          the public face: making and freeing
 *   plan-run.c      the run over tiles, passes and sources; how much goes into one submission */

/* A rectangle relative to the tile's origin at its level, half-open. */
typedef struct
{
  OmniInterval x, y;
} OmniRegion;

/* The memory shape of a node's tensor: the same for every tile. */
typedef struct
{
  OmniRegion region;    /* stored; x.low and the width are multiples of 4 */
  guint pitch;          /* elements a row */
  guint planes;         /* per slice */
  guint element_bytes;  /* 4 planar, 16 C4, 8 C4 in half precision */
  guint planes_per_row; /* planar: all planes, row by row, so that any rows fit one storage window; else 1 */
  guint64 plane_elements;
  guint64 slice_bytes; /* one member of the set, aligned */
  guint slices;        /* 1 pooled or streamed, N resident or kept */
} OmniTensor;

typedef struct
{
  guint arena;
  guint64 offset_bytes;
} OmniPlacement;

typedef enum
{
  OMNI_INSTRUCTION_COMPUTE,
  OMNI_INSTRUCTION_FINISH,  /* turn a streamed reduction's accumulator into its value */
  OMNI_INSTRUCTION_MEASURE, /* of a statistic: the part of the tile at hand */
  OMNI_INSTRUCTION_SETTLE   /* of a statistic: its value, once all tiles have gone by */
} OmniInstructionKind;

/* A node computed at a point of the schedule. A streamed per-source node may be computed again in a later block, and so may
 * any node in a later phase. */
typedef struct
{
  OmniNode node;
  OmniInstructionKind kind;
  gboolean per_source;
  gboolean late; /* its block's */
  OmniPlacement placement;
  gboolean placed;
  guint last_use; /* index of the last instruction that reads it */
  guint
    held; /* until here nothing else may lie in its memory: as last_use, or as that of what is made in it */
  /* Members of the set lie where those of a dying input lay, one further: they are computed from the first on (1) or
   * from the last (−1); 0: in memory of their own. */
  int slide;
  int first_use; /* accumulators live from the start of their block; −1 until known */
} OmniInstruction;

/* A run of instructions; per-source blocks are repeated for every source of a streamed plan. Where they meet tensors of
 * which all members are kept there is a block for every source, of the same instructions. */
typedef struct
{
  guint first, n; /* instructions */
  gboolean per_source;
  gboolean late; /* something in it depends on the influence a person gives */
  int member;    /* the one source of a per-source block; −1: all in turn */
  guint pass;
  guint phase;      /* of a plan in phases; all tiles go by in one before the next begins */
  gboolean settles; /* runs once, after the last tile of its phase */
  GArray *chunks;   /* OmniChunk */
} OmniBlock;

typedef enum
{
  OMNI_VIEW_NONE,
  OMNI_VIEW_R32F,    /* floats of planar tensors */
  OMNI_VIEW_RGBA32F, /* texels of C4 tensors, four floats of planar ones */
  OMNI_VIEW_RGBA16F, /* texels of half-precision C4 tensors */
  OMNI_VIEW_RGBA32I, /* four fixed-point sums of a planar tensor */
  OMNI_VIEW_R32UI,   /* the source buffer, word by word: sources that differ in format */
  OMNI_VIEW_RGBA32UI /* the source buffer, four words at a time; the kernels count in words */
} OmniViewFormat;

typedef struct
{
  OmniViewFormat format;
  guint arena;       /* OMNI_ARENA_SOURCES for the source buffer */
  guint64 low, high; /* bytes read: what is bound, but for convolutions, which see the whole arena */
} OmniTexelBinding;

typedef struct
{
  guint arena; /* OMNI_ARENA_RESULT for the result buffer */
  guint64 low, high;
} OmniStorageBinding;

#define OMNI_ARENA_SOURCES    1000
#define OMNI_ARENA_RESULT     1001
#define OMNI_ARENA_STATISTICS 1002 /* small buffer of whole-picture statistics */
/* And more: the arenas of the plan above, of the one above that, … */
#define OMNI_ARENA_ABOVE   2000
#define OMNI_ARENAS_A_PLAN 1000
#define OMNI_ARENA_STAGE   500 /* among them: a stage of the whole picture */

typedef struct
{
  gint32 base, pitch, plane;
} OmniPushView;

/* Mirrors the push block of shaders/common.glsl. */
typedef struct
{
  OmniPushView dst;
  gint32 rx, ry, rw, rh;
  gint32 width, height, level;
  OmniPushView src[4];
  gint32 arg[10];
} OmniPush;
G_STATIC_ASSERT (sizeof (OmniPush) <= OMNI_PUSH_WORDS * 4);

typedef struct
{
  const char *shader;
  guint32 constants[16]; /* 0, 1: workgroup size */
  guint n_constants;
  /* The last takes the place of the weights, where there is one, and argument `instead_of_weights` is its base. */
  OmniTexelBinding in[OMNI_N_TEXEL_INPUTS + 1];
  guint instead_of_weights;
  OmniStorageBinding out[OMNI_N_STORAGE_OUTPUTS];
  gboolean has_out2;
  OmniPush push;
  guint cover_x, cover_y; /* elements of the rectangle one invocation makes */
  guint block_x, block_y; /* elements that invocations share out among them, where these are more; else 0 */
  guint groups_z;
  gboolean z_within_x;  /* the z groups are counted in x, those of one place side by side */
  guint planes_written; /* by all z groups: the extent of the storage window */
  double flop, bytes;   /* of this step */
  OmniNode node;
  guint group; /* steps of one group do not depend on each other */
} OmniStep;

/* Steps recorded into one command buffer: a piece of a submission. */
typedef struct
{
  guint first, n; /* steps */
  double cost;    /* estimated, see omni_step_cost() */
  VkCommandBuffer commands;
} OmniChunk;

/* A stage that a plan in tiles makes for the plan below: the tensor of the whole picture. */
typedef struct
{
  OmniNode node;
  OmniTensor tensor;
  OmniBuffer buffer;
} OmniStage;

struct _OmniPlan
{
  OmniDevice *device;
  OmniGraph *graph;
  OmniPlan *above; /* made before, of the whole picture: omni_graph_cut(), omni_graph_split(); or NULL */
  OmniPlanParams params;

  guint width, height; /* of the picture with the graph's padding: what levels are made of */
  gboolean in_one_go;  /* or not at all */
  gboolean passing;    /* above a stage: it has memory while it runs, and afterwards its stages alone */
  gboolean may_stream;
  gboolean streamed;
  gboolean
    phased; /* cut into tiles although statistics need the whole picture: all tiles go by once for each phase */
  guint slots;        /* sources resident at the same time: N, or 1 when streamed */
  guint64 most_bytes; /* what the smallest tile may take when none fits the budget */
  guint tile_width, tile_height;
  guint tiles_x, tiles_y;
  guint alignment; /* tile origins are multiples of this: 2^deepest level, at least 4 */

  OmniTensor *tensors;      /* per node */
  GArray *instructions;     /* OmniInstruction, in running order */
  GArray *blocks;           /* OmniBlock */
  GArray *arena_bytes;      /* guint64 per arena */
  OmniRegion source_region; /* union of what the picture nodes read, level 0 */
  guint source_pitch_px;    /* a row of it in the source buffer; as the first column, a multiple of 16 */
  guint source_pixel_bytes; /* room per pixel in the source buffer */
  guint64 source_slot_bytes;

  OmniStage *stages; /* of more than one tile */
  guint n_stages;

  OmniBuffer *arenas;
  OmniBuffer sources;
  OmniBuffer result;
  OmniBuffer weights;
  OmniBuffer tile_uniform;
  OmniBuffer statistics;
  guint statistics_floats;
  guint result_pitch_px;
  GHashTable *weight_offsets; /* node → texel index in `weights` */
  GArray *weight_texels;      /* float, four to a texel, until uploaded */

  GArray *steps; /* OmniStep */
  guint n_groups;
  guint *step_block;
  gboolean recorded;
  double max_chunk_cost;
  double total_cost;

  VkDescriptorPool descriptor_pool;
  GHashTable *views; /* key → VkBufferView */
  GHashTable *sets;  /* key → VkDescriptorSet */
  VkQueryPool queries;
  GArray *profile; /* OmniPlanProfile per group */
};

/* plan-place.c */
#define OMNI_PLAN_ALIGN_BYTES 256 /* covers every device's offset alignment for texel and storage buffers */
#define OMNI_PLAN_ZERO_BYTES  256 /* each arena starts with zeros: what lies outside a zero boundary */

/* The largest tensors first, which leaves fewer holes than running order; then what is made in the memory of a band. With
 * `c4_first` a network's own tensors come before, so that they share the first arena. FALSE where an arena cannot hold
 * one. */
gboolean omni_plan_place (OmniPlan *plan, gboolean c4_first);

/* Whether the node's outputs may be written some groups at a time, of at most so many planes each. plan-lower-conv.c. */
#define OMNI_MOST_OUTPUT_PLANES 8
gboolean omni_plan_splits_outputs (const OmniNodeInfo *node);

/* C4 kernels write a tensor through one storage binding, all planes or a group of outputs, and concatenate inside one view. */
gboolean omni_plan_bindings_fit (const OmniPlan *plan);

/* plan-layout.c */
/* Of a fixed-point sum: the result may lie where that does. */
gboolean omni_plan_collapses_band (const OmniPlan *plan, const OmniNodeInfo *node);

/* A picture that no one needs as planes: all that use it read the samples of the sources. */
gboolean omni_plan_reads_samples (const OmniPlan *plan, OmniNode picture);

/* A fixed-point sum that stays as it is: all that use it read integers. */
gboolean omni_plan_keeps_fixed (const OmniPlan *plan, OmniNode sum);

/* A mean over the set by weights that are the exponentials of scores, where all members are at hand: one kernel makes it of the
 * scores themselves. omni_plan_keeps_score() is TRUE for those, and for what only they need. */
gboolean omni_plan_gathers (const OmniPlan *plan, OmniNode blend);
gboolean omni_plan_keeps_score (const OmniPlan *plan, OmniNode weight);

/* Whether the result is such a mean with the bands below it added, made last: one kernel packs it. Asked once all is scheduled. */
gboolean omni_plan_packs_blend (const OmniPlan *plan);

/* Whether a needed node is made by no instruction: a picture read as samples, the largest of scores nobody asks for. */
gboolean omni_plan_skips (const OmniPlan *plan, OmniNode node);

gboolean omni_plan_lay_out (OmniPlan *plan, GError **error);

/* What the plans above that pass take: all their stages, and the most that one of them has while it runs. */
guint64 omni_plan_get_passing_bytes (const OmniPlan *plan);

/* plan.c: of a passing plan, around a run. Without memory it has no recording either. */
gboolean omni_plan_take_memory (OmniPlan *plan, GError **error);
void omni_plan_give_memory_back (OmniPlan *plan);

/* Where the whole-picture tensor lies that an import reads: in an arena or a stage of the nearest plan above that makes it
 * itself. */
const OmniTensor *omni_plan_find_import (const OmniPlan *plan, OmniNode node, OmniPlacement *placement);

/* plan-schedule.c: fills the instructions and blocks; needs no sizes. `phased`: for more than one tile of a graph with
 * whole-picture statistics. `omni_plan_find` gives the instruction whose memory holds `node` for the one at `at`. */
void omni_plan_schedule (OmniPlan *plan, gboolean phased);
const OmniInstruction *omni_plan_find (const OmniPlan *plan, guint at, OmniNode node);

/* plan-weights.c */
typedef enum
{
  OMNI_CONV_DIRECT,  /* any shape, any device */
  OMNI_CONV_SHUFFLE, /* any shape; the lanes of a subgroup share the weight fetches. The same bits as DIRECT */
  OMNI_CONV_WINOGRAD /* 3×3, C4 to C4, F(4×4); shares the fetches too */
} OmniConvVariant;

typedef struct
{
  gint32 weight, bias, scale, shift; /* texel indices */
  gint32 zeros, ones;                /* in place of a bias, shift or scale */
  guint planes;                      /* of all inputs */
} OmniConvWeights;

OmniConvVariant omni_plan_choose_conv (const OmniPlan *plan, const OmniNodeInfo *node);

/* Pixels a side of the squares, on the picture's own grid, that its kernel makes whole: a power of two. */
guint omni_plan_get_conv_grain (const OmniPlan *plan, const OmniNodeInfo *node);

/* Packs the weights of a convolution once, for a kernel that makes `outputs` channels per invocation, and says where
 * they are. */
OmniConvWeights omni_plan_pack_conv (OmniPlan *plan, OmniNode node, OmniConvVariant variant, guint outputs);

/* The `n` floats in the node's `weight`, padded to whole texels; returns the index of the first texel. Packed once. */
gint32 omni_plan_pack_values (OmniPlan *plan, OmniNode node, gsize n);

/* The same of other values, which belong to the node and never change. */
gint32 omni_plan_pack_table (OmniPlan *plan, OmniNode node, const float *values, gsize n);

/* plan-lower.c */
void omni_plan_lower (OmniPlan *plan);

/* plan-record.c */
void omni_plan_begin_pipelines (const OmniPlan *plan); /* also of the plan above */
gboolean omni_plan_record (OmniPlan *plan, GCancellable *cancellable, GError **error);
void omni_plan_forget_recording (OmniPlan *plan);
double omni_step_cost (const OmniStep *step);

/* Mirrors the uniform block of shaders/common.glsl. */
#define OMNI_MAX_SLOTS 128
typedef struct
{
  gint32 origin[2];
  gint32 first;
  gint32 source;
  gint32 format[OMNI_MAX_SLOTS][4];
  float influence[OMNI_MAX_SLOTS];
} OmniTileUniform;

G_END_DECLS
