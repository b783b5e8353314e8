// What a result says of its inputs: size and checksum of each file.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// SHA-256 (FIPS 180-4) as 64 hex digits.
[[nodiscard]] std::string sha256(std::span<const std::byte> bytes);

struct FileStamp {
  std::string path;
  Index bytes = 0;
  std::string checksum; // "sha256:…" of all bytes, or "sha256-sampled:…" of large files
};

/// Files above 256 MiB are sampled: the SHA-256 of their size (8 bytes, little-endian) and of 64
/// pieces of 1 MiB at i·(size − 1 MiB)/63, so that a check costs the same for any size. A change
/// between the pieces that keeps the size goes unnoticed; the name of the checksum says so. Folders
/// are stamped by the names and stamps of all files below them, a name that stands for several
/// files (RUN for RUN.bin.000 …) by theirs.
[[nodiscard]] FileStamp stamp(const std::string& path);

} // namespace vitrum::io
