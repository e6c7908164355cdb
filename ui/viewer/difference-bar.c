/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/difference-bar.h"

#include "app/view/colour-map.h"
#include "ui/direction.h"

#include <glib/gi18n.h>
#include <math.h>

#define LEVELS       256
#define MAX_DOUBLING 10 /* a gain of 1024: a step of 10 bits is the brightest colour */

struct _OmniDifferenceBar
{
  AdwBin parent_instance;

  double gain;

  GtkPicture *colours;
  GtkLabel *middle;
  GtkLabel *end;
  GtkRange *scale;
  GtkLabel *gain_label;
};

enum
{
  PROP_0,
  PROP_GAIN,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (OmniDifferenceBar, omni_difference_bar, ADW_TYPE_BIN)

/* "31.9", or "255" without a fraction. */
static void
set_number (GtkLabel *label, double value)
{
  g_autofree char *words = g_strdup_printf (value < 100 && value != floor (value) ? "%.1f" : "%.0f", value);

  gtk_label_set_text (label, words);
}

static void
show_gain (OmniDifferenceBar *self)
{
  g_autofree char *words = g_strdup_printf ("× %.3g", self->gain);
  g_autofree char *spoken = g_strdup_printf (_ ("Gain %.3g, the brightest colour stands for %.3g of 255"),
                                             self->gain, 255 / self->gain);

  set_number (self->middle, 255 / self->gain / 2);
  set_number (self->end, 255 / self->gain);
  omni_label_set_numbers (self->gain_label, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, spoken,
                                  -1);
}

double
omni_difference_bar_get_gain (OmniDifferenceBar *self)
{
  return self->gain;
}

void
omni_difference_bar_set_gain (OmniDifferenceBar *self, double gain)
{
  gtk_range_set_value (self->scale, log2 (CLAMP (gain, 1, exp2 (MAX_DOUBLING))));
}

static void
scale_changed_cb (OmniDifferenceBar *self)
{
  self->gain = exp2 (gtk_range_get_value (self->scale));
  show_gain (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GAIN]);
}

static GdkTexture *
create_colours (void)
{
  guint32 *pixels = g_new (guint32, LEVELS);

  for (guint i = 0; i < LEVELS; i++)
    pixels[i] = omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[i];
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, LEVELS * sizeof *pixels);
  return gdk_memory_texture_new (LEVELS, 1, GDK_MEMORY_DEFAULT, bytes, LEVELS * sizeof *pixels);
}

static void
omni_difference_bar_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
  {
  case PROP_GAIN:
    g_value_set_double (value, OMNI_DIFFERENCE_BAR (object)->gain);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
omni_difference_bar_class_init (OmniDifferenceBarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = omni_difference_bar_get_property;
  properties[PROP_GAIN] = g_param_spec_double ("gain", NULL, NULL, 1, 1 << MAX_DOUBLING, 1,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS
                                                 | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/omnifuse/Omnifuse/difference-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniDifferenceBar, colours);
  gtk_widget_class_bind_template_child (widget_class, OmniDifferenceBar, middle);
  gtk_widget_class_bind_template_child (widget_class, OmniDifferenceBar, end);
  gtk_widget_class_bind_template_child (widget_class, OmniDifferenceBar, scale);
  gtk_widget_class_bind_template_child (widget_class, OmniDifferenceBar, gain_label);
  gtk_widget_class_bind_template_callback (widget_class, scale_changed_cb);
}

static void
omni_difference_bar_init (OmniDifferenceBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  omni_keep_left_to_right (gtk_widget_get_parent (GTK_WIDGET (self->colours)));
  g_autoptr (GdkTexture) colours = create_colours ();
  gtk_picture_set_paintable (self->colours, GDK_PAINTABLE (colours));
  self->gain = 1;
  show_gain (self);
}
