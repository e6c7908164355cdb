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

static OmniPointer *pointer;
static gboolean can_fuse;

/* Drawing */

static GdkTexture *
draw (OmniTestWindow *f)
{
  GtkWidget *window = GTK_WIDGET (f->window);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (window), gtk_widget_get_height (window));
  GskRenderNode *node = gtk_snapshot_free_to_node (snapshot);
  g_assert_nonnull (node);
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
  gtk_window_set_default_size (GTK_WINDOW (f->window), WIDTH_PX, HEIGHT_PX);
  g_assert_true (omni_test_wait (is_sized, f->window));
  omni_test_turn (600); /* toasts, thumbnails, the picture at its new size */
  omni_test_wait_for_layout (f);
  g_autoptr (GdkTexture) drawn = draw (f);
  if (g_getenv ("OMNIFUSE_WRITE_REFERENCES") != NULL)
    g_assert_true (gdk_texture_save_to_png (drawn, path));
  g_autoptr (GdkTexture) reference = gdk_texture_new_from_filename (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_texture_get_width (drawn), ==, gdk_texture_get_width (reference));
  g_assert_cmpint (gdk_texture_get_height (drawn), ==, gdk_texture_get_height (reference));

  const double others = get_share_of_others (drawn, reference);
  g_test_message ("%s: %.2f %% of the blocks differ", name, 100 * others);
  if (others <= MOST_BLOCKS)
    return;
  g_autofree char *seen = g_build_filename (g_get_tmp_dir (), file, NULL);
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
  omni_test_window_add ("/screens/empty", test_empty); /* first: it shows the recent sets */
  omni_test_window_add ("/screens/sources", test_sources);
  omni_test_window_add ("/screens/side-by-side", test_side_by_side);
  omni_test_window_add ("/screens/difference", test_difference);
  omni_test_window_add ("/screens/stage", test_stage);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
