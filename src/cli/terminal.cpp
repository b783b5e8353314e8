#include "terminal.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "vitrum/app/progress_text.hpp"

namespace vitrum::cli {
namespace {

std::atomic<bool> cancelled{false};

extern "C" void on_signal(int signal) {
  if (cancelled.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

void write_error(const std::string& text) {
  std::fputs(text.c_str(), stderr);
}

void draw_bar(const ProgressState& state) {
  constexpr Index width = 24;
  const Index filled = state.total > 0 ? width * state.done / state.total : 0;
  std::string bar;
  for (Index i = 0; i < width; ++i)
    bar += i < filled ? "█" : "·";
  write_error(fmt::format("\r\033[K{} {}", bar, app::progress_text(state)));
  if (state.finished)
    write_error("\n");
}

} // namespace

Monitor make_terminal_monitor(bool quiet) {
  Monitor monitor;
  monitor.cancel = &cancelled;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  monitor.on_message = [quiet](Level level, std::string_view text) {
    if (level == Level::warning)
      write_error(fmt::format("warning: {}\n", text));
    else if (!quiet && level == Level::info)
      write_error(fmt::format("{}\n", text));
  };
  if (quiet)
    return monitor;
  if (terminal) {
    monitor.on_progress = draw_bar;
  } else {
    // a line every ten seconds keeps logs readable
    auto next = std::make_shared<double>(10);
    monitor.on_progress = [next](const ProgressState& state) {
      if (state.finished || state.elapsed_s >= *next) {
        write_error(app::progress_text(state) + "\n");
        *next = state.finished ? 10 : state.elapsed_s + 10;
      }
    };
  }
  return monitor;
}

void install_signal_handlers() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGXFSZ, SIG_IGN); // a file that grows too large likewise
  std::signal(SIGPIPE, SIG_IGN); // a closed pipe shows as a write error
}

} // namespace vitrum::cli
