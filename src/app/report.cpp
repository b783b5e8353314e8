#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "result_input.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/text_file.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/page.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

/// Copies the truth of a virtual experiment into the result, where the page looks for it.
void add_truth(Tree& tree, const std::string& path) {
  const auto truth = io::read_tree(path);
  const auto* from = truth.find_group("entry/truth");
  if (from == nullptr)
    throw FormatError(path, "/entry/truth", "no such group", "the truth of a virtual experiment");
  auto& to = tree.group("entry/truth");
  to = *from;
}

} // namespace

std::string run_report(ReportOptions options, const Invocation&, const Monitor& monitor) {
  if (options.output.output.empty())
    throw OptionError("name the folder to write: -o FOLDER");
  const fs::path folder(options.output.output);
  const auto page = folder / "index.html";
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError(folder.string(), "exists and is not a folder");
  if (fs::exists(page) && !options.output.overwrite)
    throw FileError(page.string(), "exists (use --overwrite to replace it)");
  auto tree = read_result(options.inputs.at(0), true);
  if (!options.truth.empty())
    add_truth(tree, options.truth);
  monitor.message(Level::info, "drawing");
  const auto report = report::make_report(tree);
  for (const auto& file : report.files) {
    const auto path = folder / file.name;
    fs::create_directories(path.parent_path());
    io::write_bytes(path.string(), file.bytes, true);
  }
  fs::create_directories(folder);
  io::write_bytes(page.string(), report.html, true);
  return page.string() + "\n";
}

} // namespace vitrum::app
