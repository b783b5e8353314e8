// Checks of outputs before work begins.
#pragma once
#include <string>

#include "vitrum/app/options.hpp"

namespace vitrum::app {

/// Throws OptionError when no output is named, FileError when it exists (without --overwrite) or
/// its folder does not.
void require_output(const OutputFlags& flags);

} // namespace vitrum::app
