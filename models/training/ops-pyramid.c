/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

#define ENERGY_BOX 3

/* `source` to `out`; `large` is the finer one's size. */
static void
run_down (OmniOps *ops, const OmniMaps *source, const OmniMaps *large, gboolean transposed,
          gboolean accumulate, const OmniMaps *out)
{
  OmniDispatch kernel = omni_ops_kernel ("train-down", out->h * out->w, out->n);
  const gint32 push[] = { source->at, (gint32)large->w, (gint32)large->h, out->at };

  omni_ops_constant (&kernel, transposed);
  omni_ops_constant (&kernel, accumulate);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 2.0 * (double)omni_maps_bytes (large);
  omni_ops_run (ops, &kernel);
}

OmniMaps
omni_ops_down (OmniOps *ops, const OmniMaps *x)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, (x->h + 1) / 2, (x->w + 1) / 2);

  run_down (ops, x, x, FALSE, FALSE, &out);
  return out;
}

void
omni_ops_down_grad (OmniOps *ops, const OmniMaps *output_gradient, gboolean accumulate,
                    const OmniMaps *gradient)
{
  run_down (ops, output_gradient, gradient, TRUE, accumulate, gradient);
}

/* `source` to `out`; `small` and `large` are the two sizes. */
static void
run_up (OmniOps *ops, const OmniMaps *source, const OmniMaps *small, const OmniMaps *large, guint factor,
        float scale, const OmniMaps *base, gboolean transposed, const OmniMaps *out)
{
  OmniDispatch kernel = omni_ops_kernel ("train-up", out->h * out->w, out->n);
  const gint32 push[] = { source->at,
                          (gint32)small->w,
                          (gint32)small->h,
                          (gint32)large->w,
                          (gint32)large->h,
                          (gint32)factor,
                          base != NULL ? base->at : 0,
                          omni_ops_float_bits (scale) };

  omni_ops_constant (&kernel, transposed);
  omni_ops_constant (&kernel, base != NULL);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 2.0 * (double)omni_maps_bytes (large) * (transposed ? 4.0 : 1.0);
  omni_ops_run (ops, &kernel);
}

OmniMaps
omni_ops_up (OmniOps *ops, const OmniMaps *x, guint factor, guint h, guint w, float scale,
             const OmniMaps *base)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, h, w);

  run_up (ops, x, x, &out, factor, scale, base, FALSE, &out);
  return out;
}

void
omni_ops_up_grad (OmniOps *ops, const OmniMaps *output_gradient, guint factor, gboolean accumulate,
                  const OmniMaps *gradient)
{
  run_up (ops, output_gradient, gradient, output_gradient, factor, 1.0F, accumulate ? gradient : NULL, TRUE,
          gradient);
}

static OmniMaps
run_energy (OmniOps *ops, const OmniMaps *band, guint box, guint factor, float floor, float scale,
            float shift)
{
  const OmniMaps out = omni_ops_maps (ops, band->n, band->h / factor, band->w / factor);
  OmniDispatch kernel = omni_ops_kernel ("train-energy", out.h * out.w, out.n);
  const gint32 push[] = { band->at,
                          (gint32)band->w,
                          (gint32)band->h,
                          (gint32)factor,
                          omni_ops_float_bits (floor),
                          omni_ops_float_bits (scale),
                          omni_ops_float_bits (shift) };

  omni_ops_constant (&kernel, box);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 4.0 * (double)omni_maps_bytes (band);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniMaps
omni_ops_energy (OmniOps *ops, const OmniMaps *band, float floor)
{
  return run_energy (ops, band, ENERGY_BOX, 1, floor, 1.0F, 0.0F);
}

OmniMaps
omni_ops_block_energy (OmniOps *ops, const OmniMaps *band, guint factor, float floor, float scale,
                       float shift)
{
  return run_energy (ops, band, 0, factor, floor, scale, shift);
}

OmniMaps
omni_ops_energy_grad (OmniOps *ops, const OmniMaps *band, const OmniMaps *energy, guint factor, float scale,
                      float shift, const OmniMaps *output_gradient)
{
  const OmniMaps out = omni_ops_maps (ops, band->n, band->h, band->w);
  OmniDispatch kernel = omni_ops_kernel ("train-energy-grad", out.h * out.w, out.n);
  const gint32 push[] = { band->at,
                          (gint32)band->w,
                          (gint32)band->h,
                          (gint32)factor,
                          0,
                          omni_ops_float_bits (scale),
                          omni_ops_float_bits (shift),
                          energy->at,
                          output_gradient->at };

  omni_ops_constant (&kernel, factor > 0 ? 0 : ENERGY_BOX);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 4.0 * (double)omni_maps_bytes (band);
  omni_ops_run (ops, &kernel);
  return out;
}

static OmniMaps
run_softplus (OmniOps *ops, const OmniMaps *x, const OmniMaps *output_gradient)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, x->h, x->w);
  const guint n = x->n * x->h * x->w;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-softplus", n);
  const gint32 push[] = { x->at, output_gradient != NULL ? output_gradient->at : 0, (gint32)n };

  omni_ops_constant (&kernel, output_gradient != NULL);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniMaps
omni_ops_softplus (OmniOps *ops, const OmniMaps *x)
{
  return run_softplus (ops, x, NULL);
}

OmniMaps
omni_ops_softplus_grad (OmniOps *ops, const OmniMaps *x, const OmniMaps *output_gradient)
{
  return run_softplus (ops, x, output_gradient);
}
