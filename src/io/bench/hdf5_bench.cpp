// Reading frames packed with bitshuffle and LZ4, one frame a chunk, warm cache. The baseline of
// every figure is H5Dread on the same file in the same run (argument 0); 1 is this module's own
// decoding on one thread, 2 on two. Rates are of decoded bytes.
#include <filesystem>

#include <benchmark/benchmark.h>

#include "../bitshuffle.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/frame_writer.hpp"
#include "vitrum/io/open_series.hpp"

namespace {

using namespace vitrum;

constexpr Index series_frames = 64;

template <class T>
std::string packed_file(double mean) {
  const std::string path =
      (std::filesystem::temp_directory_path() /
       ("vitrum_bench_" + std::to_string(sizeof(T)) + "_" + std::to_string(mean) + ".h5"))
          .string();
  frames::SeriesInfo info;
  info.height = 1065;
  info.width = 1030;
  info.type = frames::pixel_type_of<T>();
  io::FrameWriterOptions options;
  options.overwrite = true;
  const auto writer = io::make_frame_writer(path, info, options);
  std::vector<T> frame(static_cast<std::size_t>(info.pixels()));
  Random random(1);
  for (Index f = 0; f < series_frames; ++f) {
    for (T& v : frame)
      v = static_cast<T>(random.poisson(mean));
    writer->append(f, 1, reinterpret_cast<const std::byte*>(frame.data()));
  }
  writer->close();
  return path;
}

template <class T>
void read_packed(benchmark::State& state, double mean) {
  const std::string path = packed_file<T>(mean);
  io::OpenOptions options;
  options.decode_chunks = state.range(0) > 0;
  set_thread_count(std::max<Index>(state.range(0), 1));
  const auto source = io::open_series(path, options);
  std::vector<std::byte> out(static_cast<std::size_t>(8 * source->info().frame_bytes()));
  Index first = 0;
  for (auto _ : state) {
    source->read(first, 8, out.data());
    first = (first + 8) % series_frames;
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<Index>(out.size()));
  set_thread_count(0);
  std::filesystem::remove(path);
}

template <class T>
void unshuffle(benchmark::State& state) {
  const Index count = io::bitshuffle_block(sizeof(T));
  std::vector<std::byte> in(static_cast<std::size_t>(count) * sizeof(T), std::byte{0x5a});
  std::vector<std::byte> out(in.size());
  for (auto _ : state) {
    io::bit_unshuffle(in.data(), out.data(), count, sizeof(T));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<Index>(in.size()));
}

void read_u8_mean_0_01(benchmark::State& state) {
  read_packed<std::uint8_t>(state, 0.01);
}
void read_u16_mean_0_01(benchmark::State& state) {
  read_packed<std::uint16_t>(state, 0.01);
}
void read_u16_mean_1(benchmark::State& state) {
  read_packed<std::uint16_t>(state, 1.0);
}
void read_u32_mean_0_01(benchmark::State& state) {
  read_packed<std::uint32_t>(state, 0.01);
}

BENCHMARK(read_u8_mean_0_01)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(read_u16_mean_0_01)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(read_u16_mean_1)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(read_u32_mean_0_01)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_TEMPLATE(unshuffle, std::uint8_t);
BENCHMARK_TEMPLATE(unshuffle, std::uint16_t);
BENCHMARK_TEMPLATE(unshuffle, std::uint32_t);

} // namespace
