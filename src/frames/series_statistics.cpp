#include "vitrum/frames/series_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <future>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "series_kernel.hpp"
#include "series_pass.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::frames {
namespace {

constexpr Index tile = 2048; // pixels whose sums stay in the first-level cache

// Everything of one pass, of one pixel type.
template <class T>
class Pass {
public:
  Pass(FrameSource& source, const Mask& mask, const MeasureOptions& options)
      : source_(source), info_(source.info()), mask_(mask), pixels_(info_.pixels()),
        good_(good_frames(info_, options)), totals_(pixels_), tiles_((pixels_ + tile - 1) / tile) {
    block_ = std::max<Index>(1, options.block_bytes / std::max<Index>(1, info_.frame_bytes()));
    segment_start_sum_.assign(static_cast<std::size_t>(pixels_), 0);
    segment_start_invalid_.assign(static_cast<std::size_t>(pixels_), 0);
  }

  SeriesStatistics run(const Monitor& monitor) {
    result_ = empty_statistics(info_);
    Progress progress(monitor, "measuring", "frames", info_.frames);
    Buffer<T> buffers[2] = {Buffer<T>(block_ * pixels_), Buffer<T>(block_ * pixels_)};
    const auto count_at = [&](Index first) { // blocks end where a segment ends
      return std::min(block_, segment_end(first, info_.frames) - first);
    };
    const auto read = [&](Index first, Buffer<T>& buffer) {
      source_.read(first, count_at(first), reinterpret_cast<std::byte*>(buffer.data()));
    };
    read(0, buffers[0]);
    Index which = 0;
    for (Index first = 0; first < info_.frames;) {
      const Index count = count_at(first);
      std::future<void> next;
      if (first + count < info_.frames)
        next = std::async(std::launch::async,
                          [&, first, count, which] { read(first + count, buffers[1 - which]); });
      add_block(buffers[which].data(), first, count);
      const Index segment = first * series_segments / info_.frames;
      if (first + count == info_.frames ||
          (first + count) * series_segments / info_.frames != segment)
        end_segment(segment);
      if (next.valid())
        next.get();
      progress.advance(count);
      first += count;
      which = 1 - which;
    }
    return finish();
  }

private:
  void add_block(const T* values, Index first, Index count) {
    std::vector<FramePart<T>> parts(static_cast<std::size_t>(tiles_ * count));
    const bool has_invalid = can_hold<T>(info_.invalid_value);
    const T invalid = has_invalid ? static_cast<T>(info_.invalid_value) : T{};
    if (!started_) // the shift of float sums is the first frame
      totals_.start(values);
    started_ = true;
    parallel_for(0, tiles_, 1, [&](Index t, Index) {
      const Index begin = t * tile;
      const Index size = std::min(tile, pixels_ - begin);
      for (Index f = 0; f < count; ++f) {
        auto& part = parts[static_cast<std::size_t>(f * tiles_ + t)];
        add_frame(values + f * pixels_ + begin,
                  mask_.use.data() + begin,
                  size,
                  has_invalid ? &invalid : nullptr,
                  good_[static_cast<std::size_t>(first + f)] != 0,
                  totals_.at(begin, first + f),
                  part);
      }
    });
    for (Index f = 0; f < count; ++f)
      join_frame(first + f, parts.data() + f * tiles_);
  }

  void join_frame(Index frame, const FramePart<T>* parts) {
    const auto at = static_cast<std::size_t>(frame);
    FramePart<T> all;
    for (Index t = 0; t < tiles_; ++t) {
      const FramePart<T>& part = parts[t];
      all.sum += part.sum;
      all.used += part.used;
      all.minimum = std::min(all.minimum, part.minimum);
      all.maximum = std::max(all.maximum, part.maximum);
      if (part.nonfinite > 0 && result_.first_nonfinite_frame < 0) {
        result_.first_nonfinite_frame = frame;
        result_.first_nonfinite_pixel = t * tile + part.first_nonfinite;
      }
      result_.nonfinite += part.nonfinite;
    }
    if (good_[at] != 0) {
      ++result_.good_frames;
      ++result_.segment_frames[static_cast<std::size_t>(frame * series_segments / info_.frames)];
    }
    if (all.used == 0)
      return;
    result_.frame_mean[at] = static_cast<double>(all.sum) / static_cast<double>(all.used);
    result_.frame_minimum[at] = static_cast<double>(all.minimum);
    result_.frame_maximum[at] = static_cast<double>(all.maximum);
    if (all.minimum == T{} && all.maximum == T{})
      result_.zero_frames.push_back(frame);
  }

  void end_segment(Index segment) {
    const auto frames =
        static_cast<double>(result_.segment_frames[static_cast<std::size_t>(segment)]);
    float* mean = result_.segment_mean.data() + segment * pixels_;
    for (Index p = 0; p < pixels_; ++p) {
      const auto i = static_cast<std::size_t>(p);
      const double sum = static_cast<double>(totals_.sum[i]);
      const double n = frames - (totals_.invalid[i] - segment_start_invalid_[i]);
      if (n > 0)
        mean[p] = static_cast<float>((sum - segment_start_sum_[i]) / n +
                                     static_cast<double>(totals_.shift_of(i)));
      segment_start_sum_[i] = sum;
      segment_start_invalid_[i] = totals_.invalid[i];
    }
  }

  SeriesStatistics finish() {
    const auto n = static_cast<std::size_t>(pixels_);
    result_.mean.resize(n);
    result_.variance.resize(n);
    result_.maximum.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double count = static_cast<double>(result_.good_frames) - totals_.invalid[i];
      const double sum = static_cast<double>(totals_.sum[i]);
      const double squares = static_cast<double>(totals_.squares[i]);
      result_.mean[i] =
          count > 0 ? sum / count + static_cast<double>(totals_.shift_of(i)) : unknown;
      result_.variance[i] =
          count > 1 ? std::max(0.0, (squares - sum * (sum / count)) / (count - 1)) : unknown;
      result_.maximum[i] = count > 0 ? static_cast<double>(totals_.maximum[i]) : unknown;
    }
    result_.invalid = std::move(totals_.invalid);
    result_.hash = std::move(totals_.hash);
    return std::move(result_);
  }

  FrameSource& source_;
  const SeriesInfo& info_;
  const Mask& mask_;
  Index pixels_;
  std::vector<std::uint8_t> good_;
  PixelTotals<T> totals_;
  Index tiles_;
  Index block_ = 1;
  bool started_ = false;
  std::vector<double> segment_start_sum_;
  std::vector<std::uint32_t> segment_start_invalid_;
  SeriesStatistics result_;
};

} // namespace

std::vector<std::uint8_t> good_frames(const SeriesInfo& info, const MeasureOptions& options) {
  std::vector<std::uint8_t> good(static_cast<std::size_t>(info.frames), 1);
  for (const Index frame : options.bad_frames) {
    if (frame < 0 || frame >= info.frames)
      throw OptionError(
          fmt::format("bad frame {}: {} has {} frames", frame, info.path, info.frames));
    good[static_cast<std::size_t>(frame)] = 0;
  }
  if (std::find(good.begin(), good.end(), 1) == good.end())
    throw OptionError(fmt::format("all {} frames of {} are listed as bad", info.frames, info.path));
  return good;
}

Index segment_end(Index frame, Index frames) {
  const Index segment = frame * series_segments / frames;
  return std::min(((segment + 1) * frames + series_segments - 1) / series_segments, frames);
}

SeriesStatistics empty_statistics(const SeriesInfo& info) {
  const auto pixels = static_cast<std::size_t>(info.pixels());
  const auto frames = static_cast<std::size_t>(info.frames);
  SeriesStatistics result;
  result.frames = info.frames;
  result.height = info.height;
  result.width = info.width;
  result.counts = is_integer(info.type);
  result.segment_mean.assign(pixels * series_segments, std::numeric_limits<float>::quiet_NaN());
  result.frame_mean.assign(frames, unknown);
  result.frame_minimum.assign(frames, unknown);
  result.frame_maximum.assign(frames, unknown);
  return result;
}

SeriesStatistics measure_series(FrameSource& source,
                                const Mask& mask,
                                const MeasureOptions& options,
                                const Monitor& monitor) {
  const SeriesInfo& info = source.info();
  if (mask.height != info.height || mask.width != info.width)
    throw DataError(fmt::format("mask of {} x {} pixels does not fit the frames of {} x {} of {}",
                                mask.height,
                                mask.width,
                                info.height,
                                info.width,
                                info.path));
  if (info.frames < 1)
    throw DataError(fmt::format("{} has no frames", info.path));
  if (source.sparse())
    return measure_events(source, mask, options, monitor);
  return visit(info.type, [&](auto tag) {
    return Pass<typename decltype(tag)::type>(source, mask, options).run(monitor);
  });
}

DuplicatePixels find_duplicate_pixels(const SeriesStatistics& s, const Mask& mask) {
  constexpr double enough_counts2 = 20;
  DuplicatePixels found;
  std::map<std::tuple<std::uint32_t, double, double>, Index> first_of;
  for (std::size_t i = 0; i < s.mean.size(); ++i) {
    const double squares = s.variance[i] * static_cast<double>(s.good_frames - 1);
    if (mask.use[i] == 0 || !(s.variance[i] > 0) || (s.counts && squares < enough_counts2))
      continue;
    ++found.compared;
    const auto [place, fresh] =
        first_of.try_emplace({s.hash[i], s.mean[i], s.variance[i]}, static_cast<Index>(i));
    if (fresh)
      continue;
    if (found.pairs++ == 0) {
      found.first_pixel = place->second;
      found.second_pixel = static_cast<Index>(i);
    }
  }
  return found;
}

} // namespace vitrum::frames
