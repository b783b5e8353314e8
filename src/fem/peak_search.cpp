#include "peak_search.hpp"

#include <algorithm>
#include <cmath>

#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {

namespace {

/// Maxima that are one peak: the higher with the half width of both.
std::vector<Crest> merge_close(const std::vector<Crest>& crests,
                               std::span<const double> k,
                               std::span<const double> smooth,
                               double closest) {
  const auto at = [](std::span<const double> v, Index i) { return v[static_cast<std::size_t>(i)]; };
  std::vector<Crest> out;
  for (const Crest& next : crests) { // by place
    if (out.empty() || at(k, next.top) - at(k, out.back().top) > closest * at(k, next.top)) {
      out.push_back(next);
      continue;
    }
    Crest& before = out.back();
    const Crest& higher = at(smooth, next.top) > at(smooth, before.top) ? next : before;
    Crest both = higher;
    both.half_left = std::min(before.half_left, next.half_left);
    both.half_right = std::max(before.half_right, next.half_right);
    before = both;
  }
  return out;
}

} // namespace

std::vector<Crest> find_crests(std::span<const double> k,
                               std::span<const double> value,
                               std::span<const double> error,
                               Index half,
                               const PeakOptions& options) {
  const double significance = options.significance;
  const auto n = static_cast<Index>(value.size());
  std::vector<double> smooth;
  for (Index i = 0; i < n; ++i) {
    double sum = 0, weight = 0;
    for (Index j = std::max<Index>(0, i - half); j <= std::min(n - 1, i + half); ++j) {
      const double w = static_cast<double>(half + 1 - std::abs(j - i));
      sum += w * value[static_cast<std::size_t>(j)];
      weight += w;
    }
    smooth.push_back(sum / weight);
  }
  const auto at = [&](Index i) { return smooth[static_cast<std::size_t>(i)]; };
  const auto error_between = [&](Index i, Index j) {
    return std::hypot(error[static_cast<std::size_t>(i)], error[static_cast<std::size_t>(j)]);
  };
  std::vector<Crest> crests;
  for (Index i = 1; i + 1 < n; ++i) {
    if (!(at(i) > at(i - 1) && at(i) >= at(i + 1)))
      continue;
    Crest crest{i, i, i, i, i, i, i, 0};
    for (Index j = i - 1; j >= 0 && at(j) <= at(i); --j)
      if (at(j) < at(crest.left))
        crest.left = j;
    for (Index j = i + 1; j < n && at(j) <= at(i); ++j)
      if (at(j) < at(crest.right))
        crest.right = j;
    // a valley ends where a hill begins: where nothing beyond it stands out, it is where the noise
    // is low, and to end there would draw the background down
    const auto hill = [&](Index j, Index valley) {
      return at(j) - at(valley) > significance * error_between(j, valley);
    };
    const auto beyond = [&](Index valley, Index step, Index end) {
      for (Index j = valley; j != end; j += step)
        if (hill(j, valley))
          return valley;
      return end - step;
    };
    crest.outer_left = beyond(crest.left, -1, -1);
    crest.outer_right = beyond(crest.right, 1, n);
    const Index pass = at(crest.left) > at(crest.right) ? crest.left : crest.right;
    crest.prominence = at(i) - at(pass);
    const double half_way = at(i) - 0.5 * crest.prominence;
    for (crest.half_left = i; crest.half_left > 0 && at(crest.half_left) > half_way;)
      --crest.half_left;
    for (crest.half_right = i; crest.half_right + 1 < n && at(crest.half_right) > half_way;)
      ++crest.half_right;
    if (crest.prominence > significance * error_between(i, pass))
      crests.push_back(crest);
  }
  crests = merge_close(crests, k, smooth, options.closest);
  std::stable_sort(crests.begin(), crests.end(), [](const Crest& a, const Crest& b) {
    return a.prominence > b.prominence;
  });
  if (static_cast<Index>(crests.size()) > options.most)
    crests.resize(static_cast<std::size_t>(options.most));
  std::sort(
      crests.begin(), crests.end(), [](const Crest& a, const Crest& b) { return a.top < b.top; });
  return crests;
}

namespace {

struct Top {
  double k = unknown, value = unknown;
};

/// Least-squares parabola through ln V, as a Gaussian has one, with weights; its top, NaN where it
/// opens upwards or V is not positive.
Top top_of(std::span<const double> k,
           std::span<const double> value,
           std::span<const double> error,
           double origin) {
  double s[5]{}, t[3]{};
  for (std::size_t i = 0; i < k.size(); ++i) {
    if (!(value[i] > 0))
      return {};
    const double w = value[i] * value[i] / (error[i] * error[i]);
    double power = w;
    for (int j = 0; j < 5; ++j) {
      s[j] += power;
      if (j < 3)
        t[j] += power * std::log(value[i]);
      power *= k[i] - origin;
    }
  }
  const double det = s[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (s[1] * s[4] - s[3] * s[2]) +
                     s[2] * (s[1] * s[3] - s[2] * s[2]);
  const double a = (t[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (t[1] * s[4] - s[3] * t[2]) +
                    s[2] * (t[1] * s[3] - s[2] * t[2])) /
                   det;
  const double b = (s[0] * (t[1] * s[4] - t[2] * s[3]) - t[0] * (s[1] * s[4] - s[3] * s[2]) +
                    s[2] * (s[1] * t[2] - t[1] * s[2])) /
                   det;
  const double c = (s[0] * (s[2] * t[2] - t[1] * s[3]) - s[1] * (s[1] * t[2] - t[1] * s[2]) +
                    t[0] * (s[1] * s[3] - s[2] * s[2])) /
                   det;
  if (!(c < 0))
    return {};
  const double at = -0.5 * b / c;
  return {origin + at, std::exp(a + 0.5 * b * at)};
}

} // namespace

void find_maximum(const VarianceProfile& profile, Index top, double reach, Peak& peak) {
  const auto n = static_cast<Index>(profile.k.size());
  Index best = top;
  for (Index i = 0; i < n; ++i)
    if (std::abs(profile.k[static_cast<std::size_t>(i)] -
                 profile.k[static_cast<std::size_t>(top)]) < reach &&
        profile.value[static_cast<std::size_t>(i)] > profile.value[static_cast<std::size_t>(best)])
      best = i;
  const double origin = profile.k[static_cast<std::size_t>(best)];
  Index first = best, last = best + 1;
  while (first > 0 &&
         (origin - profile.k[static_cast<std::size_t>(first - 1)] < reach || best - first < 1))
    --first;
  while (last < n &&
         (profile.k[static_cast<std::size_t>(last)] - origin < reach || last - best < 2))
    ++last;
  const auto a = static_cast<std::size_t>(first), size = static_cast<std::size_t>(last - first);
  const auto k = std::span(profile.k).subspan(a, size);
  const auto error = std::span(profile.error).subspan(a, size);
  const auto value = std::span(profile.value).subspan(a, size);
  const Top found = top_of(k, value, error, origin);
  peak.maximum_k.value = found.k;
  peak.maximum.value = found.value;
  Moments place, height;
  const auto note = [&](const Top& one) {
    if (std::isfinite(one.k) && std::abs(one.k - origin) < 2 * reach) {
      place.add(one.k);
      height.add(one.value);
    }
  };
  if (!profile.replicate.empty()) {
    const auto rings = profile.k.size();
    for (std::size_t s = 0; s + rings <= profile.replicate.size(); s += rings)
      note(top_of(k, std::span(profile.replicate).subspan(s + a, size), error, origin));
    peak.maximum_k.error = place.deviation();
    peak.maximum.error = height.deviation();
    return;
  }
  // independent errors: how far each point moves the top
  double place2 = 0, height2 = 0;
  std::vector<double> moved(value.begin(), value.end());
  for (std::size_t i = 0; i < size; ++i) {
    const double h = 0.01 * error[i];
    moved[i] = value[i] + h;
    const Top up = top_of(k, moved, error, origin);
    moved[i] = value[i];
    place2 += std::pow((up.k - found.k) / h * error[i], 2);
    height2 += std::pow((up.value - found.value) / h * error[i], 2);
  }
  peak.maximum_k.error = std::sqrt(place2);
  peak.maximum.error = std::sqrt(height2);
}

} // namespace vitrum::fem
