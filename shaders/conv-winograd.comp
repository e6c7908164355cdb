#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// 3×3 convolution by fused Winograd F(4×4, 3×3) (Lavin and Gray 2016): C4 in, C4 out. One invocation makes 4×4 pixels
// of OUT channels. The grid is the whole picture's: blocks start at multiples of 4 of the global coordinates, so tiles
// do not change a bit. Eight lanes fetch eight output channels' weights and pass them round by subgroupShuffle.
// Weights: [input plane][36][output channel] texels over four input channels; then bias, post scale, post shift.
#extension GL_GOOGLE_include_directive : enable
#extension GL_KHR_shader_subgroup_basic : enable
#extension GL_KHR_shader_subgroup_shuffle : enable
#include "common.glsl"

layout (constant_id = 2) const int BOUNDARY = 0;
layout (constant_id = 3) const int ACTIVATION = 0;
layout (constant_id = 4) const int HALF = 0;
layout (constant_id = 5) const int HAS_BASE = 0;
layout (constant_id = 6) const int HAS_POST = 0;
layout (constant_id = 7) const int OUT_CHANNELS = 32; // of the whole tensor, padded to 8
layout (constant_id = 8) const int PLANES_0 = 8;      // planes of the first input; 0 ends the list
layout (constant_id = 9) const int PLANES_1 = 0;
layout (constant_id = 10) const int PLANES_2 = 0;

#ifndef OUT
#define OUT 32
#endif

layout (binding = 0) uniform samplerBuffer source;
layout (binding = 7) uniform samplerBuffer weights;
#include "store.glsl"

void
transform6 (in vec4 d0, in vec4 d1, in vec4 d2, in vec4 d3, in vec4 d4, in vec4 d5, out vec4 o0, out vec4 o1,
            out vec4 o2, out vec4 o3, out vec4 o4, out vec4 o5)
{
  o0 = 4.0 * d0 - 5.0 * d2 + d4;
  o1 = (d4 - 4.0 * d2) + (d3 - 4.0 * d1);
  o2 = (d4 - 4.0 * d2) - (d3 - 4.0 * d1);
  o3 = (d4 - d2) + 2.0 * (d3 - d1);
  o4 = (d4 - d2) - 2.0 * (d3 - d1);
  o5 = 4.0 * d1 - 5.0 * d3 + d5;
}

float m[OUT][36];

void
accumulate (View view, int planes, int weight_base, ivec2 block, uint lane)
{
  int col[6];
  int row[6];
  [[unroll]] for (int i = 0; i < 6; i++)
    {
      const int gx = boundary (BOUNDARY, block.x + i - 1, push.width);
      const int gy = boundary (BOUNDARY, block.y + i - 1, push.height);
      col[i] = gx == OUTSIDE ? OUTSIDE : gx - tile_origin (push.level).x;
      row[i] = gy == OUTSIDE ? OUTSIDE : view.base + (gy - tile_origin (push.level).y) * view.pitch;
    }

  [[dont_unroll]] for (int c = 0; c < planes; c++)
    {
      const int plane = c * view.plane;
      vec4 t[6][6];
      vec4 v[36];
      [[unroll]] for (int j = 0; j < 6; j++)
        {
          vec4 d[6];
          [[unroll]] for (int i = 0; i < 6; i++)
            d[i] = texelFetch (source, max (row[i] + col[j] + plane, 0));
          transform6 (d[0], d[1], d[2], d[3], d[4], d[5], t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]);
        }
      [[unroll]] for (int i = 0; i < 6; i++)
        transform6 (t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], v[i * 6], v[i * 6 + 1], v[i * 6 + 2],
                    v[i * 6 + 3], v[i * 6 + 4], v[i * 6 + 5]);

      const int w = weight_base + c * 36 * OUT_CHANNELS + int (lane);
      [[unroll]] for (int e = 0; e < 36; e++)
        [[unroll]] for (int h = 0; h < OUT; h += 8)
          {
            const vec4 q = texelFetch (weights, w + e * OUT_CHANNELS + h);
            [[unroll]] for (int k = 0; k < 8; k++)
              {
                const vec4 wk = subgroupShuffle (q, uint (k) + (gl_SubgroupInvocationID & ~7u));
                float z = m[h + k][e];
                z += v[e].x * wk.x;
                z += v[e].y * wk.y;
                z += v[e].z * wk.z;
                z += v[e].w * wk.w;
                m[h + k][e] = z;
              }
          }
    }
}

void
main ()
{
  const uint lane = gl_SubgroupInvocationID & 7u;
  const ivec2 origin = tile_origin (push.level);
  const int k0 = int (gl_GlobalInvocationID.z) * OUT;
  const ivec2 local = ivec2 (gl_GlobalInvocationID.xy) * 4;
  const ivec2 position = local + ivec2 (push.rx, push.ry); // relative to the tile
  // Blocks outside the picture repeat its last block, so that every fetch stays inside the tile's memory.
  const ivec2 last = (ivec2 (push.width, push.height) - 1) & ~3;
  const ivec2 block = clamp (position + origin, ivec2 (0), last);

  [[unroll]] for (int k = 0; k < OUT; k++)
    [[unroll]] for (int e = 0; e < 36; e++)
      m[k][e] = 0.0;

  int weight_base = push.a0 + k0;
  accumulate (push.src0, PLANES_0, weight_base, block, lane);
  if (PLANES_1 > 0)
    {
      weight_base += PLANES_0 * 36 * OUT_CHANNELS;
      accumulate (push.src1, PLANES_1, weight_base, block, lane);
    }
  if (PLANES_2 > 0)
    {
      weight_base += PLANES_1 * 36 * OUT_CHANNELS;
      accumulate (push.src2, PLANES_2, weight_base, block, lane);
    }

  [[unroll]] for (int k = 0; k < OUT; k += 4)
    {
      vec4 y[16];
      [[unroll]] for (int q = 0; q < 4; q++)
        {
          float u[4][6];
          [[unroll]] for (int j = 0; j < 6; j++)
            {
              const float m0 = m[k + q][j], m1 = m[k + q][6 + j], m2 = m[k + q][12 + j];
              const float m3 = m[k + q][18 + j], m4 = m[k + q][24 + j], m5 = m[k + q][30 + j];
              u[0][j] = m0 + m1 + m2 + m3 + m4;
              u[1][j] = (m1 - m2) + 2.0 * (m3 - m4);
              u[2][j] = (m1 + m2) + 4.0 * (m3 + m4);
              u[3][j] = (m1 - m2) + 8.0 * (m3 - m4) + m5;
            }
          [[unroll]] for (int i = 0; i < 4; i++)
            {
              y[i * 4][q] = u[i][0] + u[i][1] + u[i][2] + u[i][3] + u[i][4];
              y[i * 4 + 1][q] = (u[i][1] - u[i][2]) + 2.0 * (u[i][3] - u[i][4]);
              y[i * 4 + 2][q] = (u[i][1] + u[i][2]) + 4.0 * (u[i][3] + u[i][4]);
              y[i * 4 + 3][q] = (u[i][1] - u[i][2]) + 8.0 * (u[i][3] - u[i][4]) + u[i][5];
            }
        }

      const int plane = (k0 + k) / 4;
      const vec4 bias = texelFetch (weights, push.a1 + plane);
      const vec4 scale = HAS_POST != 0 ? texelFetch (weights, push.a2 + plane) : vec4 (1.0);
      const vec4 shift = HAS_POST != 0 ? texelFetch (weights, push.a3 + plane) : vec4 (0.0);
      [[unroll]] for (int i = 0; i < 4; i++)
        [[unroll]] for (int j = 0; j < 4; j++)
          {
            const ivec2 p = local + ivec2 (j, i);
            vec4 value = y[i * 4 + j] + bias;
            if (p.x < push.rw && p.y < push.rh)
              {
                if (HAS_BASE != 0)
                  value += texelFetch (source, push.src3.base + plane * push.src3.plane
                                                 + (position.y + i) * push.src3.pitch + position.x + j);
                value = activate (ACTIVATION, value, intBitsToFloat (push.a4));
                if (HAS_POST != 0)
                  value = value * scale + shift;
                store4 (push.dst.base + plane * push.dst.plane + (position.y + i) * push.dst.pitch + position.x + j,
                        value);
              }
          }
    }
}
