#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Weight gradients by Winograd F(4×4, 3×3) (Lavin and Gray 2016): dW = Gᵀ (Σ over tiles of (Bᵀ d B) ⊙ (A g Aᵀ)) G. This kernel
// makes the transformed tiles, [position of 36][plane][tile]: of the inputs, 6 × 6 pixels round a tile of 4 × 4, or
// (GRADIENT) of the outputs' gradient. Tiles are counted through the images; those beyond the last are zero.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int GRADIENT = 0;
layout (constant_id = 2) const int BOUNDARY = 0;

const int SIDE = GRADIENT != 0 ? 4 : 6;

void
transform_input (in vec4 d[6], out vec4 o[6])
{
  o[0] = 4.0 * d[0] - 5.0 * d[2] + d[4];
  o[1] = (d[4] - 4.0 * d[2]) + (d[3] - 4.0 * d[1]);
  o[2] = (d[4] - 4.0 * d[2]) - (d[3] - 4.0 * d[1]);
  o[3] = (d[4] - d[2]) + 2.0 * (d[3] - d[1]);
  o[4] = (d[4] - d[2]) - 2.0 * (d[3] - d[1]);
  o[5] = 4.0 * d[1] - 5.0 * d[3] + d[5];
}

// By A, whose rows are powers of 0, 1, −1, 2, −2 and ∞.
void
transform_gradient (in vec4 d[6], out vec4 o[6])
{
  o[0] = d[0];
  o[1] = (d[0] + d[2]) + (d[1] + d[3]);
  o[2] = (d[0] + d[2]) - (d[1] + d[3]);
  o[3] = (d[0] + 4.0 * d[2]) + (2.0 * d[1] + 8.0 * d[3]);
  o[4] = (d[0] + 4.0 * d[2]) - (2.0 * d[1] + 8.0 * d[3]);
  o[5] = d[3];
}

void
transform (in vec4 d[6], out vec4 o[6])
{
  if (GRADIENT != 0)
    transform_gradient (d, o);
  else
    transform_input (d, o);
}

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3], planes = push.a[4];
  const int tiles_x = push.a[5], tiles_y = push.a[6], tiles = push.a[7], stride = push.a[8];
  const int t = int (gl_GlobalInvocationID.x);
  const int plane = int (gl_GlobalInvocationID.y);
  const int per_image = tiles_x * tiles_y;
  const int from = source + (t / per_image * planes + plane) * height * pitch;
  const int left = t % tiles_x * 4 - (GRADIENT != 0 ? 0 : 1);
  const int top = t % per_image / tiles_x * 4 - (GRADIENT != 0 ? 0 : 1);

  if (t >= stride)
    return;

  vec4 half_way[6][6];
  [[unroll]] for (int x = 0; x < 6; x++)
    {
      vec4 column[6];
      [[unroll]] for (int y = 0; y < 6; y++)
        {
          const int kind = GRADIENT != 0 ? BOUNDARY_ZERO : BOUNDARY;
          const int sx = boundary (kind, left + x, width);
          const int sy = boundary (kind, top + y, height);
          const bool there = sx >= 0 && sy >= 0 && t < tiles;
          column[y] = x < SIDE && y < SIDE ? texelFetch (source0, there ? from + sy * pitch + sx : 0) : vec4 (0.0);
        }
      transform (column, half_way[x]);
    }
  [[unroll]] for (int y = 0; y < 6; y++)
    {
      vec4 row[6], o[6];
      [[unroll]] for (int x = 0; x < 6; x++)
        row[x] = half_way[x][y];
      transform (row, o);
      [[unroll]] for (int x = 0; x < 6; x++)
        out_texels[((y * 6 + x) * planes + plane) * stride + t] = o[x];
    }
}
