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

/* (transfer full) (nullable) What to say of the camera raw in a folder, which is none of its pictures: a sentence, translated. */
char *omni_folder_describe_raw (const char *folder);

G_END_DECLS
