/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device.h"
#include "vk/graph.h"

G_BEGIN_DECLS

/* A graph compiled for one device, number of sources, picture size, tile and precision: memory laid out and commands
 * recorded once, resubmitted for every tile. Used by one thread at a time, the thread of its device. */
typedef struct _OmniPlan OmniPlan;

typedef enum
{
  OMNI_STORE_U8,
  OMNI_STORE_U16,
  OMNI_STORE_F32
} OmniStore;

gsize omni_store_get_bytes (OmniStore store);

/* How the samples of a source lie in memory: `channels` a pixel, of which the last is alpha if has_alpha. */
typedef struct
{
  guint channels;
  gboolean has_alpha;
  OmniStore store;
} OmniPlanFormat;

typedef struct
{
  guint n_sources;
  guint width; /* of every source, in px */
  guint height;
  OmniStore output;     /* samples of the result */
  guint tile_px;        /* side of a square tile; 0: as large as the budget allows */
  guint64 budget_bytes; /* device memory the plan may take; 0: see omni_plan_default_budget() */
  gboolean half;        /* fp16 storage of network tensors; needs OmniDeviceInfo.has_fp16 */
  guint
    source_pixel_bytes; /* the most bytes a pixel of any source takes: channels × bytes per sample; 0: 4 */
  OmniPlanFormat
    format;         /* of every source: kernels are made for it; no channels: sources may differ (slower) */
  float range;      /* power of two ≥ every |sample| of every source; 0 and 1 mean the display range */
  gboolean profile; /* keep timestamps per operation */
} OmniPlanParams;

/* Half of the device's memory within 256 MiB … 4 GiB; on a software device a quarter of the machine's within 256 MiB …
 * 1664 MiB. OMNIFUSE_MEMORY_MIB overrides it. Where neither that nor OmniPlanParams.budget_bytes sets a limit, a plan whose
 * smallest tile does not fit (deep pyramids), or that would otherwise read all sources over and over, may take half of the machine's memory on a
 * software device, three quarters of a device's own. */
guint64 omni_plan_default_budget (const OmniDevice *device);

/* Compiles. Sets OMNI_VK_ERROR_UNSUPPORTED with the reason (too few sources, a size that cannot fit the budget even in
 * the smallest tile), OMNI_VK_ERROR_OUT_OF_MEMORY only after smaller tiles were tried. The plan keeps a reference on the
 * graph, none on the device, which must outlive it. */
OmniPlan *omni_plan_new (OmniDevice *device, OmniGraph *graph, const OmniPlanParams *params, GError **error);
void omni_plan_free (OmniPlan **plan);

guint omni_plan_get_tiles (const OmniPlan *plan);
guint omni_plan_get_tile_px (const OmniPlan *plan); /* side; 0: the whole picture at once */
gboolean omni_plan_is_streamed (const OmniPlan *plan);

guint64 omni_plan_get_memory_bytes (const OmniPlan *plan);

/* One source in host memory: interleaved, tightly packed, `channels` per pixel of which the last is alpha if has_alpha. */
typedef struct
{
  gconstpointer pixels;
  guint channels;
  gboolean has_alpha;
  OmniStore store;
  guint mark; /* bits for omni_graph_mark(), below 2^30: what the source is, wherever it stands */
} OmniPlanSource;

/* Gives the pixels of source `index`; they stay valid until `release` (nullable) or the end of the run. A streamed plan asks
 * for each source once per pass, in list order; a resident plan once per tile, and in each phase where statistics of the
 * whole picture need several. Called in the thread of omni_plan_run(). */
typedef gboolean (*OmniPlanFetch) (guint index, OmniPlanSource *source, gpointer user_data, GError **error);
typedef void (*OmniPlanRelease) (guint index, gpointer user_data);

/* `fraction` 0 … 1, never falling. Called in the running thread, between submissions. */
typedef void (*OmniPlanProgress) (double fraction, gpointer user_data);

/* Part of map `map` for source `source`, at the map's level: `height` rows of `width` values, `pitch` apart, from (x, y) of the
 * picture on. The parts of one source's map cover it once. Called in the running thread. */
typedef void (*OmniPlanMap) (guint map, guint source, guint x, guint y, guint width, guint height,
                             const float *values, guint pitch, gpointer user_data);

typedef struct
{
  OmniPlanFetch fetch;
  OmniPlanRelease release;
  OmniPlanProgress progress; /* nullable */
  gpointer user_data;
  GCancellable *cancellable; /* nullable; honoured within one submission, or one shader compiled */
  gpointer result; /* width · height · output channels samples, interleaved; every sample is written */
  const float *influence; /* per source, its natural logarithm: omni_graph_influence(); NULL: 0 for all */
  /* The sources are those of the last run, which ended well: what does not depend on the influence is not made again, as far
   * as the plan still has it. */
  gboolean reuse;
  OmniPlanMap map;  /* nullable; the maps of the graph, if it has any */
  guint first_tile; /* replay after a loss: tiles before this one are left as they are */
} OmniPlanRun;

typedef struct
{
  double upload_ms;
  double network_ms;
  double download_ms;
  guint submissions;
  double longest_submission_ms;
  guint tiles_done; /* also on failure: where to resume */
} OmniPlanStats;

gboolean omni_plan_run (OmniPlan *plan, const OmniPlanRun *run, OmniPlanStats *stats, GError **error);

typedef struct
{
  char label[64];  /* node label, else the kernel's name */
  char kernel[64]; /* shader and variant */
  double ms;       /* summed over tiles and sources of the last run */
  double gflop;    /* as written */
  double gbytes;   /* moved, counting every read tensor once */
  guint dispatches;
} OmniPlanProfile;

/* (transfer full) (element-type OmniPlanProfile) One row per operation in running order; empty unless `profile` was set. */
GArray *omni_plan_get_profile (const OmniPlan *plan);

G_END_DECLS
