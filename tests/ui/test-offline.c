/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No network: whatever library asks for a socket while the window opens, fuses, checks orders and saves, it is a local one. */
#include "tests/ui/window-fixture.h"

#include <dlfcn.h>
#include <sys/socket.h>

static OmniPointer *pointer;
static gboolean can_fuse;
static int n_local, n_distant;

/* In place of libc's, for all libraries of this process. */
int
socket (int domain, int type, int protocol)
{
  int (*next) (int, int, int) = dlsym (RTLD_NEXT, "socket");

  g_atomic_int_inc (domain == AF_UNIX || domain == AF_NETLINK ? &n_local : &n_distant);
  return next (domain, type, protocol);
}

static gboolean
has_tried_orders (gpointer data)
{
  OmniStageView *view = ((OmniWindow *)data)->stage_view;

  return omni_test_is_mapped (GTK_WIDGET (view)) && !omni_stage_view_is_busy (view);
}

static gboolean
is_there (gpointer data)
{
  return g_file_test (data, G_FILE_TEST_EXISTS);
}

static void
test_offline (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "fused-mean.png", NULL);

  if (can_fuse)
  {
    omni_pointer_key (pointer, "s", GDK_CONTROL_MASK);
    g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
    omni_test_answer_dialog (f, NULL);
    g_assert_true (omni_test_wait (is_there, path));
  }
  omni_pointer_key (pointer, "F8", 0);
  g_assert_true (omni_test_wait (has_tried_orders, f->window));
  g_assert_cmpint (n_local, >, 0);
  g_assert_cmpint (n_distant, ==, 0);

  /* It would have been seen. */
  g_autoptr (GSocket)
    distant = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_assert_cmpint (n_distant, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/offline", test_offline);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
