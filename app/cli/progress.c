/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL_US (100 * 1000)
/* Before that, an estimate of the time left is a guess. */
#define ESTIMATE_AFTER_US (2 * G_USEC_PER_SEC)

struct _OmniCliProgress
{
  gboolean shows;
  gint64 start_us, last_us;
  guint64 part, n_parts;
  int shown_columns;
  char *label; /* nullable */
};

OmniCliProgress *
omni_cli_progress_new (gboolean quiet)
{
  OmniCliProgress *self = g_new0 (OmniCliProgress, 1);
  self->shows = !quiet && isatty (STDERR_FILENO);
  self->start_us = g_get_monotonic_time ();
  self->n_parts = 1;
  return self;
}

void
omni_cli_progress_set_part (OmniCliProgress *self, guint64 index, guint64 n)
{
  self->part = index;
  self->n_parts = n;
}

void
omni_cli_progress_set_label (OmniCliProgress *self, const char *label)
{
  g_free (self->label);
  self->label = g_strdup (label);
}

/* A line that wraps could not be taken away again. */
static int
get_terminal_columns (void)
{
  struct winsize size;
  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : G_MAXINT;
}

static void
show_line (OmniCliProgress *self, const char *whole_line)
{
  const int columns = MIN ((int)g_utf8_strlen (whole_line, -1), get_terminal_columns ());
  g_autofree char *line = g_utf8_substring (whole_line, 0, columns);
  fprintf (stderr, "\r%s%*s", line, MAX (0, self->shown_columns - columns), "");
  fflush (stderr);
  self->shown_columns = columns;
}

/* Nobody waits 5000 seconds. */
char *
omni_cli_format_duration (double seconds)
{
  if (seconds < 120)
    return g_strdup_printf ("%.0f s", seconds);
  return seconds < 7200 ? g_strdup_printf ("%.0f min", seconds / 60)
                        : g_strdup_printf ("%.1f h", seconds / 3600);
}

void
omni_cli_progress_cb (double fraction, const char *phase, gpointer progress)
{
  OmniCliProgress *self = progress;
  const gint64 now_us = g_get_monotonic_time ();
  if (!self->shows || now_us - self->last_us < INTERVAL_US)
    return;
  self->last_us = now_us;

  const double done = (self->part + fraction) / self->n_parts;
  const gint64 spent_us = now_us - self->start_us;
  g_autoptr (GString) line = g_string_new (phase);
  if (self->label != NULL)
    g_string_printf (line, "%s  %s", self->label, phase);
  else if (self->n_parts > 1)
    g_string_append_printf (line, " %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, self->part + 1,
                            self->n_parts);
  g_string_append_printf (line, "  %3.0f %%", done * 100);
  if (done > 0 && spent_us > ESTIMATE_AFTER_US)
  {
    g_autofree char *left = omni_cli_format_duration (spent_us / done * (1 - done) / G_USEC_PER_SEC);
    g_string_append_printf (line, "  %s left", left);
  }
  show_line (self, line->str);
}

void
omni_cli_progress_show (OmniCliProgress *self, const char *line)
{
  const gint64 now_us = g_get_monotonic_time ();
  if (!self->shows || now_us - self->last_us < INTERVAL_US)
    return;
  self->last_us = now_us;
  show_line (self, line);
}

void
omni_cli_progress_hide (OmniCliProgress *self)
{
  if (self->shown_columns == 0)
    return;
  show_line (self, "");
  fputc ('\r', stderr);
}

void
omni_cli_progress_free (OmniCliProgress *self)
{
  if (self == NULL)
    return;
  omni_cli_progress_hide (self);
  g_free (self->label);
  g_free (self);
}

static gpointer
wait_for_interrupt (gpointer cancellable)
{
  sigset_t signals;
  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  int number = 0;
  sigwait (&signals, &number);
  g_cancellable_cancel (cancellable);
  /* Whoever asks twice does not want to wait. */
  sigwait (&signals, &number);
  _exit (OMNI_EXIT_ERROR);
}

GCancellable *
omni_cli_catch_interrupt (void)
{
  static GCancellable *cancellable = NULL;
  if (cancellable != NULL)
    return cancellable;
  cancellable = g_cancellable_new ();
  sigset_t signals;
  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  g_thread_unref (g_thread_new ("interrupt", wait_for_interrupt, cancellable));
  return cancellable;
}
