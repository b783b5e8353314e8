#include "strip_state.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace vitrum::correlate {
namespace {

constexpr double exact_float = 16777216.0; // 2^24: up to here floats hold every integer

void copy_rows(const float* from, Index rows, float* to) {
  std::memcpy(to, from, static_cast<std::size_t>(rows * strip_width) * sizeof(float));
}

void add(const float* row, double* sum) {
  for (Index p = 0; p < strip_width; ++p)
    sum[p] += static_cast<double>(row[p]);
}

void subtract(const float* row, double* sum) {
  for (Index p = 0; p < strip_width; ++p)
    sum[p] -= static_cast<double>(row[p]);
}

} // namespace

ChunkClock::ChunkClock(const LagPlan& plan)
    : plan_(plan), seen_(plan.levels.size(), 0), valid_(plan.levels.size()) {
  for (auto& flags : valid_) // before the series there is nothing to lose, as behind valid frames
    flags.assign(static_cast<std::size_t>(plan.history), 1);
}

ChunkSteps ChunkClock::next(std::span<const std::uint8_t> valid) {
  ChunkSteps steps(plan_.levels.size());
  std::vector<std::uint8_t> fresh(valid.begin(), valid.end());
  for (std::size_t l = 0; l < steps.size() && !fresh.empty(); ++l) {
    LevelStep& step = steps[l];
    std::vector<std::uint8_t>& flags = valid_[l];
    step.seen = seen_[l];
    step.frames = static_cast<Index>(fresh.size());
    step.odd = seen_[l] % 2 != 0;
    seen_[l] += step.frames;
    flags.insert(flags.end(), fresh.begin(), fresh.end());
    for (std::size_t i = 0; i < flags.size(); ++i)
      if (flags[i] == 0) {
        step.first_new_gap += static_cast<Index>(i) < plan_.history;
        step.gaps.push_back(static_cast<Index>(i) - plan_.history);
      }
    std::vector<std::uint8_t> coarse;
    for (auto i = static_cast<std::size_t>(plan_.history - (step.odd ? 1 : 0));
         i + 1 < flags.size();
         i += 2)
      coarse.push_back(flags[i] & flags[i + 1]);
    flags.erase(flags.begin(), flags.end() - plan_.history);
    fresh = std::move(coarse);
  }
  return steps;
}

std::vector<ChunkSteps> make_chunk_steps(const LagPlan& plan, std::span<const std::uint8_t> valid) {
  std::vector<ChunkSteps> all;
  ChunkClock clock(plan);
  for (std::size_t t = 0; t < valid.size(); t += chunk_frames)
    all.push_back(clock.next(
        valid.subspan(t, std::min(static_cast<std::size_t>(chunk_frames), valid.size() - t))));
  return all;
}

StripStates::StripStates(const LagPlan& plan, Index strips, const StripKernels& kernels)
    : plan_(plan), kernels_(kernels), strips_(strips) {
  const auto levels = static_cast<Index>(plan.levels.size());
  floats_per_strip_ = (1 + levels * 2 * plan.history) * strip_width;
  doubles_per_strip_ = (plan.slots + levels) * strip_width;
  floats_ = Buffer<float>(strips * floats_per_strip_);
  doubles_ = Buffer<double>(strips * doubles_per_strip_);
  clear();
}

void StripStates::clear() {
  std::fill_n(floats_.data(), floats_.size(), 0.0F);
  std::fill_n(doubles_.data(), doubles_.size(), 0.0);
  std::fill_n(losses_.data(), losses_.size(), 0.0);
}

void StripStates::copy(const StripStates& other) {
  std::copy_n(other.floats_.data(), other.floats_.size(), floats_.data());
  std::copy_n(other.doubles_.data(), other.doubles_.size(), doubles_.data());
  if (other.losses_.size() > losses_.size())
    losses_ = Buffer<double>(other.losses_.size());
  std::copy_n(other.losses_.data(), other.losses_.size(), losses_.data());
}

Index StripStates::work_size(const LagPlan& plan) {
  return 2 * (plan.history + chunk_frames) * strip_width; // two levels by turns
}

Index StripStates::bytes_per_strip(const LagPlan& plan) {
  const auto levels = static_cast<Index>(plan.levels.size());
  return strip_width * (4 * (1 + levels * 2 * plan.history) + 8 * (plan.slots + levels));
}

void StripStates::prepare(const ChunkSteps& steps) {
  if (losses_.size() > 0 ||
      std::none_of(steps.begin(), steps.end(), [](const auto& s) { return !s.gaps.empty(); }))
    return;
  losses_ = Buffer<double>(strips_ * 2 * plan_.slots * strip_width);
  std::fill_n(losses_.data(), losses_.size(), 0.0);
}

/// Pairs one of whose frames is a gap count in the plain totals; they are taken off at the end.
void StripStates::lose_pairs(const LevelStep& step,
                             const LagLevel& level,
                             const float* y,
                             Index strip) {
  double* left = losses_.data() + (strip * 2 * plan_.slots + level.first_slot) * strip_width;
  double* right = left + plan_.slots * strip_width;
  for (std::size_t g = 0; g < step.gaps.size(); ++g)
    for (Index i = 0; i < level.lags; ++i) {
      const Index lag = level.first_lag + i;
      const Index later = step.gaps[g] + lag;
      if (static_cast<Index>(g) >= step.first_new_gap)
        add(y + (step.gaps[g] - lag) * strip_width, left + i * strip_width);
      if (later >= 0 && later < step.frames)
        add(y + later * strip_width, right + i * strip_width);
    }
}

bool StripStates::advance(const ChunkSteps& steps, Index strip, float* work, float most) {
  const Index before = plan_.history * strip_width;
  float* y = work + before;
  float* next = y + (plan_.history + chunk_frames) * strip_width;
  double* products = doubles_.data() + strip * doubles_per_strip_;
  double* totals = products + plan_.slots * strip_width;
  bool exact = true;
  for (std::size_t l = 0; l < steps.size() && steps[l].frames > 0; ++l) {
    const LevelStep& step = steps[l];
    const LagLevel& level = plan_.levels[l];
    const Index frames = step.frames;
    float* last = history(strip, static_cast<Index>(l));
    if (l > 0)
      for (std::size_t g = static_cast<std::size_t>(step.first_new_gap); g < step.gaps.size(); ++g)
        std::fill_n(y + step.gaps[g] * strip_width, strip_width, 0.0F);
    copy_rows(last, plan_.history, y - before);
    kernels_.add_up(y, frames, totals + static_cast<Index>(l) * strip_width);
    if (step.seen < plan_.history)
      copy_rows(y,
                std::min(plan_.history - step.seen, frames),
                head(strip, static_cast<Index>(l)) + step.seen * strip_width);

    // Partial sums of integers are exact in floats below 2^24: by the largest value, or (Cauchy and
    // Schwarz) by the energies of the frames.
    bool wide = false;
    if (most > 0) {
      const double highest = static_cast<double>(most) * static_cast<double>(level.frames_per_step);
      exact = exact && highest <= exact_float;
      if (static_cast<double>(frames) * highest * highest > exact_float) {
        const double now = kernels_.energy(y, frames);
        const double then = kernels_.energy(y - before, plan_.history);
        wide = now * (now + then) > 0.99 * exact_float * exact_float; // 0.99: they are rounded
      }
    }
    (wide ? kernels_.products_wide : kernels_.products)(
        y, frames, level.first_lag, level.padded_lags(), products + level.first_slot * strip_width);
    if (!step.gaps.empty())
      lose_pairs(step, level, y, strip);
    copy_rows(y - before + frames * strip_width, plan_.history, last);
    if (l + 1 < steps.size()) {
      kernels_.coarsen(y - (step.odd ? strip_width : 0), steps[l + 1].frames, next);
      std::swap(y, next);
    }
  }
  return exact;
}

void StripStates::finish(Index strip, StripSums& sums) const {
  const auto size = static_cast<std::size_t>(plan_.entries * strip_width);
  sums.product.assign(size, 0.0);
  sums.left.assign(size, 0.0);
  sums.right.assign(size, 0.0);
  const double* products = doubles_.data() + strip * doubles_per_strip_;
  const double* totals = products + plan_.slots * strip_width;
  std::copy_n(totals, strip_width, sums.total);
  const float* frames = shift(strip) + strip_width;
  for (const LagLevel& level : plan_.levels) {
    const float* last = frames;
    const float* first = frames + plan_.history * strip_width;
    const double scale = 1 / static_cast<double>(level.frames_per_step);
    double left[strip_width], right[strip_width]; // all but the last, but the first `lag` frames
    std::copy_n(totals, strip_width, left);
    std::copy_n(totals, strip_width, right);
    for (Index lag = 1; lag < level.first_lag + level.lags; ++lag) {
      subtract(last + (plan_.history - lag) * strip_width, left);
      subtract(first + (lag - 1) * strip_width, right);
      if (lag < level.first_lag)
        continue;
      const Index slot = level.first_slot + lag - level.first_lag;
      const Index entry = level.entry[lag - level.first_lag] * strip_width;
      for (Index p = 0; p < strip_width; ++p) {
        sums.product[entry + p] += scale * scale * products[slot * strip_width + p];
        sums.left[entry + p] += scale * left[p];
        sums.right[entry + p] += scale * right[p];
      }
      if (losses_.size() > 0) {
        const double* lost = losses_.data() + (strip * 2 * plan_.slots + slot) * strip_width;
        for (Index p = 0; p < strip_width; ++p) {
          sums.left[entry + p] -= scale * lost[p];
          sums.right[entry + p] -= scale * lost[plan_.slots * strip_width + p];
        }
      }
    }
    totals += strip_width;
    frames = first + plan_.history * strip_width;
  }
}

} // namespace vitrum::correlate
