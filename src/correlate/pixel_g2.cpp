#include "vitrum/correlate/pixel_g2.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "lag_plan.hpp"
#include "pixel_pieces.hpp"
#include "pixel_transform.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
PixelG2 make_pixel_g2(const PixelRows& counts,
                      std::span<const std::uint8_t> valid,
                      const PixelGroups& groups,
                      const PixelG2Options& options,
                      const Monitor& monitor) {
  validate(options);
  if (static_cast<Index>(valid.size()) != counts.frames)
    throw DataError(fmt::format("flags of {} frames, expected {}", valid.size(), counts.frames));
  if (counts.stride < groups.pixels())
    throw DataError(fmt::format(
        "frames {} values apart, expected at least {} pixels", counts.stride, groups.pixels()));
  const LagPlan plan = make_lag_plan(counts.frames, options);
  const SumRules rules = make_rules(plan, valid, groups, options);
  const std::vector<Piece> pieces = make_pieces(groups, plan.entries);
  const std::vector<ChunkSteps> steps = make_chunk_steps(plan, valid);
  const StripKernels& kernels = strip_kernels();
  std::vector<PixelSums> sums(pieces.size(), PixelSums(rules));
  std::vector<std::uint8_t> exact(pieces.size(), 1);
  std::optional<RealTransform> transform;
  if (options.method == PixelMethod::transforms ||
      (options.method == PixelMethod::automatic &&
       transforms_are_faster(plan, options.normalization)))
    transform.emplace(good_transform_length(plan.frames + plan.levels.front().lags));
  Progress progress(monitor, "correlating pixels", "pixels", groups.pixels());
  std::visit(
      [&](const auto* values) {
        parallel_for(0, static_cast<Index>(pieces.size()), 1, [&](Index i, Index) {
          const Piece& piece = pieces[i];
          if (transform) {
            exact[i] = add_by_transform(
                sums[i], rules, plan, *transform, values, counts.stride, valid, groups, piece);
            progress.advance(piece.last - piece.first);
            return;
          }
          StripStates states(plan, strip_block / strip_width, kernels);
          for (const ChunkSteps& step : steps)
            states.prepare(step);
          Buffer<float> work(StripStates::work_size(plan));
          StripSums strip;
          for (Index p = piece.first; p < piece.last; p += strip_block) {
            StripBlock block{0, p, std::min(strip_block, piece.last - p)};
            states.clear();
            for (std::size_t c = 0; c < steps.size(); ++c) {
              const Index t = static_cast<Index>(c) * chunk_frames;
              const Index frames = std::min(chunk_frames, counts.frames - t);
              add_chunk(
                  states,
                  block,
                  kernels,
                  plan,
                  steps[c],
                  valid.subspan(static_cast<std::size_t>(t), static_cast<std::size_t>(frames)),
                  values + t * counts.stride,
                  counts.stride,
                  std::min(chunk_frames, counts.frames - t - frames),
                  work.data());
            }
            add_block(sums[i], rules, states, block, groups, strip);
            exact[i] = exact[i] != 0 && block.exact && sums_fit(plan, block.most);
            progress.advance(block.pixels);
          }
        });
      },
      counts.counts);
  PixelG2 result = evaluate(fold_pieces(pieces, sums, rules, groups.groups()), rules, groups);
  result.exact = std::all_of(exact.begin(), exact.end(), [](std::uint8_t e) { return e != 0; });
  return result;
}

PixelG2
make_pixel_g2(const PixelMatrix& counts, const PixelG2Options& options, const Monitor& monitor) {
  return make_pixel_g2(PixelRows{counts.values.data(), counts.frames, counts.stride},
                       counts.valid,
                       counts.groups,
                       options,
                       monitor);
}

} // namespace vitrum::correlate
