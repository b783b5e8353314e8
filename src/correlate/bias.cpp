#include "vitrum/correlate/bias.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index fewest_units =
    8; // blocks in a static bin; with fewer, each pixel is a unit of its own

/// Sums over pixels: of δ, δ', δδ', δ², δ'², and the number of pixels.
struct Sums {
  double u = 0, v = 0, uv = 0, uu = 0, vv = 0, n = 0;
  void add(float a, float b) {
    const double x = static_cast<double>(a);
    const double y = static_cast<double>(b);
    u += x;
    v += y;
    uv += x * y;
    uu += x * x;
    vv += y * y;
    n += 1;
  }
  Sums& operator+=(const Sums& o) {
    u += o.u;
    v += o.v;
    uv += o.uv;
    uu += o.uu;
    vv += o.vv;
    n += o.n;
    return *this;
  }
  Sums operator-(const Sums& o) const {
    return {u - o.u, v - o.v, uv - o.uv, uu - o.uu, vv - o.vv, n - o.n};
  }
};

/// C − 1 of the pixels in the sums.
double excess(const Sums& s, Normalization normalization) {
  const double covariance = s.uv / s.n - s.u * s.v / (s.n * s.n);
  if (normalization == Normalization::corrcoef)
    return covariance / std::sqrt((s.uu / s.n - s.u * s.u / (s.n * s.n)) *
                                  (s.vv / s.n - s.v * s.v / (s.n * s.n)));
  return covariance / ((1 + s.u / s.n) * (1 + s.v / s.n));
}

} // namespace

double pair_bias(const Fluctuations& fluctuations, Index t1, Index t2) {
  const PixelMatrix& m = fluctuations.matrix;
  if (m.valid.at(static_cast<std::size_t>(t1)) == 0 ||
      m.valid.at(static_cast<std::size_t>(t2)) == 0)
    throw DataError("bias of a pair of frames with a gap");
  const PixelGroups& groups = m.groups;
  const bool by_static = fluctuations.normalization == Normalization::static_bin;
  const std::size_t statics = by_static ? static_cast<std::size_t>(groups.static_bins) : 1;
  const auto static_of = [&](Index p) { return by_static ? groups.static_bin[p] : 0; };
  const float* a = m.row(t1);
  const float* b = m.row(t2);

  std::vector<Sums> segment(static_cast<std::size_t>(groups.segments()));
  std::vector<Sums> total(statics);
  std::vector<Index> units(statics, 0);
  for (Index s = 0; s < groups.segments(); ++s) {
    for (Index p = groups.segment_begin[s]; p < groups.segment_begin[s + 1]; ++p)
      segment[s].add(a[p], b[p]);
    total[static_of(groups.segment_begin[s])] += segment[s];
    ++units[static_of(groups.segment_begin[s])];
  }
  std::vector<double> value(statics);
  for (std::size_t s = 0; s < statics; ++s)
    value[s] = excess(total[s], fluctuations.normalization);

  // Σ_j (1 − n_j/n) θ(−j) − (J − 1) θ, written with differences θ(−j) − θ against rounding.
  std::vector<double> bias(statics, 0.0);
  const auto leave_out = [&](const Sums& unit, std::size_t s) {
    const Sums rest = total[s] - unit;
    if (rest.n > 0)
      bias[s] += (1 - unit.n / total[s].n) * (excess(rest, fluctuations.normalization) - value[s]);
  };
  for (Index s = 0; s < groups.segments(); ++s) {
    const auto bin = static_cast<std::size_t>(static_of(groups.segment_begin[s]));
    if (units[bin] >= fewest_units) {
      leave_out(segment[s], bin);
      continue;
    }
    for (Index p = groups.segment_begin[s]; p < groups.segment_begin[s + 1]; ++p) {
      Sums pixel;
      pixel.add(a[p], b[p]);
      leave_out(pixel, bin);
    }
  }
  double mean = 0;
  for (std::size_t s = 0; s < statics; ++s)
    mean += bias[s] * total[s].n / static_cast<double>(m.pixels());
  return mean;
}

} // namespace vitrum::correlate
