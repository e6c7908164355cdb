/* phantom.c: an axial slice through a head that never lived, as an MRI scanner (T1) and a PET scanner would
 * show it. Sulci are grown inwards from the brain's outline by a random walk; grey matter is what lies within a
 * cortex' depth of them, so the folding comes out by itself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenes.h"

#include <string.h>

enum
{
  SIZE = 512,
  FINE = 1024, /* drawn at twice the size, then averaged */
};

typedef struct
{
  float *deep;  /* inside the brain: distance to the nearest sulcus or to the outline, in fine pixels */
  guint8 *open; /* 1: fluid between the folds, or outside */
  float *mri, *pet;
} Head;

/* The outline's radius, 1 at the brain's surface; slightly pear shaped. */
static float
ellipse (float x, float y)
{
  const float u = (x - FINE / 2) / 345.0f, v = (y - FINE * 0.5f) / 420.0f;
  const float wide = 1.0f + 0.07f * v - 0.03f * v * v;
  const float wobble = 0.012f * (fbm (v3 (u * 3.0f + 5.0f, v * 3.0f, 0.5f), 3) - 0.5f);
  return length2 (u / wide, v) + wobble;
}

static void
dig (Head *head, float x, float y, float radius)
{
  for (int j = (int)floorf (y - radius); j <= (int)ceilf (y + radius); j++)
    for (int i = (int)floorf (x - radius); i <= (int)ceilf (x + radius); i++)
      if (i >= 0 && j >= 0 && i < FINE && j < FINE && length2 (i - x, j - y) <= radius)
        head->open[(gsize)j * FINE + i] = 1;
}

/* Whether a walk that goes on would run into another fold. */
static gboolean
crowded (const Head *head, float x, float y, float angle)
{
  for (int i = -2; i <= 2; i++)
  {
    const float a = angle + 0.45f * i;
    const int px = (int)(x + 25.0f * cosf (a)), py = (int)(y + 25.0f * sinf (a));
    if (px > 0 && py > 0 && px < FINE && py < FINE && head->open[(gsize)py * FINE + px])
      return TRUE;
  }
  return FALSE;
}

/* One sulcus: a crooked walk that narrows; it forks now and then. */
static void
grow (Head *head, float x, float y, float angle, float length, float width, int forks, Random *random)
{
  float bend = 0.0f;
  for (float done = 0.0f; done < length; done += 1.5f)
  {
    bend = 0.94f * bend + 0.022f * (random_next (random) - 0.5f) * 2.0f;
    angle += bend;
    x += 1.5f * cosf (angle);
    y += 1.5f * sinf (angle);
    if ((x > FINE / 2 - 26.0f && x < FINE / 2 + 26.0f && length < 70.0f && fabsf (cosf (angle)) > 0.5f
         && done > 40.0f)
        || (done > 26.0f && crowded (head, x, y, angle)))
      return;
    dig (head, x, y, width * (1.0f - 0.55f * done / length));
    if (forks > 0 && done > length * 0.35f && random_next (random) < 0.016f)
    {
      const float turn = random_next (random) < 0.5f ? -0.85f : 0.85f;
      grow (head, x, y, angle + turn, (length - done) * 0.8f, width * 0.75f, forks - 1, random);
      angle -= 0.35f * turn;
      forks--;
    }
  }
}

/* The great fissures come first; the folds keep away from them. */
static void
grow_insula (Head *head, Random *random)
{
  /* Sylvian fissures, with the insula at their ends. */
  for (int side = -1; side <= 1; side += 2)
  {
    grow (head, FINE / 2 + side * 335.0f, FINE / 2 - 55.0f, side > 0 ? PI_F - 0.12f : 0.12f, 104.0f, 8.5f, 0,
          random);
    grow (head, FINE / 2 + side * 236.0f, FINE / 2 - 45.0f, side > 0 ? 1.9f : 1.25f, 88.0f, 5.5f, 0, random);
    grow (head, FINE / 2 + side * 236.0f, FINE / 2 - 45.0f, side > 0 ? -1.9f : -1.25f, 82.0f, 5.5f, 0,
          random);
  }
  /* The fissure between the hemispheres, cut by the corpus callosum. */
  for (int y = 60; y < FINE - 60; y++)
    if (y < 330 || y > 655)
      dig (head, FINE / 2 + 4.0f * sinf (y * 0.031f) + 2.0f * sinf (y * 0.09f), y, y < 330 ? 4.0f : 4.6f);
}

static void
grow_all (Head *head)
{
  Random random = random_start (20, 0);
  random.dimension = 99;
  for (int y = 0; y < FINE; y++)
    for (int x = 0; x < FINE; x++)
      head->open[(gsize)y * FINE + x] = ellipse (x, y) > 1.0f;
  const int count = 57;
  grow_insula (head, &random);
  for (int i = 0; i < count; i++)
  {
    const float turn = (i + 0.55f * (random_next (&random) - 0.5f)) * 2.0f * PI_F / count;
    const float x = FINE / 2 + 345.0f * cosf (turn), y = FINE / 2 + 420.0f * sinf (turn);
    const float length = (i % 3 == 0 ? 150.0f : 95.0f) * (0.65f + 0.7f * random_next (&random));
    const float aim = atan2f (FINE / 2 - y, FINE / 2 - x) + 0.9f * (random_next (&random) - 0.5f);
    if (fabsf (cosf (turn)) > 0.09f)
      grow (head, x, y, aim, length, 4.2f + 2.2f * random_next (&random), 2, &random);
  }
  /* Folds that face the midline, front and back. */
  for (int i = 0; i < 18; i++)
  {
    const float side = i % 2 != 0 ? 1.0f : -1.0f, at = (i / 2) / 8.0f;
    const float y = FINE / 2 + (at < 0.5f ? -395.0f + 430.0f * at : 150.0f + 480.0f * (at - 0.5f));
    const float aim = (side > 0.0f ? 0.0f : PI_F) + 0.8f * (random_next (&random) - 0.5f);
    grow (head, FINE / 2 + side * 17.0f, y, aim, 42.0f + 40.0f * random_next (&random), 3.6f, 1, &random);
  }
}

/* Two sweeps of a chamfer distance. */
static void
measure (Head *head)
{
  static const struct
  {
    int x, y;
    float length;
  } steps[] = { { -1, 0, 1.0f },     { 0, -1, 1.0f },    { -1, -1, 1.4142f }, { 1, -1, 1.4142f },
                { -2, -1, 2.2361f }, { 2, -1, 2.2361f }, { -1, -2, 2.2361f }, { 1, -2, 2.2361f } };
  for (gsize i = 0; i < (gsize)FINE * FINE; i++)
    head->deep[i] = head->open[i] ? 0.0f : 1e6f;
  for (int sweep = 0; sweep < 2; sweep++)
    for (int j = 2; j < FINE - 2; j++)
      for (int i = 2; i < FINE - 2; i++)
      {
        const int x = sweep != 0 ? FINE - 1 - i : i, y = sweep != 0 ? FINE - 1 - j : j,
                  sign = sweep != 0 ? -1 : 1;
        float *const here = &head->deep[(gsize)y * FINE + x];
        for (guint k = 0; k < G_N_ELEMENTS (steps); k++)
          *here = MIN (*here, head->deep[(gsize)(y + sign * steps[k].y) * FINE + x + sign * steps[k].x]
                                + steps[k].length);
      }
}

static float
blob (float x, float y, float at_x, float at_y, float half_x, float half_y, float turn)
{
  const float c = cosf (turn), s = sinf (turn), u = x - at_x, v = y - at_y;
  return length2 ((c * u + s * v) / half_x, (c * v - s * u) / half_y);
}

typedef struct
{
  float fluid, grey, white, deep; /* shares */
} Tissue;

static float
inside (float radius, float soft)
{
  return smooth (1.0f + soft, 1.0f - soft, radius);
}

static Tissue
tissue_at (const Head *head, int px, int py)
{
  const float deep = head->deep[(gsize)py * FINE + px],
              rough = 9.0f * (fbm (v3 (px * 0.02f, py * 0.02f, 7.0f), 3) - 0.5f);
  const float x = fabsf (px - FINE / 2 + 3.0f * sinf (py * 0.012f)),
              y = py - FINE / 2 + 0.06f * rough * x * 0.05f;
  const float cortex = 17.0f + rough;
  Tissue t = { .white = smooth (cortex - 2.5f, cortex + 2.5f, deep) };
  t.grey = 1.0f - t.white;
  /* Deep nuclei: caudate, putamen and pallidum, thalamus. */
  const float caudate = blob (x, y, 62.0f, -92.0f, 21.0f, 46.0f, 0.38f);
  const float putamen = blob (x, y, 138.0f, -28.0f, 26.0f, 76.0f, 0.22f) + 0.012f * rough;
  const float pallidum = blob (x, y, 112.0f, -16.0f, 15.0f, 42.0f, 0.32f);
  const float thalamus = blob (x, y, 47.0f, 58.0f, 38.0f, 56.0f, -0.32f);
  t.deep = MAX (MAX (inside (caudate, 0.10f), inside (putamen, 0.08f)), 0.85f * inside (thalamus, 0.09f));
  t.deep = MAX (t.deep * (1.0f - 0.5f * inside (pallidum, 0.15f)), 0.0f);
  t.deep *= smooth (cortex - 2.5f, cortex + 2.5f, deep);
  t.white *= 1.0f - t.deep;
  /* Ventricles: front and back horns, third ventricle, and the fissure between. */
  const float front = blob (x, y, 32.0f, -112.0f, 17.0f, 58.0f, 0.36f);
  const float back = blob (x, y, 88.0f, 178.0f, 19.0f, 68.0f, -0.34f);
  const float atrium = blob (x, y, 70.0f, 118.0f, 24.0f, 36.0f, -0.5f);
  const float third = blob (x, y, 0.0f, 40.0f, 7.0f, 58.0f, 0.0f);
  t.fluid = MAX (MAX (inside (front, 0.12f), inside (back, 0.10f)),
                 MAX (inside (third, 0.25f), inside (atrium, 0.10f)));
  const float plexus = inside (blob (x, y, 80.0f, 140.0f, 9.0f, 24.0f, -0.5f), 0.3f);
  t.fluid = MAX (t.fluid * (1.0f - 0.55f * plexus), head->open[(gsize)py * FINE + px] ? 1.0f : 0.0f);
  t.white *= 1.0f - t.fluid;
  t.grey *= 1.0f - t.fluid;
  t.deep *= 1.0f - t.fluid;
  return t;
}

/* Dura, skull with its marrow, muscle, fat and skin: all by distance from the brain. */
static float
shell_mri (float x, float y, float radius)
{
  const float vary = fbm (v3 (x * 0.006f, y * 0.006f, 3.0f), 3) - 0.5f,
              r = (radius - 1.0f) * 390.0f + 5.0f * vary;
  const float grain = fbm (v3 (x * 0.05f, y * 0.05f, 1.0f), 3);
  float value = 0.10f;
  value = mixf (value, 0.34f, smooth (5.0f, 8.0f, r) * smooth (12.0f, 9.0f, r));
  value = mixf (value, 0.035f, smooth (10.0f, 13.0f, r));
  const float marrow = smooth (20.0f, 25.0f, r) * smooth (41.0f + 14.0f * vary, 35.0f + 14.0f * vary, r);
  value = mixf (value, 0.50f * (0.5f + 0.9f * grain),
                marrow * smooth (0.40f, 0.56f, fbm (v3 (x * 0.012f, y * 0.012f, 9.0f), 2) + 0.1f));
  const float temple = smooth (0.25f, 0.60f, fabsf (x - FINE / 2) / 400.0f)
                       * smooth (0.15f, 0.02f, fabsf (y - FINE * 0.40f) / FINE);
  const float fat = 47.0f + 3.0f * vary, skin = 70.0f + 16.0f * temple;
  value = mixf (value, 0.88f * (0.8f + 0.3f * grain), smooth (fat, fat + 4.0f, r));
  value = mixf (value, 0.36f * (0.8f + 0.4f * grain),
                temple * smooth (fat + 2.0f, fat + 5.0f, r) * smooth (skin - 12.0f, skin - 17.0f, r));
  value = mixf (value, 0.50f, smooth (skin - 7.0f, skin - 4.0f, r));
  return value * smooth (skin + 2.0f, skin - 2.0f, r);
}

static void
draw_row (guint y, gpointer data)
{
  Head *const head = data;
  for (int x = 0; x < FINE; x++)
  {
    const gsize at = (gsize)y * FINE + x;
    const float radius = ellipse (x, y), grain = fbm (v3 (x * 0.03f, y * 0.03f, 2.0f), 4) - 0.5f;
    if (radius > 1.0f)
    {
      const float r = (radius - 1.0f) * 390.0f;
      head->mri[at] = shell_mri (x, y, radius);
      head->pet[at] = r < 68.0f && r > 44.0f ? 0.16f : r < 44.0f ? 0.05f : 0.0f;
      continue;
    }
    const Tissue t = tissue_at (head, x, (int)y);
    head->mri[at] = 0.095f * t.fluid + (0.44f + 0.05f * grain) * t.grey + (0.73f + 0.06f * grain) * t.white
                    + 0.50f * t.deep;
    const float u = (x - FINE / 2) / 345.0f, v = ((float)y - FINE / 2) / 420.0f;
    const float region = 0.90f + 0.22f * fbm (v3 (u * 2.2f + 4.0f, v * 2.2f, 6.0f), 2)
                         + 0.10f * smooth (0.4f, 0.9f, v);
    const float cold = 1.0f - 0.35f * smooth (0.35f, 0.1f, length2 (u + 0.62f, v - 0.38f));
    head->pet[at] = (0.78f * t.grey + 0.26f * t.white + 0.86f * t.deep + 0.03f * t.fluid) * region * cold;
    const float spot = length2 ((x - 655.0f) / 30.0f, ((float)y - 335.0f) / 36.0f);
    const float second = length2 ((x - 612.0f) / 13.0f, ((float)y - 392.0f) / 13.0f);
    head->pet[at] += 0.95f * smooth (1.25f, 0.55f, spot) + 0.55f * smooth (1.3f, 0.5f, second);
    /* The same lesion shows in the MRI only as a faint dark swelling. */
    head->mri[at] = mixf (head->mri[at], 0.40f, 0.55f * smooth (1.6f, 0.6f, spot));
  }
}

static Picture
shrink (const float *fine)
{
  Picture picture = picture_new (SIZE, SIZE);
  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
    {
      const float *const at = fine + (gsize)y * 2 * FINE + x * 2;
      picture.pixels[y * SIZE + x] = grey (0.25f * (at[0] + at[1] + at[FINE] + at[FINE + 1]));
    }
  return picture;
}

static gboolean
write_mri (const Head *head, const char *folder)
{
  char path[1024];
  g_autofree guint8 *bytes = g_malloc (SIZE * SIZE);
  Picture picture = shrink (head->mri);
  picture_blur (&picture, 0.62f);
  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
    {
      Random random = random_start ((guint32)(y * SIZE + x), 7);
      random.dimension = 99;
      const float coil = 1.04f - 0.16f * smooth (0.0f, 1.0f, 1.0f - length2 (x - 256, y - 236) / 270.0f);
      const float a = picture.pixels[y * SIZE + x][0] * coil + 0.017f * random_gauss (&random);
      const float b = 0.017f * random_gauss (&random); /* Rician: the noise has a second channel */
      bytes[y * SIZE + x] = (guint8)(clampf (length2 (a, b) * 1.08f, 0.0f, 1.0f) * 255.0f + 0.5f);
    }
  picture_clear (&picture);
  return file_name (path, sizeof path, folder, "medical", "mri.png")
         && png_write (bytes, SIZE, SIZE, 1, path);
}

/* Black, blue, violet, red, orange, yellow, white. */
static V3
hot_ramp (float x)
{
  static const V3 stops[] = { { 0.0f, 0.0f, 0.0f },    { 0.07f, 0.04f, 0.28f }, { 0.36f, 0.05f, 0.46f },
                              { 0.70f, 0.12f, 0.33f }, { 0.93f, 0.34f, 0.12f }, { 1.0f, 0.66f, 0.10f },
                              { 1.0f, 0.92f, 0.45f },  { 1.0f, 1.0f, 0.94f } };
  const float at = clampf (x, 0.0f, 0.9999f) * (G_N_ELEMENTS (stops) - 1);
  const int i = (int)at;
  return mix3 (stops[i], stops[i + 1], at - i);
}

static gboolean
write_pet (const Head *head, const char *folder)
{
  char path[1024];
  g_autofree guint8 *bytes = g_malloc (SIZE * SIZE * 3);
  Picture picture = shrink (head->pet), counts = picture_new (SIZE, SIZE);
  picture_blur (&picture, 6.2f);
  /* Few counts, reconstructed with a smooth kernel: the noise is correlated. */
  for (int i = 0; i < SIZE * SIZE; i++)
  {
    Random random = random_start ((guint32)i, 9);
    random.dimension = 99;
    counts.pixels[i] = grey (random_gauss (&random) * sqrtf (picture.pixels[i][0] + 0.004f));
  }
  picture_blur (&counts, 4.2f);
  for (int i = 0; i < SIZE * SIZE; i++)
  {
    const V3 colour = hot_ramp ((picture.pixels[i][0] + 0.75f * counts.pixels[i][0]) * 0.78f - 0.012f);
    for (int k = 0; k < 3; k++)
      bytes[i * 3 + k] = (guint8)(clampf (colour[k], 0.0f, 1.0f) * 255.0f + 0.5f);
  }
  picture_clear (&picture);
  picture_clear (&counts);
  return file_name (path, sizeof path, folder, "medical", "pet.png")
         && png_write (bytes, SIZE, SIZE, 3, path);
}

/* Always 512 by 512. */
gboolean
phantom_draw (const char *folder, const Effort *effort)
{
  const gsize count = (gsize)FINE * FINE;
  Head head = { g_new0 (float, count), g_new0 (guint8, count), g_new0 (float, count), g_new0 (float, count) };
  grow_all (&head);
  measure (&head);
  rows_run (FINE, effort->threads, draw_row, &head);
  const gboolean ok = write_mri (&head, folder) && write_pet (&head, folder);
  g_free (head.deep);
  g_free (head.open);
  g_free (head.mri);
  g_free (head.pet);
  return ok;
}
