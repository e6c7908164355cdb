/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/kernel-private.h"

#include "shaders/shaders-resource.h"

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

/* Any thread. */
static VkResult
create_module (OmniDevice *device, const char *shader, VkShaderModule *module)
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

  return vk.CreateShaderModule (device->handle, &create, NULL, module);
}

/* Any thread. */
static VkResult
create_pipeline (OmniDevice *device, const OmniKernelSpec *spec, VkPipeline *pipeline)
{
  VkSpecializationMapEntry entries[32];
  VkShaderModule module;
  VkResult result;

  g_assert (spec->n_constants <= G_N_ELEMENTS (entries));
  result = create_module (device, spec->shader, &module);
  if (result != VK_SUCCESS)
    return result;

  for (guint32 i = 0; i < spec->n_constants; i++)
    entries[i] = (VkSpecializationMapEntry){ i, i * 4, 4 };

  const VkSpecializationInfo specialization = { spec->n_constants, entries, spec->n_constants * 4,
                                                spec->constants };
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

  result = vk.CreateComputePipelines (device->handle, device->pipeline_cache, 1, &create, NULL, pipeline);
  vk.DestroyShaderModule (device->handle, module, NULL);
  return result;
}

static char *
make_key (const OmniKernelSpec *spec)
{
  GString *key = g_string_new (spec->shader);

  for (guint i = 0; i < spec->n_constants; i++)
    g_string_append_printf (key, " %x", spec->constants[i]);
  return g_string_free (key, FALSE);
}

typedef struct
{
  OmniDevice *device;
  OmniKernelSpec spec;
  char *key;
  VkPipeline pipeline;
} Compilation;

static void
compile_cb (gpointer data, gpointer user_data)
{
  Compilation *compilation = data;

  if (create_pipeline (compilation->device, &compilation->spec, &compilation->pipeline) != VK_SUCCESS)
    compilation->pipeline = VK_NULL_HANDLE;
}

void
omni_device_prepare_pipelines (OmniDevice *device, const OmniKernelSpec *specs, guint n_specs)
{
  g_autofree Compilation *missing = g_new0 (Compilation, n_specs);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GThreadPool *pool = g_thread_pool_new (compile_cb, NULL, (int)MIN (g_get_num_processors (), 8), FALSE,
                                         NULL);
  guint n = 0;

  for (guint i = 0; i < n_specs; i++)
  {
    char *key = make_key (&specs[i]);

    if (g_hash_table_contains (device->pipelines, key) || g_hash_table_contains (seen, key))
    {
      g_free (key);
      continue;
    }
    g_hash_table_add (seen, key);
    missing[n] = (Compilation){ device, specs[i], key, VK_NULL_HANDLE };
    g_thread_pool_push (pool, &missing[n++], NULL);
  }
  g_thread_pool_free (pool, FALSE, TRUE);

  for (guint i = 0; i < n; i++)
    if (missing[i].pipeline != VK_NULL_HANDLE)
      g_hash_table_insert (device->pipelines, missing[i].key, missing[i].pipeline);
    else
      g_free (missing[i].key);
}

VkPipeline
omni_device_get_pipeline (OmniDevice *device, const char *shader, const guint32 *constants, guint n_constants,
                          GError **error)
{
  const OmniKernelSpec spec = { shader, constants, n_constants };
  g_autofree char *key = make_key (&spec);
  g_autofree char *doing = g_strdup_printf ("compiling the kernel %s", shader);
  VkPipeline pipeline = (VkPipeline)g_hash_table_lookup (device->pipelines, key);

  if (pipeline != VK_NULL_HANDLE)
    return pipeline;
  if (!omni_device_check (device, create_pipeline (device, &spec, &pipeline), doing, error))
    return VK_NULL_HANDLE;
  g_hash_table_insert (device->pipelines, g_steal_pointer (&key), pipeline);
  return pipeline;
}

gboolean
omni_device_is_cold (OmniDevice *device, VkPipeline pipeline)
{
  return g_hash_table_add (device->warm, (gpointer)pipeline);
}
