// Every single number of a result under a stable path, for scripts and for the terminal.
#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vitrum/core/tree.hpp"

namespace vitrum::report {

struct Scalar {
  std::string path; // "bin/1/fit/kww/tau_s"; bins, windows and events count from 1
  std::variant<double, Index, std::string> value;
  double error = std::numeric_limits<double>::quiet_NaN(); // standard error; NaN: none known
  std::string unit = {};                                   // "" for none
};

/// Of an XPCS result: frames, frame_time_s, then per bin q, pixels, counts, fits, exposures,
/// events, seams of stitched parts, windows.
/// A window's numbers of the first model stand directly under bin/<n>/window/<k>; with several
/// models those of every model stand under bin/<n>/window/<k>/fit/<model> too.
[[nodiscard]] std::vector<Scalar> scalars(const Tree& result);

/// {"kind","version","input","scalars":{path:{"value","error","unit"}},"warnings":[…]}; NaN is
/// null. Ends with a line feed.
[[nodiscard]] std::string scalars_json(const Tree& result);

/// What was measured and found, in a few sentences.
[[nodiscard]] std::string summary(const Tree& result);

/// For people: a column of paths, a column of values with errors and units, then warnings. Each
/// number once: with several models a window's stand under fit/<model> only.
[[nodiscard]] std::string scalars_text(const Tree& result);

} // namespace vitrum::report
