/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"
#include "vk/kernel-private.h"

#include <glib/gstdio.h>
#include <string.h>

/* Devices by name, and the pipeline cache: whatever lies in its file, the worst is that pipelines are compiled again. */

static void
test_list (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) list = omni_device_list (&error);
  guint defaults = 0;

  g_assert_no_error (error);
  g_assert_cmpuint (list->len, >, 0);
  for (guint i = 0; i < list->len; i++)
  {
    const OmniDeviceInfo *info = &g_array_index (list, OmniDeviceInfo, i);

    defaults += info->is_default ? 1 : 0;
    g_assert_cmpstr (info->name, !=, "");
    g_assert_cmpuint (info->memory_bytes, >, 0);
  }
  g_assert_cmpuint (defaults, ==, 1);
}

static void
test_selectors (void)
{
  static const char *const wrong[] = { "99", "nonsense", "-1" };
  g_autoptr (GError) error = NULL;
  OmniDevice *device = omni_device_open ("0", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (omni_device_get_info (device)->index, ==, 0);
  g_assert_false (omni_device_is_lost (device));
  g_assert_cmpuint (omni_device_get_allocated_bytes (device), ==, 0);
  omni_device_close (&device);
  g_assert_null (device);
  omni_device_close (&device);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
  {
    g_assert_null (omni_device_open (wrong[i], &error));
    g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_NO_DEVICE);
    g_assert_nonnull (strstr (error->message, wrong[i]));
    g_clear_error (&error);
  }
}

/* ---- Pipeline cache ---- */

/* Opens a device, which must find `hit` in its cache, runs a small graph on it, closes it, which makes a miss good;
 * returns where the cache lies. */
static char *
use_device (gboolean hit)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("cache");
  g_autoptr (TwinTensor) set = harness_random (2, 1, 5, 7, 0.0F, 1.0F, 1);
  g_autoptr (TwinTensor) want = twin_set_max (set);
  g_autoptr (GError) error = NULL;
  OmniDevice *device = omni_device_open (NULL, &error);

  g_assert_no_error (error);
  omni_graph_set_output (graph, omni_graph_set_max (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, 1)));

  g_autofree char *path = omni_pipeline_cache_path (device);
  g_autoptr (GBytes) blob = omni_pipeline_cache_read (device);

  g_assert_cmpint (g_bytes_get_size (blob) > 0, ==, hit);

  g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ .device = device });

  harness_assert_same (got, want, "with this cache");
  g_assert_cmpuint (omni_device_get_validation_messages (device), ==, 0);
  omni_device_close (&device);
  return g_steal_pointer (&path);
}

static void
write_damaged (const char *path, const char *contents, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, contents, (gssize)size, &error);
  g_assert_no_error (error);
}

static void
test_cache (void)
{
  g_autofree char *path = use_device (FALSE);
  g_autofree char *good = NULL;
  gsize size = 0;

  g_assert_true (g_str_has_prefix (path, g_getenv ("XDG_CACHE_HOME")));
  if (!g_file_get_contents (path, &good, &size, NULL))
  {
    g_test_skip ("the driver keeps nothing in its pipeline cache");
    return;
  }
  g_free (use_device (TRUE));

  /* cut short */
  for (gsize length = 0; length < size; length += length < 32 ? 8 : MAX (size / 8, 1))
  {
    write_damaged (path, good, length);
    g_free (use_device (FALSE));
    g_free (use_device (TRUE));
  }

  /* one byte: the magic, vendor, device, driver, sizes, every UUID, the checksum, the data */
  for (gsize at = 0; at < size; at += at < 108 ? 9 : MAX (size / 4, 1))
  {
    g_autofree char *bad = g_memdup2 (good, size);

    bad[at] ^= 0x40;
    write_damaged (path, bad, size);
    g_free (use_device (FALSE));
  }

  /* longer than it says */
  g_autofree char *longer = g_malloc0 (size + 100);

  memcpy (longer, good, size);
  write_damaged (path, longer, size + 100);
  g_free (use_device (FALSE));
  g_free (use_device (TRUE));
}

/* The folder cannot be made: nobody's trouble. */
static void
test_cache_nowhere (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("XDG_CACHE_HOME"), "omnifuse", NULL);
  g_autofree char *aside = g_strconcat (folder, "-aside", NULL);

  if (g_rename (folder, aside) != 0)
    g_test_message ("there was no cache to put aside");
  write_damaged (folder, "in the way", 10);
  g_free (use_device (FALSE));
  g_assert_cmpint (g_unlink (folder), ==, 0);
}

#define N_PIPELINES 6

/* The pipelines of `fill`, told apart by its workgroup, from whichever thread asks. */
static void
begin_pipelines (OmniDevice *device)
{
  for (guint32 i = 0; i < N_PIPELINES; i++)
    omni_device_begin_pipeline (device, "fill", (guint32[]){ 1U << i, 1 }, 2);
}

/* Who no longer wants a pipeline does not wait for it, and it is made all the same: once. */
static void
test_pipelines (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  OmniDevice *device = omni_device_open (NULL, &error);

  g_assert_no_error (error);
  g_cancellable_cancel (cancelled);
  begin_pipelines (device);
  g_assert_null (omni_device_get_pipeline (device, "fill", (guint32[]){ 1, 1 }, 2, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  for (guint32 i = 0; i < N_PIPELINES; i++)
  {
    const guint32 constants[] = { 1U << i, 1 };
    OmniPipeline *pipeline = omni_device_get_pipeline (device, "fill", constants, 2, NULL, &error);

    g_assert_no_error (error);
    g_assert_true (pipeline->handle != VK_NULL_HANDLE);
    g_assert_true (omni_pipeline_take_cold (pipeline));
    g_assert_false (omni_pipeline_take_cold (pipeline));
    g_assert_true (omni_device_get_pipeline (device, "fill", constants, 2, NULL, &error) == pipeline);
  }
  omni_device_close (&device);
}

static VkResult
fail_to_create (VkDevice device, VkPipelineCache cache, guint32 n, const VkComputePipelineCreateInfo *infos,
                const VkAllocationCallbacks *allocator, VkPipeline *pipelines)
{
  return VK_ERROR_OUT_OF_HOST_MEMORY;
}

/* What failed is an error for who wants it, and is tried again the next time. */
static void
test_pipelines_fail (void)
{
  const PFN_vkCreateComputePipelines create = vk.CreateComputePipelines;
  const guint32 constants[] = { 1, 1 };
  g_autoptr (GError) error = NULL;
  OmniDevice *device = omni_device_open (NULL, &error);

  g_assert_no_error (error);
  vk.CreateComputePipelines = fail_to_create;
  g_assert_null (omni_device_get_pipeline (device, "fill", constants, 2, NULL, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY);
  g_assert_nonnull (strstr (error->message, "fill"));
  g_clear_error (&error);
  vk.CreateComputePipelines = create;
  g_assert_nonnull (omni_device_get_pipeline (device, "fill", constants, 2, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (omni_device_is_making_pipelines (device));
  omni_device_close (&device);
}

/* A device may go while its pipelines are still being made. */
static void
test_pipelines_closed (void)
{
  for (guint i = 0; i < 3; i++)
  {
    g_autoptr (GError) error = NULL;
    OmniDevice *device = omni_device_open (NULL, &error);

    g_assert_no_error (error);
    begin_pipelines (device);
    omni_device_close (&device);
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/device/list", test_list);
  g_test_add_func ("/device/selectors", test_selectors);
  g_test_add_func ("/device/cache", test_cache);
  g_test_add_func ("/device/cache-nowhere", test_cache_nowhere);
  g_test_add_func ("/device/pipelines", test_pipelines);
  g_test_add_func ("/device/pipelines-fail", test_pipelines_fail);
  g_test_add_func ("/device/pipelines-closed", test_pipelines_closed);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-cache-XXXXXX", NULL);

  /* before GLib first asks */
  g_setenv ("XDG_CACHE_HOME", folder, TRUE);
  return harness_main (argc, argv, add_tests);
}
