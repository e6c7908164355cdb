/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/engine.h"

#include "app/fusion/fusion-private.h"
#include "app/picture/resample.h"
#include "app/titles.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Task detection: roles, then sizes and bands, then EXIF, then the content of thumbnails. Every figure is a symmetric
 * function of the set (minimum, maximum, or taken along the order of brightness), so the list order cannot matter.
 *
 * The thresholds lie in the gaps found on 739 development sets (68 exposure, 30 focus, 169 infrared, 472 medical):
 *  - black border ring: medical ≥ .80, everything else ≤ .54
 *  - brightness spread: focus ≤ .03, exposure ≥ .19 (of whole brackets)
 *  - grey beside colour: every infrared pair, no exposure or focus set */
#define GRID            128
#define N_CELLS         (GRID * GRID)
#define BORDER          6
#define DARK            0.06f
#define MEDICAL_BORDER  0.7
#define MEDICAL_DARK    0.25
#define SAME_SCENE      0.9 /* correlation above which two pictures differ in nothing but focus */
#define UNLIKE_SCENE    0.5 /* rank correlation below which they come from different sensors */
#define EXPOSURE_SPREAD 0.08
#define EXPOSURE_RATIO                                                                                       \
  1.3 /* of mean brightness: the dark end of a bracket differs by little and by much at once */
#define EXPOSURE_STOPS    0.5
#define LEAST_MEAN        (1 / 255.0) /* black pictures have no ratio */
#define GREY_SATURATION   0.004
#define COLOUR_SATURATION 0.008

typedef struct
{
  float luma[N_CELLS];
  float rank[N_CELLS];
  double mean, contrast, saturation;
  double dark, dark_border; /* fractions of cells */
} Content;

typedef struct
{
  double spread, ratio; /* of mean brightness */
  double darkest_border, least_dark;
  double least_correlation; /* of luminance, between neighbours in the order of brightness */
  double mean_rank;         /* rank correlation, mean over the same neighbours */
  gboolean has_grey, has_colour;
} Figures;

/* `white` is 1, or the largest sample of a set that is not scaled to it. */
static float
read_sample (OmniPicture *picture, gsize index, float white)
{
  const gconstpointer pixels = omni_picture_get_pixels (picture);
  switch (omni_picture_get_sample_type (picture))
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)pixels)[index] / 255.0f;
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)pixels)[index] / 65535.0f;
  case OMNI_SAMPLE_F32:
  default:
  {
    const float value = ((const float *)pixels)[index] / white;
    return value > 0 ? MIN (value, 1) : 0;
  }
  }
}

/* Mean luminance and saturation (largest − smallest of R, G, B) of one cell of the grid. */
static void
measure_cell (OmniPicture *picture, float white, guint column, guint row, float *luma, float *saturation)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const guint left = column * width / GRID, right = MAX (left + 1, (column + 1) * width / GRID);
  const guint top = row * height / GRID, bottom = MAX (top + 1, (row + 1) * height / GRID);
  float sum = 0, sum_saturation = 0;

  for (guint y = top; y < bottom; y++)
    for (guint x = left; x < right; x++)
    {
      const gsize at = ((gsize)y * width + x) * channels;
      const float r = read_sample (picture, at, white);
      if (channels < 3)
      {
        sum += r;
        continue;
      }
      const float g = read_sample (picture, at + 1, white), b = read_sample (picture, at + 2, white);
      sum += 0.299f * r + 0.587f * g + 0.114f * b;
      sum_saturation += MAX (r, MAX (g, b)) - MIN (r, MIN (g, b));
    }
  const float n = (float)(right - left) * (bottom - top);
  *luma = sum / n;
  *saturation = sum_saturation / n;
}

static int
compare_cells (const void *a, const void *b)
{
  const float x = **(const float *const *)a, y = **(const float *const *)b;
  return (x > y) - (x < y);
}

/* Equal values share the mean of their ranks. */
static void
rank_cells (Content *content)
{
  g_autofree const float **cells = g_new (const float *, N_CELLS);
  for (guint i = 0; i < N_CELLS; i++)
    cells[i] = &content->luma[i];
  qsort (cells, N_CELLS, sizeof *cells, compare_cells);
  for (guint i = 0; i < N_CELLS;)
  {
    guint end = i;
    while (end < N_CELLS && *cells[end] == *cells[i])
      end++;
    for (guint k = i; k < end; k++)
      content->rank[cells[k] - content->luma] = (i + end - 1) * 0.5f;
    i = end;
  }
}

static Content *
content_new (OmniPicture *picture, float white)
{
  Content *content = g_new0 (Content, 1);
  double sum_square = 0;
  guint n_border = 0;

  for (guint row = 0; row < GRID; row++)
    for (guint column = 0; column < GRID; column++)
    {
      float luma, saturation;
      measure_cell (picture, white, column, row, &luma, &saturation);
      content->luma[row * GRID + column] = luma;
      content->mean += luma / N_CELLS;
      content->saturation += saturation / N_CELLS;
      sum_square += luma * luma / N_CELLS;
      content->dark += (luma < DARK) / (double)N_CELLS;
      const gboolean on_border = MIN (row, column) < BORDER || MAX (row, column) >= GRID - BORDER;
      n_border += on_border;
      content->dark_border += on_border && luma < DARK;
    }
  content->dark_border /= n_border;
  content->contrast = sqrt (MAX (0, sum_square - content->mean * content->mean));
  rank_cells (content);
  return content;
}

static double
correlate (const float *a, const float *b)
{
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (guint i = 0; i < N_CELLS; i++)
  {
    mean_a += a[i] / N_CELLS;
    mean_b += b[i] / N_CELLS;
  }
  for (guint i = 0; i < N_CELLS; i++)
  {
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa * bb > 0 ? ab / sqrt (aa * bb) : 0;
}

/* A total order up to equal content. */
static int
compare_brightness (gconstpointer a, gconstpointer b)
{
  const Content *x = *(const Content *const *)a, *y = *(const Content *const *)b;
  if (x->mean != y->mean)
    return x->mean > y->mean ? 1 : -1;
  return memcmp (x->luma, y->luma, sizeof x->luma);
}

/* A flat frame (all black, all white) says nothing about its sensor. */
static gboolean
shows_something (const Content *content)
{
  return content->contrast > 0.04 && content->mean > 0.05 && content->mean < 0.95;
}

static void
compare_contents (GPtrArray *contents, Figures *figures)
{
  *figures = (Figures){ .darkest_border = 1, .least_dark = 1, .least_correlation = 1, .mean_rank = 1 };
  g_ptr_array_sort (contents, compare_brightness);

  double sum_rank = 0;
  for (guint i = 0; i < contents->len; i++)
  {
    const Content *content = contents->pdata[i];
    figures->darkest_border = MIN (figures->darkest_border, content->dark_border);
    figures->least_dark = MIN (figures->least_dark, content->dark);
    figures->has_grey |= content->saturation < GREY_SATURATION && shows_something (content);
    figures->has_colour |= content->saturation > COLOUR_SATURATION;
    if (i == 0)
      continue;
    const Content *darker = contents->pdata[i - 1];
    figures->least_correlation = MIN (figures->least_correlation, correlate (content->luma, darker->luma));
    sum_rank += correlate (content->rank, darker->rank);
  }
  const Content *brightest = contents->pdata[contents->len - 1], *darkest = contents->pdata[0];
  figures->spread = brightest->mean - darkest->mean;
  figures->ratio = brightest->mean / MAX (darkest->mean, LEAST_MEAN);
  if (contents->len > 1)
    figures->mean_rank = sum_rank / (contents->len - 1);
}

static OmniTask
decide_from_figures (const Figures *figures, guint n_sources, char **reason)
{
  const gboolean mixed = figures->has_grey && figures->has_colour;

  if (figures->darkest_border > MEDICAL_BORDER && figures->least_dark > MEDICAL_DARK
      && figures->least_correlation < SAME_SCENE)
  {
    *reason = g_strdup (mixed ? _ ("a grey and a coloured slice on black") : _ ("unlike slices on black"));
    return OMNI_TASK_MEDICAL;
  }
  if (n_sources == 2 && mixed && figures->least_correlation < SAME_SCENE)
  {
    *reason = g_strdup (_ ("a grey picture beside a colour picture of the same view"));
    return OMNI_TASK_INFRARED;
  }
  if (n_sources == 2 && figures->mean_rank < UNLIKE_SCENE)
  {
    *reason = g_strdup (_ ("two pictures whose tones do not follow each other"));
    return OMNI_TASK_INFRARED;
  }
  if (figures->spread > EXPOSURE_SPREAD)
  {
    *reason = g_strdup_printf (_ ("mean brightness differs by %.0f %%"), figures->spread * 100);
    return OMNI_TASK_EXPOSURE;
  }
  if (figures->ratio > EXPOSURE_RATIO)
  {
    *reason = g_strdup_printf (_ ("the brightest is %.1f times as bright as the darkest"), figures->ratio);
    return OMNI_TASK_EXPOSURE;
  }
  *reason = g_strdup (_ ("equally bright pictures of one scene"));
  return OMNI_TASK_FOCUS;
}

/* The largest finite sample of floats, at least 1: other samples end there. */
static float
find_white (GPtrArray *pictures)
{
  float white = 1;
  for (guint i = 0; i < pictures->len; i++)
  {
    OmniPicture *picture = pictures->pdata[i];
    const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture)
                    * omni_picture_get_channels (picture);
    if (omni_picture_get_sample_type (picture) != OMNI_SAMPLE_F32)
      continue;
    const float *samples = omni_picture_get_pixels (picture);
    for (gsize k = 0; k < n; k++)
      if (omni_sample_is_beyond (samples[k]) && samples[k] < omni_sample_sanitise (INFINITY))
        white = MAX (white, samples[k]);
  }
  return white;
}

static gboolean
decide_from_content (GPtrArray *sources, OmniTask *task, char **reason)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) contents = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < sources->len; i++)
  {
    OmniPicture *small = omni_source_load_content (sources->pdata[i], NULL, NULL);
    if (small == NULL)
      return FALSE;
    g_ptr_array_add (pictures, small);
  }
  const float white = find_white (pictures);
  for (guint i = 0; i < pictures->len; i++)
    g_ptr_array_add (contents, content_new (pictures->pdata[i], white));
  Figures figures;
  compare_contents (contents, &figures);
  *task = decide_from_figures (&figures, sources->len, reason);
  return TRUE;
}

OmniTask
omni_role_get_task (OmniRole role)
{
  switch (role)
  {
  case OMNI_ROLE_VISIBLE:
  case OMNI_ROLE_INFRARED:
    return OMNI_TASK_INFRARED;
  case OMNI_ROLE_MRI:
  case OMNI_ROLE_CT:
  case OMNI_ROLE_PET:
  case OMNI_ROLE_SPECT:
    return OMNI_TASK_MEDICAL;
  case OMNI_ROLE_MULTISPECTRAL:
  case OMNI_ROLE_PANCHROMATIC:
    return OMNI_TASK_PANSHARPEN;
  case OMNI_ROLE_NONE:
  default:
    return OMNI_TASK_AUTO;
  }
}

/* The roles decide when all that are set agree. */
static OmniTask
decide_from_roles (GPtrArray *sources, char **reason)
{
  guint tasks = 0;
  OmniRole first = OMNI_ROLE_NONE;
  for (guint i = 0; i < sources->len; i++)
  {
    const OmniRole role = omni_source_get_role (sources->pdata[i]);
    const OmniTask task = omni_role_get_task (role);
    if (task == OMNI_TASK_AUTO)
      continue;
    tasks |= 1u << task;
    first = first == OMNI_ROLE_NONE ? role : MIN (first, role);
  }
  if (tasks == 0 || (tasks & (tasks - 1)) != 0)
    return OMNI_TASK_AUTO;
  *reason = g_strdup_printf (_ ("a source has the role “%s”"), omni_role_get_title (first));
  return omni_role_get_task (first);
}

/* One grey picture and one of four or more bands that is smaller by a whole ratio. */
static gboolean
looks_like_pansharpen (GPtrArray *sources)
{
  if (sources->len != 2)
    return FALSE;
  OmniSource *pan = sources->pdata[0], *bands = sources->pdata[1];
  if (omni_source_count_bands (pan) > omni_source_count_bands (bands))
  {
    pan = sources->pdata[1];
    bands = sources->pdata[0];
  }
  const guint ratio = omni_source_get_width (pan) / omni_source_get_width (bands);
  return omni_source_count_bands (pan) == 1 && omni_source_count_bands (bands) >= 4 && ratio >= 2
         && omni_source_get_width (pan) == ratio * omni_source_get_width (bands)
         && omni_source_get_height (pan) == ratio * omni_source_get_height (bands);
}

gboolean
omni_task_is_pansharpen (GPtrArray *sources)
{
  g_autofree char *why = NULL;
  const OmniTask task = decide_from_roles (sources, &why);

  return task == OMNI_TASK_PANSHARPEN || (task == OMNI_TASK_AUTO && looks_like_pansharpen (sources));
}

/* Difference in light between the most and the least exposed source; negative when a file does not say. */
static double
get_exposure_stops (GPtrArray *sources)
{
  double least = INFINITY, most = -INFINITY;
  for (guint i = 0; i < sources->len; i++)
  {
    double seconds, f_number, iso;
    if (!omni_source_get_exposure (sources->pdata[i], &seconds, &f_number, &iso) || !(seconds > 0))
      return -1;
    const double stops = log2 (seconds) - (f_number > 0 ? 2 * log2 (f_number) : 0)
                         + (iso > 0 ? log2 (iso) : 0);
    least = MIN (least, stops);
    most = MAX (most, stops);
  }
  return most - least;
}

OmniTask
omni_task_detect (GPtrArray *sources, char **reason)
{
  g_return_val_if_fail (sources != NULL && sources->len > 0, OMNI_TASK_FOCUS);

  g_autofree char *why = NULL;
  OmniTask task = decide_from_roles (sources, &why);
  const double stops = get_exposure_stops (sources);

  if (task != OMNI_TASK_AUTO)
    ;
  else if (sources->len == 1)
  {
    task = OMNI_TASK_FOCUS;
    why = g_strdup (_ ("there is only one source"));
  }
  else if (looks_like_pansharpen (sources))
  {
    task = OMNI_TASK_PANSHARPEN;
    why = g_strdup (_ ("a grey picture beside a smaller one of several bands"));
  }
  else if (stops > EXPOSURE_STOPS)
  {
    task = OMNI_TASK_EXPOSURE;
    why = g_strdup_printf (_ ("exposures differ by %.1f stops"), stops);
  }
  else if (!decide_from_content (sources, &task, &why))
  {
    task = OMNI_TASK_FOCUS;
    why = g_strdup (_ ("nothing in the files says more"));
  }
  if (reason != NULL)
    *reason = g_steal_pointer (&why);
  return task;
}
