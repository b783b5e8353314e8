#include <filesystem>

#include <gtest/gtest.h>

#include "synthetic.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

TEST(Figures, AllKindsAreDrawn) {
  const Tree tree = synthetic_result();
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "vitrum_figures";
  std::filesystem::create_directories(folder);
  const auto draw = [&](const std::optional<Figure>& figure, const char* name) {
    ASSERT_TRUE(figure.has_value()) << name;
    plot::save(*figure, folder / (std::string(name) + ".png"));
    EXPECT_GT(std::filesystem::file_size(folder / (std::string(name) + ".png")), 3000U);
  };
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

} // namespace
} // namespace vitrum::report
