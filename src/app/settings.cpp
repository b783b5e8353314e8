#include "vitrum/app/settings.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

OptionError wrong(std::string_view name, std::string_view text, std::string_view expected) {
  return OptionError(fmt::format("--{} {}: expected {}", name, text, expected));
}

template <class T>
T parse_number(std::string_view name, std::string_view text, std::string_view expected) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size())
    throw wrong(name, text, expected);
  return value;
}

bool parse_switch(std::string_view name, std::string_view text) {
  if (text == "true" || text.empty())
    return true;
  if (text == "false")
    return false;
  throw wrong(name, text, "true or false");
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto comma = text.find(',');
    words.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return words;
}

/// The shortest text that reads back as the same number; TOML wants a point or an exponent.
std::string number_text(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  auto text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text;
}

std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string toml_value(const Setting& setting) {
  return std::visit(
      [](auto* target) -> std::string {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>)
          return *target ? "true" : "false";
        else if constexpr (std::is_same_v<T, Index>)
          return fmt::format("{}", *target);
        else if constexpr (std::is_same_v<T, double>)
          return number_text(*target);
        else if constexpr (std::is_same_v<T, std::string>)
          return toml_string(*target);
        else {
          std::string list;
          for (const auto& word : *target)
            list += (list.empty() ? "" : ", ") + toml_string(word);
          return "[" + list + "]";
        }
      },
      setting.target);
}

OptionError wrong_type(const std::string& path, const std::string& key, std::string_view expected) {
  return OptionError(fmt::format("{}:{}: wrong type, expected {}", path, key, expected));
}

void assign_node(const std::string& path, const Setting& setting, const toml::node& node) {
  std::visit(
      [&](auto* target) {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>) {
          if (!node.is_boolean())
            throw wrong_type(path, setting.name, "true or false");
          *target = *node.value<bool>();
        } else if constexpr (std::is_same_v<T, Index>) {
          if (!node.is_integer())
            throw wrong_type(path, setting.name, "a whole number");
          *target = *node.value<Index>();
        } else if constexpr (std::is_same_v<T, double>) {
          if (!node.is_number())
            throw wrong_type(path, setting.name, "a number");
          *target = *node.value<double>();
        } else if constexpr (std::is_same_v<T, std::string>) {
          if (!node.is_string())
            throw wrong_type(path, setting.name, "text in quotes");
          *target = *node.value<std::string>();
        } else {
          const auto* list = node.as_array();
          if (list == nullptr || !list->is_homogeneous(toml::node_type::string)) {
            if (list == nullptr || !list->empty())
              throw wrong_type(path, setting.name, "a list of texts in quotes");
          }
          target->clear();
          for (const auto& word : *list)
            target->push_back(*word.value<std::string>());
        }
      },
      setting.target);
}

/// The first word, which leaves the text.
std::string_view take(std::string_view& text, std::string_view separator) {
  const auto at = text.find(separator);
  const auto word = text.substr(0, at);
  text = at == std::string_view::npos ? "" : text.substr(at + separator.size());
  return word;
}

/// Whether one "--name", "--name value|value" or "no --name" of the list holds.
bool holds(std::string_view needs,
           const Settings& settings,
           const std::vector<std::string>& before) {
  while (!needs.empty()) {
    auto values = take(needs, " or ");
    const bool absent = values.starts_with("no ");
    if (absent)
      values.remove_prefix(3);
    const auto name = take(values, " ").substr(2);
    const auto it = std::find_if(
        settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
    if (it == settings.end())
      continue;
    const auto now = to_text(*it);
    if (values.empty() &&
        (now == before[static_cast<std::size_t>(it - settings.begin())]) == absent)
      return true;
    while (!values.empty())
      if (take(values, "|") == now)
        return true;
  }
  return false;
}

} // namespace

void assign(const Setting& setting, std::string_view text) {
  std::visit(
      [&](auto* target) {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>)
          *target = parse_switch(setting.name, text);
        else if constexpr (std::is_same_v<T, Index>)
          *target = parse_number<Index>(setting.name, text, "a whole number");
        else if constexpr (std::is_same_v<T, double>)
          *target = parse_number<double>(setting.name, text, "a number");
        else if constexpr (std::is_same_v<T, std::string>)
          *target = text;
        else
          *target = split(text);
      },
      setting.target);
}

std::string to_text(const Setting& setting) {
  return std::visit(
      [](auto* target) -> std::string {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>)
          return *target ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::string>)
          return *target;
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
          return fmt::format("{}", fmt::join(*target, ","));
        else
          return fmt::format("{}", *target);
      },
      setting.target);
}

std::vector<std::string> choices_of(const Setting& setting) {
  std::vector<std::string> words;
  std::string word;
  if (std::holds_alternative<std::vector<std::string>*>(setting.target))
    return words;
  for (const char c : setting.value + "|") {
    const auto u = static_cast<unsigned char>(c);
    if (c == '|')
      words.push_back(std::exchange(word, {}));
    else if (std::islower(u) != 0 || std::isdigit(u) != 0 || c == '-' || c == '_')
      word += c;
    else
      return {};
  }
  return words.size() > 1 ? words : std::vector<std::string>{};
}

std::string to_toml(const Settings& settings) {
  std::vector<std::string> groups;
  for (const auto& setting : settings)
    if (std::find(groups.begin(), groups.end(), setting.group) == groups.end())
      groups.push_back(setting.group);
  std::string out;
  for (const auto& group : groups) {
    auto header = group; // bare keys of TOML have no blanks
    std::replace(header.begin(), header.end(), ' ', '-');
    out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", header);
    for (const auto& setting : settings)
      if (setting.group == group)
        out += fmt::format("{} = {} # {}\n", setting.name, toml_value(setting), setting.help);
  }
  return out;
}

namespace {

template <class Parse>
void apply_toml(Parse&& parse, const std::string& path, const Settings& settings) {
  toml::table table;
  try {
    table = parse();
  } catch (const toml::parse_error& error) {
    if (error.source().begin.line == 0)
      throw FileError(path, "cannot read the configuration");
    throw FormatError(path,
                      fmt::format("line {}", error.source().begin.line),
                      std::string(error.description()),
                      "");
  }
  auto apply = [&](const std::string& key, const toml::node& node) {
    const auto it = std::find_if(
        settings.begin(), settings.end(), [&](const Setting& s) { return s.name == key; });
    if (it == settings.end())
      throw OptionError(
          fmt::format("{}:line {}: unknown setting '{}'", path, node.source().begin.line, key));
    assign_node(path, *it, node);
  };
  for (const auto& [key, node] : table) {
    if (const auto* group = node.as_table()) {
      for (const auto& [name, value] : *group)
        apply(std::string(name.str()), value);
    } else {
      apply(std::string(key.str()), node);
    }
  }
}

} // namespace

void read_toml(const std::string& path, const Settings& settings) {
  if (std::filesystem::is_directory(path)) // the parser would take it for an empty file
    throw FileError(path, "is a folder, expected a TOML file");
  apply_toml([&] { return toml::parse_file(path); }, path, settings);
}

void read_toml_text(const std::string& text, const std::string& path, const Settings& settings) {
  apply_toml([&] { return toml::parse(text); }, path, settings);
}

std::vector<std::string> values_of(const Settings& settings) {
  std::vector<std::string> values;
  for (const auto& setting : settings)
    values.push_back(to_text(setting));
  return values;
}

void require_needs(const Settings& settings,
                   const std::vector<std::string>& before,
                   const std::vector<std::string>& typed) {
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto& [name, group, value, help, target, needs] = settings[i];
    const bool given = to_text(settings[i]) != before[i] ||
                       std::find(typed.begin(), typed.end(), name) != typed.end();
    if (!given || needs.empty() || holds(needs, settings, before))
      continue;
    if (needs.starts_with("no "))
      throw OptionError(fmt::format("--{}: cannot be combined with {}", name, needs.substr(3)));
    throw OptionError(fmt::format("--{}: has no effect without {}", name, needs));
  }
}

std::string bytes_text(Index bytes) {
  double value = static_cast<double>(bytes);
  const char* unit = "bytes";
  for (const char* next : {"kB", "MB", "GB", "TB"}) {
    if (value < 1000)
      break;
    value /= 1000;
    unit = next;
  }
  return fmt::format("{:.3g} {}", value, unit);
}

Index parse_bytes(std::string_view name, std::string_view text) {
  constexpr std::string_view expected = "a size such as 8G, 512M or 2000000";
  if (text.empty())
    throw wrong(name, text, expected);
  Index unit = 1;
  const char last = text.back();
  for (const char prefix : {'K', 'M', 'G', 'T'}) {
    unit *= 1024;
    if (last == prefix || last == prefix - 'A' + 'a') {
      const double value = parse_number<double>(name, text.substr(0, text.size() - 1), expected);
      if (!(value > 0) || value * static_cast<double>(unit) > 1e18)
        throw wrong(name, text, expected);
      return static_cast<Index>(value * static_cast<double>(unit));
    }
  }
  const auto bytes = parse_number<Index>(name, text, expected);
  if (bytes <= 0)
    throw wrong(name, text, expected);
  return bytes;
}

} // namespace vitrum::app
