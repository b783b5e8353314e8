// The table of commands, from which the command line, the Python module and the pages of the viewer
// are made.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

struct Command {
  std::string name;    // "synth xpcs"
  std::string summary; // one line
  std::string inputs;  // what the positional arguments are; empty for none
  std::size_t min_inputs = 1;
  std::size_t max_inputs = 1;
  std::string examples; // shown below the help
  /// Settings of a fresh set of options, kept alive by the session that comes with them.
  struct Session {
    Settings settings;
    std::function<std::string(std::vector<std::string> inputs, const Invocation&, const Monitor&)>
        run;
  };
  std::function<Session()> start;
};

[[nodiscard]] const std::vector<Command>& commands();

} // namespace vitrum::app
