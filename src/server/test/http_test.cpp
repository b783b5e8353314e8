#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "raw_request.hpp"
#include "small_result.hpp"

namespace vitrum::server {
namespace {

using testing::HasSubstr;

/// The site behind a port of this machine.
class Served {
public:
  explicit Served(const std::string& token = "")
      : site_(options_of(token), {{"/", "<html>"}, {"/assets/a.js", "1"}}) {
    attach(server_, site_);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running())
      std::this_thread::yield();
  }
  ~Served() {
    server_.stop();
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  [[nodiscard]] httplib::Client client() const { return httplib::Client("127.0.0.1", port_); }

private:
  static SiteOptions options_of(const std::string& token) {
    SiteOptions options;
    options.root = SmallResult::get().folder();
    options.token = token;
    return options;
  }
  Site site_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

TEST(Http, PagesComeWithTheHeadersThatShutThemIn) {
  const Served served;
  auto client = served.client();
  const auto page = client.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, "<html>");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"),
              HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';"));
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page->get_header_value("Cache-Control"), "no-store");
  EXPECT_THAT(client.Get("/assets/a.js")->get_header_value("Cache-Control"),
              HasSubstr("immutable"));
  EXPECT_EQ(client.Head("/")->status, 200);
  EXPECT_EQ(client.Get("/none")->status, 404);
}

TEST(Http, BodiesAreNotCompressedOnTheirWay) { // the slowest brotli would hold the page up
  const Served served;
  auto client = served.client();
  const auto answer = client.Get("/api/result?file=result.h5", {{"Accept-Encoding", "br, gzip"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_FALSE(answer->has_header("Content-Encoding"));
  EXPECT_GT(answer->body.size(), 1000u);
}

TEST(Http, OtherMethodsAndLargeRequestsAreRefused) {
  const Served served;
  auto client = served.client();
  EXPECT_EQ(client.Post("/", "x", "text/plain")->status, 405);
  EXPECT_EQ(client.Delete("/")->status, 405);
  EXPECT_EQ(client.Post("/", std::string((1 << 20) + 1, 'x'), "text/plain")->status, 413);
}

TEST(Http, TheTokenOfTheAddressIsKeptAsACookie) {
  const Served served("token-of-eight");
  auto client = served.client();
  EXPECT_EQ(client.Get("/")->status, 401);
  const auto first = client.Get("/?token=token-of-eight");
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->get_header_value("Set-Cookie"),
            "vitrum=token-of-eight; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(client.Get("/", {{"Cookie", "a=b; vitrum=token-of-eight"}})->status, 200);
  EXPECT_EQ(client.Get("/", {{"Cookie", "xvitrum=token-of-eight"}})->status, 401);
}

/// Requests with bytes changed, doubled, left out and cut off: each is answered or hung up on, and
/// the next sound one is answered as before.
TEST(Http, MalformedRequestsDoNoHarm) {
  SiteOptions options;
  options.root = SmallResult::get().folder();
  options.jobs = true;
  Site site(options, {{"/", "<html>"}});
  RawServer server(site);
  const std::string check =
      R"({"command": "xpcs", "inputs": ["movie.h5"], "values": [["models", "kww"]]})";
  const std::vector<std::string> sound{
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /api/tile?file=result.h5&bin=1&factor=1&row=0&column=0&edge=9 HTTP/1.1\r\nHost: "
      "a\r\n\r\n",
      "GET /api/range?file=result.h5&bin=2&first_s=20&last_s=90 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /api/cut?file=result.h5&bin=1&direction=diagonal&at_s=7 HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
      "POST /api/check HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(check.size()) + "\r\n\r\n" + check};
  std::vector<std::string> answers;
  for (const auto& request : sound)
    answers.push_back(server.answer(request));
  EXPECT_THAT(answers.front(), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answers.back(), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  std::mt19937 random(7); // NOLINT: fixed, so that a failure comes again
  for (int round = 0; round < 2000; ++round) {
    auto request = sound[random() % sound.size()];
    for (auto changes = 1 + random() % 4; changes > 0 && !request.empty(); --changes) {
      const auto at = random() % request.size();
      switch (random() % 4) {
      case 0:
        request[at] = static_cast<char>(random());
        break;
      case 1:
        request.insert(at, request.substr(at, random() % 40));
        break;
      case 2:
        request.erase(at, random() % 20);
        break;
      default:
        request.resize(at);
      }
    }
    const auto answer = server.answer(request);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 ")) << round;
  }
  for (std::size_t i = 0; i < sound.size(); ++i)
    EXPECT_EQ(server.answer(sound[i]), answers[i]);
}

} // namespace
} // namespace vitrum::server
