// Series of frames in .npz: one .npy array of a zip archive, unpacked once.
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bytes.hpp"
#include "npy_series.hpp"
#include "npz_array.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "zip_file.hpp"

namespace vitrum::io {

NpzArray read_npz_array(const std::string& path, const std::string& name) {
  const ZipFile zip(path);
  const std::size_t member = find_member(zip, path, name);
  const std::string place = zip.members()[member].name;
  auto head = zip.read(member, 12);
  const auto as_bytes = [](const std::vector<std::byte>& b) {
    return std::span(reinterpret_cast<const unsigned char*>(b.data()), b.size());
  };
  head = zip.read(member, npy_header_bytes(as_bytes(head), path, place));
  NpzArray array;
  array.name = place;
  array.header = parse_npy_header(as_bytes(head), path, place);
  const Index bytes = array.header.size() * frames::size_of(array.header.type);
  if (zip.members()[member].bytes != array.header.data_offset + bytes)
    throw FormatError(path,
                      place,
                      fmt::format("{} bytes", zip.members()[member].bytes),
                      fmt::format("{} for shape [{}] of {}",
                                  array.header.data_offset + bytes,
                                  fmt::join(array.header.shape, ", "),
                                  frames::name_of(array.header.type)));
  array.values = Buffer<std::byte>(bytes);
  zip.read(member, array.header.data_offset, bytes, array.values.data());
  to_c_order(array.header, array.values);
  return array;
}

void to_c_order(const NpyHeader& header, Buffer<std::byte>& values) {
  const Index element = frames::size_of(header.type);
  if (header.big_endian)
    swap_bytes(values.data(), header.size(), element);
  if (header.fortran_order) {
    Buffer<std::byte> turned(values.size());
    fortran_to_c(values.data(), turned.data(), header.shape, element);
    values = std::move(turned);
  }
}

namespace {

class NpzSeries final : public frames::FrameSource {
public:
  NpzSeries(const std::string& path, const std::string& name) {
    const auto [file, inside] = split_path(path);
    array_ = read_npz_array(file, name.empty() ? inside : name);
    info_ = npy_info(array_.header, file + "::" + array_.name, "npz");
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    std::memcpy(out,
                array_.values.data() + first * info_.frame_bytes(),
                static_cast<std::size_t>(count * info_.frame_bytes()));
  }

private:
  NpzArray array_;
  frames::SeriesInfo info_;
};

} // namespace

Reader npz_reader() {
  return {[] {
            FormatDescription d;
            d.name = "npz";
            d.description = "NumPy archive: one array of it, chosen by name as file.npz::name";
            d.extensions = {"npz"};
            d.recognised_by = "a zip archive (first bytes 50 4b 03 04)";
            d.reads_frames = d.reads_maps = d.writes_results = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.head.size() >= 4 && std::memcmp(probe.head.data(), "PK\x03\x04", 4) == 0;
          },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<NpzSeries>(path, options.dataset);
          }};
}

} // namespace vitrum::io
