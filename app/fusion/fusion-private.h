/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"

G_BEGIN_DECLS

/* Channels without alpha. */
guint omni_source_count_bands (OmniSource *source);

/* Whether roles, or bands and sizes alone, say that these sources are for pan-sharpening. Cheap. */
gboolean omni_task_is_pansharpen (GPtrArray *sources);

/* (transfer none) The two sources of a pan-sharpening (each nullable). An error says what is missing. */
gboolean omni_sources_find_pansharpen (GPtrArray *sources, OmniSource **ms, OmniSource **pan, GError **error);

/* (transfer full) OmniModelContext.levels for the sources of a pan-sharpening. `convert` and `profile`: what the frames are
 * converted to. Loads the multispectral picture, and the panchromatic one where white is to be found. Any thread. */
OmniBandLevels *omni_band_levels_new (GPtrArray *sources, OmniLevelsOf of, gboolean convert, GBytes *profile,
                                      GCancellable *cancellable, GError **error);

/* The model whose architecture a weight file names, of those that pan-sharpen or of the others. */
const OmniModel *omni_model_find_for_weights (const char *weights_path, gboolean pansharpens, GError **error);

/* (transfer container) The same sources by path: for messages and choices that must not depend on the list order. */
GPtrArray *omni_sources_sort (GPtrArray *sources);

/* Whether any two sources differ in size; then the one with most pixels and the one with fewest (by path where as many). */
gboolean omni_sources_find_sizes (GPtrArray *sources, OmniSource **largest, OmniSource **smallest);

/* The base names of two sources, or their paths where that would not tell them apart. (out) (transfer full) */
void omni_sources_name_both (OmniSource *a, OmniSource *b, char **name_a, char **name_b);

/* result.c: what the person asked for and the result repeats; its model and its weights are known. */
void omni_fusion_result_note_request (OmniFusionResult *result, const OmniFusionRequest *request);

/* warnings.c: adds to `warnings` what a person should know of the set, which comes sorted. */
void omni_fusion_warn_of_shapes (GPtrArray *sorted, GPtrArray *warnings);
void omni_fusion_warn_of_duplicates (GPtrArray *sorted, GPtrArray *warnings);
void omni_fusion_warn_of_default (const OmniFusionRequest *request, const OmniModel *model, OmniTask task,
                                  GPtrArray *warnings);
void omni_fusion_warn_of_range (const OmniModel *model, GPtrArray *warnings);

/* result.c: brings floats to the whole numbers that were asked for, if so; adds to `warnings` how many of them lose their value. */
gboolean omni_fusion_cut_picture (OmniPicture **picture, const OmniFusionRequest *request,
                                  GPtrArray *warnings, GError **error);

G_END_DECLS
