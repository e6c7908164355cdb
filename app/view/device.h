/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/frame.h"

G_BEGIN_DECLS

/* Renders frames by a Vulkan compute kernel (shaders/view.comp). It opens a device of its own, with a queue of its own, so that
 * a frame never waits behind the submissions of a fusion. The versions of pictures that frames look at stay in the device's
 * memory within a budget, the least recently used ones make room. One thread at a time. */
typedef struct _OmniViewDevice OmniViewDevice;

/* `selector` as in omni_device_open(). */
OmniViewDevice *omni_view_device_new (const char *selector, GError **error);
void omni_view_device_free (OmniViewDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniViewDevice, omni_view_device_free)

/* Bytes of pictures kept at most; by default half of what a plan may take, and no more than 768 MiB. */
void omni_view_device_set_budget (OmniViewDevice *self, guint64 budget_bytes);
guint64 omni_view_device_get_used_bytes (OmniViewDevice *self);

/* The pixels of omni_view_frame_render(); what is missing in the device's memory is loaded first. OMNI_VK_ERROR_UNSUPPORTED and _OUT_OF_MEMORY: this frame needs more than the budget
 * or the device has; others may work. After any other error the device is of no use any more. */
gboolean
omni_view_device_render (OmniViewDevice *self, OmniViewFrame *frame, guint32 *pixels, GError **error);

/* Brings at least `most_bytes` more of what the frame looks at into the device's memory, if so much is missing. `loaded` (out):
 * nothing is missing any more, so rendering it takes no longer than any frame. Errors as above. */
gboolean omni_view_device_load (OmniViewDevice *self, OmniViewFrame *frame, guint64 most_bytes,
                                gboolean *loaded, GError **error);

/* Gives back what the last frame did not look at. */
void omni_view_device_trim (OmniViewDevice *self);

G_END_DECLS
