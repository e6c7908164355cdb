/* film.c: samples gathered into a picture, and the filter that takes out what is left of their noise.
 *
 * The filter is the spatial half of SVGF (Schied et al., HPG 2017): an edge-stopping à-trous wavelet over the
 * light alone, with the texture divided out first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "film.h"

#include <string.h>

typedef struct
{
  guint rows, next;
  void (*row) (guint y, gpointer data);
  gpointer data;
} RowJob;

static gpointer
rows_thread (gpointer data)
{
  RowJob *const job = data;
  for (;;)
  {
    const guint y = (guint)g_atomic_int_add ((gint *)&job->next, 1);
    if (y >= job->rows)
      return NULL;
    job->row (y, job->data);
  }
}

void
rows_run (guint rows, guint threads, void (*row) (guint y, gpointer data), gpointer data)
{
  RowJob job = { .rows = rows, .row = row, .data = data };
  GThread *others[64];
  const guint extra = MIN (MAX (threads, 1), 64) - 1;
  for (guint i = 0; i < extra; i++)
    others[i] = g_thread_new ("rows", rows_thread, &job);
  rows_thread (&job);
  for (guint i = 0; i < extra; i++)
    g_thread_join (others[i]);
}

Picture
picture_new (guint width, guint height)
{
  return (Picture){ width, height, g_aligned_alloc0 ((gsize)width * height, sizeof (V3), 16) };
}

void
picture_clear (Picture *picture)
{
  g_aligned_free (g_steal_pointer (&picture->pixels));
}

static float
catmull_rom (float x)
{
  x = fabsf (x);
  if (x < 1.0f)
    return (1.5f * x - 2.5f) * x * x + 1.0f;
  return x < 2.0f ? ((-0.5f * x + 2.5f) * x - 4.0f) * x + 2.0f : 0.0f;
}

static V3
picture_at (const Picture *from, float x, float y)
{
  const int ix = (int)floorf (x), iy = (int)floorf (y);
  V3 sum = grey (0.0f), low = grey (1e30f), high = grey (0.0f);
  for (int j = -1; j <= 2; j++)
    for (int i = -1; i <= 2; i++)
    {
      const int px = CLAMP (ix + i, 0, (int)from->width - 1), py = CLAMP (iy + j, 0, (int)from->height - 1);
      const V3 value = from->pixels[(gsize)py * from->width + px];
      sum += value * (catmull_rom (x - (ix + i)) * catmull_rom (y - (iy + j)));
      for (int k = 0; k < 3; k++)
      {
        low[k] = MIN (low[k], value[k]);
        high[k] = MAX (high[k], value[k]);
      }
    }
  /* Bright edges would ring. */
  for (int k = 0; k < 3; k++)
    sum[k] = clampf (sum[k], low[k], high[k]);
  return sum;
}

Picture
picture_cut (const Picture *from, guint width, guint height, float dx, float dy, float degrees)
{
  Picture result = picture_new (width, height);
  const float c = cosf (degrees * PI_F / 180.0f), s = sinf (degrees * PI_F / 180.0f);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      const float u = x - (width - 1) * 0.5f, v = y - (height - 1) * 0.5f;
      result.pixels[(gsize)y * width + x] = picture_at (from, (from->width - 1) * 0.5f + c * u - s * v + dx,
                                                        (from->height - 1) * 0.5f + s * u + c * v + dy);
    }
  return result;
}

static void
blur_line (V3 *line, guint count, gsize stride, const float *kernel, int radius, V3 *scratch)
{
  for (guint i = 0; i < count; i++)
  {
    V3 sum = grey (0.0f);
    for (int k = -radius; k <= radius; k++)
      sum += line[(gsize)CLAMP ((int)i + k, 0, (int)count - 1) * stride] * kernel[ABS (k)];
    scratch[i] = sum;
  }
  for (guint i = 0; i < count; i++)
    line[i * stride] = scratch[i];
}

void
picture_blur (Picture *picture, float sigma)
{
  const int radius = (int)ceilf (sigma * 3.0f);
  g_autofree float *kernel = g_new (float, radius + 1);
  float total = 0.0f;
  for (int k = 0; k <= radius; k++)
  {
    kernel[k] = expf (-0.5f * k * k / (sigma * sigma));
    total += k == 0 ? kernel[k] : 2.0f * kernel[k];
  }
  for (int k = 0; k <= radius; k++)
    kernel[k] /= total;
  V3 *const scratch = g_aligned_alloc (MAX (picture->width, picture->height), sizeof (V3), 16);
  for (guint y = 0; y < picture->height; y++)
    blur_line (picture->pixels + (gsize)y * picture->width, picture->width, 1, kernel, radius, scratch);
  for (guint x = 0; x < picture->width; x++)
    blur_line (picture->pixels + x, picture->height, picture->width, kernel, radius, scratch);
  g_aligned_free (scratch);
}

Camera
camera_look (V3 eye, V3 at, float zoom)
{
  const V3 forward = unit (at - eye), right = unit (cross (v3 (0, 1, 0), forward));
  return (Camera){ eye, right, cross (forward, right), forward, zoom };
}

V3
camera_ray (const Camera *camera, float x, float y, guint width, guint height)
{
  const float u = (x - width * 0.5f) / height, v = (height * 0.5f - y) / height;
  return unit (camera->right * u + camera->up * v + camera->forward * camera->zoom);
}

/* One pixel's light over its samples; the fourth lane of light carries the variance of the mean. */
typedef struct
{
  const Scene *scene;
  const Camera *camera;
  guint width, height, samples;
  /* albedo's fourth lane: how much the samples' normals agree; normal's: the depth. */
  V3 *seen, *albedo, *normal, *diffuse, *bounced, *glossy, *scratch;
  V3 *from, *to;
  float tolerance; /* how many standard deviations two pixels' light may differ */
  int step;
} Film;

static const V3 faint = { 0.02f, 0.02f, 0.02f, 0.0f };

static void
film_row (guint y, gpointer data)
{
  Film *const film = data;
  for (guint x = 0; x < film->width; x++)
  {
    const gsize at = (gsize)y * film->width + x;
    V3 seen = grey (0), albedo = grey (0), normal = grey (0), light[3] = { grey (0), grey (0), grey (0) };
    float depth = 0.0f, square[3] = { 0.0f, 0.0f, 0.0f };
    for (guint s = 0; s < film->samples; s++)
    {
      Random random = random_start ((guint32)at, s);
      const float jx = random_next (&random), jy = random_next (&random);
      const V3 ray = camera_ray (film->camera, x + jx, y + jy, film->width, film->height);
      const Sample sample = scene_sample (film->scene, film->camera->eye, ray, &random);
      const V3 parts[3] = { sample.diffuse / (sample.albedo + faint),
                            sample.bounced / (sample.albedo + faint), sample.glossy };
      for (int k = 0; k < 3; k++)
        square[k] += luminance (parts[k]) * luminance (parts[k]);
      seen += sample.seen;
      light[0] += sample.diffuse;
      light[1] += sample.bounced;
      light[2] += sample.glossy;
      albedo += sample.albedo;
      normal += sample.normal;
      depth += 1.0f / sample.depth;
    }
    const float n = 1.0f / film->samples;
    V3 *const layers[3] = { film->diffuse, film->bounced, film->glossy };
    film->seen[at] = seen * n;
    film->albedo[at] = albedo * n + faint;
    film->albedo[at][3] = length3 (normal) * n;
    film->normal[at] = unit (normal);
    film->normal[at][3] = film->samples / depth;
    for (int k = 0; k < 3; k++)
    {
      const V3 mean = k < 2 ? light[k] * n / film->albedo[at] : light[k] * n;
      layers[k][at] = mean;
      layers[k][at][3] = MAX (square[k] * n - luminance (mean) * luminance (mean), 0.0f) * n;
    }
  }
}

static float
smooth_variance (const Film *film, int x, int y)
{
  /* A few samples know little of their own spread; their neighbours help. */
  const int reach = film->step == 1 ? 3 : 1;
  float sum = 0.0f, total = 0.0f;
  for (int j = -reach; j <= reach; j++)
    for (int i = -reach; i <= reach; i++)
    {
      const int px = CLAMP (x + i, 0, (int)film->width - 1), py = CLAMP (y + j, 0, (int)film->height - 1);
      const float weight = (float)((reach + 1 - ABS (i)) * (reach + 1 - ABS (j)));
      sum += film->from[(gsize)py * film->width + px][3] * weight;
      total += weight;
    }
  return sum / total;
}

static void
denoise_row (guint y, gpointer data)
{
  static const float spline[] = { 0.375f, 0.25f, 0.0625f };
  Film *const film = data;
  for (guint x = 0; x < film->width; x++)
  {
    const gsize at = (gsize)y * film->width + x;
    const V3 centre = film->from[at], normal = film->normal[at];
    const float spread = film->tolerance * sqrtf (smooth_variance (film, (int)x, (int)y))
                         + 0.01f * luminance (centre) + 1e-4f,
                bright = luminance (centre);
    /* A pixel with an edge in it has neighbours on neither side; it may look at both. */
    const float strict = film->albedo[at][3] < 0.98f ? 5.0f : 64.0f;
    V3 sum = grey (0.0f);
    float total = 0.0f, variance = 0.0f;
    for (int j = -2; j <= 2; j++)
      for (int i = -2; i <= 2; i++)
      {
        const int px = (int)x + i * film->step, py = (int)y + j * film->step;
        if (px < 0 || py < 0 || px >= (int)film->width || py >= (int)film->height)
          continue;
        const gsize there = (gsize)py * film->width + px;
        const V3 value = film->from[there], other = film->normal[there];
        const float turn = MAX (dot (normal, other), 0.0f);
        const float deep = fabsf (other[3] - normal[3])
                           / (normal[3] * 0.012f * film->step * (ABS (i) + ABS (j) + 1));
        const float light = fabsf (luminance (value) - bright) / spread;
        const float weight = spline[ABS (i)] * spline[ABS (j)] * powf (turn, strict) * expf (-light - deep);
        sum += value * weight;
        total += weight;
        variance += value[3] * weight * weight;
      }
    film->to[at] = total > 0.0f ? sum / total : centre;
    film->to[at][3] = total > 0.0f ? variance / (total * total) : centre[3];
  }
}

/* A pixel may not outshine all of its neighbours: one lucky path is not a light. */
static void
calm_row (guint y, gpointer data)
{
  Film *const film = data;
  for (guint x = 0; x < film->width; x++)
  {
    const gsize at = (gsize)y * film->width + x;
    float first = 0.0f, second = 0.0f;
    for (int j = -2; j <= 2; j++)
      for (int i = -2; i <= 2; i++)
      {
        const int px = CLAMP ((int)x + i, 0, (int)film->width - 1);
        const int py = CLAMP ((int)y + j, 0, (int)film->height - 1);
        const float light = luminance (film->from[(gsize)py * film->width + px]);
        if ((i == 0 && j == 0) || light <= second)
          continue;
        second = MIN (light, first);
        first = MAX (light, first);
      }
    const float bright = luminance (film->from[at]),
                scale = bright > second ? (second + 1e-6f) / bright : 1.0f;
    film->to[at] = film->from[at] * scale;
    film->to[at][3] = film->from[at][3] * scale * scale;
  }
}

static void
denoise (Film *film, V3 *light, int passes, float tolerance, guint threads)
{
  film->tolerance = tolerance;
  film->from = light;
  film->to = film->scratch;
  rows_run (film->height, threads, calm_row, film);
  memcpy (light, film->scratch, (gsize)film->width * film->height * sizeof (V3));
  for (int i = 0; i < passes; i++)
  {
    film->step = 1 << i;
    rows_run (film->height, threads, denoise_row, film);
    V3 *const swap = film->from;
    film->from = film->to;
    film->to = swap;
  }
  if (film->from != light)
    memcpy (light, film->from, (gsize)film->width * film->height * sizeof (V3));
}

Picture
scene_render (const Scene *scene, const Camera *camera, guint width, guint height, const Effort *effort)
{
  Picture result = picture_new (width, height);
  const gsize count = (gsize)width * height;
  Film film = {
    .scene = scene, .camera = camera, .width = width, .height = height, .samples = effort->samples
  };
  V3 **const layers[] = { &film.seen,    &film.albedo, &film.normal, &film.diffuse,
                          &film.bounced, &film.glossy, &film.scratch };
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    *layers[i] = g_aligned_alloc0 (count, sizeof (V3), 16);
  rows_run (height, effort->threads, film_row, &film);
  denoise (&film, film.diffuse, 4, 2.5f, effort->threads);
  /* Light that has bounced is smooth where the surface is. */
  denoise (&film, film.bounced, 6, 20.0f, effort->threads);
  denoise (&film, film.glossy, 3, 3.0f, effort->threads);
  for (gsize i = 0; i < count; i++)
  {
    result.pixels[i] = film.seen[i] + (film.diffuse[i] + film.bounced[i]) * film.albedo[i] + film.glossy[i];
    result.pixels[i][3] = film.normal[i][3];
  }
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    g_aligned_free (*layers[i]);
  return result;
}
