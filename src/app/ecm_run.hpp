// What an analysis of electron correlation microscopy has found, before it becomes a Tree.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "fit_stage.hpp"
#include "series.hpp"
#include "vitrum/app/ecm.hpp"
#include "vitrum/ecm/correlate_field.hpp"
#include "vitrum/ecm/drift.hpp"
#include "vitrum/ecm/field.hpp"
#include "vitrum/ecm/finite_duration.hpp"
#include "vitrum/ecm/four_point.hpp"
#include "vitrum/ecm/pixel_errors.hpp"
#include "vitrum/ecm/tau_map.hpp"
#include "vitrum/fit/batch_kww.hpp"

namespace vitrum::app {

struct EcmRun {
  Series series;
  double frame_time_s = 0, pixel_size_nm = 0; // of the camera's pixels
  frames::Mask mask;
  frames::SeriesStatistics statistics;
  ecm::DriftPath path;
  bool drift_not_sought = false;
  std::optional<ecm::Field> field;
  std::string estimator;
  bool fit_baseline = false;
  Index keep_g2_bytes = 0; // of all pixels together, in the result
  ecm::FieldCorrelation correlation;
  FitPlan image_fit;
  fit::BatchKwwFits<float> fits;      // numbers corrected, errors from virtual pixels
  std::vector<std::uint8_t> accepted; // [pixel] of the field
  std::optional<ecm::ErrorTable> errors;
  ecm::Population population;
  ecm::SpaceCorrelation space;
  double histogram_sigma = 0, histogram_sigma_error = 0; // the width of ln tau from the histogram
  ecm::Domains domains;
  std::optional<ecm::FourPoint> four_point;
  double image_tau_s = 0, image_exponent = 0, image_contrast = 0; // NaN without a good fit
  ecm::ApparentKww apparent; // what time means would make of them
};

/// Pixels that are constant, saturated or, when asked, hot or dead leave the mask; the warnings say
/// how many. Throws DataError when none is left.
void leave_out_bad_pixels(EcmRun& run, const EcmOptions& options);

/// Fits every pixel, finds errors and population, and what the map says in space. Takes the fit of
/// the image from the tree.
void analyse_pixels(EcmRun& run,
                    const Tree& tree,
                    const EcmOptions& options,
                    const Monitor& monitor);

/// g2 of the image.
[[nodiscard]] correlate::OneTime image_curve(const EcmRun& run);

/// entry/series, drift, bins, g2, intensity, image; then map, pixels, domains.
void add_image(Tree& tree, const EcmRun& run, const correlate::OneTime& g2);
void add_pixels(Tree& tree, const EcmRun& run);

} // namespace vitrum::app
