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

std::optional<std::vector<Part>> virtual_sources(const Dataset& dataset) {
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
    if (!fs::exists(source))
      throw FormatError(
          dataset.file, dataset.name, fmt::format("the data file {} is missing", source), "");
    if (!simple)
      continue;
    const Handle here(H5Pget_virtual_vspace(creation.get(), i));
    const auto block = frame_block(here.get(), dataset.dims);
    const Handle there(H5Pget_virtual_srcspace(creation.get(), i));
    // a source space is the source's whole extent or a selection in it
    std::vector<hsize_t> dims(
        static_cast<std::size_t>(std::max(H5Sget_simple_extent_ndims(there.get()), 0)));
    if (!dims.empty())
      H5Sget_simple_extent_dims(there.get(), dims.data(), nullptr);
    const auto from =
        dims.empty() ? std::nullopt : frame_block(there.get(), {dims.begin(), dims.end()});
    if (!block || !from || from->second != block->second || dims.size() != 3 ||
        static_cast<Index>(dims[1]) != dataset.dims[1] ||
        static_cast<Index>(dims[2]) != dataset.dims[2]) {
      simple = false;
      continue;
    }
    mappings.push_back({block->first, block->second, {source, name, from->first, from->second}});
  }
  H5Eclear2(H5E_DEFAULT);
  if (!simple || mappings.empty())
    return std::nullopt;
  std::sort(mappings.begin(), mappings.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  Index next = 0;
  std::vector<Part> parts;
  for (auto& mapping : mappings) {
    if (mapping.first != next)
      return std::nullopt; // gaps are filled by HDF5
    next += mapping.count;
    parts.push_back(std::move(mapping.part));
  }
  if (next != dataset.dims[0])
    return std::nullopt;
  return parts;
}

} // namespace vitrum::io::h5
