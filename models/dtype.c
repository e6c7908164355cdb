/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dtype.h"

#include <math.h>
#include <string.h>

static const struct
{
  const char *name;
  gsize bytes;
  gboolean is_float;
} dtypes[] = {
  [OMNI_DTYPE_F32] = { "F32", 4, TRUE },   [OMNI_DTYPE_F16] = { "F16", 2, TRUE },
  [OMNI_DTYPE_BF16] = { "BF16", 2, TRUE }, [OMNI_DTYPE_F64] = { "F64", 8, TRUE },
  [OMNI_DTYPE_I64] = { "I64", 8, FALSE },  [OMNI_DTYPE_I32] = { "I32", 4, FALSE },
  [OMNI_DTYPE_I16] = { "I16", 2, FALSE },  [OMNI_DTYPE_I8] = { "I8", 1, FALSE },
  [OMNI_DTYPE_U8] = { "U8", 1, FALSE },    [OMNI_DTYPE_BOOL] = { "BOOL", 1, FALSE },
};

G_STATIC_ASSERT (G_N_ELEMENTS (dtypes) == OMNI_N_DTYPES);

const char *
omni_dtype_to_string (OmniDtype dtype)
{
  return dtypes[dtype].name;
}

gboolean
omni_dtype_from_string (const char *name, OmniDtype *dtype)
{
  for (guint i = 0; i < OMNI_N_DTYPES; i++)
    if (strcmp (dtypes[i].name, name) == 0)
    {
      *dtype = (OmniDtype)i;
      return TRUE;
    }
  return FALSE;
}

gsize
omni_dtype_get_bytes (OmniDtype dtype)
{
  return dtypes[dtype].bytes;
}

gboolean
omni_dtype_is_float (OmniDtype dtype)
{
  return dtypes[dtype].is_float;
}

/* IEEE 754 binary16; every value is exact in binary32. */
static float
half_to_float (guint16 half)
{
  const guint32 sign = (guint32)(half & 0x8000) << 16;
  const guint32 exponent = half >> 10 & 31, fraction = half & 1023;
  guint32 bits;
  float value;

  if (exponent == 0)
  {
    value = ldexpf ((float)fraction, -24);
    return sign != 0 ? -value : value;
  }
  bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static float
bits_to_float (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

float
omni_dtype_read_float (OmniDtype dtype, const guint8 *data, guint64 index)
{
  guint16 narrow;
  guint32 single;
  guint64 wide;
  double value;

  switch (dtype)
  {
  case OMNI_DTYPE_F16:
  case OMNI_DTYPE_BF16:
    memcpy (&narrow, data + index * 2, sizeof narrow);
    narrow = GUINT16_FROM_LE (narrow);
    return dtype == OMNI_DTYPE_F16 ? half_to_float (narrow) : bits_to_float ((guint32)narrow << 16);
  case OMNI_DTYPE_F64:
    memcpy (&wide, data + index * 8, sizeof wide);
    wide = GUINT64_FROM_LE (wide);
    memcpy (&value, &wide, sizeof value);
    return (float)value;
  default:
    memcpy (&single, data + index * 4, sizeof single);
    return bits_to_float (GUINT32_FROM_LE (single));
  }
}

static guint16
float_to_half (float value)
{
  guint32 bits;
  guint16 sign;

  memcpy (&bits, &value, sizeof bits);
  sign = (guint16)(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000)
    return sign | 0x7e00;
  if (bits >= 0x477ff000) /* half a step above 65504 */
    return sign | 0x7c00;
  if (bits < 0x38800000) /* below 2^-14 steps are all 2^-24 */
  {
    float magnitude;

    memcpy (&magnitude, &bits, sizeof magnitude);
    return sign | (guint16)rintf (ldexpf (magnitude, 24));
  }
  bits += 0xfff + (bits >> 13 & 1);
  return sign | (guint16)((bits >> 13) - (112 << 10));
}

void
omni_dtype_write_float (OmniDtype dtype, guint8 *data, guint64 index, float value)
{
  if (dtype == OMNI_DTYPE_F16)
  {
    const guint16 half = GUINT16_TO_LE (float_to_half (value));

    memcpy (data + index * 2, &half, sizeof half);
  }
  else
  {
    guint32 bits;

    memcpy (&bits, &value, sizeof bits);
    bits = GUINT32_TO_LE (bits);
    memcpy (data + index * 4, &bits, sizeof bits);
  }
}
