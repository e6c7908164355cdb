/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"
#include "models/model.h"

G_BEGIN_DECLS

/* How good a fusion is: scores from the field's papers, each in its correct form, on luminance.
 *
 * Luminance is Y = floor (.298936021293775 R + .587043074451121 G + .114020904255103 B + ½) on 0 … 255, of the encoded
 * (gamma) values; 16-bit and float samples are scaled to 0 … 255 first, float samples clamped to 0 … 1. Where floats are not
 * scaled to it at all nothing has a value: sources and reference may leave it by a rounding, the fused picture, which overshoots
 * at edges, by half of it. Sources and reference are brought into the colours of the fused picture. Pictures of bands (2, or 4 and more without alpha) have no
 * luminance: metrics of bands, for pan-sharpening, have an input of their own.
 *
 * A pixel counts only when it is opaque (alpha > 0) and a number in every picture; a window counts only when all its
 * pixels do. The set of sources has no order: the planes are sorted by content before anything is added up, so every
 * permutation gives the same bits. Work is cut into tiles that do not depend on the number of threads, added up in double
 * and in a fixed order: the same pictures give the same bits on every run.
 *
 * There are two paths. Plain C in double works out every metric, on all processors. Vulkan has kernels for those that look at
 * every pixel of large pictures (MEF-SSIM in all forms, SSIM, Q^AB/F, VIF, CC, SCD, PSNR, MAE, SD, SF, AG, MG, EI), with
 * windows in single precision; it agrees with C to 5e-7 (2e-6 on a few pixels), and is what runs on a real device for sets of a million values or more.
 * On software Vulkan C is faster and runs. OMNIFUSE_METRICS=c or vulkan chooses one for all sizes, also on software. */

typedef struct _OmniMetricsInput OmniMetricsInput;

typedef struct
{
  guint x, y, width, height;
} OmniMetricsRegion;

/* (transfer full) The luminance planes of a set, worked out once and shared by all metrics; immutable, any thread.
 * `sources` (n may be 0) and `reference` (nullable) have the size of `fused`, or G_IO_ERROR_INVALID_ARGUMENT names the sizes
 * and files; so do bands and a `region` (nullable: everything) that leaves the picture. Holds no reference on the pictures. */
OmniMetricsInput *
omni_metrics_input_new (OmniPicture *const *sources, guint n_sources, OmniPicture *fused,
                        OmniPicture *reference, const OmniMetricsRegion *region, GError **error);

/* (transfer full) The same for metrics of bands, of a pan-sharpened picture: `ms` and `pan` (both or neither NULL) are what it was
 * made of, on their own grids, `reference` (nullable) what a sensor as fine as `pan` would have given. Two sources, told apart by
 * what they are. The fused picture is a whole number of times as large as `ms`, as `pan` and `reference` are; a `region`, of its
 * pixels, grows to whole pixels of `ms`. Samples are taken over the largest value of their type; a pixel that is see-through or
 * not a finite number in some band does not count. */
OmniMetricsInput *
omni_metrics_input_new_bands (OmniPicture *ms, OmniPicture *pan, OmniPicture *fused, OmniPicture *reference,
                              const OmniMetricsRegion *region, GError **error);

void omni_metrics_input_free (OmniMetricsInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniMetricsInput, omni_metrics_input_free)

typedef enum
{
  OMNI_METRIC_OF_SOURCES,  /* compares the sources with the fused picture */
  OMNI_METRIC_OF_RESULT,   /* the fused picture alone */
  OMNI_METRIC_OF_REFERENCE /* compares a reference picture with the fused picture */
} OmniMetricKind;

typedef struct
{
  const char *name;    /* of the command line */
  const char *title;   /* for people */
  const char *summary; /* one sentence: what it says */
  const char *citation;
  OmniMetricKind kind;
  guint min_sources, max_sources; /* max 0: any number; both 0 unless OF_SOURCES */
  double minimum, maximum;        /* the range of correct values; ±INFINITY where there is no bound */
  const char *range;              /* the same in words */
  gboolean higher_is_better;
  gboolean of_bands; /* for an input of bands; all others for one of luminance */
} OmniMetric;

/* NULL-terminated, static; in the order to show them. */
const OmniMetric *const *omni_metrics_list (void);

/* NULL when there is no such metric. */
const OmniMetric *omni_metric_find (const char *name);

/* The three names that matter most for `task`, NULL-terminated, static. */
const char *const *omni_metrics_default_panel (OmniTask task);

/* A paper's own variants, where they differ from the correct form. Never the default; label every value. */
typedef struct
{
  const char *name;
  const char *summary; /* what differs */
  const char *citation;
  const char *const *metrics; /* the names that change, NULL-terminated; the rest stays correct */
} OmniMetricsCompat;

const OmniMetricsCompat *const *omni_metrics_compat_list (void);
const OmniMetricsCompat *omni_metrics_compat_find (const char *name);

/* Whether `compat` (nullable) changes `metric`. */
gboolean omni_metrics_compat_changes (const OmniMetricsCompat *compat, const OmniMetric *metric);

/* Whether `metric` is defined for so many sources, with or without a reference, of bands or of luminance; if not, `reason` (out,
 * transfer full) says why as omni_metric_compute() would. */
gboolean omni_metric_is_defined (const OmniMetric *metric, guint n_sources, gboolean has_reference,
                                 gboolean has_bands, char **reason);

/* The score of the fused picture. FALSE when it cannot be computed or was cancelled, with one sentence in `reason` (out,
 * transfer full) that says why. A value is always finite. Any thread; uses all processors. */
gboolean
omni_metric_compute (const OmniMetric *metric, const OmniMetricsCompat *compat, const OmniMetricsInput *input,
                     GCancellable *cancellable, double *value, char **reason);

typedef enum
{
  OMNI_METRICS_AUTO, /* what is faster */
  OMNI_METRICS_C,
  OMNI_METRICS_VULKAN /* wherever there is a kernel, on any device; C when the device fails */
} OmniMetricsPath;

/* Instead of OMNIFUSE_METRICS. Any thread. */
void omni_metrics_use_path (OmniMetricsPath path);

/* The device to open (nullable, as of omni_device_open()); closes another one. Any thread. */
void omni_metrics_set_device (const char *selector);

/* (transfer full) "c", or "vulkan" with the device and its driver: what a value's last digits depend on. Opens the device. */
char *omni_metrics_describe_path (void);

/* Closes the device that the metrics opened, if any, which keeps its compiled kernels for the next time. At the end of a
 * program; the next metric would open it again. */
void omni_metrics_close_device (void);

/* For tests: how many passes a device has done. */
guint64 omni_metrics_count_device_passes (void);

/* Whether a `reason` of omni_metric_compute() lies in the pictures, so that it will be there again; not so when memory was short
 * or the work was cancelled. */
gboolean omni_metric_reason_lasts (const char *reason);

/* For tests: how many threads work (0: one a processor). No value depends on it. */
void omni_metrics_set_threads (guint n_threads);

G_END_DECLS
