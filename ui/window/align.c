/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures taken by hand: brought to lie upon each other, and back; and a word where they do not. */
#include "ui/window/window-private.h"

#include "app/align/align.h"

#include <glib/gi18n.h>
#include <string.h>

/* After a set was opened there is more pressing to do. */
#define LOOK_DELAY_MS 600

/* Share of the longer side that frames may lie off: thumbnails do not tell much less, and a scene that moved is no more. */
#define TOLERANCE 0.004

typedef struct
{
  GPtrArray *sources; /* OmniSource: those that were fused */
  OmniProgress *work;
  GCancellable *cancellable;
} Aligning;

static void
aligning_free (gpointer data)
{
  Aligning *aligning = data;

  g_ptr_array_unref (aligning->sources);
  omni_progress_unref (aligning->work);
  g_object_unref (aligning->cancellable);
  g_free (aligning);
}

/* (transfer full) They stay what they were when the set changes. */
static GPtrArray *
copy_sources (GPtrArray *sources)
{
  GPtrArray *copy = g_ptr_array_copy (sources, (GCopyFunc)(void (*) (void))g_object_ref, NULL);

  g_ptr_array_set_free_func (copy, g_object_unref);
  return copy;
}

/* Whether both hold the same files, in whatever order and however they are seen. */
static gboolean
has_same_files (GPtrArray *a, GPtrArray *b)
{
  g_autoptr (GHashTable) files = g_hash_table_new (NULL, NULL);

  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    g_hash_table_add (files, omni_source_get_original (a->pdata[i]));
  for (guint i = 0; i < b->len; i++)
    if (!g_hash_table_contains (files, omni_source_get_original (b->pdata[i])))
      return FALSE;
  return TRUE;
}

/* What was said to be no matter: of this set nothing more is said. */

static void
dismiss (OmniWindow *self)
{
  GPtrArray *active = omni_document_get_active (self->document);

  for (guint i = 0; i < active->len; i++)
    g_hash_table_add (self->align_dismissed, g_strdup (omni_source_get_path (active->pdata[i])));
  omni_window_keep_session (self);
}

gboolean
omni_window_leaves_frames (OmniWindow *self)
{
  GPtrArray *active = omni_document_get_active (self->document);

  for (guint i = 0; i < active->len; i++)
    if (g_hash_table_contains (self->align_dismissed, omni_source_get_path (active->pdata[i])))
      return TRUE;
  return FALSE;
}

/* The hint */

/* (transfer full) (nullable) Of pictures that came to a set that was aligned before. */
static char *
describe_unaligned (OmniWindow *self)
{
  g_autoptr (GPtrArray) unaligned = omni_document_list_unaligned (self->document);

  if (unaligned->len == 0)
    return NULL;
  if (unaligned->len > 1)
    return g_strdup_printf (ngettext ("%u picture is not aligned with the others yet.",
                                      "%u pictures are not aligned with the others yet.", unaligned->len),
                            unaligned->len);
  g_autofree char *name = omni_document_dup_name (self->document, unaligned->pdata[0]);
  return g_strdup_printf (_ ("“%s” is not aligned with the others yet."), name);
}

/* (transfer full) (nullable) */
static char *
describe_distance (OmniWindow *self)
{
  if (self->farthest_px == 0 || omni_window_leaves_frames (self))
    return NULL;
  return g_strdup_printf (_ ("The pictures are not aligned: they are up to about %.0f px apart."),
                          MAX (self->farthest_px, 1));
}

/* Whether only what is to be aligned keeps the sizes from being one. */
gboolean
omni_window_asks_to_align (OmniWindow *self)
{
  g_autoptr (GPtrArray) unaligned = omni_document_list_unaligned (self->document);

  return unaligned->len > 0;
}

static void
update_bar (OmniWindow *self)
{
  g_autofree char *unaligned = describe_unaligned (self);
  g_autofree char *distance = unaligned == NULL ? describe_distance (self) : NULL;
  /* What keeps the set from being fused stays. */
  const gboolean is_pressing = unaligned != NULL && omni_document_needs_resize (self->document);
  const gboolean was_read = !is_pressing && g_strcmp0 (unaligned, self->align_read) == 0;
  const char *words = unaligned == NULL ? distance : was_read ? NULL : unaligned;
  /* Until there is more to say of it. */
  const gboolean shows = words != NULL && !gtk_widget_get_visible (GTK_WIDGET (self->aligning_bar));

  if (words != NULL)
    gtk_label_set_text (self->align_text, words);
  gtk_info_bar_set_show_close_button (self->align_bar, !is_pressing);
  omni_window_reveal_bar (self->align_bar, shows);
}

static void
align_response_cb (OmniWindow *self)
{
  g_free (self->align_read);
  self->align_read = describe_unaligned (self);
  if (self->align_read == NULL)
    dismiss (self);
  update_bar (self);
}

/* Looking */

static void
look_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_autofree double *farthest_px = g_new0 (double, 1);
  GError *error = NULL;

  if (omni_align_look (task_data, farthest_px, cancellable, &error))
    g_task_return_pointer (task, g_steal_pointer (&farthest_px), g_free);
  else
    g_task_return_error (task, error);
}

static void
looked_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  GPtrArray *sources = g_task_get_task_data (G_TASK (result));
  g_autofree double *farthest_px = g_task_propagate_pointer (G_TASK (result), NULL);

  if (g_cancellable_is_cancelled (self->cancellable) || sources != self->looked_at)
    return;
  OmniSource *source = sources->pdata[0];
  const guint longest = MAX (omni_source_get_width (source), omni_source_get_height (source));
  /* What cannot be read is told by others. */
  self->farthest_px = farthest_px != NULL && *farthest_px > TOLERANCE * longest ? *farthest_px : 0;
  update_bar (self);
}

static gboolean
look_cb (gpointer data)
{
  OmniWindow *self = data;

  self->look_id = 0;
  self->looking = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, self->looking, looked_cb, NULL);
  g_task_set_task_data (task, g_ptr_array_ref (self->looked_at), (GDestroyNotify)g_ptr_array_unref);
  g_task_set_priority (task, G_PRIORITY_LOW);
  g_task_run_in_thread (task, look_in_thread);
  return G_SOURCE_REMOVE;
}

static void
stop_looking (OmniWindow *self)
{
  g_clear_handle_id (&self->look_id, g_source_remove);
  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
  g_clear_pointer (&self->looked_at, g_ptr_array_unref);
  self->farthest_px = 0;
}

/* Brackets and focus stacks that nobody has aligned. What other cameras took never lies right by itself. */
static gboolean
is_worth_a_look (OmniWindow *self)
{
  const OmniTask task = omni_document_get_effective_task (self->document);
  GPtrArray *active = omni_document_get_active (self->document);

  if ((task != OMNI_TASK_EXPOSURE && task != OMNI_TASK_FOCUS) || !omni_document_can_align (self->document)
      || omni_window_leaves_frames (self))
    return FALSE;
  OmniSource *source = active->pdata[0];
  if (MIN (omni_source_get_width (source), omni_source_get_height (source)) < OMNI_ALIGN_MIN_SIDE_PX)
    return FALSE;
  for (guint i = 0; i < active->len; i++)
    if (omni_source_get_warp (active->pdata[i]) != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
shares_files (GPtrArray *a, GPtrArray *b)
{
  for (guint i = 0; i < a->len; i++)
    for (guint k = 0; k < b->len; k++)
      if (omni_source_get_original (a->pdata[i]) == omni_source_get_original (b->pdata[k]))
        return TRUE;
  return FALSE;
}

static void
consider_looking (OmniWindow *self)
{
  GPtrArray *active = omni_document_get_active (self->document);
  const gboolean goes_on = self->looked_at != NULL && shares_files (self->looked_at, active);
  const double farthest_px = self->farthest_px;

  /* A hint that goes for as long as it takes to come again moves the picture. */
  if (goes_on && omni_document_get_effective_task (self->document) == OMNI_TASK_AUTO)
    return;
  if (!is_worth_a_look (self))
  {
    stop_looking (self);
    return;
  }
  if (self->looked_at != NULL && has_same_files (self->looked_at, active))
    return;
  stop_looking (self);
  self->looked_at = copy_sources (active);
  self->farthest_px = goes_on ? farthest_px : 0;
  self->look_id = g_timeout_add (LOOK_DELAY_MS, look_cb, self);
}

/* Aligning */

static void
note_aligned (double fraction, gpointer work)
{
  omni_progress_set_fraction (work, fraction);
}

static void
align_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Aligning *aligning = task_data;
  GError *error = NULL;
  OmniAlignment *alignment = omni_align_sources (aligning->sources, note_aligned, aligning->work, cancellable,
                                                 &error);

  if (alignment != NULL)
    g_task_return_pointer (task, alignment, (GDestroyNotify)omni_alignment_free);
  else
    g_task_return_error (task, error);
}

/* The way back on the spot, whatever was changed meanwhile. */
typedef struct
{
  OmniDocument *document;
  GPtrArray *before; /* OmniSource */
} Way;

static void
way_free (gpointer data, GClosure *closure)
{
  Way *way = data;

  g_object_unref (way->document);
  g_ptr_array_unref (way->before);
  g_free (way);
}

static void
take_back_cb (AdwToast *toast, gpointer data)
{
  Way *way = data;

  omni_document_take_back_aligned (way->document, way->before);
}

static void
tell_with_undo (OmniWindow *self, const char *words, GPtrArray *before)
{
  AdwToast *toast = adw_toast_new (words);
  Way *way = g_new0 (Way, 1);

  way->document = g_object_ref (self->document);
  way->before = g_ptr_array_ref (before);
  adw_toast_set_button_label (toast, _ ("_Undo"));
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (take_back_cb), way, way_free, 0);
  omni_window_tell (self, toast);
}

/* Not again while it can be read: toasts queue up. */
static void
tell_once (OmniWindow *self, const char *words)
{
  if (self->toast == NULL || !g_str_equal (adw_toast_get_title (self->toast), words))
    omni_window_tell (self, adw_toast_new (words));
}

/* (transfer full) "4 of 5 pictures were moved, by up to 14 px" */
static char *
describe_moved (const OmniAlignment *alignment)
{
  const guint n = alignment->sources->len;
  guint n_moved = 0;
  double farthest_px = 0;

  for (guint i = 0; i < n; i++)
  {
    n_moved += alignment->motions[i].state == OMNI_FRAME_MOVED;
    farthest_px = MAX (farthest_px, alignment->motions[i].shift_px);
  }
  g_autofree char *px = g_strdup_printf (farthest_px < 9.95 ? "%.1f" : "%.0f", farthest_px);
  return g_strdup_printf (ngettext ("%u of %u pictures was moved, by up to %s px",
                                    "%u of %u pictures were moved, by up to %s px", n_moved),
                          n_moved, n, px);
}

/* (transfer full) A sentence for each that could not be aligned, on lines; "" when there is none. */
static char *
describe_lost (OmniWindow *self, const Aligning *aligning, const OmniAlignment *alignment)
{
  GString *words = g_string_new (NULL);

  for (guint i = 0; i < aligning->sources->len; i++)
  {
    if (alignment->motions[i].state != OMNI_FRAME_NOT_FOUND)
      continue;
    g_autofree char *name = omni_document_dup_name (self->document, aligning->sources->pdata[i]);
    if (words->len > 0)
      g_string_append_c (words, '\n');
    g_string_append_printf (words,
                            _ ("“%s” shows too little of what the others show, or is turned too far, to be "
                               "aligned, and stays as it is."),
                            name);
  }
  return g_string_free (words, FALSE);
}

static void
take_alignment (OmniWindow *self, const Aligning *aligning, const OmniAlignment *alignment)
{
  g_autoptr (GPtrArray) before = copy_sources (omni_document_get_sources (self->document));
  g_autofree char *lost = describe_lost (self, aligning, alignment);
  g_autofree char *moved = describe_moved (alignment);

  dismiss (self); /* who takes it back means it */
  if (omni_document_set_aligned (self->document, alignment->sources))
    tell_with_undo (self, alignment->moved ? moved : _ ("The pictures are aligned as they are"), before);
  else if (lost[0] == '\0')
    tell_once (self, _ ("The pictures are aligned already"));
  if (lost[0] != '\0')
    omni_window_show_file_error (self, lost);
}

static void
aligned_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  const Aligning *aligning = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniAlignment) alignment = g_task_propagate_pointer (G_TASK (result), &error);

  self->aligning = NULL;
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  omni_work_bar_end (self->aligning_bar, aligning->work);
  if (!has_same_files (aligning->sources, omni_document_get_active (self->document)))
    tell_once (self, _ ("The set was changed meanwhile; nothing was aligned"));
  else if (alignment != NULL)
    take_alignment (self, aligning, alignment);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    omni_window_show_file_error (self, error->message);
  omni_window_update_align_actions (self);
  omni_window_update_align (self);
}

static void
align_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (self->aligning != NULL || !omni_document_can_align (self->document))
    return;
  Aligning *aligning = g_new0 (Aligning, 1);
  GCancellable *cancellable;
  aligning->sources = copy_sources (omni_document_get_active (self->document));
  aligning->work = omni_progress_ref (
    omni_work_bar_begin (self->aligning_bar, _ ("Aligning the pictures"), &cancellable));
  aligning->cancellable = g_object_ref (cancellable);
  self->aligning = aligning->sources;
  g_autoptr (GTask) task = g_task_new (self, cancellable, aligned_cb, NULL);
  g_task_set_task_data (task, aligning, aligning_free);
  g_task_run_in_thread (task, align_in_thread);
  omni_window_update_align_actions (self);
}

static void
unalign_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  g_autoptr (GPtrArray) before = copy_sources (omni_document_get_sources (self->document));

  dismiss (self);
  if (omni_document_unalign (self->document))
    tell_with_undo (self, _ ("The pictures are used as they are"), before);
}

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_work_bar_cancel (OMNI_WINDOW (widget)->aligning_bar);
}

gboolean
omni_window_escape_align (OmniWindow *self)
{
  if (self->aligning == NULL)
    return FALSE;
  omni_work_bar_cancel (self->aligning_bar);
  return TRUE;
}

/* The window */

void
omni_window_update_align_actions (OmniWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const gboolean may = !omni_stage_view_is_talking (self->stage_view) && self->aligning == NULL;

  gtk_widget_action_set_enabled (widget, "win.align-frames", may && omni_document_can_align (self->document));
  gtk_widget_action_set_enabled (widget, "win.unalign-frames",
                                 may && omni_document_is_aligned (self->document));
}

void
omni_window_update_align (OmniWindow *self)
{
  if (omni_document_get_n_sources (self->document) == 0)
    g_hash_table_remove_all (self->align_dismissed);
  /* Of what nobody asks for any more nothing is made. */
  if (self->aligning != NULL && !has_same_files (self->aligning, omni_document_get_active (self->document)))
    omni_work_bar_cancel (self->aligning_bar);
  consider_looking (self);
  update_bar (self);
}

void
omni_window_leave_frames (OmniWindow *self)
{
  dismiss (self);
  omni_window_update_align (self);
}

void
omni_window_class_install_align (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, aligning_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, align_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, align_text);
  gtk_widget_class_bind_template_callback (widget_class, align_response_cb);
  gtk_widget_class_install_action (widget_class, "win.align-frames", NULL, align_action);
  gtk_widget_class_install_action (widget_class, "win.unalign-frames", NULL, unalign_action);
  gtk_widget_class_install_action (widget_class, "win.cancel-aligning", NULL, cancel_action);
}

void
omni_window_init_align (OmniWindow *self)
{
  self->align_dismissed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  omni_work_bar_set_up (self->aligning_bar, _ ("_Cancel Aligning"), "win.cancel-aligning");
  g_signal_connect_object (self->aligning_bar, "notify::visible", G_CALLBACK (update_bar), self,
                           G_CONNECT_SWAPPED);
}

void
omni_window_end_align (OmniWindow *self)
{
  omni_work_bar_cancel (self->aligning_bar);
  stop_looking (self);
}

void
omni_window_finalize_align (OmniWindow *self)
{
  g_clear_pointer (&self->align_dismissed, g_hash_table_unref);
  g_free (self->align_read);
}
