// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading four neighbouring pixels of a picture, from planes of floats or (SAMPLES) from the interleaved samples of a
// source as they were uploaded. Then all sources are of one format, and four pixels start at a whole word. Beyond the
// right edge a source goes on with its last pixel.

const int PLANES_LUMA = 0;
const int PLANES_CHROMA = 1;
const int PLANES_COLOUR = 2;
const int PLANES_BANDS = 3;

layout (constant_id = 2) const int BYTES = 1;      // of a sample
layout (constant_id = 3) const int CHANNELS = 3;   // of a pixel
layout (constant_id = 4) const int COLOURS = 3;    // of these: 1 or 3 when they are grey or colour
layout (constant_id = 5) const int SELECT = 2;     // PLANES_*
layout (constant_id = 6) const int PLANES = 1;     // read at once: 1, or all 3

#ifdef SAMPLES
layout (binding = 0) uniform usamplerBuffer source;
#else
layout (binding = 0) uniform samplerBuffer source;
#endif

// Four pixels of one plane, or of three.
struct Pixels
{
  vec4 a, b, c;
};

Pixels
add (Pixels x, Pixels y)
{
  return PLANES == 3 ? Pixels (x.a + y.a, x.b + y.b, x.c + y.c) : Pixels (x.a + y.a, vec4 (0.0), vec4 (0.0));
}

Pixels
scale (Pixels x, float s)
{
  return PLANES == 3 ? Pixels (x.a * s, x.b * s, x.c * s) : Pixels (x.a * s, vec4 (0.0), vec4 (0.0));
}

#ifdef SAMPLES
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

// Sample `s` counted from the one at word `first`. The first of the two products is exact, and their sum has the bits of
// the quotient by 255 or 65535 for every sample; half as dear as the division. `precise`, or a compiler factors x out.
float
sample_at (int first, int s)
{
  if (BYTES == 1)
    {
      const float x = float (int ((texelFetch (source, first + (s >> 2)).x >> ((s & 3) * 8)) & 0xffu));
      precise const float value = x * (1.0 / 256.0) + x * 1.53186284e-05;
      return value;
    }
  if (BYTES == 2)
    {
      const float x = float (int ((texelFetch (source, first + (s >> 1)).x >> ((s & 1) * 16)) & 0xffffu));
      precise const float value = x * (1.0 / 65536.0) + x * 2.32834196e-10;
      return value;
    }
  return sane (texelFetch (source, first + s).x);
}

vec4
channel (int first, int c)
{
  return vec4 (sample_at (first, c), sample_at (first, CHANNELS + c), sample_at (first, 2 * CHANNELS + c),
               sample_at (first, 3 * CHANNELS + c));
}

vec4
luma (vec4 r, vec4 g, vec4 b)
{
  precise const vec4 value = 0.299 * r + 0.587 * g + 0.114 * b;
  return value;
}
#endif

// Row `y` and four pixels `texel` relative to the tile; plane `z`, or all three from it on.
Pixels
pixels (int z, int y, int texel)
{
#ifdef SAMPLES
  const int first = push.src0.base + y * push.src0.pitch + texel * (BYTES * CHANNELS);
  z += push.a9;
  if (SELECT == PLANES_BANDS)
    return Pixels (channel (first, min (z, CHANNELS - 1)), vec4 (0.0), vec4 (0.0));
  if (COLOURS < 3)
    {
      const vec4 grey = SELECT == PLANES_CHROMA ? vec4 (0.5) : channel (first, 0);
      return Pixels (grey, grey, grey);
    }

  const vec4 r = channel (first, 0);
  const vec4 g = channel (first, 1);
  const vec4 b = channel (first, 2);
  if (SELECT == PLANES_LUMA)
    return Pixels (luma (r, g, b), vec4 (0.0), vec4 (0.0));
  if (SELECT == PLANES_CHROMA)
    return Pixels (z == 0 ? 0.5 + (b - luma (r, g, b)) / 1.772 : 0.5 + (r - luma (r, g, b)) / 1.402, vec4 (0.0),
                   vec4 (0.0));
  return PLANES == 3 ? Pixels (r, g, b) : Pixels (z == 0 ? r : z == 1 ? g : b, vec4 (0.0), vec4 (0.0));
#else
  const int at = push.src0.base + z * push.src0.plane + y * push.src0.pitch + texel;
  if (PLANES == 3)
    return Pixels (texelFetch (source, at), texelFetch (source, at + push.src0.plane),
                   texelFetch (source, at + 2 * push.src0.plane));
  return Pixels (texelFetch (source, at), vec4 (0.0), vec4 (0.0));
#endif
}
