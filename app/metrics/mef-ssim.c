/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"
#include "app/metrics/vector-math.h"

#include <string.h>

/* MEF-SSIM: K. Ma, K. Zeng and Z. Wang, "Perceptual quality assessment for multi-exposure image fusion", IEEE TIP 24 (2015).
 * Windows of 11 × 11 that stay inside. With d_k the patch of source k less its mean (box), the wanted patch r is
 * Σ w_k d_k/e_k scaled to the length max e_k; the score is the contrast and structure term of SSIM between r and the fused
 * patch under a Gaussian window. Every moment of r is linear in those of the sources, so r itself is never formed:
 * box sums of x_k·x_l give ‖r‖ and the weights, Gaussian ones the variance of r. */
#define WINDOW       11
#define MARGIN       (WINDOW - 1)
#define AREA         (WINDOW * WINDOW)
#define SIGMA        1.5
#define C            (0.03 * 255 * 0.03 * 255)
#define LOG_WINDOW   2.3978952727983705441 /* ln 11 */
#define EPSILON      2.220446049250313e-16
#define MOST_ALIKE   0.95 /* tan (0.95 π/2) is above the limit of the exponent */
#define MAX_EXPONENT 10
#define N_SCALES     3

/* Ma's weights of the scales; they are normalised. */
static const double scale_weights[N_SCALES] = { 0.0448, 0.2856, 0.3001 };

/* A sum of patches that cancel: below this part of their own length it is rounding. */
#define CANCELLED 1e-20

typedef struct
{
  const OmniPlane *sources;
  const OmniPlane *fused;
  const guint8 *mask;
  guint n;
  const OmniMoment *moments;
  double gaussian[WINDOW];
} Scale;

static guint
count_pairs (guint n)
{
  return n * (n + 1) / 2;
}

/* Of k ≤ l. */
static guint
get_pair (guint n, guint k, guint l)
{
  return k * n - k * (k - 1) / 2 + (l - k);
}

/* Moments in this order: the sources, their pairs k ≤ l (sums of all these as well), the fused picture, each source with it, its
 * square. */
static OmniMoment *
make_moments (guint n)
{
  OmniMoment *moments = g_new (OmniMoment, n + count_pairs (n) + n + 2), *at = moments;
  for (guint k = 0; k < n; k++)
    *at++ = (OmniMoment){ k, OMNI_MOMENT_FIRST };
  for (guint k = 0; k < n; k++)
    for (guint l = k; l < n; l++)
      *at++ = (OmniMoment){ k, l };
  *at++ = (OmniMoment){ n, OMNI_MOMENT_FIRST };
  for (guint k = 0; k <= n; k++)
    *at++ = (OmniMoment){ k, n };
  return moments;
}

/* Where things are in a thread's scratch; all but the first two and the map are rows. */
typedef struct
{
  guint n;
  double *in; /* n + 1 loaded tiles, the fused picture last */
  double *moments;
  double *box, *pairs, *with_fused; /* centred: the pairs under the box and the Gaussian, n + 1 */
  double *share;                    /* n: w_k / e_k */
  double *map;
} Scratch;

static gsize
scratch_init (Scratch *self, guint n, double *at)
{
  const guint n_pairs = count_pairs (n);
  const gsize sizes[] = { (gsize)(n + 1) * OMNI_TILE_IN,
                          omni_tile_moments_scratch (n + n_pairs + n + 2, n + n_pairs),
                          (gsize)n_pairs * OMNI_TILE_PX,
                          (gsize)n_pairs * OMNI_TILE_PX,
                          (gsize)(n + 1) * OMNI_TILE_PX,
                          (gsize)n * OMNI_TILE_PX,
                          OMNI_TILE_OUT };
  double **const members[] = { &self->in,         &self->moments, &self->box, &self->pairs,
                               &self->with_fused, &self->share,   &self->map };
  gsize total = 0;
  self->n = n;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
  {
    *members[i] = at != NULL ? at + total : NULL;
    total += sizes[i];
  }
  return total;
}

/* One row of a tile, of a length that the compiler knows. */
typedef double Row[OMNI_TILE_PX];

/* max (x, 0) without a branch: a compiler that sees one works on a pixel at a time. */
OMNI_INLINE double
get_positive (double x)
{
  return 0.5 * (x + fabs (x));
}

/* Σ over k and l of c_k c_l m_kl; `share` NULL for c = 1. */
OMNI_INLINE void
add_form (const double *restrict pairs, const double *restrict share, guint n, double *restrict sum)
{
  memset (sum, 0, sizeof (Row));
  for (guint k = 0; k < n; k++)
    for (guint l = k; l < n; l++, pairs += OMNI_TILE_PX)
    {
      const double twice = k == l ? 1 : 2;
      const double *restrict a = share != NULL ? share + (gsize)k * OMNI_TILE_PX : NULL;
      const double *restrict b = share != NULL ? share + (gsize)l * OMNI_TILE_PX : NULL;
      if (share == NULL)
        for (guint x = 0; x < OMNI_TILE_PX; x++)
          sum[x] += twice * pairs[x];
      else
        for (guint x = 0; x < OMNI_TILE_PX; x++)
          sum[x] += twice * a[x] * b[x] * pairs[x];
    }
}

/* How strongly contrast decides, by how alike the patches are. Leaves ‖d_k‖ in `lengths`. The weights need no more than single
 * precision: r is scaled by its own length afterwards. */
OMNI_INLINE void
find_power (const double *restrict pairs, guint n, double *restrict lengths, float *restrict power)
{
  Row all;
  float sum[OMNI_TILE_PX] = { 0 };
  add_form (pairs, NULL, n, all);
  for (guint k = 0; k < n; k++)
  {
    const double *restrict own = pairs + (gsize)get_pair (n, k, k) * OMNI_TILE_PX;
    double *restrict length = lengths + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const float root = sqrtf ((float)get_positive (own[x]));
      length[x] = root;
      sum[x] += root;
    }
  }
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    const float alike = (sqrtf ((float)get_positive (all[x])) + (float)EPSILON) / (sum[x] + (float)EPSILON);
    power[x] = alike < (float)MOST_ALIKE ? alike : (float)MOST_ALIKE;
  }
  /* In a loop of its own: with the limits in the same one the compiler branches, a pixel at a time. */
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    power[x] = omni_vector_tanf (power[x] * (float)(G_PI / 2));
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    power[x] = power[x] < MAX_EXPONENT ? power[x] : MAX_EXPONENT;
}

/* w_k / e_k, with Σ w_k = 1; and the largest e_k. */
OMNI_INLINE void
weigh (const double *restrict pairs, guint n, double *restrict share, double *restrict largest)
{
  float power[OMNI_TILE_PX], weights[OMNI_TILE_PX] = { 0 };
  find_power (pairs, n, share, power);
  memset (largest, 0, sizeof (Row));
  for (guint k = 0; k < n; k++)
  {
    double *restrict to = share + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const double e = to[x] + 0.001;
      const float w = omni_vector_expf (power[x] * (omni_vector_logf ((float)e) - (float)LOG_WINDOW))
                      + (float)EPSILON;
      largest[x] = largest[x] > e ? largest[x] : e;
      weights[x] += w;
      to[x] = w / (float)e;
    }
  }
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    weights[x] = 1 / weights[x];
  for (guint k = 0; k < n; k++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      share[(gsize)k * OMNI_TILE_PX + x] *= weights[x];
}

OMNI_INLINE void
score_row (const double *restrict box_pairs, const double *restrict pairs, const double *restrict with_fused,
           guint n, double *restrict share, double *restrict map)
{
  Row largest, square, variance, covariance = { 0 }, terms = { 0 };
  weigh (box_pairs, n, share, largest);
  add_form (box_pairs, share, n, square);
  add_form (pairs, share, n, variance);
  for (guint k = 0; k < n; k++)
  {
    const double *restrict own = box_pairs + (gsize)get_pair (n, k, k) * OMNI_TILE_PX;
    const double *restrict c = share + (gsize)k * OMNI_TILE_PX, *restrict with = with_fused
                                                                                 + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      terms[x] += c[x] * c[x] * own[x];
      covariance[x] += c[x] * with[x];
    }
  }
  const double *restrict fused = with_fused + (gsize)n * OMNI_TILE_PX;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    const gboolean there = square[x] > CANCELLED * terms[x];
    const double scaled = largest[x] / sqrt (there ? square[x] : 1), scale = there ? scaled : 0;
    map[x] = (2 * scale * covariance[x] + C) / (scale * scale * variance[x] + fused[x] + C);
  }
}

/* sum(x·y) − sum(x)·sum(y)/121, exactly zero in flat patches: the numerator is exact. Then mean(x·y) − mean(x)·mean(y). */
OMNI_INLINE void
centre (const double *restrict x, const double *restrict y, const double *restrict product, double area,
        double *restrict out)
{
  const double part = 1 / area;
  for (guint i = 0; i < OMNI_TILE_PX; i++)
    out[i] = (area * product[i] - x[i] * y[i]) * part;
}

OMNI_INLINE void
centre_row (const Scratch *s, const double *moments, const double *sums)
{
  const guint n = s->n, n_pairs = count_pairs (n);
  const double *fused = moments + (n + n_pairs) * OMNI_MOMENT_STRIDE;
  for (guint k = 0; k <= n; k++)
  {
    const double *mean = k < n ? moments + k * OMNI_MOMENT_STRIDE : fused;
    for (guint l = k; l < n; l++)
    {
      const guint pair = get_pair (n, k, l), at = (n + pair) * OMNI_MOMENT_STRIDE;
      centre (sums + k * OMNI_MOMENT_STRIDE, sums + l * OMNI_MOMENT_STRIDE, sums + at, AREA,
              s->box + pair * OMNI_TILE_PX);
      centre (mean, moments + l * OMNI_MOMENT_STRIDE, moments + at, 1, s->pairs + pair * OMNI_TILE_PX);
    }
    centre (mean, fused, fused + (k + 1) * OMNI_MOMENT_STRIDE, 1, s->with_fused + k * OMNI_TILE_PX);
  }
}

OMNI_VECTOR static void
score_row_cb (guint y, const double *moments, const double *sums, gpointer data)
{
  const Scratch *s = data;
  centre_row (s, moments, sums);
  score_row (s->box, s->pairs, s->with_fused, s->n, s->share, s->map + y * OMNI_TILE_PX);
}

static void
scale_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Scale *scale = data;
  const guint n = scale->n, width = scale->fused->width, height = scale->fused->height;
  Scratch s;
  OmniTile tile;
  scratch_init (&s, n, scratch);
  omni_tile_init (&tile, width - MARGIN, height - MARGIN, part);
  for (guint k = 0; k <= n; k++)
    omni_tile_load (k < n ? &scale->sources[k] : scale->fused, (int)tile.x, (int)tile.y, MARGIN,
                    s.in + (gsize)k * OMNI_TILE_IN);
  const OmniMoments moments = { .in = s.in,
                                .moments = scale->moments,
                                .n = n + count_pairs (n) + n + 2,
                                .n_sums = n + count_pairs (n),
                                .weights = scale->gaussian,
                                .size = WINDOW,
                                .rows = tile.height };
  omni_tile_moments (&moments, s.moments, score_row_cb, &s);
  sums[1] += omni_tile_mask (&tile, scale->mask, width, height, (int)tile.x, (int)tile.y, WINDOW, 0, s.map,
                             1);
  sums[0] += omni_tile_add (&tile, s.map);
}

/* In plain C. */
static gboolean
score_scale (const OmniMetricRun *run, const OmniPlane *sources, const OmniPlane *fused, const guint8 *mask,
             double *value, char **reason)
{
  Scratch unused;
  const guint n = run->input->n_sources;
  g_autofree OmniMoment *moments = make_moments (n);
  Scale scale = { .sources = sources, .fused = fused, .mask = mask, .n = n, .moments = moments };
  omni_gaussian_init (scale.gaussian, WINDOW, SIGMA);
  double sums[2];
  if (!omni_parts_run (omni_tiles_count (fused->width - MARGIN, fused->height - MARGIN), 2,
                       scratch_init (&unused, scale.n, NULL), scale_part, &scale, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return omni_metric_divide (sums[0], sums[1], OMNI_METRIC_NO_WINDOW, value, reason);
}

/* ---- Scales ---- */

typedef struct
{
  const OmniPlane *from;
  const OmniPlane *to;
} Halving;

static double
get_value (const OmniPlane *plane, gsize at)
{
  return plane->bytes != NULL ? plane->bytes[at] : plane->values[at];
}

/* Means of 2 × 2, every second one; the last row and column of an odd picture count twice. */
static void
halve_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Halving *self = data;
  const OmniPlane *from = self->from;
  const guint last = from->width - 1;
  const gsize above = (gsize)2 * part * from->width,
              below = (gsize)MIN (2 * part + 1, from->height - 1) * from->width;
  double *to = (double *)self->to->values + (gsize)part * self->to->width;
  if (from->bytes != NULL)
    for (guint x = 0; x < last; x += 2)
    {
      const guint8 *a = from->bytes + above + x, *b = from->bytes + below + x;
      to[x / 2] = (a[0] + a[1] + b[0] + b[1]) * 0.25;
    }
  else
    for (guint x = 0; x < last; x += 2)
    {
      const double *a = from->values + above + x, *b = from->values + below + x;
      to[x / 2] = (a[0] + a[1] + b[0] + b[1]) * 0.25;
    }
  if (last % 2 == 0)
    to[last / 2] = (get_value (from, above + last) + get_value (from, below + last)) * 0.5;
}

static void
halve_mask (const guint8 *mask, guint width, guint height, guint8 *to)
{
  for (guint y = 0; y < height; y += 2)
    for (guint x = 0; x < width; x += 2)
    {
      const guint8 *above = mask + (gsize)y * width, *below = mask + (gsize)MIN (y + 1, height - 1) * width;
      const guint right = MIN (x + 1, width - 1);
      *to++ = above[x] & above[right] & below[x] & below[right];
    }
}

static gboolean
halve (const OmniMetricRun *run, const OmniPlane *sources, const OmniPlane *fused, const guint8 *mask,
       OmniScale *level, char **reason)
{
  const guint width = (fused->width + 1) / 2, height = (fused->height + 1) / 2, n = run->input->n_sources;
  if (!omni_scale_alloc (level, n + 1, width, height, mask != NULL, reason))
    return FALSE;
  for (guint k = 0; k <= n; k++)
  {
    double unused;
    Halving halving = { .from = k < n ? &sources[k] : fused, .to = &level->planes[k] };
    if (!omni_parts_run (height, 0, 0, halve_part, &halving, run->cancellable, &unused))
      return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  }
  if (mask != NULL)
    halve_mask (mask, fused->width, fused->height, level->mask);
  return TRUE;
}

/* FALSE when there is no device for it. */
static gboolean
score_scales_on_device (const OmniMetricRun *run, guint n_scales, double sums[2 * N_SCALES])
{
  const guint n = run->input->n_sources;
  g_autofree const OmniPlane **planes = omni_metric_list_planes (run->input->sources, n, &run->input->fused);
  const OmniDevicePass pass = { .shader = "metric-mef",
                                .planes = planes,
                                .n_sources = n,
                                .mask = run->input->mask,
                                .n_scales = n_scales,
                                .shrink = OMNI_SHRINK_HALVE,
                                .windows = { WINDOW, WINDOW, WINDOW },
                                .sigmas = { SIGMA, SIGMA, SIGMA },
                                .n_sums = 2 };
  return omni_metric_device_sums (run, &pass, sums);
}

static gboolean
score_scales (const OmniMetricRun *run, guint n_scales, double scores[N_SCALES], char **reason)
{
  const OmniMetricsInput *input = run->input;
  const OmniPlane *sources = input->sources, *fused = &input->fused;
  const guint8 *mask = input->mask;
  double sums[2 * N_SCALES];
  g_auto (OmniScales) scales = { 0 };
  /* The third scale is a quarter as wide, rounded up, and holds at least one window. */
  if (!omni_metric_check_size (run, (MARGIN << (n_scales - 1)) + 1, reason))
    return FALSE;
  const gboolean is_done = score_scales_on_device (run, n_scales, sums);
  for (guint i = 0; i < n_scales; i++)
  {
    if (!(is_done
            ? omni_metric_divide (sums[2 * i], sums[2 * i + 1], OMNI_METRIC_NO_WINDOW, &scores[i], reason)
            : score_scale (run, sources, fused, mask, &scores[i], reason)))
      return FALSE;
    if (is_done || i + 1 == n_scales)
      continue;
    OmniScale *coarser = &scales.levels[i];
    if (!halve (run, sources, fused, mask, coarser, reason))
      return FALSE;
    sources = coarser->planes;
    fused = &coarser->planes[input->n_sources];
    mask = coarser->mask;
  }
  return TRUE;
}

gboolean
omni_metric_mef_ssim_1 (const OmniMetricRun *run, double *value, char **reason)
{
  return score_scales (run, 1, value, reason);
}

gboolean
omni_metric_mef_ssim (const OmniMetricRun *run, double *value, char **reason)
{
  const double total = scale_weights[0] + scale_weights[1] + scale_weights[2];
  double scores[N_SCALES];
  if (!score_scales (run, N_SCALES, scores, reason))
    return FALSE;
  *value = 1;
  for (guint i = 0; i < N_SCALES; i++)
  {
    /* Weights are fractions, so a scale that scores below zero has no power. */
    if (scores[i] < 0)
      return omni_metric_refuse (reason, "the structure of scale %u is opposite to that of the sources",
                                 i + 1);
    *value *= pow (scores[i], scale_weights[i] / total);
  }
  return TRUE;
}
