// From the intensity I(q) of a glass or liquid to its structure factor S(q), reduced pair
// distribution function G(r) and pair correlation g(r).
#pragma once
#include <limits>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::companion {

enum class Window { lorch, step };
/// "lorch", "step". Throws OptionError.
[[nodiscard]] Window parse_window(const std::string& name);

struct PairOptions {
  double q_min = 0, q_max = std::numeric_limits<double>::infinity(); // 1/angstrom, used for G(r)
  double normalise_from = std::numeric_limits<double>::quiet_NaN();  // 1/angstrom; NaN: the upper
                                                                     // third of the range
  double r_poly =
      0; // angstrom; F(q) loses what varies as slowly as structure below this; 0: nothing
  Window window = Window::lorch;
  double r_max = 20, r_step = 0.02;                          // angstrom
  double density = std::numeric_limits<double>::quiet_NaN(); // atoms per cubic angstrom
  double density_error = 0;
  double shell_last = std::numeric_limits<double>::quiet_NaN(); // end of the first shell; NaN: the
                                                                // first minimum of g(r)
  Index replicates = 100; // simulated intensities behind the errors
  std::uint64_t seed = 1;
};
/// Throws OptionError that names the field.
void validate(const PairOptions& options);

/// A measured intensity with what free atoms scatter on average, in any common unit.
struct Scattering {
  std::vector<double> q_inv_angstrom;             // ascending
  std::vector<double> intensity, intensity_error; // errors: empty or NaN: found from the noise
  std::vector<double> mean_square;                // ⟨f²⟩
  std::vector<double> square_mean;                // ⟨f⟩²
  bool normalised = false; // the intensity is S(q) itself: mean_square and square_mean are 1
};

struct PairPeak {
  double position = 0, position_error = 0; // angstrom
  double height = 0;                       // of G(r), or of g(r) when the density is known
};

struct PairDistribution {
  std::vector<double> q, structure_factor, structure_factor_error;
  double scale = 1, scale_error = 0; // of the intensity; S = (scale·I − ⟨f²⟩)/⟨f⟩² + 1
  std::vector<double> correction;    // polynomial that was taken off F(q) = q (S − 1)
  std::vector<double> r, reduced, reduced_error; // G(r) in 1/angstrom²
  std::vector<double> termination;      // |G(r) − G(r) from nine tenths of the range of q|
  std::vector<double> pair_correlation; // g(r); empty without a density
  double density = 0,
         density_error = 0;     // as given, or from the slope of G(r) below the first shell
  bool density_found = false;   // the latter
  double resolution = 0;        // angstrom: full width that the range of q gives a peak
  PairPeak first_q;             // first sharp peak of S(q), in 1/angstrom
  std::vector<PairPeak> shells; // maxima of G(r) above four errors, ascending
  double shell_first = 0, shell_last = 0; // where the first shell is integrated
  double coordination = 0, coordination_error = 0;
  double window_shift = 0; // of the first shell when the other window is used
  std::vector<std::string> notes;

  [[nodiscard]] bool has_first_shell() const { return !shells.empty(); }
};

/// S from least squares of scale·I against ⟨f²⟩ at high q; below q_min S keeps its first value;
///     G(r) = (2/π) ∫ W(q) q (S − 1) sin(q r) dq,
/// exact for a straight course between points; W = sin(π q/q_max)/(π q/q_max) (Lorch 1969) or 1 up
/// to q_max. g(r) = 1 + G/(4π r ρ). Errors by simulation of the intensity.
[[nodiscard]] PairDistribution
pair_distribution(const Scattering& scattering, const PairOptions& options, const Monitor& monitor);

/// Where sin(x)/x has its first maximum beyond zero: a shell at r shows a peak of S at 7.7253/r.
/// R24 uses 5π/2 = 7.8540.
inline constexpr double first_bessel_maximum = 7.725251836937707;

} // namespace vitrum::companion
