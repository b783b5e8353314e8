#include "vitrum/app/live.hpp"

#include <cmath>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "live_input.hpp"
#include "live_tree.hpp"
#include "located.hpp"
#include "output.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr Index frames_at_a_time = 48; // taken from the input together
constexpr double patience_s = 0.25;    // between looks at Ctrl-C and the clock

/// What is known of a series whose frames are gone when they are correlated.
class Heard final : public frames::FrameSource {
public:
  explicit Heard(frames::SeriesInfo info) : info_(std::move(info)) {}
  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }
  void read(Index, Index, std::byte*) override {
    throw DataError(fmt::format("{}: the frames of a stream cannot be read again", info_.path));
  }
  void set_frames(Index frames) { info_.frames = frames; }

private:
  frames::SeriesInfo info_;
};

void check(const LiveOptions& options) {
  const auto seconds = [](const char* name, double value, double least) {
    if (!(value >= least) || std::isinf(value))
      throw OptionError(fmt::format("--{} {}: expected seconds, {} or more", name, value, least));
  };
  seconds("wait", options.wait_s, 0);
  seconds("idle", options.idle_s, 0.1);
  seconds("update", options.update_s, 0.1);
  if (options.frames < 0)
    throw OptionError(fmt::format("--frames {}: expected 0 or more", options.frames));
  constexpr Index most = 16384;
  if (options.cells < 96 || options.cells > most)
    throw OptionError(fmt::format("--cells {}: expected 96 to {}", options.cells, most));
}

/// Takes pixels out of the mask that hold no data in the first frame.
void leave_out_marked(Series& series, frames::Mask& mask, const LiveInput& input) {
  const auto& info = series.info();
  if (std::isnan(info.invalid_value))
    return;
  std::vector<std::byte> frame(static_cast<std::size_t>(info.frame_bytes()));
  if (!input.take(0, frame.data()).empty())
    return;
  Index marked = 0;
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto* values = reinterpret_cast<const T*>(frame.data());
    for (std::size_t p = 0; p < mask.use.size(); ++p)
      if (mask.use[p] != 0 && static_cast<double>(values[p]) == info.invalid_value) {
        mask.use[p] = 0;
        ++marked;
      }
  });
  if (marked > 0)
    series.notes.push_back(fmt::format(
        "{} pixels that the detector marks as without data in the first frame left out", marked));
  if (mask.count() == 0)
    throw DataError(fmt::format("{}: no pixel of the first frame holds data", info.path));
}

/// One series from its first frame to its end.
class Following {
public:
  Following(LiveOptions options, const Invocation& invocation, const Monitor& monitor)
      : options_(std::move(options)), invocation_(invocation), monitor_(monitor),
        input_(make_live_input(options_)) {
    plan_.fits = make_fit_plan(options_.fit);
    plan_.normalization = correlate::parse_normalization(options_.normalization);
  }

  std::string run() {
    prepare();
    follow();
    if (valid_frames() < 2)
      throw DataError(fmt::format("{}: {} frames with data came, need at least 2 to correlate",
                                  options_.inputs[0],
                                  valid_frames()));
    const auto tree = write(1);
    for (const auto& note : facts_.notes)
      monitor_.warn(note);
    return fmt::format("{} frames, {}; {}\n{}{}\n",
                       live_->frames(),
                       gap_text(),
                       ending(),
                       summary_of(tree),
                       options_.output.output);
  }

private:
  void prepare() {
    auto info = input_->begin(options_.wait_s, monitor_);
    if (options_.frames > 0)
      info.frames = options_.frames;
    expected_ = info.frames;
    (void)input_->ready(1, patience_s);
    auto source = std::make_unique<Heard>(info);
    heard_ = source.get();
    plan_.series.source = std::move(source);
    plan_.series.warnings = info.problems;
    plan_.frame_time_s = frame_time_of(plan_.series, options_.input);
    plan_.mask = start_mask(plan_.series, options_.partition.masks);
    leave_out_marked(plan_.series, plan_.mask, *input_);
    plan_.partition =
        make_bins(plan_.series, plan_.mask, {}, options_.partition, options_.geometry, plan_.map);
    correlate::LiveOptions live;
    live.normalization = plan_.normalization;
    live.most_cells = options_.cells;
    live.groups.groups = options_.pixel_groups;
    live.groups.block_px = options_.speckle_size_px;
    live.invalid_value = info.invalid_value;
    live_ = std::make_unique<correlate::LiveCorrelator>(plan_.partition, info.type, live);
    plan_.series.notes.push_back(fmt::format("normalisation {}: {}",
                                             correlate::name_of(plan_.normalization),
                                             correlate::formula_of(plan_.normalization)));
  }

  void follow() {
    Monitor quiet = monitor_;
    quiet.cancel = nullptr; // Ctrl-C ends the series, not the work
    Progress progress(quiet, "correlating", "frames", expected_);
    start_ = last_frame_ = Clock::now();
    auto last_write = start_;
    while (!input_->ended()) {
      if (monitor_.cancelled()) {
        facts_.state = "stopped";
        return;
      }
      const Index count = input_->ready(frames_at_a_time, patience_s);
      if (count > 0) {
        about(options_.inputs[0], [&] {
          live_->push(count, [&](Index k, std::byte* out) { return input_->take(k, out); });
        });
        input_->release();
        last_frame_ = Clock::now();
        progress.advance(count);
      } else if (seconds_since(last_frame_) > options_.idle_s) {
        facts_.state = "idle";
        return;
      }
      if (seconds_since(last_write) > options_.update_s && live_->frames() > written_ &&
          valid_frames() >= 2) {
        facts_.state = "running";
        (void)write(0);
        last_write = Clock::now();
      }
    }
    facts_.state = "ended";
  }

  Tree write(int compression_level) {
    heard_->set_frames(live_->frames());
    plan_.series.bad = live_->gaps();
    facts_.notes = input_->notes();
    for (const auto& reason : live_->reasons())
      if (!reason.ends_with("did not come")) { // those are counted
        facts_.notes.push_back(fmt::format("gap: {}", reason));
        if (facts_.notes.size() > most_notes)
          break;
      }
    const double elapsed = std::chrono::duration<double>(last_frame_ - start_).count();
    facts_.rate_per_s = elapsed > 0 ? static_cast<double>(live_->frames()) / elapsed : 0;
    auto tree = make_live_tree(plan_, *live_, options_, facts_, invocation_);
    io::write_tree(options_.output.output,
                   tree,
                   {.overwrite = options_.output.overwrite || written_ > 0,
                    .compression_level = compression_level});
    written_ = live_->frames();
    return tree;
  }

  [[nodiscard]] Index valid_frames() const {
    return std::count(live_->gaps().begin(), live_->gaps().end(), std::uint8_t{0});
  }
  [[nodiscard]] std::string gap_text() const {
    const Index gaps = live_->frames() - valid_frames();
    return gaps == 0 ? "no gaps" : gaps == 1 ? "1 gap" : fmt::format("{} gaps", gaps);
  }
  [[nodiscard]] std::string ending() const {
    if (facts_.state == "idle")
      return fmt::format("no frame came for {} s", options_.idle_s);
    return facts_.state == "stopped" ? "stopped" : "the series has ended";
  }

  static constexpr std::size_t most_notes = 20;

  LiveOptions options_;
  const Invocation& invocation_;
  const Monitor& monitor_;
  std::unique_ptr<LiveInput> input_;
  XpcsPlan plan_;
  Heard* heard_ = nullptr;
  std::unique_ptr<correlate::LiveCorrelator> live_;
  Index expected_ = 0, written_ = 0;
  Clock::time_point start_, last_frame_;
  LiveFacts facts_;
};

} // namespace

std::string run_live(LiveOptions options, const Invocation& invocation, const Monitor& monitor) {
  check(options);
  auto inputs = all_inputs({}, options.partition.masks, {options.partition.partition});
  if (!is_stream(options.inputs.at(0)))
    inputs.push_back(options.inputs[0]);
  require_output(options.output, inputs);
  return Following(std::move(options), invocation, monitor).run();
}

} // namespace vitrum::app
