// Products of frames from exact sums of products of counts.
#pragma once
#include <memory>

#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/count_matrix.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

/// packed: one or two bytes a pixel. bits: one bit a pixel and a list of the counts above one,
/// which are added to the sums; faster while most counts are 0 or 1.
enum class CountForm { packed, bits };

/// δ = a x − v with a = 1/<x>, v = 1 (plain, static-bin: <x> over the static bin), a = 1/deviation,
/// v = <x>/deviation (corrcoef), so that products of fluctuations are products of counts, rescaled:
///     Σ δδ' = a a' Σ xx' − v' a Σx − v a' Σx' + pixels · v v'.
/// Σ xx' and Σx are exact integers, taken over at most 4096 pixels (32768 in bits) of one group and
/// static bin at a time. Means are first taken off in integers, so that C − 1 is good to about 1e-7
/// (1 + C).
class CountKernel final : public TileKernel {
public:
  /// Takes the memory of the counts. Throws DataError without frames or pixels, OptionError for
  /// counts above `largest_count`, where floats are as fast.
  CountKernel(CountMatrix counts,
              Normalization normalization,
              CountForm form = CountForm::packed,
              SimdLevel level = simd_level());
  ~CountKernel() override;
  static constexpr std::uint32_t largest_count = 5792; // 64 · 5792² < 2^31

  [[nodiscard]] std::string name() const override; // "bytes vnni", "bits avx2"
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
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::correlate
