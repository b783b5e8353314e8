// One analysis of a series, whether whole, as a part, or from the parts of others.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "part_state.hpp"
#include "vitrum/app/commands.hpp"

namespace vitrum::app {

using Parts = std::vector<std::pair<std::string, PartState>>; // path and content

/// The files that the analysis reads.
[[nodiscard]] std::vector<std::string> inputs_of(const XpcsOptions& options);
/// All of it but the digest of the frames, which need not be read for it.
[[nodiscard]] JobIdentity identity_of(const XpcsOptions& options);

/// The analysis; tiles that `parts` hold are not made again. Returns a summary.
[[nodiscard]] std::string run_job(XpcsOptions options,
                                  const Parts& parts,
                                  const Invocation& invocation,
                                  const Monitor& monitor);

} // namespace vitrum::app
