// Relaxation times from how the speckle contrast falls with the length of the exposure: X-ray
// speckle visibility spectroscopy.
#pragma once
#include <vector>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

/// The detector while an exposure is taken: `frames` frames are summed, one starts `frame_time_s`
/// after the other, and each is open for `open_s` (0: an instant; frame_time_s: without a break).
struct Exposure {
  Index frames = 1;
  double frame_time_s = 1;
  double open_s = 1;
};

/// Shares of the lags in the contrast of an exposure, of sum one. Without a break
///     contrast(T) = (2/T) ∫₀ᵀ (1 − t/T) contrast·decay(t) dt,  T = frames·frame_time_s
/// (Bandyopadhyay et al., Rev. Sci. Instrum. 76 (2005) 093110); else
///     contrast(N) = (1/N) [B(0) + 2 Σ_k (1 − k/N) B(k)],
/// B(k) = ∫ max(0, 1 − |u|/open)/open · decay(k·frame_time + u) du. To 1e-5 for any decay that is a
/// smooth function of ln t. Throws OptionError for open_s outside of [0, frame_time_s].
[[nodiscard]] std::vector<LagShare> exposure_shares(const Exposure& exposure);

/// Contrasts against exposure, errors from `deviation` [rank, exposure] (their products are the
/// covariance) or `sigma`.
struct ExposureData {
  std::vector<Exposure> exposure;
  std::vector<double> contrast;
  std::vector<double> sigma;
  std::vector<double> deviation;
};

/// As fit_decay: parameters contrast (of an instant), baseline (what never decays, held at zero
/// unless `options` says otherwise), tau_s, …; curve is the contrast at each exposure.
[[nodiscard]] FitResult
fit_exposure(models::DecayModel model, const ExposureData& data, FitOptions options = {});

} // namespace vitrum::fit
