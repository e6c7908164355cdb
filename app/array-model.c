/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/array-model.h"

static void list_model_init (GListModelInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (OmniArrayModel, omni_array_model, G_TYPE_OBJECT,
                                  G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GPtrArray *
get_items (gpointer list)
{
  return OMNI_ARRAY_MODEL_GET_CLASS (list)->get_items (list);
}

static GType
get_item_type (GListModel *list)
{
  return OMNI_ARRAY_MODEL_GET_CLASS (list)->item_type;
}

static guint
get_n_items (GListModel *list)
{
  return get_items (list)->len;
}

static gpointer
get_item (GListModel *list, guint position)
{
  GPtrArray *items = get_items (list);

  return position < items->len ? g_object_ref (items->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
omni_array_model_class_init (OmniArrayModelClass *klass)
{
}

static void
omni_array_model_init (OmniArrayModel *self)
{
}
