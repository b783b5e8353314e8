#include "vitrum/md/density.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <fftw3.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::md {
namespace {

constexpr Index widest = 16;

/// The next even length whose only primes are 2, 3, 5 and 7. Not 256, 384 …: rows so far apart
/// share few lines of the cache, and the transform takes three times as long as that of 270.
Index smooth_length(Index n) {
  constexpr Index unlucky = 128;
  for (n += n % 2;; n += 2) {
    if (n > unlucky && n % unlucky == 0)
      continue;
    Index rest = n;
    for (const Index p : {2, 3, 5, 7})
      while (rest % p == 0)
        rest /= p;
    if (rest == 1)
      return n;
  }
}

/// Kernel and mesh for a tolerance.
struct Design {
  double oversampling;
  Index width;
  double shape; // exponent of the kernel, not a physical quantity
};

Design design_for(double tolerance) {
  // width and shape after Barnett et al. 2019, section 3.2; one more node than their
  // one-dimensional rule, as three directions add their errors
  Design best{};
  if (tolerance < 1e-8) {
    best.oversampling = 2;
    best.width = static_cast<Index>(std::ceil(-std::log10(tolerance))) + 2;
    best.width = std::min(best.width, widest);
    best.shape = 2.30 * static_cast<double>(best.width);
    return best;
  }
  best.oversampling = 1.4;
  best.width =
      1 + static_cast<Index>(std::ceil(-std::log(tolerance) /
                                       (std::numbers::pi * std::sqrt(1 - 1 / best.oversampling))));
  best.width = std::clamp<Index>(best.width, 3, widest);
  best.shape =
      0.97 * std::numbers::pi * (1 - 1 / (2 * best.oversampling)) * static_cast<double>(best.width);
  return best;
}

std::array<Index, 3> mesh_lengths(const ReciprocalGrid& grid, const Design& design) {
  std::array<Index, 3> n{};
  for (std::size_t d = 0; d < 3; ++d) {
    const auto points = static_cast<double>(2 * grid.half[d] + 1);
    n[d] = smooth_length(std::max<Index>(
        static_cast<Index>(std::ceil(design.oversampling * points)), 2 * design.width));
  }
  return n;
}

double kernel(double z, double shape) {
  const double s = 1 - z * z;
  return s > 0 ? std::exp(shape * (std::sqrt(s) - 1)) : 0;
}

/// 1 / ∫ kernel(2u/w) cos(2π k u / n) du for k = 0 … half. u = w/2 sin θ makes the integrand
/// smooth.
std::vector<double> deconvolution(Index half, Index n, Index width, double shape) {
  constexpr int nodes = 400;
  std::vector<double> out;
  for (Index k = 0; k <= half; ++k) {
    double sum = 0;
    for (int i = 0; i < nodes; ++i) {
      const double theta = (i + 0.5) / nodes * std::numbers::pi / 2;
      const double u = 0.5 * static_cast<double>(width) * std::sin(theta);
      sum += std::exp(shape * (std::cos(theta) - 1)) * std::cos(theta) *
             std::cos(2 * std::numbers::pi * static_cast<double>(k) * u / static_cast<double>(n));
    }
    out.push_back(nodes / (sum * std::numbers::pi / 2 * static_cast<double>(width)));
  }
  return out;
}

} // namespace

ReciprocalGrid grid_up_to(const atoms::Box& box, double q) {
  ReciprocalGrid grid;
  // h = q·a / 2π, so |h| <= |q| |a| / 2π
  for (std::size_t i = 0; i < 3; ++i)
    grid.half[i] = std::max<Index>(
        1, static_cast<Index>(q * atoms::norm(box.edges()[i]) / (2 * std::numbers::pi) + 1e-9));
  return grid;
}

struct DensityTransform::State {
  State(const ReciprocalGrid& g, double tolerance)
      : grid(g), design(design_for(tolerance)), n(mesh_lengths(g, design)) {
    for (std::size_t d = 0; d < 3; ++d) {
      factor[d] = deconvolution(grid.half[d], n[d], design.width, design.shape);
    }
    mesh = Buffer<double>(n[0] * n[1] * n[2]);
    spectrum = Buffer<Complex>(n[0] * n[1] * (n[2] / 2 + 1));
    const std::array<int, 3> length{
        static_cast<int>(n[0]), static_cast<int>(n[1]), static_cast<int>(n[2])};
    const int row = length[2] / 2 + 1, wanted = static_cast<int>(grid.half[2]) + 1;
    auto* to = reinterpret_cast<fftw_complex*>(spectrum.data());
    const std::lock_guard lock(fft_planner_mutex());
    along_3 = fftw_plan_many_dft_r2c(1,
                                     &length[2],
                                     length[0] * length[1],
                                     mesh.data(),
                                     nullptr,
                                     1,
                                     length[2],
                                     to,
                                     nullptr,
                                     1,
                                     row,
                                     FFTW_ESTIMATE);
    const auto columns = [&](const int& size, int stride) {
      return fftw_plan_many_dft(1,
                                &size,
                                wanted,
                                to,
                                nullptr,
                                stride,
                                1,
                                to,
                                nullptr,
                                stride,
                                1,
                                FFTW_FORWARD,
                                FFTW_ESTIMATE);
    };
    along_2 = columns(length[1], row);
    along_1 = columns(length[0], length[1] * row);
  }
  ~State() {
    const std::lock_guard lock(fft_planner_mutex());
    for (auto* plan : {along_1, along_2, along_3})
      fftw_destroy_plan(plan);
  }

  /// One direction after the other, and only what the grid needs of those before.
  void transform_mesh() {
    fftw_execute(along_3);
    const Index row = n[2] / 2 + 1;
    const auto run = [&](fftw_plan plan, Index first) {
      auto* at = reinterpret_cast<fftw_complex*>(spectrum.data() + first);
      fftw_execute_dft(plan, at, at);
    };
    for (Index h = 0; h < n[0]; ++h)
      run(along_2, h * n[1] * row);
    for (Index k = 0; k < n[1]; ++k)
      if (std::min(k, n[1] - k) <= grid.half[1])
        run(along_1, k * row);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  template <Index W>
  void spread(std::span<const Index> order) {
    const double scale = 2.0 / static_cast<double>(W);
    double weight[3][W];
    Index node[3][W];
    for (const Index i : order) {
      for (std::size_t d = 0; d < 3; ++d) {
        const double u = places[static_cast<std::size_t>(i)][d];
        const auto first = static_cast<Index>(std::ceil(u - 0.5 * static_cast<double>(W)));
        for (Index m = 0; m < W; ++m) {
          weight[d][m] = kernel((u - static_cast<double>(first + m)) * scale, design.shape);
          Index at = first + m;
          at += at < 0 ? n[d] : 0;
          node[d][m] = at >= n[d] ? at - n[d] : at;
        }
      }
      const bool contiguous = node[2][W - 1] == node[2][0] + W - 1;
      for (Index a = 0; a < W; ++a)
        for (Index b = 0; b < W; ++b) {
          const double f = weight[0][a] * weight[1][b];
          double* row = mesh.data() + (node[0][a] * n[1] + node[1][b]) * n[2];
          if (contiguous) {
            row += node[2][0];
            for (Index m = 0; m < W; ++m)
              row[m] += f * weight[2][m];
          } else {
            for (Index m = 0; m < W; ++m)
              row[node[2][m]] += f * weight[2][m];
          }
        }
    }
  }

  template <Index W = 3>
  void spread_any(std::span<const Index> order) {
    if (design.width == W)
      spread<W>(order);
    else if constexpr (W < widest)
      spread_any<W + 1>(order);
  }

  /// Atoms by slabs and rows of the mesh, so that neighbours in memory are written one after the
  /// other.
  std::vector<Index> sorted() const {
    std::vector<std::pair<Index, Index>> key(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
      key[i] = {static_cast<Index>(places[i][0]) / 4 * n[1] + static_cast<Index>(places[i][1]),
                static_cast<Index>(i)};
    std::sort(key.begin(), key.end());
    std::vector<Index> order(places.size());
    for (std::size_t i = 0; i < key.size(); ++i)
      order[i] = key[i].second;
    return order;
  }

  ReciprocalGrid grid;
  Design design;
  std::array<Index, 3> n{};
  std::array<std::vector<double>, 3> factor;
  Buffer<double> mesh;
  Buffer<Complex> spectrum;
  fftw_plan along_1 = nullptr, along_2 = nullptr, along_3 = nullptr;
  std::vector<atoms::Vector> places; // [atom] in nodes of the mesh
};

DensityTransform::DensityTransform(const ReciprocalGrid& grid, double tolerance) {
  if (!(tolerance >= 1e-13 && tolerance <= 0.1))
    throw OptionError(fmt::format("tolerance {}: must be from 1e-13 to 0.1", tolerance));
  for (const Index half : grid.half)
    if (half < 1 || half > 2000)
      throw OptionError(
          fmt::format("reciprocal lattice up to index {}: must be from 1 to 2000", half));
  state_ = std::make_unique<State>(grid, tolerance);
}
DensityTransform::~DensityTransform() = default;
DensityTransform::DensityTransform(DensityTransform&&) noexcept = default;

Index DensityTransform::kernel_width() const {
  return state_->design.width;
}

std::array<Index, 3> DensityTransform::mesh() const {
  return state_->n;
}

double DensityTransform::bytes_of(const ReciprocalGrid& grid, double tolerance) {
  const auto n = mesh_lengths(grid, design_for(tolerance));
  return static_cast<double>(n[0]) * static_cast<double>(n[1]) *
         (static_cast<double>(n[2]) * sizeof(double) +
          static_cast<double>(n[2] / 2 + 1) * sizeof(Complex));
}

Index DensityTransform::bytes() const {
  return state_->mesh.size() * static_cast<Index>(sizeof(double)) +
         state_->spectrum.size() * static_cast<Index>(sizeof(Complex));
}

void DensityTransform::transform(const atoms::Box& box,
                                 std::span<const atoms::Vector> positions,
                                 std::span<Complex> out) {
  auto& s = *state_;
  s.places.resize(positions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto fraction = box.fraction(positions[i]);
    for (std::size_t d = 0; d < 3; ++d) {
      const double inside = fraction[d] - std::floor(fraction[d]);
      const double u = inside * static_cast<double>(s.n[d]);
      s.places[i][d] = u < static_cast<double>(s.n[d]) ? u : 0;
    }
  }
  std::fill(s.mesh.span().begin(), s.mesh.span().end(), 0.0);
  s.spread_any(s.sorted());
  s.transform_mesh();
  const auto& half = s.grid.half;
  const Index row = s.n[2] / 2 + 1;
  Index at = 0;
  for (Index h = -half[0]; h <= half[0]; ++h)
    for (Index k = -half[1]; k <= half[1]; ++k) {
      const Complex* from =
          s.spectrum.data() + ((h < 0 ? h + s.n[0] : h) * s.n[1] + (k < 0 ? k + s.n[1] : k)) * row;
      const double f = s.factor[0][static_cast<std::size_t>(std::abs(h))] *
                       s.factor[1][static_cast<std::size_t>(std::abs(k))];
      for (Index l = 0; l <= half[2]; ++l) // FFTW's sign is −, ours +
        out[static_cast<std::size_t>(at++)] =
            std::conj(from[l]) * (f * s.factor[2][static_cast<std::size_t>(l)]);
    }
}

void direct_density(const atoms::Box& box,
                    std::span<const atoms::Vector> positions,
                    std::span<const Miller> hkl,
                    std::span<Complex> out) {
  std::fill(out.begin(), out.end(), Complex(0));
  for (const auto& position : positions) {
    const auto s = box.fraction(position);
    for (std::size_t k = 0; k < hkl.size(); ++k) {
      double turns = 0;
      for (std::size_t d = 0; d < 3; ++d)
        turns += static_cast<double>(hkl[k][d]) * s[d];
      const double phase = 2 * std::numbers::pi * (turns - std::round(turns));
      out[k] += Complex(std::cos(phase), std::sin(phase));
    }
  }
}

} // namespace vitrum::md
