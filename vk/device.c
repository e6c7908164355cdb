/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/device-private.h"
#include "vk/kernel-private.h"
#include "vk/software-threads-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define API_VERSION VK_API_VERSION_1_1

static gboolean
wants_validation (void)
{
  return g_strcmp0 (g_getenv ("OMNIFUSE_VALIDATION"), "1") == 0;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL
validation_message_cb (VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
                       const VkDebugUtilsMessengerCallbackDataEXT *data, void *user_data)
{
  OmniDevice *device = user_data;

  g_atomic_int_inc (&device->validation_messages);
  g_printerr ("Vulkan validation: %s\n", data->pMessage);
  return VK_FALSE;
}

static VkDebugUtilsMessengerCreateInfoEXT
messenger_info (OmniDevice *device)
{
  return (VkDebugUtilsMessengerCreateInfoEXT){
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT
                       | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT
                   | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
    .pfnUserCallback = validation_message_cb,
    .pUserData = device,
  };
}

/* Core and synchronization validation when asked for (`device` non-NULL receives the messages). */
static VkResult
create_instance (OmniDevice *device, VkInstance *instance)
{
  static const char *const layers[] = { "VK_LAYER_KHRONOS_validation" };
  static const char *const extensions[] = { VK_EXT_DEBUG_UTILS_EXTENSION_NAME };
  static const VkValidationFeatureEnableEXT enabled[] = {
    VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
  };
  const VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "Omnifuse",
    .pEngineName = "omni",
    .apiVersion = API_VERSION,
  };
  const VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info (device);
  const VkValidationFeaturesEXT features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
    .pNext = &messenger,
    .enabledValidationFeatureCount = G_N_ELEMENTS (enabled),
    .pEnabledValidationFeatures = enabled,
  };
  const gboolean validate = device != NULL && wants_validation ();
  const VkInstanceCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pNext = validate ? &features : NULL,
    .pApplicationInfo = &application,
    .enabledLayerCount = validate ? 1 : 0,
    .ppEnabledLayerNames = layers,
    .enabledExtensionCount = validate ? 1 : 0,
    .ppEnabledExtensionNames = extensions,
  };

  return vk.CreateInstance (&create, NULL, instance);
}

static gboolean
open_instance (OmniDevice *device, VkInstance *instance, GError **error)
{
  if (!omni_vk_load (error))
    return FALSE;

  const VkResult result = create_instance (device, instance);

  if (result == VK_ERROR_LAYER_NOT_PRESENT || result == VK_ERROR_EXTENSION_NOT_PRESENT)
  {
    g_set_error_literal (
      error, OMNI_VK_ERROR, OMNI_VK_ERROR_FAILED,
      _ ("OMNIFUSE_VALIDATION is set, but the validation layer is not installed. Install the "
         "package vulkan-validationlayers or unset the variable."));
    return FALSE;
  }

  if (result != VK_SUCCESS)
  {
    g_set_error (
      error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_VULKAN,
      _ ("No Vulkan driver was found (%s). Install the package mesa-vulkan-drivers, or your graphics "
         "card's own driver, and start again."),
      omni_vk_result_to_string (result));
    return FALSE;
  }

  return omni_vk_load_instance (*instance, error);
}

static VkPhysicalDevice *
list_physical (VkInstance instance, guint32 *n, GError **error)
{
  g_autofree VkPhysicalDevice *devices = NULL;

  *n = 0;
  vk.EnumeratePhysicalDevices (instance, n, NULL);
  devices = g_new0 (VkPhysicalDevice, *n + 1);
  if (*n > 0)
    vk.EnumeratePhysicalDevices (instance, n, devices);

  if (*n == 0)
  {
    g_set_error_literal (
      error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_VULKAN,
      _ ("No Vulkan device was found. Install the package mesa-vulkan-drivers (it also brings a "
         "software renderer), or your graphics card's own driver, and start again."));
    return NULL;
  }

  return g_steal_pointer (&devices);
}

static OmniDeviceType
type_from_vk (VkPhysicalDeviceType type)
{
  switch (type)
  {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return OMNI_DEVICE_DISCRETE;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return OMNI_DEVICE_INTEGRATED;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return OMNI_DEVICE_VIRTUAL;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return OMNI_DEVICE_SOFTWARE;
  case VK_PHYSICAL_DEVICE_TYPE_OTHER:
  case VK_PHYSICAL_DEVICE_TYPE_MAX_ENUM:
  default:
    return OMNI_DEVICE_OTHER;
  }
}

const char *
omni_device_type_to_string (OmniDeviceType type)
{
  static const char *const names[] = { "discrete", "integrated", "virtual", "software", "other" };

  return type <= OMNI_DEVICE_OTHER ? names[type] : "other";
}

static guint64
largest_local_heap (VkPhysicalDevice physical)
{
  VkPhysicalDeviceMemoryProperties memory;
  guint64 largest = 0;

  vk.GetPhysicalDeviceMemoryProperties (physical, &memory);
  for (guint i = 0; i < memory.memoryHeapCount; i++)
    if ((memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0)
      largest = MAX (largest, memory.memoryHeaps[i].size);

  return largest;
}

/* Chained structures of Vulkan 1.1; the driver's own words only where 1.2 says them. */
static void
describe (VkPhysicalDevice physical, guint index, OmniDeviceInfo *info)
{
  VkPhysicalDeviceDriverProperties driver = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES };
  VkPhysicalDeviceSubgroupProperties subgroup = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES
  };
  VkPhysicalDeviceProperties2 plain = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                        .pNext = &subgroup };

  vk.GetPhysicalDeviceProperties2 (physical, &plain);
  if (plain.properties.apiVersion >= VK_API_VERSION_1_2)
  {
    subgroup.pNext = &driver;
    vk.GetPhysicalDeviceProperties2 (physical, &plain);
  }

  const VkPhysicalDeviceProperties *properties = &plain.properties;
  const gboolean shuffles = (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0
                            && (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;

  memset (info, 0, sizeof *info);
  info->index = index;
  g_strlcpy (info->name, properties->deviceName, sizeof info->name);
  info->type = type_from_vk (properties->deviceType);
  if (driver.driverName[0] != '\0')
    g_snprintf (info->driver, sizeof info->driver, "%s %s", driver.driverName, driver.driverInfo);
  else
    g_snprintf (info->driver, sizeof info->driver, "version 0x%08x", properties->driverVersion);
  info->memory_bytes = largest_local_heap (physical);
  info->api_version = properties->apiVersion;
  info->subgroup_size = subgroup.subgroupSize;
  /* With 4 lanes the shuffle kernels would be wrong: they spread a weight over 8. */
  info->has_shuffle = shuffles && subgroup.subgroupSize >= 8;
  /* RGBA16F is a mandatory texel-buffer format, and packing needs no feature. */
  info->has_fp16 = TRUE;
}

static guint32
find_compute_queue (VkPhysicalDevice physical, guint32 *timestamp_bits)
{
  VkQueueFamilyProperties families[32];
  guint32 n = G_N_ELEMENTS (families);

  vk.GetPhysicalDeviceQueueFamilyProperties (physical, &n, families);
  for (guint32 i = 0; i < n; i++)
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0)
    {
      if (timestamp_bits != NULL)
        *timestamp_bits = families[i].timestampValidBits;
      return i;
    }

  return G_MAXUINT32;
}

/* Discrete before integrated before virtual before anything else before software; the first of equals. */
static guint
rank (OmniDeviceType type)
{
  static const guint ranks[] = { 5, 4, 3, 1, 2 };

  return ranks[type];
}

static GArray *
describe_all (const VkPhysicalDevice *devices, guint32 n)
{
  GArray *list = g_array_new (FALSE, TRUE, sizeof (OmniDeviceInfo));
  int best = -1;

  for (guint32 i = 0; i < n; i++)
  {
    OmniDeviceInfo info;

    if (find_compute_queue (devices[i], NULL) == G_MAXUINT32)
      continue;

    describe (devices[i], i, &info);
    g_array_append_val (list, info);
    if (best < 0 || rank (info.type) > rank (g_array_index (list, OmniDeviceInfo, best).type))
      best = (int)list->len - 1;
  }

  if (best >= 0)
    g_array_index (list, OmniDeviceInfo, best).is_default = TRUE;

  return list;
}

GArray *
omni_device_list (GError **error)
{
  g_autofree VkPhysicalDevice *devices = NULL;
  VkInstance instance = VK_NULL_HANDLE;
  GArray *list = NULL;
  guint32 n;

  if (!open_instance (NULL, &instance, error))
    return NULL;

  devices = list_physical (instance, &n, error);
  if (devices != NULL)
    list = describe_all (devices, n);

  vk.DestroyInstance (instance, NULL);
  return list;
}

/* The entry of `list` that `selector` names, or NULL with an error that lists what there is. */
static const OmniDeviceInfo *
select_device (const GArray *list, const char *selector, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  guint64 wanted = 0;
  const gboolean numbered = selector != NULL
                            && g_ascii_string_to_unsigned (selector, 10, 0, G_MAXUINT, &wanted, NULL);
  const gboolean software = g_strcmp0 (selector, "software") == 0;

  for (guint i = 0; i < list->len; i++)
  {
    const OmniDeviceInfo *info = &g_array_index (list, OmniDeviceInfo, i);

    if ((selector == NULL && info->is_default) || (numbered && info->index == wanted)
        || (software && info->type == OMNI_DEVICE_SOFTWARE))
      return info;
    g_string_append_printf (names, "%s%u (%s)", names->len > 0 ? ", " : "", info->index, info->name);
  }

  if (software)
    g_set_error (
      error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_DEVICE,
      _ (
        "There is no software Vulkan device. Install the package mesa-vulkan-drivers, or choose one of: %s."),
      names->str);
  else
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_DEVICE,
                 _ ("There is no Vulkan device “%s”. Choose “software” or the number of one of: %s."),
                 selector != NULL ? selector : "", names->str);
  return NULL;
}

gboolean
omni_device_check (OmniDevice *device, VkResult result, const char *doing, GError **error)
{
  if (result == VK_SUCCESS)
    return TRUE;

  if (result == VK_ERROR_DEVICE_LOST)
  {
    device->lost = TRUE;
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_DEVICE_LOST, _ ("The device %s was lost while %s."),
                 device->info.name, _ (doing));
  }
  else if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
    g_set_error (
      error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
      _ ("The device %s ran out of memory while %s. Choose a smaller tile or close other programs."),
      device->info.name, _ (doing));
  else
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_FAILED, _ ("The device %s failed while %s: %s."),
                 device->info.name, _ (doing), omni_vk_result_to_string (result));
  return FALSE;
}

static gboolean
create_logical (OmniDevice *device, GError **error)
{
  static const float priority = 1.0F;
  const VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueFamilyIndex = device->queue_family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  const VkDeviceCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
  };

  if (!omni_device_check (device, vk.CreateDevice (device->physical, &create, NULL, &device->handle),
                          N_ ("opening the device"), error))
    return FALSE;

  vk.GetDeviceQueue (device->handle, device->queue_family, 0, &device->queue);
  return TRUE;
}

static gboolean
create_layouts (OmniDevice *device, GError **error)
{
  VkDescriptorSetLayoutBinding bindings[OMNI_BINDING_WEIGHTS + 1];

  for (guint32 i = 0; i < G_N_ELEMENTS (bindings); i++)
    bindings[i] = (VkDescriptorSetLayoutBinding){
      .binding = i,
      .descriptorType = i < OMNI_N_TEXEL_INPUTS || i == OMNI_BINDING_WEIGHTS
                          ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                        : i == OMNI_BINDING_TILE ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER
                                                 : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
      .descriptorCount = 1,
      .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    };

  const VkDescriptorSetLayoutCreateInfo sets = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
    .bindingCount = G_N_ELEMENTS (bindings),
    .pBindings = bindings,
  };

  if (!omni_device_check (device,
                          vk.CreateDescriptorSetLayout (device->handle, &sets, NULL, &device->set_layout),
                          N_ ("creating a descriptor layout"), error))
    return FALSE;

  const VkPushConstantRange push = { VK_SHADER_STAGE_COMPUTE_BIT, 0, OMNI_PUSH_WORDS * 4 };
  const VkPipelineLayoutCreateInfo pipelines = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .setLayoutCount = 1,
    .pSetLayouts = &device->set_layout,
    .pushConstantRangeCount = 1,
    .pPushConstantRanges = &push,
  };

  return omni_device_check (
    device, vk.CreatePipelineLayout (device->handle, &pipelines, NULL, &device->pipeline_layout),
    N_ ("creating a pipeline layout"), error);
}

static gboolean
create_pool_and_fence (OmniDevice *device, GError **error)
{
  const VkCommandPoolCreateInfo pool = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
    .queueFamilyIndex = device->queue_family,
  };
  const VkFenceCreateInfo fence = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };

  return omni_device_check (device, vk.CreateCommandPool (device->handle, &pool, NULL, &device->command_pool),
                            N_ ("creating a command pool"), error)
         && omni_device_check (device, vk.CreateFence (device->handle, &fence, NULL, &device->fence),
                               N_ ("creating a fence"), error);
}

static void
read_properties (OmniDevice *device)
{
  VkPhysicalDeviceProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &device->id,
  };

  device->id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
  vk.GetPhysicalDeviceProperties2 (device->physical, &properties);
  device->properties = properties.properties;
  device->limits = properties.properties.limits;
  vk.GetPhysicalDeviceMemoryProperties (device->physical, &device->memory);
  device->queue_family = find_compute_queue (device->physical, &device->timestamp_bits);
  device->gflops = device->info.type == OMNI_DEVICE_SOFTWARE ? 20.0 : 500.0;
}

static gboolean
open_selected (OmniDevice *device, const char *selector, GError **error)
{
  g_autoptr (GHashTable) threads = omni_software_threads_before ();
  g_autofree VkPhysicalDevice *devices = NULL;
  g_autoptr (GArray) list = NULL;
  guint32 n;

  if (!open_instance (device, &device->instance, error))
    return FALSE;

  if (wants_validation () && vk.CreateDebugUtilsMessengerEXT != NULL)
  {
    const VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info (device);

    vk.CreateDebugUtilsMessengerEXT (device->instance, &messenger, NULL, &device->messenger);
  }

  devices = list_physical (device->instance, &n, error);
  if (devices == NULL)
    return FALSE;

  list = describe_all (devices, n);

  const OmniDeviceInfo *info = select_device (list, selector, error);

  if (info == NULL)
    return FALSE;

  device->info = *info;
  device->physical = devices[info->index];
  read_properties (device);
  if (!create_logical (device, error) || !create_layouts (device, error)
      || !create_pool_and_fence (device, error))
    return FALSE;

  omni_pipelines_open (device);
  device->slowness = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  device->pipeline_cache = omni_pipeline_cache_open (device);
  if (device->info.type == OMNI_DEVICE_SOFTWARE)
    omni_software_threads_spread (threads);
  return TRUE;
}

OmniDevice *
omni_device_open (const char *selector, GError **error)
{
  OmniDevice *device = g_new0 (OmniDevice, 1);

  if (selector == NULL)
    selector = g_getenv ("OMNIFUSE_DEVICE");
  if (selector != NULL && selector[0] == '\0')
    selector = NULL;

  if (!open_selected (device, selector, error))
    omni_device_close (&device);

  return device;
}

void
omni_device_close (OmniDevice **device)
{
  OmniDevice *self = g_steal_pointer (device);

  if (self == NULL)
    return;

  if (self->handle != VK_NULL_HANDLE)
  {
    vk.DeviceWaitIdle (self->handle);
    omni_pipelines_finish (self);
    omni_pipeline_cache_close (self, &self->pipeline_cache);
    omni_pipelines_close (self);
    g_clear_pointer (&self->slowness, g_hash_table_unref);
    vk.DestroyPipelineLayout (self->handle, self->pipeline_layout, NULL);
    vk.DestroyDescriptorSetLayout (self->handle, self->set_layout, NULL);
    vk.DestroyFence (self->handle, self->fence, NULL);
    vk.DestroyCommandPool (self->handle, self->command_pool, NULL);
    vk.DestroyDevice (self->handle, NULL);
  }

  if (self->messenger != VK_NULL_HANDLE)
    vk.DestroyDebugUtilsMessengerEXT (self->instance, self->messenger, NULL);
  if (self->instance != VK_NULL_HANDLE)
    vk.DestroyInstance (self->instance, NULL);
  g_free (self);
}

gboolean
omni_device_submit (OmniDevice *device, const VkCommandBuffer *commands, guint n_commands, double *ms,
                    GError **error)
{
  const VkSubmitInfo submit = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
    .commandBufferCount = n_commands,
    .pCommandBuffers = commands,
  };
  const gint64 start = g_get_monotonic_time ();
  VkResult result = device->lost ? VK_ERROR_DEVICE_LOST : VK_SUCCESS;

  if (device->loss_countdown > 0 && --device->loss_countdown == 0)
    result = VK_ERROR_DEVICE_LOST;
  if (result == VK_SUCCESS)
    result = vk.QueueSubmit (device->queue, 1, &submit, device->fence);
  if (result == VK_SUCCESS)
    result = vk.WaitForFences (device->handle, 1, &device->fence, VK_TRUE, G_MAXUINT64);
  if (result == VK_SUCCESS)
    result = vk.ResetFences (device->handle, 1, &device->fence);

  if (ms != NULL)
    *ms = (double)(g_get_monotonic_time () - start) / 1000.0;

  return omni_device_check (device, result, N_ ("running a submission"), error);
}

const OmniDeviceInfo *
omni_device_get_info (const OmniDevice *device)
{
  return &device->info;
}

guint64
omni_device_get_allocated_bytes (const OmniDevice *device)
{
  return device->allocated_bytes;
}

guint64
omni_device_get_peak_bytes (const OmniDevice *device)
{
  return device->peak_bytes;
}

void
omni_device_reset_peak (OmniDevice *device)
{
  device->peak_bytes = device->allocated_bytes;
}

guint
omni_device_get_validation_messages (const OmniDevice *device)
{
  return (guint)g_atomic_int_get (&device->validation_messages);
}

gboolean
omni_device_is_lost (const OmniDevice *device)
{
  return device->lost;
}

void
omni_device_inject_loss (OmniDevice *device, guint submissions)
{
  device->loss_countdown = submissions;
}

void
omni_device_set_allocation_limit (OmniDevice *device, guint64 limit_bytes)
{
  device->allocation_limit_bytes = limit_bytes;
}

double *
omni_device_slowness (OmniDevice *device, const char *shader)
{
  double *slowness = g_hash_table_lookup (device->slowness, shader);

  if (slowness == NULL)
  {
    slowness = g_new (double, 1);
    *slowness = 1.0;
    g_hash_table_insert (device->slowness, (gpointer)shader, slowness);
  }

  return slowness;
}

void
omni_device_correct_slowness (OmniDevice *device, const char *shader, double expected_ms, double measured_ms)
{
  const double ratio = CLAMP (measured_ms / MAX (expected_ms, 1e-3), 0.2, 20.0);
  double *slowness = omni_device_slowness (device, shader);

  /* Up at once, down gently: a submission that is too long is worse than one that is too short. */
  *slowness = CLAMP (*slowness * (ratio > 1.0 ? ratio : 0.5 + 0.5 * ratio), 1e-3, 1e3);
}
