/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/reader.h"
#include "app/training/luma.h"

typedef struct
{
  char *name; /* a path, or what a picture that was made is called */
  gboolean loading;
  OmniLuma *luma; /* NULL while loading, and after a failure */
  GError *error;
  gsize size_bytes;
  GList *link; /* in the order of use, while it holds pixels */
} Entry;

struct _OmniLumaCache
{
  GMutex lock;
  GCond changed;
  GHashTable *entries;
  GQueue used; /* Entry, the latest last */
  guint64 budget_bytes, held_bytes, n_decoded;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;
  g_free (entry->name);
  g_clear_pointer (&entry->luma, omni_luma_unref);
  g_clear_error (&entry->error);
  g_free (entry);
}

OmniLumaCache *
omni_luma_cache_new (guint64 budget_bytes)
{
  OmniLumaCache *self = g_new0 (OmniLumaCache, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->used);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->budget_bytes = budget_bytes;
  return self;
}

void
omni_luma_cache_free (OmniLumaCache *self)
{
  if (self == NULL)
    return;
  g_queue_clear (&self->used);
  g_hash_table_unref (self->entries);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static OmniLuma *
decode (gconstpointer data, GError **error)
{
  const char *path = data;
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, error);
  if (picture == NULL)
    return NULL;
  OmniLuma *luma = omni_luma_new (picture, error);
  if (luma == NULL)
    g_prefix_error (error, "%s: ", path);
  return luma;
}

/* Gives up what was used longest ago; whoever holds a reference keeps its picture. */
static void
make_room (OmniLumaCache *self, gsize size_bytes)
{
  while (self->held_bytes + size_bytes > self->budget_bytes && !g_queue_is_empty (&self->used))
  {
    Entry *oldest = g_queue_pop_head (&self->used);
    self->held_bytes -= oldest->size_bytes;
    g_hash_table_remove (self->entries, oldest->name);
  }
}

static void
keep (OmniLumaCache *self, Entry *entry)
{
  entry->size_bytes = sizeof (OmniLuma) + sizeof (guint16) * (gsize)entry->luma->width * entry->luma->height;
  make_room (self, entry->size_bytes);
  g_queue_push_tail (&self->used, entry);
  entry->link = self->used.tail;
  self->held_bytes += entry->size_bytes;
}

/* Called with the lock, which is given up while the file is decoded. */
static Entry *
load (OmniLumaCache *self, const char *name, OmniLumaLoad make, gconstpointer data)
{
  Entry *entry = g_new0 (Entry, 1);
  entry->name = g_strdup (name);
  entry->loading = TRUE;
  g_hash_table_insert (self->entries, entry->name, entry);
  self->n_decoded++;
  g_mutex_unlock (&self->lock);
  GError *error = NULL;
  OmniLuma *luma = make (data, &error);
  g_mutex_lock (&self->lock);
  entry->luma = luma;
  entry->error = error;
  entry->loading = FALSE;
  if (luma != NULL)
    keep (self, entry);
  g_cond_broadcast (&self->changed);
  return entry;
}

OmniLuma *
omni_luma_cache_get_made (OmniLumaCache *self, const char *name, OmniLumaLoad make, gconstpointer data,
                          GError **error)
{
  g_mutex_lock (&self->lock);
  Entry *entry = g_hash_table_lookup (self->entries, name);
  /* Looked up anew each time: it may be given up between its arrival and our waking up. */
  while (entry != NULL && entry->loading)
  {
    g_cond_wait (&self->changed, &self->lock);
    entry = g_hash_table_lookup (self->entries, name);
  }
  if (entry == NULL)
    entry = load (self, name, make, data);
  OmniLuma *luma = entry->luma != NULL ? omni_luma_ref (entry->luma) : NULL;
  if (luma == NULL && error != NULL)
    *error = g_error_copy (entry->error);
  else if (luma != NULL)
  {
    g_queue_unlink (&self->used, entry->link);
    g_queue_push_tail_link (&self->used, entry->link);
  }
  g_mutex_unlock (&self->lock);
  return luma;
}

OmniLuma *
omni_luma_cache_get (OmniLumaCache *self, const char *path, GError **error)
{
  return omni_luma_cache_get_made (self, path, decode, path, error);
}

void
omni_luma_cache_get_figures (OmniLumaCache *self, guint64 *held_bytes, guint64 *n_decoded)
{
  g_mutex_lock (&self->lock);
  *held_bytes = self->held_bytes;
  *n_decoded = self->n_decoded;
  g_mutex_unlock (&self->lock);
}
