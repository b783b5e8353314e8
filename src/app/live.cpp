#include "vitrum/app/live.hpp"

#include <cmath>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "live_checks.hpp"
#include "live_input.hpp"
#include "live_marks.hpp"
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
    try {
      follow();
    } catch (const std::exception& error) {
      facts_.state = "failed";
      failure_ = error.what();
      keep();
      throw;
    }
    if (const auto lack = lacking(); !lack.empty())
      throw DataError(lack);
    const auto tree = write(1);
    for (const auto& note : plan_.series.warnings)
      monitor_.warn(note);
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
    start_ = last_frame_ = Clock::now();
    auto source = std::make_unique<Heard>(info);
    heard_ = source.get();
    plan_.series.source = std::move(source);
    plan_.series.warnings = info.problems;
    plan_.frame_time_s = frame_time_of(plan_.series, options_.input);
    plan_.mask = start_mask(plan_.series, options_.partition.masks);
    std::vector<correlate::Arrival> gaps;
    const auto frame = first_whole_frame(info.frame_bytes(), gaps);
    const auto marks = leave_out_marked(plan_.series, plan_.mask, frame);
    plan_.partition =
        make_bins(plan_.series, plan_.mask, {}, options_.partition, options_.geometry, plan_.map);
    correlate::LiveOptions live;
    live.normalization = plan_.normalization;
    live.most_cells = whole_cells(options_.cells);
    live.groups.groups = options_.pixel_groups;
    live.groups.block_px = options_.speckle_size_px;
    live.marks = marks;
    live_ = std::make_unique<correlate::LiveCorrelator>(plan_.partition, info.type, live);
    plan_.series.notes.push_back(fmt::format("normalisation {}: {}",
                                             correlate::name_of(plan_.normalization),
                                             correlate::formula_of(plan_.normalization)));
    live_->push(static_cast<Index>(gaps.size()),
                [&](Index k, std::byte*) { return gaps[static_cast<std::size_t>(k)]; });
  }

  /// The first frame that came and can be read. It stays in the input; what came before it, all of
  /// it gaps, is told in `gaps`.
  std::vector<std::byte> first_whole_frame(Index bytes, std::vector<correlate::Arrival>& gaps) {
    std::vector<std::byte> frame(static_cast<std::size_t>(bytes));
    while (!input_->ended()) {
      const Index count = input_->ready(frames_at_a_time, patience_s);
      std::vector<correlate::Arrival> came;
      for (Index k = 0; k < count; ++k) {
        came.push_back(input_->take(k, frame.data()));
        if (came.back().kind == correlate::Arrival::Kind::whole)
          return frame;
      }
      if (count > 0) {
        gaps.insert(gaps.end(), came.begin(), came.end());
        input_->release();
      } else if (monitor_.cancelled() || seconds_since(input_->last_came()) > options_.idle_s) {
        input_->end();
      } else if (seconds_since(start_) > options_.wait_s) {
        input_->give_up(); // the first one is not waited for any longer
      }
    }
    monitor_.check();
    std::string text = fmt::format("{}: no frame could be read", options_.inputs[0]);
    for (const auto& gap : gaps)
      if (gap.kind == correlate::Arrival::Kind::damaged)
        throw DataError(fmt::format("{}, the first: {}", text, gap.damage));
    for (const auto& note : input_->notes())
      text += "; " + note;
    throw DataError(text);
  }

  void follow() {
    Monitor quiet = monitor_;
    quiet.cancel = nullptr; // Ctrl-C ends the series, not the work
    Progress progress(quiet, "correlating", "frames", expected_);
    last_frame_ = Clock::now();
    auto last_write = last_frame_;
    std::string state = "ended";
    while (!input_->ended() && live_->room() > 0) {
      if (monitor_.cancelled()) {
        state = "stopped";
        break;
      }
      if (take_some(patience_s, progress) == 0 && seconds_since(last_frame_) > options_.idle_s) {
        if (seconds_since(input_->last_came()) > options_.idle_s) {
          state = "idle";
          break;
        }
        input_->give_up(); // others have come meanwhile
      }
      if (seconds_since(last_write) > options_.update_s && live_->frames() > written_ &&
          lacking().empty()) {
        facts_.state = "running";
        (void)write(0);
        last_write = Clock::now();
      }
    }
    input_->end(); // and what waits for frames that are missing?
    while (take_some(0, progress) > 0) {
    }
    facts_.state = state;
  }

  /// Frames that are ready now or in some time; returns how many there were.
  Index take_some(double wait_s, Progress& progress) {
    const Index count = input_->ready(std::min(frames_at_a_time, live_->room()), wait_s);
    if (count == 0)
      return 0;
    about(options_.inputs[0], [&] {
      live_->push(count, [&](Index k, std::byte* out) { return input_->take(k, out); });
    });
    input_->release();
    last_frame_ = Clock::now();
    progress.advance(count);
    return count;
  }

  /// Writes what came before something failed: what failed is to be reported, not that this does.
  void keep() {
    if (!lacking().empty())
      return;
    try {
      (void)write(0);
    } catch (const std::exception& error) {
      monitor_.warn(fmt::format("what came before could not be written: {}", error.what()));
    }
  }

  Tree write(int compression_level) {
    heard_->set_frames(live_->frames());
    plan_.series.bad = live_->gaps();
    facts_.notes = input_->notes();
    if (!failure_.empty())
      facts_.notes.push_back("the series could not be followed to its end: " + failure_);
    if (live_->room() == 0)
      facts_.notes.push_back(
          fmt::format("no more than {} frames can be followed", live_->frames()));
    for (const auto& reason : live_->reasons()) {
      if (facts_.notes.size() > most_notes)
        break;
      facts_.notes.push_back(fmt::format("gap: {}", reason));
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

  [[nodiscard]] std::string lacking() const {
    return app::lacking(*live_, plan_.partition.bin_count(), options_.inputs[0]);
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
  std::string failure_; // what ended it before its time
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
