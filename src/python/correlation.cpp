// Correlation of plain arrays: two-time maps, g2 with errors, multi-tau.
#include <fmt/format.h>

#include "array_source.hpp"
#include "bindings.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/correlate/memory_bin.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/correlate/two_time.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::python {
namespace {

using correlate::Normalization;

frames::Partition partition_of(const frames::SeriesInfo& info, const py::object& labels) {
  if (labels.is_none())
    return frames::make_single_bin(frames::make_mask(info.height, info.width));
  const auto values =
      py::array_t<std::int32_t, py::array::c_style | py::array::forcecast>::ensure(labels);
  if (!values || values.size() != info.pixels())
    throw OptionError(
        fmt::format("labels: expected {} whole numbers, one for each pixel", info.pixels()));
  return frames::make_partition_from_labels(
      info.height, info.width, {values.data(), values.data() + values.size()}, {}, nullptr);
}

Normalization parse_normalization(const std::string& name) {
  if (name == "plain")
    return Normalization::plain;
  if (name == "corrcoef")
    return Normalization::corrcoef;
  throw OptionError(fmt::format("normalization {}: expected plain or corrcoef", name));
}

py::dict to_dict(correlate::OneTime g2) {
  py::dict out;
  out["lag_frames"] = to_numpy(std::move(g2.lag_frames));
  out["g2"] = to_numpy(std::move(g2.value));
  out["g2_errors"] = to_numpy(std::move(g2.error));
  out["pairs"] = to_numpy(std::move(g2.pairs));
  if (!g2.covariance.empty()) {
    const Index lags = py::len(out["g2"]);
    out["covariance"] = to_numpy(std::move(g2.covariance), {lags, lags});
  }
  return out;
}

correlate::OneTimeOptions
one_time_options(const std::string& lags, Index per_decade, Index max_lag) {
  correlate::OneTimeOptions options;
  if (lags == "linear")
    options.lags.spacing = correlate::LagSpacing::linear;
  else if (lags != "log")
    throw OptionError(fmt::format("lags {}: expected linear or log", lags));
  options.lags.per_decade = per_decade;
  options.lags.max_lag = max_lag;
  return options;
}

py::array two_time(const py::array& frames,
                   const py::object& labels,
                   Index bin,
                   const std::string& normalization) {
  return with_source(frames, [&](frames::FrameSource& source) -> py::array {
    const auto partition = partition_of(source.info(), labels);
    auto map = run_beside_python(
        [&, chosen = parse_normalization(normalization)](const Monitor& monitor) {
          const auto kernel = correlate::make_bin_kernel(source, partition, bin, chosen, monitor);
          return correlate::make_two_time_map(*kernel, {}, monitor);
        },
        py::none(),
        py::none());
    return to_numpy(std::move(map.values), {map.frames, map.frames});
  });
}

py::dict one_time(const py::array& frames,
                  const py::object& labels,
                  Index bin,
                  const std::string& normalization,
                  const std::string& lags,
                  Index per_decade,
                  Index max_lag) {
  return with_source(frames, [&](frames::FrameSource& source) {
    const auto partition = partition_of(source.info(), labels);
    const auto options = one_time_options(lags, per_decade, max_lag);
    return to_dict(run_beside_python(
        [&, chosen = parse_normalization(normalization)](const Monitor& monitor) {
          const auto kernel = correlate::make_bin_kernel(source, partition, bin, chosen, monitor);
          return correlate::make_one_time(*kernel, options, {}, monitor).whole;
        },
        py::none(),
        py::none()));
  });
}

py::dict one_time_of_map(const py::array_t<float, py::array::c_style>& map,
                         const std::string& lags,
                         Index per_decade,
                         Index max_lag) {
  if (map.ndim() != 2 || map.shape(0) != map.shape(1))
    throw OptionError("map: expected a square array [t1, t2] of float32");
  const auto options = one_time_options(lags, per_decade, max_lag);
  const std::span values(map.data(), static_cast<std::size_t>(map.size()));
  const Index frames = map.shape(0);
  return to_dict(run_beside_python(
      [&](const Monitor&) { return correlate::one_time_from_map(values, frames, options).whole; },
      py::none(),
      py::none()));
}

py::dict multi_tau(const py::array& frames,
                   const py::object& labels,
                   Index bin,
                   const std::string& normalization,
                   const std::string& lags,
                   Index channels,
                   Index levels,
                   Index per_decade,
                   Index max_lag) {
  correlate::PixelG2Options options;
  options.normalization = correlate::parse_pixel_normalization(normalization);
  if (lags == "multi-tau")
    options.lags = correlate::PixelLags::multi_tau;
  else if (lags == "linear")
    options.lags = correlate::PixelLags::linear;
  else if (lags != "log")
    throw OptionError(fmt::format("lags {}: expected multi-tau, linear or log", lags));
  options.channels_per_level = channels;
  options.levels = levels;
  options.per_decade = per_decade;
  options.max_lag = max_lag;
  return with_source(frames, [&](frames::FrameSource& source) {
    const auto partition = partition_of(source.info(), labels);
    auto g2 = run_beside_python(
        [&](const Monitor& monitor) {
          return correlate::make_pixel_g2(source, partition, bin, options, monitor);
        },
        py::none(),
        py::none());
    py::dict out;
    out["lag_frames"] = to_numpy(std::move(g2.lag_frames));
    out["g2"] = to_numpy(std::move(g2.value));
    out["g2_errors"] = to_numpy(std::move(g2.error));
    out["pairs"] = to_numpy(std::move(g2.pairs));
    out["exact"] = g2.exact;
    return out;
  });
}

} // namespace

void bind_correlation(py::module_& module) {
  module.def("two_time",
             &two_time,
             py::arg("frames"),
             py::kw_only(),
             py::arg("labels") = py::none(),
             py::arg("bin") = 1,
             py::arg("normalization") = "plain",
             R"(Two-time correlation C(t1, t2) of the pixels of one bin.

frames: [frame, pixel] or [frame, y, x], C order, any number type; not copied.
labels: whole numbers, one for each pixel, 0 for pixels that are not used; None takes all as bin 1.
normalization: "plain", <I(t1) I(t2)> / (<I(t1)> <I(t2)>) with means over the pixels of the bin, or
"corrcoef", 1 + (<I I'> - <I><I'>) / (deviation deviation').

Returns float32 [t1, t2], symmetric; the diagonal holds the shot noise. Counts up to 5792 of integer
types are multiplied as whole numbers, exactly. Source: Sutton et al., Opt. Express 11 (2003) 2268.)");
  module.def("g2",
             &one_time,
             py::arg("frames"),
             py::kw_only(),
             py::arg("labels") = py::none(),
             py::arg("bin") = 1,
             py::arg("normalization") = "plain",
             py::arg("lags") = "log",
             py::arg("points_per_decade") = 10,
             py::arg("max_lag") = 0,
             R"(g2(lag) of one bin: the mean of C(t1, t2) over the pairs of frames of a lag.

frames, labels, bin, normalization: as of two_time. lags: "log" (points_per_decade bins) or "linear".

Returns a dict of arrays [lag]: lag_frames, g2, g2_errors (standard errors, from the spread over
groups of pixels and from what all pixels share), pairs, and covariance [lag, lag]. The bias of
finitely many pixels is removed.)");
  module.def("g2_of_map",
             &one_time_of_map,
             py::arg("map").noconvert(),
             py::kw_only(),
             py::arg("lags") = "log",
             py::arg("points_per_decade") = 10,
             py::arg("max_lag") = 0,
             R"(g2(lag) of a two-time map, float32 [t1, t2], NaN in gaps; not copied.

Returns what g2 returns. A map has no pixels: the errors come from blocks of age alone, too small
when the dynamics are as slow as a block.)");
  module.def("multi_tau",
             &multi_tau,
             py::arg("frames"),
             py::kw_only(),
             py::arg("labels") = py::none(),
             py::arg("bin") = 1,
             py::arg("normalization") = "symmetric-bin",
             py::arg("lags") = "multi-tau",
             py::arg("channels") = 16,
             py::arg("levels") = 0,
             py::arg("points_per_decade") = 5,
             py::arg("max_lag") = 0,
             R"(g2(lag) pixel by pixel, averaged over a bin.

frames, labels, bin: as of two_time. normalization: "symmetric-bin" (no bias of a finite series),
"symmetric" or "plain". lags: "multi-tau" (channels per level, levels; 0: as many as fit), "linear"
or "log".

Returns a dict of arrays [lag]: lag_frames, g2, g2_errors (from the spread over groups of pixels),
pairs, and whether sums were exact. Source: Schaetzel, Quantum Opt. 2 (1990) 287.)");
}

} // namespace vitrum::python
