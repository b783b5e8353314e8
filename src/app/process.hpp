// Running another program: its output line by line, its end awaited.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "vitrum/core/monitor.hpp"

namespace vitrum::app {

/// The path of a program in PATH (or the name itself where it has a '/'); "" when there is none.
[[nodiscard]] std::string find_program(const std::string& name);

/// Runs `arguments` (the first is the program) in `folder`; each line of its standard output and
/// error goes to `on_line`. When the user cancels, it is told to end and Interrupted is thrown.
/// Returns its exit status, 128 + signal when one ended it. Throws FileError when it cannot start.
int run_program(const std::vector<std::string>& arguments,
                const std::string& folder,
                const std::vector<std::pair<std::string, std::string>>& environment,
                const std::function<void(const std::string&)>& on_line,
                const Monitor& monitor);

} // namespace vitrum::app
