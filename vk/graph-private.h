/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/graph.h"

G_BEGIN_DECLS

#define OMNI_MAX_NODE_INPUTS 12

typedef enum
{
  OMNI_OP_PICTURE,
  OMNI_OP_MARK,
  OMNI_OP_CHECKER,
  OMNI_OP_INFLUENCE,
  OMNI_OP_CONSTANT,
  OMNI_OP_IMPORT, /* what another plan made of the whole picture: omni_graph_cut(), omni_graph_split() */
  OMNI_OP_EXTEND,
  OMNI_OP_CONV,
  OMNI_OP_UNARY,
  OMNI_OP_BINARY,
  OMNI_OP_CHANNELS,
  OMNI_OP_NORMALISE,
  OMNI_OP_PICTURE_MEAN,
  OMNI_OP_PICTURE_EXTREME,
  OMNI_OP_EQUALISE,
  OMNI_OP_FILTER,      /* one axis of a separable filter */
  OMNI_OP_WINDOW_MEAN, /* one axis */
  OMNI_OP_POOL,
  OMNI_OP_UPSAMPLE,
  OMNI_OP_DOWN,
  OMNI_OP_UP_ADD,
  OMNI_OP_EXPOSURE_WEIGHT,
  OMNI_OP_SCORE_WEIGHT,
  OMNI_OP_CHROMA_TERMS,
  OMNI_OP_CHROMA_RATIO,
  OMNI_OP_MERGE_COLOUR,
  OMNI_OP_LUMA,
  OMNI_OP_SET_MAX, /* the first that crosses the set axis */
  OMNI_OP_SET_SUM,
  OMNI_OP_SET_SUM_FIXED,
  OMNI_OP_SET_BLEND,
  OMNI_OP_SET_SELECT,
  OMNI_OP_SET_EXPOSURE_SUM,
  OMNI_OP_SET_SCORE_MAX,
  OMNI_OP_SET_SOFTMAX,
  OMNI_OP_SET_PICK,
  OMNI_OP_SET_RUNNING_MEAN
} OmniOp;

/* How the elements of a tensor lie in memory. */
typedef enum
{
  OMNI_LAYOUT_PLANAR, /* one plane of floats per channel */
  OMNI_LAYOUT_C4      /* one plane of four-channel texels per four channels, the last padded with zeros */
} OmniLayout;

typedef struct
{
  OmniOp op;
  OmniNode inputs[OMNI_MAX_NODE_INPUTS];
  guint n_inputs;
  guint channels;
  guint level;
  OmniLayout layout;
  gboolean pooled;
  int pass;          /* the streamed pass that computes it; see omni_graph_finish() */
  guint phase;       /* the whole-picture statistics that come before it, one waiting for the other */
  gboolean kept;     /* per source: a streamed plan keeps all members of it */
  gboolean streams;  /* computed while a source is at hand, in a streamed plan */
  gboolean open;     /* computed beyond the picture as well, as far as somebody asks */
  gboolean needed;   /* the output depends on it, or an export */
  gboolean late;     /* depends on the influence that a person gives */
  gboolean exported; /* the graph below a cut reads it */
  gboolean stage;    /* a place to cut at: omni_graph_add_stage() */
  char label[48];

  /* parameters, by operation */
  OmniPlanes planes;              /* PICTURE */
  guint kernel, dilation, groups; /* CONV */
  gboolean per_edge;              /* CONV */
  OmniNode base;                  /* CONV: a pooled tensor added before the activation, or NONE */
  float *weight, *bias, *post_scale, *post_shift; /* CONV; CONSTANT, FILTER, CHANNELS: values in `weight` */
  OmniBoundary boundary;                          /* CONV, FILTER */
  OmniActivation activation;                      /* CONV, UNARY, NORMALISE; UP_ADD: ABS or NONE */
  float slope;
  float scale, shift;        /* UNARY; UP_ADD: sign in `scale` */
  OmniBinary binary;         /* BINARY */
  guint *indices;            /* CHANNELS */
  float epsilon;             /* NORMALISE; SCORE_WEIGHT, SET_SCORE_MAX: the floor; EQUALISE: the limit */
  guint cells;               /* EQUALISE: histograms a side */
  guint64 *histogram;        /* EQUALISE: what to match, 256 counts; NULL: adaptive */
  guint marks;               /* MARK */
  guint square_px;           /* CHECKER */
  guint radius;              /* FILTER, WINDOW_MEAN */
  guint step;                /* FILTER */
  gboolean vertical;         /* FILTER, WINDOW_MEAN */
  gboolean take_max;         /* POOL, PICTURE_EXTREME */
  gboolean bilinear;         /* UPSAMPLE */
  guint steps;               /* UPSAMPLE, SCORE_WEIGHT, SET_SCORE_MAX: halvings undone */
  OmniPyramid pyramid;       /* DOWN, UP_ADD, SET_BLEND */
  float exponents[3], sigma; /* EXPOSURE_WEIGHT, SET_EXPOSURE_SUM */
  guint first;               /* SET_MAX, SET_SUM: the first channel of the input that counts */
  gboolean mean;             /* SET_SUM; SET_BLEND: over the sum of the weights */
  float range;               /* SET_SUM_FIXED, SET_BLEND */
  guint index;               /* SET_PICK */
} OmniNodeInfo;

typedef struct
{
  OmniNode node;
  guint index; /* in the whole graph */
  char name[32];
} OmniMapInfo;

struct _OmniGraph
{
  gatomicrefcount ref_count;
  OmniGraph *whole; /* what this is a part of, which owns the nodes' data; NULL: nothing */
  char *name;
  GArray *nodes;   /* OmniNodeInfo */
  GArray *maps;    /* OmniMapInfo */
  OmniNode output; /* NONE above a cut: there are only exports */
  guint padding;   /* sides of the picture become multiples of it */
  guint n_passes;
  guint n_phases;   /* 1 and as many as statistics wait for each other */
  guint keep_from;  /* all members are kept from this level on in any case */
  guint kept_level; /* from here on all members are kept, since something needs them at the same time */
};

const OmniNodeInfo *omni_graph_node (const OmniGraph *graph, OmniNode node);
guint omni_graph_get_n_nodes (const OmniGraph *graph);
gboolean omni_graph_is_map (const OmniGraph *graph, OmniNode node);

/* For the files that build nodes: appends a copy of `node` with these inputs, per-source unless every input is pooled; a node
 * shaped like `x`; what is demanded of a caller; and what a node owns. */
OmniNode omni_graph_append (OmniGraph *graph, OmniNodeInfo node, const OmniNode *inputs, guint n_inputs,
                            const char *label);
OmniNodeInfo omni_graph_shaped_like (const OmniGraph *graph, OmniOp op, OmniNode x);
void omni_graph_require (gboolean condition, const OmniGraph *graph, const char *what);
void omni_graph_require_planar (const OmniGraph *graph, OmniNode x);
void omni_graph_require_per_source (const OmniGraph *graph, OmniNode x);
void omni_node_clear (gpointer data);

/* Marks what the output depends on and numbers the streamed passes: what is computed while a source is at hand and needs the
 * result of all of them belongs to the pass after it. Small tensors may be kept for the whole set: those at the level of
 * the first operation that needs all members at the same time, and at coarser ones. Idempotent. */
void omni_graph_finish (OmniGraph *graph);

/* Filters of a convolution: one for each output channel, or for each kind of edge. */
guint omni_node_count_filters (const OmniNodeInfo *node);

/* Takes a statistic of the whole picture. */
gboolean omni_op_is_statistic (OmniOp op);
/* Cuts a graph in two at `level`. The part above makes what the part below reads at that level and at coarser ones, of the
 * whole picture and with all members of the set kept; the part below makes the finer levels of one tile after another,
 * for which it needs all sources, and has OMNI_OP_IMPORT in place of what the other made. Nodes keep their numbers.
 * FALSE when that does not pay: what is above would need several passes over the sources, or hands over a tensor that is
 * not planar, or what is below takes statistics of the whole picture. */
gboolean omni_graph_cut (OmniGraph *graph, guint level, OmniGraph **above, OmniGraph **below);

/* Cuts a graph in two behind its last stage. The part above makes the stages that the part below reads, each of the whole
 * picture, tile by tile if need be; the part below has OMNI_OP_IMPORT in their place and makes everything else that it
 * needs anew. What is above may have stages of its own. FALSE without stages, or where a cut would lose something: maps and
 * statistics of the whole picture. */
gboolean omni_graph_split (OmniGraph *graph, OmniGraph **above, OmniGraph **below);

/* Crosses the set axis. */
gboolean omni_op_is_reduction (OmniOp op);

/* A reduction that can take one source after another. */
gboolean omni_op_streams (OmniOp op);

/* A half-open interval [low, high) of rows or columns. */
typedef struct
{
  int low, high;
} OmniInterval;

/* The interval of input `i` that makes `out` of the node on one axis, at the input's level; not clipped to the picture. */
OmniInterval omni_node_input_interval (const OmniGraph *graph, OmniNode node, guint i, gboolean vertical,
                                       OmniInterval out);

/* Floating-point operations per element of the node's plane (all channels, one source), as written. */
double omni_node_flop_per_px (const OmniGraph *graph, OmniNode node);

/* Statistics are taken of blocks of so many pixels a side on the picture's own grid: tiles start on it. */
#define OMNI_STATISTICS_BLOCK 32

/* A window mean is made in runs of so many pixels on the picture's own grid: its tensors and tiles start on it. */
#define OMNI_WINDOW_RUN 16

/* The picture's extent halved `level` times, rounding up. */
int omni_extent_at_level (int extent, guint level);

G_END_DECLS
