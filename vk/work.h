/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device.h"

G_BEGIN_DECLS

/* Dispatches one after another in the order they are given, over arenas of device memory: what a program needs that writes
 * its own sequence of kernels instead of a graph (training). They are recorded as they come and submitted in pieces of
 * about 40 ms by the measured rate of their shaders.
 *
 * Errors are sticky: after the first one dispatches do nothing and omni_work_finish() reports it. One thread, that of the
 * device, which must outlive the work. */
typedef struct _OmniWork OmniWork;

typedef enum
{
  OMNI_WORK_DEVICE,  /* tensors and weights */
  OMNI_WORK_READBACK /* results: the host reads them */
} OmniWorkKind;

OmniWork *omni_work_new (OmniDevice *device);
void omni_work_free (OmniWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniWork, omni_work_free)

OmniDevice *omni_work_get_device (const OmniWork *work);

/* (nullable) From now on; looked at before each dispatch, so within one submission or one kernel that a driver compiles.
 * Cancelled, it is the error: arenas then hold what was submitted before. Belongs to the caller. */
void omni_work_set_cancellable (OmniWork *work, GCancellable *cancellable);

/* A new, empty arena; OMNI_WORK_ARENAS at most. */
#define OMNI_WORK_ARENAS 40
guint omni_work_add_arena (OmniWork *work, OmniWorkKind kind);

/* Grows the arena to at least `size_bytes`; a no-op when it is that large. Growing loses the contents: the first 4096
 * bytes are then zero, the rest is undefined. Not between dispatches and omni_work_finish(). */
gboolean omni_work_reserve (OmniWork *work, guint arena, guint64 size_bytes, GError **error);

/* Gives the arena's memory back; it is empty then. Not between dispatches and omni_work_finish(). */
void omni_work_release (OmniWork *work, guint arena);

/* Copies into an arena (at once: dispatches given before may still be waiting), or out of a READBACK arena after
 * omni_work_finish(). */
gboolean omni_work_write (OmniWork *work, guint arena, guint64 offset_bytes, gconstpointer data,
                          guint64 size_bytes, GError **error);
void omni_work_read (OmniWork *work, guint arena, guint64 offset_bytes, gpointer data, guint64 size_bytes);

typedef enum
{
  OMNI_WORK_NONE,
  OMNI_WORK_FLOATS, /* samplerBuffer of one float an element */
  OMNI_WORK_TEXELS, /* samplerBuffer of four floats an element */
  OMNI_WORK_WORDS,  /* usamplerBuffer of one 32-bit word an element */
  OMNI_WORK_BYTES   /* samplerBuffer of one byte an element, which reads as 0 … 1 */
} OmniWorkView;

#define OMNI_WORK_INPUTS    4
#define OMNI_WORK_OUTPUTS   2
#define OMNI_WORK_CONSTANTS 24
#define OMNI_WORK_PUSH      32

/* One kernel. Inputs are bound as views of their whole arenas at bindings 0 … 3, weights at binding 7; outputs are bound
 * as storage at bindings 4 and 5, from an offset that must be a multiple of OMNI_WORK_ALIGNMENT. */
#define OMNI_WORK_ALIGNMENT 256

typedef struct
{
  const char *shader; /* a literal */
  guint32 constants[OMNI_WORK_CONSTANTS];
  guint n_constants;
  gint32 push[OMNI_WORK_PUSH];
  struct
  {
    OmniWorkView view;
    guint arena;
  } in[OMNI_WORK_INPUTS], weights;
  struct
  {
    guint arena;
    guint64 offset_bytes;
    guint64 size_bytes; /* 0: not bound */
  } out[OMNI_WORK_OUTPUTS];
  guint32 groups[3];  /* workgroups */
  double flop, bytes; /* what it costs */
} OmniDispatch;

void omni_work_dispatch (OmniWork *work, const OmniDispatch *dispatch);

/* Only begins to make its kernel; of all that will be dispatched, they are made at the same time. */
void omni_work_prepare (OmniWork *work, const OmniDispatch *dispatch);

typedef struct
{
  double ms; /* in submissions */
  double longest_submission_ms;
  guint submissions;
  guint dispatches;
} OmniWorkStats;

/* Waits for all dispatches. `stats` (nullable, out): since the last finish. After an error the work can be used again. */
gboolean omni_work_finish (OmniWork *work, OmniWorkStats *stats, GError **error);

/* The largest storage binding and view (in elements), and the most workgroups along axis 0, 1 or 2, that are possible here. */
guint64 omni_work_max_output_bytes (const OmniWork *work);
guint64 omni_work_max_view_elements (const OmniWork *work);
guint32 omni_work_max_groups (const OmniWork *work, guint axis);

G_END_DECLS
