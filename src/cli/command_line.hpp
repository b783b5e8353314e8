// Words in, one app call, text out.
#pragma once

namespace vitrum::cli {

/// Parses and runs; returns the exit code.
int run_command_line(int argc, char** argv);

} // namespace vitrum::cli
