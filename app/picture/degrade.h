/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* What a sensor with pixels several times as large would have seen: L. Wald, T. Ranchin and M. Mangolini, "Fusion of satellite images
 * of different spatial resolutions: assessing the quality of resulting images", PE&RS 63 (1997); the filter is a Gaussian whose
 * gain at the new Nyquist frequency is that of a sensor's modulation transfer function (B. Aiazzi, L. Alparone, S. Baronti, A.
 * Garzelli and M. Selva, "MTF-tailored multiscale fusion of high-resolution MS and Pan imagery", PE&RS 72, 2006): .3 for
 * multispectral and .15 for panchromatic sensors that are not known better (G. Vivone et al., "A critical comparison among
 * pansharpening algorithms", IEEE TGRS 53, 2015). */
#define OMNI_DEGRADE_GAIN_MS  0.3
#define OMNI_DEGRADE_GAIN_PAN 0.15

/* (transfer full) `picture` on a grid of width × height, same channels, samples, profile and path. Along each axis the standard
 * deviation is r/π · √(−2 ln gain) for r pixels becoming one, cut at four of these; the weights stand at true distances from
 * the middle of the new pixel and are normalised over what lies inside. Any thread; the same bits on every run. */
OmniPicture *omni_picture_degrade (OmniPicture *picture, guint width, guint height, double gain,
                                   GCancellable *cancellable, GError **error);

G_END_DECLS
