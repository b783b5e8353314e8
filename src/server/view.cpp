#include "vitrum/server/view.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include <httplib.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "http.hpp"
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
  if (site.jobs && site.token.empty())
    site.token = new_token(); // others on this machine could start analyses else
  return site;
}

/// The child is left to itself: a browser lives longer than the server, and one that is not there
/// is no error, for the address has been said.
void open_browser(const std::string& address) {
  std::string program = "xdg-open", argument = address;
  char* arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0)
    std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
}

} // namespace

std::string run_view(app::ViewOptions options, const app::Invocation&, const Monitor& monitor) {
  if (options.port < 0 || options.port > 65535)
    throw OptionError(fmt::format("--port {}: expected 0 to 65535", options.port));
  if (!is_own_machine(options.host) && options.token.empty())
    throw OptionError(
        fmt::format("--host {}: others can reach it, so give --token too", options.host));
  if (!options.token.empty() && options.token.size() < 8)
    throw OptionError("--token: expected at least 8 characters");
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
  if (!options.no_browser)
    open_browser(address);
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
