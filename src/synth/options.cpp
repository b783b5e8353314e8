#include <array>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/synth/xpcs.hpp"

namespace vitrum::synth {
namespace {

using models::DecayModel;

constexpr std::array<std::pair<FieldMethod, std::string_view>, 3> method_names{
    {{FieldMethod::automatic, "automatic"},
     {FieldMethod::modes, "modes"},
     {FieldMethod::circulant, "circulant"}}};
constexpr std::array<std::pair<Aging, std::string_view>, 4> aging_names{
    {{Aging::none, "none"},
     {Aging::exponential, "exponential"},
     {Aging::power, "power"},
     {Aging::profile, "profile"}}};

template <class Table, class T>
std::string_view name_in(const Table& table, T value) {
  for (const auto& [known, text] : table)
    if (known == value)
      return text;
  throw OptionError(fmt::format("value {} has no name", static_cast<int>(value)));
}

template <class Table>
auto parse_in(const Table& table, const char* what, std::string_view text) {
  std::string names;
  for (const auto& [known, name_of_it] : table) {
    if (name_of_it == text)
      return known;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of_it);
  }
  throw OptionError(fmt::format("{} '{}' is not known, expected one of {}", what, text, names));
}

void need(bool good, const char* what, double value, std::string_view rule) {
  if (!good)
    throw OptionError(fmt::format("{} = {}: must {}", what, value, rule));
}

void need(bool good, const char* what, Index value, std::string_view rule) {
  if (!good)
    throw OptionError(fmt::format("{} = {}: must {}", what, value, rule));
}

bool positive(double value) {
  return value > 0 && std::isfinite(value);
}

void validate_model(const XpcsOptions& o) {
  need(positive(o.tau_s), "tau_s", o.tau_s, "be positive");
  switch (o.model) {
  case DecayModel::exp:
    break;
  case DecayModel::kww:
  case DecayModel::kww2:
    need(o.exponent > 0 && o.exponent <= 2, "exponent", o.exponent, "lie in (0, 2]");
    break;
  case DecayModel::power_cutoff:
    throw OptionError("model = power-cutoff: has no virtual experiment");
  case DecayModel::ml:
  case DecayModel::ml_squared:
    need(o.exponent > 0 && o.exponent <= 1, "exponent", o.exponent, "lie in (0, 1]");
    break;
  }
  if (o.model == DecayModel::kww2) {
    need(o.fraction >= 0 && o.fraction <= 1, "fraction", o.fraction, "lie in [0, 1]");
    need(positive(o.tau2_s), "tau2_s", o.tau2_s, "be positive");
    need(o.exponent2 > 0 && o.exponent2 <= 2, "exponent2", o.exponent2, "lie in (0, 2]");
  }
  need(std::abs(o.q_power) <= 10, "q_power", o.q_power, "lie in [-10, 10]");
  need(std::isnan(o.q_reference) || positive(o.q_reference),
       "q_reference",
       o.q_reference,
       "be positive");
}

void validate_detector(const XpcsOptions& o) {
  need(o.modes >= 1 && o.modes <= 100, "modes", o.modes, "lie in 1 … 100");
  need(o.contrast > 0 && o.contrast * static_cast<double>(o.modes) <= 1 + 1e-12,
       "contrast",
       o.contrast,
       fmt::format("lie in (0, 1/modes] = (0, {:.4g}]", 1 / static_cast<double>(o.modes)));
  need(o.mean_counts >= 1e-4 && o.mean_counts <= 1e6,
       "mean_counts",
       o.mean_counts,
       "lie in [1e-4, 1e6]");
  need(std::isfinite(o.sq_slope), "sq_slope", o.sq_slope, "be finite");
  need(o.background >= 0 && o.background < 1, "background", o.background, "lie in [0, 1)");
  need(std::abs(o.drift) < 2, "drift", o.drift, "lie in (-2, 2)");
  need(o.jitter >= 0 && o.jitter <= 0.2, "jitter", o.jitter, "lie in [0, 0.2]");
  need(o.static_variance >= 0 && o.static_variance < 1,
       "static_variance",
       o.static_variance,
       "lie in [0, 1)");
  need(o.hot_pixels >= 0, "hot_pixels", o.hot_pixels, "not be negative");
  need(o.dead_pixels >= 0, "dead_pixels", o.dead_pixels, "not be negative");
  need(o.hot_pixels + o.dead_pixels < o.height * o.width,
       "hot_pixels + dead_pixels",
       o.hot_pixels + o.dead_pixels,
       "be less than the pixels of a frame");
  need(o.hot_factor >= 0 && o.hot_factor <= 1e4, "hot_factor", o.hot_factor, "lie in [0, 1e4]");
  if (o.type != frames::PixelType::u16 && o.type != frames::PixelType::u32)
    throw OptionError(fmt::format("type = {}: must be uint16 or uint32", frames::name_of(o.type)));
}

void validate_history(const XpcsOptions& o) {
  for (const Gap& gap : o.gaps)
    if (gap.first < 0 || gap.first >= gap.last || gap.last > o.frames)
      throw OptionError(
          fmt::format("gap {}:{}: must lie in the {} frames", gap.first, gap.last, o.frames));
  Index before = 0;
  for (const Event& event : o.events) {
    if (event.frame <= before || event.frame >= o.frames)
      throw OptionError(fmt::format(
          "event at frame {}: must lie in 1 … {}, events in order", event.frame, o.frames - 1));
    need(event.kept >= 0 && event.kept <= 1, "kept", event.kept, "lie in [0, 1]");
    before = event.frame;
  }
  if (!o.frame_contrast.empty() && static_cast<Index>(o.frame_contrast.size()) != o.frames)
    throw OptionError(
        fmt::format("frame_contrast: {} factors for {} frames", o.frame_contrast.size(), o.frames));
  for (const double x : o.frame_contrast)
    need(x >= 0 && x <= 1, "frame_contrast", x, "lie in [0, 1]");
  if (o.aging == Aging::none)
    return;
  if (o.aging == Aging::profile) {
    if (o.aging_profile.empty())
      throw OptionError("aging_profile: no points");
    for (std::size_t i = 0; i < o.aging_profile.size(); ++i) {
      need(positive(o.aging_profile[i].factor),
           "aging_profile",
           o.aging_profile[i].factor,
           "be positive");
      if (i > 0)
        need(o.aging_profile[i].time_s >= o.aging_profile[i - 1].time_s,
             "aging_profile",
             o.aging_profile[i].time_s,
             "be in order of time");
    }
  }
  need(positive(o.aging_time_s), "aging_time_s", o.aging_time_s, "be positive");
  need(o.aging_power > 0 && o.aging_power <= 10, "aging_power", o.aging_power, "lie in (0, 10]");
  if (o.method == FieldMethod::circulant)
    throw OptionError("method circulant makes no aging: use modes");
}

} // namespace

std::string_view name(FieldMethod method) {
  return name_in(method_names, method);
}
std::string_view name(Aging aging) {
  return name_in(aging_names, aging);
}
FieldMethod parse_field_method(std::string_view text) {
  return parse_in(method_names, "method", text);
}
Aging parse_aging(std::string_view text) {
  return parse_in(aging_names, "aging", text);
}

void validate(const XpcsOptions& o) {
  need(o.frames >= 1 && o.frames <= 10'000'000, "frames", o.frames, "lie in 1 … 10000000");
  need(o.height >= 1 && o.height <= 65536, "height", o.height, "lie in 1 … 65536");
  need(o.width >= 1 && o.width <= 65536, "width", o.width, "lie in 1 … 65536");
  need(positive(o.frame_time_s), "frame_time_s", o.frame_time_s, "be positive");
  need(o.memory_bytes >= Index{1} << 20, "memory_bytes", o.memory_bytes, "be at least 1 MiB");
  frames::validate(o.partition);
  validate_model(o);
  validate_detector(o);
  validate_history(o);
}

} // namespace vitrum::synth
