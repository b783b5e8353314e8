// What the figures and tables need from the Tree of a result: absent parts are nullopt, parts of
// wrong shape throw DataError.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/tree.hpp"

namespace vitrum::report {

/// An array with its errors (NaN where there are none).
struct Quantity {
  std::string name, unit;
  std::vector<double> values, errors;
  bool whole = false; // integers in the file
};

/// One model's fit of each bin, or of each window of each bin [bin, window].
struct ModelFit {
  std::string model, formula, convention;
  std::vector<Quantity> quantities;
  std::vector<std::string> status, message;
  std::vector<double> curve; // [bin (, window), lag]; empty when absent

  [[nodiscard]] const Quantity* find(std::string_view name) const;
  /// kww_exponent or ml_exponent.
  [[nodiscard]] const Quantity* exponent() const;
  /// Whether the numbers at place `i` are a result: "converged", "near bound", or no status known.
  [[nodiscard]] bool good(Index i) const;
  [[nodiscard]] bool any_good() const;
};

struct Curves {
  std::vector<double> lag_s, values, errors; // [bin (, window), lag]
};

struct Windows {
  std::vector<double> age_s, age_first_s, age_last_s;
  [[nodiscard]] Index count() const { return static_cast<Index>(age_s.size()); }
};

struct Event {
  Index bin = 1;
  std::vector<std::pair<std::string, Quantity>> columns; // one value each
  double time_s = 0;
};

class Result {
public:
  /// Keeps a reference to the tree.
  explicit Result(const Tree& root);

  [[nodiscard]] const Tree& entry() const { return *entry_; }
  [[nodiscard]] Index bins() const { return bins_; }

  /// With errors from <path>_errors. Throws DataError unless the shape is `shape`.
  [[nodiscard]] std::optional<Quantity> quantity(const std::string& path,
                                                 const std::vector<Index>& shape) const;
  /// Values only, of any shape with `dimensions` dimensions.
  [[nodiscard]] std::optional<std::vector<double>> numbers(const std::string& path,
                                                           std::size_t dimensions) const;

  /// "bin 2", or "bin 2, q = 2.68 Å⁻¹". `bin` counts from 1.
  [[nodiscard]] std::string bin_title(Index bin) const;
  /// q of each bin; empty when unknown.
  [[nodiscard]] const std::vector<double>& q() const { return q_; }
  [[nodiscard]] const std::string& q_unit() const { return q_unit_; } // as shown
  /// "s", or the unit that a simulated series counts time in.
  [[nodiscard]] std::string time_unit() const;

  [[nodiscard]] std::optional<Curves> g2(const std::string& group = "g2") const;
  /// Of the g2 in `group`: those of g2 stand in fit, those of g2_pixel in fit_pixel.
  [[nodiscard]] std::vector<ModelFit> fits(const std::string& group = "g2") const;
  /// "" when not stated.
  [[nodiscard]] std::string preferred_model(Index bin, const std::string& group = "g2") const;
  /// The fits of the laws compared.
  [[nodiscard]] std::vector<ModelFit> compared_fits() const;

  /// The fits of contrast against exposure.
  [[nodiscard]] std::vector<ModelFit> exposure_fits() const;

  [[nodiscard]] std::optional<Windows> windows() const;
  [[nodiscard]] std::vector<ModelFit> window_fits() const;
  [[nodiscard]] std::vector<Event> events() const;

  /// Whether the result carries a truth that is one g2 for the whole series. A virtual experiment
  /// that ages or has events has a truth of two times instead.
  [[nodiscard]] bool stationary_truth() const;

private:
  [[nodiscard]] std::vector<ModelFit> read_fits(const std::string& group,
                                                const std::vector<Index>& shape) const;
  const Tree* entry_;
  Index bins_ = 0;
  std::vector<double> q_;
  std::string q_unit_;
};

/// Where the fits of the g2 in `group` stand: "fit" for "g2", "fit_pixel" for "g2_pixel".
[[nodiscard]] std::string fit_group(const std::string& group);

/// Place in the order in which people read the numbers of a fit; unknown names come last.
[[nodiscard]] int quantity_rank(const std::string& name);

/// values[first, first + size) of a row-major array.
[[nodiscard]] std::span<const double>
row(const std::vector<double>& values, Index number, Index size);
[[nodiscard]] std::vector<double>
row_copy(const std::vector<double>& values, Index number, Index size);

} // namespace vitrum::report
