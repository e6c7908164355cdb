#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is seen of one or two pictures in a rectangle of the screen: resampled, brought to a common range, windowed, coloured,
// wiped or subtracted. All in integers, as in app/view/frame-render.c, which makes the same pixels.

layout (constant_id = 0) const uint LOCAL_X = 32;
layout (constant_id = 1) const uint LOCAL_Y = 8;
layout (local_size_x_id = 0, local_size_y_id = 1, local_size_z = 1) in;

const int PICTURE = 0;
const int WIPE = 1;
const int DIFFERENCE = 2;

layout (constant_id = 2) const int KIND = PICTURE;
layout (constant_id = 3) const int TAPS = 3;   // 1 where pixels are squares
layout (constant_id = 4) const int DEEP_A = 0; // two words a pixel
layout (constant_id = 5) const int DEEP_B = 0;

struct Layer
{
  int columns, rows; // first words of their taps
  int pitch, last;   // pixels of a row, and the last pixel
  uint factor;
  int offset;
  int colours; // first word, or -1
};

layout (push_constant) uniform Push
{
  int width, height;
  int low;
  uint span, slope;
  int map; // colours of the difference
  int line_x, line_y, normal_x, normal_y;
  Layer a, b;
} push;

layout (binding = 0) uniform usamplerBuffer picture_a;
layout (binding = 1) uniform usamplerBuffer picture_b;
layout (binding = 2) uniform usamplerBuffer taps;
layout (binding = 3) uniform usamplerBuffer maps;
layout (std430, binding = 4) writeonly buffer Out
{
  uint pixels[];
};

uvec4
unpack_8 (uint word)
{
  return (uvec4 (word >> 16, word >> 8, word, word >> 24) & 0xffu) * 257u;
}

uvec4
unpack_16 (uint low, uint high)
{
  return uvec4 (low & 0xffffu, low >> 16, high & 0xffffu, high >> 16);
}

uvec4
fetch_a (int at)
{
  if (DEEP_A != 0)
    return unpack_16 (texelFetch (picture_a, 2 * at).x, texelFetch (picture_a, 2 * at + 1).x);
  return unpack_8 (texelFetch (picture_a, at).x);
}

uvec4
fetch_b (int at)
{
  if (DEEP_B != 0)
    return unpack_16 (texelFetch (picture_b, 2 * at).x, texelFetch (picture_b, 2 * at + 1).x);
  return unpack_8 (texelFetch (picture_b, at).x);
}

uint
weight (uint weights, int k)
{
  return weights >> (10 * k) & 1023u;
}

// Two copies, since a sampler cannot be chosen at run time.
#define SAMPLE(NAME, FETCH)                                                                                       \
  uvec4 NAME (Layer layer, ivec2 place)                                                                           \
  {                                                                                                               \
    const int column = layer.columns + 2 * place.x, row = layer.rows + 2 * place.y;                               \
    const uint column_weights = texelFetch (taps, column + 1).x, row_weights = texelFetch (taps, row + 1).x;      \
    if (column_weights == 0u || row_weights == 0u)                                                                \
      return uvec4 (0u);                                                                                          \
    const int first = int (texelFetch (taps, row).x) * layer.pitch + int (texelFetch (taps, column).x);           \
    if (TAPS == 1)                                                                                                \
      return FETCH (first);                                                                                       \
    uvec4 sum = uvec4 (256u);                                                                                     \
    for (int y = 0; y < TAPS; y++)                                                                                \
      {                                                                                                           \
        uvec4 line = uvec4 (256u);                                                                                \
        for (int x = 0; x < TAPS; x++)                                                                            \
          line += FETCH (min (first + y * layer.pitch + x, layer.last)) * weight (column_weights, x);             \
        sum += (line >> 9) * weight (row_weights, y);                                                             \
      }                                                                                                           \
    return sum >> 9;                                                                                              \
  }

SAMPLE (sample_a, fetch_a)
SAMPLE (sample_b, fetch_b)

ivec3
to_common (uvec4 value, Layer layer)
{
  return ivec3 ((value.rgb * layer.factor + 32768u) >> 16) + layer.offset;
}

uvec3
to_level (ivec3 value)
{
  const uvec3 above = uvec3 (clamp (value - push.low, ivec3 (0), ivec3 (int (push.span))));
  return min ((above * push.slope + (1u << 22)) >> 23, uvec3 (255u));
}

uint
pack (uvec3 colour, uint alpha)
{
  return alpha << 24 | colour.r << 16 | colour.g << 8 | colour.b;
}

uint
show (uvec4 value, Layer layer)
{
  const uint alpha = (value.a * 255u + 32767u) / 65535u;
  if (alpha == 0u)
    return 0u;
  const uvec3 level = to_level (to_common (value, layer));
  if (layer.colours < 0)
    return pack (min (level, uvec3 (alpha)), alpha);
  const uint word = texelFetch (maps, layer.colours + int (level.r)).x;
  return pack (((uvec3 (word >> 16, word >> 8, word) & 0xffu) * alpha + 127u) / 255u, alpha);
}

void
main ()
{
  const ivec2 place = ivec2 (gl_GlobalInvocationID.xy);
  if (place.x >= push.width || place.y >= push.height)
    return;

  uint pixel;
  if (KIND == DIFFERENCE)
    {
      const uvec4 a = sample_a (push.a, place), b = sample_b (push.b, place);
      const ivec3 d = abs (to_common (a, push.a) - to_common (b, push.b));
      const uint level = to_level (ivec3 (max (d.r, max (d.g, d.b)))).x;
      pixel = a.a == 0u || b.a == 0u ? 0u : texelFetch (maps, push.map + int (level)).x;
    }
  else if (KIND == WIPE
           && (place.x - push.line_x) * push.normal_x + (place.y - push.line_y) * push.normal_y >= 0)
    pixel = show (sample_b (push.b, place), push.b);
  else
    pixel = show (sample_a (push.a, place), push.a);
  pixels[place.y * push.width + place.x] = pixel;
}
