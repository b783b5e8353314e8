// The table of commands, from which the command line, the Python module and the pages of the viewer
// are made.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
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

template <class Options>
[[nodiscard]] std::function<Command::Session()>
session_of(std::string (*run)(Options, const Invocation&, const Monitor&)) {
  return [run] {
    auto options = std::make_shared<Options>();
    Command::Session session;
    session.settings = describe(*options);
    session.run = [options, run](std::vector<std::string> inputs,
                                 const Invocation& invocation,
                                 const Monitor& monitor) {
      options->inputs = std::move(inputs);
      return run(*options, invocation, monitor);
    };
    return session;
  };
}

[[nodiscard]] const std::vector<Command>& commands();
/// Adds a command of a module above this one. Before any is looked up.
void add_command(Command command);
/// Throws OptionError that names the nearest.
[[nodiscard]] const Command& find_command(std::string_view name);

/// Values by the names of settings, as they would be typed.
using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// Sets what the file of that name says ("": none), then what was typed; all must have an effect.
/// Throws OptionError for unknown names, with the nearest.
void apply_values(const Command& command,
                  const Settings& settings,
                  const std::string& config_file,
                  const NamedValues& typed);

/// Runs a session whose values are set. Throws OptionError when inputs are missing.
[[nodiscard]] std::string run_session(const Command& command,
                                      const Command::Session& session,
                                      std::vector<std::string> inputs,
                                      const Invocation& invocation,
                                      const Monitor& monitor);

/// The command as a shell would take it: "vitrum xpcs scan.h5 --models kww -o r.h5".
[[nodiscard]] std::string command_line_of(const Command& command,
                                          const Settings& settings,
                                          const std::vector<std::string>& inputs,
                                          const NamedValues& typed);

/// The same as a call of the Python module: vitrum.xpcs("scan.h5", models=["kww"], output="r.h5").
[[nodiscard]] std::string python_call_of(const Command& command,
                                         const Settings& settings,
                                         const std::vector<std::string>& inputs,
                                         const NamedValues& typed);

/// How many single-letter edits part two words, for "did you mean".
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

} // namespace vitrum::app
