#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "questions.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::server {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::vector<float> tile_of(Site& site,
                           const std::string& row,
                           const std::string& column,
                           const std::string& edge,
                           const std::string& diagonal,
                           const std::string& file = "result.h5") {
  return floats_of(ask(site,
                       "/api/tile",
                       {{"file", file},
                        {"bin", "1"},
                        {"factor", "1"},
                        {"row", row},
                        {"column", column},
                        {"edge", edge},
                        {"diagonal", diagonal}})
                       .body);
}

TEST(MapRoutes, TilesAreTheMapOfTheFile) {
  auto site = make_site();
  const auto map = stored_map();
  const Index n = SmallResult::frames;
  const auto tile = tile_of(site, "100", "90", "64", "show");
  ASSERT_EQ(tile.size(), 60u * 64u);
  for (Index i = 0; i < 60; ++i)
    for (Index j = 0; j < 64; ++j)
      ASSERT_EQ(tile[static_cast<std::size_t>(i * 64 + j)],
                map[static_cast<std::size_t>((100 + i) * n + 90 + j)]);
}

TEST(MapRoutes, HiddenDiagonalIsTheMeanOfItsNeighbours) {
  auto site = make_site();
  const auto map = stored_map();
  const Index n = SmallResult::frames;
  const auto tile = tile_of(site, "0", "0", "160", "hide");
  for (Index t = 1; t + 1 < n; ++t) {
    const auto at = [&](Index y, Index x) {
      return static_cast<double>(map[static_cast<std::size_t>(y * n + x)]);
    };
    ASSERT_EQ(tile[static_cast<std::size_t>(t * n + t)],
              static_cast<float>((at(t + 1, t) + at(t, t - 1)) / 2));
  }
}

TEST(MapRoutes, CutsAreRowsAndDiagonalsOfTheMap) {
  auto site = make_site();
  const auto map = stored_map();
  const auto n = static_cast<std::size_t>(SmallResult::frames);
  const auto cut = [&](const char* direction, const char* at) {
    return json::parse(
        ask(site,
            "/api/cut",
            {{"file", "result.h5"}, {"bin", "1"}, {"direction", direction}, {"at_s", at}})
            .body);
  };
  const auto row = cut("horizontal", "50.2");
  for (const auto* key : {"time_s", "value"})
    ASSERT_EQ(row.at(key).size(), n);
  EXPECT_TRUE(row.at("value")[50].is_null()); // noise of counting
  EXPECT_EQ(row.at("value")[70].get<float>(), map[50 * n + 70]);
  EXPECT_EQ(row.at("time_s")[70].get<double>(), 70);
  EXPECT_EQ(row.at("label"), "C(t₁, t₂ = 50 s)");
  const auto diagonal = cut("diagonal", "12");
  ASSERT_EQ(diagonal.at("value").size(), n - 12);
  EXPECT_EQ(diagonal.at("value")[33].get<float>(), map[45 * n + 33]);
}

TEST(MapRoutes, SimulationsKeepTheirUnitOfTime) {
  auto tree = io::read_tree(SmallResult::get().path("result.h5"));
  tree.set("entry/series/time_unit", make_scalar(std::string("tau")));
  const auto path = SmallResult::get().path("simulated.h5");
  io::write_tree(path, tree);
  auto site = make_site();
  const auto body = [&](const char* page, std::multimap<std::string, std::string> query) {
    query.insert({{"file", "simulated.h5"}, {"bin", "1"}});
    const auto answer = ask(site, page, std::move(query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  };
  const auto map = json::parse(body("/api/map", {}));
  EXPECT_EQ(map.at("time_unit"), "τ");
  EXPECT_THAT(map.at("intensity").dump(), HasSubstr("time (τ)"));
  const std::multimap<std::string, std::string> ages{{"first_s", "0"}, {"last_s", "120"}};
  const auto range = json::parse(body("/api/range", ages));
  EXPECT_EQ(range.at("time_unit"), "τ");
  EXPECT_THAT(range.at("fits").dump(), HasSubstr(" τ\""));
  EXPECT_THAT(range.at("fits").dump(), Not(HasSubstr(" s\"")));
  EXPECT_THAT(range.at("picture").get<std::string>(), HasSubstr("lag (τ)"));
  const auto cut = json::parse(body("/api/cut", {{"direction", "vertical"}, {"at_s", "50.2"}}));
  EXPECT_EQ(cut.at("label"), "C(t₁ = 50 τ, t₂)");
  EXPECT_THAT(cut.at("picture").get<std::string>(), HasSubstr("time (τ)"));
  for (const char* format : {"svg", "csv"}) {
    const auto saved = body("/api/map-export", {{"format", format}});
    EXPECT_THAT(saved, HasSubstr("(τ)"));
    EXPECT_THAT(saved, Not(HasSubstr("(s)")));
  }
  std::filesystem::remove(path);
}

/// The result has g2 of windows of age, made from frames; a range dragged over one is made from the
/// map, which is rounded to floats.
TEST(MapRoutes, RangesOfAgeAreTheWindowsOfTheResult) {
  auto site = make_site();
  const auto tree = io::read_tree(SmallResult::get().path("result.h5"));
  const auto first = tree.numbers("entry/window/age_first_s");
  const auto expected = tree.numbers("entry/window/g2");
  const auto errors = tree.numbers("entry/window/g2_errors");
  const auto lags = tree.numbers("entry/window/lag_s").size();
  const std::size_t windows = first.size();
  for (std::size_t bin = 0; bin < 2; ++bin)
    for (std::size_t w = 0; w < windows; ++w) {
      const auto range =
          json::parse(ask(site,
                          "/api/range",
                          {{"file", "result.h5"},
                           {"bin", std::to_string(bin + 1)},
                           {"first_s", std::to_string(first[w] - 0.5)},
                           {"last_s", std::to_string(first[w] + SmallResult::window_s - 0.5)}})
                          .body);
      ASSERT_EQ(range.at("g2").size(), lags);
      for (std::size_t l = 0; l < lags; ++l) {
        const double value = expected[(bin * windows + w) * lags + l];
        ASSERT_EQ(std::isnan(value), range.at("g2")[l].is_null());
        if (std::isnan(value))
          continue;
        EXPECT_NEAR(
            range.at("g2")[l].get<double>(), // the bias is interpolated from the whole series
            value,
            0.2 * errors[(bin * windows + w) * lags + l] + 1e-6);
      }
    }
}

TEST(MapRoutes, ShortRangesHaveNoFitOrAreRefused) {
  auto site = make_site();
  const auto range = [&](int frames) { // the last ones: nothing follows them
    return ask(site,
               "/api/range",
               {{"file", "result.h5"},
                {"bin", "1"},
                {"first_s", std::to_string(SmallResult::frames - frames - 0.5)},
                {"last_s", std::to_string(SmallResult::frames)},
                {"models", "exp,kww,kww2"}});
  };
  EXPECT_EQ(message_in(range(5)), "a range of 5 frames, need at least 6");
  int few = 0;
  for (int frames = 6; frames < 20; ++frames) {
    const auto page = range(frames);
    ASSERT_EQ(page.status, 200) << frames << page.body;
    const auto fits = json::parse(page.body).at("fits");
    ASSERT_EQ(fits.size(), 3u);
    const auto errors = json::parse(page.body).at("errors");
    const auto points = std::count_if(
        errors.begin(), errors.end(), [](const json& error) { return !error.is_null(); });
    EXPECT_EQ(fits[1].at("status") == "too few points", points < 5) << frames; // 4 parameters
    few += fits[1].at("status") == "too few points";
  }
  EXPECT_GT(few, 0);
}

TEST(MapRoutes, WhatIsSeenIsSavedAsNumbers) {
  auto site = make_site();
  const auto map = stored_map();
  const auto csv = ask(site,
                       "/api/map-export",
                       {{"file", "result.h5"},
                        {"bin", "1"},
                        {"format", "csv"},
                        {"x0", "9.5"},
                        {"x1", "11.5"},
                        {"y0", "19.5"},
                        {"y1", "20.5"}})
                       .body;
  const auto n = static_cast<std::size_t>(SmallResult::frames);
  EXPECT_THAT(csv,
              HasSubstr(fmt::format(
                  "t2 [s] \\ t1 [s],10,11\n20,{},{}\n", map[20 * n + 10], map[20 * n + 11])));
}

/// Maps of many frames have one triangle in the file.
TEST(MapRoutes, HalfStoredMapsAreWhole) {
  const auto& made = SmallResult::get();
  auto tree = io::read_tree(made.path("result.h5"));
  auto& map = tree.group("entry/twotime/bin_1")
                  .set("two_time_corr_func", tree.at("entry/twotime/bin_1/two_time_corr_func"));
  auto& values = std::get<std::vector<float>>(map.values);
  const auto whole = values;
  const auto n = static_cast<std::size_t>(SmallResult::frames);
  for (std::size_t i = 0; i < n; ++i)
    std::fill(values.begin() + static_cast<std::ptrdiff_t>(i * n + i + 1),
              values.begin() + static_cast<std::ptrdiff_t>((i + 1) * n),
              0.0F); // not written
  map.attributes["populated_elements"] = std::string("lower_half");
  io::write_tree(made.path("half.h5"), tree);
  auto site = make_site();
  for (const auto& [row, column] : {std::pair(0, 0), {0, 96}, {96, 0}, {70, 60}, {60, 70}}) {
    const auto tile =
        tile_of(site, std::to_string(row), std::to_string(column), "64", "show", "half.h5");
    ASSERT_EQ(tile.size(), 64u * 64u);
    for (std::size_t i = 0; i < 64; ++i)
      for (std::size_t j = 0; j < 64; ++j)
        ASSERT_EQ(
            tile[i * 64 + j],
            whole[(static_cast<std::size_t>(row) + i) * n + static_cast<std::size_t>(column) + j]);
  }
  const auto limits = [&](const char* file) {
    return ask(site, "/api/limits", {{"file", file}, {"bin", "1"}}).body;
  };
  EXPECT_EQ(limits("half.h5"), limits("result.h5"));
  std::filesystem::remove(made.path("half.h5"));
}

TEST(MapRoutes, WindowsFarBeyondTheMapAreItsEdge) {
  auto site = make_site();
  const auto csv = [&](const char* end) {
    return ask(site,
               "/api/map-export",
               {{"file", "result.h5"},
                {"bin", "1"},
                {"format", "csv"},
                {"x0", "50"},
                {"x1", end},
                {"y0", "50"},
                {"y1", end}})
        .body;
  };
  EXPECT_EQ(csv("1e300"), csv("159.5"));
}

} // namespace
} // namespace vitrum::server
