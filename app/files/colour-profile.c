/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/colour-profile.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include <lcms2.h>

#define ICC_HEADER_BYTES  128
#define SRGB_CURVE_POINTS 65
/* Half a step of 8 bits, and the rounding of s15Fixed16 colorants as published by different makers. */
#define SRGB_CURVE_TOLERANCE    (0.5 / 255.0)
#define SRGB_COLORANT_TOLERANCE 0.001
#define ROWS_PER_JOB            64

typedef void Profile;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Profile, cmsCloseProfile)

typedef enum
{
  PROFILE_BROKEN,
  PROFILE_GREY,
  PROFILE_RGB,
  PROFILE_OTHER
} ProfileKind;

static Profile *
open_profile (GBytes *icc)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (icc, &size);

  return size >= ICC_HEADER_BYTES && size <= G_MAXINT ? cmsOpenProfileFromMem (data, (cmsUInt32Number)size)
                                                      : NULL;
}

/* Opens and tries: a profile can have a header and yet no way to or from its colours. */
static ProfileKind
profile_kind (GBytes *icc)
{
  g_autoptr (Profile) profile = open_profile (icc);

  if (profile == NULL)
    return PROFILE_BROKEN;

  const cmsColorSpaceSignature space = cmsGetColorSpace (profile);

  if (space != cmsSigRgbData && space != cmsSigGrayData)
    return PROFILE_OTHER;

  g_autoptr (Profile) lab = cmsCreateLab4Profile (NULL);
  const cmsUInt32Number format = space == cmsSigRgbData ? TYPE_RGB_8 : TYPE_GRAY_8;
  cmsHTRANSFORM to_lab = cmsCreateTransform (profile, format, lab, TYPE_Lab_16, INTENT_RELATIVE_COLORIMETRIC,
                                             0);

  if (to_lab == NULL)
    return PROFILE_BROKEN;
  cmsDeleteTransform (to_lab);
  return space == cmsSigRgbData ? PROFILE_RGB : PROFILE_GREY;
}

/* 1 or 3; 0 for bands. */
static guint
count_colours (OmniPicture *picture)
{
  const guint n = omni_picture_get_channels (picture) - (omni_picture_get_has_alpha (picture) ? 1 : 0);

  return n == 1 || n == 3 ? n : 0;
}

/* (transfer none) (nullable) The picture's profile if it can be used. */
static GBytes *
usable_profile (OmniPicture *picture)
{
  GBytes *icc = omni_picture_get_icc_profile (picture);
  const ProfileKind wanted = count_colours (picture) == 1 ? PROFILE_GREY : PROFILE_RGB;

  return icc != NULL && profile_kind (icc) == wanted ? icc : NULL;
}

char *
omni_picture_find_profile_problem (OmniPicture *picture)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (picture), NULL);

  GBytes *icc = omni_picture_get_icc_profile (picture);

  if (icc == NULL || count_colours (picture) == 0 || usable_profile (picture) != NULL)
    return NULL;

  const char *path = omni_picture_get_path (picture);
  g_autofree char *name = path != NULL ? g_filename_display_name (path) : g_strdup (_ ("The picture"));

  return g_strdup_printf (profile_kind (icc) == PROFILE_BROKEN
                            ? _ ("“%s”: its colour profile is damaged and is ignored; sRGB is assumed.")
                            : _ ("“%s”: its colour profile is for other colours than the picture has and is "
                                 "ignored; sRGB is assumed."),
                          name);
}

/* The curve of IEC 61966-2-1, as lcms builds it for its own sRGB. */
static cmsToneCurve *
srgb_curve (void)
{
  const double parameters[5] = { 2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045 };

  return cmsBuildParametricToneCurve (NULL, 4, parameters);
}

static gboolean
curve_is_srgb (const cmsToneCurve *curve)
{
  cmsToneCurve *reference = srgb_curve ();
  gboolean near = curve != NULL;

  for (guint i = 0; near && i < SRGB_CURVE_POINTS; i++)
  {
    const float x = (float)i / (SRGB_CURVE_POINTS - 1);
    near = fabs (cmsEvalToneCurveFloat (curve, x) - cmsEvalToneCurveFloat (reference, x))
           < SRGB_CURVE_TOLERANCE;
  }
  cmsFreeToneCurve (reference);
  return near;
}

static gboolean
colorants_are_srgb (Profile *profile)
{
  static const cmsTagSignature tags[] = { cmsSigRedColorantTag, cmsSigGreenColorantTag,
                                          cmsSigBlueColorantTag };
  g_autoptr (Profile) srgb = cmsCreate_sRGBProfile ();

  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
  {
    const cmsCIEXYZ *a = cmsReadTag (profile, tags[i]);
    const cmsCIEXYZ *b = cmsReadTag (srgb, tags[i]);
    if (a == NULL || b == NULL || fabs (a->X - b->X) > SRGB_COLORANT_TOLERANCE
        || fabs (a->Y - b->Y) > SRGB_COLORANT_TOLERANCE || fabs (a->Z - b->Z) > SRGB_COLORANT_TOLERANCE)
      return FALSE;
  }
  return TRUE;
}

static gboolean
profile_is_srgb (GBytes *icc)
{
  if (icc == NULL)
    return TRUE;

  g_autoptr (Profile) profile = open_profile (icc);

  if (profile == NULL)
    return FALSE;
  if (cmsGetColorSpace (profile) == cmsSigGrayData)
    return curve_is_srgb (cmsReadTag (profile, cmsSigGrayTRCTag));
  return cmsIsMatrixShaper (profile) && !cmsIsTag (profile, cmsSigAToB0Tag) && colorants_are_srgb (profile)
         && curve_is_srgb (cmsReadTag (profile, cmsSigRedTRCTag))
         && curve_is_srgb (cmsReadTag (profile, cmsSigGreenTRCTag))
         && curve_is_srgb (cmsReadTag (profile, cmsSigBlueTRCTag));
}

/* A SHA-256 of what the profile means. The header (ICC.1:2010, 7.2) loses the preferred CMM, the date, the platform, the
 * flags, the device's maker and model, the creator and the ID. */
static char *
profile_digest (GBytes *icc)
{
  static const struct
  {
    guint8 offset;
    guint8 size;
  } ignored[] = { { 4, 4 }, { 24, 12 }, { 40, 16 }, { 80, 20 } };
  gsize size = 0;

  if (profile_is_srgb (icc))
    return g_strdup ("sRGB");

  const guint8 *data = g_bytes_get_data (icc, &size);
  guint8 header[ICC_HEADER_BYTES] = { 0 };
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  memcpy (header, data, MIN (size, sizeof header));
  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    memset (header + ignored[i].offset, 0, ignored[i].size);
  g_checksum_update (checksum, header, sizeof header);
  if (size > sizeof header)
    g_checksum_update (checksum, data + sizeof header, (gssize)(size - sizeof header));
  return g_strdup (g_checksum_get_string (checksum));
}

gboolean
omni_profiles_equal (GBytes *a, GBytes *b)
{
  if (a == b)
    return TRUE;

  g_autofree char *digest_a = profile_digest (a);
  g_autofree char *digest_b = profile_digest (b);
  return strcmp (digest_a, digest_b) == 0;
}

typedef struct
{
  char *digest;
  GBytes *icc; /* borrowed */
  char *sha256;
  guint n_votes;
} Ballot;

static void
ballot_clear (gpointer data)
{
  g_free (((Ballot *)data)->digest);
  g_free (((Ballot *)data)->sha256);
}

/* Profiles that mean the same may still differ in bytes; of those the lowest stands for all, again whatever the order. */
static void
cast_vote (GArray *ballots, GBytes *icc)
{
  g_autofree char *digest = profile_digest (icc);
  g_autofree char *sha256 = icc != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, icc)
                                        : g_strdup ("");

  for (guint i = 0; i < ballots->len; i++)
  {
    Ballot *ballot = &g_array_index (ballots, Ballot, i);
    if (strcmp (ballot->digest, digest) != 0)
      continue;
    ballot->n_votes++;
    if (strcmp (sha256, ballot->sha256) < 0)
    {
      ballot->icc = icc;
      g_free (ballot->sha256);
      ballot->sha256 = g_steal_pointer (&sha256);
    }
    return;
  }

  const Ballot ballot = {
    .digest = g_steal_pointer (&digest), .icc = icc, .sha256 = g_steal_pointer (&sha256), .n_votes = 1
  };

  g_array_append_val (ballots, ballot);
}

GBytes *
omni_profile_choose (OmniPicture *const *pictures, guint n_pictures)
{
  g_autoptr (GArray) ballots = g_array_new (FALSE, TRUE, sizeof (Ballot));
  const Ballot *best = NULL;
  guint voters = 1;

  g_array_set_clear_func (ballots, ballot_clear);
  for (guint i = 0; i < n_pictures; i++)
    voters = MAX (voters, count_colours (pictures[i]));
  for (guint i = 0; i < n_pictures; i++)
    if (count_colours (pictures[i]) == voters)
      cast_vote (ballots, usable_profile (pictures[i]));

  for (guint i = 0; i < ballots->len; i++)
  {
    const Ballot *ballot = &g_array_index (ballots, Ballot, i);
    if (best == NULL || ballot->n_votes > best->n_votes
        || (ballot->n_votes == best->n_votes && strcmp (ballot->sha256, best->sha256) < 0))
      best = ballot;
  }
  return best != NULL && best->icc != NULL ? g_bytes_ref (best->icc) : NULL;
}

char *
omni_profile_get_name (GBytes *icc)
{
  char name[256] = "";

  if (icc == NULL)
    return g_strdup ("sRGB");

  g_autoptr (Profile) profile = open_profile (icc);

  if (profile == NULL
      || cmsGetProfileInfoASCII (profile, cmsInfoDescription, "en", "US", name, sizeof name) == 0
      || name[0] == '\0')
    return g_strdup (_ ("a profile without a name"));
  return g_utf8_make_valid (name, -1);
}

/* (transfer full) A grey profile with the tone curve of `icc`, that of its green channel if it is RGB. */
static Profile *
grey_profile_like (GBytes *icc)
{
  g_autoptr (Profile) profile = icc != NULL ? open_profile (icc) : NULL;

  if (profile != NULL && cmsGetColorSpace (profile) == cmsSigGrayData)
    return g_steal_pointer (&profile);

  const cmsToneCurve *curve = profile != NULL ? cmsReadTag (profile, cmsSigGreenTRCTag) : NULL;
  cmsToneCurve *own = curve == NULL ? srgb_curve () : NULL;
  Profile *grey = cmsCreateGrayProfile (cmsD50_xyY (), curve != NULL ? curve : own);

  if (own != NULL)
    cmsFreeToneCurve (own);
  return grey;
}

static Profile *
profile_for (GBytes *icc, guint n_colours)
{
  if (n_colours == 1)
    return grey_profile_like (icc);
  return icc != NULL ? open_profile (icc) : cmsCreate_sRGBProfile ();
}

/* The bytes that say what the converted picture holds; NULL for sRGB. */
static GBytes *
result_profile (Profile *target, GBytes *target_icc, guint n_colours)
{
  cmsUInt32Number size = 0;

  if (target_icc == NULL || (n_colours == 1 && profile_is_srgb (target_icc)))
    return NULL;
  if (n_colours == 3 || profile_kind (target_icc) == PROFILE_GREY)
    return g_bytes_ref (target_icc);
  if (!cmsSaveProfileToMem (target, NULL, &size) || size == 0)
    return NULL;

  g_autofree guint8 *data = g_malloc (size);

  return cmsSaveProfileToMem (target, data, &size) ? g_bytes_new (data, size) : NULL;
}

static cmsUInt32Number
sample_format (OmniPicture *picture, guint n_colours)
{
  const OmniSampleType type = omni_picture_get_sample_type (picture);

  return COLORSPACE_SH (n_colours == 1 ? PT_GRAY : PT_RGB) | CHANNELS_SH (n_colours)
         | EXTRA_SH (omni_picture_get_has_alpha (picture) ? 1 : 0)
         | BYTES_SH (omni_sample_type_get_bytes (type)) | FLOAT_SH (type == OMNI_SAMPLE_F32 ? 1 : 0);
}

typedef struct
{
  cmsHTRANSFORM transform;
  OmniPicture *picture;
  guint8 *target;
} Conversion;

static void
convert_rows_cb (gpointer data, gpointer user_data)
{
  const Conversion *conversion = user_data;
  const gsize width = omni_picture_get_width (conversion->picture);
  const gsize row_bytes = width * omni_picture_get_channels (conversion->picture)
                          * omni_sample_type_get_bytes (omni_picture_get_sample_type (conversion->picture));
  const gsize first = (GPOINTER_TO_UINT (data) - 1) * (gsize)ROWS_PER_JOB;
  const gsize last = MIN (first + ROWS_PER_JOB, omni_picture_get_height (conversion->picture));
  const guint8 *source = omni_picture_get_pixels (conversion->picture);

  for (gsize y = first; y < last; y++)
    cmsDoTransform (conversion->transform, source + y * row_bytes, conversion->target + y * row_bytes,
                    (cmsUInt32Number)width);
}

static void
convert_rows (Conversion *conversion)
{
  const guint n_jobs = (omni_picture_get_height (conversion->picture) - 1) / ROWS_PER_JOB + 1;
  GThreadPool *pool = n_jobs > 1 ? g_thread_pool_new (convert_rows_cb, conversion,
                                                      (gint)g_get_num_processors (), FALSE, NULL)
                                 : NULL;

  for (guint i = 1; i <= n_jobs; i++)
    if (pool == NULL || !g_thread_pool_push (pool, GUINT_TO_POINTER (i), NULL))
      convert_rows_cb (GUINT_TO_POINTER (i), conversion);
  if (pool != NULL)
    g_thread_pool_free (pool, FALSE, TRUE);
}

static OmniPicture *
convert_picture (OmniPicture *picture, Profile *source, Profile *target, GBytes *icc, GError **error)
{
  const guint n_colours = count_colours (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const cmsUInt32Number format = sample_format (picture, n_colours);
  /* lcms would squeeze 16-bit colours through a table of 33 steps a side; unoptimised it computes each in float. */
  const cmsUInt32Number flags = cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION
                                | (omni_picture_get_has_alpha (picture) ? cmsFLAGS_COPY_ALPHA : 0)
                                | (type == OMNI_SAMPLE_U8 ? 0 : cmsFLAGS_NOOPTIMIZE);
  Conversion conversion = { .picture = picture };
  gsize size = 0;

  conversion.target = omni_picture_try_alloc_pixels (omni_picture_get_width (picture),
                                                     omni_picture_get_height (picture),
                                                     omni_picture_get_channels (picture), type, &size, error);
  if (conversion.target == NULL)
    return NULL;
  conversion.transform = cmsCreateTransform (source, format, target, format, INTENT_RELATIVE_COLORIMETRIC,
                                             flags);
  if (conversion.transform == NULL)
  {
    g_free (conversion.target);
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _ ("The target colour profile cannot be converted to; choose another one."));
    return NULL;
  }
  convert_rows (&conversion);
  cmsDeleteTransform (conversion.transform);
  return omni_picture_new (omni_picture_get_width (picture), omni_picture_get_height (picture),
                           omni_picture_get_channels (picture), omni_picture_get_has_alpha (picture), type,
                           g_bytes_new_take (conversion.target, size), icc, omni_picture_get_path (picture),
                           error);
}

OmniPicture *
omni_picture_convert_profile (OmniPicture *picture, GBytes *target_icc, GError **error)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (picture), NULL);

  const guint n_colours = count_colours (picture);
  const ProfileKind kind = target_icc != NULL ? profile_kind (target_icc) : PROFILE_RGB;
  GBytes *source_icc = usable_profile (picture);

  if (kind != PROFILE_RGB && !(kind == PROFILE_GREY && n_colours == 1))
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         kind == PROFILE_BROKEN
                           ? _ ("The target colour profile is damaged; choose an RGB profile.")
                           : _ ("The target colour profile is not for RGB pictures; choose an RGB profile."));
    return NULL;
  }
  if (n_colours == 0 || omni_profiles_equal (source_icc, target_icc))
    return g_object_ref (picture);

  g_autoptr (Profile) source = profile_for (source_icc, n_colours);
  g_autoptr (Profile) target = profile_for (target_icc, n_colours);
  g_autoptr (GBytes) icc = result_profile (target, target_icc, n_colours);

  return convert_picture (picture, source, target, icc, error);
}
