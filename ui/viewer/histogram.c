/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/histogram.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#define HEIGHT_PX 72
#define PEAKS     24 /* of 768 levels */

struct _OmniHistogram
{
  AdwBin parent_instance;

  OmniMipmap *mipmap;
  GdkRectangle region;
  GCancellable *counting;
  OmniMipmapCounts counts;

  GtkDrawingArea *area;
  GtkLabel *caption;
};

G_DEFINE_FINAL_TYPE (OmniHistogram, omni_histogram, ADW_TYPE_BIN)

/* Counting */

typedef struct
{
  OmniMipmap *mipmap;
  GdkRectangle region;
} Count;

static void
count_free (Count *count)
{
  omni_mipmap_unref (count->mipmap);
  g_free (count);
}

static void
count_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const Count *count = task_data;
  OmniMipmapCounts *counts = g_new0 (OmniMipmapCounts, 1);

  omni_mipmap_count (count->mipmap, (guint)count->region.x, (guint)count->region.y,
                     (guint)count->region.width, (guint)count->region.height, counts);
  g_task_return_pointer (task, counts, g_free);
}

static void
show_counts (OmniHistogram *self)
{
  const OmniMipmapCounts *counts = &self->counts;
  g_autofree char *words = counts->n > 0
                             ? g_strdup_printf (_ ("black %.1f %% · white %.1f %%"),
                                                100.0 * (double)counts->n_black / (double)counts->n,
                                                100.0 * (double)counts->n_white / (double)counts->n)
                             : g_strdup ("");

  gtk_label_set_text (self->caption, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self->area));
}

static void
counted_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniHistogram *self = OMNI_HISTOGRAM (object);
  g_autofree OmniMipmapCounts *counts = g_task_propagate_pointer (G_TASK (result), NULL);

  if (counts == NULL) /* cancelled: another count is under way */
    return;
  g_clear_object (&self->counting);
  self->counts = *counts;
  show_counts (self);
}

static void
stop_counting (OmniHistogram *self)
{
  if (self->counting != NULL)
    g_cancellable_cancel (self->counting);
  g_clear_object (&self->counting);
}

void
omni_histogram_set_mipmap (OmniHistogram *self, OmniMipmap *mipmap, const GdkRectangle *region)
{
  const GdkRectangle all = { 0, 0, mipmap != NULL ? (int)omni_mipmap_get_width (mipmap) : 0,
                             mipmap != NULL ? (int)omni_mipmap_get_height (mipmap) : 0 };
  const GdkRectangle wanted = region != NULL ? *region : all;

  if (mipmap == self->mipmap && memcmp (&wanted, &self->region, sizeof wanted) == 0)
    return;
  stop_counting (self);
  g_clear_pointer (&self->mipmap, omni_mipmap_unref);
  self->region = wanted;
  if (mipmap == NULL)
  {
    memset (&self->counts, 0, sizeof self->counts);
    show_counts (self);
    return;
  }
  self->mipmap = omni_mipmap_ref (mipmap);
  self->counting = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, self->counting, counted_cb, NULL);
  Count *count = g_new (Count, 1);
  *count = (Count){ omni_mipmap_ref (mipmap), wanted };
  g_task_set_task_data (task, count, (GDestroyNotify)count_free);
  g_task_run_in_thread (task, count_in_thread);
}

/* Drawing */

static int
compare_counts (const void *a, const void *b)
{
  const guint64 first = *(const guint64 *)a, second = *(const guint64 *)b;

  return (first < second) - (first > second);
}

/* The few highest peaks (a black border, a clipped sky) may be cut off: they would press everything else to the ground. */
static guint64
find_top (const OmniMipmapCounts *counts)
{
  guint64 sorted[3 * 256];

  memcpy (sorted, counts->bins, sizeof sorted);
  qsort (sorted, G_N_ELEMENTS (sorted), sizeof *sorted, compare_counts);
  return MAX (sorted[PEAKS] * 5 / 4, 1);
}

static void
draw_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  OmniHistogram *self = data;
  const double top = (double)find_top (&self->counts);

  cairo_set_source_rgb (cr, 0.1, 0.1, 0.1);
  cairo_paint (cr);
  cairo_set_operator (cr, CAIRO_OPERATOR_ADD); /* grey where the three agree */
  for (guint c = 0; c < 3 && self->counts.n > 0; c++)
  {
    cairo_set_source_rgb (cr, c == 0 ? 0.75 : 0, c == 1 ? 0.75 : 0, c == 2 ? 0.75 : 0);
    cairo_move_to (cr, 0, height);
    for (guint i = 0; i < 256; i++)
      cairo_line_to (cr, (i + 0.5) / 256 * width,
                     height * (1 - MIN ((double)self->counts.bins[c][i] / top, 1)));
    cairo_line_to (cr, width, height);
    cairo_close_path (cr);
    cairo_fill (cr);
  }
}

static void
omni_histogram_dispose (GObject *object)
{
  OmniHistogram *self = OMNI_HISTOGRAM (object);

  stop_counting (self);
  g_clear_pointer (&self->mipmap, omni_mipmap_unref);
  G_OBJECT_CLASS (omni_histogram_parent_class)->dispose (object);
}

static void
omni_histogram_class_init (OmniHistogramClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = omni_histogram_dispose;
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_IMG);
}

static void
omni_histogram_init (OmniHistogram *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  self->area = GTK_DRAWING_AREA (gtk_drawing_area_new ());
  self->caption = GTK_LABEL (gtk_label_new (NULL));
  gtk_drawing_area_set_content_height (self->area, HEIGHT_PX);
  gtk_drawing_area_set_draw_func (self->area, draw_cb, self, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->area), "histogram");
  gtk_widget_set_overflow (GTK_WIDGET (self->area), GTK_OVERFLOW_HIDDEN);
  gtk_label_set_xalign (self->caption, 0);
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "dim-label");
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "numeric");
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->area));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->caption));
  adw_bin_set_child (ADW_BIN (self), box);
}
