#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "log_cells.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {

std::string csv_log_map(const Tree& root, Index bin) {
  constexpr Index most = 2000; // cells of a row
  const Result result(root);
  const auto cells = log_cells(result, bin);
  if (!cells)
    return "";
  std::string text = heading(
      result, fmt::format("C(t + lag, t) of {} in cells of age t and lag", result.bin_title(bin)));
  if (cells->cells(0) > most)
    text += fmt::format("# rows of more than {0} cells are averaged to at most {0}; errors as if "
                        "those of joined cells were fully correlated\n",
                        most);
  text += "lag first [s],lag last [s],age first [s],age last [s],C,C error,pairs\n";
  const auto seconds = [&](Index frames) {
    return fmt::format("{:.12g}", static_cast<double>(frames) * cells->frame_time_s);
  };
  for (Index k = 0; k < cells->rows(); ++k) {
    const Index width = cells->width(k), count = cells->cells(k);
    const Index factor = (count + most - 1) / most;
    const auto row = static_cast<std::size_t>(k);
    for (Index j = 0; j < count; j += factor) {
      double value = 0, error = 0, pairs = 0;
      const Index end = std::min(j + factor, count);
      for (Index i = j; i < end; ++i) {
        const auto c = static_cast<std::size_t>(cells->begin[row] + i);
        if (!(cells->pairs[c] > 0))
          continue;
        value += cells->pairs[c] * cells->values[c];
        error += cells->pairs[c] * cells->errors[c];
        pairs += cells->pairs[c];
      }
      if (pairs > 0)
        fmt::format_to(std::back_inserter(text),
                       "{},{},{},{},{},{},{}\n",
                       seconds(cells->first_lag[row]),
                       seconds(cells->last_lag[row] - 1),
                       seconds(j * width),
                       seconds(std::min(end * width, cells->frames) - 1),
                       exact_number(value / pairs),
                       exact_number(error / pairs),
                       pairs);
    }
  }
  return text;
}

} // namespace vitrum::report
