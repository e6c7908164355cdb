/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/align.h"

#include "app/align/align.h"
#include "app/cli/target.h"

#include <stdio.h>

static const char *const state_names[] = {
  [OMNI_FRAME_LIES] = "lies right",
  [OMNI_FRAME_MOVED] = "moved",
  [OMNI_FRAME_NOT_FOUND] = "not found",
};

static void
add_numbers (JsonBuilder *json, const char *name, const double *numbers, guint n)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    json_builder_add_double_value (json, numbers[i]);
  json_builder_end_array (json);
}

void
omni_cli_add_map (JsonBuilder *json, OmniSource *source)
{
  const OmniWarp *warp = omni_source_get_warp (source);

  if (warp != NULL)
  {
    add_numbers (json, "map", warp->map.m, G_N_ELEMENTS (warp->map.m));
    return;
  }
  json_builder_set_member_name (json, "map");
  json_builder_add_null_value (json);
}

static void
progress_cb (double fraction, gpointer progress)
{
  omni_cli_progress_cb (fraction, "Aligning", progress);
}

/* `shared` (nullable) is the line of a longer work. */
static OmniAlignment *
align (const OmniCliOptions *options, GPtrArray *sources, OmniCliProgress *shared, GCancellable *cancellable,
       GError **error)
{
  g_autoptr (OmniCliProgress) own = shared == NULL ? omni_cli_progress_new (options->quiet) : NULL;
  OmniCliProgress *progress = shared != NULL ? shared : own;
  OmniAlignment *alignment = omni_align_sources (sources, progress_cb, progress, cancellable, error);

  omni_cli_progress_hide (progress);
  for (guint i = 0; alignment != NULL && i < sources->len; i++)
  {
    if (alignment->motions[i].state != OMNI_FRAME_NOT_FOUND)
      continue;
    g_autofree char *name = g_filename_display_name (omni_source_get_path (sources->pdata[i]));
    g_autofree char *message = g_strdup_printf ("“%s” shows too little of what the others show, or is turned "
                                                "too far, to be aligned: it was left as it is; look at the "
                                                "result, or leave it out.",
                                                name);
    omni_cli_warn (options->quiet, message);
  }
  return alignment;
}

gboolean
omni_cli_align_sources (const OmniCliOptions *options, OmniCliProgress *progress, GPtrArray **sources,
                        GError **error)
{
  g_autoptr (OmniAlignment)
    alignment = align (options, *sources, progress, omni_cli_catch_interrupt (), error);

  if (alignment == NULL)
    return FALSE;
  g_ptr_array_unref (*sources);
  *sources = g_ptr_array_ref (alignment->sources);
  return TRUE;
}

/* (transfer full) (nullable) (element-type filename) Where each goes. */
static GPtrArray *
name_outputs (const OmniCliOptions *options, GPtrArray *sources)
{
  if (options->output == NULL)
    return NULL;
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) names = omni_cli_name_sources (sources);
  for (guint i = 0; i < sources->len; i++)
  {
    g_autofree char *name = g_strconcat (g_hash_table_lookup (names, sources->pdata[i]), ".tif", NULL);
    g_ptr_array_add (paths, g_build_filename (options->output, name, NULL));
  }
  return paths;
}

/* Before the work: the folder, and what is in the way in it. */
static gboolean
check_outputs (GPtrArray *paths, const OmniCliOptions *options, GPtrArray *sources,
               const OmniWriteOptions *write_options, GError **error)
{
  if (!omni_cli_make_folder (options->output, error))
    return FALSE;
  for (guint i = 0; i < paths->len; i++)
  {
    OmniSource *source = sources->pdata[i];
    if (!omni_picture_check_write (paths->pdata[i], omni_source_get_width (source),
                                   omni_source_get_height (source), omni_source_get_channels (source),
                                   omni_source_get_has_alpha (source), write_options, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_outputs (GPtrArray *paths, GPtrArray *sources, const OmniWriteOptions *write_options, GError **error)
{
  for (guint i = 0; i < paths->len; i++)
  {
    OmniWriteOptions own = *write_options;
    g_autoptr (OmniMetadata) metadata = omni_metadata_read (omni_source_get_path (sources->pdata[i]), NULL);
    g_autoptr (OmniPicture) picture = omni_source_load (sources->pdata[i], own.cancellable, error);
    own.metadata = metadata;
    if (picture == NULL || !omni_picture_write (picture, paths->pdata[i], &own, error))
      return FALSE;
  }
  return TRUE;
}

static guint
count_lost (const OmniAlignment *alignment, GPtrArray *sources)
{
  guint n = 0;

  for (guint i = 0; i < sources->len; i++)
    n += alignment->motions[i].state == OMNI_FRAME_NOT_FOUND;
  return n;
}

static void
print_json (const OmniAlignment *alignment, GPtrArray *sources, GPtrArray *paths)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  omni_cli_add_path (json, "reference", omni_source_get_path (sources->pdata[alignment->reference]));
  omni_cli_add_boolean (json, "moved", alignment->moved);
  omni_cli_add_int (json, "not_found", count_lost (alignment, sources));
  omni_cli_add_int (json, "left", alignment->left);
  omni_cli_add_int (json, "top", alignment->top);
  omni_cli_add_int (json, "width", alignment->width);
  omni_cli_add_int (json, "height", alignment->height);
  json_builder_set_member_name (json, "sources");
  json_builder_begin_array (json);
  for (guint i = 0; i < sources->len; i++)
  {
    const OmniFrameMotion *motion = &alignment->motions[i];
    json_builder_begin_object (json);
    omni_cli_add_path (json, "path", omni_source_get_path (sources->pdata[i]));
    omni_cli_add_path (json, "output", paths != NULL ? paths->pdata[i] : NULL);
    omni_cli_add_string (json, "state", state_names[motion->state]);
    add_numbers (json, "map", motion->map.m, G_N_ELEMENTS (motion->map.m));
    omni_cli_add_double (json, "shift_px", motion->shift_px);
    omni_cli_add_double (json, "dx", motion->dx);
    omni_cli_add_double (json, "dy", motion->dy);
    omni_cli_add_double (json, "turn_degrees", motion->turn_degrees);
    omni_cli_add_double (json, "zoom", motion->zoom);
    omni_cli_add_double (json, "agreement_before", motion->before);
    omni_cli_add_double (json, "agreement", motion->after);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

/* (transfer full) −1 is that of pictures that have nothing to compare. */
static char *
format_agreement (double agreement)
{
  return agreement > -1 ? g_strdup_printf ("%.3f", agreement) : g_strdup ("–");
}

static void
print_table (const OmniAlignment *alignment, GPtrArray *sources)
{
  const guint n_lost = count_lost (alignment, sources);
  OmniSource *reference = sources->pdata[alignment->reference];
  g_autofree char *name = omni_source_dup_display_name (reference);

  if (alignment->moved)
    printf ("In the frame of %s, of whose %u × %u pixels all pictures have %u × %u:\n", name,
            omni_source_get_width (reference), omni_source_get_height (reference), alignment->width,
            alignment->height);
  else if (n_lost + 1 == sources->len)
    printf ("None of the pictures could be aligned (frame of %s):\n", name);
  else
    printf ("%s are aligned as they are (frame of %s):\n", n_lost > 0 ? "The others" : "The pictures", name);
  printf ("  %-24s  %-10s  %8s  %8s  %8s  %8s  %7s  %s\n", "", "", "furthest", "across", "down", "turn",
          "zoom", "agreement");
  for (guint i = 0; i < sources->len; i++)
  {
    const OmniFrameMotion *motion = &alignment->motions[i];
    g_autofree char *own = omni_source_dup_display_name (sources->pdata[i]);
    g_autofree char *after = format_agreement (motion->after), *before = format_agreement (motion->before);
    printf ("  %-24s  %-10s  %5.1f px  %5.1f px  %5.1f px  %7.3f°  %7.4f  %s, was %s\n", own,
            i == alignment->reference ? "reference" : state_names[motion->state], motion->shift_px,
            motion->dx, motion->dy, motion->turn_degrees, motion->zoom, after, before);
  }
}

static gboolean
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) originals = g_ptr_array_new ();

  if (!omni_cli_load_sources (options, sources, error))
    return FALSE;
  for (guint i = 0; i < sources->len; i++)
    g_ptr_array_add (originals, (gpointer)omni_source_get_path (sources->pdata[i]));
  g_ptr_array_add (originals, NULL);
  const OmniWriteOptions write_options = { .force = options->force,
                                           .sources = (const char *const *)originals->pdata,
                                           .cancellable = cancellable };
  g_autoptr (GPtrArray) paths = name_outputs (options, sources);
  if (paths != NULL && !check_outputs (paths, options, sources, &write_options, error))
    return FALSE;
  g_autoptr (OmniAlignment) alignment = align (options, sources, NULL, cancellable, error);
  if (alignment == NULL
      || (paths != NULL && !write_outputs (paths, alignment->sources, &write_options, error)))
    return FALSE;
  if (options->json)
    print_json (alignment, sources, paths);
  else if (!options->quiet)
    print_table (alignment, sources);
  return TRUE;
}

int
omni_cli_align (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_ALIGN, "SOURCE… [-o DIR]",
                               "Aligns pictures that were taken by hand, or with a lens that breathes.", argc,
                               argv, &error)
      || !run (&options, &error))
    return omni_cli_fail (error);
  return OMNI_EXIT_DONE;
}
