#include "vitrum/atoms/kinematic.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::atoms {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double second_dark = 7.015586669815619 / (2 * pi); // Q r at the second zero of J1

constexpr double bin_width = 0.002; // angstrom, of distances in the plane

/// Atoms that the probe sees, with their amplitudes.
struct Lit {
  std::vector<double> x, y, amplitude;
  std::vector<Index> kind;
};

Lit lit_atoms(const AtomModel& atoms,
              double x,
              double y,
              const ProbeOptions& probe,
              const std::vector<int>& elements) {
  Lit lit;
  const double rayleigh = 0.61 / probe.q_inv_angstrom;
  const double half = rayleigh * std::numbers::sqrt2 / 2;
  const double reach = probe_reach(probe);
  for (std::size_t i = 0; i < atoms.position.size(); ++i) {
    double dx = atoms.position[i][0] - x, dy = atoms.position[i][1] - y;
    dx -= atoms.edge[0] * std::round(dx / atoms.edge[0]);
    dy -= atoms.edge[1] * std::round(dy / atoms.edge[1]);
    const double r = std::hypot(dx, dy);
    if (probe.square ? std::abs(dx) > half || std::abs(dy) > half : r > reach)
      continue;
    lit.x.push_back(dx);
    lit.y.push_back(dy);
    const double argument = 2 * pi * probe.q_inv_angstrom * r;
    lit.amplitude.push_back(probe_amplitude(
        probe.truncation > 0 ? std::floor(argument / probe.truncation) * probe.truncation
                             : argument));
    lit.kind.push_back(std::find(elements.begin(), elements.end(), atoms.element[i]) -
                       elements.begin());
  }
  return lit;
}

} // namespace

double probe_reach(const ProbeOptions& probe) {
  return probe.square ? 0.61 / probe.q_inv_angstrom : second_dark / probe.q_inv_angstrom;
}

double probe_span(const ProbeOptions& probe) {
  return probe.square ? std::numbers::sqrt2 * probe_reach(probe) : 2 * probe_reach(probe);
}

void validate(const AtomModel& model) {
  for (const double edge : model.edge)
    if (!(edge > 0) || !std::isfinite(edge))
      throw DataError(fmt::format("box of {:g} x {:g} x {:g} angstrom: must be positive",
                                  model.edge[0],
                                  model.edge[1],
                                  model.edge[2]));
  if (model.position.empty())
    throw DataError("no atoms");
  if (model.position.size() != model.element.size())
    throw DataError(
        fmt::format("{} positions and {} elements", model.position.size(), model.element.size()));
  for (std::size_t i = 0; i < model.position.size(); ++i)
    for (const double p : model.position[i])
      if (!std::isfinite(p))
        throw DataError(fmt::format("atom {}: its position is no number", i + 1));
}

AtomModel make_model(const Box& box,
                     std::span<const Vector> positions,
                     std::vector<int> elements,
                     double angstrom) {
  if (!box.fully_periodic())
    throw DataError("the box is open on a side: expected one that repeats itself");
  AtomModel model;
  model.element = std::move(elements);
  for (std::size_t e = 0; e < 3; ++e)
    for (std::size_t d = 0; d < 3; ++d)
      model.repeat[e][d] = box.edges()[e][d] * angstrom;
  const auto& [a, b, c] = model.repeat;
  const double along = norm(a), area = norm(cross(a, b));
  model.edge = {along, area / along, dot(cross(a, b), c) / area};
  for (const auto& position : positions) {
    auto f = box.fraction(position);
    for (double& one : f)
      one -= std::round(one);
    Vector p{};
    for (std::size_t d = 0; d < 3; ++d)
      p[d] = f[0] * a[d] + f[1] * b[d] + f[2] * c[d];
    model.position.push_back(p);
  }
  validate(model);
  return model;
}

std::vector<Rotation> grid_rotations(Index psi, Index theta) {
  if (psi < 2 || theta < 1)
    throw OptionError(
        fmt::format("rotations on a grid of {} x {}: expected 2 x 1 or more", psi, theta));
  std::vector<Rotation> out;
  const auto add = [&](double a, double b) {
    const double ca = std::cos(a), sa = std::sin(a), cb = std::cos(b), sb = std::sin(b);
    out.push_back(Rotation{{{ca, sa, 0}, {-cb * sa, cb * ca, sb}, {sb * sa, -sb * ca, cb}}});
  };
  for (Index j = 0; j < psi / 2; ++j) {
    const double a = 2 * pi * static_cast<double>(j) / static_cast<double>(psi);
    const auto steps = static_cast<Index>(std::sin(a) * static_cast<double>(theta));
    if (steps == 0) {
      add(a, 0);
      continue;
    }
    for (Index k = 1; k < steps - 1; ++k)
      add(a, static_cast<double>(k) * pi / static_cast<double>(steps - 1));
  }
  return out;
}

std::vector<Rotation> random_rotations(Index count, std::uint64_t seed) {
  if (count < 1)
    throw OptionError(fmt::format("{} rotations: expected one or more", count));
  Random random(seed);
  std::vector<Rotation> out;
  for (Index i = 0; i < count; ++i) {
    const double u = random.uniform(), v = 2 * pi * random.uniform(), w = 2 * pi * random.uniform();
    const double a = std::sqrt(1 - u) * std::sin(v), b = std::sqrt(1 - u) * std::cos(v),
                 c = std::sqrt(u) * std::sin(w), d = std::sqrt(u) * std::cos(w);
    out.push_back(Rotation{{{1 - 2 * (b * b + c * c), 2 * (a * b - c * d), 2 * (a * c + b * d)},
                            {2 * (a * b + c * d), 1 - 2 * (a * a + c * c), 2 * (b * c - a * d)},
                            {2 * (a * c - b * d), 2 * (b * c + a * d), 1 - 2 * (a * a + b * b)}}});
  }
  return out;
}

namespace {

std::array<Vector, 3> edges_of(const AtomModel& model) {
  return model.repeat == std::array<Vector, 3>{} ? tilted_edges(model.edge, {0, 0, 0})
                                                 : model.repeat;
}

} // namespace

AtomModel rotated(const AtomModel& model, const Rotation& rotation) {
  AtomModel out;
  out.edge = model.edge;
  const double corner = 0.5 * std::hypot(model.edge[0], model.edge[1], model.edge[2]);
  const auto repeat = edges_of(model);
  const auto heights = Box(repeat).heights();
  std::array<Index, 3> copies{};
  for (std::size_t d = 0; d < 3; ++d)
    copies[d] = static_cast<Index>(std::ceil(corner / heights[d] + 0.5)) - 1;
  for (Index cx = -copies[0]; cx <= copies[0]; ++cx)
    for (Index cy = -copies[1]; cy <= copies[1]; ++cy)
      for (Index cz = -copies[2]; cz <= copies[2]; ++cz)
        for (std::size_t i = 0; i < model.position.size(); ++i) {
          Vector p{}, turned{};
          for (std::size_t d = 0; d < 3; ++d)
            p[d] = model.position[i][d] + static_cast<double>(cx) * repeat[0][d] +
                   static_cast<double>(cy) * repeat[1][d] + static_cast<double>(cz) * repeat[2][d];
          bool inside = true;
          for (std::size_t d = 0; d < 3 && inside; ++d) {
            turned[d] = rotation[d][0] * p[0] + rotation[d][1] * p[1] + rotation[d][2] * p[2];
            inside = turned[d] >= -0.5 * model.edge[d] && turned[d] <= 0.5 * model.edge[d];
          }
          if (inside) {
            out.position.push_back(turned);
            out.element.push_back(model.element[i]);
          }
        }
  return out;
}

double probe_amplitude(double x) {
  constexpr double small = 1e-4;
  return x < small ? 1 - x * x / 8 : 2 * ::j1(x) / x;
}

double aperture_of_fwhm(double fwhm_angstrom) {
  // (2 J1(x)/x)² = 1/2 at x = 1.616340; r = x/(2π Q)
  constexpr double half = 1.6163399483107028;
  return half / (pi * fwhm_angstrom);
}

FormFactors electron_factors(std::span<const int> elements, std::span<const double> k) {
  FormFactors out;
  out.element.assign(elements.begin(), elements.end());
  std::sort(out.element.begin(), out.element.end());
  out.element.erase(std::unique(out.element.begin(), out.element.end()), out.element.end());
  for (const int element : out.element) {
    std::vector<double> f;
    for (const double one : k)
      f.push_back(electron_scattering_factor(element, 2 * pi * one));
    out.factor.push_back(std::move(f));
  }
  return out;
}

RingTable::RingTable(std::span<const double> k, const ProbeOptions& probe) {
  if (!(probe.q_inv_angstrom > 0))
    throw OptionError(
        fmt::format("aperture of {:g} 1/angstrom: must be positive", probe.q_inv_angstrom));
  const bool cut = probe.truncation > 0;
  width_ = cut ? probe.truncation : bin_width;
  bins_ = static_cast<std::size_t>(2 * probe_reach(probe) / width_) + 2;
  values_.resize(k.size() * bins_);
  parallel_for(0, static_cast<Index>(k.size()), 1, [&](Index first, Index last) {
    for (Index q = first; q < last; ++q)
      for (std::size_t r = 0; r < bins_; ++r) {
        const double at = 2 * pi * k[static_cast<std::size_t>(q)];
        values_[static_cast<std::size_t>(q) * bins_ + r] =
            ::j0(cut ? std::floor(at * static_cast<double>(r)) * width_
                     : at * (static_cast<double>(r) + 0.5) * width_);
      }
  });
}

std::vector<double> annular_intensity(const AtomModel& atoms,
                                      double x,
                                      double y,
                                      const ProbeOptions& probe,
                                      const RingTable& table,
                                      const FormFactors& factors) {
  const Lit lit = lit_atoms(atoms, x, y, probe, factors.element);
  const std::size_t n = lit.x.size(), kinds = factors.element.size(), bins = table.bins();
  // of each pair of kinds: amplitudes against distance; and the single atoms
  std::vector<double> weight(kinds * kinds * bins, 0.0), own(kinds, 0.0);
  std::size_t last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto a = static_cast<std::size_t>(lit.kind[i]);
    own[a] += lit.amplitude[i] * lit.amplitude[i];
    for (std::size_t j = 0; j < i; ++j) {
      const double dx = lit.x[i] - lit.x[j], dy = lit.y[i] - lit.y[j];
      const auto bin = static_cast<std::size_t>(std::sqrt(dx * dx + dy * dy) / table.width());
      const auto b = static_cast<std::size_t>(lit.kind[j]);
      last = std::max(last, bin);
      weight[(std::max(a, b) * kinds + std::min(a, b)) * bins + bin] +=
          2 * lit.amplitude[i] * lit.amplitude[j];
    }
  }
  std::vector<double> out(table.ks(), 0.0);
  for (std::size_t q = 0; q < out.size(); ++q) {
    const auto bessel = table.at(q);
    double sum = 0;
    for (std::size_t a = 0; a < kinds; ++a) {
      sum += own[a] * factors.factor[a][q] * factors.factor[a][q];
      for (std::size_t b = 0; b <= a; ++b) {
        const double* row = &weight[(a * kinds + b) * bins];
        double pairs = 0;
        for (std::size_t r = 0; r <= last; ++r)
          pairs += row[r] * bessel[r];
        sum += factors.factor[a][q] * factors.factor[b][q] * pairs;
      }
    }
    out[q] = sum;
  }
  return out;
}

std::vector<float> kinematic_pattern(const AtomModel& atoms,
                                     double x,
                                     double y,
                                     const ProbeOptions& probe,
                                     Index size,
                                     double k_per_pixel) {
  if (size < 1 || !(k_per_pixel > 0))
    throw OptionError(fmt::format(
        "pattern of {} pixels of {:g} 1/angstrom: must be positive", size, k_per_pixel));
  std::vector<int> elements(atoms.element);
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  const Lit lit = lit_atoms(atoms, x, y, probe, elements);
  const auto n = static_cast<std::size_t>(size);
  const double centre = 0.5 * static_cast<double>(size - 1);
  // exp(2πi k·r) is a product of one factor per axis
  using Complex = std::complex<double>;
  std::vector<Complex> column(n), total(elements.size() * n * n), row(n);
  for (std::size_t i = 0; i < lit.x.size(); ++i) {
    for (std::size_t p = 0; p < n; ++p) {
      const double k = (static_cast<double>(p) - centre) * k_per_pixel;
      row[p] = std::polar(1.0, 2 * pi * k * lit.x[i]);
      column[p] = std::polar(lit.amplitude[i], 2 * pi * k * lit.y[i]);
    }
    Complex* to = &total[static_cast<std::size_t>(lit.kind[i]) * n * n];
    for (std::size_t v = 0; v < n; ++v)
      for (std::size_t u = 0; u < n; ++u)
        to[v * n + u] += column[v] * row[u];
  }
  std::vector<float> out(n * n);
  for (std::size_t v = 0; v < n; ++v)
    for (std::size_t u = 0; u < n; ++u) {
      const double k = k_per_pixel *
                       std::hypot(static_cast<double>(u) - centre, static_cast<double>(v) - centre);
      Complex sum = 0;
      for (std::size_t e = 0; e < elements.size(); ++e)
        sum += electron_scattering_factor(elements[e], 2 * pi * k) * total[e * n * n + v * n + u];
      out[v * n + u] = static_cast<float>(std::norm(sum));
    }
  return out;
}

std::vector<std::array<double, 2>> probe_places(const AtomModel& model, const ProbeOptions& probe) {
  if (!(probe.q_inv_angstrom > 0))
    throw OptionError(
        fmt::format("aperture of {:g} 1/angstrom: must be positive", probe.q_inv_angstrom));
  const double side = 0.61 / probe.q_inv_angstrom * std::numbers::sqrt2;
  std::array<Index, 2> fits{};
  for (std::size_t d = 0; d < 2; ++d)
    fits[d] = std::max<Index>(1, static_cast<Index>(model.edge[d] / side + 1e-6));
  std::vector<std::array<double, 2>> out;
  const auto at = [&](Index i, std::size_t d) {
    return model.edge[d] * ((static_cast<double>(i) + 0.5) / static_cast<double>(fits[d]) - 0.5);
  };
  for (Index i = 0; i < fits[0]; ++i)
    for (Index j = 0; j < fits[1]; ++j)
      out.push_back({at(i, 0), at(j, 1)});
  return out;
}

ModelVariance model_variance(const AtomModel& model,
                             std::span<const Rotation> rotations,
                             const ProbeOptions& probe,
                             std::span<const double> k,
                             const Monitor& monitor) {
  validate(model);
  const auto places = probe_places(model, probe);
  const FormFactors factors = electron_factors(model.element, k);
  const RingTable table(k, probe);
  const auto turns = static_cast<Index>(rotations.size());
  const std::size_t nk = k.size(), np = places.size();
  std::vector<double> intensity(static_cast<std::size_t>(turns) * np * nk);
  Progress progress(monitor, "diffraction of the model", "orientations", turns);
  parallel_for(0, turns, 1, [&](Index first, Index last) {
    for (Index t = first; t < last; ++t) {
      const AtomModel turned = rotated(model, rotations[static_cast<std::size_t>(t)]);
      for (std::size_t p = 0; p < np; ++p) {
        const auto one =
            annular_intensity(turned, places[p][0], places[p][1], probe, table, factors);
        std::copy(one.begin(), one.end(), &intensity[(static_cast<std::size_t>(t) * np + p) * nk]);
      }
      progress.advance();
    }
  });
  ModelVariance out;
  out.patterns = turns * static_cast<Index>(np);
  constexpr int samples = 200;
  Random random(1);
  std::vector<double> sum(static_cast<std::size_t>(turns)), squares(sum.size());
  std::vector<std::vector<std::size_t>> draws(samples);
  for (auto& draw : draws)
    for (Index t = 0; t < turns; ++t)
      draw.push_back(static_cast<std::size_t>(random.below(turns)));
  out.replicate.resize(samples * nk);
  for (std::size_t q = 0; q < nk; ++q) {
    double s = 0, ss = 0;
    for (std::size_t t = 0; t < sum.size(); ++t) {
      sum[t] = squares[t] = 0;
      for (std::size_t p = 0; p < np; ++p) {
        const double v = intensity[(t * np + p) * nk + q];
        sum[t] += v;
        squares[t] += v * v;
      }
      s += sum[t];
      ss += squares[t];
    }
    const auto n = static_cast<double>(out.patterns);
    out.mean.push_back(s / n);
    out.variance.push_back(ss / n / (s / n * s / n) - 1);
    Moments of_variance;
    for (std::size_t d = 0; d < draws.size(); ++d) {
      double a = 0, b = 0;
      for (const std::size_t t : draws[d]) {
        a += sum[t];
        b += squares[t];
      }
      out.replicate[d * nk + q] = b / n / (a / n * a / n) - 1;
      of_variance.add(out.replicate[d * nk + q]);
    }
    out.error.push_back(of_variance.deviation());
  }
  return out;
}

} // namespace vitrum::atoms
