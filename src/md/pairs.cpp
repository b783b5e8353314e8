#include "vitrum/md/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "pair_rows.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::md {

void require_one_image(const atoms::Box& box, double distance) {
  const auto heights = box.heights();
  for (std::size_t d = 0; d < 3; ++d)
    if (box.periodic()[d] && 2 * distance > heights[d] * (1 + 1e-12))
      throw DataError(fmt::format(
          "distance {:.6g}: more than half the height {:.6g} of the box", distance, heights[d]));
}

CellList::CellList(const atoms::Box& box, std::span<const atoms::Vector> positions, double distance)
    : box_(box), positions_(positions), square_(distance * distance) {
  require_one_image(box, distance);
  const auto heights = box.heights();
  // open directions: cells span the atoms
  atoms::Vector low{0, 0, 0}, high{1, 1, 1};
  std::vector<atoms::Vector> fractions;
  for (const auto& r : positions)
    fractions.push_back(box.fraction(r));
  for (std::size_t d = 0; d < 3; ++d) {
    if (!box.periodic()[d]) {
      for (const auto& s : fractions) {
        low[d] = std::min(low[d], s[d]);
        high[d] = std::max(high[d], s[d] + 1e-12);
      }
    }
    const auto most = static_cast<Index>(std::cbrt(static_cast<double>(positions.size()))) + 1;
    cells_[d] = std::clamp<Index>(static_cast<Index>(heights[d] * (high[d] - low[d]) / distance),
                                  1,
                                  std::max<Index>(most, 1));
  }
  begin_.assign(static_cast<std::size_t>(cells_[0] * cells_[1] * cells_[2]) + 1, 0);
  std::vector<std::size_t> cell;
  for (const auto& s : fractions) {
    std::array<Index, 3> at{};
    for (std::size_t d = 0; d < 3; ++d) {
      const double f =
          box.periodic()[d] ? s[d] - std::floor(s[d]) : (s[d] - low[d]) / (high[d] - low[d]);
      at[d] = std::clamp<Index>(
          static_cast<Index>(f * static_cast<double>(cells_[d])), 0, cells_[d] - 1);
    }
    cell_of_.push_back(at);
    cell.push_back(static_cast<std::size_t>((at[0] * cells_[1] + at[1]) * cells_[2] + at[2]));
    ++begin_[cell.back() + 1];
  }
  for (std::size_t c = 1; c < begin_.size(); ++c)
    begin_[c] += begin_[c - 1];
  members_.resize(positions.size());
  auto next = begin_;
  for (std::size_t i = 0; i < cell.size(); ++i)
    members_[static_cast<std::size_t>(next[cell[i]]++)] = static_cast<Index>(i);
  if (!box.orthogonal())
    return;
  constexpr double rounding = 1e-9; // of wrapping
  almost_square_ = square_ * (1 + rounding) + rounding * rounding;
  for (std::size_t d = 0; d < 3; ++d)
    period_[d] = box.periodic()[d] ? heights[d] : std::numeric_limits<double>::infinity();
  place_of_.resize(positions.size());
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const auto i = static_cast<std::size_t>(members_[k]);
    place_of_[i] = k;
    wrapped_.push_back(box.wrap(positions[i]));
  }
}

PairDistribution pair_distribution(const atoms::Box& box,
                                   std::span<const atoms::Vector> positions,
                                   std::span<const std::int32_t> species,
                                   Index species_count,
                                   double r_max,
                                   double width) {
  if (!(width > 0) || !(r_max > width))
    throw OptionError(fmt::format(
        "pair distances to {} in bins of {}: expected more than one bin", r_max, width));
  constexpr double most = 1e8; // bins
  if (!(r_max / width < most))
    throw OptionError(
        fmt::format("pair distances to {} in bins of {}: expected wider ones", r_max, width));
  const auto bins = static_cast<std::size_t>(std::floor(r_max / width + 1e-9));
  const auto kinds = static_cast<std::size_t>(species_count);
  const auto counts =
      count_pairs(box, positions, species, kinds, static_cast<std::int32_t>(bins), width);
  std::vector<double> number(kinds, 0);
  for (const auto s : species)
    ++number[static_cast<std::size_t>(s)];
  PairDistribution out;
  out.width = width;
  out.total.assign(bins, 0);
  out.pair.resize(kinds * kinds);
  for (std::size_t k = 0; k < bins; ++k)
    out.r.push_back((static_cast<double>(k) + 0.5) * width);
  const auto all = static_cast<double>(positions.size());
  for (std::size_t a = 0; a < kinds; ++a)
    for (std::size_t b = a; b < kinds; ++b) {
      auto& g = out.pair[a * kinds + b];
      g.assign(bins, 0);
      for (std::size_t k = 0; k < bins; ++k) {
        const auto count = static_cast<double>(counts[(a * kinds + b) * bins + k]);
        const double both = a == b ? 2 * count : count; // of each atom of a
        const double inner = static_cast<double>(k) * width, outer = inner + width;
        const double shell = 4 * std::numbers::pi / 3 *
                             (outer * outer * outer - inner * inner * inner) / box.volume();
        g[k] = both / (number[a] * number[b] * shell);
        out.total[k] += 2 * count / (all * all * shell);
      }
    }
  return out;
}

FirstShell first_shell(std::span<const double> r, std::span<const double> g) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  FirstShell out{none, none};
  if (g.size() < 10)
    return out;
  std::vector<double> smooth(g.begin(), g.end());
  for (std::size_t i = 2; i + 2 < g.size(); ++i)
    smooth[i] = (-3 * (g[i - 2] + g[i + 2]) + 12 * (g[i - 1] + g[i + 1]) + 17 * g[i]) / 35;
  // the first peak is the highest point before the curve falls below half of it again
  std::size_t peak = 0;
  for (std::size_t i = 1; i < smooth.size(); ++i) {
    if (smooth[i] > smooth[peak])
      peak = i;
    else if (smooth[peak] > 1 && smooth[i] < 0.5 * smooth[peak])
      break;
  }
  if (!(smooth[peak] > 1))
    return out;
  // the shell ends before the curve rises above 1 for the second time
  std::size_t low = peak, end = peak;
  for (; end < smooth.size(); ++end) {
    if (smooth[end] < smooth[low])
      low = end;
    else if (smooth[low] < 1 && smooth[end] > 1)
      break;
  }
  const auto first = peak < 2 ? 0 : peak - 2, last = std::min(peak + 3, g.size());
  const auto top = std::max_element(g.begin() + static_cast<std::ptrdiff_t>(first),
                                    g.begin() + static_cast<std::ptrdiff_t>(last));
  out.peak = r[static_cast<std::size_t>(top - g.begin())];
  if (low > peak) {
    const auto bottom = std::min_element(g.begin() + static_cast<std::ptrdiff_t>(peak),
                                         g.begin() + static_cast<std::ptrdiff_t>(end));
    out.minimum = r[static_cast<std::size_t>(bottom - g.begin())];
  }
  return out;
}

} // namespace vitrum::md
