#include <algorithm>
#include <cmath>
#include <future>
#include <limits>

#include "series_kernel.hpp"
#include "series_pass.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::frames {
namespace {

/// All that is summed of one pixel, in half a cache line: events come in random order.
struct PixelSums {
  std::int64_t sum = 0;
  double squares = 0; // whole numbers: exact below 2^53
  std::uint32_t maximum = 0;
  std::uint32_t invalid = 0;
  std::uint32_t hash = 0;
};

class EventPass {
public:
  EventPass(FrameSource& source, const Mask& mask, const MeasureOptions& options)
      : source_(source), info_(source.info()), mask_(mask), good_(good_frames(info_, options)),
        sums_(static_cast<std::size_t>(info_.pixels())), in_use_(mask.count()),
        has_invalid_(can_hold<std::uint32_t>(info_.invalid_value)),
        invalid_(has_invalid_ ? static_cast<std::uint32_t>(info_.invalid_value) : 0),
        result_(empty_statistics(info_)) {
    // A block of frames is read while the one before is summed. A frame costs what its events do,
    // so blocks are of frames as dense as one byte in sixteen.
    block_ = std::max<Index>(1, 16 * (options.block_bytes / std::max<Index>(1, info_.pixels())));
  }

  SeriesStatistics run(const Monitor& monitor) {
    Progress progress(monitor, "measuring", "frames", info_.frames);
    EventList lists[2];
    const auto count_at = [&](Index first) {
      return std::min(block_, segment_end(first, info_.frames) - first);
    };
    source_.read_events(0, count_at(0), {}, lists[0]);
    Index which = 0;
    std::vector<PixelSums> at_start(sums_.size());
    for (Index first = 0; first < info_.frames;) {
      const Index count = count_at(first);
      std::future<void> next;
      if (first + count < info_.frames)
        next = std::async(std::launch::async, [&, first, count, which] {
          source_.read_events(first + count, count_at(first + count), {}, lists[1 - which]);
        });
      add_pixels(lists[which], first);
      add_frames(lists[which], first);
      if (first + count == segment_end(first, info_.frames))
        end_segment(first * series_segments / info_.frames, at_start);
      if (next.valid())
        next.get();
      progress.advance(count);
      first += count;
      which = 1 - which;
    }
    return finish();
  }

private:
  [[nodiscard]] bool is_invalid(std::uint32_t count) const {
    return has_invalid_ && count == invalid_;
  }

  /// Each thread takes a stripe of the pixels through all frames of the list.
  void add_pixels(const EventList& list, Index first) {
    const Index pixels = info_.pixels();
    const Index stripes = std::min(thread_count(), pixels);
    parallel_for(0, stripes, 1, [&](Index stripe, Index) {
      const auto low = static_cast<std::uint32_t>(pixels * stripe / stripes);
      const auto high = static_cast<std::uint32_t>(pixels * (stripe + 1) / stripes);
      for (Index f = 0; f < list.frames(); ++f) {
        if (good_[static_cast<std::size_t>(first + f)] == 0)
          continue;
        const std::uint32_t word = frame_word(first + f);
        const std::uint32_t* begin =
            list.pixel.data() + list.frame_begin[static_cast<std::size_t>(f)];
        const std::uint32_t* end =
            list.pixel.data() + list.frame_begin[static_cast<std::size_t>(f) + 1];
        begin = std::lower_bound(begin, end, low);
        end = std::lower_bound(begin, end, high);
        const std::uint32_t* counts = list.count.data() + (begin - list.pixel.data());
        constexpr Index ahead = 16;
        for (const std::uint32_t* p = begin; p < end; ++p) {
          if (p + ahead < list.pixel.data() + list.pixel.size())
            __builtin_prefetch(&sums_[p[ahead]], 1);
          add(sums_[*p], counts[p - begin], word);
        }
      }
    });
  }

  void add(PixelSums& sums, std::uint32_t count, std::uint32_t word) const {
    sums.hash += count * word;
    if (is_invalid(count)) {
      ++sums.invalid;
      return;
    }
    sums.sum += count;
    sums.squares += static_cast<double>(count) * static_cast<double>(count);
    sums.maximum = std::max(sums.maximum, count);
  }

  void add_frames(const EventList& list, Index first) {
    std::vector<std::uint8_t> zero(static_cast<std::size_t>(list.frames()), 0);
    parallel_for(0, list.frames(), 64, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f)
        zero[static_cast<std::size_t>(f)] = add_frame_numbers(list, f, first + f) ? 1 : 0;
    });
    for (Index f = 0; f < list.frames(); ++f) {
      if (zero[static_cast<std::size_t>(f)] != 0)
        result_.zero_frames.push_back(first + f);
      if (good_[static_cast<std::size_t>(first + f)] != 0) {
        ++result_.good_frames;
        ++result_.segment_frames[static_cast<std::size_t>((first + f) * series_segments /
                                                          info_.frames)];
      }
    }
  }

  /// True when every pixel in use holds zero.
  bool add_frame_numbers(const EventList& list, Index f, Index frame) {
    std::int64_t sum = 0;
    Index held = 0, invalid = 0;
    std::uint32_t low = std::numeric_limits<std::uint32_t>::max(), high = 0;
    for (Index e = list.frame_begin[static_cast<std::size_t>(f)];
         e < list.frame_begin[static_cast<std::size_t>(f) + 1];
         ++e) {
      const auto i = static_cast<std::size_t>(e);
      if (mask_.use[list.pixel[i]] == 0)
        continue;
      const std::uint32_t count = list.count[i];
      if (is_invalid(count)) {
        ++invalid;
        continue;
      }
      ++held;
      sum += count;
      low = std::min(low, count);
      high = std::max(high, count);
    }
    const Index valid = in_use_ - invalid;
    if (valid == 0)
      return false;
    const auto at = static_cast<std::size_t>(frame);
    result_.frame_mean[at] = static_cast<double>(sum) / static_cast<double>(valid);
    result_.frame_minimum[at] = held == valid ? low : 0;
    result_.frame_maximum[at] = high;
    return held == 0;
  }

  void end_segment(Index segment, std::vector<PixelSums>& at_start) {
    const auto frames =
        static_cast<double>(result_.segment_frames[static_cast<std::size_t>(segment)]);
    float* mean = result_.segment_mean.data() + segment * info_.pixels();
    parallel_for(0, info_.pixels(), Index{1} << 16, [&](Index begin, Index end) {
      for (Index p = begin; p < end; ++p) {
        const PixelSums& now = sums_[static_cast<std::size_t>(p)];
        PixelSums& start = at_start[static_cast<std::size_t>(p)];
        const double n = frames - (now.invalid - start.invalid);
        if (n > 0)
          mean[p] = static_cast<float>(static_cast<double>(now.sum - start.sum) / n);
        start = now;
      }
    });
  }

  SeriesStatistics finish() {
    const std::size_t n = sums_.size();
    result_.mean.resize(n);
    result_.variance.resize(n);
    result_.maximum.resize(n);
    result_.invalid.resize(n);
    result_.hash.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const PixelSums& sums = sums_[i];
      const double count = static_cast<double>(result_.good_frames) - sums.invalid;
      const auto sum = static_cast<double>(sums.sum);
      result_.mean[i] = count > 0 ? sum / count : unknown;
      result_.variance[i] =
          count > 1 ? std::max(0.0, (sums.squares - sum * (sum / count)) / (count - 1)) : unknown;
      result_.maximum[i] = count > 0 ? static_cast<double>(sums.maximum) : unknown;
      result_.invalid[i] = sums.invalid;
      result_.hash[i] = sums.hash;
    }
    return std::move(result_);
  }

  FrameSource& source_;
  const SeriesInfo& info_;
  const Mask& mask_;
  std::vector<std::uint8_t> good_;
  std::vector<PixelSums> sums_;
  Index in_use_;
  bool has_invalid_;
  std::uint32_t invalid_;
  Index block_ = 1;
  SeriesStatistics result_;
};

} // namespace

SeriesStatistics measure_events(FrameSource& source,
                                const Mask& mask,
                                const MeasureOptions& options,
                                const Monitor& monitor) {
  return EventPass(source, mask, options).run(monitor);
}

} // namespace vitrum::frames
