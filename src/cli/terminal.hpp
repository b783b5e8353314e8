// What the user sees on standard error: messages and progress, and Ctrl-C.
#pragma once
#include "vitrum/core/monitor.hpp"

namespace vitrum::cli {

/// A monitor that writes to standard error: a bar with rate and time left on a terminal, plain
/// lines otherwise; nothing but warnings when `quiet`.
[[nodiscard]] Monitor make_terminal_monitor(bool quiet);

/// Ctrl-C and SIGTERM ask the monitor's work to stop; a second one ends the program at once.
void install_signal_handlers();

} // namespace vitrum::cli
