// The one list of formats, and the choice among them by content in the order of the list.
#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "path.hpp"
#include "reader.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr std::array readers{
    comp_reader,        csv_reader,  dm_reader,          dm_folder_reader,
    esrf_sparse_reader, // before hdf5: it is HDF5, too
    hdf5_reader,        imm_reader,  matlab_reader,      mib_reader,         mrc_reader,
    npy_reader,
    zarr_reader, // before npz: both are zip archives
    npz_reader,         raw_reader,  rigaku_3m_reader,   rigaku_500k_reader, seq_reader,
    ser_reader,         tiff_reader, tiff_folder_reader, ufxc_reader,
};

constexpr Index head_bytes = 8192;

std::vector<std::string> names_that_open() {
  std::vector<std::string> names;
  for (const auto make : readers)
    if (const Reader reader = make(); reader.open != nullptr)
      names.push_back(reader.describe().name);
  return names;
}

Reader by_name(const std::string& name) {
  for (const auto make : readers)
    if (const Reader reader = make(); reader.open != nullptr && reader.describe().name == name)
      return reader;
  throw OptionError(
      fmt::format("format = '{}': expected one of {}", name, fmt::join(names_that_open(), ", ")));
}

} // namespace

void validate(const OpenOptions& options) {
  const auto require_size = [](const char* name, Index value) {
    if (value < 0)
      throw OptionError(fmt::format("{} = {}: must not be negative", name, value));
    if (value > Index{1} << 48)
      throw OptionError(fmt::format("{} = {}: must be at most 2^48", name, value));
  };
  require_size("raw_height", options.raw_height);
  require_size("raw_width", options.raw_width);
  require_size("raw_frames", options.raw_frames);
  require_size("raw_offset", options.raw_offset);
  require_size("raw_gap", options.raw_gap);
  if (options.rigaku_first_frame != 0 && options.rigaku_first_frame != 1)
    throw OptionError(
        fmt::format("rigaku_first_frame = {}: must be 0 or 1", options.rigaku_first_frame));
  if (!options.format.empty() && options.format != "raw" && !options.raw_type)
    return; // the shape of a detector's frames
  const bool some = options.raw_height > 0 || options.raw_width > 0 || options.raw_type.has_value();
  const bool all = options.raw_height > 0 && options.raw_width > 0 && options.raw_type.has_value();
  if (some && !all)
    throw OptionError("a raw file needs its height, width and pixel type, all three");
}

std::unique_ptr<frames::FrameSource> open_series(const std::string& path,
                                                 const OpenOptions& options) {
  validate(options);
  if (!options.format.empty())
    return by_name(options.format).open(path, options);
  if (options.raw_type)
    return raw_reader().open(path, options);
  std::string file = split_path(path).file;
  if (!std::filesystem::exists(file))
    if (const auto parts = files_of_stem(file); !parts.empty())
      file = parts.front();
  Probe probe{file, std::filesystem::is_directory(file), {}};
  std::vector<unsigned char> head;
  if (!probe.folder) {
    head = first_bytes(file, head_bytes);
    probe.head = head;
    if (head.empty())
      throw FormatError(file, "", "an empty file", "frames");
  }
  for (const auto make : readers) {
    const Reader reader = make();
    if (reader.open != nullptr && reader.recognises != nullptr && reader.recognises(probe))
      return reader.open(file == split_path(path).file ? path : file, options);
  }
  if (probe.folder)
    throw FormatError(file, "", "a folder without frames", "a folder of TIFF or DM files");
  throw FormatError(file,
                    "",
                    "content of no known format",
                    "one of those that 'vitrum formats' lists; a raw file needs its height, width "
                    "and pixel type");
}

std::vector<FormatDescription> formats() {
  std::vector<FormatDescription> list;
  for (const auto make : readers)
    list.push_back(make().describe());
  for (auto& one : trajectory_formats())
    list.push_back(std::move(one));
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return list;
}

} // namespace vitrum::io
