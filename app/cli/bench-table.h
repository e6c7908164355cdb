/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/cli.h"

G_BEGIN_DECLS

/* Where a model's time goes, kernel by kernel, beside the copy kernel of the same device. */

/* (transfer full) (element-type OmniPlanProfile) The rows of a profile summed by kernel, the dearest first; a label is that
 * of the kernel's first row. */
GArray *omni_cli_sum_kernels (const GArray *profile);

/* GB/s of the copy kernel at about `width` × `height` px, on a device opened for it; 0 with an error. */
double omni_cli_measure_copy (const char *selector, guint width, guint height, GError **error);

/* A table on stdout; as JSON "kernels" and "copy_gbyte_per_s". “x copy”: how many times as long as the copy kernel a
 * kernel takes for a byte it moves. */
void omni_cli_print_kernels (const GArray *kernels, double copy_gbytes_per_s);
void omni_cli_add_kernels (JsonBuilder *json, const GArray *kernels, double copy_gbytes_per_s);

G_END_DECLS
