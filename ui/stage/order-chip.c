/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stage/order-chip.h"

#include "app/titles.h"
#include "ui/direction.h"

#include <glib/gi18n.h>

#define SHOWN_DIGITS 8

struct _OmniOrderChip
{
  AdwBin parent_instance;

  OmniFusionResult *result;

  GtkWidget *button;
  GtkWidget *verdict_box;
  GtkImage *icon;
  GtkLabel *hash;
  GtkLabel *verdict;
  GtkLabel *difference;
  char *before; /* the hash before the reorder */
  GtkGrid *facts;
};

G_DEFINE_FINAL_TYPE (OmniOrderChip, omni_order_chip, ADW_TYPE_BIN)

static void
set_verdict (OmniOrderChip *self, OmniOrderCheck check)
{
  const char *words = NULL;

  gtk_widget_remove_css_class (self->button, "same");
  gtk_widget_remove_css_class (self->button, "changed");
  if (check == OMNI_ORDER_SAME)
  {
    words = _ ("same bits after reorder");
    gtk_widget_add_css_class (self->button, "same");
    gtk_image_set_from_icon_name (self->icon, "object-select-symbolic");
  }
  else if (check == OMNI_ORDER_CHANGED)
  {
    words = _ ("changed by the reorder");
    gtk_widget_add_css_class (self->button, "changed");
    gtk_image_set_from_icon_name (self->icon, "dialog-warning-symbolic");
  }
  gtk_label_set_text (self->verdict, words != NULL ? words : "");
  gtk_widget_set_visible (self->verdict_box, words != NULL);
}

void
omni_order_chip_set_compared (OmniOrderChip *self, const char *before,
                              const OmniPictureDifference *difference)
{
  g_autofree char *words = NULL;

  g_free (self->before);
  self->before = g_strdup (before);
  if (before == NULL || difference == NULL)
    words = g_strdup ("");
  else if (difference->max_abs == 0)
    words = g_strdup (_ ("max |Δ| 0"));
  else
    words = g_strdup_printf (_ ("max |Δ| %.3g · PSNR %.1f dB"), difference->max_abs, difference->psnr_db);
  gtk_label_set_text (self->difference, words);
}

/* "9f3a… = 9f3a…" where two results were compared. */
static char *
format_hashes (OmniOrderChip *self, OmniOrderCheck check)
{
  if (check == OMNI_ORDER_UNKNOWN || self->before == NULL)
    return g_strdup_printf ("sha256 %.*s…", SHOWN_DIGITS, self->result->sha256);
  return g_strdup_printf ("%s%.*s… %s %.*s…", omni_left_to_right_mark (), SHOWN_DIGITS, self->before,
                          check == OMNI_ORDER_SAME ? "=" : "≠", SHOWN_DIGITS, self->result->sha256);
}

/* What is known about the result */

static void
add_fact (OmniOrderChip *self, int *row, const char *title, const char *value)
{
  if (value == NULL || value[0] == '\0')
    return;
  GtkWidget *name = gtk_label_new (title);
  GtkWidget *fact = gtk_label_new (value);
  gtk_label_set_xalign (GTK_LABEL (name), 1);
  gtk_label_set_yalign (GTK_LABEL (name), 0);
  gtk_widget_add_css_class (name, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (fact), 0);
  gtk_label_set_wrap (GTK_LABEL (fact), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (fact), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (fact), 34);
  gtk_label_set_selectable (GTK_LABEL (fact), TRUE);
  gtk_widget_add_css_class (fact, "numeric");
  gtk_grid_attach (self->facts, name, 0, *row, 1, 1);
  gtk_grid_attach (self->facts, fact, 1, (*row)++, 1, 1);
}

static void
fill_facts (OmniOrderChip *self)
{
  const OmniFusionResult *result = self->result;
  const guint depth_bytes = (guint)omni_sample_type_get_bytes (
    omni_picture_get_sample_type (result->picture));
  g_autofree char *size = g_strdup_printf (_ ("%u × %u, %u bits per sample"),
                                           omni_picture_get_width (result->picture),
                                           omni_picture_get_height (result->picture), depth_bytes * 8);
  g_autofree char *time = g_strdup_printf (_ ("%.0f ms"), result->ms.total);
  g_autofree char *warnings = NULL;
  GtkWidget *child;
  int row = 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->facts))) != NULL)
    gtk_grid_remove (self->facts, child);
  if (result->warnings != NULL && result->warnings->len > 0)
  {
    g_autoptr (GPtrArray) lines = g_ptr_array_new ();
    g_ptr_array_extend (lines, result->warnings, NULL, NULL);
    g_ptr_array_add (lines, NULL);
    warnings = g_strjoinv ("\n", (char **)lines->pdata);
  }
  add_fact (self, &row, _ ("Hash"), result->sha256);
  add_fact (self, &row, _ ("Model"), _ (result->model->title));
  add_fact (self, &row, _ ("Options"), result->options);
  add_fact (self, &row, _ ("Task"), omni_task_get_title (result->task));
  add_fact (self, &row, _ ("Built to ignore the order"), result->order_invariant ? _ ("Yes") : _ ("No"));
  add_fact (self, &row, _ ("Size"), size);
  add_fact (self, &row, _ ("Time"), time);
  add_fact (self, &row, _ ("Device"), result->device_name);
  add_fact (self, &row, _ ("Weights"), result->weights_sha256);
  add_fact (self, &row, _ ("Notes"), warnings);
}

static void
popover_shown_cb (OmniOrderChip *self)
{
  if (self->result != NULL)
    fill_facts (self);
}

void
omni_order_chip_set_result (OmniOrderChip *self, OmniFusionResult *result, OmniOrderCheck check)
{
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  gtk_widget_set_visible (GTK_WIDGET (self), result != NULL);
  if (result == NULL)
    return;

  self->result = omni_fusion_result_ref (result);
  g_autofree char *hash = format_hashes (self, check);
  gtk_label_set_text (self->hash, hash);
  set_verdict (self, check);
  const char *difference = gtk_label_get_text (self->difference);
  const gboolean compared = check != OMNI_ORDER_UNKNOWN && difference[0] != '\0';
  gtk_widget_set_visible (GTK_WIDGET (self->difference), compared);

  const char *verdict = gtk_label_get_text (self->verdict);
  g_autofree char *spoken = verdict[0] != '\0'
                              ? g_strdup_printf ("sha256 %s, %s%s%s", result->sha256, verdict,
                                                 compared ? ", " : "", compared ? difference : "")
                              : g_strdup_printf ("sha256 %s", result->sha256);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken,
                                  -1);
}

static void
omni_order_chip_dispose (GObject *object)
{
  OmniOrderChip *self = OMNI_ORDER_CHIP (object);

  g_clear_pointer (&self->result, omni_fusion_result_unref);
  g_clear_pointer (&self->before, g_free);
  G_OBJECT_CLASS (omni_order_chip_parent_class)->dispose (object);
}

static void
omni_order_chip_class_init (OmniOrderChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_order_chip_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/order-chip.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, button);
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, verdict_box);
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, icon);
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, hash);
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, verdict);
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, difference);
  gtk_widget_class_bind_template_child (widget_class, OmniOrderChip, facts);
  gtk_widget_class_bind_template_callback (widget_class, popover_shown_cb);
}

static void
omni_order_chip_init (OmniOrderChip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
