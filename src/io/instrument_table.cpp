#include "vitrum/io/instrument_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>

#include "file_bytes.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i++]);
    const int more = lead < 0x80             ? 0
                     : (lead & 0xE0) == 0xC0 ? 1
                     : (lead & 0xF0) == 0xE0 ? 2
                     : (lead & 0xF8) == 0xF0 ? 3
                                             : -1;
    if (more < 0)
      return false;
    for (int k = 0; k < more; ++k, ++i)
      if (i >= bytes.size() || (static_cast<unsigned char>(bytes[i]) & 0xC0) != 0x80)
        return false;
  }
  return true;
}

std::string as_utf8(std::string_view bytes) {
  const auto starts = [&](std::string_view mark) { return bytes.starts_with(mark); };
  std::string out;
  if (starts("\xFF\xFE") || starts("\xFE\xFF")) {
    const bool big = starts("\xFE\xFF");
    for (std::size_t i = 2; i + 1 < bytes.size(); i += 2) {
      const auto a = static_cast<unsigned char>(bytes[i]),
                 b = static_cast<unsigned char>(bytes[i + 1]);
      append_utf8(out, big ? (a * 256U + b) : (b * 256U + a));
    }
    return out;
  }
  if (starts("\xEF\xBB\xBF"))
    return std::string(bytes.substr(3));
  if (is_utf8(bytes))
    return std::string(bytes);
  for (const char c : bytes)
    append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with("\r\n"))
      text.remove_prefix(2);
    else if (!text.empty())
      text.remove_prefix(1);
  }
  return lines;
}

std::vector<std::string_view> split_at_blanks(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t i = 0; i < line.size();) {
    i = line.find_first_not_of(" \t", i);
    if (i == std::string_view::npos)
      break;
    const auto end = std::min(line.find_first_of(" \t", i), line.size());
    cells.push_back(line.substr(i, end - i));
    i = end;
  }
  return cells;
}

/// A number with a point or a comma as its decimal sign.
std::optional<double> number_in(std::string_view cell, bool comma_allowed) {
  cell = trimmed(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"')
    cell = trimmed(cell.substr(1, cell.size() - 2));
  if (cell.starts_with('+'))
    cell.remove_prefix(1);
  if (cell.empty())
    return std::nullopt;
  std::string text(cell);
  if (comma_allowed && std::count(text.begin(), text.end(), ',') == 1 &&
      text.find('.') == std::string::npos)
    std::replace(text.begin(), text.end(), ',', '.');
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

struct Row {
  std::vector<double> values;
  char separator = ' ';
};

std::optional<Row> row_of(const std::vector<std::string_view>& cells, char separator) {
  Row row;
  row.separator = separator;
  Index numbers = 0;
  for (const auto cell : cells) {
    const auto value = number_in(cell, separator != ',');
    numbers += value && std::isfinite(*value);
    row.values.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  const bool begins_with_number = !row.values.empty() && !std::isnan(row.values.front());
  return begins_with_number && numbers >= 2 ? std::optional(row) : std::nullopt;
}

std::optional<Row> numbers_of(std::string_view line) {
  line = trimmed(line);
  if (line.empty())
    return std::nullopt;
  for (const char separator : {'\t', ';'})
    if (line.find(separator) != std::string_view::npos)
      return row_of(split_at(line, separator), separator);
  // "100,25  0,345" has decimal commas, "100.25, 0.345" separators
  const auto words = split_at_blanks(line);
  if (words.size() >= 2 &&
      std::all_of(words.begin(), words.end(), [](auto w) { return number_in(w, true); }))
    return row_of(words, ' ');
  return line.find(',') != std::string_view::npos ? row_of(split_at(line, ','), ',') : std::nullopt;
}

/// "Temp./°C" → "Temp.", "°C"; "Heat flow (W/g)", "DSC/(mW/mg)", "Value [mW]" alike.
std::pair<std::string, std::string> name_and_unit(std::string_view cell) {
  cell = trimmed(cell);
  while (cell.starts_with('#') || cell.starts_with('"'))
    cell = trimmed(cell.substr(1));
  while (cell.ends_with('"'))
    cell = trimmed(cell.substr(0, cell.size() - 1));
  for (const auto& [open, close] : {std::pair('[', ']'), std::pair('(', ')')}) {
    const auto at = cell.rfind(open);
    if (cell.ends_with(close) && at != std::string_view::npos) {
      auto name = trimmed(cell.substr(0, at));
      if (name.ends_with('/'))
        name = trimmed(name.substr(0, name.size() - 1));
      return {std::string(name), std::string(trimmed(cell.substr(at + 1, cell.size() - at - 2)))};
    }
  }
  if (const auto slash = cell.rfind('/'); slash != std::string_view::npos && slash > 0)
    return {std::string(trimmed(cell.substr(0, slash))),
            std::string(trimmed(cell.substr(slash + 1)))};
  return {std::string(cell), ""};
}

bool is_unit_cell(std::string_view cell) {
  cell = trimmed(cell);
  return cell.empty() || (cell.front() == '[' && cell.back() == ']') ||
         (cell.front() == '(' && cell.back() == ')');
}

/// Cells of a line of text that has as many as the numbers; empty when it has not.
std::vector<std::string_view> cells_like(std::string_view line, char separator, std::size_t count) {
  line = trimmed(line);
  auto cells = separator == ' ' ? split_at_blanks(line) : split_at(line, separator);
  if (separator == ' ' && cells.size() != count && line.find('\t') != std::string_view::npos)
    cells = split_at(line, '\t');
  return cells.size() == count ? cells : std::vector<std::string_view>{};
}

/// "Sig2 <tab> Temperature (°C)": its number and the rest.
std::optional<std::pair<std::size_t, std::string_view>> signal_line(std::string_view line) {
  if (!line.starts_with("Sig"))
    return std::nullopt;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + 3, line.data() + line.size(), number);
  if (error != std::errc() || number == 0)
    return std::nullopt;
  return std::pair(number, trimmed(line.substr(static_cast<std::size_t>(end - line.data()))));
}

void name_columns(InstrumentTable& table, char separator) {
  const auto count = table.columns.size();
  table.names.assign(count, "");
  table.units.assign(count, "");
  for (const auto& line : table.header)
    if (const auto signal = signal_line(line); signal && signal->first <= count)
      std::tie(table.names[signal->first - 1], table.units[signal->first - 1]) =
          name_and_unit(signal->second);
  std::vector<std::string_view> above;
  for (auto it = table.header.rbegin(); it != table.header.rend() && above.size() < 2; ++it)
    if (!trimmed(*it).empty())
      above.push_back(*it);
  if (above.empty())
    return;
  auto cells = cells_like(above[0], separator, count);
  std::vector<std::string_view> units;
  const bool only_units = !cells.empty() && std::all_of(cells.begin(), cells.end(), is_unit_cell);
  if (only_units && above.size() == 2) {
    units = cells;
    cells = cells_like(above[1], separator, count);
  }
  for (std::size_t c = 0; c < cells.size(); ++c)
    std::tie(table.names[c], table.units[c]) = name_and_unit(cells[c]);
  for (std::size_t c = 0; c < units.size(); ++c)
    if (const auto unit = trimmed(units[c]); unit.size() > 2)
      table.units[c] = std::string(trimmed(unit.substr(1, unit.size() - 2)));
}

struct Block {
  Index first = 0, last = 0, rows = 0; // lines, from 0
  std::size_t cells = 0;
};

} // namespace

InstrumentTable read_instrument_table(const std::string& path) {
  const InputFile file(path);
  constexpr Index largest = Index{1} << 30;
  if (file.size() > largest)
    throw FormatError(path, "", "more than 1 GiB", "a text file of an instrument");
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, file.size(), reinterpret_cast<std::byte*>(bytes.data()));
  const std::string text = as_utf8(bytes);
  const auto lines = lines_of(text);
  std::vector<std::optional<Row>> rows(lines.size());
  Block best, now;
  Index all = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    rows[i] = numbers_of(lines[i]);
    if (!rows[i] && trimmed(lines[i]).empty())
      continue; // an empty line does not end a block
    const auto line = static_cast<Index>(i);
    if (!rows[i]) {
      now = {};
      continue;
    }
    ++all;
    if (now.rows == 0 || rows[i]->values.size() != now.cells)
      now = {line, line, 0, rows[i]->values.size()};
    now.last = line;
    ++now.rows;
    if (now.rows > best.rows)
      best = now;
  }
  if (best.rows < 2)
    throw FormatError(path, "", "no columns of numbers", "lines of two numbers or more");
  InstrumentTable table;
  for (Index i = 0; i < best.first; ++i)
    table.header.emplace_back(trimmed(lines[static_cast<std::size_t>(i)]));
  table.columns.resize(best.cells);
  char separator = ' ';
  for (Index i = best.first; i <= best.last; ++i)
    if (const auto& row = rows[static_cast<std::size_t>(i)]) {
      separator = row->separator;
      for (std::size_t c = 0; c < best.cells; ++c)
        table.columns[c].push_back(row->values[c]);
    }
  table.first_line = best.first + 1;
  table.last_line = best.last + 1;
  table.other_rows = all - best.rows;
  name_columns(table, separator);
  return table;
}

} // namespace vitrum::io
