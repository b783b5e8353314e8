#include "part_state.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr Index format_number = 1;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// "q-bins = 3" of a line "q-bins = 3 # rings".
std::string without_comment(const std::string& line) {
  return line.substr(0, line.find(" # "));
}

std::string first_difference(const std::string& a, const std::string& b) {
  const auto left = lines_of(a), right = lines_of(b);
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
    if (left[i] != right[i])
      return fmt::format("{}, now {}", without_comment(left[i]), without_comment(right[i]));
  return "the list of settings is another";
}

template <class T>
std::vector<T> list_of(const Tree& tree, const std::string& path) {
  const auto* list = std::get_if<std::vector<T>>(&tree.at(path).values);
  if (list == nullptr)
    throw DataError(fmt::format("{}: an array of another type", path));
  return *list;
}

} // namespace

Tree to_tree(const PartState& state) {
  Tree tree;
  tree.attributes["creator"] = std::string("vitrum");
  tree.group("entry").attributes["NX_class"] = std::string("NXentry");
  tree.set("entry/kind", make_scalar(std::string("part of xpcs")));
  auto& part = tree.group("entry/part");
  part.set("format", make_scalar(format_number));
  part.set("version", make_scalar(state.identity.version));
  part.set("identity", make_scalar(state.identity.config));
  part.set("data", make_scalar(state.identity.data));
  part.set("command_line", make_scalar(state.command_line));
  part.set("config", make_scalar(state.config));
  part.set("shard", make_scalar(state.shard));
  part.set("shards", make_scalar(state.shards));
  std::vector<std::string> paths, checksums;
  std::vector<Index> bytes;
  for (const auto& input : state.identity.inputs) {
    paths.push_back(input.path);
    checksums.push_back(input.checksum);
    bytes.push_back(input.bytes);
  }
  part.set("inputs", make_array(paths));
  part.set("input_checksums", make_array(checksums));
  part.set("input_bytes", make_array(bytes));
  for (std::size_t b = 0; b < state.bins.size(); ++b) {
    auto& bin = part.group(fmt::format("bin_{}", b + 1));
    bin.set("kernel", make_scalar(state.bins[b].kernel));
    bin.set("finished", make_array(state.bins[b].finished));
    bin.set("sums", make_array(state.bins[b].sums));
  }
  if (state.map.bytes > 0) {
    part.set("map/place", make_array(state.map.place));
    part.set("map/piece", make_array(state.map.piece));
    part.set("map/length", make_array(state.map.length));
    part.set("map/structure", make_array(state.map.structure));
    part.set("map/bytes", make_scalar(state.map.bytes));
  }
  return tree;
}

PartState read_part(const std::string& path) {
  Tree tree;
  try {
    tree = io::read_tree(path, {.group = "/entry/part"});
  } catch (const FormatError&) {
    throw FormatError(path, "/entry/part", "no such group", "a part of an analysis by vitrum");
  }
  const auto number = static_cast<Index>(tree.number_or("format", 0));
  if (number != format_number)
    throw FormatError(path,
                      "/entry/part/format",
                      fmt::format("number {}", number),
                      fmt::format("{}, as this version of vitrum writes", format_number));
  PartState state;
  state.identity.version = tree.text("version");
  state.identity.config = tree.text("identity");
  state.identity.data = tree.text("data");
  state.command_line = tree.text("command_line");
  state.config = tree.text("config");
  state.shard = static_cast<Index>(tree.number("shard"));
  state.shards = static_cast<Index>(tree.number("shards"));
  const auto paths = tree.texts("inputs"), checksums = tree.texts("input_checksums");
  const auto bytes = list_of<Index>(tree, "input_bytes");
  for (std::size_t i = 0; i < paths.size(); ++i)
    state.identity.inputs.push_back({paths[i], bytes.at(i), checksums.at(i)});
  for (Index b = 1; tree.find_group(fmt::format("bin_{}", b)) != nullptr; ++b) {
    const auto name = fmt::format("bin_{}", b);
    state.bins.push_back({tree.text(name + "/kernel"),
                          list_of<std::uint8_t>(tree, name + "/finished"),
                          list_of<Index>(tree, name + "/sums")});
  }
  if (tree.find_group("map") != nullptr) {
    state.map.place = list_of<Index>(tree, "map/place");
    state.map.piece = list_of<Index>(tree, "map/piece");
    state.map.length = list_of<Index>(tree, "map/length");
    state.map.structure = list_of<std::uint8_t>(tree, "map/structure");
    state.map.bytes = static_cast<Index>(tree.number("map/bytes"));
  }
  return state;
}

void require_same(const JobIdentity& stored, const JobIdentity& now, const std::string& path) {
  if (stored.version != now.version)
    throw DataError(
        fmt::format("{}: made by vitrum {}, this is {}", path, stored.version, now.version));
  if (stored.config != now.config)
    throw DataError(fmt::format(
        "{}: made with other settings ({})", path, first_difference(stored.config, now.config)));
  for (std::size_t i = 0; i < std::min(stored.inputs.size(), now.inputs.size()); ++i) {
    const auto &a = stored.inputs[i], &b = now.inputs[i];
    if (a.bytes != b.bytes || a.checksum != b.checksum)
      throw DataError(fmt::format("{}: made from another {} ({} bytes, {:.23}…, now {} bytes, "
                                  "{:.23}…)",
                                  path,
                                  b.path,
                                  a.bytes,
                                  a.checksum,
                                  b.bytes,
                                  b.checksum));
  }
  if (!now.data.empty() && stored.data != now.data)
    throw DataError(
        fmt::format("{}: made from other frames, though the files look the same", path));
}

} // namespace vitrum::app
