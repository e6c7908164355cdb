/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/subject.h"

#include "app/files/reader.h"

#define DRAFT_PX      1024
#define DRAFT_FROM_PX ((guint64)4000000) /* smaller ones are there soon enough */

struct _OmniSubject
{
  GObject parent_instance;

  char *label;
  OmniSource *source;
  OmniFusionResult *result;
  OmniPicture *picture; /* of neither */
  gboolean is_newest, is_amounts;
};

enum
{
  PROP_0,
  PROP_LABEL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (OmniSubject, omni_subject, G_TYPE_OBJECT)

OmniSubject *
omni_subject_new_source (OmniSource *source, const char *label)
{
  OmniSubject *self = g_object_new (OMNI_TYPE_SUBJECT, NULL);

  self->source = g_object_ref (source);
  self->label = g_strdup (label);
  return self;
}

OmniSubject *
omni_subject_new_result (OmniFusionResult *result, gboolean is_newest, const char *label)
{
  OmniSubject *self = g_object_new (OMNI_TYPE_SUBJECT, NULL);

  self->result = omni_fusion_result_ref (result);
  self->is_newest = is_newest;
  self->label = g_strdup (label);
  return self;
}

OmniSubject *
omni_subject_new_picture (OmniPicture *picture, const char *label)
{
  OmniSubject *self = g_object_new (OMNI_TYPE_SUBJECT, NULL);

  self->picture = g_object_ref (picture);
  self->label = g_strdup (label);
  return self;
}

OmniSubject *
omni_subject_new_amounts (OmniPicture *map, const char *label)
{
  OmniSubject *self = omni_subject_new_picture (map, label);

  self->is_amounts = TRUE;
  return self;
}

gboolean
omni_subject_is_amounts (OmniSubject *self)
{
  return self->is_amounts;
}

const char *
omni_subject_get_label (OmniSubject *self)
{
  return self->label;
}

OmniSource *
omni_subject_get_source (OmniSubject *self)
{
  return self->source;
}

OmniFusionResult *
omni_subject_get_result (OmniSubject *self)
{
  return self->result;
}

gboolean
omni_subject_is_newest (OmniSubject *self)
{
  return self->is_newest;
}

gpointer
omni_subject_get_identity (OmniSubject *self)
{
  if (self->source != NULL)
    return self->source;
  return self->result != NULL ? self->result->picture : self->picture;
}

gboolean
omni_subject_is_same_choice (OmniSubject *self, OmniSubject *other)
{
  if (self->is_newest || other->is_newest)
    return self->is_newest && other->is_newest;
  return omni_subject_get_identity (self) == omni_subject_get_identity (other);
}

static void
load_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  OmniSubject *self = source_object;
  GError *error = NULL;
  g_autoptr (OmniPicture) picture = NULL;
  OmniMipmap *mipmap = NULL;

  if (self->source != NULL)
    picture = omni_source_load (self->source, cancellable, &error);
  else
    picture = g_object_ref (self->result != NULL ? self->result->picture : self->picture);
  if (picture != NULL)
    mipmap = self->is_amounts ? omni_mipmap_new_amounts (picture, cancellable, &error)
                              : omni_mipmap_new (picture, cancellable, &error);

  if (mipmap != NULL)
    g_task_return_pointer (task, mipmap, (GDestroyNotify)omni_mipmap_unref);
  else
    g_task_return_error (task, error);
}

void
omni_subject_load_async (OmniSubject *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_run_in_thread (task, load_in_thread);
}

/* Only JPEG is faster to read smaller. */
static void
load_draft_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  OmniSubject *self = source_object;
  const char *path = omni_source_get_path (self->source);
  g_autoptr (OmniPicture) picture = NULL;
  GError *error = NULL;
  OmniPictureInfo info;
  OmniMipmap *mipmap = NULL;

  if (omni_picture_probe (path, &info, NULL) && g_str_equal (info.format_name, "JPEG"))
    picture = omni_source_load_scaled (self->source, DRAFT_PX, cancellable, &error);
  else
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         "There is no smaller version of this kind.");
  if (picture != NULL)
    mipmap = omni_mipmap_new (picture, cancellable, &error);

  if (mipmap != NULL)
    g_task_return_pointer (task, mipmap, (GDestroyNotify)omni_mipmap_unref);
  else
    g_task_return_error (task, error);
}

void
omni_subject_load_draft_async (OmniSubject *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  guint width, height;

  omni_subject_get_size (self, &width, &height);
  if (self->source == NULL || (guint64)width * height < DRAFT_FROM_PX)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A smaller version is not needed.");
  else
    g_task_run_in_thread (task, load_draft_in_thread);
}

void
omni_subject_get_size (OmniSubject *self, guint *width, guint *height)
{
  OmniPicture *picture = self->result != NULL ? self->result->picture : self->picture;

  *width = self->source != NULL ? omni_source_get_width (self->source) : omni_picture_get_width (picture);
  *height = self->source != NULL ? omni_source_get_height (self->source) : omni_picture_get_height (picture);
}

OmniMipmap *
omni_subject_load_finish (OmniSubject *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
omni_subject_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
  {
  case PROP_LABEL:
    g_value_set_string (value, OMNI_SUBJECT (object)->label);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
omni_subject_finalize (GObject *object)
{
  OmniSubject *self = OMNI_SUBJECT (object);

  g_free (self->label);
  g_clear_object (&self->source);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  g_clear_object (&self->picture);
  G_OBJECT_CLASS (omni_subject_parent_class)->finalize (object);
}

static void
omni_subject_class_init (OmniSubjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = omni_subject_get_property;
  object_class->finalize = omni_subject_finalize;

  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
omni_subject_init (OmniSubject *self)
{
}
