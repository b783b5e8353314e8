#include "vitrum/core/parallel.hpp"

#include <algorithm>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include "vitrum/core/error.hpp"

namespace vitrum {
namespace {

std::mutex control_mutex;
std::unique_ptr<tbb::global_control> control;

} // namespace

void set_thread_count(Index threads) {
  if (threads < 0)
    throw OptionError(fmt::format("threads = {}: must not be negative", threads));
  const std::scoped_lock lock(control_mutex);
  control.reset();
  if (threads > 0)
    control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                    static_cast<std::size_t>(threads));
}

Index thread_count() {
  const auto allowed =
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  return std::min<Index>(static_cast<Index>(allowed), tbb::info::default_concurrency());
}

void parallel_for(Index first,
                  Index last,
                  Index grain,
                  const std::function<void(Index, Index)>& body) {
  if (last <= first)
    return;
  const Index pieces = (last - first + grain - 1) / grain;
  tbb::parallel_for(Index{0}, pieces, [&](Index piece) {
    const Index begin = first + piece * grain;
    body(begin, std::min(begin + grain, last));
  });
}

} // namespace vitrum
