#include "xsvs_tree.hpp"

#include <cmath>
#include <map>

#include "result_tree.hpp"

namespace vitrum::app {
namespace {

/// Of all groups of pixels: number of samples with each count, and what the law expects.
struct Seen {
  std::vector<Index> count, number;
  std::vector<double> expected;
};

Seen counts_of(const ContrastOfBin& bin, std::size_t k) {
  const auto& one = bin.photons.exposures[k];
  const auto sets = static_cast<std::size_t>(bin.photons.static_bins);
  std::vector<std::map<Index, Index>> by_set(sets);
  std::map<Index, Index> all;
  for (std::size_t i = 0; i < one.histograms.size(); ++i) {
    add_to(by_set[i % sets], one.histograms[i]);
    add_to(all, one.histograms[i]);
  }
  constexpr Index longest_list = 4096; // with the counts that never occurred
  if (!all.empty() && all.rbegin()->first < longest_list)
    for (Index count = 0; count < all.rbegin()->first; ++count)
      all.try_emplace(count, 0);
  Seen seen;
  for (const auto& [count, number] : all) {
    seen.count.push_back(count);
    seen.number.push_back(number);
  }
  seen.expected.assign(all.size(), 0);
  for (const auto& numbers : by_set) {
    const auto part = make_histogram(numbers);
    const auto samples = static_cast<double>(part.samples());
    if (samples == 0)
      continue;
    const double mean = static_cast<double>(part.total()) / samples;
    for (std::size_t i = 0; i < seen.count.size(); ++i)
      seen.expected[i] +=
          samples *
          std::exp(fit::log_negative_binomial(seen.count[i], mean, bin.by_likelihood[k].contrast));
  }
  return seen;
}

} // namespace

fit::ExposureData
exposure_data(const ContrastOfBin& bin, double frame_time_s, double open_s, bool weighted) {
  fit::ExposureData data;
  const std::size_t exposures = bin.contrast().size();
  const std::size_t groups = bin.contrast().front().deviation.size();
  bool errors = false;
  for (std::size_t k = 0; k < exposures; ++k) {
    data.exposure.push_back({bin.photons.exposures[k].frames, frame_time_s, open_s});
    data.contrast.push_back(bin.contrast()[k].contrast);
    errors = errors || bin.contrast()[k].contrast_error > 0;
  }
  if (!weighted || !errors)
    return data;
  data.deviation.resize(groups * exposures);
  for (std::size_t g = 0; g < groups; ++g)
    for (std::size_t k = 0; k < exposures; ++k)
      data.deviation[g * exposures + k] = bin.contrast()[k].deviation[g];
  return data;
}

void add_xsvs(Tree& tree, const std::vector<ContrastOfBin>& bins, double frame_time_s) {
  const auto& exposures = bins.front().photons.exposures;
  const auto nbins = static_cast<Index>(bins.size());
  const auto count = static_cast<Index>(exposures.size());
  auto& group = tree.group("entry/xsvs");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("contrast");
  group.attributes["axes"] = axes_of({nbins, count}, {"bin", "exposure_s"});
  group.attributes["interpretation"] = std::string("spectrum");
  group.attributes["estimator"] = std::string(fit::name(bins.front().estimator));
  std::vector<Index> frames, complete, left_out;
  std::vector<double> exposure_s, numbers;
  for (const auto& one : exposures) {
    frames.push_back(one.frames);
    exposure_s.push_back(static_cast<double>(one.frames) * frame_time_s);
    complete.push_back(one.exposures);
    left_out.push_back(one.left_out);
  }
  for (Index b = 1; b <= nbins; ++b)
    numbers.push_back(static_cast<double>(b));
  const auto column = [&](const char* name, const char* unit, auto&& value_of) {
    std::vector<double> values;
    for (const auto& bin : bins)
      for (std::size_t k = 0; k < bin.contrast().size(); ++k)
        values.push_back(value_of(bin, k));
    group.set(name, make_array({nbins, count}, std::move(values), unit));
  };
  using Field = double fit::GroupedContrast::*;
  const auto field = [&](const char* name, const char* unit, Field which) {
    column(name, unit, [&](const auto& bin, std::size_t k) { return bin.contrast()[k].*which; });
  };
  field("contrast", "", &fit::GroupedContrast::contrast);
  field("contrast_errors", "", &fit::GroupedContrast::contrast_error);
  group.set("bin", make_array(numbers));
  group.set("exposure_s", make_array(exposure_s, "s"));
  group.set("exposure_frames", make_array(frames));
  group.set("exposures", make_array(complete));
  group.set("exposures_left_out", make_array(left_out));
  field("mean_counts", "counts", &fit::GroupedContrast::mean);
  field("mean_counts_errors", "counts", &fit::GroupedContrast::mean_error);
  const auto likelihood = [&](const char* name, Field which) {
    column(name, "", [&](const auto& bin, std::size_t k) { return bin.by_likelihood[k].*which; });
  };
  likelihood("modes", &fit::GroupedContrast::modes);
  likelihood("modes_errors", &fit::GroupedContrast::modes_error);
  likelihood("contrast_by_likelihood", &fit::GroupedContrast::contrast);
  likelihood("contrast_by_likelihood_errors", &fit::GroupedContrast::contrast_error);
  const auto moments = [&](const char* name, Field which) {
    column(name, "", [&](const auto& bin, std::size_t k) { return bin.by_moments[k].*which; });
  };
  moments("contrast_by_moments", &fit::GroupedContrast::contrast);
  moments("contrast_by_moments_errors", &fit::GroupedContrast::contrast_error);
  Index rank = 0;
  for (const auto& bin : bins)
    rank = std::max(rank, bin.photons.groups);
  std::vector<double> deviation; // bins of fewer groups are filled up with zeros
  std::vector<Index> h_bin, h_frames, h_count, h_number;
  std::vector<double> h_expected;
  for (std::size_t b = 0; b < bins.size(); ++b) {
    for (Index r = 0; r < rank; ++r)
      for (const auto& one : bins[b].contrast())
        deviation.push_back(r < bins[b].photons.groups ? one.deviation[static_cast<std::size_t>(r)]
                                                       : 0);
    for (std::size_t k = 0; k < exposures.size(); ++k) {
      const auto seen = counts_of(bins[b], k);
      h_bin.insert(h_bin.end(), seen.count.size(), static_cast<Index>(b) + 1);
      h_frames.insert(h_frames.end(), seen.count.size(), exposures[k].frames);
      h_count.insert(h_count.end(), seen.count.begin(), seen.count.end());
      h_number.insert(h_number.end(), seen.number.begin(), seen.number.end());
      h_expected.insert(h_expected.end(), seen.expected.begin(), seen.expected.end());
    }
  }
  group.set("contrast_deviation", make_array({nbins, rank, count}, std::move(deviation), ""));
  auto& histogram = group.group("histogram");
  histogram.attributes["NX_class"] = std::string("NXcollection");
  histogram.set("bin", make_array(h_bin));
  histogram.set("exposure_frames", make_array(h_frames));
  histogram.set("count", make_array(h_count, "counts"));
  histogram.set("number", make_array(h_number));
  histogram.set("number_fit", make_array(h_expected));
}

void add_xsvs_fits(Tree& tree, const std::vector<fit::FitResult>& fits) {
  auto& group = tree.group("entry/xsvs/fit");
  add_fits(group, {static_cast<Index>(fits.size())}, fits);
  auto& table = group.group(std::string(models::name(fits.front().model)));
  table.set("contrast_fit", table.at("g2_fit"));
  table.erase("g2_fit");
  table.attributes["formula"] = "the decay of " + attribute_text(table.attributes, "formula") +
                                ", averaged over pairs of instants of an exposure";
}

} // namespace vitrum::app
