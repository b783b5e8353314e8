// The field by circulant embedding (Davies and Harte 1987; Wood and Chan, J. Comput. Graph. Stat. 3
// (1994) 409): the Fourier transform of complex normals times the root of the spectrum of g1
// continued periodically. Real and imaginary part are independent with exactly that covariance.
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include <fftw3.h>
#include <fmt/format.h>

#include "field.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::synth {
namespace {

constexpr double largest_error = 1e-4; // of g1, from negative eigenvalues set to zero
constexpr Index longest = Index{1} << 25;

struct FloatPlan {
  explicit FloatPlan(Index length) {
    const std::scoped_lock lock(fft_planner_mutex());
    Buffer<float> scratch(2 * length);
    auto* data = reinterpret_cast<fftwf_complex*>(scratch.data());
    // estimated plans are the same in every run, so the numbers are too
    plan = fftwf_plan_dft_1d(static_cast<int>(length), data, data, FFTW_BACKWARD, FFTW_ESTIMATE);
  }
  ~FloatPlan() {
    const std::scoped_lock lock(fft_planner_mutex());
    fftwf_destroy_plan(plan);
  }
  FloatPlan(const FloatPlan&) = delete;
  FloatPlan& operator=(const FloatPlan&) = delete;
  fftwf_plan plan;
};

// The transform of a real even sequence given by its first length/2 + 1 values, in place.
class EvenTransform {
public:
  explicit EvenTransform(Index length) : size_(length / 2 + 1), values_(size_) {
    const std::scoped_lock lock(fft_planner_mutex());
    plan_ = fftw_plan_r2r_1d(
        static_cast<int>(size_), values_.data(), values_.data(), FFTW_REDFT00, FFTW_ESTIMATE);
  }
  ~EvenTransform() {
    const std::scoped_lock lock(fft_planner_mutex());
    fftw_destroy_plan(plan_);
  }
  EvenTransform(const EvenTransform&) = delete;
  EvenTransform& operator=(const EvenTransform&) = delete;
  std::span<double> values() { return values_.span(); }
  void run() { fftw_execute(plan_); }

private:
  Index size_;
  Buffer<double> values_;
  fftw_plan plan_;
};

// The least even length of small factors that is not below n.
Index good_length(Index n) {
  for (Index length = std::max<Index>(n, 2);; ++length) {
    Index rest = length;
    for (const Index factor : {2, 3, 5, 7})
      while (rest % factor == 0)
        rest /= factor;
    if (rest == 1 && length % 2 == 0)
      return length;
  }
}

class CirculantField final : public FieldMaker {
public:
  CirculantField(const FieldPlan& plan, const XpcsOptions& options) : plan_(plan) {
    const double step =
        plan.frames > 1 ? plan.material_time[1] - plan.material_time[0] : options.frame_time_s;
    length_ = good_length(2 * plan.frames);
    while (!embed(options, step)) {
      if (2 * length_ > longest)
        throw OptionError(fmt::format(
            "model {} with exponent {} and tau = {} s cannot be embedded in a circle of {} frames: "
            "its correlation must fall to zero within it; use more frames or a shorter tau",
            models::name(options.model),
            options.exponent,
            options.tau_s,
            longest));
      length_ = good_length(2 * length_);
    }
    transform_ = std::make_unique<FloatPlan>(length_);
  }

  double g1_error() const override { return error_; }
  void begin_block(Index, Index) override {}

  void fill(Index tile, Index first, Index count, float* out) override {
    const auto series = static_cast<Index>(plan_.events.size()) + 1;
    static thread_local Buffer<float> field, sum; // reused for every tile
    if (field.size() != 2 * length_)
      field = Buffer<float>(2 * length_);
    if (series > 1 && sum.size() < 2 * count)
      sum = Buffer<float>(2 * count);
    const float share = 0.5F / static_cast<float>(plan_.modes);
    std::fill_n(out, count * lanes, 0.0F);
    for (Index l = 0; l < lanes; ++l) {
      const Index pixel = tile * lanes + l;
      const float* root =
          roots_.data() + plan_.pixel_class[static_cast<std::size_t>(pixel)] * length_;
      for (Index mode = 0; mode < plan_.modes; ++mode) {
        for (Index number = 0; number < series; ++number) {
          draw(pixel, number * plan_.modes + mode, root, field);
          if (series > 1)
            join(number, first, count, field.data(), sum.data());
        }
        const float* e = series > 1 ? sum.data() : field.data() + 2 * first;
        for (Index f = 0; f < count; ++f)
          out[f * lanes + l] += share * (e[2 * f] * e[2 * f] + e[2 * f + 1] * e[2 * f + 1]);
      }
    }
  }

private:
  // Roots of the eigenvalues of every class; false when the length is too short.
  bool embed(const XpcsOptions& options, double step) {
    const Index half = length_ / 2;
    const auto classes = static_cast<Index>(plan_.class_tau.size());
    EvenTransform even(length_);
    roots_ = Buffer<float>(classes * length_);
    error_ = 0;
    std::vector<double> u(static_cast<std::size_t>(half + 1));
    for (Index c = 0; c < classes; ++c) {
      const double tau = plan_.class_tau[static_cast<std::size_t>(c)];
      for (Index j = 0; j <= half; ++j)
        u[static_cast<std::size_t>(j)] = static_cast<double>(j) * step / tau;
      const std::vector<double> wanted = field_correlation(options, u);
      std::copy(wanted.begin(), wanted.end(), even.values().begin());
      even.run();
      float* root = roots_.data() + c * length_;
      const auto norm = 1 / static_cast<double>(length_);
      for (Index k = 0; k <= half; ++k) {
        double& eigenvalue = even.values()[static_cast<std::size_t>(k)];
        eigenvalue = std::max(0.0, eigenvalue) * norm;
        const auto value = static_cast<float>(std::sqrt(eigenvalue));
        root[k] = value;
        if (k > 0 && k < half)
          root[length_ - k] = value;
      }
      even.run(); // back to the correlation that is really made
      for (Index j = 0; j < plan_.frames; ++j)
        error_ = std::max(error_,
                          std::abs(even.values()[static_cast<std::size_t>(j)] -
                                   wanted[static_cast<std::size_t>(j)]));
      if (error_ > largest_error)
        return false;
    }
    return true;
  }

  void draw(Index pixel, Index number, const float* root, Buffer<float>& field) const {
    fill_normal(plan_.seed, stream_of(Stream::circulant, number, pixel), 0, field.span());
    for (Index k = 0; k < length_; ++k) {
      field[2 * k] *= root[k];
      field[2 * k + 1] *= root[k];
    }
    auto* data = reinterpret_cast<fftwf_complex*>(field.data());
    fftwf_execute_dft(transform_->plan, data, data);
  }

  // Series 0 is the field from the start; each event takes `kept` of what was and adds its own.
  void join(Index number, Index first, Index count, const float* field, float* sum) const {
    for (Index f = 0; f < count; ++f) {
      double share = number == 0 ? 1 : 0;
      for (std::size_t e = 0; e < plan_.events.size(); ++e) {
        if (plan_.events[e].frame > first + f)
          break;
        const double kept = plan_.events[e].kept;
        share = static_cast<Index>(e) + 1 == number ? std::sqrt(1 - kept * kept) : share * kept;
      }
      for (Index part = 0; part < 2; ++part) {
        const float value = static_cast<float>(share) * field[2 * (first + f) + part];
        sum[2 * f + part] = number == 0 ? value : sum[2 * f + part] + value;
      }
    }
  }

  const FieldPlan& plan_;
  Index length_ = 0;
  double error_ = 0;
  Buffer<float> roots_; // [class, frequency]
  std::unique_ptr<FloatPlan> transform_;
};

} // namespace

std::unique_ptr<FieldMaker> make_circulant_field(const FieldPlan& plan,
                                                 const XpcsOptions& options) {
  return std::make_unique<CirculantField>(plan, options);
}

} // namespace vitrum::synth
