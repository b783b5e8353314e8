#include "vitrum/app/progress_text.hpp"

#include <fmt/format.h>

namespace vitrum::app {
namespace {

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

} // namespace

std::string progress_text(const ProgressState& state) {
  if (state.finished)
    return fmt::format("{}: {} {} in {} ({}{}/s)",
                       state.task,
                       state.done,
                       state.unit,
                       duration_text(state.elapsed_s),
                       rate_text(state.rate_per_s),
                       state.unit);
  if (state.total <= 0) // nobody knows
    return fmt::format("{}: {} {}, {}{}/s",
                       state.task,
                       state.done,
                       state.unit,
                       rate_text(state.rate_per_s),
                       state.unit);
  const double share =
      state.total > 0 ? static_cast<double>(state.done) / static_cast<double>(state.total) : 0;
  if (!(state.rate_per_s > 0)) // nothing is known yet
    return fmt::format("{}: {:3.0f} % of {} {}", state.task, 100 * share, state.total, state.unit);
  return fmt::format("{}: {:3.0f} % of {} {}, {}{}/s, {} left",
                     state.task,
                     100 * share,
                     state.total,
                     state.unit,
                     rate_text(state.rate_per_s),
                     state.unit,
                     duration_text(state.left_s));
}

} // namespace vitrum::app
