#include "vitrum/ecm/drift.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include <fmt/format.h>

#include "pair_shift.hpp"
#include "pair_weights.hpp"
#include "path_solve.hpp"
#include "tile_spectra.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/frame_values.hpp"

namespace vitrum::ecm {
namespace {

constexpr Index smallest_edge = 32;

struct Seen {
  Index frame = 0;
  TileSpectrum spectrum;
  double y = 0, x = 0; // where it seems to be so far
};

struct TilePair {
  std::vector<double> y, x;
};

class PairList {
public:
  std::vector<PathPair> pairs;
  std::vector<TilePair> tiles;
  Index compared = 0, refused = 0;

  bool add(Index first, Index second, const PairShift& shift, double least) {
    ++compared;
    if (!shift.found || !(shift.significance >= least) || !(shift.curvature > 0)) {
      ++refused;
      return false;
    }
    pairs.push_back({first, second, shift.y, shift.x, 1 / shift.curvature});
    tiles.push_back({shift.tile_y, shift.tile_x});
    return true;
  }
};

/// The path as each tile sees it, and how far these disagree.
void add_errors(const SolvedPath& path, const PairList& list, Index tiles, DriftPath& out) {
  const auto frames = out.y_px.size();
  std::vector<double> variance(frames);
  std::vector<std::vector<double>> seen; // [2 · tile], each about its mean
  for (Index tile = 0; tile < tiles; ++tile) {
    auto pairs = list.pairs;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pairs[i].y = list.tiles[i].y[static_cast<std::size_t>(tile)];
      pairs[i].x = list.tiles[i].x[static_cast<std::size_t>(tile)];
    }
    const auto one = solve_path(static_cast<Index>(frames), pairs, path.weight_factor);
    for (const auto* axis : {&one.y, &one.x}) {
      seen.push_back(*axis);
      const double mean = moments(*axis).mean;
      for (double& value : seen.back())
        value -= mean;
    }
  }
  for (std::size_t axis = 0; axis < 2; ++axis)
    for (std::size_t t = 0; t < frames; ++t) {
      Moments spread;
      for (std::size_t tile = 0; tile < static_cast<std::size_t>(tiles); ++tile)
        spread.add(seen[2 * tile + axis][t]);
      variance[t] += 0.5 * spread.variance() / static_cast<double>(tiles);
    }
  // four tiles say little about one frame; neighbours share most of their error
  const auto reach = static_cast<Index>(std::max<std::size_t>(frames / 20, 2));
  const auto last = static_cast<Index>(frames) - 1;
  double total = 0;
  for (Index t = 0; t <= last; ++t) {
    const Index from = std::max<Index>(0, t - reach), to = std::min(last, t + reach);
    double sum = 0;
    for (Index u = from; u <= to; ++u)
      sum += variance[static_cast<std::size_t>(u)];
    sum /= static_cast<double>(to - from + 1);
    out.error_px.push_back(std::sqrt(sum));
    total += sum;
  }
  out.residual_rms_px = std::sqrt(total / static_cast<double>(frames));
}

class Tracker {
public:
  Tracker(const TileTransform& transform,
          const std::vector<double>& coherence,
          const DriftOptions& options)
      : options_(options), lags_(compared_lags(options.window)) {
    for (auto& weights : pair_weights(transform, coherence, lags_))
      finders_.push_back(std::make_unique<PairFinder>(transform, std::move(weights)));
  }

  void add(Index frame, TileSpectrum spectrum) {
    Seen now{frame, std::move(spectrum), 0, 0};
    if (!seen_.empty())
      locate(now);
    std::vector<PairShift> shifts(lags_.size());
    std::vector<const Seen*> partners(lags_.size(), nullptr);
    for (std::size_t i = 0; i < lags_.size(); ++i)
      for (const Seen& one : seen_)
        if (frame - one.frame == lags_[i] && one.frame != located_by_)
          partners[i] = &one;
    parallel_for(0, static_cast<Index>(lags_.size()), 1, [&](Index begin, Index) {
      const auto i = static_cast<std::size_t>(begin);
      if (const Seen* one = partners[i])
        shifts[i] =
            finders_[i]->refine(one->spectrum, now.spectrum, now.y - one->y, now.x - one->x);
    });
    for (std::size_t i = 0; i < lags_.size(); ++i)
      if (partners[i] != nullptr)
        list.add(partners[i]->frame, frame, shifts[i], options_.least_significance);
    seen_.push_front(std::move(now));
    while (frame - seen_.back().frame > options_.window)
      seen_.pop_back();
  }

  PairList list;

private:
  /// Where the frame is, by the highest peak against the latest frame with which there is one.
  void locate(Seen& now) {
    now.y = seen_.front().y;
    now.x = seen_.front().x;
    located_by_ = -1;
    constexpr std::size_t tries = 4;
    for (std::size_t k = 0; k < std::min(tries, seen_.size()); ++k) {
      const Seen& one = seen_[k];
      const auto shift = finders_[0]->search(one.spectrum, now.spectrum);
      if (list.add(one.frame, now.frame, shift, options_.least_significance)) {
        now.y = one.y + shift.y;
        now.x = one.x + shift.x;
        located_by_ = one.frame;
        return;
      }
    }
  }

  const DriftOptions& options_;
  std::vector<Index> lags_;
  std::vector<std::unique_ptr<PairFinder>> finders_; // one per lag: they run side by side
  std::deque<Seen> seen_;                            // latest first
  Index located_by_ = -1;
};

std::vector<Index> good_frames(Index frames, std::span<const std::uint8_t> bad) {
  std::vector<Index> good;
  for (Index t = 0; t < frames; ++t)
    if (bad.empty() || bad[static_cast<std::size_t>(t)] == 0)
      good.push_back(t);
  return good;
}

/// A few frames spread over the series.
std::vector<std::vector<float>> sample_frames(FrameReader& reader, const std::vector<Index>& good) {
  constexpr std::size_t samples = 8;
  std::vector<std::vector<float>> frames;
  const std::size_t count = std::min(samples, good.size());
  for (std::size_t k = 0; k < count; ++k)
    frames.push_back(
        reader.frame(good[k * (good.size() - 1) / std::max<std::size_t>(count - 1, 1)]));
  return frames;
}

/// How fast speckle decorrelates: peaks of the cross-correlation of a few frames at a few lags,
/// relative to those of a still sample.
std::vector<double> measure_coherence(FrameReader& reader,
                                      const std::vector<Index>& good,
                                      const TileTransform& transform,
                                      const DriftOptions& options) {
  const auto& signal = transform.signal();
  std::vector<float> weights;
  for (std::size_t i = 0; i < transform.shells().size(); ++i)
    weights.push_back(
        static_cast<float>(signal[static_cast<std::size_t>(transform.shells()[i])] *
                           (static_cast<Index>(i) % transform.columns() == 0 ? 1.0 : 2.0)));
  double whole = 0; // the peak of a still sample
  for (std::size_t i = 0; i < weights.size(); ++i)
    whole +=
        static_cast<double>(weights[i]) * signal[static_cast<std::size_t>(transform.shells()[i])];
  whole *= static_cast<double>(transform.tiles());
  PairFinder finder(transform, weights);
  constexpr std::size_t places = 6;
  std::vector<Index> lags;
  std::vector<double> measured;
  const auto count = static_cast<Index>(good.size());
  for (Index lag = 1; lag <= std::min(options.window, count - 1); lag *= 3) {
    lags.push_back(lag);
    measured.push_back(0);
  }
  std::vector<double> tried(lags.size());
  for (std::size_t place = 0; place < places; ++place) {
    const auto reach = std::min<Index>(lags.back(), count - 1);
    const auto start = static_cast<std::size_t>((count - 1 - reach) * static_cast<Index>(place) /
                                                static_cast<Index>(places - 1));
    const auto spectrum = [&](Index number) { return transform.transform(reader.frame(number)); };
    const auto first = spectrum(good[start]);
    for (std::size_t i = 0; i < lags.size(); ++i) {
      const auto later = start + static_cast<std::size_t>(lags[i]);
      if (good[later] - good[start] != lags[i])
        continue;
      const auto shift = finder.search(first, spectrum(good[later]));
      if (shift.found && shift.significance >= options.least_significance)
        measured[i] += shift.value / whole;
      ++tried[i];
    }
  }
  for (std::size_t i = 0; i < lags.size(); ++i)
    measured[i] = tried[i] > 0 ? measured[i] / tried[i] : 0;
  return speckle_coherence(lags, measured, options.window);
}

} // namespace

double measure_speckle(frames::FrameSource& source,
                       std::span<const std::uint8_t> bad,
                       std::span<const std::uint8_t> use) {
  const auto& info = source.info();
  if (std::min(info.height, info.width) < smallest_edge)
    return std::numeric_limits<double>::quiet_NaN();
  TileTransform transform(info.height, info.width, 1);
  FrameReader reader(source, use);
  transform.calibrate(sample_frames(reader, good_frames(info.frames, bad)));
  return transform.speckle_px();
}

void validate(const DriftOptions& o) {
  if (o.window < 1 || o.window > 1000)
    throw OptionError(fmt::format("window = {}: must lie between 1 and 1000 frames", o.window));
  if (o.tiles < 2 || o.tiles > 8)
    throw OptionError(fmt::format("tiles = {}: must lie between 2 and 8", o.tiles));
  if (!(o.least_significance >= 3))
    throw OptionError(
        fmt::format("least_significance = {}: must be at least 3", o.least_significance));
}

double DriftPath::total_px() const {
  // the hull of few thousand points: the farthest pair is among the extremes of 64 directions
  double total = 0;
  for (int i = 0; i < 64; ++i) {
    const double angle = 3.14159265358979 * i / 64;
    double least = 0, most = 0;
    for (std::size_t t = 0; t < y_px.size(); ++t) {
      const double along = std::cos(angle) * x_px[t] + std::sin(angle) * y_px[t];
      least = std::min(least, along);
      most = std::max(most, along);
    }
    total = std::max(total, most - least);
  }
  return total;
}

DriftPath no_drift(Index frames) {
  DriftPath path;
  path.y_px.assign(static_cast<std::size_t>(frames), 0);
  path.x_px = path.error_px = path.y_px;
  return path;
}

DriftPath measure_drift(frames::FrameSource& source,
                        std::span<const std::uint8_t> bad,
                        const DriftOptions& options,
                        const Monitor& monitor) {
  validate(options);
  const auto& info = source.info();
  if (!options.use.empty() && static_cast<Index>(options.use.size()) != info.pixels())
    throw DataError(fmt::format(
        "{}: a mask of {} for {} pixels", info.path, options.use.size(), info.pixels()));
  if (std::min(info.height, info.width) / options.tiles < smallest_edge / 2 ||
      std::min(info.height, info.width) < smallest_edge)
    throw DataError(fmt::format("{}: frames of {} x {} are too small to find a drift in {} x {} "
                                "tiles; need tiles of 16 x 16 and frames of 32 x 32",
                                info.path,
                                info.height,
                                info.width,
                                options.tiles,
                                options.tiles));
  const auto good = good_frames(info.frames, bad);
  if (good.size() < 2)
    throw DataError(fmt::format("{}: {} good frames, need at least 2", info.path, good.size()));
  TileTransform transform(info.height, info.width, options.tiles);
  FrameReader reader(source, options.use);
  transform.calibrate(sample_frames(reader, good));
  Tracker tracker(transform, measure_coherence(reader, good, transform, options), options);
  Progress progress(monitor, "finding the drift", "frames", static_cast<Index>(good.size()));
  constexpr std::size_t together = 16;
  for (std::size_t k = 0; k < good.size(); k += together) {
    const std::size_t count = std::min(together, good.size() - k);
    std::vector<std::vector<float>> frames;
    for (std::size_t i = 0; i < count; ++i)
      frames.push_back(reader.frame(good[k + i]));
    std::vector<TileSpectrum> spectra(count);
    parallel_for(0, static_cast<Index>(count), 1, [&](Index begin, Index) {
      const auto i = static_cast<std::size_t>(begin);
      spectra[i] = transform.transform(frames[i]);
    });
    for (std::size_t i = 0; i < count; ++i) {
      tracker.add(good[k + i], std::move(spectra[i]));
      progress.advance();
    }
  }
  const auto& list = tracker.list;
  if (list.pairs.empty())
    throw DataError(
        fmt::format("{}: no two frames within {} have anything in common that could show "
                    "a drift; take --no-drift, or frames with more signal",
                    info.path,
                    options.window));
  const auto path = solve_path(info.frames, list.pairs);
  for (const Index t : good)
    if (path.reached[static_cast<std::size_t>(t)] == 0)
      throw DataError(
          fmt::format("{}: frame {} has nothing in common with those near it: the drift "
                      "cannot be followed; leave it out with --bad-frames, choose "
                      "--frames, or a longer --drift-window",
                      info.path,
                      t));
  DriftPath out;
  out.y_px = path.y;
  out.x_px = path.x;
  out.pairs = list.compared;
  out.left_out =
      list.refused + std::count(path.weight_factor.begin(), path.weight_factor.end(), 0.0);
  out.pair_residual_px = path.residual_rms;
  out.speckle_px = transform.speckle_px();
  add_errors(path, list, transform.tiles(), out);
  if (out.residual_rms_px > 0) {
    auto smooth = smooth_path(info.frames, list.pairs, path.weight_factor, out.residual_rms_px);
    out.y_px = std::move(smooth.y);
    out.x_px = std::move(smooth.x);
    out.residual_rms_px *= smooth.error_ratio;
    for (double& error : out.error_px)
      error *= smooth.error_ratio;
  }
  return out;
}

} // namespace vitrum::ecm
