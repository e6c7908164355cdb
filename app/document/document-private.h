/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

G_BEGIN_DECLS

/* One fusion under way: first task and model are chosen, then the engine runs. Owned by the document while it is the newest;
 * `document` is NULL from the moment that it is not. */
typedef struct
{
  gatomicrefcount ref_count;
  OmniDocument *document;
  GCancellable *cancellable;
  OmniFusionRequest request;
  char *key; /* what the result is a function of, apart from the order */

  GMutex mutex; /* guards the rest, written in the engine's thread */
  double fraction;
  char phase[32];
  gboolean notifying;
} OmniJob;

/* What undo brings back. Immutable once it is the document's. */
typedef struct
{
  GPtrArray *sources; /* OmniSource */
  GPtrArray *active;  /* those that are switched on, in the same order: what is fused */
  GArray *roles;      /* OmniRole of each source */
  GHashTable *off;    /* a set of OmniSource; one that was removed stays in it, and comes back as it was */
  OmniTask task;
  const OmniModel *model;
  GHashTable *influence; /* OmniSource → double *, those that are not 0; one that was removed stays in it */
  GHashTable *options;   /* const OmniModel → OmniModelOptions; none: all as they come */
  GHashTable *weights;   /* const OmniModel → char: paths of added weights; none: as shipped */
  gboolean resize;
  GArray *bookmarks; /* OmniPart */
  guint64 recipe;    /* the same in two states: they are fused alike */
} OmniDocumentState;

struct _OmniDocument
{
  OmniArrayModel parent_instance;

  OmniEngine *engine;
  OmniDocumentState *state;
  GQueue undo; /* steps of history.c, newest first */
  GQueue redo;
  guint64 n_recipes;                  /* given out so far */
  const OmniModelOption *last_option; /* the last change was of this option … */
  OmniSource *last_influence;         /* … or of this source's influence … */
  gint64 last_option_us;              /* … at this time */

  /* What a worker thread chose, for the set, task and model that `choice_key` tells. */
  char *choice_key;
  OmniTask effective_task;
  char *task_reason;
  const OmniModel *effective_model;
  char *hint;

  GCancellable *searching; /* for copies */
  GHashTable *copies; /* OmniSource → the OmniSource that it is a copy of; NULL before any were looked for */

  guint start_id; /* coalesces changes of one turn of the main loop */
  OmniJob *job;
  double fraction;
  char phase[32];
  char *error;

  OmniFusionResult *result;
  char *result_key;
  OmniFusionResult *preview;
  GCancellable *trying; /* an order that a person has not decided on */
  GPtrArray *results;   /* OmniFusionResult, newest first */
  OmniVersions *versions;
  OmniOrderCheck order_check;
  OmniRefineScores refine; /* of the last refinement */
  char *order_before;      /* the hash that order_check compared with */
  GCancellable *comparing;
  gboolean has_difference;
  OmniPictureDifference difference;
};

/* state.c */
OmniDocumentState *omni_document_state_new (void);
OmniDocumentState *omni_document_state_copy (const OmniDocumentState *state);
void omni_document_state_free (OmniDocumentState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniDocumentState, omni_document_state_free)

/* While a state is being made. Roles are taken as the sources have them now. */
void omni_document_state_set_sources (OmniDocumentState *state, GPtrArray *sources);
void omni_document_state_set_on (OmniDocumentState *state, OmniSource *source, gboolean on);

/* `next`, which takes the place of `source`, counts what that does: role, on or off, influence. */
void omni_document_state_inherit (OmniDocumentState *state, OmniSource *source, OmniSource *next);

/* choices.c */
void omni_document_search_copies (OmniDocument *self);
void omni_document_stop_searching (OmniDocument *self);

/* history.c; all take `next`. A change is a step for undo, of what is fused or of what is only looked at; a
 * replacement belongs to the last step. */
void omni_document_change_state (OmniDocument *self, OmniDocumentState *next);
void omni_document_change_view (OmniDocument *self, OmniDocumentState *next);
void omni_document_replace_state (OmniDocument *self, OmniDocumentState *next);
void omni_document_clear_history (OmniDocument *self);

/* (transfer none) (nullable) What an undo would bring back; NULL also where that is no state. */
const OmniDocumentState *omni_document_peek_undo (OmniDocument *self);

/* document.c. Takes `next`; what was there before is handed back. */
OmniDocumentState *omni_document_swap_state (OmniDocument *self, OmniDocumentState *next);
void omni_document_notify_history (OmniDocument *self);
void omni_document_emit_changed (OmniDocument *self);
void omni_document_emit_result (OmniDocument *self);
void omni_document_emit_refined (OmniDocument *self);
void omni_document_emit_preview (OmniDocument *self);
void omni_document_notify_progress (OmniDocument *self);
void omni_document_set_error (OmniDocument *self, const char *message);

/* jobs.c */
void omni_document_stop_comparing (OmniDocument *self);
void omni_document_stop_trying (OmniDocument *self);
void omni_document_schedule (OmniDocument *self);
void omni_document_abandon_job (OmniDocument *self);

/* (transfer full) The set without its order; addresses are enough, for undo brings back the same objects. */
char *omni_sources_make_key (GPtrArray *sources, gboolean with_roles);
gboolean omni_sources_same_order (GPtrArray *a, GPtrArray *b);

/* (transfer full) What a result is a function of, apart from the order: task, model, sources and their roles. */
char *omni_document_make_key (OmniDocument *self);

/* (transfer full) What the sources that are fused count, whatever their order. */
char *omni_document_make_influence_key (OmniDocument *self);

/* (transfer full) The same as OmniFusionRequest.influence, for a model: always an array, so that the first change is quick, too. */
double *omni_document_make_influence (OmniDocument *self, const OmniModel *model);

/* (transfer full) What the choice of task and model is a function of. */
char *omni_document_make_choice_key (OmniDocument *self);

G_END_DECLS
