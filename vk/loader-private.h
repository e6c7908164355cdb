/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include <glib.h>

G_BEGIN_DECLS

/* Every Vulkan function the engine calls. The loader library is opened at run time, so that the programs start and can
 * say what is missing on a machine without Vulkan. */
#define OMNI_VK_GLOBAL_FUNCTIONS(X)                                                                          \
  X (CreateInstance)                                                                                         \
  X (EnumerateInstanceLayerProperties)                                                                       \
  X (EnumerateInstanceExtensionProperties)                                                                   \
  X (EnumerateInstanceVersion)

#define OMNI_VK_FUNCTIONS(X)                                                                                 \
  X (AllocateCommandBuffers)                                                                                 \
  X (AllocateDescriptorSets)                                                                                 \
  X (AllocateMemory)                                                                                         \
  X (BeginCommandBuffer)                                                                                     \
  X (BindBufferMemory)                                                                                       \
  X (CmdBindDescriptorSets)                                                                                  \
  X (CmdBindPipeline)                                                                                        \
  X (CmdCopyBuffer)                                                                                          \
  X (CmdDispatch)                                                                                            \
  X (CmdPipelineBarrier)                                                                                     \
  X (CmdPushConstants)                                                                                       \
  X (CmdResetQueryPool)                                                                                      \
  X (CmdWriteTimestamp)                                                                                      \
  X (CreateBuffer)                                                                                           \
  X (CreateBufferView)                                                                                       \
  X (CreateCommandPool)                                                                                      \
  X (CreateComputePipelines)                                                                                 \
  X (CreateDescriptorPool)                                                                                   \
  X (CreateDescriptorSetLayout)                                                                              \
  X (CreateDevice)                                                                                           \
  X (CreateFence)                                                                                            \
  X (CreatePipelineCache)                                                                                    \
  X (CreatePipelineLayout)                                                                                   \
  X (CreateQueryPool)                                                                                        \
  X (CreateShaderModule)                                                                                     \
  X (DestroyBuffer)                                                                                          \
  X (DestroyBufferView)                                                                                      \
  X (DestroyCommandPool)                                                                                     \
  X (DestroyDescriptorPool)                                                                                  \
  X (DestroyDescriptorSetLayout)                                                                             \
  X (DestroyDevice)                                                                                          \
  X (DestroyFence)                                                                                           \
  X (DestroyInstance)                                                                                        \
  X (DestroyPipeline)                                                                                        \
  X (DestroyPipelineCache)                                                                                   \
  X (DestroyPipelineLayout)                                                                                  \
  X (DestroyQueryPool)                                                                                       \
  X (DestroyShaderModule)                                                                                    \
  X (DeviceWaitIdle)                                                                                         \
  X (EndCommandBuffer)                                                                                       \
  X (EnumeratePhysicalDevices)                                                                               \
  X (FlushMappedMemoryRanges)                                                                                \
  X (FreeCommandBuffers)                                                                                     \
  X (FreeMemory)                                                                                             \
  X (GetBufferMemoryRequirements)                                                                            \
  X (GetDeviceQueue)                                                                                         \
  X (GetPhysicalDeviceFeatures)                                                                              \
  X (GetPhysicalDeviceMemoryProperties)                                                                      \
  X (GetPhysicalDeviceProperties2)                                                                           \
  X (GetPhysicalDeviceQueueFamilyProperties)                                                                 \
  X (GetPipelineCacheData)                                                                                   \
  X (GetQueryPoolResults)                                                                                    \
  X (InvalidateMappedMemoryRanges)                                                                           \
  X (MapMemory)                                                                                              \
  X (QueueSubmit)                                                                                            \
  X (ResetDescriptorPool)                                                                                    \
  X (ResetFences)                                                                                            \
  X (UpdateDescriptorSets)                                                                                   \
  X (WaitForFences)

typedef struct
{
  PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
#define OMNI_VK_MEMBER(name) PFN_vk##name name;
  OMNI_VK_GLOBAL_FUNCTIONS (OMNI_VK_MEMBER)
  OMNI_VK_FUNCTIONS (OMNI_VK_MEMBER)
#undef OMNI_VK_MEMBER
  PFN_vkCreateDebugUtilsMessengerEXT CreateDebugUtilsMessengerEXT;   /* NULL without validation */
  PFN_vkDestroyDebugUtilsMessengerEXT DestroyDebugUtilsMessengerEXT; /* NULL without validation */
} OmniVkFunctions;

/* The table, filled by omni_vk_load() and omni_vk_load_instance(); read-only afterwards. */
extern OmniVkFunctions omni_vk;
#define vk omni_vk

/* Opens the loader once per process. Returns FALSE with OMNI_VK_ERROR_NO_VULKAN and the package to install. Any thread. */
gboolean omni_vk_load (GError **error);

/* Resolves the instance functions; they are the same for every instance. Any thread. */
gboolean omni_vk_load_instance (VkInstance instance, GError **error);

/* "VK_ERROR_OUT_OF_DEVICE_MEMORY" and so on. */
const char *omni_vk_result_to_string (VkResult result);

G_END_DECLS
