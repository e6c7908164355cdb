/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Scores that were worked out before, or that could not be, so that an interrupted evaluation goes on where it stopped. A file
 * of JSON lines: a heading, then one score a line, appended by a single write. A line that cannot be read, as the last one after
 * a crash, is passed over, and its score is worked out again. Two programs may share a file. Any thread. */
typedef struct _OmniEvaluateCache OmniEvaluateCache;

/* (transfer full) In the user's cache folder. */
char *omni_evaluate_cache_default_path (void);

/* Opens `path`, or creates it with its folder. A file that does not begin with the heading is left alone: an error. */
OmniEvaluateCache *omni_evaluate_cache_open (const char *path, GError **error);
void omni_evaluate_cache_free (OmniEvaluateCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniEvaluateCache, omni_evaluate_cache_free)

/* What is known under `key`: a value, or NAN and (transfer full) the sentence why there is none. */
gboolean omni_evaluate_cache_find (OmniEvaluateCache *self, const char *key, double *value, char **reason);

/* Keeps a finite value, or else the `reason` (NULL with a value) that lies in the pictures themselves and will be there the next
 * time. The other words are for people who read the file. */
gboolean
omni_evaluate_cache_add (OmniEvaluateCache *self, const char *key, const char *scene, const char *method,
                         const char *metric, double value, const char *reason, GError **error);

guint omni_evaluate_cache_count (OmniEvaluateCache *self);

/* Small pictures for a page stand in the folder PATH.pictures. */
gboolean omni_evaluate_cache_make_picture_folder (OmniEvaluateCache *self, GError **error);

G_END_DECLS
