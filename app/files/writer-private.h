/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/output.h"
#include "app/files/writer.h"

G_BEGIN_DECLS

/* What a format's writer gets: the picture, and the shape in which it goes out. */
typedef struct
{
  OmniPicture *picture;
  OmniOutput *output;
  OmniSampleType type;
  guint channels; /* one less than the picture's when an opaque alpha is dropped */
  gboolean has_alpha;
  guint jpeg_quality;
  gboolean tiff_deflate;
  OmniMetadata *metadata;
  GCancellable *cancellable;
  OmniProgressFunc progress; /* (nullable) */
  gpointer progress_data;
  GPtrArray *losses; /* (nullable) */
} OmniWriteJob;

typedef struct
{
  const char *name;
  const char *const *extensions;
  gboolean holds[3]; /* by OmniSampleType */
  guint max_side_px;
  gboolean holds_alpha;
  gboolean holds_bands;     /* more than grey or RGB with alpha */
  gboolean writes_metadata; /* by itself; otherwise Exiv2 adds them to the finished file */
  gboolean (*write) (OmniWriteJob *job, GError **error);
} OmniWriter;

extern const OmniWriter omni_jpeg_writer;
extern const OmniWriter omni_png_writer;
extern const OmniWriter omni_tiff_writer;

/* Rows y … y + n as they go out: the picture's own bytes where nothing changes, else converted into `scratch`, which holds
 * n · omni_write_job_get_row_bytes(). */
gconstpointer omni_write_job_get_rows (OmniWriteJob *job, guint y, guint n, gpointer scratch);
gsize omni_write_job_get_row_bytes (const OmniWriteJob *job);

/* Before row y: tells how far it is; FALSE with `error` when it was cancelled. */
gboolean omni_write_job_go_on (const OmniWriteJob *job, guint y, GError **error);

/* The file goes out without metadata. */
void omni_write_job_warn_of_metadata (OmniWriteJob *job, const char *cause);

G_END_DECLS
