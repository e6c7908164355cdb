/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/twins/twin.h"
#include "vk/plan.h"

G_BEGIN_DECLS

/* Runs graphs on the device from host arrays, in a few lines:
 *
 *   g_autoptr (TwinTensor) set = harness_random (3, 1, 17, 33, 0.0F, 1.0F, 7);
 *   g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ .tile_px = 16 });
 *
 * A test program's main() is `return harness_main (argc, argv, add_tests);`: one device for all tests, which at the end
 * must have seen no message of the validation layer (OMNIFUSE_VALIDATION=1). */

int harness_main (int argc, char **argv, void (*add_tests) (void));
OmniDevice *harness_device (void);

/* TRUE where multiply and add are known not to be fused, so that bits can be compared with plain C. */
gboolean harness_bits_agree (void);

typedef struct
{
  guint tile_px;        /* 0: the whole picture */
  const char *schedule; /* "streamed", "resident" or NULL: the plan's own choice */
  gboolean half;
  float range;
  gboolean mixed;     /* do not tell the plan the sources' format */
  OmniStore output;   /* by harness_run_raw() only */
  OmniDevice *device; /* NULL: harness_device() */
} HarnessOptions;

/* Interleaved host pictures, all of one size. */
typedef struct
{
  guint n, width, height;
  guint channels; /* a pixel, alpha among them */
  gboolean has_alpha;
  OmniStore store;
  gconstpointer *pixels; /* n */
  const guint *marks;    /* n, or NULL: none */
} HarnessPictures;

OmniPlan *harness_plan (OmniGraph *graph, const HarnessPictures *pictures, const HarnessOptions *options);

/* Sources for omni_plan_run(): `user_data` is a HarnessPictures. */
gboolean harness_fetch (guint index, OmniPlanSource *source, gpointer user_data, GError **error);

/* (transfer full) The interleaved result in the store of `options`. */
gpointer harness_run_raw (OmniGraph *graph, const HarnessPictures *pictures, const HarnessOptions *options);

/* Float planes in, float planes out (n = 1). */
TwinTensor *harness_run (OmniGraph *graph, const TwinTensor *set, const HarnessOptions *options);

/* Interleaved float pictures of a set; freed by harness_pictures_free(). */
HarnessPictures *harness_pictures_new (const TwinTensor *set);
void harness_pictures_free (HarnessPictures *pictures);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HarnessPictures, harness_pictures_free)

/* Values from low to high, the same for the same seed; every 16th is one of the two ends or their middle. */
TwinTensor *harness_random (guint n, guint c, guint h, guint w, float low, float high, guint32 seed);

/* Member k of the result is member order[k] of `set`. */
TwinTensor *harness_reorder (const TwinTensor *set, const guint *order);

/* Every order of n in turn, starting at the identity; FALSE after the last. */
gboolean harness_next_order (guint *order, guint n);

/* Fails with the first element that differs in more than `tolerance` · max (1, |want|); 0 asks for the same bits where
 * harness_bits_agree(), NaN agreeing with NaN. */
void harness_assert_equal (const TwinTensor *got, const TwinTensor *want, double tolerance, const char *what);

/* The same bits on every device. */
void harness_assert_same (const TwinTensor *got, const TwinTensor *want, const char *what);

/* ---- One graph over many sizes ---- */

typedef TwinTensor *(*HarnessTwin) (const TwinTensor *set, gconstpointer data);

typedef struct
{
  OmniGraph *graph; /* (transfer full) */
  HarnessTwin twin;
  gconstpointer data;
  guint channels;   /* of the float sources */
  guint n;          /* sources; 0: 1 … 5 in turn */
  float low, high;  /* of the sources' values; 0, 0: 0 … 1 */
  float range;      /* of the plan */
  double tolerance; /* of harness_assert_equal() */
  gboolean half;
  gboolean few; /* only 3 × 5, 33 × 17 and 130 × 67 */
} HarnessSweep;

/* Sizes 1 × 1 … 130 × 67, whole and in tiles of 16 and 32, resident and (where the graph can) streamed. */
void harness_sweep (const HarnessSweep *sweep);

G_END_DECLS
