/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/import.h"
#include "models/model.h"

G_BEGIN_DECLS

/* Weights that the user added: safetensors files in $XDG_DATA_HOME/omnifuse/weights, named ARCHITECTURE.NAME.safetensors, so
 * that the folder alone tells which model each is for. Any thread. */

/* (transfer full) */
char *omni_weights_folder_get_path (void);

/* (transfer full) (element-type filename) The files for this architecture, by name; empty when there are none. */
GPtrArray *omni_weights_folder_list (const char *architecture);

/* (transfer full) (nullable) What `model` uses for `task` when nobody chose and none ship: the first of the files added for it,
 * one that says it is for the task (metadata `tasks`) before the others. NULL when weights ship, or there are none. */
char *omni_weights_folder_choose (const OmniModel *model, OmniTask task);

/* (nullable) The model that what was imported is for: of those of its architecture the one that has its tasks, or that pan-sharpens
 * where it has no normalisation; else the first. */
const OmniModel *omni_weights_folder_find_model (const OmniImport *import);

/* (transfer full) (nullable) The file that people call so, for a model of `architecture` (nullable: of any). */
char *omni_weights_folder_find (const char *architecture, const char *title);

/* (transfer full) What people call such a file: "IFCNN-MAX". */
char *omni_weights_folder_get_title (const char *path);

/* Whether there are weights of these very bytes for the model, which needs some: `path` (transfer full) (nullable) is theirs, NULL
 * for those that ship. Reads the files, so not in the main thread. */
gboolean
omni_weights_folder_find_bytes (const OmniModel *model, OmniTask task, const char *sha256, char **path);

/* (transfer full) Puts what was imported into the folder and returns its path. The name comes from the file it was imported
 * from; the same bytes are not kept twice, and nothing is replaced. */
char *omni_weights_folder_add (OmniImport *import, GError **error);

/* Removes one of the files; any other path is refused. */
gboolean omni_weights_folder_remove (const char *path, GError **error);

G_END_DECLS
