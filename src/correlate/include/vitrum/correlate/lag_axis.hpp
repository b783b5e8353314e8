// Lags sorted into bins: every lag its own, or so many per decade.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

enum class LagSpacing { linear, logarithmic };

struct LagOptions {
  LagSpacing spacing = LagSpacing::logarithmic;
  Index per_decade = 5;      // bins per decade of a logarithmic axis (R24: 5)
  Index max_lag = 0;         // largest lag in frames; 0: all lags the series allows
  bool include_zero = false; // lag 0 carries shot noise
};

void validate(const LagOptions& options);

/// Edges of the bins: bin k holds the lags [edges[k], edges[k + 1]). On a logarithmic axis lag l
/// falls into bin floor(per_decade · log10 l); bins without a lag are left out, so the first lags
/// stay single while the spacing is below one. Throws DataError for fewer than two frames.
[[nodiscard]] std::vector<Index> make_lag_edges(Index frames, const LagOptions& options = {});

} // namespace vitrum::correlate
