/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/bench-table.h"

#include "vk/bench.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>

#define DEFAULT_SIZE   "1024x683"
#define DEFAULT_INPUTS 3
#define DEFAULT_RUNS   5
#define MAX_INPUTS     64
#define MAX_RUNS       1000

typedef struct
{
  double least, median, most;
} Spread;

/* Waves of several lengths, brighter from picture to picture: nothing that a cache or a flat-field shortcut could help. */
static OmniPicture *
make_picture (guint index, guint width, guint height, guint channels, GError **error)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, OMNI_SAMPLE_U8, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return NULL;
  guint8 *sample = pixels;
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      const guint noise = ((x * 2654435761u) ^ (y * 2246822519u) ^ (index * 3266489917u)) >> 27;
      for (guint c = 0; c < channels; c++)
        *sample++ = (guint8)(96 + 24 * (index % 4) + ((x >> (1 + c)) ^ (y >> (2 + index % 3))) % 48 + noise);
    }
  return omni_picture_new (width, height, channels, FALSE, OMNI_SAMPLE_U8,
                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, error);
}

/* (transfer full) Where a network has no weights yet its speed is that of random ones: a file of them, to be deleted; NULL
 * without error where there are some or none are needed. */
static char *
make_weights_file (const OmniModel *model, OmniTask task, GError **error)
{
  g_autoptr (GError) why_none = NULL;
  g_autoptr (OmniWeights) shipped = omni_model_load_task_weights (model, task, NULL, &why_none);
  if (!g_error_matches (why_none, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE))
    return NULL;

  g_autofree char *path = NULL;
  g_autoptr (GBytes) bytes = omni_model_make_random_weights (model, 1);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  const int fd = g_file_open_tmp ("omnifuse-bench-XXXXXX.safetensors", &path, error);
  if (fd < 0)
    return NULL;
  g_close (fd, NULL);
  if (g_file_set_contents (path, data, (gssize)size, error))
    return g_steal_pointer (&path);
  g_unlink (path);
  return NULL;
}

static gboolean
add_source (OmniFusionRequest *request, guint width, guint height, guint channels, GError **error)
{
  const guint index = request->sources->len;
  g_autoptr (OmniPicture) picture = make_picture (index, width, height, channels, error);
  if (picture == NULL)
    return FALSE;
  g_autofree char *name = g_strdup_printf ("picture %u", index + 1);
  g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, name));
  return TRUE;
}

/* Colour pictures of one size, or what a model for pan-sharpening takes: four bands at a quarter of the size, one at all
 * of it. */
static gboolean
add_sources (OmniFusionRequest *request, guint n, guint width, guint height, gboolean pansharpen,
             GError **error)
{
  if (pansharpen && n == 2)
    return add_source (request, (width + 3) / 4, (height + 3) / 4, 4, error)
           && add_source (request, width, height, 1, error);
  for (guint i = 0; i < n; i++)
    if (!add_source (request, width, height, 3, error))
      return FALSE;
  return TRUE;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static Spread
get_spread (GArray *values)
{
  g_array_sort (values, compare_doubles);
  const double *v = (const double *)(gpointer)values->data;
  return (Spread){ v[0], (v[(values->len - 1) / 2] + v[values->len / 2]) / 2, v[values->len - 1] };
}

static void
add_spread (JsonBuilder *json, const char *name, const Spread *spread)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
  omni_cli_add_double (json, "min", spread->least);
  omni_cli_add_double (json, "median", spread->median);
  omni_cli_add_double (json, "max", spread->most);
  json_builder_end_object (json);
}

/* A model on made-up pictures. */
typedef struct
{
  OmniFusionRequest *request;
  OmniFusionResult *result; /* of the last run */
  char *weights_file;       /* random ones, deleted at the end; NULL: there are some */
  Spread total, network;
  guint n_runs;
} ModelBench;

static void
model_bench_clear (ModelBench *self)
{
  g_clear_pointer (&self->request, omni_fusion_request_free);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  if (self->weights_file != NULL)
    g_unlink (self->weights_file);
  g_clear_pointer (&self->weights_file, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ModelBench, model_bench_clear)

static double
get_gflops (const ModelBench *self)
{
  return self->network.median > 0 ? self->result->gflop / self->network.median * 1000 : 0;
}

static double
get_megapixels_per_s (const ModelBench *self)
{
  const OmniPicture *picture = self->result->picture;
  const double width = omni_picture_get_width ((OmniPicture *)picture);
  const double height = omni_picture_get_height ((OmniPicture *)picture);
  return width * height * self->request->sources->len / 1e6 / self->total.median * 1000;
}

static void
add_model_bench (JsonBuilder *json, const ModelBench *self)
{
  const OmniFusionResult *result = self->result;
  omni_cli_add_string (json, "model", result->model->name);
  omni_cli_add_string (json, "weights_sha256", result->weights_sha256);
  omni_cli_add_boolean (json, "random_weights", self->weights_file != NULL);
  omni_cli_add_string (json, "device", result->device_name);
  omni_cli_add_string (json, "precision", self->request->half ? "fp16" : "fp32");
  omni_cli_add_int (json, "width", omni_picture_get_width (result->picture));
  omni_cli_add_int (json, "height", omni_picture_get_height (result->picture));
  omni_cli_add_int (json, "inputs", self->request->sources->len);
  omni_cli_add_int (json, "runs", self->n_runs);
  add_spread (json, "total_ms", &self->total);
  add_spread (json, "network_ms", &self->network);
  omni_cli_add_double (json, "gflop", result->gflop);
  omni_cli_add_double (json, "gflop_per_s", get_gflops (self));
  omni_cli_add_double (json, "source_megapixels_per_s", get_megapixels_per_s (self));
  omni_cli_add_int (json, "tiles", result->tiles);
  omni_cli_add_int (json, "tile_px", result->tile_px);
  omni_cli_add_int (json, "peak_device_bytes", (gint64)result->peak_device_bytes);
  omni_cli_add_double (json, "longest_submission_ms", result->longest_submission_ms);
  omni_cli_add_string (json, "sha256", result->sha256);
}

static void
print_model_bench (const ModelBench *self, const GArray *kernels, double copy_gbytes_per_s)
{
  const OmniFusionResult *result = self->result;
  printf ("%s, %u × %u × %u on %s%s\n", result->model->title, self->request->sources->len,
          omni_picture_get_width (result->picture), omni_picture_get_height (result->picture),
          result->device_name, self->weights_file != NULL ? ", random weights" : "");
  printf ("  total    %.1f ms (%.1f to %.1f in %u %s), %.1f MP/s of sources\n", self->total.median,
          self->total.least, self->total.most, self->n_runs, self->n_runs == 1 ? "run" : "runs",
          get_megapixels_per_s (self));
  printf ("  network  %.1f ms (%.1f to %.1f), %.1f GFLOP as written, %.1f GFLOP/s\n", self->network.median,
          self->network.least, self->network.most, result->gflop, get_gflops (self));
  printf ("  memory   %.1f MiB at most, %u %s, longest submission %.1f ms\n",
          result->peak_device_bytes / 1048576.0, result->tiles, result->tiles == 1 ? "tile" : "tiles",
          result->longest_submission_ms);
  if (kernels == NULL)
    return;
  omni_cli_print_profile (result->profile);
  omni_cli_print_kernels (kernels, copy_gbytes_per_s);
}

static gboolean
time_request (const OmniCliOptions *options, ModelBench *self, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_autoptr (OmniEngine) engine = omni_engine_new (options->device);
  g_autoptr (OmniCliProgress) progress = omni_cli_progress_new (options->quiet);
  g_autoptr (GArray) totals = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) networks = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = options->cold ? 1 : 0; i <= self->n_runs; i++)
  {
    g_clear_pointer (&self->result, omni_fusion_result_unref);
    omni_cli_progress_set_part (progress, i, self->n_runs + 1);
    self->result = omni_engine_fuse (engine, self->request, omni_cli_progress_cb, progress, cancellable,
                                     error);
    if (self->result == NULL)
      return FALSE;
    if (i == 0)
      continue;
    g_array_append_val (totals, self->result->ms.total);
    g_array_append_val (networks, self->result->ms.network);
  }
  self->total = get_spread (totals);
  self->network = get_spread (networks);
  return TRUE;
}

static gboolean
time_model (OmniCliOptions *options, guint width, guint height, ModelBench *self, GError **error)
{
  const OmniModel *named = options->model_name != NULL ? omni_model_find (options->model_name) : NULL;
  OmniFusionRequest *request = self->request = g_new0 (OmniFusionRequest, 1);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  if (!add_sources (request, (guint)options->n_inputs, width, height, named != NULL && named->pansharpens,
                    error))
    return FALSE;
  /* The task only decides the default model, and detection is not what is timed. */
  if (options->model_name == NULL && options->weights_path == NULL)
    options->model_name = g_strdup (omni_model_default_for (OMNI_TASK_INFRARED)->name);
  if (!omni_cli_fill_request (options, NULL, request, error))
    return FALSE;
  const OmniModel *model = omni_fusion_request_choose_model (request, &request->task, NULL, error);
  if (model == NULL)
    return FALSE;
  request->model = model;
  if ((model->tasks & (1u << request->task)) == 0)
    request->task = g_bit_nth_lsf (model->tasks, -1);
  if (options->weights_path == NULL)
  {
    g_autoptr (GError) local_error = NULL;
    self->weights_file = make_weights_file (model, request->task, &local_error);
    if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
    request->weights_path = g_strdup (self->weights_file);
  }
  return time_request (options, self, error);
}

static gboolean
bench_model (OmniCliOptions *options, guint width, guint height, GError **error)
{
  g_auto (ModelBench) bench = { .n_runs = (guint)options->n_runs };
  double copy = 0;
  if (!time_model (options, width, height, &bench, error))
    return FALSE;
  if (options->profile
      && (copy = omni_cli_measure_copy (options->device, omni_picture_get_width (bench.result->picture),
                                        omni_picture_get_height (bench.result->picture), error))
           <= 0)
    return FALSE;
  g_autoptr (GArray) kernels = bench.result->profile != NULL ? omni_cli_sum_kernels (bench.result->profile)
                                                             : NULL;
  if (!options->json)
  {
    print_model_bench (&bench, kernels, copy);
    return TRUE;
  }
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  add_model_bench (json, &bench);
  if (kernels != NULL)
  {
    omni_cli_add_profile (json, bench.result->profile);
    omni_cli_add_kernels (json, kernels, copy);
  }
  json_builder_end_object (json);
  omni_cli_print_json (json);
  return TRUE;
}

/* ---- The systems of the papers ---- */

/* Pairs of 400² (the table of AE-Netv2's paper), of 520² (IFCNN's), and of 24 MP. */
#define SYSTEM_SIZES "400x400,520x520,6000x4000"

static const char *const systems[] = { "ifani", "ifcnn", "u2fusion", "pmgi", "aenetv2" };

/* Published arithmetic is that of one size. */
static void
choose_system (OmniCliOptions *options, const char *name)
{
  const gboolean is_ifani = g_str_equal (name, "ifani");

  g_free (options->model_name);
  options->model_name = g_strdup (name);
  g_clear_pointer (&options->settings, g_strfreev);
  if (is_ifani)
    options->settings = g_strsplit ("scales=1", ",", 0);
}

static void
print_system (const ModelBench *bench, gboolean is_first)
{
  const OmniFusionResult *result = bench->result;
  if (is_first)
    printf ("pairs on %s, medians of %u %s\n%-10s %11s %12s %9s %6s %8s\n", result->device_name,
            bench->n_runs, bench->n_runs == 1 ? "run" : "runs", "model", "size", "network, ms", "GFLOP/s",
            "tiles", "MiB");
  g_autofree char *size = g_strdup_printf ("%u × %u", omni_picture_get_width (result->picture),
                                           omni_picture_get_height (result->picture));
  /* The width of a column counts bytes, of which the sign has two. */
  printf ("%-10s %12s %12.1f %9.1f %6u %8.1f%s\n", result->model->name, size, bench->network.median,
          get_gflops (bench), result->tiles, result->peak_device_bytes / 1048576.0,
          bench->weights_file != NULL ? "  random weights" : "");
  fflush (stdout);
}

/* `sizes`: WxH,WxH… */
static gboolean
bench_systems (OmniCliOptions *options, const char *sizes, GError **error)
{
  g_auto (GStrv) each = g_strsplit (sizes, ",", -1);
  g_autoptr (JsonBuilder) json = options->json ? json_builder_new () : NULL;
  guint width, height;

  for (guint i = 0; each[i] != NULL; i++)
    if (!omni_cli_parse_size (each[i], &width, &height, error))
      return FALSE;
  if (json != NULL)
  {
    json_builder_begin_object (json);
    json_builder_set_member_name (json, "systems");
    json_builder_begin_array (json);
  }
  for (guint i = 0; each[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS (systems); k++)
    {
      g_auto (ModelBench) bench = { .n_runs = (guint)options->n_runs };
      choose_system (options, systems[k]);
      if (!omni_cli_parse_size (each[i], &width, &height, error)
          || !time_model (options, width, height, &bench, error))
        return FALSE;
      if (json == NULL)
      {
        print_system (&bench, i == 0 && k == 0);
        continue;
      }
      json_builder_begin_object (json);
      add_model_bench (json, &bench);
      json_builder_end_object (json);
    }
  if (json == NULL)
    return TRUE;
  json_builder_end_array (json);
  json_builder_end_object (json);
  omni_cli_print_json (json);
  return TRUE;
}

/* ---- Kernels ---- */

static void
add_kernel (JsonBuilder *json, const OmniBenchRow *row)
{
  json_builder_begin_object (json);
  omni_cli_add_string (json, "kernel", row->name);
  omni_cli_add_double (json, "ms_min", row->ms_min);
  omni_cli_add_double (json, "ms_median", row->ms_median);
  omni_cli_add_double (json, "ms_max", row->ms_max);
  omni_cli_add_double (json, "cpu_ms_min", row->cpu_ms_min);
  omni_cli_add_double (json, "gflop_per_s", row->gflops);
  omni_cli_add_double (json, "gbyte_per_s", row->gbytes_per_s);
  json_builder_end_object (json);
}

static void
print_kernels (const OmniCliOptions *options, const OmniDevice *device, const GArray *rows, guint width,
               guint height)
{
  const char *name = omni_device_get_info (device)->name;

  if (!options->json)
  {
    printf ("%u × %u on %s\n", width, height, name);
    printf ("%-30s %10s %10s %10s %10s %9s %7s\n", "kernel", "ms median", "min", "max", "CPU min", "GFLOP/s",
            "GB/s");
    for (guint i = 0; i < rows->len; i++)
    {
      const OmniBenchRow *row = &g_array_index (rows, OmniBenchRow, i);
      printf ("%-30s %10.2f %10.2f %10.2f %10.2f %9.1f %7.1f\n", row->name, row->ms_median, row->ms_min,
              row->ms_max, row->cpu_ms_min, row->gflops, row->gbytes_per_s);
    }
    return;
  }
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_string (json, "device", name);
  omni_cli_add_int (json, "width", width);
  omni_cli_add_int (json, "height", height);
  omni_cli_add_int (json, "runs", OMNI_BENCH_RUNS);
  json_builder_set_member_name (json, "kernels");
  json_builder_begin_array (json);
  for (guint i = 0; i < rows->len; i++)
    add_kernel (json, &g_array_index (rows, OmniBenchRow, i));
  json_builder_end_array (json);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

/* "all" times every kernel. */
static gboolean
bench_kernels (const OmniCliOptions *options, guint width, guint height, GError **error)
{
  OmniDevice *device = omni_device_open (options->device, error);
  if (device == NULL)
    return FALSE;
  const char *kernel = g_str_equal (options->kernel, "all") ? NULL : options->kernel;
  g_autoptr (GArray) rows = omni_bench_kernels (device, kernel, width, height, error);
  if (rows != NULL)
    print_kernels (options, device, rows, width, height);
  omni_device_close (&device);
  return rows != NULL;
}

/* ---- Metrics ---- */

/* One path of one metric. */
typedef struct
{
  Spread ms;
  double value;
  char *reason; /* why there is none */
} MetricTime;

static void
time_metric (const OmniMetric *metric, const OmniMetricsInput *input, OmniMetricsPath path, guint n_runs,
             MetricTime *time)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  omni_metrics_use_path (path);
  for (guint i = 0; i <= n_runs; i++)
  {
    const gint64 start = g_get_monotonic_time ();
    g_clear_pointer (&time->reason, g_free);
    omni_metric_compute (metric, NULL, input, NULL, &time->value, &time->reason);
    const double ms = (double)(g_get_monotonic_time () - start) / 1000;
    if (i > 0)
      g_array_append_val (times, ms);
  }
  time->ms = get_spread (times);
}

static void
add_metric_time (JsonBuilder *json, const char *name, const MetricTime *time)
{
  g_autofree char *ms = g_strconcat (name, "_ms", NULL);
  add_spread (json, ms, &time->ms);
  g_autofree char *value = g_strconcat (name, "_value", NULL);
  if (time->reason == NULL)
    omni_cli_add_double (json, value, time->value);
}

static void
bench_metric (const OmniMetric *metric, const OmniMetricsInput *input, guint n_runs, JsonBuilder *json)
{
  MetricTime c = { .reason = NULL }, device = { .reason = NULL };
  time_metric (metric, input, OMNI_METRICS_C, n_runs, &c);
  const guint64 before = omni_metrics_count_device_passes ();
  time_metric (metric, input, OMNI_METRICS_VULKAN, n_runs, &device);
  const gboolean has_kernel = omni_metrics_count_device_passes () > before;
  if (json != NULL)
  {
    json_builder_begin_object (json);
    omni_cli_add_string (json, "metric", metric->name);
    add_metric_time (json, "c", &c);
    if (has_kernel)
      add_metric_time (json, "vulkan", &device);
    json_builder_end_object (json);
  }
  else if (c.reason != NULL)
    printf ("%-14s %s\n", metric->name, c.reason);
  else if (has_kernel)
    printf ("%-14s %10.1f %10.1f %8.2f %12.1e\n", metric->name, c.ms.median, device.ms.median,
            c.ms.median / device.ms.median, fabs (device.value - c.value));
  else
    printf ("%-14s %10.1f %10s\n", metric->name, c.ms.median, "no kernel");
  g_free (c.reason);
  g_free (device.reason);
}

/* (transfer full) A scene from dark to light with texture and noise, taken with `gain`. */
static guint8 *
make_exposure (guint width, guint height, double gain, gsize *size_bytes, GError **error)
{
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 3, OMNI_SAMPLE_U8, size_bytes, error);
  guint8 *sample = pixels;
  for (guint y = 0; pixels != NULL && y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      const guint noise = ((x * 2654435761u) ^ (y * 2246822519u)) >> 27;
      for (guint c = 0; c < 3; c++)
      {
        const double light = 20 + 160.0 * x / width + ((x >> (1 + c)) ^ (y >> 2)) % 48 + noise;
        *sample++ = (guint8)MIN (light * gain + 0.5, 255);
      }
    }
  return pixels;
}

/* A bracket of three stops of a scene, and last the mean of it: a fused picture that has what the sources show. */
static gboolean
add_bracket (GPtrArray *pictures, guint n, guint width, guint height, GError **error)
{
  gsize size_bytes = 0;
  g_autofree guint32 *sums = g_try_new0 (guint32, (gsize)width * height * 3);
  if (sums == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 "There is not enough memory for %u × %u pixels; choose a smaller --size.", width, height);
    return FALSE;
  }
  for (guint i = 0; i <= n; i++)
  {
    guint8 *pixels = i < n
                       ? make_exposure (width, height, exp2 (n > 1 ? 3.0 * i / (n - 1) - 1.5 : 0),
                                        &size_bytes, error)
                       : omni_picture_try_alloc_pixels (width, height, 3, OMNI_SAMPLE_U8, &size_bytes, error);
    if (pixels == NULL)
      return FALSE;
    for (gsize at = 0; at < size_bytes; at++)
      if (i < n)
        sums[at] += pixels[at];
      else
        pixels[at] = (guint8)((sums[at] + n / 2) / n);
    OmniPicture *picture = omni_picture_new (width, height, 3, FALSE, OMNI_SAMPLE_U8,
                                             g_bytes_new_take (pixels, size_bytes), NULL, NULL, error);
    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (pictures, picture);
  }
  return TRUE;
}

/* The first of the sources is the reference as well. */
static gboolean
bench_metrics (const OmniCliOptions *options, guint width, guint height, GError **error)
{
  g_autoptr (GPtrArray) metrics = g_ptr_array_new ();
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_object_unref);
  if (!omni_cli_read_metrics (options->metrics, metrics, error))
    return FALSE;
  if (!add_bracket (pictures, (guint)options->n_inputs, width, height, error))
    return FALSE;
  OmniPicture *fused = pictures->pdata[options->n_inputs];
  g_autoptr (OmniMetricsInput) input = omni_metrics_input_new (
    (OmniPicture *const *)pictures->pdata, (guint)options->n_inputs, fused, pictures->pdata[0], NULL, error);
  if (input == NULL)
    return FALSE;
  omni_metrics_set_device (options->device);
  omni_metrics_use_path (OMNI_METRICS_VULKAN);
  g_autofree char *path = omni_metrics_describe_path ();
  g_autoptr (JsonBuilder) json = options->json ? json_builder_new () : NULL;
  if (json != NULL)
  {
    json_builder_begin_object (json);
    omni_cli_add_string (json, "path", path);
    omni_cli_add_int (json, "width", width);
    omni_cli_add_int (json, "height", height);
    omni_cli_add_int (json, "inputs", options->n_inputs);
    omni_cli_add_int (json, "runs", options->n_runs);
    json_builder_set_member_name (json, "metrics");
    json_builder_begin_array (json);
  }
  else
    printf ("%d %s of %u × %u, medians of %d %s; %s\n%-14s %10s %10s %8s %12s\n", options->n_inputs,
            options->n_inputs == 1 ? "source" : "sources", width, height, options->n_runs,
            options->n_runs == 1 ? "run" : "runs", path, "metric", "ms in C", "ms there", "ratio",
            "difference");
  for (guint i = 0; i < metrics->len; i++)
    bench_metric (metrics->pdata[i], input, (guint)options->n_runs, json);
  if (json == NULL)
    return TRUE;
  json_builder_end_array (json);
  json_builder_end_object (json);
  omni_cli_print_json (json);
  return TRUE;
}

static gboolean
check_count (int value, int most, const char *option, GError **error)
{
  if (value >= 1 && value <= most)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "Choose 1 to %d, not %d (%s).", most, value,
               option);
  return FALSE;
}

static gboolean
run (OmniCliOptions *options, GError **error)
{
  guint width, height;
  const OmniModel *named = options->model_name != NULL ? omni_model_find (options->model_name) : NULL;
  const gboolean pansharpen = named != NULL && named->pansharpens;
  if (options->n_inputs == OMNI_CLI_NOT_GIVEN)
    options->n_inputs = pansharpen ? 2 : DEFAULT_INPUTS;
  if (options->n_runs == OMNI_CLI_NOT_GIVEN)
    options->n_runs = DEFAULT_RUNS;
  if (options->systems)
  {
    if (options->model_name != NULL || options->weights_path != NULL || options->kernel != NULL
        || options->metrics != NULL || options->settings != NULL || options->profile)
      return omni_cli_refuse (error,
                              "The table of the systems takes --size and --runs, and no model, weights, "
                              "option, kernel, metric or profile (--systems).");
    options->n_inputs = 2;
    return check_count (options->n_runs, MAX_RUNS, "--runs", error)
           && bench_systems (options, options->size != NULL ? options->size : SYSTEM_SIZES, error);
  }
  if (!omni_cli_parse_size (options->size != NULL ? options->size : DEFAULT_SIZE, &width, &height, error)
      || !check_count (options->n_inputs, MAX_INPUTS, "--inputs", error)
      || !check_count (options->n_runs, MAX_RUNS, "--runs", error))
    return FALSE;
  if (options->metrics != NULL)
    return bench_metrics (options, width, height, error);
  if (options->kernel != NULL)
    return bench_kernels (options, width, height, error);

  return bench_model (options, width, height, error);
}

int
omni_cli_bench (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_RUN | OMNI_CLI_BENCH, NULL,
                               "Times a model on made-up pictures, or kernels or metrics alone.", argc, argv,
                               &error)
      || !run (&options, &error))
    return omni_cli_fail (error);
  return OMNI_EXIT_DONE;
}
