// Large square arrays of floats in an HDF5 file, written chunk by chunk in any order, by several
// threads or processes. The structure of the file is complete before the first chunk is written and
// does not change until the last is, so that whatever stops the program leaves a sound file.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::io {

/// One array. Chunks that are not listed are not stored and read as NaN.
struct MapLayout {
  std::string path;                         // "/entry/twotime/bin_1/two_time_corr_func"
  Index size = 0;                           // rows, and columns
  Index chunk = 0;                          // edge of a chunk, at most `size`
  std::vector<std::array<Index, 2>> chunks; // row and column, counted in chunks
  Attributes attributes;

  [[nodiscard]] Index chunk_values() const { return chunk * chunk; }
};

/// Where everything stands in the file; what a later run needs to go on with it.
struct MapTable {
  std::vector<Index> place;            // of each chunk, layout after layout: byte offset
  std::vector<Index> piece, length;    // parts of the file that are not chunks: offset, bytes
  std::vector<std::uint8_t> structure; // their bytes, one after the other
  Index bytes = 0;                     // size of the file
};

class MapFile {
public:
  /// A new file `part`, with room for all chunks on disk. `name` is what messages call it. Throws
  /// FileError: no room, another process has it.
  static std::unique_ptr<MapFile>
  make(const std::string& part, const std::string& name, std::span<const MapLayout> layouts);
  /// To go on with a file: its structure is put back as it was made.
  static std::unique_ptr<MapFile>
  resume(const std::string& part, const std::string& name, MapTable table);
  /// To write chunks of a file that another process has made, or to read them.
  static std::unique_ptr<MapFile>
  join(const std::string& part, const std::string& name, MapTable table);

  /// Removes the file unless it was finished, joined or is to be kept.
  ~MapFile();
  MapFile(const MapFile&) = delete;
  MapFile& operator=(const MapFile&) = delete;

  [[nodiscard]] const MapTable& table() const { return table_; }
  void keep() { keep_ = true; }

  /// One whole chunk, by its number in the table, C order. From any thread. Throws FileError.
  void write(Index chunk, std::span<const float> values);
  /// A chunk, or the values of it from number `first` on.
  void read(Index chunk, std::span<float> values, Index first = 0) const;
  /// Returns when all that was written is on disk.
  void sync();
  /// Adds `rest` to the file and gives it its name. Groups that both have are joined.
  void finish(const Tree& rest, const std::string& path, bool overwrite);

private:
  MapFile(std::string part, std::string name) : part_(std::move(part)), name_(std::move(name)) {}
  void open(bool create, bool lock);
  void build(std::span<const MapLayout> layouts);
  void require_room() const;

  std::string part_, name_;
  MapTable table_;
  int descriptor_ = -1;
  bool keep_ = false;
};

/// A square array in a file, read in parts.
class StoredMap {
public:
  /// "result.h5::/entry/twotime/bin_1/two_time_corr_func". Throws FileError, FormatError.
  explicit StoredMap(const std::string& path);
  ~StoredMap();
  StoredMap(StoredMap&&) noexcept;
  StoredMap& operator=(StoredMap&&) noexcept;

  [[nodiscard]] Index size() const;
  [[nodiscard]] Index chunk() const; // edge of its chunks; 0: it has none
  [[nodiscard]] const Attributes& attributes() const;
  /// Whether the chunk in this row and column of chunks is stored; one that is not reads as NaN.
  [[nodiscard]] bool has_chunk(Index row, Index column) const;
  /// Rows [row0, row0 + rows) × columns [col0, col0 + cols), C order.
  void read(Index row0, Index rows, Index col0, Index cols, float* out) const;

private:
  struct Opened;
  void keep_chunks();
  std::unique_ptr<Opened> opened_;
};

} // namespace vitrum::io
