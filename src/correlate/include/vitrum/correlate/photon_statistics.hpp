// Histograms of the counts of a pixel in exposures of 1, 2, 4, … frames: the data of X-ray speckle
// visibility spectroscopy.
#pragma once
#include <vector>

#include "vitrum/core/count_histogram.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/count_matrix.hpp"

namespace vitrum::correlate {

struct PhotonStatisticsOptions {
  Index max_exposure = 0;     // frames; 0: as long as `fewest_exposures` allows
  Index fewest_exposures = 8; // complete ones that an exposure needs to be taken up
};
/// Throws OptionError.
void validate(const PhotonStatisticsOptions& options);

/// One length of exposure. Exposures follow each other without overlap, the first begins with the
/// first frame; one that holds a gap is left out.
struct ExposureCounts {
  Index frames = 1;                       // summed
  Index exposures = 0;                    // complete
  Index left_out = 0;                     // with a gap
  std::vector<CountHistogram> histograms; // [group, static bin], over pixels and exposures
};

struct PhotonStatistics {
  Index groups = 1;      // jackknife groups of pixels
  Index static_bins = 1; // within each of which the mean intensity is taken as constant
  std::vector<ExposureCounts> exposures;
};

/// Histograms of one bin. Throws DataError when not even single frames are enough.
[[nodiscard]] PhotonStatistics make_photon_statistics(const CountMatrix& counts,
                                                      const PhotonStatisticsOptions& options = {},
                                                      const Monitor& monitor = silent());

} // namespace vitrum::correlate
