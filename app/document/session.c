/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions: from a document and back to one. Files are in session-file.c. */
#include "app/document/session-private.h"

#include "app/document/document-private.h"
#include "app/weights-folder.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

static void
file_free (OmniSessionFile *file)
{
  g_free (file->path);
  g_free (file->sha256);
  g_free (file->relative);
  g_clear_object (&file->source);
  g_free (file);
}

static void
weights_free (OmniSessionWeights *weights)
{
  g_free (weights->model);
  g_free (weights->name);
  g_free (weights->sha256);
  g_free (weights->path);
  g_free (weights);
}

OmniSessionVersion *
omni_session_version_new (void)
{
  OmniSessionVersion *version = g_new0 (OmniSessionVersion, 1);

  version->files = g_array_new (FALSE, FALSE, sizeof (guint));
  version->roles = g_array_new (FALSE, FALSE, sizeof (OmniRole));
  version->influence = g_array_new (FALSE, FALSE, sizeof (double));
  return version;
}

void
omni_session_version_free (OmniSessionVersion *version)
{
  omni_version_facts_clear (&version->facts);
  g_array_unref (version->files);
  g_array_unref (version->roles);
  g_array_unref (version->influence);
  g_free (version->name);
  g_free (version);
}

OmniSession *
omni_session_alloc (void)
{
  OmniSession *self = g_new0 (OmniSession, 1);

  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify)file_free);
  self->options = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->weights = g_ptr_array_new_with_free_func ((GDestroyNotify)weights_free);
  self->bookmarks = g_array_new (FALSE, FALSE, sizeof (OmniPart));
  self->versions = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_session_version_free);
  return self;
}

void
omni_session_free (OmniSession *self)
{
  g_ptr_array_unref (self->files);
  g_free (self->model);
  g_hash_table_unref (self->options);
  g_ptr_array_unref (self->weights);
  g_array_unref (self->bookmarks);
  g_ptr_array_unref (self->versions);
  g_free (self);
}

OmniSessionFile *
omni_session_add_file (OmniSession *self)
{
  OmniSessionFile *file = g_new0 (OmniSessionFile, 1);

  file->on = TRUE;
  g_ptr_array_add (self->files, file);
  return file;
}

OmniSessionWeights *
omni_session_add_weights (OmniSession *self, const char *model, const char *name)
{
  OmniSessionWeights *weights = g_new0 (OmniSessionWeights, 1);

  weights->model = g_strdup (model);
  weights->name = g_strdup (name);
  g_ptr_array_add (self->weights, weights);
  return weights;
}

/* From a document */

static guint
find_source (OmniSession *self, OmniSource *source)
{
  for (guint i = 0; i < self->files->len; i++)
    if (((OmniSessionFile *)self->files->pdata[i])->source == source)
      return i;
  OmniSessionFile *file = omni_session_add_file (self);
  file->path = g_strdup (omni_source_get_path (source));
  file->role = omni_source_get_role (source);
  file->source = g_object_ref (source);
  if (omni_source_get_warp (source) != NULL)
  {
    file->warp = *omni_source_get_warp (source);
    file->of_width = omni_source_get_width (omni_source_get_original (source));
    file->of_height = omni_source_get_height (omni_source_get_original (source));
  }
  return self->files->len - 1;
}

static void
capture_version (OmniSession *self, OmniFusionVersion *version)
{
  const OmniVersionFacts *facts = omni_fusion_version_get_facts (version);
  OmniSessionVersion *copy = omni_session_version_new ();

  omni_version_facts_copy (facts, &copy->facts);
  for (guint i = 0; i < facts->sources->len; i++)
  {
    const guint index = find_source (self, facts->sources->pdata[i]);
    const double influence = facts->influence != NULL ? facts->influence[i] : 0;
    g_array_append_val (copy->files, index);
    g_array_append_val (copy->roles, facts->roles[i]);
    g_array_append_val (copy->influence, influence);
  }
  copy->name = omni_fusion_version_is_named (version) ? g_strdup (omni_fusion_version_get_name (version))
                                                      : NULL;
  copy->pinned = omni_fusion_version_is_pinned (version);
  copy->known = TRUE;
  g_ptr_array_add (self->versions, copy);
}

static void
capture_model (OmniSession *self, OmniDocument *document, const OmniModel *model)
{
  const OmniModelOptions *options = omni_document_get_options (document, model);
  g_autofree char *text = options != NULL ? omni_model_options_to_string (options) : NULL;
  const gboolean runs = model == omni_document_get_effective_model (document);
  g_autofree char *path = omni_document_dup_weights (document, model);

  if (text != NULL && text[0] != '\0')
    g_hash_table_insert (self->options, g_strdup (model->name), g_steal_pointer (&text));
  /* Where none ship, what runs although nobody chose it counts, too. */
  if (path == NULL || (!runs && g_hash_table_lookup (document->state->weights, model) == NULL))
    return;
  g_autofree char *name = omni_weights_folder_get_title (path);
  omni_session_add_weights (self, model->name, name)->path = g_steal_pointer (&path);
}

OmniSession *
omni_session_new (OmniDocument *document)
{
  OmniSession *self = omni_session_alloc ();
  GPtrArray *sources = omni_document_get_sources (document);
  OmniVersions *versions = omni_document_get_versions (document);
  const OmniModel *model = omni_document_get_model (document);
  const OmniModel *const *models = omni_models_list ();

  for (guint i = 0; i < sources->len; i++)
  {
    const guint index = find_source (self, sources->pdata[i]); /* the array may grow */
    OmniSessionFile *file = self->files->pdata[index];
    file->in_set = TRUE;
    file->on = omni_document_is_on (document, sources->pdata[i]);
    file->influence = omni_document_get_influence (document, sources->pdata[i]);
  }
  self->task = omni_document_get_task (document);
  self->model = model != NULL ? g_strdup (model->name) : NULL;
  self->resize = omni_document_get_resize (document);
  for (guint i = 0; models[i] != NULL; i++)
    capture_model (self, document, models[i]);
  const GArray *bookmarks = omni_document_get_bookmarks (document);
  g_array_append_vals (self->bookmarks, bookmarks->data, bookmarks->len);
  for (guint i = omni_versions_get_n (versions); i-- > 0;)
    capture_version (self, omni_versions_get (versions, i));
  return self;
}

/* Index of what `file` of another session is here. */
static guint
carry_file (OmniSession *self, const OmniSessionFile *file)
{
  if (file->source != NULL)
    return find_source (self, file->source);
  for (guint i = 0; i < self->files->len; i++)
  {
    const OmniSessionFile *own = self->files->pdata[i];
    if (own->source == NULL && g_str_equal (own->path, file->path)
        && memcmp (&own->warp, &file->warp, sizeof own->warp) == 0)
      return i;
  }
  OmniSessionFile *copy = omni_session_add_file (self);
  *copy = *file;
  copy->path = g_strdup (file->path);
  copy->sha256 = g_strdup (file->sha256);
  copy->relative = g_strdup (file->relative);
  return self->files->len - 1;
}

static void
carry_version (OmniSession *self, const OmniSession *from, const OmniSessionVersion *version)
{
  OmniSessionVersion *copy = omni_session_version_new ();

  omni_version_facts_copy (&version->facts, &copy->facts);
  for (guint i = 0; i < version->files->len; i++)
  {
    const guint index = carry_file (self, from->files->pdata[g_array_index (version->files, guint, i)]);
    g_array_append_val (copy->files, index);
  }
  g_array_append_vals (copy->roles, version->roles->data, version->roles->len);
  g_array_append_vals (copy->influence, version->influence->data, version->influence->len);
  copy->name = g_strdup (version->name);
  copy->pinned = version->pinned;
  g_ptr_array_add (self->versions, copy);
}

void
omni_session_carry_missing (OmniSession *self, const OmniSession *from)
{
  for (guint i = 0; i < from->files->len; i++)
  {
    const OmniSessionFile *file = from->files->pdata[i];
    if (file->source == NULL && file->in_set)
      carry_file (self, file);
  }
  for (guint i = 0; i < from->versions->len; i++)
  {
    const OmniSessionVersion *version = from->versions->pdata[i];
    if (!version->known)
      carry_version (self, from, version);
  }
}

/* To a document */

static void
apply_options (OmniSession *self, OmniDocumentState *state)
{
  GHashTableIter iter;
  gpointer name, text;

  g_hash_table_iter_init (&iter, self->options);
  while (g_hash_table_iter_next (&iter, &name, &text))
  {
    const OmniModel *model = omni_model_find (name);
    OmniModelOptions *options = model != NULL ? omni_model_options_parse (model, text, NULL) : NULL;
    /* An option that this program does not know is as it comes. */
    if (options != NULL)
      g_hash_table_insert (state->options, (gpointer)model, options);
  }
}

static void
apply_weights (OmniSession *self, OmniDocumentState *state)
{
  for (guint i = 0; i < self->weights->len; i++)
  {
    const OmniSessionWeights *weights = self->weights->pdata[i];
    const OmniModel *model = omni_model_find (weights->model);
    if (model != NULL && weights->path != NULL)
      g_hash_table_insert (state->weights, (gpointer)model, g_strdup (weights->path));
  }
}

static void
apply_versions (OmniSession *self, OmniVersions *versions)
{
  for (guint i = 0; i < self->versions->len; i++)
  {
    OmniSessionVersion *version = self->versions->pdata[i];
    g_autoptr (GPtrArray) sources = g_ptr_array_new ();
    gboolean whole = !version->known;
    for (guint k = 0; k < version->files->len; k++)
    {
      OmniSessionFile *file = self->files->pdata[g_array_index (version->files, guint, k)];
      whole &= file->source != NULL;
      g_ptr_array_add (sources, file->source);
    }
    OmniVersionFacts facts = version->facts;
    facts.sources = sources;
    facts.roles = (const OmniRole *)(gpointer)version->roles->data;
    facts.influence = (const double *)(gpointer)version->influence->data;
    if (!whole)
      continue;
    version->known = TRUE;
    omni_versions_set_pinned (versions, omni_versions_add_facts (versions, &facts, version->name),
                              version->pinned);
  }
}

/* What the session says of a source of its set. */
static void
apply_file (const OmniSessionFile *file, OmniDocumentState *state)
{
  if (!file->on)
    g_hash_table_add (state->off, g_object_ref (file->source));
  if (file->influence != 0)
    g_hash_table_insert (state->influence, g_object_ref (file->source),
                         g_memdup2 (&file->influence, sizeof file->influence));
}

/* Versions look at the roles of sources that are no longer in the set, too. */
static void
apply_roles (OmniSession *self, gboolean only_new, OmniDocument *document)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    const OmniSessionFile *file = self->files->pdata[i];
    if (file->source != NULL && !(only_new && omni_document_find (document, file->source, NULL)))
      omni_source_set_role (file->source, file->role);
  }
}

void
omni_session_apply (OmniSession *self, OmniDocument *document)
{
  OmniDocumentState *next = omni_document_state_new ();
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();

  next->task = self->task;
  next->model = self->model != NULL ? omni_model_find (self->model) : NULL;
  next->resize = self->resize;
  apply_options (self, next);
  apply_weights (self, next);
  g_array_append_vals (next->bookmarks, self->bookmarks->data, self->bookmarks->len);
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    file->lost = file->source == NULL && file->in_set;
    if (file->source == NULL || !file->in_set)
      continue;
    apply_file (file, next);
    g_ptr_array_add (sources, file->source);
  }
  apply_roles (self, FALSE, document);
  omni_document_state_set_sources (next, sources);
  apply_versions (self, omni_document_get_versions (document));
  omni_document_change_state (document, next);
}

/* Behind the one it stood behind, where that is still there. */
static guint
find_place (OmniSession *self, guint index, GPtrArray *sources)
{
  guint place;

  while (index-- > 0)
  {
    const OmniSessionFile *file = self->files->pdata[index];
    if (file->source != NULL && g_ptr_array_find (sources, file->source, &place))
      return place + 1;
  }
  return 0;
}

void
omni_session_apply_found (OmniSession *self, OmniDocument *document)
{
  GPtrArray *before = omni_document_get_sources (document);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  OmniDocumentState *next = omni_document_state_copy (document->state);

  g_ptr_array_extend (sources, before, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    if (!file->lost || file->source == NULL)
      continue;
    file->lost = FALSE;
    if (g_ptr_array_find (sources, file->source, NULL))
      continue;
    g_ptr_array_insert (sources, (int)find_place (self, i, sources), g_object_ref (file->source));
    apply_file (file, next);
  }
  apply_roles (self, TRUE, document);
  omni_document_state_set_sources (next, sources);
  apply_versions (self, omni_document_get_versions (document));
  omni_document_change_state (document, next);
}

void
omni_session_set_leaves_frames (OmniSession *self, gboolean leaves)
{
  self->leaves_frames = leaves;
}

gboolean
omni_session_get_leaves_frames (OmniSession *self)
{
  return self->leaves_frames;
}

/* For people */

guint
omni_session_get_n_sources (OmniSession *self)
{
  guint n = 0;

  for (guint i = 0; i < self->files->len; i++)
    n += ((OmniSessionFile *)self->files->pdata[i])->in_set ? 1 : 0;
  return n;
}

char *
omni_session_dup_title (OmniSession *self)
{
  if (self->files->len == 0)
    return g_strdup ("");
  g_autofree char *folder = g_path_get_dirname (((OmniSessionFile *)self->files->pdata[0])->path);

  return g_filename_display_basename (folder);
}

GPtrArray *
omni_session_list_missing (OmniSession *self)
{
  GPtrArray *missing = g_ptr_array_new ();

  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    if (file->in_set && file->source == NULL)
      g_ptr_array_add (missing, file);
  }
  return missing;
}

gboolean
omni_session_lacks_all (OmniSession *self)
{
  g_autoptr (GPtrArray) missing = omni_session_list_missing (self);

  return missing->len > 0 && missing->len == omni_session_get_n_sources (self);
}

char *
omni_session_describe_missing (OmniSession *self)
{
  g_autoptr (GPtrArray) missing = omni_session_list_missing (self);

  if (missing->len == 0)
    return NULL;
  g_autofree char *name = g_filename_display_basename (((OmniSessionFile *)missing->pdata[0])->path);
  if (missing->len == 1)
    return g_strdup_printf (_ ("“%s” of this session was not found; show where it is now."), name);
  return g_strdup_printf (
    _ ("%u pictures of this session were not found, “%s” first; show where they are now."), missing->len,
    name);
}

char *
omni_session_describe_changed (OmniSession *self)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    OmniSessionFile *file = self->files->pdata[i];
    if (!file->changed)
      continue;
    g_autofree char *name = g_filename_display_basename (file->path);
    return g_strdup_printf (
      _ ("“%s” is not the picture it was when the session was saved; results may differ."), name);
  }
  return NULL;
}

char *
omni_session_describe_weights (OmniSession *self)
{
  for (guint i = 0; i < self->weights->len; i++)
  {
    const OmniSessionWeights *weights = self->weights->pdata[i];
    const OmniModel *model = omni_model_find (weights->model);
    if (weights->path == NULL)
      return g_strdup_printf (
        _ ("The weights “%s” that %s had in this session are not here; it goes on without them. "
           "Add them and open the session again."),
        weights->name, model != NULL ? _ (model->title) : weights->model);
  }
  return NULL;
}
