// Sparse frames as ESRF ID10 writes them: in a group of an HDF5 file the lists frame_ptr, index and
// intensity (compressed sparse rows, a row for each frame); long series go on in numbered files.
#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "event_series.hpp"
#include "hdf5_chunks.hpp"
#include "hdf5_metadata.hpp"
#include "hdf5_read.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr char usual_group[] = "/entry_0000/measurement/data";
constexpr Index eiger_height = 2162, eiger_width = 2068; // 4M

std::string group_of(const std::string& inside) {
  if (inside.empty())
    return usual_group;
  return inside.starts_with('/') ? inside : "/" + inside;
}

/// Values [first, first + count) of a list.
std::vector<std::int64_t> read_part(const h5::Dataset& list, Index first, Index count) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  if (count == 0)
    return out;
  h5::check_chunks(list, 0, first, first + count);
  const hsize_t start = static_cast<hsize_t>(first);
  const hsize_t extent = static_cast<hsize_t>(count);
  const h5::Handle space(H5Dget_space(list.id.get()));
  H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &start, nullptr, &extent, nullptr);
  const h5::Handle memory(H5Screate_simple(1, &extent, nullptr));
  h5::check(
      H5Dread(list.id.get(), H5T_NATIVE_INT64, memory.get(), space.get(), H5P_DEFAULT, out.data()) <
          0,
      list.file,
      list.name,
      "cannot be read");
  return out;
}

struct Piece {
  h5::Handle file;
  h5::Dataset index, intensity;
  std::vector<Index> begin; // [frames + 1]
  Index first = 0;          // its first frame in the series
  [[nodiscard]] Index frames() const { return static_cast<Index>(begin.size()) - 1; }
};

/// frames[...]_00000.h5: what stands before the number, the number, and its digits.
struct Numbered {
  std::string stem;
  Index number = -1;
  std::size_t digits = 0;
  [[nodiscard]] std::string name(Index k) const {
    return fmt::format("{}{:0{}}.h5", stem, k, digits);
  }
};

Numbered numbered(const std::string& path) {
  Numbered out;
  if (!path.ends_with(".h5"))
    return out;
  const std::string name = path.substr(0, path.size() - 3);
  std::size_t at = name.size();
  while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9' && name.size() - at < 9)
    --at;
  if (at == name.size() || at == 0 || name[at - 1] != '_')
    return out;
  return {name.substr(0, at), std::stol(name.substr(at)), name.size() - at};
}

/// The files of the series that `path` belongs to, in order.
std::vector<std::string> files_of(const std::string& path) {
  const Numbered own = numbered(path);
  if (own.number < 0)
    return {path};
  const auto there = [&](Index k) { return std::filesystem::exists(own.name(k)); };
  Index last = own.number;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code none;
  Index first = own.number;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder.empty() ? "." : folder, none)) {
    const Numbered other =
        numbered(folder.empty() ? entry.path().filename().string() : entry.path().string());
    if (other.stem == own.stem && other.digits == own.digits) {
      first = std::min(first, other.number);
      last = std::max(last, other.number);
    }
  }
  std::vector<std::string> files;
  for (Index k = first; k <= last; ++k) {
    if (!there(k))
      throw FormatError(
          path,
          "",
          fmt::format("the data file {} is missing", own.name(k)),
          fmt::format("files {} to {} of the series", own.name(first), own.name(last)));
    files.push_back(own.name(k));
  }
  return files;
}

class EsrfSparse final : public EventSeries {
public:
  EsrfSparse(const std::string& path, const OpenOptions& options) {
    const h5::Lock lock;
    const auto [file, inside] = split_path(path);
    const std::string group = group_of(options.dataset.empty() ? inside : options.dataset);
    const auto files = files_of(file);
    for (const auto& name : files)
      open_piece(name, group);
    info_.path = fmt::format("{}::{}", files.front(), group);
    info_.format = "esrf-sparse";
    info_.frames = pieces_.back().first + pieces_.back().frames();
    if (info_.frames < 1)
      throw FormatError(files.front(), group + "/frame_ptr", "no frames", "at least one");
    find_shape(files.front(), group, options);
    if (files.size() > 1)
      info_.metadata.emplace_back("files", std::to_string(files.size()));
    h5::read_metadata(pieces_.front().file.get(), group, info_);
  }

protected:
  [[nodiscard]] Index stored_events(Index first, Index count) const override {
    Index sum = 0;
    for (const Piece& p : pieces_) {
      const auto [begin, end] = part(p, first, count);
      if (begin < end)
        sum += p.begin[static_cast<std::size_t>(end)] - p.begin[static_cast<std::size_t>(begin)];
    }
    return sum;
  }

  void load(Index first, Index count, frames::EventList& out) override {
    out.clear();
    const auto total = static_cast<std::size_t>(stored_events(first, count));
    out.pixel.reserve(total);
    out.count.reserve(total);
    for (const Piece& p : pieces_)
      if (const auto [begin, end] = part(p, first, count); begin < end)
        load_piece(p, begin, end, out);
  }

private:
  static std::pair<Index, Index> part(const Piece& p, Index first, Index count) {
    return {std::max(first - p.first, Index{0}), std::min(first + count - p.first, p.frames())};
  }

  void load_piece(const Piece& p, Index begin, Index end, frames::EventList& out) {
    const Index from = p.begin[static_cast<std::size_t>(begin)];
    const Index n = p.begin[static_cast<std::size_t>(end)] - from;
    std::vector<std::int64_t> pixel, counts;
    {
      const h5::Lock lock;
      pixel = read_part(p.index, from, n);
      counts = read_part(p.intensity, from, n);
    }
    const auto frame_of = [&](Index event) {
      const auto at = std::upper_bound(p.begin.begin(), p.begin.end(), event);
      return p.first + (at - p.begin.begin()) - 1;
    };
    const Index most = info_.type == frames::PixelType::u8    ? 255
                       : info_.type == frames::PixelType::u16 ? 65535
                                                              : 4294967295;
    for (std::size_t i = 0; i < pixel.size(); ++i) {
      const Index event = from + static_cast<Index>(i);
      if (pixel[i] < 0 || pixel[i] >= info_.pixels())
        throw FormatError(p.index.file,
                          fmt::format("{}: frame {}", p.index.name, frame_of(event)),
                          fmt::format("pixel {}", pixel[i]),
                          fmt::format("pixels from 0 to {}", info_.pixels() - 1));
      if (counts[i] < 0 || counts[i] > most)
        throw FormatError(p.intensity.file,
                          fmt::format("{}: frame {}", p.intensity.name, frame_of(event)),
                          fmt::format("{} counts in pixel {}", counts[i], pixel[i]),
                          fmt::format("0 to {}", most));
      out.add(static_cast<std::uint32_t>(pixel[i]), static_cast<std::uint32_t>(counts[i]));
    }
    const Index shift = out.frame_begin.back() - from;
    for (Index f = begin + 1; f <= end; ++f)
      out.frame_begin.push_back(p.begin[static_cast<std::size_t>(f)] + shift);
  }

  void open_piece(const std::string& name, const std::string& group) {
    Piece p;
    p.file = h5::open_file(name);
    const auto list = [&](const char* member) {
      auto dataset = h5::open_dataset(p.file.get(), name, group + "/" + member);
      const h5::Handle type(H5Dget_type(dataset.id.get()));
      const auto number = h5::pixel_type(type.get());
      if (dataset.dims.size() != 1 || !number || !frames::is_integer(*number))
        throw FormatError(name, dataset.name, h5::describe(dataset), "a list of whole numbers");
      return std::pair(std::move(dataset), *number);
    };
    const auto frame_ptr = list("frame_ptr").first;
    p.index = list("index").first;
    auto [intensity, type] = list("intensity");
    p.intensity = std::move(intensity);
    if (p.index.dims != p.intensity.dims)
      throw FormatError(name,
                        group,
                        fmt::format("{} values of index and {} of intensity",
                                    p.index.dims[0],
                                    p.intensity.dims[0]),
                        "as many");
    if (frame_ptr.dims[0] < 1)
      throw FormatError(name, frame_ptr.name, "an empty list", "one value more than frames");
    const auto begin = read_part(frame_ptr, 0, frame_ptr.dims[0]);
    p.begin.assign(begin.begin(), begin.end());
    for (std::size_t f = 0; f < p.begin.size(); ++f)
      if (p.begin[f] < (f == 0 ? 0 : p.begin[f - 1]) || p.begin[f] > p.index.dims[0] ||
          (f == 0 && p.begin[0] != 0))
        throw FormatError(name,
                          fmt::format("{}[{}]", frame_ptr.name, f),
                          fmt::format("{}", p.begin[f]),
                          fmt::format("values that ascend from 0 to {}", p.index.dims[0]));
    if (p.begin.back() != p.index.dims[0])
      throw FormatError(name,
                        frame_ptr.name,
                        fmt::format("{} events in {} frames", p.begin.back(), p.frames()),
                        fmt::format("the {} of index", p.index.dims[0]));
    const Index bytes = frames::size_of(type);
    info_.type = bytes == 1   ? frames::PixelType::u8
                 : bytes == 2 ? frames::PixelType::u16
                              : frames::PixelType::u32;
    p.first = pieces_.empty() ? 0 : pieces_.back().first + pieces_.back().frames();
    pieces_.push_back(std::move(p));
  }

  /// From a two-dimensional mask beside the lists, else that of the detector of the beamline.
  void find_shape(const std::string& path, const std::string& group, const OpenOptions& options) {
    Index height = 0, width = 0;
    if (h5::exists(pieces_.front().file.get(), group + "/mask")) {
      const auto mask = h5::open_dataset(pieces_.front().file.get(), path, group + "/mask");
      if (mask.dims.size() == 2) {
        height = mask.dims[0];
        width = mask.dims[1];
      }
    }
    if (height < 1 && std::filesystem::path(path).filename().string().starts_with("eiger4m")) {
      height = eiger_height;
      width = eiger_width;
    }
    if ((options.raw_height < 1 && height < 1) || (options.raw_width < 1 && width < 1))
      throw FormatError(
          path, group, "no mask that tells the shape of the frames", "a stated height and width");
    set_shape(info_, options, std::max<Index>(height, 1), std::max<Index>(width, 1));
  }

  std::vector<Piece> pieces_;
};

bool recognise(const Probe& probe) {
  if (probe.folder || hdf5_reader().recognises == nullptr || !hdf5_reader().recognises(probe))
    return false;
  const h5::Lock lock;
  try {
    const h5::Handle file = h5::open_file(probe.path);
    const std::string group = usual_group;
    return h5::exists(file.get(), group + "/frame_ptr") &&
           h5::exists(file.get(), group + "/index") && h5::exists(file.get(), group + "/intensity");
  } catch (const Error&) {
    return false; // the reader of HDF5 says what is wrong with it
  }
}

} // namespace

Reader esrf_sparse_reader() {
  return {[] {
            FormatDescription d;
            d.name = "esrf-sparse";
            d.description =
                "sparse HDF5 of ESRF ID10: frame_ptr, index and intensity, in numbered files";
            d.extensions = {"h5"};
            d.recognised_by = "/entry_0000/measurement/data/{frame_ptr, index, intensity}";
            d.reads_frames = true;
            return d;
          },
          recognise,
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<EsrfSparse>(path, options);
          }};
}

} // namespace vitrum::io
