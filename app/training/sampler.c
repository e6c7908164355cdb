/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/sampler.h"

/* A ring of slots: number i stands in slot i mod n_slots. Workers take numbers in order and may be at most n_slots ahead of the
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
  OmniSample *(*draw) (const OmniSampler *self, guint64 number, GError **error);
  guint task; /* of what is drawn beside the steps */
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

static OmniSample *
draw_step (const OmniSampler *self, guint64 number, GError **error)
{
  return omni_train_data_draw (self->data, number, -1, error);
}

static OmniSample *
draw_beside (const OmniSampler *self, guint64 number, GError **error)
{
  return omni_train_data_draw_beside (self->data, self->task, number, error);
}

/* The scenes of all tasks are numbered through. */
static OmniSample *
draw_validation (const OmniSampler *self, guint64 number, GError **error)
{
  guint task = 0;
  for (; number >= omni_train_data_count_validation (self->data, task); task++)
    number -= omni_train_data_count_validation (self->data, task);
  return omni_train_data_draw_validation (self->data, task, (guint)number, error);
}

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
    const guint64 number = self->next_to_make++;
    g_mutex_unlock (&self->lock);
    GError *error = NULL;
    OmniSample *sample = self->draw (self, number, &error);
    g_mutex_lock (&self->lock);
    self->slots[number % self->n_slots] = (Slot){ .ready = TRUE, .sample = sample, .error = error };
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

static OmniSampler *
start (OmniSampler sampler, guint n_threads)
{
  OmniSampler *self = g_memdup2 (&sampler, sizeof sampler);
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

OmniSampler *
omni_sampler_new (OmniTrainData *data, guint64 first, guint64 end, guint n_threads)
{
  return start (
    (OmniSampler){
      .data = data, .draw = draw_step, .next_to_make = first, .next_to_take = first, .end = end },
    n_threads);
}

OmniSampler *
omni_sampler_new_beside (OmniTrainData *data, guint task, guint64 first, guint64 end, guint n_threads)
{
  return start ((OmniSampler){ .data = data,
                               .draw = draw_beside,
                               .task = task,
                               .next_to_make = first,
                               .next_to_take = first,
                               .end = end },
                n_threads);
}

OmniSampler *
omni_sampler_new_validation (OmniTrainData *data, guint n_threads)
{
  guint64 n = 0;
  for (guint task = 0; task < omni_train_data_count_tasks (data); task++)
    n += omni_train_data_count_validation (data, task);
  return start ((OmniSampler){ .data = data, .draw = draw_validation, .end = n }, n_threads);
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
