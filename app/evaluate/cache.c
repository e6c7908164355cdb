/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HEADING "{\"omnifuse-evaluate\":1}\n"

/* A value, or the reason why there is none. */
typedef struct
{
  double value;
  char *reason;
} Kept;

struct _OmniEvaluateCache
{
  char *path;
  int fd;
  GHashTable *values; /* key to Kept */
  gboolean is_torn;   /* the file does not end with a line */
  GMutex lock;
};

char *
omni_evaluate_cache_default_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "omnifuse", "evaluate", "scores.jsonl", NULL);
}

static gboolean
fail (const char *path, const char *cause, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The cache “%s” %s; name another file (--cache).", name,
               cause);
  return FALSE;
}

static gboolean
fail_errno (const char *path, int code, GError **error)
{
  g_autofree char *cause = g_strdup_printf ("cannot be used: %s", g_strerror (code));
  return fail (path, cause, error);
}

/* ---- Reading ---- */

static void
kept_free (gpointer data)
{
  g_free (((Kept *)data)->reason);
  g_free (data);
}

static void
keep (OmniEvaluateCache *self, const char *key, double value, const char *reason)
{
  Kept *kept = g_new (Kept, 1);
  *kept = (Kept){ value, g_strdup (reason) };
  g_hash_table_replace (self->values, g_strdup (key), kept);
}

static gboolean
holds_text (JsonNode *node)
{
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING;
}

static void
read_line (OmniEvaluateCache *self, JsonParser *parser, const char *line, gsize size)
{
  if (!json_parser_load_from_data (parser, line, (gssize)size, NULL) || json_parser_get_root (parser) == NULL
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return;
  JsonObject *object = json_node_get_object (json_parser_get_root (parser));
  JsonNode *key = json_object_get_member (object, "key"), *value = json_object_get_member (object, "value");
  JsonNode *reason = json_object_get_member (object, "reason");
  if (!holds_text (key) || value == NULL)
    return;
  const GType type = json_node_get_value_type (value);
  if ((type == G_TYPE_DOUBLE || type == G_TYPE_INT64) && isfinite (json_node_get_double (value)))
    keep (self, json_node_get_string (key), json_node_get_double (value), NULL);
  else if (JSON_NODE_HOLDS_NULL (value) && holds_text (reason))
    keep (self, json_node_get_string (key), NAN, json_node_get_string (reason));
}

static gboolean
read_file (OmniEvaluateCache *self, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) cause = NULL;
  gsize size;
  if (!g_file_get_contents (self->path, &text, &size, &cause))
    return fail (self->path, "cannot be read", error);
  /* Killed while the heading was written, at the worst. */
  const gsize heading = MIN (size, strlen (HEADING));
  if (memcmp (text, HEADING, heading) != 0)
    return fail (self->path, "is another kind of file", error);
  if (size < strlen (HEADING))
    return ftruncate (self->fd, 0) == 0 && write (self->fd, HEADING, strlen (HEADING)) == strlen (HEADING)
             ? TRUE
             : fail_errno (self->path, errno, error);
  self->is_torn = text[size - 1] != '\n';
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  for (const char *line = text + heading, *end; line < text + size; line = end + 1)
  {
    end = memchr (line, '\n', (gsize)(text + size - line));
    if (end == NULL)
      end = text + size;
    read_line (self, parser, line, (gsize)(end - line));
  }
  return TRUE;
}

OmniEvaluateCache *
omni_evaluate_cache_open (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (OmniEvaluateCache) self = g_new0 (OmniEvaluateCache, 1);
  g_autofree char *folder = g_path_get_dirname (path);
  self->path = g_strdup (path);
  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kept_free);
  g_mutex_init (&self->lock);
  if (g_mkdir_with_parents (folder, 0700) != 0)
  {
    self->fd = -1;
    fail_errno (path, errno, error);
    return NULL;
  }
  self->fd = open (path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (self->fd < 0)
  {
    fail_errno (path, errno, error);
    return NULL;
  }
  /* Another program may be writing the heading right now. */
  flock (self->fd, LOCK_EX);
  const gboolean is_read = read_file (self, error);
  flock (self->fd, LOCK_UN);
  return is_read ? g_steal_pointer (&self) : NULL;
}

void
omni_evaluate_cache_free (OmniEvaluateCache *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_hash_table_unref (self->values);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

gboolean
omni_evaluate_cache_find (OmniEvaluateCache *self, const char *key, double *value, char **reason)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const Kept *kept = g_hash_table_lookup (self->values, key);
  if (kept == NULL)
    return FALSE;
  *value = kept->value;
  *reason = g_strdup (kept->reason);
  return TRUE;
}

/* ---- Writing ---- */

static void
add_member (JsonBuilder *json, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, valid);
}

/* (transfer full) With its end. The value has 17 digits, which say it exactly; json-glib 1.6 would make 1e-300.0 of it. */
static char *
make_line (const char *key, const char *scene, const char *method, const char *metric, double value,
           const char *reason)
{
  g_autoptr (JsonBuilder) json = json_builder_new_immutable ();
  json_builder_begin_object (json);
  add_member (json, "key", key);
  add_member (json, "scene", scene);
  add_member (json, "method", method);
  add_member (json, "metric", metric);
  if (reason != NULL)
    add_member (json, "reason", reason);
  json_builder_end_object (json);
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_root (generator, root);
  gsize size;
  g_autofree char *text = json_generator_to_data (generator, &size);
  text[size - 1] = '\0'; /* the brace */
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr (number, sizeof number, value);
  return g_strconcat (text, ",\"value\":", reason != NULL ? "null" : number, "}\n", NULL);
}

gboolean
omni_evaluate_cache_add (OmniEvaluateCache *self, const char *key, const char *scene, const char *method,
                         const char *metric, double value, const char *reason, GError **error)
{
  g_return_val_if_fail (reason != NULL || isfinite (value), FALSE);

  g_autofree char *made = make_line (key, scene, method, metric, value, reason);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  /* What is left of a torn line becomes a line of its own. */
  g_autofree char *line = self->is_torn ? g_strconcat ("\n", made, NULL) : g_steal_pointer (&made);
  const gsize size = strlen (line);
  gssize written;
  do
    written = write (self->fd, line, size);
  while (written < 0 && errno == EINTR);
  self->is_torn = written != (gssize)size && (written > 0 || self->is_torn);
  if (written != (gssize)size)
    return fail_errno (self->path, written < 0 ? errno : ENOSPC, error);

  keep (self, key, reason != NULL ? NAN : value, reason);
  return TRUE;
}

guint
omni_evaluate_cache_count (OmniEvaluateCache *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return g_hash_table_size (self->values);
}

gboolean
omni_evaluate_cache_make_picture_folder (OmniEvaluateCache *self, GError **error)
{
  g_autofree char *folder = g_strconcat (self->path, ".pictures", NULL);
  return g_mkdir_with_parents (folder, 0700) == 0 || fail_errno (folder, errno, error);
}
