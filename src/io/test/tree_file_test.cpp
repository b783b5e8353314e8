#include "vitrum/io/tree_file.hpp"

#include <cmath>
#include <limits>

#include "support.hpp"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h> // after gtest

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

bool same(const Attribute& a, const Attribute& b) {
  return a == b;
}

void expect_same(const Tree& a, const Tree& b, const std::string& place = "") {
  ASSERT_EQ(a.attributes.size(), b.attributes.size()) << place;
  for (const auto& [name, value] : a.attributes) {
    ASSERT_TRUE(b.attributes.contains(name)) << place << "@" << name;
    EXPECT_TRUE(same(value, b.attributes.at(name))) << place << "@" << name;
  }
  ASSERT_EQ(a.arrays().size(), b.arrays().size()) << place;
  for (std::size_t i = 0; i < a.arrays().size(); ++i) {
    const auto& [name, array] = a.arrays()[i];
    const auto& [other_name, other] = b.arrays()[i];
    EXPECT_EQ(name, other_name) << place;
    EXPECT_EQ(array.shape, other.shape) << place << "/" << name;
    EXPECT_EQ(array.values, other.values) << place << "/" << name;
    EXPECT_EQ(array.attributes, other.attributes) << place << "/" << name;
  }
  EXPECT_EQ(a.links(), b.links()) << place;
  ASSERT_EQ(a.groups().size(), b.groups().size()) << place;
  for (std::size_t i = 0; i < a.groups().size(); ++i) {
    EXPECT_EQ(a.groups()[i].first, b.groups()[i].first) << place;
    expect_same(a.groups()[i].second, b.groups()[i].second, place + "/" + a.groups()[i].first);
  }
}

Tree small_tree() {
  Tree tree;
  tree.attributes["default"] = std::string("entry");
  Tree& g2 = tree.group("entry/g2");
  g2.attributes["signal"] = std::string("g2");
  g2.attributes["axes"] = std::vector<std::string>{"bin", "lag_s"};
  g2.attributes["one_axis"] = std::vector<std::string>{"bin"};
  g2.attributes["number"] = 2.5;
  g2.attributes["count"] = Index{-7};
  g2.attributes["numbers"] = std::vector<double>{1.5, -2};
  g2.attributes["counts"] = std::vector<Index>{1, 2, 3};
  g2.attributes["none"] = std::vector<double>{};
  g2.attributes["empty"] = std::string();
  g2.set("lag_s", make_array(std::vector<double>{0.1, 0.2, 0.4}, "s"));
  g2.set("g2", make_array(std::vector<Index>{2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}, ""));
  g2.set("labels", make_array(std::vector<std::string>{"Å⁻¹", "", "two words"}));
  g2.set("q", make_scalar(0.25, "1/angstrom"));
  g2.set("frames", make_scalar(Index{100}));
  g2.set("title", make_scalar(std::string("Zr glass at 0.9 Tg")));
  g2.set("nothing", make_array(std::vector<double>{}));
  g2.set("bytes", make_array(std::vector<std::uint8_t>{0, 255}));
  g2.set("words", make_array(std::vector<std::uint16_t>{0, 65535}));
  g2.set("longs", make_array(std::vector<std::uint32_t>{0, 4294967295U}));
  g2.set("ints", make_array(std::vector<std::int32_t>{-1, 2147483647}));
  tree.link("entry/g2_again", "/entry/g2/g2");
  tree.link("entry/same", "/entry/g2");
  return tree;
}

TEST(TreeFile, ReadsWhatItWrote) {
  const Scratch scratch;
  const Tree tree = small_tree();
  write_tree(scratch / "a.h5", tree);
  expect_same(tree, read_tree(scratch / "a.h5"));
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"a.h5"});
}

TEST(TreeFile, BigArraysOfAllShapesSurviveCompression) {
  const Scratch scratch;
  Tree tree;
  const auto fill = [](std::vector<Index> shape) {
    Index size = 1;
    for (const Index n : shape)
      size *= n;
    std::vector<float> values(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i % 977) + 0.5F;
    return make_array(std::move(shape), std::move(values), "");
  };
  tree.set("map", fill({700, 517}));
  tree.set("line", fill({200'001}));
  tree.set("cube", fill({5, 300, 41}));
  tree.set("thin", fill({100'000, 3}));
  tree.set("wide", fill({2, 70'001}));
  for (const int level : {0, 1, 9}) {
    write_tree(scratch / "a.h5", tree, {.overwrite = true, .compression_level = level});
    expect_same(tree, read_tree(scratch / "a.h5"));
  }
}

// rapidcheck takes its seed from the environment, before the first property
const int fixed_seed = ::setenv("RC_PARAMS", "seed=20261120 max_success=60", 0);

RC_GTEST_PROP(TreeFileProperty, ReadOfWriteIsTheSame, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  const auto numbers = *rc::gen::container<std::vector<double>>(rc::gen::arbitrary<double>());
  const auto counts = *rc::gen::arbitrary<std::vector<Index>>();
  const auto rows = *rc::gen::inRange<Index>(0, 40);
  const auto columns = *rc::gen::inRange<Index>(0, 300);
  Tree tree;
  tree.attributes["text"] = text;
  tree.attributes["numbers"] = numbers;
  tree.attributes["counts"] = counts;
  std::vector<std::int32_t> values(static_cast<std::size_t>(rows * columns));
  for (auto& v : values)
    v = *rc::gen::arbitrary<std::int32_t>();
  tree.set("a/b", make_array({rows, columns}, std::move(values), text));
  tree.set("a/" + std::to_string(rows), make_array(numbers, "s"));
  tree.set("c", make_scalar(text));
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("vitrum_property_" + std::to_string(::getpid()) + ".h5"))
                               .string();
  write_tree(path, tree, {.overwrite = true});
  const Tree back = read_tree(path);
  std::filesystem::remove(path);
  RC_ASSERT(back.attributes == tree.attributes);
  RC_ASSERT(back.at("a/b").values == tree.at("a/b").values);
  RC_ASSERT(back.at("a/b").shape == tree.at("a/b").shape);
  RC_ASSERT(back.at("a/b").attributes == tree.at("a/b").attributes);
  RC_ASSERT(back.at("c").values == tree.at("c").values);
}

TEST(TreeFile, NeverOverwritesUnlessTold) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  testing::write_bytes(path, "precious");
  EXPECT_EQ(message_of<FileError>([&] { write_tree(path, small_tree()); }),
            path + ": exists (use --overwrite to replace it)");
  EXPECT_EQ(testing::read_bytes(path), "precious");
  write_tree(path, small_tree(), {.overwrite = true});
  expect_same(small_tree(), read_tree(path));
}

TEST(TreeFile, NothingIsLeftAfterAnError) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  Tree tree = small_tree();
  tree.link("entry/dangling", "/entry/absent");
  EXPECT_EQ(message_of<DataError>([&] { write_tree(path, tree); }),
            "/entry/dangling: a link to '/entry/absent', which is not there");
  EXPECT_TRUE(scratch.names().empty());
  Tree nul;
  nul.set("a", make_scalar(std::string("x\0y", 3)));
  EXPECT_EQ(message_of<DataError>([&] { write_tree(path, nul); }), "/a: text with a NUL character");
  Tree twice;
  twice.set("a", make_scalar(1.0));
  twice.group("a");
  EXPECT_EQ(message_of<DataError>([&] { write_tree(path, twice); }),
            "/: two objects are called 'a'");
  EXPECT_TRUE(scratch.names().empty());
}

TEST(TreeFile, BadPlacesAreNamed) {
  const Scratch scratch;
  EXPECT_EQ(message_of<FileError>([&] { write_tree(scratch / "no/out.h5", small_tree()); }),
            (scratch / "no/out.h5") + ": there is no folder " + (scratch / "no"));
  EXPECT_EQ(message_of<FileError>(
                [&] { write_tree(scratch.folder(), small_tree(), {.overwrite = true}); }),
            scratch.folder() + ": is a folder, expected the name of a file");
  EXPECT_EQ(message_of<FileError>([&] { static_cast<void>(read_tree(scratch / "absent.h5")); }),
            (scratch / "absent.h5") + ": cannot be opened (No such file or directory)");
  testing::write_bytes(scratch / "text.h5", "not hdf5");
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(read_tree(scratch / "text.h5")); }),
            (scratch / "text.h5") +
                ": unreadable HDF5 (file signature not found), expected an HDF5 file");
}

TEST(TreeFile, ReadsAPart) {
  const Scratch scratch;
  write_tree(scratch / "a.h5", small_tree());
  const Tree part = read_tree(scratch / "a.h5", {.group = "entry/g2"});
  EXPECT_EQ(part.number("q"), 0.25);
  std::vector<std::string> left_out;
  const Tree light = read_tree(scratch / "a.h5", {.largest_array = 3, .left_out = &left_out});
  EXPECT_EQ(left_out, std::vector<std::string>{"/entry/g2/g2"});
  EXPECT_EQ(light.find("entry/g2/g2"), nullptr);
  const Array array = read_array((scratch / "a.h5") + "::/entry/g2/g2");
  EXPECT_EQ(array.shape, (std::vector<Index>{2, 3}));
  EXPECT_EQ(message_of<FormatError>(
                [&] { static_cast<void>(read_array((scratch / "a.h5") + "::/entry/g2/g3")); }),
            (scratch / "a.h5") +
                ":/entry/g2/g3: no such dataset, expected one of: /entry/g2/g2, /entry/g2/q, "
                "/entry/g2/ints, /entry/g2/lag_s, /entry/g2/longs");
}

} // namespace
} // namespace vitrum::io
