/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/session.h"

G_BEGIN_DECLS

/* A version as it stands in the file. */
typedef struct
{
  OmniVersionFacts facts; /* its words are owned; `sources` and `roles` are not used */
  GArray *files;          /* guint: indices into the session's files, in the order fused */
  GArray *roles;          /* OmniRole of each */
  char *name;             /* (nullable) */
} OmniSessionVersion;

struct _OmniSession
{
  GPtrArray *files; /* OmniSessionFile; those of the set first, in list order */
  OmniTask task;
  char *model; /* (nullable) */
  gboolean resize;
  GHashTable *options;   /* name of a model → its options as text */
  GPtrArray *versions;   /* OmniSessionVersion, oldest first */
  gboolean has_versions; /* they are the document's already */
};

OmniSession *omni_session_alloc (void);
OmniSessionFile *omni_session_add_file (OmniSession *self);

G_END_DECLS
