/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device-private.h"

G_BEGIN_DECLS

typedef enum
{
  OMNI_BUFFER_DEVICE, /* tensors and weights: device-local; mapped only where the device shares memory with the host */
  OMNI_BUFFER_UPLOAD,  /* sources: host-visible, read by kernels once */
  OMNI_BUFFER_READBACK /* results: host-visible and cached, written by kernels once */
} OmniBufferKind;

typedef struct
{
  VkBuffer handle;
  VkDeviceMemory memory;
  guint64 size_bytes;
  void *mapped; /* NULL when the host cannot see it */
  gboolean coherent;
} OmniBuffer;

/* OMNI_VK_ERROR_OUT_OF_MEMORY names the size. */
gboolean omni_buffer_init (OmniDevice *device, OmniBuffer *buffer, guint64 size_bytes, OmniBufferKind kind,
                           GError **error);
void omni_buffer_clear (OmniDevice *device, OmniBuffer *buffer);

/* Makes host writes visible to the device, and device writes visible to the host. No-ops on coherent memory. */
void omni_buffer_flush (OmniDevice *device, const OmniBuffer *buffer);
void omni_buffer_invalidate (OmniDevice *device, const OmniBuffer *buffer);

/* Copies host data into any buffer, through a staging buffer where it is not mapped. Waits. */
gboolean omni_buffer_upload (OmniDevice *device, OmniBuffer *buffer, guint64 offset_bytes, gconstpointer data,
                             guint64 size_bytes, GError **error);

/* The other way round. */
gboolean omni_buffer_download (OmniDevice *device, const OmniBuffer *buffer, guint64 offset_bytes,
                               gpointer data, guint64 size_bytes, GError **error);

G_END_DECLS
