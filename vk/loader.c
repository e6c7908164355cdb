/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/loader-private.h"

#include "vk/device.h"

#include <dlfcn.h>
#include <glib/gi18n.h>

OmniVkFunctions omni_vk;

/* clang-format off */
G_DEFINE_QUARK (omni-vk-error-quark, omni_vk_error)
/* clang-format on */

static gboolean
load_once (void)
{
  void *library = dlopen ("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);

  if (library == NULL)
    return FALSE;

  vk.GetInstanceProcAddr = (PFN_vkGetInstanceProcAddr)dlsym (library, "vkGetInstanceProcAddr");
  if (vk.GetInstanceProcAddr == NULL)
    return FALSE;

#define LOAD(name) vk.name = (PFN_vk##name)vk.GetInstanceProcAddr (NULL, "vk" #name);
  OMNI_VK_GLOBAL_FUNCTIONS (LOAD)
#undef LOAD

  return vk.CreateInstance != NULL && vk.EnumerateInstanceVersion != NULL;
}

gboolean
omni_vk_load (GError **error)
{
  static gsize state = 0;

  if (g_once_init_enter (&state))
    g_once_init_leave (&state, load_once () ? 1 : 2);

  if (state == 1)
    return TRUE;

  g_set_error_literal (error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_VULKAN,
                       _ ("Vulkan is not installed on this machine. Install the packages libvulkan1 and "
                          "mesa-vulkan-drivers, or your graphics card's own driver, and start again."));
  return FALSE;
}

gboolean
omni_vk_load_instance (VkInstance instance, GError **error)
{
  static GMutex mutex;
  const char *missing = NULL;

  g_mutex_lock (&mutex);
#define LOAD(name)                                                                                           \
  vk.name = (PFN_vk##name)vk.GetInstanceProcAddr (instance, "vk" #name);                                     \
  if (vk.name == NULL)                                                                                       \
    missing = "vk" #name;
  OMNI_VK_FUNCTIONS (LOAD)
#undef LOAD
  vk.CreateDebugUtilsMessengerEXT = (PFN_vkCreateDebugUtilsMessengerEXT)vk.GetInstanceProcAddr (
    instance, "vkCreateDebugUtilsMessengerEXT");
  vk.DestroyDebugUtilsMessengerEXT = (PFN_vkDestroyDebugUtilsMessengerEXT)vk.GetInstanceProcAddr (
    instance, "vkDestroyDebugUtilsMessengerEXT");
  g_mutex_unlock (&mutex);

  if (missing == NULL)
    return TRUE;

  g_set_error (
    error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_VULKAN,
    _ (
      "The Vulkan library lacks %s: it is older than Vulkan 1.1. Update libvulkan1 and the graphics driver."),
    missing);
  return FALSE;
}

const char *
omni_vk_result_to_string (VkResult result)
{
  switch ((int)result)
  {
  case VK_SUCCESS:
    return "VK_SUCCESS";
  case VK_ERROR_OUT_OF_HOST_MEMORY:
    return "VK_ERROR_OUT_OF_HOST_MEMORY";
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
  case VK_ERROR_INITIALIZATION_FAILED:
    return "VK_ERROR_INITIALIZATION_FAILED";
  case VK_ERROR_DEVICE_LOST:
    return "VK_ERROR_DEVICE_LOST";
  case VK_ERROR_MEMORY_MAP_FAILED:
    return "VK_ERROR_MEMORY_MAP_FAILED";
  case VK_ERROR_INCOMPATIBLE_DRIVER:
    return "VK_ERROR_INCOMPATIBLE_DRIVER";
  case VK_ERROR_TOO_MANY_OBJECTS:
    return "VK_ERROR_TOO_MANY_OBJECTS";
  case VK_ERROR_FRAGMENTED_POOL:
    return "VK_ERROR_FRAGMENTED_POOL";
  case VK_ERROR_OUT_OF_POOL_MEMORY:
    return "VK_ERROR_OUT_OF_POOL_MEMORY";
  default:
    return _ ("an unknown Vulkan error");
  }
}
