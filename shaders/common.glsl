// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every kernel shares: the bindings, the push constants and the coordinate rules.
//
// A tensor is stored as planes. A planar tensor has one plane of floats per channel; a C4 tensor has one plane of four
// channels per texel for every four channels. A kernel meets a tensor as a View: element (x, y) of plane p is at
// base + p * plane + y * pitch + x, with x and y relative to the tile's origin at the tensor's level. Units are the
// elements of the bound view (floats for R32F, texels for RGBA32F and RGBA16F).

#extension GL_EXT_control_flow_attributes : enable

struct View
{
  int base;
  int pitch;
  int plane;
};

layout (push_constant) uniform Push
{
  View dst;
  int rx, ry, rw, rh; // the rectangle to write, relative to the tile's origin
  int width, height;  // the picture's size at the destination's level
  int level;          // the destination's level
  View src0, src1, src2, src3;
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9;
} push;

layout (std140, binding = 6) uniform Tile
{
  ivec2 origin; // of the tile, full-resolution pixels
  int first;    // 1 while the first source of a streamed pass is accumulated
  int source;   // the source at hand in a streamed pass
  ivec4 format[128]; // per source slot: bytes per sample, channels, colour channels (1 or 3), samples are float in bit 0 and the mark above
  vec4 influence[32]; // per source, four to a vector: ln of what a person gives it
} tile;

layout (constant_id = 0) const uint LOCAL_X = 32;
layout (constant_id = 1) const uint LOCAL_Y = 8;
layout (local_size_x_id = 0, local_size_y_id = 1, local_size_z = 1) in;

const int BOUNDARY_ZERO = 0;
const int BOUNDARY_REPLICATE = 1;
const int BOUNDARY_REFLECT = 2;
const int BOUNDARY_SYMMETRIC = 3;
const int BOUNDARY_OPEN = 4; // what lies beyond was computed: no rule

// An index no sum with valid offsets can bring back to the plane: max (…, 0) then reads the zero texel.
const int OUTSIDE = -0x20000000;

ivec2
tile_origin (int level)
{
  return tile.origin >> level;
}

// The coordinate inside 0 … n − 1 that stands for i, or OUTSIDE (zero boundary).
int
boundary (int kind, int i, int n)
{
  if (kind == BOUNDARY_ZERO)
    return i < 0 || i >= n ? OUTSIDE : i;
  if (kind == BOUNDARY_REFLECT && n > 1)
    {
      const int period = 2 * n - 2;
      i = i % period;
      i = i < 0 ? i + period : i;
      return i < n ? i : period - i;
    }
  if (kind == BOUNDARY_SYMMETRIC)
    {
      const int period = 2 * n;
      i = i % period;
      i = i < 0 ? i + period : i;
      return i < n ? i : period - 1 - i;
    }
  return clamp (i, 0, n - 1);
}

// Total order of floats as integers: −∞ … −0 < +0 … +∞. Its own inverse.
int
order_key (int bits)
{
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

float
max_ordered (float a, float b)
{
  const int ka = order_key (floatBitsToInt (a));
  const int kb = order_key (floatBitsToInt (b));
  return intBitsToFloat (order_key (max (ka, kb)));
}

vec4
max_ordered4 (vec4 a, vec4 b)
{
  return vec4 (max_ordered (a.x, b.x), max_ordered (a.y, b.y), max_ordered (a.z, b.z), max_ordered (a.w, b.w));
}

vec4
min_ordered4 (vec4 a, vec4 b)
{
  return -max_ordered4 (-a, -b);
}

// A weighted sum over the sum of its weights; 0 where these are all 0.
vec4
ratio (vec4 sum, vec4 weights)
{
  return mix (sum / weights, vec4 (0.0), equal (weights, vec4 (0.0)));
}

const int ACTIVATION_NONE = 0;
const int ACTIVATION_RELU = 1;
const int ACTIVATION_LEAKY_RELU = 2;
const int ACTIVATION_TANH = 3;
const int ACTIVATION_SOFTPLUS = 4;
const int ACTIVATION_ABS = 5;
const int ACTIVATION_LOG = 6;
const int ACTIVATION_SQRT = 7;
const int ACTIVATION_EXP = 8;
const int ACTIVATION_FLOOR = 9;

vec4
activate (int kind, vec4 x, float slope)
{
  if (kind == ACTIVATION_RELU)
    return max (x, vec4 (0.0));
  if (kind == ACTIVATION_LEAKY_RELU)
    return max (x, x * slope);
  if (kind == ACTIVATION_TANH)
    return tanh (clamp (x, vec4 (-20.0), vec4 (20.0)));
  if (kind == ACTIVATION_SOFTPLUS)
    return max (x, vec4 (0.0)) + log (vec4 (1.0) + exp (-abs (x)));
  if (kind == ACTIVATION_ABS)
    return abs (x);
  if (kind == ACTIVATION_LOG)
    return log (x + slope);
  if (kind == ACTIVATION_SQRT)
    return sqrt (max (x, vec4 (0.0)));
  if (kind == ACTIVATION_EXP)
    return exp (x);
  if (kind == ACTIVATION_FLOOR)
    return floor (x);
  return x;
}
