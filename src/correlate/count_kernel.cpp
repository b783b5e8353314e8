#include "vitrum/correlate/count_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "bias_batch.hpp"
#include "bit_counts.hpp"
#include "count_layout.hpp"
#include "panel_loop.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index longest_run = 4096; // pixels: 4096 · 127² < 2^31, and 1024 cells fit the cache
constexpr double centred_from = 2;  // mean counts; below, nothing large cancels

/// Pixels of a run so that sums of products stay below 2^31.
Index longest_for(std::uint32_t largest) {
  const double square = static_cast<double>(largest) * static_cast<double>(largest);
  return std::min(longest_run, static_cast<Index>(2147483647.0 / std::max(square, 1.0)));
}

} // namespace

struct CountKernel::State {
  CountMatrix counts; // packed
  Normalization normalization;
  SimdLevel level;
  detail::CountLayout layout;
  Index padded = 0; // frames of whole panels
  bool centred = false;
  std::vector<float> a, v;         // [set, padded frame]
  std::vector<std::int32_t> c;     // [set, padded frame]
  std::vector<std::int32_t> sum;   // [run, padded frame]
  std::vector<double> group_shift; // [group, frame]
  std::vector<RejectedFrame> rejected;
  std::optional<detail::BitCounts> bits; // in place of the packed counts

  State(CountMatrix matrix, Normalization n, CountForm form, SimdLevel chosen)
      : counts(std::move(matrix)), normalization(n), level(chosen),
        layout(detail::make_count_layout(counts.groups,
                                         n == Normalization::static_bin,
                                         form == CountForm::bits ? 32
                                         : counts.wide()         ? 2
                                                                 : 4,
                                         longest_for(counts.largest))),
        padded(whole_panels(counts.frames)),
        a(static_cast<std::size_t>(layout.sets * padded), 0.0F), v(a.size(), 0.0F), c(a.size(), 0),
        sum(layout.runs.size() * static_cast<std::size_t>(padded), 0),
        group_shift(static_cast<std::size_t>(counts.groups.groups() * counts.frames), 0.0) {
    if (form == CountForm::bits)
      bits.emplace(counts.frames, layout.slots);
    else if (layout.slots > counts.stride)
      throw DataError(
          fmt::format("{} places of packed counts in rows of {}", layout.slots, counts.stride));
    if (counts.wide())
      pack(counts.words.data());
    else
      pack(counts.bytes.data());
    if (bits) {
      bits->finish(panel_kernels(level));
      counts.words = {};
      counts.bytes = {};
    }
  }

  template <class T>
  void pack(T* values) {
    const PanelKernels& kernels = panel_kernels(level);
    constexpr Index per_cell = 4 / Index{sizeof(T)};
    const Index stride = counts.stride;
    std::vector<std::string> reason(static_cast<std::size_t>(counts.frames));
    std::vector<std::uint8_t> any_centred(static_cast<std::size_t>(padded / panel_frames), 0);
    constexpr Index whole_words = 192; // frames of whole panels and of whole words of 64 bits
    parallel_for(0, padded, bits ? whole_words : panel_frames, [&](Index begin, Index end) {
      // In the order of the layout; of one frame is enough for bits.
      const Index row_stride = bits ? layout.slots : stride;
      Buffer<T> rows((bits ? 1 : panel_frames) * row_stride);
      std::fill_n(rows.data(), rows.size(), T{0});
      std::vector<double> squares(layout.runs.size());
      for (Index t = begin; t < std::min(end, counts.frames); ++t) {
        if (counts.valid[t] == 0)
          continue;
        T* row = rows.data() + (bits ? 0 : t - begin) * row_stride;
        const T* from = values + t * stride;
        for (const detail::CountSpan& span : layout.spans)
          std::copy_n(from + span.from, span.count, row + span.to);
        sum_runs(row, t, squares);
        reason[t] = scale(t, squares);
        if (!reason[t].empty()) {
          counts.valid[t] = 0;
          std::fill_n(row, row_stride, T{0});
          for (Index set = 0; set < layout.sets; ++set) {
            a[set * padded + t] = v[set * padded + t] = 0;
            c[set * padded + t] = 0;
          }
          for (std::size_t r = 0; r < layout.runs.size(); ++r)
            sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)] = 0;
        }
        for (Index set = 0; set < layout.sets; ++set)
          if (c[set * padded + t] != 0)
            any_centred[begin / panel_frames] = 1;
        if (bits)
          bits->set_frame(t, row);
      }
      if (bits)
        return;
      pack_panel(kernels,
                 reinterpret_cast<const std::uint32_t*>(rows.data()),
                 stride / per_cell,
                 reinterpret_cast<std::uint32_t*>(values + begin * stride));
    });
    centred =
        std::find(any_centred.begin(), any_centred.end(), std::uint8_t{1}) != any_centred.end();
    for (Index t = 0; t < counts.frames; ++t)
      if (!reason[t].empty())
        rejected.push_back({t, std::move(reason[t])});
  }

  template <class T>
  void sum_runs(const T* row, Index t, std::vector<double>& squares) {
    for (std::size_t r = 0; r < layout.runs.size(); ++r) {
      const detail::CountRun& run = layout.runs[r];
      const CountSums sums = count_sums(row + run.first, run.slots);
      sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)] = sums.sum;
      squares[r] = static_cast<double>(sums.square);
    }
  }

  /// Factors of one frame and its shifts of groups. Returns why it has no fluctuations, or "".
  std::string scale(Index t, const std::vector<double>& squares) {
    const auto sets = static_cast<std::size_t>(layout.sets);
    std::vector<double> total(sets, 0.0), square(sets, 0.0), pixels(sets, 0.0);
    const auto run_sum = [&](std::size_t r) {
      return static_cast<double>(
          sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)]);
    };
    for (std::size_t r = 0; r < layout.runs.size(); ++r) {
      const auto set = static_cast<std::size_t>(layout.runs[r].set);
      total[set] += run_sum(r);
      square[set] += squares[r];
      pixels[set] += static_cast<double>(layout.runs[r].pixels);
    }
    const bool corrcoef = normalization == Normalization::corrcoef;
    std::vector<double> factor(sets), offset(sets);
    for (std::size_t s = 0; s < sets; ++s) {
      const double mean = total[s] / pixels[s];
      const double variance = square[s] / pixels[s] - mean * mean; // of whole numbers: exact enough
      if (corrcoef && !(square[s] * pixels[s] > total[s] * total[s]))
        return "all pixels of the bin are equal";
      if (!corrcoef && !(mean > 0))
        return sets == 1 ? fmt::format("the mean of the bin is {}", mean)
                         : fmt::format("the mean of static bin {} of {} is {}", s + 1, sets, mean);
      factor[s] = corrcoef ? 1 / std::sqrt(variance) : 1 / mean;
      offset[s] = corrcoef ? mean * factor[s] : 1;
      const auto at = s * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t);
      const double centre = mean >= centred_from ? std::round(mean) : 0;
      a[at] = static_cast<float>(factor[s]);
      c[at] = static_cast<std::int32_t>(centre);
      v[at] = static_cast<float>((mean - centre) * factor[s]);
    }
    for (Index g = 0; g < counts.groups.groups(); ++g) {
      double shift = 0;
      for (Index r = layout.group_begin[g]; r < layout.group_begin[g + 1]; ++r) {
        const detail::CountRun& run = layout.runs[r];
        const auto n = static_cast<double>(run.pixels);
        const double f = factor[run.set], o = offset[run.set],
                     s = run_sum(static_cast<std::size_t>(r));
        shift +=
            corrcoef ? (f * f * squares[r] - 2 * f * o * s + n * o * o - n) / 2 : f * s - n * o;
      }
      group_shift[g * counts.frames + t] =
          shift /
          static_cast<double>(counts.groups.group_begin[g + 1] - counts.groups.group_begin[g]);
    }
    return "";
  }

  /// δ of the pixels from `first` on.
  void unpack(Index frame, Index first, std::span<float> out) const;

  /// The cells of a frame; they are 48 apart.
  [[nodiscard]] const std::uint32_t* column(Index frame) const {
    const Index panel = frame / panel_frames * panel_frames;
    const auto* bytes = counts.wide() ? reinterpret_cast<const std::uint8_t*>(counts.words.data())
                                      : counts.bytes.data();
    return reinterpret_cast<const std::uint32_t*>(bytes +
                                                  panel * counts.stride * (counts.wide() ? 2 : 1)) +
           (frame - panel);
  }
};

CountKernel::CountKernel(CountMatrix counts,
                         Normalization normalization,
                         CountForm form,
                         SimdLevel level) {
  if (counts.frames < 1 || counts.pixels() < 1)
    throw DataError(fmt::format(
        "two-time correlation of {} frames of {} pixels", counts.frames, counts.pixels()));
  if (counts.largest > largest_count)
    throw OptionError(fmt::format(
        "counts up to {}: products of integers take up to {}", counts.largest, largest_count));
  state_ = std::make_unique<State>(std::move(counts), normalization, form, level);
}
CountKernel::~CountKernel() = default;

std::string CountKernel::name() const {
  const char* form = state_->bits ? "bits" : state_->counts.wide() ? "words" : "bytes";
  return fmt::format("{} {}", form, name_of(state_->level));
}
Normalization CountKernel::normalization() const {
  return state_->normalization;
}
Index CountKernel::frames() const {
  return state_->counts.frames;
}
std::span<const std::uint8_t> CountKernel::valid() const {
  return state_->counts.valid;
}
std::span<const RejectedFrame> CountKernel::rejected() const {
  return state_->rejected;
}
const PixelGroups& CountKernel::groups() const {
  return state_->counts.groups;
}
std::span<const double> CountKernel::group_shift() const {
  return state_->group_shift;
}

void CountKernel::State::unpack(Index frame, Index first, std::span<float> out) const {
  const std::uint32_t* cells = bits ? nullptr : column(frame);
  const Index per_cell = counts.wide() ? 2 : 4;
  const int width = counts.wide() ? 16 : 8;
  const bool by_static = layout.sets > 1;
  for (Index i = 0; i < static_cast<Index>(out.size()); ++i) {
    const Index place = layout.place[first + i];
    std::int32_t x = 0;
    if (bits) {
      x = static_cast<std::int32_t>(bits->count(frame, place));
    } else {
      const std::uint32_t cell = cells[place / per_cell * panel_frames];
      const int shift = width * static_cast<int>(place % per_cell);
      x = static_cast<std::int32_t>((cell >> shift) & ((1U << width) - 1));
    }
    const Index at = (by_static ? counts.groups.static_bin[first + i] : 0) * padded + frame;
    out[i] = a[at] * static_cast<float>(x - c[at]) - v[at];
  }
}

void CountKernel::fluctuations(Index frame, std::span<float> out) const {
  state_->unpack(frame, 0, out);
}

std::vector<double> CountKernel::pair_bias(std::span<const FramePair> pairs) const {
  if (!bias_from_moments(groups(), normalization()))
    return TileKernel::pair_bias(pairs);
  return batch_pair_bias(
      *this, pairs, [this](std::span<const Index> frames, Index first, Index count, float* out) {
        for (const Index frame : frames) {
          state_->unpack(frame, first, {out, static_cast<std::size_t>(count)});
          out += count;
        }
      });
}

void CountKernel::product(
    Index group, Index row0, Index rows, Index col0, Index cols, float* out, Index stride) const {
  const State& s = *state_;
  const PanelKernels& kernels = panel_kernels(s.level);
  const auto integers = s.counts.wide() ? kernels.words : kernels.bytes;
  const Index per_cell = s.counts.wide() ? 2 : 4;
  const auto padded = s.padded;
  std::vector<float> u(static_cast<std::size_t>(rows)), w(static_cast<std::size_t>(cols));
  std::vector<std::int32_t> shifted(static_cast<std::size_t>(cols));
  alignas(64) std::int32_t sums[sliver_frames * panel_frames];
  detail::BitCounts::Sums bit_sums;
  for (Index r = s.layout.group_begin[group]; r < s.layout.group_begin[group + 1]; ++r) {
    const detail::CountRun& run = s.layout.runs[r];
    const float* a = s.a.data() + run.set * padded;
    const float* v = s.v.data() + run.set * padded;
    const std::int32_t* c = s.c.data() + run.set * padded;
    const std::int32_t* total = s.sum.data() + r * padded;
    const auto n = static_cast<std::int32_t>(run.pixels);
    for (Index i = 0; i < rows; ++i) {
      const Index t = row0 + i;
      u[i] = a[t] * static_cast<float>(total[t] - n * c[t]);
    }
    for (Index j = 0; j < cols; ++j) {
      const Index t = col0 + j;
      shifted[j] = total[t] - n * c[t];
      w[j] = static_cast<float>(n) * v[t] - a[t] * static_cast<float>(shifted[j]);
    }
    const bool add = r > s.layout.group_begin[group];
    if (s.bits)
      s.bits->products(kernels, run, row0, rows, col0, cols, bit_sums);
    const Index skipped = run.first / per_cell * panel_frames;
    for_panel_blocks(row0, rows, col0, cols, [&](const PanelBlock& block) {
      std::int32_t* values = sums;
      if (s.bits)
        values = bit_sums.at(block.row, block.col);
      else
        integers(s.column(block.row) + skipped,
                 s.column(block.col) + skipped,
                 run.slots / per_cell,
                 sums);
      const Index t1 = block.row + block.first_row, t2 = block.col + block.first_col;
      const Index i = t1 - row0, j = t2 - col0;
      kernels.rescale(values + block.first_row * panel_frames + block.first_col,
                      block.rows,
                      block.cols,
                      {a + t1, v + t1, u.data() + i, c + t1, total + t1},
                      {a + t2, v + t2, w.data() + j, c + t2, shifted.data() + j},
                      s.centred,
                      out + i * stride + j,
                      stride,
                      add);
    });
  }
}

} // namespace vitrum::correlate
