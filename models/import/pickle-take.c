/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What came of a pickle: its tensors. */
#include "models/import/pickle.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_DEPTH  8
#define MAX_OTHERS 1000

static const OmniPickleValue *
get_item (const OmniPickleValue *sequence, guint index)
{
  return &g_array_index (sequence->object->items, OmniPickleValue, index);
}

gboolean
omni_pickle_lookup (const OmniPickleValue *dictionary, const char *key, OmniPickleValue *value)
{
  if (dictionary->kind != OMNI_PICKLE_DICTIONARY)
    return FALSE;
  for (guint i = 0; i + 1 < dictionary->object->items->len; i += 2)
  {
    const OmniPickleValue *pair = get_item (dictionary, i);

    if (pair->kind == OMNI_PICKLE_TEXT && g_str_equal (pair->object->text, key))
    {
      *value = pair[1];
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
take_tensor (const OmniPickleTensor *from, const char *name, OmniForeign *foreign, GError **error)
{
  OmniForeignTensor *tensor = omni_foreign_add (foreign, name, error);

  if (tensor == NULL)
    return FALSE;
  tensor->dtype = from->storage->dtype;
  tensor->n_dims = from->n_dims;
  memcpy (tensor->dims, from->dims, sizeof tensor->dims);
  memcpy (tensor->strides, from->strides, sizeof tensor->strides);
  tensor->data = from->storage->data + from->offset * omni_dtype_get_bytes (tensor->dtype);
  return omni_foreign_count (tensor, error);
}

static gboolean take_dictionary (const OmniPickleValue *dictionary, const char *prefix, guint depth,
                                 OmniForeign *foreign, GError **error);

static gboolean
take_value (const OmniPickleValue *value, const char *name, guint depth, OmniForeign *foreign, GError **error)
{
  if (value->kind == OMNI_PICKLE_TENSOR)
    return take_tensor (value->object->tensor, name, foreign, error);
  if (value->kind == OMNI_PICKLE_DICTIONARY)
    return take_dictionary (value, name, depth + 1, foreign, error);
  if (foreign->others->len < MAX_OTHERS)
    g_ptr_array_add (foreign->others, g_strdup (name));
  return TRUE;
}

/* A dictionary that comes a second time is passed over, else a few of them could hold each other thousands of times. */
static gboolean
take_dictionary (const OmniPickleValue *dictionary, const char *prefix, guint depth, OmniForeign *foreign,
                 GError **error)
{
  OmniPickleObject *object = dictionary->object;

  if (depth > MAX_DEPTH)
    return omni_foreign_refuse (error, _ ("the pickle's dictionaries lie in each other more than %u deep"),
                                MAX_DEPTH);
  if (object->look == OMNI_PICKLE_LOOKING)
    return omni_foreign_refuse (error, _ ("the pickle's dictionary “%.64s” holds itself"), prefix);
  if (object->look == OMNI_PICKLE_LOOKED)
    return TRUE;
  object->look = OMNI_PICKLE_LOOKING;
  for (guint i = 0; i + 1 < object->items->len; i += 2)
  {
    const OmniPickleValue *pair = get_item (dictionary, i);
    g_autofree char *name = NULL;

    if (pair->kind != OMNI_PICKLE_TEXT)
      continue;
    name = prefix[0] != '\0' ? g_strconcat (prefix, ".", pair->object->text, NULL)
                             : g_strdup (pair->object->text);
    if (strlen (name) > OMNI_FOREIGN_MAX_NAME)
      return omni_foreign_refuse (error, _ ("the name “%.64s…” is longer than %u bytes"), name,
                                  OMNI_FOREIGN_MAX_NAME);
    if (!take_value (&pair[1], name, depth, foreign, error))
      return FALSE;
  }
  object->look = OMNI_PICKLE_LOOKED;
  return TRUE;
}

gboolean
omni_pickle_take_tensors (const OmniPickleValue *root, OmniForeign *foreign, GError **error)
{
  if (root->kind != OMNI_PICKLE_DICTIONARY)
    return omni_foreign_refuse (error, _ ("the file does not hold a dictionary of tensors; save the state "
                                          "dictionary: torch.save(model.state_dict(), FILE)"));
  return take_dictionary (root, "", 0, foreign, error);
}
