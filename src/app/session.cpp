// Values by name into the settings of a command, and its run.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "vitrum/app/command_table.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::app {
namespace {

const Setting&
find_setting(const Command& command, const Settings& settings, const std::string& name) {
  const auto found = std::find_if(
      settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
  if (found != settings.end())
    return *found;
  const auto nearest =
      std::min_element(settings.begin(), settings.end(), [&](const Setting& a, const Setting& b) {
        return edit_distance(name, a.name) < edit_distance(name, b.name);
      });
  if (nearest != settings.end() && edit_distance(name, nearest->name) < 3)
    throw OptionError(
        fmt::format("unknown flag '--{}', did you mean '--{}'?", name, nearest->name));
  throw OptionError(
      fmt::format("unknown flag '--{}'; vitrum {} --help lists them", name, command.name));
}

/// In a TOML file nan means that a number is not given; who types it has made a mistake.
void refuse_nan(const Setting& setting, const std::string& text) {
  const bool nan = text.size() == 3 && std::tolower(text[0]) == 'n' &&
                   std::tolower(text[1]) == 'a' && std::tolower(text[2]) == 'n';
  if (nan && std::holds_alternative<double*>(setting.target))
    throw OptionError(fmt::format("--{} {}: expected a number", setting.name, text));
}

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_-./:,=+@%").find(c) != std::string_view::npos;
  });
  if (plain)
    return word;
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string python_text(const std::string& word) {
  std::string out = "\"";
  for (const char c : word)
    out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "\"";
}

std::string python_value(const Setting& setting, const std::string& text) {
  if (std::holds_alternative<bool*>(setting.target))
    return text == "true" ? "True" : "False";
  if (std::holds_alternative<std::string*>(setting.target))
    return python_text(text);
  if (!std::holds_alternative<std::vector<std::string>*>(setting.target))
    return text;
  std::string list;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    list += (list.empty() ? "" : ", ") + python_text(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return "[" + list + "]";
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

const Command& find_command(std::string_view name) {
  const Command* nearest = nullptr;
  std::size_t best = 3;
  const std::string first(name.substr(0, name.find(' ')));
  std::string family; // synth xpcs, synth ecm, …
  for (const auto& command : commands()) {
    if (command.name == name)
      return command;
    if (command.name.starts_with(first + " "))
      family += fmt::format("{}'{}'", family.empty() ? "" : ", ", command.name);
    if (const auto distance = edit_distance(name, command.name); distance < best) {
      best = distance;
      nearest = &command;
    }
  }
  if (!family.empty())
    throw OptionError(fmt::format("unknown command '{}', expected one of {}", name, family));
  if (nearest != nullptr)
    throw OptionError(fmt::format("unknown command '{}', did you mean '{}'?", name, nearest->name));
  throw OptionError(fmt::format("unknown command '{}'; vitrum --help lists them", name));
}

void apply_values(const Command& command,
                  const Settings& settings,
                  const std::string& config_file,
                  const NamedValues& typed) {
  const auto before = values_of(settings);
  if (!config_file.empty())
    read_toml(config_file, settings);
  std::vector<std::string> names;
  for (const auto& [name, text] : typed) {
    const Setting& setting = find_setting(command, settings, name);
    refuse_nan(setting, text);
    assign(setting, text);
    names.push_back(name);
  }
  require_needs(settings, before, names);
}

std::string run_session(const Command& command,
                        const Command::Session& session,
                        std::vector<std::string> inputs,
                        const Invocation& invocation,
                        const Monitor& monitor) {
  if (inputs.size() < command.min_inputs)
    throw OptionError(fmt::format(
        "{}: expected {} (vitrum {} --help)", command.name, command.inputs, command.name));
  if (inputs.size() > command.max_inputs)
    throw OptionError(
        command.inputs.empty()
            ? fmt::format("{}: takes no input, found '{}'", command.name, inputs[0])
            : fmt::format("{}: expected one {}, found more", command.name, command.inputs));
  for (const auto& setting : session.settings)
    if (setting.name == "threads")
      set_thread_count(*std::get<Index*>(setting.target));
  return session.run(std::move(inputs), invocation, monitor);
}

std::string command_line_of(const Command& command,
                            const Settings& settings,
                            const std::vector<std::string>& inputs,
                            const NamedValues& typed) {
  std::string line = "vitrum " + command.name;
  for (const auto& input : inputs)
    line += " " + quoted(input);
  for (const auto& [name, text] : typed) {
    const Setting& setting = find_setting(command, settings, name);
    if (!std::holds_alternative<bool*>(setting.target))
      line += fmt::format(" {} {}", name == "output" ? "-o" : "--" + name, quoted(text));
    else if (text == "true")
      line += " --" + name;
  }
  return line;
}

std::string python_call_of(const Command& command,
                           const Settings& settings,
                           const std::vector<std::string>& inputs,
                           const NamedValues& typed) {
  std::string arguments;
  const auto add = [&](const std::string& one) {
    arguments += (arguments.empty() ? "" : ", ") + one;
  };
  for (const auto& input : inputs)
    add(python_text(input));
  const auto python_name = [](std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '-' || c == ' '; }, '_');
    return name;
  };
  for (const auto& [name, text] : typed)
    add(python_name(name) + "=" + python_value(find_setting(command, settings, name), text));
  return "vitrum." + python_name(command.name) + "(" + arguments + ")";
}

} // namespace vitrum::app
