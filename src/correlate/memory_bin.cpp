#include "vitrum/correlate/memory_bin.hpp"

#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/count_matrix.hpp"
#include "vitrum/correlate/float_kernel.hpp"

namespace vitrum::correlate {

std::unique_ptr<TileKernel> make_bin_kernel(frames::FrameSource& source,
                                            const frames::Partition& partition,
                                            Index bin,
                                            Normalization normalization,
                                            const Monitor& monitor) {
  if (frames::is_integer(source.info().type)) {
    auto counts = std::move(load_counts(source, partition, {bin}, {}, monitor)[0]);
    if (counts.largest <= CountKernel::largest_count)
      return std::make_unique<CountKernel>(std::move(counts), normalization);
  }
  return std::make_unique<FloatKernel>(
      std::move(load_pixels(source, partition, {bin}, {}, monitor)[0]), normalization);
}

PixelG2 make_pixel_g2(frames::FrameSource& source,
                      const frames::Partition& partition,
                      Index bin,
                      const PixelG2Options& options,
                      const Monitor& monitor) {
  if (!frames::is_integer(source.info().type))
    return make_pixel_g2(load_pixels(source, partition, {bin}, {}, monitor)[0], options, monitor);
  const auto counts = std::move(load_counts(source, partition, {bin}, {}, monitor)[0]);
  PixelRows rows;
  if (counts.wide())
    rows.counts = counts.words.data();
  else
    rows.counts = counts.bytes.data();
  rows.frames = counts.frames;
  rows.stride = counts.stride;
  return make_pixel_g2(rows, counts.valid, counts.groups, options, monitor);
}

} // namespace vitrum::correlate
