/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/bench-table.h"

#include "vk/bench.h"

#include <stdio.h>

/* The copy kernel is measured on a picture of at most this size: its rate does not grow beyond. */
#define COPY_WIDTH  2048u
#define COPY_HEIGHT 1365u

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  const double x = ((const OmniPlanProfile *)a)->ms, y = ((const OmniPlanProfile *)b)->ms;
  return (x < y) - (x > y);
}

GArray *
omni_cli_sum_kernels (const GArray *profile)
{
  GArray *kernels = g_array_new (FALSE, TRUE, sizeof (OmniPlanProfile));
  for (guint i = 0; i < profile->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (profile, OmniPlanProfile, i);
    guint k = 0;
    while (k < kernels->len && !g_str_equal (g_array_index (kernels, OmniPlanProfile, k).kernel, row->kernel))
      k++;
    if (k == kernels->len)
    {
      g_array_append_vals (kernels, row, 1);
      continue;
    }
    OmniPlanProfile *sum = &g_array_index (kernels, OmniPlanProfile, k);
    sum->ms += row->ms;
    sum->gflop += row->gflop;
    sum->gbytes += row->gbytes;
    sum->dispatches += row->dispatches;
  }
  g_array_sort (kernels, compare_rows);
  return kernels;
}

double
omni_cli_measure_copy (const char *selector, guint width, guint height, GError **error)
{
  OmniDevice *device = omni_device_open (selector, error);
  if (device == NULL)
    return 0;
  g_autoptr (GArray)
    rows = omni_bench_kernels (device, "copy", MIN (width, COPY_WIDTH), MIN (height, COPY_HEIGHT), error);
  omni_device_close (&device);
  return rows != NULL ? g_array_index (rows, OmniBenchRow, 0).gbytes_per_s : 0;
}

static double
get_rate (const OmniPlanProfile *row)
{
  return row->gbytes / MAX (row->ms, 1e-6) * 1000;
}

void
omni_cli_print_kernels (const GArray *kernels, double copy_gbytes_per_s)
{
  double total = 0;
  for (guint i = 0; i < kernels->len; i++)
    total += g_array_index (kernels, OmniPlanProfile, i).ms;
  printf ("%-28s %6s %10s %6s %9s %9s %9s   copy: %.1f GB/s\n", "kernel", "runs", "ms", "share", "MB", "GB/s",
          "x copy", copy_gbytes_per_s);
  for (guint i = 0; i < kernels->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (kernels, OmniPlanProfile, i);
    printf ("%-28s %6u %10.2f %5.1f%% %9.1f %9.2f %9.1f\n", row->kernel, row->dispatches, row->ms,
            100 * row->ms / MAX (total, 1e-6), row->gbytes * 1000, get_rate (row),
            copy_gbytes_per_s / MAX (get_rate (row), 1e-6));
  }
}

void
omni_cli_add_kernels (JsonBuilder *json, const GArray *kernels, double copy_gbytes_per_s)
{
  omni_cli_add_double (json, "copy_gbyte_per_s", copy_gbytes_per_s);
  json_builder_set_member_name (json, "kernels");
  json_builder_begin_array (json);
  for (guint i = 0; i < kernels->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (kernels, OmniPlanProfile, i);
    json_builder_begin_object (json);
    omni_cli_add_string (json, "kernel", row->kernel);
    omni_cli_add_int (json, "dispatches", row->dispatches);
    omni_cli_add_double (json, "ms", row->ms);
    omni_cli_add_double (json, "gflop", row->gflop);
    omni_cli_add_double (json, "gbytes", row->gbytes);
    omni_cli_add_double (json, "gbyte_per_s", get_rate (row));
    omni_cli_add_double (json, "times_copy", copy_gbytes_per_s / MAX (get_rate (row), 1e-6));
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}
