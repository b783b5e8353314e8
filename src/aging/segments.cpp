#include "vitrum/aging/segments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "age_noise.hpp"
#include "division.hpp"
#include "excursions.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();
constexpr Index shortest = 3; // windows of a segment
constexpr double intermittent_noise = 4;
// Prior of the beginnings of segments: this share begins where the two windows before are, within
// so many of their errors, which a slope moves from one to the next; the others anywhere.
constexpr double joined_share = 0.9, joined_errors = 2.5;

double log_sum(double a, double b) {
  if (a < b)
    std::swap(a, b);
  return b == nothing ? a : a + std::log1p(std::exp(b - a));
}

/// ln P(N(0,1) < z), deep tail included.
double log_normal_below(double z) {
  if (z > -8)
    return std::log(normal_survival(-z));
  return -z * z / 2 - std::log(-z) - 0.5 * std::log(2 * std::numbers::pi) - 1 / (z * z);
}

/// The windows that have a value.
struct Usable {
  std::vector<double> age, y, error;
  std::vector<Index> window;
};

Usable usable(const AgeSeries& series) {
  if (series.log_tau.size() != series.age_s.size() || series.error.size() != series.age_s.size())
    throw DataError(fmt::format("age series: {} ages, {} values, {} errors",
                                series.age_s.size(),
                                series.log_tau.size(),
                                series.error.size()));
  Usable out;
  for (std::size_t k = 0; k < series.age_s.size(); ++k) {
    if (!std::isfinite(series.log_tau[k]) || !std::isfinite(series.error[k]))
      continue;
    if (!(series.error[k] > 0))
      throw DataError(fmt::format("age series: error {} of window {}", series.error[k], k + 1));
    if (!out.age.empty() && !(series.age_s[k] > out.age.back()))
      throw DataError(fmt::format("age series: window {} is not older than the one before", k + 1));
    out.age.push_back(series.age_s[k]);
    out.y.push_back(series.log_tau[k]);
    out.error.push_back(series.error[k]);
    out.window.push_back(static_cast<Index>(k));
  }
  return out;
}

/// ln of the marginal likelihood of a segment for each kind of dynamics.
class SegmentEvidence {
public:
  SegmentEvidence(const Usable& u, double correlation, double slope_span)
      : y_(centred(u.y)), sums_(u.age, y_, u.error, correlation), age_(u.age), error_(u.error),
        slope_span_(slope_span) {
    const auto [low, high] = std::minmax_element(u.y.begin(), u.y.end());
    // of the intercepts: the range, at least the noise
    range2_ = std::pow(std::max(*high - *low, 3 * median(u.error)), 2);
  }

  [[nodiscard]] std::array<double, dynamics_kinds> of(Index first, Index last) const {
    const double begin = age_[static_cast<std::size_t>(first)];
    const double end = age_[static_cast<std::size_t>(last - 1)];
    const double b2 = std::pow(slope_span_ / (end - begin), 2);
    const LineSums whole = sums_.range(first, last);
    const auto anywhere = kinds(moved(whole, (begin + end) / 2), range2_, b2);
    if (first < 2)
      return anywhere;
    const auto k = static_cast<std::size_t>(first);
    const double before = (y_[k - 2] + y_[k - 1]) / 2;
    const double near = joined_errors * (error_[k - 2] + error_[k - 1] + error_[k]) / 3;
    auto joined = kinds(raised(moved(whole, begin), -before), near * near, b2);
    for (std::size_t i = 0; i < joined.size(); ++i)
      joined[i] =
          log_sum(joined[i] + std::log(joined_share), anywhere[i] + std::log(1 - joined_share));
    return joined;
  }

private:
  static std::vector<double> centred(std::vector<double> y) {
    const double middle = median(y);
    for (double& v : y)
      v -= middle;
    return y;
  }
  static double constant(const LineSums& s, double intercept2) {
    const double p = s.s11 + 1 / intercept2;
    return -0.5 * (s.syy - s.s1y * s.s1y / p) - 0.5 * std::log(p * intercept2);
  }
  /// y + by
  static LineSums raised(LineSums s, double by) {
    s.syy += 2 * by * s.s1y + by * by * s.s11;
    s.s1y += by * s.s11;
    s.sxy += by * s.s1x;
    return s;
  }
  /// With normal priors of the given variances about zero for value and slope at the origin.
  static std::array<double, dynamics_kinds>
  kinds(const LineSums& s, double intercept2, double slope2) {
    const double base = s.log_weight - 0.5 * s.n * std::log(2 * std::numbers::pi);
    // posterior precision of (intercept, slope)
    const double p11 = s.s11 + 1 / intercept2;
    const double p22 = s.sxx + 1 / slope2;
    const double det = p11 * p22 - s.s1x * s.s1x;
    const double slope = (p11 * s.sxy - s.s1x * s.s1y) / det;
    const double fitted =
        (p22 * s.s1y * s.s1y - 2 * s.s1x * s.s1y * s.sxy + p11 * s.sxy * s.sxy) / det;
    const double line = base - 0.5 * (s.syy - fitted) - 0.5 * std::log(det * intercept2 * slope2);
    const double z = slope / std::sqrt(p11 / det);
    LineSums wide = s;
    for (double LineSums::*m : {&LineSums::s11, &LineSums::s1y, &LineSums::syy})
      wide.*m /= intermittent_noise * intermittent_noise;
    return {constant(s, intercept2) + base,
            line + std::numbers::ln2 + log_normal_below(z),
            line + std::numbers::ln2 + log_normal_below(-z),
            constant(wide, intercept2) + base - s.n * std::log(intermittent_noise)};
  }

  std::vector<double> y_;
  WhitenedSums sums_;
  std::vector<double> age_, error_;
  double slope_span_, range2_ = 1;
};

/// Half of the shortest way between two ages: what a window reaches beyond its age at the ends.
double half_step(const std::vector<double>& age) {
  double step = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < age.size(); ++i)
    step = std::min(step, age[i] - age[i - 1]);
  return std::isfinite(step) ? step / 2 : 0;
}

double log_total(const std::array<double, dynamics_kinds>& e) {
  return log_sum(log_sum(e[0], e[1]), log_sum(e[2], e[3]));
}

/// ln of the prior of a segment [i, j) of n windows.
class Prior {
public:
  Prior(double expected_segments, Index n)
      : n_(n), kinds_(std::log(static_cast<double>(dynamics_kinds))) {
    const double chance = std::min(0.5, (expected_segments - 1) / static_cast<double>(n - 1));
    stay_ = std::log1p(-chance);
    change_ = std::log(chance);
  }
  [[nodiscard]] double operator()(Index i, Index j) const {
    return static_cast<double>(j - i - 1) * stay_ + (j < n_ ? change_ : 0.0) - kinds_;
  }

private:
  Index n_;
  double kinds_, stay_, change_;
};

/// Evidence of all that follows each beginning, over all divisions.
std::vector<double> evidence_after(const SegmentEvidence& evidence, const Prior& prior, Index n) {
  std::vector<double> after(static_cast<std::size_t>(n) + 1, nothing);
  after.back() = 0;
  for (Index i = n - shortest; i >= 0; --i)
    for (Index j = i + shortest; j <= n; ++j)
      if (const double rest = after[static_cast<std::size_t>(j)]; rest != nothing) {
        double& here = after[static_cast<std::size_t>(i)];
        here = log_sum(here, log_total(evidence.of(i, j)) + prior(i, j) + rest);
      }
  return after;
}

struct Likely {
  AgeNoise noise;
  double segments = 2, log_evidence = nothing;
};

/// The number of segments, of powers of two, that makes the series most probable.
Likely most_probable_number(const SegmentEvidence& evidence, const AgeNoise& noise, Index n) {
  Likely best{noise};
  for (double number = 2; number <= std::max(2.0, static_cast<double>(n / shortest)); number *= 2) {
    const double found = evidence_after(evidence, Prior(number, n), n).front();
    if (found < best.log_evidence)
      break; // it has one maximum
    best.log_evidence = found;
    best.segments = number;
  }
  return best;
}

/// The noise and the number of segments under which the series is most probable, together: few
/// segments in much correlated noise or many in little may explain the same bends. `found` is the
/// noise of differences at one and two steps; the latter take bends of the series for correlation,
/// so that it is the largest there can be. Those at one step fix factor² (6 − 8 φ + 2 φ²).
Likely most_probable(const Usable& u,
                     const AgeNoise& found,
                     double slope_span,
                     bool rescale,
                     double expected_segments) {
  const auto n = static_cast<Index>(u.age.size());
  const auto shape = [](double phi) { return 6 - 8 * phi + 2 * phi * phi; };
  const auto with = [&](const AgeNoise& noise) {
    Usable scaled = u;
    for (double& e : scaled.error)
      e *= noise.factor;
    const SegmentEvidence evidence(scaled, noise.correlation, slope_span);
    return expected_segments > 0
               ? Likely{noise,
                        expected_segments,
                        evidence_after(evidence, Prior(expected_segments, n), n).front()}
               : most_probable_number(evidence, noise, n);
  };
  if (!rescale)
    return with({.factor = 1, .correlation = found.correlation});
  Likely best;
  for (const double share : {1.0, 0.75, 0.5, 0.25, 0.0}) {
    AgeNoise noise;
    noise.correlation = share * found.correlation;
    noise.factor = found.factor * std::sqrt(shape(found.correlation) / shape(noise.correlation));
    const Likely here = with(noise);
    if (here.log_evidence > best.log_evidence)
      best = here;
  }
  return best;
}

/// Where a segment of the most probable division begins that is of the kind of the one before.
std::vector<Index>
changes_of_slope(const SegmentEvidence& evidence, const std::vector<Index>& next, Index n) {
  const auto kind = [&](Index i, Index j) {
    const auto kinds = evidence.of(i, j);
    return std::max_element(kinds.begin(), kinds.end()) - kinds.begin();
  };
  std::vector<Index> out;
  for (Index i = 0, j = next[0]; j < n;) {
    const Index k = next[static_cast<std::size_t>(j)];
    if (kind(i, j) == kind(j, k))
      out.push_back(j);
    i = j;
    j = k;
  }
  return out;
}

double edge(const std::vector<double>& age, Index k) {
  const auto n = static_cast<Index>(age.size());
  const auto at = [&](Index i) { return age[static_cast<std::size_t>(i)]; };
  if (k <= 0) // no age is negative unless the user counts so
    return at(0) >= 0 ? std::max(at(0) - half_step(age), 0.0) : at(0) - half_step(age);
  if (k >= n)
    return at(n - 1) + half_step(age);
  return (at(k - 1) + at(k)) / 2;
}

/// 16 % or 84 % place of a change that lies at `k`, among the windows nearer to it than to its
/// neighbours.
double change_quantile(const std::vector<double>& change,
                       const std::vector<double>& age,
                       Index before,
                       Index k,
                       Index after,
                       double share) {
  const Index low = (before + k + 1) / 2;
  const Index high = std::min((k + after) / 2 + 1, static_cast<Index>(change.size()));
  double total = 0;
  for (Index i = low; i < high; ++i)
    total += change[static_cast<std::size_t>(i)];
  double sum = 0;
  for (Index i = low; i < high; ++i) {
    sum += change[static_cast<std::size_t>(i)];
    if (sum >= share * total)
      return edge(age, i);
  }
  return edge(age, k);
}

} // namespace

std::string_view name(Dynamics dynamics) {
  switch (dynamics) {
  case Dynamics::stationary:
    return "stationary";
  case Dynamics::aging:
    return "aging";
  case Dynamics::accelerating:
    return "accelerating";
  case Dynamics::intermittent:
    break;
  }
  return "intermittent";
}

void validate(const SegmentOptions& o) {
  if (o.expected_segments != 0 && !(o.expected_segments > 1))
    throw OptionError(
        fmt::format("expected_segments = {}: must be more than 1, or 0", o.expected_segments));
  if (!(o.slope_span > 0))
    throw OptionError(fmt::format("slope_span = {}: must be positive", o.slope_span));
}

Segmentation find_segments(const AgeSeries& series, const SegmentOptions& options) {
  validate(options);
  Segmentation out;
  Usable u = usable(series);
  const auto n = static_cast<Index>(u.age.size());
  const auto size = static_cast<std::size_t>(n);
  out.probability.assign(series.age_s.size(), {0, 0, 0, 0});
  out.change.assign(series.age_s.size(), 0);
  if (n < 2 * shortest) {
    out.reason =
        fmt::format("{} windows with a relaxation time: need at least {}", n, 2 * shortest);
    return out;
  }
  const Likely likely = most_probable(u,
                                      find_noise(u.y, u.error),
                                      options.slope_span,
                                      options.rescale_errors,
                                      options.expected_segments);
  out.noise_factor = likely.noise.factor;
  out.correlation = likely.noise.correlation;
  out.expected_segments = likely.segments;
  for (double& e : u.error)
    e *= out.noise_factor;
  const SegmentEvidence evidence(u, out.correlation, options.slope_span);
  const Prior prior(out.expected_segments, n);
  // from the end: evidence of all that follows a beginning, and the best division of it
  const auto after = evidence_after(evidence, prior, n);
  std::vector<double> best(size + 1, nothing);
  std::vector<Index> next(size + 1, n);
  best[size] = 0;
  for (Index i = n - shortest; i >= 0; --i)
    for (Index j = i + shortest; j <= n; ++j) {
      const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
      if (after[b] == nothing)
        continue;
      const double segment = log_total(evidence.of(i, j)) + prior(i, j);
      if (segment + best[b] > best[a]) {
        best[a] = segment + best[b];
        next[a] = j;
      }
    }
  out.log_evidence = after[0];
  // from the beginning: with both, the probability of every segment
  std::vector<double> before(size + 1, nothing);
  before[0] = 0;
  std::vector<std::array<double, dynamics_kinds>> steps(size + 1, {0, 0, 0, 0});
  std::vector<double> change(size, 0);
  for (Index i = 0; i < n; ++i) {
    const auto a = static_cast<std::size_t>(i);
    if (before[a] == nothing)
      continue;
    change[a] = std::exp(before[a] + after[a] - out.log_evidence);
    for (Index j = i + shortest; j <= n; ++j) {
      const auto b = static_cast<std::size_t>(j);
      if (after[b] == nothing)
        continue;
      const auto kinds = evidence.of(i, j);
      const double rest = before[a] + prior(i, j);
      before[b] = log_sum(before[b], rest + log_total(kinds));
      for (std::size_t k = 0; k < kinds.size(); ++k) {
        const double p = std::exp(rest + kinds[k] + after[b] - out.log_evidence);
        steps[a][k] += p;
        steps[b][k] -= p;
      }
    }
  }
  std::array<double, dynamics_kinds> running{0, 0, 0, 0};
  std::vector<std::array<double, dynamics_kinds>> of_windows;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < running.size(); ++k)
      running[k] += steps[i][k];
    const auto w = static_cast<std::size_t>(u.window[i]);
    for (std::size_t k = 0; k < running.size(); ++k)
      out.probability[w][k] = std::clamp(running[k], 0.0, 1.0);
    of_windows.push_back(out.probability[w]);
    out.change[w] = change[i];
  }
  const WhitenedSums sums(u.age, u.y, u.error, out.correlation);
  auto bounds = best_division(of_windows, changes_of_slope(evidence, next, n), shortest);
  join_lines(u.age, u.y, u.error, shortest, bounds);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Index i = bounds[s], j = bounds[s + 1];
    Segment segment;
    segment.first = u.window[static_cast<std::size_t>(i)];
    segment.last = u.window[static_cast<std::size_t>(j - 1)] + 1;
    segment.first_s = segment.first_low_s = segment.first_high_s = edge(u.age, i);
    segment.last_s = segment.last_low_s = segment.last_high_s = edge(u.age, j);
    segment.change_probability = 1;
    if (i > 0) {
      segment.first_low_s =
          std::min(segment.first_s, change_quantile(change, u.age, bounds[s - 1], i, j, 0.16));
      segment.first_high_s =
          std::max(segment.first_s, change_quantile(change, u.age, bounds[s - 1], i, j, 0.84));
      segment.change_probability = 0;
      for (Index k = std::max<Index>(0, i - 2); k <= std::min(n - 1, i + 2); ++k)
        segment.change_probability += change[static_cast<std::size_t>(k)];
      segment.change_probability = std::min(1.0, segment.change_probability);
      out.segments.back().last_low_s = segment.first_low_s;
      out.segments.back().last_high_s = segment.first_high_s;
    }
    std::array<double, dynamics_kinds> kinds{0, 0, 0, 0};
    for (Index k = i; k < j; ++k)
      for (std::size_t d = 0; d < kinds.size(); ++d)
        kinds[d] += of_windows[static_cast<std::size_t>(k)][d] / static_cast<double>(j - i);
    const auto kind =
        static_cast<std::size_t>(std::max_element(kinds.begin(), kinds.end()) - kinds.begin());
    segment.dynamics = static_cast<Dynamics>(kind);
    segment.probability = kinds[kind];
    const double middle = (segment.first_s + segment.last_s) / 2;
    const Line line = fit_line(moved(sums.range(i, j), middle));
    segment.log_tau = line.value;
    segment.log_tau_error = line.value_error;
    segment.slope_per_s = line.slope;
    segment.slope_error_per_s = line.slope_error;
    out.segments.push_back(segment);
  }
  return out;
}

StationarityTest test_stationarity(const AgeSeries& series,
                                   double first_s,
                                   double last_s,
                                   double noise_factor,
                                   double correlation) {
  StationarityTest out;
  const Usable u = usable(series);
  Usable part;
  for (std::size_t k = 0; k < u.age.size(); ++k)
    if (u.age[k] >= first_s && u.age[k] < last_s) {
      part.age.push_back(u.age[k]);
      part.y.push_back(u.y[k]);
      part.error.push_back(u.error[k] * noise_factor);
    }
  out.windows = static_cast<Index>(part.age.size());
  if (out.windows < 4) {
    out.reason =
        fmt::format("{} windows with a relaxation time between {:g} s and {:g} s: need at least 4",
                    out.windows,
                    first_s,
                    last_s);
    return out;
  }
  const WhitenedSums sums(part.age, part.y, part.error, correlation);
  const double middle = (part.age.front() + part.age.back()) / 2;
  const Line line = fit_line(moved(sums.range(0, out.windows), middle));
  out.slope_per_s = line.slope;
  out.slope_error_per_s = line.slope_error;
  out.change = line.slope * (part.age.back() - part.age.front());
  out.slope_probability = 2 * normal_survival(std::abs(line.slope) / line.slope_error);
  out.scatter_probability = chi2_survival(line.chi2, static_cast<double>(out.windows - 2));
  out.stationary = out.slope_probability > 0.05 && out.scatter_probability > 0.05;
  return out;
}

} // namespace vitrum::aging
