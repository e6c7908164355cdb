/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* Pictures that memory has no room for: their samples go into a nameless file in the cache folder, of which the system keeps in
 * memory what it likes. */

/* (transfer full) The same picture with its samples in such a file; the picture itself, with another reference, where there can
 * be none. Any thread. */
OmniPicture *omni_picture_spool (OmniPicture *picture);

/* Gives back the memory in which the samples of a spooled picture were read; they can be read again. No-op for others. */
void omni_picture_unload (OmniPicture *picture);

G_END_DECLS
