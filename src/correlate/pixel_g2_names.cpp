#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/correlate/pixel_g2.hpp"

namespace vitrum::correlate {

std::string_view name_of(PixelNormalization normalization) {
  switch (normalization) {
  case PixelNormalization::plain:
    return "plain";
  case PixelNormalization::symmetric:
    return "symmetric";
  case PixelNormalization::symmetric_bin:
    break;
  }
  return "symmetric-bin";
}

std::string_view formula_of(PixelNormalization normalization) {
  switch (normalization) {
  case PixelNormalization::plain:
    return "g2(lag) = < <I(t) I(t+lag)>_t / <I>_t^2 >_p, <I>_t over the whole series of each pixel "
           "p; "
           "too low for series that are not many times longer than the relaxation";
  case PixelNormalization::symmetric:
    return "g2(lag) = < <I(t) I(t+lag)>_t / (<I(t)>_t <I(t+lag)>_t) >_p, means over the pairs of "
           "the "
           "lag; too low for series that are not many times longer than the relaxation";
  case PixelNormalization::symmetric_bin:
    break;
  }
  return "g2(lag) = < <G>_s / (<IP>_s <IF>_s) >_s, G = <I(t) I(t+lag)>_t, IP = <I(t)>_t, IF = "
         "<I(t+lag)>_t of each pixel, <>_s over the pixels of a static bin, then the mean over "
         "static "
         "bins";
}

PixelNormalization parse_pixel_normalization(std::string_view name) {
  for (const auto n : {PixelNormalization::plain,
                       PixelNormalization::symmetric,
                       PixelNormalization::symmetric_bin})
    if (name == name_of(n))
      return n;
  throw OptionError(
      fmt::format("normalization = {}: must be plain, symmetric or symmetric-bin", name));
}

void validate(const PixelG2Options& options) {
  if (options.per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be positive", options.per_decade));
  if (options.max_lag < 0)
    throw OptionError(fmt::format("max_lag = {}: must not be negative", options.max_lag));
  if (options.channels_per_level < 2 || options.channels_per_level % 2 != 0)
    throw OptionError(fmt::format("channels_per_level = {}: must be even and positive",
                                  options.channels_per_level));
  if (options.lags == PixelLags::multi_tau && options.method == PixelMethod::transforms)
    throw OptionError("method = transforms: multi-tau is made of sums");
  if (options.levels < 0)
    throw OptionError(fmt::format("levels = {}: must not be negative", options.levels));
}

} // namespace vitrum::correlate
