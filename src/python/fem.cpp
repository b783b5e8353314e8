// Normalised variances of diffraction patterns in memory.
#include <fmt/format.h>

#include "array_source.hpp"
#include "bindings.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fem/variance.hpp"

namespace vitrum::python {
namespace {

py::dict fem_variance(const py::array& patterns,
                      std::pair<double, double> center,
                      double k_per_pixel,
                      double ring_width,
                      double k_min,
                      double k_max,
                      double gain,
                      double read_noise,
                      const py::object& mask,
                      Index replicates) {
  if (patterns.ndim() != 3)
    throw OptionError(
        fmt::format("patterns of {} dimensions: expected [pattern, y, x]", patterns.ndim()));
  return with_source(patterns, [&](frames::FrameSource& source) {
    auto use = frames::make_mask(source.info().height, source.info().width);
    if (!mask.is_none()) {
      const auto values =
          py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>::ensure(mask);
      if (!values || values.size() != source.info().pixels())
        throw OptionError(
            fmt::format("mask: expected {} values, 1 for pixels in use", source.info().pixels()));
      use.use.assign(values.data(), values.data() + values.size());
    }
    fem::VarianceOptions options;
    options.noise.gain = gain;
    options.noise.read_noise = read_noise;
    options.replicates = replicates;
    fem::PolarMap map;
    auto found = run_beside_python(
        [&](const Monitor& monitor) {
          map = fem::make_polar_map({center.second, center.first, 0, 0},
                                    {k_per_pixel, fem::unknown},
                                    use,
                                    {k_min, k_max, ring_width, true});
          const auto mean = fem::mean_pattern(source, {}, 256, monitor);
          return fem::compute_variances(
              fem::sum_patterns(source, map, mean, {}, monitor), map, options, monitor);
        },
        py::none(),
        py::none());
    py::dict out;
    out["k"] = to_numpy(std::move(map.k));
    out["intensity"] = to_numpy(std::move(found.intensity));
    out["intensity_errors"] = to_numpy(std::move(found.intensity_error));
    for (const fem::Variance v : fem::all_variances) {
      auto& curve = found.curve[static_cast<std::size_t>(v)];
      py::dict one;
      one["formula"] = std::string(fem::formula_of(v));
      one["value"] = to_numpy(std::move(curve.value));
      one["errors"] = to_numpy(std::move(curve.error));
      one["shot_noise"] = to_numpy(std::move(curve.shot_noise));
      one["bias"] = to_numpy(std::move(curve.bias));
      std::string name(fem::name_of(v));
      std::replace(name.begin(), name.end(), '-', '_');
      out[py::str(name)] = one;
    }
    return out;
  });
}

} // namespace

void bind_fem(py::module_& module) {
  module.def("fem_variance",
             &fem_variance,
             py::arg("patterns"),
             py::arg("center"),
             py::kw_only(),
             py::arg("k_per_pixel") = 1.0,
             py::arg("ring_width") = fem::unknown,
             py::arg("k_min") = 0.0,
             py::arg("k_max") = fem::unknown,
             py::arg("gain") = 0.0,
             py::arg("read_noise") = 0.0,
             py::arg("mask") = py::none(),
             py::arg("replicates") = 200,
             R"(Normalised variances V(k) of diffraction patterns, in all five named definitions.

patterns: [pattern, y, x], C order, any number type; not copied. center: (y, x) in pixels.
k_per_pixel: 1/nm, k = 1/d; ring_width, k_min, k_max in the same unit. gain: counts per electron, 0
subtracts no shot noise; read_noise: counts. mask: [y, x], 1 for pixels in use. replicates: of the
bootstrap over patterns.

Returns a dict: k [ring], intensity, intensity_errors, and image, annular_mean, ring_mean,
ring_ensemble, mean_ratio, each a dict of formula, value, errors, shot_noise, bias [ring]. Source:
Daulton, Bondi and Kelton, Ultramicroscopy 110 (2010) 1279.)");
}

} // namespace vitrum::python
