#include "bin_kernel.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/event_pixel_g2.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/kernel_task.hpp"
#include "vitrum/correlate/subset_traces.hpp"

namespace vitrum::app {
namespace {

using correlate::KernelKind;

/// Whether the kind can be used for every bin, and the seconds it takes; one entry per kind.
std::vector<correlate::KernelChoice::Candidate>
sum_candidates(const XpcsPlan& plan, const correlate::KernelRates& rates, bool without_tiles) {
  std::vector<correlate::KernelChoice::Candidate> sums;
  const bool counts = frames::is_integer(plan.series.info().type);
  for (Index bin = 1; bin <= plan.partition.bin_count(); ++bin) {
    auto task = correlate::make_kernel_task(
        plan.statistics, plan.partition, bin, plan.normalization, plan.load, counts);
    task.without_tiles = without_tiles;
    const auto one = correlate::choose_kernel(task, rates).candidates;
    if (sums.empty())
      sums = one;
    else
      for (std::size_t k = 0; k < sums.size(); ++k) {
        sums[k].predicted_s += one[k].predicted_s;
        if (sums[k].refused.empty())
          sums[k].refused = one[k].refused;
      }
  }
  return sums;
}

bool is_asked(KernelKind kind, const std::string& asked) {
  switch (kind) {
  case KernelKind::floats:
    return asked == "auto" || asked == "float";
  case KernelKind::bytes:
  case KernelKind::words:
    return asked == "auto" || asked == "integer";
  case KernelKind::bits:
    return asked == "auto" || asked == "bits";
  case KernelKind::events:
    break;
  }
  return asked == "auto" || asked == "events";
}

/// Bytes that hold the counts of a bin by its largest one.
bool needs_words(const XpcsPlan& plan, Index bin) {
  double largest = 0;
  for (std::size_t p = 0; p < plan.partition.dynamic_labels.size(); ++p)
    if (plan.partition.dynamic_labels[p] == bin && plan.statistics.maximum[p] > largest)
      largest = plan.statistics.maximum[p];
  return largest > correlate::largest_byte_count;
}

Index events_of(const XpcsPlan& plan, Index bin) {
  const auto task = correlate::make_kernel_task(
      plan.statistics, plan.partition, bin, plan.normalization, plan.load, true);
  return static_cast<Index>(1.1 * task.events) + 4096;
}

correlate::PixelRows rows_of(const correlate::CountMatrix& counts) {
  correlate::PixelRows rows;
  if (counts.wide())
    rows.counts = counts.words.data();
  else
    rows.counts = counts.bytes.data();
  rows.frames = counts.frames;
  rows.stride = counts.stride;
  return rows;
}

correlate::SubsetTraces
subset_traces_of(const BinPixels& pixels, const std::vector<Index>& lags, Index every) {
  constexpr Index subsets = 8;
  if (const auto* floats = std::get_if<correlate::PixelMatrix>(&pixels))
    return correlate::make_subset_traces({floats->values.data(), floats->frames, floats->stride},
                                         floats->valid,
                                         floats->groups,
                                         lags,
                                         subsets,
                                         every);
  if (const auto* counts = std::get_if<correlate::CountMatrix>(&pixels))
    return correlate::make_subset_traces(
        rows_of(*counts), counts->valid, counts->groups, lags, subsets, every);
  return {};
}

template <class Matrix>
std::vector<BinPixels> as_pixels(std::vector<Matrix> matrices) {
  std::vector<BinPixels> pixels;
  for (auto& matrix : matrices)
    pixels.emplace_back(std::move(matrix));
  return pixels;
}

} // namespace

KernelPlan choose_bin_kernel(const XpcsPlan& plan, const std::string& asked, bool without_tiles) {
  if (asked != "auto" && asked != "float" && asked != "integer" && asked != "bits" &&
      asked != "events")
    throw OptionError(
        fmt::format("--kernel {}: expected auto, float, integer, bits or events", asked));
  const auto candidates = sum_candidates(plan, correlate::nominal_rates(), without_tiles);
  KernelPlan chosen;
  double least = 0;
  std::string others, refused;
  for (const auto& one : candidates) {
    if (is_asked(one.kind, asked) && one.refused.empty() &&
        (chosen.text.empty() || one.predicted_s < least)) {
      chosen.kind = one.kind;
      chosen.text = correlate::name_of(one.kind);
      least = one.predicted_s;
    }
    if (is_asked(one.kind, asked) && !one.refused.empty())
      refused = one.refused;
    others += fmt::format("{}{} {}",
                          others.empty() ? "" : ", ",
                          correlate::name_of(one.kind),
                          one.refused.empty() ? fmt::format("{:.2g} s", one.predicted_s)
                                              : "refused (" + one.refused + ")");
  }
  if (chosen.text.empty())
    throw OptionError(fmt::format("--kernel {}: {}", asked, refused));
  chosen.nominal_s = least;
  chosen.without_tiles = without_tiles && chosen.kind == KernelKind::events;
  chosen.text += fmt::format(" (nominal processor time: {})", others);
  return chosen;
}

BinBytes bin_bytes(const XpcsPlan& plan, Index bin) {
  const Index frames = plan.series.info().frames;
  const auto counts = [&] {
    return correlate::predicted_count_bytes(frames, plan.partition, {bin}, needs_words(plan, bin));
  };
  switch (plan.kernel.kind) {
  case KernelKind::floats: {
    const Index bytes = correlate::predicted_bytes(frames, plan.partition, {bin});
    return {bytes, bytes};
  }
  case KernelKind::bits: // while the bits are made the bytes are there, too
    return {counts(), counts() + counts() / 3};
  case KernelKind::bytes:
  case KernelKind::words:
    return {counts(), counts()};
  case KernelKind::events:
    break;
  }
  const Index pixels =
      std::count(plan.partition.dynamic_labels.begin(), plan.partition.dynamic_labels.end(), bin);
  const Index events = events_of(plan, bin);
  // frame and count of the list of a pixel; values and their running sums
  const Index per_event = plan.log_map && plan.kernel.without_tiles ? 8 + 16 : 8;
  return {correlate::predicted_event_bytes(plan.partition, events),
          per_event * events + correlate::predicted_kernel_bytes(frames, pixels, events)};
}

std::vector<BinPixels>
load_bins(const XpcsPlan& plan, const std::vector<Index>& bins, const Monitor& monitor) {
  auto& source = *plan.series.source;
  if (plan.kernel.kind == KernelKind::floats)
    return as_pixels(correlate::load_pixels(source, plan.partition, bins, plan.load, monitor));
  if (plan.kernel.kind == KernelKind::events)
    return as_pixels(correlate::load_events(source, plan.partition, bins, plan.load, monitor));
  return as_pixels(correlate::load_counts(source, plan.partition, bins, plan.load, monitor));
}

Index pixels_of(const BinPixels& pixels) {
  return std::visit([](const auto& matrix) { return matrix.pixels(); }, pixels);
}

const std::vector<double>& mean_counts_of(const BinPixels& pixels) {
  return std::visit(
      [](const auto& matrix) -> const std::vector<double>& { return matrix.mean_counts; }, pixels);
}

correlate::PixelG2 pixel_g2_of(const BinPixels& pixels,
                               const correlate::PixelG2Options& options,
                               const Monitor& monitor) {
  if (const auto* floats = std::get_if<correlate::PixelMatrix>(&pixels))
    return correlate::make_pixel_g2(*floats, options, monitor);
  if (const auto* events = std::get_if<correlate::EventMatrix>(&pixels))
    return correlate::make_pixel_g2(*events, options, monitor);
  const auto& counts = std::get<correlate::CountMatrix>(pixels);
  return correlate::make_pixel_g2(rows_of(counts), counts.valid, counts.groups, options, monitor);
}

std::vector<aging::Heterogeneity>
heterogeneity_of(const BinPixels& pixels, const std::vector<Index>& lags, const XpcsPlan& plan) {
  constexpr double products_per_s = 4e9, share = 0.03, least = 2e9;
  const auto frames = static_cast<double>(plan.series.info().frames);
  const auto own = static_cast<double>(pixels_of(pixels));
  const double of_bin = own / static_cast<double>(std::max<Index>(plan.mask.count(), 1));
  const double products = std::max(least, share * plan.kernel.nominal_s * of_bin * products_per_s);
  const double samples =
      products / (own * static_cast<double>(std::max<std::size_t>(lags.size(), 1)));
  const auto every = std::max<Index>(1, static_cast<Index>(frames / std::max(256.0, samples)));
  const auto traces = subset_traces_of(pixels, lags, every);
  std::vector<aging::Heterogeneity> out;
  for (std::size_t l = 0; l < traces.values.size(); ++l)
    out.push_back(aging::group_heterogeneity(traces.values[l], traces.lags[l]));
  return out;
}

BinKernel make_kernel(BinPixels pixels, const XpcsPlan& plan) {
  BinKernel made;
  if (auto* floats = std::get_if<correlate::PixelMatrix>(&pixels)) {
    made.kernel = std::make_unique<correlate::FloatKernel>(std::move(*floats), plan.normalization);
  } else if (auto* counts = std::get_if<correlate::CountMatrix>(&pixels)) {
    const auto form = plan.kernel.kind == KernelKind::bits ? correlate::CountForm::bits
                                                           : correlate::CountForm::packed;
    made.kernel =
        std::make_unique<correlate::CountKernel>(std::move(*counts), plan.normalization, form);
  } else {
    made.events = std::make_unique<correlate::EventMatrix>(
        std::move(std::get<correlate::EventMatrix>(pixels)));
    made.kernel = std::make_unique<correlate::EventKernel>(*made.events, plan.normalization);
  }
  return made;
}

} // namespace vitrum::app
