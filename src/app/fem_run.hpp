// What an analysis of fluctuation electron microscopy has found, before it becomes a Tree.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "series.hpp"
#include "vitrum/app/fem.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/fem/angular.hpp"
#include "vitrum/fem/cell_variance.hpp"
#include "vitrum/fem/center_drift.hpp"
#include "vitrum/fem/correlation_length.hpp"
#include "vitrum/fem/gain.hpp"
#include "vitrum/fem/map_correlation.hpp"
#include "vitrum/fem/pattern_flags.hpp"
#include "vitrum/fem/pattern_sums.hpp"
#include "vitrum/fem/peaks.hpp"
#include "vitrum/fem/ring_center.hpp"
#include "vitrum/fem/variance.hpp"

namespace vitrum::app {

struct FemSeries {
  std::string path;
  double probe_size_nm = not_given, temperature_c = not_given;
  frames::SeriesInfo info;
  fem::RingFit ring; // its radius is NaN where the centre was given and no ring found
  bool center_given = false;
  fem::KScale scale;
  bool calibrated = false; // k in 1/nm; else in pixels
  std::string calibration; // where the scale comes from
  frames::Mask mask;
  std::vector<float> dark, factor;
  std::vector<double> equal; // [pattern] scale to equal intensity; empty: none
  std::optional<fem::CenterDrift> drift;
  std::vector<std::uint8_t> use; // [pattern]
  fem::PolarMap map;
  fem::DetectorNoise noise;
  fem::Variances variances;
  std::optional<fem::CellVariance> cells;
  bool table = false;           // V(k) came as a table: there are no patterns
  fem::VarianceProfile profile; // what leads, in rings of enough pixels
  fem::PeakFit peaks;
  std::vector<double> mean_image; // [pixel] counts
  std::vector<float> variance_image;
  double mean_counts = 0;                // of the pixels in rings
  Index scan_rows = 0, scan_columns = 0; // 0: the patterns are in no scan
  std::vector<Index> number;             // [used pattern] its place in the series
  std::vector<double> local;             // [used pattern] variance within the ring of the peak
  fem::PatternFlags flags;
  std::optional<fem::AngularCorrelation> angular;
  std::optional<fem::MapCorrelation> tau;
  std::string tau_map;
  bool gain_measured = false;
  fem::GainFit gain;
  double resolution = 0; // of its rings, as peaks are fitted
  std::vector<std::string> notes, warnings;
};

struct FemRun {
  std::vector<FemSeries> series;
  fem::Variance leading = fem::Variance::image;
  bool unbiased = false;
  fem::StrattonVoyles stratton_voyles;
  fem::PairPersistence pair_persistence;
  std::vector<fem::SizedPeak> sized; // first peaks by probe size; empty without sizes
  std::optional<fem::PeakPair> pair; // how the first peak is two, where a series resolves it
  std::vector<std::string> warnings;

  /// The curve that leads, without its bias if so asked.
  [[nodiscard]] std::vector<double> value(const FemSeries& one) const;
};

/// Dark and flat field of images of mean counts.
void correct_mean(std::vector<double>& mean, const FemSeries& series);
/// Throws OptionError for settings that make no sense whatever the patterns are.
void validate(const FemOptions& options);
[[nodiscard]] fem::PeakOptions peak_options(const FemOptions& options);

/// Masks, centre, scale and rings of one series, from a look at up to a few hundred patterns.
[[nodiscard]] FemSeries prepare_fem(const std::string& path,
                                    const FemOptions& options,
                                    Series& series,
                                    const Monitor& monitor);

/// One value per series: given for each, or one for all where that makes sense, or none (NaN).
[[nodiscard]] std::vector<double> per_series(const std::string& flag,
                                             const std::vector<std::string>& list,
                                             std::size_t series,
                                             bool one_for_all);
/// Lengths follow from series of different probe sizes; several temperatures may share one.
void check_sizes(const std::vector<std::string>& patterns,
                 const std::vector<double>& probe,
                 bool temperatures);
/// Files sorted by name (1.3nm before 1nm) are not sorted by size: where one knows its own, it must
/// be the one that was given, and where names state those of each other they are refused, too.
/// Returns warnings of names that state other sizes.
[[nodiscard]] std::vector<std::string> check_known_sizes(const std::vector<std::string>& patterns,
                                                         const std::vector<double>& probe,
                                                         const InputFlags& input);

/// V(k) from a table of k, V and its error.
[[nodiscard]] FemSeries read_fem_table(const std::string& path, const FemOptions& options);
/// Whether the name is that of a table.
[[nodiscard]] bool is_table(const std::string& path);

/// Throws OptionError for settings that make no sense for a model.
void validate_model(const FemOptions& options, bool patterns);
/// V(k) of an atomic model for each probe size, as series that came as tables.
[[nodiscard]] std::vector<FemSeries> model_series(const FemOptions& options,
                                                  const Monitor& monitor);

/// Size of --cells. Throws OptionError.
[[nodiscard]] fem::CellOptions cell_options(const FemOptions& options);
/// Rows and columns of the scan from --scan or the file. Throws DataError when they do not fit.
void take_scan(FemSeries& series, const FemOptions& options);
/// Leaves out places outside of --thickness-range. Throws DataError when the map does not fit.
void filter_thickness(FemSeries& series, const FemOptions& options);
/// Scales that give each pattern the intensity of the mean on the first ring.
void equalise(FemSeries& series, const fem::PatternSums& sums);
/// Gain, reading noise and what the detector spreads.
[[nodiscard]] fem::DetectorNoise noise_of(const FemOptions& options);
/// How the camera spreads counting noise over pixels. Throws DataError that names the table.
[[nodiscard]] fem::NoiseCorrelation noise_correlation_of(const FemOptions& options);
/// How the centre moves: patterns of the series are moved back, or a warning says that they should
/// be. `images`: means of parts, made again where patterns were moved.
void follow_centers(FemSeries& series,
                    const FemOptions& options,
                    Series& source,
                    Index parts,
                    const Monitor& monitor);
/// Local variance and flags of each pattern; warnings name what was found.
void examine_patterns(FemSeries& series, const fem::PatternSums& sums, const FemOptions& options);
/// Leaves out patterns of the kinds of --leave-out that are flagged; false: there are none.
bool leave_out_flagged(FemSeries& series, const FemOptions& options);
void add_places(Tree& group, const FemSeries& series);
/// Cells and symmetries of the rings about the first peak, in one more pass over the patterns.
void pass_single_patterns(FemSeries& series,
                          Series& source,
                          const FemOptions& options,
                          const fem::SumOptions& sums,
                          const Monitor& monitor);
/// Local variance against the relaxation times of a result of vitrum ecm.
void correlate_with_tau(FemSeries& series, const FemOptions& options);
void add_symmetries(Tree& group, const FemSeries& series);

/// Peaks of each series.
void find_peaks(FemRun& run, FemSeries& series, const FemOptions& options);
/// Correlation lengths from the first peaks of all.
void find_lengths(FemRun& run, const FemOptions& options);
/// What changed between another state and this one, from its result.
void add_comparison(Tree& tree, const FemRun& run, const Tree& before, const std::string& path);

/// What was found in a few sentences, for the page of the result.
[[nodiscard]] std::string summary_of(const FemRun& run);
/// The whole result.
void add_fem(Tree& tree, const FemRun& run);

} // namespace vitrum::app
