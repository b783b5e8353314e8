#include "vitrum/correlate/event_matrix.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::correlate {
namespace {

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

struct Input {
  Index frames = 40, height = 13, width = 17;
  std::vector<std::uint16_t> values;
  frames::Partition partition;

  explicit Input(double mean) {
    Random random(11);
    for (Index i = 0; i < frames * height * width; ++i)
      values.push_back(static_cast<std::uint16_t>(random.poisson(mean)));
    std::fill_n(values.begin() + 9 * height * width, height * width, std::uint16_t{0});
    values[5] = 40000;
    std::vector<std::int32_t> dynamic, fine;
    for (Index p = 0; p < height * width; ++p) {
      dynamic.push_back(p % 11 == 0 ? 0 : std::int32_t(1 + p % width / 6));
      fine.push_back(dynamic.back() == 0 ? 0 : dynamic.back() * 2 - std::int32_t(p % 2));
    }
    partition = frames::make_partition_from_labels(height, width, dynamic, fine, nullptr);
  }
  [[nodiscard]] std::unique_ptr<frames::FrameSource> dense() const {
    return frames::make_memory_source(values, frames, height, width);
  }
  [[nodiscard]] std::unique_ptr<frames::FrameSource> sparse() const {
    frames::EventList list;
    dense()->read_events(0, frames, {}, list);
    return frames::make_event_source(list, height, width);
  }
};

void expect_same(const PixelMatrix& a, const PixelMatrix& b) {
  EXPECT_EQ(a.groups.position, b.groups.position);
  EXPECT_EQ(a.valid, b.valid);
  for (Index t = 0; t < a.frames; ++t) {
    EXPECT_EQ(std::isnan(a.mean_counts[t]), std::isnan(b.mean_counts[t]));
    if (!std::isnan(a.mean_counts[t])) {
      EXPECT_DOUBLE_EQ(a.mean_counts[t], b.mean_counts[t]);
    }
    for (Index p = 0; p < a.pixels(); ++p)
      ASSERT_EQ(a.row(t)[p], b.row(t)[p]) << t << " " << p;
  }
}

TEST(EventMatrix, HoldsWhatTheFloatMatrixHolds) {
  for (const double mean : {0.0, 0.02, 1.5}) {
    const Input input(mean);
    LoadOptions options;
    options.bad_frames.assign(static_cast<std::size_t>(input.frames), 0);
    for (const Index t : {0, 3, 4, 39})
      options.bad_frames[t] = 1;
    options.flat.resize(input.values.size() / static_cast<std::size_t>(input.frames));
    for (std::size_t p = 0; p < options.flat.size(); ++p)
      options.flat[p] = 0.7F + 0.01F * static_cast<float>(p % 50);
    options.block_bytes = 100;
    for (const auto& bins : {std::vector<Index>{}, {2}, {3, 1}}) {
      auto dense = input.dense();
      auto sparse = input.sparse();
      const auto twins = load_pixels(*dense, input.partition, bins, options);
      for (frames::FrameSource* source : {dense.get(), sparse.get()}) {
        const auto matrices = load_events(*source, input.partition, bins, options);
        ASSERT_EQ(matrices.size(), twins.size());
        for (std::size_t m = 0; m < matrices.size(); ++m)
          expect_same(make_pixel_matrix(matrices[m]), twins[m]);
      }
    }
  }
}

TEST(EventMatrix, GoesBothWays) {
  const PixelMatrix counts =
      reference::random_counts(reference::stripe_groups(12, 10, 2, 4), 50, 0.3, {7}, 5);
  expect_same(make_pixel_matrix(make_event_matrix(counts)), counts);
}

TEST(EventMatrix, ExactErrors) {
  Input input(0.1);
  LoadOptions options;
  auto source = input.sparse();
  EXPECT_EQ(message_of([&] {
              (void)load_events(*source, input.partition, {2, 2});
            }),
            "bin 2: asked for twice");
  EXPECT_EQ(message_of([&] { (void)load_events(*source, input.partition, {4}); }),
            "bin 4: the partition has bins 1 to 3");
  options.dark.assign(static_cast<std::size_t>(input.height * input.width), 0.5F);
  EXPECT_EQ(message_of([&] { (void)load_events(*source, input.partition, {}, options); }),
            "dark: makes every pixel of every frame count, events cannot hold that");
  options = {};
  options.frame_normalization = true;
  EXPECT_EQ(message_of([&] { (void)load_events(*source, input.partition, {}, options); }),
            "frame normalization: changes every frame, events hold counts");
  options = {};
  options.bad_frames.assign(40, 1);
  EXPECT_EQ(message_of([&] { (void)load_events(*source, input.partition, {}, options); }),
            "memory: all frames are marked bad");
  PixelMatrix counts = make_pixel_matrix(2, reference::stripe_groups(4, 4, 1, 4));
  counts.row(1)[3] = 0.5F;
  EXPECT_EQ(message_of([&] { (void)make_event_matrix(counts); }),
            "frame 1 pixel 3: 0.5 is no count");
}

// A series that marks invalid pixels with a value.
class Marked final : public frames::FrameSource {
public:
  explicit Marked(const Input& input) : inner_(input.sparse()), info_(inner_->info()) {
    info_.invalid_value = 40000;
  }
  const frames::SeriesInfo& info() const override { return info_; }
  bool sparse() const override { return true; }
  void read(Index f, Index n, std::byte* out) override { inner_->read(f, n, out); }
  void read_events(Index f,
                   Index n,
                   std::span<const std::uint8_t> used,
                   frames::EventList& out) override {
    inner_->read_events(f, n, used, out);
  }

private:
  std::unique_ptr<frames::FrameSource> inner_;
  frames::SeriesInfo info_;
};

TEST(EventMatrix, ValuesThatHoldNoDataAreRefusedByPlace) {
  const Input input(0.1);
  Marked source(input);
  EXPECT_EQ(message_of([&] { (void)load_events(source, input.partition); }),
            "memory: frame 0 y 0 x 5: the detector marks no data or not a finite number, expected "
            "counts (mask the pixel or leave the frame out)");
  (void)load_events(source, input.partition, {2}); // the pixel is in bin 1
  LoadOptions options;
  options.bad_frames.assign(40, 0);
  options.bad_frames[0] = 1;
  (void)load_events(source, input.partition, {}, options); // the frame is left out
}

TEST(EventMatrix, MemoryIsPredicted) {
  const Input input(1);
  const Index events = load_events(*input.sparse(), input.partition).front().events();
  EXPECT_GT(predicted_event_bytes(input.partition, events), events * 16);
}

} // namespace
} // namespace vitrum::correlate
