#include "event_bias.hpp"

#include <algorithm>
#include <limits>

#include "bias_terms.hpp"

namespace vitrum::correlate::detail {
namespace {

/// Adds `times` pixels with these values.
void add(PairMoments& sums, double u, double v, double times, bool fourth) {
  PairMoments one;
  one.uv = times * u * v;
  one.u2 = times * u * u;
  one.v2 = times * v * v;
  one.u2v = times * u * u * v;
  one.uv2 = times * u * v * v;
  if (fourth) {
    one.u4 = times * u * u * u * u;
    one.v4 = times * v * v * v * v;
    one.u2v2 = times * u * u * v * v;
    one.u3v = times * u * u * u * v;
    one.uv3 = times * u * v * v * v;
  }
  sums += one;
}

/// Calls visit(pixel, δ, δ') for every pixel with an event in either frame.
template <class Visit>
void each_event(const FrameEvents& first, const FrameEvents& second, Visit&& visit) {
  constexpr Index none = std::numeric_limits<Index>::max();
  std::size_t i = 0, j = 0;
  while (i < first.events.size() || j < second.events.size()) {
    const Index p = i < first.events.size() ? first.events[i].pixel : none;
    const Index q = j < second.events.size() ? second.events[j].pixel : none;
    visit(std::min(p, q),
          (p <= q ? first.events[i].value : 0.0) - first.offset,
          (q <= p ? second.events[j].value : 0.0) - second.offset);
    i += p <= q;
    j += q <= p;
  }
}

struct PerStatic {
  PairMoments sums;
  double u = 0, v = 0, n = 0;

  void add_pixels(double x, double y, double times, bool fourth) {
    add(sums, x, y, times, fourth);
    u += times * x;
    v += times * y;
    n += times;
  }
};

} // namespace

EventBias::EventBias(const PixelGroups& groups, Normalization normalization)
    : groups_(groups), normalization_(normalization),
      pixels_(normalization == Normalization::static_bin
                  ? static_cast<std::size_t>(std::max<Index>(groups.static_bins, 1))
                  : 1,
              0.0),
      squares_(pixels_), segment_(static_cast<std::size_t>(groups.pixels())) {
  for (Index s = 0; s < groups.segments(); ++s) {
    const Index begin = groups.segment_begin[s], end = groups.segment_begin[s + 1];
    const auto n = static_cast<double>(end - begin);
    pixels_[bin(begin)] += n;
    squares_[bin(begin)] += n * n;
    std::fill(segment_.begin() + begin, segment_.begin() + end, static_cast<std::uint32_t>(s));
  }
}

double EventBias::pair_bias(const FrameEvents& first, const FrameEvents& second) const {
  const bool fourth = normalization_ == Normalization::corrcoef;
  std::vector<PerStatic> bins(pixels_.size());
  each_event(first, second, [&](Index pixel, double u, double v) {
    bins[bin(pixel)].add_pixels(u, v, 1, fourth);
  });
  std::vector<Jackknife> jackknives;
  for (std::size_t s = 0; s < bins.size(); ++s) {
    const double empty = pixels_[s] - bins[s].n;
    bins[s].add_pixels(-first.offset, -second.offset, empty, fourth);
    jackknives.emplace_back(bins[s].sums, bins[s].u, bins[s].v, bins[s].n, fourth);
    if (pixels_[s] < enough_pixels_for_moments && empty > 0)
      jackknives[s].leave_out(-first.offset, -second.offset, empty);
  }
  each_event(first, second, [&](Index pixel, double u, double v) {
    if (pixels_[bin(pixel)] < enough_pixels_for_moments)
      jackknives[bin(pixel)].leave_out(u, v);
  });
  double sum = 0;
  for (std::size_t s = 0; s < bins.size(); ++s)
    sum += pixels_[s] >= enough_pixels_for_moments
               ? bias_of(bins[s].sums, bins[s].n, normalization_)
               : jackknives[s].bias_times_n();
  return sum / static_cast<double>(groups_.pixels());
}

BlockProducts EventBias::block_products(const FrameEvents& first, const FrameEvents& second) const {
  // Σ_j U_j V_j with U_j = A_j − c n_j, A_j the values of the events of block j
  struct PerBin {
    double events = 0, product = 0, observed = 0;
  };
  std::vector<PerBin> bins(pixels_.size());
  Index current = -1;
  double left = 0, right = 0; // of the events of the current segment, over what empty pixels have
  const auto finish = [&] {
    if (current < 0)
      return;
    const auto n =
        static_cast<double>(groups_.segment_begin[current + 1] - groups_.segment_begin[current]);
    const double u = -first.offset * n, v = -second.offset * n;
    bins[bin(groups_.segment_begin[current])].observed += (left + u) * (right + v) - u * v;
  };
  each_event(first, second, [&](Index pixel, double u, double v) {
    PerBin& of = bins[bin(pixel)];
    of.events += 1;
    of.product += u * v;
    const auto segment = static_cast<Index>(segment_[pixel]);
    if (segment != current) {
      finish();
      current = segment;
      left = right = 0;
    }
    left += u + first.offset;
    right += v + second.offset;
  });
  finish();
  BlockProducts result;
  for (std::size_t s = 0; s < bins.size(); ++s) {
    const double both = first.offset * second.offset;
    const double product = bins[s].product + (pixels_[s] - bins[s].events) * both;
    result.observed += bins[s].observed + squares_[s] * both;
    // δ sums to zero over the static bin, which takes n_j²/n from each block of n_j pixels.
    result.independent += product * (1 - squares_[s] / (pixels_[s] * pixels_[s]));
  }
  return result;
}

} // namespace vitrum::correlate::detail
