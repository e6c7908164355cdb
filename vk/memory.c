/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/memory-private.h"

#include "vk/large-pages.h"

#include <glib/gi18n.h>
#include <string.h>

static int
find_memory_type (const OmniDevice *device, guint32 allowed, VkMemoryPropertyFlags wanted)
{
  for (guint i = 0; i < device->memory.memoryTypeCount; i++)
  {
    const VkMemoryPropertyFlags flags = device->memory.memoryTypes[i].propertyFlags;

    if ((allowed >> i & 1) != 0 && (flags & wanted) == wanted)
      return (int)i;
  }

  return -1;
}

/* The preferences of each kind, best first; 0 takes anything the buffer may live in. */
static int
choose_memory_type (const OmniDevice *device, guint32 allowed, OmniBufferKind kind)
{
  const VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
  const VkMemoryPropertyFlags preferences[3][3] = {
    [OMNI_BUFFER_DEVICE] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | visible
                               | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                             VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 },
    [OMNI_BUFFER_UPLOAD] = { visible | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, visible, visible },
    [OMNI_BUFFER_READBACK] = { visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT
                                 | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                               visible | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, visible },
  };
  /* A small mappable window of a discrete card is no place for tensors. */
  const gsize first = kind == OMNI_BUFFER_DEVICE && device->info.type == OMNI_DEVICE_DISCRETE ? 1 : 0;

  for (gsize i = first; i < 3; i++)
  {
    const int type = find_memory_type (device, allowed, preferences[kind][i]);

    if (type >= 0)
      return type;
  }

  return -1;
}

static gboolean
allocate_and_bind (OmniDevice *device, OmniBuffer *buffer, OmniBufferKind kind, GError **error)
{
  g_autofree char *size = g_format_size (buffer->size_bytes);
  g_autofree char *doing = g_strdup_printf (_ ("allocating %s of device memory"), size);
  VkMemoryRequirements needs;

  vk.GetBufferMemoryRequirements (device->handle, buffer->handle, &needs);

  const int type = choose_memory_type (device, needs.memoryTypeBits, kind);
  const gboolean over_limit = device->allocation_limit_bytes != 0
                              && device->allocated_bytes + buffer->size_bytes
                                   > device->allocation_limit_bytes;

  if (type < 0 || over_limit)
    return omni_device_check (device, VK_ERROR_OUT_OF_DEVICE_MEMORY, doing, error);

  const VkMemoryAllocateInfo allocate = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    .allocationSize = needs.size,
    .memoryTypeIndex = (guint32)type,
  };
  VkResult result = vk.AllocateMemory (device->handle, &allocate, NULL, &buffer->memory);

  if (result == VK_SUCCESS)
    result = vk.BindBufferMemory (device->handle, buffer->handle, buffer->memory, 0);

  const VkMemoryPropertyFlags flags = device->memory.memoryTypes[type].propertyFlags;

  if (result == VK_SUCCESS && (flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) != 0)
    result = vk.MapMemory (device->handle, buffer->memory, 0, VK_WHOLE_SIZE, 0, &buffer->mapped);
  if (device->info.type == OMNI_DEVICE_SOFTWARE && buffer->mapped != NULL)
    omni_advise_large_pages (buffer->mapped, needs.size); /* its memory is the process's own */

  buffer->coherent = (flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT) != 0;
  return omni_device_check (device, result, doing, error);
}

gboolean
omni_buffer_init (OmniDevice *device, OmniBuffer *buffer, guint64 size_bytes, OmniBufferKind kind,
                  GError **error)
{
  const VkBufferCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .size = MAX (size_bytes, 16),
    .usage = VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_STORAGE_BUFFER_BIT
             | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT
             | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
  };

  memset (buffer, 0, sizeof *buffer);
  buffer->size_bytes = create.size;

  if (!omni_device_check (device, vk.CreateBuffer (device->handle, &create, NULL, &buffer->handle),
                          N_ ("creating a buffer"), error))
    return FALSE;

  const gboolean bound = allocate_and_bind (device, buffer, kind, error);

  device->allocated_bytes += buffer->size_bytes;
  if (!bound)
  {
    omni_buffer_clear (device, buffer);
    return FALSE;
  }

  device->peak_bytes = MAX (device->peak_bytes, device->allocated_bytes);
  return TRUE;
}

void
omni_buffer_clear (OmniDevice *device, OmniBuffer *buffer)
{
  if (buffer->handle == VK_NULL_HANDLE)
    return;

  vk.DestroyBuffer (device->handle, buffer->handle, NULL);
  vk.FreeMemory (device->handle, buffer->memory, NULL);
  device->allocated_bytes -= buffer->size_bytes;
  memset (buffer, 0, sizeof *buffer);
}

void
omni_buffer_flush (OmniDevice *device, const OmniBuffer *buffer)
{
  const VkMappedMemoryRange range = {
    .sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
    .memory = buffer->memory,
    .size = VK_WHOLE_SIZE,
  };

  if (buffer->mapped != NULL && !buffer->coherent)
    vk.FlushMappedMemoryRanges (device->handle, 1, &range);
}

void
omni_buffer_invalidate (OmniDevice *device, const OmniBuffer *buffer)
{
  const VkMappedMemoryRange range = {
    .sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
    .memory = buffer->memory,
    .size = VK_WHOLE_SIZE,
  };

  if (buffer->mapped != NULL && !buffer->coherent)
    vk.InvalidateMappedMemoryRanges (device->handle, 1, &range);
}

static gboolean
copy_buffer (OmniDevice *device, const OmniBuffer *to, guint64 to_bytes, const OmniBuffer *from,
             guint64 from_bytes, guint64 size_bytes, GError **error)
{
  const VkCommandBufferAllocateInfo allocate = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = device->command_pool,
    .commandBufferCount = 1,
  };
  const VkCommandBufferBeginInfo begin = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };
  const VkBufferCopy region = { .srcOffset = from_bytes, .dstOffset = to_bytes, .size = size_bytes };
  VkCommandBuffer commands;

  if (!omni_device_check (device, vk.AllocateCommandBuffers (device->handle, &allocate, &commands),
                          N_ ("allocating a command buffer"), error))
    return FALSE;

  vk.BeginCommandBuffer (commands, &begin);
  vk.CmdCopyBuffer (commands, from->handle, to->handle, 1, &region);
  vk.EndCommandBuffer (commands);

  const gboolean done = omni_device_submit (device, &commands, 1, NULL, error);

  vk.FreeCommandBuffers (device->handle, device->command_pool, 1, &commands);
  return done;
}

gboolean
omni_buffer_upload (OmniDevice *device, OmniBuffer *buffer, guint64 offset_bytes, gconstpointer data,
                    guint64 size_bytes, GError **error)
{
  OmniBuffer staging;

  g_return_val_if_fail (offset_bytes + size_bytes <= buffer->size_bytes, FALSE);

  if (buffer->mapped != NULL)
  {
    memcpy ((char *)buffer->mapped + offset_bytes, data, size_bytes);
    omni_buffer_flush (device, buffer);
    return TRUE;
  }

  if (!omni_buffer_init (device, &staging, size_bytes, OMNI_BUFFER_UPLOAD, error))
    return FALSE;

  memcpy (staging.mapped, data, size_bytes);
  omni_buffer_flush (device, &staging);

  const gboolean done = copy_buffer (device, buffer, offset_bytes, &staging, 0, size_bytes, error);

  omni_buffer_clear (device, &staging);
  return done;
}

gboolean
omni_buffer_download (OmniDevice *device, const OmniBuffer *buffer, guint64 offset_bytes, gpointer data,
                      guint64 size_bytes, GError **error)
{
  OmniBuffer staging;

  g_return_val_if_fail (offset_bytes + size_bytes <= buffer->size_bytes, FALSE);

  if (buffer->mapped != NULL)
  {
    omni_buffer_invalidate (device, buffer);
    memcpy (data, (const char *)buffer->mapped + offset_bytes, size_bytes);
    return TRUE;
  }

  if (!omni_buffer_init (device, &staging, size_bytes, OMNI_BUFFER_READBACK, error))
    return FALSE;

  const gboolean done = copy_buffer (device, &staging, 0, buffer, offset_bytes, size_bytes, error);

  if (done)
  {
    omni_buffer_invalidate (device, &staging);
    memcpy (data, staging.mapped, size_bytes);
  }
  omni_buffer_clear (device, &staging);
  return done;
}
