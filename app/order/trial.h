/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"
#include "app/picture/difference.h"

G_BEGIN_DECLS

/* One order that was run. */
typedef struct
{
  guint *order; /* what stands at each place: indices into the request's sources */
  int
    repeats; /* the earlier try of the very same order, or −1: a control run says that nothing but the order counts */
  char *sha256;
  OmniPictureDifference difference; /* to the first try */
  double ms;
} OmniOrderTry;

/* What all tries together said. Only what was run is counted. */
typedef struct
{
  guint n_orders;    /* different ones */
  guint n_identical; /* … whose bits are those of the first */
  guint n_controls, n_identical_controls;
  double largest; /* levels: of any two results, at one sample */
  double psnr_db; /* the least against the first */
} OmniOrderSummary;

/* Runs one request in one order after another and keeps account: the first order tried is what all others are compared with.
 * The pictures themselves are kept only as far as OMNI_ORDER_TRIAL_KEPT_BYTES reach; one that is not kept is run again when it
 * is asked for. The main thread only; nothing here blocks.
 *
 * Signal: "changed" (a try is done, a picture is there, or progress was made; an error). */
#define OMNI_ORDER_TRIAL_KEPT_BYTES (G_GUINT64_CONSTANT (256) << 20)
#define OMNI_TYPE_ORDER_TRIAL       (omni_order_trial_get_type ())
G_DECLARE_FINAL_TYPE (OmniOrderTrial, omni_order_trial, OMNI, ORDER_TRIAL, GObject)

/* `request` (copied) says task and model. If it refines for a time, the first order decides how many steps that are, and all
 * others do as many. `folds`: the model fuses pair by pair, see omni_fold_pairs(). */
OmniOrderTrial *omni_order_trial_new (OmniEngine *engine, const OmniFusionRequest *request, gboolean folds);

const OmniFusionRequest *omni_order_trial_get_request (OmniOrderTrial *self);
gboolean omni_order_trial_get_folds (OmniOrderTrial *self);

/* Puts an order (as many indices as there are sources) at the end of the queue. */
void omni_order_trial_add (OmniOrderTrial *self, const guint *order);

guint omni_order_trial_get_n_tries (OmniOrderTrial *self); /* done */
const OmniOrderTry *omni_order_trial_get_try (OmniOrderTrial *self, guint index);
/* The newest try of an order, or −1. */
int omni_order_trial_find (OmniOrderTrial *self, const guint *order);

/* An order that was tried, runs, or is in the queue. */
gboolean omni_order_trial_knows (OmniOrderTrial *self, const guint *order);

guint omni_order_trial_get_n_waiting (OmniOrderTrial *self); /* the one that runs included */
double omni_order_trial_get_fraction (OmniOrderTrial *self); /* of the one that runs, 0 … 1 */
gboolean omni_order_trial_is_busy (OmniOrderTrial *self);    /* a worker is still at something */

void omni_order_trial_summarise (OmniOrderTrial *self, OmniOrderSummary *summary);

/* (transfer none) (nullable) The picture of a try; NULL starts it being run again, and "changed" tells. */
OmniPicture *omni_order_trial_get_picture (OmniOrderTrial *self, guint index);

/* (transfer none) (nullable) The order-sensitivity map of what was tried; there is one from the first try on. */
OmniPicture *omni_order_trial_get_map (OmniOrderTrial *self);

const char *omni_order_trial_get_device (OmniOrderTrial *self); /* (nullable) what the last try ran on */
const char *omni_order_trial_get_error (OmniOrderTrial *self);  /* (nullable) why the last one failed */

/* Empties the queue. What was done stays. */
void omni_order_trial_cancel (OmniOrderTrial *self);

G_END_DECLS
