// Completion of commands, flags and values in a shell, from the table of commands.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::cli {

struct CompletionOptions {
  std::vector<std::string> inputs; // the shell
};
[[nodiscard]] app::Settings describe(CompletionOptions& options);
/// The script. Throws OptionError for a shell it does not know.
[[nodiscard]] std::string
run_completion(CompletionOptions options, const app::Invocation&, const Monitor&);

} // namespace vitrum::cli
