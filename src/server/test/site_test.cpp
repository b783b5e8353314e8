#include "../site.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "small_result.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::server {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Site make_site(SiteOptions options = {}) {
  if (options.root.empty())
    options.root = SmallResult::get().folder();
  return Site(std::move(options), {{"/", "<html>"}, {"/index.html", "<html>"}, {"/a.js", "1"}});
}

Response
ask(Site& site, const std::string& path, std::multimap<std::string, std::string> query = {}) {
  Request request;
  request.path = path;
  request.query = std::move(query);
  return site.answer(request);
}

std::string message_in(const Response& response) {
  return json::parse(response.body).at("message").get<std::string>();
}

std::vector<float> floats_of(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

std::vector<float> stored_map() {
  const auto array = io::read_array(SmallResult::get().path("result.h5") +
                                    "::/entry/twotime/bin_1/two_time_corr_func");
  return std::get<std::vector<float>>(array.values);
}

TEST(Site, ServesThePageAndNothingBesideIt) {
  auto site = make_site();
  EXPECT_EQ(ask(site, "/").body, "<html>");
  EXPECT_EQ(ask(site, "/").type, "text/html; charset=utf-8");
  EXPECT_EQ(ask(site, "/a.js").type, "text/javascript; charset=utf-8");
  EXPECT_EQ(ask(site, "/b.js").status, 404);
  EXPECT_EQ(ask(site, "/../result.h5").status, 404);
  EXPECT_EQ(ask(site, "/api/none").status, 404);
  Request post;
  post.method = "POST";
  post.path = "/";
  EXPECT_EQ(site.answer(post).status, 405);
}

TEST(Site, MissingPageSaysHowToGetIt) {
  try {
    (void)read_assets("/nowhere");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_STREQ(error.what(),
                 "/nowhere: the page of the viewer is not there: it is made with the program where "
                 "npm is at hand (apt-get install nodejs npm), unless VITRUM_WEB=OFF");
  }
}

TEST(Site, AnswersOnlyToItsNamesAndWithTheToken) {
  SiteOptions options;
  options.root = SmallResult::get().folder();
  options.hosts = {"127.0.0.1:80"};
  options.token = "secret-token";
  auto site = make_site(options);
  Request request;
  request.path = "/";
  request.token = "secret-token";
  request.host = "evil.example:80";
  EXPECT_EQ(site.answer(request).status, 403);
  request.host = "127.0.0.1:80";
  EXPECT_EQ(site.answer(request).status, 200);
  for (const char* token : {"", "secret-toke", "secret-tokens", "xecret-token"}) {
    request.token = token;
    EXPECT_EQ(site.answer(request).status, 401) << token;
  }
}

TEST(Site, KeepsToItsFolder) {
  const auto& made = SmallResult::get();
  namespace fs = std::filesystem;
  fs::create_directory_symlink("/", made.folder() / "inner" / "root");
  auto site = make_site();
  for (const char* name : {"../x",
                           "inner/../../x",
                           "/etc/passwd",
                           "",
                           "result.h5::/entry",
                           "inner/root/etc/passwd",
                           "inner",
                           "none.h5"}) {
    EXPECT_EQ(ask(site, "/api/result", {{"file", name}}).status, 404) << name;
  }
  const auto zero = std::string("result.h5\0x", 11);
  EXPECT_EQ(ask(site, "/api/result", {{"file", zero}}).status, 404);
  EXPECT_EQ(message_in(ask(site, "/api/result", {{"file", "inner/root/etc/passwd"}})),
            "inner/root/etc/passwd: lies outside the folder that is viewed");
  EXPECT_EQ(ask(site, "/api/result", {{"file", "inner/../result.h5"}}).status, 200);
  fs::remove(made.folder() / "inner" / "root");
}

TEST(Site, OneResultIsAllThatIsServedWhenItWasNamed) {
  SiteOptions options;
  options.root = SmallResult::get().folder();
  options.only = "result.h5";
  auto site = make_site(options);
  EXPECT_EQ(ask(site, "/api/result", {{"file", "result.h5"}}).status, 200);
  EXPECT_EQ(message_in(ask(site, "/api/result", {{"file", "movie.h5"}})),
            "movie.h5: is not the result that is viewed");
  const auto folder = json::parse(ask(site, "/api/folder").body);
  EXPECT_TRUE(folder.at("entries").empty());
}

TEST(Site, ListsResultsWithTheirNumbers) {
  auto site = make_site();
  const auto folder = json::parse(ask(site, "/api/folder").body);
  std::vector<std::string> kinds;
  for (const auto& entry : folder.at("entries"))
    kinds.push_back(entry.at("path").get<std::string>() + " " +
                    entry.at("kind").get<std::string>());
  EXPECT_THAT(
      kinds, ElementsAre("movie.h5 frames", "movie_qmap.h5 ", "movie_truth.h5 ", "result.h5 xpcs"));
  const auto& result = folder.at("entries")[3];
  EXPECT_EQ(result.at("numbers")[0].at("text"), "160");
  const auto tree = io::read_tree(SmallResult::get().path("result.h5"));
  EXPECT_EQ(result.at("numbers")[1].at("value").get<double>(),
            tree.numbers("entry/fit/kww/tau_s").at(0));
}

TEST(Site, BadQueriesAreToldWhatIsWrong) {
  auto site = make_site();
  const auto wrong = [&](std::multimap<std::string, std::string> query, const char* path) {
    query.insert({"file", "result.h5"});
    const auto response = ask(site, path, std::move(query));
    EXPECT_EQ(response.status, 400);
    return message_in(response);
  };
  EXPECT_EQ(wrong({}, "/api/map"), "the request lacks 'bin'");
  EXPECT_EQ(wrong({{"bin", "one"}}, "/api/map"), "bin 'one': expected a whole number");
  EXPECT_EQ(wrong({{"bin", "1"}, {"first_s", "nan"}, {"last_s", "3"}}, "/api/range"),
            "first_s 'nan': expected a number");
  EXPECT_EQ(wrong({{"bin", "1"}, {"first_s", "0"}, {"last_s", "3"}}, "/api/range"),
            "a range of 3 frames, need at least 6");
  EXPECT_EQ(
      wrong({{"bin", "1"}, {"first_s", "0"}, {"last_s", "90"}, {"models", "none"}}, "/api/range"),
      "model \"none\": must be one of exp, kww, ml, ml-squared, kww2, power-cutoff");
  EXPECT_EQ(wrong({{"bin", "1"}, {"direction", "up"}, {"at_s", "3"}}, "/api/cut"),
            "direction up: expected horizontal, vertical or diagonal");
  EXPECT_EQ(wrong({{"bin", "1"}, {"direction", "diagonal"}, {"at_s", "1e300"}}, "/api/cut"),
            "cut at 1e+300 s: outside the map");
  EXPECT_EQ(wrong({{"bin", "1"}, {"low", "60"}, {"high", "40"}}, "/api/limits"),
            "percentiles 60 to 40: expected 0 <= lower < upper <= 100");
  EXPECT_EQ(wrong({{"bin", "1"}, {"factor", "1"}, {"row", "0"}, {"column", "160"}, {"edge", "8"}},
                  "/api/tile"),
            "tile at row 0, column 160: the layer has 160");
  EXPECT_EQ(wrong({{"bin", "1"}, {"factor", "1"}, {"row", "0"}, {"column", "0"}, {"edge", "99999"}},
                  "/api/tile"),
            "edge 99999: expected 1 to 4096");
  EXPECT_EQ(wrong({{"figure", "none"}}, "/api/figure"), "figure 'none': no such figure");
  EXPECT_EQ(wrong({{"bin", "1"}, {"format", "exe"}}, "/api/map-export"),
            "format 'exe': expected one of png, svg, pdf, csv, npz");
  EXPECT_EQ(ask(site, "/api/map", {{"file", "result.h5"}, {"bin", "3"}}).status, 422);
  EXPECT_EQ(ask(site, "/api/map", {{"file", "movie.h5"}, {"bin", "1"}}).status, 422);
}

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

TEST(Site, TilesAreTheMapOfTheFile) {
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

TEST(Site, HiddenDiagonalIsTheMeanOfItsNeighbours) {
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

TEST(Site, CutsAreRowsAndDiagonalsOfTheMap) {
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

TEST(Site, ResultsMayBeReplacedWhileTheyAreRead) {
  const auto& made = SmallResult::get();
  app::XpcsOptions xpcs;
  xpcs.inputs = {made.path("movie.h5")};
  xpcs.input.frames = ":70";
  xpcs.partition.partition = made.path("movie_qmap.h5");
  xpcs.fit.models = {"kww"};
  xpcs.output.output = made.path("short.h5");
  (void)app::run_xpcs(xpcs, {"vitrum xpcs"}, silent());
  namespace fs = std::filesystem;
  const auto replace = [&](const char* by) {
    fs::copy_file(made.path(by), made.path("new"), fs::copy_options::overwrite_existing);
    fs::rename(made.path("new"), made.path("growing.h5"));
  };
  replace("short.h5");
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int k = 0; k < 40; ++k) {
      std::this_thread::sleep_for(
          std::chrono::milliseconds(60)); // several times what reading takes
      replace(k % 2 == 0 ? "result.h5" : "short.h5");
    }
    done = true;
  });
  auto site = make_site();
  for (int k = 0; !done; ++k) {
    std::this_thread::sleep_for(std::chrono::milliseconds(7 * k % 61)); // at every phase
    const auto picture = ask(site, "/api/thumbnail", {{"file", "growing.h5"}});
    EXPECT_EQ(picture.status, 200) << picture.body;
    const auto map = ask(site, "/api/map", {{"file", "growing.h5"}, {"bin", "1"}});
    EXPECT_EQ(map.status, 200) << map.body;
  }
  writer.join();
  fs::remove(made.path("growing.h5"));
}

TEST(Site, SimulationsKeepTheirUnitOfTime) {
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
TEST(Site, RangesOfAgeAreTheWindowsOfTheResult) {
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

TEST(Site, ShortRangesHaveNoFitOrAreRefused) {
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

TEST(Site, FiguresAreDrawnAndSaved) {
  auto site = make_site();
  const auto result = json::parse(ask(site, "/api/result", {{"file", "result.h5"}}).body);
  ASSERT_GE(result.at("figures").size(), 8u);
  for (const auto& figure : result.at("figures")) {
    const auto name = figure.at("name").get<std::string>();
    const auto picture =
        ask(site, "/api/picture", {{"file", "result.h5"}, {"figure", name}, {"number", "1"}});
    EXPECT_EQ(picture.status, 200) << name;
    EXPECT_THAT(picture.body, testing::StartsWith("<svg")) << name;
  }
  for (const auto& [format, start] :
       {std::pair("png", "\x89PNG"), {"pdf", "%PDF"}, {"svg", "<?xml"}})
    EXPECT_THAT(ask(site,
                    "/api/map-export",
                    {{"file", "result.h5"},
                     {"bin", "2"},
                     {"format", format},
                     {"x0", "20"},
                     {"x1", "90.3"},
                     {"y0", "30"},
                     {"y1", "100"}})
                    .body,
                testing::StartsWith(start));
  EXPECT_THAT(
      ask(site, "/api/map-export", {{"file", "result.h5"}, {"bin", "2"}, {"format", "npz"}}).body,
      testing::StartsWith("PK"));
  EXPECT_THAT(ask(site, "/api/thumbnail", {{"file", "result.h5"}}).body,
              testing::StartsWith("\x89PNG"));
}

TEST(Site, WhatIsSeenIsSavedAsNumbers) {
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

TEST(Site, FigureCurvesAreTheNumbersOfTheFile) {
  auto site = make_site();
  const auto figure =
      json::parse(ask(site, "/api/figure", {{"file", "result.h5"}, {"figure", "g2"}}).body);
  const auto tree = io::read_tree(SmallResult::get().path("result.h5"));
  const auto g2 = tree.numbers("entry/g2/g2");
  const auto& drawn = figure.at("panels")[0].at("series")[0].at("y");
  ASSERT_GT(drawn.size(), 5u);
  std::size_t found = 0;
  for (const auto& value : drawn)
    found += !value.is_null() && std::find(g2.begin(), g2.end(), value.get<double>()) != g2.end();
  EXPECT_EQ(found, drawn.size());
}

TEST(Site, ChangedFilesAreOpenedAnew) {
  const auto& made = SmallResult::get();
  namespace fs = std::filesystem;
  fs::copy_file(made.path("result.h5"), made.path("inner/copy.h5"));
  auto site = make_site();
  const auto first = site.result("inner/copy.h5");
  EXPECT_EQ(site.result("inner/copy.h5"), first);
  fs::last_write_time(made.path("inner/copy.h5"),
                      fs::last_write_time(made.path("inner/copy.h5")) + std::chrono::seconds(2));
  EXPECT_NE(site.result("inner/copy.h5"), first);
  fs::remove(made.path("inner/copy.h5"));
  EXPECT_EQ(ask(site, "/api/result", {{"file", "inner/copy.h5"}}).status, 404);
}

/// Maps of many frames have one triangle in the file.
TEST(Site, HalfStoredMapsAreWhole) {
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

TEST(Site, SavesNothingButItsFormats) {
  auto site = make_site();
  for (const auto& [path, query] :
       {std::pair("/api/figure-export", std::multimap<std::string, std::string>{{"figure", "g2"}}),
        std::pair("/api/map-export", std::multimap<std::string, std::string>{{"bin", "1"}}),
        std::pair("/api/curve-export",
                  std::multimap<std::string, std::string>{
                      {"bin", "1"}, {"direction", "diagonal"}, {"at_s", "5"}})})
    for (const char* format : {"x\";y.png", "exe", "", "png\r\nSet-Cookie: a=b"}) {
      auto asked = query;
      asked.insert({{"file", "result.h5"}, {"format", format}});
      const auto answer = ask(site, path, asked);
      EXPECT_EQ(answer.status, 400) << path << format;
      EXPECT_THAT(message_in(answer), HasSubstr("': expected one of png, svg, pdf, csv"));
    }
}

TEST(Site, WindowsFarBeyondTheMapAreItsEdge) {
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

TEST(Site, LinksBringNothingInFromOutside) {
  const auto& made = SmallResult::get();
  const auto outside = std::filesystem::path(made.folder().string() + "_outside");
  std::filesystem::create_directories(outside);
  std::filesystem::copy_file(made.path("result.h5"), outside / "secret.h5");
  std::filesystem::create_symlink(outside / "secret.h5", made.path("link.h5"));
  auto site = make_site();
  EXPECT_THAT(ask(site, "/api/folder").body, testing::Not(HasSubstr("link.h5")));
  EXPECT_EQ(ask(site, "/api/result", {{"file", "link.h5"}}).status, 404);
  EXPECT_EQ(ask(site, "/api/thumbnail", {{"file", "link.h5"}}).status, 404);
  std::filesystem::remove(made.path("link.h5"));
  std::filesystem::remove_all(outside);
}

} // namespace
} // namespace vitrum::server
