#include "vitrum/correlate/pixel_groups.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index fewest_groups = 4;
constexpr Index fewest_pixels_per_group = 8;

struct Pixel {
  Index block, position;
  std::int32_t static_label;
};

/// The static label that most pixels of [first, last) carry; the smaller one of equals.
std::int32_t majority(std::vector<Pixel>::const_iterator first,
                      std::vector<Pixel>::const_iterator last) {
  std::map<std::int32_t, Index> votes;
  for (auto pixel = first; pixel != last; ++pixel)
    ++votes[pixel->static_label];
  const auto more = [](const auto& a, const auto& b) { return a.second < b.second; };
  return std::max_element(votes.begin(), votes.end(), more)->first;
}

} // namespace

void validate(const GroupOptions& options) {
  if (options.groups < fewest_groups)
    throw OptionError(
        fmt::format("groups = {}: must be at least {}", options.groups, fewest_groups));
  if (options.block_px < 1)
    throw OptionError(fmt::format("block_px = {}: must be positive", options.block_px));
}

PixelGroups make_groups(const std::vector<std::int32_t>& dynamic_labels,
                        const std::vector<std::int32_t>& static_labels,
                        Index width,
                        Index bin,
                        const GroupOptions& options) {
  validate(options);
  if (width < 1 || dynamic_labels.size() % width != 0)
    throw DataError(fmt::format("{} labels do not make rows of {}", dynamic_labels.size(), width));
  const bool has_static = !static_labels.empty();
  if (has_static && static_labels.size() != dynamic_labels.size())
    throw DataError(
        fmt::format("{} static labels, expected {}", static_labels.size(), dynamic_labels.size()));

  const Index blocks_per_row = (width + options.block_px - 1) / options.block_px;
  std::vector<Pixel> pixels;
  for (Index i = 0; i < static_cast<Index>(dynamic_labels.size()); ++i) {
    if (dynamic_labels[i] != bin)
      continue;
    const Index block =
        i / width / options.block_px * blocks_per_row + i % width / options.block_px;
    pixels.push_back({block, i, has_static ? static_labels[i] : 1});
  }
  if (pixels.empty())
    throw DataError(fmt::format("bin {}: no pixels", bin));
  std::sort(pixels.begin(), pixels.end(), [](const Pixel& a, const Pixel& b) {
    return std::tie(a.block, a.static_label, a.position) <
           std::tie(b.block, b.static_label, b.position);
  });

  std::vector<Index> block_begin{0};
  for (std::size_t i = 1; i < pixels.size(); ++i)
    if (pixels[i].block != pixels[i - 1].block)
      block_begin.push_back(static_cast<Index>(i));
  block_begin.push_back(static_cast<Index>(pixels.size()));
  const Index blocks = static_cast<Index>(block_begin.size()) - 1;

  PixelGroups result;
  const Index count = static_cast<Index>(pixels.size());
  Index groups = std::min({options.groups, blocks, count / fewest_pixels_per_group});
  if (groups < fewest_groups) {
    result.reason = fmt::format(
        "no errors: {} pixels in {} blocks of {} x {} make fewer than {} independent groups",
        count,
        blocks,
        options.block_px,
        options.block_px,
        fewest_groups);
    groups = 1;
  }

  std::map<std::int32_t, std::vector<Index>> blocks_of_static;
  for (Index b = 0; b < blocks; ++b)
    blocks_of_static[majority(pixels.begin() + block_begin[b], pixels.begin() + block_begin[b + 1])]
        .push_back(b);
  std::vector<std::vector<Index>> blocks_of_group(static_cast<std::size_t>(groups));
  Random random(options.seed, static_cast<std::uint64_t>(bin));
  Index next_group = 0;
  for (auto& [label, members] : blocks_of_static) {
    for (Index i = static_cast<Index>(members.size()) - 1; i > 0; --i)
      std::swap(members[i], members[random.below(i + 1)]);
    for (const Index block : members) {
      blocks_of_group[next_group].push_back(block);
      next_group = (next_group + 1) % groups;
    }
  }

  std::map<std::int32_t, std::int32_t> compact; // static label → 0, 1, …
  for (const Pixel& pixel : pixels)
    compact.emplace(pixel.static_label, 0);
  for (auto& [label, number] : compact)
    number = static_cast<std::int32_t>(result.static_bins++);

  for (auto& members : blocks_of_group) {
    result.group_begin.push_back(result.pixels());
    std::sort(members.begin(), members.end()); // neighbours in the frame stay neighbours in memory
    for (const Index block : members)
      for (Index i = block_begin[block]; i < block_begin[block + 1]; ++i) {
        if (i == block_begin[block] || pixels[i].static_label != pixels[i - 1].static_label)
          result.segment_begin.push_back(result.pixels());
        result.position.push_back(pixels[i].position);
        result.static_bin.push_back(compact.at(pixels[i].static_label));
      }
  }
  result.group_begin.push_back(count);
  result.segment_begin.push_back(count);
  return result;
}

double student_variance(Index groups) {
  return static_cast<double>(groups - 1) / static_cast<double>(groups - 3);
}

} // namespace vitrum::correlate
