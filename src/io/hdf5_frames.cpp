#include "hdf5_frames.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "hdf5_chunks.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io::h5 {
namespace {

constexpr Index max_slab_bytes = Index{1} << 30; // larger ones are left to H5Dread
constexpr Index batch_bytes = Index{64} << 20;   // decoded at a time

} // namespace

FrameAxes frame_axes(const Dataset& dataset) {
  std::vector<int> used;
  const auto rank = static_cast<int>(dataset.dims.size());
  int spare = rank - 3;
  for (int d = 0; d < rank; ++d)
    if (spare > 0 && dataset.dims[static_cast<std::size_t>(d)] == 1)
      --spare;
    else
      used.push_back(d);
  const std::size_t n = used.size();
  if (n < 2 || n > 5)
    throw FormatError(dataset.file,
                      dataset.name,
                      describe(dataset),
                      "[y, x], [frame, y, x] or a scan [..., y, x] of at most 5 dimensions");
  FrameAxes axes{-1, used[n - 2], used[n - 1]};
  if (n > 2) {
    axes.frame = used[n - 3];
    axes.outer.assign(used.begin(), used.end() - 3);
  }
  return axes;
}

FrameDataset::FrameDataset(Dataset dataset, FrameAxes axes, bool decode_chunks)
    : dataset_(std::move(dataset)), axes_(std::move(axes)) {
  const Handle type(H5Dget_type(dataset_.id.get()));
  const auto pixels = pixel_type(type.get());
  if (!pixels)
    throw FormatError(
        dataset_.file, dataset_.name, describe(dataset_), "integer or floating-point pixels");
  type_ = *pixels;
  const auto dim = [&](int axis) {
    return axis < 0 ? Index{1} : dataset_.dims[static_cast<std::size_t>(axis)];
  };
  frames_ = dim(axes_.frame);
  for (const int axis : axes_.outer) {
    if (dim(axis) > 0 && frames_ > (Index{1} << 40) / dim(axis))
      throw FormatError(dataset_.file, dataset_.name, describe(dataset_), "at most 2^40 frames");
    frames_ *= dim(axis);
  }
  height_ = dim(axes_.y);
  width_ = dim(axes_.x);
  if (frames_ < 1 || height_ < 1 || width_ < 1)
    throw FormatError(
        dataset_.file, dataset_.name, describe(dataset_), "at least one frame and one pixel");
  if (height_ > (Index{1} << 40) / width_)
    throw FormatError(
        dataset_.file, dataset_.name, describe(dataset_), "frames of at most 2^40 pixels");
  pipeline_ = read_pipeline(dataset_.id.get());
  if (const auto missing = missing_filter(pipeline_); !missing.empty())
    throw FormatError(dataset_.file,
                      dataset_.name,
                      missing,
                      "bitshuffle, lz4, zstd, lzf, gzip, shuffle or an installed plug-in");
  direct_ = decode_chunks && chunks_usable();
  packing_ = planes_usable();
}

bool FrameDataset::chunks_usable() {
  const Handle creation(H5Dget_create_plist(dataset_.id.get()));
  const Handle type(H5Dget_type(dataset_.id.get()));
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED || !native_order(type.get()) ||
      !can_decode(pipeline_))
    return false;
  std::vector<hsize_t> chunk(dataset_.dims.size());
  if (H5Pget_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()) < 0)
    return false;
  const auto extent = [&](int axis) {
    return axis < 0 ? Index{1} : static_cast<Index>(chunk[static_cast<std::size_t>(axis)]);
  };
  chunk_frames_ = extent(axes_.frame);
  chunk_height_ = extent(axes_.y);
  chunk_width_ = extent(axes_.x);
  Index all = 1;
  for (const hsize_t n : chunk)
    all *= static_cast<Index>(n);
  if (all != chunk_frames_ * chunk_height_ * chunk_width_)
    return false;
  if (axes_.frame > axes_.y && chunk_frames_ != 1) // pixels of a frame do not stand together
    return false;
  if (!axes_.outer.empty() && // chunks may not reach beyond the end of a row of the scan
      dataset_.dims[static_cast<std::size_t>(axes_.frame)] % chunk_frames_ != 0)
    return false;
  const Index tile_bytes = all * frames::size_of(type_);
  const Index slab_bytes = chunk_frames_ * height_ * width_ * frames::size_of(type_);
  if (std::max(tile_bytes, slab_bytes) > max_slab_bytes)
    return false;
  tiles_y_ = (height_ + chunk_height_ - 1) / chunk_height_;
  tiles_x_ = (width_ + chunk_width_ - 1) / chunk_width_;
  fill_.resize(static_cast<std::size_t>(frames::size_of(type_)));
  H5Pget_fill_value(creation.get(), type.get(), fill_.data());
  return true;
}

void FrameDataset::read(Index first, Index count, std::byte* out) {
  if (!direct_)
    return read_through_library(first, count, out);
  const Index frame_bytes = height_ * width_ * frames::size_of(type_);
  while (count > 0) {
    const Index slab = first / chunk_frames_;
    const Index begin = slab * chunk_frames_;
    const Index held = std::min(chunk_frames_, frames_ - begin);
    Index done = 0;
    if (first == begin && count >= chunk_frames_) {
      const Index slabs = std::min(count / chunk_frames_,
                                   std::max<Index>(batch_bytes / (chunk_frames_ * frame_bytes), 1));
      read_slabs(slab, slabs, out);
      done = slabs * chunk_frames_;
    } else {
      if (cached_slab_ != slab) {
        if (cache_.size() == 0)
          cache_ = Buffer<std::byte>(chunk_frames_ * frame_bytes);
        cached_slab_ = -1; // stays so when reading throws
        read_slabs(slab, 1, cache_.data());
        cached_slab_ = slab;
      }
      done = std::min(begin + held - first, count);
      std::memcpy(out,
                  cache_.data() + (first - begin) * frame_bytes,
                  static_cast<std::size_t>(done * frame_bytes));
    }
    first += done;
    count -= done;
    out += done * frame_bytes;
  }
}

/// Whole slabs (of chunk_frames_ frames each, the last may be cut by the end of the series).
void FrameDataset::read_slabs(Index first_slab, Index count, std::byte* out) {
  const Index tiles = tiles_y_ * tiles_x_;
  std::vector<Stored> chunks(static_cast<std::size_t>(count * tiles));
  {
    const Lock lock;
    for (Index k = 0; k < count * tiles; ++k)
      fetch(first_slab + k / tiles, k % tiles, chunks[static_cast<std::size_t>(k)]);
  }
  const Index slab_bytes = chunk_frames_ * height_ * width_ * frames::size_of(type_);
  parallel_for(0, count * tiles, 1, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k)
      decode(chunks[static_cast<std::size_t>(k)], out + (k / tiles) * slab_bytes);
  });
}

/// The frames that a chunk holds part of.
std::string FrameDataset::place(Index slab) const {
  const Index first = slab * chunk_frames_;
  const Index last = std::min(first + chunk_frames_, frames_) - 1;
  return first == last ? fmt::format("{}: frame {}", dataset_.name, first)
                       : fmt::format("{}: frames {}…{}", dataset_.name, first, last);
}

std::vector<Index> FrameDataset::leading() const {
  std::vector<Index> out;
  for (const int axis : axes_.outer)
    out.push_back(dataset_.dims[static_cast<std::size_t>(axis)]);
  if (!out.empty())
    out.push_back(dataset_.dims[static_cast<std::size_t>(axes_.frame)]);
  return out;
}

std::vector<hsize_t> FrameDataset::start_of(Index frame) const {
  std::vector<hsize_t> at(dataset_.dims.size(), 0);
  if (axes_.frame < 0)
    return at;
  const auto put = [&](int axis) {
    const auto d = static_cast<std::size_t>(axis);
    at[d] = static_cast<hsize_t>(frame % dataset_.dims[d]);
    frame /= dataset_.dims[d];
  };
  if (axes_.outer.empty()) {
    at[static_cast<std::size_t>(axes_.frame)] = static_cast<hsize_t>(frame);
    return at;
  }
  put(axes_.frame);
  for (auto axis = axes_.outer.rbegin(); axis != axes_.outer.rend(); ++axis)
    put(*axis);
  return at;
}

void FrameDataset::fetch(Index slab, Index tile, Stored& chunk) {
  chunk.slab = slab;
  chunk.tile = tile;
  auto offset = start_of(slab * chunk_frames_);
  offset[static_cast<std::size_t>(axes_.y)] = static_cast<hsize_t>(tile / tiles_x_ * chunk_height_);
  offset[static_cast<std::size_t>(axes_.x)] = static_cast<hsize_t>(tile % tiles_x_ * chunk_width_);
  hsize_t bytes = 0;
  if (H5Dget_chunk_storage_size(dataset_.id.get(), offset.data(), &bytes) < 0) {
    H5Eclear2(H5E_DEFAULT);
    bytes = 0; // never written
  }
  if (bytes == 0) {
    if (growing())
      throw FormatError(dataset_.file, place(slab), "has not been written", "");
    return;
  }
  if (static_cast<Index>(bytes) > file_size(dataset_.file))
    throw FormatError(dataset_.file,
                      place(slab),
                      fmt::format("a chunk of {} bytes", bytes),
                      "less than the file holds");
  chunk.bytes.resize(bytes);
  check(H5Dread_chunk(
            dataset_.id.get(), H5P_DEFAULT, offset.data(), &chunk.skipped, chunk.bytes.data()) < 0,
        dataset_.file,
        place(slab),
        "cannot be read");
  chunk.written = true;
}

void FrameDataset::decode(const Stored& chunk, std::byte* slab_out) {
  const Index pixel = frames::size_of(type_);
  const Index y0 = chunk.tile / tiles_x_ * chunk_height_;
  const Index x0 = chunk.tile % tiles_x_ * chunk_width_;
  const Index rows = std::min(chunk_height_, height_ - y0);
  const Index columns = std::min(chunk_width_, width_ - x0);
  const Index held = std::min(chunk_frames_, frames_ - chunk.slab * chunk_frames_);
  const Index tile_bytes = chunk_frames_ * chunk_height_ * chunk_width_ * pixel;
  const bool whole = rows == height_ && columns == width_ && chunk_height_ == height_ &&
                     chunk_width_ == width_ && held == chunk_frames_;
  thread_local std::vector<std::byte> tile;
  std::byte* to = slab_out;
  if (!whole) {
    tile.resize(static_cast<std::size_t>(tile_bytes));
    to = tile.data();
  }
  if (chunk.written) {
    try {
      decode_chunk(
          pipeline_, chunk.skipped, chunk.bytes, {to, static_cast<std::size_t>(tile_bytes)});
    } catch (const DataError& error) {
      throw FormatError(dataset_.file, place(chunk.slab), error.what(), "");
    }
  } else {
    for (Index i = 0; i < tile_bytes; i += pixel)
      std::memcpy(to + i, fill_.data(), static_cast<std::size_t>(pixel));
  }
  if (whole)
    return;
  for (Index f = 0; f < held; ++f)
    for (Index y = 0; y < rows; ++y)
      std::memcpy(slab_out + ((f * height_ + y0 + y) * width_ + x0) * pixel,
                  to + ((f * chunk_height_ + y) * chunk_width_) * pixel,
                  static_cast<std::size_t>(columns * pixel));
}

herr_t FrameDataset::read_hyperslab(Index first, Index count, std::byte* out) {
  const Handle space(H5Dget_space(dataset_.id.get()));
  const auto rank = dataset_.dims.size();
  const auto start = start_of(first);
  std::vector<hsize_t> extent(rank, 1);
  extent[static_cast<std::size_t>(axes_.y)] = static_cast<hsize_t>(height_);
  extent[static_cast<std::size_t>(axes_.x)] = static_cast<hsize_t>(width_);
  if (axes_.frame >= 0)
    extent[static_cast<std::size_t>(axes_.frame)] = static_cast<hsize_t>(count);
  H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
  // of the same shape as the selection: HDF5 maps other shapes onto chunks value by value
  const Handle memory(H5Screate_simple(static_cast<int>(rank), extent.data(), nullptr));
  const Handle type(H5Dget_type(dataset_.id.get()));
  const hid_t as = H5Tget_class(type.get()) == H5T_ENUM ? type.get() : memory_type(type_);
  return H5Dread(dataset_.id.get(), as, memory.get(), space.get(), H5P_DEFAULT, out);
}

void FrameDataset::read_through_library(Index first, Index count, std::byte* out) {
  const Index frame_bytes = height_ * width_ * frames::size_of(type_);
  const Lock lock;
  if (axes_.outer.empty())
    check_chunks(dataset_, axes_.frame, first, first + count);
  else if (!checked_)
    check_all_chunks(dataset_);
  checked_ = true;
  const Index row =
      axes_.outer.empty() ? frames_ : dataset_.dims[static_cast<std::size_t>(axes_.frame)];
  // a frame axis behind the image axes gives frames only one by one
  const Index step = axes_.frame > axes_.y ? 1 : std::max<Index>(batch_bytes / frame_bytes, 1);
  Index some = 0;
  for (Index at = 0; at < count; at += some) {
    some = std::min({step, count - at, row - (first + at) % row});
    if (read_hyperslab(first + at, some, out + at * frame_bytes) >= 0)
      continue;
    const std::string why = reason();
    Index bad = at; // which of them it was
    while (some > 1 && bad < at + some - 1 &&
           read_hyperslab(first + bad, 1, out + bad * frame_bytes) >= 0)
      ++bad;
    throw FormatError(dataset_.file,
                      fmt::format("{}: frame {}", dataset_.name, first + bad),
                      fmt::format("cannot be read ({})", why),
                      "");
  }
}

} // namespace vitrum::io::h5
