/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order-sensitivity map in the viewer: where the results of the set in many orders differ, and how many were tried. The
 * order check (ui/stage/view.h) tries more, one by one; this is the map beside the pictures, with their zoom. */
#include "ui/window/window-private.h"

#include "app/order/permutations.h"
#include "ui/stage/side.h"

#include <glib/gi18n.h>
#include <math.h>

#define MOST_ORDERS 24   /* all of four sources */
#define VIEW_PX     1024 /* of a result: enough to see where */

/* A map is as small as its results, so this takes no time. */
static void
show_map (OmniWindow *self)
{
  OmniPicture *picture = omni_order_trial_get_map (self->order_trial);
  g_autoptr (OmniMipmap) map = NULL;

  if (picture == NULL || picture == self->order_map)
    return;
  self->order_map = picture; /* the trial keeps it until there is another */
  map = omni_mipmap_new (picture, NULL, NULL);
  omni_viewer_set_map (self->viewer, map);
}

static void
show_summary (OmniWindow *self)
{
  const char *error = omni_order_trial_get_error (self->order_trial);
  g_autofree char *orders = omni_order_trial_describe (self->order_trial);
  OmniOrderSummary summary;

  omni_order_trial_summarise (self->order_trial, &summary);
  /* Translators: how many orders gave the same, and the largest difference. */
  g_autofree char *words = g_strdup_printf (_ ("%s · max |Δ| %.3g"), orders, summary.largest);
  gtk_label_set_text (self->order_words, error != NULL ? error : words);
}

/* So that the largest difference is about the brightest colour, until somebody chooses another gain, who goes on from this one. */
static void
fit_gain (OmniWindow *self)
{
  OmniPicture *map = omni_order_trial_get_map (self->order_trial);
  OmniOrderSummary summary;

  if (map == NULL || self->gain_chosen)
    return;
  omni_order_trial_summarise (self->order_trial, &summary);
  const double peak = omni_sample_type_get_peak (omni_picture_get_sample_type (map));
  omni_difference_bar_set_gain (self->difference,
                                summary.largest > 0 ? exp2 (floor (log2 (peak / summary.largest))) : 1);
  self->gain_chosen = FALSE;
}

void
omni_window_choose_gain (OmniWindow *self)
{
  self->gain_chosen = TRUE;
}

/* The difference view keeps its own. */
static void
change_gain (OmniWindow *self, gboolean to_map)
{
  if (to_map == (self->difference_gain != 0))
    return;
  const double gain = to_map ? 1 : self->difference_gain;
  self->difference_gain = to_map ? omni_difference_bar_get_gain (self->difference) : 0;
  omni_difference_bar_set_gain (self->difference, gain);
  self->gain_chosen = FALSE;
}

static void
trial_changed_cb (OmniWindow *self)
{
  fit_gain (self);
  show_map (self);
  show_summary (self);
}

void
omni_window_stop_order_map (OmniWindow *self)
{
  if (self->order_trial == NULL)
    return;
  g_signal_handlers_disconnect_by_func (self->order_trial, trial_changed_cb, self);
  omni_order_trial_cancel (self->order_trial);
  g_clear_object (&self->order_trial);
  self->order_map = NULL;
}

static void
start (OmniWindow *self, const OmniFusionRequest *request)
{
  const guint n = request->sources->len;
  g_autoptr (OmniPermutations)
    orders = omni_permutations_new (n, MIN (omni_permutations_count (n), MOST_ORDERS), 0);
  g_autofree guint *order = g_new (guint, n);

  self->order_trial = omni_order_trial_new (omni_document_get_engine (self->document), request, FALSE);
  g_signal_connect_swapped (self->order_trial, "changed", G_CALLBACK (trial_changed_cb), self);
  while (omni_permutations_next (orders, order))
    omni_order_trial_add (self->order_trial, order);
  show_summary (self);
}

/* Anew whenever the set or what is done with it is another one. */
void
omni_window_update_order_map (OmniWindow *self)
{
  const gboolean on = omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_MAP;

  omni_window_stop_order_map (self);
  gtk_widget_set_visible (GTK_WIDGET (self->order_words), on);
  omni_viewer_set_map (self->viewer, NULL);
  change_gain (self, on);
  if (!on)
    return;
  g_autoptr (OmniFusionRequest) request = omni_document_dup_shown_request (self->document);
  if (request == NULL || request->sources->len < 2)
  {
    gtk_label_set_text (self->order_words, _ ("There are no two sources to order."));
    return;
  }
  request->view_px = VIEW_PX;
  start (self, request);
}
