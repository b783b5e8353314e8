// Manual pages of the program and of each command, from the table of commands.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::cli {

struct ManualOptions {
  std::vector<std::string> inputs; // folder
};
[[nodiscard]] app::Settings describe(ManualOptions& options);
/// Writes vitrum.1 and vitrum-COMMAND.1 of each command into the folder, over what is there.
/// Returns nothing. Throws FileError.
[[nodiscard]] std::string run_manual(ManualOptions options, const app::Invocation&, const Monitor&);

} // namespace vitrum::cli
