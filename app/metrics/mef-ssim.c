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
  double unit; /* of the planes' whole numbers */
  double gaussian[WINDOW];
} Scale;

/* A block of windows is so many rows of a tile that all its moments stay in a processor's own cache until they are scored; and what they
 * lie on. */
#define ROWS          16
#define BLOCK_OUT     (ROWS * OMNI_TILE_PX)
#define BLOCK_ROWS    (ROWS + MARGIN)
#define BLOCK_COLUMNS (OMNI_TILE_PX + 12) /* in whole registers */

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

/* Where things are in a thread's scratch. */
typedef struct
{
  guint n;
  double unit;
  gint32 *in;      /* n + 1 loaded tiles, the fused picture last */
  gint32 *product; /* of a block */
  gint32 *down;    /* a block of sums over 11 rows */
  double *spare;
  /* Blocks of windows. Gaussian means: of the sources, their pairs k ≤ l, the fused picture, each source with it, its square. Sums: of
   * the first two of these. */
  double *means, *mean_pairs, *mean_fused, *mean_with;
  gint32 *sums, *sum_pairs;
  /* Rows. */
  double *box, *pairs, *with_fused; /* centred: the pairs under the box and the Gaussian, n + 1 */
  float *parts;                     /* n: what the share is made of */
  double *share;                    /* n: w_k / e_k */
  double *map;
} Scratch;

/* One row of a tile, of a length that the compiler knows. */
typedef double Row[OMNI_TILE_PX];

static gpointer
take (double **at, gsize n_doubles)
{
  double *start = *at;
  *at += n_doubles;
  return start;
}

/* Doubles that it takes; `at` may be NULL to count them. */
static gsize
scratch_init (Scratch *self, guint n, double *at)
{
  const guint n_pairs = count_pairs (n);
  double *next = at;
  self->n = n;
  self->in = take (&next, (gsize)(n + 1) * OMNI_TILE_IN / 2);
  self->product = take (&next, BLOCK_ROWS * OMNI_TILE_STRIDE / 2);
  self->down = take (&next, ROWS * OMNI_TILE_STRIDE / 2);
  self->spare = take (&next, ROWS * OMNI_TILE_STRIDE);
  self->means = take (&next, (gsize)n * BLOCK_OUT);
  self->mean_pairs = take (&next, (gsize)n_pairs * BLOCK_OUT);
  self->mean_fused = take (&next, BLOCK_OUT);
  self->mean_with = take (&next, (gsize)(n + 1) * BLOCK_OUT);
  self->sums = take (&next, (gsize)n * BLOCK_OUT / 2);
  self->sum_pairs = take (&next, (gsize)n_pairs * BLOCK_OUT / 2);
  self->box = take (&next, (gsize)n_pairs * OMNI_TILE_PX);
  self->pairs = take (&next, (gsize)n_pairs * OMNI_TILE_PX);
  self->with_fused = take (&next, (gsize)(n + 1) * OMNI_TILE_PX);
  self->parts = take (&next, (gsize)n * OMNI_TILE_PX / 2);
  self->share = take (&next, (gsize)n * OMNI_TILE_PX);
  self->map = take (&next, OMNI_TILE_OUT);
  return (gsize)(next - at);
}

/* max (x, 0) without a branch: a compiler that sees one works on a pixel at a time. */
OMNI_INLINE double
get_positive (double x)
{
  return 0.5 * (x + fabs (x));
}

/* In what follows the first term sets a sum, as clearing short rows takes as long as adding to them, and a loop either converts or
 * compares, as with both in one the compiler works on a pixel at a time. */

/* ‖Σ d_k‖². */
OMNI_INLINE void
add_all (const double *restrict pairs, guint n, float *restrict out)
{
  Row sum;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    sum[x] = pairs[x];
  for (guint k = 0, pair = 0; k < n; k++)
    for (guint l = k; l < n; l++, pair++)
    {
      const double *restrict one = pairs + (gsize)pair * OMNI_TILE_PX;
      if (pair > 0 && k == l)
        for (guint x = 0; x < OMNI_TILE_PX; x++)
          sum[x] += one[x];
      else if (pair > 0)
        for (guint x = 0; x < OMNI_TILE_PX; x++)
          sum[x] += 2 * one[x];
    }
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    out[x] = (float)get_positive (sum[x]);
}

/* Σ over k and l of c_k c_l times the pairs under the box and under the Gaussian; `terms` are those under the box with k = l. */
OMNI_INLINE void
add_forms (const double *restrict box, const double *restrict pairs, const double *restrict share, guint n,
           double *restrict square, double *restrict variance, double *restrict terms)
{
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    const double c = share[x] * share[x];
    square[x] = c * box[x];
    variance[x] = c * pairs[x];
  }
  for (guint k = 1; k < n; k++)
  {
    const gsize at = (gsize)get_pair (n, k, k) * OMNI_TILE_PX;
    const double *restrict a = share + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const double c = a[x] * a[x];
      square[x] += c * box[at + x];
      variance[x] += c * pairs[at + x];
    }
  }
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    terms[x] = square[x];
  for (guint k = 0; k < n; k++)
    for (guint l = k + 1; l < n; l++)
    {
      const gsize at = (gsize)get_pair (n, k, l) * OMNI_TILE_PX;
      const double *restrict a = share + (gsize)k * OMNI_TILE_PX, *restrict b = share
                                                                                + (gsize)l * OMNI_TILE_PX;
      for (guint x = 0; x < OMNI_TILE_PX; x++)
      {
        const double c = 2 * a[x] * b[x];
        square[x] += c * box[at + x];
        variance[x] += c * pairs[at + x];
      }
    }
}

/* How strongly contrast decides, by how alike the patches are; leaves ‖d_k‖ in `lengths`. The weights need no more than single
 * precision: r is scaled by its own length afterwards. */
OMNI_INLINE void
find_power (const double *restrict pairs, guint n, float *restrict lengths, float *restrict power)
{
  float all[OMNI_TILE_PX], sum[OMNI_TILE_PX];
  add_all (pairs, n, all);
  for (guint k = 0; k < n; k++)
  {
    const double *restrict own = pairs + (gsize)get_pair (n, k, k) * OMNI_TILE_PX;
    float *restrict length = lengths + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      length[x] = sqrtf ((float)get_positive (own[x]));
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      sum[x] = k > 0 ? sum[x] + length[x] : length[x];
  }
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    all[x] = (sqrtf (all[x]) + (float)EPSILON) / (sum[x] + (float)EPSILON);
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    all[x] = all[x] < (float)MOST_ALIKE ? all[x] : (float)MOST_ALIKE;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    power[x] = omni_vector_tanf (all[x] * (float)(G_PI / 2));
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    power[x] = power[x] < MAX_EXPONENT ? power[x] : MAX_EXPONENT;
}

/* w_k / e_k, with Σ w_k = 1; and the largest e_k. `parts` is of the size of `share`. */
OMNI_INLINE void
weigh (const double *restrict pairs, guint n, float *restrict parts, double *restrict share,
       double *restrict largest)
{
  float power[OMNI_TILE_PX], weights[OMNI_TILE_PX], most[OMNI_TILE_PX];
  find_power (pairs, n, parts, power);
  for (guint k = 0; k < n; k++)
  {
    float *restrict part = parts + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const float e = part[x] + 0.001f;
      const float w = omni_vector_expf (power[x] * (omni_vector_logf (e) - (float)LOG_WINDOW))
                      + (float)EPSILON;
      most[x] = k > 0 && most[x] > e ? most[x] : e;
      weights[x] = k > 0 ? weights[x] + w : w;
      part[x] = w / e;
    }
  }
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    weights[x] = 1 / weights[x];
    largest[x] = most[x];
  }
  for (guint k = 0; k < n; k++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      share[(gsize)k * OMNI_TILE_PX + x] = parts[(gsize)k * OMNI_TILE_PX + x] * weights[x];
}

OMNI_INLINE void
score_row (const double *restrict box_pairs, const double *restrict pairs, const double *restrict with_fused,
           guint n, float *restrict parts, double *restrict share, double *restrict map)
{
  Row largest, square, variance, terms, covariance;
  weigh (box_pairs, n, parts, share, largest);
  add_forms (box_pairs, pairs, share, n, square, variance, terms);
  for (guint k = 0; k < n; k++)
  {
    const double *restrict c = share + (gsize)k * OMNI_TILE_PX, *restrict with = with_fused
                                                                                 + (gsize)k * OMNI_TILE_PX;
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      covariance[x] = k > 0 ? covariance[x] + c[x] * with[x] : c[x] * with[x];
  }
  const double *restrict fused = with_fused + (gsize)n * OMNI_TILE_PX;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    const gboolean there = square[x] > CANCELLED * terms[x];
    const double scaled = largest[x] / sqrt (there ? square[x] : 1), scale = there ? scaled : 0;
    map[x] = (2 * scale * covariance[x] + C) / (scale * scale * variance[x] + fused[x] + C);
  }
}

/* sum(x·y) − sum(x)·sum(y)/121, exactly zero in flat patches: the numerator is exact. */
OMNI_INLINE void
centre_sums (const gint32 *restrict x, const gint32 *restrict y, const gint32 *restrict product, double unit,
             double *restrict out)
{
  const double part = unit * unit / AREA;
  for (guint i = 0; i < OMNI_TILE_PX; i++)
    out[i] = ((double)AREA * product[i] - (double)x[i] * y[i]) * part;
}

/* mean(x·y) − mean(x)·mean(y). */
OMNI_INLINE void
centre_means (const double *restrict x, const double *restrict y, const double *restrict product, double unit,
              double *restrict out)
{
  const double square = unit * unit;
  for (guint i = 0; i < OMNI_TILE_PX; i++)
    out[i] = (product[i] - x[i] * y[i]) * square;
}

/* Row `y` of the block. */
OMNI_VECTOR static void
centre_row (const Scratch *s, guint y)
{
  const gsize at = (gsize)y * OMNI_TILE_PX;
  const guint n = s->n;
  for (guint k = 0, pair = 0; k < n; k++)
  {
    const double *mean = s->means + k * BLOCK_OUT + at;
    for (guint l = k; l < n; l++, pair++)
    {
      centre_sums (s->sums + k * BLOCK_OUT + at, s->sums + l * BLOCK_OUT + at,
                   s->sum_pairs + pair * BLOCK_OUT + at, s->unit, s->box + pair * OMNI_TILE_PX);
      centre_means (mean, s->means + l * BLOCK_OUT + at, s->mean_pairs + pair * BLOCK_OUT + at, s->unit,
                    s->pairs + pair * OMNI_TILE_PX);
    }
    centre_means (mean, s->mean_fused + at, s->mean_with + k * BLOCK_OUT + at, s->unit,
                  s->with_fused + k * OMNI_TILE_PX);
  }
  centre_means (s->mean_fused + at, s->mean_fused + at, s->mean_with + n * BLOCK_OUT + at, s->unit,
                s->with_fused + n * OMNI_TILE_PX);
}

OMNI_VECTOR static void
score_centred_row (const Scratch *s, double *map)
{
  score_row (s->box, s->pairs, s->with_fused, s->n, s->parts, s->share, map);
}

/* ---- Moments of a block ----
 *
 * All pixels are whole numbers of units, at most 4080 of them: their products and sums of 121 of these fit 32 bits. */

/* a · b, of a alone when `b` is NULL. */
OMNI_VECTOR static void
multiply (const gint32 *restrict a, const gint32 *restrict b, gint32 *restrict product)
{
  for (guint y = 0; y < BLOCK_ROWS;
       y++, a += OMNI_TILE_STRIDE, b += OMNI_TILE_STRIDE, product += OMNI_TILE_STRIDE)
    for (guint x = 0; x < BLOCK_COLUMNS; x++)
      product[x] = a[x] * b[x];
}

/* Gaussian means of a block. The weights are symmetric, so two values share a product; down the columns their sum is exact. */
OMNI_VECTOR static void
filter_block (const gint32 *restrict in, const double *restrict weights, double *restrict down,
              double *restrict out)
{
  for (guint y = 0; y < ROWS; y++)
    for (guint x = 0; x < BLOCK_COLUMNS; x++)
    {
      const gint32 *restrict top = in + y * OMNI_TILE_STRIDE + x;
      double sum = weights[WINDOW / 2] * top[WINDOW / 2 * OMNI_TILE_STRIDE];
      for (guint i = 0; i < WINDOW / 2; i++)
        sum += weights[i] * (top[i * OMNI_TILE_STRIDE] + top[(WINDOW - 1 - i) * OMNI_TILE_STRIDE]);
      down[y * OMNI_TILE_STRIDE + x] = sum;
    }
  for (guint y = 0; y < ROWS; y++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const double *restrict row = down + y * OMNI_TILE_STRIDE + x;
      double sum = weights[WINDOW / 2] * row[WINDOW / 2];
      for (guint i = 0; i < WINDOW / 2; i++)
        sum += weights[i] * (row[i] + row[WINDOW - 1 - i]);
      out[y * OMNI_TILE_PX + x] = sum;
    }
}

/* Sums over 11 × 11 of a block; a row's follow from those of the row before. */
OMNI_VECTOR static void
sum_block (const gint32 *restrict in, gint32 *restrict down, gint32 *restrict out)
{
  for (guint x = 0; x < BLOCK_COLUMNS; x++)
  {
    down[x] = 0;
    for (guint i = 0; i < WINDOW; i++)
      down[x] += in[i * OMNI_TILE_STRIDE + x];
  }
  for (guint y = 1; y < ROWS; y++)
    for (guint x = 0; x < BLOCK_COLUMNS; x++)
      down[y * OMNI_TILE_STRIDE + x] = down[(y - 1) * OMNI_TILE_STRIDE + x]
                                       + (in[(y + MARGIN) * OMNI_TILE_STRIDE + x]
                                          - in[(y - 1) * OMNI_TILE_STRIDE + x]);
  for (guint y = 0; y < ROWS; y++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const gint32 *restrict row = down + y * OMNI_TILE_STRIDE + x;
      out[y * OMNI_TILE_PX + x] = row[0] + row[1] + row[2] + row[3] + row[4] + row[5] + row[6] + row[7]
                                  + row[8] + row[9] + row[10];
    }
}

/* The moments of planes `a` and `b` (nullable) in the block from row `base` on. */
static void
do_moment (const Scale *scale, const Scratch *s, guint base, guint a, const guint *b, double *means,
           gint32 *sums)
{
  const gsize from = (gsize)base * OMNI_TILE_STRIDE;
  const gint32 *in = s->in + (gsize)a * OMNI_TILE_IN + from;
  if (b != NULL)
    multiply (in, s->in + (gsize)*b * OMNI_TILE_IN + from, s->product);
  filter_block (b != NULL ? s->product : in, scale->gaussian, s->spare, means);
  if (sums != NULL)
    sum_block (b != NULL ? s->product : in, s->down, sums);
}

static void
do_block (const Scale *scale, const Scratch *s, guint base)
{
  const guint n = s->n;
  for (guint k = 0, pair = 0; k <= n; k++)
  {
    if (k < n)
      do_moment (scale, s, base, k, NULL, s->means + k * BLOCK_OUT, s->sums + k * BLOCK_OUT);
    else
      do_moment (scale, s, base, n, NULL, s->mean_fused, NULL);
    for (guint l = k; l < n; l++, pair++)
      do_moment (scale, s, base, k, &l, s->mean_pairs + pair * BLOCK_OUT, s->sum_pairs + pair * BLOCK_OUT);
    do_moment (scale, s, base, k, &n, s->mean_with + k * BLOCK_OUT, NULL);
  }
}

OMNI_VECTOR static void
widen_bytes (const guint8 *restrict from, guint n, gint32 *restrict to)
{
  for (guint x = 0; x < n; x++)
    to[x] = from[x];
}

OMNI_VECTOR static void
widen_words (const guint16 *restrict from, guint n, gint32 *restrict to)
{
  for (guint x = 0; x < n; x++)
    to[x] = from[x];
}

/* The part of a plane that the windows of a tile lie on; zero beyond it. */
static void
load (const OmniPlane *plane, const OmniTile *tile, gint32 *in)
{
  const guint n = MIN (OMNI_TILE_PX + MARGIN, plane->width - tile->x);
  for (guint row = 0; row < OMNI_TILE_PX + MARGIN; row++, in += OMNI_TILE_STRIDE)
  {
    const gsize at = (gsize)(tile->y + row) * plane->width + tile->x;
    const gboolean inside = tile->y + row < plane->height;
    if (!inside || n < OMNI_TILE_PX + MARGIN)
      memset (in, 0, OMNI_TILE_STRIDE * sizeof *in);
    if (inside && plane->bytes != NULL)
      widen_bytes (plane->bytes + at, n, in);
    else if (inside)
      widen_words (plane->words + at, n, in);
  }
}

static void
scale_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Scale *scale = data;
  const guint n = scale->n, width = scale->fused->width, height = scale->fused->height;
  Scratch s = { .unit = scale->unit };
  OmniTile tile;
  scratch_init (&s, n, scratch);
  omni_tile_init (&tile, width - MARGIN, height - MARGIN, part);
  for (guint k = 0; k <= n; k++)
    load (k < n ? &scale->sources[k] : scale->fused, &tile, s.in + (gsize)k * OMNI_TILE_IN);
  for (guint base = 0; base < tile.height; base += ROWS)
  {
    do_block (scale, &s, base);
    for (guint y = 0; y < MIN (ROWS, tile.height - base); y++)
    {
      centre_row (&s, y);
      score_centred_row (&s, s.map + (gsize)(base + y) * OMNI_TILE_PX);
    }
  }
  sums[1] += omni_tile_mask (&tile, scale->mask, width, height, (int)tile.x, (int)tile.y, WINDOW, 0, s.map,
                             1);
  sums[0] += omni_tile_add (&tile, s.map);
}

/* In plain C. */
static gboolean
score_scale (const OmniMetricRun *run, const OmniPlane *sources, const OmniPlane *fused, const guint8 *mask,
             double unit, double *value, char **reason)
{
  Scratch unused;
  const guint n = run->input->n_sources;
  Scale scale = { .sources = sources, .fused = fused, .mask = mask, .n = n, .unit = unit };
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

OMNI_VECTOR static void
halve_bytes (const guint8 *restrict a, const guint8 *restrict b, guint n, guint16 *restrict to)
{
  for (guint x = 0; x < n; x++)
    to[x] = (guint16)(a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]);
}

OMNI_VECTOR static void
halve_words (const guint16 *restrict a, const guint16 *restrict b, guint n, guint16 *restrict to)
{
  for (guint x = 0; x < n; x++)
    to[x] = (guint16)(a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]);
}

/* Means of 2 × 2, every second one, in units of a quarter: sums. The last row and column of an odd picture count twice. */
static void
halve_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Halving *self = data;
  const OmniPlane *from = self->from;
  const guint n = from->width / 2;
  const gsize above = (gsize)2 * part * from->width,
              below = (gsize)MIN (2 * part + 1, from->height - 1) * from->width;
  guint16 *to = (guint16 *)self->to->words + (gsize)part * self->to->width;
  if (from->bytes != NULL)
    halve_bytes (from->bytes + above, from->bytes + below, n, to);
  else
    halve_words (from->words + above, from->words + below, n, to);
  if (from->width % 2 != 0)
    to[n] = (guint16)(from->bytes != NULL ? 2 * (from->bytes[above + 2 * n] + from->bytes[below + 2 * n])
                                          : 2 * (from->words[above + 2 * n] + from->words[below + 2 * n]));
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
  if (!omni_scale_alloc (level, n + 1, width, height, TRUE, mask != NULL, reason))
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
  double unit = 1;
  for (guint i = 0; i < n_scales; i++, unit /= 4)
  {
    if (!(is_done
            ? omni_metric_divide (sums[2 * i], sums[2 * i + 1], OMNI_METRIC_NO_WINDOW, &scores[i], reason)
            : score_scale (run, sources, fused, mask, unit, &scores[i], reason)))
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
      return omni_metric_refuse (reason, _ ("the structure of scale %u is opposite to that of the sources"),
                                 i + 1);
    *value *= pow (scores[i], scale_weights[i] / total);
  }
  return TRUE;
}
