#include "vitrum/core/tree.hpp"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum {
namespace {

template <class List>
auto* find_in(List& list, std::string_view name) {
  const auto it = std::find_if(
      list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
  return it == list.end() ? nullptr : &it->second;
}

/// Splits "a/b/c" into "a/b" and "c".
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  while (path.starts_with('/'))
    path.remove_prefix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos)
    return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

template <class Function>
void for_each_name(std::string_view path, Function&& function) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    if (!name.empty() && !function(name))
      return;
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
  }
}

} // namespace

Index Array::size() const {
  Index product = 1;
  for (const Index n : shape)
    product *= n;
  return product;
}

template <class T>
Array make_array(std::vector<Index> shape, std::vector<T> values, std::string units) {
  Array array{std::move(shape), std::move(values), {}};
  const auto held =
      std::visit([](const auto& v) { return static_cast<Index>(v.size()); }, array.values);
  if (array.size() != held)
    throw DataError(
        fmt::format("array of {} values does not fill its shape of {}", held, array.size()));
  if (!units.empty())
    array.attributes["units"] = std::move(units);
  return array;
}

template Array make_array(std::vector<Index>, std::vector<double>, std::string);
template Array make_array(std::vector<Index>, std::vector<float>, std::string);
template Array make_array(std::vector<Index>, std::vector<std::uint8_t>, std::string);
template Array make_array(std::vector<Index>, std::vector<std::uint16_t>, std::string);
template Array make_array(std::vector<Index>, std::vector<std::uint32_t>, std::string);
template Array make_array(std::vector<Index>, std::vector<std::int32_t>, std::string);
template Array make_array(std::vector<Index>, std::vector<Index>, std::string);
template Array make_array(std::vector<Index>, std::vector<std::string>, std::string);

Array make_scalar(double value, std::string units) {
  return make_array<double>(std::vector<Index>{}, {value}, std::move(units));
}

Array make_scalar(Index value, std::string units) {
  return make_array<Index>(std::vector<Index>{}, std::vector<Index>{value}, std::move(units));
}

Array make_scalar(std::string text) {
  return make_array<std::string>(std::vector<Index>{}, {std::move(text)}, "");
}

Tree& Tree::group(std::string_view path) {
  Tree* here = this;
  for_each_name(path, [&](std::string_view name) {
    Tree* next = find_in(here->groups_, name);
    if (next == nullptr)
      next = &here->groups_.emplace_back(std::string(name), Tree{}).second;
    here = next;
    return true;
  });
  return *here;
}

const Tree* Tree::find_group(std::string_view path) const {
  const Tree* here = this;
  for_each_name(path, [&](std::string_view name) {
    here = find_in(here->groups_, name);
    return here != nullptr;
  });
  return here;
}

const Tree& Tree::group_at(std::string_view path) const {
  const Tree* found = find_group(path);
  if (found == nullptr)
    throw DataError(fmt::format("no group '{}' in the result", path));
  return *found;
}

Array& Tree::set(std::string_view path, Array array) {
  const auto [above, name] = split_last(path);
  Tree& parent = group(above);
  Array* present = find_in(parent.arrays_, name);
  if (present == nullptr)
    present = &parent.arrays_.emplace_back(std::string(name), Array{}).second;
  *present = std::move(array);
  return *present;
}

const Array* Tree::find(std::string_view path) const {
  const auto [above, name] = split_last(path);
  const Tree* parent = find_group(above);
  return parent == nullptr ? nullptr : find_in(parent->arrays_, name);
}

const Array& Tree::at(std::string_view path) const {
  const Array* found = find(path);
  if (found == nullptr)
    throw DataError(fmt::format("no array '{}' in the result", path));
  return *found;
}

bool Tree::erase(std::string_view path) {
  const auto [above, name] = split_last(path);
  if (find_group(above) == nullptr)
    return false;
  Tree& parent = group(above);
  auto cut = [&key = name](auto& list) {
    return std::erase_if(list, [&](const auto& entry) { return entry.first == key; }) > 0;
  };
  const bool group_cut = cut(parent.groups_);
  const bool array_cut = cut(parent.arrays_);
  const bool link_cut = cut(parent.links_);
  return group_cut || array_cut || link_cut;
}

void Tree::link(std::string_view path, std::string target) {
  const auto [above, name] = split_last(path);
  group(above).links_.emplace_back(std::string(name), std::move(target));
}

std::vector<double> to_numbers(const Array& array) {
  return std::visit(
      [](const auto& values) -> std::vector<double> {
        using Values = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<Values, std::vector<std::string>>)
          throw DataError("found text where numbers were expected");
        else
          return {values.begin(), values.end()};
      },
      array.values);
}

double number_at(const Array& array, std::size_t place) {
  return std::visit(
      [&](const auto& values) -> double {
        using Values = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<Values, std::vector<std::string>>)
          throw DataError("found text where numbers were expected");
        else if (place >= values.size())
          throw DataError(fmt::format("value {} of {}", place, values.size()));
        else
          return static_cast<double>(values[place]);
      },
      array.values);
}

std::vector<double> Tree::numbers(std::string_view path) const {
  return to_numbers(at(path));
}

double Tree::number(std::string_view path) const {
  const auto values = numbers(path);
  if (values.size() != 1)
    throw DataError(fmt::format("'{}' holds {} values, expected one", path, values.size()));
  return values[0];
}

double Tree::number_or(std::string_view path, double otherwise) const {
  return find(path) == nullptr ? otherwise : number(path);
}

std::vector<std::string> Tree::texts(std::string_view path) const {
  const Array* array = find(path);
  if (array == nullptr)
    return {};
  const auto* values = std::get_if<std::vector<std::string>>(&array->values);
  if (values == nullptr)
    throw DataError(fmt::format("'{}' holds numbers, expected text", path));
  return *values;
}

std::string Tree::text(std::string_view path) const {
  const auto values = texts(path);
  return values.empty() ? "" : values.front();
}

std::string attribute_text(const Attributes& attributes, const std::string& name) {
  const auto it = attributes.find(name);
  if (it == attributes.end())
    return "";
  const auto* text = std::get_if<std::string>(&it->second);
  return text == nullptr ? "" : *text;
}

} // namespace vitrum
