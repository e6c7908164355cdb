/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/files/natural-sort.h"
#include "app/files/writer.h"
#include "app/fusion/refine.h"
#include "app/weights-folder.h"
#include "vk/device.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gboolean
omni_cli_refuse (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

#define MIN_TILE_PX 16
#define MAX_TILE_PX 32768
#define MAX_SIDE_PX 65536

void
omni_cli_options_clear (OmniCliOptions *options)
{
  g_strfreev (options->arguments);
  g_strfreev (options->roles);
  g_strfreev (options->influences);
  g_free (options->weights_out);
  g_strfreev (options->settings);
  g_free (options->output);
  g_free (options->task_name);
  g_free (options->model_name);
  g_free (options->weights_path);
  g_free (options->metadata_path);
  g_free (options->device);
  g_free (options->precision);
  g_free (options->bits);
  g_free (options->format);
  g_free (options->refine);
  g_free (options->refine_steps);
  g_free (options->orders);
  g_free (options->seed);
  g_free (options->map_path);
  g_free (options->size);
  g_free (options->kernel);
  g_strfreev (options->metrics);
  g_free (options->fused);
  g_free (options->reference);
  g_free (options->region);
  g_free (options->compat);
  g_strfreev (options->models);
  g_strfreev (options->baselines);
  g_strfreev (options->externals);
  g_free (options->split);
  g_free (options->cache_path);
  g_free (options->html_path);
  g_free (options->library);
  g_free (options->data_path);
  g_free (options->resume_path);
  g_free (options->n_steps);
  g_free (options->order);
  g_free (options->n_sources_text);
  g_free (options->architecture);
  g_strfreev (options->metadata);
}

static void
add_common_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "Print JSON", NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_model_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &o->model_name, "Model (see omnifuse-cli models)", "NAME" },
    { "weights", 'w', 0, G_OPTION_ARG_FILENAME, &o->weights_path, "Weights instead of the shipped ones",
      "FILE" },
    { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o->settings, "An option of the model", "KEY=VALUE" },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_profile_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "profile", 0, 0, G_OPTION_ARG_NONE, &o->profile, "Time every operation", NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_device_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o->device, "Number of the device, or “software”", "D" },
    { "tile", 0, 0, G_OPTION_ARG_INT, &o->tile_px, "Side of the tiles", "PX" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &o->precision, "How networks store numbers: fp32 or fp16",
      "P" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Say nothing but errors and JSON", NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

/* What to do with the pictures of a set. */
static void
add_set_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "task", 't', 0, G_OPTION_ARG_STRING, &o->task_name,
      "auto, exposure, focus, infrared, medical or pansharpen", "TASK" },
    { "bits", 'b', 0, G_OPTION_ARG_STRING, &o->bits, "Depth of the result: 8, 16 or 32f", "BITS" },
    { "quality", 0, 0, G_OPTION_ARG_INT, &o->quality, "Quality of a JPEG, 1 to 100", "Q" },
    { "resize", 0, 0, G_OPTION_ARG_NONE, &o->resize, "Bring differing sizes to the largest", NULL },
    { "align", 0, 0, G_OPTION_ARG_NONE, &o->align,
      "Align pictures taken by hand first, and keep what all of them show", NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_source_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "The result: .png, .jpg or .tif", "FILE" },
    { "role", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->roles,
      "What a source is: visible, infrared, mri, ct, pet, spect, ms or pan", "ROLE=FILE" },
    { "influence", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->influences,
      "What a source counts, -4 to 4: 1 is twice its weight, -1 half", "FILE=VALUE" },
    { "metadata-from", 0, 0, G_OPTION_ARG_FILENAME, &o->metadata_path, "Take EXIF from this file", "FILE" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Replace an existing file", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_refine_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "refine", 0, 0, G_OPTION_ARG_STRING, &o->refine,
      "Train the weights further on these pictures for so long, not counting the fusions before and after, "
      "and keep the "
      "better result",
      "SECONDS" },
    { "refine-steps", 0, 0, G_OPTION_ARG_STRING, &o->refine_steps,
      "Refine in at most so many steps; without --refine, in exactly so many: the same bits every time",
      "N" },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_fuse_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "weights-out", 0, 0, G_OPTION_ARG_FILENAME, &o->weights_out,
      "Write what each source counts in each band: DIR/SOURCE-BAND.png, 16 bits", "DIR" },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_permute_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "orders", 0, 0, G_OPTION_ARG_STRING, &o->orders, "How many orders: a number, or “all”", "K" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &o->seed, "Chooses which orders, when not all", "S" },
    { "map", 0, 0, G_OPTION_ARG_FILENAME, &o->map_path,
      "Write the largest − the smallest value of each pixel", "FILE" },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_bench_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "size", 0, 0, G_OPTION_ARG_STRING, &o->size, "Size of the pictures (1024x683)", "WxH" },
    { "inputs", 'n', 0, G_OPTION_ARG_INT, &o->n_inputs, "Number of pictures (3)", "N" },
    { "runs", 0, 0, G_OPTION_ARG_INT, &o->n_runs, "Runs to measure, after one to warm up (5)", "N" },
    { "cold", 0, 0, G_OPTION_ARG_NONE, &o->cold, "No run to warm up: for runs of minutes", NULL },
    { "kernel", 'k', 0, G_OPTION_ARG_STRING, &o->kernel, "Time this kernel alone", "K" },
    { "systems", 0, 0, G_OPTION_ARG_NONE, &o->systems,
      "A table of the papers' systems on pairs; --size may then name several, with commas", NULL },
    { "metric", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->metrics,
      "Time this metric in plain C and on the device; may be repeated", "NAME" },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_metrics_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "fused", 0, 0, G_OPTION_ARG_FILENAME, &o->fused, "The result to score", "FILE" },
    { "reference", 0, 0, G_OPTION_ARG_FILENAME, &o->reference, "What the result should look like", "FILE" },
    { "metric", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->metrics, "A metric, or “all”; may be repeated", "NAME" },
    { "role", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->roles,
      "What a source of a pan-sharpened picture is: ms or pan (told by bands and sizes)", "ROLE=FILE" },
    { "roi", 0, 0, G_OPTION_ARG_STRING, &o->region, "Score this region alone", "X,Y,W,H" },
    { "compat", 0, 0, G_OPTION_ARG_STRING, &o->compat, "Compute what a paper computed", "NAME" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_evaluate_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->models,
      "A model to evaluate; may be repeated (the default of each task)", "MODEL" },
    { "baseline", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->baselines,
      "A model to hold it against; may be repeated (the classical ones that fit)", "MODEL" },
    { "external", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->externals,
      "Pictures of another program: a path with {scene} and {task}; may be repeated", "NAME=PATTERN" },
    { "split", 0, 0, G_OPTION_ARG_STRING, &o->split, "Only the scenes of this split in split.csv", "NAME" },
    { "task", 't', 0, G_OPTION_ARG_STRING, &o->task_name,
      "The task of all scenes (that of their folder, or what they look like)", "TASK" },
    { "metric", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->metrics,
      "A metric, or “all”; may be repeated (those that papers on the task report)", "NAME" },
    { "compat", 0, 0, G_OPTION_ARG_STRING, &o->compat, "Compute what a paper computed", "NAME" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &o->n_jobs, "Scenes at the same time (one a processor, at most 4)",
      "N" },
    { "cache", 0, 0, G_OPTION_ARG_FILENAME, &o->cache_path, "Where scores are kept", "FILE" },
    { "html", 0, 0, G_OPTION_ARG_FILENAME, &o->html_path, "Write a page with tables, charts and pictures",
      "FILE" },
    { "picture-px", 0, 0, G_OPTION_ARG_INT, &o->picture_px, "Longer side of the pictures on the page (960)",
      "PX" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Replace an existing page", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_train_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &o->data_path, "The folder of the training pictures", "DIR" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output,
      "The weights (NAME.safetensors); checkpoints, CSV and page stand beside them", "FILE" },
    { "resume", 0, 0, G_OPTION_ARG_FILENAME, &o->resume_path, "Go on from this checkpoint", "FILE" },
    { "order", 0, 0, G_OPTION_ARG_STRING, &o->order, "joint or sequential instead of the recipe's", "ORDER" },
    { "steps", 0, 0, G_OPTION_ARG_STRING, &o->n_steps, "Length of the run instead of the recipe's", "N" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &o->seed, "Seed instead of the recipe's", "S" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o->device, "Number of the device, or “software”", "D" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Write over the files of an earlier run", NULL },
    { "help-recipe", 0, 0, G_OPTION_ARG_NONE, &o->help_recipe, "Print every key of a recipe", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Say nothing but errors and JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_synthesize_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "The folder for the sets", "DIR" },
    { "count", 0, 0, G_OPTION_ARG_INT, &o->n_count, "How many sets, drawn by the seed (all)", "K" },
    { "sources", 'n', 0, G_OPTION_ARG_STRING, &o->n_sources_text, "Sources of a set: 3, or 2-4 (3)", "N" },
    { "size", 0, 0, G_OPTION_ARG_INT, &o->crop_px, "Cut this square from the middle (the whole picture)",
      "PX" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &o->seed, "Chooses regions, exposures and noise (1)", "S" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Replace existing files", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Say nothing but errors and JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_evolve_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "The folder for the best results", "FOLDER" },
    { "library", 0, 0, G_OPTION_ARG_STRING, &o->library,
      "Begin with the first so many of mean, max, wavelet, laplacian, gff, mertens, ifani, omni (5, or 0 "
      "with "
      "--model)",
      "N" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->models,
      "An algorithm of the library, as evaluate takes it; may be repeated", "MODEL" },
    { "split", 0, 0, G_OPTION_ARG_STRING, &o->split, "Only the scenes of this split in split.csv", "NAME" },
    { "task", 't', 0, G_OPTION_ARG_STRING, &o->task_name,
      "The task of all scenes (that of their folder, or what they look like)", "TASK" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o->device, "Number of the device, or “software”", "D" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Say nothing but errors and JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_import_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "The weights (NAME.safetensors)", "FILE" },
    { "architecture", 0, 0, G_OPTION_ARG_STRING, &o->architecture,
      "The network it is for (found from the shapes)", "A" },
    { "metadata", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->metadata,
      "What the file should say of itself: licence, provenance, tasks, known_answer, reduce, norm …; may be "
      "repeated",
      "KEY=VALUE" },
    { "half", 0, 0, G_OPTION_ARG_NONE, &o->half, "Store numbers in 16 bits: half the size", NULL },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Replace an existing file", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_align_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output,
      "The folder for the aligned pictures (TIFF); without it they are only looked at", "DIR" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Replace existing files", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Say nothing but errors and JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static void
add_batch_options (OmniCliOptions *o, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "The folder for the results", "DIR" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &o->format,
      "tif, png or jpg (tif for more than 8 bits, jpg where all pictures of the set are JPEGs, else png)",
      "FORMAT" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->force, "Fuse anew what is there already", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, NULL);
}

static gboolean
model_convolves (const char *choice)
{
  g_autofree char *name = g_strndup (choice, strcspn (choice, ":@"));
  const OmniModel *model = omni_model_find (name);
  return model != NULL && model->convolves_pixels;
}

/* Whether what is asked for spends its time in convolutions. */
static gboolean
mostly_convolves (const OmniCliOptions *options, OmniCliGroups groups)
{
  if ((groups & OMNI_CLI_TRAIN) || options->systems || options->refine != NULL
      || options->refine_steps != NULL
      || (options->kernel != NULL && g_str_has_prefix (options->kernel, "conv"))
      || (options->model_name != NULL && model_convolves (options->model_name)))
    return TRUE;
  for (guint i = 0; options->models != NULL && options->models[i] != NULL; i++)
    if (model_convolves (options->models[i]))
      return TRUE;
  return FALSE;
}

gboolean
omni_cli_options_parse (OmniCliOptions *options, OmniCliGroups groups, const char *parameters,
                        const char *description, int argc, char **argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autofree char *name = g_strdup_printf ("omnifuse-cli %s", argv[0]);
  g_option_context_set_summary (context, description);
  options->tile_px = options->quality = options->n_inputs = options->n_runs = OMNI_CLI_NOT_GIVEN;
  options->n_jobs = options->picture_px = options->n_count = options->crop_px = OMNI_CLI_NOT_GIVEN;
  add_common_options (options, context);
  if (groups & OMNI_CLI_SOURCES)
    add_source_options (options, context);
  if (groups & OMNI_CLI_BATCH)
    add_batch_options (options, context);
  if (groups & (OMNI_CLI_SOURCES | OMNI_CLI_BATCH))
    add_set_options (options, context);
  if (groups & OMNI_CLI_MODEL)
    add_model_options (options, context);
  if ((groups & OMNI_CLI_MODEL) && !(groups & OMNI_CLI_BATCH))
    add_profile_options (options, context);
  if (groups & OMNI_CLI_DEVICE)
    add_device_options (options, context);
  if (groups & OMNI_CLI_REFINE)
    add_refine_options (options, context);
  if (groups & OMNI_CLI_FUSE)
    add_fuse_options (options, context);
  if (groups & OMNI_CLI_PERMUTE)
    add_permute_options (options, context);
  if (groups & OMNI_CLI_BENCH)
    add_bench_options (options, context);
  if (groups & OMNI_CLI_METRICS)
    add_metrics_options (options, context);
  if (groups & OMNI_CLI_EVALUATE)
    add_evaluate_options (options, context);
  if (groups & OMNI_CLI_TRAIN)
    add_train_options (options, context);
  if (groups & OMNI_CLI_EVOLVE)
    add_evolve_options (options, context);
  if (groups & OMNI_CLI_SYNTHESIZE)
    add_synthesize_options (options, context);
  if (groups & OMNI_CLI_IMPORT)
    add_import_options (options, context);
  if (groups & OMNI_CLI_ALIGN)
    add_align_options (options, context);

  /* GLib prints the help with the program's name. */
  g_autofree char *command = g_strdup (argv[0]);
  g_set_prgname (name);
  g_autoptr (GError) local_error = NULL;
  const gboolean parsed = g_option_context_parse (context, &argc, &argv, &local_error);
  g_set_prgname ("omnifuse-cli");
  if (!parsed)
    return omni_cli_refuse (error, "%s; see omnifuse-cli %s --help.", local_error->message, command);
  if (argc > 1 && (argc != 2 || strcmp (argv[1], "--") != 0))
    return omni_cli_refuse (error, "“%s” is not expected here; see omnifuse-cli %s --help.", argv[1],
                            command);
  if (mostly_convolves (options, groups))
    omni_device_prefer_wide_vectors ();
  return TRUE;
}

gboolean
omni_cli_parse_size (const char *text, guint *width, guint *height, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "x", 2);
  guint64 w, h;
  if (g_strv_length (parts) != 2 || !g_ascii_string_to_unsigned (parts[0], 10, 1, MAX_SIDE_PX, &w, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, MAX_SIDE_PX, &h, NULL))
    return omni_cli_refuse (error, "“%s” is no size; write it like 1024x683 (--size).", text);
  *width = (guint)w;
  *height = (guint)h;
  return TRUE;
}

/* ---- From words to a request ---- */

gboolean
omni_cli_read_numbers (const OmniCliOptions *options, OmniFusionRequest *request, GError **error)
{
  const gboolean has_tile = options->tile_px != OMNI_CLI_NOT_GIVEN;
  if (has_tile && (options->tile_px < MIN_TILE_PX || options->tile_px > MAX_TILE_PX))
    return omni_cli_refuse (error, "A tile of %d pixels is not possible; choose %d to %d (--tile).",
                            options->tile_px, MIN_TILE_PX, MAX_TILE_PX);
  request->tile_px = has_tile ? (guint)options->tile_px : 0;
  if (options->precision != NULL && !g_str_equal (options->precision, "fp32")
      && !g_str_equal (options->precision, "fp16"))
    return omni_cli_refuse (error, "The precision is fp32 or fp16, not “%s” (--precision).",
                            options->precision);
  request->half = g_strcmp0 (options->precision, "fp16") == 0;
  if (options->quality != OMNI_CLI_NOT_GIVEN && (options->quality < 1 || options->quality > 100))
    return omni_cli_refuse (error, "The quality is a number from 1 to 100, not %d (--quality).",
                            options->quality);
  return TRUE;
}

gboolean
omni_cli_read_task (const char *name, OmniTask *task, GError **error)
{
  return omni_task_from_string (name, task)
         || omni_cli_refuse (
           error,
           "There is no task “%s”; choose auto, exposure, focus, infrared, medical or pansharpen "
           "(--task).",
           name);
}

static gboolean
read_task_and_model (const OmniCliOptions *options, OmniFusionRequest *request, GError **error)
{
  if (options->task_name != NULL && !omni_cli_read_task (options->task_name, &request->task, error))
    return FALSE;
  if (options->model_name == NULL)
    return TRUE;
  request->model = omni_model_find (options->model_name);
  if (request->model != NULL && request->model->architecture == NULL && options->weights_path != NULL)
    return omni_cli_refuse (error, "%s takes no weights; leave out --weights.", request->model->title);
  if (request->model != NULL)
    return TRUE;
  g_autoptr (GString) names = g_string_new (NULL);
  const OmniModel *const *models = omni_models_list ();
  for (guint i = 0; models[i] != NULL; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", models[i]->name);
  return omni_cli_refuse (error, "There is no model “%s”; the models are %s (--model).", options->model_name,
                          names->str);
}

static gboolean
set_model_options (const OmniCliOptions *options, OmniFusionRequest *request, GError **error)
{
  OmniModelOptions *model_options = omni_model_options_new (request->model);
  request->options = model_options;
  for (guint i = 0; options->settings[i] != NULL; i++)
    if (!omni_model_options_set (model_options, options->settings[i], error))
      return FALSE;
  return TRUE;
}

/* Needs to know the model, and so the task. */
static gboolean
read_settings (const OmniCliOptions *options, OmniFusionRequest *request, GError **error)
{
  if (options->settings == NULL)
    return TRUE;
  request->model = omni_fusion_request_choose_model (request, NULL, NULL, error);
  if (request->model == NULL)
    return FALSE;
  return set_model_options (options, request, error);
}

gboolean
omni_cli_read_bits (const char *text, OmniSampleType *depth, GError **error)
{
  for (*depth = OMNI_SAMPLE_U8; *depth <= OMNI_SAMPLE_F32; (*depth)++)
    if (g_str_equal (text, omni_sample_type_to_string (*depth)))
      return TRUE;
  return omni_cli_refuse (error, "The depth is 8, 16 or 32f, not “%s” (--bits).", text);
}

/* --bits, or else the deepest source as far as the format of `output` can hold it. */
static gboolean
read_depth (const OmniCliOptions *options, const char *output, OmniFusionRequest *request, GError **error)
{
  if (options->bits != NULL)
  {
    request->exact_depth = TRUE;
    return omni_cli_read_bits (options->bits, &request->depth, error);
  }
  if (output == NULL)
    return TRUE;
  OmniResultShape shape;
  omni_fusion_request_get_shape (request, &shape);
  if (!omni_picture_find_write_type (output, shape.depth, &request->depth, error))
    return FALSE;
  request->exact_depth = TRUE;
  if (request->depth == shape.depth)
    return TRUE;
  g_autofree char *name = g_filename_display_name (output);
  g_autofree char *message = g_strdup_printf ("“%s” can hold %s bits only, the sources have %s.", name,
                                              omni_sample_type_to_string (request->depth),
                                              omni_sample_type_to_string (shape.depth));
  omni_cli_warn (options->quiet, message);
  return TRUE;
}

/* By name, or by being the same file. */
static OmniSource *
find_source (GPtrArray *sources, const char *path)
{
  for (guint i = 0; i < sources->len; i++)
    if (strcmp (omni_source_get_path (sources->pdata[i]), path) == 0)
      return sources->pdata[i];
  g_autofree char *wanted = realpath (path, NULL);
  for (guint i = 0; wanted != NULL && i < sources->len; i++)
  {
    g_autofree char *real = realpath (omni_source_get_path (sources->pdata[i]), NULL);
    if (g_strcmp0 (real, wanted) == 0)
      return sources->pdata[i];
  }
  return NULL;
}

/* Those of a pan-sharpening have no place beside others. */
static gboolean
check_roles (GPtrArray *sources, GError **error)
{
  OmniRole of_bands = OMNI_ROLE_NONE, other = OMNI_ROLE_NONE;
  for (guint i = 0; i < sources->len; i++)
  {
    const OmniRole role = omni_source_get_role (sources->pdata[i]);
    if (omni_role_get_task (role) == OMNI_TASK_PANSHARPEN)
      of_bands = MAX (of_bands, role);
    else
      other = MAX (other, role);
  }
  if (of_bands == OMNI_ROLE_NONE || other == OMNI_ROLE_NONE)
    return TRUE;
  return omni_cli_refuse (error,
                          "The role %s is one of pan-sharpening and cannot stand beside %s; leave one out "
                          "(--role).",
                          omni_role_to_string (of_bands), omni_role_to_string (other));
}

gboolean
omni_cli_read_roles (const OmniCliOptions *options, GPtrArray *sources, GError **error)
{
  for (guint i = 0; options->roles != NULL && options->roles[i] != NULL; i++)
  {
    const char *equals = strchr (options->roles[i], '=');
    g_autofree char *shown = g_filename_display_name (options->roles[i]);
    if (equals == NULL)
      return omni_cli_refuse (error, "“%s” is no role; write ROLE=FILE (--role).", shown);
    g_autofree char *name = g_strndup (options->roles[i], equals - options->roles[i]);
    OmniRole role;
    if (!omni_role_from_string (name, &role))
      return omni_cli_refuse (
        error, "There is no role “%s”; choose visible, infrared, mri, ct, pet, spect, ms or pan (--role).",
        name);
    OmniSource *source = find_source (sources, equals + 1);
    if (source == NULL)
      return omni_cli_refuse (error, "“%s” gives a role to a file that is not among the sources (--role).",
                              shown);
    const OmniRole before = omni_source_get_role (source);
    if (before != OMNI_ROLE_NONE && before != role)
      return omni_cli_refuse (error, "“%s” is the second role of this file, after %s; choose one (--role).",
                              shown, omni_role_to_string (before));
    for (guint k = 0; k < sources->len; k++)
      if (strcmp (omni_source_get_path (sources->pdata[k]), omni_source_get_path (source)) == 0)
        omni_source_set_role (sources->pdata[k], role);
  }
  return check_roles (sources, error);
}

/* The value after the last “=”: a file's name may hold one. */
static gboolean
read_influence (const char *text, OmniFusionRequest *request, double *influence, GError **error)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *shown = g_filename_display_name (text);
  char *end = NULL;
  const double value = equals != NULL ? g_ascii_strtod (equals + 1, &end) : 0;
  if (equals == NULL || end == equals + 1 || *end != '\0' || !(fabs (value) <= OMNI_MAX_INFLUENCE))
    return omni_cli_refuse (
      error, "“%s” is no influence; write FILE=VALUE with a number from -4 to 4 (--influence).", shown);
  g_autofree char *path = g_strndup (text, (gsize)(equals - text));
  OmniSource *source = find_source (request->sources, path);
  if (source == NULL)
    return omni_cli_refuse (
      error, "“%s” gives influence to a file that is not among the sources (--influence).", shown);
  for (guint i = 0; i < request->sources->len; i++)
    if (strcmp (omni_source_get_path (request->sources->pdata[i]), omni_source_get_path (source)) == 0)
      influence[i] = value;
  return TRUE;
}

static gboolean
read_influences (const OmniCliOptions *options, OmniFusionRequest *request, GError **error)
{
  if (options->influences == NULL)
    return TRUE;
  double *influence = g_new0 (double, MAX (request->sources->len, 1));
  request->influence = influence; /* freed with the request */
  for (guint i = 0; options->influences[i] != NULL; i++)
    if (!read_influence (options->influences[i], request, influence, error))
      return FALSE;
  return TRUE;
}

/* (transfer full) (nullable) A file, or what the window calls one that was added there ("IFCNN-MAX"). */
static char *
find_weights (const OmniCliOptions *options)
{
  const char *name = options->weights_path;
  if (name == NULL || strchr (name, G_DIR_SEPARATOR) != NULL || g_file_test (name, G_FILE_TEST_EXISTS))
    return g_strdup (name);
  const OmniModel *model = options->model_name != NULL ? omni_model_find (options->model_name) : NULL;
  char *added = omni_weights_folder_find (model != NULL ? model->architecture : NULL, name);
  return added != NULL ? added : g_strdup (name);
}

gboolean
omni_cli_check_options (const OmniCliOptions *options, GError **error)
{
  g_autoptr (OmniFusionRequest) request = g_new0 (OmniFusionRequest, 1);

  request->sources = g_ptr_array_new ();
  request->weights_path = find_weights (options);
  if (!omni_cli_read_numbers (options, request, error) || !read_task_and_model (options, request, error)
      || (options->bits != NULL && !omni_cli_read_bits (options->bits, &request->depth, error))
      || (request->model != NULL && options->settings != NULL
          && !set_model_options (options, request, error)))
    return FALSE;
  g_autoptr (OmniWeights)
    weights = request->weights_path != NULL ? omni_weights_load (request->weights_path, error) : NULL;
  return request->weights_path == NULL || weights != NULL;
}

gboolean
omni_cli_fill_request (const OmniCliOptions *options, const char *output, OmniFusionRequest *request,
                       GError **error)
{
  request->weights_path = find_weights (options);
  request->resize = options->resize;
  request->profile = options->profile;
  return omni_cli_read_numbers (options, request, error) && read_task_and_model (options, request, error)
         && omni_cli_read_roles (options, request->sources, error)
         && read_influences (options, request, error) && omni_fusion_request_check (request, error)
         && read_depth (options, output, request, error) && read_settings (options, request, error);
}

static gboolean
read_refine (const OmniCliOptions *options, OmniRefineParams *refine, GError **error)
{
  char *end = NULL;
  if (options->refine != NULL)
  {
    refine->seconds = g_ascii_strtod (options->refine, &end);
    if (end == options->refine || *end != '\0'
        || strspn (options->refine, "0123456789.e+-") < strlen (options->refine) || !(refine->seconds > 0)
        || refine->seconds > OMNI_REFINE_MAX_SECONDS)
      return omni_cli_refuse (
        error, "Refining takes a number of seconds above 0 and at most %d, not “%s” (--refine).",
        OMNI_REFINE_MAX_SECONDS, options->refine);
  }
  if (options->refine_steps != NULL
      && !g_ascii_string_to_unsigned (options->refine_steps, 10, 1, G_MAXUINT32, &refine->max_steps, NULL))
    return omni_cli_refuse (error, "The number of steps is one from 1 to %u, not “%s” (--refine-steps).",
                            G_MAXUINT32, options->refine_steps);
  return TRUE;
}

gboolean
omni_cli_load_sources (const OmniCliOptions *options, GPtrArray *sources, GError **error)
{
  if (options->arguments == NULL)
    return omni_cli_refuse (error, "There are no pictures; name at least one.");
  g_auto (GStrv) paths = omni_files_expand (options->arguments, error);
  if (paths == NULL)
    return FALSE;
  for (guint i = 0; options->arguments[i] != NULL; i++)
  {
    g_autofree char *raw = omni_folder_describe_raw (options->arguments[i]);
    if (raw != NULL)
      omni_cli_warn (options->quiet, raw);
  }
  for (guint i = 0; paths[i] != NULL; i++)
  {
    OmniSource *source = omni_source_new (paths[i], error);
    if (source == NULL)
      return FALSE;
    g_ptr_array_add (sources, source);
  }
  return TRUE;
}

OmniFusionRequest *
omni_cli_make_request (const OmniCliOptions *options, const char *output, GError **error)
{
  g_autoptr (OmniFusionRequest) request = g_new0 (OmniFusionRequest, 1);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  if (!read_refine (options, &request->refine, error)
      || !omni_cli_load_sources (options, request->sources, error)
      || (options->align && !omni_cli_align_sources (options, NULL, &request->sources, error))
      || !omni_cli_fill_request (options, output, request, error))
    return NULL;
  return g_steal_pointer (&request);
}
