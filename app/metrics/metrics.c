/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"

#include <string.h>

#define MA_2015                                                                                              \
  "K. Ma, K. Zeng and Z. Wang, Perceptual quality assessment for multi-exposure image fusion, IEEE TIP 24, " \
  "2015"
#define MA_2020                                                                                              \
  "K. Ma, Z. Duanmu, H. Zhu, Y. Fang and Z. Wang, Deep guided learning for fast multi-exposure image "       \
  "fusion, IEEE TIP "                                                                                        \
  "29, 2020"
#define WANG_2004                                                                                            \
  "Z. Wang, A. Bovik, H. Sheikh and E. Simoncelli, Image quality assessment: from error visibility to "      \
  "structural "                                                                                              \
  "similarity, IEEE TIP 13, 2004"
#define FMI_2014 "M. Haghighat and M. Razian, Fast-FMI: non-reference image fusion metric, AICT 2014"
#define ALPARONE_2008                                                                                        \
  "L. Alparone, B. Aiazzi, S. Baronti, A. Garzelli, F. Nencini and M. Selva, Multispectral and "             \
  "panchromatic "                                                                                            \
  "data fusion assessment without reference, PE&RS 74, 2008"
#define GRADIENTS "usual in comparisons such as VIFB (X. Zhang, P. Ye and G. Xiao, CVPR workshops 2020)"

typedef struct
{
  const char *compat;
  OmniMetricFunc func;
} Variant;

typedef struct
{
  OmniMetric metric;
  OmniMetricFunc func;
  Variant variants[4];
} Entry;

static const Entry entries[] = {
  { { "mef-ssim", "MEF-SSIM", "Structure of the sources' strongest contrast, on three scales.", MA_2015,
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1", TRUE },
    omni_metric_mef_ssim },
  { { "mef-ssim-1", "MEF-SSIM, one scale",
      "Structure of the sources' strongest contrast, on the finest scale.", MA_2015, OMNI_METRIC_OF_SOURCES,
      1, 0, -1, 1, "−1 to 1", TRUE },
    omni_metric_mef_ssim_1 },
  { { "mef-ssim-cs", "MEF-SSIM, training form", "Structure of the source with the largest local variance.",
      MA_2020, OMNI_METRIC_OF_SOURCES, 1, 0, -1, 1, "−1 to 1", TRUE },
    omni_metric_mef_ssim_cs },
  { { "mef-ssim-lum", "MEF-SSIM with luminance, training form",
      "Structure of the source with the largest local variance, and well-exposed luminance.", MA_2020,
      OMNI_METRIC_OF_SOURCES, 1, 0, -1, 1, "−1 to 1", TRUE },
    omni_metric_mef_ssim_lum },
  { { "ssim", "SSIM", "Structural similarity to the sources, mean over the sources.", WANG_2004,
      OMNI_METRIC_OF_SOURCES, 1, 0, -1, 1, "−1 to 1", TRUE },
    omni_metric_ssim,
    { { "u2fusion", omni_metric_ssim_u2fusion }, { "vifb", omni_metric_ssim_sum } } },
  { { "qabf", "Q^AB/F", "How well the sources' edges survive, in strength and direction.",
      "C. Xydeas and V. Petrović, Objective image fusion performance measure, Electronics Letters 36, 2000",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1; .975 for a copy", TRUE },
    omni_metric_qabf,
    { { "ifani", omni_metric_qabf_unit }, { "linfeng", omni_metric_qabf_unit } } },
  { { "qy", "Q_Y", "Structural similarity to both sources where they agree, to the nearer one elsewhere.",
      "C. Yang, J.-Q. Zhang, X.-R. Wang and X. Liu, A novel similarity based quality metric for image "
      "fusion, Information "
      "Fusion 9, 2008",
      OMNI_METRIC_OF_SOURCES, 2, 2, -1, 1, "−1 to 1", TRUE },
    omni_metric_qy },
  { { "qm", "Q_M", "Detail kept in a Haar transform, on two scales.",
      "P.-W. Wang and B. Liu, A novel image fusion metric based on multi-scale analysis, ICSP 2008",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 3, "0 to 3", TRUE },
    omni_metric_qm },
  { { "qcb", "Q_CB", "Local contrast kept, as the eye sees it.",
      "Y. Chen and R. Blum, A new automated quality assessment algorithm for image fusion, Image and Vision "
      "Computing 27, "
      "2009",
      OMNI_METRIC_OF_SOURCES, 2, 2, 0, 1, "0 to 1", TRUE },
    omni_metric_qcb },
  { { "vif", "VIF", "Visual information of the sources that the result has, mean over the sources.",
      "H. Sheikh and A. Bovik, Image information and visual quality, IEEE TIP 15, 2006",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, INFINITY, "from 0; 1 for a copy", TRUE },
    omni_metric_vif,
    { { "linfeng", omni_metric_vif_sum } } },
  { { "viff", "VIFF", "Visual information of whichever source is repeated more weakly.",
      "Y. Han, Y. Cai, Y. Cao and X. Xu, A new image fusion performance metric based on visual information "
      "fidelity, "
      "Information Fusion 14, 2013",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, INFINITY, "from 0; 1 for a copy", TRUE },
    omni_metric_viff },
  { { "fmi-pixel", "FMI, pixels", "Mutual information of small windows, mean over the sources.", FMI_2014,
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1", TRUE },
    omni_metric_fmi_pixel },
  { { "fmi-gradient", "FMI, gradients", "Mutual information of small windows of horizontal gradients.",
      FMI_2014, OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1", TRUE },
    omni_metric_fmi_gradient },
  { { "fmi-dct", "FMI, DCT", "Mutual information of small windows of the cosine transform.", FMI_2014,
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1", TRUE },
    omni_metric_fmi_dct },
  { { "fmi-wavelet", "FMI, wavelet",
      "Mutual information of small windows of the discrete Meyer wavelet transform.", FMI_2014,
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1", TRUE },
    omni_metric_fmi_wavelet },
  { { "mi", "MI", "Mutual information of grey values with each source, in bits, added up.",
      "G. Qu, D. Zhang and P. Yan, Information measure for performance of image fusion, Electronics Letters "
      "38, 2002",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, INFINITY, "0 to 8 a source", TRUE },
    omni_metric_mi,
    { { "ifani", omni_metric_mi_doubled }, { "vifb", omni_metric_mi_natural } } },
  { { "nmi", "NMI", "Mutual information over the mean entropy, added up over the sources.",
      "M. Hossny, S. Nahavandi and D. Creighton, Comments on ‘Information measure for performance of image "
      "fusion’, "
      "Electronics Letters 44, 2008",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, INFINITY, "0 to 1 a source", TRUE },
    omni_metric_nmi },
  { { "cc", "CC", "Correlation with the sources, mean over the sources.",
      "Pearson’s correlation of grey values, " GRADIENTS, OMNI_METRIC_OF_SOURCES, 1, 0, -1, 1, "−1 to 1",
      TRUE },
    omni_metric_cc },
  { { "scd", "SCD", "Correlation of what each source added with that source, added up.",
      "V. Aslantas and E. Bendes, A new image quality metric for image fusion: the sum of the correlations "
      "of differences, "
      "AEÜ 69, 2015",
      OMNI_METRIC_OF_SOURCES, 2, 2, -2, 2, "−2 to 2", TRUE },
    omni_metric_scd },
  { { "psnr", "PSNR", "Peak over mean squared error against the sources, in dB.",
      "mean squared error, " GRADIENTS, OMNI_METRIC_OF_SOURCES, 1, 0, 0, INFINITY, "from 0 dB", TRUE },
    omni_metric_psnr,
    { { "u2fusion", omni_metric_psnr_u2fusion },
      { "linfeng", omni_metric_psnr_u2fusion },
      { "vifb", omni_metric_psnr_vifb } } },
  { { "nabf", "N_AB/F", "Edges of the result that no source has.",
      "V. Petrović and C. Xydeas, ICCV 2005; B. Shreyamsha Kumar, Multifocus and multispectral image fusion "
      "based on pixel "
      "significance, Signal, Image and Video Processing 7, 2013",
      OMNI_METRIC_OF_SOURCES, 1, 0, 0, 1, "0 to 1", FALSE },
    omni_metric_nabf },
  { { "en", "EN", "Entropy of the grey values, in bits.",
      "C. Shannon, A mathematical theory of communication, 1948", OMNI_METRIC_OF_RESULT, 0, 0, 0, 8, "0 to 8",
      TRUE },
    omni_metric_en },
  { { "sd", "SD", "Standard deviation of the grey values.", GRADIENTS, OMNI_METRIC_OF_RESULT, 0, 0, 0, 127.5,
      "0 to 127.5", TRUE },
    omni_metric_sd },
  { { "sf", "SF", "Spatial frequency: how much neighbours differ.",
      "A. Eskicioglu and P. Fisher, Image quality measures and their performance, IEEE Trans. Communications "
      "43, 1995",
      OMNI_METRIC_OF_RESULT, 0, 0, 0, 361, "0 to 361", TRUE },
    omni_metric_sf,
    { { "vifb", omni_metric_sf_area }, { "linfeng", omni_metric_sf_unit } } },
  { { "ag", "AG", "Average gradient, of central differences.",
      "G. Cui, H. Feng, Z. Xu, Q. Li and Y. Chen, Detail preserved fusion of visible and infrared images, "
      "Optics "
      "Communications 341, 2015",
      OMNI_METRIC_OF_RESULT, 0, 0, 0, INFINITY, "from 0", TRUE },
    omni_metric_ag,
    { { "ifcnn", omni_metric_ag_ifcnn } } },
  { { "mg", "MG", "Mean gradient, of differences to the next pixel.", GRADIENTS, OMNI_METRIC_OF_RESULT, 0, 0,
      0, 255, "0 to 255", TRUE },
    omni_metric_mg,
    { { "u2fusion", omni_metric_mg_u2fusion } } },
  { { "ei", "EI", "Edge intensity: mean length of Sobel gradients.", GRADIENTS, OMNI_METRIC_OF_RESULT, 0, 0,
      0, 1443, "0 to 1443", TRUE },
    omni_metric_ei,
    { { "u2fusion", omni_metric_ei_u2fusion } } },
  { { "ref-psnr", "PSNR to the reference", "Peak over mean squared error against the reference, in dB.",
      "mean squared error", OMNI_METRIC_OF_REFERENCE, 0, 0, 0, INFINITY, "from 0 dB", TRUE },
    omni_metric_ref_psnr },
  { { "ref-ssim", "SSIM to the reference", "Structural similarity to the reference.", WANG_2004,
      OMNI_METRIC_OF_REFERENCE, 0, 0, -1, 1, "−1 to 1", TRUE },
    omni_metric_ref_ssim },
  { { "ref-mae", "MAE to the reference", "Mean absolute difference from the reference, in grey levels.",
      "mean absolute error", OMNI_METRIC_OF_REFERENCE, 0, 0, 0, 255, "0 to 255", FALSE },
    omni_metric_ref_mae },
  { { "ergas", "ERGAS", "Error of pan-sharpened bands relative to their means, in percent.",
      "L. Wald, Quality of high resolution synthesised images: is there a simple criterion?, Fusion of Earth "
      "Data, 2000",
      OMNI_METRIC_OF_REFERENCE, 0, 0, 0, INFINITY, "from 0", FALSE, TRUE },
    omni_metric_ergas },
  { { "sam", "SAM", "Angle between the spectra of pan-sharpened pixels and the reference's, in degrees.",
      "R. Yuhas, A. Goetz and J. Boardman, Discrimination among semi-arid landscape endmembers using the "
      "spectral angle mapper algorithm, JPL Airborne Geoscience Workshop, 1992",
      OMNI_METRIC_OF_REFERENCE, 0, 0, 0, 180, "0 to 180 degrees", FALSE, TRUE },
    omni_metric_sam },
  { { "q2n", "Q2n", "Likeness of pan-sharpened bands to the reference, all bands as one hypercomplex number.",
      "A. Garzelli and F. Nencini, Hypercomplex quality assessment of multi/hyperspectral images, IEEE GRSL "
      "6, 2009",
      OMNI_METRIC_OF_REFERENCE, 0, 0, 0, 1, "0 to 1", TRUE, TRUE },
    omni_metric_q2n },
  { { "q4", "Q4", "Likeness of four pan-sharpened bands to the reference, the bands as quaternions.",
      "L. Alparone, S. Baronti, A. Garzelli and F. Nencini, A global quality measurement of pan-sharpened "
      "multispectral imagery, IEEE GRSL 1, 2004",
      OMNI_METRIC_OF_REFERENCE, 0, 0, 0, 1, "0 to 1", TRUE, TRUE },
    omni_metric_q4 },
  { { "qnr", "QNR", "Quality of a pan-sharpened picture without a reference, from D_lambda and D_s.",
      ALPARONE_2008, OMNI_METRIC_OF_SOURCES, 2, 2, -1, 1, "−1 to 1", TRUE, TRUE },
    omni_metric_qnr },
  { { "d-lambda", "D_lambda", "How much the likeness of pan-sharpened bands to each other changed.",
      ALPARONE_2008, OMNI_METRIC_OF_SOURCES, 2, 2, 0, 2, "0 to 2", FALSE, TRUE },
    omni_metric_d_lambda },
  { { "d-s", "D_s", "How much the likeness of pan-sharpened bands to the panchromatic picture changed.",
      ALPARONE_2008, OMNI_METRIC_OF_SOURCES, 2, 2, 0, 2, "0 to 2", FALSE, TRUE },
    omni_metric_d_s },
};

static const OmniMetricsCompat compats[] = {
  { "ifani", "MI is twice the entropy of the result, Q^AB/F is taken on [0, 1]", "the tables of IFANI",
    (const char *const[]){ "mi", "qabf", NULL } },
  { "ifcnn", "AG is a quarter of the mean length of differences to the next pixel",
    "Y. Zhang, Y. Liu, P. Sun, H. Yan, X. Zhao and L. Zhang, IFCNN: a general image fusion framework based "
    "on convolutional "
    "neural network, Information Fusion 54, 2020",
    (const char *const[]){ "ag", NULL } },
  { "linfeng",
    "VIF is added up; SF and Q^AB/F are taken on [0, 1]; the error of PSNR is on [0, 1], its peak 255",
    "L. Tang’s evaluation programs for infrared and visible image fusion",
    (const char *const[]){ "vif", "sf", "qabf", "psnr", NULL } },
  { "u2fusion",
    "SSIM is added up, of pictures on [0, 1] with constants for 0 to 255; the error of PSNR is on [0, 1], "
    "its peak 255; EI "
    "and MG are taken on [0, 1], MG of central differences",
    "H. Xu, J. Ma, J. Jiang, X. Guo and H. Ling, U2Fusion: a unified unsupervised image fusion network, IEEE "
    "TPAMI 44, 2022",
    (const char *const[]){ "ssim", "psnr", "ei", "mg", NULL } },
  { "vifb",
    "SSIM is added up; the error of PSNR is the root of the sum of squares over the number of pixels; MI is "
    "in natural units of "
    "stretched pictures; SF divides by the number of pixels",
    "X. Zhang, P. Ye and G. Xiao, VIFB: a visible and infrared image fusion benchmark, CVPR workshops 2020",
    (const char *const[]){ "ssim", "psnr", "mi", "sf", NULL } },
};

const OmniMetric *const *
omni_metrics_list (void)
{
  static const OmniMetric *list[G_N_ELEMENTS (entries) + 1];
  static gsize once;
  if (g_once_init_enter (&once))
  {
    for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
      list[i] = &entries[i].metric;
    g_once_init_leave (&once, 1);
  }
  return list;
}

const OmniMetric *
omni_metric_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    if (g_str_equal (entries[i].metric.name, name))
      return &entries[i].metric;
  return NULL;
}

const char *const *
omni_metrics_default_panel (OmniTask task)
{
  static const char *const exposure[] = { "mef-ssim", "qabf", "vif", NULL };
  static const char *const focus[] = { "qabf", "mef-ssim", "vif", NULL };
  static const char *const sensors[] = { "vif", "qabf", "cc", NULL };
  static const char *const bands[] = { "qnr", "d-lambda", "d-s", NULL };

  switch (task)
  {
  case OMNI_TASK_FOCUS:
    return focus;
  case OMNI_TASK_INFRARED:
  case OMNI_TASK_MEDICAL:
    return sensors;
  case OMNI_TASK_PANSHARPEN:
    return bands;
  case OMNI_TASK_AUTO:
  case OMNI_TASK_EXPOSURE:
  default:
    return exposure;
  }
}

const OmniMetricsCompat *const *
omni_metrics_compat_list (void)
{
  static const OmniMetricsCompat *list[G_N_ELEMENTS (compats) + 1];
  static gsize once;
  if (g_once_init_enter (&once))
  {
    for (guint i = 0; i < G_N_ELEMENTS (compats); i++)
      list[i] = &compats[i];
    g_once_init_leave (&once, 1);
  }
  return list;
}

const OmniMetricsCompat *
omni_metrics_compat_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (compats); i++)
    if (g_str_equal (compats[i].name, name))
      return &compats[i];
  return NULL;
}

gboolean
omni_metrics_compat_changes (const OmniMetricsCompat *compat, const OmniMetric *metric)
{
  return compat != NULL && g_strv_contains (compat->metrics, metric->name);
}

/* ---- Computing ---- */

gboolean
omni_metric_refuse (char **reason, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
omni_metric_check_size (const OmniMetricRun *run, guint size_px, char **reason)
{
  if (run->input->width >= size_px && run->input->height >= size_px)
    return TRUE;
  return omni_metric_refuse (reason, _ ("it needs %u × %u pixels, these are %u × %u"), size_px, size_px,
                             run->input->width, run->input->height);
}

gboolean
omni_metric_divide (double numerator, double denominator, const char *why, double *value, char **reason)
{
  if (!(denominator > 0))
    return omni_metric_refuse (reason, "%s", why);
  *value = numerator / denominator;
  return TRUE;
}

gboolean
omni_metric_is_defined (const OmniMetric *metric, guint n, gboolean has_reference, gboolean has_bands,
                        char **reason)
{
  if (metric->of_bands && !has_bands)
    return omni_metric_refuse (reason, _ ("it is for pan-sharpened pictures"));
  if (!metric->of_bands && has_bands)
    return omni_metric_refuse (
      reason, _ ("it needs luminance, which the bands of a pan-sharpened picture do not have"));
  if (metric->kind == OMNI_METRIC_OF_REFERENCE && !has_reference)
    return omni_metric_refuse (reason, _ ("it needs a reference picture"));
  if (metric->kind != OMNI_METRIC_OF_SOURCES)
    return TRUE;
  if (metric->min_sources == metric->max_sources && n != metric->min_sources)
    return omni_metric_refuse (reason, _ ("it is defined for %u sources, there are %u"), metric->min_sources,
                               n);
  if (n < metric->min_sources)
    return omni_metric_refuse (reason, _ ("it needs at least %u source, there are %u"), metric->min_sources,
                               n);
  if (metric->max_sources > 0 && n > metric->max_sources)
    return omni_metric_refuse (reason, _ ("it is defined for up to %u sources, there are %u"),
                               metric->max_sources, n);
  return TRUE;
}

gboolean
omni_metric_reason_lasts (const char *reason)
{
  return !g_str_equal (reason, OMNI_METRIC_NO_MEMORY) && !g_str_equal (reason, OMNI_METRIC_CANCELLED);
}

static OmniMetricFunc
find_func (const OmniMetric *metric, const OmniMetricsCompat *compat)
{
  const Entry *entry = (const Entry *)((const char *)metric - G_STRUCT_OFFSET (Entry, metric));
  for (guint i = 0; compat != NULL && entry->variants[i].compat != NULL; i++)
    if (g_str_equal (entry->variants[i].compat, compat->name))
      return entry->variants[i].func;
  return entry->func;
}

gboolean
omni_metric_compute (const OmniMetric *metric, const OmniMetricsCompat *compat, const OmniMetricsInput *input,
                     GCancellable *cancellable, double *value, char **reason)
{
  g_return_val_if_fail (metric != NULL && input != NULL && value != NULL && reason != NULL, FALSE);

  const OmniMetricRun run = { .input = input, .cancellable = cancellable };
  *reason = NULL;
  *value = NAN;
  if (!omni_metric_is_defined (metric, input->n_sources, input->has_reference, input->bands != NULL, reason))
    return FALSE;
  if (input->goes_beyond)
    return omni_metric_refuse (reason, _ ("its values go beyond 0 to 1; scale the pictures first"));
  if (input->n_valid == 0)
    return omni_metric_refuse (reason, _ ("no pixel is opaque and a number in every picture"));
  if (!find_func (metric, compat) (&run, value, reason))
  {
    *value = NAN;
    return FALSE;
  }
  return isfinite (*value) || omni_metric_refuse (reason, _ ("it has no finite value for these pictures"));
}
