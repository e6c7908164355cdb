/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a weight file stores one number, little-endian. Our own files hold F32 and F16; foreign ones hold the others too. */
typedef enum
{
  OMNI_DTYPE_F32,
  OMNI_DTYPE_F16,
  OMNI_DTYPE_BF16,
  OMNI_DTYPE_F64,
  OMNI_DTYPE_I64,
  OMNI_DTYPE_I32,
  OMNI_DTYPE_I16,
  OMNI_DTYPE_I8,
  OMNI_DTYPE_U8,
  OMNI_DTYPE_BOOL
} OmniDtype;

#define OMNI_N_DTYPES 10

/* As safetensors writes it: "F32". */
const char *omni_dtype_to_string (OmniDtype dtype);
gboolean omni_dtype_from_string (const char *name, OmniDtype *dtype);

gsize omni_dtype_get_bytes (OmniDtype dtype);

/* Whether the numbers are floating-point ones: F32, F16, BF16, F64. */
gboolean omni_dtype_is_float (OmniDtype dtype);

/* Number `index` of a row of floating-point numbers at `data`, of any alignment. F64 is rounded to the nearest float. */
float omni_dtype_read_float (OmniDtype dtype, const guint8 *data, guint64 index);

/* The same for writing F32 or F16; F16 takes the nearest, of two as near the even one, and infinity beyond its range. */
void omni_dtype_write_float (OmniDtype dtype, guint8 *data, guint64 index, float value);

G_END_DECLS
