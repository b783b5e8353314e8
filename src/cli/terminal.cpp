#include "terminal.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace vitrum::cli {
namespace {

std::atomic<bool> cancelled{false};

extern "C" void on_signal(int signal) {
  if (cancelled.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

std::string duration_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  if (s < 60)
    return fmt::format("{} s", s);
  if (s < 3600)
    return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

std::string rate_text(double rate) {
  if (rate >= 1e6)
    return fmt::format("{:.1f} M", rate / 1e6);
  if (rate >= 1e4)
    return fmt::format("{:.0f} k", rate / 1e3);
  return fmt::format("{:.{}f} ", rate, rate < 10 ? 1 : 0);
}

std::string state_text(const ProgressState& state) {
  if (state.finished)
    return fmt::format("{}: {} {} in {} ({}{}/s)",
                       state.task,
                       state.done,
                       state.unit,
                       duration_text(state.elapsed_s),
                       rate_text(state.rate_per_s),
                       state.unit);
  const double share =
      state.total > 0 ? static_cast<double>(state.done) / static_cast<double>(state.total) : 0;
  return fmt::format("{}: {:3.0f} % of {} {}, {}{}/s, {} left",
                     state.task,
                     100 * share,
                     state.total,
                     state.unit,
                     rate_text(state.rate_per_s),
                     state.unit,
                     duration_text(state.left_s));
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
  write_error(fmt::format("\r\033[K{} {}", bar, state_text(state)));
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
        write_error(state_text(state) + "\n");
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
