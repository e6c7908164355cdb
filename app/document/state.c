/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/document-private.h"

static void
free_options (gpointer options)
{
  omni_model_options_free (options);
}

static OmniDocumentState *
state_alloc (void)
{
  OmniDocumentState *state = g_new0 (OmniDocumentState, 1);

  state->sources = g_ptr_array_new_with_free_func (g_object_unref);
  state->active = g_ptr_array_new_with_free_func (g_object_unref);
  state->roles = g_array_new (FALSE, FALSE, sizeof (OmniRole));
  state->off = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  state->influence = g_hash_table_new_full (NULL, NULL, g_object_unref, g_free);
  state->options = g_hash_table_new_full (NULL, NULL, NULL, free_options);
  state->weights = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  state->bookmarks = g_array_new (FALSE, FALSE, sizeof (OmniPart));
  return state;
}

OmniDocumentState *
omni_document_state_new (void)
{
  return state_alloc ();
}

OmniDocumentState *
omni_document_state_copy (const OmniDocumentState *state)
{
  OmniDocumentState *copy = state_alloc ();
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, state->off);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_hash_table_add (copy->off, g_object_ref (key));
  g_hash_table_iter_init (&iter, state->influence);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy->influence, g_object_ref (key), g_memdup2 (value, sizeof (double)));
  g_hash_table_iter_init (&iter, state->options);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy->options, key, omni_model_options_copy (value));
  g_hash_table_iter_init (&iter, state->weights);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy->weights, key, g_strdup (value));
  copy->task = state->task;
  copy->model = state->model;
  copy->resize = state->resize;
  copy->recipe = state->recipe;
  g_array_append_vals (copy->bookmarks, state->bookmarks->data, state->bookmarks->len);
  omni_document_state_set_sources (copy, state->sources);
  return copy;
}

void
omni_document_state_free (OmniDocumentState *state)
{
  g_ptr_array_unref (state->sources);
  g_ptr_array_unref (state->active);
  g_array_unref (state->roles);
  g_hash_table_unref (state->off);
  g_hash_table_unref (state->influence);
  g_hash_table_unref (state->options);
  g_hash_table_unref (state->weights);
  g_array_unref (state->bookmarks);
  g_free (state);
}

void
omni_document_state_set_sources (OmniDocumentState *state, GPtrArray *sources)
{
  g_autoptr (GPtrArray) before = state->sources;

  state->sources = g_ptr_array_new_full (sources->len, g_object_unref);
  g_ptr_array_set_size (state->active, 0);
  g_array_set_size (state->roles, 0);
  for (guint i = 0; i < sources->len; i++)
  {
    OmniSource *source = sources->pdata[i];
    const OmniRole role = omni_source_get_role (source);
    g_ptr_array_add (state->sources, g_object_ref (source));
    g_array_append_val (state->roles, role);
    if (!g_hash_table_contains (state->off, source))
      g_ptr_array_add (state->active, g_object_ref (source));
  }
}

void
omni_document_state_set_on (OmniDocumentState *state, OmniSource *source, gboolean on)
{
  if (on)
    g_hash_table_remove (state->off, source);
  else
    g_hash_table_add (state->off, g_object_ref (source));
  omni_document_state_set_sources (state, state->sources);
}

void
omni_document_state_inherit (OmniDocumentState *state, OmniSource *source, OmniSource *next)
{
  const double *influence = g_hash_table_lookup (state->influence, source);

  /* It may have been in the set before, and counted otherwise. */
  if (g_hash_table_contains (state->off, source))
    g_hash_table_add (state->off, g_object_ref (next));
  else
    g_hash_table_remove (state->off, next);
  if (influence != NULL)
    g_hash_table_insert (state->influence, g_object_ref (next), g_memdup2 (influence, sizeof *influence));
  else
    g_hash_table_remove (state->influence, next);
  omni_source_set_role (next, omni_source_get_role (source));
}
