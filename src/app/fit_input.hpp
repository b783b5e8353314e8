// g2 curves to be fitted: of a result, of APS 8-ID, or from tables that others made.
#pragma once
#include <string>
#include <vector>

#include "vitrum/correlate/one_time.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::app {

/// g2 of several bins, from wherever it came.
struct Curves {
  std::vector<correlate::OneTime> bins;
  std::vector<frames::Bin> where;
  std::string q_unit, title, estimator;
  double frame_time_s = 1;
  std::vector<std::string> warnings;
};

/// What a file of curves is.
enum class CurveFile {
  result,   // one of ours
  aps,      // the 8-ID layout
  datasets, // HDF5 with lag_s or lag_frames, g2 and perhaps g2_errors side by side in a group
  matrix,   // .npy or a dataset of two or three columns
  table,    // text
};
[[nodiscard]] CurveFile kind_of_curves(const std::string& path);

/// Of any file but a result. Throws FormatError; OptionError when lags count frames and the frame
/// time is NaN.
[[nodiscard]] Curves read_curves(const std::string& path, CurveFile kind, double frame_time_s);

/// Whether any point has a value.
[[nodiscard]] bool any_value(const std::vector<correlate::OneTime>& bins);

} // namespace vitrum::app
