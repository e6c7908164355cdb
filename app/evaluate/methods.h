/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  OMNI_METHOD_MODEL,    /* what the evaluation is about */
  OMNI_METHOD_BASELINE, /* what it is held against */
  OMNI_METHOD_EXTERNAL  /* pictures made by another program */
} OmniEvaluateMethodKind;

/* One row of the table. Immutable once made. */
typedef struct
{
  OmniEvaluateMethodKind kind;
  char *name; /* as shown, unique in an evaluation */
  /* MODEL and BASELINE */
  const OmniModel *model;
  OmniModelOptions *options; /* nullable: the defaults */
  char *options_text;        /* omni_model_options_to_string(), "" for the defaults */
  char *weights_path;        /* nullable: those that the engine chooses */
  char *weights_sha256;      /* of weights_path; see omni_evaluate_method_get_weights_sha256() */
  char *task_weights_sha256[OMNI_N_TASKS]; /* of the engine's choice for each task, where it has one */
  gboolean order_invariant;
  /* EXTERNAL */
  char *pattern;
} OmniEvaluateMethod;

/* A model as "NAME[:KEY=VALUE,KEY=VALUE…][@WEIGHTS]": its options, and a weight file instead of the shipped weights. Loads
 * the weights once, to check and to hash them; the error says what is possible. */
OmniEvaluateMethod *
omni_evaluate_method_new (OmniEvaluateMethodKind kind, const char *description, GError **error);

/* Weight files of one name in different folders are called by their paths instead. */
void omni_evaluate_methods_tell_apart (GPtrArray *methods);

/* "NAME=PATTERN", a path in which {scene}, which must be there, and {task} stand for the scene's folder and that of its
 * task. */
OmniEvaluateMethod *omni_evaluate_method_new_external (const char *description, GError **error);

/* (transfer full) The file that `pattern` means. */
char *omni_evaluate_expand_pattern (const char *pattern, const char *group, const char *scene);

/* (nullable) Hex SHA-256 of the weights that the method uses for `task`; NULL where it needs none or has none. */
const char *omni_evaluate_method_get_weights_sha256 (const OmniEvaluateMethod *method, OmniTask task);

void omni_evaluate_method_free (OmniEvaluateMethod *method);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniEvaluateMethod, omni_evaluate_method_free)

/* "model", "baseline", "external". */
const char *omni_evaluate_method_kind_to_string (OmniEvaluateMethodKind kind);

/* (transfer full) (element-type OmniEvaluateMethod) The classical, order-invariant models that can fuse every one of these
 * `sets` (element-type GPtrArray of OmniSource) for `task`. */
GPtrArray *omni_evaluate_default_baselines (OmniTask task, GPtrArray *sets);

/* NULL-terminated, static: the metrics in which papers report `task`; empty where there are none. */
const char *const *omni_evaluate_default_metrics (OmniTask task);

G_END_DECLS
