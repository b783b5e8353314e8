#include "vitrum/correlate/kernel_choice.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "panel_kernels.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/correlate/count_kernel.hpp"

namespace vitrum::correlate {
namespace {

double processor_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Best of several runs, so that what else the machine does counts little.
template <class Work>
double time_of(Work&& work) {
  double best = 1e300;
  double spent = 0;
  for (int run = 0; run < 100 && (run < 3 || spent < 0.01); ++run) {
    const double start = processor_s();
    work();
    const double time = processor_s() - start;
    best = std::min(best, time);
    spent += time;
  }
  return best;
}

KernelRates measure(SimdLevel level) {
  const PanelKernels& kernels = panel_kernels(level);
  constexpr Index depth = 512, panels = 4;
  constexpr Index cells = depth * panel_frames;
  Buffer<std::uint32_t> left(panels * cells), right(panels * cells);
  std::fill_n(left.data(), left.size(), 0U);
  std::fill_n(right.data(), right.size(), 0U);
  alignas(64) std::int32_t sums[sliver_frames * panel_frames]{};
  Buffer<float> out(sliver_frames * panel_frames);
  constexpr auto products =
      static_cast<double>(panels * panels * panel_frames * panel_frames * depth);
  const auto each = [&](auto&& block) {
    for (Index q = 0; q < panels; ++q)
      for (Index p = 0; p < panels; ++p)
        for (Index i = 0; i < panel_frames; i += sliver_frames)
          block(left.data() + p * cells + i, right.data() + q * cells);
  };
  KernelRates rates;
  rates.float_product = time_of([&] {
                          each([&](const std::uint32_t* a, const std::uint32_t* b) {
                            kernels.floats(reinterpret_cast<const float*>(a),
                                           reinterpret_cast<const float*>(b),
                                           depth,
                                           out.data(),
                                           panel_frames,
                                           false);
                          });
                        }) /
                        products;
  const auto integer_rate = [&](PanelKernels::Integers integers) {
    return time_of([&] {
             each([&](const std::uint32_t* a, const std::uint32_t* b) {
               integers(a, b, depth, sums);
             });
           }) /
           products;
  };
  rates.byte_product = integer_rate(kernels.bytes) / 4;
  rates.word_product = integer_rate(kernels.words) / 2;
  rates.bit_product = integer_rate(kernels.bits) / 32;
  rates.bit_extra = nominal_rates(level).bit_extra;
  const std::vector<float> ones(panel_frames, 1.0F);
  const std::vector<std::int32_t> zeros(panel_frames, 0);
  constexpr int repeats = 1000;
  rates.element =
      time_of([&] {
        for (int k = 0; k < repeats; ++k)
          kernels.rescale(sums,
                          sliver_frames,
                          panel_frames,
                          {ones.data(), ones.data(), ones.data(), zeros.data(), zeros.data()},
                          {ones.data(), ones.data(), ones.data(), zeros.data(), zeros.data()},
                          false,
                          out.data(),
                          panel_frames,
                          k > 0);
      }) /
      static_cast<double>(repeats * sliver_frames * panel_frames);
  rates.event_pair = nominal_rates(level).event_pair;
  rates.event = nominal_rates(level).event;
  return rates;
}

} // namespace

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
  rates.bit_extra = 1.2e-8;
  rates.event_pair = 6e-10; // in tiles of 2048 frames
  rates.event = 5e-8;       // lists and loading
  return rates;
}

const KernelRates& measured_rates(SimdLevel level) {
  static std::mutex mutex;
  static std::map<SimdLevel, KernelRates> measured;
  const std::scoped_lock lock(mutex);
  const auto found = measured.find(level);
  return found != measured.end() ? found->second
                                 : measured.emplace(level, measure(level)).first->second;
}

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
    no_counts = "corrections change the counts";
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
                                   (task.without_tiles ? 0.0 : pairs * 2 * passes),
                               !task.integer_counts ? "values are no integer counts"
                               : task.corrected && !task.only_weighted
                                   ? "corrections change the counts"
                               : task.events > 0 ? ""
                                                 : "the number of events is not known"});
  choice.predicted_s = 1e300;
  for (const KernelChoice::Candidate& one : choice.candidates)
    if (one.refused.empty() && one.predicted_s < choice.predicted_s) {
      choice.kind = one.kind;
      choice.predicted_s = one.predicted_s;
    }
  return choice;
}

std::string KernelChoice::text() const {
  std::string others;
  for (const Candidate& one : candidates)
    if (one.kind != kind)
      others += fmt::format("{}{} {}",
                            others.empty() ? "" : ", ",
                            name_of(one.kind),
                            one.refused.empty() ? fmt::format("{:.2g} s", one.predicted_s)
                                                : "(" + one.refused + ")");
  return fmt::format(
      "{} (predicted {:.2g} s of one processor; {})", name_of(kind), predicted_s, others);
}

} // namespace vitrum::correlate
