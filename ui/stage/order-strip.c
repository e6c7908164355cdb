/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stage/order-strip.h"

#include "ui/filmstrip/thumbnail.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define GLIDE_MS    650
#define SPACING_PX  8
#define MAX_LIFT_PX 12 /* how far a card rises that goes a long way */

typedef struct
{
  GtkWidget *widget;
  double from, to; /* places, from 0; fractions while it glides */
} Card;

struct _OmniOrderStrip
{
  GtkWidget parent_instance;

  GArray *cards; /* Card, as the sources come */
  AdwAnimation *animation;
  double progress;
};

G_DEFINE_FINAL_TYPE (OmniOrderStrip, omni_order_strip, GTK_TYPE_WIDGET)

static void
glide_cb (double value, gpointer data)
{
  OmniOrderStrip *self = data;

  self->progress = value;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
describe (OmniOrderStrip *self, const guint *order)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (guint i = 0; i < self->cards->len; i++)
    g_string_append_printf (words, i == 0 ? "%u" : ", %u", order[i] + 1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words->str, -1);
}

void
omni_order_strip_set_order (OmniOrderStrip *self, const guint *order)
{
  gboolean moves = FALSE;

  for (guint place = 0; place < self->cards->len; place++)
  {
    Card *card = &g_array_index (self->cards, Card, order[place]);
    card->from = card->from + (card->to - card->from) * self->progress;
    card->to = place;
    moves |= card->from != card->to;
  }
  describe (self, order);
  self->progress = 0;
  if (moves)
    adw_animation_play (self->animation);
}

static GtkWidget *
create_card (OmniSource *source, guint number)
{
  GtkWidget *overlay = gtk_overlay_new ();
  OmniThumbnail *thumbnail = g_object_new (OMNI_TYPE_THUMBNAIL, NULL);
  g_autofree char *words = g_strdup_printf ("%u", number);
  GtkWidget *label = gtk_label_new (words);

  omni_thumbnail_set_source (thumbnail, source);
  gtk_overlay_set_child (GTK_OVERLAY (overlay), GTK_WIDGET (thumbnail));
  gtk_widget_set_halign (label, GTK_ALIGN_START);
  gtk_widget_set_valign (label, GTK_ALIGN_END);
  gtk_widget_add_css_class (label, "card-number");
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), label);
  gtk_widget_add_css_class (overlay, "order-card");
  return overlay;
}

static void
remove_cards (OmniOrderStrip *self)
{
  for (guint i = 0; i < self->cards->len; i++)
    gtk_widget_unparent (g_array_index (self->cards, Card, i).widget);
  g_array_set_size (self->cards, 0);
}

void
omni_order_strip_set_sources (OmniOrderStrip *self, GPtrArray *sources)
{
  adw_animation_skip (self->animation);
  remove_cards (self);
  for (guint i = 0; i < sources->len; i++)
  {
    const Card card = { create_card (sources->pdata[i], i + 1), i, i };
    gtk_widget_set_parent (card.widget, GTK_WIDGET (self));
    g_array_append_val (self->cards, card);
  }
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

/* The widget */

static void
omni_order_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                          int *natural, int *minimum_baseline, int *natural_baseline)
{
  OmniOrderStrip *self = OMNI_ORDER_STRIP (widget);

  *minimum = *natural = 0;
  if (self->cards->len == 0)
    return;
  gtk_widget_measure (g_array_index (self->cards, Card, 0).widget, orientation, -1, minimum, natural, NULL,
                      NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *natural = (*natural + SPACING_PX) * (int)self->cards->len - SPACING_PX;
  else
  {
    *minimum += MAX_LIFT_PX;
    *natural += MAX_LIFT_PX;
  }
}

static void
omni_order_strip_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  OmniOrderStrip *self = OMNI_ORDER_STRIP (widget);
  const int n = (int)self->cards->len;
  int card_width = 0;

  if (n == 0)
    return;
  gtk_widget_measure (g_array_index (self->cards, Card, 0).widget, GTK_ORIENTATION_HORIZONTAL, -1, NULL,
                      &card_width, NULL, NULL);
  const double wanted = card_width + SPACING_PX;
  const double step = n > 1 ? MIN (wanted, (double)(width - card_width) / (n - 1)) : wanted;
  const double left = MAX (0, (width - (step * (n - 1) + card_width)) / 2);
  const gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  for (int i = 0; i < n; i++)
  {
    const Card *card = &g_array_index (self->cards, Card, i);
    const double place = card->from + (card->to - card->from) * self->progress;
    const double lift = MAX_LIFT_PX * MIN (1, ABS (card->to - card->from) / 2) * 4 * self->progress
                        * (1 - self->progress);
    const double x = left + step * (mirrored ? n - 1 - place : place);
    GskTransform *transform = gsk_transform_translate (
      NULL, &GRAPHENE_POINT_INIT ((float)x, (float)(MAX_LIFT_PX - lift)));
    gtk_widget_allocate (card->widget, card_width, MAX (1, height - MAX_LIFT_PX), -1, transform);
  }
}

static void
omni_order_strip_dispose (GObject *object)
{
  OmniOrderStrip *self = OMNI_ORDER_STRIP (object);

  if (self->animation != NULL)
    adw_animation_reset (self->animation);
  g_clear_object (&self->animation);
  remove_cards (self);
  G_OBJECT_CLASS (omni_order_strip_parent_class)->dispose (object);
}

static void
omni_order_strip_finalize (GObject *object)
{
  g_array_unref (OMNI_ORDER_STRIP (object)->cards);
  G_OBJECT_CLASS (omni_order_strip_parent_class)->finalize (object);
}

static void
omni_order_strip_class_init (OmniOrderStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_order_strip_dispose;
  G_OBJECT_CLASS (klass)->finalize = omni_order_strip_finalize;
  widget_class->measure = omni_order_strip_measure;
  widget_class->size_allocate = omni_order_strip_size_allocate;
  gtk_widget_class_set_css_name (widget_class, "orderstrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
omni_order_strip_init (OmniOrderStrip *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (glide_cb, self, NULL);

  self->cards = g_array_new (FALSE, TRUE, sizeof (Card));
  self->animation = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, GLIDE_MS, target);
  self->progress = 1;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Order of the pictures"), -1);
}
