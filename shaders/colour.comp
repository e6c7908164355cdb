#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The papers' chroma rule, C = Σ C |C − ½| / Σ |C − ½|, in its two halves, luminance with chroma to R, G, B, and the
// luminance of these. z is the plane written.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

// The sums are on a grid, so the terms are of C − ½: what rounds away near grey then draws to grey and not to a tint.
const int TERMS = 0; // planes 0, 1: (C − ½) |C − ½|; planes 2, 3: |C − ½|
const int RATIO = 1;
const int MERGE = 2;
const int LUMA = 3;

layout (constant_id = 2) const int STAGE = 0;
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer first;
layout (binding = 1) uniform samplerBuffer second;
#include "store.glsl"

vec4
fetch0 (ivec2 at, int plane)
{
  return texelFetch (first, push.src0.base + plane * push.src0.plane + at.y * push.src0.pitch + at.x);
}

vec4
fetch1 (ivec2 at, int plane)
{
  return texelFetch (second, push.src1.base + plane * push.src1.plane + at.y * push.src1.pitch + at.x);
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z) + push.a9;
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  vec4 value;
  if (STAGE == TERMS)
    {
      const vec4 c = fetch0 (at, z & 1) - 0.5;
      const vec4 d = abs (c);
      value = z < 2 ? c * d : d;
    }
  else if (STAGE == RATIO)
    {
      const vec4 sum = fetch0 (at, z);
      const vec4 weight = fetch0 (at, z + 2);
      value = mix (0.5 + sum / weight, vec4 (0.5), equal (weight, vec4 (0.0)));
    }
  else if (STAGE == LUMA)
    {
      const vec4 r = fetch0 (at, 0);
      const vec4 g = fetch0 (at, 1);
      const vec4 b = fetch0 (at, 2);
      precise const vec4 y = 0.299 * r + 0.587 * g + 0.114 * b;
      value = y;
    }
  else
    {
      const vec4 luma = fetch0 (at, 0);
      const vec4 cb = fetch1 (at, 0) - 0.5;
      const vec4 cr = fetch1 (at, 1) - 0.5;
      value = z == 0   ? luma + 1.402 * cr
              : z == 1 ? luma - (0.114 * 1.772 / 0.587) * cb - (0.299 * 1.402 / 0.587) * cr
                       : luma + 1.772 * cb;
    }

  store4 (push.dst.base + int (gl_GlobalInvocationID.z) * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
