#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A reduction over all members of the set at once. MAX, SUM and MEAN are exactly symmetric: the sum rounds every term to
// one grid, fixed by the largest magnitude at this element, and adds integers. PICK and RUNNING_MEAN depend on the order
// and exist to show it.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int MAX = 0;
const int SUM = 1;
const int MEAN = 2;
const int PICK = 3;
const int RUNNING_MEAN = 4;

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int KIND = 0;

layout (binding = 0) uniform samplerBuffer source;
#include "store.glsl"

// 2^k for −126 ≤ k ≤ 127, exact
vec4
exp2i (ivec4 k)
{
  return intBitsToFloat ((clamp (k, ivec4 (-126), ivec4 (127)) + 127) << 23);
}

vec4
exact_sum (int from, int n, int stride, int bits)
{
  vec4 largest = vec4 (0.0);
  for (int k = 0; k < n; k++)
    largest = max (largest, abs (texelFetch (source, from + k * stride)));

  // The largest term becomes an integer of at most `bits` bits; at most 2^-90 is lost to the clamp of tiny values.
  const ivec4 exponent = ((floatBitsToInt (largest) >> 23) & 0xff) - 126;
  const ivec4 shift = clamp (ivec4 (bits) - exponent, ivec4 (-126), ivec4 (120));
  const vec4 scale = exp2i (shift);
  ivec4 sum = ivec4 (0);
  for (int k = 0; k < n; k++)
    sum += ivec4 (roundEven (texelFetch (source, from + k * stride) * scale));

  return vec4 (sum) * exp2i (-shift);
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int from = push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x;
  const int n = push.a0;
  const int stride = push.a1;
  vec4 value = texelFetch (source, KIND == PICK ? from + push.a2 * stride : from);
  if (KIND == MAX)
    for (int k = 1; k < n; k++)
      value = max_ordered4 (value, texelFetch (source, from + k * stride));
  else if (KIND == SUM)
    value = exact_sum (from, n, stride, push.a3);
  else if (KIND == MEAN)
    value = exact_sum (from, n, stride, push.a3) / float (n);
  else if (KIND == RUNNING_MEAN)
    for (int k = 1; k < n; k++)
      value += (texelFetch (source, from + k * stride) - value) / float (k + 1);

  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
