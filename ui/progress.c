/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/progress.h"

#include <glib/gi18n.h>
#include <math.h>

#define FINE 10000 /* parts of the whole, for an integer that threads share */

struct _OmniProgress
{
  gatomicrefcount ref_count;
  char *words;
  int done; /* of FINE; atomic */
  gint64 since_us;
};

char *
omni_describe_left (double fraction, gint64 since_us)
{
  const double elapsed_s = (double)(g_get_monotonic_time () - since_us) / G_USEC_PER_SEC;
  const double left_s = elapsed_s / fraction - elapsed_s;

  if (fraction < 0.05 || elapsed_s < 1 || left_s < 1)
    return g_strdup ("");
  if (left_s < 90)
    return g_strdup_printf (_ (", %.0f s left"), ceil (left_s));
  return g_strdup_printf (_ (", %.0f min left"), ceil (left_s / 60));
}

char *
omni_describe_progress (const char *words, double fraction, gint64 since_us)
{
  g_autofree char *left = omni_describe_left (fraction, since_us);
  g_autofree char *done = g_strdup_printf (_ ("%s… %.0f %%"), words, floor (fraction * 100));

  return g_strconcat (done, left, NULL);
}

OmniProgress *
omni_progress_new (const char *words)
{
  OmniProgress *self = g_new0 (OmniProgress, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->words = g_strdup (words);
  self->since_us = g_get_monotonic_time ();
  return self;
}

OmniProgress *
omni_progress_ref (OmniProgress *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
omni_progress_unref (OmniProgress *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->words);
  g_free (self);
}

void
omni_progress_set_fraction (OmniProgress *self, double fraction)
{
  g_atomic_int_set (&self->done, (int)(CLAMP (fraction, 0, 1) * FINE));
}

char *
omni_progress_describe (OmniProgress *self)
{
  const double fraction = (double)g_atomic_int_get (&self->done) / FINE;

  return fraction > 0 ? omni_describe_progress (self->words, fraction, self->since_us)
                      : g_strdup_printf (_ ("%s…"), self->words);
}
