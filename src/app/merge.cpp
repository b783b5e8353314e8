#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "output.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "xpcs_run.hpp"

namespace vitrum::app {
namespace {

Parts read_parts(const std::vector<std::string>& paths) {
  Parts parts;
  std::map<Index, std::string> seen;
  for (const auto& path : paths) {
    auto part = read_part(path);
    if (part.shards == 0)
      throw FormatError(path, "", "a checkpoint of a whole analysis", "a part made with --shard");
    if (!parts.empty()) {
      const auto& [first_path, first] = parts.front();
      if (part.shards != first.shards)
        throw DataError(fmt::format("{}: one of {} parts, but {} is one of {}",
                                    path,
                                    part.shards,
                                    first_path,
                                    first.shards));
      require_same(part.identity, first.identity, path);
    }
    const auto [other, fresh] = seen.emplace(part.shard, path);
    if (!fresh)
      throw DataError(fmt::format(
          "{}: part {}/{}, which {} is too", path, part.shard, part.shards, other->second));
    parts.emplace_back(path, std::move(part));
  }
  std::vector<std::string> missing;
  const Index shards = parts.front().second.shards;
  for (Index shard = 1; shard <= shards; ++shard)
    if (!seen.contains(shard))
      missing.push_back(fmt::format("{}/{}", shard, shards));
  if (!missing.empty())
    throw DataError(fmt::format("parts {} are missing", fmt::join(missing, ", ")));
  return parts;
}

} // namespace

std::string run_merge(MergeOptions options, const Invocation& invocation, const Monitor& monitor) {
  require_output(options.output, options.inputs);
  const auto parts = read_parts(options.inputs);
  const auto& first = parts.front().second;
  XpcsOptions job;
  read_toml_text(first.config, parts.front().first, describe(job));
  job.inputs = {options.series.empty() ? first.identity.inputs.at(0).path : options.series};
  job.output = options.output;
  job.run = options.run;
  job.checkpoint = {};
  return run_job(std::move(job), parts, invocation, monitor);
}

} // namespace vitrum::app
