#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One texel of one or two tensors: activation (x · scale + shift), or a binary operation. A plane stride of 0 spreads a
// one-channel tensor over the other.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int UNARY = 0;
const int ADD = 1;
const int SUB = 2;
const int MUL = 3;
const int DIV = 4;
const int MAX = 5;
const int MIN = 6;
const int EQUAL = 7;

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int OPERATION = 0;
layout (constant_id = 4) const int ACTIVATION = 0;

layout (binding = 0) uniform samplerBuffer left;
layout (binding = 1) uniform samplerBuffer right;
#include "store.glsl"

vec4
divide (vec4 a, vec4 b)
{
  return mix (a / b, vec4 (0.0), equal (b, vec4 (0.0)));
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const vec4 a = texelFetch (left, push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x);
  vec4 value;
  if (OPERATION == UNARY)
    {
      value = activate (ACTIVATION, a * intBitsToFloat (push.a0) + intBitsToFloat (push.a1), intBitsToFloat (push.a2));
      // The padding channels of a C4 tensor stay zero.
      if (push.a3 >= 0)
        value = mix (vec4 (0.0), value, lessThan (ivec4 (0, 1, 2, 3) + 4 * (z + push.a9), ivec4 (push.a3)));
    }
  else
    {
      const vec4 b = texelFetch (right, push.src1.base + z * push.src1.plane + at.y * push.src1.pitch + at.x);
      value = OPERATION == ADD   ? a + b
              : OPERATION == SUB ? a - b
              : OPERATION == MUL ? a * b
              : OPERATION == DIV ? divide (a, b)
              : OPERATION == MAX ? max_ordered4 (a, b)
              : OPERATION == MIN ? min_ordered4 (a, b)
                                 : vec4 (equal (a, b));
    }

  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
