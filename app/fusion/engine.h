/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"
#include "app/fusion/weight-maps.h"
#include "vk/plan.h"

G_BEGIN_DECLS

/* Runs fusions: owns one device, the loaded weights and the last plans, so that repeating a fusion costs no set-up.
 * All device work happens in the engine's own thread; every function may be called from any thread. After a device loss
 * the device is opened again once and the tile replayed; after a second loss the tile is halved; a third is an error. */
#define OMNI_TYPE_ENGINE (omni_engine_get_type ())
G_DECLARE_FINAL_TYPE (OmniEngine, omni_engine, OMNI, ENGINE, GObject)

/* Opening the device is left to the first fusion, or to omni_engine_ensure_device(). */
OmniEngine *omni_engine_new (const char *device_selector);

/* Waits until what was asked for is done or was cancelled, and closes the device: no thread is in a driver when the program ends. What
 * is asked for later opens it again. */
void omni_engine_stop (OmniEngine *self);

/* (transfer full) (element-type OmniDeviceInfo) (nullable) What there is to choose from; takes a while. Any thread. */
GArray *omni_engine_list_devices (GError **error);
gboolean omni_engine_ensure_device (OmniEngine *self, OmniDeviceInfo *info, GError **error);

/* (transfer full) (nullable) Its name as last seen; NULL before it was opened. Never waits. */
char *omni_engine_dup_device_name (OmniEngine *self);

/* Going on with the training of the model's weights on the set itself, until either bound is reached; see app/fusion/refine.h. */
typedef struct
{
  double seconds;    /* 0: no bound */
  guint64 max_steps; /* 0: no bound */
  /* The score of an earlier refinement of the very same: what comes of this one is kept if it is better than that. */
  gboolean has_rival;
  double rival;
} OmniRefineParams;

typedef struct
{
  GPtrArray *sources;     /* OmniSource, in list order */
  OmniTask task;          /* AUTO: omni_task_detect() */
  const OmniModel *model; /* NULL: the default for the task and set */
  const char *weights_path;
  OmniWeights
    *weights; /* (nullable) from memory, before `weights_path`; of `model`, which must then be given */
  const OmniModelOptions *options; /* of `model`, which must then be given */
  guint tile_px;
  gboolean half;
  gboolean resize;      /* bring differing sizes to the largest instead of refusing */
  gboolean exact_depth; /* TRUE: `depth` below; FALSE: the deepest source's */
  OmniSampleType depth;
  gboolean profile;
  /* Per source in list order, 2^value times its weight: 0 leaves it. NULL: nobody may say so; an array, even of zeros, makes
   * later runs of the same sources that differ in it alone quick. For models with `takes_influence`. */
  const double *influence;
  gboolean maps; /* the result shows its weights; for models that have any */
  guint view_px; /* > 0: fuse a preview whose longer side is at most this */
  /* Without a bound, nothing is refined. With one the run fuses, refines, fuses again and returns the better of the two
   * results with its `refine` set; an error when the model or the set cannot be refined. */
  OmniRefineParams refine;
} OmniFusionRequest;

/* What OmniFusionRequest.influence may be, either way. */
#define OMNI_MAX_INFLUENCE 4.0

/* A deep copy (references on sources), for handing to another thread. */
OmniFusionRequest *omni_fusion_request_copy (const OmniFusionRequest *request);
void omni_fusion_request_free (OmniFusionRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniFusionRequest, omni_fusion_request_free)

typedef struct
{
  double decode, upload, network, download, encode, total;
} OmniFusionTimes; /* ms */

/* What came of OmniFusionRequest.refine. */
typedef struct
{
  double seconds; /* spent on training */
  guint64 steps;  /* as a bound without seconds they give the same bits again, in any order of the sources */
  const char *metric;   /* static, of omni_metric_find() */
  double before, after; /* of the whole picture; `before` is the rival's, where there is one */
  gboolean kept;        /* the result is the refined one: its score is the higher one */
} OmniRefineScores;

/* Immutable after the run. */
typedef struct
{
  gatomicrefcount ref_count;
  OmniPicture *picture;
  char *sha256; /* omni_picture_hash (picture) */
  const OmniModel *model;
  OmniTask task;     /* as detected or asked for */
  char *task_reason; /* one line: why this task */
  char
    *options; /* those that are not as the model comes, "key=value …", and "refined, N steps"; "" if none */
  char *weights_sha256; /* NULL for classical methods */
  char *weights_path;   /* as in the request; NULL: those that ship, or none */
  double *influence;    /* of each source, as in the request; NULL: all of them 0 */
  char *device_name;
  gboolean reused;          /* only what influence changes was made again: it took less than the whole */
  gboolean order_invariant; /* derived from the graph that ran */
  guint tiles;
  guint64 peak_device_bytes;
  OmniFusionTimes ms;
  GPtrArray *sources;   /* OmniSource, in list order */
  GPtrArray *warnings;  /* char *: things a person should know (an unusable colour profile, …) */
  GArray *profile;      /* OmniPlanProfile, or NULL */
  OmniWeightMaps *maps; /* NULL unless asked for */
  double longest_submission_ms;
  double gflop;  /* floating-point operations of the whole run, as written, in 10^9 */
  guint tile_px; /* side of the tiles; 0: the whole picture at once */
  gboolean has_refine;
  OmniRefineScores refine;
} OmniFusionResult;

OmniFusionResult *omni_fusion_result_ref (OmniFusionResult *result);
void omni_fusion_result_unref (OmniFusionResult *result);

/* (transfer full) The model's own part of OmniFusionResult.options, for omni_model_options_parse(). `steps`: those of a refinement; 0:
 * there was none. */
char *omni_fusion_options_split (const char *options, guint64 *steps);

/* (transfer full) "Omni · mine · contrast=2": what tells results of a set apart, for people. `model` is an OmniModel.name, known
 * here or not; `weights` (nullable) is what people call a weight file, `options` as above. */
char *omni_fusion_describe (const char *model, const char *weights, const char *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniFusionResult, omni_fusion_result_unref)

/* `fraction` 0 … 1 and a word for what happens ("Reading", "Fusing"). Called in the engine's thread. */
typedef void (*OmniEngineProgress) (double fraction, const char *phase, gpointer user_data);

/* Runs to the end in the engine's thread while the caller waits. Cancelling returns G_IO_ERROR_CANCELLED. */
OmniFusionResult *
omni_engine_fuse (OmniEngine *self, const OmniFusionRequest *request, OmniEngineProgress progress,
                  gpointer user_data, GCancellable *cancellable, GError **error);

/* The same without waiting; the callback comes in the thread-default main context of the caller. Jobs run one after
 * another in the order given; cancel the older job to let the newest win. */
void omni_engine_fuse_async (OmniEngine *self, const OmniFusionRequest *request, OmniEngineProgress progress,
                             gpointer user_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer callback_data);
OmniFusionResult *omni_engine_fuse_finish (OmniEngine *self, GAsyncResult *result, GError **error);

/* Decides the task from what the sources are (roles, exposure data, grey/colour, brightness spread), never from their
 * order. `reason` (out, transfer full) is one line for people, e.g. "exposure times differ by 8 stops". */
OmniTask omni_task_detect (GPtrArray *sources, char **reason);

/* The task that knows the role; AUTO for none. */
OmniTask omni_role_get_task (OmniRole role);

/* Whether `model` can fuse these sources for `task`; if not, `why` (out, transfer full) is one sentence. Cheap. */
gboolean omni_model_fits (const OmniModel *model, OmniTask task, GPtrArray *sources, char **why);

/* The model and the task that a fusion of this request would take: the model asked for, else the one its weights name,
 * else the default for the task; the task asked for, else the only one of the model, else omni_task_detect(). `task` and
 * `reason` may be NULL. NULL with a one-sentence error when no model fits. A function of the set, not of its order. */
const OmniModel *omni_fusion_request_choose_model (const OmniFusionRequest *request, OmniTask *task,
                                                   char **reason, GError **error);

/* What a fusion of this request will give. Alpha only when every source has it. */
typedef struct
{
  guint width, height;
  gboolean shrunk; /* smaller than the sources, for `view_px` */
  guint channels;  /* alpha included */
  gboolean has_alpha;
  OmniSampleType depth;
} OmniResultShape;

/* Whether it is a pan-sharpening: one multispectral source, which is brought to the grid of the panchromatic one. */
gboolean omni_fusion_request_pansharpens (const OmniFusionRequest *request);

/* (transfer none) (nullable) Path of the source whose metadata the result takes: of a pan-sharpening the panchromatic one,
 * on whose grid the result lies; else the choice of omni_metadata_choose_reference(). */
const char *omni_sources_choose_reference (GPtrArray *sources, gboolean pansharpened);

void omni_fusion_request_get_shape (const OmniFusionRequest *request, OmniResultShape *shape);

/* The model taken when none is asked for. */
const OmniModel *omni_model_default_for (OmniTask task);

/* Checks what can be checked before any work: at least one source, sizes equal (or resize), no duplicates problem,
 * band counts. The error names both sizes and files. */
gboolean omni_fusion_request_check (const OmniFusionRequest *request, GError **error);

/* What is allocated on the device now: plans that are kept, and their weights. 0 while there is none. Waits for the jobs that
 * were asked for before. */
guint64 omni_engine_get_device_bytes (OmniEngine *self);

G_END_DECLS
