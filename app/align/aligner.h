/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/align/align-private.h"

G_BEGIN_DECLS

/* What align.c and ways.c share of one alignment. */

/* The least longer side of a level that is looked at. */
#define OMNI_ALIGNER_LEAST_PX 24

typedef struct
{
  double shifted;              /* agreement at the coarse size */
  int dx, dy;                  /* there, from the first of the two to the second */
  gboolean is_chosen, is_near; /* the second is of those that resemble the first most; the same of either */
  double agreement;            /* as registered */
  OmniHomography map;          /* likewise; in sides of the picture: 1 is its width, and its height */
} OmniAlignLink;

/* The pyramid of a picture while registrations with it are to come: read by the first of them, dropped by the last. */
typedef struct
{
  GMutex lock;
  OmniLumaPyramid *pyramid;
  gint n_uses;
} OmniAlignFine;

typedef struct _OmniAligner OmniAligner;

/* Does job `job` of many; in a thread of a pool. */
typedef gboolean (*OmniAlignJob) (OmniAligner *self, guint job, GError **error);

struct _OmniAligner
{
  GPtrArray *sources, *originals; /* OmniSource: as given, and what is in their files */
  guint n;
  gboolean is_mixed; /* of several formats, which are not made smaller alike */
  gboolean looks;    /* at thumbnails, and no closer */
  char **sha256;
  OmniLumaPyramid **pyramids; /* small */
  OmniAlignLink *links;       /* n × n */
  guint *parents;             /* the way to the reference, whose parent is itself */
  guint *order;               /* parents first */
  OmniAlignment *alignment;
  OmniAlignFine *fine;
  OmniAlignJob job;
  GMutex lock; /* for what follows, while jobs are done */
  GCond done;
  guint n_jobs_done;
  GError *error; /* the first */
  OmniProgressFunc progress;
  gpointer progress_data;
  guint n_done, n_steps;
  GCancellable *cancellable;
};

/* Compares small versions of all pictures, and finds out which of them is the reference and how the others get there: fills `links`,
 * `alignment->reference`, `parents` and `order`. */
gboolean omni_aligner_find_ways (OmniAligner *self, GError **error);

/* Whether a pair was found to have something to do with each other. */
gboolean omni_aligner_is_found (const OmniAligner *self, const OmniAlignLink *link);

/* Does `job` of each number in `jobs`, begun in that order. They count as `n_steps` steps. */
gboolean
omni_aligner_do_jobs (OmniAligner *self, GArray *jobs, OmniAlignJob job, guint n_steps, GError **error);

/* (transfer full) Picture `index` with no side above `most_px`, of the very size that all others have then. */
OmniPicture *omni_aligner_load_at_most (OmniAligner *self, guint index, guint most_px, GError **error);

G_END_DECLS
