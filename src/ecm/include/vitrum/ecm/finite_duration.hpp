// What a series of finite length does to correlation functions of pixels that are normalised by
// their own time means, and to fits of them.
#pragma once
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/fit/batch_kww.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::ecm {

/// D̄(k; τ, β) for D = exp(−2 (t/τ)^β), the mean of D(|i − j|) over i in [0, N − k) and j in [k, N),
/// as few vectors over the lags with tabulated coefficients, for fit_kww_batch: accurate to 1e-4.
/// Times are in seconds. Throws DataError for lags outside [1, frames).
[[nodiscard]] fit::DecayOffset
make_duration_offset(std::span<const Index> lags, Index frames, double frame_time_s);

/// For each lag D(k) − D̄(k) as a sum of D at some lags, for fit_decay: exact up to the
/// interpolation of D between close lags.
[[nodiscard]] std::vector<std::vector<fit::LagShare>>
duration_shares(std::span<const Index> lags, Index frames, double frame_time_s);

/// What a plain KWW fit finds on average in a stationary process when pixels are normalised by
/// their own time means.
struct ApparentKww {
  double tau_s = 0, kww_exponent = 0, contrast = 0; // contrast relative to the true one
};
[[nodiscard]] ApparentKww apparent_kww(double tau_s,
                                       double kww_exponent,
                                       std::span<const Index> lags,
                                       Index frames,
                                       double frame_time_s);

} // namespace vitrum::ecm
