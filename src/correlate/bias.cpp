#include "vitrum/correlate/bias.hpp"

#include <vector>

#include "bias_terms.hpp"

namespace vitrum::correlate {

using detail::bias_of;
using detail::Jackknife;

namespace {

constexpr double enough_pixels = enough_pixels_for_moments;

void leave_out(Jackknife& jackknife, const float* a, const float* b, Index count) {
  for (Index p = 0; p < count; ++p)
    jackknife.leave_out(static_cast<double>(a[p]), static_cast<double>(b[p]));
}

double sum_of(const float* values, Index count) {
  double sum = 0;
  for (Index p = 0; p < count; ++p)
    sum += static_cast<double>(values[p]);
  return sum;
}

} // namespace

double bias_of_moments(const PairMoments& sums, double pixels, Normalization normalization) {
  return bias_of(sums, pixels, normalization) / pixels;
}

double pair_bias(std::span<const float> u,
                 std::span<const float> v,
                 const PixelGroups& groups,
                 Normalization normalization) {
  const bool fourth = normalization == Normalization::corrcoef;
  const float* a = u.data();
  const float* b = v.data();
  const Index count = groups.pixels();
  const auto pixels = static_cast<double>(count);
  if (normalization != Normalization::static_bin || groups.static_bins == 1) {
    const PairMoments sums = pair_moments(a, b, count, fourth);
    if (pixels >= enough_pixels)
      return bias_of_moments(sums, pixels, normalization);
    Jackknife jackknife(sums, sum_of(a, count), sum_of(b, count), pixels, fourth);
    leave_out(jackknife, a, b, count);
    return jackknife.bias_times_n() / pixels;
  }

  struct PerStatic {
    PairMoments sums;
    double u = 0, v = 0, n = 0;
  };
  std::vector<PerStatic> bins(static_cast<std::size_t>(groups.static_bins));
  const auto each_segment = [&](auto&& visit) {
    for (Index s = 0; s < groups.segments(); ++s) {
      const Index first = groups.segment_begin[s];
      visit(static_cast<std::size_t>(groups.static_bin[first]),
            a + first,
            b + first,
            groups.segment_begin[s + 1] - first);
    }
  };
  each_segment([&](std::size_t s, const float* x, const float* y, Index n) {
    bins[s].sums += pair_moments(x, y, n, false);
    bins[s].u += sum_of(x, n);
    bins[s].v += sum_of(y, n);
    bins[s].n += static_cast<double>(n);
  });
  std::vector<Jackknife> jackknives;
  for (const PerStatic& bin : bins)
    jackknives.emplace_back(bin.sums, bin.u, bin.v, bin.n, false);
  each_segment([&](std::size_t s, const float* x, const float* y, Index n) {
    if (bins[s].n < enough_pixels)
      leave_out(jackknives[s], x, y, n);
  });
  double sum = 0; // Σ_s (n_s / n) · bias_s
  for (std::size_t s = 0; s < bins.size(); ++s)
    sum += bins[s].n >= enough_pixels ? bias_of(bins[s].sums, bins[s].n, normalization)
                                      : jackknives[s].bias_times_n();
  return sum / pixels;
}

BlockProducts block_products(std::span<const float> u,
                             std::span<const float> v,
                             const PixelGroups& groups,
                             Normalization normalization) {
  const bool by_static = normalization == Normalization::static_bin;
  const std::size_t statics = by_static ? static_cast<std::size_t>(groups.static_bins) : 1;
  struct PerStatic {
    double pixels = 0, squares = 0, product = 0, observed = 0; // Σ n_j, Σ n_j², Σ δδ', Σ U_j V_j
  };
  std::vector<PerStatic> bins(statics);
  for (Index s = 0; s < groups.segments(); ++s) {
    const Index first = groups.segment_begin[s];
    const Index last = groups.segment_begin[s + 1];
    PerStatic& bin = bins[by_static ? static_cast<std::size_t>(groups.static_bin[first]) : 0];
    double left = 0, right = 0;
    for (Index p = first; p < last; ++p) {
      const auto x = static_cast<double>(u[p]);
      const auto y = static_cast<double>(v[p]);
      left += x;
      right += y;
      bin.product += x * y;
    }
    const auto n = static_cast<double>(last - first);
    bin.pixels += n;
    bin.squares += n * n;
    bin.observed += left * right;
  }
  BlockProducts result;
  for (const PerStatic& bin : bins) {
    result.observed += bin.observed;
    // δ sums to zero over the static bin, which takes n_j²/n from each block of n_j pixels.
    result.independent += bin.product * (1 - bin.squares / (bin.pixels * bin.pixels));
  }
  return result;
}

} // namespace vitrum::correlate
