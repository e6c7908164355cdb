/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/sampler.h"

/* A ring of slots: step s stands in slot s mod n_slots. Workers take steps in order and may be at most n_slots ahead of the
 * reader, who takes them in order, too. */
typedef struct
{
  gboolean ready;
  OmniSample *sample;
  GError *error;
} Slot;

struct _OmniSampler
{
  OmniTrainData *data;
  Slot *slots;
  guint n_slots;
  GThread **threads;
  guint n_threads;
  GMutex lock;
  GCond changed;
  gboolean stopping;
  guint64 next_to_make, next_to_take, end;
  double wait_ms;
};

static gpointer
work (gpointer data)
{
  OmniSampler *self = data;
  g_mutex_lock (&self->lock);
  for (;;)
  {
    while (!self->stopping && self->next_to_make < self->end
           && self->next_to_make >= self->next_to_take + self->n_slots)
      g_cond_wait (&self->changed, &self->lock);
    if (self->stopping || self->next_to_make >= self->end)
      break;
    const guint64 step = self->next_to_make++;
    g_mutex_unlock (&self->lock);
    GError *error = NULL;
    OmniSample *sample = omni_train_data_draw (self->data, step, -1, &error);
    g_mutex_lock (&self->lock);
    self->slots[step % self->n_slots] = (Slot){ .ready = TRUE, .sample = sample, .error = error };
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

OmniSampler *
omni_sampler_new (OmniTrainData *data, guint64 first, guint64 end, guint n_threads)
{
  OmniSampler *self = g_new0 (OmniSampler, 1);
  self->data = data;
  self->next_to_make = self->next_to_take = first;
  self->end = end;
  self->n_threads = n_threads > 0 ? n_threads : g_get_num_processors ();
  self->n_slots = 2 * self->n_threads + 2;
  self->slots = g_new0 (Slot, self->n_slots);
  self->threads = g_new0 (GThread *, self->n_threads);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  for (guint i = 0; i < self->n_threads; i++)
    self->threads[i] = g_thread_new ("sampler", work, self);
  return self;
}

void
omni_sampler_free (OmniSampler *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < self->n_threads; i++)
    g_thread_join (self->threads[i]);
  for (guint i = 0; i < self->n_slots; i++)
  {
    omni_sample_free (self->slots[i].sample);
    g_clear_error (&self->slots[i].error);
  }
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self->threads);
  g_free (self->slots);
  g_free (self);
}

OmniSample *
omni_sampler_next (OmniSampler *self, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();
  g_mutex_lock (&self->lock);
  if (self->next_to_take >= self->end)
  {
    g_mutex_unlock (&self->lock);
    return NULL;
  }
  Slot *slot = &self->slots[self->next_to_take % self->n_slots];
  while (!slot->ready)
    g_cond_wait (&self->changed, &self->lock);
  OmniSample *sample = g_steal_pointer (&slot->sample);
  if (slot->error != NULL)
    g_propagate_error (error, g_steal_pointer (&slot->error));
  slot->ready = FALSE;
  self->next_to_take++;
  self->wait_ms += (double)(g_get_monotonic_time () - start_us) / 1000;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return sample;
}

double
omni_sampler_get_wait_ms (OmniSampler *self)
{
  return self->wait_ms;
}
