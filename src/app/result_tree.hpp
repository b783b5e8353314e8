// From analysis results to the Tree of a result file; the layout is docs/file-layout.md.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/aging/windows.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/fit/decay_fit.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::app {

/// The attribute `processing` of intensities that no correction has touched.
inline constexpr const char* as_detected =
    "as detected: no dark subtracted, no flat field, static or frame correction";

/// An empty result: root, entry, process with program, version, date and command line.
[[nodiscard]] Tree make_result(const Invocation& invocation, const std::string& config);

/// A result made from another one: everything in it is kept, the program, date, command line and
/// settings are the new ones, the earlier command lines move to entry/process/history.
[[nodiscard]] Tree
continue_result(Tree from, const Invocation& invocation, const std::string& config);

/// Notes an input file with its size and checksum in entry/process.
void add_input(Tree& tree, const std::string& path);
/// When and as what the series was measured, from the facts of its file: entry/start_time,
/// end_time, entry_identifier, scan_number. What the file does not say is left out.
void add_measurement(Tree& tree, const std::vector<std::pair<std::string, std::string>>& facts);
/// Appends to entry/process/warnings and corrections.
void add_warning(Tree& tree, const std::string& text);
void add_correction(Tree& tree, const std::string& text);

/// entry/intensity: the mean of each frame as detected against time, NaN in gaps (`bad` not 0).
/// Returns the group.
Tree& add_intensity(Tree& tree,
                    std::vector<double> frame_mean,
                    std::span<const std::uint8_t> bad,
                    double frame_time_s);

/// The `axes` attribute of a signal of this shape. A dimension of length one has no axis (".") but
/// the last: viewers take an axis as long as the whole signal for the places of a scatter plot.
[[nodiscard]] std::vector<std::string> axes_of(const std::vector<Index>& shape,
                                               std::vector<std::string> names);

/// entry/bins.
void add_bins(Tree& tree,
              const std::vector<frames::Bin>& bins,
              const std::string& q_unit,
              const std::vector<Index>& pixels,
              const std::vector<double>& mean_counts);

/// entry/`group` (g2 or g2_pixel): one curve per bin, all on one lag axis.
void add_g2(Tree& tree,
            const std::string& group,
            const std::vector<correlate::OneTime>& bins,
            const std::vector<double>& q,
            const std::string& q_unit,
            double frame_time_s,
            const std::string& estimator);

/// entry/twotime/bin_<n>: a full square map, [t1, t2].
void add_map(
    Tree& tree, Index bin, std::vector<float> map, double frame_time_s, double first_s = 0);

/// entry/window without its fits: windows[bin][window].
struct WindowSet {
  std::vector<std::vector<correlate::OneTime>> g2;
  std::vector<std::vector<aging::Plateau>> short_time, long_time;
  std::string age_convention, plateau_convention, baseline_convention;
};
void add_windows(Tree& tree, const WindowSet& windows, double frame_time_s);

/// `group`/<model>: the fits of all bins (shape {bins}) or windows (shape {bins, windows}),
/// flattened in C order.
void add_fits(Tree& group,
              const std::vector<Index>& shape,
              const std::vector<fit::FitResult>& fits);

} // namespace vitrum::app
