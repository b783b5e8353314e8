#include "count_state.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index longest_run = 4096; // pixels: 4096 · 127² < 2^31, and 1024 cells fit the cache
constexpr Index longest_run_of_bits = 32768; // the same number of cells
constexpr double centred_from = 2;           // mean counts; below, nothing large cancels

/// Pixels of a run so that sums of products stay below 2^31.
Index longest_for(std::uint32_t largest, CountForm form) {
  const double square = static_cast<double>(largest) * static_cast<double>(largest);
  return std::min(form == CountForm::bits ? longest_run_of_bits : longest_run,
                  static_cast<Index>(2147483647.0 / std::max(square, 1.0)));
}

} // namespace

CountKernel::State::State(CountMatrix matrix, Normalization n, CountForm form, SimdLevel chosen)
    : counts(std::move(matrix)), normalization(n), level(chosen),
      layout(detail::make_count_layout(counts.groups,
                                       n == Normalization::static_bin,
                                       form == CountForm::bits ? 32
                                       : counts.wide()         ? 2
                                                               : 4,
                                       longest_for(counts.largest, form))),
      padded(whole_panels(counts.frames)), a(static_cast<std::size_t>(layout.sets * padded), 0.0F),
      v(a.size(), 0.0F), c(a.size(), 0),
      sum(layout.runs.size() * static_cast<std::size_t>(padded), 0),
      factor(static_cast<std::size_t>(layout.sets * counts.frames), 0.0),
      offset(factor.size(), 0.0), total(factor.size(), 0.0), square(factor.size(), 0.0),
      group_shift(static_cast<std::size_t>(counts.groups.groups() * counts.frames), 0.0) {
  if (form == CountForm::bits)
    bits.emplace(counts.frames, layout.slots, level);
  else if (layout.slots > counts.stride)
    throw DataError(
        fmt::format("{} places of packed counts in rows of {}", layout.slots, counts.stride));
  if (bits) {
    if (counts.wide())
      pack_bits(counts.words.data());
    else
      pack_bits(counts.bytes.data());
    bits->finish();
    counts.words = {};
    counts.bytes = {};
  } else if (counts.wide())
    pack(counts.words.data());
  else
    pack(counts.bytes.data());
}

template <class T>
void CountKernel::State::pack(T* values) {
  const PanelKernels& kernels = panel_kernels(level);
  const Index stride = counts.stride;
  std::vector<std::string> reason(static_cast<std::size_t>(counts.frames));
  const auto make_rows = [&] { // in the order of the layout
    Buffer<T> rows(panel_frames * stride);
    std::fill_n(rows.data(), rows.size(), T{0});
    return rows;
  };
  parallel_for_with(
      0, padded, panel_frames, make_rows, [&](Buffer<T>& rows, Index begin, Index end) {
        std::vector<double> squares(layout.runs.size());
        for (Index t = begin; t < end; ++t) {
          T* row = rows.data() + (t - begin) * stride;
          if (t >= counts.frames || counts.valid[t] == 0) {
            std::fill_n(row, stride, T{0});
            continue;
          }
          const T* from = values + t * stride;
          for (const detail::CountSpan& span : layout.spans)
            std::copy_n(from + span.from, span.count, row + span.to);
          sum_runs(row, t, squares);
          if (!scale_or_reject(t, squares, reason[t]))
            std::fill_n(row, stride, T{0});
        }
        pack_panel(kernels,
                   reinterpret_cast<const std::uint32_t*>(rows.data()),
                   stride / per_cell(),
                   reinterpret_cast<std::uint32_t*>(values + begin * stride));
      });
  list_rejected(reason);
}

/// Where the pixels of each run begin in stored order; −1: they do not follow each other there.
std::vector<Index> CountKernel::State::runs_in_stored_order() const {
  std::vector<Index> begin;
  auto span = layout.spans.begin();
  for (const detail::CountRun& run : layout.runs) {
    while (span != layout.spans.end() && span->to + span->count <= run.first)
      ++span;
    const bool whole = span != layout.spans.end() && span->to <= run.first &&
                       run.first + run.pixels <= span->to + span->count;
    begin.push_back(whole ? span->from + run.first - span->to : -1);
  }
  return begin;
}

template <class T>
void CountKernel::State::pack_bits(const T* values) {
  struct Rows {
    Buffer<std::uint32_t> cells; // of a panel
    std::vector<T> counts; // of a frame in the order of the layout, when the stored is another
  };
  const Index cells = bits->cell_stride();
  const std::vector<Index> stored = runs_in_stored_order();
  const bool in_order = std::find(stored.begin(), stored.end(), -1) == stored.end();
  std::vector<std::string> reason(static_cast<std::size_t>(counts.frames));
  const auto make_rows = [&] {
    Rows rows{Buffer<std::uint32_t>(panel_frames * cells), {}};
    std::fill_n(rows.cells.data(), rows.cells.size(), std::uint32_t{0});
    if (!in_order)
      rows.counts.assign(static_cast<std::size_t>(layout.slots), T{0});
    return rows;
  };
  parallel_for_with(0, padded, panel_frames, make_rows, [&](Rows& rows, Index begin, Index end) {
    std::vector<double> squares(layout.runs.size());
    for (Index t = begin; t < end; ++t) {
      std::uint32_t* const row = rows.cells.data() + (t - begin) * cells;
      if (t >= counts.frames || counts.valid[t] == 0) {
        std::fill_n(row, cells, std::uint32_t{0});
        continue;
      }
      const T* const from = values + t * counts.stride;
      if (!in_order)
        for (const detail::CountSpan& span : layout.spans)
          std::copy_n(from + span.from, span.count, rows.counts.data() + span.to);
      for (std::size_t r = 0; r < layout.runs.size(); ++r) {
        const detail::CountRun& run = layout.runs[r];
        const CountSums sums =
            bits->take_run(t,
                           run.first,
                           std::span(in_order ? from + stored[r] : rows.counts.data() + run.first,
                                     static_cast<std::size_t>(run.pixels)),
                           row);
        sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)] = sums.sum;
        squares[r] = static_cast<double>(sums.square);
      }
      if (!scale_or_reject(t, squares, reason[t])) {
        std::fill_n(row, cells, std::uint32_t{0});
        bits->drop_frame(t);
      }
    }
    bits->set_panel(begin / panel_frames, rows.cells.data());
  });
  list_rejected(reason);
}

bool CountKernel::State::scale_or_reject(Index t,
                                         const std::vector<double>& squares,
                                         std::string& reason) {
  reason = scale(t, squares);
  if (reason.empty())
    return true;
  counts.valid[t] = 0;
  for (Index set = 0; set < layout.sets; ++set) {
    a[set * padded + t] = v[set * padded + t] = 0;
    c[set * padded + t] = 0;
    for (auto* const values_of_set : {&factor, &offset, &total, &square})
      (*values_of_set)[set * counts.frames + t] = 0;
  }
  for (std::size_t r = 0; r < layout.runs.size(); ++r)
    sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)] = 0;
  return false;
}

void CountKernel::State::list_rejected(std::vector<std::string>& reason) {
  centred = std::any_of(c.begin(), c.end(), [](std::int32_t one) { return one != 0; });
  for (Index t = 0; t < counts.frames; ++t)
    if (!reason[t].empty())
      rejected.push_back({t, std::move(reason[t])});
}

template <class T>
void CountKernel::State::sum_runs(const T* row, Index t, std::vector<double>& squares) {
  for (std::size_t r = 0; r < layout.runs.size(); ++r) {
    const detail::CountRun& run = layout.runs[r];
    const CountSums sums = count_sums(row + run.first, run.slots);
    sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)] = sums.sum;
    squares[r] = static_cast<double>(sums.square);
  }
}

/// Factors of one frame and its shifts of groups. Returns why it has no fluctuations, or "".
std::string CountKernel::State::scale(Index t, const std::vector<double>& squares) {
  const Index sets = layout.sets;
  std::vector<double> pixels(static_cast<std::size_t>(sets), 0.0);
  const auto run_sum = [&](std::size_t r) {
    return static_cast<double>(
        sum[r * static_cast<std::size_t>(padded) + static_cast<std::size_t>(t)]);
  };
  for (std::size_t r = 0; r < layout.runs.size(); ++r) {
    const Index at = layout.runs[r].set * counts.frames + t;
    total[at] += run_sum(r);
    square[at] += squares[r];
    pixels[layout.runs[r].set] += static_cast<double>(layout.runs[r].pixels);
  }
  const bool corrcoef = normalization == Normalization::corrcoef;
  for (Index s = 0; s < sets; ++s) {
    const Index at = s * counts.frames + t;
    const double mean = total[at] / pixels[s];
    // of whole numbers: exact enough
    const double variance = square[at] / pixels[s] - mean * mean;
    if (corrcoef && !(square[at] * pixels[s] > total[at] * total[at]))
      return "all pixels of the bin are equal";
    if (!corrcoef && !(mean > 0))
      return sets == 1 ? fmt::format("the mean of the bin is {}", mean)
                       : fmt::format("the mean of static bin {} of {} is {}", s + 1, sets, mean);
    factor[at] = corrcoef ? 1 / std::sqrt(variance) : 1 / mean;
    offset[at] = corrcoef ? mean * factor[at] : 1;
    const double centre = mean >= centred_from ? std::round(mean) : 0;
    a[s * padded + t] = static_cast<float>(factor[at]);
    c[s * padded + t] = static_cast<std::int32_t>(centre);
    v[s * padded + t] = static_cast<float>((mean - centre) * factor[at]);
  }
  for (Index g = 0; g < counts.groups.groups(); ++g) {
    double shift = 0;
    for (Index r = layout.group_begin[g]; r < layout.group_begin[g + 1]; ++r) {
      const detail::CountRun& run = layout.runs[r];
      const auto n = static_cast<double>(run.pixels);
      const double f = factor[run.set * counts.frames + t], o = offset[run.set * counts.frames + t],
                   s = run_sum(static_cast<std::size_t>(r));
      shift += corrcoef ? (f * f * squares[r] - 2 * f * o * s + n * o * o - n) / 2 : f * s - n * o;
    }
    group_shift[g * counts.frames + t] =
        shift /
        static_cast<double>(counts.groups.group_begin[g + 1] - counts.groups.group_begin[g]);
  }
  return "";
}

const std::uint32_t* CountKernel::State::panels() const {
  if (bits)
    return bits->cells();
  return counts.wide() ? reinterpret_cast<const std::uint32_t*>(counts.words.data())
                       : reinterpret_cast<const std::uint32_t*>(counts.bytes.data());
}

const std::uint32_t* CountKernel::State::expand(const std::uint32_t* row,
                                                Index frame,
                                                Index first_cell,
                                                Index cells,
                                                std::vector<std::uint32_t>& wide) const {
  auto* const words = reinterpret_cast<std::uint16_t*>(wide.data());
  detail::count_rows(level).expand_bits(row, cells, words);
  bits->add_excess(frame, first_cell * per_cell(), cells * per_cell(), words);
  return wide.data();
}

void CountKernel::State::scale_cells(const std::uint32_t* cells,
                                     Index frame,
                                     Index set,
                                     Index first,
                                     Index count,
                                     float* out) const {
  const detail::CountRows& rows = detail::count_rows(level);
  const Index at = set * padded + frame;
  const auto centre = static_cast<float>(c[at]);
  if (!bits && !counts.wide()) {
    rows.scale_bytes(
        reinterpret_cast<const std::uint8_t*>(cells) + first, count, a[at], centre, v[at], out);
    return;
  }
  rows.scale_words(
      reinterpret_cast<const std::uint16_t*>(cells) + first, count, a[at], centre, v[at], out);
}

void CountKernel::State::fluctuations(Index frame, std::span<float> out) const {
  const Index cells = (layout.slots + per_cell() - 1) / per_cell();
  std::vector<std::uint32_t> row(static_cast<std::size_t>(cells));
  const std::uint32_t* from = column(frame);
  for (Index k = 0; k < cells; ++k)
    row[k] = from[k * panel_frames];
  std::vector<std::uint32_t> wide(bits ? static_cast<std::size_t>(16 * cells) : 0);
  const std::uint32_t* const values = bits ? expand(row.data(), frame, 0, cells, wide) : row.data();
  std::vector<float> placed(static_cast<std::size_t>(layout.slots));
  for (const detail::CountRun& run : layout.runs)
    scale_cells(values, frame, run.set, run.first, run.slots, placed.data() + run.first);
  for (const detail::CountSpan& span : layout.spans)
    std::copy_n(placed.data() + span.to, span.count, out.data() + span.from);
}

void CountKernel::State::unpack(std::span<const Index> frames,
                                Index first,
                                Index count,
                                float* out) const {
  constexpr Index sixteen = 16; // cells
  const Index per = per_cell();
  const Index first_cell = layout.place[first] / per / sixteen * sixteen;
  const Index cells = layout.place[first + count - 1] / per + 1 - first_cell;
  detail::CellRows rows(frames, cells);
  rows.read(panel_kernels(level), panel_place(), first_cell, cells);
  std::vector<std::uint32_t> wide(bits ? static_cast<std::size_t>(16 * cells) : 0);
  auto span =
      std::upper_bound(layout.spans.begin(),
                       layout.spans.end(),
                       first,
                       [](Index pixel, const detail::CountSpan& one) { return pixel < one.from; });
  --span;
  for (std::size_t i = 0; i < frames.size(); ++i, out += count) {
    const std::uint32_t* row = rows.row(static_cast<Index>(i));
    if (bits)
      row = expand(row, frames[i], first_cell, cells, wide);
    for (auto one = span; one != layout.spans.end() && one->from < first + count; ++one) {
      const Index begin = std::max(one->from, first);
      const Index end = std::min(one->from + one->count, first + count);
      scale_cells(row,
                  frames[i],
                  0,
                  one->to + (begin - one->from) - first_cell * per,
                  end - begin,
                  out + (begin - first));
    }
  }
}

} // namespace vitrum::correlate
