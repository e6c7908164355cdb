/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Camera raw: DNG files that are written here, with a sensor's values that are known. */

#include "app/document/gather.h"
#include "app/files/natural-sort.h"
#include "app/files/reader.h"
#include "app/files/writer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <tiffio.h>

#define W     96
#define H     64
#define WHITE 4000

static char *folder;

static char *
make_path (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* A sensor of RGGB that has the primaries of sRGB and saw `level` of WHITE all over, twice as much in the left half. */
static void
write_dng (const char *name, double level, guint orientation)
{
  static const guint8 version[4] = { 1, 1, 0, 0 };
  static const guint16 repeat[2] = { 2, 2 };
  static const guint8 pattern[4] = { 0, 1, 1, 2 };
  static const float to_srgb[9] = { 3.2406f, -1.5372f, -0.4986f, -0.9689f, 1.8758f,
                                    0.0415f, 0.0557f,  -0.2040f, 1.0570f };
  static const float neutral[3] = { 1, 1, 1 };
  static const guint32 white = WHITE;
  g_autofree char *path = make_path (name);
  g_autofree char *as_tiff = g_strconcat (path, ".tiff", NULL);
  TIFF *tiff = TIFFOpen (as_tiff, "w");
  guint16 row[W];

  g_assert_nonnull (tiff);
  TIFFSetField (tiff, TIFFTAG_SUBFILETYPE, 0);
  TIFFSetField (tiff, TIFFTAG_IMAGEWIDTH, W);
  TIFFSetField (tiff, TIFFTAG_IMAGELENGTH, H);
  TIFFSetField (tiff, TIFFTAG_BITSPERSAMPLE, 16);
  TIFFSetField (tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField (tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  TIFFSetField (tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_CFA);
  TIFFSetField (tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField (tiff, TIFFTAG_ROWSPERSTRIP, H);
  TIFFSetField (tiff, TIFFTAG_ORIENTATION, orientation);
  TIFFSetField (tiff, TIFFTAG_MAKE, "Omnifuse");
  TIFFSetField (tiff, TIFFTAG_MODEL, "Test Sensor");
  TIFFSetField (tiff, TIFFTAG_DNGVERSION, version);
  TIFFSetField (tiff, TIFFTAG_UNIQUECAMERAMODEL, "Omnifuse Test Sensor");
  TIFFSetField (tiff, TIFFTAG_CFAREPEATPATTERNDIM, repeat);
  TIFFSetField (tiff, TIFFTAG_CFAPATTERN, 4, pattern);
  TIFFSetField (tiff, TIFFTAG_COLORMATRIX1, 9, to_srgb);
  TIFFSetField (tiff, TIFFTAG_ASSHOTNEUTRAL, 3, neutral);
  TIFFSetField (tiff, TIFFTAG_CALIBRATIONILLUMINANT1, 21); /* D65 */
  TIFFSetField (tiff, TIFFTAG_WHITELEVEL, 1, &white);
  for (guint x = 0; x < W; x++)
    row[x] = (guint16)(WHITE * level * (x < W / 2 ? 2 : 1));
  for (guint y = 0; y < H; y++)
    g_assert_cmpint (TIFFWriteScanline (tiff, row, y, 0), ==, 1);
  TIFFClose (tiff);
  g_assert_cmpint (g_rename (as_tiff, path), ==, 0);
}

static OmniPicture *
read_ok (const char *name)
{
  g_autofree char *path = make_path (name);
  g_autoptr (GError) error = NULL;
  OmniPicture *picture = omni_picture_read (path, NULL, &error);

  g_assert_no_error (error);
  return picture;
}

static double
get_light (OmniPicture *picture, guint x, guint y, guint c)
{
  const guint16 *pixels = omni_picture_get_pixels (picture);
  const double value = pixels[((gsize)y * omni_picture_get_width (picture) + x) * 3 + c] / 65535.0;

  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

/* Light is what the sensor saw, whatever else is in the picture: no brightness of the program's own. */
static void
test_light (void)
{
  static const double levels[] = { 0.02, 0.1, 0.4 };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
  {
    write_dng ("light.dng", levels[i], 1);
    g_autoptr (OmniPicture) picture = read_ok ("light.dng");
    g_assert_cmpint (omni_picture_get_sample_type (picture), ==, OMNI_SAMPLE_U16);
    g_assert_cmpuint (omni_picture_get_channels (picture), ==, 3);
    g_assert_cmpuint (omni_picture_get_width (picture), ==, W);
    g_assert_cmpuint (omni_picture_get_height (picture), ==, H);
    for (guint c = 0; c < 3; c++)
    {
      g_test_message ("%.3f: %.4f and %.4f", levels[i], get_light (picture, W / 4, H / 2, c),
                      get_light (picture, 3 * W / 4, H / 2, c));
      g_assert_cmpfloat_with_epsilon (get_light (picture, W / 4, H / 2, c), 2 * levels[i], 0.03 * levels[i]);
      g_assert_cmpfloat_with_epsilon (get_light (picture, 3 * W / 4, H / 2, c), levels[i], 0.02 * levels[i]);
    }
  }
}

static void
test_turned (void)
{
  OmniPictureInfo info;
  g_autofree char *path = make_path ("turned.dng");

  write_dng ("turned.dng", 0.2, 6); /* the left side is up */
  g_assert_true (omni_picture_probe (path, &info, NULL));
  g_assert_cmpuint (info.width, ==, H);
  g_assert_cmpuint (info.height, ==, W);
  g_assert_cmpstr (info.format_name, ==, "camera raw");
  g_autoptr (OmniPicture) picture = read_ok ("turned.dng");
  g_assert_cmpuint (omni_picture_get_width (picture), ==, H);
  g_assert_cmpfloat (get_light (picture, H / 2, 5, 1), >, 1.5 * get_light (picture, H / 2, W - 5, 1));
}

static void
test_scaled (void)
{
  g_autofree char *path = make_path ("scaled.dng");

  write_dng ("scaled.dng", 0.2, 1);
  for (guint most = 20; most <= 80; most += 30)
  {
    g_autoptr (OmniPicture) picture = omni_picture_read_scaled (path, most, NULL, NULL);
    g_assert_nonnull (picture);
    g_assert_cmpuint (omni_picture_get_width (picture), ==, most);
    g_assert_cmpint (omni_picture_get_sample_type (picture), ==, OMNI_SAMPLE_U8);
  }
}

static void
assert_refused (const char *name, GIOErrorEnum code)
{
  g_autofree char *path = make_path (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, &error);

  g_assert_null (picture);
  g_assert_error (error, G_IO_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, name));
  g_test_message ("%s", error->message);
}

static void
test_damaged (void)
{
  g_autofree char *whole_path = make_path ("whole.dng");
  g_autofree char *cut_path = make_path ("cut.dng");
  g_autofree char *text_path = make_path ("text.nef");
  g_autofree char *bytes = NULL;
  gsize size;

  write_dng ("whole.dng", 0.2, 1);
  g_assert_true (g_file_get_contents (whole_path, &bytes, &size, NULL));
  for (guint part = 1; part < 8; part++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_true (g_file_set_contents (cut_path, bytes, (gssize)(size * part / 8), NULL));
    g_autoptr (OmniPicture) picture = omni_picture_read (cut_path, NULL, &error);
    g_assert_null (picture);
    g_assert_nonnull (error);
  }
  /* Anything at all in any of its first and last bytes must not bring the program down. */
  for (guint i = 0; i < 400; i++)
  {
    g_autofree char *copy = g_memdup2 (bytes, size);
    const gsize at = i < 16 ? i : size - 1 - (i * 7919) % 480;
    copy[at] ^= (char)(1 << i % 8);
    g_assert_true (g_file_set_contents (cut_path, copy, (gssize)size, NULL));
    g_autoptr (OmniPicture) picture = omni_picture_read (cut_path, NULL, NULL);
  }
  g_assert_true (g_file_set_contents (text_path, "this is no picture", -1, NULL));
  assert_refused ("text.nef", G_IO_ERROR_INVALID_DATA);
  g_autofree char *text = g_strnfill (100000, 'x');
  g_assert_true (g_file_set_contents (text_path, text, -1, NULL));
  assert_refused ("text.nef", G_IO_ERROR_NOT_SUPPORTED);
  assert_refused ("nobody.cr2", G_IO_ERROR_NOT_FOUND);
}

/* What is written of it is a picture like any other, and says of the camera what is true of the picture. */
static void
test_written (void)
{
  g_autofree char *raw_path = make_path ("camera.dng");
  g_autoptr (OmniMetadata) metadata = NULL;

  write_dng ("camera.dng", 0.2, 6);
  metadata = omni_metadata_read (raw_path, NULL);
  g_assert_nonnull (metadata);
  for (guint i = 0; i < 3; i++)
  {
    static const char *const names[] = { "developed.tif", "developed.png", "developed.jpg" };
    g_autofree char *path = make_path (names[i]);
    g_autoptr (OmniPicture) picture = read_ok ("camera.dng");
    const OmniWriteOptions options = { .metadata = metadata };
    g_autoptr (GError) error = NULL;
    omni_picture_write (picture, path, &options, &error);
    g_assert_no_error (error);
    g_autoptr (OmniPicture) again = read_ok (names[i]);
    g_assert_cmpuint (omni_picture_get_width (again), ==, H);
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
    if (i != 1) /* PNG packs them */
      g_assert_nonnull (memmem (bytes, size, "Test Sensor", 11));
    g_assert_null (memmem (bytes, size, "Omnifuse Test Sensor", 20));
  }
}

/* Cameras write both: then the picture is taken. Raw alone is taken as it is. */
static void
test_folder (void)
{
  g_autofree char *both = make_path ("both");
  g_assert_cmpint (g_mkdir (both, 0700), ==, 0);
  write_dng ("both/IMG_1.dng", 0.2, 1);
  write_dng ("both/IMG_2.DNG", 0.4, 1);
  g_autoptr (OmniPicture) picture = read_ok ("both/IMG_1.dng");
  g_autofree char *jpeg = make_path ("both/img_2.jpg");
  g_assert_true (omni_picture_write (picture, jpeg, NULL, NULL));

  g_auto (GStrv) files = omni_files_expand ((char *[]){ both, NULL }, NULL);
  g_assert_cmpuint (g_strv_length (files), ==, 2);
  g_assert_true (g_str_has_suffix (files[0], "IMG_1.dng"));
  g_assert_true (g_str_has_suffix (files[1], "img_2.jpg"));
  g_autofree char *words = omni_folder_describe_raw (both);
  g_assert_nonnull (strstr (words, "IMG_2.DNG"));

  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sources = omni_gather_sources ((const char *[]){ both, NULL }, NULL, &error);
  g_assert_cmpuint (sources->len, ==, 2);
  g_assert_nonnull (strstr (error->message, "IMG_2.DNG"));

  /* Named, it is taken in any case. */
  g_autofree char *named = make_path ("both/IMG_2.DNG");
  g_autoptr (GPtrArray) one = omni_gather_sources ((const char *[]){ named, NULL }, NULL, NULL);
  g_assert_cmpuint (one->len, ==, 1);
}

static void
test_real (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("OMNIFUSE_SHARED"), "data", "raw", "colorchart.dng",
                                            NULL);
  OmniPictureInfo info;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
  {
    g_test_skip ("the development pictures are not there");
    return;
  }
  g_assert_true (omni_picture_probe (path, &info, NULL));
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, NULL);
  g_assert_nonnull (picture);
  g_assert_cmpuint (omni_picture_get_width (picture), ==, info.width);
  g_assert_cmpuint (omni_picture_get_height (picture), ==, info.height);

  /* The chart's red patch is red. */
  const guint x = info.width * 444 / 867, y = info.height * 413 / 578;
  g_assert_cmpfloat (get_light (picture, x, y, 0), >, 4 * get_light (picture, x, y, 1));

  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_cancellable_cancel (cancellable);
  g_assert_null (omni_picture_read (path, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-raw-XXXXXX", NULL);
  g_assert_nonnull (folder);

  g_test_add_func ("/raw/light", test_light);
  g_test_add_func ("/raw/turned", test_turned);
  g_test_add_func ("/raw/scaled", test_scaled);
  g_test_add_func ("/raw/damaged", test_damaged);
  g_test_add_func ("/raw/written", test_written);
  g_test_add_func ("/raw/folder", test_folder);
  g_test_add_func ("/raw/real", test_real);
  return g_test_run ();
}
