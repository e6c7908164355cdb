/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/report/html.h"

#include "app/files/colour-profile.h"
#include "app/files/output.h"
#include "app/files/reader.h"
#include "app/files/writer.h"
#include "app/picture/resample.h"
#include "report-resource.h"

#include <math.h>
#include <string.h>

#define JPEG_QUALITY 88

/* Charts, in units of the viewBox; the label is cut to what its column holds. */
#define CHART_WIDTH     272
#define CHART_ROW       18
#define CHART_LABEL     94
#define CHART_TRACK     126
#define CHART_MAX_CHARS 16

struct _OmniHtml
{
  GString *text;
  guint n_pictures;
};

/* ---- Text ---- */

/* Control characters are not allowed in XML, not even escaped. */
static void
append_escaped (GString *text, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  for (char *at = valid; *at != '\0'; at++)
    if (((guchar)*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f)
      *at = ' ';
  g_autofree char *escaped = g_markup_escape_text (valid, -1);
  g_string_append (text, escaped);
}

/* <name attributes>value</name>; `tag` is "name attributes". */
static void
append_element (GString *text, const char *tag, const char *value)
{
  g_string_append_printf (text, "<%s>", tag);
  append_escaped (text, value);
  g_string_append_printf (text, "</%.*s>\n", (int)strcspn (tag, " "), tag);
}

static void
append_attribute (GString *text, const char *name, const char *value)
{
  g_string_append_printf (text, " %s=\"", name);
  append_escaped (text, value);
  g_string_append_c (text, '"');
}

static void
append_resource (GString *text, const char *name)
{
  static gsize registered = 0;
  if (g_once_init_enter (&registered))
  {
    omni_report_register_resource ();
    g_once_init_leave (&registered, 1);
  }
  g_autofree char *path = g_strconcat ("/io/github/omnifuse/report/", name, NULL);
  g_autoptr (GBytes)
    bytes = g_resource_lookup_data (omni_report_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_return_if_fail (bytes != NULL);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_string_append_len (text, data, (gssize)size);
}

static const char *
mark_to_class (OmniHtmlMark mark)
{
  return mark == OMNI_HTML_BEST ? "best" : mark == OMNI_HTML_SECOND ? "second" : "";
}

/* ---- The page ---- */

OmniHtml *
omni_html_new (const char *title, const char *lead)
{
  OmniHtml *self = g_new0 (OmniHtml, 1);
  self->text = g_string_new ("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
  append_element (self->text, "title", title);
  g_string_append (self->text, "<style>\n");
  append_resource (self->text, "page.css");
  g_string_append (self->text, "</style>\n</head>\n<body>\n<header>\n");
  append_element (self->text, "h1", title);
  if (lead != NULL)
    append_element (self->text, "p class=\"lead\"", lead);
  g_string_append (self->text, "</header>\n<main>\n");
  return self;
}

void
omni_html_free (OmniHtml *self)
{
  if (self == NULL)
    return;
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_free (self);
}

void
omni_html_add_facts (OmniHtml *self, const char *const *facts)
{
  g_string_append (self->text, "<dl class=\"facts\">\n");
  for (guint i = 0; facts[i] != NULL; i += 2)
  {
    g_string_append (self->text, "<div>");
    append_element (self->text, "dt", facts[i]);
    append_element (self->text, "dd", facts[i + 1]);
    g_string_append (self->text, "</div>\n");
  }
  g_string_append (self->text, "</dl>\n");
}

void
omni_html_add_heading (OmniHtml *self, guint level, const char *id, const char *title, const char *detail)
{
  g_return_if_fail (level == 2 || level == 3);

  g_string_append_printf (self->text, "<h%u", level);
  if (id != NULL)
    append_attribute (self->text, "id", id);
  g_string_append_c (self->text, '>');
  append_escaped (self->text, title);
  if (detail != NULL)
  {
    g_string_append_c (self->text, ' ');
    append_element (self->text, "small", detail);
  }
  g_string_append_printf (self->text, "</h%u>\n", level);
}

void
omni_html_add_links (OmniHtml *self, const char *const *links)
{
  g_string_append (self->text, "<ul class=\"links\">\n");
  for (guint i = 0; links[i] != NULL; i += 2)
  {
    g_autofree char *target = g_strconcat ("#", links[i + 1], NULL);
    g_string_append (self->text, "<li><a");
    append_attribute (self->text, "href", target);
    g_string_append_c (self->text, '>');
    append_escaped (self->text, links[i]);
    g_string_append (self->text, "</a></li>\n");
  }
  g_string_append (self->text, "</ul>\n");
}

void
omni_html_add_paragraph (OmniHtml *self, const char *text)
{
  append_element (self->text, "p", text);
}

void
omni_html_add_note (OmniHtml *self, const char *text)
{
  append_element (self->text, "p class=\"note\"", text);
}

void
omni_html_add_list (OmniHtml *self, const char *const *items)
{
  g_string_append (self->text, "<ul class=\"plain\">\n");
  for (guint i = 0; items[i] != NULL; i++)
    append_element (self->text, "li", items[i]);
  g_string_append (self->text, "</ul>\n");
}

/* ---- Tables ---- */

static void
append_cell (GString *text, const char *name, const OmniHtmlCell *cell)
{
  g_string_append_printf (text, "<%s", name);
  if (cell->mark != OMNI_HTML_PLAIN)
    append_attribute (text, "class", mark_to_class (cell->mark));
  if (cell->tip != NULL)
    append_attribute (text, "title", cell->tip);
  if (cell->is_number && isfinite (cell->value))
  {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    append_attribute (text, "data-value", g_ascii_dtostr (number, sizeof number, cell->value));
  }
  g_string_append (text, "><b>");
  append_escaped (text, cell->text);
  g_string_append (text, "</b>");
  if (cell->detail != NULL)
    append_element (text, "small", cell->detail);
  g_string_append_printf (text, "</%s>\n", name);
}

void
omni_html_begin_table (OmniHtml *self, const char *caption, const OmniHtmlCell *headings, guint n)
{
  g_string_append (self->text, "<div class=\"scroll\"><table class=\"sortable\">\n");
  if (caption != NULL)
    append_element (self->text, "caption", caption);
  g_string_append (self->text, "<thead><tr>\n");
  for (guint i = 0; i < n; i++)
    append_cell (self->text, "th", &headings[i]);
  g_string_append (self->text, "</tr></thead>\n<tbody>\n");
}

void
omni_html_add_row (OmniHtml *self, const OmniHtmlCell *cells, guint n, gboolean ours)
{
  g_string_append (self->text, ours ? "<tr class=\"ours\">\n" : "<tr>\n");
  for (guint i = 0; i < n; i++)
    append_cell (self->text, "td", &cells[i]);
  g_string_append (self->text, "</tr>\n");
}

void
omni_html_end_table (OmniHtml *self)
{
  g_string_append (self->text, "</tbody></table></div>\n");
}

/* ---- Charts ---- */

/* Values that differ by less of their size are the same: an axis cannot be divided by the last bits of a double. */
#define SAME_VALUE 1e-9

/* 1, 2 or 5 times a power of ten, so that about five steps make `span`. */
static double
choose_step (double span)
{
  const double raw = span / 5, power = pow (10, floor (log10 (raw))), digit = raw / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

void
omni_html_choose_axis (const double *values, guint n, double *low, double *high)
{
  double least = INFINITY, most = -INFINITY;
  for (guint i = 0; i < n; i++)
    if (isfinite (values[i]))
    {
      least = MIN (least, values[i]);
      most = MAX (most, values[i]);
    }
  *low = 0;
  *high = 1;
  if (!(least <= most))
    return;
  if (most - least <= SAME_VALUE * MAX (fabs (least), fabs (most)))
    most = least;
  /* Differences of less than a third of the largest value cannot be seen on bars from 0. */
  const gboolean from_zero = least >= 0 && most > 0 && (most == least || most - least >= most / 3);
  const double span = most > least ? most - least : MAX (fabs (most), 1) * 0.1;
  const double step = choose_step (from_zero ? most : span);
  *low = from_zero ? 0 : floor (least / step) * step;
  if (least == *low && !from_zero && least != 0)
    *low -= step;
  *high = ceil (most / step) * step;
  if (*high <= *low)
    *high = *low + step;
}

/* (transfer full) What fits beside a bar. */
static char *
shorten (const char *label)
{
  g_autofree char *valid = g_utf8_make_valid (label, -1);
  if (g_utf8_strlen (valid, -1) <= CHART_MAX_CHARS)
    return g_steal_pointer (&valid);
  g_autofree char *start = g_utf8_substring (valid, 0, CHART_MAX_CHARS - 1);
  return g_strconcat (start, "…", NULL);
}

/* Places in hundredths are enough, and integers need no locale. */
static void
append_rectangle (GString *text, const char *class, guint y, double width)
{
  const int hundredths = (int)(width * 100 + 0.5);
  g_string_append_printf (text,
                          "<rect class=\"%s\" x=\"%d\" y=\"%u\" width=\"%d.%02d\" height=\"9\" rx=\"2\"/>",
                          class, CHART_LABEL, y + 5, hundredths / 100, hundredths % 100);
}

static void
append_bar (GString *text, const OmniHtmlBar *bar, guint y, double low, double high)
{
  g_autofree char *label = shorten (bar->label);
  g_string_append_printf (text, "<text x=\"0\" y=\"%u\">", y + 13);
  append_escaped (text, label);
  g_string_append (text, "</text>");
  append_rectangle (text, "track", y, CHART_TRACK);
  if (isfinite (bar->value))
    append_rectangle (text, bar->ours ? "ours" : "bar", y,
                      CLAMP ((bar->value - low) / (high - low), 0, 1) * CHART_TRACK);
  g_string_append_printf (text, "<text class=\"%s\" x=\"%d\" y=\"%u\" text-anchor=\"end\">",
                          mark_to_class (bar->mark), CHART_WIDTH, y + 13);
  append_escaped (text, bar->text);
  g_string_append (text, "</text>\n");
}

static void
append_axis (GString *text, guint y, double low, double high)
{
  g_string_append_printf (text, "<text class=\"axis\" x=\"%d\" y=\"%u\">%g</text>", CHART_LABEL, y, low);
  g_string_append_printf (text, "<text class=\"axis\" x=\"%d\" y=\"%u\" text-anchor=\"end\">%g</text>\n",
                          CHART_LABEL + CHART_TRACK, y, high);
}

void
omni_html_begin_whole (OmniHtml *self)
{
  g_string_append (self->text, "<section class=\"whole\">\n");
}

void
omni_html_end_whole (OmniHtml *self)
{
  g_string_append (self->text, "</section>\n");
}

void
omni_html_begin_charts (OmniHtml *self)
{
  g_string_append (self->text, "<div class=\"charts\">\n");
}

void
omni_html_add_chart (OmniHtml *self, const char *title, const OmniHtmlBar *bars, guint n, double low,
                     double high)
{
  g_return_if_fail (low < high);

  const guint height = n * CHART_ROW + 14;
  g_string_append (self->text, "<figure class=\"chart\">");
  append_element (self->text, "figcaption", title);
  g_string_append_printf (self->text, "<svg viewBox=\"0 0 %d %u\" role=\"img\"", CHART_WIDTH, height);
  append_attribute (self->text, "aria-label", title);
  g_string_append (self->text, ">\n");
  for (guint i = 0; i < n; i++)
    append_bar (self->text, &bars[i], i * CHART_ROW, low, high);
  append_axis (self->text, height - 3, low, high);
  g_string_append (self->text, "</svg></figure>\n");
}

void
omni_html_end_charts (OmniHtml *self)
{
  g_string_append (self->text, "</div>\n");
}

/* ---- Curves ---- */

#define CURVES_WIDTH  320
#define CURVES_HEIGHT 170
#define CURVES_LEFT   44
#define CURVES_TOP    8
#define CURVES_RIGHT  8
#define CURVES_BOTTOM 20
#define N_CURVE_LOOKS 6
#define MAX_GRID      12

typedef struct
{
  double low_x, high_x, low_y, high_y; /* of y: the logarithms, when `logarithmic` */
  gboolean logarithmic;
} CurveAxes;

/* Tenths of a unit, without a locale. */
static void
append_place (GString *text, double value)
{
  const int tenths = (int)floor (value * 10 + 0.5);
  g_string_append_printf (text, "%d.%d", tenths / 10, tenths % 10);
}

static double
place_x (const CurveAxes *axes, double x)
{
  const double part = (x - axes->low_x) / (axes->high_x - axes->low_x);
  return CURVES_LEFT + part * (CURVES_WIDTH - CURVES_LEFT - CURVES_RIGHT);
}

static double
place_y (const CurveAxes *axes, double y)
{
  const double value = axes->logarithmic ? log10 (y) : y;
  const double part = CLAMP ((value - axes->low_y) / (axes->high_y - axes->low_y), 0, 1);
  return CURVES_HEIGHT - CURVES_BOTTOM - part * (CURVES_HEIGHT - CURVES_TOP - CURVES_BOTTOM);
}

static gboolean
is_drawable (const CurveAxes *axes, double y)
{
  return isfinite (y) && (!axes->logarithmic || y > 0);
}

/* 10 to `power`, rounded down or up to 1, 2 or 5 of its decade. */
static double
round_log (double power, gboolean up)
{
  const double decade = pow (10, floor (power)), digit = pow (10, power) / decade;
  if (up)
    return decade * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  return decade * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
}

static void
choose_curve_axes (CurveAxes *axes, const OmniHtmlCurve *curves, guint n)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  axes->low_x = INFINITY;
  axes->high_x = -INFINITY;
  for (guint k = 0; k < n; k++)
    for (guint i = 0; i < curves[k].n; i++)
    {
      axes->low_x = MIN (axes->low_x, curves[k].x[i]);
      axes->high_x = MAX (axes->high_x, curves[k].x[i]);
      if (!is_drawable (axes, curves[k].y[i]))
        continue;
      const double value = axes->logarithmic ? log10 (curves[k].y[i]) : curves[k].y[i];
      g_array_append_val (values, value);
    }
  if (!(axes->low_x < axes->high_x))
  {
    axes->low_x = isfinite (axes->low_x) ? axes->low_x - 0.5 : 0;
    axes->high_x = axes->low_x + 1;
  }
  const double *all = (const double *)(gpointer)values->data;
  if (!axes->logarithmic)
  {
    omni_html_choose_axis (all, values->len, &axes->low_y, &axes->high_y);
    return;
  }
  axes->low_y = INFINITY;
  axes->high_y = -INFINITY;
  for (guint i = 0; i < values->len; i++)
  {
    axes->low_y = MIN (axes->low_y, all[i]);
    axes->high_y = MAX (axes->high_y, all[i]);
  }
  axes->low_y = values->len > 0 ? log10 (round_log (axes->low_y, FALSE)) : 0;
  axes->high_y = values->len > 0 ? log10 (round_log (axes->high_y, TRUE)) : 1;
  if (axes->low_y >= axes->high_y)
    axes->low_y = axes->high_y - 1;
}

static void
append_grid_line (GString *text, const CurveAxes *axes, double value)
{
  const int y = (int)place_y (axes, value);
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append_printf (text, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", CURVES_LEFT,
                          CURVES_WIDTH - CURVES_RIGHT, y, y);
  g_string_append_printf (text, "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
                          CURVES_LEFT - 5, y + 3, g_ascii_formatd (number, sizeof number, "%.5g", value));
}

/* 1, 2 and 5 in every decade, or over more than two decades the decades alone. */
static void
append_logarithmic_grid (GString *text, const CurveAxes *axes)
{
  static const double digits[] = { 1, 2, 5 };
  const guint n_digits = axes->high_y - axes->low_y > 2.01 ? 1 : G_N_ELEMENTS (digits);
  for (int decade = (int)floor (axes->low_y); decade <= axes->high_y; decade++)
    for (guint i = 0; i < n_digits; i++)
    {
      const double value = digits[i] * pow (10, decade), place = log10 (value);
      if (place > axes->low_y - 1e-9 && place < axes->high_y + 1e-9)
        append_grid_line (text, axes, value);
    }
}

static void
append_curve_grid (GString *text, const CurveAxes *axes)
{
  const double step_y = choose_step (axes->high_y - axes->low_y);
  const double step_x = MAX (1, choose_step (axes->high_x - axes->low_x));
  if (axes->logarithmic)
    append_logarithmic_grid (text, axes);
  for (guint i = 0; i < MAX_GRID && !axes->logarithmic; i++)
  {
    const double at = axes->low_y + i * step_y;
    if (at < axes->high_y + step_y / 2)
      append_grid_line (text, axes, fabs (at) < step_y / 1000 ? 0 : at);
  }
  for (guint i = 0; i < MAX_GRID; i++)
  {
    const double at = (ceil (axes->low_x / step_x) + i) * step_x;
    if (at <= axes->high_x)
      g_string_append_printf (
        text, "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n",
        MIN ((int)place_x (axes, at), CURVES_WIDTH - CURVES_RIGHT - 10), CURVES_HEIGHT - 5, at);
  }
}

static void
append_curve (GString *text, const CurveAxes *axes, const OmniHtmlCurve *curve, guint look)
{
  guint n_drawn = 0;
  double x = 0, y = 0;
  g_string_append_printf (text, "<polyline class=\"curve look%u\" points=\"", look);
  for (guint i = 0; i < curve->n; i++)
  {
    if (!is_drawable (axes, curve->y[i]))
      continue;
    x = place_x (axes, curve->x[i]);
    y = place_y (axes, curve->y[i]);
    append_place (text, x);
    g_string_append_c (text, ',');
    append_place (text, y);
    g_string_append_c (text, ' ');
    n_drawn++;
  }
  g_string_append (text, "\"/>\n");
  if (n_drawn == 1)
    g_string_append_printf (text, "<circle class=\"dot look%u\" cx=\"%d\" cy=\"%d\" r=\"3\"/>\n", look,
                            (int)x, (int)y);
}

void
omni_html_add_curves (OmniHtml *self, const char *title, const OmniHtmlCurve *curves, guint n,
                      gboolean logarithmic)
{
  CurveAxes axes = { .logarithmic = logarithmic };
  choose_curve_axes (&axes, curves, n);
  g_string_append (self->text, "<figure class=\"chart curves\">");
  append_element (self->text, "figcaption", title);
  g_string_append_printf (self->text, "<svg viewBox=\"0 0 %d %d\" role=\"img\"", CURVES_WIDTH, CURVES_HEIGHT);
  append_attribute (self->text, "aria-label", title);
  g_string_append (self->text, ">\n");
  append_curve_grid (self->text, &axes);
  for (guint k = 0; k < n; k++)
    append_curve (self->text, &axes, &curves[k], k % N_CURVE_LOOKS);
  g_string_append (self->text, "</svg>\n<p class=\"legend\">");
  for (guint k = 0; k < n; k++)
  {
    if (curves[k].n == 0)
      continue;
    g_autofree char *tag = g_strdup_printf ("span class=\"look%u\"", k % N_CURVE_LOOKS);
    append_element (self->text, tag, curves[k].label);
  }
  g_string_append (self->text, "</p></figure>\n");
}

/* ---- Pictures ---- */

void
omni_html_image_clear (OmniHtmlImage *image)
{
  g_clear_pointer (&image->data, g_bytes_unref);
}

/* (transfer full) */
static OmniPicture *
make_small (OmniPicture *picture, guint max_px, GCancellable *cancellable, GError **error)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint longest = MAX (width, height);
  if (longest <= max_px)
    return g_object_ref (picture);
  return omni_picture_resample (picture, MAX (1, (guint)((guint64)width * max_px / longest)),
                                MAX (1, (guint)((guint64)height * max_px / longest)), cancellable, error);
}

gboolean
omni_html_image_encode (OmniHtmlImage *image, OmniPicture *picture, guint max_px, GCancellable *cancellable,
                        GError **error)
{
  const OmniWriteOptions options = { .depth = OMNI_DEPTH_8, .jpeg_quality = JPEG_QUALITY };
  g_autoptr (OmniPicture) small = make_small (picture, max_px, cancellable, error);
  if (small == NULL)
    return FALSE;
  g_autoptr (OmniPicture) shown = omni_picture_convert_profile (small, NULL, error);
  if (shown == NULL)
    return FALSE;
  *image = (OmniHtmlImage){ .mime = "image/jpeg",
                            .width = omni_picture_get_width (shown),
                            .height = omni_picture_get_height (shown) };
  /* JPEG refuses what is not opaque. */
  image->data = omni_picture_encode (shown, ".jpg", &options, NULL);
  if (image->data != NULL)
    return TRUE;
  image->mime = "image/png";
  image->data = omni_picture_encode (shown, ".png", &options, error);
  return image->data != NULL;
}

gboolean
omni_html_image_load (OmniHtmlImage *image, const char *path, GError **error)
{
  OmniPictureInfo info;
  char *contents;
  gsize size;
  if (!omni_picture_probe (path, &info, error) || !g_file_get_contents (path, &contents, &size, error))
    return FALSE;
  *image = (OmniHtmlImage){ .data = g_bytes_new_take (contents, size),
                            .mime = g_str_equal (info.format_name, "PNG") ? "image/png" : "image/jpeg",
                            .width = info.width,
                            .height = info.height };
  return TRUE;
}

static void
append_image (GString *text, const OmniHtmlPicture *picture)
{
  gsize size;
  const guchar *data = g_bytes_get_data (picture->image->data, &size);
  g_autofree char *base64 = g_base64_encode (data, size);
  g_string_append_printf (text, "<img loading=\"lazy\" width=\"%u\" height=\"%u\"", picture->image->width,
                          picture->image->height);
  append_attribute (text, "alt", picture->title);
  g_string_append_printf (text, " src=\"data:%s;base64,", picture->image->mime);
  g_string_append (text, base64);
  g_string_append (text, "\"/>");
}

static void
append_caption (GString *text, const OmniHtmlPicture *picture)
{
  g_string_append (text, "<figcaption>");
  append_escaped (text, picture->title);
  if (picture->detail != NULL)
    append_element (text, "small", picture->detail);
  g_string_append (text, "</figcaption>");
}

/* The number of the next picture that can be seen, in direction `step`, going round. */
static guint
find_neighbour (const OmniHtmlPicture *pictures, guint n, guint from, guint step)
{
  guint at = from;
  do
    at = (at + step) % n;
  while (pictures[at].image == NULL);
  return at;
}

void
omni_html_add_gallery (OmniHtml *self, const OmniHtmlPicture *pictures, guint n)
{
  GString *text = self->text;
  const guint first = self->n_pictures;
  self->n_pictures += n;
  g_string_append (text, "<div class=\"gallery\">\n");
  for (guint i = 0; i < n; i++)
  {
    const char *class = pictures[i].ours ? "picture ours" : "picture";
    g_string_append_printf (text, "<div class=\"%s\" id=\"c%u\"><figure class=\"%s\" id=\"p%u\">",
                            pictures[i].starts_row ? "cell row" : "cell", first + i, class, first + i);
    if (pictures[i].image != NULL)
    {
      g_string_append_printf (text, "<a href=\"#p%u\">", first + i);
      append_image (text, &pictures[i]);
      g_string_append (text, "</a>");
    }
    append_caption (text, &pictures[i]);
    if (pictures[i].image != NULL)
      g_string_append_printf (
        text,
        "<nav><a class=\"back\" href=\"#p%u\">‹</a><a class=\"close\" href=\"#c%u\">×</a>"
        "<a class=\"on\" href=\"#p%u\">›</a></nav>",
        first + find_neighbour (pictures, n, i, n - 1), first + i,
        first + find_neighbour (pictures, n, i, 1));
    g_string_append (text, "</figure></div>\n");
  }
  g_string_append (text, "</div>\n");
}

/* ---- The file ---- */

GBytes *
omni_html_finish (OmniHtml *self)
{
  g_return_val_if_fail (self->text != NULL, NULL);

  g_string_append (self->text, "</main>\n<script>\n");
  append_resource (self->text, "page.js");
  g_string_append (self->text, "</script>\n</body>\n</html>\n");
  return g_string_free_to_bytes (g_steal_pointer (&self->text));
}

gboolean
omni_html_save (OmniHtml *self, const char *path, gboolean force, GError **error)
{
  g_autoptr (GBytes) bytes = omni_html_finish (self);
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  return omni_file_replace_contents_atomic (path, data, size, force, error);
}
