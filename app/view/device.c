/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/view/device.h"

#include "app/view/frame-private.h"
#include "app/view/mipmap-private.h"
#include "vk/plan.h"
#include "vk/work.h"

#include <string.h>

#define N_SLOTS         32
#define MOST_BYTES      ((guint64)768 << 20)
#define UPLOAD_BYTES    ((gsize)8 << 20)
#define LOCAL_X         32
#define LOCAL_Y         8
#define FLOP_OF_A_TAP   12.0
#define FLOP_OF_A_PIXEL 60.0

/* A version of a picture in the device's memory. */
typedef struct
{
  guint64 serial; /* 0: none */
  guint level;
  guint arena;
  guint64 size_bytes;
  guint n_rows; /* there already */
  guint64 used; /* by this frame */
} Slot;

struct _OmniViewDevice
{
  OmniDevice *device;
  OmniWork *work;
  Slot slots[N_SLOTS];
  guint taps, maps, out; /* arenas */
  guint64 budget_bytes, used_bytes;
  guint64 n_frames;
  GArray *words; /* guint32: the taps of a frame */
};

static gboolean
upload_maps (OmniViewDevice *self, GError **error)
{
  const gsize size_bytes = OMNI_COLOUR_MAP_LEVELS * sizeof (guint32);

  if (!omni_work_reserve (self->work, self->maps, OMNI_N_COLOUR_MAPS * size_bytes, error))
    return FALSE;
  for (OmniColourMap map = 0; map < OMNI_N_COLOUR_MAPS; map++)
    if (!omni_work_write (self->work, self->maps, map * size_bytes, omni_colour_map_get (map), size_bytes,
                          error))
      return FALSE;
  return TRUE;
}

OmniViewDevice *
omni_view_device_new (const char *selector, GError **error)
{
  g_autoptr (OmniViewDevice) self = g_new0 (OmniViewDevice, 1);

  self->device = omni_device_open (selector, error);
  if (self->device == NULL)
    return NULL;
  self->work = omni_work_new (self->device);
  self->words = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->budget_bytes = MIN (omni_plan_default_budget (self->device) / 2, MOST_BYTES);
  for (guint i = 0; i < N_SLOTS; i++)
    self->slots[i].arena = omni_work_add_arena (self->work, OMNI_WORK_DEVICE);
  self->taps = omni_work_add_arena (self->work, OMNI_WORK_DEVICE);
  self->maps = omni_work_add_arena (self->work, OMNI_WORK_DEVICE);
  self->out = omni_work_add_arena (self->work, OMNI_WORK_READBACK);
  return upload_maps (self, error) ? g_steal_pointer (&self) : NULL;
}

void
omni_view_device_free (OmniViewDevice *self)
{
  omni_work_free (self->work);
  omni_device_close (&self->device);
  if (self->words != NULL)
    g_array_unref (self->words);
  g_free (self);
}

void
omni_view_device_set_budget (OmniViewDevice *self, guint64 budget_bytes)
{
  self->budget_bytes = budget_bytes;
}

guint64
omni_view_device_get_used_bytes (OmniViewDevice *self)
{
  return self->used_bytes;
}

/* Pictures in the device */

static void
slot_clear (OmniViewDevice *self, Slot *slot)
{
  omni_work_release (self->work, slot->arena);
  self->used_bytes -= slot->size_bytes;
  slot->serial = 0;
  slot->size_bytes = 0;
  slot->n_rows = 0;
}

/* The slot that was not used for longest, never one of this frame. */
static Slot *
find_oldest (OmniViewDevice *self, gboolean empty)
{
  Slot *oldest = NULL;

  for (guint i = 0; i < N_SLOTS; i++)
  {
    Slot *slot = &self->slots[i];
    if (empty != (slot->serial == 0) || (!empty && slot->used == self->n_frames))
      continue;
    if (oldest == NULL || slot->used < oldest->used)
      oldest = slot;
  }
  return oldest;
}

/* An empty slot, and room for so much. */
static Slot *
make_room (OmniViewDevice *self, guint64 size_bytes, GError **error)
{
  Slot *empty = find_oldest (self, TRUE), *oldest;

  while ((empty == NULL || self->used_bytes + size_bytes > self->budget_bytes)
         && (oldest = find_oldest (self, FALSE)) != NULL)
  {
    slot_clear (self, oldest);
    empty = oldest;
  }
  if (empty == NULL || self->used_bytes + size_bytes > self->budget_bytes
      || size_bytes / sizeof (guint32) > omni_work_max_view_elements (self->work))
  {
    g_set_error_literal (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                         "The pictures in view take more memory than the device may use for them.");
    return NULL;
  }
  return empty;
}

/* Goes on with a version as long as bytes are left. */
static gboolean
upload (OmniViewDevice *self, Slot *slot, const OmniViewPreparedLayer *layer, guint64 *left_bytes,
        GError **error)
{
  const gsize row_bytes = (gsize)layer->width * omni_mipmap_get_pixel_words (layer->mipmap)
                          * sizeof (guint32);
  const guint n_rows = (guint)CLAMP (UPLOAD_BYTES / row_bytes, 1, layer->height);
  g_autofree guint32 *words = g_try_malloc_n (n_rows, row_bytes);

  if (words == NULL)
  {
    g_set_error_literal (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
                         "There is not enough memory to show this picture on the device.");
    return FALSE;
  }
  while (slot->n_rows<layer->height && * left_bytes> 0)
  {
    const guint n = MIN (n_rows, layer->height - slot->n_rows);
    omni_mipmap_pack_rows (layer->mipmap, layer->level, slot->n_rows, n, words);
    if (!omni_work_write (self->work, slot->arena, slot->n_rows * row_bytes, words, n * row_bytes, error))
      return FALSE;
    slot->n_rows += n;
    *left_bytes -= MIN (*left_bytes, n * row_bytes);
  }
  return TRUE;
}

static Slot *
find_slot (OmniViewDevice *self, guint64 serial, guint level)
{
  for (guint i = 0; i < N_SLOTS; i++)
    if (self->slots[i].serial == serial && self->slots[i].level == level)
      return &self->slots[i];
  return NULL;
}

/* (transfer none) Where the version is, or will be. */
static Slot *
ensure_slot (OmniViewDevice *self, const OmniViewPreparedLayer *layer, GError **error)
{
  const guint64 serial = omni_mipmap_get_serial (layer->mipmap);
  const guint64 size_bytes = (guint64)layer->width * layer->height
                             * omni_mipmap_get_pixel_words (layer->mipmap) * sizeof (guint32);
  Slot *slot = find_slot (self, serial, layer->level);

  if (slot != NULL)
    return slot;
  slot = make_room (self, size_bytes, error);
  if (slot == NULL || !omni_work_reserve (self->work, slot->arena, size_bytes, error))
    return NULL;
  slot->size_bytes = size_bytes;
  self->used_bytes += size_bytes;
  slot->serial = serial;
  slot->level = layer->level;
  return slot;
}

static gboolean
ensure_layer (OmniViewDevice *self, const OmniViewPreparedLayer *layer, guint *arena, guint64 *left_bytes,
              gboolean *loaded, GError **error)
{
  *arena = self->maps; /* something to bind where there is no picture */
  if (layer->mipmap == NULL)
    return TRUE;
  Slot *slot = ensure_slot (self, layer, error);
  if (slot == NULL)
    return FALSE;
  slot->used = self->n_frames;
  *arena = slot->arena;
  if (slot->n_rows < layer->height && !upload (self, slot, layer, left_bytes, error))
  {
    slot_clear (self, slot);
    return FALSE;
  }
  *loaded &= slot->n_rows == layer->height;
  return TRUE;
}

gboolean
omni_view_device_load (OmniViewDevice *self, OmniViewFrame *frame, guint64 most_bytes, gboolean *loaded,
                       GError **error)
{
  guint arena;

  self->n_frames++;
  *loaded = TRUE;
  for (guint i = 0; i < frame->n_items; i++)
  {
    g_auto (OmniViewPrepared) prepared = { 0 };
    omni_view_prepare (frame, &frame->items[i], &prepared);
    for (guint k = 0; k < 2; k++)
      if (!ensure_layer (self, &prepared.layers[k], &arena, &most_bytes, loaded, error))
        return FALSE;
  }
  return TRUE;
}

void
omni_view_device_trim (OmniViewDevice *self)
{
  for (guint i = 0; i < N_SLOTS; i++)
    if (self->slots[i].serial != 0 && self->slots[i].used != self->n_frames)
      slot_clear (self, &self->slots[i]);
}

/* Frames */

/* The Layer of the kernel. */
static void
push_layer (OmniViewDevice *self, const OmniViewPreparedLayer *layer, const OmniViewItem *item, gint32 *push)
{
  push[0] = (gint32)self->words->len;
  g_array_append_vals (self->words, layer->columns, 2 * (guint)item->width);
  push[1] = (gint32)self->words->len;
  g_array_append_vals (self->words, layer->rows, 2 * (guint)item->height);
  push[2] = (gint32)layer->width;
  push[3] = (gint32)(layer->width * layer->height) - 1;
  push[4] = (gint32)layer->factor;
  push[5] = layer->offset;
  push[6] = layer->colours != NULL ? (gint32)layer->map * OMNI_COLOUR_MAP_LEVELS : -1;
}

static void
describe (OmniViewDevice *self, const OmniViewPrepared *prepared, OmniDispatch *dispatch)
{
  const OmniViewItem *item = prepared->item;
  const guint n_layers = item->kind == OMNI_VIEW_PICTURE ? 1 : 2;
  const double n_pixels = (double)item->width * item->height;
  const gint32 push[] = { item->width,
                          item->height,
                          prepared->low,
                          (gint32)prepared->span,
                          (gint32)prepared->slope,
                          (gint32)item->map * OMNI_COLOUR_MAP_LEVELS,
                          item->line_x - item->x,
                          item->line_y - item->y,
                          item->normal_x,
                          item->normal_y };

  dispatch->shader = "view";
  dispatch->n_constants = 6;
  dispatch->constants[0] = LOCAL_X;
  dispatch->constants[1] = LOCAL_Y;
  dispatch->constants[2] = item->kind;
  dispatch->constants[3] = prepared->n_taps == 1 ? 1 : OMNI_VIEW_TAPS;
  memcpy (dispatch->push, push, sizeof push);
  for (guint k = 0; k < n_layers; k++)
  {
    const OmniViewPreparedLayer *layer = &prepared->layers[k];
    dispatch->constants[4 + k] = layer->mipmap != NULL && omni_mipmap_is_deep (layer->mipmap);
    push_layer (self, layer, item, dispatch->push + G_N_ELEMENTS (push) + 7 * k);
  }
  dispatch->groups[0] = ((guint32)item->width + LOCAL_X - 1) / LOCAL_X;
  dispatch->groups[1] = ((guint32)item->height + LOCAL_Y - 1) / LOCAL_Y;
  dispatch->groups[2] = 1;
  dispatch->flop = n_pixels
                   * (FLOP_OF_A_PIXEL + n_layers * FLOP_OF_A_TAP * prepared->n_taps * prepared->n_taps);
}

static guint64
align (guint64 bytes)
{
  return (bytes + OMNI_WORK_ALIGNMENT - 1) / OMNI_WORK_ALIGNMENT * OMNI_WORK_ALIGNMENT;
}

static guint64
get_item_bytes (const OmniViewItem *item)
{
  return (guint64)item->width * (guint64)item->height * sizeof (guint32);
}

/* All dispatches of the frame, with their pictures and taps in place; nothing is recorded before all is there. */
static gboolean
prepare (OmniViewDevice *self, OmniViewFrame *frame, OmniDispatch *dispatches, GError **error)
{
  guint64 out_bytes = 0, left_bytes = G_MAXUINT64;
  gboolean loaded = TRUE;

  g_array_set_size (self->words, 0);
  for (guint i = 0; i < frame->n_items; i++)
  {
    OmniDispatch *dispatch = &dispatches[i];
    g_auto (OmniViewPrepared) prepared = { 0 };
    omni_view_prepare (frame, &frame->items[i], &prepared);
    for (guint k = 0; k < 2; k++)
    {
      if (!ensure_layer (self, &prepared.layers[k], &dispatch->in[k].arena, &left_bytes, &loaded, error))
        return FALSE;
      dispatch->in[k].view = OMNI_WORK_WORDS;
    }
    describe (self, &prepared, dispatch);
    dispatch->in[2].view = dispatch->in[3].view = OMNI_WORK_WORDS;
    dispatch->in[2].arena = self->taps;
    dispatch->in[3].arena = self->maps;
    dispatch->out[0].arena = self->out;
    dispatch->out[0].offset_bytes = out_bytes;
    dispatch->out[0].size_bytes = get_item_bytes (&frame->items[i]);
    out_bytes += align (dispatch->out[0].size_bytes);
  }
  const gsize taps_bytes = self->words->len * sizeof (guint32);
  return omni_work_reserve (self->work, self->taps, taps_bytes, error)
         && omni_work_reserve (self->work, self->out, out_bytes, error)
         && omni_work_write (self->work, self->taps, 0, self->words->data, taps_bytes, error);
}

static void
read_item (OmniViewDevice *self, const OmniViewFrame *frame, const OmniViewItem *item, guint64 offset_bytes,
           guint32 *pixels)
{
  guint32 *to = pixels + (gsize)item->y * (gsize)frame->width + item->x;
  g_autofree guint32 *scratch = NULL;

  if (item->width == frame->width)
  {
    omni_work_read (self->work, self->out, offset_bytes, to, get_item_bytes (item));
    return;
  }
  scratch = g_malloc (get_item_bytes (item));
  omni_work_read (self->work, self->out, offset_bytes, scratch, get_item_bytes (item));
  for (int y = 0; y < item->height; y++)
    memcpy (to + (gsize)y * (gsize)frame->width, scratch + (gsize)y * (gsize)item->width,
            (gsize)item->width * sizeof *scratch);
}

static gboolean
covers (const OmniViewFrame *frame)
{
  const OmniViewItem *item = &frame->items[0];

  return frame->n_items > 0 && item->width == frame->width && item->height == frame->height;
}

gboolean
omni_view_device_render (OmniViewDevice *self, OmniViewFrame *frame, guint32 *pixels, GError **error)
{
  OmniDispatch dispatches[OMNI_VIEW_MAX_ITEMS] = { 0 };

  self->n_frames++;
  if (!prepare (self, frame, dispatches, error))
    return FALSE;
  for (guint i = 0; i < frame->n_items; i++)
    if (dispatches[i].out[0].size_bytes > 0)
      omni_work_dispatch (self->work, &dispatches[i]);
  if (!omni_work_finish (self->work, NULL, error))
    return FALSE;
  if (!covers (frame))
    memset (pixels, 0, (gsize)frame->width * (gsize)frame->height * sizeof *pixels);
  for (guint i = 0; i < frame->n_items; i++)
    if (dispatches[i].out[0].size_bytes > 0)
      read_item (self, frame, &frame->items[i], dispatches[i].out[0].offset_bytes, pixels);
  return TRUE;
}
