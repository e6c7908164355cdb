/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device.h"

G_BEGIN_DECLS

/* Speed of one kernel over one picture: wall time of its dispatches, alone and in one submission. */
typedef struct
{
  char name[64];
  double ms_min; /* of OMNI_BENCH_RUNS runs after one that warms up (compiles) */
  double ms_median;
  double ms_max;
  double
    cpu_ms_min;  /* of the process, over all its threads: hardly disturbed by other programs. 0 on hardware */
  double gflops; /* at the median; a convolution counts as written, whichever algorithm runs it */
  double gbytes_per_s; /* at the median, counting every tensor read or written once */
} OmniBenchRow;

#define OMNI_BENCH_RUNS 7

/* Times the kernels over pictures of `width` × `height` px: those named `kernel` or whose names begin with it (“conv”,
 * “conv-3x3-64-32”, “pack” …), or all for NULL. Convolutions are named conv-SIZE-IN-OUT, and the one of 64 to 32
 * channels, which stands for the networks, runs in every variant the device has. Set operations take one of three
 * sources a run. Returns (transfer full) (element-type OmniBenchRow), or NULL with OMNI_VK_ERROR_UNSUPPORTED when no
 * kernel has that name (the message lists them), or with what making and running the plans reports. Call it in the
 * thread of the device while no other thread reads the environment: it sets $OMNIFUSE_CONV for a moment. */
GArray *
omni_bench_kernels (OmniDevice *device, const char *kernel, guint width, guint height, GError **error);

G_END_DECLS
