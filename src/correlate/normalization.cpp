#include "vitrum/correlate/normalization.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include "panel_loop.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

/// What one thread needs to normalise rows.
class RowNormalizer {
public:
  RowNormalizer(const PixelGroups& groups, Normalization normalization)
      : groups_(groups), normalization_(normalization),
        by_static_(normalization == Normalization::static_bin && groups.static_bins > 1),
        factor_(static_cast<std::size_t>(by_static_ ? groups.static_bins : 1)),
        pixels_(factor_.size(), 0), scale_(by_static_ ? groups.static_bin.size() : 0) {
    for (const std::int32_t s : groups.static_bin)
      ++pixels_[by_static_ ? static_cast<std::size_t>(s) : 0];
  }

  /// Counts become δ. Returns why the frame has no fluctuations, or "".
  std::string normalize(float* row) {
    if (normalization_ == Normalization::corrcoef)
      return standardize(row);
    return divide_by_means(row);
  }

  /// h of one group, from δ.
  [[nodiscard]] double shift(const float* row, Index group) const {
    const Index first = groups_.group_begin[group];
    const Index count = groups_.group_begin[group + 1] - first;
    const double sum =
        normalization_ == Normalization::corrcoef
            ? (row_square_sum(row + first, count, 0.0) - static_cast<double>(count)) / 2
            : row_sum(row + first, count);
    return sum / static_cast<double>(count);
  }

private:
  /// δ = I/mean − 1 over the bin or each static bin.
  std::string divide_by_means(float* row) {
    std::fill(factor_.begin(), factor_.end(), 0.0);
    if (!by_static_) {
      factor_[0] = row_sum(row, groups_.pixels());
    } else {
      for (Index s = 0; s < groups_.segments(); ++s) {
        const Index first = groups_.segment_begin[s];
        factor_[groups_.static_bin[first]] +=
            short_sum(row + first, row + groups_.segment_begin[s + 1]);
      }
    }
    for (std::size_t s = 0; s < factor_.size(); ++s) {
      const double mean = factor_[s] / static_cast<double>(pixels_[s]);
      if (!(mean > 0))
        return factor_.size() == 1
                   ? fmt::format("the mean of the bin is {}", mean)
                   : fmt::format(
                         "the mean of static bin {} of {} is {}", s + 1, factor_.size(), mean);
      factor_[s] = 1.0 / mean;
    }
    if (!by_static_) {
      scale_row(row, groups_.pixels(), factor_[0], 1.0);
      return "";
    }
    for (Index s = 0; s < groups_.segments(); ++s) {
      const Index last = groups_.segment_begin[s + 1];
      const double factor = factor_[groups_.static_bin[groups_.segment_begin[s]]];
      for (Index p = groups_.segment_begin[s]; p < last; ++p)
        scale_[p] = factor;
    }
    scale_row(row, groups_.pixels(), scale_.data(), 1.0);
    return "";
  }

  static double short_sum(const float* first, const float* last) {
    double sum = 0;
    for (; first != last; ++first)
      sum += static_cast<double>(*first);
    return sum;
  }

  /// δ = (I − mean) / deviation.
  std::string standardize(float* row) const {
    const Index count = groups_.pixels();
    const auto n = static_cast<double>(count);
    const double mean = row_sum(row, count) / n;
    const double square = row_square_sum(row, count, mean);
    if (!(square > 0))
      return "all pixels of the bin are equal";
    const double inverse = std::sqrt(n / square);
    scale_row(row, count, inverse, mean * inverse);
    return "";
  }

  const PixelGroups& groups_;
  Normalization normalization_;
  bool by_static_;
  std::vector<double> factor_; // of each static bin
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

/// Each thread calls make_pack() once, and what that returns with each panel's worth of normalised
/// rows.
template <class MakePack>
Fluctuations normalize_rows(PixelMatrix matrix, Normalization normalization, MakePack&& make_pack) {
  Fluctuations result;
  result.normalization = normalization;
  const PixelGroups& groups = matrix.groups;
  const Index group_count = groups.groups();
  result.group_shift.assign(static_cast<std::size_t>(group_count * matrix.frames), 0.0);
  std::vector<std::string> reason(static_cast<std::size_t>(matrix.frames));
  std::atomic<Index> next{0};
  parallel_for(0, thread_count(), 1, [&](Index, Index) {
    RowNormalizer normalizer(groups, normalization);
    auto pack = make_pack(matrix);
    for (Index begin = 0; (begin = next.fetch_add(panel_frames)) < matrix.frames;) {
      const Index end = std::min(begin + panel_frames, matrix.frames);
      for (Index t = begin; t < end; ++t) {
        if (matrix.valid[t] == 0)
          continue;
        float* row = matrix.row(t);
        reason[t] = normalizer.normalize(row);
        if (!reason[t].empty()) {
          matrix.valid[t] = 0;
          std::fill_n(row, matrix.stride, 0.0F);
          continue;
        }
        for (Index g = 0; g < group_count; ++g)
          result.group_shift[g * matrix.frames + t] = normalizer.shift(row, g);
      }
      pack(begin, end);
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
  return normalize_rows(
      std::move(matrix), normalization, [](PixelMatrix&) { return [](Index, Index) {}; });
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
    const Index cells = panel_frames * rows.stride;
    const std::scoped_lock lock(mutex);
    packed.spare.emplace_back(cells);
    // Each panel goes where the rows of the one before it were: nothing is copied back.
    return [&, cells, free = packed.spare.back().data()](Index begin, Index end) mutable {
      float* const values = rows.row(begin);
      std::fill(values + (end - begin) * rows.stride, values + cells, 0.0F);
      pack_panel(kernels,
                 reinterpret_cast<const std::uint32_t*>(values),
                 rows.stride,
                 reinterpret_cast<std::uint32_t*>(free));
      packed.panels[static_cast<std::size_t>(begin / panel_frames)] = free;
      free = values;
    };
  });
  return packed;
}

} // namespace vitrum::correlate
