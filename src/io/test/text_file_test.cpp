#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "support.hpp"
#include "vitrum/io/text_file.hpp"

namespace vitrum::io {
namespace {

namespace fs = std::filesystem;
using testing::Scratch;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(folder), fs::recursive_directory_iterator()));
}

TEST(WriteFolder, MakesReplacesAndKeeps) {
  const Scratch scratch;
  const fs::path folder(scratch / "a/b");
  write_folder(folder.string(), {{"one.txt", "1"}, {"deep/two.txt", "2"}});
  EXPECT_EQ(content(folder / "one.txt"), "1");
  EXPECT_EQ(content(folder / "deep/two.txt"), "2");
  std::ofstream(folder / "mine.txt") << "mine";
  write_folder(folder.string() + "/", {{"one.txt", "new"}});
  EXPECT_EQ(content(folder / "one.txt"), "new");
  EXPECT_EQ(content(folder / "mine.txt"), "mine");
  EXPECT_EQ(entries(scratch / "a"), 5u); // b, deep and three files: nothing temporary
}

TEST(WriteFolder, ChangesNothingWhenAFileCannotBeWritten) {
  const Scratch scratch;
  const fs::path folder(scratch / "there");
  write_folder(folder.string(), {{"one.txt", "1"}});
  // a name that is too long for any file system
  const std::string bad(300, 'x');
  EXPECT_EQ(message_of([&] {
              write_folder(folder.string(), {{"one.txt", "2"}, {bad, "3"}});
            }),
            (folder / bad).string() + ": cannot be made (File name too long)");
  EXPECT_EQ(content(folder / "one.txt"), "1");
  EXPECT_EQ(entries(folder), 1u);
  EXPECT_EQ(message_of([&] {
              write_folder("/proc/none", {{"one.txt", "1"}});
            }),
            "/proc/none: cannot be made (No such file or directory)");
}

} // namespace
} // namespace vitrum::io
