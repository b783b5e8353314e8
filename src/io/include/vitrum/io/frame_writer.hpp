// Writing series of frames piece by piece: HDF5 as detectors write it, or .npy.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io {

enum class FrameCompression { none, bitshuffle_lz4, bitshuffle_zstd };

struct FrameWriterOptions {
  bool overwrite = false;
  FrameCompression compression = FrameCompression::bitshuffle_lz4; // HDF5 only; lossless
  Tree extra; // HDF5 only: further groups and arrays, from the root of the file; must not repeat
              // what the writer itself makes (/entry/data, /entry/instrument)
};

class FrameWriter {
public:
  virtual ~FrameWriter() = default; // a writer that was not closed leaves no file
  /// Frames first … first + count − 1 of info.type in C order; `first` is the number of frames
  /// written so far (OptionError otherwise). Throws FileError.
  virtual void append(Index first, Index count, const std::byte* frames) = 0;
  [[nodiscard]] virtual Index frames_written() const = 0;
  /// Completes the file and gives it its name. Throws FileError; DataError when no frame was
  /// written.
  virtual void close() = 0;
};

/// By the extension of `path`: h5, hdf5, nxs or npy. Shape, type and what else `info` knows
/// (geometry, times, bad pixels) go into the file; info.frames is not used. Throws OptionError,
/// FileError.
[[nodiscard]] std::unique_ptr<FrameWriter>
make_frame_writer(const std::string& path,
                  const frames::SeriesInfo& info,
                  const FrameWriterOptions& options = {});

} // namespace vitrum::io
