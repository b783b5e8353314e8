// Loops over all processors. Results must not depend on the number of threads: a body writes only
// to places that belong to its own indices, and sums are joined in index order.
#pragma once
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

} // namespace vitrum
