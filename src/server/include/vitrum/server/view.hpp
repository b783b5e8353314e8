// vitrum view: results in a web browser. Numbers and pictures come from app; this module turns
// requests into calls of it.
#pragma once
#include <string>

#include "vitrum/app/commands.hpp"
#include "vitrum/app/view.hpp"

namespace vitrum::server {

/// Serves until the monitor is cancelled. Says the address as a message. Throws OptionError for a
/// host of the network without a token, FileError when the page is not installed or the port is
/// taken.
[[nodiscard]] std::string
run_view(app::ViewOptions options, const app::Invocation&, const Monitor&);

} // namespace vitrum::server
