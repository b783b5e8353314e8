#include "vitrum/server/view.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

#include <httplib.h>
#include <unistd.h>

#include <fmt/format.h>

#include "http.hpp"
#include "open_page.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::server {
namespace {

namespace fs = std::filesystem;

/// The page beside the program: <prefix>/bin/vitrum and <prefix>/share/vitrum/web.
fs::path page_folder() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  if (error)
    throw FileError("/proc/self/exe", "cannot be read", error.value());
  return program.parent_path().parent_path() / "share" / "vitrum" / "web";
}

bool is_own_machine(const std::string& host) {
  return host == "127.0.0.1" || host == "localhost" || host == "::1";
}

std::string new_token() {
  std::random_device random; // of the system
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

SiteOptions site_of(const app::ViewOptions& options) {
  SiteOptions site;
  const fs::path input = options.inputs.empty() ? "." : options.inputs[0];
  std::error_code error;
  const auto path = fs::canonical(input, error);
  if (error)
    throw FileError(input.string(), "cannot be opened", error.value());
  if (fs::is_directory(path)) {
    site.root = path;
  } else {
    (void)app::ResultView(path.string()); // says at once what is wrong with it
    site.root = path.parent_path();
    site.only = path.filename().string();
  }
  site.token = options.token;
  site.jobs = site.only.empty() && !options.no_jobs;
  // others could start analyses else, or see what is there
  if (site.token.empty() && (site.jobs || !is_own_machine(options.host)))
    site.token = new_token();
  return site;
}

/// What an address and a cookie can hold as it is.
bool is_plain(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

} // namespace

std::string run_view(app::ViewOptions options, const app::Invocation&, const Monitor& monitor) {
  if (options.port < 0 || options.port > 65535)
    throw OptionError(fmt::format("--port {}: expected 0 to 65535", options.port));
  if (!options.token.empty() && options.token.size() < 8)
    throw OptionError("--token: expected at least 8 characters");
  if (!is_plain(options.token))
    throw OptionError("--token: expected letters, digits, '-', '_' and '.'");
  auto assets = read_assets(page_folder());
  auto site_options = site_of(options);
  httplib::Server http;
  // before it binds: httplib would let another program listen at the same port and share its
  // requests
  http.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  int port = static_cast<int>(options.port);
  if (port == 0)
    port = http.bind_to_any_port(options.host);
  else if (!http.bind_to_port(options.host, port))
    port = -1;
  if (port < 0)
    throw FileError(fmt::format("{} port {}", options.host, options.port),
                    "cannot be listened at: another program may have it");
  if (is_own_machine(options.host)) // pages of other hosts that resolve to here stay outside
    for (const char* name : {"127.0.0.1", "localhost", "[::1]"})
      site_options.hosts.push_back(fmt::format("{}:{}", name, port));
  site_options.cookie = fmt::format("vitrum_{}", port);
  if (site_options.jobs)
    fs::current_path(site_options.root);
  const auto token = site_options.token;
  Site site(std::move(site_options), std::move(assets));
  attach(http, site);
  const auto host =
      options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
  const auto address =
      fmt::format("http://{}:{}/{}", host, port, token.empty() ? "" : "?token=" + token);
  monitor.message(Level::info, fmt::format("{}  (Ctrl-C ends)", address));
  std::optional<LeadingPage> page;
  if (!options.no_browser)
    open_browser(page.emplace(address).path());
  std::atomic<bool> over{false};
  std::thread watch([&] {
    while (!over && !monitor.cancelled())
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    http.stop();
  });
  http.listen_after_bind();
  over = true;
  watch.join();
  return {};
}

} // namespace vitrum::server
