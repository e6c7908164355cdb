/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/recipe-private.h"

#include <math.h>
#include <string.h>

static gboolean
read_number (const char *text, double low, double high, double *value)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  char *end;
  *value = g_ascii_strtod (trimmed, &end);
  return end != trimmed && *end == '\0' && isfinite (*value) && *value >= low && *value <= high;
}

static gboolean
read_whole (const char *text, double low, double high, guint64 *value)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  return g_ascii_string_to_unsigned (trimmed, 10, (guint64)low, (guint64)high, value, NULL);
}

static gboolean
read_range (const OmniRecipeKey *key, const char *text, OmniRange *range)
{
  char *end = NULL;
  g_ascii_strtod (text, &end); /* a minus may stand in an exponent, too */
  g_autofree char *low = g_strchomp (g_strndup (text, end - text));
  while (g_ascii_isspace (*end))
    end++;
  const char *high = *end == '-' ? end + 1 : low;
  return (*end == '-' || *end == '\0') && read_number (low, key->low, key->high, &range->low)
         && read_number (high, key->low, key->high, &range->high) && range->low <= range->high;
}

static gboolean
find_choice (const OmniRecipeKey *key, const char *text, guint *index)
{
  const char *const *choices = omni_recipe_key_get_choices (key);
  for (*index = 0; choices[*index] != NULL; ++*index)
    if (g_str_equal (choices[*index], text))
      return TRUE;
  return FALSE;
}

/* “2” or “2-5”. */
static gboolean
add_counts (const OmniRecipeKey *key, const char *item, GArray *counts)
{
  g_auto (GStrv) parts = g_strsplit (item, "-", 2);
  guint64 first, last;
  const guint n = g_strv_length (parts);
  if (n == 0 || !read_whole (parts[0], key->low, key->high, &first)
      || !read_whole (parts[n - 1], key->low, key->high, &last) || first > last)
    return FALSE;
  for (guint64 value = first; value <= last; value++)
  {
    const guint count = (guint)value;
    g_array_append_val (counts, count);
  }
  return TRUE;
}

static gboolean
add_number (const OmniRecipeKey *key, const char *item, GArray *numbers)
{
  double value;
  if (!read_number (item, key->low, key->high, &value))
    return FALSE;
  g_array_append_val (numbers, value);
  return TRUE;
}

/* “64” or “128@0.8”; later ones start later. */
static gboolean
add_crop (const OmniRecipeKey *key, const char *item, GArray *crops)
{
  g_auto (GStrv) parts = g_strsplit (item, "@", 2);
  guint64 size_px;
  OmniRecipeCrop crop = { 0 };
  if (parts[0] == NULL || !read_whole (parts[0], key->low, key->high, &size_px))
    return FALSE;
  const double after = crops->len > 0 ? g_array_index (crops, OmniRecipeCrop, crops->len - 1).fraction : 0;
  if (parts[1] != NULL && (!read_number (parts[1], 0, 1, &crop.fraction) || crops->len == 0))
    return FALSE;
  if (crops->len > 0 && (parts[1] == NULL || crop.fraction <= after))
    return FALSE;
  crop.size_px = (guint)size_px;
  g_array_append_val (crops, crop);
  return TRUE;
}

static const struct
{
  gsize size;
  gboolean (*add) (const OmniRecipeKey *key, const char *item, GArray *items);
} arrays[] = {
  [OMNI_KEY_COUNTS] = { sizeof (guint), add_counts },
  [OMNI_KEY_NUMBERS] = { sizeof (double), add_number },
  [OMNI_KEY_CROPS] = { sizeof (OmniRecipeCrop), add_crop },
};

static gboolean
read_array (const OmniRecipeKey *key, const char *text, GArray **array)
{
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, arrays[key->kind].size);
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (!arrays[key->kind].add (key, g_strstrip (parts[i]), items))
      return FALSE;
  if (items->len == 0)
    return FALSE;
  *array = g_steal_pointer (&items);
  return TRUE;
}

/* “mef-ssim@2 0.5”: the term's scales count first and are made shares of the whole at the end. */
static gboolean
add_loss (const OmniRecipeKey *key, const char *item, OmniTrainLosses *losses)
{
  const gsize end = strcspn (item, " \t");
  g_autofree char *term = g_strndup (item, end);
  char *at = strchr (term, '@');
  guint64 scale = 1;
  if (at != NULL)
  {
    *at = '\0';
    if (!read_whole (at + 1, 1, 1 << (OMNI_MEF_SCALES - 1), &scale) || (scale & (scale - 1)) != 0)
      return FALSE;
  }
  OmniLoss loss;
  double weight;
  if (!omni_loss_from_string (term, &loss) || !read_number (item + end, key->low, key->high, &weight)
      || weight <= 0)
    return FALSE;
  float *scales = omni_train_losses_get_scales (losses, loss);
  if (scales == NULL)
  {
    if (at != NULL)
      return FALSE;
    if (losses->weight[loss] != 0)
      return FALSE;
    losses->weight[loss] = (float)weight;
    return TRUE;
  }
  float *of_scale = &scales[g_bit_nth_lsf (scale, -1)];
  if (*of_scale != 0)
    return FALSE;
  *of_scale = (float)weight;
  return TRUE;
}

static gboolean
read_losses (const OmniRecipeKey *key, const char *text, OmniTrainLosses *losses)
{
  memset (losses->weight, 0, sizeof losses->weight);
  memset (losses->mef_scales, 0, sizeof losses->mef_scales);
  memset (losses->structure_scales, 0, sizeof losses->structure_scales);
  memset (losses->patches_scales, 0, sizeof losses->patches_scales);
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (!add_loss (key, g_strstrip (parts[i]), losses))
      return FALSE;
  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
  {
    float *scales = omni_train_losses_get_scales (losses, loss);
    float sum = 0;
    for (guint i = 0; scales != NULL && i < OMNI_MEF_SCALES; i++)
      sum += scales[i];
    if (sum <= 0)
      continue;
    for (guint i = 0; i < OMNI_MEF_SCALES; i++)
      scales[i] /= sum;
    losses->weight[loss] = sum;
  }
  return parts[0] != NULL;
}

static gboolean
read_list (const char *text, char ***list)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (g_strstrip (parts[i])[0] == '\0')
      return FALSE;
  *list = g_steal_pointer (&parts);
  return (*list)[0] != NULL;
}

void
omni_recipe_key_clear (const OmniRecipeKey *key, gpointer target)
{
  gpointer *at = G_STRUCT_MEMBER_P (target, key->offset);
  switch (key->kind)
  {
  case OMNI_KEY_WORD:
  case OMNI_KEY_TEXT:
    g_clear_pointer (at, g_free);
    return;
  case OMNI_KEY_LIST:
    g_clear_pointer ((char ***)at, g_strfreev);
    return;
  case OMNI_KEY_COUNTS:
  case OMNI_KEY_NUMBERS:
  case OMNI_KEY_CROPS:
    g_clear_pointer ((GArray **)at, g_array_unref);
    return;
  default:
    return;
  }
}

static gboolean
read_value (const OmniRecipeKey *key, const char *text, gpointer at)
{
  guint64 whole;
  guint index;
  double number;
  switch (key->kind)
  {
  case OMNI_KEY_WHOLE:
    return read_whole (text, key->low, key->high, at);
  case OMNI_KEY_COUNT:
    if (!read_whole (text, key->low, key->high, &whole))
      return FALSE;
    *(guint *)at = (guint)whole;
    return TRUE;
  case OMNI_KEY_NUMBER:
    return read_number (text, key->low, key->high, at);
  case OMNI_KEY_FLOAT:
    if (!read_number (text, key->low, key->high, &number))
      return FALSE;
    *(float *)at = (float)number;
    return TRUE;
  case OMNI_KEY_RANGE:
    return read_range (key, text, at);
  case OMNI_KEY_CHOICE:
    return find_choice (key, text, at);
  case OMNI_KEY_TASK:
    return find_choice (key, text, &index) && omni_task_from_string (text, at);
  case OMNI_KEY_WORD:
    if (!find_choice (key, text, &index))
      return FALSE;
    *(char **)at = g_strdup (text);
    return TRUE;
  case OMNI_KEY_TEXT:
    *(char **)at = g_strdup (text);
    return TRUE;
  case OMNI_KEY_LIST:
    return read_list (text, at);
  case OMNI_KEY_COUNTS:
  case OMNI_KEY_NUMBERS:
  case OMNI_KEY_CROPS:
    return read_array (key, text, at);
  case OMNI_KEY_LOSSES:
  default:
    return read_losses (key, text, at);
  }
}

gboolean
omni_recipe_key_read (const OmniRecipeKey *key, const char *text, gpointer target, GError **error)
{
  omni_recipe_key_clear (key, target);
  if (read_value (key, text, G_STRUCT_MEMBER_P (target, key->offset)))
    return TRUE;
  g_autofree char *wanted = omni_recipe_key_describe (key);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s = %s cannot be; it takes %s", key->key, text,
               wanted);
  return FALSE;
}
