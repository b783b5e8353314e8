#include "vitrum/fem/pattern_sums.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include "sum_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::fem {
namespace {

std::vector<Index> used_patterns(std::span<const std::uint8_t> use, Index patterns) {
  if (!use.empty() && static_cast<Index>(use.size()) != patterns)
    throw OptionError(fmt::format("{} marks for {} patterns", use.size(), patterns));
  std::vector<Index> list;
  for (Index i = 0; i < patterns; ++i)
    if (use.empty() || use[static_cast<std::size_t>(i)] != 0)
      list.push_back(i);
  return list;
}

/// Moves a pattern back by whole pixels; what comes in from outside repeats the edge.
template <class T>
void move_back(std::span<T> pattern, Index height, Index width, Index sx, Index sy) {
  if (sx == 0 && sy == 0)
    return;
  const std::vector<T> from(pattern.begin(), pattern.end());
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x)
      pattern[static_cast<std::size_t>(y * width + x)] =
          from[static_cast<std::size_t>(std::clamp<Index>(y + sy, 0, height - 1) * width +
                                        std::clamp<Index>(x + sx, 0, width - 1))];
}

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
    const auto size = static_cast<std::size_t>(pixels_);
    out_.sum.assign(size, 0);
    out_.squares.assign(size, 0);
    out_.group_sum.assign(size * static_cast<std::size_t>(out_.groups), 0);
    out_.group_squares.assign(out_.group_sum.size(), 0);
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
    const Index frame_bytes = pixels_ * static_cast<Index>(sizeof(T) + sizeof(V));
    const Index block = std::clamp<Index>(options_.block_bytes / frame_bytes, 1, 4096);
    std::vector<T> raw(static_cast<std::size_t>(block * pixels_));
    std::vector<V> changed;
    std::vector<Sum> sum(static_cast<std::size_t>(pixels_)), squares(sum.size());
    Progress progress(monitor_, "summing", "patterns", out_.patterns);
    for (Index g = 0; g < out_.groups; ++g) {
      const Index last = out_.group_first[static_cast<std::size_t>(g + 1)];
      std::fill(sum.begin(), sum.end(), Sum{0});
      std::fill(squares.begin(), squares.end(), Sum{0});
      for (Index first = out_.group_first[static_cast<std::size_t>(g)]; first < last;) {
        const Index count = read_run<T>(first, std::min(block, last - first), raw);
        const V* values = nullptr;
        if constexpr (!corrected)
          values = raw.data();
        else
          values = correct<T, V>(raw, first, count, changed);
        add(values, first, count, sum.data(), squares.data());
        first += count;
        progress.advance(count);
      }
      close_group(g, sum, squares);
    }
  }

  /// Reads used patterns first … as far as their numbers follow each other; returns how many.
  template <class T>
  Index read_run(Index first, Index most, std::vector<T>& raw) {
    const Index number = out_.number[static_cast<std::size_t>(first)];
    Index count = 1;
    while (count < most && out_.number[static_cast<std::size_t>(first + count)] == number + count)
      ++count;
    source_.read(number, count, reinterpret_cast<std::byte*>(raw.data()));
    if (!options_.shift_x.empty())
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        for (Index f = begin; f < end; ++f) {
          const auto n = static_cast<std::size_t>(number + f);
          move_back(std::span(raw).subspan(static_cast<std::size_t>(f * pixels_),
                                           static_cast<std::size_t>(pixels_)),
                    map_.height,
                    map_.width,
                    options_.shift_x[n],
                    options_.shift_y[n]);
        }
      });
    return count;
  }

  template <class T, class V>
  const V* correct(const std::vector<T>& raw, Index first, Index count, std::vector<V>& changed) {
    changed.resize(raw.size());
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f) {
        const auto n = static_cast<std::size_t>(out_.number[static_cast<std::size_t>(first + f)]);
        const double scale = options_.scale.empty() ? 1 : options_.scale[n];
        for (Index p = 0; p < pixels_; ++p) {
          const auto i = static_cast<std::size_t>(p);
          auto v = static_cast<double>(raw[static_cast<std::size_t>(f * pixels_ + p)]);
          if (!options_.dark.empty())
            v -= static_cast<double>(options_.dark[i]);
          if (!options_.factor.empty())
            v *= static_cast<double>(options_.factor[i]);
          changed[static_cast<std::size_t>(f * pixels_ + p)] = static_cast<V>(v * scale);
        }
      }
    });
    return changed.data();
  }

  template <class V, class Sum>
  void add(const V* values, Index first, Index count, Sum* sum, Sum* squares) {
    constexpr Index grain = 8192;
    parallel_for(0, pixels_, grain, [&](Index begin, Index end) {
      add_to_pixels(values, pixels_, count, begin, end, sum, squares);
    });
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      const auto rings = static_cast<std::size_t>(map_.rings);
      std::vector<Sum> s(rings), q(rings);
      for (Index f = begin; f < end; ++f) {
        std::fill(s.begin(), s.end(), Sum{0});
        std::fill(q.begin(), q.end(), Sum{0});
        add_to_rings(values + f * pixels_, map_, s.data(), q.data());
        const auto to = static_cast<std::size_t>((first + f) * map_.rings);
        for (std::size_t r = 0; r < rings; ++r) {
          out_.ring_sum[to + r] = static_cast<double>(s[r]) / PolarMap::pieces;
          out_.ring_squares[to + r] = static_cast<double>(q[r]) / PolarMap::pieces;
        }
      }
    });
  }

  /// Adds the group to the total and keeps its sums about the centre.
  template <class Sum>
  void close_group(Index g, const std::vector<Sum>& sum, const std::vector<Sum>& squares) {
    const auto n = static_cast<double>(out_.group_first[static_cast<std::size_t>(g + 1)] -
                                       out_.group_first[static_cast<std::size_t>(g)]);
    const auto to = static_cast<std::size_t>(g * pixels_);
    for (std::size_t p = 0; p < sum.size(); ++p) {
      const auto s = static_cast<double>(sum[p]), q = static_cast<double>(squares[p]);
      if (map_.pixels[p].first_ring >= 0 && !std::isfinite(q))
        throw DataError(fmt::format("{}: pixel y = {}, x = {} holds values that are not finite; "
                                    "mask it or leave the patterns out",
                                    source_.info().path,
                                    static_cast<Index>(p) / map_.width,
                                    static_cast<Index>(p) % map_.width));
      const double c = out_.center[p];
      out_.sum[p] += s;
      out_.squares[p] += q;
      out_.group_sum[to + p] = static_cast<float>(s - n * c);
      out_.group_squares[to + p] = static_cast<float>(q - 2 * c * s + n * c * c);
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
