#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Convolution of any odd size up to 7, dilation, groups and boundary: four pixels of OUTS output channels per
// invocation. The order of the sums is that of plain loops over input plane, row, column and channel of the plane.
//
// PLANAR_IN reads one-float planes. SHUFFLE shares the fetches of weights among the lanes of a subgroup; without it the
// kernel runs on any device. EDGES makes one plane, each pixel by the filter for the edges of the picture it lies on.
#extension GL_GOOGLE_include_directive : enable
#ifdef SHUFFLE
#extension GL_KHR_shader_subgroup_basic : enable
#extension GL_KHR_shader_subgroup_shuffle : enable
#endif
#include "common.glsl"
#include "conv.glsl"

layout (constant_id = 9) const int KERNEL = 3;
layout (constant_id = 10) const int DILATION = 1;    // 0: what push.a7 says, so that layers share a kernel
layout (constant_id = 11) const int OUTS = 8;
layout (constant_id = 12) const int PLANAR_OUT = 0;
layout (constant_id = 13) const int IN_LANES = 4;    // channels of a plane that may be there
layout (constant_id = 14) const int FLOAT_VIEW = 0;  // PLANAR_IN: the view's elements are floats, not texels of four

layout (binding = 0) uniform samplerBuffer source0;
layout (binding = 1) uniform samplerBuffer source1;
layout (binding = 2) uniform samplerBuffer source2;
layout (binding = 3) uniform samplerBuffer base;

const int TAP = DILATION == 0 ? 4 : DILATION;    // columns from one tap's four to the next one's
const int COLUMNS = (KERNEL - 1) * TAP + 4;      // that the four pixels' taps meet
const int STEP = PLANAR_OUT != 0 ? 1 : 4;        // elements of the destination to the next block of four pixels

vec4 sum[OUTS]; // of four pixels
int column[COLUMNS];
int dilation;
int reach;

#ifdef PLANAR_IN
float
load (samplerBuffer s, int offset)
{
  const int index = max (offset, 0);
  if (FLOAT_VIEW != 0)
    return texelFetch (s, index).x;

  const vec4 texel = texelFetch (s, index >> 2);
  const vec2 pair = (index & 2) != 0 ? texel.zw : texel.xy;
  return (index & 1) != 0 ? pair.y : pair.x;
}
#endif

// One row of taps of one input plane.
void
accumulate_row (samplerBuffer s, int offset, int plane_stride, int channels, int w)
{
#ifdef PLANAR_IN
  float v[IN_LANES][COLUMNS];
  [[unroll]] for (int c = 0; c < IN_LANES; c++)
    [[unroll]] for (int j = 0; j < COLUMNS; j++)
      v[c][j] = load (s, c < channels ? offset + c * plane_stride + column[j] : OUTSIDE);
#define PIXELS(c, j) vec4 (v[c][j], v[c][j + 1], v[c][j + 2], v[c][j + 3])
#else
  vec4 v[COLUMNS];
  [[unroll]] for (int j = 0; j < COLUMNS; j++)
    v[j] = texelFetch (s, max (offset + column[j], 0));
#define PIXELS(c, j) vec4 (v[j][c], v[j + 1][c], v[j + 2][c], v[j + 3][c])
#endif

#ifdef SHUFFLE
  vec4 q;
#endif
  [[unroll]] for (int kx = 0; kx < KERNEL; kx++)
    [[unroll]] for (int k = 0; k < OUTS; k++)
      {
        const uint n = uint (kx * OUTS + k);
#ifdef SHUFFLE
        if (n % LANES == 0)
          q = FETCH (w, n);
        const vec4 weight = SPREAD (q, n);
#else
        const vec4 weight = texelFetch (weights, w + int (n));
#endif
        [[unroll]] for (int c = 0; c < IN_LANES; c++)
          sum[k] += PIXELS (c, kx * TAP) * weight[c];
      }
}

void
accumulate (samplerBuffer s, View view, int channels, int first, int end, int w, int y)
{
  [[dont_unroll]] for (int plane = first; plane < end; plane++)
    [[dont_unroll]] for (int ky = 0; ky < KERNEL; ky++)
      {
        const int at = boundary_near (y + ky * dilation - reach, push.height);
#ifdef PLANAR_IN
        const int start = view.base + 4 * plane * view.plane;
#else
        const int start = view.base + plane * view.plane;
#endif
        const int row = at == OUTSIDE ? OUTSIDE : start + (at - tile_origin (push.level).y) * view.pitch;
        accumulate_row (s, row, view.plane, channels - 4 * plane, w + (plane * KERNEL + ky) * KERNEL * OUTS);
      }
}

void
store_texels (ivec2 at, int z)
{
  const int planes = (push.a8 + 3) / 4;
  const View dst = output_view ();
  const View before = base_view ();

  [[unroll]] for (int k = 0; k < OUTS; k += 4)
    {
      const int plane = (z * OUTS + k) / 4;
      const int to = dst.base + plane * dst.plane + at.y * dst.pitch + at.x;
      const vec4 bias = texelFetch (weights, push.a1 + plane);

      if (plane < planes)
        [[unroll]] for (int i = 0; i < 4; i++)
          {
            vec4 value = vec4 (sum[k][i], sum[k + 1][i], sum[k + 2][i], sum[k + 3][i]) + bias;
            if (BASE == BASE_TENSOR)
              value += texelFetch (base, before.base + plane * before.plane + at.y * before.pitch + at.x + i);
            if (BASE == BASE_OUTPUT)
              value += load4 (to + i);
            // The padding channels of a C4 tensor stay zero.
            store4 (to + i, mix (vec4 (0.0), finish (value, plane),
                                 lessThan (ivec4 (0, 1, 2, 3) + 4 * plane, ivec4 (push.a8))));
          }
    }
}

void
store_planes (ivec2 at)
{
  [[unroll]] for (int k = 0; k < OUTS; k++)
    {
      const int to = push.dst.base + k * push.dst.plane + at.y * push.dst.pitch + at.x;
#ifdef EDGES
      vec4 value = sum[k]; // with the bias of its filter
#else
      vec4 value = sum[k] + texelFetch (weights, push.a1 + k / 4)[k & 3];
#endif

      if (BASE == BASE_TENSOR)
        value += texelFetch (base, push.src3.base + k * push.src3.plane + at.y * push.src3.pitch + at.x);
      if (BASE == BASE_OUTPUT)
        value += load4 (to);
      value = activate (ACTIVATION, value, intBitsToFloat (push.a4));
      if (HAS_POST != 0)
        value = value * texelFetch (weights, push.a2 + k / 4)[k & 3] + texelFetch (weights, push.a3 + k / 4)[k & 3];
      store4 (to, value);
    }
}

#ifdef EDGES
const int LEFT = 1;
const int RIGHT = 2;
const int TOP = 4;
const int BOTTOM = 8;

// The filter of the four pixels' row, then those of the first and the last pixel of a row.
void
accumulate_edges (ivec2 g)
{
  const int rows = (g.y == 0 ? TOP : 0) | (g.y == push.height - 1 ? BOTTOM : 0);
  const int planes = push.a9 & 0xffff;
  const int last = push.width - 1 - g.x; // the lane of the row's last pixel
  vec4 value = vec4 (0.0);

  [[dont_unroll]] for (int pass = 0; pass < 3; pass++)
    {
      if ((pass == 1 && g.x > 0) || (pass == 2 && (last > 3 || push.width == 1)))
        continue;

      const int edges = rows | (pass == 1 ? LEFT : 0) | (pass == 2 || (pass == 1 && push.width == 1) ? RIGHT : 0);
      sum[0] = vec4 (0.0);
      accumulate (source0, push.src0, push.a5, 0, planes, push.a0 + edges * planes * KERNEL * KERNEL, g.y);
      sum[0] += texelFetch (weights, push.a1 + edges / 4)[edges & 3];

      const bvec4 own = pass == 0 ? bvec4 (true) : equal (ivec4 (0, 1, 2, 3), ivec4 (pass == 1 ? 0 : last));
      value = mix (value, sum[0], own);
    }
  sum[0] = value;
}
#endif

void
main ()
{
  const int z = output_block ();
  const int image = batch_image ();
  const ivec2 block = ivec2 (int (gl_GlobalInvocationID.x) * STEP, int (gl_GlobalInvocationID.y));
  const ivec2 at = block + rectangle_corner ();
  const ivec2 origin = tile_origin (push.level);
  // Blocks outside the picture repeat its last one, so that every fetch stays inside the tile's memory.
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  // With an open boundary those beyond the rectangle repeat its last one.
  const ivec2 nearest = min (block, ivec2 ((push.rw - 1) / STEP * STEP, push.rh - 1)) + rectangle_corner ();
  const ivec2 g = BOUNDARY == BOUNDARY_OPEN
                    ? ivec2 (nearest.x * (4 / STEP), nearest.y) + origin
                    : clamp (ivec2 (at.x * (4 / STEP), at.y) + origin, ivec2 (0), last);

  const int inputs2 = DILATION == 0 ? push.a7 & 0xffff : push.a7;
  dilation = DILATION == 0 ? push.a7 >> 16 : DILATION;
  reach = KERNEL / 2 * dilation;
  [[unroll]] for (int j = 0; j < COLUMNS; j++)
    {
      const int tap = DILATION == 0 ? j / 4 * dilation + j % 4 : j;
      const int beyond = BOUNDARY == BOUNDARY_OPEN ? g.x + tap - reach : push.width - 1 + reach;
      const int x = boundary_near (min (g.x + tap - reach, beyond), push.width);
      column[j] = x == OUTSIDE ? OUTSIDE : x - origin.x;
    }
  [[unroll]] for (int k = 0; k < OUTS; k++)
    sum[k] = vec4 (0.0);

#ifdef EDGES
  accumulate_edges (g);
  if (block.x < push.rw && block.y < push.rh)
    store_planes (at);
#else
  const ivec3 planes = (ivec3 (push.a5, push.a6, inputs2) + 3) / 4;
  const int row_texels = KERNEL * KERNEL * OUTS;
  int first = 0;
  int end = planes.x;
  int w = push.a0 + z * (push.a9 & 0xffff) * row_texels;
  if (push.a9 >> 16 > 1)
    {
      // Grouped: only the input planes that this output block's groups touch.
      const int per_out = push.a8 / (push.a9 >> 16);
      const int per_in = push.a5 / (push.a9 >> 16);
      first = z * OUTS / per_out * per_in / 4;
      end = ((min (z * OUTS + OUTS - 1, push.a8 - 1) / per_out + 1) * per_in + 3) / 4;
    }

  accumulate (source0, view_of_image (push.src0, push.a5, image), push.a5, first, end, w, g.y);
  if (push.a6 > 0)
    accumulate (source1, view_of_image (push.src1, push.a6, image), push.a6, 0, planes.y, w + planes.x * row_texels, g.y);
  if (inputs2 > 0)
    accumulate (source2, view_of_image (push.src2, inputs2, image), inputs2, 0, planes.z, w + (planes.x + planes.y) * row_texels, g.y);

  if (block.x >= push.rw || block.y >= push.rh)
    return;
  if (PLANAR_OUT != 0)
    store_planes (at);
  else
    store_texels (at, z);
#endif
}
