#include "open_page.hpp"

#include <cerrno>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vitrum/core/error.hpp"

namespace vitrum::server {

namespace fs = std::filesystem;

LeadingPage::LeadingPage(const std::string& address) {
  auto name = (fs::temp_directory_path() / "vitrum_view_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) // of its owner alone
    throw FileError(name, "cannot be made", errno);
  folder_ = name;
  file_ = folder_ / "open.html";
  std::ofstream file(file_);
  file << fmt::format("<!doctype html><meta charset=\"utf-8\"><title>vitrum</title>"
                      "<meta http-equiv=\"refresh\" content=\"0;url={0}\">"
                      "<a href=\"{0}\">vitrum</a>\n",
                      address);
  file.close();
  if (!file)
    throw FileError(file_.string(), "cannot be written", errno);
}

LeadingPage::~LeadingPage() {
  std::error_code none;
  fs::remove_all(folder_, none);
}

void open_browser(const fs::path& page) {
  std::string program = "xdg-open", argument = page.string();
  char* arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0)
    std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
}

} // namespace vitrum::server
