#include "vitrum/companion/thickness.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Spectrum = std::vector<double>;

/// Means of three channels: single ones that are high by chance are no maxima.
Spectrum smooth3(const Spectrum& y) {
  Spectrum out = y;
  for (std::size_t i = 1; i + 1 < y.size(); ++i)
    out[i] = (y[i - 1] + y[i] + y[i + 1]) / 3;
  return out;
}

/// Where the spectrum crosses `level` going from `from` in a direction, between channels; −1 and n
/// when it does not.
double crossing_of(const Spectrum& y, std::size_t from, int step, double level) {
  auto i = static_cast<std::ptrdiff_t>(from);
  const auto n = static_cast<std::ptrdiff_t>(y.size());
  while (i >= 0 && i < n && y[static_cast<std::size_t>(i)] > level)
    i += step;
  if (i < 0 || i >= n)
    return static_cast<double>(i);
  const double inside = y[static_cast<std::size_t>(i - step)],
               outside = y[static_cast<std::size_t>(i)];
  return static_cast<double>(i) - step * (level - outside) / (inside - outside);
}

struct Peak {
  std::size_t at = 0;
  double left = 0, right = 0; // half-maximum crossings
};

/// Gaussian through the channels above half the height: weighted parabola of the logarithm, whose
/// weights are the counts squared over their variance, the counts.
void fit_top(const Spectrum& y, const Peak& peak, double gain, ZeroLoss& z) {
  const double height = y[peak.at];
  const auto first = static_cast<std::size_t>(std::max(0.0, std::ceil(peak.left)));
  const auto last = std::min(y.size() - 1, static_cast<std::size_t>(std::floor(peak.right)));
  if (last < first + 2) { // narrower than three channels: the centroid
    double sum = 0, moment = 0;
    for (std::size_t i = peak.at > 0 ? peak.at - 1 : 0; i <= std::min(peak.at + 1, y.size() - 1);
         ++i) {
      sum += y[i];
      moment += y[i] * static_cast<double>(i);
    }
    z.position_ch = moment / sum;
    z.position_error_ch = std::sqrt(gain / sum);
    return;
  }
  const auto origin = static_cast<double>(peak.at);
  // ln y = c0 + c1 u + c2 u²; channels and weights by the counts, then by the fit, so that what
  // noise does to a channel does not decide whether and how much it counts
  double c[3] = {}, inverse[3][3] = {};
  constexpr double share = 0.3; // of the height
  constexpr int rounds = 5;
  const auto width = static_cast<std::size_t>(peak.right - peak.left) + 1;
  const std::size_t from = first > width ? first - width : 0,
                    to = std::min(y.size() - 1, last + width);
  for (int round = 0; round < rounds; ++round) {
    double m[3][6] = {}, v[3] = {};
    for (int i = 0; i < 3; ++i)
      m[i][3 + i] = 1;
    const double highest = round == 0 ? height : std::exp(c[0] - c[1] * c[1] / (4 * c[2]));
    for (std::size_t i = round == 0 ? first : from; i <= (round == 0 ? last : to); ++i) {
      const double u = static_cast<double>(i) - origin;
      const double expected = round == 0 ? y[i] : std::exp(c[0] + c[1] * u + c[2] * u * u);
      if (!(expected > share * highest))
        continue;
      const double power[3] = {1, u, u * u}, w = expected / gain,
                   value = std::log(expected) + (y[i] - expected) / expected;
      for (int j = 0; j < 3; ++j) {
        for (int k = 0; k < 3; ++k)
          m[j][k] += w * power[j] * power[k];
        v[j] += w * power[j] * value;
      }
    }
    for (int p = 0; p < 3; ++p) {
      const double pivot = m[p][p];
      for (double& x : m[p])
        x /= pivot;
      for (int j = 0; j < 3; ++j)
        if (j != p) {
          const double factor = m[j][p];
          for (int k = 0; k < 6; ++k)
            m[j][k] -= factor * m[p][k];
        }
    }
    double next[3] = {};
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k) {
        inverse[j][k] = m[j][3 + k];
        next[j] += m[j][3 + k] * v[k];
      }
    std::copy(next, next + 3, c);
    if (!(c[2] < 0)) {
      z.position_ch = 0.5 * (peak.left + peak.right);
      z.position_error_ch = 0.5 * (peak.right - peak.left);
      return;
    }
  }
  z.position_ch = origin - c[1] / (2 * c[2]);
  // of −c1/(2 c2), with the covariance of both
  const double by1 = -1 / (2 * c[2]), by2 = c[1] / (2 * c[2] * c[2]);
  z.position_error_ch = std::sqrt(by1 * by1 * inverse[1][1] + 2 * by1 * by2 * inverse[1][2] +
                                  by2 * by2 * inverse[2][2]);
}

bool accept(const Spectrum& y, std::size_t at, const ThicknessOptions& o, Peak& peak, ZeroLoss& z) {
  const double half = 0.5 * y[at];
  peak = {at, crossing_of(y, at, -1, half), crossing_of(y, at, 1, half)};
  const auto n = static_cast<double>(y.size());
  if (peak.left < 0 || peak.right >= n) {
    z.reason = fmt::format("the peak at channel {} is cut off by the edge of the spectrum", at);
    return false;
  }
  z.width_ev = (peak.right - peak.left) * o.dispersion_ev;
  if (z.width_ev > o.widest_ev) {
    z.reason =
        fmt::format("the first peak, at channel {}, is {:.2g} eV wide, expected {:g} or less",
                    at,
                    z.width_ev,
                    o.widest_ev);
    return false;
  }
  const double energy = o.offset_ev + static_cast<double>(at) * o.dispersion_ev;
  if (std::abs(energy) > o.furthest_ev) {
    z.reason = fmt::format("the first peak is at {:.1f} eV, expected one within {:g} eV of zero",
                           energy,
                           o.furthest_ev);
    return false;
  }
  return true;
}

/// Looks for the peak in a spectrum without its pedestal.
bool find_peak(const Spectrum& y, const ThicknessOptions& o, Peak& peak, ZeroLoss& z) {
  const Spectrum s = smooth3(y);
  const double highest = *std::max_element(s.begin(), s.end());
  if (!(highest > 0)) {
    z.reason = "no counts";
    return false;
  }
  constexpr double share = 0.05, noises = 6;
  double lowest = s[0]; // so far: a peak rises above it by more than noise makes
  for (std::size_t i = 1; i + 1 < s.size(); ++i) {
    lowest = std::min(lowest, s[i]);
    if (s[i] - lowest < noises * std::sqrt(o.gain * std::max(s[i], 0.0) / 3))
      continue;
    if (!(s[i] >= share * highest && s[i] > s[i - 1] && s[i] >= s[i + 1]))
      continue;
    // the highest channel before the spectrum falls to half: noise makes small maxima on a flank
    std::size_t top = i;
    for (std::size_t j = i; j < s.size() && s[j] > 0.5 * s[top]; ++j)
      if (s[j] > s[top])
        top = j;
    std::size_t at = top;
    for (std::size_t j = top > 0 ? top - 1 : 0; j <= std::min(top + 1, y.size() - 1); ++j)
      if (y[j] > y[at])
        at = j;
    return accept(y, at, o, peak, z);
  }
  z.reason = s.front() >= s.back() ? "the counts fall from the first channel on: no peak"
                                   : "the counts rise to the last channel: no peak";
  return false;
}

/// The lowest point after the peak, before the first loss: of a spectrum averaged over half the
/// width of the peak.
std::size_t lowest_after(const Spectrum& y, const Peak& peak) {
  const double width = peak.right - peak.left;
  const auto half = static_cast<std::size_t>(std::max(1.0, std::round(0.25 * width)));
  const auto mean = [&](std::size_t i) {
    double sum = 0;
    for (std::size_t j = i - half; j <= i + half; ++j)
      sum += y[j];
    return sum / static_cast<double>(2 * half + 1);
  };
  const auto first = static_cast<std::size_t>(peak.right) + half + 1;
  std::size_t lowest = 0;
  double value = 0, highest_since = 0;
  constexpr double rise = 1.3; // a rise of so much, and beyond the noise, ends the search
  for (std::size_t i = first; i + half < y.size(); ++i) {
    const double now = mean(i);
    if (lowest == 0 || now < value) {
      lowest = i;
      value = highest_since = now;
    }
    highest_since = std::max(highest_since, now);
    const double noise = std::sqrt(std::max(value, 1.0) / static_cast<double>(2 * half + 1));
    if (highest_since > rise * std::max(value, 0.0) + 6 * noise)
      break;
  }
  return lowest;
}

/// Share of the total past the last channel, from a power law through the last two fifths.
double beyond_window(const Spectrum& y, double zero_ch, double total) {
  const auto n = y.size();
  const auto from = static_cast<std::size_t>(0.6 * static_cast<double>(n)), middle = (from + n) / 2;
  if (from <= static_cast<std::size_t>(std::max(zero_ch, 0.0)) + 2)
    return nan;
  double a = 0, b = 0;
  for (std::size_t i = from; i < middle; ++i)
    a += y[i];
  for (std::size_t i = middle; i < n; ++i)
    b += y[i];
  a /= static_cast<double>(middle - from);
  b /= static_cast<double>(n - middle);
  const double ea = 0.5 * static_cast<double>(from + middle) - zero_ch,
               eb = 0.5 * static_cast<double>(middle + n) - zero_ch,
               e = static_cast<double>(n) - zero_ch;
  if (!(a > b && b > 0))
    return 0;
  const double r = std::log(a / b) / std::log(eb / ea);
  return r > 1.05 ? b * std::pow(e / eb, -r) * e / (r - 1) / total : nan;
}

} // namespace

void validate(const ThicknessOptions& o) {
  const auto positive = [](const char* name, double value) {
    if (!(value > 0) || !std::isfinite(value))
      throw OptionError(fmt::format("{} = {:g}: must be positive", name, value));
  };
  positive("dispersion_ev", o.dispersion_ev);
  positive("gain", o.gain);
  positive("widest_ev", o.widest_ev);
  positive("furthest_ev", o.furthest_ev);
}

double ZeroLoss::error() const {
  return std::hypot(noise_error, separation_error);
}

ZeroLoss measure_zero_loss(std::span<const float> counts, const ThicknessOptions& options) {
  ZeroLoss z;
  z.t_over_lambda = z.noise_error = z.separation_error = z.position_ch = nan;
  constexpr std::size_t fewest = 16;
  if (counts.size() < fewest) {
    z.reason = fmt::format("{} channels, expected {} or more", counts.size(), fewest);
    return z;
  }
  Spectrum y(counts.begin(), counts.end());
  for (std::size_t i = 0; i < y.size(); ++i)
    if (!std::isfinite(y[i])) {
      z.reason = fmt::format("channel {} is no number", i);
      return z;
    }
  z.pedestal = options.pedestal;
  if (std::isnan(z.pedestal)) {
    // first a guess, so that the peak can be found: the lowest tenth
    const double guess = quantile(y, 0.1);
    Spectrum lowered = y;
    for (double& v : lowered)
      v -= std::min(guess, *std::min_element(y.begin(), y.end()) + std::abs(guess));
    Peak peak;
    ZeroLoss unused;
    z.pedestal = 0;
    if (find_peak(lowered, options, peak, unused)) {
      const double end = peak.left - 4 * (peak.right - peak.left);
      constexpr double enough = 10; // channels
      if (end >= enough)
        z.pedestal =
            median(std::span<const double>(y).first(static_cast<std::size_t>(std::floor(end))));
      // a median of small counts is a whole number: their mean
      if (z.pedestal != 0 || end >= enough) {
        double sum = 0;
        const auto used = static_cast<std::size_t>(std::floor(std::max(end, 0.0)));
        for (std::size_t i = 0; i < used; ++i)
          sum += y[i];
        z.pedestal = used > 0 ? sum / static_cast<double>(used) : 0;
      }
    }
  }
  for (double& v : y)
    v -= z.pedestal;
  Peak peak;
  if (!find_peak(y, options, peak, z))
    return z;
  const std::size_t lowest = lowest_after(y, peak);
  if (lowest == 0) {
    z.reason = "the spectrum ends before the zero-loss peak has come down";
    return z;
  }
  z.height = y[peak.at];
  z.separation_ch = static_cast<Index>(lowest);
  fit_top(y, peak, options.gain, z);
  double below = 0, all = 0, mirrored = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    all += y[i];
    if (i < lowest)
      below += y[i];
  }
  // the tail on the other side of the peak, as far from it as the separation
  const double reach = static_cast<double>(lowest) - z.position_ch;
  const double other = z.position_ch - reach;
  for (std::size_t i = 0; static_cast<double>(i) + 0.5 < other; ++i)
    mirrored += y[i];
  double at_lowest = 0, tail_there = 0;
  {
    const auto half = static_cast<std::size_t>(std::max(1.0, 0.25 * (peak.right - peak.left)));
    for (std::size_t i = lowest - half; i <= std::min(lowest + half, y.size() - 1); ++i)
      at_lowest += y[i] / static_cast<double>(2 * half + 1);
    for (std::size_t k = 0; k <= 2 * half; ++k) {
      const double at = other + static_cast<double>(k) - static_cast<double>(half);
      if (at >= 0 && at < static_cast<double>(y.size() - 1))
        tail_there += y[static_cast<std::size_t>(at)] / static_cast<double>(2 * half + 1);
    }
  }
  const double inelastic = 0.5 * reach * std::max(0.0, at_lowest - std::max(0.0, tail_there));
  z.zero_loss = below + mirrored - inelastic;
  z.total = all;
  if (!(z.zero_loss > 0) || !(z.total > z.zero_loss)) {
    z.reason =
        fmt::format("{:.4g} counts in the zero-loss peak of {:.4g} in all", z.zero_loss, z.total);
    return z;
  }
  z.found = true;
  z.beyond = beyond_window(y, z.position_ch, z.total);
  z.t_over_lambda = std::log(z.total / z.zero_loss);
  // of independent Poisson counts I0 and I1 = I − I0: var ln(I/I0) = I1/(I I0), in electrons
  z.noise_error = std::sqrt(options.gain * (z.total - z.zero_loss) / (z.total * z.zero_loss));
  z.separation_error = 0.5 * (inelastic + std::abs(mirrored)) / z.zero_loss;
  return z;
}

ThicknessMap map_thickness(std::span<const float> counts,
                           Index rows,
                           Index columns,
                           const ThicknessOptions& options,
                           const Monitor& monitor) {
  validate(options);
  const Index pixels = rows * columns;
  const Index channels = pixels > 0 ? static_cast<Index>(counts.size()) / pixels : 0;
  if (pixels <= 0 || channels * pixels != static_cast<Index>(counts.size()))
    throw DataError(
        fmt::format("{} values are no image of {} x {} spectra", counts.size(), rows, columns));
  ThicknessMap map;
  map.rows = rows;
  map.columns = columns;
  const auto n = static_cast<std::size_t>(pixels);
  map.t_over_lambda.assign(n, NAN);
  map.error.assign(n, NAN);
  map.position_ev.assign(n, NAN);
  std::vector<double> position(n, nan);
  std::vector<std::string> reasons(n);
  Progress progress(monitor, "thickness", "spectra", pixels);
  parallel_for(0, pixels, 64, [&](Index first, Index last) {
    for (Index p = first; p < last; ++p) {
      const auto i = static_cast<std::size_t>(p);
      const auto z = measure_zero_loss(counts.subspan(i * static_cast<std::size_t>(channels),
                                                      static_cast<std::size_t>(channels)),
                                       options);
      if (!z.found) {
        reasons[i] = z.reason;
        continue;
      }
      map.t_over_lambda[i] = static_cast<float>(z.t_over_lambda);
      map.error[i] = static_cast<float>(z.error());
      position[i] = z.position_ch;
      const double offset = std::isnan(options.offset_ev) ? 0 : options.offset_ev;
      map.position_ev[i] = static_cast<float>(offset + z.position_ch * options.dispersion_ev);
    }
    progress.advance(last - first);
  });
  std::vector<double> good, places;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(position[i])) {
      if (map.without_peak++ == 0)
        map.reason = fmt::format("spectrum [{}, {}]: {}",
                                 static_cast<Index>(i) / columns,
                                 static_cast<Index>(i) % columns,
                                 reasons[i]);
      continue;
    }
    good.push_back(static_cast<double>(map.t_over_lambda[i]));
    places.push_back(position[i]);
  }
  map.median = good.empty() ? nan : median(good);
  map.spread = good.size() > 1 ? robust_deviation(good) : nan;
  map.median_error = nan;
  if (good.size() > 1) {
    constexpr Index samples = 200;
    Random random(1);
    Moments medians;
    std::vector<double> drawn(good.size());
    for (Index k = 0; k < samples; ++k) {
      for (double& v : drawn)
        v = good[static_cast<std::size_t>(random.below(static_cast<Index>(good.size())))];
      medians.add(median(drawn));
    }
    map.median_error = medians.deviation();
  }
  const double middle = places.empty() ? 0 : median(places);
  std::vector<double> sum(static_cast<std::size_t>(channels), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(position[i]))
      continue;
    const auto shift = static_cast<Index>(std::lround(position[i] - middle));
    for (Index c = 0; c < channels; ++c)
      if (c + shift >= 0 && c + shift < channels)
        sum[static_cast<std::size_t>(c)] += static_cast<double>(
            counts[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c + shift)]);
  }
  map.sum.assign(sum.begin(), sum.end());
  if (!good.empty())
    map.of_sum = measure_zero_loss(map.sum, options);
  return map;
}

} // namespace vitrum::companion
