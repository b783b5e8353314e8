// Products of fluctuations held as floats: any counts, any correction, any normalisation.
#pragma once
#include "vitrum/correlate/normalization.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

class FloatKernel final : public TileKernel {
public:
  /// Takes the memory of the counts for their fluctuations (copy them first when they are still
  /// needed). Throws DataError without frames or pixels.
  FloatKernel(PixelMatrix counts, Normalization normalization, SimdLevel level = simd_level());
  [[nodiscard]] std::string name() const override;
  [[nodiscard]] Normalization normalization() const override;
  [[nodiscard]] Index frames() const override;
  [[nodiscard]] std::span<const std::uint8_t> valid() const override;
  [[nodiscard]] std::span<const RejectedFrame> rejected() const override;
  [[nodiscard]] const PixelGroups& groups() const override;
  [[nodiscard]] std::span<const double> group_shift() const override;
  void product(Index group,
               Index row0,
               Index rows,
               Index col0,
               Index cols,
               float* out,
               Index stride) const override;
  void product_in_parts(Index group,
                        Index row0,
                        Index rows,
                        Index col0,
                        Index cols,
                        float* work,
                        Index stride,
                        ProductParts& parts) const override;
  void fluctuations(Index frame, std::span<float> out) const override;
  [[nodiscard]] std::vector<double> pair_bias(std::span<const FramePair> pairs) const override;
  [[nodiscard]] BlockProducts block_products(std::span<const FramePair> pairs) const override;

private:
  void make_product(Index group,
                    Index row0,
                    Index rows,
                    Index col0,
                    Index cols,
                    float* out,
                    Index stride,
                    ProductParts* parts) const;
  void unpack(std::span<const Index> frames, Index first, Index count, float* out) const;
  [[nodiscard]] const float* column(Index frame) const;
  [[nodiscard]] const Fluctuations& data() const { return packed_.fluctuations; }

  PackedFluctuations packed_;
  SimdLevel level_;
};

} // namespace vitrum::correlate
