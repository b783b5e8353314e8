// The statistic of `find_events`: how much correlation is lost across each frame, and the width of
// its noise there. Internal.
#pragma once
#include <vector>

#include "vitrum/aging/map_rows.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::aging {

/// D(t) as a share of C around it, the mean around it and the mean across it, C − 1; NaN where not
/// judged. Relative to C because the noise of C grows with the contrast that the speckles of the
/// moment happen to have: in absolute terms its width wanders and its tails are heavier.
struct DropStatistic {
  Index block = 0;
  std::vector<double> drop, around, across;
  std::vector<double> loss; // of C between the short and the long lags of a block, as a share too
};
[[nodiscard]] DropStatistic make_statistic(const Band& band, Index block);

/// D centred and scaled. Its noise has two parts: counts and pixels, which know no age, and the
/// chance of which speckles relax within a block, of a variance proportional to how many do. So
///     var D(t) = s(t)² [a + b·L(t)],
/// L(t) the loss of correlation over a block in the neighbourhood, linear in t there; a and b from
/// the whole series by the likelihood of a normal D; s(t) from the neighbourhood, for what else may
/// change (the beam). Without L the noise of fast dynamics in an aging series is taken for that of
/// its slower neighbours: 9 times the false alarms asked for. What is within two blocks of a value
/// does not count for its own scale, and outliers do not count for anyone's.
///
/// The width is known from few values, least well where L is far from that of the neighbourhood: to
/// first order in s and in θ = b/a its square has the relative variance
///     2/ν(t) = 2 S [1/m + (g(t) − ḡ) (g(t) + ḡ − 2⟨g⟩) / Σ (g − ⟨g⟩)²],   g = ∂ ln(1 + θ L)/∂θ,
/// m values in the neighbourhood, ḡ their mean g, ⟨g⟩ and the sum those of the series (both parts
/// come from the same values, hence the product), S = Σ_k ρ(k)² for the autocorrelation ρ of D. So
/// D over its width has Student's distribution of ν(t) degrees of freedom; `z` is the normal
/// deviate as improbable. At the ends a value has a share in the slope θ that it is judged by:
/// there z is a little too small for large D, never too large.
struct ScaledStatistic {
  std::vector<double> z, centre, width;
  double degrees = 0; // of freedom behind the mean width of the series
  std::vector<double> correlation;
};
[[nodiscard]] ScaledStatistic scale(const DropStatistic& statistic);

} // namespace vitrum::aging
