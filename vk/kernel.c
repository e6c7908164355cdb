/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/kernel-private.h"

#include "shaders/shaders-resource.h"

#include <glib/gi18n.h>
#include <string.h>

GBytes *
omni_kernel_get_spirv (const char *shader)
{
  static gsize registered = 0;

  if (g_once_init_enter (&registered))
  {
    omni_shaders_register_resource ();
    g_once_init_leave (&registered, 1);
  }

  g_autofree char *path = g_strdup_printf ("/io/github/omnifuse/shaders/%s.comp.spv", shader);

  return g_resource_lookup_data (omni_shaders_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

static gboolean
create_module (OmniDevice *device, const char *shader, VkShaderModule *module, GError **error)
{
  g_autoptr (GBytes) spirv = omni_kernel_get_spirv (shader);

  if (spirv == NULL)
    g_error ("There is no shader named %s", shader);

  gsize size;
  gconstpointer data = g_bytes_get_data (spirv, &size);
  g_autofree guint32 *code = g_memdup2 (data, size); /* a resource may lie unaligned */
  const VkShaderModuleCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = size,
    .pCode = code,
  };

  return omni_device_check (device, vk.CreateShaderModule (device->handle, &create, NULL, module),
                            N_ ("loading a shader"), error);
}

static VkPipeline
create_pipeline (OmniDevice *device, const char *shader, const guint32 *constants, guint n_constants,
                 GError **error)
{
  VkSpecializationMapEntry entries[32];
  VkShaderModule module;
  VkPipeline pipeline = VK_NULL_HANDLE;

  g_return_val_if_fail (n_constants <= G_N_ELEMENTS (entries), VK_NULL_HANDLE);
  if (!create_module (device, shader, &module, error))
    return VK_NULL_HANDLE;

  for (guint32 i = 0; i < n_constants; i++)
    entries[i] = (VkSpecializationMapEntry){ i, i * 4, 4 };

  const VkSpecializationInfo specialization = { n_constants, entries, n_constants * 4, constants };
  const VkComputePipelineCreateInfo create = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .stage = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
      .module = module,
      .pName = "main",
      .pSpecializationInfo = &specialization,
    },
    .layout = device->pipeline_layout,
  };
  g_autofree char *doing = g_strdup_printf (_ ("compiling the kernel %s"), shader);
  const VkResult result = vk.CreateComputePipelines (device->handle, device->pipeline_cache, 1, &create, NULL,
                                                     &pipeline);

  vk.DestroyShaderModule (device->handle, module, NULL);
  return omni_device_check (device, result, doing, error) ? pipeline : VK_NULL_HANDLE;
}

VkPipeline
omni_device_get_pipeline (OmniDevice *device, const char *shader, const guint32 *constants, guint n_constants,
                          GError **error)
{
  g_autoptr (GString) key = g_string_new (shader);

  for (guint i = 0; i < n_constants; i++)
    g_string_append_printf (key, " %x", constants[i]);

  VkPipeline pipeline = (VkPipeline)g_hash_table_lookup (device->pipelines, key->str);

  if (pipeline != VK_NULL_HANDLE)
    return pipeline;

  pipeline = create_pipeline (device, shader, constants, n_constants, error);
  if (pipeline != VK_NULL_HANDLE)
    g_hash_table_insert (device->pipelines, g_strdup (key->str), pipeline);

  return pipeline;
}

gboolean
omni_device_is_cold (OmniDevice *device, VkPipeline pipeline)
{
  return g_hash_table_add (device->warm, (gpointer)pipeline);
}
