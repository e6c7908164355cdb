#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Interleaved samples of one source to planes of floats, four pixels at once.
#extension GL_GOOGLE_include_directive : enable
#define SAMPLES
#include "common.glsl"
#include "picture.glsl"

const int HALF = 0;
#include "store.glsl"

// NaN reads as 0, infinities as the largest half float, −0 as 0: nothing after this kernel meets them.
float
sane (uint bits)
{
  const uint magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u || magnitude == 0u)
    return 0.0;
  if (magnitude == 0x7f800000u)
    return (bits >> 31) != 0u ? -65504.0 : 65504.0;
  return uintBitsToFloat (bits);
}

vec4
float_channel (int first, int c)
{
  vec4 value;

  [[unroll]] for (int i = 0; i < 4; i++)
    value[i] = sane (texelFetch (source, first + i * CHANNELS + c).x);
  return value;
}

Pixels
float_colour (int first)
{
  return Pixels (float_channel (first, 0), float_channel (first, COLOURS == 3 ? 1 : 0),
                 float_channel (first, COLOURS == 3 ? 2 : 0));
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  const int first = word_of (at.y, at.x);
  if (SELECT == PLANES_COLOUR)
    {
      const Pixels p = BYTES == 4 ? float_colour (first) : colour (at.y, at.x);
      store4 (to, p.a);
      store4 (to + push.dst.plane, p.b);
      store4 (to + 2 * push.dst.plane, p.c);
      return;
    }

  if (SELECT == PLANES_ALPHA)
    {
      const int last = CHANNELS - 1;
      store4 (to, push.a8 == 0 ? vec4 (1.0) : BYTES == 4 ? float_channel (first, last) : channel (first, last));
      return;
    }

  const int plane = z + push.a9;
  if (SELECT == PLANES_BANDS)
    {
      const int c = min (plane, CHANNELS - 1);
      store4 (to, BYTES == 4 ? float_channel (first, c) : channel (first, c));
      return;
    }

  const Pixels p = BYTES == 4 ? float_colour (first) : colour (at.y, at.x);
  const vec4 grey = luma (p.a, p.b, p.c);
  if (SELECT == PLANES_LUMA)
    store4 (to, COLOURS == 3 ? grey : p.a);
  else
    store4 (to, COLOURS < 3 ? vec4 (0.5) : plane == 0 ? 0.5 + (p.c - grey) / 1.772 : 0.5 + (p.a - grey) / 1.402);
}
