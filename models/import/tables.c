/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/tables.h"

#include <glib/gi18n.h>

/* One convolution: its own names and theirs. NULL: it has no bias, no normalisation. */
typedef struct
{
  const char *weight, *bias, *norm;
  const char *their_weight, *their_bias, *their_norm;
  guint16 out, in, kernel;
} Layer;

struct _OmniImportTable
{
  const char *architecture;
  const char *title;
  const Layer *layers;
  guint n_layers;
  const char *const *their_norms; /* names of γ, β, μ, σ² */
  const char *const *metadata;
  const char *const *named;
  const char *note;
  const OmniImportTable *whole;
};

static const char *const our_norms[] = { "weight", "bias", "running_mean", "running_var" };
static const char *const tensorflow_norms[] = { "gamma", "beta", "moving_mean", "moving_variance" };

/* ---- IFCNN: uzeful/IFCNN, Code/model.py ---- */

static const Layer ifcnn_layers[] = {
  { "conv1.weight", NULL, NULL, "conv1.weight", NULL, NULL, 64, 3, 7 },
  { "conv2.conv.weight", NULL, "conv2.bn", "conv2.conv.weight", NULL, "conv2.bn", 64, 64, 3 },
  { "conv3.conv.weight", NULL, "conv3.bn", "conv3.conv.weight", NULL, "conv3.bn", 64, 64, 3 },
  { "conv4.weight", "conv4.bias", NULL, "conv4.weight", "conv4.bias", NULL, 3, 64, 1 },
};

static const char *const ifcnn_metadata[] = { "padding", "replicate", NULL };
static const char *const ifcnn_named[] = { "reduce", "max", "mean", "sum", NULL };

static const OmniImportTable ifcnn = {
  .architecture = "ifcnn",
  .title = N_ ("the authors’ PyTorch file"),
  .layers = ifcnn_layers,
  .n_layers = G_N_ELEMENTS (ifcnn_layers),
  .their_norms = our_norms,
  .metadata = ifcnn_metadata,
  .named = ifcnn_named,
  .note = N_ (
    "The file does not say whether it is for the maximum, the mean or the sum: the reduction comes from its "
    "name, and is the maximum where that tells nothing. --metadata reduce=mean sets it."),
};

/* ---- U2Fusion: hanna-xu/U2Fusion, Generator in network.py ---- */

#define CONV(ours, theirs, in, out)                                                                          \
  {                                                                                                          \
    ours ".weight", ours ".bias", NULL, theirs ".kernel", theirs ".bias", NULL, out, in, 3                   \
  }

static const Layer u2fusion_layers[] = {
  CONV ("conv1", "Generator.encoder.conv1_1", 2, 44),
  CONV ("dense1", "Generator.encoder.dense_block_conv1", 44, 44),
  CONV ("dense2", "Generator.encoder.dense_block_conv2", 88, 44),
  CONV ("dense3", "Generator.encoder.dense_block_conv3", 132, 44),
  CONV ("dense4", "Generator.encoder.dense_block_conv4", 176, 44),
  CONV ("dense5", "Generator.encoder.dense_block_conv5", 220, 44),
  CONV ("out1", "Generator_1.decoder.conv2_1", 264, 128),
  CONV ("out2", "Generator_1.decoder.conv2_2", 128, 64),
  CONV ("out3", "Generator_1.decoder.conv2_3", 64, 32),
  CONV ("out4", "Generator_1.decoder.conv2_4", 32, 1),
};

static const char *const u2fusion_metadata[] = { "padding", "reflect", NULL };

static const OmniImportTable u2fusion = {
  .architecture = "u2fusion",
  .title = N_ ("the authors’ TensorFlow checkpoint"),
  .layers = u2fusion_layers,
  .n_layers = G_N_ELEMENTS (u2fusion_layers),
  .metadata = u2fusion_metadata,
};

/* ---- PMGI: HaoZhang1018/PMGI_AAAI2020, fusion_model() of model.py ---- */

#define PATH(ours, layer, name, in, kernel)                                                                  \
  {                                                                                                          \
    ours ".weight", ours ".bias", ours ".bn", layer ".w" name, layer ".b" name, layer ".BatchNorm", 16, in,  \
      kernel                                                                                                 \
  }
#define PLAIN(ours, layer, name, out, in, kernel)                                                            \
  {                                                                                                          \
    ours ".weight", ours ".bias", NULL, layer ".w" name, layer ".b" name, NULL, out, in, kernel              \
  }

static const Layer pmgi_layers[] = {
  PATH ("p1", "fusion_model.layer1", "1", 3, 5),
  PATH ("q1", "fusion_model.layer1_vi", "1_vi", 3, 5),
  PATH ("p2", "fusion_model.layer2", "2", 16, 3),
  PATH ("q2", "fusion_model.layer2_vi", "2_vi", 16, 3),
  PATH ("t23p", "fusion_model.layer2_3", "2_3", 32, 1),
  PATH ("t23q", "fusion_model.layer2_3_vi", "2_3_vi", 32, 1),
  PATH ("p3", "fusion_model.layer3", "3", 48, 3),
  PATH ("q3", "fusion_model.layer3_vi", "3_vi", 48, 3),
  PATH ("t34p", "fusion_model.layer3_4", "3_4", 32, 1),
  PATH ("t34q", "fusion_model.layer3_4_vi", "3_4_vi", 32, 1),
  PATH ("p4", "fusion_model.layer4", "4", 64, 3),
  PATH ("q4", "fusion_model.layer4_vi", "4_vi", 64, 3),
  PLAIN ("out", "fusion_model.layer5", "5", 1, 128, 1),
};

static const Layer pmgi_pan_layers[] = {
  PLAIN ("p1", "fusion_model.layer1", "1", 16, 3, 5),
  PLAIN ("q1", "fusion_model.layer1_vi", "1_vi", 16, 3, 5),
  PLAIN ("p2", "fusion_model.layer2", "2", 16, 16, 3),
  PLAIN ("q2", "fusion_model.layer2_vi", "2_vi", 16, 16, 3),
  PLAIN ("t23p", "fusion_model.layer2_3", "2_3", 16, 32, 1),
  PLAIN ("t23q", "fusion_model.layer2_3_vi", "2_3_vi", 16, 32, 1),
  PLAIN ("p3", "fusion_model.layer3", "3", 16, 48, 3),
  PLAIN ("q3", "fusion_model.layer3_vi", "3_vi", 16, 48, 3),
  PLAIN ("t34p", "fusion_model.layer3_4", "3_4", 16, 32, 1),
  PLAIN ("t34q", "fusion_model.layer3_4_vi", "3_4_vi", 16, 32, 1),
  PLAIN ("p4", "fusion_model.layer4", "4", 16, 64, 3),
  PLAIN ("q4", "fusion_model.layer4_vi", "4_vi", 16, 64, 3),
  PLAIN ("out", "fusion_model.layer5", "5", 1, 128, 1),
};

static const char *const pmgi_metadata[] = { "padding", "zero", "norm", "instance", NULL };
static const char *const pmgi_pan_metadata[] = { "padding", "zero", "norm", "none", NULL };

static const OmniImportTable pmgi = {
  .architecture = "pmgi",
  .title = N_ ("the authors’ TensorFlow checkpoint"),
  .layers = pmgi_layers,
  .n_layers = G_N_ELEMENTS (pmgi_layers),
  .their_norms = tensorflow_norms,
  .metadata = pmgi_metadata,
  .note = N_ (
    "The authors’ script normalises by each picture’s own statistics and does not use the stored ones, so "
    "that is how the file will run; --metadata norm=running uses the stored ones."),
};

static const OmniImportTable pmgi_pan = {
  .architecture = "pmgi",
  .title = N_ ("the authors’ TensorFlow checkpoint for pan-sharpening, without normalisation"),
  .layers = pmgi_pan_layers,
  .n_layers = G_N_ELEMENTS (pmgi_pan_layers),
  .metadata = pmgi_pan_metadata,
  .whole = &pmgi,
};

static const OmniImportTable *const tables[] = { &ifcnn, &u2fusion, &pmgi, &pmgi_pan, NULL };

/* ---- Reading them ---- */

const OmniImportTable *const *
omni_import_tables (void)
{
  return tables;
}

const char *
omni_import_table_get_architecture (const OmniImportTable *table)
{
  return table->architecture;
}

const char *
omni_import_table_get_title (const OmniImportTable *table)
{
  return table->title;
}

const char *const *
omni_import_table_get_metadata (const OmniImportTable *table)
{
  return table->metadata;
}

const OmniImportTable *
omni_import_table_get_whole (const OmniImportTable *table)
{
  return table->whole;
}

const char *const *
omni_import_table_get_named (const OmniImportTable *table)
{
  return table->named;
}

const char *
omni_import_table_get_note (const OmniImportTable *table)
{
  return table->note;
}

static void
add_row (GArray *rows, const char *ours, const char *theirs, const char *part, guint n_dims,
         const Layer *layer)
{
  OmniImportRow row = { .ours = { .n_dims = n_dims, .dims = { layer->out } } };

  if (n_dims == 4)
  {
    row.ours.dims[1] = layer->in;
    row.ours.dims[2] = row.ours.dims[3] = layer->kernel;
  }
  g_strlcpy (row.ours.name, ours, sizeof row.ours.name);
  g_snprintf (row.theirs, sizeof row.theirs, part != NULL ? "%s.%s" : "%s", theirs, part);
  g_array_append_val (rows, row);
}

GArray *
omni_import_table_get_rows (const OmniImportTable *table)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (OmniImportRow));

  for (guint i = 0; i < table->n_layers; i++)
  {
    const Layer *layer = &table->layers[i];

    add_row (rows, layer->weight, layer->their_weight, NULL, 4, layer);
    if (layer->bias != NULL)
      add_row (rows, layer->bias, layer->their_bias, NULL, 1, layer);
    for (guint k = 0; layer->norm != NULL && k < G_N_ELEMENTS (our_norms); k++)
    {
      g_autofree char *ours = g_strdup_printf ("%s.%s", layer->norm, our_norms[k]);

      add_row (rows, ours, layer->their_norm, table->their_norms[k], 1, layer);
    }
  }
  return rows;
}
