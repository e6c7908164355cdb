/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A file in the making. It is written under a hidden name in the same folder and takes its own name only when it is whole
 * and on the disk, so nobody ever sees half of it, and an old file stays until then. The new file gets the permissions
 * of any new file (umask). A symbolic link at `path` is itself replaced; what it points to stays as it is. */
typedef struct
{
  char *path;
  char *name; /* for messages */
  char *folder;
  char *temporary; /* the hidden name; NULL when there is none */
  int fd;
  gboolean force;
} OmniOutput;

/* Refuses: a missing folder; a folder, device or pipe at `path`; a file that is one of `sources` (NULL or a NULL-terminated
 * list of paths), be it by name, symbolic link or hard link, even with `force`; an existing file without `force`. */
gboolean omni_output_open (OmniOutput *self, const char *path, gboolean force, const char *const *sources,
                           GError **error);

/* Appends. Names the file and the cause (disk full, …) on failure. */
gboolean omni_output_write (OmniOutput *self, gconstpointer data, gsize size, GError **error);

/* Starts again from nothing. */
gboolean omni_output_rewind (OmniOutput *self, GError **error);

/* Puts the file on the disk and gives it its name. Without `force` a file that appeared meanwhile is not replaced. */
gboolean omni_output_commit (OmniOutput *self, GError **error);

/* Sets `error` for errno `code` on writing. */
void omni_output_set_error (OmniOutput *self, int code, GError **error);

/* Frees; removes the hidden file unless it was committed. All zero is a good start, and clears to nothing. */
void omni_output_clear (OmniOutput *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniOutput, omni_output_clear)

/* Writes `size` bytes as the whole content of `path`, in the same way. */
gboolean omni_file_replace_contents_atomic (const char *path, gconstpointer data, gsize size, gboolean force,
                                            GError **error);

G_END_DECLS
