#include "hdf5_choose.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hdf5_virtual.hpp"
#include "hdf5_walk.hpp"
#include "path.hpp"
#include "similar.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io::h5 {
namespace {

/// An unnamed choice takes the largest candidate only when it is so much larger than the next.
constexpr Index clear_lead = 10;
constexpr std::size_t max_listed = 8; // datasets in a message

std::string join(const std::string& group, const std::string& name) {
  return group == "/" || group.empty() ? "/" + name : group + "/" + name;
}

H5I_type_t kind_of(hid_t file, const std::string& name) {
  const Handle object(exists(file, name) ? H5Oopen(file, name.c_str(), H5P_DEFAULT) : -1);
  H5Eclear2(H5E_DEFAULT);
  return object ? H5Iget_type(object.get()) : H5I_BADID;
}

/// Dimensions of a dataset of numbers; empty for anything else.
std::vector<Index> number_dims(hid_t dataset) {
  const Handle type(H5Dget_type(dataset));
  if (!pixel_type(type.get()))
    return {};
  const Handle space(H5Dget_space(dataset));
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 1)
    return {};
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  return {dims.begin(), dims.end()};
}

bool is_stack(const std::vector<Index>& dims) {
  return std::count_if(dims.begin(), dims.end(), [](Index n) { return n > 1; }) <= 5 &&
         dims.size() >= 3 && dims[dims.size() - 1] > 1 && dims[dims.size() - 2] > 1;
}

bool is_stack(hid_t file, const std::string& name) {
  if (kind_of(file, name) != H5I_DATASET)
    return false;
  const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT));
  return is_stack(number_dims(dataset.get()));
}

/// data_000001, data_000002, … of a group: how DECTRIS and P10 spread a series over files.
std::vector<std::string> numbered_data(hid_t file, const std::string& group) {
  std::vector<std::string> names;
  const Handle id(H5Gopen2(file, group.c_str(), H5P_DEFAULT));
  if (id)
    for (const Member& member : members(id.get()))
      if (member.name.starts_with("data_") && member.name.size() > 5 &&
          std::all_of(member.name.begin() + 5, member.name.end(), [](char c) {
            return c >= '0' && c <= '9';
          }))
        names.push_back(member.name);
  H5Eclear2(H5E_DEFAULT);
  std::sort(
      names.begin(), names.end(), [](const auto& a, const auto& b) { return numeric_less(a, b); });
  return names;
}

/// Follows an external link by hand, so that a missing file is named.
Part resolve_link(hid_t file, const std::string& path, const std::string& name) {
  H5L_info_t info{};
  if (H5Lget_info(file, name.c_str(), &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_EXTERNAL) {
    H5Eclear2(H5E_DEFAULT);
    return {path, name};
  }
  std::vector<char> value(info.u.val_size + 1);
  const char* target_file = nullptr;
  const char* target_name = nullptr;
  unsigned flags = 0;
  if (H5Lget_val(file, name.c_str(), value.data(), value.size(), H5P_DEFAULT) < 0 ||
      H5Lunpack_elink_val(value.data(), info.u.val_size, &flags, &target_file, &target_name) < 0)
    check(true, path, name, "external link cannot be read");
  return {beside(path, target_file), target_name};
}

Choice numbered_series(hid_t file,
                       const std::string& path,
                       const std::string& group,
                       const std::vector<std::string>& names,
                       bool allow_missing) {
  Choice choice;
  choice.name = group;
  std::string missing_place;
  std::string missing_file;
  const auto missing = [&] {
    return FormatError(
        path, missing_place, fmt::format("the data file {} is missing", missing_file), "");
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string full = join(group, names[i]);
    Part part = resolve_link(file, path, full);
    const bool there = part.file == path || std::filesystem::exists(part.file);
    if (!there && missing_file.empty()) {
      missing_place = full;
      missing_file = part.file;
      if (!allow_missing || i == 0)
        throw missing();
      choice.problems.push_back(
          missing_end(part.file, static_cast<std::ptrdiff_t>(i), names.size()));
    } else if (there && !missing_file.empty()) {
      throw missing(); // frames after a gap would get wrong times
    }
    if (there)
      choice.parts.push_back(std::move(part));
  }
  return choice;
}

/// The signal that the chain of `default` attributes from `group` leads to; "" without one.
std::string default_signal(hid_t file, std::string group) {
  for (int depth = 0; depth < 16; ++depth) {
    const std::string next = attribute(file, group, "default");
    const std::string signal = attribute(file, group, "signal");
    if (!signal.empty() && kind_of(file, join(group, signal)) == H5I_DATASET)
      return join(group, signal);
    if (next.empty() || kind_of(file, join(group, next)) != H5I_GROUP)
      return "";
    group = join(group, next);
  }
  return "";
}

Choice single(std::string name, const std::string& path) {
  Choice choice;
  choice.name = name;
  choice.parts.push_back({path, std::move(name)});
  return choice;
}

/// Thermo Fisher Velox keeps [y, x, frame] under /Data/Image/<32 hex digits>/Data.
std::optional<Choice> velox(hid_t file, const std::string& path) {
  if (kind_of(file, "/Data/Image") != H5I_GROUP)
    return std::nullopt;
  const Handle group(H5Gopen2(file, "/Data/Image", H5P_DEFAULT));
  std::vector<std::string> names;
  for (const Member& member : members(group.get(), 1000))
    if (kind_of(file, "/Data/Image/" + member.name + "/Data") == H5I_DATASET)
      names.push_back("/Data/Image/" + member.name + "/Data");
  if (names.empty())
    return std::nullopt;
  if (names.size() > 1)
    throw FormatError(path,
                      "",
                      fmt::format("{} images", names.size()),
                      fmt::format("one, or the name of one: {}", fmt::join(names, ", ")));
  Choice choice = single(names[0], path);
  choice.axes = {2, 0, 1};
  choice.axes_known = true;
  return choice;
}

bool velox_name(const std::string& name) {
  return name.starts_with("/Data/Image/") && name.ends_with("/Data");
}

std::optional<Choice>
in_group(hid_t file, const std::string& path, const std::string& group, bool allow_missing) {
  const auto numbered = numbered_data(file, group);
  if (!numbered.empty())
    return numbered_series(file, path, group, numbered, allow_missing);
  for (const std::string name : {"data", "data/data", "detector/data"})
    if (is_stack(file, join(group, name)))
      return single(join(group, name), path);
  if (const auto signal = default_signal(file, group); !signal.empty())
    return single(signal, path);
  return std::nullopt;
}

/// Places where beamlines put their frames, after the default plot.
std::optional<Choice> usual_place(hid_t file, const std::string& path, bool allow_missing) {
  if (const auto signal = default_signal(file, "/"); !signal.empty() && is_stack(file, signal))
    return single(signal, path);
  for (const std::string group : {"/entry/data", "/entry/instrument/detector"})
    if (kind_of(file, group) == H5I_GROUP)
      if (const auto numbered = numbered_data(file, group); !numbered.empty())
        return numbered_series(file, path, group, numbered, allow_missing);
  for (const std::string name :
       {"/entry/data/data", "/entry/instrument/detector/data", "/entry_0000/measurement/data"})
    if (is_stack(file, name))
      return single(name, path);
  return velox(file, path);
}

struct Candidate {
  std::string name;
  std::vector<Index> dims;
  Index size = 1;
};

Choice largest(hid_t file, const std::string& path) {
  std::vector<Candidate> stacks;
  std::vector<Candidate> images;
  Index datasets = 0;
  std::vector<std::string> held;
  walk_datasets(file, [&](const std::string& name, hid_t dataset) {
    ++datasets;
    if (held.size() < max_listed)
      held.push_back(fmt::format("{} ({})", name, describe(open_dataset(file, path, name))));
    Candidate candidate{name, number_dims(dataset)};
    for (const Index n : candidate.dims)
      candidate.size *= n;
    if (candidate.size < 1)
      return true;
    if (is_stack(candidate.dims))
      stacks.push_back(std::move(candidate));
    else if (candidate.dims.size() == 2 && candidate.dims[0] > 1 && candidate.dims[1] > 1)
      images.push_back(std::move(candidate));
    return true;
  });
  auto& found = stacks.empty() ? images : stacks;
  if (found.empty())
    throw FormatError(
        path,
        "",
        datasets == 0
            ? "no datasets"
            : fmt::format("{} datasets, none of numbers with two or three dimensions: {}{}",
                          datasets,
                          fmt::join(held, ", "),
                          datasets > static_cast<Index>(held.size()) ? ", …" : ""),
        "frames [frame, y, x]");
  std::stable_sort(
      found.begin(), found.end(), [](const auto& a, const auto& b) { return a.size > b.size; });
  if (found.size() > 1 && found[0].size < clear_lead * found[1].size) {
    std::vector<std::string> names;
    for (const auto& c : found)
      if (names.size() < max_listed)
        names.push_back(fmt::format("{} {}", c.name, describe_dims(c.dims)));
    throw FormatError(
        path,
        "",
        fmt::format("{} datasets that may hold the frames", found.size()),
        fmt::format("the name of one as {}::/name: {}", path, fmt::join(names, ", ")));
  }
  Choice choice = single(found[0].name, path);
  for (std::size_t i = 1; i < found.size(); ++i)
    choice.passed_over.push_back(found[i].name);
  return choice;
}

Choice named(hid_t file, const std::string& path, std::string wanted, bool allow_missing) {
  if (!wanted.starts_with('/'))
    wanted = "/" + wanted;
  while (wanted.size() > 1 && wanted.ends_with('/'))
    wanted.pop_back();
  // the name itself may be an external link into a file that is gone
  const Part part = wanted == "/" ? Part{path, wanted} : resolve_link(file, path, wanted);
  if (part.file != path && !std::filesystem::exists(part.file))
    throw FormatError(path, wanted, fmt::format("the data file {} is missing", part.file), "");
  if (kind_of(file, wanted) != H5I_GROUP) {
    Choice choice = single(wanted, path);
    static_cast<void>(open_dataset(file, path, wanted));
    if (velox_name(wanted)) {
      choice.axes = {2, 0, 1};
      choice.axes_known = true;
    }
    return choice;
  }
  if (auto choice = in_group(file, path, wanted, allow_missing))
    return *choice;
  throw FormatError(path,
                    wanted,
                    "a group without data_000001, data or a default signal",
                    "a dataset or such a group");
}

} // namespace

Choice
choose_frames(hid_t file, const std::string& path, const std::string& wanted, bool allow_missing) {
  Choice choice;
  if (!wanted.empty())
    choice = named(file, path, wanted, allow_missing);
  else if (auto usual = usual_place(file, path, allow_missing))
    choice = *usual;
  else
    choice = largest(file, path);
  if (choice.parts.size() == 1 && choice.parts[0].file == path) {
    const Dataset dataset = open_dataset(file, path, choice.parts[0].dataset);
    if (auto sources = virtual_sources(dataset, allow_missing ? &choice.problems : nullptr))
      choice.parts = std::move(*sources);
  }
  return choice;
}

} // namespace vitrum::io::h5
