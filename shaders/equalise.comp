#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Contrast-limited adaptive histogram equalisation of one plane of 8-bit levels (Zuiderveld 1994), with the arithmetic of
// OpenCV's CLAHE: the picture, continued by reflection to whole cells, is cut into CELLS × CELLS, each with a histogram,
// clipped, and a table; a pixel takes the bilinear mixture of four tables. Counts are whole numbers, so no order shows.
//
// Or, with one cell, another histogram is matched: omni_graph_match_levels().
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int CLEAR = 0;
const int COUNT = 1;
const int TABLES = 2;
const int APPLY = 3;
const int MATCH = 4;
const int LEVELS = 256;

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int STAGE = 0;
layout (constant_id = 4) const int CELLS = 8;

layout (binding = 0) uniform samplerBuffer source;
layout (binding = 1) uniform samplerBuffer tables; // four levels to a texel
layout (binding = 7) uniform samplerBuffer weights; // of every level twice the sum to match: high 16 bits, then low ones
layout (std430, binding = 4) buffer Words
{
  vec4 out4[];
};
layout (std430, binding = 4) buffer Counts
{
  uint words[]; // counts from push.a0 on, tables as floats from push.a1
};

// The sides of a cell: all of the picture, or more of it where it cannot be cut evenly.
ivec2
cell_size ()
{
  const ivec2 size = ivec2 (push.width, push.height);
  return size % CELLS == ivec2 (0) ? size / CELLS : (size + CELLS - size % CELLS) / CELLS;
}

int
level_of (float x)
{
  return clamp (int (floor (x * 255.0 + 0.5)), 0, LEVELS - 1);
}

// The `i`th place of the continued picture along one axis at which pixel x of n is seen, x itself being the 0th; −1 where
// it is seen elsewhere.
int
place (int x, int n, int i)
{
  const int p = n + i - 1;
  if (i == 0)
    return x;
  return boundary (BOUNDARY_REFLECT, p, n) == x ? p : -1;
}

void
count (ivec2 at, int level)
{
  const ivec2 cell = cell_size ();
  const ivec2 more = cell * CELLS - ivec2 (push.width, push.height);
  for (int j = 0; j <= more.y; j++)
    {
      const int y = place (at.y, push.height, j);
      for (int i = 0; y >= 0 && i <= more.x; i++)
        {
          const int x = place (at.x, push.width, i);
          if (x >= 0)
            atomicAdd (words[push.a0 + ((y / cell.y) * CELLS + x / cell.x) * LEVELS + level], 1u);
        }
    }
}

void
make_table (int index)
{
  const ivec2 cell = cell_size ();
  const int area = cell.x * cell.y;
  const int first = push.a0 + index * LEVELS;
  const int limit = max (int (intBitsToFloat (push.a2) * float (area) / float (LEVELS)), 1);
  int excess = 0;

  for (int i = 0; i < LEVELS; i++)
    {
      const int n = int (words[first + i]);
      excess += max (n - limit, 0);
      words[first + i] = uint (min (n, limit));
    }

  const int each = excess / LEVELS;
  const int rest = excess - each * LEVELS;
  const int stride = max (LEVELS / max (rest, 1), 1);
  const float scale = 255.0 / float (area);
  int sum = 0;
  for (int i = 0; i < LEVELS; i++)
    {
      sum += int (words[first + i]) + each + (i % stride == 0 && i / stride < rest ? 1 : 0);
      words[push.a1 + index * LEVELS + i] = floatBitsToUint (clamp (roundEven (float (sum) * scale), 0.0, 255.0));
    }
}

uint
limit_of (int level)
{
  const float high = texelFetch (weights, push.a3 + (level >> 2))[level & 3];
  const float low = texelFetch (weights, push.a3 + ((LEVELS + level) >> 2))[level & 3];
  return uint (high) << 16 | uint (low);
}

// Sums are counted twice, so that half a count is a whole number. They never become less from level to level.
void
make_matching_table ()
{
  uint below = 0u;
  int m = 0;

  for (int i = 0; i < LEVELS; i++)
    {
      const uint n = words[push.a0 + i];
      const uint less = i == 0 || i == LEVELS - 1 ? 0u : n;
      const uint twice = 2u * (below + n) - less;
      while (m < LEVELS - 1 && limit_of (m) < twice)
        m++;
      words[push.a1 + i] = floatBitsToUint (float (m));
      below += n;
    }
}

float
look_up (ivec2 cell, int level)
{
  const int index = push.src1.base * 4 + (cell.y * CELLS + cell.x) * LEVELS + level;
  return texelFetch (tables, index >> 2)[index & 3];
}

float
equalised (ivec2 at, int level)
{
  const vec2 place = vec2 (at) * (vec2 (1.0) / vec2 (cell_size ())) - 0.5;
  const vec2 low = floor (place);
  const vec2 part = place - low;
  const ivec2 a = max (ivec2 (low), ivec2 (0));
  const ivec2 b = min (ivec2 (low) + 1, ivec2 (CELLS - 1));
  precise const float top = look_up (a, level) * (1.0 - part.x) + look_up (ivec2 (b.x, a.y), level) * part.x;
  precise const float bottom = look_up (ivec2 (a.x, b.y), level) * (1.0 - part.x) + look_up (b, level) * part.x;
  precise const float value = top * (1.0 - part.y) + bottom * part.y;
  return clamp (roundEven (value), 0.0, 255.0) / 255.0;
}

void
main ()
{
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  if (STAGE == CLEAR)
    {
      // once for all tiles
      if (tile.origin == ivec2 (0))
        words[push.a0 + texel.x] = 0u;
      return;
    }
  if (STAGE == TABLES)
    {
      make_table (texel.x);
      return;
    }

  if (STAGE == MATCH)
    {
      make_matching_table ();
      return;
    }

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 pixel = ivec2 (4 * at.x, at.y) + tile_origin (push.level);
  const vec4 values = texelFetch (source, push.src0.base + at.y * push.src0.pitch + at.x);
  vec4 made = vec4 (0.0);
  for (int i = 0; i < 4; i++)
    {
      const ivec2 p = pixel + ivec2 (i, 0);
      const bool inside = all (greaterThanEqual (p, ivec2 (0))) && p.x < push.width && p.y < push.height;
      if (STAGE == COUNT && inside)
        count (p, level_of (values[i]));
      if (STAGE == APPLY && inside)
        made[i] = equalised (p, level_of (values[i]));
    }
  if (STAGE == APPLY)
    out4[push.dst.base + at.y * push.dst.pitch + at.x] = made;
}
