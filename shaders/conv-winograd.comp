#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// 3×3 convolution by fused Winograd F(4×4, 3×3) (Lavin and Gray 2016): C4 in, C4 out. One invocation makes TILES blocks
// of 4×4 pixels, side by side, of OUTS channels. A dilation of d sees d×d pictures, of every d-th pixel each, so blocks are
// of every d-th pixel, too, and d×d of them make a square. The grid is the whole picture's: squares start at multiples of
// 4d of the global coordinates, and no block sees its neighbour's sums, so neither tiles nor TILES change a bit. The lanes
// of a subgroup fetch neighbouring weights and pass them round by subgroupShuffle.
#extension GL_GOOGLE_include_directive : enable
#extension GL_KHR_shader_subgroup_basic : enable
#extension GL_KHR_shader_subgroup_shuffle : enable
#define SHUFFLE
#include "common.glsl"
#include "conv.glsl"

#ifndef OUTS
#define OUTS 32
#endif
#ifndef TILES
#define TILES 1
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

float m[36 * OUTS * TILES];

// The coordinate that stands for `i`, or OUTSIDE. What no pixel of the picture sees is the last that one does, which is in
// the tile's memory.
int
seen (int i, int n, int dilation)
{
  return boundary_near (BOUNDARY == BOUNDARY_OPEN ? i : clamp (i, -dilation, n - 1 + dilation), n);
}

void
accumulate (ivec2 block, int dilation, int w)
{
  const int inputs2 = push.a7 & 0xffff;
  const ivec3 planes = (ivec3 (push.a5, push.a6, inputs2) + 3) / 4;
  const int image = batch_image ();
  int column[4 * TILES + 2];
  int row[6];
  [[unroll]] for (int i = 0; i < 4 * TILES + 2; i++)
    {
      const int gx = seen (block.x + (i - 1) * dilation, push.width, dilation);
      column[i] = gx == OUTSIDE ? OUTSIDE : gx - tile_origin (push.level).x;
    }
  [[unroll]] for (int i = 0; i < 6; i++)
    {
      const int gy = seen (block.y + (i - 1) * dilation, push.height, dilation);
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
          view = view_of_image (src2, inputs2, image);
          start = view.base + (plane - planes.x - planes.y) * view.plane;
        }

      vec4 t[6][4 * TILES + 2];
      vec4 v[TILES][36];
      [[unroll]] for (int j = 0; j < 4 * TILES + 2; j++)
        {
          vec4 d[6];
          [[unroll]] for (int i = 0; i < 6; i++)
            {
              const int offset = row[i] == OUTSIDE ? OUTSIDE : start + row[i] * view.pitch;
              d[i] = texelFetch (source, max (offset + column[j], 0));
            }
          transform6 (d[0], d[1], d[2], d[3], d[4], d[5], t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]);
        }
      [[unroll]] for (int b = 0; b < TILES; b++)
        [[unroll]] for (int i = 0; i < 6; i++)
          transform6 (t[i][4 * b], t[i][4 * b + 1], t[i][4 * b + 2], t[i][4 * b + 3], t[i][4 * b + 4], t[i][4 * b + 5],
                      v[b][i * 6], v[b][i * 6 + 1], v[b][i * 6 + 2], v[b][i * 6 + 3], v[b][i * 6 + 4],
                      v[b][i * 6 + 5]);

      vec4 q;
      [[unroll]] for (int e = 0; e < 36; e++)
        [[unroll]] for (int k = 0; k < OUTS; k++)
          {
            const uint n = uint (e * OUTS + k);
            if (n % LANES == 0)
              q = FETCH (w, n);
            const vec4 weight = SPREAD (q, n);
            [[unroll]] for (int b = 0; b < TILES; b++)
              {
                float s = m[n * TILES + b];
                s += v[b][e].x * weight.x;
                s += v[b][e].y * weight.y;
                s += v[b][e].z * weight.z;
                s += v[b][e].w * weight.w;
                m[n * TILES + b] = s;
              }
          }
      w += 36 * OUTS;
    }
}

// The inverse transform of four channels, from `k`.
void
transform_back (int k, int b, out vec4 y[16])
{
  [[unroll]] for (int q = 0; q < 4; q++)
    {
      float u[4][6];
      [[unroll]] for (int j = 0; j < 6; j++)
        {
          float a[6];
          [[unroll]] for (int i = 0; i < 6; i++)
            a[i] = m[((6 * i + j) * OUTS + k + q) * TILES + b];
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

// On lavapipe the time goes by instructions, some 7 for each product of 8 lanes: there is no fused multiply-add (Mesa
// lowers it to mul and add), passing a weight round takes two unless it is lane 0's or 4's, a fetch of 32 floats takes
// 50 in a function of its own (a quarter of the samples), the sums lie in memory and are blended with the loop's mask.
// Hence TILES: with two, one weight serves both. CPU ms of 64→32 at 512² (EPYC 7003 with AVX2, busy, least of 13 in
// turn): 206 with 16 outputs, 195 with 32, 164 with 16 of two blocks; and to compile, once: 3, 7 and 8 s.
//
// What did not help there: 8 outputs of two blocks or four (1.14 and 1.3 times 16 of two), and the sums of two or four
// outputs kept in registers over a plane (1.00 times: LLVM orders them as before); fetching rows before columns (1.08
// times). Weights as uniform or storage buffer: Mesa 22.3 makes a scalar load only outside of loops, with a branch
// each; inside, gathers. Shared memory likewise. F(6×6), not tried, has 21 % fewer products, but F(4×4) uses up half
// of what error is allowed. Images for the stores: a loop over lanes for each channel, where a buffer has one for all
// four. A loop over the 16 pixels instead of their unrolled stores, or an index into m that keeps it in memory, to
// compile faster (13 s instead of 0.6 s with 8 outputs, and half the speed). Nor the same in three kernels through 6
// MB of memory (transform, 36 matrix products, inverse; stores of 64 bits): code and sums then fit the caches, but the
// products are a third of the time (perf: 35 %, transform and its stores 49 %, inverse 16 %), since a float stored
// costs about ten instructions and waits for its line: 180 to 220 ms of processor time when 16 outputs took 211 to
// 230, IFANI at 400×300 10 to 20 % more.
void
main ()
{
  const ivec2 origin = tile_origin (push.level);
  // The groups of outputs run one after another over the same blocks, which the processor then still has in its cache.
  const int groups = (push.a8 + OUTS - 1) / OUTS;
  const int column = int (gl_WorkGroupID.x) / (BATCH != 0 ? 1 : groups);
  const int z = BATCH != 0 ? output_block () : int (gl_WorkGroupID.x) % groups;
  const int dilation = max (push.a7 >> 16, 1);
  const ivec2 index = ivec2 (column * int (LOCAL_X) + int (gl_LocalInvocationID.x), int (gl_GlobalInvocationID.y));
  const ivec2 side = ivec2 (4 * TILES, 4) * dilation;
  const ivec2 square = index / dilation;
  const ivec2 phase = index - square * dilation;
  const ivec2 local = square * side + phase;          // of the first pixel, relative to the rectangle,
  const ivec2 position = local + rectangle_corner (); // and to the tile
  // Squares beyond the rectangle repeat its last one, so that every fetch stays inside the tile's memory.
  const ivec2 nearest = min (square, (ivec2 (push.rw, push.rh) - 1) / side);
  const ivec2 block = nearest * side + phase + rectangle_corner () + origin;

  [[unroll]] for (int n = 0; n < 36 * OUTS * TILES; n++)
    m[n] = 0.0;
  accumulate (block, dilation, push.a0 + z * (push.a9 & 0xffff) * 36 * OUTS);

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

      [[unroll]] for (int b = 0; b < TILES; b++)
        {
          vec4 y[16];

          transform_back (k, b, y);
          [[unroll]] for (int i = 0; i < 16; i++)
            {
              const ivec2 within = ivec2 (4 * b + (i & 3), i >> 2) * dilation;
              const ivec2 p = local + within;
              if (p.x < width && p.y < height && plane < planes)
                {
                  const ivec2 at = position + within;
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
}
