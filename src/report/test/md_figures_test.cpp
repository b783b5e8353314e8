#include "vitrum/report/md_figures.hpp"

#include <gtest/gtest.h>

#include "../figure_parts.hpp"

namespace vitrum::report {
namespace {

/// A slab of 2 x 2 places and one mobile atom, lengths in `unit`.
Tree mobility_in(const char* unit) {
  Tree root;
  root.set("entry/mobility/displacement",
           make_array({2, 2}, std::vector<double>{1, 2, 3, 4}, unit));
  root.set("entry/mobility/mobile_x", make_array(std::vector<double>{0.5}, unit));
  root.set("entry/mobility/mobile_y", make_array(std::vector<double>{0.5}, unit));
  return root;
}

TEST(MdFigures, NameTheUnitAsItIsPrinted) {
  for (const auto& [unit, printed] : {std::pair("sigma", "σ"), {"angstrom", "Å"}, {"nm", "nm"}}) {
    const auto figure = make_mobility_figure(mobility_in(unit));
    ASSERT_TRUE(figure.has_value());
    const auto& panel = figure->panels.at(0);
    EXPECT_EQ(panel.x.label, std::string("x (") + printed + ")");
    EXPECT_EQ(panel.map->label, std::string("displacement (") + printed + ")");
  }
  EXPECT_EQ(printed_unit("1/sigma"), "σ⁻¹");
  EXPECT_EQ(printed_unit("tau"), "τ");
  EXPECT_EQ(printed_unit("1/angstrom"), "Å⁻¹");
  const Tree root = mobility_in("sigma");
  EXPECT_EQ(printed_unit(Result(root), "none/of/it"), "");
}

} // namespace
} // namespace vitrum::report
