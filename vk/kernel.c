/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/kernel-private.h"

#include "shaders/shaders-resource.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST_MAKERS 8     /* threads */
#define LOOK_US     10000 /* between two looks at a cancellable */

GBytes *
omni_kernel_get_spirv (const char *shader)
{
  static GResource *resource = NULL;

  if (g_once_init_enter (&resource))
  {
    GResource *registered;

    omni_shaders_register_resource ();
    /* GLib (2.74) registers at the next lookup of any thread, and tells the others NULL meanwhile. */
    while ((registered = omni_shaders_get_resource ()) == NULL)
      g_thread_yield ();
    g_once_init_leave (&resource, registered);
  }

  g_autofree char *path = g_strdup_printf ("/io/github/omnifuse/shaders/%s.comp.spv", shader);

  return g_resource_lookup_data (resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

/* ---- Making one, in a thread of the pool ---- */

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

static VkResult
create_pipeline (OmniDevice *device, const OmniPipeline *pipeline, VkPipeline *handle)
{
  VkSpecializationMapEntry entries[OMNI_MAX_CONSTANTS];
  VkShaderModule module;
  VkResult result = create_module (device, pipeline->shader, &module);

  if (result != VK_SUCCESS)
    return result;

  for (guint32 i = 0; i < pipeline->n_constants; i++)
    entries[i] = (VkSpecializationMapEntry){ i, i * 4, 4 };

  const VkSpecializationInfo specialization = { pipeline->n_constants, entries, pipeline->n_constants * 4,
                                                pipeline->constants };
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

  result = vk.CreateComputePipelines (device->handle, device->pipeline_cache, 1, &create, NULL, handle);
  vk.DestroyShaderModule (device->handle, module, NULL);
  return result;
}

static void
make_in_thread (gpointer data, gpointer user_data)
{
  OmniPipeline *pipeline = data;
  OmniDevice *device = user_data;
  VkPipeline handle = VK_NULL_HANDLE;
  const VkResult result = create_pipeline (device, pipeline, &handle);

  g_mutex_lock (&device->pipelines_lock);
  pipeline->result = result;
  pipeline->handle = handle;
  pipeline->made = TRUE;
  device->n_making--;
  g_cond_broadcast (&device->pipeline_made);
  g_mutex_unlock (&device->pipelines_lock);
}

/* ---- The table ---- */

void
omni_pipelines_open (OmniDevice *device)
{
  g_mutex_init (&device->pipelines_lock);
  g_cond_init (&device->pipeline_made);
  device->pipelines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  device->pipeline_makers = g_thread_pool_new (
    make_in_thread, device, (gint)CLAMP (g_get_num_processors (), 1, MOST_MAKERS), FALSE, NULL);
}

void
omni_pipelines_close (OmniDevice *device)
{
  GHashTableIter iter;
  gpointer pipeline;

  if (device->pipelines == NULL)
    return;

  g_hash_table_iter_init (&iter, device->pipelines);
  while (g_hash_table_iter_next (&iter, NULL, &pipeline))
    vk.DestroyPipeline (device->handle, ((OmniPipeline *)pipeline)->handle, NULL);
  g_clear_pointer (&device->pipelines, g_hash_table_unref);
  g_cond_clear (&device->pipeline_made);
  g_mutex_clear (&device->pipelines_lock);
}

void
omni_pipelines_finish (OmniDevice *device)
{
  if (device->pipeline_makers != NULL)
    g_thread_pool_free (g_steal_pointer (&device->pipeline_makers), TRUE, TRUE);
}

static char *
key_of (const char *shader, const guint32 *constants, guint n_constants)
{
  GString *key = g_string_new (shader);

  for (guint i = 0; i < n_constants; i++)
    g_string_append_printf (key, " %x", constants[i]);
  return g_string_free (key, FALSE);
}

/* (transfer none) The pipeline of that key. It is begun if it is new, and again if it failed: there may be memory for it now. */
static OmniPipeline *
begin (OmniDevice *device, const char *key, const char *shader, const guint32 *constants, guint n_constants)
{
  OmniPipeline *pipeline = g_hash_table_lookup (device->pipelines, key);
  gboolean begins = pipeline == NULL;

  if (pipeline == NULL)
  {
    pipeline = g_new0 (OmniPipeline, 1);
    pipeline->shader = shader;
    pipeline->n_constants = n_constants;
    memcpy (pipeline->constants, constants, n_constants * sizeof *constants);
    g_hash_table_insert (device->pipelines, g_strdup (key), pipeline);
  }

  g_mutex_lock (&device->pipelines_lock);
  begins |= pipeline->made && pipeline->result != VK_SUCCESS;
  if (begins)
  {
    pipeline->made = FALSE;
    device->n_making++;
  }
  g_mutex_unlock (&device->pipelines_lock);

  if (begins)
    g_thread_pool_push (device->pipeline_makers, pipeline, NULL);
  return pipeline;
}

gboolean
omni_device_is_making_pipelines (OmniDevice *device)
{
  g_mutex_lock (&device->pipelines_lock);

  const gboolean is_making = device->n_making > 0;

  g_mutex_unlock (&device->pipelines_lock);
  return is_making;
}

void
omni_device_begin_pipeline (OmniDevice *device, const char *shader, const guint32 *constants,
                            guint n_constants)
{
  g_return_if_fail (n_constants <= OMNI_MAX_CONSTANTS);

  g_autofree char *key = key_of (shader, constants, n_constants);

  begin (device, key, shader, constants, n_constants);
}

static gboolean
wait_for (OmniDevice *device, const OmniPipeline *pipeline, GCancellable *cancellable, GError **error)
{
  gboolean made = FALSE;

  /* Before those that nobody waits for any more. */
  g_thread_pool_move_to_front (device->pipeline_makers, (gpointer)pipeline);
  while (!made && !g_cancellable_set_error_if_cancelled (cancellable, error))
  {
    const gint64 end_us = g_get_monotonic_time () + LOOK_US;

    g_mutex_lock (&device->pipelines_lock);
    while (!pipeline->made && g_cond_wait_until (&device->pipeline_made, &device->pipelines_lock, end_us))
      ;
    made = pipeline->made;
    g_mutex_unlock (&device->pipelines_lock);
  }

  return made;
}

OmniPipeline *
omni_device_get_pipeline (OmniDevice *device, const char *shader, const guint32 *constants, guint n_constants,
                          GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (n_constants <= OMNI_MAX_CONSTANTS, NULL);

  g_autofree char *key = key_of (shader, constants, n_constants);
  OmniPipeline *pipeline = begin (device, key, shader, constants, n_constants);

  if (!wait_for (device, pipeline, cancellable, error))
    return NULL;

  if (pipeline->result != VK_SUCCESS)
  {
    g_autofree char *doing = g_strdup_printf (_ ("compiling the kernel %s"), shader);

    omni_device_check (device, pipeline->result, doing, error);
    return NULL;
  }

  return pipeline;
}

gboolean
omni_pipeline_take_cold (OmniPipeline *pipeline)
{
  const gboolean is_cold = !pipeline->warm;

  pipeline->warm = TRUE;
  return is_cold;
}
