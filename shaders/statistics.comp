#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mean and variance, or the extremes, of every plane over the whole picture, in an order that is the picture's own: first
// each strip of a block of BLOCK × BLOCK pixels by itself, then the strips of a block, the blocks of a row, the rows, and
// for planar tensors the four lanes. Blocks lie on the picture's grid, so a tile makes the records of its own blocks and
// the last two stages run once all tiles have gone by. Sums are of differences from a sample of the strip, parts are put
// together by the rule of Chan, Golub and LeVeque (1979, eq. 2.1), so that a large mean takes nothing from a small
// variance. A record is three texels: the count, the mean and the sum of squared differences; or the largest and the
// smallest value.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int STRIPS = 0;
const int BLOCKS = 1;
const int ROWS = 2;
const int WHOLE = 3;

layout (constant_id = 2) const int STAGE = 0;
layout (constant_id = 3) const int PLANAR = 0;
layout (constant_id = 4) const int EXTREMES = 0;

const int BLOCK = 32; // pixels: mirrors OMNI_STATISTICS_BLOCK
const int N_STRIPS = 8;

layout (binding = 0) uniform samplerBuffer source;
layout (std430, binding = 4) buffer Records
{
  vec4 records[];
};

struct Record
{
  vec4 a, b, c; // count, mean, sum of squared differences; or maximum, minimum, nothing
};

Record
nothing ()
{
  if (EXTREMES != 0)
    return Record (vec4 (intBitsToFloat (0xff800000)), vec4 (intBitsToFloat (0x7f800000)), vec4 (0.0));
  return Record (vec4 (0.0), vec4 (0.0), vec4 (0.0));
}

Record
combine (Record one, Record other)
{
  if (EXTREMES != 0)
    return Record (max_ordered4 (one.a, other.a), min_ordered4 (one.b, other.b), vec4 (0.0));

  const vec4 n = one.a + other.a;
  const vec4 part = mix (other.a / n, vec4 (0.0), equal (n, vec4 (0.0)));
  const vec4 delta = other.b - one.b;
  return Record (n, one.b + delta * part, one.c + other.c + delta * delta * one.a * part);
}

// Which of the texel's lanes lie in the picture; `x` is its column in the tile.
bvec4
lanes_inside (int x)
{
  const int origin = tile_origin (push.level).x;
  return PLANAR != 0 ? lessThan (origin + 4 * x + ivec4 (0, 1, 2, 3), ivec4 (push.width))
                     : bvec4 (origin + x < push.width);
}

// One strip: the texel columns `first`, `first` + N_STRIPS … of `columns` in rows `top` … `bottom` − 1 of the tile.
Record
strip_record (int plane, int first, int columns, int top, int bottom)
{
  const int base = push.src0.base + plane * push.src0.plane;
  Record all = nothing ();
  vec4 pivot = vec4 (0.0);
  vec4 sum = vec4 (0.0);
  vec4 squares = vec4 (0.0);

  // The lanes past the picture's last column hold anything.
  if (EXTREMES == 0 && lanes_inside (first).x && top < bottom)
    {
      const vec4 sample0 = texelFetch (source, base + top * push.src0.pitch + first);
      pivot = mix (sample0.xxxx, sample0, lanes_inside (first));
    }
  for (int y = top; y < bottom; y++)
    for (int x = first; x < first + columns; x += N_STRIPS)
      {
        const bvec4 inside = lanes_inside (x);
        if (!inside.x)
          continue;

        const vec4 value = texelFetch (source, base + y * push.src0.pitch + x);
        if (EXTREMES != 0)
          {
            all.a = max_ordered4 (all.a, mix (all.a, value, inside));
            all.b = min_ordered4 (all.b, mix (all.b, value, inside));
          }
        else
          {
            const vec4 d = mix (vec4 (0.0), value - pivot, inside);
            all.a += vec4 (inside);
            sum += d;
            squares += d * d;
          }
      }
  if (EXTREMES == 0)
    {
      const vec4 off = mix (sum / all.a, vec4 (0.0), equal (all.a, vec4 (0.0)));
      all.b = pivot + off;
      all.c = max (squares - sum * off, vec4 (0.0));
    }
  return all;
}

Record
load (int record)
{
  return Record (records[3 * record], records[3 * record + 1], records[3 * record + 2]);
}

// `n` records in turn.
Record
combine_run (int first, int n)
{
  Record all = load (first);
  for (int i = 1; i < n; i++)
    all = combine (all, load (first + i));
  return all;
}

Record
lane (Record all, int i)
{
  return Record (vec4 (all.a[i]), vec4 (all.b[i]), vec4 (all.c[i]));
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const int y = texel.y + push.ry;
  const int columns = push.a4; // blocks of the picture
  const int rows = push.a5;
  const ivec2 first_block = tile_origin (push.level) / BLOCK;
  Record all;
  int to;

  if (STAGE == STRIPS)
    {
      const ivec2 block = ivec2 (texel.x / N_STRIPS, y);
      const int width = PLANAR != 0 ? BLOCK / 4 : BLOCK;
      const int top = block.y * BLOCK;
      all = strip_record (z, block.x * width + texel.x % N_STRIPS, width, top,
                          min (top + BLOCK, push.height - tile_origin (push.level).y));
      to = push.a0 + (z * push.a7 + y) * push.a6 + texel.x;
    }
  else if (STAGE == BLOCKS)
    {
      const ivec2 block = first_block + ivec2 (texel.x, y);
      if (block.x >= columns || block.y >= rows)
        return;
      all = combine_run (push.a0 + (z * push.a7 + y) * push.a6 + texel.x * N_STRIPS, N_STRIPS);
      to = push.a1 + (z * rows + block.y) * columns + block.x;
    }
  else if (STAGE == ROWS)
    {
      all = combine_run (push.a1 + (z * rows + y) * columns, columns);
      to = push.a2 + z * rows + y;
    }
  else
    {
      all = combine_run (push.a2 + z * rows, rows);
      if (PLANAR != 0)
        all = combine (combine (lane (all, 0), lane (all, 1)), combine (lane (all, 2), lane (all, 3)));
      to = push.a3 + z;
    }

  records[3 * to] = all.a;
  records[3 * to + 1] = all.b;
  records[3 * to + 2] = all.c;
}
