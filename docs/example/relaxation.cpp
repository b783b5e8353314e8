// The relaxation time of a series of frames, all pixels taken together: relaxation movie.h5
#include <exception>
#include <iostream>

#include <vitrum/correlate/memory_bin.hpp>
#include <vitrum/correlate/one_time.hpp>
#include <vitrum/fit/decay_fit.hpp>
#include <vitrum/frames/partition.hpp>
#include <vitrum/io/open_series.hpp>

using namespace vitrum;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: relaxation SERIES\n";
    return 2;
  }
  try {
    const auto series = io::open_series(argv[1]);
    const auto& info = series->info();
    const auto all = frames::make_single_bin(frames::make_mask(info.height, info.width));
    const auto kernel =
        correlate::make_bin_kernel(*series, all, 1, correlate::Normalization::plain);
    const auto g2 = correlate::make_one_time(*kernel).whole;

    fit::FitData data;
    for (std::size_t i = 0; i < g2.value.size(); ++i) {
      data.lag_s.push_back(g2.lag_frames[i] * info.frame_time_s);
      data.value.push_back(g2.value[i]);
      data.sigma.push_back(g2.error[i]);
    }
    data.covariance = g2.covariance;
    const auto fitted = fit::fit_decay(models::DecayModel::kww, data);
    for (const auto& parameter : fitted.parameters)
      std::cout << parameter.name << " = " << parameter.value << " +- " << parameter.error << " "
                << parameter.unit << "\n";
    std::cout << fit::name(fitted.status) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "relaxation: " << error.what() << "\n";
    return 1;
  }
}
