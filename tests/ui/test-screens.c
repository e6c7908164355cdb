/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Screens as they were when somebody looked at them: the window is drawn and held against references/NAME.png. Blocks of 8 × 8 px
 * are compared by their mean, so that a font's smoothing does not count, and a few may differ: the name of the device or of a
 * folder does. After a change that is meant: OMNIFUSE_WRITE_REFERENCES=1 writes them anew; look at them. */
#include "tests/ui/window-fixture.h"

#define BLOCK_PX     8
#define BLOCK_LEVELS 14   /* mean difference of a channel from which a block counts as another */
#define MOST_BLOCKS  0.02 /* of all */
#define WIDTH_PX     900
#define HEIGHT_PX    620
#define SETTLE_MS    2000 /* before a reference is written */
#define MOST_SECONDS 30
#define N_THIRTY     30

static OmniPointer *pointer;
static gboolean can_fuse;

/* Drawing */

/* (nullable) NULL: not now, something is still to be laid out. */
static GdkTexture *
draw (OmniTestWindow *f)
{
  GtkWidget *window = GTK_WIDGET (f->window);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (window), gtk_widget_get_height (window));
  GskRenderNode *node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL)
    return NULL;
  const graphene_rect_t whole = GRAPHENE_RECT_INIT (0, 0, (float)gtk_widget_get_width (window),
                                                    (float)gtk_widget_get_height (window));
  GdkTexture *texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node,
                                                     &whole);
  gsk_render_node_unref (node);
  return texture;
}

/* Words of another font take other room. */
static gboolean
has_font (OmniTestWindow *f)
{
  PangoContext *context = gtk_widget_get_pango_context (GTK_WIDGET (f->window));
  g_autoptr (PangoFont)
    font = pango_context_load_font (context, pango_context_get_font_description (context));
  g_autoptr (PangoFontDescription) description = font != NULL ? pango_font_describe (font) : NULL;

  return description != NULL
         && g_strcmp0 (pango_font_description_get_family (description), "DejaVu Sans") == 0;
}

/* Comparing */

static guint8 *
download (GdkTexture *texture)
{
  const gsize stride = (gsize)gdk_texture_get_width (texture) * 4;
  guint8 *pixels = g_malloc (stride * (gsize)gdk_texture_get_height (texture));

  gdk_texture_download (texture, pixels, stride);
  return pixels;
}

/* The largest mean difference of a channel over the block at (x, y). */
static double
compare_block (const guint8 *a, const guint8 *b, gsize stride, int x, int y)
{
  double largest = 0;

  for (int c = 0; c < 3; c++)
  {
    int sum = 0;
    for (int dy = 0; dy < BLOCK_PX; dy++)
      for (int dx = 0; dx < BLOCK_PX; dx++)
      {
        const gsize at = (gsize)(y + dy) * stride + (gsize)(x + dx) * 4 + (gsize)c;
        sum += (int)a[at] - (int)b[at];
      }
    largest = MAX (largest, ABS (sum) / (double)(BLOCK_PX * BLOCK_PX));
  }
  return largest;
}

static double
get_share_of_others (GdkTexture *a, GdkTexture *b)
{
  const int width = gdk_texture_get_width (a), height = gdk_texture_get_height (a);
  g_autofree guint8 *first = download (a), *second = download (b);
  guint n = 0, n_others = 0;

  for (int y = 0; y + BLOCK_PX <= height; y += BLOCK_PX)
    for (int x = 0; x + BLOCK_PX <= width; x += BLOCK_PX, n++)
      n_others += compare_block (first, second, (gsize)width * 4, x, y) > BLOCK_LEVELS;
  return n_others / (double)MAX (n, 1);
}

static gboolean
is_sized (gpointer data)
{
  /* The frame is a part of it, where there is no compositor. */
  return ABS (gtk_widget_get_width (data) - WIDTH_PX) <= 20
         && ABS (gtk_widget_get_height (data) - HEIGHT_PX) <= 20;
}

typedef struct
{
  OmniTestWindow *f;
  GdkTexture *reference, *drawn;
  double others;
} Look;

static gboolean
looks_like (gpointer data)
{
  Look *look = data;

  g_clear_object (&look->drawn);
  look->drawn = draw (look->f);
  if (look->drawn == NULL || gdk_texture_get_width (look->drawn) != gdk_texture_get_width (look->reference)
      || gdk_texture_get_height (look->drawn) != gdk_texture_get_height (look->reference))
    return FALSE;
  look->others = get_share_of_others (look->drawn, look->reference);
  return look->others <= MOST_BLOCKS;
}

/* In the end: thumbnails, toasts and the picture at its new size take their time. */
static void
assert_looks_like (OmniTestWindow *f, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "ui", "references", file, NULL);
  g_autoptr (GError) error = NULL;

  if (!has_font (f))
  {
    g_test_skip ("the references are in DejaVu Sans");
    return;
  }
  /* What fades must have gone: a window that is being resized may draw no more frames for it. */
  omni_test_turn (SETTLE_MS);
  gtk_window_set_default_size (GTK_WINDOW (f->window), WIDTH_PX, HEIGHT_PX);
  g_assert_true (omni_test_wait (is_sized, f->window));
  omni_test_wait_for_layout (f);
  if (g_getenv ("OMNIFUSE_WRITE_REFERENCES") != NULL)
  {
    omni_test_turn (SETTLE_MS);
    g_autoptr (GdkTexture) drawn = draw (f);
    g_assert_nonnull (drawn);
    g_assert_true (gdk_texture_save_to_png (drawn, path));
  }
  g_autoptr (GdkTexture) reference = gdk_texture_new_from_filename (path, &error);
  g_assert_no_error (error);

  Look look = { f, reference, NULL, 1 };
  const gboolean alike = omni_test_wait_seconds (looks_like, &look, MOST_SECONDS);
  g_autoptr (GdkTexture) drawn = look.drawn;
  g_test_message ("%s: %.2f %% of the blocks differ", name, 100 * look.others);
  if (alike)
    return;
  g_autofree char *seen = g_build_filename (g_get_tmp_dir (), file, NULL);
  if (drawn != NULL)
    gdk_texture_save_to_png (drawn, seen);
  g_test_message ("What was drawn is in %s", seen);
  g_test_fail ();
}

/* The screens */

/* Nothing moves, nothing is under the pointer, and no face of one's own. */
static void
settle (OmniTestWindow *f)
{
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, "gtk-cursor-blink", FALSE, NULL);
  omni_pointer_move (pointer, 1590, 990);
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
}

static void
test_sources (OmniTestWindow *f, gconstpointer data)
{
  settle (f);
  if (can_fuse)
    assert_looks_like (f, "sources");
}

static void
test_side_by_side (OmniTestWindow *f, gconstpointer data)
{
  settle (f);
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.side-by-side", NULL);
  if (can_fuse)
    assert_looks_like (f, "side-by-side");
}

static void
test_difference (OmniTestWindow *f, gconstpointer data)
{
  settle (f);
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.difference", NULL);
  if (can_fuse)
    assert_looks_like (f, "difference");
}

static void
test_dark (OmniTestWindow *f, gconstpointer data)
{
  AdwStyleManager *style = adw_style_manager_get_default ();

  settle (f);
  adw_style_manager_set_color_scheme (style, ADW_COLOR_SCHEME_FORCE_DARK);
  if (can_fuse)
    assert_looks_like (f, "dark");
  adw_style_manager_set_color_scheme (style, ADW_COLOR_SCHEME_DEFAULT);
}

/* libadwaita asks for it once, at the start; so this is a run of its own. */
static void
test_high_contrast (OmniTestWindow *f, gconstpointer data)
{
  settle (f);
  g_assert_true (adw_style_manager_get_high_contrast (adw_style_manager_get_default ()));
  if (can_fuse)
    assert_looks_like (f, "high-contrast");
}

static gboolean
has_fused_thirty (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && result->sources->len == N_THIRTY;
}

static void
test_thirty (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  if (!can_fuse)
    return;
  for (guint i = N_SOURCES; i < N_THIRTY; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_ptr_array_add (paths, omni_test_write_picture (f->folder, name, 160, 120, 42 + 5 * i));
  }
  g_ptr_array_add (paths, NULL);
  omni_window_open_paths (f->window, (const char *const *)paths->pdata);
  g_assert_true (omni_test_wait (has_fused_thirty, f->window));
  settle (f);
  assert_looks_like (f, "thirty");
}

static gboolean
has_checked (gpointer data)
{
  OmniWindow *window = data;

  return window->on_stage && window->stage_view != NULL
         && g_str_equal (gtk_stack_get_visible_child_name (window->pages), "stage")
         && !omni_stage_view_is_busy (window->stage_view);
}

static void
test_stage (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
    return;
  settle (f);
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.stage", NULL);
  omni_test_turn (300);
  g_assert_true (omni_test_wait (has_checked, f->window));
  assert_looks_like (f, "stage");
}

static gboolean
has_kept (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path != NULL && !window->keeping && window->keep_id == 0;
}

static gboolean
lists_recent (gpointer data)
{
  return gtk_widget_get_visible (((OmniWindow *)data)->recent_title);
}

static void
test_empty (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GPtrArray)
    all = g_ptr_array_copy (omni_document_get_sources (f->window->document), (GCopyFunc)g_object_ref, NULL);

  settle (f);
  g_assert_true (omni_test_wait (has_kept, f->window));
  g_ptr_array_set_free_func (all, g_object_unref);
  omni_document_remove (f->window->document, all);
  g_assert_true (omni_test_wait (lists_recent, f->window));
  assert_looks_like (f, "empty");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  if (g_getenv ("ADW_DEBUG_HIGH_CONTRAST") != NULL)
    omni_test_window_add ("/screens/high-contrast", test_high_contrast);
  else
  {
    omni_test_window_add ("/screens/empty", test_empty); /* first: it shows the recent sets */
    omni_test_window_add ("/screens/sources", test_sources);
    omni_test_window_add ("/screens/side-by-side", test_side_by_side);
    omni_test_window_add ("/screens/difference", test_difference);
    omni_test_window_add ("/screens/stage", test_stage);
    omni_test_window_add ("/screens/dark", test_dark);
    omni_test_window_add ("/screens/thirty", test_thirty);
  }
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
