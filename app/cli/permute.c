/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/target.h"

#include "app/order/spread.h"
#include "app/order/permutations.h"

#include <math.h>
#include <stdio.h>

/* All orders of up to 5 sources, as many of larger sets, unless --orders says otherwise. */
#define DEFAULT_ORDERS 120

/* What the orders had in common so far. */
typedef struct
{
  OmniFusionResult *first;
  OmniOrderSpread *spread;
} Comparison;

static void
comparison_clear (Comparison *self)
{
  g_clear_pointer (&self->first, omni_fusion_result_unref);
  g_clear_pointer (&self->spread, omni_order_spread_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Comparison, comparison_clear)

static gboolean
comparison_add (Comparison *self, OmniFusionResult *result, GError **error)
{
  if (self->first == NULL)
    self->first = omni_fusion_result_ref (result);
  return omni_order_spread_add (self->spread, result->picture, result->sha256, error);
}

static gboolean
parse_orders (const OmniCliOptions *options, guint n_sources, guint64 *n_wanted, guint64 *seed,
              GError **error)
{
  const guint64 n_total = omni_permutations_count (n_sources);
  *n_wanted = MIN (n_total, DEFAULT_ORDERS);
  *seed = 0;
  if (g_strcmp0 (options->orders, "all") == 0)
    *n_wanted = n_total;
  else if (options->orders != NULL
           && !g_ascii_string_to_unsigned (options->orders, 10, 1, G_MAXUINT32, n_wanted, NULL))
  {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "The orders are “all” or a number from 1, not “%s” (--orders).", options->orders);
    return FALSE;
  }
  *n_wanted = MIN (*n_wanted, n_total);
  if (options->seed == NULL || g_ascii_string_to_unsigned (options->seed, 10, 0, G_MAXUINT32, seed, NULL))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "The seed is a number from 0 to %u, not “%s” (--seed).", G_MAXUINT32, options->seed);
  return FALSE;
}

/* (transfer full) The request with its sources in that order, and what goes with each of them. */
static OmniFusionRequest *
permute (const OmniFusionRequest *request, const guint *order)
{
  OmniFusionRequest *permuted = omni_fusion_request_copy (request);
  for (guint k = 0; k < request->sources->len; k++)
  {
    g_set_object ((OmniSource **)&permuted->sources->pdata[k], request->sources->pdata[order[k]]);
    if (request->influence != NULL)
      ((double *)permuted->influence)[k] = request->influence[order[k]];
  }
  return permuted;
}

static gboolean
try_orders (const OmniCliOptions *options, const OmniFusionRequest *request, guint64 n_wanted, guint64 seed,
            GCancellable *cancellable, Comparison *comparison, GError **error)
{
  const guint n = request->sources->len;
  g_autoptr (OmniEngine) engine = omni_engine_new (options->device);
  g_autoptr (OmniPermutations) orders = omni_permutations_new (n, n_wanted, (guint32)seed);
  g_autoptr (OmniCliProgress) progress = omni_cli_progress_new (options->quiet);
  g_autofree guint *order = g_new (guint, n);

  for (guint64 i = 0; omni_permutations_next (orders, order); i++)
  {
    g_autoptr (OmniFusionRequest) permuted = permute (request, order);
    /* The clock decides once how often to step. */
    if (comparison->first != NULL && comparison->first->has_refine)
      permuted->refine = (OmniRefineParams){ .max_steps = comparison->first->refine.steps };
    omni_cli_progress_set_part (progress, i, n_wanted);
    OmniFusionResult *result = omni_engine_fuse (engine, permuted, omni_cli_progress_cb, progress,
                                                 cancellable, error);
    if (result == NULL)
      return FALSE;
    const gboolean added = comparison_add (comparison, result, error);
    omni_fusion_result_unref (result);
    if (!added)
      return FALSE;
  }
  return TRUE;
}

/* The map says nothing of where it comes from, and is as deep as it needs to be. */
static OmniWriteOptions
get_map_options (const OmniCliTarget *target)
{
  return (OmniWriteOptions){ .jpeg_quality = target->options.jpeg_quality,
                             .force = target->options.force,
                             .sources = target->options.sources,
                             .cancellable = target->options.cancellable };
}

static gboolean
check_files (const OmniCliOptions *options, const OmniFusionRequest *request, OmniCliTarget *target,
             GError **error)
{
  const OmniWriteOptions map_options = get_map_options (target);
  OmniResultShape shape;
  omni_fusion_request_get_shape (request, &shape);
  if (options->map_path != NULL
      && !omni_picture_check_write (options->map_path, shape.width, shape.height, 1, FALSE, &map_options,
                                    error))
    return FALSE;
  if (options->output == NULL)
    return TRUE;
  if (options->map_path != NULL)
  {
    g_autofree char *map = g_canonicalize_filename (options->map_path, NULL);
    g_autofree char *output = g_canonicalize_filename (options->output, NULL);
    if (g_str_equal (map, output))
      return omni_cli_refuse (error, "The map and the result cannot both be “%s”.", options->output);
  }
  return omni_cli_target_check (target, options->output, request, error)
         && omni_cli_target_read_metadata (target, options, request, error);
}

static gboolean
write_files (const OmniCliOptions *options, const Comparison *comparison, OmniCliTarget *target,
             GError **error)
{
  omni_cli_target_add_note (target, comparison->first->task);
  if (options->map_path != NULL)
  {
    const OmniWriteOptions map_options = get_map_options (target);
    g_autoptr (OmniPicture) map = omni_order_spread_make_map (comparison->spread, error);
    if (map == NULL || !omni_picture_write (map, options->map_path, &map_options, error))
      return FALSE;
  }
  return options->output == NULL
         || omni_picture_write (comparison->first->picture, options->output, &target->options, error);
}

static void
print_json (const Comparison *comparison, guint n_sources, gboolean identical, double largest)
{
  const guint64 n_total = omni_permutations_count (n_sources);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_int (json, "orders_tried", (gint64)omni_order_spread_get_n_tried (comparison->spread));
  if (n_total < G_MAXINT64)
    omni_cli_add_int (json, "orders_total", (gint64)n_total);
  else
    omni_cli_add_double (json, "orders_total", tgamma (n_sources + 1.0));
  omni_cli_add_int (json, "distinct_outputs", omni_order_spread_get_n_distinct (comparison->spread));
  omni_cli_add_double (json, "max_abs_difference", largest);
  omni_cli_add_boolean (json, "identical", identical);
  omni_cli_add_boolean (json, "order_invariant", comparison->first->order_invariant);
  omni_cli_add_string (json, "sha256", comparison->first->sha256);
  omni_cli_add_string (
    json, "depth", omni_sample_type_to_string (omni_picture_get_sample_type (comparison->first->picture)));
  omni_cli_add_string (json, "task", omni_task_to_string (comparison->first->task));
  omni_cli_add_string (json, "model", comparison->first->model->name);
  omni_cli_add_string (json, "weights_sha256", comparison->first->weights_sha256);
  omni_cli_add_string (json, "device", comparison->first->device_name);
  omni_cli_add_refine (json, comparison->first);
  omni_cli_add_strings (json, "warnings", comparison->first->warnings);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

static void
print_text (const Comparison *comparison, guint n_sources, gboolean identical, double largest)
{
  const guint n_distinct = omni_order_spread_get_n_distinct (comparison->spread);
  printf ("%s: %" G_GUINT64_FORMAT " of %.0f orders, %u distinct %s, largest difference %g\n",
          comparison->first->model->title, omni_order_spread_get_n_tried (comparison->spread),
          tgamma (n_sources + 1.0), n_distinct, n_distinct == 1 ? "result" : "results", largest);
  omni_cli_print_refine (comparison->first);
  printf ("%s\n", identical ? "identical" : "the results differ");
}

static int
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  const char *output = options->output != NULL ? options->output : options->map_path;
  g_autoptr (OmniFusionRequest) request = omni_cli_make_request (options, output, error);
  guint64 n_wanted, seed;
  g_auto (Comparison) comparison = { .spread = omni_order_spread_new () };
  g_auto (OmniCliTarget) target = { 0 };
  if (request == NULL)
    return OMNI_EXIT_ERROR;
  omni_cli_target_init (&target, options, request, cancellable);
  if (!parse_orders (options, request->sources->len, &n_wanted, &seed, error)
      || !check_files (options, request, &target, error)
      || !try_orders (options, request, n_wanted, seed, cancellable, &comparison, error)
      || !write_files (options, &comparison, &target, error))
    return OMNI_EXIT_ERROR;

  for (guint i = 0; i < comparison.first->warnings->len; i++)
    omni_cli_warn (options->quiet, comparison.first->warnings->pdata[i]);
  const gboolean identical = omni_order_spread_get_n_distinct (comparison.spread) == 1;
  const double largest = omni_order_spread_get_largest (comparison.spread);
  if (options->json)
    print_json (&comparison, request->sources->len, identical, largest);
  else if (!options->quiet)
    print_text (&comparison, request->sources->len, identical, largest);
  return identical ? OMNI_EXIT_DONE : OMNI_EXIT_DIFFERS;
}

int
omni_cli_permute (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (
        &options, OMNI_CLI_RUN | OMNI_CLI_SOURCES | OMNI_CLI_REFINE | OMNI_CLI_PERMUTE, "SOURCE…",
        "Fuses the pictures in many orders and compares the results bit for bit.", argc, argv, &error))
    return omni_cli_fail (error);
  const int status = run (&options, &error);
  return error != NULL ? omni_cli_fail (error) : status;
}
