/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/large-pages.h"

#include <sys/mman.h>
#include <unistd.h>

#define LARGE_PAGE_BYTES (2u << 20)

void
omni_advise_large_pages (gpointer block, gsize size_bytes)
{
#ifdef MADV_HUGEPAGE
  const gsize page = (gsize)sysconf (_SC_PAGESIZE);
  const gsize skipped = (page - (gsize)block % page) % page;

  if (size_bytes >= 2 * LARGE_PAGE_BYTES)
    madvise ((guint8 *)block + skipped, (size_bytes - skipped) / page * page, MADV_HUGEPAGE);
#endif
}
