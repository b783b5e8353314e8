#include "vitrum/fem/pattern_pass.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "corrected.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::fem {

std::vector<Index> used_patterns(std::span<const std::uint8_t> use, Index patterns) {
  if (!use.empty() && static_cast<Index>(use.size()) != patterns)
    throw OptionError(fmt::format("{} marks for {} patterns", use.size(), patterns));
  std::vector<Index> list;
  for (Index i = 0; i < patterns; ++i)
    if (use.empty() || use[static_cast<std::size_t>(i)] != 0)
      list.push_back(i);
  return list;
}

void pass_patterns(frames::FrameSource& source,
                   const SumOptions& sums,
                   std::span<PatternUser* const> users,
                   const Monitor& monitor) {
  const auto& info = source.info();
  const auto list = used_patterns(sums.use, info.frames);
  std::vector<std::byte> raw(static_cast<std::size_t>(info.frame_bytes()));
  std::vector<double> pattern(static_cast<std::size_t>(info.pixels()));
  Progress progress(monitor, "reading", "patterns", static_cast<Index>(list.size()));
  for (Index i = 0; i < static_cast<Index>(list.size()); ++i) {
    progress.advance();
    const auto wants = [i](const PatternUser* one) { return one->wants(i); };
    if (!std::any_of(users.begin(), users.end(), wants))
      continue;
    const auto number = list[static_cast<std::size_t>(i)];
    source.read(number, 1, raw.data());
    frames::visit(info.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      correct_pattern(
          reinterpret_cast<const T*>(raw.data()), sums, number, info.pixels(), pattern.data());
    });
    for (auto* one : users)
      if (wants(one))
        one->add(i, pattern);
  }
}

} // namespace vitrum::fem
