#include "process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  const std::string all = path == nullptr ? "" : path;
  for (std::size_t at = 0; at <= all.size();) {
    const auto end = std::min(all.find(':', at), all.size());
    const auto candidate = all.substr(at, end - at) + "/" + name;
    if (end > at && ::access(candidate.c_str(), X_OK) == 0 &&
        std::filesystem::is_regular_file(candidate))
      return candidate;
    at = end + 1;
  }
  return "";
}

int run_program(const std::vector<std::string>& arguments,
                const std::string& folder,
                const std::vector<std::pair<std::string, std::string>>& environment,
                const std::function<void(const std::string&)>& on_line,
                const Monitor& monitor) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw FileError(arguments.at(0), "cannot be started", errno);
  std::vector<char*> words;
  for (const auto& word : arguments)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::vector<std::string> variables;
  for (char** one = environ; *one != nullptr; ++one)
    variables.emplace_back(*one);
  for (const auto& [name, value] : environment)
    variables.push_back(name + "=" + value);
  std::vector<char*> settings;
  for (auto& one : variables)
    settings.push_back(one.data());
  settings.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {  // nothing but system calls from here: other threads may hold locks
    ::setpgid(0, 0); // Ctrl-C reaches us first, and we tell it
    // when this program is killed, the other must not go on writing files that a resumed run writes
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent)
      ::_exit(127);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    if (::chdir(folder.c_str()) == 0)
      ::execve(words[0], words.data(), settings.data());
    ::_exit(127); // vitrum's own end is not meant: this is the child that could not become another
  }
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    throw FileError(arguments.at(0), "cannot be started", errno);
  }
  std::string rest;
  bool told = false;
  for (;;) {
    struct pollfd ready {
      ends[0], POLLIN, 0
    };
    (void)::poll(&ready, 1, 200);
    if (monitor.cancelled() && !told) {
      ::kill(-child, SIGTERM);
      told = true;
    }
    if (ready.revents == 0)
      continue;
    char buffer[4096];
    const auto got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    rest.append(buffer, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
      on_line(rest.substr(begin, end - begin));
      begin = end + 1;
    }
    rest.erase(0, begin);
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (told)
    throw Interrupted();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace vitrum::app
