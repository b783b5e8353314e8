#include "vitrum/correlate/normalization.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

/// δ = I/mean − 1 for each static bin of one frame. Returns why the frame has no fluctuations, or
/// "".
std::string divide_by_means(float* row,
                            const std::vector<std::int32_t>& static_bin,
                            const std::vector<Index>& pixels_of_static,
                            std::vector<double>& mean) {
  const std::size_t pixels = static_bin.size();
  std::fill(mean.begin(), mean.end(), 0.0);
  if (mean.size() == 1) {
    for (std::size_t p = 0; p < pixels; ++p)
      mean[0] += static_cast<double>(row[p]);
  } else {
    for (std::size_t p = 0; p < pixels; ++p)
      mean[static_bin[p]] += static_cast<double>(row[p]);
  }
  for (std::size_t s = 0; s < mean.size(); ++s) {
    mean[s] /= static_cast<double>(pixels_of_static[s]);
    if (!(mean[s] > 0))
      return mean.size() == 1
                 ? fmt::format("the mean of the bin is {}", mean[s])
                 : fmt::format(
                       "the mean of static bin {} of {} is {}", s + 1, mean.size(), mean[s]);
    mean[s] = 1.0 / mean[s];
  }
  if (mean.size() == 1) {
    const double inverse = mean[0];
    for (std::size_t p = 0; p < pixels; ++p)
      row[p] = static_cast<float>(static_cast<double>(row[p]) * inverse - 1.0);
  } else {
    for (std::size_t p = 0; p < pixels; ++p)
      row[p] = static_cast<float>(static_cast<double>(row[p]) * mean[static_bin[p]] - 1.0);
  }
  return "";
}

/// δ = (I − mean) / deviation of one frame. Returns why the frame has no fluctuations, or "".
std::string standardize(float* row, std::size_t pixels) {
  double mean = 0;
  for (std::size_t p = 0; p < pixels; ++p)
    mean += static_cast<double>(row[p]);
  mean /= static_cast<double>(pixels);
  double square = 0;
  for (std::size_t p = 0; p < pixels; ++p) {
    const double d = static_cast<double>(row[p]) - mean;
    square += d * d;
  }
  if (!(square > 0))
    return "all pixels of the bin are equal";
  const double inverse = std::sqrt(static_cast<double>(pixels) / square);
  for (std::size_t p = 0; p < pixels; ++p)
    row[p] = static_cast<float>((static_cast<double>(row[p]) - mean) * inverse);
  return "";
}

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

Fluctuations normalize(PixelMatrix matrix, Normalization normalization) {
  Fluctuations result;
  result.normalization = normalization;
  const PixelGroups& groups = matrix.groups;
  const auto pixels = static_cast<std::size_t>(matrix.pixels());
  const bool by_static = normalization == Normalization::static_bin;
  const std::size_t means = by_static ? static_cast<std::size_t>(groups.static_bins) : 1;
  std::vector<Index> pixels_of_static(means, 0);
  for (const std::int32_t s : groups.static_bin)
    ++pixels_of_static[by_static ? s : 0];

  const Index group_count = groups.groups();
  result.group_shift.assign(static_cast<std::size_t>(group_count * matrix.frames), 0.0);
  std::vector<std::string> reason(static_cast<std::size_t>(matrix.frames));
  parallel_for(0, matrix.frames, 8, [&](Index begin, Index end) {
    std::vector<double> mean(means);
    for (Index t = begin; t < end; ++t) {
      if (matrix.valid[t] == 0)
        continue;
      float* row = matrix.row(t);
      reason[t] = normalization == Normalization::corrcoef
                      ? standardize(row, pixels)
                      : divide_by_means(row, groups.static_bin, pixels_of_static, mean);
      if (!reason[t].empty()) {
        matrix.valid[t] = 0;
        std::fill_n(row, matrix.stride, 0.0F);
        continue;
      }
      for (Index g = 0; g < group_count; ++g) {
        double sum = 0;
        const Index first = groups.group_begin[g];
        const Index last = groups.group_begin[g + 1];
        if (normalization == Normalization::corrcoef) {
          for (Index p = first; p < last; ++p)
            sum += (static_cast<double>(row[p]) * static_cast<double>(row[p]) - 1.0) / 2.0;
        } else {
          for (Index p = first; p < last; ++p)
            sum += static_cast<double>(row[p]);
        }
        result.group_shift[g * matrix.frames + t] = sum / static_cast<double>(last - first);
      }
    }
  });
  for (Index t = 0; t < matrix.frames; ++t)
    if (!reason[t].empty())
      result.rejected.push_back({t, std::move(reason[t])});
  result.matrix = std::move(matrix);
  return result;
}

} // namespace vitrum::correlate
