#include "clusters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <mutex>
#include <numbers>

#include <fftw3.h>

#include "vitrum/core/fft_lock.hpp"

namespace vitrum::synth {
namespace {

constexpr double pi = std::numbers::pi;

using Place = std::array<double, 3>;

double distance2(const Place& a, const Place& b) {
  double sum = 0;
  for (std::size_t d = 0; d < 3; ++d)
    sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sum;
}

/// Places in cells of an edge within which all neighbours lie.
class Cells {
public:
  Cells(double radius, double thickness, double edge)
      : edge_(edge), low_(-radius - edge), wide_(static_cast<Index>(2 * radius / edge) + 4),
        deep_(static_cast<Index>(thickness / edge) + 4),
        cells_(static_cast<std::size_t>(wide_ * wide_ * deep_)) {}

  /// Whether a place of those added lies within `reach`, at most an edge.
  [[nodiscard]] bool crowded(const Place& p, double reach) const {
    const Index i = at(p[0], low_), j = at(p[1], low_), k = at(p[2], -edge_);
    for (Index a = i - 1; a <= i + 1; ++a)
      for (Index b = j - 1; b <= j + 1; ++b)
        for (Index c = k - 1; c <= k + 1; ++c) {
          if (a < 0 || b < 0 || c < 0 || a >= wide_ || b >= wide_ || c >= deep_)
            continue;
          for (const auto& other : cells_[number(a, b, c)])
            if (distance2(p, other) < reach * reach)
              return true;
        }
    return false;
  }
  void add(const Place& p) {
    cells_[number(at(p[0], low_), at(p[1], low_), at(p[2], -edge_))].push_back(p);
  }

private:
  [[nodiscard]] Index at(double x, double low) const {
    return static_cast<Index>((x - low) / edge_);
  }
  [[nodiscard]] std::size_t number(Index a, Index b, Index c) const {
    return static_cast<std::size_t>((c * wide_ + b) * wide_ + a);
  }
  double edge_, low_;
  Index wide_, deep_;
  std::vector<std::vector<Place>> cells_;
};

/// A rotation, evenly at random (Shoemake 1992).
std::array<Place, 3> turn(Random& random) {
  const double u = random.uniform(), v = 2 * pi * random.uniform(), w = 2 * pi * random.uniform();
  const double a = std::sqrt(1 - u) * std::sin(v), b = std::sqrt(1 - u) * std::cos(v),
               c = std::sqrt(u) * std::sin(w), d = std::sqrt(u) * std::cos(w);
  return {{{1 - 2 * (b * b + c * c), 2 * (a * b - c * d), 2 * (a * c + b * d)},
           {2 * (a * b + c * d), 1 - 2 * (a * a + c * c), 2 * (b * c - a * d)},
           {2 * (a * c - b * d), 2 * (b * c + a * d), 1 - 2 * (a * a + b * b)}}};
}

double lattice_of(const ClusterOptions& o) {
  return std::sqrt(3.0) * o.spacing_nm;
}

Place anywhere(double radius, double thickness, Random& random) {
  for (;;) {
    const double x = radius * (2 * random.uniform() - 1), y = radius * (2 * random.uniform() - 1);
    if (x * x + y * y <= radius * radius)
      return {x, y, thickness * random.uniform()};
  }
}

} // namespace

double density_of(const ClusterOptions& o) {
  return 4 / std::pow(lattice_of(o), 3);
}

Atoms make_layer(const ClusterOptions& o, double radius, Random& random) {
  Atoms out;
  const double half = 0.5 * o.size_nm, volume = pi * radius * radius * o.layer_nm;
  const double each = pi / 6 * std::pow(o.size_nm, 3);
  std::vector<Place> centers;
  const Index wanted = random.poisson(o.fraction * volume / each);
  // centres stay a radius away from the faces of the layer
  const double free = std::max(0.0, o.layer_nm - o.size_nm);
  Cells clusters(radius, o.layer_nm, std::max(o.size_nm, 0.1));
  constexpr int tries = 2000;
  for (Index i = 0; i < wanted; ++i)
    for (int k = 0; k < tries; ++k) {
      Place p = anywhere(radius, free, random);
      p[2] += 0.5 * (o.layer_nm - free);
      if (clusters.crowded(p, o.size_nm))
        continue;
      clusters.add(p);
      centers.push_back(p);
      break;
    }
  out.clusters = static_cast<Index>(centers.size());
  const auto keep = [&](const Place& p) {
    out.x.push_back(static_cast<float>(p[0]));
    out.y.push_back(static_cast<float>(p[1]));
    out.amplitude.push_back(1);
  };
  Cells atoms(radius + o.size_nm, o.layer_nm, std::max(o.closest_nm, 0.05));
  const double a = lattice_of(o);
  const auto reach = static_cast<Index>(half / a) + 1;
  for (const auto& center : centers) {
    const auto rotation = turn(random);
    const Place shift{random.uniform(), random.uniform(), random.uniform()};
    for (Index i = -2 * reach - 1; i <= 2 * reach + 1; ++i)
      for (Index j = -2 * reach - 1; j <= 2 * reach + 1; ++j)
        for (Index k = -2 * reach - 1; k <= 2 * reach + 1; ++k) {
          if ((i + j + k) % 2 != 0) // half-steps of the cube: every other is an atom
            continue;
          const Place p{0.5 * a * (static_cast<double>(i) + shift[0]),
                        0.5 * a * (static_cast<double>(j) + shift[1]),
                        0.5 * a * (static_cast<double>(k) + shift[2])};
          if (p[0] * p[0] + p[1] * p[1] + p[2] * p[2] > half * half)
            continue;
          Place turned = center;
          for (std::size_t d = 0; d < 3; ++d)
            for (std::size_t e = 0; e < 3; ++e)
              turned[d] += rotation[d][e] * p[e];
          atoms.add(turned);
          keep(turned);
          ++out.ordered;
        }
  }
  const double left = volume - static_cast<double>(centers.size()) * each;
  const Index matrix = random.poisson(density_of(o) * std::max(left, 0.0));
  for (Index i = 0; i < matrix; ++i)
    for (int k = 0; k < tries; ++k) {
      const Place p = anywhere(radius, o.layer_nm, random);
      if (clusters.crowded(p, half) || atoms.crowded(p, o.closest_nm))
        continue;
      atoms.add(p);
      keep(p);
      break;
    }
  return out;
}

struct ClusterPattern::State {
  Index height = 0, width = 0, rows = 0, columns = 0; // of the pattern, of the grid
  double pitch = 0;                                   // k per pixel
  fftw_complex* grid = nullptr;
  fftw_plan plan{};
  std::vector<double> undo_row, undo_column; // [row], [column] what spreading did
};

namespace {
constexpr Index reach = 7;              // points to either side
constexpr double variance_points = 2.2; // of the Gaussian, in points squared
} // namespace

ClusterPattern::ClusterPattern(Index height, Index width, double k_per_pixel)
    : state_(new State{}) {
  auto& s = *state_;
  s.height = height;
  s.width = width;
  s.rows = 2 * height;
  s.columns = 2 * width;
  s.pitch = k_per_pixel;
  const std::scoped_lock lock(fft_planner_mutex());
  s.grid = fftw_alloc_complex(static_cast<std::size_t>(s.rows * s.columns));
  s.plan = fftw_plan_dft_2d(static_cast<int>(s.rows),
                            static_cast<int>(s.columns),
                            s.grid,
                            s.grid,
                            FFTW_BACKWARD,
                            FFTW_ESTIMATE);
  const auto undo = [](Index pixels, Index points) {
    std::vector<double> out;
    for (Index p = 0; p < pixels; ++p) { // frequency p − pixels/2 of as many points
      const double f = 2 * pi * static_cast<double>(p - pixels / 2) / static_cast<double>(points);
      out.push_back(std::exp(0.5 * variance_points * f * f) / std::sqrt(2 * pi * variance_points));
    }
    return out;
  };
  s.undo_row = undo(height, s.rows);
  s.undo_column = undo(width, s.columns);
}

ClusterPattern::~ClusterPattern() {
  const std::scoped_lock lock(fft_planner_mutex());
  fftw_destroy_plan(state_->plan);
  fftw_free(state_->grid);
  delete state_;
}

double
ClusterPattern::add(const Atoms& atoms, double center_x, double center_y, std::span<double> out) {
  auto& s = *state_;
  using Complex = std::complex<double>;
  auto* grid = reinterpret_cast<Complex*>(s.grid);
  std::fill(grid, grid + s.rows * s.columns, Complex{});
  double squares = 0;
  // k of pixel p is (p − centre) · pitch: whole frequencies count from the pixel in the middle, and
  // what the centre is off it turns each atom
  const double off_x = static_cast<double>(s.width / 2) - center_x,
               off_y = static_cast<double>(s.height / 2) - center_y;
  std::array<double, 2 * reach + 1> along_x{}, along_y{};
  for (std::size_t i = 0; i < atoms.x.size(); ++i) {
    const double x = static_cast<double>(atoms.x[i]), y = static_cast<double>(atoms.y[i]),
                 amplitude = static_cast<double>(atoms.amplitude[i]);
    squares += amplitude * amplitude;
    // periods of the grid are 1/pitch
    const double gx = x * s.pitch * static_cast<double>(s.columns),
                 gy = y * s.pitch * static_cast<double>(s.rows);
    const auto nx = static_cast<Index>(std::floor(gx)), ny = static_cast<Index>(std::floor(gy));
    for (Index d = -reach; d <= reach; ++d) {
      const double dx = gx - static_cast<double>(nx + d), dy = gy - static_cast<double>(ny + d);
      along_x[static_cast<std::size_t>(d + reach)] = std::exp(-0.5 * dx * dx / variance_points);
      along_y[static_cast<std::size_t>(d + reach)] = std::exp(-0.5 * dy * dy / variance_points);
    }
    const auto turned = std::polar(amplitude, 2 * pi * s.pitch * (off_x * x + off_y * y));
    const auto wrapped = [](Index at, Index n) { return ((at % n) + n) % n; };
    for (Index j = -reach; j <= reach; ++j) {
      Complex* row = grid + wrapped(ny + j, s.rows) * s.columns;
      const auto part = turned * along_y[static_cast<std::size_t>(j + reach)];
      for (Index d = -reach; d <= reach; ++d)
        row[wrapped(nx + d, s.columns)] += part * along_x[static_cast<std::size_t>(d + reach)];
    }
  }
  fftw_execute(s.plan);
  for (Index v = 0; v < s.height; ++v)
    for (Index u = 0; u < s.width; ++u) {
      const Index row = (v - s.height / 2 + s.rows) % s.rows,
                  column = (u - s.width / 2 + s.columns) % s.columns;
      const double undo =
          s.undo_row[static_cast<std::size_t>(v)] * s.undo_column[static_cast<std::size_t>(u)];
      out[static_cast<std::size_t>(v * s.width + u)] +=
          undo * undo * std::norm(grid[row * s.columns + column]);
    }
  return squares;
}

} // namespace vitrum::synth
