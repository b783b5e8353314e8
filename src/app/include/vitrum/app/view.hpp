// What a viewer asks of results: what lies in a folder, figures and numbers of a result, parts of
// its two-time maps, and g2 with its fit of any range of ages at once.
#pragma once
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/app/settings.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/fit/decay_fit.hpp"
#include "vitrum/plot/figure.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::app {

struct ViewOptions {
  std::vector<std::string> inputs; // a result or a folder; none: the folder one is in
  std::string host = "127.0.0.1";
  Index port = 0; // 0: one that is free
  std::string token;
  bool no_browser = false;
  bool no_jobs = false; // show only: nothing can be started, and a folder needs no token
};
[[nodiscard]] Settings describe(ViewOptions& options);

/// A number as people write it, with what programs sort by.
struct ShownNumber {
  std::string path; // as in report::scalars
  std::string label;
  std::string text; // "105 ± 3 s"
  double value = 0;
};

/// A file that a folder page lists.
struct FolderEntry {
  std::string path; // relative to the folder, with '/'
  std::string kind; // "xpcs", "ecm", …; "frames": a series; "": another HDF5 file
  std::string title, input, date, version;
  Index bytes = 0;
  Index modified = 0; // nanoseconds, of the file's clock: another number is another state
  std::vector<ShownNumber> numbers;
  std::string problem; // why a file that looks like a result cannot be read
};

/// Files below a folder (canonical), relative to it, in alphabetical order: three levels deep, at
/// most 2000, without hidden ones and without those that links bring in from outside. Never throws.
[[nodiscard]] std::vector<std::string> files_below(const std::filesystem::path& folder);

/// Results below a folder , by path. What was read once is
/// kept until the file changes. Thread-safe.
class FolderList {
public:
  explicit FolderList(std::filesystem::path folder);
  [[nodiscard]] std::vector<FolderEntry> entries();

private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<FolderEntry> known_;
};

/// Main numbers of a result, those that a list shows.
[[nodiscard]] std::vector<ShownNumber> main_numbers(const Tree& result);
/// All of them.
[[nodiscard]] std::vector<ShownNumber> all_numbers(const Tree& result);

struct FigureChoice {
  std::string name, title;
  std::string each; // "", "bin", "page" or "series": what `count` counts
  Index count = 1;
};

/// One layer of a stored two-time map: means over factor × factor frames.
struct MapLayer {
  Index factor = 1, size = 0;
};

struct MapFacts {
  Index bin = 1;
  std::string title; // "bin 2, q = 2.68 Å⁻¹"
  Index frames = 0;
  double frame_time_s = 0;
  double first_s = 0, last_s = 0; // outer edges of the first and the last frame
  std::string time_unit = "s";    // of all that is named _s; a simulation has its own: "τ"
  std::vector<MapLayer> layers;   // the finest first
};

/// Ages of events and stretches of dynamics of one bin.
struct MapMark {
  std::string kind;               // "event", "segment"
  double first_s = 0, last_s = 0; // equal for an event
  std::string text;
};

struct MapTile {
  Index rows = 0, columns = 0;
  std::vector<float> values; // [t2, t1]
};

enum class CutDirection { horizontal, vertical, diagonal };
/// Throws OptionError that lists the names.
[[nodiscard]] CutDirection parse_cut(const std::string& name);

struct MapCut {
  std::string label;                 // "C(t₁, t₂ = 120.5 s)"
  std::vector<double> time_s, value; // NaN in gaps
  std::string time_unit = "s";
};

/// g2 of the pairs of frames whose age lies in a range.
struct RangeG2 {
  double first_s = 0, last_s = 0; // of whole frames
  std::vector<double> lag_s, value, error;
  std::vector<fit::FitResult> fits; // one per model
  std::string time_unit = "s";
  bool pixel_errors = false; // errors know the pixels; else from blocks of time alone
};

/// What is known of one pixel of a map of relaxation times.
struct PixelFacts {
  Index row = 0, column = 0;
  std::vector<ShownNumber> numbers; // place, tau, exponent, contrast, …, as far as they are known
  std::string status;               // of its fit; "accepted" or why it is not
  bool has_g2 = false;              // the result keeps the g2 of its pixels
};

struct MapWindow {
  double x_first = 0, x_last = 0, y_first = 0, y_last = 0; // seconds; all zero: the whole map
  double lower = plot::automatic, upper = plot::automatic; // of the colours
  plot::ColourMap colours = plot::ColourMap::viridis;
  bool diagonal = false; // show the noise of counting at t1 = t2
};

/// The curves as figures, with all limits filled in.
[[nodiscard]] plot::Figure make_figure(const RangeG2& g2);
[[nodiscard]] plot::Figure make_figure(const MapCut& cut);
/// Everything that a figure shows as a table: panel, series, x, y, error of y. Maps are left out.
[[nodiscard]] std::string figure_csv(const plot::Figure& figure);

/// One result, opened. All functions may be called from several threads. Bins count from 1; a bin
/// or figure that the result does not have throws DataError.
class ResultView {
public:
  /// Throws FileError, FormatError.
  explicit ResultView(const std::string& path);
  ~ResultView();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const Tree& tree() const { return tree_; }

  [[nodiscard]] std::vector<FigureChoice> figures() const;
  /// With all limits filled in.
  [[nodiscard]] plot::Figure figure(const std::string& name, Index number) const;
  /// A small picture for lists.
  [[nodiscard]] std::string thumbnail_png() const;

  [[nodiscard]] std::vector<MapFacts> maps() const;
  [[nodiscard]] std::vector<MapMark> marks(Index bin) const;
  /// Rows and columns [row, row + rows) × [column, column + columns) of a layer, clipped to it.
  /// Without `diagonal` an element at t1 = t2 is the mean of its finite neighbours.
  [[nodiscard]] MapTile
  tile(Index bin, Index factor, Index row, Index column, Index edge, bool diagonal) const;
  /// Percentiles (0 to 100) of the map without its diagonal.
  [[nodiscard]] std::pair<double, double> limits(Index bin, double lower, double upper) const;
  [[nodiscard]] MapCut cut(Index bin, CutDirection direction, double at_s) const;
  /// Mean counts of the bin in each frame; empty when the result does not know them.
  [[nodiscard]] MapCut intensity(Index bin) const;
  /// g2 of the ages [first_s, last_s) and its fits; of the result's own convention of age.
  [[nodiscard]] RangeG2
  range_g2(Index bin, double first_s, double last_s, const std::vector<std::string>& models) const;
  /// The map as it is seen, with axes, colours and the intensity below.
  [[nodiscard]] plot::Figure
  map_figure(Index bin, const MapWindow& window, Index cells = 1200) const;
  /// The part of the map that is seen, as numbers: full resolution up to 2048 × 2048, else the
  /// finest layer of at most as many. CSV text, or the bytes of an NPZ with C, t1_s, t2_s.
  [[nodiscard]] std::string map_csv(Index bin, const MapWindow& window) const;
  [[nodiscard]] std::string map_npz(Index bin, const MapWindow& window) const;

  /// Definitions of the variance with their titles; empty for results of other kinds.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> variance_definitions() const;
  /// Whether counts per electron were known, so that shot noise could be taken off.
  [[nodiscard]] bool knows_shot_noise() const;
  [[nodiscard]] plot::Figure
  variance_figure(const std::string& definition, bool shot_noise, bool few_patterns) const;
  /// Names of the maps of pixels with their titles; empty for results without any.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pixel_maps() const;
  /// The map, or how its values are distributed, of the pixels in a range of it.
  [[nodiscard]] plot::Figure pixel_map(const std::string& name, double lower, double upper) const;
  [[nodiscard]] plot::Figure
  pixel_histogram(const std::string& name, double lower, double upper) const;
  /// "1234 of 6560 accepted pixels"
  [[nodiscard]] std::string
  pixels_between(const std::string& name, double lower, double upper) const;
  /// By its place on the map. Throws DataError outside of it.
  [[nodiscard]] PixelFacts pixel(double x_nm, double y_nm) const;
  /// g2 with its fit. Throws DataError when the result does not keep it.
  [[nodiscard]] plot::Figure pixel_figure(double x_nm, double y_nm) const;

private:
  struct Part;
  struct Maps;
  [[nodiscard]] Part part(Index bin, const MapWindow& window, Index cells) const;
  [[nodiscard]] std::vector<double> numbers_or_none(const std::string& name) const;

  std::string path_;
  Tree tree_;
  std::unique_ptr<Maps> maps_;
};

/// What of a series of frames is seen.
struct FrameWindow {
  Index first = 0, count = 1;  // the mean of `count` frames
  std::string mask, partition; // files; "": none
  bool logarithmic = false;
  double lower_percentile = 0.5, upper_percentile = 99.5;
};

/// Frames as they come from a detector, opened. Thread-safe.
class SeriesView {
public:
  /// `path` may name a dataset, "file.h5::/entry/data". Throws FileError, FormatError.
  explicit SeriesView(const std::string& path);
  ~SeriesView();

  [[nodiscard]] Index frames() const;
  /// What `vitrum info` says of it.
  [[nodiscard]] std::vector<ShownNumber> facts() const;
  [[nodiscard]] std::vector<std::string> problems() const;
  /// With all limits filled in. Throws OptionError for frames that are not there, DataError for a
  /// mask or partition of another shape.
  [[nodiscard]] plot::Figure figure(const FrameWindow& window) const;

private:
  struct Opened;
  std::unique_ptr<Opened> opened_;
};

} // namespace vitrum::app
