/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* ICC profiles. NULL stands for sRGB everywhere (for grey pictures: grey with sRGB's curve). A broken profile, or one whose
 * colours are not the picture's (CMYK on RGB, RGB on grey), counts as NULL; omni_picture_find_profile_problem() has the
 * words to show. Any thread. */

/* (transfer full) (nullable) Why the picture's own profile is ignored; NULL when it is used or there is none. */
char *omni_picture_find_profile_problem (OmniPicture *picture);

/* (transfer full) The picture in the colours of `target_icc`; the picture itself when they are its own already. Relative
 * colorimetric with black point compensation, in floating point for 16-bit and float samples; alpha and the samples' type
 * stay. A grey picture stays grey: it takes on the target's tone curve and gets a grey profile that says so. Pictures of
 * two or of more than four channels are bands, not colours, and come back unchanged. NULL and G_IO_ERROR_INVALID_ARGUMENT
 * for a target that is no RGB or grey profile. */
OmniPicture *omni_picture_convert_profile (OmniPicture *picture, GBytes *target_icc, GError **error);

/* Whether two profiles mean the same colours: equal bytes but for date, ID and the names of their makers, or both
 * within rounding of sRGB. */
gboolean omni_profiles_equal (GBytes *a, GBytes *b);

/* (transfer full) (nullable) The working profile of a set: that of most pictures, a tie going to the lowest SHA-256 of the
 * profile, so that the order of the set has no say. Grey pictures vote only among themselves, when there is no other. NULL
 * for sRGB. */
GBytes *omni_profile_choose (OmniPicture *const *pictures, guint n_pictures);

/* (transfer full) The profile's own name, "sRGB" for NULL. */
char *omni_profile_get_name (GBytes *icc);

G_END_DECLS
