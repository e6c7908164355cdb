/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* How two pictures of one size, channels and sample type differ, over every sample. Any thread. */
typedef struct
{
  double max_abs; /* the largest |a − b|, in levels: 0 … 255, 0 … 65535, or as they are for floats */
  double psnr_db; /* 10 log10 (peak² / mean squared error); infinite for equal pictures */
} OmniPictureDifference;

/* FALSE when they cannot be compared; then `difference` is untouched. */
gboolean omni_picture_compare (OmniPicture *a, OmniPicture *b, OmniPictureDifference *difference);

/* 255, 65535 or 1: what the display range ends with. */
double omni_sample_type_get_peak (OmniSampleType type);

/* One sample as a number, in levels. */
double omni_sample_read (gconstpointer samples, OmniSampleType type, gsize index);

G_END_DECLS
