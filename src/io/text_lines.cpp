#include "text_lines.hpp"

#include <charconv>
#include <limits>

#include "path.hpp"

namespace vitrum::io {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks(" \t\r\n\0", 5);
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

double to_number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+'))
    text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::pair<std::string, std::string>> read_key_values(const std::string& path,
                                                                 char separator) {
  const auto bytes = first_bytes(path, Index{1} << 20);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string_view line : split_at(text, '\n')) {
    const auto at = line.find(separator);
    if (at != std::string_view::npos)
      found.emplace_back(trimmed(line.substr(0, at)), trimmed(line.substr(at + 1)));
  }
  return found;
}

} // namespace vitrum::io
