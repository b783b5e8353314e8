// One analysis of a series, whether whole, as a part, or from the parts of others.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "part_state.hpp"
#include "two_time_job.hpp"
#include "vitrum/app/commands.hpp"
#include "xpcs_bins.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

using Parts = std::vector<std::pair<std::string, PartState>>; // path and content

/// The files that the analysis reads.
[[nodiscard]] std::vector<std::string> inputs_of(const XpcsOptions& options);
/// All of it but the digest of the frames, which need not be read for it.
[[nodiscard]] JobIdentity identity_of(const XpcsOptions& options);

/// All that an analysis needs before tiles are made.
struct XpcsRun {
  XpcsOptions options;
  std::vector<std::string> inputs;
  JobOptions job;
  XpcsPlan plan;
  std::unique_ptr<TwoTimeJob> work; // null for a dry run
  PixelRoom room;
};

/// Measures the series, unless the plan of it is given, and refuses what can be refused. Tiles that
/// `parts` hold are not made again.
[[nodiscard]] XpcsRun prepare_run(XpcsOptions options,
                                  const Parts& parts,
                                  const Invocation& invocation,
                                  const Monitor& monitor,
                                  std::optional<XpcsPlan> plan = std::nullopt);
/// Makes the tiles and writes the result or part. Returns a summary.
[[nodiscard]] std::string
carry_out(XpcsRun& run, const Invocation& invocation, const Monitor& monitor);

/// Both.
[[nodiscard]] std::string run_job(XpcsOptions options,
                                  const Parts& parts,
                                  const Invocation& invocation,
                                  const Monitor& monitor);

/// The analysis shared out over the ranks of the invocation: each makes a part, the first one joins
/// them. Returns the summary there, nothing elsewhere.
[[nodiscard]] std::string
run_on_ranks(XpcsOptions options, const Invocation& invocation, const Monitor& monitor);

} // namespace vitrum::app
