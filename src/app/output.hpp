// Checks of outputs before work begins.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/options.hpp"

namespace vitrum::app {

/// Throws OptionError when no output is named or it is one of the inputs ("::/path" is ignored,
/// empty names are passed over), FileError when it exists (without --overwrite), is no plain file,
/// or its folder does not exist.
void require_output(const OutputFlags& flags, const std::vector<std::string>& inputs);

} // namespace vitrum::app
