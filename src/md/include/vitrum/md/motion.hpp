// How atoms move: mean square displacement, non-Gaussian parameter, self-intermediate scattering,
// overlap with its variance χ4, van Hove function. Streams frame by frame; errors by regions of the
// box, as origins that lie within a lag of each other tell the same.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/atoms/configuration.hpp"

namespace vitrum::md {

struct MotionOptions {
  double frame_time = 1;
  double q = 7;            // of F_s(q, t), averaged over directions
  double overlap = 0.3;    // distance within which an atom has stayed
  Index per_decade = 8;    // lags
  Index origins = 24;      // evenly over the run
  Index blocks = 6;        // of origins, for the error of χ4; never shorter than the lag
  double van_hove_max = 2; // end of G_s(r, t)
  Index van_hove_bins = 100;
};

/// A function of lag with its standard error, NaN where there is none.
struct LagCurve {
  std::vector<double> value, error;
  std::vector<std::vector<double>> without; // [region][lag] the value without one region of the box
};

/// Of one set of atoms.
struct Motion {
  std::string name; // "all", or the species
  Index atoms = 0;
  LagCurve msd;     // <|Δr|²>
  LagCurve alpha2;  // 3<r⁴>/5<r²>² − 1
  LagCurve self;    // F_s(q, t) = <sin(qΔr)/(qΔr)>
  LagCurve overlap; // Q(t)/N
  LagCurve chi4;    // (<Q²> − <Q>²)/N over origins
};

struct VanHove {
  std::vector<double> r;
  std::vector<Index> lags;                  // frames
  std::vector<std::vector<double>> density; // [lag][r]: 4πr² G_s(r, t), of all atoms
};

struct MotionResult {
  std::vector<Index> lags; // frames
  std::vector<double> times;
  std::vector<Index> origins; // [lag] how many
  std::vector<Motion> sets;   // all atoms first, then the species
  VanHove van_hove;
};

class MotionCounter {
public:
  MotionCounter(const MotionOptions& options,
                std::span<const std::int32_t> species,
                const std::vector<std::string>& names,
                Index frames);
  /// The next frame; positions must be unwrapped. The motion of the centre of mass, which a
  /// thermostat may make, is not taken out.
  void add(const atoms::Configuration& frame);
  [[nodiscard]] MotionResult result() const;

private:
  struct Sums { // over atoms and origins
    double r2 = 0, r4 = 0, self = 0, overlap = 0;
    void operator+=(const Sums& o) { add(o, 1); }
    void operator-=(const Sums& o) { add(o, -1); }

  private:
    void add(const Sums& o, double sign) {
      r2 += sign * o.r2;
      r4 += sign * o.r4;
      self += sign * o.self;
      overlap += sign * o.overlap;
    }
  };
  struct Origin {
    Index frame = 0;
    std::vector<atoms::Vector> at;
    std::vector<std::vector<double>> overlap; // [lag][set]
  };
  void find_regions(const atoms::Configuration& frame);
  MotionOptions options_;
  std::vector<std::int32_t> species_;
  std::vector<std::string> names_;
  std::vector<Index> counts_; // [set]
  Index frames_, added_ = 0, every_ = 1;
  std::vector<Index> lags_;
  std::vector<Origin> origins_;
  std::vector<std::size_t> region_;          // [atom] where it was in the first frame
  std::vector<Index> members_;               // [region · sets + set]
  std::vector<std::vector<Sums>> by_region_; // [lag][region · sets + set]
  std::vector<Index> reached_;               // [lag] origins
  std::vector<Index> van_hove_lags_;
  std::vector<std::vector<Index>> van_hove_;
};

/// Lags from 1 to `longest`, `per_decade` to a decade, each once.
[[nodiscard]] std::vector<Index> log_lags(Index longest, Index per_decade);

/// Straight line through ln y against ln x between two x, weighted by errors: the slope with its
/// error, which of curves by regions is that of leaving regions out (points share their atoms),
/// else that of independent points. It does not contain that the curve is no straight line. NaN
/// with fewer than three points.
struct PowerSlope {
  double exponent = 0, error = 0, prefactor = 0;
};
[[nodiscard]] PowerSlope
fit_slope(std::span<const double> x, const LagCurve& y, double from, double to);

} // namespace vitrum::md
