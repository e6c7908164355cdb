/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/files-common.h"

#include "app/files/orientation.h"

#include <sys/stat.h>
#include <tiffio.h>
#include <webp/encode.h>

static void
test_round_trips (void)
{
  static const struct
  {
    const char *name;
    OmniSampleType type;
    guint channels;
    gboolean has_alpha;
    gboolean deflate;
  } cases[] = {
    { "a.png", OMNI_SAMPLE_U8, 1, FALSE, FALSE },  { "a.png", OMNI_SAMPLE_U8, 2, TRUE, FALSE },
    { "a.png", OMNI_SAMPLE_U8, 3, FALSE, FALSE },  { "a.png", OMNI_SAMPLE_U8, 4, TRUE, FALSE },
    { "a.png", OMNI_SAMPLE_U16, 1, FALSE, FALSE }, { "a.png", OMNI_SAMPLE_U16, 2, TRUE, FALSE },
    { "a.png", OMNI_SAMPLE_U16, 3, FALSE, FALSE }, { "a.png", OMNI_SAMPLE_U16, 4, TRUE, FALSE },
    { "a.tif", OMNI_SAMPLE_U8, 1, FALSE, FALSE },  { "a.tif", OMNI_SAMPLE_U8, 3, FALSE, TRUE },
    { "a.tif", OMNI_SAMPLE_U8, 4, TRUE, TRUE },    { "a.tif", OMNI_SAMPLE_U16, 1, FALSE, TRUE },
    { "a.tif", OMNI_SAMPLE_U16, 3, FALSE, FALSE }, { "a.tif", OMNI_SAMPLE_U16, 4, FALSE, TRUE },
    { "a.tif", OMNI_SAMPLE_U16, 8, FALSE, FALSE }, { "a.tif", OMNI_SAMPLE_F32, 1, FALSE, TRUE },
    { "a.tif", OMNI_SAMPLE_F32, 2, TRUE, FALSE },  { "a.tif", OMNI_SAMPLE_F32, 3, FALSE, TRUE },
    { "a.tif", OMNI_SAMPLE_F32, 5, FALSE, FALSE },
  };
  static const guint sizes[][2] = { { 1, 1 }, { 2, 2 }, { 67, 45 }, { 1, 300 }, { 3000, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      g_autofree char *path = scratch_path (cases[i].name);
      g_autoptr (OmniPicture) picture = make_picture (sizes[k][0], sizes[k][1], cases[i].channels,
                                                      cases[i].has_alpha, cases[i].type, NULL);
      save (picture, path, (OmniWriteOptions){ .tiff_deflate = cases[i].deflate });
      g_autoptr (OmniPicture) back = load (path);
      OmniPictureInfo info;
      assert_same_pixels (picture, back);
      g_assert_true (omni_picture_probe (path, &info, NULL));
      g_assert_cmpuint (info.width, ==, sizes[k][0]);
      g_assert_cmpuint (info.height, ==, sizes[k][1]);
      g_assert_cmpuint (info.channels, ==, cases[i].channels);
      g_assert_cmpuint (info.has_alpha, ==, cases[i].has_alpha);
      g_assert_cmpuint (info.sample_type, ==, cases[i].type);
    }
}

static double
mean_difference (OmniPicture *a, OmniPicture *b)
{
  gsize size = 0;
  const guint8 *x = g_bytes_get_data (omni_picture_get_bytes (a), &size);
  const guint8 *y = g_bytes_get_data (omni_picture_get_bytes (b), NULL);
  double sum = 0.0;

  g_assert_cmpuint (size, ==, g_bytes_get_size (omni_picture_get_bytes (b)));
  for (gsize i = 0; i < size; i++)
    sum += abs (x[i] - y[i]);
  return sum / (double)size;
}

static void
test_jpeg_round_trip (void)
{
  g_autofree char *path = scratch_path ("a.jpg");

  for (guint channels = 1; channels <= 3; channels += 2)
    for (guint quality = 85; quality <= 95; quality += 10)
    {
      g_autoptr (OmniPicture) picture = make_soft_picture (123, 77, channels);
      save (picture, path, (OmniWriteOptions){ .jpeg_quality = quality });
      g_autoptr (OmniPicture) back = load (path);
      g_assert_cmpfloat (mean_difference (picture, back), <, quality> 90 ? 1.0 : 2.5);
    }
}

static void
test_special_floats (void)
{
  static const float values[] = { -1.5f, 0.0f, 1e30f, 1.0f };
  float samples[6] = { NAN, INFINITY, values[0], values[1], values[2], values[3] };
  g_autofree char *path = scratch_path ("nan.tif");
  g_autoptr (OmniPicture) picture = omni_picture_new (
    3, 2, 1, FALSE, OMNI_SAMPLE_F32, g_bytes_new (samples, sizeof samples), NULL, NULL, NULL);

  save (picture, path, (OmniWriteOptions){ .tiff_deflate = TRUE });

  g_autoptr (OmniPicture) back = load (path);
  assert_same_pixels (picture, back);

  g_autofree char *png = scratch_path ("nan.png");
  save (picture, png, (OmniWriteOptions){ .depth = OMNI_DEPTH_16 });

  g_autoptr (OmniPicture) clamped = load (png);
  const guint16 *p = omni_picture_get_pixels (clamped);
  static const guint16 expected[] = { 0, 65535, 0, 0, 65535, 65535 };
  g_assert_cmpmem (p, 12, expected, 12);
}

static OmniPicture *
write_webp (OmniPicture *picture, const char *path, gboolean lossless)
{
  const int width = (int)omni_picture_get_width (picture);
  const int height = (int)omni_picture_get_height (picture);
  const gboolean alpha = omni_picture_get_has_alpha (picture);
  const guint8 *pixels = omni_picture_get_pixels (picture);
  const int stride = width * (alpha ? 4 : 3);
  guint8 *out = NULL;
  gsize size = 0;

  if (lossless)
    size = alpha ? WebPEncodeLosslessRGBA (pixels, width, height, stride, &out)
                 : WebPEncodeLosslessRGB (pixels, width, height, stride, &out);
  else
    size = alpha ? WebPEncodeRGBA (pixels, width, height, stride, 95, &out)
                 : WebPEncodeRGB (pixels, width, height, stride, 95, &out);
  g_assert_cmpuint (size, >, 0);
  write_bytes (path, out, size);
  WebPFree (out);
  return load (path);
}

static void
test_webp (void)
{
  g_autofree char *path = scratch_path ("a.webp");
  g_autoptr (OmniPicture) soft = make_soft_picture (64, 48, 3);
  g_autoptr (OmniPicture) lossy = write_webp (soft, path, FALSE);
  g_autoptr (OmniPicture) lossless = write_webp (soft, path, TRUE);
  g_autoptr (OmniPicture) opaque = make_picture (31, 17, 3, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (OmniPicture) opaque_back = write_webp (opaque, path, TRUE);

  g_assert_cmpfloat (mean_difference (soft, lossy), <, 4.0);
  assert_same_pixels (soft, lossless);
  assert_same_pixels (opaque, opaque_back);

  g_autoptr (OmniPicture) clear = make_picture (31, 17, 4, TRUE, OMNI_SAMPLE_U8, NULL);
  g_autoptr (OmniPicture) clear_back = write_webp (clear, path, TRUE);
  g_assert_true (omni_picture_get_has_alpha (clear_back));
}

/* The eight orientations of EXIF, told by where the stored picture's first row and first column are seen. */
static void
find_stored (guint orientation, guint w, guint h, guint x, guint y, guint *sx, guint *sy)
{
  const gboolean rows_run_down = orientation <= 4;
  const gboolean first_row_at_end = orientation == 3 || orientation == 4 || orientation == 6
                                    || orientation == 7;
  const gboolean first_column_at_end = orientation == 2 || orientation == 3 || orientation == 7
                                       || orientation == 8;
  const guint across_rows = rows_run_down ? y : x;
  const guint across_columns = rows_run_down ? x : y;

  *sy = first_row_at_end ? h - 1 - across_rows : across_rows;
  *sx = first_column_at_end ? w - 1 - across_columns : across_columns;
}

static void
assert_oriented (OmniPicture *stored, OmniPicture *seen, guint orientation, double tolerance)
{
  const guint w = omni_picture_get_width (stored);
  const guint h = omni_picture_get_height (stored);
  const guint n = omni_picture_get_channels (stored);
  const guint8 *a = omni_picture_get_pixels (stored);
  const guint8 *b = omni_picture_get_pixels (seen);
  double sum = 0.0;

  g_assert_cmpuint (omni_picture_get_width (seen), ==, orientation >= 5 ? h : w);
  for (guint y = 0; y < omni_picture_get_height (seen); y++)
    for (guint x = 0; x < omni_picture_get_width (seen); x++)
    {
      guint sx;
      guint sy;
      find_stored (orientation, w, h, x, y, &sx, &sy);
      for (guint c = 0; c < n; c++)
        sum += abs (a[(sy * w + sx) * n + c] - b[(y * omni_picture_get_width (seen) + x) * n + c]);
    }
  g_assert_cmpfloat (sum / (w * h * n), <=, tolerance);
}

static GByteArray *
exif_with_orientation (guint orientation, gboolean big)
{
  const guint8 little_endian[26] = {
    'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (guint8)orientation
  };
  const guint8 big_endian[26] = { 'M', 'M',  0, '*', 0, 0, 0, 8, 0, 1,
                                  1,   0x12, 0, 3,   0, 0, 0, 1, 0, (guint8)orientation };

  return g_byte_array_append (g_byte_array_new (), big ? big_endian : little_endian, 26);
}

static void
insert_exif (const char *path, guint orientation, gboolean big)
{
  g_autoptr (GByteArray) exif = exif_with_orientation (orientation, big);
  const guint8 head[] = { 0xff, 0xe1, 0, (guint8)(exif->len + 8), 'E', 'x', 'i', 'f', 0, 0 };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autofree char *data = NULL;
  gsize size = 0;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  g_byte_array_append (file, (const guint8 *)data, 2);
  g_byte_array_append (file, head, sizeof head);
  g_byte_array_append (file, exif->data, exif->len);
  g_byte_array_append (file, (const guint8 *)data + 2, (guint)size - 2);
  write_bytes (path, file->data, file->len);
}

static void
test_orientations (void)
{
  g_autofree char *jpeg = scratch_path ("o.jpg");
  g_autofree char *tiff = scratch_path ("o.tif");
  g_autoptr (OmniPicture) soft = make_soft_picture (40, 24, 3);
  g_autoptr (OmniPicture) noisy = make_picture (41, 70, 3, FALSE, OMNI_SAMPLE_U8, NULL);

  for (guint orientation = 1; orientation <= 8; orientation++)
  {
    save (soft, jpeg, (OmniWriteOptions){ 0 });
    insert_exif (jpeg, orientation, orientation % 2 == 0);
    g_autoptr (OmniPicture) from_jpeg = load (jpeg);
    OmniPictureInfo info;
    assert_oriented (soft, from_jpeg, orientation, 1.0);
    g_assert_true (omni_picture_probe (jpeg, &info, NULL));
    g_assert_cmpuint (info.width, ==, omni_picture_get_width (from_jpeg));

    save (noisy, tiff, (OmniWriteOptions){ 0 });
    TIFF *tif = TIFFOpen (tiff, "r+");
    TIFFSetField (tif, TIFFTAG_ORIENTATION, orientation);
    TIFFRewriteDirectory (tif);
    TIFFClose (tif);
    g_autoptr (OmniPicture) from_tiff = load (tiff);
    assert_oriented (noisy, from_tiff, orientation, 0.0);
  }
}

static guint32
png_crc (const guint8 *data, gsize size)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < size; i++)
  {
    crc ^= data[i];
    for (guint k = 0; k < 8; k++)
      crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return ~crc;
}

static void
put_be32 (guint8 *p, guint32 value)
{
  p[0] = (guint8)(value >> 24);
  p[1] = (guint8)(value >> 16);
  p[2] = (guint8)(value >> 8);
  p[3] = (guint8)value;
}

static void
append_le32 (GByteArray *array, guint32 value)
{
  const guint32 little = GUINT32_TO_LE (value);

  g_byte_array_append (array, (const guint8 *)&little, 4);
}

/* Puts an eXIf chunk behind the pixels, where it is allowed to stand and easy to miss. */
static void
insert_png_exif (const char *path, guint orientation)
{
  g_autoptr (GByteArray) exif = exif_with_orientation (orientation, TRUE);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autofree char *data = NULL;
  gsize size = 0;
  guint8 chunk[38];

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  put_be32 (chunk, exif->len);
  memcpy (chunk + 4, "eXIf", 4);
  memcpy (chunk + 8, exif->data, exif->len);
  put_be32 (chunk + 8 + exif->len, png_crc (chunk + 4, exif->len + 4));
  g_byte_array_append (file, (const guint8 *)data, (guint)size - 12);
  g_byte_array_append (file, chunk, sizeof chunk);
  g_byte_array_append (file, (const guint8 *)data + size - 12, 12);
  write_bytes (path, file->data, file->len);
}

/* Wraps a plain WebP into the extended form, with EXIF behind the pixels. */
static void
insert_webp_exif (const char *path, guint width, guint height, guint orientation)
{
  g_autoptr (GByteArray) exif = exif_with_orientation (orientation, FALSE);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autofree char *data = NULL;
  gsize size = 0;
  const guint8 sides[6] = { (guint8)(width - 1), 0, 0, (guint8)(height - 1), 0, 0 };

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  g_byte_array_append (file, (const guint8 *)"RIFF", 4);
  append_le32 (file, (guint32)(4 + 18 + size - 12 + 8 + exif->len));
  g_byte_array_append (file, (const guint8 *)"WEBPVP8X", 8);
  append_le32 (file, 10);
  append_le32 (file, 8); /* has EXIF */
  g_byte_array_append (file, sides, sizeof sides);
  g_byte_array_append (file, (const guint8 *)data + 12, (guint)size - 12);
  g_byte_array_append (file, (const guint8 *)"EXIF", 4);
  append_le32 (file, exif->len);
  g_byte_array_append (file, exif->data, exif->len);
  write_bytes (path, file->data, file->len);
}

static void
test_orientations_png_webp (void)
{
  g_autofree char *png = scratch_path ("o.png");
  g_autofree char *webp = scratch_path ("o.webp");
  g_autoptr (OmniPicture) noisy = make_picture (41, 70, 3, FALSE, OMNI_SAMPLE_U8, NULL);

  for (guint orientation = 1; orientation <= 8; orientation++)
  {
    save (noisy, png, (OmniWriteOptions){ 0 });
    insert_png_exif (png, orientation);
    g_autoptr (OmniPicture) from_png = load (png);
    assert_oriented (noisy, from_png, orientation, 0.0);

    g_object_unref (write_webp (noisy, webp, TRUE));
    insert_webp_exif (webp, 41, 70, orientation);
    g_autoptr (OmniPicture) from_webp = load (webp);
    assert_oriented (noisy, from_webp, orientation, 0.0);
  }
}

/* Writes the same 16-bit picture as tiles or strips, in planes or not, and reads it back. */
static void
write_tiff_variant (OmniPicture *picture, const char *path, gboolean tiled, gboolean separate,
                    guint16 compression)
{
  const guint w = omni_picture_get_width (picture);
  const guint h = omni_picture_get_height (picture);
  const guint n = omni_picture_get_channels (picture);
  const guint16 *pixels = omni_picture_get_pixels (picture);
  const guint cw = tiled ? 32 : w;
  const guint ch = tiled ? 16 : 7;
  const guint step = separate ? 1 : n;
  g_autofree guint16 *chunk = g_new0 (guint16, cw * ch * step);
  TIFF *tif = TIFFOpen (path, "w8");
  guint index = 0;

  TIFFSetField (tif, TIFFTAG_IMAGEWIDTH, w);
  TIFFSetField (tif, TIFFTAG_IMAGELENGTH, h);
  TIFFSetField (tif, TIFFTAG_SAMPLESPERPIXEL, n);
  TIFFSetField (tif, TIFFTAG_BITSPERSAMPLE, 16);
  TIFFSetField (tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField (tif, TIFFTAG_COMPRESSION, compression);
  TIFFSetField (tif, TIFFTAG_PLANARCONFIG, separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (tiled)
  {
    TIFFSetField (tif, TIFFTAG_TILEWIDTH, cw);
    TIFFSetField (tif, TIFFTAG_TILELENGTH, ch);
  }
  else
    TIFFSetField (tif, TIFFTAG_ROWSPERSTRIP, ch);
  for (guint plane = 0; plane < (separate ? n : 1); plane++)
    for (guint y0 = 0; y0 < h; y0 += ch)
      for (guint x0 = 0; x0 < w; x0 += cw, index++)
      {
        const guint rows = MIN (ch, h - y0);
        for (guint y = 0; y < rows; y++)
          for (guint x = 0; x < MIN (cw, w - x0); x++)
            for (guint c = 0; c < step; c++)
              chunk[(y * cw + x) * step + c] = pixels[((y0 + y) * w + x0 + x) * n + (separate ? plane : c)];
        const tmsize_t size = (tmsize_t)(sizeof (guint16) * cw * step * (tiled ? ch : rows));
        g_assert_cmpint (tiled ? TIFFWriteEncodedTile (tif, index, chunk, size)
                               : TIFFWriteEncodedStrip (tif, index, chunk, size),
                         ==, size);
      }
  TIFFClose (tif);
}

static void
test_tiff_variants (void)
{
  g_autofree char *path = scratch_path ("v.tif");
  g_autoptr (OmniPicture) picture = make_picture (75, 50, 3, FALSE, OMNI_SAMPLE_U16, NULL);
  static const guint16 compressions[] = { COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                                          COMPRESSION_PACKBITS };

  for (guint i = 0; i < G_N_ELEMENTS (compressions); i++)
    for (guint k = 0; k < 4; k++)
    {
      write_tiff_variant (picture, path, k & 1, k & 2, compressions[i]);
      g_autoptr (OmniPicture) back = load (path);
      assert_same_pixels (picture, back);
    }
}

/* Classic little-endian TIFF of one strip with the given tags. */
static void
write_small_tiff (const char *path, guint16 bits, guint16 format, guint16 photometric, const guint16 *palette,
                  guint width, gconstpointer data, tmsize_t size)
{
  TIFF *tif = TIFFOpen (path, "w");

  TIFFSetField (tif, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField (tif, TIFFTAG_IMAGELENGTH, 1);
  TIFFSetField (tif, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField (tif, TIFFTAG_SAMPLEFORMAT, format);
  TIFFSetField (tif, TIFFTAG_PHOTOMETRIC, photometric);
  if (palette != NULL)
    TIFFSetField (tif, TIFFTAG_COLORMAP, palette, palette, palette);
  g_assert_cmpint (TIFFWriteEncodedStrip (tif, 0, (void *)data, size), ==, size);
  TIFFClose (tif);
}

/* A page of `width` × 1 grey pixels at the end of the file. */
static void
add_tiff_page (const char *path, guint width, guint32 kind)
{
  static const guint8 pixels[64] = { 0 };
  TIFF *tif = TIFFOpen (path, "a");

  TIFFSetField (tif, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField (tif, TIFFTAG_IMAGELENGTH, 1);
  TIFFSetField (tif, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField (tif, TIFFTAG_PHOTOMETRIC, kind == FILETYPE_MASK ? PHOTOMETRIC_MASK : PHOTOMETRIC_MINISBLACK);
  TIFFSetField (tif, TIFFTAG_SUBFILETYPE, kind);
  g_assert_cmpint (TIFFWriteEncodedStrip (tif, 0, (void *)pixels, width), ==, width);
  TIFFWriteDirectory (tif);
  TIFFClose (tif);
}

/* Thumbnails and masks may follow the picture, other pictures may not: they would be dropped without a word. */
static void
test_tiff_pages (void)
{
  const guint8 row[64] = { 1, 2, 3 };
  g_autofree char *path = scratch_path ("pages.tif");
  g_autoptr (GError) error = NULL;
  OmniPictureInfo info;

  write_small_tiff (path, 8, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, NULL, 64, row, 64);
  add_tiff_page (path, 40, FILETYPE_REDUCEDIMAGE);
  add_tiff_page (path, 64, FILETYPE_MASK);
  g_assert_true (omni_picture_probe (path, &info, NULL));
  g_autoptr (OmniPicture) first = load (path);
  g_assert_cmpuint (omni_picture_get_width (first), ==, 64);
  g_assert_cmpmem (omni_picture_get_pixels (first), 64, row, 64);

  add_tiff_page (path, 64, 0);
  add_tiff_page (path, 60, FILETYPE_PAGE);
  g_assert_null (omni_picture_read (path, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, "pages.tif"));
  g_assert_nonnull (strstr (error->message, "it holds 3 pages; save each as a file of its own"));
  g_assert_false (omni_picture_probe (path, &info, NULL));
}

static void
test_tiff_samples (void)
{
  g_autofree char *path = scratch_path ("s.tif");
  static const guint8 bits = 0xb0; /* 1 0 1 1 */
  static const guint8 grey[2] = { 10, 250 };
  static const guint16 half[4] = { 0x3c00, 0xc000, 0x0001, 0x7c00 };
  static const guint16 palette[2] = { 257 * 7, 257 * 200 };
  static const float expected_half[4] = { 1.0f, -2.0f, 0x1p-24f, INFINITY };

  write_small_tiff (path, 1, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISWHITE, NULL, 4, &bits, 1);
  g_autoptr (OmniPicture) a = load (path);
  g_assert_cmpmem (omni_picture_get_pixels (a), 4, "\x00\xff\x00\x00", 4);

  write_small_tiff (path, 8, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISWHITE, NULL, 2, grey, 2);
  g_autoptr (OmniPicture) b = load (path);
  g_assert_cmpmem (omni_picture_get_pixels (b), 2, "\xf5\x05", 2);

  write_small_tiff (path, 16, SAMPLEFORMAT_IEEEFP, PHOTOMETRIC_MINISBLACK, NULL, 4, half, 8);
  g_autoptr (OmniPicture) c = load (path);
  g_assert_cmpmem (omni_picture_get_pixels (c), 16, expected_half, 16);

  write_small_tiff (path, 1, SAMPLEFORMAT_UINT, PHOTOMETRIC_PALETTE, palette, 4, &bits, 1);
  g_autoptr (OmniPicture) d = load (path);
  g_assert_cmpmem (omni_picture_get_pixels (d), 12, "\xc8\xc8\xc8\x07\x07\x07\xc8\xc8\xc8\xc8\xc8\xc8", 12);

  write_small_tiff (path, 16, SAMPLEFORMAT_INT, PHOTOMETRIC_MINISBLACK, NULL, 4, half, 8);
  assert_unreadable (path, G_IO_ERROR_NOT_SUPPORTED, "signed");
}

static void
test_refusals (void)
{
  g_autofree char *missing = scratch_path ("nothing.png");
  g_autofree char *empty = scratch_path ("empty.png");
  g_autofree char *text = scratch_path ("text.png");
  g_autofree char *fifo = scratch_path ("fifo.png");

  write_bytes (empty, "", 0);
  write_bytes (text, "hello, this is no picture", 25);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_unreadable (missing, G_IO_ERROR_NOT_FOUND, "does not exist");
  assert_unreadable (scratch_folder (), G_IO_ERROR_IS_DIRECTORY, "is a folder");
  assert_unreadable (empty, G_IO_ERROR_INVALID_DATA, "is empty (0 bytes)");
  assert_unreadable (text, G_IO_ERROR_NOT_SUPPORTED,
                     "is not a picture this program can read (JPEG, PNG, WebP, camera raw, TIFF)");
  assert_unreadable (fifo, G_IO_ERROR_NOT_REGULAR_FILE, "a pipe");
}

/* One good file of each format, with its bytes. */
typedef struct
{
  char *path;
  char *data;
  gsize size;
  OmniPicture *picture;
} Sample;

static void
make_samples (Sample samples[6])
{
  static const char *const names[] = { "d.jpg", "d.png", "d16.png", "d.tif", "dz.tif", "d.webp" };
  g_autoptr (OmniPicture) soft = make_soft_picture (50, 37, 3);

  for (guint i = 0; i < 6; i++)
  {
    samples[i].path = scratch_path (names[i]);
    if (i == 5)
      g_object_unref (write_webp (soft, samples[i].path, FALSE));
    else
      save (soft, samples[i].path,
            (OmniWriteOptions){ .depth = i == 2 ? OMNI_DEPTH_16 : OMNI_DEPTH_AUTO, .tiff_deflate = i == 4 });
    samples[i].picture = load (samples[i].path);
    g_assert_true (g_file_get_contents (samples[i].path, &samples[i].data, &samples[i].size, NULL));
  }
}

static void
clear_samples (Sample samples[6])
{
  for (guint i = 0; i < 6; i++)
  {
    g_free (samples[i].path);
    g_free (samples[i].data);
    g_object_unref (samples[i].picture);
  }
}

/* An error that names the file, or the right picture; never anything else. */
static void
test_truncation (void)
{
  Sample samples[6];

  make_samples (samples);
  for (guint i = 0; i < 6; i++)
    for (gsize size = 1; size < samples[i].size; size += 1 + size / 23)
    {
      g_autoptr (GError) error = NULL;
      write_bytes (samples[i].path, samples[i].data, size);
      g_autoptr (OmniPicture) picture = omni_picture_read (samples[i].path, NULL, &error);
      if (picture != NULL)
        assert_same_pixels (picture, samples[i].picture);
      else
        g_assert_nonnull (strstr (error->message, samples[i].path));
      /* What lies in the middle can never be whole. */
      if (size < samples[i].size * 9 / 10)
        g_assert_null (picture);
    }
  clear_samples (samples);
}

static void
test_random_damage (void)
{
  Sample samples[6];
  guint n_refused = 0;

  make_samples (samples);
  g_setenv ("OMNIFUSE_MAX_PIXELS", "4000000", TRUE);
  for (guint i = 0; i < 6; i++)
    for (guint round = 0; round < 500; round++)
    {
      g_autofree char *damaged = g_memdup2 (samples[i].data, samples[i].size);
      const guint n_flips = (guint)g_test_rand_int_range (1, 8);
      for (guint k = 0; k < n_flips; k++)
      {
        /* Every other time near the front, where the header is. */
        const gsize limit = k % 2 == 0 ? MIN (samples[i].size, 256) : samples[i].size;
        damaged[g_test_rand_int_range (0, (gint32)limit)] ^= (char)g_test_rand_int_range (1, 256);
      }
      g_autoptr (GError) error = NULL;
      write_bytes (samples[i].path, damaged, samples[i].size);
      g_autoptr (OmniPicture) picture = omni_picture_read (samples[i].path, NULL, &error);
      g_autoptr (OmniPicture) small = omni_picture_read_scaled (samples[i].path, 16, NULL, NULL);
      g_assert_true ((picture == NULL) == (error != NULL));
      n_refused += picture == NULL ? 1 : 0;
    }
  g_unsetenv ("OMNIFUSE_MAX_PIXELS");
  g_assert_cmpuint (n_refused, >, 500);
  clear_samples (samples);
}

/* Small files whose headers promise 65,535² pixels, and 15,000², which is below the limit but not plausible. */
static void
test_bombs (void)
{
  static const guint sides[] = { 65535, 15000 };
  Sample samples[6];

  make_samples (samples);
  for (guint k = 0; k < 2; k++)
  {
    const int code = k == 0 ? G_IO_ERROR_NO_SPACE : G_IO_ERROR_INVALID_DATA;
    guint8 *png = (guint8 *)samples[1].data;
    put_be32 (png + 16, sides[k]);
    put_be32 (png + 20, sides[k]);
    put_be32 (png + 29, png_crc (png + 12, 17));
    write_bytes (samples[1].path, png, 900);
    assert_unreadable (samples[1].path, code, k == 0 ? "the limit is 400 million" : "cannot hold them");

    guint8 *jpeg = (guint8 *)samples[0].data;
    guint8 *frame = memmem (jpeg, samples[0].size, "\xff\xc0\x00\x11\x08", 5);
    g_assert_nonnull (frame);
    /* 65,500 is libjpeg's own limit. */
    const guint jpeg_side = MIN (sides[k], 65500);
    frame[5] = frame[7] = (guint8)(jpeg_side >> 8);
    frame[6] = frame[8] = (guint8)jpeg_side;
    write_bytes (samples[0].path, jpeg, 1000);
    assert_unreadable (samples[0].path, code, k == 0 ? "65500 × 65500" : "15000 × 15000");

    TIFF *tif = TIFFOpen (samples[4].path, "r+");
    TIFFSetField (tif, TIFFTAG_IMAGEWIDTH, sides[k]);
    TIFFSetField (tif, TIFFTAG_IMAGELENGTH, sides[k]);
    TIFFRewriteDirectory (tif);
    TIFFClose (tif);
    assert_unreadable (samples[4].path, code, "pixels");
  }
  clear_samples (samples);
}

/* What the bounds must not refuse: plain pictures that compress as far as the format can. */
static void
test_plain_surfaces (void)
{
  gsize size = 0;
  guint8 *pixels = omni_picture_try_alloc_pixels (6000, 4000, 1, OMNI_SAMPLE_U8, &size, NULL);
  g_autoptr (OmniPicture) black = omni_picture_new (6000, 4000, 1, FALSE, OMNI_SAMPLE_U8,
                                                    g_bytes_new_take (pixels, size), NULL, NULL, NULL);
  static const char *const names[] = { "black.png", "black.jpg", "black.tif" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autofree char *path = scratch_path (names[i]);
    save (black, path, (OmniWriteOptions){ .tiff_deflate = TRUE });
    g_autoptr (OmniPicture) back = load (path);
    g_assert_cmpuint (omni_picture_get_width (back), ==, 6000);
    g_unlink (path);
  }

  g_autoptr (OmniPicture) ribbon = make_picture (100000, 10, 1, FALSE, OMNI_SAMPLE_U8, NULL);
  g_autofree char *path = scratch_path ("ribbon.png");
  save (ribbon, path, (OmniWriteOptions){ 0 });
  g_autoptr (OmniPicture) back = load (path);
  assert_same_pixels (ribbon, back);
}

static void
test_thumbnails (void)
{
  static const char *const names[] = { "t.jpg", "t.png", "t.tif" };
  g_autoptr (OmniPicture) soft = make_soft_picture (900, 600, 3);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autofree char *path = scratch_path (names[i]);
    save (soft, path, (OmniWriteOptions){ .depth = i > 0 ? OMNI_DEPTH_16 : OMNI_DEPTH_AUTO });
    g_autoptr (OmniPicture) small = omni_picture_read_scaled (path, 128, NULL, NULL);
    g_assert_nonnull (small);
    g_assert_cmpuint (omni_picture_get_width (small), ==, 128);
    g_assert_cmpuint (omni_picture_get_height (small), ==, 85);
    g_assert_cmpuint (omni_picture_get_sample_type (small), ==, OMNI_SAMPLE_U8);
    /* The middle of the small picture looks like the middle of the large one. */
    const guint8 *a = omni_picture_get_pixels (soft);
    const guint8 *b = omni_picture_get_pixels (small);
    g_assert_cmpint (abs (a[(300 * 900 + 450) * 3] - b[(42 * 128 + 64) * 3]), <, 24);
    g_autoptr (OmniPicture) large = omni_picture_read_scaled (path, 5000, NULL, NULL);
    g_assert_cmpuint (omni_picture_get_width (large), ==, 900);
  }
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = scratch_path ("a.png");

  g_cancellable_cancel (cancellable);
  g_assert_null (omni_picture_read (path, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_real_pictures (void)
{
  static const struct
  {
    const char *path;
    guint width;
    guint channels;
    OmniSampleType type;
  } cases[] = { { "data/pansharpen/wv2/ms.tif", 320, 4, OMNI_SAMPLE_U16 },
                { "data/pansharpen/wv2/pan.tif", 1280, 1, OMNI_SAMPLE_U16 },
                { "prototype/case/source0.tif", 201, 1, OMNI_SAMPLE_F32 },
                { "data/exposure/deepfuse-Seq_00/00.jpg", 1200, 3, OMNI_SAMPLE_U8 },
                { "data/infrared/FLIR_00006/infrared.jpg", 0, 0, OMNI_SAMPLE_U8 } };
  const char *root = g_getenv ("OMNIFUSE_SOURCE_ROOT");
  g_autofree char *shared = g_strdup (g_getenv ("OMNIFUSE_SHARED"));

  if (shared == NULL)
    shared = g_build_filename (root != NULL ? root : ".", "..", "shared", NULL);
  if (!g_file_test (shared, G_FILE_TEST_IS_DIR))
  {
    g_test_skip ("the shared pictures are not here (OMNIFUSE_SHARED)");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autofree char *path = g_build_filename (shared, cases[i].path, NULL);
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      continue;
    g_autoptr (OmniPicture) picture = load (path);
    g_test_message ("%s: %u × %u × %u", cases[i].path, omni_picture_get_width (picture),
                    omni_picture_get_height (picture), omni_picture_get_channels (picture));
    g_assert_cmpuint (omni_picture_get_sample_type (picture), ==, cases[i].type);
    if (cases[i].width > 0)
      g_assert_cmpuint (omni_picture_get_width (picture), ==, cases[i].width);
    if (cases[i].channels > 0)
      g_assert_cmpuint (omni_picture_get_channels (picture), ==, cases[i].channels);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TIFFSetWarningHandler (NULL); /* those of the tests themselves */
  g_test_add_func ("/files/read/round-trips", test_round_trips);
  g_test_add_func ("/files/read/jpeg", test_jpeg_round_trip);
  g_test_add_func ("/files/read/special-floats", test_special_floats);
  g_test_add_func ("/files/read/webp", test_webp);
  g_test_add_func ("/files/read/orientations", test_orientations);
  g_test_add_func ("/files/read/orientations-png-webp", test_orientations_png_webp);
  g_test_add_func ("/files/read/tiff-variants", test_tiff_variants);
  g_test_add_func ("/files/read/tiff-pages", test_tiff_pages);
  g_test_add_func ("/files/read/tiff-samples", test_tiff_samples);
  g_test_add_func ("/files/read/refusals", test_refusals);
  g_test_add_func ("/files/read/truncation", test_truncation);
  g_test_add_func ("/files/read/random-damage", test_random_damage);
  g_test_add_func ("/files/read/bombs", test_bombs);
  g_test_add_func ("/files/read/plain-surfaces", test_plain_surfaces);
  g_test_add_func ("/files/read/thumbnails", test_thumbnails);
  g_test_add_func ("/files/read/cancel", test_cancel);
  g_test_add_func ("/files/read/real-pictures", test_real_pictures);

  const int result = g_test_run ();
  remove_scratch ();
  return result;
}
