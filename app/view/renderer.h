/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/frame.h"

G_BEGIN_DECLS

/* Renders frames in a thread of its own: the caller asks and goes on, and of frames asked for while one is made only the newest
 * is made. All clients share one thread and one device (app/view/device.h), which is opened in the background: before
 * that, without Vulkan, and for what does not fit the device, frames are made without it, with the same pixels. */
typedef struct _OmniViewClient OmniViewClient;

/* `pixels` as omni_view_frame_render() makes them. In the main context that was the thread's default when the client was made. */
typedef void (*OmniViewRendered) (OmniViewFrame *frame, GBytes *pixels, gpointer user_data);

OmniViewClient *omni_view_client_new (OmniViewRendered rendered, gpointer user_data);

/* Afterwards `rendered` is not called any more. */
void omni_view_client_free (OmniViewClient *self);

/* Takes the place of a frame that waits. The frame must not change any more. */
void omni_view_client_request (OmniViewClient *self, OmniViewFrame *frame);

/* Frames since the program began. Any thread. */
typedef struct
{
  guint64 n_frames, n_on_device;
} OmniViewStats;

void omni_view_renderer_get_stats (OmniViewStats *stats);

G_END_DECLS
