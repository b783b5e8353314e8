// Settings: one list of named values per command, from which flags, TOML file, help text and the
// configuration stored in the result are all made.
#pragma once
#include <map>
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
};

using Settings = std::vector<Setting>;

/// Sets one value from the text of a flag. Lists are comma-separated. Throws OptionError.
void assign(const Setting& setting, std::string_view text);

/// The value as it would be typed.
[[nodiscard]] std::string to_text(const Setting& setting);

/// All settings as TOML, with the help as comments, readable again by `read_toml`.
[[nodiscard]] std::string to_toml(const Settings& settings);

/// Sets the values that the file names. Throws FileError, FormatError (file, line) for what is not
/// TOML and OptionError for a key that no setting has or a value of the wrong type.
void read_toml(const std::string& path, const Settings& settings);

/// A number of bytes from "8G", "512M", "2000000". Throws OptionError.
[[nodiscard]] Index parse_bytes(std::string_view name, std::string_view text);

/// "1.23 GB", in powers of ten.
[[nodiscard]] std::string bytes_text(Index bytes);

} // namespace vitrum::app
