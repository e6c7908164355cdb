/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another program from which files are dragged: a small window that offers the files named on the command line, or after
 * --picture one picture as a browser does, itself and its address. Prints the number of its X window when it is there. */
#include <gdk/x11/gdkx.h>
#include <gtk/gtk.h>

static char **paths;

static GdkContentProvider *
prepare_picture_cb (void)
{
  static const char address[] = "https://example.org/picture.png\r\n";
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_filename (paths[1], NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static (address, strlen (address));

  return gdk_content_provider_new_union (
    (GdkContentProvider *[]){ gdk_content_provider_new_for_bytes ("text/uri-list", bytes),
                              gdk_content_provider_new_typed (GDK_TYPE_TEXTURE, texture) },
    2);
}

static GdkContentProvider *
prepare_cb (void)
{
  GSList *files = NULL;

  for (guint i = g_strv_length (paths); i > 0; i--)
    files = g_slist_prepend (files, g_file_new_for_path (paths[i - 1]));
  GdkFileList *list = gdk_file_list_new_from_list (files);
  GdkContentProvider *provider = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, list);
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
  g_slist_free_full (files, g_object_unref);
  return provider;
}

static void
map_cb (GtkWidget *window)
{
  g_print ("%lu\n", (unsigned long)gdk_x11_surface_get_xid (gtk_native_get_surface (GTK_NATIVE (window))));
}

int
main (int argc, char **argv)
{
  if (!gtk_init_check ())
    return 1;
  paths = argv + 1;

  GtkWidget *window = gtk_window_new ();
  GtkWidget *label = gtk_label_new ("Files");
  GtkDragSource *source = gtk_drag_source_new ();
  gtk_drag_source_set_actions (source, GDK_ACTION_COPY);
  const gboolean is_picture = g_strcmp0 (paths[0], "--picture") == 0;
  g_signal_connect_swapped (source, "prepare",
                            is_picture ? G_CALLBACK (prepare_picture_cb) : G_CALLBACK (prepare_cb), NULL);
  gtk_widget_add_controller (label, GTK_EVENT_CONTROLLER (source));
  gtk_window_set_decorated (GTK_WINDOW (window), FALSE);
  gtk_window_set_default_size (GTK_WINDOW (window), 160, 160);
  gtk_window_set_child (GTK_WINDOW (window), label);
  g_signal_connect_after (window, "map", G_CALLBACK (map_cb), NULL);
  gtk_window_present (GTK_WINDOW (window));
  while (TRUE)
    g_main_context_iteration (NULL, TRUE);
}
