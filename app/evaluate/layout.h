/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

G_BEGIN_DECLS

/* A scene of an evaluation: a folder with the pictures of one set. infrared.*, visible.*, mri.*, ct.*, pet.*, spect.*, ms.*
 * and pan.* have the role of their name; reference.* or truth.* is what a perfect fusion looks like, not a source. */
typedef struct
{
  char *id;              /* GROUP/NAME, unique */
  char *group;           /* the task's folder ("mri-pet"), or else the task's name */
  char *name;            /* the scene's folder */
  OmniTask task;         /* AUTO only when there is a problem */
  GPtrArray *sources;    /* OmniSource, in natural order of their names */
  OmniSource *reference; /* nullable */
  char *problem;         /* nullable: the sentence why it cannot be evaluated */
} OmniEvaluateScene;

void omni_evaluate_scene_free (OmniEvaluateScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniEvaluateScene, omni_evaluate_scene_free)

/* Finds the scenes of `folder`, which is a folder of task folders (exposure, focus, infrared, medical, mri-pet, mri-spect,
 * ct-mri, pansharpen), a task folder, a folder of scene folders, or a scene. Only headers are read.
 *
 * `split` (nullable) keeps the scenes that split.csv names for it; the file lies beside the task folders, has a heading
 * with the columns split, task (a task folder) and scene, and its absence is then an error. `task` other than AUTO is the
 * task of all scenes; otherwise the task folder says it, and where there is none omni_task_detect().
 *
 * Returns (transfer full) (element-type OmniEvaluateScene) by task, then by id in natural order. Scenes that cannot be
 * evaluated are in it, with their problem. `notes` (element-type utf8) (nullable) gets a sentence for each folder that was
 * passed over. Errors are in G_IO_ERROR: a folder that is none or has no scene, a split that is not there. */
GPtrArray *omni_evaluate_find_scenes (const char *folder, const char *split, OmniTask task, GPtrArray *notes,
                                      GError **error);

G_END_DECLS
