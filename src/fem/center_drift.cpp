#include "vitrum/fem/center_drift.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

/// Place in the scan, −½ … ½ along columns and rows.
std::array<double, 2> place_of(double number, Index frames, Index columns) {
  if (columns <= 1)
    return {0, frames > 1 ? number / static_cast<double>(frames - 1) - 0.5 : 0};
  const Index rows = frames / columns;
  const double row = std::floor(number / static_cast<double>(columns));
  const double column = number - row * static_cast<double>(columns);
  return {column / static_cast<double>(columns - 1) - 0.5,
          rows > 1 ? row / static_cast<double>(rows - 1) - 0.5 : 0};
}

/// A block of patterns that lie side by side.
struct Block {
  std::vector<Index> patterns;
  std::array<double, 2> place{};
  double x = unknown, y = unknown; // centre
};

std::vector<Block>
make_blocks(const std::vector<Index>& list, Index frames, const DriftOptions& o) {
  std::vector<Block> blocks;
  if (o.each) {
    for (const Index i : list)
      blocks.push_back(
          {{i}, place_of(static_cast<double>(i), frames, o.columns), unknown, unknown});
    return blocks;
  }
  // tiles of the scan, or pieces of the series
  const Index rows = o.columns > 1 ? frames / o.columns : frames;
  const Index columns = std::max<Index>(1, o.columns);
  const auto along =
      std::max<Index>(2, static_cast<Index>(std::sqrt(static_cast<double>(o.blocks))));
  const Index down = o.columns > 1 ? std::min(along, rows) : std::min(o.blocks, rows);
  const Index across = std::min(along, columns);
  blocks.resize(static_cast<std::size_t>(down * across));
  const auto total = static_cast<Index>(list.size());
  const Index looked = std::min(o.most, total);
  for (Index i = 0; i < looked; ++i) {
    const Index number = list[static_cast<std::size_t>(i * total / looked)];
    const Index row = number / columns, column = number % columns;
    auto& block =
        blocks[static_cast<std::size_t>(row * down / rows * across + column * across / columns)];
    block.patterns.push_back(number);
    const auto place = place_of(static_cast<double>(number), frames, o.columns);
    block.place[0] += place[0];
    block.place[1] += place[1];
  }
  std::erase_if(blocks, [](const Block& b) { return b.patterns.empty(); });
  for (auto& block : blocks)
    for (double& p : block.place)
      p /= static_cast<double>(block.patterns.size());
  return blocks;
}

std::vector<double>
mean_of(frames::FrameSource& source, const Block& block, std::vector<std::byte>& raw) {
  std::vector<double> mean(static_cast<std::size_t>(source.info().pixels()), 0);
  for (const Index i : block.patterns) {
    source.read(i, 1, raw.data());
    frames::visit(source.info().type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* values = reinterpret_cast<const T*>(raw.data());
      for (std::size_t p = 0; p < mean.size(); ++p)
        mean[p] += static_cast<double>(values[p]) / static_cast<double>(block.patterns.size());
    });
  }
  return mean;
}

/// Profile of the mean pattern against the radius of the ring, around it.
struct Profile {
  RingShape shape;
  double first = 0, last = 0; // radius, px
  std::vector<double> value;  // [radius of whole pixels]

  [[nodiscard]] double at(double r) const {
    const auto i = static_cast<std::size_t>(r);
    const double u = r - static_cast<double>(i);
    return value[i] * (1 - u) + value[i + 1] * u;
  }
};

Profile make_profile(std::span<const double> image, const frames::Mask& mask, const RingFit& ring) {
  Profile out;
  out.shape = ring.shape;
  constexpr double inner = 0.6, outer = 1.5;
  out.first = inner * ring.radius_px;
  out.last = outer * ring.radius_px;
  const auto size = static_cast<std::size_t>(out.last) + 4;
  std::vector<double> sum(size, 0), weight(size, 0);
  for (Index y = 0; y < mask.height; ++y)
    for (Index x = 0; x < mask.width; ++x) {
      const auto p = static_cast<std::size_t>(y * mask.width + x);
      const double r = ring.shape.radius_px(static_cast<double>(x), static_cast<double>(y));
      const auto i = static_cast<std::size_t>(r);
      if (mask.use[p] == 0 || i + 1 >= size)
        continue;
      const double u = r - static_cast<double>(i); // linear weights, as it is read
      sum[i] += (1 - u) * image[p];
      weight[i] += 1 - u;
      sum[i + 1] += u * image[p];
      weight[i + 1] += u;
    }
  for (std::size_t i = 0; i < size; ++i)
    out.value.push_back(weight[i] > 0 ? sum[i] / weight[i] : 0);
  return out;
}

/// Solves a · x = b of 3 unknowns; false when it cannot.
bool solve(double (&a)[3][3], double (&b)[3]) {
  for (int p = 0; p < 3; ++p) {
    if (!(std::abs(a[p][p]) > 1e-300))
      return false;
    for (int i = 0; i < 3; ++i) {
      if (i == p)
        continue;
      const double factor = a[i][p] / a[p][p];
      for (int j = 0; j < 3; ++j)
        a[i][j] -= factor * a[p][j];
      b[i] -= factor * b[p];
    }
  }
  for (int p = 0; p < 3; ++p)
    b[p] /= a[p][p];
  return true;
}

/// The centre about which the profile, times a factor, fits best: least squares of relative
/// deviations in factor and centre, linear step by step. NaN when it runs away.
void find_center(std::span<const double> image,
                 const frames::Mask& mask,
                 const Profile& profile,
                 Block& block) {
  RingShape shape = profile.shape;
  double factor = 1;
  double limit = 1e300; // of a deviation, relative
  constexpr int rounds = 8;
  for (int round = 0; round < rounds; ++round) {
    double a[3][3]{}, b[3]{};
    double squares = 0, n = 0;
    for (Index y = 0; y < mask.height; ++y)
      for (Index x = 0; x < mask.width; ++x) {
        const auto p = static_cast<std::size_t>(y * mask.width + x);
        if (mask.use[p] == 0)
          continue;
        const double px = static_cast<double>(x), py = static_cast<double>(y);
        const double r = shape.radius_px(px, py);
        if (!(r > profile.first && r < profile.last))
          continue;
        const double m = profile.at(r);
        if (!(m > 0))
          continue;
        const double left = image[p] / (factor * m) - 1;
        squares += left * left;
        ++n;
        if (std::abs(left) > limit)
          continue;
        const double slope = 0.5 * (profile.at(r + 1) - profile.at(r - 1)) / m;
        const double gx = -slope * (shape.radius_px(px + 0.5, py) - shape.radius_px(px - 0.5, py)),
                     gy = -slope * (shape.radius_px(px, py + 0.5) - shape.radius_px(px, py - 0.5));
        const double z[3] = {1, gx, gy};
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 3; ++j)
            a[i][j] += z[i] * z[j];
          b[i] += z[i] * left;
        }
      }
    if (n < 50 || !solve(a, b))
      return;
    factor *= 1 + b[0];
    shape.center_x_px += std::clamp(b[1], -3.0, 3.0);
    shape.center_y_px += std::clamp(b[2], -3.0, 3.0);
    constexpr double far = 4;
    limit = far * std::sqrt(squares / n);
    constexpr double still = 1e-3;
    if (round > 1 && std::hypot(b[1], b[2]) < still)
      break;
  }
  const double moved = std::hypot(shape.center_x_px - profile.shape.center_x_px,
                                  shape.center_y_px - profile.shape.center_y_px);
  constexpr double furthest = 0.5; // of the radius
  if (!(factor > 0) || !(moved < furthest * profile.first))
    return;
  block.x = shape.center_x_px;
  block.y = shape.center_y_px;
}

/// Plane through the values of the blocks marked; errors from their scatter.
Plane fit_plane(const std::vector<Block>& blocks,
                const std::vector<std::uint8_t>& good,
                double Block::*value) {
  double m[3][6]{}; // normal equations, right side, and the inverse built beside them
  for (int i = 0; i < 3; ++i)
    m[i][3 + i] = 1;
  double v[3]{};
  double n = 0;
  bool varies[2]{};
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (good[b] == 0)
      continue;
    const double z[3] = {1, blocks[b].place[0], blocks[b].place[1]};
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j)
        m[i][j] += z[i] * z[j];
      v[i] += z[i] * blocks[b].*value;
    }
    varies[0] = varies[0] || blocks[b].place[0] != blocks.front().place[0];
    varies[1] = varies[1] || blocks[b].place[1] != blocks.front().place[1];
    ++n;
  }
  for (int d = 0; d < 2; ++d)
    if (!varies[d])
      m[d + 1][d + 1] += 1e30; // a scan of one row or column has no slope across
  for (int p = 0; p < 3; ++p) {
    const double scale = m[p][p];
    for (double& x : m[p])
      x /= scale;
    for (int i = 0; i < 3; ++i)
      if (i != p) {
        const double factor = m[i][p];
        for (int j = 0; j < 6; ++j)
          m[i][j] -= factor * m[p][j];
      }
  }
  double a[3]{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      a[i] += m[i][3 + j] * v[j];
  double chi2 = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b)
    if (good[b] != 0)
      chi2 += std::pow(
          blocks[b].*value - a[0] - a[1] * blocks[b].place[0] - a[2] * blocks[b].place[1], 2);
  const double scatter = n > 3 ? chi2 / (n - 3) : unknown;
  const auto of = [&](int i) { return Value{a[i], std::sqrt(scatter * m[i][3 + i])}; };
  return {of(0), of(1), of(2)};
}

double at(const Plane& plane, const std::array<double, 2>& place) {
  return plane.middle.value + plane.along_columns.value * place[0] +
         plane.along_rows.value * place[1];
}

} // namespace

double CenterDrift::largest_change_px() const {
  double most = 0;
  for (const auto* plane : {&x, &y})
    most =
        std::max({most, std::abs(plane->along_columns.value), std::abs(plane->along_rows.value)});
  return most;
}

bool CenterDrift::significant(double least, double errors) const {
  for (const auto* plane : {&x, &y})
    for (const auto* v : {&plane->along_columns, &plane->along_rows})
      if (std::abs(v->value) > least && std::abs(v->value) > errors * v->error)
        return true;
  return false;
}

CenterDrift follow_center(frames::FrameSource& source,
                          std::span<const std::uint8_t> use,
                          const frames::Mask& mask,
                          const RingFit& about,
                          std::span<const double> mean_image,
                          const DriftOptions& options,
                          const Monitor& monitor) {
  const auto& info = source.info();
  std::vector<Index> list;
  for (Index i = 0; i < info.frames; ++i)
    if (use.empty() || use[static_cast<std::size_t>(i)] != 0)
      list.push_back(i);
  auto blocks = make_blocks(list, info.frames, options);
  const auto profile = make_profile(mean_image, mask, about);
  Progress progress(monitor, "following the centre", "fits", static_cast<Index>(blocks.size()));
  constexpr Index at_once = 16; // means in memory
  std::vector<std::byte> raw(static_cast<std::size_t>(info.frame_bytes()));
  for (std::size_t first = 0; first < blocks.size(); first += at_once) {
    const auto count = std::min<std::size_t>(at_once, blocks.size() - first);
    std::vector<std::vector<double>> means;
    for (std::size_t b = 0; b < count; ++b)
      means.push_back(mean_of(source, blocks[first + b], raw));
    parallel_for(0, static_cast<Index>(count), 1, [&](Index begin, Index end) {
      for (Index b = begin; b < end; ++b)
        find_center(means[static_cast<std::size_t>(b)],
                    mask,
                    profile,
                    blocks[first + static_cast<std::size_t>(b)]);
    });
    progress.advance(static_cast<Index>(count));
  }
  std::vector<std::uint8_t> good;
  for (const auto& block : blocks)
    good.push_back(std::isfinite(block.x));
  CenterDrift out;
  constexpr Index fewest = 8;
  for (int round = 0;; ++round) {
    out.fitted = std::count(good.begin(), good.end(), 1);
    if (out.fitted < fewest)
      throw DataError(fmt::format(
          "{}: {} centres along the scan, need {} to follow them", info.path, out.fitted, fewest));
    out.x = fit_plane(blocks, good, &Block::x);
    out.y = fit_plane(blocks, good, &Block::y);
    std::vector<double> off;
    for (std::size_t b = 0; b < blocks.size(); ++b)
      if (good[b] != 0)
        for (const double d :
             {blocks[b].x - at(out.x, blocks[b].place), blocks[b].y - at(out.y, blocks[b].place)})
          off.push_back(d);
    out.scatter_px = robust_deviation(off);
    constexpr int rounds = 4;
    if (round == rounds)
      break;
    constexpr double far = 4;
    for (std::size_t b = 0; b < blocks.size(); ++b)
      good[b] =
          std::isfinite(blocks[b].x) && std::hypot(blocks[b].x - at(out.x, blocks[b].place),
                                                   blocks[b].y - at(out.y, blocks[b].place)) <=
                                            far * std::max(out.scatter_px, 1e-6);
  }
  for (Index i = 0; i < info.frames; ++i) {
    const auto place = place_of(static_cast<double>(i), info.frames, options.columns);
    out.center_x_px.push_back(at(out.x, place));
    out.center_y_px.push_back(at(out.y, place));
  }
  if (options.each)
    for (std::size_t b = 0; b < blocks.size(); ++b)
      if (good[b] != 0) {
        const auto i = static_cast<std::size_t>(blocks[b].patterns[0]);
        out.center_x_px[i] = blocks[b].x;
        out.center_y_px[i] = blocks[b].y;
      }
  return out;
}

} // namespace vitrum::fem
