/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"
#include "app/metrics/metrics.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The command line. Data goes to stdout, everything else to stderr. */

#define OMNI_EXIT_DONE    0
#define OMNI_EXIT_DIFFERS 1
#define OMNI_EXIT_ERROR   2

/* The commands: `argv[0]` is the name of the command. Each returns its exit status. */
int omni_cli_fuse (int argc, char **argv);
int omni_cli_permute (int argc, char **argv);
int omni_cli_models (int argc, char **argv);
int omni_cli_devices (int argc, char **argv);
int omni_cli_bench (int argc, char **argv);
int omni_cli_metrics (int argc, char **argv);
int omni_cli_evaluate (int argc, char **argv);
int omni_cli_synthesize (int argc, char **argv);
int omni_cli_train (int argc, char **argv);
int omni_cli_evolve (int argc, char **argv);
int omni_cli_import (int argc, char **argv);
int omni_cli_align (int argc, char **argv);
int omni_cli_batch (int argc, char **argv);

/* Says "omnifuse-cli: message" (transfer full) on stderr and returns OMNI_EXIT_ERROR. */
int omni_cli_fail (GError *error);

/* The same for one of several things that went wrong: (transfer full) what is said of it, and saying it. */
char *omni_cli_make_sentence (const GError *error);
void omni_cli_complain (const char *sentence);

/* The same for a warning, unless `quiet`. */
void omni_cli_warn (gboolean quiet, const char *message);

/* What a number is until it is given: 0 is a number like any other. */
#define OMNI_CLI_NOT_GIVEN G_MININT

/* Every option of every command; a command offers the part it knows. */
typedef struct
{
  char **arguments; /* sources */
  char *output;
  char *task_name;
  char *model_name;
  char *weights_path;
  char *metadata_path;
  char **roles;
  char **influences;
  char *weights_out;
  char **settings;
  char *device;
  char *precision;
  char *bits;
  int tile_px;
  int quality;
  gboolean resize, align, force, json, quiet, profile;
  /* batch */
  char *format;
  /* fuse and permute */
  char *refine;
  char *refine_steps;
  /* permute */
  char *orders;
  char *seed;
  char *map_path;
  /* bench */
  char *size;
  int n_inputs;
  int n_runs;
  char *kernel;
  gboolean systems, cold;
  /* metrics */
  char *fused;
  char *reference;
  char **metrics;
  char *region;
  char *compat;
  /* evaluate */
  char **models, **baselines, **externals;
  char *split;
  int n_jobs, picture_px;
  char *cache_path;
  char *html_path;
  /* evolve */
  char *library;
  /* train and synthesize */
  char *data_path;
  char *resume_path;
  char *n_steps;
  char *order;
  char *n_sources_text;
  int n_count, crop_px;
  gboolean help_recipe;
  /* import */
  char *architecture;
  char **metadata;
  gboolean half;
} OmniCliOptions;

typedef enum
{
  OMNI_CLI_COMMON = 0,      /* --json */
  OMNI_CLI_MODEL = 1 << 0,  /* one model */
  OMNI_CLI_DEVICE = 1 << 6, /* device and how to run there */
  OMNI_CLI_RUN = OMNI_CLI_MODEL | OMNI_CLI_DEVICE,
  OMNI_CLI_SOURCES = 1 << 1, /* sources, and what to do with them */
  OMNI_CLI_PERMUTE = 1 << 2,
  OMNI_CLI_BENCH = 1 << 3,
  OMNI_CLI_METRICS = 1 << 4,
  OMNI_CLI_EVALUATE = 1 << 5,
  OMNI_CLI_TRAIN = 1 << 7,
  OMNI_CLI_SYNTHESIZE = 1 << 8,
  OMNI_CLI_REFINE = 1 << 9,
  OMNI_CLI_EVOLVE = 1 << 10,
  OMNI_CLI_FUSE = 1 << 11,
  OMNI_CLI_IMPORT = 1 << 12,
  OMNI_CLI_ALIGN = 1 << 13,
  OMNI_CLI_BATCH = 1 << 14
} OmniCliGroups;

/* Reads `argv` by the options of `groups`. On --help prints and exits. Left-over arguments are an error where no
 * group takes them. */
gboolean omni_cli_options_parse (OmniCliOptions *options, OmniCliGroups groups, const char *parameters,
                                 const char *description, int argc, char **argv, GError **error);
void omni_cli_options_clear (OmniCliOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniCliOptions, omni_cli_options_clear)

/* (transfer full) The request these options mean: sources loaded, task, model, its options, roles, depth. The depth is that
 * of the file to write, `output` (nullable). Warnings are said at once. */
OmniFusionRequest *omni_cli_make_request (const OmniCliOptions *options, const char *output, GError **error);

/* Appends (element-type OmniSource) what the arguments name. Warnings are said at once. */
gboolean omni_cli_load_sources (const OmniCliOptions *options, GPtrArray *sources, GError **error);

/* What can be refused before there are sources: tasks, models, numbers, weights and options that are none. */
gboolean omni_cli_check_options (const OmniCliOptions *options, GError **error);

typedef struct _OmniCliProgress OmniCliProgress;

/* Puts aligned sources in the place of `sources`, with a line of progress (`progress`, or one of its own where that is NULL), and says
 * what could not be aligned. */
gboolean omni_cli_align_sources (const OmniCliOptions *options, OmniCliProgress *progress,
                                 GPtrArray **sources, GError **error);

/* The same for a request whose sources are there already. */
gboolean omni_cli_fill_request (const OmniCliOptions *options, const char *output, OmniFusionRequest *request,
                                GError **error);

/* Sets G_OPTION_ERROR_BAD_VALUE with the sentence, and is FALSE. */
gboolean omni_cli_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* --task; --tile, --precision and --quality. */
gboolean omni_cli_read_task (const char *name, OmniTask *task, GError **error);
gboolean omni_cli_read_numbers (const OmniCliOptions *options, OmniFusionRequest *request, GError **error);

/* --bits. */
gboolean omni_cli_read_bits (const char *text, OmniSampleType *depth, GError **error);

/* --role. */
gboolean omni_cli_read_roles (const OmniCliOptions *options, GPtrArray *sources, GError **error);

/* --metric: appends (element-type OmniMetric) each metric once. --compat. The errors list what there is. */
gboolean omni_cli_read_metrics (char **names, GPtrArray *metrics, GError **error);
gboolean omni_cli_read_compat (const char *name, const OmniMetricsCompat **compat, GError **error);

/* "N × M", both at least 1. */
gboolean omni_cli_parse_size (const char *text, guint *width, guint *height, GError **error);

/* From here on Ctrl-C cancels the returned object (transfer none) instead of ending the process; a second Ctrl-C ends it.
 * Call before any other thread is there. */
GCancellable *omni_cli_catch_interrupt (void);

/* A progress line on stderr, when that is a terminal. */
OmniCliProgress *omni_cli_progress_new (gboolean quiet);

/* Part `index` of `n`: for commands that run several fusions. */
void omni_cli_progress_set_part (OmniCliProgress *progress, guint64 index, guint64 n);
void omni_cli_progress_cb (double fraction, const char *phase, gpointer progress); /* an OmniEngineProgress */

/* What a line begins with instead of the number of the part, which need not be what people count. */
void omni_cli_progress_set_label (OmniCliProgress *progress, const char *label);

/* The same with a line of one's own. */
void omni_cli_progress_show (OmniCliProgress *progress, const char *line);

/* Takes the line away until the next one, so that something else may be said. */
void omni_cli_progress_hide (OmniCliProgress *progress);

/* (transfer full) "40 s", "12 min", "3.4 h". */
char *omni_cli_format_duration (double seconds);

/* Takes the line away. NULL-safe. */
void omni_cli_progress_free (OmniCliProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniCliProgress, omni_cli_progress_free)

/* Prints what was built, indented, on stdout. */
void omni_cli_print_json (JsonBuilder *builder);

/* Adds a member; a NULL string becomes null, a path that is not UTF-8 its nearest text. */
void omni_cli_add_string (JsonBuilder *builder, const char *name, const char *value);
void omni_cli_add_path (JsonBuilder *builder, const char *name, const char *path);
void omni_cli_add_strings (JsonBuilder *builder, const char *name, const GPtrArray *values);
void omni_cli_add_int (JsonBuilder *builder, const char *name, gint64 value);
void omni_cli_add_double (JsonBuilder *builder, const char *name, double value);
void omni_cli_add_boolean (JsonBuilder *builder, const char *name, gboolean value);

/* Adds "profile" with the rows of the plan; as text on stdout, the same as a table. */
void omni_cli_add_profile (JsonBuilder *builder, const GArray *profile);
void omni_cli_print_profile (const GArray *profile);

/* Adds "refine": what refining came to, or null where nothing was refined. As text on stdout, a line in that case. */
void omni_cli_add_refine (JsonBuilder *builder, const OmniFusionResult *result);
void omni_cli_print_refine (const OmniFusionResult *result);

G_END_DECLS
