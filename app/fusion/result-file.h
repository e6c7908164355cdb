/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/writer.h"
#include "app/fusion/engine.h"

G_BEGIN_DECLS

/* What a person chose for files of results. */
typedef struct
{
  OmniDepth depth;
  guint quality; /* of JPEG */
  gboolean to_srgb, metadata;
} OmniResultFileOptions;

/* What files say of a medical result, whatever else they do. */
#define OMNI_RESEARCH_NOTE "Research use only, not a medical device."

/* Adds it to `metadata` ((transfer full) (nullable)) where the task is medical. */
void omni_result_file_add_note (OmniTask task, OmniMetadata **metadata);

/* As it was chosen the last time, or in the preferences. */
void omni_result_file_options_read (OmniResultFileOptions *options);

/* Writes the result's picture, replacing what is at `path` unless that is a source. `losses` (nullable, element-type utf8): what
 * the format could not hold is added there. `progress` may be NULL. Any thread. */
gboolean
omni_result_file_write (OmniFusionResult *result, const char *path, const OmniResultFileOptions *options,
                        GPtrArray *losses, OmniProgressFunc progress, gpointer progress_data,
                        GCancellable *cancellable, GError **error);

G_END_DECLS
