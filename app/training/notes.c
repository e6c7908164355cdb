/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/notes.h"

void
omni_note_add (GPtrArray *notes, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_ptr_array_add (notes, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}
