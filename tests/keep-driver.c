/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For programs that run with the address sanitizer; without it there is nothing here. */
#ifdef __SANITIZE_ADDRESS__
#include <dlfcn.h>

/* Leaks of Mesa's software device are suppressed by its name, which is gone once the loader has closed it. */
__attribute__ ((constructor)) static void
keep_driver (void)
{
  dlopen ("libvulkan_lvp.so", RTLD_LAZY | RTLD_NODELETE);
}
#endif
