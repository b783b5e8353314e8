#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ecm_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/frames/finders.hpp"

namespace vitrum::app {
namespace {

/// Largest value of an integer type; NaN for others.
double top_of(frames::PixelType type) {
  if (!frames::is_integer(type))
    return std::numeric_limits<double>::quiet_NaN();
  const auto bits = static_cast<double>(8 * frames::size_of(type));
  const bool has_sign = frames::name_of(type).front() == 'i';
  return std::exp2(has_sign ? bits - 1 : bits) - 1;
}

/// Where the camera's values end: the top of their type, or of 12 or 14 bits when nothing exceeds
/// it and several pixels stop there. NaN when nothing stops.
double ceiling_of(const EcmRun& run) {
  double most = -std::numeric_limits<double>::infinity();
  const auto& maximum = run.statistics.maximum;
  for (std::size_t p = 0; p < maximum.size(); ++p)
    if (run.mask.use[p] != 0 && maximum[p] > most)
      most = maximum[p];
  if (most == top_of(run.series.info().type))
    return most;
  constexpr Index several = 5;
  if (most == 4095 || most == 16383)
    if (std::count(maximum.begin(), maximum.end(), most) >= several)
      return most;
  return std::numeric_limits<double>::quiet_NaN();
}

template <class Bad>
void leave_out(EcmRun& run, const Bad& bad, const std::string& one, const std::string& all) {
  Index count = 0, first = -1;
  for (std::size_t p = 0; p < run.mask.use.size(); ++p)
    if (run.mask.use[p] != 0 && bad(p)) {
      run.mask.use[p] = 0;
      first = first < 0 ? static_cast<Index>(p) : first;
      ++count;
    }
  if (count == 0)
    return;
  const auto& info = run.series.info();
  if (run.mask.count() == 0)
    throw DataError(fmt::format("{}: all pixels {}", info.path, all));
  run.series.warnings.push_back(
      fmt::format("{} pixel{} {}, the first at y {}, x {}: filled from around {}",
                  count,
                  count == 1 ? "" : "s",
                  count == 1 ? one : all,
                  first / info.width,
                  first % info.width,
                  count == 1 ? "it" : "them"));
}

} // namespace

void leave_out_bad_pixels(EcmRun& run, const EcmOptions& options) {
  const auto& s = run.statistics;
  leave_out(
      run,
      [&](std::size_t p) { return s.variance[p] == 0; },
      "holds the same value in all frames",
      "hold the same value in all frames");
  if (const double ceiling = ceiling_of(run); !std::isnan(ceiling))
    leave_out(
        run,
        [&](std::size_t p) { return s.maximum[p] == ceiling; },
        fmt::format("is saturated ({:g} counts)", ceiling),
        fmt::format("are saturated ({:g} counts)", ceiling));
  if (!options.find_hot && !options.find_dead)
    return;
  const auto& info = run.series.info();
  auto whole = frames::make_partition_from_labels(
      info.height,
      info.width,
      std::vector<std::int32_t>(static_cast<std::size_t>(info.pixels()), 1),
      {},
      nullptr);
  const auto found = frames::find_pixels(
      s, frames::apply_mask(whole, run.mask), {.false_alarms = options.false_alarms});
  exclude_found(run.series, run.mask, found, options.find_hot, options.find_dead);
}

} // namespace vitrum::app
