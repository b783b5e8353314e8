#include "output.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {

void require_output(const OutputFlags& flags, const std::vector<std::string>& inputs) {
  namespace fs = std::filesystem;
  if (flags.output.empty())
    throw OptionError("name the file to write: -o FILE");
  const fs::path path(flags.output);
  std::error_code none;
  const auto status = fs::symlink_status(path, none);
  if (fs::exists(status)) {
    for (const auto& input : inputs) {
      const fs::path file(input.substr(0, input.find("::")));
      if (!input.empty() && fs::equivalent(path, file, none))
        throw OptionError(
            fmt::format("-o {}: is the input {}, which would be lost", flags.output, input));
    }
    if (fs::is_directory(status))
      throw FileError(flags.output, "is a folder, expected the name of a file");
    if (!fs::is_regular_file(status))
      throw FileError(flags.output,
                      "is no plain file (a link, device or pipe) and is not replaced");
    if (!flags.overwrite)
      throw FileError(flags.output, "exists (use --overwrite to replace it)");
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder))
    throw FileError(flags.output, "the folder to write into does not exist");
}

} // namespace vitrum::app
