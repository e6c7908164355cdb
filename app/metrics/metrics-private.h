/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/metrics/metrics.h"

#include <glib/gi18n.h>
#include <math.h>

G_BEGIN_DECLS

/* One grey picture: one of the three. */
typedef struct
{
  guint width, height;
  const guint8 *bytes;
  const double *values; /* at coarser scales, or of a feature */
  const guint16 *words; /* at scales that are sums of whole numbers */
  gboolean coloured;    /* made of a picture with colours in it */
} OmniPlane;

/* (transfer full) Room for a plane: g_free() it; NULL when there is none. Not cleared. The system need not hand over a large one page
 * by page, which takes as long as some metrics. */
gpointer omni_plane_try_alloc (gsize n, gsize size_bytes);

typedef struct _OmniBandsInput OmniBandsInput;

struct _OmniMetricsInput
{
  guint width, height;
  guint n_sources;
  OmniPlane fused;
  OmniPlane *sources; /* grey ones before coloured ones, else in the order of their bytes */
  OmniPlane reference;
  gboolean has_reference;
  guint8 *mask; /* 1 where a pixel counts; NULL when all do */
  gsize n_valid;
  gboolean goes_beyond;  /* some picture is not scaled to 0 … 1 */
  GPtrArray *blocks;     /* what the planes point into */
  OmniBandsInput *bands; /* of a pan-sharpened picture, which has no planes; else NULL */
};

/* What a metric's function gets. */
typedef struct
{
  const OmniMetricsInput *input;
  GCancellable *cancellable;
} OmniMetricRun;

typedef gboolean (*OmniMetricFunc) (const OmniMetricRun *run, double *value, char **reason);

/* Sets the reason and returns FALSE. */
gboolean omni_metric_refuse (char **reason, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Sets an error that names the picture, with the rest of the sentence after its name; FALSE. */
gboolean omni_metric_refuse_picture (OmniPicture *picture, GError **error, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* FALSE with a reason when a side is shorter than `size_px`. */
gboolean omni_metric_check_size (const OmniMetricRun *run, guint size_px, char **reason);

/* `numerator` / `denominator`; FALSE with `why` when nothing was counted. */
gboolean
omni_metric_divide (double numerator, double denominator, const char *why, double *value, char **reason);

#define OMNI_METRIC_NO_MEMORY _ ("there is not enough memory")
#define OMNI_METRIC_CANCELLED "cancelled"
#define OMNI_METRIC_NO_WINDOW _ ("no window lies entirely in the valid part of the pictures")

/* ---- Parts (parallel.c) ---- */

/* One part: adds to `sums`, which starts at zero. `scratch` is the thread's own and holds what the part before left. */
typedef void (*OmniPartsFunc) (guint part, gpointer data, double *scratch, double *sums);

/* Runs all parts on all processors and adds their sums up in the order of the parts, whoever worked on them. FALSE when
 * cancelled; the totals then say nothing. */
gboolean omni_parts_run (guint n_parts, guint n_sums, gsize scratch_doubles, OmniPartsFunc func,
                         gpointer data, GCancellable *cancellable, double *totals);

/* ---- Tiles (tile.c) ---- */

/* A tile is at most OMNI_TILE_PX on a side; with the halo of a window its rows are OMNI_TILE_STRIDE apart. All of a row is
 * always worked on, so that the compiler knows the length of every loop; what lies past the picture is zero. */
#define OMNI_TILE_PX     64
#define OMNI_TILE_STRIDE 80 /* OMNI_TILE_PX + 17 − 1 */
#define OMNI_TILE_IN     (OMNI_TILE_STRIDE * OMNI_TILE_STRIDE)
#define OMNI_TILE_OUT    (OMNI_TILE_PX * OMNI_TILE_PX)

typedef struct
{
  guint x, y; /* of the window's middle, or of its corner when windows stay inside */
  guint width, height;
} OmniTile;

guint omni_tiles_count (guint width, guint height);
void omni_tile_init (OmniTile *tile, guint width, guint height, guint index);

/* Copies the part that starts at (x, y) and is `halo` wider and higher than the tile; zero outside the plane. */
void omni_tile_load (const OmniPlane *plane, int x, int y, guint halo, double *in);

/* The same, the plane mirrored at its border pixels, or with its border repeated. */
void omni_tile_load_mirrored (const OmniPlane *plane, int x, int y, guint halo, double *in);
void omni_tile_load_replicated (const OmniPlane *plane, int x, int y, guint halo, double *in);

/* out = a · b over a loaded tile of `halo`. */
void omni_tile_multiply (const double *a, const double *b, guint halo, double *out);

/* Weighted mean over size × size windows, size one of 3, 5, 7, 9, 11 and 17: from a tile loaded with halo size − 1 to
 * OMNI_TILE_OUT values. `spare` holds OMNI_TILE_STRIDE × OMNI_TILE_PX. */
void omni_tile_filter (const double *in, const double *weights, guint size, double *spare, double *out);

/* Weighted means of a · b (of a alone when `b` is NULL) over size × size windows, size one of 3, 5, 9, 11 and 17, for
 * OMNI_MOMENT_ROWS rows of a tile: from the first row of these in tiles loaded with halo size − 1, which have as many rows and
 * size − 1 more, to rows of OMNI_TILE_PX. A block is small enough that all its moments stay in a processor's own cache until they
 * are scored. `spare` holds OMNI_MOMENT_SPARE values. */
#define OMNI_MOMENT_ROWS  32
#define OMNI_MOMENT_OUT   (OMNI_MOMENT_ROWS * OMNI_TILE_PX)
#define OMNI_MOMENT_SPARE ((2 * OMNI_MOMENT_ROWS + 17 - 1) * OMNI_TILE_STRIDE)

void omni_tile_moment (const double *a, const double *b, const double *weights, guint size, double *spare,
                       double *out);

/* Normalised Gaussian weights of `size` points. */
void omni_gaussian_init (double *weights, guint size, double sigma);

/* Adds up `map` (rows of OMNI_TILE_PX) over the tile. */
double omni_tile_add (const OmniTile *tile, const double *map);

/* Sets the values of `map` to `blank` where a window of `size` pixels from (x, y) on has a pixel that does not count, and returns
 * how many windows do. `mask` may be NULL; outside it everything counts. */
guint omni_tile_mask (const OmniTile *tile, const guint8 *mask, guint width, guint height, int x, int y,
                      guint size, double blank, double *map, guint n_maps);

/* ---- Coarser scales (scales.c) ---- */

#define OMNI_MAX_SCALES 4

/* The sources, then the fused picture, of one scale. */
typedef struct
{
  OmniPlane *planes;
  guint n_planes;
  guint8 *mask; /* NULL when everything counts */
} OmniScale;

typedef struct
{
  OmniScale levels[OMNI_MAX_SCALES];
} OmniScales;

void omni_scales_clear (OmniScales *scales);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniScales, omni_scales_clear)

/* Makes room for `n_planes` planes, of `words` or of values, and for a mask when there is one. */
gboolean omni_scale_alloc (OmniScale *level, guint n_planes, guint width, guint height, gboolean words,
                           gboolean masked, char **reason);

/* ---- The metrics ---- */

gboolean omni_metric_mef_ssim (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mef_ssim_1 (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mef_ssim_cs (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mef_ssim_lum (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_ssim (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ssim_u2fusion (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ssim_sum (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ref_ssim (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_qy (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_vif (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_vif_sum (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_viff (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_qabf (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_qabf_unit (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_nabf (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_qm (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_qcb (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_fmi_pixel (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_fmi_gradient (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_fmi_dct (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_fmi_wavelet (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_ergas (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_sam (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_q2n (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_q4 (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_qnr (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_d_lambda (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_d_s (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_mi (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mi_doubled (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mi_natural (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_nmi (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_en (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_cc (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_scd (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_psnr (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_psnr_u2fusion (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_psnr_vifb (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ref_psnr (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ref_mae (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_sd (const OmniMetricRun *run, double *value, char **reason);

gboolean omni_metric_sf (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_sf_area (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_sf_unit (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ag (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ag_ifcnn (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mg (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_mg_u2fusion (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ei (const OmniMetricRun *run, double *value, char **reason);
gboolean omni_metric_ei_u2fusion (const OmniMetricRun *run, double *value, char **reason);

G_END_DECLS
