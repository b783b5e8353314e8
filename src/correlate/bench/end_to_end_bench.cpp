// From packed counts in memory to the map and the one-time functions with errors, against the tiles
// of the kernel alone in the same run; one thread, processor time.
#include <optional>

#include <benchmark/benchmark.h>

#include "../count_layout.hpp"
#include "../panel_loop.hpp"
#include "processor_time.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::correlate;

enum class Form { floats, bytes, words, bits };

PixelGroups make_square_groups(Index pixels) {
  Index width = 1;
  while (width * width < pixels)
    width *= 2;
  std::vector<std::int32_t> labels(static_cast<std::size_t>((pixels + width - 1) / width * width),
                                   0);
  std::fill_n(labels.begin(), pixels, 1);
  return make_groups(labels, {}, width, 1);
}

std::uint32_t mixed(std::uint64_t i) { // Vigna's splitmix64
  i *= 0x9e3779b97f4a7c15;
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
  i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
  return static_cast<std::uint32_t>((i ^ (i >> 31)) >> 32);
}

/// Counts 0 … 7; with bits, of which one in ten pixels holds one and `doubles` in 65536 hold two.
template <class T>
T count_at(Form form, Index t, Index p, std::uint32_t doubles) {
  const std::uint32_t random = mixed(static_cast<std::uint64_t>(t) << 32 | p) & 0xffff;
  if (form == Form::words)
    return static_cast<T>(random % 500);
  if (form != Form::bits)
    return static_cast<T>(random % 8);
  return static_cast<T>(random < doubles ? 2 : random < 6554 ? 1 : 0);
}

CountMatrix make_counts(Index frames, Index pixels, Form form, std::uint32_t doubles) {
  CountMatrix m;
  m.frames = frames;
  m.groups = make_square_groups(pixels);
  m.stride = detail::count_stride(m.groups);
  const Index size = whole_panels(frames) * m.stride;
  m.largest = form == Form::bits ? (doubles > 0 ? 2 : 1) : form == Form::bytes ? 7 : 499;
  m.valid.assign(static_cast<std::size_t>(frames), 1);
  m.mean_counts.assign(static_cast<std::size_t>(frames), 1.0);
  const auto fill = [&](auto& values) {
    using T = std::remove_reference_t<decltype(values[0])>;
    values = Buffer<T>(size);
    std::fill_n(values.data(), size, T{0});
    parallel_for(0, frames, 1, [&](Index t, Index) {
      for (Index p = 0; p < pixels; ++p)
        values[t * m.stride + p] = count_at<T>(form, t, p, doubles);
    });
  };
  if (form == Form::words)
    fill(m.words);
  else
    fill(m.bytes);
  return m;
}

std::unique_ptr<TileKernel>
make_kernel(Index frames, Index pixels, Form form, std::uint32_t doubles, double& pack_s) {
  if (form == Form::floats) {
    PixelMatrix m = make_pixel_matrix(frames, make_square_groups(pixels));
    parallel_for(0, frames, 1, [&](Index t, Index) {
      for (Index p = 0; p < pixels; ++p)
        m.row(t)[p] = count_at<float>(form, t, p, 0);
    });
    set_thread_count(1);
    const double start = processor_s();
    auto kernel = std::make_unique<FloatKernel>(std::move(m), Normalization::plain);
    pack_s = std::min(pack_s, processor_s() - start);
    return kernel;
  }
  CountMatrix m = make_counts(frames, pixels, form, doubles);
  set_thread_count(1);
  const double start = processor_s();
  auto kernel = std::make_unique<CountKernel>(
      std::move(m), Normalization::plain, form == Form::bits ? CountForm::bits : CountForm::packed);
  pack_s = std::min(pack_s, processor_s() - start);
  return kernel;
}

/// All tiles and nothing made of them: what the kernel alone does.
void products(const TileKernel& kernel) {
  constexpr Index edge = 480;
  Buffer<float> out(edge * (edge + 16));
  for (Index row = 0; row < kernel.frames(); row += edge)
    for (Index col = 0; col <= row; col += edge)
      for (Index g = 0; g < kernel.group_count(); ++g)
        kernel.product(g,
                       row,
                       std::min(edge, kernel.frames() - row),
                       col,
                       std::min(edge, kernel.frames() - col),
                       out.data(),
                       edge + 16);
  benchmark::DoNotOptimize(out.data());
}

void end_to_end(benchmark::State& state, Form form, std::uint32_t doubles) {
  const Index frames = state.range(0);
  double pack_s = 1e300;
  std::unique_ptr<TileKernel> kernel;
  for (Index turn = 0; turn < std::min<Index>(state.max_iterations, 5); ++turn) {
    set_thread_count(0);
    kernel.reset();
    kernel = make_kernel(frames, state.range(1), form, doubles, pack_s);
  }
  double alone = 1e300, tiles = 1e300, result = 1e300;
  for (auto _ : state) {
    time_into(alone, [&] { products(*kernel); });
    OneTimeAccumulator one_time(*kernel, {});
    std::optional<MapCollector> map;
    time_into(tiles, [&] {
      map.emplace(frames);
      TileConsumer* consumers[] = {&*map, &one_time};
      correlate_two_time(*kernel, consumers);
    });
    time_into(result, [&] { benchmark::DoNotOptimize(one_time.result()); });
  }
  set_thread_count(0);
  state.counters["kernel_s"] = alone;
  state.counters["pack_s"] = pack_s;
  state.counters["tiles_s"] = tiles;
  state.counters["result_s"] = result;
  state.counters["all_over_kernel"] = alone / (pack_s + tiles + result);
  state.counters["all_but_packing_over_kernel"] = alone / (tiles + result);
}

// Two sizes of each; a turn of them takes 0.2 to 50 s.
#define VITRUM_END_TO_END(form, doubles, name, small_turns, large_turns)                           \
  BENCHMARK_CAPTURE(end_to_end, name, Form::form, doubles)                                         \
      ->Args({2000, 50000})                                                                        \
      ->Iterations(small_turns)                                                                    \
      ->Unit(benchmark::kMillisecond);                                                             \
  BENCHMARK_CAPTURE(end_to_end, name, Form::form, doubles)                                         \
      ->Args({5000, 262144})                                                                       \
      ->Iterations(large_turns)                                                                    \
      ->Unit(benchmark::kMillisecond)
VITRUM_END_TO_END(floats, 0, floats, 3, 1);
VITRUM_END_TO_END(bytes, 0, bytes, 10, 1);
VITRUM_END_TO_END(words, 0, words, 5, 1);
VITRUM_END_TO_END(bits, 0, bits, 40, 5);
VITRUM_END_TO_END(bits, 330, bits_and_doubles, 10, 2);

} // namespace
