/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_ATTEMPTS 100

void
omni_output_set_error (OmniOutput *self, int code, GError **error)
{
  if (error == NULL || *error != NULL)
    return;
  switch (code)
  {
  case ENOSPC:
  case EDQUOT:
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("“%s” cannot be written: the disk is full; make room or choose another folder."),
                 self->name);
    break;
  case EFBIG:
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("“%s” cannot be written: files may not be this large here; choose another disk."),
                 self->name);
    break;
  case EACCES:
  case EPERM:
  case EROFS:
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 _ ("“%s” cannot be written: the folder does not let you; choose another folder."),
                 self->name);
    break;
  case EEXIST:
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                 _ ("“%s” exists already; choose another name, or pass --force to replace it."), self->name);
    break;
  default:
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 _ ("“%s” cannot be written: %s; choose another name or folder."), self->name,
                 g_strerror (code));
    break;
  }
}

/* The folder's true path and the file's own name: the same for two ways to write one place, even if nothing is there. */
static char *
canonical_place (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  char *resolved = realpath (folder, NULL);
  char *place = g_build_filename (resolved != NULL ? resolved : folder, base, NULL);

  free (resolved);
  return place;
}

static gboolean
is_same_file (const char *path, const char *source)
{
  struct stat a;
  struct stat b;

  if (stat (path, &a) == 0 && stat (source, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
    return TRUE;

  g_autofree char *place = canonical_place (path);
  g_autofree char *source_place = canonical_place (source);
  return strcmp (place, source_place) == 0;
}

static gboolean
check_sources (OmniOutput *self, const char *const *sources, GError **error)
{
  for (gsize i = 0; sources != NULL && sources[i] != NULL; i++)
    if (is_same_file (self->path, sources[i]))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                   _ ("“%s” is one of the sources, and those are never overwritten; choose another name."),
                   self->name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_folder (OmniOutput *self, GError **error)
{
  struct stat status;
  g_autofree char *folder_name = g_filename_display_name (self->folder);

  if (stat (self->folder, &status) != 0)
  {
    if (errno == ENOENT || errno == ENOTDIR)
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("“%s” cannot be written: the folder “%s” does not exist; create it first."), self->name,
                   folder_name);
    else
      omni_output_set_error (self, errno, error);
    return FALSE;
  }
  if (!S_ISDIR (status.st_mode))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
                 _ ("“%s” cannot be written: “%s” is not a folder; choose another one."), self->name,
                 folder_name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_target (OmniOutput *self, GError **error)
{
  struct stat status;

  if (lstat (self->path, &status) != 0)
    return TRUE;
  if (S_ISDIR (status.st_mode))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY,
                 _ ("“%s” is a folder; give the name of a file in it."), self->name);
    return FALSE;
  }
  if (!S_ISREG (status.st_mode) && !S_ISLNK (status.st_mode))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                 _ ("“%s” is a device or a pipe and cannot become a picture; choose another name."),
                 self->name);
    return FALSE;
  }
  if (!self->force)
  {
    omni_output_set_error (self, EEXIST, error);
    return FALSE;
  }
  return TRUE;
}

static gboolean
create_temporary (OmniOutput *self, GError **error)
{
  for (guint i = 0; i < TEMPORARY_ATTEMPTS; i++)
  {
    g_autofree char *name = g_strdup_printf (".omnifuse-%08x%08x.tmp", g_random_int (), g_random_int ());
    g_autofree char *path = g_build_filename (self->folder, name, NULL);

    self->fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (self->fd >= 0)
    {
      self->temporary = g_steal_pointer (&path);
      return TRUE;
    }
    if (errno != EEXIST)
      break;
  }
  omni_output_set_error (self, errno, error);
  return FALSE;
}

gboolean
omni_output_open (OmniOutput *self, const char *path, gboolean force, const char *const *sources,
                  GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);

  *self = (OmniOutput){ .path = g_strdup (path),
                        .name = g_filename_display_name (path),
                        .folder = g_path_get_dirname (path),
                        .fd = -1,
                        .force = force };
  return check_sources (self, sources, error) && check_folder (self, error) && check_target (self, error)
         && create_temporary (self, error);
}

gboolean
omni_output_write (OmniOutput *self, gconstpointer data, gsize size, GError **error)
{
  const guint8 *bytes = data;

  while (size > 0)
  {
    const gssize n = write (self->fd, bytes, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
    {
      omni_output_set_error (self, n < 0 ? errno : ENOSPC, error);
      return FALSE;
    }
    bytes += n;
    size -= (gsize)n;
  }
  return TRUE;
}

gboolean
omni_output_rewind (OmniOutput *self, GError **error)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = open (self->temporary, O_RDWR | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
  if (self->fd >= 0)
    return TRUE;
  omni_output_set_error (self, errno, error);
  return FALSE;
}

/* Some file systems know only link(), some not even that; there a race of a few microseconds remains. */
static gboolean
rename_without_replacing (const char *from, const char *to)
{
  struct stat status;

  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    return FALSE;
  if (link (from, to) == 0)
  {
    unlink (from);
    return TRUE;
  }
  if (errno == EEXIST)
    return FALSE;
  if (lstat (to, &status) == 0)
  {
    errno = EEXIST;
    return FALSE;
  }
  return rename (from, to) == 0;
}

static void
sync_folder (const char *folder)
{
  const int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  /* Not every file system can do this, and the file itself is safe by now. */
  if (fd >= 0)
  {
    fsync (fd);
    close (fd);
  }
}

gboolean
omni_output_commit (OmniOutput *self, GError **error)
{
  /* Opened anew: a metadata library may have put another file in its place. */
  if (self->fd >= 0)
    close (self->fd);
  self->fd = open (self->temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

  gboolean ok = self->fd >= 0 && fsync (self->fd) == 0;

  if (self->fd >= 0)
    ok = close (self->fd) == 0 && ok;
  self->fd = -1;
  if (ok)
    ok = self->force ? rename (self->temporary, self->path) == 0
                     : rename_without_replacing (self->temporary, self->path);
  if (!ok)
  {
    omni_output_set_error (self, errno, error);
    return FALSE;
  }
  g_clear_pointer (&self->temporary, g_free);
  sync_folder (self->folder);
  return TRUE;
}

void
omni_output_clear (OmniOutput *self)
{
  /* One that is all zero was never opened. */
  if (self->fd >= 0 && self->name != NULL)
    close (self->fd);
  self->fd = -1;
  if (self->temporary != NULL)
    unlink (self->temporary);
  g_clear_pointer (&self->temporary, g_free);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->path, g_free);
}

gboolean
omni_file_replace_contents_atomic (const char *path, gconstpointer data, gsize size, gboolean force,
                                   GError **error)
{
  g_return_val_if_fail (path != NULL && (data != NULL || size == 0), FALSE);

  g_auto (OmniOutput) output = { .fd = -1 };

  return omni_output_open (&output, path, force, NULL, error)
         && omni_output_write (&output, data, size, error) && omni_output_commit (&output, error);
}
