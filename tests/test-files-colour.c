/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/files-common.h"

#include "app/files/colour-profile.h"
#include "app/files/losses.h"
#include "app/files/natural-sort.h"

#include <lcms2.h>

typedef enum
{
  ADOBE,
  WIDE,
  SRGB,
  GREY,
  CMYK_LIKE
} Kind;

static cmsHPROFILE
make_profile (Kind kind)
{
  static const cmsCIExyYTRIPLE adobe = { { 0.64, 0.33, 1.0 }, { 0.21, 0.71, 1.0 }, { 0.15, 0.06, 1.0 } };
  static const cmsCIExyYTRIPLE wide = { { 0.708, 0.292, 1.0 }, { 0.17, 0.797, 1.0 }, { 0.131, 0.046, 1.0 } };
  const double gamma[1] = { kind == GREY ? 1.8 : 2.2 };
  cmsToneCurve *curve = cmsBuildParametricToneCurve (NULL, 1, gamma);
  cmsToneCurve *curves[4] = { curve, curve, curve, curve };
  cmsHPROFILE profile;
  cmsCIExyY white;

  cmsWhitePointFromTemp (&white, 6504);
  if (kind == SRGB)
    profile = cmsCreate_sRGBProfile ();
  else if (kind == GREY)
    profile = cmsCreateGrayProfile (cmsD50_xyY (), curve);
  else if (kind == CMYK_LIKE)
    profile = cmsCreateLinearizationDeviceLink (cmsSigCmykData, curves);
  else
    profile = cmsCreateRGBProfile (&white, kind == ADOBE ? &adobe : &wide, curves);
  cmsFreeToneCurve (curve);
  g_assert_nonnull (profile);
  return profile;
}

static GBytes *
make_icc (Kind kind)
{
  cmsHPROFILE profile = make_profile (kind);
  cmsUInt32Number size = 0;

  g_assert_true (cmsSaveProfileToMem (profile, NULL, &size));
  guint8 *data = g_malloc (size);
  g_assert_true (cmsSaveProfileToMem (profile, data, &size));
  cmsCloseProfile (profile);
  return g_bytes_new_take (data, size);
}

static float
sample_at (OmniPicture *picture, gsize i)
{
  gconstpointer pixels = omni_picture_get_pixels (picture);

  switch (omni_picture_get_sample_type (picture))
  {
  case OMNI_SAMPLE_U8:
    return (float)((const guint8 *)pixels)[i] / 255.0f;
  case OMNI_SAMPLE_U16:
    return (float)((const guint16 *)pixels)[i] / 65535.0f;
  case OMNI_SAMPLE_F32:
  default:
    return ((const float *)pixels)[i];
  }
}

static OmniPicture *
make_unit_picture (guint channels, gboolean has_alpha, OmniSampleType type, GBytes *icc)
{
  if (type != OMNI_SAMPLE_F32)
    return make_picture (40, 150, channels, has_alpha, type, icc);

  float *pixels = g_new (float, 40 * 150 * channels);

  for (guint i = 0; i < 40 * 150 * channels; i++)
    pixels[i] = (float)g_test_rand_double ();
  return omni_picture_new (40, 150, channels, has_alpha, type,
                           g_bytes_new_take (pixels, sizeof (float) * 40 * 150 * channels), icc, NULL, NULL);
}

/* Each pixel by itself, in double precision, straight from lcms. */
static void
test_conversion_matches_lcms (void)
{
  static const double tolerances[] = { 1.5 / 255.0, 2.0 / 65535.0, 1e-4 };
  g_autoptr (GBytes) icc = make_icc (ADOBE);
  /* Opened from the same bytes: a profile on paper rounds its gamma to 1/256. */
  cmsHPROFILE source = cmsOpenProfileFromMem (g_bytes_get_data (icc, NULL),
                                              (cmsUInt32Number)g_bytes_get_size (icc));
  cmsHPROFILE target = make_profile (SRGB);
  cmsHTRANSFORM exact = cmsCreateTransform (
    source, TYPE_RGB_DBL, target, TYPE_RGB_DBL, INTENT_RELATIVE_COLORIMETRIC,
    cmsFLAGS_NOOPTIMIZE | cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION);

  for (OmniSampleType type = OMNI_SAMPLE_U8; type <= OMNI_SAMPLE_F32; type++)
    for (guint channels = 3; channels <= 4; channels++)
    {
      g_autoptr (OmniPicture) picture = make_unit_picture (channels, channels == 4, type, icc);
      g_autoptr (GError) error = NULL;
      g_autoptr (OmniPicture) converted = omni_picture_convert_profile (picture, NULL, &error);
      double worst = 0.0;
      double change = 0.0;
      g_assert_no_error (error);
      g_assert_null (omni_picture_get_icc_profile (converted));
      for (gsize i = 0; i < 40 * 150; i++)
      {
        double in[3];
        double out[3];
        for (guint c = 0; c < 3; c++)
          in[c] = sample_at (picture, i * channels + c);
        cmsDoTransform (exact, in, out, 1);
        for (guint c = 0; c < 3; c++)
        {
          const double expected = type == OMNI_SAMPLE_F32 ? out[c] : CLAMP (out[c], 0.0, 1.0);
          worst = MAX (worst, fabs (sample_at (converted, i * channels + c) - expected));
          change = MAX (change, fabs (sample_at (converted, i * channels + c) - in[c]));
        }
        if (channels == 4)
          g_assert_cmpfloat (sample_at (converted, i * 4 + 3), ==, sample_at (picture, i * 4 + 3));
      }
      g_test_message ("%s bits, %u channels: worst %g", omni_sample_type_to_string (type), channels, worst);
      g_assert_cmpfloat (worst, <=, tolerances[type]);
      g_assert_cmpfloat (change, >, 0.05);
    }
  cmsDeleteTransform (exact);
  cmsCloseProfile (source);
  cmsCloseProfile (target);
}

static void
test_same_profile_is_free (void)
{
  g_autoptr (GBytes) adobe = make_icc (ADOBE);
  g_autoptr (GBytes) srgb = make_icc (SRGB);
  g_autoptr (OmniPicture) a = make_picture (5, 5, 3, FALSE, OMNI_SAMPLE_U16, adobe);
  g_autoptr (OmniPicture) b = make_picture (5, 5, 3, FALSE, OMNI_SAMPLE_U16, srgb);
  g_autoptr (OmniPicture) c = make_picture (5, 5, 3, FALSE, OMNI_SAMPLE_U16, NULL);
  g_autoptr (OmniPicture) bands = make_picture (5, 5, 5, FALSE, OMNI_SAMPLE_U16, NULL);
  g_autoptr (OmniPicture) same_a = omni_picture_convert_profile (a, adobe, NULL);
  g_autoptr (OmniPicture) same_b = omni_picture_convert_profile (b, NULL, NULL);
  g_autoptr (OmniPicture) same_c = omni_picture_convert_profile (c, srgb, NULL);
  g_autoptr (OmniPicture) same_bands = omni_picture_convert_profile (bands, adobe, NULL);

  g_assert_true (same_a == a);
  g_assert_true (same_b == b);
  g_assert_true (same_c == c);
  g_assert_true (same_bands == bands);
}

static void
test_equality (void)
{
  g_autoptr (GBytes) adobe = make_icc (ADOBE);
  g_autoptr (GBytes) wide = make_icc (WIDE);
  g_autoptr (GBytes) srgb = make_icc (SRGB);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (adobe, &size);
  g_autofree guint8 *other = g_memdup2 (data, size);

  other[24] ^= 1; /* the year */
  other[90] ^= 1; /* the ID */

  g_autoptr (GBytes) redated = g_bytes_new (other, size);
  other[size - 1] ^= 1;
  g_autoptr (GBytes) changed = g_bytes_new (other, size);

  g_assert_true (omni_profiles_equal (adobe, redated));
  g_assert_false (omni_profiles_equal (adobe, changed));
  g_assert_false (omni_profiles_equal (adobe, wide));
  g_assert_false (omni_profiles_equal (adobe, NULL));
  g_assert_true (omni_profiles_equal (NULL, srgb));
  g_assert_true (omni_profiles_equal (srgb, NULL));
  g_assert_true (omni_profiles_equal (NULL, NULL));
}

static void
test_bad_profiles_are_ignored (void)
{
  g_autoptr (GBytes) adobe = make_icc (ADOBE);
  g_autoptr (GBytes) grey = make_icc (GREY);
  g_autoptr (GBytes) cmyk = make_icc (CMYK_LIKE);
  g_autoptr (GBytes) broken = g_bytes_new ("this is no profile", 18);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (adobe, 0, 200);
  GBytes *const bad[] = { grey, cmyk, broken, cut };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
  {
    g_autoptr (OmniPicture) picture = make_picture (5, 5, 3, FALSE, OMNI_SAMPLE_U8, bad[i]);
    g_autofree char *problem = omni_picture_find_profile_problem (picture);
    g_autoptr (OmniPicture) same = omni_picture_convert_profile (picture, NULL, NULL);
    g_autoptr (GBytes) chosen = omni_profile_choose (&picture, 1);
    g_autoptr (GError) error = NULL;
    g_assert_nonnull (problem);
    g_assert_true (same == picture);
    g_assert_null (chosen);
    g_assert_null (omni_picture_convert_profile (picture, bad[i], &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    /* Saving such a picture is no error either. */
    g_autofree char *path = scratch_path ("bad-profile.png");
    save (picture, path, (OmniWriteOptions){ 0 });
    g_autoptr (OmniPicture) back = load (path);
    assert_same_pixels (picture, back);
  }

  g_autoptr (OmniPicture) good = make_picture (5, 5, 3, FALSE, OMNI_SAMPLE_U8, adobe);
  g_assert_null (omni_picture_find_profile_problem (good));
}

static void
test_grey (void)
{
  g_autoptr (GBytes) grey = make_icc (GREY);
  g_autoptr (GBytes) adobe = make_icc (ADOBE);
  g_autoptr (OmniPicture) picture = make_picture (64, 4, 1, FALSE, OMNI_SAMPLE_U16, grey);
  g_autoptr (OmniPicture) to_srgb = omni_picture_convert_profile (picture, NULL, NULL);
  g_autoptr (OmniPicture) to_adobe = omni_picture_convert_profile (picture, adobe, NULL);

  g_assert_cmpuint (omni_picture_get_channels (to_adobe), ==, 1);
  g_assert_null (omni_picture_get_icc_profile (to_srgb));
  g_assert_nonnull (omni_picture_get_icc_profile (to_adobe));
  for (gsize i = 0; i < 64 * 4; i++)
  {
    const double linear = pow (sample_at (picture, i), 1.8);
    const double srgb = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow (linear, 1.0 / 2.4) - 0.055;
    g_assert_cmpfloat_with_epsilon (sample_at (to_srgb, i), srgb, 2e-3);
    g_assert_cmpfloat_with_epsilon (sample_at (to_adobe, i), pow (linear, 1.0 / 2.2), 2e-3);
  }
}

static void
test_choice_is_symmetric (void)
{
  g_autoptr (GBytes) adobe = make_icc (ADOBE);
  g_autoptr (GBytes) wide = make_icc (WIDE);
  g_autoptr (GBytes) grey = make_icc (GREY);
  g_autoptr (OmniPicture) a = make_picture (2, 2, 3, FALSE, OMNI_SAMPLE_U8, adobe);
  g_autoptr (OmniPicture) w = make_picture (2, 2, 3, FALSE, OMNI_SAMPLE_U8, wide);
  g_autoptr (OmniPicture) s = make_picture (2, 2, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (OmniPicture) g = make_picture (2, 2, 1, FALSE, OMNI_SAMPLE_U8, grey);
  OmniPicture *const most[2][4] = { { a, w, s, w }, { w, s, w, a } };
  OmniPicture *const tie[2][2] = { { a, w }, { w, a } };
  OmniPicture *const with_grey[3] = { g, a, g };

  for (guint i = 0; i < 2; i++)
  {
    g_autoptr (GBytes) chosen = omni_profile_choose (most[i], 4);
    g_assert_true (omni_profiles_equal (chosen, wide));
  }
  g_autoptr (GBytes) first = omni_profile_choose (tie[0], 2);
  g_autoptr (GBytes) second = omni_profile_choose (tie[1], 2);
  g_autoptr (GBytes) colour = omni_profile_choose (with_grey, 3);
  g_autoptr (GBytes) only_grey = omni_profile_choose (&g, 1);
  g_assert_true (g_bytes_equal (first, second));
  g_assert_true (omni_profiles_equal (colour, adobe));
  g_assert_true (omni_profiles_equal (only_grey, grey));
}

static void
test_profiles_are_embedded (void)
{
  static const char *const names[] = { "icc.png", "icc.jpg", "icc.tif" };
  const Kind kinds[] = { ADOBE, GREY, SRGB };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) icc = make_icc (kinds[k]);
      g_autoptr (OmniPicture)
        picture = make_picture (8, 8, kinds[k] == GREY ? 1 : 3, FALSE, OMNI_SAMPLE_U8, icc);
      g_autofree char *path = scratch_path (names[i]);
      g_autofree char *source = scratch_path ("source.jpg");
      save (picture, source, (OmniWriteOptions){ 0 });
      g_autoptr (OmniMetadata) metadata = omni_metadata_read (source, NULL);
      /* With metadata, for that library writes the file anew. */
      save (picture, path, (OmniWriteOptions){ .metadata = metadata });
      g_autoptr (OmniPicture) back = load (path);
      g_assert_nonnull (omni_picture_get_icc_profile (back));
      g_assert_true (g_bytes_equal (omni_picture_get_icc_profile (back), icc));
    }
}

static void
test_natural_order (void)
{
  static const char *const sorted[] = { "",
                                        "1",
                                        "01",
                                        "2",
                                        "10",
                                        "a",
                                        "A1",
                                        "a2",
                                        "a02",
                                        "A10",
                                        "a10b",
                                        "a10b2",
                                        "a10b10",
                                        "b",
                                        "img2",
                                        "IMG10",
                                        "img0100",
                                        "img99999999999999999999999",
                                        "img100000000000000000000000",
                                        "z",
                                        "ä" };

  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    for (guint k = 0; k < G_N_ELEMENTS (sorted); k++)
    {
      const int order = omni_natural_compare (sorted[i], sorted[k]);
      /* "1" and "01" are told apart by their bytes only. */
      if (g_str_has_prefix (sorted[i], "0") || g_str_has_prefix (sorted[k], "0")
          || strcmp (sorted[i], "a02") == 0 || strcmp (sorted[k], "a02") == 0)
        g_assert_true ((order == 0) == (i == k));
      else if (i != k && (order < 0) != (i < k))
        g_error ("“%s” and “%s” are in the wrong order", sorted[i], sorted[k]);
    }
}

static void
test_expand (void)
{
  g_autofree char *folder = scratch_path ("set");
  g_autofree char *empty = scratch_path ("nothing");
  g_autofree char *missing = scratch_path ("missing.png");
  static const char *const names[] = { "b10.png",   "b9.png",  "a.jpg",  ".hidden.png",
                                       "notes.txt", "sub.png", "picture" };
  g_autoptr (OmniPicture) picture = make_picture (3, 3, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    if (i == 5)
      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
    else if (i < 4)
      save (picture, path, (OmniWriteOptions){ 0 });
    else
      write_bytes (path, i == 4 ? "text" : "\xff\xd8\xff\xe0", 4);
  }

  g_autofree char *single = g_build_filename (folder, "b10.png", NULL);
  char *args[] = { single, folder, NULL };
  char *bad[] = { missing, NULL };
  char *none[] = { empty, NULL };
  g_auto (GStrv) files = omni_files_expand (args, &error);
  static const char *const expected[] = { "b10.png", "a.jpg", "b9.png", "b10.png", "picture" };

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (files), ==, 5);
  for (guint i = 0; i < 5; i++)
  {
    g_autofree char *base = g_path_get_basename (files[i]);
    g_assert_cmpstr (base, ==, expected[i]);
  }
  g_assert_null (omni_files_expand (bad, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (omni_files_expand (none, &error));
  g_assert_nonnull (strstr (error->message, "no pictures"));

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    g_remove (path);
  }
}

/* Pure colours of a wide profile have no place in sRGB; a grey one has, and so has what came from sRGB. */
static void
test_colours_outside (void)
{
  static const float pure[] = { 0, 1, 0 }, dull[] = { 0.5f, 0.5f, 0.5f };
  g_autoptr (GBytes) wide = make_icc (WIDE);

  for (guint i = 0; i < 2; i++)
  {
    GBytes *pixels = g_bytes_new (i == 0 ? pure : dull, sizeof pure);
    g_autoptr (OmniPicture)
      picture = omni_picture_new (1, 1, 3, FALSE, OMNI_SAMPLE_F32, pixels, wide, NULL, NULL);
    g_autoptr (GPtrArray) losses = g_ptr_array_new_with_free_func (g_free);
    omni_losses_add_profile (losses, picture, NULL);
    g_assert_cmpuint (losses->len, ==, i == 0 ? 1 : 0);
    if (i == 0)
      g_assert_nonnull (strstr (losses->pdata[0], "sRGB"));
  }
  g_autoptr (OmniPicture) plain = make_picture (40, 30, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new_with_free_func (g_free);
  omni_losses_add_profile (none, plain, NULL);
  g_assert_cmpuint (none->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/files/colour/matches-lcms", test_conversion_matches_lcms);
  g_test_add_func ("/files/colour/same-profile-is-free", test_same_profile_is_free);
  g_test_add_func ("/files/colour/equality", test_equality);
  g_test_add_func ("/files/colour/bad-profiles", test_bad_profiles_are_ignored);
  g_test_add_func ("/files/colour/grey", test_grey);
  g_test_add_func ("/files/colour/choice-is-symmetric", test_choice_is_symmetric);
  g_test_add_func ("/files/colour/outside", test_colours_outside);
  g_test_add_func ("/files/colour/embedded", test_profiles_are_embedded);
  g_test_add_func ("/files/names/natural-order", test_natural_order);
  g_test_add_func ("/files/names/expand", test_expand);

  const int result = g_test_run ();
  remove_scratch ();
  return result;
}
