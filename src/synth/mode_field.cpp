// The field as a sum of Ornstein–Uhlenbeck processes, z' = e^−x z + √(1 − e^−2x) n, x = rate·Δξ/τ,
// exact for any step of material time.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "field.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/random_fill.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::synth {
namespace {

using Floats [[gnu::vector_size(64)]] = float; // one number per lane

// One step of one part (real or imaginary) of all processes of one mode; `field` becomes their sum.
// Written as z += b n − x z, since e^−x itself is not a float when x < 1e-7.
[[gnu::always_inline]] inline void advance_part(float* z,
                                                const float* loss,
                                                const float* gain,
                                                const float* normals,
                                                Index processes,
                                                float* field) {
  Floats sum{};
  for (Index k = 0; k < processes; ++k) {
    Floats now, out, in, n;
    std::memcpy(&now, z + k * lanes, sizeof now);
    std::memcpy(&out, loss + k * lanes, sizeof out);
    std::memcpy(&in, gain + k * lanes, sizeof in);
    std::memcpy(&n, normals + k * lanes, sizeof n);
    const Floats step = in * n - out * now;
    now += step;
    sum += now;
    std::memcpy(z + k * lanes, &now, sizeof now);
  }
  std::memcpy(field, &sum, sizeof sum);
}

using Advance = void (*)(float*, const float*, const float*, const float*, Index, float*);

void advance_plain(
    float* z, const float* loss, const float* gain, const float* n, Index k, float* field) {
  advance_part(z, loss, gain, n, k, field);
}
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
[[gnu::target("avx512f,avx512vl"), gnu::optimize("O3", "fp-contract=off")]] void advance_avx512(
    float* z, const float* loss, const float* gain, const float* n, Index k, float* field) {
  advance_part(z, loss, gain, n, k, field);
}
[[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off")]] void advance_avx2(
    float* z, const float* loss, const float* gain, const float* n, Index k, float* field) {
  advance_part(z, loss, gain, n, k, field);
}
#endif

Advance best() {
#ifdef VITRUM_VECTORS
  if (simd_level() >= SimdLevel::avx512)
    return &advance_avx512;
  if (simd_level() >= SimdLevel::avx2)
    return &advance_avx2;
#endif
  return &advance_plain;
}

class ModeField final : public FieldMaker {
public:
  ModeField(const FieldPlan& plan, const RateSpectrum& spectrum)
      : plan_(plan), spectrum_(spectrum), processes_(static_cast<Index>(spectrum.rate.size())),
        part_(processes_ * lanes), state_(plan.tiles * plan.modes * 2 * part_), advance_(best()) {}

  double g1_error() const override { return spectrum_.error; }

  // The coefficients of every class for the step that leads to each frame of the block; steps of
  // equal length share one table.
  void begin_block(Index first, Index count) override {
    step_table_.assign(static_cast<std::size_t>(count), 0);
    tables_.clear();
    double last_length = -1;
    for (Index f = 0; f < count; ++f) {
      const Index frame = first + f;
      if (frame == 0)
        continue;
      const double length = plan_.material_time[static_cast<std::size_t>(frame)] -
                            plan_.material_time[static_cast<std::size_t>(frame - 1)];
      if (std::abs(length - last_length) > 1e-9 * length) {
        tables_.push_back(coefficients(length));
        last_length = length;
      }
      step_table_[static_cast<std::size_t>(f)] = static_cast<Index>(tables_.size()) - 1;
    }
  }

  void fill(Index tile, Index first, Index count, float* out) override {
    Buffer<float> loss(part_), gain(part_);
    const Index step_size = plan_.modes * 2 * part_;
    static thread_local std::vector<float> normals; // reused for every tile
    normals.resize(static_cast<std::size_t>(frame_group * step_size));
    float* state = state_.data() + tile * step_size;
    Index table = -1;
    auto event = std::lower_bound(plan_.events.begin(),
                                  plan_.events.end(),
                                  first,
                                  [](const Event& e, Index frame) { return e.frame < frame; });
    for (Index f = 0; f < count; ++f) {
      const Index frame = first + f;
      if (f % frame_group == 0) {
        const Index group = std::min(frame_group, count - f);
        fill_normal(plan_.seed,
                    stream_of(Stream::step, 0, tile),
                    frame * step_size,
                    std::span(normals).first(static_cast<std::size_t>(group * step_size)));
      }
      float* row = out + f * lanes;
      if (frame == 0)
        start(tile, state);
      else if (const Index wanted = step_table_[static_cast<std::size_t>(f)]; wanted != table) {
        table = wanted;
        gather(tile, tables_[static_cast<std::size_t>(table)], loss, gain);
      }
      const bool still = frame == 0;
      if (event != plan_.events.end() && event->frame == frame) {
        // the event comes after the step, so the step is made first without looking at the field
        advance_all(state, loss, gain, normals.data() + f % frame_group * step_size, row, still);
        redraw(tile, *event, static_cast<Index>(event - plan_.events.begin()), state);
        ++event;
        sum_field(state, row);
      } else {
        advance_all(state, loss, gain, normals.data() + f % frame_group * step_size, row, still);
      }
    }
  }

private:
  struct Table {
    std::vector<float> loss, gain; // [class, process]
  };

  Table coefficients(double length) const {
    Table table;
    for (const double tau : plan_.class_tau)
      for (std::size_t k = 0; k < spectrum_.rate.size(); ++k) {
        const double x = spectrum_.rate[k] * length / tau;
        table.loss.push_back(static_cast<float>(-std::expm1(-x)));
        table.gain.push_back(
            static_cast<float>(std::sqrt(-std::expm1(-2 * x) * spectrum_.weight[k])));
      }
    return table;
  }

  void gather(Index tile, const Table& table, Buffer<float>& loss, Buffer<float>& gain) const {
    for (Index l = 0; l < lanes; ++l) {
      const Index base = plan_.pixel_class[static_cast<std::size_t>(tile * lanes + l)] * processes_;
      for (Index k = 0; k < processes_; ++k) {
        loss[k * lanes + l] = table.loss[static_cast<std::size_t>(base + k)];
        gain[k * lanes + l] = table.gain[static_cast<std::size_t>(base + k)];
      }
    }
  }

  void start(Index tile, float* state) const {
    const Index size = plan_.modes * 2 * part_;
    fill_normal(
        plan_.seed, stream_of(Stream::start, 0, tile), 0, {state, static_cast<std::size_t>(size)});
    scale(state, size);
  }

  // Normals to stationary values of each process: of variance weight.
  void scale(float* values, Index size) const {
    for (Index i = 0; i < size; ++i)
      values[i] *= static_cast<float>(
          std::sqrt(spectrum_.weight[static_cast<std::size_t>(i % part_ / lanes)]));
  }

  void redraw(Index tile, const Event& event, Index number, float* state) const {
    const Index size = plan_.modes * 2 * part_;
    std::vector<float> fresh(static_cast<std::size_t>(size));
    fill_normal(plan_.seed, stream_of(Stream::event, number, tile), 0, fresh);
    scale(fresh.data(), size);
    const auto kept = static_cast<float>(event.kept);
    const auto added = static_cast<float>(std::sqrt(1 - event.kept * event.kept));
    for (Index i = 0; i < size; ++i)
      state[i] = kept * state[i] + added * fresh[static_cast<std::size_t>(i)];
  }

  void advance_all(float* state,
                   const Buffer<float>& loss,
                   const Buffer<float>& gain,
                   const float* normals,
                   float* row,
                   bool still) const {
    if (still) {
      sum_field(state, row);
      return;
    }
    alignas(64) float intensity[lanes] = {};
    for (Index part = 0; part < 2 * plan_.modes; ++part) {
      alignas(64) float field[lanes];
      advance_(state + part * part_,
               loss.data(),
               gain.data(),
               normals + part * part_,
               processes_,
               field);
      for (Index l = 0; l < lanes; ++l)
        intensity[l] += field[l] * field[l];
    }
    write(intensity, row);
  }

  void sum_field(const float* state, float* row) const {
    float intensity[lanes] = {};
    for (Index part = 0; part < 2 * plan_.modes; ++part)
      for (Index l = 0; l < lanes; ++l) {
        float field = 0;
        for (Index k = 0; k < processes_; ++k)
          field += state[part * part_ + k * lanes + l];
        intensity[l] += field * field;
      }
    write(intensity, row);
  }

  void write(const float* intensity, float* row) const {
    const float share = 0.5F / static_cast<float>(plan_.modes);
    for (Index l = 0; l < lanes; ++l)
      row[l] = share * intensity[l];
  }

  const FieldPlan& plan_;
  RateSpectrum spectrum_;
  Index processes_, part_;
  Buffer<float> state_; // [tile, mode, part, process, lane]
  Advance advance_;
  std::vector<Index> step_table_;
  std::vector<Table> tables_;
};

} // namespace

std::unique_ptr<FieldMaker> make_mode_field(const FieldPlan& plan, const RateSpectrum& spectrum) {
  return std::make_unique<ModeField>(plan, spectrum);
}

} // namespace vitrum::synth
