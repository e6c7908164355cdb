/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model-private.h"

G_BEGIN_DECLS

/* The authors' script around their network (July 2019): everything in 8-bit levels, k/255, as PIL and OpenCV compute them.
 * Chroma is a ratio of sums, which they take in single precision and in list order, and cut: one level either way is
 * rounding. */

/* Luminance of the sources as PIL's YCbCr has it. Per source. */
OmniNode omni_ifcnn_add_luma_levels (OmniGraph *graph);

/* Cut to 0 … 1 and down to levels. */
OmniNode omni_ifcnn_add_levels (OmniGraph *graph, OmniNode x);

/* R, G, B to grey as OpenCV 3 does it: (4899 R + 9617 G + 1868 B + 8192) / 16384. */
OmniNode omni_ifcnn_add_grey_levels (OmniGraph *graph, OmniNode rgb);

/* Levels 16 … 235, then CLAHE with a limit of 2 and 8 × 8 cells. */
OmniNode omni_ifcnn_add_equalisation (OmniGraph *graph, OmniNode luma);

/* The sources' chroma as PIL's YCbCr has it, fused, cut and joined to a luminance by OpenCV's integers. */
OmniNode omni_ifcnn_add_chroma_levels (OmniGraph *graph, OmniNode luma);

G_END_DECLS
