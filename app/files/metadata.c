/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/metadata.h"

#include "app/files/reader.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include <gexiv2/gexiv2.h>

struct _OmniMetadata
{
  GObject parent_instance;

  GExiv2Metadata *exiv2;
};

/* Exiv2's XMP side is one shared object, so only one thread may be inside at a time. */
static GMutex exiv2_mutex;

G_DEFINE_FINAL_TYPE (OmniMetadata, omni_metadata, G_TYPE_OBJECT)

static void
omni_metadata_finalize (GObject *object)
{
  OmniMetadata *self = OMNI_METADATA (object);

  g_clear_object (&self->exiv2);
  G_OBJECT_CLASS (omni_metadata_parent_class)->finalize (object);
}

static void
omni_metadata_class_init (OmniMetadataClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_metadata_finalize;
}

static void
omni_metadata_init (OmniMetadata *self)
{
}

static void
start_exiv2 (void)
{
  static gsize started = 0;

  if (g_once_init_enter (&started))
  {
    gexiv2_initialize ();
    gexiv2_log_set_level (GEXIV2_LOG_LEVEL_MUTE);
    g_once_init_leave (&started, 1);
  }
}

/* (transfer full) (nullable) Of the file at `path`, or with NULL of one that says nothing. */
static OmniMetadata *
open_metadata (const char *path, GError **error)
{
  static const guint8 nothing[] = { 0xff, 0xd8, 0xff, 0xd9 }; /* JPEG: begins and ends */
  g_autoptr (GExiv2Metadata) exiv2 = NULL;

  start_exiv2 ();
  exiv2 = gexiv2_metadata_new ();
  g_mutex_lock (&exiv2_mutex);

  const gboolean ok = path != NULL ? gexiv2_metadata_open_path (exiv2, path, error)
                                   : gexiv2_metadata_open_buf (exiv2, nothing, sizeof nothing, error);

  g_mutex_unlock (&exiv2_mutex);
  if (!ok)
    return NULL;

  OmniMetadata *self = g_object_new (OMNI_TYPE_METADATA, NULL);
  self->exiv2 = g_steal_pointer (&exiv2);
  return self;
}

OmniMetadata *
omni_metadata_new (void)
{
  g_autoptr (GError) error = NULL;
  OmniMetadata *self = open_metadata (NULL, &error);

  if (self == NULL)
    g_warning ("Exiv2 cannot begin a file: %s", error->message);
  return self;
}

/* Of camera raw, what says something of the picture and not of how it is to be developed: a TIFF that names its colour matrices would be
 * taken for raw itself. Makers' own notes describe the raw file, often with a small picture or tables in it. */
static void
forget_raw (GExiv2Metadata *exiv2)
{
  static const char *const kept[] = { "Exif.Image.Make",
                                      "Exif.Image.Model",
                                      "Exif.Image.ImageDescription",
                                      "Exif.Image.Artist",
                                      "Exif.Image.DateTime",
                                      "Exif.Image.Copyright",
                                      "Exif.Image.Rating",
                                      "Exif.Image.Software",
                                      "Exif.Image.XPTitle",
                                      "Exif.Image.XPComment",
                                      NULL };
  g_auto (GStrv) tags = gexiv2_metadata_get_exif_tags (exiv2);

  for (gsize i = 0; tags != NULL && tags[i] != NULL; i++)
    if (!g_strv_contains (kept, tags[i]) && !g_str_has_prefix (tags[i], "Exif.GPSInfo.")
        && (!g_str_has_prefix (tags[i], "Exif.Photo.") || g_str_equal (tags[i], "Exif.Photo.MakerNote")))
      gexiv2_metadata_try_clear_tag (exiv2, tags[i], NULL);
}

OmniMetadata *
omni_metadata_read (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GError) cause = NULL;
  OmniMetadata *self = open_metadata (path, &cause);

  if (self != NULL && omni_picture_is_raw (path))
    forget_raw (self->exiv2);
  if (self != NULL)
    return self;
  g_autofree char *name = g_filename_display_name (path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               _ ("“%s” has no metadata that can be read (%s); the result will have none of it."), name,
               cause->message);
  return NULL;
}

#define DESCRIPTION "Exif.Image.ImageDescription"

void
omni_metadata_add_note (OmniMetadata *self, const char *words)
{
  g_mutex_lock (&exiv2_mutex);

  g_autofree char *before = gexiv2_metadata_try_get_tag_string (self->exiv2, DESCRIPTION, NULL);

  /* Microscopes keep XML there. */
  if (before == NULL || (before[0] != '<' && strstr (before, words) == NULL))
  {
    g_autofree char *after = before != NULL && before[0] != '\0' ? g_strdup_printf ("%s; %s", before, words)
                                                                 : g_strdup (words);
    gexiv2_metadata_try_set_tag_string (self->exiv2, DESCRIPTION, after, NULL);
  }
  g_mutex_unlock (&exiv2_mutex);
}

static double
get_rational (OmniMetadata *self, const char *tag)
{
  int numerator = 0;
  int denominator = 0;

  if (!gexiv2_metadata_try_get_exif_tag_rational (self->exiv2, tag, &numerator, &denominator, NULL)
      || denominator <= 0 || numerator <= 0)
    return 0.0;
  return (double)numerator / denominator;
}

gboolean
omni_metadata_get_exposure (OmniMetadata *self, double *seconds, double *f_number, double *iso)
{
  g_return_val_if_fail (OMNI_IS_METADATA (self), FALSE);

  g_mutex_lock (&exiv2_mutex);

  const double t = get_rational (self, "Exif.Photo.ExposureTime");
  const double n = get_rational (self, "Exif.Photo.FNumber");
  const int speed = gexiv2_metadata_try_get_iso_speed (self->exiv2, NULL);

  g_mutex_unlock (&exiv2_mutex);
  if (seconds != NULL)
    *seconds = t;
  if (f_number != NULL)
    *f_number = n;
  if (iso != NULL)
    *iso = MAX (speed, 0);
  return t > 0.0;
}

gboolean
omni_metadata_get_exposure_value (OmniMetadata *self, double *ev)
{
  double seconds;
  double f_number;
  double iso;

  g_return_val_if_fail (OMNI_IS_METADATA (self) && ev != NULL, FALSE);

  if (!omni_metadata_get_exposure (self, &seconds, &f_number, &iso))
    return FALSE;
  f_number = f_number > 0.0 ? f_number : 1.0;
  iso = iso > 0.0 ? iso : 100.0;
  *ev = log2 (f_number * f_number / seconds) - log2 (iso / 100.0);
  return TRUE;
}

/* What says how the source's pixels were stored. The result's own file says that for itself. */
static gboolean
is_storage_tag (const char *tag)
{
  static const char *const tags[] = { "ImageWidth",
                                      "ImageLength",
                                      "BitsPerSample",
                                      "Compression",
                                      "PhotometricInterpretation",
                                      "FillOrder",
                                      "StripOffsets",
                                      "SamplesPerPixel",
                                      "RowsPerStrip",
                                      "StripByteCounts",
                                      "PlanarConfiguration",
                                      "Predictor",
                                      "ColorMap",
                                      "TileWidth",
                                      "TileLength",
                                      "TileOffsets",
                                      "TileByteCounts",
                                      "SubIFDs",
                                      "ExtraSamples",
                                      "SampleFormat",
                                      "JPEGTables",
                                      "YCbCrCoefficients",
                                      "YCbCrSubSampling",
                                      "YCbCrPositioning",
                                      "ReferenceBlackWhite",
                                      "InterColorProfile",
                                      "NewSubfileType",
                                      "SubfileType",
                                      "XMLPacket",
                                      "ImageResources",
                                      "IPTCNAA" };

  if (!g_str_has_prefix (tag, "Exif.Image."))
    return g_str_has_prefix (tag, "Exif.SubImage") || g_str_has_prefix (tag, "Exif.Thumbnail.");
  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    if (strcmp (tag + strlen ("Exif.Image."), tags[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
forget_storage (GExiv2Metadata *exiv2)
{
  g_auto (GStrv) tags = gexiv2_metadata_get_exif_tags (exiv2);

  gexiv2_metadata_try_erase_exif_thumbnail (exiv2, NULL);
  for (gsize i = 0; tags != NULL && tags[i] != NULL; i++)
    if (is_storage_tag (tags[i]))
      gexiv2_metadata_try_clear_tag (exiv2, tags[i], NULL);
  gexiv2_metadata_try_clear_tag (exiv2, "Xmp.tiff.ImageWidth", NULL);
  gexiv2_metadata_try_clear_tag (exiv2, "Xmp.tiff.ImageLength", NULL);
}

/* GeoTIFF says with these where the source's own pixels lie, which is true of the result only on the same grid. The
 * coordinate system stays in any case. */
static void
forget_other_grid (GExiv2Metadata *exiv2, guint width, guint height)
{
  static const char *const tags[] = { "Exif.Image.0x830e" /* ModelPixelScale */,
                                      "Exif.Image.0x8482" /* ModelTiepoint */,
                                      "Exif.Image.0x85d8" /* ModelTransformation */ };
  const GExiv2Orientation orientation = gexiv2_metadata_try_get_orientation (exiv2, NULL);

  if (gexiv2_metadata_get_pixel_width (exiv2) == (int)width
      && gexiv2_metadata_get_pixel_height (exiv2) == (int)height
      && (orientation == GEXIV2_ORIENTATION_UNSPECIFIED || orientation == GEXIV2_ORIENTATION_NORMAL))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    gexiv2_metadata_try_clear_tag (exiv2, tags[i], NULL);
}

/* As the type that the tag has by Exif: gexiv2_metadata_try_set_tag_long() makes signed numbers of 32 bits of all, which readers
 * of TIFF reject. */
static gboolean
set_number (GExiv2Metadata *exiv2, const char *tag, guint value, GError **error)
{
  g_autofree char *words = g_strdup_printf ("%u", value);

  gexiv2_metadata_try_clear_tag (exiv2, tag, NULL);
  return gexiv2_metadata_try_set_tag_string (exiv2, tag, words, error);
}

static gboolean
describe_result (GExiv2Metadata *exiv2, guint width, guint height, GError **error)
{
  g_auto (GStrv) xmp_tags = gexiv2_metadata_get_xmp_tags (exiv2);

  if (xmp_tags != NULL && g_strv_contains ((const char *const *)xmp_tags, "Xmp.tiff.Orientation")
      && !gexiv2_metadata_try_set_tag_string (exiv2, "Xmp.tiff.Orientation", "1", error))
    return FALSE;
  return set_number (exiv2, "Exif.Image.Orientation", 1, error)
         && gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Image.Software", "Omnifuse " OMNI_VERSION, error)
         && set_number (exiv2, "Exif.Photo.PixelXDimension", width, error)
         && set_number (exiv2, "Exif.Photo.PixelYDimension", height, error);
}

gboolean
omni_metadata_write (OmniMetadata *self, const char *path, guint width, guint height, GError **error)
{
  g_return_val_if_fail (OMNI_IS_METADATA (self) && path != NULL, FALSE);

  /* The changes belong to the result, but all of them would be made for every result. */
  g_mutex_lock (&exiv2_mutex);
  forget_other_grid (self->exiv2, width, height);
  forget_storage (self->exiv2);

  const gboolean ok = describe_result (self->exiv2, width, height, error)
                      && gexiv2_metadata_save_file (self->exiv2, path, error);

  g_mutex_unlock (&exiv2_mutex);
  return ok;
}

typedef struct
{
  const char *path;
  char *sha256;
  gboolean has_ev;
  double ev;
} Candidate;

static void
candidate_clear (gpointer data)
{
  g_free (((Candidate *)data)->sha256);
}

/* Those with an exposure first, then by exposure, then by content. */
static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a;
  const Candidate *y = b;

  if (x->has_ev != y->has_ev)
    return x->has_ev ? -1 : 1;
  if (x->has_ev && x->ev != y->ev)
    return x->ev < y->ev ? -1 : 1;
  return strcmp (x->sha256, y->sha256);
}

const char *
omni_metadata_choose_reference (const char *const *paths)
{
  g_return_val_if_fail (paths != NULL, NULL);

  g_autoptr (GArray) candidates = g_array_new (FALSE, TRUE, sizeof (Candidate));
  guint n_exposed = 0;

  g_array_set_clear_func (candidates, candidate_clear);
  for (gsize i = 0; paths[i] != NULL; i++)
  {
    Candidate candidate = { .path = paths[i], .sha256 = omni_file_sha256 (paths[i], NULL) };
    if (candidate.sha256 == NULL)
      continue;
    g_autoptr (OmniMetadata) metadata = omni_metadata_read (paths[i], NULL);
    candidate.has_ev = metadata != NULL && omni_metadata_get_exposure_value (metadata, &candidate.ev);
    n_exposed += candidate.has_ev ? 1 : 0;
    g_array_append_val (candidates, candidate);
  }
  if (candidates->len == 0)
    return NULL;
  g_array_sort (candidates, compare_candidates);

  guint chosen = n_exposed > 0 ? (n_exposed - 1) / 2 : 0;
  const Candidate *sorted = (const Candidate *)(gconstpointer)candidates->data;

  while (chosen > 0 && sorted[chosen - 1].ev == sorted[chosen].ev)
    chosen--;
  return sorted[chosen].path;
}
