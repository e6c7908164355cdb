/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of the comparison can be taken away: the view with labels, a contact sheet of bookmarked parts, an animated flip. */
#include "ui/window/window-private.h"

#include "app/files/webp-animation.h"
#include "app/picture/pixel.h"
#include "ui/sheet.h"

#include <glib/gi18n.h>

#define PANE_LONGEST_PX  1600 /* of a picture on the page */
#define ALONE_LONGEST_PX 4096 /* of the only one */
#define CROP_LONGEST_PX  360  /* on a contact sheet */

typedef enum
{
  EXPORT_VIEW,
  EXPORT_SHEET,
  EXPORT_FLIP
} ExportKind;

typedef struct
{
  ExportKind kind;
  OmniSheet *sheet;
  guint ms;
  char *path;
  GStrv sources;
} Export;

static void
export_free (Export *export)
{
  omni_sheet_free (export->sheet);
  g_free (export->path);
  g_strfreev (export->sources);
  g_free (export);
}

/* Writing */

static gboolean
write_flip (Export *export, const OmniWriteOptions *options, GError **error)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < omni_sheet_get_n_cells (export->sheet); i++)
  {
    OmniPicture *picture = omni_sheet_draw_cell (export->sheet, i, error);
    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (pictures, picture);
  }
  return omni_animation_write (pictures, export->ms, export->path, options, error);
}

static gboolean
write_page (Export *export, const OmniWriteOptions *options, GError **error)
{
  g_autoptr (OmniPicture) page = omni_sheet_draw (export->sheet, error);

  return page != NULL && omni_picture_write (page, export->path, options, error);
}

static void
export_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Export *export = task_data;
  GError *error = NULL;
  /* The dialog has asked before replacing a file. */
  const OmniWriteOptions options = { .force = TRUE,
                                     .sources = (const char *const *)export->sources,
                                     .cancellable = cancellable,
                                     .progress = omni_window_note_written,
                                     .progress_data = task };
  const gboolean written = export->kind == EXPORT_FLIP ? write_flip (export, &options, &error)
                                                       : write_page (export, &options, &error);

  if (written)
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

/* What goes into it */

static const char *
get_label (OmniWindow *self, guint pane)
{
  OmniSubject *subject = omni_viewer_get_subject (self->viewer, pane);

  return subject != NULL ? omni_subject_get_label (subject) : "";
}

/* Panes with a place of their own. */
static guint
get_n_places (OmniWindow *self)
{
  return omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_SIDE_BY_SIDE
           ? omni_viewer_get_n_panes (self->viewer)
           : 1;
}

/* The region, or what is in view. */
static gboolean
get_part (OmniWindow *self, graphene_rect_t *part)
{
  return omni_viewer_get_region_part (self->viewer, part) || omni_viewer_get_visible (self->viewer, part);
}

/* Of the results that are shown, whatever the task is now; where there are only sources, the task. */
static gboolean
is_medical (OmniWindow *self)
{
  gboolean any = FALSE;

  for (guint pane = 0; pane < omni_viewer_get_n_shown (self->viewer); pane++)
  {
    OmniSubject *subject = omni_viewer_get_subject (self->viewer, pane);
    OmniFusionResult *result = subject != NULL ? omni_subject_get_result (subject) : NULL;
    if (result != NULL && result->task == OMNI_TASK_MEDICAL)
      return TRUE;
    any |= result != NULL;
  }
  return !any && gtk_widget_get_visible (self->notice);
}

char *
omni_window_dup_export_footer (OmniWindow *self)
{
  return is_medical (self)
           ? g_strdup_printf ("Omnifuse %s · %s", OMNI_VERSION, _ ("Research use only, not a medical device"))
           : g_strdup_printf ("Omnifuse %s", OMNI_VERSION);
}

/* `differs`: what is on the sheet is a difference or a map, not pictures. */
static void
add_bar (OmniWindow *self, OmniSheet *sheet, gboolean differs)
{
  OmniMipmap *mipmap = omni_viewer_get_mipmap (self->viewer, 0);
  double low, high;

  if (differs)
  {
    g_autofree char *to = g_strdup_printf (_ ("%.3g of 255"),
                                           255 / omni_difference_bar_get_gain (self->difference));
    omni_sheet_set_bar (sheet, OMNI_COLOUR_MAP_INFERNO, "0", to);
    return;
  }
  omni_viewer_get_level (self->viewer, &low, &high);
  if (mipmap == NULL
      || (low == 0 && high == 1 && omni_viewer_get_colour_map (self->viewer) == OMNI_COLOUR_MAP_GREY))
    return;
  g_autofree char *from = omni_picture_describe_value (omni_mipmap_get_picture (mipmap), low);
  g_autofree char *to = omni_picture_describe_value (omni_mipmap_get_picture (mipmap), high);
  omni_sheet_set_bar (sheet, omni_viewer_get_colour_map (self->viewer), from, to);
}

/* Two pictures in one place have both names. */
static char *
dup_view_words (OmniWindow *self, guint pane)
{
  switch (omni_viewer_get_mode (self->viewer))
  {
  case OMNI_VIEWER_WIPE:
    return g_strdup_printf ("%s | %s", get_label (self, 0), get_label (self, 1));
  case OMNI_VIEWER_DIFFERENCE:
    return g_strdup_printf (_ ("Difference of %s and %s"), get_label (self, 0), get_label (self, 1));
  case OMNI_VIEWER_MAP:
    return g_strdup (_ ("Order-sensitivity map"));
  case OMNI_VIEWER_SINGLE:
  case OMNI_VIEWER_SIDE_BY_SIDE:
  case OMNI_VIEWER_BLINK:
  default:
    return g_strdup (get_label (self, pane));
  }
}

static OmniSheet *
make_view (OmniWindow *self)
{
  const guint n = get_n_places (self);
  const guint n_columns = n <= 3 ? n : n == 4 ? 2 : 3;
  const OmniViewerMode mode = omni_viewer_get_mode (self->viewer);
  const gboolean in_one_place = mode == OMNI_VIEWER_WIPE || mode == OMNI_VIEWER_DIFFERENCE
                                || mode == OMNI_VIEWER_MAP;
  OmniSheet *sheet = omni_sheet_new (n_columns);
  graphene_rect_t part;

  for (guint pane = 0; pane < n && get_part (self, &part); pane++)
  {
    g_autofree char *words = dup_view_words (self, pane);
    omni_sheet_add (sheet,
                    omni_viewer_make_still (self->viewer, &part, in_one_place ? -1 : (int)pane,
                                            n > 1 ? PANE_LONGEST_PX : ALONE_LONGEST_PX),
                    words);
  }
  add_bar (self, sheet, mode == OMNI_VIEWER_DIFFERENCE || mode == OMNI_VIEWER_MAP);
  return sheet;
}

/* Where a part lies, in pixels of the first picture. */
static char *
describe_part (OmniWindow *self, guint number, const graphene_rect_t *part)
{
  OmniMipmap *mipmap = omni_viewer_get_mipmap (self->viewer, 0);
  const float width = mipmap != NULL ? (float)omni_mipmap_get_width (mipmap) : 1;
  const float height = mipmap != NULL ? (float)omni_mipmap_get_height (mipmap) : 1;

  return g_strdup_printf (_ ("%u\n%.0f × %.0f at %.0f, %.0f"), number, (double)(part->size.width * width),
                          (double)(part->size.height * height), (double)(part->origin.x * width),
                          (double)(part->origin.y * height));
}

static graphene_rect_t
get_bookmark (OmniWindow *self, guint index)
{
  const OmniPart *part = &g_array_index (omni_document_get_bookmarks (self->document), OmniPart, index);

  return GRAPHENE_RECT_INIT ((float)part->x, (float)part->y, (float)part->width, (float)part->height);
}

/* A row for each bookmark, or for the region; a column for each picture shown. */
static OmniSheet *
make_sheet (OmniWindow *self)
{
  const guint n_columns = omni_viewer_get_n_shown (self->viewer);
  const guint n_bookmarks = omni_document_get_bookmarks (self->document)->len;
  const OmniViewerMode mode = omni_viewer_get_mode (self->viewer);
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (graphene_rect_t));
  OmniSheet *sheet = omni_sheet_new (n_columns);
  graphene_rect_t part;

  for (guint i = 0; i < n_bookmarks; i++)
  {
    part = get_bookmark (self, i);
    g_array_append_val (parts, part);
  }
  if (parts->len == 0 && get_part (self, &part))
    g_array_append_val (parts, part);
  for (guint row = 0; row < parts->len; row++)
  {
    const graphene_rect_t *each = &g_array_index (parts, graphene_rect_t, row);
    g_autofree char *words = describe_part (self, row + 1, each);
    g_autofree char *map = mode == OMNI_VIEWER_MAP ? dup_view_words (self, 0) : NULL;
    for (guint pane = 0; pane < n_columns; pane++)
      omni_sheet_add (sheet, omni_viewer_make_still (self->viewer, each, (int)pane, CROP_LONGEST_PX),
                      row > 0       ? NULL
                      : map != NULL ? map
                                    : get_label (self, pane));
    omni_sheet_set_row_words (sheet, row, words);
  }
  add_bar (self, sheet, mode == OMNI_VIEWER_MAP);
  return sheet;
}

static OmniSheet *
make_flip (OmniWindow *self)
{
  const guint n = omni_viewer_get_n_shown (self->viewer);
  OmniSheet *sheet = omni_sheet_new (n);
  graphene_rect_t part;

  for (guint pane = 0; pane < n && get_part (self, &part); pane++)
    omni_sheet_add (sheet, omni_viewer_make_still (self->viewer, &part, (int)pane, PANE_LONGEST_PX),
                    get_label (self, pane));
  return sheet;
}

static Export *
export_new (OmniWindow *self, ExportKind kind)
{
  Export *export = g_new0 (Export, 1);
  g_autoptr (GStrvBuilder) sources = g_strv_builder_new ();

  export->kind = kind;
  export->sheet = kind == EXPORT_VIEW    ? make_view (self)
                  : kind == EXPORT_SHEET ? make_sheet (self)
                                         : make_flip (self);
  g_autofree char *footer = omni_window_dup_export_footer (self);
  omni_sheet_set_footer (export->sheet, footer);
  export->ms = omni_viewer_get_blink_ms (self->viewer);
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
    g_strv_builder_add (sources, omni_source_get_path (omni_document_get_source (self->document, i)));
  export->sources = g_strv_builder_end (sources);
  return export;
}

/* The dialog */

static void
export_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  Export *export = g_object_steal_data (G_OBJECT (dialog), "export");

  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    export->path = file != NULL ? g_file_get_path (file) : NULL;
    if (export->path != NULL)
    {
      Export *written = g_steal_pointer (&export);
      omni_window_write (self, written->path, export_in_thread, written, (GDestroyNotify)export_free);
    }
    else
      omni_window_show_file_error (self, _ ("This place is not on this computer; choose a folder that is."));
  }
  g_clear_pointer (&export, export_free);
  g_clear_object (&self->chooser);
}

/* What is exported is what was shown when it was asked for. */
static void
choose_target (OmniWindow *self, ExportKind kind, const char *title, const char *name)
{
  if (self->chooser != NULL || omni_viewer_is_empty (self->viewer))
    return;
  self->chooser = gtk_file_chooser_native_new (title, GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE,
                                               _ ("_Export"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  omni_window_set_start_folder (self, GTK_FILE_CHOOSER (self->chooser));
  if (kind == EXPORT_FLIP)
    omni_window_add_filter (GTK_FILE_CHOOSER (self->chooser), _ ("Animated WebP (.webp)"),
                            (const char *const[]){ "webp", NULL });
  else
    omni_window_add_picture_filter (GTK_FILE_CHOOSER (self->chooser));
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  g_object_set_data_full (G_OBJECT (self->chooser), "export", export_new (self, kind),
                          (GDestroyNotify)export_free);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (export_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
export_view_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  choose_target (OMNI_WINDOW (widget), EXPORT_VIEW, _ ("Export the View"), "view.png");
}

static void
export_sheet_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  choose_target (OMNI_WINDOW (widget), EXPORT_SHEET, _ ("Export the Contact Sheet"), "contact-sheet.png");
}

static void
export_flip_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  choose_target (OMNI_WINDOW (widget), EXPORT_FLIP, _ ("Export an Animated Flip"), "flip.webp");
}

/* Bookmarks */

static void
bookmark_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  graphene_rect_t part;

  if (!get_part (self, &part))
    return;
  const OmniPart bookmark = { part.origin.x, part.origin.y, part.size.width, part.size.height };
  const gboolean added = omni_document_add_bookmark (self->document, &bookmark);
  const guint n = omni_document_get_bookmarks (self->document)->len;
  g_autofree char *words = g_strdup_printf (added
                                              ? ngettext ("%u part is bookmarked for the contact sheet",
                                                          "%u parts are bookmarked for the contact sheet", n)
                                              : _ ("%u parts are bookmarked, and no sheet has room for more"),
                                            n);
  omni_window_tell (self, adw_toast_new (words));
}

/* Goes to one after another. */
static void
next_bookmark_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  const guint n = omni_document_get_bookmarks (self->document)->len;

  if (n == 0)
    return;
  self->bookmark = self->bookmark < n ? (self->bookmark + 1) % n : 0;
  const graphene_rect_t part = get_bookmark (self, self->bookmark);
  omni_viewer_set_region_part (self->viewer, &part);
  omni_viewer_show_part (self->viewer, &part);
}

static void
clear_bookmarks_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  self->bookmark = G_MAXUINT;
  omni_document_clear_bookmarks (self->document);
}

/* Setting up */

void
omni_window_update_export (OmniWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const gboolean shows = !omni_viewer_is_empty (self->viewer);
  const gboolean has_bookmarks = omni_document_get_bookmarks (self->document)->len > 0;

  gtk_widget_action_set_enabled (widget, "win.export-view", shows);
  gtk_widget_action_set_enabled (widget, "win.export-sheet", shows);
  gtk_widget_action_set_enabled (widget, "win.export-flip",
                                 shows && omni_viewer_get_n_shown (self->viewer) > 1);
  gtk_widget_action_set_enabled (widget, "win.bookmark", shows);
  gtk_widget_action_set_enabled (widget, "win.next-bookmark", has_bookmarks);
  gtk_widget_action_set_enabled (widget, "win.clear-bookmarks", has_bookmarks);
}

void
omni_window_class_install_export (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.export-view", NULL, export_view_action);
  gtk_widget_class_install_action (widget_class, "win.export-sheet", NULL, export_sheet_action);
  gtk_widget_class_install_action (widget_class, "win.export-flip", NULL, export_flip_action);
  gtk_widget_class_install_action (widget_class, "win.bookmark", NULL, bookmark_action);
  gtk_widget_class_install_action (widget_class, "win.next-bookmark", NULL, next_bookmark_action);
  gtk_widget_class_install_action (widget_class, "win.clear-bookmarks", NULL, clear_bookmarks_action);
}

void
omni_window_init_export (OmniWindow *self)
{
  self->bookmark = G_MAXUINT;
  g_signal_connect_object (self->document, "changed", G_CALLBACK (omni_window_update_export), self,
                           G_CONNECT_SWAPPED);
  omni_window_update_export (self);
}
