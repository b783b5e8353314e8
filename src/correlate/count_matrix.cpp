#include "vitrum/correlate/count_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "count_layout.hpp"
#include "load_checks.hpp"
#include "panel_loop.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {

namespace detail {

CountLayout
make_count_layout(const PixelGroups& groups, bool by_static, Index per_cell, Index longest) {
  CountLayout layout;
  layout.sets = by_static ? groups.static_bins : 1;
  layout.place.resize(groups.position.size());
  std::vector<std::vector<Index>> members(static_cast<std::size_t>(layout.sets));
  for (Index g = 0; g < groups.groups(); ++g) {
    layout.group_begin.push_back(static_cast<Index>(layout.runs.size()));
    for (Index p = groups.group_begin[g]; p < groups.group_begin[g + 1]; ++p)
      members[by_static ? groups.static_bin[p] : 0].push_back(p);
    for (Index set = 0; set < layout.sets; ++set) {
      const std::vector<Index>& all = members[set];
      const Index count = static_cast<Index>(all.size());
      const Index pieces = (count + longest - 1) / longest;
      for (Index piece = 0; piece < pieces; ++piece) {
        const Index begin = count * piece / pieces;
        const Index pixels = count * (piece + 1) / pieces - begin;
        const Index slots = (pixels + per_cell - 1) / per_cell * per_cell;
        layout.runs.push_back({g, set, layout.slots, slots, pixels});
        for (Index i = 0; i < pixels; ++i)
          layout.place[all[begin + i]] = layout.slots + i;
        layout.slots += slots;
      }
      members[set].clear();
    }
  }
  layout.group_begin.push_back(static_cast<Index>(layout.runs.size()));
  for (Index p = 0; p < groups.pixels(); ++p) {
    if (p > 0 && layout.place[p] == layout.place[p - 1] + 1)
      ++layout.spans.back().count;
    else
      layout.spans.push_back({p, layout.place[p], 1});
  }
  return layout;
}

Index count_stride(const PixelGroups& groups) {
  // Each run wastes at most three places; runs are as many as groups and static bins, and pieces.
  const Index runs = groups.groups() * groups.static_bins + groups.pixels() / 32;
  const Index wasted = std::min(3 * runs, 3 * groups.pixels());
  return (groups.pixels() + wasted + 63) / 64 * 64;
}

} // namespace detail

namespace {

CountMatrix make_empty(Index frames, PixelGroups groups) {
  CountMatrix matrix;
  matrix.frames = frames;
  matrix.stride = detail::count_stride(groups);
  matrix.bytes = Buffer<std::uint8_t>(whole_panels(frames) * matrix.stride);
  matrix.valid.assign(static_cast<std::size_t>(frames), 1);
  matrix.mean_counts.assign(static_cast<std::size_t>(frames), 0.0);
  matrix.groups = std::move(groups);
  parallel_for(0, whole_panels(frames), 16, [&](Index begin, Index end) {
    std::memset(matrix.bytes.data() + begin * matrix.stride,
                0,
                static_cast<std::size_t>((end - begin) * matrix.stride));
  });
  return matrix;
}

void widen(CountMatrix& matrix) {
  matrix.words = Buffer<std::uint16_t>(matrix.bytes.size());
  parallel_for(0, whole_panels(matrix.frames), 16, [&](Index begin, Index end) {
    std::copy_n(matrix.bytes.data() + begin * matrix.stride,
                (end - begin) * matrix.stride,
                matrix.words.data() + begin * matrix.stride);
  });
  matrix.bytes = {};
}

struct RowSums {
  double sum = 0;
  std::uint32_t largest = 0;
  Index bad = -1;       // place of a value that holds no data
  Index too_large = -1; // place of a value that is no count up to 65535
};

template <class T, class Store>
RowSums
gather_row(const T* frame, const std::vector<Index>& position, double invalid_value, Store* row) {
  RowSums sums;
  std::uint64_t total = 0;
  const bool has_invalid = !std::isnan(invalid_value);
  for (std::size_t i = 0; i < position.size(); ++i) {
    const T raw = frame[position[i]];
    if (has_invalid && static_cast<double>(raw) == invalid_value) {
      sums.bad = static_cast<Index>(i);
      return sums;
    }
    if (raw < T{0} || static_cast<std::uint64_t>(raw) > 65535) {
      sums.too_large = static_cast<Index>(i);
      return sums;
    }
    const auto value = static_cast<std::uint32_t>(raw);
    sums.largest = std::max(sums.largest, value);
    total += value;
    row[i] = static_cast<Store>(value);
  }
  sums.sum = static_cast<double>(total);
  return sums;
}

} // namespace

Index predicted_count_bytes(Index frames,
                            const frames::Partition& partition,
                            const std::vector<Index>& bins,
                            bool wide) {
  Index bytes = 0;
  for (const Index bin : detail::resolve_bins(partition, bins)) {
    const PixelGroups groups =
        make_groups(partition.dynamic_labels, partition.static_labels, partition.width, bin);
    bytes += whole_panels(frames) * detail::count_stride(groups) * (wide ? 2 : 1);
  }
  return bytes;
}

std::vector<CountMatrix> load_counts(frames::FrameSource& source,
                                     const frames::Partition& partition,
                                     const std::vector<Index>& bins,
                                     const LoadOptions& options,
                                     const Monitor& monitor) {
  const frames::SeriesInfo& info = source.info();
  detail::check_load(info, partition, options);
  if (!options.dark.empty() || !options.flat.empty() || !options.static_surface.empty() ||
      options.frame_normalization)
    throw OptionError("counts with a dark, flat field, static surface or frame normalisation are "
                      "no integers any more");
  const bool integers = frames::visit(
      info.type, [](auto tag) { return std::is_integral_v<typename decltype(tag)::type>; });
  if (!integers)
    throw DataError(fmt::format(
        "{}: {} values, expected integer counts", info.path, frames::name_of(info.type)));
  std::vector<CountMatrix> matrices;
  for (const Index bin : detail::resolve_bins(partition, bins))
    matrices.push_back(make_empty(info.frames,
                                  make_groups(partition.dynamic_labels,
                                              partition.static_labels,
                                              partition.width,
                                              bin,
                                              options.groups)));

  const Index frame_bytes = info.frame_bytes();
  const Index block = std::clamp<Index>(options.block_bytes / frame_bytes, 1, info.frames);
  Buffer<std::byte> raw(block * frame_bytes);
  std::vector<RowSums> sums(static_cast<std::size_t>(block) * matrices.size());
  Progress progress(monitor, "reading", "frames", info.frames);
  for (Index first = 0; first < info.frames; first += block) {
    const Index count = std::min(block, info.frames - first);
    source.read(first, count, raw.data());
    for (std::size_t m = 0; m < matrices.size(); ++m) {
      CountMatrix& matrix = matrices[m];
      const auto gather = [&] {
        parallel_for(0, count, 1, [&](Index k, Index) {
          const Index t = first + k;
          RowSums& row = sums[static_cast<std::size_t>(k) * matrices.size() + m];
          row = {};
          if (!options.bad_frames.empty() && options.bad_frames[t] != 0) {
            matrix.valid[t] = 0;
            matrix.mean_counts[t] = frames::unknown;
            return;
          }
          row = frames::visit(info.type, [&](auto tag) {
            using T = typename decltype(tag)::type;
            const auto* frame = reinterpret_cast<const T*>(raw.data() + k * frame_bytes);
            if constexpr (!std::is_integral_v<T>)
              return RowSums{};
            else if (matrix.wide())
              return gather_row(frame,
                                matrix.groups.position,
                                info.invalid_value,
                                matrix.words.data() + t * matrix.stride);
            else
              return gather_row(frame,
                                matrix.groups.position,
                                info.invalid_value,
                                matrix.bytes.data() + t * matrix.stride);
          });
          matrix.mean_counts[t] = row.sum / static_cast<double>(matrix.pixels());
        });
        std::uint32_t largest = 0;
        for (Index k = 0; k < count; ++k)
          largest =
              std::max(largest, sums[static_cast<std::size_t>(k) * matrices.size() + m].largest);
        return largest;
      };
      matrix.largest = std::max(matrix.largest, gather());
      if (matrix.largest > largest_byte_count && !matrix.wide()) {
        widen(matrix);
        gather();
      }
    }
    for (Index k = 0; k < count; ++k)
      for (std::size_t m = 0; m < matrices.size(); ++m) {
        const RowSums& row = sums[static_cast<std::size_t>(k) * matrices.size() + m];
        const std::vector<Index>& position = matrices[m].groups.position;
        if (row.bad >= 0)
          detail::throw_bad_value(info.path, first + k, position[row.bad], info.width);
        if (row.too_large >= 0)
          throw DataError(fmt::format("{}: frame {} y {} x {}: expected a count from 0 to 65535",
                                      info.path,
                                      first + k,
                                      position[row.too_large] / info.width,
                                      position[row.too_large] % info.width));
      }
    progress.advance(count);
  }
  const auto& valid = matrices.front().valid;
  if (std::find(valid.begin(), valid.end(), std::uint8_t{1}) == valid.end())
    throw DataError(fmt::format("{}: all frames are marked bad", info.path));
  return matrices;
}

CountMatrix make_count_matrix(const PixelMatrix& counts) {
  CountMatrix matrix = make_empty(counts.frames, counts.groups);
  matrix.valid = counts.valid;
  matrix.mean_counts = counts.mean_counts;
  for (Index t = 0; t < counts.frames; ++t)
    for (Index p = 0; p < counts.pixels(); ++p) {
      const float value = counts.row(t)[p];
      if (!(value >= 0) || value > 65535 || value != std::floor(value))
        throw DataError(
            fmt::format("frame {} pixel {}: {}, expected a count from 0 to 65535", t, p, value));
      matrix.largest = std::max(matrix.largest, static_cast<std::uint32_t>(value));
    }
  if (matrix.largest > largest_byte_count)
    widen(matrix);
  for (Index t = 0; t < counts.frames; ++t)
    for (Index p = 0; p < counts.pixels(); ++p) {
      const Index i = t * matrix.stride + p;
      if (matrix.wide())
        matrix.words[i] = static_cast<std::uint16_t>(counts.row(t)[p]);
      else
        matrix.bytes[i] = static_cast<std::uint8_t>(counts.row(t)[p]);
    }
  return matrix;
}

} // namespace vitrum::correlate
