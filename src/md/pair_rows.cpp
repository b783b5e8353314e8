// Histograms of distances: every pair once, whole rows of cells at a time, without a branch for
// what lies too far away.
#include "pair_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <mutex>

#include "vitrum/core/parallel.hpp"
#include "vitrum/md/pairs.hpp"

namespace vitrum::md {
namespace {

using Counts = std::vector<std::uint64_t>;

constexpr std::size_t block = 64;

/// Bins of the distances of `count` atoms, at most a block, from a place.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"),
  gnu::optimize("O3", "fp-contract=off", "no-math-errno", "no-trapping-math")]]
#endif
void bins_of(const double* __restrict x,
             const double* __restrict y,
             const double* __restrict z,
             std::size_t count,
             const double* from,
             double bins_per_length,
             double beyond,
             std::int32_t* __restrict bin) {
  const double x0 = from[0], y0 = from[1], z0 = from[2];
  for (std::size_t k = 0; k < count; ++k) {
    const double dx = x[k] - x0, dy = y[k] - y0, dz = z[k] - z0;
    const double place = std::sqrt(dx * dx + dy * dy + dz * dz) * bins_per_length;
    bin[k] = static_cast<std::int32_t>(place < beyond ? place : beyond);
  }
}

/// Distances from a place to `count` atoms, each counted in its bin.
void count_distances(const std::array<const double*, 3>& at,
                     std::size_t count,
                     const atoms::Vector& from,
                     double bins_per_length,
                     std::int32_t bins,
                     std::uint64_t* to) {
  std::int32_t bin[block], kept[block];
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t some = std::min(block, count - first);
    bins_of(
        at[0] + first, at[1] + first, at[2] + first, some, from.data(), bins_per_length, bins, bin);
    std::size_t n = 0;
    for (std::size_t k = 0; k < some; ++k) {
      kept[n] = bin[k];
      n += bin[k] < bins ? 1 : 0;
    }
    for (std::size_t k = 0; k < n; ++k)
      ++to[kept[k]];
  }
}

/// Atoms by species and cell, cells by rows along the third edge, so that the neighbours of a
/// species in a row lie side by side.
class Rows {
public:
  Rows(const atoms::Box& box,
       std::span<const atoms::Vector> positions,
       std::span<const std::int32_t> species,
       std::size_t kinds,
       std::int32_t bins,
       double width)
      : box_(box), kinds_(kinds), bins_(bins), width_(width),
        distance_(static_cast<double>(bins) * width) {
    require_one_image(box, distance_);
    const auto heights = box.heights();
    std::vector<atoms::Vector> fraction;
    atoms::Vector low{0, 0, 0}, high{1, 1, 1};
    for (const auto& r : positions)
      fraction.push_back(box.fraction(r));
    for (std::size_t d = 0; d < 3; ++d) {
      for (auto& s : fraction)
        if (box.periodic()[d]) {
          s[d] -= std::floor(s[d]);
        } else { // cells span the atoms
          low[d] = std::min(low[d], s[d]);
          high[d] = std::max(high[d], s[d] + 1e-12);
        }
      constexpr double across = 3; // cells in the distance: fewer hold more that is too far away
      const double span = heights[d] * (high[d] - low[d]);
      const auto most = static_cast<Index>(std::cbrt(static_cast<double>(positions.size()))) + 1;
      cells_[d] = std::clamp<Index>(static_cast<Index>(across * span / distance_), 1, most);
      height_[d] = span / static_cast<double>(cells_[d]);
    }
    const auto all = static_cast<std::size_t>(cells_[0] * cells_[1] * cells_[2]);
    begin_.assign(kinds * all + 1, 0);
    std::vector<std::size_t> place;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      std::array<Index, 3> cell{};
      for (std::size_t d = 0; d < 3; ++d)
        cell[d] =
            std::clamp<Index>(static_cast<Index>((fraction[i][d] - low[d]) / (high[d] - low[d]) *
                                                 static_cast<double>(cells_[d])),
                              0,
                              cells_[d] - 1);
      place.push_back(
          static_cast<std::size_t>(species[i]) * all +
          static_cast<std::size_t>((cell[0] * cells_[1] + cell[1]) * cells_[2] + cell[2]));
      ++begin_[place.back() + 1];
    }
    for (std::size_t c = 1; c < begin_.size(); ++c)
      begin_[c] += begin_[c - 1];
    auto next = begin_;
    for (auto& one : at_)
      one.resize(positions.size());
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const auto r = box.position(fraction[i]);
      const std::size_t to = next[place[i]]++;
      for (std::size_t d = 0; d < 3; ++d)
        at_[d][to] = r[d];
    }
  }

  [[nodiscard]] Counts count() const {
    const std::size_t size = kinds_ * kinds_ * static_cast<std::size_t>(bins_);
    Counts all(size, 0);
    std::mutex joining;
    struct Own { // of a thread
      Counts counts;
      Counts& all;
      std::mutex& lock;
      ~Own() {
        const std::scoped_lock guard(lock);
        for (std::size_t i = 0; i < counts.size(); ++i)
          all[i] += counts[i];
      }
    };
    parallel_for_with(
        0,
        cells_[0] * cells_[1],
        1,
        [&] {
          return Own{Counts(size, 0), all, joining};
        },
        [&](Own& own, Index begin, Index end) {
          for (Index column = begin; column < end; ++column)
            add_column(column / cells_[1], column % cells_[1], own.counts);
        });
    return all;
  }

private:
  /// How far cells so many apart are from each other at least.
  [[nodiscard]] double gap(std::size_t d, Index cells) const {
    constexpr double rounding = 1e-9;
    return cells == 0 ? 0 : (static_cast<double>(std::abs(cells) - 1) - rounding) * height_[d];
  }
  [[nodiscard]] Index reach(std::size_t d, double distance) const {
    return static_cast<Index>(std::ceil(distance / height_[d] + 1e-6));
  }

  /// Cell and image of a place beside the box; false where it ends there.
  bool find(std::size_t d, Index place, Index& cell, Index& image) const {
    image = place >= 0 ? place / cells_[d] : -((cells_[d] - 1 - place) / cells_[d]);
    cell = place - image * cells_[d];
    return image == 0 || box_.periodic()[d];
  }

  /// Pairs of the atoms of a column of cells with those of the half of the columns about it that
  /// comes after it.
  void add_column(Index x, Index y, Counts& counts) const {
    for (Index u = 0; u <= reach(0, distance_); ++u)
      for (Index v = u == 0 ? 0 : -reach(1, distance_); v <= reach(1, distance_); ++v) {
        Index to_x = 0, to_y = 0, image_x = 0, image_y = 0;
        if (!find(0, x + u, to_x, image_x) || !find(1, y + v, to_y, image_y))
          continue;
        double along = distance_; // what is left of it along the third edge
        if (box_.orthogonal()) {
          const double across = std::pow(gap(0, u), 2) + std::pow(gap(1, v), 2);
          if (across >= distance_ * distance_)
            continue;
          along = std::sqrt(distance_ * distance_ - across);
        }
        for (Index z = 0; z < cells_[2]; ++z) {
          const std::size_t home = index(x, y, z);
          const bool own_column = u == 0 && v == 0;
          if (own_column)
            add_cell(home, counts);
          const Index last = z + reach(2, along);
          for (Index w = own_column ? z + 1 : z - reach(2, along); w <= last;) {
            Index to_z = 0, image_z = 0;
            const bool inside = find(2, w, to_z, image_z);
            const Index cells = std::min(last - w + 1, cells_[2] - to_z);
            if (inside)
              add_rows(home,
                       index(to_x, to_y, to_z),
                       static_cast<std::size_t>(cells),
                       {static_cast<double>(image_x),
                        static_cast<double>(image_y),
                        static_cast<double>(image_z)},
                       counts);
            w += cells;
          }
        }
      }
  }

  [[nodiscard]] std::size_t index(Index x, Index y, Index z) const {
    return static_cast<std::size_t>((x * cells_[1] + y) * cells_[2] + z);
  }
  [[nodiscard]] std::size_t begin(std::size_t kind, std::size_t cell) const {
    return begin_[kind * static_cast<std::size_t>(cells_[0] * cells_[1] * cells_[2]) + cell];
  }

  void add_rows(std::size_t home,
                std::size_t first,
                std::size_t cells,
                const std::array<double, 3>& image,
                Counts& counts) const {
    atoms::Vector shift{};
    for (std::size_t e = 0; e < 3; ++e)
      for (std::size_t d = 0; d < 3; ++d)
        shift[d] += image[e] * box_.edges()[e][d];
    for (std::size_t b = 0; b < kinds_; ++b) {
      const std::size_t from = begin(b, first), to = begin(b, first + cells);
      if (from == to)
        continue;
      for (std::size_t a = 0; a < kinds_; ++a)
        for (std::size_t i = begin(a, home); i < begin(a, home + 1); ++i)
          add(i, a, from, to, b, shift, counts);
    }
  }

  void add_cell(std::size_t home, Counts& counts) const {
    for (std::size_t a = 0; a < kinds_; ++a)
      for (std::size_t b = a; b < kinds_; ++b)
        for (std::size_t i = begin(a, home); i < begin(a, home + 1); ++i)
          add(i, a, a == b ? i + 1 : begin(b, home), begin(b, home + 1), b, {}, counts);
  }

  /// Atom i of species a with atoms of species b, moved by `shift`.
  void add(std::size_t i,
           std::size_t a,
           std::size_t from,
           std::size_t to,
           std::size_t b,
           const atoms::Vector& shift,
           Counts& counts) const {
    const std::size_t pair = std::min(a, b) * kinds_ + std::max(a, b);
    count_distances({at_[0].data() + from, at_[1].data() + from, at_[2].data() + from},
                    to - from,
                    {at_[0][i] - shift[0], at_[1][i] - shift[1], at_[2][i] - shift[2]},
                    1 / width_,
                    bins_,
                    counts.data() + pair * static_cast<std::size_t>(bins_));
  }

  const atoms::Box& box_;
  std::size_t kinds_;
  std::int32_t bins_;
  double width_, distance_;
  std::array<Index, 3> cells_{};
  std::array<double, 3> height_{};          // of a cell
  std::vector<std::size_t> begin_;          // [species, cell]
  std::array<std::vector<double>, 3> at_{}; // [axis][atom], by species and cell
};

} // namespace

std::vector<std::uint64_t> count_pairs(const atoms::Box& box,
                                       std::span<const atoms::Vector> positions,
                                       std::span<const std::int32_t> species,
                                       std::size_t kinds,
                                       std::int32_t bins,
                                       double width) {
  return Rows(box, positions, species, kinds, bins, width).count();
}

} // namespace vitrum::md
