/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stage/side.h"

#include "app/order/permutations.h"
#include "ui/direction.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define SHOWN_DIGITS 8

struct _OmniStageSide
{
  AdwBin parent_instance;

  GtkLabel *title;
  GtkWidget *chips;
  GtkLabel *hashes;
  GtkLabel *difference;
  GtkLabel *counter;
  GtkLabel *control;
  GtkLabel *error;
};

G_DEFINE_FINAL_TYPE (OmniStageSide, omni_stage_side, ADW_TYPE_BIN)

/* "5,040", or "2.43e+18" where nobody would read the digits. */
static char *
format_count (guint n_sources)
{
  const guint64 count = omni_permutations_count (n_sources);

  if (count < 100000000)
    return g_strdup_printf ("%'" G_GUINT64_FORMAT, count);
  return g_strdup_printf ("%.3g", tgamma (n_sources + 1.0));
}

char *
omni_order_trial_describe (OmniOrderTrial *trial)
{
  const guint n_sources = omni_order_trial_get_request (trial)->sources->len;
  OmniOrderSummary summary;

  omni_order_trial_summarise (trial, &summary);
  if (summary.n_orders < 2)
    return g_strdup ("");
  if (summary.n_orders == omni_permutations_count (n_sources))
    return g_strdup_printf (_ ("%u of %u orders identical"), summary.n_identical, summary.n_orders);
  g_autofree char *all = format_count (n_sources);
  return g_strdup_printf (_ ("%u of %u orders identical, a sample of %s"), summary.n_identical,
                          summary.n_orders, all);
}

static void
set_good (GtkWidget *widget, gboolean good)
{
  gtk_widget_remove_css_class (widget, good ? "changed" : "same");
  gtk_widget_add_css_class (widget, good ? "same" : "changed");
}

/* "0", "37 of 255", "1.2e-07 of 1". */
static char *
format_difference (const OmniOrderTry *try, OmniPicture *map)
{
  const OmniSampleType type = omni_picture_get_sample_type (map);

  if (try->difference.max_abs == 0)
    return g_strdup (_ ("max |Δ| 0"));
  return g_strdup_printf (_ ("max |Δ| %.3g of %.0f · PSNR %.1f dB"), try->difference.max_abs,
                          omni_sample_type_get_peak (type), try->difference.psnr_db);
}

static void
show_chips (OmniStageSide *self, OmniOrderTrial *trial, int index)
{
  const OmniOrderTry *first = omni_order_trial_get_try (trial, 0);
  const OmniOrderTry *try = index >= 0 ? omni_order_trial_get_try (trial, (guint)index) : NULL;

  gtk_widget_set_visible (self->chips, try != NULL);
  if (try == NULL)
    return;
  /* The first order has nothing to be compared with. */
  const gboolean compares = index > 0;
  const gboolean same = g_str_equal (first->sha256, try->sha256);
  g_autofree char *hashes = compares
                              ? g_strdup_printf ("%s%.*s… %s %.*s…", omni_left_to_right_mark (), SHOWN_DIGITS,
                                                 first->sha256, same ? "=" : "≠", SHOWN_DIGITS, try->sha256)
                              : g_strdup_printf ("sha256 %.*s…", SHOWN_DIGITS, first->sha256);
  g_autofree char *difference = format_difference (try, omni_order_trial_get_map (trial));
  gtk_label_set_text (self->hashes, hashes);
  gtk_label_set_text (self->difference, difference);
  gtk_widget_set_visible (GTK_WIDGET (self->difference), compares);
  set_good (GTK_WIDGET (self->hashes), same);
  set_good (GTK_WIDGET (self->difference), same);
  if (!compares)
    gtk_widget_remove_css_class (GTK_WIDGET (self->hashes), "same");
}

static void
show_control (OmniStageSide *self, const OmniOrderSummary *summary)
{
  g_autofree char *words = NULL;

  if (summary->n_controls == 0)
    words = g_strdup ("");
  else if (summary->n_identical_controls == summary->n_controls)
    words = g_strdup_printf (ngettext ("Control: the same order again gave the same bits, %u time",
                                       "Control: the same order again gave the same bits, %u times",
                                       summary->n_controls),
                             summary->n_controls);
  else
    words = g_strdup_printf (_ ("Control failed: the same order gave other bits %u of %u times"),
                             summary->n_controls - summary->n_identical_controls, summary->n_controls);
  gtk_label_set_text (self->control, words);
}

void
omni_stage_side_set_title (OmniStageSide *self, const char *title)
{
  gtk_label_set_text (self->title, title);
}

void
omni_stage_side_show (OmniStageSide *self, OmniOrderTrial *trial, int index, OmniStageParts parts)
{
  OmniOrderSummary summary = { 0 };
  const char *error = trial != NULL ? omni_order_trial_get_error (trial) : NULL;
  g_autofree char *counter = trial != NULL ? omni_order_trial_describe (trial) : g_strdup ("");

  if (trial != NULL)
    omni_order_trial_summarise (trial, &summary);
  if (trial != NULL && (parts & OMNI_STAGE_CHIPS) != 0)
    show_chips (self, trial, index);
  else
    gtk_widget_set_visible (self->chips, FALSE);

  gtk_label_set_text (self->counter, counter);
  gtk_widget_set_visible (GTK_WIDGET (self->counter),
                          (parts & OMNI_STAGE_COUNTER) != 0 && counter[0] != '\0');
  set_good (GTK_WIDGET (self->counter), summary.n_identical == summary.n_orders);
  show_control (self, &summary);
  gtk_widget_set_visible (GTK_WIDGET (self->control),
                          (parts & OMNI_STAGE_CONTROL) != 0 && summary.n_controls > 0);
  gtk_label_set_text (self->error, error != NULL ? error : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), error != NULL);
}

static void
omni_stage_side_class_init (OmniStageSideClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/stage-side.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, title);
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, chips);
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, hashes);
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, difference);
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, counter);
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, control);
  gtk_widget_class_bind_template_child (widget_class, OmniStageSide, error);
}

static void
omni_stage_side_init (OmniStageSide *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
