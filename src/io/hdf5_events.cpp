// Events of HDF5 frames straight from the bit planes of the chunks.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "hdf5_frames.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io::h5 {
namespace {

constexpr Index slabs_at_once = 128;
constexpr Index batch_bytes = Index{256} << 20; // decoded size of what is worked on at a time

/// The elements of whole frames of `pixels` that belong to frames [begin, end), as frames of `out`.
void add_frames(const ElementList& elements,
                Index pixels,
                Index begin,
                Index end,
                std::span<const std::uint8_t> used,
                frames::EventList& out) {
  std::size_t i = static_cast<std::size_t>(
      std::lower_bound(elements.at.begin(), elements.at.end(), begin * pixels) -
      elements.at.begin());
  for (Index f = begin; f < end; ++f) {
    const Index stop = (f + 1) * pixels;
    const auto last = static_cast<std::size_t>(
        std::lower_bound(
            elements.at.begin() + static_cast<std::ptrdiff_t>(i), elements.at.end(), stop) -
        elements.at.begin());
    const std::size_t start = out.pixel.size();
    out.pixel.resize(start + last - i);
    out.count.resize(start + last - i);
    std::size_t to = start;
    const auto shift = static_cast<std::uint32_t>(f * pixels);
    for (; i < last; ++i) {
      const std::uint32_t p = elements.at[i] - shift;
      out.pixel[to] = p;
      out.count[to] = elements.value[i];
      to += used.empty() || used[p] != 0;
    }
    out.pixel.resize(to);
    out.count.resize(to);
    out.end_frame();
  }
}

void append(const frames::EventList& from, frames::EventList& to) {
  const Index shift = to.events();
  to.pixel.insert(to.pixel.end(), from.pixel.begin(), from.pixel.end());
  to.count.insert(to.count.end(), from.count.begin(), from.count.end());
  for (std::size_t f = 1; f < from.frame_begin.size(); ++f)
    to.frame_begin.push_back(from.frame_begin[f] + shift);
}

} // namespace

/// Chunks of whole frames of unsigned integers, packed by bitshuffle alone.
Packing FrameDataset::planes_usable() const {
  const bool counts = type_ == frames::PixelType::u8 || type_ == frames::PixelType::u16 ||
                      type_ == frames::PixelType::u32;
  if (!direct_ || !counts || chunk_height_ != height_ || chunk_width_ != width_ ||
      (axes_.frame > axes_.y && chunk_frames_ != 1) || pipeline_.size() != 1 ||
      pipeline_[0].id != filter_bitshuffle || pipeline_[0].values.size() < 5 ||
      static_cast<Index>(pipeline_[0].values[2]) != frames::size_of(type_) || axes_.y > axes_.x)
    return Packing::none;
  return static_cast<Packing>(pipeline_[0].values[4]);
}

std::pair<Index, Index> FrameDataset::stored_bytes(Index frame) const {
  const auto at = start_of(frame / chunk_frames_ * chunk_frames_);
  hsize_t bytes = 0;
  if (H5Dget_chunk_storage_size(dataset_.id.get(), at.data(), &bytes) < 0)
    bytes = 0; // never written
  H5Eclear2(H5E_DEFAULT);
  return {static_cast<Index>(bytes),
          chunk_frames_ * chunk_height_ * chunk_width_ * frames::size_of(type_)};
}

void FrameDataset::decode_events(const Stored& chunk, ElementList& out) {
  const Index elements = chunk_frames_ * height_ * width_;
  const Index bytes = frames::size_of(type_);
  out.at.clear();
  out.value.clear();
  try {
    if (chunk.written && chunk.skipped == 0)
      return decode_bitshuffle_events(chunk.bytes, elements, bytes, packing_, out);
    const bool zero =
        std::all_of(fill_.begin(), fill_.end(), [](std::byte b) { return b == std::byte{0}; });
    if (!chunk.written && zero)
      return;
    std::vector<std::byte> dense(static_cast<std::size_t>(elements * bytes));
    if (chunk.written)
      decode_chunk(pipeline_, chunk.skipped, chunk.bytes, dense);
    else
      for (Index i = 0; i < elements; ++i)
        std::memcpy(dense.data() + i * bytes, fill_.data(), fill_.size());
    append_nonzero(dense, bytes, out);
  } catch (const DataError& error) {
    throw FormatError(dataset_.file, place(chunk.slab), error.what(), "");
  }
}

void FrameDataset::read_events(Index first,
                               Index count,
                               std::span<const std::uint8_t> used,
                               frames::EventList& out) {
  const Index pixels = height_ * width_;
  const Index slab_bytes = chunk_frames_ * pixels * frames::size_of(type_);
  const Index most = std::clamp<Index>(batch_bytes / slab_bytes, 1, slabs_at_once);
  const Index end = first + count;
  while (first < end) {
    const Index slab = first / chunk_frames_;
    const Index begin = slab * chunk_frames_;
    if (first != begin || end < std::min(begin + chunk_frames_, frames_)) { // a part of a chunk
      if (cached_event_slab_ != slab) {
        Stored chunk;
        cached_event_slab_ = -1; // stays so when reading throws
        {
          const Lock lock;
          fetch(slab, 0, chunk);
        }
        decode_events(chunk, cached_events_);
        cached_event_slab_ = slab;
      }
      const Index stop = std::min(begin + chunk_frames_, end);
      add_frames(cached_events_, pixels, first - begin, stop - begin, used, out);
      first = stop;
      continue;
    }
    const Index whole = end == frames_ ? (end - begin + chunk_frames_ - 1) / chunk_frames_
                                       : (end - begin) / chunk_frames_;
    const Index slabs = std::min(most, whole);
    std::vector<Stored> chunks(static_cast<std::size_t>(slabs));
    {
      const Lock lock;
      for (Index k = 0; k < slabs; ++k)
        fetch(slab + k, 0, chunks[static_cast<std::size_t>(k)]);
    }
    std::vector<frames::EventList> lists(static_cast<std::size_t>(slabs));
    parallel_for(0, slabs, 1, [&](Index from, Index to) {
      thread_local ElementList elements;
      for (Index k = from; k < to; ++k) {
        decode_events(chunks[static_cast<std::size_t>(k)], elements);
        auto& list = lists[static_cast<std::size_t>(k)];
        list.clear();
        const Index held = std::min(chunk_frames_, frames_ - (slab + k) * chunk_frames_);
        add_frames(elements, pixels, 0, held, used, list);
      }
    });
    for (const auto& list : lists)
      append(list, out);
    first = std::min(begin + slabs * chunk_frames_, end);
  }
}

} // namespace vitrum::io::h5
