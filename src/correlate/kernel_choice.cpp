#include "vitrum/correlate/kernel_choice.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/correlate/count_kernel.hpp"

namespace vitrum::correlate {

std::string_view name_of(KernelKind kind) {
  switch (kind) {
  case KernelKind::floats:
    return "floats";
  case KernelKind::bytes:
    return "bytes";
  case KernelKind::words:
    return "words";
  case KernelKind::bits:
    return "bits";
  case KernelKind::events:
    break;
  }
  return "events";
}

KernelRates nominal_rates(SimdLevel level) {
  KernelRates rates;
  const bool wide = level == SimdLevel::avx512 || level == SimdLevel::vnni;
  rates.float_product = wide ? 1.2e-11 : 2.4e-11;
  rates.byte_product = level == SimdLevel::vnni ? 2.8e-12 : wide ? 5.6e-12 : 1.1e-11;
  rates.word_product = level == SimdLevel::vnni ? 5.6e-12 : wide ? 6e-12 : 1.2e-11;
  rates.bit_product = level == SimdLevel::vnni ? 1.2e-12 : 4e-12;
  rates.element = 1.6e-10;
  rates.bit_extra = 1.3e-9;
  rates.event_pair = 6e-10; // in tiles of 2048 frames
  rates.event = 1.2e-8;     // lists
  return rates;
}

namespace {

constexpr std::string_view weighted =
    "a flat field or static correction gives every pixel a factor of its own, which products of "
    "whole numbers cannot carry: float and events can";
constexpr std::string_view changed =
    "after a dark or frame normalization values are no counts any more: float takes them";

} // namespace

KernelChoice choose_kernel(const KernelTask& task, const KernelRates& rates) {
  const auto frames = static_cast<double>(task.frames);
  const auto pixels = static_cast<double>(task.pixels);
  const double pairs = frames * (frames + 1) / 2;
  const bool by_static = task.normalization == Normalization::static_bin;
  const double pieces = static_cast<double>(task.groups * (by_static ? task.static_bins : 1));
  std::string no_counts;
  if (!task.integer_counts)
    no_counts = "values are no integer counts";
  else if (task.corrected)
    no_counts = task.only_weighted ? std::string(weighted) : std::string(changed);
  const auto limited = [&](double limit) {
    return !no_counts.empty() || task.largest_count <= limit
               ? no_counts
               : fmt::format("counts up to {}, at most {}", task.largest_count, limit);
  };
  // A group is added to the tile and to its lags; a piece of a group is rescaled.
  const double passes = static_cast<double>(task.groups) * rates.element;
  KernelChoice choice;
  choice.candidates.push_back(
      {KernelKind::floats, pairs * (pixels * rates.float_product + passes), ""});
  choice.candidates.push_back(
      {KernelKind::bytes,
       pairs * ((pixels + 2 * pieces) * rates.byte_product + pieces * rates.element + passes),
       limited(largest_byte_count)});
  choice.candidates.push_back(
      {KernelKind::words,
       pairs * ((pixels + pieces) * rates.word_product + pieces * rates.element + passes),
       limited(CountKernel::largest_count)});
  const double events_of_pixel = task.events / std::max(pixels, 1.0);
  choice.candidates.push_back(
      {KernelKind::bits,
       pairs * ((pixels + 16 * pieces) * rates.bit_product + pieces * rates.element + passes) +
           std::max(task.above_one, 0.0) * events_of_pixel * rates.bit_extra,
       task.above_one < 0 && no_counts.empty() ? "the number of counts above one is not known"
                                               : no_counts});
  const double event_pairs = task.event_pairs > 0
                                 ? task.event_pairs
                                 : task.events * task.events / (2 * std::max(pixels, 1.0));
  choice.candidates.push_back({KernelKind::events,
                               event_pairs * rates.event_pair + task.events * rates.event +
                                   (task.without_tiles ? 0.0 : pairs * 3 * passes),
                               !task.integer_counts ? "values are no integer counts"
                               : task.corrected && !task.only_weighted ? std::string(changed)
                               : task.events > 0                       ? ""
                                                 : "the number of events is not known"});
  choice.predicted_s = 1e300;
  for (const KernelChoice::Candidate& one : choice.candidates)
    if (one.refused.empty() && one.predicted_s < choice.predicted_s) {
      choice.kind = one.kind;
      choice.predicted_s = one.predicted_s;
    }
  return choice;
}

} // namespace vitrum::correlate
