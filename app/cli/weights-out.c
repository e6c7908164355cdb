/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/weights-out.h"

#include "app/cli/target.h"

#include <glib/gstdio.h>

GPtrArray *
omni_cli_name_weights (const char *folder, GPtrArray *sources, const OmniWeightMaps *maps)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) names = omni_cli_name_sources (sources);

  for (guint i = 0; i < sources->len; i++)
    for (guint b = 0; b < omni_weight_maps_get_n_bands (maps); b++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%s.png",
                                               (const char *)g_hash_table_lookup (names, sources->pdata[i]),
                                               omni_weight_maps_get_band (maps, b)->name);
      g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
    }
  return paths;
}

static OmniWriteOptions
make_map_options (const OmniWriteOptions *options)
{
  OmniWriteOptions own = *options;

  own.depth = OMNI_DEPTH_16;
  own.metadata = NULL;
  return own;
}

gboolean
omni_cli_check_weights (const char *folder, const OmniFusionResult *result, const OmniWriteOptions *options,
                        GError **error)
{
  const guint n_bands = omni_weight_maps_get_n_bands (result->maps);
  g_autoptr (GPtrArray) paths = omni_cli_name_weights (folder, result->sources, result->maps);
  const OmniWriteOptions own = make_map_options (options);

  if (g_mkdir_with_parents (folder, 0777) != 0)
  {
    g_autofree char *name = g_filename_display_name (folder);
    return omni_cli_refuse (error, "The folder “%s” cannot be made; name another one (--weights-out).", name);
  }
  for (guint i = 0; i < paths->len; i++)
  {
    const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, i % n_bands);
    if (!omni_picture_check_write (paths->pdata[i], band->width, band->height, 1, FALSE, &own, error))
      return FALSE;
  }
  return TRUE;
}

static void
remove_files (GPtrArray *paths, guint n)
{
  for (guint i = 0; i < n; i++)
    g_unlink (paths->pdata[i]);
}

gboolean
omni_cli_write_weights (const char *folder, const OmniFusionResult *result, const OmniWriteOptions *options,
                        GError **error)
{
  const guint n_bands = omni_weight_maps_get_n_bands (result->maps);
  g_autoptr (GPtrArray) paths = omni_cli_name_weights (folder, result->sources, result->maps);
  const OmniWriteOptions own = make_map_options (options);

  for (guint i = 0; i < paths->len; i++)
  {
    g_autoptr (OmniPicture)
      picture = omni_weight_maps_to_picture (result->maps, i % n_bands, i / n_bands, error);
    if (picture != NULL && omni_picture_write (picture, paths->pdata[i], &own, error))
      continue;
    remove_files (paths, i);
    return FALSE;
  }
  return TRUE;
}

void
omni_cli_remove_weights (const char *folder, const OmniFusionResult *result)
{
  g_autoptr (GPtrArray) paths = omni_cli_name_weights (folder, result->sources, result->maps);

  remove_files (paths, paths->len);
}

void
omni_cli_add_weights (JsonBuilder *json, const char *folder, const OmniFusionResult *result)
{
  const guint n_bands = omni_weight_maps_get_n_bands (result->maps);
  g_autoptr (GPtrArray) paths = omni_cli_name_weights (folder, result->sources, result->maps);

  json_builder_set_member_name (json, "weights");
  json_builder_begin_array (json);
  for (guint i = 0; i < paths->len; i++)
  {
    const OmniWeightBand *band = omni_weight_maps_get_band (result->maps, i % n_bands);
    json_builder_begin_object (json);
    omni_cli_add_path (json, "path", paths->pdata[i]);
    omni_cli_add_path (json, "source", omni_source_get_path (result->sources->pdata[i / n_bands]));
    omni_cli_add_string (json, "band", band->name);
    omni_cli_add_int (json, "width", band->width);
    omni_cli_add_int (json, "height", band->height);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}
