// Waiting times: how long an atom stays before it has moved by a bond length, thermal rattling
// averaged away. Streams frame by frame.
#pragma once
#include <span>
#include <vector>

#include "vitrum/atoms/configuration.hpp"
#include "vitrum/md/power_law.hpp"

namespace vitrum::md {

struct WaitingOptions {
  double distance = 1;   // to be moved by; a bond length
  Index average = 3;     // frames of the running mean; 1: as they are
  Index origins = 10;    // of the persistence times, evenly over the run
  double frame_time = 1; // from frame to frame
};

/// Exchange times run from one move of an atom to its next, their density falls as t^−(1+x);
/// persistence times run from a fixed instant to the first move after it, their density falls as
/// t^−x for times short against the age of that instant: which is meant must be said.
struct WaitingTimes {
  std::vector<Interval> exchange;
  std::vector<Interval> persistence;
  std::vector<Index> moves; // [atom]
};

class WaitingCounter {
public:
  /// Throws OptionError for values that make no sense.
  WaitingCounter(const WaitingOptions& options, Index atoms, Index frames);
  /// The next frame; positions must be unwrapped. Throws DataError otherwise.
  void add(const atoms::Configuration& frame);
  /// What was seen, with the intervals that are open still as not ended.
  [[nodiscard]] WaitingTimes result() const;

private:
  struct Origin {
    Index frame = 0;
    std::vector<atoms::Vector> at;
    std::vector<std::uint8_t> moved;
  };
  WaitingOptions options_;
  Index atoms_, frames_, added_ = 0, averaged_ = 0;
  std::vector<std::vector<atoms::Vector>> ring_;
  std::vector<atoms::Vector> sum_, mean_, start_;
  std::vector<Index> since_; // [atom] averaged frame of its last move; −1: none yet
  std::vector<Origin> origins_;
  WaitingTimes seen_;
};

} // namespace vitrum::md
