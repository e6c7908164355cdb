// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading four neighbouring pixels of a picture: one plane of floats, or (SAMPLES) all planes from the interleaved samples
// of a source as they were uploaded. Then all sources are of one format, four pixels start at a whole word and sixteen at
// a whole texel. Beyond the right edge a source goes on with its last pixel. What is `precise` has the same bits either way.

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
layout (binding = 0) uniform usamplerBuffer source; // four words to a texel, which costs no more than one word

const bool WHOLE = SELECT == PLANES_COLOUR; // three planes at once
const int UNIT = BYTES * CHANNELS;          // words of four pixels
const int GRAIN = UNIT % 4 == 0 ? 4 : UNIT % 2 == 0 ? 2 : 1;  // where four pixels start is a multiple of this …
const int GRAIN8 = UNIT % 2 == 0 ? 4 : 2;                     // … and eight, at an even texel

// Words of a source in a row, from one that the reader named.
struct Words
{
  uint w[24];
};

void
put_texel (inout Words words, int k, uvec4 texel)
{
  [[unroll]] for (int i = 0; i < 4; i++)
    words.w[4 * k + i] = texel[i];
}

// `n` words from word `first`, a multiple of `grain`; both constant. What is read beyond counts for nothing.
Words
words_from (int first, int n, int grain)
{
  const int texel = first >> 2;
  const int reach = n + 4 - grain;
  Words words;

  [[unroll]] for (int k = 0; k < 6; k++)
    put_texel (words, k, 4 * k < reach ? texelFetch (source, texel + k) : uvec4 (0u));
  if (grain < 4)
    [[unroll]] for (int i = 0; i < 22; i++)
      words.w[i] = (first & 2) != 0 ? words.w[i + 2] : words.w[i];
  if (grain < 2)
    [[unroll]] for (int i = 0; i < 23; i++)
      words.w[i] = (first & 1) != 0 ? words.w[i + 1] : words.w[i];
  return words;
}

// The first of the two products is exact, and their sum has the bits of the quotient by 255 or 65535 for every sample;
// half as dear as the division. `precise`, or a compiler factors x out.
float
sample_of (uint word, int shift)
{
  const float x = float (int ((word >> shift) & (BYTES == 1 ? 0xffu : 0xffffu)));
  precise const float value = x * (BYTES == 1 ? 1.0 / 256.0 : 1.0 / 65536.0)
                              + x * (BYTES == 1 ? 1.53186284e-05 : 2.32834196e-10);
  return value;
}

// Integer sample `s` of the words, a constant.
float
sample_at (Words words, int s)
{
  const int bit = s * BYTES * 8;
  return sample_of (words.w[min (bit >> 5, 23)], bit & 31);
}

vec4
channel (Words words, int s)
{
  return vec4 (sample_at (words, s), sample_at (words, s + CHANNELS), sample_at (words, s + 2 * CHANNELS),
               sample_at (words, s + 3 * CHANNELS));
}

// Four pixels, the first of which starts with sample `s`.
Pixels
colour_of (Words words, int s)
{
  return Pixels (channel (words, s), channel (words, s + (COLOURS == 3 ? 1 : 0)),
                 channel (words, s + (COLOURS == 3 ? 2 : 0)));
}

// All planes there are.
Pixels
pixels_of (Words words, int s)
{
  Pixels p = colour_of (words, s);
  if (SELECT == PLANES_LUMA && COLOURS == 3)
    p.a = luma (p.a, p.b, p.c);
  return p;
}

// Words or texels from the bound source to the one that is read, for kernels that meet several.
int member = 0;

// Row `y` and four pixels `texel` relative to the tile, at word …
int
word_of (int y, int texel)
{
  return push.src0.base + member + y * push.src0.pitch + texel * UNIT;
}

// One word, wherever it is.
uint
word_at (int word)
{
  return texelFetch (source, word >> 2)[word & 3];
}

Pixels
colour (int y, int texel)
{
  return colour_of (words_from (word_of (y, texel), UNIT, GRAIN), 0);
}

// Around eight pixels: the words of two before them and of one behind, and the sample that they begin with.
const int LEAD = (CHANNELS * BYTES * 2 + 4 * GRAIN8 - 1) / (4 * GRAIN8) * GRAIN8;
const int SPAN = LEAD + (CHANNELS * BYTES * 9 + 3) / 4;
const int LEAD_SAMPLES = LEAD * 4 / BYTES - 2 * CHANNELS;

float
sample_in (Words words, int c, int k)
{
  return sample_at (words, LEAD_SAMPLES + k * CHANNELS + c);
}

vec4
four_in (Words words, int c, int k)
{
  return vec4 (sample_in (words, c, k), sample_in (words, c, k + 1), sample_in (words, c, k + 2),
               sample_in (words, c, k + 3));
}

// Pixels −2 … 1, 2 … 5 and 6 … 8 of channel `c`, from the first of eight. No loop: where spirv-opt unrolls one, it
// forgets what is `precise`.
Pixels
channel_in (Words words, int c)
{
  return Pixels (four_in (words, c, 0), four_in (words, c, 4),
                 vec4 (sample_in (words, c, 8), sample_in (words, c, 9), sample_in (words, c, 10), 0.0));
}

// `z` is 0.
Pixels
pixels (int z, int y, int texel)
{
  return pixels_of (words_from (word_of (y, texel), UNIT, GRAIN), 0);
}

// Two texels side by side, the first of them even.
void
pixels_pair (int y, int texel, out Pixels left, out Pixels right)
{
  const Words words = words_from (word_of (y, texel), 2 * UNIT, GRAIN8);
  left = pixels_of (words, 0);
  right = pixels_of (words, 4 * CHANNELS);
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
