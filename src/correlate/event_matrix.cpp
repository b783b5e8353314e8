#include "vitrum/correlate/event_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "load_checks.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();

/// Events of all bins in the order of frames. Slots number the pixels of all bins one after the
/// other, each bin in its stored order.
struct FrameOrder {
  std::vector<Buffer<std::uint32_t>> slot, count; // of one block of frames each
  std::vector<std::vector<Index>> frame_begin;    // within the block
  std::vector<Index> first_frame;                 // of the block
};

/// Sorts the events into the lists of their pixels. Frames come in order, so lists ascend.
void fill_lists(const FrameOrder& order, std::vector<EventMatrix>& matrices) {
  Index slots = 0;
  for (const EventMatrix& m : matrices)
    slots += m.pixels();
  std::vector<Index> place(static_cast<std::size_t>(slots) + 1, 0);
  for (const Buffer<std::uint32_t>& block : order.slot)
    for (Index e = 0; e < block.size(); ++e)
      ++place[block[e] + 1];
  for (Index s = 0; s < slots; ++s)
    place[s + 1] += place[s];
  struct Target {
    std::uint32_t *frame, *count;
  };
  std::vector<Target> target;
  std::vector<std::uint32_t> bin_of(static_cast<std::size_t>(slots));
  Index first_slot = 0;
  for (EventMatrix& m : matrices) {
    const Index first_event = place[first_slot];
    const Index events = place[first_slot + m.pixels()] - first_event;
    m.frame = Buffer<std::uint32_t>(events);
    m.count = Buffer<std::uint32_t>(events);
    m.pixel_begin.resize(static_cast<std::size_t>(m.pixels()) + 1);
    for (Index p = 0; p <= m.pixels(); ++p)
      m.pixel_begin[p] = place[first_slot + p] - first_event;
    std::fill_n(bin_of.begin() + first_slot, m.pixels(), static_cast<std::uint32_t>(target.size()));
    target.push_back({m.frame.data() - first_event, m.count.data() - first_event});
    first_slot += m.pixels();
  }
  constexpr Index ahead = 24;
  for (std::size_t b = 0; b < order.slot.size(); ++b) {
    const Buffer<std::uint32_t>& slot = order.slot[b];
    for (Index f = 0; f + 1 < static_cast<Index>(order.frame_begin[b].size()); ++f) {
      const auto frame = static_cast<std::uint32_t>(order.first_frame[b] + f);
      for (Index e = order.frame_begin[b][f]; e < order.frame_begin[b][f + 1]; ++e) {
        if (e + ahead < slot.size())
          __builtin_prefetch(&place[slot[e + ahead]], 1);
        if (e + ahead / 2 < slot.size()) {
          const std::uint32_t next = slot[e + ahead / 2];
          __builtin_prefetch(target[bin_of[next]].frame + place[next], 1);
        }
        const std::uint32_t s = slot[e];
        const Index to = place[s]++;
        target[bin_of[s]].frame[to] = frame;
        target[bin_of[s]].count[to] = order.count[b][e];
      }
    }
  }
}

/// Reads blocks of frames and keeps their events by slot.
class Reader {
public:
  Reader(frames::FrameSource& source,
         const LoadOptions& options,
         std::vector<EventMatrix>& matrices)
      : source_(source), info_(source.info()), options_(options), matrices_(matrices),
        used_(static_cast<std::size_t>(info_.pixels()), 0),
        slot_of_(static_cast<std::size_t>(info_.pixels()), no_slot),
        has_invalid_(!std::isnan(info_.invalid_value)) {
    std::uint32_t next = 0;
    for (const EventMatrix& m : matrices_) {
      for (const Index position : m.groups.position) {
        slot_of_[position] = next++;
        used_[position] = 1;
      }
      slot_end_.push_back(next);
    }
  }

  FrameOrder run(const Monitor& monitor) {
    FrameOrder order;
    Progress progress(monitor, "reading", "frames", info_.frames);
    // A frame costs what its events do; it is taken to be one byte in sixteen of a dense one.
    const Index block =
        std::max<Index>(1, 16 * (options_.block_bytes / std::max<Index>(1, info_.pixels())));
    frames::EventList list;
    for (Index first = 0; first < info_.frames;) {
      const bool gap = is_bad(first);
      Index last = first + 1;
      while (last < info_.frames && last - first < block && is_bad(last) == gap)
        ++last;
      if (gap) // never looked at
        for (EventMatrix& m : matrices_) {
          std::fill(m.valid.begin() + first, m.valid.begin() + last, std::uint8_t{0});
          std::fill(m.mean_counts.begin() + first, m.mean_counts.begin() + last, frames::unknown);
        }
      else {
        source_.read_events(first, last - first, used_, list);
        add(list, first, order);
      }
      progress.advance(last - first);
      first = last;
    }
    return order;
  }

private:
  [[nodiscard]] bool is_bad(Index t) const {
    return !options_.bad_frames.empty() && options_.bad_frames[t] != 0;
  }

  void add(const frames::EventList& list, Index first, FrameOrder& order) {
    Buffer<std::uint32_t> slot(list.events()), count(list.events());
    std::vector<Index> bad(static_cast<std::size_t>(list.frames()), -1);
    parallel_for(0, list.frames(), 16, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f)
        bad[f] = add_frame(list, f, first + f, slot.data(), count.data());
    });
    for (Index f = 0; f < list.frames(); ++f)
      if (bad[f] >= 0)
        detail::throw_bad_value(info_.path, first + f, bad[f], info_.width);
    order.slot.push_back(std::move(slot));
    order.count.push_back(std::move(count));
    order.frame_begin.push_back(list.frame_begin);
    order.first_frame.push_back(first);
  }

  /// Returns the pixel of a value that holds no data, or −1.
  Index add_frame(const frames::EventList& list,
                  Index f,
                  Index frame,
                  std::uint32_t* slot,
                  std::uint32_t* count) {
    std::vector<std::int64_t> sum(matrices_.size(), 0);
    for (Index e = list.frame_begin[f]; e < list.frame_begin[f + 1]; ++e) {
      const std::uint32_t pixel = list.pixel[e];
      const std::uint32_t value = list.count[e];
      if (has_invalid_ && static_cast<double>(value) == info_.invalid_value)
        return pixel;
      slot[e] = slot_of_[pixel];
      count[e] = value;
      std::size_t m = 0;
      if (slot_end_.size() > 1)
        m = static_cast<std::size_t>(std::upper_bound(slot_end_.begin(), slot_end_.end(), slot[e]) -
                                     slot_end_.begin());
      sum[m] += value;
    }
    for (std::size_t m = 0; m < matrices_.size(); ++m)
      matrices_[m].mean_counts[frame] =
          static_cast<double>(sum[m]) / static_cast<double>(matrices_[m].pixels());
    return -1;
  }

  frames::FrameSource& source_;
  const frames::SeriesInfo& info_;
  const LoadOptions& options_;
  std::vector<EventMatrix>& matrices_;
  std::vector<std::uint8_t> used_;
  std::vector<std::uint32_t> slot_of_;
  std::vector<std::uint32_t> slot_end_; // of each matrix
  bool has_invalid_;
};

EventMatrix empty_matrix(Index frames, PixelGroups groups) {
  EventMatrix m;
  m.frames = frames;
  m.groups = std::move(groups);
  m.valid.assign(static_cast<std::size_t>(frames), 1);
  m.mean_counts.assign(static_cast<std::size_t>(frames), 0.0);
  return m;
}

} // namespace

Index EventMatrix::valid_frames() const {
  return static_cast<Index>(std::count(valid.begin(), valid.end(), std::uint8_t{1}));
}

Index predicted_event_bytes(const frames::Partition& partition, Index events) {
  constexpr Index per_event = 16;                // in the order of frames and in that of pixels
  constexpr Index per_frame_pixel = 5;           // slot, used
  constexpr Index per_pixel = 8 + 4 + 8 + 8 + 4; // place, bin, list, position, static bin
  const auto used = static_cast<Index>(partition.dynamic_labels.size()) -
                    std::count(partition.dynamic_labels.begin(), partition.dynamic_labels.end(), 0);
  return events * per_event + partition.height * partition.width * per_frame_pixel +
         used * per_pixel;
}

std::vector<EventMatrix> load_events(frames::FrameSource& source,
                                     const frames::Partition& partition,
                                     const std::vector<Index>& bins,
                                     const LoadOptions& options,
                                     const Monitor& monitor) {
  const frames::SeriesInfo& info = source.info();
  detail::check_load(info, partition, options);
  if (!options.dark.empty())
    throw OptionError("dark: makes every pixel of every frame count, events cannot hold that");
  if (options.frame_normalization)
    throw OptionError("frame normalization: changes every frame, events hold counts");
  if (info.frames > Index{no_slot})
    throw DataError(
        fmt::format("{}: {} frames, more than events can number", info.path, info.frames));
  std::vector<EventMatrix> matrices;
  std::vector<Index> chosen = detail::resolve_bins(partition, bins);
  std::sort(chosen.begin(), chosen.end());
  if (std::adjacent_find(chosen.begin(), chosen.end()) != chosen.end())
    throw OptionError(
        fmt::format("bin {}: asked for twice", *std::adjacent_find(chosen.begin(), chosen.end())));
  for (const Index bin : detail::resolve_bins(partition, bins)) {
    matrices.push_back(empty_matrix(info.frames,
                                    make_groups(partition.dynamic_labels,
                                                partition.static_labels,
                                                partition.width,
                                                bin,
                                                options.groups)));
    matrices.back().weight = detail::pixel_scale(matrices.back().groups, options, info.width);
  }
  FrameOrder order = Reader(source, options, matrices).run(monitor);
  if (matrices.front().valid_frames() == 0)
    throw DataError(fmt::format("{}: all frames are marked bad", info.path));
  fill_lists(order, matrices);
  return matrices;
}

EventMatrix make_event_matrix(const PixelMatrix& counts) {
  EventMatrix m = empty_matrix(counts.frames, counts.groups);
  m.valid = counts.valid;
  m.mean_counts = counts.mean_counts;
  std::vector<std::uint32_t> frame, count;
  m.pixel_begin.push_back(0);
  for (Index p = 0; p < m.pixels(); ++p) {
    for (Index t = 0; t < m.frames; ++t) {
      const float value = counts.row(t)[p];
      if (value == 0 || m.valid[t] == 0)
        continue;
      if (!(value > 0) || value != std::floor(value) || value >= 4294967296.0F)
        throw DataError(fmt::format("frame {} pixel {}: {} is no count", t, p, value));
      frame.push_back(static_cast<std::uint32_t>(t));
      count.push_back(static_cast<std::uint32_t>(value));
    }
    m.pixel_begin.push_back(static_cast<Index>(frame.size()));
  }
  m.frame = Buffer<std::uint32_t>(static_cast<Index>(frame.size()));
  m.count = Buffer<std::uint32_t>(static_cast<Index>(frame.size()));
  std::copy(frame.begin(), frame.end(), m.frame.data());
  std::copy(count.begin(), count.end(), m.count.data());
  return m;
}

PixelMatrix make_pixel_matrix(const EventMatrix& events) {
  PixelMatrix m = make_pixel_matrix(events.frames, events.groups);
  m.valid = events.valid;
  m.mean_counts = events.mean_counts;
  for (Index p = 0; p < m.pixels(); ++p)
    for (Index e = events.pixel_begin[p]; e < events.pixel_begin[p + 1]; ++e)
      m.row(events.frame[e])[p] = events.value(p, e);
  return m;
}

} // namespace vitrum::correlate
