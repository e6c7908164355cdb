/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluate/layout.h"
#include "app/evaluate/methods.h"

G_BEGIN_DECLS

/* The autonomous evolution of AE-Net and AE-Netv2: a library of algorithms fuses every pair, an evaluator picks the best result
 * of each, and that is what a network is trained towards. When an algorithm joins later, it alone is run; where it is
 * better, its result takes the place of the old one.
 *
 * The evaluator's score is the mean of two metrics: of exposures MEF-SSIM on three scales and its training form with
 * luminance, of everything else Q^AB/F and the training form of MEF-SSIM without luminance. Both are on 0 … 1, so that no
 * task outweighs another.
 *
 * What is written is a data folder for `train`: FOLDER/GROUP/SCENE/ with links to the two sources and truth.png, the best
 * fusion's luminance; split.csv where there was one; and choices.csv with the score of every algorithm for every scene and a hash of
 * its pair, written after every scene. Of
 * sets with more than two pictures the pair is the one a quarter and three quarters up in brightness. */

#define OMNI_LIBRARY_TRUTH   "truth.png"
#define OMNI_LIBRARY_CHOICES "choices.csv"
#define OMNI_LIBRARY_SPLITS  "split.csv"

typedef struct
{
  const char *data_path; /* the folder of task folders, for its split.csv */
  GPtrArray *scenes;     /* OmniEvaluateScene */
  GPtrArray *methods;    /* OmniEvaluateMethod: the library */
  const char *output;    /* the folder to write to; made when missing */
  const char *device;    /* selector, nullable */
  GCancellable *cancellable;
  void (*progress) (guint done, guint n, const char *what, gpointer user_data);
  gpointer user_data;
} OmniLibraryParams;

/* One algorithm over one group of scenes. */
typedef struct
{
  char *group, *method;
  guint n_scenes, n_best;
  double mean; /* of its scores */
} OmniLibraryRow;

typedef struct
{
  GPtrArray *rows;    /* OmniLibraryRow, by group, then in the order of the library */
  GPtrArray *notes;   /* utf8: scenes that were left out, and why */
  guint n_scenes;     /* that have a truth */
  guint n_new;        /* scores that were not known before */
  guint n_improved;   /* truths of an earlier run that a better one took the place of */
  double mean_best;   /* of the best score of every scene */
  double mean_before; /* the same before this run; 0: there was none */
} OmniLibraryResult;

void omni_library_result_clear (OmniLibraryResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniLibraryResult, omni_library_result_clear)

/* The names of the first `n` (1 … OMNI_LIBRARY_MOST) algorithms in the order in which they join by default. */
#define OMNI_LIBRARY_MOST 8
const char *const *omni_library_get_default (void);

/* Blocks. Cancelled, failed or killed, what is done stays and the next run goes on from it. Refused where the folder to write to
 * lies among the data, holds a truth or a split.csv that no earlier run wrote, or a scene of other pictures under the same name. */
gboolean omni_library_choose (const OmniLibraryParams *params, OmniLibraryResult *result, GError **error);

G_END_DECLS
