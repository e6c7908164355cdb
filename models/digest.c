/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/digest.h"

char *
omni_digest_finish (struct sha256_ctx *digest)
{
  guint8 bytes[SHA256_DIGEST_SIZE];
  char *text = g_malloc (2 * sizeof bytes + 1);

  sha256_digest (digest, sizeof bytes, bytes);
  for (guint i = 0; i < sizeof bytes; i++)
    g_snprintf (text + 2 * i, 3, "%02x", bytes[i]);
  return text;
}

char *
omni_digest_bytes (GBytes *bytes)
{
  struct sha256_ctx digest;
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  sha256_init (&digest);
  sha256_update (&digest, n, data);
  return omni_digest_finish (&digest);
}
