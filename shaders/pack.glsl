// SPDX-License-Identifier: GPL-3.0-or-later
//
// Interleaved samples, four pixels of OUT_CHANNELS planes at once. Integers are clamped to 0 … 1 and rounded half up;
// floats are written as they are. OUT_CHANNELS and STORE are specialization constants of the including kernel.

const int STORE_U8 = 0;
const int STORE_U16 = 1;

layout (std430, binding = 4) writeonly buffer OutWords
{
  uint words[];
};

float values[4 * OUT_CHANNELS]; // what pack() writes

uint
quantise (float x, float most)
{
  precise const float scaled = clamp (x, 0.0, 1.0) * most;
  return uint (floor (scaled + 0.5));
}

// Words that four pixels take.
int
packed_words ()
{
  return STORE == STORE_U8 ? OUT_CHANNELS : STORE == STORE_U16 ? 2 * OUT_CHANNELS : 4 * OUT_CHANNELS;
}

void
pack (int to)
{
  if (STORE == STORE_U8)
    {
      for (int w = 0; w < OUT_CHANNELS; w++)
        words[to + w] = quantise (values[4 * w], 255.0) | quantise (values[4 * w + 1], 255.0) << 8
                        | quantise (values[4 * w + 2], 255.0) << 16 | quantise (values[4 * w + 3], 255.0) << 24;
    }
  else if (STORE == STORE_U16)
    {
      for (int w = 0; w < 2 * OUT_CHANNELS; w++)
        words[to + w] = quantise (values[2 * w], 65535.0) | quantise (values[2 * w + 1], 65535.0) << 16;
    }
  else
    {
      for (int w = 0; w < 4 * OUT_CHANNELS; w++)
        words[to + w] = floatBitsToUint (values[w]);
    }
}
