// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fixed-point accumulators: integers add exactly, so the order of the sources cannot show.

layout (std430, binding = 4) buffer Sums
{
  ivec4 sums[];
};

// Adds `term` on the grid 1 / scale; terms beyond ±2^bits grid steps saturate.
void
accumulate_fixed (int index, vec4 term, float scale, int bits, bool first)
{
  const float limit = float (1 << bits);
  const ivec4 rounded = ivec4 (roundEven (clamp (term * scale, vec4 (-limit), vec4 (limit))));
  sums[index] = first ? rounded : sums[index] + rounded;
}
