#include "vitrum/synth/ctrw.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/models/renewal.hpp"

namespace vitrum::synth {
namespace {

constexpr Index largest_truth = 256; // frames of the exact map

void need(bool condition, const char* name, double value, const char* what) {
  if (!condition)
    throw OptionError(fmt::format("{} = {}: must {}", name, value, what));
}

std::complex<double> phasor(double angle) {
  return {std::cos(angle), std::sin(angle)};
}

} // namespace

void validate(const CtrwOptions& o) {
  need(o.frames >= 2, "frames", static_cast<double>(o.frames), "be at least 2");
  need(o.height >= 1 && o.width >= 1,
       "height × width",
       static_cast<double>(std::min(o.height, o.width)),
       "be positive");
  need(o.frame_time_s > 0 && std::isfinite(o.frame_time_s),
       "frame_time_s",
       o.frame_time_s,
       "be positive");
  need(o.tau_s > 0 && std::isfinite(o.tau_s), "tau_s", o.tau_s, "be positive");
  need(o.exponent >= 0.1 && o.exponent <= 1, "exponent", o.exponent, "lie in [0.1, 1]");
  need(o.kept >= 0 && o.kept < 1, "kept", o.kept, "lie in [0, 1)");
  need(o.start_s >= 0 && std::isfinite(o.start_s), "start_s", o.start_s, "not be negative");
  need(o.walkers >= 2 && o.walkers <= 100000,
       "walkers",
       static_cast<double>(o.walkers),
       "lie in 2 … 100000");
  need(o.mean_counts >= 1e-3 && o.mean_counts <= 1e4,
       "mean_counts",
       o.mean_counts,
       "lie in 1e-3 … 1e4");
  const double bytes = 2.0 * static_cast<double>(o.frames) * static_cast<double>(o.height) *
                       static_cast<double>(o.width);
  if (bytes > static_cast<double>(o.memory_bytes))
    throw OptionError(
        fmt::format("{:.3g} bytes of counts, more than the {} allowed: the movie is made in memory",
                    bytes,
                    o.memory_bytes));
}

CtrwExperiment::CtrwExperiment(const CtrwOptions& options) : options_(options) {
  validate(options);
  info_.format = "virtual";
  info_.frames = options.frames;
  info_.height = options.height;
  info_.width = options.width;
  info_.type = frames::PixelType::u16;
  info_.frame_time_s = options.frame_time_s;
  info_.exposure_s = options.frame_time_s;
}

double CtrwExperiment::age_s(Index frame) const {
  return options_.start_s + static_cast<double>(frame) * options_.frame_time_s;
}

double CtrwExperiment::contrast() const {
  return 1 - 1 / static_cast<double>(options_.walkers);
}

double CtrwExperiment::true_c(Index frame1, Index frame2) const {
  const auto [first, last] = std::minmax(frame1, frame2);
  const double g1 = models::renewal_correlation(
      options_.tau_s, options_.exponent, options_.kept, age_s(first), age_s(last));
  return 1 + contrast() * g1 * g1;
}

std::vector<std::uint16_t> CtrwExperiment::make_counts(const Monitor& monitor) const {
  const auto& o = options_;
  const Index pixels = o.height * o.width;
  std::vector<std::uint16_t> counts(static_cast<std::size_t>(pixels * o.frames));
  const double width = o.kept > 0 ? std::sqrt(-2 * std::log(o.kept)) : 0;
  Progress progress(monitor, "walking", "pixels", pixels);
  parallel_for(0, pixels, 16, [&](Index begin, Index end) {
    std::vector<std::complex<double>> change(static_cast<std::size_t>(o.frames));
    for (Index pixel = begin; pixel < end; ++pixel) {
      std::fill(change.begin(), change.end(), 0.0);
      for (Index walker = 0; walker < o.walkers; ++walker) {
        Random random(o.seed, static_cast<std::uint64_t>(pixel * (o.walkers + 1) + walker));
        const auto any_angle = [&] { return 2 * std::numbers::pi * random.uniform(); };
        double time = 0, angle = any_angle();
        change[0] += phasor(angle);
        while (true) {
          const double u = random.uniform(), v = random.uniform();
          time += models::mittag_leffler_wait(o.tau_s, o.exponent, u, v);
          const double place = (time - o.start_s) / o.frame_time_s;
          if (!(place <= static_cast<double>(o.frames - 1)))
            break;
          const auto frame = static_cast<std::size_t>(std::max(std::ceil(place), 0.0));
          change[frame] -= phasor(angle);
          angle = width > 0 ? angle + width * random.normal() : any_angle();
          change[frame] += phasor(angle);
        }
      }
      Random noise(o.seed, static_cast<std::uint64_t>(pixel * (o.walkers + 1) + o.walkers));
      std::complex<double> field = 0;
      for (Index frame = 0; frame < o.frames; ++frame) {
        field += change[static_cast<std::size_t>(frame)];
        const double rate = o.mean_counts * std::norm(field) / static_cast<double>(o.walkers);
        const Index count = noise.poisson(rate);
        if (count > std::numeric_limits<std::uint16_t>::max())
          throw DataError(fmt::format("{} counts in a pixel do not fit 16 bits", count));
        counts[static_cast<std::size_t>(frame * pixels + pixel)] =
            static_cast<std::uint16_t>(count);
      }
    }
    progress.advance(end - begin);
  });
  return counts;
}

void CtrwExperiment::generate(const FrameSink& sink, const Monitor& monitor) const {
  const auto counts = make_counts(monitor);
  const Index pixels = options_.height * options_.width;
  constexpr Index block = 64;
  for (Index first = 0; first < options_.frames; first += block)
    sink(first,
         std::min(block, options_.frames - first),
         reinterpret_cast<const std::byte*>(counts.data() + first * pixels));
}

std::unique_ptr<frames::FrameSource>
CtrwExperiment::generate_in_memory(const Monitor& monitor) const {
  return frames::make_memory_source(
      make_counts(monitor), options_.frames, options_.height, options_.width);
}

Tree CtrwExperiment::truth() const {
  const auto& o = options_;
  Tree tree;
  tree.set("model", make_scalar(std::string("ctrw")));
  tree.set("formula",
           make_scalar(std::string(
               "C = 1 + contrast g1^2, g1(t1, t2) = 1 - (1 - kept) int_t1^t2 s^(b-1)/(tau^b "
               "Gamma(b)) E_b(-(1 - kept) ((t2 - s)/tau)^b) ds, b = exponent")));
  tree.set("waiting_time_s", make_scalar(o.tau_s, "s"));
  tree.set("waiting_exponent", make_scalar(o.exponent));
  tree.set("kept", make_scalar(o.kept));
  tree.set("start_s", make_scalar(o.start_s, "s"));
  tree.set("walkers", make_scalar(o.walkers));
  tree.set("contrast", make_scalar(contrast()));
  tree.set("mean_counts", make_scalar(o.mean_counts));
  std::vector<Index> frame;
  const Index shown = std::min(o.frames, largest_truth);
  for (Index i = 0; i < shown; ++i)
    frame.push_back(i * (o.frames - 1) / (shown - 1));
  std::vector<double> map(static_cast<std::size_t>(shown * shown)), age;
  parallel_for(0, shown, 1, [&](Index i, Index) {
    for (Index k = 0; k <= i; ++k)
      map[static_cast<std::size_t>(i * shown + k)] = map[static_cast<std::size_t>(k * shown + i)] =
          true_c(frame[static_cast<std::size_t>(k)], frame[static_cast<std::size_t>(i)]);
  });
  for (const Index f : frame)
    age.push_back(age_s(f));
  tree.set("frame", make_array(frame));
  tree.set("frame_age_s", make_array(age, "s"));
  tree.set("two_time", make_array({shown, shown}, std::move(map), ""));
  return tree;
}

} // namespace vitrum::synth
