#include "vitrum/synth/xpcs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "correlation.hpp"
#include "detector.hpp"
#include "field.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::synth {
namespace {

// τ is the same for all pixels whose ln τ falls into one step of this size; the truth knows it.
constexpr double class_step = 0.01;
constexpr Index mode_block_frames = 512;

/// ∫ dt/a over one piece of a profile: ln a linear from `low` at its start with `slope`.
double piece_of_profile(double low, double slope, double length) {
  const double x = slope * length;
  return length / low * (std::abs(x) < 1e-9 ? 1 - x / 2 : -std::expm1(-x) / x);
}

double profile_time(const std::vector<ProfilePoint>& points, double t) {
  double sum = std::min(t, points.front().time_s) / points.front().factor;
  for (std::size_t i = 0; i + 1 < points.size() && points[i].time_s < t; ++i) {
    const double whole = points[i + 1].time_s - points[i].time_s;
    if (!(whole > 0))
      continue; // a jump
    const double slope = std::log(points[i + 1].factor / points[i].factor) / whole;
    sum += piece_of_profile(
        points[i].factor, slope, std::min(t, points[i + 1].time_s) - points[i].time_s);
  }
  return sum + std::max(0.0, t - points.back().time_s) / points.back().factor;
}

// Material time ξ(t) = ∫ dt/a(t).
double material_time(const XpcsOptions& o, double t) {
  switch (o.aging) {
  case Aging::none:
    break;
  case Aging::exponential:
    return -o.aging_time_s * std::expm1(-t / o.aging_time_s);
  case Aging::power: {
    const double s = std::log1p(t / o.aging_time_s);
    const double rest = 1 - o.aging_power;
    return o.aging_time_s * (std::abs(rest) < 1e-12 ? s : std::expm1(rest * s) / rest);
  }
  case Aging::profile:
    return profile_time(o.aging_profile, t);
  }
  return t;
}

} // namespace

frames::Geometry default_geometry(Index height, Index width) {
  frames::Geometry g;
  g.wavelength_angstrom = 1.0;
  g.distance_m = 5.0;
  g.pixel_size_x_m = g.pixel_size_y_m = 75e-6;
  g.beam_center_x_px = -0.6 * static_cast<double>(width);
  g.beam_center_y_px = 0.5 * static_cast<double>(height);
  return g;
}

struct XpcsExperiment::State {
  explicit State(const XpcsOptions& chosen);
  void make_classes(double q_reference);
  void make_rates(double q_reference);
  void make_beam();
  [[nodiscard]] Index pixels() const { return options.height * options.width; }
  [[nodiscard]] double bin_decay(Index bin, double delta) const;
  [[nodiscard]] Index block_frames() const;
  [[nodiscard]] double sharpness(Index frame) const {
    return options.frame_contrast.empty() ? 1
                                          : options.frame_contrast[static_cast<std::size_t>(frame)];
  }

  XpcsOptions options;
  frames::SeriesInfo info;
  frames::QMap map;
  frames::Partition partition;
  double q_reference = 0;
  FieldPlan plan;
  FieldMethod method = FieldMethod::automatic;
  RateSpectrum spectrum;                                   // of the method modes
  std::unique_ptr<FieldMaker> circulant;                   // holds no state of a run
  std::vector<std::map<std::int32_t, double>> bin_classes; // class → share of the bin's pixels
  std::vector<float> still, speckle; // [pixel, padded to tiles] rates that stay and that fluctuate
  std::vector<double> beam;
  std::vector<Index> hot, dead;
  double g1_error = 0;
};

XpcsExperiment::State::State(const XpcsOptions& chosen) : options(chosen) {
  validate(options);
  if (!options.geometry.complete())
    options.geometry = default_geometry(options.height, options.width);
  map = frames::make_q_map(options.geometry, options.height, options.width);
  partition = frames::make_partition(
      map, frames::make_mask(options.height, options.width), options.partition);
  q_reference = options.q_reference;
  if (std::isnan(q_reference)) {
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < partition.dynamic_labels.size(); ++i)
      if (partition.dynamic_labels[i] > 0) {
        sum += map.q_inv_angstrom[i];
        n += 1;
      }
    q_reference = sum / n;
  }
  info.path = "virtual experiment";
  info.format = "synth";
  info.frames = options.frames;
  info.height = options.height;
  info.width = options.width;
  info.type = options.type;
  info.frame_time_s = options.frame_time_s;
  info.exposure_s = options.frame_time_s;
  info.geometry = options.geometry;
  for (Index f = 0; f < options.frames; ++f)
    info.timestamps_s.push_back(static_cast<double>(f) * options.frame_time_s);

  plan.seed = options.seed;
  plan.frames = options.frames;
  plan.modes = options.modes;
  plan.tiles = (pixels() + lanes - 1) / lanes;
  plan.events = options.events;
  for (const double t : info.timestamps_s)
    plan.material_time.push_back(material_time(options, t));
  make_classes(q_reference);
  make_rates(q_reference);
  make_beam();

  const bool mixture = is_mixture_of_exponentials(options);
  const bool fits = options.frames <= block_frames();
  method = options.method;
  if (method == FieldMethod::automatic)
    method = options.aging != Aging::none || (!fits && mixture) ? FieldMethod::modes
                                                                : FieldMethod::circulant;
  if (method == FieldMethod::modes && options.frames > 1) {
    double shortest = std::numeric_limits<double>::infinity();
    for (std::size_t f = 1; f < plan.material_time.size(); ++f)
      shortest = std::min(shortest, plan.material_time[f] - plan.material_time[f - 1]);
    const auto [low, high] = std::minmax_element(plan.class_tau.begin(), plan.class_tau.end());
    if (!(shortest > 0))
      throw OptionError(fmt::format("aging_time_s = {}: the sample stands still before the last of "
                                    "{} frames; use a longer time or fewer frames",
                                    options.aging_time_s,
                                    options.frames));
    spectrum = fit_rate_spectrum(options, shortest / *high, plan.material_time.back() / *low);
    g1_error = spectrum.error;
  } else if (method == FieldMethod::modes) {
    spectrum = {{1.0}, {1.0}, 0.0};
  } else {
    circulant = make_circulant_field(plan, options);
    g1_error = circulant->g1_error();
  }
}

// Pixels sorted by their τ, as fine as class_step.
void XpcsExperiment::State::make_classes(double reference) {
  plan.pixel_class.assign(static_cast<std::size_t>(plan.tiles * lanes), 0);
  std::map<Index, std::int32_t> number_of;
  std::vector<Index> step_of(static_cast<std::size_t>(pixels()));
  for (std::size_t i = 0; i < step_of.size(); ++i) {
    // q = 0 has no τ of its own: it takes that of a thousandth of the reference
    const double ratio = std::max(map.q_inv_angstrom[i] / reference, 1e-3);
    step_of[i] = std::llround(-options.q_power * std::log(ratio) / class_step);
    number_of[step_of[i]] = 0;
  }
  for (auto& [step, number] : number_of) {
    number = static_cast<std::int32_t>(plan.class_tau.size());
    plan.class_tau.push_back(options.tau_s * std::exp(class_step * static_cast<double>(step)));
  }
  bin_classes.resize(partition.bins.size());
  std::vector<double> size(partition.bins.size(), 0);
  for (std::size_t i = 0; i < step_of.size(); ++i) {
    plan.pixel_class[i] = number_of[step_of[i]];
    if (const std::int32_t label = partition.dynamic_labels[i]; label > 0) {
      bin_classes[static_cast<std::size_t>(label - 1)][plan.pixel_class[i]] += 1;
      size[static_cast<std::size_t>(label - 1)] += 1;
    }
  }
  for (std::size_t b = 0; b < size.size(); ++b)
    for (auto& [number, share] : bin_classes[b])
      share /= size[b];
}

void XpcsExperiment::State::make_rates(double reference) {
  const auto padded = static_cast<std::size_t>(plan.tiles * lanes);
  std::vector<double> intensity(static_cast<std::size_t>(pixels()));
  double sum = 0, n = 0;
  Random pattern(options.seed, (static_cast<std::uint64_t>(Stream::detector) << 60) + 2);
  for (std::size_t i = 0; i < intensity.size(); ++i) {
    intensity[i] = 1 + options.sq_slope * (map.q_inv_angstrom[i] / reference - 1);
    if (!(intensity[i] > 0))
      throw OptionError(fmt::format("sq_slope = {}: the intensity is not positive at q = {:.4g}",
                                    options.sq_slope,
                                    map.q_inv_angstrom[i]));
    // two kinds of pixels, at random: g² has the mean 1 + static_variance
    if (options.static_variance > 0)
      intensity[i] *=
          1 + std::copysign(std::sqrt(options.static_variance), pattern.uniform() - 0.5);
    if (partition.dynamic_labels[i] > 0) {
      sum += intensity[i];
      n += 1;
    }
  }
  const double scale = options.mean_counts * n / sum;
  const double b = std::sqrt(std::min(1.0, options.contrast * static_cast<double>(options.modes)));
  const double share = (1 - options.background) * b;
  still.assign(padded, 0.0F);
  speckle.assign(padded, 0.0F);
  for (std::size_t i = 0; i < intensity.size(); ++i) {
    still[i] = static_cast<float>(scale * intensity[i] * (1 - share));
    speckle[i] = static_cast<float>(scale * intensity[i] * share);
  }
  // hot and dead pixels at random places, each once
  Random random(options.seed, static_cast<std::uint64_t>(Stream::detector) << 60);
  std::vector<std::uint8_t> taken(intensity.size(), 0);
  const auto pick = [&](Index count, std::vector<Index>& list) {
    while (static_cast<Index>(list.size()) < count) {
      const Index pixel = random.below(pixels());
      if (taken[static_cast<std::size_t>(pixel)] == 0) {
        taken[static_cast<std::size_t>(pixel)] = 1;
        list.push_back(pixel);
      }
    }
    std::sort(list.begin(), list.end());
  };
  pick(options.hot_pixels, hot);
  pick(options.dead_pixels, dead);
  for (const Index pixel : hot) {
    still[static_cast<std::size_t>(pixel)] =
        static_cast<float>(options.hot_factor * options.mean_counts);
    speckle[static_cast<std::size_t>(pixel)] = 0;
  }
  for (const Index pixel : dead)
    still[static_cast<std::size_t>(pixel)] = speckle[static_cast<std::size_t>(pixel)] = 0;
}

void XpcsExperiment::State::make_beam() {
  const auto n = static_cast<std::size_t>(options.frames);
  Random random(options.seed, (static_cast<std::uint64_t>(Stream::detector) << 60) + 1);
  beam.assign(n, 1);
  for (std::size_t f = 0; f < n; ++f) {
    const double part = n > 1 ? static_cast<double>(f) / static_cast<double>(n - 1) - 0.5 : 0.0;
    beam[f] = (1 + options.drift * part) *
              std::max(0.05, 1 + (options.jitter > 0 ? options.jitter * random.normal() : 0.0));
  }
  for (const Gap& gap : options.gaps)
    for (Index f = gap.first; f < gap.last; ++f)
      beam[static_cast<std::size_t>(f)] = 0;
}

Index XpcsExperiment::State::block_frames() const {
  const Index fit = options.memory_bytes / (pixels() * frames::size_of(options.type));
  return std::max(frame_group, fit / frame_group * frame_group);
}

// Mean of |g1|² over the pixels of the bin after `delta` of material time.
double XpcsExperiment::State::bin_decay(Index bin, double delta) const {
  const auto& classes = bin_classes.at(static_cast<std::size_t>(bin - 1));
  std::vector<double> u;
  for (const auto& [number, share] : classes)
    u.push_back(delta / plan.class_tau[static_cast<std::size_t>(number)]);
  const std::vector<double> g1 = field_correlation(options, u);
  double sum = 0;
  std::size_t i = 0;
  for (const auto& [number, share] : classes) {
    sum += share * g1[i] * g1[i];
    ++i;
  }
  return sum;
}

XpcsExperiment::XpcsExperiment(const XpcsOptions& options)
    : state_(std::make_unique<State>(options)) {}
XpcsExperiment::~XpcsExperiment() = default;
XpcsExperiment::XpcsExperiment(XpcsExperiment&&) noexcept = default;

const frames::SeriesInfo& XpcsExperiment::info() const {
  return state_->info;
}
const frames::Partition& XpcsExperiment::partition() const {
  return state_->partition;
}
const frames::QMap& XpcsExperiment::q_map() const {
  return state_->map;
}
const std::vector<double>& XpcsExperiment::beam_intensity() const {
  return state_->beam;
}
const std::vector<Index>& XpcsExperiment::hot_pixels() const {
  return state_->hot;
}
const std::vector<Index>& XpcsExperiment::dead_pixels() const {
  return state_->dead;
}
FieldMethod XpcsExperiment::method() const {
  return state_->method;
}
double XpcsExperiment::g1_error() const {
  return state_->g1_error;
}

double XpcsExperiment::contrast() const {
  const double speckle = 1 - state_->options.background;
  return state_->options.contrast * speckle * speckle * (1 + state_->options.static_variance);
}

double XpcsExperiment::tau_s(Index bin) const {
  double tau = 0;
  for (const auto& [number, share] : state_->bin_classes.at(static_cast<std::size_t>(bin - 1)))
    tau += share * state_->plan.class_tau[static_cast<std::size_t>(number)];
  return tau;
}

double XpcsExperiment::expected_counts(Index pixel) const {
  return static_cast<double>(state_->still.at(static_cast<std::size_t>(pixel))) +
         static_cast<double>(state_->speckle.at(static_cast<std::size_t>(pixel)));
}

double XpcsExperiment::true_g2(Index bin, double lag_s) const {
  return 1 + state_->options.static_variance + contrast() * state_->bin_decay(bin, lag_s);
}

double XpcsExperiment::true_g2(Index bin, Index frame1, Index frame2) const {
  const auto [first, last] = std::minmax(frame1, frame2);
  const auto& xi = state_->plan.material_time;
  double kept = 1;
  for (const Event& event : state_->options.events)
    if (event.frame > first && event.frame <= last)
      kept *= event.kept * event.kept;
  kept *= state_->sharpness(first) * state_->sharpness(last);
  return 1 + state_->options.static_variance +
         contrast() * kept *
             state_->bin_decay(bin,
                               xi.at(static_cast<std::size_t>(last)) -
                                   xi.at(static_cast<std::size_t>(first)));
}

void XpcsExperiment::generate(const FrameSink& sink, const Monitor& monitor) const {
  const State& s = *state_;
  const Index pixels = s.pixels(), frames = s.options.frames;
  std::unique_ptr<FieldMaker> modes;
  if (s.method == FieldMethod::modes)
    modes = make_mode_field(s.plan, s.spectrum);
  FieldMaker* field = modes ? modes.get() : s.circulant.get();
  Index block = s.block_frames();
  if (s.method == FieldMethod::modes)
    block = std::min(block, mode_block_frames);
  block = std::min(block, (frames + frame_group - 1) / frame_group * frame_group);
  const Index bytes = frames::size_of(s.options.type);
  const std::uint32_t most = s.options.type == frames::PixelType::u16 ? 65535U : 0xFFFFFFFFU;
  Buffer<std::byte> counts(block * pixels * bytes);
  Progress progress(monitor, "simulating", "frames", frames);
  for (Index first = 0; first < frames; first += block) {
    const Index count = std::min(block, frames - first);
    field->begin_block(first, count);
    Index tiles_done = 0, frames_told = 0;
    std::mutex mutex;
    parallel_for(0, s.plan.tiles, 1, [&](Index tile, Index) {
      const auto size = static_cast<std::size_t>(count * lanes);
      // kept by each thread: memory that is new for every tile costs more than its use
      static thread_local std::vector<float> rates;
      static thread_local std::vector<std::uint32_t> words, values;
      rates.resize(size);
      words.resize(size);
      values.resize(size);
      field->fill(tile, first, count, rates.data());
      const float* still = s.still.data() + tile * lanes;
      const float* speckle = s.speckle.data() + tile * lanes;
      for (Index f = 0; f < count; ++f) {
        const auto beam = static_cast<float>(s.beam[static_cast<std::size_t>(first + f)]);
        const auto sharp = static_cast<float>(s.sharpness(first + f));
        float* row = rates.data() + f * lanes;
        for (Index l = 0; l < lanes; ++l)
          row[l] = beam * (still[l] + speckle[l] * (1 + sharp * (row[l] - 1)));
      }
      fill_words(s.options.seed, stream_of(Stream::count, 0, tile), first * lanes, words);
      const std::uint64_t large = (static_cast<std::uint64_t>(Stream::large_count) << 60) +
                                  static_cast<std::uint64_t>((tile * frames + first) * lanes);
      draw_counts(rates, words, s.options.seed, large, values);
      const Index width = std::min(lanes, pixels - tile * lanes);
      for (Index f = 0; f < count; ++f)
        for (Index l = 0; l < width; ++l) {
          const std::uint32_t value = values[static_cast<std::size_t>(f * lanes + l)];
          const Index at = f * pixels + tile * lanes + l;
          if (value > most)
            throw DataError(fmt::format("pixel ({}, {}) of frame {} counts {}: uint16 holds at "
                                        "most {}, choose uint32",
                                        (tile * lanes + l) / s.options.width,
                                        (tile * lanes + l) % s.options.width,
                                        first + f,
                                        value,
                                        most));
          if (bytes == 2)
            reinterpret_cast<std::uint16_t*>(counts.data())[at] = static_cast<std::uint16_t>(value);
          else
            reinterpret_cast<std::uint32_t*>(counts.data())[at] = value;
        }
      const std::scoped_lock lock(mutex);
      const Index told = count * ++tiles_done / s.plan.tiles;
      progress.advance(told - frames_told);
      frames_told = told;
    });
    sink(first, count, counts.data());
  }
}

std::unique_ptr<frames::FrameSource>
XpcsExperiment::generate_in_memory(const Monitor& monitor) const {
  const State& s = *state_;
  const auto make = [&]<class T>(T) -> std::unique_ptr<frames::FrameSource> {
    std::vector<T> all(static_cast<std::size_t>(s.options.frames * s.pixels()));
    generate(
        [&](Index first, Index count, const std::byte* counts) {
          std::memcpy(all.data() + first * s.pixels(),
                      counts,
                      static_cast<std::size_t>(count * s.pixels()) * sizeof(T));
        },
        monitor);
    return frames::make_memory_source(
        std::move(all), s.options.frames, s.options.height, s.options.width);
  };
  return s.options.type == frames::PixelType::u16 ? make(std::uint16_t{}) : make(std::uint32_t{});
}

Tree XpcsExperiment::truth(const std::vector<double>& lag_s) const {
  const State& s = *state_;
  const XpcsOptions& o = s.options;
  Tree tree;
  tree.set("model", make_scalar(std::string(models::name(o.model))));
  tree.attributes["formula"] = std::string(models::formula(o.model));
  tree.attributes["convention"] = std::string(models::convention(o.model));
  tree.set("contrast", make_scalar(contrast()));
  tree.set("speckle_contrast", make_scalar(o.contrast));
  tree.set("modes", make_scalar(o.modes));
  tree.set("background", make_scalar(o.background));
  if (o.static_variance > 0)
    tree.set("baseline",
             make_array(std::vector<double>(s.partition.bins.size(), 1 + o.static_variance)));
  tree.set("mean_counts", make_scalar(o.mean_counts, "counts"));
  tree.set("sq_slope", make_scalar(o.sq_slope));
  tree.set("q_power", make_scalar(o.q_power));
  tree.set("q_reference_inv_angstrom", make_scalar(s.q_reference, "1/angstrom"));
  tree.set("reference_tau_s", make_scalar(o.tau_s, "s"));
  tree.set("seed", make_scalar(static_cast<Index>(o.seed)));
  tree.set("method", make_scalar(std::string(name(s.method))));
  tree.set("g1_error", make_scalar(g1_error()));
  tree.set("aging", make_scalar(std::string(name(o.aging))));
  if (o.aging != Aging::none) {
    tree.set("aging_time_s", make_scalar(o.aging_time_s, "s"));
    tree.set("aging_power", make_scalar(o.aging_power));
  }
  if (o.aging == Aging::profile) {
    std::vector<double> time, tau_of_time;
    for (const ProfilePoint& point : o.aging_profile) {
      time.push_back(point.time_s);
      tau_of_time.push_back(o.tau_s * point.factor);
    }
    tree.set("profile_time_s", make_array(time, "s"));
    tree.set("profile_tau_s", make_array(tau_of_time, "s"));
  }
  if (!o.frame_contrast.empty())
    tree.set("frame_contrast", make_array(o.frame_contrast));
  const auto bins = static_cast<Index>(s.partition.bins.size());
  const auto lags = static_cast<Index>(lag_s.size());
  std::vector<double> tau, g2;
  for (Index bin = 1; bin <= bins; ++bin) {
    tau.push_back(tau_s(bin));
    for (const double lag : lag_s)
      g2.push_back(true_g2(bin, lag));
  }
  tree.set("tau_s", make_array(tau, "s"));
  if (o.model != models::DecayModel::exp)
    tree.set("exponent",
             make_array(std::vector<double>(static_cast<std::size_t>(bins), o.exponent)));
  if (o.model == models::DecayModel::kww2) {
    for (double& value : tau)
      value *= o.tau2_s / o.tau_s;
    tree.set("tau2_s", make_array(tau, "s"));
    tree.set("fraction", make_scalar(o.fraction));
    tree.set("exponent2", make_scalar(o.exponent2));
  }
  if (lags > 0) {
    tree.set("lag_s", make_array(lag_s, "s"));
    tree.set("g2", make_array({bins, lags}, g2, ""));
  }
  tree.set("beam_intensity", make_array(s.beam));
  tree.set("hot_pixels", make_array(s.hot));
  tree.set("dead_pixels", make_array(s.dead));
  std::vector<Index> event_frame, gap_first, gap_last;
  std::vector<double> event_kept;
  for (const Event& event : o.events) {
    event_frame.push_back(event.frame);
    event_kept.push_back(event.kept);
  }
  for (const Gap& gap : o.gaps) {
    gap_first.push_back(gap.first);
    gap_last.push_back(gap.last);
  }
  tree.set("event_frame", make_array(event_frame));
  tree.set("event_kept", make_array(event_kept));
  tree.set("gap_first", make_array(gap_first));
  tree.set("gap_last", make_array(gap_last));
  return tree;
}

} // namespace vitrum::synth
