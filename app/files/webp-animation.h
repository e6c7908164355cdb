/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/writer.h"

G_BEGIN_DECLS

/* Pictures one after another, for ever, as an animated WebP without loss. `pictures` (element-type OmniPicture) have 8 bits,
 * three channels and one size; each stays for `ms`. Of `options` (nullable) force, sources and cancellable count; see
 * app/files/output.h for how the file takes its place. Any thread. */
gboolean omni_animation_write (GPtrArray *pictures, guint ms, const char *path,
                               const OmniWriteOptions *options, GError **error);

G_END_DECLS
