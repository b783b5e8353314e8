// A glass by molecular dynamics as an input for LAMMPS, which runs as a program of its own: melt,
// equilibrate, quench, hold. Units are those of Lennard-Jones (sigma of the larger species of
// Wahnström's model or of A–A, epsilon, tau = sigma sqrt(m/epsilon)).
#pragma once
#include <string>

#include "vitrum/core/index.hpp"

namespace vitrum::md {

/// Wahnström (1991): σ 1, 5/6 and their mean, ε 1, masses 2 and 1, 50:50. The literature has two
/// labellings: type 1 the large species (Coslovich, Derlet), or the small one (Wahnström himself).
/// Kob and Andersen (1995): 80:20, σ 1, 0.8 (A–B), 0.88 (B–B), ε 1, 1.5, 0.5, masses 1.
enum class GlassModel { wahnstrom_large_first, wahnstrom_small_first, kob_andersen };
[[nodiscard]] GlassModel parse_glass_model(const std::string& text);

struct SimulationPlan {
  GlassModel model = GlassModel::wahnstrom_large_first;
  Index cells = 10;          // fcc cells along each edge: 4 cells³ atoms
  double density = 1.296;    // atoms per sigma³
  double temperature = 0.48; // of the glass
  double melt_temperature = 3, liquid_temperature = 1.2;
  double melt_time = 12, liquid_time = 40; // tau
  double cooling_time = 0;                 // from the liquid to the glass; 0: at once
  double hold_time = 3000;                 // tau
  double frame_interval = 2;               // tau
  double time_step = 0.008;                // of cooling and hold; melting takes less
  double cut_off = 2.5;
  bool shifted_per_pair = true; // cut at cut_off·σ_ab and shifted; else at cut_off for all, as is
  Index seed = 1;
  Index checkpoint_steps = 50000;

  [[nodiscard]] Index atoms() const { return 4 * cells * cells * cells; }
  [[nodiscard]] Index steps_per_frame() const;
  [[nodiscard]] Index liquid_steps() const;  // melt and liquid
  [[nodiscard]] Index prelude_steps() const; // the same and cooling
  [[nodiscard]] Index hold_steps() const;    // whole frames
};

/// Throws OptionError that names the field.
void validate(const SimulationPlan& plan);

/// Names of the files that the input reads and writes.
struct SimulationFiles {
  std::string trajectory, checkpoint_1, checkpoint_2;
};

/// The whole input as text, with comments.
[[nodiscard]] std::string lammps_input(const SimulationPlan& plan, const SimulationFiles& files);
/// The input that goes on from a checkpoint, appending to the trajectory.
[[nodiscard]] std::string lammps_resume_input(const SimulationPlan& plan,
                                              const SimulationFiles& files,
                                              const std::string& checkpoint);

/// What a cooling scan runs, and how fast that cools: stretches are whole steps.
struct CoolingInput {
  std::string text;
  Index steps = 0; // of the scan, after the liquid
  double rate = 0; // epsilon/tau
};
/// A way down from the liquid to `lowest` at constant density in about plan.cooling_time, with
/// step, temperature, energy and pressure of all atoms, averaged over `averages` stretches, in
/// `table`.
[[nodiscard]] CoolingInput lammps_cooling_input(const SimulationPlan& plan,
                                                double lowest,
                                                Index averages,
                                                const std::string& table);

/// The step of a line of thermodynamic output; −1 for any other line.
[[nodiscard]] Index thermo_step(const std::string& line);

} // namespace vitrum::md
