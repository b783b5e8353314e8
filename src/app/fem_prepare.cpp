#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "fem_text.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::app {
namespace {

constexpr Index looked_at = 512; // patterns; the centre needs no more
constexpr Index parts = 8;       // whose centres are compared

/// The same series with so few patterns that they are quickly read.
Series open_look(const std::string& path, const FemOptions& options, Index patterns) {
  auto flags = options.input;
  if (patterns <= looked_at)
    return open_input(path, flags);
  flags.frames = ":";
  flags.bad_frames.clear();
  auto all = open_input(path, flags);
  const Index frames = all.info().frames;
  const Range chosen = resolve(parse_range(options.input.frames), frames);
  const Index step = (patterns + looked_at - 1) / looked_at;
  flags.frames = fmt::format("{}:{}:{}", chosen.first, chosen.last, chosen.step * step);
  return open_input(path, flags);
}

} // namespace

void correct_mean(std::vector<double>& mean, const FemSeries& s) {
  for (std::size_t p = 0; p < mean.size(); ++p) {
    if (!s.dark.empty())
      mean[p] -= static_cast<double>(s.dark[p % s.dark.size()]);
    if (!s.factor.empty())
      mean[p] *= static_cast<double>(s.factor[p % s.factor.size()]);
  }
}

namespace {

void leave_out(FemSeries& s, const std::vector<std::uint8_t>& marked, const std::string& what) {
  Index number = 0;
  for (std::size_t p = 0; p < marked.size(); ++p)
    if (marked[p] != 0 && s.mask.use[p] != 0) {
      s.mask.use[p] = 0;
      ++number;
    }
  if (number > 0)
    s.notes.push_back(fmt::format("{} pixels left out: {}", number, what));
  if (s.mask.count() == 0)
    throw DataError(fmt::format("{}: no pixel is left: {}", s.path, what));
}

void find_center(FemSeries& s,
                 const FemOptions& o,
                 const std::vector<double>& images,
                 Index number,
                 const std::vector<double>& mean) {
  const auto named = [&](auto&& work) {
    try {
      work();
    } catch (const DataError& error) {
      throw DataError(fmt::format("{}: {}", s.path, error.what()));
    }
  };
  const bool given_x = !std::isnan(o.center_x_px);
  s.center_given = given_x;
  fem::RingShape start;
  if (given_x) {
    if (!(o.center_x_px >= 0 && o.center_y_px >= 0 &&
          o.center_x_px < static_cast<double>(s.info.width) &&
          o.center_y_px < static_cast<double>(s.info.height)))
      throw OptionError(
          fmt::format("--center-x {} --center-y {}: outside of the pattern of {} x {}",
                      o.center_x_px,
                      o.center_y_px,
                      s.info.width,
                      s.info.height));
    start.center_x_px = o.center_x_px;
    start.center_y_px = o.center_y_px;
  } else {
    named([&] { start = fem::find_symmetry_center(mean, s.mask); });
  }
  fem::RingOptions ring;
  ring.radius_px = o.ring_px;
  ring.ellipse = !o.no_ellipse;
  if (!o.keep_beam_stop)
    leave_out(s,
              fem::find_beam_stop(mean, s.mask, start),
              "the shadow of the beam stop, found as less than half of its ring");
  if (given_x) {
    s.ring.shape = start;
    try {
      const auto found = fem::fit_ring_parts(images, number, s.mask, start, ring);
      s.ring = found;
      s.ring.shape.center_x_px = start.center_x_px;
      s.ring.shape.center_y_px = start.center_y_px;
      const double off = std::hypot(found.shape.center_x_px - start.center_x_px,
                                    found.shape.center_y_px - start.center_y_px);
      if (off > 1)
        s.warnings.push_back(fmt::format(
            "the ring is centred at ({:.1f}, {:.1f}), {:.1f} px from the centre that was given",
            found.shape.center_x_px,
            found.shape.center_y_px,
            off));
      s.ring.center_x_error_px = s.ring.center_y_error_px = not_given;
    } catch (const DataError&) {
      s.warnings.emplace_back("no ring found: rings are taken for circles about the given centre");
    }
    return;
  }
  if (!o.keep_beam_stop) { // again, about the better centre
    named([&] { start = fem::fit_ring(mean, s.mask, start, ring).shape; });
    leave_out(s,
              fem::find_beam_stop(mean, s.mask, start),
              "the shadow of the beam stop, about the centre of the ring");
  }
  named([&] { s.ring = fem::fit_ring_parts(images, number, s.mask, start, ring); });
}

/// Isolated pixels whose mean is far off that of their ring.
void find_bad_pixels(FemSeries& s, const std::vector<double>& mean) {
  const fem::KScale pixels;
  const auto map = fem::make_polar_map(s.ring.shape, pixels, s.mask, {});
  std::vector<std::vector<double>> rings(static_cast<std::size_t>(map.rings));
  for (std::size_t p = 0; p < map.pixels.size(); ++p)
    if (map.pixels[p].first_ring >= 0)
      rings[static_cast<std::size_t>(map.pixels[p].first_ring)].push_back(mean[p]);
  std::vector<std::pair<double, double>> typical;
  for (const auto& ring : rings)
    typical.emplace_back(ring.empty() ? 0 : median(ring),
                         ring.empty() ? 0 : robust_deviation(ring));
  std::vector<std::uint8_t> odd(mean.size(), 0);
  constexpr double far = 8, half = 0.5; // standard deviations, and of the ring's mean
  for (std::size_t p = 0; p < odd.size(); ++p) {
    const auto r = map.pixels[p].first_ring;
    if (r < 0)
      continue;
    const auto& [m, sigma] = typical[static_cast<std::size_t>(r)];
    const double off = std::abs(mean[p] - m);
    odd[p] = off > far * sigma && off > half * m;
  }
  // a spot of a crystal covers several pixels; a bad pixel stands alone or in a pair
  const auto width = static_cast<std::size_t>(s.info.width);
  std::vector<std::uint8_t> bad(odd.size(), 0);
  for (std::size_t p = 0; p < odd.size(); ++p) {
    if (odd[p] == 0)
      continue;
    int around = 0;
    for (const auto q : {p - width - 1,
                         p - width,
                         p - width + 1,
                         p - 1,
                         p + 1,
                         p + width - 1,
                         p + width,
                         p + width + 1})
      around += q < odd.size() && odd[q] != 0;
    bad[p] = around <= 1;
  }
  leave_out(s, bad, "hot or dead, more than half of their ring's mean away from it");
}

void find_scale(FemSeries& s, const FemOptions& o, const Monitor& monitor) {
  if (!std::isnan(o.energy_kev))
    s.scale.wavelength_nm = fem::electron_wavelength_nm(o.energy_kev);
  s.calibrated = true;
  if (!std::isnan(o.k_per_pixel)) {
    s.scale.k_per_pixel_inv_nm = o.k_per_pixel;
    s.calibration = "given with --k-per-pixel";
    return;
  }
  if (!std::isnan(o.known_ring)) {
    double radius = s.ring.radius_px;
    s.calibration = fmt::format("ring of the patterns taken as k = {} 1/nm", o.known_ring);
    if (!o.k_reference.empty()) {
      auto reference = open_input(o.k_reference, InputFlags{});
      auto plain = o;
      plain.k_reference.clear();
      plain.known_ring = plain.k_per_pixel = not_given;
      plain.center_x_px = plain.center_y_px = plain.ring_px = not_given;
      plain.dark.clear();
      plain.flat.clear();
      plain.masks.clear();
      plain.scan.clear();
      plain.centers = "common";
      plain.input = InputFlags{};
      radius = prepare_fem(o.k_reference, plain, reference, monitor).ring.radius_px;
      s.calibration = fmt::format("ring of {} taken as k = {} 1/nm", o.k_reference, o.known_ring);
    }
    if (std::isnan(radius))
      throw DataError(fmt::format("{}: no ring found that could be --known-ring", s.path));
    // tan θ = λ·flat, k = 2 sin(θ/2)/λ, solved for flat
    double flat = o.known_ring;
    if (const double wavelength = s.scale.wavelength_nm; !std::isnan(wavelength))
      flat = std::tan(2 * std::asin(0.5 * wavelength * o.known_ring)) / wavelength;
    s.scale.k_per_pixel_inv_nm = flat / radius;
    return;
  }
  const auto& scale = s.info.scale;
  if (scale.unit == "1/nm" && scale.x > 0) {
    constexpr double same = 1e-3;
    if (std::abs(scale.x - scale.y) > same * scale.x)
      throw DataError(fmt::format("{}: pixels of {} x {} 1/nm, expected square ones; choose one "
                                  "with --k-per-pixel",
                                  s.path,
                                  scale.y,
                                  scale.x));
    s.scale.k_per_pixel_inv_nm = scale.x;
    s.calibration = "from the file";
    return;
  }
  s.calibrated = false;
  s.calibration = "none";
  s.scale.wavelength_nm = not_given;
  s.warnings.emplace_back("no k calibration in the file: k is given in pixels; --k-per-pixel, or "
                          "--known-ring, gives 1/nm");
}

fem::PolarOptions polar_options(const FemOptions& o) {
  fem::PolarOptions polar;
  polar.k_min = o.k_min;
  polar.k_max = o.k_max;
  polar.ring_width = o.k_step;
  polar.split = !o.no_split;
  return polar;
}

} // namespace

void validate(const FemOptions& o) {
  const auto positive = [](double value, const char* flag) {
    if (!std::isnan(value) && !(value > 0))
      throw OptionError(fmt::format("--{} {}: must be positive", flag, value));
  };
  positive(o.ring_px, "ring");
  positive(o.k_per_pixel, "k-per-pixel");
  positive(o.known_ring, "known-ring");
  positive(o.energy_kev, "energy");
  positive(o.smallest_probe_nm, "smallest-probe");
  if (!o.cells.empty())
    (void)cell_options(o);
  if (std::isnan(o.center_x_px) != std::isnan(o.center_y_px))
    throw OptionError("--center-x and --center-y: expected both or none");
  if (!std::isnan(o.k_per_pixel) && !std::isnan(o.known_ring))
    throw OptionError("--k-per-pixel and --known-ring: expected one of them");
  if (o.replicates < 2)
    throw OptionError(fmt::format("--replicates {}: need at least 2", o.replicates));
  if (o.centers != "common" && o.centers != "scan" && o.centers != "pattern")
    throw OptionError(fmt::format("--centers {}: expected common, scan or pattern", o.centers));
  if (o.centers != "common" && !std::isnan(o.center_x_px))
    throw OptionError(fmt::format("--centers {} and --center-x: expected one of them", o.centers));
  if (!o.thickness_range.empty())
    (void)range_of("thickness-range", o.thickness_range);
  for (const auto& kind : o.leave_out)
    if (kind != "outliers" && kind != "crystals")
      throw OptionError(fmt::format("--leave-out {}: expected outliers or crystals", kind));
  fem::validate(polar_options(o));
  (void)peak_options(o);
}

FemSeries
prepare_fem(const std::string& path, const FemOptions& o, Series& series, const Monitor& monitor) {
  FemSeries s;
  s.path = series.info().path;
  s.info = series.info();
  const Index patterns = s.info.frames - series.gap_count();
  if (patterns < 2)
    throw DataError(fmt::format("{}: {} {} to use, need at least 2 for a variance",
                                s.path,
                                patterns,
                                patterns == 1 ? "pattern" : "patterns"));
  for (const auto bad : series.bad)
    s.use.push_back(bad == 0);
  auto look = open_look(path, o, s.info.frames);
  s.mask = start_mask(look, o.masks);
  const auto statistics = measure(look, s.mask, o.input.find_bad_frames, monitor);
  if (o.input.find_bad_frames && look.info().frames == s.info.frames)
    for (std::size_t i = 0; i < s.use.size(); ++i)
      s.use[i] = look.bad[i] == 0;
  s.notes = look.notes;
  s.warnings = look.warnings;
  if (!o.dark.empty())
    s.dark = read_image(o.dark, s.info, "dark");
  if (!o.flat.empty()) {
    s.factor = read_image(o.flat, s.info, "flat field");
    for (std::size_t p = 0; p < s.factor.size(); ++p) {
      if (s.mask.use[p] != 0 && !(s.factor[p] > 0))
        throw DataError(fmt::format("{}: flat field {} at y = {}, x = {}, must be positive",
                                    o.flat,
                                    s.factor[p],
                                    static_cast<Index>(p) / s.info.width,
                                    static_cast<Index>(p) % s.info.width));
      s.factor[p] = 1 / s.factor[p];
    }
  }
  take_scan(s, o);
  std::vector<std::uint8_t> good;
  for (const auto bad : look.bad)
    good.push_back(bad == 0);
  const Index number = std::min<Index>(parts, std::count(good.begin(), good.end(), 1));
  auto images = fem::mean_pattern_parts(*look.source, good, number, looked_at, monitor);
  correct_mean(images, s);
  s.mean_image = statistics.mean;
  correct_mean(s.mean_image, s);
  if (!o.dark.empty()) {
    std::vector<double> used;
    for (std::size_t p = 0; p < s.mean_image.size(); ++p)
      if (s.mask.use[p] != 0 && std::isfinite(s.mean_image[p]))
        used.push_back(s.mean_image[p]);
    if (const double typical = used.empty() ? 0 : median(used); !(typical > 0))
      throw DataError(
          fmt::format("{}: negative counts after dark subtraction: median {:.4g} of the mean "
                      "pattern, expected a positive intensity",
                      s.path,
                      typical));
  }
  find_center(s, o, images, number, s.mean_image);
  if (!o.keep_bad_pixels)
    find_bad_pixels(s, s.mean_image);
  follow_centers(s, o, series, number, monitor);
  find_scale(s, o, monitor);
  try {
    s.map = fem::make_polar_map(s.ring.shape, s.scale, s.mask, polar_options(o));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", s.path, error.what()));
  }
  for (double& v : s.mean_image)
    if (std::isnan(v))
      v = 0; // pixels without data are in no ring
  return s;
}

} // namespace vitrum::app
