#include "vitrum/correlate/normalization.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>

#include <fmt/format.h>

#include "panel_loop.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

/// δ = x · factor − offset; zeros for a frame that is a gap.
struct RowChange {
  double factor = 0, offset = 0;
};

/// What one thread needs to normalise rows.
class RowNormalizer {
public:
  RowNormalizer(const PixelGroups& groups, Normalization normalization)
      : groups_(groups), normalization_(normalization),
        by_static_(normalization == Normalization::static_bin && groups.static_bins > 1),
        group_sum_(static_cast<std::size_t>(groups.groups())) {
    if (!by_static_)
      return;
    mean_.resize(static_cast<std::size_t>(groups.static_bins));
    pixels_.resize(mean_.size(), 0);
    scale_.resize(groups.static_bin.size());
    for (const std::int32_t s : groups.static_bin)
      ++pixels_[s];
  }

  /// Finds what makes the counts of a row δ, and h of each group in `shift`. Rows of several static
  /// bins have a factor for each and become δ at once. Returns why the frame has no fluctuations,
  /// or "".
  std::string analyse(float* row, RowChange& change, std::vector<double>& shift) {
    if (normalization_ == Normalization::corrcoef)
      return by_deviation(row, change, shift);
    return by_static_ ? by_static_means(row, change, shift) : by_mean(row, change, shift);
  }

private:
  [[nodiscard]] Index first(Index group) const { return groups_.group_begin[group]; }
  [[nodiscard]] Index count(Index group) const { return first(group + 1) - first(group); }

  /// δ = I/mean − 1.
  std::string by_mean(const float* row, RowChange& change, std::vector<double>& shift) {
    double sum = 0;
    for (Index g = 0; g < groups_.groups(); ++g)
      sum += group_sum_[g] = row_sum(row + first(g), count(g));
    const double mean = sum / static_cast<double>(groups_.pixels());
    if (!(mean > 0))
      return fmt::format("the mean of the bin is {}", mean);
    change = {1 / mean, 1};
    for (Index g = 0; g < groups_.groups(); ++g)
      shift[g] = group_sum_[g] / mean / static_cast<double>(count(g)) - 1;
    return "";
  }

  /// δ = I/mean − 1 with the mean over each static bin.
  std::string by_static_means(float* row, RowChange& change, std::vector<double>& shift) {
    std::fill(mean_.begin(), mean_.end(), 0.0);
    for (Index s = 0; s < groups_.segments(); ++s) {
      const Index begin = groups_.segment_begin[s];
      mean_[groups_.static_bin[begin]] +=
          std::accumulate(row + begin, row + groups_.segment_begin[s + 1], 0.0);
    }
    for (std::size_t s = 0; s < mean_.size(); ++s) {
      mean_[s] /= static_cast<double>(pixels_[s]);
      if (!(mean_[s] > 0))
        return fmt::format("the mean of static bin {} of {} is {}", s + 1, mean_.size(), mean_[s]);
    }
    for (Index s = 0; s < groups_.segments(); ++s) {
      const Index begin = groups_.segment_begin[s];
      std::fill(scale_.begin() + begin,
                scale_.begin() + groups_.segment_begin[s + 1],
                1 / mean_[groups_.static_bin[begin]]);
    }
    scale_row(row, groups_.pixels(), scale_.data(), 1.0);
    change = {1, 0};
    for (Index g = 0; g < groups_.groups(); ++g)
      shift[g] = row_sum(row + first(g), count(g)) / static_cast<double>(count(g));
    return "";
  }

  /// δ = (I − mean) / deviation.
  std::string by_deviation(const float* row, RowChange& change, std::vector<double>& shift) {
    const auto n = static_cast<double>(groups_.pixels());
    const double mean = row_sum(row, groups_.pixels()) / n;
    double square = 0;
    for (Index g = 0; g < groups_.groups(); ++g)
      square += group_sum_[g] = row_square_sum(row + first(g), count(g), mean);
    if (!(square > 0))
      return "all pixels of the bin are equal";
    const double inverse = std::sqrt(n / square);
    change = {inverse, mean * inverse};
    for (Index g = 0; g < groups_.groups(); ++g)
      shift[g] = (group_sum_[g] * n / square / static_cast<double>(count(g)) - 1) / 2;
    return "";
  }

  const PixelGroups& groups_;
  Normalization normalization_;
  bool by_static_;
  std::vector<double> group_sum_; // of x, or of (x − mean)²
  std::vector<double> mean_;      // of each static bin
  std::vector<Index> pixels_;
  std::vector<double> scale_; // of each pixel
};

} // namespace

std::string_view name_of(Normalization normalization) {
  switch (normalization) {
  case Normalization::plain:
    return "plain";
  case Normalization::static_bin:
    return "static-bin";
  case Normalization::corrcoef:
    break;
  }
  return "corrcoef";
}

std::string_view formula_of(Normalization normalization) {
  switch (normalization) {
  case Normalization::plain:
    return "C(t1,t2) = <I(p,t1) I(p,t2)> / (<I(p,t1)> <I(p,t2)>), <> over the pixels p of the bin; "
           "a "
           "slope of the mean intensity within the bin raises the baseline";
  case Normalization::static_bin:
    return "C(t1,t2) = <x(p,t1) x(p,t2)>, x(p,t) = I(p,t) / <I(t)> over the static bin of p; a "
           "slope "
           "of the mean intensity within the bin does not matter";
  case Normalization::corrcoef:
    break;
  }
  return "C(t1,t2) = 1 + <z(p,t1) z(p,t2)>, z = (I - <I>)/deviation per frame: Pearson's "
         "coefficient; "
         "its contrast is contrast/(contrast + 1/<I> + variance of the mean intensity within the "
         "bin), not the speckle contrast";
}

Normalization parse_normalization(std::string_view name) {
  for (const auto n : {Normalization::plain, Normalization::static_bin, Normalization::corrcoef})
    if (name == name_of(n))
      return n;
  throw OptionError(fmt::format("normalization = {}: must be plain, static-bin or corrcoef", name));
}

namespace {

constexpr Index pixels_ahead = 64; // are fetched before they are needed

/// Each thread calls make_finish() once, and what that returns with each panel's worth of rows:
/// their first frame and what makes them δ.
template <class MakeFinish>
Fluctuations
normalize_rows(PixelMatrix matrix, Normalization normalization, MakeFinish&& make_finish) {
  Fluctuations result;
  result.normalization = normalization;
  const PixelGroups& groups = matrix.groups;
  const Index group_count = groups.groups();
  result.group_shift.assign(static_cast<std::size_t>(group_count * matrix.frames), 0.0);
  std::vector<std::string> reason(static_cast<std::size_t>(matrix.frames));
  std::atomic<Index> next{0};
  parallel_for(0, thread_count(), 1, [&](Index, Index) {
    RowNormalizer normalizer(groups, normalization);
    std::vector<double> shift(static_cast<std::size_t>(group_count));
    std::array<RowChange, panel_frames> changes;
    auto finish = make_finish(matrix);
    for (Index begin = 0; (begin = next.fetch_add(panel_frames)) < matrix.frames;) {
      const Index end = std::min(begin + panel_frames, matrix.frames);
      changes.fill({});
      for (Index t = begin; t < end; ++t) {
        if (matrix.valid[t] == 0)
          continue;
        reason[t] = normalizer.analyse(matrix.row(t), changes[t - begin], shift);
        if (!reason[t].empty()) {
          matrix.valid[t] = 0;
          std::fill_n(matrix.row(t), matrix.stride, 0.0F);
          continue;
        }
        for (Index g = 0; g < group_count; ++g)
          result.group_shift[g * matrix.frames + t] = shift[g];
      }
      finish(begin, end, changes);
    }
  });
  for (Index t = 0; t < matrix.frames; ++t)
    if (!reason[t].empty())
      result.rejected.push_back({t, std::move(reason[t])});
  result.matrix = std::move(matrix);
  return result;
}

} // namespace

Fluctuations normalize(PixelMatrix matrix, Normalization normalization) {
  return normalize_rows(std::move(matrix), normalization, [](PixelMatrix& rows) {
    return [&](Index begin, Index end, std::span<const RowChange> changes) {
      for (Index t = begin; t < end; ++t) {
        const RowChange& change = changes[t - begin];
        scale_row(rows.row(t), rows.pixels(), change.factor, change.offset);
      }
    };
  });
}

PackedFluctuations
normalize_into_panels(PixelMatrix matrix, Normalization normalization, SimdLevel level) {
  const PanelKernels& kernels = panel_kernels(level);
  const Index whole = whole_panels(matrix.frames) * matrix.stride;
  if (matrix.values.size() < whole) { // a matrix that was not made by make_pixel_matrix
    Buffer<float> values(whole);
    std::copy_n(matrix.values.data(), matrix.frames * matrix.stride, values.data());
    matrix.values = std::move(values);
  }
  PackedFluctuations packed;
  packed.panels.resize(static_cast<std::size_t>(whole_panels(matrix.frames) / panel_frames));
  std::mutex mutex;
  packed.fluctuations = normalize_rows(std::move(matrix), normalization, [&](PixelMatrix& rows) {
    const std::scoped_lock lock(mutex);
    packed.spare.emplace_back(panel_frames * rows.stride);
    // Each panel goes where the rows of the one before it were: nothing is copied back.
    return [&, free = packed.spare.back().data()](
               Index begin, Index end, std::span<const RowChange> changes) mutable {
      std::array<RowScale, panel_frames> scales;
      for (Index f = 0; f < panel_frames; ++f)
        scales[f] = RowScale(changes[f].factor, changes[f].offset);
      float* const values = rows.row(begin);
      std::fill(values + (end - begin) * rows.stride, values + panel_frames * rows.stride, 0.0F);
      for (Index k = 0; k < rows.stride; k += 16) {
        for (Index f = 0; f < panel_frames; ++f) // 48 rows are more than the processor foresees
          __builtin_prefetch(values + f * rows.stride + k + pixels_ahead);
        for (Index f = 0; f < panel_frames; f += 16)
          kernels.transpose_scaled(
              values + f * rows.stride + k, rows.stride, &scales[f], free + k * panel_frames + f);
      }
      // what was stored past the caches is to be seen by other threads
      std::atomic_thread_fence(std::memory_order_seq_cst);
      packed.panels[static_cast<std::size_t>(begin / panel_frames)] = free;
      free = values;
    };
  });
  return packed;
}

} // namespace vitrum::correlate
