// One-time functions of age windows from stored two-time maps, and windows that adapt to them.
#pragma once
#include <functional>
#include <vector>

#include "fit_stage.hpp"
#include "vitrum/aging/map_rows.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::app {

/// Reads rows row0 … row0 + count − 1 of a map, the columns 0 … row0 + count − 1 of each, one row
/// after the other. What is right of the diagonal is not used.
using StripReader = std::function<void(Index row0, Index count, float* strip)>;

/// One strip of rows at a time, as far as the diagonal.
[[nodiscard]] correlate::OneTimeFunctions one_time_of_map(Index frames,
                                                          Index strip_rows,
                                                          const StripReader& read,
                                                          const correlate::OneTimeOptions& options,
                                                          const Monitor& monitor);
[[nodiscard]] correlate::OneTimeFunctions one_time_of_map(const aging::MapRows& map,
                                                          const correlate::OneTimeOptions& options,
                                                          const Monitor& monitor);

/// Takes the bias of finitely many pixels off windows made from the map of bin `bin` (from 0) and
/// gives them the errors of the pixels, both as the result knows them. False where it has no errors
/// of pixels. Tells them of how many frames the cells of the map are.
bool set_pixel_statistics(std::vector<correlate::OneTime>& windows,
                          correlate::AgeConvention age,
                          const Tree& tree,
                          std::size_t bin);

/// Throws OptionError when the windows of the flags overlap.
void check_adaptive(const AgeFlags& flags);

/// [bin][window] of the maps.
using WindowCurves = std::function<std::vector<std::vector<correlate::OneTime>>(
    const std::vector<correlate::AgeWindow>&)>;

/// Joins the windows whose fits stand in entry/window as long as the dynamics of all bins stay
/// stationary (aging::join_stationary) and fits the joined ones instead.
void join_windows(Tree& tree,
                  const FitPlan& plan,
                  const AgeFlags& flags,
                  const std::vector<correlate::AgeWindow>& windows,
                  const WindowCurves& curves,
                  double frame_time_s,
                  const Monitor& monitor);

} // namespace vitrum::app
