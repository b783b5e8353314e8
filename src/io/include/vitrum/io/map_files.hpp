// Masks and label maps: what pixels are used and which bin each belongs to, from files made by
// vitrum or elsewhere.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/frames/mask.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::io {

/// A mask from .npy, .npz, TIFF, or HDF5 ("file.h5::/path"): a pixel is used where the value is not
/// zero. An HDF5 file without a path gives its qmap's mask or the one dataset called mask. Datasets
/// called pixel_mask follow NeXus: zero means good. Throws FileError, FormatError, DataError (NaN).
[[nodiscard]] frames::Mask read_mask(const std::string& path);

/// By the extension of `path`: npy, tif, h5 (/entry/mask/mask). Throws OptionError for others.
void write_mask(const std::string& path, const frames::Mask& mask, bool overwrite = false);

/// Labels made elsewhere, as they stand in the file. Lists have one entry per bin, or none.
struct LabelMaps {
  Index height = 0, width = 0;
  std::vector<std::int32_t> dynamic_labels; // 0 = not used
  std::vector<std::int32_t> static_labels;  // may be empty
  std::vector<double> dynamic_q, dynamic_q_low, dynamic_q_high;
  std::vector<double> dynamic_phi_deg, dynamic_phi_low_deg,
      dynamic_phi_high_deg; // NaN: whole rings
  std::vector<double> static_q, static_q_low, static_q_high;
  std::vector<double> static_phi_deg, static_phi_low_deg, static_phi_high_deg;
  std::string q_unit; // "1/angstrom", "1/nm", "px" or as the file spells it; "" unknown
  std::optional<frames::Mask> mask;
  std::optional<frames::Geometry> geometry;
};

/// From .npy, .npz, TIFF or an HDF5 dataset (dynamic labels alone), or a qmap file of APS 8-ID:
/// group /qmap or /xpcs/qmap, or the form before 2024 (dqmap, sqmap under /xpcs, /data or /).
/// Throws FileError, FormatError (labels that are no whole numbers, shapes that differ).
[[nodiscard]] LabelMaps read_label_maps(const std::string& path);

/// The whole partition with its bins: what write_partition wrote, or a qmap of others. Static bins
/// that straddle dynamic ones are refused (DataError).
[[nodiscard]] frames::Partition to_partition(const LabelMaps& maps);

/// The qmap group of the 8-ID layout, without its masks: label maps where the partition has some,
/// lists of bins on a grid of rings and sectors, geometry as far as it is known.
[[nodiscard]] Tree make_qmap(const frames::Partition& partition, const frames::Geometry& geometry);

/// A qmap file of the 8-ID layout that read_label_maps reads back. `geometry` may be incomplete;
/// its unknown fields are left out.
void write_partition(const std::string& path,
                     const frames::Partition& partition,
                     const frames::Geometry& geometry,
                     bool overwrite = false);

} // namespace vitrum::io
