/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/work.h"

#include "vk/memory-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define SETS_PER_SUBMISSION  1024
#define TARGET_SUBMISSION_MS 40.0
#define ZEROED_BYTES         4096

typedef struct
{
  OmniWorkKind kind;
  OmniBuffer buffer;
  VkBufferView views[OMNI_WORK_BYTES + 1]; /* by kind */
} Arena;

struct _OmniWork
{
  OmniDevice *device;
  Arena arenas[OMNI_WORK_ARENAS];
  guint n_arenas;
  OmniBuffer tile_uniform; /* the engine's kernels read a tile's origin: zero */
  VkDescriptorPool pool;
  VkCommandBuffer commands;
  gboolean recording;
  guint n_recorded;
  const char *shaders[SETS_PER_SUBMISSION]; /* of the dispatches recorded */
  gboolean has_cold; /* a driver may compile during the submission: learn nothing from it */
  double expected_ms;
  OmniWorkStats stats;
  GCancellable *cancellable; /* nullable; of the caller */
  GError *error;
};

OmniWork *
omni_work_new (OmniDevice *device)
{
  OmniWork *work = g_new0 (OmniWork, 1);

  work->device = device;
  return work;
}

static void
clear_views (OmniWork *work, Arena *arena)
{
  for (guint kind = OMNI_WORK_FLOATS; kind < G_N_ELEMENTS (arena->views); kind++)
  {
    vk.DestroyBufferView (work->device->handle, arena->views[kind], NULL);
    arena->views[kind] = VK_NULL_HANDLE;
  }
}

void
omni_work_free (OmniWork *work)
{
  if (work == NULL)
    return;

  vk.DeviceWaitIdle (work->device->handle);
  for (guint i = 0; i < work->n_arenas; i++)
  {
    clear_views (work, &work->arenas[i]);
    omni_buffer_clear (work->device, &work->arenas[i].buffer);
  }
  omni_buffer_clear (work->device, &work->tile_uniform);
  if (work->commands != VK_NULL_HANDLE)
    vk.FreeCommandBuffers (work->device->handle, work->device->command_pool, 1, &work->commands);
  vk.DestroyDescriptorPool (work->device->handle, work->pool, NULL);
  g_clear_error (&work->error);
  g_free (work);
}

OmniDevice *
omni_work_get_device (const OmniWork *work)
{
  return work->device;
}

void
omni_work_set_cancellable (OmniWork *work, GCancellable *cancellable)
{
  work->cancellable = cancellable;
}

guint
omni_work_add_arena (OmniWork *work, OmniWorkKind kind)
{
  g_return_val_if_fail (work->n_arenas < OMNI_WORK_ARENAS, 0);
  work->arenas[work->n_arenas].kind = kind;
  return work->n_arenas++;
}

static gboolean
create_view (OmniWork *work, Arena *arena, OmniWorkView kind, GError **error)
{
  static const struct
  {
    guint element_bytes;
    VkFormat format;
  } kinds[] = { [OMNI_WORK_FLOATS] = { 4, VK_FORMAT_R32_SFLOAT },
                [OMNI_WORK_TEXELS] = { 16, VK_FORMAT_R32G32B32A32_SFLOAT },
                [OMNI_WORK_WORDS] = { 4, VK_FORMAT_R32_UINT },
                [OMNI_WORK_BYTES] = { 1, VK_FORMAT_R8_UNORM } };
  const guint element_bytes = kinds[kind].element_bytes;
  const guint64 most = (guint64)work->device->limits.maxTexelBufferElements * element_bytes;
  const VkBufferViewCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
    .buffer = arena->buffer.handle,
    .format = kinds[kind].format,
    .range = MIN (arena->buffer.size_bytes / element_bytes * element_bytes, most),
  };

  return omni_device_check (work->device,
                            vk.CreateBufferView (work->device->handle, &create, NULL, &arena->views[kind]),
                            N_ ("creating a buffer view"), error);
}

gboolean
omni_work_reserve (OmniWork *work, guint arena, guint64 size_bytes, GError **error)
{
  static const guint8 zeros[ZEROED_BYTES] = { 0 };
  Arena *self = &work->arenas[arena];
  const guint64 bytes = (MAX (size_bytes, ZEROED_BYTES) + OMNI_WORK_ALIGNMENT - 1) / OMNI_WORK_ALIGNMENT
                        * OMNI_WORK_ALIGNMENT;

  g_return_val_if_fail (!work->recording, FALSE);
  if (self->buffer.size_bytes >= bytes)
    return TRUE;

  clear_views (work, self);
  omni_buffer_clear (work->device, &self->buffer);
  return omni_buffer_init (work->device, &self->buffer, bytes,
                           self->kind == OMNI_WORK_READBACK ? OMNI_BUFFER_READBACK : OMNI_BUFFER_DEVICE,
                           error)
         && omni_buffer_upload (work->device, &self->buffer, 0, zeros, sizeof zeros, error)
         && create_view (work, self, OMNI_WORK_FLOATS, error)
         && create_view (work, self, OMNI_WORK_TEXELS, error)
         && create_view (work, self, OMNI_WORK_WORDS, error)
         && create_view (work, self, OMNI_WORK_BYTES, error);
}

void
omni_work_release (OmniWork *work, guint arena)
{
  g_return_if_fail (!work->recording);
  clear_views (work, &work->arenas[arena]);
  omni_buffer_clear (work->device, &work->arenas[arena].buffer);
}

gboolean
omni_work_write (OmniWork *work, guint arena, guint64 offset_bytes, gconstpointer data, guint64 size_bytes,
                 GError **error)
{
  return omni_buffer_upload (work->device, &work->arenas[arena].buffer, offset_bytes, data, size_bytes,
                             error);
}

void
omni_work_read (OmniWork *work, guint arena, guint64 offset_bytes, gpointer data, guint64 size_bytes)
{
  const OmniBuffer *buffer = &work->arenas[arena].buffer;

  g_return_if_fail (work->arenas[arena].kind == OMNI_WORK_READBACK);
  g_return_if_fail (offset_bytes + size_bytes <= buffer->size_bytes);
  omni_buffer_invalidate (work->device, buffer);
  memcpy (data, (const char *)buffer->mapped + offset_bytes, size_bytes);
}

static gboolean
create_pool (OmniWork *work, GError **error)
{
  const VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, SETS_PER_SUBMISSION * (OMNI_N_TEXEL_INPUTS + 1) },
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, SETS_PER_SUBMISSION * OMNI_N_STORAGE_OUTPUTS },
    { VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, SETS_PER_SUBMISSION },
  };
  const VkDescriptorPoolCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = SETS_PER_SUBMISSION,
    .poolSizeCount = G_N_ELEMENTS (sizes),
    .pPoolSizes = sizes,
  };
  static const guint8 zeros[16 + 128 * 16] = { 0 }; /* shaders/common.glsl: Tile */

  return omni_device_check (work->device,
                            vk.CreateDescriptorPool (work->device->handle, &create, NULL, &work->pool),
                            N_ ("creating a descriptor pool"), error)
         && omni_buffer_init (work->device, &work->tile_uniform, sizeof zeros, OMNI_BUFFER_UPLOAD, error)
         && omni_buffer_upload (work->device, &work->tile_uniform, 0, zeros, sizeof zeros, error);
}

static gboolean
begin (OmniWork *work, GError **error)
{
  const VkCommandBufferAllocateInfo allocate = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = work->device->command_pool,
    .commandBufferCount = 1,
  };
  const VkCommandBufferBeginInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };

  if (work->pool == VK_NULL_HANDLE && !create_pool (work, error))
    return FALSE;
  if (work->commands == VK_NULL_HANDLE
      && !omni_device_check (work->device,
                             vk.AllocateCommandBuffers (work->device->handle, &allocate, &work->commands),
                             N_ ("allocating a command buffer"), error))
    return FALSE;
  vk.ResetDescriptorPool (work->device->handle, work->pool, 0);
  if (!omni_device_check (work->device, vk.BeginCommandBuffer (work->commands, &info),
                          N_ ("recording commands"), error))
    return FALSE;

  work->recording = TRUE;
  work->n_recorded = 0;
  work->expected_ms = 0.0;
  work->has_cold = FALSE;
  return TRUE;
}

static void
barrier (OmniWork *work, VkPipelineStageFlags from, VkAccessFlags written, VkPipelineStageFlags to,
         VkAccessFlags read)
{
  const VkMemoryBarrier memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = written,
    .dstAccessMask = read,
  };

  vk.CmdPipelineBarrier (work->commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

/* Corrects the rates of the shaders just run by how far the guess was off. */
static void
learn (OmniWork *work, double measured_ms)
{
  const char *last = NULL;

  if (work->has_cold || measured_ms < 0.5 || omni_device_is_making_pipelines (work->device))
    return;
  for (guint i = 0; i < work->n_recorded; i++)
  {
    if (work->shaders[i] != last)
      omni_device_correct_slowness (work->device, work->shaders[i], work->expected_ms, measured_ms);
    last = work->shaders[i];
  }
}

static gboolean
submit (OmniWork *work, GError **error)
{
  double ms = 0.0;

  if (!work->recording)
    return TRUE;

  work->recording = FALSE;
  barrier (work, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT,
           VK_ACCESS_HOST_READ_BIT);
  if (!omni_device_check (work->device, vk.EndCommandBuffer (work->commands), N_ ("recording commands"),
                          error)
      || !omni_device_submit (work->device, &work->commands, 1, &ms, error))
    return FALSE;

  learn (work, ms);
  work->stats.ms += ms;
  work->stats.submissions++;
  if (!work->has_cold)
    work->stats.longest_submission_ms = MAX (work->stats.longest_submission_ms, ms);
  return TRUE;
}

static VkDescriptorSet
make_set (OmniWork *work, const OmniDispatch *dispatch, GError **error)
{
  const VkDescriptorSetAllocateInfo allocate = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorPool = work->pool,
    .descriptorSetCount = 1,
    .pSetLayouts = &work->device->set_layout,
  };
  VkWriteDescriptorSet writes[OMNI_BINDING_WEIGHTS + 1];
  VkBufferView views[OMNI_BINDING_WEIGHTS + 1];
  VkDescriptorBufferInfo buffers[OMNI_BINDING_WEIGHTS + 1];
  VkDescriptorSet set;

  if (!omni_device_check (work->device, vk.AllocateDescriptorSets (work->device->handle, &allocate, &set),
                          N_ ("allocating a descriptor set"), error))
    return VK_NULL_HANDLE;

  for (guint32 i = 0; i <= OMNI_BINDING_WEIGHTS; i++)
  {
    const guint input = i == OMNI_BINDING_WEIGHTS ? OMNI_N_TEXEL_INPUTS : i;

    writes[i] = (VkWriteDescriptorSet){ .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                        .dstSet = set,
                                        .dstBinding = i,
                                        .descriptorCount = 1,
                                        .pTexelBufferView = &views[i],
                                        .pBufferInfo = &buffers[i] };
    if (i == OMNI_BINDING_TILE)
    {
      buffers[i] = (VkDescriptorBufferInfo){ work->tile_uniform.handle, 0, VK_WHOLE_SIZE };
      writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
    }
    else if (i < OMNI_N_TEXEL_INPUTS || i == OMNI_BINDING_WEIGHTS)
    {
      /* Unused bindings repeat the first input. */
      const gboolean is_weights = input == OMNI_N_TEXEL_INPUTS;
      const gboolean used = is_weights ? dispatch->weights.view != OMNI_WORK_NONE
                                       : dispatch->in[input].view != OMNI_WORK_NONE;
      const OmniWorkView view = !used        ? dispatch->in[0].view
                                : is_weights ? dispatch->weights.view
                                             : dispatch->in[input].view;
      const Arena *arena = &work->arenas[!used        ? dispatch->in[0].arena
                                         : is_weights ? dispatch->weights.arena
                                                      : dispatch->in[input].arena];

      views[i] = arena->views[view];
      writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
    }
    else
    {
      const guint o = i - OMNI_N_TEXEL_INPUTS;
      const guint from = dispatch->out[o].size_bytes > 0 ? o : 0;

      buffers[i] = (VkDescriptorBufferInfo){ work->arenas[dispatch->out[from].arena].buffer.handle,
                                             dispatch->out[from].offset_bytes,
                                             dispatch->out[from].size_bytes };
      writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    }
  }

  vk.UpdateDescriptorSets (work->device->handle, G_N_ELEMENTS (writes), writes, 0, NULL);
  return set;
}

#define SHADER_ACCESS (VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT)

static gboolean
record (OmniWork *work, VkPipeline pipeline, const OmniDispatch *dispatch, GError **error)
{
  const VkDescriptorSet set = make_set (work, dispatch, error);

  if (set == VK_NULL_HANDLE)
    return FALSE;

  if (work->n_recorded == 0)
    barrier (work, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
             VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_HOST_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
             SHADER_ACCESS | VK_ACCESS_UNIFORM_READ_BIT);
  else
    barrier (work, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, SHADER_ACCESS, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
             SHADER_ACCESS);
  vk.CmdBindPipeline (work->commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vk.CmdBindDescriptorSets (work->commands, VK_PIPELINE_BIND_POINT_COMPUTE, work->device->pipeline_layout, 0,
                            1, &set, 0, NULL);
  vk.CmdPushConstants (work->commands, work->device->pipeline_layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                       sizeof dispatch->push, dispatch->push);
  vk.CmdDispatch (work->commands, dispatch->groups[0], dispatch->groups[1], dispatch->groups[2]);
  work->shaders[work->n_recorded++] = dispatch->shader;
  return TRUE;
}

static gboolean
dispatch_checked (OmniWork *work, const OmniDispatch *dispatch, GError **error)
{
  OmniDevice *device = work->device;
  const double expected_ms = (dispatch->flop + 40.0 * dispatch->bytes) / device->gflops / 1e6
                             * *omni_device_slowness (device, dispatch->shader);

  OmniPipeline *pipeline = omni_device_get_pipeline (device, dispatch->shader, dispatch->constants,
                                                     dispatch->n_constants, work->cancellable, error);

  if (pipeline == NULL)
    return FALSE;

  const gboolean is_cold = omni_pipeline_take_cold (pipeline);

  if (work->recording
      && (work->n_recorded == SETS_PER_SUBMISSION || work->expected_ms + expected_ms > TARGET_SUBMISSION_MS
          || is_cold)
      && !submit (work, error))
    return FALSE;
  if (!work->recording && !begin (work, error))
    return FALSE;

  work->expected_ms += expected_ms;
  work->stats.dispatches++;
  work->has_cold |= is_cold;
  if (!record (work, pipeline->handle, dispatch, error))
    return FALSE;
  return !is_cold || submit (work, error);
}

void
omni_work_prepare (OmniWork *work, const OmniDispatch *dispatch)
{
  omni_device_begin_pipeline (work->device, dispatch->shader, dispatch->constants, dispatch->n_constants);
}

void
omni_work_dispatch (OmniWork *work, const OmniDispatch *dispatch)
{
  g_return_if_fail (dispatch->in[0].view != OMNI_WORK_NONE && dispatch->out[0].size_bytes > 0);
  for (guint i = 0; i < OMNI_WORK_OUTPUTS; i++)
    g_return_if_fail (dispatch->out[i].offset_bytes % OMNI_WORK_ALIGNMENT == 0);

  if (work->error == NULL)
    dispatch_checked (work, dispatch, &work->error);
}

gboolean
omni_work_finish (OmniWork *work, OmniWorkStats *stats, GError **error)
{
  if (work->error == NULL)
    submit (work, &work->error);
  else if (work->recording)
  {
    vk.EndCommandBuffer (work->commands);
    work->recording = FALSE;
  }

  if (stats != NULL)
    *stats = work->stats;
  memset (&work->stats, 0, sizeof work->stats);
  if (work->error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&work->error));
  return FALSE;
}

guint64
omni_work_max_output_bytes (const OmniWork *work)
{
  return work->device->limits.maxStorageBufferRange;
}

guint64
omni_work_max_view_elements (const OmniWork *work)
{
  return work->device->limits.maxTexelBufferElements;
}

guint32
omni_work_max_groups (const OmniWork *work, guint axis)
{
  return work->device->limits.maxComputeWorkGroupCount[axis];
}
