#include "vitrum/correlate/live_correlator.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index frames_at_a_time = 48;
constexpr std::size_t most_reasons = 100;

/// One bin with its share of the frames of a block.
struct Bin {
  PixelGroups groups;
  GrowingMap map;
  PixelG2Accumulator g2;
  Buffer<std::uint16_t> words; // [frame, pixel], of integers of up to 16 bits
  Buffer<float> floats;        // of all others
  std::vector<double> means;   // [frame] of the series
  double total = 0;
  LiveSignal signal;
  std::vector<float> first; // the picture of the first valid frame

  Bin(PixelGroups all, const LiveOptions& options)
      : groups(all), map(all, options.normalization, options.most_cells),
        g2(std::move(all), options.longest, options.g2) {}
};

template <class Out, class T>
double gather(
    const T* frame, const PixelGroups& groups, const frames::Marks& marks, Out* out, Index& bad) {
  double sum = 0;
  const bool marked = marks.any();
  for (std::size_t i = 0; i < groups.position.size(); ++i) {
    const T value = frame[groups.position[i]];
    if ((marked && marks.contain(static_cast<double>(value))) ||
        !std::isfinite(static_cast<double>(value))) {
      bad = groups.position[i];
      return sum;
    }
    out[i] = static_cast<Out>(value);
    sum += static_cast<double>(value);
  }
  return sum;
}

} // namespace

struct LiveCorrelator::State {
  frames::PixelType type;
  LiveOptions options;
  Index width, frame_bytes;
  bool words; // counts are kept as 16-bit integers
  std::vector<Bin> bins;
  std::vector<std::uint8_t> gaps;
  std::vector<std::string> reasons;

  State(const frames::Partition& partition, frames::PixelType pixel_type, const LiveOptions& chosen)
      : type(pixel_type), options(chosen), width(partition.width),
        frame_bytes(partition.width * partition.height * frames::size_of(pixel_type)),
        words(pixel_type == frames::PixelType::u8 || pixel_type == frames::PixelType::u16) {
    for (Index b = 1; b <= partition.bin_count(); ++b)
      bins.emplace_back(make_groups(partition.dynamic_labels,
                                    partition.static_labels,
                                    partition.width,
                                    b,
                                    options.groups),
                        options);
    for (Bin& bin : bins) {
      const Index values = frames_at_a_time * bin.groups.pixels();
      if (words)
        bin.words = Buffer<std::uint16_t>(values);
      else
        bin.floats = Buffer<float>(values);
    }
  }

  /// Fetches frame k and deals its pixels to the bins.
  Arrival load(Index k, Index in_block, const Fetch& fetch, std::byte* frame) {
    auto arrival = fetch(k, frame);
    if (arrival.kind != Arrival::Kind::whole)
      return arrival;
    Index bad = -1;
    for (Bin& bin : bins) {
      const Index pixels = bin.groups.pixels();
      const double sum = frames::visit(type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = reinterpret_cast<const T*>(frame);
        return words
                   ? gather(
                         from, bin.groups, options.marks, bin.words.data() + in_block * pixels, bad)
                   : gather(from,
                            bin.groups,
                            options.marks,
                            bin.floats.data() + in_block * pixels,
                            bad);
      });
      if (bad >= 0)
        return Arrival::damaged(fmt::format("no data at y {} x {}", bad / width, bad % width));
      bin.means[gaps.size() + static_cast<std::size_t>(in_block)] =
          sum / static_cast<double>(pixels);
    }
    return {};
  }

  void add_block(Index first, Index count, const Fetch& fetch) {
    for (Bin& bin : bins)
      bin.means.resize(gaps.size() + static_cast<std::size_t>(count), std::nan(""));
    std::vector<Arrival> came(static_cast<std::size_t>(count));
    parallel_for_with(
        0,
        count,
        1,
        [&] { return Buffer<std::byte>(frame_bytes); },
        [&](Buffer<std::byte>& frame, Index begin, Index end) {
          for (Index i = begin; i < end; ++i)
            came[i] = load(first + i, i, fetch, frame.data());
        });
    std::vector<std::uint8_t> valid;
    for (Index i = 0; i < count; ++i) {
      valid.push_back(came[i].kind == Arrival::Kind::whole ? 1 : 0);
      if (came[i].kind == Arrival::Kind::damaged && reasons.size() < most_reasons)
        reasons.push_back(
            fmt::format("frame {}: {}", static_cast<Index>(gaps.size()) + i, came[i].damage));
    }
    for (Bin& bin : bins)
      add_to(bin, valid);
    for (const auto flag : valid)
      gaps.push_back(flag == 0);
  }

  void add_to(Bin& bin, const std::vector<std::uint8_t>& valid) {
    const auto count = static_cast<Index>(valid.size());
    const Index pixels = bin.groups.pixels();
    PixelRows rows;
    rows.frames = count;
    rows.stride = pixels;
    if (words)
      rows.counts = static_cast<const std::uint16_t*>(bin.words.data());
    else
      rows.counts = static_cast<const float*>(bin.floats.data());
    auto matrix = make_pixel_matrix(count, bin.groups);
    matrix.valid = valid;
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index t = begin; t < end; ++t) {
        if (valid[t] == 0) {
          clear(bin, t, pixels);
          bin.means[gaps.size() + static_cast<std::size_t>(t)] = std::nan("");
        } else {
          std::visit(
              [&](const auto* from) { std::copy_n(from + t * pixels, pixels, matrix.row(t)); },
              rows.counts);
        }
      }
    });
    for (Index t = 0; t < count; ++t)
      if (valid[t] != 0)
        bin.total += bin.means[gaps.size() + static_cast<std::size_t>(t)];
    watch(bin, matrix);
    bin.g2.push(rows, valid);
    bin.map.push(std::move(matrix));
  }

  /// Is it speckle? Frame by frame only until it is known.
  static void watch(Bin& bin, const PixelMatrix& matrix) {
    const Index pixels = bin.groups.pixels();
    auto& signal = bin.signal;
    for (Index t = 0; t < matrix.frames && (signal.still || signal.flat); ++t) {
      if (matrix.valid[static_cast<std::size_t>(t)] == 0)
        continue;
      const float* const row = matrix.row(t);
      if (bin.first.empty())
        bin.first.assign(row, row + pixels);
      signal.still = signal.still && std::equal(row, row + pixels, bin.first.begin());
      signal.flat =
          signal.flat && std::all_of(row, row + pixels, [&](float v) { return v == row[0]; });
    }
  }

  /// What a frame that became a gap has left.
  void clear(Bin& bin, Index t, Index pixels) const {
    if (words)
      std::fill_n(bin.words.data() + t * pixels, pixels, std::uint16_t{0});
    else
      std::fill_n(bin.floats.data() + t * pixels, pixels, 0.0F);
  }
};

LiveCorrelator::LiveCorrelator(const frames::Partition& partition,
                               frames::PixelType type,
                               const LiveOptions& options)
    : state_(std::make_unique<State>(partition, type, options)) {
  if (state_->bins.empty())
    throw DataError("a partition without bins");
}

LiveCorrelator::~LiveCorrelator() = default;

void LiveCorrelator::push(Index frames, const Fetch& fetch) {
  if (frames > room())
    throw DataError(fmt::format(
        "{} frames, expected at most {}", this->frames() + frames, state_->options.longest));
  for (Index first = 0; first < frames; first += frames_at_a_time)
    state_->add_block(first, std::min(frames_at_a_time, frames - first), fetch);
}

Index LiveCorrelator::frames() const {
  return static_cast<Index>(state_->gaps.size());
}
Index LiveCorrelator::room() const {
  return state_->options.longest - frames();
}
const std::vector<std::uint8_t>& LiveCorrelator::gaps() const {
  return state_->gaps;
}
const std::vector<std::string>& LiveCorrelator::reasons() const {
  return state_->reasons;
}

LiveSignal LiveCorrelator::signal(Index number) const {
  const Bin& bin = state_->bins.at(static_cast<std::size_t>(number - 1));
  LiveSignal signal = bin.signal;
  signal.counts = bin.total != 0;
  signal.pixels = bin.groups.pixels();
  return signal;
}

LiveBin LiveCorrelator::bin(Index number) {
  Bin& bin = state_->bins.at(static_cast<std::size_t>(number - 1));
  LiveBin out;
  out.map = bin.map.map();
  out.cell_frames = bin.map.cell_frames();
  out.pixels = bin.groups.pixels();
  const auto valid = std::count(state_->gaps.begin(), state_->gaps.end(), std::uint8_t{0});
  if (valid >= 2)
    out.g2 = bin.g2.so_far();
  out.mean_counts = valid > 0 ? bin.total / static_cast<double>(valid) : std::nan("");
  out.frame_means = bin.means;
  out.frame_means.resize(state_->gaps.size()); // a push that threw has left room for its frames
  out.rejected = bin.map.rejected();
  return out;
}

} // namespace vitrum::correlate
