/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/array-model.h"
#include "app/fusion/engine.h"
#include "app/picture/difference.h"
#include "app/document/versions.h"

G_BEGIN_DECLS

/* What comparing the bits before and after the last reorder said. Only a comparison that was made is ever reported. */
typedef enum
{
  OMNI_ORDER_UNKNOWN, /* nothing to compare: a first result, or the set, task or model changed */
  OMNI_ORDER_SAME,
  OMNI_ORDER_CHANGED
} OmniOrderCheck;

/* A part of the scene, in shares of its width and height. */
typedef struct
{
  double x, y, width, height;
} OmniPart;

/* A set of sources, what to do with them and what came out: a GListModel of OmniSource with undo.
 *
 * Every change of the set (add, remove, reorder, switch off, task, model, weights, option, role, resize) can be undone and starts
 * a fusion by itself; bookmarks and the names and deletion of versions can be undone, too. The newest request wins: an
 * older one is cancelled, and its result is never shown. The old result stays until the new one is there. Use from the main thread only; nothing here blocks.
 *
 * Properties (all read-only, with notify): "busy", "fraction" (0 … 1), "phase", "error" (the sentence why the last
 * fusion failed, or NULL), "can-undo", "can-redo".
 * Signals: "changed" (the request is another one, or more is known about it: task and model to show), "result" (a new
 * current result, or none any more), "refined" (a refinement came to its end: omni_document_get_refine_scores()),
 * "preview" (omni_document_get_preview() has a new one). */
#define OMNI_TYPE_DOCUMENT (omni_document_get_type ())
G_DECLARE_FINAL_TYPE (OmniDocument, omni_document, OMNI, DOCUMENT, OmniArrayModel)

OmniDocument *omni_document_new (OmniEngine *engine);

OmniEngine *omni_document_get_engine (OmniDocument *self);

/* The sources in list order. (transfer none) (element-type OmniSource); a later change makes a new array. */
GPtrArray *omni_document_get_sources (OmniDocument *self);
guint omni_document_get_n_sources (OmniDocument *self);
OmniSource *omni_document_get_source (OmniDocument *self, guint position);
gboolean omni_document_find (OmniDocument *self, OmniSource *source, guint *position);

/* (transfer none) (nullable) The source, or else the one of the set that is of the same file, e.g. as it is seen now. */
OmniSource *omni_document_find_file (OmniDocument *self, OmniSource *source);

/* (transfer full) What to call a source among the others: its file's name, with as many folders around it as tell it from them. */
char *omni_document_dup_name (OmniDocument *self, OmniSource *source);

/* `position` beyond the end appends. Sources already in the set are left out; returns how many were put in. */
guint omni_document_insert (OmniDocument *self, guint position, GPtrArray *sources);
void omni_document_remove (OmniDocument *self, GPtrArray *sources);

/* After the move the source stands at `to`. FALSE when nothing changes. */
gboolean omni_document_move (OmniDocument *self, guint from, guint to);

/* Moves several, which keep their order, so that `position` others stand before them. FALSE when nothing changes. */
gboolean omni_document_move_sources (OmniDocument *self, GPtrArray *sources, guint position);

/* `next` takes the place of `source`, with its role, influence and whether it is on; seen through its warp, too, where its frame is of the
 * same size. FALSE when its file is in the set already. */
gboolean omni_document_replace (OmniDocument *self, OmniSource *source, OmniSource *next);

/* Another order, never the same one; needs two sources. */
gboolean omni_document_shuffle (OmniDocument *self);

void omni_document_set_role (OmniDocument *self, OmniSource *source, OmniRole role);
void omni_document_set_roles (OmniDocument *self, GPtrArray *sources, OmniRole role); /* one step to undo */

/* What a source counts: 2^value times its weight, −OMNI_MAX_INFLUENCE … OMNI_MAX_INFLUENCE, 0 as it comes. A change fuses
 * again without the network, where the last result was of the same sources. Quick changes of one source are one step
 * for undo. Only the models that take influence follow it. */
double omni_document_get_influence (OmniDocument *self, OmniSource *source);
void omni_document_set_influence (OmniDocument *self, OmniSource *source, double value);
gboolean omni_document_takes_influence (OmniDocument *self);

/* A source that is switched off stays in the list and is not fused. */
gboolean omni_document_is_on (OmniDocument *self, OmniSource *source);
void omni_document_set_on (OmniDocument *self, OmniSource *source, gboolean on);
void omni_document_set_all_on (OmniDocument *self, GPtrArray *sources, gboolean on); /* one step for undo */

/* The sources that are fused, in list order. (transfer none) (element-type OmniSource) */
GPtrArray *omni_document_get_active (OmniDocument *self);

/* Whether pictures of different sizes are brought to the largest; forgotten when the set is emptied. Without it such a set
 * is not fused (needs_resize), unless it is pan-sharpened, which is made of two sizes. */
gboolean omni_document_get_resize (OmniDocument *self);
void omni_document_set_resize (OmniDocument *self, gboolean resize);
gboolean omni_document_needs_resize (OmniDocument *self);

/* Whether this source is brought to another size now. */
gboolean omni_document_resizes (OmniDocument *self, OmniSource *source);

/* (transfer full) (nullable) A sentence with two of the sizes; NULL when all are the same, or meant to differ. */
char *omni_document_describe_sizes (OmniDocument *self);

/* (transfer none) (nullable) The source whose file is the same, byte for byte; found in the background, "changed" tells. Both
 * are switched on. */
OmniSource *omni_document_get_original (OmniDocument *self, OmniSource *source);

/* (transfer full) (nullable) A sentence about the copies; NULL when there are none. And switches them off, in one step. */
char *omni_document_describe_copies (OmniDocument *self);
void omni_document_switch_off_copies (OmniDocument *self);

/* Each source that one of `aligned` is of the same file with gives it its place, with its role, influence and whether it is on: one
 * step for undo. FALSE when nothing changes. To unalign is to put all of the originals into their places. */
gboolean omni_document_set_aligned (OmniDocument *self, GPtrArray *aligned);
gboolean omni_document_unalign (OmniDocument *self);

/* The sources as they were before they were aligned (the list of then): an undo where that was the last step, else a step of its
 * own. */
void omni_document_take_back_aligned (OmniDocument *self, GPtrArray *before);

/* Whether any source is seen through a warp. */
gboolean omni_document_is_aligned (OmniDocument *self);

/* Whether those that are fused could be: two at least, with files of one size, and no task for which somebody else has aligned
 * them. */
gboolean omni_document_can_align (OmniDocument *self);

/* (transfer container) (element-type OmniSource) Those that are fused with aligned ones, could be aligned with them, and are not. */
GPtrArray *omni_document_list_unaligned (OmniDocument *self);

/* How far a source was moved, the longest way of a corner in pixels; FALSE when it was not aligned, or the others do not tell. */
gboolean omni_document_get_shift (OmniDocument *self, OmniSource *source, double *px);

/* Values of the effective model's options, as text; each model keeps its own. Quick changes of one option are one step for
 * undo. `option` is an entry of that model's table; the effective model must be known to set one. */
const char *omni_document_get_option (OmniDocument *self, const OmniModelOption *option);
gboolean omni_document_set_option (OmniDocument *self, const OmniModelOption *option, const char *value,
                                   GError **error);

/* (nullable) NULL: all as they come. */
const OmniModelOptions *omni_document_get_options (OmniDocument *self, const OmniModel *model);

/* Whether any option of the effective model is not as it comes; and back to that. */
gboolean omni_document_has_options (OmniDocument *self);
void omni_document_reset_options (OmniDocument *self);

/* The weight file of a model: one that the user added, or NULL for the one that is shipped. (transfer full) (nullable) Where
 * none is shipped and none was chosen it is the first that was added. */
char *omni_document_dup_weights (OmniDocument *self, const OmniModel *model);
void omni_document_set_weights (OmniDocument *self, const OmniModel *model, const char *path);

/* (transfer full) (element-type filename) All weights that the model can run with for the effective task: NULL is the shipped file,
 * or none where none is needed. And model and weights together, as one step for undo. */
GPtrArray *omni_document_list_weights (OmniDocument *self, const OmniModel *model);
void omni_document_use (OmniDocument *self, const OmniModel *model, const char *path);

/* Weights that were removed: where they were chosen, the model runs without them. */
void omni_document_forget_weights (OmniDocument *self, const OmniModel *model, const char *path);

/* The task asked for; AUTO lets the sources decide. */
OmniTask omni_document_get_task (OmniDocument *self);
void omni_document_set_task (OmniDocument *self, OmniTask task);

/* What AUTO came to, AUTO while that is not known yet; and one line why (nullable). */
OmniTask omni_document_get_effective_task (OmniDocument *self);
const char *omni_document_get_task_reason (OmniDocument *self);

/* The model asked for; NULL takes the default. The effective one is what runs: another one where that does not fit, and
 * NULL where none fits; then the hint is a sentence that says why. */
const OmniModel *omni_document_get_model (OmniDocument *self);
void omni_document_set_model (OmniDocument *self, const OmniModel *model);
const OmniModel *omni_document_get_effective_model (OmniDocument *self);
const char *omni_document_get_hint (OmniDocument *self);

/* Whether any model can fuse these sources for `task`; and whether this one can for the effective task. */
gboolean omni_document_offers_task (OmniDocument *self, OmniTask task);
gboolean omni_document_offers_model (OmniDocument *self, const OmniModel *model);

/* (transfer container) (element-type OmniModel) Those that are offered, by fit: the task's default, then by omni_model_get_fit(). */
GPtrArray *omni_document_list_models (OmniDocument *self);

/* A network without weights is not offered. */
gboolean omni_document_has_weights (const OmniModel *model, OmniTask task);

/* Parts of the scene to come back to, for the contact sheet; forgotten when the set is emptied. A change is a step for undo and
 * "changed", and fuses nothing. (transfer none) (element-type OmniPart); FALSE when there are as many as can be. */
#define OMNI_DOCUMENT_MAX_BOOKMARKS 24
const GArray *omni_document_get_bookmarks (OmniDocument *self);
gboolean omni_document_add_bookmark (OmniDocument *self, const OmniPart *part);
void omni_document_clear_bookmarks (OmniDocument *self);

/* Steps for undo, too; "changed" tells. "" gives back the first name. To restore one is to undo its deletion where that was the last
 * step, else a step of its own. */
void omni_document_name_version (OmniDocument *self, OmniFusionVersion *version, const char *name);
void omni_document_delete_version (OmniDocument *self, OmniFusionVersion *version);
void omni_document_restore_version (OmniDocument *self, OmniFusionVersion *version);

gboolean omni_document_can_undo (OmniDocument *self);
gboolean omni_document_can_redo (OmniDocument *self);
void omni_document_undo (OmniDocument *self);
void omni_document_redo (OmniDocument *self);

gboolean omni_document_is_busy (OmniDocument *self);
double omni_document_get_fraction (OmniDocument *self);
const char *omni_document_get_phase (OmniDocument *self);
const char *omni_document_get_error (OmniDocument *self);

/* (transfer full) (nullable) What is fused now, with weights, options and influence, for trials of the same; NULL when nothing can
 * be. */
OmniFusionRequest *omni_document_dup_request (OmniDocument *self);

/* (transfer full) (nullable) The same, with as many steps of refining as the current result had, for what checks that result. */
OmniFusionRequest *omni_document_dup_shown_request (OmniDocument *self);

/* The file of a source holds something else than before, of the same size and kind: a fusion that it kept from its end is made
 * again. */
void omni_document_source_mended (OmniDocument *self, OmniSource *source);

/* Stops the running fusion; the set stays as it is. */
void omni_document_cancel (OmniDocument *self);

/* Fuses once more although nothing changed, e.g. after a cancel. */
void omni_document_fuse (OmniDocument *self);

/* Trains the effective model's weights further on this very set for so long, and takes the result that they give when its score
 * is higher; the one before stays among the kept ones. Another order of the set is then refined in as many steps again, while it
 * is what is shown. Cancelled like a fusion. Does nothing when it cannot be. */
void omni_document_refine (OmniDocument *self, double seconds);

/* `why` (nullable, out, transfer full): a sentence when model or pictures stand against it, else NULL. */
gboolean omni_document_can_refine (OmniDocument *self, char **why);

/* (transfer none) Of the last refinement. */
const OmniRefineScores *omni_document_get_refine_scores (OmniDocument *self);

/* Whether the current result is of another request than the present one. */
gboolean omni_document_is_stale (OmniDocument *self);

/* (transfer none) (nullable) */
OmniFusionResult *omni_document_get_result (OmniDocument *self);

/* (transfer none) (element-type OmniFusionResult) Results kept for comparison, newest first: at most one for each model
 * and content of the set unless the bits differ, and no more than OMNI_DOCUMENT_KEPT_RESULTS. */
#define OMNI_DOCUMENT_KEPT_RESULTS 8
GPtrArray *omni_document_get_results (OmniDocument *self);

/* (transfer none) Every fusion that came to its end. */
OmniVersions *omni_document_get_versions (OmniDocument *self);
/* (transfer none) (nullable) The present request at the size of a screen, while the result proper is being made: sets of large
 * pictures only; or an order that is tried out. "preview" tells when there is a new one, "result" also when it has gone. */
#define OMNI_DOCUMENT_PREVIEW_PX 1280
OmniFusionResult *omni_document_get_preview (OmniDocument *self);

/* Previews the set in another order, e.g. while a card is dragged; the document stays as it is. The newest order wins, and a fusion
 * of the document's own goes before. `sources` (element-type OmniSource) holds the whole set; NULL ends it. */
void omni_document_try_order (OmniDocument *self, GPtrArray *sources);

OmniOrderCheck omni_document_get_order_check (OmniDocument *self);

/* What the last order check compared: the hash of the result before (nullable: nothing was compared), and how the results differ;
 * FALSE while that is not known yet ("result" tells). */
const char *omni_document_get_order_before (OmniDocument *self);
gboolean omni_document_get_order_difference (OmniDocument *self, OmniPictureDifference *difference);

G_END_DECLS
