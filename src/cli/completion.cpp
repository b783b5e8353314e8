#include "completion.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "common_flags.hpp"
#include "vitrum/app/command_table.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::cli {
namespace {

std::string_view without_value(const app::Setting& setting) {
  return std::holds_alternative<bool*>(setting.target) ? "1" : "";
}

std::vector<std::string> first_words() {
  std::set<std::string> words;
  for (const auto& command : app::commands())
    words.insert(command.name.substr(0, command.name.find(' ')));
  return {words.begin(), words.end()};
}

/// Second words of the commands that have two, by the first.
std::string family_cases(const std::string& line) {
  std::string text;
  for (const auto& first : first_words()) {
    std::string seconds;
    for (const auto& command : app::commands())
      if (command.name.starts_with(first + " "))
        seconds += (seconds.empty() ? "" : " ") + command.name.substr(first.size() + 1);
    if (!seconds.empty())
      text += fmt::format(fmt::runtime(line), first, seconds);
  }
  return text;
}

std::string bash_script() {
  std::string flags, values;
  for (const auto& command : app::commands()) {
    const auto session = command.start();
    flags += fmt::format("    '{}') flags=\"", command.name);
    for (const auto& setting : session.settings) {
      flags += "--" + setting.name + " ";
      if (const auto words = app::choices_of(setting); !words.empty())
        values += fmt::format(
            "    '{} --{}') words=\"{}\" ;;\n", command.name, setting.name, fmt::join(words, " "));
    }
    for (const auto& flag : common_flags)
      flags += fmt::format("--{} ", flag.name);
    flags += "--help\" ;;\n";
  }
  return fmt::format(
      R"(# Completion of vitrum in bash; zsh after: autoload -U bashcompinit && bashcompinit
_vitrum() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
  local flags="" words="" seconds=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{0} --help --version" -- "$word"))
    return
  fi
  case $command in
{1}  esac
  if [ -n "$seconds" ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W "$seconds" -- "$word"))
      return
    fi
    command="$command ${{COMP_WORDS[2]}}"
  fi
  case "$command $before" in
{2}  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    return
  fi
  case $word in
    -*)
      case $command in
{3}      esac
      COMPREPLY=($(compgen -W "$flags" -- "$word"))
      ;;
    *)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word"))
      ;;
  esac
}}
complete -F _vitrum vitrum
)",
      fmt::join(first_words(), " "),
      family_cases("    {}) seconds=\"{}\" ;;\n"),
      values,
      flags);
}

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

std::string fish_script() {
  std::string text = "# Completion of vitrum in fish\n";
  std::set<std::string> families;
  for (const auto& command : app::commands()) {
    const auto space = command.name.find(' ');
    const auto first = command.name.substr(0, space);
    std::string chosen = "__fish_seen_subcommand_from " + first;
    if (space == std::string::npos) {
      text += fmt::format("complete -c vitrum -n __fish_use_subcommand -f -a {} -d {}\n",
                          first,
                          fish_quoted(command.summary));
    } else {
      const auto second = command.name.substr(space + 1);
      if (families.insert(first).second)
        text += fmt::format("complete -c vitrum -n __fish_use_subcommand -f -a {}\n", first);
      text += fmt::format("complete -c vitrum -n '{}' -f -a {} -d {}\n",
                          chosen,
                          second,
                          fish_quoted(command.summary));
      chosen += "; and __fish_seen_subcommand_from " + second;
    }
    const auto session = command.start();
    for (const auto& setting : session.settings) {
      const auto words = app::choices_of(setting);
      std::string takes;
      if (without_value(setting).empty())
        takes = words.empty() ? " -r" : fmt::format(" -x -a '{}'", fmt::join(words, " "));
      text += fmt::format("complete -c vitrum -n '{}' -l {}{}{} -d {}\n",
                          chosen,
                          setting.name,
                          setting.name == "output" ? " -s o" : "",
                          takes,
                          fish_quoted(setting.help));
    }
  }
  for (const auto& flag : common_flags)
    text += fmt::format("complete -c vitrum -l {}{} -d {}\n",
                        flag.name,
                        *flag.value != 0 ? " -r" : "",
                        fish_quoted(flag.help));
  return text;
}

} // namespace

app::Settings describe(CompletionOptions&) {
  return {};
}

std::string run_completion(CompletionOptions options, const app::Invocation&, const Monitor&) {
  const auto& shell = options.inputs.at(0);
  if (shell == "bash")
    return bash_script();
  if (shell == "zsh")
    return "#compdef vitrum\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script();
  if (shell == "fish")
    return fish_script();
  throw OptionError(fmt::format("completion {}: expected bash, zsh or fish", shell));
}

} // namespace vitrum::cli
