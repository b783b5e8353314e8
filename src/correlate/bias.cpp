#include "vitrum/correlate/bias.hpp"

#include <vector>

#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

void check_pair(const PixelMatrix& m, Index t1, Index t2) {
  if (m.valid.at(static_cast<std::size_t>(t1)) == 0 ||
      m.valid.at(static_cast<std::size_t>(t2)) == 0)
    throw DataError("bias of a pair of frames with a gap");
}

/// Bias times pixels, from sums over n pixels.
double bias_of(const PairMoments& sums, double n, Normalization normalization) {
  const double c = sums.uv / n;
  if (normalization == Normalization::corrcoef)
    return c * (0.375 * (sums.u4 + sums.v4) / n + 0.25 * sums.u2v2 / n) -
           0.5 * (sums.u3v + sums.uv3) / n;
  return c * (c + (sums.u2 + sums.v2) / n) - c - (sums.u2v + sums.uv2) / n;
}

} // namespace

double pair_bias(const Fluctuations& fluctuations, Index t1, Index t2) {
  const PixelMatrix& m = fluctuations.matrix;
  check_pair(m, t1, t2);
  const PixelGroups& groups = m.groups;
  const Normalization normalization = fluctuations.normalization;
  const bool fourth = normalization == Normalization::corrcoef;
  const float* a = m.row(t1);
  const float* b = m.row(t2);
  const auto pixels = static_cast<double>(m.pixels());
  if (normalization != Normalization::static_bin || groups.static_bins == 1)
    return bias_of(pair_moments(a, b, m.pixels(), fourth), pixels, normalization) / pixels;

  const auto statics = static_cast<std::size_t>(groups.static_bins);
  std::vector<PairMoments> total(statics);
  std::vector<double> count(statics, 0.0);
  for (Index s = 0; s < groups.segments(); ++s) {
    const Index first = groups.segment_begin[s];
    const Index size = groups.segment_begin[s + 1] - first;
    const auto bin = static_cast<std::size_t>(groups.static_bin[first]);
    total[bin] += pair_moments(a + first, b + first, size, fourth);
    count[bin] += static_cast<double>(size);
  }
  double sum = 0; // Σ_s (n_s / n) (bias · n_s) / n_s
  for (std::size_t s = 0; s < statics; ++s)
    sum += bias_of(total[s], count[s], normalization);
  return sum / pixels;
}

BlockProducts block_products(const Fluctuations& fluctuations, Index t1, Index t2) {
  const PixelMatrix& m = fluctuations.matrix;
  check_pair(m, t1, t2);
  const PixelGroups& groups = m.groups;
  const bool by_static = fluctuations.normalization == Normalization::static_bin;
  const std::size_t statics = by_static ? static_cast<std::size_t>(groups.static_bins) : 1;
  struct PerStatic {
    double pixels = 0, squares = 0, product = 0, observed = 0; // Σ n_j, Σ n_j², Σ δδ', Σ U_j V_j
  };
  std::vector<PerStatic> bins(statics);
  const float* a = m.row(t1);
  const float* b = m.row(t2);
  for (Index s = 0; s < groups.segments(); ++s) {
    const Index first = groups.segment_begin[s];
    const Index last = groups.segment_begin[s + 1];
    PerStatic& bin = bins[by_static ? static_cast<std::size_t>(groups.static_bin[first]) : 0];
    double u = 0, v = 0;
    for (Index p = first; p < last; ++p) {
      const auto x = static_cast<double>(a[p]);
      const auto y = static_cast<double>(b[p]);
      u += x;
      v += y;
      bin.product += x * y;
    }
    const auto n = static_cast<double>(last - first);
    bin.pixels += n;
    bin.squares += n * n;
    bin.observed += u * v;
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
