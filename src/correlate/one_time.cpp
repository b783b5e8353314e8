#include "vitrum/correlate/one_time.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "one_time_cells.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index fewest_time_blocks = 6;
// Products of pixels that are drawn at least: of each lag bin for the size of the speckle, of all
// together for the bias.
constexpr Index products_for_speckle = 1 << 19;
constexpr Index products_for_bias = 1 << 23;

// Rows of a narrow part add to sums of their own: those of neighbours overlap, and what was just
// written would be read again before it is in the cache.
constexpr Index narrow_columns = 128;
constexpr Index row_sums = 8;

/// What one tile adds: cells of the blocks and lag bins that it touches.
struct TileSums final : TileConsumer::Scratch {
  detail::Span blocks, bins;
  Index lag_low = 0, lag_high = 0;     // lags of the tile, both included
  std::vector<float> group_lags;       // [row modulo row_sums, block, lag_high − lag]: running
                                       // sums of one group; zero between groups
  std::vector<detail::Span> touched;   // [block]: offsets of lags in use, both included
  Index rows_touched = 0;              // of group_lags
  std::vector<double> total_lags;      // [lag_high − lag]: C − 1 of one block
  std::vector<double> total, by_group; // [block, bin], [block, bin, group]
  Index first_column = 0;
  std::vector<Index> block_of_column; // of the tile, with ages by the earlier frame

  [[nodiscard]] Index cell(Index block, Index bin) const {
    return (block - blocks.first) * (bins.last - bins.first) + bin - bins.first;
  }
  [[nodiscard]] Index lags() const { return lag_high - lag_low + 1; }
  [[nodiscard]] Index row_stride() const { return (blocks.last - blocks.first) * lags(); }
  /// The sums of a block for a row of a part.
  [[nodiscard]] float* lags_of(Index row, Index block) {
    return group_lags.data() + row * row_stride() + (block - blocks.first) * lags();
  }
  void clear_touched() {
    touched.assign(static_cast<std::size_t>(blocks.last - blocks.first), {lags(), -1});
    rows_touched = 0;
  }
  void touch(Index block, Index first, Index last) {
    detail::Span& span = touched[block - blocks.first];
    span = {std::min(span.first, first), std::max(span.last, last)};
  }
};

Index bin_at_or_above(std::span<const Index> edges, Index lag) {
  return static_cast<Index>(std::upper_bound(edges.begin(), edges.end(), lag) - edges.begin()) - 1;
}

/// Adds the rows of the tile whose ages fall into block b, each element to its lag; `add` adds a
/// run. Returns the lags touched: [first, last] as offsets from lag_high.
template <class Sum, class Add>
detail::Span sum_block(const detail::AgeBlocks& ages,
                       Index b,
                       const Tile& tile,
                       Index lag_high,
                       Sum* lags,
                       Add&& add) {
  detail::Span touched{tile.rows + tile.cols, -1};
  for (Index i = 0; i < tile.rows; ++i) {
    const Index t1 = tile.row0 + i;
    const detail::Span t2 = ages.columns(b, t1);
    const Index first = std::max<Index>(t2.first - tile.col0, 0);
    const Index last = std::min(t2.last - tile.col0, tile.width(i));
    if (first >= last)
      continue;
    const Index offset = lag_high - (t1 - tile.col0 - first);
    add(tile.row(i) + first, lags + offset, last - first);
    touched.first = std::min(touched.first, offset);
    touched.last = std::max(touched.last, offset + last - first - 1);
  }
  return touched;
}

} // namespace

void validate(const OneTimeOptions& options, Index frames) {
  validate(options.lags);
  for (const AgeWindow window : options.windows)
    if (window.first < 0 || window.last > frames || window.first >= window.last)
      throw OptionError(fmt::format("age window {}:{}: must lie within 0:{} and not be empty",
                                    window.first,
                                    window.last,
                                    frames));
  if (options.bias_pairs < 1)
    throw OptionError(fmt::format("bias_pairs = {}: must be positive", options.bias_pairs));
  if (options.time_blocks < fewest_time_blocks)
    throw OptionError(fmt::format(
        "time_blocks = {}: must be at least {}", options.time_blocks, fewest_time_blocks));
  if (options.max_covariance_lags < 0)
    throw OptionError(
        fmt::format("max_covariance_lags = {}: must not be negative", options.max_covariance_lags));
}

struct OneTimeAccumulator::State {
  const TileKernel& kernel;
  OneTimeOptions options;
  std::vector<Index> lag_edges;
  detail::AgeBlocks ages;
  detail::Cells cells;
  bool gaps = false;
  bool counted = false; // pairs and shifts are there

  State(const TileKernel& products, OneTimeOptions chosen)
      : kernel(products), options(std::move(chosen)),
        lag_edges(make_lag_edges(kernel.frames(), options.lags)),
        ages((validate(options, kernel.frames()),
              detail::make_age_blocks(kernel.frames(), options))),
        cells(ages.count(),
              static_cast<Index>(lag_edges.size()) - 1,
              kernel.group_count() > 1 ? kernel.group_count() : 0),
        gaps(kernel.has_gaps()) {}

  bool draw_pair(const OneTime& function, Index k, Random& random, Index& t, Index& lag) const;
  std::vector<Index> draw_pairs(const OneTime& function,
                                Index at_least,
                                std::uint64_t stream,
                                std::vector<FramePair>& pairs) const;
  static void remove_bias(OneTime& function,
                          double speckle_pixels,
                          std::span<const Index> first,
                          std::span<const double> biases);
  double measure_speckle_pixels(const OneTime& whole) const;
};

OneTimeAccumulator::OneTimeAccumulator(const TileKernel& kernel, OneTimeOptions options)
    : state_(std::make_unique<State>(kernel, std::move(options))) {}

OneTimeAccumulator::~OneTimeAccumulator() = default;

bool OneTimeAccumulator::wants_groups() const {
  return state_->cells.groups > 0;
}

std::unique_ptr<TileConsumer::Scratch> OneTimeAccumulator::make_scratch() const {
  return std::make_unique<TileSums>();
}

void OneTimeAccumulator::begin(Scratch* scratch, const Tile& tile) {
  auto& sums = static_cast<TileSums&>(*scratch);
  const Index bins = state_->cells.bins;
  sums.lag_low = std::max<Index>(tile.row0 - (tile.col0 + tile.cols - 1), 0);
  sums.lag_high = tile.row0 + tile.rows - 1 - tile.col0;
  sums.blocks = state_->ages.blocks_of_tile(tile);
  // Bins that hold a lag of the tile; lags below the first edge or beyond the last have none.
  sums.bins = {std::max<Index>(bin_at_or_above(state_->lag_edges, sums.lag_low), 0),
               std::min(bin_at_or_above(state_->lag_edges, sums.lag_high) + 1, bins)};
  sums.bins.last = std::max(sums.bins.first, sums.bins.last);
  const Index lags = sums.lags();
  const Index cells = (sums.blocks.last - sums.blocks.first) * (sums.bins.last - sums.bins.first);
  sums.clear_touched();
  sums.block_of_column.clear();
  if (state_->ages.convention == AgeConvention::start)
    for (Index b = sums.blocks.first, col = tile.col0; col < tile.col0 + tile.cols; ++col) {
      while (state_->ages.edges[b + 1] <= col)
        ++b;
      sums.block_of_column.push_back(b);
    }
  sums.first_column = tile.col0;
  sums.total_lags.assign(static_cast<std::size_t>(lags), 0.0);
  sums.total.assign(static_cast<std::size_t>(cells), 0.0);
  sums.by_group.assign(static_cast<std::size_t>(cells * state_->cells.groups), 0.0);
}

namespace {

double sum_of(const float* values, Index count) {
  return row_sum(values, count);
}
double sum_of(const double* values, Index count) {
  return std::accumulate(values, values + count, 0.0);
}

/// Adds sums over lags to the cells of their bins and clears them.
template <class Sum>
void fold_lags(TileSums& sums,
               std::span<const Index> edges,
               Index block,
               detail::Span touched,
               Sum* lags,
               double* cells,
               Index step) {
  for (Index k = sums.bins.first; k < sums.bins.last; ++k) {
    const Index first = std::max(touched.first, sums.lag_high - edges[k + 1] + 1);
    const Index last = std::min(touched.last, sums.lag_high - edges[k]);
    if (first <= last)
      cells[sums.cell(block, k) * step] += sum_of(lags + first, last - first + 1);
  }
  if (touched.first <= touched.last)
    std::fill(lags + touched.first, lags + touched.last + 1, Sum{0});
}

} // namespace

void OneTimeAccumulator::add_group(Scratch* scratch, Index /*group*/, const Tile& part) {
  auto& sums = static_cast<TileSums&>(*scratch);
  if (sums.bins.first == sums.bins.last || part.row0 + part.rows <= part.col0)
    return;
  const bool narrow = part.cols < narrow_columns;
  const Index apart = narrow ? std::min(row_sums, part.rows) : 1; // rows with sums of their own
  sums.rows_touched = std::max(sums.rows_touched, apart);
  if (const auto size = static_cast<std::size_t>(sums.rows_touched * sums.row_stride());
      sums.group_lags.size() < size)
    sums.group_lags.resize(size, 0.0F);
  const bool by_start = !sums.block_of_column.empty();
  const bool whole = part.row0 + 1 >= part.col0 + part.cols; // all of it is defined
  detail::Span blocks;
  if (by_start)
    blocks = {sums.block_of_column[part.col0 - sums.first_column],
              sums.block_of_column[part.col0 + part.cols - 1 - sums.first_column] + 1};
  else
    blocks = state_->ages.blocks_of_tile(part);
  for (Index b = blocks.first; b < blocks.last; ++b)
    for (Index row = 0; row < part.rows; row += apart) {
      if (by_start && whole) {
        const Index rows = std::min(apart, part.rows - row);
        const detail::Span t2 = state_->ages.columns(b, 0);
        const Index first = std::max(t2.first - part.col0, Index{0});
        const Index last = std::min(t2.last - part.col0, part.cols);
        const Index offset = sums.lag_high - (part.row0 + row - part.col0 - first);
        add_rows(part.row(row) + first,
                 part.stride,
                 sums.lags_of(0, b) + offset,
                 sums.row_stride() - 1,
                 rows,
                 last - first);
        sums.touch(b, offset - rows + 1, offset + last - first - 1);
        continue;
      }
      for (Index i = row; i < std::min(row + apart, part.rows); ++i) {
        const Index t1 = part.row0 + i;
        const detail::Span t2 = state_->ages.columns(b, t1);
        const Index first = std::max(t2.first - part.col0, Index{0});
        const Index last = std::min(t2.last - part.col0, part.width(i));
        if (first >= last)
          continue;
        const Index offset = sums.lag_high - (t1 - part.col0 - first);
        add_row(part.row(i) + first, sums.lags_of(i - row, b) + offset, last - first);
        sums.touch(b, offset, offset + last - first - 1);
      }
    }
}

void OneTimeAccumulator::end_group(Scratch* scratch, Index group) {
  auto& sums = static_cast<TileSums&>(*scratch);
  for (Index b = sums.blocks.first; b < sums.blocks.last; ++b) {
    const detail::Span touched = sums.touched[b - sums.blocks.first];
    if (touched.first > touched.last)
      continue;
    const Index count = touched.last - touched.first + 1;
    float* const lags = sums.lags_of(0, b);
    for (Index row = 1; row < sums.rows_touched; ++row) {
      float* const more = sums.lags_of(row, b) + touched.first;
      add_row(more, lags + touched.first, count);
      std::fill_n(more, count, 0.0F);
    }
    fold_lags(sums,
              state_->lag_edges,
              b,
              touched,
              lags,
              sums.by_group.data() + group,
              state_->cells.groups);
  }
  sums.clear_touched();
}

void OneTimeAccumulator::add(Scratch* scratch, const Tile& tile) {
  auto& sums = static_cast<TileSums&>(*scratch);
  if (sums.bins.first == sums.bins.last)
    return;
  const bool gaps = state_->gaps;
  const auto add = [gaps](const float* from, double* to, Index n) {
    if (gaps)
      add_row_skipping_nan(from, to, n);
    else
      add_row(from, to, n);
  };
  for (Index b = sums.blocks.first; b < sums.blocks.last; ++b) {
    const detail::Span touched =
        sum_block(state_->ages, b, tile, sums.lag_high, sums.total_lags.data(), add);
    fold_lags(sums, state_->lag_edges, b, touched, sums.total_lags.data(), sums.total.data(), 1);
  }
}

void OneTimeAccumulator::fold(Scratch* scratch) {
  const auto& sums = static_cast<const TileSums&>(*scratch);
  detail::Cells& cells = state_->cells;
  const Index groups = cells.groups;
  for (Index b = sums.blocks.first; b < sums.blocks.last; ++b)
    for (Index k = sums.bins.first; k < sums.bins.last; ++k) {
      const Index from = sums.cell(b, k);
      const Index to = cells.at(b, k);
      cells.total[to].add(sums.total[from]);
      for (Index g = 0; g < groups; ++g)
        cells.by_group[to * groups + g].add(sums.by_group[from * groups + g]);
    }
}

std::vector<Index> OneTimeAccumulator::sums() const {
  std::vector<Index> packed = pack(state_->cells.total);
  const std::vector<Index> by_group = pack(state_->cells.by_group);
  packed.insert(packed.end(), by_group.begin(), by_group.end());
  return packed;
}

void OneTimeAccumulator::add_sums(std::span<const Index> packed) {
  detail::Cells& cells = state_->cells;
  const std::size_t totals = std::min(2 * cells.total.size(), packed.size());
  add_packed(cells.total, packed.first(totals));
  add_packed(cells.by_group, packed.subspan(totals));
}

void OneTimeAccumulator::set_cells(detail::Cells cells) {
  state_->cells = std::move(cells);
  state_->counted = true;
}

/// A random valid pair (t, t + lag) of a lag bin and range of ages; false when the draw was not
/// one.
bool OneTimeAccumulator::State::draw_pair(
    const OneTime& function, Index k, Random& random, Index& t, Index& lag) const {
  lag = function.first_lag[k] + random.below(function.last_lag[k] - function.first_lag[k]);
  const bool start = ages.convention == AgeConvention::start;
  const auto earliest = [&](Index age) { // frame t whose pair has at least this age
    return start ? age : std::max<Index>((2 * age - lag + 1) / 2, 0);
  };
  const Index low = earliest(function.ages.first);
  const Index high = std::min(earliest(function.ages.last), kernel.frames() - lag);
  if (high <= low)
    return false;
  t = low + random.below(high - low);
  return kernel.valid()[t] != 0 && kernel.valid()[t + lag] != 0;
}

/// Random pairs of frames of every lag bin. Their number is such that the noise of their mean bias
/// is small against the error of g2: at least pairs / pixels, the ratio of the two sizes of noise
/// being about √(pairs / (16 · drawn · pixels)) for correlation times of a frame, less for longer.
/// Returns where the pairs of each lag bin begin, and the end of the last.
std::vector<Index> OneTimeAccumulator::State::draw_pairs(const OneTime& function,
                                                         Index at_least,
                                                         std::uint64_t stream,
                                                         std::vector<FramePair>& pairs) const {
  std::vector<Index> first{static_cast<Index>(pairs.size())};
  for (Index k = 0; k < function.lags(); ++k) {
    Random random(options.seed + stream, static_cast<std::uint64_t>(k));
    const Index wanted =
        std::min(function.pairs[k], std::max(at_least, function.pairs[k] / kernel.pixels()));
    for (Index attempt = 0; attempt < 50 * wanted; ++attempt) {
      Index t = 0, lag = 0;
      if (draw_pair(function, k, random, t, lag))
        pairs.push_back({t, t + lag});
      if (static_cast<Index>(pairs.size()) - first[k] == wanted)
        break;
    }
    first.push_back(static_cast<Index>(pairs.size()));
  }
  return first;
}

/// Takes off the mean of the biases of the pairs of each lag bin.
void OneTimeAccumulator::State::remove_bias(OneTime& function,
                                            double speckle_pixels,
                                            std::span<const Index> first,
                                            std::span<const double> biases) {
  std::vector<Index> unknown;
  for (Index k = 0; k < function.lags(); ++k) {
    if (function.pairs[k] == 0)
      continue;
    const Index found = first[k + 1] - first[k];
    if (found == 0) {
      unknown.push_back(k + 1);
      continue;
    }
    Moments drawn;
    for (Index i = first[k]; i < first[k + 1]; ++i)
      drawn.add(biases[i]);
    // Frames that hold a handful of counts rarely have a pixel in common: then few of the drawn
    // pairs carry all of the sum, and it says less of the bias than g2 itself does.
    const bool no_scatter = function.error_groups > 0 && std::isnan(function.error[k]);
    if (no_scatter || (drawn.count > 1 && speckle_pixels * drawn.error() > 0.5 * function.error[k]))
      continue;
    function.bias[k] = speckle_pixels * drawn.mean;
    function.value[k] -= function.bias[k];
  }
  if (!unknown.empty())
    function.reason += fmt::format("{}the bias could not be estimated in lag bin{} {}",
                                   function.reason.empty() ? "" : "; ",
                                   unknown.size() == 1 ? "" : "s",
                                   detail::runs_of(unknown));
}

/// How many neighbouring pixels see the same speckle (1 … the size of a block), from pairs of the
/// first lags, whose correlation is the largest.
double OneTimeAccumulator::State::measure_speckle_pixels(const OneTime& whole) const {
  std::vector<FramePair> pairs;
  Random random(options.seed, ~std::uint64_t{0});
  const Index lag_bins = std::min<Index>(whole.lags(), 4);
  // Of few pixels each pair says little, and the bias is several errors of g2.
  const Index wanted = std::max(options.bias_pairs, products_for_speckle / kernel.pixels());
  for (Index k = 0; k < lag_bins; ++k) {
    if (whole.first_lag[k] == 0) // the diagonal holds photon noise
      continue;
    for (Index drawn = 0; drawn < wanted; ++drawn) {
      Index t = 0, lag = 0;
      if (draw_pair(whole, k, random, t, lag))
        pairs.push_back({t, t + lag});
    }
  }
  const BlockProducts sum = kernel.block_products(pairs);
  const auto block =
      static_cast<double>(kernel.pixels()) / static_cast<double>(kernel.groups().segments());
  if (!(sum.independent > 0))
    return 1;
  return std::clamp(sum.observed / sum.independent, 1.0, std::max(block, 1.0));
}

OneTimeFunctions OneTimeAccumulator::result(const Monitor& monitor) const {
  State& state = *state_;
  const TileKernel& kernel = state.kernel;
  if (!state.counted)
    detail::count_pairs(
        state.cells, state.ages, state.lag_edges, kernel.valid(), kernel.group_shift());
  state.counted = true;
  std::vector<Index> group_pixels;
  for (Index g = 0; g < state.cells.groups; ++g)
    group_pixels.push_back(kernel.group_pixels(g));
  OneTimeFunctions functions;
  const auto make = [&](AgeWindow ages) {
    monitor.check();
    OneTime function = detail::evaluate(
        state.cells, state.ages, state.lag_edges, group_pixels, false, ages, state.options);
    if (state.cells.groups == 0)
      function.reason = kernel.groups().reason;
    return function;
  };
  functions.whole = make({0, kernel.frames()});
  for (const AgeWindow window : state.options.windows)
    functions.windows.push_back(make(window));
  if (!state.options.remove_bias)
    return functions;

  // Many bins need fewer pairs each; so do windows, whose errors are larger. Pairs of few pixels
  // say little, and their bias is several errors.
  const Index lags = std::max<Index>(functions.whole.lags(), 32);
  const Index pairs = std::max<Index>(
      {state.options.bias_pairs * 32 / lags, products_for_bias / (kernel.pixels() * lags), 1});
  const double speckle_pixels = state.measure_speckle_pixels(functions.whole);
  std::vector<FramePair> drawn; // of all functions: the kernel goes through its frames once
  std::vector<std::vector<Index>> first{state.draw_pairs(functions.whole, pairs, 1, drawn)};
  for (std::size_t w = 0; w < functions.windows.size(); ++w)
    first.push_back(
        state.draw_pairs(functions.windows[w], std::max<Index>(pairs / 4, 1), w + 2, drawn));
  monitor.check();
  const std::vector<double> biases = kernel.pair_bias(drawn);
  State::remove_bias(functions.whole, speckle_pixels, first[0], biases);
  for (std::size_t w = 0; w < functions.windows.size(); ++w)
    State::remove_bias(functions.windows[w], speckle_pixels, first[w + 1], biases);
  return functions;
}

OneTimeFunctions make_one_time(const TileKernel& kernel,
                               const OneTimeOptions& options,
                               const TwoTimeOptions& two_time,
                               const Monitor& monitor) {
  OneTimeAccumulator accumulator(kernel, options);
  TileConsumer* consumers[] = {&accumulator};
  correlate_two_time(kernel, consumers, two_time, monitor);
  return accumulator.result(monitor);
}

} // namespace vitrum::correlate
