// Tree: what is put in comes out, and errors name the path.
#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum {
namespace {

TEST(Tree, HoldsArraysInGroups) {
  Tree tree;
  tree.set("entry/g2/g2", make_array<double>({2, 2}, {1, 2, 3, 4}, ""));
  tree.set("entry/g2/lag_s", make_array(std::vector<double>{0.5, 1}, "s"));
  tree.set("entry/frames", make_scalar(Index{7}));
  tree.set("entry/kind", make_scalar("xpcs"));
  EXPECT_EQ(tree.number("entry/frames"), 7);
  EXPECT_EQ(tree.text("entry/kind"), "xpcs");
  EXPECT_EQ(tree.numbers("entry/g2/g2"), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(attribute_text(tree.at("entry/g2/lag_s").attributes, "units"), "s");
  EXPECT_EQ(tree.find("entry/g2/none"), nullptr);
  EXPECT_EQ(tree.find("none/at/all"), nullptr);
  EXPECT_EQ(tree.number_or("entry/none", 3), 3);
  ASSERT_EQ(tree.group_at("entry").groups().size(), 1U);
  EXPECT_EQ(tree.group_at("entry").arrays()[0].first, "frames");
}

TEST(Tree, ReplacesAnArrayOfTheSameName) {
  Tree tree;
  tree.set("a", make_scalar(1.0));
  tree.set("a", make_scalar(2.0, "s"));
  EXPECT_EQ(tree.arrays().size(), 1U);
  EXPECT_EQ(tree.number("a"), 2);
}

TEST(Tree, TakesOutWhatIsNamed) {
  Tree tree;
  tree.set("a/b/x", make_scalar(1.0));
  tree.set("a/y", make_scalar(2.0));
  tree.link("a/z", "/a/y");
  EXPECT_TRUE(tree.erase("a/b"));
  EXPECT_EQ(tree.find_group("a/b"), nullptr);
  EXPECT_TRUE(tree.erase("a/z"));
  EXPECT_TRUE(tree.group_at("a").links().empty());
  EXPECT_FALSE(tree.erase("a/b"));
  EXPECT_FALSE(tree.erase("none/at/all"));
  EXPECT_EQ(tree.find_group("none"), nullptr);
  EXPECT_EQ(tree.number("a/y"), 2);
}

TEST(Tree, ErrorsNameThePath) {
  Tree tree;
  tree.set("a/text", make_scalar("x"));
  tree.set("a/list", make_array(std::vector<double>{1, 2}));
  const auto message = [&](auto&& f) -> std::string {
    try {
      f();
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([&] { (void)tree.at("a/b"); }), "no array 'a/b' in the result");
  EXPECT_EQ(message([&] { (void)tree.group_at("b"); }), "no group 'b' in the result");
  EXPECT_EQ(message([&] { (void)tree.number("a/list"); }), "'a/list' holds 2 values, expected one");
  EXPECT_EQ(message([&] { (void)tree.texts("a/list"); }), "'a/list' holds numbers, expected text");
  EXPECT_THROW((void)tree.numbers("a/text"), DataError);
  EXPECT_EQ(message([] {
              (void)make_array<double>({3}, {1, 2}, "");
            }),
            "array of 2 values does not fill its shape of 3");
}

TEST(Array, OneNumberIsThatOfAll) {
  EXPECT_EQ(number_at(make_array(std::vector<float>{1.5F, 2.5F}), 1), 2.5);
  EXPECT_EQ(number_at(make_array(std::vector<std::int32_t>{7}), 0), 7);
  EXPECT_THROW((void)number_at(make_array(std::vector<double>{1}), 1), DataError);
  EXPECT_THROW((void)number_at(make_array(std::vector<std::string>{"a"}), 0), DataError);
}

} // namespace
} // namespace vitrum
