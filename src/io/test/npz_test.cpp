// Archives of arrays: which one is meant, and broken archives by message.
#include "support.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

const Array stack =
    make_array(std::vector<Index>{4, 40, 50}, std::vector<std::uint16_t>(8000, 3), "");
const Array line = make_array(std::vector<Index>{4}, std::vector<double>(4, 1), "");

TEST(Npz, TheArrayIsChosenByName) {
  const Scratch scratch;
  const std::string path = scratch / "a.npz";
  const auto error = [&](const std::string& name) {
    return message_of<FormatError>([&] { static_cast<void>(open_series(path + name)); });
  };
  write_npz(path, {{"counts", stack}});
  EXPECT_EQ(open_series(path)->info().path, path + "::counts.npy");
  write_npz(path, {{"counts", stack}, {"times", line}, {"dark", stack}}, true);
  EXPECT_EQ(open_series(path + "::dark")->info().frames, 4);
  EXPECT_EQ(open_series(path + "::dark.npy")->info().frames, 4);
  EXPECT_EQ(error(""),
            path + ": 3 arrays, expected the name of one as " + path +
                "::name: counts, times, dark");
  EXPECT_EQ(error("::light"), path + ":light: no such array, expected one of: counts, times, dark");
  EXPECT_EQ(error("::times"),
            path + "::times.npy: shape [4], expected [y, x], [frame, y, x] or a scan [..., y, x] "
                   "of at most 5 dimensions");
}

TEST(Npz, BrokenArchivesAreNamed) {
  const Scratch scratch;
  const std::string path = scratch / "a.npz";
  const auto error = [&] {
    return message_of<FormatError>([&] { static_cast<void>(open_series(path)); });
  };
  write_npz(path, {{"counts", stack}});
  const std::string bytes = testing::read_bytes(path);
  testing::write_bytes(path, bytes.substr(0, bytes.size() / 2)); // the list of members stands last
  EXPECT_EQ(error(), path + ": unreadable zip archive (Not a zip archive), expected an .npz file");
  // a changed byte of the packed data: the archive keeps a checksum
  std::string changed = bytes;
  changed[changed.size() / 3] = static_cast<char>(changed[changed.size() / 3] ^ 0x55);
  testing::write_bytes(path, changed);
  const auto message = error();
  EXPECT_TRUE(message.starts_with(path + ":counts.npy: cannot be unpacked (")) << message;
}

} // namespace
} // namespace vitrum::io
