/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Made-up sets that are true to their truth, and the random numbers they are drawn from. */

#include "app/training/synthesis.h"
#include "tests/cli-common.h"

#include <string.h>

#define SIDE  96
#define PLANE (SIDE * SIDE)

/* ---- Random numbers ---- */

static void
test_random (void)
{
  /* SplitMix64's own first number from state 0 (Vigna's reference). */
  OmniRandom plain = { 0 };
  g_assert_cmpuint (omni_random_next (&plain), ==, G_GUINT64_CONSTANT (0xe220a8397b1dcdaf));
  OmniRandom random = omni_random_open (1, 2, 3), other = omni_random_open (1, 3, 2);
  g_assert_cmpuint (omni_random_next (&random), !=, omni_random_next (&other));
  double sum = 0, squares = 0, noise = 0, noise_squares = 0;
  guint counts[7] = { 0 };
  for (guint i = 0; i < 70000; i++)
  {
    const double value = omni_random_normal (&random);
    sum += value;
    squares += value * value;
    counts[omni_random_below (&random, 7)]++;
    const double other_value = omni_random_noise (&random);
    noise += other_value;
    noise_squares += other_value * other_value;
  }
  g_assert_cmpfloat_with_epsilon (sum / 70000, 0, 0.02);
  g_assert_cmpfloat_with_epsilon (squares / 70000, 1, 0.03);
  g_assert_cmpfloat_with_epsilon (noise / 70000, 0, 0.02);
  g_assert_cmpfloat_with_epsilon (noise_squares / 70000, 1, 0.03);
  for (guint i = 0; i < 7; i++)
    g_assert_true (counts[i] > 9500 && counts[i] < 10500);
  guint order[9], seen = 0;
  omni_random_permute (&random, order, 9);
  for (guint i = 0; i < 9; i++)
    seen |= 1u << order[i];
  g_assert_cmpuint (seen, ==, 0x1ff);
  const double weights[] = { 0, 3, 0, 1, 0 };
  guint chosen[5] = { 0 };
  for (guint i = 0; i < 4000; i++)
    chosen[omni_random_choose (&random, weights, 5)]++;
  g_assert_cmpuint (chosen[0] + chosen[2] + chosen[4], ==, 0);
  g_assert_true (chosen[1] > 2800 && chosen[1] < 3200);
}

/* ---- Synthesis ---- */

static void
fill_clear (float *clear)
{
  for (guint i = 0; i < PLANE; i++)
    clear[i] = (float)(0.5 + 0.25 * sin (i % SIDE * 1.7) * cos (i / SIDE * 1.3)
                       + 0.2 * sin ((i % SIDE + i / SIDE) * 0.05));
}

static void
test_masks (void)
{
  float clear[PLANE];
  fill_clear (clear);
  guint8 labels[PLANE];
  for (guint seed = 0; seed < 12; seed++)
    for (guint n = 2; n <= 9; n++)
    {
      OmniRandom random = omni_random_open (seed, n, 0);
      guint counts[9] = { 0 };
      if (n <= OMNI_MAX_SHAPE_REGIONS && seed % 2 == 0)
      {
        if (!omni_synthesis_draw_shape_labels (&random, SIDE, SIDE, n, labels))
          continue;
      }
      else
        omni_synthesis_draw_depth_labels (&random, clear, SIDE, SIDE, n, labels);
      for (guint i = 0; i < PLANE; i++)
      {
        g_assert_cmpuint (labels[i], <, n);
        counts[labels[i]]++;
      }
      for (guint k = 0; k < n; k++)
        g_assert_cmpuint (counts[k], >=, (guint)(PLANE * MIN (0.02, 0.15 / n)));
      g_autoptr (OmniFocusScene)
        scene = omni_focus_scene_new (&random, &omni_synthesis_defaults, clear, SIDE, SIDE, n);
      for (guint i = 0; i < PLANE; i++)
      {
        double sum = 0;
        for (guint k = 0; k < n; k++)
        {
          const float mask = omni_focus_scene_get_mask (scene, k)[i];
          g_assert_true (mask >= 0 && mask <= 1);
          sum += mask;
        }
        g_assert_cmpfloat_with_epsilon (sum, 1, 1e-5);
      }
    }
}

/* Whether some other region counts within `reach` pixels. */
static gboolean
is_near_edge (const float *mask, int x, int y, int reach)
{
  for (int v = MAX (0, y - reach); v <= MIN (SIDE - 1, y + reach); v++)
    for (int u = MAX (0, x - reach); u <= MIN (SIDE - 1, x + reach); u++)
      if (mask[v * SIDE + u] < 1)
        return TRUE;
  return FALSE;
}

static double
measure_detail (const float *plane, const float *mask, gboolean inside)
{
  double sum = 0;
  guint n = 0;
  for (guint i = 1; i < PLANE; i++)
    if (i % SIDE > 0 && (mask[i] > 0.99f) == inside)
    {
      sum += fabs (plane[i] - plane[i - 1]);
      n++;
    }
  return n > 0 ? sum / n : 0;
}

/* In its region a source is the truth to the last bit, away from what may spread over it; elsewhere it is blurred. */
static void
test_focus_truth (void)
{
  float clear[PLANE], planes[4][PLANE], *const sources[] = { planes[0], planes[1], planes[2], planes[3] };
  fill_clear (clear);
  OmniSynthesisOptions options = { .depth_masks = 0.5, .disc_blur = 0.5, .sigma = { 1, 1.5 } };
  guint n_checked = 0;
  for (guint seed = 0; seed < 20; seed++)
  {
    const guint n = 2 + seed % 3;
    options.layers = seed < 10; /* and cuts from the picture blurred as a whole */
    OmniRandom random = omni_random_open (seed, 1, 0);
    g_autoptr (OmniFocusScene) scene = omni_focus_scene_new (&random, &options, clear, SIDE, SIDE, n);
    omni_focus_scene_render (scene, clear, sources);
    for (guint k = 0; k < n; k++)
    {
      const float *mask = omni_focus_scene_get_mask (scene, k), *source = sources[k];
      for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
        {
          g_assert_true (source[y * SIDE + x] >= -1e-4 && source[y * SIDE + x] <= 1 + 1e-4);
          if (is_near_edge (mask, x, y, 13)) /* 3 σ of the largest blur, SIDE / 24 */
            continue;
          g_assert_cmpfloat (source[y * SIDE + x], ==, clear[y * SIDE + x]);
          n_checked++;
        }
      g_assert_cmpfloat (measure_detail (source, mask, FALSE), <, 0.75 * measure_detail (clear, mask, FALSE));
    }
  }
  g_assert_cmpuint (n_checked, >, 1000);
}

/* What breathes is larger or smaller from source to source; the truth has each region as its source has it. */
static void
test_breathing (void)
{
  OmniSynthesisOptions options = { .depth_masks = 0.5, .sigma = { 1, 1.5 }, .breathing = { 0.01, 0.02 } };
  guint n_breathing = 0, n_checked = 0;
  for (guint seed = 0; seed < 20; seed++)
  {
    float clear[PLANE], picture[PLANE],
      planes[3][PLANE], *const sources[] = { planes[0], planes[1], planes[2] };
    fill_clear (picture);
    fill_clear (clear);
    options.layers = seed % 2;
    OmniRandom random = omni_random_open (seed, 3, 0);
    g_autoptr (OmniFocusScene) scene = omni_focus_scene_new (&random, &options, clear, SIDE, SIDE, 3);
    omni_focus_scene_render (scene, clear, sources);
    if (memcmp (clear, picture, sizeof clear) == 0)
      continue;
    n_breathing++;
    for (guint k = 0; k < 3; k++)
      for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
          if (!is_near_edge (omni_focus_scene_get_mask (scene, k), x, y, 17)) /* and how far it moves */
          {
            g_assert_cmpfloat (planes[k][y * SIDE + x], ==, clear[y * SIDE + x]);
            n_checked++;
          }
  }
  g_assert_cmpuint (n_breathing, >=, 4);
  g_assert_cmpuint (n_breathing, <=, 16);
  g_assert_cmpuint (n_checked, >, 100);
}

static void
test_response (void)
{
  OmniRandom random = omni_random_open (5, 0, 0);
  for (guint i = 0; i < 50; i++)
  {
    const OmniResponse response = omni_response_draw (&random);
    g_assert_cmpfloat_with_epsilon (omni_response_apply (&response, 0), 0, 1e-12);
    g_assert_cmpfloat_with_epsilon (omni_response_apply (&response, 1), 1, 1e-12);
    g_assert_cmpfloat (omni_response_apply (&response, 7), ==, omni_response_apply (&response, 1));
    for (guint k = 1; k <= 200; k++)
    {
      const double radiance = k / 200.0;
      const double value = omni_response_apply (&response, radiance);
      g_assert_cmpfloat (value, >, omni_response_apply (&response, (k - 1) / 200.0));
      g_assert_cmpfloat_with_epsilon (omni_response_invert (&response, value), radiance, 1e-9);
    }
  }
}

/* Two sources that a pixel did not clip tell the same light: their radiances differ by their stops. Brighter sources are
 * brighter everywhere, and whatever the light, some source is near the truth. */
static void
test_exposure_truth (void)
{
  float clear[PLANE], sources[4][PLANE];
  fill_clear (clear);
  const OmniSynthesisOptions options = { .stops = { 0.8, 1.6 } };
  for (guint seed = 0; seed < 8; seed++)
  {
    OmniRandom random = omni_random_open (seed, 2, 0);
    g_autoptr (OmniExposureScene) scene = omni_exposure_scene_new (&random, &options, clear, SIDE, SIDE, 4);
    const OmniResponse response = omni_exposure_scene_get_response (scene);
    for (guint k = 0; k < 4; k++)
      omni_exposure_scene_render (scene, k, clear, &random, sources[k]);
    double nearest = 0;
    for (guint i = 0; i < PLANE; i++)
    {
      double distance = 1;
      for (guint k = 0; k < 4; k++)
        distance = MIN (distance, fabs (sources[k][i] - clear[i]));
      nearest += distance / PLANE;
      for (guint k = 1; k < 4; k++)
      {
        const double stops = omni_exposure_scene_get_stops (scene, k)
                             - omni_exposure_scene_get_stops (scene, k - 1);
        g_assert_cmpfloat (stops, >=, 0.8 - 1e-9);
        g_assert_cmpfloat (stops, <=, 1.6 + 1e-9);
        g_assert_cmpfloat (sources[k][i], >=, sources[k - 1][i]);
        if (sources[k][i] > 0.98f || sources[k - 1][i] < 0.02f)
          continue;
        const double ratio = omni_response_invert (&response, sources[k][i])
                             / omni_response_invert (&response, sources[k - 1][i]);
        g_assert_cmpfloat_with_epsilon (log2 (ratio), stops, 2e-3);
      }
    }
    g_assert_cmpfloat (nearest, <, 0.12);
  }
}

static void
test_camera (void)
{
  float clear[PLANE], stored[PLANE], noisy[PLANE];
  fill_clear (clear);
  memcpy (stored, clear, sizeof stored);
  omni_camera_store (stored, SIDE, SIDE, 0);
  for (guint i = 0; i < PLANE; i++)
    g_assert_cmpfloat_with_epsilon (stored[i], round (clear[i] * 255) / 255, 1e-6);
  memcpy (stored, clear, sizeof stored);
  omni_camera_store (stored, SIDE, SIDE, 70);
  double error = 0;
  for (guint i = 0; i < PLANE; i++)
    error += fabs (stored[i] - clear[i]) / PLANE;
  g_assert_true (error > 0.002 && error < 0.05);
  for (guint i = 0; i < PLANE; i++)
    noisy[i] = 0.5f;
  OmniRandom random = omni_random_open (1, 1, 1);
  omni_camera_add_noise (&random, noisy, PLANE, 0.02);
  double squares = 0;
  for (guint i = 0; i < PLANE; i++)
    squares += (noisy[i] - 0.5) * (noisy[i] - 0.5) / PLANE;
  g_assert_cmpfloat_with_epsilon (sqrt (squares), 0.02, 0.001);
}

/* A set is the same for the same stream, colour or grey, and every source has the truth's shape. */
static void
test_made_set (void)
{
  for (guint channels = 1; channels <= 3; channels += 2)
  {
    g_autoptr (OmniPicture) truth = make_scene (2, 70, 50, channels, FALSE, OMNI_SAMPLE_U8, 1);
    for (OmniSynthesis kind = OMNI_SYNTHESIS_FOCUS; kind <= OMNI_SYNTHESIS_EXPOSURE; kind++)
    {
      GError *error = NULL;
      OmniRandom first = omni_random_open (3, 4, 5), second = omni_random_open (3, 4, 5);
      g_autoptr (GPtrArray)
        a = omni_synthesis_make_set (kind, &omni_synthesis_defaults, &first, truth, 3, &error);
      g_assert_no_error (error);
      g_autoptr (GPtrArray)
        b = omni_synthesis_make_set (kind, &omni_synthesis_defaults, &second, truth, 3, &error);
      g_assert_no_error (error);
      for (guint k = 0; k < 3; k++)
      {
        g_autofree char *x = omni_picture_hash (a->pdata[k]), *y = omni_picture_hash (b->pdata[k]);
        g_autofree char *t = omni_picture_hash (truth);
        g_assert_cmpstr (x, ==, y);
        g_assert_cmpstr (x, !=, t);
        g_assert_cmpuint (omni_picture_get_width (a->pdata[k]), ==, 70);
        g_assert_cmpuint (omni_picture_get_channels (a->pdata[k]), ==, channels);
      }
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/random", test_random);
  g_test_add_func ("/training/synthesis/masks", test_masks);
  g_test_add_func ("/training/synthesis/focus-truth", test_focus_truth);
  g_test_add_func ("/training/synthesis/breathing", test_breathing);
  g_test_add_func ("/training/synthesis/response", test_response);
  g_test_add_func ("/training/synthesis/exposure-truth", test_exposure_truth);
  g_test_add_func ("/training/synthesis/camera", test_camera);
  g_test_add_func ("/training/synthesis/made-set", test_made_set);
  return g_test_run ();
}
