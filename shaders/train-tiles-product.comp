#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Between train-tiles.comp and train-tiles-sum.comp: for every position, the products of input and output channels summed over
// a chunk of tiles, one after another. A lane owns four input channels and 4 · OUT_PLANES output channels; eight lanes share
// a position, fetch the gradients of eight tiles and pass them round.
#extension GL_GOOGLE_include_directive : enable
#extension GL_KHR_shader_subgroup_basic : enable
#extension GL_KHR_shader_subgroup_shuffle : enable
#include "train.glsl"

layout (constant_id = 1) const int OUT_PLANES = 2;

const uint LANES = 8;
const int OUTS = 4 * OUT_PLANES;

vec4 sum[OUTS]; // over four input channels

void
main ()
{
  const int inputs = push.a[0], gradients = push.a[1], in_planes = push.a[2], out_planes = push.a[3];
  const int stride = push.a[4], tiles_per_chunk = push.a[5], groups = push.a[6];
  const int lane = int (gl_GlobalInvocationID.x % LANES);
  const int group = min (int (gl_GlobalInvocationID.x / LANES), groups - 1);
  const int position = group % 36;
  const int plane = group / 36 * int (LANES) + lane;
  const int chunk = int (gl_GlobalInvocationID.y);
  const int z = int (gl_GlobalInvocationID.z);
  const int mine = inputs + (position * in_planes + min (plane, in_planes - 1)) * stride;
  const int theirs = gradients + (position * out_planes + z * OUT_PLANES) * stride;
  const uint first_lane = gl_SubgroupInvocationID & ~(LANES - 1u);

  [[unroll]] for (int k = 0; k < OUTS; k++)
    sum[k] = vec4 (0.0);

  const int end = min ((chunk + 1) * tiles_per_chunk, stride);
  [[dont_unroll]] for (int t = chunk * tiles_per_chunk; t < end; t += int (LANES))
    {
      vec4 q[OUT_PLANES];
      [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
        q[p] = texelFetch (source0, z * OUT_PLANES + p < out_planes ? theirs + p * stride + t + lane : 0);
      [[unroll]] for (uint j = 0; j < LANES; j++)
        {
          const vec4 v = texelFetch (source0, mine + t + int (j));
          [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
            {
              const vec4 g = subgroupShuffle (q[p], first_lane + j);
              [[unroll]] for (int c = 0; c < 4; c++)
                sum[p * 4 + c] += v * g[c];
            }
        }
    }

  if (plane < in_planes && int (gl_GlobalInvocationID.x / LANES) < groups)
    [[unroll]] for (int k = 0; k < OUTS; k++)
      out_texels[(((chunk * 36 + position) * in_planes + plane) * int (gl_NumWorkGroups.z) + z) * OUTS + k] = sum[k];
}
