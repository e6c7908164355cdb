/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/filmstrip/filmstrip-private.h"

#include "app/titles.h"
#include "ui/filmstrip/influence-popover.h"

#include <glib/gi18n.h>

enum
{
  PROP_0,
  PROP_ROLE,
  N_PROPS
};

enum
{
  SIGNAL_SHOW_SOURCE,
  SIGNAL_FILES_DROPPED,
  SIGNAL_TEXTURE_DROPPED,
  SIGNAL_SOURCE_MENDED,
  SIGNAL_FAILED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniFilmstrip, omni_filmstrip, ADW_TYPE_BIN)

OmniSource *
omni_filmstrip_get_selected (OmniFilmstrip *self)
{
  return g_ptr_array_find (self->chosen, self->selected, NULL) ? self->selected : NULL;
}

GPtrArray *
omni_filmstrip_list_selected (OmniFilmstrip *self)
{
  GPtrArray *sources = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->chosen->len; i++)
    g_ptr_array_add (sources, g_object_ref (self->chosen->pdata[i]));
  return sources;
}

void
omni_filmstrip_emit_files (OmniFilmstrip *self, GdkFileList *files, guint position)
{
  g_signal_emit (self, signals[SIGNAL_FILES_DROPPED], 0, files, position);
}

void
omni_filmstrip_emit_texture (OmniFilmstrip *self, GdkTexture *texture, guint position)
{
  g_signal_emit (self, signals[SIGNAL_TEXTURE_DROPPED], 0, texture, position);
}

/* The list follows the document */

static void
refresh_cards (OmniFilmstrip *self)
{
  const guint n = omni_document_get_n_sources (self->document);
  const guint n_active = omni_document_get_active (self->document)->len;
  g_autofree char *count = n_active == n ? g_strdup_printf (ngettext ("%u source", "%u sources", n), n)
                                         : g_strdup_printf (
                                           ngettext ("%u of %u source", "%u of %u sources", n), n_active, n);

  for (guint i = 0; i < n; i++)
  {
    OmniSourceCard *card = omni_filmstrip_get_card (self, i);
    if (card != NULL)
      omni_source_card_refresh (card, self->document, i);
  }
  gtk_label_set_text (self->count, count);
}

/* The card with the focus is the one that was selected last. */
static void
selection_changed_cb (OmniFilmstrip *self)
{
  GtkWidget *focus = gtk_widget_get_focus_child (GTK_WIDGET (self->list));
  OmniSource *selected = NULL;

  if (self->restoring)
    return;
  g_ptr_array_set_size (self->chosen, 0);
  for (int i = 0;; i++)
  {
    GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, i);
    if (row == NULL)
      break;
    if (!gtk_list_box_row_is_selected (row))
      continue;
    OmniSource *source = omni_source_card_get_source (OMNI_SOURCE_CARD (row));
    g_ptr_array_add (self->chosen, g_object_ref (source));
    if (selected == NULL || GTK_WIDGET (row) == focus || source == self->selected)
      selected = source;
  }
  if (selected != NULL)
    g_set_object (&self->selected, selected);
}

static void
before_items_changed_cb (OmniFilmstrip *self)
{
  if (self->dragged != NULL) /* its rows may go */
    omni_filmstrip_end_drag (self);
  self->restoring = TRUE;
  omni_filmstrip_note_places (self);
  self->had_focus = gtk_widget_get_focus_child (GTK_WIDGET (self->list)) != NULL;
}

static OmniSource *
find_now (OmniFilmstrip *self, OmniSource *source)
{
  OmniSource *now = omni_document_find_file (self->document, source);

  return now != NULL ? now : source;
}

/* What is seen otherwise now is selected as it was. */
static void
follow_files (OmniFilmstrip *self)
{
  for (guint i = 0; i < self->chosen->len; i++)
    g_set_object ((OmniSource **)&self->chosen->pdata[i], find_now (self, self->chosen->pdata[i]));
  if (self->selected != NULL)
    g_set_object (&self->selected, find_now (self, self->selected));
}

static void
after_items_changed_cb (OmniFilmstrip *self)
{
  follow_files (self);
  omni_filmstrip_update_rows (self);
  gtk_list_box_unselect_all (self->list);
  for (guint i = 0; i < self->chosen->len; i++)
  {
    GtkListBoxRow *row = g_hash_table_lookup (self->rows, self->chosen->pdata[i]);
    if (row != NULL)
      gtk_list_box_select_row (self->list, row);
  }
  GtkListBoxRow *row = self->selected != NULL ? g_hash_table_lookup (self->rows, self->selected) : NULL;
  if (row != NULL)
  {
    gtk_list_box_select_row (self->list, row);
    if (self->had_focus)
      gtk_widget_grab_focus (GTK_WIDGET (row));
  }
  self->restoring = FALSE;
  selection_changed_cb (self);
  refresh_cards (self);
  omni_filmstrip_glide (self);
}

void
omni_filmstrip_set_document (OmniFilmstrip *self, OmniDocument *document)
{
  g_return_if_fail (self->document == NULL);
  self->document = g_object_ref (document);
  g_signal_connect_object (document, "items-changed", G_CALLBACK (before_items_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "items-changed", G_CALLBACK (after_items_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "changed", G_CALLBACK (refresh_cards), self, G_CONNECT_SWAPPED);
}

static void
row_activated_cb (OmniFilmstrip *self, GtkListBoxRow *row)
{
  g_signal_emit (self, signals[SIGNAL_SHOW_SOURCE], 0, omni_source_card_get_source (OMNI_SOURCE_CARD (row)));
}

/* Changes */

/* The one after the last of them, or else before the first, is selected next, so that Delete can be pressed again. */
static void
remove_sources (OmniFilmstrip *self, GPtrArray *sources)
{
  OmniSource *neighbour = NULL;
  gboolean passed = FALSE;

  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    OmniSource *source = omni_document_get_source (self->document, i);
    if (g_ptr_array_find (sources, source, NULL))
    {
      passed = TRUE;
      continue;
    }
    neighbour = source;
    if (passed)
      break;
  }
  g_set_object (&self->selected, neighbour);
  g_ptr_array_set_size (self->chosen, 0);
  omni_document_remove (self->document, sources);
}

static void
remove_source (OmniFilmstrip *self, OmniSource *source)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();

  g_ptr_array_add (sources, source);
  remove_sources (self, sources);
}

void
omni_filmstrip_remove_selected (OmniFilmstrip *self)
{
  g_autoptr (GPtrArray) sources = omni_filmstrip_list_selected (self);

  if (sources->len > 0)
    remove_sources (self, sources);
}

/* Those that are selected, as a block. */
void
omni_filmstrip_move_selected (OmniFilmstrip *self, int delta)
{
  g_autoptr (GPtrArray) sources = omni_filmstrip_list_selected (self);
  guint before = 0, after = 0, first;

  if (sources->len == 0 || !omni_document_find (self->document, sources->pdata[0], &first))
    return;
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
    if (!g_ptr_array_find (sources, omni_document_get_source (self->document, i), NULL))
      *(i < first ? &before : &after) += 1;
  const int to = (int)before + delta;
  if (to >= 0 && to <= (int)(before + after))
    omni_document_move_sources (self->document, sources, (guint)to);
}

static OmniSource *
find_path (OmniFilmstrip *self, const char *path)
{
  GPtrArray *sources = omni_document_get_sources (self->document);

  for (guint i = 0; i < sources->len; i++)
    if (g_str_equal (omni_source_get_path (sources->pdata[i]), path))
      return sources->pdata[i];
  return NULL;
}

static void
remove_path_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (widget);
  OmniSource *source = find_path (self, g_variant_get_string (parameter, NULL));

  if (source != NULL)
    remove_source (self, source);
}

static void
use_path_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (widget);
  const char *path;
  gboolean on;

  g_variant_get (parameter, "(&sb)", &path, &on);
  OmniSource *source = find_path (self, path);
  if (source != NULL)
    omni_document_set_on (self->document, source, on);
}

void
omni_filmstrip_toggle_selected (OmniFilmstrip *self)
{
  OmniSource *source = omni_filmstrip_get_selected (self);

  if (source != NULL)
    omni_document_set_all_on (self->document, self->chosen, !omni_document_is_on (self->document, source));
}

static void
show_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniSource *source = omni_filmstrip_get_selected (OMNI_FILMSTRIP (widget));

  if (source != NULL)
    g_signal_emit (widget, signals[SIGNAL_SHOW_SOURCE], 0, source);
}

static void
influence_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (widget);
  OmniSource *source = omni_filmstrip_get_selected (self);
  guint position;

  if (source != NULL && omni_document_find (self->document, source, &position))
    omni_influence_popover_open (GTK_WIDGET (omni_filmstrip_get_card (self, position)), self->document,
                                 source);
}

/* Files that cannot be read */

static void
mended_path_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (widget);
  OmniSource *source = find_path (self, g_variant_get_string (parameter, NULL));

  refresh_cards (self);
  if (source != NULL)
    g_signal_emit (self, signals[SIGNAL_SOURCE_MENDED], 0, source);
}

static void
failed_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *message;
  gboolean asked;

  g_variant_get (parameter, "(&sb)", &message, &asked);
  refresh_cards (OMNI_FILMSTRIP (widget)); /* their words */
  if (asked)
    g_signal_emit (widget, signals[SIGNAL_FAILED], 0, message);
}

/* (transfer container) (element-type OmniSourceCard) Of those selected. */
static GPtrArray *
list_damaged (OmniFilmstrip *self)
{
  GPtrArray *cards = g_ptr_array_new ();

  for (guint i = 0; i < self->chosen->len; i++)
  {
    OmniSourceCard *card = g_hash_table_lookup (self->rows, self->chosen->pdata[i]);
    if (card != NULL && omni_source_card_is_damaged (card))
      g_ptr_array_add (cards, card);
  }
  return cards;
}

static void
try_again_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autoptr (GPtrArray) cards = list_damaged (OMNI_FILMSTRIP (widget));

  for (guint i = 0; i < cards->len; i++)
    omni_source_card_try_again (cards->pdata[i]);
}

/* The menu of a card */

/* Only there while there is something to try. */
static void
append_try_again (GMenu *menu)
{
  g_autoptr (GMenuItem) item = g_menu_item_new (_ ("Try Again"), "strip.try-again");

  g_menu_item_set_attribute (item, "hidden-when", "s", "action-disabled");
  g_menu_append_item (menu, item);
}

static guint
get_roles_of (OmniTask task)
{
  guint roles = 0;

  for (OmniRole role = OMNI_ROLE_VISIBLE; role < OMNI_N_ROLES; role++)
    if (task == OMNI_TASK_AUTO || omni_role_get_task (role) == task)
      roles |= OMNI_ROLE_MARK (role);
  return roles;
}

/* Those of the task, and those that the cards have. Of any task while nobody has chosen one and what was found has none, for a role
 * says what the task is. */
static GMenu *
create_role_menu (OmniFilmstrip *self)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  guint roles = get_roles_of (omni_document_get_effective_task (self->document));

  if (roles == 0 && omni_document_get_task (self->document) == OMNI_TASK_AUTO)
    roles = get_roles_of (OMNI_TASK_AUTO);
  for (guint i = 0; i < self->chosen->len; i++)
    roles |= OMNI_ROLE_MARK (omni_source_get_role (self->chosen->pdata[i]));
  if ((roles & ~OMNI_ROLE_MARK (OMNI_ROLE_NONE)) == 0)
    return NULL;
  for (OmniRole role = OMNI_ROLE_NONE; role < OMNI_N_ROLES; role++)
  {
    g_autofree char *action = g_strdup_printf ("strip.role::%s", omni_role_to_string (role));
    if (role == OMNI_ROLE_NONE)
      g_menu_append (menu, _ ("Not Said"), action);
    else if ((roles & OMNI_ROLE_MARK (role)) != 0)
      g_menu_append (menu, omni_role_get_title (role), action);
  }
  return g_steal_pointer (&menu);
}

static GMenuModel *
create_menu (OmniFilmstrip *self)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) move = g_menu_new ();
  g_autoptr (GMenu) roles = create_role_menu (self);
  g_autoptr (GMenu) rest = g_menu_new ();

  g_menu_append (menu, _ ("Show"), "strip.show");
  append_try_again (menu);
  g_menu_append (move, _ ("Move Up"), "win.move-up");
  g_menu_append (move, _ ("Move Down"), "win.move-down");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (move));
  if (roles != NULL)
    g_menu_append_submenu (rest, _ ("Role"), G_MENU_MODEL (roles));
  g_menu_append (rest, _ ("Influence…"), "strip.influence");
  g_menu_append (rest, _ ("Switch On or Off"), "win.toggle-source");
  g_menu_append (rest, _ ("Replace With…"), "win.replace");
  g_menu_append (rest, _ ("Remove"), "win.remove");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (rest));
  return G_MENU_MODEL (menu);
}

/* The strip itself cannot have the focus, which would be lost. Not at once: an item may have opened something. */
static gboolean
focus_card_cb (gpointer data)
{
  OmniFilmstrip *self = data;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  GtkWidget *row = self->selected != NULL ? g_hash_table_lookup (self->rows, self->selected) : NULL;

  if (row != NULL && root != NULL
      && (focus == NULL || (self->menu != NULL && gtk_widget_is_ancestor (focus, self->menu))))
    gtk_widget_grab_focus (row);
  return G_SOURCE_REMOVE;
}

static void
menu_closed_cb (OmniFilmstrip *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, focus_card_cb, g_object_ref (self), g_object_unref);
}

static void
open_menu (OmniFilmstrip *self, double x, double y)
{
  g_autoptr (GPtrArray) damaged = list_damaged (self);
  g_autoptr (GMenuModel) model = create_menu (self);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROLE]);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "strip.try-again", damaged->len > 0);
  if (self->menu == NULL)
  {
    self->menu = gtk_popover_menu_new_from_model (NULL);
    g_signal_connect_object (self->menu, "closed", G_CALLBACK (menu_closed_cb), self, G_CONNECT_SWAPPED);
    gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
    gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
    gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
  }
  gtk_popover_menu_set_menu_model (GTK_POPOVER_MENU (self->menu), model);
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &(const GdkRectangle){ (int)x, (int)y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
secondary_pressed_cb (OmniFilmstrip *self, int n_press, double x, double y)
{
  double list_x, list_y;

  gtk_widget_translate_coordinates (GTK_WIDGET (self), GTK_WIDGET (self->list), x, y, &list_x, &list_y);
  GtkListBoxRow *row = gtk_list_box_get_row_at_y (self->list, (int)list_y);
  if (row == NULL)
    return;
  if (!gtk_list_box_row_is_selected (row))
    gtk_list_box_unselect_all (self->list);
  gtk_list_box_select_row (self->list, row);
  /* One of several that are selected is no news to the list. */
  g_set_object (&self->selected, omni_source_card_get_source (OMNI_SOURCE_CARD (row)));
  open_menu (self, x, y);
}

static gboolean
menu_key_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (widget);
  guint position;
  graphene_rect_t bounds;

  if (omni_filmstrip_get_selected (self) == NULL
      || !omni_document_find (self->document, self->selected, &position))
    return FALSE;
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, (int)position);
  if (row == NULL || !gtk_widget_compute_bounds (GTK_WIDGET (row), widget, &bounds))
    return FALSE;
  open_menu (self, bounds.origin.x + 24, bounds.origin.y + bounds.size.height);
  return TRUE;
}

/* The object */

/* "" where the selected cards differ. */
static const char *
get_role (OmniFilmstrip *self)
{
  const OmniRole role = self->chosen->len > 0 ? omni_source_get_role (self->chosen->pdata[0])
                                              : OMNI_ROLE_NONE;

  for (guint i = 1; i < self->chosen->len; i++)
    if (omni_source_get_role (self->chosen->pdata[i]) != role)
      return "";
  return omni_role_to_string (role);
}

static void
omni_filmstrip_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ROLE)
    g_value_set_string (value, get_role (OMNI_FILMSTRIP (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
omni_filmstrip_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (object);
  g_autoptr (GPtrArray) selected = omni_filmstrip_list_selected (self);
  OmniRole role;

  if (id != PROP_ROLE)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (omni_role_from_string (g_value_get_string (value), &role))
    omni_document_set_roles (self->document, selected, role);
}

static void
omni_filmstrip_dispose (GObject *object)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (object);

  omni_filmstrip_stop_scrolling (self);
  omni_filmstrip_clear_glide (self);
  omni_filmstrip_clear_rows (self);
  g_clear_pointer (&self->dragged, g_ptr_array_unref);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_object (&self->document);
  g_clear_object (&self->selected);
  g_ptr_array_set_size (self->chosen, 0);
  self->restoring = TRUE; /* the list still tells what it loses */
  G_OBJECT_CLASS (omni_filmstrip_parent_class)->dispose (object);
}

static void
omni_filmstrip_finalize (GObject *object)
{
  g_ptr_array_unref (OMNI_FILMSTRIP (object)->chosen);
  g_hash_table_unref (OMNI_FILMSTRIP (object)->rows);
  G_OBJECT_CLASS (omni_filmstrip_parent_class)->finalize (object);
}

static void
omni_filmstrip_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  OmniFilmstrip *self = OMNI_FILMSTRIP (widget);

  GTK_WIDGET_CLASS (omni_filmstrip_parent_class)->size_allocate (widget, width, height, baseline);
  if (self->menu != NULL)
    gtk_popover_present (GTK_POPOVER (self->menu));
}

static void
omni_filmstrip_class_init (OmniFilmstripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_filmstrip_dispose;
  G_OBJECT_CLASS (klass)->finalize = omni_filmstrip_finalize;
  G_OBJECT_CLASS (klass)->get_property = omni_filmstrip_get_property;
  G_OBJECT_CLASS (klass)->set_property = omni_filmstrip_set_property;
  widget_class->size_allocate = omni_filmstrip_size_allocate;

  properties[PROP_ROLE] = g_param_spec_string (
    "role", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);

  signals[SIGNAL_SHOW_SOURCE] = g_signal_new ("show-source", OMNI_TYPE_FILMSTRIP, G_SIGNAL_RUN_LAST, 0, NULL,
                                              NULL, NULL, G_TYPE_NONE, 1, OMNI_TYPE_SOURCE);
  signals[SIGNAL_FILES_DROPPED] = g_signal_new ("files-dropped", OMNI_TYPE_FILMSTRIP, G_SIGNAL_RUN_LAST, 0,
                                                NULL, NULL, NULL, G_TYPE_NONE, 2, GDK_TYPE_FILE_LIST,
                                                G_TYPE_UINT);
  signals[SIGNAL_TEXTURE_DROPPED] = g_signal_new ("texture-dropped", OMNI_TYPE_FILMSTRIP, G_SIGNAL_RUN_LAST,
                                                  0, NULL, NULL, NULL, G_TYPE_NONE, 2, GDK_TYPE_TEXTURE,
                                                  G_TYPE_UINT);
  signals[SIGNAL_SOURCE_MENDED] = g_signal_new ("source-mended", OMNI_TYPE_FILMSTRIP, G_SIGNAL_RUN_LAST, 0,
                                                NULL, NULL, NULL, G_TYPE_NONE, 1, OMNI_TYPE_SOURCE);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", OMNI_TYPE_FILMSTRIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/filmstrip.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniFilmstrip, count);
  gtk_widget_class_bind_template_child (widget_class, OmniFilmstrip, list);
  gtk_widget_class_bind_template_child (widget_class, OmniFilmstrip, scroller);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);

  gtk_widget_class_install_action (widget_class, "strip.remove-path", "s", remove_path_action);
  gtk_widget_class_install_action (widget_class, "strip.use-path", "(sb)", use_path_action);
  gtk_widget_class_install_action (widget_class, "strip.mended-path", "s", mended_path_action);
  gtk_widget_class_install_action (widget_class, "strip.failed", "(sb)", failed_action);
  gtk_widget_class_install_action (widget_class, "strip.try-again", NULL, try_again_action);
  gtk_widget_class_install_action (widget_class, "strip.show", NULL, show_action);
  gtk_widget_class_install_property_action (widget_class, "strip.role", "role");
  gtk_widget_class_install_action (widget_class, "strip.influence", NULL, influence_action);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, menu_key_cb, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Menu, 0, menu_key_cb, NULL);
}

static void
omni_filmstrip_init (OmniFilmstrip *self)
{
  self->chosen = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));

  GtkGesture *secondary = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (secondary), GDK_BUTTON_SECONDARY);
  g_signal_connect_swapped (secondary, "pressed", G_CALLBACK (secondary_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (secondary));
  omni_filmstrip_init_rows (self);
  omni_filmstrip_init_glide (self);
  omni_filmstrip_init_dnd (self);
}
