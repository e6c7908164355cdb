/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/level-bar.h"

#include "app/picture/pixel.h"
#include "ui/direction.h"

#include <glib/gi18n.h>

#define WIDTH_PX 110

struct _OmniLevelBar
{
  AdwBin parent_instance;

  OmniColourMap map;

  GtkPicture *colours;
  GtkLabel *start;
  GtkLabel *middle;
  GtkLabel *end;
  GtkLabel *numbers;
  GtkWidget *fitted, *full, *fit, *reset;
};

G_DEFINE_FINAL_TYPE (OmniLevelBar, omni_level_bar, ADW_TYPE_BIN)

/* As wide as it is shown: a picture asks for its own size. */
static void
paint (OmniLevelBar *self, OmniColourMap map)
{
  guint32 *pixels = g_new (guint32, WIDTH_PX);

  for (guint i = 0; i < WIDTH_PX; i++)
    pixels[i] = omni_colour_map_get (map)[i * (OMNI_COLOUR_MAP_LEVELS - 1) / (WIDTH_PX - 1)];
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, WIDTH_PX * sizeof *pixels);
  g_autoptr (GdkTexture)
    texture = gdk_memory_texture_new (WIDTH_PX, 1, GDK_MEMORY_DEFAULT, bytes, WIDTH_PX * sizeof *pixels);

  gtk_picture_set_paintable (self->colours, GDK_PAINTABLE (texture));
  self->map = map;
}

static char *
describe (OmniMipmap *mipmap, double value)
{
  g_autofree char *number = mipmap != NULL
                              ? omni_picture_describe_value (omni_mipmap_get_picture (mipmap), value)
                              : g_strdup_printf ("%.3g", value);

  return g_strconcat (omni_left_to_right_mark (), number, NULL); /* it may be below zero */
}

void
omni_level_bar_show (OmniLevelBar *self, OmniMipmap *mipmap, double low, double high, OmniLevelKind kind,
                     OmniColourMap map)
{
  g_autofree char *start = describe (mipmap, low);
  g_autofree char *middle = describe (mipmap, (low + high) / 2);
  g_autofree char *end = describe (mipmap, high);
  g_autofree char *window = describe (mipmap, high - low);
  /* Translators: window and level, as radiologists abbreviate them. */
  g_autofree char *numbers = g_strdup_printf (_ ("W %s  L %s"), window, middle);
  g_autofree char *spoken = g_strdup_printf (_ ("Window %s, level %s, colours %s"), window, middle,
                                             _ (omni_colour_map_get_title (map)));

  if (self->map != map)
    paint (self, map);
  gtk_label_set_text (self->start, start);
  gtk_label_set_text (self->middle, middle);
  gtk_label_set_text (self->end, end);
  gtk_label_set_text (self->numbers, numbers);
  gtk_widget_set_visible (self->fitted, kind == OMNI_LEVEL_FITTED);
  gtk_widget_set_visible (self->full, kind == OMNI_LEVEL_FITTED);
  gtk_widget_set_visible (self->fit, kind == OMNI_LEVEL_UNFITTED);
  gtk_widget_set_visible (self->reset, kind != OMNI_LEVEL_FITTED);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static void
omni_level_bar_class_init (OmniLevelBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/level-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, colours);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, start);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, middle);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, end);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, numbers);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, fitted);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, full);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, fit);
  gtk_widget_class_bind_template_child (widget_class, OmniLevelBar, reset);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
omni_level_bar_init (OmniLevelBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  omni_keep_left_to_right (gtk_widget_get_parent (GTK_WIDGET (self->colours)));
  paint (self, OMNI_COLOUR_MAP_GREY);
}
