/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024ULL * 1024ULL)
/* Above so many pixels of all sources a plan is cut in two where that can be. */
#define CUT_PIXELS 6e6
#define CUT_LEVEL  3U
#define TILE_BYTES (160 * MIB) /* for the tensors of one tile below a cut */
#define PIECE_MS   10.0        /* what one recorded piece should take at most, by the first guess */

gsize
omni_store_get_bytes (OmniStore store)
{
  return store == OMNI_STORE_U8 ? 1 : store == OMNI_STORE_U16 ? 2 : 4;
}

/* OMNIFUSE_MEMORY_MIB in bytes; 0: not set. */
static guint64
budget_asked_for (void)
{
  const char *text = g_getenv ("OMNIFUSE_MEMORY_MIB");
  guint64 mib;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 16, 1 << 20, &mib, NULL) ? mib * MIB : 0;
}

/* A software device has the machine's memory, whatever it says. */
static guint64
memory_of (const OmniDevice *device)
{
  if (device->info.type == OMNI_DEVICE_SOFTWARE)
    return (guint64)sysconf (_SC_PHYS_PAGES) * (guint64)sysconf (_SC_PAGE_SIZE);
  return device->info.memory_bytes;
}

guint64
omni_plan_default_budget (const OmniDevice *device)
{
  const guint64 asked = budget_asked_for ();

  if (asked != 0)
    return asked;
  if (device->info.type == OMNI_DEVICE_SOFTWARE)
    return CLAMP (memory_of (device) / 4, 256 * MIB, 1664 * MIB);
  return CLAMP (memory_of (device) / 2, 256 * MIB, 4096 * MIB);
}

/* What the smallest tile may take where nobody set a budget. */
static guint64
most_bytes (const OmniDevice *device, guint64 budget)
{
  const guint64 memory = memory_of (device);

  if (budget_asked_for () != 0)
    return budget;
  return MAX (budget, device->info.type == OMNI_DEVICE_SOFTWARE ? memory / 2 : memory / 4 * 3);
}

/* Streaming re-computes per-source tensors in every pass: right for pyramids, wrong for deep networks, unless all members of
 * those are kept. */
static gboolean
should_stream (const OmniGraph *graph)
{
  const char *wanted = g_getenv ("OMNIFUSE_PLAN");

  if (!omni_graph_can_stream (graph))
    return FALSE;
  if (g_strcmp0 (wanted, "resident") == 0)
    return FALSE;
  if (g_strcmp0 (wanted, "streamed") == 0 || g_strcmp0 (wanted, "cut") == 0)
    return TRUE;

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (graph, n);

    if (node->needed && node->streams && (node->op == OMNI_OP_CONV || node->op == OMNI_OP_NORMALISE))
      return FALSE;
  }

  return TRUE;
}

static gboolean
check_params (const OmniDevice *device, const OmniGraph *graph, const OmniPlanParams *params, GError **error)
{
  const char *name = omni_graph_get_name (graph);

  if (params->width == 0 || params->height == 0 || params->n_sources == 0)
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("There is nothing to fuse: %u pictures of %u × %u px."), params->n_sources, params->width,
                 params->height);
  else if (params->n_sources < omni_graph_get_min_sources (graph))
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("%s needs at least %u pictures, and there are %u."), name,
                 omni_graph_get_min_sources (graph), params->n_sources);
  else if (params->half && !device->info.has_fp16)
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("The device %s has no half-precision storage. Use --precision fp32."), device->info.name);
  else
    return TRUE;

  return FALSE;
}

static gboolean
create_buffers (OmniPlan *plan, GError **error)
{
  OmniDevice *device = plan->device;
  const gsize result_bytes = (gsize)plan->result_pitch_px * plan->tile_height
                             * omni_graph_get_output_channels (plan->graph)
                             * omni_store_get_bytes (plan->params.output);
  static const guint8 zeros[256];

  plan->arenas = g_new0 (OmniBuffer, plan->arena_bytes->len);
  for (guint i = 0; i < plan->arena_bytes->len; i++)
    if (!omni_buffer_init (device, &plan->arenas[i], g_array_index (plan->arena_bytes, guint64, i) + 256,
                           OMNI_BUFFER_DEVICE, error)
        || !omni_buffer_upload (device, &plan->arenas[i], 0, zeros, sizeof zeros, error))
      return FALSE;

  for (guint i = 0; i < plan->n_stages; i++)
    if (plan->stages[i].buffer.handle == VK_NULL_HANDLE
        && !omni_buffer_init (device, &plan->stages[i].buffer,
                              plan->stages[i].tensor.slice_bytes * plan->stages[i].tensor.slices,
                              OMNI_BUFFER_DEVICE, error))
      return FALSE;

  if (plan->weight_texels->len == 0)
    g_array_append_vals (plan->weight_texels, (const float[4]){ 0 }, 4);

  const gsize weight_bytes = plan->weight_texels->len * sizeof (float);

  return omni_buffer_init (device, &plan->sources, plan->source_slot_bytes * plan->slots, OMNI_BUFFER_UPLOAD,
                           error)
         && omni_buffer_init (device, &plan->result, result_bytes + 256, OMNI_BUFFER_READBACK, error)
         && omni_buffer_init (device, &plan->tile_uniform, sizeof (OmniTileUniform), OMNI_BUFFER_UPLOAD,
                              error)
         && omni_buffer_init (device, &plan->statistics, MAX (plan->statistics_floats, 4) * sizeof (float),
                              OMNI_BUFFER_DEVICE, error)
         && omni_buffer_init (device, &plan->weights, weight_bytes, OMNI_BUFFER_DEVICE, error)
         && omni_buffer_upload (device, &plan->weights, 0, plan->weight_texels->data, weight_bytes, error);
}

/* All but the stages. */
static void
destroy_running_buffers (OmniPlan *plan)
{
  GHashTableIter iter;
  gpointer view;

  g_hash_table_iter_init (&iter, plan->views);
  while (g_hash_table_iter_next (&iter, NULL, &view))
    vk.DestroyBufferView (plan->device->handle, (VkBufferView)view, NULL);
  g_hash_table_remove_all (plan->views);

  for (guint i = 0; plan->arenas != NULL && i < plan->arena_bytes->len; i++)
    omni_buffer_clear (plan->device, &plan->arenas[i]);
  g_clear_pointer (&plan->arenas, g_free);
  omni_buffer_clear (plan->device, &plan->sources);
  omni_buffer_clear (plan->device, &plan->result);
  omni_buffer_clear (plan->device, &plan->weights);
  omni_buffer_clear (plan->device, &plan->tile_uniform);
  omni_buffer_clear (plan->device, &plan->statistics);
}

static void
destroy_buffers (OmniPlan *plan)
{
  destroy_running_buffers (plan);
  for (guint i = 0; i < plan->n_stages; i++)
    omni_buffer_clear (plan->device, &plan->stages[i].buffer);
  plan->n_stages = 0;
  g_clear_pointer (&plan->stages, g_free);
}

gboolean
omni_plan_take_memory (OmniPlan *plan, GError **error)
{
  if (create_buffers (plan, error))
    return TRUE;
  destroy_running_buffers (plan);
  return FALSE;
}

void
omni_plan_give_memory_back (OmniPlan *plan)
{
  if (plan->recorded)
    omni_plan_forget_recording (plan);
  destroy_running_buffers (plan);
}

static void
clear_layout (OmniPlan *plan)
{
  for (guint b = 0; plan->blocks != NULL && b < plan->blocks->len; b++)
    g_array_unref (g_array_index (plan->blocks, OmniBlock, b).chunks);
  g_clear_pointer (&plan->blocks, g_array_unref);
  g_clear_pointer (&plan->instructions, g_array_unref);
  g_clear_pointer (&plan->arena_bytes, g_array_unref);
  g_clear_pointer (&plan->steps, g_array_unref);
  g_clear_pointer (&plan->tensors, g_free);
  g_clear_pointer (&plan->step_block, g_free);
  g_array_set_size (plan->weight_texels, 0);
  g_hash_table_remove_all (plan->weight_offsets);
}

static double
sum_costs (const OmniPlan *plan)
{
  double total = 0.0;

  for (guint b = 0; b < plan->blocks->len; b++)
  {
    const OmniBlock *block = &g_array_index (plan->blocks, OmniBlock, b);
    const double repeats = block->per_source && block->member < 0 ? plan->params.n_sources : 1;

    for (guint i = plan->step_block[b]; i < plan->step_block[b + 1]; i++)
      total += repeats * omni_step_cost (&g_array_index (plan->steps, OmniStep, i));
  }

  return total;
}

/* One attempt within `budget`. */
static gboolean
compile (OmniPlan *plan, guint64 budget, GError **error)
{
  plan->params.budget_bytes = budget;
  if (!omni_plan_lay_out (plan, error))
    return FALSE;

  plan->max_chunk_cost = plan->device->gflops * 1e9 * PIECE_MS / 1000.0;
  omni_plan_lower (plan);
  plan->total_cost = sum_costs (plan);
  return plan->passing || create_buffers (plan, error);
}

/* How a graph becomes a plan. */
typedef struct
{
  OmniGraph *graph;
  gboolean streamed, in_one_go, passing;
  OmniPlan *above; /* taken over */
  guint64 budget, most_bytes;
} Part;

static OmniPlan *
start_plan (OmniDevice *device, const Part *part, const OmniPlanParams *params)
{
  OmniPlan *plan = g_new0 (OmniPlan, 1);

  plan->device = device;
  plan->graph = omni_graph_ref (part->graph);
  plan->above = part->above;
  plan->params = *params;
  plan->params.range = params->range > 0.0F ? params->range : 1.0F;
  plan->source_pixel_bytes = params->source_pixel_bytes > 0 ? params->source_pixel_bytes : 4;
  if (params->format.channels > 0)
    plan->source_pixel_bytes = params->format.channels * (guint)omni_store_get_bytes (params->format.store);
  plan->width = (params->width + part->graph->padding - 1) / part->graph->padding * part->graph->padding;
  plan->height = (params->height + part->graph->padding - 1) / part->graph->padding * part->graph->padding;
  plan->in_one_go = part->in_one_go;
  plan->passing = part->passing;
  plan->may_stream = plan->streamed = part->streamed;
  plan->slots = part->streamed ? 1 : params->n_sources;
  plan->most_bytes = part->most_bytes;
  plan->weight_texels = g_array_new (FALSE, TRUE, sizeof (float));
  plan->weight_offsets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  plan->views = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  plan->sets = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  return plan;
}

static OmniPlan *
make_plan (OmniDevice *device, const Part *part, const OmniPlanParams *params, GError **error)
{
  OmniPlan *plan = start_plan (device, part, params);
  guint64 budget = part->budget;

  if (plan->slots > OMNI_MAX_SLOTS)
  {
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("%s takes at most %u pictures at a time, and there are %u."),
                 omni_graph_get_name (plan->graph), OMNI_MAX_SLOTS, plan->slots);
    omni_plan_free (&plan);
    return NULL;
  }

  for (;;)
  {
    g_autoptr (GError) failure = NULL;

    if (compile (plan, budget, &failure))
      return plan;

    /* The device had less than the budget: lay out for what the last attempt needed, halved. */
    const guint64 needed = plan->arenas != NULL ? omni_plan_get_memory_bytes (plan) : 0;
    const gboolean retry = needed > 0 && g_error_matches (failure, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY)
                           && needed / 2 > MIB;

    destroy_buffers (plan);
    clear_layout (plan);
    if (!retry)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      omni_plan_free (&plan);
      return NULL;
    }
    plan->params.tile_px = 0;
    budget = MIN (budget, needed) / 2;
    plan->most_bytes = budget;
  }
}

/* A tile and all sources of it at once, for pictures whose pyramid is made once, above. */
static OmniPlan *
make_cut_plan (OmniDevice *device, const Part *whole, OmniGraph *coarse, OmniGraph *fine,
               const OmniPlanParams *params, GError **error)
{
  Part above = *whole, below = *whole;

  above.graph = coarse;
  above.streamed = TRUE;
  below.above = make_plan (device, &above, params, error);
  if (below.above == NULL)
    return NULL;

  const guint64 taken = omni_plan_get_memory_bytes (below.above);

  below.graph = fine;
  below.streamed = FALSE;
  below.budget = taken + CLAMP (whole->budget - MIN (taken, whole->budget), MIB, TILE_BYTES);
  below.most_bytes = MAX (whole->most_bytes, below.budget);
  return make_plan (device, &below, params, error);
}

/* The finest level that is made of the whole picture, 0 for no cut. */
static guint
choose_cut (const OmniGraph *graph, const OmniPlanParams *params)
{
  const char *wanted = g_getenv ("OMNIFUSE_PLAN");

  if (params->n_sources > OMNI_MAX_SLOTS || (wanted != NULL && g_strcmp0 (wanted, "cut") != 0))
    return 0;
  return MIN (graph->kept_level, CUT_LEVEL);
}

/* What could be cut and is small is made all at once, where memory does. */
static OmniPlan *
make_cut_or_resident_plan (OmniDevice *device, Part *part, OmniGraph *coarse, OmniGraph *fine,
                           const OmniPlanParams *params, GError **error)
{
  const double pixels = (double)params->width * params->height * params->n_sources;
  OmniPlan *plan;

  if (pixels >= CUT_PIXELS || g_getenv ("OMNIFUSE_PLAN") != NULL)
    return make_cut_plan (device, part, coarse, fine, params, error);

  part->streamed = FALSE;
  plan = make_plan (device, part, params, NULL);
  part->streamed = TRUE;
  return plan != NULL ? plan : make_cut_plan (device, part, coarse, fine, params, error);
}

static gboolean
has_convolutions (const OmniGraph *graph)
{
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (graph); n++)
    if (omni_graph_node (graph, n)->needed && omni_graph_node (graph, n)->op == OMNI_OP_CONV)
      return TRUE;
  return FALSE;
}

/* A plan for each part between two stages, every one in tiles of its own. They run one after another, and each has all the
 * memory then but for the stages that are there already. */
static OmniPlan *
make_passing_plan (OmniDevice *device, const Part *whole, const OmniPlanParams *params, GError **error)
{
  g_autoptr (OmniGraph) before = NULL;
  g_autoptr (OmniGraph) behind = NULL;
  Part above = *whole, below = *whole;

  if (!omni_graph_split (whole->graph, &before, &behind))
    return make_plan (device, whole, params, error);

  above.graph = before;
  below.graph = behind;
  below.above = make_passing_plan (device, &above, params, error);
  return below.above != NULL ? make_plan (device, &below, params, error) : NULL;
}

/* The last part keeps its memory, so that it shares with those that pass; one without a network needs little. */
static OmniPlan *
make_staged_plan (OmniDevice *device, const Part *whole, OmniGraph *before, OmniGraph *behind,
                  const OmniPlanParams *params, GError **error)
{
  Part above = *whole, below = *whole;

  below.graph = behind;
  below.budget = has_convolutions (behind) ? whole->budget / 2 : MIN (TILE_BYTES, whole->budget / 2);
  above.graph = before;
  above.passing = TRUE;
  above.budget = whole->budget - below.budget;
  above.most_bytes = whole->most_bytes == whole->budget ? above.budget : whole->most_bytes;
  below.above = make_passing_plan (device, &above, params, error);
  if (below.above == NULL)
    return NULL;

  below.budget = whole->budget; /* which counts those that pass */
  return make_plan (device, &below, params, error);
}

/* All at once, where memory does and no tiles are asked for. Where it does for no part either, in tiles that compute everything
 * around them. */
static OmniPlan *
make_staged_or_whole_plan (OmniDevice *device, Part *part, OmniGraph *before, OmniGraph *behind,
                           const OmniPlanParams *params, GError **error)
{
  OmniPlan *plan = NULL;

  part->in_one_go = g_getenv ("OMNIFUSE_PLAN") == NULL && params->tile_px == 0;
  if (part->in_one_go)
    plan = make_plan (device, part, params, NULL);
  part->in_one_go = FALSE;
  if (plan == NULL)
    plan = make_staged_plan (device, part, before, behind, params, NULL);
  return plan != NULL ? plan : make_plan (device, part, params, error);
}

static OmniPlan *
choose_plan (OmniDevice *device, OmniGraph *graph, const OmniPlanParams *params, GError **error)
{
  const guint level = choose_cut (graph, params);
  Part part = { .graph = graph, .streamed = should_stream (graph) };

  part.budget = params->budget_bytes != 0 ? params->budget_bytes : omni_plan_default_budget (device);
  part.most_bytes = params->budget_bytes != 0 ? part.budget : most_bytes (device, part.budget);
  if (level > 0 && part.streamed)
  {
    g_autoptr (OmniGraph) coarse = NULL;
    g_autoptr (OmniGraph) fine = NULL;

    if (omni_graph_cut (graph, level, &coarse, &fine))
      return make_cut_or_resident_plan (device, &part, coarse, fine, params, error);
  }
  if (!part.streamed && g_strcmp0 (g_getenv ("OMNIFUSE_PLAN"), "resident") != 0)
  {
    g_autoptr (OmniGraph) before = NULL;
    g_autoptr (OmniGraph) behind = NULL;

    if (omni_graph_split (graph, &before, &behind))
      return make_staged_or_whole_plan (device, &part, before, behind, params, error);
  }
  return make_plan (device, &part, params, error);
}

OmniPlan *
omni_plan_new (OmniDevice *device, OmniGraph *graph, const OmniPlanParams *params, GError **error)
{
  if (!check_params (device, graph, params, error))
    return NULL;

  OmniPlan *plan = choose_plan (device, graph, params, error);

  if (plan != NULL)
    omni_plan_begin_pipelines (plan); /* while the sources are read */
  return plan;
}

void
omni_plan_free (OmniPlan **plan)
{
  OmniPlan *self = g_steal_pointer (plan);

  if (self == NULL)
    return;

  if (self->recorded)
    omni_plan_forget_recording (self);
  destroy_buffers (self);
  clear_layout (self);
  g_hash_table_unref (self->views);
  g_hash_table_unref (self->sets);
  g_hash_table_unref (self->weight_offsets);
  g_array_unref (self->weight_texels);
  g_clear_pointer (&self->profile, g_array_unref);
  omni_plan_free (&self->above);
  omni_graph_unref (self->graph);
  g_free (self);
}

guint
omni_plan_get_tiles (const OmniPlan *plan)
{
  return plan->tiles_x * plan->tiles_y;
}

guint
omni_plan_get_tile_px (const OmniPlan *plan)
{
  return omni_plan_get_tiles (plan) == 1 ? 0 : MAX (plan->tile_width, plan->tile_height);
}

gboolean
omni_plan_is_streamed (const OmniPlan *plan)
{
  return plan->streamed || plan->above != NULL;
}

GArray *
omni_plan_get_profile (const OmniPlan *plan)
{
  GArray *rows = plan->above != NULL ? omni_plan_get_profile (plan->above)
                                     : g_array_new (FALSE, TRUE, sizeof (OmniPlanProfile));

  for (guint i = 0; plan->profile != NULL && i < plan->profile->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (plan->profile, OmniPlanProfile, i);

    if (row->dispatches > 0)
      g_array_append_vals (rows, row, 1);
  }

  return rows;
}
