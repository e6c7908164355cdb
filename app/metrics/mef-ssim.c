/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"
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
  double gaussian[WINDOW];
} Scale;

/* Where things are in a thread's scratch. Pairs k ≤ l are at get_pair (). */
typedef struct
{
  double *in; /* n + 1 loaded tiles, the fused picture last */
  double *product, *spare;
  double *box;      /* n sums, then the pairs' */
  double *gaussian; /* n + 1 means, the pairs', n with the fused picture, its square */
  double *share;    /* n: w_k / e_k */
  double *map;
} Scratch;

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

static gsize
scratch_init (Scratch *self, guint n, double *at)
{
  const gsize sizes[] = { (gsize)(n + 1) * OMNI_TILE_IN,
                          OMNI_TILE_IN,
                          OMNI_TILE_IN,
                          (gsize)(n + count_pairs (n)) * OMNI_TILE_OUT,
                          (gsize)(n + 1 + count_pairs (n) + n + 1) * OMNI_TILE_OUT,
                          (gsize)n * OMNI_TILE_OUT,
                          OMNI_TILE_OUT };
  double **const members[] = { &self->in,       &self->product, &self->spare, &self->box,
                               &self->gaussian, &self->share,   &self->map };
  gsize total = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
  {
    *members[i] = at != NULL ? at + total : NULL;
    total += sizes[i];
  }
  return total;
}

static void
filter_sources (const Scale *scale, const OmniTile *tile, Scratch *s)
{
  const guint n = scale->n;
  for (guint k = 0; k <= n; k++)
  {
    double *in = s->in + (gsize)k * OMNI_TILE_IN;
    omni_tile_load (k < n ? &scale->sources[k] : scale->fused, (int)tile->x, (int)tile->y, MARGIN, in);
    omni_tile_filter (in, scale->gaussian, WINDOW, s->spare, s->gaussian + (gsize)k * OMNI_TILE_OUT);
    if (k < n)
      omni_tile_sum_11 (in, s->spare, s->box + (gsize)k * OMNI_TILE_OUT);
  }
  const double *fused = s->in + (gsize)n * OMNI_TILE_IN;
  double *with_fused = s->gaussian + (gsize)(n + 1 + count_pairs (n)) * OMNI_TILE_OUT;
  for (guint k = 0; k <= n; k++)
  {
    const double *source = s->in + (gsize)k * OMNI_TILE_IN;
    for (guint l = k; l < n; l++)
    {
      const gsize pair = get_pair (n, k, l);
      omni_tile_multiply (source, s->in + (gsize)l * OMNI_TILE_IN, MARGIN, s->product);
      omni_tile_filter (s->product, scale->gaussian, WINDOW, s->spare,
                        s->gaussian + (n + 1 + pair) * OMNI_TILE_OUT);
      omni_tile_sum_11 (s->product, s->spare, s->box + (n + pair) * OMNI_TILE_OUT);
    }
    omni_tile_multiply (source, fused, MARGIN, s->product);
    omni_tile_filter (s->product, scale->gaussian, WINDOW, s->spare, with_fused + (gsize)k * OMNI_TILE_OUT);
  }
}

/* One row of a tile: short enough to stay in the cache nearest to the processor, of a length that the compiler knows. */
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
    for (guint l = k; l < n; l++, pairs += OMNI_TILE_OUT)
    {
      const double twice = k == l ? 1 : 2;
      const double *restrict a = share != NULL ? share + (gsize)k * OMNI_TILE_OUT : NULL;
      const double *restrict b = share != NULL ? share + (gsize)l * OMNI_TILE_OUT : NULL;
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
    const double *restrict own = pairs + (gsize)get_pair (n, k, k) * OMNI_TILE_OUT;
    double *restrict length = lengths + (gsize)k * OMNI_TILE_OUT;
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
    double *restrict to = share + (gsize)k * OMNI_TILE_OUT;
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
      share[(gsize)k * OMNI_TILE_OUT + x] *= weights[x];
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
    const double *restrict own = box_pairs + (gsize)get_pair (n, k, k) * OMNI_TILE_OUT;
    const double *restrict c = share + (gsize)k * OMNI_TILE_OUT, *restrict with = with_fused
                                                                                  + (gsize)k * OMNI_TILE_OUT;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      terms[x] += c[x] * c[x] * own[x];
      covariance[x] += c[x] * with[x];
    }
  }
  const double *restrict fused = with_fused + (gsize)n * OMNI_TILE_OUT;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    const gboolean there = square[x] > CANCELLED * terms[x];
    const double scaled = largest[x] / sqrt (there ? square[x] : 1), scale = there ? scaled : 0;
    map[x] = (2 * scale * covariance[x] + C) / (scale * scale * variance[x] + fused[x] + C);
  }
}

/* sum(x·y) − sum(x)·sum(y)/121, exactly zero in flat patches: the numerator is exact. Then mean(x·y) − mean(x)·mean(y). */
OMNI_INLINE void
centre (const double *restrict x, const double *restrict y, double area, double *restrict product)
{
  const double part = 1 / area;
  for (guint i = 0; i < OMNI_TILE_PX; i++)
    product[i] = (area * product[i] - x[i] * y[i]) * part;
}

OMNI_INLINE void
centre_row (guint n, const Scratch *s, gsize at)
{
  double *pairs = s->gaussian + (gsize)(n + 1) * OMNI_TILE_OUT + at;
  double *with_fused = pairs + (gsize)count_pairs (n) * OMNI_TILE_OUT;
  const double *fused = s->gaussian + (gsize)n * OMNI_TILE_OUT + at;
  for (guint k = 0; k <= n; k++)
  {
    const double *box = s->box + (gsize)k * OMNI_TILE_OUT + at,
                 *mean = s->gaussian + (gsize)k * OMNI_TILE_OUT + at;
    for (guint l = k; l < n; l++)
    {
      const gsize pair = get_pair (n, k, l);
      centre (box, s->box + (gsize)l * OMNI_TILE_OUT + at, AREA, s->box + (n + pair) * OMNI_TILE_OUT + at);
      centre (mean, s->gaussian + (gsize)l * OMNI_TILE_OUT + at, 1, pairs + pair * OMNI_TILE_OUT);
    }
    centre (mean, fused, 1, with_fused + (gsize)k * OMNI_TILE_OUT);
  }
}

OMNI_VECTOR static void
score (guint n, const Scratch *s)
{
  const double *box_pairs = s->box + (gsize)n * OMNI_TILE_OUT,
               *pairs = s->gaussian + (gsize)(n + 1) * OMNI_TILE_OUT;
  const double *with_fused = pairs + (gsize)count_pairs (n) * OMNI_TILE_OUT;
  for (guint at = 0; at < OMNI_TILE_OUT; at += OMNI_TILE_PX)
  {
    centre_row (n, s, at);
    score_row (box_pairs + at, pairs + at, with_fused + at, n, s->share + at, s->map + at);
  }
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
  filter_sources (scale, &tile, &s);
  score (n, &s);
  sums[1] += omni_tile_mask (&tile, scale->mask, width, height, (int)tile.x, (int)tile.y, WINDOW, 0, s.map,
                             1);
  sums[0] += omni_tile_add (&tile, s.map);
}

static gboolean
score_scale (const OmniMetricRun *run, const OmniPlane *sources, const OmniPlane *fused, const guint8 *mask,
             double *value, char **reason)
{
  Scratch unused;
  Scale scale = { .sources = sources, .fused = fused, .mask = mask, .n = run->input->n_sources };
  omni_gaussian_init (scale.gaussian, WINDOW, SIGMA);
  double sums[2];
  if (!omni_work_run (omni_tiles_count (fused->width - MARGIN, fused->height - MARGIN), 2,
                      scratch_init (&unused, scale.n, NULL), scale_part, &scale, run->cancellable, sums))
    return omni_metric_refuse (reason, "cancelled");
  return omni_metric_divide (sums[0], sums[1], OMNI_METRIC_NO_WINDOW, value, reason);
}

gboolean
omni_metric_mef_ssim_1 (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  return omni_metric_check_size (run, WINDOW, reason)
         && score_scale (run, input->sources, &input->fused, input->mask, value, reason);
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
    if (!omni_work_run (height, 0, 0, halve_part, &halving, run->cancellable, &unused))
      return omni_metric_refuse (reason, "cancelled");
  }
  if (mask != NULL)
    halve_mask (mask, fused->width, fused->height, level->mask);
  return TRUE;
}

gboolean
omni_metric_mef_ssim (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  /* The third scale is a quarter as wide, rounded up, and holds at least one window. */
  if (!omni_metric_check_size (run, 4 * MARGIN + 1, reason))
    return FALSE;
  const double total = scale_weights[0] + scale_weights[1] + scale_weights[2];
  const OmniPlane *sources = input->sources, *fused = &input->fused;
  const guint8 *mask = input->mask;
  g_auto (OmniScales) scales = { 0 };
  *value = 1;
  for (guint i = 0; i < N_SCALES; i++)
  {
    double score;
    if (!score_scale (run, sources, fused, mask, &score, reason))
      return FALSE;
    /* Weights are fractions, so a scale that scores below zero has no power. */
    if (score < 0)
      return omni_metric_refuse (reason, "the structure of scale %u is opposite to that of the sources",
                                 i + 1);
    *value *= pow (score, scale_weights[i] / total);
    if (i + 1 == N_SCALES)
      break;
    OmniScale *coarser = &scales.levels[i];
    if (!halve (run, sources, fused, mask, coarser, reason))
      return FALSE;
    sources = coarser->planes;
    fused = &coarser->planes[input->n_sources];
    mask = coarser->mask;
  }
  return TRUE;
}
