/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/weights-header.h"

G_BEGIN_DECLS

/* What a weight file of other people holds: named tensors that point into the file's bytes. Nothing is converted and
 * nothing copied before a tensor is known to be wanted, so a file costs its own size, whatever it claims. */

#define OMNI_FOREIGN_MAX_DIMS 8
#define OMNI_FOREIGN_MAX_NAME 200

typedef struct
{
  char *name;
  OmniDtype dtype;
  guint n_dims;
  guint64 dims[OMNI_FOREIGN_MAX_DIMS];
  guint64 strides[OMNI_FOREIGN_MAX_DIMS]; /* in elements */
  guint64 n_elements;                     /* the product of dims; none is 0 */
  const guint8 *data;                     /* the first element; every element lies inside the file */
} OmniForeignTensor;

typedef struct
{
  char *path;         /* of the file named first, for messages */
  const char *format; /* for people, untranslated: "PyTorch (ZIP)" */
  GPtrArray *files;   /* GBytes that the tensors point into */
  GPtrArray *paths;   /* char, of these */
  GPtrArray *tensors; /* OmniForeignTensor */
  GPtrArray *others;  /* char: names of what is no tensor and was passed over */
  GHashTable *names;  /* of the tensors: char → OmniForeignTensor */
  GHashTable *metadata;
} OmniForeign;

OmniForeign *omni_foreign_new (const char *path, const char *format);
void omni_foreign_free (OmniForeign *foreign);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniForeign, omni_foreign_free)

/* Keeps the bytes of the file at `path`. */
void omni_foreign_add_file (OmniForeign *foreign, const char *path, GBytes *bytes);

/* (transfer none) A new tensor for the caller to fill and finish. The name may not have come before, be longer than 200
 * bytes, empty or no plain text. */
OmniForeignTensor *omni_foreign_add (OmniForeign *foreign, const char *name, GError **error);

/* Multiplies the dims into n_elements; sides of 0 and more than 2^31 elements are refused. */
gboolean omni_foreign_count (OmniForeignTensor *tensor, GError **error);

/* Row-major strides of the dims. */
void omni_foreign_set_strides (OmniForeignTensor *tensor);

/* Refuses with a sentence; FALSE. */
gboolean omni_foreign_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* (transfer full) "(64, 3, 7, 7)". */
char *omni_foreign_shape_to_string (const OmniForeignTensor *tensor);

/* The readers. Each takes the whole file; nothing of it is run. `path` is named in messages by the caller. */

/* PyTorch's files since 1.6: a ZIP archive of a pickle and one entry per storage. */
OmniForeign *omni_foreign_read_torch_zip (const char *path, GBytes *bytes, GError **error);

/* PyTorch's files before: five pickles, then the storages one after the other. */
OmniForeign *omni_foreign_read_torch_legacy (const char *path, GBytes *bytes, GError **error);

/* TensorFlow's V2 checkpoints: `path` is that of the index, whose data files lie beside it. */
OmniForeign *omni_foreign_read_tensorflow (const char *path, GBytes *bytes, GError **error);

OmniForeign *omni_foreign_read_safetensors (const char *path, GBytes *bytes, GError **error);

/* By the content, whatever the name. Messages name the file. */
OmniForeign *omni_foreign_read (const char *path, GError **error);

G_END_DECLS
