/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <glib/gi18n.h>
#include <string.h>

/* An estimate in floating-point operations of the direct convolution: memory traffic of the small kernels weighs about
 * forty operations a byte on the software device (4 GB/s beside 150 GFLOP/s), no less elsewhere. */
double
omni_step_cost (const OmniStep *step)
{
  return step->flop + 40.0 * step->bytes;
}

static VkFormat
view_format (OmniViewFormat format, guint *element_bytes)
{
  switch (format)
  {
  case OMNI_VIEW_R32F:
    *element_bytes = 4;
    return VK_FORMAT_R32_SFLOAT;
  case OMNI_VIEW_R32UI:
    *element_bytes = 4;
    return VK_FORMAT_R32_UINT;
  case OMNI_VIEW_RGBA32I:
    *element_bytes = 16;
    return VK_FORMAT_R32G32B32A32_SINT;
  case OMNI_VIEW_RGBA32UI:
    *element_bytes = 16;
    return VK_FORMAT_R32G32B32A32_UINT;
  case OMNI_VIEW_RGBA16F:
    *element_bytes = 8;
    return VK_FORMAT_R16G16B16A16_SFLOAT;
  case OMNI_VIEW_RGBA32F:
  case OMNI_VIEW_NONE:
  default:
    *element_bytes = 16;
    return VK_FORMAT_R32G32B32A32_SFLOAT;
  }
}

static const OmniBuffer *
arena_buffer (const OmniPlan *plan, guint arena)
{
  if (arena == OMNI_ARENA_SOURCES)
    return &plan->sources;
  if (arena == OMNI_ARENA_RESULT)
    return &plan->result;
  if (arena == OMNI_ARENA_STATISTICS)
    return &plan->statistics;
  for (; arena >= OMNI_ARENA_ABOVE; arena -= OMNI_ARENAS_A_PLAN)
  {
    plan = plan->above;
    if (arena < OMNI_ARENA_ABOVE + OMNI_ARENA_STAGE)
      return &plan->arenas[arena - OMNI_ARENA_ABOVE];
    if (arena < OMNI_ARENA_ABOVE + OMNI_ARENAS_A_PLAN)
      return &plan->stages[arena - OMNI_ARENA_ABOVE - OMNI_ARENA_STAGE].buffer;
  }
  return &plan->arenas[arena];
}

typedef struct
{
  guint64 from, to; /* bytes */
} Span;

/* Convolutions reach the zeros before the arena's tensors, and several inputs through one view. */
static gboolean
reads_whole_arena (const OmniStep *step)
{
  return g_str_has_prefix (step->shader, "conv");
}

/* The part of its buffer that texel input `i` is bound to: what the step reads, or the whole arena where it fits. */
static Span
input_span (const OmniPlan *plan, const OmniStep *step, guint i)
{
  const OmniTexelBinding *in = &step->in[i];
  const guint64 size = arena_buffer (plan, in->arena)->size_bytes;
  guint element_bytes;
  guint64 most;
  Span span = { 0, size };

  view_format (in->format, &element_bytes);
  most = (guint64)plan->device->limits.maxTexelBufferElements * element_bytes;
  if (!reads_whole_arena (step) || size > most)
    span = (Span){ in->low / 256 * 256, MIN (in->high, size) };
  span.to = MIN (span.to, span.from + most);
  return span;
}

static Span
output_span (const OmniPlan *plan, const OmniStep *step, guint i)
{
  const OmniStorageBinding *out = &step->out[step->has_out2 ? i : 0];

  return (Span){ out->low / 256 * 256, MIN (out->high, arena_buffer (plan, out->arena)->size_bytes) };
}

/* A view of `span`; `start` is its first element. */
static VkBufferView
get_view (OmniPlan *plan, const OmniBuffer *buffer, OmniViewFormat format, Span span, gint64 *start,
          GError **error)
{
  guint element_bytes;
  const VkFormat vk_format = view_format (format, &element_bytes);
  const guint64 from = span.from;
  const guint64 range = (span.to - span.from) / element_bytes * element_bytes;

  *start = (gint64)(from / element_bytes);

  g_autofree char *key = g_strdup_printf ("%p %d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, (void *)buffer,
                                          format, from, range);
  VkBufferView view = (VkBufferView)g_hash_table_lookup (plan->views, key);

  if (view != VK_NULL_HANDLE)
    return view;

  const VkBufferViewCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
    .buffer = buffer->handle,
    .format = vk_format,
    .offset = from,
    .range = range,
  };

  if (!omni_device_check (plan->device, vk.CreateBufferView (plan->device->handle, &create, NULL, &view),
                          N_ ("creating a buffer view"), error))
    return VK_NULL_HANDLE;

  g_hash_table_insert (plan->views, g_steal_pointer (&key), view);
  return view;
}

typedef struct
{
  VkBufferView texels[OMNI_N_TEXEL_INPUTS];
  VkDescriptorBufferInfo storage[OMNI_N_STORAGE_OUTPUTS];
  VkBufferView weights;
} Bindings;

static void
write_set (OmniPlan *plan, VkDescriptorSet set, const Bindings *bindings)
{
  VkWriteDescriptorSet writes[OMNI_BINDING_WEIGHTS + 1];
  const VkDescriptorBufferInfo tile = { plan->tile_uniform.handle, 0, VK_WHOLE_SIZE };
  guint32 n = 0;

  for (guint32 i = 0; i <= OMNI_BINDING_WEIGHTS; i++)
  {
    VkWriteDescriptorSet write = {
      .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
      .dstSet = set,
      .dstBinding = i,
      .descriptorCount = 1,
    };

    if (i == OMNI_BINDING_TILE)
    {
      write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
      write.pBufferInfo = &tile;
    }
    else if (i < OMNI_N_TEXEL_INPUTS || i == OMNI_BINDING_WEIGHTS)
    {
      write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
      write.pTexelBufferView = i == OMNI_BINDING_WEIGHTS ? &bindings->weights : &bindings->texels[i];
    }
    else
    {
      write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
      write.pBufferInfo = &bindings->storage[i - OMNI_N_TEXEL_INPUTS];
    }
    writes[n++] = write;
  }

  vk.UpdateDescriptorSets (plan->device->handle, n, writes, 0, NULL);
}

static VkDescriptorSet
get_set (OmniPlan *plan, const Bindings *bindings, GError **error)
{
  const VkDescriptorSetAllocateInfo allocate = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorPool = plan->descriptor_pool,
    .descriptorSetCount = 1,
    .pSetLayouts = &plan->device->set_layout,
  };
  g_autoptr (GBytes) key = g_bytes_new (bindings, sizeof *bindings);
  VkDescriptorSet set = (VkDescriptorSet)g_hash_table_lookup (plan->sets, key);

  if (set != VK_NULL_HANDLE)
    return set;

  if (!omni_device_check (plan->device, vk.AllocateDescriptorSets (plan->device->handle, &allocate, &set),
                          N_ ("allocating a descriptor set"), error))
    return VK_NULL_HANDLE;

  write_set (plan, set, bindings);
  g_hash_table_insert (plan->sets, g_steal_pointer (&key), set);
  return set;
}

/* Fills the bindings of a step and makes its push offsets relative to them. Unused bindings repeat a used one. */
static gboolean
bind_step (OmniPlan *plan, const OmniStep *step, OmniPush *push, Bindings *bindings, GError **error)
{
  gint64 start;

  memset (bindings, 0, sizeof *bindings);
  bindings->weights = get_view (plan, &plan->weights, OMNI_VIEW_RGBA32F,
                                (Span){ 0, plan->weights.size_bytes }, &start, error);
  if (bindings->weights == VK_NULL_HANDLE)
    return FALSE;

  for (guint i = 0; i < OMNI_N_TEXEL_INPUTS; i++)
  {
    const OmniTexelBinding *in = &step->in[i];

    bindings->texels[i] = bindings->weights;
    if (in->format == OMNI_VIEW_NONE)
      continue;
    bindings->texels[i] = get_view (plan, arena_buffer (plan, in->arena), in->format,
                                    input_span (plan, step, i), &start, error);
    if (bindings->texels[i] == VK_NULL_HANDLE)
      return FALSE;
    push->src[i].base -= (gint32)(in->format == OMNI_VIEW_RGBA32UI ? start * 4 : start);
  }
  if (step->in[OMNI_N_TEXEL_INPUTS].format != OMNI_VIEW_NONE)
  {
    const OmniTexelBinding *in = &step->in[OMNI_N_TEXEL_INPUTS];

    bindings->weights = get_view (plan, arena_buffer (plan, in->arena), in->format,
                                  input_span (plan, step, OMNI_N_TEXEL_INPUTS), &start, error);
    if (bindings->weights == VK_NULL_HANDLE)
      return FALSE;
    push->arg[step->instead_of_weights] -= (gint32)start;
  }

  for (guint i = 0; i < OMNI_N_STORAGE_OUTPUTS; i++)
  {
    const OmniStorageBinding *out = &step->out[step->has_out2 ? i : 0];
    const Span span = output_span (plan, step, i);

    bindings->storage[i] = (VkDescriptorBufferInfo){ arena_buffer (plan, out->arena)->handle, span.from,
                                                     span.to - span.from };
  }

  return TRUE;
}

/* Elements of the storage binding are as large as what the kernel writes: texels of the destination tensor, or words. */
static guint
storage_element_bytes (const OmniPlan *plan, const OmniStep *step)
{
  if (step->out[0].arena == OMNI_ARENA_RESULT || step->out[0].arena == OMNI_ARENA_STATISTICS)
    return 4;
  return plan->tensors[step->node].element_bytes == 8 ? 8 : 16;
}

/* The pipeline of a step, compiled if it was not. */
static OmniPipeline *
step_pipeline (const OmniPlan *plan, const OmniStep *step, GCancellable *cancellable, GError **error)
{
  return omni_device_get_pipeline (plan->device, step->shader, step->constants, step->n_constants,
                                   cancellable, error);
}

static guint32
round_up (guint32 n, guint block)
{
  return block > 0 ? (n + block - 1) / block * block : n;
}

static gboolean
record_step (OmniPlan *plan, VkCommandBuffer commands, const OmniStep *step, GError **error)
{
  OmniDevice *device = plan->device;
  OmniPush push = step->push;
  Bindings bindings;

  if (!bind_step (plan, step, &push, &bindings, error))
    return FALSE;

  if (step->out[0].arena == OMNI_ARENA_RESULT)
    push.dst.base -= (gint32)(step->out[0].low / 256 * 256 / 4);
  else
    push.dst.base -= (gint32)(step->out[0].low / 256 * 256 / storage_element_bytes (plan, step));

  OmniPipeline *pipeline = step_pipeline (plan, step, NULL, error);
  VkDescriptorSet set = pipeline != NULL ? get_set (plan, &bindings, error) : VK_NULL_HANDLE;

  if (set == VK_NULL_HANDLE)
    return FALSE;

  const guint32 columns = round_up ((guint32)push.rw, step->block_x);
  const guint32 rows = round_up ((guint32)push.rh, step->block_y);
  const guint32 grain_x = step->cover_x * step->constants[0];
  const guint32 grain_y = step->cover_y * step->constants[1];

  vk.CmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->handle);
  vk.CmdBindDescriptorSets (commands, VK_PIPELINE_BIND_POINT_COMPUTE, device->pipeline_layout, 0, 1, &set, 0,
                            NULL);
  vk.CmdPushConstants (commands, device->pipeline_layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, &push);
  /* An empty rectangle (a warm-up) still dispatches one workgroup, which writes nothing. */
  const guint32 groups_z = push.rw == 0 ? 1 : step->groups_z;

  vk.CmdDispatch (commands, MAX ((columns + grain_x - 1) / grain_x, 1) * (step->z_within_x ? groups_z : 1),
                  MAX ((rows + grain_y - 1) / grain_y, 1), step->z_within_x ? 1 : groups_z);
  return TRUE;
}

static void
barrier (VkCommandBuffer commands, VkPipelineStageFlags from, VkAccessFlags written, VkPipelineStageFlags to,
         VkAccessFlags read)
{
  const VkMemoryBarrier memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = written,
    .dstAccessMask = read,
  };

  vk.CmdPipelineBarrier (commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

#define SHADER_ACCESS (VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT)

static void
stamp (OmniPlan *plan, VkCommandBuffer commands, guint32 query)
{
  if (plan->queries != VK_NULL_HANDLE)
    vk.CmdWriteTimestamp (commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, plan->queries, query);
}

static gboolean
begin_commands (OmniPlan *plan, VkCommandBuffer *commands, GError **error)
{
  const VkCommandBufferAllocateInfo allocate = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = plan->device->command_pool,
    .commandBufferCount = 1,
  };
  const VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };

  return omni_device_check (plan->device,
                            vk.AllocateCommandBuffers (plan->device->handle, &allocate, commands),
                            N_ ("allocating a command buffer"), error)
         && omni_device_check (plan->device, vk.BeginCommandBuffer (*commands, &begin),
                               N_ ("recording commands"), error);
}

static gboolean
spans_meet (guint arena, Span span, guint other_arena, Span other)
{
  return arena == other_arena && span.from < other.to && other.from < span.to;
}

static gboolean
writes_into (const OmniPlan *plan, const OmniStep *writer, const OmniStep *step)
{
  for (guint o = 0; o <= (writer->has_out2 ? 1U : 0U); o++)
  {
    const Span written = output_span (plan, writer, o);

    for (guint i = 0; i <= OMNI_N_TEXEL_INPUTS; i++)
      if (step->in[i].format != OMNI_VIEW_NONE
          && spans_meet (writer->out[o].arena, written, step->in[i].arena, input_span (plan, step, i)))
        return TRUE;
    for (guint i = 0; i <= (step->has_out2 ? 1U : 0U); i++)
      if (spans_meet (writer->out[o].arena, written, step->out[i].arena, output_span (plan, step, i)))
        return TRUE;
  }

  return FALSE;
}

/* Steps of one group touch nothing of each other, but what is bound to them may overlap: whole arenas, windows rounded to
 * 256 bytes. Those wait for each other too, so that what the validation layer sees is in order. `first` is the first
 * step since the last barrier. */
static gboolean
needs_barrier (const OmniPlan *plan, guint first, guint at)
{
  const OmniStep *step = &g_array_index (plan->steps, OmniStep, at);

  for (guint i = at; i-- > first;)
  {
    const OmniStep *earlier = &g_array_index (plan->steps, OmniStep, i);

    if (earlier->group != step->group || writes_into (plan, earlier, step)
        || writes_into (plan, step, earlier))
      return TRUE;
  }

  return FALSE;
}

static gboolean
record_chunk (OmniPlan *plan, OmniChunk *chunk, GError **error)
{
  if (!begin_commands (plan, &chunk->commands, error))
    return FALSE;

  barrier (chunk->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
           VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_HOST_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
           SHADER_ACCESS | VK_ACCESS_UNIFORM_READ_BIT);
  if (plan->queries != VK_NULL_HANDLE)
    vk.CmdResetQueryPool (chunk->commands, plan->queries, chunk->first, chunk->n + 1);
  stamp (plan, chunk->commands, chunk->first);

  guint first = chunk->first; /* since the last barrier */

  for (guint i = chunk->first; i < chunk->first + chunk->n; i++)
  {
    const OmniStep *step = &g_array_index (plan->steps, OmniStep, i);

    if (needs_barrier (plan, first, i))
    {
      barrier (chunk->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
               VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, SHADER_ACCESS);
      first = i;
    }
    if (!record_step (plan, chunk->commands, step, error))
    {
      vk.EndCommandBuffer (chunk->commands);
      return FALSE;
    }
    if (plan->queries != VK_NULL_HANDLE)
    {
      barrier (chunk->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
               VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, SHADER_ACCESS);
      stamp (plan, chunk->commands, i + 1);
    }
  }
  barrier (chunk->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
           VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);

  return omni_device_check (plan->device, vk.EndCommandBuffer (chunk->commands), N_ ("recording commands"),
                            error);
}

/* Cuts a block's steps into chunks of at most max_chunk_cost, one step at least. */
static void
cut_chunks (OmniPlan *plan, OmniBlock *block, guint first, guint end)
{
  OmniChunk chunk = { .first = first };

  for (guint i = first; i < end; i++)
  {
    const double cost = omni_step_cost (&g_array_index (plan->steps, OmniStep, i));

    if (chunk.n > 0 && chunk.cost + cost > plan->max_chunk_cost)
    {
      g_array_append_val (block->chunks, chunk);
      chunk = (OmniChunk){ .first = i };
    }
    chunk.n++;
    chunk.cost += cost;
  }
  if (chunk.n > 0)
    g_array_append_val (block->chunks, chunk);
}

static gboolean
create_pool (OmniPlan *plan, GError **error)
{
  const guint32 sets = MAX (plan->steps->len, 1);
  const VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, sets * (OMNI_N_TEXEL_INPUTS + 1) },
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, sets * OMNI_N_STORAGE_OUTPUTS },
    { VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, sets },
  };
  const VkDescriptorPoolCreateInfo pool = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = sets,
    .poolSizeCount = G_N_ELEMENTS (sizes),
    .pPoolSizes = sizes,
  };
  const VkQueryPoolCreateInfo queries = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = plan->steps->len + 1,
  };

  if (plan->params.profile && plan->device->timestamp_bits != 0
      && !omni_device_check (plan->device,
                             vk.CreateQueryPool (plan->device->handle, &queries, NULL, &plan->queries),
                             N_ ("creating a query pool"), error))
    return FALSE;

  return omni_device_check (
    plan->device, vk.CreateDescriptorPool (plan->device->handle, &pool, NULL, &plan->descriptor_pool),
    N_ ("creating a descriptor pool"), error);
}

void
omni_plan_begin_pipelines (const OmniPlan *plan)
{
  if (plan->above != NULL)
    omni_plan_begin_pipelines (plan->above);
  for (guint i = 0; i < plan->steps->len; i++)
  {
    const OmniStep *step = &g_array_index (plan->steps, OmniStep, i);

    omni_device_begin_pipeline (plan->device, step->shader, step->constants, step->n_constants);
  }
}

/* Lazy drivers compile at the first dispatch: let them do it on empty rectangles, before submissions are timed. */
static gboolean
warm_up (OmniPlan *plan, GCancellable *cancellable, GError **error)
{
  OmniDevice *device = plan->device;

  for (guint i = 0; i < plan->steps->len; i++)
  {
    OmniStep step = g_array_index (plan->steps, OmniStep, i);
    OmniPipeline *pipeline = step_pipeline (plan, &step, cancellable, error);
    VkCommandBuffer commands;

    if (pipeline == NULL)
      return FALSE;
    if (!omni_pipeline_take_cold (pipeline))
      continue;

    step.push.rw = 0;
    step.push.rh = 0;
    if (!begin_commands (plan, &commands, error))
      return FALSE;

    const gboolean done = record_step (plan, commands, &step, error)
                          && omni_device_check (device, vk.EndCommandBuffer (commands),
                                                N_ ("recording commands"), error)
                          && omni_device_submit (device, &commands, 1, NULL, error);

    vk.FreeCommandBuffers (device->handle, device->command_pool, 1, &commands);
    if (!done)
      return FALSE;
  }

  return TRUE;
}

gboolean
omni_plan_record (OmniPlan *plan, GCancellable *cancellable, GError **error)
{
  if (!create_pool (plan, error) || !warm_up (plan, cancellable, error))
    return FALSE;

  for (guint b = 0; b < plan->blocks->len; b++)
  {
    OmniBlock *block = &g_array_index (plan->blocks, OmniBlock, b);

    cut_chunks (plan, block, plan->step_block[b], plan->step_block[b + 1]);
    for (guint c = 0; c < block->chunks->len; c++)
      if (!record_chunk (plan, &g_array_index (block->chunks, OmniChunk, c), error))
        return FALSE;
  }

  plan->recorded = TRUE;
  return TRUE;
}

void
omni_plan_forget_recording (OmniPlan *plan)
{
  OmniDevice *device = plan->device;

  for (guint b = 0; b < plan->blocks->len; b++)
  {
    OmniBlock *block = &g_array_index (plan->blocks, OmniBlock, b);

    for (guint c = 0; c < block->chunks->len; c++)
    {
      OmniChunk *chunk = &g_array_index (block->chunks, OmniChunk, c);

      if (chunk->commands != VK_NULL_HANDLE)
        vk.FreeCommandBuffers (device->handle, device->command_pool, 1, &chunk->commands);
    }
    g_array_set_size (block->chunks, 0);
  }

  g_hash_table_remove_all (plan->sets);
  vk.DestroyDescriptorPool (device->handle, plan->descriptor_pool, NULL);
  plan->descriptor_pool = VK_NULL_HANDLE;
  vk.DestroyQueryPool (device->handle, plan->queries, NULL);
  plan->queries = VK_NULL_HANDLE;
  plan->recorded = FALSE;
}
