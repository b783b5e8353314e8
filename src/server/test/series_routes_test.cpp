#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "questions.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::server {
namespace {

using nlohmann::json;

Response
of_movie(Site& site, const std::string& path, std::multimap<std::string, std::string> query = {}) {
  query.insert({"file", "movie.h5"});
  return ask(site, path, std::move(query));
}

class Frames : public testing::Test {
protected:
  Frames() : site_({.root = SmallResult::get().folder()}, {{"/", "<html>"}}) {}
  std::string problem(std::multimap<std::string, std::string> query, int status) {
    const auto answer = of_movie(site_, "/api/figure", std::move(query));
    EXPECT_EQ(answer.status, status);
    return message_in(answer);
  }
  Site site_;
};

TEST_F(Frames, AreThoseOfTheFile) {
  const auto facts = json::parse(of_movie(site_, "/api/series").body);
  EXPECT_EQ(facts.at("frames"), 160);
  EXPECT_EQ(facts.at("facts")[1].at("text"), "160");
  const auto source = io::open_series(SmallResult::get().path("movie.h5"));
  std::vector<std::uint16_t> frame(1600);
  source->read(3, 1, reinterpret_cast<std::byte*>(frame.data()));
  const auto body = of_movie(site_, "/api/figure-map", {{"frame", "3"}, {"panel", "0"}}).body;
  EXPECT_EQ(floats_of(body), std::vector<float>(frame.begin(), frame.end()));
}

TEST_F(Frames, ArePicturesWithBinsOverThem) {
  const auto drawn =
      json::parse(of_movie(site_, "/api/figure", {{"frame", "5"}, {"average", "4"}}).body);
  EXPECT_EQ(drawn.at("panels")[0].at("title"), "mean of frames 5 to 8");
  const auto plain = of_movie(site_, "/api/picture", {{"frame", "5"}});
  const auto bins =
      of_movie(site_, "/api/picture", {{"frame", "5"}, {"partition", "movie_qmap.h5"}});
  EXPECT_TRUE(plain.body.starts_with("<svg"));
  EXPECT_NE(plain.body, bins.body);
  const auto saved = of_movie(site_, "/api/figure-export", {{"frame", "5"}, {"format", "png"}});
  EXPECT_EQ(saved.download, "frame_5.png");
  EXPECT_EQ(saved.body.substr(1, 3), "PNG");
}

TEST_F(Frames, ThatAreNotThereAreRefused) {
  EXPECT_EQ(problem({{"frame", "160"}}, 400), "frames 160 on: the series has 0 to 159");
  EXPECT_EQ(problem({{"frame", "-1"}}, 400), "frames -1 to -1: the series has 0 to 159");
  EXPECT_EQ(problem({{"frame", "9223372036854775807"}, {"average", "2"}}, 400),
            "frames 9223372036854775807 on: the series has 0 to 159");
  EXPECT_EQ(problem({{"frame", "0"}, {"average", "0"}}, 400), "0 frames: expected 1 to 10000");
  EXPECT_EQ(problem({{"frame", "0"}, {"mask", "../m.npy"}}, 404),
            "../m.npy: lies outside the folder that is viewed");
  EXPECT_EQ(problem({{"frame", "0"}, {"dataset", "/entry/nothing"}}, 422).substr(0, 1), "/");
}

} // namespace
} // namespace vitrum::server
