// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the convolutions share: their constants, boundary rules and epilogue.
//
// Weights are texels over four input channels, laid out in the order the kernel reads them: [output block][input
// plane][position][output of the block]. After them come the bias, post scale and post shift, texels over four outputs.

layout (constant_id = 2) const int BOUNDARY = 0;
layout (constant_id = 3) const int ACTIVATION = 0;
layout (constant_id = 4) const int HALF = 0;
layout (constant_id = 5) const int BASE = 0;
layout (constant_id = 6) const int HAS_POST = 0;
layout (constant_id = 7) const int FOLDS = 0; // the picture is narrower than the reach: it may fold more than once
layout (constant_id = 8) const uint LANES = 8; // of the subgroup, that share the weight fetches

// Training: one dispatch makes push.rx images one behind another, push.ry of which share a base; z counts their blocks of
// output channels.
layout (constant_id = 15) const int BATCH = 0;

int
batch_image ()
{
  return BATCH != 0 ? int (gl_WorkGroupID.z) / (int (gl_NumWorkGroups.z) / push.rx) : 0;
}

int
output_block ()
{
  return BATCH != 0 ? int (gl_WorkGroupID.z) % (int (gl_NumWorkGroups.z) / push.rx) : int (gl_WorkGroupID.z);
}

ivec2
rectangle_corner ()
{
  return BATCH != 0 ? ivec2 (0) : ivec2 (push.rx, push.ry);
}

// The view of image number `image` of a C4 tensor.
View
view_of_image (View view, int channels, int image)
{
  if (BATCH != 0)
    view.base += image * ((channels + 3) / 4) * view.plane;
  return view;
}

View
base_view ()
{
  return view_of_image (push.src3, push.a8, BATCH != 0 ? batch_image () / push.ry : 0);
}

View
output_view ()
{
  return view_of_image (push.dst, push.a8, batch_image ());
}

// A tensor added before the activation.
const int BASE_NONE = 0;
const int BASE_TENSOR = 1;
const int BASE_OUTPUT = 2; // what the destination holds: the sum over the inputs of an earlier dispatch

layout (binding = 7) uniform samplerBuffer weights;
#include "store.glsl"

vec4
load4 (int index)
{
  return HALF != 0 ? vec4 (unpackHalf2x16 (out_half[index].x), unpackHalf2x16 (out_half[index].y)) : out4[index];
}

// boundary() without the division where one fold is enough: i lies within n of the picture.
int
boundary_near (int i, int n)
{
  if (BOUNDARY == BOUNDARY_OPEN)
    return i;
  if (FOLDS != 0 || BOUNDARY == BOUNDARY_ZERO || BOUNDARY == BOUNDARY_REPLICATE)
    return boundary (BOUNDARY, i, n);

  const int repeat = BOUNDARY == BOUNDARY_SYMMETRIC ? 1 : 0;
  i = i < 0 ? -i - repeat : i;
  return i >= n ? 2 * n - 2 + repeat - i : i;
}

// Activation and the affine map after it, of output channels 4 · plane … 4 · plane + 3.
vec4
finish (vec4 value, int plane)
{
  value = activate (ACTIVATION, value, intBitsToFloat (push.a4));
  if (HAS_POST != 0)
    value = value * texelFetch (weights, push.a2 + plane) + texelFetch (weights, push.a3 + plane);
  return value;
}

#ifdef SHUFFLE
// Texel `n` of a run that the lanes fetched together, LANES texels at a time. Every lane must come here.
#define FETCH(first, n) \
  texelFetch (weights, (first) + int ((n) / LANES * LANES + (gl_SubgroupInvocationID & (LANES - 1u))))
#define SPREAD(texel, n) subgroupShuffle (texel, ((n) & (LANES - 1u)) + (gl_SubgroupInvocationID & ~(LANES - 1u)))
#endif
