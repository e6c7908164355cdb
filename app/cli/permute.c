/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/cli/permutations.h"
#include "app/files/writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* All orders of up to 5 sources, as many of larger sets, unless --orders says otherwise. */
#define DEFAULT_ORDERS 120

/* What the orders had in common so far. */
typedef struct
{
  OmniFusionResult *first;
  GHashTable *hashes;
  guint8 *least, *most; /* per sample, over all distinct results */
  gsize n_samples;
  OmniSampleType type;
  guint64 n_tried;
} Comparison;

static void
comparison_clear (Comparison *self)
{
  g_clear_pointer (&self->first, omni_fusion_result_unref);
  g_clear_pointer (&self->hashes, g_hash_table_unref);
  g_free (self->least);
  g_free (self->most);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Comparison, comparison_clear)

static double
read_sample (gconstpointer samples, OmniSampleType type, gsize index)
{
  switch (type)
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)samples)[index];
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)samples)[index];
  case OMNI_SAMPLE_F32:
  default:
    return ((const float *)samples)[index];
  }
}

static gboolean
comparison_start (Comparison *self, OmniFusionResult *result, GError **error)
{
  OmniPicture *picture = result->picture;
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  gsize size_bytes;
  self->first = omni_fusion_result_ref (result);
  self->hashes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->type = omni_picture_get_sample_type (picture);
  self->n_samples = (gsize)width * height * channels;
  self->least = omni_picture_try_alloc_pixels (width, height, channels, self->type, &size_bytes, error);
  if (self->least != NULL)
    self->most = omni_picture_try_alloc_pixels (width, height, channels, self->type, &size_bytes, error);
  if (self->most == NULL)
    return FALSE;
  memcpy (self->least, omni_picture_get_pixels (picture), size_bytes);
  memcpy (self->most, omni_picture_get_pixels (picture), size_bytes);
  return TRUE;
}

/* A result that was seen before changes nothing. */
static gboolean
comparison_add (Comparison *self, OmniFusionResult *result, GError **error)
{
  if (self->first == NULL && !comparison_start (self, result, error))
    return FALSE;
  self->n_tried++;
  if (!g_hash_table_add (self->hashes, g_strdup (result->sha256)))
    return TRUE;
  const gsize bytes = omni_sample_type_get_bytes (self->type);
  const guint8 *pixels = omni_picture_get_pixels (result->picture);
  for (gsize i = 0; i < self->n_samples; i++)
  {
    const double value = read_sample (pixels, self->type, i);
    if (value < read_sample (self->least, self->type, i))
      memcpy (self->least + i * bytes, pixels + i * bytes, bytes);
    if (value > read_sample (self->most, self->type, i))
      memcpy (self->most + i * bytes, pixels + i * bytes, bytes);
  }
  return TRUE;
}

static double
comparison_get_difference (const Comparison *self, gsize index)
{
  return read_sample (self->most, self->type, index) - read_sample (self->least, self->type, index);
}

static double
comparison_get_largest_difference (const Comparison *self)
{
  double largest = 0;
  for (gsize i = 0; i < self->n_samples; i++)
    largest = MAX (largest, comparison_get_difference (self, i));
  return largest;
}

/* A grey picture of the result's depth: per pixel the largest difference of any channel. */
static OmniPicture *
comparison_make_map (const Comparison *self, GError **error)
{
  OmniPicture *picture = self->first->picture;
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 1, self->type, &size_bytes, error);
  if (pixels == NULL)
    return NULL;
  for (gsize i = 0; i < (gsize)width * height; i++)
  {
    double largest = 0;
    for (guint c = 0; c < channels; c++)
      largest = MAX (largest, comparison_get_difference (self, i * channels + c));
    if (self->type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)largest;
    else if (self->type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)largest;
    else
      ((float *)(gpointer)pixels)[i] = (float)largest;
  }
  return omni_picture_new (width, height, 1, FALSE, self->type, g_bytes_new_take (pixels, size_bytes), NULL,
                           NULL, error);
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
    g_autoptr (OmniFusionRequest) permuted = omni_fusion_request_copy (request);
    for (guint k = 0; k < n; k++)
    {
      g_object_unref (permuted->sources->pdata[k]);
      permuted->sources->pdata[k] = g_object_ref (request->sources->pdata[order[k]]);
    }
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

static gboolean
write_files (const OmniCliOptions *options, const OmniFusionRequest *request, const Comparison *comparison,
             gboolean only_check, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < request->sources->len; i++)
    g_strv_builder_add (builder, omni_source_get_path (request->sources->pdata[i]));
  g_auto (GStrv) sources = g_strv_builder_end (builder);
  const OmniWriteOptions write_options = { .jpeg_quality = (guint)options->quality,
                                           .force = options->force,
                                           .sources = (const char *const *)sources };

  if (only_check)
  {
    OmniResultShape shape;
    omni_fusion_request_get_shape (request, &shape);
    return (options->map_path == NULL
            || omni_picture_check_write (options->map_path, shape.width, shape.height, 1, FALSE,
                                         &write_options, error))
           && (options->output == NULL
               || omni_picture_check_write (options->output, shape.width, shape.height, shape.channels,
                                            shape.has_alpha, &write_options, error));
  }
  if (options->map_path != NULL)
  {
    g_autoptr (OmniPicture) map = comparison_make_map (comparison, error);
    if (map == NULL || !omni_picture_write (map, options->map_path, &write_options, error))
      return FALSE;
  }
  return options->output == NULL
         || omni_picture_write (comparison->first->picture, options->output, &write_options, error);
}

static void
print_json (const Comparison *comparison, guint n_sources, gboolean identical, double largest)
{
  const guint64 n_total = omni_permutations_count (n_sources);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_int (json, "orders_tried", (gint64)comparison->n_tried);
  if (n_total < G_MAXINT64)
    omni_cli_add_int (json, "orders_total", (gint64)n_total);
  else
    omni_cli_add_double (json, "orders_total", tgamma (n_sources + 1.0));
  omni_cli_add_int (json, "distinct_outputs", g_hash_table_size (comparison->hashes));
  omni_cli_add_double (json, "max_abs_difference", largest);
  omni_cli_add_boolean (json, "identical", identical);
  omni_cli_add_boolean (json, "order_invariant", comparison->first->order_invariant);
  omni_cli_add_string (json, "sha256", comparison->first->sha256);
  omni_cli_add_string (json, "depth", omni_sample_type_to_string (comparison->type));
  omni_cli_add_string (json, "task", omni_task_to_string (comparison->first->task));
  omni_cli_add_string (json, "model", comparison->first->model->name);
  omni_cli_add_string (json, "weights_sha256", comparison->first->weights_sha256);
  omni_cli_add_string (json, "device", comparison->first->device_name);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

static void
print_text (const Comparison *comparison, guint n_sources, gboolean identical, double largest)
{
  const guint n_distinct = g_hash_table_size (comparison->hashes);
  printf ("%s: %" G_GUINT64_FORMAT " of %.0f orders, %u distinct %s, largest difference %g\n",
          comparison->first->model->title, comparison->n_tried, tgamma (n_sources + 1.0), n_distinct,
          n_distinct == 1 ? "result" : "results", largest);
  printf ("%s\n", identical ? "identical" : "the results differ");
}

static int
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  const char *output = options->output != NULL ? options->output : options->map_path;
  g_autoptr (OmniFusionRequest) request = omni_cli_make_request (options, output, error);
  guint64 n_wanted, seed;
  g_auto (Comparison) comparison = { NULL };
  if (request == NULL || !parse_orders (options, request->sources->len, &n_wanted, &seed, error)
      || !write_files (options, request, &comparison, TRUE, error)
      || !try_orders (options, request, n_wanted, seed, cancellable, &comparison, error)
      || !write_files (options, request, &comparison, FALSE, error))
    return OMNI_EXIT_ERROR;

  for (guint i = 0; i < comparison.first->warnings->len; i++)
    omni_cli_warn (options->quiet, comparison.first->warnings->pdata[i]);
  const gboolean identical = g_hash_table_size (comparison.hashes) == 1;
  const double largest = identical ? 0 : comparison_get_largest_difference (&comparison);
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
  if (!omni_cli_options_parse (&options, OMNI_CLI_RUN | OMNI_CLI_SOURCES | OMNI_CLI_PERMUTE, "SOURCE…",
                               "Fuses the pictures in many orders and compares the results bit for bit.",
                               argc, argv, &error))
    return omni_cli_fail (error);
  const int status = run (&options, &error);
  return error != NULL ? omni_cli_fail (error) : status;
}
