/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the person chose for good, in $XDG_CONFIG_HOME/omnifuse/settings.ini. Values are text; a key that is not there has the
 * default of the table in settings.c. Main thread. */

#define OMNI_SETTING_DEVICE          "device"          /* as --device; "": the best */
#define OMNI_SETTING_MEMORY_MIB      "memory-mib"      /* of the device; "": by the device */
#define OMNI_SETTING_HOST_MIB        "host-mib"        /* for decoded pictures; "": by the machine */
#define OMNI_SETTING_EXPORT_DEPTH    "export-depth"    /* own, 8, 16, 32f */
#define OMNI_SETTING_EXPORT_QUALITY  "export-quality"  /* of JPEG, 1 … 100 */
#define OMNI_SETTING_EXPORT_PROFILE  "export-profile"  /* own, srgb */
#define OMNI_SETTING_EXPORT_METADATA "export-metadata" /* yes, no */
#define OMNI_SETTING_LEVEL_AXES      "level-axes" /* across, up: the way of a drag that widens the window */
#define OMNI_SETTING_RESTORE         "restore"    /* yes, no: open at the start what was open at the end */
#define OMNI_SETTING_TALK            "talk"       /* file of a talk; "": the one that ships */
#define OMNI_SETTING_STAGE_SIZE      "stage-size" /* 512, 1024, full */
#define OMNI_SETTING_HELP_READ       "help-read"  /* yes, no: the card of the first run was closed */

/* (transfer full) Never NULL. */
char *omni_settings_dup (const char *key);
gboolean omni_settings_is (const char *key, const char *value);

/* Written at once, whole or not at all. FALSE with an error that names the file. */
gboolean omni_settings_set (const char *key, const char *value, GError **error);

/* Device and memory stand in environment variables; what the environment says already goes first. Once, before any thread. */
void omni_settings_apply (void);

G_END_DECLS
