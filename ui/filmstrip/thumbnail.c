/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/filmstrip/thumbnail.h"

#include "app/files/reader.h"
#include "app/view/frame.h"
#include "ui/texture.h"

#define WIDTH_PX  80
#define HEIGHT_PX 60
#define READ_PX   240 /* fills the frame, cropped and at twice the density */

struct _OmniThumbnail
{
  GtkWidget parent_instance;

  GObject *subject; /* OmniSource or OmniPicture */
  GdkTexture *texture;
  GCancellable *cancellable;
};

enum
{
  SIGNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniThumbnail, omni_thumbnail, GTK_TYPE_WIDGET)

/* clang-format off */
static G_DEFINE_QUARK (omni-thumbnail-texture, texture);
/* clang-format on */

/* Reading */

/* Deep ones whole: small versions have 8 bits, in which some are nothing but black. */
static OmniPicture *
read_picture (GObject *subject, GCancellable *cancellable, GError **error)
{
  if (OMNI_IS_PICTURE (subject))
    return g_object_ref (OMNI_PICTURE (subject));
  OmniSource *source = OMNI_SOURCE (subject);
  return omni_source_get_sample_type (source) == OMNI_SAMPLE_U8
           ? omni_picture_read_scaled (omni_source_get_path (source), READ_PX, cancellable, error)
           : omni_picture_read (omni_source_get_path (source), cancellable, error);
}

static GdkTexture *
read_texture (GObject *subject, GCancellable *cancellable, GError **error)
{
  g_autoptr (OmniPicture) picture = read_picture (subject, cancellable, error);
  g_autoptr (OmniMipmap) mipmap = picture != NULL ? omni_mipmap_new (picture, cancellable, error) : NULL;

  if (mipmap == NULL)
    return NULL;
  const guint longest = MAX (omni_mipmap_get_width (mipmap), omni_mipmap_get_height (mipmap));
  const double scale = MIN (1, (double)READ_PX / longest);
  const guint width = MAX (1, (guint)(omni_mipmap_get_width (mipmap) * scale));
  const guint height = MAX (1, (guint)(omni_mipmap_get_height (mipmap) * scale));
  guint32 *pixels = g_new (guint32, (gsize)width * height);
  g_autoptr (OmniViewFrame) frame = omni_view_frame_new ((int)width, (int)height);
  omni_mipmap_find_level (mipmap, &frame->low, &frame->high);
  omni_view_item_set_layer (omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 0, 0, (int)width, (int)height), 0,
                            mipmap, 0, 0, scale);
  omni_view_frame_render (frame, pixels);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, (gsize)width * height * sizeof *pixels);
  return omni_texture_new (bytes, (int)width, (int)height);
}

/* In the one thread of the pool, so that thirty cards do not keep thirty threads busy. */
static void
read_in_pool (gpointer data, gpointer pool_data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  GdkTexture *texture = read_texture (g_task_get_task_data (task), g_task_get_cancellable (task), &error);
  if (texture != NULL)
    g_task_return_pointer (task, texture, g_object_unref);
  else
    g_task_return_error (task, error);
}

static GThreadPool *
get_pool (void)
{
  static GThreadPool *pool;

  if (pool == NULL)
    pool = g_thread_pool_new (read_in_pool, NULL, 1, FALSE, NULL);
  return pool;
}

static void
read_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniThumbnail *self = OMNI_THUMBNAIL (object);
  GObject *subject = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = g_task_propagate_pointer (G_TASK (result), &error);

  if (texture == NULL)
  {
    if (subject == self->subject && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      g_signal_emit (self, signals[SIGNAL_FAILED], 0);
    return;
  }
  g_object_set_qdata_full (subject, texture_quark (), g_object_ref (texture), g_object_unref);
  if (subject == self->subject)
  {
    g_set_object (&self->texture, texture);
    gtk_widget_queue_draw (GTK_WIDGET (self));
  }
}

static void
stop_reading (OmniThumbnail *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
set_subject (OmniThumbnail *self, GObject *subject)
{
  if (!g_set_object (&self->subject, subject))
    return;
  stop_reading (self);
  g_set_object (&self->texture, subject != NULL ? g_object_get_qdata (subject, texture_quark ()) : NULL);
  if (subject != NULL && self->texture == NULL)
  {
    self->cancellable = g_cancellable_new ();
    GTask *task = g_task_new (self, self->cancellable, read_cb, NULL);
    g_task_set_task_data (task, g_object_ref (subject), g_object_unref);
    g_thread_pool_push (get_pool (), task, NULL);
  }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_thumbnail_set_source (OmniThumbnail *self, OmniSource *source)
{
  set_subject (self, G_OBJECT (source));
}

void
omni_thumbnail_set_picture (OmniThumbnail *self, OmniPicture *picture)
{
  set_subject (self, picture != NULL ? G_OBJECT (picture) : NULL);
}

/* The widget */

static void
omni_thumbnail_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                        int *natural, int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? WIDTH_PX : HEIGHT_PX;
}

static void
omni_thumbnail_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OmniThumbnail *self = OMNI_THUMBNAIL (widget);
  const double width = gtk_widget_get_width (widget);
  const double height = gtk_widget_get_height (widget);

  if (self->texture == NULL)
    return;
  const double texture_width = gdk_texture_get_width (self->texture);
  const double texture_height = gdk_texture_get_height (self->texture);
  const double scale = MAX (width / texture_width, height / texture_height);
  const double x = (width - texture_width * scale) / 2;
  const double y = (height - texture_height * scale) / 2;
  omni_texture_append (self->texture, widget, snapshot,
                       &GRAPHENE_RECT_INIT ((float)x, (float)y, (float)(texture_width * scale),
                                            (float)(texture_height * scale)));
}

static void
omni_thumbnail_dispose (GObject *object)
{
  OmniThumbnail *self = OMNI_THUMBNAIL (object);

  stop_reading (self);
  g_clear_object (&self->subject);
  g_clear_object (&self->texture);
  G_OBJECT_CLASS (omni_thumbnail_parent_class)->dispose (object);
}

static void
omni_thumbnail_class_init (OmniThumbnailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_thumbnail_dispose;
  widget_class->measure = omni_thumbnail_measure;
  widget_class->snapshot = omni_thumbnail_snapshot;
  signals[SIGNAL_FAILED] = g_signal_new ("failed", OMNI_TYPE_THUMBNAIL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_css_name (widget_class, "thumbnail");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
omni_thumbnail_init (OmniThumbnail *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
}
