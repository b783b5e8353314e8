// What an analysis of a trajectory has found, before it becomes a Tree.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vitrum/app/md.hpp"
#include "vitrum/atoms/trajectory_source.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/md/clusters.hpp"
#include "vitrum/md/coherent.hpp"
#include "vitrum/md/hops.hpp"
#include "vitrum/md/motion.hpp"
#include "vitrum/md/pairs.hpp"
#include "vitrum/md/slab_map.hpp"
#include "vitrum/md/structure.hpp"
#include "vitrum/md/voronoi.hpp"
#include "vitrum/md/waiting.hpp"
#include "vitrum/md/windows.hpp"

namespace vitrum::app {

struct ValueError {
  double value = 0, error = 0;
};

/// What moves together over one lag, averaged over origins; of the last origin atom by atom.
struct Rearrangements {
  Index lag = 0; // frames
  ValueError mean_length, longest, broken_fraction, ratio;
  std::vector<Index> string_lengths; // [length] how many
  std::vector<double> ifk_time, ifk_fraction;
  atoms::Configuration before;
  std::vector<double> moved;
  std::vector<std::uint8_t> mobile;
  std::vector<Index> string, broken;
  std::vector<md::FrankKasper> classes; // with Voronoi cells
  // seen along the third edge of the box; the second with Voronoi cells alone
  double slab_thickness = 0, smoothing = 0;
  std::optional<md::SlabMap> mobility, order;
  std::optional<md::MapCorrelation> map_correlation;
};

/// Normalised variance of the last frame, as probes of several sizes would see it.
struct MdFem {
  std::vector<double> k_inv_nm, probe_size_nm;
  std::vector<double> variance, error; // [probe, k]
  std::vector<Index> patterns;         // [probe]
  double structure_k_inv_nm = 0;       // of the peak of S(q)
  std::string probe_width;             // what the sizes are: "fwhm" or "rayleigh"
};

struct MdRun {
  std::unique_ptr<atoms::TrajectorySource> trajectory;
  std::vector<std::string> notes, warnings;
  md::ScatteringWeights weights;
  std::string weights_name; // "" when all are 1

  // structure
  md::PairDistribution g;
  md::FirstShell first_shell;
  double bond_length = 0;
  md::StructureFactor s;
  md::Peak peak;
  atoms::Configuration last; // of the frames that the structure is averaged over
  std::vector<double> radii; // [species]
  std::optional<md::Voronoi> voronoi;
  md::Clusters network; // of Frank–Kasper atoms of that frame

  // scattering
  double step_time = 0;  // from frame to frame of the trajectory
  double frame_time = 0; // of intensities: exposures are averaged
  double q_low = 0, q_high = 0;
  std::vector<md::Window> windows;
  std::vector<std::vector<float>> movie; // [window][frame · q]
  Index frames = 0;                      // of the movie

  std::optional<md::WaitingTimes> waiting;
  std::optional<md::Hops> hops; // none where the run is too short for them
  std::optional<md::MotionResult> motion;
  std::optional<md::Coherent> coherent;
  std::optional<Rearrangements> rearrangements;
  std::optional<MdFem> fem;

  [[nodiscard]] const atoms::TrajectoryInfo& info() const { return trajectory->info(); }
  [[nodiscard]] std::string length_unit() const;    // "sigma"; "length" where the file is silent
  [[nodiscard]] std::string inverse_length() const; // "1/sigma"
  [[nodiscard]] std::string time_unit() const;      // "tau"; "time"
};

/// Throws OptionError that names the flag.
void validate(const WindowFlags& flags);
void validate(const MdAnalyzeOptions& options);
/// Throws DataError where densities of the grid do not fit into --memory.
void require_memory(const MdRun& run,
                    const md::ReciprocalGrid& grid,
                    double tolerance,
                    const RunFlags& flags,
                    const std::string& advice);

/// Opens the trajectory and restricts it to --frames; warns of what is wrong with the file.
[[nodiscard]] std::unique_ptr<atoms::TrajectorySource> open_atoms(
    const std::string& path, const TrajectoryFlags& flags, std::vector<std::string>& warnings);

/// The element that each species stands for and the unit of length in angstrom. Throws OptionError
/// that says what `purpose` needs.
struct Elements {
  std::vector<std::string> symbol; // [species]
  double angstrom = 0;
};
[[nodiscard]] Elements
choose_elements(const MdRun& run, const WindowFlags& flags, const std::string& purpose);
/// From the flags and the species of the file.
void choose_weights(MdRun& run, const WindowFlags& flags);
/// Fills the structure part.
void analyse_structure(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor);
/// "low:high", or about the peak.
void choose_shell(MdRun& run, const std::string& text);
/// One pass over the trajectory: densities, windows, waiting times.
void analyse_frames(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor);

/// entry/series, structure, pair_distribution, voronoi.
void add_structure(Tree& tree, const MdRun& run);
/// Voronoi cells of one configuration. Throws DataError that names the file and the step.
[[nodiscard]] md::Voronoi
cells_of(const MdRun& run, const atoms::Configuration& c, const MdAnalyzeOptions& options);
/// 1 for the atoms of any class.
[[nodiscard]] std::vector<std::uint8_t>
frank_kasper_members(std::span<const md::FrankKasper> classes);
/// The lag at which the non-Gaussian parameter is largest, among those with enough origins.
[[nodiscard]] std::size_t most_heterogeneous(const md::MotionResult& motion);
/// Strings, broken bonds and propensity over the lag at which motion is most heterogeneous.
void analyse_rearrangements(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor);
/// Normalised variance of the last frame by kinematic diffraction; nothing without --probe-size.
void analyse_fem(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor);
/// entry/fem_model.
void add_fem(Tree& tree, const MdRun& run);
/// entry/motion, van_hove, order, mobility.
void add_motion(Tree& tree, const MdRun& run);
/// Atoms of the last origin with class, displacement, string and broken bonds, for OVITO.
void write_atoms(const MdRun& run, const std::string& path, bool overwrite);
/// entry/waiting.
void add_waiting(Tree& tree, const MdRun& run, const MdAnalyzeOptions& options);
/// entry/hops.
void add_hops(Tree& tree, const MdRun& run, const MdAnalyzeOptions& options);
/// entry/speckle: contrast of the windows against time.
void add_speckle(Tree& tree, const MdRun& run);

} // namespace vitrum::app
