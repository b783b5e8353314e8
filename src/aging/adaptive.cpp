#include "vitrum/aging/adaptive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "age_noise.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::aging {
namespace {

/// χ² about its mean of any range of windows of one bin.
class Scatter {
public:
  explicit Scatter(const AgeSeries& series) {
    const auto noise = find_segments(series);
    const bool known = noise.reason.empty();
    std::vector<double> age, y, error;
    for (std::size_t k = 0; k < series.age_s.size(); ++k) {
      place_.push_back(static_cast<Index>(age.size()));
      if (!std::isfinite(series.log_tau[k]) || !std::isfinite(series.error[k]))
        continue;
      age.push_back(series.age_s[k]);
      y.push_back(series.log_tau[k]);
      error.push_back(series.error[k] * (known ? noise.noise_factor : 1));
    }
    place_.push_back(static_cast<Index>(age.size()));
    sums_ = WhitenedSums(age, y, error, known ? noise.correlation : 0);
  }
  [[nodiscard]] double chi2(std::size_t first, std::size_t last) const {
    const Index a = place_[first], b = place_[last];
    return b - a < 2 ? 0 : std::max(0.0, fit_line(sums_.range(a, b)).chi2_constant);
  }

private:
  std::vector<Index> place_; // [window]: of the first usable one from it on
  WhitenedSums sums_{{}, {}, {}, 0};
};

} // namespace

std::vector<correlate::AgeWindow> join_stationary(std::span<const correlate::AgeWindow> windows,
                                                  std::span<const AgeSeries> bins) {
  const std::size_t n = windows.size();
  for (std::size_t k = 1; k < n; ++k)
    if (windows[k].first != windows[k - 1].last)
      throw OptionError(
          fmt::format("adaptive windows: window {} begins at frame {}, the one before ends at {}: "
                      "windows must be adjacent",
                      k + 1,
                      windows[k].first,
                      windows[k - 1].last));
  std::vector<Scatter> scatter;
  for (const AgeSeries& series : bins) {
    if (series.age_s.size() != n || series.log_tau.size() != n || series.error.size() != n)
      throw DataError(
          fmt::format("adaptive windows: {} windows, {} values", n, series.log_tau.size()));
    scatter.emplace_back(series);
  }
  if (n < 2)
    return {windows.begin(), windows.end()};
  // the largest χ² of a step at any of n places passes it once in twenty
  const double penalty =
      (5 + std::log(static_cast<double>(n))) * static_cast<double>(scatter.size());
  std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
  std::vector<std::size_t> from(n + 1, 0);
  best[0] = 0;
  for (std::size_t j = 1; j <= n; ++j)
    for (std::size_t i = 0; i < j; ++i) {
      double cost = best[i] + penalty;
      for (const Scatter& s : scatter)
        cost += s.chi2(i, j);
      if (cost <= best[j]) { // what has no time joins the run before
        best[j] = cost;
        from[j] = i;
      }
    }
  std::vector<correlate::AgeWindow> joined;
  for (std::size_t j = n; j > 0; j = from[j])
    joined.push_back({windows[from[j]].first, windows[j - 1].last});
  std::reverse(joined.begin(), joined.end());
  return joined;
}

} // namespace vitrum::aging
