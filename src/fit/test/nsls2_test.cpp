// Measured data: single ages of a published two-time map, against the published fits.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data_paths.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {
namespace {

struct Map {
  Index size = 0;
  std::vector<double> values;
  [[nodiscard]] double at(Index i, Index j) const {
    return values[static_cast<std::size_t>(i * size + j)];
  }
};

// Version 1 of the .npy format: ten bytes, a text header, little-endian doubles.
Map read_map(const std::filesystem::path& path, Index size) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t count = static_cast<std::size_t>(size * size);
  const auto header = static_cast<unsigned char>(bytes.at(8)) +
                      256U * static_cast<unsigned char>(bytes.at(9)) + 10U;
  EXPECT_EQ(bytes.size(), header + 8 * count);
  Map map{size, std::vector<double>(count)};
  std::memcpy(map.values.data(), bytes.data() + header, 8 * count);
  return map;
}

// Age slice k: the antidiagonals 2k and 2k + 1, which hold the even and the odd lags; lag 0 is left
// out and the others count 1, 2, 3 ….
FitData age_slice(const Map& map, Index k) {
  FitData data;
  const Index first = 2 * k;
  for (Index lag = 1; lag < map.size; ++lag) {
    const Index i = (first + lag % 2 - lag) / 2, j = i + lag;
    if (first + lag % 2 >= lag && j < map.size) {
      data.value.push_back(map.at(i, j));
      data.lag_s.push_back(static_cast<double>(data.lag_s.size() + 1));
    }
  }
  return data;
}

struct Published {
  Index age = 0;
  double contrast = 0, rate = 0, baseline = 0, exponent = 0, r_squared = 0;
};

std::vector<Published> read_fits(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::vector<Published> fits;
  while (std::getline(file, line)) {
    for (char& c : line)
      c = c == ',' ? ' ' : c;
    std::istringstream words(line);
    Published fit;
    std::string last; // "-inf" stands for a constant slice
    words >> fit.age >> fit.contrast >> fit.rate >> fit.baseline >> fit.exponent >> last;
    fit.r_squared = std::stod(last);
    fits.push_back(fit);
  }
  return fits;
}

TEST(Nsls2, FitsAreNoWorseThanThePublishedOnes) {
  const std::filesystem::path folder = std::filesystem::path(shared_data()) / "xpcs";
  if (!std::filesystem::exists(folder / "nsls2_two_time_350.npy"))
    GTEST_SKIP() << "no measured map in " << folder;
  const Map map = read_map(folder / "nsls2_two_time_350.npy", 350);
  FitOptions options;
  options.bounds = {{"contrast", {0, 1}},
                    {"tau_s", {0.5, 1e12}}, // rate <= 2
                    {"baseline", {0.99, 5}},
                    {"kww_exponent", {0.2, 3}}};
  options.profile = false;
  Index compared = 0, good = 0;
  for (const Published& published : read_fits(folder / "nsls2_two_time_350_fits.csv")) {
    const FitData data = age_slice(map, published.age);
    if (data.value.size() < 5 || !std::isfinite(published.r_squared))
      continue;
    // First the convention: the published parameters must give the published R².
    const std::vector<double> theirs{
        published.contrast, published.baseline, 1 / published.rate, published.exponent};
    std::vector<double> curve(data.value.size());
    models::evaluate(models::DecayModel::kww, theirs, data.lag_s, curve);
    double mean = 0, residual = 0, total = 0;
    for (const double v : data.value)
      mean += v / static_cast<double>(data.value.size());
    for (std::size_t i = 0; i < curve.size(); ++i) {
      residual += std::pow(data.value[i] - curve[i], 2);
      total += std::pow(data.value[i] - mean, 2);
    }
    ASSERT_NEAR(1 - residual / total, published.r_squared, 1e-9) << "age " << published.age;

    const FitResult ours = fit_decay(models::DecayModel::kww, data, options);
    EXPECT_GT(ours.r_squared, published.r_squared - 1e-6)
        << "age " << published.age << ": " << ours.message;
    EXPECT_NEAR(ours.r_squared, 1 - ours.chi2 / total, 1e-9);
    for (const auto& p : ours.parameters) {
      const auto [low, high] = options.bounds.at(p.name);
      EXPECT_GE(p.value, low * (1 - 1e-12)) << p.name;
      EXPECT_LE(p.value, high * (1 + 1e-12)) << p.name;
    }
    ++compared;
    good += published.r_squared > 0.5;
  }
  EXPECT_GT(compared, 140);
  EXPECT_GT(good, 0);
}

} // namespace
} // namespace vitrum::fit
