/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include <stdio.h>

/* Which of the alternatives in the kernels a device gets. */
static const char *
get_convolution_path (const OmniDeviceInfo *info)
{
  return info->has_shuffle ? "fast (subgroup shuffle)" : "plain";
}

static void
add_device (JsonBuilder *json, const OmniDeviceInfo *info)
{
  g_autofree char *version = g_strdup_printf ("%u.%u.%u", info->api_version >> 22 & 0x7f,
                                              info->api_version >> 12 & 0x3ff, info->api_version & 0xfff);
  json_builder_begin_object (json);
  omni_cli_add_int (json, "index", info->index);
  omni_cli_add_string (json, "name", info->name);
  omni_cli_add_string (json, "type", omni_device_type_to_string (info->type));
  omni_cli_add_string (json, "driver", info->driver);
  omni_cli_add_int (json, "memory_bytes", (gint64)info->memory_bytes);
  omni_cli_add_string (json, "api_version", version);
  omni_cli_add_int (json, "subgroup_size", info->subgroup_size);
  omni_cli_add_boolean (json, "default", info->is_default);
  json_builder_set_member_name (json, "paths");
  json_builder_begin_object (json);
  omni_cli_add_string (json, "convolution", info->has_shuffle ? "shuffle" : "plain");
  omni_cli_add_boolean (json, "fp16", info->has_fp16);
  json_builder_end_object (json);
  json_builder_end_object (json);
}

static void
print_device (const OmniDeviceInfo *info)
{
  g_autofree char *memory = g_format_size_full (info->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
  printf ("%u: %s%s\n", info->index, info->name, info->is_default ? " (used unless told otherwise)" : "");
  printf ("  type          %s\n", omni_device_type_to_string (info->type));
  printf ("  driver        %s\n", info->driver);
  printf ("  memory        %s\n", memory);
  printf ("  convolutions  %s\n", get_convolution_path (info));
  printf ("  precision     %s\n", info->has_fp16 ? "fp32, fp16" : "fp32");
}

int
omni_cli_devices (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_COMMON, NULL,
                               "Lists the devices and what they will be used for. --device takes the number.",
                               argc, argv, &error))
    return omni_cli_fail (error);
  g_autoptr (GArray) devices = omni_device_list (&error);
  if (devices == NULL)
    return omni_cli_fail (error);

  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "devices");
  json_builder_begin_array (json);
  for (guint i = 0; i < devices->len; i++)
    if (options.json)
      add_device (json, &g_array_index (devices, OmniDeviceInfo, i));
    else
      print_device (&g_array_index (devices, OmniDeviceInfo, i));
  json_builder_end_array (json);
  json_builder_end_object (json);
  if (options.json)
    omni_cli_print_json (json);
  return OMNI_EXIT_DONE;
}
