/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <string.h>

#define MIB (1024ULL * 1024ULL)
#define MAX_SLOTS 128             /* length of the format table in shaders/common.glsl */
#define TARGET_SUBMISSION_MS 40.0 /* aimed at; 100 is the promise */

/* Mirrors the uniform block of shaders/common.glsl. */
typedef struct
{
  gint32 origin[2];
  gint32 first;
  gint32 pad;
  gint32 format[MAX_SLOTS][4];
} TileUniform;

gsize
omni_store_get_bytes (OmniStore store)
{
  return store == OMNI_STORE_U8 ? 1 : store == OMNI_STORE_U16 ? 2 : 4;
}

guint64
omni_plan_default_budget (const OmniDevice *device)
{
  const char *text = g_getenv ("OMNIFUSE_MEMORY_MIB");
  guint64 mib;

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 16, 1 << 20, &mib, NULL))
    return mib * MIB;

  return CLAMP (device->info.memory_bytes / 4, 256 * MIB, 2048 * MIB);
}

/* Streaming re-computes per-source tensors in every pass: right for pyramids, wrong for deep networks. */
static gboolean
should_stream (const OmniGraph *graph)
{
  const char *wanted = g_getenv ("OMNIFUSE_PLAN");

  if (!omni_graph_can_stream (graph))
    return FALSE;
  if (g_strcmp0 (wanted, "resident") == 0)
    return FALSE;
  if (g_strcmp0 (wanted, "streamed") == 0)
    return TRUE;

  for (OmniNode n = 0; n < (OmniNode) omni_graph_get_n_nodes (graph); n++)
    {
      const OmniNodeInfo *node = omni_graph_node (graph, n);

      if (node->needed && (node->op == OMNI_OP_CONV || node->op == OMNI_OP_NORMALISE))
        return FALSE;
    }

  return TRUE;
}

static gboolean
check_params (const OmniDevice *device, const OmniGraph *graph, const OmniPlanParams *params, GError **error)
{
  const char *name = omni_graph_get_name (graph);

  if (params->width == 0 || params->height == 0 || params->n_sources == 0)
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED, "There is nothing to fuse: %u pictures of %u × %u px.",
                 params->n_sources, params->width, params->height);
  else if (params->n_sources < omni_graph_get_min_sources (graph))
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED, "%s needs at least %u pictures, and there are %u.",
                 name, omni_graph_get_min_sources (graph), params->n_sources);
  else if (params->half && !device->info.has_fp16)
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 "The device %s has no half-precision storage. Use --precision fp32.", device->info.name);
  else
    return TRUE;

  return FALSE;
}

static gboolean
create_buffers (OmniPlan *plan, GError **error)
{
  OmniDevice *device = plan->device;
  const gsize result_bytes = (gsize) plan->result_pitch_px * plan->tile_height
                             * omni_graph_get_output_channels (plan->graph)
                             * omni_store_get_bytes (plan->params.output);
  static const guint8 zeros[256];

  plan->arenas = g_new0 (OmniBuffer, plan->arena_bytes->len);
  for (guint i = 0; i < plan->arena_bytes->len; i++)
    if (!omni_buffer_init (device, &plan->arenas[i], g_array_index (plan->arena_bytes, guint64, i) + 256,
                           OMNI_BUFFER_DEVICE, error)
        || !omni_buffer_upload (device, &plan->arenas[i], 0, zeros, sizeof zeros, error))
      return FALSE;

  if (plan->weight_texels->len == 0)
    g_array_append_vals (plan->weight_texels, (const float[4]) { 0 }, 4);

  const gsize weight_bytes = plan->weight_texels->len * sizeof (float);

  return omni_buffer_init (device, &plan->sources, plan->source_slot_bytes * plan->slots, OMNI_BUFFER_UPLOAD, error)
         && omni_buffer_init (device, &plan->result, result_bytes + 256, OMNI_BUFFER_READBACK, error)
         && omni_buffer_init (device, &plan->tile_uniform, sizeof (TileUniform), OMNI_BUFFER_UPLOAD, error)
         && omni_buffer_init (device, &plan->statistics, MAX (plan->statistics_floats, 4) * sizeof (float),
                              OMNI_BUFFER_DEVICE, error)
         && omni_buffer_init (device, &plan->weights, weight_bytes, OMNI_BUFFER_DEVICE, error)
         && omni_buffer_upload (device, &plan->weights, 0, plan->weight_texels->data, weight_bytes, error);
}

static void
destroy_buffers (OmniPlan *plan)
{
  GHashTableIter iter;
  gpointer view;

  g_hash_table_iter_init (&iter, plan->views);
  while (g_hash_table_iter_next (&iter, NULL, &view))
    vk.DestroyBufferView (plan->device->handle, (VkBufferView) view, NULL);
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
      const double repeats = block->per_source ? plan->params.n_sources : 1;

      for (guint i = plan->step_block[b]; i < plan->step_block[b + 1]; i++)
        total += repeats * omni_step_cost (&g_array_index (plan->steps, OmniStep, i));
    }

  return total;
}

static void
lower_again (OmniPlan *plan)
{
  g_clear_pointer (&plan->steps, g_array_unref);
  g_clear_pointer (&plan->step_block, g_free);
  plan->statistics_floats = 0;
  omni_plan_lower (plan);
  plan->total_cost = sum_costs (plan);
}

/* One attempt within `budget`. */
static gboolean
compile (OmniPlan *plan, guint64 budget, GError **error)
{
  plan->params.budget_bytes = budget;
  if (!omni_plan_lay_out (plan, error))
    return FALSE;

  plan->max_chunk_cost = plan->device->gflops * 1e9 * TARGET_SUBMISSION_MS / 1000.0;
  lower_again (plan);
  return create_buffers (plan, error);
}

OmniPlan *
omni_plan_new (OmniDevice *device, OmniGraph *graph, const OmniPlanParams *params, GError **error)
{
  if (!check_params (device, graph, params, error))
    return NULL;

  OmniPlan *plan = g_new0 (OmniPlan, 1);

  plan->device = device;
  plan->graph = omni_graph_ref (graph);
  plan->params = *params;
  plan->params.range = params->range > 0.0F ? params->range : 1.0F;
  plan->source_pixel_bytes = params->source_pixel_bytes > 0 ? params->source_pixel_bytes : 4;
  plan->streamed = should_stream (graph);
  plan->slots = plan->streamed ? 1 : params->n_sources;
  plan->weight_texels = g_array_new (FALSE, TRUE, sizeof (float));
  plan->weight_offsets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  plan->views = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  plan->sets = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  if (plan->slots > MAX_SLOTS)
    {
      g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                   "%s takes at most %u pictures at a time, and there are %u.", omni_graph_get_name (graph), MAX_SLOTS,
                   plan->slots);
      omni_plan_free (&plan);
      return NULL;
    }

  guint64 budget = params->budget_bytes != 0 ? params->budget_bytes : omni_plan_default_budget (device);

  for (;;)
    {
      g_autoptr (GError) failure = NULL;

      if (compile (plan, budget, &failure))
        return plan;

      /* The device had less than the budget: lay out for what the last attempt needed, halved. */
      const guint64 needed = plan->arenas != NULL ? omni_plan_get_memory_bytes (plan) : 0;
      const gboolean retry
        = needed > 0 && g_error_matches (failure, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY) && needed / 2 > MIB;

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
    }
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
  return plan->streamed;
}

/* ---- Running ---- */

typedef struct
{
  OmniPlan *plan;
  const OmniPlanRun *run;
  OmniPlanStats *stats;
  guint tile;
  double done, whole; /* cost */
} Running;

static TileUniform *
uniform_of (OmniPlan *plan)
{
  return plan->tile_uniform.mapped;
}

static void
copy_rows (const OmniPlan *plan, guint8 *into, const OmniPlanSource *source, gint64 x0, gint64 y0)
{
  const gsize pixel_bytes = source->channels * omni_store_get_bytes (source->store);
  const gint64 width = plan->source_region.x.high - plan->source_region.x.low;
  const gint64 height = plan->source_region.y.high - plan->source_region.y.low;
  const gint64 from = CLAMP (x0, 0, (gint64) plan->params.width);
  const gint64 to = CLAMP (x0 + width, 0, (gint64) plan->params.width);

  for (gint64 y = MAX (y0, 0); y < MIN (y0 + height, (gint64) plan->params.height); y++)
    memcpy (into + (gsize) ((y - y0) * width + from - x0) * pixel_bytes,
            (const guint8 *) source->pixels + (gsize) (y * plan->params.width + from) * pixel_bytes,
            (gsize) (to - from) * pixel_bytes);
}

static gboolean
upload_source (Running *running, guint index, guint slot, GError **error)
{
  OmniPlan *plan = running->plan;
  const OmniPlanRun *run = running->run;
  OmniPlanSource source = { 0 };

  if (!run->fetch (index, &source, run->user_data, error))
    return FALSE;

  const gint64 start = g_get_monotonic_time ();
  const guint bytes = (guint) omni_store_get_bytes (source.store);
  const TileUniform *uniform = uniform_of (plan);
  gint32 *format = uniform_of (plan)->format[slot];
  const guint colour = source.channels - (source.has_alpha ? 1 : 0);

  if (source.channels * bytes > plan->source_pixel_bytes)
    {
      g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                   "Picture %u has %u bytes a pixel, and the plan was made for %u.", index + 1,
                   source.channels * bytes, plan->source_pixel_bytes);
      return FALSE;
    }

  copy_rows (plan, (guint8 *) plan->sources.mapped + plan->source_slot_bytes * slot, &source,
             (gint64) plan->source_region.x.low + uniform->origin[0],
             (gint64) plan->source_region.y.low + uniform->origin[1]);
  format[0] = (gint32) bytes;
  format[1] = (gint32) source.channels;
  format[2] = (gint32) colour;
  format[3] = source.store == OMNI_STORE_F32;
  omni_buffer_flush (plan->device, &plan->sources);
  if (run->release != NULL)
    run->release (index, run->user_data);
  running->stats->upload_ms += (double) (g_get_monotonic_time () - start) / 1000.0;
  return TRUE;
}

static void
collect_timestamps (OmniPlan *plan, const OmniChunk *chunk)
{
  g_autofree guint64 *stamps = g_new0 (guint64, chunk->n + 1);

  if (plan->queries == VK_NULL_HANDLE
      || vk.GetQueryPoolResults (plan->device->handle, plan->queries, chunk->first, chunk->n + 1,
                                 (chunk->n + 1) * sizeof *stamps, stamps, sizeof *stamps,
                                 VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT)
           != VK_SUCCESS)
    return;

  for (guint i = 0; i < chunk->n; i++)
    {
      const OmniStep *step = &g_array_index (plan->steps, OmniStep, chunk->first + i);
      OmniPlanProfile *row = &g_array_index (plan->profile, OmniPlanProfile, step->node);

      row->ms += (double) (stamps[i + 1] - stamps[i]) * plan->device->limits.timestampPeriod / 1e6;
      row->gflop += step->flop / 1e9;
      row->gbytes += step->bytes / 1e9;
      row->dispatches++;
      g_strlcpy (row->kernel, step->shader, sizeof row->kernel);
      g_strlcpy (row->label, omni_graph_node (plan->graph, step->node)->label, sizeof row->label);
    }
}

static gboolean
run_chunk (Running *running, const OmniChunk *chunk, GError **error)
{
  OmniPlan *plan = running->plan;
  double ms;

  if (g_cancellable_set_error_if_cancelled (running->run->cancellable, error))
    return FALSE;

  omni_buffer_flush (plan->device, &plan->tile_uniform);
  if (!omni_device_submit (plan->device, chunk->commands, &ms, error))
    return FALSE;

  running->stats->network_ms += ms;
  running->stats->submissions++;
  running->stats->longest_submission_ms = MAX (running->stats->longest_submission_ms, ms);
  running->done += chunk->cost;
  collect_timestamps (plan, chunk);
  if (running->run->progress != NULL)
    running->run->progress (MIN (running->done / running->whole, 1.0), running->run->user_data);
  return TRUE;
}

static gboolean
run_chunks (Running *running, const OmniBlock *block, GError **error)
{
  for (guint c = 0; c < block->chunks->len; c++)
    if (!run_chunk (running, &g_array_index (block->chunks, OmniChunk, c), error))
      return FALSE;

  return TRUE;
}

static gboolean
run_block (Running *running, const OmniBlock *block, GError **error)
{
  const OmniPlan *plan = running->plan;

  if (!block->per_source)
    return run_chunks (running, block, error);

  for (guint k = 0; k < plan->params.n_sources; k++)
    {
      uniform_of (running->plan)->first = k == 0;
      if (!upload_source (running, k, 0, error) || !run_chunks (running, block, error))
        return FALSE;
    }

  return TRUE;
}

static void
download_tile (Running *running)
{
  OmniPlan *plan = running->plan;
  const gint64 start = g_get_monotonic_time ();
  const gsize pixel_bytes
    = omni_graph_get_output_channels (plan->graph) * omni_store_get_bytes (plan->params.output);
  const guint x0 = running->tile % plan->tiles_x * plan->tile_width;
  const guint y0 = running->tile / plan->tiles_x * plan->tile_height;
  const guint columns = MIN (plan->tile_width, plan->params.width - x0);
  const guint rows = MIN (plan->tile_height, plan->params.height - y0);

  omni_buffer_invalidate (plan->device, &plan->result);
  for (guint y = 0; y < rows; y++)
    memcpy ((guint8 *) running->run->result + ((gsize) (y0 + y) * plan->params.width + x0) * pixel_bytes,
            (const guint8 *) plan->result.mapped + (gsize) y * plan->result_pitch_px * pixel_bytes,
            columns * pixel_bytes);
  running->stats->download_ms += (double) (g_get_monotonic_time () - start) / 1000.0;
}

static gboolean
run_tile (Running *running, GError **error)
{
  OmniPlan *plan = running->plan;

  uniform_of (plan)->origin[0] = (gint32) (running->tile % plan->tiles_x * plan->tile_width);
  uniform_of (plan)->origin[1] = (gint32) (running->tile / plan->tiles_x * plan->tile_height);
  for (guint k = 0; !plan->streamed && k < plan->slots; k++)
    if (!upload_source (running, k, k, error))
      return FALSE;

  for (guint b = 0; b < plan->blocks->len; b++)
    if (!run_block (running, &g_array_index (plan->blocks, OmniBlock, b), error))
      return FALSE;

  download_tile (running);
  return TRUE;
}

static void
start_profile (OmniPlan *plan)
{
  g_clear_pointer (&plan->profile, g_array_unref);
  plan->profile = g_array_new (FALSE, TRUE, sizeof (OmniPlanProfile));
  g_array_set_size (plan->profile, omni_graph_get_n_nodes (plan->graph));
}

/* Learns the device's rate from what was just run, so that later plans cut their submissions right; a plan whose
 * submissions ran too long is cut again before its next run. */
static void
learn_rate (OmniPlan *plan, const Running *running)
{
  const double ms = running->stats->network_ms;

  if (ms < 1.0)
    return;

  const double gflops = running->done / ms / 1e6;

  plan->device->gflops = CLAMP (0.5 * plan->device->gflops + 0.5 * gflops, 1.0, 1e6);
  if (running->stats->longest_submission_ms > 80.0)
    {
      plan->max_chunk_cost *= TARGET_SUBMISSION_MS / running->stats->longest_submission_ms;
      omni_plan_forget_recording (plan);
      lower_again (plan);
    }
}

gboolean
omni_plan_run (OmniPlan *plan, const OmniPlanRun *run, OmniPlanStats *stats, GError **error)
{
  const guint tiles = omni_plan_get_tiles (plan);
  Running running = {
    .plan = plan,
    .run = run,
    .stats = stats,
    .whole = plan->total_cost * tiles,
    .done = plan->total_cost * run->first_tile,
  };

  memset (stats, 0, sizeof *stats);
  stats->tiles_done = run->first_tile;
  if (!plan->recorded && !omni_plan_record (plan, error))
    {
      omni_plan_forget_recording (plan);
      return FALSE;
    }

  start_profile (plan);
  for (running.tile = run->first_tile; running.tile < tiles; running.tile++)
    {
      if (!run_tile (&running, error))
        return FALSE;
      stats->tiles_done = running.tile + 1;
    }

  running.done -= plan->total_cost * run->first_tile;
  learn_rate (plan, &running);
  return TRUE;
}

GArray *
omni_plan_get_profile (const OmniPlan *plan)
{
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (OmniPlanProfile));

  for (guint i = 0; plan->profile != NULL && i < plan->profile->len; i++)
    {
      const OmniPlanProfile *row = &g_array_index (plan->profile, OmniPlanProfile, i);

      if (row->dispatches > 0)
        g_array_append_vals (rows, row, 1);
    }

  return rows;
}
