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
#include "vitrum/fit/batch_kww.hpp"

namespace vitrum::app {

struct EcmRun {
  Series series;
  double frame_time_s = 0, pixel_size_nm = 0; // of the camera's pixels
  frames::Mask mask;
  frames::SeriesStatistics statistics;
  ecm::DriftPath path;
  std::optional<ecm::Field> field;
  std::string estimator;
  ecm::FieldCorrelation correlation;
  FitPlan image_fit;
  fit::BatchKwwFits<float> fits;
  std::vector<std::uint8_t> accepted; // [pixel] of the field
};

/// g2 of the image.
[[nodiscard]] correlate::OneTime image_curve(const EcmRun& run);

/// entry/series, drift, bins, g2, map, image, intensity.
void add_ecm(Tree& tree, const EcmRun& run);

} // namespace vitrum::app
