/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/inspector.h"

#include "app/document/spool.h"
#include "app/picture/pixel.h"
#include "ui/direction.h"

#include <glib/gi18n.h>
#include <math.h>

#define KEPT_BYTES    ((gsize)1 << 30)
#define PARTS_SHARE   4  /* what parts take besides, in all: this fraction of it */
#define PART_LEAST_PX 32 /* a side, however many there are */
#define SPOOLED_BYTES ((gsize)8 << 30)

/* What is kept of a source. */
typedef struct
{
  OmniPicture *picture; /* all of it, or the part around the pointer; NULL: it cannot be read */
  guint x, y;           /* where that begins */
  OmniPicture *spooled; /* (nullable) all of it in a file, from which the next part comes soon */
  gsize whole_bytes;    /* it takes of what may be kept; 0 for a part */
  gsize spooled_bytes;
} Kept;

/* A source on its way. Decoding takes a while in which the pointer moves, so where the part lies is decided at its end. */
typedef struct
{
  OmniSource *source;
  OmniPicture *spooled; /* (nullable) */
  gboolean whole, may_spool;
  gsize part_bytes;
  GMutex mutex;
  double place_x, place_y;
} Loading;

struct _OmniInspector
{
  AdwBin parent_instance;

  GListModel *subjects;
  GHashTable *kept;  /* OmniSource → Kept, while mapped */
  gsize whole_bytes; /* of those of which all is kept */
  gsize spooled_bytes;
  gsize most_bytes; /* … that may be */
  guint n_sources;  /* to share what is for parts */
  GCancellable *cancellable;
  Loading *loading; /* (nullable) owned by its task */
  double place_x, place_y;
  gboolean pointed;

  GtkLabel *where;
  GtkGrid *values;
};

G_DEFINE_FINAL_TYPE (OmniInspector, omni_inspector, ADW_TYPE_BIN)

/* Places */

static gsize
get_pixel_bytes (OmniSource *source)
{
  return omni_source_get_channels (source)
         * omni_sample_type_get_bytes (omni_source_get_sample_type (source));
}

static guint
to_pixel (double place, guint n)
{
  return MIN ((guint)(place * n), n - 1);
}

/* Around the place, of about so many bytes. */
static GdkRectangle
find_part (OmniSource *source, double place_x, double place_y, gsize bytes)
{
  const guint width = omni_source_get_width (source), height = omni_source_get_height (source);
  const double pixels = (double)(bytes / get_pixel_bytes (source));
  const guint part_width = MIN (width, MAX (PART_LEAST_PX, (guint)sqrt (pixels)));
  const guint part_height = MIN (height, MAX (PART_LEAST_PX, (guint)(pixels / part_width)));
  const guint x = to_pixel (place_x, width), y = to_pixel (place_y, height);

  return (GdkRectangle){ (int)MIN (x - MIN (x, part_width / 2), width - part_width),
                         (int)MIN (y - MIN (y, part_height / 2), height - part_height), (int)part_width,
                         (int)part_height };
}

/* Reading */

static gboolean
is_subject (OmniInspector *self, gpointer source)
{
  for (guint i = 0; self->subjects != NULL && i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    if (omni_subject_get_source (subject) == source)
      return TRUE;
  }
  return FALSE;
}

static void load_next (OmniInspector *self);
static void show_values (OmniInspector *self);

static void
kept_free (Kept *kept)
{
  g_clear_object (&kept->picture);
  g_clear_object (&kept->spooled);
  g_free (kept);
}

static void
loading_free (Loading *loading)
{
  g_object_unref (loading->source);
  g_clear_object (&loading->spooled);
  g_mutex_clear (&loading->mutex);
  g_free (loading);
}

static OmniPicture *
cut (OmniPicture *picture, const GdkRectangle *part, GError **error)
{
  const guint width = (guint)part->width, height = (guint)part->height;
  const guint channels = omni_picture_get_channels (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize pixel_bytes = channels * omni_sample_type_get_bytes (type);
  const guint8 *from = omni_picture_get_pixels (picture);
  gsize size_bytes;
  guint8 *to = omni_picture_try_alloc_pixels (width, height, channels, type, &size_bytes, error);

  if (to == NULL)
    return NULL;
  for (guint y = 0; y < height; y++)
    memcpy (to + y * width * pixel_bytes,
            from + (((gsize)part->y + y) * omni_picture_get_width (picture) + (gsize)part->x) * pixel_bytes,
            width * pixel_bytes);
  return omni_picture_new (width, height, channels, omni_picture_get_has_alpha (picture), type,
                           g_bytes_new_take (to, size_bytes), NULL, NULL, error);
}

/* The part around the pointer, of a picture in memory or in a file. */
static gboolean
take_part (Kept *kept, Loading *loading, OmniPicture *picture, GError **error)
{
  g_mutex_lock (&loading->mutex);
  const GdkRectangle part = find_part (loading->source, loading->place_x, loading->place_y,
                                       loading->part_bytes);
  g_mutex_unlock (&loading->mutex);

  kept->x = (guint)part.x;
  kept->y = (guint)part.y;
  kept->picture = cut (picture, &part, error);
  return kept->picture != NULL;
}

static void
spool (Kept *kept, OmniPicture *picture)
{
  kept->spooled = omni_picture_spool (picture);
  if (kept->spooled == picture) /* there is no room for it */
    g_clear_object (&kept->spooled);
}

static gboolean
read_source (Kept *kept, Loading *loading, GCancellable *cancellable, GError **error)
{
  g_autoptr (OmniPicture) picture = loading->spooled != NULL
                                      ? g_object_ref (loading->spooled)
                                      : omni_source_load (loading->source, cancellable, error);

  if (picture == NULL)
    return FALSE;
  if (loading->whole)
  {
    kept->whole_bytes = g_bytes_get_size (omni_picture_get_bytes (picture));
    kept->picture = g_steal_pointer (&picture);
    return TRUE;
  }
  if (!take_part (kept, loading, picture, error))
    return FALSE;
  if (loading->spooled != NULL)
    g_set_object (&kept->spooled, loading->spooled);
  else if (loading->may_spool)
    spool (kept, picture);
  if (kept->spooled == NULL)
    return TRUE;
  kept->spooled_bytes = g_bytes_get_size (omni_picture_get_bytes (kept->spooled));
  omni_picture_unload (kept->spooled);
  return TRUE;
}

static void
load_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Kept *kept = g_new0 (Kept, 1);
  GError *error = NULL;

  if (read_source (kept, task_data, cancellable, &error))
  {
    g_task_return_pointer (task, kept, (GDestroyNotify)kept_free);
    return;
  }
  kept_free (kept);
  g_task_return_error (task, error);
}

static void
forget_source (OmniInspector *self, OmniSource *source)
{
  const Kept *kept = g_hash_table_lookup (self->kept, source);

  if (kept == NULL)
    return;
  self->whole_bytes -= kept->whole_bytes;
  self->spooled_bytes -= kept->spooled_bytes;
  g_hash_table_remove (self->kept, source);
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniInspector *self = OMNI_INSPECTOR (object);
  const Loading *loading = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  Kept *kept = g_task_propagate_pointer (G_TASK (result), &error);

  const gboolean waited_for = loading == self->loading && is_subject (self, loading->source);
  if (loading == self->loading)
  {
    self->loading = NULL;
    g_clear_object (&self->cancellable);
  }
  if (!waited_for)
  {
    g_clear_pointer (&kept, kept_free);
    load_next (self);
    return;
  }
  /* One that cannot be read is not tried again by itself. */
  if (kept == NULL)
    kept = g_new0 (Kept, 1);
  forget_source (self, loading->source);
  self->whole_bytes += kept->whole_bytes;
  self->spooled_bytes += kept->spooled_bytes;
  g_hash_table_insert (self->kept, g_object_ref (loading->source), kept);
  show_values (self);
  load_next (self);
}

/* What is under the pointer there, or nothing to be had. */
static gboolean
covers (OmniInspector *self, const Kept *kept, OmniSource *source)
{
  if (kept->picture == NULL)
    return TRUE;
  const guint x = to_pixel (self->place_x, omni_source_get_width (source));
  const guint y = to_pixel (self->place_y, omni_source_get_height (source));
  return x >= kept->x && x - kept->x < omni_picture_get_width (kept->picture) && y >= kept->y
         && y - kept->y < omni_picture_get_height (kept->picture);
}

static gsize
get_part_bytes (OmniInspector *self)
{
  return self->most_bytes / PARTS_SHARE / MAX (self->n_sources, 1);
}

static void
load (OmniInspector *self, OmniSource *source, gboolean whole)
{
  const Kept *kept = g_hash_table_lookup (self->kept, source);
  Loading *loading = g_new0 (Loading, 1);

  g_mutex_init (&loading->mutex);
  loading->source = g_object_ref (source);
  loading->whole = whole;
  if (kept != NULL && kept->spooled != NULL)
    loading->spooled = g_object_ref (kept->spooled);
  loading->may_spool = self->spooled_bytes < SPOOLED_BYTES;
  loading->part_bytes = get_part_bytes (self);
  loading->place_x = self->place_x;
  loading->place_y = self->place_y;
  self->loading = loading;
  self->cancellable = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, loaded_cb, NULL);
  g_task_set_task_data (task, loading, (GDestroyNotify)loading_free);
  g_task_run_in_thread (task, load_in_thread);
}

/* One after the other, so that one decoded picture is the most that is held besides. */
static void
load_next (OmniInspector *self)
{
  if (self->loading != NULL || self->subjects == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  for (guint i = 0; i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    OmniSource *source = omni_subject_get_source (subject);
    if (source == NULL)
      continue;
    const Kept *kept = g_hash_table_lookup (self->kept, source);
    const gsize bytes = get_pixel_bytes (source) * omni_source_get_width (source)
                        * omni_source_get_height (source);
    const gboolean fits = self->whole_bytes + bytes <= self->most_bytes;
    if (kept == NULL ? fits || self->pointed : self->pointed && !covers (self, kept, source))
    {
      load (self, source, kept == NULL && fits);
      return;
    }
  }
}

static void
stop_loading (OmniInspector *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->loading = NULL;
}

static void
free_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_ptr_array_set_size (task_data, 0);
  g_task_return_boolean (task, TRUE);
}

/* Giving back so much memory takes longer than a frame. */
static void
forget_pictures (OmniInspector *self)
{
  GPtrArray *pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  GHashTableIter iter;
  gpointer value;

  stop_loading (self);
  g_hash_table_iter_init (&iter, self->kept);
  while (g_hash_table_iter_next (&iter, NULL, &value))
  {
    Kept *kept = value;
    if (kept->picture != NULL)
      g_ptr_array_add (pictures, g_steal_pointer (&kept->picture));
    if (kept->spooled != NULL)
      g_ptr_array_add (pictures, g_steal_pointer (&kept->spooled));
  }
  g_hash_table_remove_all (self->kept);
  self->whole_bytes = self->spooled_bytes = 0;
  g_task_set_task_data (task, pictures, (GDestroyNotify)g_ptr_array_unref);
  if (pictures->len > 0)
    g_task_run_in_thread (task, free_in_thread);
}

/* Values */

static char *
describe_source (OmniInspector *self, OmniSource *source)
{
  const Kept *kept = g_hash_table_lookup (self->kept, source);

  if (kept == NULL || !covers (self, kept, source))
    return g_strdup (_ ("reading…"));
  if (kept->picture == NULL)
    return g_strdup (_ ("cannot be read"));
  return omni_picture_describe_pixel (kept->picture,
                                      to_pixel (self->place_x, omni_source_get_width (source)) - kept->x,
                                      to_pixel (self->place_y, omni_source_get_height (source)) - kept->y);
}

static char *
describe_value (OmniInspector *self, OmniSubject *subject)
{
  OmniFusionResult *result = omni_subject_get_result (subject);

  if (result == NULL)
    return describe_source (self, omni_subject_get_source (subject));
  OmniPicture *picture = result->picture;
  return omni_picture_describe_pixel (picture, to_pixel (self->place_x, omni_picture_get_width (picture)),
                                      to_pixel (self->place_y, omni_picture_get_height (picture)));
}

/* Words begin with a letter, which says by itself which way they run. */
static void
show_value (GtkLabel *label, const char *value)
{
  if (g_ascii_isalpha (value[0]) || (value[0] & 0x80) != 0)
    gtk_label_set_text (label, value);
  else
    omni_label_set_numbers (label, value);
}

static void
show_values (OmniInspector *self)
{
  for (guint i = 0; self->subjects != NULL && i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    g_autofree char *value = self->pointed ? describe_value (self, subject) : g_strdup ("");
    GtkWidget *label = gtk_grid_get_child_at (self->values, 1, (int)i);
    show_value (GTK_LABEL (label), value);
  }
}

static void
add_row (OmniInspector *self, int row)
{
  GtkWidget *name = gtk_label_new (NULL);
  GtkWidget *value = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (name, "caption");
  gtk_widget_add_css_class (name, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (value), 1);
  gtk_widget_add_css_class (value, "caption");
  gtk_widget_add_css_class (value, "numeric");
  gtk_grid_attach (self->values, name, 0, row, 1, 1);
  gtk_grid_attach (self->values, value, 1, row, 1, 1);
}

/* Rows that are there are used again; hundreds that nobody sees are not made. */
static void
update_rows (OmniInspector *self)
{
  const int n = (int)g_list_model_get_n_items (self->subjects);

  for (int i = 0; i < n; i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, (guint)i);
    if (gtk_grid_get_child_at (self->values, 0, i) == NULL)
      add_row (self, i);
    gtk_label_set_text (GTK_LABEL (gtk_grid_get_child_at (self->values, 0, i)),
                        omni_subject_get_label (subject));
  }
  while (gtk_grid_get_child_at (self->values, 0, n) != NULL)
    gtk_grid_remove_row (self->values, n);
}

static guint
count_sources (OmniInspector *self)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    n += omni_subject_get_source (subject) != NULL;
  }
  return n;
}

/* Sources that were removed; and parts that are too large by now, since there are so many more. */
static void
drop_pictures (OmniInspector *self)
{
  g_autoptr (GList) sources = g_hash_table_get_keys (self->kept);

  self->n_sources = count_sources (self);
  for (GList *link = sources; link != NULL; link = link->next)
  {
    const Kept *kept = g_hash_table_lookup (self->kept, link->data);
    const gsize bytes = kept->picture != NULL ? g_bytes_get_size (omni_picture_get_bytes (kept->picture)) : 0;
    if (!is_subject (self, link->data) || (kept->whole_bytes == 0 && bytes / 2 > get_part_bytes (self)))
      forget_source (self, link->data);
  }
}

static void
subjects_changed_cb (OmniInspector *self)
{
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  drop_pictures (self);
  update_rows (self);
  show_values (self);
  load_next (self);
}

void
omni_inspector_set_subjects (OmniInspector *self, GListModel *subjects)
{
  g_return_if_fail (self->subjects == NULL);
  self->subjects = g_object_ref (subjects);
  g_signal_connect_object (subjects, "items-changed", G_CALLBACK (subjects_changed_cb), self,
                           G_CONNECT_SWAPPED);
}

void
omni_inspector_point (OmniInspector *self, double place_x, double place_y, guint width, guint height)
{
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || place_x < 0 || place_x >= 1 || place_y < 0
      || place_y >= 1)
    return;
  g_autofree char *words = g_strdup_printf ("x %u  y %u", (guint)(place_x * width),
                                            (guint)(place_y * height));

  self->pointed = TRUE;
  self->place_x = place_x;
  self->place_y = place_y;
  gtk_label_set_text (self->where, words);
  if (self->loading != NULL)
  {
    g_mutex_lock (&self->loading->mutex);
    self->loading->place_x = place_x;
    self->loading->place_y = place_y;
    g_mutex_unlock (&self->loading->mutex);
  }
  show_values (self);
  load_next (self);
}

void
omni_inspector_try_again (OmniInspector *self, OmniSource *source)
{
  const Kept *kept = g_hash_table_lookup (self->kept, source);

  if (kept == NULL || kept->picture != NULL)
    return;
  forget_source (self, source);
  show_values (self);
  load_next (self);
}

void
omni_inspector_set_most_bytes (OmniInspector *self, gsize bytes)
{
  forget_pictures (self);
  self->most_bytes = bytes;
  load_next (self);
}

char *
omni_inspector_get_text (OmniInspector *self)
{
  GString *text = g_string_new (gtk_label_get_text (self->where));

  for (int i = 0; gtk_grid_get_child_at (self->values, 0, i) != NULL; i++)
    g_string_append_printf (text, "\n%s\t%s",
                            gtk_label_get_text (GTK_LABEL (gtk_grid_get_child_at (self->values, 0, i))),
                            gtk_label_get_text (GTK_LABEL (gtk_grid_get_child_at (self->values, 1, i))));
  return g_string_free (text, FALSE);
}

/* The object */

static void
omni_inspector_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (omni_inspector_parent_class)->map (widget);
  if (OMNI_INSPECTOR (widget)->subjects != NULL)
    subjects_changed_cb (OMNI_INSPECTOR (widget));
}

static void
omni_inspector_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (omni_inspector_parent_class)->unmap (widget);
  forget_pictures (OMNI_INSPECTOR (widget));
}

static void
omni_inspector_dispose (GObject *object)
{
  OmniInspector *self = OMNI_INSPECTOR (object);

  forget_pictures (self);
  g_clear_object (&self->subjects);
  G_OBJECT_CLASS (omni_inspector_parent_class)->dispose (object);
}

static void
omni_inspector_finalize (GObject *object)
{
  g_hash_table_unref (OMNI_INSPECTOR (object)->kept);
  G_OBJECT_CLASS (omni_inspector_parent_class)->finalize (object);
}

static void
omni_inspector_class_init (OmniInspectorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = omni_inspector_dispose;
  object_class->finalize = omni_inspector_finalize;
  widget_class->map = omni_inspector_map;
  widget_class->unmap = omni_inspector_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/inspector.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniInspector, where);
  gtk_widget_class_bind_template_child (widget_class, OmniInspector, values);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
omni_inspector_init (OmniInspector *self)
{
  self->kept = g_hash_table_new_full (NULL, NULL, g_object_unref, (GDestroyNotify)kept_free);
  self->most_bytes = KEPT_BYTES;
  gtk_widget_init_template (GTK_WIDGET (self));
}
