#include "output.hpp"

#include <filesystem>

#include "vitrum/core/error.hpp"

namespace vitrum::app {

void require_output(const OutputFlags& flags) {
  namespace fs = std::filesystem;
  if (flags.output.empty())
    throw OptionError("name the file to write: -o FILE");
  const fs::path path(flags.output);
  if (fs::exists(path) && !flags.overwrite)
    throw FileError(flags.output, "exists (use --overwrite to replace it)");
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder))
    throw FileError(flags.output, "the folder to write into does not exist");
}

} // namespace vitrum::app
