#include "vitrum/correlate/event_kernel.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "event_bias.hpp"
#include "event_lists.hpp"
#include "event_rows.hpp"
#include "event_scale.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index padded_entries = 16; // on average in a run: then pads are few
constexpr Index longest_padded = 2048;

/// Frames of a block: the lists of a pixel can be entered at every block. The shortest whose runs
/// are worth padding; of sparser events so many that pointers to the blocks take half the memory of
/// the frames in the lists, so that these stay in the cache.
Index choose_block(Index frames, Index pixels, Index events) {
  Index block = 64;
  while (block < longest_padded && events * block < padded_entries * pixels * frames)
    block *= 2;
  if (events * block >= padded_entries * pixels * frames)
    return block;
  while (block < detail::row_slots && 4 * pixels * (frames / block + 1) > events)
    block *= 2;
  return block;
}

bool choose_padding(Index frames, Index pixels, Index events, Index block) {
  return block <= longest_padded && events * block >= padded_entries * pixels * frames;
}

/// Whole numbers when nothing but the frame scales the counts, when sums fit 31 bits and when few
/// counts are above one (an event of n counts is n entries).
detail::PairWeight choose_weight(const EventMatrix& m, Index factors) {
  if (factors > 1 || !m.weight.empty())
    return detail::PairWeight::values;
  Index counts = 0;
  double most = 0; // Σ maximum² over the pixels of a group
  for (Index g = 0; g < m.groups.groups(); ++g) {
    double squares = 0;
    for (Index p = m.groups.group_begin[g]; p < m.groups.group_begin[g + 1]; ++p) {
      std::uint32_t maximum = 0;
      for (Index e = m.pixel_begin[p]; e < m.pixel_begin[p + 1]; ++e) {
        maximum = std::max(maximum, m.count[e]);
        counts += m.count[e];
      }
      squares += static_cast<double>(maximum) * static_cast<double>(maximum);
    }
    most = std::max(most, squares);
  }
  return most < 2147483648.0 && counts <= m.events() + m.events() / 2 ? detail::PairWeight::counts
                                                                      : detail::PairWeight::values;
}

template <class T>
T* row_buffer() { // of this thread, zero between uses
  thread_local std::vector<T> row(static_cast<std::size_t>(detail::row_slots), T{});
  return row.data();
}

void check_columns(Index cols) {
  if (cols > detail::most_columns)
    throw OptionError(
        fmt::format("tile of {} frames: at most {} with events", cols, detail::most_columns));
}

constexpr Index events_at_once = Index{1} << 20; // of each thread, for the bias of pairs

/// Events of frames one after the other.
struct FrameLists {
  std::vector<std::size_t> begin; // [frame + 1]
  std::vector<detail::PixelValue> events;
};

} // namespace

struct EventKernel::State {
  const EventMatrix& events;
  Normalization normalization;
  detail::EventScale scale;
  detail::PairWeight weight;
  Index block_frames;
  bool padded;
  detail::EventLists lists;
  std::vector<float> a, c;     // [frame]
  std::vector<float> marginal; // [group, frame]

  State(const EventMatrix& m, Normalization chosen)
      : events(m), normalization(chosen), scale(detail::make_event_scale(m, chosen)),
        weight(choose_weight(m, scale.factors)),
        block_frames(choose_block(m.frames, m.pixels(), m.events())),
        padded(choose_padding(m.frames, m.pixels(), m.events(), block_frames)),
        lists(detail::make_event_lists(m, weight, block_frames, padded, scale)),
        a(scale.a.begin(), scale.a.begin() + m.frames), c(scale.c.begin(), scale.c.end()),
        marginal(scale.marginal.begin(), scale.marginal.end()) {}

  template <class Sum, class Place, class Done>
  void
  product(Index group, Index row0, Index rows, Index col0, Index cols, Place&& place, Done&& done)
      const;

  /// Events with their values a x, pixels ascending, of each of the frames.
  [[nodiscard]] FrameLists list_events(std::span<const Index> frames) const;
  /// Calls visit(i, events of the first frame, of the second) for every pair i.
  template <class Visit>
  void each_pair(std::span<const FramePair> pairs, Visit&& visit) const;
};

FrameLists EventKernel::State::list_events(std::span<const Index> frames) const {
  const PixelGroups& groups = events.groups;
  FrameLists out;
  out.begin.assign(frames.size() + 1, 0);
  // Group by group, through the frames in their order: the lists of a group lie together.
  for (const detail::GroupLists& list : lists.groups)
    for (std::size_t i = 0; i < frames.size(); ++i)
      out.begin[i + 1] += list.frame_begin[frames[i] + 1] - list.frame_begin[frames[i]];
  std::partial_sum(out.begin.begin(), out.begin.end(), out.begin.begin());
  out.events.resize(out.begin.back());
  std::vector<std::size_t> at(out.begin.begin(), out.begin.end() - 1);
  for (Index g = 0; g < groups.groups(); ++g) {
    const detail::GroupLists& list = lists.groups[g];
    const Index first = groups.group_begin[g];
    for (std::size_t i = 0; i < frames.size(); ++i)
      for (std::uint32_t e = list.frame_begin[frames[i]]; e < list.frame_begin[frames[i] + 1]; ++e)
        out.events[at[i]++] = {first + list.pixel[e],
                               weight == detail::PairWeight::counts
                                   ? static_cast<double>(list.count[e]) * scale.factor(0, frames[i])
                                   : static_cast<double>(list.value[e])};
  }
  return out;
}

template <class Visit>
void EventKernel::State::each_pair(std::span<const FramePair> pairs, Visit&& visit) const {
  for (const FramePair pair : pairs)
    for (const Index frame : {pair.t1, pair.t2})
      if (frame < 0 || frame >= events.frames || scale.valid[frame] == 0)
        throw DataError(fmt::format("bias of a pair with frame {}, which is a gap", frame));
  const auto size = static_cast<Index>(pairs.size());
  const Index per_frame = events.events() / events.frames + 1;
  const Index batch = std::clamp(events_at_once / (2 * per_frame), Index{64}, Index{16384});
  const Index batches = (size + batch - 1) / batch;
  parallel_for(0, batches, 1, [&](Index b, Index) {
    const Index begin = b * batch, end = std::min(begin + batch, size);
    std::vector<Index> frames;
    for (Index i = begin; i < end; ++i)
      frames.insert(frames.end(), {pairs[i].t1, pairs[i].t2});
    std::sort(frames.begin(), frames.end());
    frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
    const FrameLists found = list_events(frames);
    const auto of = [&](Index frame) {
      const auto k = static_cast<std::size_t>(
          std::lower_bound(frames.begin(), frames.end(), frame) - frames.begin());
      return detail::FrameEvents{
          std::span(found.events).subspan(found.begin[k], found.begin[k + 1] - found.begin[k]),
          scale.c[frame]};
    };
    for (Index i = begin; i < end; ++i)
      visit(i, of(pairs[i].t1), of(pairs[i].t2));
  });
}

/// Row by row: `place(i)` says where the row goes, `done(i, count)` hears how much of it is there.
template <class Sum, class Place, class Done>
void EventKernel::State::product(
    Index group, Index row0, Index rows, Index col0, Index cols, Place&& place, Done&& done) const {
  const detail::GroupLists& list = lists.groups[group];
  const PixelGroups& groups = events.groups;
  const auto pixels =
      static_cast<double>(groups.group_begin[group + 1] - groups.group_begin[group]);
  const float* group_marginal = marginal.data() + group * events.frames;
  Sum* row = row_buffer<Sum>();
  const detail::Columns all = detail::make_columns(col0, col0 + cols, block_frames, events.frames);
  for (Index i = 0; i < rows; ++i) {
    const Index t1 = row0 + i;
    const Index wanted = std::min(cols, t1 - col0 + 1); // what lies behind the row's own frame is
                                                        // not needed
    if (wanted <= 0)
      continue;
    detail::Columns columns = all;
    Index until = col0 + cols; // of the frames that the walk may touch
    if (wanted < cols) {
      const Index end_of_block = std::min((t1 / block_frames + 1) * block_frames, events.frames);
      until = padded ? end_of_block : std::min(col0 + cols, end_of_block);
      columns = detail::make_columns(col0, until, block_frames, events.frames);
      columns.until_row = true;
    }
    detail::add_row_pairs(list, t1, columns, row);
    detail::RowTerms terms;
    terms.a1 = a[t1];
    terms.c1 = c[t1];
    terms.c2_factor =
        static_cast<float>(pixels * scale.c[t1] - scale.marginal[group * events.frames + t1]);
    float* const out = place(i);
    for (Index j = 0; j < wanted;) { // in runs that do not wrap around the row's slots
      const Index slot = (col0 + j) % detail::row_slots;
      const Index run = std::min(wanted - j, detail::row_slots - slot);
      terms.a2 = a.data() + col0 + j;
      terms.c2 = c.data() + col0 + j;
      terms.marginal = group_marginal + col0 + j;
      detail::finish_row(terms, row + slot, run, out + j);
      j += run;
    }
    for (Index t = col0 + wanted; t < until;) {
      const Index slot = t % detail::row_slots;
      const Index run = std::min(until - t, detail::row_slots - slot);
      std::fill_n(row + slot, run, Sum{0});
      t += run;
    }
    done(i, wanted);
  }
}

EventKernel::EventKernel(const EventMatrix& events, Normalization normalization) {
  if (events.frames < 1 || events.pixels() < 1)
    throw DataError(fmt::format(
        "two-time correlation of {} frames of {} pixels", events.frames, events.pixels()));
  state_ = std::make_unique<State>(events, normalization);
}

EventKernel::~EventKernel() = default;

std::string EventKernel::name() const {
  return state_->weight == detail::PairWeight::counts ? "events" : "events, weighted";
}
Normalization EventKernel::normalization() const {
  return state_->normalization;
}
Index EventKernel::frames() const {
  return state_->events.frames;
}
std::span<const std::uint8_t> EventKernel::valid() const {
  return state_->scale.valid;
}
std::span<const RejectedFrame> EventKernel::rejected() const {
  return state_->scale.rejected;
}
const PixelGroups& EventKernel::groups() const {
  return state_->events.groups;
}
std::span<const double> EventKernel::group_shift() const {
  return state_->scale.group_shift;
}

const EventMatrix& EventKernel::events() const {
  return state_->events;
}
const detail::EventScale& EventKernel::scale() const {
  return state_->scale;
}

void EventKernel::product(
    Index group, Index row0, Index rows, Index col0, Index cols, float* out, Index stride) const {
  check_columns(cols);
  const auto make = [&](auto sum) {
    state_->product<decltype(sum)>(
        group,
        row0,
        rows,
        col0,
        cols,
        [&](Index i) { return out + i * stride; },
        [](Index, Index) {});
  };
  if (state_->weight == detail::PairWeight::counts)
    make(std::uint32_t{});
  else
    make(float{});
}

void EventKernel::product_in_parts(Index group,
                                   Index row0,
                                   Index rows,
                                   Index col0,
                                   Index cols,
                                   float* work,
                                   Index stride,
                                   ProductParts& parts) const {
  check_columns(cols);
  const auto make = [&](auto sum) {
    state_->product<decltype(sum)>(
        group,
        row0,
        rows,
        col0,
        cols,
        [&](Index) { return work; }, // it stays in the first cache
        [&](Index i, Index wanted) { parts.finished(row0 + i, 1, col0, wanted, work, stride); });
  };
  if (state_->weight == detail::PairWeight::counts)
    make(std::uint32_t{});
  else
    make(float{});
}

Index EventKernel::strip_rows() const {
  return 512; // so many that the lists of a group, once in the cache, serve for long; of some two
              // thousand columns their sum takes 4 MB
}

void EventKernel::fluctuations(Index frame, std::span<float> out) const {
  const State& state = *state_;
  const double c = state.scale.c[frame];
  std::fill(out.begin(), out.end(), static_cast<float>(-c));
  if (state.scale.valid[frame] == 0)
    return;
  const Index one[] = {frame};
  for (const auto& [pixel, x] : state.list_events(one).events)
    out[pixel] = static_cast<float>(x - c);
}

std::vector<double> EventKernel::pair_bias(std::span<const FramePair> pairs) const {
  const detail::EventBias bias(groups(), normalization());
  std::vector<double> biases(pairs.size());
  state_->each_pair(
      pairs, [&](Index i, const detail::FrameEvents& first, const detail::FrameEvents& second) {
        biases[i] = bias.pair_bias(first, second);
      });
  return biases;
}

BlockProducts EventKernel::block_products(std::span<const FramePair> pairs) const {
  const detail::EventBias bias(groups(), normalization());
  std::vector<BlockProducts> products(pairs.size());
  state_->each_pair(
      pairs, [&](Index i, const detail::FrameEvents& first, const detail::FrameEvents& second) {
        products[i] = bias.block_products(first, second);
      });
  BlockProducts sum;
  for (const BlockProducts& pair : products) { // in their order, whatever the number of threads
    sum.observed += pair.observed;
    sum.independent += pair.independent;
  }
  return sum;
}

Index predicted_kernel_bytes(Index frames, Index pixels, Index events) {
  constexpr Index per_event = 4 + 4 + 4 + 2 + 4; // pixel, count or value, own; frame and value of
                                                 // the list
  constexpr Index per_event_blocks = 2;          // and pads
  return events * (per_event + per_event_blocks) + pixels * 8 + frames * 8;
}

} // namespace vitrum::correlate
