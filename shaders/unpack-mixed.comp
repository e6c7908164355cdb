#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Interleaved samples of one source to one plane of floats where sources differ in format, four pixels at once. z is the
// plane.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int PLANES_LUMA = 0;
const int PLANES_CHROMA = 1;
const int PLANES_COLOUR = 2;
const int PLANES_BANDS = 3;
const int PLANES_ALPHA = 4;

layout (constant_id = 2) const int PLANES = 0;
const int HALF = 0;

layout (binding = 0) uniform usamplerBuffer source;
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

// One fetch and one division, whatever the format: devices that run both sides of a branch pay for each of them.
float
sample_at (int index, int bytes)
{
  const int halvings = bytes == 1 ? 2 : bytes == 2 ? 1 : 0; // of a word
  const uint word = texelFetch (source, push.src0.base + (index >> halvings)).x;
  const int shift = (index & ((1 << halvings) - 1)) * bytes * 8;
  const uint value = (word >> shift) & (bytes == 1 ? 0xffu : 0xffffu);
  const float most = bytes == 1 ? 255.0 : 65535.0;
  return bytes == 4 ? sane (word) : float (value) / most;
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z) + push.a9;
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec4 format = tile.format[push.a0];
  const int bytes = format.x;
  const int channels = format.y;
  const bool colour = format.z >= 3;
  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  vec4 value;

  [[unroll]] for (int i = 0; i < 4; i++)
    {
      const int index = ((at.y - push.a2) * push.src0.pitch + at.x * 4 + i - push.a1) * channels;
      if (PLANES == PLANES_BANDS)
        value[i] = sample_at (index + min (z, channels - 1), bytes);
      else if (PLANES == PLANES_ALPHA)
        value[i] = channels > format.z ? sample_at (index + channels - 1, bytes) : 1.0;
      else if (PLANES == PLANES_COLOUR)
        value[i] = sample_at (index + (colour ? z : 0), bytes);
      else if (!colour)
        value[i] = PLANES == PLANES_LUMA ? sample_at (index, bytes) : 0.5;
      else
        {
          const float r = sample_at (index, bytes);
          const float g = sample_at (index + 1, bytes);
          const float b = sample_at (index + 2, bytes);
          const float luma = 0.299 * r + 0.587 * g + 0.114 * b;
          if (PLANES == PLANES_LUMA)
            value[i] = luma;
          else
            value[i] = z == 0 ? 0.5 + (b - luma) / 1.772 : 0.5 + (r - luma) / 1.402;
        }
    }

  store4 (push.dst.base + int (gl_GlobalInvocationID.z) * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
