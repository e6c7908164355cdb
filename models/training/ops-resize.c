/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

/* Forward (`output_gradient` NULL) into the smaller `out`, or back into that of `x`. */
static void
run_pool (OmniOps *ops, const OmniFeatures *x, gboolean maximum, const OmniFeatures *small,
          const OmniFeatures *output_gradient, gboolean accumulate, const OmniFeatures *out)
{
  const guint n = omni_features_image_texels (out) * out->n;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-pool", n);
  const gint32 push[] = { x->at,
                          (gint32)x->w,
                          (gint32)x->h,
                          (gint32)omni_features_pitch (x),
                          (gint32)omni_features_pitch (small),
                          output_gradient != NULL ? output_gradient->at : 0,
                          (gint32)n,
                          out->at };

  omni_ops_constant (&kernel, maximum);
  omni_ops_constant (&kernel, output_gradient != NULL);
  omni_ops_constant (&kernel, accumulate);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

OmniFeatures
omni_ops_pool (OmniOps *ops, const OmniFeatures *x, gboolean maximum)
{
  const OmniFeatures out = omni_ops_features (ops, x->n, x->c, (x->h + 1) / 2, (x->w + 1) / 2);

  run_pool (ops, x, maximum, &out, NULL, FALSE, &out);
  return out;
}

void
omni_ops_pool_grad (OmniOps *ops, const OmniFeatures *x, gboolean maximum,
                    const OmniFeatures *output_gradient, gboolean accumulate, const OmniFeatures *gradient)
{
  run_pool (ops, x, maximum, output_gradient, output_gradient, accumulate, gradient);
}

/* `source` to `out`; `small` and `large` are the two sizes. */
static void
run_enlarge (OmniOps *ops, const OmniFeatures *source, const OmniFeatures *small, const OmniFeatures *large,
             gboolean bilinear, gboolean transposed, gboolean accumulate, const OmniFeatures *out)
{
  const guint n = omni_features_image_texels (out) * out->n;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-enlarge", n);
  const gint32 push[] = { source->at,
                          (gint32)small->w,
                          (gint32)small->h,
                          (gint32)omni_features_pitch (small),
                          (gint32)large->w,
                          (gint32)large->h,
                          (gint32)omni_features_pitch (large),
                          (gint32)n,
                          out->at };

  omni_ops_constant (&kernel, bilinear);
  omni_ops_constant (&kernel, transposed);
  omni_ops_constant (&kernel, accumulate);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

OmniFeatures
omni_ops_enlarge (OmniOps *ops, const OmniFeatures *x, gboolean bilinear, guint h, guint w)
{
  const OmniFeatures out = omni_ops_features (ops, x->n, x->c, h, w);

  g_return_val_if_fail ((h + 1) / 2 == x->h && (w + 1) / 2 == x->w, out);
  run_enlarge (ops, x, x, &out, bilinear, FALSE, FALSE, &out);
  return out;
}

void
omni_ops_enlarge_grad (OmniOps *ops, const OmniFeatures *output_gradient, gboolean bilinear,
                       gboolean accumulate, const OmniFeatures *gradient)
{
  run_enlarge (ops, output_gradient, gradient, output_gradient, bilinear, TRUE, accumulate, gradient);
}
