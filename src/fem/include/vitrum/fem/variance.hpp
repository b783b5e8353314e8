// The normalised variances of fluctuation electron microscopy, all from the sums of one pass, each
// with its own shot-noise term, its bias and its error.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/pattern_sums.hpp"

namespace vitrum::fem {

/// I(φ, r): pixel φ of the ring, position r; ⟨⟩ means over what stands as index. Their sizes differ
/// by up to a factor of a hundred on the same data.
enum class Variance {
  image, // ⟨⟨I²⟩r/⟨I⟩r² − 1⟩φ     annular mean of the variance image (Daulton 2010)
  annular_mean, // ⟨⟨I⟩φ²⟩r/⟨⟨I⟩φ⟩r² − 1   variance of the annular means
  ring_mean, // ⟨⟨I²⟩φ/⟨I⟩φ² − 1⟩r     mean of the variances within the ring of each pattern
  ring_ensemble, // ⟨I²⟩φr/⟨I⟩φr² − 1       of all pixels and positions together
  mean_ratio     // ⟨Var_r I⟩φ/⟨⟨I⟩r⟩φ²     ratio of annular means
};
inline constexpr std::size_t variances = 5;
inline constexpr std::array<Variance, variances> all_variances{Variance::image,
                                                               Variance::annular_mean,
                                                               Variance::ring_mean,
                                                               Variance::ring_ensemble,
                                                               Variance::mean_ratio};
[[nodiscard]] std::string_view name_of(Variance v);    // "image", "annular-mean", …
[[nodiscard]] std::string_view formula_of(Variance v); // as above
/// Throws OptionError that lists the names.
[[nodiscard]] Variance parse_variance(std::string_view name);

/// What a camera adds to the variance of a pixel: share · gain · I + read². `noise_share`: the part
/// of the counting noise that is left in single pixels by a detector whose signal spreads over
/// several (∫|MTF|² over the frequencies of the pixels; 1: none spreads). Sums over many pixels
/// have all. Reading adds its noise after that, to each pixel its own.
struct DetectorNoise {
  double gain = 0;       // counts per electron; 0: not known, no counting noise is subtracted
  double read_noise = 0; // counts, standard deviation
  double noise_share = 1;

  /// Of a pixel of this mean, over the square of the mean.
  [[nodiscard]] double of_pixel(double mean) const {
    return noise_share * gain / mean + read_noise * read_noise / (mean * mean);
  }
};
void validate(const DetectorNoise& noise);

struct VarianceOptions {
  DetectorNoise noise;
  Index replicates = 200; // bootstrap samples of positions
  std::uint64_t seed = 1;
};

/// One definition. [ring]; NaN where a ring holds no pixel or no intensity.
struct VarianceCurve {
  std::vector<double> raw;        // as defined, with N in the denominator
  std::vector<double> shot_noise; // its part of `raw`
  std::vector<double> value;      // raw − shot_noise
  std::vector<double> bias; // of `value` because patterns are few (jackknife: N − 1 and the ratio)
  std::vector<double> error;     // standard error of `value` (bootstrap)
  std::vector<double> replicate; // [replicate, ring] of `value`
};

struct Variances {
  Index patterns = 0, groups = 0, replicates = 0;
  std::vector<double> intensity, intensity_error; // [ring] ⟨I⟩φr
  std::array<VarianceCurve, variances> curve;

  [[nodiscard]] const VarianceCurve& of(Variance v) const {
    return curve[static_cast<std::size_t>(v)];
  }
};

/// Errors resample groups of consecutive patterns (single patterns where there are few), so that
/// they contain the correlation of neighbouring positions.
[[nodiscard]] Variances compute_variances(const PatternSums& sums,
                                          const PolarMap& map,
                                          const VarianceOptions& options = {},
                                          const Monitor& monitor = silent());

/// Variance of each pixel over the positions divided by its squared mean, without its shot noise
/// [pixel]; NaN outside of the rings and where nothing was counted.
[[nodiscard]] std::vector<float>
variance_image(const PatternSums& sums, const PolarMap& map, const DetectorNoise& noise);

/// Variance within a ring of each pattern, ⟨I²⟩φ/⟨I⟩φ² − 1 − shot noise, averaged over the rings
/// from first to last − 1 weighted by their pixels [used pattern]: the local variance.
[[nodiscard]] std::vector<double> local_variance(const PatternSums& sums,
                                                 const PolarMap& map,
                                                 const DetectorNoise& noise,
                                                 Index first,
                                                 Index last);

} // namespace vitrum::fem
