/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/array-model.h"
#include "app/fusion/engine.h"

G_BEGIN_DECLS

/* One fusion that was made: what it was made of, how, and what came out; the picture itself only as long as there is room, or
 * while it is pinned. All but name, pin and picture is fixed. Main thread only.
 * Properties: "name", "pinned", "has-result" (read-only). */
#define OMNI_TYPE_FUSION_VERSION (omni_fusion_version_get_type ())
G_DECLARE_FINAL_TYPE (OmniFusionVersion, omni_fusion_version, OMNI, FUSION_VERSION, GObject)

/* What a version is, for making it again and for keeping it on the disk. */
typedef struct
{
  guint number;      /* 1 is the first */
  const char *model; /* OmniModel.name; it may be unknown to this build */
  OmniTask task;
  const char *options; /* as OmniFusionResult.options */
  const char *sha256;
  const char *weights_sha256; /* (nullable) */
  const char *weights_name;   /* (nullable) what people call a file that was added */
  const char *device;
  gboolean resize;
  double ms;
  gint64 unix_time;        /* s */
  GPtrArray *sources;      /* OmniSource, in the order that was fused */
  const OmniRole *roles;   /* of each source */
  const double *influence; /* (nullable) as OmniFusionResult.influence */
} OmniVersionFacts;

/* A copy of the words and numbers; sources, roles and influence are NULL in it. And frees all that a copy holds. */
void omni_version_facts_copy (const OmniVersionFacts *facts, OmniVersionFacts *copy);
void omni_version_facts_clear (OmniVersionFacts *facts);

const OmniVersionFacts *omni_fusion_version_get_facts (OmniFusionVersion *self);

/* "Omni", "Omni · contrast=2", whatever people call it; and how many steps it was refined, 0 for none. */
const char *omni_fusion_version_get_plain_name (OmniFusionVersion *self);
guint64 omni_fusion_version_get_refine_steps (OmniFusionVersion *self);

/* The plain name until it gets one of its own. */
const char *omni_fusion_version_get_name (OmniFusionVersion *self);
void
omni_fusion_version_set_name (OmniFusionVersion *self, const char *name); /* "" gives back the first one */
gboolean omni_fusion_version_is_named (OmniFusionVersion *self);

/* (transfer none) (nullable) NULL: the picture had to make room. */
OmniFusionResult *omni_fusion_version_get_result (OmniFusionVersion *self);

/* The versions of a document, newest first: a GListModel of OmniFusionVersion. Pictures take no more than
 * OMNI_VERSIONS_KEPT_BYTES together, those that are pinned apart; no more than OMNI_VERSIONS_MAX are kept: "dropped" tells of each
 * that had to go, the oldest that was not pinned. */
#define OMNI_VERSIONS_KEPT_BYTES (G_GUINT64_CONSTANT (512) << 20)
#define OMNI_VERSIONS_MAX        200
#define OMNI_TYPE_VERSIONS       (omni_versions_get_type ())
G_DECLARE_FINAL_TYPE (OmniVersions, omni_versions, OMNI, VERSIONS, OmniArrayModel)

OmniVersions *omni_versions_new (void);

guint omni_versions_get_n (OmniVersions *self);
OmniFusionVersion *omni_versions_get (OmniVersions *self, guint position); /* (transfer none) (nullable) */
gboolean omni_versions_find (OmniVersions *self, OmniFusionVersion *version, guint *position);

/* A new version of this result. */
OmniFusionVersion *omni_versions_add (OmniVersions *self, OmniFusionResult *result, gboolean resize);

/* One of an earlier session, without its picture; facts are copied, `name` (nullable) is the person's. */
OmniFusionVersion *
omni_versions_add_facts (OmniVersions *self, const OmniVersionFacts *facts, const char *name);

/* Takes one out, and puts it back where it was. */
void omni_versions_remove (OmniVersions *self, OmniFusionVersion *version);
void omni_versions_insert (OmniVersions *self, guint position, OmniFusionVersion *version);

/* Two at most, to be compared; pinning a third lets go of the one pinned first. */
void omni_versions_set_pinned (OmniVersions *self, OmniFusionVersion *version, gboolean pinned);
gboolean omni_fusion_version_is_pinned (OmniFusionVersion *self);

/* (transfer container) (element-type OmniFusionVersion) In the order they were pinned. */
GPtrArray *omni_versions_list_pinned (OmniVersions *self);

/* Makes the picture of a version again, bit for bit, with the very weights that it was made with. It is an error when they are
 * gone, as those of a refined one are, or when other bits come out: a source, a role or this program is not what it was. */
void omni_versions_recall_async (OmniVersions *self, OmniFusionVersion *version, OmniEngine *engine,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean omni_versions_recall_finish (OmniVersions *self, GAsyncResult *result, GError **error);

/* (transfer full) A record of the version for people: sources with hashes and roles, task, model, options, weights, device,
 * program, result. Hashes files, so not in the main thread. */
char *omni_version_facts_describe (const OmniVersionFacts *facts, GError **error);

G_END_DECLS
