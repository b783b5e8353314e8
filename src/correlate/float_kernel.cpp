#include <cblas.h>

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/correlate/float_kernel.hpp"

namespace vitrum::correlate {

FloatKernel::FloatKernel(PixelMatrix counts, Normalization normalization)
    : data_(normalize(std::move(counts), normalization)) {
  if (data_.matrix.frames < 1 || data_.matrix.pixels() < 1)
    throw DataError(fmt::format("two-time correlation of {} frames of {} pixels",
                                data_.matrix.frames,
                                data_.matrix.pixels()));
  openblas_set_num_threads(1); // the loop over tiles has the threads
}

Index FloatKernel::frames() const {
  return data_.matrix.frames;
}
std::span<const std::uint8_t> FloatKernel::valid() const {
  return data_.matrix.valid;
}
std::string FloatKernel::name() const {
  return "float";
}
Normalization FloatKernel::normalization() const {
  return data_.normalization;
}
std::span<const RejectedFrame> FloatKernel::rejected() const {
  return data_.rejected;
}
const PixelGroups& FloatKernel::groups() const {
  return data_.matrix.groups;
}
std::span<const double> FloatKernel::group_shift() const {
  return data_.group_shift;
}
void FloatKernel::fluctuations(Index frame, std::span<float> out) const {
  std::copy_n(data_.matrix.row(frame), data_.matrix.pixels(), out.begin());
}

void FloatKernel::product(
    Index group, Index row0, Index rows, Index col0, Index cols, float* out, Index stride) const {
  const PixelMatrix& m = data_.matrix;
  const Index first = m.groups.group_begin[group];
  const int pixels = static_cast<int>(group_pixels(group));
  const int lead = static_cast<int>(m.stride);
  const float* a = m.row(row0) + first;
  const float* b = m.row(col0) + first;
  if (row0 == col0)
    cblas_ssyrk(CblasRowMajor,
                CblasLower,
                CblasNoTrans,
                static_cast<int>(rows),
                pixels,
                1.0F,
                a,
                lead,
                0.0F,
                out,
                static_cast<int>(stride));
  else
    cblas_sgemm(CblasRowMajor,
                CblasNoTrans,
                CblasTrans,
                static_cast<int>(rows),
                static_cast<int>(cols),
                pixels,
                1.0F,
                a,
                lead,
                b,
                lead,
                0.0F,
                out,
                static_cast<int>(stride));
}

} // namespace vitrum::correlate
