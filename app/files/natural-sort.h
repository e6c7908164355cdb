/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Compares names as people count: "img2" before "IMG10". Digits compare by their value, ASCII letters without case, all
 * else by its bytes, whatever the locale; names that are still equal (leading zeros, case) compare by their bytes. */
int omni_natural_compare (const char *a, const char *b);

/* (transfer full) The files that command-line arguments mean: a file stands for itself, a folder for the pictures in it
 * (not in its folders), in natural order, hidden files left out. An argument that does not exist, and a folder without
 * pictures, is an error that names it. */
char **omni_files_expand (char **args, GError **error);

/* Takes out of `paths` (element-type filename, owned) camera raw that has a picture of the same name beside it: cameras write both. */
void omni_files_drop_raw (GPtrArray *paths);

/* (transfer full) (nullable) What to say of such camera raw in a folder: a sentence, translated. */
char *omni_folder_describe_raw (const char *folder);

G_END_DECLS
