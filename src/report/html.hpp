// Pieces of HTML: escaping, elements, tables.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/plot/markup.hpp"

namespace vitrum::report {

using plot::escaped;

/// <name attributes>inner</name>; `inner` is HTML already.
[[nodiscard]] std::string
element(std::string_view name, std::string_view inner, std::string_view attributes = "");

/// A table that scrolls sideways on a narrow screen. Cells are plain text.
class Table {
public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string html() const;

private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

[[nodiscard]] std::string details(std::string_view summary, std::string_view inner);

/// From <!doctype> to </html>.
[[nodiscard]] std::string whole_page(std::string_view title, std::string_view body);

} // namespace vitrum::report
