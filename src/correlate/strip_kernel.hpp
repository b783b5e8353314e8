// Lag products of 16 pixels at once.
#pragma once
#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

inline constexpr Index strip_width = 16; // pixels: one cache line of floats
inline constexpr Index strip_lags = 8;   // lags per pass

/// out[j, pixel] = Σ_t y[t, pixel] · y[t + lag + j, pixel], t in [0, frames − lag − j), j in [0,
/// lags), lags <= strip_lags. `y` is [frame, strip_width], aligned to 64 bytes. Float products are
/// summed in floats over 256 frames, then in doubles.
void lag_products(const float* y, Index frames, Index lag, Index lags, double* out);

} // namespace vitrum::correlate
