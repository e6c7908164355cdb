/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Gives each worker thread of a software device a processor of its own.
 *
 * A submission wakes the workers from one thread, in short bursts, and on small machines the kernel then keeps them all on
 * that thread's processor for the life of the process: a convolution ran on one of two cores, at half its speed, in every
 * one of three runs. Only processors this process may use are taken. OMNIFUSE_SPREAD=0 leaves the threads alone. */

/* (transfer full) The threads there are before the device is opened. */
GHashTable *omni_software_threads_before (void);

/* Spreads the threads that came since. */
void omni_software_threads_spread (GHashTable *before);

G_END_DECLS
