/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <string.h>

/* Where each tensor lies: by size and lifetime, in arenas that one binding can hold. */

typedef struct
{
  guint64 low, high; /* bytes */
} Span;

static int
compare_spans (gconstpointer a, gconstpointer b)
{
  const Span *left = a;
  const Span *right = b;

  return left->low < right->low ? -1 : left->low > right->low ? 1 : 0;
}

/* Lowest offset in `arena` where `bytes` fit beside everything that lives at the same time; G_MAXUINT64 if none below
 * `cap`. */
static guint64
first_fit (const OmniPlan *plan, guint at, guint arena, guint64 bytes, guint64 cap)
{
  const OmniInstruction *self = &g_array_index (plan->instructions, OmniInstruction, at);
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (Span));
  guint64 offset = OMNI_PLAN_ZERO_BYTES;

  for (guint i = 0; i < plan->instructions->len; i++)
  {
    const OmniInstruction *other = &g_array_index (plan->instructions, OmniInstruction, i);
    const OmniTensor *tensor = &plan->tensors[other->node];
    const Span span = { other->placement.offset_bytes,
                        other->placement.offset_bytes + tensor->slice_bytes * tensor->slices };

    if (other->placed && other->placement.arena == arena && (int)other->held >= self->first_use
        && other->first_use <= (int)self->held)
      g_array_append_val (taken, span);
  }

  g_array_sort (taken, compare_spans);
  for (guint i = 0; i < taken->len; i++)
  {
    const Span *span = &g_array_index (taken, Span, i);

    if (offset + bytes <= span->low)
      break;
    offset = MAX (offset, span->high);
  }

  return offset + bytes <= cap ? offset : G_MAXUINT64;
}

/* A band is collapsed where it lies: each element is read before it is written, and by its own invocation. Returns the
 * band, or NULL where that cannot be. */
static OmniInstruction *
find_band_below (const OmniPlan *plan, guint at)
{
  const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, at);
  const OmniNodeInfo *node = omni_graph_node (plan->graph, instruction->node);

  if (instruction->kind != OMNI_INSTRUCTION_COMPUTE || !omni_plan_collapses_band (plan, node))
    return NULL;

  OmniInstruction *band = (OmniInstruction *)omni_plan_find (plan, at, node->inputs[0]);
  const OmniTensor *from = &plan->tensors[node->inputs[0]];
  const OmniTensor *to = &plan->tensors[instruction->node];

  if (band->last_use != at || memcmp (&from->region, &to->region, sizeof from->region) != 0
      || from->pitch != to->pitch || from->planes_per_row != to->planes_per_row)
    return NULL;

  return band;
}

static guint64
arena_cap (const OmniPlan *plan)
{
  const guint64 texels = plan->device->limits.maxTexelBufferElements;
  const guint64 view = texels * (plan->params.half ? 8 : 16);

  return MIN (view, 2ULL << 30);
}

/* Whether `bytes` at `placement` meet nothing that lives with instruction `at`, but for `dying`. */
static gboolean
is_free (const OmniPlan *plan, guint at, const OmniInstruction *dying, OmniPlacement placement, guint64 bytes)
{
  const OmniInstruction *self = &g_array_index (plan->instructions, OmniInstruction, at);

  if (placement.offset_bytes + bytes > arena_cap (plan))
    return FALSE;
  for (guint i = 0; i < plan->instructions->len; i++)
  {
    const OmniInstruction *other = &g_array_index (plan->instructions, OmniInstruction, i);
    const OmniTensor *tensor = &plan->tensors[other->node];
    const guint64 low = other->placement.offset_bytes;
    const guint64 high = low + tensor->slice_bytes * tensor->slices;

    if (other != dying && other->placed && other->placement.arena == placement.arena
        && (int)other->held >= self->first_use && other->first_use <= (int)self->held
        && placement.offset_bytes < high && low < placement.offset_bytes + bytes)
      return FALSE;
  }

  return TRUE;
}

/* An input of which every member dies with the same member's convolution, or NULL. */
static const OmniInstruction *
find_dying_input (const OmniPlan *plan, guint at, guint input)
{
  const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, at);
  const OmniNode node = omni_graph_node (plan->graph, instruction->node)->inputs[input];
  const OmniTensor *tensor = &plan->tensors[instruction->node];
  const OmniInstruction *producer;

  if (plan->streamed || omni_plan_reads_samples (plan, node) || tensor->slices < 2
      || plan->tensors[node].slices != tensor->slices
      || plan->tensors[node].slice_bytes < tensor->slice_bytes)
    return NULL;

  producer = omni_plan_find (plan, at, node);
  return producer->placed && producer->held == at ? producer : NULL;
}

/* Looks for a place that overlaps a dying input: a member comes to lie just below the input's, or just above when the last
 * is computed first. A chain of convolutions then needs one member more than its input, not twice the set. */
static void
slide (const OmniPlan *plan, guint at, OmniPlacement *best, int *direction)
{
  const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, at);
  const OmniNodeInfo *node = omni_graph_node (plan->graph, instruction->node);
  const OmniTensor *tensor = &plan->tensors[instruction->node];
  const guint64 bytes = tensor->slice_bytes * tensor->slices;

  for (guint i = 0; node->op == OMNI_OP_CONV && i < node->n_inputs; i++)
  {
    const OmniInstruction *dying = find_dying_input (plan, at, i);

    if (dying == NULL)
      continue;

    const guint64 from = dying->placement.offset_bytes;
    const guint64 end = from + plan->tensors[dying->node].slice_bytes * tensor->slices;
    OmniPlacement place = { dying->placement.arena, from - tensor->slice_bytes };

    for (int way = 1; way >= -1; way -= 2)
    {
      if (way < 0)
        place.offset_bytes = end - bytes + tensor->slice_bytes;
      if ((way < 0 || from >= OMNI_PLAN_ZERO_BYTES + tensor->slice_bytes) && place.arena <= best->arena
          && (place.arena < best->arena || place.offset_bytes < best->offset_bytes)
          && is_free (plan, at, dying, place, bytes))
      {
        *best = place;
        *direction = way;
      }
    }
  }
}

static gboolean
place (OmniPlan *plan, guint at)
{
  OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, at);
  const OmniTensor *tensor = &plan->tensors[instruction->node];
  const guint64 bytes = tensor->slice_bytes * tensor->slices;

  for (guint arena = 0;; arena++)
  {
    if (arena == plan->arena_bytes->len)
    {
      const guint64 nothing = 0;

      g_array_append_val (plan->arena_bytes, nothing);
    }

    const guint64 offset = first_fit (plan, at, arena, bytes, arena_cap (plan));
    guint64 *size = &g_array_index (plan->arena_bytes, guint64, arena);

    if (offset == G_MAXUINT64 && *size == 0)
      return FALSE; /* not even an empty arena holds it */
    if (offset == G_MAXUINT64)
      continue;

    instruction->placement = (OmniPlacement){ arena, offset };
    slide (plan, at, &instruction->placement, &instruction->slide);
    instruction->placed = TRUE;
    size = &g_array_index (plan->arena_bytes, guint64, instruction->placement.arena);
    *size = MAX (*size, instruction->placement.offset_bytes + bytes);
    return TRUE;
  }
}

static gboolean
is_c4 (const OmniPlan *plan, const OmniInstruction *instruction)
{
  return omni_graph_node (plan->graph, instruction->node)->layout == OMNI_LAYOUT_C4;
}

static gint
compare_sizes (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const OmniPlan *plan = user_data;
  const guint left = *(const guint *)a;
  const guint right = *(const guint *)b;
  const OmniTensor *one = &plan->tensors[g_array_index (plan->instructions, OmniInstruction, left).node];
  const OmniTensor *other = &plan->tensors[g_array_index (plan->instructions, OmniInstruction, right).node];
  const guint64 one_bytes = one->slice_bytes * one->slices;
  const guint64 other_bytes = other->slice_bytes * other->slices;

  if (one_bytes != other_bytes)
    return one_bytes > other_bytes ? -1 : 1;

  return left < right ? -1 : left > right ? 1 : 0;
}

static gboolean
place_these (OmniPlan *plan, const GArray *order, gboolean c4)
{
  for (guint i = 0; i < order->len; i++)
  {
    const guint at = g_array_index (order, guint, i);

    if (is_c4 (plan, &g_array_index (plan->instructions, OmniInstruction, at)) == c4 && !place (plan, at))
      return FALSE;
  }

  return TRUE;
}

gboolean
omni_plan_place (OmniPlan *plan, gboolean c4_first)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  /* The last two are nowhere in memory where they are packed at once. */
  const guint n_in_memory = plan->instructions->len - (omni_plan_packs_blend (plan) ? 2 : 0);

  g_array_set_size (plan->arena_bytes, 0);
  for (guint i = 0; i < plan->instructions->len; i++)
  {
    OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, i);
    OmniInstruction *band = find_band_below (plan, i);

    instruction->placed = FALSE;
    instruction->slide = 0;
    instruction->held = instruction->last_use;
    if (band != NULL)
      band->held = MAX (band->held, instruction->last_use);
    else if (instruction->kind == OMNI_INSTRUCTION_COMPUTE && i < n_in_memory)
      g_array_append_val (order, i);
  }
  g_array_sort_with_data (order, compare_sizes, plan);
  if (c4_first)
  {
    if (!place_these (plan, order, TRUE) || !place_these (plan, order, FALSE))
      return FALSE;
  }
  else
    for (guint i = 0; i < order->len; i++)
      if (!place (plan, g_array_index (order, guint, i)))
        return FALSE;
  for (guint i = 0; i < plan->instructions->len; i++)
  {
    const OmniInstruction *band = find_band_below (plan, i);

    if (band != NULL)
      g_array_index (plan->instructions, OmniInstruction, i).placement = band->placement;
  }

  return TRUE;
}

static gboolean
has_c4 (const OmniPlan *plan)
{
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
    if (omni_graph_node (plan->graph, n)->needed
        && omni_graph_node (plan->graph, n)->layout == OMNI_LAYOUT_C4)
      return TRUE;

  return FALSE;
}

static gboolean
shares_arena (const OmniPlan *plan)
{
  int arena = -1;

  for (guint i = 0; i < plan->instructions->len; i++)
  {
    const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, i);

    if (!is_c4 (plan, instruction) || instruction->kind != OMNI_INSTRUCTION_COMPUTE)
      continue;
    if (arena >= 0 && arena != (int)instruction->placement.arena)
      return FALSE;
    arena = (int)instruction->placement.arena;
  }

  return TRUE;
}

gboolean
omni_plan_bindings_fit (const OmniPlan *plan)
{
  if (!has_c4 (plan))
    return TRUE;
  if (!shares_arena (plan))
    return FALSE;
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
    const OmniTensor *tensor = &plan->tensors[n];
    guint64 bytes = tensor->slice_bytes;

    if (omni_plan_splits_outputs (node) && tensor->planes > OMNI_MOST_OUTPUT_PLANES)
      bytes = bytes / tensor->planes * OMNI_MOST_OUTPUT_PLANES;
    if (node->needed && node->layout == OMNI_LAYOUT_C4
        && bytes + 2 * OMNI_PLAN_ALIGN_BYTES > plan->device->limits.maxStorageBufferRange)
      return FALSE;
  }

  return TRUE;
}
