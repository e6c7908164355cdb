/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* (transfer full) The samples of one pixel as they stand in the picture, for people: "12  200  31", "0.1250", with alpha last.
 * `x` and `y` lie inside. */
char *omni_picture_describe_pixel (OmniPicture *self, guint x, guint y);

/* (transfer full) One sample of it. */
char *omni_picture_describe_sample (OmniPicture *self, guint x, guint y, guint channel);

/* (transfer full) A number as samples of this picture are written: 0 … 1 becomes 0 … 255, 0 … 65535, or stays. */
char *omni_picture_describe_value (OmniPicture *self, double value);

G_END_DECLS
