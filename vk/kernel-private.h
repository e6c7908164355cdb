/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device-private.h"

G_BEGIN_DECLS

/* The file name of this device's pipeline cache, inside $XDG_CACHE_HOME/omnifuse (transfer full). For tests. */
char *omni_pipeline_cache_path (const OmniDevice *device);

/* (transfer full) What this device may use of that file: empty on a miss. For tests. */
GBytes *omni_pipeline_cache_read (const OmniDevice *device);

/* A kernel and what it is specialized by. */
typedef struct
{
  const char *shader;
  const guint32 *constants;
  guint n_constants;
} OmniKernelSpec;

/* Compiles those that are not yet, on all processors. What fails here fails again, with its error, when it is asked for. */
void omni_device_prepare_pipelines (OmniDevice *device, const OmniKernelSpec *specs, guint n_specs);

/* (transfer none) The SPIR-V of a shader in shaders/, NULL when there is none of that name. */
GBytes *omni_kernel_get_spirv (const char *shader);

G_END_DECLS
