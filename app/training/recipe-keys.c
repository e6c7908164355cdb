/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/recipe-private.h"

#include <string.h>

#define IN_RECIPE(member) G_STRUCT_OFFSET (OmniRecipe, member)
#define IN_CONFIG(member) G_STRUCT_OFFSET (OmniRecipe, config.member)
#define IN_TASK(member)   G_STRUCT_OFFSET (OmniRecipeTask, member)
#define MAX_STEPS         1e9

static const char *const yes_no[] = { "no", "yes", NULL };
/* In the order of OmniTrainNorm, OmniBoundary, OmniOptimiser and OmniSchedule. */
static const char *const norms[] = { "none", "batch", "frozen", "affine", "picture", NULL };
static const char *const paddings[] = { "zero", "replicate", "reflect", NULL };
/* In the order of OmniTrainReduce and OmniTrainVariant. */
static const char *const reductions[] = { "max", "mean", "sum", NULL };
static const char *const variants[] = { "gcb", "regular", "plusplus", "separable", "squeeze-gcb", "m", NULL };
static const char *const orders[] = { "joint", "sequential", NULL };
static const char *const optimisers[] = { "adam", "rmsprop", "sgd", NULL };
static const char *const schedules[] = { "constant", "halving", "cosine", "poly", NULL };
static const char *const forms[] = { "ifani", "u2fusion", NULL };
static const char *const ewc_steps[] = { "gradient", "proximal", NULL };
static const char *const tasks[] = { "exposure", "focus", "infrared", "medical", "pansharpen", NULL };
static const char *const syntheses[] = { "none", "focus", "exposure", NULL };

const OmniRecipeKey omni_recipe_keys[] = {
  { "network", "architecture", OMNI_KEY_WORD, IN_RECIPE (architecture), 0, 0, NULL, NULL, "The network." },
  { "network", "channels", OMNI_KEY_COUNT, IN_CONFIG (channels), 0, OMNI_TRAIN_MAX_CHANNELS, "0", NULL,
    "Its width; 0 for the architecture's own." },
  { "network", "normalisation", OMNI_KEY_CHOICE, IN_CONFIG (norm), 0, 0, "none", norms,
    "Batch normalisation, where the architecture has a place for it: none; with the statistics of the batch; "
    "with frozen ones; its scale and shift alone (statistics of `initial` become part of them); or (pmgi) "
    "every picture's own statistics, without them." },
  { "network", "norm-momentum", OMNI_KEY_FLOAT, IN_CONFIG (norm_momentum), 0, 1, "0.05", NULL,
    "Share of a batch in the running statistics." },
  { "network", "freeze-norm-at", OMNI_KEY_NUMBER, IN_RECIPE (freeze_norm_at), 0, 1, "0.5", NULL,
    "Part of the run after which the running statistics stay as they are; 1 for never." },
  { "network", "padding", OMNI_KEY_CHOICE, IN_CONFIG (padding), 0, 0, "zero", paddings,
    "What convolutions see beyond the border." },
  { "network", "reduce", OMNI_KEY_CHOICE, IN_CONFIG (reduce), 0, 0, "max", reductions,
    "ifani and ifcnn: how the features of a set become one." },
  { "network", "skips", OMNI_KEY_CHOICE, IN_RECIPE (skips), 0, 0, "yes", yes_no,
    "ifani: whether its second half sees the features of the first." },
  { "network", "scales", OMNI_KEY_CHOICE, IN_RECIPE (scales), 0, 0, "no", yes_no,
    "ifani: whether its weights ask to be used at several sizes, each half of the one before, whatever "
    "`initial` asks for." },
  { "network", "variant", OMNI_KEY_CHOICE, IN_CONFIG (variant), 0, 0, "gcb", variants,
    "aenetv2: with a grouped convolution and a channel shuffle; with a regular convolution in their place; "
    "with neither; with a depthwise and a pointwise one; grouped after a squeeze to a quarter of the "
    "channels; "
    "or a U-Net of two halvings." },
  { "network", "base-levels", OMNI_KEY_NUMBERS, IN_RECIPE (base_levels), 0, 1, "0.35, 0.4, 0.25", NULL,
    "omni: how likely a step runs at base level 0, 1, 2, 3 (the network at 1/4, 1/8, 1/16, 1/32)." },
  { "network", "levels", OMNI_KEY_RANGE, IN_RECIPE (levels), 0, 12, "0", NULL,
    "omni: pyramid levels above the base, drawn each step; 0 for as many as the crop allows." },
  { "network", "withhold-task", OMNI_KEY_FLOAT, IN_CONFIG (withhold_task), 0, 1, "0.25", NULL,
    "omni: how often the network is not told the task." },
  { "network", "energy-floor", OMNI_KEY_FLOAT, IN_CONFIG (energy_floor), 1e-6, 1, "0.002", NULL,
    "omni: what is added to the energy of a band before its logarithm; more keeps flat noise from "
    "speckling." },
  { "network", "spatial-levels", OMNI_KEY_COUNT, IN_CONFIG (spatial_levels), 0, OMNI_TRAIN_MAX_SPATIAL_LEVELS,
    "0", NULL,
    "omni: so many levels of a focus stack's pyramid, from the base on, are those of one blend of the "
    "pictures; 0 for a blend "
    "of every band, as of the other tasks." },
  { "network", "initial", OMNI_KEY_TEXT, IN_RECIPE (initial), 0, 0, "", NULL,
    "Weights to start from, a path relative to the recipe; without it, random ones." },
  { "network", "vgg16", OMNI_KEY_TEXT, IN_RECIPE (vgg16), 0, 0, "", NULL,
    "A safetensors file of torchvision's VGG-16 (features.N.weight and .bias), a path relative to the "
    "recipe; none ships. With it "
    "information-mse and information-ssim measure in its features, as the paper of U2Fusion does, and the "
    "loss perceptual can "
    "be used. It makes a step many times as long." },

  { "train", "order", OMNI_KEY_CHOICE, IN_RECIPE (sequential), 0, 0, "joint", orders,
    "Joint: each step draws a task. Sequential: one task after another, as they stand in the file." },
  { "train", "steps", OMNI_KEY_WHOLE, IN_RECIPE (steps), 0, MAX_STEPS, "0", NULL,
    "Length of a joint run; 0 for that of its tasks together. A sequential run is as long as its tasks' "
    "steps." },
  { "train", "seed", OMNI_KEY_WHOLE, IN_CONFIG (seed), 0, G_MAXUINT32, "1", NULL,
    "Names the random numbers of the run: same seed and device, same weights." },
  { "train", "batch", OMNI_KEY_WHOLE, IN_RECIPE (batch), 1, 256, "4", NULL, "Sets in a step." },
  { "train", "crop", OMNI_KEY_CROPS, IN_RECIPE (crops), 16, 2048, "64", NULL,
    "Side of the crops in pixels; “64, 128@0.8” is 128 in the last fifth of the run." },
  { "train", "validate-every", OMNI_KEY_WHOLE, IN_RECIPE (validate_every), 0, MAX_STEPS, "500", NULL,
    "Steps between validations; 0 for none." },
  { "train", "keep-initial", OMNI_KEY_NUMBER, IN_RECIPE (keep_initial), 0, 1, "0", NULL,
    "After the last step so much of what was learned gives way to the weights that the run started from, "
    "which are "
    "often better where the data say little: both share the work of one (Wortsman et al. 2022)." },
  { "train", "checkpoint-every", OMNI_KEY_WHOLE, IN_RECIPE (checkpoint_every), 0, MAX_STEPS, "250", NULL,
    "Steps between checkpoints; 0 for the last alone." },
  { "train", "validation-scenes", OMNI_KEY_WHOLE, IN_RECIPE (validation_scenes), 1, 1000, "6", NULL,
    "Scenes of each task that a validation fuses, spread over the val split." },
  { "train", "validation-size", OMNI_KEY_WHOLE, IN_RECIPE (validation_size), 32, 4096, "256", NULL,
    "Side of the square from the middle of a scene that a validation fuses; less where the scene is "
    "smaller." },

  { "optimiser", "name", OMNI_KEY_CHOICE, IN_CONFIG (optimiser), 0, 0, "adam", optimisers,
    "RMSProp as TensorFlow has it." },
  { "optimiser", "learning-rate", OMNI_KEY_FLOAT, IN_CONFIG (learning_rate), 1e-9, 10, "0.001", NULL,
    "The largest rate." },
  { "optimiser", "beta1", OMNI_KEY_FLOAT, IN_CONFIG (beta1), 0, 0.999999, "0.9", NULL, "adam." },
  { "optimiser", "beta2", OMNI_KEY_FLOAT, IN_CONFIG (beta2), 0, 0.999999, "0.99", NULL, "adam." },
  { "optimiser", "epsilon", OMNI_KEY_FLOAT, IN_CONFIG (epsilon), 0, 1, "0", NULL,
    "adam and rmsprop; 0 for the usual 1e-8 and 1e-10." },
  { "optimiser", "decay", OMNI_KEY_FLOAT, IN_CONFIG (decay), 0, 0.999999, "0.9", NULL, "rmsprop." },
  { "optimiser", "momentum", OMNI_KEY_FLOAT, IN_CONFIG (momentum), 0, 0.999999, "0.9", NULL,
    "rmsprop and sgd." },
  { "optimiser", "clip", OMNI_KEY_FLOAT, IN_CONFIG (clip_norm), 0, 1e9, "1", NULL,
    "Largest norm of the gradient over all parameters; 0 for no limit." },
  { "optimiser", "clip-weights", OMNI_KEY_FLOAT, IN_CONFIG (clip_weights), 0, 1e9, "0", NULL,
    "Largest magnitude of a weight; 0 for no limit." },
  { "optimiser", "schedule", OMNI_KEY_CHOICE, IN_CONFIG (schedule), 0, 0, "cosine", schedules,
    "How the rate falls after the warm-up." },
  { "optimiser", "restart", OMNI_KEY_CHOICE, IN_RECIPE (restart), 0, 0, "no", yes_no,
    "Sequential order: whether schedule and warm-up begin anew with every task." },
  { "optimiser", "warm-up", OMNI_KEY_WHOLE, IN_CONFIG (warm_up_steps), 0, MAX_STEPS, "50", NULL,
    "Steps over which the rate rises from nothing." },
  { "optimiser", "final-rate", OMNI_KEY_FLOAT, IN_CONFIG (floor), 0, 1, "0.02", NULL,
    "cosine: the part of the rate that is left at the end." },
  { "optimiser", "halve-every", OMNI_KEY_WHOLE, IN_CONFIG (halve_every), 1, MAX_STEPS, "50000", NULL,
    "halving: steps." },
  { "optimiser", "power", OMNI_KEY_FLOAT, IN_CONFIG (power), 0, 10, "0.9", NULL,
    "poly: the rate is (1 − step/steps) to this power." },

  { "ewc", "strength", OMNI_KEY_NUMBER, IN_RECIPE (ewc_strength), 0, 1e12, "20000", NULL,
    "λ: how much a parameter that finished tasks need is held. The section as a whole may be left out." },
  { "ewc", "samples", OMNI_KEY_WHOLE, IN_RECIPE (ewc_samples), 1, 1e6, "200", NULL,
    "Sets over which the Fisher diagonal is measured when a task is done." },
  { "ewc", "form", OMNI_KEY_CHOICE, IN_RECIPE (ewc_form), 0, 0, "ifani", forms,
    "ifani: λ Σ Ω (θ − θ*)²; u2fusion: half of that." },
  { "ewc", "step", OMNI_KEY_CHOICE, IN_CONFIG (ewc_proximal), 0, 0, "gradient", ewc_steps,
    "gradient: the term's gradient is added to the loss's and clipped with it, as in the papers. proximal: "
    "after every step of "
    "the optimiser the term draws back as far as it alone would come to rest; it cannot overshoot, however "
    "strong." },

  { "task", "task", OMNI_KEY_TASK, IN_TASK (task), 0, 0, "", tasks,
    "What is learned; without it, the section's name says." },
  { "task", "data", OMNI_KEY_LIST, IN_TASK (folders), 0, 0, NULL, NULL,
    "Folders below the data folder: of scenes, or for a synthesis of sharp pictures. A scene of pansharpen "
    "is a "
    "ms.tif and a pan.tif: both are made coarser by the ratio of their pixels, a set is one band with the "
    "panchromatic picture, its truth the band as it was, and the last quarter of the rows is for "
    "validation." },
  { "task", "synthesis", OMNI_KEY_CHOICE, IN_TASK (synthesis), 0, 0, "none", syntheses,
    "Make the sources up from single pictures; the picture is the truth." },
  { "task", "truth", OMNI_KEY_CHOICE, IN_TASK (truth), 0, 0, "no", yes_no,
    "Take those scenes alone that have a truth.* or reference.*." },
  { "task", "probability", OMNI_KEY_NUMBER, IN_TASK (probability), 0, 1e6, "1", NULL,
    "Joint order: how often a step draws this task, relative to the others." },
  { "task", "steps", OMNI_KEY_WHOLE, IN_TASK (steps), 0, MAX_STEPS, "0", NULL,
    "Sequential order: how many steps." },
  { "task", "sources", OMNI_KEY_COUNTS, IN_TASK (n_sources), 2, 64, "2", NULL,
    "Pictures in a set, drawn anew each step; a number that stands twice is twice as likely." },
  { "task", "loss", OMNI_KEY_LOSSES, IN_TASK (losses), 0, 1e9, "", NULL,
    "mae, mse, ssim, gradient, truth-sobel and perceptual compare with the truth, where there is one, the "
    "others with "
    "the "
    "sources; the first source of a pair is the infrared, PET or SPECT one or the band, else the brighter. "
    "“mef-ssim@2 0.5” works on pictures averaged down by 2 (or 4, 8), and so do “mef-structure@2” and "
    "“mef-patches@2”, which is MEF-SSIM as the metric has it but for a wider window, of the picture cut to "
    "what it can "
    "hold; out-of-range is what was cut. All "
    "sections of a task share one loss, given once." },
  { "task", "information-scale", OMNI_KEY_FLOAT, IN_TASK (losses.information_scale), 1e-9, 1e9, "0.002", NULL,
    "information-mse and information-ssim: c of the shares, softmax (g / c); g is the squared Laplacian, "
    "over "
    "five levels of a pyramid or, with vgg16, the five stages of its features, which are larger by far: "
    "start at 1. Less makes the "
    "sharper source count for more." },
  { "task", "reduce", OMNI_KEY_COUNTS, IN_TASK (reductions), 1, 8, "1, 1, 2", NULL,
    "A crop is cut from the picture averaged down by one of these, where that is large enough." },
  { "task", "min-contrast", OMNI_KEY_NUMBER, IN_TASK (min_contrast), 0, 0.5, "0.05", NULL,
    "A crop flatter than this standard deviation is drawn again, five times at most." },
  { "task", "depth-masks", OMNI_KEY_NUMBER, IN_TASK (options.depth_masks), 0, 1, "0.5", NULL,
    "Synthetic focus: how often regions follow a made-up depth (IFCNN) instead of basal and shape masks "
    "(IFANI)." },
  { "task", "disc-blur", OMNI_KEY_NUMBER, IN_TASK (options.disc_blur), 0, 1, "0.5", NULL,
    "Synthetic focus: how often a lens's disc blurs instead of a Gaussian." },
  { "task", "layers", OMNI_KEY_NUMBER, IN_TASK (options.layers), 0, 1, "1", NULL,
    "Synthetic focus: how often what is out of focus spreads over its surroundings, as a lens does it, "
    "instead of "
    "being cut from the picture blurred as a whole, as the papers do it." },
  { "task", "sigma", OMNI_KEY_RANGE, IN_TASK (options.sigma), 0.1, 20, "0.7-2.5", NULL,
    "Synthetic focus: standard deviation in pixels of the blur one step out of focus." },
  { "task", "breathing", OMNI_KEY_RANGE, IN_TASK (options.breathing), 0, 0.1, "0-0", NULL,
    "Synthetic focus: by how much of itself the picture grows from a source to the next, as a lens does it; "
    "half of the scenes have none." },
  { "task", "stops", OMNI_KEY_RANGE, IN_TASK (options.stops), 0.1, 8, "0.7-2.5", NULL,
    "Synthetic exposures: stops between neighbours." },
  { "task", "noise", OMNI_KEY_RANGE, IN_TASK (options.noise), 0, 0.2, "0-0.01", NULL,
    "Synthesis: standard deviation of the sensor's noise at mid grey." },
  { "task", "jpeg", OMNI_KEY_NUMBER, IN_TASK (options.jpeg), 0, 1, "0", NULL,
    "Synthesis: how often the sources carry a JPEG's artefacts." },
};

const guint omni_recipe_n_keys = G_N_ELEMENTS (omni_recipe_keys);

const char *const *
omni_recipe_key_get_choices (const OmniRecipeKey *key)
{
  return key->choices != NULL ? key->choices : omni_trainer_list_architectures ();
}

/* ---- Help ---- */

char *
omni_recipe_key_describe (const OmniRecipeKey *key)
{
  switch (key->kind)
  {
  case OMNI_KEY_WHOLE:
  case OMNI_KEY_COUNT:
    return g_strdup_printf ("a whole number from %.15g to %.15g", key->low, key->high);
  case OMNI_KEY_NUMBER:
  case OMNI_KEY_FLOAT:
    return g_strdup_printf ("a number from %.15g to %.15g", key->low, key->high);
  case OMNI_KEY_RANGE:
    return g_strdup_printf ("a range like 1-2 within %.15g and %.15g", key->low, key->high);
  case OMNI_KEY_WORD:
  case OMNI_KEY_CHOICE:
  case OMNI_KEY_TASK:
  {
    g_autofree char *words = g_strjoinv (", ", (char **)omni_recipe_key_get_choices (key));
    return g_strdup_printf ("one of %s", words);
  }
  case OMNI_KEY_TEXT:
    return g_strdup ("a path");
  case OMNI_KEY_LIST:
    return g_strdup ("names with commas between them");
  case OMNI_KEY_COUNTS:
    return g_strdup_printf ("whole numbers from %.15g to %.15g like “2, 3” or “2-5”", key->low, key->high);
  case OMNI_KEY_NUMBERS:
    return g_strdup_printf ("numbers from %.15g to %.15g with commas between them", key->low, key->high);
  case OMNI_KEY_CROPS:
    return g_strdup_printf ("sizes from %.15g to %.15g like “64” or “64, 128@0.8”", key->low, key->high);
  case OMNI_KEY_LOSSES:
  default:
  {
    g_autoptr (GString) names = g_string_new (NULL);
    for (OmniLoss loss = 0; loss < OMNI_N_LOSSES; loss++)
      g_string_append_printf (names, "%s%s", loss > 0 ? ", " : "", omni_loss_to_string (loss));
    return g_strdup_printf ("terms with weights like “ssim 1, mae 5”, each once, of %s", names->str);
  }
  }
}

static void
append_wrapped (GString *text, const char *paragraph, guint indent, guint columns)
{
  g_auto (GStrv) words = g_strsplit (paragraph, " ", -1);
  guint column = columns;
  for (guint i = 0; words[i] != NULL; i++)
  {
    const guint length = g_utf8_strlen (words[i], -1);
    if (column + 1 + length > columns)
    {
      g_string_append_printf (text, "%s%*s", i > 0 ? "\n" : "", indent, "");
      column = indent;
    }
    else
    {
      g_string_append_c (text, ' ');
      column++;
    }
    g_string_append (text, words[i]);
    column += length;
  }
  g_string_append_c (text, '\n');
}

char *
omni_recipe_get_help (void)
{
  GString *text = g_string_new (
    "A recipe is a text file of sections in brackets and lines “key = value”; # begins a comment. "
    "[network],\n"
    "[train], [optimiser] and [ewc] stand at most once, [task NAME] once for each source of batches.\n");
  const char *section = "";
  for (guint i = 0; i < omni_recipe_n_keys; i++)
  {
    const OmniRecipeKey *key = &omni_recipe_keys[i];
    if (!g_str_equal (section, key->section))
      g_string_append_printf (text, "\n[%s]\n",
                              g_str_equal (key->section, "task") ? "task NAME" : key->section);
    section = key->section;
    g_autofree char *values = omni_recipe_key_describe (key);
    g_autofree char *head = key->initial == NULL   ? g_strdup_printf ("%s; required.", values)
                            : key->initial[0] == 0 ? g_strdup_printf ("%s.", values)
                                                   : g_strdup_printf ("%s (%s).", values, key->initial);
    g_string_append_printf (text, "  %s\n", key->key);
    append_wrapped (text, head, 6, 110);
    append_wrapped (text, key->summary, 6, 110);
  }
  return g_string_free (text, FALSE);
}
