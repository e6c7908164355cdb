/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/cli.h"
#include "app/files/writer.h"

G_BEGIN_DECLS

/* Where a result goes, as --bits, --quality, --metadata-from and --force say, and what must not happen on the way. All zero is a good
 * start. */
typedef struct
{
  OmniWriteOptions options;
  char **sources; /* which are never written over */
} OmniCliTarget;

void omni_cli_target_init (OmniCliTarget *target, const OmniCliOptions *options,
                           const OmniFusionRequest *request, GCancellable *cancellable);
void omni_cli_target_clear (OmniCliTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniCliTarget, omni_cli_target_clear)

/* What can be refused is refused before the work. */
gboolean omni_cli_target_check (OmniCliTarget *target, const char *output, const OmniFusionRequest *request,
                                GError **error);

/* A reference that has no metadata is no reason to fail; a file asked for by name is. */
gboolean omni_cli_target_read_metadata (OmniCliTarget *target, const OmniCliOptions *options,
                                        const OmniFusionRequest *request, GError **error);

/* (transfer full) By address, names of files to come of each source, without an extension: its own, and a number where several have
 * one name. The same source twice has one name. */
GHashTable *omni_cli_name_sources (GPtrArray *sources);

/* (transfer full) The same for names of any kind: `wanted`, with a number where it is among the `taken` (element-type filename), to
 * which what is returned is added. */
char *omni_cli_take_name (GHashTable *taken, const char *wanted);

/* The folder for results, with those above it; one that is there is fine. */
gboolean omni_cli_make_folder (const char *path, GError **error);

/* What the file has to say of a result of this task. */
void omni_cli_target_add_note (OmniCliTarget *target, OmniTask task);

G_END_DECLS
