/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scores/score-strip.h"

#define HEIGHT_PX 16
#define TRACK_PX  4.0f
#define DOT_PX    12.0f
#define TICK_PX   2.0f

struct _OmniScoreStrip
{
  GtkWidget parent_instance;

  GArray *others; /* float, 0 … 1 */
  float own;
  gboolean has_own;
};

G_DEFINE_FINAL_TYPE (OmniScoreStrip, omni_score_strip, GTK_TYPE_WIDGET)

void
omni_score_strip_update (OmniScoreStrip *self, OmniComparison *comparison, guint metric)
{
  const gboolean higher = omni_comparison_get_metric (comparison, metric)->higher_is_better;
  OmniComparisonRow *current = omni_comparison_get_current (comparison);
  double least = 0, greatest = 0;

  g_array_set_size (self->others, 0);
  self->has_own = FALSE;
  omni_comparison_get_bounds (comparison, metric, &least, &greatest);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
  {
    g_autoptr (OmniComparisonRow) row = g_list_model_get_item (G_LIST_MODEL (comparison), i);
    double value;
    if (!omni_comparison_row_get_score (row, metric, &value))
      continue;
    const double share = greatest > least ? (value - least) / (greatest - least) : 0.5;
    const float place = (float)(higher ? share : 1 - share);
    if (row == current)
    {
      self->own = place;
      self->has_own = TRUE;
    }
    else
      g_array_append_val (self->others, place);
  }
  gtk_widget_set_visible (GTK_WIDGET (self), self->has_own && self->others->len > 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Drawing */

static void
append_box (GtkSnapshot *snapshot, float x, float y, float width, float height, const GdkRGBA *colour)
{
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (x, y, width, height);
  GskRoundedRect round;

  gsk_rounded_rect_init_from_rect (&round, &bounds, MIN (width, height) / 2);
  gtk_snapshot_push_rounded_clip (snapshot, &round);
  gtk_snapshot_append_color (snapshot, colour, &bounds);
  gtk_snapshot_pop (snapshot);
}

/* The best is where people read to. */
static float
turn (float place, gboolean mirrored)
{
  return mirrored ? 1 - place : place;
}

static void
omni_score_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OmniScoreStrip *self = OMNI_SCORE_STRIP (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  const float width = (float)gtk_widget_get_width (widget);
  const float middle = (float)gtk_widget_get_height (widget) / 2;
  const float span = width - DOT_PX;
  const gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA colour, faint, accent;

  gtk_style_context_get_color (style, &colour);
  if (!gtk_style_context_lookup_color (style, "accent_bg_color", &accent))
    accent = colour;
  faint = colour;
  faint.alpha *= 0.15f;
  append_box (snapshot, 0, middle - TRACK_PX / 2, width, TRACK_PX, &faint);
  faint.alpha = colour.alpha * 0.55f;
  for (guint i = 0; i < self->others->len; i++)
    append_box (snapshot,
                DOT_PX / 2 + turn (g_array_index (self->others, float, i), mirrored) * span - TICK_PX / 2,
                middle - DOT_PX / 2, TICK_PX, DOT_PX, &faint);
  if (self->has_own)
    append_box (snapshot, turn (self->own, mirrored) * span, middle - DOT_PX / 2, DOT_PX, DOT_PX, &accent);
}

static void
omni_score_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                          int *natural, int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 4 * HEIGHT_PX : HEIGHT_PX;
  *natural = *minimum;
}

static void
omni_score_strip_finalize (GObject *object)
{
  g_array_unref (OMNI_SCORE_STRIP (object)->others);
  G_OBJECT_CLASS (omni_score_strip_parent_class)->finalize (object);
}

static void
omni_score_strip_class_init (OmniScoreStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = omni_score_strip_finalize;
  widget_class->snapshot = omni_score_strip_snapshot;
  widget_class->measure = omni_score_strip_measure;
  gtk_widget_class_set_css_name (widget_class, "scorestrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
omni_score_strip_init (OmniScoreStrip *self)
{
  self->others = g_array_new (FALSE, FALSE, sizeof (float));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
omni_score_strip_new (void)
{
  return g_object_new (OMNI_TYPE_SCORE_STRIP, NULL);
}
