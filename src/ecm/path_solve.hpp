// From displacements between pairs of frames to one path.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::ecm {

struct PathPair {
  Index first = 0, second = 0; // second > first
  double y = 0, x = 0;
  double variance = 0;
};

struct SolvedPath {
  std::vector<double> y, x;          // [frame], 0 at the first frame of a pair
  std::vector<double> weight_factor; // [pair]: Huber's weight, 1 where the pair agrees
  double residual_rms = 0;           // of the pairs, weighed
  std::vector<std::uint8_t> reached; // [frame]: 1 when pairs connect it with the first one
};

/// Least squares Σ w (d_second − d_first − D)² with Huber's weights (k = 2), from banded Cholesky:
/// time goes with frames × the square of the longest lag. Frames in no pair are placed between
/// their neighbours.
[[nodiscard]] SolvedPath
solve_path(Index frames, const std::vector<PathPair>& pairs, Index rounds = 8);
/// The same with the weights of another solution, for displacements seen by a part of the pixels.
[[nodiscard]] SolvedPath solve_path(Index frames,
                                    const std::vector<PathPair>& pairs,
                                    const std::vector<double>& weight_factor);

/// A path as smooth as the data say.
struct SmoothPath {
  std::vector<double> y, x; // [frame], 0 at the first frame of a pair; frames in no pair between
                            // their neighbours
  double step_px = 0;       // standard deviation of second differences for which the displacements
                            // are most likely
  double error_ratio = 1; // root mean square error about the mean of the path, relative to that of
                          // the path of least squares
};

/// Displacements have the precision of the pairs' weights up to one factor, which makes the error
/// of the path of least squares `error_px`, root mean square about its mean; the path's second
/// differences are normal and independent. Their variance is that of the largest marginal
/// likelihood, the path the mean given the data (Kitagawa and Gersch, Smoothness Priors Analysis of
/// Time Series, 1996, ch. 4).
[[nodiscard]] SmoothPath smooth_path(Index frames,
                                     const std::vector<PathPair>& pairs,
                                     const std::vector<double>& weight_factor,
                                     double error_px);

} // namespace vitrum::ecm
