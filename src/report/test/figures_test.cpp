#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "../figure_parts.hpp"
#include "synthetic.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

/// VITRUM_FIGURES=folder keeps the pictures for the eye.
void draw(const std::optional<Figure>& figure, const std::string& name) {
  ASSERT_TRUE(figure.has_value()) << name;
  EXPECT_GT(plot::render(*figure, plot::Format::svg).size(), 2000U) << name;
  if (const char* folder = std::getenv("VITRUM_FIGURES"))
    plot::save(*figure, std::filesystem::path(folder) / (name + ".png"));
}

TEST(Figures, AllKindsAreDrawn) {
  const Tree tree = synthetic_result();
  draw(make_two_time_figure(tree, 1), "two_time");
  const auto pages = make_g2_figures(tree);
  ASSERT_EQ(pages.size(), 1U);
  draw(pages[0], "g2");
  draw(make_g2_overlay(tree), "g2_overlay");
  draw(make_aging_figure(tree, 2), "aging");
  draw(make_aging_overlay(tree, "kww"), "aging_overlay");
  draw(make_window_figure(tree, 1), "windows");
  draw(make_tau_q_figure(tree), "tau_q");
  draw(make_static_figure(tree), "static");
  draw(make_intensity_figure(tree), "intensity");
  draw(make_image_figure(tree), "image");
}

/// Stretches of a map that is too large to be read are drawn from the finest level that is there.
TEST(Figures, StretchesComeFromALevelOfALargeMap) {
  Tree tree = synthetic_result();
  tree.erase("entry/twotime/bin_1");
  for (const Index factor : {2, 4}) {
    const Index n = 80 / factor;
    std::vector<float> map;
    std::vector<double> time;
    for (Index i = 0; i < n; ++i) {
      time.push_back(double(i * factor));
      for (Index j = 0; j < n; ++j)
        map.push_back(float(1 + std::exp(-std::abs(double(i - j)))));
    }
    const std::string level = "entry/twotime/bin_1/level_" + std::to_string(factor) + "/";
    tree.set(level + "two_time_corr_func", make_array({n, n}, std::move(map), ""));
    tree.set(level + "t1_s", make_array(time, "s"));
  }
  tree.set("entry/segment/bin", make_array(std::vector<Index>{1, 1}));
  tree.set("entry/segment/first_s", make_array(std::vector<double>{0, 40}, "s"));
  tree.set("entry/segment/last_s", make_array(std::vector<double>{40, 80}, "s"));
  tree.set("entry/segment/probability", make_array(std::vector<double>{0.9, 0.8}));
  tree.set("entry/segment/dynamics", make_array(std::vector<std::string>{"aging", "stationary"}));
  const auto figure = make_zoom_figure(tree, 1);
  ASSERT_TRUE(figure.has_value());
  ASSERT_EQ(figure->panels.size(), 2U);
  EXPECT_EQ(figure->panels[0].map->rows, 21); // of level_2
  EXPECT_NEAR(figure->panels[1].map->x_last, 79, 1);
  draw(figure, "stretches_of_a_level");
}

TEST(Figures, OneOfEverything) {
  SyntheticOptions options{1, 1, 7, 40, 24};
  const Tree tree = synthetic_result(options);
  draw(make_two_time_figure(tree, 1), "one_two_time");
  draw(make_g2_figures(tree).at(0), "one_g2");
  draw(make_aging_figure(tree, 1), "one_aging");
  draw(make_window_figure(tree, 1), "one_windows");
  draw(make_intensity_figure(tree), "one_intensity");
  EXPECT_FALSE(make_g2_overlay(tree).has_value());
  EXPECT_FALSE(make_aging_overlay(tree, "kww").has_value());
  EXPECT_FALSE(make_tau_q_figure(tree).has_value());
}

TEST(Figures, ManyBinsArePaged) {
  const Tree tree = synthetic_result({27, 2, 8, 40, 24});
  const auto pages = make_g2_figures(tree);
  ASSERT_EQ(pages.size(), 3U); // 12 + 12 + 3
  EXPECT_EQ(pages[0].panels.size(), 24U);
  EXPECT_EQ(pages[2].panels.size(), 6U);
  draw(pages[0], "many_g2");
  draw(make_g2_overlay(tree), "many_overlay");
}

TEST(Figures, AbsentPartsAreLeftOut) {
  const Tree empty;
  EXPECT_FALSE(make_two_time_figure(empty, 1));
  EXPECT_TRUE(make_g2_figures(empty).empty());
  EXPECT_FALSE(make_g2_overlay(empty));
  EXPECT_FALSE(make_aging_figure(empty, 1));
  EXPECT_FALSE(make_aging_overlay(empty, "kww"));
  EXPECT_FALSE(make_window_figure(empty, 1));
  EXPECT_FALSE(make_tau_q_figure(empty));
  EXPECT_FALSE(make_static_figure(empty));
  EXPECT_FALSE(make_intensity_figure(empty));
  EXPECT_FALSE(make_image_figure(empty));
  const Tree tree = synthetic_result();
  EXPECT_FALSE(make_two_time_figure(tree, 9));
  EXPECT_FALSE(make_aging_figure(tree, 9));
  EXPECT_FALSE(make_window_figure(tree, 0));
  EXPECT_FALSE(make_aging_overlay(tree, "exp"));
}

TEST(TwoTimeFigure, ShowsNeighboursOnTheDiagonal) {
  // 4 frames, all 1 but the diagonal, and its neighbours 2: the spike must not be seen
  std::vector<float> c(16, 1.0F);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j)
      c[static_cast<std::size_t>(4 * i + j)] = i == j ? 50.0F : std::abs(i - j) == 1 ? 2.0F : 1.0F;
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1}));
  tree.set("entry/twotime/bin_1/two_time_corr_func",
           make_array<float>(std::vector<Index>{4, 4}, c, ""));
  tree.set("entry/twotime/bin_1/t1_s", make_array(std::vector<double>{0, 2, 4, 6}, "s"));
  const auto figure = make_two_time_figure(tree, 1);
  ASSERT_TRUE(figure.has_value());
  const plot::HeatMap& map = *figure->panels.at(0).map;
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(map.values[5 * i], 2.0F);
  EXPECT_DOUBLE_EQ(map.x_first, -1); // cells reach half a step beyond their times
  EXPECT_DOUBLE_EQ(map.x_last, 7);
  MapOptions plain;
  plain.correct_diagonal = false;
  EXPECT_EQ(make_two_time_figure(tree, 1, plain)->panels[0].map->values[0], 50.0F);
}

TEST(TwoTimeFigure, BigMapsAreAveragedWithoutTheirDiagonal) {
  const Tree tree = synthetic_result({1, 1, 7, 90, 24});
  const auto& array = tree.at("entry/twotime/bin_1/two_time_corr_func");
  const auto c = to_numbers(array);
  MapOptions options;
  options.cells = 30;
  const auto figure = make_two_time_figure(tree, 1, options);
  ASSERT_TRUE(figure.has_value());
  const plot::HeatMap& map = *figure->panels.at(0).map;
  ASSERT_EQ(map.rows, 30);
  for (Index by = 0; by < 30; ++by)
    for (Index bx = 0; bx < 30; ++bx) {
      double sum = 0;
      int count = 0;
      for (Index y = 3 * by; y < 3 * by + 3; ++y)
        for (Index x = 3 * bx; x < 3 * bx + 3; ++x)
          if (const double v = c[static_cast<std::size_t>(90 * y + x)]; x != y && !std::isnan(v)) {
            sum += v;
            ++count;
          }
      const float got = map.values[static_cast<std::size_t>(30 * by + bx)];
      if (count == 0) {
        EXPECT_TRUE(std::isnan(got)) << by << ' ' << bx;
      } else {
        EXPECT_FLOAT_EQ(got, static_cast<float>(sum / count)) << by << ' ' << bx;
      }
    }
}

TEST(G2Figures, ResidualsBeyondTheStripStandAtItsEdge) {
  const auto figure = make_g2_figures(synthetic_result()).at(0);
  const plot::Panel& strip = figure.panels.at(1);
  EXPECT_DOUBLE_EQ(strip.y.upper, 10); // the second model is far off
  for (const plot::Series& series : strip.series)
    for (const double y : series.y)
      EXPECT_FALSE(std::abs(y) > 10);
}

TEST(TauQFigure, FindsThePowerLaw) {
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1, 2, 3, 4}));
  tree.set("entry/bins/q_inv_angstrom", make_array(std::vector<double>{1, 2, 3, 4}, "1/angstrom"));
  tree.set("entry/fit/kww/tau_s", make_array(std::vector<double>{36, 9, 4, 2.25}, "s"));
  const auto figure = make_tau_q_figure(tree);
  ASSERT_TRUE(figure.has_value());
  const auto& series = figure->panels[0].series;
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[1].label, "∝ q^(−2)");
  EXPECT_NEAR(series[1].y[0], 36, 1e-9);
}

TEST(TauQFigure, TheScatterWidensTheErrorOfTheExponent) {
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1, 2, 3}));
  tree.set("entry/bins/q_inv_angstrom",
           make_array(std::vector<double>{1, std::exp(1), std::exp(2)}, "1/angstrom"));
  // ln tau = 0, 0.3, 0 with errors of 0.01: the line is flat at 0.1, chi2 = (1 + 4 + 1) 100 with
  // one degree of freedom, and 0.01 / sqrt(2) becomes sqrt(600) as much
  tree.set("entry/fit/kww/tau_s", make_array(std::vector<double>{1, std::exp(0.3), 1}, "s"));
  tree.set("entry/fit/kww/tau_s_errors",
           make_array(std::vector<double>{0.01, 0.01 * std::exp(0.3), 0.01}, "s"));
  const auto figure = make_tau_q_figure(tree);
  ASSERT_TRUE(figure.has_value());
  EXPECT_EQ(figure->panels[0].series.back().label, "∝ q^(0.00 ± 0.17)");
}

/// The fit at one place made a bad one of absurd numbers.
void spoil(Tree& tree, const std::string& path, std::size_t place, const std::string& status) {
  for (const auto& [name, value] : {std::pair{"tau_s", 1e12}, {"tau_s_errors", 1e14}}) {
    Array array = tree.at(path + name);
    std::get<std::vector<double>>(array.values).at(place) = value;
    tree.set(path + name, array);
  }
  Array array = tree.at(path + "status");
  std::get<std::vector<std::string>>(array.values).at(place) = status;
  tree.set(path + "status", array);
}

TEST(DoubtfulFits, AreHollowWithoutErrorsAndDoNotSetTheAxes) {
  Tree tree = synthetic_result();
  spoil(tree, "entry/window/fit/kww/", 8 + 0, "at bound"); // bin 2, first and fourth window
  spoil(tree, "entry/window/fit/kww/", 8 + 3, "unidentifiable");
  Array near = tree.at("entry/window/fit/kww/status");
  std::get<std::vector<std::string>>(near.values).at(8 + 5) = "near bound";
  tree.set("entry/window/fit/kww/status", near);
  for (const auto& figure : {make_aging_figure(tree, 2), make_aging_overlay(tree, "kww")}) {
    ASSERT_TRUE(figure.has_value());
    const plot::Panel& tau = figure->panels.at(0);
    EXPECT_EQ(tau.y.label, "τ (s)");
    Index hollow = 0, solid = 0;
    for (const plot::Series& series : tau.series)
      for (const double y : series.y) {
        EXPECT_TRUE(series.at_edge || std::isnan(y) || y < 1e6);
        hollow += series.at_edge && series.hollow && !std::isnan(y);
        solid += !series.at_edge && !std::isnan(y);
      }
    EXPECT_EQ(hollow, 2);
    EXPECT_EQ(solid, (figure->panels[0].title == "KWW" ? 4 * 8 : 2 * 8) - 2);
    for (const plot::Series& series : tau.series) {
      EXPECT_TRUE(!series.at_edge || series.y_errors.empty());
    }
  }
  draw(make_aging_figure(tree, 2), "doubtful_aging");
  draw(make_aging_overlay(tree, "kww"), "doubtful_overlay");
}

TEST(DoubtfulFits, ThePowerLawComesFromTheGoodOnes) {
  Tree tree = synthetic_result({6, 2, 8, 40, 24});
  for (const std::size_t bin : {1U, 4U})
    spoil(tree, "entry/fit/kww/", bin, "at bound");
  const auto figure = make_tau_q_figure(tree);
  ASSERT_TRUE(figure.has_value());
  const auto& series = figure->panels.at(0).series;
  ASSERT_EQ(series.size(), 5U); // good, doubtful, law; then the other model: good, law
  EXPECT_TRUE(series[1].at_edge);
  EXPECT_EQ(series[1].y[1], 1e12);
  EXPECT_TRUE(series[2].label.starts_with("∝ q"));
  for (const double y : series[2].y)
    EXPECT_NEAR(y, 80, 60);
  draw(figure, "doubtful_tau_q");
  for (const std::size_t bin : {0U, 2U}) // two good ones left: no law
    spoil(tree, "entry/fit/kww/", bin, "not converged");
  EXPECT_EQ(make_tau_q_figure(tree)->panels[0].series.size(), 4U);
  for (const char* model : {"kww", "ml"})
    for (std::size_t bin = 0; bin < 6; ++bin)
      spoil(tree, std::string("entry/fit/") + model + "/", bin, "at bound");
  EXPECT_FALSE(make_tau_q_figure(tree).has_value());
}

TEST(DoubtfulFits, NoneGoodLeavesTheirPanelsOut) {
  Tree tree = synthetic_result();
  for (const char* model : {"kww", "ml"})
    for (std::size_t i = 0; i < 32; ++i)
      spoil(tree, std::string("entry/window/fit/") + model + "/", i, "at bound");
  EXPECT_FALSE(make_aging_overlay(tree, "kww").has_value());
  const auto figure = make_aging_figure(tree, 1);
  ASSERT_TRUE(figure.has_value());
  ASSERT_EQ(figure->panels.size(), 1U);
  EXPECT_EQ(figure->panels[0].y.label, "g₂(0)");
  EXPECT_NE(figure->panels[0].title.find("no fit of a window is good"), std::string::npos);
}

TEST(WindowFigure, ShowsTwelveWindowsAtMost) {
  EXPECT_TRUE(windows_shown(0).empty());
  for (Index n = 1; n <= 400; ++n) {
    const auto shown = windows_shown(n);
    ASSERT_EQ(static_cast<Index>(shown.size()), std::min<Index>(n, 12));
    EXPECT_EQ(shown.front(), 0);
    EXPECT_EQ(shown.back(), n - 1);
    Index narrowest = n, widest = 0;
    for (std::size_t i = 1; i < shown.size(); ++i) {
      narrowest = std::min(narrowest, shown[i] - shown[i - 1]);
      widest = std::max(widest, shown[i] - shown[i - 1]);
    }
    if (n > 1) {
      EXPECT_GE(narrowest, 1) << n;
      EXPECT_LE(widest, narrowest + 1) << n;
    }
  }
  const Tree tree = synthetic_result({1, 50, 16, 100, 24});
  const auto figure = make_window_figure(tree, 1);
  ASSERT_TRUE(figure.has_value());
  EXPECT_EQ(figure->panels.at(0).series.size(), 12U);
  const auto decay = tree.numbers("entry/window/decay");
  EXPECT_EQ(figure->panels[0].series[11].y.at(3), decay.at(49 * 10 + 3));
  draw(figure, "fifty_windows");
}

TEST(WindowFigure, WithoutErrorsTheAxisOfRIsThatOfADecay) {
  Tree tree;
  for (const char* path : {"bins/bin", "window/age_s", "window/lag_s", "window/g2", "window/decay"})
    tree.set(std::string("entry/") + path, synthetic_result().at(std::string("entry/") + path));
  Array array = tree.at("entry/window/decay");
  std::get<std::vector<double>>(array.values).at(9) = -800;
  tree.set("entry/window/decay", array);
  const auto figure = make_window_figure(tree, 1);
  ASSERT_TRUE(figure.has_value());
  EXPECT_EQ(figure->panels.at(0).y.lower, -0.3);
  EXPECT_EQ(figure->panels[0].y.upper, 1.3);
  EXPECT_TRUE(std::isnan(figure->panels[0].series[0].y.at(9))); // no line to it
}

TEST(WindowFigure, ValuesWithLargeErrorsDoNotSetTheAxes) {
  for (const char* name : {"decay", "g2"}) {
    Tree tree = synthetic_result();
    if (name == std::string("g2")) {
      Tree plain;
      for (const char* path :
           {"bins/bin", "window/age_s", "window/lag_s", "window/g2", "window/g2_errors"})
        plain.set(std::string("entry/") + path, tree.at(std::string("entry/") + path));
      tree = plain;
    }
    const auto set = [&](const std::string& path, std::size_t place, double value) {
      Array array = tree.at("entry/window/" + path);
      std::get<std::vector<double>>(array.values).at(place) = value;
      tree.set("entry/window/" + path, array);
    };
    const auto limits = [&] {
      const auto figure = make_window_figure(tree, 1);
      return std::pair{figure->panels.at(0).y.lower, figure->panels[0].y.upper};
    };
    set(name, 20, 1.04);
    set(name, 21, 1.04);
    const auto before = limits();
    set(name, 20, 1e6);
    set(name + std::string("_errors"), 20, 1e6);
    set(name, 21, -1e6);
    set(name + std::string("_errors"), 21, NAN);
    EXPECT_EQ(limits(), before);
    draw(make_window_figure(tree, 1), std::string("stray_") + name);
    set(name, 3, 2.5); // a good value widens them
    EXPECT_GT(limits().second, 2.5);
    EXPECT_LT(limits().second, 2.7);
    if (name == std::string("decay")) {
      EXPECT_EQ(before, (std::pair{-0.3, 1.3}));
      EXPECT_EQ(limits().first, -0.3);
    }
  }
}

TEST(Figures, WrongShapesAreRefused) {
  Tree tree = synthetic_result();
  tree.set("entry/window/decay", make_array(std::vector<double>{1, 2}));
  EXPECT_THROW((void)make_window_figure(tree, 1), DataError);
  tree.set("entry/twotime/bin_1/two_time_corr_func", make_array(std::vector<float>{1, 2}));
  EXPECT_THROW((void)make_two_time_figure(tree, 1), DataError);
  tree.set("entry/image/mean", make_array(std::vector<float>{1, 2}));
  EXPECT_THROW((void)make_image_figure(tree), DataError);
  MapOptions options;
  options.cells = 3;
  EXPECT_THROW((void)make_two_time_figure(tree, 1, options), OptionError);
}

// Cells of one lag hold one pair of frames each: here their noise is fifty times what the map
// spans.
TEST(Figures, NoiseOfShortLagsDoesNotChooseTheColoursOfLogMaps) {
  Tree tree = synthetic_result();
  Tree& cell = tree.group("entry/log_map/bin_1/cell");
  const std::vector<Index> first{1, 2, 20}, last{2, 20, 200};
  const Index frames = 1000;
  std::vector<Index> begin{0};
  std::vector<double> value, pairs;
  for (std::size_t k = 0; k < 3; ++k) {
    const Index width = last[k] - first[k];
    for (Index j = 0; j < (frames + width - 1) / width; ++j) {
      const double noise = k == 0 ? (j % 2 == 0 ? 5.0 : -5.0) : 0.0;
      value.push_back(1.1 + 0.1 * static_cast<double>(j * width >= frames / 2) + noise);
      pairs.push_back(static_cast<double>(width * width));
    }
    begin.push_back(static_cast<Index>(value.size()));
  }
  cell.set("frames", make_scalar(frames));
  cell.set("frame_time_s", make_scalar(1.0));
  cell.set("first_lag", make_array(first));
  cell.set("last_lag", make_array(last));
  cell.set("begin", make_array(begin));
  cell.set("value", make_array(value));
  cell.set("value_errors", make_array(std::vector<double>(value.size(), 0.01)));
  cell.set("pairs", make_array(pairs));
  const auto figure = make_log_map_figure(tree, 1);
  draw(figure, "log_map");
  const plot::HeatMap& map = figure->panels.at(0).map.value();
  EXPECT_GT(map.lower, 1.05);
  EXPECT_LT(map.lower, 1.1);
  EXPECT_GT(map.upper, 1.2);
  EXPECT_LT(map.upper, 1.25);
}

TEST(Figures, ManyEventsHaveOneLabel) {
  std::vector<Event> events(5);
  for (const auto& guide : event_guides(events))
    EXPECT_EQ(guide.label, "event");
  events.resize(6);
  const auto guides = event_guides(events);
  ASSERT_EQ(guides.size(), 6U);
  EXPECT_EQ(guides[0].label, "6 events");
  EXPECT_EQ(guides[5].label, "");
}

} // namespace
} // namespace vitrum::report
