/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/weights.h"
#include "vk/graph.h"

G_BEGIN_DECLS

typedef enum
{
  OMNI_TASK_AUTO,
  OMNI_TASK_EXPOSURE,
  OMNI_TASK_FOCUS,
  OMNI_TASK_INFRARED,
  OMNI_TASK_MEDICAL,
  OMNI_TASK_PANSHARPEN
} OmniTask;

#define OMNI_N_TASKS 6

/* "auto", "exposure", "focus", "infrared", "medical", "pansharpen". */
const char *omni_task_to_string (OmniTask task);
gboolean omni_task_from_string (const char *name, OmniTask *task);

/* What a source is to the task; a property of the source that travels with it, never of its place in the list. */
typedef enum
{
  OMNI_ROLE_NONE,
  OMNI_ROLE_VISIBLE,
  OMNI_ROLE_INFRARED,
  OMNI_ROLE_MRI,
  OMNI_ROLE_CT,
  OMNI_ROLE_PET,
  OMNI_ROLE_SPECT,
  OMNI_ROLE_MULTISPECTRAL,
  OMNI_ROLE_PANCHROMATIC
} OmniRole;

#define OMNI_N_ROLES 9

/* The mark by which a graph knows a source of this role: OmniPlanSource.mark. */
#define OMNI_ROLE_MARK(role) (1u << (role))
#define OMNI_ALL_ROLES       (OMNI_ROLE_MARK (OMNI_N_ROLES) - 1)

/* The mark of a source that has colours, whatever its role; not among OmniModelContext.roles. */
#define OMNI_MARK_COLOURED (1u << 24)

/* A model's own option (--set KEY=VALUE). Numbers are kept as text so that one table serves the command line, the window
 * and JSON. */
typedef enum
{
  OMNI_OPTION_NUMBER,
  OMNI_OPTION_CHOICE
} OmniOptionType;

typedef struct
{
  const char *key;
  const char *title;   /* a word or two, for people */
  const char *summary; /* one line, for people */
  OmniOptionType type;
  const char *default_value;
  double minimum, maximum;    /* NUMBER */
  const char *const *choices; /* CHOICE: NULL-terminated */
  gboolean whole;             /* NUMBER: without a fraction */
} OmniModelOption;

/* Checked option values of one run; lookups fall back to the default. */
typedef struct _OmniModelOptions OmniModelOptions;

typedef struct _OmniModel OmniModel;

/* Of a multispectral picture. */
#define OMNI_MAX_BANDS 8

/* What is white where a model looks at pictures in 256 levels, as scripts for 8-bit pictures do. */
typedef enum
{
  OMNI_LEVELS_OF_NONE,    /* the model does not */
  OMNI_LEVELS_OF_DISPLAY, /* 1 */
  OMNI_LEVELS_OF_OWN,     /* the largest sample of both pictures */
  OMNI_LEVELS_OF_FORMAT   /* 1 where both have 8 bits, else as OWN */
} OmniLevelsOf;

/* How often each level, k/255 of `white`, rounded half up, comes in each band of a multispectral picture of its own size. */
typedef struct
{
  float white;
  guint64 counts[OMNI_MAX_BANDS][OMNI_LEVELS];
} OmniBandLevels;

typedef struct
{
  OmniTask task;
  guint n_sources;
  guint width, height; /* px: pyramids choose their depth from it */
  gboolean colour;     /* the result has three channels; else one */
  guint bands;         /* > 0: every source has this many bands (4 … 8) and so has the result */
  guint roles;         /* marks of all the sources together */
  float scale;         /* sides of the finest source over those of the coarsest; 0 and 1: all alike */
  float range;         /* power of two ≥ every |sample| */
  const OmniBandLevels *levels;    /* as get_levels_of() asks; NULL: white is 1 and all levels are alike */
  const OmniModelOptions *options; /* NULL: defaults */
  const OmniWeights *weights;      /* NULL for classical methods */
  gboolean grey_and_colour;        /* some sources have colours and some have none */
  gboolean influence; /* the graph takes omni_graph_influence(); for models with `takes_influence` */
  gboolean maps;      /* the graph shows its weights: omni_graph_add_map(), of models that have any */
  gboolean preview;   /* for a look while the real one is made: what is not to be seen in it may be coarser */
  gboolean masked;    /* some source is transparent somewhere, and shows there what the others do */
} OmniModelContext;

struct _OmniModel
{
  const char *name;    /* as in --model, a promise */
  const char *title;   /* for people, e.g. "IFANI" */
  const char *summary; /* one line: what it is good at */
  const char *citation;
  guint tasks; /* bit mask: 1 << OmniTask, AUTO never set */
  guint min_inputs;
  guint max_inputs; /* 0 = any */
  gboolean handles_bands;
  gboolean convolves_pixels; /* convolutions at the size of the pictures: they are nearly all of its time */
  gboolean takes_influence;  /* a person may say how much each source counts */
  gboolean judges_exposure;  /* by how far samples are from middle grey: they must be scaled to 0 … 1 */
  gboolean pansharpens; /* takes one multispectral and one panchromatic source, told apart by their roles */
  const OmniModelOption *options; /* ends with key NULL; may be NULL */
  const char *architecture;       /* metadata a weight file must carry; NULL: needs no weights */
  const char *weights_file;       /* file name in the weights folder; NULL: none is shipped */
  const char *const
    *task_weights; /* in its place one for each OmniTask; that of AUTO speaks for the model; may be NULL */
  const char *const
    *variants; /* the metadata `variant` of its files, each with tensors of its own; may be NULL */
  guint n_variants;
  /* Tensors the weights must hold, exactly: fills `specs` (element-type OmniTensorSpec). What `weights` (nullable) holds
   * selects the variant. */
  gboolean (*list_tensors) (const OmniWeights *weights, GArray *specs, GError **error);
  /* Which OmniModelContext.levels the options (nullable) ask for; NULL: none. */
  OmniLevelsOf (*get_levels_of) (const OmniModelOptions *options);
  /* (transfer full) The graph for this context. */
  OmniGraph *(*build) (const OmniModelContext *context, GError **error);
};

/* All models, NULL-terminated, in the order of `omnifuse-cli models`. */
const OmniModel *const *omni_models_list (void);
const OmniModel *omni_model_find (const char *name);

/* How well the model fits the task; less is better: 0 for one that is made for it alone and has no figure to go by, then the
 * place among those measured (models/README.md), G_MAXUINT for the rest. */
guint omni_model_get_fit (const OmniModel *model, OmniTask task);

/* Omni: the pyramid level below which the weights are chosen, for pictures of the context's size; 0 for other models. */
guint omni_model_get_base_level (const OmniModel *model, const OmniModelContext *context);

/* Number of trained parameters in a weight set (running statistics not counted). */
guint64 omni_model_count_parameters (const OmniModel *model, const OmniWeights *weights);

/* Derived from a graph built for three grey sources of 64 × 64 (or max_inputs if fewer; the receptive field of a network for
 * pairs for two) with zero weights if need be: of a network that fuses at several sizes, of one of them. */
gboolean omni_model_is_order_invariant (const OmniModel *model);
guint omni_model_get_receptive_field_px (const OmniModel *model);

/* Where weights ship: $OMNIFUSE_DATADIR/weights, else ../models/weights beside the program, else the installed folder. */
char *omni_model_get_weights_path (const OmniModel *model);
char *omni_model_get_task_weights_path (const OmniModel *model, OmniTask task);

/* (nullable) Hex SHA-256 that a file of this name must have when it ships: models/weights/SHA256SUMS as the program was
 * built. NULL when none of this name ships. */
const char *omni_model_get_recorded_sha256 (const char *path);

/* Loads and checks the model's weights from `path`, or the shipped ones when NULL, which must be what was recorded of them.
 * Returns (transfer full) NULL with an error when there are none ("ifcnn has no weights yet …") or they do not fit.
 * Classical models: NULL without error. */
OmniWeights *omni_model_load_weights (const OmniModel *model, const char *path, GError **error);

/* The same for a task: PMGI has a network for each, Omni for exposures and for focus stacks. */
OmniWeights *
omni_model_load_task_weights (const OmniModel *model, OmniTask task, const char *path, GError **error);

/* (transfer full) A weight file of random numbers for a network, for measuring its speed where it has no weights; the same for
 * every `seed`. */
GBytes *omni_model_make_random_weights (const OmniModel *model, guint32 seed);

/* Whether `weights` are sound ones for the model: architecture, tensors and metadata. */
gboolean omni_model_check_weights (const OmniModel *model, const OmniWeights *weights, GError **error);

/* (nullable) What a choice of an option means, in a word or two, to be translated; NULL: it says that itself, as "2" does. */
const char *omni_model_option_get_choice_title (const char *choice);

OmniModelOptions *omni_model_options_new (const OmniModel *model);
OmniModelOptions *omni_model_options_copy (const OmniModelOptions *options);
void omni_model_options_free (OmniModelOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniModelOptions, omni_model_options_free)

/* "key=value"; an unknown key or a bad value is an error that lists what is possible. */
gboolean omni_model_options_set (OmniModelOptions *options, const char *assignment, GError **error);

/* (transfer full) From what omni_model_options_to_string() gives. */
OmniModelOptions *omni_model_options_parse (const OmniModel *model, const char *text, GError **error);
double omni_model_options_get_number (const OmniModelOptions *options, const char *key);
const char *omni_model_options_get_string (const OmniModelOptions *options, const char *key);

/* (transfer full) "key=value" pairs that differ from the defaults, joined by spaces; "" if none. */
char *omni_model_options_to_string (const OmniModelOptions *options);

G_END_DECLS
