/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/versions.h"

#include "app/fusion/result-file.h"
#include "app/weights-folder.h"

#include <glib/gi18n.h>
#include <math.h>

#define MAX_PINNED 2

/* Facts */

void
omni_version_facts_copy (const OmniVersionFacts *facts, OmniVersionFacts *copy)
{
  *copy = *facts;
  copy->model = g_strdup (facts->model);
  copy->options = g_strdup (facts->options);
  copy->sha256 = g_strdup (facts->sha256);
  copy->weights_sha256 = g_strdup (facts->weights_sha256);
  copy->weights_name = g_strdup (facts->weights_name);
  copy->device = g_strdup (facts->device);
  copy->sources = NULL;
  copy->roles = NULL;
  copy->influence = NULL;
}

void
omni_version_facts_clear (OmniVersionFacts *facts)
{
  g_free ((char *)facts->model);
  g_free ((char *)facts->options);
  g_free ((char *)facts->sha256);
  g_free ((char *)facts->weights_sha256);
  g_free ((char *)facts->weights_name);
  g_free ((char *)facts->device);
  g_clear_pointer (&facts->sources, g_ptr_array_unref);
  g_free ((OmniRole *)facts->roles);
  g_free ((double *)facts->influence);
}

/* One version */

struct _OmniFusionVersion
{
  GObject parent_instance;

  OmniVersionFacts facts; /* its words and arrays are owned */
  char *plain_name;
  char *name; /* (nullable) */
  gboolean pinned;
  OmniFusionResult *result;
};

enum
{
  PROP_0,
  PROP_NAME,
  PROP_PINNED,
  PROP_HAS_RESULT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (OmniFusionVersion, omni_fusion_version, G_TYPE_OBJECT)

const OmniVersionFacts *
omni_fusion_version_get_facts (OmniFusionVersion *self)
{
  return &self->facts;
}

const char *
omni_fusion_version_get_name (OmniFusionVersion *self)
{
  return self->name != NULL ? self->name : self->plain_name;
}

const char *
omni_fusion_version_get_plain_name (OmniFusionVersion *self)
{
  return self->plain_name;
}

guint64
omni_fusion_version_get_refine_steps (OmniFusionVersion *self)
{
  guint64 steps;
  g_autofree char *own = omni_fusion_options_split (self->facts.options, &steps);

  return steps;
}

gboolean
omni_fusion_version_is_named (OmniFusionVersion *self)
{
  return self->name != NULL;
}

void
omni_fusion_version_set_name (OmniFusionVersion *self, const char *name)
{
  g_autofree char *stripped = g_strstrip (g_strdup (name));

  if (g_str_equal (stripped, omni_fusion_version_get_name (self)))
    return;
  g_clear_pointer (&self->name, g_free);
  if (stripped[0] != '\0' && !g_str_equal (stripped, self->plain_name))
    self->name = g_steal_pointer (&stripped);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

gboolean
omni_fusion_version_is_pinned (OmniFusionVersion *self)
{
  return self->pinned;
}

OmniFusionResult *
omni_fusion_version_get_result (OmniFusionVersion *self)
{
  return self->result;
}

static void
set_result (OmniFusionVersion *self, OmniFusionResult *result)
{
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  if (result != NULL)
    self->result = omni_fusion_result_ref (result);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_RESULT]);
}

static OmniFusionVersion *
version_new (const OmniVersionFacts *facts, guint number)
{
  OmniFusionVersion *self = g_object_new (OMNI_TYPE_FUSION_VERSION, NULL);
  const guint n = facts->sources->len;

  omni_version_facts_copy (facts, &self->facts);
  self->facts.number = number;
  self->facts.sources = g_ptr_array_copy (facts->sources, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  g_ptr_array_set_free_func (self->facts.sources, g_object_unref);
  self->facts.roles = g_memdup2 (facts->roles, sizeof *facts->roles * n);
  self->facts.influence = g_memdup2 (facts->influence, sizeof *facts->influence * n);
  self->plain_name = omni_fusion_describe (facts->model, facts->weights_name, facts->options);
  return self;
}

static void
omni_fusion_version_finalize (GObject *object)
{
  OmniFusionVersion *self = OMNI_FUSION_VERSION (object);

  omni_version_facts_clear (&self->facts);
  g_free (self->plain_name);
  g_free (self->name);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  G_OBJECT_CLASS (omni_fusion_version_parent_class)->finalize (object);
}

static void
omni_fusion_version_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  OmniFusionVersion *self = OMNI_FUSION_VERSION (object);

  switch (id)
  {
  case PROP_NAME:
    g_value_set_string (value, omni_fusion_version_get_name (self));
    break;
  case PROP_PINNED:
    g_value_set_boolean (value, self->pinned);
    break;
  case PROP_HAS_RESULT:
    g_value_set_boolean (value, self->result != NULL);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
omni_fusion_version_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_NAME)
    omni_fusion_version_set_name (OMNI_FUSION_VERSION (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
omni_fusion_version_class_init (OmniFusionVersionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = omni_fusion_version_finalize;
  object_class->get_property = omni_fusion_version_get_property;
  object_class->set_property = omni_fusion_version_set_property;
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags | G_PARAM_WRITABLE);
  properties[PROP_PINNED] = g_param_spec_boolean ("pinned", NULL, NULL, FALSE, flags);
  properties[PROP_HAS_RESULT] = g_param_spec_boolean ("has-result", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
omni_fusion_version_init (OmniFusionVersion *self)
{
}

/* All versions */

struct _OmniVersions
{
  OmniArrayModel parent_instance;

  GPtrArray *versions; /* newest first */
  GPtrArray *pinned;   /* in the order they were pinned */
  guint n_made;
};

enum
{
  SIGNAL_DROPPED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniVersions, omni_versions, OMNI_TYPE_ARRAY_MODEL)

guint
omni_versions_get_n (OmniVersions *self)
{
  return self->versions->len;
}

OmniFusionVersion *
omni_versions_get (OmniVersions *self, guint position)
{
  return position < self->versions->len ? self->versions->pdata[position] : NULL;
}

gboolean
omni_versions_find (OmniVersions *self, OmniFusionVersion *version, guint *position)
{
  return g_ptr_array_find (self->versions, version, position);
}

/* Pictures of the oldest versions make room; the newest one, those pinned and the one that was asked for (nullable) stay. */
static void
make_room (OmniVersions *self, const OmniFusionVersion *wanted)
{
  guint64 bytes = 0;

  for (guint i = 0; i < self->versions->len; i++)
  {
    OmniFusionVersion *version = self->versions->pdata[i];
    if (version->result == NULL || version->pinned)
      continue;
    bytes += g_bytes_get_size (omni_picture_get_bytes (version->result->picture));
    if (bytes > OMNI_VERSIONS_KEPT_BYTES && i > 0 && version != wanted)
      set_result (version, NULL);
  }
}

void
omni_versions_insert (OmniVersions *self, guint position, OmniFusionVersion *version)
{
  g_ptr_array_insert (self->versions, (int)MIN (position, self->versions->len), g_object_ref (version));
  make_room (self, NULL);
  g_list_model_items_changed (G_LIST_MODEL (self), MIN (position, self->versions->len - 1), 0, 1);
}

static void
drop_oldest (OmniVersions *self)
{
  for (guint i = self->versions->len; self->versions->len > OMNI_VERSIONS_MAX && i-- > 1;)
    if (!((OmniFusionVersion *)self->versions->pdata[i])->pinned)
    {
      omni_versions_remove (self, self->versions->pdata[i]);
      g_signal_emit (self, signals[SIGNAL_DROPPED], 0);
    }
}

OmniFusionVersion *
omni_versions_add_facts (OmniVersions *self, const OmniVersionFacts *facts, const char *name)
{
  self->n_made = MAX (self->n_made + 1, facts->number);
  g_autoptr (OmniFusionVersion)
    version = version_new (facts, facts->number > 0 ? facts->number : self->n_made);

  if (name != NULL)
    omni_fusion_version_set_name (version, name);
  omni_versions_insert (self, 0, version);
  drop_oldest (self);
  return version;
}

OmniFusionVersion *
omni_versions_add (OmniVersions *self, OmniFusionResult *result, gboolean resize)
{
  g_autoptr (GArray) roles = g_array_new (FALSE, FALSE, sizeof (OmniRole));
  g_autofree char *weights = result->weights_path != NULL
                               ? omni_weights_folder_get_title (result->weights_path)
                               : NULL;

  for (guint i = 0; i < result->sources->len; i++)
  {
    const OmniRole role = omni_source_get_role (result->sources->pdata[i]);
    g_array_append_val (roles, role);
  }
  const OmniVersionFacts facts = { .model = result->model->name,
                                   .task = result->task,
                                   .options = result->options,
                                   .sha256 = result->sha256,
                                   .weights_sha256 = result->weights_sha256,
                                   .weights_name = weights,
                                   .device = result->device_name,
                                   .resize = resize,
                                   .ms = result->ms.total,
                                   .unix_time = g_get_real_time () / G_USEC_PER_SEC,
                                   .sources = result->sources,
                                   .roles = (const OmniRole *)(gpointer)roles->data,
                                   .influence = result->influence };
  OmniFusionVersion *version = omni_versions_add_facts (self, &facts, NULL);
  set_result (version, result);
  make_room (self, NULL);
  return version;
}

void
omni_versions_remove (OmniVersions *self, OmniFusionVersion *version)
{
  guint position;

  if (!omni_versions_find (self, version, &position))
    return;
  g_autoptr (OmniFusionVersion) kept = g_object_ref (version);
  omni_versions_set_pinned (self, version, FALSE);
  g_ptr_array_remove_index (self->versions, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

void
omni_versions_set_pinned (OmniVersions *self, OmniFusionVersion *version, gboolean pinned)
{
  if (version->pinned == pinned)
    return;
  if (pinned && self->pinned->len == MAX_PINNED)
    omni_versions_set_pinned (self, self->pinned->pdata[0], FALSE);
  version->pinned = pinned;
  if (pinned)
    g_ptr_array_add (self->pinned, g_object_ref (version));
  else
    g_ptr_array_remove (self->pinned, version);
  make_room (self, NULL);
  g_object_notify_by_pspec (G_OBJECT (version), properties[PROP_PINNED]);
}

GPtrArray *
omni_versions_list_pinned (OmniVersions *self)
{
  GPtrArray *pinned = g_ptr_array_new ();

  g_ptr_array_extend (pinned, self->pinned, NULL, NULL);
  return pinned;
}

/* Making one again */

static gboolean
check_facts (OmniFusionVersion *version, GError **error)
{
  const OmniVersionFacts *facts = &version->facts;

  if (omni_model_find (facts->model) == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 _ ("“%s” was made by the model “%s”, which this program does not have."),
                 omni_fusion_version_get_name (version), facts->model);
    return FALSE;
  }
  if (omni_fusion_version_get_refine_steps (version) > 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                 _ ("The weights of “%s” were refined on its pictures and are gone; refine again for a "
                    "version of today."),
                 omni_fusion_version_get_name (version));
    return FALSE;
  }
  for (guint i = 0; i < facts->sources->len; i++)
    if (omni_source_get_role (facts->sources->pdata[i]) != facts->roles[i])
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” was made with other roles of the sources; undo that change to see it again."),
                   omni_fusion_version_get_name (version));
      return FALSE;
    }
  return TRUE;
}

static void
recalled_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autoptr (GTask) task = data;
  OmniFusionVersion *version = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (object), async, &error);

  if (result == NULL)
    g_task_return_error (task, error);
  else if (!g_str_equal (result->sha256, version->facts.sha256))
    g_task_return_new_error (
      task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      _ ("“%s” comes out otherwise now: a source, the weights or the device is not what it was. Fuse again "
         "for a version of today."),
      omni_fusion_version_get_name (version));
  else
  {
    set_result (version, result);
    make_room (g_task_get_source_object (task), version);
    g_task_return_boolean (task, TRUE);
  }
}

/* The very weights that it was made with are looked for first: files are read for that. */

typedef struct
{
  OmniFusionVersion *version;
  OmniEngine *engine;
  OmniModelOptions *options;
  char *weights_path; /* NULL: those that ship, or none */
} Recall;

static void
recall_free (gpointer data)
{
  Recall *recall = data;

  g_object_unref (recall->version);
  g_object_unref (recall->engine);
  omni_model_options_free (recall->options);
  g_free (recall->weights_path);
  g_free (recall);
}

static void
find_weights_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Recall *recall = task_data;
  const OmniVersionFacts *facts = &recall->version->facts;
  const OmniModel *model = omni_model_find (facts->model);

  if (model->architecture == NULL || facts->weights_sha256 == NULL
      || omni_weights_folder_find_bytes (model, facts->task, facts->weights_sha256, &recall->weights_path))
    g_task_return_boolean (task, TRUE);
  else if (facts->weights_name != NULL)
    g_task_return_new_error (
      task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      _ ("“%s” was made with the weights “%s”, which are not here any more; add them again "
         "to see it."),
      omni_fusion_version_get_name (recall->version), facts->weights_name);
  else
    g_task_return_new_error (
      task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      _ ("“%s” was made with other weights of %s than this program comes with. Fuse again for "
         "a version of today."),
      omni_fusion_version_get_name (recall->version), _ (model->title));
}

static void
weights_found_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autoptr (GTask) task = data;
  Recall *recall = g_task_get_task_data (G_TASK (async));
  const OmniVersionFacts *facts = &recall->version->facts;
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (async), &error))
  {
    g_task_return_error (task, error);
    return;
  }
  const OmniFusionRequest request = { .sources = facts->sources,
                                      .task = facts->task,
                                      .model = omni_model_find (facts->model),
                                      .weights_path = recall->weights_path,
                                      .options = recall->options,
                                      .influence = facts->influence,
                                      .resize = facts->resize };
  GCancellable *cancellable = g_task_get_cancellable (task);
  omni_engine_fuse_async (recall->engine, &request, NULL, NULL, cancellable, recalled_cb,
                          g_steal_pointer (&task));
}

void
omni_versions_recall_async (OmniVersions *self, OmniFusionVersion *version, OmniEngine *engine,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  const OmniVersionFacts *facts = &version->facts;
  GError *error = NULL;

  g_task_set_task_data (task, g_object_ref (version), g_object_unref);
  if (version->result != NULL)
  {
    g_task_return_boolean (task, TRUE);
    return;
  }
  const OmniModel *model = check_facts (version, &error) ? omni_model_find (facts->model) : NULL;
  OmniModelOptions *options = model != NULL ? omni_model_options_parse (model, facts->options, &error) : NULL;
  if (options == NULL)
  {
    g_task_return_error (task, error);
    return;
  }
  Recall *recall = g_new0 (Recall, 1);
  recall->version = g_object_ref (version);
  recall->engine = g_object_ref (engine);
  recall->options = options;
  g_autoptr (GTask) search = g_task_new (NULL, cancellable, weights_found_cb, g_steal_pointer (&task));
  g_task_set_task_data (search, recall, recall_free);
  g_task_run_in_thread (search, find_weights_in_thread);
}

gboolean
omni_versions_recall_finish (OmniVersions *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* For people */

static void
add_line (GString *text, const char *title, const char *value)
{
  if (value != NULL && value[0] != '\0')
    g_string_append_printf (text, "%s: %s\n", title, value);
}

/* All of it, so that the fusion can be made again. */
static void
add_warp (GString *text, const OmniWarp *warp)
{
  g_string_append (text, "  aligned by the homography");
  for (guint i = 0; i < G_N_ELEMENTS (warp->map.m); i++)
  {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf (text, " %s", g_ascii_dtostr (number, sizeof number, warp->map.m[i]));
  }
}

static gboolean
add_source (GString *text, const OmniVersionFacts *facts, guint i, GError **error)
{
  OmniSource *source = facts->sources->pdata[i];
  const OmniRole role = facts->roles[i];
  const double influence = facts->influence != NULL ? facts->influence[i] : 0;
  g_autofree char *sha256 = omni_source_dup_sha256 (omni_source_get_original (source), error);
  const OmniWarp *warp = omni_source_get_warp (source);
  g_autofree char *path = g_filename_display_name (omni_source_get_path (source));

  if (sha256 == NULL)
    return FALSE;
  g_string_append_printf (text, "  sha256 %s  %u × %u  %s%s%s", sha256, omni_source_get_width (source),
                          omni_source_get_height (source), path, role != OMNI_ROLE_NONE ? "  role " : "",
                          role != OMNI_ROLE_NONE ? omni_role_to_string (role) : "");
  if (influence != 0)
    g_string_append_printf (text, "  influence %.4g", exp2 (influence));
  if (warp != NULL)
    add_warp (text, warp);
  if (omni_source_get_time (source) > facts->unix_time)
    g_string_append (text, "  (written anew after the fusion: the hash is that of now)");
  g_string_append_c (text, '\n');
  return TRUE;
}

char *
omni_version_facts_describe (const OmniVersionFacts *facts, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (facts->unix_time);
  g_autofree char *stamp = time != NULL ? g_date_time_format_iso8601 (time) : NULL;
  const OmniModel *model = omni_model_find (facts->model);

  add_line (text, "Program", "Omnifuse " OMNI_VERSION);
  add_line (text, "Made", stamp);
  add_line (text, "Task", omni_task_to_string (facts->task));
  add_line (text, "Model", facts->model);
  add_line (text, "Method", model != NULL ? model->citation : NULL);
  add_line (text, "Options", facts->options);
  add_line (text, "Weights", facts->weights_name);
  add_line (text, "Weights sha256", facts->weights_sha256);
  add_line (text, "Device", facts->device);
  add_line (text, "Sizes brought to the largest", facts->resize ? "yes" : NULL);
  add_line (text, "Result sha256", facts->sha256);
  g_string_append_printf (text, "Sources (%u, in the order fused):\n", facts->sources->len);
  for (guint i = 0; i < facts->sources->len; i++)
    if (!add_source (text, facts, i, error))
      return NULL;
  g_string_append (
    text, "The result's hash is of its size, channels, sample type and samples; those of the sources are "
          "of their files.\n");
  if (facts->task == OMNI_TASK_MEDICAL)
    g_string_append (text, OMNI_RESEARCH_NOTE "\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* The object */

static GPtrArray *
get_items (OmniArrayModel *model)
{
  return OMNI_VERSIONS (model)->versions;
}

static void
omni_versions_finalize (GObject *object)
{
  OmniVersions *self = OMNI_VERSIONS (object);

  g_ptr_array_unref (self->versions);
  g_ptr_array_unref (self->pinned);
  G_OBJECT_CLASS (omni_versions_parent_class)->finalize (object);
}

static void
omni_versions_class_init (OmniVersionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_versions_finalize;
  OMNI_ARRAY_MODEL_CLASS (klass)->item_type = OMNI_TYPE_FUSION_VERSION;
  OMNI_ARRAY_MODEL_CLASS (klass)->get_items = get_items;
  signals[SIGNAL_DROPPED] = g_signal_new ("dropped", OMNI_TYPE_VERSIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
}

static void
omni_versions_init (OmniVersions *self)
{
  self->versions = g_ptr_array_new_with_free_func (g_object_unref);
  self->pinned = g_ptr_array_new_with_free_func (g_object_unref);
}

OmniVersions *
omni_versions_new (void)
{
  return g_object_new (OMNI_TYPE_VERSIONS, NULL);
}
