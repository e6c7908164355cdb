/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <math.h>
#include <string.h>

struct _OmniModelOptions
{
  const OmniModel *model;
  char **values; /* one per option of the model; NULL: the default */
};

const char *
omni_model_option_get_choice_title (const char *choice)
{
  static const struct
  {
    const char *choice, *title;
  } titles[] = {
    { "auto", N_ ("automatic") },
    { "authors", N_ ("as the authors do it") },
    { "checkerboard", N_ ("in squares") },
    { "clahe", N_ ("local contrast") },
    { "display", N_ ("white of the file format") },
    { "grey", N_ ("luminance alone") },
    { "imagenet", N_ ("as for ImageNet") },
    { "instance", N_ ("of the picture") },
    { "max", N_ ("the maximum") },
    { "mean", N_ ("the mean") },
    { "moments", N_ ("mean and deviation") },
    { "no", N_ ("no") },
    { "none", N_ ("not at all") },
    { "omnifuse", N_ ("as Omnifuse does it") },
    { "opacity", N_ ("through each other") },
    { "own", N_ ("the largest sample") },
    { "papers", N_ ("by the papers' rule") },
    { "plain", N_ ("as it is") },
    { "rgb", N_ ("red, green and blue") },
    { "running", N_ ("of the training") },
    { "stretch", N_ ("stretched") },
    { "sum", N_ ("the sum") },
    { "trained", N_ ("as trained") },
    { "weights", N_ ("by the weights") },
    { "ycbcr", N_ ("luminance and chroma") },
    { "yes", N_ ("yes") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_str_equal (titles[i].choice, choice))
      return titles[i].title;
  return NULL;
}

static guint
count_options (const OmniModel *model)
{
  guint n = 0;

  while (model->options != NULL && model->options[n].key != NULL)
    n++;
  return n;
}

OmniModelOptions *
omni_model_options_new (const OmniModel *model)
{
  OmniModelOptions *options = g_new0 (OmniModelOptions, 1);

  options->model = model;
  options->values = g_new0 (char *, count_options (model) + 1);
  return options;
}

OmniModelOptions *
omni_model_options_copy (const OmniModelOptions *options)
{
  OmniModelOptions *copy = omni_model_options_new (options->model);

  for (guint i = 0; i < count_options (options->model); i++)
    copy->values[i] = g_strdup (options->values[i]);
  return copy;
}

void
omni_model_options_free (OmniModelOptions *options)
{
  if (options == NULL)
    return;
  for (guint i = 0; i < count_options (options->model); i++)
    g_free (options->values[i]);
  g_free (options->values);
  g_free (options);
}

/* Index of `key`, or the number of options. */
static guint
find_option (const OmniModel *model, const char *key, gsize length)
{
  const guint n = count_options (model);
  guint i = 0;

  while (i < n
         && !(strlen (model->options[i].key) == length && strncmp (model->options[i].key, key, length) == 0))
    i++;
  return i;
}

static gboolean
fail_key (const OmniModel *model, const char *assignment, GError **error)
{
  g_autoptr (GString) keys = g_string_new (NULL);

  for (guint i = 0; i < count_options (model); i++)
    g_string_append_printf (keys, i > 0 ? ", %s" : "%s", model->options[i].key);
  if (keys->len == 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s”: the model %s has no options"),
                 assignment, model->name);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” sets no option of the model %s; write KEY=VALUE with one of: %s"), assignment,
                 model->name, keys->str);
  return FALSE;
}

static gboolean
check_number (const OmniModelOption *option, const char *value, GError **error)
{
  char *end;
  const double number = g_ascii_strtod (value, &end);

  if (end != value && *end == '\0' && !g_ascii_isspace (*value) && isfinite (number)
      && number >= option->minimum && number <= option->maximum
      && (!option->whole || number == floor (number)))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               option->whole ? _ ("“%s” is no value for %s; give a whole number from %g to %g")
                             : _ ("“%s” is no value for %s; give a number from %g to %g"),
               value, option->key, option->minimum, option->maximum);
  return FALSE;
}

static gboolean
check_choice (const OmniModelOption *option, const char *value, GError **error)
{
  g_autofree char *choices = NULL;

  if (g_strv_contains (option->choices, value))
    return TRUE;
  choices = g_strjoinv (", ", (char **)option->choices);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               _ ("“%s” is no value for %s; choose one of: %s"), value, option->key, choices);
  return FALSE;
}

gboolean
omni_model_options_set (OmniModelOptions *options, const char *assignment, GError **error)
{
  const char *equals = strchr (assignment, '=');
  const OmniModelOption *option;
  guint i;

  if (equals == NULL)
    return fail_key (options->model, assignment, error);
  i = find_option (options->model, assignment, (gsize)(equals - assignment));
  if (i == count_options (options->model))
    return fail_key (options->model, assignment, error);
  option = &options->model->options[i];
  if (option->type == OMNI_OPTION_NUMBER ? !check_number (option, equals + 1, error)
                                         : !check_choice (option, equals + 1, error))
    return FALSE;
  g_free (options->values[i]);
  options->values[i] = g_strdup (equals + 1);
  return TRUE;
}

const char *
omni_model_get_string (const OmniModel *model, const OmniModelOptions *options, const char *key)
{
  const guint i = find_option (model, key, strlen (key));

  g_return_val_if_fail (i < count_options (model), NULL);
  g_return_val_if_fail (options == NULL || options->model == model, NULL);

  return options != NULL && options->values[i] != NULL ? options->values[i] : model->options[i].default_value;
}

double
omni_model_get_number (const OmniModel *model, const OmniModelOptions *options, const char *key)
{
  const char *value = omni_model_get_string (model, options, key);

  return value != NULL ? g_ascii_strtod (value, NULL) : 0;
}

const char *
omni_model_options_get_string (const OmniModelOptions *options, const char *key)
{
  return omni_model_get_string (options->model, options, key);
}

double
omni_model_options_get_number (const OmniModelOptions *options, const char *key)
{
  return omni_model_get_number (options->model, options, key);
}

static gboolean
is_default (const OmniModelOption *option, const char *value)
{
  if (option->type == OMNI_OPTION_NUMBER)
    return g_ascii_strtod (value, NULL) == g_ascii_strtod (option->default_value, NULL);
  return g_str_equal (value, option->default_value);
}

OmniModelOptions *
omni_model_options_parse (const OmniModel *model, const char *text, GError **error)
{
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0' && !omni_model_options_set (options, words[i], error))
      return NULL;
  return g_steal_pointer (&options);
}

char *
omni_model_options_to_string (const OmniModelOptions *options)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < count_options (options->model); i++)
  {
    const OmniModelOption *option = &options->model->options[i];

    if (options->values[i] != NULL && !is_default (option, options->values[i]))
      g_string_append_printf (text, text->len > 0 ? " %s=%s" : "%s=%s", option->key, options->values[i]);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
