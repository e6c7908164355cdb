/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* What is lost of a picture on its way into a file, in sentences for people, translated. Any thread. */

/* Adds to `losses` (element-type utf8, owned) what samples of `type` do not hold: bits, and values below 0 or above 1. */
void omni_losses_add_samples (GPtrArray *losses, OmniPicture *picture, OmniSampleType type);

/* The latter alone, of a picture of floats on its way to whole numbers. */
void omni_losses_add_cut (GPtrArray *losses, OmniPicture *picture);

/* Adds that colours lie outside of a profile, NULL: sRGB, that the picture is converted to. Looks at a million pixels of a larger
 * picture, so that a few such colours may not be found. */
void omni_losses_add_profile (GPtrArray *losses, OmniPicture *picture, GBytes *target_icc);

/* Adds that the metadata could not be written, and why. */
void omni_losses_add_metadata (GPtrArray *losses, const char *cause);

G_END_DECLS
