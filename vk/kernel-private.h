/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vk/device-private.h"

G_BEGIN_DECLS

/* The file name of this device's pipeline cache, inside $XDG_CACHE_HOME/omnifuse (transfer full). For tests. */
char *omni_pipeline_cache_path (const OmniDevice *device);

/* (transfer full) What this device may use of that file: empty on a miss. For tests. */
GBytes *omni_pipeline_cache_read (const OmniDevice *device);

/* (transfer none) The SPIR-V of a shader in shaders/, NULL when there is none of that name. */
GBytes *omni_kernel_get_spirv (const char *shader);

G_END_DECLS
