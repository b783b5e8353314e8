#include "event_patterns.hpp"

#include <algorithm>

namespace vitrum::app {
namespace {

/// Some frames of a series that another one owns.
class Part final : public frames::FrameSource {
public:
  Part(frames::FrameSource& source, Index first, Index last)
      : source_(source), first_(first), info_(source.info()) {
    info_.frames = last - first;
    info_.timestamps_s.clear();
  }
  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }
  void read(Index first, Index count, std::byte* out) override {
    source_.read(first_ + first, count, out);
  }
  [[nodiscard]] bool sparse() const override { return source_.sparse(); }
  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   frames::EventList& out) override {
    source_.read_events(first_ + first, count, used, out);
  }

private:
  frames::FrameSource& source_;
  Index first_;
  frames::SeriesInfo info_;
};

/// Each pixel as a multiple of its mean over the series: what is left are the speckles that move,
/// not the beam, the detector or a static pattern, which would speak against any shift.
Pattern pattern(XpcsPlan& plan, Index bin, Index first, Index last) {
  const auto& all = plan.statistics;
  first = std::max<Index>(first, 0);
  last = std::min(last, all.frames);
  frames::MeasureOptions options;
  for (Index f = first; f < last; ++f)
    if (plan.series.bad[static_cast<std::size_t>(f)] != 0)
      options.bad_frames.push_back(f - first);
  if (first >= last || static_cast<Index>(options.bad_frames.size()) == last - first)
    return {};
  Part part(*plan.series.source, first, last);
  const auto mean = frames::measure_series(part, plan.mask, options).mean;
  Pattern out{all.height, all.width, {}, {}};
  out.values.assign(mean.size(), 0);
  out.used.assign(mean.size(), 0);
  for (std::size_t p = 0; p < mean.size(); ++p)
    if (plan.partition.dynamic_labels[p] == bin && all.mean[p] > 0 && mean[p] >= 0) {
      out.used[p] = 1;
      out.values[p] = mean[p] / all.mean[p];
    }
  return out;
}

} // namespace

PatternOf patterns_of(XpcsPlan& plan) {
  return [&plan](Index bin, Index first, Index last) { return pattern(plan, bin, first, last); };
}

} // namespace vitrum::app
