/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* Converts `n` samples from one type to another; the two blocks do not overlap. 8 to 16 bits multiplies by 257 and back
 * divides, rounded; integers to float divide by their maximum; float to integers clamps to 0 … 1, rounds half up, and
 * turns NaN into 0. Every value of 8 or 16 bits survives the way to a wider type and back. Any thread. */
void omni_samples_convert (gconstpointer source, OmniSampleType source_type, gpointer target,
                           OmniSampleType target_type, gsize n);

G_END_DECLS
