/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels whose bits must be the same by whichever way a graph is run: what they say is `precise` still is when the compiler's
 * optimiser is done. No sum in them takes a product that a driver may fuse with it. */
#include "vk/kernel-private.h"

#include <string.h>

/* SPIR-V 1.3, the opcodes that matter. */
enum
{
  FIRST_WORD = 5,
  OP_DECORATE = 71,
  OP_F_ADD = 129,
  OP_F_SUB = 131,
  OP_F_MUL = 133,
  OP_VECTOR_TIMES_SCALAR = 142,
  NO_CONTRACTION = 42
};

typedef struct
{
  guint kept, lost;
} Sums;

static Sums
count_sums (const guint32 *words, gsize n)
{
  g_autoptr (GHashTable) decorated = g_hash_table_new (NULL, NULL), products = g_hash_table_new (NULL, NULL);
  Sums sums = { 0 };

  for (gsize i = FIRST_WORD; i < n; i += words[i] >> 16)
  {
    const guint32 op = words[i] & 0xffff;
    const gpointer result = GUINT_TO_POINTER (words[i + 2]);

    g_assert_cmpuint (words[i] >> 16, >, 0);
    if (op == OP_DECORATE && words[i + 2] == NO_CONTRACTION)
      g_hash_table_add (decorated, GUINT_TO_POINTER (words[i + 1]));
    else if (op == OP_F_MUL || op == OP_VECTOR_TIMES_SCALAR)
      g_hash_table_add (products, result);
    else if (op == OP_F_ADD || op == OP_F_SUB)
      for (guint k = 3; k <= 4; k++)
      {
        const gpointer term = GUINT_TO_POINTER (words[i + k]);

        if (!g_hash_table_contains (products, term))
          continue;
        if (g_hash_table_contains (decorated, result) || g_hash_table_contains (decorated, term))
          sums.kept++;
        else
          sums.lost++;
      }
  }
  return sums;
}

static void
test_kernel (gconstpointer name)
{
  g_autoptr (GBytes) code = omni_kernel_get_spirv (name);
  g_autofree guint32 *words = NULL; /* a resource may lie unaligned */
  Sums sums;

  g_assert_nonnull (code);
  words = g_memdup2 (g_bytes_get_data (code, NULL), g_bytes_get_size (code));
  sums = count_sums (words, g_bytes_get_size (code) / sizeof *words);
  g_test_message ("%s: %u sums of a product", (const char *)name, sums.kept);
  g_assert_cmpuint (sums.kept, >, 0);
  g_assert_cmpuint (sums.lost, ==, 0);
}

int
main (int argc, char **argv)
{
  static const char *const kernels[] = {
    "band-weight", "band-weight-samples", "down-burt",       "down-burt-samples",       "down-quad",
    "set-blend",   "set-blend-samples",   "exposure-weight", "exposure-weight-samples", "down-quad-samples",
    "set-gather",  "set-gather-samples",  "unpack",
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
  {
    g_autofree char *path = g_strdup_printf ("/contraction/%s", kernels[i]);

    g_test_add_data_func (path, kernels[i], test_kernel);
  }
  return g_test_run ();
}
