/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device.h"
#include "vk/loader-private.h"

G_BEGIN_DECLS

/* The one descriptor layout of every kernel. */
#define OMNI_N_TEXEL_INPUTS    4  /* bindings 0 … 3: uniform texel buffers read by the kernel */
#define OMNI_N_STORAGE_OUTPUTS 2  /* bindings 4, 5: storage buffers written (and read back by accumulators) */
#define OMNI_BINDING_TILE      6  /* uniform buffer: tile origin and source formats */
#define OMNI_BINDING_WEIGHTS   7  /* uniform texel buffer: the graph's weights, or a fifth input */
#define OMNI_PUSH_WORDS        32 /* 128 bytes, the least every device has */

struct _OmniDevice
{
  OmniDeviceInfo info;
  VkInstance instance;
  VkDebugUtilsMessengerEXT messenger;
  VkPhysicalDevice physical;
  VkDevice handle;
  VkQueue queue;
  guint32 queue_family;
  guint32 timestamp_bits;
  VkPhysicalDeviceLimits limits;
  VkPhysicalDeviceMemoryProperties memory;
  VkPhysicalDeviceIDProperties id;
  VkPhysicalDeviceProperties properties;

  VkCommandPool command_pool;
  VkFence fence;
  VkDescriptorSetLayout set_layout;
  VkPipelineLayout pipeline_layout;
  VkPipelineCache pipeline_cache;
  GHashTable *pipelines; /* char * key → OmniPipeline *, of the device's thread */
  GThreadPool *pipeline_makers;
  GMutex pipelines_lock; /* of what makers write in an OmniPipeline, and of n_making */
  guint n_making;
  GCond pipeline_made;

  guint64 allocated_bytes;
  guint64 peak_bytes;
  guint64 allocation_limit_bytes;
  guint validation_messages; /* atomic */
  guint loss_countdown;
  gboolean lost;

  double gflops; /* first guess of this device's rate; sizes the pieces that commands are recorded in */
  GHashTable
    *slowness; /* shader → double *: measured time over the guess; decides how many pieces go together */
};

/* Turns a failed result into a GError and marks the device lost where it is. Returns TRUE for VK_SUCCESS. `doing` is a
 * phrase such as "creating a buffer", marked with N_() or translated already. */
gboolean omni_device_check (OmniDevice *device, VkResult result, const char *doing, GError **error);

/* Submits the command buffers together and waits. Counts down the injected loss. `ms` (out, nullable): wall time. */
gboolean omni_device_submit (OmniDevice *device, const VkCommandBuffer *commands, guint n_commands,
                             double *ms, GError **error);

/* Measured time over the guess for a shader: 1 until it was seen. `shader` must be a literal. */
double *omni_device_slowness (OmniDevice *device, const char *shader);

/* After a submission that held `shader`: corrects it by how far the whole submission was off. */
void
omni_device_correct_slowness (OmniDevice *device, const char *shader, double expected_ms, double measured_ms);

/* pipeline-cache.c: the cache file is checked by vendor, device, driver and UUID; any mismatch is a miss. */
VkPipelineCache omni_pipeline_cache_open (OmniDevice *device);
void omni_pipeline_cache_close (OmniDevice *device, VkPipelineCache *cache);

/* kernel.c: a compute pipeline. Drivers take up to seconds for one, and nothing stops them: threads of a pool make them, several
 * at a time, and the device's thread waits only for what it dispatches next. */
#define OMNI_MAX_CONSTANTS 32

typedef struct
{
  const char *shader;
  guint32 constants[OMNI_MAX_CONSTANTS];
  guint n_constants;
  gboolean made; /* under the lock until it is TRUE; then result and handle stay as they are */
  VkResult result;
  VkPipeline handle;
  gboolean warm; /* dispatched at least once */
} OmniPipeline;

void omni_pipelines_open (OmniDevice *device);
/* Waits for those being made; none is begun after it. */
void omni_pipelines_finish (OmniDevice *device);
void omni_pipelines_close (OmniDevice *device);

/* Begins to make the pipeline of `shader` (a literal: its name in shaders/ without .comp) with 32-bit specialization constants
 * 0 … n_constants − 1, unless there is one. */
void omni_device_begin_pipeline (OmniDevice *device, const char *shader, const guint32 *constants,
                                 guint n_constants);

/* (transfer none) Waits until it is made, and begins it if need be. It lives as long as the device; NULL with an error set on
 * failure, and once `cancellable` (nullable) is cancelled, though it goes on being made. */
OmniPipeline *omni_device_get_pipeline (OmniDevice *device, const char *shader, const guint32 *constants,
                                        guint n_constants, GCancellable *cancellable, GError **error);

/* Whether any is being made: what is timed meanwhile shares the processor with that. */
gboolean omni_device_is_making_pipelines (OmniDevice *device);

/* Drivers that compile lazily do it at the first dispatch: TRUE once for every pipeline, so that a plan can dispatch it
 * empty before anything is timed or shown as progress. */
gboolean omni_pipeline_take_cold (OmniPipeline *pipeline);

G_END_DECLS
