/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scores/score-row.h"

#include "ui/direction.h"
#include "ui/scores/score-strip.h"

#include <glib/gi18n.h>

struct _OmniScoreRow
{
  AdwBin parent_instance;

  GtkLabel *title;
  GtkLabel *value;
  OmniScoreStrip *strip;
  GtkLabel *caption;
};

G_DEFINE_FINAL_TYPE (OmniScoreRow, omni_score_row, ADW_TYPE_BIN)

const char *
omni_metric_get_plain_words (const OmniMetric *metric)
{
  static const struct
  {
    const char *name;
    const char *words;
  } plain[] = {
    { "mef-ssim",
      N_ ("Is the best structure of every exposure still there, in small things and in large? 1 would "
          "be all of it.") },
    { "qabf",
      N_ ("Are the edges of the sources in the result, as strong and as straight as they were? 1 would be "
          "all of them.") },
    { "vif",
      N_ ("How much of what an eye sees in the sources does it see in the result? 1 for a copy; more when "
          "contrast was added.") },
    { "cc", N_ ("Is the result bright where the sources are bright, and dark where they are dark? 1 would be "
                "everywhere, in all of them.") },
    { "qnr", N_ ("Are colours and detail both right, as far as that can be told without a better picture? 1 "
                 "would be perfect.") },
    { "d-lambda",
      N_ ("How far have the bands drifted from each other? 0 would be not at all: the colours are "
          "those of the multispectral picture.") },
    { "d-s",
      N_ ("How much detail is missing or made up, next to the panchromatic picture? 0 would be none.") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (plain); i++)
    if (g_str_equal (plain[i].name, metric->name))
      return _ (plain[i].words);
  return metric->summary;
}

/* "2nd of 5 …" reads badly in half of the languages; a fraction does not. */
static char *
describe_place (OmniComparison *comparison, OmniComparisonRow *row, guint metric)
{
  guint n_scored;
  const guint rank = omni_comparison_get_rank (comparison, row, metric, &n_scored);

  if (rank == 0 || n_scored < 2)
    return g_strdup ("");
  if (rank == 1)
    return g_strdup_printf (_ ("best of %u"), n_scored);
  return g_strdup_printf (_ ("place %u of %u"), rank, n_scored);
}

typedef struct
{
  OmniComparison *comparison;
  guint metric;
} Ranking;

static int
compare_ranks (gconstpointer a, gconstpointer b, gpointer data)
{
  const Ranking *by = data;
  guint n;

  return (int)omni_comparison_get_rank (by->comparison, *(OmniComparisonRow *const *)a, by->metric, &n)
         - (int)omni_comparison_get_rank (by->comparison, *(OmniComparisonRow *const *)b, by->metric, &n);
}

/* All scores in lines of text, the best first. */
static char *
list_scores (OmniComparison *comparison, guint metric)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
  GString *lines = g_string_new (NULL);
  double value;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
  {
    OmniComparisonRow *row = g_list_model_get_item (G_LIST_MODEL (comparison), i);
    if (omni_comparison_row_get_score (row, metric, &value))
      g_ptr_array_add (rows, row);
    else
      g_object_unref (row);
  }
  g_ptr_array_sort_with_data (rows, compare_ranks, &(Ranking){ comparison, metric });
  for (guint i = 0; i < rows->len && rows->len > 1; i++)
  {
    g_autofree char *details = omni_comparison_row_dup_details (rows->pdata[i]);
    omni_comparison_row_get_score (rows->pdata[i], metric, &value);
    g_string_append_printf (lines, "\n%.4f  %s %s", value,
                            _ (omni_comparison_row_get_model (rows->pdata[i])->title), details);
  }
  return g_string_free (lines, FALSE);
}

void
omni_score_row_update (OmniScoreRow *self, OmniComparison *comparison, guint metric)
{
  const OmniMetric *which = omni_comparison_get_metric (comparison, metric);
  OmniComparisonRow *row = omni_comparison_get_current (comparison);
  double number = 0;
  const gboolean done = row != NULL && omni_comparison_row_get_score (row, metric, &number);
  const char *reason = row != NULL && !done ? omni_comparison_row_get_reason (row, metric) : NULL;
  g_autofree char *value = done ? g_strdup_printf ("%.4f", number) : g_strdup (reason != NULL ? "–" : "…");
  g_autofree char *place = done ? describe_place (comparison, row, metric) : g_strdup (reason);
  g_autofree char *scores = list_scores (comparison, metric);
  g_autofree char *tooltip = g_strdup_printf ("%s%s%s", omni_metric_get_plain_words (which),
                                              scores[0] != '\0' ? "\n" : "", scores);
  g_autofree char *spoken = g_strdup_printf ("%s %s", which->title, value);

  omni_label_set_numbers (self->value, value);
  gtk_label_set_text (self->caption, place != NULL ? place : "");
  gtk_widget_set_visible (GTK_WIDGET (self->caption), place != NULL && place[0] != '\0');
  omni_score_strip_update (self->strip, comparison, metric);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, tooltip, -1);
}

static void
omni_score_row_class_init (OmniScoreRowClass *klass)
{
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
omni_score_row_init (OmniScoreRow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->title = GTK_LABEL (gtk_label_new (NULL));
  self->value = GTK_LABEL (gtk_label_new (NULL));
  self->caption = GTK_LABEL (gtk_label_new (NULL));
  self->strip = OMNI_SCORE_STRIP (omni_score_strip_new ());
  gtk_label_set_xalign (self->title, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (self->title), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->value), "numeric");
  gtk_widget_add_css_class (GTK_WIDGET (self->value), "heading");
  gtk_label_set_xalign (self->caption, 0);
  gtk_label_set_wrap (self->caption, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "dim-label");
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->title));
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->value));
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->strip));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->caption));
  adw_bin_set_child (ADW_BIN (self), box);
}

GtkWidget *
omni_score_row_new (const OmniMetric *metric)
{
  OmniScoreRow *self = g_object_new (OMNI_TYPE_SCORE_ROW, NULL);

  gtk_label_set_text (self->title, metric->title);
  return GTK_WIDGET (self);
}
