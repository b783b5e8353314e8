#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "questions.hpp"

namespace vitrum::server {
namespace {

using nlohmann::json;
using testing::HasSubstr;

SiteOptions options_of(bool jobs) {
  SiteOptions options;
  options.root = SmallResult::get().folder();
  options.jobs = jobs;
  return options;
}

Response send(Site& site,
              const std::string& path,
              const std::string& body,
              const std::string& type = "application/json") {
  Request request;
  request.method = "POST";
  request.path = path;
  request.content_type = type;
  request.body = body;
  return site.answer(request);
}

const char* const small =
    R"({"command": "xpcs", "inputs": ["movie.h5"], "values": [["models", "kww"]]})";

TEST(JobRoutes, NothingWhereNothingMayBeStarted) {
  Site site(options_of(false), {{"/", "<html>"}});
  for (const char* path : {"/api/jobs", "/api/commands", "/api/files"}) {
    EXPECT_EQ(ask(site, path).status, 400);
    EXPECT_EQ(message_in(ask(site, path)),
              "no analyses are started from here: vitrum view FOLDER without --no-jobs does");
  }
  EXPECT_EQ(send(site, "/api/run", small).status, 400);
}

TEST(JobRoutes, OtherPagesCannotSend) {
  Site site(options_of(true), {{"/", "<html>"}});
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"})
    EXPECT_EQ(send(site, "/api/run", small, type).status, 415);
  EXPECT_EQ(ask(site, "/api/run").status, 404);
  EXPECT_EQ(send(site, "/api/tile", small).status, 405);
  EXPECT_EQ(ask(site, "/api/jobs").body, "[]");
}

TEST(JobRoutes, MalformedRequestsSayWhy) {
  Site site(options_of(true), {{"/", "<html>"}});
  for (const char* body : {"",
                           "[",
                           "[]",
                           "{}",
                           "null",
                           R"({"command": 1})",
                           R"({"command": "xpcs", "inputs": "a", "values": []})",
                           R"({"command": "xpcs", "inputs": [], "values": [["a"]]})",
                           R"({"command": "xpcs", "inputs": [], "values": [[1, 2]]})"}) {
    const auto answer = send(site, "/api/check", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(message_in(answer), HasSubstr("the request is not understood: ")) << body;
  }
  EXPECT_EQ(send(site, "/api/cancel", "{}").status, 400);
  EXPECT_EQ(message_in(send(site, "/api/cancel", R"({"number": 3})")), "no job has the number 3");
  EXPECT_EQ(
      send(site, "/api/check", R"({"command": "xpcs", "inputs": ["/etc/passwd"], "values": []})")
          .status,
      404);
}

TEST(JobRoutes, FormsHaveEverySetting) {
  Site site(options_of(true), {{"/", "<html>"}});
  const auto table = json::parse(ask(site, "/api/commands").body);
  for (const auto& command : table) {
    const auto session = app::find_command(command.at("name").get<std::string>()).start();
    ASSERT_EQ(command.at("settings").size(), session.settings.size());
    for (std::size_t i = 0; i < session.settings.size(); ++i)
      EXPECT_EQ(command["settings"][i]["name"], session.settings[i].name);
  }
  const auto files = json::parse(ask(site, "/api/files").body);
  EXPECT_THAT(files.get<std::vector<std::string>>(),
              testing::IsSupersetOf({"movie.h5", "movie_qmap.h5", "result.h5"}));
  const auto words = json::parse(send(site, "/api/check", small).body);
  EXPECT_EQ(words["command_line"], "vitrum xpcs movie.h5 --models kww");
  EXPECT_EQ(words["python"], "vitrum.xpcs(\"movie.h5\", models=[\"kww\"])");
}

} // namespace
} // namespace vitrum::server
