#include "vitrum/synth/ecm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "detector.hpp"
#include "ecm_sources.hpp"
#include "field.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::synth {
namespace {

void need(bool good, const char* name, double value, const char* expected) {
  if (!good)
    throw OptionError(fmt::format("{} = {}: must be {}", name, value, expected));
}

/// Displacements of the frames, the first one at zero.
void make_drift(const EcmOptions& o, std::vector<double>& y, std::vector<double>& x) {
  const double angle = o.drift_angle_deg * std::numbers::pi / 180;
  Random random(o.seed, stream_of(Stream::detector, 2, 0));
  const double steps = static_cast<double>(std::max<Index>(o.frames - 1, 1));
  double walk_y = 0, walk_x = 0;
  for (Index t = 0; t < o.frames; ++t) {
    const double u = static_cast<double>(t) / steps;
    const double along = o.drift_px * u;
    const double across = o.drift_wave_px * std::sin(2 * std::numbers::pi * u);
    if (t > 0) {
      walk_y += o.drift_walk_px / std::sqrt(steps) * random.normal();
      walk_x += o.drift_walk_px / std::sqrt(steps) * random.normal();
    }
    y.push_back(along * std::sin(angle) + across * std::cos(angle) + walk_y);
    x.push_back(along * std::cos(angle) - across * std::sin(angle) + walk_x);
  }
}

constexpr double blur_reach = 3.2; // speckle sizes; h has fallen to 4e-5

/// h at the distances of a pixel from the sources around it; `offset` is that of the nearest one
/// below.
std::vector<float> blur_taps(double speckle_px, double fraction, Index reach) {
  std::vector<float> taps;
  for (Index i = -reach; i <= reach; ++i) {
    const double u = (fraction - static_cast<double>(i)) / speckle_px;
    taps.push_back(static_cast<float>(std::exp(-u * u)));
  }
  return taps;
}

} // namespace

void validate(const EcmOptions& o) {
  need(o.frames >= 2, "frames", static_cast<double>(o.frames), "at least 2");
  need(o.height >= 8, "height", static_cast<double>(o.height), "at least 8");
  need(o.width >= 8, "width", static_cast<double>(o.width), "at least 8");
  need(o.frame_time_s > 0, "frame_time_s", o.frame_time_s, "positive");
  need(o.pixel_size_nm > 0, "pixel_size_nm", o.pixel_size_nm, "positive");
  need(o.tau_s > 0, "tau_s", o.tau_s, "positive");
  need(o.kww_exponent > 0 && o.kww_exponent <= 1, "kww_exponent", o.kww_exponent, "in (0, 1]");
  need(o.tau_log_sigma >= 0 && o.tau_log_sigma <= 3, "tau_log_sigma", o.tau_log_sigma, "in [0, 3]");
  need(o.tau_correlation_px > 0, "tau_correlation_px", o.tau_correlation_px, "positive");
  need(o.speckle_px >= 2 && o.speckle_px <= 100, "speckle_px", o.speckle_px, "in [2, 100]");
  need(o.contrast > 0 && o.contrast <= 1, "contrast", o.contrast, "in (0, 1]");
  need(o.mean_electrons > 0, "mean_electrons", o.mean_electrons, "positive");
  need(o.dose_decay >= 0 && o.dose_decay < 1, "dose_decay", o.dose_decay, "in [0, 1)");
  need(o.dose_jitter >= 0 && o.dose_jitter < 0.3, "dose_jitter", o.dose_jitter, "in [0, 0.3)");
  need(o.gain > 0, "gain", o.gain, "positive");
  need(o.read_noise >= 0, "read_noise", o.read_noise, "zero or more");
  need(o.drift_walk_px >= 0, "drift_walk_px", o.drift_walk_px, "zero or more");
}

struct EcmExperiment::State {
  EcmOptions options;
  frames::SeriesInfo info;
  std::vector<double> drift_y, drift_x, tau_map, dose;
  Index reach = 0, low_y = 0, low_x = 0, rows = 0, columns = 0; // the grid of sources: row 0 stands
                                                                // at y = −low_y of the first frame
  std::vector<double> tau_frames; // of every source
  RateSpectrum spectrum;

  /// |E|² of mean 1 in the frame.
  void intensity(const EcmSources& sources, Index frame, std::vector<float>& out) const;
  void detect(Index frame, const std::vector<float>& speckle, std::int16_t* counts) const;
};

EcmExperiment::EcmExperiment(const EcmOptions& options) : state_(std::make_unique<State>()) {
  validate(options);
  State& s = *state_;
  s.options = options;
  s.info.path = "virtual";
  s.info.format = "virtual";
  s.info.frames = options.frames;
  s.info.height = options.height;
  s.info.width = options.width;
  s.info.type = frames::PixelType::i16;
  s.info.frame_time_s = options.frame_time_s;
  s.info.exposure_s = options.frame_time_s;
  s.info.scale = {options.pixel_size_nm, options.pixel_size_nm, "nm"};
  make_drift(options, s.drift_y, s.drift_x);
  s.reach = static_cast<Index>(std::ceil(blur_reach * options.speckle_px));
  const auto edge = [&](const std::vector<double>& drift, bool low) {
    const auto [least, most] = std::minmax_element(drift.begin(), drift.end());
    return static_cast<Index>(std::ceil(low ? *most : -*least)) + s.reach + 2;
  };
  s.low_y = edge(s.drift_y, true);
  s.low_x = edge(s.drift_x, true);
  s.rows = options.height + s.low_y + edge(s.drift_y, false);
  s.columns = options.width + s.low_x + edge(s.drift_x, false);
  const double tau = options.tau_s / options.frame_time_s;
  s.tau_frames.assign(static_cast<std::size_t>(s.rows * s.columns), tau);
  if (options.tau_log_sigma > 0) {
    const auto field =
        make_smooth_field(options.seed, s.rows, s.columns, options.tau_correlation_px);
    for (std::size_t i = 0; i < field.size(); ++i)
      s.tau_frames[i] = tau * std::exp(options.tau_log_sigma * field[i]);
  }
  for (Index y = 0; y < options.height; ++y)
    for (Index x = 0; x < options.width; ++x)
      s.tau_map.push_back(
          options.frame_time_s *
          s.tau_frames[static_cast<std::size_t>((y + s.low_y) * s.columns + x + s.low_x)]);
  XpcsOptions law;
  law.model = models::DecayModel::kww;
  law.tau_s = 1;
  law.exponent = options.kww_exponent;
  const auto [least, most] = std::minmax_element(s.tau_frames.begin(), s.tau_frames.end());
  s.spectrum = fit_rate_spectrum(
      law, 1 / *most, std::min(static_cast<double>(options.frames) / *least, 1e4));
  Random random(options.seed, stream_of(Stream::detector, 3, 0));
  for (Index t = 0; t < options.frames; ++t) {
    const double u = static_cast<double>(t) / static_cast<double>(options.frames - 1);
    s.dose.push_back(std::pow(1 - options.dose_decay, u) *
                     std::max(0.0, 1 + options.dose_jitter * random.normal()));
  }
}

EcmExperiment::~EcmExperiment() = default;
EcmExperiment::EcmExperiment(EcmExperiment&&) noexcept = default;

const frames::SeriesInfo& EcmExperiment::info() const {
  return state_->info;
}
const std::vector<double>& EcmExperiment::drift_y_px() const {
  return state_->drift_y;
}
const std::vector<double>& EcmExperiment::drift_x_px() const {
  return state_->drift_x;
}
const std::vector<double>& EcmExperiment::tau_map_s() const {
  return state_->tau_map;
}

void EcmExperiment::State::intensity(const EcmSources& sources,
                                     Index frame,
                                     std::vector<float>& out) const {
  const Index height = options.height, width = options.width;
  // pixel y sees the sample at y − drift, a source row and a fraction
  const double shift_y = static_cast<double>(low_y) - drift_y[static_cast<std::size_t>(frame)];
  const double shift_x = static_cast<double>(low_x) - drift_x[static_cast<std::size_t>(frame)];
  const auto row0 = static_cast<Index>(std::floor(shift_y));
  const auto column0 = static_cast<Index>(std::floor(shift_x));
  const auto down = blur_taps(options.speckle_px, shift_y - static_cast<double>(row0), reach);
  const auto across = blur_taps(options.speckle_px, shift_x - static_cast<double>(column0), reach);
  double power_y = 0, power_x = 0;
  for (std::size_t i = 0; i < down.size(); ++i) {
    power_y += static_cast<double>(down[i]) * static_cast<double>(down[i]);
    power_x += static_cast<double>(across[i]) * static_cast<double>(across[i]);
  }
  const auto norm = static_cast<float>(1 / (power_y * power_x));
  parallel_for(0, height, 8, [&](Index begin, Index end) {
    std::vector<float> line(static_cast<std::size_t>(columns)),
        sum(static_cast<std::size_t>(width));
    for (Index y = begin; y < end; ++y) {
      float* row = out.data() + y * width;
      std::fill_n(row, width, 0.0F);
      for (Index part = 0; part < 2; ++part) {
        std::fill(line.begin(), line.end(), 0.0F);
        for (Index i = -reach; i <= reach; ++i) {
          const float tap = down[static_cast<std::size_t>(i + reach)];
          const float* from = sources.part(part) + (y + row0 + i) * columns;
          for (std::size_t x = 0; x < line.size(); ++x)
            line[x] += tap * from[x];
        }
        std::fill(sum.begin(), sum.end(), 0.0F);
        for (Index i = -reach; i <= reach; ++i) {
          const float tap = across[static_cast<std::size_t>(i + reach)];
          const float* from = line.data() + column0 + i;
          for (Index x = 0; x < width; ++x)
            sum[static_cast<std::size_t>(x)] += tap * from[x];
        }
        for (Index x = 0; x < width; ++x)
          row[x] += norm * sum[static_cast<std::size_t>(x)] * sum[static_cast<std::size_t>(x)];
      }
    }
  });
}

void EcmExperiment::State::detect(Index frame,
                                  const std::vector<float>& speckle,
                                  std::int16_t* counts) const {
  const auto seen = static_cast<float>(std::sqrt(options.contrast));
  const auto electrons =
      static_cast<float>(options.mean_electrons * dose[static_cast<std::size_t>(frame)]);
  const Index width = options.width;
  const Index padded = (width + random_chunk - 1) / random_chunk * random_chunk;
  parallel_for(0, options.height, 8, [&](Index begin, Index end) {
    std::vector<float> rate(static_cast<std::size_t>(padded), 0.0F), noise(rate.size());
    std::vector<std::uint32_t> words(rate.size()), hits(rate.size());
    for (Index y = begin; y < end; ++y) {
      for (Index x = 0; x < width; ++x)
        rate[static_cast<std::size_t>(x)] =
            electrons * (1 + seen * (speckle[static_cast<std::size_t>(y * width + x)] - 1));
      const Index first = frame * padded;
      fill_words(options.seed, stream_of(Stream::count, 0, y), first, words);
      const auto large = stream_of(Stream::large_count, 0, 0) +
                         static_cast<std::uint64_t>((frame * options.height + y) * padded);
      draw_counts(rate, words, options.seed, large, hits);
      if (options.read_noise > 0)
        fill_normal(options.seed, stream_of(Stream::circulant, 0, y), first, noise);
      for (Index x = 0; x < width; ++x) {
        const auto i = static_cast<std::size_t>(x);
        const double value = options.pedestal + options.gain * static_cast<double>(hits[i]) +
                             options.read_noise * static_cast<double>(noise[i]);
        const double whole = std::nearbyint(value);
        if (!(whole >= std::numeric_limits<std::int16_t>::min() &&
              whole <= std::numeric_limits<std::int16_t>::max()))
          throw DataError(fmt::format("frame {}, y {}, x {}: {} counts do not fit into 16 bits: "
                                      "choose fewer electrons or a smaller gain",
                                      frame,
                                      y,
                                      x,
                                      whole));
        counts[y * width + x] = static_cast<std::int16_t>(whole);
      }
    }
  });
}

void EcmExperiment::generate(const Sink& sink, const Monitor& monitor) const {
  const State& s = *state_;
  EcmSources sources(s.options.seed, s.rows, s.columns, s.tau_frames, s.spectrum);
  std::vector<float> speckle(static_cast<std::size_t>(s.info.pixels()));
  std::vector<std::int16_t> counts(speckle.size());
  Progress progress(monitor, "making frames", "frames", s.options.frames);
  for (Index t = 0; t < s.options.frames; ++t) {
    sources.advance(t);
    s.intensity(sources, t, speckle);
    s.detect(t, speckle, counts.data());
    sink(t, 1, counts.data());
    progress.advance();
  }
}

std::unique_ptr<frames::FrameSource>
EcmExperiment::generate_in_memory(const Monitor& monitor) const {
  const auto& info = state_->info;
  std::vector<std::int16_t> all;
  all.reserve(static_cast<std::size_t>(info.frames * info.pixels()));
  generate(
      [&](Index, Index count, const std::int16_t* counts) {
        all.insert(all.end(), counts, counts + count * info.pixels());
      },
      monitor);
  return frames::make_memory_source(std::move(all), info.frames, info.height, info.width);
}

Tree EcmExperiment::truth() const {
  const State& s = *state_;
  const EcmOptions& o = s.options;
  Tree tree;
  tree.set("model", make_scalar("kww"));
  tree.set("tau_s", make_scalar(o.tau_s, "s"));
  tree.set("kww_exponent", make_scalar(o.kww_exponent));
  tree.set("contrast", make_scalar(o.contrast));
  tree.set("tau_log_sigma", make_scalar(o.tau_log_sigma));
  tree.set("tau_correlation_length_nm", make_scalar(o.tau_correlation_px * o.pixel_size_nm, "nm"));
  tree.set("speckle_size_nm", make_scalar(o.speckle_px * o.pixel_size_nm, "nm"));
  tree.set("gain", make_scalar(o.gain));
  tree.set("pedestal", make_scalar(o.pedestal));
  tree.set("read_noise", make_scalar(o.read_noise));
  tree.set("field_correlation_error", make_scalar(s.spectrum.error));
  tree.set("drift_y_px", make_array(s.drift_y, "px"));
  tree.set("drift_x_px", make_array(s.drift_x, "px"));
  tree.set("dose", make_array(s.dose));
  // g2 of the image: the mean over the map of relaxation times
  std::vector<double> lag, g2;
  const double last = o.frame_time_s * static_cast<double>(o.frames);
  for (double t = o.frame_time_s; t < last; t *= 1.05) {
    double sum = 0;
    if (o.tau_log_sigma > 0)
      for (const double one : s.tau_map)
        sum += std::exp(-2 * std::pow(t / one, o.kww_exponent));
    else
      sum = static_cast<double>(s.tau_map.size()) *
            std::exp(-2 * std::pow(t / o.tau_s, o.kww_exponent));
    lag.push_back(t);
    g2.push_back(1 + o.contrast * sum / static_cast<double>(s.tau_map.size()));
  }
  const auto lags = static_cast<Index>(lag.size());
  tree.set("lag_s", make_array(std::move(lag), "s"));
  tree.set("g2", make_array({1, lags}, std::move(g2), ""));
  std::vector<float> tau(s.tau_map.begin(), s.tau_map.end());
  tree.set("tau_map_s", make_array({o.height, o.width}, std::move(tau), "s"));
  return tree;
}

} // namespace vitrum::synth
