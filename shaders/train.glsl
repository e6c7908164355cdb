// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the training kernels share. Features are C4: [image][plane of four channels][row][pitch], texels. Maps are
// [image][row][width], floats. Both are met by element offsets in their arenas (inputs) or from the start of the bound
// tensor (outputs). Every kernel has its twin in tests/twins/training*.c.

#extension GL_EXT_control_flow_attributes : enable

layout (push_constant) uniform Push
{
  int a[32];
} push;

layout (constant_id = 0) const uint LOCAL_X = 64;
layout (local_size_x_id = 0, local_size_y = 1, local_size_z = 1) in;

layout (binding = 0) uniform samplerBuffer source0;
layout (binding = 1) uniform samplerBuffer source1;
layout (binding = 2) uniform samplerBuffer source2;
layout (binding = 3) uniform samplerBuffer source3;
layout (std430, binding = 4) buffer Texels
{
  vec4 out_texels[];
};
layout (std430, binding = 4) buffer Floats
{
  float out_floats[];
};
layout (std430, binding = 5) buffer MoreTexels
{
  vec4 more_texels[];
};
layout (std430, binding = 5) buffer MoreFloats
{
  float more_floats[];
};

// The element of a kernel made with omni_ops_linear_kernel().
int
linear_index ()
{
  return int (gl_GlobalInvocationID.y * gl_NumWorkGroups.x * gl_WorkGroupSize.x + gl_GlobalInvocationID.x);
}

float
push_float (int i)
{
  return intBitsToFloat (push.a[i]);
}

const int BOUNDARY_ZERO = 0;
const int BOUNDARY_REPLICATE = 1;
const int BOUNDARY_REFLECT = 2;
const int BOUNDARY_SYMMETRIC = 3;

// The coordinate inside 0 … n − 1 that stands for i, or −1 for the zero outside.
int
boundary (int kind, int i, int n)
{
  if (kind == BOUNDARY_ZERO)
    return i < 0 || i >= n ? -1 : i;
  if (kind == BOUNDARY_REPLICATE || n == 1)
    return clamp (i, 0, n - 1);

  const int repeat = kind == BOUNDARY_SYMMETRIC ? 1 : 0;
  const int period = 2 * n - 2 + 2 * repeat;
  i = i % period;
  i = i < 0 ? i + period : i;
  return i < n ? i : period - i - repeat;
}

// How much of small pixel `at` there is in pixel `i` of a bilinear enlargement by `factor`, half-pixel centres, the edge
// repeated; in one direction.
float
bilinear_share (int i, int at, int small, int factor)
{
  const float f = (float (i) + 0.5) / float (factor) - 0.5;
  const int low = int (floor (f));
  const float t = f - float (low);
  float sum = 0.0;
  if (clamp (low, 0, small - 1) == at)
    sum += 1.0 - t;
  if (clamp (low + 1, 0, small - 1) == at)
    sum += t;
  return sum;
}
