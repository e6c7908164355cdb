/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <string.h>

static gint32
pack_floats (OmniPlan *plan, const float *values, gsize n)
{
  static const float zeros[4] = { 0.0F, 0.0F, 0.0F, 0.0F };
  const gint32 texel = (gint32)(plan->weight_texels->len / 4);

  g_array_append_vals (plan->weight_texels, values, (guint)n);
  if (n % 4 != 0)
    g_array_append_vals (plan->weight_texels, zeros, (guint)(4 - n % 4));

  return texel;
}

/* Where input channel block `block` of four begins: concatenated tensors are padded to whole texels one by one. */
typedef struct
{
  guint first_channel; /* of the concatenation */
  guint n_channels;    /* 1 … 4 */
} InputBlock;

static GArray *
list_blocks (const OmniPlan *plan, const OmniNodeInfo *node, guint *in_channels)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (InputBlock));

  *in_channels = 0;
  for (guint i = 0; i < node->n_inputs; i++)
  {
    const guint channels = omni_graph_node (plan->graph, node->inputs[i])->channels;

    for (guint c = 0; c < channels; c += 4)
    {
      const InputBlock block = { *in_channels + c, MIN (4, channels - c) };

      g_array_append_val (blocks, block);
    }
    *in_channels += channels;
  }

  return blocks;
}

/* Weight of output `o` and concatenated input `i` at `tap`; zero outside a group. */
static float
weight_at (const OmniNodeInfo *node, guint in_channels, guint o, guint i, guint tap)
{
  const guint taps = node->kernel * node->kernel;
  const guint in_per_group = in_channels / node->groups;
  const guint out_per_group = omni_node_count_filters (node) / node->groups;

  if (o / out_per_group != i / in_per_group)
    return 0.0F;

  return node->weight[((gsize)o * in_per_group + i % in_per_group) * taps + tap];
}

/* G g Gᵀ of F(4×4, 3×3), Lavin and Gray 2016, in double precision. */
static void
transform_filter (const float filter[9], float out[36])
{
  static const double g[6][3] = { { 1.0 / 4, 0, 0 },
                                  { -1.0 / 6, -1.0 / 6, -1.0 / 6 },
                                  { -1.0 / 6, 1.0 / 6, -1.0 / 6 },
                                  { 1.0 / 24, 1.0 / 12, 1.0 / 6 },
                                  { 1.0 / 24, -1.0 / 12, 1.0 / 6 },
                                  { 0, 0, 1 } };

  for (guint a = 0; a < 6; a++)
    for (guint b = 0; b < 6; b++)
    {
      double sum = 0.0;

      for (guint y = 0; y < 3; y++)
        for (guint x = 0; x < 3; x++)
          sum += g[a][y] * g[b][x] * filter[y * 3 + x];
      out[a * 6 + b] = (float)sum;
    }
}

/* The positions of one filter: its taps, or its 36 transformed values. */
static void
filter_values (const OmniNodeInfo *node, OmniConvVariant variant, guint in_channels, guint o, guint i,
               float values[49])
{
  const guint taps = node->kernel * node->kernel;
  float filter[49];

  for (guint tap = 0; tap < taps; tap++)
    filter[tap] = weight_at (node, in_channels, o, i, tap);
  if (variant == OMNI_CONV_WINOGRAD)
  {
    transform_filter (filter, values);
    return;
  }

  memcpy (values, filter, taps * sizeof *filter);
}

/* [output block][input plane][position][output of the block]: texels over the plane's four inputs, in the order the
 * kernels read them. */
static gint32
pack_filters (OmniPlan *plan, const OmniNodeInfo *node, OmniConvVariant variant, guint outputs,
              guint *n_planes)
{
  guint in_channels;
  g_autoptr (GArray) planes = list_blocks (plan, node, &in_channels);
  const guint positions = variant == OMNI_CONV_WINOGRAD ? 36 : node->kernel * node->kernel;
  const guint filters = omni_node_count_filters (node);
  const guint blocks = (filters + outputs - 1) / outputs;
  const guint start = plan->weight_texels->len;
  const gsize floats = (gsize)blocks * planes->len * positions * outputs * 4;

  g_array_set_size (plan->weight_texels, start + (guint)floats); /* zeros */

  float *packed = &g_array_index (plan->weight_texels, float, start);

  for (guint o = 0; o < filters; o++)
    for (guint p = 0; p < planes->len; p++)
    {
      const InputBlock *plane = &g_array_index (planes, InputBlock, p);
      const gsize run = ((gsize)(o / outputs) * planes->len + p) * positions;

      for (guint lane = 0; lane < plane->n_channels; lane++)
      {
        float values[49];

        filter_values (node, variant, in_channels, o, plane->first_channel + lane, values);
        for (guint e = 0; e < positions; e++)
          packed[((run + e) * outputs + o % outputs) * 4 + lane] = values[e];
      }
    }

  *n_planes = planes->len;
  return (gint32)(start / 4);
}

static gint32
pack_same (OmniPlan *plan, float value, guint n)
{
  g_autofree float *values = g_new (float, n);

  for (guint i = 0; i < n; i++)
    values[i] = value;
  return pack_floats (plan, values, n);
}

/* One value for each output, and zeros for those that the last block of outputs has too many. */
static gint32
pack_outputs (OmniPlan *plan, const OmniNodeInfo *node, const float *values, guint outputs)
{
  const guint filters = omni_node_count_filters (node);
  const guint n = (filters + outputs - 1) / outputs * outputs;
  g_autofree float *padded = g_new0 (float, n);

  memcpy (padded, values, filters * sizeof *padded);
  return pack_floats (plan, padded, n);
}

static gsize
count_weights (const OmniPlan *plan, const OmniNodeInfo *node)
{
  guint in_channels = 0;

  for (guint i = 0; i < node->n_inputs; i++)
    in_channels += omni_graph_node (plan->graph, node->inputs[i])->channels;
  return (gsize)omni_node_count_filters (node) * in_channels / node->groups * node->kernel * node->kernel;
}

/* Whether two convolutions are the same layer: a network that is run again and again needs its weights once. */
static gboolean
same_layer (const OmniPlan *plan, const OmniNodeInfo *a, const OmniNodeInfo *b)
{
  const guint filters = omni_node_count_filters (a);

  if (a->n_inputs != b->n_inputs || a->kernel != b->kernel || a->groups != b->groups
      || a->channels != b->channels || a->per_edge != b->per_edge || a->post_scale != NULL
      || b->post_scale != NULL || count_weights (plan, a) != count_weights (plan, b))
    return FALSE;
  for (guint i = 0; i < a->n_inputs; i++)
    if (omni_graph_node (plan->graph, a->inputs[i])->channels
        != omni_graph_node (plan->graph, b->inputs[i])->channels)
      return FALSE;
  return memcmp (a->bias, b->bias, filters * sizeof *a->bias) == 0
         && memcmp (a->weight, b->weight, count_weights (plan, a) * sizeof *a->weight) == 0;
}

static const OmniConvWeights *
find_packed (const OmniPlan *plan, OmniNode n, OmniConvVariant variant)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, n);

  for (OmniNode other = 0; other < n; other++)
  {
    const OmniNodeInfo *layer = omni_graph_node (plan->graph, other);
    const OmniConvWeights *packed = g_hash_table_lookup (plan->weight_offsets, GINT_TO_POINTER (other));

    if (packed != NULL && layer->op == OMNI_OP_CONV && omni_plan_choose_conv (plan, layer) == variant
        && same_layer (plan, node, layer))
      return packed;
  }

  return NULL;
}

OmniConvWeights
omni_plan_pack_conv (OmniPlan *plan, OmniNode n, OmniConvVariant variant, guint outputs)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
  const OmniConvWeights *known = g_hash_table_lookup (plan->weight_offsets, GINT_TO_POINTER (n));
  OmniConvWeights weights = { 0 };

  if (known == NULL)
    known = find_packed (plan, n, variant);
  if (known != NULL)
    return *known;

  weights.weight = pack_filters (plan, node, variant, outputs, &weights.planes);
  /* At least 32 texels: a fetch that 32 lanes share may reach beyond the last filter. */
  weights.zeros = pack_same (plan, 0.0F, MAX (node->channels + outputs, 128));
  weights.ones = pack_same (plan, 1.0F, node->channels + outputs);
  weights.bias = pack_outputs (plan, node, node->bias, outputs);
  if (node->post_scale != NULL)
  {
    weights.scale = pack_outputs (plan, node, node->post_scale, outputs);
    weights.shift = pack_outputs (plan, node, node->post_shift, outputs);
  }
  g_hash_table_insert (plan->weight_offsets, GINT_TO_POINTER (n), g_memdup2 (&weights, sizeof weights));
  return weights;
}

gint32
omni_plan_pack_table (OmniPlan *plan, OmniNode n, const float *values, gsize n_values)
{
  const OmniConvWeights *known = g_hash_table_lookup (plan->weight_offsets, GINT_TO_POINTER (n));

  if (known != NULL)
    return known->weight;

  const OmniConvWeights weights = { .weight = pack_floats (plan, values, n_values) };

  g_hash_table_insert (plan->weight_offsets, GINT_TO_POINTER (n), g_memdup2 (&weights, sizeof weights));
  return weights.weight;
}

gint32
omni_plan_pack_values (OmniPlan *plan, OmniNode n, gsize n_values)
{
  return omni_plan_pack_table (plan, n, omni_graph_node (plan->graph, n)->weight, n_values);
}
