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
  gboolean damaged;
  GFileMonitor *monitor; /* (nullable) of its file, while it is */
};

enum
{
  SIGNAL_FAILED,
  SIGNAL_MENDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniThumbnail, omni_thumbnail, GTK_TYPE_WIDGET)

/* clang-format off */
static G_DEFINE_QUARK (omni-thumbnail-texture, texture);
/* clang-format on */

/* Reading */

typedef struct
{
  GObject *subject;
  guint writing; /* of the file, when it was read */
} Reading;

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->subject);
  g_free (reading);
}

/* Deep ones whole: small versions have 8 bits, in which some are nothing but black. */
static OmniPicture *
read_picture (GObject *subject, GCancellable *cancellable, GError **error)
{
  if (OMNI_IS_PICTURE (subject))
    return g_object_ref (OMNI_PICTURE (subject));
  OmniSource *source = OMNI_SOURCE (subject);
  return omni_source_get_sample_type (source) == OMNI_SAMPLE_U8
           ? omni_source_load_scaled (source, READ_PX, cancellable, error)
           : omni_source_load (source, cancellable, error);
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
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (OMNI_IS_SOURCE (reading->subject))
    reading->writing = omni_source_get_writing (OMNI_SOURCE (reading->subject));
  GdkTexture *texture = read_texture (reading->subject, g_task_get_cancellable (task), &error);
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
stop_reading (OmniThumbnail *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void start_reading (OmniThumbnail *self);

/* Not while it is being written: the end of that is told, too. */
static void
file_changed_cb (OmniThumbnail *self, GFile *file, GFile *other_file, GFileMonitorEvent event)
{
  if (event == G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT || event == G_FILE_MONITOR_EVENT_CREATED
      || event == G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED)
    start_reading (self);
}

/* Where there is no watching, a person can still ask. */
static void
watch (OmniThumbnail *self, OmniSource *source)
{
  g_autoptr (GFile) file = g_file_new_for_path (omni_source_get_path (source));

  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (file_changed_cb), self, G_CONNECT_SWAPPED);
}

static void
note_failure (OmniThumbnail *self, const Reading *reading, const GError *error)
{
  OmniSource *source = OMNI_IS_SOURCE (reading->subject) ? OMNI_SOURCE (reading->subject) : NULL;

  self->damaged = TRUE;
  if (source != NULL && self->monitor == NULL)
    watch (self, source);
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error->message);
  /* What was written before it was watched. */
  if (source != NULL && reading->subject == self->subject
      && omni_source_get_writing (source) != reading->writing)
    start_reading (self);
}

static void
read_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniThumbnail *self = OMNI_THUMBNAIL (object);
  const Reading *reading = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = g_task_propagate_pointer (G_TASK (result), &error);

  if (texture == NULL)
  {
    if (reading->subject == self->subject && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      note_failure (self, reading, error);
    return;
  }
  g_object_set_qdata_full (reading->subject, texture_quark (), g_object_ref (texture), g_object_unref);
  if (reading->subject != self->subject)
    return;
  const gboolean was_damaged = self->damaged;
  self->damaged = FALSE;
  g_clear_object (&self->monitor);
  g_set_object (&self->texture, texture);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (was_damaged)
    g_signal_emit (self, signals[SIGNAL_MENDED], 0);
}

static void
start_reading (OmniThumbnail *self)
{
  Reading *reading = g_new0 (Reading, 1);

  stop_reading (self);
  self->cancellable = g_cancellable_new ();
  reading->subject = g_object_ref (self->subject);
  GTask *task = g_task_new (self, self->cancellable, read_cb, NULL);
  g_task_set_task_data (task, reading, (GDestroyNotify)reading_free);
  g_thread_pool_push (get_pool (), task, NULL);
}

static void
set_subject (OmniThumbnail *self, GObject *subject)
{
  if (!g_set_object (&self->subject, subject))
    return;
  stop_reading (self);
  self->damaged = FALSE;
  g_clear_object (&self->monitor);
  g_set_object (&self->texture, subject != NULL ? g_object_get_qdata (subject, texture_quark ()) : NULL);
  if (subject != NULL && self->texture == NULL)
    start_reading (self);
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

void
omni_thumbnail_try_again (OmniThumbnail *self)
{
  if (self->subject != NULL && self->texture == NULL)
    start_reading (self);
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
  g_clear_object (&self->monitor);
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
                                         NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_MENDED] = g_signal_new ("mended", OMNI_TYPE_THUMBNAIL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
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
