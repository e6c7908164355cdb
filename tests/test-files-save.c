/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/files-common.h"

#include "app/files/metadata.h"
#include "app/files/output.h"
#include "app/files/samples.h"

#include <errno.h>
#include <gexiv2/gexiv2.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

/* Saving fails with `code` and `words`, and leaves nothing behind. */
static void
assert_unsaved (OmniPicture *picture, const char *path, OmniWriteOptions options, int code, const char *words)
{
  const guint n_before = count_scratch_files ();
  g_autoptr (GError) error = NULL;

  g_assert_false (omni_picture_write (picture, path, &options, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
  g_assert_cmpuint (count_scratch_files (), ==, n_before);
}

static void
test_sources_are_safe (void)
{
  g_autoptr (OmniPicture) picture = make_picture (9, 7, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autofree char *source = scratch_path ("source.png");
  g_autofree char *symbolic = scratch_path ("symbolic.png");
  g_autofree char *hard = scratch_path ("hard.png");
  g_autofree char *detour = g_build_filename (scratch_folder (), "..", NULL);
  g_autofree char *base = g_path_get_basename (scratch_folder ());
  g_autofree char *round_about = g_build_filename (detour, base, "source.png", NULL);
  g_autofree char *gone = scratch_path ("gone.png");
  g_autofree char *gone_round_about = g_build_filename (detour, base, "gone.png", NULL);
  const char *const sources[] = { source, gone, NULL };
  const OmniWriteOptions options = { .force = TRUE, .sources = sources };
  const char *const attacks[] = { source, symbolic, hard, round_about, gone_round_about };

  save (picture, source, (OmniWriteOptions){ 0 });
  g_assert_cmpint (symlink (source, symbolic), ==, 0);
  g_assert_cmpint (link (source, hard), ==, 0);

  g_autofree char *before = omni_file_sha256 (source, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    assert_unsaved (picture, attacks[i], options, G_IO_ERROR_EXISTS, "is one of the sources");

  g_autofree char *after = omni_file_sha256 (source, NULL);
  g_assert_cmpstr (before, ==, after);
}

static void
test_existing_files (void)
{
  g_autoptr (OmniPicture) picture = make_picture (9, 7, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autofree char *path = scratch_path ("old.png");
  g_autofree char *symbolic = scratch_path ("elsewhere.png");
  g_autofree char *folder = scratch_path ("folder.png");
  g_autofree char *fifo = scratch_path ("fifo.png");
  g_autofree char *lost = g_build_filename (scratch_folder (), "missing", "a.png", NULL);
  g_autofree char *under_file = g_build_filename (path, "a.png", NULL);
  g_autofree char *content = NULL;

  write_bytes (path, "old", 3);
  assert_unsaved (picture, path, (OmniWriteOptions){ 0 }, G_IO_ERROR_EXISTS, "--force");
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "old");

  /* A link is replaced; what it points to stays. */
  g_assert_cmpint (symlink (path, symbolic), ==, 0);
  assert_unsaved (picture, symbolic, (OmniWriteOptions){ 0 }, G_IO_ERROR_EXISTS, "--force");
  save (picture, symbolic, (OmniWriteOptions){ 0 });
  g_assert_false (g_file_test (symbolic, G_FILE_TEST_IS_SYMLINK));
  g_clear_pointer (&content, g_free);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "old");

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_unsaved (picture, folder, (OmniWriteOptions){ .force = TRUE }, G_IO_ERROR_IS_DIRECTORY,
                  "is a folder");
  assert_unsaved (picture, fifo, (OmniWriteOptions){ .force = TRUE }, G_IO_ERROR_NOT_REGULAR_FILE, "a pipe");
  assert_unsaved (picture, lost, (OmniWriteOptions){ 0 }, G_IO_ERROR_NOT_FOUND, "/missing” does not exist");
  assert_unsaved (picture, under_file, (OmniWriteOptions){ 0 }, G_IO_ERROR_NOT_DIRECTORY, "is not a folder");
  save (picture, path, (OmniWriteOptions){ 0 });
}

static void
test_impossible_formats (void)
{
  g_autoptr (OmniPicture) grey = make_picture (9, 7, 1, FALSE, OMNI_SAMPLE_F32, NULL);
  g_autoptr (OmniPicture) clear = make_picture (9, 7, 4, TRUE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (OmniPicture) bands = make_picture (9, 7, 5, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autofree char *unknown = scratch_path ("a.bmp");
  g_autofree char *bare = scratch_path ("tif");
  g_autofree char *jpeg = scratch_path ("a.jpg");
  g_autofree char *png = scratch_path ("a.png");

  assert_unsaved (grey, unknown, (OmniWriteOptions){ 0 }, G_IO_ERROR_NOT_SUPPORTED,
                  "use .png (8 or 16 bits)");
  assert_unsaved (grey, bare, (OmniWriteOptions){ 0 }, G_IO_ERROR_NOT_SUPPORTED, "use .png (8 or 16 bits)");
  assert_unsaved (grey, jpeg, (OmniWriteOptions){ .depth = OMNI_DEPTH_16 }, G_IO_ERROR_NOT_SUPPORTED,
                  "JPEG holds 8 bits only");
  assert_unsaved (grey, png, (OmniWriteOptions){ .depth = OMNI_DEPTH_32F }, G_IO_ERROR_NOT_SUPPORTED,
                  "Use .tif");
  assert_unsaved (clear, jpeg, (OmniWriteOptions){ 0 }, G_IO_ERROR_NOT_SUPPORTED, "transparency");
  assert_unsaved (bands, png, (OmniWriteOptions){ 0 }, G_IO_ERROR_NOT_SUPPORTED, "5 bands");
  save (grey, png, (OmniWriteOptions){ 0 });

  g_autoptr (OmniPicture) back = load (png);
  g_assert_cmpuint (omni_picture_get_sample_type (back), ==, OMNI_SAMPLE_U16);
  g_unlink (png);
}

static void
test_opaque_alpha (void)
{
  guint8 pixels[2 * 2 * 4];
  g_autofree char *path = scratch_path ("opaque.jpg");

  memset (pixels, 255, sizeof pixels);

  g_autoptr (OmniPicture) picture = omni_picture_new (2, 2, 4, TRUE, OMNI_SAMPLE_U8,
                                                      g_bytes_new (pixels, sizeof pixels), NULL, NULL, NULL);
  save (picture, path, (OmniWriteOptions){ 0 });

  g_autoptr (OmniPicture) back = load (path);
  g_assert_cmpuint (omni_picture_get_channels (back), ==, 3);
  g_assert_cmpmem (omni_picture_get_pixels (back), 12, pixels, 12);
}

/* A limit on the size of files stands in for a full disk. */
/* The losses of a file of this name, joined; "" when it holds all. */
static char *
list_losses (OmniPicture *picture, const char *name, OmniMetadata *metadata)
{
  g_autofree char *path = scratch_path (name);
  g_autoptr (GPtrArray) losses = g_ptr_array_new_with_free_func (g_free);
  const OmniWriteOptions options = { .force = TRUE, .losses = losses, .metadata = metadata };
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_picture_write (picture, path, &options, &error));
  g_assert_no_error (error);
  g_ptr_array_add (losses, NULL);
  return g_strjoinv (" ", (char **)losses->pdata);
}

static void
test_losses (void)
{
  g_autoptr (OmniPicture) whole = make_picture (9, 7, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (OmniPicture) deep = make_picture (9, 7, 3, FALSE, OMNI_SAMPLE_U16, NULL);
  g_autoptr (OmniPicture) wild = make_picture (9, 7, 3, FALSE, OMNI_SAMPLE_F32, NULL); /* −2 … 2 */
  g_autofree char *jpeg = list_losses (whole, "a.jpg", NULL);
  g_autofree char *deep_jpeg = list_losses (deep, "a.jpg", NULL);
  g_autofree char *deep_png = list_losses (deep, "a.png", NULL);
  g_autofree char *wild_png = list_losses (wild, "a.png", NULL);
  g_autofree char *wild_tiff = list_losses (wild, "a.tif", NULL);

  g_assert_cmpstr (jpeg, ==, "");
  g_assert_nonnull (strstr (deep_jpeg, "8 of 16 bits"));
  g_assert_null (strstr (deep_jpeg, "cut off"));
  g_assert_cmpstr (deep_png, ==, "");
  g_assert_nonnull (strstr (wild_png, "16 of 32 bits"));
  g_assert_nonnull (strstr (wild_png, "cut off"));
  g_assert_cmpstr (wild_tiff, ==, "");
}

static void
test_full_disk (void)
{
  static const char *const names[] = { "full.png", "full.jpg", "full.tif" };
  g_autoptr (OmniPicture) picture = make_picture (600, 500, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  struct rlimit old;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);

  const struct rlimit tight = { 100000, old.rlim_max };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint deflate = 0; deflate < 2; deflate++)
    {
      g_autofree char *path = scratch_path (names[i]);
      setrlimit (RLIMIT_FSIZE, &tight);
      assert_unsaved (picture, path, (OmniWriteOptions){ .tiff_deflate = deflate }, G_IO_ERROR_NO_SPACE,
                      "cannot be written");
      setrlimit (RLIMIT_FSIZE, &old);
    }
}

static void
test_permissions_and_cancel (void)
{
  g_autoptr (OmniPicture) picture = make_picture (9, 7, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = scratch_path ("mode.png");
  g_autofree char *cancelled = scratch_path ("cancelled.tif");
  const OmniWriteOptions options = { .cancellable = cancellable };
  g_autoptr (GError) error = NULL;
  struct stat status;

  const mode_t old = umask (027);
  save (picture, path, (OmniWriteOptions){ 0 });
  umask (old);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0640);

  const guint n_before = count_scratch_files ();
  g_cancellable_cancel (cancellable);
  g_assert_false (omni_picture_write (picture, cancelled, &options, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count_scratch_files (), ==, n_before);
}

static void
test_replace_contents (void)
{
  g_autofree char *path = scratch_path ("map.json");
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_file_replace_contents_atomic (path, "one", 3, FALSE, NULL));
  g_assert_false (omni_file_replace_contents_atomic (path, "two", 3, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_true (omni_file_replace_contents_atomic (path, "three", 5, TRUE, NULL));
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "three");
}

static void
test_samples (void)
{
  static const float floats[] = { -1.0f, 0.5f, 2.0f, NAN, 1.0f };
  static const guint8 expected8[] = { 0, 128, 255, 0, 255 };
  static const guint16 expected16[] = { 0, 32768, 65535, 0, 65535 };
  guint8 u8[5];
  guint16 u16[5];

  omni_samples_convert (floats, OMNI_SAMPLE_F32, u8, OMNI_SAMPLE_U8, 5);
  omni_samples_convert (floats, OMNI_SAMPLE_F32, u16, OMNI_SAMPLE_U16, 5);
  g_assert_cmpmem (u8, 5, expected8, 5);
  g_assert_cmpmem (u16, 10, expected16, 10);
  for (guint i = 0; i < 65536; i++)
  {
    const guint16 value = (guint16)i;
    guint16 back;
    guint8 narrow;
    float wide;
    omni_samples_convert (&value, OMNI_SAMPLE_U16, &wide, OMNI_SAMPLE_F32, 1);
    omni_samples_convert (&wide, OMNI_SAMPLE_F32, &back, OMNI_SAMPLE_U16, 1);
    omni_samples_convert (&value, OMNI_SAMPLE_U16, &narrow, OMNI_SAMPLE_U8, 1);
    g_assert_cmpuint (back, ==, value);
    g_assert_cmpuint (narrow, ==, (guint)(i / 257.0 + 0.5));
  }
}

/* A JPEG as a camera held on its side writes it. */
static void
write_camera_jpeg (const char *path, const char *seconds, guint seed)
{
  g_autoptr (OmniPicture) picture = make_soft_picture (60 + seed, 40, 3);
  g_autoptr (GExiv2Metadata) exiv2 = gexiv2_metadata_new ();

  save (picture, path, (OmniWriteOptions){ 0 });
  g_assert_true (gexiv2_metadata_open_path (exiv2, path, NULL));
  gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Image.Model", "Camera 1", NULL);
  gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Image.Orientation", "6", NULL);
  gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Image.Software", "Firmware", NULL);
  gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Image.StripOffsets", "1234", NULL);
  gexiv2_metadata_try_set_tag_string (exiv2, "Exif.GPSInfo.GPSLatitudeRef", "N", NULL);
  gexiv2_metadata_try_set_tag_string (exiv2, "Exif.GPSInfo.GPSLatitude", "48/1 51/1 0/1", NULL);
  gexiv2_metadata_try_set_tag_string (exiv2, "Xmp.dc.creator", "A. Nonymous", NULL);
  if (seconds != NULL)
  {
    gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Photo.ExposureTime", seconds, NULL);
    gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Photo.FNumber", "28/10", NULL);
    gexiv2_metadata_try_set_tag_string (exiv2, "Exif.Photo.ISOSpeedRatings", "200", NULL);
  }
  g_assert_true (gexiv2_metadata_save_file (exiv2, path, NULL));
}

static void
assert_tag (GExiv2Metadata *exiv2, const char *tag, const char *expected)
{
  g_autofree char *value = gexiv2_metadata_try_get_tag_string (exiv2, tag, NULL);

  g_assert_cmpstr (value, ==, expected);
}

/* Readers of TIFF pass over dimensions that are signed. */
static void
assert_exif_types (const char *path)
{
  static const struct
  {
    guint8 entry[8];
  } wanted[] = {
    { { 0x12, 0x01, 3, 0, 1, 0, 0, 0 } }, /* Orientation: one SHORT */
    { { 0x02, 0xa0, 4, 0, 1, 0, 0, 0 } }, /* PixelXDimension: one LONG */
    { { 0x03, 0xa0, 4, 0, 1, 0, 0, 0 } },
  };
  g_autofree char *bytes = NULL;
  gsize n_bytes;

  if (!g_str_has_suffix (path, ".jpg") && !g_str_has_suffix (path, ".tif"))
    return;
  g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_nonnull (memmem (bytes, n_bytes, wanted[i].entry, sizeof wanted[i].entry));
}

/* Words of our own come after those of the source, once, or stand alone; in every format. */
static void
test_metadata_note (void)
{
  static const char *const names[] = { "note.jpg", "note.png", "note.tif" };
  g_autoptr (OmniPicture) picture = make_soft_picture (60, 40, 3);
  g_autofree char *source = scratch_path ("noted.jpg");
  g_autoptr (GExiv2Metadata) camera = gexiv2_metadata_new ();

  write_camera_jpeg (source, NULL, 0);
  g_assert_true (gexiv2_metadata_open_path (camera, source, NULL));
  gexiv2_metadata_try_set_tag_string (camera, "Exif.Image.ImageDescription", "A tree", NULL);
  g_assert_true (gexiv2_metadata_save_file (camera, source, NULL));
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (names); i++)
  {
    g_autofree char *path = scratch_path (names[i / 2]);
    g_autoptr (OmniMetadata) metadata = i % 2 == 0 ? omni_metadata_new () : omni_metadata_read (source, NULL);
    g_autoptr (GExiv2Metadata) exiv2 = gexiv2_metadata_new ();

    omni_metadata_add_note (metadata, "Not for sale.");
    omni_metadata_add_note (metadata, "Not for sale.");
    save (picture, path, (OmniWriteOptions){ .metadata = metadata, .force = TRUE });
    g_assert_true (gexiv2_metadata_open_path (exiv2, path, NULL));
    assert_tag (exiv2, "Exif.Image.ImageDescription", i % 2 == 0 ? "Not for sale." : "A tree; Not for sale.");
    assert_tag (exiv2, "Exif.Image.Model", i % 2 == 0 ? NULL : "Camera 1");
  }
}

static void
test_metadata_is_kept (void)
{
  static const char *const names[] = { "m.jpg", "m.png", "m.tif" };
  g_autofree char *source = scratch_path ("camera.jpg");
  g_autoptr (GBytes) icc = NULL;
  double seconds;
  double f_number;
  double iso;
  double ev;

  write_camera_jpeg (source, "1/125", 0);

  g_autoptr (OmniMetadata) metadata = omni_metadata_read (source, NULL);
  g_assert_nonnull (metadata);
  g_assert_true (omni_metadata_get_exposure (metadata, &seconds, &f_number, &iso));
  g_assert_cmpfloat_with_epsilon (seconds, 1.0 / 125.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (f_number, 2.8, 1e-9);
  g_assert_cmpfloat (iso, ==, 200.0);
  g_assert_true (omni_metadata_get_exposure_value (metadata, &ev));
  g_assert_cmpfloat_with_epsilon (ev, log2 (2.8 * 2.8 * 125.0) - 1.0, 1e-9);

  g_autoptr (OmniPicture) picture = make_soft_picture (37, 53, 3);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint deflate = 0; deflate < 2; deflate++)
    {
      g_autofree char *path = scratch_path (names[i]);
      g_autoptr (GExiv2Metadata) exiv2 = gexiv2_metadata_new ();
      save (picture, path, (OmniWriteOptions){ .metadata = metadata, .tiff_deflate = deflate });
      g_autoptr (OmniPicture) back = load (path);
      if (i > 0)
        assert_same_pixels (picture, back);
      g_assert_cmpuint (omni_picture_get_width (back), ==, 37);
      g_assert_true (gexiv2_metadata_open_path (exiv2, path, NULL));
      assert_tag (exiv2, "Exif.Image.Model", "Camera 1");
      assert_tag (exiv2, "Exif.Image.Orientation", "1");
      assert_tag (exiv2, "Exif.Image.Software", "Omnifuse " OMNI_VERSION);
      assert_tag (exiv2, "Exif.Photo.ExposureTime", "1/125");
      assert_tag (exiv2, "Exif.Photo.PixelXDimension", "37");
      assert_tag (exiv2, "Exif.Photo.PixelYDimension", "53");
      assert_exif_types (path);
      assert_tag (exiv2, "Exif.GPSInfo.GPSLatitude", "48/1 51/1 0/1");
      assert_tag (exiv2, "Xmp.dc.creator", "A. Nonymous");
      if (i < 2)
        g_assert_false (gexiv2_metadata_try_has_tag (exiv2, "Exif.Image.StripOffsets", NULL));
    }
}

static const TIFFFieldInfo geo_fields[] = {
  { 33550, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, TRUE, TRUE, (char *)"ModelPixelScale" },
  { 33922, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, TRUE, TRUE, (char *)"ModelTiepoint" },
  { 34735, -1, -1, TIFF_SHORT, FIELD_CUSTOM, TRUE, TRUE, (char *)"GeoKeyDirectory" },
};

static void
add_geo_fields (TIFF *tiff)
{
  TIFFMergeFieldInfo (tiff, geo_fields, G_N_ELEMENTS (geo_fields));
}

static const double geo_scale[] = { .5, .5, 0 }, geo_tiepoint[] = { 0, 0, 0, 440720.25, 3751320.75, 0 };
static const guint16 geo_keys[] = { 1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32611 };

static void
write_geo_tiff (const char *path)
{
  TIFF *tiff = TIFFOpen (path, "w");
  const guint8 row[37] = { 0 };

  g_assert_nonnull (tiff);
  TIFFSetField (tiff, TIFFTAG_IMAGEWIDTH, 37);
  TIFFSetField (tiff, TIFFTAG_IMAGELENGTH, 53);
  TIFFSetField (tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField (tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  TIFFSetField (tiff, 33550, G_N_ELEMENTS (geo_scale), geo_scale);
  TIFFSetField (tiff, 33922, G_N_ELEMENTS (geo_tiepoint), geo_tiepoint);
  TIFFSetField (tiff, 34735, G_N_ELEMENTS (geo_keys), geo_keys);
  for (guint y = 0; y < 53; y++)
    g_assert_cmpint (TIFFWriteScanline (tiff, (void *)row, y, 0), ==, 1);
  TIFFClose (tiff);
}

/* Map coordinates are those of a grid of pixels; the coordinate system is that of the place. */
static void
test_geotiff (void)
{
  g_autofree char *source = scratch_path ("geo.tif");
  TIFFExtendProc before = TIFFSetTagExtender (add_geo_fields);

  write_geo_tiff (source);
  for (guint same = 0; same < 2; same++)
  {
    g_autoptr (OmniMetadata) metadata = omni_metadata_read (source, NULL);
    g_autoptr (OmniPicture) picture = same ? make_soft_picture (37, 53, 4) : make_soft_picture (74, 106, 4);
    g_autofree char *path = scratch_path (same ? "same-grid.tif" : "other-grid.tif");
    guint16 n = 0;
    const void *values = NULL;

    save (picture, path, (OmniWriteOptions){ .metadata = metadata });

    TIFF *tiff = TIFFOpen (path, "r");

    g_assert_nonnull (tiff);
    g_assert_cmpint (TIFFGetField (tiff, 33550, &n, &values), ==, same);
    if (same)
      g_assert_cmpmem (values, n * sizeof (double), geo_scale, sizeof geo_scale);
    g_assert_cmpint (TIFFGetField (tiff, 33922, &n, &values), ==, same);
    if (same)
      g_assert_cmpmem (values, n * sizeof (double), geo_tiepoint, sizeof geo_tiepoint);
    g_assert_cmpint (TIFFGetField (tiff, 34735, &n, &values), ==, 1);
    g_assert_cmpmem (values, n * sizeof (guint16), geo_keys, sizeof geo_keys);
    TIFFClose (tiff);
  }
  TIFFSetTagExtender (before);
}

static void
test_reference_is_symmetric (void)
{
  static const char *const seconds[] = { "1/30", "1/500", "1/125", "1/2000", NULL };
  char *paths[6] = { NULL };
  const char *expected;

  for (guint i = 0; i < 5; i++)
  {
    g_autofree char *name = g_strdup_printf ("bracket%u.jpg", i);
    paths[i] = scratch_path (name);
    write_camera_jpeg (paths[i], seconds[i], i);
  }
  expected = paths[2];
  for (guint round = 0; round < 20; round++)
  {
    const char *shuffled[6] = { paths[0], paths[1], paths[2], paths[3], paths[4], NULL };
    for (guint i = 4; i > 0; i--)
    {
      const guint k = (guint)g_test_rand_int_range (0, (gint32)i + 1);
      const char *other = shuffled[i];
      shuffled[i] = shuffled[k];
      shuffled[k] = other;
    }
    g_assert_cmpstr (omni_metadata_choose_reference (shuffled), ==, expected);
  }

  /* Without exposures the content decides, whatever the order. */
  g_autofree char *a = scratch_path ("plain-a.jpg");
  g_autofree char *b = scratch_path ("plain-b.jpg");
  write_camera_jpeg (a, NULL, 7);
  write_camera_jpeg (b, NULL, 8);

  const char *const ab[] = { a, b, NULL };
  const char *const ba[] = { b, a, NULL };
  const char *const none[] = { NULL };
  g_assert_cmpstr (omni_metadata_choose_reference (ab), ==, omni_metadata_choose_reference (ba));
  g_assert_null (omni_metadata_choose_reference (none));
  for (guint i = 0; i < 5; i++)
    g_free (paths[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gexiv2_initialize ();
  g_test_add_func ("/files/save/sources-are-safe", test_sources_are_safe);
  g_test_add_func ("/files/save/existing-files", test_existing_files);
  g_test_add_func ("/files/save/impossible-formats", test_impossible_formats);
  g_test_add_func ("/files/save/opaque-alpha", test_opaque_alpha);
  g_test_add_func ("/files/save/losses", test_losses);
  g_test_add_func ("/files/save/full-disk", test_full_disk);
  g_test_add_func ("/files/save/permissions-and-cancel", test_permissions_and_cancel);
  g_test_add_func ("/files/save/replace-contents", test_replace_contents);
  g_test_add_func ("/files/save/samples", test_samples);
  g_test_add_func ("/files/save/metadata-note", test_metadata_note);
  g_test_add_func ("/files/save/metadata-is-kept", test_metadata_is_kept);
  g_test_add_func ("/files/save/geotiff", test_geotiff);
  g_test_add_func ("/files/save/reference-is-symmetric", test_reference_is_symmetric);

  const int result = g_test_run ();
  remove_scratch ();
  return result;
}
