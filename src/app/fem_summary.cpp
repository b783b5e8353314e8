#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

std::string number_of_series(std::size_t n) {
  return n == 1 ? "One series" : fmt::format("{} series", n);
}

std::string value_of(const fem::Value& v, const std::string& unit = "") {
  return report::format_value(v.value, v.error, unit);
}

/// The series whose first peak is highest, or null.
const FemSeries* leading_series(const FemRun& run) {
  const FemSeries* best = nullptr;
  for (const auto& s : run.series)
    if (!s.peaks.peaks.empty() &&
        (best == nullptr || s.peaks.peaks[0].height.value > best->peaks.peaks[0].height.value))
      best = &s;
  return best;
}

} // namespace

std::string summary_of(const FemRun& run) {
  Index patterns = 0, tables = 0, split = 0;
  for (const auto& s : run.series) {
    patterns += s.table ? 0 : s.variances.patterns;
    tables += s.table;
    split += !s.peaks.splits.empty() && s.peaks.splits[0].found;
  }
  std::string text =
      tables == static_cast<Index>(run.series.size())
          ? fmt::format("{} of V(k) came as tables.", number_of_series(run.series.size()))
          : fmt::format("{} of diffraction patterns, {} patterns in all, were "
                        "analysed as {}.",
                        number_of_series(run.series.size()),
                        patterns,
                        name_of(run.leading));
  if (const auto* s = leading_series(run)) {
    const std::string unit = s->calibrated ? "1/nm" : "px";
    const auto& peak = s->peaks.peaks[0];
    text += fmt::format(" The first peak of the normalised variance stands at k = {} with a height "
                        "of {}",
                        value_of(peak.center, unit),
                        value_of(peak.height));
    if (run.series.size() > 1 && !std::isnan(s->probe_size_nm))
      text += fmt::format(" where it is highest, for a probe of {:g} nm", s->probe_size_nm);
    text += ".";
    if (s->peaks.peaks.size() > 1)
      text += fmt::format(" The second is {} as high.", value_of(s->peaks.height_ratio));
    if (split > 0 && run.series.size() == 1)
      text += " The first peak is two.";
    else if (split > 0)
      text += fmt::format(" In {} of the series the first peak is two.", split);
  } else {
    text += " No peak of V(k) stands out of its errors.";
  }
  if (run.sized.empty())
    return text;
  const auto& sv = run.stratton_voyles;
  const auto& pp = run.pair_persistence;
  text += std::isnan(sv.length_nm.value)
              ? fmt::format(" Stratton–Voyles: {}.", sv.status)
              : fmt::format(" It is largest for probes of {} (Stratton–Voyles).",
                            value_of(sv.length_nm, "nm"));
  text += std::isnan(pp.length_nm.value)
              ? fmt::format(" Pair persistence: {}.", pp.status)
              : fmt::format(" Pair persistence over probes of {:g} to {:g} nm gives a length of "
                            "{}.",
                            pp.smallest_nm,
                            pp.largest_nm,
                            value_of(pp.length_nm, "nm"));
  return text;
}

} // namespace vitrum::app
