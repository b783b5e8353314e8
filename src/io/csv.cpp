#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "file_bytes.hpp"
#include "output_file.hpp"
#include "reader.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

/// The separator that the line uses: the first of , ; tab that occurs, else blanks.
char separator_of(std::string_view line) {
  bool quoted = false;
  for (const char wanted : {',', ';', '\t'})
    for (const char c : line) {
      quoted = c == '"' ? !quoted : quoted;
      if (c == wanted && !quoted)
        return wanted;
    }
  return ' ';
}

std::vector<std::string> split(std::string_view line, char separator) {
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false;
  bool open = false; // blanks: inside a cell
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cell += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
      open = true;
    } else if (!quoted && (c == separator || (separator == ' ' && c == '\t'))) {
      if (separator != ' ' || open)
        cells.push_back(separator == ' ' ? cell : std::string(trimmed(cell)));
      cell.clear();
      open = false;
    } else {
      cell += c;
      open = true;
    }
  }
  if (separator != ' ' || open)
    cells.push_back(std::string(trimmed(cell)));
  return cells;
}

bool to_number(std::string_view text, double& value) {
  if (text.starts_with('+'))
    text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size())
    value = std::strtod(std::string(text).c_str(), nullptr); // 1e-400 is 0, 1e400 infinite
  else if (error != std::errc())
    return false;
  return end == text.data() + text.size();
}

/// "lag [s]" → "lag", "s"
std::pair<std::string, std::string> name_and_unit(const std::string& cell) {
  const auto open = cell.rfind('[');
  if (open == std::string::npos || !cell.ends_with(']'))
    return {cell, ""};
  return {std::string(trimmed(std::string_view(cell).substr(0, open))),
          cell.substr(open + 1, cell.size() - open - 2)};
}

std::string shown(std::string_view cell) {
  std::string out;
  for (const char c : cell.substr(0, 40))
    out += static_cast<unsigned char>(c) < 32 ? '?' : c;
  return out;
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",;\"\t\n") == std::string::npos)
    return cell;
  std::string out = "\"";
  for (const char c : cell)
    out += c == '"' ? std::string("\"\"") : std::string(1, c == '\n' ? ' ' : c);
  return out + "\"";
}

Table parse(std::string_view text, const std::string& path) {
  Table table;
  char separator = 0;
  Index line_number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    if (separator == '\t' || separator == 0) // a trailing tab is an empty cell
      line = text.substr(0, end).ends_with('\r') ? text.substr(0, end - 1) : text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line_number == 1 && line.starts_with("\xEF\xBB\xBF"))
      line.remove_prefix(3); // the mark that spreadsheets put in front
    if (trimmed(line).empty())
      continue;
    if (trimmed(line).front() == '#') {
      table.comments.emplace_back(trimmed(trimmed(line).substr(1)));
      continue;
    }
    const bool first = separator == 0;
    if (first)
      separator = separator_of(line);
    auto cells = split(line, separator);
    // a header with commas may stand over numbers between tabs or blanks
    if (!first && table.rows() == 0 && cells.size() == 1 && separator_of(line) != separator)
      if (auto others = split(line, separator_of(line)); others.size() == table.columns.size()) {
        separator = separator_of(line);
        cells = std::move(others);
      }
    if (first) {
      table.columns.resize(cells.size());
      double unused = 0;
      if (std::any_of(cells.begin(), cells.end(), [&](const auto& cell) {
            return !to_number(cell, unused);
          })) {
        for (const auto& cell : cells) {
          const auto [name, unit] = name_and_unit(cell);
          table.names.push_back(name);
          table.units.push_back(unit);
        }
        continue;
      }
    }
    if (cells.size() != table.columns.size())
      throw FormatError(path,
                        fmt::format("line {}", line_number),
                        fmt::format("{} values", cells.size()),
                        fmt::format("{}", table.columns.size()));
    for (std::size_t c = 0; c < cells.size(); ++c) {
      double value = 0;
      if (!to_number(cells[c], value))
        throw FormatError(path,
                          fmt::format("line {}, column {}", line_number, c + 1),
                          fmt::format("'{}'", shown(cells[c])),
                          "a number");
      table.columns[c].push_back(value);
    }
  }
  if (table.columns.empty() || table.rows() == 0)
    throw FormatError(path, "", "no numbers", "a table of numbers");
  return table;
}

} // namespace

const std::vector<double>& Table::column(const std::string& name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end())
    throw DataError(
        fmt::format("no column '{}' in the table, it has: {}", name, fmt::join(names, ", ")));
  return columns[static_cast<std::size_t>(at - names.begin())];
}

Table read_csv(const std::string& path) {
  const InputFile file(path);
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, file.size(), reinterpret_cast<std::byte*>(text.data()));
  return parse(text, path);
}

std::string to_csv(const Table& table) {
  std::string out;
  for (const auto& comment : table.comments)
    out += "# " + comment + "\n";
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    const bool unit = c < table.units.size() && !table.units[c].empty();
    out +=
        (c > 0 ? "," : "") + csv_cell(table.names[c] + (unit ? " [" + table.units[c] + "]" : ""));
  }
  if (!table.names.empty())
    out += '\n';
  for (const auto& column : table.columns)
    if (static_cast<Index>(column.size()) != table.rows())
      throw DataError(
          fmt::format("columns of {} and {} rows in one table", table.rows(), column.size()));
  for (std::size_t r = 0; r < static_cast<std::size_t>(table.rows()); ++r) {
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      out += fmt::format("{}{}", c > 0 ? "," : "", table.columns[c][r]);
    out += '\n';
  }
  return out;
}

void write_csv(const std::string& path, const Table& table, bool overwrite) {
  OutputFile file(path, overwrite);
  file.write(to_csv(table));
  file.commit();
}

Reader csv_reader() {
  return {[] {
            FormatDescription d;
            d.name = "csv";
            d.description = "tables of numbers with a header of names and [units], # comments; "
                            "comma, semicolon, tab or blanks";
            d.extensions = {"csv", "txt", "dat"};
            d.recognised_by = "text where a table is asked for";
            d.reads_maps = d.reads_results = d.writes_results = true;
            return d;
          },
          nullptr,
          nullptr};
}

} // namespace vitrum::io
