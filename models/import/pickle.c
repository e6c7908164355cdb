/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/pickle.h"

#include <glib/gi18n.h>
#include <string.h>

/* The opcodes are those of Python's pickletools; PyTorch's torch/serialization.py says what the persistent identifiers
 * hold, torch/_utils.py what the functions take. */

/* What a small file may take, a large one for each of its bytes and at most; and what one object is charged and one item of a
 * list, of which the shortest that a file can hold in earnest take two bytes. */
#define FREE_BYTES   (G_GUINT64_CONSTANT (1) << 20)
#define MULTIPLE     8
#define MOST_BYTES   (G_GUINT64_CONSTANT (512) << 20)
#define OBJECT_BYTES 128
#define ITEM_BYTES   sizeof (OmniPickleValue)

struct _OmniPickle
{
  GPtrArray *objects;   /* OmniPickleObject: all that was built, so that cycles need no care */
  GHashTable *storages; /* char → OmniPickleStorage */
  guint64 budget_bytes;

  /* of one load */
  GArray *stack; /* OmniPickleValue */
  GArray *marks; /* guint: heights of the stack */
  GArray *memo;  /* OmniPickleValue */
  const guint8 *at, *end;
  GError **error;
};

typedef enum
{
  GLOBAL_ORDERED_DICT,
  GLOBAL_REBUILD_TENSOR,
  GLOBAL_REBUILD_TENSOR_V2,
  GLOBAL_REBUILD_PARAMETER,
  GLOBAL_STORAGE /* and the ones after it, by OmniDtype */
} Global;

/* The whole of what a file may name. */
static const struct
{
  const char *module, *name;
  guint global;
} globals[] = {
  { "collections", "OrderedDict", GLOBAL_ORDERED_DICT },
  { "torch._utils", "_rebuild_tensor", GLOBAL_REBUILD_TENSOR },
  { "torch._utils", "_rebuild_tensor_v2", GLOBAL_REBUILD_TENSOR_V2 },
  { "torch._utils", "_rebuild_parameter", GLOBAL_REBUILD_PARAMETER },
  { "torch", "FloatStorage", GLOBAL_STORAGE + OMNI_DTYPE_F32 },
  { "torch", "HalfStorage", GLOBAL_STORAGE + OMNI_DTYPE_F16 },
  { "torch", "BFloat16Storage", GLOBAL_STORAGE + OMNI_DTYPE_BF16 },
  { "torch", "DoubleStorage", GLOBAL_STORAGE + OMNI_DTYPE_F64 },
  { "torch", "LongStorage", GLOBAL_STORAGE + OMNI_DTYPE_I64 },
  { "torch", "IntStorage", GLOBAL_STORAGE + OMNI_DTYPE_I32 },
  { "torch", "ShortStorage", GLOBAL_STORAGE + OMNI_DTYPE_I16 },
  { "torch", "CharStorage", GLOBAL_STORAGE + OMNI_DTYPE_I8 },
  { "torch", "ByteStorage", GLOBAL_STORAGE + OMNI_DTYPE_U8 },
  { "torch", "BoolStorage", GLOBAL_STORAGE + OMNI_DTYPE_BOOL },
};

/* ---- Memory ---- */

static void
object_free (gpointer data)
{
  OmniPickleObject *object = data;

  g_free (object->text);
  g_clear_pointer (&object->items, g_array_unref);
  g_free (object->tensor);
  g_free (object);
}

OmniPickle *
omni_pickle_new (gsize n_file_bytes)
{
  OmniPickle *self = g_new0 (OmniPickle, 1);

  self->objects = g_ptr_array_new_with_free_func (object_free);
  self->storages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->budget_bytes = FREE_BYTES + MIN (MULTIPLE * (guint64)n_file_bytes, MOST_BYTES);
  self->stack = g_array_new (FALSE, FALSE, sizeof (OmniPickleValue));
  self->marks = g_array_new (FALSE, FALSE, sizeof (guint));
  self->memo = g_array_new (FALSE, TRUE, sizeof (OmniPickleValue));
  return self;
}

void
omni_pickle_free (OmniPickle *self)
{
  g_ptr_array_unref (self->objects);
  g_hash_table_unref (self->storages);
  g_array_unref (self->stack);
  g_array_unref (self->marks);
  g_array_unref (self->memo);
  g_free (self);
}

GHashTable *
omni_pickle_get_storages (OmniPickle *self)
{
  return self->storages;
}

static gboolean
charge (OmniPickle *self, guint64 n_bytes)
{
  if (n_bytes > self->budget_bytes)
    return omni_foreign_refuse (self->error, _ ("the pickle builds more than a file of this size can need"));
  self->budget_bytes -= n_bytes;
  return TRUE;
}

/* ---- The stack ---- */

static gboolean
push (OmniPickle *self, OmniPickleValue value)
{
  if (!charge (self, ITEM_BYTES))
    return FALSE;
  g_array_append_val (self->stack, value);
  return TRUE;
}

/* Values below the last mark are out of reach. */
static gboolean
pop (OmniPickle *self, OmniPickleValue *value)
{
  const guint floor = self->marks->len > 0 ? g_array_index (self->marks, guint, self->marks->len - 1) : 0;

  *value = (OmniPickleValue){ .kind = OMNI_PICKLE_NONE };
  if (self->stack->len <= floor)
    return omni_foreign_refuse (self->error, _ ("the pickle takes more from its stack than there is"));
  *value = g_array_index (self->stack, OmniPickleValue, self->stack->len - 1);
  g_array_set_size (self->stack, self->stack->len - 1);
  self->budget_bytes += ITEM_BYTES;
  return TRUE;
}

static gboolean
pop_mark (OmniPickle *self, guint *first)
{
  if (self->marks->len == 0)
    return omni_foreign_refuse (self->error, _ ("the pickle looks for a mark that is not there"));
  *first = g_array_index (self->marks, guint, self->marks->len - 1);
  g_array_set_size (self->marks, self->marks->len - 1);
  return TRUE;
}

static OmniPickleObject *
new_object (OmniPickle *self)
{
  OmniPickleObject *object;

  if (!charge (self, OBJECT_BYTES))
    return NULL;
  object = g_new0 (OmniPickleObject, 1);
  g_ptr_array_add (self->objects, object);
  return object;
}

static gboolean
push_container (OmniPickle *self, OmniPickleKind kind)
{
  OmniPickleObject *object = new_object (self);

  if (object == NULL)
    return FALSE;
  object->items = g_array_new (FALSE, FALSE, sizeof (OmniPickleValue));
  return push (self, (OmniPickleValue){ .kind = kind, .object = object });
}

/* Everything from `first` up becomes items of `object`; what was charged for the stack now is for them. */
static void
move_items (OmniPickle *self, guint first, OmniPickleObject *object)
{
  g_array_append_vals (object->items, &g_array_index (self->stack, OmniPickleValue, first),
                       self->stack->len - first);
  g_array_set_size (self->stack, first);
}

/* ---- Reading the program ---- */

static const guint8 *
take (OmniPickle *self, guint64 n)
{
  const guint8 *at = self->at;

  if (n > (guint64)(self->end - self->at))
  {
    omni_foreign_refuse (self->error, _ ("the pickle is cut off"));
    return NULL;
  }
  self->at += n;
  return at;
}

/* A little-endian number of `n` bytes. */
static gboolean
take_number (OmniPickle *self, guint n, guint64 *value)
{
  const guint8 *at = take (self, n);

  *value = 0;
  for (guint i = 0; at != NULL && i < n; i++)
    *value |= (guint64)at[i] << 8 * i;
  return at != NULL;
}

static char *
take_line (OmniPickle *self)
{
  const guint8 *newline = memchr (self->at, '\n', (gsize)(self->end - self->at));
  char *line;

  if (newline == NULL || newline - self->at > OMNI_FOREIGN_MAX_NAME)
  {
    omni_foreign_refuse (self->error, _ ("the pickle is cut off"));
    return NULL;
  }
  line = g_strndup ((const char *)self->at, (gsize)(newline - self->at));
  self->at = newline + 1;
  return line;
}

/* ---- Opcodes: plain values ---- */

static gboolean
op_proto (OmniPickle *self, guint opcode)
{
  guint64 version;

  if (!take_number (self, 1, &version))
    return FALSE;
  return version <= 5
         || omni_foreign_refuse (self->error, _ ("the pickle is of the unknown protocol %u"), (guint)version);
}

/* Only says how far a stream should be read ahead. */
static gboolean
op_frame (OmniPickle *self, guint opcode)
{
  guint64 length;

  if (!take_number (self, 8, &length))
    return FALSE;
  return length <= (guint64)(self->end - self->at)
         || omni_foreign_refuse (self->error, _ ("the pickle is cut off"));
}

static gboolean
op_none (OmniPickle *self, guint opcode)
{
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_NONE });
}

static gboolean
op_boolean (OmniPickle *self, guint opcode)
{
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_BOOLEAN, .integer = opcode == 0x88 });
}

static gboolean
op_integer (OmniPickle *self, guint opcode)
{
  const guint n = opcode == 'K' ? 1 : opcode == 'M' ? 2 : 4;
  guint64 value;

  if (!take_number (self, n, &value))
    return FALSE;
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_INTEGER,
                                        .integer = n == 4 ? (gint32)(guint32)value : (gint64)value });
}

static gboolean
op_long (OmniPickle *self, guint opcode)
{
  guint64 n, value;

  if (!take_number (self, 1, &n))
    return FALSE;
  if (n > 8)
    return omni_foreign_refuse (self->error, _ ("the pickle holds a number of %u bytes"), (guint)n);
  if (!take_number (self, (guint)n, &value))
    return FALSE;
  if (n > 0 && n < 8 && (value >> (8 * n - 1) & 1) != 0)
    value |= G_MAXUINT64 << 8 * n;
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_INTEGER, .integer = (gint64)value });
}

/* Learning rates and the like: nothing here asks for their value. */
static gboolean
op_float (OmniPickle *self, guint opcode)
{
  return take (self, 8) != NULL && push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_FLOAT });
}

static gboolean
op_text (OmniPickle *self, guint opcode)
{
  guint64 n;
  const guint8 *bytes;
  OmniPickleObject *object;

  if (!take_number (self, opcode == 'U' || opcode == 0x8c ? 1 : 4, &n) || (bytes = take (self, n)) == NULL
      || !charge (self, n) || (object = new_object (self)) == NULL)
    return FALSE;
  if (!g_utf8_validate_len ((const char *)bytes, n, NULL))
    return omni_foreign_refuse (self->error, _ ("the pickle holds a name that is no text"));
  object->text = g_strndup ((const char *)bytes, n);
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_TEXT, .object = object });
}

/* ---- Opcodes: containers ---- */

static gboolean
op_mark (OmniPickle *self, guint opcode)
{
  if (!charge (self, ITEM_BYTES))
    return FALSE;
  g_array_append_val (self->marks, self->stack->len);
  return TRUE;
}

static gboolean
op_empty (OmniPickle *self, guint opcode)
{
  return push_container (self, opcode == ')'   ? OMNI_PICKLE_TUPLE
                               : opcode == ']' ? OMNI_PICKLE_LIST
                                               : OMNI_PICKLE_DICTIONARY);
}

static gboolean
op_tuple (OmniPickle *self, guint opcode)
{
  const guint n = opcode == 't' ? 0 : opcode - 0x84;
  const guint floor = self->marks->len > 0 ? g_array_index (self->marks, guint, self->marks->len - 1) : 0;
  guint first = 0;
  OmniPickleObject *object = new_object (self);

  if (object == NULL)
    return FALSE;
  if (opcode == 't')
  {
    if (!pop_mark (self, &first))
      return FALSE;
  }
  else if (self->stack->len - floor < n)
    return omni_foreign_refuse (self->error, _ ("the pickle takes more from its stack than there is"));
  else
    first = self->stack->len - n;
  object->items = g_array_new (FALSE, FALSE, sizeof (OmniPickleValue));
  move_items (self, first, object);
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_TUPLE, .object = object });
}

/* APPEND, APPENDS, SETITEM, SETITEMS: what lies on top goes into the container below. */
static gboolean
op_fill (OmniPickle *self, guint opcode)
{
  const gboolean is_list = opcode == 'a' || opcode == 'e';
  const OmniPickleKind kind = is_list ? OMNI_PICKLE_LIST : OMNI_PICKLE_DICTIONARY;
  guint first = 0;
  OmniPickleValue container;

  if (opcode == 'e' || opcode == 'u')
  {
    if (!pop_mark (self, &first))
      return FALSE;
  }
  else
    first = self->stack->len - MIN (self->stack->len, is_list ? 1u : 2u);
  if (first == 0
      || (self->marks->len > 0 && first <= g_array_index (self->marks, guint, self->marks->len - 1)))
    return omni_foreign_refuse (self->error, _ ("the pickle takes more from its stack than there is"));
  container = g_array_index (self->stack, OmniPickleValue, first - 1);
  if (container.kind != kind || (!is_list && (self->stack->len - first) % 2 != 0))
    return omni_foreign_refuse (self->error, is_list
                                               ? _ ("the pickle fills something that is no list")
                                               : _ ("the pickle fills something that is no dictionary"));
  move_items (self, first, container.object);
  return TRUE;
}

/* ---- Opcodes: the memo ---- */

/* Python counts up from 0; that of Python 2 in C, from 1. */
static gboolean
put (OmniPickle *self, guint64 index)
{
  const guint n = self->stack->len;

  if (n == 0 || index > (guint64)self->memo->len + 1)
    return omni_foreign_refuse (self->error, _ ("the pickle remembers what it does not have"));
  if (index >= self->memo->len)
  {
    if (!charge (self, (index + 1 - self->memo->len) * ITEM_BYTES))
      return FALSE;
    g_array_set_size (self->memo, (guint)index + 1);
  }
  g_array_index (self->memo, OmniPickleValue, index) = g_array_index (self->stack, OmniPickleValue, n - 1);
  return TRUE;
}

static gboolean
op_put (OmniPickle *self, guint opcode)
{
  guint64 index = self->memo->len;

  if (opcode != 0x94 && !take_number (self, opcode == 'q' ? 1 : 4, &index))
    return FALSE;
  return put (self, index);
}

static gboolean
op_get (OmniPickle *self, guint opcode)
{
  guint64 index;

  if (!take_number (self, opcode == 'h' ? 1 : 4, &index))
    return FALSE;
  if (index >= self->memo->len
      || g_array_index (self->memo, OmniPickleValue, index).kind == OMNI_PICKLE_UNSET)
    return omni_foreign_refuse (self->error, _ ("the pickle recalls what it never remembered"));
  return push (self, g_array_index (self->memo, OmniPickleValue, index));
}

/* ---- Opcodes: classes and calls ---- */

static gboolean
push_global (OmniPickle *self, const char *module, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (globals); i++)
    if (strcmp (globals[i].module, module) == 0 && strcmp (globals[i].name, name) == 0)
      return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_GLOBAL, .integer = globals[i].global });
  return omni_foreign_refuse (self->error,
                              _ ("the pickle asks for “%s.%s”, which is neither a tensor nor a dictionary; "
                                 "nothing of it was run. Save the state dictionary alone: "
                                 "torch.save(model.state_dict(), FILE)"),
                              module, name);
}

static gboolean
op_global (OmniPickle *self, guint opcode)
{
  g_autofree char *module = take_line (self);
  g_autofree char *name = module != NULL ? take_line (self) : NULL;

  return name != NULL && push_global (self, module, name);
}

static gboolean
op_stack_global (OmniPickle *self, guint opcode)
{
  OmniPickleValue module, name;

  if (!pop (self, &name) || !pop (self, &module))
    return FALSE;
  if (module.kind != OMNI_PICKLE_TEXT || name.kind != OMNI_PICKLE_TEXT)
    return omni_foreign_refuse (self->error, _ ("the pickle asks for a class without a name"));
  return push_global (self, module.object->text, name.object->text);
}

static const OmniPickleValue *
get_item (const OmniPickleValue *sequence, guint index)
{
  return &g_array_index (sequence->object->items, OmniPickleValue, index);
}

static gboolean
is_sequence (const OmniPickleValue *value, guint min, guint max)
{
  return (value->kind == OMNI_PICKLE_TUPLE || value->kind == OMNI_PICKLE_LIST)
         && value->object->items->len >= min && value->object->items->len <= max;
}

/* ("storage", the class, the key, the device, the number of elements[, the part of another storage it is]) */
static gboolean
op_persistent (OmniPickle *self, guint opcode)
{
  OmniPickleValue id;
  const OmniPickleValue *item;
  OmniPickleObject *object;
  OmniDtype dtype;

  if (!pop (self, &id))
    return FALSE;
  if (!is_sequence (&id, 5, 6))
    return omni_foreign_refuse (self->error, _ ("the pickle refers to something that is no storage"));
  item = get_item (&id, 0);
  if (item[0].kind != OMNI_PICKLE_TEXT || !g_str_equal (item[0].object->text, "storage")
      || item[1].kind != OMNI_PICKLE_GLOBAL || item[1].integer < GLOBAL_STORAGE
      || item[2].kind != OMNI_PICKLE_TEXT || item[4].kind != OMNI_PICKLE_INTEGER || item[4].integer < 0)
    return omni_foreign_refuse (self->error, _ ("the pickle refers to something that is no storage"));
  if (id.object->items->len == 6 && item[5].kind != OMNI_PICKLE_NONE)
    return omni_foreign_refuse (self->error,
                                _ ("the storage “%s” is a part of another one, which PyTorch no "
                                   "longer writes; load the file there and save it anew"),
                                item[2].object->text);
  dtype = (OmniDtype)(item[1].integer - GLOBAL_STORAGE);
  if ((object = new_object (self)) == NULL)
    return FALSE;
  object->storage = g_hash_table_lookup (self->storages, item[2].object->text);
  if (object->storage == NULL)
  {
    object->storage = g_new0 (OmniPickleStorage, 1);
    object->storage->dtype = dtype;
    object->storage->n_elements = (guint64)item[4].integer;
    g_hash_table_insert (self->storages, g_strdup (item[2].object->text), object->storage);
  }
  if (object->storage->dtype != dtype || object->storage->n_elements != (guint64)item[4].integer)
    return omni_foreign_refuse (self->error, _ ("the storage “%s” is described in two ways"),
                                item[2].object->text);
  return push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_STORAGE, .object = object });
}

/* A tuple of numbers from 0 up. */
static gboolean
read_numbers (const OmniPickleValue *value, guint64 numbers[OMNI_FOREIGN_MAX_DIMS], guint *n)
{
  if (!is_sequence (value, 0, OMNI_FOREIGN_MAX_DIMS))
    return FALSE;
  *n = value->object->items->len;
  for (guint i = 0; i < *n; i++)
  {
    const OmniPickleValue *item = get_item (value, i);

    if (item->kind != OMNI_PICKLE_INTEGER || item->integer < 0)
      return FALSE;
    numbers[i] = (guint64)item->integer;
  }
  return TRUE;
}

/* Every element must lie in the storage, and there may not be more of them than it holds. */
static gboolean
check_tensor (OmniPickle *self, const OmniPickleTensor *tensor)
{
  guint64 last = tensor->offset, n = 1;
  const guint64 limit = tensor->storage->n_elements;

  for (guint i = 0; i < tensor->n_dims; i++)
  {
    if (tensor->dims[i] == 0 || tensor->dims[i] > limit / n)
      return omni_foreign_refuse (self->error, _ ("a tensor claims more elements than its storage holds"));
    n *= tensor->dims[i];
    if (tensor->dims[i] > 1 && tensor->strides[i] > limit / (tensor->dims[i] - 1))
      return omni_foreign_refuse (self->error, _ ("a tensor reaches beyond its storage"));
    if (tensor->offset >= limit || (tensor->dims[i] - 1) * tensor->strides[i] >= limit - last)
      return omni_foreign_refuse (self->error, _ ("a tensor reaches beyond its storage"));
    last += (tensor->dims[i] - 1) * tensor->strides[i];
  }
  return last < limit || omni_foreign_refuse (self->error, _ ("a tensor reaches beyond its storage"));
}

/* (storage, offset, size, stride[, wants a gradient, hooks, metadata]) */
static gboolean
rebuild_tensor (OmniPickle *self, const OmniPickleValue *arguments)
{
  const OmniPickleValue *item;
  OmniPickleObject *object;
  OmniPickleTensor *tensor;
  guint n_strides;

  if (!is_sequence (arguments, 4, 7))
    return omni_foreign_refuse (self->error, _ ("the pickle makes a tensor of the wrong parts"));
  if (!charge (self, sizeof *tensor) || (object = new_object (self)) == NULL)
    return FALSE;
  item = get_item (arguments, 0);
  tensor = object->tensor = g_new0 (OmniPickleTensor, 1);
  if (item[0].kind != OMNI_PICKLE_STORAGE || item[1].kind != OMNI_PICKLE_INTEGER || item[1].integer < 0
      || !read_numbers (&item[2], tensor->dims, &tensor->n_dims)
      || !read_numbers (&item[3], tensor->strides, &n_strides) || n_strides != tensor->n_dims)
    return omni_foreign_refuse (self->error, _ ("the pickle makes a tensor of the wrong parts"));
  tensor->storage = item[0].object->storage;
  tensor->offset = (guint64)item[1].integer;
  return check_tensor (self, tensor)
         && push (self, (OmniPickleValue){ .kind = OMNI_PICKLE_TENSOR, .object = object });
}

/* Python 2 calls it with its pairs: ([[key, value], …],). */
static gboolean
make_dictionary (OmniPickle *self, const OmniPickleValue *arguments)
{
  const OmniPickleValue *pairs;
  OmniPickleValue dictionary;

  if (!push_container (self, OMNI_PICKLE_DICTIONARY))
    return FALSE;
  if (arguments->object->items->len == 0)
    return TRUE;
  dictionary = g_array_index (self->stack, OmniPickleValue, self->stack->len - 1);
  pairs = get_item (arguments, 0);
  if (!is_sequence (pairs, 0, G_MAXUINT))
    return omni_foreign_refuse (self->error, _ ("the pickle makes a dictionary of the wrong parts"));
  for (guint i = 0; i < pairs->object->items->len; i++)
  {
    const OmniPickleValue *pair = get_item (pairs, i);

    if (!is_sequence (pair, 2, 2))
      return omni_foreign_refuse (self->error, _ ("the pickle makes a dictionary of the wrong parts"));
    if (!charge (self, 2 * ITEM_BYTES))
      return FALSE;
    g_array_append_vals (dictionary.object->items, get_item (pair, 0), 2);
  }
  return TRUE;
}

static gboolean
op_reduce (OmniPickle *self, guint opcode)
{
  OmniPickleValue arguments, function;

  if (!pop (self, &arguments) || !pop (self, &function))
    return FALSE;
  if (function.kind == OMNI_PICKLE_GLOBAL && arguments.kind == OMNI_PICKLE_TUPLE)
    switch (function.integer)
    {
    case GLOBAL_ORDERED_DICT:
      if (is_sequence (&arguments, 0, 1))
        return make_dictionary (self, &arguments);
      break;
    case GLOBAL_REBUILD_TENSOR:
    case GLOBAL_REBUILD_TENSOR_V2:
      return rebuild_tensor (self, &arguments);
    case GLOBAL_REBUILD_PARAMETER:
      if (is_sequence (&arguments, 1, 3) && get_item (&arguments, 0)->kind == OMNI_PICKLE_TENSOR)
        return push (self, *get_item (&arguments, 0));
      break;
    default:
      break;
    }
  return omni_foreign_refuse (self->error, _ ("the pickle calls something that makes neither a tensor nor a "
                                              "dictionary; it was not run"));
}

/* A state dictionary's attributes (_metadata: versions of its layers), which say nothing about its tensors. */
static gboolean
op_build (OmniPickle *self, guint opcode)
{
  OmniPickleValue state, target;

  if (!pop (self, &state) || !pop (self, &target))
    return FALSE;
  if (target.kind != OMNI_PICKLE_DICTIONARY || state.kind != OMNI_PICKLE_DICTIONARY)
    return omni_foreign_refuse (self->error, _ ("the pickle builds an object that is no dictionary (BUILD)"));
  return push (self, target);
}

/* ---- The machine ---- */

typedef struct
{
  const char *name;
  gboolean (*run) (OmniPickle *self, guint opcode); /* NULL: refused */
} Opcode;

static const Opcode opcodes[256] = {
  ['('] = { "MARK", op_mark },
  [')'] = { "EMPTY_TUPLE", op_empty },
  ['.'] = { "STOP", NULL },
  ['0'] = { "POP", NULL },
  ['1'] = { "POP_MARK", NULL },
  ['2'] = { "DUP", NULL },
  ['B'] = { "BINBYTES", NULL },
  ['C'] = { "SHORT_BINBYTES", NULL },
  ['F'] = { "FLOAT", NULL },
  ['G'] = { "BINFLOAT", op_float },
  ['I'] = { "INT", NULL },
  ['J'] = { "BININT", op_integer },
  ['K'] = { "BININT1", op_integer },
  ['L'] = { "LONG", NULL },
  ['M'] = { "BININT2", op_integer },
  ['N'] = { "NONE", op_none },
  ['P'] = { "PERSID", NULL },
  ['Q'] = { "BINPERSID", op_persistent },
  ['R'] = { "REDUCE", op_reduce },
  ['S'] = { "STRING", NULL },
  ['T'] = { "BINSTRING", op_text },
  ['U'] = { "SHORT_BINSTRING", op_text },
  ['V'] = { "UNICODE", NULL },
  ['X'] = { "BINUNICODE", op_text },
  [']'] = { "EMPTY_LIST", op_empty },
  ['a'] = { "APPEND", op_fill },
  ['b'] = { "BUILD", op_build },
  ['c'] = { "GLOBAL", op_global },
  ['d'] = { "DICT", NULL },
  ['e'] = { "APPENDS", op_fill },
  ['g'] = { "GET", NULL },
  ['h'] = { "BINGET", op_get },
  ['i'] = { "INST", NULL },
  ['j'] = { "LONG_BINGET", op_get },
  ['l'] = { "LIST", NULL },
  ['o'] = { "OBJ", NULL },
  ['p'] = { "PUT", NULL },
  ['q'] = { "BINPUT", op_put },
  ['r'] = { "LONG_BINPUT", op_put },
  ['s'] = { "SETITEM", op_fill },
  ['t'] = { "TUPLE", op_tuple },
  ['u'] = { "SETITEMS", op_fill },
  ['}'] = { "EMPTY_DICT", op_empty },
  [0x80] = { "PROTO", op_proto },
  [0x81] = { "NEWOBJ", NULL },
  [0x82] = { "EXT1", NULL },
  [0x83] = { "EXT2", NULL },
  [0x84] = { "EXT4", NULL },
  [0x85] = { "TUPLE1", op_tuple },
  [0x86] = { "TUPLE2", op_tuple },
  [0x87] = { "TUPLE3", op_tuple },
  [0x88] = { "NEWTRUE", op_boolean },
  [0x89] = { "NEWFALSE", op_boolean },
  [0x8a] = { "LONG1", op_long },
  [0x8b] = { "LONG4", NULL },
  [0x8c] = { "SHORT_BINUNICODE", op_text },
  [0x8d] = { "BINUNICODE8", NULL },
  [0x8e] = { "BINBYTES8", NULL },
  [0x8f] = { "EMPTY_SET", NULL },
  [0x90] = { "ADDITEMS", NULL },
  [0x91] = { "FROZENSET", NULL },
  [0x92] = { "NEWOBJ_EX", NULL },
  [0x93] = { "STACK_GLOBAL", op_stack_global },
  [0x94] = { "MEMOIZE", op_put },
  [0x95] = { "FRAME", op_frame },
  [0x96] = { "BYTEARRAY8", NULL },
  [0x97] = { "NEXT_BUFFER", NULL },
  [0x98] = { "READONLY_BUFFER", NULL },
};

static gboolean
run (OmniPickle *self, OmniPickleValue *result)
{
  for (;;)
  {
    const guint8 *opcode = take (self, 1);

    if (opcode == NULL)
      return FALSE;
    if (*opcode == '.')
      break;
    if (opcodes[*opcode].run == NULL)
      return omni_foreign_refuse (self->error,
                                  _ ("the pickle uses the opcode %s (0x%02x), which no dictionary of tensors "
                                     "needs; nothing of it was run"),
                                  opcodes[*opcode].name != NULL ? opcodes[*opcode].name : _ ("unknown"),
                                  *opcode);
    if (!opcodes[*opcode].run (self, *opcode))
      return FALSE;
  }
  if (self->stack->len != 1 || self->marks->len > 0)
    return omni_foreign_refuse (self->error, _ ("the pickle ends with more or less than one value"));
  return pop (self, result);
}

gboolean
omni_pickle_load (OmniPickle *self, const guint8 *data, gsize n_bytes, gsize *n_used, OmniPickleValue *result,
                  GError **error)
{
  gboolean done;

  self->at = data;
  self->end = data + n_bytes;
  self->error = error;
  g_array_set_size (self->stack, 0);
  g_array_set_size (self->marks, 0);
  g_array_set_size (self->memo, 0);
  done = run (self, result);
  *n_used = (gsize)(self->at - data);
  self->error = NULL;
  return done;
}
