#include "../site.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "questions.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::server {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

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
