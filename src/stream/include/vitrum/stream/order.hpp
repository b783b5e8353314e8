// Images in the order of their numbers, however they came: late ones wait in a window, what stays
// away becomes a gap, what comes twice or too late is left out. All of it is counted.
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "vitrum/core/index.hpp"

namespace vitrum::stream {

struct OrderCounts {
  Index reordered = 0; // came after one with a higher number, in time
  Index missing = 0;   // never came, or too late: gaps
  Index repeated = 0;  // came twice: the second one was left out
  Index late = 0;      // came when their place was a gap already
  Index early = 0;     // have numbers before that of the first image, where the series begins
  Index astray = 0;    // numbers more than a million ahead, which are not believed
};

template <class T>
class Order {
public:
  /// At most `window` images wait for one that is missing.
  explicit Order(Index window) : window_(window) {}

  /// Before the first image, when the series did not begin with 0.
  void begin_at(Index number) { first_ = next_ = number; }

  void push(Index number, T value) {
    if (number < first_) {
      ++counts_.early;
      return;
    }
    if (number < next_) {
      gaps_.contains(number) ? ++counts_.late : ++counts_.repeated;
      return;
    }
    if (number - next_ > largest_jump) {
      ++counts_.astray;
      return;
    }
    if (!waiting_.emplace(number, std::move(value)).second)
      ++counts_.repeated;
    else if (number < highest_)
      ++counts_.reordered;
    highest_ = std::max(highest_, number);
  }

  /// The next place of the series: its image, or nothing for a gap. False when it is not known yet:
  /// the image may still come. After `end` all places up to the last image are known.
  bool pop(std::optional<T>& out) {
    if (waiting_.empty())
      return false;
    const auto first = waiting_.begin();
    if (first->first == next_) {
      out = std::move(first->second);
      waiting_.erase(first);
    } else if (ended_ || static_cast<Index>(waiting_.size()) > window_ || next_ < given_up_) {
      out.reset();
      ++counts_.missing;
      gaps_.insert(next_);
      while (static_cast<Index>(gaps_.size()) > most_gaps)
        gaps_.erase(gaps_.begin());
    } else {
      return false;
    }
    ++next_;
    return true;
  }

  /// What is missing before the first image that waits becomes a gap.
  void give_up() {
    if (!waiting_.empty())
      given_up_ = waiting_.begin()->first;
  }
  void end() { ended_ = true; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] const OrderCounts& counts() const { return counts_; }
  [[nodiscard]] Index next() const { return next_; }

private:
  static constexpr Index largest_jump = 1000000;
  static constexpr Index most_gaps = 100000; // that are remembered, to tell late from repeated

  Index window_;
  Index first_ = 0, next_ = 0, highest_ = -1;
  Index given_up_ = 0; // what is missing before it does not come
  bool ended_ = false;
  std::map<Index, T> waiting_;
  std::set<Index> gaps_;
  OrderCounts counts_;
};

} // namespace vitrum::stream
