/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

G_BEGIN_DECLS

/* A folder of training pictures: FOLDER/SCENE/NN.png (each SCENE one set) and FOLDER/NAME.png (single sharp pictures). A scene may
 * hold one truth.png or reference.png (omni_picture_is_truth()): what its fusion should look like.
 *
 * split.csv, where there is one, names the split of every file (columns “split” and “file”). Without it an eighth of the
 * groups of a folder is kept for validation, chosen by the groups' names alone: the order of the disk, other folders and
 * other machines change nothing. A group is what must not be torn apart: the scene, or the patient, whose slices are
 * named by the same first two digits. */
typedef struct _OmniDataset OmniDataset;

typedef enum
{
  OMNI_SPLIT_TRAIN,
  OMNI_SPLIT_VAL
} OmniSplit;

typedef struct
{
  char *folder; /* below the data folder */
  char *name;
  OmniSplit split;
  char **paths;    /* the sources, in natural order */
  OmniRole *roles; /* of each, where its name is one: infrared.png, mri.png … */
  guint n_pictures;
  char *truth;         /* (nullable) a path */
  guint width, height; /* of every picture of the scene */
  guint band, top;     /* of a scene of bands: which band it is about, and the first of its rows … */
  guint whole_height;  /* … among so many */
} OmniScene;

typedef enum
{
  OMNI_SCENES_OF_SETS,     /* FOLDER/SCENE/NN.png, at least two pictures each */
  OMNI_SCENES_OF_PICTURES, /* FOLDER/NAME.png: every picture a scene of its own */
  OMNI_SCENES_OF_BANDS /* FOLDER/SCENE/{ms,pan}.tif: every band of the multispectral picture a scene or two */
} OmniSceneKind;

/* Scenes of bands are few and large, and so most give both splits. Where split.csv does not put ms.* in the val split, which then
 * has all of it, the last quarter of the rows is kept for validation, and as many rows before it as what is made of the pair
 * (bands.h) reaches across are in neither. Sizes and rows are those of the multispectral picture; its path comes first. */
#define OMNI_BANDS_VAL_PART 4
#define OMNI_BANDS_GUARD    4 /* times the ratio of the pixels */

/* (transfer full) `path` has to exist; nothing else is read yet but split.csv. */
OmniDataset *omni_dataset_open (const char *path, GError **error);
void omni_dataset_free (OmniDataset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniDataset, omni_dataset_free)

/* (transfer container) (element-type OmniScene) The scenes of `folder`, both splits, in natural order; they live as long as
 * the dataset. Headers are read, pixels are not. What cannot be used (damaged headers, mixed sizes, bands, files not in
 * split.csv) is left out, and a sentence for each goes to `notes` (element-type utf8). `by_patient` groups by the first two
 * digits, in all folders of the dataset alike; pictures that are none of a scene's are noted. An error when the folder is missing or nothing in it can be used. One thread. */
GPtrArray *omni_dataset_list (OmniDataset *self, const char *folder, OmniSceneKind kind, gboolean by_patient,
                              GPtrArray *notes, GError **error);

G_END_DECLS
