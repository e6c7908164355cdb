/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/tasks.h"

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
