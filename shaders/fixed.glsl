// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fixed-point accumulators: integers add exactly, so the order of the sources cannot show. The sums so far are read
// through a texel view of the memory they are written to: an invocation meets no element but its own.

layout (binding = 3) uniform isamplerBuffer sums_before; // view push.src3
layout (std430, binding = 4) buffer Sums
{
  ivec4 sums[];
};

// `term` on the grid 1 / scale; terms beyond ±2^bits grid steps saturate.
ivec4
to_fixed (vec4 term, float scale, int bits)
{
  const float limit = float (1 << bits);
  return ivec4 (roundEven (clamp (term * scale, vec4 (-limit), vec4 (limit))));
}

// Adds `term` to the sum at `at` of plane `z`. The first source reads one and the same texel instead of memory that
// nothing was written to yet: on a software device a page read before it is written to is mapped twice.
void
accumulate (int z, ivec2 at, ivec4 term, bool first)
{
  const int from = push.src3.base + z * push.src3.plane + at.y * push.src3.pitch + at.x;
  const ivec4 before = texelFetch (sums_before, first ? 0 : from);
  sums[push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x] = first ? term : before + term;
}
