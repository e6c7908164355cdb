/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"
#include "app/training/random.h"

G_BEGIN_DECLS

/* Sets of sources made up from one sharp, well exposed picture, which is then the truth of their fusion.
 *
 * A scene is drawn once and then rendered for as many channels as the picture has; planes are width × height floats on
 * 0 … 1. The same random stream makes the same scene. A scene is immutable; any thread. */

typedef struct
{
  double low, high;
} OmniRange;

typedef struct
{
  double
    depth_masks;    /* probability of regions that follow a made-up depth, instead of basal and shape masks */
  double disc_blur; /* probability of a lens's disc instead of a Gaussian */
  double layers; /* probability of regions that blur over each other, instead of cuts from blurred pictures */
  OmniRange sigma; /* px: standard deviation of the blur one step out of focus */
  OmniRange
    breathing;     /* by how much a source's picture is larger than the one before, in half of the scenes */
  OmniRange stops; /* between neighbouring exposures */
  OmniRange noise; /* standard deviation of the sensor's noise at mid grey */
  double jpeg;     /* probability of JPEG artefacts */
} OmniSynthesisOptions;

/* What the keys of a recipe say when they are left out, and omnifuse-cli synthesize uses: but for JPEG artefacts, which are
 * none. */
extern const OmniSynthesisOptions omni_synthesis_defaults;

typedef enum
{
  OMNI_SYNTHESIS_NONE,
  OMNI_SYNTHESIS_FOCUS,
  OMNI_SYNTHESIS_EXPOSURE
} OmniSynthesis;

/* Draws a scene and renders all of it, as a camera stores it: source `k` of channel `c` goes to sources[c · n_sources + k].
 * `channels` are the truth, and become another one where a stack's frames breathe; `guide` is their luminance.
 * 2 ≤ n_sources ≤ 64. */
void omni_synthesis_render (OmniSynthesis kind, const OmniSynthesisOptions *options, OmniRandom *random,
                            float *const *channels, guint n_channels, const float *guide, guint width,
                            guint height, guint n_sources, float *const *sources);

/* (transfer full) (element-type OmniPicture) The same for a whole picture, grey or RGB, of 8 bits; its profile is kept. */
GPtrArray *omni_synthesis_make_set (OmniSynthesis kind, const OmniSynthesisOptions *options,
                                    OmniRandom *random, OmniPicture *truth, guint n_sources, GError **error);

/* (transfer full) The middle of `picture` in 8 bits without alpha, at most `max_px` wide and high (0: all of it). */
OmniPicture *omni_synthesis_prepare_truth (OmniPicture *picture, guint max_px, GError **error);

/* ---- Regions in focus ---- */

#define OMNI_MAX_SHAPE_REGIONS 8

/* Each pixel gets one of 0 … n − 1, and each number at least a fiftieth of the picture (of more
 * than seven: 0.15/n). IFANI (§3.1): one to four basal
 * regions, each cut in two by a shape: n ≤ OMNI_MAX_SHAPE_REGIONS. FALSE when eight tries left some region too small. */
gboolean
omni_synthesis_draw_shape_labels (OmniRandom *random, guint width, guint height, guint n, guint8 *labels);

/* The same along a made-up depth, far to near (IFCNN §3.2 cuts a real one): a smooth field, objects in front of it, edges that
 * follow the large contours of `guide`, cut at random quantiles. Any n up to 64. */
void omni_synthesis_draw_depth_labels (OmniRandom *random, const float *guide, guint width, guint height,
                                       guint n, guint8 *labels);

/* ---- A focus stack ---- */

typedef struct _OmniFocusScene OmniFocusScene;

/* `guide`: the picture's luminance. 2 ≤ n_sources ≤ 64. */
OmniFocusScene *omni_focus_scene_new (OmniRandom *random, const OmniSynthesisOptions *options,
                                      const float *guide, guint width, guint height, guint n_sources);
void omni_focus_scene_free (OmniFocusScene *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniFocusScene, omni_focus_scene_free)

/* How strongly region `region` counts in each pixel: disjoint but for edges about a pixel wide, and 1 in all. */
const float *omni_focus_scene_get_mask (const OmniFocusScene *self, guint region);

/* All sources. In source `k` region k stands as in `clear`; the others are layers, blurred the more the further away, composed
 * far to near, so that a near blurred layer spreads over what lies behind it and a far one never over what covers it. Or, as
 * the papers make them up (IFANI §3.1, IFCNN §3.2), every region is a cut from the picture blurred as a whole. No noise yet. Where the frames breathe, `clear` becomes what is to
 * come out: each region as large as it is in the source that has it in focus. */
void omni_focus_scene_render (const OmniFocusScene *self, float *clear, float *const *sources);

/* ---- A camera ---- */

/* Radiance 0 … 1 to value 0 … 1: f(E) = (1 + k) Eᵖ / (Eᵖ + k), the family of Eilertsen et al. 2017 (HDRCNN, eq. 4), strictly
 * increasing with f(0) = 0 and f(1) = 1; large k is a gamma curve. */
typedef struct
{
  double power, shoulder; /* p, k > 0 */
} OmniResponse;

OmniResponse omni_response_draw (OmniRandom *random);
double omni_response_apply (const OmniResponse *self, double radiance);
double omni_response_invert (const OmniResponse *self, double value);

/* Rounds to 8 bits as a file does; first, with `quality` above 0, takes the plane through a JPEG of that quality. */
void omni_camera_store (float *plane, guint width, guint height, guint quality);

/* Adds noise of `deviation` at mid grey that grows with the root of the light. */
void omni_camera_add_noise (OmniRandom *random, float *plane, gsize n, double deviation);

/* ---- An exposure bracket ---- */

typedef struct _OmniExposureScene OmniExposureScene;

/* A camera, exposures, and a light over the scene that the picture itself no longer shows: the truth is the evenly lit
 * picture, and what the light makes too dark or too bright for one exposure another one holds. */
OmniExposureScene *omni_exposure_scene_new (OmniRandom *random, const OmniSynthesisOptions *options,
                                            const float *guide, guint width, guint height, guint n_sources);
void omni_exposure_scene_free (OmniExposureScene *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniExposureScene, omni_exposure_scene_free)

/* Stops of source `index`, ascending with it; 0 renders an evenly lit part as it is. */
double omni_exposure_scene_get_stops (const OmniExposureScene *self, guint index);

OmniResponse omni_exposure_scene_get_response (const OmniExposureScene *self);

/* Source `index` of the plane `clear`; the sensor's noise is drawn from `random` and comes before clipping. */
void omni_exposure_scene_render (const OmniExposureScene *self, guint index, const float *clear,
                                 OmniRandom *random, float *source);

G_END_DECLS
