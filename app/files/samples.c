/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/samples.h"

#include <string.h>

static void
convert_u8 (const guint8 *source, gpointer target, OmniSampleType target_type, gsize n)
{
  if (target_type == OMNI_SAMPLE_U16)
    for (gsize i = 0; i < n; i++)
      ((guint16 *)target)[i] = (guint16)(source[i] * 257);
  else
    for (gsize i = 0; i < n; i++)
      ((float *)target)[i] = (float)source[i] / 255.0f;
}

static void
convert_u16 (const guint16 *source, gpointer target, OmniSampleType target_type, gsize n)
{
  if (target_type == OMNI_SAMPLE_U8)
    for (gsize i = 0; i < n; i++)
      ((guint8 *)target)[i] = (guint8)(((guint)source[i] + 128) / 257);
  else
    for (gsize i = 0; i < n; i++)
      ((float *)target)[i] = (float)source[i] / 65535.0f;
}

/* NaN is not greater than 0. */
static inline float
clamp_unit (float value)
{
  const float positive = value > 0.0f ? value : 0.0f;

  return positive < 1.0f ? positive : 1.0f;
}

static void
convert_f32 (const float *source, gpointer target, OmniSampleType target_type, gsize n)
{
  if (target_type == OMNI_SAMPLE_U8)
    for (gsize i = 0; i < n; i++)
      ((guint8 *)target)[i] = (guint8)(gint32)(clamp_unit (source[i]) * 255.0f + 0.5f);
  else
    for (gsize i = 0; i < n; i++)
      ((guint16 *)target)[i] = (guint16)(gint32)(clamp_unit (source[i]) * 65535.0f + 0.5f);
}

void
omni_samples_convert (gconstpointer source, OmniSampleType source_type, gpointer target,
                      OmniSampleType target_type, gsize n)
{
  if (source_type == target_type)
    memcpy (target, source, n * omni_sample_type_get_bytes (source_type));
  else if (source_type == OMNI_SAMPLE_U8)
    convert_u8 (source, target, target_type, n);
  else if (source_type == OMNI_SAMPLE_U16)
    convert_u16 (source, target, target_type, n);
  else
    convert_f32 (source, target, target_type, n);
}
