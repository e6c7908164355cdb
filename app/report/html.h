/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* Writes a report as one self-contained HTML file: style, script and pictures stand in it, nothing is fetched. It works
 * without the script, in light and dark, on paper, and is well-formed XML. Knows nothing of what is reported.
 *
 * Parts come out in the order of the calls. All text is plain text, escaped here; it need not be valid UTF-8. A number is
 * passed as text for people and as a value to sort by. One thread at a time. */
typedef struct _OmniHtml OmniHtml;

/* The page's head: its title and (nullable) a line below it. */
OmniHtml *omni_html_new (const char *title, const char *lead);
void omni_html_free (OmniHtml *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniHtml, omni_html_free)

/* Name, value, name, value, …, NULL: date, device and the like, side by side. */
void omni_html_add_facts (OmniHtml *self, const char *const *facts);

/* Level 2 or 3; on paper a level 2 starts a page. `id` (nullable) is what omni_html_add_links() leads to, and `detail`
 * (nullable) stands small beside the title. */
void
omni_html_add_heading (OmniHtml *self, guint level, const char *id, const char *title, const char *detail);

/* Title, id, title, id, …, NULL: leads to the headings of these ids. */
void omni_html_add_links (OmniHtml *self, const char *const *links);

void omni_html_add_paragraph (OmniHtml *self, const char *text);
void omni_html_add_note (OmniHtml *self, const char *text); /* the same, small */
void omni_html_add_list (OmniHtml *self, const char *const *items);

typedef enum
{
  OMNI_HTML_PLAIN,
  OMNI_HTML_BEST,  /* bold */
  OMNI_HTML_SECOND /* underlined */
} OmniHtmlMark;

typedef struct
{
  const char *text;
  const char *detail; /* (nullable) small, below */
  const char *tip;    /* (nullable) shown while the pointer rests on it */
  gboolean is_number; /* sorts by `value`; else by `text` */
  double value;
  OmniHtmlMark mark;
} OmniHtmlCell;

/* A table whose rows can be sorted by a click on a heading. `caption` is nullable. Then rows of as many cells; `ours` sets
 * off the row that the report is about. */
void omni_html_begin_table (OmniHtml *self, const char *caption, const OmniHtmlCell *headings, guint n);
void omni_html_add_row (OmniHtml *self, const OmniHtmlCell *cells, guint n, gboolean ours);
void omni_html_end_table (OmniHtml *self);

typedef struct
{
  const char *label;
  const char *text; /* the value, for people */
  double value;     /* NAN: no bar */
  OmniHtmlMark mark;
  gboolean ours;
} OmniHtmlBar;

/* What is not torn apart by the end of a sheet of paper, if it fits on one: begin, …, end. */
void omni_html_begin_whole (OmniHtml *self);
void omni_html_end_whole (OmniHtml *self);

/* Charts that stand side by side: begin, add, add, …, end. The bars start at `low` and would fill the width at `high`; both
 * are written below, so that an axis that does not start at 0 shows as such. */
void omni_html_begin_charts (OmniHtml *self);
void omni_html_add_chart (OmniHtml *self, const char *title, const OmniHtmlBar *bars, guint n, double low,
                          double high);
void omni_html_end_charts (OmniHtml *self);

/* One line of a diagram, by ascending x. */
typedef struct
{
  const char *label;
  const double *x, *y; /* y NAN, or not positive on a logarithmic axis: passed over */
  guint n;
} OmniHtmlCurve;

/* Lines over common axes, among charts; x counts something. A line without points is not named, but keeps the looks of those
 * after it the same. From seven lines on the looks repeat. */
void omni_html_add_curves (OmniHtml *self, const char *title, const OmniHtmlCurve *curves, guint n,
                           gboolean logarithmic);

/* A round axis for values (NAN is passed over): from 0 when that shows their differences, else from below the lowest. */
void omni_html_choose_axis (const double *values, guint n, double *low, double *high);

/* A picture as it stands in the page. */
typedef struct
{
  GBytes *data; /* a whole JPEG or PNG */
  const char *mime;
  guint width, height; /* px */
} OmniHtmlImage;

/* Brings `picture` to at most `max_px` on its longer side, in sRGB and 8 bits, as JPEG, or as PNG when it is transparent.
 * Pictures of bands have no colours to show and are an error. Clear with omni_html_image_clear(). Any thread. */
gboolean omni_html_image_encode (OmniHtmlImage *image, OmniPicture *picture, guint max_px,
                                 GCancellable *cancellable, GError **error);

/* The same for a JPEG or PNG file that is to stand in the page as it is. */
gboolean omni_html_image_load (OmniHtmlImage *image, const char *path, GError **error);
void omni_html_image_clear (OmniHtmlImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniHtmlImage, omni_html_image_clear)

typedef struct
{
  const OmniHtmlImage *image; /* NULL: `detail` says why there is none */
  const char *title;
  const char *detail; /* (nullable) */
  gboolean ours;
  gboolean starts_row;
} OmniHtmlPicture;

/* Pictures of one scene side by side. A click shows one large; there the arrows lead to its neighbours. */
void omni_html_add_gallery (OmniHtml *self, const OmniHtmlPicture *pictures, guint n);

/* (transfer full) The whole page. Nothing may be added after it. */
GBytes *omni_html_finish (OmniHtml *self);

/* omni_html_finish() into a file; see app/files/output.h for how it takes its place and when it is refused. */
gboolean omni_html_save (OmniHtml *self, const char *path, gboolean force, GError **error);

G_END_DECLS
