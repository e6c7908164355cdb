/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"

#include "vk/work.h"

#include <string.h>

#define LOCAL_SIZE  16
#define STRIP_GRAIN 128 /* LOCAL_SIZE pixels of the coarsest scale */
/* Elements of a strip at full size: small enough for any device, and often enough back to see that the work is cancelled. */
#define STRIP_ELEMENTS (1u << 24)
/* Smaller sets are faster on the processor than the way to the device and back. */
#define LEAST_ELEMENTS (1u << 21)
#define PARAMETERS     9 /* as in shaders/metric.glsl */
#define FIRST_WEIGHT   10

/* ---- Which path ---- */

/* Opened when first needed, and one call at a time. */
typedef struct
{
  GMutex lock;
  OmniMetricsPath path;
  gboolean is_path_set;
  char *selector;
  gboolean is_tried;
  OmniDevice *device; /* NULL: there is none */
  OmniWork *work;
  guint bytes, floats, results; /* arenas: the pictures, coarser scales, sums */
  char *words;                  /* name and driver of the device */
  guint64 n_passes;
  guint strip_rows;
} Accelerator;

static Accelerator accelerator;

static OmniMetricsPath
get_path (void)
{
  if (accelerator.is_path_set)
    return accelerator.path;
  const char *name = g_getenv ("OMNIFUSE_METRICS");
  if (g_strcmp0 (name, "c") == 0)
    return OMNI_METRICS_C;
  return g_strcmp0 (name, "vulkan") == 0 ? OMNI_METRICS_VULKAN : OMNI_METRICS_AUTO;
}

static void
close_device (void)
{
  g_clear_pointer (&accelerator.work, omni_work_free);
  omni_device_close (&accelerator.device);
  g_clear_pointer (&accelerator.words, g_free);
  accelerator.is_tried = FALSE;
}

/* Whether the device that would be opened is a real one, without opening it. */
static gboolean
is_real_device (void)
{
  const char *selector = accelerator.selector != NULL ? accelerator.selector : g_getenv ("OMNIFUSE_DEVICE");
  if (g_strcmp0 (selector, "software") == 0)
    return FALSE;
  g_autoptr (GArray) devices = omni_device_list (NULL);
  for (guint i = 0; devices != NULL && i < devices->len; i++)
  {
    const OmniDeviceInfo *info = &g_array_index (devices, OmniDeviceInfo, i);
    g_autofree char *index = g_strdup_printf ("%u", info->index);
    const gboolean chosen = selector != NULL && selector[0] != '\0' ? g_str_equal (selector, index)
                                                                    : info->is_default;
    if (chosen)
      return info->type != OMNI_DEVICE_SOFTWARE;
  }
  return FALSE;
}

static void
open_device (void)
{
  Accelerator *self = &accelerator;
  g_autoptr (GError) error = NULL;
  self->device = omni_device_open (self->selector, &error);
  if (self->device == NULL)
  {
    g_debug ("Metrics go without a device: %s", error->message);
    return;
  }
  const OmniDeviceInfo *info = omni_device_get_info (self->device);
  self->words = g_strdup_printf ("%s; %s", info->name, info->driver);
  self->work = omni_work_new (self->device);
  self->bytes = omni_work_add_arena (self->work, OMNI_WORK_DEVICE);
  self->floats = omni_work_add_arena (self->work, OMNI_WORK_DEVICE);
  self->results = omni_work_add_arena (self->work, OMNI_WORK_READBACK);
}

/* AUTO wants a real device: with lavapipe plain C is several times as fast (qabf of three 1500 × 1000: 55 against 753 ms
 * by `bench --metric qabf`, two AVX2 cores). */
static gboolean
has_device (void)
{
  Accelerator *self = &accelerator;
  const OmniMetricsPath path = get_path ();
  if (path == OMNI_METRICS_C)
    return FALSE;
  if (!self->is_tried && (path == OMNI_METRICS_VULKAN || is_real_device ()))
    open_device ();
  self->is_tried = TRUE;
  return self->device != NULL
         && (path == OMNI_METRICS_VULKAN
             || omni_device_get_info (self->device)->type != OMNI_DEVICE_SOFTWARE);
}

void
omni_metrics_use_path (OmniMetricsPath path)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  accelerator.path = path;
  accelerator.is_path_set = TRUE;
  /* AUTO may have found no device that it wants. */
  accelerator.is_tried = accelerator.device != NULL;
}

void
omni_metrics_set_device (const char *selector)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  if (g_strcmp0 (selector, accelerator.selector) == 0)
    return;
  close_device ();
  g_free (accelerator.selector);
  accelerator.selector = g_strdup (selector);
}

void
omni_metrics_close_device (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  close_device ();
}

char *
omni_metrics_describe_path (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  return has_device () ? g_strdup_printf ("vulkan %s", accelerator.words) : g_strdup ("c");
}

guint64
omni_metrics_count_device_passes (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  return accelerator.n_passes;
}

guint
omni_metrics_count_validation_messages (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  return accelerator.device != NULL ? omni_device_get_validation_messages (accelerator.device) : 0;
}

void
omni_metrics_set_strip_rows (guint rows)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&accelerator.lock);
  accelerator.strip_rows = (rows + STRIP_GRAIN - 1) / STRIP_GRAIN * STRIP_GRAIN;
}

/* ---- Strips ---- */

/* One scale of a strip. */
typedef struct
{
  guint width, height;          /* of the whole scale */
  guint out_width, out_height;  /* windows of the whole scale */
  guint begin, end;             /* rows of the strip */
  guint out_begin, out_end;     /* windows to score */
  guint64 at;                   /* first element, in the floats from the second scale on */
  guint64 result_at, n_results; /* sums: first byte, floats */
} Level;

typedef struct
{
  Accelerator *device;
  const OmniMetricRun *run;
  const OmniDevicePass *pass;
  guint n_planes;        /* with the mask */
  guint n_coarse_planes; /* at coarser scales: those of weighted windows are in two parts */
  guint strip_rows;
  Level levels[OMNI_MAX_SCALES];
} Pass;

static void
set_sizes (Pass *self)
{
  const OmniDevicePass *pass = self->pass;
  for (guint i = 0; i < pass->n_scales; i++)
  {
    Level *level = &self->levels[i];
    const guint lost = pass->beyond ? 0 : pass->windows[i] - 1;
    if (i == 0)
    {
      level->width = self->run->input->width;
      level->height = self->run->input->height;
    }
    else
    {
      const guint shrink = pass->shrink == OMNI_SHRINK_HALVE ? 1 : pass->windows[i];
      level->width = (level[-1].width - shrink + 2) / 2;
      level->height = (level[-1].height - shrink + 2) / 2;
    }
    level->out_width = level->width - lost;
    level->out_height = level->height - lost;
  }
}

/* The rows of each scale that the windows of a strip need. */
static void
set_strip (Pass *self, guint first)
{
  const OmniDevicePass *pass = self->pass;
  for (guint i = MIN (pass->n_scales, OMNI_MAX_SCALES); i-- > 0;)
  {
    Level *level = &self->levels[i];
    const guint radius = pass->beyond ? pass->windows[i] / 2 : 0;
    const guint after = pass->beyond ? radius : pass->windows[i] - 1;
    level->out_begin = MIN (first >> i, level->out_height);
    level->out_end = MIN ((first + self->strip_rows) >> i, level->out_height);
    level->begin = level->out_begin > radius ? level->out_begin - radius : 0;
    level->end = level->out_end > level->out_begin ? MIN (level->out_end + after, level->height) : 0;
    if (i + 1 < pass->n_scales && level[1].end > level[1].begin)
    {
      const guint window = pass->shrink == OMNI_SHRINK_HALVE ? 2 : pass->windows[i + 1];
      level->begin = 2 * level[1].begin;
      level->end = MAX (level->end, MIN (2 * (level[1].end - 1) + window, level->height));
    }
    level->end = MAX (level->end, level->begin);
  }
}

static guint64
align (guint64 bytes)
{
  return (bytes + OMNI_WORK_ALIGNMENT - 1) / OMNI_WORK_ALIGNMENT * OMNI_WORK_ALIGNMENT;
}

static guint
count_groups (guint pixels)
{
  return (pixels + LOCAL_SIZE - 1) / LOCAL_SIZE;
}

/* Where everything lies, and room for it. */
static gboolean
reserve (Pass *self, GError **error)
{
  Accelerator *device = self->device;
  guint64 floats = 0, results = 0, most = 0;
  for (guint i = 0; i < self->pass->n_scales; i++)
  {
    Level *level = &self->levels[i];
    const guint64 n = (guint64)(i > 0 ? self->n_coarse_planes : self->n_planes) * level->width
                      * (level->end - level->begin);
    level->at = i > 0 ? floats : 0;
    floats += i > 0 ? n : 0;
    level->result_at = results;
    level->n_results = (guint64)count_groups (level->out_width)
                       * count_groups (level->out_end - level->out_begin) * self->pass->n_sums;
    results = align (results + level->n_results * sizeof (float));
    most = MAX (most, i == 0 ? n : floats);
  }
  if (most > omni_work_max_view_elements (device->work)
      || floats * 4 > omni_work_max_output_bytes (device->work))
  {
    g_set_error_literal (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED, "the rows are too long");
    return FALSE;
  }
  const Level *finest = &self->levels[0];
  return omni_work_reserve (device->work, device->bytes,
                            (guint64)self->n_planes * finest->width * (finest->end - finest->begin), error)
         && omni_work_reserve (device->work, device->floats, floats * sizeof (float), error)
         && omni_work_reserve (device->work, device->results, results, error);
}

static gboolean
upload (Pass *self, GError **error)
{
  const Level *level = &self->levels[0];
  const guint64 n = (guint64)level->width * (level->end - level->begin),
                from = (guint64)level->width * level->begin;
  for (guint k = 0; k < self->n_planes; k++)
  {
    const guint8 *bytes = k <= self->pass->n_sources ? self->pass->planes[k]->bytes : self->pass->mask;
    if (!omni_work_write (self->device->work, self->device->bytes, k * n, bytes + from, n, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- Kernels ---- */

static gint32
float_bits (float x)
{
  gint32 bits;
  memcpy (&bits, &x, sizeof bits);
  return bits;
}

/* What both kinds of kernel are told of the scale that they read. */
static OmniDispatch
make_dispatch (const Pass *self, const char *shader, guint scale, guint window, gint32 mode)
{
  const Level *level = &self->levels[scale];
  const gboolean bytes = scale == 0;
  const guint rows = level->end - level->begin;
  OmniDispatch dispatch = {
    .shader = shader,
    .constants = { LOCAL_SIZE, LOCAL_SIZE, bytes, self->pass->n_sources, window, (guint32)mode,
                   !bytes && self->pass->shrink == OMNI_SHRINK_FILTER },
    .n_constants = 7,
    .push = { (gint32)level->at, (gint32)(level->width * rows), (gint32)level->begin, (gint32)level->width,
              (gint32)level->height },
    .in = { { bytes ? OMNI_WORK_BYTES : OMNI_WORK_FLOATS,
              bytes ? self->device->bytes : self->device->floats } },
    .bytes = (double)level->width * rows * self->n_planes * (bytes ? 1 : 4),
  };
  dispatch.push[8] = self->pass->mask != NULL ? (gint32)self->pass->n_sources + 1 : -1;
  dispatch.push[9] = (gint32)self->pass->n_sums;
  return dispatch;
}

/* The windows to fill: rows from `first` on. */
static void
set_output (OmniDispatch *dispatch, guint first, guint rows, guint width)
{
  dispatch->push[5] = (gint32)first;
  dispatch->push[6] = (gint32)rows;
  dispatch->push[7] = (gint32)width;
  dispatch->groups[0] = count_groups (width);
  dispatch->groups[1] = count_groups (rows);
  dispatch->groups[2] = 1;
}

static void
set_weights (OmniDispatch *dispatch, guint window, double sigma)
{
  double weights[2 * PARAMETERS - 1];
  if (sigma == 0)
    return;
  omni_gaussian_init (weights, window, sigma);
  for (guint i = 0; i <= window / 2; i++)
    dispatch->push[FIRST_WEIGHT + i] = float_bits ((float)weights[i]);
}

/* Makes `scale` of the finer one. */
static void
shrink (const Pass *self, guint scale)
{
  const OmniDevicePass *pass = self->pass;
  const Level *level = &self->levels[scale];
  const gboolean halve = pass->shrink == OMNI_SHRINK_HALVE;
  const guint window = halve ? 1 : pass->windows[scale], rows = level->end - level->begin;
  OmniDispatch dispatch = make_dispatch (self, "metric-shrink", scale - 1, window, halve);
  set_output (&dispatch, level->begin, rows, level->width);
  dispatch.groups[2] = self->n_planes;
  set_weights (&dispatch, window, halve ? 0 : pass->sigmas[scale]);
  dispatch.push[FIRST_WEIGHT + PARAMETERS] = (gint32)level->at;
  dispatch.push[FIRST_WEIGHT + PARAMETERS + 1] = (gint32)(level->width * rows);
  dispatch.out[0].arena = self->device->floats;
  dispatch.out[0].size_bytes = (level->at + (guint64)self->n_coarse_planes * level->width * rows)
                               * sizeof (float);
  dispatch.flop = 3.0 * window * window * level->width * rows * self->n_planes;
  omni_work_dispatch (self->device->work, &dispatch);
}

static void
score (const Pass *self, guint scale)
{
  const OmniDevicePass *pass = self->pass;
  const Level *level = &self->levels[scale];
  const guint window = pass->windows[scale], rows = level->out_end - level->out_begin;
  OmniDispatch dispatch = make_dispatch (self, pass->shader, scale, window, pass->mode);
  set_output (&dispatch, level->out_begin, rows, level->out_width);
  set_weights (&dispatch, window, pass->sigmas[scale]);
  for (guint i = 0; i < OMNI_DEVICE_MAX_PARAMETERS; i++)
    dispatch.push[FIRST_WEIGHT + PARAMETERS + i] = float_bits (pass->parameters[i]);
  dispatch.out[0].arena = self->device->results;
  dispatch.out[0].offset_bytes = level->result_at;
  dispatch.out[0].size_bytes = level->n_results * sizeof (float);
  dispatch.flop = 8.0 * window * window * (pass->n_sources + 1) * level->out_width * rows;
  omni_work_dispatch (self->device->work, &dispatch);
}

static void
add_results (const Pass *self, double *sums)
{
  const guint n = self->pass->n_sums;
  for (guint i = 0; i < self->pass->n_scales; i++)
  {
    const Level *level = &self->levels[i];
    g_autofree float *results = g_new (float, MAX (level->n_results, 1));
    omni_work_read (self->device->work, self->device->results, level->result_at, results,
                    level->n_results * sizeof *results);
    for (guint64 k = 0; k < level->n_results; k++)
      sums[i * n + k % n] += results[k];
  }
}

static gboolean
run_strip (Pass *self, guint first, double *sums, GError **error)
{
  set_strip (self, first);
  if (!reserve (self, error) || !upload (self, error))
    return FALSE;
  for (guint i = 0; i < self->pass->n_scales; i++)
  {
    const Level *level = &self->levels[i];
    if (i > 0 && level->end > level->begin)
      shrink (self, i);
    if (level->out_end > level->out_begin)
      score (self, i);
  }
  if (!omni_work_finish (self->device->work, NULL, error))
    return FALSE;
  add_results (self, sums);
  return TRUE;
}

static gboolean
run_pass (Accelerator *device, const OmniMetricRun *run, const OmniDevicePass *pass, double *sums,
          GError **error)
{
  Pass self = {
    .device = device, .run = run, .pass = pass, .n_planes = pass->n_sources + 1 + (pass->mask != NULL ? 1 : 0)
  };
  self.n_coarse_planes = self.n_planes + (pass->shrink == OMNI_SHRINK_FILTER ? pass->n_sources + 1 : 0);
  const guint64 row = (guint64)self.n_planes * run->input->width;
  const guint rows = (guint)MIN (STRIP_ELEMENTS / row, G_MAXINT32);
  self.strip_rows = device->strip_rows > 0 ? device->strip_rows
                                           : MAX (rows / STRIP_GRAIN * STRIP_GRAIN, STRIP_GRAIN);
  set_sizes (&self);
  omni_work_set_cancellable (device->work, run->cancellable);
  gboolean done = TRUE;
  for (guint first = 0; done && first < run->input->height; first += self.strip_rows)
    done = !g_cancellable_set_error_if_cancelled (run->cancellable, error)
           && run_strip (&self, first, sums, error);
  omni_work_set_cancellable (device->work, NULL);
  device->n_passes += done ? 1 : 0;
  return done;
}

const OmniPlane **
omni_metric_list_planes (const OmniPlane *sources, guint n_sources, const OmniPlane *fused)
{
  const OmniPlane **planes = g_new (const OmniPlane *, n_sources + 1);
  for (guint k = 0; k < n_sources; k++)
    planes[k] = &sources[k];
  planes[n_sources] = fused;
  return planes;
}

gboolean
omni_metric_device_sums (const OmniMetricRun *run, const OmniDevicePass *pass, double *sums)
{
  Accelerator *device = &accelerator;
  const guint64 n = (guint64)run->input->width * run->input->height * (pass->n_sources + 1);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&device->lock);
  if (pass->n_sources > OMNI_DEVICE_MAX_SOURCES || (get_path () == OMNI_METRICS_AUTO && n < LEAST_ELEMENTS)
      || !has_device ())
    return FALSE;
  g_autoptr (GError) error = NULL;
  memset (sums, 0, (gsize)pass->n_scales * pass->n_sums * sizeof *sums);
  if (run_pass (device, run, pass, sums, &error))
    return TRUE;
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_debug ("Metrics go on without the device: %s", error->message);
  if (omni_device_is_lost (device->device))
    close_device ();
  return FALSE;
}
