/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/metrics/metrics-private.h"

G_BEGIN_DECLS

/* Sums over windows on a Vulkan device, for metrics that have a kernel (shaders/metric-*.comp). The pictures go through in
 * strips of whole rows, all scales of a strip together; windows and maps are single precision, each workgroup adds up its
 * 16 × 16 pixels, and the host adds these up in double, row after row. The order does not depend on the height of the
 * strips, so neither does any bit. */

#define OMNI_DEVICE_MAX_SOURCES    12
#define OMNI_DEVICE_MAX_PARAMETERS 13

typedef enum
{
  OMNI_SHRINK_FILTER, /* the window of the coarser scale, inside, every second pixel */
  OMNI_SHRINK_HALVE   /* means of 2 × 2, the last row and column of an odd picture twice */
} OmniShrink;

typedef struct
{
  const char *shader; /* a literal */
  const OmniPlane *const *planes;
  guint n_sources; /* the fused picture is the plane after them */
  const guint8 *mask;
  guint n_scales;
  OmniShrink shrink;
  guint windows[OMNI_MAX_SCALES]; /* side of the scored window at each scale */
  double sigmas[OMNI_MAX_SCALES]; /* of its Gaussian weights; 0: none are needed */
  gboolean beyond; /* windows are about every pixel and reach beyond the border; one scale only */
  gint32 mode;
  float parameters[OMNI_DEVICE_MAX_PARAMETERS];
  guint n_sums;
} OmniDevicePass;

/* Fills sums[scale · n_sums + i]. FALSE when there is no device for it, when it is cancelled and when the device failed: plain C
 * then does the work (or finds it cancelled). */
gboolean omni_metric_device_sums (const OmniMetricRun *run, const OmniDevicePass *pass, double *sums);

/* (transfer container) `sources`, then `fused`, as a pass wants them. */
const OmniPlane **omni_metric_list_planes (const OmniPlane *sources, guint n_sources, const OmniPlane *fused);

/* For tests: strips of `rows`, rounded up to 128; 0: as memory allows. */
void omni_metrics_set_strip_rows (guint rows);

/* For tests: messages of the validation layer about the device that is open. */
guint omni_metrics_count_validation_messages (void);

G_END_DECLS
