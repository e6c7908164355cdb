/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the stage show: the pictures of one order, or the order-sensitivity maps. */
#include "ui/stage/stage-private.h"

#include <glib/gi18n.h>
#include <math.h>

/* Takes the subject; what shows the same already stays. */
static void
show_subject (OmniStageView *self, guint pane, OmniSubject *taken)
{
  g_autoptr (OmniSubject) subject = taken;
  OmniSubject *before = omni_viewer_get_subject (self->viewer, pane);

  if (before == NULL || subject == NULL
      || omni_subject_get_identity (before) != omni_subject_get_identity (subject))
    omni_viewer_set_subject (self->viewer, pane, subject);
}

/* The foil takes the first pane where it stands alone. */
static guint
get_pane (OmniStageView *self, guint side)
{
  OmniStageScene scene;

  omni_stage_view_get_scene (self, &scene);
  return side == SIDE_FOIL && scene.sides[SIDE_MODEL] ? 1 : 0;
}

/* So that the largest difference of both maps is about the brightest colour, until somebody chooses another gain, who goes on
 * from this one. */
void
omni_stage_view_fit_gain (OmniStageView *self)
{
  double largest = 0, peak = 255;

  if (self->gain_chosen || !self->shows_map)
    return;
  for (guint side = 0; side < N_SIDES; side++)
  {
    OmniPicture *map = self->trials[side] != NULL ? omni_order_trial_get_map (self->trials[side]) : NULL;
    OmniOrderSummary summary;
    if (map == NULL)
      continue;
    omni_order_trial_summarise (self->trials[side], &summary);
    largest = fmax (largest, summary.largest);
    peak = omni_sample_type_get_peak (omni_picture_get_sample_type (map));
  }
  self->fitting = TRUE;
  gtk_range_set_value (self->gain, largest > 0 ? floor (log2 (peak / largest)) : 0);
  self->fitting = FALSE;
}

void
omni_stage_view_show_gain (OmniStageView *self)
{
  OmniPicture *map = self->trials[SIDE_MODEL] != NULL ? omni_order_trial_get_map (self->trials[SIDE_MODEL])
                                                      : NULL;
  const double gain = exp2 (gtk_range_get_value (self->gain));
  const double peak = map != NULL ? omni_sample_type_get_peak (omni_picture_get_sample_type (map)) : 255;
  g_autofree char *words = g_strdup_printf (_ ("× %.4g: the brightest is %.3g of %.0f"), gain, peak / gain,
                                            peak);

  omni_viewer_set_gain (self->viewer, gain);
  gtk_label_set_text (self->gain_label, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->gain), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, words, -1);
}

static void
show_side (OmniStageView *self, guint side)
{
  OmniOrderTrial *trial = self->trials[side];
  const guint pane = get_pane (self, side);

  if (trial == NULL || self->orders->len == 0)
  {
    show_subject (self, pane, NULL);
    return;
  }
  if (self->shows_map)
  {
    OmniPicture *map = omni_order_trial_get_map (trial);
    if (map != NULL)
      show_subject (self, pane, omni_subject_new_amounts (map, _ ("Order-sensitivity map")));
    return;
  }
  const int index = omni_order_trial_find (trial, self->orders->pdata[self->shown]);
  OmniPicture *picture = index >= 0 ? omni_order_trial_get_picture (trial, (guint)index) : NULL;
  /* The old picture stays until the new one is there; before the first one it is the document's own result. */
  OmniFusionResult *own = omni_document_get_result (self->document);
  if (picture == NULL && side == SIDE_MODEL && !self->broken && own != NULL
      && omni_order_trial_get_n_tries (trial) == 0 && !omni_document_is_stale (self->document))
    picture = own->picture;
  if (picture != NULL)
    show_subject (self, pane, omni_subject_new_picture (picture, _ ("Result")));
}

void
omni_stage_view_update_pictures (OmniStageView *self)
{
  OmniStageScene scene;

  omni_stage_view_get_scene (self, &scene);
  gtk_widget_set_visible (self->stage, scene.pictures);
  const gboolean both = scene.sides[SIDE_MODEL] && scene.sides[SIDE_FOIL] && self->trials[SIDE_FOIL] != NULL;
  omni_viewer_set_mode (self->viewer, both ? OMNI_VIEWER_SIDE_BY_SIDE : OMNI_VIEWER_SINGLE);
  for (guint side = 0; side < N_SIDES; side++)
    if (scene.pictures && scene.sides[side])
      show_side (self, side);
  if (!both)
    omni_viewer_set_subject (self->viewer, 1, NULL);
}
