/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

G_BEGIN_DECLS

/* The protocol of L. Wald, T. Ranchin and M. Mangolini (PE&RS 63, 1997): both pictures of a pan-sharpening are made coarser by the
 * ratio of their pixels (omni_picture_degrade() says with which filter), what is fused of these has the size of the
 * multispectral picture, and that is what it should look like. */
#define OMNI_WALD_WORDS "Wald, Gaussian, .3 for ms and .15 for pan at Nyquist"

typedef struct
{
  OmniPicture *ms, *pan;               /* as they are */
  OmniPicture *coarse_ms, *coarse_pan; /* nullable: made when first needed */
  GPtrArray *coarse_sources;           /* OmniSource, of the last two, with their roles */
} OmniWald;

void omni_wald_clear (OmniWald *wald);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniWald, omni_wald_clear)

/* Loads the pair. The error says why `sources` are none. */
gboolean omni_wald_init (OmniWald *wald, GPtrArray *sources, GCancellable *cancellable, GError **error);

/* Makes the coarser pair; a no-op when it is there. */
gboolean omni_wald_degrade (OmniWald *wald, GCancellable *cancellable, GError **error);

G_END_DECLS
