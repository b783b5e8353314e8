// What a reader of frames tells the registry.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

/// What recognition looks at: the first bytes of a file, or a folder.
struct Probe {
  std::string path; // without ::/dataset
  bool folder = false;
  std::span<const unsigned char> head;
};

struct Reader {
  FormatDescription (*describe)();
  bool (*recognises)(const Probe& probe); // by content; null for formats without a mark
  std::unique_ptr<frames::FrameSource> (*open)(const std::string& path,
                                               const OpenOptions& options); // may be null
};

// one per file, listed in registry.cpp
[[nodiscard]] Reader comp_reader();
[[nodiscard]] Reader csv_reader();
[[nodiscard]] Reader dm_folder_reader();
[[nodiscard]] Reader dm_reader();
[[nodiscard]] Reader esrf_sparse_reader();
[[nodiscard]] Reader hdf5_reader();
[[nodiscard]] Reader imm_reader();
[[nodiscard]] Reader matlab_reader();
[[nodiscard]] Reader mib_reader();
[[nodiscard]] Reader mrc_reader();
[[nodiscard]] Reader npy_reader();
[[nodiscard]] Reader npz_reader();
[[nodiscard]] Reader raw_reader();
[[nodiscard]] Reader rigaku_3m_reader();
[[nodiscard]] Reader rigaku_500k_reader();
[[nodiscard]] Reader seq_reader();
[[nodiscard]] Reader ser_reader();
[[nodiscard]] Reader tiff_folder_reader();
[[nodiscard]] Reader tiff_reader();
[[nodiscard]] Reader ufxc_reader();
[[nodiscard]] Reader zarr_reader();

} // namespace vitrum::io
