#include "vitrum/fem/pattern_sums.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <type_traits>

#include <fmt/format.h>

#include "corrected.hpp"
#include "sum_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/fem/pattern_pass.hpp"

namespace vitrum::fem {
namespace {

class Pass {
public:
  Pass(frames::FrameSource& source,
       const PolarMap& map,
       std::span<const double> center,
       const SumOptions& options,
       const Monitor& monitor)
      : source_(source), map_(map), options_(options), monitor_(monitor),
        pixels_(source.info().pixels()) {
    const auto size = static_cast<std::size_t>(pixels_);
    if (map.pixels.size() != size || center.size() != size ||
        (!options.dark.empty() && options.dark.size() != size) ||
        (!options.factor.empty() && options.factor.size() != size))
      throw OptionError("rings, dark or flat field do not have the shape of the patterns");
    out_.center.assign(center.begin(), center.end());
    out_.number = used_patterns(options.use, source.info().frames);
    out_.patterns = static_cast<Index>(out_.number.size());
    out_.rings = map.rings;
    const Index fitting = options.memory_bytes / (pixels_ * static_cast<Index>(2 * sizeof(float)));
    out_.groups =
        std::max<Index>(2, std::min({options.groups, out_.patterns, std::max<Index>(fitting, 2)}));
    if (out_.patterns < 2)
      throw DataError(fmt::format("{}: {} {} to use, need at least 2 for a variance",
                                  source.info().path,
                                  out_.patterns,
                                  out_.patterns == 1 ? "pattern" : "patterns"));
    for (Index g = 0; g <= out_.groups; ++g)
      out_.group_first.push_back(g * out_.patterns / out_.groups);
  }

  PatternSums run() {
    const auto rings = static_cast<std::size_t>(out_.rings * out_.patterns);
    out_.ring_sum.assign(rings, 0);
    out_.ring_squares.assign(rings, 0);
    frames::visit(source_.info().type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const bool plain = options_.dark.empty() && options_.factor.empty() && options_.scale.empty();
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
        if (plain)
          return read_all<T, T, Index, false>();
      }
      if (plain)
        return read_all<T, T, double, false>();
      read_all<T, float, double, true>();
    });
    for (Index g = 0; g < out_.groups; ++g)
      out_.group_patterns.push_back(out_.group_first[static_cast<std::size_t>(g + 1)] -
                                    out_.group_first[static_cast<std::size_t>(g)]);
    return std::move(out_);
  }

private:
  /// `T` as stored, `V` as summed. `corrected`: dark, factor and scale are applied, also where both
  /// types are the same.
  template <class T, class V, class Sum, bool corrected>
  void read_all() {
    const Index frame_bytes =
        pixels_ * static_cast<Index>(corrected ? sizeof(T) + sizeof(V) : sizeof(T));
    const Index block = std::clamp<Index>(options_.block_bytes / frame_bytes, 1, most_in_32_bits);
    constexpr bool can_keep = !corrected && sizeof(T) == 2;
    const bool keep = can_keep && out_.groups == out_.patterns;
    Buffer<T> raw(keep ? 0 : std::min(block, out_.patterns) * pixels_);
    if (keep) {
      out_.single = Buffer<std::uint16_t>(pixels_ * out_.patterns);
      out_.single_signed = std::is_signed_v<T>;
    } else {
      out_.group_sum = Buffer<float>(pixels_ * out_.groups);
      out_.group_squares = Buffer<float>(pixels_ * out_.groups);
    }
    Buffer<V> changed;
    Totals<Sum> totals(pixels_);
    Progress progress(monitor_, "summing", "patterns", out_.patterns);
    for (Index first = 0; first < out_.patterns;) {
      T* to = raw.data();
      if constexpr (can_keep)
        if (keep)
          to = reinterpret_cast<T*>(out_.single.data()) + first * pixels_;
      const Index count = read_run<T>(first, std::min(block, out_.patterns - first), to);
      const V* values = nullptr;
      if constexpr (!corrected)
        values = to;
      else
        values = correct<T, V>(raw, first, count, changed);
      add(values, first, count, totals);
      first += count;
      progress.advance(count);
    }
    out_.sum.assign(totals.sum.begin(), totals.sum.end());
    out_.squares.assign(totals.squares.begin(), totals.squares.end());
    for (std::size_t p = 0; p < out_.squares.size(); ++p)
      if (map_.pixels[p].first_ring >= 0 && !std::isfinite(out_.squares[p]))
        throw DataError(fmt::format("{}: pixel y = {}, x = {} holds values that are not finite; "
                                    "mask it or leave the patterns out",
                                    source_.info().path,
                                    static_cast<Index>(p) / map_.width,
                                    static_cast<Index>(p) % map_.width));
  }

  /// Sums of each pixel over all patterns, and over those of the group that is not complete yet.
  template <class Sum>
  struct Totals {
    explicit Totals(Index pixels)
        : sum(static_cast<std::size_t>(pixels)), squares(sum.size()), open_sum(sum.size()),
          open_squares(sum.size()) {}
    std::vector<Sum> sum, squares, open_sum, open_squares;
  };

  /// Reads used patterns first … as far as their numbers follow each other; returns how many.
  template <class T>
  Index read_run(Index first, Index most, T* to) {
    const Index number = out_.number[static_cast<std::size_t>(first)];
    Index count = 1;
    while (count < most && out_.number[static_cast<std::size_t>(first + count)] == number + count)
      ++count;
    source_.read(number, count, reinterpret_cast<std::byte*>(to));
    return count;
  }

  template <class T, class V>
  const V* correct(const Buffer<T>& raw, Index first, Index count, Buffer<V>& changed) {
    if (changed.size() < raw.size())
      changed = Buffer<V>(raw.size());
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f) {
        correct_pattern(raw.data() + f * pixels_,
                        options_,
                        out_.number[static_cast<std::size_t>(first + f)],
                        pixels_,
                        changed.data() + f * pixels_);
      }
    });
    return changed.data();
  }

  /// Integers go once through the cache, tile by tile of all patterns in memory: their sums are the
  /// same in any order.
  template <class V, class Sum>
  void add(const V* values, Index first, Index count, Totals<Sum>& totals) {
    const Index tiles = (pixels_ + PolarMap::tile - 1) / PolarMap::tile;
    if constexpr (std::is_same_v<Sum, Index>) {
      const Index batches = (count + lanes - 1) / lanes;
      const auto size = static_cast<std::size_t>(batches * map_.rings * lanes);
      std::vector<Index> ring_sum(size, 0), ring_squares(size, 0);
      std::mutex joining;
      struct Own { // of a thread
        std::vector<Index> sum, squares;
        std::vector<Index>&to_sum, &to_squares;
        std::mutex& lock;
        ~Own() {
          const std::scoped_lock guard(lock);
          for (std::size_t i = 0; i < sum.size(); ++i) {
            to_sum[i] += sum[i];
            to_squares[i] += squares[i];
          }
        }
      };
      parallel_for_with(
          0,
          tiles,
          8,
          [&] {
            return Own{std::vector<Index>(size, 0),
                       std::vector<Index>(size, 0),
                       ring_sum,
                       ring_squares,
                       joining};
          },
          [&](Own& own, Index begin, Index end) {
            for (Index t = begin; t < end; ++t) {
              add_tile(values, first, count, t, totals);
              for (Index b = 0; b < batches; ++b)
                add_to_rings(values + b * lanes * pixels_,
                             pixels_,
                             std::min(lanes, count - b * lanes),
                             map_,
                             t,
                             own.sum.data() + b * map_.rings * lanes,
                             own.squares.data() + b * map_.rings * lanes);
            }
          });
      for (Index f = 0; f < count; ++f)
        for (Index r = 0; r < map_.rings; ++r) {
          const auto from =
              static_cast<std::size_t>((f / lanes * map_.rings + r) * lanes + f % lanes);
          const auto to = static_cast<std::size_t>((first + f) * map_.rings + r);
          out_.ring_sum[to] = static_cast<double>(ring_sum[from]) / PolarMap::pieces;
          out_.ring_squares[to] = static_cast<double>(ring_squares[from]) / PolarMap::pieces;
        }
    } else {
      parallel_for(0, tiles, 8, [&](Index begin, Index end) {
        for (Index t = begin; t < end; ++t)
          add_tile(values, first, count, t, totals);
      });
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        for (Index f = begin; f < end; ++f) {
          const auto to = static_cast<std::size_t>((first + f) * map_.rings);
          add_to_rings(
              values + f * pixels_, map_, out_.ring_sum.data() + to, out_.ring_squares.data() + to);
          for (std::size_t r = to; r < to + static_cast<std::size_t>(map_.rings); ++r) {
            out_.ring_sum[r] /= PolarMap::pieces;
            out_.ring_squares[r] /= PolarMap::pieces;
          }
        }
      });
    }
  }

  /// Adds patterns first … to the pixels of a tile, and keeps the sums of groups that they
  /// complete.
  template <class V, class Sum>
  void add_tile(const V* values, Index first, Index count, Index tile, Totals<Sum>& totals) {
    const Index at = tile * PolarMap::tile, pixels = std::min(PolarMap::tile, pixels_ - at);
    const auto offset = static_cast<std::size_t>(at);
    Sum* sum = totals.open_sum.data() + offset;
    Sum* squares = totals.open_squares.data() + offset;
    if (out_.single.size() > 0) {
      add_to_pixels(values + at,
                    pixels_,
                    count,
                    pixels,
                    totals.sum.data() + offset,
                    totals.squares.data() + offset);
      return;
    }
    auto group = static_cast<Index>(
                     std::upper_bound(out_.group_first.begin(), out_.group_first.end(), first) -
                     out_.group_first.begin()) -
                 1;
    for (Index done = 0; done < count; ++group) {
      const Index group_end = out_.group_first[static_cast<std::size_t>(group + 1)];
      const Index part = std::min(group_end - first, count) - done;
      add_to_pixels(values + done * pixels_ + at, pixels_, part, pixels, sum, squares);
      done += part;
      if (first + done < group_end)
        break;
      const auto n =
          static_cast<double>(group_end - out_.group_first[static_cast<std::size_t>(group)]);
      const Index to = group * pixels_ + at;
      center_sums(sum,
                  squares,
                  out_.center.data() + at,
                  pixels,
                  n,
                  out_.group_sum.data() + to,
                  out_.group_squares.data() + to);
      for (Index p = 0; p < pixels; ++p) {
        totals.sum[offset + static_cast<std::size_t>(p)] += sum[p];
        totals.squares[offset + static_cast<std::size_t>(p)] += squares[p];
      }
      std::fill(sum, sum + pixels, Sum{0});
      std::fill(squares, squares + pixels, Sum{0});
    }
  }

  frames::FrameSource& source_;
  const PolarMap& map_;
  const SumOptions& options_;
  const Monitor& monitor_;
  Index pixels_;
  PatternSums out_;
};

} // namespace

void PatternSums::read_groups(Index first, Index count, float* to, float* to_squares) const {
  const auto pixels = static_cast<Index>(center.size());
  for (Index g = 0; g < groups; ++g) {
    float* s = to + g * count;
    float* q = to_squares + g * count;
    if (single.size() == 0) {
      std::copy_n(group_sum.data() + g * pixels + first, count, s);
      std::copy_n(group_squares.data() + g * pixels + first, count, q);
      continue;
    }
    const std::uint16_t* from = single.data() + g * pixels + first;
    for (Index p = 0; p < count; ++p) {
      const double v = single_signed ? static_cast<double>(static_cast<std::int16_t>(from[p]))
                                     : static_cast<double>(from[p]);
      const double d = v - center[static_cast<std::size_t>(first + p)];
      s[p] = static_cast<float>(d);
      q[p] = static_cast<float>(d * d);
    }
  }
}

PatternSums sum_patterns(frames::FrameSource& source,
                         const PolarMap& map,
                         std::span<const double> center,
                         const SumOptions& options,
                         const Monitor& monitor) {
  return Pass(source, map, center, options, monitor).run();
}

std::vector<double> mean_pattern_parts(frames::FrameSource& source,
                                       std::span<const std::uint8_t> use,
                                       Index parts,
                                       Index most,
                                       const Monitor& monitor) {
  const auto list = used_patterns(use, source.info().frames);
  if (list.empty())
    throw DataError(fmt::format("{}: no pattern to use", source.info().path));
  const auto total = static_cast<Index>(list.size());
  const Index looked = std::min(most, total);
  const Index pixels = source.info().pixels();
  std::vector<double> sums(static_cast<std::size_t>(parts * pixels), 0);
  std::vector<double> number(static_cast<std::size_t>(parts), 0);
  std::vector<std::byte> raw(static_cast<std::size_t>(source.info().frame_bytes()));
  Progress progress(monitor, "looking at", "patterns", looked);
  for (Index i = 0; i < looked; ++i) {
    source.read(list[static_cast<std::size_t>(i * total / looked)], 1, raw.data());
    const Index part = i % parts;
    ++number[static_cast<std::size_t>(part)];
    double* to = sums.data() + part * pixels;
    frames::visit(source.info().type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* values = reinterpret_cast<const T*>(raw.data());
      for (Index p = 0; p < pixels; ++p)
        to[p] += static_cast<double>(values[p]);
    });
    progress.advance();
  }
  for (Index part = 0; part < parts; ++part)
    for (Index p = 0; p < pixels; ++p)
      sums[static_cast<std::size_t>(part * pixels + p)] /= number[static_cast<std::size_t>(part)];
  return sums;
}

std::vector<double> mean_pattern(frames::FrameSource& source,
                                 std::span<const std::uint8_t> use,
                                 Index most,
                                 const Monitor& monitor) {
  return mean_pattern_parts(source, use, 1, most, monitor);
}

} // namespace vitrum::fem
