/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/software-threads-private.h"

#include "vk/device.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* Threads of this process, as a set of thread ids. */
static GHashTable *
list_threads (void)
{
  GHashTable *threads = g_hash_table_new (NULL, NULL);
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;

  while (tasks != NULL && (name = g_dir_read_name (tasks)) != NULL)
    g_hash_table_add (threads, GINT_TO_POINTER (atoi (name)));

  return threads;
}

GHashTable *
omni_software_threads_before (void)
{
  return list_threads ();
}

void
omni_device_prefer_wide_vectors (void)
{
#ifdef __x86_64__
  /* Mesa (22.3) takes 256 bits on every processor unless it is told so when its first screen is made. */
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl"))
    g_setenv ("LP_NATIVE_VECTOR_WIDTH", "512", FALSE);
#endif
}

static char *
name_of (int thread)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/comm", thread);
  char *name = NULL;

  g_file_get_contents (path, &name, NULL, NULL);
  return name;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return GPOINTER_TO_INT (a) - GPOINTER_TO_INT (b);
}

void
omni_software_threads_spread (GHashTable *before)
{
  g_autoptr (GHashTable) now = list_threads ();
  g_autoptr (GList) ids = g_list_sort (g_hash_table_get_keys (now), compare_ids);
  /* Mesa names its rasteriser's threads; the ones that run compute shaders inherit the name of this one. */
  g_autofree char *own_name = name_of (gettid ());
  cpu_set_t allowed;
  int cpu = -1;

  if (g_strcmp0 (g_getenv ("OMNIFUSE_SPREAD"), "0") == 0
      || sched_getaffinity (0, sizeof allowed, &allowed) != 0 || CPU_COUNT (&allowed) < 2)
    return;

  for (GList *link = ids; link != NULL; link = link->next)
  {
    const int thread = GPOINTER_TO_INT (link->data);
    g_autofree char *name = name_of (thread);
    cpu_set_t one;

    if (g_hash_table_contains (before, link->data) || g_strcmp0 (name, own_name) != 0)
      continue;
    do
      cpu = (cpu + 1) % CPU_SETSIZE;
    while (!CPU_ISSET (cpu, &allowed));
    CPU_ZERO (&one);
    CPU_SET (cpu, &one);
    sched_setaffinity (thread, sizeof one, &one); /* a thread that ended meanwhile is nobody's loss */
  }
}
