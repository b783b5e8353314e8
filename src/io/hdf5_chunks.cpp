#include "hdf5_chunks.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "path.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io::h5 {
namespace {

constexpr Index batch_bytes = Index{64} << 20; // decoded at a time

struct Stored {
  std::vector<hsize_t> at; // its first value
  unsigned skipped = 0;
  bool written = false;
  std::vector<std::byte> bytes;
};

class Chunks {
public:
  explicit Chunks(const Dataset& dataset)
      : dataset_(dataset), pipeline_(read_pipeline(dataset.id.get())) {
    const Handle creation(H5Dget_create_plist(dataset.id.get()));
    if (H5Pget_layout(creation.get()) != H5D_CHUNKED)
      return;
    chunk_.resize(dataset.dims.size());
    H5Pget_chunk(creation.get(), static_cast<int>(chunk_.size()), chunk_.data());
    const Handle type(H5Dget_type(dataset.id.get()));
    element_ = static_cast<Index>(H5Tget_size(type.get()));
    bytes_ = element_;
    for (const hsize_t n : chunk_)
      bytes_ *= static_cast<Index>(n);
  }

  [[nodiscard]] bool chunked() const { return !chunk_.empty(); }
  [[nodiscard]] const Pipeline& pipeline() const { return pipeline_; }
  [[nodiscard]] Index element() const { return element_; }
  [[nodiscard]] Index bytes() const { return bytes_; }

  /// Places are named by the frame alone.
  void name_frames(int axis) { frame_axis_ = axis; }

  /// Calls `use(at)` for the chunks that hold [begin, end) of dimension `axis`.
  void each(int axis,
            Index begin,
            Index end,
            const std::function<void(const std::vector<hsize_t>&)>& use) const {
    const auto limited = static_cast<std::size_t>(axis);
    const std::size_t rank = chunk_.size();
    std::vector<hsize_t> last(dataset_.dims.begin(), dataset_.dims.end());
    if (begin >= end || std::count(last.begin(), last.end(), hsize_t{0}) > 0)
      return;
    std::vector<hsize_t> first(rank, 0);
    first[limited] = static_cast<hsize_t>(begin) / chunk_[limited] * chunk_[limited];
    last[limited] = static_cast<hsize_t>(end);
    auto at = first;
    while (true) {
      use(at);
      std::size_t d = rank;
      while (d-- > 0) {
        at[d] += chunk_[d];
        if (at[d] < last[d])
          break;
        at[d] = first[d];
        if (d == 0)
          return;
      }
    }
  }

  [[nodiscard]] std::string place(const std::vector<hsize_t>& at) const {
    if (frame_axis_ != unnamed)
      return fmt::format("{}: frame {}",
                         dataset_.name,
                         frame_axis_ < 0 ? 0 : at[static_cast<std::size_t>(frame_axis_)]);
    return fmt::format("{}: chunk at [{}]", dataset_.name, fmt::join(at, ", "));
  }

  [[nodiscard]] Stored fetch(const std::vector<hsize_t>& at) const {
    Stored chunk;
    chunk.at = at;
    hsize_t bytes = 0;
    if (H5Dget_chunk_storage_size(dataset_.id.get(), at.data(), &bytes) < 0)
      bytes = 0; // never written
    H5Eclear2(H5E_DEFAULT);
    if (bytes == 0)
      return chunk;
    if (static_cast<Index>(bytes) > file_size(dataset_.file))
      throw FormatError(dataset_.file,
                        place(at),
                        fmt::format("{} stored bytes", bytes),
                        "less than the file holds");
    chunk.bytes.resize(bytes);
    check(H5Dread_chunk(
              dataset_.id.get(), H5P_DEFAULT, at.data(), &chunk.skipped, chunk.bytes.data()) < 0,
          dataset_.file,
          place(at),
          "cannot be read");
    chunk.written = true;
    return chunk;
  }

  /// The filters that were not applied, and the stored bytes (0: never written).
  [[nodiscard]] std::pair<unsigned, Index> stored(const std::vector<hsize_t>& at) const {
    unsigned skipped = 0;
    haddr_t address = 0;
    hsize_t bytes = 0;
    const bool written =
        H5Dget_chunk_info_by_coord(dataset_.id.get(), at.data(), &skipped, &address, &bytes) >= 0 &&
        address != HADDR_UNDEF;
    H5Eclear2(H5E_DEFAULT);
    return {skipped, written ? static_cast<Index>(bytes) : 0};
  }

  void require_written(const std::vector<hsize_t>& at) const {
    if (stored(at).second == 0)
      throw FormatError(dataset_.file, place(at), "has not been written", "");
  }

  [[noreturn]] void refuse(const std::vector<hsize_t>& at, Index bytes) const {
    throw FormatError(dataset_.file,
                      place(at),
                      fmt::format("{} bytes without a filter", bytes),
                      fmt::format("{}", bytes_));
  }

  void decode(const Stored& chunk, std::span<std::byte> out) const {
    try {
      decode_chunk(pipeline_, chunk.skipped, chunk.bytes, out);
    } catch (const DataError& error) {
      throw FormatError(dataset_.file, place(chunk.at), error.what(), "");
    }
  }

  /// The part of a decoded chunk that lies inside the dataset, to its place there.
  void put(const std::vector<hsize_t>& at, const std::byte* tile, std::byte* out) const {
    const std::size_t rank = chunk_.size();
    const auto held = [&](std::size_t d) {
      return std::min<Index>(static_cast<Index>(chunk_[d]),
                             dataset_.dims[d] - static_cast<Index>(at[d]));
    };
    std::vector<Index> row(rank, 0); // inside the chunk; its last entry stays 0
    const auto bytes = static_cast<std::size_t>(held(rank - 1) * element_);
    while (true) {
      Index from = 0;
      Index to = 0;
      for (std::size_t d = 0; d < rank; ++d) {
        from = from * static_cast<Index>(chunk_[d]) + row[d];
        to = to * dataset_.dims[d] + static_cast<Index>(at[d]) + row[d];
      }
      std::memcpy(out + to * element_, tile + from * element_, bytes);
      std::size_t d = rank - 1;
      while (d-- > 0) {
        if (++row[d] < held(d))
          break;
        row[d] = 0;
      }
      if (d == static_cast<std::size_t>(-1))
        return;
    }
  }

private:
  const Dataset& dataset_;
  Pipeline pipeline_;
  std::vector<hsize_t> chunk_; // empty: the dataset has no chunks
  Index element_ = 0, bytes_ = 0;
  static constexpr int unnamed = -2;
  int frame_axis_ = unnamed;
};

} // namespace

std::optional<Buffer<std::byte>> read_decoded(const Dataset& dataset, std::size_t room) {
  const Chunks chunks(dataset);
  if (!chunks.chunked() || chunks.pipeline().empty() || !can_decode(chunks.pipeline()))
    return std::nullopt;
  const Index element = chunks.element();
  Buffer<std::byte> out(dataset.size() * std::max(element, static_cast<Index>(room)));
  std::vector<std::byte> fill(static_cast<std::size_t>(element));
  const Handle creation(H5Dget_create_plist(dataset.id.get()));
  const Handle type(H5Dget_type(dataset.id.get()));
  H5Pget_fill_value(creation.get(), type.get(), fill.data());
  H5Eclear2(H5E_DEFAULT);
  std::vector<Stored> batch;
  const auto flush = [&] {
    parallel_for(0, static_cast<Index>(batch.size()), 1, [&](Index begin, Index end) {
      Buffer<std::byte> tile(chunks.bytes());
      for (Index k = begin; k < end; ++k) {
        const Stored& chunk = batch[static_cast<std::size_t>(k)];
        if (chunk.written)
          chunks.decode(chunk, tile.span());
        else
          for (Index i = 0; i < chunks.bytes(); i += element)
            std::memcpy(tile.data() + i, fill.data(), fill.size());
        chunks.put(chunk.at, tile.data(), out.data());
      }
    });
    batch.clear();
  };
  const Index in_batch = std::max<Index>(batch_bytes / chunks.bytes(), 1);
  chunks.each(0, 0, dataset.dims[0], [&](const auto& at) {
    batch.push_back(chunks.fetch(at));
    if (static_cast<Index>(batch.size()) >= in_batch)
      flush();
  });
  flush();
  return out;
}

namespace {

void check(const Chunks& chunks, int axis, Index begin, Index end) {
  if (!chunks.chunked() || chunks.pipeline().empty())
    return;
  const auto& pipeline = chunks.pipeline();
  const bool known = can_decode(pipeline);
  Buffer<std::byte> tile(known ? chunks.bytes() : 0);
  unsigned packs = 0; // the filters that change the size
  for (std::size_t k = 0; k < pipeline.size() && k < 32; ++k)
    packs |= pipeline[k].id == H5Z_FILTER_SHUFFLE ? 0U : 1U << k;
  chunks.each(axis, begin, end, [&](const auto& at) {
    if (known) {
      if (const Stored chunk = chunks.fetch(at); chunk.written)
        chunks.decode(chunk, tile.span());
      return;
    }
    // a filter that only a plug-in knows: what was stored without it is all that can be judged
    const auto [skipped, bytes] = chunks.stored(at);
    if (bytes > 0 && (skipped & packs) == packs && bytes != chunks.bytes())
      chunks.refuse(at, bytes);
  });
}

} // namespace

void check_chunks(const Dataset& dataset, int frame_axis, Index begin, Index end) {
  Chunks chunks(dataset);
  chunks.name_frames(frame_axis);
  if (frame_axis < 0) {
    frame_axis = 0;
    end = static_cast<Index>(dataset.dims[0]);
  }
  if (growing() && chunks.chunked())
    chunks.each(frame_axis, begin, end, [&](const auto& at) { chunks.require_written(at); });
  check(chunks, frame_axis, begin, end);
}

void check_all_chunks(const Dataset& dataset) {
  check(Chunks(dataset), 0, 0, dataset.dims[0]);
}

} // namespace vitrum::io::h5
