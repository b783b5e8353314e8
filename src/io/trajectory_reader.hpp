// What a reader of trajectories tells the registry, and what all of them share.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "reader.hpp"
#include "vitrum/atoms/trajectory_source.hpp"
#include "vitrum/io/open_trajectory.hpp"

namespace vitrum::io {

struct TrajectoryReader {
  FormatDescription (*describe)();
  bool (*recognises)(const Probe& probe); // the head is that of the decompressed file
  std::unique_ptr<atoms::TrajectorySource> (*open)(const std::string& path);
};

// one per file, listed in trajectory_registry.cpp
[[nodiscard]] TrajectoryReader dcd_reader();
[[nodiscard]] TrajectoryReader extxyz_reader();
[[nodiscard]] TrajectoryReader gsd_reader();
[[nodiscard]] TrajectoryReader h5md_reader();
[[nodiscard]] TrajectoryReader lammps_binary_reader();
[[nodiscard]] TrajectoryReader lammps_data_reader();
[[nodiscard]] TrajectoryReader lammps_dump_reader();
[[nodiscard]] TrajectoryReader xtc_reader();

/// Rows of the table of formats.
[[nodiscard]] std::vector<FormatDescription> trajectory_formats();

/// Refuses numbers of atoms that no file of `bytes` bytes can hold, before memory is taken.
void require_atoms(const std::string& path,
                   const std::string& place,
                   Index atoms,
                   Index bytes,
                   Index least_bytes_per_atom);

/// Puts the atoms of frames into the order of their numbers, and watches that they stay the same.
class AtomOrder {
public:
  /// Sorts by ids; a frame without ids keeps its order. The first call sets what later ones must
  /// agree with. Throws FormatError with `place` for repeated, missing and new atoms and for
  /// species that change.
  void apply(const std::string& path, const std::string& place, atoms::Configuration& frame);

private:
  std::vector<Index> ids_;
  std::vector<std::int32_t> species_;
  std::vector<Index> order_; // scratch
  atoms::Configuration sorted_;
  bool set_ = false;
};

/// Throws FormatError for a step that is not after the one before.
void require_ascending_step(const std::string& path,
                            const std::string& place,
                            Index step,
                            const std::vector<Index>& before);

/// How many atoms of each species.
[[nodiscard]] std::vector<Index> count_species(const std::vector<std::int32_t>& species,
                                               std::size_t count);

} // namespace vitrum::io
