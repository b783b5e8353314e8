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

TEST(MdFigures, CountTimeInTheUnitOfTheSimulation) {
  plot::Figure figure;
  figure.panels.resize(2);
  figure.panels[0].x = {"time (s)"};
  figure.panels[0].y = {"hops per atom (1/s)"};
  figure.panels[1].x = {"rate (s⁻¹)"};
  figure.panels[1].y = {"density (s) of (s)"};
  Tree root;
  root.set("entry/series/frames", make_scalar(Index{2}));
  EXPECT_EQ(in_result_units(figure, root).panels[0].y.label, "hops per atom (1/s)");
  root.set("entry/series/time_unit", make_scalar("tau"));
  const auto own = in_result_units(figure, root);
  EXPECT_EQ(own.panels[0].x.label, "time (τ)");
  EXPECT_EQ(own.panels[0].y.label, "hops per atom (1/τ)");
  EXPECT_EQ(own.panels[1].x.label, "rate (τ⁻¹)");
  EXPECT_EQ(own.panels[1].y.label, "density (τ) of (τ)");
}

} // namespace
} // namespace vitrum::report
