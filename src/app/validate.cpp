#include <fmt/format.h>
#include <fmt/ranges.h>

#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/validate.hpp"

namespace vitrum::app {

std::string run_validate(ValidateOptions options, const Invocation&, const Monitor&) {
  constexpr Index largest = Index{1} << 24; // maps are not looked into
  std::string text, wrong;
  for (const auto& path : options.inputs) {
    std::vector<std::string> unread;
    const auto tree = io::read_tree(path, {.largest_array = largest, .left_out = &unread});
    const auto faults = report::find_faults(tree, unread);
    if (faults.empty())
      text += path + ": valid\n";
    else
      wrong += fmt::format("{}{}: {} faults\n  {}",
                           wrong.empty() ? "" : "\n",
                           path,
                           faults.size(),
                           fmt::join(faults, "\n  "));
  }
  if (!wrong.empty())
    throw DataError(wrong);
  return text;
}

} // namespace vitrum::app
