/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/titles.h"

#include <glib/gi18n.h>

const char *
omni_task_get_title (OmniTask task)
{
  switch (task)
  {
  case OMNI_TASK_EXPOSURE:
    return _ ("Exposure Bracket");
  case OMNI_TASK_FOCUS:
    return _ ("Focus Stack");
  case OMNI_TASK_INFRARED:
    return _ ("Infrared and Visible");
  case OMNI_TASK_MEDICAL:
    return _ ("Medical");
  case OMNI_TASK_PANSHARPEN:
    return _ ("Pan-sharpening");
  case OMNI_TASK_AUTO:
  default:
    return _ ("Automatic");
  }
}

const char *
omni_role_get_title (OmniRole role)
{
  switch (role)
  {
  case OMNI_ROLE_VISIBLE:
    return _ ("Visible");
  case OMNI_ROLE_INFRARED:
    return _ ("Infrared");
  case OMNI_ROLE_MRI:
    return _ ("MRI");
  case OMNI_ROLE_CT:
    return _ ("CT");
  case OMNI_ROLE_PET:
    return _ ("PET");
  case OMNI_ROLE_SPECT:
    return _ ("SPECT");
  case OMNI_ROLE_MULTISPECTRAL:
    return _ ("Multispectral");
  case OMNI_ROLE_PANCHROMATIC:
    return _ ("Panchromatic");
  case OMNI_ROLE_NONE:
  default:
    return "";
  }
}
