/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An object that is a list of others: a GListModel of what an array of the subclass holds. The subclass says which array and emits
 * items-changed after each change of it. */
#define OMNI_TYPE_ARRAY_MODEL (omni_array_model_get_type ())
G_DECLARE_DERIVABLE_TYPE (OmniArrayModel, omni_array_model, OMNI, ARRAY_MODEL, GObject)

struct _OmniArrayModelClass
{
  GObjectClass parent_class;

  GType item_type; /* of an object */
  GPtrArray *(*get_items) (
    OmniArrayModel *self); /* (transfer none); another array from one change to the next is fine */
};

G_END_DECLS
