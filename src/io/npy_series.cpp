// Series of frames in .npy: [y, x], [frame, y, x] or a scan, any integer or float, either byte
// order, C or Fortran order.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "npy_series.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {

frames::SeriesInfo
npy_info(const NpyHeader& header, const std::string& path, const std::string& format) {
  auto shape = header.shape;
  while (shape.size() > 3 && shape.front() == 1)
    shape.erase(shape.begin());
  if (shape.size() == 2)
    shape.insert(shape.begin(), 1);
  if (shape.size() < 3 || shape.size() > 5)
    throw FormatError(path,
                      "",
                      fmt::format("shape [{}]", fmt::join(header.shape, ", ")),
                      "[y, x], [frame, y, x] or a scan [..., y, x] of at most 5 dimensions");
  if (header.size() == 0)
    throw FormatError(path,
                      "",
                      fmt::format("shape [{}]", fmt::join(header.shape, ", ")),
                      "at least one frame and one pixel");
  frames::SeriesInfo info;
  info.path = path;
  info.format = format;
  info.height = shape[shape.size() - 2];
  info.width = shape[shape.size() - 1];
  shape.resize(shape.size() - 2);
  info.frames = 1;
  for (const Index n : shape)
    info.frames *= n;
  if (shape.size() > 1)
    info.leading = shape;
  info.type = header.type;
  return info;
}

void check_frames(const frames::SeriesInfo& info, Index first, Index count) {
  if (first < 0 || count < 0 || first > info.frames - count)
    throw OptionError(fmt::format("{}: frames {} to {}, expected within [0, {})",
                                  info.path,
                                  first,
                                  first + count,
                                  info.frames));
}

namespace {

class NpySeries final : public frames::FrameSource {
public:
  explicit NpySeries(const std::string& path) : file_(path) {
    header_ = read_npy_header(file_);
    info_ = npy_info(header_, path, "npy");
    const Index need = header_.data_offset + info_.frames * info_.frame_bytes();
    if (file_.size() != need)
      throw FormatError(path,
                        "",
                        fmt::format("{} bytes", file_.size()),
                        fmt::format("{} for shape [{}] of {}",
                                    need,
                                    fmt::join(header_.shape, ", "),
                                    frames::name_of(info_.type)));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    const Index bytes = info_.frame_bytes();
    if (header_.fortran_order) {
      reorder();
      std::memcpy(out, c_order_.data() + first * bytes, static_cast<std::size_t>(count * bytes));
      return;
    }
    read_in_parallel(file_, header_.data_offset + first * bytes, count * bytes, out);
    if (header_.big_endian)
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        swap_bytes(
            out + begin * bytes, (end - begin) * info_.pixels(), frames::size_of(info_.type));
      });
  }

private:
  /// Frames of a Fortran array are spread over the whole file: it is turned once, in memory.
  void reorder() {
    if (c_order_.size() > 0)
      return;
    const Index total = info_.frames * info_.frame_bytes();
    Buffer<std::byte> stored(total);
    read_in_parallel(file_, header_.data_offset, total, stored.data());
    if (header_.big_endian)
      swap_bytes(stored.data(), header_.size(), frames::size_of(info_.type));
    Buffer<std::byte> turned(total);
    fortran_to_c(stored.data(), turned.data(), header_.shape, frames::size_of(info_.type));
    c_order_ = std::move(turned);
  }

  InputFile file_;
  NpyHeader header_;
  frames::SeriesInfo info_;
  Buffer<std::byte> c_order_;
};

} // namespace

NpyHeader read_npy_header(const InputFile& file) {
  std::vector<unsigned char> head(static_cast<std::size_t>(std::min<Index>(file.size(), 12)));
  file.read(0, static_cast<Index>(head.size()), reinterpret_cast<std::byte*>(head.data()));
  const Index bytes = std::min(npy_header_bytes(head, file.path()), file.size());
  head.resize(static_cast<std::size_t>(bytes));
  file.read(0, bytes, reinterpret_cast<std::byte*>(head.data()));
  return parse_npy_header(head, file.path());
}

Reader npy_reader() {
  return {[] {
            FormatDescription d;
            d.name = "npy";
            d.description = "NumPy array [frame, y, x], [y, x] or a scan [..., y, x]: integers and "
                            "floats, either byte "
                            "order, C or Fortran order";
            d.extensions = {"npy"};
            d.recognised_by = "signature 93 4e 55 4d 50 59";
            d.reads_frames = d.writes_frames = d.reads_maps = d.writes_maps = true;
            return d;
          },
          [](const Probe& probe) { return is_npy(probe.head); },
          [](const std::string& path, const OpenOptions&) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<NpySeries>(path);
          }};
}

} // namespace vitrum::io
