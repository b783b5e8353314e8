#include "stitch_tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "map_bias.hpp"
#include "result_tree.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double significant = 3;

/// Mean over the parts that hold a frame, of rows of `row` values per part; NaN where none has one.
class FrameMeans {
public:
  FrameMeans(const PartSet& set, const std::string& path, Index rows)
      : rows_(rows), frames_(set.frames), values_(static_cast<std::size_t>(rows * set.frames), 0.0),
        count_(values_.size(), 0) {
    for (const auto& part : set.parts)
      if (const auto* array = part.tree.find(path);
          array != nullptr && array->size() == rows * part.frames) {
        unit_ = attribute_text(array->attributes, "units");
        processing_ = attribute_text(array->attributes, "processing");
        add(part, to_numbers(*array));
        ++parts_;
      }
  }

  [[nodiscard]] bool any() const { return parts_ > 0; }
  [[nodiscard]] Array array() const {
    auto mean = values_;
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] = count_[i] > 0 ? mean[i] / count_[i] : nan;
    auto out = rows_ == 1 ? make_array(std::move(mean), unit_)
                          : make_array({rows_, frames_}, std::move(mean), unit_);
    if (!processing_.empty())
      out.attributes["processing"] = processing_;
    return out;
  }

private:
  void add(const InputPart& part, const std::vector<double>& values) {
    for (Index r = 0; r < rows_; ++r)
      for (Index t = 0; t < part.frames; ++t)
        if (const double v = values[static_cast<std::size_t>(r * part.frames + t)];
            std::isfinite(v)) {
          const auto at = static_cast<std::size_t>(r * frames_ + part.first + t);
          values_[at] += v;
          ++count_[at];
        }
  }

  Index rows_, frames_;
  int parts_ = 0;
  std::vector<double> values_;
  std::vector<int> count_;
  std::string unit_, processing_;
};

void add_intensity(Tree& tree, const PartSet& set) {
  const FrameMeans mean(set, "entry/intensity/mean_counts", 1);
  if (!mean.any())
    return;
  auto& group = tree.group("entry/intensity");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("mean_counts");
  group.attributes["axes"] = std::vector<std::string>{"time_s"};
  auto counts = mean.array();
  std::vector<double> time;
  std::vector<std::uint8_t> valid;
  for (const double value : to_numbers(counts)) {
    time.push_back(static_cast<double>(time.size()) * set.frame_time_s);
    valid.push_back(std::isnan(value) ? 0 : 1);
  }
  group.set("mean_counts", std::move(counts));
  group.set("time_s", make_array(std::move(time), "s"));
  group.set("valid", make_array(std::move(valid)));
  const FrameMeans bins(set, "entry/intensity/bin_mean_counts", set.bins);
  if (bins.any())
    group.set("bin_mean_counts",
              set.bins == 1 ? make_array({1, set.frames}, to_numbers(bins.array()), "counts")
                            : bins.array());
}

/// bins of the first part; counts are means over the frames of all.
void copy_bins(Tree& tree, const PartSet& set) {
  const auto& first = set.parts[0];
  if (!first.result) {
    add_bins(tree, std::vector<frames::Bin>(static_cast<std::size_t>(set.bins)), "", {}, {});
    return;
  }
  auto& group = tree.group("entry/bins");
  group = first.tree.group_at("entry/bins");
  std::vector<double> sum(static_cast<std::size_t>(set.bins), 0.0);
  Index frames = 0;
  for (const auto& part : set.parts) {
    const auto* counts = part.tree.find("entry/bins/mean_counts");
    if (counts == nullptr || counts->size() != set.bins) {
      group.erase("mean_counts");
      return;
    }
    const auto values = to_numbers(*counts);
    for (std::size_t b = 0; b < sum.size(); ++b)
      sum[b] += values[b] * static_cast<double>(part.frames);
    frames += part.frames;
  }
  for (auto& value : sum)
    value /= static_cast<double>(frames);
  group.set("mean_counts", make_array(std::move(sum), "counts"));
}

std::string kind_of(Index overlap) {
  if (overlap == 0)
    return "adjacent";
  return overlap > 0 ? fmt::format("overlap of {} frames", overlap)
                     : fmt::format("{} frames missing", -overlap);
}

std::string place_of(const PartSet& set, const Seams& seams, std::size_t bin, std::size_t seam) {
  const auto& one = seams[bin][seam];
  return fmt::format(
      "seam {} at {}, bin {}",
      seam + 1,
      report::format_value(static_cast<double>(one.frame) * set.frame_time_s, nan, "s"),
      bin + 1);
}

std::string with_significance(double value, double error, double significance) {
  return std::isnan(error) ? fmt::format("{} (error not known)", report::format_value(value))
                           : fmt::format("{} ({:.1f} standard deviations)",
                                         report::format_value(value, error),
                                         significance);
}

} // namespace

void add_part_facts(Tree& tree, const PartSet& set) {
  const auto& first = set.parts[0];
  tree.set("entry/title", make_scalar(fmt::format("{} parts stitched", set.parts.size())));
  for (const char* name : {"height", "width", "exposure_s", "pixel_type", "format"})
    if (const auto* fact = first.tree.find(fmt::format("entry/series/{}", name)))
      tree.set(fmt::format("entry/series/{}", name), *fact);
  tree.set("entry/series/frames", make_scalar(set.frames));
  tree.set("entry/series/frame_time_s", make_scalar(set.frame_time_s, "s"));
  if (const auto* geometry = first.tree.find_group("entry/geometry"))
    tree.group("entry/geometry") = *geometry;
  if (const auto* start = first.tree.find("entry/start_time"))
    tree.set("entry/start_time", *start);
  if (const auto* end = set.parts.back().tree.find("entry/end_time"))
    tree.set("entry/end_time", *end);
  for (const auto& part : set.parts)
    for (const char* list : {"corrections", "warnings"})
      for (const auto& text : part.tree.texts(fmt::format("entry/process/{}", list))) {
        const auto named = fmt::format("{}: {}", part.path, text);
        std::string(list) == "warnings" ? add_warning(tree, named) : add_correction(tree, named);
      }
  copy_bins(tree, set);
  add_intensity(tree, set);
}

void add_stitch(Tree& tree, const PartSet& set, const Seams& seams, Index lags) {
  auto& group = tree.group("entry/stitch");
  group.attributes["NX_class"] = std::string("NXcollection");
  group.attributes["overlap_convention"] =
      std::string("mean of the parts that hold a pair of frames, each with the same weight");
  std::vector<std::string> path;
  std::vector<Index> first, frames;
  std::vector<double> start;
  for (const auto& part : set.parts) {
    path.push_back(part.path);
    first.push_back(part.first);
    frames.push_back(part.frames);
    start.push_back(part.start_s);
  }
  group.set("part", make_array(std::move(path)));
  group.set("start_s", make_array(std::move(start), "s"));
  group.set("first_frame", make_array(std::move(first), "frames"));
  group.set("frames", make_array(std::move(frames), "frames"));

  auto& seam = tree.group("entry/stitch/seam");
  seam.attributes["NX_class"] = std::string("NXcollection");
  std::vector<double> time, window;
  std::vector<Index> overlap;
  for (const auto& one : seams.at(0)) {
    time.push_back(static_cast<double>(one.frame) * set.frame_time_s);
    window.push_back(static_cast<double>(one.window) * set.frame_time_s);
    overlap.push_back(one.overlap);
  }
  seam.set("time_s", make_array(std::move(time), "s"));
  seam.set("window_s", make_array(std::move(window), "s"));
  seam.set("overlap_frames", make_array(std::move(overlap), "frames"));
  seam.set("lags", make_scalar(lags, "frames"));
  const std::vector<Index> shape{set.bins, static_cast<Index>(seams[0].size())};
  const auto column = [&](const char* name, auto correlate::Seam::*field) {
    std::vector<std::decay_t<decltype(seams[0][0].*field)>> values;
    for (const auto& bin : seams)
      for (const auto& one : bin)
        values.push_back(one.*field);
    seam.set(name, make_array(shape, std::move(values), ""));
  };
  using correlate::Seam;
  column("before", &Seam::before);
  column("after", &Seam::after);
  column("step", &Seam::step);
  column("step_errors", &Seam::step_error);
  column("step_significance", &Seam::step_significance);
  column("overlap_pairs", &Seam::pairs);
  column("difference", &Seam::difference);
  column("difference_errors", &Seam::difference_error);
  column("difference_significance", &Seam::difference_significance);
  column("reason", &Seam::reason);
}

std::vector<std::string> seam_warnings(const PartSet& set, const Seams& seams) {
  std::vector<std::string> list;
  for (std::size_t b = 0; b < seams.size(); ++b)
    for (std::size_t k = 0; k < seams[b].size(); ++k) {
      const auto& one = seams[b][k];
      const auto place = place_of(set, seams, b, k);
      if (std::abs(one.step_significance) > significant)
        list.push_back(
            fmt::format("{}: C at short lags steps by {}",
                        place,
                        with_significance(one.step, one.step_error, one.step_significance)));
      if (std::abs(one.difference_significance) > significant)
        list.push_back(fmt::format(
            "{}: in the overlap the later part lies {} above the earlier",
            place,
            with_significance(one.difference, one.difference_error, one.difference_significance)));
      if (!one.reason.empty())
        list.push_back(fmt::format("{}: {}", place, one.reason));
    }
  return list;
}

std::string seam_text(const PartSet& set, const Seams& seams) {
  std::string text;
  for (std::size_t k = 0; k < seams.at(0).size(); ++k)
    for (std::size_t b = 0; b < seams.size(); ++b) {
      const auto& one = seams[b][k];
      text += fmt::format("{} ({}): step {}",
                          place_of(set, seams, b, k),
                          kind_of(one.overlap),
                          with_significance(one.step, one.step_error, one.step_significance));
      if (one.difference == 0)
        text += ", no difference in the overlap";
      else if (!std::isnan(one.difference))
        text += fmt::format(
            ", difference in the overlap {}",
            with_significance(one.difference, one.difference_error, one.difference_significance));
      text += "\n";
    }
  return text;
}

void remove_part_bias(correlate::OneTime& g2, const PartSet& set, Index bin) {
  std::vector<double> bias(g2.value.size(), 0.0);
  double weight = 0;
  for (const auto& part : set.parts) {
    const auto own = map_bias(part.tree, static_cast<std::size_t>(bin), g2.lag_frames);
    for (std::size_t l = 0; l < own.size(); ++l)
      bias[l] += own[l] * static_cast<double>(part.frames);
    weight += own.empty() ? 0 : static_cast<double>(part.frames);
  }
  if (weight == 0)
    return;
  for (std::size_t l = 0; l < bias.size(); ++l) {
    bias[l] /= weight;
    g2.value[l] -= bias[l];
  }
  g2.bias = std::move(bias);
}

} // namespace vitrum::app
