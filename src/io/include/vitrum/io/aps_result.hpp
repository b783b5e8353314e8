// Multi-tau results of APS 8-ID (boost_corr and its forerunners), as they stand in the file.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/geometry.hpp"

namespace vitrum::io {

struct ApsResult {
  std::vector<double> delay_frames; // of averaged, strided frames
  double frame_time_s = frames::unknown;
  Index stride_frames = 1,
        average_frames = 1; // a delay is delay_frames × frame_time × stride × average
  Index bins = 0;
  std::vector<double> g2, g2_errors;              // [bin, lag]; errors may be zero in real files
  std::vector<double> q;                          // [bin]
  std::string q_unit;                             // as the file spells it: "Å⁻¹"
  std::vector<double> phi_deg;                    // [bin], NaN for whole rings
  std::vector<double> static_q, scattering;       // I(q) of the static bins, or empty
  std::vector<double> intensity_frame, intensity; // mean counts per pixel against frame, or empty
  std::string title;
};

/// Throws FileError, FormatError that names the dataset that is missing or of the wrong shape.
[[nodiscard]] ApsResult read_aps_result(const std::string& path);

} // namespace vitrum::io
