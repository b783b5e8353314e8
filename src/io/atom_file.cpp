#include "vitrum/io/atom_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "file_bytes.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; (i = line.find_first_not_of(" \t\r", i)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t\r", i), line.size());
    words.push_back(line.substr(i, end - i));
    i = end;
  }
  return words;
}

std::optional<double> number(std::string_view word) {
  if (word.starts_with('+'))
    word.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

/// Three lengths, or nine numbers, three of each edge.
std::optional<std::array<atoms::Vector, 3>> edges_of(std::string_view comment) {
  std::string_view list = comment;
  std::size_t expected = 3;
  if (const auto at = comment.find("attice=\""); at != std::string_view::npos) {
    list = comment.substr(at + 8);
    list = list.substr(0, list.find('"'));
    expected = 9;
  }
  const auto words = words_of(list);
  if (words.size() != expected)
    return std::nullopt;
  std::array<atoms::Vector, 3> edges{};
  for (std::size_t i = 0; i < expected; ++i) {
    const auto value = number(words[i]);
    if (!value)
      return std::nullopt;
    const std::size_t place = expected == 9 ? i : 4 * i; // on the diagonal
    edges[place / 3][place % 3] = *value;
  }
  return edges;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40))
    out += static_cast<unsigned char>(c) < 32 ? '?' : c;
  return out;
}

} // namespace

AtomFile read_atom_file(const std::string& path) {
  const InputFile file(path);
  constexpr Index largest = Index{1} << 31;
  if (file.size() > largest)
    throw FormatError(path, "", "more than 2 GiB", "one structure");
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, file.size(), reinterpret_cast<std::byte*>(text.data()));
  std::string_view rest(text);
  Index line_number = 0;
  const auto next = [&]() -> std::string_view {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++line_number;
    return line;
  };
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw FormatError(path, fmt::format("line {}", line_number), found, expected);
  };
  const auto first = trimmed(next());
  Index atoms = 0;
  const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), atoms);
  if (error != std::errc() || end != first.data() + first.size() || atoms < 1 ||
      atoms > static_cast<Index>(text.size()))
    refuse(fmt::format("'{}'", shown(first)), "the number of atoms");
  AtomFile out;
  const auto comment = next();
  auto edges = edges_of(comment);
  if (!edges)
    refuse(fmt::format("'{}'", shown(trimmed(comment))),
           "three edges of a box or Lattice=\"…\" with nine numbers");
  if (atoms::dot((*edges)[0], atoms::cross((*edges)[1], (*edges)[2])) < 0)
    std::swap((*edges)[1], (*edges)[2]); // it repeats itself all the same
  try {
    out.box = atoms::Box(*edges);
  } catch (const DataError&) {
    refuse(fmt::format("'{}'", shown(trimmed(comment))), "edges that span a volume");
  }
  for (Index i = 0; i < atoms; ++i) {
    if (rest.empty())
      throw FormatError(path,
                        fmt::format("line {}", line_number),
                        fmt::format("{} atoms", i),
                        fmt::format("{}", atoms));
    const auto words = words_of(next());
    std::array<double, 3> p{};
    bool good = words.size() >= 4;
    for (std::size_t d = 0; d < 3 && good; ++d) {
      const auto value = number(words[d + 1]);
      good = value.has_value();
      p[d] = value.value_or(0);
    }
    if (!good)
      refuse(words.empty() ? "an empty line" : fmt::format("'{}' …", shown(words[0])),
             "a symbol and three positions");
    out.symbol.emplace_back(words[0]);
    out.position.push_back(p);
  }
  return out;
}

} // namespace vitrum::io
