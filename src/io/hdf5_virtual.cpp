#include "hdf5_virtual.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::io::h5 {
namespace {

namespace fs = std::filesystem;

/// The block that a mapping selects: first and count of the frame axis. Nothing unless it is one
/// block of whole frames.
std::optional<std::pair<Index, Index>> frame_block(hid_t space, const std::vector<Index>& dims) {
  const auto rank = dims.size();
  std::vector<hsize_t> low(rank);
  std::vector<hsize_t> high(rank);
  if (H5Sget_simple_extent_ndims(space) != static_cast<int>(rank) ||
      H5Sget_select_bounds(space, low.data(), high.data()) < 0)
    return std::nullopt;
  Index volume = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    if (d > 0 && (low[d] != 0 || static_cast<Index>(high[d]) + 1 != dims[d]))
      return std::nullopt;
    volume *= static_cast<Index>(high[d] - low[d]) + 1;
  }
  if (static_cast<Index>(H5Sget_select_npoints(space)) != volume)
    return std::nullopt;
  return std::pair(static_cast<Index>(low[0]), static_cast<Index>(high[0] - low[0]) + 1);
}

template <class Get>
std::string text_of(Get&& get) {
  const auto length = get(nullptr, 0);
  if (length <= 0)
    return "";
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  get(text.data(), text.size());
  text.resize(static_cast<std::size_t>(length));
  return text;
}

} // namespace

std::string beside(const std::string& path, const std::string& name) {
  const fs::path named(name);
  if (named.is_absolute())
    return fs::exists(named) || !fs::exists(fs::path(path).parent_path() / named.filename())
               ? name
               : (fs::path(path).parent_path() / named.filename()).string();
  return (fs::path(path).parent_path() / named).string();
}

std::string missing_end(const std::string& first_missing, std::ptrdiff_t present, std::size_t all) {
  return fmt::format(
      "the last {} of {} data files are missing, from {} on: the series ends before them",
      static_cast<std::ptrdiff_t>(all) - present,
      all,
      first_missing);
}

std::optional<std::vector<Part>> virtual_sources(const Dataset& dataset,
                                                 std::vector<std::string>* problems) {
  const Handle creation(H5Dget_create_plist(dataset.id.get()));
  if (H5Pget_layout(creation.get()) != H5D_VIRTUAL)
    return std::nullopt;
  std::size_t count = 0;
  check(H5Pget_virtual_count(creation.get(), &count) < 0,
        dataset.file,
        dataset.name,
        "virtual layout cannot be read");
  struct Mapping {
    Index first;
    Index count;
    Part part;
  };
  std::vector<Mapping> mappings;
  std::string missing_file;
  bool simple = dataset.dims.size() == 3;
  for (std::size_t i = 0; i < count; ++i) {
    const auto file = text_of(
        [&](char* to, std::size_t n) { return H5Pget_virtual_filename(creation.get(), i, to, n); });
    const auto name = text_of(
        [&](char* to, std::size_t n) { return H5Pget_virtual_dsetname(creation.get(), i, to, n); });
    if (file.find('%') != std::string::npos || name.find('%') != std::string::npos) {
      simple = false; // a pattern of names: which of them exist is HDF5's affair
      continue;
    }
    const std::string source = file == "." ? dataset.file : beside(dataset.file, file);
    const bool there = fs::exists(source);
    if (!there && missing_file.empty())
      missing_file = source;
    if (!simple)
      continue;
    const Handle here(H5Pget_virtual_vspace(creation.get(), i));
    const auto block = frame_block(here.get(), dataset.dims);
    if (block && !there) { // its extent is known to the source file alone
      mappings.push_back({block->first, block->second, {source, name, 0, block->second}});
      continue;
    }
    const Handle from_space(H5Pget_virtual_srcspace(creation.get(), i));
    std::optional<std::pair<Index, Index>> from;
    if (H5Sget_select_type(from_space.get()) == H5S_SEL_ALL) {
      // all of the source, whose extent does not stand in this file
      const Handle other = open_file(source);
      const Dataset whole = open_dataset(other.get(), source, name);
      if (block && whole.dims != std::vector{block->second, dataset.dims[1], dataset.dims[2]})
        throw FormatError(source,
                          name,
                          describe(whole),
                          fmt::format("[{}, {}, {}] as {} states",
                                      block->second,
                                      dataset.dims[1],
                                      dataset.dims[2],
                                      dataset.file));
      if (block)
        from = {0, block->second};
    } else {
      std::vector<hsize_t> dims(
          static_cast<std::size_t>(std::max(H5Sget_simple_extent_ndims(from_space.get()), 0)));
      if (!dims.empty())
        H5Sget_simple_extent_dims(from_space.get(), dims.data(), nullptr);
      if (dims.size() == 3 && static_cast<Index>(dims[1]) == dataset.dims[1] &&
          static_cast<Index>(dims[2]) == dataset.dims[2])
        from = frame_block(from_space.get(), {dims.begin(), dims.end()});
    }
    if (!block || !from || from->second != block->second) {
      simple = false;
      continue;
    }
    mappings.push_back({block->first, block->second, {source, name, from->first, from->second}});
  }
  H5Eclear2(H5E_DEFAULT);
  const auto missing = [&] {
    return FormatError(
        dataset.file, dataset.name, fmt::format("the data file {} is missing", missing_file), "");
  };
  if (!missing_file.empty() && (problems == nullptr || !simple))
    throw missing();
  if (!simple || mappings.empty())
    return std::nullopt;
  std::sort(mappings.begin(), mappings.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  Index next = 0;
  std::vector<Part> parts;
  for (auto& mapping : mappings) {
    if (mapping.first != next) {
      if (!missing_file.empty())
        throw missing();
      return std::nullopt; // gaps are filled by HDF5
    }
    next += mapping.count;
    parts.push_back(std::move(mapping.part));
  }
  if (!missing_file.empty()) {
    const auto there = [](const Part& part) { return fs::exists(part.file); };
    const auto end = std::find_if_not(parts.begin(), parts.end(), there);
    if (end == parts.begin() || std::any_of(end, parts.end(), there))
      throw missing(); // frames after a gap would get wrong times
    problems->push_back(missing_end(end->file, end - parts.begin(), parts.size()));
    parts.erase(end, parts.end());
    return parts;
  }
  if (next != dataset.dims[0])
    return std::nullopt;
  return parts;
}

} // namespace vitrum::io::h5
