// What an analysis of a series does, decided before pixels are loaded.
#pragma once
#include <optional>

#include "compare_stage.hpp"
#include "fit_stage.hpp"
#include "series.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/correlate/kernel_choice.hpp"
#include "vitrum/correlate/log_map.hpp"
#include "vitrum/correlate/normalization.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::app {

/// What makes the products of frames.
struct KernelPlan {
  correlate::KernelKind kind = correlate::KernelKind::floats;
  double nominal_s = 0;       // of one processor
  bool without_tiles = false; // events: neither a map nor parts of the work are asked for
  std::string text;           // the choice and what the others would take
};

struct XpcsPlan {
  Series series;
  double frame_time_s = 0;
  frames::Mask mask;
  frames::SeriesStatistics statistics;
  std::optional<frames::QMap> map;
  frames::Partition partition;
  correlate::Normalization normalization = correlate::Normalization::static_bin;
  correlate::LoadOptions load;
  correlate::OneTimeOptions one_time;
  std::vector<correlate::AgeWindow> error_blocks; // for windows made from the map later
  std::optional<correlate::PixelG2Options> pixel_g2;
  std::optional<correlate::LogMapOptions> log_map;
  KernelPlan kernel;
  FitPlan fits;
  ComparePlan comparison;
  Index sampled = 0;       // frames behind the statistics of a dry run; 0: all
  bool read_again = false; // frames are wanted once more after the pixels of the last bin
};

/// Opens the input, measures it and makes the bins. Throws for options and data that make no sense.
[[nodiscard]] XpcsPlan make_plan(const XpcsOptions& options, const Monitor& monitor);

} // namespace vitrum::app
