#include "event_details.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A square piece of the map around its diagonal, read once.
class Piece {
public:
  Piece(const MapRows& map, Index first, Index last)
      : first_(std::max<Index>(0, first)), last_(std::min(map.frames(), last)),
        values_(static_cast<std::size_t>(size() * size()),
                std::numeric_limits<float>::quiet_NaN()) {
    for (Index t = first_ + 1; t < last_; ++t)
      map.read(t,
               first_,
               std::span(values_).subspan(static_cast<std::size_t>((t - first_) * size()),
                                          static_cast<std::size_t>(t - first_)));
  }
  [[nodiscard]] Index first() const { return first_; }
  [[nodiscard]] Index last() const { return last_; }
  [[nodiscard]] Index size() const { return last_ - first_; }
  /// C(t1, t2) of frames of the series, NaN outside.
  [[nodiscard]] double at(Index t1, Index t2) const {
    if (t2 < first_ || t1 >= last_)
      return nan;
    return values_[static_cast<std::size_t>((t1 - first_) * size() + t2 - first_)];
  }

private:
  Index first_, last_;
  std::vector<float> values_;
};

/// Share of C − baseline that is missing for `side` frames each side of t, `away` frames from it,
/// against pairs of the same lags within `reach` frames before or after it.
double
drop_away(const Piece& piece, Index t, Index away, Index side, Index reach, double baseline) {
  double missing = 0, whole = 0;
  for (Index lag = 2 * away + 1; lag <= 2 * (away + side) - 1; ++lag) {
    Moments across, around;
    for (Index a = t - away - side; a < t - away; ++a)
      if (a + lag >= t + away && a + lag < t + away + side)
        if (const double x = piece.at(a + lag, a); !std::isnan(x))
          across.add(x);
    for (Index k = 0; k + lag < reach; ++k) {
      if (const double x = piece.at(t - 1 - k, t - 1 - k - lag); !std::isnan(x))
        around.add(x);
      if (const double x = piece.at(t + k + lag, t + k); !std::isnan(x))
        around.add(x);
    }
    if (across.count > 0 && around.count > 0) {
      missing += static_cast<double>(across.count) * (around.mean - across.mean);
      whole += static_cast<double>(across.count) * (around.mean - baseline);
    }
  }
  return whole > 0 ? missing / whole : nan;
}

void add_recovery(const MapRows& map, Index block, double baseline, Event& event) {
  const Index side = std::max<Index>(1, block / 2);
  const Index far = std::max<Index>(1, block / 2);
  const Index reach = 4 * block + 4;
  const Index t = event.frame;
  const Piece piece(map, t - 10 * reach, t + 10 * reach);
  const double near = drop_away(piece, t, 0, side, reach, baseline);
  event.recovered = 1 - drop_away(piece, t, far, side, reach, baseline) / near;
  // the same at quiet places nearby tells the noise
  std::vector<double> quiet;
  for (Index k = 2; k <= 8; ++k)
    for (const Index place : {t - k * reach, t + k * reach})
      if (place - reach >= piece.first() && place + reach <= piece.last())
        if (const double d = drop_away(piece, place, far, side, reach, baseline); std::isfinite(d))
          quiet.push_back(d);
  event.recovered_error = quiet.size() > 2 ? moments(quiet).deviation() / std::abs(near) : nan;
  event.recovery_frames = nan;
  for (Index away = 1; away <= far; ++away)
    if (drop_away(piece, t, away, side, reach, baseline) < near / 2) {
      event.recovery_frames = static_cast<double>(away);
      break;
    }
  // not NaN: both must be known to call it so
  if (event.recovered > 0.5 && event.recovered > 3 * event.recovered_error)
    event.kind = EventKind::transient;
}

/// Mean of C(t1, t2) − baseline over t1 in [row, row + side), t2 in [column, column + side), of
/// pairs at least a frame apart.
double patch(const Piece& piece, Index row, Index column, Index side, double baseline) {
  Moments mean;
  for (Index i = row; i < row + side; ++i)
    for (Index j = column; j < std::min(column + side, i); ++j)
      if (const double x = piece.at(i, j); !std::isnan(x))
        mean.add(x - baseline);
  return mean.count > 0 ? mean.mean : nan;
}

/// Share of C that is lost over `lag`, at every place of a piece where it is known.
Moments losses(const Piece& piece, Index lag, Index side, double baseline) {
  Moments lost;
  for (Index t = piece.first() + side; t + lag + side <= piece.last(); t += side) {
    const double near = patch(piece, t - side, t - side, side, baseline) / 2 +
                        patch(piece, t + lag, t + lag, side, baseline) / 2;
    const double share = 1 - patch(piece, t + lag, t - side, side, baseline) / near;
    if (std::isfinite(share))
      lost.add(share);
  }
  return lost;
}

/// Variance of the share lost when `drop` is expected and the speckles are as many as they are:
/// that of the ordinary relaxation over the lag at which as much is lost. To first order it is
/// proportional to drop (1 − drop), which leads from a loss that the series sees to that asked for.
double variance_of_losses(
    const MapRows& map, Index from, Index to, Index block, double baseline, const Event& event) {
  constexpr Index longest = 768; // frames of each side
  const Index side = std::max<Index>(2, block / 2);
  Moments variance;
  for (const bool after : {false, true}) {
    const Index first = after ? event.frame : std::max(from, event.frame - longest);
    const Index last = after ? std::min(to, event.frame + longest) : event.frame;
    const Piece piece(map, first, last);
    Moments nearest;
    for (Index lag = side; lag + 2 * side <= (last - first) / 4; lag = lag * 5 / 4 + 1) {
      const auto lost = losses(piece, lag, side, baseline);
      if (lost.count < 8)
        break;
      nearest = lost;
      if (lost.mean >= event.drop)
        break;
    }
    const auto spread = [](double share) { return share * (1 - share); };
    if (nearest.count > 0 && nearest.mean > 0 && nearest.mean < 1) {
      const double own = std::max(0.0, nearest.variance() - std::pow(event.drop_error, 2));
      variance.add(own * spread(std::clamp(event.drop, 0.0, 1.0)) / spread(nearest.mean));
    }
  }
  return variance.count > 0 ? variance.mean : 0;
}

constexpr Index parts = 8; // of age, left out one after another for the error

/// Normalised decay at logarithmic lags of one side, for all of it and with each part left out.
struct SideCurves {
  std::vector<double> lag;
  std::array<std::vector<double>, parts + 1> decay;
};

SideCurves side_curves(const MapRows& map, Index first, Index last, double baseline) {
  const Index length = last - first;
  SideCurves out;
  std::vector<Index> lags;
  for (double l = 1; static_cast<Index>(l) <= length / 2; l = std::max(l * 1.26, l + 1))
    lags.push_back(static_cast<Index>(l));
  std::vector<std::array<Moments, parts>> cells(lags.size());
  std::vector<float> row(static_cast<std::size_t>(length));
  for (Index t = first + 1; t < last; ++t) {
    const auto part = std::span(row).first(static_cast<std::size_t>(t - first));
    map.read(t, first, part);
    for (std::size_t k = 0; k < lags.size() && lags[k] <= t - first; ++k) {
      const Index a = t - lags[k] - first;
      if (const double x = part[static_cast<std::size_t>(a)]; !std::isnan(x))
        cells[k][static_cast<std::size_t>(a * parts / (length - lags[k]))].add(x - baseline);
    }
  }
  for (std::size_t k = 0; k < lags.size(); ++k) {
    out.lag.push_back(static_cast<double>(lags[k]));
    for (Index left = 0; left <= parts; ++left) {
      double sum = 0, count = 0;
      for (Index p = 0; p < parts; ++p)
        if (p != left) {
          const Moments& m = cells[k][static_cast<std::size_t>(p)];
          sum += m.mean * static_cast<double>(m.count);
          count += static_cast<double>(m.count);
        }
      auto& curve = out.decay[static_cast<std::size_t>(left)];
      curve.push_back(count > 0 ? sum / count : nan);
      if (k > 0)
        curve.back() /= curve.front();
    }
  }
  for (auto& curve : out.decay)
    if (!curve.empty())
      curve.front() = 1;
  return out;
}

/// ln of the lag at which a curve first falls to `level`, between lags linear in ln lag.
double crossing(const std::vector<double>& lag, const std::vector<double>& decay, double level) {
  for (std::size_t k = 1; k < lag.size(); ++k)
    if (decay[k] <= level && decay[k - 1] > level) {
      const double part = (decay[k - 1] - level) / (decay[k - 1] - decay[k]);
      return std::log(lag[k - 1]) + part * std::log(lag[k] / lag[k - 1]);
    }
  return nan;
}

double
log_ratio(const SideCurves& before, const SideCurves& after, std::size_t left, double deepest) {
  Moments sum;
  for (const double share : {0.5, 0.75, 1.0}) {
    const double level = 1 - share * (1 - deepest);
    sum.add(crossing(after.lag, after.decay[left], level) -
            crossing(before.lag, before.decay[left], level));
  }
  return sum.mean;
}

void add_tau_ratio(
    const MapRows& map, double baseline, Index from, Index to, Index block, Event& event) {
  event.tau_ratio = event.tau_ratio_error = event.tau_ratio_frames = nan;
  const Index room = std::min(event.frame - from, to - event.frame);
  for (Index length = 8 * block;; length += length / 4) { // no longer than it must be
    length = std::min(length, room);
    if (length < 16) {
      event.tau_reason = fmt::format("only {} frames to the nearest end or event", room);
      return;
    }
    const auto before = side_curves(map, event.frame - length, event.frame, baseline);
    const auto after = side_curves(map, event.frame, event.frame + length, baseline);
    const auto lowest = [](const SideCurves& s) {
      return *std::min_element(
          s.decay[parts].begin(), s.decay[parts].end(), [](double a, double b) {
            return a < b || (std::isnan(b) && !std::isnan(a));
          });
    };
    // a little above the deepest, so that every left-out part crosses it too
    const double common = std::max(lowest(before), lowest(after));
    const double deepest = std::max(1 - 0.9 * (1 - common), 0.3);
    if (common > 0.6 && length < room)
      continue;
    const double ratio = log_ratio(before, after, parts, deepest);
    if (!(common < 0.9) || std::isnan(ratio)) {
      event.tau_reason = fmt::format(
          "within {} frames the correlation falls to {:.2g} of its start only", length, common);
      return;
    }
    double squares = 0;
    for (std::size_t left = 0; left < parts; ++left)
      squares += std::pow(log_ratio(before, after, left, deepest) - ratio, 2);
    event.tau_ratio = std::exp(ratio);
    event.tau_ratio_frames = static_cast<double>(length);
    event.tau_ratio_error = event.tau_ratio * std::sqrt(squares * static_cast<double>(parts - 1) /
                                                        static_cast<double>(parts));
    return;
  }
}

} // namespace

void add_details(const MapRows& map, double baseline, EventSearch& search) {
  for (std::size_t i = 0; i < search.events.size(); ++i) {
    Event& event = search.events[i];
    add_recovery(map, search.block_frames, baseline, event);
    const Index from = i > 0 ? search.events[i - 1].frame : 0;
    const Index to = i + 1 < search.events.size() ? search.events[i + 1].frame : map.frames();
    add_tau_ratio(map, baseline, from, to, search.block_frames, event);
    event.drop_error =
        std::sqrt(std::pow(event.drop_error, 2) +
                  variance_of_losses(map, from, to, search.block_frames, baseline, event));
  }
}

} // namespace vitrum::aging
