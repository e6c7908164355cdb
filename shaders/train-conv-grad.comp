#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Gradient of a convolution's weights and bias, over some rows of one image: partial sums, pixel after pixel, that
// train-conv-sum.comp adds up. A lane owns one plane of four input channels and one row of taps, so that a pixel fetched
// serves all taps of the row, and OUT_PLANES planes of four output channels. The lanes of a subgroup fetch neighbouring
// pixels of the outputs' gradient and pass them round.
//
// Fetching and transposing texels is what costs on lavapipe, and sums that leave their registers: of IFANI's layers 13.6 GFLOP/s
// with one plane of outputs and pixel after pixel, 16.5 with sum after sum, 22.7 with two planes, 18.7 with four (a core with
// AVX2).
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
layout (constant_id = 5) const int OUT_PLANES = 1;

const int OUTS = 4 * OUT_PLANES;
const int REACH = KERNEL / 2 * DILATION;
const int BLOCK = 8;                             // pixels whose inputs are held at a time; divides LANES
const int COLUMNS = BLOCK + (KERNEL - 1) * DILATION;

vec4 sum[KERNEL * OUTS]; // over four input channels
vec4 bias[OUT_PLANES];
vec4 v[COLUMNS];

void
main ()
{
  const int x_base = push.a[0], x_image = push.a[1], g_base = push.a[2], g_image = push.a[3];
  const int width = push.a[4], height = push.a[5], pitch = push.a[6], items = push.a[7];
  const int rows = push.a[8], chunks = push.a[9], out_planes = push.a[10], stride = push.a[11];
  const int first_chunk = push.a[12];
  const int item = min (int (gl_GlobalInvocationID.x), items - 1);
  const int chunk = first_chunk + int (gl_GlobalInvocationID.y);
  const int z = int (gl_GlobalInvocationID.z);
  const int image = chunk / chunks;
  const int first_row = chunk % chunks * rows;
  const int plane_texels = pitch * height;
  const int dy = (item % KERNEL - KERNEL / 2) * DILATION;
  const int x_plane = x_base + image * x_image + item / KERNEL * plane_texels;
  const int g_plane = g_base + image * g_image + z * OUT_PLANES * plane_texels;

  [[unroll]] for (int k = 0; k < KERNEL * OUTS; k++)
    sum[k] = vec4 (0.0);
  [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
    bias[p] = vec4 (0.0);

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
            {
              const bool there = mine < width && z * OUT_PLANES + p < out_planes;
              q[p] = texelFetch (source0, there ? g_row + p * plane_texels + mine : 0);
            }
#endif
          [[unroll]] for (int block = 0; block < int (LANES); block += BLOCK)
            {
              [[unroll]] for (int j = 0; j < COLUMNS; j++)
                {
                  const int source_x = boundary (BOUNDARY, left + block + j - REACH, width);
                  v[j] = texelFetch (source0, source_x < 0 || source_y < 0 ? 0 : source_row + source_x);
                }
              [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
                {
                  // Beyond the right edge the gradient is zero, and so is what is added.
                  vec4 g[BLOCK];
                  [[unroll]] for (int j = 0; j < BLOCK; j++)
                    {
#ifdef SHUFFLE
                      g[j] = subgroupShuffle (q[p], uint (block + j) + (gl_SubgroupInvocationID & ~(LANES - 1u)));
#else
                      const int x = left + block + j;
                      const bool there = x < width && z * OUT_PLANES + p < out_planes;
                      g[j] = texelFetch (source0, there ? g_row + p * plane_texels + x : 0);
#endif
                      bias[p] += g[j];
                    }
                  // One sum after another over all pixels of the block: it stays in a register.
                  [[unroll]] for (int c = 0; c < 4; c++)
                    [[unroll]] for (int kx = 0; kx < KERNEL; kx++)
                      {
                        vec4 own = sum[kx * OUTS + p * 4 + c];
                        [[unroll]] for (int j = 0; j < BLOCK; j++)
                          own += v[j + kx * DILATION] * g[j][c];
                        sum[kx * OUTS + p * 4 + c] = own;
                      }
                }
            }
        }
    }

  const int blocks = int (gl_NumWorkGroups.z);
  const int to = chunk * stride;
  if (int (gl_GlobalInvocationID.x) < items)
    [[unroll]] for (int k = 0; k < KERNEL * OUTS; k++)
      out_texels[to + (z * items + item) * KERNEL * OUTS + k] = sum[k];
  if (gl_GlobalInvocationID.x == 0)
    [[unroll]] for (int p = 0; p < OUT_PLANES; p++)
      out_texels[to + blocks * items * KERNEL * OUTS + z * OUT_PLANES + p] = bias[p];
}
