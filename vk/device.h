/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A Vulkan device opened for compute: one queue, its pipelines and its pipeline cache.
 *
 * Thread-safety: a device is used by one thread at a time; separate devices are independent. The failed flag is sticky:
 * after a loss every call fails with OMNI_VK_ERROR_DEVICE_LOST until the device is closed and opened anew. */
typedef struct _OmniDevice OmniDevice;

#define OMNI_VK_ERROR (omni_vk_error_quark ())
GQuark omni_vk_error_quark (void);

typedef enum
{
  OMNI_VK_ERROR_NO_VULKAN,     /* no loader, no driver or no compute queue */
  OMNI_VK_ERROR_NO_DEVICE,     /* the selector names no device */
  OMNI_VK_ERROR_OUT_OF_MEMORY, /* device or host memory: a smaller tile may work */
  OMNI_VK_ERROR_DEVICE_LOST,   /* open the device again and replay */
  OMNI_VK_ERROR_UNSUPPORTED,   /* the graph, size or precision cannot run here */
  OMNI_VK_ERROR_FAILED         /* any other Vulkan failure, named in the message */
} OmniVkError;

typedef enum
{
  OMNI_DEVICE_DISCRETE,
  OMNI_DEVICE_INTEGRATED,
  OMNI_DEVICE_VIRTUAL,
  OMNI_DEVICE_SOFTWARE,
  OMNI_DEVICE_OTHER
} OmniDeviceType;

typedef struct
{
  guint index; /* the N of --device N */
  char name[256];
  OmniDeviceType type;
  char driver[512];     /* driver name and version in words */
  guint64 memory_bytes; /* largest device-local heap */
  guint32 api_version;
  guint subgroup_size;
  gboolean has_shuffle; /* subgroup shuffle in compute with ≥ 8 lanes: the fast convolution kernels run */
  gboolean has_fp16;    /* half-precision storage of network tensors may be chosen */
  gboolean is_default;  /* what omni_device_open (NULL) would take */
} OmniDeviceInfo;

/* Lists the compute devices, best first order not implied: `index` is the Vulkan enumeration order.
 * Returns (transfer full) (element-type OmniDeviceInfo) or NULL with OMNI_VK_ERROR_NO_VULKAN. Any thread. */
GArray *omni_device_list (GError **error);

/* "discrete", "integrated", "virtual", "software", "other". */
const char *omni_device_type_to_string (OmniDeviceType type);

/* Opens a device. `selector`: NULL takes $OMNIFUSE_DEVICE or else the best (discrete, integrated, software);
 * "software" the software renderer; "N" the device of that index. Validation layers are switched on by
 * OMNIFUSE_VALIDATION=1; every message is counted (omni_device_get_validation_messages) and printed. */
OmniDevice *omni_device_open (const char *selector, GError **error);

/* Lets the software renderer work with vectors of 512 bits where the processor has them (AVX-512). The bits of results are the
 * same. Convolutions take a quarter to a third less time, what moves pixels up to a fifth more, so it is for programs that
 * mostly convolve. Only before the process opens or lists devices, and before it has threads; LP_NATIVE_VECTOR_WIDTH of
 * the environment wins. */
void omni_device_prefer_wide_vectors (void);

/* Waits for the queue and for kernels being compiled, writes the pipeline cache, destroys everything and sets *device to NULL. NULL-safe. */
void omni_device_close (OmniDevice **device);

const OmniDeviceInfo *omni_device_get_info (const OmniDevice *device);

/* Bytes of device memory allocated now, and the highest since the last reset. */
guint64 omni_device_get_allocated_bytes (const OmniDevice *device);
guint64 omni_device_get_peak_bytes (const OmniDevice *device);
void omni_device_reset_peak (OmniDevice *device);

/* Messages of the validation layer since opening; 0 when the layer is off. */
guint omni_device_get_validation_messages (const OmniDevice *device);

/* True after a loss: close and open again. */
gboolean omni_device_is_lost (const OmniDevice *device);

/* For tests: the n-th submission from now reports a lost device (0 = never); an allocation that would bring the total
 * above `limit_bytes` fails as out of memory (0 = no limit). */
void omni_device_inject_loss (OmniDevice *device, guint submissions);
void omni_device_set_allocation_limit (OmniDevice *device, guint64 limit_bytes);

G_END_DECLS
