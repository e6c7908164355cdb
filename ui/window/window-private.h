/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"
#include "app/order/trial.h"
#include "app/document/session.h"
#include "ui/scores/compare-view.h"
#include "ui/viewer/difference-bar.h"
#include "ui/filmstrip/filmstrip.h"
#include "ui/viewer/histogram.h"
#include "ui/viewer/inspector.h"
#include "ui/viewer/level-bar.h"
#include "ui/scores/metrics-panel.h"
#include "ui/window/options-button.h"
#include "ui/stage/order-chip.h"
#include "ui/stage/view.h"
#include "ui/subject.h"
#include "ui/window/versions-button.h"
#include "ui/window/work-bar.h"
#include "ui/viewer/viewer.h"
#include "ui/viewer/winner-overlay.h"
#include "ui/window/window.h"

G_BEGIN_DECLS

struct _OmniWindow
{
  AdwApplicationWindow parent_instance;

  OmniDocument *document;
  GCancellable *cancellable; /* of everything that the window waits for */

  AdwToastOverlay *toasts;
  GtkStack *pages;
  GtkWidget *sample_button;
  GtkWidget *more_samples;
  GtkWidget *drop_sign;
  OmniFilmstrip *filmstrip;
  OmniViewer *viewer;

  GtkLabel *reason;
  GtkWidget *notice;

  GtkInfoBar *fusion_error;
  GtkLabel *fusion_error_text;

  /* errors.c */
  GPtrArray *file_errors; /* char *: unread, the newest first */
  GtkInfoBar *file_error;
  GtkLabel *file_error_text;
  GtkExpander *file_error_more;
  GtkLabel *file_error_others;

  OmniWorkBar *adding_bar; /* pictures and weights */
  OmniWorkBar *writing_bar;
  GtkInfoBar *losses_bar;
  GtkLabel *losses_text;

  GtkInfoBar *size_bar;
  GtkLabel *size_text;
  GtkInfoBar *copies_bar;
  GtkLabel *copies_text;
  char *copies_dismissed; /* the sentence that was read and closed */

  GtkLabel *hint;
  GtkRevealer *progress;
  GtkLabel *phase;
  GtkProgressBar *progress_bar;
  guint progress_id; /* waits a moment before progress is shown */
  gint64 busy_since_us;
  GtkWidget *fuse_button;

  OmniOrderChip *chip;
  GtkLabel *zoom;
  GtkMenuButton *menu_buttons[2]; /* those of whole menus: of the window and of the views */

  /* offers.c */
  GtkDropDown *task;
  GtkDropDown *model;
  OmniOptionsButton *options;
  GArray *offered_tasks;     /* OmniTask */
  GPtrArray *offered_models; /* const OmniModel, in the order of the list */
  gboolean updating;

  /* panes.c */
  GtkDropDown *pickers[OMNI_VIEWER_PANES];      /* two above the viewer, the others in their panes */
  GtkDropDown *pane_pickers[OMNI_VIEWER_PANES]; /* all of them in their panes */
  GtkWidget *pickers_bar;
  GtkWidget *second_picker;
  GtkOverlay *stage; /* over the viewer */
  OmniDifferenceBar *difference;
  GListStore *subjects;               /* OmniSubject */
  gboolean chosen[OMNI_VIEWER_PANES]; /* somebody chose what the pane shows */

  /* view.c */
  OmniLevelBar *level_bar;
  GtkWidget *blink_bar;
  GtkRange *blink_scale;
  GtkWidget *unlinked;   /* says so */
  gboolean flip_is_down; /* the key that flips */
  guint32 flip_ms;       /* since when */

  /* order-map.c */
  OmniOrderTrial *order_trial; /* NULL: the map is not shown */
  OmniPicture *order_map;      /* of the trial */
  GtkLabel *order_words;
  double difference_gain; /* of the other view with a gain, while the map is shown; 0: it is not */
  gboolean gain_chosen;   /* of the map; else it follows what the map holds */

  /* export.c */
  guint bookmark; /* gone to last; G_MAXUINT: none */

  /* metrics.c */
  OmniComparison *comparison;
  AdwFlap *flap;
  GtkPaned *drawer;
  OmniMetricsPanel *metrics;
  OmniCompareView *compare;
  GPtrArray *compared; /* OmniFusionResult that can be shown, as the panes know them */

  /* inspect.c */
  GtkWidget *inspect;
  OmniHistogram *histogram;
  OmniInspector *inspector;

  /* stage.c */
  OmniStageView *stage_view;
  GtkWidget *header;
  gboolean on_stage;
  gboolean was_fullscreen; /* before presenting */
  guint inhibit_cookie;    /* 0: the screen may lock */

  /* versions.c */
  OmniVersionsButton *versions;
  OmniWorkBar *recalling_bar;
  OmniFusionVersion *shown_version; /* one that was chosen, until the next result */
  gboolean told_dropped;
  AdwToast *version_toast; /* weak: until it is dismissed */

  /* toasts.c */
  AdwToast *toast; /* weak: what is to be seen, until it is gone */
  GQueue next_toasts;
  guint toast_id;

  /* session.c */
  char *session_path; /* where it is kept; NULL: not yet */
  guint keep_id;
  gboolean keeping, keep_again, keeping_failed, hashing;
  gboolean done_with;   /* closed beside another window: its set is among the recent ones */
  OmniSession *session; /* the one that was opened last, while files of it are missing */
  GtkInfoBar *missing_bar;
  GtkLabel *missing_text;
  GMenu *recent_menu;
  GtkWidget *recent_box, *recent_title;

  /* sources.c */
  GtkWidget *result_handle; /* the result can be dragged from it */
  GtkWidget *help_card;

  /* winner.c */
  OmniWinnerOverlay *winner;

  /* align.c */
  OmniWorkBar *aligning_bar;
  GPtrArray *aligning; /* OmniSource: those under way; NULL: none */
  GtkInfoBar *align_bar;
  GtkLabel *align_text;
  char *align_read;            /* the sentence that was read and closed */
  GHashTable *align_dismissed; /* char *: paths of a set of which no more is said */
  guint look_id;
  GCancellable *looking; /* whether frames lie off */
  GPtrArray *looked_at;  /* OmniSource */
  double farthest_px;    /* that they were found to lie off; 0: not, or not known yet */

  /* files.c */
  GtkDropTarget *drop_target;
  GtkFileChooserNative *chooser;
  char *sample_folder;
};

/* window.c */
void omni_window_reveal_bar (GtkInfoBar *bar, gboolean reveal);

/* errors.c */

/* Beside what was not read yet. A sentence on each line of the message, which names the file. */
void omni_window_show_file_error (OmniWindow *self, const char *message);

/* What is said about the file of this name holds no longer. */
void omni_window_take_back_file_errors (OmniWindow *self, const char *name);
void omni_window_class_install_errors (GtkWidgetClass *widget_class);

/* toasts.c */

/* (transfer full) After those that are still to be read. Its title is plain text, as is what it is changed to later. */
void omni_window_tell (OmniWindow *self, AdwToast *toast);
void omni_toast_set_words (AdwToast *toast, const char *words);
void omni_window_dispose_toasts (OmniWindow *self);

/* actions.c */
void omni_window_class_install_actions (GtkWidgetClass *widget_class);
void omni_window_add_keys (OmniWindow *self);
void omni_window_update_actions (OmniWindow *self);
void omni_window_add_stateful (OmniWindow *self, const char *name, GCallback change_state_cb);

/* offers.c */
void omni_window_init_offers (OmniWindow *self);
void omni_window_update_offers (OmniWindow *self);

/* panes.c */
void omni_window_init_panes (OmniWindow *self);
void omni_window_update_subjects (OmniWindow *self);
void omni_window_show_source (OmniWindow *self, OmniSource *source);
void omni_window_show_result (OmniWindow *self, OmniFusionResult *result);

/* Side by side, unless another way of comparing is on. */
void omni_window_compare_results (OmniWindow *self, OmniFusionResult *first, OmniFusionResult *second);
void omni_window_flip (OmniWindow *self);
void omni_window_swap_panes (OmniWindow *self);
void omni_window_set_n_panes (OmniWindow *self, guint n);

/* view.c */
void omni_window_class_install_view (GtkWidgetClass *widget_class);
void omni_window_init_view (OmniWindow *self);
void omni_window_update_view (OmniWindow *self);

/* order-map.c */
void omni_window_update_order_map (OmniWindow *self);
void omni_window_stop_order_map (OmniWindow *self);
void omni_window_choose_gain (OmniWindow *self); /* from now on it does not follow the map */

/* export.c */
void omni_window_class_install_export (GtkWidgetClass *widget_class);
void omni_window_init_export (OmniWindow *self);
void omni_window_update_export (OmniWindow *self);
char *omni_window_dup_export_footer (OmniWindow *self); /* what stands below all that is exported */

/* metrics.c */
void omni_window_class_install_metrics (GtkWidgetClass *widget_class);
void omni_window_init_metrics (OmniWindow *self);
void omni_window_update_region (OmniWindow *self);

/* FALSE when there was nothing to stop or to take away. */
gboolean omni_window_escape_metrics (OmniWindow *self);

/* (transfer full) (element-type OmniFusionResult) Results of the comparison. */
GPtrArray *omni_window_list_compared (OmniWindow *self);

/* inspect.c */
void omni_window_class_install_inspect (GtkWidgetClass *widget_class);
void omni_window_init_inspect (OmniWindow *self);
void omni_window_update_histogram (OmniWindow *self);

/* stage.c */
void omni_window_class_install_stage (GtkWidgetClass *widget_class);
void omni_window_init_stage (OmniWindow *self);
void omni_window_dispose_stage (OmniWindow *self);

/* Shows the page that is due: the empty one, the sources, or the order check. */
void omni_window_update_stage (OmniWindow *self);

/* FALSE when the stage is not shown. */
gboolean omni_window_escape_stage (OmniWindow *self);
gboolean omni_window_shuffle_stage (OmniWindow *self);

/* versions.c */
void omni_window_class_install_versions (GtkWidgetClass *widget_class);
void omni_window_init_versions (OmniWindow *self);
void omni_window_clear_versions (OmniWindow *self);
void omni_window_recall_pins (OmniWindow *self); /* and shows them, side by side when there are two */

/* (transfer container) (element-type OmniFusionResult) Of the version on show and of those pinned. */
GPtrArray *omni_window_list_version_results (OmniWindow *self);

/* FALSE when no version was being made again. */
gboolean omni_window_escape_versions (OmniWindow *self);

/* FALSE, and it is said, while the picture of the version on show is still to be made. */
gboolean omni_window_has_shown_result (OmniWindow *self);

/* session.c */
void omni_window_class_install_session (GtkWidgetClass *widget_class);
void omni_window_init_session (OmniWindow *self);
void omni_window_end_session (OmniWindow *self); /* writes what was not written yet */
void omni_window_dispose_session (OmniWindow *self);
void omni_window_list_recent (OmniWindow *self);
void omni_window_keep_session (OmniWindow *self); /* soon, for what the document knows nothing of */

/* FALSE when it is no session by its name. */
gboolean omni_window_open_session (OmniWindow *self, const char *path);

/* sources.c */
void omni_window_class_install_sources (GtkWidgetClass *widget_class);
void omni_window_init_sources (OmniWindow *self);
void omni_window_replace_source (OmniWindow *self, OmniSource *source, const char *path);

/* A picture without a file: it gets one. */
void omni_window_add_texture (OmniWindow *self, GdkTexture *texture, guint position);

/* align.c */
void omni_window_class_install_align (GtkWidgetClass *widget_class);
void omni_window_init_align (OmniWindow *self);
void omni_window_update_align (OmniWindow *self);
void omni_window_update_align_actions (OmniWindow *self);
void omni_window_end_align (OmniWindow *self); /* stops what is under way */
void omni_window_finalize_align (OmniWindow *self);

/* Whether pictures are fused with aligned ones that could be aligned, too: then their sizes differ for that. */
gboolean omni_window_asks_to_align (OmniWindow *self);

/* Whether somebody wants this set as it is, and hears no more of how its frames lie. */
gboolean omni_window_leaves_frames (OmniWindow *self);
void omni_window_leave_frames (OmniWindow *self);

/* FALSE when nothing was being aligned. */
gboolean omni_window_escape_align (OmniWindow *self);

/* winner.c */
void omni_window_class_install_winner (GtkWidgetClass *widget_class);
void omni_window_init_winner (OmniWindow *self);

/* FALSE when it was not waited for. */
gboolean omni_window_escape_winner (OmniWindow *self);

/* weights.c */
void omni_window_class_install_weights (GtkWidgetClass *widget_class);

/* files.c */
void omni_window_class_install_files (GtkWidgetClass *widget_class);
void omni_window_init_files (OmniWindow *self);
void omni_window_find_samples (OmniWindow *self);
void omni_window_add_paths (OmniWindow *self, const char *const *paths, guint position);
void omni_window_choose_files (OmniWindow *self, gboolean folder);

/* (transfer full) (element-type GFile) Their paths. Those that are not on this computer are left out, and named. */
char **omni_window_dup_paths (OmniWindow *self, GListModel *files);
char **omni_window_dup_list_paths (OmniWindow *self, GdkFileList *files);

/* FALSE, and it is said, where a dialog's place has no path. */
gboolean omni_window_check_place (OmniWindow *self, const char *path);

/* (transfer none) (nullable) The version that is looked at, else the newest: what is saved and dragged out. NULL also while it is still
 * being made. */
OmniFusionResult *omni_window_get_shown_result (OmniWindow *self);

void omni_window_choose_target (OmniWindow *self);
void omni_window_open_samples (OmniWindow *self, const char *set);

void omni_window_set_start_folder (OmniWindow *self, GtkFileChooser *chooser);

/* What a dialog for saving can write, with the endings: NULL-terminated, without the dot. */
void omni_window_add_filter (GtkFileChooser *chooser, const char *name, const char *const *suffixes);
void omni_window_add_picture_filter (GtkFileChooser *chooser);

/* ---- Files on their way (writing.c) ---- */

/* Runs `write` in a thread, with `data` (transfer full) as its task data and a cancellable, and tells how it went. It returns a pointer: what the file
 * does not hold (transfer full) (nullable). The program does not end before it has, even where the window is closed
 * meanwhile. */
void omni_window_write (OmniWindow *self, const char *path, GTaskThreadFunc write, gpointer data,
                        GDestroyNotify free_data);
void omni_window_class_install_writing (GtkWidgetClass *widget_class);
void omni_window_init_writing (OmniWindow *self);

/* An OmniProgressFunc for such a thread: `task` is its own. */
void omni_window_note_written (double fraction, gpointer task);

G_END_DECLS
