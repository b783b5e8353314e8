#include "vitrum/frames/partition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

double wrapped(double degrees, double turn) {
  const double rest = std::fmod(degrees, turn);
  const double positive = rest < 0 ? rest + turn : rest;
  return positive >= turn ? 0 : positive;
}

// Mean q of the pixels of each label, written to the bins.
void set_mean_q(std::vector<Bin>& bins,
                const std::vector<std::int32_t>& labels,
                const std::vector<double>& q) {
  std::vector<double> sum(bins.size() + 1, 0);
  std::vector<double> pixels(bins.size() + 1, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    sum[static_cast<std::size_t>(labels[i])] += q[i];
    pixels[static_cast<std::size_t>(labels[i])] += 1;
  }
  for (std::size_t b = 0; b < bins.size(); ++b)
    bins[b].q_inv_angstrom = sum[b + 1] / pixels[b + 1];
}

void set_q_range(std::vector<Bin>& bins,
                 const std::vector<std::int32_t>& labels,
                 const std::vector<double>& q) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] > 0) {
      Bin& bin = bins[static_cast<std::size_t>(labels[i] - 1)];
      if (!(q[i] >= bin.q_low_inv_angstrom))
        bin.q_low_inv_angstrom = q[i];
      if (!(q[i] <= bin.q_high_inv_angstrom))
        bin.q_high_inv_angstrom = q[i];
    }
}

// Renumbers labels to 1, 2, … without gaps; returns the old label of each new one.
std::vector<std::int32_t> close_gaps(std::vector<std::int32_t>& labels) {
  std::map<std::int32_t, std::int32_t> renumbered;
  for (const std::int32_t label : labels)
    if (label != 0)
      renumbered[label] = 0;
  std::vector<std::int32_t> old;
  for (auto& [label, fresh] : renumbered) {
    old.push_back(label);
    fresh = static_cast<std::int32_t>(old.size());
  }
  for (std::int32_t& label : labels)
    if (label != 0)
      label = renumbered[label];
  return old;
}

std::vector<Bin> select_bins(const std::vector<Bin>& bins,
                             const std::vector<std::int32_t>& labels) {
  std::vector<Bin> chosen;
  for (const std::int32_t label : labels)
    chosen.push_back(bins[static_cast<std::size_t>(label - 1)]);
  return chosen;
}

void check_not_negative(const std::vector<std::int32_t>& labels, const char* what, Index width) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0)
      throw DataError(fmt::format("{} label of pixel ({}, {}) is {}: must not be negative",
                                  what,
                                  static_cast<Index>(i) / width,
                                  static_cast<Index>(i) % width,
                                  labels[i]));
}

// The dynamic bin of each static one; throws when there are two.
std::vector<std::int32_t> check_nesting(const std::vector<std::int32_t>& dynamic_labels,
                                        const std::vector<std::int32_t>& static_labels,
                                        std::size_t static_bins,
                                        Index width) {
  std::vector<std::int32_t> parent(static_bins + 1, 0);
  for (std::size_t i = 0; i < static_labels.size(); ++i) {
    if ((static_labels[i] == 0) != (dynamic_labels[i] == 0))
      throw DataError(fmt::format(
          "pixel ({}, {}) has dynamic label {} and static label {}: both or none must be 0",
          static_cast<Index>(i) / width,
          static_cast<Index>(i) % width,
          dynamic_labels[i],
          static_labels[i]));
    auto& owner = parent[static_cast<std::size_t>(static_labels[i])];
    if (owner == 0)
      owner = dynamic_labels[i];
    else if (owner != dynamic_labels[i])
      throw DataError(fmt::format("static bin {} lies in the dynamic bins {} and {}",
                                  static_labels[i],
                                  std::min(owner, dynamic_labels[i]),
                                  std::max(owner, dynamic_labels[i])));
  }
  return parent;
}

// Ring edges from `low` to `high` (both included): n + 1 values.
std::vector<double> ring_edges(double low,
                               double high,
                               Index n,
                               const PartitionOptions& options,
                               std::vector<double> sorted_q) {
  std::vector<double> edges;
  for (Index k = 0; k <= n; ++k) {
    const double part = static_cast<double>(k) / static_cast<double>(n);
    if (options.equal_pixels && k > 0 && k < n)
      edges.push_back(
          sorted_q[static_cast<std::size_t>(k * static_cast<Index>(sorted_q.size()) / n)]);
    else if (options.logarithmic && !options.equal_pixels)
      edges.push_back(low * std::pow(high / low, part));
    else
      edges.push_back(low + (high - low) * part);
  }
  edges.front() = low;
  edges.back() = high;
  return edges;
}

// Ring k holds edges[k] <= q < edges[k + 1], the last one its upper edge too.
Index ring_of(double q, const std::vector<double>& edges) {
  const auto above = std::upper_bound(edges.begin(), edges.end(), q);
  const Index ring = static_cast<Index>(above - edges.begin()) - 1;
  return std::min(ring, static_cast<Index>(edges.size()) - 2);
}

std::vector<double> sorted_between(const QMap& map, const Mask& mask, double low, double high) {
  std::vector<double> q;
  for (std::size_t i = 0; i < mask.use.size(); ++i)
    if (mask.use[i] != 0 && map.q_inv_angstrom[i] >= low && map.q_inv_angstrom[i] <= high)
      q.push_back(map.q_inv_angstrom[i]);
  std::sort(q.begin(), q.end());
  return q;
}

void check_shape(const QMap& map, Index height, Index width, const char* what) {
  if (map.height != height || map.width != width)
    throw DataError(fmt::format("q map of {} x {} pixels does not fit the {} of {} x {}",
                                map.height,
                                map.width,
                                what,
                                height,
                                width));
}

void check_bins(const std::vector<std::int32_t>& labels, std::size_t bins, const char* what) {
  std::vector<std::uint8_t> seen(bins + 1, 0);
  for (const std::int32_t label : labels) {
    if (label < 0 || static_cast<std::size_t>(label) > bins)
      throw DataError(fmt::format("{} label {} but {} bins", what, label, bins));
    seen[static_cast<std::size_t>(label)] = 1;
  }
  for (std::size_t b = 1; b <= bins; ++b)
    if (seen[b] == 0)
      throw DataError(fmt::format("{} bin {} has no pixel", what, b));
}

struct QRange {
  double low, high;
};

QRange q_range(const QMap& map, const Mask& mask, const PartitionOptions& options) {
  QRange range{options.q_min, options.q_max};
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (std::size_t i = 0; i < mask.use.size(); ++i) {
    const double q = map.q_inv_angstrom[i];
    if (mask.use[i] == 0 || !(q > 0 || !options.logarithmic))
      continue;
    low = std::min(low, q);
    high = std::max(high, q);
  }
  if (!(low <= high))
    throw DataError("no pixel in use: the mask leaves out all of them");
  if (std::isnan(range.low))
    range.low = low;
  if (std::isnan(range.high))
    range.high = high;
  return range;
}

} // namespace

void validate(const PartitionOptions& o) {
  if (o.q_bins < 1)
    throw OptionError(fmt::format("q_bins = {}: must be at least 1", o.q_bins));
  if (o.phi_sectors < 1)
    throw OptionError(fmt::format("phi_sectors = {}: must be at least 1", o.phi_sectors));
  if (o.static_per_bin < 1)
    throw OptionError(fmt::format("static_per_bin = {}: must be at least 1", o.static_per_bin));
  constexpr Index most = std::numeric_limits<std::int32_t>::max();
  if (o.q_bins > most / o.phi_sectors || o.q_bins * o.phi_sectors > most / o.static_per_bin)
    throw OptionError(fmt::format(
        "{} x {} x {} bins: more than {}", o.q_bins, o.phi_sectors, o.static_per_bin, most));
  if (std::isinf(o.q_min) || o.q_min < 0)
    throw OptionError(fmt::format("q_min = {}: must be finite and not negative", o.q_min));
  if (std::isinf(o.q_max) || o.q_max <= 0)
    throw OptionError(fmt::format("q_max = {}: must be finite and positive", o.q_max));
  if (o.q_min >= o.q_max)
    throw OptionError(fmt::format("q_min = {}: must be below q_max = {}", o.q_min, o.q_max));
  if (o.logarithmic && o.q_min == 0)
    throw OptionError("q_min = 0: must be positive for logarithmic rings");
  if (o.logarithmic && o.equal_pixels)
    throw OptionError("logarithmic and equal_pixels exclude each other");
  if (!std::isfinite(o.phi_start_deg))
    throw OptionError(fmt::format("phi_start_deg = {}: must be finite", o.phi_start_deg));
}

Partition make_single_bin(const Mask& mask) {
  Partition partition;
  partition.height = mask.height;
  partition.width = mask.width;
  if (mask.count() == 0)
    throw DataError("no pixel in use: the mask leaves out all of them");
  for (const std::uint8_t use : mask.use)
    partition.dynamic_labels.push_back(use != 0 ? 1 : 0);
  partition.static_labels = partition.dynamic_labels;
  partition.bins.resize(1);
  partition.static_bins.resize(1);
  partition.q_unit = "";
  return partition;
}

Partition make_partition(const QMap& map, const Mask& mask, const PartitionOptions& options) {
  validate(options);
  check_shape(map, mask.height, mask.width, "mask");
  const QRange range = q_range(map, mask, options);
  if (range.low > range.high)
    throw DataError(fmt::format("no pixel in use between q = {} and {}", range.low, range.high));
  const std::vector<double> sorted = sorted_between(map, mask, range.low, range.high);
  if (sorted.empty())
    throw DataError(fmt::format("no pixel in use between q = {} and {}", range.low, range.high));
  const auto edges = ring_edges(range.low, range.high, options.q_bins, options, sorted);
  std::vector<std::vector<double>> fine;
  for (std::size_t r = 0; r + 1 < edges.size(); ++r) {
    const auto begin = std::lower_bound(sorted.begin(), sorted.end(), edges[r]);
    const auto end =
        r + 2 == edges.size() ? sorted.end() : std::lower_bound(begin, sorted.end(), edges[r + 1]);
    std::vector<double> inside(begin, end);
    if (inside.empty())
      inside.push_back(edges[r]);
    fine.push_back(
        ring_edges(edges[r], edges[r + 1], options.static_per_bin, options, std::move(inside)));
  }

  const double turn = options.friedel ? 180 : 360;
  const double sector_width = turn / static_cast<double>(options.phi_sectors);
  Partition p;
  p.height = map.height;
  p.width = map.width;
  p.dynamic_labels.assign(mask.use.size(), 0);
  p.static_labels.assign(mask.use.size(), 0);
  for (std::size_t i = 0; i < mask.use.size(); ++i) {
    const double q = map.q_inv_angstrom[i];
    if (mask.use[i] == 0 || !(q >= range.low && q <= range.high))
      continue;
    const Index ring = ring_of(q, edges);
    const double phi = wrapped(map.phi_deg[i] - options.phi_start_deg, turn);
    const Index sector = std::min(static_cast<Index>(phi / sector_width), options.phi_sectors - 1);
    const Index part = ring_of(q, fine[static_cast<std::size_t>(ring)]);
    const Index bin = ring * options.phi_sectors + sector;
    p.dynamic_labels[i] = static_cast<std::int32_t>(bin + 1);
    p.static_labels[i] = static_cast<std::int32_t>(bin * options.static_per_bin + part + 1);
  }

  const auto bin_of = [&](Index ring, Index sector) {
    Bin bin;
    bin.q_low_inv_angstrom = edges[static_cast<std::size_t>(ring)];
    bin.q_high_inv_angstrom = edges[static_cast<std::size_t>(ring + 1)];
    if (options.phi_sectors > 1) {
      bin.phi_low_deg =
          wrapped(options.phi_start_deg + static_cast<double>(sector) * sector_width, turn);
      bin.phi_high_deg = bin.phi_low_deg + sector_width;
      bin.phi_deg = wrapped(bin.phi_low_deg + sector_width / 2, turn);
    }
    return bin;
  };
  for (const std::int32_t old : close_gaps(p.dynamic_labels))
    p.bins.push_back(bin_of((old - 1) / options.phi_sectors, (old - 1) % options.phi_sectors));
  for (const std::int32_t old : close_gaps(p.static_labels)) {
    const Index bin = (old - 1) / options.static_per_bin;
    const Index part = (old - 1) % options.static_per_bin;
    const Index ring = bin / options.phi_sectors;
    Bin fine_bin = bin_of(ring, bin % options.phi_sectors);
    fine_bin.q_low_inv_angstrom =
        fine[static_cast<std::size_t>(ring)][static_cast<std::size_t>(part)];
    fine_bin.q_high_inv_angstrom =
        fine[static_cast<std::size_t>(ring)][static_cast<std::size_t>(part + 1)];
    p.static_bins.push_back(fine_bin);
  }
  set_mean_q(p.bins, p.dynamic_labels, map.q_inv_angstrom);
  set_mean_q(p.static_bins, p.static_labels, map.q_inv_angstrom);
  return p;
}

Partition make_partition_from_labels(Index height,
                                     Index width,
                                     std::vector<std::int32_t> dynamic_labels,
                                     std::vector<std::int32_t> static_labels,
                                     const QMap* map) {
  const Index pixels = height * width;
  if (static_cast<Index>(dynamic_labels.size()) != pixels)
    throw DataError(fmt::format("{} dynamic labels for {} x {} pixels, expected {}",
                                dynamic_labels.size(),
                                height,
                                width,
                                pixels));
  if (!static_labels.empty() && static_cast<Index>(static_labels.size()) != pixels)
    throw DataError(fmt::format("{} static labels for {} x {} pixels, expected {}",
                                static_labels.size(),
                                height,
                                width,
                                pixels));
  if (map != nullptr)
    check_shape(*map, height, width, "labels");
  check_not_negative(dynamic_labels, "dynamic", width);
  check_not_negative(static_labels, "static", width);

  Partition p;
  p.height = height;
  p.width = width;
  p.q_unit = map == nullptr ? "" : "1/angstrom";
  p.dynamic_labels = std::move(dynamic_labels);
  p.static_labels = static_labels.empty() ? p.dynamic_labels : std::move(static_labels);
  // a pixel outside every dynamic bin is not used, whatever its static label says
  for (std::size_t i = 0; i < p.dynamic_labels.size(); ++i)
    if (p.dynamic_labels[i] == 0)
      p.static_labels[i] = 0;
  p.bins.resize(close_gaps(p.dynamic_labels).size());
  p.static_bins.resize(close_gaps(p.static_labels).size());
  if (p.bins.empty())
    throw DataError("every label is 0, expected a pixel in a bin");
  check_nesting(p.dynamic_labels, p.static_labels, p.static_bins.size(), width);
  if (map != nullptr) {
    set_mean_q(p.bins, p.dynamic_labels, map->q_inv_angstrom);
    set_mean_q(p.static_bins, p.static_labels, map->q_inv_angstrom);
    set_q_range(p.bins, p.dynamic_labels, map->q_inv_angstrom);
    set_q_range(p.static_bins, p.static_labels, map->q_inv_angstrom);
  }
  return p;
}

Partition apply_mask(const Partition& partition, const Mask& mask) {
  if (partition.height != mask.height || partition.width != mask.width)
    throw DataError(fmt::format("mask of {} x {} pixels does not fit the partition of {} x {}",
                                mask.height,
                                mask.width,
                                partition.height,
                                partition.width));
  Partition p = partition;
  for (std::size_t i = 0; i < mask.use.size(); ++i)
    if (mask.use[i] == 0)
      p.dynamic_labels[i] = p.static_labels[i] = 0;
  p.bins = select_bins(partition.bins, close_gaps(p.dynamic_labels));
  p.static_bins = select_bins(partition.static_bins, close_gaps(p.static_labels));
  if (p.bins.empty())
    throw DataError("no pixel in use: the mask leaves out every pixel of the partition");
  return p;
}

void validate(const Partition& p) {
  const auto pixels = static_cast<std::size_t>(p.height * p.width);
  if (p.dynamic_labels.size() != pixels || p.static_labels.size() != pixels)
    throw DataError(fmt::format("partition of {} x {} pixels has {} dynamic and {} static labels",
                                p.height,
                                p.width,
                                p.dynamic_labels.size(),
                                p.static_labels.size()));
  if (p.bins.empty())
    throw DataError("partition has no bin");
  check_bins(p.dynamic_labels, p.bins.size(), "dynamic");
  check_bins(p.static_labels, p.static_bins.size(), "static");
  check_nesting(p.dynamic_labels, p.static_labels, p.static_bins.size(), p.width);
}

} // namespace vitrum::frames
