/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/inspector.h"

#include "app/picture/pixel.h"

#include <glib/gi18n.h>

#define KEPT_BYTES ((gsize)1 << 30)

struct _OmniInspector
{
  AdwBin parent_instance;

  GListModel *subjects;
  GHashTable *pictures; /* OmniSource → OmniPicture, while mapped */
  gsize kept_bytes;
  GCancellable *loading;
  OmniSource *wanted; /* that is being loaded */
  double place_x, place_y;
  gboolean pointed;

  GtkLabel *where;
  GtkGrid *values;
};

G_DEFINE_FINAL_TYPE (OmniInspector, omni_inspector, ADW_TYPE_BIN)

/* Pictures */

static void load_next (OmniInspector *self);
static void show_values (OmniInspector *self);

static void
load_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  OmniPicture *picture = omni_source_load (task_data, cancellable, &error);

  if (picture != NULL)
    g_task_return_pointer (task, picture, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniInspector *self = OMNI_INSPECTOR (object);
  OmniSource *source = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) picture = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || source != self->wanted)
    return;
  g_clear_object (&self->loading);
  g_clear_object (&self->wanted);
  if (picture != NULL)
    self->kept_bytes += g_bytes_get_size (omni_picture_get_bytes (picture));
  /* One that cannot be read has no picture, and is not tried again. */
  g_hash_table_insert (self->pictures, g_object_ref (source), g_steal_pointer (&picture));
  show_values (self);
  load_next (self);
}

static void
load_next (OmniInspector *self)
{
  if (self->loading != NULL || self->subjects == NULL || self->kept_bytes >= KEPT_BYTES
      || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  for (guint i = 0; i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    OmniSource *source = omni_subject_get_source (subject);
    if (source == NULL || g_hash_table_contains (self->pictures, source))
      continue;
    self->loading = g_cancellable_new ();
    self->wanted = g_object_ref (source);
    g_autoptr (GTask) task = g_task_new (self, self->loading, loaded_cb, NULL);
    g_task_set_task_data (task, g_object_ref (source), g_object_unref);
    g_task_run_in_thread (task, load_in_thread);
    return;
  }
}

static void
forget_pictures (OmniInspector *self)
{
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_object (&self->wanted);
  g_hash_table_remove_all (self->pictures);
  self->kept_bytes = 0;
}

/* Values */

static OmniPicture *
find_picture (OmniInspector *self, OmniSubject *subject)
{
  OmniFusionResult *result = omni_subject_get_result (subject);

  return result != NULL ? result->picture
                        : g_hash_table_lookup (self->pictures, omni_subject_get_source (subject));
}

static char *
describe_value (OmniInspector *self, OmniSubject *subject)
{
  OmniPicture *picture = find_picture (self, subject);

  if (picture == NULL)
    return g_strdup (self->loading != NULL ? "…" : _ ("not at hand"));
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  return omni_picture_describe_pixel (picture, MIN ((guint)(self->place_x * width), width - 1),
                                      MIN ((guint)(self->place_y * height), height - 1));
}

static void
show_values (OmniInspector *self)
{
  for (guint i = 0; self->subjects != NULL && i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    g_autofree char *value = self->pointed ? describe_value (self, subject) : g_strdup ("");
    GtkWidget *label = gtk_grid_get_child_at (self->values, 1, (int)i);
    gtk_label_set_text (GTK_LABEL (label), value);
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

static gboolean
is_subject (OmniInspector *self, gpointer source)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->subjects); i++)
  {
    g_autoptr (OmniSubject) subject = g_list_model_get_item (self->subjects, i);
    if (omni_subject_get_source (subject) == source)
      return TRUE;
  }
  return FALSE;
}

/* Sources that were removed. */
static void
drop_pictures (OmniInspector *self)
{
  GHashTableIter iter;
  gpointer source, picture;

  g_hash_table_iter_init (&iter, self->pictures);
  while (g_hash_table_iter_next (&iter, &source, &picture))
  {
    if (is_subject (self, source))
      continue;
    if (picture != NULL)
      self->kept_bytes -= g_bytes_get_size (omni_picture_get_bytes (picture));
    g_hash_table_iter_remove (&iter);
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
  show_values (self);
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
  g_hash_table_unref (OMNI_INSPECTOR (object)->pictures);
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
unref_picture (gpointer picture)
{
  if (picture != NULL)
    g_object_unref (picture);
}

static void
omni_inspector_init (OmniInspector *self)
{
  self->pictures = g_hash_table_new_full (NULL, NULL, g_object_unref, unref_picture);
  gtk_widget_init_template (GTK_WIDGET (self));
}
