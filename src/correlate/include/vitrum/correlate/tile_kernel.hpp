// Where the products of frames come from: floats, integers, bits or events. Everything that is made
// of products (maps, one-time functions) sees only this.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/pixel_groups.hpp"

namespace vitrum::correlate {

enum class Normalization { plain, static_bin, corrcoef };

/// A frame that has no fluctuations, and why ("the mean of the bin is 0").
struct RejectedFrame {
  Index frame = 0;
  std::string reason;
};

struct FramePair {
  Index t1 = 0, t2 = 0;
};

/// By how much neighbouring pixels that see the same speckle make the number of independent pixels
/// smaller: the bias grows by observed / independent, both summed over pairs of frames. `observed`
/// is Σ (Σ_block δ)(Σ_block δ') over blocks of pixels, `independent` what independent pixels would
/// give.
struct BlockProducts {
  double observed = 0, independent = 0;
};

/// Hears of the parts of a product as they are finished, while they are in the first caches.
class ProductParts {
public:
  virtual ~ProductParts() = default;
  /// Of a part that is begun: what `finished` will touch can be fetched meanwhile.
  virtual void coming(Index /*row0*/, Index /*rows*/, Index /*col0*/, Index /*cols*/) {}
  /// Σ_p δ_p(t1) δ_p(t2) of frames t1 of [row0, row0 + rows) and t2 of [col0, col0 + cols),
  /// `stride` floats from row to row; defined for t2 <= t1 only.
  virtual void
  finished(Index row0, Index rows, Index col0, Index cols, const float* sums, Index stride) = 0;
};

/// Fluctuations δ(p,t) of one bin, of which it delivers products of frames.
class TileKernel {
public:
  virtual ~TileKernel() = default;
  [[nodiscard]] virtual std::string name() const = 0; // for the record: "float avx512", "events"
  [[nodiscard]] virtual Normalization normalization() const = 0;
  [[nodiscard]] virtual Index frames() const = 0;
  [[nodiscard]] virtual std::span<const std::uint8_t> valid() const = 0; // [frame]: 0 = gap
  [[nodiscard]] virtual std::span<const RejectedFrame> rejected() const = 0;
  [[nodiscard]] virtual const PixelGroups& groups() const = 0;
  /// [group, frame]: h_g(t), by which a deviation of group g at t changes C through the
  /// normalisation: to first order that group moves C(t1,t2) − 1 by
  ///     (pixels of g / pixels) · [ <δδ'>_g − (C − 1) · (1 + h_g(t1) + h_g(t2)) ].
  /// plain, static-bin: h = <δ>_g; corrcoef: h = (<δ²>_g − 1)/2. Zero in gaps.
  [[nodiscard]] virtual std::span<const double> group_shift() const = 0;

  /// Writes Σ_p δ_p(t1) δ_p(t2) over the pixels of the group to `out` with `stride` floats from row
  /// to row; gaps give zero or anything finite. Only t2 <= t1 need be written. Called from several
  /// threads.
  virtual void product(Index group,
                       Index row0,
                       Index rows,
                       Index col0,
                       Index cols,
                       float* out,
                       Index stride) const = 0;
  /// The same in parts, each told of once; together they are the whole. `work` is memory as `out`
  /// above. The default makes one part of it.
  virtual void product_in_parts(Index group,
                                Index row0,
                                Index rows,
                                Index col0,
                                Index cols,
                                float* work,
                                Index stride,
                                ProductParts& parts) const;

  /// Frames of the tiles that suit the kernel; 0: those that suit the number of frames.
  [[nodiscard]] virtual Index tile_edge() const { return 0; }
  /// Rows of a tile that are best made for all groups in turn, so that they stay in the cache while
  /// groups are added up; 0: all.
  [[nodiscard]] virtual Index strip_rows() const { return 0; }

  /// δ of one frame in the order of `groups()`, zero in gaps. `out` has groups().pixels() elements.
  virtual void fluctuations(Index frame, std::span<float> out) const = 0;

  /// The bias of C (see bias.hpp) from each pair of frames alone. Throws DataError for gaps. The
  /// default works on `fluctuations`.
  [[nodiscard]] virtual std::vector<double> pair_bias(std::span<const FramePair> pairs) const;
  /// Summed over the pairs. The default works on `fluctuations`.
  [[nodiscard]] virtual BlockProducts block_products(std::span<const FramePair> pairs) const;

  [[nodiscard]] Index group_count() const { return groups().groups(); }
  [[nodiscard]] Index group_pixels(Index group) const {
    return groups().group_begin[group + 1] - groups().group_begin[group];
  }
  [[nodiscard]] Index pixels() const { return groups().pixels(); }
  [[nodiscard]] bool has_gaps() const;
};

} // namespace vitrum::correlate
