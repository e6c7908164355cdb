/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/metrics/metrics-private.h"

G_BEGIN_DECLS

/* Transforms of whole rows and columns, and the Fourier transform of any length that they are made of. */

typedef struct _OmniFft OmniFft;

/* For `n` >= 1 points. Immutable; any thread. */
OmniFft *omni_fft_new (guint n);
void omni_fft_free (OmniFft *fft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniFft, omni_fft_free)

/* Doubles of scratch that a transform needs. */
gsize omni_fft_get_scratch (const OmniFft *fft);

/* Σ x_t e^(−2πi kt/n) in place. The inverse, times n, is the same with `re` and `im` swapped. */
void omni_fft_transform (const OmniFft *fft, double *re, double *im, double *scratch);

/* Changes two lines at once, in place. The second may be of no use (an odd line out). */
typedef void (*OmniLineFunc) (double *first, double *second, guint n, gpointer data, double *scratch);

/* Runs `func` over all rows, or all columns, of a width × height picture, in place. FALSE when cancelled. */
gboolean omni_lines_run (double *values, guint width, guint height, gboolean columns, gsize scratch_doubles,
                         OmniLineFunc func, gpointer data, GCancellable *cancellable);

G_END_DECLS
