/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans cut in two, what a person says about a source, and maps: the same bits however a graph is run. */
#include "tests/harness.h"
#include "vk/plan-private.h"

#include <math.h>
#include <string.h>

static const guint channel_of[] = { 0, 1, 2 };

/* A pyramid of four levels whose weights come from level 2, where the whole set is needed at once. `apart`: something is
 * done with what comes of it, so that it is not packed at once. */
static OmniGraph *
build_as (gboolean influence, gboolean maps, gboolean apart)
{
  OmniGraph *graph = omni_graph_new ("cut");
  const OmniPyramid quad = OMNI_PYRAMID_QUAD;
  OmniNode picture[5], luma[5], weight[5], fused = OMNI_NODE_NONE;
  OmniNode logit, gain;

  picture[0] = omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);
  luma[0] = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  for (guint l = 1; l < 5; l++)
  {
    picture[l] = omni_graph_down (graph, picture[l - 1], quad);
    luma[l] = omni_graph_luma (graph, picture[l]);
  }
  logit = omni_graph_binary (graph, OMNI_BINARY_ADD,
                             omni_graph_unary (graph, luma[2], 5, 0, OMNI_ACTIVATION_NONE, 0),
                             omni_graph_set_mean (graph, luma[2]));
  if (influence)
    logit = omni_graph_binary (graph, OMNI_BINARY_ADD, logit, omni_graph_influence (graph, 2));
  gain = omni_graph_set_max (graph, luma[2]);
  for (guint l = 0; l < 5; l++)
  {
    if (l < 3)
      weight[l] = omni_graph_score_weight (graph, luma[l], luma[l + 1], logit, gain, 0.002F);
    else
      weight[l] = omni_graph_pool_mean (graph, l == 3 ? omni_graph_set_softmax (graph, logit) : weight[3]);
    if (maps)
      omni_graph_add_map (graph, weight[l], "map");
  }
  for (guint l = 5; l-- > 0;)
  {
    const OmniNode band = omni_graph_set_blend_mean (graph, weight[l], picture[l],
                                                     l < 4 ? picture[l + 1] : OMNI_NODE_NONE, quad, 2);

    fused = l == 4 ? band : omni_graph_up_add (graph, band, fused, 1, quad);
  }
  omni_graph_set_output (graph, apart ? omni_graph_channels (graph, fused, channel_of, 3) : fused);
  return graph;
}

static OmniGraph *
build (gboolean influence, gboolean maps)
{
  return build_as (influence, maps, FALSE);
}

/* Bytes of waves and noise, unlike each other. */
static HarnessPictures *
make_pictures (guint n, guint width, guint height, OmniStore store)
{
  HarnessPictures *pictures = g_new0 (HarnessPictures, 1);
  const gsize samples = (gsize)width * height * 3;

  *pictures = (HarnessPictures){ .n = n, .width = width, .height = height, .channels = 3, .store = store };
  pictures->pixels = g_new0 (gconstpointer, n);
  for (guint k = 0; k < n; k++)
  {
    guint8 *pixels = g_malloc (samples * omni_store_get_bytes (store));
    g_autoptr (GRand) rand = g_rand_new_with_seed (31 + k);

    for (gsize i = 0; i < samples; i++)
    {
      const double wave =
        0.5 + 0.4 * sin ((double)(i / 3 % width) * (0.03 + 0.02 * k) + (double)(i / 3 / width) * 0.05);
      const double value = CLAMP (wave * (0.5 + 0.2 * k) + g_rand_double_range (rand, -0.1, 0.1), 0, 1);

      if (store == OMNI_STORE_U8)
        pixels[i] = (guint8)(value * 255);
      else if (store == OMNI_STORE_F32)
        ((float *)(gpointer)pixels)[i] = (float)value;
      else
        ((guint16 *)(gpointer)pixels)[i] = (guint16)(value * 65535);
    }
    pictures->pixels[k] = pixels;
  }
  return pictures;
}

static void
free_pictures (HarnessPictures *pictures)
{
  for (guint k = 0; k < pictures->n; k++)
    g_free ((gpointer)pictures->pixels[k]);
  g_free (pictures->pixels);
  g_free (pictures);
}

/* As the pictures of `pictures` in another order; shares their samples. */
static HarnessPictures
reorder (const HarnessPictures *pictures, const guint *order, gconstpointer *pixels)
{
  HarnessPictures other = *pictures;

  for (guint k = 0; k < pictures->n; k++)
    pixels[k] = pictures->pixels[order[k]];
  other.pixels = pixels;
  return other;
}

typedef struct
{
  guint n, width, height;
  OmniStore store;
} Size;

static const Size sizes[] = { { 3, 130, 67, OMNI_STORE_U8 },  { 1, 65, 130, OMNI_STORE_U8 },
                              { 5, 97, 161, OMNI_STORE_U16 }, { 2, 17, 9, OMNI_STORE_U8 },
                              { 4, 2, 2, OMNI_STORE_U16 },    { 2, 257, 33, OMNI_STORE_F32 } };

static void
test_same_bits (void)
{
  static const guint tiles[] = { 0, 64, 128 };
  g_autoptr (OmniGraph) graph = build (FALSE, FALSE);

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
  {
    const Size *size = &sizes[s];
    HarnessPictures *pictures = make_pictures (size->n, size->width, size->height, size->store);
    const gsize bytes = (gsize)size->width * size->height * 3 * 4;
    HarnessOptions options = { .schedule = "resident", .output = OMNI_STORE_F32 };
    g_autofree gpointer want = harness_run_raw (graph, pictures, &options);
    g_autofree gpointer streamed = NULL;

    options.schedule = "streamed";
    streamed = harness_run_raw (graph, pictures, &options);
    g_assert_cmpmem (streamed, bytes, want, bytes);
    for (guint t = 0; t < G_N_ELEMENTS (tiles); t++)
      for (guint mixed = 0; mixed < 2; mixed++)
      {
        g_autofree gpointer cut = NULL;

        options = (HarnessOptions){
          .schedule = "cut", .output = OMNI_STORE_F32, .tile_px = tiles[t], .mixed = mixed != 0
        };
        cut = harness_run_raw (graph, pictures, &options);
        if (mixed == 0)
          g_assert_cmpmem (cut, bytes, want, bytes);
        else
          for (gsize i = 0; i < bytes / 4; i++)
            g_assert_cmpfloat_with_epsilon (((float *)cut)[i], ((float *)want)[i], 1e-5F);
      }
    free_pictures (pictures);
  }
}

/* Packed where it is gathered or in a kernel of its own: the same samples. */
static void
test_packed (void)
{
  static const OmniStore stores[] = { OMNI_STORE_U8, OMNI_STORE_U16, OMNI_STORE_F32 };
  g_autoptr (OmniGraph) at_once = build_as (FALSE, FALSE, FALSE), apart = build_as (FALSE, FALSE, TRUE);

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
  {
    const Size *size = &sizes[s];
    HarnessPictures *pictures = make_pictures (size->n, size->width, size->height, size->store);

    for (guint i = 0; i < 2 * G_N_ELEMENTS (stores); i++)
    {
      const HarnessOptions options = { .schedule = i % 2 == 0 ? "resident" : "cut",
                                       .output = stores[i / 2],
                                       .tile_px = i % 2 == 0 ? 0 : 64 };
      const gsize bytes = (gsize)size->width * size->height * 3 * omni_store_get_bytes (options.output);
      g_autofree gpointer want = harness_run_raw (apart, pictures, &options);
      g_autofree gpointer got = harness_run_raw (at_once, pictures, &options);

      g_assert_cmpmem (got, bytes, want, bytes);
    }
    free_pictures (pictures);
  }
}

static void
assert_packs (gboolean wanted, gboolean maps, gboolean apart, const char *schedule)
{
  g_autoptr (OmniGraph) graph = build_as (FALSE, maps, apart);
  HarnessPictures *pictures = make_pictures (2, 40, 30, OMNI_STORE_U8);
  OmniPlan *plan = harness_plan (graph, pictures, &(HarnessOptions){ .schedule = schedule });

  g_assert_true (omni_plan_packs_blend (plan) == wanted);
  omni_plan_free (&plan);
  free_pictures (pictures);
}

/* Not where something else is done with it, or a source at a time goes by, or its weights are shown. */
static void
test_packs (void)
{
  assert_packs (TRUE, FALSE, FALSE, "resident");
  assert_packs (TRUE, FALSE, FALSE, "cut");
  assert_packs (FALSE, FALSE, TRUE, "resident");
  assert_packs (FALSE, FALSE, FALSE, "streamed");
  assert_packs (FALSE, TRUE, FALSE, "resident");
}

/* Below a cut there is a tile of every source, and above it each comes once. */
static void
test_is_cut (void)
{
  g_autoptr (OmniGraph) graph = build (FALSE, FALSE);
  HarnessPictures *pictures = make_pictures (3, 300, 200, OMNI_STORE_U8);
  OmniPlan *plan = harness_plan (graph, pictures, &(HarnessOptions){ .schedule = "cut", .tile_px = 64 });

  g_assert_cmpuint (omni_plan_get_tiles (plan), ==, 20);
  g_assert_true (omni_plan_is_streamed (plan));
  omni_plan_free (&plan);
  free_pictures (pictures);
}

static void
test_orders (void)
{
  g_autoptr (OmniGraph) graph = build (FALSE, FALSE);
  HarnessPictures *pictures = make_pictures (4, 90, 70, OMNI_STORE_U8);
  const HarnessOptions options = { .schedule = "cut", .tile_px = 64 };
  g_autofree gpointer want = harness_run_raw (graph, pictures, &options);
  guint order[] = { 0, 1, 2, 3 };

  g_assert_true (omni_graph_is_order_invariant (graph));
  do
  {
    gconstpointer pixels[4];
    const HarnessPictures moved = reorder (pictures, order, pixels);
    g_autofree gpointer got = harness_run_raw (graph, &moved, &options);

    g_assert_cmpmem (got, 90 * 70 * 3, want, 90 * 70 * 3);
  } while (harness_next_order (order, 4));
  free_pictures (pictures);
}

/* ---- Influence ---- */

typedef struct
{
  const HarnessPictures *pictures;
  guint n_fetched;
} Counted;

static gboolean
count_fetch (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  Counted *counted = user_data;

  counted->n_fetched++;
  return harness_fetch (index, source, (gpointer)counted->pictures, error);
}

static guint8 *
run_with (OmniPlan *plan, const HarnessPictures *pictures, const float *influence, gboolean reuse,
          guint *n_fetched, guint *submissions)
{
  Counted counted = { pictures, 0 };
  guint8 *result = g_malloc0 ((gsize)pictures->width * pictures->height * 3);
  const OmniPlanRun run = {
    .fetch = count_fetch, .user_data = &counted, .result = result, .influence = influence, .reuse = reuse
  };
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;

  omni_plan_run (plan, &run, &stats, &error);
  g_assert_no_error (error);
  if (n_fetched != NULL)
    *n_fetched = counted.n_fetched;
  if (submissions != NULL)
    *submissions = stats.submissions;
  return result;
}

static double
mean_distance (const guint8 *a, const guint8 *b, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += abs (a[i] - b[i]);
  return sum / (double)n;
}

/* Without the network again there are the same bits as with it, in every schedule; and fewer sources are asked for. */
static void
test_influence (void)
{
  static const char *const schedules[] = { "resident", "streamed", "cut" };
  const float even[] = { 0, 0, 0 }, first[] = { 4, 0, 0 };
  g_autoptr (OmniGraph) plain = build (FALSE, FALSE), graph = build (TRUE, FALSE);
  HarnessPictures *pictures = make_pictures (3, 130, 97, OMNI_STORE_U8);
  const gsize bytes = 130 * 97 * 3;
  g_autofree guint8 *want = harness_run_raw (plain, pictures, &(HarnessOptions){ .schedule = "resident" });
  g_autofree guint8 *favoured = NULL;

  for (guint s = 0; s < G_N_ELEMENTS (schedules); s++)
  {
    const HarnessOptions options = { .schedule = schedules[s], .tile_px = s == 2 ? 64 : 0 };
    OmniPlan *plan = harness_plan (graph, pictures, &options);
    guint n_first, n_again;
    g_autofree guint8 *unmoved = run_with (plan, pictures, even, FALSE, &n_first, NULL);
    g_autofree guint8 *again = run_with (plan, pictures, first, TRUE, &n_again, NULL);
    g_autofree guint8 *fresh = run_with (plan, pictures, first, FALSE, NULL, NULL);
    g_autofree guint8 *back = run_with (plan, pictures, even, TRUE, NULL, NULL);

    g_assert_cmpmem (unmoved, bytes, want, bytes);
    g_assert_cmpmem (again, bytes, fresh, bytes);
    g_assert_cmpmem (back, bytes, want, bytes);
    g_assert_cmpuint (n_again, <, n_first);
    g_assert_cmpfloat (mean_distance (again, pictures->pixels[0], bytes), <,
                       mean_distance (want, pictures->pixels[0], bytes));
    if (favoured == NULL)
      favoured = g_memdup2 (again, bytes);
    g_assert_cmpmem (again, bytes, favoured, bytes);
    omni_plan_free (&plan);
  }
  free_pictures (pictures);
}

/* It belongs to the source, wherever that stands. */
static void
test_influence_travels (void)
{
  g_autoptr (OmniGraph) graph = build (TRUE, FALSE);
  HarnessPictures *pictures = make_pictures (3, 70, 50, OMNI_STORE_U8);
  const float given[] = { 0.7F, -1.5F, 0 };
  g_autofree guint8 *want = NULL;
  guint order[] = { 0, 1, 2 };

  do
  {
    gconstpointer pixels[3];
    const HarnessPictures moved = reorder (pictures, order, pixels);
    const float influence[] = { given[order[0]], given[order[1]], given[order[2]] };
    OmniPlan *plan = harness_plan (graph, &moved, &(HarnessOptions){ .schedule = "cut", .tile_px = 64 });
    guint8 *got = run_with (plan, &moved, influence, FALSE, NULL, NULL);

    if (want != NULL)
      g_assert_cmpmem (got, 70 * 50 * 3, want, 70 * 50 * 3);
    g_free (want);
    want = got;
    omni_plan_free (&plan);
  } while (harness_next_order (order, 3));
  free_pictures (pictures);
}

/* ---- Maps ---- */

typedef struct
{
  const HarnessPictures *pictures;
  float *values[5][5]; /* per map and source */
  guint *covered[5][5];
  guint width[5];
} Maps;

static void
take_map (guint map, guint source, guint x, guint y, guint width, guint height, const float *values,
          guint pitch, gpointer user_data)
{
  Maps *maps = user_data;

  for (guint row = 0; row < height; row++)
    for (guint column = 0; column < width; column++)
    {
      const gsize at = (gsize)(y + row) * maps->width[map] + x + column;

      maps->values[map][source][at] = values[(gsize)row * pitch + column];
      maps->covered[map][source][at]++;
    }
}

static gboolean
fetch_of_maps (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  return harness_fetch (index, source, (gpointer)((Maps *)user_data)->pictures, error);
}

static guint
halve (guint extent, guint level)
{
  for (; level > 0; level--)
    extent = (extent + 1) / 2;
  return extent;
}

static void
run_maps (OmniGraph *graph, Maps *maps, const HarnessOptions *options)
{
  const HarnessPictures *pictures = maps->pictures;
  OmniPlan *plan = harness_plan (graph, pictures, options);
  g_autofree guint8 *result = g_malloc ((gsize)pictures->width * pictures->height * 3);
  const OmniPlanRun run = { .fetch = fetch_of_maps, .user_data = maps, .result = result, .map = take_map };
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;

  for (guint m = 0; m < 5; m++)
  {
    const gsize n = (gsize)halve (pictures->width, m) * halve (pictures->height, m);

    maps->width[m] = halve (pictures->width, m);
    for (guint k = 0; k < pictures->n; k++)
    {
      maps->values[m][k] = g_new0 (float, n);
      maps->covered[m][k] = g_new0 (guint, n);
    }
  }
  omni_plan_run (plan, &run, &stats, &error);
  g_assert_no_error (error);
  omni_plan_free (&plan);
}

static void
clear_maps (Maps *maps)
{
  for (guint m = 0; m < 5; m++)
    for (guint k = 0; k < maps->pictures->n; k++)
    {
      g_free (maps->values[m][k]);
      g_free (maps->covered[m][k]);
    }
}

/* Every value comes once, and is the same in every schedule; nobody but the maps' reader sees a difference. */
static void
test_maps (void)
{
  static const HarnessOptions ways[] = { { .schedule = "resident" },
                                         { .schedule = "streamed" },
                                         { .schedule = "cut" },
                                         { .schedule = "cut", .tile_px = 64 } };
  g_autoptr (OmniGraph) graph = build (FALSE, TRUE), plain = build (FALSE, FALSE);
  HarnessPictures *pictures = make_pictures (3, 131, 77, OMNI_STORE_U8);
  Maps first = { pictures };

  g_assert_cmpuint (omni_graph_count_maps (graph), ==, 5);
  g_assert_cmpuint (omni_graph_count_maps (plain), ==, 0);
  for (guint w = 0; w < G_N_ELEMENTS (ways); w++)
  {
    Maps maps = { pictures };

    run_maps (graph, &maps, &ways[w]);
    for (guint m = 0; m < 5; m++)
    {
      const gsize n = (gsize)halve (131, m) * halve (77, m);

      g_assert_cmpuint (omni_graph_get_map_level (graph, m), ==, m);
      for (guint k = 0; k < 3; k++)
        for (gsize i = 0; i < n; i++)
        {
          g_assert_cmpuint (maps.covered[m][k][i], ==, 1);
          g_assert_true (maps.values[m][k][i] >= 0 && maps.values[m][k][i] <= 1);
          if (w > 0)
            g_assert_cmpfloat (maps.values[m][k][i], ==, first.values[m][k][i]);
        }
    }
    if (w == 0)
      first = maps;
    else
      clear_maps (&maps);
  }
  clear_maps (&first);
  free_pictures (pictures);
}

static void
add_tests (void)
{
  g_test_add_func ("/plan/cut/same-bits", test_same_bits);
  g_test_add_func ("/plan/cut/is-cut", test_is_cut);
  g_test_add_func ("/plan/cut/packed", test_packed);
  g_test_add_func ("/plan/cut/packs", test_packs);
  g_test_add_func ("/plan/cut/orders", test_orders);
  g_test_add_func ("/plan/influence", test_influence);
  g_test_add_func ("/plan/influence/travels", test_influence_travels);
  g_test_add_func ("/plan/maps", test_maps);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
