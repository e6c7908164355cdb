/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/order/trial.h"
#include "ui/stage/order-strip.h"
#include "ui/stage/foils.h"
#include "ui/stage/side.h"
#include "ui/stage/view.h"
#include "ui/viewer/viewer.h"

G_BEGIN_DECLS

typedef enum
{
  SIDE_MODEL, /* the document's, or broken the running mean */
  SIDE_FOIL,
  N_SIDES
} OmniStageSideIndex;

struct _OmniStageView
{
  AdwBin parent_instance;

  OmniDocument *document;
  gboolean active;
  char *size_setting; /* (nullable) the last that was taken over */
  char *key;          /* what the trials are of */
  gulong handlers[2];

  OmniFusionRequest *request; /* of the document, in its order; NULL: nothing to try */
  OmniOrderTrial *trials[N_SIDES];
  GPtrArray *foils;  /* OmniStageFoil */
  GPtrArray *orders; /* guint arrays: what was asked for, controls included */
  guint shown;       /* of `orders` */
  gboolean broken;
  gboolean shows_map;
  gboolean updating;
  gboolean gain_chosen; /* else it follows the maps */
  gboolean fitting;     /* the gain */
  gint64 start_us;      /* when the queue was last filled */
  guint n_before;       /* tries done then, on both sides */

  /* talk.c */
  OmniTalk *talk; /* NULL: not talking */
  guint step;
  gboolean black;

  GtkWidget *box; /* has the focus, so that keys arrive whatever is hidden */
  GtkLabel *title;
  GtkLabel *text;
  OmniOrderStrip *strip;
  GtkWidget *stage;
  OmniViewer *viewer;
  OmniStageSide *sides[N_SIDES];
  GtkWidget *controls;
  GtkWidget *map_bar;
  GtkRange *gain;
  GtkLabel *gain_label;
  GtkLabel *place;
  GtkWidget *strip_row;
  GtkWidget *done;
  GtkStack *foot; /* progress, or the footnote */
  GtkProgressBar *progress;
  GtkLabel *left;
  GtkButton *orders_button;
  GtkDropDown *foil;
  GtkDropDown *size;
  GtkLabel *footnote;
  GtkLabel *hint;
  GtkWidget *curtain;
};

/* view.c */
void omni_stage_view_refresh (OmniStageView *self);
void omni_stage_view_shuffle (OmniStageView *self);
void omni_stage_view_try_orders (OmniStageView *self);
void omni_stage_view_control (OmniStageView *self);
void omni_stage_view_step_order (OmniStageView *self, int delta);
void omni_stage_view_set_map (OmniStageView *self, gboolean shows);
void omni_stage_view_set_broken (OmniStageView *self, gboolean broken);

/* pictures.c: what the panes show */
void omni_stage_view_update_pictures (OmniStageView *self);
void omni_stage_view_show_gain (OmniStageView *self);
void omni_stage_view_fit_gain (OmniStageView *self);

/* talk.c */
void omni_stage_view_class_install_talk (GtkWidgetClass *widget_class);
void omni_stage_view_init_keys (OmniStageView *self);

/* What is seen now: everything, or in a talk what its step is about. */
typedef struct
{
  gboolean heading, strip, pictures, footnote;
  gboolean sides[N_SIDES];
  OmniStageParts parts;
} OmniStageScene;

void omni_stage_view_get_scene (OmniStageView *self, OmniStageScene *scene);

/* The words of the heading, the curtain and what else a talk has. */
void omni_stage_view_update_talk (OmniStageView *self);

G_END_DECLS
