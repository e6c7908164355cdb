/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/ui/fixture.h"
#include "tests/ui/pointer.h"
#include "ui/filmstrip/filmstrip-private.h"
#include "ui/viewer/viewer-private.h"
#include "ui/window/window-private.h"

#define N_SOURCES 4

/* A window on N_SOURCES pictures of 160 × 120 (0.png …), fused by the mean; one for each test. */
typedef struct
{
  char *folder;
  char *paths[N_SOURCES + 1];
  OmniWindow *window;
} OmniTestWindow;

/* (transfer full) Once in each program, before anything else. NULL when there is nothing to point with; it has said so. `fuses`:
 * there is a device. */
OmniPointer *omni_test_window_start (gboolean *fuses);

/* A test with a window of its own. */
void omni_test_window_add (const char *path, void (*test) (OmniTestWindow *, gconstpointer));

/* Conditions, of an OmniWindow; the last of a guint. */
gboolean omni_test_is_active (gpointer data);
gboolean omni_test_has_settled (gpointer data);
gboolean omni_test_is_zero (gpointer data);

/* A file dialog is open and has the keys. */
gboolean omni_test_has_dialog (gpointer data);

/* Until what changed is laid out. */
void omni_test_wait_for_layout (OmniTestWindow *f);

/* The point of a card on the screen, `share` of its height below the top. */
void omni_test_locate_card (OmniTestWindow *f, guint position, double share, int *x, int *y);
void omni_test_click_card (OmniTestWindow *f, guint position);
