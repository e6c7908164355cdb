/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"

G_BEGIN_DECLS

/* Refining: going on with the training of the shipped weights (or of those of the request) on one set's own pictures, with
 * losses that need no truth, for a bounded time. What comes out is a result of its own; the weights it came from are not
 * touched, and the refined ones are gone with the run.
 *
 * Which crops are cut, how they are turned and when each is seen is a function of what is in the pictures, and a training
 * step does not know the order of its set: the same number of steps gives the same bits for every order of the list. How many
 * steps fit into a time no clock says twice; so the result says how many there were (OmniRefineScores.steps), and what compares
 * orders lets the clock decide once and gives all others that number as their only bound: `permute`, OmniOrderTrial. */

#define OMNI_REFINE_MAX_SECONDS 86400

/* Whether the model of this request can be refined on these sources; if not, `why` (out, transfer full) is one sentence. */
gboolean omni_refine_fits (const OmniModel *model, GPtrArray *sources, char **why);

/* The score that decides, on the whole picture. For exposures it is, on crops, a part of the loss. */
const char *omni_refine_get_metric (OmniTask task);

G_END_DECLS
