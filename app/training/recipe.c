/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/recipe-private.h"

#include <math.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* what some editors begin UTF-8 with */

/* Validation squares are at least this much of a multiple, px. */
#define VALIDATION_STEP_PX 16

typedef struct
{
  OmniRecipe *recipe;
  OmniRecipeTask *task; /* of the section being read; NULL outside [task …] */
  char *section;        /* "" before the first */
  guint section_line;
  guint *lines; /* where each key of the table stood; of a task's keys, in this section */
  GHashTable *sections;
} Reader;

static void
task_free (gpointer data)
{
  OmniRecipeTask *task = data;
  for (guint i = 0; i < omni_recipe_n_keys; i++)
    if (g_str_equal (omni_recipe_keys[i].section, "task"))
      omni_recipe_key_clear (&omni_recipe_keys[i], task);
  g_free (task->name);
  g_free (task);
}

void
omni_recipe_free (OmniRecipe *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < omni_recipe_n_keys; i++)
    if (!g_str_equal (omni_recipe_keys[i].section, "task"))
      omni_recipe_key_clear (&omni_recipe_keys[i], self);
  g_ptr_array_unref (self->tasks);
  g_free (self->path);
  g_free (self->name);
  g_free (self->sha256);
  g_free (self);
}

static void
reader_clear (Reader *self)
{
  g_clear_pointer (&self->recipe, omni_recipe_free);
  g_free (self->section);
  g_free (self->lines);
  g_hash_table_unref (self->sections);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

static gboolean
refuse (const Reader *self, guint line, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
refuse (const Reader *self, guint line, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *name = g_filename_display_basename (self->recipe->path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "“%s”, line %u: %s.", name, line, what);
  return FALSE;
}

static guint
find_line (const Reader *self, const char *section, const char *key)
{
  for (guint i = 0; i < omni_recipe_n_keys; i++)
    if (g_str_equal (omni_recipe_keys[i].section, section) && g_str_equal (omni_recipe_keys[i].key, key))
      return self->lines[i];
  g_return_val_if_reached (0);
}

/* ---- Defaults and checks ---- */

/* Gives the keys of `section` that were left out their defaults. */
static gboolean
fill_section (Reader *self, const char *section, gpointer target, guint line, GError **error)
{
  for (guint i = 0; i < omni_recipe_n_keys; i++)
  {
    const OmniRecipeKey *key = &omni_recipe_keys[i];
    if (!g_str_equal (key->section, section) || self->lines[i] != 0)
      continue;
    if (key->initial == NULL)
      return refuse (self, line, error, "[%s] needs the key “%s”",
                     self->task != NULL ? self->section : section, key->key);
    if (key->initial[0] != '\0' && !omni_recipe_key_read (key, key->initial, target, error))
      return FALSE;
    self->lines[i] = line;
  }
  return TRUE;
}

/* The losses of a task stand once: here, or in an earlier section of the same task. */
static gboolean
settle_losses (const Reader *self, OmniRecipeTask *task, guint line, GError **error)
{
  const OmniTrainLosses none = { 0 };
  const gboolean given = memcmp (task->losses.weight, none.weight, sizeof none.weight) != 0;
  gboolean found = given;
  for (guint i = 0; i < self->recipe->tasks->len; i++)
  {
    const OmniRecipeTask *other = self->recipe->tasks->pdata[i];
    if (other == task || other->task != task->task)
      continue;
    if (given)
      return refuse (self, line, error, "%s has its loss from [task %s] already; give it once",
                     omni_task_to_string (task->task), other->name);
    task->losses = other->losses; /* and what belongs to it */
    found = TRUE;
  }
  if (!found)
    return refuse (self, line, error, "[task %s] needs the key “loss”", task->name);
  for (OmniLoss loss = 0; loss < OMNI_N_LOSSES; loss++)
    if (task->losses.weight[loss] > 0 && omni_loss_needs_truth (loss) && !omni_recipe_task_has_truth (task))
      return refuse (
        self, line, error,
        "“%s” compares with a truth, and the pictures of [task %s] have none; take another term, or "
        "set synthesis or truth",
        omni_loss_to_string (loss), task->name);
  return TRUE;
}

static gboolean
finish_task (Reader *self, GError **error)
{
  OmniRecipeTask *task = self->task;
  if (task == NULL)
    return TRUE;
  if (task->task == OMNI_TASK_AUTO
      && (!omni_task_from_string (task->name, &task->task) || task->task == OMNI_TASK_AUTO))
    return refuse (
      self, task->line, error,
      "“%s” is no task; name the section after exposure, focus, infrared, medical or pansharpen, "
      "or add the key “task”",
      task->name);
  if (!fill_section (self, "task", task, task->line, error))
    return FALSE;
  const OmniTask made = task->synthesis == OMNI_SYNTHESIS_FOCUS      ? OMNI_TASK_FOCUS
                        : task->synthesis == OMNI_SYNTHESIS_EXPOSURE ? OMNI_TASK_EXPOSURE
                                                                     : task->task;
  if (made != task->task)
    return refuse (self, find_line (self, "task", "synthesis"), error,
                   "this synthesis makes sets for %s, not %s", omni_task_to_string (made),
                   omni_task_to_string (task->task));
  self->task = NULL;
  return settle_losses (self, task, find_line (self, "task", "loss"), error);
}

/* Whether the network at every base level, and the losses of every task, take `what` of that side. */
static gboolean
check_side (const Reader *self, guint line, const char *what, guint side_px, GError **error)
{
  OmniTrainConfig config;
  omni_recipe_get_config (self->recipe, &config);
  const OmniTrainSide side = omni_train_config_get_side (&config);
  if (!omni_train_side_fits (side, side_px))
    return refuse (
      self, line, error,
      "%s of %u pixels do not suit %s at all of its base-levels: their side must be a multiple of "
      "%u and at least %u",
      what, side_px, config.architecture, side.multiple, side.least);
  for (guint t = 0; t < self->recipe->tasks->len; t++)
  {
    const OmniRecipeTask *task = self->recipe->tasks->pdata[t];
    const OmniTrainSide of_losses = omni_train_losses_get_side (&task->losses);
    if (!omni_train_side_fits (of_losses, side_px))
      return refuse (
        self, line, error,
        "%s of %u pixels do not suit the loss of [task %s]: their side must be a multiple of %u and "
        "at least %u",
        what, side_px, task->name, of_losses.multiple, of_losses.least);
  }
  return TRUE;
}

/* No step and no validation finds out after hours that its pictures cannot be judged. Scenes smaller than a crop are left out,
 * so that squares for validation are as large as the smaller of crop and validation-size, or larger. */
static gboolean
check_sides (const Reader *self, GError **error)
{
  const OmniRecipe *recipe = self->recipe;
  for (guint c = 0; c < recipe->crops->len; c++)
    if (!check_side (self, find_line (self, "train", "crop"), "crops",
                     g_array_index (recipe->crops, OmniRecipeCrop, c).size_px, error))
      return FALSE;
  const guint validation_px = omni_recipe_get_validation_px (recipe, G_MAXUINT);
  return recipe->validate_every == 0
         || check_side (self, find_line (self, "train", "validation-size"), "squares for validation",
                        validation_px, error);
}

/* Networks and losses of pairs take two sources and nothing else. */
static gboolean
check_sources (const Reader *self, GError **error)
{
  OmniTrainConfig config;
  omni_recipe_get_config (self->recipe, &config);
  for (guint t = 0; t < self->recipe->tasks->len; t++)
  {
    const OmniRecipeTask *task = self->recipe->tasks->pdata[t];
    const guint wanted = omni_train_config_get_n_sources (&config, task->task);
    if (task->task == OMNI_TASK_PANSHARPEN && !omni_train_config_takes_bands (&config))
      return refuse (self, task->line, error,
                     "%s does not sharpen bands; set architecture = pmgi, or leave [task %s] out",
                     config.architecture, task->name);
    for (guint i = 0; wanted > 0 && i < task->n_sources->len; i++)
      if (g_array_index (task->n_sources, guint, i) != wanted)
        return refuse (self, task->line, error,
                       "[task %s] has sets of %u sources, and %s with its losses takes %u; set sources = %u",
                       task->name, g_array_index (task->n_sources, guint, i), config.architecture, wanted,
                       wanted);
  }
  return TRUE;
}

/* What looks through VGG-16 has one. */
static gboolean
check_vgg16 (const Reader *self, GError **error)
{
  for (guint t = 0; t < self->recipe->tasks->len && self->recipe->vgg16 == NULL; t++)
  {
    const OmniRecipeTask *task = self->recipe->tasks->pdata[t];
    for (OmniLoss loss = 0; loss < OMNI_N_LOSSES; loss++)
      if (task->losses.weight[loss] > 0 && omni_loss_needs_vgg16 (loss))
        return refuse (
          self, task->line, error,
          "[task %s] has the loss “%s”, which looks through VGG-16, and its weights do not come with "
          "the program; name a file with them: vgg16 = FILE in [network]",
          task->name, omni_loss_to_string (loss));
  }
  return TRUE;
}

static gboolean
check_order (const Reader *self, guint n_lines, GError **error)
{
  OmniRecipe *recipe = self->recipe;
  const gboolean sequential = recipe->sequential;
  double sum = 0;
  guint64 steps = 0;
  for (guint i = 0; i < recipe->tasks->len; i++)
  {
    const OmniRecipeTask *task = recipe->tasks->pdata[i];
    if (sequential && task->steps == 0)
      return refuse (self, task->line, error, "[task %s] needs the key “steps”, as the order is sequential",
                     task->name);
    sum += task->probability;
    steps += task->steps;
  }
  if (!sequential && sum <= 0)
    return refuse (self, n_lines, error, "no task has a probability above 0");
  /* A recipe for one task after another serves for all at once, too. */
  if (sequential || recipe->steps == 0)
    recipe->steps = steps;
  if (recipe->steps == 0)
    return refuse (self, find_line (self, "train", "steps"), error,
                   "[train] needs the key “steps”, at least 1");
  if (recipe->restart && sequential && recipe->tasks->len > OMNI_TRAIN_MAX_RESTARTS)
    return refuse (
      self, find_line (self, "optimiser", "restart"), error,
      "the schedule can begin anew with at most " G_STRINGIFY (OMNI_TRAIN_MAX_RESTARTS) " tasks");
  return TRUE;
}

static gboolean
finish_recipe (Reader *self, guint n_lines, GError **error)
{
  OmniRecipe *recipe = self->recipe;
  if (!finish_task (self, error))
    return FALSE;
  if (recipe->tasks->len == 0)
    return refuse (self, n_lines, error, "there is no [task …]; a recipe needs at least one");
  recipe->has_ewc = g_hash_table_contains (self->sections, "ewc");
  const char *const sections[] = { "network", "train", "optimiser", "ewc" };
  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
  {
    const guint line = GPOINTER_TO_UINT (g_hash_table_lookup (self->sections, sections[i]));
    if (!fill_section (self, sections[i], recipe, line != 0 ? line : n_lines, error))
      return FALSE;
  }
  double sum = 0;
  for (guint i = 0; i < recipe->base_levels->len; i++)
    sum += g_array_index (recipe->base_levels, double, i);
  if (sum <= 0 || recipe->base_levels->len > OMNI_TRAIN_BASE_LEVELS)
    return refuse (self, find_line (self, "network", "base-levels"), error,
                   "base-levels takes up to %d chances, one of them above 0", OMNI_TRAIN_BASE_LEVELS);
  return check_order (self, n_lines, error) && check_sources (self, error) && check_vgg16 (self, error)
         && check_sides (self, error);
}

/* ---- Lines ---- */

static gboolean
is_section (const char *name)
{
  for (guint i = 0; i < omni_recipe_n_keys; i++)
    if (!g_str_equal (omni_recipe_keys[i].section, "task") && g_str_equal (omni_recipe_keys[i].section, name))
      return TRUE;
  return FALSE;
}

static void
begin_task (Reader *self, const char *name, guint line)
{
  self->task = g_new0 (OmniRecipeTask, 1);
  self->task->name = g_strdup (name);
  self->task->line = line;
  g_ptr_array_add (self->recipe->tasks, self->task);
  for (guint i = 0; i < omni_recipe_n_keys; i++)
    if (g_str_equal (omni_recipe_keys[i].section, "task"))
      self->lines[i] = 0;
}

static gboolean
read_section (Reader *self, char *text, guint line, GError **error)
{
  if (!finish_task (self, error))
    return FALSE;
  const gsize length = strlen (text);
  if (text[length - 1] != ']')
    return refuse (self, line, error, "the section “%s” does not end with “]”", text);
  text[length - 1] = '\0';
  g_free (self->section);
  self->section = g_strdup (g_strstrip (text + 1));
  self->section_line = line;
  const guint earlier = GPOINTER_TO_UINT (g_hash_table_lookup (self->sections, self->section));
  if (earlier != 0)
    return refuse (self, line, error, "[%s] stands in line %u already", self->section, earlier);
  g_hash_table_insert (self->sections, g_strdup (self->section), GUINT_TO_POINTER (line));
  if (g_str_has_prefix (self->section, "task "))
  {
    const char *name = self->section + strlen ("task ");
    while (*name == ' ')
      name++;
    if (name[strspn (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_")] != '\0'
        || !g_ascii_isalnum (name[0]))
      return refuse (self, line, error, "a task's name is made of letters, digits, “-” and “_”, unlike “%s”",
                     name);
    begin_task (self, name, line);
    return TRUE;
  }
  return is_section (self->section)
         || refuse (self, line, error,
                    "there is no section [%s]; the sections are [network], [train], [optimiser], [ewc] and "
                    "[task NAME]",
                    self->section);
}

static gboolean
refuse_key (const Reader *self, const char *section, const char *name, guint line, GError **error)
{
  g_autoptr (GString) keys = g_string_new (NULL);
  for (guint i = 0; i < omni_recipe_n_keys; i++)
    if (g_str_equal (omni_recipe_keys[i].section, section))
      g_string_append_printf (keys, "%s%s", keys->len > 0 ? ", " : "", omni_recipe_keys[i].key);
  return refuse (self, line, error, "there is no key “%s” in [%s]; its keys are %s", name, self->section,
                 keys->str);
}

static gboolean
read_pair (Reader *self, char *text, guint line, GError **error)
{
  char *equals = strchr (text, '=');
  if (equals == NULL)
    return refuse (self, line, error, "“%s” is neither a [section] nor “key = value”", text);
  *equals = '\0';
  const char *name = g_strstrip (text), *value = g_strstrip (equals + 1);
  if (self->section == NULL)
    return refuse (self, line, error, "“%s” stands before the first [section]", name);
  const char *section = self->task != NULL ? "task" : self->section;
  for (guint i = 0; i < omni_recipe_n_keys; i++)
  {
    const OmniRecipeKey *key = &omni_recipe_keys[i];
    if (!g_str_equal (key->section, section) || !g_str_equal (key->key, name))
      continue;
    if (self->lines[i] != 0)
      return refuse (self, line, error, "“%s” stands in line %u already", name, self->lines[i]);
    self->lines[i] = line;
    g_autoptr (GError) cause = NULL;
    gpointer target = self->task != NULL ? (gpointer)self->task : self->recipe;
    return omni_recipe_key_read (key, value, target, &cause)
           || refuse (self, line, error, "%s", cause->message);
  }
  return refuse_key (self, section, name, line, error);
}

static gboolean
read_lines (Reader *self, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;
  for (; lines[n] != NULL; n++)
  {
    lines[n][strcspn (lines[n], "#")] = '\0';
    char *line = g_strstrip (lines[n]);
    if (line[0] == '\0')
      continue;
    if (!(line[0] == '[' ? read_section (self, line, n + 1, error) : read_pair (self, line, n + 1, error)))
      return FALSE;
  }
  return finish_recipe (self, MAX (n, 1), error);
}

OmniRecipe *
omni_recipe_parse (const char *text, const char *name, GError **error)
{
  g_auto (Reader) reader = { .recipe = g_new0 (OmniRecipe, 1),
                             .lines = g_new0 (guint, omni_recipe_n_keys),
                             .sections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };
  reader.recipe->tasks = g_ptr_array_new_with_free_func (task_free);
  reader.recipe->path = g_strdup (name);
  reader.recipe->name = g_path_get_basename (name);
  char *dot = strrchr (reader.recipe->name, '.');
  if (dot != NULL && dot != reader.recipe->name)
    *dot = '\0';
  reader.recipe->sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  if (!g_utf8_validate (text, -1, NULL))
  {
    refuse (&reader, 1, error, "this is not UTF-8 text, and so no recipe");
    return NULL;
  }
  const char *after_mark = g_str_has_prefix (text, BYTE_ORDER_MARK) ? text + strlen (BYTE_ORDER_MARK) : text;
  if (!read_lines (&reader, after_mark, error))
    return NULL;
  return g_steal_pointer (&reader.recipe);
}

OmniRecipe *
omni_recipe_load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!g_file_get_contents (path, &text, &length, error))
  {
    g_prefix_error (error, "The recipe cannot be read: ");
    return NULL;
  }
  if (strlen (text) != length)
  {
    g_autofree char *name = g_filename_display_name (path);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "“%s” holds zero bytes and is no recipe; name a text file.", name);
    return NULL;
  }
  return omni_recipe_parse (text, path, error);
}

/* ---- What it means ---- */

gboolean
omni_recipe_task_has_truth (const OmniRecipeTask *task)
{
  return task->synthesis != OMNI_SYNTHESIS_NONE || task->truth || task->task == OMNI_TASK_PANSHARPEN;
}

guint
omni_recipe_get_crop_px (const OmniRecipe *self, guint64 step)
{
  guint size_px = 0;
  for (guint i = 0; i < self->crops->len; i++)
  {
    const OmniRecipeCrop *crop = &g_array_index (self->crops, OmniRecipeCrop, i);
    if (step >= crop->fraction * self->steps)
      size_px = crop->size_px;
  }
  return size_px;
}

guint
omni_recipe_get_max_crop_px (const OmniRecipe *self)
{
  guint size_px = 0;
  for (guint i = 0; i < self->crops->len; i++)
    size_px = MAX (size_px, g_array_index (self->crops, OmniRecipeCrop, i).size_px);
  return size_px;
}

guint
omni_recipe_get_validation_px (const OmniRecipe *self, guint most_px)
{
  OmniTrainConfig config;
  omni_recipe_get_config (self, &config);
  guint multiple = MAX (VALIDATION_STEP_PX, omni_train_config_get_side (&config).multiple);
  for (guint t = 0; t < self->tasks->len; t++)
    multiple = MAX (
      multiple,
      omni_train_losses_get_side (&((const OmniRecipeTask *)self->tasks->pdata[t])->losses).multiple);
  const guint side_px = (guint)MIN (self->validation_size, most_px);
  return side_px - side_px % multiple;
}

void
omni_recipe_get_config (const OmniRecipe *self, OmniTrainConfig *config)
{
  *config = self->config;
  config->architecture = self->architecture;
  config->without_skips = !self->skips;
  config->has_scales = self->scales;
  config->total_steps = self->steps;
  config->freeze_step = self->freeze_norm_at < 1 ? (guint64)ceil (self->freeze_norm_at * self->steps)
                                                 : G_MAXUINT64;
  config->min_levels = (guint)self->levels.low;
  config->max_levels = (guint)self->levels.high;
  config->order = self->sequential ? "sequential" : "joint";
  config->recipe_sha256 = self->sha256;
  guint64 end = 0;
  for (guint i = 0; self->sequential && self->restart && i + 1 < self->tasks->len; i++)
  {
    end += ((const OmniRecipeTask *)self->tasks->pdata[i])->steps;
    config->restarts[i] = end;
  }
  for (guint i = 0; i < self->base_levels->len; i++)
    config->base_level_chance[i] = (float)g_array_index (self->base_levels, double, i);
  for (guint i = 0; i < self->tasks->len; i++)
  {
    const OmniRecipeTask *task = self->tasks->pdata[i];
    config->losses[task->task] = task->losses;
  }
  if (self->has_ewc)
    config->ewc_lambda = (float)(self->ewc_form == 0 ? self->ewc_strength : self->ewc_strength / 2);
}

int
omni_recipe_get_task_at (const OmniRecipe *self, guint64 step)
{
  if (!self->sequential)
    return -1;
  guint64 end = 0;
  for (guint i = 0; i < self->tasks->len; i++)
  {
    end += ((const OmniRecipeTask *)self->tasks->pdata[i])->steps;
    if (step < end)
      return i;
  }
  return self->tasks->len - 1;
}

gboolean
omni_recipe_set_order (OmniRecipe *self, gboolean sequential, GError **error)
{
  guint64 steps = 0;
  double sum = 0;
  for (guint i = 0; i < self->tasks->len; i++)
  {
    const OmniRecipeTask *task = self->tasks->pdata[i];
    if (sequential && task->steps == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "“%s” says nothing of how many steps [task %s] takes, so its tasks cannot be learned one "
                   "after another; give each of them the key “steps”.",
                   self->path, task->name);
      return FALSE;
    }
    steps += task->steps;
    sum += task->probability;
  }
  if (!sequential && sum <= 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "No task of “%s” has a probability above 0, so they cannot be learned together.",
                 self->path);
    return FALSE;
  }
  if (sequential && self->restart && self->tasks->len > OMNI_TRAIN_MAX_RESTARTS)
  {
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "The schedule of “%s” can begin anew with at most %d tasks; leave out “restart”, or have fewer.",
      self->path, OMNI_TRAIN_MAX_RESTARTS);
    return FALSE;
  }
  if (sequential)
    self->steps = steps;
  self->sequential = sequential;
  return TRUE;
}

/* Takes from the longest task, so that those whose share was less than a step get one. */
static void
lend_steps (GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
  {
    OmniRecipeTask *task = tasks->pdata[i], *longest = task;
    if (task->steps > 0)
      continue;
    for (guint k = 0; k < tasks->len; k++)
    {
      OmniRecipeTask *other = tasks->pdata[k];
      if (other->steps > longest->steps)
        longest = other;
    }
    longest->steps--;
    task->steps = 1;
  }
}

/* Whole shares of `steps`; what is left of them goes to the largest remainders, of equal ones to the first. */
static void
share_steps (GPtrArray *tasks, guint64 steps, guint64 before)
{
  g_autofree guint64 *remainders = g_new (guint64, tasks->len);
  guint64 left = steps;
  for (guint i = 0; i < tasks->len; i++)
  {
    OmniRecipeTask *task = tasks->pdata[i];
    remainders[i] = task->steps * steps % before;
    task->steps = task->steps * steps / before;
    left -= task->steps;
  }
  for (; left > 0; left--)
  {
    guint most = 0;
    for (guint i = 1; i < tasks->len; i++)
      if (remainders[i] > remainders[most])
        most = i;
    ((OmniRecipeTask *)tasks->pdata[most])->steps++;
    remainders[most] = 0;
  }
  lend_steps (tasks);
}

gboolean
omni_recipe_set_steps (OmniRecipe *self, guint64 steps, GError **error)
{
  if (self->sequential && steps < self->tasks->len)
  {
    g_autofree char *name = g_filename_display_name (self->path);
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "“%s” has %u tasks to learn one after another, and a run of %" G_GUINT64_FORMAT
      " steps has not one for each; ask for %u or more (--steps), or for all at once (--order joint).",
      name, self->tasks->len, steps, self->tasks->len);
    return FALSE;
  }
  if (self->sequential)
    share_steps (self->tasks, steps, self->steps);
  self->steps = steps;
  return TRUE;
}
