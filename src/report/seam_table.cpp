#include <cmath>

#include <fmt/format.h>

#include "html.hpp"
#include "tables.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {

std::string seam_table(const Result& result) {
  const auto time = result.numbers("stitch/seam/time_s", 1);
  if (!time)
    return "";
  const auto seams = static_cast<Index>(time->size());
  const auto of_seam = [&](const char* name) {
    return result.quantity(std::string("stitch/seam/") + name, {seams});
  };
  const auto of_bin = [&](const char* name) {
    return result.quantity(std::string("stitch/seam/") + name, {result.bins(), seams});
  };
  const auto overlap = of_seam("overlap_frames"), window = of_seam("window_s");
  const auto before = of_bin("before"), after = of_bin("after"), step = of_bin("step"),
             step_significance = of_bin("step_significance"), difference = of_bin("difference"),
             difference_significance = of_bin("difference_significance");
  if (!overlap || !window || !before || !after || !step || !step_significance || !difference ||
      !difference_significance)
    return "";
  Table table({"seam",
               "time (s)",
               "overlap (frames)",
               "bin",
               "window (s)",
               "C before",
               "C after",
               "step",
               "significance (σ)",
               "difference in the overlap",
               "significance (σ)"});
  const auto text = [](const Quantity& quantity, std::size_t i) {
    return format_value(quantity.values[i], quantity.errors[i]);
  };
  for (Index seam = 0; seam < seams; ++seam)
    for (Index bin = 0; bin < result.bins(); ++bin) {
      const auto k = static_cast<std::size_t>(seam),
                 i = static_cast<std::size_t>(bin * seams + seam);
      table.add({std::to_string(seam + 1),
                 format_value((*time)[k]),
                 fmt::format("{:.0f}", overlap->values[k]),
                 std::to_string(bin + 1),
                 text(*window, k),
                 text(*before, i),
                 text(*after, i),
                 text(*step, i),
                 plot::short_number(step_significance->values[i], 2),
                 difference->values[i] == 0 ? "none" : text(*difference, i),
                 plot::short_number(difference_significance->values[i], 2)});
    }
  return table.html();
}

} // namespace vitrum::report
