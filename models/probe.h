/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"
#include "vk/device.h"

G_BEGIN_DECLS

/* A weight file may carry what its network answers to a built-in input (metadata `known_answer`), which shows that file,
 * program and device agree on what the network is.
 *
 * The input: three (or max_inputs, if fewer) grey 8-bit sources of 32 × 32; pixel (x, y) of source k is
 * (x²·(k + 1) + 3·x·y + 7·y·(k + 2)) mod 256. The answer: the fused values at x, y ∈ {4, 12, 20, 28}, row by row. */
#define OMNI_PROBE_VALUES    16
#define OMNI_PROBE_TOLERANCE 1e-3f /* devices differ in the last bits */

/* Runs the probe. Takes milliseconds; in the thread of `device`. */
gboolean omni_model_probe (const OmniModel *model, const OmniWeights *weights, OmniDevice *device,
                           float answer[OMNI_PROBE_VALUES], GError **error);

/* Runs the probe if the weights carry an answer and compares. TRUE when they carry none. */
gboolean omni_model_check_answer (const OmniModel *model, const OmniWeights *weights, OmniDevice *device,
                                  GError **error);

G_END_DECLS
