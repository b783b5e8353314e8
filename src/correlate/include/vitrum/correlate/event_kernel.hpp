// Products of frames from pairs of events: costs what the pairs are, not what the pixels are.
#pragma once
#include <memory>

#include "vitrum/correlate/event_matrix.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

/// Frames of the tiles that suit events: long, as their lists are entered once for each tile, and a
/// power of two, as the blocks of the lists are.
inline constexpr Index event_tile_edge = 2048;

namespace detail {
struct EventScale;
}

/// δ = a x − c with x = count · weight: a = 1/<x>, c = 1 (plain, static-bin: <x> over the static
/// bin), a = 1/deviation, c = <x>/deviation (corrcoef). So
///     Σ δδ' = a a' Σ xx' − c' a Σx − c a' Σx' + pixels · c c',
/// where Σ xx' needs the pairs of events of the same pixel only. Without weights and means per
/// static bin these sums are whole numbers and exact. Equals FloatKernel to rounding.
class EventKernel final : public TileKernel {
public:
  /// Keeps a reference to the events. Throws DataError without frames or pixels.
  EventKernel(const EventMatrix& events, Normalization normalization);
  ~EventKernel() override;

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
  [[nodiscard]] Index tile_edge() const override { return event_tile_edge; }
  [[nodiscard]] Index strip_rows() const override;
  void fluctuations(Index frame, std::span<float> out) const override;
  [[nodiscard]] std::vector<double> pair_bias(std::span<const FramePair> pairs) const override;
  [[nodiscard]] BlockProducts block_products(std::span<const FramePair> pairs) const override;

  [[nodiscard]] const EventMatrix& events() const;
  [[nodiscard]] const detail::EventScale& scale() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Memory of the lists, beside the matrix.
[[nodiscard]] Index predicted_kernel_bytes(Index frames, Index pixels, Index events);

} // namespace vitrum::correlate
