#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Gradient of a convolution's weights and bias, over some rows of one image: partial sums, pixel after pixel, that
// train-conv-sum.comp adds up. A lane owns one plane of four input channels at one tap, and OUTS output channels; the bias
// is the weight of a constant one, the last item. The lanes of a subgroup fetch neighbouring pixels of the outputs'
// gradient and pass them round.
#extension GL_GOOGLE_include_directive : enable
#ifdef SHUFFLE
#extension GL_KHR_shader_subgroup_basic : enable
#extension GL_KHR_shader_subgroup_shuffle : enable
#endif
#include "train.glsl"

layout (constant_id = 1) const uint LANES = 8;
layout (constant_id = 2) const int KERNEL = 3;
layout (constant_id = 3) const int DILATION = 1;
layout (constant_id = 4) const int BOUNDARY = 0;
layout (constant_id = 5) const int OUT_PLANES = 2; // output planes of one invocation

#define OUTS (4 * OUT_PLANES)

vec4 sum[OUTS]; // over four input channels

void
main ()
{
  const int x_base = push.a[0], x_image = push.a[1], g_base = push.a[2], g_image = push.a[3];
  const int width = push.a[4], height = push.a[5], pitch = push.a[6], items = push.a[7];
  const int rows = push.a[8], chunks = push.a[9], out_planes = push.a[10];
  const int item = min (int (gl_GlobalInvocationID.x), items - 1);
  const int chunk = int (gl_GlobalInvocationID.y);
  const int z = int (gl_GlobalInvocationID.z);
  const int image = chunk / chunks;
  const int first_row = chunk % chunks * rows;
  const int plane_texels = pitch * height;
  const bool is_bias = item == items - 1;
  const int plane = is_bias ? 0 : item / (KERNEL * KERNEL);
  const int tap = item % (KERNEL * KERNEL);
  const int dx = (tap % KERNEL - KERNEL / 2) * DILATION;
  const int dy = (tap / KERNEL - KERNEL / 2) * DILATION;
  const int x_plane = x_base + image * x_image + plane * plane_texels;
  const int g_plane = g_base + image * g_image + z * OUT_PLANES * plane_texels;

  [[unroll]] for (int k = 0; k < OUTS; k++)
    sum[k] = vec4 (0.0);

  [[dont_unroll]] for (int y = first_row; y < min (first_row + rows, height); y++)
    {
      const int source_y = boundary (BOUNDARY, y + dy, height);
      const int source_row = x_plane + source_y * pitch;
      const int g_row = g_plane + y * pitch;

      [[dont_unroll]] for (int left = 0; left < width; left += int (LANES))
        {
#ifdef SHUFFLE
          const int mine = left + int (gl_SubgroupInvocationID & (LANES - 1u));
          vec4 q[OUT_PLANES];
          [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
            q[p] = mine < width && z * OUT_PLANES + p < out_planes
                     ? texelFetch (source0, g_row + p * plane_texels + mine)
                     : vec4 (0.0);
#endif
          [[unroll]] for (uint j = 0; j < LANES; j++)
            {
              const int x = left + int (j);
              const int source_x = boundary (BOUNDARY, x + dx, width);
              const bool outside = source_x < 0 || source_y < 0 || x >= width;
              vec4 v = texelFetch (source0, outside ? 0 : source_row + source_x);
              v = is_bias ? vec4 (1.0, 0.0, 0.0, 0.0) : v;
              [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
                {
#ifdef SHUFFLE
                  const vec4 g = subgroupShuffle (q[p], j + (gl_SubgroupInvocationID & ~(LANES - 1u)));
#else
                  const vec4 g = x < width && z * OUT_PLANES + p < out_planes
                                   ? texelFetch (source0, g_row + p * plane_texels + x)
                                   : vec4 (0.0);
#endif
                  [[unroll]] for (int c = 0; c < 4; c++)
                    sum[p * 4 + c] += v * g[c];
                }
            }
        }
    }

  if (int (gl_GlobalInvocationID.x) < items)
    [[unroll]] for (int k = 0; k < OUTS; k++)
      out_texels[((chunk * int (gl_NumWorkGroups.z) + z) * items + item) * OUTS + k] = sum[k];
}
