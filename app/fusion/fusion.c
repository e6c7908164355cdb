/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/engine-private.h"

#include "app/files/colour-profile.h"
#include "app/fusion/fusion-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* One fusion. Whatever is decided here (size, profile, range, depth, alpha, warnings) is a symmetric function of the set:
 * the order of the sources reaches the graph and nothing else. */

/* Tiles are not halved below this side after a loss or when memory runs out. */
#define MIN_TILE_PX  64
#define TILE_STEP_PX 16
#define MAX_LOSSES   3
/* Part of the progress bar for reading all float sources beforehand. */
#define READING_SHARE 0.2

typedef struct
{
  OmniEngineCore *core;
  const OmniFusionRequest *request;
  OmniEngineProgress progress;
  gpointer user_data;
  GCancellable *cancellable;

  const OmniModel *model;
  OmniTask task;
  char *task_reason;
  OmniWeights *weights;
  guint n_sources, width, height, bands;
  gboolean shrunk;          /* for a preview */
  guint *marks;             /* per source, for the graph: what it is to the task */
  guint roles;              /* all of them */
  float scale;              /* sides of the result over those of the smallest source */
  guint source_pixel_bytes; /* the most of any source */
  OmniPlanFormat format;    /* of every source, or no channels */
  gboolean colour, has_alpha;
  gboolean *is_grey;        /* per source */
  gboolean grey_and_colour; /* sources of both kinds */
  OmniSampleType depth;
  float range;
  GBytes *profile; /* of the result, NULL for sRGB */
  OmniFrames *frames;
  const OmniMasks *masks; /* NULL when no source is transparent; the core's */
  double done_before;     /* progress made before the plan runs */

  OmniPicture **held; /* per source, while the plan reads it */
  gboolean *alpha_done;
  guint8 *alpha; /* one sample per pixel, at `depth` */
  guint8 *pixels;
  GPtrArray *warnings;
  float *influence;       /* per source, its natural logarithm; or NULL */
  OmniBandLevels *levels; /* NULL: the model does not ask for them */
  OmniWeightMaps *maps;
  OmniFusionTimes ms;
  gboolean reused;
  OmniPlanStats stats;
} Fusion;

static void
fusion_clear (Fusion *self)
{
  for (guint i = 0; self->held != NULL && i < self->n_sources; i++)
    g_clear_object (&self->held[i]);
  g_free (self->held);
  g_free (self->alpha_done);
  g_free (self->alpha);
  g_free (self->pixels);
  g_free (self->task_reason);
  g_free (self->marks);
  g_free (self->is_grey);
  g_clear_pointer (&self->weights, omni_weights_unref);
  g_clear_pointer (&self->profile, g_bytes_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_clear_pointer (&self->maps, omni_weight_maps_unref);
  g_free (self->influence);
  g_free (self->levels);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fusion, fusion_clear)

static double
ms_since (gint64 start_us)
{
  return (g_get_monotonic_time () - start_us) / 1000.0;
}

/* ---- What the set decides ---- */

/* R = G = B in every pixel of the thumbnail. */
static gboolean
looks_grey (OmniSource *source)
{
  g_autoptr (OmniPicture) thumbnail = omni_source_load_thumbnail (source, NULL, NULL);
  if (thumbnail == NULL)
    return FALSE;
  const gsize bytes = omni_sample_type_get_bytes (omni_picture_get_sample_type (thumbnail));
  const guint n_channels = omni_picture_get_channels (thumbnail);
  const guint8 *pixel = omni_picture_get_pixels (thumbnail);
  const gsize n = (gsize)omni_picture_get_width (thumbnail) * omni_picture_get_height (thumbnail);
  for (gsize i = 0; n_channels >= 3 && i < n; i++, pixel += n_channels * bytes)
    if (memcmp (pixel, pixel + bytes, 2 * bytes) != 0)
      return FALSE;
  return TRUE;
}

/* Grey may be stored as colour. In brackets and stacks only the format counts: an unexposed frame is grey, too. */
static gboolean
is_grey (const Fusion *self, OmniSource *source)
{
  if (omni_source_count_bands (source) == 1)
    return TRUE;
  return (self->task == OMNI_TASK_INFRARED || self->task == OMNI_TASK_MEDICAL) && looks_grey (source);
}

static void
choose_shape (Fusion *self)
{
  guint n_grey = 0;
  self->is_grey = g_new0 (gboolean, self->n_sources);
  OmniResultShape shape;
  omni_fusion_request_get_shape (self->request, &shape);
  const guint n_bands = shape.channels - (shape.has_alpha ? 1 : 0);
  self->width = shape.width;
  self->height = shape.height;
  self->shrunk = shape.shrunk;
  self->depth = shape.depth;
  self->has_alpha = shape.has_alpha;
  self->colour = n_bands == 3;
  self->bands = n_bands > 3 ? n_bands : 0;
  for (guint i = 0; i < self->n_sources; i++)
  {
    OmniSource *source = self->request->sources->pdata[i];
    const gsize bytes = omni_sample_type_get_bytes (omni_source_get_sample_type (source));
    const OmniPlanFormat format = { omni_source_get_channels (source), omni_source_get_has_alpha (source),
                                    (OmniStore)omni_source_get_sample_type (source) };
    self->source_pixel_bytes = MAX (self->source_pixel_bytes, format.channels * (guint)bytes);
    self->is_grey[i] = !self->colour || is_grey (self, source);
    n_grey += self->colour && self->is_grey[i];
    if (i == 0)
      self->format = format;
    else if (format.channels != self->format.channels || format.has_alpha != self->format.has_alpha
             || format.store != self->format.store)
      self->format.channels = 0;
  }
  self->grey_and_colour = n_grey > 0 && n_grey < self->n_sources;
}

static void
choose_marks (Fusion *self)
{
  GPtrArray *sources = self->request->sources;
  OmniSource *ms = NULL, *pan = NULL;
  if (self->model->pansharpens)
    omni_sources_find_pansharpen (sources, &ms, &pan, NULL);
  guint smallest = self->width;
  self->marks = g_new (guint, self->n_sources);
  for (guint i = 0; i < self->n_sources; i++)
  {
    const OmniRole role = sources->pdata[i] == pan  ? OMNI_ROLE_PANCHROMATIC
                          : sources->pdata[i] == ms ? OMNI_ROLE_MULTISPECTRAL
                                                    : omni_source_get_role (sources->pdata[i]);
    self->marks[i] = OMNI_ROLE_MARK (role);
    self->roles |= self->marks[i];
    if (!self->is_grey[i])
      self->marks[i] |= OMNI_MARK_COLOURED;
    smallest = MIN (smallest, omni_source_get_width (sources->pdata[i]));
  }
  self->scale = (float)self->width / (float)smallest;
}

/* One pixel that carries the profile of a source, for functions that ask for pictures. */
static OmniPicture *
make_profile_carrier (OmniSource *source)
{
  const guint channels = omni_source_get_channels (source);
  return omni_picture_new (1, 1, channels, omni_source_get_has_alpha (source), OMNI_SAMPLE_U8,
                           g_bytes_new_take (g_malloc0 (channels), channels),
                           omni_source_get_icc_profile (source), omni_source_get_path (source), NULL);
}

/* Sets the profile of the result; returns whether any source must be converted to it. */
static gboolean
choose_profile (Fusion *self)
{
  g_autoptr (GPtrArray) carriers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) sorted = omni_sources_sort (self->request->sources);
  for (guint i = 0; i < sorted->len; i++)
  {
    OmniPicture *carrier = make_profile_carrier (sorted->pdata[i]);
    char *problem = omni_picture_find_profile_problem (carrier);
    if (problem != NULL)
      g_ptr_array_add (self->warnings, problem);
    g_ptr_array_add (carriers, carrier);
  }
  self->profile = omni_profile_choose ((OmniPicture *const *)carriers->pdata, carriers->len);
  for (guint i = 0; i < carriers->len; i++)
    if (!omni_profiles_equal (omni_picture_get_icc_profile (carriers->pdata[i]), self->profile))
      return TRUE;
  return FALSE;
}

/* Smallest power of two that no sample exceeds, at least 1. Reads all float sources. */
static gboolean
find_range (Fusion *self, GError **error)
{
  float largest = 1;
  gboolean beyond = FALSE;
  guint n_float = 0, n_read = 0;
  for (guint i = 0; i < self->n_sources; i++)
    n_float += omni_source_get_sample_type (self->request->sources->pdata[i]) == OMNI_SAMPLE_F32;
  for (guint i = 0; i < self->n_sources && n_float > 0; i++)
  {
    if (omni_source_get_sample_type (self->request->sources->pdata[i]) != OMNI_SAMPLE_F32)
      continue;
    g_autoptr (OmniPicture) picture = omni_frames_get (self->frames, i, error);
    if (picture == NULL)
      return FALSE;
    largest = MAX (largest, omni_frames_get_largest_sample (self->frames, i));
    /* What whole numbers will not hold is counted in floats. */
    if (omni_frames_goes_beyond (self->frames, i))
    {
      self->depth = OMNI_SAMPLE_F32;
      beyond = TRUE;
    }
    omni_frames_release (self->frames, i);
    self->done_before = READING_SHARE * ++n_read / n_float;
    if (self->progress != NULL)
      self->progress (self->done_before, N_ ("Reading"), self->user_data);
  }
  if (beyond && self->model->judges_exposure)
    omni_fusion_warn_of_range (self->model, self->warnings);
  int exponent;
  const float mantissa = frexpf (largest, &exponent);
  self->range = ldexpf (1, mantissa == 0.5f ? exponent - 1 : MIN (exponent, 127));
  return TRUE;
}

/* A source that is transparent somewhere has no say there. One alone is left as it is. */
static gboolean
find_masks (Fusion *self, GError **error)
{
  GPtrArray *sources = self->request->sources;
  OmniMasks **kept = &self->core->masks[self->request->view_px > 0 ? 1 : 0];
  gboolean any = FALSE;
  for (guint i = 0; i < self->n_sources; i++)
    any |= omni_source_get_has_alpha (sources->pdata[i]);
  if (!any || self->n_sources < 2 || self->model->pansharpens)
  {
    g_clear_pointer (kept, omni_masks_unref);
    return TRUE;
  }
  if (*kept == NULL || !omni_masks_are_of (*kept, sources, self->width, self->height))
  {
    g_clear_pointer (kept, omni_masks_unref);
    if ((*kept = omni_masks_new (self->frames, sources, self->width, self->height, error)) == NULL)
      return FALSE;
  }
  self->masks = omni_masks_have_any (*kept) ? *kept : NULL;
  return TRUE;
}

/* Taken where the model has weights that it can change. Asked for in vain it is an error, unless it says nothing. */
static gboolean
choose_influence (Fusion *self, GError **error)
{
  const double *influence = self->request->influence;
  gboolean any = FALSE;
  for (guint i = 0; influence != NULL && i < self->n_sources; i++)
    any |= influence[i] != 0;
  if (any && !self->model->takes_influence)
  {
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      _ ("%s does not weigh its sources by influence; choose omni, mertens or laplacian (--model)."),
      _ (self->model->title));
    return FALSE;
  }
  /* Networks take it all the time, which makes a first change quick; what others do without it is another sum. */
  if (influence == NULL || !self->model->takes_influence || (!any && self->model->architecture == NULL))
    return TRUE;
  self->influence = g_new (float, self->n_sources);
  for (guint i = 0; i < self->n_sources; i++)
    self->influence[i] = (float)(CLAMP (influence[i], -OMNI_MAX_INFLUENCE, OMNI_MAX_INFLUENCE) * G_LN2);
  return TRUE;
}

static gboolean
count_levels (Fusion *self, gboolean convert, GError **error)
{
  const OmniLevelsOf of = self->model->get_levels_of != NULL
                            ? self->model->get_levels_of (self->request->options)
                            : OMNI_LEVELS_OF_NONE;
  if (of != OMNI_LEVELS_OF_NONE)
    self->levels = omni_band_levels_new (self->request->sources, of, convert, self->profile,
                                         self->cancellable, error);
  return of == OMNI_LEVELS_OF_NONE || self->levels != NULL;
}

static gboolean
fusion_prepare (Fusion *self, GError **error)
{
  const OmniFusionRequest *request = self->request;
  self->n_sources = request->sources->len;
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  if (!omni_fusion_request_check (request, error))
    return FALSE;
  self->model = omni_fusion_request_choose_model (request, &self->task, &self->task_reason, error);
  if (self->model == NULL)
    return FALSE;
  g_autoptr (GError) local_error = NULL;
  self->weights = request->weights != NULL
                    ? omni_weights_ref (request->weights)
                    : omni_engine_core_load_weights (self->core, self->model, self->task,
                                                     request->weights_path, &local_error);
  if (local_error != NULL)
  {
    g_propagate_error (error, g_steal_pointer (&local_error));
    return FALSE;
  }
  if (!choose_influence (self, error))
    return FALSE;
  choose_shape (self);
  choose_marks (self);
  const gboolean convert = choose_profile (self);
  g_autoptr (GPtrArray) sorted = omni_sources_sort (request->sources);
  if (request->resize)
    omni_fusion_warn_of_shapes (sorted, self->warnings);
  omni_fusion_warn_of_duplicates (sorted, self->warnings);
  omni_fusion_warn_of_default (request, self->model, self->task, self->warnings);

  OmniFrames **kept = &self->core->frames[request->view_px > 0 ? 1 : 0];
  OmniFrames *previous = *kept;
  *kept = self->frames = omni_frames_new (request->sources, self->width, self->height, convert, self->profile,
                                          previous, omni_frames_default_budget (), self->cancellable);
  omni_frames_free (previous);
  omni_frames_start (self->frames);
  return find_range (self, error) && find_masks (self, error) && count_levels (self, convert, error);
}

static gboolean
fusion_allocate (Fusion *self, guint n_channels, GError **error)
{
  g_clear_pointer (&self->pixels, g_free);
  self->pixels = omni_picture_try_alloc_pixels (self->width, self->height, n_channels, self->depth, NULL,
                                                error);
  if (self->pixels == NULL)
    return FALSE;
  if (self->has_alpha && self->alpha == NULL
      && (self->alpha = omni_picture_try_alloc_pixels (self->width, self->height, 1, self->depth, NULL,
                                                       error))
           == NULL)
    return FALSE;
  if (self->held == NULL)
  {
    self->held = g_new0 (OmniPicture *, self->n_sources);
    self->alpha_done = g_new0 (gboolean, self->n_sources);
  }
  return TRUE;
}

/* ---- The plan's questions ---- */

static gboolean
fetch_cb (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  Fusion *self = user_data;
  g_autoptr (OmniPicture) frame = omni_frames_get (self->frames, index, error);
  if (frame == NULL)
    return FALSE;
  if (self->has_alpha && !self->alpha_done[index])
  {
    omni_picture_fold_alpha (frame, self->alpha, self->depth);
    self->alpha_done[index] = TRUE;
  }
  g_autoptr (OmniPicture) picture = self->masks != NULL ? omni_masks_fill (self->masks, frame, error)
                                                        : g_object_ref (frame);
  if (picture == NULL)
    return FALSE;
  source->pixels = omni_picture_get_pixels (picture);
  source->channels = omni_picture_get_channels (picture);
  source->has_alpha = omni_picture_get_has_alpha (picture);
  source->store = (OmniStore)omni_picture_get_sample_type (picture);
  source->mark = self->marks[index];
  g_set_object (&self->held[index], picture);
  return TRUE;
}

static void
release_cb (guint index, gpointer user_data)
{
  Fusion *self = user_data;
  g_clear_object (&self->held[index]);
  omni_frames_release (self->frames, index);
}

static void
progress_cb (double fraction, gpointer user_data)
{
  Fusion *self = user_data;
  if (self->progress != NULL)
    self->progress (self->done_before + (1 - self->done_before) * fraction, N_ ("Fusing"), self->user_data);
}

static void
map_cb (guint map, guint source, guint x, guint y, guint width, guint height, const float *values,
        guint pitch, gpointer user_data)
{
  Fusion *self = user_data;
  omni_weight_maps_put (self->maps, map, source, x, y, width, height, values, pitch);
}

/* ---- Running, with second chances ---- */

G_STATIC_ASSERT ((int)OMNI_STORE_U8 == (int)OMNI_SAMPLE_U8 && (int)OMNI_STORE_U16 == (int)OMNI_SAMPLE_U16
                 && (int)OMNI_STORE_F32 == (int)OMNI_SAMPLE_F32);

static OmniPlanEntry *
get_plan (Fusion *self, guint tile_px, GError **error)
{
  const OmniFusionRequest *request = self->request;
  if (!omni_engine_core_ensure_device (self->core, error)
      || !omni_engine_core_check_weights (self->core, self->model, self->weights, error))
    return NULL;
  const OmniDeviceInfo *info = omni_device_get_info (self->core->device);
  if (request->half && !info->has_fp16)
  {
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
                 _ ("%s cannot store half precision; use full precision (--precision fp32)."), info->name);
    return NULL;
  }
  const OmniModelContext context = { .task = self->task,
                                     .n_sources = self->n_sources,
                                     .width = self->width,
                                     .height = self->height,
                                     .colour = self->colour,
                                     .bands = self->bands,
                                     .roles = self->roles,
                                     .scale = self->scale,
                                     .range = self->range,
                                     .levels = self->levels,
                                     .options = request->options,
                                     .weights = self->weights,
                                     .grey_and_colour = self->grey_and_colour,
                                     .influence = self->influence != NULL,
                                     .preview = self->shrunk,
                                     .masked = self->masks != NULL,
                                     .maps = request->maps };
  const OmniPlanParams params = { .n_sources = self->n_sources,
                                  .width = self->width,
                                  .height = self->height,
                                  .output = (OmniStore)self->depth,
                                  .tile_px = tile_px,
                                  .half = request->half,
                                  .source_pixel_bytes = self->source_pixel_bytes,
                                  .format = self->format,
                                  .range = self->range,
                                  .profile = request->profile };
  g_autofree char *options = request->options != NULL ? omni_model_options_to_string (request->options)
                                                      : NULL;
  g_autofree char *levels = self->levels != NULL ? g_compute_checksum_for_data (
                              G_CHECKSUM_SHA256, (const guint8 *)self->levels, sizeof *self->levels)
                                                 : NULL;
  g_autofree char *key = g_strdup_printf (
    "%s %s [%s] task %d, %u of %ux%u, %u bytes a pixel, format %u %d %d, colour %d %d, bands %u, roles %x, "
    "scale %a, range %a, "
    "depth %d, tile %u, "
    "half %d, "
    "profile %d, influence %d, preview %d, masked %d, maps %d, levels %s",
    self->model->name, self->weights != NULL ? omni_weights_get_sha256 (self->weights) : "-",
    options != NULL ? options : "", self->task, self->n_sources, self->width, self->height,
    self->source_pixel_bytes, self->format.channels, self->format.has_alpha, self->format.store, self->colour,
    self->grey_and_colour, self->bands, self->roles, self->scale, self->range, self->depth, tile_px,
    request->half, request->profile, self->influence != NULL, self->shrunk, self->masks != NULL,
    request->maps, levels != NULL ? levels : "-");
  return omni_engine_core_get_plan (self->core, key, self->model, &context, &params, error);
}

/* Half the side, in steps; 0 when it cannot be halved any more. */
static guint
halve_tile (Fusion *self, guint tile_px)
{
  const guint longest = MAX (self->width, self->height);
  const guint side = tile_px > 0 ? MIN (tile_px, longest) : longest;
  const guint half = (side / 2 + TILE_STEP_PX - 1) / TILE_STEP_PX * TILE_STEP_PX;
  return half >= MIN_TILE_PX && half < side ? half : 0;
}

/* How often a run was set back, and where the next attempt starts. */
typedef struct
{
  guint losses;
  guint tile_px;
  guint first_tile;
  guint n_tiles; /* of the attempt that was lost */
} Attempt;

static void
account_run (Fusion *self, const OmniPlanStats *stats)
{
  self->ms.upload += stats->upload_ms;
  self->ms.network += stats->network_ms;
  self->ms.download += stats->download_ms;
  self->stats.submissions += stats->submissions;
  self->stats.longest_submission_ms = MAX (self->stats.longest_submission_ms, stats->longest_submission_ms);
}

/* The same sources in the same places. */
static gboolean
was_made_of (const OmniPlanEntry *entry, GPtrArray *sources)
{
  if (entry->made_of == NULL || entry->made_of->len != sources->len)
    return FALSE;
  for (guint i = 0; i < sources->len; i++)
    if (entry->made_of->pdata[i] != sources->pdata[i])
      return FALSE;
  return TRUE;
}

static void
remember_sources (OmniPlanEntry *entry, GPtrArray *sources)
{
  entry->made_of = g_ptr_array_copy (sources, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  g_ptr_array_set_free_func (entry->made_of, g_object_unref);
}

static gboolean
run_plan (Fusion *self, OmniPlanEntry *entry, Attempt *attempt, GError **error)
{
  const guint n_channels = omni_graph_get_output_channels (entry->graph);
  const guint n_tiles = omni_plan_get_tiles (entry->plan);
  if (attempt->first_tile == 0 || n_tiles != attempt->n_tiles)
  {
    attempt->first_tile = 0;
    if (!fusion_allocate (self, n_channels, error))
      return FALSE;
  }
  if (self->request->maps && self->maps == NULL
      && (self->maps = omni_weight_maps_new (entry->graph, _ (self->model->title), self->n_sources,
                                             self->width, self->height, error))
           == NULL)
    return FALSE;
  const gboolean reuse = was_made_of (entry, self->request->sources)
                         && (!self->has_alpha || self->alpha_done[0]);
  g_clear_pointer (&entry->made_of, g_ptr_array_unref);
  const OmniPlanRun run = { .fetch = fetch_cb,
                            .release = release_cb,
                            .progress = progress_cb,
                            .user_data = self,
                            .cancellable = self->cancellable,
                            .result = self->pixels,
                            .influence = self->influence,
                            .reuse = reuse,
                            .map = self->maps != NULL ? map_cb : NULL,
                            .first_tile = attempt->first_tile };
  OmniPlanStats stats = { 0 };
  const gboolean success = omni_plan_run (entry->plan, &run, &stats, error);
  for (guint i = 0; i < self->n_sources; i++)
    g_clear_object (&self->held[i]);
  account_run (self, &stats);
  self->reused = reuse && self->influence != NULL;
  if (success)
    remember_sources (entry, self->request->sources);
  attempt->tile_px = omni_plan_get_tile_px (entry->plan);
  attempt->n_tiles = n_tiles;
  attempt->first_tile = stats.tiles_done;
  return success;
}

/* First loss: the same tiles, from the one that was lost. Second: smaller tiles. Third: an error. */
static gboolean
recover_from_loss (Fusion *self, Attempt *attempt, GError **error)
{
  g_autofree char *name = self->core->device != NULL
                            ? g_strdup (omni_device_get_info (self->core->device)->name)
                            : NULL;
  omni_engine_core_close_device (self->core);
  attempt->losses++;
  if (attempt->losses == 1)
  {
    g_message ("The device was lost; opening it again.");
    return TRUE;
  }
  const guint smaller_px = halve_tile (self, attempt->tile_px);
  if (attempt->losses < MAX_LOSSES)
  {
    g_message ("The device was lost again; trying smaller tiles.");
    attempt->tile_px = smaller_px > 0 ? smaller_px : attempt->tile_px;
    attempt->first_tile = 0;
    return TRUE;
  }
  g_set_error (
    error, OMNI_VK_ERROR, OMNI_VK_ERROR_DEVICE_LOST,
    _ ("%s stopped answering %u times, the last time with smaller tiles; its driver may need an update, or "
       "choose another device (--device)."),
    name != NULL ? name : _ ("The device"), attempt->losses);
  return FALSE;
}

static gboolean
recover_from_shortage (Fusion *self, Attempt *attempt, const GError *cause, GError **error)
{
  const guint smaller_px = halve_tile (self, attempt->tile_px);
  omni_engine_core_close_device (self->core);
  if (smaller_px > 0)
  {
    attempt->tile_px = smaller_px;
    attempt->first_tile = 0;
    return TRUE;
  }
  g_set_error (
    error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
    _ ("%s Even tiles of %u pixels do not fit: close other programs, or use fewer or smaller pictures."),
    cause->message, attempt->tile_px);
  return FALSE;
}

/* (transfer none) The plan that ran to the end, or NULL. */
static OmniPlanEntry *
fusion_run (Fusion *self, GError **error)
{
  Attempt attempt = { .tile_px = self->request->tile_px };
  for (;;)
  {
    g_autoptr (GError) cause = NULL;
    OmniPlanEntry *entry = get_plan (self, attempt.tile_px, &cause);
    const gboolean planned = entry != NULL;
    if (planned && run_plan (self, entry, &attempt, &cause))
      return entry;
    if (g_error_matches (cause, OMNI_VK_ERROR, OMNI_VK_ERROR_DEVICE_LOST))
    {
      if (recover_from_loss (self, &attempt, error))
        continue;
      return NULL;
    }
    /* Planning has tried smaller tiles by itself. */
    if (planned && g_error_matches (cause, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY))
    {
      if (recover_from_shortage (self, &attempt, cause, error))
        continue;
      return NULL;
    }
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
}

/* ---- The result ---- */

/* Grey results cannot carry the profile of colours, and the other way round; bands carry none. */
static GBytes *
get_result_profile (Fusion *self, guint n_channels)
{
  if (self->profile == NULL || n_channels != (self->colour ? 3 : 1))
    return NULL;
  return self->profile;
}

static guint8 *
join_alpha (Fusion *self, guint n_channels, gsize *size_bytes, GError **error)
{
  const gsize bytes = omni_sample_type_get_bytes (self->depth);
  const gsize n = (gsize)self->width * self->height;
  guint8 *joined = omni_picture_try_alloc_pixels (self->width, self->height, n_channels + 1, self->depth,
                                                  size_bytes, error);
  if (joined == NULL)
    return NULL;
  guint8 *to = joined;
  for (gsize i = 0; i < n; i++)
  {
    memcpy (to, self->pixels + i * n_channels * bytes, n_channels * bytes);
    memcpy (to + n_channels * bytes, self->alpha + i * bytes, bytes);
    to += (n_channels + 1) * bytes;
  }
  return joined;
}

static OmniPicture *
make_picture (Fusion *self, guint n_channels, GError **error)
{
  gsize size_bytes = (gsize)self->width * self->height * n_channels
                     * omni_sample_type_get_bytes (self->depth);
  guint8 *pixels = self->has_alpha ? join_alpha (self, n_channels, &size_bytes, error)
                                   : g_steal_pointer (&self->pixels);
  if (pixels == NULL)
    return NULL;
  return omni_picture_new (self->width, self->height, n_channels + self->has_alpha, self->has_alpha,
                           self->depth, g_bytes_new_take (pixels, size_bytes),
                           get_result_profile (self, n_channels), NULL, error);
}

static OmniFusionResult *
make_result (Fusion *self, OmniPlanEntry *entry, GError **error)
{
  g_autoptr (OmniPicture) picture = make_picture (self, omni_graph_get_output_channels (entry->graph), error);
  if (picture == NULL || !omni_fusion_cut_picture (&picture, self->request, self->warnings, error))
    return NULL;

  double flop_per_source, flop_per_set;
  omni_graph_get_flop_per_px (entry->graph, &flop_per_source, &flop_per_set);

  OmniFusionResult *result = g_new0 (OmniFusionResult, 1);
  g_atomic_ref_count_init (&result->ref_count);
  result->sha256 = omni_picture_hash (picture);
  result->picture = g_steal_pointer (&picture);
  result->model = self->model;
  result->task = self->task;
  result->task_reason = g_steal_pointer (&self->task_reason);
  result->options = self->request->options != NULL ? omni_model_options_to_string (self->request->options)
                                                   : g_strdup ("");
  result->weights_sha256 = self->weights != NULL ? g_strdup (omni_weights_get_sha256 (self->weights)) : NULL;
  omni_fusion_result_note_request (result, self->request);
  result->device_name = g_strdup (omni_device_get_info (self->core->device)->name);
  result->reused = self->reused;
  result->order_invariant = omni_graph_is_order_invariant (entry->graph);
  result->tiles = omni_plan_get_tiles (entry->plan);
  result->tile_px = omni_plan_get_tile_px (entry->plan);
  result->peak_device_bytes = omni_device_get_peak_bytes (self->core->device);
  result->sources = g_ptr_array_copy (self->request->sources, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  g_ptr_array_set_free_func (result->sources, g_object_unref);
  result->warnings = g_steal_pointer (&self->warnings);
  if (self->maps != NULL)
    omni_weight_maps_finish (self->maps);
  result->maps = g_steal_pointer (&self->maps);
  result->profile = self->request->profile ? omni_plan_get_profile (entry->plan) : NULL;
  result->longest_submission_ms = self->stats.longest_submission_ms;
  result->gflop = (flop_per_source * self->n_sources + flop_per_set) * ((double)self->width * self->height)
                  / 1e9;
  return result;
}

OmniFusionResult *
omni_engine_core_fuse (OmniEngineCore *core, const OmniFusionRequest *request, OmniEngineProgress progress,
                       gpointer user_data, GCancellable *cancellable, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();
  g_auto (Fusion) self = {
    .core = core, .request = request, .progress = progress, .user_data = user_data, .cancellable = cancellable
  };
  if (core->device != NULL)
    omni_device_reset_peak (core->device);
  if (progress != NULL)
    progress (0, N_ ("Reading"), user_data);

  OmniPlanEntry *entry = NULL;
  if (fusion_prepare (&self, error))
    entry = fusion_run (&self, error);
  if (self.frames != NULL)
    omni_frames_stop (self.frames);
  OmniFusionResult *result = entry != NULL ? make_result (&self, entry, error) : NULL;
  if (result == NULL)
    return NULL;
  result->ms = self.ms;
  result->ms.decode = omni_frames_get_wait_ms (self.frames);
  result->ms.total = ms_since (start_us);
  return result;
}
