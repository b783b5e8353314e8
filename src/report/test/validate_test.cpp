// Every fault that find_faults knows, put into a result that has none.
#include <gtest/gtest.h>

#include "vitrum/report/validate.hpp"

namespace vitrum::report {
namespace {

Tree good() {
  Tree root;
  root.attributes = {{"NX_class", std::string("NXroot")}, {"default", std::string("entry")}};
  Tree& entry = root.group("entry");
  entry.attributes["default"] = std::string("g2");
  entry.set("kind", make_scalar("xpcs"));
  entry.set("definition", make_scalar("NXxpcs"));
  for (const char* name : {"program", "version", "date", "command_line", "config", "inputs"})
    entry.set(std::string("process/") + name, make_scalar("x"));
  Tree& g2 = entry.group("g2");
  g2.attributes = {{"NX_class", std::string("NXdata")},
                   {"signal", std::string("g2")},
                   {"axes", std::vector<std::string>{"bin", "lag_s"}}};
  g2.set("g2", make_array({2, 3}, std::vector<double>(6, 1.5), ""));
  g2.set("g2_errors", make_array({2, 3}, std::vector<double>(6, 0.1), ""));
  g2.set("bin", make_array(std::vector<double>{1, 2}));
  g2.set("lag_s", make_array(std::vector<double>{1, 2, 4}, "s"));
  return root;
}

template <class Change>
std::vector<std::string> after(Change&& change) {
  Tree tree = good();
  change(tree);
  return find_faults(tree);
}

using Faults = std::vector<std::string>;

TEST(Validate, AGoodResultHasNoFaults) {
  EXPECT_EQ(find_faults(good()), Faults{});
}

TEST(Validate, LinkedAndUnreadSignalsAreThere) {
  Tree tree = good();
  tree.group("entry/g2").erase("g2");
  const std::vector<std::string> unread{"/entry/g2/g2"};
  EXPECT_EQ(find_faults(tree, unread), Faults{});
  EXPECT_EQ(find_faults(tree).size(), 3U); // the default plot, the plot, errors of nothing
  tree.group("entry/g2").link("g2", "/entry/other/g2");
  EXPECT_EQ(find_faults(tree), Faults{});
}

TEST(Validate, FindsEachFault) {
  EXPECT_EQ(after([](Tree& t) { t.erase("entry/kind"); }), Faults{"/entry/kind: is missing"});
  EXPECT_EQ(after([](Tree& t) { t.erase("entry/process/date"); }),
            Faults{"/entry/process/date: is missing"});
  EXPECT_EQ(after([](Tree& t) { t.group("entry").attributes.erase("default"); }),
            Faults{"/entry: no attribute 'default' or 'signal': nothing to plot"});
  EXPECT_EQ(after([](Tree& t) { t.group("entry").attributes["default"] = std::string("x"); }),
            Faults{"/entry/x: the default plot is missing"});
  EXPECT_EQ(after([](Tree& t) { t.attributes.erase("NX_class"); }),
            Faults{"/: attribute NX_class is not NXroot"});
  EXPECT_EQ(after([](Tree& t) {
              t.set("entry/g2/lag_s", make_array(std::vector<double>{1, 4, 2}, "s"));
            }),
            Faults{"/entry/g2/lag_s: an axis that does not go one way"});
  EXPECT_EQ(after([](Tree& t) {
              t.set("entry/g2/lag_s", make_array(std::vector<double>{1, 2}, "s"));
            }),
            Faults{"/entry/g2/lag_s: an axis of 2 values along a side of 3"});
  EXPECT_EQ(after([](Tree& t) {
              t.set("entry/g2/lag_s", make_array(std::vector<double>{1, 2, 4}));
            }),
            (Faults{"/entry/g2/lag_s: an axis without units", "/entry/g2/lag_s: no units"}));
  EXPECT_EQ(after([](Tree& t) { t.group("entry/g2").erase("lag_s"); }),
            Faults{"/entry/g2: no axis 'lag_s'"});
  EXPECT_EQ(after([](Tree& t) {
              t.group("entry/g2").attributes["axes"] = std::vector<std::string>{"lag_s"};
            }),
            Faults{"/entry/g2: 1 axes for 'g2' of shape [2, 3]"});
  EXPECT_EQ(after([](Tree& t) {
              t.set("entry/g2/g2_errors", make_array({2, 3}, std::vector<double>(6, -1), ""));
            }),
            Faults{"/entry/g2/g2_errors: negative"});
  EXPECT_EQ(after([](Tree& t) {
              t.set("entry/g2/g2_errors", make_array({3, 2}, std::vector<double>(6, 1), ""));
            }),
            Faults{"/entry/g2/g2_errors: shape [3, 2], that of 'g2' is [2, 3]"});
  EXPECT_EQ(after([](Tree& t) { t.set("entry/fit/tau_s", make_scalar(1.0)); }),
            Faults{"/entry/fit/tau_s: no units"});
}

} // namespace
} // namespace vitrum::report
