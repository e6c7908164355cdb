/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/window/options-button.h"

#include "app/weights-folder.h"
#include "ui/drop-down.h"

#include <glib/gi18n.h>
#include <math.h>

#define STEPS           100
#define FRACTION_DIGITS 2
#define SUMMARY_CHARS   36

struct _OmniOptionsButton
{
  AdwBin parent_instance;

  OmniDocument *document;
  const OmniModel *model; /* whose options the controls are for */
  GPtrArray *controls;    /* GtkWidget, one an option of the model */
  gboolean updating;

  GtkWidget *button;
  GtkLabel *title;
  GtkGrid *grid;
  GtkWidget *weights_box;
  GtkDropDown *weights;
  GtkWidget *remove_weights;
  GPtrArray *weight_paths; /* char, one an entry of the drop-down; NULL: as shipped */
  GtkWidget *reset;
};

G_DEFINE_FINAL_TYPE (OmniOptionsButton, omni_options_button, ADW_TYPE_BIN)

/* From a control to the document */

static const OmniModelOption *
find_option (OmniOptionsButton *self, GtkWidget *control)
{
  guint index;

  if (self->updating || !g_ptr_array_find (self->controls, control, &index))
    return NULL;
  return &self->model->options[index];
}

static void
set_option (OmniOptionsButton *self, GtkWidget *control, const char *value)
{
  const OmniModelOption *option = find_option (self, control);
  g_autoptr (GError) error = NULL;

  if (option == NULL || omni_document_get_effective_model (self->document) != self->model)
    return;
  /* The controls give only what the table allows. */
  if (!omni_document_set_option (self->document, option, value, &error))
    g_warning ("%s", error->message);
}

static void
number_changed_cb (OmniOptionsButton *self, GtkSpinButton *spin)
{
  char value[G_ASCII_DTOSTR_BUF_SIZE];

  /* Not the nearest double: 0.3 is meant when 0.30 is shown. */
  g_ascii_formatd (value, sizeof value, "%.6g", gtk_spin_button_get_value (spin));
  set_option (self, GTK_WIDGET (spin), value);
}

static void
choice_changed_cb (OmniOptionsButton *self, GParamSpec *pspec, GtkDropDown *drop_down)
{
  const OmniModelOption *option = find_option (self, GTK_WIDGET (drop_down));
  const guint selected = gtk_drop_down_get_selected (drop_down);

  if (option != NULL && selected < g_strv_length ((char **)option->choices))
    set_option (self, GTK_WIDGET (drop_down), option->choices[selected]);
}

/* Controls */

/* The wheel moves the list, and not a number that the pointer happens to be on. */
static void
leave_wheel_alone (GtkWidget *spin)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (spin);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
  {
    g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

    if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
      gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
  }
}

static GtkWidget *
create_number (OmniOptionsButton *self, const OmniModelOption *option)
{
  const double range = option->maximum - option->minimum;
  /* A power of ten: steps of 0.1 over a range of 10. */
  const double step = option->whole ? 1 : pow (10, floor (log10 (range / STEPS) + 0.5));
  GtkAdjustment *adjustment = gtk_adjustment_new (option->minimum, option->minimum, option->maximum, step,
                                                  step * 10, 0);
  GtkWidget *spin = gtk_spin_button_new (adjustment, 0, option->whole ? 0 : FRACTION_DIGITS);

  gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (spin), TRUE);
  leave_wheel_alone (spin);
  g_signal_connect_swapped (spin, "value-changed", G_CALLBACK (number_changed_cb), self);
  return spin;
}

/* "as the authors do it (authors)": in words, and as the command line takes it. */
static char *
describe_value (const OmniModelOption *option, const char *value)
{
  const char *title = option->type == OMNI_OPTION_CHOICE ? omni_model_option_get_choice_title (value) : NULL;

  return title == NULL || g_str_equal (_ (title), value) ? g_strdup (value)
                                                         : g_strdup_printf ("%s (%s)", _ (title), value);
}

static GtkWidget *
create_choice (OmniOptionsButton *self, const OmniModelOption *option)
{
  g_autoptr (GtkStringList) words = gtk_string_list_new (NULL);

  for (guint i = 0; option->choices[i] != NULL; i++)
    gtk_string_list_take (words, describe_value (option, option->choices[i]));
  GtkWidget *drop_down = gtk_drop_down_new (G_LIST_MODEL (g_steal_pointer (&words)), NULL);
  g_signal_connect_swapped (drop_down, "notify::selected", G_CALLBACK (choice_changed_cb), self);
  return drop_down;
}

static GtkWidget *
create_words (const OmniModelOption *option)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *title = gtk_label_new (_ (option->title));
  GtkWidget *summary = gtk_label_new (_ (option->summary));

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_xalign (GTK_LABEL (summary), 0);
  gtk_label_set_wrap (GTK_LABEL (summary), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (summary), SUMMARY_CHARS);
  gtk_widget_add_css_class (summary, "dim-label");
  gtk_widget_add_css_class (summary, "caption");
  gtk_widget_set_hexpand (box, TRUE);
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), summary);
  return box;
}

static void
add_option (OmniOptionsButton *self, const OmniModelOption *option, int row)
{
  GtkWidget *control = option->type == OMNI_OPTION_NUMBER ? create_number (self, option)
                                                          : create_choice (self, option);
  g_autofree char *by_default = describe_value (option, option->default_value);
  g_autofree char *tooltip = g_strdup_printf (_ ("%s. As it comes: %s"), _ (option->summary), by_default);

  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (control, tooltip);
  g_autofree char *spoken = g_strdup_printf (_ ("%s: %s"), _ (option->title), _ (option->summary));
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, option->key,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken, -1);
  g_ptr_array_add (self->controls, control);
  gtk_grid_attach (self->grid, create_words (option), 0, row, 1, 1);
  gtk_grid_attach (self->grid, control, 1, row, 1, 1);
}

static void
rebuild (OmniOptionsButton *self)
{
  GtkWidget *child;

  g_ptr_array_set_size (self->controls, 0);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->grid))) != NULL)
    gtk_grid_remove (self->grid, child);
  for (int i = 0; self->model->options != NULL && self->model->options[i].key != NULL; i++)
    add_option (self, &self->model->options[i], i);
  gtk_label_set_text (self->title, _ (self->model->title));
}

GtkWidget *
omni_options_button_get_control (OmniOptionsButton *self, const char *key)
{
  for (guint i = 0; i < self->controls->len; i++)
    if (g_str_equal (self->model->options[i].key, key))
      return self->controls->pdata[i];
  return NULL;
}

/* From the document to the controls */

static void
show_value (GtkWidget *control, const OmniModelOption *option, const char *value)
{
  if (option->type == OMNI_OPTION_NUMBER)
  {
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (control), g_ascii_strtod (value, NULL));
    return;
  }
  for (guint i = 0; option->choices[i] != NULL; i++)
    if (g_str_equal (option->choices[i], value))
      gtk_drop_down_set_selected (GTK_DROP_DOWN (control), i);
  g_autofree char *words = describe_value (option, value);
  omni_drop_down_tell (GTK_DROP_DOWN (control), words);
  g_autofree char *spoken = g_strdup_printf (_ ("%s: %s"), _ (option->title), words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken, -1);
}

/* Weights: the shipped ones, and those that were added for the model */

static void
weights_changed_cb (OmniOptionsButton *self)
{
  const guint selected = gtk_drop_down_get_selected (self->weights);

  if (!self->updating && selected < self->weight_paths->len)
    omni_document_set_weights (self->document, self->model, self->weight_paths->pdata[selected]);
}

static gboolean
same_paths (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (g_strcmp0 (a->pdata[i], b->pdata[i]) != 0)
      return FALSE;
  return TRUE;
}

static void
show_weights (OmniOptionsButton *self)
{
  gtk_widget_set_visible (self->weights_box, self->model->architecture != NULL);
  if (self->model->architecture == NULL)
    return;
  g_autoptr (GPtrArray) paths = omni_document_list_weights (self->document, self->model);
  g_autofree char *chosen = omni_document_dup_weights (self->document, self->model);
  guint selected = 0;

  if (self->weight_paths == NULL || !same_paths (paths, self->weight_paths))
  {
    g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
    for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *title = paths->pdata[i] != NULL ? omni_weights_folder_get_title (paths->pdata[i])
                                                       : g_strdup (_ ("As shipped"));
      gtk_string_list_append (titles, title);
    }
    g_clear_pointer (&self->weight_paths, g_ptr_array_unref);
    self->weight_paths = g_ptr_array_ref (paths);
    gtk_drop_down_set_model (self->weights, G_LIST_MODEL (titles));
  }
  for (guint i = 0; i < paths->len; i++)
    if (g_strcmp0 (paths->pdata[i], chosen) == 0)
      selected = i;
  gtk_drop_down_set_selected (self->weights, selected);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->remove_weights), "s", chosen != NULL ? chosen : "");
  gtk_widget_set_visible (self->remove_weights, chosen != NULL);
}

static void
document_changed_cb (OmniOptionsButton *self)
{
  const OmniModel *model = omni_document_get_effective_model (self->document);

  gtk_widget_set_sensitive (self->button,
                            model != NULL && (model->options != NULL || model->architecture != NULL));
  if (model == NULL)
    return;
  self->updating = TRUE;
  if (model != self->model)
  {
    self->model = model;
    rebuild (self);
  }
  for (guint i = 0; i < self->controls->len; i++)
    show_value (self->controls->pdata[i], &model->options[i],
                omni_document_get_option (self->document, &model->options[i]));
  show_weights (self);
  self->updating = FALSE;

  const gboolean differs = omni_document_has_options (self->document);
  gtk_widget_set_sensitive (self->reset, differs);
  if (differs)
    gtk_widget_add_css_class (self->button, "differs");
  else
    gtk_widget_remove_css_class (self->button, "differs");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  differs ? _ ("Not as the model comes") : _ ("As the model comes"), -1);
}

void
omni_options_button_set_document (OmniOptionsButton *self, OmniDocument *document)
{
  g_return_if_fail (self->document == NULL);
  self->document = g_object_ref (document);
  g_signal_connect_object (document, "changed", G_CALLBACK (document_changed_cb), self, G_CONNECT_SWAPPED);
  document_changed_cb (self);
}

static void
reset_cb (OmniOptionsButton *self)
{
  omni_document_reset_options (self->document);
}

/* The object */

static void
omni_options_button_dispose (GObject *object)
{
  OmniOptionsButton *self = OMNI_OPTIONS_BUTTON (object);

  g_clear_object (&self->document);
  g_clear_pointer (&self->controls, g_ptr_array_unref);
  g_clear_pointer (&self->weight_paths, g_ptr_array_unref);
  G_OBJECT_CLASS (omni_options_button_parent_class)->dispose (object);
}

static void
omni_options_button_class_init (OmniOptionsButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_options_button_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/omnifuse/Omnifuse/options-button.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, button);
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, title);
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, grid);
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, weights_box);
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, weights);
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, remove_weights);
  gtk_widget_class_bind_template_child (widget_class, OmniOptionsButton, reset);
  gtk_widget_class_bind_template_callback (widget_class, weights_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_cb);
}

static void
omni_options_button_init (OmniOptionsButton *self)
{
  self->controls = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
