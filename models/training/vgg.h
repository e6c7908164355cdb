/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/ops.h"
#include "models/weights.h"

G_BEGIN_DECLS

/* The features of VGG-16 (Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015):
 * thirteen convolutions of 3 × 3, zero outside, each with a ReLU, and maxima of 2 × 2 after all stages but the last. No such weights
 * ship, and nothing needs them: who has some may measure with them what U2Fusion (information) and IFCNN (perceptual) measure.
 *
 * Pictures are grey, laid into R, G and B and normalised by ImageNet's mean and deviation, as torchvision's weights want them. */
#define OMNI_VGG_STAGES 5
#define OMNI_VGG_LAYERS 13

/* Whether `weights` hold features.N.weight and .bias as torchvision names them, N = 0, 2, 5 … 28; whatever else is in the file, such as
 * classifier.*, is passed over. The error names the first tensor that is missing or of another shape. */
gboolean omni_vgg_check (const OmniWeights *weights, GError **error);

/* (transfer full) Weights and biases of all layers, one behind the other, as the functions below read them. */
float *omni_vgg_dup_values (const OmniWeights *weights, gsize *n);

/* In these, `at` is where the values lie in the parameters' arena, floats. */

/* U2Fusion's shares of every `n` pictures (models.md §2.3): softmax of g / scale, g the mean over the five stages (after the ReLU of
 * relu1_2, 2_2, 3_3, 4_3, 5_3) of the mean squared Laplacian of the features. The pictures keep their size, where the paper enlarges
 * them to 224². One pixel an image. */
OmniMaps omni_vgg_information (OmniOps *ops, guint at, const OmniMaps *sources, guint n, float scale);

/* (φ F − φ truth)² of the features of relu5_3, their mean: B results, and `weight` times the gradient is added. Sides are multiples of
 * OMNI_VGG_GRAIN. */
#define OMNI_VGG_GRAIN 16
void omni_vgg_loss_perceptual (OmniOps *ops, guint at, OmniLossTarget *target, float weight);

G_END_DECLS
