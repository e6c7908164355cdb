/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

G_BEGIN_DECLS

/* What a document was working on, as a file (JSON, “.omnifuse”): its sources by place and hash, what was chosen for them,
 * added weights by hash, bookmarks, and its versions without their pictures, which can be made again. A session is a copy: the document may go on. */
typedef struct _OmniSession OmniSession;

/* One source of a session. */
typedef struct
{
  char *path;     /* where it was, or was found */
  char *sha256;   /* (nullable) of the file */
  char *relative; /* (nullable) where it was, seen from the session's own folder */
  guint64 size_bytes;
  OmniRole role;
  double influence;          /* as omni_document_get_influence() */
  OmniWarp warp;             /* it is seen through; of width 0: none */
  guint of_width, of_height; /* of the file, for which the warp was made */
  gboolean in_set, on;       /* not in the set: a version needs it */
  OmniSource *source;        /* NULL: not found (yet) */
  gboolean changed;          /* found in its place, with another content */
  gboolean lost;             /* of the set, and the document was brought to the session's state without it */
} OmniSessionFile;

/* The present state of the document. Main thread. */
OmniSession *omni_session_new (OmniDocument *document);

/* Takes over what `from`, which the document came from, could not give it: pictures of its set that were not found, and the versions
 * that need them, so that they are there when the pictures are. */
void omni_session_carry_missing (OmniSession *self, const OmniSession *from);
void omni_session_free (OmniSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniSession, omni_session_free)

/* Writes it, whole or not at all. Sources whose hash is not known yet are hashed; `quick` leaves that out. Any thread. */
gboolean omni_session_save (OmniSession *self, const char *path, gboolean quick, GError **error);

/* Whether a quick save would leave hashes out. */
gboolean omni_session_lacks_hashes (OmniSession *self);

/* Reads a session and looks for its weights, by hash among those that were added here, and its sources: in their places, beside the session, and for those that were moved by size and hash
 * in the folders of the others and right below. The error names the file and the cause; sources that are not found are none.
 * Any thread. */
OmniSession *omni_session_load (const char *path, GCancellable *cancellable, GError **error);

/* The same search in more places: files, and folders with what is right below them. Returns how many were found. Any thread,
 * while no other uses the session. */
guint omni_session_locate (OmniSession *self, const char *const *paths, GCancellable *cancellable);

/* (transfer container) (element-type OmniSessionFile) Those of the set that are missing. */
GPtrArray *omni_session_list_missing (OmniSession *self);

/* Whether there is a set, of which nothing was found. */
gboolean omni_session_lacks_all (OmniSession *self);

/* (transfer full) (nullable) A sentence about what is missing or changed. */
char *omni_session_describe_missing (OmniSession *self);
char *omni_session_describe_changed (OmniSession *self);

/* (transfer full) (nullable) And about weights that are gone: the document goes on with those that ship. */
char *omni_session_describe_weights (OmniSession *self);

/* Only the folder of the first source (transfer full) (type filename) and how many there are, without looking for them. Any thread. */
gboolean omni_session_peek (const char *path, char **folder, guint *n_sources);

/* How many sources the set has, and (transfer full) a title for lists: the folder of the first. */
guint omni_session_get_n_sources (OmniSession *self);
char *omni_session_dup_title (OmniSession *self);

/* Whether somebody wants the frames of the set as they are: nothing is said of how they lie. */
void omni_session_set_leaves_frames (OmniSession *self, gboolean leaves);
gboolean omni_session_get_leaves_frames (OmniSession *self);

/* Brings the document to the session's state, in one step that can be undone. Versions are added once. Main thread. */
void omni_session_apply (OmniSession *self, OmniDocument *document);

/* Puts into the set what was missing then and was located since, in one step that can be undone; everything else stays as it is by
 * now. Main thread. */
void omni_session_apply_found (OmniSession *self, OmniDocument *document);

G_END_DECLS
