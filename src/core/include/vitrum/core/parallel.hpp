// Loops over all processors. Results must not depend on the number of threads: a body writes only
// to places that belong to its own indices, and sums are joined in index order.
#pragma once
#include <algorithm>
#include <atomic>
#include <functional>

#include "vitrum/core/index.hpp"

namespace vitrum {

/// How many threads loops may use; 0 asks for all processors. Throws OptionError when negative.
void set_thread_count(Index threads);
[[nodiscard]] Index thread_count();

/// Calls body(begin, end) on pieces of at most `grain` indices that together cover [first, last)
/// once. The pieces begin at first + k·grain whatever the number of threads. An exception in a body
/// stops the loop and reaches the caller.
void parallel_for(Index first,
                  Index last,
                  Index grain,
                  const std::function<void(Index begin, Index end)>& body);

/// The same with what each thread makes for itself once, by `make`: calls body(scratch, begin,
/// end). What a body finds in its scratch depends on the threads; what it writes must not.
template <class Make, class Body>
void parallel_for_with(Index first, Index last, Index grain, Make&& make, Body&& body) {
  std::atomic<Index> next{first};
  parallel_for(0, thread_count(), 1, [&](Index, Index) {
    if (next >= last)
      return;
    auto scratch = make();
    for (Index begin = 0; (begin = next.fetch_add(grain)) < last;)
      body(scratch, begin, std::min(begin + grain, last));
  });
}

} // namespace vitrum
