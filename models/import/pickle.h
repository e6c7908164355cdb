/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/foreign.h"

G_BEGIN_DECLS

/* The pickle machine of Python, protocols 2 to 4, cut down to what a dictionary of tensors needs: numbers, text, tuples,
 * lists, dictionaries, PyTorch's storages and the calls that make a tensor or an OrderedDict. It knows no other class
 * or function and no other opcode: these are refused by name, and nothing of the file is ever run.
 *
 * What it may build is bounded by the size of the file it comes from, and by half a GiB. */
typedef struct _OmniPickle OmniPickle;

typedef enum
{
  OMNI_PICKLE_UNSET, /* a place of the memo that nothing was put into */
  OMNI_PICKLE_NONE,
  OMNI_PICKLE_BOOLEAN,
  OMNI_PICKLE_INTEGER,
  OMNI_PICKLE_FLOAT,
  OMNI_PICKLE_TEXT,
  OMNI_PICKLE_TUPLE,
  OMNI_PICKLE_LIST,
  OMNI_PICKLE_DICTIONARY,
  OMNI_PICKLE_GLOBAL,
  OMNI_PICKLE_STORAGE,
  OMNI_PICKLE_TENSOR
} OmniPickleKind;

typedef struct _OmniPickleObject OmniPickleObject;

typedef struct
{
  OmniPickleKind kind;
  union
  {
    gint64 integer; /* of BOOLEAN, INTEGER, GLOBAL; FLOAT keeps nothing */
    OmniPickleObject *object;
  };
} OmniPickleValue;

/* Where numbers lie: `data` is NULL until the caller of the machine has found them. */
typedef struct
{
  OmniDtype dtype;
  guint64 n_elements;
  const guint8 *data;
} OmniPickleStorage;

typedef struct
{
  OmniPickleStorage *storage;
  guint64 offset; /* in elements, as the strides */
  guint n_dims;
  guint64 dims[OMNI_FOREIGN_MAX_DIMS], strides[OMNI_FOREIGN_MAX_DIMS];
} OmniPickleTensor;

struct _OmniPickleObject
{
  char *text;    /* TEXT */
  GArray *items; /* TUPLE, LIST: OmniPickleValue; DICTIONARY: keys and values in turn */
  enum
  {
    OMNI_PICKLE_NEW,
    OMNI_PICKLE_LOOKING, /* a dictionary that is being looked through: it may not hold itself */
    OMNI_PICKLE_LOOKED
  } look;
  OmniPickleStorage *storage;
  OmniPickleTensor *tensor;
};

/* `n_file_bytes`: of the file that the pickles come from. */
OmniPickle *omni_pickle_new (gsize n_file_bytes);
void omni_pickle_free (OmniPickle *pickle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniPickle, omni_pickle_free)

/* Runs one pickle from `data` to its STOP and stores how long it was. The values live as long as the machine. */
gboolean omni_pickle_load (OmniPickle *pickle, const guint8 *data, gsize n_bytes, gsize *n_used,
                           OmniPickleValue *result, GError **error);

/* (element-type utf8 OmniPickleStorage) The storages that were named, by key. */
GHashTable *omni_pickle_get_storages (OmniPickle *pickle);

/* The value under `key` of a dictionary; FALSE when there is none. */
gboolean omni_pickle_lookup (const OmniPickleValue *dictionary, const char *key, OmniPickleValue *value);

/* Takes the tensors of a dictionary and of the dictionaries in it, whose names are joined by dots, into `foreign`. The
 * storages must have their data by now. */
gboolean omni_pickle_take_tensors (const OmniPickleValue *root, OmniForeign *foreign, GError **error);

G_END_DECLS
