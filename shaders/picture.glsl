// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading four neighbouring pixels of a picture: one plane of floats, or (SAMPLES) all planes from the interleaved samples
// of a source as they were uploaded. Then all sources are of one format, and four pixels start at a whole word. Beyond
// the right edge a source goes on with its last pixel. What is `precise` has the same bits either way.

const int PLANES_LUMA = 0;
const int PLANES_CHROMA = 1;
const int PLANES_COLOUR = 2;
const int PLANES_BANDS = 3;
const int PLANES_ALPHA = 4;

layout (constant_id = 2) const int BYTES = 1;    // of a sample
layout (constant_id = 3) const int CHANNELS = 3; // of a pixel
layout (constant_id = 4) const int COLOURS = 3;  // of these: 1 or 3, for grey or colour
layout (constant_id = 5) const int SELECT = 2;   // PLANES_*

// Four pixels of one plane, or of three.
struct Pixels
{
  vec4 a, b, c;
};

vec4
luma (vec4 r, vec4 g, vec4 b)
{
  precise const vec4 value = 0.299 * r + 0.587 * g + 0.114 * b;
  return value;
}

#ifdef SAMPLES
layout (binding = 0) uniform usamplerBuffer source;

const bool WHOLE = SELECT == PLANES_COLOUR; // three planes at once

// Integer sample `s` counted from the one at word `first`. The first of the two products is exact, and their sum has the
// bits of the quotient by 255 or 65535 for every sample; half as dear as the division. `precise`, or a compiler factors x
// out.
float
sample_at (int first, int s)
{
  const int bit = s * BYTES * 8;
  const uint word = texelFetch (source, first + (bit >> 5)).x;
  const float x = float (int ((word >> (bit & 31)) & (BYTES == 1 ? 0xffu : 0xffffu)));
  precise const float value = x * (BYTES == 1 ? 1.0 / 256.0 : 1.0 / 65536.0)
                              + x * (BYTES == 1 ? 1.53186284e-05 : 2.32834196e-10);
  return value;
}

vec4
channel (int first, int c)
{
  return vec4 (sample_at (first, c), sample_at (first, CHANNELS + c), sample_at (first, 2 * CHANNELS + c),
               sample_at (first, 3 * CHANNELS + c));
}

// Words or texels from the bound source to the one that is read, for kernels that meet several.
int member = 0;

// Row `y` and four pixels `texel` relative to the tile, at word …
int
word_of (int y, int texel)
{
  return push.src0.base + member + y * push.src0.pitch + texel * (BYTES * CHANNELS);
}

Pixels
colour (int y, int texel)
{
  const int first = word_of (y, texel);
  return Pixels (channel (first, 0), channel (first, COLOURS == 3 ? 1 : 0), channel (first, COLOURS == 3 ? 2 : 0));
}

// All planes there are; `z` is 0.
Pixels
pixels (int z, int y, int texel)
{
  Pixels p = colour (y, texel);
  if (SELECT == PLANES_LUMA && COLOURS == 3)
    p.a = luma (p.a, p.b, p.c);
  return p;
}
#else
layout (binding = 0) uniform samplerBuffer source;

const bool WHOLE = false;

// Texels from the bound source to the one that is read, for kernels that meet several.
int member = 0;

// Plane `z` only.
Pixels
pixels (int z, int y, int texel)
{
  const vec4 value = texelFetch (source, push.src0.base + member + z * push.src0.plane + y * push.src0.pitch + texel);
  return Pixels (value, value, value);
}

Pixels
colour (int y, int texel)
{
  return Pixels (pixels (0, y, texel).a, pixels (1, y, texel).a, pixels (2, y, texel).a);
}
#endif
