/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/recipe.h"

G_BEGIN_DECLS

/* How the text after “=” reads, and what is stored at the key's offset. */
typedef enum
{
  OMNI_KEY_WHOLE,   /* guint64 */
  OMNI_KEY_COUNT,   /* guint */
  OMNI_KEY_NUMBER,  /* double */
  OMNI_KEY_FLOAT,   /* float */
  OMNI_KEY_RANGE,   /* OmniRange, “1-2” or “1” */
  OMNI_KEY_CHOICE,  /* guint or an enum: the index of a choice */
  OMNI_KEY_WORD,    /* char *, one of the choices */
  OMNI_KEY_TASK,    /* OmniTask, one of the choices */
  OMNI_KEY_TEXT,    /* char * */
  OMNI_KEY_LIST,    /* char **, “a, b” */
  OMNI_KEY_COUNTS,  /* GArray of guint, “2, 4-6” */
  OMNI_KEY_NUMBERS, /* GArray of double, “.4, .6” */
  OMNI_KEY_CROPS,   /* GArray of OmniRecipeCrop, “64, 128@0.8” */
  OMNI_KEY_LOSSES   /* OmniTrainLosses, “ssim 1, mae 5” */
} OmniKeyKind;

typedef struct
{
  const char *section; /* "task" stands for every [task NAME] */
  const char *key;
  OmniKeyKind kind;
  gsize offset;               /* in OmniRecipe, or in OmniRecipeTask for "task" */
  double low, high;           /* of each number */
  const char *initial;        /* what it is when left out; NULL: it has to be there, "": nothing */
  const char *const *choices; /* NULL, where there must be some: what the trainer can train */
  const char *summary;
} OmniRecipeKey;

extern const OmniRecipeKey omni_recipe_keys[];
extern const guint omni_recipe_n_keys;

/* Reads `text` into `target` (a recipe or a task). The error has no place yet: “must be …”. What `target` held is freed. */
gboolean omni_recipe_key_read (const OmniRecipeKey *key, const char *text, gpointer target, GError **error);

const char *const *omni_recipe_key_get_choices (const OmniRecipeKey *key);

/* (transfer full) What a value of `key` looks like, in words. */
char *omni_recipe_key_describe (const OmniRecipeKey *key);

/* Frees what the key's value holds. */
void omni_recipe_key_clear (const OmniRecipeKey *key, gpointer target);

G_END_DECLS
