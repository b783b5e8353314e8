#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "output.hpp"
#include "vitrum/core/error.hpp"
#include "xpcs_run.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

/// Does the same step on all ranks. When it fails on some, the first of these says why, and all
/// throw.
template <class Step>
void together(Ranks& ranks, const Monitor& monitor, Step&& step, bool by_all = true) {
  std::string told;
  std::exception_ptr failure;
  ranks.set_alone(true);
  try {
    step();
  } catch (const Interrupted&) {
    throw;
  } catch (const OptionError& error) {
    failure = std::current_exception();
    told = fmt::format("2{}", error.what());
  } catch (const std::exception& error) {
    failure = std::current_exception();
    told = fmt::format("1{}", error.what());
  }
  const auto all = ranks.exchange(told, monitor);
  const auto first =
      std::find_if(all.begin(), all.end(), [](const std::string& text) { return !text.empty(); });
  ranks.set_alone(false);
  if (first == all.end())
    return;
  if (first - all.begin() != ranks.rank())
    throw ToldElsewhere(first->front() - '0');
  const bool same = std::all_of(all.begin(), all.end(), [&](const auto& t) { return t == *first; });
  if (same || !by_all || told.front() == '2')
    std::rethrow_exception(failure);
  throw Error(fmt::format("rank {} of {}: {}", ranks.rank() + 1, ranks.size(), told.substr(1)));
}

/// A step of the first rank, for which the others wait.
template <class Step>
void first_alone(Ranks& ranks, const Monitor& monitor, Step&& step) {
  const auto mine = [&] {
    if (ranks.rank() == 0)
      step();
  };
  together(ranks, monitor, mine, false);
}

std::string part_path(const std::string& output, Index rank, Index size) {
  return fmt::format("{}.rank_{}_of_{}", output, rank + 1, size);
}

/// What an earlier run on ranks left beside the output, with the number of its ranks.
std::vector<std::pair<fs::path, Index>> leftovers(const std::string& output) {
  std::vector<std::pair<fs::path, Index>> found;
  const fs::path path(output);
  const auto start = path.filename().string() + ".rank_";
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const auto name = entry.path().filename().string();
    const auto of = name.find("_of_", start.size());
    if (name.starts_with(start) && of != std::string::npos)
      found.emplace_back(path.parent_path() / name, std::atoll(name.c_str() + of + 4));
  }
  return found;
}

/// Takes away what other runs left, or says what to do with it.
void settle_leftovers(const XpcsOptions& options, Index size) {
  const bool resume = options.checkpoint.resume;
  for (const auto& [path, ranks] : leftovers(options.output.output)) {
    if (resume && ranks == size)
      continue;
    if (!options.output.overwrite || resume)
      throw FileError(path.string(),
                      fmt::format("a run on {} ranks left this; go on with as many and --resume, "
                                  "or start anew with --overwrite",
                                  ranks));
    fs::remove(path);
  }
}

/// The monitor of a rank that leaves talking to the first one.
Monitor quiet(const Monitor& monitor) {
  Monitor less;
  less.cancel = monitor.cancel;
  return less;
}

/// True when an earlier run of the same work finished this part.
bool is_finished(const XpcsOptions& options) {
  if (!options.checkpoint.resume || !fs::exists(options.output.output))
    return false;
  require_same(
      read_part(options.output.output).identity, identity_of(options), options.output.output);
  return true;
}

void check_share(const XpcsRun& run, Index size) {
  if (const Index tiles = run.work->tiles(); tiles < size)
    throw OptionError(fmt::format(
        "{} ranks: the two-time maps have {} tiles; start at most as many ranks", size, tiles));
}

} // namespace

std::string run_on_ranks(XpcsOptions options, const Invocation& invocation, const Monitor& caller) {
  auto& ranks = *invocation.ranks;
  const Index rank = ranks.rank(), size = ranks.size();
  const Monitor monitor = rank == 0 ? caller : quiet(caller);
  XpcsOptions own = options;
  own.output.output = part_path(options.output.output, rank, size);
  own.checkpoint.shard = fmt::format("{}/{}", rank + 1, size);
  own.checkpoint.ranks = size;

  std::string summary;
  if (options.run.dry_run) {
    first_alone(ranks, monitor, [&] { summary = run_job(options, {}, invocation, monitor); });
    return summary;
  }

  first_alone(ranks, monitor, [&] {
    if (!options.checkpoint.shard.empty())
      throw OptionError("--shard: cannot be combined with ranks, which share the work themselves");
    require_output(options.output, inputs_of(options));
    settle_leftovers(options, size);
  });
  std::optional<XpcsRun> run;
  std::optional<XpcsPlan> plan; // of the first rank, which needs the series again
  together(ranks, monitor, [&] {
    if (!is_finished(own)) {
      run = prepare_run(own, {}, invocation, monitor);
      check_share(*run, size);
      run->plan.read_again = rank == 0;
    } else if (rank == 0) {
      plan = make_plan(own, monitor);
    }
  });
  if (run) {
    const auto warnings = run->plan.series.warnings;
    ranks.set_alone(true);
    (void)carry_out(*run, invocation, monitor);
    run->work.reset();
    run->plan.series.warnings = warnings; // those of the part are found again
    if (rank == 0)
      plan = std::move(run->plan);
    run.reset();
  }
  together(ranks, monitor, [] {});

  first_alone(ranks, monitor, [&] {
    Parts parts;
    for (Index r = 0; r < size; ++r) {
      const auto path = part_path(options.output.output, r, size);
      parts.emplace_back(path, read_part(path));
    }
    plan->read_again = false;
    auto whole = prepare_run(options, parts, invocation, monitor, std::move(plan));
    summary = carry_out(whole, invocation, monitor);
    for (const auto& [path, part] : parts)
      fs::remove(path);
  });
  return summary;
}

} // namespace vitrum::app
