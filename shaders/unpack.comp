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
    value[i] = sane (word_at (first + i * CHANNELS + c));
  return value;
}

// Of any channel, and of pixels of any number.
vec4
integer_channel (int first, int c)
{
  vec4 value;

  [[unroll]] for (int i = 0; i < 4; i++)
    {
      const int bit = (i * CHANNELS + c) * BYTES * 8;
      value[i] = sample_of (word_at (first + (bit >> 5)), bit & 31);
    }
  return value;
}

vec4
any_channel (int first, int c)
{
  if (BYTES == 4)
    return float_channel (first, c);
  return integer_channel (first, c);
}

Pixels
any_colour (ivec2 at)
{
  if (BYTES < 4 && CHANNELS <= 4)
    return colour (at.y, at.x);

  const int first = word_of (at.y, at.x);
  return Pixels (any_channel (first, 0), any_channel (first, COLOURS == 3 ? 1 : 0),
                 any_channel (first, COLOURS == 3 ? 2 : 0));
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
  if (SELECT == PLANES_COLOUR)
    {
      const Pixels p = any_colour (at);
      store4 (to, p.a);
      store4 (to + push.dst.plane, p.b);
      store4 (to + 2 * push.dst.plane, p.c);
      return;
    }

  if (SELECT == PLANES_ALPHA)
    {
      store4 (to, push.a8 == 0 ? vec4 (1.0) : any_channel (word_of (at.y, at.x), CHANNELS - 1));
      return;
    }

  const int plane = z + push.a9;
  if (SELECT == PLANES_BANDS)
    {
      store4 (to, any_channel (word_of (at.y, at.x), min (plane, CHANNELS - 1)));
      return;
    }

  const Pixels p = any_colour (at);
  const vec4 grey = luma (p.a, p.b, p.c);
  if (SELECT == PLANES_LUMA)
    store4 (to, COLOURS == 3 ? grey : p.a);
  else
    store4 (to, COLOURS < 3 ? vec4 (0.5) : plane == 0 ? 0.5 + (p.c - grey) / 1.772 : 0.5 + (p.a - grey) / 1.402);
}
