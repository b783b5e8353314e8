// Rows of a result that grow one by one, kept by column.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "vitrum/core/tree.hpp"

namespace vitrum::app {

/// Rows that grow column by column, written as arrays [row].
class Table {
public:
  void add(const std::string& name, double value, const std::string& unit = "") {
    column(name, unit).numbers.push_back(value);
  }
  void add(const std::string& name, double value, double error, const std::string& unit = "") {
    add(name, value, unit);
    add(name + "_errors", error, unit);
  }
  void add(const std::string& name, Index value) { column(name, "").whole.push_back(value); }
  void add(const std::string& name, std::string text) {
    column(name, "").texts.push_back(std::move(text));
  }
  [[nodiscard]] bool empty() const { return columns_.empty(); }

  void write(Tree& group) {
    group.attributes["NX_class"] = std::string("NXcollection");
    for (auto& [name, c] : columns_)
      if (!c.whole.empty())
        group.set(name, make_array(std::move(c.whole), c.unit));
      else if (!c.texts.empty())
        group.set(name, make_array(std::move(c.texts), c.unit));
      else
        group.set(name, make_array(std::move(c.numbers), c.unit));
  }

private:
  struct Column {
    std::vector<double> numbers;
    std::vector<Index> whole;
    std::vector<std::string> texts;
    std::string unit;
  };
  Column& column(const std::string& name, const std::string& unit) {
    for (auto& [known, c] : columns_)
      if (known == name)
        return c;
    columns_.emplace_back(name, Column{{}, {}, {}, unit});
    return columns_.back().second;
  }
  std::vector<std::pair<std::string, Column>> columns_;
};

} // namespace vitrum::app
