// Colours and marks that mean the same in all figures of a report.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"
#include "vitrum/plot/figure.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {

inline constexpr plot::Colour data_colour = plot::black; // the page's text colour

[[nodiscard]] plot::Colour model_colour(Index model);
[[nodiscard]] plot::Line model_line(Index model);
[[nodiscard]] plot::Marker model_marker(Index model);

/// Adds the numbers of fits: those of good status as `points` says; the others, which neither join
/// the line nor widen the axis, as hollow marks without bars. When none is good there are no points
/// and the label says so. `first`: place of the first point in the arrays of the fit.
void add_fit_points(plot::Panel& panel, plot::Series points, const ModelFit& fit, Index first);

/// Whether the figure shows fits that are not good (add_fit_points).
[[nodiscard]] bool shows_doubtful(const plot::Figure& figure);

/// Bins by q along viridis with a colour bar when q is known and differs, else by the palette.
class BinColours {
public:
  explicit BinColours(const Result& result);
  [[nodiscard]] plot::Colour of(Index bin) const; // from 0
  [[nodiscard]] std::optional<plot::ColourBar> bar() const;

private:
  std::vector<double> q_; // empty: palette
  double lowest_ = 0, highest_ = 1;
  std::string unit_;
};

/// The unit as figures write it: those of simulations, too ("sigma" → "σ").
[[nodiscard]] std::string printed_unit(std::string_view unit);
/// That of an array of the result; "" where there is none.
[[nodiscard]] std::string printed_unit(const Result& result, const std::string& path);

/// Group of the finest level of a two-time map with at most `cells` rows, else of the coarsest that
/// is there; the group itself without levels.
[[nodiscard]] std::string best_level(const Tree& entry, const std::string& group, Index cells);

/// Vertical lines at events. Of more than a few only the first has a label, which counts them.
[[nodiscard]] std::vector<plot::Guide> event_guides(std::span<const Event> events);

} // namespace vitrum::report
