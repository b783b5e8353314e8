// The fitter against Ceres: the same minimum from the truth, and no lower one from many starts.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ceres_fit.hpp"
#include "support.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

TEST(DecayFit, CeresFindsNothingLower) {
  for (const DecayModel model : models::all_decay_models)
    for (std::uint64_t k = 0; k < 8; ++k) {
      const Trial trial = make_trial(model, 50000 + k);
      FitOptions options;
      options.profile = false;
      const auto ours = fit_decay(model, trial.data, options);
      if (ours.status == FitStatus::unidentifiable)
        continue; // ours stops at the limits of the data, Ceres has none
      const auto [least, most] =
          std::minmax_element(trial.data.value.begin(), trial.data.value.end());
      Random random(91, k);
      for (int start = 0; start < 20; ++start) {
        const auto uniform = [&](double a, double b) { return a + (b - a) * random.uniform(); };
        std::vector<double> p = trial.truth;
        if (start > 0) { // the first one from the truth, the others from anywhere
          p[0] = (*most - *least) * uniform(0.5, 2);
          p[1] = *least + (*most - *least) * uniform(-0.5, 0.5);
          for (std::size_t j = 2; j < p.size(); ++j) {
            const auto& info = models::parameters(model)[j];
            p[j] = info.is_time ? std::exp(uniform(std::log(trial.data.lag_s.front()),
                                                   std::log(trial.data.lag_s.back())))
                                : uniform(info.low, info.high);
          }
        }
        for (std::size_t j = 2; j < p.size(); ++j)
          if (models::parameters(model)[j].is_time)
            p[j] = std::log(p[j]);
        EXPECT_LE(ours.chi2, ceres_fit(model, trial.data, p) + 1e-3)
            << models::name(model) << " trial " << k << " start " << start;
      }
    }
}

} // namespace
} // namespace vitrum::fit
