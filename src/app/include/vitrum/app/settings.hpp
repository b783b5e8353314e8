// Settings: one list of named values per command, from which flags, TOML file, help text and the
// configuration stored in the result are all made.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::app {

using SettingTarget = std::variant<bool*, Index*, double*, std::string*, std::vector<std::string>*>;

struct Setting {
  std::string name;  // "q-bins": the flag without its dashes and the key in TOML
  std::string group; // heading in the help and table in TOML
  std::string value; // what stands for the value in the help: "S", "FILE", "a|b|c"; "" for switches
  std::string help;  // one sentence, lower case, no full stop
  SettingTarget target;
  std::string needs = {}; // without this it has no effect: "--figure", "--lags log or --pixel-lags
                          // log", "--model ml|kww", "no --figure"; "": always has one
};

using Settings = std::vector<Setting>;

/// Sets one value from the text of a flag. Lists are comma-separated. Throws OptionError.
void assign(const Setting& setting, std::string_view text);

/// The value as it would be typed.
[[nodiscard]] std::string to_text(const Setting& setting);

/// The words that a value can be, of "a|b|c"; empty where the value is of a kind ("S", "FILE") or a
/// list.
[[nodiscard]] std::vector<std::string> choices_of(const Setting& setting);

/// All settings as TOML, with the help as comments, readable again by `read_toml`.
[[nodiscard]] std::string to_toml(const Settings& settings);

/// Sets the values that the file names. Throws FileError, FormatError (file, line) for what is not
/// TOML and OptionError for a key that no setting has or a value of the wrong type.
void read_toml(const std::string& path, const Settings& settings);
/// The same of a text; `path` is what messages call it.
void read_toml_text(const std::string& text, const std::string& path, const Settings& settings);

/// The values of all settings, to tell later which were changed.
[[nodiscard]] std::vector<std::string> values_of(const Settings& settings);

/// Throws OptionError for a setting that would have no effect, if it was typed as a flag or differs
/// from its value `before`.
void require_needs(const Settings& settings,
                   const std::vector<std::string>& before,
                   const std::vector<std::string>& typed);

/// A number of bytes from "8G", "512M", "2000000". Throws OptionError.
[[nodiscard]] Index parse_bytes(std::string_view name, std::string_view text);

/// "1.23 GB", in powers of ten.
[[nodiscard]] std::string bytes_text(Index bytes);

} // namespace vitrum::app
