/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions as files, and finding their sources. */
#include "app/document/session-private.h"

#include "app/files/output.h"
#include "app/files/reader.h"
#include "app/weights-folder.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>

#define FORMAT         1
#define MAX_BYTES      (64 << 20)
#define MAX_CANDIDATES 4000 /* files looked at when one was moved */

/* Writing */

static void
add_string (JsonBuilder *json, const char *key, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (json, key);
  json_builder_add_string_value (json, value);
}

static void
add_int (JsonBuilder *json, const char *key, gint64 value)
{
  json_builder_set_member_name (json, key);
  json_builder_add_int_value (json, value);
}

static void
add_boolean (JsonBuilder *json, const char *key, gboolean value)
{
  json_builder_set_member_name (json, key);
  json_builder_add_boolean_value (json, value);
}

static void
add_double (JsonBuilder *json, const char *key, double value)
{
  json_builder_set_member_name (json, key);
  json_builder_add_double_value (json, value);
}

static char *
make_relative (const char *path, const char *session_path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) session = g_file_new_for_path (session_path);
  g_autoptr (GFile) folder = g_file_get_parent (session);

  return folder != NULL ? g_file_get_relative_path (folder, file) : NULL;
}

/* The map as text, which reads back to the last bit whatever reads the rest. */
static void
write_warp (JsonBuilder *json, const OmniSessionFile *file)
{
  g_autoptr (GString) map = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (file->warp.map.m); i++)
  {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf (map, "%s%s", i > 0 ? " " : "",
                            g_ascii_dtostr (number, sizeof number, file->warp.map.m[i]));
  }
  json_builder_set_member_name (json, "aligned");
  json_builder_begin_object (json);
  add_string (json, "map", map->str);
  add_int (json, "width", file->warp.width);
  add_int (json, "height", file->warp.height);
  add_int (json, "of_width", file->of_width);
  add_int (json, "of_height", file->of_height);
  json_builder_end_object (json);
}

static void
write_file (JsonBuilder *json, OmniSessionFile *file, const char *session_path)
{
  g_autofree char *uri = g_filename_to_uri (file->path, NULL, NULL);
  g_autofree char *relative = make_relative (file->path, session_path);
  g_autofree char *escaped = relative != NULL ? g_uri_escape_string (relative, "/", FALSE) : NULL;

  json_builder_begin_object (json);
  add_string (json, "uri", uri);
  add_string (json, "relative", escaped);
  add_string (json, "sha256", file->sha256);
  add_int (json, "bytes", (gint64)file->size_bytes);
  add_string (json, "role", omni_role_to_string (file->role));
  add_boolean (json, "in_set", file->in_set);
  add_boolean (json, "on", file->on);
  if (file->influence != 0)
    add_double (json, "influence", file->influence);
  if (file->warp.width > 0)
    write_warp (json, file);
  json_builder_end_object (json);
}

static void
write_version (JsonBuilder *json, OmniSessionVersion *version)
{
  const OmniVersionFacts *facts = &version->facts;

  json_builder_begin_object (json);
  add_int (json, "number", facts->number);
  add_string (json, "name", version->name);
  add_string (json, "model", facts->model);
  add_string (json, "task", omni_task_to_string (facts->task));
  add_string (json, "options", facts->options);
  add_string (json, "sha256", facts->sha256);
  add_string (json, "weights_sha256", facts->weights_sha256);
  add_string (json, "weights", facts->weights_name);
  add_string (json, "device", facts->device);
  add_boolean (json, "resize", facts->resize);
  add_boolean (json, "pinned", version->pinned);
  add_double (json, "ms", facts->ms);
  add_int (json, "time", facts->unix_time);
  json_builder_set_member_name (json, "sources");
  json_builder_begin_array (json);
  for (guint i = 0; i < version->files->len; i++)
  {
    json_builder_begin_object (json);
    add_int (json, "file", g_array_index (version->files, guint, i));
    add_string (json, "role", omni_role_to_string (g_array_index (version->roles, OmniRole, i)));
    if (g_array_index (version->influence, double, i) != 0)
      add_double (json, "influence", g_array_index (version->influence, double, i));
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
write_weights (JsonBuilder *json, const OmniSessionWeights *weights)
{
  json_builder_begin_object (json);
  add_string (json, "model", weights->model);
  add_string (json, "name", weights->name);
  add_string (json, "sha256", weights->sha256);
  json_builder_end_object (json);
}

static void
write_part (JsonBuilder *json, const OmniPart *part)
{
  json_builder_begin_object (json);
  add_double (json, "x", part->x);
  add_double (json, "y", part->y);
  add_double (json, "width", part->width);
  add_double (json, "height", part->height);
  json_builder_end_object (json);
}

/* What was chosen besides task, model and options. */
static void
write_choices (JsonBuilder *json, OmniSession *self)
{
  json_builder_set_member_name (json, "weights");
  json_builder_begin_array (json);
  for (guint i = 0; i < self->weights->len; i++)
    write_weights (json, self->weights->pdata[i]);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "bookmarks");
  json_builder_begin_array (json);
  for (guint i = 0; i < self->bookmarks->len; i++)
    write_part (json, &g_array_index (self->bookmarks, OmniPart, i));
  json_builder_end_array (json);
}

static JsonNode *
write_session (OmniSession *self, const char *path)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  GHashTableIter iter;
  gpointer name, text;

  json_builder_begin_object (json);
  add_int (json, "omnifuse_session", FORMAT);
  add_string (json, "program", "Omnifuse " OMNI_VERSION);
  add_string (json, "task", omni_task_to_string (self->task));
  add_string (json, "model", self->model);
  add_boolean (json, "resize", self->resize);
  if (self->leaves_frames)
    add_boolean (json, "leaves_frames", TRUE);
  json_builder_set_member_name (json, "options");
  json_builder_begin_object (json);
  g_hash_table_iter_init (&iter, self->options);
  while (g_hash_table_iter_next (&iter, &name, &text))
    add_string (json, name, text);
  json_builder_end_object (json);
  write_choices (json, self);
  json_builder_set_member_name (json, "files");
  json_builder_begin_array (json);
  for (guint i = 0; i < self->files->len; i++)
    write_file (json, self->files->pdata[i], path);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "versions");
  json_builder_begin_array (json);
  for (guint i = 0; i < self->versions->len; i++)
    write_version (json, self->versions->pdata[i]);
  json_builder_end_array (json);
  json_builder_end_object (json);
  return json_builder_get_root (json);
}

gboolean
omni_session_lacks_hashes (OmniSession *self)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    if (file->source != NULL && !omni_source_has_sha256 (omni_source_get_original (file->source)))
      return TRUE;
  }
  return FALSE;
}

/* A file that cannot be read has no hash; it is found by its place, then. */
static void
note_files (OmniSession *self, gboolean quick)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    GStatBuf status;
    if (file->source == NULL)
      continue;
    if (g_stat (file->path, &status) == 0)
      file->size_bytes = (guint64)status.st_size;
    OmniSource *original = omni_source_get_original (file->source);
    if (file->sha256 == NULL && (!quick || omni_source_has_sha256 (original)))
      file->sha256 = omni_source_dup_sha256 (original, NULL);
  }
  /* Weights are small. */
  for (guint i = 0; i < self->weights->len; i++)
  {
    OmniSessionWeights *weights = self->weights->pdata[i];
    if (weights->sha256 == NULL && weights->path != NULL)
      weights->sha256 = omni_file_sha256 (weights->path, NULL);
  }
}

gboolean
omni_session_save (OmniSession *self, const char *path, gboolean quick, GError **error)
{
  note_files (self, quick);
  g_autoptr (JsonNode) root = write_session (self, path);
  g_autofree char *text = json_to_string (root, TRUE);
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();
  g_auto (OmniOutput) output = { 0 };

  for (guint i = 0; i < self->files->len; i++)
    g_ptr_array_add (sources, ((OmniSessionFile *)self->files->pdata[i])->path);
  g_ptr_array_add (sources, NULL);
  return omni_output_open (&output, path, TRUE, (const char *const *)sources->pdata, error)
         && omni_output_write (&output, text, strlen (text), error) && omni_output_commit (&output, error);
}

/* Reading: every value may be anything. */

static const char *
get_string (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node)
                                                                          : NULL;
}

static gint64
get_int (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node) : 0;
}

static double
get_double (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  /* Whole numbers may have been written without a point. */
  if (node == NULL
      || (json_node_get_value_type (node) != G_TYPE_DOUBLE
          && json_node_get_value_type (node) != G_TYPE_INT64))
    return 0;
  const double value = json_node_get_double (node);
  return isfinite (value) ? value : 0;
}

static double
get_influence (JsonObject *object)
{
  return CLAMP (get_double (object, "influence"), -OMNI_MAX_INFLUENCE, OMNI_MAX_INFLUENCE);
}

static gboolean
get_boolean (JsonObject *object, const char *key, gboolean otherwise)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN ? json_node_get_boolean (node)
                                                                           : otherwise;
}

static JsonArray *
get_array (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonObject *
get_element (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static OmniRole
get_role (JsonObject *object)
{
  OmniRole role;

  return omni_role_from_string (get_string (object, "role"), &role) ? role : OMNI_ROLE_NONE;
}

/* What cannot be carried out is no warp. */
static void
read_warp (JsonObject *object, OmniSessionFile *file)
{
  JsonNode *node = json_object_get_member (object, "aligned");
  JsonObject *aligned = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *map = aligned != NULL ? get_string (aligned, "map") : NULL;
  OmniWarp warp;

  if (map == NULL)
    return;
  const gint64 width = get_int (aligned, "width"), height = get_int (aligned, "height");
  const gint64 of_width = get_int (aligned, "of_width"), of_height = get_int (aligned, "of_height");
  if (width < 1 || height < 1 || width > of_width || height > of_height || of_width > G_MAXINT
      || of_height > G_MAXINT)
    return;
  warp.width = (guint)width;
  warp.height = (guint)height;
  for (guint i = 0; i < G_N_ELEMENTS (warp.map.m); i++)
  {
    char *end;
    warp.map.m[i] = g_ascii_strtod (map, &end);
    if (end == map)
      return;
    map = end;
  }
  if (*map != '\0' || !omni_warp_is_sane (&warp))
    return;
  file->warp = warp;
  file->of_width = (guint)of_width;
  file->of_height = (guint)of_height;
}

/* FALSE when it says nothing of use. */
static gboolean
read_file (OmniSession *self, JsonObject *object)
{
  const char *uri = object != NULL ? get_string (object, "uri") : NULL;
  g_autofree char *path = uri != NULL ? g_filename_from_uri (uri, NULL, NULL) : NULL;

  if (path == NULL)
    return FALSE;
  OmniSessionFile *file = omni_session_add_file (self);
  const char *relative = get_string (object, "relative");
  file->path = g_steal_pointer (&path);
  file->relative = relative != NULL ? g_uri_unescape_string (relative, NULL) : NULL;
  file->sha256 = g_strdup (get_string (object, "sha256"));
  file->size_bytes = (guint64)MAX (0, get_int (object, "bytes"));
  file->role = get_role (object);
  file->in_set = get_boolean (object, "in_set", TRUE);
  file->on = get_boolean (object, "on", TRUE);
  file->influence = get_influence (object);
  read_warp (object, file);
  return TRUE;
}

static void
read_facts (JsonObject *object, OmniVersionFacts *facts)
{
  facts->number = (guint)CLAMP (get_int (object, "number"), 0, G_MAXINT);
  facts->model = g_strdup (get_string (object, "model"));
  facts->options = g_strdup (get_string (object, "options"));
  facts->sha256 = g_strdup (get_string (object, "sha256"));
  facts->weights_sha256 = g_strdup (get_string (object, "weights_sha256"));
  facts->weights_name = g_strdup (get_string (object, "weights"));
  facts->device = g_strdup (get_string (object, "device"));
  facts->resize = get_boolean (object, "resize", FALSE);
  facts->ms = get_double (object, "ms");
  facts->unix_time = get_int (object, "time");
}

static void
read_version (OmniSession *self, JsonObject *object)
{
  JsonArray *sources = object != NULL ? get_array (object, "sources") : NULL;
  OmniTask task;

  if (sources == NULL || get_string (object, "model") == NULL || get_string (object, "sha256") == NULL
      || get_string (object, "options") == NULL || get_string (object, "task") == NULL
      || !omni_task_from_string (get_string (object, "task"), &task))
    return;
  OmniSessionVersion *version = omni_session_version_new ();
  for (guint i = 0; i < json_array_get_length (sources); i++)
  {
    JsonObject *source = get_element (sources, i);
    const gint64 index = source != NULL ? get_int (source, "file") : -1;
    if (index < 0 || index >= self->files->len)
    {
      omni_session_version_free (version);
      return;
    }
    const guint file = (guint)index;
    const OmniRole role = get_role (source);
    const double influence = get_influence (source);
    g_array_append_val (version->files, file);
    g_array_append_val (version->roles, role);
    g_array_append_val (version->influence, influence);
  }
  version->facts.task = task;
  read_facts (object, &version->facts);
  version->name = g_strdup (get_string (object, "name"));
  version->pinned = get_boolean (object, "pinned", FALSE);
  g_ptr_array_add (self->versions, version);
}

static void
read_weights (OmniSession *self, JsonObject *object)
{
  const char *model = object != NULL ? get_string (object, "model") : NULL;
  const char *name = object != NULL ? get_string (object, "name") : NULL;

  if (model != NULL && name != NULL)
    omni_session_add_weights (self, model, name)->sha256 = g_strdup (get_string (object, "sha256"));
}

static void
read_part (OmniSession *self, JsonObject *object)
{
  if (object == NULL || self->bookmarks->len >= OMNI_DOCUMENT_MAX_BOOKMARKS)
    return;
  const OmniPart part = { get_double (object, "x"), get_double (object, "y"), get_double (object, "width"),
                          get_double (object, "height") };
  if (part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0 && part.x + part.width <= 1 + 1e-6
      && part.y + part.height <= 1 + 1e-6)
    g_array_append_val (self->bookmarks, part);
}

static void
read_choices (OmniSession *self, JsonObject *object)
{
  JsonArray *weights = get_array (object, "weights");
  JsonArray *bookmarks = get_array (object, "bookmarks");

  for (guint i = 0; weights != NULL && i < json_array_get_length (weights); i++)
    read_weights (self, get_element (weights, i));
  for (guint i = 0; bookmarks != NULL && i < json_array_get_length (bookmarks); i++)
    read_part (self, get_element (bookmarks, i));
}

static void
read_options (OmniSession *self, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "options");

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  JsonObject *options = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (options);
  for (GList *link = names; link != NULL; link = link->next)
    if (get_string (options, link->data) != NULL)
      g_hash_table_insert (self->options, g_strdup (link->data), g_strdup (get_string (options, link->data)));
}

static OmniSession *
read_session (JsonObject *object, const char *name, GError **error)
{
  JsonArray *files = get_array (object, "files");
  JsonArray *versions = get_array (object, "versions");

  if (get_int (object, "omnifuse_session") != FORMAT || files == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("“%s” is not a session of this program, or of a later version of it."), name);
    return NULL;
  }
  OmniSession *self = omni_session_alloc ();
  gboolean whole = TRUE;
  for (guint i = 0; i < json_array_get_length (files); i++)
    whole &= read_file (self, get_element (files, i));
  if (get_string (object, "task") == NULL
      || !omni_task_from_string (get_string (object, "task"), &self->task))
    self->task = OMNI_TASK_AUTO;
  self->model = g_strdup (get_string (object, "model"));
  self->resize = get_boolean (object, "resize", FALSE);
  self->leaves_frames = get_boolean (object, "leaves_frames", FALSE);
  read_options (self, object);
  read_choices (self, object);
  /* Versions name files by their number. */
  for (guint i = 0; whole && versions != NULL && i < json_array_get_length (versions); i++)
    read_version (self, get_element (versions, i));
  return self;
}

/* Finding sources */

static gboolean
has_hash (const char *path, OmniSessionFile *file)
{
  g_autofree char *sha256 = file->sha256 != NULL ? omni_file_sha256 (path, NULL) : NULL;

  return sha256 != NULL && g_str_equal (sha256, file->sha256);
}

/* What is at `path` now. */
static gboolean
take (OmniSessionFile *file, const char *path)
{
  file->source = omni_source_new (path, NULL);
  if (file->source == NULL)
    return FALSE;
  char *copy = g_strdup (path);
  g_free (file->path);
  file->path = copy;
  return TRUE;
}

static void
find_in_place (OmniSessionFile *file, const char *session_path)
{
  g_autofree char *folder = g_path_get_dirname (session_path);
  g_autofree char *beside = file->relative != NULL ? g_build_filename (folder, file->relative, NULL) : NULL;

  /* A session that was moved together with its pictures means those. */
  if (beside != NULL && g_strcmp0 (beside, file->path) != 0 && has_hash (beside, file) && take (file, beside))
    return;
  if (g_file_test (file->path, G_FILE_TEST_IS_REGULAR) && take (file, file->path))
    file->changed = file->sha256 != NULL && !has_hash (file->path, file);
}

/* One file may stand there twice: as it is, and as it is seen. */
static void
take_everywhere (OmniSession *self, const char *before, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    if (file->source == NULL && g_str_equal (file->path, before))
      take (file, path);
  }
}

static void
try_candidate (OmniSession *self, const char *path, guint *n_found)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return;
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    g_autofree char *before = g_strdup (file->path);
    if (file->source == NULL && file->size_bytes == (guint64)status.st_size && has_hash (path, file)
        && take (file, path))
    {
      *n_found += 1;
      take_everywhere (self, before, path);
      return;
    }
  }
}

/* `depth` 0: the files right inside. */
static void
try_folder (OmniSession *self, const char *folder, guint depth, guint *n_left, guint *n_found,
            GCancellable *cancellable)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL && *n_left > 0
         && !g_cancellable_is_cancelled (cancellable))
  {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    *n_left -= 1;
    if (!g_file_test (path, G_FILE_TEST_IS_DIR))
      try_candidate (self, path, n_found);
    else if (depth > 0 && name[0] != '.' && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      try_folder (self, path, depth - 1, n_left, n_found, cancellable);
  }
}

/* (transfer none) What is in the file, as another entry has it that is not `file`, or else as this one has. */
static OmniSource *
find_original (OmniSession *self, OmniSessionFile *file)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    const OmniSessionFile *other = self->files->pdata[i];
    if (other != file && other->source != NULL && g_str_equal (other->path, file->path)
        && (other->warp.width == 0 || omni_source_get_warp (other->source) != NULL))
      return omni_source_get_original (other->source);
  }
  return file->source;
}

/* What was found is seen as it was seen. Of one file there is one original, so that one that is not aligned any more is known to the
 * versions of before. */
static void
warp_found (OmniSession *self)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    if (file->source == NULL || file->warp.width == 0 || omni_source_get_warp (file->source) != NULL)
      continue;
    g_autoptr (OmniSource) original = g_object_ref (find_original (self, file));
    /* Another picture in its place may have another frame. */
    if (omni_source_get_width (original) == file->of_width
        && omni_source_get_height (original) == file->of_height)
    {
      g_object_unref (file->source);
      file->source = omni_source_new_warped (original, &file->warp);
    }
    else
      file->warp = (OmniWarp){ 0 };
  }
}

guint
omni_session_locate (OmniSession *self, const char *const *paths, GCancellable *cancellable)
{
  guint n_left = MAX_CANDIDATES, n_found = 0;

  for (guint i = 0; paths[i] != NULL; i++)
  {
    if (g_file_test (paths[i], G_FILE_TEST_IS_DIR))
      try_folder (self, paths[i], 1, &n_left, &n_found, cancellable);
    else
      try_candidate (self, paths[i], &n_found);
  }
  warp_found (self);
  return n_found;
}

/* By their bytes; those of a session that was not finished writing by their name. */
static void
find_weights (OmniSessionWeights *weights)
{
  const OmniModel *model = omni_model_find (weights->model);

  if (model == NULL || model->architecture == NULL)
    return;
  g_autoptr (GPtrArray) added = omni_weights_folder_list (model->architecture);
  for (guint i = 0; i < added->len && weights->path == NULL; i++)
  {
    g_autofree char *name = omni_weights_folder_get_title (added->pdata[i]);
    g_autofree char *sha256 = weights->sha256 != NULL ? omni_file_sha256 (added->pdata[i], NULL) : NULL;
    if (weights->sha256 != NULL ? g_strcmp0 (sha256, weights->sha256) == 0
                                : g_str_equal (name, weights->name))
      weights->path = g_strdup (added->pdata[i]);
  }
}

/* Where the others are is where a moved one is looked for. */
static void
find_moved (OmniSession *self, const char *session_path, GCancellable *cancellable)
{
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean any = FALSE;

  g_hash_table_add (folders, g_path_get_dirname (session_path));
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    any |= file->source == NULL && file->sha256 != NULL;
    g_hash_table_add (folders, g_path_get_dirname (file->path));
  }
  if (!any)
    return;
  g_autofree const char **paths = (const char **)g_hash_table_get_keys_as_array (folders, NULL);
  omni_session_locate (self, paths, cancellable);
}

static OmniSession *
read_path (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_basename (path);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  GStatBuf status;

  if (g_stat (path, &status) == 0 && status.st_size > MAX_BYTES)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("“%s” is too large for a session."), name);
    return NULL;
  }
  if (!json_parser_load_from_file (parser, path, &cause) || json_parser_get_root (parser) == NULL
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("“%s” cannot be read as a session: %s"), name,
                 cause != NULL ? cause->message : _ ("it is not an object"));
    return NULL;
  }
  return read_session (json_node_get_object (json_parser_get_root (parser)), name, error);
}

gboolean
omni_session_peek (const char *path, char **folder, guint *n_sources)
{
  g_autoptr (OmniSession) self = read_path (path, NULL);

  if (self == NULL)
    return FALSE;
  *folder = self->files->len > 0 ? g_path_get_dirname (((const OmniSessionFile *)self->files->pdata[0])->path)
                                 : g_strdup ("");
  *n_sources = omni_session_get_n_sources (self);
  return TRUE;
}

OmniSession *
omni_session_load (const char *path, GCancellable *cancellable, GError **error)
{
  OmniSession *self = read_path (path, error);

  for (guint i = 0; self != NULL && i < self->files->len; i++)
    find_in_place (self->files->pdata[i], path);
  if (self != NULL)
  {
    find_moved (self, path, cancellable);
    warp_found (self);
  }
  for (guint i = 0; self != NULL && i < self->weights->len; i++)
    find_weights (self->weights->pdata[i]);
  return self;
}
