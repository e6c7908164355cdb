// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writing one texel of a C4 tensor, or four neighbouring floats of a planar one. HALF is a specialization constant of
// the including kernel.

layout (std430, binding = 4) buffer Out4
{
  vec4 out4[];
};
layout (std430, binding = 4) buffer OutHalf
{
  uvec2 out_half[];
};

void
store4 (int index, vec4 value)
{
  if (HALF != 0)
    out_half[index] = uvec2 (packHalf2x16 (value.xy), packHalf2x16 (value.zw));
  else
    out4[index] = value;
}
