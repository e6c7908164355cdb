#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Convolution of any odd size up to 7, dilation, groups and boundary on any device: four pixels of four output channels
// per invocation. PLANAR_IN reads one-float planes (through the texel view, so that texel 0 is the zero outside).
// Weights: [output block][input block][tap][input lane] texels over four output channels.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int BOUNDARY = 0;
layout (constant_id = 3) const int ACTIVATION = 0;
layout (constant_id = 4) const int HALF = 0;
layout (constant_id = 5) const int HAS_BASE = 0;
layout (constant_id = 6) const int HAS_POST = 0;
layout (constant_id = 7) const int KERNEL = 3;
layout (constant_id = 8) const int DILATION = 1;
layout (constant_id = 9) const int GROUPS = 1;
layout (constant_id = 10) const int OUT_CHANNELS = 32;
layout (constant_id = 11) const int PLANAR_OUT = 0;

layout (binding = 0) uniform samplerBuffer source0;
layout (binding = 1) uniform samplerBuffer source1;
layout (binding = 2) uniform samplerBuffer source2;
layout (binding = 3) uniform samplerBuffer base;
layout (binding = 7) uniform samplerBuffer weights;
#include "store.glsl"

const int REACH = (KERNEL / 2) * DILATION;

// Four channels (fewer at the end of a planar input) at one position; `offset` is negative outside a zero boundary.
vec4
load (samplerBuffer s, View view, int block, int channels, int offset)
{
#ifdef PLANAR_IN
  vec4 value = vec4 (0.0);
  for (int lane = 0; lane < min (4, channels - 4 * block); lane++)
    {
      const int index = max (offset + (4 * block + lane) * view.plane, 0);
      value[lane] = texelFetch (s, index >> 2)[index & 3];
    }
  return value;
#else
  return texelFetch (s, max (offset + block * view.plane, 0));
#endif
}

void
accumulate (samplerBuffer s, View view, int channels, int blocks_before, int blocks_total, ivec2 g, int z,
            inout vec4 sum[4])
{
  const ivec2 origin = tile_origin (push.level);
  int first = 0;
  int end = (channels + 3) / 4;
  if (GROUPS > 1)
    {
      // Only the input blocks that this output block's groups touch.
      const int per_out = OUT_CHANNELS / GROUPS;
      const int per_in = channels / GROUPS;
      first = (4 * z / per_out) * per_in / 4;
      end = ((min (4 * z + 3, OUT_CHANNELS - 1) / per_out + 1) * per_in + 3) / 4;
    }

  [[dont_unroll]] for (int block = first; block < end; block++)
    {
      const int w0 = push.a0 + (z * blocks_total + blocks_before + block) * KERNEL * KERNEL * 4;
      [[dont_unroll]] for (int ky = 0; ky < KERNEL; ky++)
        {
          const int y = boundary (BOUNDARY, g.y + ky * DILATION - REACH, push.height);
          const int row = y == OUTSIDE ? OUTSIDE : view.base + (y - origin.y) * view.pitch;
          [[dont_unroll]] for (int kx = 0; kx < KERNEL; kx++)
            {
              const int w = w0 + (ky * KERNEL + kx) * 4;
              const vec4 w_0 = texelFetch (weights, w);
              const vec4 w_1 = texelFetch (weights, w + 1);
              const vec4 w_2 = texelFetch (weights, w + 2);
              const vec4 w_3 = texelFetch (weights, w + 3);
              [[unroll]] for (int i = 0; i < 4; i++)
                {
                  const int x = boundary (BOUNDARY, min (g.x + i, push.width - 1) + kx * DILATION - REACH, push.width);
                  const int column = x == OUTSIDE ? OUTSIDE : x - origin.x;
                  const vec4 v = load (s, view, block, channels, row + column);
                  sum[i] += v.x * w_0;
                  sum[i] += v.y * w_1;
                  sum[i] += v.z * w_2;
                  sum[i] += v.w * w_3;
                }
            }
        }
    }
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + tile_origin (push.level), ivec2 (0), last);
  const int blocks0 = (push.a5 + 3) / 4;
  const int blocks1 = (push.a6 + 3) / 4;
  const int blocks2 = (push.a7 + 3) / 4;
  const int blocks = blocks0 + blocks1 + blocks2;
  vec4 sum[4] = vec4[4] (vec4 (0.0), vec4 (0.0), vec4 (0.0), vec4 (0.0));

  accumulate (source0, push.src0, push.a5, 0, blocks, g, z, sum);
  if (push.a6 > 0)
    accumulate (source1, push.src1, push.a6, blocks0, blocks, g, z, sum);
  if (push.a7 > 0)
    accumulate (source2, push.src2, push.a7, blocks0 + blocks1, blocks, g, z, sum);

  const vec4 bias = texelFetch (weights, push.a1 + z);
  vec4 value[4];
  [[unroll]] for (int i = 0; i < 4; i++)
    {
      value[i] = sum[i] + bias;
      if (HAS_BASE != 0 && PLANAR_OUT == 0)
        value[i] += texelFetch (base, push.src3.base + z * push.src3.plane + at.y * push.src3.pitch + at.x * 4 + i);
    }
  if (HAS_BASE != 0 && PLANAR_OUT != 0)
    [[unroll]] for (int q = 0; q < 4; q++)
      if (4 * z + q < OUT_CHANNELS)
        {
          const vec4 b
            = texelFetch (base, push.src3.base + (4 * z + q) * push.src3.plane + at.y * push.src3.pitch + at.x);
          [[unroll]] for (int i = 0; i < 4; i++)
            value[i][q] += b[i];
        }

  [[unroll]] for (int i = 0; i < 4; i++)
    {
      value[i] = activate (ACTIVATION, value[i], intBitsToFloat (push.a4));
      if (HAS_POST != 0)
        value[i] = value[i] * texelFetch (weights, push.a2 + z) + texelFetch (weights, push.a3 + z);
      // The padding channels of a C4 tensor stay zero.
      value[i] = mix (vec4 (0.0), value[i], lessThan (ivec4 (0, 1, 2, 3) + 4 * z, ivec4 (OUT_CHANNELS)));
    }

  if (PLANAR_OUT == 0)
    {
      const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x * 4;
      [[unroll]] for (int i = 0; i < 4; i++)
        store4 (to + i, value[i]);
    }
  else
    [[unroll]] for (int q = 0; q < 4; q++)
      if (4 * z + q < OUT_CHANNELS)
        store4 (push.dst.base + (4 * z + q) * push.dst.plane + at.y * push.dst.pitch + at.x,
                vec4 (value[0][q], value[1][q], value[2][q], value[3][q]));
}
