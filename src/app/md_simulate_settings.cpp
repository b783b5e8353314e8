// Which settings a simulation runs with: those given, then those it began with, then the preset's.
#include <cmath>
#include <string_view>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

#include "md_simulate.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

constexpr std::string_view of_the_glass = "glass"; // heading of the settings concerned

bool given(const Setting& setting) {
  return std::visit(
      [](const auto* target) {
        using T = std::remove_cv_t<std::remove_pointer_t<decltype(target)>>;
        if constexpr (std::is_same_v<T, double>)
          return !std::isnan(*target);
        else if constexpr (std::is_same_v<T, Index>)
          return *target != 0;
        else if constexpr (std::is_same_v<T, bool>)
          return *target;
        else
          return !target->empty();
      },
      setting.target);
}

void copy(const Setting& to, const Setting& from) {
  std::visit([&](auto* target) { *target = *std::get<decltype(target)>(from.target); }, to.target);
}

/// Takes over what is given there and not here.
void fill(MdSimulateOptions& options, MdSimulateOptions from) {
  const auto here = describe(options), there = describe(from);
  for (std::size_t i = 0; i < here.size(); ++i)
    if (here[i].group == of_the_glass && !given(here[i]) && given(there[i]))
      copy(here[i], there[i]);
}

MdSimulateOptions preset_of(const std::string& name) {
  MdSimulateOptions o;
  if (name == "demo") {
    o.atoms = 2048;
    o.temperature = 0.48;
    o.hold = 2400;
  } else if (name == "paper") {
    o.atoms = 32000;
    o.temperature = 0.41; // 0.8 of the kink at this density
    o.cooling = 400;
    o.hold = 20000;
    o.frame_interval = 4;
  } else if (!name.empty()) {
    throw OptionError("preset = '" + name + "': expected demo or paper");
  }
  return o;
}

MdSimulateOptions usual() {
  MdSimulateOptions o;
  o.model = "wahnstrom";
  o.atoms = 2048;
  o.temperature = 0.48;
  o.cooling = 0;
  o.hold = 3000;
  o.frame_interval = 2;
  o.time_step = 0.008;
  o.cut_off = 2.5;
  o.cut_off_kind = "pair-shifted";
  o.seed = 1;
  return o;
}

/// At which the literature has these models.
double usual_density(const std::string& model) {
  constexpr double wahnstrom = 1.296, kob_andersen = 1.2;
  return model == "kob-andersen" ? kob_andersen : wahnstrom;
}

} // namespace

void take_settings_of(const std::string& file, MdSimulateOptions& options) {
  MdSimulateOptions began;
  read_toml(file, describe(began));
  const auto here = describe(options), there = describe(began);
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (here[i].group != of_the_glass || here[i].name == "hold" || !given(here[i]) ||
        to_text(here[i]) == to_text(there[i]))
      continue;
    throw OptionError(given(there[i]) ? fmt::format("--{} {}: {} says that the run began with {}",
                                                    here[i].name,
                                                    to_text(here[i]),
                                                    file,
                                                    to_text(there[i]))
                                      : fmt::format("--{} {}: {} says that the run began without",
                                                    here[i].name,
                                                    to_text(here[i]),
                                                    file));
  }
  fill(options, began);
}

void complete(MdSimulateOptions& options) {
  fill(options, preset_of(options.preset));
  fill(options, usual());
  if (std::isnan(options.density))
    options.density = usual_density(options.model);
}

} // namespace vitrum::app
