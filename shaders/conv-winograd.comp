#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// 3×3 convolution by fused Winograd F(4×4, 3×3) (Lavin and Gray 2016): C4 in, C4 out. One invocation makes 4×4 pixels
// of OUTS channels. The grid is the whole picture's: blocks start at multiples of 4 of the global coordinates, so tiles
// do not change a bit. The lanes of a subgroup fetch neighbouring weights and pass them round by subgroupShuffle.
#extension GL_GOOGLE_include_directive : enable
#extension GL_KHR_shader_subgroup_basic : enable
#extension GL_KHR_shader_subgroup_shuffle : enable
#define SHUFFLE
#include "common.glsl"
#include "conv.glsl"

#ifndef OUTS
#define OUTS 32
#endif

layout (binding = 0) uniform samplerBuffer source;

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

float m[36 * OUTS];

void
accumulate (ivec2 block, int w)
{
  const ivec3 planes = (ivec3 (push.a5, push.a6, push.a7) + 3) / 4;
  const int image = batch_image ();
  int column[6];
  int row[6];
  [[unroll]] for (int i = 0; i < 6; i++)
    {
      const int gx = boundary_near (block.x + i - 1, push.width);
      const int gy = boundary_near (block.y + i - 1, push.height);
      column[i] = gx == OUTSIDE ? OUTSIDE : gx - tile_origin (push.level).x;
      row[i] = gy == OUTSIDE ? OUTSIDE : gy - tile_origin (push.level).y;
    }

  const View src0 = push.src0;
  const View src1 = push.src1;
  const View src2 = push.src2;

  [[dont_unroll]] for (int plane = 0; plane < planes.x + planes.y + planes.z; plane++)
    {
      View view = view_of_image (src0, push.a5, image);
      int start = view.base + plane * view.plane;
      if (plane >= planes.x)
        {
          view = view_of_image (src1, push.a6, image);
          start = view.base + (plane - planes.x) * view.plane;
        }
      if (plane >= planes.x + planes.y)
        {
          view = view_of_image (src2, push.a7, image);
          start = view.base + (plane - planes.x - planes.y) * view.plane;
        }

      vec4 t[6][6];
      vec4 v[36];
      [[unroll]] for (int j = 0; j < 6; j++)
        {
          vec4 d[6];
          [[unroll]] for (int i = 0; i < 6; i++)
            {
              const int offset = row[i] == OUTSIDE ? OUTSIDE : start + row[i] * view.pitch;
              d[i] = texelFetch (source, max (offset + column[j], 0));
            }
          transform6 (d[0], d[1], d[2], d[3], d[4], d[5], t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]);
        }
      [[unroll]] for (int i = 0; i < 6; i++)
        transform6 (t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], v[i * 6], v[i * 6 + 1], v[i * 6 + 2],
                    v[i * 6 + 3], v[i * 6 + 4], v[i * 6 + 5]);

      vec4 q;
      [[unroll]] for (int e = 0; e < 36; e++)
        [[unroll]] for (int k = 0; k < OUTS; k++)
          {
            const uint n = uint (e * OUTS + k);
            if (n % LANES == 0)
              q = FETCH (w, n);
            const vec4 weight = SPREAD (q, n);
            float s = m[n];
            s += v[e].x * weight.x;
            s += v[e].y * weight.y;
            s += v[e].z * weight.z;
            s += v[e].w * weight.w;
            m[n] = s;
          }
      w += 36 * OUTS;
    }
}

// The inverse transform of four channels, from `k`.
void
transform_back (int k, out vec4 y[16])
{
  [[unroll]] for (int q = 0; q < 4; q++)
    {
      float u[4][6];
      [[unroll]] for (int j = 0; j < 6; j++)
        {
          float a[6];
          [[unroll]] for (int i = 0; i < 6; i++)
            a[i] = m[(6 * i + j) * OUTS + k + q];
          u[0][j] = a[0] + a[1] + a[2] + a[3] + a[4];
          u[1][j] = (a[1] - a[2]) + 2.0 * (a[3] - a[4]);
          u[2][j] = (a[1] + a[2]) + 4.0 * (a[3] + a[4]);
          u[3][j] = (a[1] - a[2]) + 8.0 * (a[3] - a[4]) + a[5];
        }
      [[unroll]] for (int i = 0; i < 4; i++)
        {
          y[i * 4][q] = u[i][0] + u[i][1] + u[i][2] + u[i][3] + u[i][4];
          y[i * 4 + 1][q] = (u[i][1] - u[i][2]) + 2.0 * (u[i][3] - u[i][4]);
          y[i * 4 + 2][q] = (u[i][1] + u[i][2]) + 4.0 * (u[i][3] + u[i][4]);
          y[i * 4 + 3][q] = (u[i][1] - u[i][2]) + 8.0 * (u[i][3] - u[i][4]) + u[i][5];
        }
    }
}

// What did not help on lavapipe: a loop over the 16 pixels instead of their unrolled stores, or an index into m that
// keeps it in memory, to compile faster (13 s instead of 0.6 s with 8 outputs, and half the speed). Nor the same in three
// kernels through 6 MB of memory (transform, 36 matrix products, inverse; stores of 64 bits): code and sums then fit the
// caches, but the products are a third of the time (perf: 35 %, transform and its stores 49 %, inverse 16 %), since a
// float stored costs about ten instructions and waits for its line. On an EPYC with AVX2, busy, 64→32 at 512² took 180 to
// 220 ms of processor time instead of 211 to 230, IFANI at 400×300 10 to 20 % more than with this kernel.
void
main ()
{
  const ivec2 origin = tile_origin (push.level);
  // The groups of outputs run one after another over the same blocks, which the processor then still has in its cache.
  const int groups = (push.a8 + OUTS - 1) / OUTS;
  const int column = int (gl_WorkGroupID.x) / (BATCH != 0 ? 1 : groups);
  const int z = BATCH != 0 ? output_block () : int (gl_WorkGroupID.x) % groups;
  const ivec2 local = ivec2 (column * int (LOCAL_X) + int (gl_LocalInvocationID.x), int (gl_GlobalInvocationID.y)) * 4;
  const ivec2 position = local + rectangle_corner (); // relative to the tile
  // Blocks outside the picture repeat its last block, so that every fetch stays inside the tile's memory.
  const ivec2 last = (ivec2 (push.width, push.height) - 1) & ~3;
  const ivec2 block = clamp (position + origin, ivec2 (0), last);

  [[unroll]] for (int n = 0; n < 36 * OUTS; n++)
    m[n] = 0.0;
  accumulate (block, push.a0 + z * (push.a9 & 0xffff) * 36 * OUTS);

  // What the stores need is read here: lavapipe reads a push constant lane by lane each time it is met inside an if.
  const View dst = output_view ();
  const View before = base_view ();
  const int width = push.rw;
  const int height = push.rh;
  const int planes = push.a8 / 4; // the last group may have fewer than its share
  const float slope = intBitsToFloat (push.a4);

  [[unroll]] for (int k = 0; k < OUTS; k += 4)
    {
      const int plane = (z * OUTS + k) / 4;
      const vec4 bias = texelFetch (weights, push.a1 + plane);
      const vec4 scale = HAS_POST != 0 ? texelFetch (weights, push.a2 + plane) : vec4 (1.0);
      const vec4 shift = HAS_POST != 0 ? texelFetch (weights, push.a3 + plane) : vec4 (0.0);
      vec4 y[16];

      transform_back (k, y);
      [[unroll]] for (int i = 0; i < 16; i++)
        {
          const ivec2 p = local + ivec2 (i & 3, i >> 2);
          if (p.x < width && p.y < height && plane < planes)
            {
              const ivec2 at = position + ivec2 (i & 3, i >> 2);
              const int to = dst.base + plane * dst.plane + at.y * dst.pitch + at.x;
              vec4 value = y[i] + bias;
              if (BASE == BASE_TENSOR)
                value += texelFetch (source, before.base + plane * before.plane + at.y * before.pitch + at.x);
              if (BASE == BASE_OUTPUT)
                value += load4 (to);
              value = activate (ACTIVATION, value, slope);
              store4 (to, HAS_POST != 0 ? value * scale + shift : value);
            }
        }
    }
}
