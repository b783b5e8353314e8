// Frames packed with bitshuffle and LZ4, one frame of 1065 × 1030 a chunk, warm cache. The baseline
// of every figure is H5Dread with the bitshuffle plug-in of Debian (package bitshuffle), in the
// same run: each round reads the same frames through the plug-in, with this module on one thread
// and on two, one after the other, and the fastest round of each counts. Rates are of decoded
// bytes per second of processor time; two threads go by the clock on the wall.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include <time.h>

#include <benchmark/benchmark.h>

#include "../bitshuffle.hpp"
#include "../filters.hpp"
#include "../hdf5_handle.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/frame_writer.hpp"
#include "vitrum/io/open_series.hpp"

namespace {

using namespace vitrum;

constexpr Index series_frames = 64;
constexpr Index at_once = 16;

std::string scratch(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("vitrum_bench_" + name)).string();
}

/// Takes this module's own filter away from the library while it lives, so that the library loads
/// the plug-in. No dataset may be open when it begins and ends.
class Plugin {
public:
  Plugin() {
    H5Zunregister(io::filter_bitshuffle);
    std::ifstream maps("/proc/self/maps");
    if (H5Zfilter_avail(io::filter_bitshuffle) > 0)
      for (std::string line; std::getline(maps, line);)
        loaded_ = loaded_ || line.find("bshuf") != std::string::npos;
  }
  ~Plugin() {
    H5Zunregister(io::filter_bitshuffle);
    io::register_filters();
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  [[nodiscard]] bool loaded() const { return loaded_; }

private:
  io::h5::Lock lock_;
  bool loaded_ = false;
};

template <class T>
std::vector<T> poisson_frame(Index pixels, double mean, std::uint64_t seed) {
  std::vector<T> frame(static_cast<std::size_t>(pixels));
  Random random(seed);
  for (T& v : frame)
    v = static_cast<T>(random.poisson(mean));
  return frame;
}

template <class T>
std::string packed_file(double mean) {
  const std::string path = scratch(std::to_string(sizeof(T)) + "_" + std::to_string(mean) + ".h5");
  frames::SeriesInfo info;
  info.height = 1065;
  info.width = 1030;
  info.type = frames::pixel_type_of<T>();
  io::FrameWriterOptions options;
  options.overwrite = true;
  const auto writer = io::make_frame_writer(path, info, options);
  for (Index f = 0; f < series_frames; ++f) {
    const auto frame = poisson_frame<T>(info.pixels(), mean, static_cast<std::uint64_t>(f));
    writer->append(f, 1, reinterpret_cast<const std::byte*>(frame.data()));
  }
  writer->close();
  return path;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of all threads of this process: what others run beside it does not count.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Action>
void take_fastest(double& fastest, double (*clock)(), Action&& action) {
  const double start = clock();
  action();
  fastest = std::min(fastest, clock() - start);
}

template <class T>
void read_frames(benchmark::State& state, double mean) {
  const std::string path = packed_file<T>(mean);
  const Plugin library;
  if (!library.loaded()) {
    state.SkipWithError(
        "no bitshuffle plug-in of the HDF5 library: install the package bitshuffle");
    return;
  }
  const auto source = io::open_series(path);
  const Index bytes = at_once * source->info().frame_bytes();
  std::vector<std::byte> out(static_cast<std::size_t>(bytes));
  double plugin = 1e9, one = 1e9, two = 1e9, events = 1e9, two_events = 1e9;
  frames::EventList list;
  Index first = 0;
  {
    const io::h5::Lock lock;
    const io::h5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    const io::h5::Handle set(H5Dopen2(file.get(), "/entry/data/data", H5P_DEFAULT));
    const io::h5::Handle type(H5Dget_type(set.get()));
    const hsize_t count[] = {at_once, 1065, 1030};
    const io::h5::Handle memory(H5Screate_simple(3, count, nullptr));
    const io::h5::Handle space(H5Dget_space(set.get()));
    for (auto _ : state) {
      const hsize_t start[] = {static_cast<hsize_t>(first), 0, 0};
      take_fastest(plugin, processor_seconds, [&] {
        H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, count, nullptr);
        if (H5Dread(set.get(), type.get(), memory.get(), space.get(), H5P_DEFAULT, out.data()) < 0)
          state.SkipWithError("the plug-in cannot read");
      });
      set_thread_count(1);
      take_fastest(one, processor_seconds, [&] { source->read(first, at_once, out.data()); });
      take_fastest(
          events, processor_seconds, [&] { source->read_events(first, at_once, {}, list); });
      set_thread_count(2);
      take_fastest(two, wall_seconds, [&] { source->read(first, at_once, out.data()); });
      take_fastest(
          two_events, wall_seconds, [&] { source->read_events(first, at_once, {}, list); });
      first = (first + at_once) % series_frames;
      benchmark::DoNotOptimize(out.data());
    }
  }
  set_thread_count(0);
  const auto rate = [&](double seconds) { return static_cast<double>(bytes) / seconds / 1e9; };
  state.counters["plugin_GB/s"] = rate(plugin);
  state.counters["own_GB/s"] = rate(one);
  state.counters["two_GB/s"] = rate(two);
  state.counters["own/plugin"] = plugin / one;
  state.counters["two/own"] = one / two;
  state.counters["events_GB/s"] = rate(events);
  state.counters["events/plugin"] = plugin / events;
  state.counters["two_events_GB/s"] = rate(two_events);
  std::filesystem::remove(path);
}

#define READ(type, name, mean)                                                                     \
  void read_##type##_mean_##name(benchmark::State& state) {                                        \
    read_frames<std::type##_t>(state, mean);                                                       \
  }                                                                                                \
  BENCHMARK(read_##type##_mean_##name)->Unit(benchmark::kMillisecond)->MinTime(1.5)
READ(uint8, 1e3rd, 1e-3);
READ(uint8, 1e2nd, 1e-2);
READ(uint8, 1e1st, 0.1);
READ(uint8, 1, 1.0);
READ(uint16, 1e3rd, 1e-3);
READ(uint16, 1e2nd, 1e-2);
READ(uint16, 1e1st, 0.1);
READ(uint16, 1, 1.0);
READ(uint32, 1e3rd, 1e-3);
READ(uint32, 1e2nd, 1e-2);
READ(uint32, 1e1st, 0.1);
READ(uint32, 1, 1.0);

/// One block as a chunk has it, by each kernel of this processor, slowest first.
template <class T>
void unshuffle(benchmark::State& state) {
  const Index count = io::bitshuffle_block(sizeof(T));
  std::vector<std::byte> in(static_cast<std::size_t>(count) * sizeof(T), std::byte{0x5a});
  std::vector<std::byte> out(in.size());
  const auto kernels = io::unshuffle_kernels();
  if (state.range(0) >= static_cast<Index>(kernels.size())) {
    state.SkipWithError("this processor lacks it");
    return;
  }
  const auto& kernel = kernels[static_cast<std::size_t>(state.range(0))];
  state.SetLabel(kernel.name);
  for (auto _ : state) {
    kernel.run(in.data(), out.data(), count, sizeof(T));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<Index>(in.size()));
}
BENCHMARK_TEMPLATE(unshuffle, std::uint8_t)->Arg(0)->Arg(1)->Arg(2);
BENCHMARK_TEMPLATE(unshuffle, std::uint16_t)->Arg(0)->Arg(1)->Arg(2);
BENCHMARK_TEMPLATE(unshuffle, std::uint32_t)->Arg(0)->Arg(1)->Arg(2);

/// What a virtual experiment writes: 10,000 frames of 256 × 256 uint16 in pieces of 256, on as many
/// threads as the argument says.
void write_frames(benchmark::State& state) {
  const std::string path = scratch("write.h5");
  frames::SeriesInfo info;
  info.height = info.width = 256;
  constexpr Index frames = 10'000, piece = 256;
  const auto data = poisson_frame<std::uint16_t>(piece * info.pixels(), 0.1, 1);
  set_thread_count(state.range(0));
  for (auto _ : state) {
    io::FrameWriterOptions options;
    options.overwrite = true;
    const auto writer = io::make_frame_writer(path, info, options);
    for (Index f = 0; f < frames; f += piece)
      writer->append(
          f, std::min(piece, frames - f), reinterpret_cast<const std::byte*>(data.data()));
    writer->close();
  }
  set_thread_count(0);
  state.SetItemsProcessed(state.iterations() * frames);
  std::filesystem::remove(path);
}
BENCHMARK(write_frames)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
