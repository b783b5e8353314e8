// Partition: the pixels of a frame sorted into bins. Coarse (dynamic) bins are the ones that get a
// correlation function; each may be divided into fine (static) bins of nearly constant mean
// intensity.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/frames/mask.hpp"

namespace vitrum::frames {

/// What is known of one bin. Bins count from 1; entry n − 1 belongs to bin n.
struct Bin {
  double q_inv_angstrom = unknown; // mean over its pixels
  double q_low_inv_angstrom = unknown, q_high_inv_angstrom = unknown;
  double phi_deg = unknown; // middle of its sector; NaN for a whole ring
  double phi_low_deg = unknown, phi_high_deg = unknown;
};

struct Partition {
  Index height = 0, width = 0;
  std::vector<std::int32_t> dynamic_labels; // 0 = not used, 1 … bins
  std::vector<std::int32_t> static_labels; // 0 = not used, 1 … static bins; every static bin lies
                                           // in one dynamic bin
  std::vector<Bin> bins;
  std::vector<Bin> static_bins;
  std::string q_unit = "1/angstrom"; // or "px" when the geometry is unknown, or "" without q

  [[nodiscard]] Index bin_count() const { return static_cast<Index>(bins.size()); }
  [[nodiscard]] Index static_bin_count() const { return static_cast<Index>(static_bins.size()); }
};

struct PartitionOptions {
  Index q_bins = 1;         // rings
  Index phi_sectors = 1;    // sectors of each ring
  Index static_per_bin = 1; // fine rings within each dynamic ring; more for steep I(q)
  double q_min = unknown;   // in the unit of the map; NaN: from the pixels in use
  double q_max = unknown;
  bool logarithmic = false;  // spacing of the rings
  bool equal_pixels = false; // rings of equal numbers of pixels instead of equal width
  double phi_start_deg = 0;  // where the first sector begins
  bool friedel = false;      // sectors φ and φ + 180° are one bin; phi_sectors then share 180°
};

void validate(const PartitionOptions& options);

/// The whole frame as one bin.
[[nodiscard]] Partition make_single_bin(const Mask& mask);

/// Rings and sectors of the pixels in use; empty bins are removed. Throws OptionError for
/// impossible options and DataError when no pixel is left.
[[nodiscard]] Partition
make_partition(const QMap& map, const Mask& mask, const PartitionOptions& options);

/// From label maps made elsewhere (0 = not used; gaps in the numbering are closed). `static_labels`
/// may be empty: each dynamic bin is then one static bin. `map` may be null: no q then. Throws
/// DataError when the shapes differ or a static bin lies in two dynamic bins.
[[nodiscard]] Partition make_partition_from_labels(Index height,
                                                   Index width,
                                                   std::vector<std::int32_t> dynamic_labels,
                                                   std::vector<std::int32_t> static_labels,
                                                   const QMap* map);

/// Removes masked pixels from a partition; bins that become empty are removed.
[[nodiscard]] Partition apply_mask(const Partition& partition, const Mask& mask);

/// Throws DataError when labels, shapes and bins do not agree.
void validate(const Partition& partition);

} // namespace vitrum::frames
