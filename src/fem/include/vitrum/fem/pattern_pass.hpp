// Corrected patterns one after another, in one pass for all that is made of single patterns.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/pattern_sums.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::fem {

/// What is made of patterns that come one by one.
class PatternUser {
public:
  virtual ~PatternUser() = default;
  /// Whether used pattern i = 0, 1, … is to be added.
  [[nodiscard]] virtual bool wants(Index i) const = 0;
  /// `pattern` [pixel] with dark, factor and scale applied. In ascending order of i.
  virtual void add(Index i, std::span<const double> pattern) = 0;
};

/// Numbers of the patterns in use. Throws OptionError where `use` does not have one mark for each.
[[nodiscard]] std::vector<Index> used_patterns(std::span<const std::uint8_t> use, Index patterns);

/// Reads each pattern that some user wants once, and gives it to all of them that do.
void pass_patterns(frames::FrameSource& source,
                   const SumOptions& sums,
                   std::span<PatternUser* const> users,
                   const Monitor& monitor = silent());

} // namespace vitrum::fem
