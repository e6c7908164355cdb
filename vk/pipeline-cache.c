/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/kernel-private.h"

#include <errno.h>
#include <string.h>

/* Our own header before Vulkan's blob: a cache made by another vendor, device, driver or build is a miss. */
typedef struct
{
  char magic[8];
  guint32 vendor, device, driver_version, data_size;
  guint8 device_uuid[VK_UUID_SIZE];
  guint8 driver_uuid[VK_UUID_SIZE];
  guint8 cache_uuid[VK_UUID_SIZE];
  guint8 sha256[32]; /* of the data: a damaged blob never reaches the driver */
} CacheHeader;

static void
fill_header (const OmniDevice *device, gconstpointer data, gsize size, CacheHeader *header)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize digest_size = sizeof header->sha256;

  memset (header, 0, sizeof *header);
  memcpy (header->magic, "OMNIPC1", 8);
  header->vendor = device->properties.vendorID;
  header->device = device->properties.deviceID;
  header->driver_version = device->properties.driverVersion;
  header->data_size = (guint32)size;
  memcpy (header->device_uuid, device->id.deviceUUID, VK_UUID_SIZE);
  memcpy (header->driver_uuid, device->id.driverUUID, VK_UUID_SIZE);
  memcpy (header->cache_uuid, device->properties.pipelineCacheUUID, VK_UUID_SIZE);
  g_checksum_update (checksum, data, (gssize)size);
  g_checksum_get_digest (checksum, header->sha256, &digest_size);
}

char *
omni_pipeline_cache_path (const OmniDevice *device)
{
  g_autofree char *name = g_strdup_printf ("pipelines-%04x-%04x.bin", device->properties.vendorID,
                                           device->properties.deviceID);

  return g_build_filename (g_get_user_cache_dir (), "omnifuse", name, NULL);
}

GBytes *
omni_pipeline_cache_read (const OmniDevice *device)
{
  g_autofree char *path = omni_pipeline_cache_path (device);
  g_autofree char *contents = NULL;
  gsize size = 0;
  CacheHeader expected;

  if (!g_file_get_contents (path, &contents, &size, NULL) || size < sizeof expected)
    return g_bytes_new (NULL, 0);

  const gsize data_size = size - sizeof expected;

  fill_header (device, contents + sizeof expected, data_size, &expected);
  if (memcmp (contents, &expected, sizeof expected) != 0)
    return g_bytes_new (NULL, 0);

  return g_bytes_new (contents + sizeof expected, data_size);
}

VkPipelineCache
omni_pipeline_cache_open (OmniDevice *device)
{
  g_autoptr (GBytes) blob = omni_pipeline_cache_read (device);
  VkPipelineCacheCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
    .initialDataSize = g_bytes_get_size (blob),
    .pInitialData = g_bytes_get_data (blob, NULL),
  };
  VkPipelineCache cache = VK_NULL_HANDLE;

  if (vk.CreatePipelineCache (device->handle, &create, NULL, &cache) == VK_SUCCESS)
    return cache;

  create.initialDataSize = 0;
  create.pInitialData = NULL;
  if (vk.CreatePipelineCache (device->handle, &create, NULL, &cache) == VK_SUCCESS)
    return cache;

  return VK_NULL_HANDLE; /* pipelines are then simply compiled every time */
}

static void
write_cache (OmniDevice *device, VkPipelineCache cache)
{
  g_autofree char *path = omni_pipeline_cache_path (device);
  g_autofree char *folder = g_path_get_dirname (path);
  gsize size = 0;

  if (vk.GetPipelineCacheData (device->handle, cache, &size, NULL) != VK_SUCCESS || size == 0)
    return;

  g_autofree char *contents = g_malloc (sizeof (CacheHeader) + size);
  CacheHeader header;

  if (vk.GetPipelineCacheData (device->handle, cache, &size, contents + sizeof header) != VK_SUCCESS)
    return;

  fill_header (device, contents + sizeof header, size, &header);
  memcpy (contents, &header, sizeof header);
  /* A cache that cannot be written costs a moment next time and is nobody's trouble. */
  if (g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents (path, contents, (gssize)(sizeof header + size), NULL);
}

void
omni_pipeline_cache_close (OmniDevice *device, VkPipelineCache *cache)
{
  if (*cache == VK_NULL_HANDLE)
    return;

  if (!device->lost && g_hash_table_size (device->pipelines) > 0)
    write_cache (device, *cache);
  vk.DestroyPipelineCache (device->handle, *cache, NULL);
  *cache = VK_NULL_HANDLE;
}
