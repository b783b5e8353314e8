// Flags that every command has besides its own settings.
#pragma once
#include <array>

namespace vitrum::cli {

struct CommonFlag {
  const char* name;
  const char* value; // what stands for the value in the help; "" for switches
  const char* help;
};

inline constexpr CommonFlag config_flag{
    "config", "FILE", "TOML file with settings; flags win over it"};
inline constexpr CommonFlag show_config_flag{
    "show-config", "", "print the effective settings as TOML and stop"};
inline constexpr CommonFlag quiet_flag{"quiet", "", "say nothing but warnings and errors"};
inline constexpr std::array common_flags{config_flag, show_config_flag, quiet_flag};

} // namespace vitrum::cli
