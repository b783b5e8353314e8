#include "synth_output.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "result_tree.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {

std::string beside(const std::string& path, const char* suffix) {
  const std::filesystem::path p(path);
  return (p.parent_path() / (p.stem().string() + suffix)).string();
}

std::string would_write(const frames::SeriesInfo& info,
                        const std::string& how,
                        const std::vector<std::string>& paths) {
  return fmt::format("{} frames of {} x {}, {} uncompressed{}\nwould write {}\n",
                     info.frames,
                     info.height,
                     info.width,
                     bytes_text(info.frames * info.frame_bytes()),
                     how,
                     fmt::join(paths, ", "));
}

void write_truth(const std::string& path,
                 const std::string& title,
                 Tree truth,
                 const std::string& config,
                 const Invocation& invocation,
                 bool overwrite) {
  auto tree = make_result(invocation, config);
  tree.set("entry/kind", make_scalar("truth"));
  tree.set("entry/title", make_scalar(title));
  tree.group("entry").attributes.erase("default");
  tree.group("entry/truth") = std::move(truth);
  io::write_tree(path, tree, {.overwrite = overwrite});
}

} // namespace vitrum::app
