/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct
{
  void *start;
  gsize size;
} Mapping;

static GQuark
mapping_quark (void)
{
  return g_quark_from_static_string ("omni-picture-mapping");
}

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;
  munmap (mapping->start, mapping->size);
  g_free (mapping);
}

/* A file that nobody else sees and that goes with its last mapping; −1. */
static int
open_nameless (void)
{
  const char *cache = g_get_user_cache_dir ();
  g_mkdir_with_parents (cache, 0700);
  const int own = open (cache, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (own >= 0)
    return own;
  g_autofree char *name = NULL;
  const int file = g_file_open_tmp ("omnifuse-XXXXXX", &name, NULL);
  if (file >= 0)
    g_unlink (name);
  return file;
}

static gboolean
write_all (int file, const guint8 *bytes, gsize size)
{
  while (size > 0)
  {
    const gssize n = write (file, bytes, MIN (size, (gsize)1 << 28));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    bytes += n;
    size -= (gsize)n;
  }
  return TRUE;
}

static void *
map_samples (GBytes *samples)
{
  const gsize size = g_bytes_get_size (samples);
  const int file = open_nameless ();
  void *start = MAP_FAILED;
  if (file < 0)
    return NULL;
  if (write_all (file, g_bytes_get_data (samples, NULL), size))
    start = mmap (NULL, size, PROT_READ, MAP_SHARED, file, 0);
  close (file);
  return start != MAP_FAILED ? start : NULL;
}

OmniPicture *
omni_picture_spool (OmniPicture *picture)
{
  GBytes *samples = omni_picture_get_bytes (picture);
  const gsize size = g_bytes_get_size (samples);
  void *start = size > 0 ? map_samples (samples) : NULL;
  if (start == NULL)
    return g_object_ref (picture);
  Mapping *mapping = g_new (Mapping, 1);
  *mapping = (Mapping){ start, size };
  GBytes *mapped = g_bytes_new_with_free_func (start, size, mapping_free, mapping);
  OmniPicture *spooled = omni_picture_new (
    omni_picture_get_width (picture), omni_picture_get_height (picture), omni_picture_get_channels (picture),
    omni_picture_get_has_alpha (picture), omni_picture_get_sample_type (picture), mapped,
    omni_picture_get_icc_profile (picture), omni_picture_get_path (picture), NULL);
  g_object_set_qdata (G_OBJECT (spooled), mapping_quark (), mapping);
  return spooled;
}

void
omni_picture_unload (OmniPicture *picture)
{
  const Mapping *mapping = g_object_get_qdata (G_OBJECT (picture), mapping_quark ());
  if (mapping != NULL)
    madvise (mapping->start, mapping->size, MADV_DONTNEED);
}
