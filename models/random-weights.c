/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <math.h>

/* Of a spread that keeps activations in range (He et al. 2015, eq. 10), so that no shortcut for zeros or infinities makes a
 * measurement look better than it is. */
static float
draw_value (GRand *random, const OmniTensorSpec *spec)
{
  double sum = -6;

  if (g_str_has_suffix (spec->name, ".running_var") || g_str_has_suffix (spec->name, "bn.weight"))
    return (float)g_rand_double_range (random, .8, 1.2);
  for (guint i = 0; i < 12; i++) /* near enough to normal */
    sum += g_rand_double (random);
  return (float)(spec->n_dims == 4 ? sum * sqrt (2. / (spec->dims[1] * spec->dims[2] * spec->dims[3]))
                                   : .05 * sum);
}

static gsize
count_elements (const OmniTensorSpec *spec)
{
  gsize n = 1;

  for (guint k = 0; k < spec->n_dims; k++)
    n *= spec->dims[k];
  return n;
}

GBytes *
omni_model_make_random_weights (const OmniModel *model, guint32 seed)
{
  const char *const metadata[] = { "architecture", model->architecture, NULL };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  g_return_val_if_fail (model->architecture != NULL, NULL);

  if (!model->list_tensors (NULL, specs, NULL))
    return NULL;
  for (guint i = 0; i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);
    const gsize n = count_elements (spec);
    float *tensor = g_new (float, n);

    for (gsize k = 0; k < n; k++)
      tensor[k] = draw_value (random, spec);
    g_ptr_array_add (values, tensor);
  }
  return omni_weights_write (specs, metadata, (const float *const *)values->pdata);
}
