/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/align/align-private.h"

#include <math.h>
#include <string.h>

/* A shift by more than this share of a side is not looked for. */
#define MAX_SHIFT (1.0 / 6)

/* What both pictures know in the same place must be this share of what the one that knows less does, and this share of all. */
#define MIN_OVERLAP 0.5
#define MIN_KNOWN   0.01

/* Differences of contrast, which has a deviation of 1, from where on a pixel counts less: half at this one (Cauchy). */
#define CAUCHY 0.7

/* Up to this longer side the movement is a shift, a turn and a zoom; from there on perspective, too. */
#define SIMILAR_PX 160

/* From so many pixels on every second one of every second row has to do. */
#define SPARSE_PIXELS 400000

#define MAX_STEPS     12

/* At one level a corner goes no further than that: what it was before is known to half a pixel of it. */
#define MAX_WAY_PX 6

/* Steps below this many pixels are the last. */
#define LEAST_STEP_PX 0.01

/* What holds movements back that are made of noise: those of a hand, their deviations in units of half the picture's diagonal; and how
 * much a pixel says against that, whose difference has about this variance and is that of the pixels around it, too. */
#define PIXEL_VARIANCE 5.0
#define ZOOM_DEVIATION 0.03
#define TURN_DEVIATION 0.03
#define BEND_DEVIATION 0.003

typedef struct
{
  double both, a, b;
  guint64 n;
} Agreement;

static double
get_agreement (const Agreement *sums, const OmniContrast *a, const OmniContrast *b)
{
  const double n = (double)sums->n, n_pixels = (double)a->width * a->height;

  if (n < MIN_OVERLAP * (double)MIN (a->n_known, b->n_known) || n < MIN_KNOWN * n_pixels || sums->a <= 0
      || sums->b <= 0)
    return -1;
  return sums->both / sqrt (sums->a * sums->b);
}

static double
agree_at (const OmniContrast *a, const OmniContrast *b, int dx, int dy)
{
  const int width = (int)a->width, height = (int)a->height;
  Agreement sums = { 0 };

  for (int y = MAX (0, -dy); y < MIN (height, height - dy); y++)
  {
    const gsize row = (gsize)y * a->width, other_row = (gsize)(y + dy) * a->width;
    float both = 0, aa = 0, bb = 0;
    guint n = 0;
    for (int x = MAX (0, -dx); x < MIN (width, width - dx); x++)
    {
      const gsize i = row + (gsize)x, k = other_row + (gsize)(x + dx);
      const float known = (float)(a->known[i] & b->known[k]);
      both += known * a->value[i] * b->value[k];
      aa += known * a->value[i] * a->value[i];
      bb += known * b->value[k] * b->value[k];
      n += a->known[i] & b->known[k];
    }
    sums.both += both;
    sums.a += aa;
    sums.b += bb;
    sums.n += n;
  }
  return get_agreement (&sums, a, b);
}

double
omni_register_shift (const OmniContrast *a, const OmniContrast *b, int *dx, int *dy)
{
  g_return_val_if_fail (a->width == b->width && a->height == b->height, -1);

  const int range_x = (int)(a->width * MAX_SHIFT), range_y = (int)(a->height * MAX_SHIFT);
  double best = agree_at (a, b, 0, 0);

  *dx = *dy = 0;
  for (int y = -range_y; y <= range_y; y++)
    for (int x = -range_x; x <= range_x; x++)
    {
      const double agreement = agree_at (a, b, x, y);
      if (agreement <= best)
        continue;
      best = agreement;
      *dx = x;
      *dy = y;
    }
  return best;
}

/* The value of `b` between four pixels; FALSE where one of them is not known. `u` and `v` from the corner of the picture. */
static inline gboolean
sample (const OmniContrast *b, double u, double v, float *value)
{
  const double x = u - 0.5, y = v - 0.5;

  if (!(x >= 0 && y >= 0 && x < b->width - 1.0 && y < b->height - 1.0))
    return FALSE;
  const guint left = (guint)x, top = (guint)y;
  const gsize i = (gsize)top * b->width + left;
  if (!(b->known[i] & b->known[i + 1] & b->known[i + b->width] & b->known[i + b->width + 1]))
    return FALSE;
  const float fx = (float)(x - left), fy = (float)(y - top);
  const float above = b->value[i] + fx * (b->value[i + 1] - b->value[i]);
  const float below = b->value[i + b->width] + fx * (b->value[i + b->width + 1] - b->value[i + b->width]);
  *value = above + fy * (below - above);
  return TRUE;
}

double
omni_register_agreement (const OmniContrast *a, const OmniContrast *b, const OmniHomography *map)
{
  Agreement sums = { 0 };

  for (guint y = 0; y < a->height; y++)
    for (guint x = 0; x < a->width; x++)
    {
      const gsize i = (gsize)y * a->width + x;
      double u, v;
      float value;
      if (!a->known[i])
        continue;
      omni_homography_apply (map, x + 0.5, y + 0.5, &u, &v);
      if (!sample (b, u, v, &value))
        continue;
      sums.both += (double)a->value[i] * value;
      sums.a += (double)a->value[i] * a->value[i];
      sums.b += (double)value * value;
      sums.n++;
    }
  return get_agreement (&sums, a, b);
}

/* The eight parameters are the elements of the map but the last one, less those of the identity, in coordinates that have
 * their origin in the picture's middle and half its diagonal as unit: so they are about of one size, and the same at every level. */
#define N_PARAMETERS 8

typedef struct
{
  double x, y, radius;
} Frame;

static Frame
get_frame (const OmniLumaPyramid *pyramid, guint level)
{
  const double scale = 1.0 / (1u << level);

  return (Frame){ pyramid->width[0] * scale / 2, pyramid->height[0] * scale / 2,
                  hypot (pyramid->width[0], pyramid->height[0]) * scale / 2 };
}

/* A map of the frame's own coordinates, in pixels. */
static OmniHomography
to_pixels (const OmniHomography *map, const Frame *frame)
{
  const OmniHomography in = { { 1 / frame->radius, 0, -frame->x / frame->radius, 0, 1 / frame->radius,
                                -frame->y / frame->radius, 0, 0, 1 } };
  const OmniHomography out = { { frame->radius, 0, frame->x, 0, frame->radius, frame->y, 0, 0, 1 } };
  const OmniHomography half = omni_homography_compose (map, &in);

  return omni_homography_compose (&out, &half);
}

static OmniHomography
from_pixels (const OmniHomography *map, const Frame *frame)
{
  const OmniHomography in = { { frame->radius, 0, frame->x, 0, frame->radius, frame->y, 0, 0, 1 } };
  const OmniHomography out = { { 1 / frame->radius, 0, -frame->x / frame->radius, 0, 1 / frame->radius,
                                 -frame->y / frame->radius, 0, 0, 1 } };
  const OmniHomography half = omni_homography_compose (map, &in);

  return omni_homography_compose (&out, &half);
}

typedef struct
{
  double matrix[N_PARAMETERS][N_PARAMETERS]; /* its upper triangle */
  double right[N_PARAMETERS];
} Equations;

static void
add_pixel (Equations *equations, const double jacobian[N_PARAMETERS], double weight, double difference)
{
  for (guint i = 0; i < N_PARAMETERS; i++)
  {
    const double weighted = weight * jacobian[i];
    equations->right[i] += weighted * difference;
    for (guint k = i; k < N_PARAMETERS; k++)
      equations->matrix[i][k] += weighted * jacobian[k];
  }
}

/* The normal equations of one step: how `a` would have to move to look like `b` through `map`, which is in pixels. */
static void
collect (const OmniContrast *a, const OmniContrast *b, const OmniHomography *map, const Frame *frame,
         Equations *equations)
{
  const guint width = a->width;
  const guint stride = (guint64)a->width * a->height > SPARSE_PIXELS ? 2 : 1;

  memset (equations, 0, sizeof *equations);
  for (guint y = 1; y + 1 < a->height; y += stride)
  {
    Equations row = { 0 }; /* sums of sums: fewer roundings */
    for (guint x = 1; x + 1 < width; x += stride)
    {
      const gsize i = (gsize)y * width + x;
      double u, v;
      float value;
      if (!(a->known[i] & a->known[i - 1] & a->known[i + 1] & a->known[i - width] & a->known[i + width]))
        continue;
      omni_homography_apply (map, x + 0.5, y + 0.5, &u, &v);
      if (!sample (b, u, v, &value))
        continue;
      const double gx = (a->value[i + 1] - a->value[i - 1]) / 2 * frame->radius;
      const double gy = (a->value[i + width] - a->value[i - width]) / 2 * frame->radius;
      const double px = (x + 0.5 - frame->x) / frame->radius, py = (y + 0.5 - frame->y) / frame->radius;
      const double along = gx * px + gy * py;
      const double jacobian[N_PARAMETERS] = { gx * px, gx * py, gx,          gy * px,
                                              gy * py, gy,      -along * px, -along * py };
      const double difference = (double)value - a->value[i];
      add_pixel (&row, jacobian, 1 / (1 + difference * difference / (CAUCHY * CAUCHY)), difference);
    }
    for (guint i = 0; i < N_PARAMETERS; i++)
    {
      equations->right[i] += row.right[i];
      for (guint k = i; k < N_PARAMETERS; k++)
        equations->matrix[i][k] += row.matrix[i][k];
    }
  }
}

/* Cholesky; FALSE where the matrix does not tell all of the unknowns. */
static gboolean
solve (guint n, double matrix[N_PARAMETERS][N_PARAMETERS], double *right)
{
  for (guint i = 0; i < n; i++)
    for (guint k = i; k < n; k++)
    {
      double sum = matrix[i][k];
      for (guint j = 0; j < i; j++)
        sum -= matrix[j][i] * matrix[j][k];
      if (i == k && !(sum > 1e-9))
        return FALSE;
      matrix[i][k] = i == k ? sqrt (sum) : sum / matrix[i][i];
    }
  for (guint i = 0; i < n; i++)
  {
    for (guint j = 0; j < i; j++)
      right[i] -= matrix[j][i] * right[j];
    right[i] /= matrix[i][i];
  }
  for (guint i = n; i-- > 0;)
  {
    for (guint j = i + 1; j < n; j++)
      right[i] -= matrix[i][j] * right[j];
    right[i] /= matrix[i][i];
  }
  return TRUE;
}

/* What a step may be made of: shift, turn and zoom; or these, shear and perspective. Each is a column of parameters. */
#define N_SIMILAR 4
static const struct
{
  double parameters[N_PARAMETERS];
  double deviation; /* 0: not held back */
} bases[N_PARAMETERS] = {
  { { 0, 0, 1, 0, 0, 0, 0, 0 }, 0 },
  { { 0, 0, 0, 0, 0, 1, 0, 0 }, 0 },
  { { 1, 0, 0, 0, 1, 0, 0, 0 }, ZOOM_DEVIATION },
  { { 0, -1, 0, 1, 0, 0, 0, 0 }, TURN_DEVIATION },
  { { 1, 0, 0, 0, -1, 0, 0, 0 }, BEND_DEVIATION },
  { { 0, 1, 0, 1, 0, 0, 0, 0 }, BEND_DEVIATION },
  { { 0, 0, 0, 0, 0, 0, 1, 0 }, BEND_DEVIATION },
  { { 0, 0, 0, 0, 0, 0, 0, 1 }, BEND_DEVIATION },
};

/* How far from none the map has gone along each of them. */
static void
get_gone (const OmniHomography *map, double gone[N_PARAMETERS])
{
  const double *m = map->m, unit = m[8];

  gone[0] = m[2] / unit;
  gone[1] = m[5] / unit;
  gone[2] = (m[0] + m[4]) / unit / 2 - 1;
  gone[3] = (m[3] - m[1]) / unit / 2;
  gone[4] = (m[0] - m[4]) / unit / 2;
  gone[5] = (m[1] + m[3]) / unit / 2;
  gone[6] = m[6] / unit;
  gone[7] = m[7] / unit;
}

/* One step. `map` in the frame's coordinates. Returns how far it goes at most, in pixels; negative when there is none. */
static double
step (const OmniContrast *a, const OmniContrast *b, const Frame *frame, guint n_bases, OmniHomography *map)
{
  Equations equations;
  const OmniHomography pixels = to_pixels (map, frame);

  collect (a, b, &pixels, frame, &equations);
  for (guint i = 0; i < N_PARAMETERS; i++)
    for (guint k = 0; k < i; k++)
      equations.matrix[i][k] = equations.matrix[k][i];

  double matrix[N_PARAMETERS][N_PARAMETERS] = { 0 }, right[N_PARAMETERS] = { 0 }, gone[N_PARAMETERS];
  get_gone (map, gone);
  for (guint i = 0; i < n_bases; i++)
  {
    for (guint p = 0; p < N_PARAMETERS; p++)
    {
      right[i] += bases[i].parameters[p] * equations.right[p];
      for (guint k = i; k < n_bases; k++)
        for (guint q = 0; q < N_PARAMETERS; q++)
          matrix[i][k] += bases[i].parameters[p] * equations.matrix[p][q] * bases[k].parameters[q];
    }
    if (bases[i].deviation > 0)
    {
      const double hold = PIXEL_VARIANCE / (bases[i].deviation * bases[i].deviation);
      matrix[i][i] += hold;
      right[i] += hold * gone[i];
    }
  }
  if (!solve (n_bases, matrix, right))
    return -1;

  OmniHomography change = OMNI_HOMOGRAPHY_IDENTITY, back;
  for (guint i = 0; i < n_bases; i++)
    for (guint p = 0; p < N_PARAMETERS; p++)
      change.m[p] += right[i] * bases[i].parameters[p];
  if (!omni_homography_invert (&change, &back))
    return -1;
  *map = omni_homography_compose (map, &back);
  for (guint i = 0; i < 9; i++)
    map->m[i] /= map->m[8] != 0 ? map->m[8] : 1;

  double longest = 0;
  for (guint i = 0; i < n_bases; i++)
    longest = MAX (longest, fabs (right[i]) * frame->radius);
  return longest;
}

/* Steps until they are small. FALSE when they lead nowhere, and `map` is nothing then. */
static gboolean
descend (const OmniContrast *a, const OmniContrast *b, const Frame *frame, guint n_bases, OmniHomography *map,
         GCancellable *cancellable)
{
  const OmniHomography start = to_pixels (map, frame);
  const double width = 2 * frame->x, height = 2 * frame->y;

  for (guint n = 0; n < MAX_STEPS && !g_cancellable_is_cancelled (cancellable); n++)
  {
    const double way = step (a, b, frame, n_bases, map);
    const OmniWarp warp = { .map = to_pixels (map, frame), .width = a->width, .height = a->height };
    if (way < 0 || !omni_warp_is_sane (&warp))
      return FALSE;
    for (guint corner = 0; corner < 4; corner++)
    {
      double u, v, was_u, was_v;
      omni_homography_apply (&start, corner % 2 * width, corner / 2 * height, &was_u, &was_v);
      omni_homography_apply (&warp.map, corner % 2 * width, corner / 2 * height, &u, &v);
      if (hypot (u - was_u, v - was_v) > MAX_WAY_PX)
        return FALSE;
    }
    if (way < LEAST_STEP_PX)
      break;
  }
  return TRUE;
}

gboolean
omni_register_pair (const OmniLumaPyramid *a, const OmniLumaPyramid *b, OmniHomography *map, double *before,
                    double *after, GCancellable *cancellable)
{
  g_return_val_if_fail (a->width[0] == b->width[0] && a->height[0] == b->height[0], FALSE);

  const Frame finest = get_frame (a, 0);
  OmniHomography found = from_pixels (map, &finest);

  for (guint level = a->n_levels; level-- > 0;)
  {
    g_autoptr (OmniContrast) contrast_a = omni_contrast_new (a, level);
    g_autoptr (OmniContrast) contrast_b = omni_contrast_new (b, level);
    const Frame frame = get_frame (a, level);
    const guint n_bases = MAX (a->width[level], a->height[level]) <= SIMILAR_PX ? N_SIMILAR : N_PARAMETERS;
    OmniHomography trial = found, pixels = to_pixels (&found, &frame);
    double agreement = omni_register_agreement (contrast_a, contrast_b, &pixels);

    /* A level may tell less than the one before: then its steps are not taken. */
    if (agreement > 0 && descend (contrast_a, contrast_b, &frame, n_bases, &trial, cancellable))
    {
      pixels = to_pixels (&trial, &frame);
      const double agreed = agreement;
      agreement = omni_register_agreement (contrast_a, contrast_b, &pixels);
      if (agreement >= agreed)
        found = trial;
      agreement = MAX (agreement, agreed);
    }
    if (g_cancellable_is_cancelled (cancellable))
      return FALSE;
    if (level > 0)
      continue;
    *before = omni_register_agreement (contrast_a, contrast_b, &OMNI_HOMOGRAPHY_IDENTITY);
    *after = agreement;
  }
  *map = to_pixels (&found, &finest);
  return TRUE;
}
