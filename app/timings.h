/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"

G_BEGIN_DECLS

/* How long whole fusions took on this machine, from one start to the next: in $XDG_CACHE_HOME/omnifuse/timings.ini. Main thread. */

/* What the time of a fusion depends on. */
typedef struct
{
  const char *device;
  const OmniModel *model;
  OmniTask task;
  const char *weights_path; /* (nullable) NULL: those that ship, or none */
  const char *options;      /* as OmniFusionResult.options */
  GPtrArray *sources;       /* OmniSource, in any order */
} OmniTiming;

/* Remembers what came to its end. A refinement is passed over, and so is a run that had half of its work from the one before. */
void omni_timings_add (const OmniFusionResult *result);

/* The time of this very set (`measured`), or what follows, by its pixels, from the set nearest in size. FALSE when nothing like
 * it ran: not on this device, not with these weights and options, or only sets of quite another size. */
gboolean omni_timings_find (const OmniTiming *timing, double *ms, gboolean *measured);

G_END_DECLS
