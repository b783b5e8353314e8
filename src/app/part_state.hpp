// What a run that was stopped, or one of several that share the work, leaves behind: which tiles
// are done, the exact sums over them, and where the chunks of the maps stand.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/io/map_file.hpp"
#include "vitrum/io/provenance.hpp"

namespace vitrum::app {

/// What must be the same for parts to belong together.
struct JobIdentity {
  std::string version;               // of the program
  std::string config;                // TOML of all that bears on the numbers
  std::string data;                  // digest of the frames as the first pass saw them
  std::vector<io::FileStamp> inputs; // files that were read
};

struct BinState {
  std::string kernel;                 // what made the products; "" before the first tile
  std::vector<std::uint8_t> finished; // [tile]
  std::vector<Index> sums;            // see OneTimeAccumulator::sums; empty before the first tile
};

struct PartState {
  JobIdentity identity;
  std::string command_line, config; // config in full, to run again
  Index shard = 0, shards = 0;      // 1 … shards; 0: the whole work
  std::vector<BinState> bins;
  io::MapTable map; // empty: no maps are stored
};

[[nodiscard]] Tree to_tree(const PartState& state);
/// Throws FormatError for a file that is none of ours.
[[nodiscard]] PartState read_part(const std::string& path);

/// Throws DataError that says what differs: "`path`: made with other settings (…)".
void require_same(const JobIdentity& stored, const JobIdentity& now, const std::string& path);

} // namespace vitrum::app
