#include "command_line.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "common_flags.hpp"
#include "completion.hpp"
#include "manual.hpp"
#include "terminal.hpp"
#include "vitrum/app/command_table.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/server/view.hpp"

namespace vitrum::cli {
namespace {

using app::Command;
using app::commands;

bool is_switch(const app::Setting& setting) {
  return std::holds_alternative<bool*>(setting.target);
}

/// What was typed after the flags of one command.
struct Typed {
  std::vector<std::string> inputs;
  std::vector<std::pair<std::size_t, std::string>> flags; // index of the setting, text
  std::string config;
  bool show_config = false;
  bool quiet = false;
};

void add_flags(CLI::App& app, const Command& command, const app::Settings& settings, Typed& typed) {
  if (!command.inputs.empty()) {
    app.add_option("inputs", typed.inputs, "")
        ->type_name(command.inputs)
        ->expected(static_cast<int>(command.min_inputs), static_cast<int>(command.max_inputs));
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto& setting = settings[i];
    const auto flag = setting.name == "output" ? "-o,--output" : "--" + setting.name;
    auto help = setting.help;
    if (const auto now = app::to_text(setting); !is_switch(setting) && !now.empty() && now != "nan")
      help += fmt::format(" [{}]", now);
    if (!setting.needs.empty() && !setting.needs.starts_with("no "))
      help += fmt::format("; with {}", setting.needs);
    if (is_switch(setting)) {
      app.add_flag_callback(
             flag, [&typed, i] { typed.flags.emplace_back(i, "true"); }, help)
          ->group(setting.group);
    } else {
      app.add_option_function<std::string>(
             flag,
             [&typed, i](const std::string& text) { typed.flags.emplace_back(i, text); },
             help)
          ->type_name(setting.value)
          ->multi_option_policy(CLI::MultiOptionPolicy::Throw)
          ->group(setting.group);
    }
  }
  const auto flag_of = [](const CommonFlag& flag) { return std::string("--") + flag.name; };
  app.add_option(flag_of(config_flag), typed.config, config_flag.help)
      ->type_name(config_flag.value)
      ->group("run");
  app.add_flag(flag_of(show_config_flag), typed.show_config, show_config_flag.help)->group("run");
  app.add_flag(flag_of(quiet_flag), typed.quiet, quiet_flag.help)->group("run");
}

int fail(const std::string& text, int code) {
  std::fputs(fmt::format("vitrum: {}\n", text).c_str(), stderr);
  return code;
}

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  if (!written && errno == EPIPE)
    return 1; // whoever read it has seen enough
  return written ? 0 : fail("cannot write to standard output", 1);
}

std::string overview() {
  std::string text =
      "vitrum: how glasses move and how they are ordered\n\nusage: vitrum COMMAND [INPUT] [FLAGS]\n"
      "       vitrum COMMAND --help\n\n";
  for (const auto& command : commands())
    text += fmt::format("  {:<12} {}\n", command.name, command.summary);
  return text + "\nvitrum --version prints the version.\n";
}

/// CLI11 takes the value of a flag it does not know for an input and complains about the inputs.
void refuse_unknown_flags(const Command& command,
                          const app::Settings& settings,
                          const std::vector<std::string>& words) {
  std::vector<std::string> known{"--help"};
  for (const auto& flag : common_flags)
    known.push_back(std::string("--") + flag.name);
  for (const auto& setting : settings)
    known.push_back("--" + setting.name);
  for (const auto& word : words) {
    const auto flag = word.substr(0, word.find('='));
    if (flag.size() < 3 || !flag.starts_with("--") ||
        std::find(known.begin(), known.end(), flag) != known.end())
      continue;
    const auto nearest = std::min_element(known.begin(), known.end(), [&](auto& a, auto& b) {
      return app::edit_distance(flag, a) < app::edit_distance(flag, b);
    });
    throw OptionError(
        app::edit_distance(flag, *nearest) < 3
            ? fmt::format("unknown flag '{}', did you mean '{}'?", flag, *nearest)
            : fmt::format("unknown flag '{}'; vitrum {} --help lists them", flag, command.name));
  }
}

int run(const Command& command, std::vector<std::string> words, const app::Invocation& invocation) {
  if (invocation.ranks != nullptr && command.name != "xpcs")
    throw OptionError(fmt::format(
        "{}: runs in one process; xpcs is the command that several ranks can share", command.name));
  auto session = command.start();
  Typed typed;
  CLI::App app(command.summary, "vitrum " + command.name);
  app.footer("examples:\n  " +
             std::string(CLI::detail::find_and_replace(command.examples, "\n", "\n  ")));
  app.get_formatter()->column_width(34);
  add_flags(app, command, session.settings, typed);
  refuse_unknown_flags(command, session.settings, words);
  std::reverse(words.begin(), words.end()); // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();
    std::string text = what;
    if (what.starts_with("inputs"))
      text = fmt::format("{}: expected one {}, found more", command.name, command.inputs);
    else if (what.find("At Most 1") != std::string::npos)
      text = fmt::format("{} stands there twice: expected once, several values with commas",
                         what.substr(0, what.find(':')));
    return fail(fmt::format("{} (vitrum {} --help)", text, command.name), 2);
  } catch (const CLI::ParseError& error) {
    return fail(fmt::format("{} (vitrum {} --help)", error.what(), command.name), 2);
  }
  app::NamedValues flags;
  for (const auto& [index, text] : typed.flags)
    flags.emplace_back(session.settings[index].name, text);
  app::apply_values(command, session.settings, typed.config, flags);
  if (typed.show_config)
    return print(app::to_toml(session.settings));
  return print(app::run_session(
      command, session, typed.inputs, invocation, make_terminal_monitor(typed.quiet)));
}

int dispatch(const std::vector<std::string>& words, const app::Invocation& invocation) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    const int code = print(overview());
    return words.empty() ? 2 : code;
  }
  if (words[0] == "--version")
    return print("vitrum " VITRUM_VERSION "\n");
  for (const auto& command : commands()) {
    const auto parts = CLI::detail::split(command.name, ' ');
    if (words.size() >= parts.size() && std::equal(parts.begin(), parts.end(), words.begin()))
      return run(command,
                 {words.begin() + static_cast<std::ptrdiff_t>(parts.size()), words.end()},
                 invocation);
  }
  const bool family = std::any_of(commands().begin(), commands().end(), [&](const Command& c) {
    return c.name.starts_with(words[0] + " ");
  });
  static_cast<void>(
      app::find_command(family && words.size() > 1 ? words[0] + " " + words[1] : words[0]));
  return 2; // not reached: it throws
}

/// Commands of the modules above `app` and of the command line itself.
void add_commands() {
  app::add_command({"view",
                    "results in a web browser: maps, g2 of any range of ages, every figure",
                    "RESULT|FOLDER",
                    0,
                    1,
                    "vitrum view result.h5\nvitrum view measurements --no-browser --port 8080",
                    app::session_of(server::run_view)});
  app::add_command({"completion",
                    "script with which a shell completes commands, flags and files",
                    "bash|zsh|fish",
                    1,
                    1,
                    "source <(vitrum completion bash)\n"
                    "vitrum completion fish > ~/.config/fish/completions/vitrum.fish",
                    app::session_of(run_completion)});
  app::add_command({"manual",
                    "write the manual pages of all commands",
                    "FOLDER",
                    1,
                    1,
                    "vitrum manual man1",
                    app::session_of(run_manual)});
}

} // namespace

int run_command_line(int argc, char** argv) {
  add_commands();
  const std::vector<std::string> words(argv + 1, argv + argc);
  app::Invocation invocation{"vitrum"};
  for (const auto& word : words)
    invocation.command_line += ' ' + word;
  const auto leave = [&](int code) {
    if (invocation.ranks != nullptr)
      invocation.ranks->leave(code);
    return code;
  };
  try {
    invocation.ranks = app::join_ranks();
    return leave(dispatch(words, invocation));
  } catch (const app::ToldElsewhere& error) {
    return leave(error.code);
  } catch (const OptionError& error) {
    return leave(fail(error.what(), 2));
  } catch (const std::bad_alloc&) {
    return leave(fail("not enough memory", 1));
  } catch (const std::exception& error) {
    return leave(fail(error.what(), 1));
  }
}

} // namespace vitrum::cli
