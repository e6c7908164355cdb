/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A talk on the stage: steps played with a clicker, one thing at a time, in large type. */
#include "ui/stage/stage-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define SHIPPED_TALK "/io/github/omnifuse/Omnifuse/talks/order.talk"

static const OmniTalkStep *
get_step (OmniStageView *self)
{
  return self->talk != NULL ? omni_talk_get_step (self->talk, self->step) : NULL;
}

void
omni_stage_view_get_scene (OmniStageView *self, OmniStageScene *scene)
{
  const OmniTalkStep *step = get_step (self);

  *scene = (OmniStageScene){
    .strip = TRUE, .pictures = TRUE, .footnote = TRUE, .sides = { TRUE, TRUE }, .parts = OMNI_STAGE_ALL
  };
  if (step == NULL)
    return;
  scene->heading = TRUE;
  scene->sides[SIDE_FOIL] = step->action == OMNI_TALK_FOIL || step->action == OMNI_TALK_MAP;
  scene->footnote = FALSE;
  switch (step->action)
  {
  case OMNI_TALK_SOURCES:
    scene->pictures = scene->sides[SIDE_MODEL] = FALSE;
    break;
  case OMNI_TALK_RESULT:
    scene->strip = scene->sides[SIDE_FOIL] = FALSE;
    scene->parts = 0;
    break;
  case OMNI_TALK_SHUFFLE:
    scene->parts = OMNI_STAGE_CHIPS;
    scene->footnote = TRUE;
    break;
  case OMNI_TALK_ORDERS:
    scene->pictures = FALSE;
    scene->parts = OMNI_STAGE_COUNTER;
    scene->footnote = TRUE;
    break;
  case OMNI_TALK_CONTROL:
    scene->pictures = FALSE;
    scene->parts = OMNI_STAGE_CONTROL;
    scene->footnote = TRUE;
    break;
  case OMNI_TALK_FOIL:
  case OMNI_TALK_BREAK:
    scene->parts = OMNI_STAGE_CHIPS;
    scene->footnote = TRUE;
    break;
  case OMNI_TALK_MAP:
    scene->strip = FALSE;
    scene->parts = OMNI_STAGE_COUNTER;
    scene->footnote = TRUE;
    break;
  case OMNI_TALK_WORDS:
  case OMNI_TALK_BLACK:
  default:
    scene->strip = scene->pictures = scene->sides[SIDE_MODEL] = FALSE;
    break;
  }
}

void
omni_stage_view_update_talk (OmniStageView *self)
{
  const OmniTalkStep *step = get_step (self);
  const gboolean words_only = step != NULL && step->action == OMNI_TALK_WORDS;

  gtk_widget_set_visible (GTK_WIDGET (self->title), step != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->text), step != NULL && step->text != NULL);
  gtk_widget_set_visible (self->curtain, step != NULL && (self->black || step->action == OMNI_TALK_BLACK));
  if (step == NULL)
    return;
  gtk_label_set_text (self->title, step->title);
  gtk_label_set_text (self->text, step->text != NULL ? step->text : "");
  if (words_only)
    gtk_widget_add_css_class (GTK_WIDGET (self), "words");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "words");
}

/* Playing */

static void
choose_foil (OmniStageView *self)
{
  if (gtk_drop_down_get_selected (self->foil) == 0 && self->foils != NULL && self->foils->len > 0)
    gtk_drop_down_set_selected (self->foil, 1);
}

/* What a step shows follows from the step alone, so going back shows it as it was. */
static void
play (OmniStageView *self)
{
  const OmniTalkStep *step = get_step (self);

  self->black = FALSE;
  g_object_set (self, "shows-map", step->action == OMNI_TALK_MAP, "broken", step->action == OMNI_TALK_BREAK,
                NULL);
  switch (step->action)
  {
  case OMNI_TALK_SHUFFLE:
    omni_stage_view_shuffle (self);
    break;
  case OMNI_TALK_ORDERS:
    omni_stage_view_try_orders (self);
    break;
  case OMNI_TALK_CONTROL:
    omni_stage_view_control (self);
    break;
  case OMNI_TALK_FOIL:
    choose_foil (self);
    break;
  case OMNI_TALK_MAP:
    choose_foil (self);
    self->gain_chosen = FALSE;
    break;
  case OMNI_TALK_BREAK:
    if (self->orders->len < 2)
      omni_stage_view_shuffle (self);
    break;
  case OMNI_TALK_WORDS:
  case OMNI_TALK_SOURCES:
  case OMNI_TALK_RESULT:
  case OMNI_TALK_BLACK:
  default:
    break;
  }
  omni_stage_view_refresh (self);
}

static OmniTalk *
load_shipped (void)
{
  g_autoptr (GBytes) bytes = g_resources_lookup_data (SHIPPED_TALK, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (GError) error = NULL;
  OmniTalk *talk = bytes != NULL ? omni_talk_new_from_bytes (bytes, "order.talk", &error) : NULL;

  if (error != NULL)
    g_critical ("%s", error->message);
  return talk;
}

gboolean
omni_stage_view_is_talking (OmniStageView *self)
{
  return self->talk != NULL;
}

void
omni_stage_view_start_talk (OmniStageView *self, OmniTalk *talk)
{
  g_clear_pointer (&self->talk, omni_talk_free);
  self->talk = talk != NULL ? talk : load_shipped ();
  self->step = 0;
  if (self->talk == NULL)
    return;
  gtk_widget_add_css_class (GTK_WIDGET (self), "presenting");
  gtk_widget_grab_focus (self->box);
  play (self);
}

void
omni_stage_view_stop_talk (OmniStageView *self)
{
  g_clear_pointer (&self->talk, omni_talk_free);
  gtk_widget_remove_css_class (GTK_WIDGET (self), "presenting");
  gtk_widget_remove_css_class (GTK_WIDGET (self), "words");
  self->black = FALSE;
  g_object_set (self, "shows-map", FALSE, "broken", FALSE, NULL);
  omni_stage_view_refresh (self);
}

/* Keys */

static gboolean
turn_page (OmniStageView *self, int delta)
{
  if (self->talk == NULL)
  {
    /* A clicker goes through the orders. */
    omni_stage_view_step_order (self, delta);
    return TRUE;
  }
  const int to = (int)self->step + delta;
  if (self->black)
  {
    /* The first press only raises the curtain. */
    self->black = FALSE;
    omni_stage_view_refresh (self);
  }
  else if (to >= 0 && to < (int)omni_talk_get_n_steps (self->talk))
  {
    self->step = (guint)to;
    play (self);
  }
  return TRUE;
}

static gboolean
page_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  return turn_page (OMNI_STAGE_VIEW (widget), g_variant_get_int32 (args));
}

static gboolean
step_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  omni_stage_view_step_order (OMNI_STAGE_VIEW (widget), g_variant_get_int32 (args));
  return TRUE;
}

/* The strip of cards runs the way people read. */
static gboolean
step_across_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  const int onwards = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL ? -1 : 1;

  omni_stage_view_step_order (OMNI_STAGE_VIEW (widget), onwards * g_variant_get_int32 (args));
  return TRUE;
}

static gboolean
black_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  OmniStageView *self = OMNI_STAGE_VIEW (widget);

  if (self->talk == NULL)
    return TRUE;
  self->black = !self->black;
  omni_stage_view_refresh (self);
  return TRUE;
}

/* What the window does on single keys is about its other page. */
static gboolean
key_pressed_cb (OmniStageView *self, guint key, guint code, GdkModifierType modifiers)
{
  static const guint own[] = { GDK_KEY_s,      GDK_KEY_a,          GDK_KEY_t,      GDK_KEY_m,
                               GDK_KEY_k,      GDK_KEY_b,          GDK_KEY_period, GDK_KEY_space,
                               GDK_KEY_Tab,    GDK_KEY_plus,       GDK_KEY_equal,  GDK_KEY_minus,
                               GDK_KEY_KP_Add, GDK_KEY_KP_Subtract };

  if ((modifiers & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return FALSE;
  key = gdk_keyval_to_lower (key); /* Caps Lock may be on */
  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    if (key == own[i])
      return FALSE;
  return key == GDK_KEY_Delete || key == GDK_KEY_KP_Delete || g_unichar_isprint (gdk_keyval_to_unicode (key));
}

void
omni_stage_view_init_keys (OmniStageView *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

static gboolean
activate_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  gtk_widget_activate_action (widget, g_variant_get_string (args, NULL), NULL);
  return TRUE;
}

void
omni_stage_view_class_install_talk (GtkWidgetClass *widget_class)
{
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Page_Down, 0, page_cb, "i", 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Page_Up, 0, page_cb, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_space, 0, page_cb, "i", 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_BackSpace, 0, page_cb, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, 0, step_across_cb, "i", 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, 0, step_across_cb, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Down, 0, step_cb, "i", 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Up, 0, step_cb, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_b, 0, black_cb, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_period, 0, black_cb, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_s, 0, activate_cb, "s", "stage.shuffle");
  gtk_widget_class_add_binding (widget_class, GDK_KEY_a, 0, activate_cb, "s", "stage.orders");
  gtk_widget_class_add_binding (widget_class, GDK_KEY_t, 0, activate_cb, "s", "stage.control");
  gtk_widget_class_add_binding (widget_class, GDK_KEY_m, 0, activate_cb, "s", "stage.map");
  gtk_widget_class_add_binding (widget_class, GDK_KEY_k, 0, activate_cb, "s", "stage.break");
}
