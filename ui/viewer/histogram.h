/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/mipmap.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* How often each level occurs in what is shown, for red, green and blue; and how much of it is black or white. Counted in the
 * background. */
#define OMNI_TYPE_HISTOGRAM (omni_histogram_get_type ())
G_DECLARE_FINAL_TYPE (OmniHistogram, omni_histogram, OMNI, HISTOGRAM, AdwBin)

/* NULL empties it; `region` (nullable) is in pixels of the picture and lies inside. What was shown stays until the new count
 * is there. */
void omni_histogram_set_mipmap (OmniHistogram *self, OmniMipmap *mipmap, const GdkRectangle *region);

G_END_DECLS
