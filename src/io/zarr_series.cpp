// Series of frames in Zarr v2 arrays (folder or zip), also HyperSpy's .zspy. All dimensions before
// the last two count frames.
#include <algorithm>
#include <cstring>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "located_frames.hpp"
#include "npy_series.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "zarr_array.hpp"

namespace vitrum::io {
namespace {

constexpr Index most_decoded_bytes = Index{512} << 20; // chunks that are held at a time

/// "" finds the array: the only one, or HyperSpy's "data".
std::string choose_array(const ZarrStore& store, const std::string& path, std::string wanted) {
  while (wanted.starts_with('/'))
    wanted.erase(0, 1);
  if (!wanted.empty())
    return wanted;
  const auto names = store.arrays();
  std::vector<std::string> data;
  for (const auto& name : names)
    if (name.starts_with("Experiments/") && name.ends_with("/data"))
      data.push_back(name);
  if (data.size() == 1)
    return data[0];
  if (names.size() == 1)
    return names[0];
  throw FormatError(
      path,
      "",
      fmt::format("{} arrays", names.size()),
      names.empty() ? "one"
                    : fmt::format("the name of one as {}::name: {}", path, fmt::join(names, ", ")));
}

class ZarrSeries final : public frames::FrameSource {
public:
  ZarrSeries(const std::string& path, const OpenOptions& options) {
    const auto [file, inside] = split_path(path);
    file_ = file;
    store_ = open_zarr_store(file);
    const std::string name =
        choose_array(*store_, file, options.dataset.empty() ? inside : options.dataset);
    array_ = read_zarr_array(*store_, file, name);
    const std::size_t rank = array_.shape.size();
    info_.path = name.empty() ? file : file + "::/" + name;
    info_.format = "zarr";
    info_.type = array_.type;
    info_.height = array_.shape[rank - 2];
    info_.width = array_.shape[rank - 1];
    info_.frames = 1;
    for (std::size_t d = 0; d + 2 < rank; ++d)
      info_.frames *= array_.shape[d];
    if (rank > 3)
      info_.leading.assign(array_.shape.begin(), array_.shape.end() - 2);
    if (name.ends_with("/data")) {
      const std::string group = name.substr(0, name.size() - 5);
      const auto last = static_cast<int>(rank) - 1;
      const auto x = read_zarr_axis(*store_, group, last);
      const auto y = read_zarr_axis(*store_, group, last - 1);
      info_.scale = make_image_scale(x.scale, y.scale, x.unit);
      if (rank == 3)
        if (const auto time = read_zarr_axis(*store_, group, 0); time.unit == "s" && time.scale > 0)
          info_.frame_time_s = time.scale;
    }
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    for (Index done = 0; done < count;) {
      const Index some = load_chunks(first + done, count - done);
      parallel_for(0, some, 1, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i)
          copy_frame(first + done + i, out + (done + i) * info_.frame_bytes());
      });
      done += some;
    }
  }

private:
  using ChunkIndex = std::vector<Index>;

  [[nodiscard]] Index rank() const { return static_cast<Index>(array_.shape.size()); }

  /// Place of a frame along the dimensions before the last two.
  [[nodiscard]] std::vector<Index> place(Index frame) const {
    std::vector<Index> at(static_cast<std::size_t>(rank() - 2));
    for (Index d = rank() - 3; d >= 0; --d) {
      at[static_cast<std::size_t>(d)] = frame % array_.shape[static_cast<std::size_t>(d)];
      frame /= array_.shape[static_cast<std::size_t>(d)];
    }
    return at;
  }

  /// The chunks that hold a frame.
  [[nodiscard]] std::vector<ChunkIndex> chunks_of(Index frame) const {
    const auto at = place(frame);
    ChunkIndex index;
    for (std::size_t d = 0; d < at.size(); ++d)
      index.push_back(at[d] / array_.chunks[d]);
    const std::size_t y = at.size(), x = y + 1;
    std::vector<ChunkIndex> all;
    for (Index cy = 0; cy * array_.chunks[y] < array_.shape[y]; ++cy)
      for (Index cx = 0; cx * array_.chunks[x] < array_.shape[x]; ++cx) {
        all.push_back(index);
        all.back().push_back(cy);
        all.back().push_back(cx);
      }
    return all;
  }

  /// Decodes what the frames from `first` on need, as many frames as fit; keeps what is held
  /// already. Returns their number.
  Index load_chunks(Index first, Index count) {
    const Index bytes = array_.chunk_values() * frames::size_of(array_.type);
    std::map<ChunkIndex, Buffer<std::byte>> wanted;
    Index frames = 0;
    for (; frames < count; ++frames) {
      const auto chunks = chunks_of(first + frames);
      const Index more = std::count_if(
          chunks.begin(), chunks.end(), [&](const auto& c) { return !wanted.contains(c); });
      if (frames > 0 && (static_cast<Index>(wanted.size()) + more) * bytes > most_decoded_bytes)
        break;
      for (const auto& chunk : chunks)
        wanted.try_emplace(chunk);
    }
    std::vector<std::pair<const ChunkIndex*, Buffer<std::byte>*>> missing;
    for (auto& [chunk, buffer] : wanted)
      if (const auto held = held_.find(chunk); held != held_.end())
        buffer = std::move(held->second);
      else
        missing.emplace_back(&chunk, &buffer);
    held_.clear();
    parallel_for(0, static_cast<Index>(missing.size()), 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        *missing[static_cast<std::size_t>(i)].second =
            load_chunk(*missing[static_cast<std::size_t>(i)].first, bytes);
    });
    held_ = std::move(wanted);
    return frames;
  }

  [[nodiscard]] Buffer<std::byte> load_chunk(const ChunkIndex& chunk, Index bytes) const {
    Buffer<std::byte> out(bytes);
    const std::string key = array_.key(chunk);
    if (const auto stored = store_->get(key, 2 * bytes + 65536)) {
      decode_zarr_chunk(array_, file_, key, *stored, {out.data(), static_cast<std::size_t>(bytes)});
      return out;
    }
    frames::visit(array_.type, [&](auto tag) { // not stored: all fill value
      using T = typename decltype(tag)::type;
      const auto fill = static_cast<T>(array_.fill);
      for (Index i = 0; i < array_.chunk_values(); ++i)
        std::memcpy(out.data() + i * static_cast<Index>(sizeof(T)), &fill, sizeof(T));
    });
    return out;
  }

  void copy_frame(Index frame, std::byte* out) const {
    const auto at = place(frame);
    const std::size_t y = at.size(), x = y + 1;
    const Index size = frames::size_of(array_.type);
    Index plane = 0; // of the frame within its chunks
    for (std::size_t d = 0; d < at.size(); ++d)
      plane = plane * array_.chunks[d] + at[d] % array_.chunks[d];
    for (const auto& chunk : chunks_of(frame)) {
      const std::byte* values =
          held_.at(chunk).data() + plane * array_.chunks[y] * array_.chunks[x] * size;
      const Index y0 = chunk[y] * array_.chunks[y], x0 = chunk[x] * array_.chunks[x];
      const Index rows = std::min(array_.chunks[y], info_.height - y0);
      const Index columns = std::min(array_.chunks[x], info_.width - x0);
      for (Index row = 0; row < rows; ++row)
        std::memcpy(out + ((y0 + row) * info_.width + x0) * size,
                    values + row * array_.chunks[x] * size,
                    static_cast<std::size_t>(columns * size));
    }
  }

  std::string file_;
  std::unique_ptr<ZarrStore> store_;
  ZarrArray array_;
  frames::SeriesInfo info_;
  std::map<ChunkIndex, Buffer<std::byte>> held_;
};

} // namespace

Reader zarr_reader() {
  return {[] {
            FormatDescription d;
            d.name = "zarr";
            d.description = "Zarr v2 array (folder or zip) and HyperSpy .zspy: uncompressed, zlib, "
                            "gzip, zstd, LZ4, Blosc; pixel size and frame time";
            d.extensions = {"zarr", "zspy"};
            d.recognised_by = "a folder or zip archive with .zarray or .zgroup";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.folder ? is_zarr_folder(probe.path)
                                : probe.head.size() > 1 && probe.head[0] == 'P' &&
                                      probe.head[1] == 'K' && is_zarr_zip(probe.path);
          },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<ZarrSeries>(path, options);
          }};
}

} // namespace vitrum::io
