/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How long the window takes to its first frame, beside a bare libadwaita window, in turn:
 *
 *   GDK_BACKEND=x11 xvfb-run -a -s '-screen 0 1280x800x24' dbus-run-session build/tests/ui/bench-first-frame build/omnifuse [RUNS]
 *
 * From the start of the process to the first pixel that is not black of a window of its own, looked at every millisecond. */

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <adwaita.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAST_PX 300
#define LIMIT_MS 20000

static void
activate_cb (GtkApplication *application)
{
  GtkWidget *window = adw_application_window_new (application);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), gtk_label_new ("bare"));
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (window), box);
  gtk_window_set_default_size (GTK_WINDOW (window), 1200, 760);
  gtk_window_present (GTK_WINDOW (window));
}

static int
run_bare (void)
{
  g_autoptr (AdwApplication) application = adw_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), NULL);
  return g_application_run (G_APPLICATION (application), 0, NULL);
}

static int
ignore_error (Display *display, XErrorEvent *event)
{
  return 0;
}

/* Whether any of a few pixels in the middle of the window has been painted. */
static gboolean
is_painted (Display *display, Window window)
{
  XWindowAttributes attributes;
  if (!XGetWindowAttributes (display, window, &attributes) || attributes.map_state != IsViewable
      || attributes.width < LEAST_PX || attributes.height < LEAST_PX || attributes.class != InputOutput)
    return FALSE;
  XImage *image = XGetImage (display, window, attributes.width / 4, attributes.height / 2, 64, 1, AllPlanes,
                             ZPixmap);
  gboolean painted = FALSE;
  for (int x = 0; image != NULL && x < image->width; x++)
    painted = painted || (XGetPixel (image, x, 0) & 0xffffff) != 0;
  if (image != NULL)
    XDestroyImage (image);
  return painted;
}

static gboolean
find_painted (Display *display)
{
  Window root, parent, *children = NULL;
  unsigned n = 0;
  gboolean found = FALSE;
  if (XQueryTree (display, DefaultRootWindow (display), &root, &parent, &children, &n) != 0)
    for (unsigned i = 0; i < n && !found; i++)
      found = is_painted (display, children[i]);
  if (children != NULL)
    XFree (children);
  return found;
}

/* In ms; negative when nothing came. */
static double
measure (Display *display, char **arguments)
{
  const gint64 start = g_get_monotonic_time ();
  const pid_t child = fork ();
  if (child == 0)
  {
    execv (arguments[0], arguments);
    _exit (127);
  }
  gboolean painted = FALSE;
  while (!painted && g_get_monotonic_time () - start < LIMIT_MS * 1000)
  {
    painted = find_painted (display);
    g_usleep (1000);
  }
  const double ms = (g_get_monotonic_time () - start) / 1000.0;
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  while (find_painted (display))
    g_usleep (10000);
  return painted ? ms : -1;
}

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--bare"))
    return run_bare ();
  if (argc < 2)
  {
    g_printerr ("usage: %s PROGRAM [RUNS]\n", argv[0]);
    return 2;
  }
  Display *display = XOpenDisplay (NULL);
  if (display == NULL)
  {
    g_printerr ("There is no X display.\n");
    return 2;
  }
  XSetErrorHandler (ignore_error);
  const int n = argc > 2 ? MAX (1, atoi (argv[2])) : 7;
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  char *bare[] = { self, (char *)"--bare", NULL }, *program[] = { argv[1], NULL };
  g_autofree double *times = g_new (double, 2 * (gsize)n);
  /* Once for the page cache. */
  measure (display, bare);
  measure (display, program);
  for (int i = 0; i < n; i++)
  {
    times[i] = measure (display, bare);
    times[n + i] = measure (display, program);
    g_print ("bare %.0f ms, %s %.0f ms\n", times[i], argv[1], times[n + i]);
  }
  qsort (times, (size_t)n, sizeof *times, compare_doubles);
  qsort (times + n, (size_t)n, sizeof *times, compare_doubles);
  g_print ("median: bare %.0f ms, %s %.0f ms, ratio %.2f (least: %.2f)\n", times[n / 2], argv[1],
           times[n + n / 2], times[n + n / 2] / times[n / 2], times[n] / times[0]);
  XCloseDisplay (display);
  return times[0] > 0 && times[n] > 0 ? 0 : 1;
}
