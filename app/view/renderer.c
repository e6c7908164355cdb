/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/view/renderer.h"

#include "app/view/device.h"
#include "vk/device.h"

/* Memory of the device is given back when nobody looked at it for so long. */
#define IDLE_SECONDS 10
#define OPENINGS     3
#define LOAD_BYTES   ((guint64)16 << 20) /* a few frames' worth of time */

struct _OmniViewClient
{
  gatomicrefcount ref_count;
  OmniViewRendered rendered;
  gpointer user_data;
  GMainContext *context;
  OmniViewFrame *wanted; /* under the lock */
  gboolean freed;        /* in the client's thread only */
};

/* The one thread. All under the lock, but for the device. */
static struct
{
  GMutex lock;
  GCond changed;
  GThread *thread;
  guint n_clients;
  GQueue waiting; /* OmniViewClient with something wanted, in the order they asked */
  gboolean ends;
  OmniViewStats stats;
  OmniViewDevice *opened; /* waits to be taken by the thread */
} renderer;

/* Only of the thread. */
typedef struct
{
  OmniViewDevice *device;
  GThread *opening;
  guint n_openings;
  OmniViewFrame *loading; /* the last that was not all in the device's memory */
} Screen;

static void
client_unref (OmniViewClient *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->wanted, omni_view_frame_unref);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Frames */

typedef struct
{
  OmniViewClient *client;
  OmniViewFrame *frame;
  GBytes *pixels;
} Delivery;

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  omni_view_frame_unref (delivery->frame);
  g_bytes_unref (delivery->pixels);
  client_unref (delivery->client);
  g_free (delivery);
}

static gboolean
deliver_cb (gpointer data)
{
  Delivery *delivery = data;

  if (!delivery->client->freed)
    delivery->client->rendered (delivery->frame, delivery->pixels, delivery->client->user_data);
  return G_SOURCE_REMOVE;
}

static void
deliver (OmniViewClient *client, OmniViewFrame *frame, guint32 *pixels)
{
  Delivery *delivery = g_new (Delivery, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  g_atomic_ref_count_inc (&client->ref_count);
  delivery->client = client;
  delivery->frame = omni_view_frame_ref (frame);
  delivery->pixels = g_bytes_new_take (pixels, (gsize)frame->width * (gsize)frame->height * sizeof *pixels);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver_cb, delivery, delivery_free);
  g_source_attach (source, client->context);
}

/* The device */

/* Drivers compile a kernel when it is first used: the usual ones before anybody waits for them. */
static void
warm_up (OmniViewDevice *device)
{
  g_autoptr (OmniPicture) picture = omni_picture_new (1, 1, 3, FALSE, OMNI_SAMPLE_U8,
                                                      g_bytes_new_static ("\0\0\0", 3), NULL, NULL, NULL);
  g_autoptr (OmniMipmap) mipmap = omni_mipmap_new (picture, NULL, NULL);
  g_autoptr (OmniViewFrame) frame = omni_view_frame_new (6, 1);
  guint32 pixels[6];

  for (OmniViewKind kind = OMNI_VIEW_PICTURE; kind <= OMNI_VIEW_DIFFERENCE; kind++)
    for (int smooth = 0; smooth < 2; smooth++)
    {
      OmniViewItem *item = omni_view_frame_add (frame, kind, 2 * (int)kind + smooth, 0, 1, 1);
      for (guint k = 0; k < 2; k++)
        omni_view_item_set_layer (item, k, mipmap, 0, 0, smooth ? 1.5 : 1);
    }
  omni_view_device_render (device, frame, pixels, NULL);
}

static gpointer
open_device (gpointer data)
{
  g_autoptr (GError) error = NULL;
  OmniViewDevice *device = omni_view_device_new (NULL, &error);

  if (device != NULL)
    warm_up (device);
  else
    g_debug ("Pictures are shown without a device: %s", error->message);
  g_mutex_lock (&renderer.lock);
  renderer.opened = device;
  g_cond_signal (&renderer.changed);
  g_mutex_unlock (&renderer.lock);
  return NULL;
}

/* In the background, after the first frame. A device that was lost is opened again, though not for ever. */
static void
start_opening (Screen *screen)
{
  if (screen->device != NULL || screen->opening != NULL || screen->n_openings == OPENINGS)
    return;
  screen->n_openings++;
  /* The worker threads of a software device inherit the name: vk/software-threads.c tells them by it. */
  screen->opening = g_thread_new ("omni-view", open_device, NULL);
}

/* With the lock. Without a device for the first time there will not be one later. */
static void
take_device (Screen *screen)
{
  if (renderer.opened == NULL)
    return;
  screen->device = g_steal_pointer (&renderer.opened);
  g_clear_pointer (&screen->opening, g_thread_join);
}

static void
close_device (Screen *screen)
{
  g_clear_pointer (&screen->opening, g_thread_join);
  g_clear_pointer (&renderer.opened, omni_view_device_free);
  g_clear_pointer (&screen->device, omni_view_device_free);
  g_clear_pointer (&screen->loading, omni_view_frame_unref);
}

/* TRUE: more can be done. */
static gboolean
load_more (Screen *screen)
{
  gboolean loaded = FALSE;

  if (screen->device == NULL || screen->loading == NULL)
    return FALSE;
  if (!omni_view_device_load (screen->device, screen->loading, LOAD_BYTES, &loaded, NULL) || loaded)
    g_clear_pointer (&screen->loading, omni_view_frame_unref);
  return screen->loading != NULL;
}

/* What is missing on the device would keep the frame waiting: it is loaded while nothing else is to do. */
static gboolean
render_on_device (Screen *screen, OmniViewFrame *frame, guint32 *pixels)
{
  g_autoptr (GError) error = NULL;
  gboolean loaded = FALSE;

  g_clear_pointer (&screen->loading, omni_view_frame_unref);
  if (screen->device == NULL)
    return FALSE;
  if (omni_view_device_load (screen->device, frame, LOAD_BYTES, &loaded, &error) && !loaded)
  {
    screen->loading = omni_view_frame_ref (frame);
    return FALSE;
  }
  if (error == NULL && omni_view_device_render (screen->device, frame, pixels, &error))
    return TRUE;
  if (!g_error_matches (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED)
      && !g_error_matches (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY))
    g_clear_pointer (&screen->device, omni_view_device_free);
  g_debug ("A frame is made without the device: %s", error->message);
  return FALSE;
}

static void
render (Screen *screen, OmniViewClient *client, OmniViewFrame *frame)
{
  guint32 *pixels = g_try_malloc_n ((gsize)frame->width * (gsize)frame->height, sizeof *pixels);

  if (pixels == NULL)
    return;
  const gboolean on_device = render_on_device (screen, frame, pixels);
  if (!on_device)
    omni_view_frame_render (frame, pixels);
  deliver (client, frame, pixels);

  g_mutex_lock (&renderer.lock);
  renderer.stats.n_frames++;
  renderer.stats.n_on_device += on_device;
  g_mutex_unlock (&renderer.lock);
}

/* (transfer full) The next client that wants something, and what; NULL when there is nothing to do. With the lock. */
static OmniViewClient *
take (OmniViewFrame **frame)
{
  OmniViewClient *client = g_queue_pop_head (&renderer.waiting);

  if (client != NULL)
    *frame = g_steal_pointer (&client->wanted);
  return client;
}

/* Waits until there is something to do. FALSE: there was nothing for a while. With the lock. */
static gboolean
wait_for_work (gboolean patient)
{
  const gint64 end_us = g_get_monotonic_time () + IDLE_SECONDS * G_TIME_SPAN_SECOND;

  while (!renderer.ends && g_queue_is_empty (&renderer.waiting) && renderer.opened == NULL)
    if (patient)
      g_cond_wait (&renderer.changed, &renderer.lock);
    else if (!g_cond_wait_until (&renderer.changed, &renderer.lock, end_us))
      return FALSE;
  return TRUE;
}

static void
serve (Screen *screen, OmniViewClient *client, OmniViewFrame *frame)
{
  g_mutex_unlock (&renderer.lock);
  render (screen, client, frame);
  omni_view_frame_unref (frame);
  client_unref (client);
  start_opening (screen);
  g_mutex_lock (&renderer.lock);
}

static gboolean
is_loading (Screen *screen)
{
  g_mutex_unlock (&renderer.lock);
  const gboolean more = load_more (screen);
  g_mutex_lock (&renderer.lock);
  return more;
}

static gpointer
run (gpointer data)
{
  Screen screen = { 0 };
  gboolean patient = TRUE;

  g_mutex_lock (&renderer.lock);
  while (!renderer.ends)
  {
    OmniViewFrame *frame = NULL;
    OmniViewClient *client = take (&frame);

    take_device (&screen);
    if (client != NULL)
    {
      serve (&screen, client, frame);
      patient = FALSE;
    }
    else if (!is_loading (&screen) && !renderer.ends)
    {
      const gboolean idle = !wait_for_work (patient);
      if (idle && screen.device != NULL)
        omni_view_device_trim (screen.device);
      patient = idle;
    }
  }
  g_mutex_unlock (&renderer.lock);
  close_device (&screen);
  return NULL;
}

/* Clients */

OmniViewClient *
omni_view_client_new (OmniViewRendered rendered, gpointer user_data)
{
  OmniViewClient *self = g_new0 (OmniViewClient, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->rendered = rendered;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default ();
  g_mutex_lock (&renderer.lock);
  if (renderer.n_clients++ == 0)
  {
    renderer.ends = FALSE;
    renderer.thread = g_thread_new ("omni-view", run, NULL);
  }
  g_mutex_unlock (&renderer.lock);
  return self;
}

void
omni_view_client_free (OmniViewClient *self)
{
  GThread *thread = NULL;

  self->freed = TRUE;
  g_mutex_lock (&renderer.lock);
  if (g_queue_remove (&renderer.waiting, self))
    client_unref (self);
  if (--renderer.n_clients == 0)
  {
    thread = g_steal_pointer (&renderer.thread);
    renderer.ends = TRUE;
    g_cond_signal (&renderer.changed);
  }
  g_mutex_unlock (&renderer.lock);
  if (thread != NULL)
    g_thread_join (thread);
  client_unref (self);
}

void
omni_view_client_request (OmniViewClient *self, OmniViewFrame *frame)
{
  g_mutex_lock (&renderer.lock);
  if (self->wanted == NULL)
  {
    g_atomic_ref_count_inc (&self->ref_count);
    g_queue_push_tail (&renderer.waiting, self);
  }
  else
    omni_view_frame_unref (self->wanted);
  self->wanted = omni_view_frame_ref (frame);
  g_cond_signal (&renderer.changed);
  g_mutex_unlock (&renderer.lock);
}

void
omni_view_renderer_get_stats (OmniViewStats *stats)
{
  g_mutex_lock (&renderer.lock);
  *stats = renderer.stats;
  g_mutex_unlock (&renderer.lock);
}
