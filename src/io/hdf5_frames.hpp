// Frames of one HDF5 dataset. Chunks that hold whole frames or tiles of frames are read as stored
// and decoded by all processors; anything else goes through H5Dread.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bitshuffle_events.hpp"
#include "filters.hpp"
#include "hdf5_read.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/frames/event_list.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io::h5 {

/// Which dimension is which; `frame` is −1 for a single image. Scans have further dimensions of
/// frames, `outer`, slowest first; `frame` is the fastest of all.
struct FrameAxes {
  int frame = 0, y = 1, x = 2;
  std::vector<int> outer = {};
};

/// The last two dimensions are [y, x], those before them count frames; further dimensions of length
/// one are passed over. Throws FormatError.
[[nodiscard]] FrameAxes frame_axes(const Dataset& dataset);

class FrameDataset {
public:
  /// Throws FormatError for text, compounds, wrong dimensions and unreadable filters.
  FrameDataset(Dataset dataset, FrameAxes axes, bool decode_chunks = true);

  [[nodiscard]] Index frames() const { return frames_; }
  /// Lengths of the dimensions that count frames when there are several, slowest first; else empty.
  [[nodiscard]] std::vector<Index> leading() const;
  [[nodiscard]] Index height() const { return height_; }
  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] frames::PixelType type() const { return type_; }
  [[nodiscard]] const Dataset& dataset() const { return dataset_; }
  [[nodiscard]] const Pipeline& pipeline() const { return pipeline_; }
  [[nodiscard]] bool decodes_chunks() const { return direct_; }

  void read(Index first, Index count, std::byte* out);

  /// True when read_events takes the events from the bit planes of the stored chunks.
  [[nodiscard]] bool reads_events() const { return packing_ != Packing::none; }
  /// Of the chunk that holds a frame, as stored and decoded. Only where decodes_chunks().
  [[nodiscard]] std::pair<Index, Index> stored_bytes(Index frame) const;
  /// Adds frames to `out`, of pixels with used[p] != 0 (empty: all). Only where reads_events().
  void
  read_events(Index first, Index count, std::span<const std::uint8_t> used, frames::EventList& out);

private:
  struct Stored {
    Index slab = 0, tile = 0;
    unsigned skipped = 0;
    bool written = false;
    std::vector<std::byte> bytes;
  };
  [[nodiscard]] bool chunks_usable();
  [[nodiscard]] Packing planes_usable() const;
  [[nodiscard]] std::string place(Index slab) const;
  void decode_events(const Stored& chunk, ElementList& out);
  void read_through_library(Index first, Index count, std::byte* out);
  void read_slabs(Index first_slab, Index count, std::byte* out);
  /// Place of the first value of a frame in the dataset.
  [[nodiscard]] std::vector<hsize_t> start_of(Index frame) const;
  void fetch(Index slab, Index tile, Stored& chunk);
  void decode(const Stored& chunk, std::byte* slab_out);
  [[nodiscard]] herr_t read_hyperslab(Index first, Index count, std::byte* out);

  Dataset dataset_;
  FrameAxes axes_;
  Pipeline pipeline_;
  frames::PixelType type_ = frames::PixelType::u16;
  Index frames_ = 0, height_ = 0, width_ = 0;
  bool direct_ = false;
  Index chunk_frames_ = 1, chunk_height_ = 1, chunk_width_ = 1;
  Index tiles_y_ = 1, tiles_x_ = 1;
  std::vector<std::byte> fill_; // one pixel of what unwritten chunks hold
  Buffer<std::byte> cache_;     // the last slab of several frames of which a part was asked for
  Index cached_slab_ = -1;
  bool checked_ = false;            // all chunks, of a dataset with outer dimensions
  Packing packing_ = Packing::none; // of chunks whose bit planes can be read
  ElementList cached_events_;       // of a slab of which a part was asked for
  Index cached_event_slab_ = -1;
};

} // namespace vitrum::io::h5
