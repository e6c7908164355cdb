/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/session.h"

G_BEGIN_DECLS

/* A version as it stands in the file. */
typedef struct
{
  OmniVersionFacts facts; /* its words are owned; what it says of each source stands below */
  GArray *files;          /* guint: indices into the session's files, in the order fused */
  GArray *roles;          /* OmniRole of each */
  GArray *influence;      /* double of each */
  char *name;             /* (nullable) */
  gboolean pinned;
  gboolean known; /* it is the document's already */
} OmniSessionVersion;

/* Weights that were added and chosen for a model. */
typedef struct
{
  char *model;  /* OmniModel.name */
  char *name;   /* what people call them */
  char *sha256; /* (nullable) of the file */
  char *path;   /* where they are here; NULL: they are gone, or not looked for yet */
} OmniSessionWeights;

struct _OmniSession
{
  GPtrArray *files; /* OmniSessionFile; those of the set first, in list order */
  OmniTask task;
  char *model; /* (nullable) */
  gboolean resize;
  gboolean leaves_frames;
  GHashTable *options; /* name of a model → its options as text */
  GPtrArray *weights;  /* OmniSessionWeights */
  GArray *bookmarks;   /* OmniPart */
  GPtrArray *versions; /* OmniSessionVersion, oldest first */
};

OmniSession *omni_session_alloc (void);
OmniSessionFile *omni_session_add_file (OmniSession *self);
OmniSessionWeights *omni_session_add_weights (OmniSession *self, const char *model, const char *name);
OmniSessionVersion *omni_session_version_new (void); /* not among the session's yet */
void omni_session_version_free (OmniSessionVersion *version);

G_END_DECLS
