// Tree: named n-dimensional arrays with units and attributes, in groups within groups. It is what a
// result looks like in memory, and what the result file holds; only `io` knows the file.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum {

using Attribute = std::variant<std::string,
                               double,
                               Index,
                               std::vector<std::string>,
                               std::vector<double>,
                               std::vector<Index>>;
using Attributes = std::map<std::string, Attribute>;

using ArrayValues = std::variant<std::vector<double>,
                                 std::vector<float>,
                                 std::vector<std::uint8_t>,
                                 std::vector<std::uint16_t>,
                                 std::vector<std::uint32_t>,
                                 std::vector<std::int32_t>,
                                 std::vector<Index>,
                                 std::vector<std::string>>;

/// Values in C order; an empty shape is one scalar.
struct Array {
  std::vector<Index> shape;
  ArrayValues values;
  Attributes attributes; // "units", "long_name", …

  [[nodiscard]] Index size() const; // product of the shape
};

/// A 1-D array with its unit ("" for none).
template <class T>
[[nodiscard]] Array make_array(std::vector<T> values, std::string units = "") {
  Array array{{static_cast<Index>(values.size())}, std::move(values), {}};
  if (!units.empty())
    array.attributes["units"] = std::move(units);
  return array;
}

/// An n-d array with its unit. Throws DataError when shape and size disagree.
template <class T>
[[nodiscard]] Array make_array(std::vector<Index> shape, std::vector<T> values, std::string units);

/// A scalar: double, Index or text.
[[nodiscard]] Array make_scalar(double value, std::string units = "");
[[nodiscard]] Array make_scalar(Index value, std::string units = "");
[[nodiscard]] Array make_scalar(std::string text);

/// A group. Paths are relative, with '/' between names; names keep the order of their making.
class Tree {
public:
  Attributes attributes;

  /// The group at `path`, made with all groups above it when absent.
  Tree& group(std::string_view path);
  [[nodiscard]] const Tree* find_group(std::string_view path) const;
  /// Throws DataError that names the path.
  [[nodiscard]] const Tree& group_at(std::string_view path) const;

  /// Puts an array at `path`, replacing one that is there.
  Array& set(std::string_view path, Array array);
  [[nodiscard]] const Array* find(std::string_view path) const;
  /// Throws DataError that names the path.
  [[nodiscard]] const Array& at(std::string_view path) const;

  /// Takes out the group, array or link at `path`; false when there is none.
  bool erase(std::string_view path);

  /// A second name for the object at `target`, a path from the root of the file
  /// ("/entry/g2/value").
  void link(std::string_view path, std::string target);

  [[nodiscard]] const std::vector<std::pair<std::string, Tree>>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<std::pair<std::string, Array>>& arrays() const { return arrays_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& links() const {
    return links_;
  }

  /// The array as doubles, whatever its number type. Throws DataError for absent or text.
  [[nodiscard]] std::vector<double> numbers(std::string_view path) const;
  /// One number. Throws DataError when absent or not of size one.
  [[nodiscard]] double number(std::string_view path) const;
  [[nodiscard]] double number_or(std::string_view path, double otherwise) const;
  /// Text of a scalar; "" when absent.
  [[nodiscard]] std::string text(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view path) const;

private:
  std::vector<std::pair<std::string, Tree>> groups_;
  std::vector<std::pair<std::string, Array>> arrays_;
  std::vector<std::pair<std::string, std::string>> links_;
};

/// The array's values as doubles. Throws DataError for text.
[[nodiscard]] std::vector<double> to_numbers(const Array& array);
/// One of them. Throws DataError for text and beyond the end.
[[nodiscard]] double number_at(const Array& array, std::size_t place);
/// The attribute as text, "" when absent or not text.
[[nodiscard]] std::string attribute_text(const Attributes& attributes, const std::string& name);

} // namespace vitrum
