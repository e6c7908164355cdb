/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/texture.h"

/* clang-format off */
static G_DEFINE_QUARK (omni-texture-surface, surface);
/* clang-format on */

GdkTexture *
omni_texture_new (GBytes *pixels, int width, int height)
{
  static const cairo_user_data_key_t key;
  const int stride = width * (int)sizeof (guint32);
  GdkTexture *self = gdk_memory_texture_new (width, height, GDK_MEMORY_DEFAULT, pixels, (gsize)stride);
  cairo_surface_t *surface = cairo_image_surface_create_for_data (
    (unsigned char *)g_bytes_get_data (pixels, NULL), CAIRO_FORMAT_ARGB32, width, height, stride);

  /* What was drawn may outlive the texture. */
  cairo_surface_set_user_data (surface, &key, g_bytes_ref (pixels), (cairo_destroy_func_t)g_bytes_unref);
  g_object_set_qdata_full (G_OBJECT (self), surface_quark (), surface, (GDestroyNotify)cairo_surface_destroy);
  return self;
}

static cairo_surface_t *
get_surface (GdkTexture *self)
{
  return g_object_get_qdata (G_OBJECT (self), surface_quark ());
}

const guint32 *
omni_texture_get_pixels (GdkTexture *self)
{
  return (const guint32 *)(const void *)cairo_image_surface_get_data (get_surface (self));
}

static void
append_by_cairo (GdkTexture *self, GtkSnapshot *snapshot, const graphene_rect_t *bounds)
{
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, bounds);

  cairo_translate (cr, (double)bounds->origin.x, (double)bounds->origin.y);
  cairo_scale (cr, (double)bounds->size.width / gdk_texture_get_width (self),
               (double)bounds->size.height / gdk_texture_get_height (self));
  cairo_set_source_surface (cr, get_surface (self), 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_rectangle (cr, 0, 0, gdk_texture_get_width (self), gdk_texture_get_height (self));
  cairo_fill (cr);
  cairo_destroy (cr);
}

void
omni_texture_append (GdkTexture *self, GtkWidget *widget, GtkSnapshot *snapshot,
                     const graphene_rect_t *bounds)
{
  GtkNative *native = gtk_widget_get_native (widget);

  if (native != NULL && GSK_IS_CAIRO_RENDERER (gtk_native_get_renderer (native)))
    append_by_cairo (self, snapshot, bounds);
  else
    gtk_snapshot_append_texture (snapshot, self, bounds);
}
