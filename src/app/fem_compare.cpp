#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {
namespace {

fem::Value value_at(const Tree& tree, const std::string& path) {
  return {tree.number_or(path, not_given), tree.number_or(path + "_errors", not_given)};
}

void set(Tree& group, const std::string& name, const fem::Value& value, const char* unit) {
  group.set(name, make_scalar(value.value, unit));
  group.set(name + "_errors", make_scalar(value.error, unit));
}

void add_length(Tree& group,
                const Tree& before,
                const std::string& path,
                const fem::Value& now,
                const std::string& name) {
  const auto then = value_at(before, "entry/" + path);
  if (std::isnan(then.value) || std::isnan(now.value))
    return;
  const auto agreement = fem::compare(then, now);
  set(group, name + "_before_nm", then, "nm");
  set(group, name + "_difference_nm", agreement.difference, "nm");
  group.set(name + "_p", make_scalar(agreement.p));
  constexpr double level = 0.05;
  group.set(name + "_verdict",
            make_scalar(std::string(agreement.p > level ? "equal within errors" : "different")));
}

} // namespace

void add_comparison(Tree& tree, const FemRun& run, const Tree& before, const std::string& path) {
  if (before.find_group("entry") == nullptr || before.text("entry/kind") != "fem")
    throw DataError(fmt::format("{}: not a result of vitrum fem, nothing to compare with", path));
  auto& group = tree.group("entry/comparison");
  group.set("with", make_scalar(path));
  add_length(
      group, before, "stratton_voyles/length_nm", run.stratton_voyles.length_nm, "stratton_voyles");
  add_length(group,
             before,
             "pair_persistence/length_nm",
             run.pair_persistence.length_nm,
             "pair_persistence");
  // series belong together that have the same probe size, or else the same place
  std::vector<fem::Value> height_then, height_now, integral_then, integral_now;
  const Tree& all = before.group_at("entry/series");
  for (std::size_t i = 0; i < run.series.size(); ++i) {
    const auto& s = run.series[i];
    const Tree* match = nullptr;
    Index place = 0;
    for (const auto& [name, other] : all.groups()) {
      const double size = other.number_or("probe_size_nm", not_given);
      const bool same =
          std::isnan(s.probe_size_nm) ? place == static_cast<Index>(i) : size == s.probe_size_nm;
      if (same && match == nullptr)
        match = &other;
      ++place;
    }
    if (match == nullptr || s.peaks.peaks.empty() || match->find_group("peak/1") == nullptr)
      continue;
    height_then.push_back(value_at(*match, "peak/1/height"));
    height_now.push_back(s.peaks.peaks[0].height);
    integral_then.push_back(value_at(*match, "peak/1/integral"));
    integral_now.push_back(s.peaks.peaks[0].integral);
  }
  if (height_then.empty())
    throw DataError(
        fmt::format("{}: no series with the same probe size, nothing to compare with", path));
  group.set("pairs", make_scalar(static_cast<Index>(height_then.size())));
  set(group, "height_change", fem::relative_change(height_then, height_now), "");
  set(group, "integral_change", fem::relative_change(integral_then, integral_now), "");
  // the curves of the other state, for the figures
  if (const Tree* sv = before.find_group("entry/stratton_voyles"))
    group.group("stratton_voyles") = *sv;
  if (const Tree* pp = before.find_group("entry/pair_persistence"))
    group.group("pair_persistence") = *pp;
}

} // namespace vitrum::app
