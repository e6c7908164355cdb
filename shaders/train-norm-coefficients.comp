#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Of every plane: mean, 1 / deviation, scale and shift of y = γ (x − mean) / √(variance + 1e-5) + β. The statistics are those of
// the batch, which then go to the host too, the running ones, or (PICTURE) those of every image: then a plane is one of an image.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int STATISTICS = 0;

const int BATCH = 0;
const int RUNNING = 1;
const int PICTURE = 2;

void
main ()
{
  const int gamma = push.a[0], beta = push.a[1], running_mean = push.a[2], running_variance = push.a[3];
  const int mean_at = push.a[4], variance_at = push.a[5], planes = push.a[6], channels = push.a[7];
  const int layer_planes = push.a[8];
  const int plane = int (gl_GlobalInvocationID.x);
  vec4 mean = vec4 (0.0), inverse = vec4 (1.0), scale = vec4 (0.0), shift = vec4 (0.0);

  if (plane >= planes)
    return;
  if (STATISTICS == BATCH || STATISTICS == PICTURE)
    {
      mean = texelFetch (source0, mean_at + plane);
      inverse = 1.0 / sqrt (texelFetch (source0, variance_at + plane) + 1e-5);
    }
  for (int lane = 0; lane < 4; lane++)
    {
      const int c = plane % layer_planes * 4 + lane;
      if (c >= channels)
        continue;
      if (STATISTICS == RUNNING)
        {
          mean[lane] = texelFetch (source1, running_mean + c).x;
          inverse[lane] = 1.0 / sqrt (texelFetch (source1, running_variance + c).x + 1e-5);
        }
      if (STATISTICS == BATCH)
        {
          more_floats[running_mean + c] = mean[lane];
          more_floats[running_variance + c] = texelFetch (source0, variance_at + plane)[lane];
        }
      scale[lane] = texelFetch (source1, gamma + c).x * inverse[lane];
      shift[lane] = texelFetch (source1, beta + c).x - mean[lane] * scale[lane];
    }
  out_texels[plane] = mean;
  out_texels[planes + plane] = inverse;
  out_texels[2 * planes + plane] = scale;
  out_texels[3 * planes + plane] = shift;
}
