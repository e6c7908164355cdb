/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define TARGET_SUBMISSION_MS 40.0 /* aimed at; 100 is the promise */
#define MAX_PIECES           64   /* of one submission */

typedef struct
{
  OmniPlan *plan;
  const OmniPlanRun *run;
  OmniPlanStats *stats;
  guint tile;
  double done, whole; /* cost */
} Running;

static OmniTileUniform *
uniform_of (OmniPlan *plan)
{
  return plan->tile_uniform.mapped;
}

/* `n` copies of the pixel at `pixel`. */
static guint8 *
repeat_pixel (guint8 *into, const guint8 *pixel, gsize pixel_bytes, gint64 n)
{
  for (gint64 i = 0; i < n; i++, into += pixel_bytes)
    memcpy (into, pixel, pixel_bytes);

  return into;
}

/* The source region from (x0, y0) on; beyond its edges the picture goes on with them, so that no kernel has to care. */
static void
copy_rows (const OmniPlan *plan, guint8 *into, const OmniPlanSource *source, gint64 x0, gint64 y0)
{
  const gsize pixel_bytes = source->channels * omni_store_get_bytes (source->store);
  const gint64 width = plan->source_pitch_px;
  const gint64 height = plan->source_region.y.high - plan->source_region.y.low;
  const gint64 last_row = (gint64)plan->params.height - 1;
  const gint64 from = CLAMP (x0, 0, (gint64)plan->params.width - 1);
  const gint64 to = CLAMP (x0 + width, from + 1, (gint64)plan->params.width);
  const gint64 before = CLAMP (-x0, 0, width - 1);

  for (gint64 y = y0; y < y0 + height; y++)
  {
    const guint8 *row = (const guint8 *)source->pixels
                        + (gsize)(CLAMP (y, 0, last_row) * plan->params.width + from) * pixel_bytes;

    into = repeat_pixel (into, row, pixel_bytes, before);
    memcpy (into, row, (gsize)(to - from) * pixel_bytes);
    into += (gsize)(to - from) * pixel_bytes;
    into = repeat_pixel (into, row + (gsize)(to - from - 1) * pixel_bytes, pixel_bytes,
                         width - before - (to - from));
  }
}

/* Whether the picture is what the plan was made for. */
static gboolean
check_source (const OmniPlan *plan, const OmniPlanSource *source, guint index, GError **error)
{
  const OmniPlanFormat *format = &plan->params.format;
  const guint pixel_bytes = source->channels * (guint)omni_store_get_bytes (source->store);

  if (pixel_bytes > plan->source_pixel_bytes)
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("Picture %u has %u bytes a pixel, and the plan was made for %u."), index + 1, pixel_bytes,
                 plan->source_pixel_bytes);
  else if (format->channels > 0
           && (source->channels != format->channels || !source->has_alpha != !format->has_alpha
               || source->store != format->store))
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("Picture %u has another format than the plan was made for."), index + 1);
  else
    return TRUE;

  return FALSE;
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
  const guint bytes = (guint)omni_store_get_bytes (source.store);
  const OmniTileUniform *uniform = uniform_of (plan);
  gint32 *format = uniform_of (plan)->format[slot];
  const guint colour = source.channels - (source.has_alpha ? 1 : 0);

  if (!check_source (plan, &source, index, error))
    return FALSE;

  copy_rows (plan, (guint8 *)plan->sources.mapped + plan->source_slot_bytes * slot, &source,
             (gint64)plan->source_region.x.low + uniform->origin[0],
             (gint64)plan->source_region.y.low + uniform->origin[1]);
  format[0] = (gint32)bytes;
  format[1] = (gint32)source.channels;
  format[2] = (gint32)colour;
  format[3] = (source.store == OMNI_STORE_F32) | (gint32)(source.mark << 1);
  omni_buffer_flush (plan->device, &plan->sources);
  if (run->release != NULL)
    run->release (index, run->user_data);
  running->stats->upload_ms += (double)(g_get_monotonic_time () - start) / 1000.0;
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

    row->ms += (double)(stamps[i + 1] - stamps[i]) * plan->device->limits.timestampPeriod / 1e6;
    row->gflop += step->flop / 1e9;
    row->gbytes += step->bytes / 1e9;
    row->dispatches++;
    g_strlcpy (row->kernel, step->shader, sizeof row->kernel);
    g_strlcpy (row->label, omni_graph_node (plan->graph, step->node)->label, sizeof row->label);
  }
}

/* What a piece should take, ms. */
static double
expected_ms (OmniPlan *plan, const OmniChunk *chunk)
{
  double ms = 0.0;

  for (guint i = chunk->first; i < chunk->first + chunk->n; i++)
  {
    const OmniStep *step = &g_array_index (plan->steps, OmniStep, i);

    ms += omni_step_cost (step) / plan->device->gflops / 1e6
          * *omni_device_slowness (plan->device, step->shader);
  }

  return ms;
}

/* Corrects the shaders of the pieces just run by how far the guess was off. */
static void
learn (OmniPlan *plan, const OmniChunk *chunks, guint n, double expected, double measured)
{
  const guint first = chunks[0].first;
  const guint end = chunks[n - 1].first + chunks[n - 1].n;
  const char *last = NULL;

  if (measured < 0.5 || omni_device_is_making_pipelines (plan->device))
    return;
  for (guint i = first; i < end; i++)
  {
    const char *shader = g_array_index (plan->steps, OmniStep, i).shader;

    if (shader != last)
      omni_device_correct_slowness (plan->device, shader, expected, measured);
    last = shader;
  }
}

static gboolean
submit (Running *running, const OmniChunk *chunks, guint n, double expected, GError **error)
{
  OmniPlan *plan = running->plan;
  VkCommandBuffer commands[MAX_PIECES];
  double ms;

  if (g_cancellable_set_error_if_cancelled (running->run->cancellable, error))
    return FALSE;

  for (guint i = 0; i < n; i++)
    commands[i] = chunks[i].commands;
  omni_buffer_flush (plan->device, &plan->tile_uniform);
  if (!omni_device_submit (plan->device, commands, n, &ms, error))
    return FALSE;

  running->stats->network_ms += ms;
  running->stats->submissions++;
  running->stats->longest_submission_ms = MAX (running->stats->longest_submission_ms, ms);
  for (guint i = 0; i < n; i++)
  {
    running->done += chunks[i].cost;
    collect_timestamps (plan, &chunks[i]);
  }
  learn (plan, chunks, n, expected, ms);
  if (running->run->progress != NULL)
    running->run->progress (MIN (running->done / running->whole, 1.0), running->run->user_data);
  return TRUE;
}

/* As many pieces at a time as should take TARGET_SUBMISSION_MS. */
static gboolean
run_chunks (Running *running, const OmniBlock *block, GError **error)
{
  guint c = 0;

  while (c < block->chunks->len)
  {
    const OmniChunk *first = &g_array_index (block->chunks, OmniChunk, c);
    double expected = expected_ms (running->plan, first);
    guint n = 1;

    while (c + n < block->chunks->len && n < MAX_PIECES)
    {
      const double more = expected_ms (running->plan, &first[n]);

      if (expected + more > TARGET_SUBMISSION_MS)
        break;
      expected += more;
      n++;
    }
    if (!submit (running, first, n, expected, error))
      return FALSE;
    c += n;
  }

  return TRUE;
}

/* What this tile has of a node. */
typedef struct
{
  guint x0, y0, columns, rows; /* of the picture at the node's level */
  guint pitch;
  float *values;
} TilePart;

static void
clear_part (TilePart *part)
{
  g_free (part->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TilePart, clear_part)

/* `slice` is the tensor's member, `width` and `height` the picture's. */
static gboolean
read_part (const Running *running, OmniNode n, guint slice, guint width, guint height, TilePart *part,
           GError **error)
{
  const OmniPlan *plan = running->plan;
  const OmniTensor *tensor = &plan->tensors[n];
  const OmniInstruction *made = omni_plan_find (plan, plan->instructions->len, n);
  const guint level = omni_graph_node (plan->graph, n)->level;

  const guint across = plan->tiles_x == 1 ? plan->width : plan->tile_width;
  const guint down = plan->tiles_y == 1 ? plan->height : plan->tile_height;

  part->x0 = (running->tile % plan->tiles_x * plan->tile_width) >> level;
  part->y0 = (running->tile / plan->tiles_x * plan->tile_height) >> level;
  part->columns = MIN ((guint)omni_extent_at_level ((int)across, level),
                       (guint)omni_extent_at_level ((int)width, level) - part->x0);
  part->rows = MIN ((guint)omni_extent_at_level ((int)down, level),
                    (guint)omni_extent_at_level ((int)height, level) - part->y0);
  part->pitch = tensor->pitch * tensor->planes_per_row;

  const guint64 first = made->placement.offset_bytes + tensor->slice_bytes * slice
                        + 4ULL
                            * ((guint64)-tensor->region.y.low * part->pitch + (guint64)-tensor->region.x.low);
  const gsize n_values = (gsize)part->pitch * (part->rows - 1) + part->columns;

  part->values = g_try_new (float, n_values);
  if (part->values == NULL)
  {
    g_set_error_literal (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
                         _ ("There is not enough memory for the weights; use fewer or smaller pictures."));
    return FALSE;
  }
  return omni_buffer_download (plan->device, &plan->arenas[made->placement.arena], first, part->values,
                               n_values * sizeof *part->values, error);
}

/* Hands over what this tile has of a map for one source. */
static gboolean
hand_over (Running *running, guint map, guint source, guint slice, GError **error)
{
  const OmniPlanParams *params = &running->plan->params;
  const OmniMapInfo *info = &g_array_index (running->plan->graph->maps, OmniMapInfo, map);
  g_auto (TilePart) part = { 0 };

  if (!read_part (running, info->node, slice, params->width, params->height, &part, error))
    return FALSE;

  running->run->map (info->index, source, part.x0, part.y0, part.columns, part.rows, part.values, part.pitch,
                     running->run->user_data);
  return TRUE;
}

/* In a streamed plan, what passes by with the source at hand; at the end of a tile, what is there of all of them. */
static gboolean
hand_over_maps (Running *running, const OmniBlock *block, guint source, GError **error)
{
  const OmniPlan *plan = running->plan;

  for (guint map = 0; running->run->map != NULL && map < plan->graph->maps->len; map++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph,
                                                g_array_index (plan->graph->maps, OmniMapInfo, map).node);
    const gboolean passes = plan->streamed && !node->kept;

    if (block != NULL && passes && node->pass == (int)block->pass
        && !hand_over (running, map, source, 0, error))
      return FALSE;
    for (guint k = 0; block == NULL && !passes && k < plan->params.n_sources; k++)
      if (!hand_over (running, map, k, k, error))
        return FALSE;
  }

  return TRUE;
}

/* Whether the last run left everything that the block would make. */
static gboolean
is_made (const Running *running, const OmniBlock *block)
{
  const GArray *blocks = running->plan->blocks;

  return running->run->reuse && omni_plan_get_tiles (running->plan) == 1 && !block->late
         && g_array_index (blocks, OmniBlock, blocks->len - 1).late;
}

static gboolean
run_block (Running *running, const OmniBlock *block, GError **error)
{
  const OmniPlan *plan = running->plan;

  if (is_made (running, block))
    return TRUE;
  if (!block->per_source)
    return run_chunks (running, block, error);

  for (guint k = 0; k < plan->params.n_sources; k++)
  {
    if (block->member >= 0 && (guint)block->member != k)
      continue;
    uniform_of (running->plan)->first = k == 0;
    uniform_of (running->plan)->source = (gint32)k;
    if (!upload_source (running, k, 0, error) || !run_chunks (running, block, error)
        || !hand_over_maps (running, block, k, error))
      return FALSE;
  }

  return TRUE;
}

static void
download_tile (Running *running)
{
  OmniPlan *plan = running->plan;
  const gint64 start = g_get_monotonic_time ();
  const gsize pixel_bytes = omni_graph_get_output_channels (plan->graph)
                            * omni_store_get_bytes (plan->params.output);
  const guint x0 = running->tile % plan->tiles_x * plan->tile_width;
  const guint y0 = running->tile / plan->tiles_x * plan->tile_height;
  const guint columns = MIN (plan->tile_width, plan->params.width - x0);
  const guint rows = MIN (plan->tile_height, plan->params.height - y0);

  omni_buffer_invalidate (plan->device, &plan->result);
  for (guint y = 0; y < rows; y++)
    memcpy ((guint8 *)running->run->result + ((gsize)(y0 + y) * plan->params.width + x0) * pixel_bytes,
            (const guint8 *)plan->result.mapped + (gsize)y * plan->result_pitch_px * pixel_bytes,
            columns * pixel_bytes);
  running->stats->download_ms += (double)(g_get_monotonic_time () - start) / 1000.0;
}

/* The blocks of one phase, for a tile or once after all of them. */
static gboolean
run_blocks (Running *running, guint phase, gboolean settles, GError **error)
{
  const GArray *blocks = running->plan->blocks;

  for (guint b = 0; b < blocks->len; b++)
  {
    const OmniBlock *block = &g_array_index (blocks, OmniBlock, b);

    if (block->phase == phase && !block->settles == !settles && !run_block (running, block, error))
      return FALSE;
  }

  return TRUE;
}

static gboolean
run_tile (Running *running, guint phase, GError **error)
{
  OmniPlan *plan = running->plan;

  uniform_of (plan)->origin[0] = (gint32)(running->tile % plan->tiles_x * plan->tile_width);
  uniform_of (plan)->origin[1] = (gint32)(running->tile / plan->tiles_x * plan->tile_height);
  for (guint k = 0; k < MIN (plan->params.n_sources, OMNI_MAX_SLOTS); k++)
    uniform_of (plan)->influence[k] = running->run->influence != NULL ? running->run->influence[k] : 0;
  for (guint k = 0; !plan->streamed && k < plan->slots; k++)
    if (!is_made (running, &g_array_index (plan->blocks, OmniBlock, 0))
        && !upload_source (running, k, k, error))
      return FALSE;

  if (!run_blocks (running, phase, FALSE, error))
    return FALSE;
  /* Maps are read as the picture is, of the last phase. */
  return phase + 1 < plan->graph->n_phases && plan->phased ? TRUE : hand_over_maps (running, NULL, 0, error);
}

/* The statistics of a plan in phases, those first that others wait for. Returns the last phase, which makes the picture;
 * G_MAXUINT on failure. */
static guint
run_statistics (Running *running, GError **error)
{
  const OmniPlan *plan = running->plan;
  const guint last = plan->phased ? plan->graph->n_phases - 1 : 0;

  for (guint phase = 0; phase < last; phase++)
  {
    for (running->tile = 0; running->tile < omni_plan_get_tiles (plan); running->tile++)
      if (!run_tile (running, phase, error))
        return G_MAXUINT;
    if (!run_blocks (running, phase, TRUE, error))
      return G_MAXUINT;
  }

  return last;
}

/* What this tile has of the stages, into whole pictures. */
static gboolean
collect_stages (const Running *running, float **wholes, GError **error)
{
  const OmniPlan *plan = running->plan;

  for (guint i = 0; i < plan->n_stages; i++)
  {
    const OmniTensor *whole = &plan->stages[i].tensor;

    for (guint k = 0; k < whole->slices; k++)
    {
      g_auto (TilePart) part = { 0 };
      float *into = wholes[i] + whole->slice_bytes / sizeof (float) * k;

      if (!read_part (running, plan->stages[i].node, k, plan->width, plan->height, &part, error))
        return FALSE;
      for (guint y = 0; y < part.rows; y++)
        memcpy (into + (gsize)(part.y0 + y) * whole->pitch + part.x0, part.values + (gsize)y * part.pitch,
                part.columns * sizeof (float));
    }
  }
  return TRUE;
}

static gboolean
run_tiles_above (Running *running, float **wholes, GError **error)
{
  OmniPlan *plan = running->plan;

  for (running->tile = 0; running->tile < omni_plan_get_tiles (plan); running->tile++)
    if (!run_tile (running, 0, error) || !collect_stages (running, wholes, error))
      return FALSE;
  for (guint i = 0; i < plan->n_stages; i++)
    if (!omni_buffer_upload (plan->device, &plan->stages[i].buffer, 0, wholes[i],
                             plan->stages[i].buffer.size_bytes, error))
      return FALSE;
  return TRUE;
}

/* One plan above, of which all is to be handed on. */
static gboolean
run_part_above (Running *running, GError **error)
{
  const OmniPlan *plan = running->plan;
  g_autofree float **wholes = g_new0 (float *, plan->n_stages + 1);
  gboolean success = TRUE;

  for (guint i = 0; i < plan->n_stages; i++)
  {
    wholes[i] = g_try_malloc0 (plan->stages[i].buffer.size_bytes);
    success = success && wholes[i] != NULL;
  }
  if (success)
    success = run_tiles_above (running, wholes, error);
  else
    g_set_error_literal (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
                         _ ("There is not enough memory for a picture of that size; use smaller pictures."));
  for (guint i = 0; i < plan->n_stages; i++)
    g_free (wholes[i]);
  return success;
}

/* Of all tiles of the plan and of those above it. */
static double
whole_cost (const OmniPlan *plan)
{
  return plan->total_cost * omni_plan_get_tiles (plan) + (plan->above != NULL ? whole_cost (plan->above) : 0);
}

static gboolean
prepare_run (OmniPlan *plan, GCancellable *cancellable, GError **error)
{
  if (!plan->recorded && !omni_plan_record (plan, cancellable, error))
  {
    omni_plan_forget_recording (plan);
    return FALSE;
  }

  g_clear_pointer (&plan->profile, g_array_unref);
  plan->profile = g_array_new (FALSE, TRUE, sizeof (OmniPlanProfile));
  g_array_set_size (plan->profile, omni_graph_get_n_nodes (plan->graph));
  return TRUE;
}

/* What is made of the whole picture: coarse levels, or stage after stage. Those that pass have memory for as long as they take. */
static gboolean
run_above (Running *running, GError **error)
{
  OmniPlan *plan = running->plan, *above = plan->above;
  const guint tile = running->tile;
  gboolean success;

  if (above == NULL)
    return TRUE;
  running->plan = above;
  success = run_above (running, error) && (!above->passing || omni_plan_take_memory (above, error))
            && prepare_run (above, running->run->cancellable, error) && run_part_above (running, error);
  if (above->passing)
    omni_plan_give_memory_back (above);
  running->plan = plan;
  running->tile = tile;
  return success;
}

gboolean
omni_plan_run (OmniPlan *plan, const OmniPlanRun *run, OmniPlanStats *stats, GError **error)
{
  const guint tiles = omni_plan_get_tiles (plan);
  Running running = {
    .plan = plan,
    .run = run,
    .stats = stats,
    .whole = whole_cost (plan),
    .done = plan->phased ? 0.0 : plan->total_cost * run->first_tile,
  };

  memset (stats, 0, sizeof *stats);
  stats->tiles_done = run->first_tile;
  if (!run_above (&running, error) || !prepare_run (plan, run->cancellable, error))
    return FALSE;

  const guint phase = run_statistics (&running, error);

  if (phase == G_MAXUINT)
    return FALSE;
  for (running.tile = run->first_tile; running.tile < tiles; running.tile++)
  {
    if (!run_tile (&running, phase, error))
      return FALSE;
    download_tile (&running);
    stats->tiles_done = running.tile + 1;
  }

  return TRUE;
}
