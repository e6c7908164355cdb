/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"
#include "app/picture/frames.h"
#include "app/masks.h"

G_BEGIN_DECLS

/* What the engine's thread owns. Nothing here is touched by any other thread. */
typedef struct
{
  char *selector; /* of the device, nullable */
  OmniDevice *device;
  GQueue plans;          /* OmniPlanEntry, the last used first */
  GQueue weights;        /* weight files that were loaded, the last used first */
  OmniFrames *frames[2]; /* pictures of the last full run and of the last preview */
  OmniMasks *masks[2];   /* of those, when sources of theirs have alpha */
  guint inject_every;    /* for tests: the n-th submission on a device is lost, … */
  guint inject_devices;  /* … on so many devices from now */
} OmniEngineCore;

/* A plan and what it was made for. */
typedef struct
{
  char *key;
  OmniGraph *graph;
  OmniPlan *plan;
  GPtrArray *made_of; /* OmniSource of the last run, which ended well; or NULL */
} OmniPlanEntry;

void omni_engine_core_init (OmniEngineCore *core, const char *selector);
void omni_engine_core_clear (OmniEngineCore *core);

gboolean omni_engine_core_ensure_device (OmniEngineCore *core, GError **error);

/* Closes the device and all plans on it; the next use opens it again. */
void omni_engine_core_close_device (OmniEngineCore *core);

/* (transfer full) NULL without error for models that need none. */
OmniWeights *omni_engine_core_load_weights (OmniEngineCore *core, const OmniModel *model, OmniTask task,
                                            const char *path, GError **error);

/* Whether the open device computes with `weights` (nullable) what their file says; asked once for each file. */
gboolean omni_engine_core_check_weights (OmniEngineCore *core, const OmniModel *model, OmniWeights *weights,
                                         GError **error);

/* (transfer none) A plan for `key`, which must name everything that goes into graph and plan; kept from an earlier run, or
 * built from `model`. Older plans make room when memory runs out. The device must be open. */
OmniPlanEntry *
omni_engine_core_get_plan (OmniEngineCore *core, const char *key, const OmniModel *model,
                           const OmniModelContext *context, const OmniPlanParams *params, GError **error);

/* One fusion from files to result, in the engine's thread; `refine` of the request is not looked at. */
OmniFusionResult *
omni_engine_core_fuse (OmniEngineCore *core, const OmniFusionRequest *request, OmniEngineProgress progress,
                       gpointer user_data, GCancellable *cancellable, GError **error);

/* The same with a refinement in between (refine.c). */
OmniFusionResult *
omni_engine_core_refine (OmniEngineCore *core, const OmniFusionRequest *request, OmniEngineProgress progress,
                         gpointer user_data, GCancellable *cancellable, GError **error);

/* For tests: loses the device at submission `every`, on the next `n_devices` devices (the open one counts). */
void omni_engine_inject_losses (OmniEngine *self, guint every, guint n_devices);

G_END_DECLS
