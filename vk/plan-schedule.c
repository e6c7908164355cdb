/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

/* The order in which nodes are computed, and how long their memory is needed. */

static void
add_instruction (OmniPlan *plan, OmniNode node, OmniInstructionKind kind)
{
  const OmniNodeInfo *info = omni_graph_node (plan->graph, node);
  const OmniInstruction instruction = {
    .node = node,
    .kind = kind,
    .per_source = !info->pooled,
    .first_use = -1,
  };

  g_array_append_val (plan->instructions, instruction);
}

static void
add_block (OmniPlan *plan, guint first, gboolean per_source, int member, guint pass)
{
  OmniBlock block = {
    .first = first,
    .n = plan->instructions->len - first,
    .per_source = per_source,
    .member = member,
    .pass = pass,
    .chunks = g_array_new (FALSE, TRUE, sizeof (OmniChunk)),
  };

  for (guint i = first; i < plan->instructions->len; i++)
    block.late =
      block.late
      || omni_graph_node (plan->graph, g_array_index (plan->instructions, OmniInstruction, i).node)->late;

  g_array_append_val (plan->blocks, block);
}

static gboolean
meets_kept (const OmniPlan *plan, guint first)
{
  for (guint i = first; i < plan->instructions->len; i++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph,
                                                g_array_index (plan->instructions, OmniInstruction, i).node);

    if (node->kept)
      return TRUE;
    for (guint k = 0; k < node->n_inputs; k++)
      if (omni_graph_node (plan->graph, node->inputs[k])->kept)
        return TRUE;
  }

  return FALSE;
}

static void
end_block (OmniPlan *plan, guint first, gboolean per_source, guint pass)
{
  if (!per_source || !meets_kept (plan, first))
  {
    add_block (plan, first, per_source, -1, pass);
    return;
  }

  for (guint k = 0; k < plan->params.n_sources; k++)
    add_block (plan, first, TRUE, (int)k, pass);
}

/* What the reductions of `pass`, the tensors kept by it and the maps made in it need of the source at hand. */
static void
mark_pass (const OmniPlan *plan, guint pass, gboolean *wanted)
{
  for (OmniNode n = (OmniNode)omni_graph_get_n_nodes (plan->graph) - 1; n >= 0; n--)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);

    if (node->needed && node->streams && node->pass == (int)pass
        && (node->pooled || node->kept || omni_graph_is_map (plan->graph, n)))
      wanted[n] = TRUE;
    if (!wanted[n])
      continue;
    for (guint i = 0; i < node->n_inputs; i++)
    {
      const OmniNodeInfo *input = omni_graph_node (plan->graph, node->inputs[i]);

      if (!input->pooled && !input->kept)
        wanted[node->inputs[i]] = TRUE;
    }
  }
}

/* What comes after the sources have gone by: sums become values, and whatever needs the whole set. */
static void
schedule_end_of_pass (OmniPlan *plan, guint pass, gboolean late)
{
  const guint first = plan->instructions->len;

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
    const gboolean sums = node->op == OMNI_OP_SET_SUM_FIXED || node->op == OMNI_OP_SET_BLEND;

    if (!node->needed || node->pass != (int)pass || (node->streams && !node->pooled) || node->late != late
        || omni_plan_skips (plan, n))
      continue;
    if (!node->streams)
      add_instruction (plan, n, OMNI_INSTRUCTION_COMPUTE);
    else if (sums && !omni_plan_keeps_fixed (plan, n))
      add_instruction (plan, n, OMNI_INSTRUCTION_FINISH);
  }
  if (plan->instructions->len > first || !late)
    end_block (plan, first, FALSE, pass);
}

static void
schedule_streamed (OmniPlan *plan)
{
  const guint n_nodes = omni_graph_get_n_nodes (plan->graph);

  for (guint pass = 0; pass < plan->graph->n_passes; pass++)
  {
    g_autofree gboolean *wanted = g_new0 (gboolean, n_nodes);
    guint first = plan->instructions->len;

    mark_pass (plan, pass, wanted);
    /* Constants are pooled and made before anything reads them. */
    for (OmniNode n = 0; pass == 0 && n < (OmniNode)n_nodes; n++)
      if (omni_graph_node (plan->graph, n)->op == OMNI_OP_CONSTANT
          && omni_graph_node (plan->graph, n)->needed)
        add_instruction (plan, n, OMNI_INSTRUCTION_COMPUTE);
    if (plan->instructions->len > first)
      end_block (plan, first, FALSE, pass);

    first = plan->instructions->len;
    for (OmniNode n = 0; n < (OmniNode)n_nodes; n++)
      if (wanted[n] && !omni_plan_skips (plan, n))
        add_instruction (plan, n, OMNI_INSTRUCTION_COMPUTE);
    end_block (plan, first, TRUE, pass);
    schedule_end_of_pass (plan, pass, FALSE);
    schedule_end_of_pass (plan, pass, TRUE);
  }
}

/* What depends on the influence comes last. */
static void
schedule_resident (OmniPlan *plan)
{
  for (guint late = 0; late < 2; late++)
  {
    const guint first = plan->instructions->len;

    for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
      if (omni_graph_node (plan->graph, n)->needed && omni_graph_node (plan->graph, n)->late == (gboolean)late
          && !omni_plan_skips (plan, n))
        add_instruction (plan, n, OMNI_INSTRUCTION_COMPUTE);
    if (plan->instructions->len > first)
      end_block (plan, first, FALSE, 0);
  }
}

/* What `wanted` needs, back to the sources. */
static void
mark_inputs (const OmniPlan *plan, gboolean *wanted)
{
  for (OmniNode n = (OmniNode)omni_graph_get_n_nodes (plan->graph) - 1; n >= 0; n--)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);

    for (guint i = 0; wanted[n] && i < node->n_inputs; i++)
      wanted[node->inputs[i]] = TRUE;
    if (wanted[n] && node->base != OMNI_NODE_NONE)
      wanted[node->base] = TRUE;
  }
}

static gboolean
is_measured_in (const OmniNodeInfo *node, guint phase)
{
  return node->needed && omni_op_is_statistic (node->op) && node->phase == phase + 1;
}

static OmniBlock *
last_block (const OmniPlan *plan)
{
  return &g_array_index (plan->blocks, OmniBlock, plan->blocks->len - 1);
}

/* In each phase but the last, what the next statistics are taken of, and these. */
static void
schedule_phase (OmniPlan *plan, guint phase)
{
  const guint n_nodes = omni_graph_get_n_nodes (plan->graph);
  const gboolean is_last = phase + 1 == plan->graph->n_phases;
  g_autofree gboolean *wanted = g_new0 (gboolean, n_nodes);
  guint first = plan->instructions->len;

  for (OmniNode n = 0; n < (OmniNode)n_nodes; n++)
    if (is_measured_in (omni_graph_node (plan->graph, n), phase))
      wanted[omni_graph_node (plan->graph, n)->inputs[0]] = TRUE;
  if (is_last)
    wanted[plan->graph->output] = TRUE;
  mark_inputs (plan, wanted);
  for (OmniNode n = 0; n < (OmniNode)n_nodes; n++)
    if (wanted[n] && !omni_plan_skips (plan, n))
      add_instruction (plan, n, OMNI_INSTRUCTION_COMPUTE);
  for (OmniNode n = 0; n < (OmniNode)n_nodes; n++)
    if (is_measured_in (omni_graph_node (plan->graph, n), phase))
      add_instruction (plan, n, OMNI_INSTRUCTION_MEASURE);
  add_block (plan, first, FALSE, -1, 0);
  last_block (plan)->phase = phase;
  if (is_last)
    return;

  first = plan->instructions->len;
  for (OmniNode n = 0; n < (OmniNode)n_nodes; n++)
    if (is_measured_in (omni_graph_node (plan->graph, n), phase))
      add_instruction (plan, n, OMNI_INSTRUCTION_SETTLE);
  add_block (plan, first, FALSE, -1, 0);
  last_block (plan)->phase = phase;
  last_block (plan)->settles = TRUE;
}

/* The instruction whose memory holds `node` for the instruction at `at`: the latest before it. */
static guint
producer_of (const OmniPlan *plan, guint at, OmniNode node)
{
  for (guint i = at; i-- > 0;)
  {
    const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, i);

    if (instruction->node == node && instruction->kind == OMNI_INSTRUCTION_COMPUTE)
      return i;
  }

  g_error ("%s: node %d is read before it is made", omni_graph_get_name (plan->graph), node);
}

const OmniInstruction *
omni_plan_find (const OmniPlan *plan, guint at, OmniNode node)
{
  return &g_array_index (plan->instructions, OmniInstruction, producer_of (plan, at, node));
}

static void
use (OmniPlan *plan, guint at, OmniNode node)
{
  OmniInstruction *producer = &g_array_index (plan->instructions, OmniInstruction,
                                              producer_of (plan, at, node));

  producer->last_use = MAX (producer->last_use, at);
}

/* Of more than the source at hand. */
static gboolean
outlives_source (const OmniPlan *plan, const OmniNodeInfo *node)
{
  return node->pooled || (plan->streamed && node->kept);
}

/* What a pooled tensor gives to one source it must still give to the next. */
static void
use_in_block (OmniPlan *plan, const OmniBlock *block, guint at, OmniNode node)
{
  const gboolean again = block->per_source && outlives_source (plan, omni_graph_node (plan->graph, node));
  OmniInstruction *producer = &g_array_index (plan->instructions, OmniInstruction,
                                              producer_of (plan, at, node));

  /* What is late may be made again, from this. */
  if (block->late && !producer->late)
    producer->last_use = plan->instructions->len;
  else
    producer->last_use = MAX (producer->last_use, again ? block->first + block->n - 1 : at);
}

/* Of a streamed plan, one member after another. */
static gboolean
is_passing (const OmniPlan *plan, OmniNode node)
{
  const OmniNodeInfo *info = omni_graph_node (plan->graph, node);

  return plan->streamed && !info->pooled && !info->kept;
}

/* An accumulator or a kept tensor is written by every repetition of its block, so it may share memory with nothing in
 * it. */
static void
find_lifetimes (OmniPlan *plan)
{
  for (guint b = 0; b < plan->blocks->len; b++)
  {
    const OmniBlock *block = &g_array_index (plan->blocks, OmniBlock, b);

    for (guint i = block->first; i < block->first + block->n; i++)
    {
      OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, i);
      const OmniNodeInfo *node = omni_graph_node (plan->graph, instruction->node);

      instruction->late = block->late;
      instruction->first_use = (int)i;
      instruction->last_use = MAX (instruction->last_use, i);
      if (block->per_source && omni_graph_is_map (plan->graph, instruction->node))
        instruction->last_use = MAX (instruction->last_use, block->first + block->n - 1);
      if (block->per_source && outlives_source (plan, node))
      {
        instruction->first_use = (int)block->first;
        instruction->last_use = MAX (instruction->last_use, block->first + block->n - 1);
      }
      if (instruction->kind == OMNI_INSTRUCTION_SETTLE)
        continue;
      if (instruction->kind == OMNI_INSTRUCTION_FINISH)
      {
        use (plan, i, instruction->node);
        continue;
      }
      for (guint k = 0; k < node->n_inputs; k++)
        if (!omni_plan_skips (plan, node->inputs[k]))
          use_in_block (plan, block, i, node->inputs[k]);
      if (node->base != OMNI_NODE_NONE)
        use_in_block (plan, block, i, node->base);
    }
  }

  /* The result stays until it is packed, after everything, and what is handed on for good. */
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
    if (n == plan->graph->output || omni_graph_node (plan->graph, n)->exported
        || (omni_graph_is_map (plan->graph, n) && !is_passing (plan, n)))
      use (plan, plan->instructions->len, n);
}

void
omni_plan_schedule (OmniPlan *plan, gboolean phased)
{
  plan->phased = phased;
  plan->streamed = plan->may_stream && !phased;
  plan->slots = plan->streamed ? 1 : plan->params.n_sources;
  if (phased)
    for (guint phase = 0; phase < plan->graph->n_phases; phase++)
      schedule_phase (plan, phase);
  else if (plan->streamed)
    schedule_streamed (plan);
  else
    schedule_resident (plan);
  find_lifetimes (plan);
}
