#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mean and variance of every plane over the whole picture, in a fixed order: first each of a grid of strips by itself,
// then the strips of a band, then the bands, and for planar tensors the four lanes. Sums are of differences from the mean
// so far, parts are put together by the rule of Chan, Golub and LeVeque (1979, eq. 2.1), so that a large mean takes
// nothing from a small variance. A record is three texels: the count, the mean and the sum of squared differences.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int STRIPS = 0;
const int BANDS = 1;
const int WHOLE = 2;

layout (constant_id = 2) const int STAGE = 0;
layout (constant_id = 3) const int PLANAR = 0;

layout (binding = 0) uniform samplerBuffer source;
layout (std430, binding = 4) buffer Records
{
  vec4 records[];
};

struct Moments
{
  vec4 n, mean, m2;
};

Moments
combine (Moments a, Moments b)
{
  const vec4 n = a.n + b.n;
  const vec4 part = mix (b.n / n, vec4 (0.0), equal (n, vec4 (0.0)));
  const vec4 delta = b.mean - a.mean;
  return Moments (n, a.mean + delta * part, a.m2 + b.m2 + delta * delta * a.n * part);
}

// One row of a strip: texel columns `first`, `first` + `stride` … of the picture's `columns`.
Moments
row_moments (int row, int first, int stride, int columns, vec4 pivot)
{
  Moments sums = Moments (vec4 (0.0), vec4 (0.0), vec4 (0.0));
  for (int x = first; x < columns; x += stride)
    {
      const vec4 d = texelFetch (source, row + x) - pivot;
      // The lanes past the picture's last column hold anything.
      const vec4 inside = PLANAR == 0 ? vec4 (1.0) : vec4 (lessThan (4 * x + ivec4 (0, 1, 2, 3), ivec4 (push.width)));
      const vec4 kept = mix (vec4 (0.0), d, notEqual (inside, vec4 (0.0)));
      sums.n += inside;
      sums.mean += kept;
      sums.m2 += kept * kept;
    }

  const vec4 off = mix (sums.mean / sums.n, vec4 (0.0), equal (sums.n, vec4 (0.0)));
  return Moments (sums.n, pivot + off, max (sums.m2 - sums.mean * off, vec4 (0.0)));
}

Moments
strip_moments (int plane, int strip, int band)
{
  const int stride = push.a1;
  const int columns = PLANAR != 0 ? (push.width + 3) / 4 : push.width;
  const int top = band * push.a3;
  const int bottom = min (top + push.a3, push.height);
  const int base = push.src0.base + plane * push.src0.plane;
  Moments all = Moments (vec4 (0.0), vec4 (0.0), vec4 (0.0));

  vec4 pivot = texelFetch (source, base + top * push.src0.pitch + strip);
  if (PLANAR != 0)
    pivot = mix (pivot, pivot.xxxx, greaterThanEqual (4 * strip + ivec4 (0, 1, 2, 3), ivec4 (push.width)));
  for (int y = top; y < bottom; y++)
    {
      all = combine (all, row_moments (base + y * push.src0.pitch, strip, stride, columns, pivot));
      pivot = mix (pivot, all.mean, greaterThan (all.n, vec4 (0.0)));
    }
  return all;
}

Moments
load (int record)
{
  return Moments (records[3 * record], records[3 * record + 1], records[3 * record + 2]);
}

Moments
lane (Moments all, int i)
{
  return Moments (vec4 (all.n[i]), vec4 (all.mean[i]), vec4 (all.m2[i]));
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const int strips = push.a1;
  const int bands = push.a2;
  const int band = texel.y + push.ry;
  const int first = z * (strips + 1) * (bands + 1); // a plane's records: strips, then bands, then the whole
  Moments all;
  int to;

  if (STAGE == STRIPS)
    {
      all = strip_moments (z, texel.x, band);
      to = first + band * strips + texel.x;
    }
  else if (STAGE == BANDS)
    {
      all = load (first + band * strips);
      for (int i = 1; i < strips; i++)
        all = combine (all, load (first + band * strips + i));
      to = first + bands * strips + band;
    }
  else
    {
      all = load (first + bands * strips);
      for (int i = 1; i < bands; i++)
        all = combine (all, load (first + bands * strips + i));
      if (PLANAR != 0)
        all = combine (combine (lane (all, 0), lane (all, 1)), combine (lane (all, 2), lane (all, 3)));
      to = push.a4 + z;
    }

  records[3 * to] = all.n;
  records[3 * to + 1] = all.mean;
  records[3 * to + 2] = all.m2;
}
