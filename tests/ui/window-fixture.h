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

/* Conditions, of an OmniWindow; the last two of a guint and of a widget. */
gboolean omni_test_is_active (gpointer data);
gboolean omni_test_has_settled (gpointer data);
gboolean omni_test_has_cards (gpointer data); /* of all N_SOURCES */
gboolean omni_test_is_zero (gpointer data);
gboolean omni_test_is_mapped (gpointer data);

/* A file dialog is open and has the keys. */
gboolean omni_test_has_dialog (gpointer data);

/* Removes all sources. */
void omni_test_empty (OmniTestWindow *f);

/* Until what changed is laid out. */
void omni_test_wait_for_layout (OmniTestWindow *f);

/* The point of a card on the screen, `share` of its height below the top. */
void omni_test_locate_card (OmniTestWindow *f, guint position, double share, int *x, int *y);
void omni_test_click_card (OmniTestWindow *f, guint position);

/* A real click in the middle of a widget. */
void omni_test_click (GtkWidget *widget);

/* (transfer none) (nullable) The first below `root` that is seen and is of a type, a button of an action, or a label of these words. */
GtkWidget *omni_test_find_widget (GtkWidget *root, GType type);
GtkWidget *omni_test_find_button (GtkWidget *root, const char *action);
GtkWidget *omni_test_find_label (GtkWidget *root, const char *words);

/* What a screen reader finds in this program: all these names (NULL-terminated), or where there are none, a name for all that can
 * have the focus. Skips the test where it was built without AT-SPI. */
void omni_test_check_names (const char *const *names);

/* Answers the window's dialog, which is on its way, with what it offers, or with a file or folder (nullable). */
void omni_test_answer_dialog (OmniTestWindow *f, const char *path);

/* A window that is no OmniWindow, of that type, has the keys. */
gboolean omni_test_has_window (gpointer type_name);
GtkWindow *omni_test_find_window (const char *type_name);
