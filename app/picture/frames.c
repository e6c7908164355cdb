/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/frames.h"

#include "app/files/colour-profile.h"
#include "app/picture/resample.h"
#include "app/document/spool.h"

#include <math.h>
#include <unistd.h>

#define MAX_DECODERS 4
#define MOST_BYTES   (G_GUINT64_CONSTANT (384) << 20)

typedef enum
{
  FRAME_ABSENT,
  FRAME_WANTED,
  FRAME_READY,
  FRAME_FAILED
} FrameState;

typedef struct
{
  OmniSource *source;
  FrameState state;
  gboolean stays; /* fits the budget */
  guint writing;  /* of the source's file, when it was decoded */
  OmniPicture *picture;
  float largest;
  gboolean beyond;
  GError *error;
} Frame;

struct _OmniFrames
{
  Frame *frames;
  guint n_frames;
  guint width, height;
  gboolean convert;
  GBytes *profile;
  GCancellable *cancellable;
  GThreadPool *decoders;
  gboolean stopping;
  GMutex lock;
  GCond changed;
  double wait_ms;
};

guint64
omni_frames_default_budget (void)
{
  const char *mib = g_getenv ("OMNIFUSE_HOST_MIB");
  guint64 value;
  if (mib != NULL && g_ascii_string_to_unsigned (mib, 10, 1, G_MAXUINT32, &value, NULL))
    return value << 20;
  return MIN ((guint64)sysconf (_SC_PHYS_PAGES) * (guint64)sysconf (_SC_PAGESIZE) / 4, MOST_BYTES);
}

static float
find_largest_sample (OmniPicture *picture, gboolean *beyond)
{
  if (omni_picture_get_sample_type (picture) != OMNI_SAMPLE_F32)
    return 0;
  const guint channels = omni_picture_get_channels (picture);
  const guint n_colours = channels - (omni_picture_get_has_alpha (picture) ? 1 : 0);
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture);
  const float *sample = omni_picture_get_pixels (picture);
  float largest = 0;
  for (gsize i = 0; i < n; i++, sample += channels)
    for (guint c = 0; c < n_colours; c++)
    {
      largest = MAX (largest, fabsf (omni_sample_sanitise (sample[c])));
      *beyond |= omni_sample_is_beyond (sample[c]);
    }
  return largest;
}

/* Of a preview no more is decoded than is shown. NULL without an error: it takes the whole picture. */
static OmniPicture *
load_small (OmniFrames *self, OmniSource *source)
{
  const guint longest = MAX (self->width, self->height);
  if (omni_source_get_sample_type (source) != OMNI_SAMPLE_U8
      || MIN (omni_source_get_width (source), omni_source_get_height (source)) < 2 * longest)
    return NULL;
  g_autoptr (OmniPicture) picture = omni_source_load_scaled (source, longest, self->cancellable, NULL);
  if (picture == NULL || omni_picture_get_channels (picture) != omni_source_get_channels (source)
      || omni_picture_get_has_alpha (picture) != omni_source_get_has_alpha (source)
      || omni_picture_get_sample_type (picture) != OMNI_SAMPLE_U8)
    return NULL;
  return g_steal_pointer (&picture);
}

static OmniPicture *
prepare (OmniFrames *self, OmniSource *source, float *largest, gboolean *beyond, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return NULL;
  g_autoptr (OmniPicture) picture = load_small (self, source);
  if (picture == NULL)
    picture = omni_source_load (source, self->cancellable, error);
  if (picture != NULL && self->convert)
  {
    OmniPicture *converted = omni_picture_convert_profile (picture, self->profile, error);
    g_object_unref (picture);
    picture = converted;
  }
  if (picture != NULL
      && (omni_picture_get_width (picture) != self->width
          || omni_picture_get_height (picture) != self->height))
  {
    OmniPicture *resampled = omni_picture_resample (picture, self->width, self->height, self->cancellable,
                                                    error);
    g_object_unref (picture);
    picture = resampled;
  }
  if (picture != NULL)
    *largest = find_largest_sample (picture, beyond);
  return g_steal_pointer (&picture);
}

/* Runs in a decoder thread. */
static void
decode_cb (gpointer data, gpointer user_data)
{
  OmniFrames *self = user_data;
  Frame *frame = &self->frames[GPOINTER_TO_UINT (data) - 1];

  g_mutex_lock (&self->lock);
  const gboolean stopping = self->stopping;
  g_mutex_unlock (&self->lock);

  float largest = 0;
  gboolean beyond = FALSE;
  GError *error = NULL;
  frame->writing = omni_source_get_writing (frame->source);
  OmniPicture *picture = stopping ? NULL : prepare (self, frame->source, &largest, &beyond, &error);
  if (picture != NULL && !frame->stays)
  {
    OmniPicture *spooled = omni_picture_spool (picture);
    g_object_unref (picture);
    picture = spooled;
  }

  g_mutex_lock (&self->lock);
  frame->picture = picture;
  frame->largest = largest;
  frame->beyond = beyond;
  frame->error = error;
  frame->state = picture != NULL ? FRAME_READY : error != NULL ? FRAME_FAILED : FRAME_ABSENT;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static guint64
get_frame_bytes (OmniFrames *self, OmniSource *source)
{
  return (guint64)self->width * self->height * omni_source_get_channels (source)
         * omni_sample_type_get_bytes (omni_source_get_sample_type (source));
}

/* When not all can stay, two places are left free: for those that are being decoded. */
static void
choose_who_stays (OmniFrames *self, guint64 budget_bytes)
{
  guint64 total = 0, largest = 0, used = 0;
  for (guint i = 0; i < self->n_frames; i++)
  {
    const guint64 bytes = get_frame_bytes (self, self->frames[i].source);
    total += bytes;
    largest = MAX (largest, bytes);
  }
  for (guint i = 0; i < self->n_frames; i++)
  {
    used += get_frame_bytes (self, self->frames[i].source);
    self->frames[i].stays = total <= budget_bytes || used + 2 * largest <= budget_bytes;
  }
}

static gboolean
profiles_match (const OmniFrames *a, const OmniFrames *b)
{
  if (a->convert != b->convert || (a->profile == NULL) != (b->profile == NULL))
    return FALSE;
  return a->profile == NULL || g_bytes_equal (a->profile, b->profile);
}

static void
take_over (OmniFrames *self, OmniFrames *previous)
{
  if (previous->width != self->width || previous->height != self->height || !profiles_match (self, previous))
    return;
  for (guint i = 0; i < self->n_frames; i++)
    for (guint k = 0; k < previous->n_frames; k++)
    {
      Frame *to = &self->frames[i], *from = &previous->frames[k];
      if (to->state != FRAME_ABSENT || from->source != to->source || from->state != FRAME_READY
          || from->writing != omni_source_get_writing (to->source))
        continue;
      to->writing = from->writing;
      to->picture = g_object_ref (from->picture);
      to->largest = from->largest;
      to->beyond = from->beyond;
      to->state = FRAME_READY;
    }
}

OmniFrames *
omni_frames_new (GPtrArray *sources, guint width, guint height, gboolean convert, GBytes *profile,
                 OmniFrames *previous, guint64 budget_bytes, GCancellable *cancellable)
{
  OmniFrames *self = g_new0 (OmniFrames, 1);
  self->n_frames = sources->len;
  self->frames = g_new0 (Frame, sources->len);
  self->width = width;
  self->height = height;
  self->convert = convert;
  self->profile = profile != NULL ? g_bytes_ref (profile) : NULL;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  for (guint i = 0; i < sources->len; i++)
    self->frames[i].source = g_object_ref (sources->pdata[i]);
  choose_who_stays (self, budget_bytes);
  if (previous != NULL)
    take_over (self, previous);
  self->decoders = g_thread_pool_new (decode_cb, self, MIN (MAX_DECODERS, g_get_num_processors ()), FALSE,
                                      NULL);
  return self;
}

void
omni_frames_stop (OmniFrames *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_mutex_unlock (&self->lock);
  if (self->decoders != NULL)
    g_thread_pool_free (self->decoders, FALSE, TRUE);
  self->decoders = NULL;
}

void
omni_frames_free (OmniFrames *self)
{
  if (self == NULL)
    return;
  omni_frames_stop (self);
  for (guint i = 0; i < self->n_frames; i++)
  {
    g_object_unref (self->frames[i].source);
    g_clear_object (&self->frames[i].picture);
    g_clear_error (&self->frames[i].error);
  }
  g_clear_pointer (&self->profile, g_bytes_unref);
  g_clear_object (&self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->frames);
  g_free (self);
}

static void
want (OmniFrames *self, guint index)
{
  Frame *frame = &self->frames[index];
  if (frame->state != FRAME_ABSENT)
    return;
  frame->state = FRAME_WANTED;
  g_thread_pool_push (self->decoders, GUINT_TO_POINTER (index + 1), NULL);
}

/* The next frame after `index` that does not stay; `index` itself when there is no other. */
static guint
find_next_passing (OmniFrames *self, guint index)
{
  for (guint step = 1; step < self->n_frames; step++)
    if (!self->frames[(index + step) % self->n_frames].stays)
      return (index + step) % self->n_frames;
  return index;
}

/* All that stay are wanted from the start; of the others this one and the next. */
static void
look_ahead (OmniFrames *self, guint index)
{
  const guint next = find_next_passing (self, index);
  want (self, index);
  for (guint i = 0; i < self->n_frames; i++)
  {
    Frame *frame = &self->frames[i];
    if (frame->stays || i == next)
      want (self, i);
  }
}

void
omni_frames_start (OmniFrames *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->n_frames > 0)
    look_ahead (self, 0);
}

OmniPicture *
omni_frames_get (OmniFrames *self, guint index, GError **error)
{
  g_return_val_if_fail (index < self->n_frames && self->decoders != NULL, NULL);

  const gint64 start_us = g_get_monotonic_time ();
  Frame *frame = &self->frames[index];
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  look_ahead (self, index);
  while (frame->state == FRAME_WANTED)
    g_cond_wait (&self->changed, &self->lock);
  self->wait_ms += (g_get_monotonic_time () - start_us) / 1000.0;
  if (frame->state == FRAME_READY)
    return g_object_ref (frame->picture);
  g_propagate_error (error, g_error_copy (frame->error));
  return NULL;
}

void
omni_frames_release (OmniFrames *self, guint index)
{
  g_return_if_fail (index < self->n_frames);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->frames[index].picture != NULL)
    omni_picture_unload (self->frames[index].picture);
}

float
omni_frames_get_largest_sample (OmniFrames *self, guint index)
{
  g_return_val_if_fail (index < self->n_frames, 0);

  return self->frames[index].largest;
}

gboolean
omni_frames_goes_beyond (OmniFrames *self, guint index)
{
  g_return_val_if_fail (index < self->n_frames, 0);

  return self->frames[index].beyond;
}

double
omni_frames_get_wait_ms (OmniFrames *self)
{
  return self->wait_ms;
}
