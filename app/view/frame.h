/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/colour-map.h"
#include "app/view/mipmap.h"

G_BEGIN_DECLS

/* What a screen full of pictures is to look like: rectangles, in each a picture, two with a line between, or how much two
 * differ. Rendering it makes exactly these pixels, on the device (app/view/renderer.h) or here; both do the same integer
 * arithmetic, so the pixels are the same.
 *
 * Resampling, of encoded values: squares from scale 2 on and at 1; bilinear between 1 and 2; below 1 the mean over the area
 * that a pixel of the screen covers, of the halved version that is next larger. */

/* A picture in a rectangle; all in pixels of the frame. */
typedef struct
{
  OmniMipmap *mipmap; /* NULL: nothing */
  double x, y;        /* of its left upper corner */
  double scale;       /* pixels of the frame to a pixel of the picture */
} OmniViewLayer;

typedef enum
{
  OMNI_VIEW_PICTURE,
  OMNI_VIEW_WIPE,      /* the first layer on one side of a line, the second on the other */
  OMNI_VIEW_DIFFERENCE /* the largest difference of red, green and blue, as colours; clear where not both are */
} OmniViewKind;

typedef struct
{
  OmniViewKind kind;
  int x, y, width, height;
  OmniViewLayer layers[2];
  OmniColourMap map; /* of grey pictures, or of the difference */
  gboolean
    amounts; /* the first layer is a map of amounts: 0 … 1 / gain, whatever the frame's black and white are */
  double gain; /* of the difference or of amounts; 1: the brightest colour is all of the display range */

  /* The second layer is seen where (x - line_x) * normal_x + (y - line_y) * normal_y >= 0. The normal is in 1/1024. */
  int line_x, line_y, normal_x, normal_y;
} OmniViewItem;

#define OMNI_VIEW_MAX_ITEMS 20

typedef struct
{
  gatomicrefcount ref_count;
  int width, height;
  double low, high; /* what is black and white, in values of the pictures; 0 and 1 at first */
  guint n_items;
  OmniViewItem items[OMNI_VIEW_MAX_ITEMS]; /* later ones cover earlier ones */
} OmniViewFrame;

OmniViewFrame *omni_view_frame_new (int width, int height);
OmniViewFrame *omni_view_frame_ref (OmniViewFrame *self);
void omni_view_frame_unref (OmniViewFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniViewFrame, omni_view_frame_unref)

/* (transfer none) Another item, inside the frame, with no layers; NULL when there is no room. */
OmniViewItem *
omni_view_frame_add (OmniViewFrame *self, OmniViewKind kind, int x, int y, int width, int height);

/* Keeps a reference on the mipmap. */
void omni_view_item_set_layer (OmniViewItem *item, guint index, OmniMipmap *mipmap, double x, double y,
                               double scale);

/* Whether both look the same. */
gboolean omni_view_frame_equal (const OmniViewFrame *a, const OmniViewFrame *b);

/* Fills width · height pixels in the byte order of GDK_MEMORY_DEFAULT, premultiplied; clear where there is no picture. Any
 * thread. */
void omni_view_frame_render (OmniViewFrame *self, guint32 *pixels);

G_END_DECLS
