// Photon statistics of the bins of a series, and where they stand in a result.
#pragma once
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/photon_statistics.hpp"
#include "vitrum/fit/exposure_fit.hpp"
#include "vitrum/fit/negative_binomial.hpp"

namespace vitrum::app {

struct ContrastOfBin {
  Index pixels = 0;
  correlate::PhotonStatistics photons;
  fit::ContrastEstimator estimator = fit::ContrastEstimator::moments; // of what is fitted
  std::vector<fit::GroupedContrast> by_likelihood, by_moments;        // [exposure]

  [[nodiscard]] const std::vector<fit::GroupedContrast>& contrast() const {
    return estimator == fit::ContrastEstimator::likelihood ? by_likelihood : by_moments;
  }
};

/// What the fit of contrast against exposure takes; exposures without a value are left out by NaN.
[[nodiscard]] fit::ExposureData
exposure_data(const ContrastOfBin& bin, double frame_time_s, double open_s, bool weighted);

/// entry/xsvs without its fits. All bins have the same exposures.
void add_xsvs(Tree& tree, const std::vector<ContrastOfBin>& bins, double frame_time_s);

/// entry/xsvs/fit/<model>: one fit per bin.
void add_xsvs_fits(Tree& tree, const std::vector<fit::FitResult>& fits);

} // namespace vitrum::app
