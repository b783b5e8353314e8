// The part of a drifting sample that all frames see, as fluctuations of its pixels: drift taken
// out, intensity normalised, loaded a few rows at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/ecm/drift.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

/// How frames are moved back.
enum class Shift {
  sinc,  // by fractions of a pixel with a windowed sinc of 12 taps, a Fourier shift without its
         // wrap: frequencies that carry speckle pass unchanged, so that correlations at lags above
         // zero are those of the unmoved sample
  whole, // to the nearest pixel: values stay those of the camera, displacements of up to half a
         // pixel remain and take away part of the correlation
};
/// What the intensity of a frame is divided by.
enum class DoseScheme {
  frame_mean, // the frame's own mean: all changes of the beam
  trend,      // a quadratic in time fitted to the logarithm of the means: slow changes alone
  none,       // the mean of the series
};
[[nodiscard]] std::string_view name_of(Shift shift);       // "sinc", "whole"
[[nodiscard]] std::string_view name_of(DoseScheme scheme); // "frame-mean", "trend", "none"
[[nodiscard]] Shift parse_shift(std::string_view name);    // these throw OptionError with the names
[[nodiscard]] DoseScheme parse_dose_scheme(std::string_view name);

struct FieldOptions {
  Shift shift = Shift::sinc;
  DoseScheme dose = DoseScheme::frame_mean;
  double pedestal = 0;           // counts, subtracted from every pixel
  std::vector<float> dark;       // [y, x] counts, subtracted; empty: none
  std::vector<std::uint8_t> use; // [y, x]: 0 = the camera's bad pixels, replaced by the mean of
                                 // those around them; empty: all are good
  double smooth_px = 32; // each pixel is divided by the time mean smoothed with a Gaussian of this
                         // standard deviation: thickness, illumination. 0: not at all
  Index bin = 1;         // bin × bin pixels are averaged
};
/// Throws OptionError.
void validate(const FieldOptions& options);

class Field {
public:
  /// `frame_mean` [frame] and `time_mean` [y, x] are of the raw counts. Throws DataError when the
  /// drift leaves no common field, or when the mean without pedestal and dark is not positive.
  Field(frames::FrameSource& source,
        std::span<const std::uint8_t> bad,
        DriftPath path,
        std::span<const double> frame_mean,
        std::span<const double> time_mean,
        FieldOptions options);

  [[nodiscard]] Index rows() const { return rows_; } // of binned pixels
  [[nodiscard]] Index columns() const { return columns_; }
  [[nodiscard]] Index pixels() const { return rows_ * columns_; }
  /// Place of binned pixel (0, 0)'s first pixel in the first good frame.
  [[nodiscard]] Index first_y() const { return first_y_; }
  [[nodiscard]] Index first_x() const { return first_x_; }
  [[nodiscard]] const std::vector<std::uint8_t>& valid() const { return valid_; } // [frame]
  [[nodiscard]] const std::vector<double>& dose() const {
    return dose_;
  } // [frame], counts divided by
  [[nodiscard]] const DriftPath& path() const { return path_; }
  [[nodiscard]] const FieldOptions& options() const { return options_; }

  /// Fluctuations y of rows first … first + count − 1 in all frames; strip pixel (r − first) ·
  /// columns + c.
  [[nodiscard]] Strips load(Index first, Index count, const Monitor& monitor = silent()) const;
  /// Whole frames first … first + count − 1, [row, column], zeros in gaps; `take` is called from
  /// any thread, once for each.
  void frames(Index first,
              Index count,
              const std::function<void(Index frame, std::span<const float> values)>& take) const;
  [[nodiscard]] frames::FrameSource& source() const { return source_; }

private:
  void walk(Index first,
            Index count,
            Index row,
            Index rows,
            const std::function<void(Index frame, std::span<const float> values)>& take) const;
  void rows_of(const float* raw, Index frame, Index first, Index count, float* out) const;

  frames::FrameSource& source_;
  DriftPath path_;
  FieldOptions options_;
  Index rows_ = 0, columns_ = 0, first_y_ = 0, first_x_ = 0;
  std::vector<std::uint8_t> valid_;
  std::vector<double> dose_;
  std::vector<float> inverse_background_; // [y, x] of the field before binning
};

/// Share of the correlation that moving frames costs at lags above zero, for speckle of that size
/// (1/e radius of the correlation of the intensity): for `whole` the mean over fractions of a
/// pixel.
[[nodiscard]] double shift_loss(Shift shift, double speckle_px);

} // namespace vitrum::ecm
